//! Settles a plan on its true hours: travel inside the balance. A search balances a column; what a territory's travel really is shows only when
//! the territory is there, and differs most where it holds places far apart. So border units are moved while [`TravelBooks`] tell in O(1) what
//! every move does to the hours, first by annealing (Kirkpatrick, Gelatt & Vecchi 1983), then downhill. Territories stay contiguous.
//! Knows the books, the graph, capacities and further measures; no other objective.

use super::TravelBooks;
use super::leaving::Leaving;
use crate::{SalesError, check};
use territory::adjacency::Graph;
use territory::search::Random;

/// A further measure that is kept balanced while hours are settled.
#[derive(Clone, Copy, Debug)]
pub struct Balanced<'a> {
    /// One value per unit.
    pub values: &'a [f64],
    /// Allowed relative deviation of a territory's sum from its target.
    pub tolerance: f64,
}

/// What a plan is settled to.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// Allowed relative deviation of a territory's hours from its target.
    pub tolerance: f64,
    /// Further measures.
    pub others: &'a [Balanced<'a>],
    /// One per territory, in any unit: hours and further measures have targets in proportion. Empty: all alike.
    pub capacities: &'a [f64],
    /// Of the random numbers: the same seed, the same plan.
    pub seed: u64,
}

/// Price of (what |deviation| is beyond what is free)², against a territory's hours as shares of the mean.
const BEYOND: f64 = 20_000.0;
/// Part of a tolerance that is free of charge: a price is no wall, and the rest is its give.
const FREE: f64 = 0.9;
/// Price of a link between two territories: keeps borders short where nobody travels.
const LINK: f64 = 0.002;
/// Temperature at the start and the end of each round, in the unit of those prices, and its sweeps. None is hot enough to take a plan apart:
/// what is far out of balance is [`super::balance_in_rounds`]' business, whose prices reach over any distance.
const ROUNDS: [(f64, f64, u32); 3] = [(0.03, 0.0003, 100), (0.01, 0.0003, 60), (0.001, 0.0001, 60)];
/// Tries of a sweep for every unit at a border.
const TRIES: usize = 3;
/// Sweeps downhill at most; they end by themselves.
const DOWNHILL: usize = 300;

impl TravelBooks<'_> {
    /// Moves units over borders to make Σ hours/mean + 20,000·Σ (what |d| is beyond 0.9 of its tolerance)² + 0.002·(links between territories) small, d
    /// the deviation of each territory's hours and of each further measure from its target, total × capacity / Σ capacities: short travel inside
    /// the tolerances. Hours are calibrated every sweep, so that tolerances hold for the exact ones. Territories that are contiguous
    /// stay so, none is emptied; the plan kept is the best at the end of a round, the one before included. Returns the number of
    /// units that changed territory.
    ///
    /// # Errors
    /// A graph, measures or capacities of another size, values or tolerances that are negative; [`SalesError::Capacity`] of a territory without
    /// capacity.
    pub fn settle(&mut self, graph: &Graph, to: &Settlement<'_>) -> Result<usize, SalesError> {
        to.check(graph, self.territory_of.len(), self.sums.len())?;
        let before = self.territory_of.clone();
        self.calibrate()?;
        let mut state = Settling::new(self, graph, to);
        let mut best = (state.energy(), before.clone());
        for (round, heat) in (0..).zip(ROUNDS) {
            state.anneal(heat, &mut Random::stream(to.seed, 0x5e77, round))?;
            state.descend();
            state.books.calibrate()?;
            let energy = state.energy();
            if energy < best.0 {
                best = (energy, state.books.territory_of.clone());
            }
        }
        self.territory_of = best.1;
        self.refresh();
        self.calibrate()?;
        Ok(before.iter().zip(&self.territory_of).filter(|(a, b)| a != b).count())
    }
}

impl Settlement<'_> {
    fn check(&self, graph: &Graph, units: usize, k: usize) -> Result<(), SalesError> {
        check::length("the graph", graph.len(), units)?;
        check::at_least_zero("the tolerance of hours", self.tolerance)?;
        for other in self.others {
            check::length("a balanced measure", other.values.len(), units)?;
            check::not_negative("a balanced measure", other.values)?;
            check::at_least_zero("the tolerance of a balanced measure", other.tolerance)?;
        }
        if self.capacities.is_empty() {
            return Ok(());
        }
        check::length("the list of capacities", self.capacities.len(), k)?;
        match self.capacities.iter().position(|c| !(c.is_finite() && *c > 0.0)) {
            None => Ok(()),
            Some(t) => Err(SalesError::Capacity { who: format!("territory {t}"), hours: self.capacities[t] }),
        }
    }

    /// Every territory's part of a total.
    fn shares(&self, k: usize) -> Vec<f64> {
        if self.capacities.is_empty() {
            return vec![1.0 / k as f64; k];
        }
        let all: f64 = self.capacities.iter().sum();
        self.capacities.iter().map(|c| c / all).collect()
    }
}

struct Settling<'a, 'b> {
    books: &'a mut TravelBooks<'b>,
    graph: &'a Graph,
    to: &'a Settlement<'a>,
    /// Every territory's part of a total.
    shares: Vec<f64>,
    /// Of each further measure: sum and target per territory.
    sums: Vec<Vec<(f64, f64)>>,
    /// Hours of all territories; taken anew every sweep.
    total: f64,
    /// Units per territory.
    sizes: Vec<u32>,
    /// Units beside another territory, all and by territory; taken anew every sweep.
    border: Vec<u32>,
    borders: Vec<Vec<u32>>,
    leaving: Leaving,
}

impl<'a, 'b> Settling<'a, 'b> {
    fn new(books: &'a mut TravelBooks<'b>, graph: &'a Graph, to: &'a Settlement<'a>) -> Self {
        let (k, units) = (books.sums.len(), books.territory_of.len());
        let shares = to.shares(k);
        let target = |other: &Balanced<'_>| {
            let total: f64 = other.values.iter().sum();
            shares.iter().map(|share| (0.0, share * total)).collect::<Vec<_>>()
        };
        let mut sums: Vec<Vec<(f64, f64)>> = to.others.iter().map(target).collect();
        let mut sizes = vec![0; k];
        for (unit, &t) in books.territory_of.iter().enumerate() {
            sizes[t as usize] += 1;
            for (sum, other) in sums.iter_mut().zip(to.others) {
                sum[t as usize].0 += other.values[unit];
            }
        }
        let (border, borders, leaving) = (Vec::new(), vec![Vec::new(); k], Leaving::new(units));
        let mut state = Self { books, graph, to, shares, sums, total: 0.0, sizes, border, borders, leaving };
        state.take_stock();
        state
    }

    /// Forms the books anew, takes the total of the hours and the units at borders.
    fn take_stock(&mut self) {
        self.border.clear();
        self.borders.iter_mut().for_each(Vec::clear);
        for (unit, &own) in (0..).zip(&self.books.territory_of) {
            if self.graph.neighbours(unit).iter().any(|&u| self.books.territory_of[u as usize] != own) {
                self.border.push(unit);
                self.borders[own as usize].push(unit);
            }
        }
        self.books.refresh();
        self.total = (0..self.sizes.len() as u32).map(|t| self.books.hours(t)).sum();
    }

    fn anneal(&mut self, (hot, cold, sweeps): (f64, f64, u32), random: &mut Random) -> Result<(), SalesError> {
        for sweep in 0..sweeps {
            let heat = hot * libm::pow(cold / hot, f64::from(sweep) / f64::from(sweeps));
            for _ in 0..TRIES * self.border.len() {
                let unit = self.border[random.below(self.border.len())];
                let around = self.graph.neighbours(unit);
                let to = self.books.territory_of[around[random.below(around.len())] as usize];
                if to == self.books.territory_of[unit as usize] {
                    continue;
                }
                let rise = self.rise(unit, to);
                if rise <= 0.0 || random.unit() < libm::exp(-rise / heat) {
                    self.try_move(unit, to);
                } else {
                    self.try_chain((unit, to, rise), heat, random);
                }
            }
            self.books.calibrate()?;
            self.take_stock();
        }
        Ok(())
    }

    /// A move that costs too much alone, with another out of the territory that it goes to: what one unit brings too much of, another takes
    /// away.
    fn try_chain(&mut self, (unit, to, rise): (u32, u32, f64), heat: f64, random: &mut Random) {
        let from = self.books.territory_of[unit as usize];
        let borders = &self.borders[to as usize];
        let Some(&next) = borders.get(random.below(borders.len())) else { return };
        let around = self.graph.neighbours(next);
        let Some(&beside) = around.get(random.below(around.len())) else { return };
        if self.books.territory_of[next as usize] != to || !self.try_move(unit, to) {
            return;
        }
        // Only now: the unit that has moved may be the one beside.
        let onward = self.books.territory_of[beside as usize];
        if onward == to {
            return self.shift(unit, from);
        }
        let both = rise + self.rise(next, onward);
        let accepted = both <= 0.0 || random.unit() < libm::exp(-both / heat);
        if !(accepted && self.try_move(next, onward)) {
            self.shift(unit, from);
        }
    }

    /// Moves units, each to the neighbouring territory where it helps most, until none helps.
    fn descend(&mut self) {
        for _ in 0..DOWNHILL {
            let mut moved = false;
            for unit in std::mem::take(&mut self.border) {
                let from = self.books.territory_of[unit as usize];
                let around = self.graph.neighbours(unit).iter().map(|&u| self.books.territory_of[u as usize]);
                let rises = around.filter(|&to| to != from).map(|to| (self.rise(unit, to), to));
                let best = rises.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                if let Some((_, to)) = best.filter(|b| b.0 < -1e-9) {
                    moved |= self.try_move(unit, to);
                }
            }
            self.take_stock();
            if !moved {
                return;
            }
        }
    }

    /// Moves a unit if its territory stays contiguous and is not emptied.
    fn try_move(&mut self, unit: u32, to: u32) -> bool {
        let from = self.books.territory_of[unit as usize];
        if self.sizes[from as usize] < 2 || !self.leaving.allowed(self.graph, &self.books.territory_of, unit) {
            return false;
        }
        self.shift(unit, to);
        true
    }

    fn shift(&mut self, unit: u32, to: u32) {
        let from = self.books.territory_of[unit as usize];
        self.books.apply(unit, to);
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        for (sum, other) in self.sums.iter_mut().zip(self.to.others) {
            sum[from as usize].0 -= other.values[unit as usize];
            sum[to as usize].0 += other.values[unit as usize];
        }
    }

    /// What is made small, all of it.
    fn energy(&mut self) -> f64 {
        self.take_stock();
        let hours: f64 = (0..self.sizes.len() as u32).map(|t| self.hours_price(t, self.books.hours(t))).sum();
        let of = |(sums, other): (&Vec<(f64, f64)>, &Balanced<'_>)| {
            sums.iter().map(|&(sum, target)| beyond(sum, target, other.tolerance)).sum::<f64>()
        };
        let others: f64 = self.sums.iter().zip(self.to.others).map(of).sum();
        let territory = |u: u32| self.books.territory_of[u as usize];
        let cut = |&u: &u32| self.graph.neighbours(u).iter().filter(|v| territory(**v) != territory(u)).count();
        let links: usize = self.border.iter().map(cut).sum();
        hours + others + LINK * links as f64 / 2.0
    }

    /// By how much that rises with a move.
    fn rise(&self, unit: u32, to: u32) -> f64 {
        let from = self.books.territory_of[unit as usize];
        let (left, joined) = self.books.hours_if_moved(unit, to);
        let price = |t: u32, hours: f64| self.hours_price(t, hours) - self.hours_price(t, self.books.hours(t));
        let mut rise = price(from, left) + price(to, joined);
        for (sums, other) in self.sums.iter().zip(self.to.others) {
            let value = other.values[unit as usize];
            let price = |t: u32, more: f64| {
                let (sum, target) = sums[t as usize];
                beyond(sum + more, target, other.tolerance) - beyond(sum, target, other.tolerance)
            };
            rise += price(from, -value) + price(to, value);
        }
        let links = self.graph.neighbours(unit).iter().fold(0i32, |links, &u| {
            let t = self.books.territory_of[u as usize];
            links + i32::from(t == from) - i32::from(t == to)
        });
        rise + LINK * f64::from(links)
    }

    fn hours_price(&self, t: u32, hours: f64) -> f64 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let own = hours * self.sizes.len() as f64 / self.total;
        own + beyond(hours, self.shares[t as usize] * self.total, self.to.tolerance)
    }
}

/// The price of a sum.
fn beyond(sum: f64, target: f64, tolerance: f64) -> f64 {
    if target <= 0.0 {
        return 0.0;
    }
    let beyond = ((sum / target - 1.0).abs() - FREE * tolerance).max(0.0);
    BEYOND * beyond * beyond
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Bases, DayTrips, Workload};
    use proptest::prelude::*;
    use territory::adjacency::{Edge, EdgeKind, components};
    use territory::{Locations, Space};

    const ALIKE: Settlement<'_> = Settlement { tolerance: 0.05, others: &[], capacities: &[], seed: 0 };

    /// A square of customers 5 km apart, each a unit, linked to its four neighbours.
    fn square(side: u32, calls: impl Fn(u32) -> f64) -> (Workload, Graph) {
        let n = side * side;
        let at: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i % side) * 5e3, f64::from(i / side) * 5e3]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 50.0 };
        let calls: Vec<f64> = (0..n).map(calls).collect();
        let workload = Workload::new(&locations, &calls, &vec![0.5; at.len()], trips).unwrap();
        let right = (0..n).filter(|i| i % side + 1 < side).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 1.0));
        let up = (0..n - side).map(|i| Edge::new(i, i + side, EdgeKind::Edge, 1.0));
        (workload, Graph::from_edges(at.len(), &right.chain(up).collect::<Vec<_>>()))
    }

    #[test]
    fn a_lopsided_plan_is_settled_and_stays_contiguous() {
        let (workload, graph) = square(10, |i| f64::from(1 + i * 7 % 5));
        let own: Vec<u32> = (0..100).collect();
        let units = workload.onto(&own, 100).unwrap();
        // Columns 0–5, 6–7, 8–9.
        let start: Vec<u32> = (0..100).map(|i| if i % 10 < 6 { 0 } else { (i % 10) / 2 - 2 }).collect();
        let mut books = TravelBooks::new(&units, &start, 3).unwrap();
        let even = Balanced { values: &[1.0; 100], tolerance: 0.2 };
        let moves = books.settle(&graph, &Settlement { others: &[even], ..ALIKE }).unwrap();
        assert!(moves > 10);
        let exact = workload.territories(books.territory_of(), 3, Bases::Centroids).unwrap();
        let hours: Vec<f64> = exact.iter().map(|h| h.total()).collect();
        let mean = hours.iter().sum::<f64>() / 3.0;
        assert!(hours.iter().all(|h| (h / mean - 1.0).abs() < 0.05), "{hours:?}");
        let same = |e: &Edge| books.territory_of()[e.a as usize] == books.territory_of()[e.b as usize];
        let inside: Vec<Edge> = graph.edges().filter(same).collect();
        assert_eq!(components(&Graph::from_edges(100, &inside)).sizes.len(), 3);
        assert!(books.settle(&Graph::default(), &ALIKE).is_err());
    }

    /// Protects contiguity where balance asks for the contrary: on a spine with a leg at every unit no spine unit can go without cutting off
    /// its leg, so nothing may move although one territory has three times the other's hours.
    #[test]
    fn balance_cuts_nothing_off() {
        let at: Vec<[f64; 2]> = (0..40).map(|i| [f64::from(i % 20) * 5e3, f64::from(i / 20) * 5e3]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 50.0 };
        let workload = Workload::new(&locations, &[4.0; 40], &[1.0; 40], trips).unwrap();
        let own: Vec<u32> = (0..40).collect();
        let units = workload.onto(&own, 40).unwrap();
        let spine = (0..19).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 1.0));
        let legs = (0..20).map(|i| Edge::new(i, i + 20, EdgeKind::Edge, 1.0));
        let graph = Graph::from_edges(40, &spine.chain(legs).collect::<Vec<_>>());
        let start: Vec<u32> = (0..40).map(|i| u32::from(i % 20 >= 5)).collect();
        let mut books = TravelBooks::new(&units, &start, 2).unwrap();
        assert_eq!(books.settle(&graph, &ALIKE).unwrap(), 0);
        assert_eq!(books.territory_of(), start);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Protects unequal targets: whatever the capacities, hours and a further measure come within their tolerances of total × capacity /
        /// Σ capacities, by the exact report; only the ratios of capacities count, and equal ones are as none.
        #[test]
        fn targets_follow_capacities(capacities in prop::array::uniform3(0.5f64..2.0), seed in 0u64..1000) {
            let (workload, graph) = square(14, |_| 8.0);
            let own: Vec<u32> = (0..196).collect();
            let units = workload.onto(&own, 196).unwrap();
            let start: Vec<u32> = (0..196).map(|i| (i % 14 * 3) / 14).collect();
            let values: Vec<f64> = (0..196).map(|i| f64::from(2 + i * 5 % 3)).collect();
            let even = Balanced { values: &values, tolerance: 0.1 };
            let settled = |capacities: &[f64]| {
                let mut books = TravelBooks::new(&units, &start, 3).unwrap();
                books.settle(&graph, &Settlement { tolerance: 0.06, others: &[even], capacities, seed }).unwrap();
                books.territory_of().to_vec()
            };
            let plan = settled(&capacities);
            let shares = capacities.map(|c| c / capacities.iter().sum::<f64>());
            let exact = workload.territories(&plan, 3, Bases::Centroids).unwrap();
            let hours: f64 = exact.iter().map(|h| h.total()).sum();
            for (t, share) in shares.into_iter().enumerate() {
                let value: f64 = (0..196).filter(|&u| plan[u] as usize == t).map(|u| values[u]).sum();
                let off = [exact[t].total() / (share * hours), value / (share * values.iter().sum::<f64>())];
                prop_assert!((off[0] - 1.0).abs() <= 0.06 && (off[1] - 1.0).abs() <= 0.1, "{t}: {off:?} of {capacities:?}");
            }
            prop_assert_eq!(settled(&capacities.map(|c| 4.0 * c)), plan);
            prop_assert_eq!(settled(&[3.0; 3]), settled(&[]));
        }
    }

    #[test]
    fn capacities_that_serve_nobody_are_faults() {
        let (workload, graph) = square(2, |_| 8.0);
        let units = workload.onto(&[0, 1, 2, 3], 4).unwrap();
        let mut books = TravelBooks::new(&units, &[0, 0, 1, 1], 2).unwrap();
        let fault = books.settle(&graph, &Settlement { capacities: &[1.0, 0.0], ..ALIKE }).unwrap_err();
        assert_eq!(fault, SalesError::Capacity { who: "territory 1".into(), hours: 0.0 });
        let short = books.settle(&graph, &Settlement { capacities: &[1.0], ..ALIKE });
        assert!(matches!(short, Err(SalesError::Length { found: 1, expected: 2, .. })));
    }
}
