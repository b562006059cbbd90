//! Instances made from a seed. The same arguments give the same bits on every platform (own generator, `libm`).

mod delaunay;
mod grid;
mod mesh;
mod triangulation;
mod voronoi;

pub use delaunay::delaunay;
pub use grid::{grid, grid_equal};
pub use mesh::mesh;
pub use voronoi::voronoi;

/// Seed of every generated instance in the catalog.
pub const SEED: u64 = 2_021;
