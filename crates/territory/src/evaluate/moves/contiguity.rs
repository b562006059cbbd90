//! Which units left since their old territory could not keep them in one piece. Knows the graph and the two plans.

use super::{NOWHERE, Plans, Severed};
use crate::evaluate::assignment::DisjointSets;

/// Turn of a unit that breaks a rule where it is.
const FIRST: u32 = 0;
/// Turn of a unit that stays: never.
const STAYS: u32 = u32::MAX;
/// Turn of a unit that leaves for a territory that it is not linked to: last.
const LAST: u32 = u32::MAX - 1;

/// For every unit that leaves a territory that goes on: whether it was in a piece apart, or is cut off before its turn.
pub(super) fn severed(plans: &Plans<'_>) -> Vec<Option<Severed>> {
    let units = plans.after.len();
    let leaves = |unit: usize| plans.moves(unit) && plans.home[unit] != NOWHERE;
    let mut severed = vec![None; units];
    if !(0..units).any(leaves) {
        return severed;
    }
    let (piece, kept) = kept_pieces(plans);
    let pocket = pockets(plans);
    for unit in (0..units).filter(|&unit| leaves(unit)) {
        let kept = kept[plans.home[unit] as usize];
        severed[unit] = match kept {
            Some(kept) if kept != piece[unit] => Some(Severed::Piece),
            Some(_) if pocket[unit] => Some(Severed::Pocket),
            _ => None,
        };
    }
    severed
}

/// The piece of every unit in its old territory, by its smallest unit, and of every territory that goes on the piece that it keeps:
/// the one of which most weight stays.
fn kept_pieces(plans: &Plans<'_>) -> (Vec<u32>, Vec<Option<u32>>) {
    let (problem, units) = (plans.problem, plans.after.len());
    let mut sets = DisjointSets::new(units);
    for e in problem.graph().edges() {
        let (a, b) = (plans.home[e.a as usize], plans.home[e.b as usize]);
        if a == b && a != NOWHERE {
            sets.union(e.a, e.b);
        }
    }
    let piece: Vec<u32> = (0..units as u32).map(|unit| sets.find(unit)).collect();
    let values = &problem.measures()[problem.weight()].values;
    // Units without weight count a little, so that a piece of them is better than none.
    let least = 1e-6 * problem.total_weight() / units as f64;
    let mut stays = vec![0.0; units];
    for unit in (0..units).filter(|&unit| !plans.moves(unit)) {
        stays[piece[unit] as usize] += values[unit].max(least);
    }
    let mut kept: Vec<Option<u32>> = vec![None; problem.k()];
    for first in (0..units).filter(|&unit| piece[unit] as usize == unit && stays[unit] > 0.0) {
        let slot = &mut kept[plans.home[first] as usize];
        if slot.is_none_or(|best| stays[best as usize] < stays[first]) {
            *slot = Some(first as u32);
        }
    }
    (piece, kept)
}

/// Units that would be cut off from what stays if all that leave went in turns: those that break a rule, then those that are linked to
/// their new territory, and so on inwards; a unit keeps a way to what stays that leads only over units whose turn is not before its own, or it is in a
/// pocket.
///
/// The turns are undone from the last to the first, joining units to what is there already, in time almost proportional to the links.
fn pockets(plans: &Plans<'_>) -> Vec<bool> {
    let (graph, units) = (plans.problem.graph(), plans.after.len());
    let turn = turns(plans);
    let mut order: Vec<u32> = (0..units as u32).filter(|&unit| plans.home[unit as usize] != NOWHERE).collect();
    order.sort_by_key(|&unit| std::cmp::Reverse(turn[unit as usize]));
    let mut sets = DisjointSets::new(units);
    let mut rooted: Vec<bool> = turn.iter().map(|&t| t == STAYS).collect();
    let mut pocket = vec![false; units];
    for same in order.chunk_by(|&a, &b| turn[a as usize] == turn[b as usize]) {
        for &unit in same {
            for &next in graph.neighbours(unit) {
                let together = plans.home[unit as usize] == plans.home[next as usize];
                if together && turn[next as usize] >= turn[unit as usize] {
                    let (a, b) = (sets.find(unit), sets.find(next));
                    let any = rooted[a as usize] || rooted[b as usize];
                    sets.union(a, b);
                    rooted[a.min(b) as usize] = any;
                }
            }
        }
        for &unit in same {
            pocket[unit as usize] = !rooted[sets.find(unit) as usize];
        }
    }
    pocket
}

/// When every unit leaves: in as many steps as there are over units that go the same way, from units that were in the new territory.
fn turns(plans: &Plans<'_>) -> Vec<u32> {
    let (graph, units) = (plans.problem.graph(), plans.after.len());
    let mut turn: Vec<u32> = (0..units).map(|unit| if plans.moves(unit) { LAST } else { STAYS }).collect();
    let beside = |unit: u32| {
        let there = |next: &u32| plans.home[*next as usize] == plans.after[unit as usize];
        graph.neighbours(unit).iter().any(there)
    };
    let mut reached: Vec<u32> = (0..units as u32).filter(|&unit| plans.moves(unit as usize) && beside(unit)).collect();
    for step in 1.. {
        reached.iter().for_each(|&unit| turn[unit as usize] = step);
        let mut next: Vec<u32> = Vec::new();
        for &unit in &reached {
            for &beyond in graph.neighbours(unit) {
                let same_way = plans.after[beyond as usize] == plans.after[unit as usize];
                if same_way && turn[beyond as usize] == LAST {
                    // Once is enough.
                    turn[beyond as usize] = step + 1;
                    next.push(beyond);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        reached = next;
    }
    let leaves_first = |unit: &usize| plans.moves(*unit) && plans.broken[*unit].is_some();
    (0..units).filter(leaves_first).for_each(|unit| turn[unit] = FIRST);
    turn
}

#[cfg(test)]
mod tests {
    use super::super::BrokenRule;
    use super::*;
    use crate::adjacency::{Edge, EdgeKind, Graph};
    use crate::problem::{Measure, Problem, ProblemSpec};
    use crate::space::{Locations, Space};
    use proptest::prelude::*;

    fn problem(units: usize, k: usize, edges: &[(u32, u32)]) -> Problem {
        let coordinates: Vec<[f64; 2]> = (0..units).map(|i| [1000.0 * i as f64, 0.0]).collect();
        let edges: Vec<Edge> = edges.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0)).collect();
        ProblemSpec::new(Locations::from_coordinates(Space::Planar, &coordinates), Graph::from_edges(units, &edges), k)
            .measure(Measure::new("calls", vec![1.0; units]))
            .build()
            .unwrap()
    }

    /// By the definition: at every turn, what has not gone yet is searched from what stays.
    fn by_walking(plans: &Plans<'_>) -> Vec<bool> {
        let (graph, turn) = (plans.problem.graph(), turns(plans));
        let mut pocket = vec![false; turn.len()];
        for unit in (0..turn.len()).filter(|&u| plans.moves(u) && plans.home[u] != NOWHERE) {
            let mut seen = vec![false; turn.len()];
            let mut open = vec![unit as u32];
            pocket[unit] = true;
            while let Some(at) = open.pop() {
                if turn[at as usize] == STAYS {
                    pocket[unit] = false;
                    break;
                }
                for &next in graph.neighbours(at) {
                    let there = plans.home[next as usize] == plans.home[unit] && turn[next as usize] >= turn[unit];
                    if there && !std::mem::replace(&mut seen[next as usize], true) {
                        open.push(next);
                    }
                }
            }
        }
        pocket
    }

    proptest! {
        /// Protects undoing the turns against searching the graph anew for every unit.
        #[test]
        fn pockets_are_those_found_by_walking(
            parents in prop::collection::vec(any::<u32>(), 11),
            extra in prop::collection::vec((0u32..12, 0u32..12), 0..8),
            before in prop::collection::vec(prop::sample::select(vec![0u32, 0, 1, 1, 2, NOWHERE]), 12),
            after in prop::collection::vec(0u32..3, 12),
            broken in prop::collection::vec(prop::option::weighted(0.2, Just(BrokenRule::Allowed)), 12),
        ) {
            let mut edges: Vec<(u32, u32)> = (1..12u32).map(|unit| (parents[unit as usize - 1] % unit, unit)).collect();
            edges.extend(extra.into_iter().filter(|e| e.0 != e.1));
            let problem = problem(12, 3, &edges);
            let plans = Plans { problem: &problem, home: before, after: &after, goes_on: vec![true; 3], broken: broken.clone() };
            let (found, walked) = (pockets(&plans), by_walking(&plans));
            for unit in (0..12).filter(|&u| plans.moves(u)) {
                prop_assert_eq!(found[unit], walked[unit], "unit {}", unit);
            }
        }
    }

    #[test]
    fn a_band_goes_layer_by_layer_and_a_peninsula_goes_along() {
        // Territory 0 is the row 0–1–2–3 with 4 behind 3; 5 is territory 1, beside 3.
        let problem = problem(6, 2, &[(0, 1), (1, 2), (2, 3), (3, 4), (3, 5)]);
        let plans = Plans {
            problem: &problem,
            home: vec![0, 0, 0, 0, 0, 1],
            after: &[0, 0, 1, 1, 1, 1],
            goes_on: vec![true; 2],
            broken: vec![None; 6],
        };
        // 3 goes first, 2 then by itself; 4 is cut off by 3.
        assert_eq!(turns(&plans), [STAYS, STAYS, 2, 1, 2, STAYS]);
        assert_eq!(severed(&plans), [None, None, None, None, Some(Severed::Pocket), None]);
    }

    #[test]
    fn the_piece_that_stays_is_kept_though_it_be_the_smaller() {
        let problem = problem(6, 2, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
        let plans = Plans {
            problem: &problem,
            home: vec![0, 0, 0, 1, 0, 0],
            after: &[1, 1, 1, 1, 0, 0],
            goes_on: vec![true; 2],
            broken: vec![None; 6],
        };
        let piece = Some(Severed::Piece);
        assert_eq!(severed(&plans), [piece, piece, piece, None, None, None]);
    }
}
