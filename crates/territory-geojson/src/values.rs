//! Measures and coordinates as they are used, and what makes them unusable.

use std::borrow::Cow;

use crate::columns::PropertyValue;
use crate::coordinates::shortened;
use crate::names::{closest_name, hint};
use crate::table::{FeatureTable, Geometry};

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

impl FeatureTable {
    /// The numbers of a property, one per feature, absent and null ones as zero if `missing_as_zero`.
    ///
    /// # Errors
    /// [`ValueError`] if the property is unknown, or counting the features whose value is no finite number and naming the first.
    pub fn numbers(&self, property: &str, missing_as_zero: bool) -> Result<Vec<f64>, ValueError> {
        let column = self.property(property).filter(|_| self.has_property(property));
        let Some(column) = column else {
            let closest = closest_name(property, self.property_names()).map(str::to_owned);
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
                PropertyValue::Text(text) => format!("the text \"{}\"", shortened(text)),
                PropertyValue::Number { text, .. } => {
                    format!("{}, beyond all doubles", shortened(text))
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
