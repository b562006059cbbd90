//! Which measures are wanted, and their columns: from the units, from customers summed onto them, or counted; and what named accounts
//! have of them, which stay out of the map.

use crate::args::{self, RuleOptions};
use crate::classes::{self, ClassBounds};
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, numbers, property, read_table, rows_with_geometry};
use crate::rules::one_name;
use crate::tables::plain_name;
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
    /// Units with this value of a property.
    ClassOfUnits {
        property: String,
        value: String,
    },
    /// Customers with this value of a property.
    ClassOfCustomers {
        property: String,
        value: String,
    },
}

impl Column {
    /// Whether customers are summed or counted.
    pub(crate) fn is_of_customers(&self) -> bool {
        matches!(self, Column::Customers(_) | Column::CountCustomers | Column::ClassOfCustomers { .. })
    }
}

/// The measures of a run.
pub(crate) struct Measured {
    pub(crate) measures: Vec<Measure>,
    /// Where the values of each come from.
    pub(crate) columns: Vec<Column>,
    /// The one that weights compactness.
    pub(crate) weight: Option<String>,
    /// Classes that are shared out evenly.
    pub(crate) spread: Vec<ClassBounds>,
    /// Measures that reps have bounds of their own on: as the reps' table writes them, and the measure's name.
    pub(crate) of_reps: Vec<(String, String)>,
    /// What named accounts have: owners in order of first appearance.
    pub(crate) accounts: Vec<Account>,
}

impl Measured {
    /// Positions of the measures that customers are summed or counted for.
    pub(crate) fn of_customers(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|&m| self.columns[m].is_of_customers())
    }
}

/// What the named accounts of an owner have.
pub(crate) struct Account {
    pub(crate) owner: String,
    /// How many they are.
    pub(crate) count: usize,
    /// Sum per measure, 0 for those of units.
    pub(crate) loads: Vec<f64>,
    /// Where the first of them stands, for messages.
    pub(crate) first: String,
}

/// A measure that is wanted, under the name that it was given first.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) column: Column,
    /// Infinite where only absolute bounds were given.
    tolerance: f64,
    /// Weight of the tolerance where it is a wish.
    wish: Option<f64>,
    minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
}

impl Wanted {
    /// One that only absolute bounds are given for.
    pub(crate) fn new(name: String, column: Column) -> Self {
        Self { name, column, tolerance: f64::INFINITY, wish: None, minimum: None, maximum: None }
    }
}

/// What measures are asked for, and by whom.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) input: &'a args::Input,
    pub(crate) rules: &'a RuleOptions,
    /// Measures that the reps' table has bounds on.
    pub(crate) of_reps: &'a [String],
}

/// Customers as they were read.
pub(crate) struct Customers {
    pub(crate) table: FeatureTable,
    pub(crate) rows: Vec<u32>,
    /// Rows of named accounts and their owners.
    accounts: Vec<(u32, String)>,
    pub(crate) skipped: Vec<String>,
    pub(crate) points: Vec<[f64; 2]>,
    missing: args::Missing,
}

impl Asked<'_> {
    /// The properties of the units that the measures may mean.
    pub(crate) fn unit_properties(&self) -> Vec<String> {
        self.properties("units:", "customers:")
    }

    /// Properties named with `own` before them, or with no file named.
    fn properties(&self, own: &str, other: &str) -> Vec<String> {
        let name = |name: &str| match name.strip_prefix(own) {
            Some(property) => Some(property.to_owned()),
            None if name.starts_with(other) || name == "units" || name == "customers" => None,
            None => Some(name.to_owned()),
        };
        self.names().filter_map(name).collect()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let input = self.input;
        let bounds = input.minimum.iter().chain(&input.maximum).map(|b| b.measure.as_str());
        let of_rules = self.rules.classes().chain(self.of_reps.iter().map(String::as_str));
        let balanced = input.balance.iter().map(|b| b.measure.as_str());
        let balanced = balanced.chain(input.wish.iter().map(|w| w.measure.as_str()));
        balanced.chain(bounds).chain(input.weight.as_deref()).chain(of_rules)
    }
}

impl Customers {
    /// Reads the customers' file with the properties that the measures may mean.
    pub(crate) fn read(path: &Path, asked: Asked<'_>, units: &Units) -> Result<Self, Failure> {
        let (space, input) = (units.table.space(), asked.input);
        let mut wanted = asked.properties("customers:", "units:");
        wanted.extend(asked.rules.exclude.clone());
        let mut table = read_table(path, wanted, None, crate::input::space(input))?;
        if table.space() != space {
            return Err(Failure::Input(format!(
                "{}: its coordinates are {:?}, those of {} are {:?}: convert one of them",
                table.file(),
                table.space(),
                units.table.file(),
                space
            )));
        }
        let accounts = asked.rules.exclude.as_ref().map_or(Ok(Vec::new()), |name| accounts(&table, name))?;
        let on_map = |row: &usize| accounts.binary_search_by_key(row, |a| a.0 as usize).is_err();
        let (rows, skipped) = rows_with_geometry(&table, (0..table.len()).filter(on_map), input.empty)?;
        let points = match table.take_geometry() {
            Geometry::Points(points) => rows.iter().map(|&row| points[row as usize]).collect(),
            Geometry::Polygons(_) => {
                return Err(Failure::Input(format!("{}: holds polygons, but customers are points", table.file())));
            }
        };
        Ok(Self { table, rows, accounts, skipped, points, missing: input.missing })
    }

    /// One number per customer on the map: what a column sums.
    pub(crate) fn values(&self, column: &Column) -> Result<Vec<f64>, Failure> {
        self.values_of(&self.rows, column)
    }

    fn values_of(&self, rows: &[u32], column: &Column) -> Result<Vec<f64>, Failure> {
        match column {
            Column::Customers(property) => numbers(&self.table, rows, property, self.missing),
            Column::ClassOfCustomers { property, value } => Ok(classes::indicator(&self.table, rows, property, value)),
            _ => Ok(vec![1.0; rows.len()]),
        }
    }

    /// What the named accounts of every owner have of the measures.
    fn accounts(&self, columns: &[Column]) -> Result<Vec<Account>, Failure> {
        let rows: Vec<u32> = self.accounts.iter().map(|a| a.0).collect();
        let mut owners: Vec<Account> = Vec::new();
        let mut owner_of = Vec::new();
        for (row, owner) in &self.accounts {
            let at = owners.iter().position(|a| a.owner == *owner).unwrap_or(owners.len());
            if at == owners.len() {
                let first = format!("{}: {}", self.table.file(), crate::input::feature(&self.table, *row as usize));
                owners.push(Account { owner: owner.clone(), count: 0, loads: vec![0.0; columns.len()], first });
            }
            owners[at].count += 1;
            owner_of.push(at);
        }
        for (m, column) in columns.iter().enumerate().filter(|(_, c)| c.is_of_customers() && !rows.is_empty()) {
            for (&at, value) in owner_of.iter().zip(self.values_of(&rows, column)?) {
                owners[at].loads[m] += value;
            }
        }
        Ok(owners)
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

/// Rows of the customers whose property names an owner, ascending, and the owners.
fn accounts(table: &FeatureTable, name: &str) -> Result<Vec<(u32, String)>, Failure> {
    let column = property(table, name, "--exclude")?;
    let mut found = Vec::new();
    for row in 0..table.len() {
        let owner = one_name(column.get(row)).map_err(|what| {
            let feature = crate::input::feature(table, row);
            Failure::Input(format!("{}: {feature}: \"{name}\" is {what}, but an owner is one name", table.file()))
        })?;
        found.extend(owner.map(|owner| (row as u32, plain_name(&owner))));
    }
    Ok(found)
}

/// The measures that are wanted, with their values, and the name of the one that weights compactness.
pub(crate) fn measures(
    asked: Asked<'_>,
    units: &Units,
    customers: Option<(&Customers, &Join)>,
) -> Result<Measured, Failure> {
    let input = asked.input;
    let mut wanted = resolve(input, units, customers.map(|c| c.0))?;
    let mut of_reps: Vec<(String, String)> = Vec::new();
    for name in asked.of_reps {
        let column = column(name, units, customers.map(|c| c.0))?;
        let at = wanted.iter().position(|w| w.column == column).unwrap_or_else(|| {
            wanted.push(Wanted::new(name.clone(), column));
            wanted.len() - 1
        });
        of_reps.push((name.clone(), wanted[at].name.clone()));
    }
    let spread = classes::want(asked.rules, units, customers.map(|c| c.0), &mut wanted)?;
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
            (Column::ClassOfUnits { property, value }, _) => {
                let of_class = classes::indicator(&units.table, &units.rows, property, value);
                of_class.iter().zip(units.counts()).map(|(is, counts)| is * counts).collect()
            }
            (column, Some((customers, join))) => {
                join.sum(&customers.values(column)?).map_err(|e| Failure::Other(e.to_string()))?
            }
            (_, None) => return Err(no_customers(&w.name)),
        };
        let mut measure = Measure::new(w.name, values).tolerance(w.tolerance);
        (measure.minimum, measure.maximum, measure.wish) = (w.minimum, w.maximum, w.wish);
        measures.push(measure);
        columns.push(w.column);
    }
    let accounts = customers.map_or(Ok(Vec::new()), |c| c.0.accounts(&columns))?;
    Ok(Measured { measures, columns, weight, spread, of_reps, accounts })
}

fn resolve(input: &args::Input, units: &Units, customers: Option<&Customers>) -> Result<Vec<Wanted>, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut twice = Vec::new();
    let balanced = input.balance.iter().map(|b| ("balance", &b.measure, b.tolerance, None));
    let wished = input.wish.iter().map(|w| ("wish", &w.measure, w.tolerance, Some(w.weight)));
    for (option, name, tolerance, wish) in balanced.chain(wished) {
        let column = column(name, units, customers)?;
        if let Some(earlier) = wanted.iter().find(|w| w.column == column) {
            let first = if earlier.wish.is_some() { "wish" } else { "balance" };
            twice.push(format!(
                "--{option} {name} is the measure that --{first} {} names already: give it once",
                earlier.name
            ));
        }
        wanted.push(Wanted { tolerance, wish, ..Wanted::new(name.clone(), column) });
    }
    for (option, bounds) in [("minimum", &input.minimum), ("maximum", &input.maximum)] {
        for bound in bounds {
            let column = column(&bound.measure, units, customers)?;
            let at = wanted.iter().position(|w| w.column == column).unwrap_or_else(|| {
                wanted.push(Wanted::new(bound.measure.clone(), column));
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
