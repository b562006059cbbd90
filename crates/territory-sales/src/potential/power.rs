//! d^−β from d², a hundred million times a second. Knows numbers only.
//!
//! Whole β need divisions alone. Others go by a table: x = 2^e·m with 1 ≤ m < 2, so x^−h = (2^e)^−h · c^−h · (1 + r)^−h, c the middle of that
//! 1024th of [1, 2) in which m lies and |r| ≤ 2^−11. Both powers are looked up; the last is a cubic, wrong by at most
//! h(h+1)(h+2)(h+3)/24·r⁴, which is 4·10⁻¹¹ at h = 10 and below 10⁻¹³ for β up to 2.

/// Intervals of the mantissa.
const CELLS: usize = 1024;
/// Exponents up to which the table is right to 10⁻¹⁰.
const MOST: f64 = 20.0;

/// d^−β from d².
#[derive(Clone, Debug)]
pub(super) enum Power {
    /// β even: (1/d²)^n.
    Even(i32),
    /// β odd: (1/d²)^n / d.
    Odd(i32),
    /// Any other β up to 20, relative error at most 10⁻¹⁰.
    Table(Box<Table>),
}

impl Power {
    /// None for β beyond 20: powers as steep leave the range of numbers soon, and are better taken in logarithms.
    pub(super) fn new(beta: f64) -> Option<Self> {
        match beta {
            b if b > MOST => None,
            b if b == 2.0 * (b / 2.0).floor() && b <= 16.0 => Some(Self::Even((b / 2.0) as i32)),
            b if b == b.floor() && b <= 16.0 => Some(Self::Odd(((b - 1.0) / 2.0) as i32)),
            b => Some(Self::Table(Box::new(Table::new(b / 2.0)))),
        }
    }

    pub(super) fn of(&self, squared: f64) -> f64 {
        let times = |n: i32, x: f64| (0..n).fold(1.0, |product, _| product * x);
        match self {
            Self::Even(n) => times(*n, 1.0 / squared),
            Self::Odd(n) => times(*n, 1.0 / squared) / squared.sqrt(),
            Self::Table(table) => table.of(squared),
        }
    }

    /// The same for a row, the choice made once.
    pub(super) fn of_all(&self, row: &mut [f64]) {
        match self {
            Self::Even(1) => row.iter_mut().for_each(|d| *d = 1.0 / *d),
            Self::Table(table) => row.iter_mut().for_each(|d| *d = table.of(*d)),
            _ => row.iter_mut().for_each(|d| *d = self.of(*d)),
        }
    }
}

fn by_logarithm(half: f64, squared: f64) -> f64 {
    libm::exp(-half * libm::log(squared))
}

/// Powers of the parts of a number.
#[derive(Clone, Debug)]
pub(super) struct Table {
    half: f64,
    /// (2^e)^−h, by the biased exponent.
    exponents: Vec<f64>,
    /// By interval: 1/c and c^−h.
    cells: Vec<(f64, f64)>,
    /// Of the cubic.
    coefficients: [f64; 3],
}

impl Table {
    fn new(half: f64) -> Self {
        let exponents = (0..2048).map(|biased| libm::pow(2.0, -half * f64::from(biased - 1023))).collect();
        let middle = |cell: usize| 1.0 + (cell as f64 + 0.5) / CELLS as f64;
        let cells = (0..CELLS).map(|cell| (1.0 / middle(cell), libm::pow(middle(cell), -half))).collect();
        let h = half;
        let coefficients = [-h, h * (h + 1.0) / 2.0, -h * (h + 1.0) * (h + 2.0) / 6.0];
        Self { half, exponents, cells, coefficients }
    }

    #[inline]
    fn of(&self, squared: f64) -> f64 {
        let bits = squared.to_bits();
        let biased = (bits >> 52) as usize;
        let mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        let cell = (bits >> 42) as usize & (CELLS - 1);
        match (self.exponents.get(biased), self.cells.get(cell)) {
            // Below are subnormal numbers, above infinity.
            (Some(exponent), Some((inverse, power))) if (1..2047).contains(&biased) => {
                let r = mantissa * inverse - 1.0;
                let [a, b, c] = self.coefficients;
                exponent * power * (1.0 + r * (a + r * (b + r * c)))
            }
            _ => by_logarithm(self.half, squared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Protects table, cubic and choice of the way: against `powf`, to the error that is stated.
        #[test]
        fn it_is_the_power(beta in prop_oneof![0.05f64..20.0, (0u32..20).prop_map(f64::from)], log in -8.0f64..9.0) {
            let squared = 10f64.powf(log);
            let power = Power::new(beta).unwrap();
            let (found, exact) = (power.of(squared), squared.powf(-beta / 2.0));
            prop_assert!((found / exact - 1.0).abs() <= 1e-10, "{beta} {squared}: {found} for {exact}");
            let mut row = [squared];
            power.of_all(&mut row);
            prop_assert_eq!(row, [found]);
            if beta <= 2.0 {
                prop_assert!((found / exact - 1.0).abs() <= 1e-12, "{beta} {squared}: {found} for {exact}");
            }
        }
    }

    #[test]
    fn extremes_are_no_traps() {
        assert!(matches!(Power::new(1.7), Some(Power::Table(_))));
        assert!(Power::new(20.5).is_none());
        let of = |beta: f64, squared: f64| Power::new(beta).unwrap().of(squared);
        let tiny = f64::MIN_POSITIVE / 4.0;
        assert!((of(0.5, tiny) / tiny.powf(-0.25) - 1.0).abs() < 1e-12);
        assert_eq!(of(1.7, f64::INFINITY), 0.0);
    }
}
