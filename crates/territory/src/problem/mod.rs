//! The problem: validated once, immutable afterwards. It can be had only from [`ProblemSpec`] (or its builder methods), so
//! whoever holds a [`Problem`] may rely on every promise below.

mod contradictions;
mod distance;
mod limits;
mod measure;
mod rulebook;
mod rules;
mod spec;
#[cfg(test)]
mod tests;
mod ways;

pub(crate) use contradictions::any_assignment;
pub use distance::{Distance, DistanceFunction};
pub(crate) use limits::Limits;
pub use measure::{DEFAULT_TOLERANCE, Measure, Objective, OwnBounds, Territory};
pub(crate) use rulebook::is_beyond;
pub use rulebook::{NO_GROUP, RuleBook};
pub use rules::{Areas, Rules};
pub use spec::{ComponentRule, ProblemSpec};

use crate::adjacency::Graph;
use crate::space::{Locations, squared_distance};

/// A validated problem.
///
/// Promises: `1 ≤ k ≤ units`; every column has one row per unit; locations are finite; measures are finite and ≥ 0 with a
/// positive total; an own distance is one number ≥ 0 per pair; every territory has a positive target and `lower ≤ upper` per measure; the graph is connected unless
/// components are separate, and then `k ≥` their number.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![3.0, 1.0, 2.0, 2.0]).tolerance(0.1))
///     .build()?;
/// assert_eq!(problem.target(0, 0), 4.0);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "ProblemSpec", into = "ProblemSpec"))]
pub struct Problem {
    spec: ProblemSpec,
    totals: Vec<f64>,
    limits: Limits,
    /// Position of the measure that weights compactness.
    weight: usize,
    rule_book: RuleBook,
    ways: ways::Ways,
}

impl Problem {
    /// Number of territories.
    pub fn k(&self) -> usize {
        self.spec.territories.len()
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.spec.locations.len()
    }

    /// Where the units are.
    pub fn locations(&self) -> &Locations {
        &self.spec.locations
    }

    /// Which units are neighbours.
    pub fn graph(&self) -> &Graph {
        &self.spec.graph
    }

    /// The measures that are balanced.
    pub fn measures(&self) -> &[Measure] {
        &self.spec.measures
    }

    /// The territories that are asked for.
    pub fn territories(&self) -> &[Territory] {
        &self.spec.territories
    }

    /// Sum of a measure over all units, without what territories carry. Of an anchored measure: the least there can be, or what a
    /// plan makes of it ([`Problem::settled`]).
    pub fn total(&self, measure: usize) -> f64 {
        self.totals[measure]
    }

    /// Wanted sum of a measure in a territory: (total + all that is carried) × capacity / Σ capacities.
    pub fn target(&self, territory: usize, measure: usize) -> f64 {
        self.limits.targets[territory * self.spec.measures.len() + measure]
    }

    /// Least and largest allowed sum of a measure in a territory, what it carries included: tolerance and absolute bounds together.
    pub fn bounds(&self, territory: usize, measure: usize) -> (f64, f64) {
        let at = territory * self.spec.measures.len() + measure;
        (self.limits.lower[at], self.limits.upper[at])
    }

    /// Least and largest sum of a measure that is wished for in a territory, what it carries included; none where nothing is wished.
    pub fn wished(&self, territory: usize, measure: usize) -> Option<(f64, f64)> {
        let m = &self.spec.measures[measure];
        m.wish?;
        let target = self.target(territory, measure);
        Some(((target * (1.0 - m.tolerance)).max(0.0), target * (1.0 + m.tolerance)))
    }

    /// Whether any measure is wished for.
    pub fn has_wishes(&self) -> bool {
        self.spec.measures.iter().any(|m| m.wish.is_some())
    }

    /// What a territory has of a measure outside of the map, by [`Territory::carried`].
    pub fn carried(&self, territory: usize, measure: usize) -> f64 {
        self.limits.carried.get(territory * self.spec.measures.len() + measure).copied().unwrap_or(0.0)
    }

    /// Least and largest allowed sum over a territory's units: the bounds without what it carries already. The upper one may be
    /// negative, where that is too much.
    pub fn unit_bounds(&self, territory: usize, measure: usize) -> (f64, f64) {
        let ((lower, upper), carried) = (self.bounds(territory, measure), self.carried(territory, measure));
        ((lower - carried).max(0.0), upper - carried)
    }

    /// Where a territory is measured from, in km as [`crate::Space::locate`] gives it; none: from its centroid.
    pub fn anchor(&self, territory: usize) -> Option<[f64; 3]> {
        self.spec.territories[territory].anchor.map(|at| self.spec.locations.space().locate(at))
    }

    /// The rules as they were given.
    pub fn rules(&self) -> &Rules {
        &self.spec.rules
    }

    /// The rules made ready.
    pub fn rule_book(&self) -> &RuleBook {
        &self.rule_book
    }

    /// Position of the measure that weights compactness.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// What is minimised inside the bounds.
    pub fn objective(&self) -> &Objective {
        &self.spec.objective
    }

    /// Distance between two units: the problem's own where it has one, else in km (great circle or plane).
    ///
    /// # Panics
    /// If an index is not below [`Problem::units`].
    #[inline]
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        match &self.spec.distance {
            Some(distance) => distance.between(self.units(), a, b),
            None => self.spec.locations.distance_km(a, b),
        }
    }

    /// Square of the distance between two units, as moments of inertia take it: without a distance of its own in km² of the
    /// chord, as for the inertia about the centroid.
    ///
    /// # Panics
    /// If an index is not below [`Problem::units`].
    #[inline]
    pub fn squared_distance(&self, a: usize, b: usize) -> f64 {
        match &self.spec.distance {
            Some(distance) => {
                let d = distance.between(self.units(), a, b);
                d * d
            }
            None => squared_distance(self.spec.locations.points()[a], self.spec.locations.points()[b]),
        }
    }

    /// Whether the problem has a distance of its own.
    pub fn has_own_distance(&self) -> bool {
        self.spec.distance.is_some()
    }

    /// What holds for components of the graph.
    pub fn components(&self) -> ComponentRule {
        self.spec.components
    }

    /// Name of a unit: the given one, else its index.
    pub fn unit_name(&self, unit: usize) -> String {
        self.spec.unit_name(unit)
    }

    /// The specification this problem was made from.
    pub fn spec(&self) -> &ProblemSpec {
        &self.spec
    }
}
