//! Values of the terms of the problem's objective.

use super::assignment::{AssignmentError, Members};
use super::evaluation::{Cut, Term, TerritoryFigures};
use super::medoid::{Medoid, median, medoid_inertia};
use crate::problem::Problem;

/// The terms of the problem's objective with their values, recomputed from the assignment. Territories without weight have no
/// inertia and no median.
pub(super) fn terms(
    problem: &Problem,
    assignment: &[u32],
    territories: &[TerritoryFigures],
    cut: &Cut,
) -> Result<Vec<Term>, AssignmentError> {
    let weight_name = &problem.measures()[problem.weight()].name;
    let (km, km2) = if problem.has_own_distance() { ("distance", "distance²") } else { ("km", "km²") };
    let sum = |medoids: Vec<Medoid>| -> f64 {
        medoids.iter().zip(territories).filter(|(_, t)| t.weighted).map(|(m, _)| m.value).sum()
    };
    let term = |(name, weight): (&'static str, f64)| {
        let (value, unit) = match name {
            "inertia-medoid" => (sum(medoid_inertia(problem, assignment)?), format!("{weight_name}·{km2}")),
            "median" => (sum(median(problem, assignment)?), format!("{weight_name}·{km}")),
            "diameter" => (diameter(problem, assignment, territories)?, km.to_owned()),
            "border" => (cut.border_km, "km".to_owned()),
            "cut" if problem.graph().is_weighted() => (cut.weight, "weight".to_owned()),
            "cut" => (cut.weight, "links".to_owned()),
            _ => (territories.iter().map(|t| t.inertia).sum(), format!("{weight_name}·km²")),
        };
        Ok(Term { name, weight, value, unit })
    };
    problem.objective().terms().map(term).collect()
}

/// Largest distance between two members of a territory; by an own distance, of which nothing is known, over all pairs.
fn diameter(problem: &Problem, assignment: &[u32], territories: &[TerritoryFigures]) -> Result<f64, AssignmentError> {
    if !problem.has_own_distance() {
        return Ok(territories.iter().map(|t| t.diameter_km).fold(0.0, f64::max));
    }
    let members = Members::of(problem, assignment)?;
    let largest = crate::parallel::map(members.k(), |t| {
        let units = members.get(t);
        let pairs = units.iter().enumerate().flat_map(|(at, &i)| units[..at].iter().map(move |&j| (i, j)));
        pairs.map(|(i, j)| problem.distance(i as usize, j as usize)).fold(0.0, f64::max)
    });
    Ok(largest.into_iter().fold(0.0, f64::max))
}
