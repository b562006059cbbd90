//! The search: construct → make contiguous → settle (sweeps, exchanges) or anneal under prices → shape inside the bounds. Each
//! stage can be used alone; scratch is the caller's.
//!
//! Stages work on an [`Instance`] (units in Hilbert order, scaled columns) and keep the promise that every territory stays
//! non-empty and contiguous from [`make_contiguous`] on.

mod anneal;
mod balance;
mod bonds;
mod candidates;
mod coarsen;
mod components;
mod construct;
mod contiguity;
mod descent;
pub mod diameter;
mod exchange;
mod groups;
mod guard;
mod hierarchy;
mod instance;
mod laplacian;
mod last;
mod members;
mod obey;
mod order;
mod pieces;
mod points;
mod polish;
mod random;
mod regions;
mod renew;
mod run;
mod settle;
mod shake;
mod small;
mod spacing;
mod spill;
mod starts;
mod state;
#[cfg(test)]
mod suite;
mod tree;
mod ways;
mod wishes;

pub use anneal::{Schedule, Scratch, anneal, sweep};
pub use balance::{Balance, Bundle, territory_links};
pub use bonds::{BondValues, Bonds};
pub use coarsen::{Level, coarsen};
pub(crate) use components::apportion;
pub use construct::{Diagram, construct};
pub use contiguity::make_contiguous;
pub(crate) use groups::as_one as group_level;
pub use guard::{Guard, Leaving};
pub use instance::{Instance, Window};
pub use laplacian::Laplacian;
pub use members::Members;
pub use order::hilbert_order;
pub use polish::polish;
pub use random::{Exponential, Random};
pub use regions::Scratches;
pub(crate) use run::{begin_plan as begin, run};
pub use settle::settle;
pub use state::{Scales, State, TermValues};
pub use ways::Moved;

#[cfg(test)]
pub(crate) mod tests {
    use super::Instance;
    use crate::adjacency::{Edge, EdgeKind, Graph};
    use crate::{Locations, Measure, Objective, ProblemSpec, Space};

    /// A grid of unit squares with uneven loads, all terms in the objective.
    pub(crate) fn grid(width: u32, height: u32, k: usize) -> Instance {
        #[allow(clippy::unwrap_used)]
        Instance::new(&grid_spec(width, height, k).build().unwrap())
    }

    /// The problem of [`grid`], to be changed.
    pub(crate) fn grid_spec(width: u32, height: u32, k: usize) -> ProblemSpec {
        let at = |i: u32| [f64::from(i % width) * 1000.0, f64::from(i / width) * 1000.0];
        let coordinates: Vec<[f64; 2]> = (0..width * height).map(at).collect();
        let mut edges = Vec::new();
        for i in 0..width * height {
            if i % width + 1 < width {
                edges.push(Edge::new(i, i + 1, EdgeKind::Border, 1.0));
            }
            if i / width + 1 < height {
                edges.push(Edge::new(i, i + width, EdgeKind::Border, 1.0));
            }
        }
        let graph = Graph::from_edges(coordinates.len(), &edges);
        let loads = (0..coordinates.len()).map(|i| 1.0 + ((i * 7919) % 13) as f64 / 13.0).collect();
        let objective = Objective { cut: 0.1, ..Objective::default() };
        ProblemSpec::new(Locations::from_coordinates(Space::Planar, &coordinates), graph, k)
            .measure(Measure::new("load", loads).tolerance(0.02))
            .objective(objective)
    }
}
