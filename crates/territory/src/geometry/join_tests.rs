//! The join against geo's exact predicates over all polygons, and distances against dense sampling.

use std::error::Error;

use geo::Intersects;
use proptest::prelude::*;

use crate::UnitId;
use crate::geometry::{JoinError, Outside, Polygons, Proximity, Scratch, Shapes, distance_km, join};
use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};

const NEAREST: Outside = Outside::Nearest { limit_km: f64::INFINITY };

fn fail(error: impl Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// Units of one ring each.
fn units(space: Space, rings: &[Vec<[f64; 2]>]) -> Polygons {
    let mut polygons = Polygons::new(space);
    for ring in rings {
        ring.iter().for_each(|&v| polygons.push_vertex(v));
        polygons.end_ring();
        polygons.end_part();
        polygons.end_unit();
    }
    polygons
}

fn square(x: f64, y: f64, size: f64) -> Vec<[f64; 2]> {
    vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size]]
}

/// Units of rectangles with a hole and a triangle as a second part, all on whole numbers, so that borders are hit exactly.
fn unit() -> impl Strategy<Value = geo::MultiPolygon<f64>> {
    let corner = || (0..12i8, 0..12i8).prop_map(|(x, y)| (f64::from(x), f64::from(y)));
    (corner(), 3..8i8, 3..8i8, any::<bool>(), [corner(), corner(), corner()]).prop_map(
        |((x, y), w, h, hole, [a, b, c])| {
            let (w, h) = (f64::from(w), f64::from(h));
            let rect = |x: f64, y: f64, w: f64, h: f64| {
                geo::LineString::from(vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)])
            };
            let holes = if hole { vec![rect(x + 1.0, y + 1.0, w - 2.0, h - 2.0)] } else { vec![] };
            let mut parts = vec![geo::Polygon::new(rect(x, y, w, h), holes)];
            if (b.0 - a.0) * (c.1 - a.1) != (b.1 - a.1) * (c.0 - a.0) {
                parts.push(geo::Polygon::new(geo::LineString::from(vec![a, b, c, a]), vec![]));
            }
            geo::MultiPolygon::new(parts)
        },
    )
}

/// A closed band of many vertices around a centre: wider and narrower in turn, with a hole of the same kind.
fn star(vertices: usize, seed: f64) -> geo::MultiPolygon<f64> {
    let ring = |size: f64| {
        let corner = |i: usize| {
            let angle = std::f64::consts::TAU * i as f64 / vertices as f64;
            let reach = size * (1.0 + 0.4 * ((seed + i as f64) * 12.9898).sin());
            ((reach * angle.cos() * 8.0).round() / 8.0, (reach * angle.sin() * 8.0).round() / 8.0)
        };
        geo::LineString::from((0..=vertices).map(|i| corner(i % vertices)).collect::<Vec<_>>())
    };
    geo::MultiPolygon::new(vec![geo::Polygon::new(ring(40.0), vec![ring(15.0)])])
}

fn by_force(all: &[geo::MultiPolygon<f64>], p: [f64; 2]) -> Option<UnitId> {
    let point = geo::Point::new(p[0], p[1]);
    all.iter().position(|unit| unit.intersects(&point)).map(|unit| UnitId(unit as u32))
}

proptest! {
    #[test]
    fn customers_join_the_first_unit_that_holds_them(all in prop::collection::vec(unit(), 1..8), halves: bool) {
        let mut polygons = Polygons::new(Space::Planar);
        all.iter().for_each(|unit| polygons.push_unit(unit));
        let step = if halves { 0.5 } else { 1.0 / 3.0 };
        let customers: Vec<[f64; 2]> = (0..40).flat_map(|x| (0..40).map(move |y| [f64::from(x) * step, f64::from(y) * step])).collect();
        let joined = join(&customers, &polygons, Outside::Drop).map_err(fail)?;
        for (i, &customer) in customers.iter().enumerate() {
            prop_assert_eq!(joined.unit_of(i), by_force(&all, customer), "{:?}", customer);
        }
        prop_assert_eq!(joined.joined + joined.dropped, customers.len());
        prop_assert_eq!(joined.counts().iter().sum::<u32>() as usize, joined.joined);
    }

    #[test]
    fn bands_change_nothing(vertices in 100..400usize, seed in 0.0..100.0f64, points in prop::collection::vec((-60.0..60.0f64, -60.0..60.0f64), 200)) {
        let star = star(vertices, seed);
        let mut polygons = Polygons::new(Space::Planar);
        polygons.push_unit(&star);
        // Heights of vertices among them.
        let customers: Vec<[f64; 2]> = points.iter().map(|&(x, y)| [x, y])
            .chain(points.iter().map(|&(x, y)| [x.round(), (y * 8.0).round() / 8.0]))
            .chain(polygons.vertices().iter().flat_map(|&v| [v, [v[0] + 0.25, v[1]]])).collect();
        let joined = join(&customers, &polygons, Outside::Drop).map_err(fail)?;
        for (i, &customer) in customers.iter().enumerate() {
            // A ring that meets itself has borders that geo sees as inside too: even-odd may not.
            prop_assert_eq!(joined.unit_of(i), by_force(std::slice::from_ref(&star), customer), "{:?}", customer);
        }
    }

    #[test]
    fn the_nearest_border_is_nearest(
        space in prop_oneof![Just(Space::Geographic), Just(Space::Planar)],
        rings in prop::collection::vec((-180.0..180.0f64, -80.0..80.0f64, 0.1..6.0f64), 1..8),
        customers in prop::collection::vec((-180.0..180.0f64, -89.0..89.0f64), 1..10),
    ) {
        let rings: Vec<_> = rings.into_iter().map(|(x, y, size)| square(x, y, size)).collect();
        let polygons = units(space, &rings);
        let index = Proximity::new(Shapes::Polygons(&polygons));
        let mut scratch = Scratch::default();
        for (x, y) in customers {
            let at = space.locate([x, y]);
            let found = index.nearest(at, &mut scratch).map(|(_, squared)| squared.sqrt());
            // Borders sampled between the located corners, along the chord and lifted to the sphere.
            let mut least = f64::INFINITY;
            let mut steps = 0.0_f64;
            for ring in &rings {
                for i in 0..4 {
                    let (a, b) = (space.locate(ring[i]), space.locate(ring[(i + 1) % 4]));
                    steps = steps.max(squared_distance(a, b).sqrt() / 500.0);
                    for s in 0..=500 {
                        let s = f64::from(s) / 500.0;
                        let mut p = [0, 1, 2].map(|k| a[k] + s * (b[k] - a[k]));
                        if space == Space::Geographic {
                            let length = p.iter().map(|x| x * x).sum::<f64>().sqrt();
                            p = p.map(|x| x * EARTH_RADIUS_KM / length);
                        }
                        least = least.min(squared_distance(at, p).sqrt());
                    }
                }
            }
            let found = found.unwrap_or(f64::NAN);
            prop_assert!(found <= least + 1e-9 && least - found <= steps, "{found} against {least}");
        }
    }
}

#[test]
fn longitudes_are_taken_modulo_a_turn() -> Result<(), JoinError> {
    // Beyond 180, beyond −180, cut at the antimeridian, and across it without a cut.
    let across =
        |west: f64, east: f64, south: f64| vec![[west, south], [east, south], [east, south + 5.0], [west, south + 5.0]];
    let mut polygons = units(
        Space::Geographic,
        &[
            across(170.0, 190.0, 0.0),
            across(-190.0, -170.0, 10.0),
            across(175.0, -175.0, 30.0),
            across(350.0, 360.0, 0.0),
        ],
    );
    for ring in [across(170.0, 180.0, 20.0), across(-180.0, -170.0, 20.0)] {
        ring.into_iter().for_each(|v| polygons.push_vertex(v));
        polygons.end_ring();
        polygons.end_part();
    }
    polygons.end_unit();
    for (lat, unit) in [(2.0, 0), (12.0, 1), (22.0, 4), (32.0, 2)] {
        let customers = [[178.0, lat], [-178.0, lat], [182.0, lat], [-182.0, lat], [180.0, lat], [-180.0, lat]];
        let joined = join(&customers, &polygons, Outside::Refuse)?;
        assert_eq!(joined.units(), [unit; 6], "at {lat}");
    }
    assert_eq!(
        join(&[[-5.0, 1.0], [355.0, 1.0], [0.0, 1.0], [360.0, 1.0]], &polygons, Outside::Refuse)?.units(),
        [3; 4]
    );
    assert_eq!(join(&[[0.0, 32.0], [10.0, 1.0]], &polygons, Outside::Drop)?.dropped, 2);
    Ok(())
}

#[test]
fn customers_outside_go_where_they_are_told() -> Result<(), JoinError> {
    let polygons = units(Space::Geographic, &[square(0.0, 0.0, 1.0), square(179.0, 0.0, 1.0)]);
    // A degree north of the first; across the antimeridian from the second; inside the first.
    let customers = [[0.5, 2.0], [-179.5, 0.5], [0.5, 0.5]];
    let joined = join(&customers, &polygons, NEAREST)?;
    assert_eq!((joined.units(), joined.joined, joined.nearest), (&[0, 1, 0][..], 1, 2));
    let farthest = joined.farthest.map(|f| (f.customer, f.unit.0, (f.distance_km * 1000.0).round() / 1000.0));
    // A little under 111.195: the northern border is a great circle, which bulges to the north.
    assert_eq!(farthest, Some((0, 0, 111.191)));
    assert!((distance_km(Space::Geographic, 1.0) - 1.0).abs() < 1e-6);

    let dropped = join(&customers, &polygons, Outside::Drop)?;
    assert_eq!((dropped.unit_of(0), dropped.unit_of(9), dropped.dropped), (None, None, 2));
    assert_eq!(dropped.sum(&[1.0, 2.0, 4.0])?, [4.0, 0.0]);
    assert_eq!(dropped.sum(&[1.0]), Err(JoinError::Length { values: 1, customers: 3 }));

    for (outside, strays) in [(Outside::Nearest { limit_km: 60.0 }, 1), (Outside::Refuse, 2), (Outside::default(), 2)] {
        let Err(JoinError::Outside { count, farthest: Some(farthest), .. }) = join(&customers, &polygons, outside)
        else {
            return Err(JoinError::BadLimit { limit_km: 0.0 });
        };
        assert_eq!((count, farthest.customer), (strays, 0));
    }
    Ok(())
}

#[test]
fn what_is_no_place_is_an_error() {
    let polygons = units(Space::Geographic, &[square(0.0, 0.0, 1.0)]);
    for [x, y] in [[f64::NAN, 0.0], [0.0, f64::INFINITY], [0.0, 90.5], [-361.0, 0.0]] {
        let found = join(&[[0.0, 0.0], [x, y]], &polygons, NEAREST);
        assert!(matches!(found, Err(JoinError::BadCustomer { customer: 1, .. })), "{found:?}");
    }
    let found = join(&[], &polygons, Outside::Nearest { limit_km: f64::NAN });
    assert!(matches!(found, Err(JoinError::BadLimit { .. })), "{found:?}");
    let broken = units(Space::Planar, &[square(0.0, 0.0, 1.0), square(f64::NAN, 0.0, 1.0)]);
    assert_eq!(join(&[], &broken, NEAREST), Err(JoinError::BadUnit { unit: UnitId(1) }));

    let mut none = Polygons::new(Space::Planar);
    none.end_unit();
    let found = join(&[[0.0, 0.0]], &none, NEAREST);
    assert_eq!(found, Err(JoinError::Outside { count: 1, limit_km: f64::INFINITY, farthest: None }));
    assert_eq!(join(&[[0.0, 0.0]], &none, Outside::Drop).map(|j| j.dropped), Ok(1));
}
