//! From polygons to a coverage: repaired, snapped rings whose shared edges know one another.
//!
//! In the order in which the data flows: `polygons` (columns as read) → `validate` (what cannot be used) → `grid` (which vertices are
//! the same) → `simple` (is a unit in order?) → `antimeridian`, `noding`, `arrangement`, `rings`, `repair` (put it in order) → `edges`
//! (which edges lie on one another) → `between`, `snap` (units against one another) → `coverage`, and off it `borders`, `dissolve`, `measure`, `shape`.

mod bounds;
mod contains;
pub(crate) mod curve;
mod distance;
mod join;
#[cfg(test)]
mod join_tests;
mod polygons;
mod proximity;

pub(crate) use distance::{cross, distance_km, dot, minus};
pub use join::{Join, JoinError, Outside, Stray, join};
pub use polygons::Polygons;
pub use proximity::Shapes;
pub(crate) use proximity::{Link, Proximity, Scratch};
mod antimeridian;
mod arrangement;
mod between;
mod borders;
mod boxes;
mod buckets;
mod coverage;
mod dissolve;
mod edges;
mod grid;
mod measure;
mod noding;
mod predicates;
mod repair;
mod rings;
mod shape;
mod simple;
mod snap;
mod trig;
mod validate;

pub use between::Defect;
pub use coverage::{Coverage, CoverageOptions, CoverageReport};
pub use measure::length_km;
pub use shape::Shape;
pub use validate::{GeometryError, GeometryErrors, GeometryFault};
