//! Anchored measures in search form: what a unit adds to a measure beyond its least load, by the territory it is in.
//!
//! The loads of an instance are the least there can be, as if every unit belonged to the nearest anchor; construction and
//! clustering go by them. Sums, penalties and walls count what the way to the territory's own anchor adds to that. A cluster's
//! mean way is that of its centroid, lengthened by its spread: √(d² + s²/2), to first order the mean over points that lie s (root
//! mean square) about it in all directions.

use super::instance::Instance;
use super::state::State;
use crate::problem::Problem;
use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};
use crate::terms::Mass;

/// The ways of an instance's units.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    space: Space,
    /// Per territory, km relative to the mean location.
    anchors: Vec<[f64; 3]>,
    /// Measures that are anchored, ascending, by their place in the instance.
    columns: Vec<usize>,
    /// `[unit * columns + column]`, in units of the mean target per km.
    per_km: Vec<f64>,
    /// What is in the loads already, `[unit * columns + column]`.
    least: Vec<f64>,
    /// Mean squared distance of a cluster's units from its centroid, km²; of a single unit 0.
    spread: Vec<f64>,
}

impl Ways {
    /// The ways of a problem's units in instance order; `scales` beside the problem's measures `columns`, which are the instance's.
    pub(super) fn new(problem: &Problem, order: &[u32], mean: [f64; 3], columns: &[(usize, f64)]) -> Option<Box<Self>> {
        let nearest = problem.nearest_km();
        if nearest.is_empty() {
            return None;
        }
        let relative = |t: usize| problem.anchor(t).map(|at| [0, 1, 2].map(|axis| at[axis] - mean[axis]));
        let anchored: Vec<usize> = (0..columns.len()).filter(|&j| problem.is_anchored(columns[j].0)).collect();
        let per_km: Vec<f64> = order
            .iter()
            .flat_map(|&u| {
                let value = move |&j: &usize| problem.measures()[columns[j].0].per_km[u as usize] * columns[j].1;
                anchored.iter().map(value).collect::<Vec<f64>>()
            })
            .collect();
        let least = per_km.chunks(anchored.len()).zip(order);
        let least = least.flat_map(|(row, &u)| row.iter().map(move |per_km| per_km * nearest[u as usize])).collect();
        Some(Box::new(Self {
            space: problem.locations().space(),
            anchors: (0..problem.k()).map(|t| relative(t).unwrap_or_default()).collect(),
            columns: anchored,
            per_km,
            least,
            spread: vec![0.0; order.len()],
        }))
    }

    /// What a unit adds to a measure in a territory beyond its load.
    #[inline]
    fn more(&self, mass: &Mass, unit: u32, measure: usize, territory: u32) -> f64 {
        let Some(column) = self.columns.iter().position(|&j| j == measure) else { return 0.0 };
        let at = unit as usize * self.columns.len() + column;
        let squared = squared_distance(mass.at, self.anchors[territory as usize]);
        let chord = (squared + 0.5 * self.spread[unit as usize]).sqrt();
        let km = match self.space {
            Space::Planar => chord,
            Space::Geographic => 2.0 * EARTH_RADIUS_KM * libm::asin((chord / (2.0 * EARTH_RADIUS_KM)).min(1.0)),
        };
        self.per_km[at] * km - self.least[at]
    }

    /// The ways of clusters: `members` are their units, one cluster after another from `starts`.
    pub(super) fn contract(&self, fine: &[Mass], coarse: &[Mass], starts: &[u32], members: &[u32]) -> Self {
        let width = self.columns.len();
        let mut ways = Self {
            space: self.space,
            anchors: self.anchors.clone(),
            columns: self.columns.clone(),
            per_km: vec![0.0; coarse.len() * width],
            least: vec![0.0; coarse.len() * width],
            spread: vec![0.0; coarse.len()],
        };
        for (c, mass) in coarse.iter().enumerate() {
            for &u in &members[starts[c] as usize..starts[c + 1] as usize] {
                let own = &fine[u as usize];
                let about = squared_distance(own.at, mass.at) + self.spread[u as usize];
                ways.spread[c] += own.weight / mass.weight * about;
                for column in 0..width {
                    ways.per_km[c * width + column] += self.per_km[u as usize * width + column];
                    ways.least[c * width + column] += self.least[u as usize * width + column];
                }
            }
        }
        ways
    }

    /// The ways of some units and some territories.
    pub(super) fn part(&self, units: &[u32], territories: &[u32]) -> Self {
        let width = self.columns.len();
        let rows = |column: &[f64]| -> Vec<f64> {
            units.iter().flat_map(|&u| column[u as usize * width..][..width].iter().copied()).collect()
        };
        Self {
            space: self.space,
            anchors: territories.iter().map(|&t| self.anchors[t as usize]).collect(),
            columns: self.columns.clone(),
            per_km: rows(&self.per_km),
            least: rows(&self.least),
            spread: units.iter().map(|&u| self.spread[u as usize]).collect(),
        }
    }
}

/// What goes from one territory to another, net: loads, and the units whose ways come on top.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'a> {
    /// One per measure.
    pub loads: &'a [f64],
    /// Units that go there.
    pub there: &'a [u32],
    /// Units that come back.
    pub back: &'a [u32],
}

impl Instance {
    /// A single unit that moves.
    #[inline]
    pub fn moved<'a>(&'a self, unit: &'a u32) -> Moved<'a> {
        Moved { loads: self.loads_of(*unit), there: std::slice::from_ref(unit), back: &[] }
    }

    /// Measure of a unit in a territory, in units of the mean target.
    #[inline]
    pub fn load_in(&self, unit: u32, measure: usize, territory: u32) -> f64 {
        let load = self.loads[unit as usize * self.measures + measure];
        match &self.ways {
            None => load,
            Some(ways) => load + ways.more(&self.masses[unit as usize], unit, measure, territory),
        }
    }

    /// What `moved` takes of a measure when it is counted in `territory`.
    #[inline]
    pub fn moved_load(&self, moved: Moved<'_>, measure: usize, territory: u32) -> f64 {
        let load = moved.loads[measure];
        match &self.ways {
            None => load,
            Some(ways) => {
                let more = |&u: &u32| ways.more(&self.masses[u as usize], u, measure, territory);
                load + moved.there.iter().map(more).sum::<f64>() - moved.back.iter().map(more).sum::<f64>()
            }
        }
    }
}

impl State<'_> {
    /// What `moved` adds to the violation of the bounds when it goes from one territory to another.
    #[inline]
    pub fn violation_change(&self, moved: Moved<'_>, from: u32, to: u32) -> f64 {
        let m = moved.loads.len();
        let mut change = 0.0;
        for (territory, sign) in [(from, -1.0), (to, 1.0)] {
            let windows = &self.instance.windows[territory as usize * m..][..m];
            for (j, (window, &sum)) in windows.iter().zip(self.sums_of(territory)).enumerate() {
                let load = self.instance.moved_load(moved, j, territory);
                change += window.violation(sum + sign * load) - window.violation(sum);
            }
        }
        change
    }

    /// [`State::violation_change`] of a single unit.
    pub(crate) fn unit_violation_change(&self, unit: u32, to: u32) -> f64 {
        self.violation_change(self.instance.moved(&unit), self.part(unit), to)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::adjacency::{Edge, EdgeKind, Graph};
    use crate::search::{Balance, Bundle, Random, Scales, coarsen};
    use crate::{Locations, Measure, Objective, ProblemSpec, Territory};

    /// A row of 60 places a degree's tenth apart on the sphere, four anchors among them, a plain measure beside an anchored one.
    fn instance() -> Instance {
        let at: Vec<[f64; 2]> = (0..60).map(|i| [f64::from(i) * 0.1, f64::from(i % 3) * 0.05 + 40.0]).collect();
        let edges: Vec<Edge> = (1..60).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
        let territories = (0..4).map(|t| Territory::new(t.to_string()).anchor([0.7 + 1.5 * f64::from(t), 40.0]));
        let per_km = (0..60).map(|i| 0.01 + f64::from(i % 7) * 0.01).collect();
        let spec =
            ProblemSpec::new(Locations::from_coordinates(Space::Geographic, &at), Graph::from_edges(60, &edges), 4)
                .measure(Measure::new("hours", (0..60).map(|i| 1.0 + f64::from(i % 5)).collect()).per_km(per_km))
                .measure(Measure::new("calls", vec![1.0; 60]).tolerance(0.2))
                .territories(territories.collect())
                .objective(Objective::INERTIA);
        Instance::new(&spec.build().unwrap())
    }

    #[test]
    fn books_and_changes_equal_recomputation() {
        let instance = instance();
        let scales = Scales { inertia: 1e-3, ..Scales::default() };
        let mut random = Random::stream(3, 0, 0);
        let mut state = State::new(&instance, (0..60).map(|u| u / 15).collect(), scales);
        let mut balance = Balance::new(&instance);
        balance.set_lambda(30.0);
        balance.raise(&state, 1.0);
        let mut bundle = Bundle::default();
        for _ in 0..300 {
            let (unit, to) = (random.below(59) as u32, random.below(4) as u32);
            let from = state.part(unit);
            let units = if state.part(unit + 1) == from { vec![unit, unit + 1] } else { vec![unit] };
            if to == from || units.len() as u32 >= state.size(from) {
                continue;
            }
            bundle.set(&instance, units.iter().copied());
            let (violation, energy) = (state.violation(), balance.energy(&state));
            let predicted =
                (state.violation_change(bundle.moved(), from, to), balance.change(&state, bundle.moved(), from, to));
            units.iter().for_each(|&u| state.apply(u, to));
            assert!((state.violation() - violation - predicted.0).abs() < 1e-9);
            assert!((balance.energy(&state) - energy - predicted.1).abs() < 1e-7);
            assert!(state.book_error() < 1e-9);
        }
    }

    #[test]
    fn clusters_know_their_ways_to_a_few_per_cent() {
        let instance = instance();
        let level = coarsen(&instance, 5, 0.5, &[]);
        assert!(level.instance.len() < 25);
        // The measure of the wider bounds comes first.
        for t in 0..4 {
            let parts = vec![t; level.instance.len()];
            let coarse = State::new(&level.instance, parts.clone(), Scales::default());
            let fine = State::new(&instance, level.project(&parts), Scales::default());
            for (measure, allowed) in [(0, 1e-12), (1, 0.02)] {
                let (a, b) = (coarse.sums_of(t)[measure], fine.sums_of(t)[measure]);
                assert!((a / b - 1.0).abs() < allowed, "measure {measure} in {t}: {a} coarse, {b} fine");
            }
        }
    }
}
