//! Assignment and min-cost flow on small graphs: hundreds to some thousands of nodes, as many as there are territories. Knows
//! numbers only, no problem and no plan.

mod assignment;
mod min_cost;
mod surplus;

pub use assignment::{Matching, maximum_weight_matching};
pub use min_cost::{ArcId, MinCostFlow};
pub use surplus::{SurplusFlow, surplus_flow};
