//! Where units are. Geographic locations are vectors of Earth's mean radius in km, so that distances and weighted means need
//! no projection and know no antimeridian; planar ones are kilometres in the plane with a zero third coordinate.
//!
//! sin, cos and asin come from `libm`, so that the same input gives the same bits on every platform.

/// Earth's mean radius in km (IUGG mean radius R₁ of the GRS 80 ellipsoid; Moritz 2000, doi:10.1007/s001900050278).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// What the coordinates of the input mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Space {
    /// Longitude and latitude in degrees on the sphere of [`EARTH_RADIUS_KM`].
    #[default]
    Geographic,
    /// Projected coordinates in metres in the plane.
    Planar,
}

impl Space {
    /// Location of the coordinate pair `[x, y]` (degrees or metres, by the space) in km.
    ///
    /// ```
    /// use territory::Space;
    /// let pole = Space::Geographic.locate([0.0, 90.0]);
    /// assert!((pole[2] - territory::EARTH_RADIUS_KM).abs() < 1e-9);
    /// assert_eq!(Space::Planar.locate([1500.0, 0.0]), [1.5, 0.0, 0.0]);
    /// ```
    pub fn locate(self, [x, y]: [f64; 2]) -> [f64; 3] {
        match self {
            Space::Planar => [x / 1000.0, y / 1000.0, 0.0],
            Space::Geographic => {
                let (lon, lat) = (x.to_radians(), y.to_radians());
                let (sin_lat, cos_lat) = (libm::sin(lat), libm::cos(lat));
                [
                    EARTH_RADIUS_KM * cos_lat * libm::cos(lon),
                    EARTH_RADIUS_KM * cos_lat * libm::sin(lon),
                    EARTH_RADIUS_KM * sin_lat,
                ]
            }
        }
    }

    /// The coordinate pair (degrees or metres) of a location in km; a geographic one is first scaled back to the sphere's
    /// surface, so that means of locations may be passed. The Earth's centre itself gives `[0, 0]`.
    pub fn coordinates(self, p: [f64; 3]) -> [f64; 2] {
        match self {
            Space::Planar => [p[0] * 1000.0, p[1] * 1000.0],
            Space::Geographic => {
                let flat = libm::sqrt(p[0] * p[0] + p[1] * p[1]);
                [libm::atan2(p[1], p[0]).to_degrees(), libm::atan2(p[2], flat).to_degrees()]
            }
        }
    }

    /// Distance in km between two locations: the great circle, or the straight line in the plane.
    pub fn distance_km(self, a: [f64; 3], b: [f64; 3]) -> f64 {
        let chord = squared_distance(a, b).sqrt();
        match self {
            Space::Planar => chord,
            Space::Geographic => 2.0 * EARTH_RADIUS_KM * libm::asin((chord / (2.0 * EARTH_RADIUS_KM)).min(1.0)),
        }
    }
}

/// Squared straight-line distance in km² between two locations (on the sphere the chord: 0.2 % under the arc² at 1,000 km).
#[inline]
pub fn squared_distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

/// One location per unit.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Locations {
    space: Space,
    points: Vec<[f64; 3]>,
}

impl Locations {
    /// From coordinate pairs: degrees `[lon, lat]` or metres `[x, y]`, by `space`.
    pub fn from_coordinates(space: Space, coordinates: &[[f64; 2]]) -> Self {
        Self { space, points: coordinates.iter().map(|&c| space.locate(c)).collect() }
    }

    /// From locations in km as [`Space::locate`] gives them.
    pub fn from_points(space: Space, points: Vec<[f64; 3]>) -> Self {
        Self { space, points }
    }

    /// The space they are in.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Locations in km, one per unit.
    pub fn points(&self) -> &[[f64; 3]] {
        &self.points
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Distance in km between units `a` and `b` (great circle or plane).
    ///
    /// # Panics
    /// If an index is not below [`Locations::len`].
    pub fn distance_km(&self, a: usize, b: usize) -> f64 {
        self.space.distance_km(self.points[a], self.points[b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_circle_distances_are_right() {
        let s = Space::Geographic;
        // A quarter of the equator, and two points 0.2 degrees apart across the antimeridian.
        let quarter = s.distance_km(s.locate([0.0, 0.0]), s.locate([90.0, 0.0]));
        assert!((quarter - EARTH_RADIUS_KM * std::f64::consts::FRAC_PI_2).abs() < 1e-9);
        let across = s.distance_km(s.locate([179.9, 0.0]), s.locate([-179.9, 0.0]));
        assert!((across - EARTH_RADIUS_KM * 0.2_f64.to_radians()).abs() < 1e-9);
    }

    #[test]
    fn coordinates_come_back() {
        for c in [[12.5, 41.9], [-179.99, -89.0], [0.0, 0.0], [139.7, 35.7]] {
            let back = Space::Geographic.coordinates(Space::Geographic.locate(c));
            assert!((back[0] - c[0]).abs() < 1e-9 && (back[1] - c[1]).abs() < 1e-9, "{c:?} became {back:?}");
        }
    }
}
