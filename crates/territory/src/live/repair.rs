//! What mends a violation: moves over the border of a territory that has too much or too little; where those do not help, chains of moves
//! that carry it on to a territory with room; pieces handed over whole; units sent to where they may be.

use super::LivePlan;
use super::effect::{Change, Effect, LiveViolation};
use crate::evaluate::ViolationKind;
use crate::ids::{TerritoryId, UnitId};
use crate::problem::NO_GROUP;
use std::collections::{BTreeMap, VecDeque};

/// Territories that a chain passes at most.
const LONGEST_CHAIN: usize = 6;
/// Chains that are tried out at most.
const CHAINS: usize = 24;

/// Whether a change mends something, not just the objective.
fn mends(change: &Change) -> bool {
    change.improves() && (change.rules < 0 || change.contiguity < 0 || change.excess < 0.0)
}

/// Units with a neighbour in another territory: (from, to, unit), ascending.
type Crossings = Vec<(u32, u32, u32)>;

impl LivePlan {
    /// Up to `count` changes that mend a violation, or make it smaller, best first; each mends something in the whole plan and makes
    /// nothing worse that comes before it ([`Change::compare`]). Made by [`LivePlan::move_units`] with [`Effect::orders`].
    ///
    /// - A sum above or below its bounds: single moves over the territory's border; where they are too few, chains, in which each territory
    ///   hands a unit on to the next until one has room.
    /// - Several pieces: all but the heaviest, each handed whole to a neighbour. No unit: one from elsewhere.
    /// - A unit where it may not be, a group in several territories, a pair that shares one: moved where they may be.
    ///
    /// Of violations that do not stand (any more) nothing is found.
    pub fn repairs(&mut self, violation: &LiveViolation, count: usize) -> Vec<Effect> {
        if !self.violations().iter().any(|v| v.is_same(violation)) {
            return Vec::new();
        }
        let t = violation.territory.0;
        match (violation.kind, violation.measure) {
            (ViolationKind::AboveMaximum | ViolationKind::BelowMinimum, Some(measure)) => {
                let above = violation.kind == ViolationKind::AboveMaximum;
                let candidates = self.candidates(|from, to| if above { from == t } else { to == t }, None);
                let mut found = self.best_of(candidates, count, mends);
                if found.len() < count {
                    self.chains(t, measure, above, count, &mut found);
                }
                found
            }
            (ViolationKind::NotContiguous, _) => {
                let changes = self.piece_orders(t);
                self.best_orders(changes, count)
            }
            (ViolationKind::Empty, _) => {
                let candidates = self.candidates(|_, to| to == t, Some(t));
                self.best_of(candidates, count, mends)
            }
            (ViolationKind::Lock | ViolationKind::Together | ViolationKind::Apart, _) => {
                let units = violation.unit.into_iter().chain(violation.other);
                let to = |unit| self.territories().map(move |t| vec![(unit, t)]);
                let changes = units.flat_map(to).collect();
                self.best_orders(changes, count)
            }
            _ => Vec::new(),
        }
    }

    /// Tries changes out; the best that mend something.
    fn best_orders(&mut self, changes: Vec<Vec<(UnitId, TerritoryId)>>, count: usize) -> Vec<Effect> {
        let mut found: Vec<Effect> =
            changes.iter().filter_map(|c| self.preview_units(c).ok()).filter(|e| mends(&e.change)).collect();
        // A stable sort: of equals the first one tried stays first.
        found.sort_by(|a, b| a.change.compare(&b.change));
        found.dedup_by(|a, b| a.moves == b.moves);
        found.truncate(count);
        found
    }

    /// Every piece of a territory but the heaviest, whole, to every territory beside it.
    fn piece_orders(&mut self, t: u32) -> Vec<Vec<(UnitId, TerritoryId)>> {
        let mut pieces = self.books.pieces_of(&self.problem, t);
        let share = |piece: &Vec<u32>| -> f64 {
            let load = |m: usize, u: u32| self.books.load(&self.problem, m, u, t);
            let of = |m: usize| piece.iter().map(|&u| load(m, u)).sum::<f64>() / self.territories.target(t, m);
            (0..self.problem.measures().len()).map(of).sum()
        };
        let weight = |(at, piece): (usize, &Vec<u32>)| (share(piece), piece.len(), at);
        let heavier = |a: &(f64, usize, usize), b: &(f64, usize, usize)| {
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2))
        };
        if let Some((_, _, heaviest)) = pieces.iter().enumerate().map(weight).max_by(heavier) {
            pieces.remove(heaviest);
        }
        let mut changes = Vec::new();
        for piece in pieces {
            let beside = piece.iter().flat_map(|&u| self.problem.graph().neighbours(u)).map(|&v| self.books.of(v));
            let mut beside: Vec<u32> = beside.filter(|&to| to != t).collect();
            beside.sort_unstable();
            beside.dedup();
            let to = |to: u32| piece.iter().map(|&u| (UnitId(u), TerritoryId(to))).collect();
            changes.extend(beside.into_iter().map(to));
        }
        changes
    }

    /// Chains from a territory that has too much to one with room, or from one that can spare to one that has too little, the shortest
    /// first.
    fn chains(&mut self, t: u32, measure: usize, above: bool, count: usize, found: &mut Vec<Effect>) {
        let crossings = self.crossings();
        let mut tried = 0;
        for path in self.paths(&crossings, t, above) {
            let Some(&end) = path.last() else { continue };
            let (lower, upper) = self.territories.bounds(end, measure);
            let sum = self.sum(end, measure);
            let room = if above { upper - sum } else { sum - lower };
            if path.len() < 3 || room.is_nan() || room <= 0.0 {
                continue;
            }
            let orders = self.chain(&crossings, &path, measure, above);
            let effect = orders.and_then(|orders| self.preview_units(&orders).ok());
            found.extend(effect.filter(|e| mends(&e.change) && !found.iter().any(|f| f.moves == e.moves)));
            tried += 1;
            if found.len() >= count || tried >= CHAINS {
                return;
            }
        }
    }

    fn crossings(&self) -> Crossings {
        let graph = self.problem.graph();
        let mut crossings = Vec::with_capacity(2 * self.books.border().len());
        for &unit in self.books.border() {
            let from = self.books.of(unit);
            let beside = graph.neighbours(unit).iter().map(|&v| self.books.of(v)).filter(|&to| to != from);
            crossings.extend(beside.map(|to| (from, to, unit)));
        }
        crossings.sort_unstable();
        crossings.dedup();
        crossings
    }

    /// Shortest ways from a territory to all others over borders, nearest first: (t, …, end).
    fn paths(&self, crossings: &Crossings, t: u32, above: bool) -> Vec<Vec<u32>> {
        let mut beside: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for pair in crossings.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (from, to) = if above { (pair[0].0, pair[0].1) } else { (pair[0].1, pair[0].0) };
            beside.entry(from).or_default().push(to);
        }
        let mut seen = vec![false; self.territories.len()];
        seen[t as usize] = true;
        let (mut queue, mut paths) = (VecDeque::from([vec![t]]), Vec::new());
        while let Some(path) = queue.pop_front() {
            let next = path.last().and_then(|at| beside.get(at)).into_iter().flatten();
            for &to in next.filter(|_| path.len() < LONGEST_CHAIN) {
                if !std::mem::replace(&mut seen[to as usize], true) {
                    let mut longer = path.clone();
                    longer.push(to);
                    queue.push_back(longer);
                }
            }
            paths.push(path);
        }
        paths
    }

    /// One unit from each territory of a path to the next: the amount that is missing or too much, passed on as nearly as units allow. None
    /// where a border has no unit to pass.
    fn chain(
        &mut self,
        crossings: &Crossings,
        path: &[u32],
        measure: usize,
        above: bool,
    ) -> Option<Vec<(UnitId, TerritoryId)>> {
        let (t, sum) = (path[0], self.sum(path[0], measure));
        let (lower, upper) = self.territories.bounds(t, measure);
        let mut amount = if above { sum - upper } else { lower - sum };
        let mut made = Vec::new();
        let mut whole = true;
        for pair in path.windows(2) {
            let (from, to) = if above { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
            let before = [from, to].map(|t| (t, self.books.pieces(t)));
            let Some(unit) = self.passed_on(crossings, (from, to), measure, amount) else {
                whole = false;
                break;
            };
            // What the next one is to be relieved of, or to give.
            amount = self.books.load(&self.problem, measure, unit, pair[1]);
            self.books.step(&self.problem, unit, to);
            made.push((unit, from, to, before));
        }
        for &(unit, from, _, before) in made.iter().rev() {
            self.books.shift(&self.problem, unit, from);
            before.iter().for_each(|&(t, pieces)| self.books.set_pieces(t, pieces));
        }
        whole.then(|| made.iter().map(|&(unit, _, to, _)| (UnitId(unit), TerritoryId(to))).collect())
    }

    /// The unit of one territory that may go to the other, cuts nothing and has about some amount of a measure.
    fn passed_on(&mut self, crossings: &Crossings, (from, to): (u32, u32), measure: usize, amount: f64) -> Option<u32> {
        let begin = crossings.partition_point(|c| (c.0, c.1) < (from, to));
        let load = |u: u32| self.books.load(&self.problem, measure, u, from);
        let units = crossings[begin..].iter().take_while(|c| (c.0, c.1) == (from, to)).map(|c| c.2);
        let mut units: Vec<(f64, u32)> = units
            .filter(|&u| load(u) > 0.0 && self.problem.rule_book().group_of(u) == NO_GROUP)
            .filter(|&u| self.books.of(u) == from && self.check_move(u, to).is_ok() && self.clashing(u, to).is_none())
            .map(|u| ((load(u) - amount).abs(), u))
            .collect();
        units.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        units.into_iter().map(|u| u.1).find(|&unit| {
            let (left, joined) = self.books.piece_changes(&self.problem, unit, to);
            left <= 0 && joined <= 0 && self.books.size(from) > 1
        })
    }
}
