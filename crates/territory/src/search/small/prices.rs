//! Prices on the loads of territories (Lagrange multipliers of their bounds) for units whose costs do not depend on each other.
//!
//! At any prices the sum of every unit's least cost, price included, less what the bounds are worth at them, is below every plan
//! inside the bounds. That bound is concave in the prices, with kinks where a unit is as cheap elsewhere. With a soft minimum of
//! temperature τ it is smooth, within τ·ln(columns) per unit that hesitates; Newton's steps climb it while τ falls.
//!
//! Knows costs, loads and windows; knows no graph.

use super::super::instance::Window;
use super::anneal::LEAST_GAIN;

/// Steps at a temperature.
const STEPS: usize = 12;
/// Tries of a step, each shorter.
const TRIES: usize = 8;
/// Fall of the temperature.
const COOLING: f64 = 0.3;
/// First temperature, as a multiple of the mean gap per unit.
const FIRST: f64 = 4.0;
/// Last temperature, as a share of the gap.
const LAST: f64 = 3e-4;
/// Range of a price about zero in which what a window is worth is smooth, in temperatures.
const SOFT: f64 = 4.0;
/// Share of its predicted gain that a step has to bring.
const LEAST_SHARE: f64 = 0.1;
/// Share of the diagonal by which curvature is raised: at first, least where steps fail, factor.
const RIDGE: (f64, f64, f64) = (1e-8, 1e-6, 10.0);
/// Costs that lie so many temperatures above the least have no share.
const FAR: f64 = 40.0;

/// What units cost and load in each of some territories, the columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: usize,
    pub(super) measures: usize,
    /// `[place * columns + column]`; infinite where a unit may not go.
    pub(super) energy: Vec<f64>,
    /// `[(place * columns + column) * measures + measure]`.
    pub(super) loads: Vec<f64>,
}

impl Table {
    /// Loads of the unit at a place in a column.
    #[inline]
    pub(super) fn loads_of(&self, place: usize, column: usize) -> &[f64] {
        &self.loads[(place * self.columns + column) * self.measures..][..self.measures]
    }

    /// What a unit costs in a column, price included; prices are `[column * measures + measure]`.
    #[inline]
    pub(super) fn cost(&self, prices: &[f64], place: usize, column: usize) -> f64 {
        let prices = &prices[column * self.measures..][..self.measures];
        let loads = self.loads_of(place, column).iter().zip(prices);
        self.energy[place * self.columns + column] + loads.map(|(load, price)| load * price).sum::<f64>()
    }

    fn places(&self) -> usize {
        self.energy.len() / self.columns.max(1)
    }
}

/// Prices, with the scratch of looking for them.
#[derive(Debug, Default)]
pub(super) struct Prices {
    /// `[column * measures + measure]`.
    pub(super) values: Vec<f64>,
    /// Least and largest sums, beside `values`; finite.
    pub(super) bounds: Vec<(f64, f64)>,
    slope: Vec<f64>,
    /// Minus the second derivatives, row after row.
    bend: Vec<f64>,
    factor: Vec<f64>,
    step: Vec<f64>,
    at: Vec<f64>,
    next: Vec<f64>,
    /// Of one unit: shares of the columns, its mean loads.
    shares: Vec<f64>,
    means: Vec<f64>,
}

impl Prices {
    /// Finds the prices of the highest bound; returns the bound. The table is relative to a plan inside the windows, whose energy
    /// counts as 0.
    pub(super) fn find(&mut self, table: &Table, windows: impl Iterator<Item = Window>) -> f64 {
        self.bounds.clear();
        // Where there is no upper bound, all loads of all columns stand for it: a sum beyond what can be, and of its size.
        let all: f64 = table.loads.iter().sum();
        self.bounds.extend(windows.map(|w| (w.lower, w.upper.min(w.lower + all))));
        self.at.clear();
        self.at.resize(self.bounds.len(), 0.0);
        self.values.clone_from(&self.at);
        let mut best = self.bound(table);
        let mut tau = -FIRST * best / table.places().max(1) as f64;
        let mut ridge = RIDGE.0;
        // A gap of nothing, or of a rounding error, leaves nothing to look for.
        while best < -LEAST_GAIN && tau > -LAST * best {
            for _ in 0..STEPS {
                if self.climb(table, tau, &mut ridge) < tau {
                    break;
                }
            }
            let bound = self.bound(table);
            if bound > best {
                best = bound;
                self.values.clone_from(&self.at);
            }
            tau *= COOLING;
        }
        best
    }

    /// The bound, kinks and all.
    fn bound(&self, table: &Table) -> f64 {
        let least = |place: usize| {
            (0..table.columns).map(|column| table.cost(&self.at, place, column)).fold(f64::INFINITY, f64::min)
        };
        let units: f64 = (0..table.places()).map(least).sum();
        let worth = self.bounds.iter().zip(&self.at).map(|(b, &price)| price * if price > 0.0 { b.1 } else { b.0 });
        units - worth.sum::<f64>()
    }

    /// One step of Newton's, shortened until it is better; returns what it was predicted to gain, 0 where none is better.
    fn climb(&mut self, table: &Table, tau: f64, ridge: &mut f64) -> f64 {
        let value = self.smooth(table, tau, true);
        for _ in 0..TRIES {
            if self.solve(*ridge) {
                self.next.clear();
                self.next.extend(self.at.iter().zip(&self.step).map(|(price, step)| price + step));
                let gain: f64 = self.step.iter().zip(&self.slope).map(|(step, slope)| step * slope).sum();
                std::mem::swap(&mut self.at, &mut self.next);
                if self.smooth(table, tau, false) >= value + LEAST_SHARE * gain {
                    *ridge /= RIDGE.2;
                    return gain;
                }
                std::mem::swap(&mut self.at, &mut self.next);
            }
            *ridge = (*ridge * RIDGE.2).max(RIDGE.1);
        }
        0.0
    }

    /// The smooth bound; with its derivatives if wanted.
    fn smooth(&mut self, table: &Table, tau: f64, derive: bool) -> f64 {
        let (m, width) = (table.measures, self.at.len());
        if derive {
            self.slope.clear();
            self.slope.resize(width, 0.0);
            self.bend.clear();
            self.bend.resize(width * width, 0.0);
        }
        let mut value = 0.0;
        for place in 0..table.places() {
            self.shares.clear();
            self.shares.extend((0..table.columns).map(|column| table.cost(&self.at, place, column)));
            let least = self.shares.iter().copied().fold(f64::INFINITY, f64::min);
            let mut sum = 0.0;
            for share in &mut self.shares {
                let above = (*share - least) / tau;
                *share = if above < FAR { libm::exp(-above) } else { 0.0 };
                sum += *share;
            }
            let hesitates = sum > 1.0;
            value += least - if hesitates { tau * libm::log(sum) } else { 0.0 };
            if !derive {
                continue;
            }
            self.means.clear();
            self.means.resize(width, 0.0);
            for (column, share) in self.shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let (share, loads) = (share / sum, table.loads_of(place, column));
                for (slot, load) in (column * m..).zip(loads) {
                    self.means[slot] = share * load;
                    self.slope[slot] += share * load;
                    // What a single column has wholly does not bend.
                    if hesitates {
                        let row = &mut self.bend[slot * width + column * m..][..m];
                        row.iter_mut().zip(loads).for_each(|(bend, other)| *bend += share * load * other / tau);
                    }
                }
            }
            if hesitates {
                for a in (0..width).filter(|&a| self.means[a] != 0.0) {
                    let (mean, row) = (self.means[a] / tau, &mut self.bend[a * width..][..width]);
                    row.iter_mut().zip(&self.means).for_each(|(bend, other)| *bend -= mean * other);
                }
            }
        }
        let soft = SOFT * tau;
        for (slot, (&(lower, upper), &price)) in self.bounds.iter().zip(&self.at).enumerate() {
            let (middle, half) = ((lower + upper) / 2.0, (upper - lower) / 2.0);
            let root = (price * price + soft * soft).sqrt();
            value -= middle * price + half * root;
            if derive {
                self.slope[slot] -= middle + half * price / root;
                self.bend[slot * width + slot] += half * soft * soft / (root * root * root);
            }
        }
        value
    }

    /// Solves bend · step = slope by Cholesky's factors, the diagonal raised by a share; tells whether they exist.
    fn solve(&mut self, ridge: f64) -> bool {
        let width = self.slope.len();
        self.factor.clone_from(&self.bend);
        for i in 0..width {
            let (above, row) = self.factor.split_at_mut(i * width);
            row[i] *= 1.0 + ridge;
            for j in 0..i {
                let other = &above[j * width..][..=j];
                let sum: f64 = other[..j].iter().zip(&row[..j]).map(|(a, b)| a * b).sum();
                row[j] = (row[j] - sum) / other[j];
            }
            let left = row[i] - row[..i].iter().map(|a| a * a).sum::<f64>();
            if left <= 0.0 || !left.is_finite() {
                return false;
            }
            row[i] = left.sqrt();
        }
        self.step.clone_from(&self.slope);
        for i in 0..width {
            let row = &self.factor[i * width..][..=i];
            let sum: f64 = row[..i].iter().zip(&self.step).map(|(a, b)| a * b).sum();
            self.step[i] = (self.step[i] - sum) / row[i];
        }
        for i in (0..width).rev() {
            let below = (i + 1..width).map(|j| self.factor[j * width + i] * self.step[j]);
            self.step[i] = (self.step[i] - below.sum::<f64>()) / self.factor[i * width + i];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::random::Random;
    use super::*;

    /// Costs at random, of units with one to three measures, relative to a plan inside the windows.
    fn table(units: usize, columns: usize, measures: usize, seed: u64) -> (Table, Vec<Window>) {
        let mut random = Random::stream(seed, 0, 0);
        let mut table = Table { columns, measures, ..Table::default() };
        let mut sums = vec![0.0; columns * measures];
        for unit in 0..units {
            let home = unit % columns;
            let loads: Vec<f64> = (0..measures).map(|_| (0.2 + random.unit()) / units as f64).collect();
            for column in 0..columns {
                table.energy.push(if column == home { 0.0 } else { random.unit() - 0.2 });
                table.loads.extend(&loads);
            }
            sums[home * measures..][..measures].iter_mut().zip(&loads).for_each(|(sum, load)| *sum += load);
        }
        let window = |&sum: &f64| Window { target: sum, lower: 0.98 * sum, upper: 1.02 * sum };
        let windows = sums.iter().map(window).collect();
        (table, windows)
    }

    /// Least energy of all assignments inside the windows.
    fn exhaustive(table: &Table, windows: &[Window], place: usize, sums: &mut [f64], energy: f64, best: &mut f64) {
        if place == table.places() {
            if windows.iter().zip(sums.iter()).all(|(w, &sum)| w.violation(sum) == 0.0) {
                *best = best.min(energy);
            }
            return;
        }
        for column in 0..table.columns {
            let slots = column * table.measures;
            let add = |sums: &mut [f64], sign: f64| {
                let loads = table.loads_of(place, column);
                sums[slots..].iter_mut().zip(loads).for_each(|(sum, load)| *sum += sign * load);
            };
            add(sums, 1.0);
            let energy = energy + table.energy[place * table.columns + column];
            exhaustive(table, windows, place + 1, sums, energy, best);
            add(sums, -1.0);
        }
    }

    #[test]
    fn the_bound_is_below_every_plan() {
        for seed in 0..6 {
            let (table, windows) = table(9, 3, 1 + seed as usize % 2, seed);
            let mut prices = Prices::default();
            let bound = prices.find(&table, windows.iter().copied());
            let mut best = f64::INFINITY;
            exhaustive(&table, &windows, 0, &mut vec![0.0; windows.len()], 0.0, &mut best);
            assert!(bound <= best + 1e-9 && best <= 0.0, "{bound} {best}");
            let without = Prices { at: vec![0.0; windows.len()], bounds: prices.bounds.clone(), ..Prices::default() };
            assert!(bound > without.bound(&table) + 0.01, "{bound}: no better than without prices");
        }
    }

    #[test]
    fn a_plan_that_cannot_be_better_leaves_no_gap() {
        // Equal loads that meet their bounds exactly; some columns are cheaper for all, which prices have to make good.
        for seed in 0..30 {
            let mut random = Random::stream(seed, 1, 0);
            let columns = 2 + seed as usize % 4;
            let offsets: Vec<f64> = (0..columns).map(|_| random.unit()).collect();
            let mut table = Table { columns, measures: 1, ..Table::default() };
            for unit in 0..columns * 10 {
                let home = unit % columns;
                let energy = |c: usize, more: f64| if c == home { 0.0 } else { offsets[c] - offsets[home] + more };
                table.energy.extend((0..columns).map(|c| energy(c, random.unit())));
                table.loads.extend(vec![0.1; columns]);
            }
            let windows = (0..columns).map(|_| Window { target: 1.0, lower: 0.97, upper: 1.03 });
            let bound = Prices::default().find(&table, windows);
            assert!((-0.5..1e-9).contains(&bound), "{seed}: {bound}");
            let exact = (0..columns).map(|_| Window { target: 1.0, lower: 1.0, upper: 1.0 });
            let bound = Prices::default().find(&table, exact);
            assert!(bound < 1e-9, "{seed}: {bound}");
        }
    }

    #[test]
    fn many_units_leave_a_small_gap_and_prices_that_nearly_balance() {
        let (table, windows) = table(400, 4, 2, 7);
        let mut prices = Prices::default();
        let bound = prices.find(&table, windows.iter().copied());
        // No step along a price, short or long, leads higher.
        let best = prices.values.clone();
        for slot in 0..best.len() {
            for step in [-1.0, -0.1, -0.01, 0.01, 0.1, 1.0] {
                prices.at.clone_from(&best);
                prices.at[slot] += step;
                assert!(prices.bound(&table) <= bound + 1e-3 * bound.abs(), "{slot} {step}");
            }
        }
        // Each unit where it is cheapest: only those that hesitate are missing to the bounds.
        let mut sums = vec![0.0; windows.len()];
        for place in 0..table.places() {
            let cost = |c: &usize| table.cost(&best, place, *c);
            let column = (0..4).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
            sums[column * 2..][..2].iter_mut().zip(table.loads_of(place, column)).for_each(|(sum, load)| *sum += load);
        }
        let worst = windows.iter().zip(&sums).map(|(w, &sum)| w.violation(sum)).fold(0.0, f64::max);
        assert!(worst < 0.05, "{worst}");
    }
}
