//! Which territory's imbalance a move serves: directly, or as a step on the way that a measure went on the whole.

use super::{Imbalance, NOWHERE, Plans, Reason};
use crate::evaluate::violation::side;
use crate::ids::TerritoryId;
use std::collections::{BTreeMap, BTreeSet};

/// For every unit that moves and is not needed to for another reason: the nearest territory that was outside its bounds and that the
/// move leads away from (above) or towards (below).
pub(super) fn imbalances(plans: &Plans<'_>, moved: &[(usize, Option<Reason>)]) -> Vec<Option<Imbalance>> {
    let ways: Vec<Ways> = (0..plans.problem.measures().len()).map(|m| Ways::of(plans, moved, m)).collect();
    let cause = |&(unit, needed): &(usize, Option<Reason>)| {
        if needed.is_some() {
            return None;
        }
        let (from, to) = (plans.home[unit], plans.after[unit]);
        let candidates = ways.iter().enumerate().flat_map(|(measure, ways)| {
            ways.causes(from, to).into_iter().flatten().map(move |found| {
                let became = ways.became[found.territory as usize];
                let Cause { territory, above, steps, exchange } = found;
                let imbalance =
                    Imbalance { measure, territory: TerritoryId(territory), above, steps, exchange, became };
                ((exchange, steps, became, measure, !above), imbalance)
            })
        });
        candidates.min_by_key(|c| c.0).map(|c| c.1)
    };
    moved.iter().map(cause).collect()
}

/// A territory whose imbalance a move may serve.
struct Cause {
    territory: u32,
    above: bool,
    steps: u32,
    exchange: bool,
}

/// Where a measure went between territories, and per territory the nearest one that it came from or is wanted by.
struct Ways {
    /// Pairs (from, to) between which more went this way than back.
    links: BTreeSet<(u32, u32)>,
    /// Above its bounds (1), below (−1) or neither.
    sides: Vec<i8>,
    /// Whether it was inside its bounds before.
    became: Vec<bool>,
    /// The one above its maximum from which links lead here.
    from_above: Vec<Option<(u32, u32)>>,
    /// The one below its minimum to which links lead from here.
    to_below: Vec<Option<(u32, u32)>>,
}

impl Ways {
    fn of(plans: &Plans<'_>, moved: &[(usize, Option<Reason>)], m: usize) -> Self {
        let load = |unit: usize| plans.problem.load(m, unit, plans.home[unit] as usize);
        let mut net: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for &(unit, _) in moved.iter().filter(|(_, needed)| needed.is_none()) {
            let (a, b) = (plans.home[unit], plans.after[unit]);
            *net.entry((a.min(b), a.max(b))).or_default() += if a < b { load(unit) } else { -load(unit) };
        }
        let net = net.into_iter().filter(|(_, amount)| *amount != 0.0);
        let links: BTreeSet<(u32, u32)> =
            net.map(|((a, b), amount)| if amount > 0.0 { (a, b) } else { (b, a) }).collect();
        let back: BTreeSet<(u32, u32)> = links.iter().map(|&(a, b)| (b, a)).collect();
        let (sides, became): (Vec<i8>, Vec<bool>) = sides(plans, moved, m).into_iter().unzip();
        let where_it_is = |wanted: i8| (0..sides.len() as u32).filter(|&t| sides[t as usize] == wanted).collect();
        Self {
            from_above: nearest(where_it_is(1), &links, sides.len()),
            to_below: nearest(where_it_is(-1), &back, sides.len()),
            links,
            sides,
            became,
        }
    }

    /// What a move between two territories may serve: the one above that it leaves or the surplus of which goes this way, the one below
    /// that it goes to or that wants what goes this way; or it comes back against the way that most of the measure went.
    fn causes(&self, from: u32, to: u32) -> [Option<Cause>; 4] {
        let along = self.links.contains(&(from, to));
        let reached = |found: Option<(u32, u32)>, above: bool| {
            let (territory, steps) = found.filter(|&(_, steps)| steps == 0 || along)?;
            Some(Cause { territory, above, steps, exchange: territory == if above { to } else { from } })
        };
        let against = self.links.contains(&(to, from));
        let returned = |territory: u32, wanted: i8| {
            let serves = against && self.sides[territory as usize] == wanted;
            serves.then_some(Cause { territory, above: wanted == 1, steps: 1, exchange: true })
        };
        [
            reached(self.from_above[from as usize], true),
            reached(self.to_below[to as usize], false),
            returned(to, 1),
            returned(from, -1),
        ]
    }
}

/// Whether every territory was above its bounds (1), below (−1) or neither: before, else (true) once all that had to move had. One
/// that is new was below.
fn sides(plans: &Plans<'_>, moved: &[(usize, Option<Reason>)], m: usize) -> Vec<(i8, bool)> {
    let problem = plans.problem;
    let mut sums = vec![0.0; problem.k()];
    for (unit, &home) in plans.home.iter().enumerate().filter(|(_, home)| **home != NOWHERE) {
        sums[home as usize] += problem.load(m, unit, home as usize);
    }
    let before = sums.clone();
    for &(unit, _) in moved.iter().filter(|(_, needed)| needed.is_some()) {
        if let Some(sum) = sums.get_mut(plans.home[unit] as usize) {
            *sum -= problem.load(m, unit, plans.home[unit] as usize);
        }
        sums[plans.after[unit] as usize] += problem.load(m, unit, plans.after[unit] as usize);
    }
    let of = |t: usize| match (plans.goes_on[t], side(before[t], problem.unit_bounds(t, m))) {
        (false, _) => (-1, false),
        (true, 0) => (side(sums[t], problem.unit_bounds(t, m)), true),
        (true, outside) => (outside, false),
    };
    (0..problem.k()).map(of).collect()
}

/// Breadth first from `sources`, ascending, along `links`: of every territory the source that it is reached from, and in how many steps.
fn nearest(sources: Vec<u32>, links: &BTreeSet<(u32, u32)>, territories: usize) -> Vec<Option<(u32, u32)>> {
    let mut found = vec![None; territories];
    sources.iter().for_each(|&t| found[t as usize] = Some((t, 0)));
    let mut queue = std::collections::VecDeque::from(sources);
    while let Some(at) = queue.pop_front() {
        let Some((source, steps)) = found[at as usize] else { continue };
        for &(_, next) in links.range((at, 0)..=(at, u32::MAX)) {
            let slot = &mut found[next as usize];
            if slot.is_none() {
                *slot = Some((source, steps + 1));
                queue.push_back(next);
            }
        }
    }
    found
}
