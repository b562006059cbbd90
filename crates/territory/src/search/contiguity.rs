//! From cells to contiguous territories: the heaviest piece of each cell stays, everything else is attached again by growth
//! along the graph, so that every territory is connected by construction.

use super::construct::{Diagram, construct};
use super::instance::Instance;
use super::obey::obey;
use super::pieces::{FREE, pieces};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A key that orders like `f64::total_cmp`.
pub(super) fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// A contiguous diagram ([`construct`] and [`make_contiguous`]). Where rules leave a territory in pieces, corridors are laid in
/// other orders, and other diagrams are tried; the one of fewest pieces stays.
pub(super) fn begin(instance: &Instance, steps: usize, turn: u64) -> Diagram {
    begin_from(instance, |arrangement| construct(instance, steps, turn + (arrangement << 32)))
}

/// The same from diagrams that are handed in.
pub(super) fn begin_from(instance: &Instance, diagram: impl Fn(u64) -> Diagram) -> Diagram {
    if !instance.bonds.as_ref().is_some_and(|bonds| bonds.binds()) {
        let mut diagram = diagram(0);
        attach(instance, &mut diagram, 0);
        return diagram;
    }
    let mut best: Option<(usize, Diagram)> = None;
    'search: for arrangement in 0..ARRANGEMENTS {
        let diagram = diagram(arrangement);
        for order in 0..ORDERS {
            let mut diagram = diagram.clone();
            let going = attach(instance, &mut diagram, order);
            let count = pieces(instance, &diagram.parts).firsts.len();
            if best.as_ref().is_none_or(|b| count < b.0) {
                best = Some((count, diagram));
            }
            if count <= instance.k() || !going {
                break 'search;
            }
        }
    }
    best.map(|b| b.1).unwrap_or_default()
}

/// Arrangements that are tried for contiguity, and orders of laying corridors in each.
const ARRANGEMENTS: u64 = 3;
const ORDERS: usize = 4;

/// Makes the diagram's parts contiguous and non-empty. Every connected component of the instance must hold a part's unit,
/// or be the only one; returns the number of units that changed their territory.
pub fn make_contiguous(instance: &Instance, diagram: &mut Diagram) -> usize {
    let before = diagram.parts.clone();
    attach(instance, diagram, 0);
    before.iter().zip(&diagram.parts).filter(|(a, b)| a != b).count()
}

/// Returns whether another order is worth a try.
fn attach(instance: &Instance, diagram: &mut Diagram, order: usize) -> bool {
    if let Some(bonds) = instance.bonds.as_ref().filter(|bonds| bonds.binds()) {
        return obey(instance, bonds, diagram, order);
    }
    let freed = free_minor_pieces(instance, &mut diagram.parts);
    fill_empty(instance, &mut diagram.parts);
    grow(instance, diagram);
    // In a component where no part has its body nothing grows: what is there stays.
    for (u, own) in freed {
        let part = &mut diagram.parts[u as usize];
        if *part == FREE {
            *part = own;
        }
    }
    true
}

/// Keeps the main piece of every part and frees the rest; returns what was freed, with the parts it had.
fn free_minor_pieces(instance: &Instance, parts: &mut [u32]) -> Vec<(u32, u32)> {
    let pieces = pieces(instance, parts);
    let mut freed = Vec::new();
    if pieces.is_torn() {
        for ((u, part), first) in (0u32..).zip(parts).zip(&pieces.of) {
            if *part != FREE && pieces.main[*part as usize] != *first {
                freed.push((u, std::mem::replace(part, FREE)));
            }
        }
    }
    freed
}

/// Gives every empty part a unit: a leaf of the breadth-first tree of the part that has most units to spare.
fn fill_empty(instance: &Instance, parts: &mut [u32]) {
    let mut is_empty = vec![true; instance.k()];
    parts.iter().for_each(|&part| is_empty.get_mut(part as usize).into_iter().for_each(|empty| *empty = false));
    let empty: Vec<u32> = (0..instance.k() as u32).filter(|&t| is_empty[t as usize]).collect();
    if empty.is_empty() {
        return;
    }
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); instance.k()];
    let mut free = Vec::new();
    for (u, &part) in parts.iter().enumerate() {
        match members.get_mut(part as usize) {
            Some(list) => list.push(u as u32),
            None => free.push(u as u32),
        }
    }
    let mut free = free.into_iter();
    for t in empty {
        if let Some(u) = free.next() {
            parts[u as usize] = t;
            members[t as usize].push(u);
            continue;
        }
        let Some(largest) = (0..members.len()).max_by_key(|&p| (members[p].len(), Reverse(p))) else { return };
        if members[largest].len() < 2 {
            return;
        }
        // The unit met last by a breadth-first walk leaves the others connected.
        let mut walk = vec![members[largest][0]];
        let mut seen = std::collections::BTreeSet::from([members[largest][0]]);
        let mut at = 0;
        while at < walk.len() {
            for &v in instance.neighbours(walk[at]) {
                if parts[v as usize] == largest as u32 && seen.insert(v) {
                    walk.push(v);
                }
            }
            at += 1;
        }
        let last = walk[walk.len() - 1];
        parts[last as usize] = t;
        members[largest].retain(|&u| u != last);
        members[t as usize].push(last);
    }
}

/// Attaches free units to the neighbouring part of least power distance that they may be in, nearest first.
pub(super) fn grow(instance: &Instance, diagram: &mut Diagram) {
    let mut heap = BinaryHeap::new();
    for u in 0..instance.len() as u32 {
        if diagram.parts[u as usize] == FREE {
            for &v in instance.neighbours(u) {
                let part = diagram.parts[v as usize];
                if part != FREE {
                    heap.push(Reverse((key(diagram.cost(instance, u, part as usize)), u, part)));
                }
            }
        }
    }
    while let Some(Reverse((_, u, part))) = heap.pop() {
        if diagram.parts[u as usize] != FREE
            || instance.bonds.as_ref().is_some_and(|b| !b.may(u, part, |v| diagram.parts[v as usize]))
        {
            continue;
        }
        diagram.parts[u as usize] = part;
        for &v in instance.neighbours(u) {
            if diagram.parts[v as usize] == FREE {
                heap.push(Reverse((key(diagram.cost(instance, v, part as usize)), v, part)));
            }
        }
    }
}
