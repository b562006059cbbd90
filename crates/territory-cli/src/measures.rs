//! Which measures are wanted, and their columns: from the units, from customers summed onto them, or counted.

use crate::args;
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, numbers, read_table, rows_with_geometry};
use std::path::Path;
use territory::Measure;
use territory::geometry::{Join, JoinError, Outside, join};
use territory_geojson::{FeatureTable, Geometry};

/// Where the values of a measure come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Units(String),
    Customers(String),
    CountUnits,
    CountCustomers,
}

impl Column {
    /// Whether customers are summed or counted.
    pub(crate) fn is_of_customers(&self) -> bool {
        matches!(self, Column::Customers(_) | Column::CountCustomers)
    }
}

/// The measures of a run.
pub(crate) struct Measured {
    pub(crate) measures: Vec<Measure>,
    /// Where the values of each come from.
    pub(crate) columns: Vec<Column>,
    /// The one that weights compactness.
    pub(crate) weight: Option<String>,
}

/// A measure that is wanted, under the name that it was given first.
#[derive(Clone, Debug)]
struct Wanted {
    name: String,
    column: Column,
    /// Infinite where only absolute bounds were given.
    tolerance: f64,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

/// Customers as they were read.
pub(crate) struct Customers {
    table: FeatureTable,
    rows: Vec<u32>,
    pub(crate) skipped: Vec<String>,
    pub(crate) points: Vec<[f64; 2]>,
    missing: args::Missing,
}

/// The properties of the units that the measures may mean.
pub(crate) fn unit_properties(input: &args::Input) -> Vec<String> {
    properties(input, "units:", "customers:")
}

/// Properties named with `own` before them, or with no file named.
fn properties(input: &args::Input, own: &str, other: &str) -> Vec<String> {
    let name = |name: &str| match name.strip_prefix(own) {
        Some(property) => Some(property.to_owned()),
        None if name.starts_with(other) || name == "units" || name == "customers" => None,
        None => Some(name.to_owned()),
    };
    names(input).filter_map(name).collect()
}

fn names(input: &args::Input) -> impl Iterator<Item = &str> {
    let bounds = input.minimum.iter().chain(&input.maximum).map(|b| b.measure.as_str());
    input.balance.iter().map(|b| b.measure.as_str()).chain(bounds).chain(input.weight.as_deref())
}

impl Customers {
    /// Reads the customers' file with the properties that the measures may mean.
    pub(crate) fn read(path: &Path, input: &args::Input, units: &Units) -> Result<Self, Failure> {
        let space = units.table.space();
        let mut table = read_table(path, properties(input, "customers:", "units:"), None, crate::input::space(input))?;
        if table.space() != space {
            return Err(Failure::Input(format!(
                "{}: its coordinates are {:?}, those of {} are {:?}: convert one of them",
                table.file(),
                table.space(),
                units.table.file(),
                space
            )));
        }
        let (rows, skipped) = rows_with_geometry(&table, input.empty)?;
        let points = match table.take_geometry() {
            Geometry::Points(points) => rows.iter().map(|&row| points[row as usize]).collect(),
            Geometry::Polygons(_) => {
                return Err(Failure::Input(format!("{}: holds polygons, but customers are points", table.file())));
            }
        };
        Ok(Self { table, rows, skipped, points, missing: input.missing })
    }

    /// One number per customer: what a column sums.
    pub(crate) fn values(&self, column: &Column) -> Result<Vec<f64>, Failure> {
        match column {
            Column::Customers(property) => numbers(&self.table, &self.rows, property, self.missing),
            _ => Ok(vec![1.0; self.points.len()]),
        }
    }

    /// Joins them to the units that contain them.
    pub(crate) fn join(&self, shape: &Shape, outside: Outside, units: &Units) -> Result<Join, Failure> {
        let Shape::Areas(coverage) = shape else {
            let file = units.table.file();
            return Err(Failure::Arguments(format!(
                "--customers needs units that are polygons, those of {file} are points: give the points' own measures, or polygons"
            )));
        };
        join(&self.points, coverage.polygons(), outside).map_err(|error| {
            let file = self.table.file();
            let feature = |customer: usize| {
                crate::input::feature(&self.table, self.rows.get(customer).map_or(customer, |&row| row as usize))
            };
            Failure::Input(match error {
                JoinError::Outside { count, limit_km, farthest } => {
                    let beyond = if limit_km > 0.0 { format!(" by more than {limit_km} km") } else { String::new() };
                    let farthest = farthest.map_or(String::new(), |f| {
                        format!(
                            ", farthest {}, {:.3} km from unit \"{}\"",
                            feature(f.customer),
                            f.distance_km,
                            units.names.get(f.unit.index()).map_or("", String::as_str)
                        )
                    });
                    format!(
                        "{file}: {count} customer(s) outside every unit{beyond}{farthest}: widen the limit (--outside nearest=KM), leave them out (--outside drop), or complete the units"
                    )
                }
                JoinError::BadCustomer { customer, x, y } => {
                    format!("{file}: {} is at ({x}, {y}), which is no place: correct it or leave it out", feature(customer))
                }
                JoinError::BadUnit { unit } => {
                    format!("{}: {}: a coordinate is not finite: correct it", units.table.file(), units.feature(unit.0))
                }
                other => format!("{file}: {other}"),
            })
        })
    }
}

/// The measures that are wanted, with their values, and the name of the one that weights compactness.
pub(crate) fn measures(
    input: &args::Input,
    units: &Units,
    customers: Option<(&Customers, &Join)>,
) -> Result<Measured, Failure> {
    let wanted = resolve(input, units, customers.map(|c| c.0))?;
    let weight = match &input.weight {
        None => None,
        Some(name) => {
            let column = column(name, units, customers.map(|c| c.0))?;
            let found = wanted.iter().find(|w| w.column == column).map(|w| w.name.clone());
            Some(found.ok_or_else(|| {
                let known = wanted.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(", ");
                Failure::Arguments(format!(
                    "--weight {name} is none of the balanced measures ({known}): name one of them"
                ))
            })?)
        }
    };
    let (mut measures, mut columns) = (Vec::new(), Vec::new());
    for w in wanted {
        let values = match (&w.column, customers) {
            (Column::Units(property), _) => units.numbers(property, input.missing)?,
            (Column::CountUnits, _) => units.counts(),
            (column @ (Column::Customers(_) | Column::CountCustomers), Some((customers, join))) => {
                join.sum(&customers.values(column)?).map_err(|e| Failure::Other(e.to_string()))?
            }
            (Column::Customers(_) | Column::CountCustomers, None) => return Err(no_customers(&w.name)),
        };
        let mut measure = Measure::new(w.name, values).tolerance(w.tolerance);
        (measure.minimum, measure.maximum) = (w.minimum, w.maximum);
        measures.push(measure);
        columns.push(w.column);
    }
    Ok(Measured { measures, columns, weight })
}

fn resolve(input: &args::Input, units: &Units, customers: Option<&Customers>) -> Result<Vec<Wanted>, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut twice = Vec::new();
    for balance in &input.balance {
        let (name, tolerance) = (balance.measure.clone(), balance.tolerance);
        let column = column(&name, units, customers)?;
        if let Some(earlier) = wanted.iter().find(|w| w.column == column) {
            twice.push(format!(
                "--balance {name} is the measure that --balance {} names already: give it once",
                earlier.name
            ));
        }
        wanted.push(Wanted { name, column, tolerance, minimum: None, maximum: None });
    }
    for (option, bounds) in [("minimum", &input.minimum), ("maximum", &input.maximum)] {
        for bound in bounds {
            let column = column(&bound.measure, units, customers)?;
            let at = wanted.iter().position(|w| w.column == column).unwrap_or_else(|| {
                let (name, tolerance) = (bound.measure.clone(), f64::INFINITY);
                wanted.push(Wanted { name, column, tolerance, minimum: None, maximum: None });
                wanted.len() - 1
            });
            let measure = &mut wanted[at];
            let slot = if option == "minimum" { &mut measure.minimum } else { &mut measure.maximum };
            if slot.replace(bound.value).is_some() {
                twice.push(format!("--{option} {} is given twice: give it once", measure.name));
            }
        }
    }
    if twice.is_empty() { Ok(wanted) } else { Err(Failure::Arguments(lines(twice.iter()))) }
}

fn no_customers(name: &str) -> Failure {
    let own =
        if name == "customers" { "; a property of the units of this name is written units:customers" } else { "" };
    Failure::Arguments(format!("the measure {name} needs --customers FILE{own}"))
}

/// What a name means.
fn column(name: &str, units: &Units, customers: Option<&Customers>) -> Result<Column, Failure> {
    match name {
        "units" => return Ok(Column::CountUnits),
        "customers" => return customers.map(|_| Column::CountCustomers).ok_or_else(|| no_customers(name)),
        _ => {}
    }
    if let Some(property) = name.strip_prefix("units:") {
        return Ok(Column::Units(property.to_owned()));
    }
    if let Some(property) = name.strip_prefix("customers:") {
        return customers.map(|_| Column::Customers(property.to_owned())).ok_or_else(|| no_customers(name));
    }
    let of_units = units.table.has_property(name);
    let with = customers.filter(|customers| customers.table.has_property(name));
    match (of_units, with) {
        (true, Some(with)) => Err(Failure::Arguments(format!(
            "both {} and {} have the property \"{name}\": write units:{name} or customers:{name}",
            units.table.file(),
            with.table.file()
        ))),
        (false, Some(_)) => Ok(Column::Customers(name.to_owned())),
        // One that neither has is looked for in the units, which names what comes close.
        (_, None) => Ok(Column::Units(name.to_owned())),
    }
}
