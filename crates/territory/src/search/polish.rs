//! The last per cent: territories outside their bounds exchange small sets of border units with their neighbours.
//!
//! With sets of up to three units on both sides there are thousands of differences between what goes and what comes, so that
//! one of them nearly always fits (the subset-sum effect). What a neighbour cannot keep it hands on: a path over the
//! territory graph ends where a territory can absorb it. A change is kept only if the violation summed over all territories
//! falls; of equal ones the more compact is taken.

use super::anneal::{Scratch, WALK_CAP};
use super::balance::Bundle;
use super::guard::Leaving;
use super::members::Members;
use super::state::State;
use crate::control::Control;

/// Sets a side that are looked at.
const SETS: usize = 160;
/// Exchanges that are tried, best first.
const TRIES: usize = 40;
/// Territories that a path may be looked for in.
const REACH: usize = 300;
/// Exchanges that may fail in one call, more for many territories.
const FAILURES: usize = 200;

/// A few units of one side of a border.
#[derive(Clone, Debug, Default)]
struct Candidate {
    bundle: Bundle,
}

/// Lowers the violation of `state` as far as exchanges can; returns what is left.
pub fn polish(state: &mut State<'_>, scratch: &mut Scratch, rounds: usize, control: &Control<'_>) -> f64 {
    let mut members = Members::new(state);
    let mut moves = Vec::new();
    let mut failures = FAILURES + state.instance.k() / 10;
    for _ in 0..rounds {
        let mut outside: Vec<u32> = (0..state.instance.k() as u32).filter(|&t| state.violation_of(t) > 0.0).collect();
        if outside.is_empty() {
            return 0.0;
        }
        outside.sort_by(|&a, &b| state.violation_of(b).total_cmp(&state.violation_of(a)).then(a.cmp(&b)));
        let mut improved = false;
        for t in outside {
            if control.stopped().is_some() {
                return state.violation();
            }
            while state.violation_of(t) > 0.0 {
                moves.clear();
                let before = state.violation_of(t);
                let better = exchange(state, &mut members, scratch, t, &mut moves)
                    || hand_on(state, &mut members, scratch, t, &mut moves);
                improved |= better;
                if !better {
                    failures -= 1;
                    if failures == 0 {
                        state.recompute();
                        return state.violation();
                    }
                }
                if !better || state.violation_of(t) >= before {
                    break;
                }
            }
        }
        if !improved {
            break;
        }
    }
    state.recompute();
    state.violation()
}

/// The best exchange of `t` with any neighbour that lowers the violation of both together.
fn exchange(
    state: &mut State<'_>,
    members: &mut Members,
    scratch: &mut Scratch,
    t: u32,
    moves: &mut Vec<(u32, u32)>,
) -> bool {
    let neighbours = members.neighbours(state, t).to_vec();
    let mut tries: Vec<(f64, f64, u32, usize, usize)> = Vec::new();
    let mut sides = Vec::new();
    for (i, &other) in neighbours.iter().enumerate() {
        let give = candidates(state, members, t, other);
        let take = candidates(state, members, other, t);
        let now = state.violation_of(t) + state.violation_of(other);
        rate_pairs(state, (t, other), &give, &take, now, i as u32, &mut tries);
        sides.push((give, take));
        tries.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then((a.2, a.3, a.4).cmp(&(b.2, b.3, b.4))));
        tries.truncate(TRIES);
    }
    for &(_, _, i, g, r) in &tries {
        let (give, take) = &sides[i as usize];
        let pair = (t, neighbours[i as usize]);
        if apply_exchange(state, members, scratch, pair, &give[g].bundle.units, &take[r].bundle.units, moves) {
            return true;
        }
    }
    false
}

/// Rates all pairs of sets by what is violated afterwards and by what they add to the inertia's energy.
fn rate_pairs(
    state: &State<'_>,
    (t, other): (u32, u32),
    give: &[Candidate],
    take: &[Candidate],
    now: f64,
    border: u32,
    tries: &mut Vec<(f64, f64, u32, usize, usize)>,
) {
    let m = state.instance.measures;
    let (mine, theirs) = (state.sums_of(t), state.sums_of(other));
    let windows = |p: u32| &state.instance.windows[p as usize * m..][..m];
    let (my_windows, their_windows) = (windows(t), windows(other));
    let mut worst = tries.last().filter(|_| tries.len() >= TRIES).map_or(f64::INFINITY, |l| l.0);
    for (g, given) in give.iter().enumerate() {
        for (r, taken) in take.iter().enumerate() {
            if given.bundle.units.is_empty() && taken.bundle.units.is_empty() {
                continue;
            }
            if given.bundle.units.len() as u32 >= state.size(t) + taken.bundle.units.len() as u32
                || taken.bundle.units.len() as u32 >= state.size(other) + given.bundle.units.len() as u32
            {
                continue;
            }
            let mut after = 0.0;
            for j in 0..m {
                let net = given.bundle.loads[j] - taken.bundle.loads[j];
                after += my_windows[j].violation(mine[j] - net) + their_windows[j].violation(theirs[j] + net);
            }
            if after < now - 1e-12 && after <= worst {
                let cost = state.inertia_change(&given.bundle.mass, t, other)
                    + state.inertia_change(&taken.bundle.mass, other, t)
                    // Fewer units: less to go wrong with contiguity.
                    + 1e-9 * (given.bundle.units.len() + taken.bundle.units.len()) as f64;
                tries.push((after, cost, border, g, r));
                if tries.len() >= 64 * TRIES {
                    tries.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                    tries.truncate(TRIES);
                    worst = tries.last().map_or(worst, |l| l.0);
                }
            }
        }
    }
}

/// Sets of up to three linked units of `from` at its border with `to`, the empty set first.
fn candidates(state: &State<'_>, members: &mut Members, from: u32, to: u32) -> Vec<Candidate> {
    let instance = state.instance;
    let touches = |u: u32| instance.neighbours(u).iter().any(|&v| state.part(v) == to);
    let singles: Vec<u32> =
        members.of(state, from).iter().copied().filter(|&u| state.is_border(u) && touches(u)).take(SETS / 2).collect();
    let mut sets: Vec<Vec<u32>> = vec![Vec::new()];
    sets.extend(singles.iter().map(|&u| vec![u]));
    let mut grown = 1;
    while sets.len() < SETS && grown < sets.len() {
        let set = sets[grown].clone();
        grown += 1;
        if set.len() == 3 {
            break;
        }
        for &u in &set {
            for &v in instance.neighbours(u) {
                if state.part(v) == from && !set.contains(&v) && sets.len() < SETS {
                    let mut larger = set.clone();
                    larger.push(v);
                    larger.sort_unstable();
                    if !sets.contains(&larger) {
                        sets.push(larger);
                    }
                }
            }
        }
    }
    let candidate = |set: Vec<u32>| {
        let mut bundle = Bundle::default();
        bundle.set(instance, set.into_iter());
        Candidate { bundle }
    };
    sets.into_iter().map(candidate).collect()
}

/// Moves `give` from t to the other and `take` back where contiguity lets them, in whatever order it does; else nothing.
fn apply_exchange(
    state: &mut State<'_>,
    members: &mut Members,
    scratch: &mut Scratch,
    (t, other): (u32, u32),
    give: &[u32],
    take: &[u32],
    moves: &mut Vec<(u32, u32)>,
) -> bool {
    let begin = moves.len();
    let mut waiting: Vec<(u32, u32)> = give.iter().map(|&u| (u, other)).chain(take.iter().map(|&u| (u, t))).collect();
    while !waiting.is_empty() {
        let free = waiting.iter().position(|&(u, to)| {
            state.instance.neighbours(u).iter().any(|&v| state.part(v) == to)
                && scratch.guard.leaving(state, u, 4 * WALK_CAP) == Leaving::Whole
        });
        let Some(free) = free else {
            undo(state, members, moves, begin);
            return false;
        };
        let (u, to) = waiting.remove(free);
        moves.push((u, state.part(u)));
        members.apply(state, u, to);
    }
    true
}

fn undo(state: &mut State<'_>, members: &mut Members, moves: &mut Vec<(u32, u32)>, begin: usize) {
    while moves.len() > begin {
        if let Some((u, from)) = moves.pop() {
            members.apply(state, u, from);
        }
    }
}

/// Carries what `t` has too much (or too little) along a path of territories to the nearest that can absorb it.
fn hand_on(
    state: &mut State<'_>,
    members: &mut Members,
    scratch: &mut Scratch,
    t: u32,
    moves: &mut Vec<(u32, u32)>,
) -> bool {
    let m = state.instance.measures;
    let windows = &state.instance.windows[t as usize * m..][..m];
    // The measure that is violated most decides what is carried.
    let violation = |j: &usize| windows[*j].violation(state.sums_of(t)[*j]);
    let Some(measure) = (0..m).max_by(|a, b| violation(a).total_cmp(&violation(b)).then(b.cmp(a))) else {
        return false;
    };
    let sum = state.sums_of(t)[measure];
    let amount = if sum > windows[measure].upper { sum - windows[measure].upper } else { sum - windows[measure].lower };
    let path = path_to_absorber(state, members, t, measure, amount);
    if path.len() < 2 {
        return false;
    }
    let begin = moves.len();
    let violation = |state: &State<'_>| path.iter().map(|&p| state.violation_of(p)).sum::<f64>();
    let before = violation(state);
    // From the absorbing end, so that room is made before it is needed.
    for pair in path.windows(2).rev() {
        let (near, far) = (pair[0], pair[1]);
        if !carry(state, members, scratch, (near, far), measure, amount, moves) {
            break;
        }
    }
    if violation(state) < before - 1e-12 {
        return true;
    }
    undo(state, members, moves, begin);
    false
}

/// The nearest territories from `t` to one that has room for `amount` (negative: has as much to spare), in hops.
fn path_to_absorber(state: &State<'_>, members: &mut Members, t: u32, measure: usize, amount: f64) -> Vec<u32> {
    let m = state.instance.measures;
    let mut previous = std::collections::BTreeMap::from([(t, t)]);
    let mut queue = vec![t];
    let mut at = 0;
    while at < queue.len().min(REACH) {
        let p = queue[at];
        at += 1;
        if p != t {
            let window = &state.instance.windows[p as usize * m + measure];
            if window.violation(state.sums_of(p)[measure] + amount) == 0.0 {
                let mut path = vec![p];
                let mut q = p;
                while q != t {
                    q = previous[&q];
                    path.push(q);
                }
                path.reverse();
                return path;
            }
        }
        for &q in members.neighbours(state, p) {
            if let std::collections::btree_map::Entry::Vacant(slot) = previous.entry(q) {
                slot.insert(p);
                queue.push(q);
            }
        }
    }
    Vec::new()
}

/// Exchanges one pair of sets so that about `amount` of `measure` goes from `near` to `far`, at the least violation of the
/// other measures; whichever of the best works.
fn carry(
    state: &mut State<'_>,
    members: &mut Members,
    scratch: &mut Scratch,
    (near, far): (u32, u32),
    measure: usize,
    amount: f64,
    moves: &mut Vec<(u32, u32)>,
) -> bool {
    let give = candidates(state, members, near, far);
    let take = candidates(state, members, far, near);
    let m = state.instance.measures;
    let windows = |p: u32| &state.instance.windows[p as usize * m..][..m];
    let mut tries: Vec<(f64, usize, usize)> = Vec::new();
    for (g, given) in give.iter().enumerate() {
        for (r, taken) in take.iter().enumerate() {
            if given.bundle.units.is_empty() && taken.bundle.units.is_empty() {
                continue;
            }
            let mut off = (given.bundle.loads[measure] - taken.bundle.loads[measure] - amount).abs();
            for j in (0..m).filter(|&j| j != measure) {
                let net = given.bundle.loads[j] - taken.bundle.loads[j];
                off += windows(near)[j].violation(state.sums_of(near)[j] - net)
                    + windows(far)[j].violation(state.sums_of(far)[j] + net);
            }
            tries.push((off, g, r));
        }
    }
    tries.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    tries.truncate(TRIES);
    tries.iter().any(|&(_, g, r)| {
        apply_exchange(state, members, scratch, (near, far), &give[g].bundle.units, &take[r].bundle.units, moves)
    })
}
