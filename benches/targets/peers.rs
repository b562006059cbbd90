//! The peers side by side: the same instances, one process, one evaluator, one table.
//!
//! `cargo bench -p territory-bench --features peers --bench peers -- [--cases WORD,…] [--solvers NAME,…] [--objectives
//! default,inertia,inertia+cut=0.5,…] [--seeds N] [--threads N,…] [--limit SECONDS] [--memory true] [--out FILE]`
//!
//! With several numbers of threads the engine's rows come once for each; plans are compared with those of the first, byte by
//! byte. A solver that may not end runs in a process of its own and is stopped after `--limit`. With `--memory true` the
//! process starts itself again with an allocator that gives freed blocks back at once, so that peaks are exact; its times are
//! not. After the table come the time exponents at a fixed number of units per territory, and the instances with their hashes.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use territory::Objective;
use territory_bench::arguments::Arguments;
use territory_bench::catalog::{Case, Source, fixed_reference, select};
use territory_bench::evaluate::{Score, evaluate};
use territory_bench::instance::Instance;
use territory_bench::measure::{Cost, measure};
use territory_bench::real::data_folder;
use territory_bench::solvers::{Solver, Task};
use territory_bench::table::{InstanceTable, Table, percent, seconds, thousands};

const USAGE: &str = "--cases WORD,… (part of a key, `default`, `all`), --solvers quick,standard,thorough,metis,coupe-hilbert,\
coupe-multi-jagged,coupe-k-means, --objectives default,inertia,cut,inertia+border=0.5,…, --seeds N, --threads N,…, --limit SECONDS, \
--memory true|false, --out FILE";
const ALLOCATOR: [(&str, &str); 3] =
    [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536"), ("MALLOC_TOP_PAD_", "0")];

const HEADS: [&str; 17] = [
    "case",
    "units",
    "solver",
    "objective",
    "worst deviation",
    "within",
    "broken",
    "inertia",
    "/ reference",
    "/ bounds used",
    "cut",
    "cut / METIS",
    "threads",
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
    let threads = arguments.list("--threads", "1")?;
    let limit: u64 = arguments.value("--limit", 20)?;
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
    let mut pools = Vec::new();
    for count in &threads {
        pools.push(rayon::ThreadPoolBuilder::new().num_threads(count.parse()?).build()?);
    }
    let mut runner = Runner {
        objectives: objectives.iter().map(|name| objective(name)).collect::<Result<_, _>>()?,
        solvers,
        pools,
        seeds,
        limit: Duration::from_secs(limit),
        isolated,
        table: Table::new(&HEADS),
        growth: Vec::new(),
    };
    let mut instances = InstanceTable::default();
    println!("{}", runner.table.text().trim_end());
    let mut loaded: Option<(Source, Instance)> = None;
    for case in select(&words) {
        if loaded.as_ref().is_none_or(|l| l.0 != case.source) {
            let Some(instance) = case.source.load(&data_folder())? else {
                println!("{} skipped: not in {}", case.key, data_folder().display());
                continue;
            };
            instances.add(&instance);
            loaded = Some((case.source, instance));
        }
        if let Some((_, instance)) = &loaded {
            runner.run_case(&case, instance)?;
        }
    }
    if isolated {
        return Ok(());
    }
    let mut text = String::new();
    let growth = growth_table(&runner.growth);
    for part in growth.iter().map(Table::text).chain([instances.text()]) {
        text += &format!("\n{part}");
    }
    print!("{text}");
    if let Some(path) = out {
        std::fs::write(path, runner.table.text().to_owned() + &text)?;
    }
    Ok(())
}

/// `default`, or kinds with weights as in `inertia+cut=0.5`.
fn objective(name: &str) -> Result<(String, Objective), String> {
    if name == "default" {
        return Ok((name.to_owned(), Objective::default()));
    }
    let mut mix = Objective::NONE;
    for part in name.split('+') {
        let (kind, weight) = part.split_once('=').unwrap_or((part, "1"));
        let weight: f64 = weight.parse().map_err(|_| format!("no weight {weight}; {USAGE}"))?;
        mix = match kind {
            "inertia" => mix.inertia(weight),
            "border" => mix.border(weight),
            "cut" => mix.cut(weight),
            other => return Err(format!("no objective {other}; {USAGE}")),
        };
    }
    Ok((name.to_owned(), mix))
}

struct Runner {
    solvers: Vec<Solver>,
    objectives: Vec<(String, Objective)>,
    /// One per number of threads.
    pools: Vec<rayon::ThreadPool>,
    seeds: u64,
    limit: Duration,
    /// Whether this process is the one that may be stopped.
    isolated: bool,
    table: Table,
    growth: Vec<Point>,
}

/// What a row is about, beside the case.
#[derive(Clone, Copy)]
struct Setting<'a> {
    solver: Solver,
    objective: &'a str,
    threads: &'a str,
}

impl Runner {
    fn run_case(&mut self, case: &Case, instance: &Instance) -> Result<(), Box<dyn Error>> {
        let mut metis = None;
        for solver in self.solvers.clone() {
            if solver.may_hang() && !self.isolated {
                println!("{}", self.run_apart(case, instance, solver)?);
                continue;
            }
            let asked = match solver {
                Solver::Territory(_) => self.objectives.clone(),
                Solver::Metis => vec![("cut".into(), Objective::CUT)],
                _ => vec![(String::new(), Objective::CUT)],
            };
            // The peers' time and plan are of the first number of threads.
            let pools = if solver.is_territory() { self.pools.len() } else { 1 };
            for (objective_name, objective) in asked {
                let mut first: Option<Vec<Run>> = None;
                for pool in &self.pools[..pools] {
                    let task = |seed| Task { k: case.k, tolerance: case.tolerance, objective, seed };
                    let runs: Result<Vec<Run>, String> =
                        (1..=self.seeds).map(|seed| run(solver, instance, task(seed), pool)).collect();
                    let result = runs.as_ref().map(|runs| Summary::of(runs, case)).map_err(Clone::clone);
                    if let (Solver::Metis, Ok(summary)) = (solver, &result) {
                        metis = Some(summary.clone());
                    }
                    let threads = threads_cell(pool, runs.as_ref().ok(), first.as_ref());
                    let setting = Setting { solver, objective: &objective_name, threads: &threads };
                    if let Ok(summary) = &result {
                        self.growth.extend(Point::of(case, setting, pool.current_num_threads(), summary));
                    }
                    println!("{}", row(&mut self.table, case, instance, setting, &result, metis.as_ref()));
                    first = first.or(runs.ok());
                }
            }
        }
        Ok(())
    }

    /// Runs one solver on one case in a child process and hands its row on; after the limit it is stopped.
    fn run_apart(&mut self, case: &Case, instance: &Instance, solver: Solver) -> Result<String, Box<dyn Error>> {
        let (case_word, seeds) = (format!("={}", case.key), self.seeds.to_string());
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--bench", "--isolated", "true", "--cases", &case_word, "--solvers", solver.name()])
            .args(["--seeds", &seeds])
            .stdout(Stdio::piped())
            .spawn()?;
        let begin = Instant::now();
        let setting = Setting { solver, objective: "", threads: "" };
        let failed = |table: &mut Table, error: String| row(table, case, instance, setting, &Err(error), None);
        // The instance is made anew in the child: its time counts too, so the limit is a generous one.
        while child.try_wait()?.is_none() {
            if begin.elapsed() > self.limit {
                child.kill()?;
                child.wait()?;
                return Ok(failed(&mut self.table, format!("no result within {} s", self.limit.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned();
        let Some(line) = text.lines().rfind(|l| l.contains(&case.key)) else {
            return Ok(failed(&mut self.table, "the process died".into()));
        };
        self.table.line(line);
        Ok(line.to_owned())
    }
}

/// `1`, or `2: 1.71 ×, plans equal` against the runs on the first number of threads.
fn threads_cell(pool: &rayon::ThreadPool, runs: Option<&Vec<Run>>, first: Option<&Vec<Run>>) -> String {
    let count = pool.current_num_threads();
    let Some((runs, first)) = runs.zip(first) else { return count.to_string() };
    let wall = |runs: &[Run]| median(runs.iter().map(|r| r.cost.wall_s).collect());
    let equal = runs.iter().zip(first).all(|(a, b)| a.assignment == b.assignment);
    let verdict = if equal { "plans equal" } else { "**plans differ**" };
    format!("{count}: {:.2} ×, {verdict}", wall(first) / wall(runs))
}

struct Run {
    assignment: Vec<u32>,
    score: Score,
    cost: Cost,
}

fn run(solver: Solver, instance: &Instance, task: Task, pool: &rayon::ThreadPool) -> Result<Run, String> {
    let prepared = solver.prepare(instance, task)?;
    let (assignment, cost) = measure(|| pool.install(prepared));
    let assignment = assignment?;
    let score = evaluate(instance, task.k, &assignment).map_err(|e| e.to_string())?;
    Ok(Run { assignment, score, cost })
}

/// A time on a growth curve: generated cells of one kind, so many to a territory.
struct Point {
    curve: String,
    units: usize,
    cpu_s: f64,
}

impl Point {
    fn of(case: &Case, setting: Setting<'_>, threads: usize, summary: &Summary) -> Option<Self> {
        let Source::Voronoi(units) = case.source else { return None };
        let Setting { solver, objective, .. } = setting;
        let per_territory = units / case.k;
        let curve = format!(
            "{} {objective}, {per_territory} units per territory, ±{} %, threads: {threads}",
            solver.name(),
            case.tolerance * 100.0
        );
        Some(Self { curve, units, cpu_s: summary.cpu_s? })
    }
}

/// Exponents between the smallest and the largest instance of each curve; none where every curve is one point.
fn growth_table(points: &[Point]) -> Option<Table> {
    let mut any = false;
    let mut table = Table::new(&["growth", "units", "CPU s", "exponent"]);
    let mut curves: Vec<&str> = points.iter().map(|p| p.curve.as_str()).collect();
    curves.sort_unstable();
    curves.dedup();
    for curve in curves {
        let mut on: Vec<&Point> = points.iter().filter(|p| p.curve == curve).collect();
        on.sort_by_key(|p| p.units);
        let (Some(small), Some(large)) = (on.first(), on.last()) else { continue };
        if small.units == large.units {
            continue;
        }
        any = true;
        let exponent = (large.cpu_s / small.cpu_s).ln() / (large.units as f64 / small.units as f64).ln();
        let list = |cell: &dyn Fn(&Point) -> String| on.iter().map(|p| cell(p)).collect::<Vec<_>>().join(" → ");
        table.row(&[
            curve.to_owned(),
            list(&|p| thousands(p.units)),
            list(&|p| seconds(p.cpu_s)),
            format!("{exponent:.2}"),
        ]);
    }
    any.then_some(table)
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
    setting: Setting<'_>,
    result: &Result<Summary, String>,
    metis: Option<&Summary>,
) -> String {
    let Setting { solver, objective, threads } = setting;
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
            let fixed = fixed_reference(&case.key);
            let times = |value: Option<f64>| value.map_or(String::new(), |v| format!("{:.3} ×", s.inertia / v));
            cells.push(format!("{:.4e}", s.inertia));
            cells.push(times(fixed.map(|f| f.balanced)));
            cells.push(times(fixed.and_then(|f| f.bounds_used)));
            cells.push(thousands(s.cut as usize));
            let against = |value: Option<f64>, theirs: Option<f64>| {
                value.zip(theirs).map_or(String::new(), |(v, t)| format!("{:.2} ×", v / t))
            };
            cells.push(against(Some(s.cut), metis.map(|m| m.cut)));
            cells.push(threads.into());
            cells.push(seconds(s.wall_s));
            cells.push(s.cpu_s.map_or("?".into(), seconds));
            cells.push(against(s.cpu_s, metis.and_then(|m| m.cpu_s)));
            cells.push(s.peak_mib.map_or("?".into(), |m| format!("{m:.0}")));
        }
    }
    table.row(&cells)
}
