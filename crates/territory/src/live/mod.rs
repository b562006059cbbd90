//! A plan that people work on: what-if in an app. Units are moved and locked, territories added and removed, everything undone; each
//! answer says at once what it does to sums, contiguity, rules and the objective, and which moves would be best.
//!
//! [`LivePlan`] knows the problem and books of its own (`books`): nothing of the search. Everything it says of a plan depends on the
//! plan alone and not on the way to it, bit for bit, so that what is undone has never been. Files: `walks` (contiguity without
//! walking territories), `fixed` (sums without an order), `territories` (which stand, their limits), `broken` (rules that came
//! in broken), `moves`, `alter` (adding and removing territories), `journal` (undo), `effect` (what a change does),
//! `suggest` and `repair` (what to do next), `hand_over` (the problem that the plan has become).
//!
//! What holds against what is wanted:
//! - *Refused*, with the rule by its name, and nothing is changed: what breaks a lock, an allowed or forbidden set, a skill or radius, a
//!   pair that is kept apart, or takes a territory's last unit.
//! - *Done and reported*: what breaks contiguity or bounds. People try things on the way to better ones.
//! - Units that stay together move together: what is asked of one is done to its whole group.
//! - *Not looked at*: ties and split areas, which are wishes; the least distance between centres, but for anchors of added territories.

mod alter;
mod books;
mod broken;
mod effect;
mod error;
mod fixed;
mod hand_over;
mod journal;
mod moves;
mod repair;
mod suggest;
mod territories;
#[cfg(test)]
mod tests;
mod walks;

pub use effect::{Change, Effect, LiveViolation, Moved, TerritoryChange, TerritoryState};
pub use error::{LiveError, PlaceRule};

use crate::evaluate::{AssignmentError, ViolationKind, side};
use crate::ids::{TerritoryId, UnitId};
use crate::problem::{NO_GROUP, Objective, Problem};
use books::Books;
use broken::BrokenRules;
use journal::Step;
use std::sync::Arc;
use territories::Territories;

/// A plan with books that every change keeps current.
///
/// It owns what it needs, so an app can hold it for as long as a session lasts; clones are independent. Territories keep their positions
/// for good: a removed one leaves a gap, an added one takes the next number.
///
/// ```
/// use territory::adjacency::{Edge, EdgeKind, Graph};
/// use territory::live::LivePlan;
/// use territory::{Locations, Measure, ProblemSpec, Space, TerritoryId, UnitId};
/// // Six units in a row, in territories of two and four.
/// let at: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
/// let edges: Vec<Edge> = (1..6).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
/// let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(6, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 6]).tolerance(0.1))
///     .build()?;
/// let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1, 1, 1])?;
/// assert_eq!(plan.violations().len(), 2); // too little, too much
///
/// // What would be best, and what would it do?
/// let best = &plan.next_moves(1)[0];
/// assert_eq!((best.moves[0].unit, best.moves[0].to), (UnitId(2), TerritoryId(0)));
/// assert!((best.change.excess + 2.0 * 0.7 / 3.0).abs() < 1e-8);
///
/// let done = plan.move_unit(UnitId(2), TerritoryId(0))?;
/// assert!(plan.violations().is_empty() && done.resolved.len() == 2);
/// // A move in between cuts a territory: it is made, and told.
/// let torn = plan.move_unit(UnitId(1), TerritoryId(1))?;
/// assert_eq!(torn.change.contiguity, 2);
/// plan.undo();
/// assert_eq!(plan.assignment(), [0, 0, 0, 1, 1, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LivePlan {
    problem: Arc<Problem>,
    books: Books,
    territories: Territories,
    broken: BrokenRules,
    /// Units that were locked where they are.
    held: Vec<bool>,
    terms: Terms,
    done: Vec<Step>,
    undone: Vec<Step>,
}

/// What the objective's terms count for, per unit of each.
#[derive(Clone, Copy, Debug)]
struct Terms {
    inertia: f64,
    border: f64,
    cut: f64,
}

impl Terms {
    /// Weights over the values of the terms in the plan to begin with. Medoid and median terms, which no move tells at once, are
    /// counted as inertia, which stands near them; so is the diameter where there is nothing else.
    fn new(objective: &Objective, inertia: f64, border: f64, cut: f64) -> Self {
        let mut about = objective.inertia + objective.inertia_medoid + objective.median;
        if about + objective.border + objective.cut == 0.0 {
            about = 1.0;
        }
        let per = |weight: f64, value: f64| if value > 0.0 { weight / value } else { weight };
        Self { inertia: per(about, inertia), border: per(objective.border, border), cut: per(objective.cut, cut) }
    }

    fn value(&self, inertia: f64, border: f64, cut: f64) -> f64 {
        self.inertia * inertia + self.border * border + self.cut * cut
    }
}

/// Figures of a whole live plan.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LiveFigures {
    /// Pieces beyond one per territory, and empty territories; 0: contiguous.
    pub contiguity: usize,
    /// Σ over territories and measures of the distance to the nearest bound, in targets.
    pub excess: f64,
    /// Moment of inertia about anchors, of other territories about their centroids, measure·km².
    pub inertia: f64,
    /// Mean squared distance from there, km².
    pub inertia_km2: f64,
    /// Links between territories, or their weights.
    pub cut: f64,
    /// Border between territories, km.
    pub border_km: f64,
    /// Weighted terms of the objective, each in shares of its value in the plan to begin with. Counted are inertia (medoid and
    /// median terms as well, by the inertia that stands near them), border and cut.
    pub objective: f64,
}

impl LivePlan {
    /// Books of a plan of `problem`, which may be broken in any way: O(units + links). Targets of measures with an anchored part
    /// ([`crate::Measure::per_km`]) are shares of what this plan makes of them, and stay so while units move.
    ///
    /// # Errors
    /// An assignment of another length, or with a territory that is not below k.
    pub fn new(problem: impl Into<Arc<Problem>>, assignment: Vec<u32>) -> Result<Self, AssignmentError> {
        let problem = problem.into();
        let (found, expected, k) = (assignment.len(), problem.units(), problem.k());
        if found != expected {
            return Err(AssignmentError::Length { found, expected });
        }
        if let Some((unit, &territory)) = assignment.iter().enumerate().find(|(_, t)| **t as usize >= k) {
            return Err(AssignmentError::Territory { unit: problem.unit_name(unit), territory, territories: k });
        }
        // Targets of measures that depend on anchors are shares of what they are today.
        let problem =
            if problem.has_anchored() { Arc::new(problem.settled(&assignment).into_owned()) } else { problem };
        let territories = Territories::new(&problem);
        let books = Books::new(&problem, territories.anchors(&problem), assignment);
        let broken = BrokenRules::new(&problem, &territories, books.part());
        let nothing = Terms { inertia: 0.0, border: 0.0, cut: 0.0 };
        let (held, done, undone) = (vec![false; expected], Vec::new(), Vec::new());
        let mut plan = Self { problem, books, territories, broken, held, terms: nothing, done, undone };
        let LiveFigures { inertia, border_km, cut, .. } = plan.figures();
        plan.terms = Terms::new(plan.problem.objective(), inertia, border_km, cut);
        Ok(plan)
    }

    /// The problem that the plan began as.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Territory of every unit, by position.
    pub fn assignment(&self) -> &[u32] {
        self.books.part()
    }

    /// Territories that stand, ascending.
    pub fn territories(&self) -> impl Iterator<Item = TerritoryId> + '_ {
        self.territories.standing().map(TerritoryId)
    }

    /// Number of territories that stand.
    pub fn k(&self) -> usize {
        self.territories.standing().count()
    }

    /// Name of a territory that stands.
    ///
    /// # Errors
    /// [`LiveError::UnknownTerritory`].
    pub fn territory_name(&self, territory: TerritoryId) -> Result<&str, LiveError> {
        let t = self.territories.check(territory)?;
        Ok(&self.territories.slot(t).territory.name)
    }

    /// Figures of a territory that stands: O(measures).
    ///
    /// # Errors
    /// [`LiveError::UnknownTerritory`].
    pub fn territory(&self, territory: TerritoryId) -> Result<TerritoryState, LiveError> {
        Ok(self.state(self.territories.check(territory)?))
    }

    /// Wanted sum of a measure in a territory that stands, then the least and the largest allowed one, in the measure's unit and with
    /// what the territory carries included. They follow the capacities of those that stand.
    ///
    /// # Errors
    /// [`LiveError::UnknownTerritory`], [`LiveError::UnknownMeasure`].
    pub fn limits(&self, territory: TerritoryId, measure: usize) -> Result<(f64, f64, f64), LiveError> {
        let (t, measures) = (self.territories.check(territory)?, self.problem.measures().len());
        if measure >= measures {
            return Err(LiveError::UnknownMeasure { measure, measures });
        }
        let (lower, upper) = self.territories.bounds(t, measure);
        Ok((self.territories.target(t, measure), lower, upper))
    }

    /// Figures of the whole plan: O(k · measures).
    pub fn figures(&self) -> LiveFigures {
        let links = self.books.links();
        let (weight, border_km) = self.books.lengths(links);
        let cut = if self.problem.graph().is_weighted() { weight } else { links.edges as f64 };
        let inertia: f64 = self.territories.standing().map(|t| self.books.inertia(t)).sum();
        LiveFigures {
            contiguity: self.territories.standing().map(|t| self.books.pieces(t).abs_diff(1) as usize).sum(),
            excess: self.territories.standing().map(|t| self.excess(t)).sum(),
            inertia,
            inertia_km2: inertia / self.problem.total_weight(),
            cut,
            border_km,
            objective: self.terms.value(inertia, border_km, cut),
        }
    }

    /// All that the plan violates: rules first, then territory after territory. O(k · measures).
    pub fn violations(&self) -> Vec<LiveViolation> {
        let mut found = self.broken_rules(None);
        self.territories.standing().for_each(|t| self.add_violations(t, &mut found));
        found
    }

    fn broken_rules(&self, units: Option<&[u32]>) -> Vec<LiveViolation> {
        self.broken.violations(&self.problem, self.books.part(), units)
    }

    fn state(&self, t: u32) -> TerritoryState {
        let sums: Vec<f64> = (0..self.problem.measures().len()).map(|m| self.sum(t, m)).collect();
        let deviations = sums.iter().enumerate().map(|(m, sum)| sum / self.territories.target(t, m) - 1.0).collect();
        TerritoryState {
            units: self.books.size(t) as usize,
            pieces: self.books.pieces(t) as usize,
            sums,
            deviations,
            inertia: self.books.inertia(t),
        }
    }

    /// Sum of a measure, what is carried included.
    fn sum(&self, t: u32, measure: usize) -> f64 {
        self.books.sum(t, measure) + self.territories.carried(t, measure)
    }

    fn excess(&self, t: u32) -> f64 {
        (0..self.problem.measures().len()).map(|m| self.territories.excess(t, m, self.sum(t, m))).sum()
    }

    /// Adds what a territory violates: contiguity, bounds.
    fn add_violations(&self, t: u32, found: &mut Vec<LiveViolation>) {
        let territory = TerritoryId(t);
        let violation = |kind, measure, value: f64, bound: f64| LiveViolation {
            kind,
            territory,
            measure,
            unit: None,
            other: None,
            value,
            bound,
        };
        match self.books.pieces(t) {
            0 => found.push(violation(ViolationKind::Empty, None, 0.0, 1.0)),
            1 => {}
            pieces => found.push(violation(ViolationKind::NotContiguous, None, f64::from(pieces), 1.0)),
        }
        for m in 0..self.problem.measures().len() {
            let (sum, bounds) = (self.sum(t, m), self.territories.bounds(t, m));
            match side(sum, bounds) {
                0 => {}
                1 => found.push(violation(ViolationKind::AboveMaximum, Some(m), sum, bounds.1)),
                _ => found.push(violation(ViolationKind::BelowMinimum, Some(m), sum, bounds.0)),
            }
        }
    }

    fn check_unit(&self, unit: UnitId) -> Result<u32, LiveError> {
        let units = self.problem.units();
        if unit.index() < units { Ok(unit.0) } else { Err(LiveError::UnknownUnit { unit, units }) }
    }

    /// The units that move with one: its group, or itself alone.
    fn together(&self, unit: u32) -> Vec<u32> {
        let book = self.problem.rule_book();
        match book.group_of(unit) {
            NO_GROUP => vec![unit],
            group => book.groups()[group as usize].clone(),
        }
    }

    fn may(&self, unit: u32, territory: u32) -> bool {
        broken::may(&self.problem, &self.territories, unit, territory)
    }
}
