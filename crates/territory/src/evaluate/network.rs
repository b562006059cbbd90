//! The territories of today as a network, over which surplus flows: how much of a measure changes hands beside what has to.

use super::assignment::DisjointSets;
use super::compare::{MeasureDisruption, Move, NO_TERRITORY, PlanNames};
use super::least_change::{Needs, fringes};
use crate::flow::{Matching, surplus_flow};
use crate::problem::Problem;

/// The territories of today as a network: those that go on under their new index, then those that are no more, then groups of
/// neighbouring units without a territory.
pub(super) struct Flows {
    /// Node of every unit.
    node_of: Vec<u32>,
    nodes: usize,
    /// First node that stands for units without a territory; a node for all new territories may come last.
    first_new: usize,
    links: Vec<(u32, u32, u32)>,
}

impl Flows {
    pub(super) fn new(problem: &Problem, before: PlanNames<'_>, matching: &Matching) -> Self {
        let k = problem.k();
        let mut nodes = k;
        let territory_node: Vec<u32> = matching
            .column_of
            .iter()
            .map(|a| {
                a.unwrap_or_else(|| {
                    nodes += 1;
                    nodes as u32 - 1
                })
            })
            .collect();
        let first_new = nodes;
        let node = |unit: u32| territory_node.get(before.assignment[unit as usize] as usize).copied();
        let mut groups = DisjointSets::new(problem.units());
        let mut links: Vec<(u32, u32)> = Vec::new();
        for e in problem.graph().edges() {
            match (node(e.a), node(e.b)) {
                (Some(a), Some(b)) if a != b => links.push((a.min(b), a.max(b))),
                (None, None) => groups.union(e.a, e.b),
                _ => {}
            }
        }
        links.sort_unstable();
        links.dedup();
        let mut links: Vec<(u32, u32, u32)> = links.into_iter().flat_map(|(a, b)| [(a, b, 1), (b, a, 1)]).collect();
        let mut node_of = vec![0u32; problem.units()];
        // The representative is the smallest unit, so it is numbered first.
        for unit in 0..problem.units() as u32 {
            node_of[unit as usize] = node(unit).unwrap_or_else(|| match groups.find(unit) {
                first if first == unit => {
                    nodes += 1;
                    nodes as u32 - 1
                }
                first => node_of[first as usize],
            });
        }
        // Units without a territory go to their neighbours for nothing, and never through.
        let mut given: Vec<(u32, u32, u32)> = Vec::new();
        for e in problem.graph().edges() {
            for (from, to) in [(e.a, e.b), (e.b, e.a)].map(|(a, b)| (node_of[a as usize], node_of[b as usize])) {
                if from as usize >= first_new && (to as usize) < first_new {
                    given.push((from, to, 0));
                }
            }
        }
        given.sort_unstable();
        given.dedup();
        links.extend(given);
        // A new territory has no borders yet: any other may give to it, by way of a node that stands for all new ones.
        let new: Vec<u32> = (0..k as u32).filter(|&t| matching.row_of[t as usize].is_none()).collect();
        if !new.is_empty() {
            let hub = nodes as u32;
            let is_new = |n: u32| (n as usize) < k && matching.row_of[n as usize].is_none();
            let givers = (0..hub).filter(|&n| !is_new(n));
            links.extend(givers.map(|n| (n, hub, u32::from((n as usize) < first_new))));
            links.extend(new.into_iter().map(|t| (hub, t, 0)));
            nodes += 1;
        }
        Self { node_of, nodes, first_new, links }
    }
}

/// Sums of one measure at the nodes of the network, and their bounds.
pub(super) struct Sides {
    sums: Vec<f64>,
    bounds: Vec<(f64, f64)>,
}

impl Sides {
    pub(super) fn new(problem: &Problem, flows: &Flows, m: usize) -> Self {
        let mut sums = vec![0.0; flows.nodes];
        for (&node, value) in flows.node_of.iter().zip(problem.least_loads(m).iter()) {
            sums[node as usize] += value;
        }
        // A territory that carries more than its maximum can hand off no more than its units.
        let of_units = |t: usize| {
            let (lower, upper) = problem.bounds_of_all_plans(t, m);
            (lower, upper.max(0.0))
        };
        let bounds = (0..flows.nodes).map(|n| if n < problem.k() { of_units(n) } else { (0.0, 0.0) }).collect();
        Self { sums, bounds }
    }

    pub(super) fn needs(&self, k: usize, flows: &Flows) -> Needs<'_> {
        Needs {
            sums: &self.sums[..k],
            bounds: &self.bounds[..k],
            gone: self.sums[k..flows.first_new].iter().sum(),
            new: self.sums[flows.first_new..].iter().sum(),
        }
    }
}

pub(super) fn disruption(
    problem: &Problem,
    before: PlanNames<'_>,
    moves: &[Move],
    flows: &Flows,
    m: usize,
) -> MeasureDisruption {
    let values = &*problem.least_loads(m);
    let sides = Sides::new(problem, flows, m);
    let had: f64 = before.assignment.iter().zip(values).filter(|(b, _)| **b != NO_TERRITORY).map(|(_, v)| v).sum();
    if had <= 0.0 {
        return MeasureDisruption::default();
    }
    // 0.0 + keeps the empty sum from being −0.
    let moved = 0.0 + moves.iter().map(|mv| values[mv.unit.index()]).sum::<f64>();
    let forced = 0.0 + moves.iter().filter(|mv| mv.forced).map(|mv| values[mv.unit.index()]).sum::<f64>();
    let fringes = fringes(problem.graph(), &flows.node_of, values, problem.k());
    MeasureDisruption {
        share: moved / had,
        forced: forced / had,
        lower_bound: sides.needs(problem.k(), flows).moved(&fringes) / had,
        flow_estimate: surplus_flow(&sides.sums, &sides.bounds, &flows.links).moved / had,
    }
}
