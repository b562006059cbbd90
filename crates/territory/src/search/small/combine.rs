//! The last descent of a small search: moves among several territories at once that together are better and keep all bounds.
//!
//! With medoids and centroids held still (nearly: each move is rated by itself), compactness is a sum over units, and the bounds
//! are all that ties them together: a generalised assignment problem. [`Prices`] on the loads make that sum comparable: the
//! *reduced cost* of a move is what it adds to energy and price, and a better plan differs from the one there is by moves of small
//! reduced cost, the core of the problem (Balas & Zemel 1980, doi:10.1287/opre.28.5.1130). The core is dealt out in two halves; of
//! each the sets of least cost are listed, and of all pairs of a set of either half those that pay most and keep the bounds are
//! found. What is found is made if contiguity lets it, and judged by the books: medoids that move are not in the sum, nor are
//! links that moved units share, so sets that pay only together are not found where links count.

use super::super::guard::{Guard, Leaving};
use super::super::state::beside;
use super::anneal::LEAST_GAIN;
use super::books::Books;
use super::prices::{Prices, Table};
use crate::control::Control;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Territories up to which all are searched together, and which take part at most where there are more.
const TOGETHER: usize = 6;
/// Moves of the core.
const CORE: usize = 160;
/// Sets of a half, the empty one included, at the end of a line and of the search.
pub(super) const SETS_OF_LINE: usize = 1_000;
pub(super) const SETS_OF_SEARCH: usize = 4_000;
/// Combinations that are tried, the best first.
const TRIES: usize = 1_000;
/// What a move counts besides its reduced cost, as a share of the gap: sets of few moves come first.
const PER_MOVE: f64 = 0.1;
/// Combinations made in a group, one after another.
const MOST: usize = 100;

/// A unit that may go to another territory.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// Its place in the table.
    place: u32,
    from: u32,
    to: u32,
    /// What it counts when sets are listed.
    cost: f64,
    energy: f64,
}

/// Sets of moves of one half of the core, by cost; the empty one first.
#[derive(Debug, Default)]
struct Half {
    moves: Vec<Move>,
    /// The last move of each set, and the set without it.
    last: Vec<(u32, u32)>,
    energy: Vec<f64>,
    /// What a set adds to the sums: `[(set * columns + column) * measures + measure]`.
    loads: Vec<f64>,
}

/// Scratch of the descent.
#[derive(Debug, Default)]
pub(super) struct Combiner {
    guard: Guard,
    /// Territories that take part, and their units.
    columns: Vec<u32>,
    units: Vec<u32>,
    table: Table,
    prices: Prices,
    halves: [Half; 2],
    /// Energy, set of the first half, set of the second.
    tries: Vec<(f64, u32, u32)>,
    waiting: Vec<(u32, u32)>,
    made: Vec<(u32, u32)>,
}

impl Combiner {
    /// Combines moves until nothing more is found among so many sets of a half, and tells whether anything was; the plan keeps
    /// all bounds before and after.
    pub(super) fn descend(&mut self, books: &mut Books<'_>, sets: usize, control: &Control<'_>) -> bool {
        let mut improved = false;
        let mut changed = vec![true; books.state.instance.k()];
        while changed.contains(&true) {
            // Medoids are found anew, so that what a sweep has gained is gained by the plan.
            books.recompute();
            let (before, parts) = (books.energy(), books.state.parts());
            let due = changed.clone();
            changed.fill(false);
            for columns in groups(books) {
                if !columns.iter().any(|&t| due[t as usize] || changed[t as usize]) {
                    continue;
                }
                self.columns = columns;
                for _ in 0..MOST {
                    if control.stopped().is_some() || !self.improve(books, sets) {
                        break;
                    }
                    self.columns.iter().for_each(|&t| changed[t as usize] = true);
                }
            }
            books.recompute();
            if books.energy() >= before - LEAST_GAIN {
                if changed.contains(&true) {
                    books.take_up(&parts);
                }
                break;
            }
            improved = true;
        }
        improved
    }

    /// Makes the best combination of moves among the columns, if there is one that pays.
    fn improve(&mut self, books: &mut Books<'_>, sets: usize) -> bool {
        self.tabulate(books);
        let (instance, m) = (books.state.instance, books.state.instance.measures);
        let windows = self.columns.iter().flat_map(|&t| &instance.windows[t as usize * m..][..m]);
        let gap = -self.prices.find(&self.table, windows.copied());
        if gap <= LEAST_GAIN {
            return false;
        }
        self.list_core(books, gap);
        self.halves.iter_mut().for_each(|half| half.list_sets(&self.table, sets, gap));
        self.join(books, gap);
        let tries = std::mem::take(&mut self.tries);
        let done = tries.iter().any(|&(_, x, y)| self.apply(books, [x, y]));
        self.tries = tries;
        done
    }

    /// Energies and loads of all units in all columns.
    fn tabulate(&mut self, books: &Books<'_>) {
        let (state, instance) = (&books.state, books.state.instance);
        self.units.clear();
        self.units.extend((0..instance.len() as u32).filter(|&u| self.columns.contains(&state.part(u))));
        let table = &mut self.table;
        (table.columns, table.measures) = (self.columns.len(), instance.measures);
        table.energy.clear();
        table.loads.clear();
        for &u in &self.units {
            let from = state.part(u);
            for &t in &self.columns {
                table.energy.push(if t == from {
                    0.0
                } else if state.may(u, t) {
                    books.single_change(u, from, t, false)
                } else {
                    f64::INFINITY
                });
                table.loads.extend((0..instance.measures).map(|j| instance.load_in(u, j, t)));
            }
        }
    }

    /// The moves of least reduced cost that touch where they go, alone or behind others of the core, dealt out to the halves by
    /// unit.
    fn list_core(&mut self, books: &Books<'_>, gap: f64) {
        let (state, instance) = (&books.state, books.state.instance);
        let (table, prices) = (&self.table, &self.prices.values);
        let mut moves = Vec::new();
        for (place, &u) in self.units.iter().enumerate() {
            let Some(from) = self.columns.iter().position(|&t| t == state.part(u)) else { continue };
            let here = table.cost(prices, place, from);
            for to in (0..table.columns).filter(|&to| to != from) {
                let reduced = table.cost(prices, place, to) - here;
                if reduced < gap {
                    let cost = reduced.max(0.0) + PER_MOVE * gap;
                    let energy = table.energy[place * table.columns + to];
                    moves.push((reduced, Move { place: place as u32, from: from as u32, to: to as u32, cost, energy }));
                }
            }
        }
        moves.sort_unstable_by(|(r, a), (s, b)| r.total_cmp(s).then((a.place, a.to).cmp(&(b.place, b.to))));
        self.halves.iter_mut().for_each(|half| half.moves.clear());
        let (mut count, mut turn) = (0, 0);
        for (_, next) in moves {
            let (unit, to) = (self.units[next.place as usize], self.columns[next.to as usize]);
            let mut core = self.halves.iter().flat_map(|half| &half.moves).filter(|other| other.to == next.to);
            let neighbours = instance.neighbours(unit);
            if !neighbours.iter().any(|&v| state.part(v) == to)
                && !core.any(|other| neighbours.contains(&self.units[other.place as usize]))
            {
                continue;
            }
            let mine = |half: &Half| half.moves.iter().any(|other| other.place == next.place);
            let side = self.halves.iter().position(mine).unwrap_or_else(|| {
                turn += 1;
                turn % 2
            });
            self.halves[side].moves.push(next);
            count += 1;
            if count == CORE {
                break;
            }
        }
    }

    /// Finds the pairs of sets that pay and keep the bounds, the best first.
    fn join(&mut self, books: &Books<'_>, gap: f64) {
        self.tries.clear();
        let (instance, m) = (books.state.instance, self.table.measures);
        let width = self.columns.len() * m;
        // What the sums may gain. Load that is missing to a bound which has a price costs that: more than the gap is too much.
        let room = |slot: usize| {
            let (t, j) = (self.columns[slot / m], slot % m);
            let (window, sum) = (&instance.windows[t as usize * m + j], books.state.sums_of(t)[j]);
            let slack = 1e-9 * window.target;
            let (mut low, mut high) = (window.lower - slack, window.upper + slack);
            let (price, bounds) = (self.prices.values[slot], self.prices.bounds[slot]);
            if price > 0.0 {
                low = low.max(bounds.1 - gap / price - slack);
            } else if price < 0.0 {
                high = high.min(bounds.0 - gap / price + slack);
            }
            (low - sum, high - sum)
        };
        let room: Vec<(f64, f64)> = (0..width).map(room).collect();
        let size = |slot: &usize| room[*slot].1 - room[*slot].0;
        let Some(narrow) = (0..width).min_by(|a, b| size(a).total_cmp(&size(b))) else { return };
        let [first, second] = &self.halves;
        let load = |y: u32| second.loads[y as usize * width + narrow];
        let mut order: Vec<u32> = (0..second.last.len() as u32).collect();
        order.sort_unstable_by(|&x, &y| load(x).total_cmp(&load(y)).then(x.cmp(&y)));
        let rank = |s: &(f64, u32, u32), t: &(f64, u32, u32)| s.0.total_cmp(&t.0).then((s.1, s.2).cmp(&(t.1, t.2)));
        let mut least = -LEAST_GAIN;
        for (x, mine) in first.loads.chunks_exact(width).enumerate() {
            let begin = order.partition_point(|&y| mine[narrow] + load(y) < room[narrow].0);
            for &y in order[begin..].iter().take_while(|&&y| mine[narrow] + load(y) <= room[narrow].1) {
                let energy = first.energy[x] + second.energy[y as usize];
                if energy >= least {
                    continue;
                }
                let theirs = &second.loads[y as usize * width..][..width];
                if !mine.iter().zip(theirs).zip(&room).all(|((a, b), r)| r.0 <= a + b && a + b <= r.1) {
                    continue;
                }
                self.tries.push((energy, x as u32, y));
                if self.tries.len() == 8 * TRIES {
                    self.tries.select_nth_unstable_by(TRIES, rank);
                    self.tries.truncate(TRIES);
                    least = self.tries.iter().map(|t| t.0).fold(f64::NEG_INFINITY, f64::max);
                }
            }
        }
        self.tries.sort_unstable_by(rank);
        self.tries.truncate(TRIES);
    }

    /// Makes the moves of two sets in whatever order contiguity and rules let them; takes them back where they do not pay after
    /// all.
    fn apply(&mut self, books: &mut Books<'_>, sets: [u32; 2]) -> bool {
        let Self { guard, units, columns, halves, waiting, made, .. } = self;
        let before = books.energy();
        waiting.clear();
        for (half, set) in halves.iter().zip(sets) {
            waiting.extend(half.moves_of(set).map(|m| (units[m.place as usize], columns[m.to as usize])));
        }
        made.clear();
        loop {
            let left = waiting.len();
            waiting.retain(|&(u, to)| {
                let state = &books.state;
                let touches = state.instance.neighbours(u).iter().any(|&v| state.part(v) == to);
                let may = touches && state.may(u, to) && guard.leaving(state, u, usize::MAX) == Leaving::Whole;
                if may {
                    made.push((u, state.part(u)));
                    books.apply(u, to);
                }
                !may
            });
            if waiting.is_empty() || waiting.len() == left {
                break;
            }
        }
        let settle = |books: &mut Books<'_>| {
            columns.chunks(2).for_each(|pair| books.settle([pair[0], pair[pair.len() - 1]]));
        };
        if waiting.is_empty() {
            settle(books);
            if books.is_feasible() && books.energy() < before - LEAST_GAIN {
                return true;
            }
        }
        made.iter().rev().for_each(|&(unit, from)| books.apply(unit, from));
        if !made.is_empty() {
            settle(books);
        }
        false
    }
}

impl Half {
    /// The moves of a set.
    fn moves_of(&self, set: u32) -> impl Iterator<Item = &Move> {
        let mut at = set as usize;
        std::iter::from_fn(move || {
            let (last, rest) = self.last[at];
            at = rest as usize;
            self.moves.get(last as usize)
        })
    }

    /// Lists sets by cost. From a set come the one with the next move besides, and the one with the next move instead of its last.
    fn list_sets(&mut self, table: &Table, sets: usize, gap: f64) {
        let (s, m) = (table.columns, table.measures);
        self.last.clear();
        self.energy.clear();
        self.loads.clear();
        self.last.push((u32::MAX, 0));
        self.energy.push(0.0);
        self.loads.resize(s * m, 0.0);
        // Costs are positive, so their bits are in their order.
        let mut open = BinaryHeap::new();
        if let Some(first) = self.moves.first() {
            open.push(Reverse((first.cost.to_bits(), 0, 0)));
        }
        while let Some(Reverse((bits, last, rest))) = open.pop() {
            let cost = f64::from_bits(bits);
            if self.last.len() >= sets || cost >= gap {
                break;
            }
            let own = self.moves[last as usize];
            let next = self.moves.get(last as usize + 1);
            if let Some(next) = next {
                open.push(Reverse(((cost - own.cost + next.cost).to_bits(), last + 1, rest)));
            }
            if self.moves_of(rest).any(|other| other.place == own.place) {
                continue;
            }
            let set = self.last.len() as u32;
            self.last.push((last, rest));
            self.energy.push(self.energy[rest as usize] + own.energy);
            let begin = self.loads.len();
            self.loads.extend_from_within(rest as usize * s * m..(rest as usize + 1) * s * m);
            for (column, sign) in [(own.from as usize, -1.0), (own.to as usize, 1.0)] {
                let loads = table.loads_of(own.place as usize, column);
                let sums = &mut self.loads[begin + column * m..][..m];
                sums.iter_mut().zip(loads).for_each(|(sum, load)| *sum += sign * load);
            }
            if let Some(next) = next {
                open.push(Reverse(((cost + next.cost).to_bits(), last + 1, set)));
            }
        }
    }
}

/// Territories that are searched together: all where they are few, else any two that touch, with those that touch both.
fn groups(books: &Books<'_>) -> Vec<Vec<u32>> {
    let k = books.state.instance.k();
    if k <= TOGETHER {
        return vec![(0..k as u32).collect()];
    }
    let links = books.state.neighbouring();
    let beside = beside(k, &links);
    let group = |&(a, b): &(u32, u32)| {
        let both = beside[a as usize].iter().copied().filter(|t| beside[b as usize].contains(t));
        [a, b].into_iter().chain(both).take(TOGETHER).collect()
    };
    links.iter().map(group).collect()
}
