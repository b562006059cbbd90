//! Comparison of plans against trying everything.

use super::super::violation::side;
use super::super::{AssignmentError, NO_TERRITORY, PlanNames, compare, compare_by_name, names_by_overlap, validate};
use super::{all_assignments, tiny};
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::problem::{Measure, Problem, ProblemSpec, Territory};
use crate::space::{Locations, Space};
use proptest::prelude::*;

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("B{i}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// Protects the figures of a comparison against their definitions, and the lower bounds against every plan inside the bounds.
    #[test]
    fn no_plan_goes_below_the_lower_bound(drawn in tiny(6, 3, false), seed in any::<u64>(), territories in 1usize..4) {
        let Some(problem) = drawn.build(Space::Planar) else { return Ok(()) };
        let draw = |u: usize| (seed.rotate_left(5 * u as u32) % (territories as u64 + 1)) as u32;
        let before: Vec<u32> = (0..problem.units()).map(draw).map(|b| if b == 0 { NO_TERRITORY } else { b - 1 }).collect();
        let names = names(territories);
        let plan = PlanNames { assignment: &before, names: &names };
        for after in all_assignments(&problem) {
            if !validate(&problem, &after).unwrap().is_valid() {
                continue;
            }
            let found = compare(&problem, plan, &after).unwrap();
            let sum = |t: usize, values: &[f64]| {
                after.iter().zip(values).filter(|(a, _)| **a == t as u32).map(|(_, v)| v).sum::<f64>()
            };
            let inside = |m: usize| {
                (0..problem.k()).all(|t| side(sum(t, &problem.measures()[m].values), problem.bounds(t, m)) == 0)
            };
            let touched = |t: &usize| {
                let own = |u: &usize| after[*u] == *t as u32;
                let was = found.matched[*t].map(|b| b.0);
                (0..after.len()).any(|u| own(&u) != (was == Some(before[u])))
            };
            prop_assert_eq!(found.touched, (0..problem.k()).filter(touched).count());
            let beyond = |t: &usize| touched(t) && !found.changes[*t].in_flow;
            prop_assert_eq!(found.beyond_flow, (0..problem.k()).filter(beyond).count());
            if (0..problem.measures().len()).all(inside) {
                prop_assert!(found.least_touched <= found.touched, "{found:?}");
            }
            for (m, disruption) in found.measures.iter().enumerate() {
                let values = &problem.measures()[m].values;
                let had: f64 = (0..values.len()).filter(|&u| before[u] != NO_TERRITORY).map(|u| values[u]).sum();
                let moved: f64 = found.moves.iter().map(|m| values[m.unit.index()]).sum();
                prop_assert!((disruption.share * had - moved).abs() < 1e-9);
                if inside(m) {
                    prop_assert!(disruption.lower_bound <= disruption.share + 1e-8, "{disruption:?}");
                }
                for (side, flow) in [(0, &before), (1, &after)] {
                    let all = (0..values.len()).filter(|&u| flow[u] != NO_TERRITORY).map(|u| values[u]).sum::<f64>();
                    prop_assert!((found.changes.iter().map(|c| c.sums[m][side]).sum::<f64>() - all).abs() < 1e-9);
                }
                let handed: f64 = found.changes.iter().map(|c| c.moved[m][0]).sum();
                prop_assert!((handed - moved).abs() < 1e-9);
            }
        }
    }
}

/// Six units in a row, each of one call.
fn row(k: usize) -> Problem {
    let coordinates: Vec<[f64; 2]> = (0..6).map(|i| [1000.0 * f64::from(i), 0.0]).collect();
    let edges: Vec<Edge> = (1..6).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &coordinates), Graph::from_edges(6, &edges), k)
        .measure(Measure::new("calls", vec![1.0; 6]).tolerance(0.0))
        .build()
        .unwrap()
}

#[test]
fn surplus_crosses_every_border_on_its_way() {
    let names = ["West", "Middle", "East"].map(str::to_owned);
    let plan = PlanNames { assignment: &[0, 0, 0, 1, 1, 2], names: &names };
    let found = compare(&row(3), plan, &[2, 2, 0, 0, 1, 1]).unwrap();
    assert_eq!(found.matched.iter().map(|b| b.unwrap().0).collect::<Vec<_>>(), [1, 2, 0]);
    assert_eq!(found.moves.iter().map(|m| (m.unit.0, m.from.0, m.to.0)).collect::<Vec<_>>(), [(2, 0, 0), (4, 1, 1)]);
    let d = found.measures[0];
    assert!((d.share - 2.0 / 6.0).abs() < 1e-12 && (d.lower_bound - 1.0 / 6.0).abs() < 1e-12);
    assert!((d.flow_estimate - 2.0 / 6.0).abs() < 1e-12 && found.units == d.share);
    let middle = &found.changes[0];
    assert_eq!((middle.name.as_str(), middle.units, middle.moved_units), ("Middle", [2, 2], [1, 1]));
}

#[test]
fn a_territory_that_goes_is_forced_and_one_that_comes_takes_over() {
    let names = ["West", "Middle", "East"].map(str::to_owned);
    let today = [0, 0, 1, 1, 2, 2];
    let fewer = compare(&row(2), PlanNames { assignment: &today, names: &names }, &[0, 0, 0, 1, 1, 1]).unwrap();
    let d = fewer.measures[0];
    assert_eq!((fewer.moves.len(), fewer.moves.iter().all(|m| m.forced)), (2, true));
    assert!((d.forced - 2.0 / 6.0).abs() < 1e-12 && (d.lower_bound - d.share).abs() < 1e-12);
    assert!((d.flow_estimate - d.share).abs() < 1e-12);
    assert_eq!(fewer.changes.last().map(|c| (c.name.as_str(), c.after, c.units)), Some(("Middle", None, [2, 0])));

    let more = compare(&row(3), PlanNames { assignment: &[0, 0, 0, 1, 1, 1], names: &names[..2] }, &[0, 0, 1, 1, 2, 2])
        .unwrap();
    assert_eq!(more.matched[1], None);
    assert!((more.measures[0].lower_bound - 2.0 / 6.0).abs() < 1e-12);
    assert!((more.measures[0].flow_estimate - 2.0 / 6.0).abs() < 1e-12);
}

#[test]
fn what_a_territory_carries_counts_before_its_units() {
    let mut spec = row(2).spec().clone();
    spec.territories[0] = Territory::new("1").carried("calls", 2.0);
    let problem = spec.build().unwrap();
    let names = ["West", "East"].map(str::to_owned);
    // 8 calls in all, 4 each: West may have 2 on the map.
    let found = compare(&problem, PlanNames { assignment: &[0, 0, 0, 1, 1, 1], names: &names }, &[0, 0, 1, 1, 1, 1]);
    let d = found.unwrap().measures[0];
    assert!((d.lower_bound - 1.0 / 6.0).abs() < 1e-12 && (d.flow_estimate - 1.0 / 6.0).abs() < 1e-12);
}

#[test]
fn a_new_plan_keeps_the_names_that_people_know() {
    let names = ["West", "East"].map(str::to_owned);
    let today = PlanNames { assignment: &[0, 0, 0, 1, 1, 1], names: &names };
    assert_eq!(names_by_overlap(&row(2), today, &[1, 1, 0, 0, 0, 0]).unwrap(), ["East", "West"]);
    // The second territory is new; the problem calls it 2, which nobody has.
    assert_eq!(names_by_overlap(&row(3), today, &[0, 0, 1, 1, 2, 2]).unwrap(), ["West", "2", "East"]);
}

/// Protects the certificate where units are large: one has to go, and others come for it; and one that is beside it at least.
#[test]
fn units_cannot_be_cut() {
    let of = |loads: [f64; 6], tolerance: f64| {
        let mut spec = row(2).spec().clone();
        spec.measures = vec![Measure::new("calls", loads.to_vec()).tolerance(tolerance)];
        spec.build().unwrap()
    };
    let names = ["West", "East"].map(str::to_owned);
    let bound = |problem: &Problem, today: &[u32; 6]| {
        let found = compare(problem, PlanNames { assignment: today, names: &names }, &[0, 0, 0, 1, 1, 1]).unwrap();
        (12.0 * found.measures[0].lower_bound, 12.0 * found.measures[0].flow_estimate)
    };
    // West has 8 of 12 and may have 6.6: it gives 4 and takes 1.4 over.
    let (least, flow) = bound(&of([4.0, 4.0, 1.0, 1.0, 1.0, 1.0], 0.1), &[0, 0, 1, 1, 1, 1]);
    assert!((least - 5.4).abs() < 1e-6 && (flow - 1.4).abs() < 1e-9, "{least} {flow}");
    // West has 7 and may have 6.6, but what is at its border is a unit of 3, in place of which one of 3 would come: more than all of
    // East's 5.
    let (least, flow) = bound(&of([1.0, 1.0, 2.0, 3.0, 3.0, 2.0], 0.1), &[0, 0, 0, 0, 1, 1]);
    assert!((least - 5.0).abs() < 1e-6 && (flow - 0.4).abs() < 1e-9, "{least} {flow}");
}

/// Protects the count of territories that have to change: those outside their bounds, and as many as the gone one's units need room in.
#[test]
fn what_is_gone_needs_room() {
    let names: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
    let today = [0, 0, 1, 2, 2, 3];
    let wide = |k: usize, tolerance: f64| {
        let mut spec = row(k).spec().clone();
        spec.measures[0].tolerance = tolerance;
        spec.territories = names[..k].iter().map(Territory::new).collect();
        spec.build().unwrap()
    };
    let least = |problem: &Problem, after: &[u32]| {
        let before = PlanNames { assignment: &today, names: &names };
        let found = compare_by_name(problem, before, after).unwrap();
        (found.touched, found.least_touched)
    };
    // D's unit may go to any of the others; within ±0 % it has to go to B.
    assert_eq!(least(&wide(3, 0.5), &[0, 0, 1, 2, 2, 2]), (1, 1));
    assert_eq!(least(&wide(3, 0.0), &[0, 0, 1, 1, 2, 2]), (2, 1));
    // B and C are no more: 3 units, and 3 is what each may have.
    assert_eq!(least(&wide(2, 0.0), &[0, 0, 0, 1, 1, 1]), (2, 2));
}

/// Protects who is in the flow: those that give, take or hand on, and a new territory with those that it took units of.
#[test]
fn the_flow_touches_those_on_its_way() {
    let names: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
    let mut spec = row(4).spec().clone();
    spec.territories = names.iter().map(Territory::new).collect();
    // Of 1.5 each may have half more or less: A's 3 are 0.75 too much, and B has room for them.
    spec.measures[0].tolerance = 0.5;
    let problem = spec.build().unwrap();
    let flow = |problem: &Problem, today: &[u32], count: usize, after: &[u32]| {
        let found = compare_by_name(problem, PlanNames { assignment: today, names: &names[..count] }, after).unwrap();
        (found.changes.iter().map(|c| c.in_flow).collect::<Vec<_>>(), found.beyond_flow)
    };
    assert_eq!(flow(&problem, &[0, 0, 0, 1, 2, 3], 4, &[0, 0, 1, 1, 2, 3]), (vec![true, true, false, false], 0));
    assert_eq!(flow(&problem, &[0, 0, 0, 1, 2, 3], 4, &[0, 0, 1, 2, 2, 3]), (vec![true, true, false, false], 1));
    // D is new and takes what A has too much.
    assert_eq!(flow(&problem, &[0, 0, 0, 1, 1, 2], 3, &[3, 0, 0, 1, 1, 2]), (vec![true, false, false, true], 0));
    // D is new and takes what nobody has; C may take of it as well.
    let (in_flow, beyond) = flow(&problem, &[0, 0, 1, 1, 2, NO_TERRITORY], 3, &[0, 0, 1, 1, 2, 3]);
    assert!(!in_flow[0] && !in_flow[1] && in_flow[3] && beyond == 0, "{in_flow:?} {beyond}");
    // Put beside C, it asks them all to hand on.
    assert_eq!(flow(&problem, &[0, 0, 0, 1, 1, 2], 3, &[0, 0, 1, 1, 2, 3]).0, vec![true; 4]);
}

#[test]
fn new_units_move_nothing() {
    let names = ["West", "East"].map(str::to_owned);
    let plan = PlanNames { assignment: &[0, 0, NO_TERRITORY, NO_TERRITORY, 1, 1], names: &names };
    let found = compare(&row(2), plan, &[0, 0, 0, 1, 1, 1]).unwrap();
    assert_eq!((found.new_units, found.moves.len(), found.measures[0].lower_bound), (2, 0, 0.0));
    assert_eq!(found.measures[0].flow_estimate, 0.0);
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let names = names(2);
    let of = |assignment: &'static [u32]| PlanNames { assignment, names: &names };
    let length = AssignmentError::Length { found: 1, expected: 6 };
    assert_eq!(compare(&row(2), of(&[0]), &[0; 6]).unwrap_err(), length);
    let unknown = AssignmentError::Territory { unit: "1".into(), territory: 5, territories: 2 };
    assert_eq!(compare(&row(2), of(&[0, 5, 0, 0, 0, 0]), &[0; 6]).unwrap_err(), unknown);
    assert!(compare(&row(2), of(&[0; 6]), &[7; 6]).is_err());
}
