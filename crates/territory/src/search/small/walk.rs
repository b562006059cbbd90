//! Moves of a small search: a border unit goes over, alone or with the pockets it holds; two units change places.
//!
//! The energy is asked before contiguity, for it is cheaper and refuses most.

use super::super::balance::Bundle;
use super::super::guard::{Guard, Leaving};
use super::super::random::{Exponential, Random};
use super::super::ways::Moved;
use super::books::Books;
use super::split::Splitter;

/// How likely the kinds of moves are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mix {
    /// Share of swaps.
    pub(super) swaps: f64,
    /// Share of merging and splitting.
    pub(super) splits: f64,
    /// Share of single moves that are tried as bundles though the unit alone does not pay.
    pub(super) bundles: f64,
    /// Whether single moves are judged with medoids chosen anew.
    pub(super) exactly: bool,
}

/// What a proposal is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    /// Energy.
    pub(super) temperature: f64,
    /// Energy per violation.
    pub(super) penalty: f64,
}

/// Scratch of the moves.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) random: Random,
    exponential: Exponential,
    guard: Guard,
    bundle: Bundle,
    splitter: Splitter,
}

/// Border units that are tried as partner of a swap.
const PARTNERS: usize = 8;
/// Steps of the walk to a partner near by.
const NEAR: usize = 8;

impl Walker {
    pub(super) fn new(random: Random, units: usize) -> Self {
        Self {
            random,
            exponential: Exponential::default(),
            guard: Guard::default(),
            bundle: Bundle::default(),
            splitter: Splitter::new(units),
        }
    }

    /// One proposal; tells whether the plan changed.
    #[inline]
    pub(super) fn propose(&mut self, books: &mut Books<'_>, mix: &Mix, rule: Rule) -> bool {
        let border = books.state.border();
        if border.is_empty() {
            return false;
        }
        let unit = border[self.random.below(border.len())];
        let from = books.state.part(unit);
        let Some(to) = self.other_territory(books, unit, from) else { return false };
        if !books.state.may(unit, to) {
            return false;
        }
        let threshold = rule.temperature * self.exponential.sample(&mut self.random);
        let kind = self.random.unit();
        if kind < mix.swaps {
            self.swap(books, (unit, from, to), rule.penalty, threshold)
        } else if kind < mix.swaps + mix.splits {
            self.splitter.split(books, [from, to], rule.penalty, threshold, &mut self.random)
        } else {
            self.single(books, mix, (unit, from, to), rule.penalty, threshold)
        }
    }

    /// A territory that `unit` touches, by a random neighbour.
    #[inline]
    fn other_territory(&mut self, books: &Books<'_>, unit: u32, from: u32) -> Option<u32> {
        let neighbours = books.state.instance.neighbours(unit);
        let (head, tail) = neighbours.split_at(self.random.below(neighbours.len()));
        tail.iter().chain(head).map(|&v| books.state.part(v)).find(|&part| part != from)
    }

    fn single(
        &mut self,
        books: &mut Books<'_>,
        mix: &Mix,
        (unit, from, to): (u32, u32, u32),
        penalty: f64,
        threshold: f64,
    ) -> bool {
        let instance = books.state.instance;
        let change = penalty * books.violation_change(instance.moved(&unit), from, to);
        // Compactness hardly ever pays for bounds that are far off.
        let change = change + books.single_change(unit, from, to, mix.exactly);
        let pays = change <= threshold;
        if !pays && self.random.unit() >= mix.bundles {
            return false;
        }
        match self.guard.leaving(&books.state, unit, usize::MAX) {
            Leaving::Whole if pays => {
                books.apply(unit, to);
                books.settle([from, to]);
                true
            }
            Leaving::Pockets => self.bundle(books, (unit, from, to), penalty, threshold),
            _ => false,
        }
    }

    /// Moves `unit` with the pockets that were found.
    fn bundle(
        &mut self,
        books: &mut Books<'_>,
        (unit, from, to): (u32, u32, u32),
        penalty: f64,
        threshold: f64,
    ) -> bool {
        let Self { bundle, guard, .. } = self;
        bundle.set(books.state.instance, guard.pockets().iter().copied().chain([unit]));
        if bundle.units.len() as u32 >= books.state.size(from) || !bundle.units.iter().all(|&u| books.state.may(u, to))
        {
            return false;
        }
        let mut change = penalty * books.violation_change(bundle.moved(), from, to);
        if change > threshold {
            // What bounds cost alone is seldom made good by shape.
            return false;
        }
        change += books.group_change(&bundle.units, &bundle.mass, from, to);
        if change > threshold {
            return false;
        }
        bundle.units.iter().for_each(|&u| books.apply(u, to));
        books.settle([from, to]);
        true
    }

    /// `unit` goes to `to`, a border unit of `to` comes back.
    fn swap(&mut self, books: &mut Books<'_>, (unit, from, to): (u32, u32, u32), penalty: f64, threshold: f64) -> bool {
        let Some(partner) = self.partner(books, (unit, from, to)) else { return false };
        if !books.state.may(partner, from) {
            return false;
        }
        let instance = books.state.instance;
        let loads = &mut self.bundle.loads;
        loads.clear();
        loads.extend(instance.loads_of(unit).iter().zip(instance.loads_of(partner)).map(|(x, y)| x - y));
        let moved = Moved { loads, there: &[unit], back: &[partner] };
        let change = penalty * books.violation_change(moved, from, to) + books.swap_change((unit, partner), from, to);
        if change > threshold || self.guard.leaving(&books.state, unit, usize::MAX) != Leaving::Whole {
            return false;
        }
        // The partner is judged with the unit gone over; only the state has to know.
        books.state.apply(unit, to);
        let whole = self.guard.leaving(&books.state, partner, usize::MAX) == Leaving::Whole;
        books.state.apply(unit, from);
        if whole {
            books.apply(unit, to);
            books.apply(partner, from);
            books.settle([from, to]);
        }
        whole
    }

    /// A border unit of `to` that touches `from` elsewhere than at `unit`: half of the time from near by.
    fn partner(&mut self, books: &Books<'_>, (unit, from, to): (u32, u32, u32)) -> Option<u32> {
        let state = &books.state;
        let instance = state.instance;
        let touches = |v: u32| instance.neighbours(v).iter().any(|&w| w != unit && state.part(w) == from);
        if self.random.below(2) == 0 {
            let border = state.border();
            return (0..PARTNERS)
                .map(|_| border[self.random.below(border.len())])
                .find(|&v| state.part(v) == to && touches(v));
        }
        let mut at = unit;
        for _ in 0..NEAR {
            let neighbours = instance.neighbours(at);
            let next = neighbours[self.random.below(neighbours.len())];
            let part = state.part(next);
            if part == to && touches(next) {
                return Some(next);
            }
            if part == from || part == to {
                at = next;
            }
        }
        None
    }
}
