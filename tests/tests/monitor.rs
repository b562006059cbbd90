//! A plan over periods, and two plans side by side, through the program; figures are recomputed here from the files alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use territory_tests::{Run, data, json, territories, text};

const K: usize = 30;
const TOLERANCE: f64 = 0.05;

fn territory(folder: &Path, arguments: &[&str]) -> Run {
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), folder, arguments, b"").unwrap()
}

/// A plan of the counties within ±3 %, in `folder/plan.geojson`: ids, territories, populations.
fn counties(folder: &Path) -> (Vec<String>, Vec<String>, Vec<f64>) {
    let counties = data("us-counties.geojson");
    let solve = ["solve", &counties, "-k", "30", "--balance", "population=0.03", "--effort", "quick"];
    let run = territory(folder, &[&solve[..], &["--out", "plan.geojson"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let plan = json(folder.join("plan.geojson")).unwrap();
    let features = plan["features"].as_array().unwrap();
    let ids = features.iter().map(|f| f["properties"]["geoid"].as_str().unwrap().to_owned()).collect();
    let population = features.iter().map(|f| f["properties"]["population"].as_f64().unwrap()).collect();
    (ids, territories(&plan).into_iter().flatten().collect(), population)
}

/// Rows of a series in which the units of `territory` grow by `growth` a period, and the whole market by 1 %.
fn series(
    ids: &[String],
    names: &[String],
    population: &[f64],
    territory: &str,
    growth: f64,
    periods: usize,
) -> String {
    let mut text = "period,note,unit,population\n".to_owned();
    for p in 0..periods {
        // Units in turn from either end: the order of rows within a period says nothing.
        for i in 0..ids.len() {
            let u = if p % 2 == 0 { i } else { ids.len() - 1 - i };
            let own = if names[u] == territory { growth } else { 0.0 };
            let value = population[u] * (1.0 + own * p as f64) * 1.01f64.powi(p as i32);
            writeln!(text, "Y{},as counted,{},{value:.3}", 2020 + p, ids[u]).unwrap();
        }
    }
    text
}

/// Sums per territory and period, read from the series itself.
fn sums(series: &str, names: &BTreeMap<&str, &str>) -> BTreeMap<String, Vec<f64>> {
    let (mut periods, mut sums) = (Vec::new(), BTreeMap::new());
    for line in series.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if !periods.contains(&cells[0]) {
            periods.push(cells[0]);
        }
        let of: &mut Vec<f64> = sums.entry(names[cells[2]].to_owned()).or_default();
        of.resize(periods.len(), 0.0);
        of[periods.len() - 1] += cells[3].parse::<f64>().unwrap();
    }
    sums
}

/// Slope and its standard error by sums of products, and the line's value at the end.
fn line(y: &[f64]) -> (f64, f64, f64) {
    let n = y.len() as f64;
    let x: Vec<f64> = (0..y.len()).map(|i| i as f64).collect();
    let sum = |f: &dyn Fn(usize) -> f64| (0..y.len()).map(f).sum::<f64>();
    let (sx, sy, sxx, sxy) = (sum(&|i| x[i]), sum(&|i| y[i]), sum(&|i| x[i] * x[i]), sum(&|i| x[i] * y[i]));
    let slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    let intercept = (sy - slope * sx) / n;
    let rest = sum(&|i| (y[i] - intercept - slope * x[i]).powi(2));
    (slope, (rest / (n - 2.0) / (sxx - sx * sx / n)).sqrt(), intercept + slope * (n - 1.0))
}

#[test]
fn counties_over_the_years() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (ids, names, population) = counties(folder);
    let of: BTreeMap<&str, &str> = ids.iter().map(String::as_str).zip(names.iter().map(String::as_str)).collect();
    let evaluate = |series: &str, more: &[&str]| {
        std::fs::write(folder.join("series.csv"), series).unwrap();
        let arguments = ["evaluate", "plan.geojson", "--balance", "population=0.05", "--against", "series.csv"];
        territory(folder, &[&arguments[..], &["--report", "report.json"], more].concat())
    };

    // Two per cent a year for one territory of thirty: sooner or later it is beyond 5 %.
    let growing = "7";
    let mut health = Vec::new();
    for periods in 2..7 {
        let text = series(&ids, &names, &population, growing, 0.02, periods);
        let run = evaluate(&text, &[]);
        let report = json(folder.join("report.json")).unwrap();
        let drift = &report["drift"];
        let found = sums(&text, &of);
        let totals: Vec<f64> = (0..periods).map(|p| found.values().map(|sums| sums[p]).sum()).collect();
        let mut broken = 0;
        for told in drift["territories"].as_array().unwrap() {
            let name = told["territory"].as_str().unwrap();
            let measure = &told["measures"][0];
            let deviations: Vec<f64> =
                found[name].iter().zip(&totals).map(|(sum, total)| sum / (total / K as f64) - 1.0).collect();
            let numbers = |v: &Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
            assert!(numbers(&measure["sums"]).iter().zip(&found[name]).all(|(a, b)| (a - b).abs() < 1e-6 * b));
            assert!(numbers(&measure["deviations"]).iter().zip(&deviations).all(|(a, b)| (a - b).abs() < 1e-9));
            let first = deviations.iter().position(|d| d.abs() > TOLERANCE).map(|p| format!("Y{}", 2020 + p));
            assert_eq!(measure["first_broken"].as_str(), first.as_deref(), "{name}");
            let (slope, error, last) = line(&deviations);
            assert!((measure["trend"].as_f64().unwrap() - slope).abs() < 1e-9);
            match measure["standard_error"].as_f64() {
                Some(told) => assert!((told - error).abs() < 1e-6 && periods > 2),
                None => assert_eq!(periods, 2),
            }
            let out = deviations[periods - 1].abs() > TOLERANCE;
            broken += usize::from(out);
            // Walk along the line until it is beyond on the side that it goes to.
            let beyond = |h: &u64| (last + slope * *h as f64) * slope.signum() > TOLERANCE + 1e-9;
            let left = if out { Some(0) } else { (1..10_000).find(beyond) };
            assert!(measure["periods_left"].as_u64().is_none_or(|h| h >= 10_000 || left == Some(h)), "{name} {left:?}");
            assert!(left.is_none() || measure["periods_left"].as_u64() == left, "{name}: {measure} {left:?}");
        }
        assert_eq!(run.code, if broken > 0 { 4 } else { 0 }, "{}", run.stdout);
        let word = drift["health"].as_str().unwrap().to_owned();
        let told = run.stdout.lines().find_map(|line| line.strip_prefix("health")).unwrap().trim();
        assert_eq!(drift["line"].as_str(), Some(told));
        assert!(told.starts_with(&format!("{word}: ")), "{told}");
        let worst = &drift["ranking"][0];
        if word != "healthy" && periods > 2 {
            assert_eq!((worst["territory"].as_str(), worst["status"].as_str()), (Some(growing), Some(word.as_str())));
            assert!(told.contains(&format!("{growing}: population")), "{told}");
        }
        assert_eq!(drift["ranking"].as_array().unwrap().len(), K);
        health.push(word);
    }
    assert_eq!(health.last().map(String::as_str), Some("broken"), "{health:?}");
    assert!(health.contains(&"watch".to_owned()), "{health:?}");
    // Never better again: the territory only grows.
    let rank = |word: &String| ["healthy", "watch", "broken"].iter().position(|w| w == word);
    assert!(health.windows(2).all(|pair| rank(&pair[0]) <= rank(&pair[1])), "{health:?}");

    // A market that grows alike changes nothing, however far one looks.
    let run = evaluate(&series(&ids, &names, &population, growing, 0.0, 5), &["--warn-within", "1000"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("healthy: all bounds hold in Y2024"), "{}", run.stdout);
}

/// Units and population by territory.
type Moved = BTreeMap<String, (u64, f64)>;

#[test]
fn counties_realigned_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (ids, names, population) = counties(folder);
    // Another plan of the same quality, its territories called otherwise.
    let counties = data("us-counties.geojson");
    let solve = ["solve", &counties, "-k", "29", "--balance", "population=0.03", "--effort", "quick", "--seed", "3"];
    let run = territory(folder, &[&solve[..], &["--out", "next.geojson"]].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    let compare = ["compare", "plan.geojson", "next.geojson", "--balance", "population=0.03"];
    let outputs = ["--report", "report.json", "--moves", "moves.csv", "--table", "named.csv"];
    let run = territory(folder, &[&compare[..], &outputs].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
    // What is written has the names of the plan before: who is not in the list of moves is where it was, by name.
    let named = text(folder.join("named.csv")).unwrap();
    let stays = named.lines().skip(1).zip(&names).filter(|(line, name)| line.ends_with(&format!(",{name}"))).count();
    let report = json(folder.join("report.json")).unwrap();
    let disruption = &report["disruption"];
    let moves = text(folder.join("moves.csv")).unwrap();
    let mut lines = moves.lines();
    assert_eq!(lines.next(), Some("unit,from,to,reason,population,why"));
    let unit_of: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(u, id)| (id.as_str(), u)).collect();
    let next = territories(&json(folder.join("next.geojson")).unwrap());
    // Handed off and taken over per territory, from the list of moves alone.
    let (mut off, mut over) = (Moved::new(), Moved::new());
    let (mut all, mut reasons) = (0.0, BTreeMap::new());
    for line in lines {
        let cells: Vec<&str> = line.splitn(6, ',').collect();
        let unit = unit_of[cells[0]];
        assert_eq!(cells[1], names[unit]);
        assert_ne!(cells[1], cells[2], "it moves");
        let value: f64 = cells[4].parse().unwrap();
        assert_eq!(value, population[unit]);
        for (map, name) in [(&mut off, cells[1]), (&mut over, cells[2])] {
            let slot = map.entry(name.to_owned()).or_default();
            *slot = (slot.0 + 1, slot.1 + value);
        }
        all += value;
        *reasons.entry(cells[3].to_owned()).or_insert(0) += 1;
    }
    let share = all / population.iter().sum::<f64>();
    assert!((disruption["population"].as_f64().unwrap() - share).abs() < 1e-9);
    assert_eq!(disruption["moves"].as_array().unwrap().len(), moves.lines().count() - 1);
    assert_eq!(stays + moves.lines().count() - 1, names.len());
    assert!(disruption["lower_bound"]["population"].as_f64().unwrap() <= share);
    assert!(
        disruption["forced"]["population"].as_f64().unwrap() > 0.0 && reasons.contains_key("forced"),
        "{reasons:?}"
    );
    // One territory of thirty is no more, so the targets grow: nobody is above, all that is below must take.
    assert!(reasons.contains_key("balance"), "{reasons:?}");
    let mut gone = 0;
    for told in disruption["territories"].as_array().unwrap() {
        let name = told["territory"].as_str().unwrap();
        let (units, value) = off.get(name).copied().unwrap_or_default();
        assert_eq!(told["units_handed_off"].as_u64(), Some(units));
        assert!((told["handed_off"]["population"].as_f64().unwrap() - value).abs() < 1e-3);
        let (units, value) = over.get(name).copied().unwrap_or_default();
        assert_eq!(told["units_taken_over"].as_u64(), Some(units));
        assert!((told["taken_over"]["population"].as_f64().unwrap() - value).abs() < 1e-3);
        let before = names.iter().filter(|n| *n == name).count() as u64;
        assert_eq!(told["units"][0].as_u64(), Some(before));
        match told["after"].as_str() {
            Some(after) => {
                let count = next.iter().filter(|n| n.as_deref() == Some(after)).count() as u64;
                assert_eq!(told["units"][1].as_u64(), Some(count));
            }
            None => gone += 1,
        }
    }
    assert_eq!(gone, 1);
    // Side by side: the plan before is judged as `evaluate` does it.
    let plans = &disruption["plans"];
    assert_eq!((plans["before"]["k"].as_u64(), plans["after"]["k"].as_u64()), (Some(30), Some(29)));
    let near = |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= 1e-9 * b.as_f64().unwrap();
    assert!(near(&plans["after"]["measures"][0]["max_deviation"], &report["measures"][0]["max_deviation"]));
    assert_eq!(plans["after"]["cut_edges"], report["compactness"]["cut_edges"]);
    let run = territory(folder, &["evaluate", "plan.geojson", "--balance", "population=0.03", "--report", "old.json"]);
    assert_eq!(run.code, 0);
    let old = json(folder.join("old.json")).unwrap();
    for figure in ["max_deviation", "cv", "gini", "hoover"] {
        assert!(near(&plans["before"]["measures"][0][figure], &old["measures"][0][figure]), "{figure}");
    }
    assert!(near(&plans["before"]["inertia_km2"], &old["compactness"]["inertia_km2"]));
    assert_eq!(plans["before"]["cut_edges"], old["compactness"]["cut_edges"]);
    let scores: Vec<f64> =
        old["territories"].as_array().unwrap().iter().map(|t| t["polsby_popper"].as_f64().unwrap()).collect();
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    assert!((plans["before"]["polsby_popper"].as_f64().unwrap() - mean).abs() < 1e-9);
}

/// Four squares in a row with calls of one each, in territories of these names.
fn squares(folder: &Path, name: &str, territories: [&str; 4]) {
    let feature = |(i, t): (usize, &str)| {
        let territory = if t.is_empty() { String::new() } else { format!(r#","territory":"{t}""#) };
        format!(
            r#"{{"type":"Feature","properties":{{"id":"u{i}","calls":1{territory}}},"geometry":{{"type":"Polygon","coordinates":[[[{i},0],[{0},0],[{0},1],[{i},1],[{i},0]]]}}}}"#,
            i + 1
        )
    };
    let features: Vec<String> = territories.into_iter().enumerate().map(feature).collect();
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn tables_for_a_person_and_reasons_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    squares(folder, "before.geojson", ["West", "West", "West", ""]);
    squares(folder, "after.geojson", ["a", "a", "b", "b"]);
    let run = territory(folder, &["compare", "before.geojson", "after.geojson", "--balance", "calls", "--moves", "-"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "unit,from,to,reason,calls,why\n\
         u2,West,b,balance,1,calls of West was above its maximum\n\
         u3,,b,new,1,it had no territory\n"
    );
    let said = &run.stderr;
    assert!(said.contains("\nreasons      new 1 · balance 1\n"), "{said}");
    assert!(
        said.contains("West       3 → 2  −33.3 %           1           0  3 → 2  −33.3 %           1           0"),
        "{said}"
    );
    assert!(said.contains("b (new)"), "{said}");
    assert!(said.contains("calls: worst deviation"), "{said}");
}

#[test]
fn a_series_decides_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    squares(folder, "plan.geojson", ["A", "A", "B", "B"]);
    let rows = |values: &[[f64; 2]]| {
        // Two units each, as spreadsheets write it: a byte order mark, semicolons.
        let mut text = "\u{feff}Unit;Period;calls\n".to_owned();
        for (p, [a, b]) in values.iter().enumerate() {
            for (unit, value) in [("u0", a / 2.0), ("u1", a / 2.0), ("u2", b / 2.0), ("u3", b / 2.0)] {
                writeln!(text, "{unit};{p};{value}").unwrap();
            }
        }
        text
    };
    let run = |values: &[[f64; 2]], more: &[&str]| {
        std::fs::write(folder.join("s.csv"), rows(values)).unwrap();
        let arguments =
            ["evaluate", "plan.geojson", "--balance", "calls=0.1", "--balance", "units", "--against", "s.csv"];
        territory(folder, &[&arguments[..], more].concat())
    };
    let health = |run: &Run| run.stdout.lines().find_map(|l| l.strip_prefix("health")).unwrap().trim().to_owned();
    let steady = run(&[[100.0, 100.0], [51.0, 49.0], [100.0, 100.0]], &[]);
    assert_eq!(
        (steady.code, health(&steady).as_str()),
        (0, "healthy: all bounds hold in 2, and no trend leads out of them")
    );
    // +2, +4, +6 %: on the bound in two periods, beyond in three.
    let rising = [[102.0, 98.0], [104.0, 96.0], [106.0, 94.0]];
    let later = run(&rising, &[]);
    assert_eq!(later.code, 0);
    assert_eq!(
        health(&later),
        "healthy: all bounds hold in 2; at its trend the first outside will be A: calls beyond the maximum in 3 periods"
    );
    let soon = run(&rising, &["--warn-within", "3"]);
    assert_eq!(soon.code, 0);
    assert_eq!(
        health(&soon),
        "watch: all bounds hold in 2, but at their trend 2 of 2 territories will be outside within 3 periods, first A: calls beyond the maximum in 3 periods"
    );
    assert!(soon.stdout.contains("look at first  measure"), "{}", soon.stdout);
    let broken = run(&[[100.0, 100.0], [120.0, 80.0]], &[]);
    assert_eq!(broken.code, 4);
    assert_eq!(
        health(&broken),
        "broken: 2 of 2 territories outside their bounds in 1, worst A: calls 10 % of its target above the maximum"
    );
    // Healthy again, though it was not.
    let again = run(&[[120.0, 80.0], [100.0, 100.0]], &[]);
    assert_eq!(again.code, 0, "{}", again.stdout);
    // Pieces count in any period; what is missing counts as zero where that is asked for.
    squares(folder, "plan.geojson", ["A", "B", "A", "B"]);
    let pieces = run(&[[100.0, 100.0]], &[]);
    assert_eq!(pieces.code, 4);
    assert!(health(&pieces).starts_with("broken: territory A: not contiguous"), "{}", health(&pieces));
    squares(folder, "plan.geojson", ["A", "A", "B", "B"]);
    std::fs::write(folder.join("s.csv"), "unit,period,calls\nu0,1,5\nu1,1,\nu2,1,5\n").unwrap();
    let arguments = ["evaluate", "plan.geojson", "--balance", "calls=0.1", "--against", "s.csv"];
    assert_eq!(territory(folder, &[&arguments[..], &["--missing", "zero"]].concat()).code, 0);
    let refused = territory(folder, &arguments);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("s.csv, line 3: \"calls\" is empty"), "{}", refused.stderr);
}
