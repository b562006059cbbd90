//! From polygons to a coverage: repaired, snapped rings whose shared edges know one another.

mod polygons;

pub use polygons::Polygons;
