//! The facade: one call from a problem to a plan.

use crate::control::{Control, Effort, Stopped};
use crate::error::ProblemErrors;
use crate::evaluate::{ViolationKind, evaluate};
use crate::exact::{Exact, TINY, try_all};
use crate::problem::{Problem, any_assignment};
use crate::quality::{Judged, scales};
use crate::search::run;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Options of [`solve`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SolveOptions {
    /// Start of every random stream: the same seed gives the same plan, on any number of threads.
    pub seed: u64,
    /// How long to search.
    pub effort: Effort,
}

/// A complete plan and why the search for it ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Solution {
    /// Territory of every unit, below k; every territory has a unit at least.
    pub assignment: Vec<u32>,
    /// Why the search ended.
    pub stopped: Stopped,
}

/// Splits the problem's units into exactly k contiguous territories inside the bounds, as compact as the effort finds.
///
/// A problem whose bounds cannot be met is no error: the plan nearest to them is returned, and
/// [`crate::evaluate::evaluate`] tells what is violated and why.
///
/// # Errors
/// Rules that contradict each other, all of them named.
pub fn solve(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> Result<Solution, ProblemErrors> {
    let (mut assignment, stopped) =
        if problem.has_wishes() { with_wishes(problem, options, control) } else { search(problem, options, control) };
    // Of a tiny problem whose bounds the search missed, or whose rules cut its territories, all plans are tried.
    if problem.units() <= TINY
        && let Ok(found) = evaluate(problem, &assignment)
        && !found.violations.is_empty()
    {
        // Contiguity stands above bounds.
        let exact = match try_all(problem, true) {
            Exact::None if !found.contiguous => try_all(problem, false),
            exact => exact,
        };
        let stands_above = [ViolationKind::Empty, ViolationKind::Lock, ViolationKind::NotAllowed, ViolationKind::Apart];
        if let Exact::Best(plan) = exact {
            // Trying all plans knows neither distances of centres nor wishes.
            let judged = |plan: &[u32]| Judged::new(problem, plan.to_vec());
            if let (Ok(exact), Ok(own)) = (judged(&plan), judged(&assignment))
                && exact.compare(&own, problem, &scales(&own.evaluation)) == Ordering::Less
            {
                assignment = plan;
            }
        } else if found.violations.iter().any(|v| stands_above.contains(&v.kind))
            && let Some(plan) = any_assignment(problem)
        {
            // Rules stand above contiguity.
            assignment = plan;
        }
    }
    control.report(1.0, "done");
    Ok(Solution { assignment, stopped })
}

/// The better of two plans: one whose search weighs the wishes against compactness, and one of a search that takes them for bounds,
/// which carries loads over any distance to meet them.
fn with_wishes(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> (Vec<u32>, Stopped) {
    let (weighed, stopped) = search(problem, options, &control.part(0.0, 0.5));
    let mut spec = problem.spec().clone();
    spec.measures.iter_mut().for_each(|m| m.wish = None);
    // Bounds between which there is nothing, beside those of a territory, may well be wished for.
    let (None, Ok(bound)) = (control.stopped(), spec.build()) else { return (weighed, stopped) };
    let (met, stopped) = search(&bound, options, &control.part(0.5, 1.0));
    let judged = |plan: &[u32]| Judged::new(problem, plan.to_vec());
    let better = match (judged(&weighed), judged(&met)) {
        (Ok(weighed), Ok(met)) => met.compare(&weighed, problem, &scales(&weighed.evaluation)) == Ordering::Less,
        _ => false,
    };
    (if better { met } else { weighed }, stopped)
}

fn search(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> (Vec<u32>, Stopped) {
    if problem.has_anchored() { in_rounds(problem, options, control) } else { run(problem, options, control) }
}

/// What anchored measures add up to depends on the plan, and so do their targets: the search goes by those of the plan before, until
/// the bounds hold by the plan's own. The best plan of all rounds, by its own targets.
fn in_rounds(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> (Vec<u32>, Stopped) {
    let mut best: Option<Judged> = None;
    let mut settled = Cow::Borrowed(problem);
    let mut stopped = Stopped::Steps;
    for round in 0..ROUNDS {
        let (assignment, why) = run(&settled, options, &control.round(round));
        stopped = why;
        let next = problem.settled(&assignment).into_owned();
        let moved = |m: usize| (next.total(m) / settled.total(m) - 1.0).abs();
        // All plans of tiny problems are tried anyway.
        let ends = problem.units() <= TINY || (0..problem.measures().len()).all(|m| moved(m) < SETTLED);
        settled = Cow::Owned(next);
        let Ok(found) = Judged::new(problem, assignment.clone()) else { return (assignment, stopped) };
        let holds = found.evaluation.violations.is_empty();
        let better = |best: &Judged| found.compare(best, problem, &scales(&best.evaluation)) == Ordering::Less;
        if best.as_ref().is_none_or(better) {
            best = Some(found);
        }
        if holds || ends || control.stopped().is_some() {
            break;
        }
    }
    (best.map(|plan| plan.assignment).unwrap_or_default(), stopped)
}

/// Rounds by which targets of anchored measures have settled, or will not.
const ROUNDS: usize = 4;
/// Change of a total that moves no bound to speak of.
const SETTLED: f64 = 1e-4;
