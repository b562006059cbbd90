//! Benchmarks of the engine: instances, an independent evaluator, the reference for compactness, and what its runners share.
//!
//! Nothing here is used by the engine, and the evaluator and the reference use nothing of the engine but its graph types: a
//! figure that both agree on was computed twice.
//!
//! Modules in the order in which a run uses them: [`random`] → [`generate`], [`real`] → [`instance`] → [`catalog`] (what is
//! measured) → [`reference`](mod@reference) → [`evaluate`]; [`measure`], [`table`] and [`arguments`] serve the runners.

pub mod arguments;
pub mod catalog;

pub mod evaluate;
pub mod generate;
pub mod instance;
pub mod measure;

pub mod optima;
pub mod random;
pub mod real;
pub mod reference;
pub mod solvers;
pub mod table;
