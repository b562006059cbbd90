//! Criterion benches, one group per stage: `cargo bench -p territory-bench --bench stages -- [FILTER]`.
//!
//! A stage is one line in the list of [`stages`]: its name, its sizes, and what is timed on an instance of that size. Sizes go
//! from 1k to 1M, so that growth shows (throughput is in units per second: a flat figure is linear growth).

use criterion::{BenchmarkId, Criterion, Throughput};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;
use territory::adjacency::{Edge, EdgeKind, Graph, components};
use territory::{Control, Effort, Objective, Plan, Problem, ProblemErrors, SolveOptions, solve};
use territory_bench::evaluate::evaluate;
use territory_bench::generate::{SEED, voronoi};
use territory_bench::instance::Instance;

/// All sizes; slow stages leave out the large ones.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Units per territory: growth is measured at a fixed number.
const UNITS_PER_TERRITORY: usize = 100;

/// What stages work on.
struct Input {
    instance: Instance,
    edges: Vec<Edge>,
    graph: Graph,
    problem: Problem,
    k: usize,
    /// Some complete assignment: runs of the units in input order.
    assignment: Vec<u32>,
}

impl Input {
    fn new(size: usize) -> Result<Self, ProblemErrors> {
        let instance = voronoi(size, 1, SEED);
        let edges: Vec<Edge> =
            instance.links.iter().map(|l| Edge::new(l.a, l.b, EdgeKind::Border, l.border_km)).collect();
        let n = instance.len();
        let k = n / UNITS_PER_TERRITORY;
        let problem = instance.problem(k, 0.03, Objective::default())?;
        let assignment = (0..n).map(|u| (u * k / n) as u32).collect();
        Ok(Self { graph: Graph::from_edges(n, &edges), instance, edges, problem, k, assignment })
    }
}

type Work = fn(&Input);

/// The stages: name, sizes, work.
fn stages() -> Vec<(&'static str, &'static [usize], Work)> {
    vec![
        ("generate-voronoi", &SIZES[..3], |i| {
            black_box(voronoi(i.instance.len(), 1, SEED));
        }),
        ("graph-from-edges", &SIZES, |i| {
            black_box(Graph::from_edges(i.instance.len(), &i.edges));
        }),
        ("components", &SIZES, |i| {
            black_box(components(&i.graph));
        }),
        ("plan-books", &SIZES, |i| {
            let _ = black_box(Plan::new(&i.problem, i.assignment.clone()));
        }),
        ("evaluate-independent", &SIZES, |i| {
            let _ = black_box(evaluate(&i.instance, i.k, &i.assignment));
        }),
        ("solve-quick", &SIZES, |i| {
            let options = SolveOptions { seed: 1, effort: Effort::Quick };
            let _ = black_box(solve(&i.problem, &options, &Control::default()));
        }),
    ]
}

fn main() -> Result<(), ProblemErrors> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    // Without --bench criterion runs everything once: the small sizes will do.
    let largest = if std::env::args().any(|a| a == "--bench") { usize::MAX } else { SIZES[1] };
    let filters: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let wanted = |name: &str, size: usize| {
        let id = format!("{name}/{size}");
        size <= largest && (filters.is_empty() || filters.iter().any(|f| id.contains(f.as_str())))
    };
    let mut inputs: BTreeMap<usize, Input> = BTreeMap::new();
    for (name, sizes, work) in stages() {
        let mut group = criterion.benchmark_group(name);
        for &size in sizes.iter().filter(|&&size| wanted(name, size)) {
            if let std::collections::btree_map::Entry::Vacant(slot) = inputs.entry(size) {
                slot.insert(Input::new(size)?);
            }
            let Some(input) = inputs.get(&size) else { continue };
            group.throughput(Throughput::Elements(size as u64));
            group.bench_with_input(BenchmarkId::from_parameter(size), input, |b, input| b.iter(|| work(input)));
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
