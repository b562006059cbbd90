//! Borders between the Voronoi cells of labelled points of the plane: the edges of the diagram between cells of different labels.

use super::predicates::{Point, side};
use delaunator::{EMPTY, next_halfedge, triangulate};
use std::cmp::Ordering;

/// No cell, or one without a label.
pub(super) const NOBODY: u32 = u32::MAX;

/// An edge of the diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CellEdge {
    pub(super) ends: [Point; 2],
    /// Label of the cell on the left of the way from the first end to the second.
    pub(super) left: u32,
    pub(super) right: u32,
    /// The sites whose cells it separates, left and right.
    pub(super) sites: [u32; 2],
}

/// Points around the sites, so far off that every place within `reach` of `middle` is nearer to some site: with them all cells of
/// sites are bounded.
fn guards(middle: Point, reach: f64) -> impl Iterator<Item = Point> {
    const FAR: f64 = 64.0;
    let corners =
        [[1.0, 0.0], [0.7, 0.7], [0.0, 1.0], [-0.7, 0.7], [-1.0, 0.0], [-0.7, -0.7], [0.0, -1.0], [0.7, -0.7]];
    corners.into_iter().map(move |[x, y]| [middle[0] + FAR * reach * x, middle[1] + FAR * reach * y])
}

/// The edges between cells of different labels, right within `reach` of `middle`, where all sites (distinct) are. Beyond, they end
/// somewhere. `centre` is the centre of the circle through three points, counter-clockwise, in the geometry that is meant.
pub(super) fn cell_edges(
    sites: &[Point],
    labels: &[u32],
    middle: Point,
    reach: f64,
    centre: impl Fn([Point; 3]) -> Point,
) -> Vec<CellEdge> {
    let all: Vec<Point> = sites.iter().copied().chain(guards(middle, reach)).collect();
    let points: Vec<delaunator::Point> =
        all.iter().map(|p| delaunator::Point { x: p[0] - middle[0], y: p[1] - middle[1] }).collect();
    let found = triangulate(&points);
    let centre = |half: usize| {
        let [a, b, c] = [0, 1, 2].map(|i| all[found.triangles[half / 3 * 3 + i]]);
        centre(if side(a, b, c) == Ordering::Less { [a, c, b] } else { [a, b, c] })
    };
    let label = |site: usize| labels.get(site).copied().unwrap_or(NOBODY);
    let mut edges = Vec::new();
    for (half, &twin) in found.halfedges.iter().enumerate() {
        let (p, q) = (found.triangles[half], found.triangles[next_halfedge(half)]);
        if twin == EMPTY || half > twin || label(p) == label(q) || p.max(q) >= sites.len() {
            continue;
        }
        // Looking from p to q, the triangle on the left has the centre farther left; the way there has p's cell on its left.
        let third = found.triangles[next_halfedge(next_halfedge(half))];
        let is_left = side(all[p], all[q], all[third]) == Ordering::Greater;
        let (from, to) = if is_left { (centre(twin), centre(half)) } else { (centre(half), centre(twin)) };
        if from != to {
            let sites = [p as u32, q as u32];
            edges.push(CellEdge { ends: [from, to], left: label(p), right: label(q), sites });
        }
    }
    edges
}

/// Centre of the circle through three points of the plane.
pub(super) fn circumcentre([a, b, c]: [Point; 3]) -> Point {
    let (b, c) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
    let d = 2.0 * (b[0] * c[1] - b[1] * c[0]);
    let (bb, cc) = (b[0] * b[0] + b[1] * b[1], c[0] * c[0] + c[1] * c[1]);
    [a[0] + (c[1] * bb - b[1] * cc) / d, a[1] + (b[0] * cc - c[0] * bb) / d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sites_are_parted_by_their_bisector() {
        let edges = cell_edges(&[[0.0, 0.0], [2.0, 0.0]], &[0, 1], [1.0, 0.0], 2.0, circumcentre);
        let way: Vec<Point> = edges.iter().flat_map(|e| e.ends).collect();
        assert!(!way.is_empty() && way.iter().all(|p| (p[0] - 1.0).abs() < 1e-9), "{way:?}");
        assert!(way.iter().any(|p| p[1] > 4.0) && way.iter().any(|p| p[1] < -4.0));
        for e in &edges {
            // Northwards, the western cell is on the left.
            let north = e.ends[1][1] > e.ends[0][1];
            assert_eq!((e.left, e.right), if north { (0, 1) } else { (1, 0) });
        }
        assert!(cell_edges(&[[0.0, 0.0], [2.0, 0.0]], &[3, 3], [1.0, 0.0], 2.0, circumcentre).is_empty());
    }

    #[test]
    fn every_edge_is_as_far_from_both_its_sites_and_from_no_other_less() {
        let sites: Vec<Point> = (0..60u32).map(|i| [f64::from(i * 37 % 101), f64::from(i * 61 % 103)]).collect();
        let labels: Vec<u32> = (0..60).collect();
        let apart = |p: Point, q: Point| ((p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2)).sqrt();
        for e in cell_edges(&sites, &labels, [50.0, 50.0], 80.0, circumcentre) {
            for end in e.ends.iter().filter(|p| apart(**p, [50.0, 50.0]) < 80.0) {
                let [l, r] = e.sites.map(|s| apart(*end, sites[s as usize]));
                assert!((l - r).abs() < 1e-8, "{e:?}");
                assert!(sites.iter().all(|&s| apart(*end, s) > l - 1e-8), "{e:?}");
            }
        }
    }
}
