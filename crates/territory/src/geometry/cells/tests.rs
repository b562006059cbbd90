//! Drawn territories against what they mean: the nearest point decides, areas add up, neighbours share their borders.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::geometry::contains::Container;
use proptest::prelude::*;

fn planar(points: &[Point]) -> Locations {
    Locations::from_coordinates(Space::Planar, points)
}

fn polygon(space: Space, rings: &[&[Point]]) -> Polygons {
    let mut polygons = Polygons::new(space);
    for ring in rings {
        ring.iter().for_each(|&v| polygons.push_vertex(v));
        polygons.end_ring();
    }
    polygons.end_part();
    polygons.end_unit();
    polygons
}

/// A square of 4 km with a hole of 1 km.
fn frame() -> Polygons {
    let outer = [[0.0, 0.0], [4e3, 0.0], [4e3, 4e3], [0.0, 4e3]];
    let hole = [[1e3, 1e3], [1e3, 2e3], [2e3, 2e3], [2e3, 1e3]];
    polygon(Space::Planar, &[&outer, &hole])
}

#[test]
fn a_grid_in_a_boundary_through_its_corners() {
    // Cells meet in fours, and the boundary's edges and corners lie on their borders.
    let points: Vec<Point> =
        (0..16).map(|i| [f64::from(i % 4) * 1e3 + 500.0, f64::from(i / 4) * 1e3 + 500.0]).collect();
    let labels: Vec<u32> = (0..16).collect();
    let drawn = cells(&planar(&points), &labels, 16, Some(&frame())).unwrap();
    let areas = drawn.territories.areas_km2();
    for (i, area) in areas.iter().enumerate() {
        // The cell in the hole is gone.
        assert!((area - if i == 5 { 0.0 } else { 1.0 }).abs() < 1e-9, "{i}: {area}");
    }
    assert_eq!(drawn.territories.parts_of(5).len(), 0);
    // Two halves: what lies between them is not drawn.
    let halves: Vec<u32> = (0..16).map(|i| i / 8).collect();
    let drawn = cells(&planar(&points), &halves, 2, Some(&frame())).unwrap();
    assert_eq!(drawn.territories.areas_km2().iter().map(|a| (a * 1e6).round() / 1e6).collect::<Vec<_>>(), [7.0, 8.0]);
}

#[test]
fn one_point_and_points_in_a_line_have_their_strip() {
    let drawn = cells(&planar(&[[5.0, 5.0]]), &[0], 1, None).unwrap();
    assert!(drawn.territories.areas_km2()[0] > 0.0);
    let drawn = cells(&planar(&[[0.0, 0.0], [1e3, 0.0], [2e3, 0.0], [2e3, 0.0]]), &[0, 1, 1, 0], 2, None).unwrap();
    assert_eq!(drawn.shared_places, 1);
    let areas = drawn.territories.areas_km2();
    assert!(areas[1] > areas[0] && areas[0] > 0.0, "{areas:?}");
}

#[test]
fn the_antimeridian_and_the_poles_are_places_like_others() {
    let across = [[179.0, 10.0], [-179.0, 10.0], [180.0, 11.0]];
    let drawn = cells(&Locations::from_coordinates(Space::Geographic, &across), &[0, 1, 2], 3, None).unwrap();
    let areas = drawn.territories.areas_km2();
    assert!((areas[0] / areas[1] - 1.0).abs() < 1e-3, "mirror images: {areas:?}");
    assert!(drawn.territories.vertices().iter().all(|v| v[0].abs() <= 180.0));
    assert!(drawn.territories.parts_of(2).len() == 2, "cut at ±180 degrees");
    // Four points around the pole and one on it, in a boundary that is a cap.
    let cap: Vec<Point> = (0..72).map(|i| [f64::from(i) * 5.0 - 180.0, 80.0]).collect();
    let cap = crate::geometry::Coverage::new(polygon(Space::Geographic, &[&cap]), &CoverageOptions::default()).unwrap();
    let around = [[0.0, 85.0], [90.0, 85.0], [180.0, 85.0], [-90.0, 85.0], [0.0, 90.0]];
    let places = Locations::from_coordinates(Space::Geographic, &around);
    let drawn = cells(&places, &[0, 1, 2, 3, 4], 5, Some(cap.polygons())).unwrap();
    let areas = drawn.territories.areas_km2();
    let whole: f64 = cap.areas_km2().iter().sum();
    assert!((areas.iter().sum::<f64>() / whole - 1.0).abs() < 1e-4, "{areas:?} of {whole}");
    assert!(areas[..4].iter().all(|a| (a / areas[0] - 1.0).abs() < 1e-3), "{areas:?}");
    // Cells of the sphere: beside the vertices of a border on the map, both places are as far.
    assert!(drawn.error_km < 0.3, "{}", drawn.error_km);
    // A square about the pole with an inner radius of 2.5 degrees: 8 r² tan(22.5°)… of a square, 4 r².
    let square = 4.0 * (2.5_f64.to_radians() * crate::EARTH_RADIUS_KM).powi(2);
    assert!((areas[4] / square - 1.0).abs() < 0.01, "{} {square}", areas[4]);
}

#[test]
fn far_apart_the_border_is_the_great_circle_between() {
    // Honolulu and Los Angeles, 4,100 km apart, and a boundary around both.
    let sites = [[-157.86, 21.31], [-118.24, 34.05]];
    let boundary = [[-170.0, 0.0], [-100.0, 0.0], [-100.0, 50.0], [-170.0, 50.0]];
    let boundary = polygon(Space::Geographic, &[&boundary]);
    let places = Locations::from_coordinates(Space::Geographic, &sites);
    let drawn = cells(&places, &[0, 1], 2, Some(&boundary)).unwrap();
    let container = Container::new(&drawn.territories);
    for i in 0..400 {
        let look = [-169.5 + f64::from(i % 20) * 3.4, 0.5 + f64::from(i / 20) * 2.4];
        let at = Space::Geographic.locate(look);
        let [a, b] = [0, 1].map(|s| Space::Geographic.distance_km(places.points()[s], at));
        if (a - b).abs() > 0.1 {
            assert_eq!(container.unit_of(look), Some(u32::from(b < a)), "{look:?}");
        }
    }
    assert!(drawn.error_km < 0.05, "{}", drawn.error_km);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let two = planar(&[[0.0, 0.0], [1e3, 0.0]]);
    assert_eq!(cells(&two, &[0], 1, None), Err(CellsError::Length { territories: 1, points: 2 }));
    assert_eq!(cells(&planar(&[]), &[], 1, None), Err(CellsError::NoPoints));
    let far = polygon(Space::Geographic, &[&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]);
    assert!(matches!(cells(&two, &[0, 0], 1, Some(&far)), Err(CellsError::OtherSpace { .. })));
    let world = Locations::from_coordinates(Space::Geographic, &[[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [-175.0, 0.0]]);
    assert_eq!(cells(&world, &[0; 4], 1, None), Err(CellsError::TooWide { unit: 3 }));
    assert_eq!(cells(&two, &[7, 7], 1, None), Err(CellsError::Nothing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Wherever one looks inside the boundary, the territory drawn there is that of the nearest point.
    #[test]
    fn the_nearest_point_decides(
        points in prop::collection::vec((0.0..4e3f64, 0.0..4e3f64, 0..4u32), 1..60),
        looks in prop::collection::vec((0.0..4e3f64, 0.0..4e3f64), 40),
    ) {
        let places: Vec<Point> = points.iter().map(|p| [p.0, p.1]).collect();
        let labels: Vec<u32> = points.iter().map(|p| p.2).collect();
        let boundary = frame();
        let drawn = cells(&planar(&places), &labels, 4, Some(&boundary)).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let total: f64 = drawn.territories.areas_km2().iter().sum();
        prop_assert!((total - 15.0).abs() < 1e-3, "{}", total);
        let (container, whole) = (Container::new(&drawn.territories), Container::new(&boundary));
        for (x, y) in looks {
            let apart = |p: &Point| ((p[0] - x).powi(2) + (p[1] - y).powi(2)).sqrt();
            let nearest = places.iter().map(apart).fold(f64::INFINITY, f64::min);
            // Not where it is close: borders are rounded to a millimetre.
            let close: Vec<u32> = places.iter().zip(&labels).filter(|(p, _)| apart(p) < nearest + 0.01).map(|(_, &l)| l).collect();
            if whole.unit_of([x, y]).is_some() && close.iter().all(|l| *l == close[0]) {
                prop_assert_eq!(container.unit_of([x, y]), Some(close[0]), "at {} {}", x, y);
            }
        }
    }
}
