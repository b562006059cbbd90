//! A stage after the search: territories that lie inside another are led out of it, where they must not be.
//!
//! A corridor of the outer territory's units, the lightest that leads from the inner one to another territory or to the outer border,
//! goes to the inner one, which then gives units back elsewhere until both are as near to their bounds as before. Contiguity holds
//! throughout; a change that violates bounds more than the plan did, or makes another enclave, is not taken. What an enclave is, the
//! caller's function says: it knows the polygons, which are not known here.

use std::collections::BinaryHeap;

use crate::problem::{NO_GROUP, Problem};

/// Exits tried per enclave.
const EXITS: usize = 16;
/// Units given back at most per corridor.
const GIVEN_BACK: usize = 500;

/// Territories inside another: (inner, outer).
pub type Enclaves = Vec<(u32, u32)>;

/// Names the enclaves of a plan, as [`crate::geometry::Coverage::enclaves`] does.
pub type FindEnclaves<'a> = &'a dyn Fn(&[u32]) -> Enclaves;

/// A plan with its enclaves led out.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The plan.
    pub assignment: Vec<u32>,
    /// How many enclaves were led out.
    pub opened: usize,
    /// Those that are left: (inner, outer), ascending.
    pub left: Enclaves,
}

/// Leads the enclaves of a contiguous plan out, one by one, as far as it can. `find` names the enclaves of a plan; `at_border` says which units reach the outer border; `may_move(unit, territory)`
/// whether a unit may go to a territory, beside the problem's rules, which are always kept.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, open_enclaves};
/// use territory::adjacency::{Edge, EdgeKind, Graph};
/// // A row of five: whether the middle one is inside is for the caller to say.
/// let places: Vec<[f64; 2]> = (0..5).map(|i| [f64::from(i) * 1e3, 0.0]).collect();
/// let edges = [(0, 1), (1, 2), (2, 3), (3, 4)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let locations = Locations::from_coordinates(Space::Planar, &places);
/// let problem = ProblemSpec::new(locations, Graph::from_edges(5, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 5]).tolerance(0.9)).build()?;
/// let never = |_: &[u32]| Vec::new();
/// let opened = open_enclaves(&problem, &[0, 0, 0, 1, 1], &never, &[true; 5], &|_, _| true);
/// assert_eq!(opened.assignment, [0, 0, 0, 1, 1]);
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
///
/// # Panics
/// If `assignment` or `at_border` are not one per unit, or a territory is not below k.
pub fn open_enclaves(
    problem: &Problem,
    assignment: &[u32],
    find: FindEnclaves<'_>,
    at_border: &[bool],
    may_move: &dyn Fn(u32, u32) -> bool,
) -> Opened {
    let settled = problem.settled(assignment);
    let problem = &*settled;
    let stage = Stage { problem, find, at_border, may_move };
    let mut plan = assignment.to_vec();
    let mut enclaves = find(&plan);
    let before = enclaves.len();
    let mut hopeless: Vec<(u32, u32)> = Vec::new();
    while let Some(&enclave) = enclaves.iter().find(|e| !hopeless.contains(e)) {
        match stage.open(&plan, enclave, &enclaves) {
            Some((better, fewer)) => (plan, enclaves) = (better, fewer),
            None => hopeless.push(enclave),
        }
    }
    Opened { assignment: plan, opened: before - enclaves.len(), left: enclaves }
}

struct Stage<'a> {
    problem: &'a Problem,
    find: FindEnclaves<'a>,
    at_border: &'a [bool],
    may_move: &'a dyn Fn(u32, u32) -> bool,
}

impl Stage<'_> {
    /// Whether the problem's rules and the caller let a unit go to a territory. Units of groups and of pairs that are kept apart stay:
    /// where they may go depends on others.
    fn may(&self, unit: u32, territory: u32) -> bool {
        let book = self.problem.rule_book();
        let free = book.group_of(unit) == NO_GROUP && book.apart_of(unit).is_empty();
        free && book.allows(unit, territory) && (self.may_move)(unit, territory)
    }
}

impl Stage<'_> {
    /// The plan and its enclaves with `inner` led out of `outer`.
    fn open(&self, plan: &[u32], (inner, outer): (u32, u32), enclaves: &[(u32, u32)]) -> Option<(Vec<u32>, Enclaves)> {
        let excess = self.excess(plan, inner) + self.excess(plan, outer);
        for corridor in self.corridors(plan, (inner, outer), enclaves) {
            let mut changed = plan.to_vec();
            corridor.iter().for_each(|&unit| changed[unit as usize] = inner);
            if !self.is_connected(&changed, outer) {
                continue;
            }
            self.give_back(&mut changed, (inner, outer), &corridor);
            if self.excess(&changed, inner) + self.excess(&changed, outer) > excess + 1e-12 {
                continue;
            }
            let left = (self.find)(&changed);
            if left.len() < enclaves.len() {
                return Some((changed, left));
            }
        }
        None
    }

    /// Ways through `outer` from `inner` to what is not inside `outer`, the lightest first.
    fn corridors(&self, plan: &[u32], (inner, outer): (u32, u32), enclaves: &[(u32, u32)]) -> Vec<Vec<u32>> {
        let graph = self.problem.graph();
        let is_out = |unit: u32| {
            let leads_out = |&to: &u32| {
                let other = plan[to as usize];
                other != inner && other != outer && !enclaves.contains(&(other, outer))
            };
            self.at_border[unit as usize] || graph.neighbours(unit).iter().any(leads_out)
        };
        // Dijkstra (1959) by weight; the bits of numbers that are not negative sort as the numbers do.
        let mut best: std::collections::BTreeMap<u32, (u64, u32)> = std::collections::BTreeMap::new();
        let mut open = BinaryHeap::new();
        let enter = |unit: u32| plan[unit as usize] == outer && self.may(unit, inner);
        for unit in (0..plan.len() as u32).filter(|&u| plan[u as usize] == inner) {
            for &to in graph.neighbours(unit).iter().filter(|&&to| enter(to)) {
                open.push(std::cmp::Reverse((self.weight(to).to_bits(), to, u32::MAX)));
            }
        }
        let mut found = Vec::new();
        while let Some(std::cmp::Reverse((bits, unit, from))) = open.pop() {
            if best.contains_key(&unit) {
                continue;
            }
            best.insert(unit, (bits, from));
            if is_out(unit) {
                let mut way = vec![unit];
                while let Some(&(_, from)) = way.last().and_then(|unit| best.get(unit)).filter(|b| b.1 != u32::MAX) {
                    way.push(from);
                }
                found.push(way);
                if found.len() == EXITS {
                    break;
                }
                continue;
            }
            for &to in graph.neighbours(unit).iter().filter(|&&to| enter(to) && !best.contains_key(&to)) {
                open.push(std::cmp::Reverse(((f64::from_bits(bits) + self.weight(to)).to_bits(), to, unit)));
            }
        }
        found
    }

    /// Moves units from `inner` to `outer`, not those of the corridor, as long as that brings both nearer to their bounds.
    fn give_back(&self, plan: &mut [u32], (inner, outer): (u32, u32), corridor: &[u32]) {
        let graph = self.problem.graph();
        let mut sums = [self.sums(plan, inner), self.sums(plan, outer)];
        for _ in 0..GIVEN_BACK {
            let now = self.excess_of(inner, &sums[0]) + self.excess_of(outer, &sums[1]);
            if now <= 0.0 {
                return;
            }
            let movable = |&unit: &u32| {
                plan[unit as usize] == inner
                    && !corridor.contains(&unit)
                    && self.may(unit, outer)
                    && graph.neighbours(unit).iter().any(|&to| plan[to as usize] == outer)
            };
            let after = |unit: u32, sums: &[Vec<f64>; 2]| {
                let load = |m: usize, t: u32| self.problem.load(m, unit as usize, t as usize);
                let less = sums[0].iter().enumerate().map(|(m, s)| s - load(m, inner)).collect::<Vec<_>>();
                let more = sums[1].iter().enumerate().map(|(m, s)| s + load(m, outer)).collect::<Vec<_>>();
                [less, more]
            };
            let mut candidates: Vec<(f64, u32)> = (0..plan.len() as u32)
                .filter(movable)
                .map(|unit| {
                    let [less, more] = after(unit, &sums);
                    (self.excess_of(inner, &less) + self.excess_of(outer, &more), unit)
                })
                .filter(|c| c.0 < now)
                .collect();
            candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let moved = candidates.into_iter().find(|&(_, unit)| {
                plan[unit as usize] = outer;
                let holds = self.is_connected(plan, inner);
                if !holds {
                    plan[unit as usize] = inner;
                }
                holds
            });
            let Some((_, unit)) = moved else { return };
            sums = after(unit, &sums);
        }
    }

    /// A unit's share of a territory: the mean over the measures.
    fn weight(&self, unit: u32) -> f64 {
        let k = self.problem.k() as f64;
        let measures = self.problem.measures().len();
        let share = |m: usize| self.problem.least_load(m, unit as usize) * k / self.problem.total(m);
        (0..measures).map(share).sum::<f64>() / measures as f64 + 1e-6
    }

    fn sums(&self, plan: &[u32], territory: u32) -> Vec<f64> {
        let load = |m: usize, unit: usize| self.problem.load(m, unit, territory as usize);
        let members = || (0..plan.len()).filter(|&unit| plan[unit] == territory);
        (0..self.problem.measures().len()).map(|m| members().map(|unit| load(m, unit)).sum()).collect()
    }

    fn excess(&self, plan: &[u32], territory: u32) -> f64 {
        self.excess_of(territory, &self.sums(plan, territory))
    }

    /// How far sums are beyond their bounds, in targets.
    fn excess_of(&self, territory: u32, sums: &[f64]) -> f64 {
        let of = |(m, &sum): (usize, &f64)| {
            let (lower, upper) = self.problem.unit_bounds(territory as usize, m);
            (sum - upper).max(lower - sum).max(0.0) / self.problem.target(territory as usize, m)
        };
        sums.iter().enumerate().map(of).sum()
    }

    /// Whether a territory has units and is in one piece.
    fn is_connected(&self, plan: &[u32], territory: u32) -> bool {
        let total = plan.iter().filter(|&&t| t == territory).count();
        let Some(first) = plan.iter().position(|&t| t == territory) else { return false };
        let mut seen = vec![false; plan.len()];
        seen[first] = true;
        let (mut open, mut count) = (vec![first as u32], 0);
        while let Some(unit) = open.pop() {
            count += 1;
            for &to in self.problem.graph().neighbours(unit) {
                if plan[to as usize] == territory && !std::mem::replace(&mut seen[to as usize], true) {
                    open.push(to);
                }
            }
        }
        count == total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjacency::Contact;
    use crate::geometry::{Coverage, CoverageOptions, Polygons};
    use crate::problem::{Measure, ProblemSpec};
    use crate::space::Space;

    /// `width` × `width` cells of 1 km.
    fn grid(width: u32) -> Coverage {
        let mut polygons = Polygons::new(Space::Planar);
        for i in 0..width * width {
            let (x, y) = (f64::from(i % width) * 1e3, f64::from(i / width) * 1e3);
            for v in [[x, y], [x + 1e3, y], [x + 1e3, y + 1e3], [x, y + 1e3]] {
                polygons.push_vertex(v);
            }
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        let Ok(coverage) = Coverage::new(polygons, &CoverageOptions::default()) else { unreachable!("a grid") };
        coverage
    }

    fn problem(coverage: &Coverage, tolerance: f64) -> Option<Problem> {
        let spec = ProblemSpec::new(coverage.locations(), coverage.graph(Contact::Rook), 2);
        spec.measure(Measure::new("calls", vec![1.0; coverage.len()]).tolerance(tolerance)).build().ok()
    }

    /// The middle 4 × 4 or 5 × 5 of 7 × 7 inside the rest.
    fn nested(inner: std::ops::Range<u32>) -> Vec<u32> {
        (0..49).map(|i| u32::from(inner.contains(&(i % 7)) && inner.contains(&(i / 7)))).collect()
    }

    #[test]
    fn an_enclave_is_led_out_within_its_bounds() {
        let coverage = grid(7);
        let Some(problem) = problem(&coverage, 0.06) else { unreachable!("a problem") };
        // 25 inside 24: both within ±6 % of 24.5.
        let plan = nested(1..6);
        let find = |plan: &[u32]| coverage.enclaves(plan, 2);
        assert_eq!(find(&plan), [(1, 0)]);
        let opened = open_enclaves(&problem, &plan, &find, &coverage.border_units(), &|_, _| true);
        assert_eq!((opened.opened, opened.left.len()), (1, 0));
        assert_eq!(find(&opened.assignment), []);
        let Ok(evaluation) = crate::evaluate::evaluate(&problem, &opened.assignment) else { unreachable!("a plan") };
        assert!(evaluation.contiguous && evaluation.violations.is_empty(), "{:?}", evaluation.violations);
    }

    #[test]
    fn what_may_not_move_stays_and_is_named() {
        let coverage = grid(7);
        let Some(problem) = problem(&coverage, 0.06) else { unreachable!("a problem") };
        let plan = nested(1..6);
        let find = |plan: &[u32]| coverage.enclaves(plan, 2);
        let opened = open_enclaves(&problem, &plan, &find, &coverage.border_units(), &|_, t| t == 0);
        assert_eq!((opened.opened, opened.left), (0, vec![(1, 0)]));
        assert_eq!(opened.assignment, plan);
    }

    #[test]
    fn the_rules_of_the_problem_are_kept() {
        let coverage = grid(7);
        let Some(free) = problem(&coverage, 0.06) else { unreachable!("a problem") };
        let plan = nested(1..6);
        // All of the outer territory is locked to it: there is no corridor.
        let mut spec = free.spec().clone();
        spec.rules.locked = (0u32..).zip(&plan).filter(|unit| *unit.1 == 0).map(|unit| (unit.0, 0)).collect();
        let Ok(problem) = spec.build() else { unreachable!("a problem") };
        let find = |plan: &[u32]| coverage.enclaves(plan, 2);
        let opened = open_enclaves(&problem, &plan, &find, &coverage.border_units(), &|_, _| true);
        assert_eq!((opened.opened, opened.assignment), (0, plan));
    }
}
