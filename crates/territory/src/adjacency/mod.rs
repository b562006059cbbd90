//! Which units are neighbours.

mod components;
mod graph;

pub use components::{Components, components};
pub use graph::{Edge, EdgeKind, Graph};
