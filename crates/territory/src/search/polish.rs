//! The last per cent: territories outside their bounds exchange small sets of border units with their neighbours.
//!
//! What a neighbour cannot keep it hands on: a path over the territory graph ends where a territory can absorb it. A change
//! is kept only if the violation summed over all territories falls; a border that did not let anything through is left out
//! of later paths.

use super::anneal::Scratch;
use super::exchange::{Depth, Exchange, LEAST, undo};
use super::members::Members;
use super::state::State;
use crate::control::Control;
use std::collections::{BTreeMap, BTreeSet};

/// Territories that a path may be looked for in.
const REACH: usize = 300;
/// Paths that are tried for a territory, one after another.
const PATHS: usize = 4;
/// Exchanges that may fail in one call, more for many territories.
const FAILURES: usize = 200;

/// Lowers the violation of `state` as far as exchanges can; returns what is left.
pub fn polish(state: &mut State<'_>, scratch: &mut Scratch, rounds: usize, control: &Control<'_>) -> f64 {
    if (0..state.instance.k() as u32).any(|t| state.violation_of(t) > 0.0) {
        let mut polish = Polish {
            members: Members::new(state),
            state,
            scratch,
            exchange: Exchange::default(),
            moves: Vec::new(),
            blocked: BTreeSet::new(),
        };
        polish.run(rounds, control);
    }
    state.recompute();
    state.violation()
}

struct Polish<'p, 'a> {
    state: &'p mut State<'a>,
    scratch: &'p mut Scratch,
    members: Members,
    exchange: Exchange,
    moves: Vec<(u32, u32)>,
    /// Borders that let nothing through, from and to.
    blocked: BTreeSet<(u32, u32)>,
}

impl Polish<'_, '_> {
    fn run(&mut self, rounds: usize, control: &Control<'_>) {
        let k = self.state.instance.k();
        let mut failures = FAILURES + k / 10;
        for _ in 0..rounds {
            let mut outside: Vec<(f64, u32)> =
                (0..k as u32).map(|t| (self.state.violation_of(t), t)).filter(|v| v.0 > 0.0).collect();
            outside.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut improved = false;
            self.blocked.clear();
            for (_, t) in outside {
                while self.state.violation_of(t) > 0.0 {
                    if control.stopped().is_some() {
                        return;
                    }
                    let before = self.state.violation_of(t);
                    self.moves.clear();
                    let better = self.exchange(t, Depth::Singles) || self.exchange(t, Depth::Sets) || self.hand_on(t);
                    improved |= better;
                    if !better {
                        failures -= 1;
                        if failures == 0 {
                            return;
                        }
                    }
                    if !better || self.state.violation_of(t) >= before {
                        break;
                    }
                }
            }
            if !improved {
                return;
            }
        }
    }

    /// The measure that is violated most in `t`, and by how much: positive if there is too much.
    fn worst(&self, t: u32) -> (usize, f64) {
        let m = self.state.instance.measures;
        let windows = &self.state.instance.windows[t as usize * m..][..m];
        let sums = self.state.sums_of(t);
        let mut worst = (0, 0.0);
        let mut most = f64::NEG_INFINITY;
        for (j, (w, &sum)) in windows.iter().zip(sums).enumerate() {
            let violation = w.violation(sum);
            if violation > most {
                most = violation;
                worst = (j, if sum > w.upper { sum - w.upper } else { (sum - w.lower).min(0.0) });
            }
        }
        worst
    }

    fn exchange(&mut self, t: u32, depth: Depth) -> bool {
        let measure = self.worst(t).0;
        let neighbours = self.members.neighbours(self.state, t).to_vec();
        // Where the sums say that most can be had, first.
        let m = self.state.instance.measures;
        let room = |&other: &u32| {
            let w = &self.state.instance.windows[other as usize * m + measure];
            let sum = self.state.sums_of(other)[measure];
            if self.worst(t).1 > 0.0 { w.upper - sum } else { sum - w.lower }
        };
        let mut ranked: Vec<(f64, u32)> = neighbours.iter().map(|other| (room(other), *other)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().any(|(_, other)| self.pass((t, other), (measure, 0.0), depth))
    }

    fn pass(&mut self, pair: (u32, u32), incoming: (usize, f64), depth: Depth) -> bool {
        let guard = &mut self.scratch.guard;
        self.exchange.run(self.state, &mut self.members, guard, pair, incoming, depth, &mut self.moves)
    }

    /// Carries what `t` has too much (or too little) along a path of territories to the nearest that can absorb it.
    fn hand_on(&mut self, t: u32) -> bool {
        let (measure, amount) = self.worst(t);
        for _ in 0..PATHS {
            let path = self.path_to_absorber(t, measure, amount);
            if path.len() < 2 {
                return false;
            }
            let begin = self.moves.len();
            let violation = |state: &State<'_>| path.iter().map(|&p| state.violation_of(p)).sum::<f64>();
            let before = violation(self.state);
            // From the absorbing end, so that room is made before it is needed.
            let failed = path.windows(2).rev().find(|pair| {
                let incoming = (measure, if pair[0] == t { 0.0 } else { amount });
                let pair = (pair[0], pair[1]);
                !(self.pass(pair, incoming, Depth::Singles) || self.pass(pair, incoming, Depth::Sets))
            });
            if violation(self.state) < before - LEAST {
                return true;
            }
            undo(self.state, &mut self.members, &mut self.moves, begin);
            let blocked = failed.unwrap_or(&path[..2]);
            self.blocked.insert((blocked[0], blocked[1]));
        }
        false
    }

    /// The nearest territories from `t` to one that has room for `amount` (negative: has as much to spare), in hops.
    fn path_to_absorber(&mut self, t: u32, measure: usize, amount: f64) -> Vec<u32> {
        let m = self.state.instance.measures;
        let mut previous = BTreeMap::from([(t, t)]);
        let mut queue = vec![t];
        let mut at = 0;
        while at < queue.len().min(REACH) {
            let p = queue[at];
            at += 1;
            if p != t {
                let window = &self.state.instance.windows[p as usize * m + measure];
                if window.violation(self.state.sums_of(p)[measure] + amount) == 0.0 {
                    let mut path = vec![p];
                    let mut q = p;
                    while q != t {
                        q = previous[&q];
                        path.push(q);
                    }
                    path.reverse();
                    return path;
                }
            }
            for &q in self.members.neighbours(self.state, p) {
                if let std::collections::btree_map::Entry::Vacant(slot) = previous.entry(q)
                    && !self.blocked.contains(&(p, q))
                {
                    slot.insert(p);
                    queue.push(q);
                }
            }
        }
        Vec::new()
    }
}
