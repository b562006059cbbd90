//! Settles a plan on its true hours: moves border units while the spread of hours and of other measures falls. A search balances a column; what a
//! territory's travel really is shows only when the territory is there, and differs most where it holds places far apart. Every move is
//! judged by [`TravelBooks`] in O(1) and keeps territories contiguous. Knows no randomness: units in order, sweep after sweep.

use super::TravelBooks;
use crate::{SalesError, check};
use territory::adjacency::Graph;

/// A further measure that is kept balanced while hours are settled.
#[derive(Clone, Copy, Debug)]
pub struct Balanced<'a> {
    /// One value per unit.
    pub values: &'a [f64],
    /// Allowed relative deviation of a territory's sum.
    pub tolerance: f64,
}

/// Weight of what is beyond a tolerance against what is inside it.
const BEYOND: f64 = 1000.0;
/// Sweeps at most; settled plans stop by themselves.
const SWEEPS: usize = 300;

impl TravelBooks<'_> {
    /// Moves units over borders as long as that makes Σ d² + 1000·(what |d| is beyond its tolerance)² smaller, d the deviation of each territory's hours
    /// and of each further measure from equal shares. Territories that are contiguous stay so, none is emptied. Returns the number of moves.
    ///
    /// # Errors
    /// A graph or measures of another size, negative values, tolerances that are negative.
    pub fn settle(&mut self, graph: &Graph, tolerance: f64, others: &[Balanced<'_>]) -> Result<usize, SalesError> {
        let units = self.territory_of.len();
        check::length("the graph", graph.len(), units)?;
        check::at_least_zero("the tolerance of hours", tolerance)?;
        for other in others {
            check::length("a balanced measure", other.values.len(), units)?;
            check::not_negative("a balanced measure", other.values)?;
            check::at_least_zero("the tolerance of a balanced measure", other.tolerance)?;
        }
        let mut state = Settling::new(self, graph, tolerance, others);
        let mut moves = 0;
        for _ in 0..SWEEPS {
            let before = moves;
            for unit in 0..units as u32 {
                moves += usize::from(state.try_unit(unit));
            }
            state.books.refresh();
            if moves == before {
                break;
            }
        }
        Ok(moves)
    }
}

struct Settling<'a, 'b, 'c> {
    books: &'a mut TravelBooks<'b>,
    graph: &'a Graph,
    tolerance: f64,
    others: &'a [Balanced<'c>],
    /// Of each further measure: sums per territory.
    sums: Vec<Vec<f64>>,
    /// Units per territory.
    sizes: Vec<u32>,
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
        let seen = vec![0; books.territory_of.len()];
        Self { books, graph, tolerance, others, sums, sizes, seen, walk: 0, open: Vec::new() }
    }

    /// Moves a unit to the neighbouring territory where that helps most, if it helps at all.
    fn try_unit(&mut self, unit: u32) -> bool {
        let from = self.books.territory_of[unit as usize];
        let mut best: Option<(f64, u32)> = None;
        for &neighbour in self.graph.neighbours(unit) {
            let to = self.books.territory_of[neighbour as usize];
            if to == from || best.is_some_and(|b| b.1 == to) {
                continue;
            }
            let gain = self.gain(unit, from, to);
            if gain > 1e-9 && best.is_none_or(|b| gain > b.0) {
                best = Some((gain, to));
            }
        }
        let Some((_, to)) = best else { return false };
        if self.sizes[from as usize] < 2 || !self.may_leave(unit, from) {
            return false;
        }
        self.books.apply(unit, to);
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        for (sum, other) in self.sums.iter_mut().zip(self.others) {
            sum[from as usize] -= other.values[unit as usize];
            sum[to as usize] += other.values[unit as usize];
        }
        true
    }

    /// By how much the spread falls.
    fn gain(&self, unit: u32, from: u32, to: u32) -> f64 {
        let k = self.sizes.len() as f64;
        let mean = (0..self.sizes.len() as u32).map(|t| self.books.hours(t)).sum::<f64>() / k;
        let (left, joined) = self.books.hours_if_moved(unit, to);
        let cost = |hours: f64| spread(hours / mean - 1.0, self.tolerance);
        let mut gain = cost(self.books.hours(from)) + cost(self.books.hours(to)) - cost(left) - cost(joined);
        for (sums, other) in self.sums.iter().zip(self.others) {
            let mean = sums.iter().sum::<f64>() / k;
            let value = other.values[unit as usize];
            let cost = |sum: f64| if mean > 0.0 { spread(sum / mean - 1.0, other.tolerance) } else { 0.0 };
            let (a, b) = (sums[from as usize], sums[to as usize]);
            gain += cost(a) + cost(b) - cost(a - value) - cost(b + value);
        }
        gain
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

fn spread(deviation: f64, tolerance: f64) -> f64 {
    let beyond = (deviation.abs() - tolerance).max(0.0);
    deviation * deviation + BEYOND * beyond * beyond
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{DayTrips, Workload};
    use territory::adjacency::{Edge, EdgeKind, components};
    use territory::{Locations, Space};

    #[test]
    fn a_lopsided_plan_is_settled_and_stays_contiguous() {
        let at: Vec<[f64; 2]> = (0..100).map(|i| [f64::from(i % 10) * 5e3, f64::from(i / 10) * 5e3]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let trips = DayTrips { calls_per_day: 4.0, circuity: 1.2, speed_kmh: 50.0 };
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
        let moves = books.settle(&graph, 0.05, &[Balanced { values: &potential, tolerance: 0.2 }]).unwrap();
        assert!(moves > 20);
        let hours: Vec<f64> = (0..3).map(|t| books.hours(t)).collect();
        let mean = hours.iter().sum::<f64>() / 3.0;
        assert!(hours.iter().all(|h| (h / mean - 1.0).abs() < 0.05), "{hours:?}");
        let inside: Vec<Edge> = edges
            .into_iter()
            .filter(|e| books.territory_of()[e.a as usize] == books.territory_of()[e.b as usize])
            .collect();
        assert_eq!(components(&Graph::from_edges(100, &inside)).sizes.len(), 3);
        assert!(books.settle(&Graph::default(), 0.05, &[]).is_err());
    }
}
