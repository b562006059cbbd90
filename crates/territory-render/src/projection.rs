//! From the data's coordinates to kilometres on a flat map: planar coordinates as they are, geographic ones by the Lambert
//! azimuthal equal-area projection about the middle of the data (Snyder 1987, Map Projections: A Working Manual, pp. 182–190,
//! doi:10.3133/pp1395), on the sphere. Areas keep their proportions, and no meridian is special.

use territory::{EARTH_RADIUS_KM, Space};

/// A map projection. `y` points north.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection {
    space: Space,
    /// Unit vectors to the middle of the map, and east and north of there.
    centre: [f64; 3],
    east: [f64; 3],
    north: [f64; 3],
}

impl Projection {
    /// About the middle of `sample`, locations in km as [`Space::locate`] gives them.
    pub(crate) fn about(space: Space, sample: &[[f64; 3]]) -> Self {
        let mean = sample.iter().filter(|p| p.iter().all(|c| c.is_finite())).fold([0.0; 3], |sum, p| add(sum, *p));
        let first = Self::at(space, mean);
        let bounds = Bounds::of(sample.iter().map(|&p| first.project(p)));
        if space == Space::Planar || bounds.is_empty() {
            return first;
        }
        Self::at(space, first.unproject(bounds.middle()))
    }

    fn at(space: Space, towards: [f64; 3]) -> Self {
        let length = dot(towards, towards).sqrt();
        let centre = if length > 0.0 { scale(towards, 1.0 / length) } else { [1.0, 0.0, 0.0] };
        let flat = centre[0].hypot(centre[1]);
        let east = if flat > 0.0 { [-centre[1] / flat, centre[0] / flat, 0.0] } else { [0.0, 1.0, 0.0] };
        Self { space, centre, east, north: cross(centre, east) }
    }

    /// Kilometres east and north of the middle of a location in km.
    pub(crate) fn project(&self, location: [f64; 3]) -> [f64; 2] {
        if self.space == Space::Planar {
            return [location[0], location[1]];
        }
        let p = scale(location, 1.0 / EARTH_RADIUS_KM);
        // The point opposite the middle has no place on the map; it goes far out instead of to infinity.
        let k = (2.0 / (1.0 + dot(p, self.centre)).max(1e-9)).sqrt() * EARTH_RADIUS_KM;
        [k * dot(p, self.east), k * dot(p, self.north)]
    }

    /// Direction of the place at `[x, y]` km.
    fn unproject(&self, [x, y]: [f64; 2]) -> [f64; 3] {
        let rho = x.hypot(y);
        if rho == 0.0 {
            return self.centre;
        }
        let c = 2.0 * (rho / (2.0 * EARTH_RADIUS_KM)).min(1.0).asin();
        let aside = add(scale(self.east, x / rho), scale(self.north, y / rho));
        add(scale(self.centre, c.cos()), scale(aside, c.sin()))
    }
}

/// Smallest rectangle around points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) min: [f64; 2],
    pub(crate) max: [f64; 2],
}

impl Bounds {
    /// Around the finite ones of `points`.
    pub(crate) fn of(points: impl Iterator<Item = [f64; 2]>) -> Self {
        let empty = Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };
        points.filter(|p| p[0].is_finite() && p[1].is_finite()).fold(empty, |b, p| Self {
            min: [b.min[0].min(p[0]), b.min[1].min(p[1])],
            max: [b.max[0].max(p[0]), b.max[1].max(p[1])],
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.min[0] > self.max[0]
    }

    pub(crate) fn middle(&self) -> [f64; 2] {
        [(self.min[0] + self.max[0]) / 2.0, (self.min[1] + self.max[1]) / 2.0]
    }

    pub(crate) fn size(&self) -> [f64; 2] {
        [(self.max[0] - self.min[0]).max(0.0), (self.max[1] - self.min[1]).max(0.0)]
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn scale(a: [f64; 3], by: f64) -> [f64; 3] {
    a.map(|c| c * by)
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(coordinates: &[[f64; 2]]) -> Vec<[f64; 3]> {
        coordinates.iter().map(|&c| Space::Geographic.locate(c)).collect()
    }

    #[test]
    fn squares_of_a_degree_keep_their_area_proportions_everywhere() {
        let at = |lon: f64, lat: f64| [[lon, lat], [lon + 0.1, lat], [lon + 0.1, lat + 0.1], [lon, lat + 0.1]];
        let area = |projection: &Projection, corners: &[[f64; 2]]| {
            let p: Vec<_> = locations(corners).into_iter().map(|l| projection.project(l)).collect();
            (0..4).map(|i| p[i][0] * p[(i + 1) % 4][1] - p[(i + 1) % 4][0] * p[i][1]).sum::<f64>() / 2.0
        };
        let projection = Projection::about(Space::Geographic, &locations(&[[-125.0, 25.0], [-66.0, 49.0]]));
        for (lon, lat) in [(-120.0_f64, 48.0_f64), (-96.0, 37.0), (-80.0, 25.0)] {
            let km = EARTH_RADIUS_KM;
            let exact = 0.1_f64.to_radians() * km * km * ((lat + 0.1).to_radians().sin() - lat.to_radians().sin());
            let drawn = area(&projection, &at(lon, lat));
            assert!((drawn / exact - 1.0).abs() < 1e-4, "{drawn} km² drawn, {exact} km² on the sphere");
        }
    }

    #[test]
    fn the_antimeridian_is_no_edge() {
        let projection = Projection::about(Space::Geographic, &locations(&[[179.0, -17.0], [-179.0, -17.0]]));
        let [a, b] = [[179.9, -17.0], [-179.9, -17.0]].map(|c| projection.project(Space::Geographic.locate(c)));
        assert!((b[0] - a[0] - 21.3).abs() < 0.2 && (a[1] - b[1]).abs() < 0.1, "{a:?} {b:?}");
    }

    #[test]
    fn nothing_and_the_whole_world_have_a_projection_too() {
        for sample in [vec![], locations(&[[0.0, 0.0], [180.0, 0.0]]), locations(&[[0.0, 90.0]])] {
            let projection = Projection::about(Space::Geographic, &sample);
            assert!(sample.iter().all(|&p| projection.project(p).iter().all(|c| c.is_finite())));
        }
    }
}
