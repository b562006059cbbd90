//! The largest diameter on Delaunay graphs with three activities, next to the published figures:
//! `cargo bench -p territory-bench --bench diameters -- [--classes 1000-5,…] [--instances N] [--seeds N] [--seconds S]
//! [--effort quick|standard|thorough] [--out FILE]`.
//!
//! Every run has `--seconds` on one core, where the effort's steps do not end it before. The published instances are not
//! public; ours are drawn by the same recipe, so the means of classes compare, single values do not.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::{Duration, Instant};
use territory::{Control, Effort, Objective, SolveOptions, solve};
use territory_bench::arguments::Arguments;
use territory_bench::catalog::{DIAMETERS, DiameterClass};
use territory_bench::evaluate::{diameter_km, evaluate};
use territory_bench::generate::delaunay;
use territory_bench::instance::Instance;
use territory_bench::table::{InstanceTable, Table, percent, seconds, thousands};

const USAGE: &str =
    "--classes N-P,…, --instances N, --seeds N, --seconds S, --effort quick|standard|thorough, --out FILE";
const TOLERANCE: f64 = 0.05;

/// What every run is asked to make small.
fn objective() -> Objective {
    Objective::NONE.diameter(1.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let words = arguments.list("--classes", "")?;
    let instances: u64 = arguments.value("--instances", 4)?;
    let seeds: u64 = arguments.value("--seeds", 10)?;
    let limit: f64 = arguments.value("--seconds", 60.0)?;
    let effort = match arguments.value("--effort", "thorough".to_owned())?.as_str() {
        "quick" => Effort::Quick,
        "standard" => Effort::Standard,
        "thorough" => Effort::Thorough,
        other => return Err(format!("no effort {other}; {USAGE}").into()),
    };
    let out: Option<String> = arguments.optional("--out")?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run by cargo bench; arguments: {USAGE}");
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let heads = [
        "n, p",
        "feasible",
        "worst deviation",
        "mean",
        "mean of the bests",
        "published best",
        "mean / published",
        "asked",
        "met",
        "s per run",
    ];
    let mut table = Table::new(&heads);
    let mut made = InstanceTable::default();
    println!("{}", table.text().trim_end());
    for class in DIAMETERS {
        let key = format!("{}-{}", class.n, class.p);
        if !words.is_empty() && !words.contains(&key) {
            continue;
        }
        let mut summary = Summary::default();
        for instance_seed in 1..=instances {
            let instance = delaunay(class.n, instance_seed);
            summary.best.push(f64::INFINITY);
            for seed in 1..=seeds {
                let options = SolveOptions { seed, effort };
                summary.add(pool.install(|| run(&instance, class, &options, limit).map_err(|e| e.to_string()))?);
            }
            made.add(&instance);
        }
        println!("{}", summary.row(&mut table, class));
    }
    println!("\n{}", made.text());
    if let Some(path) = out {
        std::fs::write(path, format!("{}\n{}", table.text(), made.text()))?;
    }
    Ok(())
}

struct Run {
    /// Of a feasible plan.
    diameter: Option<f64>,
    deviation: f64,
    seconds: f64,
}

fn run(instance: &Instance, class: DiameterClass, options: &SolveOptions, limit: f64) -> Result<Run, Box<dyn Error>> {
    let problem = instance.problem(class.p, TOLERANCE, objective())?;
    let begin = Instant::now();
    let clock = || begin.elapsed();
    let control = Control::default().time_limit(Duration::from_secs_f64(limit), &clock);
    let assignment = solve(&problem, options, &control)?.assignment;
    let seconds = begin.elapsed().as_secs_f64();
    let score = evaluate(instance, class.p, &assignment)?;
    let diameter = score.holds(TOLERANCE).then(|| diameter_km(instance, class.p, &assignment));
    Ok(Run { diameter, deviation: score.worst(), seconds })
}

/// A class's runs so far.
#[derive(Default)]
struct Summary {
    runs: usize,
    feasible: usize,
    sum: f64,
    /// Least diameter per instance.
    best: Vec<f64>,
    deviation: f64,
    seconds: f64,
}

impl Summary {
    fn add(&mut self, run: Run) {
        self.runs += 1;
        self.deviation = self.deviation.max(run.deviation);
        self.seconds += run.seconds;
        if let (Some(diameter), Some(best)) = (run.diameter, self.best.last_mut()) {
            self.feasible += 1;
            self.sum += diameter;
            *best = best.min(diameter);
        }
    }

    fn row(&self, table: &mut Table, class: DiameterClass) -> String {
        let mean = self.sum / self.feasible as f64;
        let bests = self.best.iter().sum::<f64>() / self.best.len() as f64;
        let met = self.feasible == self.runs && mean <= class.asked;
        let known = |value: f64, text: String| if value.is_finite() { text } else { "–".into() };
        table.row(&[
            format!("{}, {}", thousands(class.n), class.p),
            format!("{} of {}", self.feasible, self.runs),
            percent(self.deviation),
            known(mean, format!("{mean:.1}")),
            known(bests, format!("{bests:.1}")),
            format!("{:.0}", class.best),
            known(mean, format!("{:.3} ×", mean / class.best)),
            format!("≤ {:.1}", class.asked),
            if met { "yes".into() } else { "**no**".into() },
            seconds(self.seconds / self.runs as f64),
        ])
    }
}
