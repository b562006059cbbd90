//! Measures that depend on the anchor of the territory: loads, targets by the plan's own total, solving, live plans, faults.
#![allow(clippy::unwrap_used)]

use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::evaluate::{ViolationKind, diagnose, evaluate};
use territory::live::LivePlan;
use territory::nested::solve_regions;
use territory::realign::{RealignOptions, realign};
use territory::{
    Control, Effort, Locations, Measure, Problem, ProblemError, ProblemSpec, SolveOptions, Space, Territory,
    TerritoryId, UnitId, solve,
};

fn grid(width: usize, height: usize) -> (Vec<[f64; 2]>, Graph) {
    let at: Vec<[f64; 2]> =
        (0..width * height).map(|i| [(i % width) as f64 * 1000.0, (i / width) as f64 * 1000.0]).collect();
    let mut edges = Vec::new();
    for i in 0..at.len() {
        if i % width + 1 < width {
            edges.push(Edge::new(i as u32, i as u32 + 1, EdgeKind::Border, 1.0));
        }
        if i + width < at.len() {
            edges.push(Edge::new(i as u32, (i + width) as u32, EdgeKind::Border, 1.0));
        }
    }
    let graph = Graph::from_edges(at.len(), &edges);
    (at, graph)
}

/// A simple stream of numbers in 0..1.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Customers on a grid, reps with homes here and there, hours = calls + what the way home takes.
fn market(side: usize, homes: &[[f64; 2]], per_km: f64, tolerance: f64, seed: u64) -> Problem {
    let (at, graph) = grid(side, side);
    let mut random = numbers(seed);
    let calls: Vec<f64> = at.iter().map(|_| 1.0 + 3.0 * random()).collect();
    let ways: Vec<f64> = calls.iter().map(|c| c * per_km * (0.5 + random())).collect();
    let territories = (1..).zip(homes).map(|(i, &home)| Territory::new(format!("rep {i}")).anchor(home)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), graph, homes.len())
        .measure(Measure::new("hours", calls).per_km(ways).tolerance(tolerance))
        .territories(territories)
        .build()
        .unwrap()
}

/// Hours of every rep, straight from the definition.
fn hours(problem: &Problem, plan: &[u32]) -> Vec<f64> {
    let measure = &problem.measures()[0];
    let mut sums = vec![0.0; problem.k()];
    for (unit, &t) in plan.iter().enumerate() {
        let (at, home) = (problem.locations().points()[unit], problem.anchor(t as usize).unwrap());
        let km = ((at[0] - home[0]).powi(2) + (at[1] - home[1]).powi(2)).sqrt();
        sums[t as usize] += measure.values[unit] + measure.per_km[unit] * km;
    }
    sums
}

#[test]
fn hours_are_balanced_with_the_ways_to_the_homes() {
    let homes = [[2000.0, 2500.0], [17_000.0, 3000.0], [10_000.0, 11_000.0], [3000.0, 18_000.0], [16_500.0, 16_000.0]];
    for (seed, effort) in [(1, Effort::Standard), (2, Effort::Standard), (3, Effort::Quick), (4, Effort::Thorough)] {
        let problem = market(20, &homes, 0.1, 0.02, seed);
        let options = SolveOptions { seed, effort };
        let plan = solve(&problem, &options, &Control::default()).unwrap().assignment;
        let found = evaluate(&problem, &plan).unwrap();
        assert!(found.violations.is_empty(), "seed {seed}: {:?}", found.violations);
        let hours = hours(&problem, &plan);
        let mean = hours.iter().sum::<f64>() / hours.len() as f64;
        for (t, (hours, figures)) in hours.iter().zip(&found.territories).enumerate() {
            assert!(
                (hours / mean - 1.0).abs() <= 0.02 + 1e-9,
                "rep {t} of seed {seed} works {hours}, the mean is {mean}"
            );
            assert!((hours - figures.sums[0]).abs() < 1e-9 * mean && (figures.targets[0] - mean).abs() < 1e-9 * mean);
        }
        // It is the ways that were balanced: calls alone are not.
        let mut calls = vec![0.0; homes.len()];
        plan.iter().zip(&problem.measures()[0].values).for_each(|(&t, calls_of)| calls[t as usize] += calls_of);
        let mean = calls.iter().sum::<f64>() / calls.len() as f64;
        assert!(calls.iter().any(|c| (c / mean - 1.0).abs() > 0.02), "{calls:?}");
    }
}

#[test]
fn reps_of_unequal_capacity_with_groups_and_locks_get_their_share_of_the_hours() {
    let homes = [[2000.0, 2500.0], [17_000.0, 3000.0], [10_000.0, 17_000.0]];
    let mut spec = market(20, &homes, 0.15, 0.03, 7).spec().clone();
    for (t, capacity) in spec.territories.iter_mut().zip([0.6, 1.0, 1.4]) {
        t.capacity = capacity;
    }
    spec.rules.together = vec![vec![150, 151, 171], vec![330, 331], vec![45, 65, 85]];
    spec.rules.locked = vec![(209, 1)];
    let problem = spec.build().unwrap();
    let plan = solve(&problem, &SolveOptions::default(), &Control::default()).unwrap().assignment;
    let found = evaluate(&problem, &plan).unwrap();
    assert!(found.violations.is_empty(), "{:?}", found.violations);
    let hours = hours(&problem, &plan);
    let total: f64 = hours.iter().sum();
    for (hours, capacity) in hours.iter().zip([0.2, 1.0 / 3.0, 1.4 / 3.0]) {
        assert!((hours / (total * capacity) - 1.0).abs() <= 0.03 + 1e-9);
    }
}

#[test]
fn a_cap_on_hours_holds_where_it_can_and_is_named_where_it_cannot() {
    let homes = [[2000.0, 2500.0], [17_000.0, 16_000.0]];
    let wide = market(12, &homes, 0.1, f64::INFINITY, 3);
    let least: f64 = (0..wide.units()).map(|unit| wide.least_load(0, unit)).sum();
    let capped = |cap: f64| {
        let mut spec = wide.spec().clone();
        spec.measures[0].maximum = Some(cap);
        let problem = spec.build().unwrap();
        let plan = solve(&problem, &SolveOptions::default(), &Control::default()).unwrap().assignment;
        let found = evaluate(&problem, &plan).unwrap();
        // Proofs for every plan say nothing of what depends on the plan.
        assert!(diagnose(&problem).is_empty());
        found.violations.iter().map(|v| v.kind).collect::<Vec<_>>()
    };
    assert_eq!(capped(0.56 * least), []);
    // Less than half of the least hours there can be: nobody can.
    assert!(capped(0.49 * least).contains(&ViolationKind::AboveMaximum));
}

#[test]
fn tiny_problems_are_solved_wherever_any_plan_can() {
    let mut feasible = 0;
    for seed in 0..12 {
        let problem = market(3, &[[0.0, 0.0], [2000.0, 1500.0]], 0.3, 0.02, seed + 100);
        let any = (1u32..511).any(|bits| {
            let plan: Vec<u32> = (0..9).map(|i| bits >> i & 1).collect();
            let hours = hours(&problem, &plan);
            let mean = (hours[0] + hours[1]) / 2.0;
            hours.iter().all(|h| (h / mean - 1.0).abs() <= 0.02) && [0, 1].iter().all(|&t| is_contiguous(&plan, t))
        });
        let plan = solve(&problem, &SolveOptions::default(), &Control::default()).unwrap().assignment;
        feasible += usize::from(any);
        let found = evaluate(&problem, &plan).unwrap();
        assert_eq!(found.violations.is_empty(), any, "seed {seed}");
        // Where none can, all were tried.
        assert!(any || found.violations.iter().any(|v| v.proven), "seed {seed}: {:?}", found.violations);
    }
    assert!((2..11).contains(&feasible), "{feasible} of 12");
}

/// Whether a territory of a plan on the grid of nine is one piece.
fn is_contiguous(plan: &[u32], territory: u32) -> bool {
    let members = || (0..9usize).filter(|&i| plan[i] == territory);
    let Some(first) = members().next() else { return false };
    let mut reached = vec![first];
    let mut at = 0;
    while at < reached.len() {
        let i = reached[at];
        at += 1;
        for j in members() {
            let apart = (i % 3).abs_diff(j % 3) + (i / 3).abs_diff(j / 3);
            if apart == 1 && !reached.contains(&j) {
                reached.push(j);
            }
        }
    }
    reached.len() == members().count()
}

#[test]
fn realign_restores_the_balance_of_hours() {
    let homes = [[2000.0, 2500.0], [17_000.0, 3000.0], [10_000.0, 17_000.0]];
    let problem = market(20, &homes, 0.15, 0.03, 11);
    let before = solve(&problem, &SolveOptions::default(), &Control::default()).unwrap().assignment;
    // Customers take longer, most of all those of one rep.
    let mut spec = problem.spec().clone();
    for (value, &t) in spec.measures[0].values.iter_mut().zip(&before) {
        *value *= if t == 1 { 1.4 } else { 1.05 };
    }
    let problem = spec.build().unwrap();
    assert!(!evaluate(&problem, &before).unwrap().violations.is_empty());
    let current: Vec<Option<u32>> = before.iter().copied().map(Some).collect();
    let after = realign(&problem, &current, &RealignOptions::default(), &Control::default()).unwrap().assignment;
    let found = evaluate(&problem, &after).unwrap();
    assert!(found.violations.is_empty(), "{:?}", found.violations);
    let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert!((1..60).contains(&moved), "{moved} of 400 units moved");
}

#[test]
fn a_plan_that_holds_by_its_own_targets_is_left_alone() {
    // The first rep has a fifth of the capacity and a third of the row: most of the hours are ways, by which the targets go.
    let at: Vec<[f64; 2]> = (0..200).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
    let edges: Vec<Edge> = (1..200).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
    let reps = vec![Territory::new("a").anchor([0.0, 0.0]), Territory::new("b").capacity(4.0).anchor([199_000.0, 0.0])];
    let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(200, &edges), 2)
        .measure(Measure::new("hours", vec![0.01; 200]).per_km(vec![1.0; 200]))
        .territories(reps)
        .build()
        .unwrap();
    let today: Vec<u32> = (0..200).map(|unit| u32::from(unit >= 67)).collect();
    assert!(evaluate(&problem, &today).unwrap().violations.is_empty());
    let current: Vec<Option<u32>> = today.iter().copied().map(Some).collect();
    let plan = realign(&problem, &current, &RealignOptions::default(), &Control::default()).unwrap();
    assert_eq!(plan.assignment, today);
}

#[test]
fn regions_and_the_territories_inside_are_balanced_with_the_ways() {
    let homes = [[3000.0, 3000.0], [16_000.0, 3000.0], [3000.0, 16_000.0], [16_000.0, 16_000.0]];
    let problem = market(20, &homes, 0.1, 0.1, 21);
    let nested = solve_regions(&problem, 2, &SolveOptions::default(), &Control::default()).unwrap();
    let found = evaluate(&problem, &nested.assignment).unwrap();
    assert!(found.violations.is_empty(), "{:?}", found.violations);
}

#[test]
fn live_plans_count_hours_from_the_home_of_whoever_has_the_unit() {
    let homes = [[0.0, 0.0], [5000.0, 5000.0]];
    let problem = market(6, &homes, 0.2, 0.1, 5);
    let plan: Vec<u32> = (0..36).map(|i| u32::from(i >= 18)).collect();
    let mut live = LivePlan::new(problem.clone(), plan.clone()).unwrap();
    let sums = |live: &LivePlan| [0, 1].map(|t| live.territory(TerritoryId(t)).unwrap().sums[0]);
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close(&sums(&live), &hours(&problem, &plan)));
    live.move_unit(UnitId(18), TerritoryId(0)).unwrap();
    let mut moved = plan.clone();
    moved[18] = 0;
    assert!(close(&sums(&live), &hours(&problem, &moved)));
    // A rep who joins has a home as well.
    let nowhere = live.add_territory(Territory::new("new"), &[UnitId(35)]);
    assert!(nowhere.unwrap_err().to_string().contains("has none"));
    let (new, _) = live.add_territory(Territory::new("new").anchor([5000.0, 4000.0]), &[UnitId(35)]).unwrap();
    let measure = &problem.measures()[0];
    let expected = measure.values[35] + measure.per_km[35];
    assert!((live.territory(new).unwrap().sums[0] - expected).abs() < 1e-9);
    live.undo();
    assert!(close(&sums(&live), &hours(&problem, &moved)));
    // Compactness is measured from the homes as well, before and after a move.
    let inertia = |plan: &[u32]| evaluate(&problem, plan).unwrap().inertia;
    assert!((live.figures().inertia / inertia(&moved) - 1.0).abs() < 1e-9);
    let change = live.preview(UnitId(17), TerritoryId(1)).unwrap().change.inertia;
    let mut after = moved.clone();
    after[17] = 1;
    assert!((change - (inertia(&after) - inertia(&moved))).abs() < 1e-6 * inertia(&moved));
}

#[test]
fn what_is_wrong_with_an_anchored_part_is_named() {
    let spec = market(3, &[[0.0, 0.0], [2000.0, 2000.0]], 0.1, 0.1, 1).spec().clone();
    let faults = |change: &dyn Fn(&mut ProblemSpec)| {
        let mut spec = spec.clone();
        change(&mut spec);
        spec.build().unwrap_err().0
    };
    let found = faults(&|s| s.territories[1].anchor = None);
    assert!(matches!(&found[..], [ProblemError::Unanchored { territory, .. }] if territory == "rep 2"), "{found:?}");
    let found = faults(&|s| s.measures[0].per_km.truncate(4));
    assert!(matches!(&found[..], [ProblemError::Length { found: 4, expected: 9, .. }]), "{found:?}");
    let found = faults(&|s| s.measures[0].per_km[3] = -1.0);
    assert!(matches!(&found[..], [ProblemError::MeasureValue { value: -1.0, .. }]), "{found:?}");
    let found = faults(&|s| s.measures[0].values.fill(0.0));
    assert!(matches!(&found[..], [ProblemError::WeightlessWeight { .. }]), "{found:?}");
    let found = faults(&|s| {
        s.measures.push(Measure::new("nothing", vec![0.0; 9]).per_km(vec![0.0; 9]));
    });
    assert!(matches!(&found[..], [ProblemError::MeasureTotal { total: 0.0, .. }]), "{found:?}");
}
