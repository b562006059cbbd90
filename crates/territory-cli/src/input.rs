//! From a file to units: rows that take part, names, shapes, and columns of numbers. What cannot be used is named with file,
//! feature, property and remedy.

use crate::args;
use crate::failure::{Failure, lines};
use std::path::Path;
use territory::geometry::{Coverage, CoverageOptions};
use territory::{Locations, Space};
use territory_geojson::{
    CoordinateReference, FeatureTable, Geometry, IdSource, PropertyColumn, PropertyValue, ReadOptions, Source,
    ValueError, closest_name, read,
};

/// Planar coordinates beyond this many metres are refused, as those of polygons are.
const FARTHEST_M: f64 = 1e12;

/// Units as they were read.
pub(crate) struct Units {
    pub(crate) table: FeatureTable,
    /// Row of every unit in the table.
    pub(crate) rows: Vec<u32>,
    /// What names each unit.
    pub(crate) names: Vec<String>,
    /// Which property that is.
    pub(crate) id: IdSource,
    /// Features that take no part.
    pub(crate) skipped: Vec<String>,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
    /// Which units are parts of a feature; empty if none is.
    pub(crate) parts: Vec<Option<Part>>,
}

/// A unit that is a part of a feature.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    /// Which one, from 1.
    pub(crate) number: usize,
    /// Of how many.
    pub(crate) of: usize,
    /// Share of the feature's own measures.
    pub(crate) share: f64,
}

/// What the units look like.
pub(crate) enum Shape {
    Areas(Box<Coverage>),
    Points(Locations),
}

impl Shape {
    /// What distances between units are measured on.
    pub(crate) fn shapes(&self) -> territory::geometry::Shapes<'_> {
        match self {
            Shape::Areas(coverage) => coverage.polygons().into(),
            Shape::Points(locations) => locations.into(),
        }
    }

    /// One location per unit.
    pub(crate) fn locations(&self) -> Locations {
        match self {
            Shape::Areas(coverage) => coverage.locations(),
            Shape::Points(locations) => locations.clone(),
        }
    }
}

/// Reads a file with the properties that are wanted.
pub(crate) fn read_table(
    path: &Path,
    wanted: Vec<String>,
    id: Option<&String>,
    space: Option<Space>,
) -> Result<FeatureTable, Failure> {
    let threads = rayon::current_num_threads();
    let options = ReadOptions { properties: wanted, id: id.cloned(), space, threads };
    let table = read(Source::open(path)?, &options)?;
    if table.space() == Space::Geographic
        && let Some(beyond) = table.beyond_degrees()
    {
        return Err(Failure::Input(beyond.to_string().replace("(planar)", "(--planar)")));
    }
    if let (Space::Planar, Geometry::Points(points)) = (table.space(), table.geometry()) {
        let far = |p: &[f64; 2]| p.iter().any(|c| c.abs() > FARTHEST_M);
        if let Some(row) = points.iter().position(far) {
            return Err(Failure::Input(format!(
                "{}: {} is at {:?}, which is no place on a planet: give projected metres",
                table.file(),
                feature(&table, row),
                points[row]
            )));
        }
    }
    Ok(table)
}

/// The space that `--planar` says.
pub(crate) fn space(input: &args::Input) -> Option<Space> {
    input.planar.then_some(Space::Planar)
}

/// What is doubtful about the meaning of the coordinates. That they cannot be degrees is an error elsewhere.
fn doubts(table: &FeatureTable, input: &args::Input) -> Option<String> {
    let reference = table.coordinate_reference();
    let found = match table.geometry() {
        Geometry::Points(points) => points.as_slice(),
        Geometry::Polygons(polygons) => polygons.vertices(),
    };
    let like_degrees = || found.iter().all(|p| p[0].abs() <= 180.0 && p[1].abs() <= 90.0 || p[0].is_nan());
    match (&reference, table.space()) {
        (CoordinateReference::Unknown { name }, Space::Geographic) => Some(format!(
            "{}: the coordinate system \"{name}\" is not known here: its coordinates are taken for degrees (--planar for metres)",
            table.file()
        )),
        (CoordinateReference::Geographic { name }, Space::Planar) => {
            Some(format!("{}: is in \"{name}\", that is degrees; --planar takes them for metres", table.file()))
        }
        (_, Space::Planar) if input.planar && like_degrees() => Some(format!(
            "{}: all coordinates are within ±180 and ±90; if these are degrees, leave --planar out",
            table.file()
        )),
        _ => None,
    }
}

/// How messages name a feature: `feature 12 ("04015")`.
pub(crate) fn feature(table: &FeatureTable, row: usize) -> String {
    match table.label(row) {
        Some(label) => format!("feature {row} (\"{label}\")"),
        None => format!("feature {row}"),
    }
}

/// The column of a property that an option names.
pub(crate) fn property<'t>(table: &'t FeatureTable, name: &str, option: &str) -> Result<&'t PropertyColumn, Failure> {
    table.property(name).filter(|_| table.has_property(name)).ok_or_else(|| {
        let near = closest_name(name, table.property_names());
        let hint = near.map_or(String::new(), |near| format!(": did you mean \"{near}\"?"));
        let file = table.file();
        Failure::Input(format!("{file}: no feature has the property \"{name}\", which {option} names{hint}"))
    })
}

/// Those of the rows of a table that have a geometry, and those that have none as text.
pub(crate) fn rows_with_geometry(
    table: &FeatureTable,
    rows: impl Iterator<Item = usize>,
    empty: args::Empty,
) -> Result<(Vec<u32>, Vec<String>), Failure> {
    let (with, without): (Vec<usize>, Vec<usize>) = rows.partition(|&row| table.kinds()[row].has_geometry());
    if let (Some(&first), args::Empty::Refuse) = (without.first(), empty) {
        return Err(Failure::Input(format!(
            "{}: {} feature(s) without geometry, first {}: give them one, or leave them out with --empty skip",
            table.file(),
            without.len(),
            feature(table, first)
        )));
    }
    if with.is_empty() {
        return Err(Failure::Input(format!("{}: no feature has a geometry: there is nothing to assign", table.file())));
    }
    let skipped = without.into_iter().map(|row| format!("{}: no geometry", feature(table, row))).collect();
    Ok((with.into_iter().map(|row| row as u32).collect(), skipped))
}

impl Units {
    /// Reads the units with the properties that are wanted.
    pub(crate) fn read(path: &Path, wanted: Vec<String>, input: &args::Input) -> Result<Self, Failure> {
        let table = read_table(path, wanted, input.id.as_ref(), space(input))?;
        let (rows, skipped) = rows_with_geometry(&table, 0..table.len(), input.empty)?;
        let id = match &input.id {
            Some(property) => IdSource::Property(property.clone()),
            None => table.default_id(),
        };
        table.check_id(&id).map_err(|e| Failure::Input(e.to_string()))?;
        let name =
            |&row: &u32| table.id_of(&id, row as usize).map_or_else(|| row.to_string(), |name| name.into_owned());
        let names = rows.iter().map(name).collect();
        let notes = doubts(&table, input).into_iter().collect();
        Ok(Self { table, rows, names, id, skipped, notes, parts: Vec::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The shapes of the units, repaired and snapped; to be taken once.
    pub(crate) fn shape(&mut self, snap_m: f64) -> Result<Shape, Failure> {
        let all = self.rows.len() == self.table.len();
        let space = self.table.space();
        match self.table.take_geometry() {
            Geometry::Points(points) => {
                let of = |&row: &u32| points[row as usize];
                let points: Vec<[f64; 2]> = self.rows.iter().map(of).collect();
                Ok(Shape::Points(Locations::from_coordinates(space, &points)))
            }
            Geometry::Polygons(polygons) => {
                let polygons = if all { polygons } else { polygons.select(&self.rows) };
                let options = CoverageOptions { grid: self.table.resolution(), snap_m };
                let coverage = Coverage::new(polygons, &options).map_err(|errors| {
                    let message = |e: &territory::geometry::GeometryError| {
                        format!("{}: {}: {}", self.table.file(), self.feature(e.unit), e.fault)
                    };
                    Failure::Input(lines(errors.0.iter().map(message)))
                })?;
                Ok(Shape::Areas(Box::new(coverage)))
            }
        }
    }

    /// How messages name a unit's feature.
    pub(crate) fn feature(&self, unit: u32) -> String {
        let row = self.rows.get(unit as usize).map_or(unit as usize, |&row| row as usize);
        match self.names.get(unit as usize) {
            Some(name) if self.id != IdSource::Index => format!("feature {row} (\"{name}\")"),
            _ => feature(&self.table, row),
        }
    }

    /// What reasons and messages call the units: the id, and the property `name` beside it where there is one.
    pub(crate) fn labels(&self) -> Vec<String> {
        let column = self.table.property("name");
        let label = |(id, &row): (&String, &u32)| match column.and_then(|names| names.get(row as usize).name()) {
            Some(name) if name != id.as_str() => format!("{id} ({name})"),
            _ => id.clone(),
        };
        self.names.iter().zip(&self.rows).map(label).collect()
    }

    /// One number per unit from a property.
    pub(crate) fn numbers(&self, property: &str, missing: args::Missing) -> Result<Vec<f64>, Failure> {
        let mut values = numbers(&self.table, &self.rows, property, missing)?;
        let parts = values.iter_mut().zip(&self.parts);
        parts.filter_map(|(value, part)| Some((value, part.as_ref()?))).for_each(|(value, part)| *value *= part.share);
        Ok(values)
    }

    /// What every unit counts as: one, or what part it is of one.
    pub(crate) fn counts(&self) -> Vec<f64> {
        let of = |unit: usize| self.parts.get(unit).and_then(Option::as_ref).map_or(1.0, |part| 1.0 / part.of as f64);
        (0..self.len()).map(of).collect()
    }

    /// A name per unit from a property, none where it is null, absent or blank: a plan of today, which need not be complete.
    pub(crate) fn planned(&self, property: &str) -> Result<Vec<Option<String>>, Failure> {
        let column = self.plan_column(property)?;
        let name = |(&row, unit): (&u32, u32)| match column.get(row as usize) {
            value @ (PropertyValue::Array(_) | PropertyValue::Object(_)) => Err(Failure::Input(format!(
                "{}: {}: its \"{property}\" is {}, where a name should stand, or null for a unit that is new",
                self.table.file(),
                self.feature(unit),
                value.kind()
            ))),
            value => Ok(value.name().filter(|name| !name.trim().is_empty()).map(|name| name.into_owned())),
        };
        self.rows.iter().zip(0u32..).map(name).collect()
    }

    fn plan_column(&self, property: &str) -> Result<&PropertyColumn, Failure> {
        let column = self.table.property(property).filter(|_| self.table.has_property(property));
        column.ok_or_else(|| {
            Failure::Input(format!(
                "{}: no feature has the property \"{property}\", which should name its territory: choose another with --property",
                self.table.file()
            ))
        })
    }

    /// One name per unit from a property: a plan.
    pub(crate) fn territories(&self, property: &str) -> Result<Vec<String>, Failure> {
        let column = self.plan_column(property)?;
        let names: Vec<Option<String>> =
            self.rows.iter().map(|&row| column.get(row as usize).name().map(|name| name.into_owned())).collect();
        let without = names.iter().filter(|name| name.is_none()).count();
        let Some(first) = names.iter().position(Option::is_none) else {
            return Ok(names.into_iter().flatten().collect());
        };
        Err(Failure::Input(format!(
            "{}: {without} unit(s) without a territory, first {}: its \"{property}\" is {}, every unit needs a name there",
            self.table.file(),
            self.feature(first as u32),
            column.get(self.rows[first] as usize).kind()
        )))
    }
}

/// One number per row in `rows`: finite and not negative.
pub(crate) fn numbers(
    table: &FeatureTable,
    rows: &[u32],
    property: &str,
    missing: args::Missing,
) -> Result<Vec<f64>, Failure> {
    let some = (rows.len() < table.len()).then(|| numbers_of_some(table, rows, property, missing)).flatten();
    let all = match some {
        Some(some) => some,
        None => table
            .numbers(property, missing == args::Missing::Zero)
            .map_err(|e| Failure::Input(format!("{e}{}", remedy(&e, table))))?,
    };
    let negative = rows.iter().filter(|&&row| all[row as usize] < 0.0).count();
    if let Some(&first) = rows.iter().find(|&&row| all[row as usize] < 0.0) {
        return Err(Failure::Input(format!(
            "{}: \"{property}\" is negative on {negative} feature(s), first on {}: it is {}; correct it, a measure is at least 0",
            table.file(),
            feature(table, first as usize),
            all[first as usize]
        )));
    }
    Ok(if rows.len() == all.len() { all } else { rows.iter().map(|&row| all[row as usize]).collect() })
}

/// What the program can do about values that are no numbers.
fn remedy(error: &ValueError, table: &FeatureTable) -> String {
    const SHOWN: usize = 12;
    match error {
        ValueError::NotANumber { found, .. } if found == "null" || found == "missing" => " (--missing zero)".to_owned(),
        ValueError::Unknown { closest: None, .. } => {
            let names: Vec<&str> = table.property_names().take(SHOWN + 1).collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            let names = names.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            if names.is_empty() {
                "; it has no properties at all".to_owned()
            } else {
                format!("; it has {names}{more}")
            }
        }
        _ => String::new(),
    }
}

/// One number per row of the table, 0 on those that take no part; none if one that takes part has no number.
fn numbers_of_some(table: &FeatureTable, rows: &[u32], property: &str, missing: args::Missing) -> Option<Vec<f64>> {
    let column = table.property(property).filter(|_| table.has_property(property))?;
    let mut values = vec![0.0; table.len()];
    for &row in rows {
        values[row as usize] = match column.get(row as usize) {
            PropertyValue::Number { value, .. } if value.is_finite() => value,
            PropertyValue::Missing | PropertyValue::Null if missing == args::Missing::Zero => 0.0,
            _ => return None,
        };
    }
    Some(values)
}
