//! Re-alignment: bounds restored with the least change on tiny problems, limits that hold exactly, broken plans mended.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::evaluate::{Comparison, NO_TERRITORY, PlanNames, ViolationKind, compare_by_name, evaluate};
use territory::realign::{Charge, Limit, Limits, RealignOptions, realign};
use territory::{Control, Effort, Locations, Measure, Problem, ProblemSpec, SolveOptions, Space, solve};

/// A small generator of its own: the tests share nothing with what they test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
}

fn grid(width: usize, height: usize) -> (Locations, Graph) {
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
    (Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(width * height, &edges))
}

fn problem(width: usize, height: usize, k: usize, loads: Vec<f64>, tolerance: f64) -> Problem {
    let (locations, graph) = grid(width, height);
    ProblemSpec::new(locations, graph, k).measure(Measure::new("load", loads).tolerance(tolerance)).build().unwrap()
}

fn moved(problem: &Problem, before: &[Option<u32>], after: &[u32]) -> f64 {
    let values = &problem.measures()[0].values;
    (0..after.len()).filter(|&u| before[u].is_some_and(|t| t != after[u])).map(|u| values[u]).sum()
}

fn solved(problem: &Problem) -> Vec<u32> {
    solve(problem, &SolveOptions { seed: 3, effort: Effort::Quick }, &Control::default()).unwrap().assignment
}

/// A plan, and the same problem after loads have changed by up to 15 %.
fn drifted(seed: u64, width: usize, height: usize, k: usize) -> (Problem, Vec<u32>) {
    let dice = &mut Dice(seed);
    let loads: Vec<f64> = (0..width * height).map(|_| 10.0 + dice.below(20) as f64).collect();
    let plan = solved(&problem(width, height, k, loads.clone(), 0.05));
    let changed = loads.iter().map(|load| load * (0.85 + 0.3 * dice.below(1000) as f64 / 1000.0)).collect();
    (problem(width, height, k, changed, 0.03), plan)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Protects limits: they stand above bounds and hold exactly; and contiguity above them.
    #[test]
    fn limits_hold(seed in any::<u64>(), share in 0.0f64..0.06, cap in 0.0f64..0.2, k in 3usize..12) {
        let (problem, plan) = drifted(seed, 24, 20, k);
        let today: Vec<Option<u32>> = plan.iter().map(|&t| Some(t)).collect();
        let limit = |share: f64| vec![Limit { charge: Charge::Measure(0), share }];
        let limits = Limits { total: limit(share), handed_off: limit(cap), taken_over: limit(cap) };
        let options = RealignOptions { limits, ..RealignOptions::default() };
        let result = realign(&problem, &today, &options, &Control::default()).unwrap();
        prop_assert!(result.over.is_empty());
        let values = &problem.measures()[0].values;
        prop_assert!(moved(&problem, &today, &result.assignment) <= share * values.iter().sum::<f64>() * (1.0 + 1e-9));
        for t in 0..k as u32 {
            let has: f64 = (0..values.len()).filter(|&u| plan[u] == t).map(|u| values[u]).sum();
            let gone: f64 = (0..values.len()).filter(|&u| plan[u] == t && result.assignment[u] != t).map(|u| values[u]).sum();
            let come: f64 = (0..values.len()).filter(|&u| plan[u] != t && result.assignment[u] == t).map(|u| values[u]).sum();
            prop_assert!(gone.max(come) <= cap * has * (1.0 + 1e-9));
        }
        let evaluation = evaluate(&problem, &result.assignment).unwrap();
        prop_assert!(evaluation.contiguous);
    }

    /// Protects restoring the bounds, and doing so with little change.
    #[test]
    fn bounds_are_restored_with_little_change(seed in any::<u64>(), k in 3usize..12) {
        let (problem, plan) = drifted(seed, 24, 20, k);
        let today: Vec<Option<u32>> = plan.iter().map(|&t| Some(t)).collect();
        let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        let evaluation = evaluate(&problem, &result.assignment).unwrap();
        prop_assert!(evaluation.violations.is_empty(), "{:?}", evaluation.violations);
        let total: f64 = problem.measures()[0].values.iter().sum();
        prop_assert!(moved(&problem, &today, &result.assignment) <= 0.12 * total);
        // The same again changes nothing.
        let today: Vec<Option<u32>> = result.assignment.iter().map(|&t| Some(t)).collect();
        let again = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        prop_assert_eq!(again.assignment, result.assignment);
    }

    /// Protects what comes in broken: new units, territories gone, in pieces or without units.
    #[test]
    fn broken_plans_are_mended(seed in any::<u64>(), k in 3usize..10, kind in 0u8..5) {
        let (problem, plan) = drifted(seed, 18, 16, k);
        let dice = &mut Dice(seed ^ 1);
        let today: Vec<Option<u32>> = plan.iter().map(|&t| match kind {
            // A tenth of the units is new.
            0 => (dice.below(10) > 0).then_some(t),
            // A rep left: the last territory's units are nowhere, and it is asked for again (a rep joined).
            1 => (t + 1 < k as u32).then_some(t),
            // A territory is split: its units are half in another, in pieces.
            2 => Some(if t == 0 && dice.below(2) == 0 { 1 } else { t }),
            // A territory has nobody: its units are in another.
            3 => Some(if t == 0 { 1 } else { t }),
            // Nobody is anywhere.
            _ => None,
        }).collect();
        let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        let evaluation = evaluate(&problem, &result.assignment).unwrap();
        prop_assert!(evaluation.contiguous, "{:?}", evaluation.violations);
        let far = evaluation.violations.iter().any(|v| !matches!(v.kind, ViolationKind::AboveMaximum | ViolationKind::BelowMinimum));
        prop_assert!(!far);
    }
}

/// The least change of all contiguous plans inside the bounds; none if there is no such plan.
fn least_change(problem: &Problem, today: &[Option<u32>]) -> Option<f64> {
    let (n, k) = (problem.units(), problem.k() as u32);
    let mut plan = vec![0u32; n];
    let mut least = None;
    loop {
        let evaluation = (0..k).all(|t| plan.contains(&t)).then(|| evaluate(problem, &plan).unwrap());
        if evaluation.is_some_and(|e| e.violations.is_empty()) {
            let change = moved(problem, today, &plan);
            least = Some(least.map_or(change, |l: f64| l.min(change)));
        }
        let Some(at) = plan.iter().position(|&t| t + 1 < k) else { return least };
        plan[at] += 1;
        plan[..at].fill(0);
    }
}

/// Protects "least change" itself, by trying all plans.
#[test]
fn the_change_is_the_least_on_tiny_problems() {
    for seed in 0..25 {
        let dice = &mut Dice(seed);
        let (width, height, k) = [(3, 3, 2), (4, 2, 3), (5, 2, 2), (3, 3, 3)][seed as usize % 4];
        let before: Vec<f64> = (0..width * height).map(|_| 1.0 + dice.below(3) as f64).collect();
        let plan = solved(&problem(width, height, k, before, 0.5));
        let loads: Vec<f64> = (0..width * height).map(|_| 1.0 + dice.below(4) as f64).collect();
        let problem = problem(width, height, k, loads, 0.25);
        let today: Vec<Option<u32>> = plan.iter().map(|&t| Some(t)).collect();
        let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        let evaluation = evaluate(&problem, &result.assignment).unwrap();
        match least_change(&problem, &today) {
            Some(least) => {
                assert!(evaluation.violations.is_empty(), "seed {seed}");
                assert_eq!(moved(&problem, &today, &result.assignment), least, "seed {seed}");
            }
            None => assert!(!evaluation.violations.is_empty(), "seed {seed}"),
        }
    }
}

/// What changes between a plan of today, its territories called by number, and another.
fn change(problem: &Problem, today: &[Option<u32>], after: &[u32]) -> Comparison {
    let before: Vec<u32> = today.iter().map(|t| t.unwrap_or(NO_TERRITORY)).collect();
    let names: Vec<String> = problem.territories().iter().map(|t| t.name.clone()).collect();
    compare_by_name(problem, PlanNames { assignment: &before, names: &names }, after).unwrap()
}

/// Protects territories of a few large units: a large one goes and smaller ones come back for it, which no flow says and sets of three units
/// seldom fit.
#[test]
fn a_large_unit_goes_and_small_ones_come_back() {
    let mut worst: f64 = 0.0;
    for seed in 0..20 {
        let dice = &mut Dice(seed);
        // A corner of four large units in the west; small ones around it, and in the east.
        let (width, height) = (16, 12);
        let home = |i: usize| match (i % width, i / width) {
            (0..2, 0..2) => 0usize,
            (0..8, _) => 1,
            _ => 2,
        };
        let mut loads: Vec<f64> = (0..width * height).map(|_| 1.0 + 0.01 * dice.below(60) as f64).collect();
        let mut sums = [0.0; 3];
        (0..loads.len()).for_each(|i| sums[home(i)] += loads[i]);
        let target = (sums[1] + sums[2]) / 2.0;
        // Each about a quarter of the target, in all 4 to 8 % above it.
        let over = 1.04 + 0.01 * dice.below(5) as f64;
        let shares: Vec<f64> = (0..4).map(|_| 0.22 + 0.001 * dice.below(60) as f64).collect();
        for (i, share) in [0, 1, width, width + 1].into_iter().zip(&shares) {
            loads[i] = target * over * share / shares.iter().sum::<f64>();
        }
        let problem = problem(width, height, 3, loads, 0.02);
        let today: Vec<Option<u32>> = (0..width * height).map(|i| Some(home(i) as u32)).collect();
        let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        let evaluation = evaluate(&problem, &result.assignment).unwrap();
        assert!(evaluation.violations.is_empty(), "seed {seed}: {:?}", evaluation.violations);
        let found = change(&problem, &today, &result.assignment);
        worst = worst.max(found.measures[0].share / found.measures[0].lower_bound);
    }
    assert!(worst <= 1.05, "{worst} times what no plan is below");
}

/// Protects what happens when somebody comes or goes: bounds hold wherever a plan from nothing holds them, and where they are wide only
/// territories near by change.
#[test]
fn who_comes_and_goes_is_felt_near_by() {
    let (mut beyond, mut changed) = (0, 0);
    for seed in 0..6 {
        let dice = &mut Dice(seed);
        let (width, height, k) = (36, 30, 24);
        let loads: Vec<f64> = (0..width * height).map(|_| 10.0 + dice.below(20) as f64).collect();
        let plan = solved(&problem(width, height, k, loads.clone(), 0.03));
        for (tolerance, leaves) in [(0.03, true), (0.03, false), (0.1, true), (0.1, false)] {
            let count = if leaves { k - 1 } else { k + 1 };
            let problem = problem(width, height, count, loads.clone(), tolerance);
            let today: Vec<Option<u32>> = plan.iter().map(|&t| (t < count as u32).then_some(t)).collect();
            let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
            let evaluation = evaluate(&problem, &result.assignment).unwrap();
            if evaluate(&problem, &solved(&problem)).unwrap().violations.is_empty() {
                assert!(evaluation.violations.is_empty(), "seed {seed}: {:?}", evaluation.violations);
            }
            let found = change(&problem, &today, &result.assignment);
            let (touched, least) = (found.touched, found.least_touched);
            beyond += found.beyond_flow;
            changed += touched;
            assert!((1..=touched).contains(&least), "{least} of {touched}");
            if tolerance < 0.1 {
                // Targets move by a 24th, more than the tolerance: most have to change.
                assert!(2 * least >= count, "{least} of {count}");
                continue;
            }
            assert!(touched <= 2 * least, "seed {seed}: {touched} change, {least} have to");
        }
    }
    // Where units do not fit through those in the flow others help.
    assert!(14 * beyond <= changed, "{beyond} of {changed} territories that change are beyond the flow");
}

/// Protects territories that have nothing to do with what has changed: where units are small beside the bounds, none changes that the
/// cheapest flow of surplus leaves alone.
#[test]
fn nobody_changes_whom_the_flow_leaves_alone() {
    let mut alone = 0;
    for seed in 0..12 {
        let dice = &mut Dice(seed);
        let (width, height, k) = (48, 40, 24);
        let loads: Vec<f64> = (0..width * height).map(|_| 10.0 + dice.below(20) as f64).collect();
        let plan = solved(&problem(width, height, k, loads.clone(), 0.03));
        // A quarter of the map grows by a quarter.
        let corner = |i: usize| i % width < width / 2 && i / width < height / 2;
        let grown = loads.iter().enumerate().map(|(i, load)| if corner(i) { 1.25 * load } else { *load }).collect();
        let problem = problem(width, height, k, grown, 0.08);
        let today: Vec<Option<u32>> = plan.iter().map(|&t| Some(t)).collect();
        let result = realign(&problem, &today, &RealignOptions::default(), &Control::default()).unwrap();
        assert!(evaluate(&problem, &result.assignment).unwrap().violations.is_empty(), "seed {seed}");
        let found = change(&problem, &today, &result.assignment);
        assert_eq!(found.beyond_flow, 0, "seed {seed}: {} change", found.touched);
        alone += found.changes.iter().filter(|c| !c.in_flow).count();
    }
    assert!(alone >= 24, "the flow leaves {alone} of 288 alone");
}
