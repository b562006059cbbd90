//! What an effort means for a small search, in counted steps.
//!
//! Figures were found by trials on 44 to 1,046 units in 2 to 7 territories.

use super::super::instance::Instance;
use super::super::random::Random;
use super::anneal::{Penalty, Schedule};
use super::walk::Mix;
use crate::control::Effort;

/// Units up to which a problem is small.
pub(super) const SMALL: usize = 2_000;
/// Units per territory under which they are coarse.
const COARSE: usize = 50;

/// The anneals of all lanes.
#[derive(Clone, Debug)]
pub(super) struct Anneals {
    /// Rounds of lanes, one after another.
    pub(super) rounds: u64,
    /// Lanes of a round, side by side.
    pub(super) lanes: usize,
    /// Starts of a lane.
    pub(super) starts: u64,
    /// From each start; none: reheats alone.
    first: Option<Schedule>,
    /// Range of the factor on the first anneal's temperatures.
    heats: f64,
    /// From the best plan of the start.
    pub(super) reheats: Vec<Schedule>,
}

impl Anneals {
    /// Those of an effort; `links` says that links are all that counts: energies come in whole steps then, and what is far
    /// under one step is frozen.
    pub(super) fn new(effort: Effort, instance: &Instance, links: bool) -> Self {
        let n = instance.len();
        let long = effort == Effort::Thorough;
        if n > SMALL {
            Self::large(long, n, links)
        } else if n / instance.k().max(1) < COARSE {
            Self::coarse(long, n)
        } else {
            Self::fine(long, n, links)
        }
    }

    /// Many short anneals, hot to the end, with a penalty that rises.
    fn coarse(long: bool, n: usize) -> Self {
        let mix = Mix { swaps: 0.3, splits: 0.05, bundles: 0.3, exactly: true };
        let schedule = Schedule {
            steps: (250 * n as u64).min(20_000),
            temperature: (1.0, 0.1),
            penalty: Penalty::Ramp(3.0, 300.0),
            mix,
        };
        let (rounds, starts) = if long { (6, (3 * n / 4).clamp(1, 50)) } else { (1, (n / 4).clamp(1, 20)) };
        Self { rounds, lanes: 4, starts: starts as u64, first: Some(schedule), heats: 10.0, reheats: vec![] }
    }

    /// A long anneal from each start, then reheats.
    fn fine(long: bool, n: usize, links: bool) -> Self {
        let mix = Mix { swaps: 0.5, splits: 0.0005, bundles: 0.05, exactly: false };
        // From 500 units on the number of starts is what counts.
        let share = (n as f64 / 500.0).min(1.0);
        let steps = if long { 4e6 } else { 4e5 } * share;
        let (hot, cold) = if links { (1.0, 0.1) } else { (2.0, 0.0005) };
        let penalty = Penalty::Outside(if links { 0.7 } else { 0.85 });
        let schedule = |hot: f64| Schedule { steps: steps as u64, temperature: (hot, cold), penalty, mix };
        let heats: &[f64] = match (links, long) {
            (true, _) => &[0.5, 0.5],
            (false, true) => &[0.02, 0.04, 0.08],
            (false, false) => &[0.02, 0.04],
        };
        Self {
            rounds: if long { 2 } else { 1 },
            lanes: 4,
            starts: 1,
            first: Some(schedule(hot)),
            heats: 1.0,
            reheats: heats.iter().map(|&heat| schedule(heat)).collect(),
        }
    }

    /// One lane of reheats from the plan that there is.
    fn large(long: bool, n: usize, links: bool) -> Self {
        let mix = Mix { swaps: 0.1, splits: 0.0, bundles: 0.05, exactly: false };
        let (hot, cold) = if links { (0.3, 0.1) } else { (0.02, 0.0005) };
        let steps = if long { 200 } else { 20 } * n as u64;
        let reheat = Schedule { steps, temperature: (hot, cold), penalty: Penalty::Outside(0.5), mix };
        Self { rounds: 1, lanes: 1, starts: 1, first: None, heats: 1.0, reheats: vec![reheat] }
    }

    /// The first anneal of a start.
    pub(super) fn first(&self, random: &mut Random) -> Option<Schedule> {
        let heat = libm::pow(self.heats, random.unit());
        self.first
            .map(|first| Schedule { temperature: (first.temperature.0 * heat, first.temperature.1 * heat), ..first })
    }
}
