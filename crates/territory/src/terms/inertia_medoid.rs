//! Moment of inertia about the best member: Σ over members of wᵢ·d(i, medoid)², in measure·km² or by the problem's own distance.
//!
//! Without a distance of its own d is the straight line, as for the inertia about the centroid. The rows that make it exact
//! and cheap are those of [`super::Medoids`]; here is only what a member costs.

use super::Costs;
use crate::problem::Problem;
use crate::space::squared_distance;

/// Squared distances between the units at positions of `order`, and from the anchors of territories that have one, unless the
/// problem has a distance of its own, which knows units only.
pub fn costs<'a>(problem: &'a Problem, order: &'a [u32]) -> Costs<'a> {
    let at = |i: u32| order[i as usize] as usize;
    if problem.has_own_distance() {
        return Costs::new(order.len(), move |i, j| problem.squared_distance(at(i), at(j)));
    }
    let (anchored, located) = with_anchors(problem, order);
    Costs::with_places(order.len(), &anchored, move |i, j| squared_distance(located[i as usize], located[j as usize]))
}

/// Which territories are measured from anchors, and the locations of units and anchors by their positions.
pub(super) fn with_anchors(problem: &Problem, order: &[u32]) -> (Vec<bool>, Vec<[f64; 3]>) {
    let anchors: Vec<Option<[f64; 3]>> = (0..problem.k()).map(|t| problem.anchor(t)).collect();
    let points = problem.locations().points();
    let units = order.iter().map(|&u| points[u as usize]);
    let located = units.chain(anchors.iter().flatten().copied()).collect();
    (anchors.iter().map(Option::is_some).collect(), located)
}
