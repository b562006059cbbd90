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
}

/// Columns reused from unit to unit.
#[derive(Default)]
pub(crate) struct Scratch {
    ends: Vec<[Point; 2]>,
    blocks: Vec<Block>,
}

/// Boxes of some consecutive edges, in single precision: rounding never swaps two numbers, so boxes that meet still do, and twice as
/// many are compared at once.
#[derive(Clone)]
struct Block {
    low: [[f32; LANES]; 2],
    high: [[f32; LANES]; 2],
}

const LANES: usize = 16;

/// From this many edges on a tree of boxes is faster than comparing all with all.
const TREE_FROM: usize = 256;

impl Block {
    /// Boxes that meet none.
    const EMPTY: Block = Block { low: [[f32::INFINITY; LANES]; 2], high: [[f32::NEG_INFINITY; LANES]; 2] };

    /// Boxes of edges, seen from `origin`.
    fn fill(blocks: &mut Vec<Block>, edges: &[[Point; 2]], origin: Point) {
        blocks.clear();
        for edges in edges.chunks(LANES) {
            let mut block = Block::EMPTY;
            for (lane, [a, b]) in edges.iter().enumerate() {
                for axis in 0..2 {
                    let [a, b] = [a, b].map(|p| (p[axis] - origin[axis]) as f32);
                    block.low[axis][lane] = a.min(b);
                    block.high[axis][lane] = a.max(b);
                }
            }
            blocks.push(block);
        }
    }

    /// The lanes from number `from` on whose boxes meet a box, a bit each. Without branches: the compiler compares four at once.
    #[inline(never)]
    fn meeting(&self, low: [f32; 2], high: [f32; 2], from: f32) -> u32 {
        const NUMBERS: [f32; LANES] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];
        let mut lanes = 0;
        for (lane, &number) in NUMBERS.iter().enumerate() {
            let meets = (self.low[0][lane] <= high[0])
                & (self.high[0][lane] >= low[0])
                & (self.low[1][lane] <= high[1])
                & (self.high[1][lane] >= low[1])
                & (number >= from);
            lanes |= u32::from(meets) << lane;
        }
        lanes
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
                if spike || edge[0] == edge[1] {
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
        let Some(&[origin, _]) = ends.first() else { return false };
        let blocks = &mut scratch.blocks;
        Block::fill(blocks, ends, origin);
        (0..ends.len()).any(|i| {
            let (block, lane) = (&blocks[i / LANES], i % LANES);
            let low = [block.low[0][lane], block.low[1][lane]];
            let high = [block.high[0][lane], block.high[1][lane]];
            // The next edge always meets this one, and mostly where it may: it is looked at without its box.
            let mut from = (i + 2) % LANES;
            let first = (i + 2) / LANES;
            for (b, block) in blocks.iter().enumerate().skip(first) {
                let mut lanes = block.meeting(low, high, from as f32);
                from = 0;
                while lanes != 0 {
                    if meet(i, b * LANES + lanes.trailing_zeros() as usize) {
                        return true;
                    }
                    lanes &= lanes - 1;
                }
            }
            i + 1 < ends.len() && ends[i][1] != ends[i + 1][0] && meet(i, i + 1)
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
        let ok = Outline { vertices: &mut vertices, rings: &ranges }.settle(&mut Scratch::default());
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
