//! Figures of each territory: sums against targets, centroid, inertia, diameter. Territories are independent pieces of work, and
//! every sum runs in unit order, so the figures do not depend on threads.

use super::assignment::Members;
use super::diameter::diameter_km;
use super::evaluation::TerritoryFigures;
use super::rules::moment_about;
use crate::problem::Problem;
use crate::space::squared_distance;

/// Figures of all territories but their pieces, which need the graph.
pub(super) fn territory_figures(problem: &Problem, members: &Members) -> Vec<TerritoryFigures> {
    crate::parallel::map(members.k(), |t| figures(problem, t, members.get(t)))
}

fn figures(problem: &Problem, t: usize, members: &[u32]) -> TerritoryFigures {
    let measures = 0..problem.measures().len();
    // 0.0 + keeps the empty sum from being −0.
    let sum = |m: usize| 0.0 + members.iter().map(|&u| problem.load(m, u as usize, t)).sum::<f64>();
    let own: Vec<f64> = measures.clone().map(sum).collect();
    let sums: Vec<f64> = own.iter().enumerate().map(|(m, sum)| sum + problem.carried(t, m)).collect();
    let targets: Vec<f64> = measures.map(|m| problem.target(t, m)).collect();
    let deviations = sums.iter().zip(&targets).map(|(x, t)| x / t - 1.0).collect();
    let weight = problem.weight();
    let weights = || members.iter().map(|&u| problem.measures()[weight].values[u as usize]).sum();
    let centre = Centre::of(problem, members, if problem.is_anchored(weight) { weights() } else { own[weight] });
    let (moment, mass) = match problem.anchor(t).filter(|_| centre.weighted) {
        Some(anchor) => moment_about(problem, members, anchor),
        None => (centre.moment, centre.mass),
    };
    let (space, points) = (problem.locations().space(), problem.locations().points());
    TerritoryFigures {
        name: problem.territories()[t].name.clone(),
        units: members.len(),
        pieces: 0,
        sums,
        targets,
        deviations,
        centroid: (!members.is_empty()).then(|| space.coordinates(centre.centroid)),
        weighted: centre.weighted,
        inertia: if centre.weighted { moment } else { 0.0 },
        inertia_km2: if mass > 0.0 { moment / mass } else { 0.0 },
        diameter_km: diameter_km(space, members.iter().map(|&u| points[u as usize]).collect()),
    }
}

/// Weighted centroid of a territory's members and the moment about it.
pub(super) struct Centre {
    /// Mean location in km; on the sphere it lies below the surface.
    pub(super) centroid: [f64; 3],
    /// Σ w |x − c|²; with w = 1 where the weights add up to zero.
    pub(super) moment: f64,
    /// Σ w, or the number of units where the weights add up to zero.
    pub(super) mass: f64,
    /// Whether the weights add up to more than zero.
    pub(super) weighted: bool,
}

impl Centre {
    /// Two passes, the first relative to the first member, the second about the centroid: differences of large squares, which
    /// cancel on small territories far from the origin, do not occur.
    pub(super) fn of(problem: &Problem, members: &[u32], total: f64) -> Self {
        let points = problem.locations().points();
        let values = &problem.measures()[problem.weight()].values;
        let weighted = total > 0.0;
        let weight = |u: u32| if weighted { values[u as usize] } else { 1.0 };
        let origin = members.first().map_or([0.0; 3], |&u| points[u as usize]);
        let (mut mass, mut offset) = (0.0, [0.0; 3]);
        for &u in members {
            let (w, p) = (weight(u), points[u as usize]);
            mass += w;
            for axis in 0..3 {
                offset[axis] += w * (p[axis] - origin[axis]);
            }
        }
        let mut centroid = origin;
        if mass > 0.0 {
            for axis in 0..3 {
                centroid[axis] += offset[axis] / mass;
            }
        }
        let moment = members.iter().map(|&u| weight(u) * squared_distance(points[u as usize], centroid)).sum();
        Self { centroid, moment, mass, weighted }
    }
}
