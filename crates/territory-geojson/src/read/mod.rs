//! From the text to columns: collections, features and their members in any order.
//!
//! *Same name twice in one object.* Of a property the last one counts, as in most parsers; `type`, `geometry`, `coordinates`,
//! `geometries`, `features`, `properties` and a feature's `id` decide what is meant and are refused; other members are not looked
//! at.

mod feature;
mod halves;

use std::io::Read;

use territory::Space;
use territory::geometry::Polygons;

use self::feature::Current;
use crate::columns::PropertyColumn;
use crate::coordinates::{Shapes, shortened};
use crate::crs::CoordinateReference;
use crate::error::{GeoJsonFault, JsonFault, Place, ReadError, RingFault};
use crate::geometry::{self, Frame, GeometryType, not_an_object};
use crate::members::Members;
use crate::names::Names;
use crate::scan::{FaultKind, Scan, Scanner};
use crate::source::Source;
use crate::table::{FeatureKind, FeatureTable, Geometry, ID_CANDIDATES, PropertiesAt, Span, label};
use crate::window::{WINDOW_BYTES, Window};

/// Collections from this many bytes on are read in two halves.
const LARGE: u64 = 16 << 20;

/// What to keep of a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Properties to keep, beside those of [`ID_CANDIDATES`].
    pub properties: Vec<String>,
    /// The property that names the features, in messages too.
    pub id: Option<String>,
    /// What the coordinates are; `None`: what `crs` says, degrees if it says nothing that is known.
    pub space: Option<Space>,
    /// How many threads may read: from two on a large collection is read in two halves at once. What is read is the same.
    pub threads: usize,
}

/// Reads a GeoJSON text: a FeatureCollection, a Feature, a geometry, or several of the latter two one after the other
/// (newline-delimited, or each after a record separator, RFC 8142).
///
/// Memory: the window, the vertices (16 bytes each) and about 25 bytes per feature, beside the kept properties. The text itself
/// is not kept.
///
/// # Errors
/// [`ReadError`], which names the place, the feature and the remedy. Features without geometry are no error, see
/// [`FeatureTable::kinds`].
pub fn read(source: Source, options: &ReadOptions) -> Result<FeatureTable, ReadError> {
    read_through(source, options, WINDOW_BYTES)
}

/// [`read`] through a window of `window` bytes: the outcome does not depend on it.
pub(crate) fn read_through(source: Source, options: &ReadOptions, window: usize) -> Result<FeatureTable, ReadError> {
    source.check_format()?;
    let least = if options.threads > 1 { LARGE } else { u64::MAX };
    let Whole { reading, stamp, checksum, cut } = match halves::read(&source, options, window, least) {
        Some(whole) => whole,
        None => read_whole(&source, options, window)?,
    };
    let file = || source.name().to_owned();
    if reading.spans.is_empty() {
        return Err(if reading.texts == 0 {
            ReadError::Empty { file: file() }
        } else {
            ReadError::NoFeatures { file: file() }
        });
    }
    if reading.shapes.fault_count > 0 {
        return Err(reading.ring_faults(file()));
    }
    let mut table = reading.into_table(source, stamp, checksum, options);
    table.cut = cut;
    Ok(table)
}

/// A source read in halves whatever its size; `None` where that cannot be.
#[cfg(test)]
pub(crate) fn in_halves(source: &Source, options: &ReadOptions, window: usize) -> Option<FeatureTable> {
    let Whole { reading, stamp, checksum, cut } = halves::read(source, options, window, 0)?;
    let mut table = reading.into_table(source.again(), stamp, checksum, options);
    table.cut = cut;
    Some(table)
}

/// A source that was read to its end.
struct Whole<'o> {
    reading: Reading<'o>,
    stamp: crate::source::Stamp,
    checksum: u64,
    /// Where the halves meet that the checksum is of.
    cut: Option<u64>,
}

/// Reads a source from its beginning to its end.
fn read_whole<'o>(source: &Source, options: &'o ReadOptions, window: usize) -> Result<Whole<'o>, ReadError> {
    let file = || source.name().to_owned();
    let mut opened = source.reader().map_err(|source| ReadError::Open { file: file(), source })?;
    let mut reading = Reading::new(Window::new(opened.take(), window), options);
    if let Err(fault) = reading.document() {
        return Err(reading.explain(source, fault.at, fault.what));
    }
    if opened.stamp_now().map_err(|source| ReadError::Io { file: file(), source })? != opened.stamp {
        return Err(ReadError::Changed { file: file() });
    }
    let checksum = reading.scan.window.checksum();
    Ok(Whole { reading, stamp: opened.stamp, checksum, cut: None })
}

/// Members that the reader looks at.
#[derive(Clone, Copy, Debug)]
enum Member {
    Type,
    /// `"type": "Feature"` with its value.
    TypeIsFeature,
    Features,
    Geometry,
    Properties,
    Id,
    Coordinates,
    Geometries,
    Crs,
    Resolution,
    Other,
}

/// What a `type` may say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Collection,
    Feature,
    Geometry(GeometryType),
}

/// What kind of geometry the file has: decided by the first feature that has any.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Areas,
    Points,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Areas => "an area",
            Self::Points => "a point",
        }
    }
}

struct Reading<'o> {
    scan: Scanner<Box<dyn Read + Send>>,
    options: &'o ReadOptions,
    /// Texts read so far: one, or one per line.
    texts: usize,
    /// Whether the last one was a collection.
    in_collection: bool,
    /// Where the first of two halves ends: at a feature of a collection.
    until: Option<u64>,
    /// Whether the text said to be a collection before its features.
    is_collection: bool,
    /// Whether the cursor is inside the feature after the last of `spans`.
    inside: bool,
    kind: Option<(usize, Kind)>,
    space: Space,
    shapes: Shapes,
    points: Vec<[f64; 2]>,
    spans: Vec<Span>,
    kinds: Vec<FeatureKind>,
    ids: PropertyColumn,
    names: Names,
    /// Members of features and of their properties (the numbers of their names) as they mostly come.
    members: Members<Member>,
    texts_members: Members<Member>,
    properties: Members<Option<usize>>,
    crs: Option<String>,
    resolution: Option<f64>,
}

impl<'o> Reading<'o> {
    fn new(window: Window<Box<dyn Read + Send>>, options: &'o ReadOptions) -> Self {
        let mut wanted = options.properties.clone();
        wanted.extend(options.id.clone());
        wanted.extend(ID_CANDIDATES.map(str::to_owned));
        Self {
            scan: Scanner::new(window),
            options,
            texts: 0,
            in_collection: false,
            until: None,
            is_collection: false,
            inside: false,
            kind: None,
            space: options.space.unwrap_or_default(),
            shapes: Shapes::new(options.space.unwrap_or_default()),
            points: Vec::new(),
            spans: Vec::new(),
            kinds: Vec::new(),
            ids: PropertyColumn::default(),
            names: Names::new(&wanted),
            members: Members::default(),
            texts_members: Members::default(),
            properties: Members::default(),
            crs: None,
            resolution: None,
        }
    }

    /// All texts of the source.
    fn document(&mut self) -> Scan<()> {
        self.skip_byte_order_mark()?;
        loop {
            let mut separated = self.texts == 0;
            let found = loop {
                match self.scan.peek()? {
                    None => return Ok(()),
                    // A line end, or by RFC 8142 a record separator before each text.
                    Some(b'\n' | b'\r' | 0x1e) => separated = true,
                    Some(b' ' | b'\t') => {}
                    Some(found) => break found,
                }
                self.scan.advance();
            };
            if !separated || self.in_collection {
                return self.scan.fault(FaultKind::Json(JsonFault::AfterEnd { found }));
            }
            if found != b'{' {
                return not_an_object(&mut self.scan, "the text", found);
            }
            self.in_collection = self.text()?;
            self.texts += 1;
        }
    }

    fn skip_byte_order_mark(&mut self) -> Scan<()> {
        const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
        if self.scan.peek()? != MARK.first().copied() {
            return Ok(());
        }
        for want in MARK {
            match self.scan.peek()? {
                Some(found) if found == want => self.scan.advance(),
                _ => return self.scan.fault(FaultKind::NotUtf8),
            }
        }
        Ok(())
    }

    /// One text at its `{`: a collection, a feature or a geometry. `true` if it was a collection.
    fn text(&mut self) -> Scan<bool> {
        let start = self.scan.window.offset();
        let mut kind = None;
        let mut current = Current::default();
        let mut frame = Frame::default();
        let mut features = false;
        self.shapes.begin_feature();
        self.scan.advance();
        let mut place = 0;
        while let Some(member) = self.texts_members.next(&mut self.scan, place, "an object", classify)? {
            place += 1;
            // Until the type is known, members are taken for what they mean where they may stand.
            let is_feature = !features && kind.is_none_or(|kind| kind == Type::Feature);
            let is_geometry = !features && kind.is_none_or(|kind| matches!(kind, Type::Geometry(_)));
            match member {
                Member::Type => {
                    let found =
                        self.read_type("the text", "FeatureCollection, Feature or a geometry", kind.is_some())?;
                    kind = Some(found);
                    self.inside = found != Type::Collection;
                    self.is_collection = found == Type::Collection;
                }
                Member::Features if kind.is_none_or(|kind| kind == Type::Collection) => {
                    if features {
                        return self.scan.geojson_fault(GeoJsonFault::Twice { member: "features" });
                    }
                    if self.texts > 0 {
                        return self.scan.geojson_fault(GeoJsonFault::WrongType {
                            what: "a text after the first",
                            found: "FeatureCollection".into(),
                            expected: "Feature or a geometry",
                        });
                    }
                    // What was taken for a feature's own members before belongs to the collection.
                    self.forget_pending();
                    self.features()?;
                    features = true;
                }
                member @ (Member::Geometry | Member::Properties | Member::Id) if is_feature => {
                    self.inside = true;
                    self.feature_member(member, 0, &mut current)?;
                }
                Member::Coordinates if is_geometry => {
                    geometry::read_coordinates(&mut self.scan, &mut self.shapes, self.spans.len(), &mut frame)?;
                }
                Member::Geometries if is_geometry => {
                    geometry::read_geometries(&mut self.scan, &mut self.shapes, self.spans.len(), &mut frame)?;
                }
                Member::Crs => self.read_crs()?,
                Member::Resolution => self.read_resolution()?,
                _ => self.scan.skip_value()?,
            }
        }
        match kind {
            None => self.scan.geojson_fault_at(start, GeoJsonFault::NoType { what: "the text" }),
            Some(Type::Collection) if !features => {
                let fault = GeoJsonFault::NoMember { what: "the FeatureCollection", member: "features" };
                self.scan.geojson_fault_at(start, fault)
            }
            Some(Type::Collection) => Ok(true),
            Some(Type::Feature) if features || frame.has_shape() => {
                let member = if features { "features" } else { "coordinates" };
                self.scan.geojson_fault_at(start, GeoJsonFault::Foreign { what: "a Feature", member })
            }
            Some(Type::Feature) => self.end_feature(start, &current).map(|()| false),
            Some(Type::Geometry(_)) if features || current.geometry.is_some() => {
                let member = if features { "features" } else { "geometry" };
                self.scan.geojson_fault_at(start, GeoJsonFault::Foreign { what: "a geometry", member })
            }
            Some(Type::Geometry(kind)) => {
                frame.kind = Some(kind);
                current.geometry = Some(geometry::finish(&self.scan, &self.shapes, &frame)?);
                current.properties = Some(PropertiesAt::BARE.0);
                self.end_feature(start, &current).map(|()| false)
            }
        }
    }

    /// Forgets the members read before `features` showed that they are a collection's. No feature has been read then.
    fn forget_pending(&mut self) {
        self.shapes = Shapes::new(self.space);
        self.names.clear();
        self.properties = Members::default();
        self.ids.clear();
        self.inside = false;
    }

    fn read_type(&mut self, what: &'static str, expected: &'static str, twice: bool) -> Scan<Type> {
        if twice {
            return self.scan.geojson_fault(GeoJsonFault::Twice { member: "type" });
        }
        if self.scan.token("an object")? != b'"' {
            return self.scan.geojson_fault(GeoJsonFault::NoType { what });
        }
        let at = self.scan.window.offset();
        let name = self.scan.string()?;
        match self.scan.bytes(name) {
            b"Feature" => Ok(Type::Feature),
            b"FeatureCollection" => Ok(Type::Collection),
            other => match GeometryType::from_name(other) {
                Some(kind) => Ok(Type::Geometry(kind)),
                None => {
                    let found = shortened(self.scan.text(name));
                    self.scan.geojson_fault_at(at, GeoJsonFault::WrongType { what, found, expected })
                }
            },
        }
    }

    fn read_crs(&mut self) -> Scan<()> {
        let text = self.scan.raw_value()?;
        self.take_crs(text);
        Ok(())
    }

    /// Takes in what the last `crs` says.
    fn take_crs(&mut self, text: String) {
        if self.options.space.is_none()
            && let Some(space) = CoordinateReference::from_member(&text).space()
        {
            self.space = space;
            // Usually `crs` comes first. Else the polygons are moved when all are read.
            if self.shapes.polygons.is_empty() && self.shapes.polygons.vertices().is_empty() {
                self.shapes = Shapes::new(space);
            }
        }
        self.crs = Some(text);
    }

    fn read_resolution(&mut self) -> Scan<()> {
        if let b'-' | b'0'..=b'9' = self.scan.token("an object")? {
            let value = self.scan.number()?.parse::<f64>();
            self.resolution = value.ok().filter(|&value| value.is_finite() && value > 0.0);
            Ok(())
        } else {
            self.scan.skip_value()
        }
    }

    /// The error of what stopped the scan.
    fn explain(&self, source: &Source, at: u64, what: FaultKind) -> ReadError {
        let file = source.name().to_owned();
        if let FaultKind::Io(source) = what {
            return ReadError::Io { file, source };
        }
        // A file that cannot be read again just now still has its fault named, without the line.
        let (line, bytes) = source.locate(at).unwrap_or_default();
        let feature = self.inside.then_some(self.spans.len());
        let id = feature.and_then(|row| self.label(row));
        let property = self.names.current().map(str::to_owned);
        let at = Box::new(Place { file, byte: at, line, feature, id, property });
        match what {
            FaultKind::Json(fault) => ReadError::Json { at, fault },
            FaultKind::GeoJson(fault) => ReadError::GeoJson { at, fault },
            FaultKind::NotUtf8 | FaultKind::Io(_) | FaultKind::Arrived => ReadError::NotUtf8 { at, bytes },
        }
    }

    fn label(&self, row: usize) -> Option<String> {
        label(&self.names, &self.ids, self.options.id.as_deref(), row).map(|label| label.into_owned())
    }

    fn ring_faults(&self, file: String) -> ReadError {
        let named = |found: &crate::coordinates::FoundFault| RingFault {
            feature: found.feature,
            id: self.label(found.feature),
            part: found.part,
            ring: found.ring,
            kind: found.kind.clone(),
        };
        ReadError::Rings { file, total: self.shapes.fault_count, first: self.shapes.faults.iter().map(named).collect() }
    }

    fn into_table(
        self,
        source: Source,
        stamp: crate::source::Stamp,
        checksum: u64,
        options: &ReadOptions,
    ) -> FeatureTable {
        let space = self.space;
        let geometry = match self.kind {
            Some((_, Kind::Points)) => Geometry::Points(self.points),
            _ if self.shapes.polygons.space() != space => Geometry::Polygons(in_space(&self.shapes.polygons, space)),
            _ => Geometry::Polygons(self.shapes.polygons),
        };
        FeatureTable {
            source,
            stamp,
            checksum,
            cut: None,
            spans: self.spans,
            in_collection: self.in_collection,
            kinds: self.kinds,
            geometry,
            ids: self.ids,
            names: self.names,
            id: options.id.clone(),
            space,
            crs: self.crs,
            resolution: self.resolution,
        }
    }
}

fn classify(name: &[u8]) -> Member {
    match name {
        b"type" => Member::Type,
        b"geometry" => Member::Geometry,
        b"properties" => Member::Properties,
        b"id" => Member::Id,
        b"features" => Member::Features,
        b"coordinates" => Member::Coordinates,
        b"geometries" => Member::Geometries,
        b"crs" => Member::Crs,
        b"xy_coordinate_resolution" => Member::Resolution,
        _ => Member::Other,
    }
}

/// The same polygons in another space.
fn in_space(polygons: &Polygons, space: Space) -> Polygons {
    let mut moved = Polygons::new(space);
    for unit in 0..polygons.len() {
        for part in polygons.parts_of(unit) {
            for ring in polygons.rings_of(part) {
                let ring = polygons.ring(ring);
                // Closing a ring drops the repeated first vertex, so it is repeated.
                ring.iter().chain(ring.first()).for_each(|&vertex| moved.push_vertex(vertex));
                moved.end_ring();
            }
            moved.end_part();
        }
        moved.end_unit();
    }
    moved
}
