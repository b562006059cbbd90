//! Response functions: what share of its potential a market sells at which effort. Both force size and the cost of imbalance
//! ask it; effort is hours per year and unit of potential.

use crate::{SalesError, check};

/// Sales / potential as a function of effort.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Response {
    /// Constant elasticity: share · (effort / at_effort)^elasticity. Concave for elasticities below 1; over the studies of personal
    /// selling the elasticity averages 0.34, of pharmaceutical detailing 0.245 (Albers, Mantrala & Sridhar 2010, Journal of Marketing
    /// Research 47(5)).
    Power {
        /// A known point: this share of the potential is sold …
        share: f64,
        /// … at this effort, hours per year and unit of potential.
        at_effort: f64,
        /// Percent of sales per percent of effort.
        elasticity: f64,
    },
    /// ADBUDG (Little 1970, doi:10.1287/mnsc.16.8.B466): minimum + (maximum − minimum) · e^c / (d + e^c). S-shaped for c > 1.
    Adbudg {
        /// Share sold without any effort.
        minimum: f64,
        /// Share sold at unlimited effort.
        maximum: f64,
        /// c, the shape.
        shape: f64,
        /// d: at the effort d^(1/c) half of the way is gone.
        half: f64,
    },
}

impl Response {
    /// Share of the potential sold at `effort`, hours per year and unit of potential.
    ///
    /// ```
    /// use territory_sales::response::Response;
    /// let power = Response::Power { share: 0.2, at_effort: 1.0, elasticity: 0.5 };
    /// assert!((power.share(4.0) - 0.4).abs() < 1e-12);
    /// let adbudg = Response::Adbudg { minimum: 0.1, maximum: 0.5, shape: 2.0, half: 9.0 };
    /// assert!((adbudg.share(3.0) - 0.3).abs() < 1e-12);
    /// ```
    pub fn share(&self, effort: f64) -> f64 {
        match *self {
            Self::Power { share, at_effort, elasticity } => share * libm::pow(effort / at_effort, elasticity),
            Self::Adbudg { minimum, maximum, shape, half } => {
                // From 1 − d / (d + e^c): infinite powers then give the maximum, not NaN.
                maximum - (maximum - minimum) * half / (half + libm::pow(effort, shape))
            }
        }
    }

    /// Whether the parameters make sense.
    ///
    /// # Errors
    /// Negative shares, elasticities or shapes; a point without effort.
    pub fn check(&self) -> Result<(), SalesError> {
        match *self {
            Self::Power { share, at_effort, elasticity } => {
                check::at_least_zero("the share of the known point", share)?;
                check::positive("the effort of the known point", at_effort)?;
                check::at_least_zero("the elasticity", elasticity)
            }
            Self::Adbudg { minimum, maximum, shape, half } => {
                check::at_least_zero("the least share", minimum)?;
                let above = |m: f64| m.is_finite() && m >= minimum;
                check::parameter("the largest share", maximum, "finite and at least the least share", above)?;
                check::positive("the shape", shape)?;
                check::positive("the half-way constant", half)
            }
        }
    }
}
