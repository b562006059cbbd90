//! Standard input and output, gzip, files that are there already, options that change what is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::Path;
use territory_tests::{Run, data, json, shared, territories, text};

fn territory_with(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, input).unwrap()
}

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_with(folder, arguments, b"")
}

/// A row of `n` unit squares with the given members between their braces.
fn row_of_squares(n: usize, members: impl Fn(usize) -> String) -> String {
    let feature = |i: usize| {
        let ring = format!("[[[{i},0],[{},0],[{},1],[{i},1],[{i},0]]]", i + 1, i + 1);
        let geometry = format!(r#"{{"type":"Polygon","coordinates":{ring}}}"#);
        format!(r#"{{"type":"Feature",{},"geometry":{geometry}}}"#, members(i))
    };
    let features: Vec<String> = (0..n).map(feature).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[test]
fn through_a_pipe_the_summary_goes_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let units = row_of_squares(6, |i| format!(r#""id":{i},"properties":{{"calls":1}}"#));
    let arguments = ["solve", "-", "-k", "3", "--balance", "calls", "--out", "-"];
    let run = territory_with(folder.path(), &arguments, units.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let names: Vec<String> = territories(&plan).into_iter().flatten().collect();
    assert_eq!(names, ["1", "1", "2", "2", "3", "3"]);
    assert!(run.stderr.contains("3 territories of 6 units, contiguous"), "{}", run.stderr);

    // The same, packed, gives the same.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(units.as_bytes()).unwrap();
    let again = territory_with(folder.path(), &arguments, &packed.finish().unwrap());
    assert_eq!(again.stdout, run.stdout);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_plan_may_replace_its_input_and_a_failed_run_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("units.geojson");
    let units = row_of_squares(4, |i| format!(r#""properties":{{"name":"u{i}","calls":1}}"#));
    std::fs::write(&file, &units).unwrap();
    let run =
        territory(folder.path(), &["solve", "units.geojson", "-k", "9", "--balance", "calls", "-o", "units.geojson"]);
    assert_eq!(run.code, 3);
    assert_eq!(text(&file).unwrap(), units);
    let run =
        territory(folder.path(), &["solve", "units.geojson", "-k", "2", "--balance", "calls", "-o", "units.geojson"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        text(&file).unwrap().contains(r#""calls":1,"territory":"2""#)
            || text(&file).unwrap().contains(r#""territory": "2""#)
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "temporary files were left");
}

#[test]
fn features_without_geometry_stay_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let units = row_of_squares(4, |i| format!(r#""properties":{{"name":"u{i}","calls":1}}"#));
    let hole = r#"{"type":"Feature","properties":{"name":"x","calls":null},"geometry":null}"#;
    let units = units.replacen("[{\"type\":\"Feature\"", &format!("[{hole},{{\"type\":\"Feature\""), 1);
    let arguments = ["solve", "-", "-k", "2", "--balance", "calls", "--empty", "skip"];
    let outputs = ["--out", "plan.geojson", "--table", "plan.csv", "--report", "report.json"];
    let run = territory_with(folder.path(), &[&arguments[..], &outputs].concat(), units.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let plan = json(folder.path().join("plan.geojson")).unwrap();
    assert_eq!(territories(&plan)[0], None);
    assert_eq!(territories(&plan).len(), 5);
    assert!(plan["features"][0]["properties"]["territory"].is_null());
    assert_eq!(text(folder.path().join("plan.csv")).unwrap(), "id,territory\nu0,1\nu1,1\nu2,2\nu3,2\n");
    let report = json(folder.path().join("report.json")).unwrap();
    assert_eq!(report["input"]["features"], 5);
    assert_eq!(report["input"]["skipped"][0], "feature 0 (\"x\"): no geometry");

    // Judged, the plan needs the same option.
    let run = territory(folder.path(), &["evaluate", "plan.geojson", "--balance", "calls", "--empty", "skip"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn missing_values_count_as_zero_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let calls = |i: usize| ["4", "null", "2", "2"][i];
    let units = row_of_squares(4, |i| format!(r#""properties":{{"name":"u{i}","calls":{}}}"#, calls(i)));
    let arguments = ["solve", "-", "-k", "2", "--balance", "calls=0", "--missing", "zero", "--table", "-"];
    let run = territory_with(folder.path(), &arguments, units.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("id,territory\nu0,1\n") && run.stdout.ends_with("u2,2\nu3,2\n"), "{}", run.stdout);
}

#[test]
fn whole_numbers_are_one_name_in_edge_tables() {
    let folder = tempfile::tempdir().unwrap();
    let units = row_of_squares(4, |i| format!(r#""properties":{{"id":{}.0,"calls":1}}"#, i + 1));
    std::fs::write(folder.path().join("edges.csv"), "weight;b;a\n2;2;1.0\n1;\"3\";2\n2;4.0;3\n").unwrap();
    let arguments = ["solve", "-", "-k", "2", "--balance", "calls", "--adjacency", "edges.csv", "--graph", "-"];
    let run = territory_with(folder.path(), &arguments, units.as_bytes());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "a,b,kind,border_km\n1,2,edge,0\n2,3,edge,0\n3,4,edge,0\n");
}

#[test]
fn barriers_part_neighbours_and_bridges_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    // Two rows of three squares: the barrier takes one of the three links between them.
    let square = |i: usize| {
        let (x, y) = ((i % 3) as f64, (i / 3) as f64);
        format!(
            r#"{{"type":"Feature","id":"s{i}","properties":{{"calls":1}},"geometry":{{"type":"Polygon","coordinates":[[[{x},{y}],[{},{y}],[{},{}],[{x},{}],[{x},{y}]]]}}}}"#,
            x + 1.0,
            x + 1.0,
            y + 1.0,
            y + 1.0
        )
    };
    let mut features: Vec<String> = (0..6).map(square).collect();
    features.push(r#"{"type":"Feature","id":"far","properties":{"calls":3},"geometry":{"type":"Polygon","coordinates":[[[5,0],[6,0],[6,0.8],[5,0.8],[5,0]]]}}"#.into());
    let units = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    std::fs::write(folder.path().join("river.csv"), "a,b\ns4,s1\n").unwrap();
    let arguments = ["solve", "-", "-k", "3", "--balance", "calls", "--barriers", "river.csv"];
    let outputs = ["--graph", "graph.csv", "--report", "report.json"];
    let run = territory_with(folder.path(), &[&arguments[..], &outputs].concat(), units.as_bytes());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let graph = text(folder.path().join("graph.csv")).unwrap();
    assert!(!graph.contains("s1,s4") && graph.contains("s0,s3,border,"), "{graph}");
    assert!(graph.contains("s2,far,bridge,0"), "{graph}");
    let report = json(folder.path().join("report.json")).unwrap();
    assert_eq!(report["graph"]["bridges"][0][1], "far");
    let km = report["graph"]["bridges"][0][2].as_f64().unwrap();
    assert!((km - 222.4).abs() < 1.0, "two degrees from border to border: {km} km");
}

#[test]
fn compare_tells_what_moved() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |names: [&'static str; 4]| {
        row_of_squares(4, |i| format!(r#""properties":{{"name":"u{i}","calls":1,"territory":"{}"}}"#, names[i]))
    };
    std::fs::write(folder.path().join("before.geojson"), plan(["A", "A", "B", "B"])).unwrap();
    std::fs::write(folder.path().join("after.geojson"), plan(["A", "B", "B", "B"])).unwrap();
    let arguments = ["compare", "before.geojson", "after.geojson", "--report", "report.json"];
    let run = territory(folder.path(), &[&arguments[..], &["--balance", "calls=0.5"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("1 units (25 %) · 25 % of calls"), "{}", run.stdout);
    let report = json(folder.path().join("report.json")).unwrap();
    let disruption = &report["disruption"];
    assert_eq!((disruption["units"].as_f64(), disruption["calls"].as_f64()), (Some(0.25), Some(0.25)));
    let moved = &disruption["moves"][0];
    assert_eq!(
        (moved["unit"].as_str(), moved["from"].as_str(), moved["to"].as_str()),
        (Some("u1"), Some("A"), Some("B"))
    );
    // The second plan is judged: at the default tolerance it is out of bounds.
    let run = territory(folder.path(), &[&arguments[..], &["--balance", "calls"]].concat());
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
}

#[test]
fn evaluate_sees_broken_territories() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["A", "B", "A", "B"];
    let plan = row_of_squares(4, |i| format!(r#""properties":{{"name":"u{i}","calls":1,"territory":"{}"}}"#, names[i]));
    let run = territory_with(folder.path(), &["evaluate", "-", "--balance", "calls=1"], plan.as_bytes());
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(run.stdout.contains("territory A not contiguous 2 (allowed 1)"), "{}", run.stdout);
}

/// The first Ctrl-C stops the search; the best plan so far is written.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_search_with_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!(
        "'{}' solve '{}' -k 60 --balance population=0.001 --balance units=0.001 --effort thorough --out plan.geojson --report report.json & pid=$!; sleep 1; kill -INT $pid; wait $pid",
        env!("CARGO_BIN_EXE_territory-under-test"),
        data("us-counties.geojson")
    );
    let run = territory_tests::run("bash", folder.path(), &["-m", "-c", &command], b"").unwrap();
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
    let report = json(folder.path().join("report.json")).unwrap();
    assert_eq!((report["stopped"].as_str(), report["k"].as_u64()), (Some("cancelled"), Some(60)));
    let plan = json(folder.path().join("plan.geojson")).unwrap();
    let mut names: Vec<String> = territories(&plan).into_iter().flatten().collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 60);
}

/// The second Ctrl-C ends the run at once, with nothing written and nothing left behind.
#[cfg(unix)]
#[test]
fn a_second_interrupt_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let Some(units) = shared("polygons/uk_oa_ew.geojson.gz") else { return };
    let command = format!(
        "TMPDIR='{}' '{}' solve '{units}' -k 1000 --balance population=0.001 --out plan.geojson --map map.svg & pid=$!; sleep 2; kill -INT $pid; sleep 0.1; kill -INT $pid; wait $pid",
        temporary.path().display(),
        env!("CARGO_BIN_EXE_territory-under-test"),
    );
    let run = territory_tests::run("bash", folder.path(), &["-m", "-c", &command], b"").unwrap();
    assert_eq!(run.code, 130, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("cancelled, nothing was written"), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_time_limit_ends_the_search_with_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "solve",
        &data("us-counties.geojson"),
        "-k",
        "60",
        "--balance",
        "population=0.001",
        "--balance",
        "units=0.001",
    ];
    let options = ["--effort", "thorough", "--time-limit", "0.3", "--report", "report.json"];
    let run = territory(folder.path(), &[&arguments[..], &options].concat());
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert_eq!(json(folder.path().join("report.json")).unwrap()["stopped"], "time");
}
