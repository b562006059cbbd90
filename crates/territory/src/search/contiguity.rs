//! From cells to contiguous territories: the heaviest piece of each cell stays, everything else is attached again by growth
//! along the graph, so that every territory is connected by construction.

use super::construct::{Diagram, construct};
use super::instance::Instance;
use super::obey::obey;
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
            let count = pieces(instance, &diagram.parts).list.len();
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

/// A unit without a part.
pub(super) const FREE: u32 = u32::MAX;

/// A connected piece of a part.
pub(super) struct Piece {
    part: u32,
    load: f64,
    units: u32,
}

/// The pieces of all parts.
pub(super) struct Pieces {
    pub(super) list: Vec<Piece>,
    /// Piece of every unit; [`FREE`] for those without a part.
    pub(super) of: Vec<u32>,
}

impl Pieces {
    /// The main piece of every part: the one of largest load (ties: more units, then the first); [`FREE`] for empty parts.
    pub(super) fn main(&self, k: usize) -> Vec<u32> {
        let mut best = vec![FREE; k];
        for (id, piece) in (0u32..).zip(&self.list) {
            let slot = &mut best[piece.part as usize];
            let better = match self.list.get(*slot as usize) {
                Some(other) => (piece.load, piece.units) > (other.load, other.units),
                None => true,
            };
            if better {
                *slot = id;
            }
        }
        best
    }
}

/// Finds the pieces of all parts.
pub(super) fn pieces(instance: &Instance, parts: &[u32]) -> Pieces {
    // Of every unit one before it in the same piece, mostly the first; the unit itself where there is none.
    let mut of: Vec<u32> = (0..parts.len() as u32).collect();
    for (u, &part) in (0u32..).zip(parts) {
        let (mut first, mut last) = (u, 0);
        // Units after it still stand for themselves. Without branches, which could not be foretold.
        for &v in instance.neighbours(u) {
            let before = if parts[v as usize] == part { of[v as usize] } else { u };
            first = first.min(before);
            last = last.max(if before < u { before } else { 0 });
        }
        of[u as usize] = first;
        if first < last {
            for &v in instance.neighbours(u).iter().filter(|&&v| v < u && parts[v as usize] == part) {
                let (a, b) = (first_of(&mut of, u), first_of(&mut of, v));
                of[a.max(b) as usize] = a.min(b);
            }
        }
    }
    let mut list: Vec<Piece> = Vec::new();
    for (u, &part) in (0u32..).zip(parts) {
        if part == FREE {
            of[u as usize] = FREE;
            continue;
        }
        // Those before have their pieces already.
        let before = of[u as usize];
        let id = if before == u { list.len() as u32 } else { of[before as usize] };
        of[u as usize] = id;
        if before == u {
            list.push(Piece { part, load: 0.0, units: 0 });
        }
        let piece = &mut list[id as usize];
        piece.load += instance.mean_load(u);
        piece.units += 1;
    }
    Pieces { list, of }
}

/// The first unit of a unit's piece, as far as it is known; the way to it grows shorter.
fn first_of(of: &mut [u32], mut unit: u32) -> u32 {
    while of[unit as usize] != unit {
        let before = of[of[unit as usize] as usize];
        of[unit as usize] = before;
        unit = before;
    }
    unit
}

/// Keeps the main piece of every part and frees the rest; returns what was freed, with the parts it had.
fn free_minor_pieces(instance: &Instance, parts: &mut [u32]) -> Vec<(u32, u32)> {
    let pieces = pieces(instance, parts);
    let main = pieces.main(instance.k());
    let mut freed = Vec::new();
    for ((u, part), piece) in (0u32..).zip(parts).zip(&pieces.of) {
        if *part != FREE && main[*part as usize] != *piece {
            freed.push((u, std::mem::replace(part, FREE)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Random;
    use crate::search::tests::grid;

    #[test]
    fn pieces_are_what_walks_reach() {
        let mut random = Random::stream(7, 0, 0);
        for round in 0..50 {
            let instance = grid(17, 13, 3);
            // Few parts make large pieces that wind about, many make small ones; some units have none.
            let parts: Vec<u32> = (0..instance.len())
                .map(|_| if random.below(9) == 0 { FREE } else { random.below(1 + round % 3) as u32 })
                .collect();
            let found = pieces(&instance, &parts);
            let mut reached = vec![FREE; instance.len()];
            let mut count = 0;
            for first in 0..instance.len() as u32 {
                if parts[first as usize] == FREE || reached[first as usize] != FREE {
                    continue;
                }
                let (mut walk, mut at) = (vec![first], 0);
                reached[first as usize] = count;
                while at < walk.len() {
                    for &v in instance.neighbours(walk[at]) {
                        if parts[v as usize] == parts[first as usize] && reached[v as usize] == FREE {
                            reached[v as usize] = count;
                            walk.push(v);
                        }
                    }
                    at += 1;
                }
                let piece = &found.list[count as usize];
                let load: f64 = walk.iter().map(|&u| instance.mean_load(u)).sum();
                assert_eq!((piece.part, piece.units), (parts[first as usize], walk.len() as u32));
                assert!((piece.load - load).abs() < 1e-9);
                count += 1;
            }
            assert_eq!(found.of, reached, "round {round}");
            assert_eq!(found.list.len(), count as usize);
        }
    }
}
