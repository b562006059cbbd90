//! What users say about neighbours, through the program: barriers as lines with crossings, links by hand, nearest points, bridges
//! within areas, enclaves; and territories of points as polygons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use territory_tests::{Run, data, text};

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, b"").unwrap()
}

fn write(folder: &Path, name: &str, value: &Value) {
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}

fn collection(features: Vec<Value>) -> Value {
    json!({"type": "FeatureCollection", "features": features})
}

fn feature(properties: Value, kind: &str, coordinates: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}})
}

/// A cell of a tenth of a degree at column `x`, row `y`.
fn cell(id: &str, x: u32, y: u32, county: &str) -> Value {
    let at = |x: u32, y: u32| [f64::from(x) / 10.0, f64::from(y) / 10.0];
    let ring = json!([[at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1), at(x, y)]]);
    feature(json!({"id": id, "calls": 1, "county": county}), "Polygon", ring)
}

/// Four columns and three rows of cells, `00` to `32`.
fn grid(folder: &Path) {
    let cells = (0..12).map(|i| cell(&format!("{}{}", i % 4, i / 4), i % 4, i / 4, "c"));
    write(folder, "grid.geojson", &collection(cells.collect()));
}

/// Pairs and kinds of a graph that was written.
fn graph(folder: &Path) -> BTreeSet<(String, String, String)> {
    let text = text(folder.join("graph.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

fn pair(a: &str, b: &str, kind: &str) -> (String, String, String) {
    (a.to_owned(), b.to_owned(), kind.to_owned())
}

const SOLVE: [&str; 10] =
    ["solve", "grid.geojson", "-k", "2", "--balance", "calls=0.5", "--effort", "quick", "--graph", "graph.csv"];

#[test]
fn a_river_cuts_and_a_bridge_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    grid(folder);
    // Between the second and the third column, winding a little.
    let river = json!([[0.2, -1.0], [0.21, 0.05], [0.19, 0.15], [0.2, 2.0]]);
    write(folder, "river.geojson", &json!({"type": "LineString", "coordinates": river}));
    write(folder, "bridge.geojson", &collection(vec![feature(json!({}), "Point", json!([0.191, 0.16]))]));

    let run =
        territory(folder, &[&SOLVE[..], &["--barriers", "river.geojson", "--crossings", "bridge.geojson"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("barrier lines cut 2 link(s); crossings kept 1"), "{}", run.stdout);
    let links = graph(folder);
    assert!(links.contains(&pair("11", "21", "border")), "{links:?}");
    assert!(!links.contains(&pair("10", "20", "border")) && !links.contains(&pair("12", "22", "border")), "{links:?}");
    assert_eq!(links.len(), 17 - 2);

    // Without a bridge the banks are parts of their own, which the shortest link would join across the river.
    let run = territory(folder, &[&SOLVE[..], &["--barriers", "river.geojson"]].concat());
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stderr.contains("give a crossing (--crossings)"), "{}", run.stderr);
    let run = territory(folder, &[&SOLVE[..], &["--barriers", "river.geojson", "--islands", "separate"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);

    // A ferry, by hand, and a pair of neighbours that are none.
    std::fs::write(folder.join("ferry.csv"), "a,b\n02,22\n").unwrap();
    std::fs::write(folder.join("wall.csv"), "a,b\n00,10\n").unwrap();
    let options = ["--barriers", "river.geojson", "--barriers", "wall.csv", "--links", "ferry.csv"];
    let run = territory(folder, &[&SOLVE[..], &options].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let links = graph(folder);
    assert!(links.contains(&pair("02", "22", "added")), "{links:?}");
    assert_eq!(links.len(), 17 - 3 - 1 + 1);

    // What cannot be meant is refused.
    write(folder, "bridge.geojson", &collection(vec![feature(json!({}), "Point", json!([0.35, 0.16]))]));
    let run =
        territory(folder, &[&SOLVE[..], &["--barriers", "river.geojson", "--crossings", "bridge.geojson"]].concat());
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("km from the nearest barrier line"), "{}", run.stderr);
    let run = territory(folder, &[&SOLVE[..], &["--barriers", "wall.csv", "--crossings", "bridge.geojson"]].concat());
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("none of the barriers is a line"), "{}", run.stderr);
}

#[test]
fn islands_go_to_their_county_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Two of county north, two of county south; the island, of south, is nearer to north.
    let cells =
        [cell("n0", 0, 1, "north"), cell("n1", 1, 1, "north"), cell("s0", 0, 0, "south"), cell("s1", 1, 0, "south")];
    let island = feature(
        json!({"id": "island", "calls": 1, "county": "south"}),
        "Polygon",
        json!([[[0.25, 0.15], [0.3, 0.15], [0.3, 0.2], [0.25, 0.2], [0.25, 0.15]]]),
    );
    write(folder, "grid.geojson", &collection(cells.into_iter().chain([island]).collect()));
    let run = territory(folder, &SOLVE);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(graph(folder).contains(&pair("n1", "island", "bridge")), "{:?}", graph(folder));
    let run = territory(folder, &[&SOLVE[..], &["--bridge-within", "county"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(graph(folder).contains(&pair("s1", "island", "bridge")), "{:?}", graph(folder));
    let run = territory(folder, &[&SOLVE[..], &["--bridge-within", "parish"]].concat());
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("\"parish\""), "{}", run.stderr);
}

#[test]
fn an_enclave_is_told_and_forbidden_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // The middle of nine has as much as the others together: it is a territory of its own.
    let weight = |i: u32| if i == 4 { 8 } else { 1 };
    let cells = (0..9).map(|i| {
        let mut cell = cell(&i.to_string(), i % 3, i / 3, "c");
        cell["properties"]["calls"] = weight(i).into();
        cell
    });
    write(folder, "grid.geojson", &collection(cells.collect()));
    let report = ["--report", "report.json"];
    let tight = ["solve", "grid.geojson", "-k", "2", "--balance", "calls=0.01"];
    let run = territory(folder, &[&tight[..], &report].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = territory_tests::json(folder.join("report.json")).unwrap();
    assert_eq!(told["enclaves"], json!([["2", "1"]]));
    assert!(run.stdout.contains("territory 2 lies inside territory 1"), "{}", run.stdout);

    let run = territory(folder, &[&tight[..], &report, &["--no-enclaves"]].concat());
    assert_eq!(run.code, 4, "{}", run.stdout);
    let told = territory_tests::json(folder.join("report.json")).unwrap();
    assert_eq!(told["violations"][0]["kind"], "enclave");
    assert!(run.stdout.contains("lies inside territory 1"), "{}", run.stdout);

    // With room for one cell more it is led out.
    let loose = ["solve", "grid.geojson", "-k", "2", "--balance", "calls=0.15", "--no-enclaves"];
    let run = territory(folder, &[&loose[..], &report].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = territory_tests::json(folder.join("report.json")).unwrap();
    assert_eq!((&told["enclaves"], &told["contiguous"]), (&json!([]), &json!(true)));
}

/// Protects enclaves of a plan of today: led out where bounds and limits leave room, else told.
#[test]
fn an_enclave_of_today_is_led_out_within_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cells = (0..9u32).map(|i| {
        let mut cell = cell(&i.to_string(), i % 3, i / 3, "c");
        cell["properties"]["calls"] = (if i == 4 { 8 } else { 1 }).into();
        cell["properties"]["territory"] = (if i == 4 { "in" } else { "out" }).into();
        cell["properties"]["stays"] = (i != 4).into();
        cell
    });
    write(folder, "today.geojson", &collection(cells.collect()));
    let common = ["realign", "today.geojson", "--balance", "calls=0.15", "--no-enclaves", "--report", "report.json"];
    let run = territory(folder, &common);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = territory_tests::json(folder.join("report.json")).unwrap();
    assert_eq!((&told["enclaves"], &told["contiguous"]), (&json!([]), &json!(true)));
    assert_eq!(told["disruption"]["moves"].as_array().unwrap().len(), 1);

    for (more, word) in [(["--max-disruption", "units=0.1"], "enclaves stay"), (["--protect", "stays"], "lies inside")]
    {
        let run = territory(folder, &[&common[..], &more].concat());
        assert_eq!(run.code, 4, "{}", run.stdout);
        assert!(run.stdout.contains(word), "{}", run.stdout);
        let told = territory_tests::json(folder.join("report.json")).unwrap();
        assert_eq!(told["violations"][0]["kind"], "enclave");
        assert_eq!(told["disruption"]["moves"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn territories_of_points_cover_their_boundary() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hospitals = data("us-hospitals.geojson.gz");
    // A box around the lower 48 states; the far-off rest has no place in it.
    let ring = json!([[[-125.0, 24.0], [-66.0, 24.0], [-66.0, 50.0], [-125.0, 50.0], [-125.0, 24.0]]]);
    write(folder, "box.geojson", &collection(vec![feature(json!({}), "Polygon", ring)]));
    let solve = ["solve", &hospitals, "-k", "12", "--balance", "discharges=0.1", "--adjacency", "nearest=6"];
    let outputs = ["--effort", "quick", "--territories", "t.geojson", "--report", "r.json", "--graph", "graph.csv"];
    let run = territory(folder, &[&solve[..], &outputs, &["--boundary", "box.geojson"]].concat());
    assert!(run.code == 0 || run.code == 4, "{}", run.stderr);
    let report = territory_tests::json(folder.join("r.json")).unwrap();
    let areas = report["territories"].as_array().unwrap().iter().filter_map(|t| t["area_km2"].as_f64());
    // R² · Δλ · (sin φ₁ − sin φ₀).
    let wide = 59.0_f64.to_radians() * (50.0_f64.to_radians().sin() - 24.0_f64.to_radians().sin());
    let expected = 6371.0088 * 6371.0088 * wide;
    let total: f64 = areas.sum();
    assert!((total / expected - 1.0).abs() < 1e-6, "{total} of {expected}");
    assert_eq!(report["input"]["cells"]["projection"], "stereographic");
    assert!(report["input"]["cells"]["error_km"].as_f64().unwrap() < 0.05, "{}", report["input"]);
    assert_eq!(report["input"]["space"], "sphere");
    // Every place has its six nearest at least.
    let links = graph(folder);
    let mut degree = std::collections::BTreeMap::new();
    for (a, b, _) in &links {
        *degree.entry(a).or_insert(0) += 1;
        *degree.entry(b).or_insert(0) += 1;
    }
    assert!(degree.values().all(|&n| n >= 6), "{}", degree.values().min().unwrap());

    let run = territory(folder, &[&solve[..], &outputs].concat());
    assert!(run.stdout.contains("clipped to their hull and a strip of"), "{}", run.stdout);
}

#[test]
fn doubts_about_coordinates_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    grid(folder);
    let run = territory(folder, &[&SOLVE[..], &["--planar"]].concat());
    assert!(run.stdout.contains("if these are degrees, leave --planar out"), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("distances and areas on the plane"), "{}", run.stdout);
    let mut cells = territory_tests::json(folder.join("grid.geojson")).unwrap();
    cells["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2263"}});
    write(folder, "grid.geojson", &cells);
    let run = territory(folder, &SOLVE);
    assert!(run.stdout.contains("\"urn:ogc:def:crs:EPSG::2263\" is not known here"), "{}", run.stdout);
}
