//! `docs/cli.md` and the program say the same: every option there is either taken or refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use territory_tests::{root, run, text};

fn territory(arguments: &[&str]) -> territory_tests::Run {
    run(env!("CARGO_BIN_EXE_territory-under-test"), &root(), arguments, b"").unwrap()
}

/// Words of the form `--name` in a text.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    words.filter(|word| word.starts_with("--") && word.len() > 3).map(str::to_owned).collect()
}

#[test]
fn every_option_is_taken_or_refused_by_name() {
    let contract = text(root().join("docs/cli.md")).unwrap();
    let all =
        ["solve", "evaluate", "compare", "realign"].map(|command| options(&territory(&[command, "--help"]).stdout));
    let help: BTreeSet<String> = all.into_iter().flatten().collect();
    let mut refused = 0;
    for option in options(&contract) {
        if help.contains(&option) {
            continue;
        }
        let run = territory(&["solve", "units.geojson", "-k", "2", "--balance", "m", &option, "x"]);
        assert_eq!(run.code, 2, "{option}: {}", run.stderr);
        assert!(
            run.stderr.starts_with(&format!("error: {option} (")) && run.stderr.contains("not there yet"),
            "{}",
            run.stderr
        );
        refused += 1;
    }
    assert!(refused > 0, "the contract has more than is there");
    for option in help.iter().filter(|option| !["--help", "--version"].contains(&option.as_str())) {
        assert!(options(&contract).contains(option), "{option} does not stand in docs/cli.md");
    }
    for line in contract.lines().filter(|line| line.contains("**Not there yet.**")) {
        let named = options(line.split("**Not there yet.**").next().unwrap());
        assert!(named.iter().all(|option| !help.contains(option)), "is there by now: {line}");
    }
}

#[test]
fn what_is_taken_is_taken_by_all_commands() {
    let solve = options(&territory(&["solve", "--help"]).stdout);
    for command in ["evaluate", "compare"] {
        let help = options(&territory(&[command, "--help"]).stdout);
        let only_solve: BTreeSet<&str> = solve.difference(&help).map(String::as_str).collect();
        assert_eq!(
            only_solve,
            BTreeSet::from([
                "--alternatives",
                "--compactness",
                "--effort",
                "--frontier",
                "--least-difference",
                "--max-distance",
                "--regions",
                "--seed",
                "--split-oversize",
                "--splits-weight",
                "--ties-weight",
                "--time-limit",
                "--within"
            ]),
            "{command}"
        );
        let only_here: BTreeSet<&str> = help.difference(&solve).map(String::as_str).collect();
        let own: &[&str] = if command == "evaluate" { &["--against", "--warn-within"] } else { &["--moves"] };
        assert_eq!(only_here, own.iter().copied().collect(), "{command}");
    }
    let help = options(&territory(&["realign", "--help"]).stdout);
    let only_solve: BTreeSet<&str> = solve.difference(&help).map(String::as_str).collect();
    let of_solve = [
        "--alternatives",
        "--effort",
        "--least-difference",
        "--max-distance",
        "--regions",
        "--split-oversize",
        "--within",
    ];
    assert_eq!(only_solve, BTreeSet::from(of_solve));
    let only_here: BTreeSet<&str> = help.difference(&solve).map(String::as_str).collect();
    let of_change =
        ["--disruption-price", "--max-disruption", "--max-handed-off", "--max-taken-over", "--moves", "--protect"];
    assert_eq!(only_here, of_change.into_iter().chain(["--add", "--remove"]).collect());
    assert_eq!(territory(&["--version"]).code, 0);
    assert_eq!(territory(&[]).code, 2);
}
