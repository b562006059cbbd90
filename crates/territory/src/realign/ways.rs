//! Ways to bring a plan into its bounds, and which of them changes least.

use super::carry::{self, Manner};
use super::iterate::Iterate;
use super::limits::{self, Ledger};
use super::{RealignOptions, in_order};
use crate::control::Control;
use crate::problem::Problem;
use crate::search::{Instance, Level, Scratches, State, polish, settle};

/// One way to balance.
#[derive(Clone, Copy)]
struct Way {
    /// Whether a search that may go uphill begins it, where change is a tenth as dear, and not the flow of surplus.
    uphill: bool,
    /// Whether only territories that the flow touches change at first, or any.
    near: bool,
}

/// Ways for problems of up to [`SEVERAL`] units. What the first finds is seldom far from the least change; where units are large beside the
/// bounds, another may be nearer.
const WAYS: [Way; 4] = [
    Way { uphill: false, near: true },
    Way { uphill: true, near: true },
    Way { uphill: false, near: false },
    Way { uphill: true, near: false },
];
/// Units up to which several ways are tried.
const SEVERAL: usize = 30_000;
/// Less violation than this is rounding.
const LEAST: f64 = 1e-12;
/// Others than those that the flow touches change where that saves so much of the change.
const WORTH_MORE: f64 = 0.1;

/// What all ways have in common.
pub(super) struct Task<'a> {
    pub(super) problem: &'a Problem,
    pub(super) current: &'a [Option<u32>],
    pub(super) options: &'a RealignOptions,
    pub(super) units: &'a Instance,
    pub(super) grouped: Option<&'a Level>,
    pub(super) ledger: &'a Ledger<'a>,
}

impl Task<'_> {
    /// From a plan that is mended the one inside the bounds, as far as a way gets there, that changes least. `near` are the territories
    /// that change at first; empty: all.
    pub(super) fn least_change(&self, mended: &[u32], near: &[bool], control: &Control<'_>) -> Vec<u32> {
        // With a price change is not all that counts.
        let several = self.options.price.is_none() && self.problem.units() <= SEVERAL;
        let ways = if several { &WAYS[..] } else { &WAYS[..1] };
        let mut scratches = Scratches::default();
        // Limits may leave too little of what is found near by.
        let again = !several && self.ledger.limits() && near.contains(&false);
        let part = |at: usize| control.nth(at, ways.len() + usize::from(again));
        let (mut least, mut assignment) = self.go(ways[0], (mended, near), &mut scratches, &part(0));
        for (at, way) in ways.iter().enumerate().skip(1) {
            if least.is_nothing() || control.stopped().is_some() {
                break;
            }
            if !way.near && near.iter().all(|&near| near) {
                continue;
            }
            let (rank, found) = self.go(*way, (mended, near), &mut scratches, &part(at));
            if rank.is_below(&least) {
                (least, assignment) = (rank, found);
            }
        }
        let is_short = least.over > 0 || least.violation > 0.0;
        if again && is_short && control.stopped().is_none() {
            let (rank, found) = self.go(WAYS[2], (mended, near), &mut scratches, &part(ways.len()));
            if rank.is_below(&least) {
                assignment = found;
            }
        }
        assignment
    }

    /// Balances a plan that is mended, the one or the other way; what may go home does.
    fn go(
        &self,
        way: Way,
        (mended, near): (&[u32], &[bool]),
        scratches: &mut Scratches,
        control: &Control<'_>,
    ) -> (Rank, Vec<u32>) {
        let (units, seed) = (self.units, self.options.seed);
        let instance = self.grouped.map_or(units, |level| &level.instance);
        let mut state = State::new(instance, mended.to_vec(), Default::default());
        state.scales = state.scales_for(self.problem.objective().weights());
        let price = self.options.price.unwrap_or(DEAR);
        state.scales.stay = price * instance.k() as f64 / self.ledger.total_weight().max(1.0);
        control.report(0.2, "balance");
        let several = self.problem.units() <= SEVERAL;
        // Nobody changes whom the flow of surplus leaves alone, but where units do not fit through those whom it touches.
        state.set_open(if way.near { near.to_vec() } else { Vec::new() });
        for widened in 1.. {
            let is_all = (0..instance.k() as u32).all(|t| state.is_open(t));
            let stages = match (is_all, way.uphill) {
                (true, _) => STAGES,
                (false, true) => UPHILL + 1,
                (false, false) => 1,
            };
            balance(&mut state, scratches, (way.uphill, stages, several), seed, control);
            if is_all || state.violation() == 0.0 || control.stopped().is_some() {
                break;
            }
            if widened < WIDER { carry::widen(&mut state) } else { state.set_open(Vec::new()) }
        }
        if several && self.options.price.is_none() {
            Iterate { state: &mut state, scratches, seed, control }.improve();
        }
        control.report(0.7, "return");
        carry::send_home(&mut state, control);
        // What has moved, and what was nowhere, may still be better placed.
        carry::improve(&mut state, scratches, seed, control);
        carry::send_home(&mut state, control);
        let parts = limits::keep(&mut state, self.grouped, units, self.ledger);
        let assignment = in_order(units, &parts);
        let away = |&(u, t): &(u32, &u32)| self.current[u as usize].is_some_and(|home| home != *t);
        let mut changed = vec![false; instance.k()];
        for (u, &territory) in (0u32..).zip(&assignment).filter(away) {
            changed[territory as usize] = true;
            self.current[u as usize].iter().for_each(|&home| changed[home as usize] = true);
        }
        let rank = Rank {
            over: self.ledger.over(&assignment).len(),
            violation: state.violation(),
            moved: (0u32..).zip(&assignment).filter(away).map(|(u, _)| self.ledger.weight(u)).sum(),
            beyond: (0..instance.k()).filter(|&t| changed[t] && !near.get(t).is_none_or(|near| *near)).count(),
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
    /// Territories that change and need not by the flow.
    beyond: usize,
}

impl Rank {
    fn is_nothing(&self) -> bool {
        self.over == 0 && self.violation == 0.0 && self.moved == 0.0
    }

    /// Whether this is better: of two that keep as much the one that moves less, if more territories change beyond the flow a tenth
    /// less.
    fn is_below(&self, other: &Self) -> bool {
        let more = self.violation - other.violation;
        let equal = self.over == other.over && more.abs() <= LEAST;
        if !equal {
            return (self.over, more) < (other.over, 0.0);
        }
        let dear = |than: usize, own: usize| if own > than { 1.0 - WORTH_MORE } else { 1.0 };
        self.moved * dear(self.beyond, other.beyond) < other.moved * dear(other.beyond, self.beyond)
    }
}

/// So dear that nothing is moved but for bounds, rules and contiguity.
const DEAR: f64 = 100.0;
/// Times that more territories are let change, the last time all.
const WIDER: usize = 4;
/// Times that surplus is carried before exchanges settle what is left.
const ROUNDS: usize = 12;
/// Stages of balancing: exchanges; sweeps; searches that may go uphill.
const STAGES: usize = 5;
/// The stage of them that a search which goes uphill begins with.
const UPHILL: usize = 3;
/// Rounds of exchanges.
const POLISH_ROUNDS: usize = 50;
/// Units that sweeps move together.
const BUNDLE: usize = 6;

/// Brings all sums into their bounds, as far as it can by so many stages.
fn balance(
    state: &mut State<'_>,
    scratches: &mut Scratches,
    (uphill, stages, several): (bool, usize, bool),
    seed: u64,
    control: &Control<'_>,
) {
    let mut least = state.violation();
    let (rounds, begin) = if uphill { (0, UPHILL) } else { (ROUNDS, 0) };
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
    for stage in begin..stages {
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
