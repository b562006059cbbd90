//! Links of points and bridges against brute force on small sets.

use std::error::Error;

use proptest::prelude::*;

use crate::UnitId;
use crate::adjacency::{
    Edge, EdgeKind, Graph, IslandError, Islands, Neighbourhood, PointsError, bridge, components, from_points,
    refuse_islands, resolve_islands,
};
use crate::geometry::{Polygons, cross, dot, minus};
use crate::space::{EARTH_RADIUS_KM, Locations, Space};

const ALL: Neighbourhood = Neighbourhood::Delaunay { longest: f64::INFINITY };

fn fail(error: impl Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn pairs(graph: &Graph) -> Vec<(u32, u32)> {
    graph.edges().map(|e| (e.a, e.b)).collect()
}

/// Coordinates around a place: on the whole sphere with 180 degrees of reach, in a region with few.
fn around(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[f64; 2]>> {
    let reach = prop_oneof![Just(180.0), Just(10.0), Just(0.1)];
    let offsets = prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64), n);
    (reach, -180.0..180.0f64, offsets).prop_map(|(reach, lon, offsets)| {
        let lat = if reach > 90.0 { 0.0 } else { 60.0 };
        offsets.into_iter().map(|(x, y)| [lon + reach * x, lat + reach / 2.0 * y]).collect()
    })
}

/// Places with many at the same spot, in rows and columns.
fn grid(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[f64; 2]>> {
    prop::collection::vec((0..5i8, 0..4i8), n)
        .prop_map(|cells| cells.into_iter().map(|(x, y)| [f64::from(x), f64::from(y)]).collect())
}

/// The links of all triangles of sites whose plane has every other site on its inner side, by more than `margin` km.
fn hull_links(sites: &[[f64; 3]], margin: f64) -> Vec<(u32, u32)> {
    let n = sites.len() as u32;
    let mut links = Vec::new();
    for a in 0..n {
        for b in a + 1..n {
            for c in b + 1..n {
                let [p, q, r] = [a, b, c].map(|i| sites[i as usize]);
                let normal = cross(minus(q, p), minus(r, p));
                let length = dot(normal, normal).sqrt();
                let others = || (0..n).filter(|i| ![a, b, c].contains(i));
                let height = |i: u32| dot(minus(sites[i as usize], p), normal) / length;
                if others().all(|i| height(i) > margin) || others().all(|i| height(i) < -margin) {
                    links.extend([(a, b), (a, c), (b, c)]);
                }
            }
        }
    }
    links.sort_unstable();
    links.dedup();
    links
}

/// The total length of a minimum spanning tree over `n` nodes (Prim).
fn tree_length(n: usize, distance: impl Fn(usize, usize) -> f64) -> f64 {
    let mut reach = vec![f64::INFINITY; n];
    let mut open: Vec<usize> = (0..n).collect();
    reach[0] = 0.0;
    let mut total = 0.0;
    while let Some(at) = (0..open.len()).min_by(|&x, &y| reach[open[x]].total_cmp(&reach[open[y]])) {
        let from = open.swap_remove(at);
        total += reach[from];
        open.iter().for_each(|&to| reach[to] = reach[to].min(distance(from, to)));
    }
    total
}

proptest! {
    #[test]
    fn spherical_neighbours_are_those_of_the_convex_hull(coordinates in around(4..14)) {
        let locations = Locations::from_coordinates(Space::Geographic, &coordinates);
        let found = pairs(&from_points(&locations, ALL).map_err(fail)?);
        // How far a site rises above the plane of others grows with the square of the reach.
        let extent = locations.points().iter().map(|&p| dot(minus(p, locations.points()[0]), minus(p, locations.points()[0])));
        let margin = 1e-6 * extent.fold(0.0, f64::max) / EARTH_RADIUS_KM;
        for link in hull_links(locations.points(), margin) {
            prop_assert!(found.contains(&link), "{link:?} is missing of {found:?}");
        }
        let possible = hull_links(locations.points(), -margin);
        for link in found {
            prop_assert!(possible.contains(&link), "{link:?} is no Delaunay neighbour");
        }
    }

    #[test]
    fn planar_neighbours_have_an_empty_circle(coordinates in prop::collection::vec((-1e5..1e5f64, -1e5..1e5f64), 3..14)) {
        let coordinates: Vec<[f64; 2]> = coordinates.into_iter().map(|(x, y)| [x, y]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &coordinates);
        // Lifted to the paraboloid, the triangulation is the lower hull (Brown 1979); the upper one is cut off by a site far above.
        let mut lifted: Vec<[f64; 3]> = locations.points().iter().map(|p| [p[0], p[1], (p[0] * p[0] + p[1] * p[1]) / 100.0]).collect();
        let n = lifted.len() as u32;
        lifted.push([0.0, 0.0, 1e9]);
        let found = pairs(&from_points(&locations, ALL).map_err(fail)?);
        for link in hull_links(&lifted, 1e-6) {
            prop_assert!(link.1 == n || found.contains(&link), "{link:?} is missing of {found:?}");
        }
        let possible = hull_links(&lifted, -1e-6);
        for link in found {
            prop_assert!(possible.contains(&link), "{link:?} is no Delaunay neighbour");
        }
    }

    #[test]
    fn points_hang_together_whatever_they_are(coordinates in prop_oneof![grid(1..60), around(1..60)], planar: bool, kind in 0..4u8) {
        let space = if planar { Space::Planar } else { Space::Geographic };
        let locations = Locations::from_coordinates(space, &coordinates);
        let kind = [ALL, Neighbourhood::default(), Neighbourhood::Delaunay { longest: 0.0 }, Neighbourhood::Nearest { count: 2 }][kind as usize];
        let graph = from_points(&locations, kind).map_err(fail)?;
        prop_assert!(components(&graph).is_connected());
        prop_assert!(graph.kinds().iter().all(|&kind| kind == EdgeKind::Delaunay));
        // Few enough here that all units of a place are neighbours.
        for a in 0..coordinates.len() {
            for b in 0..a {
                let together = coordinates[a] == coordinates[b] && coordinates.iter().filter(|c| **c == coordinates[a]).count() <= 17;
                prop_assert!(!together || graph.are_adjacent(a as u32, b as u32));
            }
        }
    }

    #[test]
    fn long_links_go_unless_the_tree_needs_them(coordinates in around(4..40), longest in 0.5..3.0f64) {
        let locations = Locations::from_coordinates(Space::Geographic, &coordinates);
        let all = from_points(&locations, ALL).map_err(fail)?;
        let kept = pairs(&from_points(&locations, Neighbourhood::Delaunay { longest }).map_err(fail)?);
        let length = |a: u32, b: u32| locations.distance_km(a as usize, b as usize);
        let median = |unit: u32| {
            let mut row: Vec<f64> = all.neighbours(unit).iter().map(|&to| length(unit, to)).collect();
            row.sort_by(f64::total_cmp);
            (row[(row.len() - 1) / 2] + row[row.len() / 2]) / 2.0
        };
        for (a, b) in pairs(&all) {
            let shorter: Vec<Edge> = all.edges().filter(|e| length(e.a, e.b) < length(a, b)).collect();
            let of = components(&Graph::from_edges(locations.len(), &shorter)).component_of;
            let needed = of[a as usize] != of[b as usize];
            let short = length(a, b) <= longest * median(a).max(median(b));
            prop_assert_eq!(kept.contains(&(a, b)), short || needed, "{} {}", a, b);
        }
    }

    #[test]
    fn nearest_places_are_nearest(coordinates in around(5..40), count in 1..5usize) {
        let locations = Locations::from_coordinates(Space::Geographic, &coordinates);
        let graph = from_points(&locations, Neighbourhood::Nearest { count: count as u8 }).map_err(fail)?;
        for unit in 0..coordinates.len() {
            let mut others: Vec<usize> = (0..coordinates.len()).filter(|&other| other != unit).collect();
            others.sort_by(|&x, &y| locations.distance_km(unit, x).total_cmp(&locations.distance_km(unit, y)));
            for &other in &others[..count.min(others.len())] {
                prop_assert!(graph.are_adjacent(unit as u32, other as u32));
            }
        }
        prop_assert!(graph.edge_count() <= coordinates.len() * (count + 1));
    }

    #[test]
    fn bridges_between_points_are_as_short_as_can_be(coordinates in around(1..30), links in prop::collection::vec((0..30u32, 0..30u32), 0..20)) {
        let locations = Locations::from_coordinates(Space::Geographic, &coordinates);
        let links: Vec<Edge> = links.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0)).collect();
        let graph = Graph::from_edges(coordinates.len(), &links);
        let before = components(&graph);
        let bridged = bridge(&graph, &locations).map_err(fail)?;
        prop_assert!(components(&bridged.graph).is_connected());
        prop_assert_eq!(bridged.bridges.len(), before.len() - 1);
        prop_assert_eq!(bridged.graph.edge_count(), graph.edge_count() + before.len() - 1);
        let members = before.members();
        let gap = |c: usize, d: usize| {
            let gaps = members[c].iter().flat_map(|a| members[d].iter().map(move |b| (a, b)));
            gaps.map(|(a, b)| locations.distance_km(a.index(), b.index())).fold(f64::INFINITY, f64::min)
        };
        let total: f64 = bridged.bridges.iter().map(|b| b.length_km).sum();
        let best = tree_length(before.len(), gap);
        prop_assert!((total - best).abs() <= 1e-9 * (1.0 + best), "{total} against {best}");
    }

    #[test]
    fn bridges_between_polygons_join_their_borders(squares in prop::collection::vec((-100..100i32, -100..100i32, 1..30i32, 1..30i32), 2..12)) {
        let mut polygons = Polygons::new(Space::Planar);
        for &(x, y, width, height) in &squares {
            for (dx, dy) in [(0, 0), (width, 0), (width, height), (0, height)] {
                polygons.push_vertex([f64::from(x + dx) * 1000.0, f64::from(y + dy) * 1000.0]);
            }
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        let bridged = bridge(&Graph::from_edges(squares.len(), &[]), &polygons).map_err(fail)?;
        prop_assert!(components(&bridged.graph).is_connected());
        prop_assert_eq!(bridged.bridges.len(), squares.len() - 1);
        // Rectangles: borders meet unless one is apart or within the other.
        let gap = |i: usize, j: usize| {
            let (a, b) = (squares[i], squares[j]);
            let apart = |p: i32, w: i32, q: i32, v: i32| (q - p - w).max(p - q - v);
            let (x, y) = (apart(a.0, a.2, b.0, b.2), apart(a.1, a.3, b.1, b.3));
            let within = |a: (i32, i32, i32, i32), b: (i32, i32, i32, i32)| {
                (a.0 - b.0).min(a.1 - b.1).min(b.0 + b.2 - a.0 - a.2).min(b.1 + b.3 - a.1 - a.3).max(0)
            };
            if x < 0 && y < 0 { f64::from(within(a, b).max(within(b, a))) } else { f64::from(x.max(0)).hypot(f64::from(y.max(0))) }
        };
        let total: f64 = bridged.bridges.iter().map(|b| b.length_km).sum();
        let best = tree_length(squares.len(), gap);
        prop_assert!((total - best).abs() <= 1e-9 * (1.0 + best), "{total} against {best}");
    }
}

#[test]
fn few_points_and_points_on_a_line_are_linked() -> Result<(), PointsError> {
    let link = |space, coordinates: &[[f64; 2]]| -> Result<Vec<(u32, u32)>, PointsError> {
        Ok(pairs(&from_points(&Locations::from_coordinates(space, coordinates), ALL)?))
    };
    for space in [Space::Planar, Space::Geographic] {
        assert!(link(space, &[])?.is_empty());
        assert!(link(space, &[[1.0, 2.0]])?.is_empty());
        assert_eq!(link(space, &[[1.0, 2.0], [3.0, 2.0]])?, [(0, 1)]);
        assert_eq!(link(space, &[[1.0, 2.0], [3.0, 2.0], [2.0, 5.0]])?.len(), 3);
        // All at one place.
        assert_eq!(link(space, &[[1.0, 2.0]; 5])?.len(), 10);
    }
    // A slanted line in the plane is a path, the equator a ring, and so is a meridian over both poles.
    let slanted: Vec<[f64; 2]> = [3, 0, 4, 1, 2].map(|i| [0.1 * f64::from(i), 0.3 * f64::from(i)]).to_vec();
    assert_eq!(link(Space::Planar, &slanted)?, [(0, 2), (0, 4), (1, 3), (3, 4)]);
    let equator: Vec<[f64; 2]> = (0..6).map(|i| [60.0 * f64::from(i) - 170.0, 0.0]).collect();
    assert_eq!(link(Space::Geographic, &equator)?, [(0, 1), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let meridian = [[30.0, 10.0], [30.0, 90.0], [-150.0, 40.0], [0.0, -90.0]];
    assert_eq!(link(Space::Geographic, &meridian)?, [(0, 1), (0, 3), (1, 2), (2, 3)]);
    // Longitudes of one place that differ only on paper.
    assert_eq!(
        link(Space::Geographic, &[[180.0, 5.0], [-180.0, 5.0], [0.0, 90.0], [77.0, 90.0], [9.0, 9.0]])?.len(),
        8
    );
    Ok(())
}

#[test]
fn a_crowded_place_costs_links_in_proportion() -> Result<(), PointsError> {
    let mut coordinates = vec![[5.0, 50.0]; 10_000];
    coordinates.extend([[5.1, 50.0], [5.0, 50.1]]);
    coordinates.extend(vec![[5.1, 50.1]; 3000]);
    let graph = from_points(&Locations::from_coordinates(Space::Geographic, &coordinates), ALL)?;
    assert!(components(&graph).is_connected());
    assert!(graph.edge_count() < 13 * coordinates.len(), "{}", graph.edge_count());
    // Everyone has a link outward.
    assert!((0..10_000).all(|unit| graph.neighbours(unit).last().is_some_and(|&to| to >= 10_000)));
    // A crowd in the middle of a ring of places: each unit has some of the links, not all.
    let ring = (0..500).map(|i| f64::from(i) * std::f64::consts::TAU / 500.0).map(|a| [libm::cos(a), libm::sin(a)]);
    let coordinates: Vec<[f64; 2]> = [[0.0; 2]; 500].into_iter().chain(ring).collect();
    let graph = from_points(&Locations::from_coordinates(Space::Planar, &coordinates), ALL)?;
    assert!(components(&graph).is_connected());
    assert!(graph.edge_count() < 20 * coordinates.len(), "{}", graph.edge_count());
    assert!((0..500).all(|unit| graph.neighbours(unit).last().is_some_and(|&to| to >= 500)));
    assert!((500..1000).all(|unit| graph.neighbours(unit).first().is_some_and(|&to| to < 500)));
    Ok(())
}

#[test]
fn coordinates_at_the_limits_give_links_or_an_error() -> Result<(), PointsError> {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let points = Locations::from_points(Space::Planar, vec![[0.0; 3], [0.0, bad, 0.0]]);
        assert_eq!(from_points(&points, ALL), Err(PointsError::NotFinite { unit: UnitId(1) }));
        let none = Graph::from_edges(2, &[]);
        assert_eq!(bridge(&none, &points).err(), Some(IslandError::NotFinite { unit: UnitId(1) }));
    }
    let one = Locations::from_points(Space::Planar, vec![[0.0; 3]]);
    assert_eq!(
        from_points(&one, Neighbourhood::Delaunay { longest: -1.0 }),
        Err(PointsError::Longest { longest: -1.0 })
    );
    for size in [f64::MAX, 1e300, 1e200, 1e-200, f64::MIN_POSITIVE, 5e-324] {
        let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [0.2, 0.1], [0.0, -1.0]];
        let points = corners.map(|c| [c[0] * size, c[1] * size, 0.0]).to_vec();
        let graph = from_points(&Locations::from_points(Space::Planar, points), Neighbourhood::default())?;
        assert_eq!(graph.len(), 6);
        assert!(size > 1e153 || components(&graph).is_connected(), "{size}");
    }
    Ok(())
}

#[test]
fn islands_are_bridged_kept_or_refused() -> Result<(), IslandError> {
    let places = Locations::from_coordinates(Space::Geographic, &[[179.5, 0.0], [0.0, 0.0], [-179.5, 0.0], [1.0, 0.0]]);
    let graph = Graph::from_edges(4, &[Edge::new(1, 3, EdgeKind::Edge, 0.0)]);
    let bridged = resolve_islands(&graph, &places, Islands::Bridge)?;
    let ends: Vec<_> = bridged.bridges.iter().map(|b| (b.a.0, b.b.0)).collect();
    // Across the antimeridian first, then the shorter way round.
    assert_eq!(ends, [(0, 2), (0, 3)]);
    assert!((bridged.bridges[0].length_km - 111.195).abs() < 0.001);
    assert_eq!(resolve_islands(&graph, &places, Islands::Separate)?.graph, graph);
    let refused = IslandError::Refused { islands: vec![vec![UnitId(0)], vec![UnitId(2)]] };
    assert!(refused.to_string().contains("2 islands"), "{refused}");
    assert_eq!(resolve_islands(&graph, &places, Islands::Refuse).err(), Some(refused));
    assert!(refuse_islands(&components(&bridged.graph)).is_ok());

    let wrong = bridge(&Graph::from_edges(3, &[]), &places).err();
    assert_eq!(wrong, Some(IslandError::UnitCount { graph: 3, shapes: 4 }));
    let mut empty = Polygons::new(Space::Geographic);
    empty.end_unit();
    empty.end_unit();
    let missing = bridge(&Graph::from_edges(2, &[]), &empty).err();
    assert_eq!(missing, Some(IslandError::NoGeometry { units: vec![UnitId(0), UnitId(1)] }));
    Ok(())
}
