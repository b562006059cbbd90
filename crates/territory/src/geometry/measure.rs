//! Lengths, areas and centroids. On the sphere (radius [`EARTH_RADIUS_KM`]) an edge's *length* is that of the great circle between
//! its ends; its *course* is straight in longitude and latitude (RFC 7946, 3.1.1), so a vertex put on an edge changes no area.

use super::distance::{cross, minus};
use super::edges::pieces;
use super::polygons::Polygons;
use super::predicates::Point;
use super::trig;
use crate::parallel;
use crate::space::{EARTH_RADIUS_KM, Locations, Space};

/// Length in km of the edge between two vertices (degrees or metres, by `space`): great circle or straight line. The same whichever
/// end comes first.
///
/// ```
/// use territory::{Space, geometry::length_km};
/// assert!((length_km(Space::Geographic, [0.0, 0.0], [0.0, 1.0]) - 111.195).abs() < 1e-3);
/// assert_eq!(length_km(Space::Planar, [0.0, 0.0], [3000.0, 4000.0]), 5.0);
/// ```
#[inline]
pub fn length_km(space: Space, a: [f64; 2], b: [f64; 2]) -> f64 {
    if space == Space::Planar {
        let d = [(a[0] - b[0]) / 1000.0, (a[1] - b[1]) / 1000.0];
        return (d[0] * d[0] + d[1] * d[1]).sqrt();
    }
    let dx = (a[0] - b[0]).abs();
    let half = [dx.min(360.0 - dx), a[1] - b[1]].map(|d| (0.5 * d).to_radians());
    if half[0] > std::f64::consts::FRAC_PI_2 || half[1].abs() > std::f64::consts::FRAC_PI_2 {
        return space.distance_km(space.locate(a), space.locate(b));
    }
    let h = haversine(half[0], half[1], a[1].to_radians(), b[1].to_radians());
    let angle = if h < SHORT { short_angle(h) } else { libm::asin(h.sqrt().min(1.0)) };
    2.0 * EARTH_RADIUS_KM * angle
}

/// Up to this haversine, that of 130 km, an angle is got from the first terms of the arcsine's series.
const SHORT: f64 = 1e-4;

/// Haversine of the angle between two places, by half the differences in longitude and latitude and both latitudes, in radians.
#[inline(always)]
fn haversine(east: f64, north: f64, a: f64, b: f64) -> f64 {
    let (east, north) = (trig::sin(east), trig::sin(north));
    north * north + trig::cos(a) * trig::cos(b) * (east * east)
}

/// Half the angle of a haversine below [`SHORT`].
#[inline(always)]
fn short_angle(h: f64) -> f64 {
    h.sqrt() * (1.0 + h * (1.0 / 6.0 + h * (3.0 / 40.0 + h * (15.0 / 336.0))))
}

/// [`length_km`] of many edges, bit for bit.
pub(crate) fn lengths_km(space: Space, edges: &[[Point; 2]], lengths: &mut Vec<f64>) {
    lengths.clear();
    if space == Space::Planar {
        lengths.extend(edges.iter().map(|&[a, b]| length_km(space, a, b)));
        return;
    }
    const CHUNK: usize = 32;
    let mut h = [0.0; CHUNK];
    let mut columns = [[0.0; 4]; CHUNK];
    for edges in edges.chunks(CHUNK) {
        for (column, [a, b]) in columns.iter_mut().zip(edges) {
            let half = [a[0] - b[0], a[1] - b[1]].map(|d| (0.5 * d).to_radians());
            *column = [half[0], half[1], a[1].to_radians(), b[1].to_radians()];
        }
        // A loop without branches: the compiler works out several side by side.
        for (h, &[east, north, a, b]) in h.iter_mut().zip(&columns[..edges.len()]) {
            *h = haversine(east, north, a, b);
        }
        for (&[a, b], &h) in edges.iter().zip(&h) {
            // Longitudes of an edge across ±180 degrees must be brought together first.
            let short = h < SHORT && (a[0] - b[0]).abs() < 180.0;
            lengths.push(if short { 2.0 * EARTH_RADIUS_KM * short_angle(h) } else { length_km(space, a, b) });
        }
    }
}

/// Area in km² that the ring encloses, positive if counter-clockwise. Contributions of an edge and of its reverse cancel, so areas
/// add up under dissolving, up to rounding.
pub(crate) fn ring_area_km2(space: Space, ring: &[Point]) -> f64 {
    let (Some(&origin), Some(&last)) = (ring.first(), ring.last()) else { return 0.0 };
    let mut sum = 0.0;
    let mut a = last;
    match space {
        Space::Planar => {
            for &b in ring {
                sum += (a[0] - origin[0]) * (b[1] - origin[1]) - (b[0] - origin[0]) * (a[1] - origin[1]);
                a = b;
            }
            sum / 2e6
        }
        Space::Geographic => {
            // −∮ sin φ dλ, where sin φ averages sin φm · sinc(Δφ/2) along the edge. The origin's sine is taken off first: it sums to
            // nothing around a ring, but its rounding would not.
            let phi0 = origin[1].to_radians();
            let sin0 = trig::sin(phi0);
            for &b in ring {
                let (phi_a, phi_b) = (a[1].to_radians(), b[1].to_radians());
                let half = 0.5 * (phi_b - phi_a);
                let mean = 0.5 * (phi_a + phi_b);
                let difference = 2.0 * trig::cos(0.5 * (mean + phi0)) * trig::sin(0.5 * (mean - phi0));
                let z = half * half;
                // sinc − 1, written so that it keeps its digits where it is small.
                let flat =
                    if z < 1e-3 { z * (-1.0 / 6.0 + z * (1.0 / 120.0 - z / 5040.0)) } else { trig::sinc(half) - 1.0 };
                sum -= (b[0] - a[0]) * (difference * (1.0 + flat) + sin0 * flat);
                a = b;
            }
            sum.to_radians() * EARTH_RADIUS_KM * EARTH_RADIUS_KM
        }
    }
}

impl Polygons {
    /// Area of each unit in km²; rings must be directed (exteriors counter-clockwise, holes clockwise), as a coverage's and dissolved
    /// ones are.
    pub fn areas_km2(&self) -> Vec<f64> {
        self.each_unit(area_km2)
    }

    /// Perimeter of each unit in km, holes included; ±180 degrees is no border of a unit on both of its sides.
    pub fn perimeters_km(&self) -> Vec<f64> {
        self.each_unit(perimeter_km)
    }

    /// Centroid of each unit's area; of its vertices if it has none. Rings must be directed.
    pub fn locations(&self) -> Locations {
        Locations::from_points(self.space(), self.each_unit(centroid))
    }

    pub(crate) fn each_unit<T: Send>(&self, f: impl Fn(&Polygons, usize) -> T + Sync + Send) -> Vec<T> {
        let pieces = pieces(self);
        let found = parallel::map(pieces.len() - 1, |piece| {
            (pieces[piece]..pieces[piece + 1]).map(|unit| f(self, unit as usize)).collect::<Vec<T>>()
        });
        found.into_iter().flatten().collect()
    }
}

/// Area of a unit in km²; rings must be directed (exteriors counter-clockwise, holes clockwise).
pub(crate) fn area_km2(polygons: &Polygons, unit: usize) -> f64 {
    polygons.rings_of_unit(unit).map(|r| ring_area_km2(polygons.space(), polygons.ring(r))).sum()
}

/// Perimeter of a unit in km. Borders along ±180 degrees that both sides of it have are seams of the map, not of the unit.
pub(crate) fn perimeter_km(polygons: &Polygons, unit: usize) -> f64 {
    let space = polygons.space();
    let mut seams: [Vec<[f64; 2]>; 2] = Default::default();
    let mut sum = 0.0;
    for ring in polygons.rings_of_unit(unit).map(|r| polygons.ring(r)) {
        let Some(&last) = ring.last() else { continue };
        let mut a = last;
        for &b in ring {
            sum += length_km(space, a, b);
            if a[0].abs() == 180.0 && a[0] == b[0] && space == Space::Geographic {
                seams[usize::from(a[0] > 0.0)].push([a[1].min(b[1]), a[1].max(b[1])]);
            }
            a = b;
        }
    }
    let [mut west, mut east] = seams;
    west.sort_by(|a, b| a[0].total_cmp(&b[0]));
    east.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let (mut i, mut j) = (0, 0);
    while let (Some(w), Some(e)) = (west.get(i), east.get(j)) {
        let (low, high) = (w[0].max(e[0]), w[1].min(e[1]));
        if high > low {
            sum -= 2.0 * length_km(space, [180.0, low], [180.0, high]);
        }
        if w[1] < e[1] { i += 1 } else { j += 1 }
    }
    sum.max(0.0)
}

/// Centroid of a unit's area as a location in km (on the sphere's surface); the mean of its vertices if it has no area.
pub(crate) fn centroid(polygons: &Polygons, unit: usize) -> [f64; 3] {
    let space = polygons.space();
    let vertices = &polygons.vertices()[polygons.vertices_of_unit(unit)];
    let bounds = super::boxes::Bounds::of_points(vertices);
    let extent = (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1]);
    let found = match space {
        Space::Planar => flat_centroid(polygons, unit, |_| [1.0, 0.0, 0.0]),
        // Up to 0.2 degrees the area element's series in latitude is exact to centimetres.
        Space::Geographic if extent < 0.2 && bounds.max[1] < 85.0 && bounds.min[1] > -85.0 => {
            flat_centroid(polygons, unit, |latitude| {
                let phi = latitude.to_radians();
                let degree = 1f64.to_radians();
                [trig::cos(phi), -trig::sin(phi) * degree, -0.5 * trig::cos(phi) * degree * degree]
            })
        }
        Space::Geographic => return sphere_centroid(polygons, unit).unwrap_or_else(|| vertex_mean(polygons, unit)),
    };
    match found {
        Some(p) if bounds.contains(p) => space.locate(p),
        _ => vertex_mean(polygons, unit),
    }
}

/// Centroid in coordinates, the area element weighted by w[0] + w[1]·v + w[2]·v², v the second coordinate from that of the unit's
/// first vertex.
fn flat_centroid(polygons: &Polygons, unit: usize, weight: impl Fn(f64) -> [f64; 3]) -> Option<Point> {
    let vertices = &polygons.vertices()[polygons.vertices_of_unit(unit)];
    let &o = vertices.first()?;
    // Moments ∫1, ∫u, ∫v, ∫uv, ∫v² over the unit, by triangles from the first vertex.
    let mut m = [0.0; 5];
    for ring in polygons.rings_of_unit(unit).map(|r| polygons.ring(r)) {
        let &last = ring.last()?;
        let mut a = [last[0] - o[0], last[1] - o[1]];
        for v in ring {
            let b = [v[0] - o[0], v[1] - o[1]];
            let cross = a[0] * b[1] - a[1] * b[0];
            m[0] += cross / 2.0;
            m[1] += cross * (a[0] + b[0]) / 6.0;
            m[2] += cross * (a[1] + b[1]) / 6.0;
            m[3] += cross * (2.0 * (a[0] * a[1] + b[0] * b[1]) + a[0] * b[1] + a[1] * b[0]) / 24.0;
            m[4] += cross * (a[1] * a[1] + a[1] * b[1] + b[1] * b[1]) / 12.0;
            a = b;
        }
    }
    let w = weight(o[1]);
    let total = w[0] * m[0] + w[1] * m[2] + w[2] * m[4];
    let p = [o[0] + (w[0] * m[1] + w[1] * m[3]) / total, o[1] + (w[0] * m[2] + w[1] * m[4]) / total];
    (total > 0.0 && p[0].is_finite() && p[1].is_finite()).then_some(p)
}

/// The integral of the unit vector over a region with great-circle borders is ½ Σ θ n over its edges, θ an edge's arc and n the unit
/// normal of its plane. Long edges are cut so that great circles follow the straight course in longitude and latitude.
fn sphere_centroid(polygons: &Polygons, unit: usize) -> Option<[f64; 3]> {
    let unit_vector = |p: Point| Space::Geographic.locate(p).map(|x| x / EARTH_RADIUS_KM);
    let mut sum = [0.0; 3];
    for ring in polygons.rings_of_unit(unit).map(|r| polygons.ring(r)) {
        let o = unit_vector(*ring.first()?);
        for i in 0..ring.len() {
            let (from, to) = (ring[i], ring[(i + 1) % ring.len()]);
            if from[1] == to[1] && from[1].abs() == 90.0 {
                continue;
            }
            let steps =
                ((to[0] - from[0]).abs().max((to[1] - from[1]).abs()) / 0.05).ceil().clamp(1.0, 7200.0) as usize;
            let mut a = unit_vector(from);
            for step in 1..=steps {
                let t = step as f64 / steps as f64;
                let b = unit_vector(if step == steps {
                    to
                } else {
                    [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]
                });
                // a × b as (a − o) × (b − o), plus terms that sum to nothing around the ring; the first keeps its digits.
                let near = cross(minus(a, o), minus(b, o));
                let full = cross(a, b);
                let chord = minus(a, b);
                let half = 0.5 * (chord[0] * chord[0] + chord[1] * chord[1] + chord[2] * chord[2]).sqrt();
                let theta = 2.0 * libm::asin(half.min(1.0));
                // θ / sin θ − 1.
                let bend = if theta < 0.01 { theta * theta / 6.0 } else { theta / libm::sin(theta) - 1.0 };
                for k in 0..3 {
                    sum[k] += 0.5 * (near[k] + bend * full[k]);
                }
                a = b;
            }
        }
    }
    let length = (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]).sqrt();
    (length > 1e-18).then(|| sum.map(|x| x / length * EARTH_RADIUS_KM))
}

fn vertex_mean(polygons: &Polygons, unit: usize) -> [f64; 3] {
    let space = polygons.space();
    let vertices = &polygons.vertices()[polygons.vertices_of_unit(unit)];
    let mut sum = [0.0; 3];
    for &v in vertices {
        let p = space.locate(v);
        (0..3).for_each(|k| sum[k] += p[k]);
    }
    let mean = sum.map(|x| x / vertices.len().max(1) as f64);
    match space {
        Space::Planar => mean,
        Space::Geographic => space.locate(space.coordinates(mean)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(space: Space, rings: &[&[Point]]) -> Polygons {
        let mut polygons = Polygons::new(space);
        for ring in rings {
            ring.iter().for_each(|&v| polygons.push_vertex(v));
            polygons.end_ring();
            polygons.end_part();
        }
        polygons.end_unit();
        polygons
    }

    #[test]
    fn lengths_agree_with_the_great_circle() {
        let s = Space::Geographic;
        for (a, b) in [
            ([0.0, 0.0], [0.001, 0.001]),
            ([-71.4, 41.8], [-71.3, 41.9]),
            ([179.9, -89.0], [-179.9, -89.5]),
            ([10.0, 80.0], [-100.0, -20.0]),
            ([0.0, 0.0], [180.0, 0.0]),
        ] {
            let expected = s.distance_km(s.locate(a), s.locate(b));
            assert!((length_km(s, a, b) - expected).abs() < 1e-9 * (1.0 + expected), "{a:?} {b:?}");
            assert_eq!(length_km(s, a, b), length_km(s, b, a));
        }
    }

    #[test]
    fn lengths_of_many_edges_are_those_of_each() {
        let edges: Vec<[Point; 2]> = (0..103)
            .map(|i| {
                let (x, y) = (f64::from(i) * 3.49 - 180.0, f64::from(i * i % 175) - 87.0);
                let step = [1e-5, 0.01, 2.0, -179.0, 359.9][i as usize % 5];
                [[x, y], [(x + step).clamp(-180.0, 180.0), y + 0.3 * step.clamp(-1.0, 1.0)]]
            })
            .collect();
        let mut lengths = vec![1.0];
        for space in [Space::Geographic, Space::Planar] {
            lengths_km(space, &edges, &mut lengths);
            let each: Vec<f64> = edges.iter().map(|&[a, b]| length_km(space, a, b)).collect();
            assert_eq!(lengths, each);
        }
    }

    #[test]
    fn areas_of_graticule_cells_are_exact() {
        let cell = |x0: f64, y0: f64, x1: f64, y1: f64| {
            let exact = (x1 - x0).to_radians() * (libm::sin(y1.to_radians()) - libm::sin(y0.to_radians()));
            (vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]], exact * EARTH_RADIUS_KM * EARTH_RADIUS_KM)
        };
        for (ring, exact) in
            [cell(0.0, 0.0, 10.0, 10.0), cell(-180.0, -90.0, 180.0, 90.0), cell(5.0, 51.0, 5.01, 51.01)]
        {
            let area = ring_area_km2(Space::Geographic, &ring);
            assert!((area / exact - 1.0).abs() < 1e-9, "{area} {exact}");
            let reversed: Vec<_> = ring.iter().rev().copied().collect();
            assert!((ring_area_km2(Space::Geographic, &reversed) + area).abs() < 1e-9 * exact);
        }
        assert_eq!(ring_area_km2(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]]), 1.0);
    }

    #[test]
    fn both_centroids_agree_and_cross_the_antimeridian() {
        let ring: &[Point] = &[[5.0, 51.0], [5.1, 51.0], [5.15, 51.05], [5.0, 51.1]];
        let polygons = one(Space::Geographic, &[ring]);
        let (flat, sphere) = (centroid(&polygons, 0), sphere_centroid(&polygons, 0).unwrap_or_default());
        assert!(Space::Geographic.distance_km(flat, sphere) < 0.002, "{flat:?} {sphere:?}");

        let across = one(
            Space::Geographic,
            &[
                &[[179.0, 10.0], [180.0, 10.0], [180.0, 11.0], [179.0, 11.0]],
                &[[-180.0, 10.0], [-179.0, 10.0], [-179.0, 11.0], [-180.0, 11.0]],
            ],
        );
        let c = Space::Geographic.coordinates(centroid(&across, 0));
        assert!((c[0].abs() - 180.0).abs() < 1e-6 && (c[1] - 10.5).abs() < 0.01, "{c:?}");
        let split = perimeter_km(&across, 0);
        let whole = perimeter_km(
            &one(
                Space::Geographic,
                &[&[[9.0, 10.0], [10.0, 10.0], [11.0, 10.0], [11.0, 11.0], [10.0, 11.0], [9.0, 11.0]]],
            ),
            0,
        );
        assert!((split - whole).abs() < 1e-9 * whole, "{split} {whole}");
    }

    #[test]
    fn polar_cap_is_centred_on_the_pole() {
        let cap = one(
            Space::Geographic,
            &[&[[-180.0, 80.0], [-60.0, 80.0], [60.0, 80.0], [180.0, 80.0], [180.0, 90.0], [-180.0, 90.0]]],
        );
        let c = Space::Geographic.coordinates(centroid(&cap, 0));
        assert!(c[1] > 89.99, "{c:?}");
        let exact = std::f64::consts::TAU * (1.0 - libm::sin(80f64.to_radians())) * EARTH_RADIUS_KM.powi(2);
        assert!((area_km2(&cap, 0) / exact - 1.0).abs() < 1e-9);
    }

    #[test]
    fn no_area_falls_back_to_the_vertices() {
        let line = one(Space::Planar, &[&[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0]]]);
        assert_eq!(centroid(&line, 0), [1.0, 0.0, 0.0]);
    }
}
