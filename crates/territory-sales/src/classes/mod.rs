//! Value classes: which customers matter how much, and how often each class is called on.
//!
//! Five ways give the same result, a [`Classing`]: [`abc`] (cumulative share of value), [`quantiles`], [`from_table`] (a given class per
//! customer), [`grid`] (opportunity × own position) and [`WeightedScore`] (several criteria, 客户价值评估). Whatever a
//! cut-off decided is listed with its distance to it ([`Classing::borderline`]): a customer 0.2 % over a line deserves a look before the
//! line decides how often somebody drives there. [`CallPolicy`] turns classes into calls and hours.

mod calls;
mod grid;
mod score;
mod share;

pub use calls::{CallPolicy, Calls, ClassCalls};
pub use grid::{Grid, grid};
pub use score::{Criterion, CriterionScale, Score, WeightedScore};
pub use share::{abc, quantiles};

use crate::customers::listed;
use crate::{SalesError, check};

/// The cut-offs of ABC analysis that are usual: A down to 80 % of the value, B to 95 %, C the rest.
pub const ABC_CUTOFFS: [f64; 2] = [0.80, 0.95];

/// A number per customer that cut-offs divide into classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it is, with its unit.
    pub name: String,
    /// One per customer.
    pub score: Vec<f64>,
    /// The cut-offs, in class order.
    pub cutoffs: Vec<f64>,
}

/// A class for every customer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Classing {
    /// Names of the classes, best first.
    pub names: Vec<String>,
    /// Class of every customer, an index into the names.
    pub class_of: Vec<u32>,
    /// What the cut-offs were applied to; none for a given table.
    pub axes: Vec<Axis>,
}

/// A customer close to a cut-off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Borderline {
    /// The customer, a row index.
    pub customer: usize,
    /// Index of the axis.
    pub axis: usize,
    /// The cut-off that is near.
    pub cutoff: f64,
    /// Score − cut-off, in the axis's unit.
    pub distance: f64,
}

impl Classing {
    /// Number of customers in every class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        self.class_of.iter().for_each(|&c| counts[c as usize] += 1);
        counts
    }

    /// Name of a customer's class.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn name_of(&self, customer: usize) -> &str {
        &self.names[self.class_of[customer] as usize]
    }

    /// Customers whose score is at most `margin` from a cut-off (per axis in its own unit; one margin per axis), nearest first
    /// within each axis, of equals the smaller row.
    ///
    /// # Errors
    /// [`SalesError::Length`] unless there is one margin per axis.
    pub fn borderline(&self, margins: &[f64]) -> Result<Vec<Borderline>, SalesError> {
        check::length("the list of margins", margins.len(), self.axes.len())?;
        let mut all = Vec::new();
        for (at, (axis, &margin)) in self.axes.iter().zip(margins).enumerate() {
            let near = |(customer, &score): (usize, &f64)| {
                let distances = axis.cutoffs.iter().map(|&cutoff| (cutoff, score - cutoff));
                let (cutoff, distance) = distances.min_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
                (distance.abs() <= margin).then_some(Borderline { customer, axis: at, cutoff, distance })
            };
            let mut of_axis: Vec<Borderline> = axis.score.iter().enumerate().filter_map(near).collect();
            of_axis.sort_by(|a, b| a.distance.abs().total_cmp(&b.distance.abs()).then(a.customer.cmp(&b.customer)));
            all.extend(of_axis);
        }
        Ok(all)
    }
}

/// Classes that are given: one name per customer, all of them among `names`.
///
/// ```
/// use territory_sales::classes::from_table;
/// let classing = from_table(&["gold", "silver"], &["silver", "gold", "silver"])?;
/// assert_eq!((classing.class_of, classing.names.len()), (vec![1, 0, 1], 2));
/// let fault = from_table(&["gold", "silver"], &["gold", "bronze"]).unwrap_err();
/// assert_eq!(fault.to_string(), "1 row(s) have a class that is not in the table, first \"row 1\": \"bronze\"; known are gold, silver");
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// [`SalesError::UnknownClass`].
pub fn from_table(names: &[&str], class_of: &[&str]) -> Result<Classing, SalesError> {
    let found: Vec<Option<usize>> = class_of.iter().map(|c| names.iter().position(|n| n == c)).collect();
    if let Some(row) = found.iter().position(Option::is_none) {
        return Err(SalesError::UnknownClass {
            row: check::by_index(row),
            class: class_of[row].to_owned(),
            known: listed(names),
            count: found.iter().filter(|f| f.is_none()).count(),
        });
    }
    Ok(Classing {
        names: names.iter().map(|&n| n.to_owned()).collect(),
        class_of: found.into_iter().flatten().map(|c| c as u32).collect(),
        axes: Vec::new(),
    })
}

/// Names of `count` classes: A, B, … where the alphabet suffices, else 1, 2, …
fn letters(count: usize) -> Vec<String> {
    if count <= 26 {
        (b'A'..=b'Z').take(count).map(|letter| char::from(letter).to_string()).collect()
    } else {
        (1..=count).map(|class| class.to_string()).collect()
    }
}
