//! Layers of a map of points: dots, the links inside territories, labels.

use crate::arcs::Point;
use crate::areas::Label;
use crate::frame::{Frame, GRID, to_grid};
use crate::path::Path;
use territory::Locations;
use territory::adjacency::Graph;

/// Above this many links they are not drawn.
const MOST_LINKS: usize = 20_000;

/// Paths of a map of points.
pub(crate) struct Dots {
    /// Path data per territory, then of what is in none.
    pub(crate) dots: Vec<String>,
    /// Links inside each territory.
    pub(crate) links: Vec<String>,
    /// Radius of a dot in pixels.
    pub(crate) radius: f64,
    pub(crate) labels: Vec<Label>,
}

/// Draws the units as dots.
pub(crate) fn dots(locations: &Locations, frame: &Frame, graph: &Graph, assignment: &[u32], names: &[String]) -> Dots {
    let k = names.len();
    let territory = |unit: usize| assignment.get(unit).map_or(k, |&t| (t as usize).min(k));
    let places: Vec<Option<[f64; 2]>> = locations.points().iter().map(|&p| frame.place(p)).collect();
    let grid = |place: [f64; 2]| -> Point {
        // Very many dots stand on whole pixels: what lies under another is not drawn.
        if places.len() > MOST_LINKS { to_grid(place.map(f64::round)) } else { to_grid(place) }
    };
    let mut points: Vec<Vec<Point>> = vec![Vec::new(); k + 1];
    for (unit, place) in places.iter().enumerate() {
        if let Some(place) = place {
            points[territory(unit)].push(grid(*place));
        }
    }
    let mut links: Vec<Path> = (0..=k).map(|_| Path::default()).collect();
    if graph.edge_count() <= MOST_LINKS {
        for edge in graph.edges() {
            let [a, b] = [edge.a as usize, edge.b as usize];
            let ends = [a, b].map(|unit| places.get(unit).copied().flatten());
            if let ([Some(from), Some(to)], true) = (ends, territory(a) == territory(b)) {
                links[territory(a)].push(&[grid(from), grid(to)]);
            }
        }
    }
    let labels = (0..k).filter_map(|t| label(t, &points[t], &names[t])).collect();
    let draw = |mut points: Vec<Point>| {
        points.sort_unstable();
        points.dedup();
        let mut path = Path::default();
        points.iter().for_each(|&p| path.push(&[p]));
        path.into_data()
    };
    Dots {
        dots: points.into_iter().map(draw).collect(),
        links: links.into_iter().map(Path::into_data).collect(),
        radius: (160.0 / (places.len().max(1) as f64).sqrt()).clamp(1.0, 4.0),
        labels,
    }
}

/// At the dot nearest to the mean of a territory's dots, if they spread at least as far as the name is long.
fn label(territory: usize, points: &[Point], name: &str) -> Option<Label> {
    let size = 15.0;
    let sum = points.iter().fold([0.0; 2], |s, p| [s[0] + f64::from(p[0]), s[1] + f64::from(p[1])]);
    let mean = sum.map(|c| c / points.len() as f64);
    let squared = |p: &Point| (f64::from(p[0]) - mean[0]).powi(2) + (f64::from(p[1]) - mean[1]).powi(2);
    let spread = (points.iter().map(squared).sum::<f64>() / points.len() as f64).sqrt() / GRID;
    let nearest = points.iter().min_by(|a, b| squared(a).total_cmp(&squared(b)))?;
    let fits = spread * 2.0 >= crate::label::text_width(name) * size && spread * 2.0 >= size;
    (fits && !name.is_empty()).then(|| Label { territory, at: nearest.map(|c| f64::from(c) / GRID), size })
}
