//! From a diagram on the coarsest level to a plan on the units.

use super::anneal::{Schedule, anneal};
use super::balance::Balance;
use super::construct::Diagram;
use super::hierarchy::Hierarchy;
use super::polish::polish;
use super::regions::Scratches;
use super::settle::settle;
use super::state::{Scales, State};
use crate::control::{Control, Effort};

/// Random streams by phase.
const SETTLE: u64 = 1;
const SHAPE: u64 = 2;
const ANNEAL: u64 = 16;

/// One way down the hierarchy: annealed on every level, polished and shaped on the finest.
pub(super) struct Descent<'a, 'b> {
    pub(super) hierarchy: &'a Hierarchy<'a>,
    pub(super) effort: Effort,
    pub(super) seed: u64,
    /// Energy weights that plans are compared by.
    pub(super) scales: Scales,
    /// Weight of the cut beside the objective while balance is sought.
    pub(super) smoothing: f64,
    pub(super) control: &'a Control<'b>,
    pub(super) scratches: &'a mut Scratches,
}

impl Descent<'_, '_> {
    /// From a contiguous diagram on the coarsest level to a plan, and whether nobody stopped it.
    pub(super) fn run(&mut self, diagram: &Diagram, weights: [f64; 3]) -> (Found, bool) {
        let depths = self.hierarchy.levels.len();
        let mut parts = diagram.parts.clone();
        let scales = self.scales;
        let mut smooth = Scales::default();
        let mut balance = Balance::new(self.hierarchy.coarsest());
        for depth in (0..=depths).rev() {
            let level = self.hierarchy.at(depth);
            let mut state = State::new(level, parts, scales);
            if depth == depths {
                // All terms together have the same energy whatever the smoothing: penalties and temperatures stay right.
                let total: f64 = weights.iter().sum();
                smooth = state.scales_for([weights[0], weights[1], weights[2] + self.smoothing * total]);
                state.scales = smooth;
                // With one measure the diagram's weights say nothing that a few updates do not.
                if level.measures > 1 {
                    balance.set_diagram_prices(&state, &diagram.prices);
                }
            }
            state.scales = smooth;
            let steps = Steps::of(self.effort, (depth, depths), &state);
            if depth == 0 {
                balance.set_grain(0.0);
                return self.finish(state, balance, (smooth, scales), &steps, depths > 0);
            }
            let control = self.control.part(0.0, COARSE).nth(depths - depth, depths);
            let schedule = steps.balance(depth < depths, self.smoothing > 0.0);
            let grain = if is_loose(&state) && self.smoothing == 0.0 { MIXED_GRAIN } else { GRAIN };
            balance.set_grain(grain * level.k() as f64 / level.len() as f64);
            let stream = (self.seed, ANNEAL + depth as u64);
            anneal(&mut state, &mut balance, &schedule, stream, self.scratches, &control);
            parts = self.hierarchy.levels[depth - 1].project(&state.parts());
        }
        (Found { violation: f64::INFINITY, energy: f64::INFINITY, parts }, false)
    }

    /// On the finest level: balance under smoothed energy, polish, shape inside the bounds; again while they are violated.
    fn finish(
        &mut self,
        mut state: State<'_>,
        mut balance: Balance,
        (smooth, scales): (Scales, Scales),
        steps: &Steps,
        going_on: bool,
    ) -> (Found, bool) {
        let mut best = None;
        let rounds = if self.effort == Effort::Quick { 1 } else { ROUNDS };
        let (mut least, mut idle) = (f64::INFINITY, 0);
        for round in 0..rounds {
            let control = self.control.part(if going_on { COARSE } else { 0.0 }, 1.0).round(round as usize);
            let stream = |phase: u64| (self.seed, phase + (u64::from(round) << 8));
            // From a balanced coarse plan moves that pay at once are often enough; not where several measures must meet.
            let settled = state.instance.measures == 1 && round == 0 && self.smoothing == 0.0 && going_on && {
                state.scales = scales;
                settle(&mut state, BUNDLE, stream(SETTLE), self.scratches, self.control) == 0.0
            };
            let mut going = self.control.stopped().is_none();
            if !settled {
                state.scales = smooth;
                let schedule = steps.balance(going_on || round > 0, self.smoothing > 0.0 || round > 0);
                let control = control.part(0.0, 0.6);
                going = anneal(&mut state, &mut balance, &schedule, stream(ANNEAL), self.scratches, &control);
                state.scales = scales;
                going = going && polish(&mut state, self.scratches.one(), 50, self.control) >= 0.0;
            }
            Found::keep(&mut best, Found::of(&state));
            if going && steps.shape > 0 {
                self.shape(&mut state, steps, stream(SHAPE), &control.part(0.6, 1.0));
                Found::keep(&mut best, Found::of(&state));
            }
            let violation = best.as_ref().map_or(f64::INFINITY, |b| b.violation);
            idle = if violation < least { 0 } else { idle + 1 };
            least = violation;
            if self.control.stopped().is_some() || violation == 0.0 || idle >= PATIENCE {
                break;
            }
        }
        (best.unwrap_or_else(|| Found::of(&state)), self.control.stopped().is_none())
    }

    /// Anneals for shape alone, inside the bounds.
    fn shape(&mut self, state: &mut State<'_>, steps: &Steps, stream: (u64, u64), control: &Control<'_>) {
        let mut balance = Balance::new(state.instance);
        balance.set_only_walls(state);
        anneal(state, &mut balance, &steps.shape(), stream, self.scratches, control);
    }
}

/// A plan that was found, with its rank.
pub(super) struct Found {
    pub(super) violation: f64,
    pub(super) energy: f64,
    pub(super) parts: Vec<u32>,
}

impl Found {
    pub(super) fn of(state: &State<'_>) -> Self {
        Self { violation: state.violation() + state.crowding(), energy: state.energy(), parts: state.parts() }
    }

    /// Less violation first, then less energy.
    pub(super) fn is_better(&self, other: &Self) -> bool {
        self.violation < other.violation - SLACK
            || (self.violation <= other.violation + SLACK && self.energy < other.energy)
    }

    /// Has the better of both in the place of `best`.
    pub(super) fn keep(best: &mut Option<Self>, found: Self) {
        if best.as_ref().is_none_or(|b| found.is_better(b)) {
            *best = Some(found);
        }
    }
}

/// Share of the work that is done above the units.
const COARSE: f64 = 0.3;
/// Violations this near are equal: sums that are moved about gather rounding errors.
const SLACK: f64 = 1e-9;
/// Rounds on the finest level while bounds are violated.
const ROUNDS: u32 = 8;
/// Rounds that may bring nothing, one after another.
const PATIENCE: u32 = 3;

/// What an effort means on a level, in counted steps.
struct Steps {
    balance: u64,
    price_updates: u64,
    shape: u64,
    temperature: f64,
    /// Temperature at the end of the search for balance, as a share.
    end: f64,
    /// Temperature at which the search for shape begins, as a share.
    cooling: f64,
    /// Penalty weight of a search that goes on from a coarser level, at the start and at the end.
    lambda: (f64, f64),
    swaps: f64,
}

impl Steps {
    fn of(effort: Effort, (depth, depths): (usize, usize), state: &State<'_>) -> Self {
        let (n, k) = (state.instance.len() as f64, state.instance.k() as f64);
        // Where territories have many units few of them lie at borders: it is those that proposals go to.
        let border = state.border().len() as f64;
        let several = state.instance.measures > 1;
        // Coarse levels decide where territories lie; several measures are met by sorting what is at the borders.
        let longer = if depth == depths { 3.0 } else { 1.0 };
        let loose = is_loose(state);
        let mix = if loose { (375.0 * n).min(1.5e7) } else { (175.0 * n).min(7e6) };
        let (mix, mixed_shape) = if several { (mix, (280.0 * n).min(1.1e7)) } else { (0.0, 0.0) };
        let balance = if depth == 0 { 25.0 * n + mix } else { longer * (200.0 * n).min((60.0 * border).max(2e6)) };
        let shape = (20.0 * n).min((40.0 * border).max(2e6)).max(100_000.0) + mixed_shape;
        // Where a unit is much of what the bounds leave free, pairs that change places do what one alone cannot.
        let swaps = match n / k {
            units if units < 100.0 => 0.3,
            units if depth == 0 && units < 500.0 && !several => 0.5,
            _ => 0.0,
        };
        let lambda = if loose { (5.0, 100.0) } else { STIFF };
        let updates = if loose { 200 } else { 800 };
        let (balance, price_updates, shape) = match effort {
            Effort::Quick => ((10.0 * border).max(20_000.0), 200, 0.0),
            Effort::Standard => (balance.max(200_000.0), updates, shape),
            Effort::Thorough => (4.0 * balance.max(250_000.0), 2 * updates, 4.0 * shape),
        };
        Self {
            balance: balance as u64,
            price_updates,
            shape: shape as u64,
            temperature: (0.5 * k / n).max(LINK_HEAT * state.link_energy()),
            end: if loose && depth == 0 && shape > 0.0 { WARM } else { 0.0 },
            cooling: match (several, loose) {
                (false, _) => 0.5,
                (true, false) => 1.0,
                (true, true) => WARM,
            },
            lambda,
            swaps,
        }
    }

    /// The search for balance; `going_on` from a coarser level it may start stiffer. One that is `stiff` ends stiff and cold, however
    /// many measures there are: where a bound was missed that counts more than borders.
    fn balance(&self, going_on: bool, stiff: bool) -> Schedule {
        let (lambda, end) = if stiff { (STIFF, 0.0) } else { (self.lambda, self.end) };
        Schedule {
            steps: self.balance,
            temperature: (self.temperature, end * self.temperature),
            lambda: if going_on { lambda } else { (lambda.0.min(5.0), lambda.1) },
            calm: (0.0, 0.0),
            price_updates: self.price_updates,
            swaps: self.swaps,
            bundle: BUNDLE,
            heat: LEAST_HEAT,
        }
    }

    /// The search for shape inside the bounds.
    fn shape(&self) -> Schedule {
        Schedule {
            steps: self.shape,
            temperature: (self.cooling * self.temperature, 0.0),
            lambda: (1.0, 1.0),
            calm: (1.0, 1.0),
            price_updates: 0,
            swaps: self.swaps,
            bundle: BUNDLE,
            heat: LEAST_HEAT,
        }
    }
}

/// Least temperature, in links: below it a search by cut or border alone is frozen.
const LINK_HEAT: f64 = 0.6;
/// Least temperature of a territory, as a share.
const LEAST_HEAT: f64 = 0.02;
/// Whether several measures are met while there is still warmth, by a penalty that is soft at first: what is stiff from the start, or
/// closes in late, holds ragged borders fast. Only where distances count for nothing: prices change seldom there, for they alone would
/// push borders about that nothing else holds. With inertia real sets of two measures did not meet their bounds so.
fn is_loose(state: &State<'_>) -> bool {
    state.instance.measures > 1 && state.scales.inertia == 0.0
}

/// Where such searches end on the units and the one for shape goes on, as a share of the first temperature.
const WARM: f64 = 0.35;
/// Penalty weight of a search that goes on from a coarser level with one measure, and of one that is to meet bounds above all.
const STIFF: (f64, f64) = (100.0, 1000.0);
/// Deviation that does not count on coarse levels, in mean loads of a unit: with one measure, and with several, which clusters
/// do not meet at once unless their borders are ragged.
const GRAIN: f64 = 0.3;
const MIXED_GRAIN: f64 = 3.0;
/// Most units that move together.
pub(super) const BUNDLE: usize = 6;
