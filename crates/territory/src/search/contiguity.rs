//! From cells to contiguous territories: the heaviest piece of each cell stays, everything else is attached again by growth
//! along the graph, so that every territory is connected by construction.

use super::construct::Diagram;
use super::instance::Instance;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A key that orders like `f64::total_cmp`.
fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// Makes the diagram's parts contiguous and non-empty. Every connected component of the instance must hold a part's unit,
/// or be the only one; returns the number of units that changed their territory.
pub fn make_contiguous(instance: &Instance, diagram: &mut Diagram) -> usize {
    let before = diagram.parts.clone();
    free_minor_pieces(instance, &mut diagram.parts);
    fill_empty(instance, &mut diagram.parts);
    grow(instance, diagram);
    before.iter().zip(&diagram.parts).filter(|(a, b)| a != b).count()
}

const FREE: u32 = u32::MAX;

/// Keeps of every part its piece of largest load (ties: more units, then the first) and frees the rest.
fn free_minor_pieces(instance: &Instance, parts: &mut [u32]) {
    let n = instance.len();
    let mut piece = vec![FREE; n];
    let mut pieces: Vec<(u32, f64, u32)> = Vec::new();
    let mut stack = Vec::new();
    for first in 0..n as u32 {
        if piece[first as usize] != FREE || parts[first as usize] == FREE {
            continue;
        }
        let (part, id) = (parts[first as usize], pieces.len() as u32);
        let (mut load, mut size) = (0.0, 0);
        piece[first as usize] = id;
        stack.push(first);
        while let Some(u) = stack.pop() {
            load += instance.mean_load(u);
            size += 1;
            for &v in instance.neighbours(u) {
                if parts[v as usize] == part && piece[v as usize] == FREE {
                    piece[v as usize] = id;
                    stack.push(v);
                }
            }
        }
        pieces.push((part, load, size));
    }
    let mut best = vec![FREE; instance.k()];
    for (id, &(part, load, size)) in pieces.iter().enumerate() {
        let slot = &mut best[part as usize];
        let better = match pieces.get(*slot as usize) {
            Some(&(_, l, s)) => (load, size) > (l, s),
            None => true,
        };
        if better {
            *slot = id as u32;
        }
    }
    for (u, part) in parts.iter_mut().enumerate() {
        if *part != FREE && best[*part as usize] != piece[u] {
            *part = FREE;
        }
    }
}

/// Gives every empty part a unit: a leaf of the breadth-first tree of the part that has most units to spare.
fn fill_empty(instance: &Instance, parts: &mut [u32]) {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); instance.k()];
    let mut free = Vec::new();
    for (u, &part) in parts.iter().enumerate() {
        match members.get_mut(part as usize) {
            Some(list) => list.push(u as u32),
            None => free.push(u as u32),
        }
    }
    let empty: Vec<u32> = (0..instance.k() as u32).filter(|&t| members[t as usize].is_empty()).collect();
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

/// Attaches free units to the neighbouring part of least power distance, nearest first.
fn grow(instance: &Instance, diagram: &mut Diagram) {
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
        if diagram.parts[u as usize] != FREE {
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
