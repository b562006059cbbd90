//! The evaluation against its definitions, and the diagnosis against all plans of tiny problems.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod diagnosis;
mod drift;
mod figures;
mod moves;
mod plans;

use crate::adjacency::{Edge, EdgeKind, Graph, components};
use crate::problem::{ComponentRule, Measure, Problem, ProblemSpec, Territory};
use crate::space::{Locations, Space};
use proptest::prelude::*;

/// Values, tolerance, minimum and maximum of a measure.
type Column = (Vec<u8>, f64, Option<u8>, Option<u8>);

/// A tiny problem as drawn; territories beyond the units, say, are cut off when it is built.
#[derive(Clone, Debug)]
pub(super) struct Tiny {
    coordinates: Vec<(f64, f64)>,
    /// A parent of each later unit, or none where it begins a component.
    parents: Vec<Option<u32>>,
    extra: Vec<(u32, u32)>,
    measures: Vec<Column>,
    capacities: Vec<u8>,
    separate: bool,
}

pub(super) fn tiny(units: usize, k: usize, separate: bool) -> impl Strategy<Value = Tiny> {
    let value = prop::sample::select(vec![0u8, 0, 1, 1, 1, 2, 2, 3, 4, 6, 9]);
    let tolerance = prop::sample::select(vec![0.0, 0.05, 0.1, 0.2, 0.35, 0.6]);
    let bound = || prop::option::weighted(0.15, 1u8..12);
    let measure = (prop::collection::vec(value, units), tolerance, bound(), bound());
    (
        prop::collection::vec((-1.0f64..1.0, -1.0f64..1.0), 2..=units),
        prop::collection::vec(
            if separate {
                prop::option::weighted(0.8, any::<u32>()).boxed()
            } else {
                any::<u32>().prop_map(Some).boxed()
            },
            units,
        ),
        prop::collection::vec((0..units as u32, 0..units as u32), 0..3),
        prop::collection::vec(measure, 1..=2),
        prop::collection::vec(prop::sample::select(vec![1u8, 1, 1, 2, 3]), 1..=k),
    )
        .prop_map(move |(coordinates, parents, extra, measures, capacities)| Tiny {
            coordinates,
            parents,
            extra,
            measures,
            capacities,
            separate,
        })
}

impl Tiny {
    /// The problem, or none where it is refused (a measure of zeros, empty bounds, fewer territories than components).
    pub(super) fn build(&self, space: Space) -> Option<Problem> {
        let n = self.coordinates.len();
        let scale = if space == Space::Planar { 1e5 } else { 1.0 };
        let coordinates: Vec<[f64; 2]> = self.coordinates.iter().map(|c| [c.0 * scale, c.1 * scale]).collect();
        let mut edges: Vec<Edge> = (1..n as u32)
            .filter_map(|unit| self.parents[unit as usize].map(|p| Edge::new(p % unit, unit, EdgeKind::Edge, 1.5)))
            .collect();
        if !self.separate {
            edges.extend(self.extra.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Edge, 1.0)));
        }
        let graph = Graph::from_edges(n, &edges);
        let k = self.capacities.len().min(n);
        let territories =
            (0..k).map(|t| Territory::new(format!("T{t}")).capacity(f64::from(self.capacities[t]))).collect();
        let mut spec =
            ProblemSpec::new(Locations::from_coordinates(space, &coordinates), graph, k).territories(territories);
        if self.separate {
            spec = spec.components(ComponentRule::Separate);
            if components(&spec.graph).sizes.len() > k {
                return None;
            }
        }
        for (m, (values, tolerance, minimum, maximum)) in self.measures.iter().enumerate() {
            let values = values[..n].iter().map(|&v| f64::from(v)).collect();
            let mut measure = Measure::new(format!("m{m}"), values).tolerance(*tolerance);
            measure.minimum = minimum.map(f64::from);
            measure.maximum = maximum.map(f64::from);
            spec = spec.measure(measure);
        }
        spec.build().ok()
    }
}

/// Every assignment of the problem's units.
pub(super) fn all_assignments(problem: &Problem) -> impl Iterator<Item = Vec<u32>> {
    let (n, k) = (problem.units(), problem.k() as u64);
    (0..k.pow(n as u32)).map(move |code| (0..n as u32).map(|i| (code / k.pow(i) % k) as u32).collect())
}
