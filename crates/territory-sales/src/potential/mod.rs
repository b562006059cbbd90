//! Potential: what could be sold. Given ([`crate::customers::Field::Potential`]); built up by a [`ChainRatio`]; spread by a buying-power index
//! ([`buying_power_index`]); what is won of it under competition ([`Huff`]); and what is left of it ([`Penetration`]).

mod huff;
mod power;

pub use huff::{Captured, Huff, Store};

use crate::{SalesError, check};

/// The chain-ratio method (Kotler & Keller, *Marketing Management*): buyers narrowed down by fractions, times quantity, times price.
///
/// ```
/// use territory_sales::potential::ChainRatio;
/// // 200,000 adults, 30 % of them drivers, 10 % of those in the market for it, 2 pieces a year at 50.
/// let chain = ChainRatio { base: 200_000.0, fractions: vec![0.3, 0.1], quantity_per_year: 2.0, price: 50.0 };
/// assert_eq!(chain.potential_per_year()?, 600_000.0);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ChainRatio {
    /// Whom it starts from: people, households, firms.
    pub base: f64,
    /// Shares that narrow it down, each 0 to 1.
    pub fractions: Vec<f64>,
    /// Pieces per buyer and year.
    pub quantity_per_year: f64,
    /// Price of a piece, currency.
    pub price: f64,
}

impl ChainRatio {
    /// Potential, currency per year.
    ///
    /// # Errors
    /// A fraction outside 0 to 1; a negative base, quantity or price.
    pub fn potential_per_year(&self) -> Result<f64, SalesError> {
        check::at_least_zero("the base of the chain", self.base)?;
        check::at_least_zero("the quantity per year", self.quantity_per_year)?;
        check::at_least_zero("the price", self.price)?;
        for &fraction in &self.fractions {
            check::share("a fraction of the chain", fraction)?;
        }
        Ok(self.fractions.iter().product::<f64>() * self.base * self.quantity_per_year * self.price)
    }
}

/// Weights of income, retail sales and population in the buying-power index (Sales & Marketing Management's *Survey of Buying Power*).
pub const BUYING_POWER_WEIGHTS: [f64; 3] = [0.5, 0.3, 0.2];

/// The buying-power index: every unit's share of the market, 0.5 · share of income + 0.3 · share of retail sales + 0.2 · share of
/// population. The rows add up to 1; times the market's potential they are the units' potentials.
///
/// ```
/// use territory_sales::potential::buying_power_index;
/// let index = buying_power_index(&[60.0, 40.0], &[10.0, 30.0], &[500.0, 500.0])?;
/// assert!((index[0] - (0.5 * 0.6 + 0.3 * 0.25 + 0.2 * 0.5)).abs() < 1e-12); // 0.475
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different length, negative, or all zero.
pub fn buying_power_index(income: &[f64], retail_sales: &[f64], population: &[f64]) -> Result<Vec<f64>, SalesError> {
    let mut index = vec![0.0; income.len()];
    let columns = [("income", income), ("retail sales", retail_sales), ("population", population)];
    for ((what, column), weight) in columns.into_iter().zip(BUYING_POWER_WEIGHTS) {
        check::length(what, column.len(), index.len())?;
        check::not_negative(what, column)?;
        let total: f64 = column.iter().sum();
        check::positive("the total of a column of the buying-power index", total)?;
        index.iter_mut().zip(column).for_each(|(sum, v)| *sum += weight * v / total);
    }
    Ok(index)
}

/// Sales against potential, per row (unit, customer or territory).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Penetration {
    /// Sales / potential; none where there is no potential. Above 1 where the potential is estimated too low.
    pub share: Vec<Option<f64>>,
    /// Potential − sales, in their unit: what is left to win; negative where more is sold than the estimate holds.
    pub gap: Vec<f64>,
    /// Rows that sell more than their potential: its estimate needs a look.
    pub beyond: Vec<usize>,
}

/// Penetration and gap.
///
/// ```
/// let p = territory_sales::potential::penetration(&[30.0, 0.0, 12.0], &[100.0, 0.0, 10.0])?;
/// assert_eq!(p.share, [Some(0.3), None, Some(1.2)]);
/// assert_eq!((p.gap, p.beyond), (vec![70.0, 0.0, -2.0], vec![2]));
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different length, or negative.
pub fn penetration(sales: &[f64], potential: &[f64]) -> Result<Penetration, SalesError> {
    check::length("potential", potential.len(), sales.len())?;
    check::not_negative("sales", sales)?;
    check::not_negative("potential", potential)?;
    let rows = || sales.iter().zip(potential);
    Ok(Penetration {
        share: rows().map(|(s, p)| (*p > 0.0).then(|| s / p)).collect(),
        gap: rows().map(|(s, p)| p - s).collect(),
        beyond: rows().enumerate().filter(|(_, (s, p))| s > p).map(|(row, _)| row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_index_adds_up_to_one(rows in prop::collection::vec((1.0f64..9.0, 0.0f64..9.0, 1.0f64..9.0), 1..30)) {
            let retail: Vec<f64> = rows.iter().map(|r| r.1).collect();
            prop_assume!(retail.iter().sum::<f64>() > 0.0);
            let (income, population): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (r.0, r.2)).unzip();
            let index = buying_power_index(&income, &retail, &population).unwrap();
            prop_assert!((index.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn faults_are_named() {
        let chain = ChainRatio { base: 1.0, fractions: vec![0.5, 1.5], quantity_per_year: 1.0, price: 1.0 };
        assert_eq!(
            chain.potential_per_year().unwrap_err().to_string(),
            "a fraction of the chain is 1.5, it must be a share from 0 to 1"
        );
        assert!(buying_power_index(&[1.0], &[0.0], &[1.0]).is_err());
        assert!(penetration(&[-1.0], &[1.0]).is_err());
    }
}
