//! How good a plan is beside others of the same problem, in an order that never trades rules for bounds nor bounds for the objective.
//! Knows evaluations only, not how plans were found.

use crate::evaluate::{AssignmentError, Evaluation, ViolationKind, WISHES, evaluate};
use crate::problem::Problem;
use std::cmp::Ordering;

/// A plan with its figures.
pub(crate) struct Judged {
    pub(crate) assignment: Vec<u32>,
    pub(crate) evaluation: Evaluation,
}

impl Judged {
    pub(crate) fn new(problem: &Problem, assignment: Vec<u32>) -> Result<Self, AssignmentError> {
        let evaluation = evaluate(problem, &assignment)?;
        Ok(Self { assignment, evaluation })
    }

    /// Violations that are not of bounds: of rules and contiguity.
    pub(crate) fn broken(&self) -> usize {
        self.evaluation.violations.iter().filter(|v| !is_bound(v.kind)).count()
    }

    /// How far sums are beyond their bounds in all, as shares of targets.
    fn excess(&self, problem: &Problem) -> f64 {
        let bounds = self.evaluation.violations.iter().filter(|v| is_bound(v.kind));
        let share = |v: &crate::evaluate::Violation| {
            let target = v.measure.map_or(1.0, |m| problem.target(v.territory.index(), m));
            (v.value - v.bound).abs() / target
        };
        bounds.map(share).sum()
    }

    /// The better one first: fewer broken rules, less beyond bounds, a smaller objective by these scales.
    pub(crate) fn compare(&self, other: &Self, problem: &Problem, scales: &[f64]) -> Ordering {
        let objective = |plan: &Self| plan.evaluation.objective(scales);
        let rules = self.broken().cmp(&other.broken());
        let bounds = || self.excess(problem).total_cmp(&other.excess(problem));
        rules.then_with(bounds).then_with(|| objective(self).total_cmp(&objective(other)))
    }
}

/// The value of every term of a plan's objective: what others are measured by.
pub(crate) fn scales(evaluation: &Evaluation) -> Vec<f64> {
    evaluation.terms.iter().map(|term| term.value).collect()
}

/// The objective of a plan, where that of the plan which `scales` are from is 1 but for its missed wishes.
pub(crate) fn relative_objective(evaluation: &Evaluation, scales: &[f64]) -> f64 {
    let weights: f64 = evaluation.terms.iter().filter(|term| term.name != WISHES).map(|term| term.weight).sum();
    evaluation.objective(scales) / weights.max(f64::MIN_POSITIVE)
}

fn is_bound(kind: ViolationKind) -> bool {
    matches!(kind, ViolationKind::AboveMaximum | ViolationKind::BelowMinimum)
}
