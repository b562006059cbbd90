//! What a change does, or would do: figures of the territories that it touches, before and after, and by how much the plan gets better.

use super::LivePlan;
use crate::evaluate::ViolationKind;
use crate::ids::{TerritoryId, UnitId};
use std::cmp::Ordering;

/// Differences of the objective below this are rounding.
const SMALLEST: f64 = 1e-12;
/// Differences of the excess are told in steps of 2⁻³⁰, about the slack that bounds have: moves that differ by rounding alone must come out
/// equal, so that the objective decides.
const STEPS: f64 = (1u64 << 30) as f64;

/// A unit that goes from one territory to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moved {
    /// The unit.
    pub unit: UnitId,
    /// Where it was.
    pub from: TerritoryId,
    /// Where it goes.
    pub to: TerritoryId,
}

/// Figures of a territory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TerritoryState {
    /// Number of its units.
    pub units: usize,
    /// Number of its connected pieces: 1 when it is contiguous, 0 when it is empty.
    pub pieces: usize,
    /// Sum per measure, what it carries included, in the measure's unit.
    pub sums: Vec<f64>,
    /// Sum / target − 1 per measure.
    pub deviations: Vec<f64>,
    /// Moment of inertia about the anchor where there is one, else about the centroid, Σ w |x − c|², in measure·km².
    pub inertia: f64,
}

/// A territory before and after a change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TerritoryChange {
    /// Which.
    pub territory: TerritoryId,
    /// Its figures before; none: it did not stand.
    pub before: Option<TerritoryState>,
    /// Its figures after; none: it does not stand.
    pub after: Option<TerritoryState>,
}

/// A rule that a live plan violates: what [`crate::evaluate::Violation`] says, without the search for its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LiveViolation {
    /// Which rule.
    pub kind: ViolationKind,
    /// Where.
    pub territory: TerritoryId,
    /// Position of the measure, for bounds.
    pub measure: Option<usize>,
    /// The unit that is where it may not be, the first unit of a group in several territories, or one of a pair.
    pub unit: Option<UnitId>,
    /// The other unit of a pair.
    pub other: Option<UnitId>,
    /// What is there: the sum in the measure's unit, or the number of pieces, territories or units.
    pub value: f64,
    /// What is allowed, in the same unit.
    pub bound: f64,
}

impl LiveViolation {
    /// Whether it is the same rule at the same place, whatever the value.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |v: &Self| (v.kind, v.measure, v.unit, v.other);
        // Units are where they are; a group or a pair may be named by another territory than before.
        key(self) == key(other) && (self.unit.is_some() || self.territory == other.territory)
    }
}

/// By how much a plan changes; negative is better. Ordered by what comes first: rules, contiguity, bounds, objective.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// Units where they may not be, groups in several territories and pairs that share one.
    pub rules: i64,
    /// Pieces beyond one per territory, and empty territories.
    pub contiguity: i64,
    /// Σ over territories and measures of the distance to the nearest bound, in targets: 0.02 is 2 % of a target. To about 1e-9.
    pub excess: f64,
    /// Weighted terms of the objective, each in shares of its value in the plan that the live plan began with.
    pub objective: f64,
    /// Moment of inertia about anchors and centroids, measure·km².
    pub inertia: f64,
    /// The same over the weight of all units: mean squared distance, km².
    pub inertia_km2: f64,
    /// Links between territories, or their weights.
    pub cut: f64,
    /// Border between territories, km.
    pub border_km: f64,
}

impl Change {
    /// Which of two changes is better (`Less`), by rules, contiguity, excess and objective in this order.
    pub fn compare(&self, other: &Self) -> Ordering {
        let whole = (self.rules, self.contiguity).cmp(&(other.rules, other.contiguity));
        whole.then(self.excess.total_cmp(&other.excess)).then(self.objective.total_cmp(&other.objective))
    }

    /// Whether the plan gets better by it, by rules, contiguity, excess and objective in this order.
    pub fn improves(&self) -> bool {
        let rest = Self { objective: self.objective + SMALLEST, ..*self };
        rest.compare(&Self::default()) == Ordering::Less
    }

    /// With its excess in whole steps.
    pub(super) fn rounded(mut self) -> Self {
        // 0.0 + keeps it from being −0.
        self.excess = 0.0 + (self.excess * STEPS).round() / STEPS;
        self
    }
}

/// What a change did, or would do.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Effect {
    /// Units that move, with the groups that they stay together with; those that were there already are left out.
    pub moves: Vec<Moved>,
    /// Territories that are touched, ascending: all where targets change.
    pub territories: Vec<TerritoryChange>,
    /// By how much the plan changes.
    pub change: Change,
    /// What touched territories and moved units violate afterwards.
    pub violations: Vec<LiveViolation>,
    /// What they violated before and do not any more.
    pub resolved: Vec<LiveViolation>,
}

impl Effect {
    /// The moves as [`LivePlan::move_units`] takes them.
    pub fn orders(&self) -> Vec<(UnitId, TerritoryId)> {
        self.moves.iter().map(|m| (m.unit, m.to)).collect()
    }
}

/// What is looked at before a change, to be compared with afterwards.
pub(super) struct Before {
    touched: Vec<u32>,
    states: Vec<Option<TerritoryState>>,
    excess: f64,
    contiguity: i64,
    inertia: f64,
    links: super::books::Links,
    rules: usize,
    violations: Vec<LiveViolation>,
}

impl LivePlan {
    /// Looks at some territories, ascending, of which only those that stand count, and at the rules of the units that are to move; of
    /// all, where none are named.
    pub(super) fn look(&self, touched: Vec<u32>, units: Option<&[u32]>) -> Before {
        let standing = || touched.iter().copied().filter(|&t| self.territories.stands(t));
        let of_rules = if self.broken.len() == 0 { Vec::new() } else { self.broken_rules(units) };
        let mut violations = of_rules;
        standing().for_each(|t| self.add_violations(t, &mut violations));
        let states: Vec<Option<TerritoryState>> =
            touched.iter().map(|&t| self.territories.stands(t).then(|| self.state(t))).collect();
        Before {
            excess: standing().map(|t| self.excess(t)).sum(),
            contiguity: standing().map(|t| (i64::from(self.books.pieces(t)) - 1).abs()).sum(),
            inertia: states.iter().flatten().map(|s| s.inertia).sum(),
            links: self.books.links(),
            rules: self.broken.len(),
            states,
            touched,
            violations,
        }
    }

    /// The effect of what has happened since `before` was looked at.
    pub(super) fn effect_since(&self, before: Before, moves: Vec<Moved>, units: Option<&[u32]>) -> Effect {
        let after = self.look(before.touched, units);
        let (b, a) = (before.links, after.links);
        let (weight, border_km) = self.books.lengths(super::books::Links {
            edges: 0,
            weight: a.weight.wrapping_sub(b.weight),
            border: a.border.wrapping_sub(b.border),
        });
        let cut = if self.problem.graph().is_weighted() { weight } else { (a.edges - b.edges) as f64 };
        let inertia = after.inertia - before.inertia;
        let change = Change {
            rules: after.rules as i64 - before.rules as i64,
            contiguity: after.contiguity - before.contiguity,
            excess: after.excess - before.excess,
            objective: self.terms.value(inertia, border_km, cut),
            inertia,
            inertia_km2: inertia / self.problem.total_weight(),
            cut,
            border_km,
        };
        let gone = |v: &LiveViolation| !after.violations.iter().any(|w| w.is_same(v));
        let resolved = before.violations.into_iter().filter(gone).collect();
        let territories = after.touched.iter().zip(before.states).zip(after.states);
        Effect {
            moves,
            territories: territories
                .filter(|((_, before), after)| before.is_some() || after.is_some())
                .map(|((&t, before), after)| TerritoryChange { territory: TerritoryId(t), before, after })
                .collect(),
            change: change.rounded(),
            violations: after.violations,
            resolved,
        }
    }
}
