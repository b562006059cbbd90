//! Units that stay together are one unit of the search. Where links inside a group do not join it, the units of a shortest way
//! between its pieces go along if nothing binds them, so that the territory that gets the group is contiguous.

use super::coarsen::{Level, contract};
use super::instance::Instance;
use crate::disjoint::DisjointSets;
use crate::problem::{NO_GROUP, Problem};
use std::collections::BTreeMap;

const NONE: u32 = u32::MAX;

/// The instance in which every group is one unit; none where there are no groups.
pub(crate) fn as_one(problem: &Problem, instance: &Instance) -> Option<Level> {
    let book = problem.rule_book();
    if book.groups().is_empty() {
        return None;
    }
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (position, &unit) in (0u32..).zip(&instance.order) {
        let group = book.group_of(unit);
        if group != NO_GROUP {
            members.entry(group).or_default().push(position);
        }
    }
    let mut sets = DisjointSets::new(instance.len());
    let free = |u: u32| {
        let bonds = instance.bonds.as_ref();
        book.group_of(instance.order[u as usize]) == NO_GROUP
            && bonds.is_none_or(|b| !b.is_narrow(u) && b.apart.of(u).next().is_none())
    };
    let mut taken = vec![false; instance.len()];
    for group in members.values() {
        for way in ways(instance, group, |u| free(u) && !taken[u as usize]) {
            for &u in &way {
                taken[u as usize] = true;
                sets.unite(group[0], u);
            }
        }
        for &u in group {
            sets.unite(group[0], u);
        }
    }
    let mut number = vec![NONE; instance.len()];
    let mut next = 0;
    let mut cluster = Vec::with_capacity(instance.len());
    for u in 0..instance.len() as u32 {
        let set = sets.find(u) as usize;
        if number[set] == NONE {
            number[set] = next;
            next += 1;
        }
        cluster.push(number[set]);
    }
    Some(Level { instance: contract(instance, &cluster), cluster })
}

/// Units between the pieces of a group: shortest ways over `free` units, from what is joined already to the next piece.
fn ways(instance: &Instance, group: &[u32], free: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
    let mut joined = vec![group[0]];
    let mut ways = Vec::new();
    loop {
        // All that links inside the group join.
        let mut at = 0;
        while at < joined.len() {
            for &v in instance.neighbours(joined[at]) {
                if group.contains(&v) && !joined.contains(&v) {
                    joined.push(v);
                }
            }
            at += 1;
        }
        if group.iter().all(|u| joined.contains(u)) {
            return ways;
        }
        let mut from: BTreeMap<u32, u32> = joined.iter().map(|&u| (u, NONE)).collect();
        let mut queue = joined.clone();
        let mut at = 0;
        let end = 'search: loop {
            let Some(&u) = queue.get(at) else { return ways };
            at += 1;
            for &v in instance.neighbours(u) {
                if from.contains_key(&v) {
                    continue;
                }
                if group.contains(&v) {
                    from.insert(v, u);
                    break 'search v;
                }
                if free(v) {
                    from.insert(v, u);
                    queue.push(v);
                }
            }
        };
        let mut way = Vec::new();
        let mut u = from[&end];
        while u != NONE && !joined.contains(&u) {
            way.push(u);
            u = from[&u];
        }
        joined.push(end);
        joined.extend(&way);
        ways.push(way);
    }
}
