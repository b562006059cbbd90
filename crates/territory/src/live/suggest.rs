//! Best next moves: of all moves of border units to neighbouring territories those that make the plan better most, by rules, contiguity,
//! bounds and objective in this order.
//!
//! Scores of all moves are cheap (two territories each); contiguity is asked for only of those that come out best, from the top
//! down, except where a territory is in pieces already. What is suggested is then tried out, so that its effect is exact.

use super::LivePlan;
use super::effect::{Change, Effect};
use crate::ids::{TerritoryId, UnitId};
use crate::parallel;
use crate::problem::NO_GROUP;
use crate::space::squared_distance;
use crate::terms::{Moments, border, cut};
use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

/// A move with what it is thought to do: what [`Change::compare`] looks at, and no more, since there are many.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    unit: u32,
    to: u32,
    rules: i32,
    contiguity: i32,
    excess: f64,
    objective: f64,
    /// Whether contiguity is still to be asked for.
    open: bool,
}

impl Candidate {
    fn new(unit: u32, to: u32, change: &Change, open: bool) -> Self {
        // As many rules or pieces as do not fit are too many all the same.
        let narrow = |count: i64| count.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let (rules, contiguity) = (narrow(change.rules), narrow(change.contiguity));
        Self { unit, to, rules, contiguity, excess: change.excess, objective: change.objective, open }
    }

    /// The best comes out of a heap first; ties go to the smaller unit, then the smaller territory.
    fn order(&self, other: &Self) -> Ordering {
        let whole = |c: &Self| (c.rules, c.contiguity);
        let bounds = other.excess.total_cmp(&self.excess).then(other.objective.total_cmp(&self.objective));
        let ties = (other.unit, other.to).cmp(&(self.unit, self.to));
        whole(other).cmp(&whole(self)).then(bounds).then(ties)
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(other)
    }
}

/// Border units that are scored as one piece of work.
const CHUNK: usize = 2_048;

/// What a piece of work finds: moves of units, and groups with places to be tried out.
#[derive(Default)]
struct Scan {
    found: Vec<Candidate>,
    groups: Vec<(u32, u32)>,
}

/// Figures of all territories as doubles, read once.
struct Sheet {
    moments: Vec<Moments>,
    centroids: Vec<[f64; 3]>,
    /// Where territories are measured from instead.
    anchors: Vec<Option<[f64; 3]>>,
    /// `[territory * measures + measure]`, what is carried included.
    sums: Vec<f64>,
    excess: Vec<f64>,
}

impl LivePlan {
    /// The `count` best next moves, best first; fewer where fewer make the plan better. A move is a unit, or a group that stays
    /// together, that goes to a territory beside it. Better is, in this order: fewer broken rules, fewer pieces, less excess over
    /// bounds, a lower objective ([`Change::compare`]); none cuts a territory. [`LivePlan::move_units`] with
    /// [`Effect::orders`] makes a move.
    ///
    /// Each is the best *next* one: after one of them the others may have changed. O(border units · measures) beside the walks of the few
    /// that are tried out. Units that are where they may not be, away from any border, are left to [`LivePlan::repairs`].
    pub fn next_moves(&mut self, count: usize) -> Vec<Effect> {
        let candidates = self.candidates(|_, _| true, None);
        self.best_of(candidates, count, |change| change.improves())
    }

    /// All moves over borders that are wanted by (from, to) and might make the plan better; with moves to a territory that need not be
    /// near, where one is given. In no order that may matter.
    pub(super) fn candidates(&mut self, wanted: impl Fn(u32, u32) -> bool + Sync, also: Option<u32>) -> Vec<Candidate> {
        let (sheet, border) = (self.sheet(), self.books.border());
        let scans = parallel::map(border.len().div_ceil(CHUNK), |chunk| {
            let units = border[chunk * CHUNK..].iter().take(CHUNK);
            self.scan(&sheet, units, &wanted, also)
        });
        let (mut found, mut groups) = (Vec::new(), BTreeSet::new());
        for scan in scans {
            found.extend(scan.found);
            groups.extend(scan.groups);
        }
        found.retain_mut(|candidate| candidate.open || self.settle_contiguity(candidate));
        for (group, to) in groups {
            let first = self.problem.rule_book().groups()[group as usize][0];
            let effect = self.preview(UnitId(first), TerritoryId(to)).ok();
            if let Some(effect) = effect.filter(|e| e.change.contiguity <= 0 && e.change.improves()) {
                found.push(Candidate::new(first, to, &effect.change, false));
            }
        }
        found
    }

    /// Scores the moves of some border units.
    fn scan<'a>(
        &self,
        sheet: &Sheet,
        units: impl Iterator<Item = &'a u32>,
        wanted: &impl Fn(u32, u32) -> bool,
        also: Option<u32>,
    ) -> Scan {
        let mut scan = Scan::default();
        let mut beside: Vec<u32> = Vec::new();
        for &unit in units {
            let from = self.books.of(unit);
            beside.clear();
            beside.extend(also.filter(|&t| t != from && wanted(from, t)));
            for &v in self.problem.graph().neighbours(unit) {
                let to = self.books.of(v);
                if to != from && !beside.contains(&to) && wanted(from, to) {
                    beside.push(to);
                }
            }
            let group = self.problem.rule_book().group_of(unit);
            if group != NO_GROUP {
                // A group that came in split may come together where a member is.
                let own = wanted(from, from).then_some(from);
                scan.groups.extend(beside.iter().copied().chain(own).map(|to| (group, to)));
            } else if !self.held[unit as usize] && self.books.size(from) > 1 {
                let may = |to: &&u32| self.may(unit, **to) && self.clashing(unit, **to).is_none();
                scan.found.extend(beside.iter().filter(may).filter_map(|&to| self.score(sheet, unit, to)));
            }
        }
        scan
    }

    /// Tries candidates out, from the best down, until `count` are found that are wanted.
    pub(super) fn best_of(
        &mut self,
        candidates: Vec<Candidate>,
        count: usize,
        wanted: impl Fn(&Change) -> bool,
    ) -> Vec<Effect> {
        let mut heap = BinaryHeap::from(candidates);
        let mut best = Vec::new();
        while best.len() < count {
            let Some(candidate) = heap.pop() else { break };
            let (unit, to) = (candidate.unit, candidate.to);
            if candidate.open && self.contiguity_change(unit, to) > 0 {
                continue;
            }
            let effect = self.preview(UnitId(unit), TerritoryId(to));
            best.extend(effect.ok().filter(|effect| wanted(&effect.change)));
        }
        best
    }

    fn sheet(&self) -> Sheet {
        let territories = 0..self.territories.len() as u32;
        let measures = self.problem.measures().len();
        let all = || territories.clone().flat_map(|t| (0..measures).map(move |m| (t, m)));
        let sums: Vec<f64> = all().map(|(t, m)| self.sum(t, m)).collect();
        let excess = all().zip(&sums).map(|((t, m), &sum)| self.territories.excess(t, m, sum)).collect();
        let moments: Vec<Moments> = territories.clone().map(|t| self.books.moments(t)).collect();
        let anchors = territories.map(|t| self.books.anchor(t)).collect();
        Sheet { centroids: moments.iter().map(Moments::centroid).collect(), anchors, moments, sums, excess }
    }

    /// A move of one unit, if it might make the plan better.
    fn score(&self, sheet: &Sheet, unit: u32, to: u32) -> Option<Candidate> {
        let from = self.books.of(unit);
        let mut change = Change { excess: self.excess_change(sheet, unit, from, to), ..Change::default() }.rounded();
        change.objective = self.objective_change(sheet, unit, from, to);
        if self.broken.len() > 0 {
            let apart = self.problem.rule_book().apart_of(unit);
            let mended = apart.iter().filter(|&&v| self.books.of(v) == from).count();
            change.rules = -(mended as i64) - i64::from(!self.may(unit, from));
        }
        // Of whole territories contiguity can only get worse: the best are asked later.
        let open = self.books.pieces(from) == 1 && self.books.pieces(to) == 1;
        (!open || change.improves()).then(|| Candidate::new(unit, to, &change, open))
    }

    /// Finds out what a move between territories of which one is in pieces, or empty, does to contiguity; whether it is still wanted.
    fn settle_contiguity(&mut self, candidate: &mut Candidate) -> bool {
        let contiguity = self.contiguity_change(candidate.unit, candidate.to);
        let (rules, excess, objective) = (i64::from(candidate.rules), candidate.excess, candidate.objective);
        let change = Change { rules, contiguity, excess, objective, ..Change::default() };
        *candidate = Candidate::new(candidate.unit, candidate.to, &change, false);
        contiguity <= 0 && change.improves()
    }

    /// What a move adds to pieces beyond one and empty territories.
    fn contiguity_change(&mut self, unit: u32, to: u32) -> i64 {
        let from = self.books.of(unit);
        let (left, joined) = self.books.piece_changes(&self.problem, unit, to);
        let change = |t: u32, by: i64| {
            let pieces = i64::from(self.books.pieces(t));
            (pieces + by - 1).abs() - (pieces - 1).abs()
        };
        change(from, left) + change(to, joined)
    }

    fn excess_change(&self, sheet: &Sheet, unit: u32, from: u32, to: u32) -> f64 {
        let measures = self.problem.measures().len();
        let mut change = 0.0;
        for m in 0..measures {
            let load = |t: u32| self.books.load(&self.problem, m, unit, t);
            for (t, value) in [(from, -load(from)), (to, load(to))] {
                let at = t as usize * measures + m;
                change += self.territories.excess(t, m, sheet.sums[at] + value) - sheet.excess[at];
            }
        }
        change
    }

    fn objective_change(&self, sheet: &Sheet, unit: u32, from: u32, to: u32) -> f64 {
        let (graph, mass) = (self.problem.graph(), self.books.mass(unit));
        let about = |t: u32| (&sheet.moments[t as usize], sheet.centroids[t as usize]);
        let ((old, there), (new, here)) = (about(from), about(to));
        let fixed = |t: u32| sheet.anchors[t as usize].map(|at| mass.weight * squared_distance(mass.at, at));
        let gain = fixed(to).unwrap_or_else(|| new.gain_about(here, mass));
        let inertia = gain - fixed(from).unwrap_or_else(|| old.loss_about(there, mass));
        let (row, part) = (graph.row(unit), |v: u32| self.books.of(v));
        let neighbours = graph.neighbours(unit);
        let cut =
            if self.terms.cut != 0.0 { cut::change(neighbours, graph.weights(unit), part, from, to) } else { 0.0 };
        let border = if self.terms.border != 0.0 {
            border::change(neighbours, &graph.borders_km()[row], part, from, to)
        } else {
            0.0
        };
        self.terms.value(inertia, border, cut)
    }
}
