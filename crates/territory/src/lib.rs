//! Splits basic units into `k` contiguous, compact territories balanced on several measures at once.

pub mod adjacency;
mod alternatives;
mod control;
mod disjoint;
mod enclaves;
mod error;
pub mod evaluate;
mod exact;
pub mod flow;
mod frontier;
pub mod geometry;
mod how_many;
mod ids;
pub mod live;
pub mod nested;
mod parallel;
mod plan;
mod problem;
mod quality;
pub mod realign;
pub mod search;
mod solve;
mod space;
pub mod terms;

pub use alternatives::{Alternative, AlternativesOptions, alternatives, difference};
pub use control::{Clock, Control, Effort, Progress, Stopped};
pub use enclaves::{Enclaves, FindEnclaves, Opened, open_enclaves};
pub use error::{ProblemError, ProblemErrors};
pub use evaluate::{Evaluation, Report, evaluate};
pub use frontier::{Frontier, FrontierPoint, compactness_frontier, disruption_frontier};
pub use how_many::{Below, HowMany, HowManyError, HowManyOptions, how_many};
pub use ids::{TerritoryId, UnitId};
pub use plan::Plan;
pub use problem::{
    Areas, ComponentRule, DEFAULT_TOLERANCE, Distance, DistanceFunction, Measure, NO_GROUP, Objective, OwnBounds,
    Problem, ProblemSpec, RuleBook, Rules, Territory,
};
pub use solve::{Solution, SolveOptions, solve};
pub use space::{EARTH_RADIUS_KM, Locations, Space, squared_distance};
