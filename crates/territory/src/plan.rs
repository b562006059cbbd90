//! The plan: which unit is in which territory, with sums per territory kept current. [`Plan::apply`] is the only place that
//! changes an assignment.

use crate::problem::Problem;

/// An assignment of every unit to a territory, with its books: units and measure sums per territory.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    assignment: Vec<u32>,
    sizes: Vec<u32>,
    /// `[territory * measures + measure]`, in the measures' own units, what territories carry included.
    sums: Vec<f64>,
    measures: usize,
}

impl Plan {
    /// Books of an assignment, summed in unit order.
    ///
    /// # Errors
    /// The first unit whose territory is not below k, as (unit, territory); a plan of another length names the first unit
    /// that is missing or too many.
    pub fn new(problem: &Problem, assignment: Vec<u32>) -> Result<Self, (usize, u32)> {
        let (k, measures) = (problem.k(), problem.measures().len());
        if assignment.len() != problem.units() {
            return Err((assignment.len().min(problem.units()), u32::MAX));
        }
        let carried = (0..k).flat_map(|t| (0..measures).map(move |j| problem.carried(t, j))).collect();
        let mut plan = Self { assignment, sizes: vec![0; k], sums: carried, measures };
        for (unit, &t) in plan.assignment.iter().enumerate() {
            let size = plan.sizes.get_mut(t as usize).ok_or((unit, t))?;
            *size += 1;
            for j in 0..measures {
                plan.sums[t as usize * measures + j] += problem.load(j, unit, t as usize);
            }
        }
        Ok(plan)
    }

    /// Territory of every unit.
    pub fn assignment(&self) -> &[u32] {
        &self.assignment
    }

    /// Units per territory.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Sum of a measure in a territory.
    pub fn sum(&self, territory: usize, measure: usize) -> f64 {
        self.sums[territory * self.measures + measure]
    }

    /// Moves `unit` to territory `to`.
    pub fn apply(&mut self, problem: &Problem, unit: u32, to: u32) {
        let from = std::mem::replace(&mut self.assignment[unit as usize], to);
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        for j in 0..self.measures {
            self.sums[from as usize * self.measures + j] -= problem.load(j, unit as usize, from as usize);
            self.sums[to as usize * self.measures + j] += problem.load(j, unit as usize, to as usize);
        }
    }
}
