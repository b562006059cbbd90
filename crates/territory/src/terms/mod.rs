//! Objective terms, one a file, each with the change that a move makes and a full recomputation.

mod columns;
mod diameter;
mod inertia;

pub use diameter::{Diameters, Metric};
pub use inertia::{Mass, Moments};
