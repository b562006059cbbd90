//! Quotas: a total shared by a blend of history and potential, rounded so that it adds up, and checked against what can be captured.

use crate::rounding::round_to_total;
use crate::{SalesError, check};

/// How quotas are set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuotaPlan {
    /// What is to be sold in all, currency per year.
    pub total: f64,
    /// λ, the weight of potential against history: 0 is last year's shares, 1 the potential's.
    pub potential_weight: f64,
    /// What is set beyond the total so that it is reached though somebody fails: 0.05 sets 105 %.
    pub buffer: f64,
    /// Quotas are multiples of this, currency.
    pub step: f64,
}

/// One territory's quota.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quota {
    /// The quota, currency per year.
    pub quota: f64,
    /// Its share before rounding, 0 to 1.
    pub share: f64,
    /// Quota / sales − 1; none where nothing was sold.
    pub growth: Option<f64>,
    /// Quota / captured potential; none where nothing can be captured.
    pub use_of_potential: Option<f64>,
    /// Whether the quota is at most what can be captured.
    pub attainable: bool,
}

/// Sets quotas: (1 + buffer)·Q·[(1−λ)·share of sales + λ·share of potential], rounded to steps that add up to (1 + buffer)·Q (itself rounded to a
/// step). `captured` is the potential that can be won against competition (by [`crate::potential::Huff`], or potential × the share that
/// competitors do not hold): a quota is attainable only up to it.
///
/// ```
/// use territory_sales::quota::{QuotaPlan, quotas};
/// let plan = QuotaPlan { total: 1000.0, potential_weight: 0.4, buffer: 0.05, step: 10.0 };
/// let quotas = quotas(&plan, &[300.0, 500.0], &[3000.0, 1000.0], &[900.0, 600.0])?;
/// // Shares 0.6 · 3/8 + 0.4 · 3/4 = 0.525 and 0.475 of 1050: 551.25 and 498.75.
/// assert_eq!([quotas[0].quota, quotas[1].quota], [550.0, 500.0]);
/// assert!(quotas[0].attainable && quotas[1].attainable);
/// assert_eq!(quotas[1].growth, Some(0.0));
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different lengths or with negative values; sales (λ < 1) or potential (λ > 0) that are all zero; parameters out of range.
pub fn quotas(plan: &QuotaPlan, sales: &[f64], potential: &[f64], captured: &[f64]) -> Result<Vec<Quota>, SalesError> {
    check::length("the potential", potential.len(), sales.len())?;
    check::length("the captured potential", captured.len(), sales.len())?;
    check::not_negative("the sales", sales)?;
    check::not_negative("the potential", potential)?;
    check::not_negative("the captured potential", captured)?;
    check::at_least_zero("the total of the quotas", plan.total)?;
    check::share("the weight of the potential", plan.potential_weight)?;
    check::at_least_zero("the buffer", plan.buffer)?;
    let mut shares = vec![0.0; sales.len()];
    let parts = [
        ("the total of the sales", sales, 1.0 - plan.potential_weight),
        ("the total of the potential", potential, plan.potential_weight),
    ];
    for (what, column, weight) in parts {
        if weight > 0.0 {
            let total: f64 = column.iter().sum();
            check::positive(what, total)?;
            shares.iter_mut().zip(column).for_each(|(share, v)| *share += weight * v / total);
        }
    }
    let rounded = round_to_total(&shares, plan.total * (1.0 + plan.buffer), plan.step)?;
    let of = |(t, quota): (usize, f64)| Quota {
        quota,
        share: shares[t],
        growth: (sales[t] > 0.0).then(|| quota / sales[t] - 1.0),
        use_of_potential: (captured[t] > 0.0).then(|| quota / captured[t]),
        attainable: quota <= captured[t],
    };
    Ok(rounded.into_iter().enumerate().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotas_follow_the_formula_and_add_up(
            rows in prop::collection::vec((1.0f64..99.0, 1.0f64..99.0, 0.0f64..50.0), 1..30),
            weight in 0.0f64..1.0,
            total in 1u32..5000,
        ) {
            let (sales, potential): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (r.0, r.1)).unzip();
            let captured: Vec<f64> = rows.iter().map(|r| r.2).collect();
            let plan = QuotaPlan { total: f64::from(total) * 100.0, potential_weight: weight, buffer: 0.1, step: 10.0 };
            let found = quotas(&plan, &sales, &potential, &captured).unwrap();
            prop_assert_eq!(found.iter().map(|q| q.quota).sum::<f64>(), f64::from(total) * 110.0);
            let (s, p): (f64, f64) = (sales.iter().sum(), potential.iter().sum());
            for (t, q) in found.iter().enumerate() {
                let exact = plan.total * 1.1 * ((1.0 - weight) * sales[t] / s + weight * potential[t] / p);
                prop_assert!((q.quota - exact).abs() < 10.0 + 1e-6);
                prop_assert_eq!(q.attainable, q.quota <= captured[t]);
            }
        }
    }

    #[test]
    fn history_is_needed_only_where_it_counts() {
        let plan = QuotaPlan { total: 10.0, potential_weight: 1.0, buffer: 0.0, step: 1.0 };
        let found = quotas(&plan, &[0.0, 0.0], &[1.0, 1.0], &[0.0, 9.0]).unwrap();
        assert_eq!((found[0].growth, found[0].use_of_potential, found[0].attainable), (None, None, false));
        let history = QuotaPlan { potential_weight: 0.5, ..plan };
        let fault = quotas(&history, &[0.0, 0.0], &[1.0, 1.0], &[1.0, 1.0]).unwrap_err();
        assert!(fault.to_string().contains("the total of the sales is 0"), "{fault}");
    }
}
