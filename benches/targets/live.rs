//! Latencies of a live plan: `cargo bench -p territory-bench --bench live -- [FILTER]`. 100,000 Voronoi cells with lognormal weights in 200
//! territories, from a `quick` plan at ±3 %.
//!
//! First a table of single latencies (20,000 random moves over borders, each answered with the violations of the whole plan; CPU time
//! beside wall time for what takes long enough), then criterion's groups. The worst case of contiguity is a ring of 100,000 units that a move may cut.

#![allow(clippy::print_stdout)]

use criterion::Criterion;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::live::LivePlan;
use territory::{
    Control, Effort, Locations, Measure, Objective, ProblemSpec, SolveOptions, Space, Territory, TerritoryId, UnitId,
    solve,
};
use territory_bench::generate::{SEED, voronoi};
use territory_bench::measure::timed;
use territory_bench::random::Random;

const K: usize = 200;
const MOVES: usize = 20_000;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn plan(units: usize, k: usize) -> Fallible<LivePlan> {
    let problem = voronoi(units, 1, SEED).problem(k, 0.03, Objective::default())?;
    let options = SolveOptions { seed: 1, effort: Effort::Quick };
    let solution = solve(&problem, &options, &Control::default())?;
    Ok(LivePlan::new(problem, solution.assignment)?)
}

/// A random unit with a neighbour in another territory, and that territory.
fn crossing(plan: &LivePlan, random: &mut Random) -> (UnitId, TerritoryId) {
    loop {
        let unit = random.below(plan.assignment().len()) as u32;
        let of = |u: u32| plan.assignment()[u as usize];
        let beside = plan.problem().graph().neighbours(unit).iter().map(|&v| of(v)).find(|&t| t != of(unit));
        if let Some(to) = beside {
            return (UnitId(unit), TerritoryId(to));
        }
    }
}

/// Wall and CPU seconds of single calls.
#[derive(Default)]
struct Latencies {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Latencies {
    fn of<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = black_box(work());
        self.wall.push(begin.elapsed().as_secs_f64());
        result
    }

    fn of_long<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (result, cost) = timed(work);
        self.wall.push(cost.wall_s);
        self.cpu.extend(cost.cpu_s);
        result
    }

    fn print(mut self, name: &str) {
        self.wall.sort_by(f64::total_cmp);
        self.cpu.sort_by(f64::total_cmp);
        let at = |column: &[f64], share: f64| {
            let seconds = column.get((column.len().saturating_sub(1) as f64 * share) as usize);
            seconds.map_or("–".to_owned(), |s| format!("{:.2}", s * 1e6))
        };
        let (wall, cpu) = (&self.wall, &self.cpu);
        println!(
            "| {name} | {} | {} | {} | {} | {} |",
            wall.len(),
            at(wall, 0.5),
            at(cpu, 0.5),
            at(wall, 0.99),
            at(wall, 1.0)
        );
    }
}

/// Random moves, one after another, then all of them undone.
fn table(plan: &mut LivePlan, moves: usize) -> Fallible<()> {
    println!("| what | times | median µs | median CPU µs | 99 % µs | worst µs |\n|---|---|---|---|---|---|");
    let [mut made, mut undone, mut tried, mut next, mut mended, mut added, mut removed] =
        [(); 7].map(|()| Latencies::default());
    let mut random = Random::new(7, 0);
    let before = plan.assignment().to_vec();
    for _ in 0..moves {
        let (unit, to) = crossing(plan, &mut random);
        let _ = tried.of(|| plan.preview(unit, to));
        let _ = made.of(|| (plan.move_unit(unit, to), plan.violations()));
    }
    while undone.of(|| plan.undo()).is_some() {}
    assert!(plan.assignment() == before, "undo must lead back");
    made.print("move, with all violations");
    tried.print("preview");
    undone.print("undo");
    for i in 0..(moves / 200) as u32 {
        let (unit, to) = crossing(plan, &mut random);
        let _ = plan.move_unit(unit, to);
        next.of_long(|| plan.next_moves(10));
        if let Some(violation) = plan.violations().first() {
            mended.of_long(|| plan.repairs(violation, 5));
        }
        let (unit, _) = crossing(plan, &mut random);
        let name = Territory::new(format!("new {i}"));
        if added.of_long(|| plan.add_territory_around(name, unit)).is_ok() {
            plan.undo();
        }
        if removed.of_long(|| plan.remove_territory(TerritoryId(i % plan.k() as u32))).is_ok() {
            plan.undo();
        }
    }
    next.print("10 best next moves");
    mended.print("5 repairs of a violation");
    added.print("territory added around a unit");
    removed.print("territory removed");
    Ok(())
}

/// A ring of units, all but one in one territory.
fn ring(units: u32) -> Fallible<LivePlan> {
    let at: Vec<[f64; 2]> = (0..units).map(|i| [f64::from(i), 0.0]).collect();
    let edges: Vec<Edge> = (0..units).map(|i| Edge::new(i, (i + 1) % units, EdgeKind::Edge, 1.0)).collect();
    let locations = Locations::from_coordinates(Space::Planar, &at);
    let problem = ProblemSpec::new(locations, Graph::from_edges(units as usize, &edges), 2)
        .measure(Measure::new("calls", vec![1.0; units as usize]).tolerance(1.0))
        .build()?;
    let mut assignment = vec![0; units as usize];
    assignment[0] = 1;
    Ok(LivePlan::new(problem, assignment)?)
}

fn main() -> Fallible<()> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    // Without --bench criterion runs everything once: small plans will do.
    let full = std::env::args().any(|a| a == "--bench");
    let (units, k, moves) = if full { (100_000, K, MOVES) } else { (2_000, 20, 200) };
    let mut live = plan(units, k)?;
    table(&mut live, moves)?;
    let mut random = Random::new(9, 0);
    let moves: Vec<_> = (0..1_000).map(|_| crossing(&live, &mut random)).collect();
    let mut next = moves.iter().cycle();
    criterion.bench_function("live-move-and-undo", |b| {
        b.iter(|| {
            let Some(&(unit, to)) = next.next() else { return };
            if live.move_unit(unit, to).is_ok() {
                black_box(live.violations());
                live.undo();
            }
        });
    });
    criterion.bench_function("live-next-moves", |b| b.iter(|| black_box(live.next_moves(10))));
    let mut ring = ring(units as u32)?;
    let far = UnitId(units as u32 / 2);
    criterion.bench_function("live-worst-contiguity", |b| b.iter(|| black_box(ring.preview(far, TerritoryId(1)))));
    criterion.final_summary();
    Ok(())
}
