//! One run of the search over a problem: components, stages, efforts.

use super::{
    Balance, Diagram, Instance, Level, Random, Scales, Schedule, Scratch, State, anneal, coarsen, construct,
    make_contiguous, polish,
};
use crate::adjacency::components;
use crate::control::{Control, Effort, Stopped};
use crate::problem::Problem;
use crate::solve::SolveOptions;

/// Random streams by phase.
const ANNEAL: u64 = 1;

/// Finds a plan: territory of every unit.
pub(crate) fn run(problem: &Problem, options: &SolveOptions, control: &Control<'_>) -> (Vec<u32>, Stopped) {
    let instance = Instance::new(problem);
    let mut parts = vec![0; instance.len()];
    for (units, territories) in split_components(problem, &instance) {
        if units.len() == instance.len() {
            parts = run_connected(problem, &instance, options, control);
        } else {
            let mut rank = vec![u32::MAX; instance.len()];
            let part = instance.part(&units, &territories, &mut rank);
            let found = run_connected(problem, &part, options, control);
            for (&u, &t) in units.iter().zip(&found) {
                parts[u as usize] = territories[t as usize];
            }
        }
    }
    let mut assignment = vec![0; instance.len()];
    for (&unit, &part) in instance.order.iter().zip(&parts) {
        assignment[unit as usize] = part;
    }
    (assignment, control.stopped().unwrap_or(Stopped::Steps))
}

/// Components with the territories each of them gets.
fn split_components(problem: &Problem, instance: &Instance) -> Vec<(Vec<u32>, Vec<u32>)> {
    let found = components(problem.graph());
    let count = found.sizes.len();
    let mut units = vec![Vec::new(); count];
    for (position, &unit) in instance.order.iter().enumerate() {
        units[found.component_of[unit as usize] as usize].push(position as u32);
    }
    let loads: Vec<f64> = units.iter().map(|list| list.iter().map(|&u| instance.mean_load(u)).sum()).collect();
    let shares = apportion(&loads, &units.iter().map(Vec::len).collect::<Vec<_>>(), instance.k());
    let mut next = 0u32;
    let territories = shares.iter().map(|&share| {
        let from = next;
        next += share as u32;
        (from..next).collect::<Vec<u32>>()
    });
    units.into_iter().zip(territories.collect::<Vec<_>>()).collect()
}

/// Shares `k` territories out over components by load, at least one and at most one per unit each: the next one goes where
/// the mean load per territory is largest.
fn apportion(loads: &[f64], units: &[usize], k: usize) -> Vec<usize> {
    let mut shares = vec![1; loads.len()];
    for _ in loads.len()..k {
        let room = (0..loads.len()).filter(|&c| shares[c] < units[c]);
        // Halfway divisors (Sainte-Laguë) keep the relative error of both kinds of neighbours small.
        let rank = |c: usize| loads[c] / (shares[c] as f64 + 0.5);
        if let Some(next) = room.max_by(|&a, &b| rank(a).total_cmp(&rank(b)).then(b.cmp(&a))) {
            shares[next] += 1;
        }
    }
    shares
}

fn run_connected(problem: &Problem, instance: &Instance, options: &SolveOptions, control: &Control<'_>) -> Vec<u32> {
    let (n, k) = (instance.len(), instance.k());
    control.report(0.0, "construct");
    let mut hierarchy = Hierarchy::new(instance.clone());
    let mut diagram = construct(hierarchy.coarsest());
    make_contiguous(hierarchy.coarsest(), &mut diagram);
    if k < 2 || k == n {
        return hierarchy.project(diagram.parts);
    }
    hierarchy.make_room(&diagram.parts);
    let mut scratch = Scratch::new(n);
    let mut best: Option<(f64, f64, Vec<u32>)> = None;
    let (attempts, if_solved): (u32, u32) = match options.effort {
        Effort::Quick => (2, 1),
        Effort::Standard => (if n > 100_000 { 2 } else { 4 }, 1),
        Effort::Thorough => (12, 4),
    };
    let weights = [problem.objective().inertia, problem.objective().border, problem.objective().cut];
    for attempt in 0..attempts {
        let span = |share: f64| (f64::from(attempt) + share) / f64::from(attempts);
        let mut descent = Descent {
            hierarchy: &hierarchy,
            effort: options.effort,
            seed: options.seed.wrapping_add(u64::from(attempt) << 32),
            // What was not met is tried again with smoother borders: ragged ones hold loads back.
            smoothing: if attempt == 0 { 0.0 } else { f64::from(1u32 << (2 * attempt.min(3))) / 2.0 },
            control,
            progress: (span(0.0), span(1.0)),
            scratch: &mut scratch,
        };
        let (found, going) = descent.run(&diagram, weights);
        if best.as_ref().is_none_or(|b| (found.0, found.1) < (b.0, b.1)) {
            best = Some(found);
        }
        let solved = best.as_ref().is_some_and(|b| b.0 == 0.0);
        if !going || (solved && attempt + 1 >= if_solved) {
            break;
        }
    }
    best.map_or_else(|| hierarchy.project(diagram.parts), |b| b.2)
}

/// Coarsest units per territory.
const COARSEST: usize = 32;
/// Units per cluster.
const STEP: usize = 6;
/// Largest load of a cluster, in targets.
const HEAVIEST: f64 = 0.1;

/// An instance and its coarser forms.
struct Hierarchy {
    instance: Instance,
    levels: Vec<Level>,
}

impl Hierarchy {
    fn new(instance: Instance) -> Self {
        let mut hierarchy = Self { instance, levels: Vec::new() };
        loop {
            let finest = hierarchy.coarsest();
            let size = finest.len() / (COARSEST * finest.k());
            if size < 2 {
                return hierarchy;
            }
            let level = coarsen(finest, size.min(STEP), HEAVIEST);
            // Loads or links that do not let clusters grow end it.
            if level.instance.len() * 4 > finest.len() * 3 {
                return hierarchy;
            }
            hierarchy.levels.push(level);
        }
    }

    /// The instance at a depth: 0 is the finest.
    fn at(&self, depth: usize) -> &Instance {
        if depth == 0 { &self.instance } else { &self.levels[depth - 1].instance }
    }

    fn coarsest(&self) -> &Instance {
        self.at(self.levels.len())
    }

    /// Parts of the units from parts of the coarsest ones.
    fn project(&self, parts: Vec<u32>) -> Vec<u32> {
        self.levels.iter().rev().fold(parts, |parts, level| level.project(&parts))
    }

    /// Territories that hold an oversize unit aim at having it alone.
    fn make_room(&mut self, parts: &[u32]) {
        let oversize = self.instance.oversize_units();
        if oversize.is_empty() {
            return;
        }
        let parts = self.project(parts.to_vec());
        let mut taken = std::collections::BTreeSet::new();
        for u in oversize {
            let territory = parts[u as usize];
            if taken.insert(territory) {
                let loads = self.instance.loads_of(u).to_vec();
                self.instance.make_room(territory, &loads);
                for level in &mut self.levels {
                    level.instance.make_room(territory, &loads);
                }
            }
        }
    }
}

/// One way down the hierarchy: annealed on every level, polished and shaped on the finest.
struct Descent<'a, 'b> {
    hierarchy: &'a Hierarchy,
    effort: Effort,
    seed: u64,
    /// Weight of the cut beside the objective while balance is sought.
    smoothing: f64,
    control: &'a Control<'b>,
    progress: (f64, f64),
    scratch: &'a mut Scratch,
}

impl Descent<'_, '_> {
    /// From a contiguous diagram on the coarsest level: (violation, energy, parts), and whether nobody stopped it.
    fn run(&mut self, diagram: &Diagram, weights: [f64; 3]) -> ((f64, f64, Vec<u32>), bool) {
        let depths = self.hierarchy.levels.len();
        let mut parts = diagram.parts.clone();
        let mut scales = Scales::default();
        let mut smooth = Scales::default();
        let mut balance = Balance::new(self.hierarchy.coarsest());
        for depth in (0..=depths).rev() {
            let level = self.hierarchy.at(depth);
            let mut state = State::new(level, parts, scales);
            if depth == depths {
                scales = state.scales_for(weights);
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
            let steps = Steps::of(self.effort, depth == 0, &state);
            let mut random = Random::stream(self.seed, ANNEAL, depth as u64);
            if depth == 0 {
                return self.finish(state, balance, (smooth, scales), &steps, &mut random, depths > 0);
            }
            let span = |at: usize| self.span(0.3 * (depths - at) as f64 / (depths + 1) as f64);
            let progress = (span(depth), span(depth - 1));
            let schedule = steps.balance(depth < depths);
            anneal(&mut state, &mut balance, &schedule, &mut random, self.scratch, self.control, progress);
            parts = self.hierarchy.levels[depth - 1].project(state.parts());
        }
        ((f64::INFINITY, f64::INFINITY, parts), false)
    }

    fn span(&self, share: f64) -> f64 {
        self.progress.0 + (self.progress.1 - self.progress.0) * share
    }

    /// On the finest level: balance under smoothed energy, polish, shape inside the bounds; again while they are violated.
    fn finish(
        &mut self,
        mut state: State<'_>,
        mut balance: Balance,
        (smooth, scales): (Scales, Scales),
        steps: &Steps,
        random: &mut Random,
        going_on: bool,
    ) -> ((f64, f64, Vec<u32>), bool) {
        let mut best = None;
        let rounds = if self.effort == Effort::Quick { 1 } else { ROUNDS };
        let (mut least, mut idle) = (f64::INFINITY, 0);
        for round in 0..rounds {
            let share = |at: f64| 0.3 + 0.7 * (f64::from(round) + at) / f64::from(rounds);
            let (begin, middle, end) = (self.span(share(0.0)), self.span(share(0.6)), self.span(share(1.0)));
            state.scales = smooth;
            let schedule = steps.balance(going_on || round > 0);
            let mut going =
                anneal(&mut state, &mut balance, &schedule, random, self.scratch, self.control, (begin, middle));
            state.scales = scales;
            going = going && polish(&mut state, self.scratch, 50, self.control) >= 0.0;
            keep_better(&mut best, &state);
            if going && steps.shape > 0 {
                let prices = balance.prices().to_vec();
                balance.clear_prices();
                balance.set_hard(true);
                anneal(&mut state, &mut balance, &steps.shape(), random, self.scratch, self.control, (middle, end));
                keep_better(&mut best, &state);
                balance.set_hard(false);
                balance.set_prices(&prices);
            }
            let violation = best.as_ref().map_or(f64::INFINITY, |b| b.0);
            idle = if violation < least { 0 } else { idle + 1 };
            least = violation;
            if self.control.stopped().is_some() || violation == 0.0 || idle >= PATIENCE {
                break;
            }
        }
        let found = best.unwrap_or_else(|| (f64::INFINITY, f64::INFINITY, state.into_parts()));
        (found, self.control.stopped().is_none())
    }
}

/// Rounds on the finest level while bounds are violated.
const ROUNDS: u32 = 8;
/// Rounds that may bring nothing, one after another.
const PATIENCE: u32 = 3;

/// Keeps the plan of least violation, then of least energy.
fn keep_better(best: &mut Option<(f64, f64, Vec<u32>)>, state: &State<'_>) {
    let rank = (state.violation(), state.energy());
    if best.as_ref().is_none_or(|b| rank < (b.0, b.1)) {
        *best = Some((rank.0, rank.1, state.parts().to_vec()));
    }
}

/// What an effort means on a level, in counted steps.
struct Steps {
    balance: u64,
    price_updates: u64,
    shape: u64,
    temperature: f64,
    swaps: f64,
}

impl Steps {
    fn of(effort: Effort, finest: bool, state: &State<'_>) -> Self {
        let (n, k) = (state.instance.len() as f64, state.instance.k() as f64);
        let (balance, price_updates, shape) = match effort {
            Effort::Quick => ((10.0 * state.border().len() as f64).max(20_000.0), 200, 0.0),
            Effort::Standard => {
                ((if finest { 25.0 } else { 200.0 } * n).max(200_000.0), 800, (20.0 * n).max(100_000.0))
            }
            Effort::Thorough => ((200.0 * n).max(1e6), 1600, (100.0 * n).max(500_000.0)),
        };
        Self {
            balance: balance as u64,
            price_updates,
            shape: shape as u64,
            temperature: 0.5 * k / n,
            swaps: if n / k < 100.0 { 0.3 } else { 0.0 },
        }
    }

    /// The search for balance; `going_on` from a coarser level it starts stiffer.
    fn balance(&self, going_on: bool) -> Schedule {
        Schedule {
            steps: self.balance,
            temperature: self.temperature,
            lambda: (if going_on { 100.0 } else { 5.0 }, 1000.0),
            calm: (0.0, 0.0),
            price_updates: self.price_updates,
            swaps: self.swaps,
            bundle: BUNDLE,
        }
    }

    /// The search for shape inside the bounds.
    fn shape(&self) -> Schedule {
        Schedule {
            steps: self.shape,
            temperature: 0.5 * self.temperature,
            lambda: (1.0, 1.0),
            calm: (1.0, 1.0),
            price_updates: 0,
            swaps: self.swaps,
            bundle: BUNDLE,
        }
    }
}

/// Most units that move together.
const BUNDLE: usize = 6;
