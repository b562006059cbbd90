//! The annealed search: border units move to neighbouring territories under an energy of compactness, imbalance and prices.
//!
//! One proposal: a random border unit and a random neighbouring territory; where the unit alone would cut its territory, the
//! pockets it holds go along (a bundle); where units are coarse, a unit of the other territory comes back (a swap). The
//! energy is asked first, contiguity only for what would be accepted (Kirkpatrick, Gelatt & Vecchi 1983,
//! doi:10.1126/science.220.4598.671).

use super::balance::{Balance, Bundle};
use super::guard::{Guard, Leaving};
use super::random::{Exponential, Random};
use super::regions::{self, Scratches, in_regions};
use super::state::State;
use super::ways::Moved;
use crate::control::Control;

/// How to anneal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Proposals.
    pub steps: u64,
    /// Temperature at the start and at the end, in energy; it falls linearly.
    pub temperature: (f64, f64),
    /// Penalty weight at the start and after four fifths of the steps, rising geometrically between.
    pub lambda: (f64, f64),
    /// Share of the way to the bounds in which sums are free at the start and at the end.
    pub calm: (f64, f64),
    /// Number of price updates; every fourth is a solve over the territory graph. In regions a round makes eight at once, with one solve.
    pub price_updates: u64,
    /// Share of proposals that are swaps.
    pub swaps: f64,
    /// Most units that move together.
    pub bundle: usize,
    /// Least temperature of a territory, as a share.
    pub heat: f64,
}

/// Steps a walk of the contiguity check may take.
pub(crate) const WALK_CAP: usize = 256;
const PRICE_RATE: f64 = 0.01;
const FLOW_RATE: f64 = 0.4;
/// Price updates that a round makes at once, and rounds from one solve to the next: on the whole, and in regions, where a round is dear
/// because it deals out the border and brings units to other cores' caches.
const UPDATES: [(u64, u64); 2] = [(1, 4), (8, 1)];
/// Proposals after which a search asks whether to stop, in the midst of a round.
const UNTIL_ASKED: u64 = 1 << 14;
/// Price updates, or rounds where there are none, from one recomputation of the books to the next.
const UNTIL_RECOMPUTED: u64 = 64;

/// Scratch of a search, reusable over instances.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// Of the contiguity check.
    pub guard: Guard,
    pub(crate) bundle: Bundle,
    exponential: Exponential,
    list: Vec<u32>,
}

/// Rounds of an annealed search without price updates: on the whole, and in regions.
const ROUNDS: [u64; 2] = [100, 24];

/// Anneals `state` with random numbers of the stream (seed, phase).
/// Returns false when stopped from outside.
pub fn anneal(
    state: &mut State<'_>,
    balance: &mut Balance,
    schedule: &Schedule,
    (seed, phase): (u64, u64),
    scratches: &mut Scratches,
    control: &Control<'_>,
) -> bool {
    let in_groups = usize::from(regions::count(state) > 1);
    let (together, until_flow) = UPDATES[in_groups];
    let (rounds, until_recomputed) = match schedule.price_updates {
        0 => (ROUNDS[in_groups], UNTIL_RECOMPUTED),
        updates => (updates.div_ceil(together), UNTIL_RECOMPUTED / together),
    };
    let mut heat = vec![1.0; state.instance.k()];
    for round in 0..rounds {
        let share = round as f64 / rounds as f64;
        if control.stopped().is_some() {
            break;
        }
        control.report(share, "improve");
        let temperature = schedule.temperature.0 * (1.0 - share) + schedule.temperature.1 * share;
        let ramp = (share / 0.8).min(1.0);
        balance.set_lambda(schedule.lambda.0 * libm::pow(schedule.lambda.1 / schedule.lambda.0, ramp));
        balance.set_calm(state.instance, schedule.calm.0 + (schedule.calm.1 - schedule.calm.0) * share);
        if schedule.price_updates > 0 && round > 0 {
            balance.raise(state, PRICE_RATE * together as f64);
            if round % until_flow == 0 {
                balance.raise_by_flow(state, FLOW_RATE);
            }
        }
        if round % until_recomputed == 0 {
            state.recompute();
        }
        let border = state.border().len() as u64;
        let steps = schedule.steps * (round + 1) / rounds - schedule.steps * round / rounds;
        set_heat(&mut heat, state, schedule.heat);
        let mut random = Random::stream(seed, phase, round << 16);
        in_regions(state, &mut random, scratches, |group, view, scratch| {
            let mut random = Random::stream(seed, phase, (round << 16) + 1 + group as u64);
            // Proposals follow the length of the borders.
            let share = if view.border().len() as u64 == border {
                steps
            } else {
                steps * view.border().len() as u64 / border.max(1)
            };
            for step in 0..share {
                if view.border().is_empty() || (step % UNTIL_ASKED == 0 && control.stopped().is_some()) {
                    break;
                }
                propose(view, balance, schedule, (temperature, &heat), &mut random, scratch);
            }
        });
    }
    state.recompute();
    control.stopped().is_none()
}

/// How hot each territory is, relative to the schedule's temperature: by its own energy, so that the small and dense are not
/// stirred by what is warm for the large and thin.
fn set_heat(heat: &mut [f64], state: &State<'_>, least: f64) {
    let inertia: f64 = (0..heat.len() as u32).map(|t| state.moments_of(t).inertia()).sum();
    let share = (state.scales.inertia * inertia / heat.len() as f64).min(1.0);
    for (t, heat) in heat.iter_mut().enumerate() {
        let own = state.scales.inertia * state.moments_of(t as u32).inertia();
        *heat = (own + 1.0 - share).clamp(least, 1.0);
    }
}

/// One pass over the border in unit order: every unit that is better off in a neighbouring territory goes there, with the
/// pockets that it would cut off. Returns the number of moves.
pub fn sweep(state: &mut State<'_>, balance: &Balance, bundle: usize, scratch: &mut Scratch) -> usize {
    let mut list = std::mem::take(&mut scratch.list);
    list.clear();
    list.extend_from_slice(state.border());
    list.sort_unstable();
    let mut moves = 0;
    for &unit in &list {
        let neighbours = state.instance.neighbours(unit);
        let from = state.part(unit);
        for (i, &v) in neighbours.iter().enumerate() {
            let to = state.part(v);
            if to == from
                || neighbours[..i].iter().any(|&w| state.part(w) == to)
                || !state.is_open(to)
                || !state.may(unit, to)
            {
                continue;
            }
            if attempt(state, balance, bundle, (unit, from, to), -LEAST_GAIN, scratch) {
                moves += 1;
                break;
            }
        }
    }
    scratch.list = list;
    moves
}

/// Less energy than this is no gain: sums gather rounding errors, and sweeps would not end.
const LEAST_GAIN: f64 = 1e-12;

#[inline]
fn propose(
    state: &mut State<'_>,
    balance: &Balance,
    schedule: &Schedule,
    (temperature, heat): (f64, &[f64]),
    random: &mut Random,
    scratch: &mut Scratch,
) -> bool {
    let unit = state.border()[random.below(state.border().len())];
    let from = state.part(unit);
    let Some(to) = other_territory(state, unit, from, random) else { return false };
    if !state.is_open(to) || !state.may(unit, to) {
        return false;
    }
    let heat = heat[from as usize].min(heat[to as usize]);
    let threshold = temperature * heat * scratch.exponential.sample(random);
    if schedule.swaps > 0.0 && random.unit() < schedule.swaps {
        return swap(state, balance, unit, to, threshold, random, scratch);
    }
    attempt(state, balance, schedule.bundle, (unit, from, to), threshold, scratch)
}

/// Moves `unit`, with the pockets it would cut off, if that adds no more than `threshold` to the energy.
#[inline]
fn attempt(
    state: &mut State<'_>,
    balance: &Balance,
    most: usize,
    (unit, from, to): (u32, u32, u32),
    threshold: f64,
    scratch: &mut Scratch,
) -> bool {
    let instance = state.instance;
    // A bundle may pay where the unit alone does not, but seldom: far from it is not looked at.
    let far = |change: f64| change > threshold && (most == 0 || change > 8.0 * threshold);
    let inertia = state.inertia_change(&instance.masses[unit as usize], from, to);
    let links = state.link_change(unit, from, to);
    // What walls add is never less than nothing: most moves need not ask them.
    if balance.has_only_walls() && far(inertia + links) {
        return false;
    }
    let too_much = |imbalance: f64| far(imbalance + inertia + links);
    let change = balance.change_unless(state, instance.moved(&unit), from, to, too_much) + inertia + links;
    if far(change) {
        return false;
    }
    match scratch.guard.leaving(state, unit, WALK_CAP) {
        Leaving::Whole if change <= threshold => {
            state.apply(unit, to);
            true
        }
        Leaving::Pockets if scratch.guard.pockets().len() < most => {
            let pockets = scratch.guard.pockets().iter().copied();
            scratch.bundle.set(instance, pockets.chain([unit]));
            if scratch.bundle.units.len() as u32 >= state.size(from)
                || !scratch.bundle.units.iter().all(|&u| state.may(u, to))
            {
                return false;
            }
            let Scratch { bundle, .. } = scratch;
            let mut change =
                state.inertia_change(&bundle.mass, from, to) + balance.change(state, bundle.moved(), from, to);
            for &u in &bundle.units {
                change += state.link_change(u, from, to);
            }
            change += inner_links(state, &bundle.units);
            if change > threshold {
                return false;
            }
            for &u in &bundle.units {
                state.apply(u, to);
            }
            true
        }
        _ => false,
    }
}

/// A territory that `unit` touches, by a random neighbour.
#[inline]
fn other_territory(state: &State<'_>, unit: u32, from: u32, random: &mut Random) -> Option<u32> {
    let neighbours = state.instance.neighbours(unit);
    let start = random.below(neighbours.len());
    let (head, tail) = neighbours.split_at(start);
    tail.iter().chain(head).map(|&v| state.part(v)).find(|&part| part != from)
}

/// Links between units that move together were counted as cut by each of their moves alone: taken back here.
pub(crate) fn inner_links(state: &State<'_>, units: &[u32]) -> f64 {
    let instance = state.instance;
    let mut inner = 0.0;
    for (i, &u) in units.iter().enumerate() {
        let range = instance.offsets[u as usize] as usize..instance.offsets[u as usize + 1] as usize;
        for link in range {
            if units[..i].contains(&instance.links[link]) {
                inner += state.scales.cut * instance.weights.get(link).map_or(1.0, |&w| f64::from(w));
                inner += state.scales.border * instance.borders.get(link).map_or(0.0, |&b| f64::from(b));
            }
        }
    }
    -2.0 * inner + instance.bonds.as_ref().map_or(0.0, |bonds| state.inner_bonds(bonds, units))
}

/// `unit` goes to `to`, a border unit of `to` that touches its territory comes back.
fn swap(
    state: &mut State<'_>,
    balance: &Balance,
    unit: u32,
    to: u32,
    threshold: f64,
    random: &mut Random,
    scratch: &mut Scratch,
) -> bool {
    let instance = state.instance;
    let from = state.part(unit);
    // The partner: a random neighbour in `to` of a random neighbour, so that both lie at the same border.
    let mut partner = None;
    let mut at = unit;
    for _ in 0..8 {
        let neighbours = instance.neighbours(at);
        let next = neighbours[random.below(neighbours.len())];
        let touches = |v: u32| instance.neighbours(v).iter().any(|&w| w != unit && state.part(w) == from);
        if state.part(next) == to && state.is_border(next) && touches(next) {
            partner = Some(next);
            if random.below(2) == 0 {
                break;
            }
        }
        let part = state.part(next);
        if part == from || part == to {
            at = next;
        }
    }
    let Some(partner) = partner else { return false };
    if !state.may(partner, from) {
        return false;
    }
    let (a, b) = (instance.masses[unit as usize], instance.masses[partner as usize]);
    let loads = &mut scratch.bundle.loads;
    loads.clear();
    loads.extend(instance.loads_of(unit).iter().zip(instance.loads_of(partner)).map(|(x, y)| x - y));
    let moved = Moved { loads, there: &[unit], back: &[partner] };
    let imbalance = balance.change(state, moved, from, to);
    // Reject on the cheap part before anything is moved: centres hold still in the estimate.
    let estimate = imbalance + state.inertia_change(&a, from, to) + state.inertia_change(&b, to, from);
    if estimate > threshold + 2.0 * state.scales.cut {
        return false;
    }
    if scratch.guard.leaving(state, unit, WALK_CAP) != Leaving::Whole {
        return false;
    }
    let first = state.inertia_change(&a, from, to) + state.link_change(unit, from, to);
    state.apply(unit, to);
    let second = state.inertia_change(&b, to, from) + state.link_change(partner, to, from);
    let accepted =
        imbalance + first + second <= threshold && scratch.guard.leaving(state, partner, WALK_CAP) == Leaving::Whole;
    if accepted {
        state.apply(partner, from);
    } else {
        state.apply(unit, from);
    }
    accepted
}
