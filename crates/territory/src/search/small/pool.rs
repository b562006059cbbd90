//! The plans that a small search has found so far: the best few, and how many fresh lines agree on the best.
//!
//! Knows energies and plans, not how they came about.

use super::anneal::{Best, SLACK};

/// Plans that are reheated.
const KEPT: usize = 4;
/// Energies that differ by a smaller share are the same: sums gather rounding errors.
const SAME: f64 = 1e-9;

/// The best plans of different lines. A reheated plan gives its place to what comes of it and not to others, so that the places
/// stay in different basins.
#[derive(Debug)]
pub(super) struct Pool {
    /// Never empty.
    plans: Vec<Best>,
    /// Fresh lines that ended at the best value.
    pub(super) agreed: usize,
}

impl Pool {
    pub(super) fn new(plan: Best) -> Self {
        Self { plans: vec![plan], agreed: 0 }
    }

    /// The best plan; of equals the first.
    pub(super) fn best(&self) -> &Best {
        self.plans[1..].iter().fold(&self.plans[0], |best, plan| if plan.is_better(best) { plan } else { best })
    }

    /// All plans, the best first.
    pub(super) fn ranked(&self) -> Vec<Best> {
        let mut plans = self.plans.clone();
        plans.sort_by(|a, b| a.violation.total_cmp(&b.violation).then(a.energy.total_cmp(&b.energy)));
        plans
    }

    /// The place whose turn it is.
    pub(super) fn place(&self, number: u64) -> usize {
        (number % self.plans.len() as u64) as usize
    }

    /// The plan of a place.
    pub(super) fn plan(&self, place: usize) -> &Best {
        &self.plans[place]
    }

    /// Takes in what a line found: a fresh one knows nothing of the others, else it began at the plan of a place.
    pub(super) fn add(&mut self, found: Best, place: Option<usize>) {
        let at_best = same(&found, self.best());
        let better = !at_best && found.is_better(self.best());
        if better {
            self.agreed = 0;
        }
        self.agreed += usize::from(place.is_none() && (at_best || better));
        let known = self.plans.iter().any(|plan| same(&found, plan));
        let worst = (0..self.plans.len()).fold(0, |w, i| if self.plans[w].is_better(&self.plans[i]) { i } else { w });
        match place {
            // Lines that meet go on as they are: what differs may be the better for it.
            Some(place) if found.is_better(&self.plans[place]) => self.plans[place] = found,
            None if !known && self.plans.len() < KEPT => self.plans.push(found),
            None if !known && found.is_better(&self.plans[worst]) => self.plans[worst] = found,
            _ => {}
        }
    }
}

/// Whether two plans are equally good but for rounding.
fn same(a: &Best, b: &Best) -> bool {
    (a.violation - b.violation).abs() <= SLACK && (a.energy - b.energy).abs() <= SAME * b.energy.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(violation: f64, energy: f64) -> Best {
        Best { violation, energy, parts: vec![0] }
    }

    fn kept(pool: &Pool) -> Vec<f64> {
        pool.plans.iter().map(|plan| plan.energy).collect()
    }

    #[test]
    fn fresh_lines_at_the_best_value_are_counted() {
        let mut pool = Pool::new(plan(0.1, 1.0));
        pool.add(plan(0.0, 3.0), None);
        pool.add(plan(0.0, 3.0), Some(1));
        pool.add(plan(0.0, 3.0 * (1.0 - 1e-12)), None);
        assert_eq!((pool.agreed, pool.best().energy), (2, 3.0));
        // Better, but by a line that went on from another's plan: nothing independent says so yet.
        pool.add(plan(0.0, 2.0), Some(1));
        assert_eq!((pool.agreed, pool.best().energy), (0, 2.0));
        pool.add(plan(0.0, 2.0), None);
        assert_eq!(pool.agreed, 1);
    }

    #[test]
    fn the_best_fresh_plans_are_kept_and_give_place_to_what_comes_of_them() {
        let mut pool = Pool::new(plan(0.1, 1.0));
        for energy in [5.0, 4.0, 6.0, 3.0, 7.0, 4.0] {
            pool.add(plan(0.0, energy), None);
        }
        assert_eq!(kept(&pool), [3.0, 5.0, 4.0, 6.0]);
        // A place takes what is better than its own plan, though others are better still.
        pool.add(plan(0.0, 3.5), Some(3));
        pool.add(plan(0.0, 4.5), Some(2));
        assert_eq!(kept(&pool), [3.0, 5.0, 4.0, 3.5]);
        assert_eq!((pool.place(6), pool.best().energy), (2, 3.0));
    }
}
