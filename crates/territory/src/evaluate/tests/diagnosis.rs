//! What the diagnosis promises: a proof is never contradicted by a plan.

use super::super::violation::side;
use super::super::{FindingKind, diagnose, evaluate, validate};
use super::{Tiny, all_assignments, tiny};
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::problem::{ComponentRule, Measure, Problem, ProblemSpec};
use crate::space::{Locations, Space};
use proptest::prelude::*;

/// Whether any plan meets all bounds, and the least largest deviation of each measure, by trying all plans.
fn exhaust(problem: &Problem) -> (bool, Vec<f64>) {
    let measures = problem.measures().len();
    let (mut feasible, mut best) = (false, vec![f64::INFINITY; measures]);
    for assignment in all_assignments(problem) {
        if !validate(problem, &assignment).is_ok_and(|v| v.is_valid()) {
            continue;
        }
        let mut inside = true;
        for (m, best) in best.iter_mut().enumerate() {
            let mut sums = vec![0.0; problem.k()];
            assignment.iter().enumerate().for_each(|(unit, &t)| sums[t as usize] += problem.measures()[m].values[unit]);
            let deviation = |t: usize| (sums[t] / problem.target(t, m) - 1.0).abs();
            *best = best.min((0..problem.k()).map(deviation).fold(0.0, f64::max));
            inside &= (0..problem.k()).all(|t| side(sums[t], problem.bounds(t, m)) == 0);
        }
        feasible |= inside;
    }
    (feasible, best)
}

fn check(drawn: &Tiny) -> Result<(), TestCaseError> {
    let Some(problem) = drawn.build(Space::Planar) else { return Ok(()) };
    let (feasible, best) = exhaust(&problem);
    for finding in diagnose(&problem) {
        prop_assert!(!feasible, "a plan exists, yet: {}", finding.text);
        if let (Some(m), Some(bound)) = (finding.measure, finding.best_deviation) {
            prop_assert!(bound <= best[m] + 1e-9, "{bound} but {} is reached: {}", best[m], finding.text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn proofs_hold_on_connected_graphs(drawn in tiny(7, 3, false)) {
        check(&drawn)?;
    }

    #[test]
    fn proofs_hold_on_separate_components(drawn in tiny(7, 4, true)) {
        check(&drawn)?;
    }
}

/// A line of units with one measure.
fn line(values: &[f64], k: usize, tolerance: f64) -> ProblemSpec {
    let coordinates: Vec<[f64; 2]> = (0..values.len()).map(|i| [1000.0 * i as f64, 0.0]).collect();
    let edges: Vec<Edge> = (1..values.len() as u32).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
    ProblemSpec::new(
        Locations::from_coordinates(Space::Planar, &coordinates),
        Graph::from_edges(values.len(), &edges),
        k,
    )
    .measure(Measure::new("calls", values.to_vec()).tolerance(tolerance))
}

#[test]
fn the_oversize_unit_is_named_with_what_it_forces() {
    let mut spec = line(&[10.0, 1.0, 1.0, 2.0, 2.0], 4, 0.1);
    spec.unit_names = ["Los Angeles", "B", "C", "D", "E"].map(str::to_owned).to_vec();
    let problem = spec.build().unwrap();
    let evaluation = evaluate(&problem, &[0, 1, 1, 2, 3]).unwrap();
    let worst = &evaluation.violations[0];
    assert_eq!((worst.kind.name(), worst.territory.0, worst.proven), ("above_maximum", 0, true));
    assert_eq!(
        worst.reason,
        "unit Los Angeles alone has 10 of calls, above the maximum 4.4 of every territory: in any plan its territory is at \
         least 150.00 % above its target, and the other 3 have 2 on average at most, 50.00 % or more below their targets"
    );
    assert_eq!(evaluation.measures[0].best_deviation, Some(1.5));
    assert_eq!(evaluation.violations.len(), 4);
    assert!(
        evaluation.violations[1].reason.contains("leave 6 for 3 territories"),
        "{}",
        evaluation.violations[1].reason
    );
}

#[test]
fn a_pocket_behind_a_cut_unit_is_a_proof() {
    // 0 and 1 hang on 2; they are under a minimum alone and above the maximum with it.
    let problem = line(&[3.0, 3.0, 8.0, 5.0, 5.0, 6.0], 3, 0.2).build().unwrap();
    let findings = diagnose(&problem);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (findings[0].kind, findings[0].unit.map(|u| u.0), findings[0].value.round()),
        (FindingKind::Pocket, Some(2), 14.0)
    );
    // Alone the pocket is 40 % below its target of 10, with the unit 40 % above.
    assert!((findings[0].best_deviation.unwrap() - 0.4).abs() < 1e-6);
    let evaluation = evaluate(&problem, &[0, 0, 0, 1, 1, 2]).unwrap();
    assert!(
        evaluation.violations[0].proven
            && evaluation.violations[0].reason.contains("unit 2 is the only way to 2 units")
    );
}

#[test]
fn coarse_units_are_told() {
    let ten = line(&[1.0; 10], 4, 0.03).build().unwrap();
    let findings = diagnose(&ten);
    let finding = findings.iter().find(|f| f.text.contains("is a multiple of 1,")).unwrap();
    assert_eq!(finding.kind, FindingKind::Granularity);
    assert!((finding.best_deviation.unwrap() - 0.2).abs() < 1e-6);
    let few = line(&[5.0, 0.0, 0.0, 5.5], 3, 0.5).build().unwrap();
    assert!(diagnose(&few).iter().any(|f| f.text == "only 2 units have any calls, but 3 territories need some"));
    let large = line(&[6.0, 1.5, 6.5, 1.0, 6.0], 2, 0.1).build().unwrap();
    assert!(diagnose(&large).iter().any(|f| f.text.contains("of the 3 units of most calls, 2 share")));
}

#[test]
fn components_must_hold_whole_territories() {
    let mut spec = line(&[3.0, 3.0, 3.0, 2.5, 2.5], 4, 0.1);
    let edges = [
        Edge::new(0, 1, EdgeKind::Edge, 0.0),
        Edge::new(1, 2, EdgeKind::Edge, 0.0),
        Edge::new(3, 4, EdgeKind::Edge, 0.0),
    ];
    spec.graph = Graph::from_edges(5, &edges);
    let problem = spec.components(ComponentRule::Separate).build().unwrap();
    let findings = diagnose(&problem);
    let first = findings.iter().find(|f| f.kind == FindingKind::Component).unwrap();
    assert_eq!(first.unit.map(|u| u.0), Some(0), "{}", first.text);
    assert!(
        first.text.contains("fits no whole number of territories: 2 can have 7.7 at most, 3 need 9.45"),
        "{}",
        first.text
    );
}

#[test]
fn bounds_beyond_the_total_are_told() {
    let mut spec = line(&[1.0; 6], 3, f64::INFINITY);
    spec.measures[0].maximum = Some(1.5);
    let findings = diagnose(&spec.build().unwrap());
    assert_eq!(findings[0].kind, FindingKind::Totals);
    assert_eq!(findings[0].text, "the maximums of calls add up to 4.5 over 3 territories, but there is as much as 6");
}
