//! Hand-made cases: refusals by their names, what territories carry, rings, stars, and figures worked out by hand.

use super::super::{LiveError, LivePlan, PlaceRule};
use super::row;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::evaluate::ViolationKind;
use crate::ids::{TerritoryId, UnitId};
use crate::problem::{Measure, Objective, ProblemSpec, Rules, Territory};
use crate::space::{Locations, Space};

fn unit(u: u32) -> UnitId {
    UnitId(u)
}

fn to(t: u32) -> TerritoryId {
    TerritoryId(t)
}

#[test]
fn what_rules_forbid_is_refused_by_name() {
    let rules = Rules {
        locked: vec![(0, 0)],
        allowed: vec![(1, vec![0, 1])],
        forbidden: vec![(2, vec![2])],
        needs: vec![(3, "oncology".into())],
        together: vec![vec![3, 4]],
        apart: vec![(5, 7)],
        ..Rules::default()
    };
    let mut territories: Vec<Territory> = ["A", "B", "C"].map(Territory::new).into();
    territories[1].skills.push("oncology".into());
    territories[2] = territories[2].clone().anchor([8e3, 0.0]).max_radius_km(6.5);
    let problem = row(&[1.0; 9], 3, 0.5).territories(territories).rules(rules).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 0, 0, 1, 1, 1, 2, 2, 2]).unwrap();
    let mut refused = |u: u32, t: u32| plan.preview(unit(u), to(t)).unwrap_err();
    let not_allowed = |u: &str, t: &str, rule| LiveError::NotAllowed { unit: u.into(), territory: t.into(), rule };
    assert_eq!(refused(0, 1), not_allowed("0", "B", PlaceRule::LockedTo("A".into())));
    assert_eq!(refused(1, 2), not_allowed("1", "C", PlaceRule::AllowedIn(vec!["A".into(), "B".into()])));
    assert_eq!(refused(2, 2), not_allowed("2", "C", PlaceRule::ForbiddenThere));
    // Asked of unit 4, said of unit 3, which it stays together with.
    assert_eq!(refused(4, 0), not_allowed("3", "A", PlaceRule::Needs("oncology".into())));
    let apart = LiveError::Apart { unit: "5".into(), other: "7".into(), territory: "C".into() };
    assert_eq!(refused(5, 2), apart);
    assert_eq!(refused(9, 0), LiveError::UnknownUnit { unit: unit(9), units: 9 });
    assert_eq!(refused(8, 3), LiveError::UnknownTerritory { territory: to(3) });
    let swap = plan.preview_units(&[(unit(5), to(2)), (unit(7), to(1))]);
    assert_eq!(swap.unwrap().moves.len(), 2, "rules count for the plan that comes out");
    let twice = plan.preview_units(&[(unit(3), to(1)), (unit(4), to(0))]).unwrap_err();
    assert_eq!(twice, LiveError::SentTwice { unit: "3".into() });

    let mut far = row(&[1.0; 9], 2, 0.5).build().unwrap().spec().clone();
    far.territories[1] = far.territories[1].clone().anchor([8e3, 0.0]).max_radius_km(6.5);
    let mut plan = LivePlan::new(far.build().unwrap(), vec![0, 0, 0, 0, 1, 1, 1, 1, 1]).unwrap();
    assert_eq!(plan.preview(unit(1), to(1)).unwrap_err(), not_allowed("1", "2", PlaceRule::BeyondRadius));
    assert!(plan.preview(unit(2), to(1)).is_ok());
}

#[test]
fn last_units_and_last_territories_stay() {
    let problem = row(&[1.0; 3], 2, 0.5).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 1, 1]).unwrap();
    assert_eq!(plan.move_unit(unit(0), to(1)).unwrap_err(), LiveError::Empties { territory: "1".into() });
    // They may change places.
    assert!(plan.preview_units(&[(unit(0), to(1)), (unit(1), to(0))]).is_ok());
    plan.remove_territory(to(0)).unwrap();
    assert_eq!(plan.remove_territory(to(1)).unwrap_err(), LiveError::LastTerritory { territory: "2".into() });
    assert_eq!(plan.move_unit(unit(0), to(0)).unwrap_err(), LiveError::UnknownTerritory { territory: to(0) });
    assert_eq!(plan.territories().collect::<Vec<_>>(), [to(1)]);
}

#[test]
fn locks_hold_groups_and_can_be_undone() {
    let rules = Rules { together: vec![vec![1, 2]], ..Rules::default() };
    let problem = row(&[1.0; 6], 2, 0.5).rules(rules).build().unwrap();
    let mut plan = LivePlan::new(problem.clone(), vec![0, 0, 0, 1, 1, 1]).unwrap();
    assert!(plan.lock(unit(1)).unwrap() && !plan.lock(unit(2)).unwrap());
    assert_eq!(
        plan.move_unit(unit(2), to(1)).unwrap_err(),
        LiveError::Locked { unit: "1".into(), territory: "1".into() }
    );
    assert_eq!(
        plan.remove_territory(to(0)).unwrap_err(),
        LiveError::Locked { unit: "1".into(), territory: "1".into() }
    );
    plan.undo();
    assert!(!plan.is_locked(unit(1)) && !plan.is_locked(unit(2)));
    assert_eq!(plan.move_unit(unit(2), to(1)).unwrap().moves.len(), 2);
    // A group that came in split moves into one place; it cannot be locked in two.
    let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1, 1, 1]).unwrap();
    assert_eq!(plan.lock(unit(1)).unwrap_err(), LiveError::SplitGroup { unit: "1".into(), other: "2".into() });
    assert_eq!(plan.violations()[0].kind, ViolationKind::Together);
    let mended = plan.move_unit(unit(1), to(0)).unwrap();
    assert_eq!((mended.change.rules, mended.moves.len(), mended.resolved[0].kind), (-1, 1, ViolationKind::Together));
}

/// Target (12 + 3) / 2 a territory; a load that leaves with its territory changes targets again.
#[test]
fn what_territories_carry_counts() {
    let territories = vec![Territory::new("A").carried("calls", 3.0), Territory::new("B")];
    let problem = row(&[2.0; 6], 2, 0.1).territories(territories).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1, 1, 1]).unwrap();
    let state = plan.territory(to(0)).unwrap();
    assert_eq!((state.sums[0], plan.limits(to(0), 0).unwrap().0), (7.0, 7.5));
    let (new, effect) = plan.add_territory(Territory::new("C").carried("calls", 6.0), &[unit(5)]).unwrap();
    assert_eq!(plan.territory(new).unwrap().sums, [8.0]);
    assert_eq!(plan.limits(to(1), 0).unwrap().0, 7.0);
    assert_eq!(effect.territories.len(), 3);
    plan.remove_territory(to(0)).unwrap();
    assert_eq!((plan.limits(new, 0).unwrap().0, plan.territory(to(1)).unwrap().sums[0]), (9.0, 10.0));
    while plan.undo().is_some() {}
    assert_eq!(plan.limits(to(0), 0).unwrap().0, 7.5);
}

#[test]
fn a_territory_that_the_problem_would_be_refused_for_is_refused() {
    let problem = row(&[1.0; 4], 2, 0.1).measure(Measure::new("firms", vec![1.0; 4]).maximum(2.1)).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1]).unwrap();
    let told = |result: Result<_, LiveError>| result.map(|_: (TerritoryId, _)| ()).unwrap_err().to_string();
    assert!(told(plan.add_territory(Territory::new("2"), &[unit(3)])).contains("\"2\" is given twice"));
    assert!(told(plan.add_territory(Territory::new("X").capacity(0.0), &[unit(3)])).contains("capacity 0"));
    let odd = Territory::new("X").bounds("visits", None, None);
    assert!(told(plan.add_territory(odd, &[unit(3)])).contains("measure \"visits\""));
    let radius = Territory::new("X").max_radius_km(1.0);
    assert!(told(plan.add_territory(radius, &[unit(3)])).contains("no anchor"));
    assert!(told(plan.add_territory(Territory::new("X"), &[])).contains("no unit is given"));
    // One territory alone would have four firms, which no territory may have.
    assert!(plan.remove_territory(to(0)).unwrap_err().to_string().contains("maximum 2.1"));
    assert_eq!(plan.steps(), (0, 0));
}

/// A ring of 1,000 units: leaving it is safe while it closes at the far side, and cuts it once it does not.
#[test]
fn rings_and_stars_are_walked_to_the_end() {
    let n = 1_000u32;
    let at: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i), 0.0]).collect();
    let ring: Vec<Edge> = (0..n).map(|i| Edge::new(i, (i + 1) % n, EdgeKind::Edge, 1.0)).collect();
    // A star in the middle of it touches every third unit of the ring and two leaves.
    let star = n;
    let spokes = (0..n).step_by(3).chain([n + 1, n + 2]).map(|i| Edge::new(star, i, EdgeKind::Edge, 1.0));
    let edges: Vec<Edge> = ring.into_iter().chain(spokes).collect();
    let at: Vec<[f64; 2]> = at.into_iter().chain([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]).collect();
    let problem =
        ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(1_003, &edges), 2)
            .measure(Measure::new("calls", vec![1.0; 1_003]).tolerance(1.0))
            .objective(Objective::INERTIA)
            .build()
            .unwrap();
    let mut assignment = vec![0; 1_003];
    assignment[1_001] = 1;
    let mut plan = LivePlan::new(problem, assignment).unwrap();
    // The star goes: its second leaf is on its own, the ring holds.
    let effect = plan.move_unit(unit(star), to(1)).unwrap();
    assert_eq!(effect.change.contiguity, 1);
    assert_eq!(plan.move_unit(unit(500), to(1)).unwrap().change.contiguity, 1, "500 touches the ring only");
    assert_eq!(plan.territory(to(0)).unwrap().pieces, 2, "the ring is a row now, beside the leaf");
    assert_eq!(plan.move_unit(unit(100), to(1)).unwrap().change.contiguity, 2);
    assert_eq!(plan.territory(to(0)).unwrap().pieces, 3);
    plan.undo();
    assert_eq!(
        plan.move_unit(unit(501), to(1)).unwrap().change.contiguity,
        -1,
        "501 is a spoke: it joins 500 to the star"
    );
}
