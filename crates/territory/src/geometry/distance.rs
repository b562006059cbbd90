//! Distances to and between border segments on locations in km: straight in the plane, great-circle arcs on the sphere.
//!
//! Squared straight-line distances are compared (the chord grows with the arc) and turned into km at the end.

use crate::geometry::bounds::{Box3, segment_box};
use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};

/// Distance in km for a squared straight-line distance in km².
pub(crate) fn distance_km(space: Space, squared: f64) -> f64 {
    space.distance_km([0.0; 3], [squared.sqrt(), 0.0, 0.0])
}

/// Squared distance of a location to a run's segments.
pub(super) fn to_run(space: Space, p: [f64; 3], run: &[[f64; 3]]) -> f64 {
    match run {
        [only] => squared_distance(p, *only),
        _ => run.windows(2).fold(f64::INFINITY, |best, s| best.min(to_segment(space, p, s[0], s[1]))),
    }
}

/// Squared distance between two runs, or something above `limit` if it is above. `other_box` bounds `other`.
pub(super) fn between_runs(space: Space, own: &[[f64; 3]], other: &[[f64; 3]], other_box: &Box3, limit: f64) -> f64 {
    let mut best = f64::INFINITY;
    for s in segments(own) {
        let bounds = segment_box(space, s);
        if bounds.squared_distance(other_box) > limit.min(best) {
            continue;
        }
        for t in segments(other) {
            if bounds.squared_distance(&segment_box(space, t)) <= limit.min(best) {
                best = best.min(between_segments(space, s, t));
            }
        }
    }
    best
}

/// The segments of a run; a single location is a segment from itself to itself.
fn segments(run: &[[f64; 3]]) -> impl Iterator<Item = [[f64; 3]; 2]> + '_ {
    (0..run.len().saturating_sub(1).max(1)).filter_map(|i| Some([*run.get(i)?, *run.get(i + 1).or(run.get(i))?]))
}

fn between_segments(space: Space, [a, b]: [[f64; 3]; 2], [c, d]: [[f64; 3]; 2]) -> f64 {
    if cross_each_other(space, [a, b], [c, d]) {
        return 0.0;
    }
    to_segment(space, a, c, d)
        .min(to_segment(space, b, c, d))
        .min(to_segment(space, c, a, b))
        .min(to_segment(space, d, a, b))
}

/// Whether two segments cross in their interiors; touching ends are left to the distances.
fn cross_each_other(space: Space, [a, b]: [[f64; 3]; 2], [c, d]: [[f64; 3]; 2]) -> bool {
    let side = |p: [f64; 3], q: [f64; 3], of: [f64; 3]| match space {
        Space::Planar => cross(minus(q, p), minus(of, p))[2],
        Space::Geographic => dot(minus(of, p), cross(p, minus(q, p))),
    };
    side(a, b, c) * side(a, b, d) < 0.0
        && side(c, d, a) * side(c, d, b) < 0.0
        && (space == Space::Planar || dot(plus(a, b), plus(c, d)) > 0.0)
}

/// Whether two segments cross. A location on the other's line counts as left of it, so that a chain of segments which changes sides
/// at a common end crosses once, and one that touches and turns back not at all or twice.
pub(crate) fn cross_sides(space: Space, [a, b]: [[f64; 3]; 2], [c, d]: [[f64; 3]; 2]) -> bool {
    let left = |p: [f64; 3], q: [f64; 3], of: [f64; 3]| match space {
        Space::Planar => cross(minus(q, p), minus(of, p))[2] >= 0.0,
        Space::Geographic => dot(minus(of, p), cross(p, minus(q, p))) >= 0.0,
    };
    left(a, b, c) != left(a, b, d)
        && left(c, d, a) != left(c, d, b)
        && (space == Space::Planar || dot(plus(a, b), plus(c, d)) > 0.0)
}

/// Distance in km of each place to the nearest of the lines (positions in degrees or metres, by `space`; at least one). Every
/// place is compared with every segment.
pub fn distances_to_lines_km(space: Space, places: &[[f64; 2]], lines: &[Vec<[f64; 2]>]) -> Vec<f64> {
    let lines: Vec<Vec<[f64; 3]>> = lines.iter().map(|line| line.iter().map(|&v| space.locate(v)).collect()).collect();
    let nearest = |&place: &[f64; 2]| {
        let p = space.locate(place);
        let squared = lines.iter().map(|line| to_run(space, p, line)).fold(f64::INFINITY, f64::min);
        distance_km(space, squared)
    };
    places.iter().map(nearest).collect()
}

/// Least and largest coordinates of a segment, the arc's rise above its chord included.
pub(crate) fn segment_corners(space: Space, segment: [[f64; 3]; 2]) -> ([f64; 3], [f64; 3]) {
    let bounds = segment_box(space, segment);
    (bounds.min, bounds.max)
}

/// Squared straight-line distance in km² from a location to the nearest one on a segment: on the sphere the short
/// great-circle arc between `a` and `b`.
pub(crate) fn to_segment(space: Space, p: [f64; 3], a: [f64; 3], b: [f64; 3]) -> f64 {
    let ab = minus(b, a);
    match space {
        Space::Planar => {
            let length = dot(ab, ab);
            let share = if length > 0.0 { (dot(minus(p, a), ab) / length).clamp(0.0, 1.0) } else { 0.0 };
            squared_distance(p, [a[0] + share * ab[0], a[1] + share * ab[1], a[2] + share * ab[2]])
        }
        Space::Geographic => {
            let ends = squared_distance(p, a).min(squared_distance(p, b));
            // The normal from the difference of the ends: the product of the ends themselves cancels on short segments.
            let normal = cross(a, ab);
            let length = dot(normal, normal);
            let beside = length > 0.0 && dot(p, cross(normal, a)) > 0.0 && dot(p, cross(b, normal)) > 0.0;
            if !beside {
                return ends;
            }
            let height = dot(minus(p, a), normal);
            let sine = (height * height / (length * EARTH_RADIUS_KM * EARTH_RADIUS_KM)).min(1.0);
            // 2R²(1 − cos δ) without its cancellation.
            let squared = 2.0 * EARTH_RADIUS_KM * EARTH_RADIUS_KM * sine / (1.0 + (1.0 - sine).sqrt());
            squared.min(ends)
        }
    }
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn plus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
