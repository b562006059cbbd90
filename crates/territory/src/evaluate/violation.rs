//! What a plan violates. Kinds have the names that stand in reports.

use crate::ids::TerritoryId;

/// A sum may be beyond its bound by this share of it before it counts as a violation: the order in which a float sum is formed
/// must not decide.
pub const BOUND_SLACK: f64 = 1e-9;

/// Which rule is violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// A territory without units.
    Empty,
    /// A territory in several pieces.
    NotContiguous,
    /// A sum above the territory's upper bound.
    AboveMaximum,
    /// A sum below the territory's lower bound.
    BelowMinimum,
    /// A locked unit outside its territory.
    Lock,
    /// Units of one group in several territories.
    Together,
    /// Units that must not share a territory do.
    Apart,
    /// A unit in a territory that its allowed set, its skills or a radius do not let it be in.
    NotAllowed,
    /// Centres nearer to each other than they may be.
    CentresTooNear,
    /// The territory lies inside another, where that is not allowed.
    Enclave,
    /// More changes against the plan of today than a limit allows.
    Disruption,
}

impl ViolationKind {
    /// Name in reports: `empty`, `not_contiguous`, `above_maximum`, `below_minimum`, `lock`, `together`, `apart`, `not_allowed`, `centres_too_near`,
    /// `enclave`, `disruption`.
    pub const fn name(self) -> &'static str {
        match self {
            ViolationKind::Empty => "empty",
            ViolationKind::NotContiguous => "not_contiguous",
            ViolationKind::AboveMaximum => "above_maximum",
            ViolationKind::BelowMinimum => "below_minimum",
            ViolationKind::Lock => "lock",
            ViolationKind::Together => "together",
            ViolationKind::Apart => "apart",
            ViolationKind::NotAllowed => "not_allowed",
            ViolationKind::CentresTooNear => "centres_too_near",
            ViolationKind::Enclave => "enclave",
            ViolationKind::Disruption => "disruption",
        }
    }
}

/// One violated rule of a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// Which rule.
    pub kind: ViolationKind,
    /// Where.
    pub territory: TerritoryId,
    /// Position of the measure, for bounds.
    pub measure: Option<usize>,
    /// What is there: the sum in the measure's unit, or the number of pieces or units.
    pub value: f64,
    /// What is allowed, in the same unit.
    pub bound: f64,
    /// Why, in a sentence or two: a proof that no plan can do better where there is one, else what is near.
    pub reason: String,
    /// Whether the reason proves that no plan meets all bounds.
    pub proven: bool,
}

/// Whether a sum is below its lower bound (−1), above its upper one (1) or within (0), rounding left aside.
pub(crate) fn side(sum: f64, (lower, upper): (f64, f64)) -> i8 {
    if sum > upper + BOUND_SLACK * upper {
        1
    } else if sum < lower - BOUND_SLACK * lower {
        -1
    } else {
        0
    }
}
