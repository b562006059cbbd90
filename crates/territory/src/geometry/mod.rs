//! From polygons to a coverage: repaired, snapped rings whose shared edges know one another; and points joined to polygons.
//!
//! A coverage, in the order in which the data flows: `polygons` (columns as read) → `validate` (what cannot be used) → `grid` (which
//! vertices are the same) → `extents` (where each unit is) → `simple` (is a unit in order?) → `antimeridian`, `noding`, `arrangement`, `rings`, `repair` (put it in
//! order) → `edges`, `twins` (which edges lie on one another) → `between`, `snap` (units against one another) → `coverage`, and off it
//! `borders`, `dissolve`, `measure`, `shape`. Points as polygons: `plane` → `voronoi` → `cells`.

mod antimeridian;
mod arrangement;
mod between;
mod borders;
mod bounds;
mod boxes;
mod buckets;
mod cells;
mod contains;
mod coverage;
pub(crate) mod curve;
mod dissolve;
mod distance;
mod edges;
mod enclaves;
mod extents;
mod grid;
mod join;
#[cfg(test)]
mod join_tests;
mod measure;
mod noding;
mod plane;
mod polygons;
mod predicates;
mod proximity;
mod repair;
mod rings;
mod shape;
mod simple;
mod snap;
mod split;
mod trig;
mod twins;
mod validate;
mod voronoi;

pub use between::Defect;
pub use cells::{Cells, CellsError, cells};
pub(crate) use contains::Container;
pub use coverage::{Coverage, CoverageOptions, CoverageReport};
pub use distance::distances_to_lines_km;
pub(crate) use distance::{cross, cross_sides, distance_km, dot, minus, segment_corners};
pub use join::{Join, JoinError, Outside, Stray, join};
pub use measure::length_km;
pub use polygons::Polygons;
pub use proximity::Shapes;
pub(crate) use proximity::{Link, Proximity, Scratch};
pub use shape::Shape;
pub use split::split_unit;
pub use validate::{GeometryError, GeometryErrors, GeometryFault};
