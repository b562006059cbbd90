//! Plans over series of periods: a hand-computed vector, and every period judged as a problem of its own.

use super::super::{DriftError, Health, Period, ViolationKind, drift, evaluate};
use super::tiny;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::problem::{Measure, Problem, ProblemSpec, Territory};
use crate::space::{Locations, Space};
use proptest::prelude::*;

fn row(measures: Vec<Measure>, territories: Vec<Territory>) -> Problem {
    let units = measures[0].values.len();
    let coordinates: Vec<[f64; 2]> = (0..units).map(|i| [1000.0 * i as f64, 0.0]).collect();
    let edges: Vec<Edge> = (1..units as u32).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
    let locations = Locations::from_coordinates(Space::Planar, &coordinates);
    let mut spec = ProblemSpec::new(locations, Graph::from_edges(units, &edges), 1).territories(territories);
    spec.measures = measures;
    spec.build().unwrap()
}

fn period(name: &str, values: &[&[f64]]) -> Period {
    Period { name: name.to_owned(), values: values.iter().map(|v| v.to_vec()).collect() }
}

#[test]
fn a_series_computed_by_hand() {
    let measures =
        vec![Measure::new("calls", vec![1.0; 4]).tolerance(0.1), Measure::new("value", vec![1.0; 4]).tolerance(1.5)];
    // B is wanted to have twice what A has, and carries 30 calls already.
    let b = Territory::new("B").capacity(2.0).carried("calls", 30.0).bounds("value", None, Some(205.0));
    let problem = row(measures, vec![Territory::new("A"), b]);
    let value: &[f64] = &[50.0, 50.0, 100.0, 100.0];
    let periods = [
        period("Q1", &[&[25.0, 25.0, 40.0, 30.0], value]), // 150 in all: A 50 of 50, B 100 of 100
        period("Q2", &[&[26.0, 26.0, 40.0, 28.0], value]), // A 52 of 50, +4 %
        period("Q3", &[&[30.0, 27.0, 33.0, 30.0], value]), // A 57 of 50, +14 %: beyond 10 %
        period("Q4", &[&[30.0, 24.0, 36.0, 30.0], value]), // A 54 of 50, +8 %
    ];
    let found = drift(&problem, &[0, 0, 1, 1], &periods).unwrap();
    assert_eq!(found.periods, ["Q1", "Q2", "Q3", "Q4"]);
    assert_eq!(found.totals, [vec![120.0; 4], vec![300.0; 4]]);
    let a = &found.territories[0][0];
    assert_eq!((a.sums.as_slice(), a.targets.as_slice()), ([50.0, 52.0, 57.0, 54.0].as_slice(), [50.0; 4].as_slice()));
    assert_eq!(a.first_broken, Some(2));
    // Deviations 0, 4, 14, 8 %: mean 6.5; Σ (x − 1.5)(d − d̄) = 9.75 + 1.25 + 3.75 + 2.25 = 17; S = 5; slope 3.4 %.
    let trend = a.trend.unwrap();
    assert!((trend.slope - 0.034).abs() < 1e-12 && (trend.last - 0.116).abs() < 1e-12);
    // Rests −1.4, −0.8, 5.8, −3.6: Σ e² = 49.2; √(49.2 / 2 / 5) = 2.2181 %.
    assert!((trend.standard_error.unwrap() - 0.01 * 4.92f64.sqrt()).abs() < 1e-12);
    // The line is beyond 10 % already, the territory is not: the next period.
    let outlook = a.outlook.unwrap();
    assert_eq!((outlook.kind, outlook.periods_left), (ViolationKind::AboveMaximum, Some(1)));
    assert!((outlook.room - 0.02).abs() < 1e-12 && (outlook.bound - 55.0).abs() < 1e-12);
    let b = &found.territories[1];
    assert_eq!(b[0].sums, [100.0, 98.0, 93.0, 96.0]);
    // B's calls fall by 1.7 % a period: the line ends at −5.8 %, 4.2 % of room, and is beyond after 3.
    assert_eq!(b[0].outlook.unwrap().kind, ViolationKind::BelowMinimum);
    assert_eq!(b[0].outlook.unwrap().periods_left, Some(3));
    // Its own maximum is nearer than its tolerance.
    assert_eq!((b[1].outlook.unwrap().bound, b[1].outlook.unwrap().periods_left), (205.0, None));
    assert_eq!(
        found.ranking.iter().map(|r| (r.territory.0, r.measure, r.periods_left)).collect::<Vec<_>>(),
        [(0, 0, Some(1)), (1, 0, Some(3))]
    );
    assert!((found.max_deviations[0][2] - 0.14).abs() < 1e-12);
    assert_eq!((found.health(0), found.health(1), found.health(9)), (Health::Healthy, Health::Watch, Health::Watch));
    let until = drift(&problem, &[0, 0, 1, 1], &periods[..3]).unwrap();
    assert_eq!((until.health(0), until.ranking[0].periods_left), (Health::Broken, Some(0)));
    let once = drift(&problem, &[0, 0, 1, 1], &periods[..1]).unwrap();
    assert_eq!((once.health(9), once.territories[0][0].trend), (Health::Healthy, None));
}

#[test]
fn the_worst_come_first_and_ties_go_to_the_smaller() {
    let measure = Measure::new("calls", vec![1.0; 5]).tolerance(0.1);
    let problem = row(vec![measure], (0..5).map(|t| Territory::new(t.to_string())).collect());
    let found = drift(&problem, &[0, 1, 2, 3, 4], &[period("now", &[&[100.0, 100.0, 130.0, 50.0, 120.0]])]).unwrap();
    let ranking: Vec<u32> = found.ranking.iter().map(|r| r.territory.0).collect();
    assert_eq!(ranking, [3, 2, 4, 0, 1], "−50 %, +30 %, +20 %, then two that hold");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    /// Protects sums, moving targets, drift and broken bounds against the evaluation of every period as a problem of its own.
    #[test]
    fn every_period_is_as_its_own_problem_says(
        drawn in tiny(6, 3, false),
        series in prop::collection::vec(prop::collection::vec(0u8..9, 12), 1..5),
        seed in any::<u64>(),
    ) {
        let Some(problem) = drawn.build(Space::Planar) else { return Ok(()) };
        let units = problem.units();
        let assignment: Vec<u32> = (0..units).map(|u| (seed.rotate_left(7 * u as u32) % problem.k() as u64) as u32).collect();
        let column = |values: &[u8], m: usize| values[m * 6..][..units].iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let periods: Vec<Period> = series.iter().map(|values| Period {
            name: "p".to_owned(),
            values: (0..problem.measures().len()).map(|m| column(values, m)).collect(),
        }).collect();
        let own = |period: &Period| {
            let mut spec = problem.spec().clone();
            spec.measures.iter_mut().zip(&period.values).for_each(|(m, values)| m.values.clone_from(values));
            spec.build().ok()
        };
        let Some(own) = periods.iter().map(own).collect::<Option<Vec<Problem>>>() else { return Ok(()) };
        let found = drift(&problem, &assignment, &periods).unwrap();
        for (p, own) in own.iter().enumerate() {
            let evaluation = evaluate(own, &assignment).unwrap();
            for (t, figures) in evaluation.territories.iter().enumerate() {
                for m in 0..problem.measures().len() {
                    let drift = &found.territories[t][m];
                    prop_assert_eq!(drift.sums[p], figures.sums[m]);
                    prop_assert_eq!(drift.targets[p], figures.targets[m]);
                    prop_assert_eq!(drift.deviations[p], figures.deviations[m]);
                    let broken = evaluation.violations.iter().any(|v| v.territory.index() == t && v.measure == Some(m));
                    if broken {
                        prop_assert!(drift.first_broken.is_some_and(|first| first <= p));
                    } else {
                        prop_assert!(drift.first_broken != Some(p));
                    }
                    if p + 1 == periods.len() {
                        let left = drift.outlook.and_then(|o| o.periods_left);
                        prop_assert_eq!(left == Some(0), broken);
                    }
                }
            }
        }
        let any = found.ranking.iter().any(|r| r.periods_left == Some(0));
        prop_assert_eq!(found.health(0) == Health::Broken, any);
    }
}

#[test]
fn series_that_do_not_fit_are_refused() {
    let problem = row(vec![Measure::new("calls", vec![1.0; 2])], vec![Territory::new("A")]);
    let fault = |periods: &[Period]| drift(&problem, &[0, 0], periods).unwrap_err();
    assert_eq!(fault(&[]), DriftError::NoPeriods);
    assert!(matches!(fault(&[period("a", &[])]), DriftError::Measures { found: 0, expected: 1, .. }));
    assert!(matches!(fault(&[period("a", &[&[1.0]])]), DriftError::Length { found: 1, expected: 2, .. }));
    assert!(matches!(fault(&[period("a", &[&[1.0, -1.0]])]), DriftError::Value { value: -1.0, .. }));
    assert!(matches!(fault(&[period("a", &[&[1.0, f64::NAN]])]), DriftError::Value { .. }));
    assert!(matches!(fault(&[period("a", &[&[0.0, 0.0]])]), DriftError::Total { total: 0.0, .. }));
    assert!(matches!(drift(&problem, &[0], &[period("a", &[&[1.0, 1.0]])]), Err(DriftError::Assignment(_))));
    assert_eq!(
        fault(&[period("2024", &[&[1.0, -1.0]])]).to_string(),
        "period 2024: measure \"calls\" of unit 1 is -1: give a finite number ≥ 0"
    );
}
