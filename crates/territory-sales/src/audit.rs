//! The fairness audit of a plan: how evenly potential, workload, sales and opportunity are spread over the reps, which territories are too large
//! or too small, and what the imbalance costs.
//!
//! The figures are the engine's ([`territory::evaluate::fairness`]), on r = sum / target, so that a rep of half a post is judged by half a
//! target.

use crate::response::Response;
use crate::{SalesError, check};
use territory::evaluate::{Fairness, fairness};

/// How a territory compares with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// More than the band allows: its rep cannot serve it.
    TooLarge,
    /// Inside the band.
    Right,
    /// Less than the band allows: its rep is idle.
    TooSmall,
}

/// One measure over all territories.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeasureAudit {
    /// Its name.
    pub name: String,
    /// How even it is.
    pub fairness: Fairness,
    /// Sum / target of every territory.
    pub ratios: Vec<f64>,
    /// Every territory's size by this measure.
    pub sizes: Vec<Size>,
}

impl MeasureAudit {
    /// How many territories are too large, right, too small.
    pub fn counts(&self) -> [usize; 3] {
        [Size::TooLarge, Size::Right, Size::TooSmall].map(|s| self.sizes.iter().filter(|x| **x == s).count())
    }
}

/// What the imbalance of a plan costs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImbalanceCost {
    /// Sales of the plan under the response function, currency per year.
    pub sales: f64,
    /// Sales if every territory had its potential's share of the effort, currency per year.
    pub balanced_sales: f64,
    /// The difference; never negative where the response is concave, since Jensen's inequality then holds.
    pub lost: f64,
    /// The same as a share of the balanced sales.
    pub lost_share: f64,
}

/// Columns per territory that are audited. Opportunity is what is left to win: potential − sales, at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuditInput<'a> {
    /// Potential, currency per year.
    pub potential: &'a [f64],
    /// Workload, hours per year.
    pub workload_hours: &'a [f64],
    /// Sales, currency per year.
    pub sales: &'a [f64],
    /// Capacity of each territory's rep, hours per year: targets are in proportion.
    pub capacity_hours: &'a [f64],
}

/// The audit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Audit {
    /// Potential, workload, sales and opportunity, in this order. One that is zero everywhere is left out: nothing is unfair about it.
    pub measures: Vec<MeasureAudit>,
    /// What the imbalance costs.
    pub cost: ImbalanceCost,
}

/// Audits a plan. A territory is too large or too small beyond ±`band` of its target, total × capacity / Σ capacity.
///
/// ```
/// use territory_sales::audit::{AuditInput, audit};
/// use territory_sales::response::Response;
/// let potential = [80.0, 95.0, 100.0, 105.0, 120.0];
/// let input = AuditInput {
///     potential: &potential, workload_hours: &[1500.0; 5], sales: &[20.0; 5], capacity_hours: &[1500.0; 5],
/// };
/// let response = Response::Power { share: 0.2, at_effort: 15.0, elasticity: 0.5 };
/// let audit = audit(&input, 0.15, &response)?;
/// let spread = &audit.measures[0];
/// assert!((spread.fairness.max_deviation - 0.2).abs() < 1e-12 && (spread.fairness.hoover - 0.05).abs() < 1e-12);
/// assert_eq!(spread.counts(), [1, 3, 1]);
/// // 0.2 · Σ P·√(100/P) = 2 Σ √P = 99.785 of 100.
/// assert!((audit.cost.lost - 0.215_063_7).abs() < 1e-6);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different lengths or with negative values; [`SalesError::Capacity`] of a rep without hours; parameters out of range.
pub fn audit(input: &AuditInput<'_>, band: f64, response: &Response) -> Result<Audit, SalesError> {
    let k = input.potential.len();
    let columns = [("potential", input.potential), ("workload", input.workload_hours), ("sales", input.sales)];
    for (what, column) in columns {
        check::length(what, column.len(), k)?;
        check::not_negative(what, column)?;
    }
    check::at_least_zero("the band", band)?;
    let opportunity: Vec<f64> = input.potential.iter().zip(input.sales).map(|(p, s)| (p - s).max(0.0)).collect();
    let all = columns.into_iter().chain([("opportunity", opportunity.as_slice())]);
    let cost = imbalance_cost(input.potential, input.capacity_hours, response)?;
    let measures = all
        .filter(|(_, column)| column.iter().sum::<f64>() > 0.0)
        .map(|(name, column)| measure(name, column, input.capacity_hours, band))
        .collect();
    Ok(Audit { measures, cost })
}

fn measure(name: &str, sums: &[f64], capacity: &[f64], band: f64) -> MeasureAudit {
    let (total, capacities): (f64, f64) = (sums.iter().sum(), capacity.iter().sum());
    let targets: Vec<f64> = capacity.iter().map(|c| total * c / capacities).collect();
    let ratios: Vec<f64> = sums.iter().zip(&targets).map(|(s, t)| s / t).collect();
    // A territory on the band's edge is inside it: 85 / 100 − 1 is not −0.15 in binary.
    let size = |r: &f64| match r - 1.0 {
        d if d > band + 1e-9 => Size::TooLarge,
        d if d < -band - 1e-9 => Size::TooSmall,
        _ => Size::Right,
    };
    let sizes = ratios.iter().map(size).collect();
    MeasureAudit { name: name.to_owned(), fairness: fairness(sums, &targets), ratios, sizes }
}

/// What imbalance costs under a response function: Σ P_j·r(E_j / P_j) against ΣP·r(ΣE / ΣP), with potential P and effort E (hours per year) per territory.
///
/// # Errors
/// Columns of different lengths, negative potential; [`SalesError::Capacity`] of a territory without effort; a response out of range.
pub fn imbalance_cost(
    potential: &[f64],
    effort_hours: &[f64],
    response: &Response,
) -> Result<ImbalanceCost, SalesError> {
    check::length("the effort", effort_hours.len(), potential.len())?;
    check::not_negative("the potential", potential)?;
    response.check()?;
    if let Some(t) = effort_hours.iter().position(|e| !(e.is_finite() && *e > 0.0)) {
        return Err(SalesError::Capacity { who: format!("territory {t}"), hours: effort_hours[t] });
    }
    let of = |p: f64, e: f64| if p > 0.0 { p * response.share(e / p) } else { 0.0 };
    let sales: f64 = potential.iter().zip(effort_hours).map(|(&p, &e)| of(p, e)).sum();
    let balanced_sales = of(potential.iter().sum(), effort_hours.iter().sum());
    let lost = balanced_sales - sales;
    let lost_share = if balanced_sales > 0.0 { lost / balanced_sales } else { 0.0 };
    Ok(ImbalanceCost { sales, balanced_sales, lost, lost_share })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONCAVE: Response = Response::Power { share: 0.3, at_effort: 1.0, elasticity: 0.35 };

    proptest! {
        /// Protects the sign of the cost: balance is best under a concave response, and costs nothing where it holds already.
        #[test]
        fn imbalance_never_pays(rows in prop::collection::vec((0.0f64..99.0, 1.0f64..99.0), 1..20)) {
            let (p, e): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let cost = imbalance_cost(&p, &e, &CONCAVE).unwrap();
            prop_assert!(cost.lost >= -1e-9 * cost.balanced_sales.max(1.0), "{cost:?}");
            let even: Vec<f64> = e.iter().map(|e| 3.0 * e).collect();
            let none = imbalance_cost(&even, &e, &CONCAVE).unwrap();
            prop_assert!(none.lost.abs() < 1e-9 * none.balanced_sales);
        }
    }

    #[test]
    fn half_a_post_is_judged_by_half_a_target() {
        let input = AuditInput {
            potential: &[100.0, 50.0],
            workload_hours: &[1000.0, 800.0],
            sales: &[0.0, 0.0],
            capacity_hours: &[1600.0, 800.0],
        };
        let audit = audit(&input, 0.1, &CONCAVE).unwrap();
        let names: Vec<&str> = audit.measures.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["potential", "workload", "opportunity"]); // nothing was sold
        assert_eq!(audit.measures[0].ratios, [1.0, 1.0]);
        assert_eq!(audit.measures[1].sizes, [Size::TooSmall, Size::TooLarge]);
        assert!(audit.cost.lost.abs() < 1e-9);
        let idle = AuditInput { capacity_hours: &[0.0, 1.0], ..input };
        assert!(matches!(super::audit(&idle, 0.1, &CONCAVE), Err(SalesError::Capacity { .. })));
    }
}
