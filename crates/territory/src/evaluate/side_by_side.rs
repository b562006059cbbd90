//! Fairness and compactness of two plans over the same units, by the same measures, side by side.

use super::assignment::{AssignmentError, DisjointSets, Members};
use super::compare::{Comparison, NO_TERRITORY, PlanNames, check};
use super::evaluation::Cut;
use super::fairness::{Fairness, fairness};
use super::territories::Centre;
use crate::problem::Problem;

/// A plan in a few figures, which need not be complete.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlanFigures {
    /// Number of territories.
    pub k: usize,
    /// Units that have one.
    pub units: usize,
    /// Whether every territory has units and is in one piece.
    pub contiguous: bool,
    /// Per measure. Targets are shares of what the plan's units have, after capacities.
    pub measures: Vec<Fairness>,
    /// Mean squared distance of the weight from its territory's centroid, in km².
    pub inertia_km2: f64,
    /// The links between territories.
    pub cut: Cut,
}

/// Figures of the plan `before` and of the plan `after` of `problem`, which `comparison` compares, in the measures that the problem has.
/// A territory before has the capacity and the carried load of the one that goes on from it, one that is no more the mean capacity.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// use territory::evaluate::{PlanNames, compare, side_by_side};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 4]))
///     .build()?;
/// let names = ["West".to_owned(), "East".to_owned()];
/// let before = PlanNames { assignment: &[0, 0, 0, 1], names: &names };
/// let comparison = compare(&problem, before, &[0, 0, 1, 1])?;
/// let [old, new] = side_by_side(&problem, before, &[0, 0, 1, 1], &comparison)?;
/// assert_eq!((old.measures[0].max_deviation, new.measures[0].max_deviation), (0.5, 0.0));
/// assert_eq!((old.inertia_km2, new.inertia_km2), (0.5, 0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A plan of another length, or with a territory that there is not.
pub fn side_by_side(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
    comparison: &Comparison,
) -> Result<[PlanFigures; 2], AssignmentError> {
    check(problem, before)?;
    let mut goes_on: Vec<Option<usize>> = vec![None; before.names.len()];
    for (t, b) in comparison.matched.iter().enumerate().filter_map(|(t, b)| Some((t, (*b)?))) {
        if let Some(slot) = goes_on.get_mut(b.index()).filter(|_| t < problem.k()) {
            *slot = Some(t);
        }
    }
    let itself: Vec<Option<usize>> = (0..problem.k()).map(Some).collect();
    let (old, new) =
        crate::parallel::join(|| figures(problem, before.assignment, &goes_on), || figures(problem, after, &itself));
    Ok([old?, new?])
}

/// `same` says for every territory of the plan which one of the problem it is.
fn figures(problem: &Problem, assignment: &[u32], same: &[Option<usize>]) -> Result<PlanFigures, AssignmentError> {
    let k = same.len();
    // Units without a territory are one more, which counts for nothing.
    let known: Vec<u32> = assignment.iter().map(|&t| if t == NO_TERRITORY { k as u32 } else { t }).collect();
    let members = Members::new(problem.units(), k + 1, &known, |unit| problem.unit_name(unit))?;
    let capacity = |t: &Option<usize>| t.and_then(|t| problem.territories().get(t)).map(|t| t.capacity);
    let mean = problem.territories().iter().map(|t| t.capacity).sum::<f64>() / problem.k() as f64;
    let capacities: Vec<f64> = same.iter().map(|t| capacity(t).unwrap_or(mean)).collect();
    let all: f64 = capacities.iter().sum();
    let of_measure = |m: usize| {
        let values = &problem.measures()[m].values;
        let load = |t: usize, u: u32| match same[t] {
            Some(t) => problem.load(m, u as usize, t),
            None => values[u as usize],
        };
        let sum = |t: usize| members.get(t).iter().map(|&u| load(t, u)).sum::<f64>();
        let carried = |t: usize| same[t].map_or(0.0, |t| problem.carried(t, m));
        let sums: Vec<f64> = (0..k).map(|t| sum(t) + carried(t)).collect();
        let total: f64 = sums.iter().sum();
        let targets: Vec<f64> = capacities.iter().map(|c| total * c / all).collect();
        fairness(&sums, &targets)
    };
    let (cut, pieces) = links(problem, &known, k);
    let weights = &problem.measures()[problem.weight()].values;
    let (mut moment, mut mass) = (0.0, 0.0);
    for t in 0..k {
        let total = members.get(t).iter().map(|&u| weights[u as usize]).sum::<f64>();
        if total > 0.0 {
            (moment, mass) = (moment + Centre::of(problem, members.get(t), total).moment, mass + total);
        }
    }
    Ok(PlanFigures {
        k,
        units: problem.units() - members.get(k).len(),
        contiguous: pieces.iter().all(|&pieces| pieces == 1),
        measures: (0..problem.measures().len()).map(of_measure).collect(),
        inertia_km2: if mass > 0.0 { moment / mass } else { 0.0 },
        cut,
    })
}

/// The links between territories, and the pieces of each.
fn links(problem: &Problem, known: &[u32], k: usize) -> (Cut, Vec<usize>) {
    let none = k as u32;
    let (mut cut, mut sets) = (Cut::default(), DisjointSets::new(known.len()));
    for e in problem.graph().edges() {
        let (a, b) = (known[e.a as usize], known[e.b as usize]);
        if a == b {
            sets.union(e.a, e.b);
        } else if a != none && b != none {
            cut.edges += 1;
            cut.weight += f64::from(e.weight);
            cut.border_km += f64::from(e.border_km);
        }
    }
    let mut pieces = vec![0; k];
    for unit in (0..known.len() as u32).filter(|&unit| known[unit as usize] != none) {
        pieces[known[unit as usize] as usize] += usize::from(sets.find(unit) == unit);
    }
    (cut, pieces)
}
