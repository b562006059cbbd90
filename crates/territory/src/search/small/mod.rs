//! Small problems to the best plan there is, and the terms that are measured from members at any size.
//!
//! Contiguity is hard; bounds are a penalty, linear in the violation, that keeps the search about them: a plan at its bounds is
//! reached from both sides. Moves are single units, bundles, swaps ([`walk`]) and merging two territories to split them anew
//! ([`split`]). A *lane* is a series of anneals: fresh starts choose the basin, reheats of the best plan close it. Where
//! territories have few units, anneals are short and many, hot to the end while the penalty rises. Lanes are independent and
//! come in rounds; their best plans are combined in index order.
//!
//! A problem that is not small keeps its basin: the plan it comes with is reheated in one lane, so that medoids and borders
//! fit each other.

mod anneal;
mod books;
mod effort;
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
use anneal::{Best, anneal};
use books::{Books, TermScales};
use effort::{Anneals, SMALL};
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

/// Improves `parts`, a contiguous plan; what comes back violates no more, and is no worse by the objective.
pub(super) fn run(
    problem: &Problem,
    instance: &Instance,
    parts: Vec<u32>,
    options: &SolveOptions,
    control: &Control<'_>,
    progress: (f64, f64),
) -> Vec<u32> {
    let terms = MemberTerms::new(problem, instance);
    let scales = TermScales::of(instance, &terms, &parts);
    let anneals = Anneals::new(options.effort, instance, terms.only_links());
    let search = Search { instance, terms: &terms, scales: &scales, anneals: &anneals, seed: options.seed, control };
    let mut best = Best::of(&Books::new(instance, &terms, &scales, parts));
    for round in 0..anneals.rounds {
        let lane = |lane: usize| search.lane(&best, round * anneals.lanes as u64 + lane as u64);
        for found in crate::parallel::map(anneals.lanes, lane) {
            if found.is_better(&best) {
                best = found;
            }
        }
        let share = (round + 1) as f64 / anneals.rounds as f64;
        control.report(progress.0 + (progress.1 - progress.0) * share, "improve");
        if control.stopped().is_some() {
            break;
        }
    }
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

    /// The lane of an index; the first one begins at the best plan, all others afresh.
    fn lane(&self, best: &Best, index: u64) -> Best {
        let anneals = self.anneals;
        let mut walker = Walker::new(Random::stream(self.seed, LANE, index), self.instance.len());
        let mut books = Books::new(self.instance, self.terms, self.scales, best.parts.clone());
        let mut own = Best::of(&books);
        for start in 0..anneals.starts {
            // The best of this start: its reheats must not fall back to a better plan of another.
            let mut line = Best::of(&books);
            if index > 0 || start > 0 {
                let number = index * anneals.starts + start;
                if let Some(parts) = layout(self.instance, &mut Random::stream(self.seed, START, number)) {
                    books.take_up(&parts);
                    line = Best::of(&books);
                }
            }
            let going = self.line(&mut books, &mut line, &mut walker);
            if line.is_better(&own) {
                own = line;
            }
            if !going {
                break;
            }
        }
        own
    }

    /// A first anneal and reheats of the best plan it met.
    fn line(&self, books: &mut Books<'_>, line: &mut Best, walker: &mut Walker) -> bool {
        if let Some(first) = self.anneals.first(&mut walker.random)
            && !anneal(books, line, walker, &first, self.unit(), self.control)
        {
            return false;
        }
        for reheat in &self.anneals.reheats {
            books.take_up(&line.parts);
            if !anneal(books, line, walker, reheat, self.unit(), self.control) {
                return false;
            }
        }
        true
    }
}
