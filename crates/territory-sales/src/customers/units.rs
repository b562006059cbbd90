//! Customers on units: each joined to the polygon that contains it, their measures summed.

use super::{Customers, Field};
use crate::SalesError;
use territory::geometry::{Join, Outside, Polygons, join};

/// Customers joined to units.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UnitTotals {
    /// Which unit every customer belongs to, and how many strayed.
    pub join: Join,
    /// Customers of every unit.
    pub customers: Vec<f64>,
}

impl Customers {
    /// Joins the customers to `units`, by the engine's rules: on a shared border the smaller unit index has it, what lies outside every
    /// unit goes as `outside` says.
    ///
    /// ```
    /// use territory::geometry::{Outside, Polygons};
    /// use territory::Space;
    /// use territory_sales::customers::{CustomerOptions, CustomerTable, Field};
    /// let mut squares = Polygons::new(Space::Planar);
    /// for x in [0.0, 1000.0] {
    ///     [[x, 0.0], [x + 1000.0, 0.0], [x + 1000.0, 1000.0], [x, 1000.0]].map(|v| squares.push_vertex(v));
    ///     squares.end_ring();
    ///     squares.end_part();
    ///     squares.end_unit();
    /// }
    /// let table = CustomerTable::new(Space::Planar, vec![[500.0, 500.0], [1500.0, 200.0], [1600.0, 900.0]]);
    /// let customers = table.numbers(Field::Sales, vec![7.0, 1.0, 2.0]).build(&CustomerOptions::default())?;
    /// let units = customers.join(&squares, Outside::Refuse)?;
    /// assert_eq!(units.customers, [1.0, 2.0]);
    /// assert_eq!(units.sum(customers.get(Field::Sales)?)?, [7.0, 3.0]);
    /// # Ok::<(), territory_sales::SalesError>(())
    /// ```
    ///
    /// # Errors
    /// [`SalesError::Join`].
    pub fn join(&self, units: &Polygons, outside: Outside) -> Result<UnitTotals, SalesError> {
        let join = join(&self.coordinates, units, outside)?;
        let customers = join.counts().into_iter().map(f64::from).collect();
        Ok(UnitTotals { join, customers })
    }

    /// Sums a column onto the units.
    ///
    /// # Errors
    /// [`SalesError::MissingColumn`].
    pub fn sum_onto(&self, field: Field, units: &UnitTotals) -> Result<Vec<f64>, SalesError> {
        units.sum(self.get(field)?)
    }
}

impl UnitTotals {
    /// Sums any value per customer onto the units; those dropped count nowhere.
    ///
    /// # Errors
    /// [`SalesError::Join`] unless there is one value per customer.
    pub fn sum(&self, values: &[f64]) -> Result<Vec<f64>, SalesError> {
        Ok(self.join.sum(values)?)
    }
}
