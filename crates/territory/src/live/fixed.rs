//! Sums that depend on what is in them and on nothing else: neither on the order nor on what was added and taken away again.
//!
//! Floating sums lose that: (a + b) − b need not be a. Here a column of numbers is put on a grid of 128-bit integers, about 2⁻¹¹⁹ of
//! the column's total apart, where addition is exact. So a move that is undone leaves the bits that were there before, and books
//! kept over a million moves are those of books made anew. Values far smaller than a double could tell from the total are rounded to
//! the grid, always the same way. Totals below 1e-250 have a coarser
//! grid, and totals beyond the range of doubles wrap around: their figures mean little, but nothing fails.

/// A grid of integers under a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    up: f64,
    down: f64,
}

/// Bits that a column's total may take; the rest of an `i128` is for its sign and for rounding.
const BITS: i32 = 120;

impl Grid {
    /// A grid for numbers whose absolute values add up to `total` at most.
    pub(super) fn new(total: f64) -> Self {
        // The exponent of the next power of two; below this the powers would leave the range of doubles.
        let exponent = ((total.to_bits() >> 52) & 0x7ff) as i32 - 1022;
        let shift = if total > 0.0 { (BITS - exponent).min(1000) } else { 0 };
        Self { up: power_of_two(shift), down: power_of_two(-shift) }
    }

    /// A number on the grid.
    #[inline]
    pub(super) fn put(self, value: f64) -> i128 {
        (value * self.up) as i128
    }

    /// The nearest double of a sum on the grid.
    #[inline]
    pub(super) fn get(self, sum: i128) -> f64 {
        sum as f64 * self.down
    }
}

/// 2^exponent, for exponents of normal doubles.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Protects what undo rests on: sums of any order, with anything added and taken away again, have the same bits.
        #[test]
        fn sums_know_no_order(mut values in prop::collection::vec((0.0f64..1.0, -220i32..300), 1..40)) {
            let values: Vec<f64> = values.drain(..).map(|(v, e)| v * 10f64.powi(e)).collect();
            let grid = Grid::new(values.iter().sum());
            let forth: i128 = values.iter().map(|&v| grid.put(v)).sum();
            let back = values.iter().rev().fold(7, |sum, &v| sum + grid.put(v)) - 7;
            prop_assert_eq!(forth, back);
            let without = values.iter().fold(forth, |sum, &v| sum - grid.put(v));
            prop_assert_eq!(without, 0);
            let sum: f64 = values.iter().sum();
            prop_assert!((grid.get(forth) - sum).abs() <= 1e-15 * values.len() as f64 * sum, "{} for {sum}", grid.get(forth));
        }
    }

    #[test]
    fn every_total_has_a_grid() {
        for total in [0.0, 1e-200, 1.0, 1e200, f64::MAX] {
            let grid = Grid::new(total);
            assert!(grid.up.is_normal() && grid.down.is_normal(), "{total:e}");
            let back = grid.get(grid.put(total));
            assert!((back - total).abs() <= 1e-12 * total, "{total:e} came back as {back:e}");
        }
        for total in [f64::INFINITY, f64::MIN_POSITIVE, 5e-324] {
            let grid = Grid::new(total);
            assert!(grid.up.is_normal() && grid.down.is_normal(), "{total:e}");
        }
    }
}
