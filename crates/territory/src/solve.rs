//! The facade: one call from a problem to a plan.

use crate::control::{Control, Effort, Stopped};
use crate::error::ProblemErrors;
use crate::evaluate::{ViolationKind, evaluate};
use crate::exact::{Exact, TINY, try_all};
use crate::problem::{Problem, any_assignment};

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
    let (mut assignment, stopped) = crate::search::run(problem, options, control);
    // Of a tiny problem whose bounds the search missed, or whose rules cut its territories, all plans are tried.
    if problem.units() <= TINY
        && let Ok(found) = evaluate(problem, &assignment)
        && !found.violations.is_empty()
    {
        // Contiguity stands above bounds.
        let exact = match try_all(problem, true) {
            Exact::None if !found.contiguous => try_all(problem, false),
            exact => exact,
        };
        let stands_above = [ViolationKind::Empty, ViolationKind::Lock, ViolationKind::NotAllowed, ViolationKind::Apart];
        if let Exact::Best(plan) = exact {
            assignment = plan;
        } else if found.violations.iter().any(|v| stands_above.contains(&v.kind))
            && let Some(plan) = any_assignment(problem)
        {
            // Rules stand above contiguity.
            assignment = plan;
        }
    }
    control.report(1.0, "done");
    Ok(Solution { assignment, stopped })
}
