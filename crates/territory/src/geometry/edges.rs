//! Edges of polygons by number: edge `e` goes from vertex `e` to the next vertex of its ring. Finds an edge's ring and unit, and for
//! each edge the edges of other units along the same segment.

use super::buckets;
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

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
}

impl EdgeIndex {
    pub(crate) fn new(polygons: &Polygons) -> Self {
        let mut blocks = Vec::with_capacity(polygons.vertices().len() / 32 + 1);
        for ring in 0..polygons.ring_count() {
            while blocks.len() * 32 < polygons.ring_range(ring).end {
                blocks.push(ring as u32);
            }
        }
        let mut unit_of_ring = Vec::with_capacity(polygons.ring_count());
        for unit in 0..polygons.len() {
            unit_of_ring.resize(polygons.rings_of_unit(unit).end, unit as u32);
        }
        EdgeIndex { blocks, unit_of_ring }
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
        let range = polygons.ring_range(self.ring(polygons, edge));
        let next = if edge as usize + 1 == range.end { range.start } else { edge as usize + 1 };
        [polygons.vertices()[edge as usize], polygons.vertices()[next]]
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

/// Which edges lie along the same segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twins {
    /// `NONE`, the other edge, or `MANY` plus the number of a group.
    of: Vec<u32>,
    /// Edges of groups of three and more, ascending, one group after another.
    members: Vec<u32>,
    starts: Vec<u32>,
}

const NONE: u32 = u32::MAX;
const MANY: u32 = 1 << 31;
/// Numbers of edges must stay below those of groups.
pub(crate) const MAX_EDGES: usize = MANY as usize;

/// The other edges along an edge's segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Twin<'a> {
    /// There is none.
    Alone,
    /// One other.
    One(u32),
    /// All edges along the segment, three or more, the edge itself among them; ascending.
    Many(&'a [u32]),
}

impl Twins {
    pub(crate) fn new(polygons: &Polygons, index: &EdgeIndex) -> Self {
        let of: Vec<AtomicU32> = filled(polygons.vertices().len());
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
            |a, b| {
                let [s, t] = [a, b].map(|e| key(polygons, index.ends(polygons, e)));
                lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]))
            },
            |group| {
                if let &[a, b] = group {
                    of[a as usize].store(b, Ordering::Relaxed);
                    of[b as usize].store(a, Ordering::Relaxed);
                } else if let Ok(mut many) = many.lock() {
                    many.push(group.to_vec());
                }
            },
        );
        let mut many = many.into_inner().unwrap_or_default();
        many.sort_unstable();
        let mut twins =
            Twins { of: of.into_iter().map(AtomicU32::into_inner).collect(), members: Vec::new(), starts: vec![0] };
        for (group, number) in many.iter().zip(0..) {
            twins.members.extend_from_slice(group);
            twins.starts.push(twins.members.len() as u32);
            group.iter().for_each(|&e| twins.of[e as usize] = MANY + number);
        }
        twins
    }

    /// The other edges along the segment of `edge`.
    #[inline]
    pub(crate) fn get(&self, edge: u32) -> Twin<'_> {
        match self.of[edge as usize] {
            NONE => Twin::Alone,
            other if other < MANY => Twin::One(other),
            group => Twin::Many(self.group((group - MANY) as usize)),
        }
    }

    fn group(&self, number: usize) -> &[u32] {
        &self.members[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}

fn filled(n: usize) -> Vec<AtomicU32> {
    (0..n).map(|_| AtomicU32::new(NONE)).collect()
}

/// First edge of a unit; for the number of units, the number of edges.
fn start_of(polygons: &Polygons, unit: u32) -> u32 {
    if unit as usize == polygons.len() {
        polygons.vertices().len() as u32
    } else {
        polygons.vertices_of_unit(unit as usize).start as u32
    }
}

fn push_hashes(polygons: &Polygons, ring: &[Point], hashes: &mut Vec<u64>) {
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
        assert_eq!(twins.get(0), Twin::One(6));
        assert_eq!(twins.get(2), Twin::Many(&[2, 3, 8]));
        assert_eq!(twins.get(4), Twin::Alone);
    }

    #[test]
    fn both_sides_of_the_antimeridian_are_one_line() {
        let west: &[Point] = &[[180.0, 0.0], [180.0, 1.0], [179.0, 0.0]];
        let east: &[Point] = &[[-180.0, 0.0], [-179.0, 0.0], [-180.0, 1.0]];
        let polygons = polygons(&[west, east]);
        let twins = Twins::new(&polygons, &EdgeIndex::new(&polygons));
        assert_eq!(twins.get(0), Twin::One(5));
        assert_eq!(twins.get(1), Twin::Alone);
    }
}
