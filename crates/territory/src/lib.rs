//! Splits basic units into `k` contiguous, compact territories balanced on several measures at once.

pub mod adjacency;
pub mod geometry;
mod ids;
mod parallel;
mod space;

pub use ids::{TerritoryId, UnitId};
pub use space::{EARTH_RADIUS_KM, Locations, Space, squared_distance};
