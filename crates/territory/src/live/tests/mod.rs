//! Live plans against recomputation from scratch, all moves tried, and hand-made cases.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod cases;
mod sequences;
mod suggestions;

use super::LivePlan;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::problem::{Measure, Objective, Problem, ProblemSpec, Rules, Territory};
use crate::space::{Locations, Space};
use proptest::prelude::*;

/// A problem as drawn, with a plan of it.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    at: Vec<(u8, u8)>,
    values: Vec<(u8, u8)>,
    k: usize,
    measures: usize,
    tolerance: f64,
    weighted: bool,
    /// Numbers that rules are made of.
    rules: Vec<(u8, u32, u32)>,
    plan: Vec<u32>,
}

pub(super) fn drawn() -> impl Strategy<Value = Drawn> {
    (8usize..40, 2usize..6, 1usize..3, 0.02f64..0.5, any::<bool>()).prop_flat_map(
        |(n, k, measures, tolerance, weighted)| {
            let at = prop::collection::vec((0u8..200, 0u8..200), n);
            let values = prop::collection::vec((0u8..9, 0u8..5), n);
            let rules = prop::collection::vec((0u8..8, any::<u32>(), any::<u32>()), 0..7);
            // Runs of units in one territory, and now and then any other.
            let stray = prop::collection::vec(prop::option::weighted(0.15, 0..k as u32), n);
            (at, values, rules, stray).prop_map(move |(at, values, rules, stray)| {
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by_key(|&u| (at[u], u));
                let mut plan = vec![0; n];
                order.iter().enumerate().for_each(|(place, &u)| plan[u] = stray[u].unwrap_or((place * k / n) as u32));
                Drawn { at, values, k, measures, tolerance, weighted, rules, plan }
            })
        },
    )
}

impl Drawn {
    /// The problem with its rules; none where they contradict each other.
    pub(super) fn problem(&self) -> Option<Problem> {
        let n = self.at.len();
        let at: Vec<[f64; 2]> = self.at.iter().map(|&(x, y)| [f64::from(x) * 1e3, f64::from(y) * 1e3]).collect();
        let squared = |a: usize, b: usize| (at[a][0] - at[b][0]).powi(2) + (at[a][1] - at[b][1]).powi(2);
        let mut edges = Vec::new();
        for unit in 1..n {
            let mut before: Vec<usize> = (0..unit).collect();
            before.sort_by(|&a, &b| squared(unit, a).total_cmp(&squared(unit, b)).then(a.cmp(&b)));
            for &other in before.iter().take(1 + unit % 3) {
                let mut edge = Edge::new(unit as u32, other as u32, EdgeKind::Edge, 0.7 + (unit % 5) as f32);
                edge.weight = if self.weighted { 1.0 + (other % 3) as f32 / 3.0 } else { 1.0 };
                edges.push(edge);
            }
        }
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let mut spec = ProblemSpec::new(locations, Graph::from_edges(n, &edges), self.k);
        for m in 0..self.measures {
            let value = |v: &(u8, u8)| 0.1 + f64::from(if m == 0 { v.0 } else { v.1 }) / 3.0;
            let values = self.values.iter().map(value).collect();
            spec = spec.measure(Measure::new(format!("m{m}"), values).tolerance(self.tolerance));
        }
        let (territories, rules) = self.rules();
        spec.territories(territories).rules(rules).objective(Objective::default().border(0.1)).build().ok()
    }

    fn rules(&self) -> (Vec<Territory>, Rules) {
        let (n, k) = (self.at.len() as u32, self.k as u32);
        let mut territories: Vec<Territory> = (0..k).map(|t| Territory::new(format!("T{t}"))).collect();
        let mut rules = Rules::default();
        for &(kind, a, b) in &self.rules {
            let (unit, other, t) = (a % n, b % n, b % k);
            match kind {
                0 => rules.locked.push((unit, t)),
                1 => rules.allowed.push((unit, vec![t, (t + 1) % k])),
                2 => rules.forbidden.push((unit, vec![t])),
                3 => rules.together.push(vec![unit, other, (unit + 1) % n]),
                4 if unit != other => rules.apart.push((unit, other)),
                5 => {
                    territories[t as usize].skills.push("skill".into());
                    rules.needs.push((unit, "skill".into()));
                }
                6 => {
                    territories[t as usize].anchor = Some([1e5, 1e5]);
                    territories[t as usize].max_radius_km = Some(120.0);
                }
                7 => territories[t as usize].capacity = 1.0 + f64::from(a % 3),
                _ => {}
            }
        }
        (territories, rules)
    }

    pub(super) fn live(&self) -> Option<LivePlan> {
        Some(LivePlan::new(self.problem()?, self.plan.clone()).unwrap())
    }
}

/// A row of units with these values and links between neighbours, 1 km apart, in equal territories.
pub(super) fn row(values: &[f64], k: usize, tolerance: f64) -> ProblemSpec {
    let n = values.len() as u32;
    let at: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i) * 1e3, 0.0]).collect();
    let edges: Vec<Edge> = (1..n).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(values.len(), &edges), k)
        .measure(Measure::new("calls", values.to_vec()).tolerance(tolerance))
}
