//! Edges of polygons by number: edge `e` goes from vertex `e` to the next vertex of its ring. Finds an edge's ring and unit, and for
//! each edge the edges of other units along the same segment.

use super::buckets;
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use crate::parallel;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Two ends.
pub(crate) type Segment = [Point; 2];

/// Symmetric hash of a segment.
#[inline]
pub(crate) fn segment_hash(a: Point, b: Point) -> u64 {
    buckets::mix(buckets::hash(a).wrapping_add(buckets::hash(b)))
}

/// Edges of a unit as segments.
pub(crate) fn segments_of(polygons: &Polygons, unit: usize) -> Vec<Segment> {
    let rings = polygons.rings_of_unit(unit).map(|r| polygons.ring(r));
    rings.flat_map(|ring| (0..ring.len()).map(|i| [ring[i], ring[(i + 1) % ring.len()]])).collect()
}

/// Runs of units with about as many vertices each: the pieces in which work over all units is done. First units of the runs, and
/// the number of units.
pub(crate) fn pieces(polygons: &Polygons) -> Vec<u32> {
    const VERTICES: usize = 1 << 16;
    let mut pieces = vec![0];
    let mut next = VERTICES;
    for unit in 0..polygons.len() {
        if polygons.vertices_of_unit(unit).start >= next {
            pieces.push(unit as u32);
            next = polygons.vertices_of_unit(unit).start + VERTICES;
        }
    }
    pieces.push(polygons.len() as u32);
    pieces
}

/// Finds the ring of an edge in a few steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct EdgeIndex {
    /// Ring of every 32nd edge. A ring has at least three edges, so few rings lie between.
    blocks: Vec<u32>,
    unit_of_ring: Vec<u32>,
    /// One bit per edge: whether it is the last of its ring, which ends where the ring begins.
    last: Vec<u64>,
}

impl EdgeIndex {
    pub(crate) fn new(polygons: &Polygons) -> Self {
        let edges = polygons.vertices().len();
        let mut blocks = Vec::with_capacity(edges / 32 + 1);
        let mut last = vec![0u64; edges / 64 + 1];
        for ring in 0..polygons.ring_count() {
            let range = polygons.ring_range(ring);
            while blocks.len() * 32 < range.end {
                blocks.push(ring as u32);
            }
            if let Some(e) = range.last() {
                last[e / 64] |= 1 << (e % 64);
            }
        }
        let mut unit_of_ring = Vec::with_capacity(polygons.ring_count());
        for unit in 0..polygons.len() {
            unit_of_ring.resize(polygons.rings_of_unit(unit).end, unit as u32);
        }
        EdgeIndex { blocks, unit_of_ring, last }
    }

    #[inline]
    fn ring(&self, polygons: &Polygons, edge: u32) -> usize {
        let mut ring = self.blocks[edge as usize / 32] as usize;
        while polygons.ring_range(ring).end <= edge as usize {
            ring += 1;
        }
        ring
    }

    /// Unit that has the edge.
    #[inline]
    pub(crate) fn unit(&self, polygons: &Polygons, edge: u32) -> u32 {
        self.unit_of_ring[self.ring(polygons, edge)]
    }

    /// The edge's ends in its direction.
    #[inline]
    pub(crate) fn ends(&self, polygons: &Polygons, edge: u32) -> Segment {
        let e = edge as usize;
        let closes = self.last[e / 64] >> (e % 64) & 1 == 1;
        let next = if closes { polygons.ring_range(self.ring(polygons, edge)).start } else { e + 1 };
        [polygons.vertices()[e], polygons.vertices()[next]]
    }
}

/// Whether an edge runs along ±180 degrees, where both sides of the map are the same line.
#[inline]
pub(crate) fn on_antimeridian(polygons: &Polygons, [a, b]: Segment) -> bool {
    a[0].abs() == 180.0 && a[0] == b[0] && polygons.space() == crate::Space::Geographic
}

/// The segment an edge lies on: ends in order, ±180 degrees taken as one.
pub(crate) fn key(polygons: &Polygons, ends: Segment) -> Segment {
    let [mut a, mut b] = super::noding::ordered(ends);
    if on_antimeridian(polygons, [a, b]) {
        (a[0], b[0]) = (180.0, 180.0);
    }
    [a, b]
}

/// Whether two edges along one segment run the same way.
#[inline]
fn same_way(s: Segment, t: Segment) -> bool {
    // Across the antimeridian only latitudes can be compared.
    s[0] == t[0] || (s[0][0] == -t[0][0] && s[0][0].abs() == 180.0 && s[0][1] == t[0][1])
}

/// Whether two edges lie along one segment.
#[inline]
fn along(polygons: &Polygons, s: Segment, t: Segment) -> bool {
    (s[0] == t[1] && s[1] == t[0])
        || (s[0] == t[0] && s[1] == t[1])
        || (s[0][0].abs() == 180.0 && key(polygons, s) == key(polygons, t))
}

/// Entry for an edge whose partner may be `other`.
#[inline]
fn mark(s: Segment, t: Segment, polygons: &Polygons, other: u32) -> u32 {
    match (along(polygons, s, t), same_way(s, t)) {
        (false, _) => NONE,
        (true, false) => other,
        (true, true) => other | SAME,
    }
}

/// Which edges lie along the same segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twins {
    /// `NONE`; the other edge, plus `SAME` if it runs the same way; or `MANY` plus the number of a group.
    of: Vec<u32>,
    /// Edges of groups of three and more, ascending, one group after another.
    members: Vec<u32>,
    starts: Vec<u32>,
}

const NONE: u32 = u32::MAX;
const MANY: u32 = 1 << 31;
const SAME: u32 = 1 << 30;
/// Numbers of edges must stay below the marks.
pub(crate) const MAX_EDGES: usize = SAME as usize;

/// The other edges along an edge's segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Twin<'a> {
    /// There is none.
    Alone,
    /// One other, in the other direction.
    Opposite(u32),
    /// One other, in the same direction.
    Same(u32),
    /// All edges along the segment, three or more, the edge itself among them; ascending.
    Many(&'a [u32]),
}

impl Twins {
    pub(crate) fn new(polygons: &Polygons, index: &EdgeIndex) -> Self {
        let of: Vec<AtomicU32> = (0..polygons.vertices().len()).map(|_| AtomicU32::new(NONE)).collect();
        let units = pieces(polygons);
        let edges: Vec<u32> = units.iter().map(|&u| start_of(polygons, u)).collect();
        let many = Mutex::new(Vec::new());
        buckets::for_each_group(
            &edges,
            |piece, hashes| {
                for unit in units[piece]..units[piece + 1] {
                    for ring in polygons.rings_of_unit(unit as usize) {
                        push_hashes(polygons, polygons.ring(ring), hashes);
                    }
                }
            },
            |a, b| by_key(polygons, index, a, b),
            |a, b| {
                of[a as usize].store(b, Relaxed);
                of[b as usize].store(a, Relaxed);
            },
            |group| {
                if let Ok(mut many) = many.lock() {
                    many.push(group.to_vec());
                }
            },
        );
        let mut of: Vec<u32> = of.into_iter().map(AtomicU32::into_inner).collect();
        // Pairs with one hash are looked at in order of the edges: the partner's vertices are then mostly near by in memory.
        const PIECE: usize = 1 << 16;
        parallel::for_each_chunk(&mut of, PIECE, |piece, of| {
            for (entry, edge) in of.iter_mut().zip((piece * PIECE) as u32..) {
                if *entry != NONE {
                    *entry = mark(index.ends(polygons, edge), index.ends(polygons, *entry), polygons, *entry);
                }
            }
        });
        // A pair that a larger group of the same hash was split into stands among the groups.
        Twins { of, ..Twins::default() }.with_groups(many.into_inner().unwrap_or_default(), polygons, index)
    }

    /// Adds groups of edges along one segment. Groups of two are pairs.
    fn with_groups(mut self, mut many: Vec<Vec<u32>>, polygons: &Polygons, index: &EdgeIndex) -> Self {
        many.sort_unstable();
        self.starts = vec![0];
        for group in &many {
            if let [a, b] = group[..] {
                let ends = [a, b].map(|e| index.ends(polygons, e));
                self.of[a as usize] = mark(ends[0], ends[1], polygons, b);
                self.of[b as usize] = mark(ends[0], ends[1], polygons, a);
                continue;
            }
            let number = self.starts.len() as u32 - 1;
            self.members.extend_from_slice(group);
            self.starts.push(self.members.len() as u32);
            group.iter().for_each(|&e| self.of[e as usize] = MANY + number);
        }
        self
    }

    /// The twins after some units got other edges: `polygons` are the new ones, `changed` says which edges, before and now, belong to
    /// units that changed (ascending). Only edges of these and those that have no partner now are compared again.
    pub(crate) fn update(&self, polygons: &Polygons, index: &EdgeIndex, changed: &[(Range<u32>, Range<u32>)]) -> Self {
        // Edges between two changed ranges move together.
        let mut runs = Vec::with_capacity(changed.len() + 1);
        let (mut old, mut new) = (0u32, 0u32);
        for (before, now) in changed {
            runs.push((old..before.start, new));
            (old, new) = (before.end, now.end);
        }
        runs.push((old..self.of.len() as u32, new));
        let moved = |edge: u32| {
            let (run, to) = &runs[runs.partition_point(|r| r.0.end <= edge).min(runs.len() - 1)];
            run.contains(&edge).then(|| edge - run.start + to)
        };
        const PIECE: u32 = 1 << 16;
        let pieces: Vec<(u32, u32, u32)> = runs
            .iter()
            .flat_map(|(run, to)| {
                let (run, to) = (run.clone(), *to);
                run.clone()
                    .step_by(PIECE as usize)
                    .map(move |from| (from, run.end.min(from + PIECE), from - run.start + to))
            })
            .collect();
        let kept = parallel::map(pieces.len(), |piece| {
            let (from, end, to) = pieces[piece];
            let run = runs[runs.partition_point(|r| r.0.end <= from).min(runs.len() - 1)].clone();
            let mut open = Vec::new();
            let mut of = Vec::with_capacity((end - from) as usize);
            for (edge, now) in (from..end).zip(to..) {
                let entry = self.of[edge as usize];
                let other = entry & !SAME;
                let partner = match entry {
                    NONE => None,
                    _ if entry >= MANY => None,
                    _ if run.0.contains(&other) => Some(other - run.0.start + run.1),
                    _ => moved(other),
                };
                of.push(partner.map_or(NONE, |p| p | (entry & SAME)));
                if partner.is_none() {
                    open.push(now);
                }
            }
            (to, of, open)
        });
        let mut of = vec![NONE; polygons.vertices().len()];
        let mut open: Vec<u32> = changed.iter().flat_map(|c| c.1.clone()).collect();
        for (to, entries, alone) in kept {
            of[to as usize..to as usize + entries.len()].copy_from_slice(&entries);
            open.extend(alone);
        }
        // New edges may also lie along two that have found one another.
        for edge in sharing_hash(polygons, index, changed) {
            if std::mem::replace(&mut of[edge as usize], NONE) != NONE {
                open.push(edge);
            }
        }
        open.sort_unstable();
        let starts: Vec<u32> =
            (0..=open.len().div_ceil(PIECE as usize)).map(|i| (i as u32 * PIECE).min(open.len() as u32)).collect();
        let found = Mutex::new(Vec::new());
        let ends = |item: u32| index.ends(polygons, open[item as usize]);
        buckets::for_each_group(
            &starts,
            |piece, hashes| {
                let own = starts[piece]..starts[piece + 1];
                hashes.extend(own.map(|item| {
                    let [a, b] = key(polygons, ends(item));
                    segment_hash(a, b)
                }));
            },
            |a, b| by_key(polygons, index, open[a as usize], open[b as usize]),
            |a, b| {
                if let (true, Ok(mut found)) = (along(polygons, ends(a), ends(b)), found.lock()) {
                    found.push(vec![open[a as usize], open[b as usize]]);
                }
            },
            |group| {
                if let Ok(mut found) = found.lock() {
                    found.push(group.iter().map(|&item| open[item as usize]).collect::<Vec<u32>>());
                }
            },
        );
        Twins { of, ..Twins::default() }.with_groups(found.into_inner().unwrap_or_default(), polygons, index)
    }

    /// The other edges along the segment of `edge`.
    #[inline]
    pub(crate) fn get(&self, edge: u32) -> Twin<'_> {
        match self.of[edge as usize] {
            other if other < SAME => Twin::Opposite(other),
            NONE => Twin::Alone,
            other if other < MANY => Twin::Same(other - SAME),
            group => Twin::Many(self.group((group - MANY) as usize)),
        }
    }

    fn group(&self, number: usize) -> &[u32] {
        &self.members[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// Edges that are not cancelled by exactly one edge of the other direction, ascending.
    pub(crate) fn leftovers(&self) -> Vec<u32> {
        self.of.iter().zip(0u32..).filter(|(other, _)| **other >= SAME).map(|(_, edge)| edge).collect()
    }
}

/// Edges that may lie along one of the edges of changed units.
fn sharing_hash(polygons: &Polygons, index: &EdgeIndex, changed: &[(Range<u32>, Range<u32>)]) -> Vec<u32> {
    let count: usize = changed.iter().map(|c| c.1.len()).sum();
    let mut filter = Filter::new(count);
    for edge in changed.iter().flat_map(|c| c.1.clone()) {
        let [a, b] = key(polygons, index.ends(polygons, edge));
        filter.add(segment_hash(a, b));
    }
    let units = pieces(polygons);
    let found = parallel::map(units.len() - 1, |piece| {
        let (mut edges, mut hashes) = (Vec::new(), Vec::new());
        for unit in units[piece]..units[piece + 1] {
            hashes.clear();
            polygons.rings_of_unit(unit as usize).for_each(|r| push_hashes(polygons, polygons.ring(r), &mut hashes));
            let hits = hashes.iter().zip(start_of(polygons, unit)..).filter(|(hash, _)| filter.may_have(**hash));
            edges.extend(hits.map(|hit| hit.1));
        }
        edges
    });
    found.concat()
}

/// A set of hashes that may answer yes wrongly, but rarely.
pub(crate) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    pub(crate) fn new(entries: usize) -> Self {
        Filter { words: vec![0; (entries * 32).next_power_of_two().max(1 << 12) / 64] }
    }

    #[inline]
    fn slot(&self, hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize & (self.words.len() - 1), 1 << (hash % 64))
    }

    pub(crate) fn add(&mut self, hash: u64) {
        let (word, bit) = self.slot(hash);
        self.words[word] |= bit;
    }

    #[inline]
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = self.slot(hash);
        self.words[word] & bit != 0
    }
}

/// Order by the segments that edges lie along.
fn by_key(polygons: &Polygons, index: &EdgeIndex, a: u32, b: u32) -> Ordering {
    let [s, t] = [a, b].map(|e| key(polygons, index.ends(polygons, e)));
    lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]))
}

/// First edge of a unit; for the number of units, the number of edges.
fn start_of(polygons: &Polygons, unit: u32) -> u32 {
    if unit as usize == polygons.len() {
        polygons.vertices().len() as u32
    } else {
        polygons.vertices_of_unit(unit as usize).start as u32
    }
}

/// Hashes of a ring's edges: [`segment_hash`] of their keys, each vertex hashed once.
pub(crate) fn push_hashes(polygons: &Polygons, ring: &[Point], hashes: &mut Vec<u64>) {
    let Some(&first) = ring.first() else { return };
    let first_hash = buckets::hash(first);
    let (mut v, mut hash) = (first, first_hash);
    let mut push = |v: Point, hash: u64, w: Point, next: u64| {
        // The antimeridian is one line: both its edges get the hash of the eastern one.
        let sum = if v[0] == -180.0 && on_antimeridian(polygons, [v, w]) {
            buckets::hash([180.0, v[1]]).wrapping_add(buckets::hash([180.0, w[1]]))
        } else {
            hash.wrapping_add(next)
        };
        hashes.push(buckets::mix(sum));
    };
    for &w in &ring[1..] {
        let next = buckets::hash(w);
        push(v, hash, w, next);
        (v, hash) = (w, next);
    }
    push(v, hash, first, first_hash);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Space;

    fn polygons(rings: &[&[Point]]) -> Polygons {
        let mut polygons = Polygons::new(Space::Geographic);
        for ring in rings {
            ring.iter().for_each(|&v| polygons.push_vertex(v));
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        polygons
    }

    #[test]
    fn edges_find_their_twins() {
        let a: &[Point] = &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
        let b: &[Point] = &[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let polygons = polygons(&[a, b, a]);
        let index = EdgeIndex::new(&polygons);
        let twins = Twins::new(&polygons, &index);
        assert_eq!(index.ends(&polygons, 2), [[1.0, 1.0], [0.0, 0.0]]);
        assert_eq!((0..9).map(|e| index.unit(&polygons, e)).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!(twins.get(0), Twin::Same(6));
        assert_eq!(twins.get(2), Twin::Many(&[2, 3, 8]));
        assert_eq!(twins.get(4), Twin::Alone);
    }

    #[test]
    fn both_sides_of_the_antimeridian_are_one_line() {
        let west: &[Point] = &[[180.0, 0.0], [180.0, 1.0], [179.0, 0.0]];
        let east: &[Point] = &[[-180.0, 0.0], [-179.0, 0.0], [-180.0, 1.0]];
        let polygons = polygons(&[west, east]);
        let twins = Twins::new(&polygons, &EdgeIndex::new(&polygons));
        assert_eq!(twins.get(0), Twin::Opposite(5));
        assert_eq!(twins.get(1), Twin::Alone);
    }
}
