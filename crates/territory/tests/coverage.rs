//! The coverage through its public face: repaired, snapped and dissolved polygons are valid by geo's own check, cover what was given,
//! and know their neighbours.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use geo::Validation;
use proptest::prelude::*;
use std::collections::BTreeSet;
use territory::adjacency::{Contact, EdgeKind};
use territory::geometry::{Coverage, CoverageOptions, GeometryFault, Polygons};
use territory::{EARTH_RADIUS_KM, Space};

type Point = [f64; 2];

/// Number of random cases per property; more where `PROPTEST_CASES` asks for it.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

fn polygons(space: Space, units: &[Vec<Vec<Vec<Point>>>]) -> Polygons {
    let mut polygons = Polygons::new(space);
    for unit in units {
        for part in unit {
            for ring in part {
                ring.iter().for_each(|&v| polygons.push_vertex(v));
                polygons.end_ring();
            }
            polygons.end_part();
        }
        polygons.end_unit();
    }
    polygons
}

/// Units of one ring each.
fn rings(space: Space, units: &[&[Point]]) -> Polygons {
    polygons(space, &units.iter().map(|u| vec![vec![u.to_vec()]]).collect::<Vec<_>>())
}

fn coverage(polygons: Polygons, snap_m: f64) -> Coverage {
    let options = CoverageOptions { snap_m, ..CoverageOptions::default() };
    Coverage::new(polygons, &options).unwrap_or_else(|errors| unreachable!("{errors}"))
}

fn borders(coverage: &Coverage) -> Vec<(u32, u32, f64)> {
    let graph = coverage.graph(Contact::Rook);
    graph.edges().map(|e| (e.a, e.b, f64::from(e.border_km))).collect()
}

fn check_valid(polygons: &Polygons) {
    for unit in 0..polygons.len() {
        let shape = polygons.to_geo(unit);
        assert!(shape.check_validation().is_ok(), "unit {unit}: {:?}", shape.check_validation());
        for (area, exterior) in polygons
            .parts_of(unit)
            .flat_map(|p| polygons.rings_of(p).enumerate().map(|(i, r)| (signed_area(polygons.ring(r)), i == 0)))
        {
            assert_eq!(area > 0.0, exterior, "unit {unit}: right-hand rule");
        }
    }
}

fn signed_area(ring: &[Point]) -> f64 {
    let o = ring[0];
    let term = |(a, b): (Point, Point)| (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
    (0..ring.len()).map(|i| term((ring[i], ring[(i + 1) % ring.len()]))).sum::<f64>() / 2.0
}

/// Segments of all units, ends in order.
fn segments(polygons: &Polygons) -> BTreeSet<[[u64; 2]; 2]> {
    let rings = (0..polygons.ring_count()).map(|r| polygons.ring(r));
    let bits = |p: Point| p.map(f64::to_bits);
    let segment = |a: Point, b: Point| if bits(a) < bits(b) { [bits(a), bits(b)] } else { [bits(b), bits(a)] };
    rings.flat_map(|r| (0..r.len()).map(move |i| segment(r[i], r[(i + 1) % r.len()]))).collect()
}

/// What holds for every dissolve: valid polygons made of the units' own edges that cover exactly what the units cover.
fn check_dissolve(coverage: &Coverage, assignment: &[u32], territories: usize) {
    let dissolved = coverage.dissolve(assignment, territories);
    assert_eq!(dissolved.len(), territories);
    check_valid(&dissolved);
    assert!(segments(&dissolved).is_subset(&segments(coverage.polygons())), "only the units' own edges");
    let mut sums = vec![0.0; territories];
    for (&t, area) in assignment.iter().zip(coverage.areas_km2()) {
        sums[t as usize] += area;
    }
    let still_overlapping = coverage.report().overlaps.iter().any(|_| true);
    for (sum, area) in sums.iter().zip(dissolved.areas_km2()) {
        if !still_overlapping {
            assert!((sum - area).abs() <= 1e-9 * sum.max(1e-12), "{sum} became {area}");
        }
    }
}

/// Whether `p` is inside an odd number of the rings.
fn even_odd<'a>(rings: impl Iterator<Item = &'a [Point]>, p: Point) -> bool {
    let mut odd = false;
    for ring in rings {
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            if (a[1] <= p[1]) != (b[1] <= p[1]) {
                let x = a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
                odd ^= x < p[0];
            }
        }
    }
    odd
}

fn unit_covers(polygons: &Polygons, unit: usize, p: Point) -> bool {
    even_odd(polygons.rings_of_unit(unit).map(|r| polygons.ring(r)), p)
}

fn distance(a: Point, b: Point, p: Point) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length = d[0] * d[0] + d[1] * d[1];
    let t = if length > 0.0 { (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / length).clamp(0.0, 1.0) } else { 0.0 };
    (a[0] + t * d[0] - p[0]).hypot(a[1] + t * d[1] - p[1])
}

/// Whether the unit covers any place of a lattice of 7 × 7 under the even-odd rule.
fn has_area(polygons: &Polygons, unit: usize) -> bool {
    (0..3600).any(|i| unit_covers(polygons, unit, [f64::from(i % 60) * 100.0 + 37.1, f64::from(i / 60) * 100.0 + 51.3]))
}

#[test]
fn crossing_on_a_shared_border_is_noded_in_both_units() {
    // The common border crosses itself between (0, 1) and (0, 3).
    let zigzag = [[0.0, 0.0], [0.0, 1000.0], [300.0, 2000.0], [300.0, 1000.0], [0.0, 2000.0], [0.0, 3000.0]];
    let mut left: Vec<Point> = vec![[-1000.0, 3000.0], [-1000.0, 0.0]];
    left.extend(zigzag);
    let mut right: Vec<Point> = vec![[1000.0, 0.0], [1000.0, 3000.0]];
    right.extend(zigzag.iter().rev());
    for snap in [0.0, 1.0] {
        let both = coverage(rings(Space::Planar, &[&left, &right]), snap);
        assert_eq!(both.report().repaired, [0, 1]);
        assert_eq!(both.report().self_crossings, 1);
        check_valid(both.polygons());
        check_dissolve(&both, &[0, 0], 1);
        let areas = both.areas_km2();
        assert!((areas[0] + areas[1] - 6.0).abs() < 1e-9, "each lobe belongs to one of them: {areas:?}");
        assert_eq!(borders(&both).len(), 1);
    }
}

#[test]
fn t_junctions_are_borders_only_when_snapped() {
    let below: &[Point] = &[[0.0, 0.0], [2000.0, 0.0], [2000.0, 1000.0], [0.0, 1000.0]];
    let left: &[Point] = &[[0.0, 1000.0], [1000.0, 1000.0], [1000.0, 2000.0], [0.0, 2000.0]];
    let right: &[Point] = &[[1000.0, 1000.0], [2000.0, 1000.0], [2000.0, 2000.0], [1000.0, 2000.0]];
    let exact = coverage(rings(Space::Planar, &[below, left, right]), 0.0);
    assert_eq!(borders(&exact), [(1, 2, 1.0)]);
    let queen = exact.graph(Contact::Queen);
    assert_eq!(queen.edges().filter(|e| e.kind == EdgeKind::Point).count(), 2);
    let snapped = coverage(rings(Space::Planar, &[below, left, right]), 1.0);
    assert_eq!(borders(&snapped), [(0, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0)]);
    for coverage in [exact, snapped] {
        check_dissolve(&coverage, &[0, 0, 0], 1);
        assert_eq!(coverage.dissolve(&[0, 0, 0], 1).ring_count(), 1, "no sliver between them");
    }
}

#[test]
fn gaps_and_overlaps_up_to_the_tolerance_close() {
    // The right unit's border wanders up to 0.6 m to both sides of the left one's and has other vertices.
    let left: &[Point] =
        &[[0.0, 0.0], [1000.0, 0.0], [1000.3, 250.0], [1000.0, 500.0], [1000.0, 1000.0], [0.0, 1000.0]];
    let right: &[Point] = &[
        [1000.4, 0.2],
        [2000.0, 0.0],
        [2000.0, 1000.0],
        [999.8, 999.7],
        [1000.5, 700.0],
        [999.7, 400.0],
        [1000.4, 100.0],
    ];
    let apart = coverage(rings(Space::Planar, &[left, right]), 0.0);
    assert_eq!(borders(&apart), []);
    assert!(!apart.report().overlaps.is_empty());
    check_dissolve_valid(&apart, &[0, 0], 1);
    let snapped = coverage(rings(Space::Planar, &[left, right]), 1.0);
    let found = borders(&snapped);
    assert_eq!(found.len(), 1);
    assert!((found[0].2 - 1.0).abs() < 0.002, "{found:?}");
    assert_eq!((snapped.report().overlaps.len(), snapped.report().gaps.len()), (0, 0));
    assert_eq!(snapped.dissolve(&[0, 0], 1).ring_count(), 1);
    check_dissolve(&snapped, &[0, 0], 1);
    check_dissolve(&snapped, &[0, 1], 2);
}

fn check_dissolve_valid(coverage: &Coverage, assignment: &[u32], territories: usize) {
    check_valid(&coverage.dissolve(assignment, territories));
}

#[test]
fn units_thinner_than_the_tolerance_keep_their_shape() {
    let left: &[Point] = &[[0.0, 0.0], [1000.0, 0.0], [1000.0, 1000.0], [0.0, 1000.0]];
    let strip: &[Point] = &[[1000.0, 0.0], [1000.5, 0.1], [1000.5, 999.9], [1000.0, 1000.0]];
    let right: &[Point] = &[[1000.6, 0.0], [2000.0, 0.0], [2000.0, 1000.0], [1000.6, 1000.0]];
    let coverage = coverage(rings(Space::Planar, &[left, strip, right]), 1.0);
    assert!(coverage.areas_km2()[1] > 0.0004);
    check_valid(coverage.polygons());
    assert!(borders(&coverage).iter().any(|b| (b.0, b.1) == (0, 1)));
}

#[test]
fn town_lying_on_its_county_makes_a_hole() {
    let county: &[Point] = &[[0.0, 0.0], [9000.0, 0.0], [9000.0, 9000.0], [0.0, 9000.0]];
    let town: &[Point] = &[[3000.0, 3000.0], [4000.0, 3000.0], [4000.0, 4000.0], [3000.0, 4000.0]];
    let twin: &[Point] = town;
    let coverage = coverage(rings(Space::Planar, &[county, town, twin]), 1.0);
    assert_eq!(coverage.areas_km2(), [80.0, 1.0, 1.0], "equal units both stay");
    assert_eq!(coverage.report().overlaps.len(), 1);
    let all = coverage.dissolve(&[0, 0, 0], 1);
    check_valid(&all);
    assert_eq!(all.areas_km2(), [81.0]);
    assert_eq!(borders(&coverage), [(0, 1, 4.0), (0, 2, 4.0), (1, 2, 4.0)]);
}

#[test]
fn the_antimeridian_is_no_border() {
    // Two units on each side; one crosses in each of the three ways of writing it.
    let ways: [Vec<Vec<Vec<Point>>>; 3] = [
        vec![
            vec![vec![[179.0, 0.0], [180.0, 0.0], [180.0, 1.0], [179.0, 1.0]]],
            vec![vec![[-180.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [-180.0, 1.0]]],
        ],
        vec![vec![vec![[179.0, 0.0], [181.0, 0.0], [181.0, 1.0], [179.0, 1.0]]]],
        vec![vec![vec![[179.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [179.0, 1.0]]]],
    ];
    let west: Vec<Vec<Vec<Point>>> = vec![vec![vec![[179.0, 1.0], [180.0, 1.0], [180.0, 2.0], [179.0, 2.0]]]];
    let east: Vec<Vec<Vec<Point>>> = vec![vec![vec![[-180.0, 1.0], [-179.0, 1.0], [-179.0, 2.0], [-180.0, 2.0]]]];
    for way in ways {
        let given = polygons(Space::Geographic, &[way.clone(), west.clone(), east.clone()]);
        for snap in [0.0, 1.0] {
            let coverage = coverage(given.clone(), snap);
            check_valid(coverage.polygons());
            let degree = EARTH_RADIUS_KM * 1f64.to_radians();
            let found = borders(&coverage);
            assert!(found.iter().any(|b| (b.0, b.1) == (1, 2) && (b.2 - degree).abs() < 1e-3), "{found:?}");
            if snap > 0.0 {
                assert_eq!(found.len(), 3, "{way:?}: {found:?}");
            }
            let location = Space::Geographic.coordinates(coverage.locations().points()[0]);
            assert!((location[0].abs() - 180.0).abs() < 1e-6, "{location:?}");
            let perimeter = coverage.perimeters_km()[0];
            assert!((perimeter - 2.0 * degree * (1.0 + 2.0 * 0.99994)).abs() < 0.1 * degree, "{perimeter}");
            let all = coverage.dissolve(&[0, 0, 0], 1);
            check_valid(&all);
            let total: f64 = coverage.areas_km2().iter().sum();
            assert!((all.areas_km2()[0] - total).abs() < 1e-9 * total);
        }
    }
}

#[test]
fn wedges_meet_at_the_pole() {
    let wedge = |from: f64, to: f64| -> Vec<Point> { vec![[from, 80.0], [to, 80.0], [to, 90.0], [from, 90.0]] };
    let units: Vec<Vec<Point>> =
        (0..4).map(|i| wedge(-180.0 + 90.0 * f64::from(i), -90.0 + 90.0 * f64::from(i))).collect();
    let coverage = coverage(rings(Space::Geographic, &units.iter().map(|u| &u[..]).collect::<Vec<_>>()), 1.0);
    let pairs: Vec<_> = borders(&coverage).iter().map(|b| (b.0, b.1)).collect();
    assert_eq!(pairs, [(0, 1), (0, 3), (1, 2), (2, 3)]);
    assert_eq!(coverage.graph(Contact::Queen).edge_count(), 6, "all meet at the pole");
    let cap = coverage.dissolve(&[0; 4], 1);
    check_valid(&cap);
    let exact = std::f64::consts::TAU * (1.0 - 80f64.to_radians().sin()) * EARTH_RADIUS_KM.powi(2);
    assert!((cap.areas_km2()[0] / exact - 1.0).abs() < 1e-9);
}

#[test]
fn faults_name_their_units() {
    let good: &[Point] = &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
    let flat: &[Point] = &[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]];
    let tiny: &[Point] = &[[5.0, 5.0], [5.000000001, 5.0], [5.0, 5.000000001]];
    let far: &[Point] = &[[0.0, 0.0], [1.0, 91.0], [0.0, 1.0]];
    let errors = |units: &[&[Point]]| match Coverage::new(rings(Space::Geographic, units), &CoverageOptions::default())
    {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.into_iter().map(|e| (e.unit, e.fault)).collect(),
    };
    assert_eq!(errors(&[good, far]), [(1, GeometryFault::Latitude { value: 91.0, count: 1 })]);
    assert_eq!(errors(&[flat, good, tiny]), [(0, GeometryFault::Vanishes), (2, GeometryFault::Vanishes)]);
}

#[test]
fn nothing_given_gives_nothing() {
    let empty = coverage(Polygons::new(Space::Geographic), 1.0);
    assert!(empty.is_empty() && empty.dissolve(&[], 2).len() == 2);
    assert_eq!(empty.graph(Contact::Queen).len(), 0);
}

prop_compose! {
    /// Units made of the cells of a bent grid whose cell borders have vertices of their own: with holes and several parts.
    fn mesh()(size in 2usize..6, seed in any::<u64>(), units in 1usize..6) -> (Polygons, usize, u64) {
        let mut state = seed;
        let mut random = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let corner: Vec<Point> = (0..(size + 1) * (size + 1))
            .map(|i| [(i % (size + 1)) as f64 * 100.0 + 40.0 * random(), (i / (size + 1)) as f64 * 100.0 + 40.0 * random()])
            .map(|p| p.map(|x| (x * 1000.0).round() / 1000.0))
            .collect();
        let mut cells = Vec::new();
        for y in 0..size {
            for x in 0..size {
                let i = y * (size + 1) + x;
                let ring = [i, i + 1, i + size + 2, i + size + 1].map(|c| corner[c]);
                let bent = (0..4).flat_map(|k| {
                    let (a, b) = (ring[k], ring[(k + 1) % 4]);
                    let (a0, b0) = if a < b { (a, b) } else { (b, a) };
                    let at = |t: f64, off: f64| [a0[0] + t * (b0[0] - a0[0]) + off, a0[1] + t * (b0[1] - a0[1]) - off].map(|x| (x * 1000.0).round() / 1000.0);
                    let middle = at(0.5, ((a0[0] * 7.0 + b0[1] * 3.0) % 9.0) - 4.5);
                    [a, middle]
                });
                cells.push(vec![vec![bent.collect::<Vec<Point>>()]]);
            }
        }
        let cells = coverage(polygons(Space::Planar, &cells), 0.0);
        // Every unit gets a cell; the rest at random.
        let assignment: Vec<u32> = (0..size * size).map(|i| if i < units { i as u32 } else { (random() * units as f64) as u32 }).collect();
        let units = units.min(size * size);
        (cells.dissolve(&assignment, units), units, seed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn meshes_dissolve_exactly((given, units, seed) in mesh(), territories in 1usize..4) {
        check_valid(&given);
        let coverage = coverage(given.clone(), 0.0);
        prop_assert_eq!(&coverage.report().repaired, &Vec::<u32>::new());
        prop_assert_eq!(segments(coverage.polygons()), segments(&given));
        let assignment: Vec<u32> = (0..units as u64).map(|u| ((seed ^ (u * 0x9E37_79B9)) % territories as u64) as u32).collect();
        check_dissolve(&coverage, &assignment, territories);
    }

    #[test]
    fn damaged_meshes_are_put_in_order((given, units, seed) in mesh(), snap in prop_oneof![Just(0.0), Just(0.5)]) {
        let mut state = seed;
        let mut random = move |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        // Reversed, rotated, with vertices doubled, dropped, shifted within the tolerance or exchanged.
        let damaged: Vec<Vec<Vec<Vec<Point>>>> = (0..units)
            .map(|u| {
                given.parts_of(u).map(|p| given.rings_of(p).map(|r| {
                    let mut ring = given.ring(r).to_vec();
                    let turn = random(ring.len());
                    ring.rotate_left(turn);
                    match random(7) {
                        0 => ring.reverse(),
                        1 => ring.insert(1, ring[0]),
                        2 => { ring.remove(1); }
                        3 => ring[0][0] += 0.2,
                        4 => ring.swap(0, 1),
                        5 => ring.insert(1, [ring[0][0] + 0.1, ring[0][1] - 0.1]),
                        _ => {}
                    }
                    ring
                }).collect()).collect()
            })
            .collect();
        let damaged = polygons(Space::Planar, &damaged);
        let options = CoverageOptions { snap_m: snap, ..CoverageOptions::default() };
        if let Ok(coverage) = Coverage::new(damaged, &options) {
            check_valid(coverage.polygons());
            check_dissolve(&coverage, &vec![0; units], 1);
            let each: Vec<u32> = (0..units as u32).collect();
            check_dissolve(&coverage, &each, units);
        }
    }

    #[test]
    fn snapping_any_rings_leaves_valid_units(
        units in prop::collection::vec(prop::collection::vec((0u8..7, 0u8..7, 0u8..4), 3..9), 1..6),
        snap in prop_oneof![Just(1.0), Just(100.0), Just(400.0)],
    ) {
        let given: Vec<Vec<Vec<Vec<Point>>>> = units
            .iter()
            .map(|unit| vec![vec![unit.iter().map(|&(x, y, j)| [f64::from(x) * 1000.0 + f64::from(j) * 60.0, f64::from(y) * 1000.0 - f64::from(j) * 50.0]).collect()]])
            .collect();
        let options = CoverageOptions { snap_m: snap, ..CoverageOptions::default() };
        if let Ok(coverage) = Coverage::new(polygons(Space::Planar, &given), &options) {
            check_valid(coverage.polygons());
            check_valid(&coverage.dissolve(&vec![0; units.len()], 1));
            coverage.graph(Contact::Queen);
        }
    }

    #[test]
    fn any_rings_give_valid_units_that_cover_what_they_did(
        units in prop::collection::vec(prop::collection::vec(prop::collection::vec((0u8..7, 0u8..7), 3..9), 1..3), 1..5),
        samples in prop::collection::vec((0.0..6.0, 0.0..6.0), 40),
    ) {
        // A coarse lattice: rings that cross, touch, overlap and double back all the time.
        let given: Vec<Vec<Vec<Vec<Point>>>> = units
            .iter()
            .map(|unit| unit.iter().map(|ring| vec![ring.iter().map(|&(x, y)| [f64::from(x) * 1000.0, f64::from(y) * 1000.0]).collect()]).collect())
            .collect();
        let given = polygons(Space::Planar, &given);
        let options = CoverageOptions { snap_m: 0.0, ..CoverageOptions::default() };
        match Coverage::new(given.clone(), &options) {
            Err(errors) => {
                let hopeless = |f: &GeometryFault| matches!(f, GeometryFault::Vanishes | GeometryFault::TooFewVertices { .. });
                prop_assert!(errors.0.iter().all(|e| hopeless(&e.fault)), "{}", errors);
            }
            Ok(coverage) => {
                check_valid(coverage.polygons());
                let n = given.len();
                let all = coverage.dissolve(&vec![0; n], 1);
                check_valid(&all);
                check_valid(&coverage.dissolve(&(0..n as u32).map(|u| u % 2).collect::<Vec<_>>(), 2));
                // A unit whose rings cancel under the even-odd rule gets them all the same.
                if (0..n).any(|u| !has_area(&given, u)) {
                    return Ok(());
                }
                for (x, y) in samples {
                    let p = [x * 1000.0 + 0.123, y * 1000.0 + 0.456];
                    // Crossings are put on the grid, so only points clear of all edges can be judged.
                    let clear = (0..given.ring_count()).all(|r| {
                        let ring = given.ring(r);
                        (0..ring.len()).all(|i| distance(ring[i], ring[(i + 1) % ring.len()], p) > 0.1)
                    });
                    if !clear {
                        continue;
                    }
                    let covered = (0..n).any(|u| unit_covers(&given, u, p));
                    let now = (0..n).any(|u| unit_covers(coverage.polygons(), u, p));
                    prop_assert_eq!(covered, now, "at {:?}", p);
                    prop_assert_eq!(covered, unit_covers(&all, 0, p), "dissolved at {:?}", p);
                }
            }
        }
    }
}
