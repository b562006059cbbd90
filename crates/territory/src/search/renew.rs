//! Regions of neighbouring territories are drawn anew, each from a fresh start, and kept where that is better.
//!
//! A start decides where territories lie, and a plan of many territories is good in one place and poor in another whatever start
//! it came from: a region finds a good one of its own sooner than the whole. The regions of a round are disjoint and drawn
//! side by side. After a hundred rounds there is little left for a region to gain, and another plan is the better use of the time:
//! the best of a few is what comes back.

use super::descent::Found;
use super::instance::Instance;
use super::random::Random;
use super::state::{Scales, State, beside};
use crate::control::Control;
use crate::parallel;
use crate::space::squared_distance;

/// Most and fewest territories of a region; fewer where the plan has not twice as many.
const LARGEST: usize = 12;
const SMALLEST: usize = 8;
/// Territories from which a plan has regions that are but a part of it.
const MANY: usize = 9;
/// Units under which anneals of the whole find more.
const LARGE: usize = 1_500;
/// Units drawn in all rounds of all plans together, at most.
const DRAWN: usize = 1_000_000;
/// Most rounds for a plan, and fewest: where there are less, more starts of the whole are the better use of the time.
const ROUNDS: usize = 100;
const FEWEST: u64 = 5;
/// Most plans.
const PLANS: usize = 3;
/// Random stream.
const REGIONS: u64 = 6;

/// Whether the search for a plan goes on region by region: not where rules or distances bind units of several regions, or
/// territories to units that exceed their bounds, for a region by itself sees neither.
pub(super) fn applies(instance: &Instance) -> bool {
    let large = instance.k() >= MANY && instance.len() >= LARGE && rounds(instance) >= FEWEST;
    let free = instance.bonds.as_ref().is_none_or(|b| !b.binds() && b.centres_apart_km.is_none());
    large && free && instance.oversize_units().is_empty()
}

/// Rounds of every plan for a problem of this size.
fn rounds(instance: &Instance) -> u64 {
    (DRAWN / instance.len().max(1)).min(ROUNDS) as u64
}

/// Plans whose regions are drawn for a problem of this size.
fn plans(instance: &Instance) -> u64 {
    (DRAWN / instance.len().max(1) / ROUNDS).clamp(1, PLANS) as u64
}

/// A region with what makes it a problem of its own.
struct Region {
    units: Vec<u32>,
    territories: Vec<u32>,
    part: Instance,
}

/// Draws regions of the plan `start(0)` anew, then those of others, and returns the best. `draw(region, weights, turn)` makes a plan
/// of a region by weights of inertia, border and cut, from another start every turn. What comes back violates no more than the
/// first, and is no worse.
pub(super) fn renew(
    instance: &Instance,
    weights: [f64; 3],
    seed: u64,
    control: &Control<'_>,
    start: impl Fn(u64) -> Vec<u32>,
    draw: impl Fn(&Instance, [f64; 3], u64) -> Vec<u32> + Sync + Send,
) -> Vec<u32> {
    let plans = plans(instance);
    let part = |plan: u64| control.nth(plan as usize, plans as usize);
    let mut state = State::new(instance, start(0), Scales::default());
    let scales = state.scales_for(weights);
    state.scales = scales;
    let mut best = renew_plan(state, weights, (seed, 0), &part(0), &draw);
    for plan in 1..plans {
        if control.stopped().is_some() {
            break;
        }
        let state = State::new(instance, start(plan), scales);
        let found = renew_plan(state, weights, (seed, plan << 20), &part(plan), &draw);
        if found.is_better(&best) {
            best = found;
        }
    }
    best.parts
}

/// A plan whose regions were drawn anew in rounds, with turns and random numbers from `first` on.
fn renew_plan(
    mut state: State<'_>,
    weights: [f64; 3],
    (seed, first): (u64, u64),
    control: &Control<'_>,
    draw: impl Fn(&Instance, [f64; 3], u64) -> Vec<u32> + Sync + Send,
) -> Found {
    let (instance, scales) = (state.instance, state.scales);
    let mut best = Found::of(&state);
    let mut rank = vec![u32::MAX; instance.len()];
    let rounds = rounds(instance);
    let mut turn = first;
    for round in 0..rounds {
        if control.stopped().is_some() {
            break;
        }
        control.report(round as f64 / rounds as f64, "renew");
        let regions = regions(&state, &mut rank, &mut Random::stream(seed, REGIONS, first + round));
        let drawn = parallel::map(regions.len(), |at| {
            let going = control.stopped().is_none();
            going.then(|| regions[at].drawn(&best.parts, (weights, scales), turn + at as u64, &draw)).flatten()
        });
        turn += regions.len() as u64;
        let mut parts = best.parts.clone();
        for (region, drawn) in regions.iter().zip(drawn) {
            for (&u, t) in region.units.iter().zip(drawn.into_iter().flatten()) {
                parts[u as usize] = region.territories[t as usize];
            }
        }
        let after = State::new(instance, parts, scales);
        // What binds units of several regions is seen in the whole only.
        let found = Found::of(&after);
        if found.is_better(&best) {
            (state, best) = (after, found);
        }
    }
    best
}

impl Region {
    /// The region's plan drawn anew, if that is better than what `parts` of the whole has there.
    fn drawn(
        &self,
        parts: &[u32],
        (weights, scales): ([f64; 3], Scales),
        turn: u64,
        draw: impl Fn(&Instance, [f64; 3], u64) -> Vec<u32>,
    ) -> Option<Vec<u32>> {
        let own = |&u: &u32| self.territories.partition_point(|&t| t < parts[u as usize]) as u32;
        let old = State::new(&self.part, self.units.iter().map(own).collect(), scales);
        // Inertia, border and cut keep the weight beside each other that they have in the whole.
        let values = old.terms();
        let own = [scales.inertia * values.inertia, scales.border * values.border, scales.cut * values.cut];
        let (all, energy): (f64, f64) = (weights.iter().sum(), own.iter().sum());
        let weights = if energy > 0.0 { own.map(|e| e / energy * all) } else { weights };
        let old = Found::of(&old);
        let new = Found::of(&State::new(&self.part, draw(&self.part, weights, turn), scales));
        (new.violation <= old.violation && new.is_better(&old)).then_some(new.parts)
    }

    /// Whether every measure has something to share out.
    fn has_loads(&self) -> bool {
        let part = &self.part;
        (0..part.measures).all(|m| (0..part.len() as u32).any(|u| part.loads_of(u)[m] > 0.0))
    }
}

/// Disjoint regions of neighbouring territories, each around one that is chosen at random.
fn regions(state: &State<'_>, rank: &mut [u32], random: &mut Random) -> Vec<Region> {
    let instance = state.instance;
    let k = instance.k();
    let beside = beside(k, &state.neighbouring());
    let centres: Vec<[f64; 3]> = (0..k as u32).map(|t| state.moments_of(t).centroid()).collect();
    let mut order: Vec<u32> = (0..k as u32).collect();
    (1..k).rev().for_each(|i| order.swap(i, random.below(i + 1)));
    let largest = LARGEST.min(k / 2).max(2);
    let smallest = SMALLEST.min(largest * 2 / 3).max(2);
    let mut region_of = vec![None; k];
    let mut members: Vec<Vec<u32>> = Vec::new();
    for &first in &order {
        if region_of[first as usize].is_some() {
            continue;
        }
        let number = members.len();
        let size = smallest + random.below(largest + 1 - smallest);
        let mut territories = vec![first];
        region_of[first as usize] = Some(number);
        while territories.len() < size {
            let around = territories.iter().flat_map(|&t| &beside[t as usize]).copied();
            let way = |t: u32| squared_distance(centres[first as usize], centres[t as usize]);
            let nearest = around
                .filter(|&t| region_of[t as usize].is_none())
                .min_by(|&a, &b| way(a).total_cmp(&way(b)).then(a.cmp(&b)));
            let Some(next) = nearest else { break };
            region_of[next as usize] = Some(number);
            territories.push(next);
        }
        territories.sort_unstable();
        members.push(territories);
    }
    let mut units = vec![Vec::new(); members.len()];
    for u in 0..instance.len() as u32 {
        if let Some(number) = region_of[state.part(u) as usize] {
            units[number].push(u);
        }
    }
    let several =
        |(territories, units): &(Vec<u32>, Vec<u32>)| territories.len() >= 2 && units.len() > territories.len();
    let pairs = members.into_iter().zip(units).filter(several);
    pairs
        .map(|(territories, units)| Region { part: instance.part(&units, &territories, rank), units, territories })
        .filter(Region::has_loads)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::contiguity::begin;
    use super::super::tests::{grid, grid_spec};
    use super::*;
    use crate::problem::Rules;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    const WEIGHTS: [f64; 3] = [1.0, 0.0, 0.25];

    #[test]
    fn regions_are_disjoint_and_hold_all_units_of_their_territories() {
        let instance = grid(48, 48, 20);
        let state = State::new(&instance, begin(&instance, 40, 0).parts, Scales::default());
        let mut rank = vec![u32::MAX; instance.len()];
        let regions = regions(&state, &mut rank, &mut Random::stream(1, REGIONS, 0));
        let mut seen = vec![false; instance.k()];
        for region in &regions {
            assert!(region.territories.len() >= 2 && region.territories.len() <= 10);
            assert!(region.territories.iter().all(|&t| !std::mem::replace(&mut seen[t as usize], true)));
            let sizes: u32 = region.territories.iter().map(|&t| state.size(t)).sum();
            assert_eq!(sizes as usize, region.units.len());
            assert!(region.units.iter().all(|&u| region.territories.contains(&state.part(u))));
            assert_eq!((region.part.len(), region.part.k()), (region.units.len(), region.territories.len()));
        }
        assert!(seen.iter().filter(|&&s| s).count() >= 16, "hardly any territory is in a region");
    }

    /// One territory has all but a unit for each other one.
    fn uneven(instance: &Instance) -> Vec<u32> {
        let last = instance.k() as u32 - 1;
        (0..instance.len() as u32).map(|u| u.min(last)).collect()
    }

    #[test]
    fn only_what_is_better_is_kept() {
        let instance = grid(48, 48, 20);
        let parts = begin(&instance, 40, 0).parts;
        let (control, asked) = (Control::default(), AtomicUsize::new(0));
        let worse = |part: &Instance, _: [f64; 3], _: u64| {
            asked.fetch_add(1, Ordering::Relaxed);
            uneven(part)
        };
        assert_eq!(renew(&instance, WEIGHTS, 1, &control, |_| parts.clone(), worse), parts);
        let rounds = (rounds(&instance) * plans(&instance)) as usize;
        assert!(plans(&instance) == 3 && asked.load(Ordering::Relaxed) >= 2 * rounds, "it gave up early");
        let better = |part: &Instance, _: [f64; 3], turn: u64| begin(part, 40, turn).parts;
        let found = renew(&instance, WEIGHTS, 1, &control, |_| parts.clone(), better);
        let [old, new] = [parts, found].map(|parts| Found::of(&State::new(&instance, parts, Scales::default())));
        assert!(new.violation < 0.5 * old.violation, "{} is not less than {}", new.violation, old.violation);
    }

    #[test]
    fn a_region_that_gets_worse_stays_though_others_gain() {
        let instance = grid(48, 48, 20);
        let state = State::new(&instance, begin(&instance, 40, 0).parts, Scales::default());
        let scales = state.scales_for(WEIGHTS);
        let mut rank = vec![u32::MAX; instance.len()];
        let regions = regions(&state, &mut rank, &mut Random::stream(1, REGIONS, 0));
        for region in &regions {
            let drawn = region.drawn(&state.parts(), (WEIGHTS, scales), 0, |part, weights, _| {
                assert!((weights.iter().sum::<f64>() - 1.25).abs() < 1e-9 && weights[1] == 0.0);
                uneven(part)
            });
            assert_eq!(drawn, None);
        }
    }

    #[test]
    fn the_best_of_several_plans_comes_back() {
        let instance = grid(48, 48, 20);
        let (good, bad) = (begin(&instance, 40, 0).parts, uneven(&instance));
        for best in 0..3 {
            let begun = std::cell::RefCell::new(Vec::new());
            let start = |plan: u64| {
                begun.borrow_mut().push(plan);
                if plan == best { good.clone() } else { bad.clone() }
            };
            let none = |part: &Instance, _: [f64; 3], _: u64| uneven(part);
            let found = renew(&instance, WEIGHTS, 1, &Control::default(), start, none);
            assert_eq!(found, good, "the best was plan {best}");
            assert_eq!(begun.into_inner(), [0, 1, 2]);
        }
    }

    #[test]
    fn what_is_stopped_keeps_what_was_drawn() {
        let instance = grid(48, 48, 20);
        let parts = begin(&instance, 40, 0).parts;
        let (flag, again) = (AtomicBool::new(false), |plan| -> Vec<u32> {
            assert_eq!(plan, 0, "another plan was begun");
            parts.clone()
        });
        let (control, asked) = (Control::default().cancel(&flag), AtomicUsize::new(0));
        let until = |last: usize| {
            let (flag, asked) = (&flag, &asked);
            flag.store(last == 0, Ordering::Relaxed);
            asked.store(0, Ordering::Relaxed);
            move |part: &Instance, _: [f64; 3], turn: u64| {
                flag.store(asked.fetch_add(1, Ordering::Relaxed) + 1 >= last, Ordering::Relaxed);
                begin(part, 40, turn + 1).parts
            }
        };
        assert_eq!(renew(&instance, WEIGHTS, 1, &control, again, until(0)), parts);
        assert_eq!(asked.load(Ordering::Relaxed), 0, "it began though it was stopped");
        let found = renew(&instance, WEIGHTS, 1, &control, again, until(12));
        assert!(asked.load(Ordering::Relaxed) < 20, "it went on");
        assert_ne!(found, parts, "what was drawn before is lost");
    }

    #[test]
    fn rules_that_bind_leave_plans_whole() {
        let mut instance = grid(48, 48, 20);
        assert!(applies(&instance));
        let mut bonds = super::super::Bonds::default();
        bonds.centres_apart_km = Some(1.0);
        instance.bonds = Some(Box::new(bonds));
        assert!(!applies(&instance), "centres keep a distance");
        instance.bonds = None;
        assert!(applies(&instance));
        instance.loads[7] = 3.0;
        assert!(!applies(&instance), "a unit is oversize");
        #[allow(clippy::unwrap_used)]
        let applies_with = |rules: Rules| applies(&Instance::new(&grid_spec(48, 48, 20).rules(rules).build().unwrap()));
        assert!(applies_with(Rules { ties: vec![(3, 4, 1.0)], ..Rules::default() }), "ties bind nothing");
        let binding = [
            Rules { locked: vec![(7, 3)], ..Rules::default() },
            Rules { forbidden: vec![(7, vec![3])], ..Rules::default() },
            Rules { together: vec![vec![7, 8]], ..Rules::default() },
            Rules { apart: vec![(7, 8)], ..Rules::default() },
        ];
        for rules in binding {
            assert!(!applies_with(rules.clone()), "{rules:?}");
        }
    }
}
