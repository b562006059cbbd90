//! A plane to draw in: planar coordinates as they are, the sphere by a stereographic projection about a place. That projection keeps
//! angles and circles, so what is near in the plane is near on the sphere as long as both are small beside the Earth (Snyder 1987,
//! Map Projections – A Working Manual, doi:10.3133/pp1395, p. 154). Nothing here knows what is drawn.

use super::distance::{cross, dot, minus};
use super::predicates::Point;
use crate::space::{EARTH_RADIUS_KM, Space};

/// Farther than this from the middle the projection is not used: cosine of 150 degrees.
const FARTHEST: f64 = -0.866;

/// A plane in km (sphere) or metres (planar coordinates).
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    space: Space,
    middle: [f64; 3],
    east: [f64; 3],
    north: [f64; 3],
}

impl Plane {
    /// About the mean of the locations (km). Where they have none, like the two poles, about the first.
    pub(super) fn about(space: Space, locations: &[[f64; 3]]) -> Self {
        let sum = locations.iter().fold([0.0; 3], |s, p| [s[0] + p[0], s[1] + p[1], s[2] + p[2]]);
        let first = locations.first().copied().unwrap_or([1.0, 0.0, 0.0]);
        let middle = unit(sum).or(unit(first)).unwrap_or([1.0, 0.0, 0.0]);
        let helper = if middle[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
        let east = unit(cross(helper, middle)).unwrap_or([0.0, 1.0, 0.0]);
        Self { space, middle, east, north: cross(middle, east) }
    }

    /// Whether the coordinates are planar themselves.
    pub(super) fn is_flat(&self) -> bool {
        self.space == Space::Planar
    }

    /// Millimetres in a unit of the plane.
    pub(super) fn millimetres_per_unit(&self) -> f64 {
        if self.is_flat() { 1e3 } else { 1e6 }
    }

    /// A location in km in the plane; none if it is too far from the middle.
    pub(super) fn of_location(&self, p: [f64; 3]) -> Option<Point> {
        if self.space == Space::Planar {
            return Some(self.space.coordinates(p));
        }
        let p = p.map(|x| x / EARTH_RADIUS_KM);
        let cosine = dot(p, self.middle);
        let scale = 2.0 * EARTH_RADIUS_KM / (1.0 + cosine);
        (cosine > FARTHEST).then(|| [scale * dot(p, self.east), scale * dot(p, self.north)])
    }

    /// A coordinate pair (degrees or metres) in the plane.
    pub(super) fn of_coordinates(&self, [x, y]: Point) -> Option<Point> {
        match self.space {
            Space::Planar => Some([x, y]),
            // All of a pole is one place, and ±180 degrees are one meridian.
            Space::Geographic if y.abs() == 90.0 => self.of_location(self.space.locate([0.0, y])),
            Space::Geographic => self.of_location(self.space.locate([if x == -180.0 { 180.0 } else { x }, y])),
        }
    }

    /// The location in km of a point of the plane.
    pub(super) fn location(&self, [x, y]: Point) -> [f64; 3] {
        if self.space == Space::Planar {
            return self.space.locate([x, y]);
        }
        // With t the tangent of half the angle from the middle: cosine (1 − t²)/(1 + t²).
        let squared = (x * x + y * y) / (4.0 * EARTH_RADIUS_KM * EARTH_RADIUS_KM);
        let along = EARTH_RADIUS_KM * (1.0 - squared) / (1.0 + squared);
        let beside = 1.0 / (1.0 + squared);
        std::array::from_fn(|i| along * self.middle[i] + beside * (x * self.east[i] + y * self.north[i]))
    }

    /// The centre of the circle through three points, counter-clockwise: on the sphere that of the cap whose rim they are on. The
    /// projection keeps circles but not their centres.
    pub(super) fn circumcentre(&self, corners: [Point; 3]) -> Point {
        let flat = || super::voronoi::circumcentre(corners);
        if self.is_flat() {
            return flat();
        }
        let [a, b, c] = corners.map(|p| self.location(p));
        let centre = unit(cross(minus(b, a), minus(c, a)));
        centre.and_then(|n| self.of_location(n.map(|x| x * EARTH_RADIUS_KM))).unwrap_or_else(flat)
    }

    /// Points on the shortest way between two, which on the sphere is no straight line here, at most `step_km` apart; the ends are
    /// among them.
    pub(super) fn way(&self, [a, b]: [Point; 2], step_km: f64) -> Vec<Point> {
        if self.is_flat() {
            return vec![a, b];
        }
        let [p, q] = [a, b].map(|p| self.location(p));
        let angle = Space::Geographic.distance_km(p, q) / EARTH_RADIUS_KM;
        let steps = (angle * EARTH_RADIUS_KM / step_km).ceil().clamp(1.0, 2000.0);
        let between = |i: u32| {
            let t = f64::from(i) / steps;
            let (x, y) = (libm::sin((1.0 - t) * angle), libm::sin(t * angle));
            let on = unit([x * p[0] + y * q[0], x * p[1] + y * q[1], x * p[2] + y * q[2]])?;
            self.of_location(on.map(|x| x * EARTH_RADIUS_KM))
        };
        let inner = (1..steps as u32).filter_map(between);
        std::iter::once(a).chain(inner).chain(std::iter::once(b)).collect()
    }

    /// The coordinate pair (degrees or metres) of a point of the plane.
    pub(super) fn coordinates(&self, point: Point) -> Point {
        match self.space {
            Space::Planar => point,
            Space::Geographic => self.space.coordinates(self.location(point)),
        }
    }
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = dot(v, v).sqrt();
    (length > 1e-6).then(|| v.map(|x| x / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_come_back_and_angles_stay() {
        for middle in [[10.0, 50.0], [-179.9, -3.0], [30.0, 89.5], [0.0, -90.0]] {
            let plane = Plane::about(Space::Geographic, &[Space::Geographic.locate(middle)]);
            for (dx, dy) in [(0.0, 0.0), (0.5, 0.2), (-0.7, -0.4)] {
                let given = [middle[0] + dx, (middle[1] + dy).clamp(-90.0, 90.0)];
                let point = plane.of_coordinates(given).unwrap_or_default();
                let (back, p) = (plane.location(point), Space::Geographic.locate(given));
                assert!(Space::Geographic.distance_km(back, p) < 1e-8, "{given:?}");
                // Beside the middle the plane is true to scale.
                let far = Space::Geographic.distance_km(p, Space::Geographic.locate(middle));
                let drawn = (point[0] * point[0] + point[1] * point[1]).sqrt();
                assert!((drawn - far).abs() <= 1e-4 * far + 1e-8, "{drawn} {far}");
            }
        }
    }

    #[test]
    fn the_far_side_is_refused() {
        let plane = Plane::about(Space::Geographic, &[Space::Geographic.locate([0.0, 0.0])]);
        assert_eq!(plane.of_coordinates([175.0, 0.0]), None);
        assert!(plane.of_coordinates([120.0, 0.0]).is_some());
    }
}
