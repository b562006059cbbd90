//! The rules of companies through the program: each is read back from the plan that was written, by code of its own, and the page of
//! examples runs as it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use territory_tests::{Run, json as read, root, text};

const UNITS: &str = "rules/new-england.geojson";

fn territory(folder: &Path, words: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, words, b"").unwrap()
}

fn data(name: &str) -> String {
    territory_tests::data(name)
}

/// Solves the counties of New England with these options; the plan's features, the report and the summary.
fn solve(options: &str) -> (Vec<Value>, Value, Run) {
    let folder = tempfile::tempdir().unwrap();
    let options = options.replace("RULES/", &data("rules/"));
    let mut words = vec!["solve".to_owned(), data(UNITS)];
    words.extend(options.split_whitespace().map(str::to_owned));
    words.extend(["--out", "plan.geojson", "--report", "report.json"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = territory(folder.path(), &words);
    assert_eq!(run.code, 0, "{options}: {}{}", run.stdout, run.stderr);
    let plan = read(folder.path().join("plan.geojson")).unwrap();
    let report = read(folder.path().join("report.json")).unwrap();
    assert_eq!(report["contiguous"], true, "{options}");
    (plan["features"].as_array().unwrap().clone(), report, run)
}

fn of<'a>(feature: &'a Value, property: &str) -> &'a str {
    feature["properties"][property].as_str().unwrap_or("")
}

/// Territory by geoid.
fn by_id(plan: &[Value]) -> BTreeMap<&str, &str> {
    plan.iter().map(|f| (of(f, "geoid"), of(f, "territory"))).collect()
}

/// Pairs of a table.
fn pairs(name: &str) -> Vec<(String, String)> {
    let table = text(data(name)).unwrap();
    let pair = |line: &str| {
        let mut cells = line.split(',').map(str::to_owned);
        (cells.next().unwrap(), cells.next().unwrap())
    };
    table.lines().skip(1).map(pair).collect()
}

#[test]
fn locks_and_sets_are_kept_and_name_the_territories() {
    let (plan, report, _) = solve("-k 6 --balance population=0.15 --lock rep --allow may_serve --forbid never");
    let mut seen = BTreeSet::new();
    for f in &plan {
        let at = of(f, "territory");
        seen.insert(at.to_owned());
        let lock = of(f, "rep");
        assert!(lock.is_empty() || lock == at, "{f}");
        if let Some(allowed) = f["properties"]["may_serve"].as_array() {
            assert!(allowed.iter().any(|a| a == at), "{f}");
        }
        assert!(of(f, "never").split(';').all(|never| never.trim() != at), "{f}");
    }
    // The names that rules use, and one more that is numbered.
    assert_eq!(seen, ["1", "R1", "R2", "R3", "R4", "R5"].map(str::to_owned).into());
    assert_eq!((&report["rules"]["locked"], &report["rules"]["restricted"]), (&json!(6), &json!(6)));
    let order: Vec<&str> =
        report["territories"].as_array().unwrap().iter().map(|t| t["territory"].as_str().unwrap()).collect();
    assert_eq!(order.last(), Some(&"1"), "{order:?}");
}

#[test]
fn groups_and_pairs_apart_are_kept() {
    let (plan, report, _) = solve("-k 5 --balance population=0.15 --together market --apart RULES/apart.csv");
    let mut markets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for f in plan.iter().filter(|f| !of(f, "market").is_empty()) {
        markets.entry(of(f, "market")).or_default().insert(of(f, "territory"));
    }
    assert_eq!(markets.len(), 3);
    assert!(markets.values().all(|at| at.len() == 1), "{markets:?}");
    let at = by_id(&plan);
    for (a, b) in pairs("rules/apart.csv") {
        assert_ne!(at[a.as_str()], at[b.as_str()], "{a} {b}");
    }
    let rules = &report["rules"];
    assert_eq!((&rules["groups"], &rules["grouped"], &rules["apart"]), (&json!(3), &json!(8), &json!(3)));
}

#[test]
fn reps_give_names_targets_homes_radii_and_skills() {
    let (plan, report, _) = solve("--reps RULES/reps.csv --balance population=0.15 --needs needs");
    let territories = report["territories"].as_array().unwrap();
    let names: Vec<&Value> = territories.iter().map(|t| &t["territory"]).collect();
    assert_eq!(names, ["R1", "R2", "R3", "R4", "R5"], "the order of the table");
    // Hours × FTE × effectiveness: 1280, 1280, 1600, 1760, 1600.
    let total = report["measures"][0]["total"].as_f64().unwrap();
    for (t, hours) in territories.iter().zip([1280.0, 1280.0, 1600.0, 1760.0, 1600.0]) {
        let target = t["targets"]["population"].as_f64().unwrap();
        assert!((target - total * hours / 7520.0).abs() < 1.0, "{t}");
        assert!((t["sums"]["population"].as_f64().unwrap() / target - 1.0).abs() <= 0.15, "{t}");
    }
    assert!(territories[4]["sums"]["population"].as_f64().unwrap() <= 4e6);
    for f in &plan {
        match of(f, "needs") {
            "French" => assert!(["R1", "R2"].contains(&of(f, "territory")), "{f}"),
            "tenders" => assert!(["R3", "R4", "R5"].contains(&of(f, "territory")), "{f}"),
            _ => {}
        }
    }
    assert_eq!(report["rules"]["skills"], json!(["French", "tenders"]));
}

#[test]
fn areas_are_split_less_with_the_rule_than_without() {
    let splits = |plan: &[Value]| -> usize {
        let met: BTreeSet<(&str, &str)> = plan.iter().map(|f| (of(f, "state"), of(f, "territory"))).collect();
        met.len() - 6
    };
    let (without, _, _) = solve("-k 5 --balance population=0.2");
    let (with, report, _) = solve("-k 5 --balance population=0.2 --keep-whole state");
    let areas = &report["rules"]["areas"][0];
    assert_eq!(areas["splits"].as_u64().unwrap() as usize, splits(&with));
    assert_eq!((&areas["name"], &areas["areas"], &areas["enough"]), (&json!("state"), &json!(6), &json!(4)));
    assert!(splits(&with) < splits(&without), "{} and {}", splits(&with), splits(&without));
    assert!(splits(&with) <= 4, "{areas}");
}

#[test]
fn ties_are_cut_less_with_the_rule_than_without() {
    let cut = |plan: &[Value]| -> f64 {
        let at = by_id(plan);
        let table = text(data("rules/ties.csv")).unwrap();
        let rows = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        rows.filter(|r| at[r[0]] != at[r[1]]).map(|r| r[2].parse::<f64>().unwrap()).fold(0.0, |a, b| a + b)
    };
    let (without, _, _) = solve("-k 5 --balance population=0.1");
    let (with, report, _) = solve("-k 5 --balance population=0.1 --ties RULES/ties.csv --ties-weight 5");
    let ties = &report["rules"]["ties"];
    assert_eq!(
        (&ties["pairs"], &ties["weight"], ties["cut_weight"].as_f64()),
        (&json!(5), &json!(29.0), Some(cut(&with)))
    );
    assert!(cut(&with) < cut(&without), "{} and {}", cut(&with), cut(&without));
}

#[test]
fn classes_are_shared_out() {
    let (plan, report, run) = solve("-k 4 --balance population=0.25 --spread stage=0.5 --at-most stage=18");
    for stage in ["mature", "growth", "emerging"] {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        for f in &plan {
            *counts.entry(of(f, "territory")).or_default() += f64::from(of(f, "stage") == stage);
        }
        let target = counts.values().sum::<f64>() / 4.0;
        assert_eq!(counts.len(), 4);
        for count in counts.values() {
            assert!((count - target).abs() <= (target * 0.5).max(1.0) && *count <= 18.0, "{stage}: {counts:?}");
        }
    }
    let names: Vec<&Value> = report["measures"].as_array().unwrap().iter().map(|m| &m["name"]).collect();
    assert_eq!(names, ["population", "stage=emerging", "stage=growth", "stage=mature"]);
    assert!(run.stdout.contains("stage=mature"), "{}", run.stdout);
}

#[test]
fn named_accounts_count_in_their_owners_load() {
    let customers =
        "--customers RULES/hospitals.geojson --reps RULES/reps.csv --balance discharges=0.25 --balance customers=0.9";
    let (plan, report, _) = solve(&format!("{customers} --exclude key_account"));
    let hospitals = read(data("rules/hospitals.geojson")).unwrap();
    let hospitals = hospitals["features"].as_array().unwrap();
    let sum = |with: &dyn Fn(&Value) -> bool| -> f64 {
        let with = hospitals.iter().filter(|h| with(&h["properties"]["key_account"]));
        with.map(|h| h["properties"]["discharges"].as_f64().unwrap()).sum()
    };
    let (r3, r5, rest) = (sum(&|o| o == "R3"), sum(&|o| o == "R5"), sum(&Value::is_null));
    assert!(r3 > 0.0 && rest > 0.0);
    let excluded = report["rules"]["excluded"].as_array().unwrap();
    let of_r3 = excluded.iter().find(|e| e["territory"] == "R3").unwrap();
    assert_eq!(of_r3["load"]["discharges"].as_f64(), Some(r3));
    assert_eq!(of_r3["accounts"].as_f64(), of_r3["load"]["customers"].as_f64());
    let territories = report["territories"].as_array().unwrap();
    let sums: f64 = territories.iter().map(|t| t["sums"]["discharges"].as_f64().unwrap()).sum();
    assert!((sums - (r3 + r5 + rest)).abs() < 1e-6, "{sums}");
    let target = territories[2]["targets"]["discharges"].as_f64().unwrap();
    assert!((target - (r3 + r5 + rest) * 1600.0 / 7520.0).abs() < 1e-6, "targets are shares of everything");
    assert_eq!(plan.len(), 67);
    assert_eq!(
        report["input"]["customers"],
        json!({"joined": 118, "nearest": 1, "dropped": 0}),
        "six are named accounts"
    );
}

#[test]
fn centres_keep_their_distance() {
    let (_, report, _) = solve("-k 5 --balance population=0.2 --centres-apart 60");
    let centres: Vec<[f64; 2]> = report["territories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| serde_json::from_value(t["centroid"].clone()).unwrap())
        .collect();
    for (i, a) in centres.iter().enumerate() {
        for b in &centres[..i] {
            let (dx, dy) = ((a[0] - b[0]) * 111.2 * (42.5f64).to_radians().cos(), (a[1] - b[1]) * 111.2);
            assert!(dx.hypot(dy) > 59.0, "{a:?} {b:?}");
        }
    }
    assert_eq!(report["rules"]["centres_apart_km"], 60.0);
    // What cannot be kept, or was not, is told.
    let folder = tempfile::tempdir().unwrap();
    let words = ["solve", &data(UNITS), "-k", "5", "--balance", "population=0.2", "--centres-apart", "400"];
    let run = territory(folder.path(), &[&words[..], &["--report", "r.json"]].concat());
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
    let report = read(folder.path().join("r.json")).unwrap();
    assert_eq!(report["violations"][0]["kind"], "centres_too_near", "{}", report["violations"]);
}

#[test]
fn the_number_of_territories_is_found_with_its_reason() {
    let (_, report, run) = solve("-k auto --balance population=0.3 --maximum population=2500000");
    let found = &report["how_many"];
    assert_eq!((&found["k"], &found["lacks"]), (&report["k"], &Value::Null));
    let (k, total) = (report["k"].as_f64().unwrap(), report["measures"][0]["total"].as_f64().unwrap());
    let below = &found["below"];
    match below["verdict"].as_str().unwrap() {
        // By the total, there is a proof below seven.
        "proved" => assert!(k >= (total / 2.5e6).ceil(), "{found}"),
        verdict => assert_eq!(verdict, "not found at this effort"),
    }
    assert!(run.stdout.contains("are enough; "), "{}", run.stdout);
    assert!(
        report["territories"].as_array().unwrap().iter().all(|t| t["sums"]["population"].as_f64().unwrap() <= 2.5e6)
    );

    // One less than twelve cannot hold a total of twelve.
    let folder = tempfile::tempdir().unwrap();
    let words =
        ["solve", &data(UNITS), "-k", "auto", "--maximum", "units=6", "--minimum", "units=5", "--report", "r.json"];
    let run = territory(folder.path(), &words);
    let report = read(folder.path().join("r.json")).unwrap();
    assert_eq!(report["how_many"]["below"]["reason"], "11 territories of at most 6 cannot hold the 67 of units");
    assert_eq!(report["how_many"]["below"]["verdict"], "proved");
    assert!(run.code == 0 && report["k"] == 12, "{}", run.stdout);
}

#[test]
fn what_no_number_can_do_is_a_plan_with_a_violation() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["solve", &data(UNITS), "-k", "auto", "--maximum", "population=1000000", "--report", "r.json"];
    let run = territory(folder.path(), &words);
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("no number was found that is enough"), "{}", run.stdout);
    let report = read(folder.path().join("r.json")).unwrap();
    assert!(report["violations"][0]["reason"].as_str().unwrap().contains("Middlesex"), "{}", report["violations"]);
}

/// A row of four squares with properties of their own.
fn row(folder: &Path, properties: [Value; 4]) {
    let feature = |(i, mut of): (usize, Value)| {
        let (x, id) = (i as f64 / 100.0, format!("u{i}"));
        (of["id"], of["calls"]) = (json!(id), json!(10));
        let ring = [[x, 0.0], [x + 0.01, 0.0], [x + 0.01, 0.01], [x, 0.01], [x, 0.0]];
        json!({"type": "Feature", "properties": of, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    };
    let features: Vec<Value> = properties.into_iter().enumerate().map(feature).collect();
    let collection = json!({"type": "FeatureCollection", "features": features});
    std::fs::write(folder.join("units.geojson"), collection.to_string()).unwrap();
}

#[test]
fn three_and_three_point_nought_are_one_name() {
    let folder = tempfile::tempdir().unwrap();
    row(
        folder.path(),
        [json!({"rep": "3.0"}), json!({"rep": 3}), json!({"rep": null, "may": [3.0, "7"]}), json!({"rep": " 7 "})],
    );
    let words = ["solve", "units.geojson", "-k", "2", "--balance", "calls=0.6", "--lock", "rep", "--allow", "may"];
    let run = territory(folder.path(), &[&words[..], &["--table", "plan.csv"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let plan = text(folder.path().join("plan.csv")).unwrap();
    assert!(plan.starts_with("id,territory\nu0,3\nu1,3\nu2,") && plan.ends_with("\nu3,7\n"), "{plan}");
    // The table of reps may write them otherwise too, and gives the names.
    std::fs::write(folder.path().join("reps.csv"), "Name;Capacity\n7.0;1\n3;1\n").unwrap();
    let run =
        territory(folder.path(), &[&words[..2], &words[4..], &["--reps", "reps.csv", "--table", "plan.csv"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(text(folder.path().join("plan.csv")).unwrap().starts_with("id,territory\nu0,3\nu1,3\n"));
}

#[test]
fn a_plan_is_judged_by_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let with = |territory: &str, rep: Value, group: &str| json!({"territory": territory, "rep": rep, "group": group});
    row(
        folder.path(),
        [
            with("A", json!("B"), ""),
            with("A", json!(null), "g"),
            with("B", json!(null), "g"),
            with("B", json!("B"), ""),
        ],
    );
    std::fs::write(folder.path().join("apart.csv"), "a,b\nu2,u3\n").unwrap();
    let judge = ["evaluate", "units.geojson", "--balance", "calls=0.1", "--report", "r.json"];
    assert_eq!(territory(folder.path(), &judge).code, 0);
    for (rule, kind) in
        [(["--lock", "rep"], "lock"), (["--together", "group"], "together"), (["--apart", "apart.csv"], "apart")]
    {
        let run = territory(folder.path(), &[&judge[..], &rule].concat());
        assert_eq!(run.code, 4, "{rule:?}: {}{}", run.stdout, run.stderr);
        let report = read(folder.path().join("r.json")).unwrap();
        assert_eq!(report["violations"][0]["kind"], kind, "{}", report["violations"]);
    }
}

#[test]
fn every_example_of_the_page_runs_as_it_stands() {
    let page = text(root().join("docs/rules.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("cargo run --release -- ")).collect();
    assert_eq!(commands.len(), page.matches("```sh").count(), "one command in each block");
    for command in &commands {
        let words: Vec<String> =
            command.split_whitespace().map(|w| w.strip_prefix("data/").map_or(w.to_owned(), data)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let run = territory(folder.path(), &words);
        assert_eq!(run.code, 0, "{command}: {}{}", run.stdout, run.stderr);
    }
    // Every rule of the contract has an example, and a line in the README.
    let contract = text(root().join("docs/cli.md")).unwrap();
    let rules = contract.split("**Rules of a company**").nth(1).unwrap().split("\n**").next().unwrap();
    let readme = text(root().join("README.md")).unwrap();
    for row in rules.lines().filter(|line| line.starts_with("| `-")) {
        for name in row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            let option = name.split_whitespace().next().unwrap();
            assert!(commands.iter().any(|c| c.contains(option)), "no example of {option}");
            assert!(readme.contains(&format!("`{option}")), "README does not name {option}");
        }
    }
}
