//! What no plan inside the bounds can go below: how much changes hands at least, and how many territories change.
//!
//! Units cannot be cut. A territory of a few large ones that has a little too much hands off one of them and takes others over for it,
//! so that far more than the surplus moves. And what a contiguous territory hands off or takes over has a unit at its border with it,
//! unless territories leave all that they have today. Rules are left aside: they can only ask for more.

use super::violation::BOUND_SLACK;
use crate::adjacency::Graph;

/// Sums of which a territory's least one beyond its surplus is looked for; where more were to see the surplus itself is taken.
const STEPS: usize = 200_000;
/// Of more units sums are dense.
const DENSE: usize = 500;
/// A sum that is so near the surplus, as a share of it, is as good as it.
const NEAR: f64 = 1e-3;

/// The territories that go on, with what comes from outside them, in one measure.
pub(super) struct Needs<'a> {
    /// Sum of every territory of the new plan in the plan of today, 0 for a new one.
    pub(super) sums: &'a [f64],
    /// Least and largest sum of each.
    pub(super) bounds: &'a [(f64, f64)],
    /// What territories have that are no more.
    pub(super) gone: f64,
    /// What units have that are in no territory today.
    pub(super) new: f64,
}

impl Needs<'_> {
    /// What changes hands at least; `fringes` are of all territories. Where new territories begin borders say nothing.
    pub(super) fn moved(&self, fringes: &[Fringe]) -> f64 {
        let free = self.least(fringes, false);
        let least_home = self.sums.iter().copied().fold(f64::INFINITY, f64::min);
        // Or one of them leaves all that it has, so that nothing says where its units lie.
        if least_home > 0.0 { free.max(self.least(fringes, true).min(least_home)) } else { free }
    }

    fn least(&self, fringes: &[Fringe], contiguous: bool) -> f64 {
        // What each hands off at least, and takes over.
        let each: Vec<(f64, f64)> = (0..self.sums.len())
            .map(|t| {
                let (sum, (lower, upper)) = (self.sums[t], self.bounds[t]);
                let over = (sum - upper).max(0.0);
                // A set that is short by no more than the slack will do; sums have rounding errors, too.
                let enough = over - 2.0 * BOUND_SLACK * upper;
                let handed = if enough > 0.0 { fringes[t].least_sum(enough, contiguous).max(over) } else { over };
                let mut taken = (lower - (sum - handed)).max(0.0);
                if contiguous && taken > 2.0 * BOUND_SLACK * lower {
                    taken = taken.max(fringes[t].beside);
                }
                (handed, taken)
            })
            .collect();
        let handed: f64 = self.gone + each.iter().map(|e| e.0).sum::<f64>();
        let taken = each.iter().map(|e| e.1).sum::<f64>();
        // What one territory takes over others hand off, and the other way round; new units come from nowhere.
        let around = each.iter().map(|&(off, over)| {
            (off + (handed - off).max(over - self.new)).max(over + (taken - over).max(off) - self.new)
        });
        around.fold(handed.max(taken - self.new), f64::max).max(0.0)
    }

    /// Whether a territory is outside its bounds with what it has today, so that it has to change.
    fn changes(&self, t: usize) -> bool {
        let (room, spare) = self.rooms(t);
        room < 0.0 || spare < 0.0
    }

    /// What a territory can take over and hand off inside its bounds; negative where it is outside.
    fn rooms(&self, t: usize) -> (f64, f64) {
        let (sum, (lower, upper)) = (self.sums[t], self.bounds[t]);
        (upper * (1.0 + BOUND_SLACK) - sum, sum - lower * (1.0 - BOUND_SLACK))
    }

    /// How many territories have to change beside those that do anyway: what comes has to find room, and what is missing to come from somewhere.
    fn more(&self, changes: &[bool]) -> usize {
        let come = self.gone + self.new;
        let (mut surplus, mut missing) = (come, -come);
        let (mut take, mut give) = (Vec::new(), Vec::new());
        for (t, &changes) in changes.iter().enumerate() {
            let (room, spare) = self.rooms(t);
            if changes {
                surplus -= room;
                missing -= spare;
            } else {
                take.push(room);
                give.push(spare);
            }
        }
        least_count(take, surplus).max(least_count(give, missing))
    }
}

/// How many territories change at least in a plan that is inside the bounds of all measures.
pub(super) fn least_touched(measures: &[Needs<'_>]) -> usize {
    let count = measures.first().map_or(0, |m| m.sums.len());
    let changes: Vec<bool> = (0..count).map(|t| measures.iter().any(|m| m.changes(t))).collect();
    let more = measures.iter().map(|m| m.more(&changes)).max().unwrap_or(0);
    changes.iter().filter(|c| **c).count() + more
}

/// How many of `rooms` hold `amount` together, at least.
fn least_count(mut rooms: Vec<f64>, mut amount: f64) -> usize {
    rooms.sort_by(|a, b| b.total_cmp(a));
    // Sums have rounding errors.
    let slack = 1e-9 * amount.abs();
    let mut count = 0;
    for room in rooms {
        if amount <= slack {
            break;
        }
        amount -= room;
        count += 1;
    }
    count
}

/// The units of a territory, and what is beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fringe {
    /// Values of the units that have neighbours in no other territory.
    pub(super) inner: Vec<f64>,
    /// Of those that have.
    pub(super) border: Vec<f64>,
    /// Least value of a unit outside that is beside one inside; 0 if there is none.
    pub(super) beside: f64,
}

/// The fringes of the first `k` nodes that units belong to.
pub(super) fn fringes(graph: &Graph, node_of: &[u32], values: &[f64], k: usize) -> Vec<Fringe> {
    let mut fringes = vec![Fringe { beside: f64::INFINITY, ..Fringe::default() }; k];
    for (unit, (&node, &value)) in (0u32..).zip(node_of.iter().zip(values)) {
        let Some(fringe) = fringes.get_mut(node as usize) else { continue };
        let others = graph.neighbours(unit).iter().filter(|&&v| node_of[v as usize] != node);
        let (mut count, mut least) = (0, f64::INFINITY);
        for &v in others {
            count += 1;
            least = values[v as usize].min(least);
        }
        fringe.beside = fringe.beside.min(least);
        if count > 0 { &mut fringe.border } else { &mut fringe.inner }.push(value);
    }
    fringes.iter_mut().filter(|f| f.beside.is_infinite()).for_each(|f| f.beside = 0.0);
    fringes
}

impl Fringe {
    /// The least sum of some of the units that is not below `over`, with one at the border among them where territories are contiguous;
    /// `over` itself where sums are dense or too many.
    fn least_sum(&self, over: f64, contiguous: bool) -> f64 {
        let units = self.inner.iter().map(|&u| (u, !contiguous)).chain(self.border.iter().map(|&u| (u, true)));
        let mut units: Vec<(f64, bool)> = units.filter(|u| u.0 > 0.0).collect();
        if units.len() > DENSE {
            return over;
        }
        units.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut rest = vec![0.0; units.len() + 1];
        for (at, unit) in units.iter().enumerate().rev() {
            rest[at] = rest[at + 1] + unit.0;
        }
        // What makes a set without one at the border a set with one.
        let border = self.border.iter().copied().fold(f64::INFINITY, f64::min);
        let mut search = Subsets { units: &units, rest: &rest, border, over, best: f64::INFINITY, steps: 0 };
        if search.is_done(0, 0.0, false) && search.best.is_finite() {
            // Sums formed in another order differ by rounding.
            (search.best * (1.0 - 1e-12)).max(over)
        } else {
            over
        }
    }
}

struct Subsets<'a> {
    /// From the largest down, each with whether it is at the border.
    units: &'a [(f64, bool)],
    /// Sum of the units from a position on.
    rest: &'a [f64],
    border: f64,
    over: f64,
    best: f64,
    steps: usize,
}

impl Subsets<'_> {
    /// Tries the units from a position on beside those that have a `sum`; whether all that matters was seen.
    fn is_done(&mut self, at: usize, sum: f64, at_border: bool) -> bool {
        self.steps += 1;
        if self.steps > STEPS {
            return false;
        }
        if sum >= self.over {
            self.best = self.best.min(if at_border { sum } else { sum + self.border });
            // Nearer than that nothing is gained.
            return self.best > self.over * (1.0 + NEAR);
        }
        let Some(&(unit, border)) = self.units.get(at) else { return true };
        let enough = sum + self.rest[at] >= self.over * (1.0 - 1e-12);
        !enough
            || ((sum + unit >= self.best || self.is_done(at + 1, sum + unit, at_border || border))
                && self.is_done(at + 1, sum, at_border))
    }
}
