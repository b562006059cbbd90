//! How compact a polygon is drawn: Polsby–Popper and Reock.

use super::measure::{area_km2, centroid, perimeter_km};
use super::polygons::Polygons;
use super::predicates::{Point, lexical, side};
use crate::space::{EARTH_RADIUS_KM, Space};
use std::cmp::Ordering;

/// Shape figures of a unit or a dissolved territory. Without area the ratios are NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shape {
    /// Area in km².
    pub area_km2: f64,
    /// Perimeter in km, holes included.
    pub perimeter_km: f64,
    /// 4π · area / perimeter²: 1 for a disc (Polsby & Popper 1991).
    pub polsby_popper: f64,
    /// Area over that of the smallest circle around it: 1 for a disc (Reock 1961, doi:10.2307/2109043). On the sphere the circle is
    /// found in Lambert's azimuthal equal-area projection about the centroid.
    pub reock: f64,
}

impl Polygons {
    /// Shape figures of every unit; rings must be directed, as those of a coverage and of dissolved territories are.
    ///
    /// ```
    /// use territory::{Space, geometry::Polygons};
    /// let mut square = Polygons::new(Space::Planar);
    /// [[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]].map(|v| square.push_vertex(v));
    /// square.end_ring();
    /// square.end_part();
    /// square.end_unit();
    /// let shape = square.shapes()[0];
    /// assert!((shape.polsby_popper - 0.785).abs() < 1e-3);
    /// assert!((shape.reock - 2.0 / std::f64::consts::PI).abs() < 1e-9);
    /// ```
    pub fn shapes(&self) -> Vec<Shape> {
        self.each_unit(|polygons, unit| {
            let (area, perimeter) = (area_km2(polygons, unit), perimeter_km(polygons, unit));
            let circle = std::f64::consts::PI * enclosing_radius_km(polygons, unit).powi(2);
            let ratio = |part: f64, whole: f64| if area > 0.0 { (part / whole).min(1.0) } else { f64::NAN };
            Shape {
                area_km2: area,
                perimeter_km: perimeter,
                polsby_popper: ratio(4.0 * std::f64::consts::PI * area, perimeter * perimeter),
                reock: ratio(area, circle),
            }
        })
    }
}

/// Radius in km of the smallest circle around a unit, in the plane or the equal-area projection about its centroid.
fn enclosing_radius_km(polygons: &Polygons, unit: usize) -> f64 {
    let vertices = &polygons.vertices()[polygons.vertices_of_unit(unit)];
    let points: Vec<Point> = match polygons.space() {
        Space::Planar => vertices.iter().map(|v| [v[0] / 1000.0, v[1] / 1000.0]).collect(),
        Space::Geographic => {
            let c = centroid(polygons, unit).map(|x| x / EARTH_RADIUS_KM);
            // Unit vectors east and north of the centre; at a pole any pair does.
            let flat = (c[0] * c[0] + c[1] * c[1]).sqrt();
            let east = if flat > 1e-12 { [-c[1] / flat, c[0] / flat, 0.0] } else { [0.0, 1.0, 0.0] };
            let north =
                [c[1] * east[2] - c[2] * east[1], c[2] * east[0] - c[0] * east[2], c[0] * east[1] - c[1] * east[0]];
            let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
            let project = |v: &Point| {
                let p = Space::Geographic.locate(*v).map(|x| x / EARTH_RADIUS_KM);
                let k = (2.0 / (1.0 + dot(p, c)).max(1e-12)).sqrt() * EARTH_RADIUS_KM;
                [k * dot(p, east), k * dot(p, north)]
            };
            vertices.iter().map(project).collect()
        }
    };
    smallest_circle(&hull(points))
}

/// Corners of the convex hull, counter-clockwise (Andrew 1979, doi:10.1016/0020-0190(79)90072-3).
pub(super) fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_unstable_by(|&a, &b| lexical(a, b));
    points.dedup();
    let chain = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for p in points {
            while let [.., a, b] = chain[..] {
                if side(a, b, p) == Ordering::Greater {
                    break;
                }
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    if points.len() < 3 {
        return points;
    }
    let mut lower = chain(&mut points.iter().copied());
    lower.extend(chain(&mut points.iter().rev().copied()));
    lower
}

/// Radius of the smallest circle around points (Welzl 1991, doi:10.1007/BFb0038202, in its incremental form). The points are taken in
/// an order that does not depend on their place along the hull, so that the expected time is linear.
fn smallest_circle(points: &[Point]) -> f64 {
    let mut points = points.to_vec();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for i in (1..points.len()).rev() {
        state = super::buckets::mix(state.wrapping_add(i as u64));
        points.swap(i, (state % (i as u64 + 1)) as usize);
    }
    let apart = |a: Point, b: Point| ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt();
    let outside = |(centre, radius): (Point, f64), p: Point| apart(centre, p) > radius * (1.0 + 1e-12);
    let two = |a: Point, b: Point| ([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0], apart(a, b) / 2.0);
    let Some(&first) = points.first() else { return 0.0 };
    let mut circle = (first, 0.0);
    for i in 1..points.len() {
        if !outside(circle, points[i]) {
            continue;
        }
        circle = (points[i], 0.0);
        for j in 0..i {
            if !outside(circle, points[j]) {
                continue;
            }
            circle = two(points[i], points[j]);
            for k in 0..j {
                if outside(circle, points[k]) {
                    circle = circumscribed(points[i], points[j], points[k]).unwrap_or(circle);
                }
            }
        }
    }
    circle.1
}

fn circumscribed(a: Point, b: Point, c: Point) -> Option<(Point, f64)> {
    let (b, c) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
    let d = 2.0 * (b[0] * c[1] - b[1] * c[0]);
    let (bb, cc) = (b[0] * b[0] + b[1] * b[1], c[0] * c[0] + c[1] * c[1]);
    let u = [(c[1] * bb - b[1] * cc) / d, (b[0] * cc - c[0] * bb) / d];
    let radius = (u[0] * u[0] + u[1] * u[1]).sqrt();
    radius.is_finite().then_some(([a[0] + u[0], a[1] + u[1]], radius))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(space: Space, centre: Point, radius: [f64; 2]) -> Polygons {
        let mut polygons = Polygons::new(space);
        for i in 0..720 {
            let (y, x) = (f64::from(i) / 720.0 * std::f64::consts::TAU).sin_cos();
            polygons.push_vertex([centre[0] + radius[0] * x, centre[1] + radius[1] * y]);
        }
        polygons.end_ring();
        polygons.end_part();
        polygons.end_unit();
        polygons
    }

    #[test]
    fn discs_are_compact() {
        for polygons in [
            circle(Space::Planar, [5e5, 4e6], [1e4, 1e4]),
            circle(Space::Geographic, [10.0, 60.0], [0.2, 0.1]),
            circle(Space::Geographic, [-170.0, 0.0], [1.0, 1.0]),
        ] {
            let shape = polygons.shapes()[0];
            assert!(shape.polsby_popper > 0.998 && shape.reock > 0.99, "{shape:?}");
        }
    }

    #[test]
    fn smallest_circle_touches_two_or_three_points() {
        assert_eq!(smallest_circle(&hull(vec![[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [1.0, 0.5]])), 2.0);
        let third = smallest_circle(&hull(vec![[0.0, 0.0], [1.0, 0.0], [0.5, 3f64.sqrt() / 2.0]]));
        assert!((third - 1.0 / 3f64.sqrt()).abs() < 1e-12);
        assert_eq!(smallest_circle(&[]), 0.0);
    }
}
