//! `realign`, alternatives and frontiers through the program, on counties; plans are judged here from the files alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use territory_tests::{Run, data, json, pieces, rook, sums, territories, worst_deviation};

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, b"").unwrap()
}

const COUNTIES: &str = "us-counties.geojson";
const BALANCE: [&str; 2] = ["--balance", "population=0.03"];

/// A plan of the counties in 30 territories, as a file, and as JSON.
fn plan(folder: &Path) -> Value {
    plan_of_seed(folder, "0")
}

fn plan_of_seed(folder: &Path, seed: &str) -> Value {
    let counties = data(COUNTIES);
    let more = ["--seed", seed, "-o", "plan.geojson"];
    let run = territory(folder, &[&["solve", &counties, "-k", "30"][..], &BALANCE, &more].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    json(folder.join("plan.geojson")).unwrap()
}

fn write(path: impl AsRef<Path>, plan: &Value) {
    std::fs::write(path, serde_json::to_vec(plan).unwrap()).unwrap();
}

fn features(plan: &mut Value) -> impl Iterator<Item = &mut Value> {
    plan["features"].as_array_mut().unwrap().iter_mut().map(|feature| &mut feature["properties"])
}

/// Another year: every county's population by up to ±15 %, from a generator of its own; Los Angeles as it is. In the first no county of
/// millions has to move, of which a single one is more than all the flow.
fn perturb(plan: &mut Value, year: u64) {
    let mut state = year;
    for properties in features(plan) {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let by = 0.85 + 0.3 * (state >> 11) as f64 / (1u64 << 53) as f64;
        if properties["geoid"] != "06037" {
            properties["population"] = (properties["population"].as_f64().unwrap() * by).round().into();
        }
    }
}

/// Share of the population that had a territory in `before` and has another in `after`, names as they are.
fn changed(before: &Value, after: &Value, forced: &[&str]) -> f64 {
    let people = |f: &Value| f["properties"]["population"].as_f64().unwrap();
    let all = before["features"].as_array().unwrap().iter().zip(territories(before)).zip(territories(after));
    let (mut had, mut moved) = (0.0, 0.0);
    for ((feature, old), new) in all {
        let Some(old) = old.filter(|old| !forced.contains(&old.as_str())) else { continue };
        had += people(feature);
        moved += if Some(old) == new { 0.0 } else { people(feature) };
    }
    moved / had
}

/// Pieces by the rook graph and the bridges that a report lists.
fn in_one_piece(plan: &Value, report: &Value) -> bool {
    let mut pairs = rook(data("us-counties.rook.csv.gz")).unwrap();
    let all = plan["features"].as_array().unwrap();
    let index = |name: &Value| all.iter().position(|f| f["properties"]["geoid"] == *name).unwrap();
    pairs.extend(report["graph"]["bridges"].as_array().unwrap().iter().map(|b| (index(&b[0]), index(&b[1]))));
    pieces(&territories(plan), &pairs).values().all(|&pieces| pieces == 1)
}

/// How far territories are beyond ±3 % in all, in targets.
fn beyond(plan: &Value) -> f64 {
    let sums = sums(plan, "population");
    let target = sums.values().sum::<f64>() / sums.len() as f64;
    sums.values().map(|sum| ((sum / target - 1.0).abs() - 0.03).max(0.0)).sum()
}

fn names(plan: &Value) -> BTreeSet<String> {
    territories(plan).into_iter().flatten().collect()
}

fn realign(folder: &Path, file: &str, more: &[&str]) -> (Run, Value, Value) {
    let outputs = ["-o", "new.geojson", "--report", "new.json", "--moves", "moves.csv"];
    let run = territory(folder, &[&["realign", file][..], &BALANCE, more, &outputs].concat());
    assert!(run.code == 0 || run.code == 4, "{}{}", run.stdout, run.stderr);
    (run, json(folder.join("new.geojson")).unwrap(), json(folder.join("new.json")).unwrap())
}

/// Protects the main promise: bounds restored with little more change than the cheapest flow, where a fresh plan changes most; and that
/// what is told is what the files say.
#[test]
fn bounds_are_restored_with_little_change() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut today = plan(folder);
    perturb(&mut today, 1);
    write(folder.join("today.geojson"), &today);
    assert!(beyond(&today) > 0.03, "the year is no other");

    let (run, new, report) = realign(folder, "today.geojson", &[]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(worst_deviation(&sums(&new, "population")) <= 0.03);
    assert!(in_one_piece(&new, &report));
    let share = changed(&today, &new, &[]);
    let disruption = &report["disruption"];
    assert!((disruption["population"].as_f64().unwrap() - share).abs() < 1e-9);
    let (bound, flow) = (&disruption["lower_bound"]["population"], &disruption["flow_estimate"]["population"]);
    assert!(bound.as_f64().unwrap() > 0.0 && bound.as_f64().unwrap() <= share);
    assert!(share <= 1.5 * flow.as_f64().unwrap(), "{share} beside {flow}");
    assert!(run.stdout.contains("no plan is below") && run.stdout.contains("flow estimate"), "{}", run.stdout);
    assert_eq!(report["disruption"]["beyond_flow"], 0, "{}", run.stdout);
    assert_eq!(report["effort"], Value::Null);

    // The plan before stands beside the new one, and the list of moves is their difference.
    let before = |f: &Value| f["properties"]["territory_before"].as_str().map(str::to_owned);
    let told: Vec<Option<String>> = new["features"].as_array().unwrap().iter().map(before).collect();
    assert_eq!(told, territories(&today));
    let differ = territories(&today).iter().zip(territories(&new)).filter(|(a, b)| *a != b).count();
    assert_eq!(territory_tests::text(folder.join("moves.csv")).unwrap().lines().count() - 1, differ);

    // A plan from nothing, its territories called as they were.
    let fresh = ["solve", "today.geojson", "-k", "30", BALANCE[0], BALANCE[1], "-o", "fresh.geojson"];
    assert_eq!(territory(folder, &fresh).code, 0);
    let compare = ["compare", "today.geojson", "fresh.geojson", BALANCE[0], BALANCE[1], "-o", "named.geojson"];
    assert_eq!(territory(folder, &compare).code, 0);
    let afresh = changed(&today, &json(folder.join("named.geojson")).unwrap(), &[]);
    assert!(afresh > 5.0 * share, "{afresh} beside {share}");

    // Realigned again nothing moves.
    std::fs::copy(folder.join("new.geojson"), folder.join("again.geojson")).unwrap();
    let (run, again, _) = realign(folder, "again.geojson", &[]);
    assert!(run.code == 0 && territories(&again) == territories(&new), "{}", run.stdout);
}

/// Protects years in which a territory of a few large counties has to give one and take smaller ones back: bounds are restored in all, and
/// what changes is near the flow, or near what is proved of any plan.
#[test]
fn years_in_which_large_counties_have_to_move() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let before = plan_of_seed(folder, "1");
    let mut proved = 0;
    for year in 1..=11 {
        let mut today = before.clone();
        perturb(&mut today, year);
        write(folder.join("today.geojson"), &today);
        let (run, new, report) = realign(folder, "today.geojson", &[]);
        assert_eq!(run.code, 0, "year {year}: {}", run.stdout);
        assert!(worst_deviation(&sums(&new, "population")) <= 0.03 && in_one_piece(&new, &report), "year {year}");
        let share = changed(&today, &new, &[]);
        let of = |key: &str| report["disruption"][key]["population"].as_f64().unwrap();
        let (least, flow) = (of("lower_bound"), of("flow_estimate"));
        assert!(least <= share && (share <= 1.5 * flow || share <= 2.2 * least), "{year}: {share} {least} {flow}");
        proved += usize::from(least > 1.5 * flow);

        // Who changes is counted from the files.
        let pairs = territories(&today).into_iter().zip(territories(&new)).filter(|(a, b)| a != b);
        let touched: BTreeSet<String> = pairs.flat_map(|(a, b)| [a, b]).flatten().collect();
        assert_eq!(report["disruption"]["touched"], touched.len());
        let loads = sums(&today, "population");
        let target = loads.values().sum::<f64>() / 30.0;
        let outside = loads.values().filter(|load| (*load / target - 1.0).abs() > 0.03).count();
        let told = report["disruption"]["least_touched"].as_u64().unwrap() as usize;
        assert!((outside..=touched.len()).contains(&told), "{outside} {told} {}", touched.len());
    }
    assert!(proved > 0, "none of the years is one in which no plan is near the flow");
}

/// Protects limits: they hold to the last person, and bounds that cannot be met within them are violations.
#[test]
fn limits_on_change_hold_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut today = plan(folder);
    perturb(&mut today, 1);
    write(folder.join("today.geojson"), &today);
    let (_, free, _) = realign(folder, "today.geojson", &[]);
    let needed = changed(&today, &free, &[]);

    let half = format!("population={}", 0.5 * needed);
    let (run, new, report) = realign(folder, "today.geojson", &["--max-disruption", &half]);
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(changed(&today, &new, &[]) <= 0.5 * needed * (1.0 + 1e-9));
    let kinds: BTreeSet<&str> =
        report["violations"].as_array().unwrap().iter().filter_map(|v| v["kind"].as_str()).collect();
    assert!(kinds.is_subset(&BTreeSet::from(["above_maximum", "below_minimum"])), "{kinds:?}");
    assert!(beyond(&new) < beyond(&today), "half the change is not in vain");

    let caps = ["--max-handed-off", "population=0.02", "--max-taken-over", "population=0.02"];
    let (_, new, _) = realign(folder, "today.geojson", &[&caps[..], &["--max-disruption", "units=0.004"]].concat());
    let (old, now) = (territories(&today), territories(&new));
    let moved: Vec<usize> = (0..old.len()).filter(|&u| old[u] != now[u]).collect();
    assert!(moved.len() <= 12, "{} of 3,107 are more than 0.4 %", moved.len());
    let has = sums(&today, "population");
    for side in [&old, &now] {
        let mut by: BTreeMap<&String, f64> = BTreeMap::new();
        for &u in &moved {
            let people = today["features"][u]["properties"]["population"].as_f64().unwrap();
            *by.entry(side[u].as_ref().unwrap()).or_insert(0.0) += people;
        }
        assert!(by.iter().all(|(name, sum)| *sum <= 0.02 * has[*name] * (1.0 + 1e-9)), "{by:?}");
    }
    let (run, new, _) = realign(folder, "today.geojson", &["--max-disruption", "units=0"]);
    assert!(run.code == 4 && territories(&new) == old, "{}", run.stdout);
}

/// Protects who comes and goes: names stay, only territories near by change, and the exit code is that of the bounds.
#[test]
fn a_rep_leaves_and_one_joins() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let today = plan(folder);
    let all = names(&today);

    let (run, new, report) = realign(folder, "plan.geojson", &["--remove", "7"]);
    assert!(run.stdout.contains("note: territory 7 leaves"), "{}", run.stdout);
    let mut rest = all.clone();
    rest.remove("7");
    assert_eq!(names(&new), rest);
    assert!(in_one_piece(&new, &report));
    // A thirtieth has to go, and as it spreads as much again a few times; a plan from nothing changes most of the map.
    assert!(changed(&today, &new, &["7"]) < 0.2, "{}", run.stdout);
    let forced = report["disruption"]["forced"]["population"].as_f64().unwrap();
    assert!((0.02..0.05).contains(&forced), "{forced}");
    assert!(run.code == 0 || worst_deviation(&sums(&new, "population")) < 0.1, "{}", run.stdout);

    // A limit that counts only what is not forced.
    let (run, new, _) = realign(folder, "plan.geojson", &["--remove", "7", "--max-disruption", "population=0.01"]);
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(changed(&today, &new, &["7"]) <= 0.01 * (1.0 + 1e-9));

    // Fewer by number: the one with the least population.
    let least = sums(&today, "population").into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
    let (run, new, _) = realign(folder, "plan.geojson", &["-k", "29"]);
    assert!(run.stdout.contains(&format!("note: territory {least} leaves")), "{}", run.stdout);
    assert_eq!(names(&new).len(), 29);

    let (run, new, report) = realign(folder, "plan.geojson", &["--add", "Newcomer"]);
    assert!(run.stdout.contains("note: territory Newcomer joins"), "{}", run.stdout);
    let mut more = all.clone();
    more.insert("Newcomer".to_owned());
    assert_eq!(names(&new), more);
    assert!(in_one_piece(&new, &report));
    assert!(changed(&today, &new, &[]) < 0.2, "{}", run.stdout);
    let (run, new, _) = realign(folder, "plan.geojson", &["-k", "31"]);
    assert!(run.stdout.contains("note: territory 31 joins") && names(&new).contains("31"), "{}", run.stdout);
}

/// Protects plans that come in broken: new units, territories in pieces; and units that are protected.
#[test]
fn broken_plans_are_mended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut today = plan(folder);
    let mut count = 0;
    for properties in features(&mut today) {
        count += 1;
        if count % 50 == 0 {
            properties["territory"] = Value::Null;
        } else if count % 97 == 0 {
            properties["territory"] = "1".into();
        }
        // Texas stays, as it is written in three ways.
        let flags = [Value::from(true), Value::from(1), Value::from("yes")];
        let texas = properties["geoid"].as_str().unwrap().starts_with("48") && count % 97 != 0;
        properties["stays"] = if texas { flags[count % 3].clone() } else { Value::from(false) };
    }
    write(folder.join("today.geojson"), &today);
    let (run, new, report) = realign(folder, "today.geojson", &["--protect", "stays"]);
    assert!(in_one_piece(&new, &report), "{}", run.stdout);
    assert_eq!(report["disruption"]["new_units"], 62);
    let before = |f: &Value| f["properties"]["territory_before"].clone();
    assert_eq!(new["features"].as_array().unwrap().iter().filter(|f| before(f).is_null()).count(), 62);
    let both = territories(&today).into_iter().zip(territories(&new));
    for (feature, (old, now)) in today["features"].as_array().unwrap().iter().zip(both) {
        let stays = &feature["properties"]["stays"];
        assert!(*stays == false || old.is_none() || old == now, "{feature}");
    }
    assert!(worst_deviation(&sums(&new, "population")) <= 0.03 || run.code == 4, "{}", run.stdout);
}

/// Protects the reps' table as the roster: who is not in it leaves, who is new joins.
#[test]
fn the_table_of_reps_says_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    plan(folder);
    let rows: String = (2..=30).map(|t| format!("{t}\n")).collect();
    std::fs::write(folder.join("reps.csv"), format!("name\n{rows}North\n")).unwrap();
    let (run, new, _) = realign(folder, "plan.geojson", &["--reps", "reps.csv"]);
    assert!(
        run.stdout.contains("territory 1 leaves") && run.stdout.contains("territory North joins"),
        "{}",
        run.stdout
    );
    assert!(names(&new).contains("North") && !names(&new).contains("1") && names(&new).len() == 30);
}

/// Protects what alternatives state, and their files.
#[test]
fn alternatives_differ_by_what_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let counties = data(COUNTIES);
    let arguments = ["solve", &counties, "-k", "30", BALANCE[0], BALANCE[1], "-o", "plan.geojson"];
    let options = ["--alternatives", "3", "--least-difference", "0.05", "--effort", "quick", "--report", "r.json"];
    let run = territory(folder, &[&arguments[..], &options].concat());
    assert!(run.code == 0 || run.code == 4, "{}{}", run.stdout, run.stderr);
    let report = json(folder.join("r.json")).unwrap();
    let told = report["alternatives"].as_array().unwrap();
    assert_eq!(told.len(), 3, "{}", run.stdout);
    let files: Vec<&str> = told.iter().filter_map(|a| a["plan"].as_str()).collect();
    assert_eq!(files, ["plan.geojson", "plan-2.geojson", "plan-3.geojson"]);
    let plans: Vec<Value> = files.iter().map(|file| json(folder.join(file)).unwrap()).collect();
    for (a, plan) in plans.iter().enumerate() {
        assert_eq!(names(plan).len(), 30);
        for other in plans.iter().skip(a + 1) {
            // Names are one way to match territories; the difference is by the best.
            let both = || territories(plan).into_iter().zip(territories(other));
            let by_name = both().filter(|(x, y)| x != y).count() as f64 / 3107.0;
            let mut shared: BTreeMap<_, usize> = BTreeMap::new();
            both().for_each(|pair| *shared.entry(pair).or_insert(0) += 1);
            let overlap = |t: &String| shared.iter().filter(|s| s.0.0.as_ref() == Some(t)).map(|s| *s.1).max().unwrap();
            let least = 1.0 - names(plan).iter().map(overlap).sum::<usize>() as f64 / 3107.0;
            let difference = told[a]["difference"].as_f64().unwrap();
            assert!(difference >= 0.05 && by_name >= difference - 1e-9, "{by_name} {difference}");
            assert!(a > 0 || least <= by_name, "{least} {by_name}");
        }
    }
    assert!(run.stdout.contains("differs by"), "{}", run.stdout);
}

/// Protects frontiers: their files say what the report says, and no plan beats another.
#[test]
fn no_plan_on_a_frontier_is_beaten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut today = plan(folder);
    perturb(&mut today, 1);
    write(folder.join("today.geojson"), &today);
    let (run, new, report) = realign(folder, "today.geojson", &["--frontier", "disruption"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let points = report["frontier"]["points"].as_array().unwrap();
    assert!(points.len() >= 4, "{}", run.stdout);
    let mut found: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let plan = json(folder.join(point["plan"].as_str().unwrap())).unwrap();
        let (balance, cost) = (worst_deviation(&sums(&plan, "population")), changed(&today, &plan, &[]));
        assert!((balance - point["balance"].as_f64().unwrap()).abs() < 1e-9, "{point}");
        assert!((cost - point["cost"].as_f64().unwrap()).abs() < 1e-9, "{point}");
        assert!(found.iter().all(|f| f.0 < balance && f.1 > cost), "{found:?} beat {balance} {cost}");
        assert!(point["asked"] == (plan == new), "{point}");
        found.push((balance, cost));
    }
    assert!(found.last().unwrap().1 < 1e-9, "the least change there is: none");

    let counties = data(COUNTIES);
    let arguments = ["solve", &counties, "-k", "12", BALANCE[0], BALANCE[1], "--effort", "quick"];
    let run = territory(folder, &[&arguments[..], &["--frontier", "compactness", "--report", "r.json"]].concat());
    assert!(run.code == 0 || run.code == 4, "{}{}", run.stdout, run.stderr);
    let report = json(folder.join("r.json")).unwrap();
    let points = report["frontier"]["points"].as_array().unwrap();
    let value = |point: &Value, name: &str| point[name].as_f64().unwrap();
    let order = |pair: &[Value]| {
        value(&pair[0], "balance") < value(&pair[1], "balance") && value(&pair[0], "cost") > value(&pair[1], "cost")
    };
    assert!(points.len() >= 2 && points.windows(2).all(order), "{}", run.stdout);
    assert_eq!(points[0]["plan"], Value::Null, "without --out nothing is written");
}
