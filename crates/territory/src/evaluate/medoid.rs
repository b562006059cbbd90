//! Compactness about the best member unit (medoid): moment of inertia and p-median, also for the caller's own costs.

use super::assignment::{AssignmentError, Members};
use super::territories::Centre;
use crate::ids::UnitId;
use crate::problem::Problem;
use crate::space::squared_distance;

/// The best member of a territory to measure it from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Medoid {
    /// The member; none where the territory is empty or measured from its anchor. Ties go to the smaller index.
    pub unit: Option<UnitId>,
    /// Σ over members of weight × cost from it: measure·km² or measure·km, or the caller's unit. Every unit counts 1 where
    /// the weights of the territory add up to zero.
    pub value: f64,
}

/// Moment of inertia of each territory about its best member, in measure·km² (chords on the sphere). The best member is the one
/// nearest to the centroid, since Σ w |x − y|² = Σ w |x − c|² + W |y − c|² (Steiner). Anchored territories are measured from their
/// anchors. By the problem's own distance, where it has one, all pairs of members are tried, and anchors do not count.
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn medoid_inertia(problem: &Problem, assignment: &[u32]) -> Result<Vec<Medoid>, AssignmentError> {
    let members = Members::of(problem, assignment)?;
    let points = problem.locations().points();
    let values = &problem.measures()[problem.weight()].values;
    if problem.has_own_distance() {
        return medoids_by(problem.k(), assignment, values, |i, j| problem.squared_distance(i, j));
    }
    Ok(crate::parallel::map(members.k(), |t| {
        let units = members.get(t);
        if let Some(anchor) = problem.anchor(t) {
            return about(problem, units, |u| squared_distance(points[u as usize], anchor));
        }
        let total = units.iter().map(|&u| values[u as usize]).sum();
        let centre = Centre::of(problem, units, total);
        let mut best = Medoid { unit: None, value: 0.0 };
        let mut nearest = f64::INFINITY;
        for &u in units {
            let d = squared_distance(points[u as usize], centre.centroid);
            if d < nearest {
                nearest = d;
                best = Medoid { unit: Some(UnitId(u)), value: centre.moment + centre.mass * d };
            }
        }
        best
    }))
}

/// A territory measured from its anchor, by what a member costs from there.
fn about(problem: &Problem, units: &[u32], cost: impl Fn(u32) -> f64) -> Medoid {
    let values = &problem.measures()[problem.weight()].values;
    let weighted = units.iter().any(|&u| values[u as usize] > 0.0);
    let weight = |u: u32| if weighted { values[u as usize] } else { 1.0 };
    Medoid { unit: None, value: 0.0 + units.iter().map(|&u| weight(u) * cost(u)).sum::<f64>() }
}

/// p-median cost of each territory: Σ w d(x, medoid) in measure·km, over the best member (great circle or plane), of anchored
/// territories over their anchors. By the problem's own distance, where it has one, all pairs of members are tried, and anchors do not
/// count.
///
/// Exact, yet without trying every member against every other: what one member costs bounds from below what the others cost, by
/// the triangle inequality; members that cannot be best are passed over (trimed; Newling & Fleuret 2017, AISTATS, PMLR 54).
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn median(problem: &Problem, assignment: &[u32]) -> Result<Vec<Medoid>, AssignmentError> {
    let members = Members::of(problem, assignment)?;
    if problem.has_own_distance() {
        let values = &problem.measures()[problem.weight()].values;
        return medoids_by(problem.k(), assignment, values, |i, j| problem.distance(i, j));
    }
    let (space, points) = (problem.locations().space(), problem.locations().points());
    Ok(crate::parallel::map(members.k(), |t| match problem.anchor(t) {
        Some(anchor) => about(problem, members.get(t), |u| space.distance_km(points[u as usize], anchor)),
        None => median_of(problem, members.get(t)),
    }))
}

fn median_of(problem: &Problem, units: &[u32]) -> Medoid {
    let (space, points) = (problem.locations().space(), problem.locations().points());
    let values = &problem.measures()[problem.weight()].values;
    let total = units.iter().map(|&u| values[u as usize]).sum();
    let centre = Centre::of(problem, units, total);
    let weight = |u: u32| if centre.weighted { values[u as usize] } else { 1.0 };
    // From the middle outwards: good members come first and rule out the others.
    let mut order: Vec<(f64, u32)> = (0..units.len() as u32)
        .map(|i| (squared_distance(points[units[i as usize] as usize], centre.centroid), i))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut least = vec![0.0f64; units.len()];
    let mut distances = vec![0.0; units.len()];
    let mut best = Medoid { unit: None, value: f64::INFINITY };
    for (_, j) in order {
        let (j, unit) = (j as usize, units[j as usize]);
        if least[j] > best.value {
            continue;
        }
        let mut value = 0.0;
        for (d, &i) in distances.iter_mut().zip(units) {
            *d = space.distance_km(points[i as usize], points[unit as usize]);
            value += weight(i) * *d;
        }
        // Less a little, so that rounding never rules out an equal.
        let bound = |d: f64| (centre.mass * d - value).abs() * (1.0 - 1e-12) - 1e-12 * value;
        least.iter_mut().zip(&distances).for_each(|(l, &d)| *l = l.max(bound(d)));
        if value < best.value || (value == best.value && best.unit.is_some_and(|b| unit < b.0)) {
            best = Medoid { unit: Some(UnitId(unit)), value };
        }
    }
    if best.unit.is_none() { Medoid { unit: None, value: 0.0 } } else { best }
}

/// The best member of each of `k` territories for any cost: the `j` with the least Σ weight(i) × `cost(i, j)` over the members i
/// of its territory. Takes Σ m² calls of `cost`, m being the units of a territory.
///
/// ```
/// // Moment of inertia about the best member with distances in whole kilometres.
/// let x_km = [0.0f64, 1.4, 2.6, 9.0];
/// let cost = |i: usize, j: usize| (x_km[i] - x_km[j]).abs().round().powi(2);
/// let medoids = territory::evaluate::medoids_by(2, &[0, 0, 0, 1], &[1.0; 4], cost)?;
/// assert_eq!((medoids[0].unit, medoids[0].value), (Some(territory::UnitId(1)), 2.0));
/// # Ok::<(), territory::evaluate::AssignmentError>(())
/// ```
///
/// # Errors
/// An assignment of another length than `weights`, or with a territory that is not below k.
pub fn medoids_by(
    k: usize,
    assignment: &[u32],
    weights: &[f64],
    cost: impl Fn(usize, usize) -> f64 + Sync + Send,
) -> Result<Vec<Medoid>, AssignmentError> {
    let members = Members::new(weights.len(), k, assignment, |unit| unit.to_string())?;
    Ok(crate::parallel::map(k, |t| {
        let units = members.get(t);
        let weighted = units.iter().any(|&u| weights[u as usize] > 0.0);
        let weight = |u: u32| if weighted { weights[u as usize] } else { 1.0 };
        let mut best = Medoid { unit: None, value: 0.0 };
        for &j in units {
            let value: f64 = units.iter().map(|&i| weight(i) * cost(i as usize, j as usize)).sum();
            if best.unit.is_none() || value < best.value {
                best = Medoid { unit: Some(UnitId(j)), value };
            }
        }
        best
    }))
}
