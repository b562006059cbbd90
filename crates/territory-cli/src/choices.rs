//! Several plans to choose from: alternatives that differ, or a frontier of balance against what it costs. The first is the plan that all
//! outputs are of; the others are written beside it, under its name with a number.

use crate::args::{self, Command};
use crate::columns::aligned;
use crate::failure::Failure;
use crate::run::Prepared;
use crate::session::Session;
use crate::summary::{number, percent};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use territory::evaluate::{Evaluation, evaluate};
use territory::flow::maximum_weight_matching;
use territory::{
    AlternativesOptions, Frontier, FrontierPoint, Problem, Solution, SolveOptions, Stopped, alternatives,
    compactness_frontier, difference, solve,
};

/// Searches for a frontier.
pub(crate) const POINTS: usize = 9;

/// Plans that were found: the one that all outputs are of, then those beside it.
pub(crate) struct Found {
    pub(crate) plans: Vec<Vec<u32>>,
    pub(crate) stopped: Stopped,
    pub(crate) kind: Kind,
}

/// What there is to choose.
pub(crate) enum Kind {
    /// Nothing.
    One,
    /// One search per plan.
    Alternatives {
        asked: usize,
        least: f64,
        searches: Vec<SolveOptions>,
    },
    Frontier {
        axis: Axis,
        points: Vec<Point>,
    },
}

/// What a frontier sets against balance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Disruption,
    Compactness,
}

/// A plan on a frontier.
pub(crate) struct Point {
    /// Position among the plans.
    plan: usize,
    tolerance: f64,
    balance: f64,
    cost: f64,
}

/// The plans beside the first, and how all compare.
pub(crate) struct Choices<'a> {
    others: Vec<(PathBuf, &'a [u32])>,
    table: String,
    report: ChoicesReport,
}

/// What the report says of the plans.
#[derive(Debug, Serialize)]
pub(crate) struct ChoicesReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    alternatives: Option<Vec<AlternativeReport>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frontier: Option<FrontierReport>,
}

#[derive(Debug, Serialize)]
struct AlternativeReport {
    #[serde(flatten)]
    plan: PlanReport,
    seed: u64,
    effort: &'static str,
    /// Share of the units that are in another territory in the nearest of the other plans.
    difference: Option<f64>,
}

#[derive(Debug, Serialize)]
struct FrontierReport {
    kind: &'static str,
    /// What `cost` is.
    cost: String,
    points: Vec<PointReport>,
}

#[derive(Debug, Serialize)]
struct PointReport {
    #[serde(flatten)]
    plan: PlanReport,
    asked: bool,
    tolerance: Option<f64>,
    balance: f64,
    cost: f64,
}

/// A plan in a few figures.
#[derive(Clone, Debug, Serialize)]
struct PlanReport {
    /// The file that it stands in.
    plan: Option<String>,
    contiguous: bool,
    violations: usize,
    max_deviations: BTreeMap<String, f64>,
    inertia_km2: f64,
    cut_edges: usize,
}

impl Found {
    pub(crate) fn one(solution: Solution) -> Self {
        Self::one_plan(solution.assignment, solution.stopped)
    }

    pub(crate) fn one_plan(plan: Vec<u32>, stopped: Stopped) -> Self {
        Self { plans: vec![plan], stopped, kind: Kind::One }
    }

    /// The plan that was asked for, and the points of a frontier.
    pub(crate) fn frontier<T>(frontier: Frontier<T>, axis: Axis, asked: impl Fn(T) -> (Vec<u32>, Stopped)) -> Self {
        let (plan, stopped) = asked(frontier.asked);
        let mut plans = vec![plan];
        let point = |point: FrontierPoint| {
            let FrontierPoint { assignment, tolerance, balance, cost, asked, .. } = point;
            if !asked {
                plans.push(assignment);
            }
            Point { plan: if asked { 0 } else { plans.len() - 1 }, tolerance, balance, cost }
        };
        let points = frontier.points.into_iter().map(point).collect();
        Self { plans, stopped, kind: Kind::Frontier { axis, points } }
    }
}

/// Searches one plan, or as many as were asked for.
pub(crate) fn search(
    prepared: &Prepared,
    problem: &Problem,
    a: &args::Solve,
    options: SolveOptions,
    session: &Session,
) -> Result<Found, Failure> {
    let limit = a.search.goal.time_limit;
    let failed = |e| prepared.problem_failure(&e);
    if let Some(count) = a.search.alternatives.filter(|&n| n > 1) {
        let mut wanted =
            AlternativesOptions { solve: options, count: count as usize, ..AlternativesOptions::default() };
        wanted.least_difference = a.search.least_difference.unwrap_or(wanted.least_difference);
        let found = session.search(limit, |control| alternatives(problem, &wanted, control)).map_err(failed)?;
        let stopped = found.first().map_or(Stopped::Converged, |first| first.stopped);
        let searches = found.iter().map(|plan| SolveOptions { seed: plan.seed, effort: plan.effort }).collect();
        let kind = Kind::Alternatives { asked: wanted.count, least: wanted.least_difference, searches };
        return Ok(Found { plans: found.into_iter().map(|plan| plan.assignment).collect(), stopped, kind });
    }
    if a.search.frontier.is_some() {
        let found = session.search(limit, |control| compactness_frontier(problem, &options, POINTS, control));
        let asked = |solution: Solution| (solution.assignment, solution.stopped);
        return Ok(Found::frontier(found.map_err(failed)?, Axis::Compactness, asked));
    }
    session.search(limit, |control| solve(problem, &options, control)).map(Found::one).map_err(failed)
}

/// The paths of plans beside the first that a command may write.
pub(crate) fn paths(command: &Command) -> Result<Vec<PathBuf>, Failure> {
    let (out, count, option) = match command {
        Command::Solve(a) if a.search.frontier.is_some() => (&a.outputs.out, POINTS, "--frontier"),
        Command::Solve(a) => (&a.outputs.out, a.search.alternatives.unwrap_or(1) as usize, "--alternatives"),
        Command::Realign(a) if a.change.frontier.is_some() => (&a.outputs.out, POINTS, "--frontier"),
        _ => return Ok(Vec::new()),
    };
    match out {
        Some(path) if path.as_os_str() == "-" && count > 1 => Err(Failure::Arguments(format!(
            "{option} writes several plans, but --out is standard output: give a file name"
        ))),
        Some(path) => Ok((2..=count).map(|n| numbered(path, n)).collect()),
        None => Ok(Vec::new()),
    }
}

/// `PLAN-2.geojson` for `PLAN.geojson`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}-{number}{extension}"))
}

impl<'a> Choices<'a> {
    /// How the plans compare; none where there is nothing to choose.
    pub(crate) fn new(
        prepared: &mut Prepared,
        problem: &Problem,
        plans: &'a [Vec<u32>],
        kind: Kind,
        out: Option<&Path>,
    ) -> Result<Option<Self>, Failure> {
        let file = |at: usize| out.map(|path| if at == 0 { path.to_owned() } else { numbered(path, at + 1) });
        let judged: Vec<Evaluation> = plans
            .iter()
            .map(|plan| evaluate(problem, plan))
            .collect::<Result<_, _>>()
            .map_err(|e| Failure::Other(e.to_string()))?;
        let plan = |at: usize| PlanReport::new(&judged[at], file(at).map(|path| path.display().to_string()));
        let (table, report) = match kind {
            Kind::One => return Ok(None),
            Kind::Alternatives { asked, least, searches } => {
                if plans.len() < asked {
                    prepared.units.notes.push(format!(
                        "{} of {asked} alternatives: no more plans were found that differ in {} of the units (--least-difference asks for less)",
                        plans.len(),
                        percent(least)
                    ));
                }
                let nearest = |at: usize| {
                    let others = (0..plans.len()).filter(|&other| other != at);
                    others.map(|other| difference(problem, &plans[at], &plans[other])).min_by(f64::total_cmp)
                };
                let report = |(at, search): (usize, SolveOptions)| AlternativeReport {
                    plan: plan(at),
                    seed: search.seed,
                    effort: search.effort.name(),
                    difference: nearest(at),
                };
                let alternatives: Vec<AlternativeReport> = searches.into_iter().enumerate().map(report).collect();
                let table = alternatives_table(problem, &alternatives);
                (table, ChoicesReport { alternatives: Some(alternatives), frontier: None })
            }
            Kind::Frontier { axis, points } => {
                let report = |point: Point| PointReport {
                    plan: plan(point.plan),
                    asked: point.plan == 0,
                    tolerance: point.tolerance.is_finite().then_some(point.tolerance),
                    balance: point.balance,
                    cost: point.cost,
                };
                let points: Vec<PointReport> = points.into_iter().map(report).collect();
                if !points.iter().any(|point| point.asked) {
                    prepared.units.notes.push(
                        "the plan by the tolerances asked for is not on the frontier: another is better balanced and costs no more".to_owned(),
                    );
                }
                let table = frontier_table(problem, axis, &points);
                let frontier = FrontierReport { kind: axis.name(), cost: axis.cost(problem), points };
                (table, ChoicesReport { alternatives: None, frontier: Some(frontier) })
            }
        };
        let others = plans.iter().enumerate().skip(1).filter_map(|(at, plan)| Some((file(at)?, plan.as_slice())));
        Ok(Some(Self { others: others.collect(), table, report }))
    }

    /// The plans beside the first, with their files.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&PathBuf, &[u32])> {
        self.others.iter().map(|(path, plan)| (path, *plan))
    }

    pub(crate) fn report(&self) -> &ChoicesReport {
        &self.report
    }

    /// The plans side by side.
    pub(crate) fn table(&self) -> String {
        format!("\n{}", self.table)
    }
}

impl Axis {
    fn name(self) -> &'static str {
        match self {
            Axis::Disruption => "disruption",
            Axis::Compactness => "compactness",
        }
    }

    /// What a plan's cost is.
    fn cost(self, problem: &Problem) -> String {
        let weight = problem.measures().get(problem.weight()).map_or("", |m| m.name.as_str());
        match self {
            Axis::Disruption => format!("share of {weight} that changes territory"),
            Axis::Compactness => "objective, that of the plan asked for is 1".to_owned(),
        }
    }
}

impl PlanReport {
    fn new(evaluation: &Evaluation, plan: Option<String>) -> Self {
        Self {
            plan,
            contiguous: evaluation.contiguous,
            violations: evaluation.violations.len(),
            max_deviations: evaluation.measures.iter().map(|m| (m.name.clone(), m.fairness.max_deviation)).collect(),
            inertia_km2: evaluation.inertia_km2,
            cut_edges: evaluation.cut.edges,
        }
    }

    /// Its name or number, its worst deviations.
    fn cells(&self, problem: &Problem, at: usize) -> Vec<String> {
        let worst = problem.measures().iter().map(|m| self.max_deviations.get(&m.name).map(|&d| percent(d)));
        let name = self.plan.clone().unwrap_or_else(|| (at + 1).to_string());
        std::iter::once(name).chain(worst.map(Option::unwrap_or_default)).collect()
    }

    /// How compact it is, and how much it violates.
    fn shape(&self) -> [String; 3] {
        let km = self.inertia_km2.max(0.0).sqrt();
        [format!("{km:.1}"), number(self.cut_edges as f64), self.violations.to_string()]
    }
}

const SHAPE: [&str; 3] = ["km from the centres", "links cut", "violations"];

fn head(problem: &Problem, first: &str, more: &[&str]) -> Vec<String> {
    let measures = problem.measures().iter().map(|m| format!("worst of {}", m.name));
    let more = more.iter().chain(&SHAPE).map(|&name| name.to_owned());
    std::iter::once(first.to_owned()).chain(measures).chain(more).collect()
}

fn alternatives_table(problem: &Problem, alternatives: &[AlternativeReport]) -> String {
    let row = |(at, alternative): (usize, &AlternativeReport)| {
        let mut cells = alternative.plan.cells(problem, at);
        cells.push(alternative.difference.map_or("–".to_owned(), percent));
        cells.extend(alternative.plan.shape());
        cells
    };
    let rows: Vec<Vec<String>> = alternatives.iter().enumerate().map(row).collect();
    aligned(&head(problem, "alternative", &["differs by"]), &rows)
}

fn frontier_table(problem: &Problem, axis: Axis, points: &[PointReport]) -> String {
    let row = |(at, point): (usize, &PointReport)| {
        let mut cells = point.plan.cells(problem, at);
        cells.push(match axis {
            Axis::Disruption => percent(point.cost),
            Axis::Compactness => format!("{:.3}", point.cost),
        });
        cells.extend(point.plan.shape());
        if point.asked {
            cells.push("← asked for".to_owned());
        }
        cells
    };
    let rows: Vec<Vec<String>> = points.iter().enumerate().map(row).collect();
    let cost = match axis {
        Axis::Disruption => "changes",
        Axis::Compactness => "objective",
    };
    aligned(&head(problem, "frontier", &[cost]), &rows)
}

/// Plans whose territories that no rule tells apart are named alike: the first by first units, the others so that most units have the name
/// they have in the first. Such territories are alike but for their names, so no figure changes.
pub(crate) fn named_alike(plans: Vec<Vec<u32>>, alike: &[bool]) -> Vec<Vec<u32>> {
    let mut plans = plans.into_iter();
    let first = plans.next().map(|plan| by_first_unit(plan, alike));
    let Some(first) = first else { return Vec::new() };
    let others: Vec<Vec<u32>> = plans.map(|plan| as_in(&first, plan, alike)).collect();
    std::iter::once(first).chain(others).collect()
}

/// The territories that are alike in the order of their first units.
fn by_first_unit(assignment: Vec<u32>, alike: &[bool]) -> Vec<u32> {
    let mut number = vec![u32::MAX; alike.len()];
    let mut next = (0u32..).zip(alike).filter(|(_, alike)| **alike).map(|(t, _)| t);
    let renumber = |territory: u32| match number.get_mut(territory as usize) {
        Some(number) => {
            if *number == u32::MAX {
                let like_others = alike[territory as usize];
                *number = like_others.then(|| next.next()).flatten().unwrap_or(territory);
            }
            *number
        }
        None => territory,
    };
    assignment.into_iter().map(renumber).collect()
}

/// The territories that are alike under the numbers that most of their units have in another plan.
fn as_in(other: &[u32], plan: Vec<u32>, alike: &[bool]) -> Vec<u32> {
    let like_others = |t: u32| alike.get(t as usize).copied().unwrap_or(false);
    let mut pairs: Vec<(u32, u32)> = plan.iter().copied().zip(other.iter().copied()).collect();
    pairs.retain(|&(own, other)| like_others(own) && like_others(other));
    pairs.sort_unstable();
    let shared: Vec<(u32, u32, f64)> = pairs
        .chunk_by(|a, b| a == b)
        .filter_map(|same| Some((same.first()?.0, same.first()?.1, same.len() as f64)))
        .collect();
    let matching = maximum_weight_matching(alike.len(), alike.len(), &shared);
    let mut free = (0u32..).zip(&matching.row_of).filter(|&(t, row)| like_others(t) && row.is_none()).map(|(t, _)| t);
    let number = |(t, column): (u32, &Option<u32>)| {
        if like_others(t) { column.or_else(|| free.next()).unwrap_or(t) } else { t }
    };
    let numbers: Vec<u32> = (0u32..).zip(&matching.column_of).map(number).collect();
    plan.into_iter().map(|t| numbers.get(t as usize).copied().unwrap_or(t)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn territories_are_numbered_by_first_unit() {
        assert_eq!(by_first_unit(vec![2, 0, 2, 1, 0], &[true; 3]), [0, 1, 0, 2, 1]);
        assert_eq!(by_first_unit(vec![2, 0, 2, 1, 0], &[true, false, true]), [0, 2, 0, 1, 2], "1 is told apart");
    }

    #[test]
    fn other_plans_are_named_as_the_first() {
        let plans = vec![vec![0, 0, 1, 1, 2], vec![1, 1, 2, 0, 0]];
        assert_eq!(named_alike(plans.clone(), &[true; 3]), [[0, 0, 1, 1, 2], [0, 0, 1, 2, 2]]);
        let told_apart = named_alike(plans, &[true, false, true]);
        assert_eq!(told_apart[0], [0, 0, 1, 1, 2]);
        assert_eq!(told_apart[1], [1, 1, 0, 2, 2], "1 keeps its name");
    }

    #[test]
    fn files_are_numbered_before_their_extension() {
        assert_eq!(numbered(Path::new("a/plan.v1.geojson"), 2), Path::new("a/plan.v1-2.geojson"));
        assert_eq!(numbered(Path::new("plan"), 3), Path::new("plan-3"));
    }
}
