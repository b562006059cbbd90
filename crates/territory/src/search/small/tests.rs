//! Tests of the small search: books against recomputation, promises on any objective, the best of all plans on tiny problems.

#![allow(clippy::unwrap_used)]

use super::anneal::{Best, Penalty, Schedule, anneal};
use super::books::{Books, TermScales};
use super::combine::{Combiner, SETS_OF_LINE};
use super::terms::MemberTerms;
use super::walk::{Mix, Walker};
use super::*;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::evaluate::{evaluate, validate};
use crate::{Distance, Locations, Measure, Objective, ProblemSpec, Space, solve};

/// A grid of unit squares with uneven loads, by Manhattan distance where the objective measures from members.
fn grid(width: u32, height: u32, k: usize, objective: Objective, measures: usize, tolerance: f64) -> Problem {
    let n = width * height;
    let at: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i % width) * 1000.0, f64::from(i / width) * 1000.0]).collect();
    let mut edges = Vec::new();
    for i in 0..n {
        if i % width + 1 < width {
            edges.push(Edge::new(i, i + 1, EdgeKind::Border, 1.0));
        }
        if i / width + 1 < height {
            edges.push(Edge::new(i, i + width, EdgeKind::Border, 1.0));
        }
    }
    let manhattan = move |a: usize, b: usize| {
        let (a, b) = (a as u32, b as u32);
        f64::from((a % width).abs_diff(b % width) + (a / width).abs_diff(b / width))
    };
    let mut spec =
        ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(n as usize, &edges), k)
            .objective(objective)
            .distance(Distance::function(manhattan));
    for j in 0..measures as u32 {
        let loads = (0..n).map(|i| f64::from(1 + (i * 7919 + j * 31) % (5 + j))).collect();
        spec = spec.measure(Measure::new(format!("load {j}"), loads).tolerance(tolerance));
    }
    spec.build().unwrap()
}

fn all_terms() -> Objective {
    Objective::NONE.inertia(1.0).inertia_medoid(1.0).median(0.5).border(0.3).cut(0.2)
}

#[test]
fn books_equal_recomputation_after_all_kinds_of_moves() {
    let problem = grid(14, 12, 5, all_terms(), 2, 0.05);
    let instance = Instance::new(&problem);
    let terms = MemberTerms::new(&problem, &instance);
    let parts = layout(&instance, &mut Random::stream(1, 0, 0)).unwrap();
    let scales = TermScales::of(&instance, &terms, &parts);
    let mut books = Books::new(&instance, &terms, &scales, parts.clone());
    assert!((books.energy() - 5.0).abs() < 1e-9, "the plan that scales were taken from has energy {}", books.energy());
    for (kind, mix) in [
        Mix { swaps: 0.0, splits: 0.0, bundles: 0.5, exactly: true },
        Mix { swaps: 1.0, splits: 0.0, bundles: 0.0, exactly: false },
        Mix { swaps: 0.0, splits: 1.0, bundles: 0.0, exactly: false },
    ]
    .into_iter()
    .enumerate()
    {
        books.take_up(&parts);
        let mut best = Best::of(&books);
        let mut walker = Walker::new(Random::stream(3, kind as u64, 0), instance.len());
        let penalty = Penalty::Ramp(1.0, 50.0);
        let schedule = Schedule { steps: 5_000, temperature: (2.0, 0.1), penalty, mix };
        assert!(anneal(&mut books, &mut best, &mut walker, &schedule, 0.03, &Control::default()));
        assert_ne!(books.state.parts(), parts, "kind {kind} made no move");
        let fresh = Books::new(&instance, &terms, &scales, books.state.parts());
        assert!((fresh.energy() - books.energy()).abs() < 1e-9, "kind {kind}: {} {}", fresh.energy(), books.energy());
        assert!((fresh.violation - books.violation).abs() < 1e-9);
        assert_eq!(fresh.is_feasible(), books.is_feasible());
        // What was kept as best is what it was said to be, and whole.
        let kept = Best::of(&Books::new(&instance, &terms, &scales, best.parts.clone()));
        assert!((kept.energy - best.energy).abs() < 1e-9 && (kept.violation - best.violation).abs() < 1e-9);
        for parts in [best.parts, books.state.parts()] {
            let mut assignment = vec![0; parts.len()];
            instance.order.iter().zip(&parts).for_each(|(&u, &part)| assignment[u as usize] = part);
            assert!(validate(&problem, &assignment).unwrap().is_valid(), "kind {kind} broke a territory");
        }
    }
}

#[test]
fn combined_moves_end_at_a_better_plan_inside_the_bounds() {
    let (mut tried, mut better) = (0, 0);
    for (seed, objective) in (0..8).flat_map(|s| [(s, Objective::NONE.inertia_medoid(1.0)), (s, all_terms())]) {
        // Few territories are searched all together, more of them in groups.
        let k = if seed % 2 == 0 { 4 } else { 9 };
        let problem = grid(16, 12, k, objective, 2, if k == 4 { 0.04 } else { 0.1 });
        let instance = Instance::new(&problem);
        let terms = MemberTerms::new(&problem, &instance);
        let parts = layout(&instance, &mut Random::stream(seed, 0, 0)).unwrap();
        let scales = TermScales::of(&instance, &terms, &parts);
        let mut books = Books::new(&instance, &terms, &scales, parts);
        let mut best = Best::of(&books);
        let mut walker = Walker::new(Random::stream(seed, 1, 0), instance.len());
        let mix = Mix { swaps: 0.0, splits: 0.0, bundles: 0.1, exactly: false };
        let schedule = Schedule { steps: 20_000, temperature: (1.0, 0.3), penalty: Penalty::Ramp(1.0, 300.0), mix };
        assert!(anneal(&mut books, &mut best, &mut walker, &schedule, 0.03, &Control::default()));
        books.take_up(&best.parts);
        if !books.is_feasible() {
            continue;
        }
        assert_eq!(
            Combiner::default().descend(&mut books, SETS_OF_LINE, &Control::default()),
            books.energy() < best.energy - 1e-9
        );
        assert!(books.is_feasible() && books.energy() <= best.energy + 1e-9, "{} {}", books.energy(), best.energy);
        tried += 1;
        better += usize::from(books.energy() < best.energy - 1e-6);
        let fresh = Books::new(&instance, &terms, &scales, books.state.parts());
        assert!((fresh.energy() - books.energy()).abs() < 1e-9, "{} {}", fresh.energy(), books.energy());
        assert!(fresh.is_feasible());
        let mut assignment = vec![0; instance.len()];
        instance.order.iter().zip(books.state.parts()).for_each(|(&u, part)| assignment[u as usize] = part);
        assert!(validate(&problem, &assignment).unwrap().is_valid());
        // Nothing is left for a second descent.
        assert!(!Combiner::default().descend(&mut books, SETS_OF_LINE, &Control::default()));
    }
    assert!(tried >= 8 && 3 * better >= tried, "{better} of {tried} plans became better");
}

#[test]
fn every_objective_keeps_what_is_promised() {
    let objectives = [Objective::NONE.median(1.0), Objective::CUT, Objective::NONE.border(1.0), all_terms()];
    for objective in objectives {
        let problem = grid(4, 4, 3, objective, 1, 0.3);
        let options = SolveOptions { seed: 4, effort: Effort::Thorough };
        let plan = solve(&problem, &options, &Control::default()).unwrap().assignment;
        assert!(validate(&problem, &plan).unwrap().is_valid());
        assert!(evaluate(&problem, &plan).unwrap().violations.is_empty(), "{objective:?}");
    }
}

#[test]
fn two_measures_are_met_whatever_the_threads() {
    let problem = grid(9, 8, 3, Objective::NONE.inertia_medoid(1.0), 2, 0.06);
    let options = SolveOptions { seed: 4, effort: Effort::Standard };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solve(&problem, &options, &Control::default())).unwrap().assignment
    };
    let plan = on(1);
    assert!(evaluate(&problem, &plan).unwrap().violations.is_empty());
    assert_eq!(plan, on(3));
}

/// Least value of the objective's single term over all contiguous plans inside the bounds.
fn exhaustive(problem: &Problem) -> f64 {
    fn walk(problem: &Problem, at: usize, used: u32, plan: &mut Vec<u32>, best: &mut f64) {
        let k = problem.k() as u32;
        if at == plan.len() {
            if used == k && validate(problem, plan).is_ok_and(|v| v.is_valid()) {
                let found = evaluate(problem, plan).unwrap();
                if found.violations.is_empty() {
                    *best = best.min(found.terms[0].value);
                }
            }
            return;
        }
        for t in 0..(used + 1).min(k) {
            plan[at] = t;
            walk(problem, at + 1, used.max(t + 1), plan, best);
        }
    }
    let mut best = f64::INFINITY;
    walk(problem, 0, 0, &mut vec![0; problem.units()], &mut best);
    best
}

#[test]
fn tiny_problems_are_solved_to_the_best_plan() {
    let objectives = [Objective::NONE.inertia_medoid(1.0), Objective::NONE.median(1.0), Objective::CUT];
    for (objective, (width, height, k)) in objectives.into_iter().zip([(4, 3, 2), (4, 3, 3), (3, 3, 3)]) {
        for tolerance in [0.1, 0.3] {
            let problem = grid(width, height, k, objective, 1, tolerance);
            let options = SolveOptions { seed: 1, effort: Effort::Thorough };
            let plan = solve(&problem, &options, &Control::default()).unwrap().assignment;
            let found = evaluate(&problem, &plan).unwrap();
            let best = exhaustive(&problem);
            assert!(best.is_finite() == found.violations.is_empty(), "{objective:?}: {:?}", found.violations);
            if best.is_finite() {
                assert!(
                    (found.terms[0].value - best).abs() < 1e-6 * best,
                    "{} where {best} is possible",
                    found.terms[0].value
                );
            }
        }
    }
}

#[test]
fn a_large_problem_is_searched_by_its_medoids() {
    let problem = grid(60, 50, 12, Objective::NONE.inertia_medoid(1.0), 1, 0.02);
    let instance = Instance::new(&problem);
    let parts = layout(&instance, &mut Random::stream(5, 0, 0)).unwrap();
    let options = SolveOptions { seed: 1, effort: Effort::Standard };
    let (begin, after) = {
        let found = run(&problem, &instance, (parts.clone(), false), &options, &Control::default());
        let terms = MemberTerms::new(&problem, &instance);
        let scales = TermScales::of(&instance, &terms, &parts);
        let of = |parts: Vec<u32>| Best::of(&Books::new(&instance, &terms, &scales, parts));
        (of(parts), of(found))
    };
    assert!(after.is_better(&begin), "{} {} after {} {}", after.violation, after.energy, begin.violation, begin.energy);
    assert_eq!(after.violation, 0.0);
}
