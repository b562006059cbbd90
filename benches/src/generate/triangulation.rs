//! Delaunay triangulation as links, each with its Voronoi edge clipped to the map.

use crate::instance::Link;
use delaunator::{EMPTY, Point, next_halfedge, triangulate};

/// Links of the Delaunay triangulation of `points`.
///
/// With `square` given, the links are the neighbours among the Voronoi cells *clipped to the square* `[0, square]²`: a link
/// whose Voronoi edge lies outside is left out (those are the long ones along the hull), the others carry the length of
/// what is inside. Without it all Delaunay edges come, with length 0.
pub(super) fn delaunay_links(points: &[[f64; 2]], square: Option<f64>) -> Vec<Link> {
    let points: Vec<Point> = points.iter().map(|p| Point { x: p[0], y: p[1] }).collect();
    let triangulation = triangulate(&points);
    let corners = &triangulation.triangles;
    let centre = |triangle: usize| {
        let [a, b, c] = [0, 1, 2].map(|i| &points[corners[3 * triangle + i]]);
        circumcentre(a, b, c)
    };
    let mut links = Vec::with_capacity(corners.len() / 2 + triangulation.hull.len());
    for (half, &twin) in triangulation.halfedges.iter().enumerate() {
        if twin != EMPTY && twin < half {
            continue;
        }
        let (a, b) = (corners[half], corners[next_halfedge(half)]);
        let Some(side) = square else {
            links.push(Link::new(a as u32, b as u32, 0.0));
            continue;
        };
        let from = centre(half / 3);
        let to = if twin == EMPTY {
            // The Voronoi edge of a hull edge is a ray outwards: the triangle lies on the other side of a → b.
            let (dx, dy) = (points[b].x - points[a].x, points[b].y - points[a].y);
            let third = &points[corners[next_halfedge(next_halfedge(half))]];
            let side_of_third = dx * (third.y - points[a].y) - dy * (third.x - points[a].x);
            let far = 4.0 * side / libm::sqrt(dx * dx + dy * dy) * if side_of_third > 0.0 { 1.0 } else { -1.0 };
            [from[0] + dy * far, from[1] - dx * far]
        } else {
            centre(twin / 3)
        };
        let length = length_inside(from, to, side);
        if length > 0.0 {
            links.push(Link::new(a as u32, b as u32, length as f32));
        }
    }
    // Delaunator's edge order is its own affair; ours is by unit.
    links.sort_unstable_by_key(|l| (l.a, l.b));
    links
}

fn circumcentre(a: &Point, b: &Point, c: &Point) -> [f64; 2] {
    let (dx, dy, ex, ey) = (b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y);
    let (bl, cl) = (dx * dx + dy * dy, ex * ex + ey * ey);
    let d = 0.5 / (dx * ey - dy * ex);
    [a.x + (ey * bl - dy * cl) * d, a.y + (dx * cl - ex * bl) * d]
}

/// Length of the part of a segment inside `[0, side]²` (Liang & Barsky 1984).
fn length_inside(from: [f64; 2], to: [f64; 2], side: f64) -> f64 {
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let step = to[axis] - from[axis];
        if step == 0.0 {
            if from[axis] < 0.0 || from[axis] > side {
                return 0.0;
            }
            continue;
        }
        let (low, high) = ((0.0 - from[axis]) / step, (side - from[axis]) / step);
        enter = enter.max(low.min(high));
        leave = leave.min(low.max(high));
    }
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    ((leave - enter) * libm::sqrt(dx * dx + dy * dy)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_lengths_are_right() {
        assert_eq!(length_inside([-5.0, 5.0], [15.0, 5.0], 10.0), 10.0);
        assert_eq!(length_inside([2.0, 2.0], [2.0, 20.0], 10.0), 8.0);
        assert_eq!(length_inside([11.0, 2.0], [12.0, 20.0], 10.0), 0.0);
        assert_eq!(length_inside([-5.0, -1.0], [15.0, -1.0], 10.0), 0.0);
    }

    #[test]
    fn voronoi_borders_of_a_square_of_four() {
        // Four cells meet in the middle (0.25 off, so that no diagonal has length): each inner border reaches the wall.
        let links = delaunay_links(&[[2.0, 2.0], [6.0, 2.0], [2.0, 6.0], [6.0, 6.0]], Some(8.0));
        let long: Vec<_> = links.iter().filter(|l| l.border_km > 0.0).map(|l| (l.a, l.b, l.border_km)).collect();
        assert_eq!(long, [(0, 1, 4.0), (0, 2, 4.0), (1, 3, 4.0), (2, 3, 4.0)]);
    }
}
