//! Loads that contiguity moved about are carried back over many territories at once, on clusters of units.
//!
//! A cell of the diagram that reaches over an estuary leaves its smaller piece to others, which may be half a target. Sweeps over
//! the units bring such loads on by a layer of units each; those over clusters go farther at a fraction of the work, and what
//! is left for the units is local.

use super::anneal::{Scratch, sweep};
use super::balance::Balance;
use super::hierarchy::Hierarchy;
use super::state::State;
use crate::control::Control;

/// Deviation from the bounds that sweeps over the units see to.
const LOCAL: f64 = 0.03;
/// Load beyond that, in targets per territory, that is worth clusters; and what is left to the next level.
const MUCH: f64 = 0.005;
const LITTLE: f64 = 0.002;
/// Most sweeps on a level; after half of them they go on only as long as they help.
const SWEEPS: u32 = 24;
/// Deviation beyond which nothing more is taken on: at first, and from half of the sweeps on.
const WALLS: (f64, f64) = (0.3, 0.1);
/// Penalty weight at the start and from half of the sweeps on: soft, for it is prices that carry far, and clusters are lumpy.
const LAMBDA: (f64, f64) = (5.0, 20.0);
/// Share of Newton's step on the prices.
const FLOW_RATE: f64 = 0.5;
/// Deviation that does not count, in mean loads of a cluster.
const GRAIN: f64 = 0.1;

/// Whether so much is where it should not be that clusters are worth their making.
pub(super) fn is_much(state: &State<'_>) -> bool {
    beyond(state, LOCAL) > MUCH * state.instance.k() as f64
}

/// What is outside the bounds by more than `least`, in targets, summed over all territories.
fn beyond(state: &State<'_>, least: f64) -> f64 {
    (0..state.instance.k() as u32).map(|t| (state.violation_of(t) - least).max(0.0)).sum()
}

/// Balances a contiguous plan down to what clusters can, by moves of up to `bundle` of them; returns the parts of the
/// units and the prices that hold loads where they are.
pub(super) fn carry(
    state: &State<'_>,
    bundle: usize,
    scratch: &mut Scratch,
    control: &Control<'_>,
) -> (Vec<u32>, Balance) {
    let parts = state.parts();
    let hierarchy = Hierarchy::new(state.instance, &parts);
    let mut parts = hierarchy.restrict(parts);
    let mut balance = Balance::new(state.instance);
    let depths = hierarchy.levels.len();
    // Where there are no clusters the units are as few.
    for depth in (depths.min(1)..=depths).rev() {
        let level = hierarchy.at(depth);
        let mut coarse = State::new(level, parts, state.scales);
        let grain = level.k() as f64 / level.len() as f64;
        balance.set_grain(GRAIN * grain);
        balance.set_calm(level, 0.0);
        let mut before = f64::INFINITY;
        for round in 0..SWEEPS {
            let left = beyond(&coarse, 0.5 * grain);
            let helps = round < SWEEPS / 2 || left < before;
            if !helps || left <= LITTLE * level.k() as f64 || control.stopped().is_some() {
                break;
            }
            before = left;
            let share = (f64::from(round) / f64::from(SWEEPS / 2)).min(1.0);
            balance.set_lambda(LAMBDA.0 * libm::pow(LAMBDA.1 / LAMBDA.0, share));
            balance.set_walls(level, WALLS.0 + (WALLS.1 - WALLS.0) * share);
            balance.raise_by_flow(&coarse, FLOW_RATE);
            sweep(&mut coarse, &balance, bundle, scratch);
        }
        parts = coarse.parts();
        if depth > 0 {
            parts = hierarchy.levels[depth - 1].project(&parts);
        }
    }
    balance.set_grain(0.0);
    (parts, balance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Scales;
    use crate::search::tests::grid;

    #[test]
    fn loads_are_carried_over_a_chain_of_territories() {
        // Stripes, the first of which has more than twice its target.
        let instance = grid(160, 16, 8);
        let parts = instance.order.iter().map(|&u| ((u % 160).saturating_sub(28) / 16).min(7)).collect();
        let mut state = State::new(&instance, parts, Scales::default());
        state.scales = state.scales_for([1.0, 0.0, 0.25]);
        let before = beyond(&state, LOCAL);
        assert!(is_much(&state) && before > 1.0);
        let (parts, _) = carry(&state, 6, &mut Scratch::default(), &Control::default());
        let after = State::new(&instance, parts, state.scales);
        assert!(beyond(&after, LOCAL) < 0.2 * before, "{} of {before}", beyond(&after, LOCAL));
        let pieces = crate::search::pieces::pieces(&instance, &after.parts());
        assert_eq!(pieces.firsts.len(), 8);
    }
}
