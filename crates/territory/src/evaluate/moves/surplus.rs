//! Which territory's imbalance a move serves: directly, or as a step on the way that the moves themselves lead.

use super::{Imbalance, NOWHERE, Plans, Reason};
use crate::evaluate::violation::side;
use crate::ids::TerritoryId;
use std::collections::BTreeSet;

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
            let of = move |(origin, steps): (u32, u32), above: bool| {
                // What comes back to where it went out is an exchange: told only where nothing else is.
                let exchange = origin == if above { to } else { from };
                let became = ways.became[origin as usize];
                let imbalance = Imbalance { measure, territory: TerritoryId(origin), above, steps, exchange, became };
                ((exchange, steps, became, measure, !above), imbalance)
            };
            let above = ways.from_above.get(from as usize).copied().flatten().map(|found| of(found, true));
            let below = ways.to_below.get(to as usize).copied().flatten().map(|found| of(found, false));
            above.into_iter().chain(below)
        });
        candidates.min_by_key(|c| c.0).map(|c| c.1)
    };
    moved.iter().map(cause).collect()
}

/// Per territory the nearest one, and the steps to it, along the moves that carry some of a measure.
struct Ways {
    /// The one above its maximum from which moves lead here.
    from_above: Vec<Option<(u32, u32)>>,
    /// The one below its minimum to which moves lead from here.
    to_below: Vec<Option<(u32, u32)>>,
    /// Whether a territory was inside its bounds before.
    became: Vec<bool>,
}

impl Ways {
    fn of(plans: &Plans<'_>, moved: &[(usize, Option<Reason>)], m: usize) -> Self {
        let values = &plans.problem.measures()[m].values;
        let free = moved.iter().filter(|(_, needed)| needed.is_none()).map(|&(unit, _)| unit);
        let links: BTreeSet<(u32, u32)> =
            free.filter(|&unit| values[unit] > 0.0).map(|unit| (plans.home[unit], plans.after[unit])).collect();
        let (sides, became): (Vec<i8>, Vec<bool>) = sides(plans, moved, m).into_iter().unzip();
        let where_it_is = |wanted: i8| (0..sides.len() as u32).filter(|&t| sides[t as usize] == wanted).collect();
        let back: BTreeSet<(u32, u32)> = links.iter().map(|&(a, b)| (b, a)).collect();
        Self {
            from_above: nearest(where_it_is(1), &links, sides.len()),
            to_below: nearest(where_it_is(-1), &back, sides.len()),
            became,
        }
    }
}

/// Whether every territory was above its bounds (1), below (−1) or neither: before, else (true) once all that had to move had. One
/// that is new was below.
fn sides(plans: &Plans<'_>, moved: &[(usize, Option<Reason>)], m: usize) -> Vec<(i8, bool)> {
    let (problem, values) = (plans.problem, &plans.problem.measures()[m].values);
    let mut sums = vec![0.0; problem.k()];
    for (&home, value) in plans.home.iter().zip(values).filter(|(home, _)| **home != NOWHERE) {
        sums[home as usize] += value;
    }
    let before = sums.clone();
    for &(unit, _) in moved.iter().filter(|(_, needed)| needed.is_some()) {
        if let Some(sum) = sums.get_mut(plans.home[unit] as usize) {
            *sum -= values[unit];
        }
        sums[plans.after[unit] as usize] += values[unit];
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
