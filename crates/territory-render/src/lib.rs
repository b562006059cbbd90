//! Pictures of territory plans.
//!
//! [`Map`] draws a plan as one SVG: the territories of polygon units as dissolved areas over hairline unit borders, point units
//! as dots; neighbours in colours that differ, to colour-blind eyes too; names where they fit; a title, a legend and a scale
//! bar. It is small (borders are simplified once for both their sides) and the same input gives the same bytes.
//!
//! This crate knows shapes, names and numbers of the plan; it reads no files and judges nothing: what the legend says is the
//! caller's.
//!
//! ```
//! use territory::{Locations, Space, adjacency::{Edge, EdgeKind, Graph}, geometry::Polygons};
//! use territory_render::{Map, Shapes};
//!
//! // Two units of 1 km², side by side.
//! let mut polygons = Polygons::new(Space::Planar);
//! for x in [0.0, 1000.0] {
//!     for vertex in [[x, 0.0], [x + 1000.0, 0.0], [x + 1000.0, 1000.0], [x, 1000.0]] {
//!         polygons.push_vertex(vertex);
//!     }
//!     polygons.end_ring();
//!     polygons.end_part();
//!     polygons.end_unit();
//! }
//! let graph = Graph::from_edges(2, &[Edge::new(0, 1, EdgeKind::Border, 1.0)]);
//! let names = ["East".to_owned(), "West".to_owned()];
//!
//! let svg = Map::new(Shapes::Polygons(&polygons), &graph, &[1, 0], &names)
//!     .title("Two territories")
//!     .legend("calls", "worst deviation 2.0 % of ±5 % allowed", true)
//!     .to_svg();
//! assert!(svg.starts_with("<svg") && svg.contains("East"));
//! ```

mod arcs;
mod areas;
mod colour;
mod dots;
mod frame;
mod label;
mod path;
mod projection;
mod simplify;
mod svg;

use territory::Locations;
use territory::adjacency::Graph;
use territory::geometry::Polygons;

/// What the units look like.
#[derive(Clone, Copy, Debug)]
pub enum Shapes<'a> {
    /// Areas; a unit without parts is not drawn.
    Polygons(&'a Polygons),
    /// Dots.
    Points(&'a Locations),
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LegendRow {
    label: String,
    value: String,
    holds: bool,
}

/// A plan to be drawn.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    shapes: Shapes<'a>,
    graph: &'a Graph,
    assignment: &'a [u32],
    names: &'a [String],
    title: String,
    subtitle: String,
    notes: &'a [String],
    legend: Vec<LegendRow>,
    budget: usize,
}

impl<'a> Map<'a> {
    /// A map of the plan that puts unit `i` into the territory `assignment[i]`, named `names[assignment[i]]`. Units whose
    /// territory has no name, or that have none, are drawn grey. `graph` tells which territories are neighbours.
    pub fn new(shapes: Shapes<'a>, graph: &'a Graph, assignment: &'a [u32], names: &'a [String]) -> Self {
        let title = format!("{} territories", names.len());
        let (notes, legend) = (&[][..], Vec::new());
        Self { shapes, graph, assignment, names, title, subtitle: String::new(), notes, legend, budget: 150_000 }
    }

    /// Sets the title; "*k* territories" unless set.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the line under the title; empty unless set.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Adds a line to the legend, such as a measure and its worst deviation, marked by whether its bounds hold.
    pub fn legend(mut self, label: impl Into<String>, value: impl Into<String>, holds: bool) -> Self {
        self.legend.push(LegendRow { label: label.into(), value: value.into(), holds });
        self
    }

    /// One text per territory, shown beside its name when a reader points at it.
    pub fn notes(mut self, notes: &'a [String]) -> Self {
        self.notes = notes;
        self
    }

    /// Size in bytes that is aimed at by simplifying borders: 150,000 unless set. A picture can be larger if even coarse
    /// borders, or dots, need more.
    pub fn byte_budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// The picture.
    pub fn to_svg(&self) -> String {
        svg::draw(self)
    }
}
