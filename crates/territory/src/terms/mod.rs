//! Objective terms, one a file, each with the change that a move makes and a full recomputation.

mod inertia;

pub use inertia::{Mass, Moments};
