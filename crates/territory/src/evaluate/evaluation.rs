//! The evaluation of a plan: all its figures and violations, computed from scratch.

use super::assignment::{AssignmentError, Members, pieces};
use super::cut::cut;
use super::diagnose::Finding;
use super::fairness::{Fairness, fairness};
use super::reasons::violations;
use super::terms::terms;
use super::territories::territory_figures;
use super::violation::{Violation, ViolationKind, side};
use crate::ids::TerritoryId;
use crate::problem::Problem;

/// A measure over all territories.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeasureFigures {
    /// Its name.
    pub name: String,
    /// Sum over all units, in the measure's unit.
    pub total: f64,
    /// Allowed relative deviation, or what is wished for.
    pub tolerance: f64,
    /// Weight of the wish, where the tolerance is one and no bound.
    pub wish: Option<f64>,
    /// How evenly it is spread.
    pub fairness: Fairness,
    /// Certified: no plan has a smaller largest deviation than this. Looked for only where a bound is violated.
    pub best_deviation: Option<f64>,
}

/// A territory of the plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TerritoryFigures {
    /// Its name.
    pub name: String,
    /// Number of its units.
    pub units: usize,
    /// Number of its connected pieces: 1 when it is contiguous, 0 when it is empty.
    pub pieces: usize,
    /// Sum per measure, in the measure's unit, what the territory carries outside of the map included.
    pub sums: Vec<f64>,
    /// Target per measure, in the measure's unit.
    pub targets: Vec<f64>,
    /// Sum / target − 1 per measure.
    pub deviations: Vec<f64>,
    /// Mean location, weighted by the compactness weight: `[lon, lat]` in degrees or `[x, y]` in metres. None when it is empty.
    pub centroid: Option<[f64; 2]>,
    /// False where the compactness weight adds up to zero: centroid and `inertia_km2` then count every unit alike.
    pub weighted: bool,
    /// Moment of inertia about the anchor where there is one, else about the centroid, Σ w |x − c|², in measure·km².
    pub inertia: f64,
    /// Mean squared distance from there, Σ w |x − c|² / Σ w, in km².
    pub inertia_km2: f64,
    /// Largest distance between two of its units, in km (great circle or plane).
    pub diameter_km: f64,
}

/// The links between territories.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cut {
    /// Number of links whose ends are in different territories.
    pub edges: usize,
    /// Their weights.
    pub weight: f64,
    /// The length of their borders in km.
    pub border_km: f64,
}

/// Name of the term of missed wishes: Σ weight × excess per territory, in targets, of weight 1.
pub const WISHES: &str = "wishes";

/// A term of the problem's objective.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Term {
    /// Its name: `inertia`, `inertia-medoid`, `median`, `diameter`, `border`, `cut`, and [`WISHES`].
    pub name: &'static str,
    /// Its weight in the mix.
    pub weight: f64,
    /// Its value, in `unit`.
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
}

/// All figures of a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Number of units.
    pub units: usize,
    /// Whether every territory has units and is in one piece.
    pub contiguous: bool,
    /// Per measure, in the problem's order.
    pub measures: Vec<MeasureFigures>,
    /// Per territory, in the problem's order.
    pub territories: Vec<TerritoryFigures>,
    /// Moment of inertia of all territories about their centroids, in measure·km².
    pub inertia: f64,
    /// Mean squared distance of the weight from its territory's centroid, in km².
    pub inertia_km2: f64,
    /// The links between territories.
    pub cut: Cut,
    /// The terms of the problem's objective, in report order.
    pub terms: Vec<Term>,
    /// What is violated, territory after territory.
    pub violations: Vec<Violation>,
    /// Wishes that are not met, territory after territory. They are no violations.
    pub missed_wishes: Vec<MissedWish>,
    /// Proofs that the bounds cannot be met. Looked for only where one is violated.
    pub findings: Vec<Finding>,
}

/// A wish ([`crate::Measure::wish`]) that a territory does not meet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissedWish {
    /// The territory.
    pub territory: TerritoryId,
    /// Position of the measure.
    pub measure: usize,
    /// Its sum there, in the measure's unit.
    pub value: f64,
    /// The end of what is wished for that it is beyond, in the measure's unit.
    pub wished: f64,
    /// How far beyond, in targets: 0.02 is 2 % of a target.
    pub excess: f64,
}

impl Evaluation {
    /// Number of territories.
    pub fn k(&self) -> usize {
        self.territories.len()
    }

    /// With a violation for every territory that lies inside another (inner, outer), where that is not allowed: the polygons by
    /// which it is seen are not part of the problem.
    pub fn forbid_enclaves(&mut self, enclaves: &[(u32, u32)]) {
        for &(inner, outer) in enclaves {
            let outer = self.territories.get(outer as usize).map_or("", |t| t.name.as_str());
            self.violations.push(Violation {
                kind: ViolationKind::Enclave,
                territory: TerritoryId(inner),
                measure: None,
                value: 1.0,
                bound: 0.0,
                reason: format!(
                    "it lies inside territory {outer}, and no way out of it keeps both contiguous and in their bounds"
                ),
                proven: false,
            });
        }
    }

    /// With a violation for a limit on change that is exceeded: the plan of today is not part of the problem. `territory` is none where the limit is
    /// one on the whole plan, `measure` where it counts units.
    pub fn exceed_limit(
        &mut self,
        (territory, measure): (Option<TerritoryId>, Option<usize>),
        (value, bound): (f64, f64),
        reason: String,
    ) {
        let territory = territory.unwrap_or(TerritoryId(u32::MAX));
        let kind = ViolationKind::Disruption;
        self.violations.push(Violation { kind, territory, measure, value, bound, reason, proven: false });
    }

    /// The objective: Σ weight × value / scale over [`Evaluation::terms`]. Scales are the terms' values in the first complete
    /// plan; a missing or non-positive one counts as 1, as does that of [`WISHES`].
    pub fn objective(&self, scales: &[f64]) -> f64 {
        let of_plan = |i: usize| self.terms.get(i).is_none_or(|t| t.name != WISHES);
        let scale = |i: usize| scales.get(i).copied().filter(|s| *s > 0.0 && of_plan(i)).unwrap_or(1.0);
        self.terms.iter().enumerate().map(|(i, t)| t.weight * t.value / scale(i)).sum()
    }
}

/// Judges a plan from scratch.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}, evaluate::evaluate};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![3.0, 1.0, 2.0, 2.0]).tolerance(0.1))
///     .build()?;
/// let evaluation = evaluate(&problem, &[0, 0, 1, 1])?;
/// assert!(evaluation.contiguous && evaluation.violations.is_empty());
/// assert_eq!(evaluation.territories[0].diameter_km, 1.0);
/// assert_eq!(evaluation.cut.edges, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn evaluate(problem: &Problem, assignment: &[u32]) -> Result<Evaluation, AssignmentError> {
    // Targets of measures that depend on anchors are shares of what this plan makes of them.
    let settled = problem.settled(assignment);
    let problem = &*settled;
    let members = Members::of(problem, assignment)?;
    let (territories, (pieces, cut)) = crate::parallel::join(
        || territory_figures(problem, &members),
        || (pieces(problem, assignment), cut(problem.graph(), assignment)),
    );
    let mut territories = territories;
    for (figures, count) in territories.iter_mut().zip(&pieces.counts) {
        figures.pieces = *count;
    }
    let (violations, findings) = violations(problem, assignment, &members, &pieces, &territories);
    let measures = measure_figures(problem, &territories, &findings);
    let missed_wishes = missed_wishes(problem, &territories);
    let mut terms = terms(problem, assignment, &territories, &cut)?;
    if problem.has_wishes() {
        let weight = |m: usize| problem.measures()[m].wish.unwrap_or(0.0);
        // 0.0 + keeps the empty sum from being −0.
        let value = 0.0 + missed_wishes.iter().map(|w| weight(w.measure) * w.excess).sum::<f64>();
        terms.push(Term { name: WISHES, weight: 1.0, value: value / problem.k() as f64, unit: "targets".to_owned() });
    }
    let inertia: f64 = territories.iter().map(|t| t.inertia).sum();
    let inertia_km2 = inertia / problem.total_weight();
    Ok(Evaluation {
        units: problem.units(),
        contiguous: pieces.counts.iter().all(|&c| c == 1),
        measures,
        terms,
        territories,
        inertia,
        inertia_km2,
        cut,
        violations,
        missed_wishes,
        findings,
    })
}

fn measure_figures(problem: &Problem, territories: &[TerritoryFigures], findings: &[Finding]) -> Vec<MeasureFigures> {
    let best_deviation = |m: usize| {
        let of_measure = findings.iter().filter(|f| f.measure == Some(m)).filter_map(|f| f.best_deviation);
        of_measure.max_by(f64::total_cmp)
    };
    let figures = |(m, measure): (usize, &crate::problem::Measure)| {
        let sums: Vec<f64> = territories.iter().map(|t| t.sums[m]).collect();
        let targets: Vec<f64> = territories.iter().map(|t| t.targets[m]).collect();
        MeasureFigures {
            name: measure.name.clone(),
            total: problem.total(m),
            tolerance: measure.tolerance,
            wish: measure.wish,
            fairness: fairness(&sums, &targets),
            best_deviation: best_deviation(m),
        }
    };
    problem.measures().iter().enumerate().map(figures).collect()
}

fn missed_wishes(problem: &Problem, territories: &[TerritoryFigures]) -> Vec<MissedWish> {
    let wishes = (0..problem.measures().len()).filter(|&m| problem.measures()[m].wish.is_some());
    let of = |(t, figures): (usize, &TerritoryFigures), m: usize| {
        let (value, bounds) = (figures.sums[m], problem.wished(t, m)?);
        let (wished, beyond) = match side(value, bounds) {
            0 => return None,
            1 => (bounds.1, value - bounds.1),
            _ => (bounds.0, bounds.0 - value),
        };
        let territory = TerritoryId(t as u32);
        Some(MissedWish { territory, measure: m, value, wished, excess: beyond / figures.targets[m] })
    };
    let wishes: Vec<usize> = wishes.collect();
    territories.iter().enumerate().flat_map(|t| wishes.iter().filter_map(move |&m| of(t, m))).collect()
}
