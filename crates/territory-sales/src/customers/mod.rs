//! Customers: where they are, what they are worth, what they cost. A [`CustomerTable`] holds what was handed in, gaps and all;
//! [`CustomerTable::build`] validates it into [`Customers`], whose columns are whole. Nothing is repaired in silence: places are
//! merged, gaps filled and coordinates converted only where [`CustomerOptions`] ask for it, and [`Intake`] counts what was done.

mod columns;
mod from_csv;
mod from_features;
mod intake;
mod merge;
mod units;

pub use columns::TableColumns;
pub use from_features::Cell;
pub(crate) use intake::median;
pub use intake::{Column, CustomerOptions, Duplicates, Impute, Intake};
pub use units::UnitTotals;

use crate::{SalesError, check};
use territory::{Locations, Space};

/// A numeric column of customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// Own sales, currency per year.
    Sales,
    /// What could be sold by all suppliers, currency (or pieces) per year.
    Potential,
    /// Calls per year.
    Calls,
    /// Length of a visit, hours.
    HoursPerCall,
    /// Share of the customer's spending that competitors hold, 0 to 1.
    CompetitorShare,
}

impl Field {
    /// All of them, in table order.
    pub const ALL: [Self; 5] = [Self::Sales, Self::Potential, Self::Calls, Self::HoursPerCall, Self::CompetitorShare];

    /// Its name in messages, and in CSV unless another is given.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Potential => "potential",
            Self::Calls => "calls",
            Self::HoursPerCall => "hours_per_call",
            Self::CompetitorShare => "competitor_share",
        }
    }

    /// What its values must be, and whether one is.
    fn allows(self, value: f64) -> bool {
        value.is_finite() && value >= 0.0 && (self != Self::CompetitorShare || value <= 1.0)
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::CompetitorShare => check::SHARE,
            _ => check::NOT_NEGATIVE,
        }
    }
}

/// A numeric column with its gaps; empty where the column is absent.
pub(crate) type Gappy = Vec<Option<f64>>;

/// Customers as they were handed in, one row each. Columns may be absent, cells may be empty.
///
/// ```
/// use territory::Space;
/// use territory_sales::customers::{CustomerOptions, CustomerTable, Field, Impute};
/// let table = CustomerTable::new(Space::Geographic, vec![[116.40, 39.91], [121.47, 31.23], [113.26, 23.13]])
///     .names(["Beijing", "Shanghai", "Guangzhou"].map(str::to_owned).to_vec())
///     .numbers(Field::Sales, vec![120.0, 80.0, 40.0])
///     .column(Field::Potential, vec![Some(300.0), None, Some(100.0)]);
/// // A gap is an error …
/// let fault = table.clone().build(&CustomerOptions::default()).unwrap_err();
/// assert_eq!(fault.to_string(), "1 row(s) have no potential, first \"Shanghai\": fill them in, or ask for them to be imputed");
/// // … unless it is to be filled, and then it is counted.
/// let customers = table.build(&CustomerOptions::default().impute(Field::Potential, Impute::Median))?;
/// assert_eq!(customers.get(Field::Potential)?, [300.0, 200.0, 100.0]);
/// assert_eq!(customers.intake().imputed, [(Field::Potential, 1)]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CustomerTable {
    space: Space,
    coordinates: Vec<[f64; 2]>,
    names: Vec<String>,
    columns: [Gappy; Field::ALL.len()],
    classes: Vec<Option<String>>,
    owners: Vec<Option<String>>,
}

impl CustomerTable {
    /// Customers at these coordinates: `[longitude, latitude]` in degrees or `[x, y]` in metres, by `space`.
    pub fn new(space: Space, coordinates: Vec<[f64; 2]>) -> Self {
        Self { space, coordinates, ..Self::default() }
    }

    /// Names the rows; without, messages say `row 0`, `row 1`, …
    pub fn names(mut self, names: Vec<String>) -> Self {
        self.names = names;
        self
    }

    /// Adds a numeric column; `None` is a gap.
    pub fn column(mut self, field: Field, values: Vec<Option<f64>>) -> Self {
        self.columns[field as usize] = values;
        self
    }

    /// Adds a numeric column without gaps.
    pub fn numbers(self, field: Field, values: Vec<f64>) -> Self {
        self.column(field, values.into_iter().map(Some).collect())
    }

    /// Adds the value class of each customer.
    pub fn classes(mut self, classes: Vec<Option<String>>) -> Self {
        self.classes = classes;
        self
    }

    /// Adds the rep who looks after each customer today.
    pub fn owners(mut self, owners: Vec<Option<String>>) -> Self {
        self.owners = owners;
        self
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.coordinates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.coordinates.is_empty()
    }

    fn row_name(&self, row: usize) -> String {
        self.names.get(row).filter(|n| !n.is_empty()).cloned().unwrap_or_else(|| check::by_index(row))
    }
}

/// Validated customers: every column that there is has one value per row.
#[derive(Clone, Debug)]
pub struct Customers {
    coordinates: Vec<[f64; 2]>,
    locations: Locations,
    names: Vec<String>,
    columns: [Vec<f64>; Field::ALL.len()],
    classes: Vec<Option<String>>,
    owners: Vec<Option<String>>,
    intake: Intake,
}

impl Customers {
    /// Number of customers.
    pub fn len(&self) -> usize {
        self.coordinates.len()
    }

    /// Whether there is none; validated customers are at least one.
    pub fn is_empty(&self) -> bool {
        self.coordinates.is_empty()
    }

    /// Coordinates as given (after a conversion that was asked for).
    pub fn coordinates(&self) -> &[[f64; 2]] {
        &self.coordinates
    }

    /// Locations in km, as the engine takes them: customers may themselves be its units.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Name of a row.
    pub fn name(&self, row: usize) -> String {
        self.names.get(row).filter(|n| !n.is_empty()).cloned().unwrap_or_else(|| check::by_index(row))
    }

    /// A numeric column, one value per customer.
    ///
    /// # Errors
    /// [`SalesError::MissingColumn`] where the table did not have it.
    pub fn get(&self, field: Field) -> Result<&[f64], SalesError> {
        if self.has(field) {
            return Ok(&self.columns[field as usize]);
        }
        let known: Vec<&str> = Field::ALL.into_iter().filter(|f| self.has(*f)).map(Field::name).collect();
        Err(SalesError::MissingColumn { column: field.name().into(), known: listed(&known) })
    }

    /// Whether the column is there.
    pub fn has(&self, field: Field) -> bool {
        !self.columns[field as usize].is_empty()
    }

    /// The value class of each customer that has one; empty where the table has none.
    pub fn classes(&self) -> &[Option<String>] {
        &self.classes
    }

    /// The rep who looks after each customer today, where there is one; empty where the table has none.
    pub fn owners(&self) -> &[Option<String>] {
        &self.owners
    }

    /// What was done to the table.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }
}

/// Names in a message.
pub(crate) fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
