//! Figures against their definitions.

use super::super::{AssignmentError, Report, ViolationKind, evaluate, median, medoid_inertia, medoids_by, validate};
use super::tiny;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::problem::{Distance, Measure, Objective, Problem, ProblemSpec};
use crate::space::{Locations, Space, squared_distance};
use proptest::prelude::*;

/// Pieces of a territory by flooding.
fn flood(problem: &Problem, assignment: &[u32], t: u32) -> usize {
    let mut left: Vec<u32> = (0..assignment.len() as u32).filter(|&u| assignment[u as usize] == t).collect();
    let mut pieces = 0;
    while let Some(first) = left.pop() {
        pieces += 1;
        let mut open = vec![first];
        while let Some(unit) = open.pop() {
            let (near, far) = left.into_iter().partition::<Vec<u32>, _>(|&o| problem.graph().are_adjacent(unit, o));
            open.extend(near);
            left = far;
        }
    }
    pieces
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Protects every figure of a territory, the cut and the medoids against the plain definitions.
    #[test]
    fn figures_equal_their_definitions(drawn in tiny(7, 3, false), seed in any::<u64>(), planar in any::<bool>()) {
        let Some(problem) = drawn.build(if planar { Space::Planar } else { Space::Geographic }) else { return Ok(()) };
        let k = problem.k() as u64;
        let assignment: Vec<u32> = (0..problem.units()).map(|u| (seed.rotate_left(7 * u as u32) % k) as u32).collect();
        let evaluation = evaluate(&problem, &assignment).unwrap();
        let validity = validate(&problem, &assignment).unwrap();
        prop_assert_eq!(validity.is_valid(), evaluation.contiguous);
        let (points, values) = (problem.locations().points(), &problem.measures()[problem.weight()].values);
        let steiner = medoid_inertia(&problem, &assignment).unwrap();
        let square = |i: usize, j: usize| squared_distance(points[i], points[j]);
        let squares = medoids_by(problem.k(), &assignment, values, square).unwrap();
        let medians = median(&problem, &assignment).unwrap();
        let tried = medoids_by(problem.k(), &assignment, values, |i, j| problem.locations().distance_km(i, j)).unwrap();
        for (t, figures) in evaluation.territories.iter().enumerate() {
            let members: Vec<usize> = (0..problem.units()).filter(|&u| assignment[u] == t as u32).collect();
            prop_assert_eq!(figures.pieces, flood(&problem, &assignment, t as u32));
            prop_assert_eq!(figures.units, members.len());
            for (m, measure) in problem.measures().iter().enumerate() {
                prop_assert!(close(figures.sums[m], members.iter().map(|&u| measure.values[u]).sum()));
            }
            // Σ w |x − c|² = ½ ΣΣ wᵢ wⱼ |xᵢ − xⱼ|² / W.
            let weighted = members.iter().any(|&u| values[u] > 0.0);
            prop_assert_eq!(figures.weighted, weighted);
            let w = |u: usize| if weighted { values[u] } else { 1.0 };
            let mass: f64 = members.iter().map(|&u| w(u)).sum();
            let pairs = members.iter().flat_map(|&i| members.iter().map(move |&j| w(i) * w(j) * squared_distance(points[i], points[j])));
            if mass > 0.0 {
                prop_assert!(close(figures.inertia_km2, pairs.sum::<f64>() / 2.0 / mass / mass));
            }
            let far = members.iter().flat_map(|&i| members.iter().map(move |&j| (i, j)));
            let diameter = far.map(|(i, j)| problem.locations().distance_km(i, j)).fold(0.0, f64::max);
            prop_assert!(close(figures.diameter_km, diameter));
            prop_assert!(close(steiner[t].value, squares[t].value));
            prop_assert!(close(medians[t].value, tried[t].value));
            prop_assert_eq!(medians[t].unit.is_some(), !members.is_empty());
        }
        let between = |e: &Edge| assignment[e.a as usize] != assignment[e.b as usize];
        let cut: Vec<Edge> = problem.graph().edges().filter(between).collect();
        prop_assert_eq!(evaluation.cut.edges, cut.len());
        prop_assert!(close(evaluation.cut.border_km, cut.iter().map(|e| f64::from(e.border_km)).sum()));
        prop_assert!(close(evaluation.inertia, evaluation.territories.iter().map(|t| t.inertia).sum()));
    }
}

fn square() -> Problem {
    let locations =
        Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [3000.0, 0.0], [0.0, 4000.0], [3000.0, 4000.0]]);
    let edges = [(0, 1), (0, 2), (1, 3), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Border, 0.5));
    ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
        .measure(Measure::new("人口", vec![0.0, 0.0, 2.0, 2.0]).tolerance(0.1))
        .measure(Measure::new("units", vec![1.0; 4]))
        .objective(Objective { border: 0.25, ..Objective::INERTIA })
        .build()
        .unwrap()
}

#[test]
fn a_territory_without_weight_is_measured_unweighted() {
    let evaluation = evaluate(&square(), &[0, 0, 1, 1]).unwrap();
    let empty = &evaluation.territories[0];
    assert!(!empty.weighted && evaluation.territories[1].weighted);
    assert_eq!((empty.centroid, empty.inertia, empty.inertia_km2), (Some([1500.0, 0.0]), 0.0, 2.25));
    assert_eq!(empty.diameter_km, 3.0);
    assert_eq!(evaluation.measures[0].fairness.max_over_min, None);
    assert_eq!(
        evaluation.terms.iter().map(|t| (t.name, t.value)).collect::<Vec<_>>(),
        [("inertia", 9.0), ("border", 1.0)]
    );
    assert_eq!(evaluation.objective(&[9.0, 2.0]), 1.0 + 0.125);
}

#[test]
fn members_are_measured_by_the_problems_own_distance() {
    let all = Objective::NONE.inertia_medoid(1.0).median(1.0).diameter(1.0);
    let spec = |distance: Option<Distance>| {
        let mut spec = square().spec().clone().objective(all);
        spec.distance = distance;
        spec.build().unwrap()
    };
    let terms = |problem: &Problem| -> Vec<(&str, f64, String)> {
        let evaluation = evaluate(problem, &[0, 1, 0, 1]).unwrap();
        evaluation.terms.into_iter().map(|t| (t.name, t.value, t.unit)).collect()
    };
    // Members 4 km apart, all weight in one of them: that one is the medoid.
    let own = |unit: &str| ("diameter", 4.0, unit.to_owned());
    let medoid = |unit: &str| ("inertia-medoid", 0.0, unit.to_owned());
    let median = |unit: &str| ("median", 0.0, unit.to_owned());
    assert_eq!(terms(&spec(None)), [medoid("人口·km²"), median("人口·km"), own("km")]);
    // About a unit without weight everything is measured from the other: only the distance is another.
    let mut by_calls = spec(Some(Distance::function(|i, j| if i == j { 0.0 } else { (i + j) as f64 }))).spec().clone();
    by_calls.weight = Some("units".into());
    let found = terms(&by_calls.build().unwrap());
    assert_eq!(found[0], ("inertia-medoid", 4.0 + 16.0, "units·distance²".to_owned()));
    assert_eq!(found[1], ("median", 2.0 + 4.0, "units·distance".to_owned()));
    assert_eq!(found[2], own("distance"));
}

#[test]
fn small_territories_far_from_the_origin_keep_their_digits() {
    // 100 m across, in geocentric coordinates of 6,371 km: the inertia is that of the plane.
    let degrees = 0.1 / (crate::space::EARTH_RADIUS_KM.to_radians());
    let locations = Locations::from_coordinates(Space::Geographic, &[[8.0, 0.0], [8.0 + degrees, 0.0]]);
    let graph = Graph::from_edges(2, &[Edge::new(0, 1, EdgeKind::Edge, 0.0)]);
    let problem = ProblemSpec::new(locations, graph, 1).measure(Measure::new("calls", vec![1.0, 1.0])).build().unwrap();
    let evaluation = evaluate(&problem, &[0, 0]).unwrap();
    assert!((evaluation.inertia_km2 / 0.0025 - 1.0).abs() < 1e-8, "{}", evaluation.inertia_km2);
}

#[test]
fn wrong_assignments_are_refused() {
    let problem = square();
    assert_eq!(evaluate(&problem, &[0, 1]), Err(AssignmentError::Length { found: 2, expected: 4 }));
    let unknown = AssignmentError::Territory { unit: "2".into(), territory: 9, territories: 2 };
    assert_eq!(evaluate(&problem, &[0, 1, 9, 0]).unwrap_err(), unknown);
    assert!(
        validate(&problem, &[u32::MAX; 4]).is_err()
            && median(&problem, &[]).is_err()
            && medoid_inertia(&problem, &[]).is_err()
    );
    assert!(medoids_by(1, &[0], &[], |_, _| 0.0).is_err());
}

#[test]
fn pieces_and_empty_territories_are_violations() {
    let problem = square();
    let kinds = |a: &[u32]| {
        evaluate(&problem, a).unwrap().violations.iter().map(|v| (v.kind, v.territory.0)).collect::<Vec<_>>()
    };
    let apart = kinds(&[0, 1, 1, 0]);
    assert!(apart.contains(&(ViolationKind::NotContiguous, 0)) && apart.contains(&(ViolationKind::NotContiguous, 1)));
    assert!(kinds(&[0, 0, 0, 0]).contains(&(ViolationKind::Empty, 1)));
    let reason = &evaluate(&problem, &[0, 1, 1, 0]).unwrap().violations[0].reason;
    assert_eq!(reason, "no links inside the territory join its 2 pieces: 1 unit around 0, 1 unit around 3");
    // Sums at their bounds do not count as beyond, however they were rounded.
    assert_eq!(super::super::violation::side(0.1 + 0.2, (0.0, 0.3)), 0);
}

#[cfg(feature = "serde")]
#[test]
fn the_report_has_the_documented_keys() {
    use serde_json::Value;
    let problem = square();
    let mut evaluation = evaluate(&problem, &[0, 0, 1, 1]).unwrap();
    evaluation.measures[0].tolerance = f64::INFINITY;
    let mut report = Report::new(&problem, &evaluation);
    report.seconds.push(("read".into(), 0.5));
    let json: Value = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&json),
        "compactness contiguous disruption drift effort enclaves graph input k measures seconds seed stopped territories units violations"
    );
    assert_eq!(
        keys(&json["measures"][0]),
        "cv gini hoover max_deviation max_over_min name tolerance total within_15_percent"
    );
    assert_eq!(keys(&json["compactness"]), "border_km cut_edges gap inertia_km2 kind lower_bound terms unit value");
    assert_eq!(
        keys(&json["territories"][1]),
        "area_km2 centroid deviations diameter_km inertia_km2 perimeter_km pieces polsby_popper reock sums targets territory units"
    );
    assert_eq!(keys(&json["violations"][0]), "bound kind measure reason territory value");
    assert_eq!(keys(&json["graph"]), "bridges components edges isolated snapped");
    assert_eq!(keys(&json["input"]), "cells crs customers features id repaired skipped space split");
    assert_eq!(json["territories"][0]["unweighted"], Value::Bool(true));
    assert_eq!((&json["measures"][0]["tolerance"], &json["measures"][0]["max_over_min"]), (&Value::Null, &Value::Null));
    assert_eq!(json["territories"][1]["sums"]["人口"], 4.0);
    assert_eq!(json["compactness"]["unit"], "人口·km²");
    assert_eq!(json["seconds"]["read"], 0.5);
}
