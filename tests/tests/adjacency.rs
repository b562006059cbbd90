//! Rook adjacency of real sets against independent tables, exact at `--snap 0` on the file's own grid and complete at the
//! default; and dissolved territories that are valid, cover the units' area and make use of their vertices alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use geo::Validation;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use territory::adjacency::Contact;
use territory::geometry::{Coverage, CoverageOptions};
use territory_geojson::{Geometry, ReadOptions, Source, read};
use territory_tests::{data, shared};

/// Pairs `i,j` of a table of neighbours.
fn table(path: &str) -> BTreeSet<(u32, u32)> {
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    let pair = |line: String| {
        let mut cells = line.split(',').map(str::to_owned);
        let mut next = || cells.next().unwrap().parse().unwrap();
        let (i, j): (u32, u32) = (next(), next());
        (i.min(j), i.max(j))
    };
    BufReader::new(file).lines().skip(1).map(|l| pair(l.unwrap())).collect()
}

fn coverage(path: &str, snap_m: f64) -> Coverage {
    let mut units = read(Source::open(path).unwrap(), &ReadOptions::default()).unwrap();
    let grid = units.resolution();
    let Geometry::Polygons(polygons) = units.take_geometry() else { panic!("{path} holds no polygons") };
    let mut options = CoverageOptions::default();
    (options.grid, options.snap_m) = (grid, snap_m);
    Coverage::new(polygons, &options).unwrap()
}

fn check(polygons: &str, rook: &str) {
    let expected = table(rook);
    let exact = coverage(polygons, 0.0).graph(Contact::Rook);
    let found: BTreeSet<(u32, u32)> = exact.edges().map(|e| (e.a, e.b)).collect();
    assert_eq!(found.difference(&expected).next(), None, "{polygons}: invented at snap 0");
    assert_eq!(expected.difference(&found).next(), None, "{polygons}: lost at snap 0");

    let snapped = coverage(polygons, 1.0);
    let found: BTreeMap<(u32, u32), f32> =
        snapped.graph(Contact::Rook).edges().map(|e| ((e.a, e.b), e.border_km)).collect();
    assert_eq!(expected.iter().find(|p| !found.contains_key(p)), None, "{polygons}: lost at snap 1");
    assert!(found.values().all(|&km| km > 0.0), "{polygons}: a border without length");

    let units = snapped.len();
    let territories = 40.min(units);
    let assignment: Vec<u32> = (0..units).map(|u| (u * territories / units) as u32).collect();
    let dissolved = snapped.dissolve(&assignment, territories);
    let total = |areas: Vec<f64>| areas.iter().sum::<f64>();
    let (before, after) = (total(snapped.areas_km2()), total(dissolved.areas_km2()));
    assert!((after / before - 1.0).abs() < 1e-9, "{polygons}: {before} km² became {after}");
    for t in 0..territories {
        let faults = dissolved.to_geo(t).validation_errors();
        assert!(faults.is_empty(), "{polygons}: territory {t} is not valid: {faults:?}");
    }
    let bits = |v: &[f64; 2]| v.map(f64::to_bits);
    let vertices: BTreeSet<[u64; 2]> = snapped.polygons().vertices().iter().map(bits).collect();
    assert!(dissolved.vertices().iter().all(|v| vertices.contains(&bits(v))), "{polygons}: a vertex of no unit");
}

#[test]
fn sets_of_the_project_match_their_tables() {
    check(&data("us-counties.geojson"), &data("us-counties.rook.csv.gz"));
    check(&data("ct-ri-zip-codes.geojson.gz"), &data("ct-ri-zip-codes.rook.csv.gz"));
}

#[test]
fn larger_sets_match_their_tables() {
    for name in ["counties_us_10m", "precincts_ct", "blocks_providence_ri", "uk_oa_london", "uk_oa_ew"] {
        let files = (shared(&format!("polygons/{name}.geojson.gz")), shared(&format!("polygons/{name}.rook.csv.gz")));
        if let (Some(polygons), Some(rook)) = files {
            check(&polygons, &rook);
        }
    }
}
