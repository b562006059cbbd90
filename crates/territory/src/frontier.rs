//! What balance costs: plans from loosely to tightly balanced, none of which another beats in both balance and cost. The cost is
//! what changes against a plan of today ([`disruption_frontier`]) or what compactness is lost ([`compactness_frontier`]).
//!
//! Plans come from the facades [`solve`] and [`realign`] at tolerances from loose to tight; what stands beside them is recomputed from the
//! plans alone.

use crate::control::Control;
use crate::error::ProblemErrors;
use crate::evaluate::Evaluation;
use crate::problem::{DEFAULT_TOLERANCE, Problem};
use crate::quality::{Judged, relative_objective, scales};
use crate::realign::{RealignOptions, Realigned, realign};
use crate::solve::{Solution, SolveOptions, solve};

/// The tightest tolerance that is tried, as a share of the one that is asked for.
const TIGHTEST: f64 = 0.25;
/// The loosest one of plans that start from nothing, as a multiple of it.
const LOOSEST: f64 = 4.0;

/// A plan between balance and cost.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FrontierPoint {
    /// Territory of every unit, below k.
    pub assignment: Vec<u32>,
    /// The tolerance it was searched with, in the scale of [`FrontierPoint::balance`]; infinite: none.
    pub tolerance: f64,
    /// Largest |sum / target − 1| over all territories and measures with a tolerance. Several measures are put in the scale of the first by their
    /// tolerances: beside ±5 %, a deviation of 8 % where ±20 % are allowed counts 2 %.
    pub balance: f64,
    /// What it costs: see the function that made it.
    pub cost: f64,
    /// Whether it is the plan that was asked for, by the problem's own tolerances.
    pub asked: bool,
}

/// Plans of which none is beaten by another, and the plan by the problem's own tolerances.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Frontier<T> {
    /// What the search said of the problem as it is; its plan is among the points unless another beats it.
    pub asked: T,
    /// From the tightest balance to the smallest cost.
    pub points: Vec<FrontierPoint>,
}

/// Balance against disruption: re-alignments of `current` from the least change there is (no tolerance at all: only what is broken is
/// mended) to a quarter of the tolerances asked for, `points` searches or so. The cost of a plan is the share of the compactness
/// weight that changes territory, of what has one in `current`. Limits and absolute bounds hold for all.
///
/// ```
/// use territory::{Control, Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}, disruption_frontier};
/// use territory::realign::RealignOptions;
/// let places: Vec<[f64; 2]> = (0..12).map(|i| [1000.0 * f64::from(i), 0.0]).collect();
/// let edges: Vec<Edge> = (0..11).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 0.0)).collect();
/// let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(12, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 12]).tolerance(0.2))
///     .build()?;
/// let today: Vec<Option<u32>> = (0..12).map(|i| Some(u32::from(i >= 9))).collect();
/// let frontier = disruption_frontier(&problem, &today, &RealignOptions::default(), 8, &Control::default())?;
/// let costs: Vec<f64> = frontier.points.iter().map(|p| 12.0 * p.cost).collect();
/// assert_eq!(costs, [3.0, 2.0, 1.0, 0.0]);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
///
/// # Errors
/// Those of [`realign`].
pub fn disruption_frontier(
    problem: &Problem,
    current: &[Option<u32>],
    options: &RealignOptions,
    points: usize,
    control: &Control<'_>,
) -> Result<Frontier<Realigned>, ProblemErrors> {
    let scale = Scale::new(problem);
    let searches = points.max(3);
    let asked = realign(problem, current, options, &control.nth(0, searches))?;
    let mut found = Found::new(problem, scale);
    found.add(asked.assignment.clone(), scale.asked, true);
    let mut balance = None;
    for at in 1..searches {
        let tolerance = match balance {
            // First no tolerance at all: what balance there is without any change for its sake.
            None => f64::INFINITY,
            Some(loosest) => step(loosest, TIGHTEST * scale.asked.min(loosest), at - 1, searches - 2),
        };
        let Some(level) = scale.level(problem, tolerance) else { continue };
        let plan = realign(&level, current, options, &control.nth(at, searches))?;
        let kept_limits = plan.over.is_empty() || !asked.over.is_empty();
        let judged = found.add_if(kept_limits, plan.assignment, tolerance);
        balance = balance.or(judged);
        if control.stopped().is_some() || balance.is_none_or(|b| b == 0.0) {
            break;
        }
    }
    let points = found.frontier(|plan| moved(problem, current, &plan.assignment));
    control.report(1.0, "done");
    Ok(Frontier { asked, points })
}

/// Balance against compactness: plans from four times to a quarter of the tolerances asked for, `points` searches or so. The cost of a plan is
/// its objective as a multiple of the one of the plan by the problem's own tolerances. Absolute bounds hold for all.
///
/// # Errors
/// Those of [`solve`].
pub fn compactness_frontier(
    problem: &Problem,
    options: &SolveOptions,
    points: usize,
    control: &Control<'_>,
) -> Result<Frontier<Solution>, ProblemErrors> {
    let scale = Scale::new(problem);
    let searches = points.max(3);
    let asked = solve(problem, options, &control.nth(0, searches))?;
    let mut found = Found::new(problem, scale);
    found.add(asked.assignment.clone(), scale.asked, true);
    for at in 1..searches {
        if control.stopped().is_some() {
            break;
        }
        let tolerance = step(LOOSEST * scale.asked, TIGHTEST * scale.asked, at - 1, searches - 2);
        let Some(level) = scale.level(problem, tolerance) else { continue };
        let plan = solve(&level, options, &control.nth(at, searches))?;
        found.add(plan.assignment, tolerance, false);
    }
    let scales = found.plans.first().map(|first| scales(&first.0.evaluation)).unwrap_or_default();
    let points = found.frontier(|plan| relative_objective(&plan.evaluation, &scales));
    control.report(1.0, "done");
    Ok(Frontier { asked, points })
}

/// Step `at` of `steps` from one value to another in equal ratios.
fn step(from: f64, to: f64, at: usize, steps: usize) -> f64 {
    from * libm::pow(to / from, at as f64 / steps.max(1) as f64)
}

/// Share of the compactness weight that changes territory, of what has one.
fn moved(problem: &Problem, current: &[Option<u32>], assignment: &[u32]) -> f64 {
    let values = &problem.measures()[problem.weight()].values;
    let (mut had, mut gone) = (0.0, 0.0);
    for ((today, then), value) in current.iter().zip(assignment).zip(values) {
        let Some(today) = today else { continue };
        had += value;
        gone += if today == then { 0.0 } else { *value };
    }
    if had > 0.0 { gone / had } else { 0.0 }
}

/// How deviations of several measures are put in one scale.
#[derive(Clone, Copy)]
struct Scale {
    /// Tolerance of the first measure that has one.
    asked: f64,
    /// Whether no measure has a tolerance: then all are balanced alike.
    none: bool,
}

impl Scale {
    fn new(problem: &Problem) -> Self {
        let finite = || problem.measures().iter().map(|m| m.bound_tolerance()).filter(|t| t.is_finite());
        let asked = finite().find(|&t| t > 0.0).unwrap_or(DEFAULT_TOLERANCE);
        Self { asked, none: finite().next().is_none() }
    }

    /// What a deviation where `tolerance` is asked for is multiplied with; none where it does not count.
    fn of(self, tolerance: f64) -> Option<f64> {
        match tolerance {
            t if !t.is_finite() => self.none.then_some(1.0),
            t if t > 0.0 => Some(self.asked / t),
            _ => Some(1.0),
        }
    }

    fn balance(self, evaluation: &Evaluation) -> f64 {
        let of = |m: &crate::evaluate::MeasureFigures| Some(self.of(m.tolerance)? * m.fairness.max_deviation);
        evaluation.measures.iter().filter(|m| m.wish.is_none()).filter_map(of).fold(0.0, f64::max)
    }

    /// The problem at another tolerance; none where absolute bounds leave nothing.
    fn level(self, problem: &Problem, tolerance: f64) -> Option<Problem> {
        let mut spec = problem.spec().clone();
        for measure in spec.measures.iter_mut().filter(|m| m.wish.is_none()) {
            if let Some(factor) = self.of(measure.tolerance) {
                measure.tolerance = tolerance / factor;
            }
        }
        spec.build().ok()
    }
}

/// Plans with the tolerances they were searched with, judged by the problem as it is; the first is the one that was asked for.
struct Found<'a> {
    problem: &'a Problem,
    scale: Scale,
    plans: Vec<(Judged, f64, bool)>,
}

impl<'a> Found<'a> {
    fn new(problem: &'a Problem, scale: Scale) -> Self {
        Self { problem, scale, plans: Vec::new() }
    }

    /// Adds a plan and returns its balance. One that breaks more rules than the one asked for is no choice.
    fn add(&mut self, assignment: Vec<u32>, tolerance: f64, asked: bool) -> Option<f64> {
        let plan = Judged::new(self.problem, assignment).ok()?;
        let balance = self.scale.balance(&plan.evaluation);
        if self.plans.first().is_none_or(|first| plan.broken() <= first.0.broken()) {
            self.plans.push((plan, tolerance, asked));
        }
        Some(balance)
    }

    /// Adds a plan if it is a choice; its balance is returned in any case.
    fn add_if(&mut self, choice: bool, assignment: Vec<u32>, tolerance: f64) -> Option<f64> {
        if choice {
            return self.add(assignment, tolerance, false);
        }
        Judged::new(self.problem, assignment).ok().map(|plan| self.scale.balance(&plan.evaluation))
    }

    /// What is left without the plans that others beat, the tightest first. Of equals the one asked for stays, else the first.
    fn frontier(self, cost: impl Fn(&Judged) -> f64) -> Vec<FrontierPoint> {
        let scale = self.scale;
        let point = |(plan, tolerance, asked): (Judged, f64, bool)| FrontierPoint {
            balance: scale.balance(&plan.evaluation),
            cost: cost(&plan),
            assignment: plan.assignment,
            tolerance,
            asked,
        };
        let mut points: Vec<FrontierPoint> = self.plans.into_iter().map(point).collect();
        points.sort_by(|a, b| {
            a.balance.total_cmp(&b.balance).then(a.cost.total_cmp(&b.cost)).then(b.asked.cmp(&a.asked))
        });
        let mut least = f64::INFINITY;
        points.retain(|point| {
            let better = point.cost < least;
            least = least.min(point.cost);
            better
        });
        points
    }
}

impl<T> Frontier<T> {
    /// Whether the plan by the problem's own tolerances is one of the points.
    pub fn has_asked(&self) -> bool {
        self.points.iter().any(|point| point.asked)
    }
}
