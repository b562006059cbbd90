//! What names the units.

use std::borrow::Cow;

use crate::checksum::Checksum;
use crate::columns::PropertyColumn;
use crate::names::{closest_name, hint};
use crate::table::{FeatureTable, ID_CANDIDATES};

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

impl FeatureTable {
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
            let closest = closest_name(&property, self.property_names()).map(str::to_owned);
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
            let mut hash = Checksum::default();
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
}
