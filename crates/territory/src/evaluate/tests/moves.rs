//! Reasons for moves: hand-made plans, and the definitions against all of tiny ones.

use super::super::violation::side;
use super::super::{
    BrokenRule, NO_TERRITORY, PlanNames, Reason, ReasonedMove, Severed, compare, reasons_for_moves, side_by_side,
};
use super::tiny;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::ids::UnitId;
use crate::problem::{Measure, Problem, ProblemSpec, Rules};
use crate::space::{Locations, Space};
use proptest::prelude::*;

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("T{i}")).collect()
}

/// Units of one call each, in a row unless linked otherwise.
fn problem(units: u32, k: usize, tolerance: f64, links: Option<&[(u32, u32)]>, rules: Rules) -> Problem {
    let coordinates: Vec<[f64; 2]> = (0..units).map(|i| [1000.0 * f64::from(i), 0.0]).collect();
    let row: Vec<(u32, u32)> = (1..units).map(|i| (i - 1, i)).collect();
    let edges: Vec<Edge> = links.unwrap_or(&row).iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0)).collect();
    let locations = Locations::from_coordinates(Space::Planar, &coordinates);
    ProblemSpec::new(locations, Graph::from_edges(units as usize, &edges), k)
        .measure(Measure::new("calls", vec![1.0; units as usize]).tolerance(tolerance))
        .rules(rules)
        .build()
        .unwrap()
}

/// Units that move, and why in words.
fn told(problem: &Problem, before: &[u32], after: &[u32]) -> Vec<(u32, &'static str, String)> {
    let names = names(before.iter().filter(|&&b| b != NO_TERRITORY).max().map_or(0, |&b| b as usize + 1));
    let plan = PlanNames { assignment: before, names: &names };
    let comparison = compare(problem, plan, after).unwrap();
    let known = comparison.names(problem, &names);
    let told = |m: &ReasonedMove| (m.unit.0, m.reason.name(), m.why(problem, &known));
    reasons_for_moves(problem, plan, after).unwrap().iter().map(told).collect()
}

#[test]
fn surplus_is_followed_from_where_it_is_to_where_it_is_wanted() {
    let row = problem(8, 4, 0.0, None, Rules::default());
    assert_eq!(
        told(&row, &[0, 0, 0, 1, 1, 2, 2, 3], &[0, 0, 1, 1, 2, 2, 3, 3]),
        [
            (2, "balance", "calls of T0 was above its maximum".to_owned()),
            (4, "balance", "calls of T0 was above its maximum, one territory on".to_owned()),
            (6, "balance", "calls of T3 was below its minimum".to_owned()),
        ]
    );
    // Inside all bounds before and after: nothing asked for it. Back to the one above: in exchange.
    let loose = problem(8, 2, 0.6, None, Rules::default());
    assert_eq!(told(&loose, &[0, 0, 0, 0, 0, 1, 1, 1], &[0, 0, 0, 0, 1, 1, 1, 1])[0].1, "choice");
    let ring: Vec<(u32, u32)> = (0..6).map(|i| (i, (i + 1) % 6)).collect();
    let ring = problem(6, 2, 0.0, Some(&ring), Rules::default());
    assert_eq!(
        told(&ring, &[0, 0, 0, 0, 1, 1], &[0, 0, 0, 1, 1, 1]),
        [(3, "balance", "calls of T0 was above its maximum".to_owned())]
    );
    assert_eq!(
        told(&ring, &[0, 0, 0, 0, 1, 1], &[0, 0, 1, 1, 1, 0])[2],
        (5, "balance", "calls of T0 was above its maximum, in exchange".to_owned())
    );
}

#[test]
fn what_must_move_makes_others_move() {
    // T1 is no more; its unit makes T0 too large, which was inside its bounds, and hands on.
    let row = problem(16, 3, 0.1, None, Rules::default());
    let before = [[0; 5].as_slice(), &[1], &[2; 5], &[3; 5]].concat();
    let after = [[1].as_slice(), &[0; 5], &[1; 5], &[2; 5]].concat();
    assert_eq!(
        told(&row, &before, &after),
        [
            (0, "balance", "calls of T0 came to be above its maximum".to_owned()),
            (5, "forced", "its territory is no more".to_owned()),
        ]
    );
    let three = problem(6, 3, 0.0, None, Rules::default());
    let new = told(&three, &[0, 0, NO_TERRITORY, 1, 1, 2], &[0, 0, 1, 1, 2, 2]);
    assert_eq!(
        new,
        [
            (2, "new", "it had no territory".to_owned()),
            // T1 comes to be above with the new unit, but T2 was below.
            (4, "balance", "calls of T2 was below its minimum".to_owned()),
        ]
    );
    let wide = problem(6, 2, 0.34, None, Rules::default());
    assert_eq!(
        told(&wide, &[0, 0, 0, 0, NO_TERRITORY, 1], &[0, 0, 1, 1, 1, 1])[..2],
        [
            (2, "balance", "calls of T1 was below its minimum".to_owned()),
            (3, "balance", "calls of T1 was below its minimum".to_owned())
        ]
    );
    // A rep joins: the new territory takes over.
    let joins = told(&three, &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 2, 2]);
    assert_eq!(joins.iter().map(|m| (m.0, m.1)).collect::<Vec<_>>(), [(2, "balance"), (3, "balance")]);
    assert_eq!(joins[0].2, "calls of T0 was above its maximum");
}

#[test]
fn rules_come_before_contiguity_before_balance() {
    let locked = Rules { locked: vec![(1, 1)], ..Rules::default() };
    let row = problem(6, 2, 0.5, None, locked);
    let moves = told(&row, &[0, 0, 0, 0, 1, 1], &[0, 1, 1, 1, 1, 1]);
    assert_eq!(
        moves.iter().map(|m| (m.0, m.1)).collect::<Vec<_>>(),
        [(1, "rule"), (2, "contiguity"), (3, "contiguity")]
    );
    assert_eq!(moves[0].2, "its territory may not have it");
    assert_eq!(moves[1].2, "units that moved cut it off from its territory");

    let names = names(2);
    let reasons = |rules: Rules, before: &[u32], after: &[u32]| -> Vec<Reason> {
        let problem = problem(6, 2, 0.5, None, rules);
        let plan = PlanNames { assignment: before, names: &names };
        reasons_for_moves(&problem, plan, after).unwrap().iter().map(|m| m.reason).collect()
    };
    let together = Rules { together: vec![vec![2, 3]], ..Rules::default() };
    assert_eq!(
        reasons(together, &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 1]),
        [Reason::Rule(BrokenRule::Together(UnitId(3)))]
    );
    let apart = Rules { apart: vec![(0, 2)], ..Rules::default() };
    assert_eq!(reasons(apart, &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 1]), [Reason::Rule(BrokenRule::Apart(UnitId(0)))]);
    // Pieces: 4 and 5 are T0's too, apart from 0 and 1.
    let piece = Reason::Contiguity(Severed::Piece);
    assert_eq!(reasons(Rules::default(), &[0, 0, 0, 1, 1, 0], &[0, 0, 0, 1, 1, 1]), [piece]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Protects what reasons claim against the plans themselves, by another way of finding it.
    #[test]
    fn reasons_are_what_the_plans_say(drawn in tiny(7, 3, false), seed in any::<u64>(), other in any::<u64>(), territories in 1usize..4) {
        let Some(problem) = drawn.build(Space::Planar) else { return Ok(()) };
        let draw = |seed: u64, u: usize, n: usize| (seed.rotate_left(5 * u as u32) % n as u64) as u32;
        let before: Vec<u32> = (0..problem.units()).map(|u| draw(seed, u, territories + 1).checked_sub(1).unwrap_or(NO_TERRITORY)).collect();
        let after: Vec<u32> = (0..problem.units()).map(|u| draw(other, u, problem.k())).collect();
        let names = names(territories);
        let plan = PlanNames { assignment: &before, names: &names };
        let moves = reasons_for_moves(&problem, plan, &after).unwrap();
        let comparison = compare(&problem, plan, &after).unwrap();
        // All that compare lists, and the new ones; ascending.
        let mut expected: Vec<u32> = comparison.moves.iter().map(|m| m.unit.0).collect();
        expected.extend((0..before.len() as u32).filter(|&u| before[u as usize] == NO_TERRITORY));
        expected.sort_unstable();
        prop_assert_eq!(moves.iter().map(|m| m.unit.0).collect::<Vec<_>>(), expected);
        let home = |u: usize| comparison.matched.iter().position(|b| b.is_some_and(|b| b.0 == before[u]));
        let needed = |m: &ReasonedMove| !matches!(m.reason, Reason::Balance(_) | Reason::Choice);
        for (m, measure) in problem.measures().iter().enumerate() {
            let (mut first, mut then) = (vec![0.0; problem.k()], vec![0.0; problem.k()]);
            for (u, &there) in after.iter().enumerate() {
                home(u).into_iter().for_each(|t| first[t] += measure.values[u]);
                let moved = moves.iter().find(|m| m.unit.index() == u).is_some_and(needed);
                let at = if moved { Some(there as usize) } else { home(u) };
                at.into_iter().for_each(|t| then[t] += measure.values[u]);
            }
            let outside = |t: usize| match (comparison.matched[t], side(first[t], problem.bounds(t, m))) {
                (None, _) => -1,
                (_, 0) => side(then[t], problem.bounds(t, m)),
                (_, s) => s,
            };
            // Ways along which some of the measure went on the whole, by closing them over and over.
            let free = || moves.iter().filter(|mv| !needed(mv));
            let went = |a: usize, b: usize| {
                let this_way = |mv: &&ReasonedMove| home(mv.unit.index()) == Some(a) && mv.to.index() == b;
                free().filter(this_way).map(|mv| measure.values[mv.unit.index()]).sum::<f64>()
            };
            let link = |a: usize, b: usize| went(a, b) > went(b, a);
            let mut reach = vec![vec![false; problem.k()]; problem.k()];
            (0..problem.k()).for_each(|t| reach[t][t] = true);
            for _ in 0..problem.k() {
                for (a, b) in (0..problem.k()).flat_map(|a| (0..problem.k()).map(move |b| (a, b))) {
                    if link(a, b) {
                        reach.iter_mut().for_each(|from| from[b] |= from[a]);
                    }
                }
            }
            for mv in &moves {
                let from = home(mv.unit.index());
                match mv.reason {
                    Reason::New => prop_assert!(mv.from.is_none()),
                    Reason::Forced => prop_assert!(mv.from.is_some() && from.is_none()),
                    Reason::Balance(cause) if cause.measure == m => {
                        let (t, from, to) = (cause.territory.index(), from.unwrap(), mv.to.index());
                        prop_assert_eq!(outside(t), if cause.above { 1 } else { -1 });
                        let own = if cause.above { from } else { to };
                        let way = if cause.above { reach[t][from] } else { reach[to][t] };
                        let back = link(to, from) && t == if cause.above { to } else { from };
                        let serves = cause.steps == 0 && t == own || link(from, to) && way || cause.exchange && back;
                        prop_assert!(serves, "{cause:?}");
                    }
                    Reason::Choice => for (t, reached) in reach.iter().enumerate() {
                        let (from, to) = (from.unwrap(), mv.to.index());
                        let along = |own: usize| t == own || link(from, to);
                        prop_assert!(!(outside(t) == 1 && reached[from] && along(from)));
                        prop_assert!(!(outside(t) == -1 && reach[to][t] && along(to)));
                    },
                    _ => {}
                }
            }
        }
        // Both plans side by side: that after as it is evaluated.
        let [old, new] = side_by_side(&problem, plan, &after, &comparison).unwrap();
        let evaluation = super::super::evaluate(&problem, &after).unwrap();
        prop_assert_eq!((new.contiguous, new.cut, new.k), (evaluation.contiguous, evaluation.cut, problem.k()));
        prop_assert!(new.measures.iter().zip(&evaluation.measures).all(|(a, b)| (a.max_deviation - b.fairness.max_deviation).abs() < 1e-9));
        prop_assert!((new.inertia_km2 - evaluation.inertia_km2).abs() <= 1e-9 * evaluation.inertia_km2.max(1.0));
        let ends = |u: u32| Some(before[u as usize]).filter(|&b| b != NO_TERRITORY);
        let cut = problem.graph().edges().filter(|e| matches!((ends(e.a), ends(e.b)), (Some(a), Some(b)) if a != b));
        prop_assert_eq!(old.cut.edges, cut.count());
        prop_assert_eq!((old.k, old.units), (territories, before.iter().filter(|&&b| b != NO_TERRITORY).count()));
    }
}

#[test]
fn a_new_territory_is_not_called_as_one_of_before() {
    let row = problem(6, 3, 0.5, None, Rules::default());
    let names = ["1", "3"].map(str::to_owned);
    let plan = PlanNames { assignment: &[0, 0, 0, 1, 1, 1], names: &names };
    // The problem's third territory is called 3, which goes on as its second.
    let found = compare(&row, plan, &[0, 0, 0, 1, 1, 2]).unwrap();
    assert_eq!(found.names(&row, &names), ["1", "3", "3 (new)"]);
    assert_eq!(found.changes.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["1", "3", "3 (new)"]);
}
