//! From polygons to a coverage: repaired, snapped rings whose shared edges know one another.

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
