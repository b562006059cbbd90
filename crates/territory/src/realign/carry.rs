//! Surplus carried over the borders: the cheapest flow says how much goes from which territory to which neighbour, and border
//! units that cost least compactness and are not at home go first.

use super::NOWHERE;
use crate::control::Control;
use crate::flow::{SurplusFlow, surplus_flow};
use crate::search::{Balance, Guard, Leaving, Members, Random, Schedule, Scratches, State, anneal, territory_links};

/// The margin unless another is asked for.
const MARGIN: f64 = 0.02;
/// Energy that a violation of a whole target is worth where a unit is chosen.
const WORTH: f64 = 20.0;

/// How surplus is carried.
pub(super) struct Manner {
    /// Share of the way from a bound to the other that carried sums keep as a margin.
    pub(super) margin: f64,
    /// How much the order in which units go is shaken: their cost is up to so many times as high.
    pub(super) shake: f64,
    /// Start of the random stream of that.
    pub(super) seed: u64,
    /// Units that stay where they are.
    pub(super) kept: Vec<u32>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { margin: MARGIN, shake: 0.0, seed: 0, kept: Vec::new() }
    }
}

/// Measures that are violated, that most first.
fn violated(state: &State<'_>) -> Vec<usize> {
    let (k, m) = (state.instance.k() as u32, state.instance.measures);
    let violation = |j: usize| -> f64 {
        (0..k).map(|t| state.instance.windows[t as usize * m + j].violation(state.sums_of(t)[j])).sum()
    };
    let mut measures: Vec<(f64, usize)> = (0..m).map(|j| (violation(j), j)).filter(|v| v.0 > 0.0).collect();
    measures.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    measures.into_iter().map(|v| v.1).collect()
}

/// The cheapest flow of a measure's surplus over `links` of two territories, with a margin inside the bounds.
fn flow(state: &State<'_>, j: usize, margin: f64, links: &[(u32, u32, f64)]) -> SurplusFlow {
    let (k, m) = (state.instance.k() as u32, state.instance.measures);
    let sums: Vec<f64> = (0..k).map(|t| state.sums_of(t)[j]).collect();
    let bounds = |t: u32| {
        let w = &state.instance.windows[t as usize * m + j];
        let margin = if w.upper.is_finite() { margin * (w.upper - w.lower) } else { 0.0 };
        (w.lower + margin, w.upper - margin)
    };
    let bounds: Vec<(f64, f64)> = (0..k).map(bounds).collect();
    let links: Vec<(u32, u32, u32)> = links.iter().flat_map(|&(a, b, _)| [(a, b, 1), (b, a, 1)]).collect();
    surplus_flow(&sums, &bounds, &links)
}

/// Opens what surplus has to go through from where it is now, and what is beside territories outside their bounds; all territories
/// where that is nothing new.
pub(super) fn widen(state: &mut State<'_>) {
    let links = territory_links(state);
    let mut open: Vec<bool> = (0..state.instance.k() as u32).map(|t| state.is_open(t)).collect();
    let before = open.clone();
    for j in violated(state) {
        for (from, to, _) in flow(state, j, 0.0, &links).flows {
            (open[from as usize], open[to as usize]) = (true, true);
        }
    }
    for &(a, b, _) in &links {
        if state.violation_of(a) + state.violation_of(b) > 0.0 {
            (open[a as usize], open[b as usize]) = (true, true);
        }
    }
    state.set_open(if open == before { Vec::new() } else { open });
}

/// Carries the surplus of the measure that is violated most; whether anything was moved.
pub(super) fn carry(state: &mut State<'_>, manner: &Manner) -> bool {
    let mut moved = false;
    for j in violated(state) {
        let mut links = territory_links(state);
        links.retain(|l| state.is_open(l.0) && state.is_open(l.1));
        let flow = flow(state, j, manner.margin, &links);
        let mut members = Members::new(state);
        let mut guard = Guard::default();
        for (from, to, amount) in flow.flows {
            moved |= pass(state, &mut members, &mut guard, (from, to), (j, amount), manner);
        }
    }
    moved
}

/// Moves border units from a territory to a neighbour until `amount` of a measure has gone, as far as units fit.
fn pass(
    state: &mut State<'_>,
    members: &mut Members,
    guard: &mut Guard,
    (from, to): (u32, u32),
    (measure, amount): (usize, f64),
    manner: &Manner,
) -> bool {
    let shaken = |u: u32| {
        if manner.shake == 0.0 {
            return 1.0;
        }
        1.0 + manner.shake * Random::stream(manner.seed, SHAKES, u64::from(u)).unit()
    };
    let mut left = amount;
    let mut moved = false;
    while state.size(from) > 1 {
        let mut ranked: Vec<(f64, u32)> = Vec::new();
        for &u in members.of(state, from) {
            let load = state.instance.load_in(u, measure, from);
            let touches = || state.instance.neighbours(u).iter().any(|&v| state.part(v) == to);
            // Half a unit too much is nearer than nothing at all.
            if load <= 0.0
                || 0.5 * load > left
                || manner.kept.contains(&u)
                || !state.is_border(u)
                || !touches()
                || !state.may(u, to)
            {
                continue;
            }
            let shape =
                state.inertia_change(&state.instance.masses[u as usize], from, to) + state.link_change(u, from, to);
            let others = if state.instance.measures > 1 { WORTH * state.unit_violation_change(u, to) } else { 0.0 };
            let cost = (shape + others) / load;
            ranked.push((if cost > 0.0 { cost * shaken(u) } else { cost }, u));
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let next = ranked.into_iter().find(|&(_, u)| guard.leaving(state, u, usize::MAX) == Leaving::Whole);
        let Some((_, u)) = next else { break };
        left -= state.instance.load_in(u, measure, from);
        members.apply(state, u, to);
        moved = true;
        if left <= 0.0 {
            break;
        }
    }
    moved
}

/// Sends units that were moved back where bounds allow it, the heaviest first, again and again.
pub(super) fn send_home(state: &mut State<'_>, control: &Control<'_>) {
    let mut guard = Guard::default();
    loop {
        let away = |&u: &u32| {
            let home = state.instance.home_of(u);
            home != NOWHERE && home != state.part(u)
        };
        let mut list: Vec<u32> = (0..state.instance.len() as u32).filter(away).collect();
        list.sort_by(|&a, &b| state.instance.stay_of(b).total_cmp(&state.instance.stay_of(a)).then(a.cmp(&b)));
        let mut any = false;
        for u in list {
            let home = state.instance.home_of(u);
            let touches = state.instance.neighbours(u).iter().any(|&v| state.part(v) == home);
            if touches
                && state.size(state.part(u)) > 1
                && state.may(u, home)
                && state.unit_violation_change(u, home) <= 0.0
                && guard.leaving(state, u, usize::MAX) == Leaving::Whole
            {
                state.apply(u, home);
                any = true;
            }
        }
        if !any || control.stopped().is_some() {
            return;
        }
    }
}

/// Anneals for compactness and little change together, inside the bounds.
pub(super) fn improve(state: &mut State<'_>, scratches: &mut Scratches, seed: u64, control: &Control<'_>) {
    let mut balance = Balance::new(state.instance);
    balance.set_walls(state.instance, 0.0);
    let (n, k) = (state.instance.len() as f64, state.instance.k() as f64);
    let schedule = Schedule {
        steps: (40.0 * state.border().len() as f64).max(100_000.0) as u64,
        temperature: (0.25 * k / n, 0.0),
        lambda: (1.0, 1.0),
        calm: (1.0, 1.0),
        price_updates: 0,
        swaps: 0.3,
        bundle: 6,
        heat: 0.02,
    };
    anneal(state, &mut balance, &schedule, (seed, PHASE), scratches, &control.part(0.8, 1.0));
}

/// Anneals for balance: dear moves are made where the penalty is worth them.
pub(super) fn anneal_balance(state: &mut State<'_>, scratches: &mut Scratches, seed: u64, control: &Control<'_>) {
    let mut balance = Balance::new(state.instance);
    let (n, k) = (state.instance.len() as f64, state.instance.k() as f64);
    let schedule = Schedule {
        steps: (100.0 * state.border().len() as f64).clamp(200_000.0, 5e6) as u64,
        temperature: (0.5 * k / n, 0.0),
        lambda: (100.0, 5000.0),
        calm: (0.5, 0.5),
        price_updates: 200,
        swaps: 0.3,
        bundle: 6,
        heat: 0.02,
    };
    anneal(state, &mut balance, &schedule, (seed, PHASE + 1), scratches, &control.part(0.4, 0.7));
}

/// Random stream of the order in which units go.
const SHAKES: u64 = 37;
/// Random streams of [`improve`] and [`anneal_balance`].
const PHASE: u64 = 32;
