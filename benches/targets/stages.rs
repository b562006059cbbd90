//! Criterion benches, one group per stage: `cargo bench -p territory-bench --bench stages -- [FILTER]`.
//!
//! A stage is one line in one of the three lists below: its name and what is timed on an input of every size. Sizes go from
//! 1k to 1M, so that growth shows (throughput is in units per second: a flat figure is linear growth). Where a stage changes its
//! input, copying the input is timed with it.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use std::cell::OnceCell;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use territory::adjacency::{Contact, Graph, Neighbourhood, components, from_points};
use territory::geometry::{Coverage, CoverageOptions};
use territory::search::{
    Balance, Diagram, Guard, Instance, Leaving, Scales, Schedule, Scratches, State, anneal, coarsen, construct,
    make_contiguous, polish, settle,
};
use territory::{Control, Effort, Locations, Objective, Problem, SolveOptions, solve};
use territory_bench::evaluate::evaluate;
use territory_bench::generate::{SEED, mesh, voronoi};
use territory_geojson::{
    FeatureTable, JsonObject, PlanProperty, ReadOptions, Source, read, write_plan, write_territories,
};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Units per territory: growth is measured at a fixed number.
const UNITS_PER_TERRITORY: usize = 100;
const TOLERANCE: f64 = 0.03;

type Fallible<T> = Result<T, Box<dyn Error>>;
/// Name and work.
type Stage<I> = (&'static str, fn(&I));

/// Voronoi cells, as the stages around the search see them.
struct Cells {
    instance: territory_bench::instance::Instance,
    graph: Graph,
    locations: Locations,
    problem: Problem,
    /// Some complete assignment: runs of the units in input order.
    assignment: Vec<u32>,
}

impl Cells {
    fn new(size: usize) -> Fallible<Self> {
        let instance = voronoi(size, 1, SEED);
        let n = instance.len();
        let k = size / UNITS_PER_TERRITORY;
        Ok(Self {
            graph: instance.graph(),
            locations: Locations::from_points(instance.space, instance.points.clone()),
            problem: instance.problem(k, TOLERANCE, Objective::default())?,
            assignment: (0..n).map(|u| (u * k / n) as u32).collect(),
            instance,
        })
    }
}

const AROUND: [Stage<Cells>; 5] = [
    ("adjacency-points", |i| {
        let _ = black_box(from_points(&i.locations, Neighbourhood::default()));
    }),
    ("components", |i| {
        black_box(components(&i.graph));
    }),
    ("evaluate", |i| {
        let _ = black_box(territory::evaluate::evaluate(&i.problem, &i.assignment));
    }),
    ("evaluate-independent", |i| {
        let _ = black_box(evaluate(&i.instance, i.problem.k(), &i.assignment));
    }),
    ("solve-quick", |i| {
        let options = SolveOptions { seed: 1, effort: Effort::Quick };
        let _ = black_box(solve(&i.problem, &options, &Control::default()));
    }),
];

/// The same cells, as the stages of the search see them.
struct Search {
    problem: Problem,
    instance: Instance,
    /// Contiguous, mostly outside the bounds.
    diagram: Diagram,
    scales: Scales,
    /// Made contiguous, annealed a little: where polish begins.
    annealed: Vec<u32>,
}

impl Search {
    fn new(size: usize) -> Fallible<Self> {
        let problem = Cells::new(size)?.problem;
        let instance = Instance::new(&problem);
        let mut diagram = construct(&instance, 40, 0);
        make_contiguous(&instance, &mut diagram);
        let mut state = State::new(&instance, diagram.parts.clone(), Scales::default());
        let scales = state.scales_for([1.0, 0.1, 0.0]);
        state.scales = scales;
        refine(&mut state, 5 * instance.len() as u64);
        let annealed = state.parts();
        Ok(Self { problem, diagram, scales, annealed, instance })
    }

    fn state(&self) -> State<'_> {
        State::new(&self.instance, self.diagram.parts.clone(), self.scales)
    }
}

/// So many proposals of the search for balance.
fn refine(state: &mut State<'_>, steps: u64) {
    let mut balance = Balance::new(state.instance);
    let schedule = Schedule {
        steps,
        temperature: (0.5 / UNITS_PER_TERRITORY as f64, 0.0),
        lambda: (5.0, 1_000.0),
        calm: (0.0, 0.0),
        price_updates: 200,
        swaps: 0.0,
        bundle: 6,
        heat: 0.02,
    };
    let mut scratches = Scratches::default();
    anneal(state, &mut balance, &schedule, (1, 1), &mut scratches, &Control::default());
}

const SEARCH: [Stage<Search>; 11] = [
    ("instance", |i| {
        black_box(Instance::new(&i.problem));
    }),
    ("coarsen", |i| {
        black_box(coarsen(&i.instance, 6, 0.1, &[]));
    }),
    ("construct", |i| {
        black_box(construct(&i.instance, 40, 0));
    }),
    ("make-contiguous", |i| {
        let mut diagram = i.diagram.clone();
        black_box(make_contiguous(&i.instance, &mut diagram));
    }),
    ("books", |i| {
        black_box(i.state());
    }),
    // Of every border unit, beside the books.
    ("contiguity-check", |i| {
        let state = i.state();
        let mut guard = Guard::default();
        let whole = state.border().iter().filter(|&&u| guard.leaving(&state, u, 256) == Leaving::Whole).count();
        black_box(whole);
    }),
    // Of every border unit to the first other territory beside it, beside the books.
    ("move-evaluation", |i| {
        let state = i.state();
        let balance = Balance::new(&i.instance);
        let mut sum = 0.0;
        for &u in state.border() {
            let from = state.part(u);
            let beside = i.instance.neighbours(u).iter().map(|&v| state.part(v)).find(|&t| t != from);
            let Some(to) = beside else { continue };
            sum += state.inertia_change(&i.instance.masses[u as usize], from, to)
                + state.link_change(u, from, to)
                + balance.change(&state, i.instance.moved(&u), from, to);
        }
        black_box(sum);
    }),
    // Eight price updates through the territory graph, beside the books.
    ("balance", |i| {
        let state = i.state();
        let mut balance = Balance::new(&i.instance);
        for _ in 0..8 {
            balance.raise_by_flow(&state, 6.0);
        }
        black_box(balance.prices());
    }),
    // Two proposals per unit, beside the books.
    ("refine", |i| {
        let mut state = i.state();
        refine(&mut state, 2 * i.instance.len() as u64);
        black_box(state.parts());
    }),
    // Ten rounds of exchanges at most, beside the books.
    ("polish", |i| {
        let mut state = State::new(&i.instance, i.annealed.clone(), i.scales);
        black_box(polish(&mut state, Scratches::default().one(), 10, &Control::default()));
    }),
    // From the contiguous diagram, beside the books.
    ("settle", |i| {
        let mut state = i.state();
        black_box(settle(&mut state, 6, (1, 1), &mut Scratches::default(), &Control::default()));
    }),
];

/// Polygons of eight vertices, and the file that they stand in.
struct Areas {
    polygons: territory::geometry::Polygons,
    coverage: Coverage,
    /// Squares of the grid.
    assignment: Vec<u32>,
    k: usize,
    dissolved: territory::geometry::Polygons,
    properties: Vec<JsonObject>,
    text: Arc<[u8]>,
    table: FeatureTable,
}

impl Areas {
    fn new(size: usize) -> Fallible<Self> {
        let polygons = mesh(size, SEED);
        let coverage = Coverage::new(polygons.clone(), &CoverageOptions::default())?;
        let side = coverage.len().isqrt();
        let squares = side.div_ceil(10);
        let square = |u: usize| (u / side / 10 * squares + u % side / 10) as u32;
        let assignment: Vec<u32> = (0..coverage.len()).map(square).collect();
        let k = squares * squares;
        let dissolved = coverage.dissolve(&assignment, k);
        let named = |property: &str, i: usize| JsonObject::from_iter([(property.to_owned(), i.into())]);
        let mut text = Vec::new();
        let properties: Vec<JsonObject> = (0..polygons.len()).map(|u| named("id", u)).collect();
        write_territories(&polygons, &properties, None, &mut text)?;
        let text: Arc<[u8]> = text.into();
        let table = read(Source::from_bytes("mesh", Arc::clone(&text))?, &ReadOptions::default())?;
        let properties = (0..k).map(|t| named("territory", t)).collect();
        Ok(Self { polygons, coverage, assignment, k, dissolved, properties, text, table })
    }
}

const FILES: [Stage<Areas>; 6] = [
    ("geojson-read", |i| {
        let source = Source::from_bytes("mesh", Arc::clone(&i.text));
        let _ = black_box(source.and_then(|source| read(source, &ReadOptions::default())));
    }),
    ("coverage", |i| {
        let _ = black_box(Coverage::new(i.polygons.clone(), &CoverageOptions::default()));
    }),
    ("adjacency", |i| {
        black_box(i.coverage.graph(Contact::Rook));
    }),
    ("dissolve", |i| {
        black_box(i.coverage.dissolve(&i.assignment, i.k));
    }),
    ("geojson-write-plan", |i| {
        let territory = |u: usize| Some(i.assignment[u].to_string().into());
        let added = [PlanProperty { name: "territory", value: &territory }];
        let _ = black_box(write_plan(&i.table, &added, &mut std::io::sink()));
    }),
    ("geojson-write-territories", |i| {
        let _ = black_box(write_territories(&i.dissolved, &i.properties, None, &mut std::io::sink()));
    }),
];

/// What is wanted, by the command line.
struct Wanted {
    filters: Vec<String>,
    largest: usize,
}

impl Wanted {
    fn has(&self, name: &str, size: usize) -> bool {
        let id = format!("{name}/{size}");
        size <= self.largest && (self.filters.is_empty() || self.filters.iter().any(|f| id.contains(f.as_str())))
    }
}

/// Times the stages of one list; an input is made when the first stage wants it, and one size at a time is held.
fn run<I>(
    criterion: &mut Criterion,
    wanted: &Wanted,
    stages: &[Stage<I>],
    input: impl Fn(usize) -> Fallible<I>,
) -> Fallible<()> {
    for size in SIZES {
        let made = OnceCell::new();
        for (name, work) in stages.iter().filter(|(name, _)| wanted.has(name, size)) {
            if made.get().is_none() {
                let _ = made.set(input(size)?);
            }
            let Some(input) = made.get() else { continue };
            let mut group: BenchmarkGroup<'_, WallTime> = criterion.benchmark_group(*name);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_with_input(BenchmarkId::from_parameter(size), input, |b, input| b.iter(|| work(input)));
            group.finish();
        }
    }
    Ok(())
}

fn main() -> Fallible<()> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let wanted = Wanted {
        filters: std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect(),
        // Without --bench criterion runs everything once: the small sizes will do.
        largest: if std::env::args().any(|a| a == "--bench") { usize::MAX } else { SIZES[1] },
    };
    run(&mut criterion, &wanted, &FILES, Areas::new)?;
    run(&mut criterion, &wanted, &AROUND, Cells::new)?;
    run(&mut criterion, &wanted, &SEARCH, Search::new)?;
    criterion.final_summary();
    Ok(())
}
