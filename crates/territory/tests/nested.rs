//! Plans on two levels: both contiguous, both balanced, no territory in two regions.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::evaluate::evaluate;
use territory::nested::{region_problem, share_out, solve_regions, solve_within};
use territory::{Control, Locations, Measure, Problem, ProblemSpec, Rules, SolveOptions, Space, Territory};

fn problem(width: usize, height: usize, k: usize, rules: Rules) -> Problem {
    let n = width * height;
    let at: Vec<[f64; 2]> = (0..n).map(|i| [(i % width) as f64 * 1000.0, (i / width) as f64 * 1000.0]).collect();
    let mut edges = Vec::new();
    for i in 0..n as u32 {
        if i as usize % width + 1 < width {
            edges.push(Edge::new(i, i + 1, EdgeKind::Border, 1.0));
        }
        if (i as usize) < n - width {
            edges.push(Edge::new(i, i + width as u32, EdgeKind::Border, 1.0));
        }
    }
    let loads = (0..n).map(|i| 1.0 + (i * 7919 % 13) as f64 / 13.0).collect();
    let territories = (0..k).map(|t| Territory::new(format!("T{t}")).capacity(1.0 + (t % 2) as f64 * 0.5)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(n, &edges), k)
        .measure(Measure::new("load", loads).tolerance(0.08))
        .territories(territories)
        .rules(rules)
        .build()
        .unwrap()
}

#[test]
fn both_levels_are_contiguous_and_balanced() {
    let problem = problem(40, 30, 20, Rules { locked: vec![(0, 19), (1, 19), (1199, 2)], ..Rules::default() });
    let nested = solve_regions(&problem, 4, &SolveOptions::default(), &Control::default()).unwrap();
    let below = evaluate(&problem, &nested.assignment).unwrap();
    assert!(below.contiguous && below.violations.is_empty(), "{:?}", below.violations);
    let (above, region_of) = region_problem(&problem, 4, 1.0).unwrap();
    assert_eq!(region_of, nested.region_of);
    let above = evaluate(&above, &nested.regions()).unwrap();
    assert!(above.contiguous && above.violations.is_empty(), "{:?}", above.violations);
    assert_eq!((nested.assignment[0], nested.assignment[1199]), (19, 2));
}

#[test]
fn territories_stay_inside_given_regions() {
    let problem = problem(24, 20, 6, Rules::default());
    // Left, and right; capacities 1 and 1.5 in turns make both halves alike only together.
    let region: Vec<u32> = (0..480).map(|u| u32::from(u % 24 >= 11)).collect();
    let lists = [vec![0, 1, 2], vec![3, 4, 5]];
    let nested = solve_within(&problem, &region, &lists, &SolveOptions::default(), &Control::default()).unwrap();
    assert_eq!(nested.regions(), region);
    assert!(evaluate(&problem, &nested.assignment).unwrap().contiguous);
    let twice = [vec![0, 1, 2, 3], vec![3, 4, 5]];
    let errors = solve_within(&problem, &region, &twice, &SolveOptions::default(), &Control::default()).unwrap_err();
    assert!(errors.to_string().contains("every territory once"), "{errors}");
    assert!(region_problem(&problem, 7, 0.5).is_err());
}

#[test]
fn regions_get_territories_by_their_share() {
    // Columns 0-2, 3-9 and 10-23 of 24; the loads are 1 to 2, alike everywhere: 1.25, 2.9 and 5.8 of ten.
    let region: Vec<u32> = (0..480).map(|u| [3, 10, 24].iter().position(|&end| u % 24 < end).unwrap() as u32).collect();
    let locked = Rules { locked: vec![(0, 9), (23, 0)], ..Rules::default() };
    let lists = share_out(&problem(24, 20, 10, locked), &region, 3).unwrap();
    assert_eq!(lists, [vec![9], vec![1, 2, 3], vec![0, 4, 5, 6, 7, 8]], "locks first, then by order");
    // At least one, however little it has; locks come before shares.
    let corner: Vec<u32> = (0..480).map(|u| u32::from(u > 0)).collect();
    assert_eq!(share_out(&problem(24, 20, 4, Rules::default()), &corner, 2).unwrap(), [vec![0], vec![1, 2, 3]]);
    let locked = Rules { locked: vec![(0, 0), (1, 1)], ..Rules::default() };
    assert!(share_out(&problem(24, 20, 2, locked), &region, 3).is_err(), "three regions, two territories");
    assert!(share_out(&problem(24, 20, 4, Rules::default()), &region, 4).is_err(), "two regions have no unit");
}
