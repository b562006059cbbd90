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

pub use limits::{Charge, Limit, Limits, OverLimit, Side};

use crate::control::{Control, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::exact::{Exact, TINY, try_all_by};
use crate::problem::Problem;
use crate::search::{Instance, Level, Scratches, State, group_level, polish, settle};
use carry::Manner;
use iterate::Iterate;
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
    let task = Task { problem, current, options, units: &units, grouped: grouped.as_ref(), ledger: &ledger };
    // What the first way finds is seldom far from the least change; where units are large beside the bounds, another may be nearer. With a
    // price change is not all that counts.
    let ways = if options.price.is_none() && problem.units() <= SEVERAL { WAYS } else { 1 };
    let mut scratches = Scratches::default();
    let (mut least, mut assignment) = task.go((0, ways), &parts, &mut scratches, control);
    for way in 1..ways {
        if least.is_nothing() || control.stopped().is_some() {
            break;
        }
        let (rank, found) = task.go((way, ways), &parts, &mut scratches, control);
        if rank.is_below(&least) {
            (least, assignment) = (rank, found);
        }
    }
    let mut over = ledger.over(&assignment);
    if !over.is_empty() {
        // Limits stand above bounds: what only mending changes is within them, or nothing is.
        let projected = project(grouped.as_ref(), &parts);
        let mut mended = vec![0; projected.len()];
        units.order.iter().zip(&projected).for_each(|(&unit, &part)| mended[unit as usize] = part);
        if ledger.over(&mended).is_empty() {
            (assignment, over) = (mended, Vec::new());
        }
    }
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

/// What all ways have in common.
struct Task<'a> {
    problem: &'a Problem,
    current: &'a [Option<u32>],
    options: &'a RealignOptions,
    units: &'a Instance,
    grouped: Option<&'a Level>,
    ledger: &'a Ledger<'a>,
}

impl Task<'_> {
    /// Balances a plan that is mended, the one or the other way; what may go home does.
    fn go(
        &self,
        (way, ways): (u32, u32),
        mended: &[u32],
        scratches: &mut Scratches,
        control: &Control<'_>,
    ) -> (Rank, Vec<u32>) {
        let (units, seed) = (self.units, self.options.seed);
        let instance = self.grouped.map_or(units, |level| &level.instance);
        let mut state = State::new(instance, mended.to_vec(), Default::default());
        state.scales = state.scales_for(self.problem.objective().weights());
        let price = self.options.price.unwrap_or(DEAR);
        state.scales.stay = price * instance.k() as f64 / self.ledger.total_weight().max(1.0);
        let done = |share: f64| (f64::from(way) + share) / f64::from(ways);
        control.report(done(0.2), "balance");
        balance(&mut state, scratches, (way, self.problem.units() <= SEVERAL), seed, control);
        if ways > 1 {
            Iterate { state: &mut state, scratches, seed, control }.improve();
        }
        control.report(done(0.7), "return");
        carry::send_home(&mut state, control);
        // What has moved, and what was nowhere, may still be better placed.
        carry::improve(&mut state, scratches, seed, control);
        carry::send_home(&mut state, control);
        let parts = limits::keep(&mut state, self.grouped, units, self.ledger);
        let mut assignment = vec![0; parts.len()];
        units.order.iter().zip(&parts).for_each(|(&unit, &part)| assignment[unit as usize] = part);
        let away = |&(u, t): &(u32, &u32)| self.current[u as usize].is_some_and(|home| home != *t);
        let rank = Rank {
            over: self.ledger.over(&assignment).len(),
            violation: state.violation(),
            moved: (0u32..).zip(&assignment).filter(away).map(|(u, _)| self.ledger.weight(u)).sum(),
        };
        (rank, assignment)
    }
}

/// What a way has come to, in the order of what counts.
struct Rank {
    /// Limits that are exceeded.
    over: usize,
    violation: f64,
    /// Weight of the units that have moved.
    moved: f64,
}

impl Rank {
    fn is_nothing(&self) -> bool {
        self.over == 0 && self.violation == 0.0 && self.moved == 0.0
    }

    fn is_below(&self, other: &Self) -> bool {
        let order = self.over.cmp(&other.over).then(self.violation.total_cmp(&other.violation));
        order.then(self.moved.total_cmp(&other.moved)).is_lt()
    }
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
/// Units up to which several ways to balance are tried.
const SEVERAL: usize = 30_000;
/// Ways to balance: carrying surplus, exchanges and sweeps, then searches that may go uphill; or such a search from the plan of today,
/// where change is a tenth as dear.
const WAYS: u32 = 2;
/// Times that surplus is carried before exchanges settle what is left.
const ROUNDS: usize = 12;
/// Rounds of exchanges.
const POLISH_ROUNDS: usize = 50;
/// Units that sweeps move together.
const BUNDLE: usize = 6;

/// Brings all sums into their bounds, as far as it can.
fn balance(
    state: &mut State<'_>,
    scratches: &mut Scratches,
    (way, several): (u32, bool),
    seed: u64,
    control: &Control<'_>,
) {
    let mut least = state.violation();
    let (rounds, begin) = if way == 0 { (ROUNDS, 0) } else { (0, 3) };
    for _ in 0..rounds {
        if least == 0.0 || control.stopped().is_some() || !carry::carry(state, &Manner::default()) {
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
    for stage in begin..5 {
        if (best.0 == 0.0 && stage > begin) || control.stopped().is_some() {
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
        if several {
            Iterate { state, scratches, seed, control }.restore();
        }
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
