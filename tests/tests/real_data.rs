//! The sets in `data/` through the program from end to end; plans are judged here from the files alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use territory_tests::{Run, data, json, pieces, rook, shared, sums, territories, text, worst_deviation};

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, b"").unwrap()
}

/// Rook pairs of a set, and the bridges that a report lists, as feature indices.
fn linked(set: &str, report: &Value, units: &Value, id: &str) -> Vec<(usize, usize)> {
    let mut pairs = rook(set).unwrap();
    let index = |name: &Value| {
        let features = units["features"].as_array().unwrap();
        features.iter().position(|f| f["properties"][id] == *name).unwrap()
    };
    for bridge in report["graph"]["bridges"].as_array().unwrap() {
        pairs.push((index(&bridge[0]), index(&bridge[1])));
    }
    pairs
}

#[test]
fn counties_in_thirty_territories() {
    let folder = tempfile::tempdir().unwrap();
    let counties = data("us-counties.geojson");
    let run = territory(
        folder.path(),
        &["solve", &counties, "-k", "30", "--balance", "population=0.03", "--out", "plan.geojson"],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(run.stdout.contains("30 territories of 3,107 units, contiguous"), "{}", run.stdout);
    let plan = json(folder.path().join("plan.geojson")).unwrap();
    assert!(worst_deviation(&sums(&plan, "population")) <= 0.03);

    // The plan judged anew says the same.
    let again = ["evaluate", "plan.geojson", "--balance", "population=0.03", "--report", "report.json"];
    let run = territory(folder.path(), &again);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let report = json(folder.path().join("report.json")).unwrap();
    let pairs = linked(&data("us-counties.rook.csv.gz"), &report, &plan, "geoid");
    let pieces = pieces(&territories(&plan), &pairs);
    assert_eq!(pieces.len(), 30);
    assert!(pieces.values().all(|&pieces| pieces == 1), "{pieces:?}");

    // But for `territory` the plan is the input, byte by byte.
    let mut copy = text(folder.path().join("plan.geojson")).unwrap();
    for name in 1..=30 {
        copy = copy.replace(&format!(", \"territory\": \"{name}\""), "");
    }
    assert!(copy == text(&counties).unwrap(), "more than the territory was changed");
}

#[test]
fn los_angeles_is_named_where_it_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = ["--out", "plan.geojson", "--report", "report.json"];
    let arguments = ["solve", &data("us-counties.geojson"), "-k", "50", "--balance", "population=0.03"];
    let run = territory(folder.path(), &[&arguments[..], &outputs].concat());
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(
        run.stdout.contains("06037 (Los Angeles)") && run.stdout.contains("no plan is below 52.1 %"),
        "{}",
        run.stdout
    );
    let (plan, report) =
        (json(folder.path().join("plan.geojson")).unwrap(), json(folder.path().join("report.json")).unwrap());
    let pairs = linked(&data("us-counties.rook.csv.gz"), &report, &plan, "geoid");
    let pieces = pieces(&territories(&plan), &pairs);
    assert!(pieces.len() == 50 && pieces.values().all(|&pieces| pieces == 1), "{pieces:?}");
    let reasons: Vec<&str> =
        report["violations"].as_array().unwrap().iter().filter_map(|v| v["reason"].as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("Los Angeles")), "{reasons:?}");
}

#[test]
fn hospitals_as_points_on_two_measures() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "solve",
        &data("us-hospitals.geojson.gz"),
        "-k",
        "25",
        "--balance",
        "discharges=0.05",
        "--balance",
        "payments_usd=0.20",
    ];
    let outputs = ["--out", "plan.geojson", "--graph", "graph.csv", "--map", "map.svg"];
    let run = territory(folder.path(), &[&arguments[..], &outputs].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let plan = json(folder.path().join("plan.geojson")).unwrap();
    assert!(worst_deviation(&sums(&plan, "discharges")) <= 0.05 + 1e-9);
    assert!(worst_deviation(&sums(&plan, "payments_usd")) <= 0.20 + 1e-9);

    // Contiguous in the graph that was written, whose header and kinds are the contract's.
    let graph = text(folder.path().join("graph.csv")).unwrap();
    assert!(graph.starts_with("a,b,kind,border_km\n"));
    let ids: std::collections::HashMap<String, usize> = plan["features"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(i, f)| (f["properties"]["id"].as_str().unwrap().to_owned(), i))
        .collect();
    let pairs: Vec<(usize, usize)> = graph
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells[2..], ["delaunay", "0"]);
            (ids[cells[0]], ids[cells[1]])
        })
        .collect();
    let pieces = pieces(&territories(&plan), &pairs);
    assert!(pieces.len() == 25 && pieces.values().all(|&pieces| pieces == 1), "{pieces:?}");
    assert!(text(folder.path().join("map.svg")).unwrap().ends_with("</svg>\n"));

    // Dots are drawn as cells.
    let run = territory(folder.path(), &[&arguments[..], &["--territories", "t.geojson"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let drawn = json(folder.path().join("t.geojson")).unwrap();
    assert!(
        drawn["features"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["geometry"]["type"].as_str().unwrap().ends_with("Polygon"))
    );
}

#[test]
fn hospitals_are_customers_of_counties() {
    let folder = tempfile::tempdir().unwrap();
    let (counties, hospitals) = (data("us-counties.geojson"), data("us-hospitals.geojson.gz"));
    let arguments = ["solve", &counties, "--customers", &hospitals, "-k", "20", "--balance", "discharges=0.05"];
    let run = territory(folder.path(), &arguments);
    assert_eq!(run.code, 3, "Alaska and Hawaii are far away: {}", run.stdout);
    assert!(
        run.stderr.contains("customer(s) outside every unit by more than 5 km, farthest feature"),
        "{}",
        run.stderr
    );
    let options = ["--outside", "drop", "--report", "report.json"];
    let run = territory(folder.path(), &[&arguments[..], &options].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let report = json(folder.path().join("report.json")).unwrap();
    let customers = &report["input"]["customers"];
    let count = |name: &str| customers[name].as_u64().unwrap();
    assert_eq!(count("joined") + count("nearest") + count("dropped"), 3064);
    assert!((20..60).contains(&count("dropped")), "{customers}");

    // Counted, each customer is one; whether so tight a mix can be met is not asked here.
    let more = ["--balance", "customers=0.4", "--effort", "quick"];
    let run = territory(folder.path(), &[&arguments[..], &options, &more].concat());
    assert!(run.code == 0 || run.code == 4, "{}", run.stderr);
    let counted = json(folder.path().join("report.json")).unwrap();
    assert_eq!(counted["measures"][1]["total"].as_f64().unwrap(), count("joined") as f64);
    assert_eq!(counted["measures"][0]["total"], report["measures"][0]["total"]);
}

#[test]
fn zip_codes_by_population_and_area() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "solve",
        &data("ct-ri-zip-codes.geojson.gz"),
        "-k",
        "8",
        "--balance",
        "population=0.05",
        "--balance",
        "units=0.6",
    ];
    let outputs = ["--out", "plan.geojson", "--report", "report.json", "--islands", "separate"];
    let run = territory(folder.path(), &[&arguments[..], &outputs].concat());
    // Four components, some of a single unit: a territory each, which cannot be balanced.
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
    let report = json(folder.path().join("report.json")).unwrap();
    assert_eq!(
        (report["graph"]["components"].as_u64(), report["graph"]["bridges"].as_array().unwrap().len()),
        (Some(4), 0)
    );
    assert_eq!(report["contiguous"], true);
    let run = territory(folder.path(), &[&arguments[..], &["--islands", "separate", "-k", "3"]].concat());
    assert_eq!(run.code, 2, "-k twice: {}", run.stderr);
    let run = territory(folder.path(), &[&arguments[..], &["--islands", "error"]].concat());
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("4 components"), "{}", run.stderr);
}

#[test]
fn zip_codes_with_customers_nationwide() {
    let Some(tracts) = shared("points/customers_us_tracts.geojson.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let zips = data("ct-ri-zip-codes.geojson.gz");
    let arguments = ["solve", &zips, "--customers", &tracts, "--outside", "drop", "-k", "8"];
    let measures = ["--balance", "customers:population=0.05", "--balance", "customers=0.10", "--report", "report.json"];
    let run = territory(folder.path(), &[&arguments[..], &measures].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let report = json(folder.path().join("report.json")).unwrap();
    let customers = &report["input"]["customers"];
    let count = |name: &str| customers[name].as_u64().unwrap();
    assert_eq!((count("joined") + count("dropped"), count("nearest")), (85_395, 0));
    let run = territory(folder.path(), &[&arguments[..], &["--balance", "population"]].concat());
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("write units:population or customers:population"), "{}", run.stderr);
}

#[test]
fn same_seed_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let counties = data("us-counties.geojson");
    let plan = |name: &str, threads: &str, seed: &str| {
        let arguments = ["solve", &counties, "-k", "30", "--balance", "population=0.03"];
        let options = ["--effort", "standard", "--threads", threads, "--seed", seed, "--out", name, "--map", "map.svg"];
        let run = territory(folder.path(), &[&arguments[..], &options].concat());
        assert!(run.code == 0 || run.code == 4, "{}", run.stderr);
        (std::fs::read(folder.path().join(name)).unwrap(), std::fs::read(folder.path().join("map.svg")).unwrap())
    };
    let first = plan("a.geojson", "1", "7");
    assert!(first == plan("b.geojson", "2", "7") && first == plan("c.geojson", "2", "7"));
    assert!(first != plan("d.geojson", "2", "8"), "another seed, another plan");
}

#[test]
fn london_on_two_measures() {
    let Some(london) = shared("polygons/uk_oa_london.geojson.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["solve", &london, "-k", "40", "--balance", "population=0.01", "--balance", "units=0.05"];
    let run = territory(folder.path(), &[&arguments[..], &["--out", "plan.geojson"]].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let plan = json(folder.path().join("plan.geojson")).unwrap();
    assert!(worst_deviation(&sums(&plan, "population")) <= 0.01);
    let pairs = rook(shared("polygons/uk_oa_london.rook.csv.gz").unwrap()).unwrap();
    let pieces = pieces(&territories(&plan), &pairs);
    assert!(pieces.len() == 40 && pieces.values().all(|&pieces| pieces == 1), "{pieces:?}");
}

/// 181,408 polygons and all outputs in an address space of 2 GiB.
#[cfg(target_os = "linux")]
#[test]
fn england_and_wales_in_two_gibibytes() {
    let Some(units) = shared("polygons/uk_oa_ew.geojson.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let command = format!(
        "ulimit -v 2097152; exec '{}' solve '{units}' -k 1000 --balance population=0.03 --effort quick --out plan.geojson --table plan.csv --graph graph.csv --territories territories.geojson --report report.json --map map.svg",
        env!("CARGO_BIN_EXE_territory-under-test")
    );
    let run = territory_tests::run("sh", folder.path(), &["-c", &command], b"").unwrap();
    assert!(run.code == 0 || run.code == 4, "{}{}", run.stdout, run.stderr);
    let report = json(folder.path().join("report.json")).unwrap();
    assert_eq!((report["k"].as_u64(), report["units"].as_u64()), (Some(1000), Some(181_408)));
    assert_eq!(report["contiguous"], true);
    assert_eq!(text(folder.path().join("plan.csv")).unwrap().lines().count(), 181_409);
}
