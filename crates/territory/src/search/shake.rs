//! The last hundredths: where exchanges find nothing more, a short warm search inside the bounds moves borders about, and they
//! find others.

use super::anneal::{Schedule, anneal};
use super::balance::Balance;
use super::polish::polish;
use super::regions::Scratches;
use super::state::State;
use crate::control::Control;

/// Most rounds, and how many of them in turn may bring nothing: each of those is warmer than the last.
const ROUNDS: u64 = 24;
const PATIENCE: u32 = 5;
/// Proposals per border unit in a round.
const STEPS: u64 = 3;
/// Share of them that are swaps.
const SWAPS: f64 = 0.3;
/// Energy of a mean unit, and of a link, that is warm.
const WARM: (f64, f64) = (0.25, 0.3);
/// Least temperature of a territory, as a share.
const LEAST_HEAT: f64 = 0.02;
/// Rounds of exchanges over the territories that are outside.
const POLISH_ROUNDS: usize = 10;

/// Lowers the violation of a contiguous plan by rounds of moves of up to `bundle` units and exchanges, until there is none or
/// rounds bring nothing.
pub(super) fn shake(
    state: &mut State<'_>,
    bundle: usize,
    (seed, phase): (u64, u64),
    scratches: &mut Scratches,
    control: &Control<'_>,
) {
    let mut least = state.violation();
    let mut idle = 0;
    for round in 0..ROUNDS {
        if least == 0.0 || idle > PATIENCE || control.stopped().is_some() {
            return;
        }
        let mut balance = Balance::new(state.instance);
        balance.set_walls(state.instance, 0.0);
        let unit = state.instance.k() as f64 / state.instance.len() as f64;
        let schedule = Schedule {
            steps: STEPS * state.border().len() as u64,
            temperature: ((WARM.0 * unit).max(WARM.1 * state.link_energy()) * f64::from(1u32 << idle), 0.0),
            lambda: (1.0, 1.0),
            calm: (1.0, 1.0),
            price_updates: 0,
            swaps: SWAPS,
            bundle,
            heat: LEAST_HEAT,
        };
        anneal(state, &mut balance, &schedule, (seed, phase + (round << 8)), scratches, control, (1.0, 1.0));
        let violation = polish(state, scratches.one(), POLISH_ROUNDS, control);
        idle = if violation < least { 0 } else { idle + 1 };
        least = least.min(violation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::tests::grid;
    use crate::search::{Scales, polish};

    #[test]
    fn what_exchanges_leave_falls_after_moving_borders_about() {
        // Eight units a territory, and bounds of a fifth of one.
        let instance = grid(20, 20, 50);
        let parts = instance.order.iter().map(|&u| (u / 20) / 2 * 5 + (u % 20) / 4).collect();
        let mut state = State::new(&instance, parts, Scales::default());
        state.scales = state.scales_for([1.0, 0.0, 0.25]);
        let mut scratches = Scratches::default();
        let control = Control::default();
        let left = polish(&mut state, scratches.one(), POLISH_ROUNDS, &control);
        assert!(left > 0.0);
        shake(&mut state, 6, (0, 5), &mut scratches, &control);
        assert!(state.violation() < left, "{left} before, {} after", state.violation());
    }
}
