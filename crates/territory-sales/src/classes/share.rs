//! Classes by rank: ABC analysis and quantiles. Equal values always share a class.

use super::{Axis, Classing, letters};
use crate::{SalesError, check};

/// Shares within this of a cut-off count as on it: 0.8 is not a sum of tenths in binary.
const ROUNDING: f64 = 1e-12;

/// ABC analysis by cumulative share of value (Pareto; Dickie 1951): customers in descending order of value are in class A until the first
/// cut-off of the total is reached, then in B, and so on. A customer's score is the share of the value *before* it, so that the one that crosses
/// a line still belongs above it, and class A holds at least its share.
///
/// ```
/// use territory_sales::classes::{ABC_CUTOFFS, abc};
/// let classing = abc(&[10.0, 50.0, 30.0, 6.0, 4.0], &ABC_CUTOFFS)?;
/// // 50, 30 | 10, 6 | 4: shares before each are 0, 0.5, 0.8, 0.9, 0.96.
/// assert_eq!(classing.class_of, [1, 0, 0, 1, 2]);
/// let near = classing.borderline(&[0.02])?;
/// assert_eq!((near[0].customer, near[0].cutoff), (0, 0.80)); // exactly on the line
/// assert_eq!((near[1].customer, near[1].cutoff), (4, 0.95)); // 0.01 beyond it
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Values that are negative or all zero; cut-offs that do not ascend between 0 and 1.
pub fn abc(values: &[f64], cutoffs: &[f64]) -> Result<Classing, SalesError> {
    check::not_negative("the value of customers", values)?;
    check::cutoffs("the ABC analysis", cutoffs, true)?;
    for &cutoff in cutoffs {
        check::parameter("a cut-off of the ABC analysis", cutoff, "between 0 and 1", |c| c > 0.0 && c < 1.0)?;
    }
    let total: f64 = values.iter().sum();
    check::positive("the total value of the customers", total)?;
    let mut before = 0.0;
    let score = by_groups(values, |group| {
        let share = before / total;
        before += group.iter().map(|&row| values[row as usize]).sum::<f64>();
        share
    });
    Ok(cut("share of the value before the customer", score, cutoffs))
}

/// Classes of equally many customers, the most valuable first: `count` of them. A customer's score is the share of the customers
/// that are worth more.
///
/// ```
/// let classing = territory_sales::classes::quantiles(&[1.0, 4.0, 3.0, 2.0], 2)?;
/// assert_eq!(classing.class_of, [1, 0, 0, 1]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Values that are negative; no values; no class, or more classes than customers.
pub fn quantiles(values: &[f64], count: u32) -> Result<Classing, SalesError> {
    check::not_negative("the value of customers", values)?;
    check::positive("the number of customers", values.len() as f64)?;
    let possible = |c: f64| c >= 1.0 && c <= values.len() as f64;
    check::parameter("the number of quantiles", f64::from(count), "from 1 to the number of customers", possible)?;
    let mut before = 0;
    let score = by_groups(values, |group| {
        let share = before as f64 / values.len() as f64;
        before += group.len();
        share
    });
    let cutoffs: Vec<f64> = (1..count).map(|c| f64::from(c) / f64::from(count)).collect();
    Ok(cut("share of the customers that are worth more", score, &cutoffs))
}

/// A score for every row, from `score` called with the rows of each value, largest value first.
fn by_groups(values: &[f64], mut score: impl FnMut(&[u32]) -> f64) -> Vec<f64> {
    // Keys beside the indices: sorting indices alone would look all over the column. Values are ≥ 0, so their bits ascend with them.
    let mut order: Vec<(u64, u32)> =
        values.iter().enumerate().map(|(row, v)| (!(v + 0.0).to_bits(), row as u32)).collect();
    order.sort_unstable();
    let rows: Vec<u32> = order.iter().map(|o| o.1).collect();
    let mut scores = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        let group = &rows[start..start + group.len()];
        start += group.len();
        let score = score(group);
        group.iter().for_each(|&row| scores[row as usize] = score);
    }
    scores
}

/// Classes from ascending cut-offs: the first whose cut-off is above the score.
fn cut(name: &str, score: Vec<f64>, cutoffs: &[f64]) -> Classing {
    let class = |s: &f64| cutoffs.iter().take_while(|&&c| *s >= c - ROUNDING).count() as u32;
    let class_of = score.iter().map(class).collect();
    let axis = Axis { name: name.to_owned(), score, cutoffs: cutoffs.to_vec() };
    Classing { names: letters(cutoffs.len() + 1), class_of, axes: vec![axis] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, quadratic: share of what is worth strictly more.
    fn oracle(values: &[f64], cutoffs: &[f64]) -> Vec<u32> {
        let total: f64 = values.iter().sum();
        let class = |v: &f64| {
            let before: f64 = values.iter().filter(|o| *o > v).sum::<f64>() / total;
            cutoffs.iter().filter(|c| before >= **c - 1e-12).count() as u32
        };
        values.iter().map(class).collect()
    }

    proptest! {
        /// Protects the sorting by bits and the treatment of equal values.
        #[test]
        fn classes_follow_the_definition(values in prop::collection::vec(0u16..40, 1..80), a in 0.1f64..0.5, b in 0.51f64..0.99) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            prop_assume!(values.iter().sum::<f64>() > 0.0);
            prop_assert_eq!(abc(&values, &[a, b]).unwrap().class_of, oracle(&values, &[a, b]));
            if values.len() < 4 {
                return Ok(());
            }
            let n = values.len() as f64;
            let quarter = |v: &f64| (values.iter().filter(|o| *o > v).count() as f64 / n * 4.0) as u32;
            let expected: Vec<u32> = values.iter().map(quarter).collect();
            prop_assert_eq!(quantiles(&values, 4).unwrap().class_of, expected);
        }
    }

    #[test]
    fn faults_are_named() {
        let fault = abc(&[1.0], &[0.95, 0.80]).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the cut-offs of the ABC analysis are out of order: 0.8 after 0.95; they must ascend"
        );
        assert!(matches!(abc(&[1.0], &[0.8, 1.2]), Err(SalesError::Parameter { value: 1.2, .. })));
        assert!(matches!(abc(&[1.0, -1.0], &[0.8]), Err(SalesError::Value { value: -1.0, .. })));
        // Neither two classes of one customer nor room for four billion.
        for count in [0, 3, u32::MAX] {
            let fault = quantiles(&[1.0, 2.0], count).unwrap_err().to_string();
            assert_eq!(
                fault,
                format!("the number of quantiles is {count}, it must be from 1 to the number of customers")
            );
        }
        assert_eq!(quantiles(&[1.0, 2.0], 2).unwrap().class_of, [1, 0]);
        assert!(matches!(abc(&[0.0, 0.0], &[0.8]), Err(SalesError::Parameter { value: 0.0, .. })));
    }
}
