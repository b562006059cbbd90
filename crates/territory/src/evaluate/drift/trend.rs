//! The straight line through a series, by least squares. Knows numbers only.

/// The line y = intercept + slope · x through values at x = 0, 1, 2, …
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trend {
    /// Change per period: Σ (x − x̄)(y − ȳ) / S with S = Σ (x − x̄)².
    pub slope: f64,
    /// Value of the line at the first period.
    pub intercept: f64,
    /// Standard error of the slope, √(Σ e² / ((n − 2) · S)), e = what the line leaves; none for two values, through which a line
    /// goes without any rest.
    pub standard_error: Option<f64>,
    /// Value of the line at the last period.
    pub last: f64,
}

/// Fits a line to `values`, one per period (Draper and Smith 1998, Applied Regression Analysis, chapter 1,
/// doi:10.1002/9781118625590). None for fewer than two.
///
/// ```
/// let trend = territory::evaluate::trend(&[1.0, 2.0, 4.0, 5.0]).unwrap();
/// assert!((trend.slope - 1.4).abs() < 1e-12 && (trend.intercept - 0.9).abs() < 1e-12);
/// // Rests 0.1, −0.3, 0.3, −0.1: Σ e² = 0.2, S = 5, n − 2 = 2.
/// assert!((trend.standard_error.unwrap() - 0.02f64.sqrt()).abs() < 1e-12);
/// ```
pub fn trend(values: &[f64]) -> Option<Trend> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let spread = n * (n * n - 1.0) / 12.0;
    let at = |i: usize| i as f64 - middle;
    let slope = values.iter().enumerate().map(|(i, y)| at(i) * (y - mean)).sum::<f64>() / spread;
    let rest: f64 = values.iter().enumerate().map(|(i, y)| (y - mean - slope * at(i)).powi(2)).sum();
    let standard_error = (values.len() > 2).then(|| (rest / ((n - 2.0) * spread)).sqrt());
    Some(Trend { slope, intercept: mean - slope * middle, standard_error, last: mean + slope * middle })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Slope, intercept and standard error by the normal equations, solved by Cramer's rule on x itself, and by the covariance
    /// matrix σ²(XᵀX)⁻¹: nothing is centred.
    fn normal_equations(values: &[f64]) -> (f64, f64, f64) {
        let n = values.len() as f64;
        let (mut sx, mut sxx, mut sy, mut sxy) = (0.0, 0.0, 0.0, 0.0);
        for (x, y) in (0..values.len()).map(|x| x as f64).zip(values) {
            (sx, sxx, sy, sxy) = (sx + x, sxx + x * x, sy + y, sxy + x * y);
        }
        let determinant = n * sxx - sx * sx;
        let slope = (n * sxy - sx * sy) / determinant;
        let intercept = (sxx * sy - sx * sxy) / determinant;
        let rest: f64 = values.iter().enumerate().map(|(x, y)| (y - intercept - slope * x as f64).powi(2)).sum();
        (slope, intercept, (rest / (n - 2.0) * n / determinant).sqrt())
    }

    proptest! {
        /// Protects the line and its error against the normal equations, and its being the best: no line near it leaves less.
        #[test]
        fn the_line_is_that_of_the_normal_equations(values in prop::collection::vec(-1.0f64..1.0, 3..40)) {
            let found = trend(&values).unwrap();
            let (slope, intercept, error) = normal_equations(&values);
            prop_assert!((found.slope - slope).abs() < 1e-12);
            prop_assert!((found.intercept - intercept).abs() < 1e-11);
            prop_assert!((found.standard_error.unwrap() - error).abs() < 1e-9);
            prop_assert!((found.last - found.intercept - found.slope * (values.len() - 1) as f64).abs() < 1e-11);
            let rest = |a: f64, b: f64| -> f64 { values.iter().enumerate().map(|(x, y)| (y - a - b * x as f64).powi(2)).sum() };
            for (da, db) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01), (0.01, -0.01)] {
                prop_assert!(rest(found.intercept, found.slope) < rest(found.intercept + da, found.slope + db));
            }
        }
    }

    #[test]
    fn two_values_leave_no_rest_and_one_has_no_line() {
        let two = trend(&[3.0, 1.0]).unwrap();
        assert_eq!((two.slope, two.intercept, two.standard_error, two.last), (-2.0, 3.0, None, 1.0));
        assert_eq!(trend(&[3.0]), None);
        assert_eq!(trend(&[]), None);
        assert_eq!(trend(&[2.0; 5]).map(|t| (t.slope, t.standard_error)), Some((0.0, Some(0.0))));
    }
}
