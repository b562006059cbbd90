//! The energy of imbalance: a squared penalty on deviations and a price per territory and measure.
//!
//! With d = (sum − wanted) / target the energy is Σ λⱼ·d² + μₜⱼ·sum/target. The penalty alone cannot carry load across many
//! territories; prices can: they rise where there is too much, at once over the whole territory graph through a Laplacian
//! solve (the multiplier method, with Newton's direction of the flow that is missing).

use super::instance::{Instance, Window};
use super::laplacian::Laplacian;
use super::state::State;
use super::ways::Moved;
use crate::terms::Mass;

/// Sums are pulled no farther inside their bounds than this: a penalty that is soft enough not to pull wide windows to their
/// middles is too soft for the prices, which then swing.
const PULL: f64 = 0.005;

/// Penalty and prices.
#[derive(Clone, Debug)]
pub struct Balance {
    /// λ, the penalty's weight.
    lambda: f64,
    /// μ: `[territory * measures + measure]`.
    prices: Vec<f64>,
    /// Range of sums without penalty, beside `prices`.
    calm: Vec<(f64, f64)>,
    /// Bounds that no move may violate more, beside `prices`; empty: none.
    walls: Vec<(f64, f64)>,
    potentials: Vec<Vec<f64>>,
    /// Least deviation that counts.
    grain: f64,
    /// Whether all are inside the walls, and nothing else counts.
    only_walls: bool,
}

impl Balance {
    /// No prices yet; penalty 1; every sum is pulled to its target.
    pub fn new(instance: &Instance) -> Self {
        let (m, k) = (instance.measures, instance.k());
        let mut balance = Self {
            lambda: 1.0,
            grain: 0.0,
            only_walls: false,
            prices: vec![0.0; k * m],
            calm: Vec::new(),
            walls: Vec::new(),
            potentials: vec![vec![0.0; k]; m],
        };
        balance.set_calm(instance, 0.0);
        balance
    }

    /// Sets the penalty's weight λ.
    pub fn set_lambda(&mut self, lambda: f64) {
        self.lambda = lambda;
    }

    /// Sets where sums are free of penalty. A share of 0 pulls every measure inside its window by the tightest measure's
    /// tolerance, at most half a per cent: a tight one to its target, a loose one only to the inner part of its window. A
    /// share of 1 leaves all windows free.
    pub fn set_calm(&mut self, instance: &Instance, share: f64) {
        self.only_walls &= share >= 1.0;
        let half = |w: &Window| (w.upper - w.lower) / 2.0 / w.target;
        // Windows of a single value hold what cannot be otherwise; they say nothing of the rest.
        let tightest = instance.windows.iter().map(half).filter(|&h| h > 1e-9).fold(f64::INFINITY, f64::min);
        let tightest = if tightest.is_finite() { tightest.min(PULL) } else { 0.0 };
        let calm = |w: &Window| {
            if w.upper.is_finite() {
                let free = (half(w) - (1.0 - share) * tightest).max(self.grain) * w.target;
                (w.target - free, w.target + free)
            } else {
                // No upper bound: only what is missing counts, with a little to spare.
                (if w.lower > 0.0 { w.lower * (1.0 + 1e-3 * (1.0 - share)) } else { f64::NEG_INFINITY }, f64::INFINITY)
            }
        };
        self.calm = instance.windows.iter().map(calm).collect();
    }

    /// Deviations up to `grain` count for nothing, whatever the bounds: lumpy units meet narrow bounds by ragged borders only.
    pub fn set_grain(&mut self, grain: f64) {
        self.grain = grain;
    }

    /// From now on moves that add to a violation of the bounds, widened to a deviation of `least` where they are narrower, are
    /// refused, whatever they gain.
    pub fn set_walls(&mut self, instance: &Instance, least: f64) {
        self.only_walls = false;
        let wall = |w: &Window| (w.lower.min((1.0 - least) * w.target), w.upper.max((1.0 + least) * w.target));
        self.walls = instance.windows.iter().map(wall).collect();
    }

    /// The bounds are walls, and nothing else counts: no prices, and no penalty where they hold.
    pub fn set_only_walls(&mut self, state: &State<'_>) {
        self.clear_prices();
        self.set_calm(state.instance, 1.0);
        self.set_walls(state.instance, 0.0);
        self.only_walls = state.violation() == 0.0;
    }

    /// Whether no move can gain by imbalance.
    #[inline]
    pub(crate) fn has_only_walls(&self) -> bool {
        self.only_walls
    }

    /// Whether a territory is inside the walls.
    pub fn keeps_walls(&self, state: &State<'_>, territory: u32) -> bool {
        let m = state.instance.measures;
        let walls = self.walls.iter().skip(territory as usize * m);
        walls.zip(state.sums_of(territory)).all(|(&(lower, upper), &sum)| lower <= sum && sum <= upper)
    }

    /// Forgets all prices.
    pub fn clear_prices(&mut self) {
        self.prices.fill(0.0);
        self.potentials.iter_mut().for_each(|p| p.fill(0.0));
    }

    /// Lowers every price to a share that its window says.
    pub(super) fn scale_prices(&mut self, instance: &Instance, share: impl Fn(&Window) -> f64) {
        self.prices.iter_mut().zip(&instance.windows).for_each(|(price, window)| *price *= share(window));
    }

    /// Prices, `[territory * measures + measure]`.
    pub fn prices(&self) -> &[f64] {
        &self.prices
    }

    /// Takes prices from a power diagram: km² per load become energy per share of the target.
    pub fn set_diagram_prices(&mut self, state: &State<'_>, prices: &[f64]) {
        self.only_walls = false;
        let instance = state.instance;
        let mass: f64 = instance.masses.iter().map(|m| m.weight).sum();
        let load: f64 = (0..instance.len() as u32).map(|u| instance.mean_load(u)).sum();
        if load <= 0.0 {
            return;
        }
        for ((own, price), window) in self.prices.iter_mut().zip(prices).zip(&instance.windows) {
            *own = state.scales.inertia * mass / load * price * window.target;
        }
    }

    #[inline]
    fn deviation(&self, slot: usize, window: &Window, sum: f64) -> f64 {
        let (low, high) = self.calm[slot];
        // No min/max chain: the common case is inside or outside one end.
        let over = if sum > high {
            sum - high
        } else if sum < low {
            sum - low
        } else {
            0.0
        };
        over / window.target
    }

    /// What the energy of imbalance gains when `moved` goes from one territory to another; infinite where walls are in the way.
    #[inline]
    pub fn change(&self, state: &State<'_>, moved: Moved<'_>, from: u32, to: u32) -> f64 {
        self.change_unless(state, moved, from, to, |_| false)
    }

    /// The same, where walls are asked only if the change without them is not `too_much`.
    #[inline]
    pub(super) fn change_unless(
        &self,
        state: &State<'_>,
        moved: Moved<'_>,
        from: u32,
        to: u32,
        too_much: impl Fn(f64) -> bool,
    ) -> f64 {
        // Each with a code of its own: hardly any problem has ways, and this is asked all the time.
        match &state.instance.ways {
            None => self.change_by(state, moved.loads.len(), |j, _| moved.loads[j], from, to, too_much),
            Some(_) => {
                let load = |j: usize, t: u32| state.instance.moved_load(moved, j, t);
                self.change_by(state, moved.loads.len(), load, from, to, too_much)
            }
        }
    }

    #[inline]
    fn change_by(
        &self,
        state: &State<'_>,
        m: usize,
        load: impl Fn(usize, u32) -> f64,
        from: u32,
        to: u32,
        too_much: impl Fn(f64) -> bool,
    ) -> f64 {
        let mut change = 0.0;
        let slots = |t: u32| t as usize * m..(t as usize + 1) * m;
        let slots = slots(from).zip(slots(to));
        let sums = state.sums_of(from).iter().zip(state.sums_of(to));
        for (j, ((a, b), (&mine, &theirs))) in slots.zip(sums).enumerate() {
            change += self.change_of(state, a, mine, -load(j, from));
            change += self.change_of(state, b, theirs, load(j, to));
        }
        if !self.walls.is_empty() && !too_much(change) && self.adds_violation(state, m, &load, from, to) {
            return f64::INFINITY;
        }
        change
    }

    #[inline]
    fn change_of(&self, state: &State<'_>, slot: usize, sum: f64, load: f64) -> f64 {
        let window = &state.instance.windows[slot];
        let (before, after) = (self.deviation(slot, window, sum), self.deviation(slot, window, sum + load));
        self.lambda * (after * after - before * before) + self.prices[slot] * load / window.target
    }

    /// Energy of imbalance of the whole plan.
    pub fn energy(&self, state: &State<'_>) -> f64 {
        let m = state.instance.measures;
        let term = |(slot, window): (usize, &Window)| {
            let sum = state.sums_of((slot / m) as u32)[slot % m];
            self.lambda * self.deviation(slot, window, sum).powi(2) + self.prices[slot] * sum / window.target
        };
        state.instance.windows.iter().enumerate().map(term).sum()
    }

    /// Raises every price by `rate`·λ·d.
    pub fn raise(&mut self, state: &State<'_>, rate: f64) {
        self.only_walls = false;
        let m = state.instance.measures;
        for (slot, window) in state.instance.windows.iter().enumerate() {
            let sum = state.sums_of((slot / m) as u32)[slot % m];
            self.prices[slot] += rate * self.lambda * self.deviation(slot, window, sum);
        }
    }

    /// Raises prices by `rate` times what would carry all deviations over the territory graph at once: Newton's step.
    pub fn raise_by_flow(&mut self, state: &State<'_>, rate: f64) {
        self.only_walls = false;
        let (m, k) = (state.instance.measures, state.instance.k());
        let mut graph = Laplacian::new(k, &conductances(state));
        for j in 0..m {
            let deviation = |t: usize| {
                let window = &state.instance.windows[t * m + j];
                self.deviation(t * m + j, window, state.sums_of(t as u32)[j])
            };
            let surplus: Vec<f64> = (0..k).map(deviation).collect();
            graph.solve(&surplus, &mut self.potentials[j], 40);
            for t in 0..k {
                self.prices[t * m + j] += rate * self.potentials[j][t];
            }
        }
    }

    /// Whether the walls of both territories together are violated more after loads have gone from one to the other.
    #[inline]
    fn adds_violation(
        &self,
        state: &State<'_>,
        m: usize,
        load: impl Fn(usize, u32) -> f64,
        from: u32,
        to: u32,
    ) -> bool {
        let mut more = 0.0;
        for j in 0..m {
            for (territory, load) in [(from, -load(j, from)), (to, load(j, to))] {
                let slot = territory as usize * m + j;
                let (lower, upper) = self.walls[slot];
                let sum = state.sums_of(territory)[j];
                let beyond = |sum: f64| (lower - sum).max(sum - upper).max(0.0);
                more += (beyond(sum + load) - beyond(sum)) / state.instance.windows[slot].target;
            }
        }
        more > 1e-12
    }
}

/// Links of the territory graph, each once, with 1.
pub fn territory_links(state: &State<'_>) -> Vec<(u32, u32, f64)> {
    state.neighbouring().into_iter().map(|(a, b)| (a, b, 1.0)).collect()
}

/// Links of the territory graph with the share of a target that crosses them per difference of prices.
///
/// Between two cells of even density whose centres are D apart, a difference of weights of Δλ km² shifts the border by
/// Δλ/2D, over which lies a share Δλ/2D² of a cell; and a price of the energy E of a territory's mass M counts as
/// E/(M·energy per inertia) km². Where distances count for nothing, or next to nothing, a cell of energy 1 is taken.
fn conductances(state: &State<'_>) -> Vec<(u32, u32, f64)> {
    let mut links = territory_links(state);
    for (i, j, conductance) in &mut links {
        let (a, b) = (state.moments_of(*i), state.moments_of(*j));
        let squared = crate::space::squared_distance(a.centroid(), b.centroid());
        let energy = state.scales.inertia * 0.5 * (state.mass_of(*i) + state.mass_of(*j)) * squared;
        // With several measures the coarse places that this stiffens are needed for the trade between them.
        let even = energy <= 0.0 || state.instance.measures > 1;
        *conductance = if even { EVEN } else { 0.5 / energy };
    }
    links
}

/// Conductance between two discs of inertia energy 1: D² = 7.2 inertia / mass.
const EVEN: f64 = 0.07;

/// Moves a few units at once: what they weigh together.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The units.
    pub units: Vec<u32>,
    /// Their mass at its centroid.
    pub mass: Mass,
    /// Their loads.
    pub loads: Vec<f64>,
}

impl Bundle {
    /// Takes up these units.
    pub fn set(&mut self, instance: &Instance, units: impl Iterator<Item = u32>) {
        self.units.clear();
        self.units.extend(units);
        self.loads.clear();
        self.loads.resize(instance.measures, 0.0);
        let mut moments = crate::terms::Moments::default();
        for &u in &self.units {
            moments.add(&instance.masses[u as usize]);
            for (sum, &load) in self.loads.iter_mut().zip(instance.loads_of(u)) {
                *sum += load;
            }
        }
        self.mass = Mass { at: moments.centroid(), weight: moments.weight };
    }

    /// All of them, as they move to one territory.
    #[inline]
    pub fn moved(&self) -> Moved<'_> {
        Moved { loads: &self.loads, there: &self.units, back: &[] }
    }
}
