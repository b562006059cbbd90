//! Re-alignment: from a plan that people live in to one that meets the bounds, with as little change as that takes.
//!
//! The plan of today may be broken: units without a territory, territories in pieces, without units, or gone. What is broken is
//! mended first (`mend`). Then surplus flows over the borders between territories, as the cheapest flow says, until the bounds
//! hold (`carry`); what was moved and need not be goes back; and limits on the change are kept whatever it costs in balance
//! (`limits`). Nothing is drawn afresh.

mod carry;
mod iterate;
mod limits;
mod mend;
mod ways;

pub use limits::{Charge, Limit, Limits, OverLimit, Side};

use crate::control::{Control, Progress, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::exact::{Exact, TINY, try_all_by};
use crate::problem::Problem;
use crate::search::{Instance, Level, group_level};
use limits::Ledger;
use std::sync::atomic::{AtomicU64, Ordering};
use ways::Task;

/// A unit that is in no territory of the problem today.
const NOWHERE: u32 = u32::MAX;

/// Options of [`realign`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RealignOptions {
    /// Start of every random stream.
    pub seed: u64,
    /// What change costs: all units changing their territory cost so many times the whole compactness term. None: so much that
    /// only what the bounds need is moved, and only territories that the cheapest flow of surplus touches change as far as that will do.
    pub price: Option<f64>,
    /// What may change at most. Stands below contiguity and above the bounds.
    pub limits: Limits,
    /// Units that stay where they are.
    pub protected: Vec<u32>,
}

/// A plan re-aligned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Realigned {
    /// Territory of every unit, below k.
    pub assignment: Vec<u32>,
    /// Why it ended.
    pub stopped: Stopped,
    /// Limits that could not be kept, since contiguity or a rule asks for more change.
    pub over: Vec<OverLimit>,
}

/// Changes a plan as little as the problem's bounds and rules ask for. `current` is the territory of every unit today, a position in
/// the problem's territories; none for units that are new, or whose territory is gone: they are not charged to any limit.
///
/// A plan whose bounds cannot be met within the limits is no error: the nearest is returned, and [`crate::evaluate::evaluate`]
/// tells what is violated.
///
/// ```
/// use territory::{Control, Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// use territory::realign::{RealignOptions, realign};
/// let places: Vec<[f64; 2]> = (0..6).map(|i| [1000.0 * f64::from(i), 0.0]).collect();
/// let edges: Vec<Edge> = (0..5).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 0.0)).collect();
/// let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(6, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 6]).tolerance(0.1)).build()?;
/// let today = [0, 0, 0, 0, 1, 1].map(Some);
/// let plan = realign(&problem, &today, &RealignOptions::default(), &Control::default())?;
/// assert_eq!(plan.assignment, [0, 0, 0, 1, 1, 1]);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
///
/// # Errors
/// A plan of another length, or with a territory that is not below k; a protected unit that there is not.
pub fn realign(
    problem: &Problem,
    current: &[Option<u32>],
    options: &RealignOptions,
    control: &Control<'_>,
) -> Result<Realigned, ProblemErrors> {
    check(problem, current, options)?;
    // Targets of measures that depend on anchors are shares of what they are today.
    let today: Vec<u32> = current.iter().map(|t| t.unwrap_or(NOWHERE)).collect();
    let settled = problem.settled(&today);
    let problem = &*settled;
    // Stages that are gone through again do not take back what was told.
    let most = AtomicU64::new(0);
    let rising = |p: Progress| {
        let before = f64::from_bits(most.fetch_max(p.done.to_bits(), Ordering::Relaxed));
        control.report(p.done.max(before), p.stage);
    };
    let control = &control.observer(&rising);
    let mut units = Instance::new(problem);
    let ledger = Ledger::new(problem, current, &options.limits);
    let home = units.order.iter().map(|&u| current[u as usize].unwrap_or(NOWHERE)).collect();
    let stay = units.order.iter().map(|&u| ledger.weight(u) as f32).collect();
    let protected: Vec<bool> = {
        let mut column = vec![false; problem.units()];
        options.protected.iter().for_each(|&u| column[u as usize] = current[u as usize].is_some());
        units.order.iter().map(|&u| column[u as usize]).collect()
    };
    units.set_home(home, stay, &protected);
    let grouped = group_level(problem, &units);
    let instance = grouped.as_ref().map_or(&units, |level| &level.instance);
    control.report(0.0, "mend");
    let tiny = if problem.units() <= TINY { least_change(problem, current, options, &ledger) } else { None };
    let is_least = tiny.is_some();
    let parts = tiny.map_or_else(
        || mend::mend(instance),
        |plan| {
            let speaker =
                |at: usize| grouped.as_ref().map_or(Some(at), |l| l.cluster.iter().position(|&c| c as usize == at));
            (0..instance.len()).map(|at| speaker(at).map_or(0, |at| plan[units.order[at] as usize])).collect()
        },
    );
    // With a price compactness counts, too, and may ask anybody to change.
    let open = if options.price.is_none() && !is_least {
        near(problem, &today, &in_order(&units, &project(grouped.as_ref(), &parts)))
    } else {
        Vec::new()
    };
    let task = Task { problem, current, options, units: &units, grouped: grouped.as_ref(), ledger: &ledger };
    let mut assignment = task.least_change(&parts, &open, control);
    let mut over = ledger.over(&assignment);
    if !over.is_empty() {
        // Limits stand above bounds: what only mending changes is within them, or nothing is.
        let mended = in_order(&units, &project(grouped.as_ref(), &parts));
        if ledger.over(&mended).is_empty() {
            (assignment, over) = (mended, Vec::new());
        }
    }
    control.report(1.0, "done");
    Ok(Realigned { assignment, stopped: control.stopped().unwrap_or(Stopped::Converged), over })
}

/// Limits that the plan `assignment` exceeds beside the plan of today, as [`realign`] reads `current`: for plans that were changed
/// after it.
///
/// # Errors
/// A plan of another length, or with a territory that is not below k; limits that are none.
pub fn exceeded_limits(
    problem: &Problem,
    current: &[Option<u32>],
    limits: &Limits,
    assignment: &[u32],
) -> Result<Vec<OverLimit>, ProblemErrors> {
    let options = RealignOptions { limits: limits.clone(), ..RealignOptions::default() };
    check(problem, current, &options)?;
    check(problem, &assignment.iter().map(|&t| Some(t)).collect::<Vec<_>>(), &options)?;
    Ok(Ledger::new(problem, current, limits).over(assignment))
}

/// The plan of least change by trying all, limits left aside; none where no plan keeps everything, or too many were to try.
fn least_change(
    problem: &Problem,
    current: &[Option<u32>],
    options: &RealignOptions,
    ledger: &Ledger<'_>,
) -> Option<Vec<u32>> {
    let change = |unit: usize, territory: u32| match current[unit] {
        Some(home) if home != territory => {
            if options.protected.contains(&(unit as u32)) {
                f64::INFINITY
            } else {
                ledger.weight(unit as u32)
            }
        }
        _ => 0.0,
    };
    match try_all_by(problem, change) {
        // A plan may keep all bounds only where a protected unit leaves.
        Exact::Best(plan) if plan.iter().enumerate().all(|(u, &t)| change(u, t).is_finite()) => Some(plan),
        _ => None,
    }
}

fn check(problem: &Problem, current: &[Option<u32>], options: &RealignOptions) -> Result<(), ProblemErrors> {
    let (n, k) = (problem.units(), problem.k());
    let mut errors = Vec::new();
    if current.len() != n {
        let what = "the plan of today".to_owned();
        errors.push(ProblemError::Length { what, found: current.len(), expected: n });
    }
    for (unit, territory) in current.iter().enumerate().take(n) {
        if let Some(territory) = territory.filter(|&t| t as usize >= k) {
            errors.push(ProblemError::PlanTerritory { unit: problem.unit_name(unit), territory, territories: k });
        }
    }
    for &unit in options.protected.iter().filter(|&&u| u as usize >= n) {
        errors.push(ProblemError::RuleUnit { rule: "a protected unit", unit, units: n });
    }
    options.limits.check(problem, &mut errors);
    let price = options.price.unwrap_or(0.0);
    if !(price.is_finite() && price >= 0.0) {
        let what = "the price of change".to_owned();
        errors.push(ProblemError::RuleValue { what, value: price, range: "a finite number ≥ 0" });
    }
    if errors.is_empty() { Ok(()) } else { Err(ProblemErrors(errors)) }
}

/// Territories that the flow of surplus touches, and those that have changed in mending. Where units had to move for that, what flows
/// afterwards counts as well.
fn near(problem: &Problem, today: &[u32], mended: &[u32]) -> Vec<bool> {
    let mut near = crate::evaluate::reach(problem, today, mended);
    if today.iter().zip(mended).any(|(before, after)| *before != NOWHERE && before != after) {
        let after = crate::evaluate::reach(problem, mended, mended);
        near.iter_mut().zip(after).for_each(|(near, after)| *near |= after);
    }
    for (&before, &after) in today.iter().zip(mended).filter(|(before, after)| before != after) {
        [before, after].iter().filter_map(|&t| near.get_mut(t as usize).map(|slot| *slot = true)).count();
    }
    near
}

/// Parts by position as the problem counts units.
fn in_order(units: &Instance, parts: &[u32]) -> Vec<u32> {
    let mut assignment = vec![0; parts.len()];
    units.order.iter().zip(parts).for_each(|(&unit, &part)| assignment[unit as usize] = part);
    assignment
}

/// The plan of the units from the one of groups.
fn project(grouped: Option<&Level>, parts: &[u32]) -> Vec<u32> {
    grouped.map_or_else(|| parts.to_vec(), |level| level.project(parts))
}
