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
    let mut marks = Marks { group: vec![false; instance.len()], joined: vec![false; instance.len()] };
    for group in members.values() {
        for way in ways(instance, group, &mut marks, |u| free(u) && !taken[u as usize]) {
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

/// Marks of units, all clear between two groups.
struct Marks {
    /// In the group.
    group: Vec<bool>,
    /// Joined already.
    joined: Vec<bool>,
}

/// Units between the pieces of a group: shortest ways over `free` units, from what is joined already to the next piece.
fn ways(instance: &Instance, group: &[u32], marks: &mut Marks, free: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
    group.iter().for_each(|&u| marks.group[u as usize] = true);
    let mut joined = vec![group[0]];
    marks.joined[group[0] as usize] = true;
    let (mut ways, mut at, mut left) = (Vec::new(), 0, group.len() - 1);
    loop {
        // All that links inside the group join.
        while at < joined.len() {
            for &v in instance.neighbours(joined[at]) {
                if marks.group[v as usize] && !std::mem::replace(&mut marks.joined[v as usize], true) {
                    joined.push(v);
                    left -= 1;
                }
            }
            at += 1;
        }
        if left == 0 {
            break;
        }
        let Some((end, way)) = next_way(instance, &joined, marks, &free) else { break };
        left -= 1;
        for &u in way.iter().chain([&end]) {
            marks.joined[u as usize] = true;
            joined.push(u);
        }
        ways.push(way);
    }
    group.iter().for_each(|&u| marks.group[u as usize] = false);
    joined.iter().for_each(|&u| marks.joined[u as usize] = false);
    ways
}

/// The nearest unit of the group that is not joined, and the free units on the way there.
fn next_way(instance: &Instance, joined: &[u32], marks: &Marks, free: impl Fn(u32) -> bool) -> Option<(u32, Vec<u32>)> {
    // Where units beyond those that are joined were reached from.
    let mut from: BTreeMap<u32, u32> = BTreeMap::new();
    let mut queue = Vec::new();
    let mut at = 0;
    loop {
        let u = match joined.get(at) {
            Some(&u) => u,
            None => *queue.get(at - joined.len())?,
        };
        at += 1;
        for &v in instance.neighbours(u) {
            if marks.joined[v as usize] || from.contains_key(&v) {
                continue;
            }
            if marks.group[v as usize] {
                let (mut way, mut w) = (Vec::new(), u);
                while let Some(&before) = from.get(&w) {
                    way.push(w);
                    w = before;
                }
                return Some((v, way));
            }
            if free(v) {
                from.insert(v, u);
                queue.push(v);
            }
        }
    }
}
