//! From the text to columns: collections, features and their members in any order.
//!
//! *Same name twice in one object.* Of a property the last one counts, as in most parsers; `type`, `geometry`, `coordinates`,
//! `geometries`, `features`, `properties` and a feature's `id` decide what is meant and are refused; other members are not looked
//! at.

use std::io::Read;

use territory::Space;
use territory::geometry::Polygons;

use crate::columns::{Cell, PropertyColumn};
use crate::coordinates::{Shapes, shortened};
use crate::crs::CoordinateReference;
use crate::error::{GeoJsonFault, JsonFault, Place, ReadError, RingFault};
use crate::geometry::{self, Frame, GeometryType, not_an_object};
use crate::names::Names;
use crate::scan::{FaultKind, Scan, Scanner};
use crate::source::Source;
use crate::table::{FeatureKind, FeatureTable, Geometry, ID_CANDIDATES, PropertiesAt, Span, label};
use crate::window::{WINDOW_BYTES, Window};

/// What to keep of a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Properties to keep, beside those of [`ID_CANDIDATES`].
    pub properties: Vec<String>,
    /// The property that names the features, in messages too.
    pub id: Option<String>,
    /// What the coordinates are; `None`: what `crs` says, degrees if it says nothing that is known.
    pub space: Option<Space>,
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
    let file = || source.name().to_owned();
    let mut opened = source.reader().map_err(|source| ReadError::Open { file: file(), source })?;
    let reader = std::mem::replace(&mut opened.reader, Box::new(std::io::empty()));
    let mut reading = Reading::new(Window::new(reader, window), options);
    if let Err(fault) = reading.document() {
        return Err(reading.explain(&source, fault.at, fault.what));
    }
    if opened.stamp_now().map_err(|source| ReadError::Io { file: file(), source })? != opened.stamp {
        return Err(ReadError::Changed { file: file() });
    }
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
    let checksum = reading.scan.window.checksum();
    Ok(reading.into_table(source, opened.stamp, checksum, options))
}

/// Members that the reader looks at.
enum Member {
    Type,
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

/// The feature being read.
#[derive(Default)]
struct Current {
    typed: bool,
    geometry: Option<FeatureKind>,
    properties: Option<u64>,
    id: bool,
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
    scan: Scanner<Box<dyn Read>>,
    options: &'o ReadOptions,
    /// Texts read so far: one, or one per line.
    texts: usize,
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
    crs: Option<String>,
    resolution: Option<f64>,
}

impl<'o> Reading<'o> {
    fn new(window: Window<Box<dyn Read>>, options: &'o ReadOptions) -> Self {
        let mut wanted = options.properties.clone();
        wanted.extend(options.id.clone());
        wanted.extend(ID_CANDIDATES.map(str::to_owned));
        Self {
            scan: Scanner::new(window),
            options,
            texts: 0,
            inside: false,
            kind: None,
            space: options.space.unwrap_or_default(),
            shapes: Shapes::new(options.space.unwrap_or_default()),
            points: Vec::new(),
            spans: Vec::new(),
            kinds: Vec::new(),
            ids: PropertyColumn::default(),
            names: Names::new(&wanted),
            crs: None,
            resolution: None,
        }
    }

    /// All texts of the source.
    fn document(&mut self) -> Scan<()> {
        self.skip_byte_order_mark()?;
        let mut collection = false;
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
            if !separated || collection {
                return self.scan.fault(FaultKind::Json(JsonFault::AfterEnd { found }));
            }
            if found != b'{' {
                return not_an_object(&mut self.scan, "the text", found);
            }
            collection = self.text()?;
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
        let mut more = self.scan.token("an object")? != b'}';
        if !more {
            self.scan.advance();
        }
        while more {
            // Until the type is known, members are taken for what they mean where they may stand.
            let is_feature = !features && kind.is_none_or(|kind| kind == Type::Feature);
            let is_geometry = !features && kind.is_none_or(|kind| matches!(kind, Type::Geometry(_)));
            match self.member()? {
                Member::Type => {
                    let found =
                        self.read_type("the text", "FeatureCollection, Feature or a geometry", kind.is_some())?;
                    kind = Some(found);
                    self.inside = found != Type::Collection;
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
                    self.feature_member(&member, &mut current)?;
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
            more = self.scan.comma_or(b'}', "an object")?;
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
        self.ids.clear();
        self.inside = false;
    }

    /// The value of `features`.
    fn features(&mut self) -> Scan<()> {
        match self.scan.token("features")? {
            b'[' => self.scan.advance(),
            found => return self.scan.geojson_fault(GeoJsonFault::NotAnArray { member: "features", found }),
        }
        if self.scan.token("features")? == b']' {
            self.scan.advance();
            return Ok(());
        }
        loop {
            match self.scan.token("features")? {
                b'{' => self.feature()?,
                found => {
                    self.inside = true;
                    return not_an_object(&mut self.scan, "a feature", found);
                }
            }
            if !self.scan.comma_or(b']', "features")? {
                return Ok(());
            }
        }
    }

    fn begin_feature(&mut self) {
        self.inside = true;
        self.shapes.begin_feature();
    }

    /// A feature of a collection, at its `{`.
    fn feature(&mut self) -> Scan<()> {
        let start = self.scan.window.offset();
        self.begin_feature();
        self.scan.advance();
        let mut current = Current::default();
        let mut more = self.scan.token("a feature")? != b'}';
        if !more {
            self.scan.advance();
        }
        while more {
            let member = self.member()?;
            self.feature_member(&member, &mut current)?;
            more = self.scan.comma_or(b'}', "a feature")?;
        }
        if !current.typed {
            return self.scan.geojson_fault_at(start, GeoJsonFault::NoType { what: "a feature" });
        }
        self.end_feature(start, &current)
    }

    /// The name of a member, and the colon behind it.
    #[inline]
    fn member(&mut self) -> Scan<Member> {
        let key = self.scan.key()?;
        let member = match self.scan.bytes(key) {
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
        };
        self.scan.colon()?;
        Ok(member)
    }

    /// The value of a feature's member.
    fn feature_member(&mut self, member: &Member, current: &mut Current) -> Scan<()> {
        let row = self.spans.len();
        let twice = |name| GeoJsonFault::Twice { member: name };
        match member {
            Member::Type => {
                let at = self.scan.window.offset();
                match self.read_type("a feature", "Feature", current.typed)? {
                    Type::Feature => current.typed = true,
                    other => {
                        let found = match other {
                            Type::Geometry(kind) => kind.name(),
                            _ => "FeatureCollection",
                        };
                        let fault =
                            GeoJsonFault::WrongType { what: "a feature", found: found.into(), expected: "Feature" };
                        return self.scan.geojson_fault_at(at, fault);
                    }
                }
            }
            Member::Geometry if current.geometry.is_some() => return self.scan.geojson_fault(twice("geometry")),
            Member::Geometry => {
                current.geometry = Some(geometry::read(&mut self.scan, &mut self.shapes, row)?);
            }
            Member::Properties if current.properties.is_some() => return self.scan.geojson_fault(twice("properties")),
            Member::Properties => {
                let first = self.scan.token("properties")?;
                current.properties = Some(self.scan.window.offset());
                match first {
                    b'{' => self.properties(row)?,
                    b'n' => {
                        self.scan.literal(first)?;
                    }
                    found => return not_an_object(&mut self.scan, "`properties`", found),
                }
            }
            Member::Id if current.id => return self.scan.geojson_fault(twice("id")),
            Member::Id => {
                current.id = true;
                keep_value(&mut self.scan, &mut self.ids, row)?;
            }
            _ => self.scan.skip_value()?,
        }
        Ok(())
    }

    /// The members of a feature's properties, at their `{`.
    fn properties(&mut self, row: usize) -> Scan<()> {
        self.scan.advance();
        if self.scan.token("properties")? == b'}' {
            self.scan.advance();
            return Ok(());
        }
        let mut place = 0;
        loop {
            let key = self.scan.key()?;
            let column = self.names.column(place, self.scan.bytes(key));
            self.scan.colon()?;
            match column.and_then(|column| self.names.columns.get_mut(column)) {
                Some(column) => keep_value(&mut self.scan, column, row)?,
                None => self.scan.skip_value()?,
            }
            place += 1;
            self.names.leave();
            if !self.scan.comma_or(b'}', "properties")? {
                return Ok(());
            }
        }
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
        Ok(())
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

    /// Closes the feature that began at `start`; the cursor is behind it.
    fn end_feature(&mut self, start: u64, current: &Current) -> Scan<()> {
        let row = self.spans.len();
        let fault = |fault| self.scan.geojson_fault_at(start, fault);
        if u32::try_from(row + 1).is_err() {
            return fault(GeoJsonFault::TooMany { what: "features" });
        }
        let found = match (self.shapes.parts, self.shapes.loose.len()) {
            (0, 0) => None,
            (0, 1) => Some(Kind::Points),
            (0, points) => return fault(GeoJsonFault::ManyPoints { points }),
            (_, 0) => Some(Kind::Areas),
            _ => return fault(GeoJsonFault::MixedFeature),
        };
        if let Some(found) = found {
            match self.kind {
                Some((first, kind)) if kind != found => {
                    let (expected, found) = (kind.name(), found.name());
                    return fault(GeoJsonFault::MixedKinds { first, expected, found });
                }
                Some(_) => {}
                None => {
                    self.kind = Some((row, found));
                    self.points = if found == Kind::Points { vec![[f64::NAN; 2]; row] } else { Vec::new() };
                }
            }
        }
        if matches!(self.kind, Some((_, Kind::Points))) {
            self.points.push(self.shapes.loose.first().copied().unwrap_or([f64::NAN; 2]));
        } else {
            self.shapes.polygons.end_unit();
        }
        let kind = current.geometry.unwrap_or(FeatureKind::Null);
        self.kinds.push(match kind {
            // Such as a MultiPolygon of polygons without rings.
            kind if kind.has_geometry() && found.is_none() => FeatureKind::Empty,
            kind => kind,
        });
        let properties = current.properties.map_or(PropertiesAt::NONE, PropertiesAt);
        self.spans.push(Span { start, end: self.scan.window.offset(), properties });
        self.inside = false;
        Ok(())
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
        let at = Place { file, byte: at, line, feature, id, property };
        match what {
            FaultKind::Json(fault) => ReadError::Json { at, fault },
            FaultKind::GeoJson(fault) => ReadError::GeoJson { at, fault },
            FaultKind::NotUtf8 | FaultKind::Io(_) => ReadError::NotUtf8 { at, bytes },
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
            spans: self.spans,
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

/// The value at the cursor into a column.
fn keep_value<R: Read>(scan: &mut Scanner<R>, column: &mut PropertyColumn, row: usize) -> Scan<()> {
    match scan.token("a value")? {
        b'"' => {
            let text = scan.string()?;
            column.set(row, Cell::Text, scan.text(text));
        }
        b'-' | b'0'..=b'9' => {
            let text = scan.number()?;
            column.set(row, Cell::Number, text);
        }
        first @ (b'{' | b'[') => {
            let text = scan.raw_value()?;
            column.set(row, if first == b'{' { Cell::Object } else { Cell::Array }, &text);
        }
        first => {
            let cell = match scan.literal(first)? {
                "true" => Cell::True,
                "false" => Cell::False,
                _ => Cell::Null,
            };
            column.set(row, cell, "");
        }
    }
    Ok(())
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
