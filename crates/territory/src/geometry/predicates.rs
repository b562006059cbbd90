//! Exact questions about points and segments: on which side, in which order around a point, on the segment or not.
//! Coordinates are taken as they are (degrees or metres in the plane); answers are exact for finite ones.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use std::cmp::Ordering;

/// A point of the plane.
pub(crate) type Point = [f64; 2];

/// On which side of the line from `a` to `b` the point `c` is: `Greater` left, `Less` right, `Equal` on it.
#[inline]
pub(crate) fn side(a: Point, b: Point, c: Point) -> Ordering {
    let left = (a[0] - c[0]) * (b[1] - c[1]);
    let right = (a[1] - c[1]) * (b[0] - c[0]);
    let det = left - right;
    // Shewchuk's filter (1997, doi:10.1007/PL00009321): beyond the bound the sign of the rounded determinant is right.
    if det.abs() > 4e-16 * (left.abs() + right.abs()) {
        return if det > 0.0 { Ordering::Greater } else { Ordering::Less };
    }
    let [a, b, c] = [a, b, c].map(|p| geo::Coord { x: p[0], y: p[1] });
    match RobustKernel::orient2d(a, b, c) {
        Orientation::CounterClockwise => Ordering::Greater,
        Orientation::Clockwise => Ordering::Less,
        Orientation::Collinear => Ordering::Equal,
    }
}

/// Order by x, then y.
#[inline]
pub(crate) fn lexical(a: Point, b: Point) -> Ordering {
    a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
}

/// Whether `p`, known to be on the line through `a` and `b`, is strictly between them.
#[inline]
pub(crate) fn strictly_between(a: Point, b: Point, p: Point) -> bool {
    let (low, high) = if lexical(a, b).is_le() { (a, b) } else { (b, a) };
    lexical(low, p).is_lt() && lexical(p, high).is_lt()
}

/// Order of the rays from `v` to `p` and to `q`, counter-clockwise from the direction of growing x.
pub(crate) fn around(v: Point, p: Point, q: Point) -> Ordering {
    let lower = |r: Point| r[1] < v[1] || (r[1] == v[1] && r[0] < v[0]);
    lower(p).cmp(&lower(q)).then_with(|| side(v, p, q).reverse())
}

/// Whether the point is left of the directed or undirected segment `a b` on its horizontal line: a ray from `p` towards smaller x
/// crosses the segment. `Some(true)` if the segment points upwards. The half-open rule (lower end in, upper end out) makes sums over
/// closed chains right even where the ray passes through their vertices.
#[inline]
pub(crate) fn crosses_left_of(p: Point, a: Point, b: Point) -> Option<bool> {
    if (a[1] <= p[1]) == (b[1] <= p[1]) {
        return None;
    }
    let up = a[1] <= p[1];
    let (low, high) = if up { (a, b) } else { (b, a) };
    (side(low, high, p) == Ordering::Less).then_some(up)
}

/// How two segments meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meeting {
    /// No common point, or only a common end, or the same segment.
    None,
    /// They cross in one point inside both.
    Cross,
    /// An end of one is strictly inside the other (or two are, if they overlap).
    Touch,
}

/// How the segments `s` and `t` meet.
pub(crate) fn meeting(s: [Point; 2], t: [Point; 2]) -> Meeting {
    let shared = s.iter().filter(|p| t.contains(p)).count();
    if shared == 2 {
        return Meeting::None;
    }
    if shared == 1 {
        // Only if they run along each other do they meet anywhere else.
        let (v, p) = if t.contains(&s[0]) { (s[0], s[1]) } else { (s[1], s[0]) };
        let q = if t[0] == v { t[1] } else { t[0] };
        let along = side(v, p, q) == Ordering::Equal && !strictly_between(p, q, v);
        return if along { Meeting::Touch } else { Meeting::None };
    }
    let (t0, t1) = (side(s[0], s[1], t[0]), side(s[0], s[1], t[1]));
    if t0 == t1 && t0 != Ordering::Equal {
        return Meeting::None;
    }
    let (s0, s1) = (side(t[0], t[1], s[0]), side(t[0], t[1], s[1]));
    if s0 == s1 && s0 != Ordering::Equal {
        return Meeting::None;
    }
    let touches = (t0 == Ordering::Equal && strictly_between(s[0], s[1], t[0]))
        || (t1 == Ordering::Equal && strictly_between(s[0], s[1], t[1]))
        || (s0 == Ordering::Equal && strictly_between(t[0], t[1], s[0]))
        || (s1 == Ordering::Equal && strictly_between(t[0], t[1], s[1]));
    if touches {
        Meeting::Touch
    } else if [t0, t1, s0, s1].contains(&Ordering::Equal) {
        Meeting::None
    } else {
        Meeting::Cross
    }
}

/// Where the lines of two crossing segments meet, rounded to the nearest numbers by ordinary arithmetic.
pub(crate) fn crossing(s: [Point; 2], t: [Point; 2]) -> Point {
    // The same pair gives the same bits whichever comes first and whichever way each points.
    let order = |s: [Point; 2]| if lexical(s[0], s[1]).is_le() { s } else { [s[1], s[0]] };
    let (s, t) = (order(s), order(t));
    let (s, t) = if lexical(s[0], t[0]).then(lexical(s[1], t[1])).is_le() { (s, t) } else { (t, s) };
    let d = [s[1][0] - s[0][0], s[1][1] - s[0][1]];
    let e = [t[1][0] - t[0][0], t[1][1] - t[0][1]];
    let w = [t[0][0] - s[0][0], t[0][1] - s[0][1]];
    let det = d[0] * e[1] - d[1] * e[0];
    let along = ((w[0] * e[1] - w[1] * e[0]) / det).clamp(0.0, 1.0);
    let along = if along.is_finite() { along } else { 0.5 };
    [s[0][0] + along * d[0], s[0][1] + along * d[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_meet_as_they_should() {
        let s = [[0.0, 0.0], [2.0, 0.0]];
        assert_eq!(meeting(s, [[1.0, -1.0], [1.0, 1.0]]), Meeting::Cross);
        assert_eq!(meeting(s, [[1.0, 0.0], [1.0, 1.0]]), Meeting::Touch);
        assert_eq!(meeting(s, [[2.0, 0.0], [3.0, 1.0]]), Meeting::None);
        assert_eq!(meeting(s, [[0.0, 0.0], [1.0, 0.0]]), Meeting::Touch);
        assert_eq!(meeting(s, [[0.0, 0.0], [-1.0, 0.0]]), Meeting::None);
        assert_eq!(meeting(s, [[1.0, 0.0], [3.0, 0.0]]), Meeting::Touch);
        assert_eq!(meeting(s, [[3.0, 0.0], [4.0, 0.0]]), Meeting::None);
        assert_eq!(meeting(s, [[2.0, 0.0], [0.0, 0.0]]), Meeting::None);
        assert_eq!(crossing(s, [[1.0, -1.0], [1.0, 1.0]]), [1.0, 0.0]);
    }

    #[test]
    fn rays_turn_counter_clockwise() {
        let v = [1.0, 1.0];
        let mut rays = [[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 3.0], [0.0, 0.0]];
        rays.sort_by(|&p, &q| around(v, p, q));
        assert_eq!(rays, [[2.0, 1.0], [2.0, 2.0], [1.0, 3.0], [0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]);
    }

    #[test]
    fn ray_to_the_left_counts_a_vertex_once() {
        let up = [[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]];
        let hits = up.windows(2).filter(|w| crosses_left_of([1.0, 1.0], w[0], w[1]).is_some()).count();
        assert_eq!(hits, 1);
        assert_eq!(crosses_left_of([1.0, 1.0], [0.0, 0.0], [0.0, 2.0]), Some(true));
        assert_eq!(crosses_left_of([-1.0, 1.0], [0.0, 0.0], [0.0, 2.0]), None);
    }
}
