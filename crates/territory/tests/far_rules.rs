//! Rules at their limits: large groups, long chains of pairs apart, rules that reach over components. Neither time, memory nor the
//! stack may run out, and rules hold before contiguity.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::realign::{Charge, Limit, Limits, RealignOptions, realign};
use territory::{
    ComponentRule, Control, Effort, Locations, Measure, Problem, ProblemSpec, Rules, SolveOptions, Space, Territory,
};

/// Rows of units one below the other, in a component each.
fn rows(lengths: &[usize], territories: Vec<Territory>, rules: Rules) -> ProblemSpec {
    let (mut places, mut edges) = (Vec::new(), Vec::new());
    for (row, &length) in lengths.iter().enumerate() {
        for u in 0..length {
            let at = places.len() as u32;
            places.push([u as f64 * 1000.0, row as f64 * -100_000.0]);
            if u > 0 {
                edges.push(Edge::new(at - 1, at, EdgeKind::Edge, 0.0));
            }
        }
    }
    let units = places.len();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(units, &edges), 0)
        .territories(territories)
        .measure(Measure::new("calls", vec![1.0; units]).tolerance(0.5))
        .components(ComponentRule::Separate)
        .rules(rules)
}

fn named(k: usize) -> Vec<Territory> {
    (0..k).map(|t| Territory::new(t.to_string())).collect()
}

fn solved(problem: &Problem) -> Vec<u32> {
    let options = SolveOptions { effort: Effort::Quick, ..SolveOptions::default() };
    territory::solve(problem, &options, &Control::default()).expect("no contradiction").assignment
}

fn assert_non_empty(assignment: &[u32], k: u32) {
    assert!((0..k).all(|t| assignment.contains(&t)) && assignment.iter().all(|&t| t < k));
}

#[test]
fn anchors_all_near_one_component_leave_the_others_a_territory() {
    let territories = (0..2).map(|t| Territory::new(t.to_string()).anchor([f64::from(t), 0.0])).collect();
    let problem = rows(&[20, 5], territories, Rules::default()).build().expect("valid");
    let assignment = solved(&problem);
    assert_non_empty(&assignment, 2);
    assert!(
        assignment[..20].iter().all(|&t| t == assignment[0]) && assignment[20..].iter().all(|&t| t != assignment[0])
    );
}

#[test]
fn locks_and_groups_over_components_hold_before_contiguity() {
    let rules = Rules { locked: vec![(0, 0), (25, 0), (1, 1)], together: vec![vec![10, 28]], ..Rules::default() };
    let problem = rows(&[20, 10], named(3), rules).build().expect("no contradiction");
    let assignment = solved(&problem);
    assert_non_empty(&assignment, 3);
    assert_eq!((assignment[0], assignment[25], assignment[1]), (0, 0, 1));
    assert_eq!(assignment[10], assignment[28]);
    // All territories locked to one component, and none left for the other.
    let rules = Rules { locked: vec![(0, 0), (19, 1)], ..Rules::default() };
    let problem = rows(&[20, 10], named(2), rules).build().expect("no contradiction");
    let assignment = solved(&problem);
    assert_eq!((assignment[0], assignment[19]), (0, 1));
}

#[test]
fn new_islands_and_territories_over_components_are_realigned() {
    let problem = rows(&[10, 10, 3], named(3), Rules::default()).build().expect("valid");
    let mut today: Vec<Option<u32>> = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1].map(Some).to_vec();
    today.extend([2; 10].map(Some));
    today.extend([None; 3]);
    for current in [today.clone(), today[..20].iter().chain(&[Some(0); 3]).copied().collect(), vec![None; 23]] {
        let found = realign(&problem, &current, &RealignOptions::default(), &Control::default()).expect("valid");
        assert_non_empty(&found.assignment, 3);
    }
}

#[test]
fn a_limit_that_today_keeps_is_never_exceeded() {
    let problem = rows(&[40], named(2), Rules::default()).build().expect("valid");
    let today: Vec<Option<u32>> = (0..40).map(|u| Some(u32::from(u >= 35))).collect();
    for share in [0.0, 0.03, 0.1] {
        let limits = Limits { total: vec![Limit { charge: Charge::Units, share }], ..Limits::default() };
        let options = RealignOptions { limits, ..RealignOptions::default() };
        let found = realign(&problem, &today, &options, &Control::default()).expect("valid");
        let moved = today.iter().zip(&found.assignment).filter(|(a, b)| **a != Some(**b)).count();
        assert!(found.over.is_empty() && moved as f64 <= share * 40.0, "{moved} moved of {share}");
    }
}

#[test]
fn a_protected_unit_stays_though_no_plan_with_it_keeps_the_bounds() {
    let mut spec = rows(&[6], named(2), Rules::default());
    spec.measures[0].tolerance = 0.0;
    let problem = spec.build().expect("valid");
    let today = [0, 0, 0, 0, 1, 1].map(Some);
    let options = RealignOptions { protected: vec![3], ..RealignOptions::default() };
    let found = realign(&problem, &today, &options, &Control::default()).expect("valid");
    assert_eq!(found.assignment[3], 0);
}

#[test]
fn large_groups_and_pairs_between_them_are_no_burden() {
    let units = 12_000u32;
    let halves = vec![(0..units / 2).collect(), (units / 2..units).collect()];
    let rules = Rules { together: halves, apart: vec![(5, units - 5)], ..Rules::default() };
    let problem = rows(&[units as usize], named(2), rules).build().expect("no contradiction");
    let assignment = solved(&problem);
    assert!(
        assignment[..6000].iter().all(|&t| t == assignment[0])
            && assignment[6000..].iter().all(|&t| t != assignment[0])
    );
    // A pair inside of a group is told, not multiplied.
    let rules = Rules { together: vec![(0..units).collect()], apart: vec![(5, 6)], ..Rules::default() };
    assert!(rows(&[units as usize], named(2), rules).build().is_err());
}

#[test]
fn long_chains_of_pairs_apart_do_not_exhaust_the_stack() {
    let units = 20_000u32;
    // An even ring: two territories do, by turns.
    let rules = Rules { apart: (0..units).map(|u| (u, (u + 1) % units)).collect(), ..Rules::default() };
    let problem = rows(&[units as usize], named(2), rules).build().expect("no contradiction found");
    let assignment = solved(&problem);
    assert_non_empty(&assignment, 2);
    assert!((1..units as usize).all(|u| assignment[u] != assignment[u - 1]));
    // Three that two territories cannot keep apart are told out of a star of many.
    let mut apart: Vec<(u32, u32)> = (1..units).map(|u| (0, u)).collect();
    apart.push((1, 2));
    let rules = Rules { apart, ..Rules::default() };
    let errors = rows(&[units as usize], named(2), rules).build().expect_err("a triangle").to_string();
    assert!(errors.contains("units 0, 1, 2 cannot be kept apart"), "{errors}");
}
