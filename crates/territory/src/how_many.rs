//! How many territories it takes: the smallest k for which all bounds hold, or which keeps every unit within a distance of its
//! territory's centre, found by search; and why one less does not do, proved where there is a proof.
//!
//! Uses the facade and the evaluation; knows nothing of how either works.

use crate::control::{Control, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::evaluate::{BOUND_SLACK, Evaluation, diagnose, evaluate};
use crate::problem::{Measure, Problem, ProblemSpec};
use crate::solve::{Solution, SolveOptions, solve};
use crate::space::{Locations, squared_distance};
use std::collections::BTreeMap;

/// So many numbers that fail are tried one after the other; then steps double with each.
const ONE_BY_ONE: usize = 4;
/// Numbers that are proved impossible cost little: so many count as one that failed.
const CHEAP: usize = 16;
/// Distances that a pass over the units measures at most, to find those that lie apart.
const LOOKS: usize = 300_000_000;
/// By this share bounds are widened before they prove anything.
const WIDER: f64 = 2.0 * BOUND_SLACK;

/// What [`how_many`] looks for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HowManyOptions {
    /// How every number is tried.
    pub solve: SolveOptions,
    /// Fewest territories: as many as the rules name, for instance.
    pub least: usize,
    /// Most territories; there are never more than units.
    pub most: usize,
    /// Every unit lies within this distance of its territory's centre, km: the anchor where it has one, else the centroid.
    pub within_km: Option<f64>,
}

impl Default for HowManyOptions {
    fn default() -> Self {
        Self { solve: SolveOptions::default(), least: 1, most: usize::MAX, within_km: None }
    }
}

/// A number of territories with a plan of as many.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HowMany {
    /// The number.
    pub k: usize,
    /// The problem of k territories.
    pub problem: Problem,
    /// The plan that was found.
    pub solution: Solution,
    /// What the plan lacks, in words. None: it does all that is asked. Else no number was found for which a plan does, and this is
    /// the plan with the fewest faults, or one of the least number that is not impossible, even if that is more than asked for.
    pub lacks: Option<String>,
    /// Why one less does not do.
    pub below: Below,
    /// The numbers for which a plan was searched, ascending.
    pub tried: Vec<usize>,
}

/// Why k − 1 territories do not do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Below {
    /// Fewer were not asked for.
    NotAsked,
    /// No plan of k − 1 does, for this reason.
    Proved(String),
    /// None was found; what the best one lacks.
    NotFound(String),
}

impl Below {
    /// `not asked for`, `proved` or `not found at this effort`.
    pub const fn verdict(&self) -> &'static str {
        match self {
            Below::NotAsked => "not asked for",
            Below::Proved(_) => "proved",
            Below::NotFound(_) => "not found at this effort",
        }
    }

    /// The reason in words; empty where fewer were not asked for.
    pub fn reason(&self) -> &str {
        match self {
            Below::NotAsked => "",
            Below::Proved(reason) | Below::NotFound(reason) => reason,
        }
    }
}

/// Why [`how_many`] has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HowManyError<E> {
    /// The caller could not state the problem.
    #[error("{0}")]
    Spec(E),
    /// The problem is wrong whatever the number of territories.
    #[error("{0}")]
    Problem(ProblemErrors),
}

/// Finds the smallest number of territories for which all bounds hold and, where asked for, all units lie within a distance of
/// their centres. `spec_of` states the problem of k territories.
///
/// Numbers below the first that can be (totals over absolute maxima; units that lie too far from one another to share a
/// territory) are not tried. From there on the search goes up, one by one, after a few failures in longer steps, and then back
/// between the last that failed and the first that held; numbers that [`diagnose`] proves impossible cost no search. So k holds
/// and k − 1 does not, proved or as far as this effort finds. Where bounds hold again for still smaller numbers than one that
/// fails (as under a tolerance of coarse units), these may be passed over.
///
/// ```
/// use std::convert::Infallible;
/// use territory::{Control, HowManyOptions, Locations, Measure, ProblemSpec, Space, how_many};
/// use territory::adjacency::{Edge, EdgeKind, Graph};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// // A territory has time for five calls.
/// let mut calls = Measure::new("calls", vec![3.0, 2.0, 4.0, 1.0]).maximum(5.0);
/// calls.tolerance = f64::INFINITY;
/// let spec = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 1).measure(calls);
/// let spec_of = |k: usize| {
///     let mut of_k = ProblemSpec::new(spec.locations.clone(), spec.graph.clone(), k);
///     of_k.measures.clone_from(&spec.measures);
///     Ok::<_, Infallible>(of_k)
/// };
/// let found = how_many(spec_of, &HowManyOptions::default(), &Control::default())?;
/// assert!(found.lacks.is_none() && found.k == 2);
/// assert_eq!(found.below.verdict(), "proved");
/// assert_eq!(found.below.reason(), "1 territory of at most 5 cannot hold the 10 of calls");
/// # Ok::<(), territory::HowManyError<Infallible>>(())
/// ```
///
/// # Errors
/// What `spec_of` says, and faults of the problem that no number of territories cures.
pub fn how_many<E>(
    spec_of: impl FnMut(usize) -> Result<ProblemSpec, E>,
    options: &HowManyOptions,
    control: &Control<'_>,
) -> Result<HowMany, HowManyError<E>> {
    let mut search = Search { spec_of, options, control, known: BTreeMap::new(), found: None, nearest: None };
    let range = search.range()?;
    let mut failures = 0;
    let (mut low, mut k) = (range.least - 1, range.least);
    // Upwards until one holds. The last number is never skipped.
    while k <= range.most && search.found.is_none() && control.stopped().is_none() {
        let tried = search.tries();
        search.judge(k)?;
        if search.found.is_none() {
            failures += if search.tries() > tried { CHEAP } else { 1 };
            low = k;
            let step = 1usize << (failures / CHEAP).saturating_sub(ONE_BY_ONE).min(usize::BITS as usize / 2);
            k = if k < range.most { (k + step).min(range.most) } else { k + 1 };
        }
    }
    // Back down to where it ceases to hold.
    while let Some(high) = search.found.as_ref().map(|a| a.problem.k()).filter(|h| h - low > 1) {
        if control.stopped().is_some() {
            break;
        }
        let middle = low + (high - low) / 2;
        search.judge(middle)?;
        if !matches!(search.known.get(&middle), Some(Outcome::Holds)) {
            low = middle;
        }
    }
    search.finish(&range)
}

/// Numbers that are worth trying, and why none below the least is.
struct Range {
    least: usize,
    most: usize,
    below: Below,
    units: usize,
}

impl Range {
    /// Takes away what a measure's bounds leave no room for; `alike`: all territories have the same target.
    fn narrow(&mut self, m: &Measure, carried: f64, alike: bool) {
        if !m.per_km.is_empty() {
            // What it adds up to depends on the plan.
            return;
        }
        let total = m.values.iter().sum::<f64>() + carried;
        let largest = m.values.iter().copied().fold(0.0, f64::max);
        if let Some(maximum) = m.maximum.filter(|most| *most > 0.0) {
            let needed = (total / (maximum * (1.0 + WIDER))).ceil();
            if needed.is_finite() && needed as usize > self.least {
                self.least = needed as usize;
                let (fewer, maximum, total) = (territories(self.least - 1), figure(maximum), figure(total));
                self.below =
                    Below::Proved(format!("{fewer} of at most {maximum} cannot hold the {total} of {}", m.name));
            }
        }
        // More territories have smaller bounds: from some number on the largest unit fits none, or the minimum is too much.
        let fits = total * (1.0 + m.bound_tolerance()) * (1.0 + WIDER) / largest;
        let filled = m.minimum.filter(|least| *least > 0.0).map(|least| total * (1.0 + WIDER) / least);
        // A unit above the maximum fits none at all.
        let none = m.maximum.is_some_and(|maximum| largest > maximum * (1.0 + WIDER)).then_some(0.0);
        for most in filled.into_iter().chain(none).chain((alike && m.bound_tolerance().is_finite()).then_some(fits)) {
            if most.is_finite() {
                self.most = self.most.min(most.floor() as usize);
            }
        }
    }
}

/// What became of a number.
enum Outcome {
    Holds,
    Impossible(String),
    NotFound(String),
}

/// A plan that was found for a number.
struct Attempt {
    problem: Problem,
    solution: Solution,
    /// How many faults it has, and the first of them in words.
    faults: (usize, String),
}

struct Search<'a, F> {
    spec_of: F,
    options: &'a HowManyOptions,
    control: &'a Control<'a>,
    known: BTreeMap<usize, Outcome>,
    /// The one of the smallest number that holds.
    found: Option<Attempt>,
    /// The one with the fewest faults.
    nearest: Option<Attempt>,
}

impl<E, F: FnMut(usize) -> Result<ProblemSpec, E>> Search<'_, F> {
    /// What can be said without a search.
    fn range(&mut self) -> Result<Range, HowManyError<E>> {
        let asked = self.options.least.max(1);
        let spec = (self.spec_of)(asked).map_err(HowManyError::Spec)?;
        let units = spec.locations.len();
        let mut range = Range { least: asked, most: self.options.most.min(units), below: Below::NotAsked, units };
        // One territory is always like itself: those that would come next are asked for, too.
        let more =
            if asked < range.most { (self.spec_of)(asked + 1).map_err(HowManyError::Spec)? } else { spec.clone() };
        let first = spec.territories.first().map(|t| t.capacity);
        let alike = spec.territories.iter().chain(&more.territories).all(|t| Some(t.capacity) == first);
        for m in &spec.measures {
            let carried = spec.territories.iter().flat_map(|t| &t.carried).filter(|c| c.0 == m.name).map(|c| c.1).sum();
            range.narrow(m, carried, alike);
        }
        if let Some(km) = self.options.within_km {
            let apart = far_apart(&spec.locations, 2.0 * km);
            if apart > range.least {
                range.least = apart;
                range.below = Below::Proved(format!(
                    "{apart} units lie more than {} km from one another, so no two of them can be within {} km of one centre",
                    figure(2.0 * km),
                    figure(km)
                ));
            }
        }
        Ok(range)
    }

    /// Finds out about a number, once.
    fn judge(&mut self, k: usize) -> Result<(), HowManyError<E>> {
        if self.known.contains_key(&k) {
            return Ok(());
        }
        let outcome = match (self.spec_of)(k).map_err(HowManyError::Spec)?.build() {
            Err(errors) if errors.0.iter().all(depends_on_k) => Outcome::Impossible(errors.to_string()),
            Err(errors) => return Err(HowManyError::Problem(errors)),
            Ok(problem) => match diagnose(&problem).into_iter().next() {
                Some(finding) => Outcome::Impossible(finding.text),
                None => self.search(problem)?,
            },
        };
        self.known.insert(k, outcome);
        Ok(())
    }

    fn solve(&self, problem: &Problem) -> Result<Solution, HowManyError<E>> {
        solve(problem, &self.options.solve, &self.control.round(self.tries())).map_err(HowManyError::Problem)
    }

    /// Searches a plan.
    fn search(&mut self, problem: Problem) -> Result<Outcome, HowManyError<E>> {
        let solution = self.solve(&problem)?;
        let faults = self.faults(&problem, &solution.assignment);
        if faults.0 == 0 {
            self.found = Some(Attempt { problem, solution, faults });
            return Ok(Outcome::Holds);
        }
        let told = faults.1.clone();
        if self.nearest.as_ref().is_none_or(|nearest| faults.0 < nearest.faults.0) {
            self.nearest = Some(Attempt { problem, solution, faults });
        }
        Ok(Outcome::NotFound(told))
    }

    /// How many faults a plan has, and the first of them.
    fn faults(&self, problem: &Problem, assignment: &[u32]) -> (usize, String) {
        let evaluation = match evaluate(problem, assignment) {
            Ok(evaluation) => evaluation,
            Err(error) => return (usize::MAX, error.to_string()),
        };
        let far = self.options.within_km.map_or(Vec::new(), |km| too_far(problem, assignment, &evaluation, km));
        let count = evaluation.violations.len() + far.len();
        // Territories are not named: those of a plan that is not kept are nobody's.
        let text = match (evaluation.violations.first(), far.first()) {
            (Some(v), _) => {
                let of = v
                    .measure
                    .and_then(|m| evaluation.measures.get(m))
                    .map_or(String::new(), |m| format!("{} ", m.name));
                let (kind, value, bound) = (v.kind.name().replace('_', " "), figure(v.value), figure(v.bound));
                format!("{kind}: {of}{value} (bound {bound})")
            }
            (None, Some(&(unit, km))) => {
                format!("unit {} lies {} km from the centre of its territory", problem.unit_name(unit), figure(km))
            }
            (None, None) => String::new(),
        };
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        (count, text + &more)
    }

    /// Numbers for which a plan was searched.
    fn tries(&self) -> usize {
        self.known.values().filter(|o| !matches!(o, Outcome::Impossible(_))).count()
    }

    fn finish(mut self, range: &Range) -> Result<HowMany, HowManyError<E>> {
        let stopped = self.control.stopped();
        let attempt = match self.found.take().or_else(|| self.nearest.take()) {
            Some(attempt) => attempt,
            // Nothing is possible: the plan of the least number shows what is in the way.
            None => {
                let spec = (self.spec_of)(range.least.min(range.units)).map_err(HowManyError::Spec)?;
                let problem = spec.build().map_err(HowManyError::Problem)?;
                let solution = self.solve(&problem)?;
                let faults = self.faults(&problem, &solution.assignment);
                Attempt { problem, solution, faults }
            }
        };
        let k = attempt.problem.k();
        let below = match self.known.get(&(k - 1)) {
            _ if k <= range.least => range.below.clone(),
            Some(Outcome::Impossible(reason)) => Below::Proved(reason.clone()),
            Some(Outcome::NotFound(reason)) => Below::NotFound(reason.clone()),
            _ if stopped.is_some() => Below::NotFound("the search was stopped before it was tried".to_owned()),
            _ => Below::NotFound("it was not tried".to_owned()),
        };
        let searched = |o: &(&usize, &Outcome)| !matches!(o.1, Outcome::Impossible(_));
        let tried = self.known.iter().filter(searched).map(|o| *o.0).collect();
        let mut solution = attempt.solution;
        solution.stopped = stopped.unwrap_or(match solution.stopped {
            Stopped::Time | Stopped::Cancelled => Stopped::Steps,
            other => other,
        });
        let most = self.options.most;
        let lacks = if k > most {
            Some(format!("{k} territories where at most {most} were asked for"))
        } else {
            (attempt.faults.0 > 0).then_some(attempt.faults.1)
        };
        self.control.report(1.0, "done");
        Ok(HowMany { k, problem: attempt.problem, solution, lacks, below, tried })
    }
}

/// Whether another number of territories may cure a fault.
fn depends_on_k(error: &ProblemError) -> bool {
    matches!(
        error,
        ProblemError::EmptyBounds { .. }
            | ProblemError::MoreTerritoriesThanUnits { .. }
            | ProblemError::FewerTerritoriesThanComponents { .. }
            | ProblemError::ApartImpossible { .. }
            | ProblemError::Unfillable { .. }
            | ProblemError::RulesContradict
            | ProblemError::NowhereAllowed { .. }
            | ProblemError::TogetherNowhere { .. }
    )
}

/// Units beyond `km` of their territory's centre with their distances, the farthest first.
fn too_far(problem: &Problem, assignment: &[u32], evaluation: &Evaluation, km: f64) -> Vec<(usize, f64)> {
    let space = problem.locations().space();
    let centre = |t: usize| {
        let centroid = evaluation.territories.get(t).and_then(|t| t.centroid);
        problem.anchor(t).or_else(|| centroid.map(|c| space.locate(c)))
    };
    let centres: Vec<Option<[f64; 3]>> = (0..problem.k()).map(centre).collect();
    let distance = |(unit, &t): (usize, &u32)| {
        let centre = centres.get(t as usize).copied().flatten()?;
        let far = space.distance_km(problem.locations().points()[unit], centre);
        (far > km * (1.0 + BOUND_SLACK)).then_some((unit, far))
    };
    let mut far: Vec<(usize, f64)> = assignment.iter().enumerate().filter_map(distance).collect();
    far.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    far
}

/// How many units, at least, lie more than `km` from one another: the most that a few greedy passes find, along each axis and
/// inwards from the farthest.
fn far_apart(locations: &Locations, km: f64) -> usize {
    let (points, space) = (locations.points(), locations.space());
    let mean = [0, 1, 2].map(|i| points.iter().map(|p| p[i]).sum::<f64>() / points.len().max(1) as f64);
    let key = |p: &[f64; 3], pass: usize| p.get(pass).copied().unwrap_or_else(|| -squared_distance(*p, mean));
    let pass = |pass: usize| {
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by(|&a, &b| key(&points[a], pass).total_cmp(&key(&points[b], pass)).then(a.cmp(&b)));
        let mut chosen: Vec<[f64; 3]> = Vec::new();
        let mut looks = 0;
        for unit in order {
            // Those that were found are apart, however many more there are.
            looks += chosen.len();
            if looks > LOOKS {
                break;
            }
            let far = |c: &[f64; 3]| space.distance_km(*c, points[unit]) > km * (1.0 + WIDER);
            if chosen.iter().all(far) {
                chosen.push(points[unit]);
            }
        }
        chosen.len()
    };
    (0..=3).map(pass).max().unwrap_or(0)
}

/// A figure in few digits.
fn figure(value: f64) -> String {
    if value.abs() >= 1000.0 || value == value.trunc() {
        return format!("{value:.0}");
    }
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn territories(n: usize) -> String {
    if n == 1 { "1 territory".to_owned() } else { format!("{n} territories") }
}

#[cfg(test)]
mod tests;
