//! Re-alignment: from a plan that people live in to one that meets the bounds, with as little change as that takes.
//!
//! The plan of today may be broken: units without a territory, territories in pieces, without units, or gone. What is broken is
//! mended first (`mend`). Then surplus flows over the borders between territories, as the cheapest flow says, until the bounds
//! hold (`carry`); what was moved and need not be goes back; and limits on the change are kept whatever it costs in balance
//! (`limits`). Nothing is drawn afresh.

mod carry;
mod limits;
mod mend;

pub use limits::{Charge, Limit, Limits};

use crate::control::{Control, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::exact::{Exact, TINY, try_all_by};
use crate::problem::Problem;
use crate::search::{Instance, Level, Scratches, State, group_level, polish, settle};
use limits::Ledger;

/// A unit that is in no territory of the problem today.
const NOWHERE: u32 = u32::MAX;

/// Options of [`realign`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RealignOptions {
    /// Start of every random stream.
    pub seed: u64,
    /// What change costs: all units changing their territory cost so many times the whole compactness term. None: so much that
    /// only what the bounds need is moved.
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
    /// Limits that could not be kept, since contiguity or a rule asks for more change: what they limit, what is there, what is allowed.
    pub over: Vec<(String, f64, f64)>,
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
    let parts = tiny.map_or_else(
        || mend::mend(instance),
        |plan| {
            let speaker =
                |at: usize| grouped.as_ref().map_or(Some(at), |l| l.cluster.iter().position(|&c| c as usize == at));
            (0..instance.len()).map(|at| speaker(at).map_or(0, |at| plan[units.order[at] as usize])).collect()
        },
    );
    let mut state = State::new(instance, parts, Default::default());
    state.scales = state.scales_for(problem.objective().weights());
    let price = options.price.unwrap_or(DEAR);
    state.scales.stay = price * instance.k() as f64 / ledger.total_weight().max(1.0);
    control.report(0.2, "balance");
    let mut scratches = Scratches::default();
    balance(&mut state, &mut scratches, options.seed, control);
    control.report(0.7, "return");
    carry::send_home(&mut state, control);
    // What has moved, and what was nowhere, may still be better placed.
    carry::improve(&mut state, &mut scratches, options.seed, control);
    carry::send_home(&mut state, control);
    let parts = limits::keep(&mut state, grouped.as_ref(), &units, &ledger);
    let assigned = |parts: &[u32]| {
        let mut assignment = vec![0; parts.len()];
        units.order.iter().zip(parts).for_each(|(&unit, &part)| assignment[unit as usize] = part);
        assignment
    };
    let mut assignment = assigned(&parts);
    let mut over = ledger.over(&assignment);
    if !over.is_empty() {
        // Limits stand above bounds: what only mending changes is within them, or nothing is.
        let mended = assigned(&project(grouped.as_ref(), &mend::mend(instance)));
        if ledger.over(&mended).is_empty() {
            (assignment, over) = (mended, Vec::new());
        }
    }
    Ok(Realigned { assignment, stopped: control.stopped().unwrap_or(Stopped::Converged), over })
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

/// So dear that nothing is moved but for bounds, rules and contiguity.
const DEAR: f64 = 100.0;
/// Times that surplus is carried before exchanges settle what is left.
const ROUNDS: usize = 12;
/// Rounds of exchanges.
const POLISH_ROUNDS: usize = 50;
/// Units that sweeps move together.
const BUNDLE: usize = 6;

/// Brings all sums into their bounds, as far as it can.
fn balance(state: &mut State<'_>, scratches: &mut Scratches, seed: u64, control: &Control<'_>) {
    let mut least = state.violation();
    for _ in 0..ROUNDS {
        if least == 0.0 || control.stopped().is_some() || !carry::carry(state) {
            break;
        }
        let violation = state.violation();
        if violation >= least * (1.0 - 1e-6) {
            break;
        }
        least = violation;
    }
    state.recompute();
    let mut best = (state.violation(), state.parts());
    let keep_better = |state: &State<'_>, best: &mut (f64, Vec<u32>)| {
        if state.violation() < best.0 {
            *best = (state.violation(), state.parts());
        }
    };
    // What units do not fit through borders near by goes by exchanges; by sweeps under prices; by a search that may go uphill.
    let stay = state.scales.stay;
    for stage in 0..5 {
        if best.0 == 0.0 || control.stopped().is_some() {
            break;
        }
        match stage {
            0 => {}
            1 => {
                settle(state, BUNDLE, (seed, PHASE), scratches, control);
            }
            _ => {
                // Bounds stand above the price of change.
                state.scales.stay = stay * CHEAPER[stage - 2];
                carry::anneal_balance(state, scratches, seed.wrapping_add(stage as u64), control);
            }
        }
        polish(state, scratches.one(), POLISH_ROUNDS, control);
        keep_better(state, &mut best);
        if state.violation() > best.0 {
            for (unit, &part) in (0u32..).zip(&best.1) {
                state.apply(unit, part);
            }
            state.recompute();
        }
    }
    state.scales.stay = stay;
}

/// Shares of the price of change in searches that may go uphill, one after another while bounds are violated.
const CHEAPER: [f64; 3] = [1.0, 0.1, 0.01];
/// Random stream of the sweeps.
const PHASE: u64 = 31;

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

/// The plan of the units from the one of groups.
fn project(grouped: Option<&Level>, parts: &[u32]) -> Vec<u32> {
    grouped.map_or_else(|| parts.to_vec(), |level| level.project(parts))
}
