//! What can go wrong with a file, in which place, and what to do about it.

use std::fmt;
use std::io;

/// A place in a file, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it.
    pub file: String,
    /// Byte offset in the (unpacked) text, from 0.
    pub byte: u64,
    /// Line, from 1; 0 if it could not be counted.
    pub line: u64,
    /// Index of the feature, from 0.
    pub feature: Option<usize>,
    /// What names the feature, if that had been read already.
    pub id: Option<String>,
    /// The property in whose value it is.
    pub property: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ", byte {}", self.byte)?;
        if let Some(feature) = self.feature {
            write!(f, ", feature {}", Feature { index: feature, id: self.id.as_deref() })?;
        }
        if let Some(property) = &self.property {
            write!(f, ", property \"{property}\"")?;
        }
        Ok(())
    }
}

/// A feature in a message: `12 ("04015")`.
struct Feature<'a> {
    index: usize,
    id: Option<&'a str>,
}

impl fmt::Display for Feature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.index)?;
        self.id.map_or(Ok(()), |id| write!(f, " (\"{id}\")"))
    }
}

/// Why a text is not JSON (RFC 8259).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// The text stops inside a value.
    #[error("the file ends in the middle of {inside}: it was cut off, get it again whole")]
    CutOff {
        /// What was being read.
        inside: &'static str,
    },
    /// A byte that the grammar does not allow here.
    #[error("found {} where {expected} should stand", shown(*.found))]
    Unexpected {
        /// The byte.
        found: u8,
        /// What the grammar allows here.
        expected: &'static str,
    },
    /// `NaN`, `Infinity` and their like.
    #[error("`{token}` is not a JSON value: write a number, or null where there is none")]
    NotANumber {
        /// What was written.
        token: &'static str,
    },
    /// A backslash followed by what is no escape.
    #[error("found {} after a backslash, which is no escape: a backslash itself is written `\\\\`", shown(*.found))]
    Escape {
        /// The byte after the backslash, or the one that is no hexadecimal digit.
        found: u8,
    },
    /// Half a surrogate pair.
    #[error("`\\u{unit:04x}` is half of a surrogate pair without its other half: write the character itself")]
    Surrogate {
        /// The code unit.
        unit: u16,
    },
    /// A control character inside a string.
    #[error("found {} inside a string: write it as an escape, or close the string before it", shown(*.found))]
    Control {
        /// The byte.
        found: u8,
    },
    /// Text after the end of the collection.
    #[error("more text ({} …) after the end of the collection: remove it, or write one feature per line", shown(*.found))]
    AfterEnd {
        /// Its first byte.
        found: u8,
    },
}

/// A byte as a person reads it.
fn shown(byte: u8) -> String {
    match byte {
        b'\n' => "a line end".into(),
        b'\t' => "a tab".into(),
        0x20..=0x7e => format!("`{}`", char::from(byte)),
        _ => format!("byte 0x{byte:02x}"),
    }
}

/// Why a JSON text is not GeoJSON (RFC 7946) of the kind that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GeoJsonFault {
    /// The text, a feature or a geometry is not an object.
    #[error("{what} should be an object, but it begins with {}", shown(*.found))]
    NotAnObject {
        /// What should be an object.
        what: &'static str,
        /// Its first byte.
        found: u8,
    },
    /// A member that must be an array is none.
    #[error("`{member}` should be an array, but it begins with {}", shown(*.found))]
    NotAnArray {
        /// The member.
        member: &'static str,
        /// Its first byte.
        found: u8,
    },
    /// An object without a `type`, or with one that is no string.
    #[error("{what} has no `type`; is this GeoJSON?")]
    NoType {
        /// What lacks it.
        what: &'static str,
    },
    /// A `type` that does not belong here.
    #[error("{what} has the type \"{found}\", expected {expected}{}", type_hint(.found))]
    WrongType {
        /// What has it.
        what: &'static str,
        /// The type.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A member that the type requires is missing.
    #[error("{what} has no `{member}`")]
    NoMember {
        /// What lacks it.
        what: &'static str,
        /// The member.
        member: &'static str,
    },
    /// A member of another type of object.
    #[error("{what} has a member `{member}`, which RFC 7946 (section 7.1) forbids: remove it, or correct the type")]
    Foreign {
        /// What has it.
        what: &'static str,
        /// The member.
        member: &'static str,
    },
    /// A member that decides the meaning stands twice in one object.
    #[error("`{member}` stands twice in one object: remove the wrong one")]
    Twice {
        /// The member.
        member: &'static str,
    },
    /// A coordinate that is no number.
    #[error("a coordinate is {found}, not a number")]
    NotNumeric {
        /// What stands there.
        found: String,
    },
    /// A position with fewer than two numbers.
    #[error("a position has {numbers} number(s), it needs a longitude (or x) and a latitude (or y)")]
    ShortPosition {
        /// How many it has.
        numbers: usize,
    },
    /// Arrays of coordinates nested in another depth than the type or their neighbours ask for.
    #[error("the coordinates are nested {found} deep, {expected}")]
    Nesting {
        /// The depth found.
        found: usize,
        /// Depth that should be, and why.
        expected: String,
    },
    /// A number too large for any coordinate.
    #[error("a coordinate is not finite: {text}")]
    NotFinite {
        /// The number as written.
        text: String,
    },
    /// A geometry that is neither an area nor a point.
    #[error("is a {kind}: units are Polygons or MultiPolygons, customers are Points; leave it out or convert it")]
    Unsupported {
        /// The type.
        kind: &'static str,
    },
    /// A feature with more than one point.
    #[error("has {points} points: write one feature per point")]
    ManyPoints {
        /// How many.
        points: usize,
    },
    /// Areas and points in one file.
    #[error("is {found}, but feature {first} is {expected}: put areas and points into separate files")]
    MixedKinds {
        /// Index of the first feature with a geometry.
        first: usize,
        /// What that is.
        expected: &'static str,
        /// What this one is.
        found: &'static str,
    },
    /// A feature with areas and points at once.
    #[error("holds areas and points at once: leave one of them out")]
    MixedFeature,
    /// More than 2³² − 1 features, rings or vertices.
    #[error("there are more than 4,294,967,294 {what}: split the file")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
}

/// A remedy for types that people often hold for GeoJSON.
fn type_hint(found: &str) -> &'static str {
    match found {
        "Topology" => ": this is TopoJSON, convert it (topo2geo, mapshaper -o format=geojson)",
        _ => "",
    }
}

/// What is wrong with a ring.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RingFaultKind {
    /// Fewer than four positions.
    #[error("has {positions} position(s), a ring needs at least four, the last equal to the first")]
    TooShort {
        /// How many it has.
        positions: usize,
    },
    /// The last position is not the first.
    #[error("is not closed: it begins at {first:?} and ends at {last:?}; repeat the first position at the end")]
    Unclosed {
        /// First position.
        first: [f64; 2],
        /// Last position.
        last: [f64; 2],
    },
}

/// A ring that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct RingFault {
    /// Index of the feature, from 0.
    pub feature: usize,
    /// What names it, if anything does.
    pub id: Option<String>,
    /// Polygon within the feature, from 0.
    pub part: usize,
    /// Ring within the polygon, 0 is the outer one.
    pub ring: usize,
    /// What is wrong.
    pub kind: RingFaultKind,
}

impl fmt::Display for RingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let feature = Feature { index: self.feature, id: self.id.as_deref() };
        write!(f, "feature {feature}, polygon {}, ring {}: {}", self.part, self.ring, self.kind)
    }
}

/// A file that cannot be read as units or customers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("{file}: cannot be opened ({source}): check its name and permissions")]
    Open {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Reading stopped.
    #[error("{file}: reading failed ({source})")]
    Io {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A gzip file that cannot be unpacked.
    #[error("{file}: cannot be unpacked, the gzip data is damaged or cut off ({source}): get it again whole")]
    Gzip {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing in it.
    #[error("{file}: is empty; it should hold a GeoJSON FeatureCollection")]
    Empty {
        /// The file.
        file: String,
    },
    /// A known encoding or format that is not UTF-8 text.
    #[error("{file}: is {format}, not GeoJSON in UTF-8: {remedy}")]
    Format {
        /// The file.
        file: String,
        /// What it seems to be.
        format: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error("{at}: not UTF-8 (bytes {}): save the file as UTF-8 (it may be GBK, Latin-1 or another older encoding)", hex(.bytes))]
    NotUtf8 {
        /// The first such byte.
        at: Box<Place>,
        /// It and up to three more.
        bytes: Vec<u8>,
    },
    /// Not JSON.
    #[error("{at}: not JSON: {fault}")]
    Json {
        /// Where.
        at: Box<Place>,
        /// Why.
        fault: JsonFault,
    },
    /// Not GeoJSON, or not of a kind that can be used.
    #[error("{at}: {fault}")]
    GeoJson {
        /// Where.
        at: Box<Place>,
        /// Why.
        fault: GeoJsonFault,
    },
    /// A collection without features.
    #[error("{file}: has no features: there is nothing to assign")]
    NoFeatures {
        /// The file.
        file: String,
    },
    /// Rings that are none.
    #[error("{file}: {total} faulty ring(s): {}{}", list(.first), if *.total > .first.len() { "; …" } else { "" })]
    Rings {
        /// The file.
        file: String,
        /// How many there are.
        total: usize,
        /// The first of them.
        first: Vec<RingFault>,
    },
    /// A file of lines that cannot be used.
    #[error("{file}: no usable lines: {reason}; it should hold LineString or MultiLineString features")]
    Lines {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file is no longer what it was when it was opened.
    #[error("{file}: was changed while it was read: run again once it is complete")]
    Changed {
        /// The file.
        file: String,
    },
}

fn list(faults: &[RingFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The folder is not there.
    #[error("{file}: the folder {folder} does not exist: create it first")]
    NoFolder {
        /// The file to write.
        file: String,
        /// The folder.
        folder: String,
    },
    /// A folder stands where the file should.
    #[error("{file}: is a folder: give a file name")]
    IsFolder {
        /// The file to write.
        file: String,
    },
    /// Two outputs under one name.
    #[error("{file}: two outputs have this name: give each its own")]
    SameFile {
        /// The file to write.
        file: String,
    },
    /// Writing failed; nothing stands under the final name.
    #[error("{file}: cannot be written ({source}): check the free space and permissions; nothing was changed")]
    Io {
        /// The file to write.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Writing to the output that was handed in failed.
    #[error("{source}: check the free space and permissions; nothing was changed")]
    Output {
        /// Why.
        #[from]
        source: io::Error,
    },
    /// The input is no longer what was read, so its text cannot be copied.
    #[error("{file}: was changed since it was read, so the plan does not fit it: run again")]
    InputChanged {
        /// The input file.
        file: String,
    },
    /// The input cannot be read again.
    #[error("{file}: cannot be read again to copy its features ({source})")]
    Input {
        /// The input file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A coordinate that JSON cannot hold.
    #[error("territory {territory}: has a coordinate that is not finite")]
    NotFinite {
        /// Index of the territory.
        territory: usize,
    },
    /// The properties do not fit the territories.
    #[error("{territories} territories, but properties for {properties}")]
    Lengths {
        /// Number of territories.
        territories: usize,
        /// Number of property objects.
        properties: usize,
    },
}
