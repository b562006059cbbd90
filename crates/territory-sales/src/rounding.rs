//! Rounding that adds up: amounts in whole steps whose sum is the total that was to be shared.

use crate::{SalesError, check};

/// Rounds `shares` of `total` to multiples of `step` that add up to `total`, itself rounded to a step: the largest-remainder method
/// (Hare–Niemeyer; Balinski & Young 1982). Every result is within one step of its exact share; of equal remainders the earlier row
/// gets the step. `shares` need not add up to 1: they are taken in proportion.
///
/// ```
/// // Exact: 33.3, 33.3, 33.3 – somebody has to carry the 34.
/// assert_eq!(territory_sales::round_to_total(&[1.0, 1.0, 1.0], 100.0, 1.0)?, [34.0, 33.0, 33.0]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// No shares, negative ones, or none above 0; a negative total; a step that is not positive or too small for the total to be counted in.
pub fn round_to_total(shares: &[f64], total: f64, step: f64) -> Result<Vec<f64>, SalesError> {
    check::not_negative("the shares", shares)?;
    check::at_least_zero("the total", total)?;
    check::positive("the step", step)?;
    let sum: f64 = shares.iter().sum();
    check::positive("the sum of the shares", sum)?;
    // Up to here whole numbers of steps are exact.
    const MOST_STEPS: f64 = (1u64 << 52) as f64;
    let steps = (total / step).round();
    check::parameter("the total in steps", steps, "at most 2^52", |s| s <= MOST_STEPS)?;
    let exact: Vec<f64> = shares.iter().map(|s| s / sum * steps).collect();
    let mut whole: Vec<f64> = exact.iter().map(|e| e.floor()).collect();
    let mut rest = (steps - whole.iter().sum::<f64>()) as usize;
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| (exact[b] - whole[b]).total_cmp(&(exact[a] - whole[a])).then(a.cmp(&b)));
    for row in order {
        if rest == 0 {
            break;
        }
        whole[row] += 1.0;
        rest -= 1;
    }
    Ok(whole.into_iter().map(|w| w * step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Protects the promise that the rows add up and that nobody is a step or more off.
        #[test]
        fn it_adds_up(shares in prop::collection::vec(0.0f64..10.0, 1..40), total in 0u32..1_000_000, step in 1u32..500) {
            let sum: f64 = shares.iter().sum();
            prop_assume!(sum > 0.0);
            let (total, step) = (f64::from(total * step), f64::from(step));
            let rounded = round_to_total(&shares, total, step).unwrap();
            prop_assert_eq!(rounded.iter().sum::<f64>(), total);
            for (r, s) in rounded.iter().zip(&shares) {
                prop_assert!((r - s / sum * total).abs() < step * (1.0 + 1e-6));
                prop_assert!((r / step).fract() == 0.0);
            }
        }
    }

    #[test]
    fn faults_are_named() {
        assert!(matches!(round_to_total(&[0.0], 5.0, 1.0), Err(SalesError::Parameter { .. })));
        assert!(matches!(round_to_total(&[1.0], 5.0, 0.0), Err(SalesError::Parameter { name: "the step", .. })));
        assert!(matches!(round_to_total(&[1.0, -1.0], 5.0, 1.0), Err(SalesError::Value { count: 1, .. })));
    }
}
