//! The plans that a small search has found so far: the best few, and how many fresh lines agree on the best.
//!
//! Knows energies and plans, not how they came about.

use super::super::random::Random;
use super::anneal::Best;

/// Plans that are reheated.
const KEPT: usize = 4;
/// Energies that differ by a smaller share are the same: sums gather rounding errors.
const SAME: f64 = 1e-9;

/// The best plans, of different energies.
#[derive(Debug)]
pub(super) struct Pool {
    /// Best first; never empty.
    plans: Vec<Best>,
    /// Fresh lines that ended at the best value.
    pub(super) agreed: usize,
}

impl Pool {
    pub(super) fn new(plan: Best) -> Self {
        Self { plans: vec![plan], agreed: 0 }
    }

    /// The best plan.
    pub(super) fn best(&self) -> &Best {
        &self.plans[0]
    }

    pub(super) fn into_best(mut self) -> Vec<u32> {
        self.plans.swap_remove(0).parts
    }

    /// One of the plans, the better ones more often.
    pub(super) fn any(&self, random: &mut Random) -> &Best {
        let most = 1 + random.below(self.plans.len());
        &self.plans[random.below(most)]
    }

    /// Takes in what a line found; `fresh` lines know nothing of the others.
    pub(super) fn add(&mut self, found: Best, fresh: bool) {
        let same =
            |a: &Best, b: &Best| a.violation == b.violation && (a.energy - b.energy).abs() <= SAME * b.energy.abs();
        let at_best = same(&found, self.best());
        if !at_best && found.is_better(self.best()) {
            self.agreed = 0;
        }
        self.agreed += usize::from(fresh && (at_best || found.is_better(self.best())));
        if self.plans.iter().any(|plan| same(&found, plan)) {
            return;
        }
        let place = self.plans.partition_point(|plan| plan.is_better(&found));
        self.plans.insert(place, found);
        self.plans.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(violation: f64, energy: f64) -> Best {
        Best { violation, energy, parts: vec![0] }
    }

    #[test]
    fn fresh_lines_at_the_best_value_are_counted_and_the_best_few_are_kept() {
        let mut pool = Pool::new(plan(0.1, 1.0));
        pool.add(plan(0.0, 3.0), true);
        pool.add(plan(0.0, 3.0), false);
        pool.add(plan(0.0, 3.0 * (1.0 - 1e-12)), true);
        assert_eq!((pool.agreed, pool.best().energy), (2, 3.0));
        // Better, but by a line that went on from the others: nothing independent says so yet.
        pool.add(plan(0.0, 2.0), false);
        assert_eq!((pool.agreed, pool.best().energy), (0, 2.0));
        pool.add(plan(0.0, 2.0), true);
        pool.add(plan(0.0, 5.0), true);
        pool.add(plan(0.0, 4.0), true);
        assert_eq!(pool.agreed, 1);
        let mut random = Random::stream(1, 0, 0);
        let mut met = [0; 6];
        (0..4000).for_each(|_| met[pool.any(&mut random).energy as usize] += 1);
        assert!(met[0] + met[1] == 0 && met[2..].windows(2).all(|pair| pair[0] > pair[1] && pair[1] > 0), "{met:?}");
        assert_eq!(pool.into_best(), [0]);
    }
}
