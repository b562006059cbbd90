//! Sine and cosine by polynomials: lengths and areas of millions of edges need them, with the same bits on every platform and
//! without the range reduction of a library function. Arguments are latitudes and small differences in radians.

/// cos x for |x| ≤ π/2, to 2e-16 absolute: Taylor's series to x^20.
#[inline]
pub(crate) fn cos(x: f64) -> f64 {
    let z = x * x;
    let mut sum = 1.0 / 2_432_902_008_176_640_000.0;
    for c in [
        -1.0 / 6_402_373_705_728_000.0,
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
        1.0,
    ] {
        sum = sum * z + c;
    }
    sum
}

/// sin x for |x| ≤ π/2, to 2e-16 absolute and near 0 relative: Taylor's series to x^21.
#[inline]
pub(crate) fn sin(x: f64) -> f64 {
    x * sinc(x)
}

/// sin x / x for |x| ≤ π/2; 1 at 0.
#[inline]
pub(crate) fn sinc(x: f64) -> f64 {
    let z = x * x;
    let mut sum = 1.0 / 51_090_942_171_709_440_000.0;
    for c in [
        -1.0 / 121_645_100_408_832_000.0,
        1.0 / 355_687_428_096_000.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
        1.0,
    ] {
        sum = sum * z + c;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_agree_with_the_library() {
        for i in -1000..=1000 {
            let x = f64::from(i) / 1000.0 * std::f64::consts::FRAC_PI_2;
            assert!((cos(x) - libm::cos(x)).abs() < 4e-16, "{x}");
            assert!((sin(x) - libm::sin(x)).abs() < 4e-16, "{x}");
        }
        assert_eq!(sinc(0.0), 1.0);
    }
}
