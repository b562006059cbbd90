//! Which units are neighbours.

mod barriers;
mod bridges;
mod components;
mod crossed;
mod delaunay;
mod from_edges;
mod from_points;
mod from_polygons;
mod graph;
#[cfg(test)]
mod link_tests;

pub use barriers::{PairError, Without, with_links, without};
pub use bridges::{Bridge, Bridged, IslandError, Islands, bridge, bridge_within, refuse_islands, resolve_islands};
pub use components::{Components, components};
pub use crossed::{LineError, crossed, kept_by_crossings};
pub use from_edges::{EdgeFault, EdgeRow, EdgeRowError, EdgeTableError, from_edges};
pub use from_points::{Neighbourhood, PointsError, from_points};
pub use from_polygons::Contact;
pub use graph::{Edge, EdgeKind, Graph};
