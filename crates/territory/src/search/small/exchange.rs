//! The last descent: neighbouring territories exchange sets of up to three linked units where that is better and keeps all
//! bounds.
//!
//! An anneal that ends cold has tried single units and pairs against each other. What is left to gain lies in sets whose loads
//! happen to fit: of hundreds on either side all combinations that would pay are rated.

use super::super::balance::Bundle;
use super::super::guard::{Guard, Leaving};
use super::books::Books;
use crate::control::Control;

/// Sets a side, the empty one included.
const SETS: usize = 1_000;
/// Units of a set.
const LARGEST: usize = 3;
/// Exchanges of two territories that are tried, the best first.
const TRIES: usize = 32;
/// Exchanges of two territories, one after another.
const MOST: usize = 100;
/// Less energy than this is no gain: sums gather rounding errors.
const LEAST_GAIN: f64 = 1e-10;

/// Sets of one territory that may go to another.
#[derive(Debug, Default)]
struct Side {
    units: Vec<Vec<u32>>,
    /// What a set takes along and what it brings: `[set * measures + measure]`.
    leaving: Vec<f64>,
    arriving: Vec<f64>,
    /// What its going adds to the energy.
    energy: Vec<f64>,
    /// Sets by energy.
    order: Vec<u32>,
}

/// Scratch of the descent.
#[derive(Debug, Default)]
pub(super) struct Exchanger {
    sides: [Side; 2],
    /// Energy, set of the first territory, set of the second.
    tries: Vec<(f64, u32, u32)>,
    bundle: Bundle,
    guard: Guard,
}

impl Exchanger {
    /// Exchanges until no two territories have one that pays, and tells whether any did; the plan keeps all bounds before and after.
    pub(super) fn descend(&mut self, books: &mut Books<'_>, control: &Control<'_>) -> bool {
        let mut improved = false;
        loop {
            // Medoids are found anew, so that what a sweep has gained is gained by the plan.
            books.recompute();
            let before = books.energy();
            for (a, b) in books.state.neighbouring() {
                for _ in 0..MOST {
                    if control.stopped().is_some() || !self.exchange(books, [a, b]) {
                        break;
                    }
                }
            }
            books.recompute();
            if books.energy() >= before - LEAST_GAIN {
                return improved;
            }
            improved = true;
        }
    }

    fn exchange(&mut self, books: &mut Books<'_>, [a, b]: [u32; 2]) -> bool {
        self.sides[0].gather(books, (a, b), &mut self.bundle);
        self.sides[1].gather(books, (b, a), &mut self.bundle);
        self.rate(books, [a, b]);
        let tries = std::mem::take(&mut self.tries);
        let done = tries.iter().any(|&(_, x, y)| {
            let there = self.sides[0].units[x as usize].iter().map(|&u| (u, b));
            let back = self.sides[1].units[y as usize].iter().map(|&u| (u, a));
            let moves = there.chain(back).collect();
            self.apply(books, moves, [a, b])
        });
        self.tries = tries;
        done
    }

    /// Lists what pays and keeps the bounds.
    fn rate(&mut self, books: &Books<'_>, [a, b]: [u32; 2]) {
        let (state, m) = (&books.state, books.state.instance.measures);
        let windows = |t: u32| &state.instance.windows[t as usize * m..][..m];
        let (wa, wb, sa, sb) = (windows(a), windows(b), state.sums_of(a), state.sums_of(b));
        let sizes = (state.size(a) as usize, state.size(b) as usize);
        let [mine, theirs] = &self.sides;
        self.tries.clear();
        for &x in &mine.order {
            for &y in &theirs.order {
                let (x, y) = (x as usize, y as usize);
                let energy = mine.energy[x] + theirs.energy[y];
                if energy >= -LEAST_GAIN {
                    break;
                }
                // Nobody may be left with nothing.
                let emptied = mine.units[x].len() >= sizes.0 || theirs.units[y].len() >= sizes.1;
                let fits = |j: usize| {
                    let (x, y) = (x * m + j, y * m + j);
                    wa[j].violation(sa[j] - mine.leaving[x] + theirs.arriving[y]) == 0.0
                        && wb[j].violation(sb[j] - theirs.leaving[y] + mine.arriving[x]) == 0.0
                };
                if !emptied && (0..m).all(fits) {
                    self.tries.push((energy, x as u32, y as u32));
                }
            }
        }
        let order = |s: &(f64, u32, u32), t: &(f64, u32, u32)| s.0.total_cmp(&t.0).then((s.1, s.2).cmp(&(t.1, t.2)));
        if self.tries.len() > TRIES {
            self.tries.select_nth_unstable_by(TRIES, order);
            self.tries.truncate(TRIES);
        }
        self.tries.sort_unstable_by(order);
    }

    /// Makes the moves in whatever order contiguity lets them; takes them back where they do not pay after all: sets that touch
    /// share links, and medoids move.
    fn apply(&mut self, books: &mut Books<'_>, mut waiting: Vec<(u32, u32)>, pair: [u32; 2]) -> bool {
        let before = books.energy();
        let mut made: Vec<(u32, u32)> = Vec::new();
        while let Some(next) = waiting.iter().position(|&(u, to)| {
            let touches = books.state.instance.neighbours(u).iter().any(|&v| books.state.part(v) == to);
            touches && self.guard.leaving(&books.state, u, usize::MAX) == Leaving::Whole
        }) {
            let (unit, to) = waiting.remove(next);
            made.push((unit, books.state.part(unit)));
            books.apply(unit, to);
        }
        books.settle(pair);
        if waiting.is_empty() && books.is_feasible() && books.energy() < before - LEAST_GAIN {
            return true;
        }
        made.iter().rev().for_each(|&(unit, from)| books.apply(unit, from));
        books.settle(pair);
        false
    }
}

impl Side {
    /// The empty set, border units, and what grows from them, smaller sets first.
    fn gather(&mut self, books: &Books<'_>, (from, to): (u32, u32), bundle: &mut Bundle) {
        let state = &books.state;
        let instance = state.instance;
        let touches = |u: u32| instance.neighbours(u).iter().any(|&v| state.part(v) == to);
        let mut border: Vec<u32> = state
            .border()
            .iter()
            .copied()
            .filter(|&u| state.part(u) == from && touches(u) && state.may(u, to))
            .collect();
        border.sort_unstable();
        self.units.clear();
        self.units.push(Vec::new());
        self.units.extend(border.into_iter().map(|u| vec![u]).take(SETS - 1));
        let mut seen: std::collections::BTreeSet<Vec<u32>> = self.units.iter().cloned().collect();
        let mut grown = 1;
        while grown < self.units.len() && self.units[grown].len() < LARGEST && self.units.len() < SETS {
            let set = self.units[grown].clone();
            grown += 1;
            for &v in set.iter().flat_map(|&u| instance.neighbours(u)) {
                if state.part(v) != from || set.contains(&v) || !state.may(v, to) || self.units.len() >= SETS {
                    continue;
                }
                let mut larger = set.clone();
                larger.push(v);
                larger.sort_unstable();
                if seen.insert(larger.clone()) {
                    self.units.push(larger);
                }
            }
        }
        self.leaving.clear();
        self.arriving.clear();
        self.energy.clear();
        for set in &self.units {
            bundle.set(instance, set.iter().copied());
            let load = |t: u32| (0..instance.measures).map(move |j| (j, t));
            let of = |(j, t): (usize, u32)| instance.moved_load(bundle.moved(), j, t);
            self.leaving.extend(load(from).map(of));
            self.arriving.extend(load(to).map(of));
            let empty = set.is_empty();
            self.energy.push(if empty { 0.0 } else { books.group_change(&bundle.units, &bundle.mass, from, to) });
        }
        let energy = |set: u32| self.energy[set as usize];
        self.order.clear();
        self.order.extend(0..self.units.len() as u32);
        self.order.sort_unstable_by(|&s, &t| energy(s).total_cmp(&energy(t)).then(s.cmp(&t)));
    }
}
