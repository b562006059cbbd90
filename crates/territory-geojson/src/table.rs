//! What was read: geometry in columns, the wanted properties, and where every feature's text stands in the source.

use std::borrow::Cow;

use territory::Space;
use territory::geometry::Polygons;

use crate::columns::{PropertyColumn, PropertyValue};
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
    pub(crate) spans: Vec<Span>,
    pub(crate) kinds: Vec<FeatureKind>,
    pub(crate) geometry: Geometry,
    pub(crate) ids: PropertyColumn,
    pub(crate) names: Names,
    pub(crate) id: Option<String>,
    pub(crate) space: Space,
    pub(crate) crs: Option<String>,
    pub(crate) resolution: Option<f64>,
}

/// What names the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdSource {
    /// The features' own `id`.
    Feature,
    /// A property.
    Property(String),
    /// The index in file order, from 0.
    Index,
}

impl std::fmt::Display for IdSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Feature => write!(f, "the features' id"),
            Self::Property(name) => write!(f, "the property \"{name}\""),
            Self::Index => write!(f, "the index in the file"),
        }
    }
}

/// Why something cannot name the units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The property was not among those read.
    #[error("{file}: no feature has the property \"{property}\"{}", hint(.closest))]
    Unknown {
        /// The file.
        file: String,
        /// The property.
        property: String,
        /// A property of the file that is spelled much like it.
        closest: Option<String>,
    },
    /// A feature whose value names nothing.
    #[error("{file}: feature {feature}: {what} is {found}, which names nothing: fill it in, or choose another id")]
    Unnamed {
        /// The file.
        file: String,
        /// The first such feature, from 0.
        feature: usize,
        /// Which property.
        what: String,
        /// What stands there.
        found: &'static str,
    },
    /// Two features with one name.
    #[error(
        "{file}: features {first} and {second} have the same id \"{id}\" by {what}: make them unique, or choose another id"
    )]
    Duplicate {
        /// The file.
        file: String,
        /// Which property.
        what: String,
        /// The name.
        id: String,
        /// The first feature that has it.
        first: usize,
        /// The next one.
        second: usize,
    },
}

fn hint(closest: &Option<String>) -> String {
    closest.as_ref().map_or_else(String::new, |name| format!(": did you mean \"{name}\"?"))
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

    /// What names the units if nobody chooses: the first of the features' `id` and [`ID_CANDIDATES`] that is present and
    /// unique on all features, else the index.
    pub fn default_id(&self) -> IdSource {
        let candidates = ID_CANDIDATES.iter().map(|&name| IdSource::Property(name.to_owned()));
        std::iter::once(IdSource::Feature)
            .chain(candidates)
            .find(|source| self.check_id(source).is_ok())
            .unwrap_or(IdSource::Index)
    }

    /// The name of feature `row` by `source`, where it has one.
    pub fn id_of<'a>(&'a self, source: &IdSource, row: usize) -> Option<Cow<'a, str>> {
        match source {
            IdSource::Index => Some(row.to_string().into()),
            _ => self.id_column(source)?.get(row).name(),
        }
    }

    fn id_column(&self, source: &IdSource) -> Option<&PropertyColumn> {
        match source {
            IdSource::Feature => Some(&self.ids),
            IdSource::Property(name) => self.names.wanted(name),
            IdSource::Index => None,
        }
    }

    /// Whether `source` names every feature, each differently.
    ///
    /// # Errors
    /// [`IdError`] with the first feature where it does not.
    pub fn check_id(&self, source: &IdSource) -> Result<(), IdError> {
        if *source == IdSource::Index {
            return Ok(());
        }
        let file = || self.file().to_owned();
        let column = self.id_column(source).filter(|column| !column.is_missing_everywhere());
        let Some(column) = column else {
            let property = match source {
                IdSource::Property(name) => name.clone(),
                _ => "id".to_owned(),
            };
            let closest = crate::names::closest_name(&property, self.property_names()).map(str::to_owned);
            return Err(IdError::Unknown { file: file(), property, closest });
        };
        let mut keys = Vec::with_capacity(self.len());
        for row in 0..self.len() {
            let value = column.get(row);
            let Some(name) = value.name() else {
                return Err(IdError::Unnamed {
                    file: file(),
                    feature: row,
                    what: source.to_string(),
                    found: value.kind(),
                });
            };
            let mut hash = crate::checksum::Checksum::default();
            hash.update(name.as_bytes());
            keys.push((hash.finish(), row));
        }
        // Equal hashes stand together; among them the names themselves decide, so that colliding names cost a sort, not a square.
        let name = |row: usize| column.get(row).name();
        keys.sort_unstable();
        let mut first_pair: Option<(usize, usize)> = None;
        for group in keys.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            let mut named: Vec<_> = group.iter().map(|&(_, row)| (name(row), row)).collect();
            named.sort();
            for ((a, first), (b, second)) in named.iter().zip(named.iter().skip(1)) {
                if a == b && first_pair.is_none_or(|(_, least)| *second < least) {
                    first_pair = Some((*first, *second));
                }
            }
        }
        match first_pair {
            None => Ok(()),
            Some((first, second)) => Err(IdError::Duplicate {
                file: file(),
                what: source.to_string(),
                id: name(first).unwrap_or_default().into_owned(),
                first,
                second,
            }),
        }
    }

    /// The numbers of a property, one per feature, absent and null ones as zero if `missing_as_zero`.
    ///
    /// # Errors
    /// [`ValueError`] if the property is unknown, or counting the features whose value is no finite number and naming the first.
    pub fn numbers(&self, property: &str, missing_as_zero: bool) -> Result<Vec<f64>, ValueError> {
        let column = self.property(property).filter(|_| self.has_property(property));
        let Some(column) = column else {
            let closest = crate::names::closest_name(property, self.property_names()).map(str::to_owned);
            return Err(ValueError::Unknown { file: self.file().to_owned(), property: property.to_owned(), closest });
        };
        let mut numbers = Vec::with_capacity(self.len());
        let mut faulty = 0;
        let mut first = None;
        for row in 0..self.len() {
            let value = column.get(row);
            match value {
                PropertyValue::Number { value, .. } if value.is_finite() => numbers.push(value),
                PropertyValue::Missing | PropertyValue::Null if missing_as_zero => numbers.push(0.0),
                _ => {
                    faulty += 1;
                    first.get_or_insert(row);
                }
            }
        }
        let Some(row) = first else { return Ok(numbers) };
        Err(ValueError::NotANumber {
            file: self.file().to_owned(),
            property: property.to_owned(),
            count: faulty,
            feature: row,
            id: self.label(row).map_or_else(|| row.to_string(), Cow::into_owned),
            found: match column.get(row) {
                PropertyValue::Text(text) => format!("the text \"{}\"", crate::coordinates::shortened(text)),
                PropertyValue::Number { text, .. } => {
                    format!("{}, beyond all doubles", crate::coordinates::shortened(text))
                }
                other => other.kind().to_owned(),
            },
        })
    }

    /// The first feature whose coordinates cannot be degrees (latitude beyond ±90 or longitude beyond ±360), and how many
    /// features there are of that kind. Only sensible where [`FeatureTable::space`] is geographic.
    pub fn beyond_degrees(&self) -> Option<BeyondDegrees> {
        let beyond = |p: &[f64; 2]| p[0].abs() > 360.0 || p[1].abs() > 90.0;
        let mut count = 0;
        let mut first = None;
        let mut note = |row: usize, vertices: &[[f64; 2]]| {
            if let Some(position) = vertices.iter().find(|p| beyond(p)) {
                count += 1;
                first.get_or_insert((row, *position));
            }
        };
        match &self.geometry {
            Geometry::Points(points) => {
                points.iter().enumerate().for_each(|(row, p)| note(row, std::slice::from_ref(p)))
            }
            // Almost always nothing is found in this quick look over all.
            Geometry::Polygons(polygons) if polygons.vertices().iter().any(beyond) => {
                for row in 0..polygons.len() {
                    let rings = polygons.rings_of_unit(row);
                    let ends = (rings.start < rings.end).then(|| (rings.start, rings.end - 1));
                    if let Some((from, to)) = ends {
                        let range = polygons.ring_range(from).start..polygons.ring_range(to).end;
                        note(row, polygons.vertices().get(range).unwrap_or(&[]));
                    }
                }
            }
            Geometry::Polygons(_) => {}
        }
        let (feature, position) = first?;
        Some(BeyondDegrees {
            file: self.file().to_owned(),
            count,
            feature,
            id: self.label(feature).map_or_else(|| feature.to_string(), Cow::into_owned),
            position,
        })
    }
}

/// Values that cannot be a measure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// No feature has it, or it was not asked for.
    #[error("{file}: no feature has the property \"{property}\"{}", hint(.closest))]
    Unknown {
        /// The file.
        file: String,
        /// The property.
        property: String,
        /// A property of the file that is spelled much like it.
        closest: Option<String>,
    },
    /// Values that are no finite numbers.
    #[error(
        "{file}: \"{property}\" is no number on {count} feature(s), first on feature {feature} (\"{id}\"): it is {found}; correct it, or count absent ones as zero"
    )]
    NotANumber {
        /// The file.
        file: String,
        /// The property.
        property: String,
        /// How many features.
        count: usize,
        /// The first of them.
        feature: usize,
        /// What names it.
        id: String,
        /// What stands there.
        found: String,
    },
}

/// Coordinates that cannot be longitude and latitude.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{file}: {count} feature(s) lie beyond longitude ±360 or latitude ±90, first feature {feature} (\"{id}\") at {position:?}: if these are projected metres, say so (planar); if the order is latitude, longitude, turn it round"
)]
pub struct BeyondDegrees {
    /// The file.
    pub file: String,
    /// How many features.
    pub count: usize,
    /// The first of them.
    pub feature: usize,
    /// What names it.
    pub id: String,
    /// Its first such position.
    pub position: [f64; 2],
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
