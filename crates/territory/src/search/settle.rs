//! From a contiguous diagram to a balanced plan without a random search: sweeps over the borders, then exchanges.
//!
//! The first sweeps smooth borders inside loose bounds: tight ones from the start would hold ragged borders fast. In the next
//! ones the bounds close in, under prices that carry what is too much over the territory graph.

use super::anneal::sweep;
use super::balance::Balance;
use super::polish::polish;
use super::random::Random;
use super::regions::{Scratches, in_regions};
use super::state::State;
use crate::control::Control;

/// Deviation that is allowed at first.
const LOOSE: f64 = 0.03;
const LOOSE_SWEEPS: u64 = 3;
const TIGHT_SWEEPS: u64 = 20;
/// Share of the way from the loose bounds to the true ones that a sweep goes: when all territories keep the bounds of the
/// last one, and when they do not.
const STRIDE: (f64, f64) = (0.25, 1.0 / 16.0);
/// Penalty weight at the start and at the end of that way.
const LAMBDA: (f64, f64) = (5.0, 5000.0);
/// Share of Newton's step on the prices: a sweep moves borders by a unit or two, and would be overtaken by the whole.
const FLOW_RATE: f64 = 0.5;
/// Rounds over the territories that are outside after the sweeps.
pub(super) const POLISH_ROUNDS: usize = 50;

/// Balances a contiguous plan by moves that pay at once, of up to `bundle` units; returns the violation that is left.
pub fn settle(
    state: &mut State<'_>,
    bundle: usize,
    stream: (u64, u64),
    scratches: &mut Scratches,
    control: &Control<'_>,
) -> f64 {
    settle_from(Balance::new(state.instance), (0.0, 0.0), state, bundle, stream, scratches, control);
    polish(state, scratches.one(), POLISH_ROUNDS, control)
}

/// The sweeps of [`settle`] until the violation in all, and that of every territory, are down to `enough`, under prices that hold
/// loads where they are already. Within wide bounds loads are free to go where borders are smoother, within narrow ones the loose
/// sweeps would undo what was carried far: prices count by what is narrow.
pub(super) fn settle_from(
    mut balance: Balance,
    enough: (f64, f64),
    state: &mut State<'_>,
    bundle: usize,
    (seed, phase): (u64, u64),
    scratches: &mut Scratches,
    control: &Control<'_>,
) {
    let k = state.instance.k() as u32;
    balance.scale_prices(state.instance, |w| {
        let half = (w.upper - w.lower) / 2.0 / w.target;
        (1.0 - half / LOOSE).max(0.0)
    });
    balance.set_lambda(1.0);
    balance.set_calm(state.instance, 1.0);
    balance.set_walls(state.instance, LOOSE);
    let mut share = 0.0;
    for round in 0..LOOSE_SWEEPS + TIGHT_SWEEPS {
        if control.stopped().is_some() {
            break;
        }
        if round >= LOOSE_SWEEPS {
            if state.violation() <= enough.0 && (0..k).all(|t| state.violation_of(t) <= enough.1) {
                break;
            }
            let inside = (0..k).all(|t| balance.keeps_walls(state, t));
            share = (share + if inside { STRIDE.0 } else { STRIDE.1 }).min(1.0);
            balance.set_lambda(LAMBDA.0 * libm::pow(LAMBDA.1 / LAMBDA.0, share));
            balance.set_calm(state.instance, 0.0);
            balance.set_walls(state.instance, LOOSE * (1.0 - share));
            balance.raise_by_flow(state, FLOW_RATE);
        }
        let mut random = Random::stream(seed, phase, round);
        in_regions(state, &mut random, scratches, |_, view, scratch| {
            sweep(view, &balance, bundle, scratch);
        });
    }
    state.recompute();
}
