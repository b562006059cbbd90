//! Moment of inertia about the best member: Σ over members of wᵢ·d(i, medoid)², in measure·km² or by the problem's own distance.
//!
//! Without a distance of its own d is the straight line, as for the inertia about the centroid. The rows that make it exact
//! and cheap are those of [`super::Medoids`]; here is only what a member costs.

use super::Costs;
use crate::problem::Problem;

/// Squared distances between the units at positions of `order`.
pub fn costs<'a>(problem: &'a Problem, order: &'a [u32]) -> Costs<'a> {
    let at = |i: u32| order[i as usize] as usize;
    Costs::new(order.len(), move |i, j| problem.squared_distance(at(i), at(j)))
}
