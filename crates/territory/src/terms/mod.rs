//! Compactness terms, one a file, each with the change that a move makes and a full recomputation: `inertia`,
//! `inertia_medoid`, `median`, `diameter`, `border`, `cut`. Beside them stands what some of them share: `rows` (sums of costs
//! to members), `links` (sums over links between territories), `columns` (members with their locations).

pub mod border;
mod columns;
pub mod cut;
mod diameter;
mod inertia;
pub mod inertia_medoid;
mod links;
pub mod median;
mod rows;
#[cfg(test)]
mod suite;

pub use diameter::{Diameters, Metric};
pub use inertia::{Mass, Moments};
pub use rows::{Costs, Medoids, member_weights};
