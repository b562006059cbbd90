//! The best plan found, and what makes one better.

use super::super::state::State;
use crate::terms::Diameters;

/// Violations this near are equal: sums that are moved about gather rounding errors.
pub(super) const SLACK: f64 = 1e-9;

/// What a plan is worth beside its violation: less is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Per km of diameter.
    diameter: f64,
    /// Per energy of the other terms, in which their weights are; 0 without any.
    pub(super) energy: f64,
}

impl Worth {
    /// With other terms of these weights, the diameter having weight 1 and being `diameter` at the start.
    pub fn new(weights: [f64; 3], diameter: f64, k: usize) -> Self {
        let energy = if weights.iter().any(|&w| w > 0.0) { 1.0 / k as f64 } else { 0.0 };
        Self { diameter: 1.0 / diameter.max(f64::MIN_POSITIVE), energy }
    }

    fn of(&self, state: &State<'_>, diameter: f64) -> f64 {
        self.diameter * diameter + if self.energy > 0.0 { self.energy * state.energy() } else { 0.0 }
    }
}

/// The best plan found: least violation first, then least worth.
#[derive(Clone, Debug)]
pub struct Best {
    /// Its parts.
    pub parts: Vec<u32>,
    /// Its largest diameter.
    pub diameter: f64,
    /// Its diameter and other terms together.
    pub worth: f64,
    /// Its violation of the bounds; the most that is allowed where no plan has been kept yet.
    pub violation: f64,
}

impl Best {
    /// The current plan.
    pub fn new(state: &State<'_>, diameters: &Diameters<'_>, worth: &Worth) -> Self {
        let diameter = diameters.largest();
        let (worth, violation) = (worth.of(state, diameter), state.violation());
        Self { parts: state.parts(), diameter, worth, violation }
    }

    /// Whether it is better than another.
    pub fn is_better(&self, other: &Self) -> bool {
        self.worth.is_finite()
            && (self.violation < other.violation - SLACK
                || (self.violation <= other.violation + SLACK && self.worth < other.worth))
    }

    /// Keeps the current plan if it is better.
    pub(super) fn keep(&mut self, state: &State<'_>, diameters: &Diameters<'_>, worth: &Worth) -> bool {
        let violation = state.violation();
        if violation > self.violation + SLACK {
            return false;
        }
        let diameter = diameters.largest();
        let worth = worth.of(state, diameter);
        if violation > self.violation - SLACK && worth >= self.worth {
            return false;
        }
        state.copy_parts(&mut self.parts);
        (self.violation, self.diameter, self.worth) = (violation.min(self.violation), diameter, worth);
        true
    }
}
