//! Random sequences of all that can be done: books against books made anew, figures against [`crate::evaluate`], undo bit by bit.

use super::super::books::Books;
use super::super::broken::BrokenRules;
use super::super::{Effect, LiveError, LivePlan};
use super::drawn;
use crate::evaluate::{ViolationKind, evaluate};
use crate::ids::{TerritoryId, UnitId};
use crate::problem::Territory;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One thing to do: what, and two numbers for where.
type Deed = (u8, u32, u32);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0u8..24, any::<u32>(), any::<u32>()), 1..40)
}

/// The effect of a deed on the plan, or none where there is none or it was refused.
fn act(plan: &mut LivePlan, (what, a, b): Deed) -> Result<Option<Effect>, LiveError> {
    let (n, count) = (plan.problem().units() as u32, plan.territories.len() as u32);
    let (unit, to) = (UnitId(a % n), TerritoryId(b % count));
    match what {
        0..=6 => plan.move_unit(unit, to).map(Some),
        7 => plan.move_units(&[(unit, to), (UnitId(b % n), TerritoryId(a % count))]).map(Some),
        // Enough at once for pieces to be counted anew.
        8 => {
            let orders: Vec<_> = (0..n.min(70)).map(|u| (UnitId((u * 7 + a) % n), to)).collect();
            plan.move_units(&orders[..(b as usize / 7) % orders.len()]).map(Some)
        }
        9 => plan.lock(unit).map(|_| None),
        10 => plan.unlock(unit).map(|_| None),
        11 => {
            let units: Vec<UnitId> = (0..1 + b % 5).map(|i| UnitId((a % n + i) % n)).collect();
            plan.add_territory(newcomer(plan, a, b), &units).map(|added| Some(added.1))
        }
        12 | 13 => plan.add_territory_around(newcomer(plan, a, b), unit).map(|added| Some(added.1)),
        14 | 15 => plan.remove_territory(to).map(Some),
        16 => {
            let best = plan.next_moves(3);
            best.first().map(|e| plan.move_units(&e.orders())).transpose()
        }
        17 => {
            let violations = plan.violations();
            let Some(violation) = violations.get(a as usize % violations.len().max(1)) else { return Ok(None) };
            let best = plan.repairs(violation, 3);
            best.first().map(|e| plan.move_units(&e.orders())).transpose()
        }
        18 => Ok(plan.redo()),
        _ => Ok(plan.undo()),
    }
}

fn newcomer(plan: &LivePlan, a: u32, b: u32) -> Territory {
    let mut territory = Territory::new(format!("N{}-{a}-{b}", plan.territories.len())).capacity(1.0 + f64::from(b % 2));
    if a.is_multiple_of(3) {
        territory = territory.skill("skill").anchor([5e4, 5e4]).max_radius_km(150.0);
    }
    territory
}

/// All that a plan is, bit by bit.
fn bits(plan: &LivePlan) -> String {
    let limits = plan.territories().flat_map(|t| (0..2).map(move |m| (t, m)));
    let limits: Vec<_> = limits.map(|(t, m)| plan.limits(t, m)).collect();
    let figures = plan.figures();
    let floats = [figures.excess, figures.inertia, figures.cut, figures.border_km, figures.objective].map(f64::to_bits);
    let states: Vec<_> = plan.territories().map(|t| plan.territory(t)).collect();
    format!("{:?} {:?} {:?} {limits:?} {floats:?} {states:?}", plan.books.bits(), plan.broken, plan.held)
}

fn near(a: f64, b: f64, size: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + size.abs())
}

/// Books are those made anew; figures are those of the evaluation, which knows nothing of them.
fn check(plan: &LivePlan) -> Result<(), TestCaseError> {
    let anew = Books::new(&plan.problem, plan.territories.anchors(&plan.problem), plan.assignment().to_vec());
    prop_assert_eq!(anew.bits(), plan.books.bits());
    prop_assert_eq!(&BrokenRules::new(&plan.problem, &plan.territories, plan.assignment()), &plan.broken);
    let (mut spec, assignment, positions) = plan.hand_over();
    // Rules that came in broken may contradict locks, or what stands; bounds and figures do not depend on rules.
    let (apart, built) = (spec.rules.apart.clone(), spec.clone().build().is_ok());
    prop_assert!(built || plan.held.contains(&true) || plan.broken.len() > 0, "{:?}", spec.build().err());
    spec.rules = Default::default();
    spec.territories.iter_mut().for_each(|territory| territory.max_radius_km = None);
    let problem = spec.build().unwrap();
    let evaluation = evaluate(&problem, &assignment).unwrap();
    let figures = plan.figures();
    prop_assert!(near(figures.inertia, evaluation.inertia, evaluation.inertia));
    prop_assert!(near(figures.inertia_km2, evaluation.inertia_km2, evaluation.inertia_km2));
    prop_assert!(near(figures.cut, evaluation.cut.weight, evaluation.cut.weight));
    prop_assert!(near(figures.border_km, evaluation.cut.border_km, evaluation.cut.border_km));
    for (t, (&position, from_scratch)) in positions.iter().zip(&evaluation.territories).enumerate() {
        let state = plan.territory(position).unwrap();
        prop_assert_eq!((state.units, state.pieces), (from_scratch.units, from_scratch.pieces));
        prop_assert_eq!(plan.territory_name(position).unwrap(), &from_scratch.name);
        prop_assert!(near(state.inertia, from_scratch.inertia, evaluation.inertia));
        for m in 0..problem.measures().len() {
            prop_assert!(near(state.sums[m], from_scratch.sums[m], from_scratch.sums[m]));
            prop_assert!(near(state.deviations[m], from_scratch.deviations[m], 1.0));
            let (lower, upper) = problem.bounds(t, m);
            prop_assert_eq!(plan.limits(position, m).unwrap(), (problem.target(t, m), lower, upper));
        }
    }
    let of_territory =
        |kind: &ViolationKind| !matches!(kind, ViolationKind::Lock | ViolationKind::Together | ViolationKind::Apart);
    let known: BTreeSet<_> =
        plan.violations().iter().filter(|v| of_territory(&v.kind)).map(|v| (v.territory, v.kind, v.measure)).collect();
    let found = evaluation.violations.iter().map(|v| (positions[v.territory.index()], v.kind, v.measure));
    prop_assert_eq!(known, found.collect());
    // The rules, looked at one by one.
    let of = |u: u32| plan.assignment()[u as usize];
    let clash = apart.iter().any(|&(a, b)| of(a) == of(b));
    prop_assert!(!clash || plan.violations().iter().any(|v| v.kind == ViolationKind::Apart));
    Ok(())
}

/// What an effect says against the figures of the whole plan before and after.
fn check_effect(before: &LivePlan, after: &LivePlan, effect: &Effect) -> Result<(), TestCaseError> {
    let (b, a) = (before.figures(), after.figures());
    let change = &effect.change;
    prop_assert_eq!(change.contiguity, a.contiguity as i64 - b.contiguity as i64);
    prop_assert_eq!(change.rules, after.broken.len() as i64 - before.broken.len() as i64);
    for (said, found, size) in [
        (change.excess, a.excess - b.excess, a.excess),
        (change.inertia, a.inertia - b.inertia, a.inertia),
        (change.cut, a.cut - b.cut, a.cut),
        (change.border_km, a.border_km - b.border_km, a.border_km),
        (change.objective, a.objective - b.objective, a.objective),
    ] {
        prop_assert!(near(said, found, size), "{said} for {found}");
    }
    for change in &effect.territories {
        prop_assert_eq!(&change.before, &before.territory(change.territory).ok());
        prop_assert_eq!(&change.after, &after.territory(change.territory).ok());
    }
    let changed = (0..after.assignment().len()).filter(|&u| before.assignment()[u] != after.assignment()[u]).count();
    let units: BTreeSet<UnitId> = effect.moves.iter().map(|m| m.unit).collect();
    prop_assert_eq!(changed, units.len());
    for violation in &effect.resolved {
        let is_in = |plan: &LivePlan| plan.violations().iter().any(|v| v.is_same(violation));
        prop_assert!(is_in(before) && !is_in(after), "{violation:?}");
    }
    for violation in &effect.violations {
        prop_assert!(after.violations().contains(violation), "{violation:?}");
    }
    Ok(())
}

/// Rules that hold are never broken, and held units stay where they are.
fn check_rules(before: &LivePlan, after: &LivePlan) -> Result<(), TestCaseError> {
    let rules = |plan: &LivePlan| plan.broken_rules(None);
    for broken in rules(after) {
        prop_assert!(rules(before).iter().any(|v| v.is_same(&broken)), "{broken:?} is new");
    }
    for t in after.territories().filter(|&t| after.territory(t).unwrap().units == 0) {
        prop_assert!(before.territory(t).is_ok_and(|t| t.units == 0), "{t} was emptied");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_that_is_done_is_as_if_made_anew_and_undone_as_if_never(drawn in drawn(), deeds in deeds()) {
        let Some(mut plan) = drawn.live() else { return Ok(()) };
        check(&plan)?;
        // What the plan was before each step that stands, and before each that is undone.
        let mut pasts: Vec<String> = Vec::new();
        let mut futures: Vec<String> = Vec::new();
        for deed in deeds {
            let before = plan.clone();
            let result = act(&mut plan, deed);
            let (steps, now) = ((before.steps(), plan.steps()), bits(&plan));
            match &result {
                Err(_) => prop_assert_eq!(&now, &bits(&before), "a refused change changed something"),
                Ok(effect) => {
                    if let Some(effect) = effect {
                        check_effect(&before, &plan, effect)?;
                    }
                    let was = bits(&before);
                    match steps {
                        (b, a) if b == a => prop_assert_eq!(&now, &was),
                        ((done, _), (fewer, _)) if fewer < done => {
                            prop_assert_eq!(&now, &pasts.pop().unwrap(), "undone");
                            futures.push(was);
                        }
                        _ if deed.0 == 18 => {
                            prop_assert_eq!(&now, &futures.pop().unwrap(), "done again");
                            pasts.push(was);
                        }
                        _ => {
                            check_rules(&before, &plan)?;
                            pasts.push(was);
                            futures.clear();
                        }
                    }
                }
            }
            check(&plan)?;
        }
        // Everything back.
        while plan.undo().is_some() {
            prop_assert_eq!(bits(&plan), pasts.pop().unwrap());
        }
        prop_assert!(pasts.is_empty());
        prop_assert_eq!(plan.assignment(), &drawn.plan[..]);
    }

    /// Protects the promise of previews: what they say is what the move does, and they leave nothing behind.
    #[test]
    fn previews_say_what_moves_do(drawn in drawn(), moves in prop::collection::vec((any::<u32>(), any::<u32>()), 1..30)) {
        let Some(mut plan) = drawn.live() else { return Ok(()) };
        for (a, b) in moves {
            let unit = UnitId(a % plan.problem().units() as u32);
            let to = TerritoryId(b % plan.k() as u32);
            let before = bits(&plan);
            let said = plan.preview(unit, to);
            prop_assert_eq!(before, bits(&plan));
            prop_assert_eq!(said, plan.move_unit(unit, to));
        }
    }
}
