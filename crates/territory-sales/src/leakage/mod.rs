//! Leakage (窜货): goods that are sold outside the territory they were delivered to.
//!
//! A [`FlowTable`] says how much went from where to where. From it: leakage out, in and net per territory; the pairs that trade far more
//! than their sizes and distance explain ([`Suspicion`]); the flows as edge weights, so that the engine's cut keeps units that
//! trade with each other together; and the leakage of a plan, before and after.

mod gravity;

pub use gravity::{DecayFit, Expectation, Fit, Suspicion};

use crate::{SalesError, check};
use territory::adjacency::Graph;

/// Amounts that went from one unit (or territory) to another.
///
/// ```
/// use territory_sales::leakage::FlowTable;
/// // Delivered to 0: 80 sold there, 20 in 1. Delivered to 1: 60 sold there, 40 in 2. All of 2's stays.
/// let flows = FlowTable::new(3, &[(0, 0, 80.0), (0, 1, 20.0), (1, 1, 60.0), (1, 2, 40.0), (2, 2, 100.0)])?;
/// let rates = flows.rates();
/// assert!((rates[0].out.unwrap() - 0.2).abs() < 1e-12); // 1 − 80 / 100
/// assert!((rates[1].into.unwrap() - 0.25).abs() < 1e-12); // 1 − 60 / 80
/// assert_eq!((rates[0].net, rates[1].net, rates[2].net), (-20.0, -20.0, 40.0));
/// // One territory of 0 and 1, one of 2: only 40 of 300 cross a border.
/// assert!((flows.leakage(&[0, 0, 1])? - 40.0 / 300.0).abs() < 1e-12);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FlowTable {
    places: usize,
    /// Sorted by (from, to), each pair once, amounts above 0.
    rows: Vec<(u32, u32, f64)>,
}

/// Leakage of one unit or territory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rates {
    /// Share of what was delivered here that was sold elsewhere, 1 − F_aa / Σ_b F_ab; none where nothing was delivered.
    pub out: Option<f64>,
    /// Share of what was sold here that was delivered elsewhere, 1 − F_bb / Σ_a F_ab; none where nothing was sold.
    pub into: Option<f64>,
    /// What came in minus what went out, in the flows' unit.
    pub net: f64,
}

impl FlowTable {
    /// Of rows (from, to, amount); rows of the same pair add up.
    ///
    /// # Errors
    /// A place that is not below `places`; amounts that are negative or not finite.
    pub fn new(places: usize, rows: &[(u32, u32, f64)]) -> Result<Self, SalesError> {
        let column = |of: fn(&(u32, u32, f64)) -> u32| rows.iter().map(of).collect::<Vec<u32>>();
        check::indices("the flow table (from)", &column(|r| r.0), places)?;
        check::indices("the flow table (to)", &column(|r| r.1), places)?;
        check::not_negative("the flows", &rows.iter().map(|r| r.2).collect::<Vec<_>>())?;
        Ok(Self::sorted(places, rows.to_vec()))
    }

    fn sorted(places: usize, mut rows: Vec<(u32, u32, f64)>) -> Self {
        rows.retain(|r| r.2 > 0.0);
        // Stable, so that equal pairs add up in the order given.
        rows.sort_by_key(|r| (r.0, r.1));
        let add = |next: &mut (u32, u32, f64), sum: &mut (u32, u32, f64)| {
            let same = (next.0, next.1) == (sum.0, sum.1);
            if same {
                sum.2 += next.2;
            }
            same
        };
        rows.dedup_by(add);
        Self { places, rows }
    }

    /// Number of units or territories.
    pub fn places(&self) -> usize {
        self.places
    }

    /// The rows (from, to, amount), sorted, each pair once.
    pub fn rows(&self) -> &[(u32, u32, f64)] {
        &self.rows
    }

    /// Amount from one place to another.
    pub fn amount(&self, from: u32, to: u32) -> f64 {
        let found = self.rows.binary_search_by_key(&(from, to), |r| (r.0, r.1));
        found.map_or(0.0, |at| self.rows[at].2)
    }

    /// Leakage out, in and net of every place.
    pub fn rates(&self) -> Vec<Rates> {
        let (mut sent, mut received, mut kept) =
            (vec![0.0; self.places], vec![0.0; self.places], vec![0.0; self.places]);
        for &(from, to, amount) in &self.rows {
            sent[from as usize] += amount;
            received[to as usize] += amount;
            if from == to {
                kept[from as usize] = amount;
            }
        }
        let rate = |kept: f64, all: f64| (all > 0.0).then(|| 1.0 - kept / all);
        (0..self.places)
            .map(|a| Rates {
                out: rate(kept[a], sent[a]),
                into: rate(kept[a], received[a]),
                net: received[a] - sent[a],
            })
            .collect()
    }

    /// The flows between the territories of a plan.
    ///
    /// # Errors
    /// A plan of another length, or with a territory that is not below `k`.
    pub fn between_territories(&self, territory_of: &[u32], k: usize) -> Result<Self, SalesError> {
        check::length("the plan", territory_of.len(), self.places)?;
        check::indices("the plan", territory_of, k)?;
        let of = |unit: u32| territory_of[unit as usize];
        Ok(Self::sorted(k, self.rows.iter().map(|&(a, b, amount)| (of(a), of(b), amount)).collect()))
    }

    /// Share of all goods that cross a border of the plan: call it with the plan before and the plan after.
    ///
    /// # Errors
    /// A plan of another length.
    pub fn leakage(&self, territory_of: &[u32]) -> Result<f64, SalesError> {
        check::length("the plan", territory_of.len(), self.places)?;
        let (mut all, mut across) = (0.0, 0.0);
        for &(a, b, amount) in &self.rows {
            all += amount;
            if territory_of[a as usize] != territory_of[b as usize] {
                across += amount;
            }
        }
        Ok(if all > 0.0 { across / all } else { 0.0 })
    }

    /// The graph with the flows of both directions as the weights of its links (as shares of all flows between different units, in 1/links): minimise
    /// [`territory::Objective`]'s `cut` on it, and units that trade with each other end up together. Flows between units that are no
    /// neighbours cannot be kept inside by a link and are left out.
    ///
    /// # Errors
    /// A graph of another size.
    pub fn weigh(&self, graph: &Graph) -> Result<Graph, SalesError> {
        check::length("the graph", graph.len(), self.places)?;
        let all: f64 = self.rows.iter().filter(|r| r.0 != r.1).map(|r| r.2).sum();
        let scale = if all > 0.0 { graph.edge_count() as f64 / all } else { 0.0 };
        let edges: Vec<_> = graph
            .edges()
            .map(|mut edge| {
                edge.weight = ((self.amount(edge.a, edge.b) + self.amount(edge.b, edge.a)) * scale) as f32;
                edge
            })
            .collect();
        Ok(Graph::from_edges(self.places, &edges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use territory::adjacency::{Edge, EdgeKind};
    use territory::{Control, Locations, Measure, Objective, ProblemSpec, SolveOptions, Space, solve};

    #[test]
    fn rows_of_a_pair_add_up_and_faults_are_named() {
        let flows = FlowTable::new(2, &[(1, 0, 1.0), (0, 1, 2.0), (1, 0, 3.0), (1, 1, 0.0)]).unwrap();
        assert_eq!(flows.rows(), [(0, 1, 2.0), (1, 0, 4.0)]);
        assert_eq!((flows.amount(1, 0), flows.amount(1, 1)), (4.0, 0.0));
        let fault = FlowTable::new(2, &[(0, 2, 1.0)]).unwrap_err();
        assert_eq!(fault.to_string(), "row 0 of the flow table (to) points at 2, but there are 2");
        assert!(matches!(FlowTable::new(2, &[(0, 1, -1.0)]), Err(SalesError::Value { .. })));
        assert!(flows.leakage(&[0]).is_err());
    }

    /// A grid of 6 × 6 units that trade along rows: territories that follow the trade leak less than those that are merely compact.
    #[test]
    fn flows_as_weights_make_the_engine_keep_trade_inside() {
        let at: Vec<[f64; 2]> = (0..36).map(|i| [f64::from(i % 6) * 1000.0, f64::from(i / 6) * 1000.0]).collect();
        let (mut edges, mut flows) = (Vec::new(), Vec::new());
        for i in 0..36u32 {
            flows.push((i, i, 10.0));
            if i % 6 < 5 {
                edges.push(Edge::new(i, i + 1, EdgeKind::Edge, 1.0));
                flows.push((i, i + 1, 5.0));
            }
            if i < 30 {
                edges.push(Edge::new(i, i + 6, EdgeKind::Edge, 1.0));
                flows.push((i, i + 6, 0.5));
            }
        }
        let flows = FlowTable::new(36, &flows).unwrap();
        let graph = Graph::from_edges(36, &edges);
        let plan = |graph: Graph, objective| {
            let locations = Locations::from_coordinates(Space::Planar, &at);
            let problem = ProblemSpec::new(locations, graph, 4)
                .measure(Measure::new("units", vec![1.0; 36]).tolerance(0.35))
                .objective(objective)
                .build()
                .unwrap();
            solve(&problem, &SolveOptions::default(), &Control::default()).unwrap().assignment
        };
        let before = flows.leakage(&plan(graph.clone(), Objective::INERTIA)).unwrap();
        let weighed = flows.weigh(&graph).unwrap();
        let after = flows.leakage(&plan(weighed, Objective::CUT)).unwrap();
        assert!(after < 0.5 * before, "{before} {after}");
    }

    #[test]
    fn weights_keep_the_total() {
        let graph = Graph::from_edges(3, &[(0, 1), (1, 2)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 2.0)));
        let flows = FlowTable::new(3, &[(0, 1, 1.0), (1, 0, 2.0), (2, 1, 3.0), (0, 0, 50.0)]).unwrap();
        let weighed: Vec<f32> = flows.weigh(&graph).unwrap().edges().map(|e| e.weight).collect();
        assert_eq!(weighed, [1.0, 1.0]);
    }
}
