//! Several good plans of one problem that truly differ, for people to choose from. Plans come from searches with different seeds;
//! knows no more of the search than its facade.

use crate::control::{Control, Effort, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::flow::maximum_weight_matching;
use crate::problem::Problem;
use crate::quality::{Judged, relative_objective, scales};
use crate::solve::{SolveOptions, solve};

/// Rounds of searches, each with as many seeds as plans are wanted, until enough of them differ.
const ROUNDS: usize = 4;

/// Options of [`alternatives`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlternativesOptions {
    /// The first search; those after it have the seeds that follow.
    pub solve: SolveOptions,
    /// How many plans are wanted.
    pub count: usize,
    /// Any two plans differ in this share of the units at least, by [`difference`]: 0 to 1.
    pub least_difference: f64,
}

impl Default for AlternativesOptions {
    fn default() -> Self {
        Self { solve: SolveOptions::default(), count: 3, least_difference: 0.1 }
    }
}

/// One of several plans.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alternative {
    /// Territory of every unit, below k.
    pub assignment: Vec<u32>,
    /// Seed of the search that found it.
    pub seed: u64,
    /// Effort of that search.
    pub effort: Effort,
    /// Why it ended.
    pub stopped: Stopped,
    /// Its objective as a multiple of the first plan's.
    pub objective: f64,
    /// Share of the units by which it differs from the plan nearest to it among the others; none where it is the only one.
    pub difference: Option<f64>,
}

/// Up to `count` plans that differ pairwise in `least_difference` of the units at least, the best first: fewer broken rules, less beyond
/// bounds, a smaller objective. Of plans that are too near to each other the better one is kept.
///
/// Four times `count` searches are made at most, the second half of them with the effort `standard`: short and long searches come to the
/// same plan more often. Where there are not enough plans that differ, fewer come back; one always does.
///
/// ```
/// use territory::{AlternativesOptions, Control, Locations, Measure, ProblemSpec, Space, alternatives, difference};
/// use territory::adjacency::{Edge, EdgeKind, Graph};
/// // A ring of eight units in two halves: there are four ways to cut it.
/// let places = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [0.0, 2.0], [0.0, 1.0]];
/// let places = places.map(|[x, y]: [f64; 2]| [1000.0 * x, 1000.0 * y]);
/// let edges: Vec<Edge> = (0..8).map(|i| Edge::new(i, (i + 1) % 8, EdgeKind::Edge, 0.0)).collect();
/// let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(8, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 8]).tolerance(0.1))
///     .build()?;
/// let options = AlternativesOptions { count: 2, least_difference: 0.25, ..AlternativesOptions::default() };
/// let plans = alternatives(&problem, &options, &Control::default())?;
/// assert!(plans.len() < 2 || difference(&problem, &plans[0].assignment, &plans[1].assignment) >= 0.25);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
///
/// # Errors
/// A least difference that is no share; those of [`solve`].
pub fn alternatives(
    problem: &Problem,
    options: &AlternativesOptions,
    control: &Control<'_>,
) -> Result<Vec<Alternative>, ProblemErrors> {
    let (count, least) = (options.count.max(1), options.least_difference);
    if !(0.0..=1.0).contains(&least) {
        let what = "the least difference of alternatives".to_owned();
        return Err(ProblemErrors(vec![ProblemError::RuleValue { what, value: least, range: "a share, 0 to 1" }]));
    }
    let mut found: Vec<Candidate> = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    for round in 0..ROUNDS {
        let effort = effort(options.solve.effort, round);
        for at in 0..count {
            let number = (round * count + at) as u64;
            let search = SolveOptions { seed: options.solve.seed.wrapping_add(number), effort };
            let solution = solve(problem, &search, &control.round(round).nth(at, count))?;
            // A plan of the search is one of the problem.
            if let Ok(plan) = Judged::new(problem, solution.assignment) {
                found.push(Candidate { plan, search, stopped: solution.stopped });
            }
            if control.stopped().is_some() {
                break;
            }
        }
        kept = choose(problem, &found, count, least);
        if kept.len() >= count || control.stopped().is_some() {
            break;
        }
    }
    control.report(1.0, "done");
    Ok(told(problem, found, &kept))
}

/// Share of the units that are in another territory in `b` than in `a`, whatever the territories are called: they are matched so that
/// as many units as can be stay where they are.
///
/// ```
/// # use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// # let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// # let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// # let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
/// #     .measure(Measure::new("calls", vec![1.0; 4]))
/// #     .build()?;
/// assert_eq!(territory::difference(&problem, &[0, 0, 1, 1], &[1, 1, 0, 0]), 0.0);
/// assert_eq!(territory::difference(&problem, &[0, 0, 1, 1], &[0, 1, 1, 1]), 0.25);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
pub fn difference(problem: &Problem, a: &[u32], b: &[u32]) -> f64 {
    let mut pairs: Vec<(u32, u32)> = a.iter().copied().zip(b.iter().copied()).collect();
    pairs.sort_unstable();
    let shared: Vec<(u32, u32, f64)> = pairs
        .chunk_by(|x, y| x == y)
        .filter_map(|same| same.first().map(|&(a, b)| (a, b, same.len() as f64)))
        .collect();
    let together = maximum_weight_matching(problem.k(), problem.k(), &shared).weight;
    1.0 - together / problem.units() as f64
}

/// A plan that was found.
struct Candidate {
    plan: Judged,
    search: SolveOptions,
    stopped: Stopped,
}

/// The effort of a round.
fn effort(asked: Effort, round: usize) -> Effort {
    if round < 2 { asked } else { Effort::Standard }
}

/// The best plans that differ from each other, as positions, the best first.
fn choose(problem: &Problem, found: &[Candidate], count: usize, least: f64) -> Vec<usize> {
    let scales = found.first().map(|first| scales(&first.plan.evaluation)).unwrap_or_default();
    let mut order: Vec<usize> = (0..found.len()).collect();
    // A stable sort: of equal plans the one with the smaller seed.
    order.sort_by(|&a, &b| found[a].plan.compare(&found[b].plan, problem, &scales));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let plan = &found[at].plan.assignment;
        let far = |&other: &usize| {
            let apart = difference(problem, plan, &found[other].plan.assignment);
            // Two equal plans are no choice, however little is asked.
            apart > 0.0 && apart >= least
        };
        if kept.len() < count && kept.iter().all(far) {
            kept.push(at);
        }
    }
    kept
}

/// The plans that are kept, with how they differ.
fn told(problem: &Problem, found: Vec<Candidate>, kept: &[usize]) -> Vec<Alternative> {
    let scales = kept.first().map(|&best| scales(&found[best].plan.evaluation)).unwrap_or_default();
    let plan = |&at: &usize| {
        let candidate = &found[at];
        let others = kept.iter().filter(|&&other| other != at);
        let apart = others.map(|&o| difference(problem, &candidate.plan.assignment, &found[o].plan.assignment));
        Alternative {
            assignment: candidate.plan.assignment.clone(),
            seed: candidate.search.seed,
            effort: candidate.search.effort,
            stopped: candidate.stopped,
            objective: relative_objective(&candidate.plan.evaluation, &scales),
            difference: apart.min_by(f64::total_cmp),
        }
    };
    kept.iter().map(plan).collect()
}
