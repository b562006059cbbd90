//! What the user says about neighbours beside the geometry: barriers as tables or lines, crossings of these lines, links by hand.

use crate::args;
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, read_table, space};
use crate::tables::{NameIndex, read_pairs};
use std::path::Path;
use territory::Locations;
use territory::adjacency::{Bridge, Edge, EdgeKind, Graph, LineError, crossed, kept_by_crossings, with_links, without};
use territory_geojson::{Geometry, Source, read_lines};

/// A crossing farther than this from every barrier line is a mistake.
const BESIDE_KM: f64 = 1.0;

/// A graph without what the barriers cut and with the links given.
pub(crate) struct Changed {
    pub(crate) graph: Graph,
    pub(crate) barriers: Barriers,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
}

/// Everything that separates units.
#[derive(Default)]
pub(crate) struct Barriers {
    /// Pairs (a < b) that are no neighbours.
    pairs: Vec<(u32, u32)>,
    lines: Vec<Vec<[f64; 2]>>,
}

impl Barriers {
    /// The first of the bridges that passes a barrier.
    pub(crate) fn first_barred<'b>(&self, bridges: &'b [Bridge], locations: &Locations) -> Option<&'b Bridge> {
        let links: Vec<Edge> = bridges.iter().map(|b| Edge::new(b.a.0, b.b.0, EdgeKind::Bridge, 0.0)).collect();
        let cut = crossed(&Graph::from_edges(locations.len(), &links), locations, &self.lines).unwrap_or_default();
        let barred = |b: &&Bridge| {
            let pair = (b.a.0.min(b.b.0), b.a.0.max(b.b.0));
            self.pairs.contains(&pair) || cut.binary_search(&pair).is_ok()
        };
        bridges.iter().find(barred)
    }
}

/// Takes out of a graph what barriers cut, and adds the links given by hand.
pub(crate) fn change(input: &args::Input, units: &Units, shape: &Shape, graph: Graph) -> Result<Changed, Failure> {
    let mut changed = Changed { graph, barriers: Barriers::default(), notes: Vec::new() };
    let index = NameIndex::new(&units.names);
    let mut line_files = Vec::new();
    for path in &input.barriers {
        if is_geojson(path) {
            let found = read_lines(&Source::open(path)?)?;
            line_files.extend(std::iter::repeat_n(path.display().to_string(), found.len()));
            changed.barriers.lines.extend(found);
        } else {
            let pairs: Vec<(u32, u32)> =
                read_pairs(path, &index)?.iter().map(|p| (p.a.min(p.b), p.a.max(p.b))).collect();
            let cut = without(&changed.graph, &pairs);
            if !cut.not_linked.is_empty() {
                let count = cut.not_linked.len();
                changed.notes.push(format!("{}: {count} pair(s) were no neighbours anyway", path.display()));
            }
            changed.graph = cut.graph;
            changed.barriers.pairs.extend(pairs);
        }
    }
    if !changed.barriers.lines.is_empty() {
        cut_by_lines(input, units, shape, &line_files, &mut changed)?;
    } else if let Some(path) = &input.crossings {
        let path = path.display();
        return Err(Failure::Arguments(format!(
            "--crossings {path}: none of the barriers is a line to cross: leave it out"
        )));
    }
    if let Some(path) = &input.links {
        let pairs = read_pairs(path, &index)?;
        let ends: Vec<(u32, u32)> = pairs.iter().map(|p| (p.a, p.b)).collect();
        changed.graph = with_links(&changed.graph, &ends).map_err(|errors| {
            let message = |e: &territory::adjacency::PairError| {
                let line = pairs.get(e.row).map_or(0, |pair| pair.line);
                let name = units.names.get(e.a as usize).map_or("", String::as_str);
                format!("{}, line {line}: unit \"{name}\" is linked to itself: remove the row", path.display())
            };
            Failure::Input(lines(errors.iter().map(message)))
        })?;
    }
    Ok(changed)
}

/// Takes out the links that lines cut, but for those that crossings keep.
fn cut_by_lines(
    input: &args::Input,
    units: &Units,
    shape: &Shape,
    line_files: &[String],
    changed: &mut Changed,
) -> Result<(), Failure> {
    let fault = |error: LineError| match error {
        LineError::BadLine { line, .. } => {
            let file = line_files.get(line).map_or("", String::as_str);
            Failure::Input(format!("{file}: {error}"))
        }
        other => Failure::Input(other.to_string()),
    };
    let cut = crossed(&changed.graph, &shape.locations(), &changed.barriers.lines).map_err(fault)?;
    let mut kept = Vec::new();
    if let Some(path) = &input.crossings {
        let crossings = read_crossings(path, input, units, &changed.barriers.lines)?;
        let found = kept_by_crossings(&cut, shape.shapes(), &crossings)
            .map_err(|e| Failure::Input(format!("{}: {e}", path.display())))?;
        kept = found.into_iter().flatten().collect();
        kept.sort_unstable();
        kept.dedup();
    }
    let gone: Vec<(u32, u32)> = cut.into_iter().filter(|pair| kept.binary_search(pair).is_err()).collect();
    changed.graph = without(&changed.graph, &gone).graph;
    changed.notes.push(format!("barrier lines cut {} link(s); crossings kept {}", gone.len(), kept.len()));
    changed.barriers.pairs.extend(gone);
    Ok(())
}

/// The places where lines can be crossed; each beside one of them.
fn read_crossings(
    path: &Path,
    input: &args::Input,
    units: &Units,
    barriers: &[Vec<[f64; 2]>],
) -> Result<Vec<[f64; 2]>, Failure> {
    let units_space = units.table.space();
    let mut table = read_table(path, Vec::new(), None, space(input).or(Some(units_space)))?;
    let Geometry::Points(points) = table.take_geometry() else {
        return Err(Failure::Input(format!("{}: holds polygons, but crossings are points", table.file())));
    };
    let points: Vec<[f64; 2]> = points.into_iter().filter(|p| p.iter().all(|x| x.is_finite())).collect();
    let distances = territory::geometry::distances_to_lines_km(units_space, &points, barriers);
    if let Some(row) = distances.iter().position(|&km| km > BESIDE_KM) {
        return Err(Failure::Input(format!(
            "{}: the crossing at {:?} is {:.3} km from the nearest barrier line: put it on the line, within {BESIDE_KM} km",
            table.file(),
            points[row],
            distances[row]
        )));
    }
    Ok(points)
}

/// Whether a file is GeoJSON and not a table: by its name, since standard input can be read only once.
fn is_geojson(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    [".geojson", ".json", ".geojson.gz", ".json.gz"].iter().any(|ending| name.ends_with(ending))
}
