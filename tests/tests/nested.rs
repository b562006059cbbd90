//! Plans on two levels through the program: what was written is read back and both levels are judged by code of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use territory_tests::{Run, data, json as read, text};

const UNITS: &str = "rules/new-england.geojson";

fn territory(folder: &Path, words: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, words, b"").unwrap()
}

/// Solves the counties of New England; the plan's features, the report and the run.
fn solve(folder: &Path, options: &str) -> (Vec<Value>, Value, Run) {
    let units = data(UNITS);
    let outputs = "--out plan.geojson --report report.json --table plan.csv --graph edges.csv";
    let options = options.replace("LINKS", &data("rules/links.csv"));
    let words = ["solve", &units].into_iter().chain(options.split_whitespace()).chain(outputs.split_whitespace());
    let run = territory(folder, &words.collect::<Vec<_>>());
    let plan = read(folder.join("plan.geojson")).unwrap();
    (plan["features"].as_array().unwrap().clone(), read(folder.join("report.json")).unwrap(), run)
}

fn of<'a>(feature: &'a Value, property: &str) -> &'a str {
    feature["properties"][property].as_str().unwrap()
}

/// The region of every territory, which must be one.
fn region_of(plan: &[Value]) -> BTreeMap<&str, &str> {
    let pairs: BTreeSet<(&str, &str)> = plan.iter().map(|f| (of(f, "territory"), of(f, "region"))).collect();
    let regions: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    assert_eq!(regions.len(), pairs.len(), "a territory lies in two regions: {pairs:?}");
    regions
}

/// In how many pieces the units with one value of a property lie.
fn pieces(folder: &Path, plan: &[Value], property: &str, value: &str) -> usize {
    let mut left: BTreeSet<&str> = plan.iter().filter(|f| of(f, property) == value).map(|f| of(f, "geoid")).collect();
    let edges = text(folder.join("edges.csv")).unwrap();
    let edges: Vec<Vec<&str>> = edges.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut pieces = 0;
    while let Some(first) = left.pop_first() {
        pieces += 1;
        let mut open = vec![first];
        while let Some(unit) = open.pop() {
            for e in &edges {
                for (a, b) in [(e[0], e[1]), (e[1], e[0])] {
                    if a == unit && left.remove(b) {
                        open.push(b);
                    }
                }
            }
        }
    }
    pieces
}

#[test]
fn drawn_regions_are_contiguous_and_balanced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (plan, report, run) = solve(folder, "-k 6 --balance population=0.15 --regions 2");
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let regions = region_of(&plan);
    assert_eq!(regions.len(), 6);
    let told = &report["regions"];
    assert_eq!((&told["by"], &told["contiguous"]), (&json!("drawn"), &json!(true)));
    let mut worst = 0.0_f64;
    for region in told["regions"].as_array().unwrap() {
        let name = region["region"].as_str().unwrap();
        let own: Vec<&str> = regions.iter().filter(|(_, r)| **r == name).map(|(t, _)| *t).collect();
        assert_eq!((&region["territories"], own.len()), (&json!(own), 3));
        assert_eq!(pieces(folder, &plan, "region", name), 1);
        let people =
            plan.iter().filter(|f| of(f, "region") == name).map(|f| f["properties"]["population"].as_f64().unwrap());
        let (sum, target) = (people.sum::<f64>(), 15_116_205.0 / 2.0);
        assert_eq!(region["sums"]["population"].as_f64(), Some(sum));
        assert!((region["targets"]["population"].as_f64().unwrap() - target).abs() < 1e-6);
        let deviation = sum / target - 1.0;
        assert!((region["deviations"]["population"].as_f64().unwrap() - deviation).abs() < 1e-12);
        worst = worst.max(deviation.abs());
    }
    assert!(worst <= 0.15 && (told["max_deviations"]["population"].as_f64().unwrap() - worst).abs() < 1e-12);
    for t in regions.keys() {
        assert_eq!(pieces(folder, &plan, "territory", t), 1, "{t}");
    }
    assert!(run.stdout.contains("2 drawn, contiguous · territories of each: 3, 3"), "{}", run.stdout);
    let table = text(folder.join("plan.csv")).unwrap();
    assert!(table.starts_with("id,territory,region\n") && table.contains(",region 1\n"), "{table}");
}

#[test]
fn territories_stay_inside_given_areas() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, report, run) = solve(folder.path(), "-k 11 --balance population=0.6 --within state --links LINKS");
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(plan.iter().all(|f| of(f, "region") == of(f, "state")));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    region_of(&plan).values().for_each(|region| *counts.entry(region).or_default() += 1);
    // Sainte-Laguë by hand from 1 each, in millions: 7.03/1.5, 7.03/2.5, 3.61/1.5, 7.03/3.5, 7.03/4.5 = 1.56 before 3.61/2.5 = 1.44.
    let by_hand = [
        ("Connecticut", 2),
        ("Maine", 1),
        ("Massachusetts", 5),
        ("New Hampshire", 1),
        ("Rhode Island", 1),
        ("Vermont", 1),
    ];
    assert_eq!(counts, by_hand.into());
    let order: Vec<&Value> = report["regions"]["regions"].as_array().unwrap().iter().map(|r| &r["region"]).collect();
    assert_eq!(order[0], of(&plan[0], "state"), "in the order of the file");
    assert!(run.stdout.contains("Massachusetts 5"), "{}", run.stdout);

    // At ±30 % Vermont has too little for a whole territory, and Connecticut too much for two.
    let (_, report, run) = solve(folder.path(), "-k 11 --balance population=0.3 --within state --links LINKS");
    assert_eq!(run.code, 4, "{}", run.stdout);
    let violations = report["violations"].as_array().unwrap();
    let of_regions: BTreeSet<(&str, &str)> = violations
        .iter()
        .map(|v| (v["kind"].as_str().unwrap(), v["territory"].as_str().unwrap()))
        .filter(|v| v.0.starts_with("region_"))
        .collect();
    assert_eq!(of_regions, [("region_above_maximum", "Connecticut"), ("region_below_minimum", "Vermont")].into());
    let vermont = violations.iter().find(|v| v["territory"] == "Vermont").unwrap();
    assert_eq!((&vermont["value"], &vermont["measure"]), (&json!(643_077.0), &json!("population")));
    assert!((vermont["bound"].as_f64().unwrap() - 0.7 * 15_116_205.0 / 11.0).abs() < 1e-6, "{vermont}");
    assert!(run.stdout.contains("  Vermont below minimum population 643,077"), "{}", run.stdout);
}

#[test]
fn contradictions_and_missing_areas_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let units = data(UNITS);
    let refused = |options: &str, code: i32, names: &[&str]| {
        let words = ["solve", &units, "--balance", "population=0.3"].into_iter().chain(options.split_whitespace());
        let run = territory(folder.path(), &words.collect::<Vec<_>>());
        assert_eq!(run.code, code, "{options}: {}{}", run.stdout, run.stderr);
        assert!(names.iter().all(|name| run.stderr.contains(name)), "{options}: {}", run.stderr);
    };
    refused("-k auto --maximum population=3000000 --regions 2", 2, &["--regions", "-k auto"]);
    refused("-k auto --maximum population=3000000 --within state", 2, &["--within", "-k auto"]);
    refused("-k 6 --regions 2 --within state", 2, &["--regions", "--within"]);
    refused("-k 6 --regions 7", 2, &["--regions 7", "6 territories"]);
    refused("-k 6 --regions 2 --no-enclaves", 2, &["--regions", "--no-enclaves"]);
    refused("-k 5 --within state", 2, &["-k 5", "\"state\" has 6 areas"]);
    refused("-k 6 --within state", 3, &["\"Rhode Island\"", "2 pieces", "--links"]);
    refused("-k 6 --within county", 3, &["--within", "\"county\""]);
    refused("-k 6 --within rep", 3, &["\"rep\" is null", "--within"]);
}
