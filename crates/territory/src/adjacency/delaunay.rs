//! Delaunay neighbours of distinct sites, in the plane or on the whole sphere.
//!
//! On the sphere: seen from one of the sites (the pole site), the others are projected stereographically. That keeps circles,
//! so their planar Delaunay triangulation is the spherical one but for the triangles at the pole site itself, which join
//! it to the hull (Renka 1997, doi:10.1145/275323.275329, states the equivalence with the convex hull in space).
//! The pole site is the one farthest from the mean location: most sites are then projected with little magnification.

use delaunator::{EMPTY, Point, next_halfedge, triangulate};

use crate::geometry::{cross, dot, minus};
use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};

/// Coordinates handed to the triangulation are scaled to this, so that neither its absolute epsilon nor overflow matters.
const SCALED: f64 = (1u64 << 30) as f64;

/// Links between neighbouring sites, each once. Sites must be finite and distinct; few that
/// lie closer than rounding can tell apart may be left without links.
pub(super) fn delaunay(space: Space, sites: &[[f64; 3]]) -> Vec<(u32, u32)> {
    match sites.len() {
        0 | 1 => Vec::new(),
        2 => vec![(0, 1)],
        _ => match in_line(space, sites) {
            Some(links) => links,
            None if space == Space::Planar => planar(sites.iter().map(|p| [p[0], p[1]]).collect(), |i| i as u32).0,
            None => spherical(sites),
        },
    }
}

/// Links within the triangulation of points in the plane, and the points on its hull; both as `id` names them.
fn planar(mut points: Vec<[f64; 2]>, id: impl Fn(usize) -> u32) -> (Vec<(u32, u32)>, Vec<u32>) {
    let mut extent = 0.0_f64;
    for k in 0..2 {
        let (min, max) =
            points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), p| (lo.min(p[k]), hi.max(p[k])));
        // Halves first: the sum of two large coordinates may overflow.
        let centre = min / 2.0 + max / 2.0;
        points.iter_mut().for_each(|p| p[k] -= centre);
        extent = extent.max(max / 2.0 - min / 2.0);
    }
    // A power of two changes no digit.
    let scale = libm::exp2(libm::floor(libm::log2(SCALED / extent.max(f64::MIN_POSITIVE))).clamp(-1000.0, 1000.0));
    let points: Vec<Point> = points.iter().map(|p| Point { x: p[0] * scale, y: p[1] * scale }).collect();
    let found = triangulate(&points);
    let mut links: Vec<(u32, u32)> = Vec::with_capacity(found.triangles.len() / 2 + found.hull.len());
    for (half, &twin) in found.halfedges.iter().enumerate() {
        if twin == EMPTY || half < twin {
            links.push((id(found.triangles[half]), id(found.triangles[next_halfedge(half)])));
        }
    }
    if found.triangles.is_empty() {
        // All in one line: the hull lists them along it.
        links.extend(found.hull.windows(2).map(|pair| (id(pair[0]), id(pair[1]))));
    }
    let hull = match (found.triangles.is_empty(), found.hull.as_slice()) {
        (true, [first, .., last]) => vec![id(*first), id(*last)],
        (_, hull) => hull.iter().map(|&i| id(i)).collect(),
    };
    (links, hull)
}

/// At least three sites on the sphere, not all on one great circle.
fn spherical(sites: &[[f64; 3]]) -> Vec<(u32, u32)> {
    let sum = sites.iter().fold([0.0; 3], |sum, p| [sum[0] + p[0], sum[1] + p[1], sum[2] + p[2]]);
    let mean = sum.map(|x| x / sites.len() as f64);
    let pole = farthest(sites, |p| squared_distance(p, mean));
    let at = sites[pole];
    let (east, north) = frame(at);
    // A projection from the pole site is an inversion about it followed by dropping the coordinate along its axis. Written
    // with differences to the pole site, nothing cancels beside it.
    let project = |p: &[f64; 3]| {
        let d = minus(*p, at);
        let scale = 4.0 * EARTH_RADIUS_KM * EARTH_RADIUS_KM / dot(d, d);
        [scale * dot(d, east), scale * dot(d, north)]
    };
    let others = sites.iter().enumerate().filter(|&(i, _)| i != pole).map(|(_, p)| project(p));
    let (mut links, hull) = planar(others.collect(), |i| (i + usize::from(i >= pole)) as u32);
    links.extend(hull.into_iter().map(|site| (site, pole as u32)));
    links
}

/// If all sites lie on one line (a great circle on the sphere), to a billionth of their extent: links along it, on the
/// sphere closed to a ring.
fn in_line(space: Space, sites: &[[f64; 3]]) -> Option<Vec<(u32, u32)>> {
    let first = *sites.first()?;
    let end = sites[farthest(sites, |p| squared_distance(p, first))];
    let normal = match space {
        Space::Planar => [first[1] - end[1], end[0] - first[0], 0.0],
        Space::Geographic => {
            // From the site that is most nearly a quarter circle away: with the antipode no plane would be fixed.
            let side = sites[farthest(sites, |p| {
                let n = cross(first, minus(p, first));
                dot(n, n)
            })];
            cross(first, minus(side, first))
        }
    };
    let normal = unit(normal);
    let extent = squared_distance(first, end).sqrt();
    // Locations themselves are rounded, by about 1e-12 km on the sphere.
    let tolerance = 1e-9 * extent + if space == Space::Geographic { 4e-12 } else { 0.0 };
    // Not `any(… > …)`: distances that overflow must not count as in line.
    if !sites.iter().all(|&p| dot(minus(p, first), normal).abs() <= tolerance) {
        return None;
    }
    let key = |p: [f64; 3]| match space {
        Space::Planar => dot(minus(p, first), unit(minus(end, first))),
        Space::Geographic => libm::atan2(dot(p, unit(cross(normal, first))), dot(p, unit(first))),
    };
    let mut order: Vec<(f64, u32)> = sites.iter().enumerate().map(|(i, &p)| (key(p), i as u32)).collect();
    order.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
    let mut links: Vec<(u32, u32)> = order.windows(2).map(|pair| (pair[0].1, pair[1].1)).collect();
    if let (Space::Geographic, [(_, a), _, .., (_, b)]) = (space, order.as_slice()) {
        links.push((*a, *b));
    }
    Some(links)
}

/// The site of the largest key, the first of several.
fn farthest(sites: &[[f64; 3]], key: impl Fn([f64; 3]) -> f64) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, &p) in sites.iter().enumerate() {
        let k = key(p);
        if k > best.1 {
            best = (i, k);
        }
    }
    best.0
}

/// Two directions that are at right angles to `axis` and to each other.
fn frame(axis: [f64; 3]) -> ([f64; 3], [f64; 3]) {
    let axis = unit(axis);
    let helper = if axis[2].abs() < 0.7 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let east = unit(cross(helper, axis));
    (east, cross(axis, east))
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    // Scaled first: the square of a large coordinate overflows.
    let largest = v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if largest == 0.0 {
        return v;
    }
    let v = v.map(|x| x / largest);
    let length = dot(v, v).sqrt();
    v.map(|x| x / length)
}
