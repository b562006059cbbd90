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
    /// Territories of the problem that have no units today.
    new: Vec<bool>,
    links: Vec<(u32, u32, u32)>,
    /// How many of the links there are before those by way of all new territories.
    direct: usize,
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
        let mut new = vec![true; k];
        node_of.iter().for_each(|&node| new.get_mut(node as usize).into_iter().for_each(|new| *new = false));
        let direct = links.len();
        if new.contains(&true) {
            let hub = nodes as u32;
            let is_new = |n: &u32| new.get(*n as usize).is_some_and(|new| *new);
            links.extend((0..hub).filter(|n| !is_new(n)).map(|n| (n, hub, u32::from((n as usize) < first_new))));
            links.extend((0..hub).filter(is_new).map(|t| (hub, t, 0)));
            nodes += 1;
        }
        Self { node_of, nodes, first_new, new, links, direct }
    }

    /// Territories of the problem that surplus flows from, to or through: the cheapest flow of each measure. `taken` are pairs of a
    /// territory, or of units without one, and a new territory that took of them, since a new one has borders only where it was put.
    pub(super) fn reach(&self, problem: &Problem, taken: &[(u32, u32)]) -> Vec<bool> {
        let mut links = self.links[..self.direct].to_vec();
        for &(from, to) in taken {
            if (from as usize) < self.first_new {
                links.extend([(from, to, 1), (to, from, 1)]);
            } else {
                links.push((from, to, 0));
            }
        }
        let flows = crate::parallel::map(problem.measures().len(), |m| {
            let sides = Sides::new(problem, self, m);
            surplus_flow(&sides.sums, &sides.bounds, &links).flows
        });
        let mut reached = vec![false; problem.k()];
        for node in flows.iter().flatten().flat_map(|&(from, to, _)| [from, to]) {
            if let Some(slot) = reached.get_mut(node as usize) {
                *slot = true;
            }
        }
        reached
    }

    /// Pairs of a territory, or of units without one, and a new territory that took of them.
    pub(super) fn taken(&self, after: &[u32]) -> Vec<(u32, u32)> {
        let pair = |(&node, &to): (&u32, &u32)| self.new[to as usize].then_some((node, to));
        let mut taken: Vec<(u32, u32)> = self.node_of.iter().zip(after).filter_map(pair).collect();
        taken.sort_unstable();
        taken.dedup();
        taken
    }
}

/// Territories that the cheapest flow of surplus touches on the way from the plan of today, `u32::MAX` where a unit is nowhere, to one
/// inside the bounds; where territories have no unit today, as `mended` has put them.
pub(crate) fn reach(problem: &Problem, today: &[u32], mended: &[u32]) -> Vec<bool> {
    let k = problem.k();
    let own: Vec<Option<u32>> = (0..k as u32).map(Some).collect();
    let matching = Matching { column_of: own.clone(), row_of: own, weight: 0.0 };
    let flows = Flows::new(problem, PlanNames { assignment: today, names: &[] }, &matching);
    flows.reach(problem, &flows.taken(mended))
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
