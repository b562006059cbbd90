//! Construction: a balanced power diagram, first on coarse points, then on the units.
//!
//! A power diagram gives every point to the centre of least |x − c|² − λ; its cells are convex and, for the weights λ that
//! balance them, of least inertia among all partitions with those loads (Aurenhammer, Hoffmann & Aronov 1998,
//! doi:10.1007/PL00009187). The weights are moved by Newton steps: what crosses the border of two cells when their weights
//! change is measured in a band along it, which makes the Jacobian a Laplacian on the cells. Cells know nothing of the
//! graph: contiguity comes afterwards.
//!
//! Several measures: their mean, weighted by tightness, is balanced by λ; of each measure but the last (the tightest) the
//! *tilt*, load of the measure less the mean load, is brought into its window by a price of its own. The prices are the multipliers of the transport problem
//! of least inertia with all windows as constraints, so cells stretch towards where what they lack is.

use super::instance::Instance;
use super::laplacian::Laplacian;
use super::points::Points;
use super::random::Random;
use super::tree::{Cells, Centres, Tree};
use crate::parallel;
use crate::space::squared_distance;
use crate::terms::{Mass, Moments};
use std::borrow::Cow;

/// Points per territory on the coarse level: 16 lose 2–4 % inertia, 100 gain nothing.
const COARSE: usize = 32;
const FINE_STEPS: usize = 2;
/// Share of the spacing in which a border's conductance is measured, wide at first.
const BANDS: (f64, f64) = (0.2, 0.05);
/// Largest shift of a border in one step, as a share of the spacing.
const TRUST: f64 = 0.25;

/// A power diagram's cells on the units of an instance.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// Cell of every unit. Cells may be empty, and unconnected in the graph.
    pub parts: Vec<u32>,
    /// Centres, km relative to the mean location.
    pub centres: Vec<[f64; 3]>,
    /// Additive weights, km².
    pub lambda: Vec<f64>,
    /// What a load of a measure costs in a cell, km²: `[territory * measures + measure]`. A unit's cost in a cell is its
    /// mean load times the squared distance to the centre plus its loads times these.
    pub prices: Vec<f64>,
}

impl Diagram {
    /// What a unit costs in a cell per mean load, km²: its power distance, tilts included.
    pub fn cost(&self, instance: &Instance, unit: u32, cell: usize) -> f64 {
        let distance = squared_distance(instance.masses[unit as usize].at, self.centres[cell]);
        let load = instance.mean_load(unit);
        if load <= 0.0 {
            return distance - self.lambda[cell];
        }
        let prices = &self.prices[cell * instance.measures..][..instance.measures];
        distance + prices.iter().zip(instance.loads_of(unit)).map(|(p, l)| p * l).sum::<f64>() / load
    }
}

/// Balances a power diagram of `instance.k()` cells on all measures, in `steps` steps on the coarse level: 40 are enough for
/// balance, 120 bring the centres to rest. Its centres start from halving the units along the axes (`turn` 0) or along other
/// directions, one set a turn: the diagrams are different local optima.
pub fn construct(instance: &Instance, steps: usize, turn: u64) -> Diagram {
    let (n, k) = (instance.len(), instance.k());
    let units = points_of(instance);
    let tree = Tree::new(&units);
    // With several measures the mix of single points is noise that would scatter cells: coarse points only.
    let run = n / (COARSE * k).max(1);
    let mut parts = vec![0; n];
    if run < 2 {
        let mut balance = Balance::new(instance, &units, turn);
        balance.run(&tree, steps, true, &mut parts);
        return balance.into_diagram(parts, &instance.shares);
    }
    let coarse = average(&units, run);
    let mut balance = Balance::new(instance, &coarse, turn);
    balance.run(&Tree::new(&coarse.arranged()), steps, true, &mut []);
    balance.run(&tree, FINE_STEPS, false, &mut parts);
    balance.into_diagram(parts, &instance.shares)
}

fn points_of(instance: &Instance) -> Points<'_> {
    let dims = instance.measures - 1;
    let mut points = Points {
        masses: Cow::Borrowed(&instance.masses),
        loads: Cow::Borrowed(&instance.loads),
        tilts: Vec::new(),
        dims,
    };
    if dims == 0 {
        return points;
    }
    let loads: Vec<f64> = (0..instance.len() as u32).map(|u| instance.mean_load(u)).collect();
    for (u, &load) in (0u32..).zip(&loads) {
        let tilt = |&l: &f64| if load > 0.0 { l / load - 1.0 } else { 0.0 };
        points.tilts.extend(instance.loads_of(u)[..dims].iter().map(tilt));
    }
    points.loads = Cow::Owned(loads);
    points
}

/// Averages of runs of consecutive points.
fn average(points: &Points<'_>, run: usize) -> Points<'static> {
    let (n, dims) = (points.len(), points.dims);
    let (masses, sums): (Vec<Mass>, Vec<f64>) = parallel::map_runs(n.div_ceil(run), |i| {
        let range = i * run..n.min((i + 1) * run);
        let mut moments = Moments::default();
        points.masses[range.clone()].iter().for_each(|mass| moments.add(mass));
        (Mass { at: moments.centroid(), weight: moments.weight }, points.loads[range].iter().sum::<f64>())
    })
    .into_iter()
    .unzip();
    let mut tilts = Vec::with_capacity(sums.len() * dims);
    for (i, loads) in points.loads.chunks(run).enumerate() {
        for d in 0..dims {
            let at = |p: usize| points.tilts[(i * run + p) * dims + d];
            let sum: f64 = loads.iter().enumerate().map(|(p, load)| load * at(p)).sum();
            tilts.push(if sums[i] > 0.0 { sum / sums[i] } else { 0.0 });
        }
    }
    Points { masses: masses.into(), loads: sums.into(), tilts, dims }
}

/// A state of the diagram and what it should come to.
#[derive(Clone, Default)]
struct Balance {
    targets: Vec<f64>,
    /// Largest |Σ load · tilt| of a cell, in loads: one column a tilt.
    tilt_windows: Vec<Vec<f64>>,
    centres: Centres,
    /// Nearest other centre of every one.
    nearest: Vec<u32>,
    /// Centres that stay where they are; empty: none.
    pinned: Vec<bool>,
}

impl Balance {
    fn set_spacings(&mut self) {
        (self.centres.spacing, self.nearest) = spacings(&self.centres.at);
    }

    fn new(instance: &Instance, points: &Points<'_>, turn: u64) -> Self {
        let (k, m) = (instance.k(), instance.measures);
        let mut targets: Vec<f64> = (0..k).map(|t| instance.mean_target(t)).collect();
        // The middles of the bounds need not add up to what there is.
        let scale = points.loads.iter().sum::<f64>() / targets.iter().sum::<f64>();
        targets.iter_mut().for_each(|t| *t *= scale);
        let half = |t: usize, j: usize| {
            let w = &instance.windows[t * m + j];
            match (w.lower > 0.0, w.upper.is_finite()) {
                (true, true) => (w.upper - w.lower) / 2.0,
                (true, false) => w.target - w.lower,
                (false, true) => w.upper - w.target,
                (false, false) => f64::INFINITY,
            }
        };
        // Measure and mean may both be off; half of the room is left to what repair and coarse units cost.
        let tilt_windows = (0..points.dims).map(|j| (0..k).map(|t| 0.5 * half(t, j)).collect()).collect();
        let mut at = bisect(points, &targets, turn);
        let pinned = pin(instance, &mut at);
        let centres = Centres { at, lambda: vec![0.0; k], spacing: Vec::new(), tilt_prices: vec![vec![0.0; k]; m - 1] };
        let mut balance = Self { targets, tilt_windows, centres, nearest: Vec::new(), pinned };
        balance.set_spacings();
        balance
    }

    /// How far a cell's tilt is outside its window, signed.
    fn tilt_excess(&self, cells: &Cells, dim: usize, cell: usize) -> f64 {
        let (tilt, window) = (cells.tilts[dim][cell], self.tilt_windows[dim][cell]);
        tilt - tilt.clamp(-window, window)
    }

    fn error(&self, cells: &Cells) -> f64 {
        let k = self.targets.len();
        let load = |j: usize| ((cells.load[j] - self.targets[j]) / self.targets[j]).powi(2);
        let tilt = |d: usize, j: usize| (self.tilt_excess(cells, d, j) / self.targets[j]).powi(2);
        (0..k).map(|j| load(j) + (0..cells.tilts.len()).map(|d| tilt(d, j)).sum::<f64>()).sum()
    }

    /// `steps` Newton steps; centres drift towards their centroids on the way where `drift` is set. `parts` receives the cell of
    /// every point unless it is empty.
    fn run(&mut self, tree: &Tree<'_>, steps: usize, drift: bool, parts: &mut [u32]) {
        let k = self.targets.len();
        if k < 2 {
            return;
        }
        let mut best: (f64, Option<Centres>) = (f64::INFINITY, None);
        let mut damping = 1.0;
        // Least error so far; it is let rise a little while centres drift.
        let mut reference = f64::INFINITY;
        for step in 0..steps {
            let progress = step as f64 / steps as f64;
            let band = if drift { BANDS.0 + (BANDS.1 - BANDS.0) * progress } else { BANDS.1 };
            let cells = tree.assign(&self.centres, band, &mut []);
            let error = self.error(&cells);
            reference = reference.min(error) * 1.02;
            if error > 1.5 * reference + 0.001 * k as f64 {
                // The step was too bold: back to the best state, and on in smaller steps.
                damping *= 0.5;
                if let Some(good) = &best.1 {
                    self.centres = good.clone();
                }
                continue;
            }
            damping = (damping * 1.2f64).min(1.0);
            // Cells stretched by tilts would drag their centres about: there drift ends early.
            let drifting = drift && progress < if self.tilt_windows.is_empty() { 0.85 } else { 0.2 };
            // While centres drift every new state is better placed than the last: it replaces it.
            if drifting || error < best.0 {
                best = (error, Some(self.centres.clone()));
            }
            if drifting {
                self.drift(&cells);
            }
            self.newton(cells, damping);
        }
        let cells = tree.assign(&self.centres, 0.0, parts);
        if self.error(&cells) > best.0
            && let Some(good) = best.1
        {
            self.centres = good;
            if !parts.is_empty() {
                tree.assign(&self.centres, 0.0, parts);
            }
        }
    }

    /// One damped Newton step on the weights and the prices of the tilts, all at once.
    fn newton(&mut self, mut cells: Cells, damping: f64) {
        let (k, dims) = (self.targets.len(), cells.tilts.len());
        let b = dims + 1;
        let mut missing = vec![0.0; k * b];
        for j in 0..k {
            missing[j * b] = self.targets[j] - cells.load[j];
            for d in 0..dims {
                missing[j * b + 1 + d] = -self.tilt_excess(&cells, d, j);
            }
        }
        self.reseed_empty(&cells);
        // A small cell beside a large one may have no point near their border: its nearest centre bounds it all the same.
        for (i, &j) in (0u32..).zip(&self.nearest) {
            cells.borders.push((i.min(j), i.max(j), 0.0));
            cells.border_tilts.resize(cells.border_tilts.len() + dims, 0.0);
        }
        cells.borders.retain(|b| b.0 != b.1);
        // A point moves loads of (1, tilts), and moves by weights of (1, tilts): its conductance is their outer product.
        let mut graph = Laplacian::with_blocks(k, b, &cells.borders, |at, matrix| {
            let tilts = &cells.border_tilts[at * dims..][..dims];
            let value = |a: usize| if a == 0 { 1.0 } else { tilts[a - 1] };
            for a in 0..b {
                for c in 0..b {
                    matrix[a * b + c] += cells.borders[at].2 * value(a) * value(c);
                }
            }
        });
        let spreads = self.spreads(&cells);
        // A border at which no point happens to lie still moves loads once the weights change enough.
        let mut limits = Vec::new();
        graph.modify(|_, (i, j), matrix| {
            for a in 0..b {
                matrix[a * b + a] += FLOOR * spreads[a] * self.even_conductance(i, j);
            }
            limits.push((damping * self.limit(i, j)).max(1e-12));
        });
        let mut delta = vec![0.0; k * b];
        graph.solve(&missing, &mut delta, 12 * b);
        let mut stiffer = false;
        // The step is bounded where it is too large for its border, not cell by cell.
        graph.modify(|pair, (i, j), matrix| {
            let shift: f64 = (0..b).map(|a| spreads[a] * (delta[i * b + a] - delta[j * b + a]).powi(2)).sum();
            let factor = shift.sqrt() / limits[pair];
            if factor > 1.0 {
                stiffer = true;
                matrix.iter_mut().for_each(|m| *m *= factor);
            }
        });
        if stiffer {
            graph.solve(&missing, &mut delta, 12 * b);
        }
        for j in 0..k {
            let step = |a: usize| if delta[j * b + a].is_finite() { 0.8 * damping * delta[j * b + a] } else { 0.0 };
            self.centres.lambda[j] += step(0);
            for d in 0..dims {
                self.centres.tilt_prices[d][j] += step(d + 1);
            }
        }
    }

    /// Mean squares of (1, tilts) over the cells, at least a thousandth.
    fn spreads(&self, cells: &Cells) -> Vec<f64> {
        let total: f64 = cells.borders.iter().map(|b| b.2).sum();
        let dims = cells.tilts.len();
        let square = |d: usize| {
            let sum: f64 =
                cells.borders.iter().enumerate().map(|(at, l)| l.2 * cells.border_tilts[at * dims + d].powi(2)).sum();
            if total > 0.0 { (sum / total).max(1e-3) } else { 1e-3 }
        };
        std::iter::once(1.0).chain((0..dims).map(square)).collect()
    }

    /// Conductance of the border of two cells of even density, load / (2·D²).
    fn even_conductance(&self, i: usize, j: usize) -> f64 {
        let squared = squared_distance(self.centres.at[i], self.centres.at[j]).max(1e-12);
        self.targets[i].min(self.targets[j]) / (2.0 * squared)
    }

    /// Largest change of the power margin at a border in one step, km².
    fn limit(&self, i: usize, j: usize) -> f64 {
        let distance = squared_distance(self.centres.at[i], self.centres.at[j]).sqrt();
        TRUST * distance * distance.min(self.centres.spacing[i]).min(self.centres.spacing[j])
    }

    /// Moves centres a little towards their centroids, with weights corrected so that cells keep their borders on average.
    fn drift(&mut self, cells: &Cells) {
        for j in 0..self.targets.len() {
            let moments = &cells.moments[j];
            if moments.weight <= 0.0 || self.pinned.get(j).is_some_and(|&p| p) {
                continue;
            }
            // Only as far as the cell is balanced.
            let balanced = (1.0 - ((cells.load[j] - self.targets[j]) / self.targets[j]).abs() / UNBALANCED).max(0.0);
            let centroid = moments.centroid();
            let gap = squared_distance(centroid, self.centres.at[j]);
            let length = gap.sqrt();
            if length <= 0.0 {
                continue;
            }
            let share = (DRIFT * balanced * self.centres.spacing[j] / length).min(1.0);
            for (at, to) in self.centres.at[j].iter_mut().zip(centroid) {
                *at += share * (to - *at);
            }
            self.centres.lambda[j] += (share * share - 2.0 * share) * gap;
        }
        self.set_spacings();
    }

    /// An empty cell starts again beside the heaviest one.
    fn reseed_empty(&mut self, cells: &Cells) {
        let empty: Vec<usize> = (0..self.targets.len()).filter(|&j| cells.moments[j].weight <= 0.0).collect();
        if empty.is_empty() {
            return;
        }
        let mut heavy: Vec<usize> = (0..self.targets.len()).collect();
        heavy.sort_by(|&a, &b| {
            let excess = |j: usize| cells.load[j] / self.targets[j];
            excess(b).total_cmp(&excess(a)).then(a.cmp(&b))
        });
        for (&j, &beside) in empty.iter().zip(&heavy) {
            if self.pinned.get(j).is_some_and(|&p| p) {
                // It cannot go there: it claims what is around it from whoever has it.
                let margin =
                    |c: usize| squared_distance(self.centres.at[j], self.centres.at[c]) - self.centres.lambda[c];
                let least = (0..self.targets.len()).filter(|&c| c != j).map(margin).fold(f64::INFINITY, f64::min);
                let spacing = self.centres.spacing[j];
                self.centres.lambda[j] = self.centres.lambda[j].max(0.1 * spacing * spacing - least);
                continue;
            }
            let moments = &cells.moments[beside];
            let radius = if moments.weight > 0.0 { (moments.inertia() / moments.weight).sqrt() } else { 1.0 };
            let mut at = moments.centroid();
            // Off the centre along the axes in turn, so that several empty cells do not meet.
            at[j % 3] += radius.max(1e-6);
            self.centres.at[j] = at;
            self.centres.lambda[j] = self.centres.lambda[beside];
            for prices in &mut self.centres.tilt_prices {
                prices[j] = prices[beside];
            }
        }
        self.set_spacings();
    }

    fn into_diagram(self, parts: Vec<u32>, shares: &[f64]) -> Diagram {
        let k = self.targets.len();
        let m = self.centres.tilt_prices.len() + 1;
        let mut prices = vec![0.0; k * m];
        for t in 0..k {
            // −λ·(mean load) − Σ ν·(load − mean load), by load of each measure.
            let tilts: f64 = self.centres.tilt_prices.iter().map(|p| p[t]).sum();
            for j in 0..m {
                let own = self.centres.tilt_prices.get(j).map_or(0.0, |p| p[t]);
                prices[t * m + j] = -shares[j] * (self.centres.lambda[t] - tilts) - own;
            }
        }
        Diagram { parts, centres: self.centres.at, lambda: self.centres.lambda, prices }
    }
}

/// Centres of parts that carry the targets, by halving the points along the widest of three directions again and again.
fn bisect(points: &Points<'_>, targets: &[f64], turn: u64) -> Vec<[f64; 3]> {
    let directions = directions(turn);
    // Sorted along each direction once; halving keeps the orders.
    let (columns, mut orders): (Vec<Vec<f64>>, Vec<Vec<u32>>) = parallel::map(3, |axis| {
        let d = directions[axis];
        let along = |p: &Mass| p.at[0] * d[0] + p.at[1] * d[1] + p.at[2] * d[2];
        let column: Vec<f64> = points.masses.iter().map(along).collect();
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let along = |p: u32| column[p as usize];
        order.sort_unstable_by(|&a, &b| along(a).total_cmp(&along(b)).then(a.cmp(&b)));
        (column, order)
    })
    .into_iter()
    .unzip();
    let mut is_low = vec![false; points.len()];
    let mut high = Vec::with_capacity(points.len());
    let fallback = points.masses.last().map_or([0.0; 3], |p| p.at);
    let mut at = vec![fallback; targets.len()];
    let mut waiting = vec![(0, points.len(), 0, targets.len(), 0)];
    while let Some((from, to, first, last, order)) = waiting.pop() {
        if last - first <= 1 {
            let mut moments = Moments::default();
            orders[order][from..to].iter().for_each(|&p| moments.add(&points.masses[p as usize]));
            if let Some(at) = at.get_mut(first).filter(|_| moments.weight > 0.0) {
                *at = moments.centroid();
            }
            continue;
        }
        let extent = |axis: usize| match orders[axis][from..to] {
            [low, .., high] => columns[axis][high as usize] - columns[axis][low as usize],
            _ => 0.0,
        };
        let axis = (0..3).max_by(|&a, &b| extent(a).total_cmp(&extent(b))).unwrap_or(0);
        let members = &orders[axis][from..to];
        let middle = first + (last - first) / 2;
        let share = targets[first..middle].iter().sum::<f64>() / targets[first..last].iter().sum::<f64>();
        let wanted = share * members.iter().map(|&p| points.loads[p as usize]).sum::<f64>();
        // Every part keeps a point where there are enough.
        let (least, most) = (from + (middle - first).min(to - from), to.saturating_sub(last - middle).max(from));
        let (mut cut, mut sum) = (from, 0.0);
        while cut < most && (cut < least || sum < wanted) {
            let load = points.loads[members[cut - from] as usize];
            if cut >= least && sum + 0.5 * load > wanted {
                break;
            }
            sum += load;
            cut += 1;
        }
        let (low, rest) = members.split_at(cut - from);
        low.iter().for_each(|&p| is_low[p as usize] = true);
        rest.iter().for_each(|&p| is_low[p as usize] = false);
        for (_, order) in orders.iter_mut().enumerate().filter(|o| o.0 != axis) {
            let members = &mut order[from..to];
            let mut kept = 0;
            high.clear();
            for at in 0..members.len() {
                let p = members[at];
                if is_low[p as usize] {
                    members[kept] = p;
                    kept += 1;
                } else {
                    high.push(p);
                }
            }
            members[kept..].copy_from_slice(&high);
        }
        waiting.push((from, cut, first, middle, axis));
        waiting.push((cut, to, middle, last, axis));
    }
    at
}

/// Gives territories that belong somewhere (by an anchor, or by the units that are locked to them) centres there, and the others
/// what is left of `at`; which is whose costs the least way in all. Says which centres must stay.
fn pin(instance: &Instance, at: &mut [[f64; 3]]) -> Vec<bool> {
    let Some(bonds) = &instance.bonds else { return Vec::new() };
    let mut homes: Vec<Option<[f64; 3]>> = bonds.anchors.clone();
    homes.resize(at.len(), None);
    let mut locked = vec![Moments::default(); at.len()];
    for u in 0..instance.len() as u32 {
        if let Some(t) = bonds.locked(u) {
            locked[t as usize].add(&instance.masses[u as usize]);
        }
    }
    for (home, moments) in homes.iter_mut().zip(&locked) {
        if home.is_none() && moments.weight > 0.0 {
            *home = Some(moments.centroid());
        }
    }
    let owners: Vec<usize> = (0..at.len()).filter(|&t| homes[t].is_some()).collect();
    if owners.is_empty() {
        return Vec::new();
    }
    let farthest = at.iter().map(|c| c.iter().map(|x| x * x).sum::<f64>()).fold(1.0, f64::max);
    let mut pairs = Vec::with_capacity(owners.len() * at.len());
    for (row, &t) in (0u32..).zip(&owners) {
        for (column, centre) in (0u32..).zip(at.iter()) {
            let home = homes[t].unwrap_or_default();
            // A weight that falls with the square of the way, and never to nothing.
            pairs.push((row, column, 16.0 * farthest - squared_distance(home, *centre).min(15.0 * farthest)));
        }
    }
    let matching = crate::flow::maximum_weight_matching(owners.len(), at.len(), &pairs);
    let mut left: Vec<bool> = vec![true; at.len()];
    matching.column_of.iter().flatten().for_each(|&c| left[c as usize] = false);
    let before = at.to_vec();
    let mut rest = before.iter().zip(&left).filter(|c| *c.1).map(|c| *c.0);
    for (t, at) in at.iter_mut().enumerate() {
        match homes[t] {
            Some(home) => *at = home,
            None => *at = rest.next().unwrap_or(*at),
        }
    }
    (0..before.len()).map(|t| bonds.anchors.get(t).is_some_and(Option::is_some)).collect()
}

/// The axes, or another right-angled set a turn, by Gram and Schmidt.
fn directions(turn: u64) -> [[f64; 3]; 3] {
    let mut set = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    if turn == 0 {
        return set;
    }
    let mut random = Random::stream(turn, DIRECTIONS, 0);
    for i in 0..3 {
        let mut d = [0; 3].map(|_| random.unit() - 0.5);
        for other in &set[..i] {
            let along = d[0] * other[0] + d[1] * other[1] + d[2] * other[2];
            d.iter_mut().zip(other).for_each(|(d, o)| *d -= along * o);
        }
        let length = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        // Three that lie in a plane, which hardly happens: the axes do as well.
        if length < 1e-6 {
            return directions(0);
        }
        set[i] = d.map(|d| d / length);
    }
    set
}

/// Random stream of [`directions`].
const DIRECTIONS: u64 = 4;

/// Least conductance of a border, as a share of what cells of even density would have.
const FLOOR: f64 = 0.1;
/// Largest move of a centre in one step, as a share of its spacing.
const DRIFT: f64 = 0.2;
/// A cell off its target by this share keeps its centre.
const UNBALANCED: f64 = 0.25;

/// Distance of every centre to the nearest other one, and which that is. Sorted along the widest axis, only near ones are looked at: an
/// outlying centre beside crowded ones, which stop looking before they come to it, may get one that is farther away.
fn spacings(at: &[[f64; 3]]) -> (Vec<f64>, Vec<u32>) {
    let spread = |axis: usize| {
        let low = at.iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
        at.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max) - low
    };
    let axis =
        if spread(0) >= spread(1) && spread(0) >= spread(2) { 0 } else { 1 + usize::from(spread(2) > spread(1)) };
    let mut sorted: Vec<([f64; 3], u32)> = at.iter().copied().zip(0..).collect();
    sorted.sort_unstable_by(|a, b| a.0[axis].total_cmp(&b.0[axis]).then(a.1.cmp(&b.1)));
    let mut nearest = vec![f64::INFINITY; at.len()];
    let mut which: Vec<u32> = (0..at.len() as u32).collect();
    for (i, &(here, a)) in sorted.iter().enumerate() {
        let mut least = (nearest[a as usize], which[a as usize]);
        for &(there, b) in &sorted[i + 1..] {
            if (there[axis] - here[axis]).powi(2) > least.0 {
                break;
            }
            let distance = squared_distance(here, there);
            if distance < least.0 {
                least = (distance, b);
            }
            if distance < nearest[b as usize] {
                (nearest[b as usize], which[b as usize]) = (distance, a);
            }
        }
        (nearest[a as usize], which[a as usize]) = least;
    }
    (nearest.iter().map(|d| if d.is_finite() { d.sqrt().max(1e-9) } else { 1.0 }).collect(), which)
}
