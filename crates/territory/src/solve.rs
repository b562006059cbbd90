//! The facade: one call from a problem to a plan.

use crate::control::{Control, Effort, Stopped};
use crate::error::ProblemErrors;
use crate::problem::Problem;

/// Options of [`solve`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SolveOptions {
    /// Start of every random stream: the same seed gives the same plan, on any number of threads.
    pub seed: u64,
    /// How long to search.
    pub effort: Effort,
}

/// A complete plan and why the search for it ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Solution {
    /// Territory of every unit, below k; every territory has a unit at least.
    pub assignment: Vec<u32>,
    /// Why the search ended.
    pub stopped: Stopped,
}

/// Splits the problem's units into exactly k contiguous territories inside the bounds, as compact as the effort finds.
///
/// A problem whose bounds cannot be met is no error: the plan nearest to them is returned, and
/// [`crate::evaluate::evaluate`] tells what is violated and why.
///
/// # Errors
/// Rules that contradict each other, all of them named.
pub fn solve(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> Result<Solution, ProblemErrors> {
    let (assignment, stopped) = crate::search::run(problem, options, control);
    control.report(1.0, "done");
    Ok(Solution { assignment, stopped })
}
