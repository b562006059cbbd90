//! What cannot be used is told, and nothing is written. `fixtures/bad/cases.txt` holds the command lines, each with the exit code
//! and the message that it gives in that folder.
//!
//! `UPDATE_MESSAGES=1 cargo test -p territory-tests --test bad_input` writes codes and messages anew, to be read before they are kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

/// The outputs that every run is asked for beside its own.
fn outputs(folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    vec!["--out".into(), path("plan.geojson"), "--report".into(), path("report.json")]
}

#[test]
fn each_fault_has_its_message_and_nothing_is_written() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bad");
    let before: Vec<_> = std::fs::read_dir(&fixtures).unwrap().map(|e| e.unwrap().file_name()).collect();
    let kept = std::fs::read_to_string(fixtures.join("cases.txt")).unwrap();
    let mut all = String::new();
    for case in kept.lines().filter(|line| line.starts_with("$ ")) {
        let folder = tempfile::tempdir().unwrap();
        let words: Vec<String> = case.split_whitespace().skip(1).map(str::to_owned).collect();
        let written = if words.len() > 1 { outputs(folder.path()) } else { Vec::new() };
        let arguments: Vec<&str> = words.iter().chain(&written).map(String::as_str).collect();
        let program = env!("CARGO_BIN_EXE_territory-under-test");
        let run = territory_tests::run(program, &fixtures, &arguments, b"").unwrap();
        // Paths of this machine, and how it words a missing file, are none of the program's.
        let message: String = run
            .stderr
            .replace("territory-under-test", "territory")
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        all += &format!("{case}\n{}\n{message}\n", run.code);
        assert!(run.code == 2 || run.code == 3, "{case}: {} {}{}", run.code, run.stdout, run.stderr);
        assert!(run.stdout.is_empty(), "{case}: {}", run.stdout);
        assert!(run.stderr.starts_with("error: "), "{case}: {}", run.stderr);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{case} left {left:?}");
    }
    let after: Vec<_> = std::fs::read_dir(&fixtures).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(before.len(), after.len(), "files were left in {}", fixtures.display());
    if std::env::var_os("UPDATE_MESSAGES").is_some() {
        std::fs::write(fixtures.join("cases.txt"), &all).unwrap();
    }
    let kept = std::fs::read_to_string(fixtures.join("cases.txt")).unwrap();
    for (found, want) in all.split("\n\n").zip(kept.split("\n\n")) {
        assert_eq!(found, want);
    }
    assert_eq!(all, kept);
}
