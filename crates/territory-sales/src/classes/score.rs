//! A weighted score of several criteria (客户价值评估): numbers scaled between two marks, ordinal judgements turned into numbers by a
//! stated table, added up by weight to 0 … 100 points.

use super::grid::band;
use super::{Axis, Classing, letters};
use crate::customers::listed;
use crate::{SalesError, check};

/// How a criterion becomes points from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum CriterionScale {
    /// Numbers: `worst` and below (or beyond) gives 0, `best` gives 1, linear between; `best` may be the smaller of the two.
    Numbers {
        /// One per customer.
        values: Vec<f64>,
        /// What gives no points.
        worst: f64,
        /// What gives all points.
        best: f64,
    },
    /// Ordinal judgements.
    Ordinal {
        /// One per customer.
        values: Vec<String>,
        /// What each judgement is worth, 0 to 1.
        points: Vec<(String, f64)>,
    },
}

/// One criterion of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// Its weight relative to the others.
    pub weight: f64,
    /// How it becomes points.
    pub scale: CriterionScale,
}

/// Criteria, and what score makes which class.
///
/// ```
/// use territory_sales::classes::{Criterion, CriterionScale, WeightedScore};
/// let sales = CriterionScale::Numbers { values: vec![50.0, 200.0], worst: 0.0, best: 100.0 };
/// let loyalty = CriterionScale::Ordinal {
///     values: ["high", "low"].map(str::to_owned).to_vec(),
///     points: vec![("high".into(), 1.0), ("middle".into(), 0.5), ("low".into(), 0.0)],
/// };
/// let score = WeightedScore {
///     criteria: vec![
///         Criterion { name: "sales".into(), weight: 3.0, scale: sales },
///         Criterion { name: "loyalty".into(), weight: 1.0, scale: loyalty },
///     ],
///     cutoffs: vec![70.0, 40.0],
/// };
/// let result = score.classify()?;
/// // (3 × 0.5 + 1 × 1) / 4 and (3 × 1 + 1 × 0) / 4.
/// assert_eq!(result.points, [62.5, 75.0]);
/// assert_eq!(result.classing.class_of, [1, 0]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedScore {
    /// The criteria.
    pub criteria: Vec<Criterion>,
    /// Least points of each class but the last, descending, from 100 to 0.
    pub cutoffs: Vec<f64>,
}

/// What a score gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// Points of every customer, 0 to 100.
    pub points: Vec<f64>,
    /// Points of every customer by criterion, before weighting, 0 to 1.
    pub by_criterion: Vec<Vec<f64>>,
    /// The classes.
    pub classing: Classing,
}

impl WeightedScore {
    /// Scores and classifies.
    ///
    /// # Errors
    /// No criterion; weights that are negative or all zero; columns of different lengths; a judgement that its table does not know;
    /// cut-offs that do not descend.
    pub fn classify(&self) -> Result<Score, SalesError> {
        check::cutoffs("the score", &self.cutoffs, false)?;
        let weights: Vec<f64> = self.criteria.iter().map(|c| c.weight).collect();
        check::not_negative("the weights of the criteria", &weights)?;
        let total: f64 = weights.iter().sum();
        check::positive("the sum of the criteria's weights", total)?;
        let by_criterion = self.criteria.iter().map(Criterion::points).collect::<Result<Vec<_>, _>>()?;
        let customers = by_criterion.first().map_or(0, Vec::len);
        let mut points = vec![0.0; customers];
        for (criterion, column) in self.criteria.iter().zip(&by_criterion) {
            check::length(&criterion.name, column.len(), customers)?;
            points.iter_mut().zip(column).for_each(|(sum, p)| *sum += 100.0 * criterion.weight * p / total);
        }
        let class_of = points.iter().map(|&p| band(p, &self.cutoffs) as u32).collect();
        let axis = Axis { name: "points".to_owned(), score: points.clone(), cutoffs: self.cutoffs.clone() };
        let classing = Classing { names: letters(self.cutoffs.len() + 1), class_of, axes: vec![axis] };
        Ok(Score { points, by_criterion, classing })
    }
}

impl Criterion {
    fn points(&self) -> Result<Vec<f64>, SalesError> {
        match &self.scale {
            CriterionScale::Numbers { values, worst, best } => {
                let finite = |v: f64| v.is_finite();
                check::values(&self.name, values, "a finite number", finite, check::by_index)?;
                check::parameter("the span of a criterion", best - worst, "finite and not 0", |s| {
                    s != 0.0 && s.is_finite()
                })?;
                Ok(values.iter().map(|v| ((v - worst) / (best - worst)).clamp(0.0, 1.0)).collect())
            }
            CriterionScale::Ordinal { values, points } => {
                let worth: Vec<f64> = points.iter().map(|p| p.1).collect();
                check::values(
                    &self.name,
                    &worth,
                    check::SHARE,
                    |v| (0.0..=1.0).contains(&v),
                    |row| points[row].0.clone(),
                )?;
                let of = |value: &String| points.iter().find(|p| p.0 == *value).map(|p| p.1);
                let found: Vec<Option<f64>> = values.iter().map(of).collect();
                if let Some(row) = found.iter().position(Option::is_none) {
                    return Err(SalesError::UnknownClass {
                        row: format!("{} of {}", self.name, check::by_index(row)),
                        class: values[row].clone(),
                        known: listed(&points.iter().map(|p| p.0.as_str()).collect::<Vec<_>>()),
                        count: found.iter().filter(|f| f.is_none()).count(),
                    });
                }
                Ok(found.into_iter().flatten().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(scale: CriterionScale) -> Result<Score, SalesError> {
        let criteria = vec![Criterion { name: "c".into(), weight: 2.0, scale }];
        WeightedScore { criteria, cutoffs: vec![50.0] }.classify()
    }

    #[test]
    fn a_smaller_best_turns_the_scale() {
        let days_late = CriterionScale::Numbers { values: vec![0.0, 15.0, 60.0, -5.0], worst: 30.0, best: 0.0 };
        assert_eq!(one(days_late).unwrap().points, [100.0, 50.0, 0.0, 100.0]);
    }

    #[test]
    fn unknown_judgements_and_flat_scales_are_faults() {
        let points = vec![("good".to_owned(), 1.0)];
        let fault = one(CriterionScale::Ordinal { values: vec!["good".into(), "fair".into()], points }).unwrap_err();
        assert!(fault.to_string().contains("\"fair\"; known are good"), "{fault}");
        let flat = CriterionScale::Numbers { values: vec![1.0], worst: 3.0, best: 3.0 };
        assert!(matches!(one(flat), Err(SalesError::Parameter { value: 0.0, .. })));
        let too_much = CriterionScale::Ordinal { values: vec![], points: vec![("good".to_owned(), 5.0)] };
        assert!(matches!(one(too_much), Err(SalesError::Value { value: 5.0, .. })));
    }
}
