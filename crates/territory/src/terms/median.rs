//! p-median: Σ over members of wᵢ·d(i, medoid), in measure·km or by the problem's own distance.
//!
//! The rows that make it exact and cheap are those of [`super::Medoids`]; here is only what a member costs.

use super::Costs;
use super::inertia_medoid::with_anchors;
use crate::problem::Problem;

/// Distances between the units at positions of `order`: great circle, plane, or the problem's own; unless it is that, also from
/// the anchors of territories that have one.
pub fn costs<'a>(problem: &'a Problem, order: &'a [u32]) -> Costs<'a> {
    let at = |i: u32| order[i as usize] as usize;
    if problem.has_own_distance() {
        return Costs::new(order.len(), move |i, j| problem.distance(at(i), at(j)));
    }
    let (anchored, located) = with_anchors(problem, order);
    let space = problem.locations().space();
    Costs::with_places(order.len(), &anchored, move |i, j| space.distance_km(located[i as usize], located[j as usize]))
}
