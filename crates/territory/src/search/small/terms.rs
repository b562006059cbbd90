//! What the objective weighs, with the costs of the terms that are measured from members.

use super::super::instance::Instance;
use crate::problem::Problem;
use crate::terms::{Costs, inertia_medoid, median, member_weights};

/// The objective of a small search.
#[derive(Debug)]
pub(super) struct MemberTerms<'a> {
    /// Weights of inertia about the centroid, border, cut.
    pub(super) plain: [f64; 3],
    /// Weights of the terms of `costs`.
    pub(super) of_members: Vec<f64>,
    /// Costs between units for each term that is measured from a medoid.
    pub(super) costs: Vec<Costs<'a>>,
    /// Weight of every unit in them.
    pub(super) weights: Vec<f64>,
}

impl<'a> MemberTerms<'a> {
    /// Those of the problem; the diameter is left out: it has a search of its own.
    pub(super) fn new(problem: &'a Problem, instance: &'a Instance) -> Self {
        let objective = problem.objective();
        let (mut of_members, mut costs) = (Vec::new(), Vec::new());
        if objective.inertia_medoid > 0.0 {
            of_members.push(objective.inertia_medoid);
            costs.push(inertia_medoid::costs(problem, &instance.order));
        }
        if objective.median > 0.0 {
            of_members.push(objective.median);
            costs.push(median::costs(problem, &instance.order));
        }
        let values = &problem.measures()[problem.weight()].values;
        let weights = member_weights(instance.order.iter().map(|&u| values[u as usize]));
        Self { plain: [objective.inertia, objective.border, objective.cut], of_members, costs, weights }
    }

    /// Whether links are all that counts: energies come in steps then.
    pub(super) fn only_links(&self) -> bool {
        self.costs.is_empty() && self.plain[0] == 0.0
    }
}
