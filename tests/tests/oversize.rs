//! `--split-oversize` through the program: a unit with more customers than a territory may have, cut along them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use geo::Area;
use serde_json::{Value, json};
use std::path::Path;
use territory_tests::{Run, data, json as read, shared};

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, b"").unwrap()
}

fn write(folder: &Path, name: &str, features: Vec<Value>) {
    let collection = json!({"type": "FeatureCollection", "features": features});
    std::fs::write(folder.join(name), collection.to_string()).unwrap();
}

fn square(id: &str, x: f64, people: u32) -> Value {
    let ring = json!([[[x, 0.0], [x + 0.4, 0.0], [x + 0.4, 0.4], [x, 0.4], [x, 0.0]]]);
    json!({"type": "Feature", "properties": {"id": id, "people": people}, "geometry": {"type": "Polygon", "coordinates": ring}})
}

fn customer(x: f64, y: f64) -> Value {
    json!({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [x, y]}})
}

#[test]
fn a_city_is_cut_and_its_parts_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "units.geojson", vec![square("country", 0.0, 40), square("city", 0.4, 160)]);
    // Four customers in the country, sixteen in the city.
    let country = (0..4).map(|i| customer(0.05 + 0.1 * f64::from(i), 0.2));
    let city = (0..16).map(|i| customer(0.45 + 0.1 * f64::from(i % 4), 0.05 + 0.1 * f64::from(i / 4)));
    write(folder, "customers.geojson", country.chain(city).collect());
    let solve =
        ["solve", "units.geojson", "--customers", "customers.geojson", "-k", "2", "--balance", "customers=0.25"];
    let outputs =
        ["--balance", "people=0.3", "--out", "plan.geojson", "--report", "report.json", "--table", "plan.csv"];
    let run = territory(folder, &[&solve[..], &outputs].concat());
    assert_eq!(run.code, 4, "the city is too large: {}", run.stdout);

    let run = territory(folder, &[&solve[..], &outputs, &["--split-oversize"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let (plan, report) = (read(folder.join("plan.geojson")).unwrap(), read(folder.join("report.json")).unwrap());
    assert_eq!(report["input"]["split"], json!(["feature 1 (\"city/1\"): 4 parts"]));
    let features = plan["features"].as_array().unwrap();
    let told: Vec<&Value> = features.iter().map(|f| &f["properties"]["part"]).collect();
    assert_eq!(told, [&Value::Null, &json!("1 of 4"), &json!("2 of 4"), &json!("3 of 4"), &json!("4 of 4")]);
    assert!(features[1..].iter().all(|f| f["properties"]["id"] == "city" && f["properties"]["people"] == 160));
    let area = |f: &Value| {
        let geometry: geojson::Geometry = serde_json::from_value(f["geometry"].clone()).unwrap();
        let geometry: geo::Geometry<f64> = geometry.try_into().unwrap();
        geometry.unsigned_area()
    };
    let parts: f64 = features[1..].iter().map(area).sum();
    assert!((parts - 0.16).abs() < 1e-9, "{parts}");
    // The city's people are shared out as its customers are.
    assert_eq!(report["measures"][1]["total"], 200.0);
    let people = report["territories"].as_array().unwrap().iter().map(|t| t["sums"]["people"].as_f64().unwrap());
    let shares: Vec<f64> = people.map(|sum| sum % 40.0).collect();
    assert!(shares.iter().all(|rest| *rest < 1e-9 || *rest > 40.0 - 1e-9), "{shares:?}");
    let table = territory_tests::text(folder.join("plan.csv")).unwrap();
    assert!(table.contains("\ncity/4,"), "{table}");
    let run = territory(folder, &["solve", "units.geojson", "-k", "2", "--balance", "people", "--split-oversize"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[test]
fn tracts_in_counties_meet_bounds_that_los_angeles_alone_breaks() {
    let Some(tracts) = shared("points/customers_us_tracts.geojson.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let counties = data("us-counties.geojson");
    let solve = ["solve", &counties, "--customers", &tracts, "--outside", "drop", "-k", "60", "--effort", "quick"];
    let measures = ["--balance", "customers:population=0.1", "--report", "report.json", "--out", "plan.geojson"];
    let run = territory(folder.path(), &[&solve[..], &measures].concat());
    assert_eq!(run.code, 4, "{}", run.stdout);
    let run = territory(folder.path(), &[&solve[..], &measures, &["--split-oversize"]].concat());
    assert!(run.code == 0 || run.code == 4, "{}{}", run.stdout, run.stderr);
    let report = read(folder.path().join("report.json")).unwrap();
    assert!(!report["input"]["split"].as_array().unwrap().is_empty());
    assert_eq!(report["contiguous"], true);
    let worst = report["measures"][0]["max_deviation"].as_f64().unwrap();
    assert!(worst < 0.2, "{worst}: {}", run.stdout);
    // The features of the plan are the units that were planned.
    let plan = read(folder.path().join("plan.geojson")).unwrap();
    assert_eq!(plan["features"].as_array().unwrap().len() as u64, report["units"].as_u64().unwrap());
}
