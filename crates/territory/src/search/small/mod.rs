//! Small problems to the best plan there is, and the terms that are measured from members at any size.
//!
//! Contiguity is hard; bounds are a penalty, linear in the violation, that keeps the search about them: a plan at its bounds is
//! reached from both sides. Moves are single units, bundles, swaps ([`walk`]) and merging two territories to split them anew
//! ([`split`]). A *line* is a series of anneals, ended by combinations of moves ([`combine`]); where there are many territories
//! only the best plan of all is, and none where links alone count. Fresh starts choose the basin (unless the plan's regions were
//! drawn anew), reheats of the best plans close it. Where territories have few units, anneals are short and many, hot to the end
//! while the penalty rises. Lines lie in
//! lanes; lanes of a round are independent, and what they found is combined in index order ([`pool`]). The search ends when
//! several fresh lines agree on the best value (not where links alone count and territories have many units), or when reheats
//! bring nothing: both are counted, no clock is asked.
//!
//! A problem that is not small keeps its basin: the plan it comes with is reheated in one lane, so that medoids and borders
//! fit each other.

mod anneal;
mod books;
mod combine;
mod effort;
mod pool;
mod prices;
mod split;
mod terms;
#[cfg(test)]
mod tests;
mod walk;

use super::diameter::layout;
use super::instance::Instance;
use super::random::Random;
use crate::control::{Control, Effort};
use crate::problem::Problem;
use crate::solve::SolveOptions;
use anneal::{Best, Schedule, anneal};
use books::{Books, TermScales};
use combine::{Combiner, SETS_OF_LINE, SETS_OF_SEARCH};
use effort::{Anneals, SMALL};
use pool::Pool;
use terms::MemberTerms;
use walk::Walker;

/// Random streams by phase.
const LANE: u64 = 21;
const START: u64 = 22;

/// Whether this search is the one for a problem (or a part of it) at an effort.
pub(super) fn applies(problem: &Problem, instance: &Instance, effort: Effort) -> bool {
    let objective = problem.objective();
    let (n, k) = (instance.len(), instance.k());
    if objective.diameter > 0.0 || k < 2 || k == n {
        return false;
    }
    let from_members = objective.inertia_medoid > 0.0 || objective.median > 0.0;
    match effort {
        Effort::Quick => false,
        Effort::Standard => from_members,
        Effort::Thorough => from_members || n <= SMALL,
    }
}

/// Improves `parts`, a contiguous plan, whose regions may have been `renewed`; what comes back violates no more, and is no worse
/// by the objective.
pub(super) fn run(
    problem: &Problem,
    instance: &Instance,
    (parts, renewed): (Vec<u32>, bool),
    options: &SolveOptions,
    control: &Control<'_>,
) -> Vec<u32> {
    let terms = MemberTerms::new(problem, instance);
    let scales = TermScales::of(instance, &terms, &parts);
    let begun = Best::of(&Books::new(instance, &terms, &scales, parts));
    // Bounds that are missed still may be met from afresh.
    let renewed = renewed && begun.violation == 0.0;
    let anneals = Anneals::new((options.effort, renewed), instance, &terms);
    let search = Search { instance, terms: &terms, scales: &scales, anneals: &anneals, seed: options.seed, control };
    let mut pool = Pool::new(begun);
    let rounds = anneals.fresh + anneals.closing;
    let mut idle = 0;
    for round in 0..rounds {
        let best = pool.best().clone();
        let lines = crate::parallel::map(anneals.lanes, |lane| search.lane(&pool, round, lane as u64));
        let fresh = round < anneals.fresh;
        lines.into_iter().flatten().for_each(|(place, found)| pool.add(found, place));
        control.report((round + 1) as f64 / rounds as f64, "improve");
        idle = if fresh || pool.best().is_better(&best) { 0 } else { idle + 1 };
        let settled = pool.agreed >= anneals.agree || idle >= anneals.patience;
        if control.stopped().is_some() || (settled && round + 1 >= anneals.least) {
            break;
        }
    }
    let plans = pool.ranked();
    let last = crate::parallel::map(plans.len().min(anneals.combines.plans), |place| {
        let plan = plans[place].clone();
        let mut books = Books::new(instance, &terms, &scales, plan.parts.clone());
        search.combined(&mut books, plan, SETS_OF_SEARCH)
    });
    let best = last.into_iter().fold(pool.best().clone(), |best, plan| if plan.is_better(&best) { plan } else { best });
    best.parts
}

/// What all lanes share.
struct Search<'a> {
    instance: &'a Instance,
    terms: &'a MemberTerms<'a>,
    scales: &'a TermScales,
    anneals: &'a Anneals,
    seed: u64,
    control: &'a Control<'a>,
}

impl Search<'_> {
    /// Energy that a temperature of 1 stands for: what a unit has of it on average, or a link.
    fn unit(&self) -> f64 {
        if self.terms.only_links() {
            return self.scales.plain.cut.max(self.scales.plain.border);
        }
        self.instance.k() as f64 / self.instance.len() as f64
    }

    /// The lines of a lane: the best plan that each met, and the place in the pool where it began unless it is fresh.
    fn lane(&self, pool: &Pool, round: u64, lane: u64) -> Vec<(Option<usize>, Best)> {
        let anneals = self.anneals;
        let index = round * anneals.lanes as u64 + lane;
        let mut walker = Walker::new(Random::stream(self.seed, LANE, index), self.instance.len());
        let mut books = Books::new(self.instance, self.terms, self.scales, pool.best().parts.clone());
        let mut lines = Vec::new();
        for line in 0..anneals.lines {
            let number = index * anneals.lines + line;
            let (place, schedules) = if round < anneals.fresh {
                // The first line has the plan that the search begins with.
                let mut random = Random::stream(self.seed, START, number);
                let begin = if number > 0 { layout(self.instance, &mut random) } else { None };
                if let Some(parts) = begin {
                    books.take_up(&parts);
                }
                (None, &anneals.from_afresh[..])
            } else {
                let place = pool.place(number);
                books.take_up(&pool.plan(place).parts);
                let turn = walker.random.below(anneals.from_best.len());
                (Some(place), &anneals.from_best[turn..=turn])
            };
            let (best, going) = self.line(&mut books, &mut walker, schedules);
            lines.push((place, best));
            if !going {
                break;
            }
        }
        lines
    }

    /// Anneals one after another, each from the best plan that the line has met, the first from where the books are;
    /// combinations of moves end it.
    fn line(&self, books: &mut Books<'_>, walker: &mut Walker, schedules: &[Schedule]) -> (Best, bool) {
        let mut best = Best::of(books);
        let heat = libm::pow(self.anneals.heats, walker.random.unit());
        let going = schedules.iter().enumerate().all(|(at, schedule)| {
            if at > 0 {
                books.take_up(&best.parts);
            }
            anneal(books, &mut best, walker, &schedule.hotter(heat), self.unit(), self.control)
        });
        if going && self.anneals.combines.lines {
            best = self.combined(books, best, SETS_OF_LINE);
        }
        (best, going)
    }

    /// The plan, or what comes of it when moves are combined; one that violates bounds stays as it is.
    fn combined(&self, books: &mut Books<'_>, plan: Best, sets: usize) -> Best {
        if plan.violation > 0.0 {
            return plan;
        }
        books.take_up(&plan.parts);
        let found = Combiner::default().descend(books, sets, self.control).then(|| Best::of(books));
        found.filter(|found| found.is_better(&plan)).unwrap_or(plan)
    }
}
