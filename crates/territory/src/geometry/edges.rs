//! Edges of polygons by number: edge `e` goes from vertex `e` to the next vertex of its ring. Finds an edge's ring, unit and ends, and
//! the hash by which edges along one segment are brought together.

use super::buckets;
use super::polygons::Polygons;
use super::predicates::Point;
use std::ops::Range;

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

    /// Edges of the ring that has the edge, and its unit.
    #[inline]
    pub(crate) fn ring_and_unit(&self, polygons: &Polygons, edge: u32) -> (Range<u32>, u32) {
        let ring = self.ring(polygons, edge);
        let range = polygons.ring_range(ring);
        (range.start as u32..range.end as u32, self.unit_of_ring[ring])
    }

    /// The edge's ends in its direction.
    #[inline(always)]
    pub(crate) fn ends(&self, polygons: &Polygons, edge: u32) -> Segment {
        let e = edge as usize;
        if self.last[e / 64] >> (e % 64) & 1 == 1 {
            return self.closing_ends(polygons, edge);
        }
        [polygons.vertices()[e], polygons.vertices()[e + 1]]
    }

    /// Ends of the last edge of a ring.
    #[inline(never)]
    fn closing_ends(&self, polygons: &Polygons, edge: u32) -> Segment {
        let first = polygons.ring_range(self.ring(polygons, edge)).start;
        [polygons.vertices()[edge as usize], polygons.vertices()[first]]
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

/// First edge of a unit; for the number of units, the number of edges.
pub(crate) fn start_of(polygons: &Polygons, unit: u32) -> u32 {
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

    #[test]
    fn edges_find_their_ends_and_units() {
        let mut polygons = Polygons::new(Space::Planar);
        let triangle = vec![vec![vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]];
        (0..40).for_each(|_| polygons.push_parts(&triangle));
        let index = EdgeIndex::new(&polygons);
        for edge in 0..120 {
            assert_eq!(index.unit(&polygons, edge), edge / 3);
            let ring = edge / 3 * 3..edge / 3 * 3 + 3;
            assert_eq!(index.ring_and_unit(&polygons, edge), (ring, edge / 3));
        }
        assert_eq!(index.ends(&polygons, 2), [[1.0, 1.0], [0.0, 0.0]]);
        assert_eq!(index.ends(&polygons, 64), [[1.0, 0.0], [1.0, 1.0]]);
    }

    #[test]
    fn filters_forget_nothing() {
        let mut filter = Filter::new(100);
        (0..100).for_each(|i| filter.add(buckets::mix(i)));
        assert!((0..100).all(|i| filter.may_have(buckets::mix(i))));
        assert!((100..10_000).filter(|&i| filter.may_have(buckets::mix(i))).count() < 1000);
    }
}
