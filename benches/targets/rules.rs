//! What rules cost: `cargo bench -p territory-bench --bench rules -- [--effort quick|standard|thorough] [--seeds N]
//! [--cases london,states]`.
//!
//! `states`: the counties of the repository's data in 30 territories within ±10 %, with states kept whole and without.
//! `london`:
//!
//! London's output areas for 60 reps of capacities 0.5, 0.8, 1.0 and 1.2, each within ±2 % of its own target; without rules, and
//! with 500 locked units, 300 groups, 100 pairs kept apart and 20 homes, all drawn from a plan of another seed that keeps them
//! (locks: its assignment; groups: two to five linked units of one territory; pairs: apart in it; homes: its centroids).

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use territory::adjacency::{Contact, Islands, resolve_islands};
use territory::evaluate::{area_splits, evaluate};
use territory::geometry::{Coverage, CoverageOptions};
use territory::{
    Areas, Control, Effort, Locations, Measure, Objective, Problem, ProblemErrors, ProblemSpec, Rules, SolveOptions,
    Territory, solve,
};
use territory_bench::arguments::Arguments;
use territory_bench::instance::Instance;
use territory_bench::measure::measure;
use territory_bench::random::Random;
use territory_bench::real::{RealSet, data_folder};
use territory_bench::table::{Table, seconds};
use territory_geojson::{Geometry, ReadOptions, Source, read};

const K: usize = 60;
const TOLERANCE: f64 = 0.02;
const USAGE: &str = "--effort quick|standard|thorough, --seeds N, --cases london,states";

fn spec(instance: &Instance, capacities: &[f64]) -> ProblemSpec {
    let locations = Locations::from_points(instance.space, instance.points.clone());
    let territories =
        capacities.iter().enumerate().map(|(t, &c)| Territory::new(format!("rep {t}")).capacity(c)).collect();
    ProblemSpec::new(locations, instance.graph(), K)
        .territories(territories)
        .measure(Measure::new("population", instance.weights().to_vec()).tolerance(TOLERANCE))
}

/// The problem with rules that `plan` keeps.
fn with_rules(
    spec: &ProblemSpec,
    plan: &[u32],
    homes: &[Option<[f64; 2]>],
    random: &mut Random,
) -> Result<Problem, ProblemErrors> {
    let n = plan.len();
    let mut rules = Rules::default();
    while rules.locked.len() < 500 {
        let u = random.below(n) as u32;
        if rules.locked.iter().all(|l| l.0 != u) {
            rules.locked.push((u, plan[u as usize]));
        }
    }
    while rules.together.len() < 300 {
        let mut group = vec![random.below(n) as u32];
        let size = 2 + random.below(4);
        for _ in 1..size {
            let from = group[random.below(group.len())];
            let fits = |v: &&u32| plan[**v as usize] == plan[from as usize] && !group.contains(v);
            group.extend(spec.graph.neighbours(from).iter().find(fits).copied());
        }
        if group.len() > 1 {
            rules.together.push(group);
        }
    }
    while rules.apart.len() < 100 {
        let (a, b) = (random.below(n), random.below(n));
        if plan[a] != plan[b] {
            rules.apart.push((a as u32, b as u32));
        }
    }
    let mut spec = spec.clone().rules(rules);
    let mut anchored = 0;
    while anchored < 20 {
        let t = random.below(K);
        if spec.territories[t].anchor.is_none() {
            spec.territories[t].anchor = homes[t];
            anchored += 1;
        }
    }
    spec.build()
}

/// Counties with their populations, and the state of each.
fn counties(weight: f64) -> Result<Problem, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/us-counties.geojson");
    let properties = vec!["population".to_owned(), "state".to_owned()];
    let mut table = read(Source::open(&path)?, &ReadOptions { properties, ..ReadOptions::default() })?;
    let population = table.numbers("population", false)?;
    let states = table.property("state").ok_or("no states")?;
    let mut names: Vec<String> = Vec::new();
    let mut area_of = Vec::new();
    for row in 0..table.len() {
        let name = states.get(row).name().ok_or("a county without a state")?.into_owned();
        let at = names.iter().position(|n| *n == name).unwrap_or(names.len());
        if at == names.len() {
            names.push(name);
        }
        area_of.push(Some(at as u32));
    }
    let Geometry::Polygons(polygons) = table.take_geometry() else { return Err("counties are polygons".into()) };
    let coverage = Coverage::new(polygons, &CoverageOptions::default())?;
    let graph = resolve_islands(&coverage.graph(Contact::Rook), coverage.polygons(), Islands::Bridge)?.graph;
    let rules = Rules { areas: vec![Areas { name: "state".to_owned(), names, area_of }], ..Rules::default() };
    Ok(ProblemSpec::new(coverage.locations(), graph, 30)
        .measure(Measure::new("population", population).tolerance(0.1))
        .objective(Objective::default().splits(weight))
        .rules(rules)
        .build()?)
}

fn states(effort: Effort, seeds: u64) -> Result<(), Box<dyn Error>> {
    let heads =
        ["seed", "weight of splits", "seconds", "CPU s", "violations", "splits", "forced", "enough", "inertia ratio"];
    let mut table = Table::new(&heads);
    for seed in 0..seeds {
        let mut base = None;
        for weight in [0.0, 0.5, 1.5, 3.0] {
            let problem = counties(weight)?;
            let (solution, cost) = measure(|| solve(&problem, &SolveOptions { seed, effort }, &Control::default()));
            let plan = solution?.assignment;
            let judged = evaluate(&problem, &plan)?;
            let splits = area_splits(&problem, &plan)?.remove(0);
            let base = *base.get_or_insert(judged.inertia);
            table.row(&[
                seed.to_string(),
                weight.to_string(),
                seconds(cost.wall_s),
                cost.cpu_s.map(seconds).unwrap_or_default(),
                judged.violations.len().to_string(),
                splits.splits.to_string(),
                splits.forced.to_string(),
                splits.enough.to_string(),
                format!("{:.3}", judged.inertia / base),
            ]);
        }
    }
    println!("{}", table.text());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let effort: String = arguments.value("--effort", "standard".to_owned())?;
    let seeds: u64 = arguments.value("--seeds", 1)?;
    let cases = arguments.list("--cases", "london,states")?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run it by cargo bench");
        return Ok(());
    }
    let effort = match effort.as_str() {
        "quick" => Effort::Quick,
        "thorough" => Effort::Thorough,
        _ => Effort::Standard,
    };
    if cases.iter().any(|case| case == "states") {
        states(effort, seeds)?;
    }
    if !cases.iter().any(|case| case == "london") {
        return Ok(());
    }
    let mut instance = RealSet::London.read(&data_folder())?;
    instance.join_components();
    let mut table =
        Table::new(&["seed", "rules", "seconds", "CPU s", "max deviation %", "violations", "inertia ratio"]);
    for seed in 0..seeds {
        let mut random = Random::new(1000 + seed, 0);
        let choices = [0.5, 0.8, 1.0, 1.2];
        let capacities: Vec<f64> = (0..K).map(|_| choices[random.below(4)]).collect();
        let spec = spec(&instance, &capacities);
        let free = spec.clone().build()?;
        let hidden = solve(&free, &SolveOptions { seed: 500 + seed, effort: Effort::Standard }, &Control::default())?;
        let hidden = hidden.assignment;
        let judged = evaluate(&free, &hidden)?;
        if !judged.violations.is_empty() {
            println!("seed {seed}: the hidden plan violates its own bounds");
        }
        let homes: Vec<Option<[f64; 2]>> = judged.territories.iter().map(|t| t.centroid).collect();
        let bound = with_rules(&spec, &hidden, &homes, &mut random)?;
        let mut first = None;
        for (name, problem) in [("none", &free), ("all", &bound)] {
            let (solution, cost) = measure(|| solve(problem, &SolveOptions { seed, effort }, &Control::default()));
            let plan = solution?.assignment;
            let judged = evaluate(problem, &plan)?;
            // About the centroids, homes or not.
            let inertia = evaluate(&free, &plan)?.inertia;
            let base = *first.get_or_insert(inertia);
            for v in judged.violations.iter().take(5) {
                println!("  {} {}: {}", v.kind.name(), judged.territories[v.territory.index()].name, v.reason);
            }
            table.row(&[
                seed.to_string(),
                name.to_owned(),
                seconds(cost.wall_s),
                cost.cpu_s.map(seconds).unwrap_or_default(),
                format!("{:.3}", 100.0 * judged.measures[0].fairness.max_deviation),
                judged.violations.len().to_string(),
                format!("{:.4}", inertia / base),
            ]);
        }
    }
    print!("{}", table.text());
    Ok(())
}
