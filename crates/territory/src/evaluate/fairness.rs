//! How evenly a measure is spread, judged on the ratios r = sum / target, so that unequal capacities are judged fairly.

/// Fairness of one measure over the territories.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fairness {
    /// Largest |r − 1|.
    pub max_deviation: f64,
    /// Coefficient of variation: population standard deviation of r over its mean.
    pub cv: f64,
    /// Gini coefficient Σᵢ Σⱼ |rᵢ − rⱼ| / (2 k² · mean) (Gini 1912; the form with the mean difference): 0 is even.
    pub gini: f64,
    /// Hoover index Σ |sum − target| / (2 · total) (Hoover 1936, doi:10.2307/1927875): the share of the measure that would have to
    /// change hands to meet every target.
    pub hoover: f64,
    /// Share of the territories with |r − 1| ≤ 0.15.
    pub within_15_percent: f64,
    /// Largest r over smallest; none where the smallest is 0.
    pub max_over_min: Option<f64>,
}

/// Deviations this far beyond 15 % still count as within: 85 / 100 − 1 is not −0.15 in binary.
const ROUNDING: f64 = 1e-9;

/// Fairness of `sums` against `targets` (same length, same unit, targets positive). Without territories everything is 0.
///
/// ```
/// let f = territory::evaluate::fairness(&[80.0, 95.0, 100.0, 105.0, 120.0], &[100.0; 5]);
/// assert!((f.max_deviation - 0.2).abs() < 1e-12 && (f.gini - 0.072).abs() < 1e-12);
/// assert!((f.max_over_min.unwrap() - 1.5).abs() < 1e-12);
/// ```
pub fn fairness(sums: &[f64], targets: &[f64]) -> Fairness {
    let mut ratios: Vec<f64> = sums.iter().zip(targets).map(|(x, t)| x / t).collect();
    let k = ratios.len() as f64;
    if ratios.is_empty() {
        return Fairness {
            max_deviation: 0.0,
            cv: 0.0,
            gini: 0.0,
            hoover: 0.0,
            within_15_percent: 0.0,
            max_over_min: None,
        };
    }
    let mean = ratios.iter().sum::<f64>() / k;
    let variance = ratios.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / k;
    let max_deviation = ratios.iter().map(|r| (r - 1.0).abs()).fold(0.0, f64::max);
    let within = ratios.iter().filter(|r| (*r - 1.0).abs() <= 0.15 + ROUNDING).count() as f64;
    let total: f64 = sums.iter().sum();
    let off: f64 = sums.iter().zip(targets).map(|(x, t)| (x - t).abs()).sum();
    ratios.sort_by(f64::total_cmp);
    // Over sorted values Σᵢ Σⱼ |rᵢ − rⱼ| = 2 Σᵢ (2i − k + 1) rᵢ with i from 0.
    let spread: f64 = ratios.iter().enumerate().map(|(i, r)| (2.0 * i as f64 - k + 1.0) * r).sum();
    let (min, max) = (ratios[0], ratios[ratios.len() - 1]);
    Fairness {
        max_deviation,
        cv: if mean > 0.0 { variance.sqrt() / mean } else { 0.0 },
        gini: if mean > 0.0 { (spread / (k * k * mean)).max(0.0) } else { 0.0 },
        hoover: if total > 0.0 { off / (2.0 * total) } else { 0.0 },
        within_15_percent: within / k,
        max_over_min: (min > 0.0).then(|| max / min),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_vector_gives_its_figures() {
        let f = fairness(&[80.0, 95.0, 100.0, 105.0, 120.0], &[100.0; 5]);
        let close = |x: f64, y: f64| (x - y).abs() < 5e-5;
        assert!(close(f.max_deviation, 0.20) && close(f.cv, 0.1304) && close(f.gini, 0.072) && close(f.hoover, 0.05));
        assert!(close(f.within_15_percent, 0.60) && f.max_over_min.is_some_and(|r| close(r, 1.5)));
    }

    #[test]
    fn borders_of_the_range_count_and_zero_has_no_ratio() {
        let f = fairness(&[85.0, 115.0, 0.0], &[100.0; 3]);
        assert!((f.within_15_percent - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(f.max_over_min, None);
        assert_eq!(fairness(&[], &[]).max_deviation, 0.0);
    }

    proptest! {
        /// Protects the sorted form of the Gini coefficient and the Hoover index against their definitions.
        #[test]
        fn sorted_forms_equal_the_definitions(rows in prop::collection::vec((0.0f64..100.0, 1.0f64..50.0), 1..40)) {
            let (sums, targets): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let f = fairness(&sums, &targets);
            let r: Vec<f64> = sums.iter().zip(&targets).map(|(x, t)| x / t).collect();
            let (k, mean) = (r.len() as f64, r.iter().sum::<f64>() / r.len() as f64);
            let pairs: f64 = r.iter().flat_map(|a| r.iter().map(move |b| (a - b).abs())).sum();
            if mean > 0.0 {
                prop_assert!((f.gini - pairs / (2.0 * k * k * mean)).abs() < 1e-9);
            }
            // Hoover is what changes hands only where the targets add up to the total.
            let even = vec![sums.iter().sum::<f64>() / k; sums.len()];
            if even[0] > 0.0 {
                let moved: f64 = sums.iter().zip(&even).map(|(x, t)| (x - t).max(0.0)).sum();
                prop_assert!((fairness(&sums, &even).hoover - moved / sums.iter().sum::<f64>()).abs() < 1e-9);
            }
        }
    }
}
