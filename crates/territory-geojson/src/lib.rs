//! GeoJSON in, GeoJSON out, for the territory engine.
//!
//! [`read`] streams a file through a small window into columns ([`FeatureTable`]): geometry, ids, the properties that were asked
//! for, and where every feature's text stands. [`write_plan`] reads the file a second time and copies it byte by byte but for
//! the property that names each unit's territory. [`write_territories`] prints dissolved territories. [`OutputFile`] puts files
//! under their names whole or not at all.
//!
//! ```
//! use territory_geojson::{Geometry, PlanProperty, ReadOptions, Source, read, write_plan};
//!
//! let text = r#"{"type": "FeatureCollection", "features": [
//!   {"type": "Feature", "id": 7, "properties": {"人口": 5}, "geometry": {"type": "Point", "coordinates": [8.5, 47.4]}}
//! ]}"#;
//! let source = Source::from_bytes("shops.geojson", text.as_bytes())?;
//! let table = read(source, &ReadOptions { properties: vec!["人口".into()], ..Default::default() })?;
//! assert_eq!(table.numbers("人口", false)?, [5.0]);
//! assert_eq!(*table.geometry(), Geometry::Points(vec![[8.5, 47.4]]));
//!
//! let mut plan = Vec::new();
//! write_plan(&table, &[PlanProperty { name: "territory", value: &|_row| Some("North".into()) }], &mut plan)?;
//! assert_eq!(
//!     String::from_utf8(plan)?,
//!     text.replace(r#"{"人口": 5}"#, r#"{"人口": 5, "territory": "North"}"#)
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checksum;
mod columns;
mod coordinates;
mod crs;
mod error;
mod geometry;
mod ids;
mod lines;
mod members;
mod names;
mod number;
mod output;
mod plan;
mod read;
mod scan;
mod source;
mod table;
mod territories;
#[cfg(test)]
mod tests;
mod utf8;
mod values;
mod window;

/// Properties of a territory.
pub use geojson::JsonObject;

pub use columns::{PropertyColumn, PropertyValue};
pub use crs::CoordinateReference;
pub use error::{GeoJsonFault, JsonFault, Place, ReadError, RingFault, RingFaultKind, WriteError};
pub use ids::{IdError, IdSource};
pub use lines::read_lines;
pub use names::closest_name;
pub use output::{OutputFile, check_outputs, commit};
pub use plan::{PlanProperty, SplitUnit, write_plan, write_split_plan};
pub use read::{ReadOptions, read};
pub use source::Source;
pub use table::{FeatureKind, FeatureTable, Geometry, ID_CANDIDATES};
pub use territories::write_territories;
pub use values::{BeyondDegrees, ValueError};
