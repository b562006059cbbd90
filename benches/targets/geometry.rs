//! From files to graphs, and back to files: `cargo bench -p territory-bench --bench geometry -- [--cases read,graph,…] [--runs N]
//! [--threads 1,2] [--out FILE]`.
//!
//! Every run is a process of its own, so that its peak memory is that of the case alone; it is this program again with
//! `--case NAME`. What has to be there before (unpacked files, a replicated file of a gigabyte) is made in a temporary folder,
//! which goes away at the end.

#![allow(clippy::print_stdout)]

mod pipeline;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use territory_bench::arguments::Arguments;
use territory_bench::real::{RealSet, data_folder};
use territory_bench::table::{Table, seconds};

const USAGE: &str = "--cases read,graph,whole,gigabyte,join,dissolve, --runs N, --threads 1,2, --out FILE";
type Fallible<T> = Result<T, Box<dyn Error>>;

/// What one run in a process of its own says in one line.
#[derive(Clone, Debug, Default)]
struct Outcome {
    wall_s: f64,
    cpu_s: f64,
    peak_mib: f64,
    /// What was found, the same in every run.
    found: String,
}

fn main() -> Fallible<()> {
    let mut arguments = Arguments::from_environment();
    let case: Option<String> = arguments.optional("--case")?;
    let file: Option<PathBuf> = arguments.optional("--file")?;
    let wanted = arguments.list("--cases", "")?;
    let runs: usize = arguments.value("--runs", 5)?;
    let threads = arguments.list("--threads", "1,2")?;
    let out: Option<String> = arguments.optional("--out")?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if let (Some(case), Some(file)) = (case, file) {
        let threads = threads.first().map_or(Ok(1), |t| t.parse())?;
        println!("{}", pipeline::run(&case, &file, threads)?);
        return Ok(());
    }
    if !bench {
        println!("run by cargo bench; arguments: {USAGE}");
        return Ok(());
    }
    let folder = data_folder();
    if !RealSet::EnglandWales.is_in(&folder) {
        println!("skipped: England and Wales is not in {}", folder.display());
        return Ok(());
    }
    let temporary = tempfile::tempdir()?;
    let units = temporary.path().join("england-wales.geojson");
    pipeline::unpack(&folder.join("polygons/uk_oa_ew.geojson.gz"), &units)?;
    let mut table = Table::new(&["case", "threads", "runs", "wall s", "CPU s", "peak MiB", "found"]);
    print!("{}", table.text());
    for case in pipeline::CASES {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == case.name) {
            continue;
        }
        let file = if case.replicated { replicated(temporary.path(), &units)? } else { units.clone() };
        for threads in threads.iter().filter(|t| case.parallel || *t == "1") {
            let outcomes: Vec<Outcome> = (0..runs).map(|_| run(case.name, &file, threads)).collect::<Fallible<_>>()?;
            println!("{}", row(&mut table, case.name, threads, &outcomes));
        }
    }
    if let Some(out) = out {
        std::fs::write(out, table.text())?;
    }
    Ok(())
}

/// The replicated file, made when it is first needed.
fn replicated(folder: &Path, units: &Path) -> Fallible<PathBuf> {
    let file = folder.join("gigabyte.geojson");
    if !file.exists() {
        pipeline::replicate(units, &file)?;
    }
    Ok(file)
}

/// Runs a case in a process of its own.
fn run(case: &str, file: &Path, threads: &str) -> Fallible<Outcome> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--case", case, "--threads", threads, "--file"])
        .arg(file)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut fields = text.trim().splitn(4, '\t');
    let mut number = || fields.next().and_then(|f| f.parse::<f64>().ok());
    let (Some(wall_s), Some(cpu_s), Some(peak_mib)) = (number(), number(), number()) else {
        return Err(format!("{case}: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
    };
    Ok(Outcome { wall_s, cpu_s, peak_mib, found: fields.next().unwrap_or_default().to_owned() })
}

/// Medians of the runs.
fn row(table: &mut Table, case: &str, threads: &str, outcomes: &[Outcome]) -> String {
    let median = |value: fn(&Outcome) -> f64| {
        let mut values: Vec<f64> = outcomes.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    table.row(&[
        case.to_owned(),
        threads.to_owned(),
        outcomes.len().to_string(),
        seconds(median(|o| o.wall_s)),
        seconds(median(|o| o.cpu_s)),
        format!("{:.0}", median(|o| o.peak_mib)),
        outcomes.first().map_or(String::new(), |o| o.found.clone()),
    ])
}
