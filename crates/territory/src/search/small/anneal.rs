//! One anneal of a small search: temperature and penalty by a schedule, the best plan kept at every accepted move.

use super::books::Books;
use super::walk::{Mix, Rule, Walker};
use crate::control::Control;

/// How the penalty on violated bounds goes, as energy per violation of one target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Penalty {
    /// Follows the plan, so that this share of the accepted moves ends outside the bounds.
    Outside(f64),
    /// Rises geometrically: strategic oscillation, from far outside to the bounds in every run.
    Ramp(f64, f64),
}

/// One anneal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Schedule {
    /// Proposals.
    pub(super) steps: u64,
    /// Temperature at the start and at the end in units of the scale handed in; falls geometrically.
    pub(super) temperature: (f64, f64),
    /// Penalty on violated bounds.
    pub(super) penalty: Penalty,
    /// Kinds of moves.
    pub(super) mix: Mix,
}

impl Schedule {
    /// The same at other temperatures.
    pub(super) fn hotter(&self, factor: f64) -> Self {
        Self { temperature: (self.temperature.0 * factor, self.temperature.1 * factor), ..*self }
    }
}

/// Proposals between two looks at the clock, sums and penalty.
const BLOCK: u64 = 1024;
/// Blocks after which sums are formed anew.
const RECOMPUTE: u64 = 256;
/// Change of a following penalty per block.
const PACE: f64 = 1.1;
/// Range of a following penalty.
const PENALTIES: (f64, f64) = (0.5, 3000.0);
/// Where it begins.
const FIRST_PENALTY: f64 = 20.0;
/// Violations this near are equal.
pub(super) const SLACK: f64 = 1e-9;
/// Less energy than this is no gain: sums gather rounding errors.
pub(super) const LEAST_GAIN: f64 = 1e-10;

/// The best plan that was met.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) violation: f64,
    pub(super) energy: f64,
    pub(super) parts: Vec<u32>,
}

impl Best {
    pub(super) fn of(books: &Books<'_>) -> Self {
        Self { violation: violation(books), energy: books.energy(), parts: books.state.parts() }
    }

    /// Less violation first, then less energy.
    pub(super) fn is_better(&self, other: &Self) -> bool {
        self.violation < other.violation - SLACK
            || (self.violation <= other.violation + SLACK && self.energy < other.energy)
    }

    #[inline]
    fn keep(&mut self, books: &Books<'_>) {
        let energy = books.energy();
        let better = if books.is_feasible() {
            self.violation > 0.0 || energy < self.energy - LEAST_GAIN
        } else {
            let least = self.violation - SLACK;
            // Where a violation cannot be removed, shape still counts.
            self.violation > 0.0
                && (books.violation < least || (books.violation <= self.violation && energy < self.energy - LEAST_GAIN))
        };
        if better {
            self.violation = violation(books);
            self.energy = energy;
            books.state.copy_parts(&mut self.parts);
        }
    }
}

/// Without a trace of rounding where all bounds hold.
fn violation(books: &Books<'_>) -> f64 {
    if books.is_feasible() { 0.0 } else { books.violation }
}

/// Anneals from the plan in `books`; `unit` is the energy that a temperature of 1 stands for. Returns false when stopped from
/// outside.
pub(super) fn anneal(
    books: &mut Books<'_>,
    best: &mut Best,
    walker: &mut Walker,
    schedule: &Schedule,
    unit: f64,
    control: &Control<'_>,
) -> bool {
    let (hot, cold) = schedule.temperature;
    let mut penalty = FIRST_PENALTY;
    let mut done = 0;
    let mut block = 0u64;
    while done < schedule.steps {
        let share = done as f64 / schedule.steps as f64;
        let temperature = unit * hot * libm::pow(cold / hot, share);
        if let Penalty::Ramp(low, high) = schedule.penalty {
            penalty = low * libm::pow(high / low, share);
        }
        if block % RECOMPUTE == RECOMPUTE - 1 {
            books.recompute();
        }
        if control.stopped().is_some() {
            return false;
        }
        let rule = Rule { temperature, penalty };
        let steps = BLOCK.min(schedule.steps - done);
        let (mut accepted, mut outside) = (0u32, 0u32);
        for _ in 0..steps {
            if walker.propose(books, &schedule.mix, rule) {
                accepted += 1;
                outside += u32::from(!books.is_feasible());
                best.keep(books);
            }
        }
        if let Penalty::Outside(wanted) = schedule.penalty
            && accepted > 0
        {
            let stiffer = f64::from(outside) > wanted * f64::from(accepted);
            penalty = (penalty * if stiffer { PACE } else { 1.0 / PACE }).clamp(PENALTIES.0, PENALTIES.1);
        }
        done += steps;
        block += 1;
    }
    true
}
