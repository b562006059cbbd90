//! Geometry objects: members in any order, collections in collections without recursion.

use std::io::Read;

use crate::coordinates::{self, Shapes};
use crate::error::GeoJsonFault;
use crate::scan::{Scan, Scanner};
use crate::table::FeatureKind;

/// The geometry types of RFC 7946.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeometryType {
    Point,
    MultiPoint,
    LineString,
    MultiLineString,
    Polygon,
    MultiPolygon,
    Collection,
}

impl GeometryType {
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"Point" => Self::Point,
            b"MultiPoint" => Self::MultiPoint,
            b"LineString" => Self::LineString,
            b"MultiLineString" => Self::MultiLineString,
            b"Polygon" => Self::Polygon,
            b"MultiPolygon" => Self::MultiPolygon,
            b"GeometryCollection" => Self::Collection,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::MultiPoint => "MultiPoint",
            Self::LineString => "LineString",
            Self::MultiLineString => "MultiLineString",
            Self::Polygon => "Polygon",
            Self::MultiPolygon => "MultiPolygon",
            Self::Collection => "GeometryCollection",
        }
    }

    /// Depth of the positions in `coordinates`.
    fn depth(self) -> usize {
        match self {
            Self::Point => 1,
            Self::MultiPoint | Self::LineString => 2,
            Self::Polygon | Self::MultiLineString => 3,
            Self::MultiPolygon | Self::Collection => 4,
        }
    }
}

/// A geometry object of which some members were read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// What `type` says.
    pub(crate) kind: Option<GeometryType>,
    coordinates: bool,
    /// Depth of the positions, if there are any.
    leaf: Option<u8>,
    geometries: bool,
    /// Members read, as far as it matters for guessing the next one.
    members: u8,
}

impl Frame {
    /// Whether `coordinates` or `geometries` was read.
    pub(crate) fn has_shape(&self) -> bool {
        self.coordinates || self.geometries
    }
}

/// A member of a geometry object.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member {
    Type,
    /// `type` with its value.
    TypeIs(GeometryType),
    Coordinates,
    Geometries,
    Other,
}

enum Step {
    /// At the `{` of a geometry.
    Open,
    /// Behind the `{` of a geometry or behind a member.
    Member,
    /// Behind the `}` of a geometry.
    Closed,
    /// Behind an element of `geometries`, or its `[` if it is empty.
    AfterElement,
}

/// Reads the value of `geometry` at the cursor.
pub(crate) fn read<R: Read>(scan: &mut Scanner<R>, shapes: &mut Shapes, feature: usize) -> Scan<FeatureKind> {
    match scan.token("a geometry")? {
        b'n' => {
            scan.literal(b'n')?;
            Ok(FeatureKind::Null)
        }
        b'{' => walk(scan, shapes, feature),
        found => not_an_object(scan, "a geometry", found),
    }
}

/// Reads the value of `coordinates` at the cursor into `frame`.
pub(crate) fn read_coordinates<R: Read>(
    scan: &mut Scanner<R>,
    shapes: &mut Shapes,
    feature: usize,
    frame: &mut Frame,
) -> Scan<()> {
    if std::mem::replace(&mut frame.coordinates, true) {
        return scan.geojson_fault(GeoJsonFault::Twice { member: "coordinates" });
    }
    frame.leaf = coordinates::read(scan, shapes, feature)?.map(|leaf| leaf as u8);
    Ok(())
}

/// Reads the value of `geometries` at the cursor into `frame`.
pub(crate) fn read_geometries<R: Read>(
    scan: &mut Scanner<R>,
    shapes: &mut Shapes,
    feature: usize,
    frame: &mut Frame,
) -> Scan<()> {
    if open_geometries(scan, frame)? {
        walk(scan, shapes, feature)?;
        while scan.comma_or(b']', "geometries")? {
            walk(scan, shapes, feature)?;
        }
    }
    Ok(())
}

/// Enters the array of `geometries`; `false` if it was empty and is left already.
fn open_geometries<R: Read>(scan: &mut Scanner<R>, frame: &mut Frame) -> Scan<bool> {
    if std::mem::replace(&mut frame.geometries, true) {
        return scan.geojson_fault(GeoJsonFault::Twice { member: "geometries" });
    }
    match scan.token("geometries")? {
        b'[' => scan.advance(),
        found => return scan.geojson_fault(GeoJsonFault::NotAnArray { member: "geometries", found }),
    }
    if scan.token("geometries")? == b']' {
        scan.advance();
        return Ok(false);
    }
    Ok(true)
}

/// Reads one geometry object with all that are inside it.
fn walk<R: Read>(scan: &mut Scanner<R>, shapes: &mut Shapes, feature: usize) -> Scan<FeatureKind> {
    // The objects around the cursor: fewer bytes per level than the shortest text of a level has.
    let mut open: Vec<Frame> = Vec::new();
    let mut frame = Frame::default();
    let mut step = Step::Open;
    loop {
        step = match step {
            Step::Open => {
                match scan.token("a geometry")? {
                    b'{' => scan.advance(),
                    found => return not_an_object(scan, "a geometry", found),
                }
                frame = Frame::default();
                Step::Member
            }
            Step::Member => {
                let place = usize::from(frame.members);
                frame.members = frame.members.saturating_add(1);
                match shapes.members.next(scan, place, "a geometry", classify)? {
                    None => Step::Closed,
                    Some(Member::TypeIs(kind)) => {
                        set_kind(scan, &mut frame, kind)?;
                        Step::Member
                    }
                    Some(Member::Type) => {
                        let kind = read_type(scan)?;
                        shapes.members.learn(scan, place, Member::TypeIs(kind));
                        set_kind(scan, &mut frame, kind)?;
                        Step::Member
                    }
                    Some(Member::Coordinates) => {
                        read_coordinates(scan, shapes, feature, &mut frame)?;
                        Step::Member
                    }
                    Some(Member::Geometries) if open_geometries(scan, &mut frame)? => {
                        open.push(frame);
                        Step::Open
                    }
                    Some(Member::Geometries) => Step::Member,
                    Some(Member::Other) => {
                        scan.skip_value()?;
                        Step::Member
                    }
                }
            }
            Step::Closed => {
                let found = finish(scan, shapes, &frame)?;
                match open.pop() {
                    None => return Ok(found),
                    Some(around) => {
                        frame = around;
                        Step::AfterElement
                    }
                }
            }
            Step::AfterElement if scan.comma_or(b']', "geometries")? => {
                open.push(frame);
                Step::Open
            }
            Step::AfterElement => Step::Member,
        };
    }
}

fn classify(name: &[u8]) -> Member {
    match name {
        b"type" => Member::Type,
        b"coordinates" => Member::Coordinates,
        b"geometries" => Member::Geometries,
        _ => Member::Other,
    }
}

fn set_kind<R: Read>(scan: &Scanner<R>, frame: &mut Frame, kind: GeometryType) -> Scan<()> {
    match frame.kind.replace(kind) {
        None => Ok(()),
        Some(_) => scan.geojson_fault(GeoJsonFault::Twice { member: "type" }),
    }
}

/// The value of `type` at the cursor.
fn read_type<R: Read>(scan: &mut Scanner<R>) -> Scan<GeometryType> {
    if scan.token("a geometry")? != b'"' {
        return scan.geojson_fault(GeoJsonFault::NoType { what: "a geometry" });
    }
    let at = scan.window.offset();
    let name = scan.string()?;
    match GeometryType::from_name(scan.bytes(name)) {
        Some(kind) => Ok(kind),
        None => {
            let found = coordinates::shortened(scan.text(name));
            let expected = "Polygon, MultiPolygon or Point";
            scan.geojson_fault_at(at, GeoJsonFault::WrongType { what: "a geometry", found, expected })
        }
    }
}

/// Checks a geometry all of whose members were read.
pub(crate) fn finish<R: Read>(scan: &Scanner<R>, shapes: &Shapes, frame: &Frame) -> Scan<FeatureKind> {
    let Some(kind) = frame.kind else {
        return scan.geojson_fault(GeoJsonFault::NoType { what: "a geometry" });
    };
    if kind == GeometryType::Collection {
        if !frame.geometries {
            let fault = GeoJsonFault::NoMember { what: "a GeometryCollection", member: "geometries" };
            return scan.geojson_fault(fault);
        }
        let empty = shapes.parts == 0 && shapes.loose.is_empty();
        return Ok(if empty { FeatureKind::Empty } else { FeatureKind::Collection });
    }
    if !frame.coordinates {
        return scan.geojson_fault(GeoJsonFault::NoMember { what: "a geometry", member: "coordinates" });
    }
    if matches!(kind, GeometryType::LineString | GeometryType::MultiLineString) {
        return scan.geojson_fault(GeoJsonFault::Unsupported { kind: kind.name() });
    }
    let Some(leaf) = frame.leaf else { return Ok(FeatureKind::Empty) };
    if usize::from(leaf) != kind.depth() {
        let expected = format!("a {} has them {} deep", kind.name(), kind.depth());
        return scan.geojson_fault(GeoJsonFault::Nesting { found: usize::from(leaf), expected });
    }
    Ok(match kind {
        GeometryType::Polygon => FeatureKind::Polygon,
        GeometryType::MultiPolygon => FeatureKind::MultiPolygon,
        _ => FeatureKind::Point,
    })
}

/// The fault of a value that should be an object; `found` begins it.
pub(crate) fn not_an_object<R: Read, T>(scan: &mut Scanner<R>, what: &'static str, found: u8) -> Scan<T> {
    match found {
        b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
            scan.geojson_fault(GeoJsonFault::NotAnObject { what, found })
        }
        _ => scan.no_value(found),
    }
}
