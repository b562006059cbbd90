//! The problem as the search sees it: units in Hilbert order, columns scaled so that numbers of every problem are alike.
//!
//! Knows nothing of plans. A part of an instance (some of its territories with their units) is an instance again: that is
//! how pieces of work are made for parallel rounds.

use super::bonds::Bonds;
use super::order::hilbert_order;
use super::state::RUN;
use super::ways::Ways;
use super::wishes::Wishes;
use crate::adjacency::Graph;
use crate::parallel;
use crate::problem::Problem;
use crate::terms::Mass;

/// What a territory's sum of a measure should be, in units of the mean target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Wanted sum: the middle of the bounds.
    pub target: f64,
    /// Least allowed sum.
    pub lower: f64,
    /// Largest allowed sum.
    pub upper: f64,
}

impl Window {
    /// How far `sum` is outside, relative to the target.
    #[inline]
    pub fn violation(&self, sum: f64) -> f64 {
        // Sums that are moved about gather rounding errors: what is within 1e-9 of a bound counts as on it.
        let slack = 1e-9 * self.target;
        ((self.lower - sum).max(sum - self.upper) - slack).max(0.0) / self.target
    }
}

/// A problem in search form.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The problem's unit at every position.
    pub order: Vec<u32>,
    /// Locations relative to the mean one, with the weight of compactness (mean 1).
    pub masses: Vec<Mass>,
    /// Rows of the graph.
    pub offsets: Vec<u32>,
    /// Neighbours.
    pub links: Vec<u32>,
    /// Border length in km beside `links`; empty unless the objective asks for it.
    pub borders: Vec<f32>,
    /// Weight of the cut beside `links`; empty where all are 1 or the objective does not ask for it.
    pub weights: Vec<f32>,
    /// Measures: `[unit * measures + measure]`, in units of the mean target.
    pub loads: Vec<f64>,
    /// Number of measures. The one of the tightest bounds comes last, whatever the problem's order.
    pub measures: usize,
    /// Share of each measure in the mean load, by how tight its bounds are; they add up to 1.
    pub shares: Vec<f64>,
    /// `[territory * measures + measure]`.
    pub windows: Vec<Window>,
    /// What binds the units beside links and loads; none where nothing does.
    pub bonds: Option<Box<Bonds>>,
    /// Ways to anchors, where measures depend on them.
    pub(crate) ways: Option<Box<Ways>>,
    /// Units of the finest level of a hierarchy, where this is a coarser one; 0 where it is none.
    pub(crate) finest: usize,
}

impl Instance {
    /// The search form of a problem.
    pub fn new(problem: &Problem) -> Self {
        let points = problem.locations().points();
        let (order, mean) = parallel::join(|| hilbert_order(problem.locations()), || mean_of(points));
        let n = order.len();
        let mut rank = vec![0u32; n];
        for (position, &unit) in order.iter().enumerate() {
            rank[unit as usize] = position as u32;
        }
        let graph = problem.graph();
        let (k, measures) = (problem.k(), problem.measures().len());
        let columns = by_tightness(problem);
        let scales: Vec<f64> = columns.iter().map(|c| k as f64 / problem.total(c.0)).collect();
        let mut loads = vec![0.0; n * measures];
        for (j, &(column, _)) in columns.iter().enumerate() {
            let values = problem.least_loads(column);
            parallel::for_each_chunk(&mut loads, RUN * measures, |run, loads| {
                for (row, &unit) in loads.chunks_exact_mut(measures).zip(&order[run * RUN..]) {
                    row[j] = values[unit as usize];
                }
            });
        }
        // Units lie scattered over the problem's columns, and every read waits: the weight is mostly one of the measures just read.
        let weighs = columns.iter().position(|c| c.0 == problem.weight() && !problem.is_anchored(c.0));
        let weights = &problem.measures()[problem.weight()].values[..];
        let mean_weight = problem.total_weight() / n as f64;
        // Units of weight zero would cost nothing and grow tendrils: every unit gets a hundredth of the mean.
        let masses = parallel::map_rows(&order, (&loads, measures), move |&unit, loads| {
            let p = points[unit as usize];
            let own = weighs.map_or_else(|| weights[unit as usize], |j| loads[j]);
            let weight = (own / mean_weight + 0.01) / 1.01;
            Mass { at: [p[0] - mean[0], p[1] - mean[1], p[2] - mean[2]], weight }
        });
        parallel::for_each_chunk(&mut loads, RUN * measures, |_, loads| {
            for row in loads.chunks_exact_mut(measures) {
                row.iter_mut().zip(&scales).for_each(|(load, scale)| *load *= scale);
            }
        });

        let (rows, objective) = (Rows::new(graph, &order), problem.objective());
        // Two passes: neighbours are known at once only where nothing waits for their ranks.
        let mut links = rows.gather(graph.links());
        let ranks = &rank[..];
        parallel::for_each_chunk(&mut links, RUN, move |_, links| {
            links.iter_mut().for_each(|link| *link = ranks[*link as usize]);
        });
        let borders = if objective.border > 0.0 { rows.gather(graph.borders_km()) } else { Vec::new() };
        let cut_weights = if objective.cut > 0.0 { rows.gather(graph.link_weights()) } else { Vec::new() };
        let offsets = rows.offsets;

        let window = |t: usize, j: usize| {
            let (lower, upper) = problem.unit_bounds(t, columns[j].0);
            let target = (problem.target(t, columns[j].0) - problem.carried(t, columns[j].0)) * scales[j];
            // What a territory carries may leave no room at all.
            let (target, upper) = (target.max(LEAST_TARGET), upper.max(lower).max(0.0) * scales[j]);
            let lower = lower * scales[j];
            let middle = if upper.is_finite() { (lower + upper) / 2.0 } else { target.max(lower) };
            // A maximum of zero, or a target pushed to it, would divide by zero.
            Window { target: if middle > 0.0 { middle } else { target }, lower, upper }
        };
        let windows = (0..k).flat_map(|t| (0..measures).map(move |j| (t, j))).map(|(t, j)| window(t, j)).collect();
        let shares = columns.iter().map(|c| c.1).collect();
        let scaled: Vec<(usize, f64)> = columns.iter().map(|c| c.0).zip(scales).collect();
        let mut bonds = Bonds::new(problem, &order, &rank, mean);
        if problem.has_wishes() {
            bonds.get_or_insert_default().wishes = Wishes::new(problem, &scaled);
        }
        let ways = Ways::new(problem, &order, mean, &scaled);
        let weights = cut_weights;
        Self {
            order,
            masses,
            offsets,
            links,
            borders,
            weights,
            loads,
            measures,
            shares,
            windows,
            bonds,
            ways,
            finest: 0,
        }
    }

    /// Says where units are today, what it costs that they leave, and which may not.
    pub(crate) fn set_home(&mut self, home: Vec<u32>, stay: Vec<f32>, protected: &[bool]) {
        let (units, k) = (self.len(), self.k());
        self.bonds.get_or_insert_default().set_home(home, stay, protected, (units, k));
    }

    /// Territory of a unit today; `u32::MAX` where it has none.
    #[inline]
    pub(crate) fn home_of(&self, unit: u32) -> u32 {
        self.bonds.as_ref().and_then(|bonds| bonds.home.get(unit as usize)).copied().unwrap_or(u32::MAX)
    }

    /// What it costs that a unit leaves its territory of today, in units of the mean.
    pub(crate) fn stay_of(&self, unit: u32) -> f32 {
        self.bonds.as_ref().and_then(|bonds| bonds.stay.get(unit as usize)).copied().unwrap_or(0.0)
    }

    /// Number of units.
    #[inline]
    pub fn len(&self) -> usize {
        self.masses.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.masses.is_empty()
    }

    /// Number of territories.
    #[inline]
    pub fn k(&self) -> usize {
        self.windows.len() / self.measures.max(1)
    }

    /// Neighbours of a unit.
    #[inline]
    pub fn neighbours(&self, unit: u32) -> &[u32] {
        &self.links[self.offsets[unit as usize] as usize..self.offsets[unit as usize + 1] as usize]
    }

    /// Measures of a unit.
    #[inline]
    pub fn loads_of(&self, unit: u32) -> &[f64] {
        &self.loads[unit as usize * self.measures..][..self.measures]
    }

    /// Weighted mean over the measures: the one load that geometric construction balances.
    #[inline]
    pub fn mean_load(&self, unit: u32) -> f64 {
        self.loads_of(unit).iter().zip(&self.shares).map(|(load, share)| load * share).sum()
    }

    /// Mean wanted load of a territory, by the same mean.
    pub fn mean_target(&self, territory: usize) -> f64 {
        let windows = &self.windows[territory * self.measures..][..self.measures];
        windows.iter().zip(&self.shares).map(|(w, share)| w.target * share).sum()
    }

    /// Units with a load above every territory's upper bound: no plan meets the bound of their territory.
    pub fn oversize_units(&self) -> Vec<u32> {
        let m = self.measures;
        let upper = |j: usize| self.windows.iter().skip(j).step_by(m).map(|w| w.upper).fold(0.0, f64::max);
        let uppers: Vec<f64> = (0..m).map(upper).collect();
        let oversize = |u: &u32| self.loads_of(*u).iter().zip(&uppers).any(|(&l, &upper)| l > upper);
        (0..self.len() as u32).filter(oversize).collect()
    }

    /// Territories of a plan that hold an oversize unit, each once, with the loads of the first one.
    pub fn oversize_territories(&self, parts: &[u32]) -> Vec<(u32, Vec<f64>)> {
        let mut taken = std::collections::BTreeSet::new();
        let of = |&u: &u32| (parts[u as usize], self.loads_of(u).to_vec());
        self.oversize_units().iter().map(of).filter(|(territory, _)| taken.insert(*territory)).collect()
    }

    /// Lets `territory` be the one of an oversize unit with these loads: nearest to its bounds when the unit is alone.
    pub fn make_room(&mut self, territory: u32, loads: &[f64]) {
        let m = self.measures;
        for (w, &load) in self.windows[territory as usize * m..][..m].iter_mut().zip(loads) {
            if load > w.upper {
                *w = Window { target: load, lower: load, upper: load };
            } else {
                w.lower = w.lower.min(load);
            }
        }
    }

    /// The instance of some units (ascending positions) and some territories. Links to other units are left out; `rank` is
    /// scratch of `len()` entries, all `u32::MAX` before and after.
    pub fn part(&self, units: &[u32], territories: &[u32], rank: &mut [u32]) -> Self {
        for (i, &u) in units.iter().enumerate() {
            rank[u as usize] = i as u32;
        }
        let mut part = Instance {
            order: units.iter().map(|&u| self.order[u as usize]).collect(),
            masses: units.iter().map(|&u| self.masses[u as usize]).collect(),
            offsets: Vec::with_capacity(units.len() + 1),
            links: Vec::new(),
            borders: Vec::new(),
            weights: Vec::new(),
            loads: units.iter().flat_map(|&u| self.loads_of(u).iter().copied()).collect(),
            measures: self.measures,
            shares: self.shares.clone(),
            windows: Vec::with_capacity(territories.len() * self.measures),
            bonds: self.bonds.as_ref().map(|bonds| Box::new(bonds.part(units, territories, rank))),
            ways: self.ways.as_ref().map(|ways| Box::new(ways.part(units, territories))),
            finest: 0,
        };
        part.offsets.push(0);
        for &u in units {
            let row = self.offsets[u as usize] as usize..self.offsets[u as usize + 1] as usize;
            for link in row {
                let v = rank[self.links[link] as usize];
                if v != u32::MAX {
                    part.links.push(v);
                    if !self.borders.is_empty() {
                        part.borders.push(self.borders[link]);
                    }
                    if !self.weights.is_empty() {
                        part.weights.push(self.weights[link]);
                    }
                }
            }
            part.offsets.push(part.links.len() as u32);
        }
        for &t in territories {
            part.windows.extend_from_slice(&self.windows[t as usize * self.measures..][..self.measures]);
        }
        for &u in units {
            rank[u as usize] = u32::MAX;
        }
        part
    }
}

fn mean_of(points: &[[f64; 3]]) -> [f64; 3] {
    let mut mean = [0.0; 3];
    for p in points {
        for i in 0..3 {
            mean[i] += p[i] / points.len() as f64;
        }
    }
    mean
}

/// Rows of a graph in another order of the units.
struct Rows {
    /// Where rows begin in the graph.
    firsts: Vec<u32>,
    /// Where they begin in that order.
    offsets: Vec<u32>,
}

impl Rows {
    fn new(graph: &Graph, order: &[u32]) -> Self {
        let (mut firsts, mut offsets) = (vec![0; order.len()], vec![0; order.len() + 1]);
        let mut runs: Vec<_> = firsts.chunks_mut(RUN).zip(offsets[1..].chunks_mut(RUN)).collect();
        parallel::for_each(&mut runs, |run, (firsts, lengths)| {
            for ((first, length), &unit) in firsts.iter_mut().zip(&mut **lengths).zip(&order[run * RUN..]) {
                let row = graph.row(unit);
                (*first, *length) = (row.start as u32, row.len() as u32);
            }
        });
        let mut end = 0;
        for offset in &mut offsets[1..] {
            end += *offset;
            *offset = end;
        }
        Self { firsts, offsets }
    }

    /// A column beside the graph's links, row after row in that order; nothing of an empty one.
    fn gather<T: Copy + Default + Send + Sync>(&self, column: &[T]) -> Vec<T> {
        if column.is_empty() {
            return Vec::new();
        }
        let n = self.firsts.len();
        let ends: Vec<usize> = (1..=n.div_ceil(RUN)).map(|run| self.offsets[(run * RUN).min(n)] as usize).collect();
        let mut gathered = vec![T::default(); self.offsets[n] as usize];
        parallel::for_each_part(&mut gathered, &ends, |run, mut part| {
            for (&first, ends) in self.firsts[run * RUN..].iter().zip(self.offsets[run * RUN..].windows(2)).take(RUN) {
                let (length, from) = ((ends[1] - ends[0]) as usize, &column[first as usize..]);
                // Most rows are short. How long each is need not be foretold where all are copied alike: what is too much is
                // overwritten by the next ones.
                match (part.first_chunk_mut::<SHORT>(), from.first_chunk()) {
                    (Some(to), Some(from)) if length <= SHORT => *to = *from,
                    _ => part.iter_mut().zip(from).take(length).for_each(|(to, from)| *to = *from),
                }
                part = &mut part[length..];
            }
        });
        gathered
    }
}

/// Columns of the problem with their shares in the mean load, the tightest last. A measure that may vary much must not pull
/// the mean about: shares go with one over the square of the room that the bounds leave.
fn by_tightness(problem: &Problem) -> Vec<(usize, f64)> {
    let room = |j: usize| {
        let of = |t: usize| {
            let ((lower, upper), target) = (problem.bounds(t, j), problem.target(t, j));
            (upper - target).min(target - lower).max(0.0) / target
        };
        (0..problem.k()).map(of).fold(f64::INFINITY, f64::min).max(LEAST_ROOM)
    };
    let mut columns: Vec<(usize, f64)> = (0..problem.measures().len()).map(|j| (j, room(j).powi(-2))).collect();
    columns.sort_by(|a, b| a.1.total_cmp(&b.1));
    let total: f64 = columns.iter().map(|c| c.1).sum();
    columns.iter_mut().for_each(|c| c.1 /= total);
    columns
}

/// Entries of a row that are copied at once.
const SHORT: usize = 8;
/// Least target, in mean targets: of a territory that carries all it may already.
const LEAST_TARGET: f64 = 1e-6;
/// Bounds narrower than this are taken for as narrow.
const LEAST_ROOM: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjacency::{Edge, EdgeKind};
    use crate::search::Random;
    use crate::{Locations, Measure, Objective, ProblemSpec, Space};

    #[test]
    #[allow(clippy::unwrap_used)]
    fn everything_of_a_unit_is_at_its_position() {
        // Two hubs with rows longer than what is copied at once, a short row at the graph's end, and more units than a run has.
        let n = RUN as u32 + 4_000;
        let mut random = Random::stream(11, 0, 0);
        let coordinates: Vec<[f64; 2]> = (0..n).map(|_| [random.unit() * 1e5, random.unit() * 1e5]).collect();
        let length = |a: u32, b: u32| (a.wrapping_mul(31) ^ b) as f32 % 97.0 + 1.0;
        let mut edges: Vec<Edge> = (1..n).map(|i| Edge::new(i - 1, i, EdgeKind::Border, length(i - 1, i))).collect();
        edges.extend((50..70).map(|i| Edge::new(3, i, EdgeKind::Border, length(3, i))));
        edges.extend((80..95).map(|i| Edge::new(i, n - 2, EdgeKind::Border, length(i, n - 2))));
        let graph = Graph::from_edges(n as usize, &edges);
        let values = |seed: u64| -> Vec<f64> {
            let mut random = Random::stream(seed, 0, 0);
            (0..n).map(|_| 0.5 + random.unit()).collect()
        };
        let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &coordinates), graph, 5)
            .measure(Measure::new("wide", values(1)).tolerance(0.2))
            .measure(Measure::new("narrow", values(2)).tolerance(0.02))
            .objective(Objective { border: 1.0, ..Objective::default() })
            .build()
            .unwrap();
        let instance = Instance::new(&problem);
        let mut rank = vec![u32::MAX; n as usize];
        (0..).zip(&instance.order).for_each(|(position, &unit)| rank[unit as usize] = position);
        let (graph, mean_weight) = (problem.graph(), problem.total_weight() / f64::from(n));
        for (position, &unit) in (0u32..).zip(&instance.order) {
            let neighbours: Vec<u32> = graph.neighbours(unit).iter().map(|&v| rank[v as usize]).collect();
            assert_eq!(instance.neighbours(position), neighbours, "unit {unit}");
            let borders = &instance.borders[instance.offsets[position as usize] as usize..][..neighbours.len()];
            assert_eq!(borders, &graph.borders_km()[graph.row(unit)], "unit {unit}");
            // The tightest measure comes last.
            let load = |j: usize| problem.measures()[j].values[unit as usize] * (5.0 / problem.total(j));
            assert_eq!(instance.loads_of(position), [load(0), load(1)], "unit {unit}");
            let weight = problem.measures()[problem.weight()].values[unit as usize];
            assert_eq!(instance.masses[position as usize].weight, (weight / mean_weight + 0.01) / 1.01);
        }
        let mean: f64 = instance.masses.iter().map(|m| m.at[0]).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 1e-6, "{mean}");
    }
}
