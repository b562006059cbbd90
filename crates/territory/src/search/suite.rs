//! Tests of the stages against recomputation: books, changes, the contiguity check.

#![allow(clippy::unwrap_used)]

use super::tests::grid;
use super::{
    Balance, Bundle, Guard, Instance, Leaving, Random, Scales, Schedule, Scratches, State, anneal, construct,
    make_contiguous, polish, settle, sweep,
};
use crate::control::Control;

fn state(instance: &Instance) -> State<'_> {
    let mut diagram = construct(instance, 40, 0);
    make_contiguous(instance, &mut diagram);
    let mut state = State::new(instance, diagram.parts, Scales::default());
    state.scales = state.scales_for([1.0, 0.5, 0.25]);
    state
}

/// A search for shape inside the bounds.
fn for_shape(steps: u64, temperature: f64) -> Schedule {
    Schedule {
        steps,
        temperature: (temperature, 0.0),
        lambda: (1.0, 1.0),
        calm: (1.0, 1.0),
        price_updates: 0,
        swaps: 0.3,
        bundle: 6,
        heat: 1.0,
    }
}

fn pieces(state: &State<'_>, territory: u32) -> usize {
    let n = state.instance.len() as u32;
    let mut seen = vec![false; n as usize];
    let mut count = 0;
    for first in (0..n).filter(|&u| state.part(u) == territory) {
        if seen[first as usize] {
            continue;
        }
        count += 1;
        let mut stack = vec![first];
        seen[first as usize] = true;
        while let Some(u) = stack.pop() {
            for &v in state.instance.neighbours(u) {
                if state.part(v) == territory && !std::mem::replace(&mut seen[v as usize], true) {
                    stack.push(v);
                }
            }
        }
    }
    count
}

#[test]
fn books_equal_recomputation_after_any_moves() {
    let instance = grid(17, 13, 6);
    let mut state = state(&instance);
    let mut random = Random::stream(11, 0, 0);
    for _ in 0..3000 {
        let unit = random.below(instance.len()) as u32;
        if state.size(state.part(unit)) > 1 {
            state.apply(unit, random.below(6) as u32);
        }
    }
    assert!(state.book_error() < 1e-6, "books are off by {}", state.book_error());
}

#[test]
fn books_are_the_same_whoever_forms_them() {
    let instance = grid(90, 80, 7);
    let parts: Vec<u32> = (0..7200).map(|u| u * u % 7).collect();
    let books = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let state = pool.install(|| State::new(&instance, parts.clone(), Scales::default()));
        let of = |t: u32| (state.size(t), state.sums_of(t)[0].to_bits(), state.moments_of(t).inertia().to_bits());
        (0..7).map(of).collect::<Vec<_>>()
    };
    let one = books(1);
    assert_eq!(one, books(2));
    assert_eq!(one.iter().map(|&(size, ..)| size).sum::<u32>(), 7200);
}

#[test]
fn changes_equal_recomputation() {
    let instance = grid(12, 12, 5);
    let mut state = state(&instance);
    let mut balance = Balance::new(&instance);
    balance.set_lambda(50.0);
    balance.raise(&state, 3.0);
    balance.raise_by_flow(&state, 2.0);
    let mut random = Random::stream(4, 0, 0);
    let mut bundle = Bundle::default();
    for _ in 0..2000 {
        let (unit, to) = (random.below(instance.len()) as u32, random.below(5) as u32);
        let from = state.part(unit);
        let mut units = vec![unit];
        units.extend(instance.neighbours(unit).iter().filter(|&&v| state.part(v) == from).take(random.below(3)));
        if from == to || state.size(from) <= units.len() as u32 {
            continue;
        }
        bundle.set(&instance, units.iter().copied());
        let mut change =
            state.inertia_change(&bundle.mass, from, to) + balance.change(&state, bundle.moved(), from, to);
        change += units.iter().map(|&u| state.link_change(u, from, to)).sum::<f64>();
        change += super::anneal::inner_links(&state, &units);
        let before = state.energy() + balance.energy(&state);
        units.iter().for_each(|&u| state.apply(u, to));
        let after = state.energy() + balance.energy(&state);
        assert!((after - before - change).abs() < 1e-6 * (1.0 + change.abs()), "{change} where {} is", after - before);
    }
}

#[test]
fn the_guard_tells_what_a_flood_tells() {
    let instance = grid(15, 15, 4);
    let mut state = state(&instance);
    let mut guard = Guard::default();
    let mut random = Random::stream(9, 0, 0);
    let mut cuts = 0;
    for _ in 0..4000 {
        let unit = state.border()[random.below(state.border().len())];
        let from = state.part(unit);
        let others: Vec<u32> =
            instance.neighbours(unit).iter().map(|&v| state.part(v)).filter(|&p| p != from).collect();
        let to = others[random.below(others.len())];
        let verdict = guard.leaving(&state, unit, usize::MAX);
        let pockets = guard.pockets().len() as u32;
        if verdict == Leaving::Last {
            assert_eq!(state.size(from), 1);
            continue;
        }
        state.apply(unit, to);
        let count = pieces(&state, from);
        assert_eq!(count == 1, verdict == Leaving::Whole, "{verdict:?} with {count} pieces");
        if verdict == Leaving::Whole {
            continue;
        }
        cuts += 1;
        assert!(pockets > 0 && pockets < state.size(from) + 1);
        state.apply(unit, from);
    }
    assert!(cuts > 20, "only {cuts} cutting moves were tried");
}

#[test]
fn stages_keep_territories_whole_and_balance_them() {
    let instance = grid(30, 30, 9);
    let mut state = state(&instance);
    let mut scratches = Scratches::default();
    let shape = for_shape(60_000, 0.005);
    let schedule = Schedule { lambda: (5.0, 1000.0), calm: (0.0, 0.0), price_updates: 400, ..shape };
    let control = Control::default();
    let mut balance = Balance::new(&instance);
    assert!(anneal(&mut state, &mut balance, &schedule, (1, 0), &mut scratches, &control));
    assert!((0..9).all(|t| pieces(&state, t) == 1));
    assert_eq!(polish(&mut state, scratches.one(), 20, &control), 0.0);
    assert!((0..9).all(|t| pieces(&state, t) == 1));
    assert!(state.book_error() < 1e-6);
    // Inside hard bounds nothing may break them again.
    balance.set_only_walls(&state);
    assert!(balance.has_only_walls());
    anneal(&mut state, &mut balance, &shape, (1, 0), &mut scratches, &control);
    assert_eq!(state.violation(), 0.0);
    assert!((0..9).all(|t| pieces(&state, t) == 1));
}

#[test]
fn coarse_levels_have_groups_where_the_units_do_and_territories_are_many() {
    let groups = |side: u32, k: usize| {
        let instance = grid(side, side, k);
        let hierarchy = super::hierarchy::Hierarchy::new(&instance, &[]);
        assert!(!hierarchy.levels.is_empty());
        let of = |level| super::regions::count(&State::new(level, vec![0; level.len()], Scales::default()));
        (of(&instance), of(hierarchy.coarsest()))
    };
    assert_eq!(groups(190, 200), (2, 3));
    assert_eq!(groups(190, 100), (2, 1));
    assert_eq!(groups(160, 200), (1, 1));
    assert_eq!(groups(190, 520), (2, 8));
}

#[test]
fn searches_ask_whether_to_stop_in_the_midst_of_rounds() {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::Duration;
    for side in [30, 260] {
        let instance = grid(side, side, 16);
        let mut state = state(&instance);
        assert_eq!(super::regions::count(&state) > 1, side == 260);
        let mut balance = Balance::new(&instance);
        let schedule = Schedule { calm: (0.0, 0.0), price_updates: 8, ..for_shape(1 << 22, 0.001) };
        let mut annealed = |limit: u64| {
            let asked = AtomicU64::new(0);
            let clock = || Duration::from_secs(asked.fetch_add(1, Relaxed));
            let control = Control::default().time_limit(Duration::from_secs(limit), &clock);
            let went = anneal(&mut state, &mut balance, &schedule, (5, 0), &mut Scratches::default(), &control);
            (went, asked.into_inner())
        };
        let (went, asked) = annealed(u64::MAX);
        assert!(went && asked > 1 << 8, "asked {asked} times in {} steps", schedule.steps);
        // Once the time is up no view goes on: each asks once more at most, and so do the rounds.
        let (went, asked) = annealed(100);
        assert!(!went && asked < 120, "asked {asked} times after 100");
        assert!((0..16).all(|t| pieces(&state, t) == 1));
        assert!(state.book_error() < 1e-6);
    }
}

#[test]
fn regions_leave_the_books_true_and_territories_whole() {
    // Large enough for several regions.
    let instance = grid(260, 260, 40);
    assert!(super::regions::count(&state(&instance)) > 1);
    let mut plans = Vec::new();
    for _ in 0..2 {
        let mut state = state(&instance);
        let mut scratches = Scratches::default();
        assert_eq!(settle(&mut state, 6, (3, 0), &mut scratches, &Control::default()), 0.0);
        let settled = state.energy();
        let mut balance = Balance::new(&instance);
        balance.set_walls(&instance, 0.0);
        let shape = for_shape(400_000, 0.0002);
        anneal(&mut state, &mut balance, &shape, (3, 1), &mut scratches, &Control::default());
        assert!(state.energy() < settled, "{} after {settled}", state.energy());
        assert_eq!(state.violation(), 0.0);
        // Sums are those of a fresh state to the bit.
        assert_eq!(state.book_error(), 0.0);
        assert!((0..40).all(|t| pieces(&state, t) == 1));
        // The whole moves on where views have been, and views where it has.
        let mut pull = Balance::new(&instance);
        pull.set_lambda(1e4);
        for round in 2..4 {
            assert!(sweep(&mut state, &pull, 6, scratches.one()) > 0);
            assert!(state.book_error() < 1e-6);
            state.recompute();
            assert_eq!(state.book_error(), 0.0);
            anneal(&mut state, &mut balance, &shape, (3, round), &mut scratches, &Control::default());
            assert_eq!(state.book_error(), 0.0);
        }
        plans.push(state.parts());
    }
    assert_eq!(plans[0], plans[1]);
}
