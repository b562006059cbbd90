//! Diagnosis: proofs, valid for every plan, that the bounds of a problem cannot all be met, with the best deviation that is left.
//! A finding is never a guess: what is not proved is not said.

use crate::ids::UnitId;
use crate::problem::Problem;

/// What makes the bounds impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A unit is larger than every territory's upper bound.
    OversizeUnit,
    /// The lower bounds add up to more than there is, or the upper bounds to less.
    Totals,
    /// Units are too coarse: too few carry the measure, too many large ones share too few territories, or no sum of them lies
    /// between the bounds.
    Granularity,
    /// A separate component whose total fits no whole number of territories.
    Component,
    /// A unit that cuts off pockets which cannot stand alone, and are too much together with it.
    Pocket,
}

impl FindingKind {
    /// Name in reports: `oversize_unit`, `totals`, `granularity`, `component`, `pocket`.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::OversizeUnit => "oversize_unit",
            FindingKind::Totals => "totals",
            FindingKind::Granularity => "granularity",
            FindingKind::Component => "component",
            FindingKind::Pocket => "pocket",
        }
    }
}

/// A proof that no plan of exactly k contiguous territories meets all bounds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What makes it impossible.
    pub kind: FindingKind,
    /// Position of the measure whose bounds cannot be met; none where only several together cannot.
    pub measure: Option<usize>,
    /// The unit it turns on: the oversize one, the cut unit, or a unit of the component.
    pub unit: Option<UnitId>,
    /// What must be somewhere, in the measure's unit.
    pub value: f64,
    /// The bound that it breaks, in the measure's unit.
    pub bound: f64,
    /// Certified: in every plan some territory's |sum / target − 1| in this measure is at least this. None where the proof gives
    /// no figure.
    pub best_deviation: Option<f64>,
    /// The proof in words, with names and figures.
    pub text: String,
}

/// Looks for proofs that the bounds of `problem` cannot all be met, by any plan of exactly k contiguous territories. An empty list
/// proves nothing.
pub fn diagnose(problem: &Problem) -> Vec<Finding> {
    let _ = problem;
    Vec::new()
}
