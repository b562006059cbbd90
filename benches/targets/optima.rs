//! The engine against proven optima: `cargo bench -p territory-bench --bench optima -- [FOLDER] [--objective
//! inertia-medoid|cut] [--effort quick|standard|thorough] [--seeds N] [--only WORD]`. The folder holds files in the format of
//! [`territory_bench::optima`]; without one it is `optima` in the data folder. `--distance published` (the default) hands the
//! engine the published distance, whole kilometres, as the problem's own; with `--distance true` it measures by the locations,
//! as the binary's `--compactness inertia-medoid` does. Values are by the published formula either way.
//!
//! Every value is recomputed from the plan by the published formula; a plan that breaks a rule counts as invalid, whatever
//! its value.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use territory::{
    Control, Distance, Effort, Measure, Objective, Problem, ProblemErrors, ProblemSpec, SolveOptions, solve,
};
use territory::{Locations, Space};
use territory_bench::arguments::Arguments;
use territory_bench::measure::measure;
use territory_bench::optima::{Optimum, read_folder};
use territory_bench::real::data_folder;
use territory_bench::table::{Table, seconds};

const USAGE: &str = "[FOLDER], --objective inertia-medoid|cut, --distance published|true, --effort quick|standard|thorough, --seeds N, --only WORD";

#[derive(Clone, Copy, PartialEq)]
enum Goal {
    InertiaMedoid,
    Cut,
}

/// The distance that the engine is given; values are always by the published one.
#[derive(Clone, Copy, PartialEq)]
enum Measured {
    /// Whole kilometres, handed in as the problem's own distance.
    Published,
    /// Straight lines between the locations, as the binary has them.
    True,
}

/// The only place that turns an instance into the engine's problem.
fn problem(optimum: &Optimum, goal: Goal, measured: Measured) -> Result<Problem, ProblemErrors> {
    let instance = optimum.instance();
    let objective = match goal {
        Goal::InertiaMedoid => Objective::NONE.inertia_medoid(1.0),
        Goal::Cut => Objective::CUT,
    };
    let population = Measure::new("population", instance.weights().to_vec())
        .tolerance(f64::INFINITY)
        .minimum(optimum.lower)
        .maximum(optimum.upper);
    let locations = Locations::from_points(Space::Planar, instance.points.clone());
    let mut spec = ProblemSpec::new(locations, instance.graph(), optimum.k).measure(population).objective(objective);
    if goal == Goal::InertiaMedoid && measured == Measured::Published {
        let published = optimum.clone();
        spec = spec.distance(Distance::function(move |i, j| published.whole_km(i, j)));
    }
    spec.build()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let goal = match arguments.value("--objective", "inertia-medoid".to_owned())?.as_str() {
        "inertia-medoid" => Goal::InertiaMedoid,
        "cut" => Goal::Cut,
        other => return Err(format!("no objective {other}; {USAGE}").into()),
    };
    let measured = match arguments.value("--distance", "published".to_owned())?.as_str() {
        "published" => Measured::Published,
        "true" => Measured::True,
        other => return Err(format!("no distance {other}; {USAGE}").into()),
    };
    let effort = match arguments.value("--effort", "standard".to_owned())?.as_str() {
        "quick" => Effort::Quick,
        "standard" => Effort::Standard,
        "thorough" => Effort::Thorough,
        other => return Err(format!("no effort {other}; {USAGE}").into()),
    };
    let seeds: u64 = arguments.value("--seeds", 1)?;
    let only = arguments.value("--only", String::new())?;
    let folder = arguments.positional().map_or_else(|| data_folder().join("optima"), PathBuf::from);
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run by cargo bench; arguments: {USAGE}");
        return Ok(());
    }
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return Ok(());
    }
    let heads = ["instance", "units", "k", "seed", "value", "proven", "gap", "valid", "wall s", "CPU s"];
    let mut table = Table::new(&heads);
    println!("{}", table.text().trim_end());
    let mut summary = Summary::default();
    for optimum in read_folder(&folder)?.iter().filter(|o| o.name.contains(&only)) {
        let proven = match goal {
            Goal::InertiaMedoid => optimum.optimum,
            Goal::Cut => match optimum.minimum_cut() {
                Some(cut) => cut as f64,
                None => continue,
            },
        };
        let problem = problem(optimum, goal, measured)?;
        let mut best = f64::INFINITY;
        for seed in 1..=seeds {
            let (solution, cost) = measure(|| solve(&problem, &SolveOptions { seed, effort }, &Control::default()));
            let plan = optimum.value(&solution?.assignment)?;
            let value = if goal == Goal::Cut { plan.cut as f64 } else { plan.inertia_medoid };
            // The published values have two decimals.
            let gap = if goal == Goal::Cut { value / proven - 1.0 } else { (value - proven - 0.005).max(0.0) / proven };
            best = best.min(if plan.faults.is_none() { gap } else { f64::INFINITY });
            summary.slowest_s = summary.slowest_s.max(cost.wall_s);
            let line = table.row(&[
                optimum.name.clone(),
                problem.units().to_string(),
                optimum.k.to_string(),
                seed.to_string(),
                if goal == Goal::Cut { value.to_string() } else { format!("{value:.2}") },
                proven.to_string(),
                format!("{:.4} %", gap * 100.0),
                plan.faults.map_or("yes".into(), |f| format!("**no**: {f}")),
                seconds(cost.wall_s),
                cost.cpu_s.map_or("?".into(), seconds),
            ]);
            println!("{line}");
        }
        summary.gaps.push(best);
    }
    summary.print();
    Ok(())
}

#[derive(Default)]
struct Summary {
    /// Per instance, of the best seed; infinite where no plan was valid.
    gaps: Vec<f64>,
    slowest_s: f64,
}

impl Summary {
    fn print(&self) {
        let within = |gap: f64| self.gaps.iter().filter(|g| **g <= gap).count();
        let valid: Vec<f64> = self.gaps.iter().copied().filter(|g| g.is_finite()).collect();
        let mean = valid.iter().sum::<f64>() / valid.len() as f64;
        let mean = if valid.is_empty() { "–".into() } else { format!("{:.4} %", mean * 100.0) };
        println!(
            "\n{} instances, the best seed of each: {} with a valid plan, {} at the proven value (gap ≤ 0.001 %), {} within 0.01 %; mean gap of the \
             valid {mean}; slowest run {} s",
            self.gaps.len(),
            valid.len(),
            within(1e-5),
            within(1e-4),
            seconds(self.slowest_s),
        );
    }
}
