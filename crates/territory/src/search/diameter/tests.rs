//! Tests of the search for small diameters: against enumeration, and its promises.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::search::tests::grid;
use crate::search::{construct, make_contiguous, polish};
use crate::{Distance, Locations, Measure, Objective, Problem, ProblemSpec, Space, solve};
use std::sync::atomic::AtomicBool;

/// A contiguous plan inside the bounds.
fn start(instance: &Instance) -> Vec<u32> {
    let mut diagram = construct(instance, 40, 0);
    make_contiguous(instance, &mut diagram);
    let mut state = State::new(instance, diagram.parts, Scales::default());
    state.scales = state.scales_for([1.0, 0.0, 0.0]);
    assert_eq!(polish(&mut state, &mut crate::search::Scratch::default(), 50, &Control::default()), 0.0);
    state.parts()
}

fn pieces(neighbours: impl Fn(u32) -> Vec<u32>, parts: &[u32]) -> usize {
    let mut seen = vec![false; parts.len()];
    let mut count = 0;
    for first in 0..parts.len() {
        if std::mem::replace(&mut seen[first], true) {
            continue;
        }
        count += 1;
        let mut stack = vec![first as u32];
        while let Some(u) = stack.pop() {
            for v in neighbours(u) {
                if parts[v as usize] == parts[u as usize] && !std::mem::replace(&mut seen[v as usize], true) {
                    stack.push(v);
                }
            }
        }
    }
    count
}

/// Nine scattered units on a 3 × 3 grid graph, some diagonals, two measures.
fn nine(seed: u64, k: usize, own: bool) -> Problem {
    let mut random = Random::stream(seed, 0, 0);
    let at: Vec<[f64; 2]> =
        (0..9).map(|i| [f64::from(i % 3), f64::from(i / 3)].map(|c| 1000.0 * (c + 0.8 * random.unit()))).collect();
    let mut edges = Vec::new();
    for i in 0..9u32 {
        for (j, row) in [(i + 1, 0), (i + 3, 1), (i + 4, 1)] {
            if j < 9 && j / 3 == i / 3 + row && (j != i + 4 || random.below(2) == 0) {
                edges.push(Edge::new(i, j, EdgeKind::Border, 1.0));
            }
        }
    }
    let mut spec = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(9, &edges), k)
        .objective(Objective::NONE.diameter(1.0));
    for name in ["calls", "sales"] {
        let values = (0..9).map(|_| 1.0 + random.unit()).collect();
        spec = spec.measure(Measure::new(name, values).tolerance(0.5));
    }
    if own {
        spec = spec.distance(Distance::function(move |i, j| ((at[i][0] - at[j][0]).abs() / 100.0).round()));
    }
    spec.build().unwrap()
}

fn diameter(problem: &Problem, parts: &[u32]) -> f64 {
    let pairs = (0..parts.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.filter(|&(i, j)| parts[i] == parts[j]).map(|(i, j)| problem.distance(i, j)).fold(0.0, f64::max)
}

fn is_inside(problem: &Problem, parts: &[u32]) -> bool {
    (0..problem.k()).all(|t| {
        problem.measures().iter().enumerate().all(|(j, m)| {
            let sum: f64 = parts.iter().zip(&m.values).filter(|(p, _)| **p as usize == t).map(|(_, v)| v).sum();
            let (lower, upper) = problem.bounds(t, j);
            (lower - 1e-9..=upper + 1e-9).contains(&sum)
        })
    })
}

/// The least diameter of all contiguous plans inside the bounds.
fn enumerate(problem: &Problem) -> f64 {
    let (n, k) = (problem.units(), problem.k() as u32);
    let mut best = f64::INFINITY;
    let mut parts = vec![0; n];
    for code in 0..k.pow(n as u32) {
        let mut rest = code;
        for part in &mut parts {
            (*part, rest) = (rest % k, rest / k);
        }
        if is_inside(problem, &parts) {
            let found = diameter(problem, &parts);
            if found < best && pieces(|u| problem.graph().neighbours(u).to_vec(), &parts) == k as usize {
                best = found;
            }
        }
    }
    best
}

#[test]
fn tiny_problems_are_solved_to_the_optimum() {
    let options = SolveOptions { seed: 3, effort: Effort::Standard };
    for (seed, k, own) in [(1, 2, false), (2, 3, false), (3, 3, false), (4, 4, false), (5, 3, true), (6, 2, true)] {
        let problem = nine(seed, k, own);
        let best = enumerate(&problem);
        assert!(best.is_finite(), "instance {seed} has no plan");
        let plan = solve(&problem, &options, &Control::default()).unwrap().assignment;
        assert!(is_inside(&problem, &plan));
        let found = diameter(&problem, &plan);
        assert!((found - best).abs() < 1e-9, "instance {seed}: {found} found, {best} is the optimum");
    }
}

#[test]
fn plans_stay_contiguous_and_inside_and_only_get_better() {
    let instance = grid(24, 20, 8);
    for seed in 0..3 {
        let parts = start(&instance);
        let metric = Metric::Locations(&instance.masses);
        let largest = |parts: &[u32]| Diameters::new(metric, parts, 8).largest();
        let plan = Plan { seed, ..Plan::of(Effort::Quick, instance.len()) };
        let found = shorten(&instance, metric, parts.clone(), &plan, &Control::default());
        let after = State::new(&instance, found.clone(), Scales::default());
        assert_eq!(pieces(|u| instance.neighbours(u).to_vec(), &found), 8);
        assert!((0..8).all(|t| after.size(t) > 0));
        assert!(after.violation() < 1e-8, "bounds violated by {}", after.violation());
        assert!(largest(&found) < largest(&parts), "{} after {}", largest(&found), largest(&parts));
        // A seed names its plan.
        assert_eq!(found, shorten(&instance, metric, parts, &plan, &Control::default()));
    }
}

#[test]
fn bounds_that_are_violated_at_the_start_are_not_violated_more() {
    let instance = grid(10, 10, 4);
    // Stripes of 10, 20, 30 and 40 units.
    let stripe = |&u: &u32| [0, 1, 1, 2, 2, 2, 3, 3, 3, 3][u as usize / 10];
    let parts: Vec<u32> = instance.order.iter().map(stripe).collect();
    let before = State::new(&instance, parts.clone(), Scales::default()).violation();
    let plan = Plan::of(Effort::Quick, instance.len());
    let metric = Metric::Locations(&instance.masses);
    let found = shorten(&instance, metric, parts, &plan, &Control::default());
    let after = State::new(&instance, found, Scales::default()).violation();
    assert!(before > 0.5 && after <= before);
}

#[test]
fn a_cancelled_search_gives_the_plan_it_has() {
    let instance = grid(10, 10, 4);
    let parts = start(&instance);
    let cancel = AtomicBool::new(true);
    let plan = Plan::of(Effort::Thorough, instance.len());
    let control = Control::default().cancel(&cancel);
    let metric = Metric::Locations(&instance.masses);
    assert_eq!(shorten(&instance, metric, parts.clone(), &plan, &control), parts);
}

#[test]
fn other_terms_break_ties() {
    let instance = grid(16, 16, 7);
    let metric = Metric::Locations(&instance.masses);
    let inertia = |weights: [f64; 3]| {
        let plan = Plan { weights, ..Plan::of(Effort::Quick, instance.len()) };
        let parts = shorten(&instance, metric, start(&instance), &plan, &Control::default());
        State::new(&instance, parts, Scales::default()).terms()
    };
    let (alone, mixed) = (inertia([0.0; 3]), inertia([0.0, 0.0, 1.0]));
    assert!(mixed.cut < alone.cut, "cut {} with its weight, {} without", mixed.cut, alone.cut);
}

#[test]
fn layouts_are_contiguous_and_differ() {
    let instance = grid(20, 20, 7);
    let layouts: Vec<Vec<u32>> = (0..3).filter_map(|i| layout(&instance, &mut Random::stream(0, LAYOUT, i))).collect();
    assert_eq!(layouts.len(), 3);
    for parts in &layouts {
        assert_eq!(pieces(|u| instance.neighbours(u).to_vec(), parts), 7);
        assert!((0..7).all(|t| parts.contains(&t)));
    }
    assert!(layouts[0] != layouts[1] && layouts[1] != layouts[2]);
}
