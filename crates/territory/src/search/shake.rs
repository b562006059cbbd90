//! Short searches inside the bounds. The last hundredths of a violation: where exchanges find nothing more, a warm search moves
//! borders about, and they find others. And after them: what closing in on narrow bounds left ragged, a cool one smooths.

use super::anneal::{Schedule, anneal};
use super::balance::Balance;
use super::instance::Instance;
use super::polish::polish;
use super::regions::Scratches;
use super::state::State;
use crate::control::Control;

/// Most rounds, and how many of them in turn may bring nothing: each of those is warmer than the last.
const ROUNDS: u64 = 24;
const PATIENCE: u32 = 5;
/// Proposals per border unit in a warm round, and in the cool search.
const STEPS: u64 = 3;
const COOL_STEPS: u64 = 5;
/// Share of them that are swaps.
const SWAPS: f64 = 0.3;
/// Energy of a mean unit, and of a link, that is warm, and that is cool.
const WARM: (f64, f64) = (0.25, 0.3);
const COOL: (f64, f64) = (0.1, 0.06);
/// Mean units that bounds leave room for, on either side of the target, up to which borders become ragged on the way to them.
const FEW: f64 = 2.0;
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
        let schedule = schedule(state, STEPS, WARM, bundle);
        let (warm, cold) = schedule.temperature;
        let schedule = Schedule { temperature: (warm * f64::from(1u32 << idle), cold), ..schedule };
        anneal(state, &mut balance, &schedule, (seed, phase + (round << 8)), scratches, control);
        let violation = polish(state, scratches.one(), POLISH_ROUNDS, control);
        idle = if violation < least { 0 } else { idle + 1 };
        least = least.min(violation);
    }
}

/// Smooths the borders of a plan that keeps its bounds, where these leave room for a few units only; returns whether it did
/// anything.
pub(super) fn smooth(
    state: &mut State<'_>,
    bundle: usize,
    stream: (u64, u64),
    scratches: &mut Scratches,
    control: &Control<'_>,
) -> bool {
    if !is_narrow(state.instance) || state.violation() > 0.0 || control.stopped().is_some() {
        return false;
    }
    let mut balance = Balance::new(state.instance);
    balance.set_only_walls(state);
    let schedule = schedule(state, COOL_STEPS, COOL, bundle);
    anneal(state, &mut balance, &schedule, stream, scratches, control);
    true
}

/// Whether the tightest measure has room for few units in most territories.
fn is_narrow(instance: &Instance) -> bool {
    let (k, m) = (instance.k(), instance.measures);
    let few = FEW * k as f64 / instance.len() as f64;
    let narrow = instance.windows.chunks(m.max(1)).filter_map(|w| w.last()).filter(|w| (w.upper - w.lower) / 2.0 < few);
    2 * narrow.count() > k
}

/// A search inside the bounds, by proposals per border unit and the energies of a mean unit and a link that it begins with.
fn schedule(state: &State<'_>, steps: u64, warmth: (f64, f64), bundle: usize) -> Schedule {
    let unit = state.instance.k() as f64 / state.instance.len() as f64;
    Schedule {
        steps: steps * state.border().len() as u64,
        temperature: ((warmth.0 * unit).max(warmth.1 * state.link_energy()), 0.0),
        lambda: (1.0, 1.0),
        calm: (1.0, 1.0),
        price_updates: 0,
        swaps: SWAPS,
        bundle,
        heat: LEAST_HEAT,
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

    #[test]
    fn ragged_borders_are_smoothed_inside_narrow_bounds() {
        // Stripes of 32 × 8 whose borders zigzag by two units.
        let ragged =
            |u: &u32| ((u % 32 + [0, 2, 1, 0, 2, 1, 0, 2][(u / 32) as usize % 8]).saturating_sub(1) / 8).min(3);
        let instance = grid(32, 32, 4);
        let parts: Vec<u32> = instance.order.iter().map(ragged).collect();
        let narrow = |room: f64| {
            let mut instance = instance.clone();
            for (t, w) in (0u32..).zip(&mut instance.windows) {
                let sum: f64 = (0..).zip(&parts).filter(|p| *p.1 == t).map(|(u, _)| instance.loads[u]).sum();
                (w.target, w.lower, w.upper) = (sum, sum - room, sum + room);
            }
            instance
        };
        let control = Control::default();
        for (units, smooths) in [(1.0, true), (3.0, false)] {
            let instance = narrow(units * 4.0 / 1024.0);
            let mut state = State::new(&instance, parts.clone(), Scales::default());
            state.scales = state.scales_for([1.0, 0.0, 0.25]);
            let before = state.energy();
            assert_eq!(state.violation(), 0.0);
            assert_eq!(smooth(&mut state, 6, (0, 9), &mut Scratches::default(), &control), smooths);
            assert_eq!(state.violation(), 0.0);
            let after = state.energy();
            assert!(if smooths { after < 0.99 * before } else { after == before }, "{before} before, {after} after");
        }
    }
}
