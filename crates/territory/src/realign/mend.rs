//! A plan of today made whole: every unit in a territory that may have it, every territory contiguous and with a unit.

use super::NOWHERE;
use crate::search::{Diagram, Guard, Instance, Leaving, State, make_contiguous};
use crate::space::squared_distance;
use crate::terms::Moments;

/// Places that are tried for a new territory.
const PLACES: usize = 12;
/// Steps of the contiguity check while a new territory is carved out.
const WALK: usize = 1 << 16;

/// Parts to go on from.
pub(super) fn mend(instance: &Instance) -> Vec<u32> {
    let (n, k, m) = (instance.len(), instance.k(), instance.measures);
    let mut moments = vec![Moments::default(); k];
    let mut parts: Vec<u32> = (0..n as u32).map(|u| instance.home_of(u)).collect();
    for (u, &part) in parts.iter().enumerate().filter(|p| *p.1 != NOWHERE) {
        moments[part as usize].add(&instance.masses[u]);
    }
    let empty: Vec<u32> = (0..k as u32).filter(|&t| moments[t as usize].weight <= 0.0).collect();
    let mut centres: Vec<[f64; 3]> = moments.iter().map(Moments::centroid).collect();
    if empty.len() == k {
        // Nothing is there to keep.
        return crate::search::begin(instance);
    }
    // What is nowhere grows on from what is there; new territories are carved out of the whole.
    let settled: Vec<u32> = (0..k as u32).filter(|t| !empty.contains(t)).collect();
    let whole = |centres: &[[f64; 3]], parts: Vec<u32>| {
        let before = parts.clone();
        let mut diagram = Diagram { parts, centres: centres.to_vec(), lambda: vec![0.0; k], prices: vec![0.0; k * m] };
        make_contiguous(instance, &mut diagram);
        settle_cut_off(instance, &mut diagram.parts, &before, centres);
        diagram.parts
    };
    if empty.is_empty() {
        return whole(&centres, parts);
    }
    // A territory that is still empty would be given a unit anywhere: it stands aside meanwhile.
    let nearest = |u: usize| {
        let at = instance.masses[u].at;
        let way = |&&t: &&u32| squared_distance(at, centres[t as usize]);
        settled.iter().min_by(|a, b| way(a).total_cmp(&way(b)).then(a.cmp(b))).copied().unwrap_or(0)
    };
    let mut grown = grow(instance, &parts);
    for (u, part) in grown.iter_mut().enumerate().filter(|p| *p.1 == NOWHERE) {
        *part = nearest(u);
    }
    for t in empty {
        carve(instance, &mut grown, t);
        let mut own = Moments::default();
        (0..n).filter(|&u| grown[u] == t).for_each(|u| own.add(&instance.masses[u]));
        centres[t as usize] = own.centroid();
    }
    parts = grown;
    whole(&centres, parts)
}

/// Units that are nowhere and that no territory grew to, in components where none has its body, stay where they are today; else
/// they join what is beside them; what is left of a component joins the nearest territory that may have its first unit.
fn settle_cut_off(instance: &Instance, parts: &mut Vec<u32>, before: &[u32], centres: &[[f64; 3]]) {
    if !parts.contains(&NOWHERE) {
        return;
    }
    for (part, &own) in parts.iter_mut().zip(before).filter(|p| *p.0 == NOWHERE) {
        *part = own;
    }
    *parts = grow(instance, parts);
    for u in 0..parts.len() {
        if parts[u] != NOWHERE {
            continue;
        }
        let allows = |t: &u32| instance.bonds.as_ref().is_none_or(|b| b.may(u as u32, *t, |v| parts[v as usize]));
        let way = |t: &u32| squared_distance(instance.masses[u].at, centres[*t as usize]);
        let territory = (0..centres.len() as u32).filter(allows).min_by(|a, b| way(a).total_cmp(&way(b))).unwrap_or(0);
        parts[u] = territory;
        let mut stack = vec![u as u32];
        while let Some(w) = stack.pop() {
            for &v in instance.neighbours(w) {
                if parts[v as usize] == NOWHERE {
                    parts[v as usize] = territory;
                    stack.push(v);
                }
            }
        }
    }
}

/// Units that are nowhere join the territory of a neighbour, the nearest first by steps.
fn grow(instance: &Instance, parts: &[u32]) -> Vec<u32> {
    let mut grown = parts.to_vec();
    let mut queue: Vec<u32> = (0..parts.len() as u32).filter(|&u| parts[u as usize] != NOWHERE).collect();
    let mut at = 0;
    while at < queue.len() {
        let u = queue[at];
        at += 1;
        for &v in instance.neighbours(u) {
            if grown[v as usize] == NOWHERE {
                grown[v as usize] = grown[u as usize];
                queue.push(v);
            }
        }
    }
    grown
}

/// Gives a territory without units its share, where those around it have most too much: from the most loaded places some are tried,
/// and the one that leaves the least violation stays.
fn carve(instance: &Instance, parts: &mut Vec<u32>, territory: u32) {
    let mut places = places(instance, parts);
    places.truncate(PLACES);
    let mut best: Option<(f64, Vec<u32>)> = None;
    for place in places {
        let mut state = State::new(instance, parts.clone(), Default::default());
        carve_at(&mut state, territory, place);
        let violation = state.violation();
        if state.size(territory) > 0 && best.as_ref().is_none_or(|b| violation < b.0) {
            best = Some((violation, state.parts()));
        }
    }
    if let Some((_, carved)) = best {
        *parts = carved;
    }
}

/// Units to begin a new territory at: one a territory, the most loaded with its neighbours first.
fn places(instance: &Instance, parts: &[u32]) -> Vec<u32> {
    let state = State::new(instance, parts.to_vec(), Default::default());
    let (k, m) = (instance.k(), instance.measures);
    let over = |t: u32| -> f64 {
        let windows = &instance.windows[t as usize * m..][..m];
        let share = |(w, sum): (&crate::search::Window, &f64)| (sum - w.target) / w.target;
        windows.iter().zip(state.sums_of(t)).map(share).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut around: Vec<f64> = (0..k as u32).map(over).collect();
    let own = around.clone();
    for (a, b, _) in crate::search::territory_links(&state) {
        around[a as usize] += own[b as usize].max(0.0);
        around[b as usize] += own[a as usize].max(0.0);
    }
    // The border unit of a territory whose neighbours have most too much.
    let mut best: Vec<Option<(f64, u32)>> = vec![None; k];
    for &u in state.border() {
        let part = state.part(u);
        let others = instance.neighbours(u).iter().map(|&v| state.part(v)).filter(|&p| p != part);
        let load: f64 = others.map(|p| around[p as usize]).fold(around[part as usize], f64::max);
        let slot = &mut best[part as usize];
        if slot.is_none_or(|b| load > b.0 || (load == b.0 && u < b.1)) {
            *slot = Some((load, u));
        }
    }
    let mut ranked: Vec<(f64, u32)> =
        best.iter().flatten().map(|&(load, u)| (load + around[state.part(u) as usize], u)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.into_iter().map(|r| r.1).collect()
}

/// Grows a territory from a unit, nearest units first, until it has its target; the others stay contiguous and keep a unit.
fn carve_at(state: &mut State<'_>, territory: u32, place: u32) {
    let instance = state.instance;
    let (m, mut guard) = (instance.measures, Guard::default());
    let windows = &instance.windows[territory as usize * m..][..m];
    let at = instance.masses[place as usize].at;
    let mut waiting = std::collections::BTreeMap::from([((0, place), ())]);
    let mut refused = 0;
    while let Some((&(way, u), ())) = waiting.first_key_value() {
        waiting.remove(&(way, u));
        if state.part(u) == territory {
            continue;
        }
        let sums = state.sums_of(territory);
        let full = windows.iter().zip(sums).zip(instance.loads_of(u)).any(|((w, s), load)| s + 0.5 * load > w.target);
        if full && state.size(territory) > 0 {
            break;
        }
        if state.size(state.part(u)) < 2 || !state.may(u, territory) || guard.leaving(state, u, WALK) != Leaving::Whole
        {
            refused += 1;
            if refused > 10_000 {
                break;
            }
            continue;
        }
        state.apply(u, territory);
        for &v in instance.neighbours(u) {
            if state.part(v) != territory {
                let way = squared_distance(instance.masses[v as usize].at, at);
                waiting.insert((way.to_bits(), v), ());
            }
        }
    }
}
