//! The peers side by side: the same instances, one process, one evaluator, one table.
//!
//! `cargo bench -p territory-bench --features peers --bench peers -- [--cases WORD,…] [--solvers NAME,…] [--objectives
//! default,inertia,cut] [--seeds N] [--threads N] [--limit SECONDS] [--memory true] [--out FILE]`
//!
//! A solver that may not end runs in a process of its own and is stopped after `--limit`. With `--memory true` the process
//! starts itself again with an allocator that gives freed blocks back at once, so that peaks are exact; its times are not.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use territory::Objective;
use territory_bench::arguments::Arguments;
use territory_bench::catalog::{Case, Source, fixed_reference, select};
use territory_bench::evaluate::{Score, diameter_km, evaluate};
use territory_bench::instance::Instance;
use territory_bench::measure::{Cost, measure};
use territory_bench::real::data_folder;
use territory_bench::solvers::{Solver, Task};
use territory_bench::table::{Table, percent, seconds, thousands};

const USAGE: &str = "--cases WORD,… (part of a key, `default`, `all`), --solvers quick,standard,thorough,metis,coupe-hilbert,\
coupe-multi-jagged,coupe-k-means, --objectives default,inertia,cut, --seeds N, --threads N, --limit SECONDS, \
--memory true|false, --out FILE";
const ALLOCATOR: [(&str, &str); 3] =
    [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536"), ("MALLOC_TOP_PAD_", "0")];

const HEADS: [&str; 14] = [
    "case",
    "units",
    "solver",
    "objective",
    "worst deviation",
    "within",
    "broken",
    "inertia",
    "cut",
    "cut / METIS",
    "wall s",
    "CPU s",
    "CPU / METIS",
    "peak MiB",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let words = arguments.list("--cases", "default")?;
    let names = arguments.list("--solvers", "metis,quick,standard,coupe-hilbert,coupe-multi-jagged,coupe-k-means")?;
    let objectives = arguments.list("--objectives", "default")?;
    let seeds: u64 = arguments.value("--seeds", 1)?;
    let threads: usize = arguments.value("--threads", 1)?;
    let limit: u64 = arguments.value("--limit", 60)?;
    let memory = arguments.value("--memory", false)?;
    let isolated = arguments.value("--isolated", false)?;
    let out: Option<String> = arguments.optional("--out")?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run by cargo bench; arguments: {USAGE}");
        return Ok(());
    }
    if memory && std::env::var_os(ALLOCATOR[0].0).is_none() {
        let status =
            Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).envs(ALLOCATOR).status()?;
        return if status.success() { Ok(()) } else { Err("the run with the exact allocator failed".into()) };
    }
    let solvers: Vec<Solver> =
        names.iter().map(|n| Solver::named(n).ok_or(format!("no solver {n}; {USAGE}"))).collect::<Result<_, _>>()?;
    let objectives: Vec<(&str, Objective)> = objectives
        .iter()
        .map(|name| match name.as_str() {
            "default" => Ok(("default", Objective::default())),
            "inertia" => Ok(("inertia", Objective::INERTIA)),
            "cut" => Ok(("cut", Objective::CUT)),
            other => Err(format!("no objective {other}; {USAGE}")),
        })
        .collect::<Result<_, _>>()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut table = Table::new(&HEADS);
    println!("{}", table.text().trim_end());
    let mut loaded: Option<(Source, Instance)> = None;
    for case in select(&words) {
        if loaded.as_ref().is_none_or(|l| l.0 != case.source) {
            match case.source.load(&data_folder())? {
                Some(instance) => loaded = Some((case.source, instance)),
                None => {
                    println!("{} skipped: not in {}", case.key, data_folder().display());
                    continue;
                }
            }
        }
        let Some((_, instance)) = &loaded else { continue };
        let mut metis = None;
        for &solver in &solvers {
            if solver.may_hang() && !isolated {
                let line = run_apart(&mut table, &case, instance, solver, seeds, limit)?;
                println!("{line}");
                continue;
            }
            let asked = if solver.is_territory() { &objectives[..] } else { &[("", Objective::CUT)] };
            for &(objective_name, objective) in asked {
                let task = |seed| Task { k: case.k, tolerance: case.tolerance, objective, seed };
                let runs = (1..=seeds).map(|seed| run(solver, instance, task(seed), &pool));
                let result = runs.collect::<Result<Vec<_>, String>>().map(|runs| Summary::of(&runs, &case));
                if solver == Solver::Metis {
                    metis = result.as_ref().ok().cloned();
                }
                let objective_name = match solver {
                    Solver::Metis => "cut",
                    _ => objective_name,
                };
                println!("{}", row(&mut table, &case, instance, (solver, objective_name), &result, metis.as_ref()));
            }
        }
    }
    if let Some(path) = out {
        std::fs::write(path, table.text())?;
    }
    Ok(())
}

/// Runs one solver on one case in a child process and hands its row on; after `limit` seconds it is stopped.
fn run_apart(
    table: &mut Table,
    case: &Case,
    instance: &Instance,
    solver: Solver,
    seeds: u64,
    limit: u64,
) -> Result<String, Box<dyn Error>> {
    let (case_word, seeds) = (format!("={}", case.key), seeds.to_string());
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--bench", "--isolated", "true", "--cases", &case_word, "--solvers", solver.name(), "--seeds", &seeds])
        .stdout(Stdio::piped())
        .spawn()?;
    let begin = Instant::now();
    // The instance is made anew in the child: its time counts too, so the limit is a generous one.
    while child.try_wait()?.is_none() {
        if begin.elapsed() > Duration::from_secs(limit) {
            child.kill()?;
            child.wait()?;
            return Ok(row(table, case, instance, (solver, ""), &Err(format!("no result within {limit} s")), None));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned();
    let line = text.lines().rfind(|l| l.contains(&case.key)).unwrap_or_default().to_owned();
    if line.is_empty() {
        return Ok(row(table, case, instance, (solver, ""), &Err("the process died".into()), None));
    }
    table.line(&line);
    Ok(line)
}

struct Run {
    score: Score,
    cost: Cost,
    diameter_km: Option<f64>,
}

fn run(solver: Solver, instance: &Instance, task: Task, pool: &rayon::ThreadPool) -> Result<Run, String> {
    let prepared = solver.prepare(instance, task)?;
    let (assignment, cost) = measure(|| pool.install(prepared));
    let assignment = assignment?;
    let score = evaluate(instance, task.k, &assignment).map_err(|e| e.to_string())?;
    let diameter_km = instance.name.starts_with("delaunay").then(|| diameter_km(instance, task.k, &assignment));
    Ok(Run { score, cost, diameter_km })
}

/// One row's figures over the seeds: medians, but the worst of deviation and pieces.
#[derive(Clone)]
struct Summary {
    deviation: Vec<f64>,
    within: usize,
    seeds: usize,
    broken: usize,
    empty: usize,
    inertia: f64,
    cut: f64,
    wall_s: f64,
    cpu_s: Option<f64>,
    peak_mib: Option<f64>,
    diameter_km: Option<f64>,
}

impl Summary {
    fn of(runs: &[Run], case: &Case) -> Self {
        let figure = |f: &dyn Fn(&Run) -> f64| median(runs.iter().map(f).collect());
        let optional = |f: &dyn Fn(&Run) -> Option<f64>| {
            let values: Vec<f64> = runs.iter().filter_map(f).collect();
            (!values.is_empty()).then(|| median(values))
        };
        let measures = runs.first().map_or(0, |r| r.score.deviation.len());
        Self {
            deviation: (0..measures).map(|m| runs.iter().map(|r| r.score.deviation[m]).fold(0.0, f64::max)).collect(),
            within: runs.iter().filter(|r| r.score.holds(case.tolerance)).count(),
            seeds: runs.len(),
            broken: runs.iter().map(|r| r.score.broken).max().unwrap_or(0),
            empty: runs.iter().map(|r| r.score.empty).max().unwrap_or(0),
            inertia: figure(&|r| r.score.inertia),
            cut: figure(&|r| r.score.cut as f64),
            wall_s: figure(&|r| r.cost.wall_s),
            cpu_s: optional(&|r| r.cost.cpu_s),
            peak_mib: optional(&|r| r.cost.peak_mib),
            diameter_km: optional(&|r| r.diameter_km),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn row(
    table: &mut Table,
    case: &Case,
    instance: &Instance,
    (solver, objective): (Solver, &str),
    result: &Result<Summary, String>,
    metis: Option<&Summary>,
) -> String {
    let mut cells = vec![format!("`{}`", case.key), thousands(instance.len()), solver.name().into(), objective.into()];
    match result {
        Err(error) => cells.push(format!("**failed**: {error}")),
        Ok(s) => {
            cells.push(s.deviation.iter().map(|d| percent(*d)).collect::<Vec<_>>().join(", "));
            cells.push(match (s.within, s.seeds) {
                (1, 1) => "yes".into(),
                (0, 1) => "**no**".into(),
                (within, seeds) => format!("{within} of {seeds}"),
            });
            let empty = if s.empty > 0 { format!(", {} empty", s.empty) } else { String::new() };
            cells.push(format!("{}{empty}", s.broken));
            cells.push(match (s.diameter_km, fixed_reference(&case.key)) {
                (Some(diameter), _) => format!("diameter {diameter:.0}"),
                (_, Some(reference)) => {
                    format!("{:.3} × ({:.3} ×)", s.inertia / reference.balanced, s.inertia / reference.bounds_used)
                }
                _ => format!("{:.4e}", s.inertia),
            });
            cells.push(thousands(s.cut as usize));
            let against = |value: Option<f64>, theirs: Option<f64>| {
                value.zip(theirs).map_or(String::new(), |(v, t)| format!("{:.2} ×", v / t))
            };
            cells.push(against(Some(s.cut), metis.map(|m| m.cut)));
            cells.push(seconds(s.wall_s));
            cells.push(s.cpu_s.map_or("?".into(), seconds));
            cells.push(against(s.cpu_s, metis.and_then(|m| m.cpu_s)));
            cells.push(s.peak_mib.map_or("?".into(), |m| format!("{m:.0}")));
        }
    }
    table.row(&cells)
}
