//! GCJ-02, the coordinates of Chinese map services (Amap, Tencent, Google within mainland China): WGS84 moved by 100 to 700 m in a
//! way that varies from place to place. Customers located by such a service must be converted before they meet WGS84 borders or
//! other customers; this happens on request only, never silently, since nothing in a coordinate tells which datum it is in.
//!
//! The transformation is not published. The formula is the one that the open converters share (the constants a = 6378245 m and
//! e² = 0.00669342162296594323 are those of the Krasovsky 1940 ellipsoid), and reproduces the services to well under a metre; the
//! inverse is found by iteration to 1e-9 degrees (0.1 mm) instead of the usual single step, which is off by up to some metres.
//! Outside the box 72.004–137.8347° E, 0.8293–55.8271° N both directions leave coordinates as they are.

use std::f64::consts::PI;

/// Semi-major axis of the Krasovsky 1940 ellipsoid in metres.
const SEMI_MAJOR_M: f64 = 6_378_245.0;
/// Its squared eccentricity.
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

/// Whether `[longitude, latitude]` is in the box in which GCJ-02 differs from WGS84.
pub fn applies([lon, lat]: [f64; 2]) -> bool {
    (72.004..=137.8347).contains(&lon) && (0.8293..=55.8271).contains(&lat)
}

/// `[longitude, latitude]` in degrees from WGS84 to GCJ-02.
///
/// ```
/// let [lon, lat] = territory_sales::gcj02::from_wgs84([116.404, 39.915]);
/// assert!((lon - 116.41024449916938).abs() < 1e-9 && (lat - 39.91640428150164).abs() < 1e-9);
/// ```
pub fn from_wgs84(wgs84: [f64; 2]) -> [f64; 2] {
    if !applies(wgs84) {
        return wgs84;
    }
    let shift = shift(wgs84);
    [wgs84[0] + shift[0], wgs84[1] + shift[1]]
}

/// `[longitude, latitude]` in degrees from GCJ-02 to WGS84: the place whose GCJ-02 is the one given, to 1e-9 degrees.
///
/// ```
/// use territory_sales::gcj02;
/// let there = gcj02::from_wgs84([121.0917077, 30.6107779]);
/// let back = gcj02::to_wgs84(there);
/// assert!((back[0] - 121.0917077).abs() < 1e-9 && (back[1] - 30.6107779).abs() < 1e-9);
/// ```
pub fn to_wgs84(gcj02: [f64; 2]) -> [f64; 2] {
    if !applies(gcj02) {
        return gcj02;
    }
    let mut wgs84 = gcj02;
    // The shift changes by less than 1 % of a step, so that each round wins two digits; five suffice, ten are certain.
    for _ in 0..10 {
        let shift = shift(wgs84);
        let next = [gcj02[0] - shift[0], gcj02[1] - shift[1]];
        let step = (next[0] - wgs84[0]).abs().max((next[1] - wgs84[1]).abs());
        wgs84 = next;
        if step < 1e-11 {
            break;
        }
    }
    wgs84
}

/// By how many degrees GCJ-02 is off at a WGS84 place.
fn shift([lon, lat]: [f64; 2]) -> [f64; 2] {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = |turn: f64| libm::sin(turn * PI);
    let root = libm::sqrt(x.abs());
    let ripple = 20.0 * (wave(6.0 * x) + wave(2.0 * x));
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + 2.0 / 3.0
            * (ripple + 20.0 * wave(y) + 40.0 * wave(y / 3.0) + 160.0 * wave(y / 12.0) + 320.0 * wave(y / 30.0));
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + 2.0 / 3.0
            * (ripple + 20.0 * wave(x) + 40.0 * wave(x / 3.0) + 150.0 * wave(x / 12.0) + 300.0 * wave(x / 30.0));
    let (sin, cos) = (libm::sin(lat.to_radians()), libm::cos(lat.to_radians()));
    let bulge = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let across_m = SEMI_MAJOR_M / libm::sqrt(bulge) * cos;
    let along_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (bulge * libm::sqrt(bulge));
    [(east_m / across_m).to_degrees(), (north_m / along_m).to_degrees()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Vectors of the test suites of independent converters; gcoord's inverse takes a single step, its own tests allow 1e-5 degrees.
    #[test]
    fn known_places_come_out() {
        let close = |a: [f64; 2], b: [f64; 2], by: f64| (a[0] - b[0]).abs() < by && (a[1] - b[1]).abs() < by;
        // coordtransform
        assert!(close(from_wgs84([116.404, 39.915]), [116.410_244_499_169_38, 39.916_404_281_501_64], 1e-11));
        // eviltransform: Shanghai, Shenzhen, Beijing
        assert!(close(from_wgs84([121.527_210_6, 31.177_427_6]), [121.531_541_859_215, 31.175_303_983_645_97], 1e-11));
        assert!(close(from_wgs84([113.912_316, 22.543_847]), [113.917_176_480_836_3, 22.540_796_131_694_766], 1e-11));
        assert!(close(from_wgs84([116.377_817, 39.911_954]), [116.384_047_224_556_57, 39.913_345_455_360_69], 1e-11));
        // gcoord
        assert!(close(to_wgs84([123.0, 45.0]), [122.993_955_97, 44.998_040_71], 1e-5));
        assert_eq!(from_wgs84([-0.1, 51.5]), [-0.1, 51.5]);
        assert_eq!(to_wgs84([183.0, 45.0]), [183.0, 45.0]);
    }

    proptest! {
        /// Protects the iteration: whatever the place, there and back is the place, and the shift is of the documented size.
        #[test]
        fn there_and_back(lon in 74.0f64..135.0, lat in 18.0f64..53.0) {
            let there = from_wgs84([lon, lat]);
            let back = to_wgs84(there);
            prop_assert!((back[0] - lon).abs() < 1e-9 && (back[1] - lat).abs() < 1e-9);
            let s = territory::Space::Geographic;
            let km = s.distance_km(s.locate([lon, lat]), s.locate(there));
            prop_assert!((0.01..1.6).contains(&km), "{km} km");
        }
    }
}
