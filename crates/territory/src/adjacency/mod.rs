//! Which units are neighbours.

mod graph;

pub use graph::{Edge, EdgeKind, Graph};
