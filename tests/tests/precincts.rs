//! Neighbours of units whose borders do not match vertex by vertex, against a measure made here: the length of one unit's border that
//! lies within a metre of the other's. No part of the engine's geometry is used for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use geojson::{FeatureCollection, GeoJson};
use std::collections::{BTreeMap, HashMap};
use territory::adjacency::Contact;
use territory::geometry::{Coverage, CoverageOptions};
use territory_geojson::{Geometry, ReadOptions, Source, read};
use territory_tests::{shared, text};

type Point = [f64; 2];
/// A segment in metres with its unit.
type Edge = (u32, Point, Point);

/// How far from a border the other may run, in metres.
const NEAR_M: f64 = 1.0;
/// Cells of the hash that finds edges near one another.
const CELL_M: f64 = 100.0;

/// Borders in metres: equirectangular about the middle of the state, true to 1e-3 over its 160 km.
fn edges(path: &str) -> Vec<Edge> {
    let Ok(GeoJson::FeatureCollection(collection)) = text(path).unwrap().parse() else { panic!("no collection") };
    let collection: FeatureCollection = collection;
    let per_degree = 6_371_008.8_f64.to_radians();
    let mut edges = Vec::new();
    for (unit, feature) in collection.features.into_iter().enumerate() {
        let geometry: geo::Geometry<f64> = feature.geometry.unwrap().try_into().unwrap();
        let polygons: geo::MultiPolygon<f64> = match geometry {
            geo::Geometry::Polygon(polygon) => polygon.into(),
            geo::Geometry::MultiPolygon(polygons) => polygons,
            other => panic!("{other:?}"),
        };
        for polygon in &polygons {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for line in ring.lines().filter(|l| l.start != l.end) {
                    let metres = |c: geo::Coord<f64>| {
                        [(c.x + 72.7) * per_degree * 41.6_f64.to_radians().cos(), (c.y - 41.6) * per_degree]
                    };
                    edges.push((unit as u32, metres(line.start), metres(line.end)));
                }
            }
        }
    }
    edges
}

/// The part `[from, to]` of the way from `a` to `b` (0 to 1) that is within `NEAR_M` of the segment from `c` to `d`: the way meets a
/// strip with two round ends, which is convex.
fn near(a: Point, b: Point, c: Point, d: Point) -> Option<(f64, f64)> {
    let minus = |p: Point, q: Point| [p[0] - q[0], p[1] - q[1]];
    let dot = |p: Point, q: Point| p[0] * q[0] + p[1] * q[1];
    let (way, axis) = (minus(b, a), minus(d, c));
    let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut add = |low: f64, high: f64| {
        let (low, high) = (low.max(0.0), high.min(1.0));
        if low < high {
            (from, to) = (from.min(low), to.max(high));
        }
    };
    for end in [c, d] {
        let off = minus(a, end);
        let (qa, qb, qc) = (dot(way, way), 2.0 * dot(way, off), dot(off, off) - NEAR_M * NEAR_M);
        let root = qb * qb - 4.0 * qa * qc;
        if root > 0.0 {
            add((-qb - root.sqrt()) / (2.0 * qa), (-qb + root.sqrt()) / (2.0 * qa));
        }
    }
    // Between the ends: along the axis from 0 to its length, across it up to a metre.
    let length = dot(axis, axis).sqrt();
    let off = minus(a, c);
    let cross = |p: Point| (axis[0] * p[1] - axis[1] * p[0]) / length;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for (at, speed, least, most) in
        [(dot(off, axis) / length, dot(way, axis) / length, 0.0, length), (cross(off), cross(way), -NEAR_M, NEAR_M)]
    {
        if speed.abs() < 1e-12 {
            if at < least || at > most {
                (low, high) = (1.0, 0.0);
            }
        } else {
            let (x, y) = ((least - at) / speed, (most - at) / speed);
            (low, high) = (low.max(x.min(y)), high.min(x.max(y)));
        }
    }
    add(low, high);
    (from < to).then_some((from, to))
}

/// Sine of the angle between two segments.
fn sine((a, b): (Point, Point), (c, d): (Point, Point)) -> f64 {
    let (p, q) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let length = |v: Point| (v[0] * v[0] + v[1] * v[1]).sqrt();
    ((p[0] * q[1] - p[1] * q[0]) / (length(p) * length(q))).abs()
}

/// Metres of the first unit's border within a metre of the second's, for every ordered pair; only where the two run along each other,
/// at an angle whose sine is at most `turned`.
fn shared_metres(edges: &[Edge], turned: f64) -> BTreeMap<(u32, u32), f64> {
    let mut cells: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
    let of = |e: &Edge| {
        let low = [0, 1].map(|k| ((e.1[k].min(e.2[k]) - NEAR_M) / CELL_M).floor() as i64);
        let high = [0, 1].map(|k| ((e.1[k].max(e.2[k]) + NEAR_M) / CELL_M).floor() as i64);
        (low[0]..=high[0]).flat_map(move |x| (low[1]..=high[1]).map(move |y| (x, y)))
    };
    for (edge, i) in edges.iter().zip(0u32..) {
        of(edge).for_each(|cell| cells.entry(cell).or_default().push(i));
    }
    let mut metres = BTreeMap::new();
    for edge in edges {
        let mut others: Vec<u32> = of(edge).flat_map(|cell| cells[&cell].iter().copied()).collect();
        others.sort_unstable();
        others.dedup();
        let mut parts: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
        for other in others {
            let (unit, c, d) = edges[other as usize];
            let counts = unit != edge.0 && sine((edge.1, edge.2), (c, d)) <= turned;
            if let (true, Some(part)) = (counts, near(edge.1, edge.2, c, d)) {
                parts.entry(unit).or_default().push(part);
            }
        }
        let length = ((edge.1[0] - edge.2[0]).powi(2) + (edge.1[1] - edge.2[1]).powi(2)).sqrt();
        for (unit, mut parts) in parts {
            parts.sort_by(|x, y| x.0.total_cmp(&y.0));
            let (mut sum, mut end) = (0.0, 0.0_f64);
            for (from, to) in parts {
                sum += (to - from.max(end)).max(0.0);
                end = end.max(to);
            }
            *metres.entry((edge.0, unit)).or_insert(0.0) += sum * length;
        }
    }
    metres
}

#[test]
fn strips_are_measured_right() {
    let long = near([-5.0, 0.5], [5.0, 0.5], [-1.0, 0.0], [1.0, 0.0]).unwrap();
    let reach = 1.0 + 0.75_f64.sqrt();
    assert!((long.0 - (5.0 - reach) / 10.0).abs() < 1e-12 && (long.1 - (5.0 + reach) / 10.0).abs() < 1e-12, "{long:?}");
    assert_eq!(near([-5.0, 1.5], [5.0, 1.5], [-1.0, 0.0], [1.0, 0.0]), None);
}

#[test]
fn every_border_of_a_metre_is_found_and_none_invented() {
    let Some(path) = shared("polygons/precincts_ct.geojson.gz") else { return };
    let edges = edges(&path);
    // Units that meet in a corner come apart from there at an angle, and are near each other for a while: in this set four pairs,
    // at 7 to 43 degrees. That is no border; what is invented is judged by all that is near.
    let (along, near) = (shared_metres(&edges, 0.1), shared_metres(&edges, 1.0));
    let mut table = read(Source::open(&path).unwrap(), &ReadOptions::default()).unwrap();
    let grid = table.resolution();
    let Geometry::Polygons(polygons) = table.take_geometry() else { panic!("no polygons") };
    let coverage = Coverage::new(polygons, &CoverageOptions { grid, ..CoverageOptions::default() }).unwrap();
    let found: BTreeMap<(u32, u32), f32> =
        coverage.graph(Contact::Rook).edges().map(|e| ((e.a, e.b), e.border_km)).collect();
    let of = |metres: &BTreeMap<(u32, u32), f64>, a: u32, b: u32| metres.get(&(a, b)).copied().unwrap_or(0.0);
    let (mut expected, mut missing) = (0, Vec::new());
    for &(a, b) in along.keys().filter(|(a, b)| a < b) {
        // The strip's round ends reach a metre beyond a border at either end.
        let shared = of(&along, a, b).min(of(&along, b, a)) - 2.0 * NEAR_M;
        if shared >= 1.0 {
            expected += 1;
            if !found.contains_key(&(a, b)) {
                missing.push((a, b, shared));
            }
        }
    }
    let invented: Vec<_> = found.iter().filter(|((a, b), _)| of(&near, *a, *b).max(of(&near, *b, *a)) < 1.0).collect();
    assert!(expected > 2050, "{expected}");
    assert!(found.len() > 2000, "{}", found.len());
    assert!(missing.is_empty(), "{} missing: {missing:?}", missing.len());
    assert!(invented.is_empty(), "{} invented: {invented:?}", invented.len());
}
