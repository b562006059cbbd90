//! Re-alignment against the cheapest flow: `cargo bench -p territory-bench --bench realign -- [--seeds N]`.
//!
//! A plan within ±3 % (`standard`; `quick` for England and Wales), then loads that have changed (counties: all but the largest by up
//! to 15 %; England and Wales: one unit in twenty by up to 90 %), and the bounds to be restored. Beside the change of the re-alignment stand the
//! certified lower bound, the estimate by the cheapest flow, and what a fresh plan would move (its territories matched by overlap).
//! Counties again when a rep leaves and when one joins, within ±3 % and ±10 %: beside the territories that change stands how many have to,
//! at least. And counties in eleven years as the end-to-end tests draw them, some of which ask a territory of four large counties to give
//! one.

#![allow(clippy::print_stdout)]

use std::error::Error;
use territory::evaluate::{PlanNames, compare, compare_by_name, evaluate};
use territory::realign::{RealignOptions, realign};
use territory::{Control, Effort, Locations, Measure, Problem, ProblemErrors, ProblemSpec, SolveOptions, solve};
use territory_bench::arguments::Arguments;
use territory_bench::instance::Instance;
use territory_bench::measure::measure;
use territory_bench::random::Random;
use territory_bench::real::{RealSet, data_folder};
use territory_bench::table::{Table, seconds};

const USAGE: &str = "--seeds N";
const TOLERANCE: f64 = 0.03;
/// Tolerance under which a rep who comes or goes should be felt near by only.
const WIDE: f64 = 0.1;
/// Years that are drawn as the end-to-end tests draw theirs.
const YEARS: u64 = 11;

fn problem(instance: &Instance, loads: Vec<f64>, k: usize) -> Result<Problem, ProblemErrors> {
    within(instance, loads, k, TOLERANCE)
}

fn within(instance: &Instance, loads: Vec<f64>, k: usize, tolerance: f64) -> Result<Problem, ProblemErrors> {
    let locations = Locations::from_points(instance.space, instance.points.clone());
    let measure = Measure::new("population", loads).tolerance(tolerance);
    ProblemSpec::new(locations, instance.graph(), k).measure(measure).build()
}

struct Case<'a> {
    name: &'a str,
    instance: &'a Instance,
    k: usize,
    effort: Effort,
    seed: u64,
}

impl Case<'_> {
    fn plan(&self, problem: &Problem) -> Result<Vec<u32>, ProblemErrors> {
        let options = SolveOptions { seed: self.seed, effort: self.effort };
        Ok(solve(problem, &options, &Control::default())?.assignment)
    }

    /// Loads of which every `one_in`th has changed by up to `most`; the largest stays where all may change.
    fn changed(&self, one_in: usize, most: f64) -> Vec<f64> {
        let mut random = Random::new(15, self.seed);
        let loads = self.instance.weights();
        let largest = (0..loads.len()).max_by(|&a, &b| loads[a].total_cmp(&loads[b])).unwrap_or(0);
        let change = |(u, load): (usize, &f64)| {
            let (turn, factor) = (random.below(one_in), random.between(1.0 - most, 1.0 + most));
            if turn > 0 || (one_in == 1 && u == largest) { *load } else { load * factor }
        };
        loads.iter().enumerate().map(change).collect()
    }

    /// Re-aligns `before` (names `0..count`) to `problem` and compares.
    fn row(
        &self,
        table: &mut Table,
        what: &str,
        problem: &Problem,
        (before, count): (&[u32], usize),
        current: &[Option<u32>],
    ) -> Result<(), Box<dyn Error>> {
        let (result, cost) = measure(|| realign(problem, current, &RealignOptions::default(), &Control::default()));
        let result = result?;
        let names: Vec<String> = (1..=count).map(|t| t.to_string()).collect();
        let today = PlanNames { assignment: before, names: &names };
        let (ours, judged) =
            (compare_by_name(problem, today, &result.assignment)?, evaluate(problem, &result.assignment)?);
        let afresh = self.plan(problem)?;
        let was = evaluate(problem, &afresh)?;
        let fresh = compare(problem, today, &afresh)?;
        let percent = |share: f64| format!("{:.3}", 100.0 * share);
        let own = ours.measures[0];
        let beside = |share: f64| format!("{:.2}", share / own.flow_estimate.max(1e-12));
        for v in judged.violations.iter().take(3) {
            println!("  {what}: {} {}", v.kind.name(), v.reason);
        }
        println!(
            "{}",
            table.row(&[
                self.name.to_owned(),
                what.to_owned(),
                self.seed.to_string(),
                seconds(cost.wall_s),
                cost.cpu_s.map(seconds).unwrap_or_default(),
                format!("{} / {}", judged.violations.len(), was.violations.len()),
                percent(own.share),
                percent(own.forced),
                percent(own.lower_bound),
                percent(own.flow_estimate),
                beside(own.share),
                beside(own.lower_bound),
                percent(fresh.measures[0].share),
                format!("{} ({} at least)", ours.touched, ours.least_touched),
                ours.beyond_flow.to_string(),
                format!("{:.3}", judged.inertia / was.inertia),
            ])
        );
        Ok(())
    }

    /// After loads have changed.
    fn drift(&self, table: &mut Table, one_in: usize, most: f64) -> Result<(), Box<dyn Error>> {
        let before = self.plan(&problem(self.instance, self.instance.weights().to_vec(), self.k)?)?;
        let current: Vec<Option<u32>> = before.iter().map(|&t| Some(t)).collect();
        let problem = problem(self.instance, self.changed(one_in, most), self.k)?;
        self.row(table, "loads changed", &problem, (&before, self.k), &current)
    }

    /// After another year, drawn as the end-to-end tests draw it: in the order of the file, from a generator of theirs.
    fn year(&self, table: &mut Table, year: u64) -> Result<(), Box<dyn Error>> {
        let before = self.plan(&problem(self.instance, self.instance.weights().to_vec(), self.k)?)?;
        let current: Vec<Option<u32>> = before.iter().map(|&t| Some(t)).collect();
        let loads = self.instance.weights();
        let largest = (0..loads.len()).max_by(|&a, &b| loads[a].total_cmp(&loads[b])).unwrap_or(0);
        let mut state = year;
        let mut change = |(u, load): (usize, &f64)| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let by = 0.85 + 0.3 * (state >> 11) as f64 / (1u64 << 53) as f64;
            if u == largest { *load } else { (load * by).round() }
        };
        let changed = loads.iter().enumerate().map(&mut change).collect();
        let problem = problem(self.instance, changed, self.k)?;
        self.row(table, &format!("year {year}"), &problem, (&before, self.k), &current)
    }

    /// After the last rep has left, and after one has joined.
    fn staff(&self, table: &mut Table) -> Result<(), Box<dyn Error>> {
        let loads = self.instance.weights().to_vec();
        let before = self.plan(&problem(self.instance, loads.clone(), self.k)?)?;
        let k = self.k;
        let left: Vec<Option<u32>> = before.iter().map(|&t| (t as usize + 1 < k).then_some(t)).collect();
        let joined: Vec<Option<u32>> = before.iter().map(|&t| Some(t)).collect();
        for tolerance in [TOLERANCE, WIDE] {
            let percent = 100.0 * tolerance;
            let problem = |k: usize| within(self.instance, loads.clone(), k, tolerance);
            self.row(table, &format!("a rep left, ±{percent} %"), &problem(k - 1)?, (&before, k), &left)?;
            self.row(table, &format!("a rep joined, ±{percent} %"), &problem(k + 1)?, (&before, k), &joined)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let seeds: u64 = arguments.value("--seeds", 1)?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run it by cargo bench");
        return Ok(());
    }
    let heads = [
        "set",
        "after",
        "seed",
        "seconds",
        "CPU s",
        "violations / of a fresh plan",
        "moved %",
        "of it forced %",
        "lower bound %",
        "flow estimate %",
        "moved / estimate",
        "lower bound / estimate",
        "moved by a fresh plan %",
        "touched",
        "beyond the flow",
        "inertia / of a fresh plan",
    ];
    let mut table = Table::new(&heads);
    let (mut counties, mut country) =
        (RealSet::Counties.read(&data_folder())?, RealSet::EnglandWales.read(&data_folder())?);
    counties.join_components();
    country.join_components();
    for seed in 0..seeds {
        let small = Case { name: "counties", instance: &counties, k: 30, effort: Effort::Standard, seed };
        small.drift(&mut table, 1, 0.15)?;
        small.staff(&mut table)?;
        for year in 1..=YEARS {
            small.year(&mut table, year)?;
        }
        let large = Case { name: "England and Wales", instance: &country, k: 1000, effort: Effort::Quick, seed };
        large.drift(&mut table, 20, 0.9)?;
    }
    println!("\n{}", table.text());
    Ok(())
}
