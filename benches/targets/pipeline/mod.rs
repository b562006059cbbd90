//! The cases of the geometry bench: each reads its file anew and says in one line what it took and found. Only the part that the
//! case is about is measured; the peak of memory is that of the whole process.

use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use territory::adjacency::{Contact, Graph, Islands, resolve_islands};
use territory::evaluate::{Report, evaluate};
use territory::geometry::{Coverage, CoverageOptions, Outside, Polygons, join};
use territory::{Control, Effort, Measure, Problem, ProblemSpec, SolveOptions, solve};
use territory_bench::measure::{Cost, measure, peak_mib, timed};
use territory_bench::random::Random;
use territory_bench::table::thousands;
use territory_geojson::{
    FeatureTable, Geometry, JsonObject, PlanProperty, ReadOptions, Source, read, write_plan, write_territories,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A case and what it needs.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Whether more threads change anything.
    pub(crate) parallel: bool,
    /// Whether it is about the large file.
    pub(crate) replicated: bool,
}

/// All cases, in the order in which they run.
pub(crate) const CASES: [Case; 6] = [
    Case { name: "read", parallel: false, replicated: false },
    Case { name: "graph", parallel: true, replicated: false },
    Case { name: "whole", parallel: true, replicated: false },
    Case { name: "gigabyte", parallel: true, replicated: true },
    Case { name: "join", parallel: true, replicated: false },
    Case { name: "dissolve", parallel: true, replicated: false },
];

/// Territories of the plans.
const K: usize = 1000;
/// Customers of the join.
const CUSTOMERS: usize = 1_000_000;
/// Copies in the large file: 143 MB each.
const COPIES: usize = 7;
/// Degrees from one copy to the next: farther than the set is wide.
const STEP: f64 = 9.0;

/// Runs a case on a pool of so many threads and returns its line: wall seconds, CPU seconds, MiB, what was found.
pub(crate) fn run(case: &str, file: &Path, threads: usize) -> Fallible<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let (cost, found) = pool.install(|| one(case, file).map_err(|e| e.to_string()))?;
    let peak = peak_mib().unwrap_or(f64::NAN);
    Ok(format!("{}\t{}\t{peak}\t{found}", cost.wall_s, cost.cpu_s.unwrap_or(f64::NAN)))
}

fn one(case: &str, file: &Path) -> Fallible<(Cost, String)> {
    match case {
        "read" => {
            let (table, cost) = measure(|| table(file));
            let bytes = std::fs::metadata(file)?.len() as f64;
            let rate = |s: f64| bytes / 1e6 / s;
            let of_cpu = cost.cpu_s.map_or(String::new(), |s| format!(", {:.0} MB per CPU second", rate(s)));
            Ok((cost, format!("{} features, {:.0} MB/s{of_cpu}", thousands(table?.len()), rate(cost.wall_s))))
        }
        "graph" | "gigabyte" => {
            let (linked, cost) = measure(|| linked(file));
            let (_, coverage, graph) = linked?;
            Ok((cost, format!("{} units, {} links", thousands(coverage.len()), thousands(graph.edge_count()))))
        }
        "whole" => whole(file),
        "join" => {
            let (_, coverage, _) = linked(file)?;
            let customers = customers(coverage.polygons());
            let (joined, cost) = measure(|| join(&customers, coverage.polygons(), Outside::Drop));
            let joined = joined?;
            Ok((cost, format!("{} inside, {} dropped", thousands(joined.joined), thousands(joined.dropped))))
        }
        "dissolve" => {
            let (table, coverage, graph) = linked(file)?;
            let problem = problem(&table, &coverage, &graph)?;
            let plan = solve(&problem, &quick(), &Control::default())?.assignment;
            let (dissolved, cost) = measure(|| coverage.dissolve(&plan, K));
            let (before, after) = (sum(&coverage.areas_km2()), sum(&dissolved.areas_km2()));
            let found = format!("{K} territories, area off by {:.0e} of it", (after / before - 1.0).abs());
            Ok((cost, found))
        }
        other => Err(format!("no case {other}").into()),
    }
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn quick() -> SolveOptions {
    SolveOptions { seed: 0, effort: Effort::Quick }
}

fn table(file: &Path) -> Fallible<FeatureTable> {
    let threads = rayon::current_num_threads();
    let options = ReadOptions { properties: vec!["population".into()], threads, ..ReadOptions::default() };
    Ok(read(Source::open(file)?, &options)?)
}

/// File to graph with border lengths.
fn linked(file: &Path) -> Fallible<(FeatureTable, Coverage, Graph)> {
    let mut table = table(file)?;
    let Geometry::Polygons(polygons) = table.take_geometry() else { return Err("no polygons".into()) };
    let coverage = Coverage::new(polygons, &CoverageOptions { grid: table.resolution(), snap_m: 1.0 })?;
    let graph = coverage.graph(Contact::Rook);
    Ok((table, coverage, graph))
}

fn problem(table: &FeatureTable, coverage: &Coverage, graph: &Graph) -> Fallible<Problem> {
    let graph = resolve_islands(graph, coverage.polygons(), Islands::Bridge)?.graph;
    let population = table.numbers("population", false)?;
    let spec = ProblemSpec::new(coverage.locations(), graph, K);
    Ok(spec.measure(Measure::new("population", population).tolerance(0.03)).build()?)
}

/// What the binary does for a plan, its territories and the report, by stages.
fn whole(file: &Path) -> Fallible<(Cost, String)> {
    let folder = tempfile::tempdir()?;
    let create = |name: &str| File::create(folder.path().join(name)).map(BufWriter::new);
    let mut stages = Vec::new();
    let (outcome, cost) = measure(|| -> Fallible<()> {
        let (linked, cost) = timed(|| linked(file));
        stages.push(("read and graph", cost));
        let (table, coverage, graph) = linked?;
        let (problem, cost) = timed(|| problem(&table, &coverage, &graph));
        stages.push(("problem", cost));
        let problem = problem?;
        let (solution, cost) = timed(|| solve(&problem, &quick(), &Control::default()));
        stages.push(("solve", cost));
        let plan = solution?.assignment;
        let (evaluation, cost) = timed(|| evaluate(&problem, &plan));
        stages.push(("evaluate", cost));
        let evaluation = evaluation?;
        let (dissolved, cost) = timed(|| coverage.dissolve(&plan, K));
        stages.push(("dissolve", cost));
        let (written, cost) = timed(|| -> Fallible<()> {
            let report = Report::new(&problem, &evaluation).shapes(&dissolved);
            serde_json::to_writer_pretty(create("report.json")?, &report)?;
            let territory = |row: usize| plan.get(row).map(|t| Cow::from(t.to_string()));
            let added = [PlanProperty { name: "territory", value: &territory }];
            write_plan(&table, &added, &mut create("plan.geojson")?)?;
            let properties = vec![JsonObject::new(); dissolved.len()];
            Ok(write_territories(&dissolved, &properties, None, &mut create("territories.geojson")?)?)
        });
        stages.push(("write", cost));
        written
    });
    outcome?;
    let stages = stages.iter().map(|(name, c)| format!("{name} {:.2} ({:.2} CPU)", c.wall_s, c.cpu_s.unwrap_or(0.0)));
    Ok((cost, stages.collect::<Vec<_>>().join(", ")))
}

/// Points in the boxes around random units: most are inside of some unit, all are near one.
fn customers(units: &Polygons) -> Vec<[f64; 2]> {
    let mut random = Random::new(1, 0);
    let mut point = || {
        let vertices = &units.vertices()[units.vertices_of_unit(random.below(units.len()))];
        let reach = |axis: usize| {
            let values = vertices.iter().map(|v| v[axis]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let (x, y) = (reach(0), reach(1));
        [random.between(x.0, x.1), random.between(y.0, y.1)]
    };
    (0..CUSTOMERS).map(|_| point()).collect()
}

/// Unpacks a gzipped file.
pub(crate) fn unpack(from: &Path, to: &Path) -> Fallible<()> {
    let mut file = BufWriter::new(File::create(to)?);
    std::io::copy(&mut MultiGzDecoder::new(File::open(from)?), &mut file)?;
    Ok(file.flush()?)
}

/// Writes copies of a file's features side by side, each `STEP` degrees east of the one before, as a file of its own.
pub(crate) fn replicate(from: &Path, to: &Path) -> Fallible<()> {
    let mut table = table(from)?;
    let population = table.numbers("population", false)?;
    let Geometry::Polygons(polygons) = table.take_geometry() else { return Err("no polygons".into()) };
    let mut out = BufWriter::with_capacity(1 << 20, File::create(to)?);
    out.write_all(b"{\"type\": \"FeatureCollection\", \"features\": [\n")?;
    for copy in 0..COPIES {
        let shift = copy as f64 * STEP;
        for (unit, people) in population.iter().enumerate() {
            let comma = if copy + unit == 0 { "" } else { ",\n" };
            let code = copy * polygons.len() + unit;
            write!(
                out,
                "{comma}{{\"type\": \"Feature\", \"properties\": {{\"code\": \"{code}\", \"population\": {people}}}, "
            )?;
            out.write_all(b"\"geometry\": {\"type\": \"MultiPolygon\", \"coordinates\": [")?;
            for (p, part) in polygons.parts_of(unit).enumerate() {
                out.write_all(if p == 0 { b"[" } else { b", [" })?;
                for (r, ring) in polygons.rings_of(part).enumerate() {
                    out.write_all(if r == 0 { b"[" } else { b", [" })?;
                    let ring = polygons.ring(ring);
                    for (v, vertex) in ring.iter().chain(ring.first()).enumerate() {
                        let comma = if v == 0 { "" } else { ", " };
                        // On the grid of the original, so that neighbours match there too.
                        write!(out, "{comma}[{:.7}, {}]", vertex[0] + shift, vertex[1])?;
                    }
                    out.write_all(b"]")?;
                }
                out.write_all(b"]")?;
            }
            out.write_all(b"]}}")?;
        }
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}
