//! What was read: geometry in columns, the wanted properties, and where every feature's text stands in the source.

use std::borrow::Cow;

use territory::Space;
use territory::geometry::Polygons;

use crate::columns::PropertyColumn;
use crate::crs::CoordinateReference;
use crate::names::Names;
use crate::source::{Source, Stamp};

/// Properties that name a unit if the caller does not choose one, in order of preference after the feature's own `id`.
pub const ID_CANDIDATES: [&str; 5] = ["id", "geoid", "code", "zcta", "name"];

/// What geometry a feature has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeatureKind {
    /// No `geometry` member, or null.
    Null,
    /// A geometry without any position.
    Empty,
    /// A point, or a list with one point.
    Point,
    /// A polygon.
    Polygon,
    /// Several polygons.
    MultiPolygon,
    /// A collection of polygons (or of one point), read as one unit of several parts.
    Collection,
}

impl FeatureKind {
    /// Whether there is anything to place on a map.
    pub fn has_geometry(self) -> bool {
        !matches!(self, Self::Null | Self::Empty)
    }
}

/// The geometry of all features.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// One unit per feature; those without geometry have no parts. Also when no feature has any geometry.
    Polygons(Polygons),
    /// One coordinate pair per feature; NaN for those without geometry.
    Points(Vec<[f64; 2]>),
}

/// Where a feature's text stands. Bytes of the unpacked source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) properties: PropertiesAt,
}

/// Where a feature's properties stand: an offset or one of two marks, packed, since there is one per feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PropertiesAt(pub(crate) u64);

impl PropertiesAt {
    /// The feature has no `properties` member.
    pub(crate) const NONE: Self = Self(u64::MAX);
    /// The text is a bare geometry.
    pub(crate) const BARE: Self = Self(u64::MAX - 1);
}

/// The features of one file in columns. Feature `i` is row `i` everywhere, in file order.
#[derive(Debug)]
pub struct FeatureTable {
    pub(crate) source: Source,
    pub(crate) stamp: Stamp,
    pub(crate) checksum: u64,
    /// Where the checksum's halves meet.
    pub(crate) cut: Option<u64>,
    pub(crate) spans: Vec<Span>,
    /// Whether the features stand in a collection, not one text after another.
    pub(crate) in_collection: bool,
    pub(crate) kinds: Vec<FeatureKind>,
    pub(crate) geometry: Geometry,
    pub(crate) ids: PropertyColumn,
    pub(crate) names: Names,
    pub(crate) id: Option<String>,
    pub(crate) space: Space,
    pub(crate) crs: Option<String>,
    pub(crate) resolution: Option<f64>,
}

impl FeatureTable {
    /// Number of features.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none; a table that was read has at least one.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// What messages call the file.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// The geometry of all features.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Hands the geometry over, leaving none behind: nothing else here needs it.
    pub fn take_geometry(&mut self) -> Geometry {
        std::mem::replace(&mut self.geometry, Geometry::Points(Vec::new()))
    }

    /// What geometry each feature has.
    pub fn kinds(&self) -> &[FeatureKind] {
        &self.kinds
    }

    /// Where the text of feature `row` stands in the unpacked source, from its `{` to behind its `}`.
    pub fn bytes_of(&self, row: usize) -> Option<std::ops::Range<u64>> {
        self.spans.get(row).map(|span| span.start..span.end)
    }

    /// The features' own `id`s.
    pub fn feature_ids(&self) -> &PropertyColumn {
        &self.ids
    }

    /// The values of a property that was asked for; `None` if it was not asked for.
    pub fn property(&self, name: &str) -> Option<&PropertyColumn> {
        self.names.wanted(name)
    }

    /// The names of all properties in the file: those asked for first, the others in order of appearance (at most 4,096 of them).
    pub fn property_names(&self) -> impl Iterator<Item = &str> {
        self.names.seen()
    }

    /// Whether the file has a property of this name, as far as [`FeatureTable::property_names`] lists them.
    pub fn has_property(&self, name: &str) -> bool {
        self.property_names().any(|seen| seen == name)
    }

    /// What the coordinates were read as: the caller's choice, else what `crs` says, else degrees.
    pub fn space(&self) -> Space {
        self.space
    }

    /// What the file says its coordinates are.
    pub fn coordinate_reference(&self) -> CoordinateReference {
        self.crs.as_deref().map_or(CoordinateReference::Absent, CoordinateReference::from_member)
    }

    /// The text of the `crs` member, to be kept in other files with the same coordinates.
    pub fn crs_member(&self) -> Option<&str> {
        self.crs.as_deref()
    }

    /// The grid that the file says its coordinates lie on (`xy_coordinate_resolution`), in their unit.
    pub fn resolution(&self) -> Option<f64> {
        self.resolution
    }

    /// How messages name feature `row`: by its id if it has one, else by a property of [`ID_CANDIDATES`].
    pub fn label(&self, row: usize) -> Option<Cow<'_, str>> {
        label(&self.names, &self.ids, self.id.as_deref(), row)
    }
}

/// How messages name a feature while it is being read or later.
pub(crate) fn label<'a>(
    names: &'a Names,
    ids: &'a PropertyColumn,
    chosen: Option<&str>,
    row: usize,
) -> Option<Cow<'a, str>> {
    let by_property = |name: &str| names.wanted(name).and_then(|column| column.get(row).name());
    chosen
        .and_then(by_property)
        .or_else(|| ids.get(row).name())
        .or_else(|| ID_CANDIDATES.iter().find_map(|n| by_property(n)))
}
