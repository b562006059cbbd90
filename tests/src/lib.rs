//! What the end-to-end tests share: running the program, reading what it wrote, and an adjacency that it did not make.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// Root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file in the workspace's `data/`.
pub fn data(name: &str) -> String {
    root().join("data").join(name).display().to_string()
}

/// A file of the larger sets: in the folder `$TERRITORY_DATA`, else in `../shared/data` beside the workspace. If it is not there, the
/// test is to be left: this says so, past the test runner's capture.
pub fn shared(name: &str) -> Option<String> {
    let folder = std::env::var_os("TERRITORY_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path.display().to_string());
    }
    // Where standard error is closed nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "skipped: {name} is in neither $TERRITORY_DATA nor ../shared/data");
    None
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// Runs `program` in `folder` with `arguments` and `input` at standard input.
///
/// # Errors
/// The program cannot be started.
pub fn run(program: &str, folder: &Path, arguments: &[&str], input: &[u8]) -> std::io::Result<Run> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A program that refuses its arguments does not read.
        std::thread::spawn(move || stdin.write_all(&input).ok());
    }
    let output = child.wait_with_output()?;
    Ok(Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A file's text, unpacked if it is gzipped.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn text(path: impl AsRef<Path>) -> std::io::Result<String> {
    let bytes = std::fs::read(path)?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    } else {
        bytes.as_slice().read_to_string(&mut text)?;
    }
    Ok(text)
}

/// A JSON file.
///
/// # Errors
/// It cannot be read, or is not JSON.
pub fn json(path: impl AsRef<Path>) -> std::io::Result<Value> {
    Ok(serde_json::from_str(&text(path)?)?)
}

/// The `territory` of every feature of a plan, in file order; none where it is null.
pub fn territories(plan: &Value) -> Vec<Option<String>> {
    let features = plan["features"].as_array().map(Vec::as_slice).unwrap_or_default();
    features.iter().map(|f| f["properties"]["territory"].as_str().map(str::to_owned)).collect()
}

/// Pairs of feature indices from a rook adjacency that another program made (`i,j,shared_m`).
///
/// # Errors
/// It cannot be read.
pub fn rook(path: impl AsRef<Path>) -> std::io::Result<Vec<(usize, usize)>> {
    let text = text(path)?;
    let pair = |line: &str| {
        let mut cells = line.split(',').map(|cell| cell.parse().ok());
        Some((cells.next()??, cells.next()??))
    };
    Ok(text.lines().skip(1).filter_map(pair).collect())
}

/// Number of connected pieces of every territory, by name.
pub fn pieces(territories: &[Option<String>], pairs: &[(usize, usize)]) -> BTreeMap<String, usize> {
    let mut parent: Vec<usize> = (0..territories.len()).collect();
    fn find(parent: &mut [usize], mut unit: usize) -> usize {
        while parent[unit] != unit {
            parent[unit] = parent[parent[unit]];
            unit = parent[unit];
        }
        unit
    }
    for &(a, b) in pairs {
        if territories[a] == territories[b] {
            let (a, b) = (find(&mut parent, a), find(&mut parent, b));
            parent[a] = b;
        }
    }
    let mut pieces = BTreeMap::new();
    for (unit, territory) in territories.iter().enumerate() {
        if let (Some(territory), true) = (territory, find(&mut parent, unit) == unit) {
            *pieces.entry(territory.clone()).or_insert(0) += 1;
        }
    }
    pieces
}

/// Sum of a numeric property per territory, by name.
pub fn sums(plan: &Value, property: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for (feature, territory) in plan["features"].as_array().into_iter().flatten().zip(territories(plan)) {
        if let Some(territory) = territory {
            *sums.entry(territory).or_insert(0.0) += feature["properties"][property].as_f64().unwrap_or(0.0);
        }
    }
    sums
}

/// Largest |sum / mean − 1|.
pub fn worst_deviation(sums: &BTreeMap<String, f64>) -> f64 {
    let mean = sums.values().sum::<f64>() / sums.len() as f64;
    sums.values().map(|sum| (sum / mean - 1.0).abs()).fold(0.0, f64::max)
}

/// The example in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
