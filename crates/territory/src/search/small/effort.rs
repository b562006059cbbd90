//! What an effort means for a small search, in counted steps.
//!
//! Figures were found by trials on 44 to 1,046 units in 2 to 7 territories, those of reheats also on 3,107 units in 30.

use super::super::instance::Instance;
use super::anneal::{Penalty, Schedule};
use super::terms::MemberTerms;
use super::walk::Mix;
use crate::control::Effort;

/// Units up to which a problem is small.
pub(super) const SMALL: usize = 4_000;
/// The same where terms are measured from members: their costs of all pairs are still kept.
const SMALL_OF_MEMBERS: usize = 2_000;
/// Units from which one long anneal brings more than several short ones.
const MANY: usize = 1_500;
/// Territories up to which every line ends with combinations of moves.
const FEW: usize = 8;
/// Units per territory under which they are coarse.
const COARSE: usize = 50;

/// What ends with combinations of moves: not where links are all that counts, for those that moves share are not in what rates
/// them. They take the longer the more pairs of territories touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Combines {
    /// Whether every line does.
    pub(super) lines: bool,
    /// Plans, the best ones, that do so at the end of the search.
    pub(super) plans: usize,
}

impl Combines {
    fn new(long: bool, links: bool, k: usize) -> Self {
        let few = k <= FEW;
        match (links, long) {
            (true, _) => Self::default(),
            (false, true) => Self { lines: few, plans: if few { usize::MAX } else { 1 } },
            (false, false) => Self { lines: few, plans: usize::from(!few) },
        }
    }
}

/// The anneals of all lanes.
#[derive(Clone, Debug)]
pub(super) struct Anneals {
    /// Rounds of lanes that start afresh.
    pub(super) fresh: u64,
    /// Rounds after them, which reheat the best plans.
    pub(super) closing: u64,
    /// Rounds before which the search does not end.
    pub(super) least: u64,
    /// Fresh lines that have to agree on the best value for the search to end.
    pub(super) agree: usize,
    /// Lanes of a round, side by side.
    pub(super) lanes: usize,
    /// Lines of a lane, one after another.
    pub(super) lines: u64,
    /// Range of a line's factor on temperatures.
    pub(super) heats: f64,
    /// Anneals of a fresh line.
    pub(super) from_afresh: Vec<Schedule>,
    /// Closing rounds without a better plan that end the search.
    pub(super) patience: u64,
    /// What combinations of moves end.
    pub(super) combines: Combines,
    /// Of these a line that begins at one of the best plans anneals by one.
    pub(super) from_best: Vec<Schedule>,
}

impl Anneals {
    /// Those of an effort. Where links are all that counts, energies come in whole steps, and what is far under one step is
    /// frozen.
    pub(super) fn new((effort, renewed): (Effort, bool), instance: &Instance, terms: &MemberTerms<'_>) -> Self {
        let links = terms.only_links();
        let most = if terms.costs.is_empty() { SMALL } else { SMALL_OF_MEMBERS };
        let (n, k) = (instance.len(), instance.k().max(1));
        let long = effort == Effort::Thorough;
        if n > most {
            Self::large(long, n, links)
        } else if n / k < COARSE && !renewed {
            Self::coarse(long, n, k, links)
        } else {
            Self::fine((long, renewed), n, k, links)
        }
    }

    /// Many short anneals, hot to the end, with a penalty that rises.
    fn coarse(long: bool, n: usize, k: usize, links: bool) -> Self {
        // A split costs what its territories have units.
        let splits = (0.2 * k as f64 / n as f64).min(0.05);
        let mix = Mix { swaps: 0.3, splits, bundles: 0.3, exactly: true };
        // Lines that combinations end may be short.
        let steps = if links { (250 * n as u64).min(20_000) } else { (150 * n as u64).min(12_000) };
        let schedule =
            |hot: f64, low: f64| Schedule { steps, temperature: (hot, 0.1), penalty: Penalty::Ramp(low, 300.0), mix };
        let (fresh, closing, least, agree) = if long { (40, 20, 4, 12) } else { (4, 2, 2, 6) };
        Self {
            fresh,
            closing,
            least,
            agree,
            lanes: 4,
            lines: (n as u64 / 4).clamp(1, 10),
            heats: 10.0,
            from_afresh: vec![schedule(1.0, 3.0)],
            combines: Combines::new(long, links, k),
            patience: if long { 4 } else { 1 },
            from_best: vec![schedule(0.3, 10.0)],
        }
    }

    /// A long anneal from each start, then reheats; reheats alone where the plan comes from regions that were drawn anew.
    fn fine((long, renewed): (bool, bool), n: usize, k: usize, links: bool) -> Self {
        let mix = Mix { swaps: 0.5, splits: 0.0005, bundles: 0.05, exactly: false };
        // From 500 units on the number of starts is what counts.
        let share = if n < MANY { (n as f64 / 500.0).min(1.0) } else { n as f64 / 700.0 };
        let steps = if n >= MANY {
            2.8e6
        } else if long {
            if links { 1e6 } else { 7e5 }
        } else {
            4e5
        } * share;
        let (hot, cold) = if links { (1.0, 0.1) } else { (2.0, 0.0005) };
        let penalty = Penalty::Outside(if links {
            0.7
        } else if long {
            0.75
        } else {
            0.85
        });
        let schedule = |hot: f64| Schedule { steps: steps as u64, temperature: (hot, cold), penalty, mix };
        let heats: &[f64] = if links { &[0.5] } else { &[0.05, 0.1, 0.2, 0.4] };
        let (fresh, closing, patience) = match (n < MANY, long) {
            (_, true) if renewed => (0, 1, 1),
            (true, true) => (8, 8, 4),
            (true, false) => (1, 2, 2),
            (false, true) => (1, 1, 8),
            (false, false) => (1, 1, 2),
        };
        // Where every start counts, and combinations close what it leads to, reheats may be short.
        let reheat = if n < MANY && !links { 0.4 } else { 1.0 };
        let from_best = |&heat: &f64| Schedule { steps: (reheat * steps) as u64, ..schedule(heat) };
        Self {
            fresh,
            closing,
            least: 1,
            // Values of links are few: lines agree on one that is a step from the best.
            agree: match (long, links) {
                (true, true) => usize::MAX,
                (true, false) => 6,
                (false, _) => 4,
            },
            lanes: if n < MANY { 4 } else { 2 },
            lines: 1,
            heats: 1.0,
            from_afresh: vec![schedule(hot), schedule(heats[0])],
            combines: Combines::new(long, links, k),
            patience,
            from_best: heats.iter().map(from_best).collect(),
        }
    }

    /// One lane of reheats from the plan that there is.
    fn large(long: bool, n: usize, links: bool) -> Self {
        let mix = Mix { swaps: 0.1, splits: 0.0, bundles: 0.05, exactly: false };
        let (hot, cold) = if links { (0.3, 0.1) } else { (0.02, 0.0005) };
        let steps = if long { 200 } else { 20 } * n as u64;
        let reheat = Schedule { steps, temperature: (hot, cold), penalty: Penalty::Outside(0.5), mix };
        Self {
            fresh: 0,
            closing: 1,
            least: 1,
            agree: 1,
            lanes: 1,
            lines: 1,
            heats: 1.0,
            from_afresh: vec![],
            combines: Combines::default(),
            patience: 1,
            from_best: vec![reheat],
        }
    }
}
