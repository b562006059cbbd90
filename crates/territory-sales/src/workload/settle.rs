//! Settles a plan on its true hours: travel inside the balance. A search balances a column; what a territory's travel really is shows only when
//! the territory is there, and differs most where it holds places far apart. So border units are moved while [`TravelBooks`] tell in O(1) what
//! every move does to the hours, first by annealing (Kirkpatrick, Gelatt & Vecchi 1983), then downhill. Territories stay contiguous.
//! Knows the books, the graph and further measures; no other objective.

use super::TravelBooks;
use crate::{SalesError, check};
use territory::adjacency::Graph;
use territory::search::Random;

/// A further measure that is kept balanced while hours are settled.
#[derive(Clone, Copy, Debug)]
pub struct Balanced<'a> {
    /// One value per unit.
    pub values: &'a [f64],
    /// Allowed relative deviation of a territory's sum.
    pub tolerance: f64,
}

/// Price of (what |deviation| is beyond what is free)², against a territory's hours as shares of the mean.
const BEYOND: f64 = 20_000.0;
/// Part of a tolerance that is free of charge: a price is no wall, and the rest is its give.
const FREE: f64 = 0.98;
/// Price of a link between two territories: keeps borders short where nobody travels.
const LINK: f64 = 0.002;
/// Temperature at the start and the end of each round, in the unit of those prices, and its sweeps of one try per unit. The first round may
/// rebuild borders, the later ones mend what calibration has shown.
const ROUNDS: [(f64, f64, u32); 3] = [(0.3, 0.0003, 400), (0.01, 0.0003, 60), (0.001, 0.0001, 60)];
/// Sweeps downhill at most; they end by themselves.
const DOWNHILL: usize = 300;

impl TravelBooks<'_> {
    /// Moves units over borders to make Σ hours/mean + 20,000·Σ (what |d| is beyond 0.98 of its tolerance)² + 0.002·(links between territories) small, d
    /// the deviation of each territory's hours and of each further measure from equal shares: short travel inside the tolerances. Hours are
    /// calibrated between rounds and at the end, so that tolerances hold for the exact ones. Territories that are contiguous stay so, none is
    /// emptied; the plan kept is the best at the end of a round. The same `seed`, the same plan. Returns the number of units that changed territory.
    ///
    /// # Errors
    /// A graph or measures of another size, negative values, tolerances that are negative.
    pub fn settle(
        &mut self,
        graph: &Graph,
        tolerance: f64,
        others: &[Balanced<'_>],
        seed: u64,
    ) -> Result<usize, SalesError> {
        let units = self.territory_of.len();
        check::length("the graph", graph.len(), units)?;
        check::at_least_zero("the tolerance of hours", tolerance)?;
        for other in others {
            check::length("a balanced measure", other.values.len(), units)?;
            check::not_negative("a balanced measure", other.values)?;
            check::at_least_zero("the tolerance of a balanced measure", other.tolerance)?;
        }
        let before = self.territory_of.clone();
        self.calibrate()?;
        let mut state = Settling::new(self, graph, tolerance, others);
        let mut best = (state.energy(), before.clone());
        for (round, heat) in (0..).zip(ROUNDS) {
            state.anneal(heat, &mut Random::stream(seed, 0x5e77, round));
            state.books.calibrate()?;
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

struct Settling<'a, 'b, 'c> {
    books: &'a mut TravelBooks<'b>,
    graph: &'a Graph,
    tolerance: f64,
    others: &'a [Balanced<'c>],
    /// Of each further measure: sums per territory.
    sums: Vec<Vec<f64>>,
    /// Of each further measure: an equal share.
    shares: Vec<f64>,
    /// Hours of a territory on average; taken anew every sweep.
    mean: f64,
    /// Units per territory.
    sizes: Vec<u32>,
    /// Units beside another territory, by territory; taken anew every sweep.
    borders: Vec<Vec<u32>>,
    /// Mark of the last walk that saw a unit.
    seen: Vec<u32>,
    walk: u32,
    open: Vec<u32>,
}

impl<'a, 'b, 'c> Settling<'a, 'b, 'c> {
    fn new(books: &'a mut TravelBooks<'b>, graph: &'a Graph, tolerance: f64, others: &'a [Balanced<'c>]) -> Self {
        let k = books.sums.len();
        let mut sums = vec![vec![0.0; k]; others.len()];
        let mut sizes = vec![0; k];
        for (unit, &t) in books.territory_of.iter().enumerate() {
            sizes[t as usize] += 1;
            for (sum, other) in sums.iter_mut().zip(others) {
                sum[t as usize] += other.values[unit];
            }
        }
        let shares = sums.iter().map(|s| s.iter().sum::<f64>() / k as f64).collect();
        let seen = vec![0; books.territory_of.len()];
        let (borders, open) = (vec![Vec::new(); k], Vec::new());
        let mut state =
            Self { books, graph, tolerance, others, sums, shares, mean: 0.0, sizes, borders, seen, walk: 0, open };
        state.take_stock();
        state
    }

    /// Forms the books anew, takes the mean of the hours and the units at borders.
    fn take_stock(&mut self) {
        self.borders.iter_mut().for_each(Vec::clear);
        for unit in 0..self.seen.len() as u32 {
            let own = self.books.territory_of[unit as usize];
            if self.graph.neighbours(unit).iter().any(|&u| self.books.territory_of[u as usize] != own) {
                self.borders[own as usize].push(unit);
            }
        }
        self.books.refresh();
        let k = self.sizes.len();
        self.mean = (0..k as u32).map(|t| self.books.hours(t)).sum::<f64>() / k as f64;
    }

    fn anneal(&mut self, (hot, cold, sweeps): (f64, f64, u32), random: &mut Random) {
        let units = self.seen.len();
        for sweep in 0..sweeps {
            let heat = hot * libm::pow(cold / hot, f64::from(sweep) / f64::from(sweeps));
            for _ in 0..units {
                let unit = random.below(units) as u32;
                let around = self.graph.neighbours(unit);
                let Some(&neighbour) = around.get(random.below(around.len())) else { continue };
                let to = self.books.territory_of[neighbour as usize];
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
            self.take_stock();
        }
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
            for unit in 0..self.seen.len() as u32 {
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
        if self.sizes[from as usize] < 2 || !self.may_leave(unit, from) {
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
        for (sum, other) in self.sums.iter_mut().zip(self.others) {
            sum[from as usize] -= other.values[unit as usize];
            sum[to as usize] += other.values[unit as usize];
        }
    }

    /// What is made small, all of it.
    fn energy(&mut self) -> f64 {
        self.take_stock();
        let of = |t: u32| self.hours_price(self.books.hours(t));
        let hours: f64 = (0..self.sizes.len() as u32).map(of).sum();
        let others = self.sums.iter().zip(&self.shares).zip(self.others);
        let others = others.map(|((s, share), o)| s.iter().map(|s| beyond(*s, *share, o.tolerance)).sum::<f64>());
        let territory = |u: u32| self.books.territory_of[u as usize];
        let cut = |u: u32| self.graph.neighbours(u).iter().filter(|v| territory(**v) != territory(u)).count();
        let links: usize = (0..self.seen.len() as u32).map(cut).sum();
        hours + others.sum::<f64>() + LINK * links as f64 / 2.0
    }

    /// By how much that rises with a move.
    fn rise(&self, unit: u32, to: u32) -> f64 {
        let from = self.books.territory_of[unit as usize];
        let (left, joined) = self.books.hours_if_moved(unit, to);
        let mut rise = self.hours_price(left) + self.hours_price(joined)
            - self.hours_price(self.books.hours(from))
            - self.hours_price(self.books.hours(to));
        for ((sums, &share), other) in self.sums.iter().zip(&self.shares).zip(self.others) {
            let value = other.values[unit as usize];
            let price = |sum: f64| beyond(sum, share, other.tolerance);
            let (a, b) = (sums[from as usize], sums[to as usize]);
            rise += price(a - value) + price(b + value) - price(a) - price(b);
        }
        let links = self.graph.neighbours(unit).iter().fold(0i32, |links, &u| {
            let t = self.books.territory_of[u as usize];
            links + i32::from(t == from) - i32::from(t == to)
        });
        rise + LINK * f64::from(links)
    }

    fn hours_price(&self, hours: f64) -> f64 {
        if self.mean > 0.0 { hours / self.mean + beyond(hours, self.mean, self.tolerance) } else { 0.0 }
    }

    /// Whether the territory's units around `unit` stay connected without it.
    fn may_leave(&mut self, unit: u32, from: u32) -> bool {
        let graph = self.graph;
        let own = |books: &TravelBooks<'_>, u: u32| books.territory_of[u as usize] == from;
        let around = graph.neighbours(unit).iter().copied().filter(|&u| own(self.books, u));
        let around: Vec<u32> = around.collect();
        let Some(&first) = around.first() else { return false };
        self.walk += 1;
        self.seen[unit as usize] = self.walk;
        self.seen[first as usize] = self.walk;
        self.open.clear();
        self.open.push(first);
        let mut missing = around.len() - 1;
        while missing > 0 {
            let Some(at) = self.open.pop() else { return false };
            for &next in graph.neighbours(at) {
                if self.seen[next as usize] != self.walk && own(self.books, next) {
                    self.seen[next as usize] = self.walk;
                    missing -= usize::from(around.contains(&next));
                    self.open.push(next);
                }
            }
        }
        true
    }
}

/// The price of a sum whose share is `share`.
fn beyond(sum: f64, share: f64, tolerance: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    let beyond = ((sum / share - 1.0).abs() - FREE * tolerance).max(0.0);
    BEYOND * beyond * beyond
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Bases, DayTrips, Workload};
    use territory::adjacency::{Edge, EdgeKind, components};
    use territory::{Locations, Space};

    #[test]
    fn a_lopsided_plan_is_settled_and_stays_contiguous() {
        let at: Vec<[f64; 2]> = (0..100).map(|i| [f64::from(i % 10) * 5e3, f64::from(i / 10) * 5e3]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 50.0 };
        let calls: Vec<f64> = (0..100).map(|i| f64::from(1 + i * 7 % 5)).collect();
        let workload = Workload::new(&locations, &calls, &[0.5; 100], trips).unwrap();
        let own: Vec<u32> = (0..100).collect();
        let units = workload.onto(&own, 100).unwrap();
        let mut edges = Vec::new();
        for i in 0..100u32 {
            if i % 10 < 9 {
                edges.push(Edge::new(i, i + 1, EdgeKind::Edge, 1.0));
            }
            if i < 90 {
                edges.push(Edge::new(i, i + 10, EdgeKind::Edge, 1.0));
            }
        }
        let graph = Graph::from_edges(100, &edges);
        // Columns 0–5, 6–7, 8–9.
        let start: Vec<u32> = (0..100).map(|i| if i % 10 < 6 { 0 } else { (i % 10) / 2 - 2 }).collect();
        let mut books = TravelBooks::new(&units, &start, 3).unwrap();
        let potential = vec![1.0; 100];
        let moves = books.settle(&graph, 0.05, &[Balanced { values: &potential, tolerance: 0.2 }], 0).unwrap();
        assert!(moves > 10);
        let exact = workload.territories(books.territory_of(), 3, Bases::Centroids).unwrap();
        let hours: Vec<f64> = exact.iter().map(|h| h.total()).collect();
        let mean = hours.iter().sum::<f64>() / 3.0;
        assert!(hours.iter().all(|h| (h / mean - 1.0).abs() < 0.05), "{hours:?}");
        let inside: Vec<Edge> = edges
            .into_iter()
            .filter(|e| books.territory_of()[e.a as usize] == books.territory_of()[e.b as usize])
            .collect();
        assert_eq!(components(&Graph::from_edges(100, &inside)).sizes.len(), 3);
        assert!(books.settle(&Graph::default(), 0.05, &[], 0).is_err());
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
        assert_eq!(books.settle(&graph, 0.05, &[], 0).unwrap(), 0);
        assert_eq!(books.territory_of(), start);
    }
}
