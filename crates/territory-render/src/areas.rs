//! Layers of a map of polygons: fills, unit borders, labels.

use crate::arcs::{Arcs, Edges, OUTSIDE, Point};
use crate::frame::{Frame, to_grid, to_pixels};
use crate::label::{roomiest, text_width};
use crate::path::Path;
use crate::simplify::significance;
use territory::geometry::Polygons;

/// Above this many units their borders are not drawn: they would be a grey film of many bytes.
const MOST_UNIT_BORDERS: usize = 6000;
/// Doubled area in grid steps of the smallest triangle that is worth a vertex, before any budget.
const FINEST: f64 = 12.0;
const LARGEST_FONT: f64 = 17.0;
const SMALLEST_FONT: f64 = 7.5;

/// A name with its place and font size in pixels.
pub(crate) struct Label {
    pub(crate) territory: usize,
    pub(crate) at: [f64; 2],
    pub(crate) size: f64,
}

/// Paths of a map of polygons.
pub(crate) struct Areas {
    /// Path data per territory, then of what is in none.
    pub(crate) fills: Vec<String>,
    /// Borders of units inside territories.
    pub(crate) unit_borders: String,
    pub(crate) labels: Vec<Label>,
}

/// Draws the units' areas, simplified until the paths take about `budget` bytes.
pub(crate) fn areas(polygons: &Polygons, frame: &Frame, assignment: &[u32], names: &[String], budget: usize) -> Areas {
    let k = names.len();
    let territory = |unit: usize| assignment.get(unit).map_or(k, |&t| (t as usize).min(k)) as u32;
    let by_unit = polygons.len() <= MOST_UNIT_BORDERS;
    let arcs = gather(polygons, frame, |unit| if by_unit { unit as u32 } else { territory(unit) }).into_arcs();
    let owner = |label: u32| if by_unit && label != OUTSIDE { territory(label as usize) } else { label };

    let significance: Vec<u32> = (0..arcs.len()).flat_map(|arc| significance(arcs.points(arc))).collect();
    let mut finest = FINEST;
    loop {
        let layers = Layers::of(&arcs.filtered(|i| f64::from(significance[i]) >= finest), owner, k);
        let bytes = layers.fills.iter().map(String::len).sum::<usize>() + layers.unit_borders.len();
        // Beyond some ten pixels² borders would no longer be recognised.
        if bytes <= budget || finest > 40.0 * FINEST {
            return Areas {
                fills: layers.fills,
                unit_borders: layers.unit_borders,
                labels: labels(&layers.runs, names),
            };
        }
        finest *= 1.5;
    }
}

/// All rings on the grid.
fn gather(polygons: &Polygons, frame: &Frame, label: impl Fn(usize) -> u32) -> Edges {
    let mut edges = Edges::default();
    let (mut places, mut points): (Vec<[f64; 2]>, Vec<Point>) = (Vec::new(), Vec::new());
    for unit in 0..polygons.len() {
        for part in polygons.parts_of(unit) {
            for (position, ring) in polygons.rings_of(part).enumerate() {
                places.clear();
                places.extend(polygons.ring(ring).iter().filter_map(|&v| frame.place_coordinates(v)));
                points.clear();
                points.extend(places.iter().map(|&p| to_grid(p)));
                // Files wind their rings as they please: the sign of the area tells, and holes go the other way.
                let reversed = (doubled_area(&places) < 0.0) != (position > 0);
                edges.push_ring(&points, label(unit), reversed);
            }
        }
    }
    edges
}

fn doubled_area(ring: &[[f64; 2]]) -> f64 {
    let Some(&origin) = ring.first() else { return 0.0 };
    let from = |p: [f64; 2]| [p[0] - origin[0], p[1] - origin[1]];
    ring.windows(2).map(|w| (from(w[0]), from(w[1]))).map(|(p, q)| p[0] * q[1] - q[0] * p[1]).sum()
}

struct Layers {
    runs: Vec<Vec<Vec<Point>>>,
    fills: Vec<String>,
    unit_borders: String,
}

impl Layers {
    fn of(arcs: &Arcs, owner: impl Fn(u32) -> u32, k: usize) -> Self {
        let mut bounding: Vec<Vec<(usize, bool)>> = vec![Vec::new(); k + 1];
        let mut inside = Vec::new();
        for arc in 0..arcs.len() {
            let [left, right] = arcs.sides(arc).map(&owner);
            if left == right {
                inside.push((arc, false));
                continue;
            }
            for (side, backwards) in [(left, false), (right, true)] {
                if let Some(of) = bounding.get_mut(side as usize) {
                    of.push((arc, backwards));
                }
            }
        }
        let data = |runs: &[Vec<Point>]| {
            let mut path = Path::default();
            runs.iter().for_each(|run| path.push(run));
            path.into_data()
        };
        let runs: Vec<_> = bounding.iter().map(|of| arcs.runs(of, true)).collect();
        Self { fills: runs.iter().map(|r| data(r)).collect(), unit_borders: data(&arcs.runs(&inside, false)), runs }
    }
}

fn labels(runs: &[Vec<Vec<Point>>], names: &[String]) -> Vec<Label> {
    let mut labels = Vec::new();
    for (territory, (runs, name)) in runs.iter().zip(names).enumerate() {
        let rings: Vec<Vec<[f64; 2]>> = runs.iter().map(|run| run.iter().map(|&p| to_pixels(p)).collect()).collect();
        if let Some((at, height)) = roomiest(&rings, text_width(name) + 0.5) {
            let size = height.min(LARGEST_FONT);
            if size >= SMALLEST_FONT && !name.is_empty() {
                labels.push(Label { territory, at, size });
            }
        }
    }
    labels
}
