//! Plans of small diameter: the largest distance between two members of a territory, over all territories, is made small.
//!
//! A [`Round`] anneals a plan under a *limit* on diameters. The limit follows the plan: it falls while the excess over it is
//! small and rises where it is large, and what is called small goes to nothing in the course of the round. So all territories
//! are under pressure all the time, not the largest alone: they become round, and the limit ends near the least that their
//! arrangement allows. In the last part it stays just under the best diameter known.
//!
//! What an anneal cannot change is the arrangement: how many territories lie in which row. So there are several *lines*, each
//! from a diagram of its own ([`layout`]). A line is annealed again, cooler, while that helps and it is near the best one.

mod best;
mod layout;
mod round;
#[cfg(test)]
mod tests;

use super::instance::Instance;
use super::random::Random;
use super::state::{Scales, State};
use crate::control::{Control, Effort};
use crate::problem::Problem;
use crate::solve::SolveOptions;
use crate::terms::{Diameters, Metric};
pub use best::{Best, Worth};
pub use layout::layout;
pub use round::{Pressure, Round, Scratch};

/// Random streams by phase.
const LAYOUT: u64 = 11;
const ROUND: u64 = 12;

/// How long to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Start of every random stream.
    pub seed: u64,
    /// Weights of inertia, border and cut beside the diameter, which has weight 1.
    pub weights: [f64; 3],
    /// Proposals in all; the round that uses them up is gone through.
    pub proposals: u64,
    /// Proposals per unit in the first round of a line.
    pub steps: f64,
    /// How it presses then.
    pub first: Pressure,
    /// Proposals per unit in the rounds after it.
    pub steps_again: f64,
    /// How they press.
    pub again: Pressure,
}

impl Plan {
    /// What an effort means for an instance of so many units.
    pub fn of(effort: Effort, units: usize) -> Self {
        // Small instances have fewer units than arrangements to try.
        let (small, per_unit, steps) = match effort {
            Effort::Quick => (100, 100, 50.0),
            Effort::Standard => (2_000, 1_000, 200.0),
            Effort::Thorough => (60_000, 9_000, 200.0),
        };
        let units = units as u64;
        let proposals = small * units.min(SMALL) + per_unit * units;
        Self {
            seed: 0,
            weights: [0.0; 3],
            proposals,
            steps,
            first: Pressure::FIRST,
            steps_again: 2.0 * steps,
            again: Pressure::AGAIN,
        }
    }
}

/// Shortens the diameters of a contiguous plan of a problem (or of a part of it) as the options say.
pub(crate) fn run(
    problem: &Problem,
    instance: &Instance,
    parts: Vec<u32>,
    options: &SolveOptions,
    control: &Control<'_>,
) -> Vec<u32> {
    let metric = if problem.has_own_distance() {
        Metric::Own(problem, &instance.order)
    } else {
        Metric::Locations(&instance.masses)
    };
    let objective = problem.objective();
    // What else is measured from members has the inertia about the centroid in its place here.
    let inertia = objective.inertia + objective.inertia_medoid + objective.median;
    let weights = [inertia, objective.border, objective.cut].map(|w| w / objective.diameter);
    let plan = Plan { seed: options.seed, weights, ..Plan::of(options.effort, instance.len()) };
    shorten(instance, metric, parts, &plan, control)
}

/// Units up to which an instance is small.
const SMALL: u64 = 1_000;
/// A line is annealed again if its diameter is at most this times the best one.
const NEAR: f64 = 1.01;
/// Territories for which a line may go another round without gain: more of them make arrangements more alike.
const PATIENCE: usize = 30;
/// Lines that may bring nothing before the best plan has another round.
const LINES: u32 = 4;
/// Least proposals in a round.
const LEAST_STEPS: f64 = 20_000.0;

/// Makes the diameters of `parts`, a contiguous plan, small; bounds are kept as far as `parts` keeps them. Of plans of the
/// same diameter the one of least inertia, border and cut is better, by their weights.
pub fn shorten(
    instance: &Instance,
    metric: Metric<'_>,
    parts: Vec<u32>,
    plan: &Plan,
    control: &Control<'_>,
) -> Vec<u32> {
    let (n, k) = (instance.len(), instance.k());
    let Plan { seed, weights, .. } = *plan;
    let mut state = State::new(instance, parts, Scales::default());
    state.scales = scales(&state, weights);
    let mut diameters = Diameters::new(metric, &state.parts(), k);
    let mut scratch = Scratch::default();
    let worth = Worth::new(weights, diameters.largest(), k);
    let mut best = Best::new(&state, &diameters, &worth);
    let mut line = best.clone();
    let patience = 1 + k / PATIENCE;
    let (mut first, mut idle, mut barren) = (true, 0, 0u32);
    let (mut spent, mut index) = (0u64, 0u64);
    // A diameter of 0 is as small as it gets.
    while spent < plan.proposals && best.diameter > 0.0 {
        index += 1;
        let before = line.worth;
        let steps = if first { plan.steps } else { plan.steps_again };
        let steps = (steps * n as f64).max(LEAST_STEPS) as u64;
        let share = |at: u64| at as f64 / plan.proposals as f64;
        let control = control.part(share(spent), share(spent + steps));
        spent += steps;
        let limit = if line.diameter.is_finite() { line.diameter } else { NEAR * best.diameter };
        let mut round = Round {
            state: &mut state,
            diameters: &mut diameters,
            best: &mut line,
            worth: &worth,
            scratch: &mut scratch,
            random: Random::stream(seed, ROUND, index),
            pressure: if first { plan.first } else { plan.again },
            steps,
        };
        let going = round.run(limit, &control);
        idle = if first || line.worth < before { 0 } else { idle + 1 };
        first = false;
        if line.is_better(&best) {
            best.clone_from(&line);
            barren = 0;
        }
        if !going {
            break;
        }
        if idle < patience && line.diameter <= NEAR * best.diameter {
            take_up(&mut state, &mut diameters, &line.parts);
            continue;
        }
        barren += 1;
        idle = 0;
        if !barren.is_multiple_of(LINES)
            && let Some(parts) = layout(instance, &mut Random::stream(seed, LAYOUT, index))
        {
            take_up(&mut state, &mut diameters, &parts);
            line = Best { parts, diameter: f64::INFINITY, worth: f64::INFINITY, violation: best.violation };
            first = true;
        } else {
            idle = patience - 1;
            line.clone_from(&best);
            take_up(&mut state, &mut diameters, &line.parts);
        }
    }
    best.parts
}

/// Scales by which the other terms have k times the sum of their weights as energy.
fn scales(state: &State<'_>, weights: [f64; 3]) -> Scales {
    let (total, scales) = (weights.iter().sum::<f64>(), state.scales_for(weights));
    Scales {
        inertia: total * scales.inertia,
        border: total * scales.border,
        cut: total * scales.cut,
        ties: total * scales.ties,
        splits: total * scales.splits,
        frays: total * scales.frays,
        stay: 0.0,
        wishes: total * scales.wishes,
    }
}

/// Makes `parts` the current plan.
fn take_up(state: &mut State<'_>, diameters: &mut Diameters<'_>, parts: &[u32]) {
    for (unit, &part) in (0u32..).zip(parts) {
        let from = state.part(unit);
        if from != part {
            diameters.apply(unit, from, part);
            state.apply(unit, part);
        }
    }
}
