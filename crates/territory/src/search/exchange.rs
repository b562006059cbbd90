//! Exchanges of small sets of border units between two neighbouring territories.
//!
//! With sets of up to three units on both sides there are thousands of differences between what goes and what comes, so that
//! one of them nearly always fits (the subset-sum effect). Of those that fit the most compact is taken.

use super::anneal::{WALK_CAP, inner_links};
use super::balance::Bundle;
use super::guard::{Guard, Leaving};
use super::members::Members;
use super::state::State;
use crate::terms::Mass;

/// Sets a side that are looked at: single units at first, then pairs and triples, too.
const SINGLES: usize = 48;
const SETS: usize = 160;
/// Exchanges that are tried, best first.
const TRIES: usize = 24;
/// Energy that a violation of a whole target is worth: a thousandth of it a fiftieth of a territory's energy.
const WORTH: f64 = 20.0;
/// Less violation than this is rounding.
pub(super) const LEAST: f64 = 1e-12;

/// Which sets are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Singles,
    Sets,
}

/// Up to three units; the rest of the row is `u32::MAX`.
type Units = [u32; 3];

/// Sets of linked units of one territory at its border with another; the first is empty.
#[derive(Clone, Debug, Default)]
struct Side {
    units: Vec<Units>,
    /// `[set * measures + measure]`, as the sets count where they are.
    loads: Vec<f64>,
    /// The same as they count where they would go; empty: alike.
    arriving: Vec<f64>,
    /// What moving the set adds to the energy of the compactness terms.
    energy: Vec<f64>,
    /// Sets by load of the measure that decides.
    order: Vec<u32>,
}

/// An exchange that was rated.
#[derive(Clone, Copy, Debug)]
struct Try {
    rank: f64,
    give: u32,
    take: u32,
}

/// Scratch of exchanges.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    give: Side,
    take: Side,
    tries: Vec<Try>,
    bundle: Bundle,
    waiting: Vec<(u32, u32)>,
}

impl Exchange {
    /// Exchanges sets between `near` and `far` so that the violation of both falls, where `near` is rated as if it held
    /// `incoming` of `measure` more. Moves go to `moves` as (unit, former territory).
    #[allow(clippy::too_many_arguments)]
    pub(super) fn run(
        &mut self,
        state: &mut State<'_>,
        members: &mut Members,
        guard: &mut Guard,
        (near, far): (u32, u32),
        (measure, incoming): (usize, f64),
        depth: Depth,
        moves: &mut Vec<(u32, u32)>,
    ) -> bool {
        self.give.gather(state, members, (near, far), depth, &mut self.bundle);
        self.take.gather(state, members, (far, near), depth, &mut self.bundle);
        self.rate(state, (near, far), (measure, incoming));
        let tries = std::mem::take(&mut self.tries);
        let done = tries.iter().any(|t| {
            let (give, take) = (self.give.units[t.give as usize], self.take.units[t.take as usize]);
            self.apply(state, members, guard, (near, far), give, take, moves)
        });
        self.tries = tries;
        done
    }

    /// Rates all pairs of sets that bring the measure to where both territories want it.
    fn rate(&mut self, state: &State<'_>, (near, far): (u32, u32), (measure, incoming): (usize, f64)) {
        let m = state.instance.measures;
        let windows = |t: u32| &state.instance.windows[t as usize * m..][..m];
        self.take.sort(m, measure);
        let (mine, theirs) = (state.sums_of(near), state.sums_of(far));
        let (my_windows, their_windows) = (windows(near), windows(far));
        let extra = |j: usize| if j == measure { incoming } else { 0.0 };
        let (give, take) = (&self.give, &self.take);
        let after = |g: usize, t: usize| -> f64 {
            (0..m)
                .map(|j| {
                    let mine = mine[j] + extra(j) - (give.leaving(g, m)[j] - take.arriving(t, m)[j]);
                    let theirs = theirs[j] + (give.arriving(g, m)[j] - take.leaving(t, m)[j]);
                    my_windows[j].violation(mine) + their_windows[j].violation(theirs)
                })
                .sum()
        };
        // The first set of either side is empty.
        let now = after(0, 0);
        // Net amounts that either side is content with; between the two where they do not meet.
        let (w, v) = (&my_windows[measure], &their_windows[measure]);
        let mine = (mine[measure] + incoming - w.upper, mine[measure] + incoming - w.lower);
        let theirs = (v.lower - theirs[measure], v.upper - theirs[measure]);
        let (mut low, mut high) = (mine.0.max(theirs.0), mine.1.min(theirs.1));
        if low > high {
            (low, high) = (high, low);
        }
        // A part of what is wanted is something where several measures must be met.
        if m > 1 {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let slack = 1e-9 * w.target;
        (low, high) = (low - slack, high + slack);
        self.tries.clear();
        let sizes = (state.size(near), state.size(far));
        for g in 0..give.units.len() {
            let given = give.leaving(g, m)[measure];
            let load = |t: &u32| take.arriving(*t as usize, m)[measure];
            // given − taken ≤ high, so taken ≥ given − high.
            let from = take.order.partition_point(|t| load(t) < given - high);
            for &t in &take.order[from..] {
                if load(&t) > given - low {
                    break;
                }
                let count = (count(&give.units[g]), count(&take.units[t as usize]));
                // Nobody may be left with nothing.
                if count == (0, 0) || count.0 >= sizes.0 + count.1 || count.1 >= sizes.1 + count.0 {
                    continue;
                }
                let left = after(g, t as usize);
                if left < now - LEAST {
                    let rank = WORTH * left + give.energy[g] + take.energy[t as usize];
                    self.tries.push(Try { rank, give: g as u32, take: t });
                    if self.tries.len() >= 16 * TRIES {
                        keep_best(&mut self.tries);
                    }
                }
            }
        }
        keep_best(&mut self.tries);
    }

    /// Moves `give` to the far territory and `take` back in whatever order contiguity lets them; else nothing.
    #[allow(clippy::too_many_arguments)]
    fn apply(
        &mut self,
        state: &mut State<'_>,
        members: &mut Members,
        guard: &mut Guard,
        (near, far): (u32, u32),
        give: Units,
        take: Units,
        moves: &mut Vec<(u32, u32)>,
    ) -> bool {
        let begin = moves.len();
        let units = |set: Units, to: u32| set.into_iter().filter(|&u| u != u32::MAX).map(move |u| (u, to));
        self.waiting.clear();
        self.waiting.extend(units(give, far).chain(units(take, near)));
        while !self.waiting.is_empty() {
            let free = self.waiting.iter().position(|&(u, to)| {
                state.instance.neighbours(u).iter().any(|&v| state.part(v) == to)
                    && guard.leaving(state, u, 4 * WALK_CAP) == Leaving::Whole
            });
            let Some(free) = free else {
                undo(state, members, moves, begin);
                return false;
            };
            let (u, to) = self.waiting.remove(free);
            moves.push((u, state.part(u)));
            members.apply(state, u, to);
        }
        true
    }
}

/// Takes moves back until `begin` are left.
pub(super) fn undo(state: &mut State<'_>, members: &mut Members, moves: &mut Vec<(u32, u32)>, begin: usize) {
    while moves.len() > begin {
        if let Some((u, from)) = moves.pop() {
            members.apply(state, u, from);
        }
    }
}

fn count(set: &Units) -> u32 {
    set.iter().map(|&u| u32::from(u != u32::MAX)).sum()
}

fn keep_best(tries: &mut Vec<Try>) {
    let order = |a: &Try, b: &Try| a.rank.total_cmp(&b.rank).then((a.give, a.take).cmp(&(b.give, b.take)));
    if tries.len() > TRIES {
        tries.select_nth_unstable_by(TRIES, order);
        tries.truncate(TRIES);
    }
    tries.sort_unstable_by(order);
}

impl Side {
    fn gather(
        &mut self,
        state: &State<'_>,
        members: &mut Members,
        (from, to): (u32, u32),
        depth: Depth,
        bundle: &mut Bundle,
    ) {
        const NONE: u32 = u32::MAX;
        let instance = state.instance;
        self.units.clear();
        self.units.push([NONE; 3]);
        let most = if depth == Depth::Singles { SINGLES } else { SETS / 2 };
        for &u in members.of(state, from) {
            if state.is_border(u) && instance.neighbours(u).iter().any(|&v| state.part(v) == to) && state.may(u, to) {
                self.units.push([u, NONE, NONE]);
                if self.units.len() > most {
                    break;
                }
            }
        }
        let mut grown = 1;
        while depth == Depth::Sets && self.units.len() < SETS && grown < self.units.len() {
            let set = self.units[grown];
            grown += 1;
            let size = count(&set) as usize;
            if size == 3 {
                break;
            }
            for &u in &set[..size] {
                for &v in instance.neighbours(u) {
                    if state.part(v) == from && !set.contains(&v) && self.units.len() < SETS && state.may(v, to) {
                        let mut larger = set;
                        larger[size] = v;
                        larger.sort_unstable();
                        if !self.units.contains(&larger) {
                            self.units.push(larger);
                        }
                    }
                }
            }
        }
        self.loads.clear();
        self.arriving.clear();
        self.energy.clear();
        for set in &self.units {
            bundle.set(instance, set.iter().copied().filter(|&u| u != NONE));
            if instance.ways.is_none() {
                self.loads.extend_from_slice(&bundle.loads);
            } else {
                let moved = bundle.moved();
                self.loads.extend((0..instance.measures).map(|j| instance.moved_load(moved, j, from)));
                self.arriving.extend((0..instance.measures).map(|j| instance.moved_load(moved, j, to)));
            }
            let links: f64 = bundle.units.iter().map(|&u| state.link_change(u, from, to)).sum();
            let empty = bundle.units.is_empty();
            let inertia = if empty { 0.0 } else { state.inertia_change(&Mass { ..bundle.mass }, from, to) };
            self.energy.push(inertia + links + inner_links(state, &bundle.units));
        }
    }

    /// What a set takes along from where it is.
    #[inline]
    fn leaving(&self, set: usize, measures: usize) -> &[f64] {
        &self.loads[set * measures..][..measures]
    }

    /// What a set brings where it goes.
    #[inline]
    fn arriving(&self, set: usize, measures: usize) -> &[f64] {
        let loads = if self.arriving.is_empty() { &self.loads } else { &self.arriving };
        &loads[set * measures..][..measures]
    }

    /// Orders the sets by what they bring of a measure.
    fn sort(&mut self, measures: usize, measure: usize) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..self.units.len() as u32);
        let load = |t: u32| self.arriving(t as usize, measures)[measure];
        order.sort_unstable_by(|&a, &b| load(a).total_cmp(&load(b)).then(a.cmp(&b)));
        self.order = order;
    }
}
