//! Is a unit's geometry already in order? A quick look at every unit, so that only those that need it are taken apart: rings that
//! meet neither themselves nor one another, holes inside their exteriors. Directions are put right on the way.

use super::boxes::{Bounds, BoxTree};
use super::predicates::{Point, crosses_left_of, lexical, side, strictly_between};
use std::cmp::Ordering;
use std::ops::{ControlFlow, Range};

/// Rings of one unit in its vertices.
pub(crate) struct Outline<'a> {
    pub(crate) vertices: &'a mut [Point],
    /// Ranges of the rings in `vertices`, with whether each begins a part.
    pub(crate) rings: &'a [(Range<usize>, bool)],
    /// Box of the vertices.
    pub(crate) bounds: Bounds,
}

/// Columns reused from unit to unit.
#[derive(Default)]
pub(crate) struct Scratch {
    ends: Vec<[Point; 2]>,
    blocks: Vec<Block>,
}

/// Boxes of four consecutive edges on a grid of 2^15 cells a side around the unit: 16 bits a lane, so that one subtraction compares
/// four at once. Going to the grid never swaps two numbers, so boxes that meet still do.
#[derive(Clone)]
struct Block {
    low: [u64; 2],
    /// With the guard bit of every lane set.
    high: [u64; 2],
}

const LANES: usize = 4;
/// The lowest bit of each lane.
const ONES: u64 = 0x0001_0001_0001_0001;
/// The highest bit of each lane: numbers are below it, so that after setting it no lane borrows from the next.
const GUARDS: u64 = ONES << 15;
const MOST: u64 = (1 << 15) - 1;

/// From this many edges on a tree of boxes is faster than comparing all with all.
const TREE_FROM: usize = 256;

/// Equality in one branch: it is asked of every edge, and comparing arrays takes two.
#[inline(always)]
fn same(p: Point, q: Point) -> bool {
    (p[0] == q[0]) & (p[1] == q[1])
}

impl Block {
    /// Boxes that meet none: their guard bits are missing.
    const EMPTY: Block = Block { low: [ONES * MOST; 2], high: [ONES * MOST; 2] };

    /// Boxes of edges, which lie in `bounds`.
    fn fill(blocks: &mut Vec<Block>, edges: &[[Point; 2]], bounds: &Bounds) {
        let scale = [0, 1].map(|k| MOST as f64 / (bounds.max[k] - bounds.min[k]).max(1e-300));
        // Behind 2^52 doubles are whole numbers, with their last digits in their last bits.
        let on_grid = |x: f64, k: usize| (((x - bounds.min[k]) * scale[k] + 4_503_599_627_370_496.0).to_bits()) & MOST;
        let cell = |p: Point| [on_grid(p[0], 0), on_grid(p[1], 1)];
        blocks.clear();
        let (mut before, mut end) = ([f64::NAN; 2], [0; 2]);
        for edges in edges.chunks(LANES) {
            let mut block = Block::EMPTY;
            for (lane, &[a, b]) in edges.iter().enumerate() {
                let from = if same(a, before) { end } else { cell(a) };
                (before, end) = (b, cell(b));
                for axis in 0..2 {
                    let (low, high) = (from[axis].min(end[axis]), from[axis].max(end[axis]));
                    block.low[axis] ^= (MOST ^ low) << (16 * lane);
                    block.high[axis] ^= (MOST ^ high ^ (GUARDS & 0xffff)) << (16 * lane);
                }
            }
            blocks.push(block);
        }
    }

    /// The box of a lane in all lanes.
    #[inline(always)]
    fn spread(&self, lane: usize) -> Block {
        let all = |word: u64| (word >> (16 * lane) & MOST) * ONES;
        Block { low: self.low.map(all), high: self.high.map(|word| all(word) | GUARDS) }
    }

    /// The lanes whose boxes meet the one that is in all lanes of `other`: their guard bits.
    #[inline(always)]
    fn meeting(&self, other: &Block) -> u64 {
        (other.high[0] - self.low[0])
            & (self.high[0] - other.low[0])
            & (other.high[1] - self.low[1])
            & (self.high[1] - other.low[1])
            & GUARDS
    }
}

impl Outline<'_> {
    /// Turns exteriors counter-clockwise and holes clockwise. False if the unit has to be repaired first.
    pub(crate) fn settle(&mut self, scratch: &mut Scratch) -> bool {
        if self.rings.len() > 64 || self.meets_itself(scratch) {
            return false;
        }
        if self.rings.len() > 1 && !self.is_nested() {
            return false;
        }
        for (range, exterior) in self.rings {
            let ring = &mut self.vertices[range.clone()];
            if is_counter_clockwise(ring) != *exterior {
                ring[1..].reverse();
            }
        }
        true
    }

    /// Whether any two edges have a point in common that is not the end of one and the beginning of the next.
    fn meets_itself(&self, scratch: &mut Scratch) -> bool {
        scratch.ends.clear();
        for (range, _) in self.rings {
            let ring = &self.vertices[range.clone()];
            let (Some(&first), Some(&last)) = (ring.first(), ring.last()) else { return true };
            let before = scratch.ends.len();
            scratch.ends.extend(ring.windows(2).map(|w| [w[0], w[1]]));
            scratch.ends.push([last, first]);
            let edges = &scratch.ends[before..];
            let mut previous = edges[edges.len() - 1];
            for &edge in edges {
                let spike = side(previous[0], previous[1], edge[1]) == Ordering::Equal
                    && !strictly_between(previous[0], edge[1], previous[1]);
                if spike || same(edge[0], edge[1]) {
                    return true;
                }
                previous = edge;
            }
        }
        // Consecutive edges of a ring meet in their common vertex; having passed the test above, nowhere else.
        let ends = &scratch.ends;
        let consecutive = |i: usize, j: usize| {
            j == i + 1 && ends[i][1] == ends[j][0] || self.rings.iter().any(|(r, _)| (r.start, r.end) == (i, j + 1))
        };
        let meet = |i: usize, j: usize| !consecutive(i, j) && share_a_point(ends[i], ends[j]);
        if ends.len() >= TREE_FROM {
            let tree = BoxTree::new(ends.iter().map(|e| Bounds::of_segment(e[0], e[1])).collect());
            let apart = tree.pairs(|i, j| if meet(i, j) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
            return !apart;
        }
        let blocks = &mut scratch.blocks;
        Block::fill(blocks, ends, &self.bounds);
        (0..ends.len()).any(|i| {
            let own = blocks[i / LANES].spread(i % LANES);
            // The next edge always meets this one, and mostly where it may: it is looked at without its box.
            let mut wanted = u64::MAX << (16 * ((i + 2) % LANES));
            let first = (i + 2) / LANES;
            for (b, block) in blocks.iter().enumerate().skip(first) {
                let mut lanes = block.meeting(&own) & wanted;
                wanted = u64::MAX;
                while lanes != 0 {
                    if meet(i, b * LANES + lanes.trailing_zeros() as usize / 16) {
                        return true;
                    }
                    lanes &= lanes - 1;
                }
            }
            i + 1 < ends.len() && !same(ends[i][1], ends[i + 1][0]) && meet(i, i + 1)
        })
    }

    /// Whether holes lie in the exterior of their part and nothing else lies in anything, given that rings do not meet.
    fn is_nested(&self) -> bool {
        let boxes: Vec<Bounds> = self.rings.iter().map(|(r, _)| Bounds::of_points(&self.vertices[r.clone()])).collect();
        let inside = |inner: usize, outer: usize| {
            let p = self.vertices[self.rings[inner].0.start];
            boxes[outer].contains(p) && surrounds(&self.vertices[self.rings[outer].0.clone()], p)
        };
        let mut exterior = 0;
        (0..self.rings.len()).all(|ring| {
            if self.rings[ring].1 {
                exterior = ring;
            }
            let around: Vec<usize> = (0..self.rings.len()).filter(|&o| o != ring && inside(ring, o)).collect();
            if ring == exterior {
                // A part may lie in a hole of another.
                around.len().is_multiple_of(2)
            } else {
                around.len() % 2 == 1
                    && around.contains(&exterior)
                    && around.iter().all(|&o| o == exterior || inside(exterior, o))
            }
        })
    }
}

/// Whether a ring that does not pass through `p` goes around it.
fn surrounds(ring: &[Point], p: Point) -> bool {
    let Some(&last) = ring.last() else { return false };
    let mut before = last;
    let mut odd = false;
    for &v in ring {
        odd ^= crosses_left_of(p, before, v).is_some();
        before = v;
    }
    odd
}

/// Direction of a simple ring.
pub(crate) fn is_counter_clockwise(ring: &[Point]) -> bool {
    let Some(&o) = ring.first() else { return true };
    let (mut area, mut size) = (0.0, 0.0);
    for w in ring.windows(2) {
        let (a, b) = ([w[0][0] - o[0], w[0][1] - o[1]], [w[1][0] - o[0], w[1][1] - o[1]]);
        area += a[0] * b[1] - a[1] * b[0];
        size += (a[0] * b[1]).abs() + (a[1] * b[0]).abs();
    }
    // Rounding stays far below this share of what was added up, but for rings of millions of vertices.
    if area.abs() > 1e-9 * size {
        return area > 0.0;
    }
    let n = ring.len();
    (0..n)
        .min_by(|&i, &j| lexical(ring[i], ring[j]))
        .is_some_and(|i| side(ring[(i + n - 1) % n], ring[i], ring[(i + 1) % n]) == Ordering::Greater)
}

/// Whether two segments have any point in common.
fn share_a_point(s: [Point; 2], t: [Point; 2]) -> bool {
    if !Bounds::of_segment(s[0], s[1]).meets(&Bounds::of_segment(t[0], t[1])) {
        return false;
    }
    let apart = |s: [Point; 2], t: [Point; 2]| {
        let (a, b) = (side(s[0], s[1], t[0]), side(s[0], s[1], t[1]));
        a == b && a != Ordering::Equal
    };
    // Collinear segments whose boxes meet do meet.
    !apart(s, t) && !apart(t, s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(rings: &[(&[Point], bool)]) -> Option<Vec<Point>> {
        let mut vertices: Vec<Point> = Vec::new();
        let mut ranges = Vec::new();
        for (ring, exterior) in rings {
            ranges.push((vertices.len()..vertices.len() + ring.len(), *exterior));
            vertices.extend_from_slice(ring);
        }
        let bounds = Bounds::of_points(&vertices);
        let ok = Outline { vertices: &mut vertices, rings: &ranges, bounds }.settle(&mut Scratch::default());
        ok.then_some(vertices)
    }

    const SQUARE: &[Point] = &[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];

    #[test]
    fn clockwise_exteriors_are_turned() {
        let clockwise: &[Point] = &[[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0]];
        assert_eq!(settled(&[(clockwise, true)]).as_deref(), Some(SQUARE));
        assert!(settled(&[(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], true)]).is_some());
    }

    #[test]
    fn faults_are_seen() {
        let bow: &[Point] = &[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]];
        let spike: &[Point] = &[[0.0, 0.0], [4.0, 0.0], [6.0, 0.0], [4.0, 0.0], [4.0, 4.0]];
        let pinched: &[Point] = &[[0.0, 0.0], [2.0, 1.0], [4.0, 0.0], [4.0, 2.0], [2.0, 1.0], [0.0, 2.0]];
        let flat: &[Point] = &[[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]];
        for ring in [bow, spike, pinched, flat] {
            assert_eq!(settled(&[(ring, true)]), None, "{ring:?}");
        }
        let inner: &[Point] = &[[1.0, 1.0], [2.0, 1.0], [2.0, 2.0]];
        let outside: &[Point] = &[[5.0, 5.0], [6.0, 5.0], [6.0, 6.0]];
        assert!(settled(&[(SQUARE, true), (inner, false)]).is_some());
        assert!(settled(&[(SQUARE, true), (outside, true)]).is_some());
        assert!(settled(&[(SQUARE, true), (inner, true)]).is_none());
        assert!(settled(&[(SQUARE, true), (outside, false)]).is_none());
    }

    #[test]
    fn long_rings_go_through_the_tree() {
        let circle = |n: usize| -> Vec<Point> {
            (0..n).map(|i| (i as f64 / n as f64 * std::f64::consts::TAU).sin_cos()).map(|(y, x)| [x, y]).collect()
        };
        let mut ring = circle(500);
        assert!(settled(&[(&ring, true)]).is_some());
        ring[250] = [1.5, 0.0];
        assert!(settled(&[(&ring, true)]).is_none());
    }

    #[test]
    fn every_edge_is_compared_with_every_other() {
        let circle = |n: usize| -> Vec<Point> {
            (0..n).map(|i| (i as f64 / n as f64 * std::f64::consts::TAU).sin_cos()).map(|(y, x)| [x, y]).collect()
        };
        for n in [5, 15, 16, 17, 18, 31, 32, 33, 48, 50, 100] {
            let ring = circle(n);
            assert!(settled(&[(&ring, true)]).is_some(), "{n}");
            for (i, across) in (0..n).flat_map(|i| [2, 3, n / 2].map(|d| (i, (i + d) % n))) {
                // A vertex pulled across an edge that does not begin or end there.
                let mut crossed = ring.clone();
                let [a, b] = [ring[across], ring[(across + 1) % n]];
                crossed[i] = [0.5001 * (a[0] + b[0]), 0.5001 * (a[1] + b[1])];
                let own = (across + 1) % n == i || (across + 2) % n == i;
                assert!(own || settled(&[(&crossed, true)]).is_none(), "{n}: {i} across {across}");
            }
        }
    }
}
