//! Several plans to choose from: alternatives that differ by what they state, frontiers on which no plan beats another. Everything is
//! recomputed here from the plans.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::evaluate::{NO_TERRITORY, PlanNames, ViolationKind, compare_by_name, evaluate, reasons_by_name};
use territory::realign::{Charge, Limit, Limits, RealignOptions};
use territory::{
    AlternativesOptions, Control, Effort, Locations, Measure, Problem, ProblemSpec, SolveOptions, Space, alternatives,
    compactness_frontier, difference, disruption_frontier, solve,
};

/// A grid of units of 10 to 30 in two measures.
fn grid(width: usize, height: usize, k: usize, seed: u64) -> ProblemSpec {
    let at: Vec<[f64; 2]> =
        (0..width * height).map(|i| [(i % width) as f64 * 1000.0, (i / width) as f64 * 1000.0]).collect();
    let mut edges = Vec::new();
    for i in 0..width * height {
        if i % width + 1 < width {
            edges.push(Edge::new(i as u32, i as u32 + 1, EdgeKind::Border, 1.0));
        }
        if i / width + 1 < height {
            edges.push(Edge::new(i as u32, (i + width) as u32, EdgeKind::Border, 1.0));
        }
    }
    let mut state = seed;
    let mut values = || -> Vec<f64> {
        (0..width * height)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                10.0 + (state >> 33) as f64 % 21.0
            })
            .collect()
    };
    let (load, calls) = (values(), values());
    let graph = Graph::from_edges(width * height, &edges);
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), graph, k)
        .measure(Measure::new("load", load).tolerance(0.05))
        .measure(Measure::new("calls", calls).tolerance(0.2))
}

/// The share of units in another territory under the best of all ways to match territories, by trying them.
fn apart(k: usize, a: &[u32], b: &[u32]) -> f64 {
    fn best(k: usize, used: &mut Vec<usize>, same: &dyn Fn(usize, usize) -> usize) -> usize {
        if used.len() == k {
            return 0;
        }
        let row = used.len();
        let mut most = 0;
        for column in 0..k {
            if !used.contains(&column) {
                used.push(column);
                most = most.max(same(row, column) + best(k, used, same));
                used.pop();
            }
        }
        most
    }
    let same = |row: usize, column: usize| {
        a.iter().zip(b).filter(|&(&x, &y)| (x as usize, y as usize) == (row, column)).count()
    };
    1.0 - best(k, &mut Vec::new(), &same) as f64 / a.len() as f64
}

/// Largest deviation, calls at a quarter: they may deviate four times as much.
fn balance(problem: &Problem, plan: &[u32]) -> f64 {
    let worst = |m: usize| {
        let values = &problem.measures()[m].values;
        let target = values.iter().sum::<f64>() / problem.k() as f64;
        let mut sums = vec![0.0; problem.k()];
        plan.iter().zip(values).for_each(|(&t, v)| sums[t as usize] += v);
        sums.into_iter().map(|sum| (sum / target - 1.0f64).abs()).fold(0.0, f64::max)
    };
    worst(0).max(0.25 * worst(1))
}

fn nobody_is_beaten(points: &[(f64, f64)]) {
    for (i, a) in points.iter().enumerate() {
        for (j, b) in points.iter().enumerate() {
            assert!(i == j || !(a.0 <= b.0 && a.1 <= b.1), "{a:?} beats {b:?} among {points:?}");
        }
    }
}

fn quick(seed: u64) -> SolveOptions {
    SolveOptions { seed, effort: Effort::Quick }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Protects what alternatives state: how far each is from the others, that it is as far as was asked, and the order.
    #[test]
    fn alternatives_differ_by_what_they_state(seed in any::<u64>(), k in 2usize..6, count in 1usize..5, least in 0.0f64..0.4) {
        let problem = grid(10, 8, k, seed).build().unwrap();
        let options = AlternativesOptions { solve: quick(seed), count, least_difference: least };
        let plans = alternatives(&problem, &options, &Control::default()).unwrap();
        prop_assert!(!plans.is_empty() && plans.len() <= count);
        let broken = |plan: &[u32]| evaluate(&problem, plan).unwrap().violations.len();
        for (i, plan) in plans.iter().enumerate() {
            let others = plans.iter().enumerate().filter(|(j, _)| *j != i);
            let nearest = others.map(|(_, other)| apart(k, &plan.assignment, &other.assignment)).min_by(f64::total_cmp);
            prop_assert_eq!(plan.difference.is_some(), nearest.is_some());
            if let (Some(told), Some(nearest)) = (plan.difference, nearest) {
                prop_assert!((told - nearest).abs() < 1e-12 && nearest >= least && nearest > 0.0, "{} {} {}", told, nearest, least);
            }
            // The plan is the one of its seed.
            let search = SolveOptions { seed: plan.seed, effort: plan.effort };
            prop_assert_eq!(&solve(&problem, &search, &Control::default()).unwrap().assignment, &plan.assignment);
        }
        for pair in plans.windows(2) {
            let (a, b) = (broken(&pair[0].assignment), broken(&pair[1].assignment));
            prop_assert!(a > 0 || b > 0 || pair[0].objective <= pair[1].objective);
        }
        prop_assert!((plans[0].objective - 1.0).abs() < 1e-12);
    }

    /// Protects the frontier of disruption: no plan is beaten, figures are those of the plans, limits hold on all.
    #[test]
    fn no_realignment_is_beaten(seed in any::<u64>(), k in 2usize..8, limit in 0.02f64..0.3, limited in any::<bool>()) {
        let plan = solve(&grid(16, 12, k, seed).build().unwrap(), &quick(seed), &Control::default()).unwrap().assignment;
        // The same places with other values.
        let problem = grid(16, 12, k, !seed).build().unwrap();
        let today: Vec<Option<u32>> = plan.iter().enumerate().map(|(u, &t)| (u % 17 != 0).then_some(t)).collect();
        let total = if limited { vec![Limit { charge: Charge::Measure(0), share: limit }] } else { Vec::new() };
        let options = RealignOptions { limits: Limits { total, ..Limits::default() }, ..RealignOptions::default() };
        let frontier = disruption_frontier(&problem, &today, &options, 7, &Control::default()).unwrap();
        let names: Vec<String> = problem.territories().iter().map(|t| t.name.clone()).collect();
        let before: Vec<u32> = today.iter().map(|t| t.unwrap_or(NO_TERRITORY)).collect();
        let mut points = Vec::new();
        for point in &frontier.points {
            let before = PlanNames { assignment: &before, names: &names };
            let found = compare_by_name(&problem, before, &point.assignment).unwrap().measures[0].share;
            prop_assert!((found - point.cost).abs() < 1e-12);
            prop_assert!((balance(&problem, &point.assignment) - point.balance).abs() < 1e-9);
            prop_assert!(evaluate(&problem, &point.assignment).unwrap().contiguous);
            prop_assert!(!limited || !frontier.asked.over.is_empty() || point.cost <= limit * (1.0 + 1e-9));
            points.push((point.balance, point.cost));
        }
        nobody_is_beaten(&points);
        prop_assert!(!points.is_empty() && frontier.points.iter().filter(|p| p.asked).count() <= 1);
        let asked = (balance(&problem, &frontier.asked.assignment), &frontier.asked.assignment);
        prop_assert!(frontier.points.iter().any(|p| p.balance <= asked.0 + 1e-9));
        prop_assert!(frontier.points.iter().filter(|p| p.asked).all(|p| &p.assignment == asked.1));
    }

    /// Protects the frontier of compactness the same way.
    #[test]
    fn no_plan_from_nothing_is_beaten(seed in any::<u64>(), k in 2usize..8) {
        let problem = grid(16, 12, k, seed).build().unwrap();
        let frontier = compactness_frontier(&problem, &quick(seed), 6, &Control::default()).unwrap();
        let terms = |plan: &[u32]| -> Vec<(f64, f64)> {
            evaluate(&problem, plan).unwrap().terms.iter().map(|t| (t.weight, t.value)).collect()
        };
        let asked = terms(&frontier.asked.assignment);
        let weights: f64 = asked.iter().map(|t| t.0).sum();
        let mut points = Vec::new();
        for point in &frontier.points {
            let cost: f64 = terms(&point.assignment).iter().zip(&asked).map(|(t, of)| t.0 * t.1 / of.1).sum();
            prop_assert!((cost / weights - point.cost).abs() < 1e-9);
            prop_assert!((balance(&problem, &point.assignment) - point.balance).abs() < 1e-9);
            prop_assert!(evaluate(&problem, &point.assignment).unwrap().contiguous);
            points.push((point.balance, point.cost));
        }
        nobody_is_beaten(&points);
        prop_assert!(!points.is_empty());
    }
}

/// Protects that one search is enough where one plan is wanted, and that what is no share is refused.
#[test]
fn alternatives_of_one_are_the_plan_itself() {
    let problem = grid(8, 8, 3, 1).build().unwrap();
    let one = AlternativesOptions { solve: quick(5), count: 1, least_difference: 0.1 };
    let plans = alternatives(&problem, &one, &Control::default()).unwrap();
    assert_eq!(plans[0].assignment, solve(&problem, &quick(5), &Control::default()).unwrap().assignment);
    assert_eq!((plans.len(), plans[0].difference), (1, None));
    for least_difference in [f64::NAN, -0.1, 1.1] {
        let options = AlternativesOptions { least_difference, ..one };
        let errors = alternatives(&problem, &options, &Control::default()).unwrap_err().to_string();
        assert!(errors.contains("least difference of alternatives"), "{errors}");
    }
    assert_eq!(difference(&problem, &plans[0].assignment, &plans[0].assignment), 0.0);
}

/// Protects that a plan which keeps names is compared by them, also where overlap says otherwise.
#[test]
fn territories_that_keep_their_names_are_matched_by_them() {
    let problem = grid(6, 1, 2, 1).build().unwrap();
    let names = ["2".to_owned(), "gone".to_owned()];
    let before = PlanNames { assignment: &[0, 0, 0, 0, 1, 1], names: &names };
    // Most of 2 went to 1, which is new; what was in the territory that is gone is all in 2.
    let after = [0, 0, 0, 1, 1, 1];
    let comparison = compare_by_name(&problem, before, &after).unwrap();
    assert_eq!(comparison.matched, [None, Some(territory::TerritoryId(0))]);
    let moves: Vec<(u32, bool)> = comparison.moves.iter().map(|m| (m.unit.0, m.forced)).collect();
    assert_eq!(moves, [(0, false), (1, false), (2, false), (4, true), (5, true)]);
    assert_eq!(comparison.names(&problem, &names), ["1", "2"]);
    let reasons = reasons_by_name(&problem, before, &after).unwrap();
    assert_eq!(reasons.iter().map(|r| r.unit.0).collect::<Vec<_>>(), [0, 1, 2, 4, 5]);
    assert!(reasons[4].reason.name() == "forced");
}

/// Protects the violation that a limit on change leaves.
#[test]
fn exceeded_limits_are_violations() {
    let problem = grid(6, 1, 2, 1).build().unwrap();
    let mut evaluation = evaluate(&problem, &[0, 0, 0, 1, 1, 1]).unwrap();
    evaluation.violations.clear();
    evaluation.exceed_limit((None, Some(0)), (3.0, 2.0), "change of load".to_owned());
    assert_eq!(evaluation.violations[0].kind, ViolationKind::Disruption);
    let report = territory::Report::new(&problem, &evaluation);
    let told = &report.violations[0];
    assert_eq!(
        (told.kind.as_str(), told.territory.as_str(), told.measure.as_deref()),
        ("disruption", "", Some("load"))
    );
}
