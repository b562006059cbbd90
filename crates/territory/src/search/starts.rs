//! Starts: small problems are searched from several diagrams, which are local optima of their own, and the best plan stays.

use super::construct::{Diagram, construct};
use super::contiguity::{begin, begin_from};
use super::descent::{Descent, Found};
use super::hierarchy::Hierarchy;
use super::instance::Instance;
use super::regions::Scratches;
use super::run::{at_once, shaken};
use super::state::{Scales, State};
use crate::control::{Control, Effort};
use crate::parallel;
use crate::solve::SolveOptions;
use std::sync::Arc;

/// Where a search on clusters starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Starts {
    /// Turn of the first construction.
    pub(super) first: u64,
    /// How many there are at most.
    pub(super) most: usize,
    /// Whether regions are drawn anew after it, which brings more than further starts of the whole.
    pub(super) renewed: bool,
}

impl Starts {
    /// As many as the size of the problem and the effort ask for.
    pub(super) const ALL: Self = Self { first: 0, most: usize::MAX, renewed: false };
}

/// A contiguous diagram on the coarsest level.
struct Start<'a> {
    hierarchy: Arc<Hierarchy<'a>>,
    diagram: Diagram,
}

/// One of the attempts that go on side by side.
#[derive(Default)]
struct Lane<'a> {
    /// Where it starts; none: from a diagram of its own.
    start: Option<Start<'a>>,
    scratches: Scratches,
    /// What it found; nothing where it was stopped before it began.
    found: Option<Found>,
}

/// A plan balanced and compact by weights of inertia, border and cut, where every unit goes by itself.
pub(super) fn balanced_units(
    instance: &Instance,
    weights: [f64; 3],
    options: &SolveOptions,
    from: Starts,
    control: &Control<'_>,
) -> Vec<u32> {
    let (n, k) = (instance.len(), instance.k());
    control.report(0.0, "construct");
    let mut scratches = Scratches::default();
    let mut quick = None;
    if options.effort == Effort::Quick && k >= 2 && k < n {
        let found = at_once(instance, weights, options.seed, &mut scratches, control);
        if found.violation == 0.0 || control.stopped().is_some() {
            return found.parts;
        }
        quick = Some(found.parts);
    }
    let binds = instance.bonds.as_ref().is_some_and(|bonds| bonds.binds());
    let (mut hierarchy, diagram) = if binds {
        begin_bound(instance, from.first)
    } else {
        let hierarchy = Hierarchy::new(instance, &[]);
        let diagram = begin(hierarchy.coarsest(), STEPS, from.first);
        (hierarchy, diagram)
    };
    if k < 2 || k == n {
        return hierarchy.project(diagram.parts);
    }
    hierarchy.make_room(&diagram.parts);
    let scales = State::new(hierarchy.coarsest(), diagram.parts.clone(), Scales::default()).scales_for(weights);
    // Measured like what comes after it: by the true bounds, whatever room was made.
    let best = quick.map(|parts| Found::of(&State::new(instance, parts, scales)));
    let most = from.most.min(if instance.measures > 1 { MOST_MIXED } else { MOST_STARTS });
    // Small problems are searched from several starts, unless territories must stay where their oversize units are.
    let starts = if instance.oversize_units().is_empty() { (STARTS / n).clamp(1, most) } else { 1 };
    let (attempts, if_solved) = match options.effort {
        Effort::Quick => (2.max(starts), 1),
        Effort::Standard => (if n > 100_000 { 2 } else { 4.max(starts) }, starts),
        Effort::Thorough if from.renewed => (12.max(2 * starts), starts),
        Effort::Thorough => (12.max(2 * starts), 4.max(2 * starts)),
    };
    let hierarchy = Arc::new(hierarchy);
    let start = Start { hierarchy: Arc::clone(&hierarchy), diagram };
    let search = Attempts {
        instance,
        weights,
        options: *options,
        first: from.first,
        hierarchy,
        binds,
        scales,
        several: starts > 1,
        gives_up: options.effort == Effort::Quick && starts > 1,
        attempts: if from.most == 1 { 1 } else { attempts },
        if_solved,
    };
    search.run(best, Lane { start: Some(start), scratches, found: None }, control)
}

/// Attempts from one start after another, and again from one that failed.
struct Attempts<'a> {
    instance: &'a Instance,
    weights: [f64; 3],
    options: SolveOptions,
    /// Turn of the first start.
    first: u64,
    /// That of all starts, unless units are bound.
    hierarchy: Arc<Hierarchy<'a>>,
    binds: bool,
    /// Energy weights that plans are compared by.
    scales: Scales,
    /// Whether there is more than one start.
    several: bool,
    /// Whether a start that failed is left at that: a quick search has no time for smoother borders, and other diagrams are as good a
    /// chance.
    gives_up: bool,
    /// Most attempts, and those that are made though the bounds hold.
    attempts: usize,
    if_solved: usize,
}

impl<'a> Attempts<'a> {
    fn run(&self, best: Option<Found>, first: Lane<'a>, control: &Control<'_>) -> Vec<u32> {
        let mut tally = Tally { best, ..Tally::default() };
        let mut lanes = vec![first];
        while tally.made < self.attempts && !tally.is_enough(self.if_solved) {
            // While none fails it is known what the next ones are: as many as there are threads go on side by side. What lies behind
            // one that fails does not count, unless the search is stopped, so that plans do not depend on it.
            let ahead = if self.several && tally.failed == 0 { self.if_solved.saturating_sub(tally.made) } else { 1 };
            let threads = parallel::Threads::beside(ahead.saturating_sub(1));
            let width = 1 + threads.count();
            lanes.resize_with(width, Lane::default);
            self.attempt_all(&tally, &mut lanes, control);
            drop(threads);
            let found: Vec<Found> = lanes.iter_mut().filter_map(|lane| lane.found.take()).collect();
            if control.stopped().is_some() || found.len() < width {
                tally.take_all(found);
                break;
            }
            let again = tally.take(found, |failed| self.starts_again(failed));
            for (i, lane) in lanes.iter_mut().enumerate() {
                if again != Some(i) {
                    lane.start = None;
                }
            }
            lanes.swap(0, again.unwrap_or(0));
            if width > 1 {
                control.report(tally.made as f64 / self.attempts as f64, "improve");
            }
        }
        // There is one: the first attempt has its start, and is made whoever stops it.
        tally.best.map_or_else(|| self.hierarchy.project(self.begin_at(self.first).diagram.parts), |best| best.parts)
    }

    /// Whether the next attempt has the start of the last, after so many failures one after another.
    fn starts_again(&self, failed: u32) -> bool {
        !self.several || (failed > 0 && !self.gives_up)
    }

    /// The next attempts, one in each lane. The first is made by the thread that called, which tells the observer.
    fn attempt_all(&self, tally: &Tally, lanes: &mut [Lane<'a>], control: &Control<'_>) {
        // What was not met is tried again with smoother borders: ragged ones hold loads back.
        let smoothing = match tally.failed {
            0 => 0.0,
            _ if self.gives_up => 0.0,
            failed => f64::from(1u32 << (2 * failed.min(3))) / 2.0,
        };
        let Some((first, others)) = lanes.split_first_mut() else { return };
        let quiet = control.unobserved();
        parallel::beside(
            || self.attempt(tally.made, smoothing, first, control),
            others,
            |i, lane| self.attempt(tally.made + 1 + i, smoothing, lane, &quiet),
        );
    }

    /// The attempt of a number.
    fn attempt(&self, number: usize, smoothing: f64, lane: &mut Lane<'a>, control: &Control<'_>) {
        let Lane { start, scratches, found } = lane;
        if start.is_none() && control.stopped().is_some() {
            return;
        }
        let start = start.get_or_insert_with(|| self.begin_at(self.first + number as u64));
        let seed = self.options.seed.wrapping_add((number as u64) << 32);
        let mut descent = Descent {
            hierarchy: &start.hierarchy,
            effort: self.options.effort,
            seed,
            scales: self.scales,
            smoothing,
            control: &control.nth(number, self.attempts),
            scratches,
        };
        let (mut plan, going) = descent.run(&start.diagram, self.weights);
        if self.options.effort == Effort::Quick && going {
            plan = shaken(State::new(self.instance, plan.parts, self.scales), seed, scratches, control);
        }
        *found = Some(plan);
    }

    fn begin_at(&self, turn: u64) -> Start<'a> {
        if self.binds {
            let (hierarchy, diagram) = begin_bound(self.instance, turn);
            return Start { hierarchy: Arc::new(hierarchy), diagram };
        }
        let hierarchy = Arc::clone(&self.hierarchy);
        Start { diagram: begin(hierarchy.coarsest(), STEPS, turn), hierarchy }
    }
}

/// What attempts have brought so far.
#[derive(Default)]
struct Tally {
    best: Option<Found>,
    /// The best of what was found ahead, behind a start that failed: counts only where nobody may go on.
    spare: Option<Found>,
    /// How many attempts were made.
    made: usize,
    /// How many failed, one after another.
    failed: u32,
}

impl Tally {
    /// Whether the bounds hold and so many attempts were made.
    fn is_enough(&self, if_solved: usize) -> bool {
        self.made >= if_solved && self.best.as_ref().is_some_and(|best| best.violation == 0.0)
    }

    /// Takes what attempts found, in their order, up to the first whose start `starts_again` after so many failures one after another.
    /// Returns which that is, if one is.
    fn take(&mut self, found: Vec<Found>, starts_again: impl Fn(u32) -> bool) -> Option<usize> {
        let mut again = None;
        for (i, found) in found.into_iter().enumerate() {
            if again.is_some() {
                Found::keep(&mut self.spare, found);
                continue;
            }
            self.made += 1;
            self.failed = if found.violation == 0.0 { 0 } else { self.failed + 1 };
            Found::keep(&mut self.best, found);
            again = starts_again(self.failed).then_some(i);
        }
        again
    }

    /// Takes all there is where somebody stopped the search: no plan is lost for the sake of what would come after it.
    fn take_all(&mut self, found: Vec<Found>) {
        for found in self.spare.take().into_iter().chain(found) {
            Found::keep(&mut self.best, found);
        }
    }
}

/// Where rules bind units corridors need the room between single ones: the diagram of the coarsest units is made contiguous on the
/// units, and the levels are formed anew inside its parts.
fn begin_bound(instance: &Instance, turn: u64) -> (Hierarchy<'_>, Diagram) {
    let hierarchy = Hierarchy::new(instance, &[]);
    let mut diagram = begin_from(instance, |arrangement| {
        let coarse = construct(hierarchy.coarsest(), STEPS, turn + (arrangement << 32));
        Diagram { parts: hierarchy.project(coarse.parts), ..coarse }
    });
    let within = Hierarchy::new(instance, &diagram.parts);
    diagram.parts = within.restrict(diagram.parts);
    (within, diagram)
}

/// Units in all starts together, and most starts with one measure and with several, whose searches are longer.
const STARTS: usize = 60_000;
pub(super) const MOST_STARTS: usize = 8;
const MOST_MIXED: usize = 4;
/// Steps of the construction.
const STEPS: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(violation: f64, energy: f64) -> Found {
        Found { violation, energy, parts: Vec::new() }
    }

    fn rank(tally: &Tally) -> Option<(f64, f64)> {
        tally.best.as_ref().map(|best| (best.violation, best.energy))
    }

    #[test]
    fn what_lies_behind_a_start_that_fails_counts_only_where_the_search_is_stopped() {
        let side_by_side = || vec![found(0.0, 5.0), found(0.2, 1.0), found(0.0, 3.0), found(0.0, 2.0)];
        let mut tally = Tally::default();
        assert_eq!(tally.take(side_by_side(), |failed| failed > 0), Some(1));
        assert_eq!((rank(&tally), tally.made, tally.failed), (Some((0.0, 5.0)), 2, 1));
        assert!(tally.is_enough(2) && !tally.is_enough(3));
        // The one that failed is tried again, and better.
        assert_eq!(tally.take(vec![found(0.0, 4.0)], |failed| failed > 0), None);
        assert_eq!((rank(&tally), tally.made, tally.failed), (Some((0.0, 4.0)), 3, 0));
        tally.take_all(vec![found(0.1, 0.5)]);
        assert_eq!(rank(&tally), Some((0.0, 2.0)));

        let mut tally = Tally { best: Some(found(0.5, 0.0)), ..Tally::default() };
        tally.take_all(side_by_side());
        assert_eq!(rank(&tally), Some((0.0, 2.0)));
    }

    #[test]
    fn failures_are_counted_one_after_another() {
        let mut tally = Tally::default();
        for (violation, failed) in [(0.3, 1), (0.2, 2), (0.0, 0), (0.1, 1)] {
            assert_eq!(tally.take(vec![found(violation, 1.0)], |_| false), None);
            assert_eq!(tally.failed, failed);
        }
    }
}
