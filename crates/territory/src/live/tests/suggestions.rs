//! Best next moves against all moves tried one by one; repairs against the whole plan's figures.

use super::super::{Effect, LivePlan, Moved};
use super::{drawn, row};
use crate::evaluate::ViolationKind;
use crate::ids::{TerritoryId, UnitId};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Every move of a border unit or its group to a territory beside it, or of a split group to its own, that makes the plan better and
/// cuts nothing.
fn all_moves(plan: &mut LivePlan) -> Vec<Effect> {
    let graph = plan.problem.graph().clone();
    let mut found: BTreeMap<Vec<Moved>, Effect> = BTreeMap::new();
    for link in graph.edges() {
        let parts = [link.a, link.b].map(|u| plan.assignment()[u as usize]);
        let ways = [link.a, link.b].into_iter().flat_map(|unit| parts.map(|to| (unit, TerritoryId(to))));
        for (unit, to) in ways.filter(|_| parts[0] != parts[1]) {
            let Ok(effect) = plan.preview(UnitId(unit), to) else { continue };
            if effect.change.improves() && effect.change.contiguity <= 0 {
                found.insert(effect.moves.clone(), effect);
            }
        }
    }
    let mut found: Vec<Effect> = found.into_values().collect();
    found.sort_by(|a, b| a.change.compare(&b.change));
    found
}

/// Whether two changes are the same but for rounding.
fn same(a: &Effect, b: &Effect) -> bool {
    let (a, b) = (&a.change, &b.change);
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    (a.rules, a.contiguity) == (b.rules, b.contiguity) && near(a.excess, b.excess) && near(a.objective, b.objective)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn next_moves_are_the_best_of_all(drawn in drawn(), locked in prop::collection::vec(any::<u32>(), 0..3)) {
        let Some(mut plan) = drawn.live() else { return Ok(()) };
        for unit in locked {
            let _ = plan.lock(UnitId(unit % plan.problem().units() as u32));
        }
        let best = plan.next_moves(usize::MAX);
        let all = all_moves(&mut plan);
        prop_assert_eq!(best.len(), all.len());
        for (found, tried) in best.iter().zip(&all) {
            prop_assert!(same(found, tried), "{:?} where {:?} is better", found.change, tried.change);
        }
        prop_assert_eq!(&plan.next_moves(2)[..], &best[..best.len().min(2)]);
    }

    #[test]
    fn repairs_mend_and_do_what_they_say(drawn in drawn()) {
        let Some(mut plan) = drawn.live() else { return Ok(()) };
        for violation in plan.violations() {
            for effect in plan.repairs(&violation, 4) {
                let (mended, before) = (effect.change, plan.figures());
                prop_assert!(mended.improves() && (mended.rules < 0 || mended.contiguity < 0 || mended.excess < 0.0));
                prop_assert_eq!(&plan.move_units(&effect.orders()).unwrap(), &effect);
                let after = plan.figures();
                prop_assert!((after.excess - before.excess - mended.excess).abs() < 1e-9);
                plan.undo();
            }
        }
    }
}

/// A middle territory that is full: only handing on through it helps.
#[test]
fn a_chain_carries_surplus_through_a_full_territory() {
    let problem = row(&[1.0; 9], 3, 0.1).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 0, 0, 0, 1, 1, 1, 2, 2]).unwrap();
    assert!(plan.next_moves(9).iter().all(|e| e.change.excess >= 0.0), "no single move helps");
    let violations = plan.violations();
    assert_eq!(
        violations.iter().map(|v| v.kind).collect::<Vec<_>>(),
        [ViolationKind::AboveMaximum, ViolationKind::BelowMinimum]
    );
    for violation in &violations {
        let repairs = plan.repairs(violation, 3);
        let moves: Vec<_> = repairs[0].moves.iter().map(|m| (m.unit.0, m.from.0, m.to.0)).collect();
        assert_eq!(moves, [(3, 0, 1), (6, 1, 2)]);
        assert_eq!(repairs[0].resolved.len(), 2);
    }
}

/// Pieces are handed over whole, the lighter one first; a territory without units gets one.
#[test]
fn pieces_are_handed_over_and_empty_territories_filled() {
    let problem = row(&[1.0; 9], 3, 0.5).build().unwrap();
    let mut plan = LivePlan::new(problem, vec![0, 0, 0, 1, 0, 0, 1, 1, 1]).unwrap();
    let violations = plan.violations();
    let broken = violations.iter().find(|v| v.kind == ViolationKind::NotContiguous && v.territory.0 == 0).unwrap();
    assert_eq!(broken.value, 2.0);
    let repair = plan.repairs(broken, 1).remove(0);
    assert_eq!(repair.orders(), [(UnitId(4), TerritoryId(1)), (UnitId(5), TerritoryId(1))]);
    // Territory 1 is whole by it as well.
    assert_eq!(repair.change.contiguity, -2);
    let empty = violations.iter().find(|v| v.kind == ViolationKind::Empty).unwrap();
    let repair = plan.repairs(empty, 1).remove(0);
    assert!(repair.change.contiguity < 0 && repair.moves[0].to == TerritoryId(2), "{repair:?}");
}
