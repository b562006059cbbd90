//! Frozen random streams: xoshiro256++ seeded through SplitMix64 (Blackman & Vigna 2021, doi:10.1145/3460772).
//!
//! A stream is named by (seed, phase, index), never by a thread, so that plans repeat.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of `index` in `phase` of the run with `seed`.
    pub fn stream(seed: u64, phase: u64, index: u64) -> Self {
        let mut mix = seed ^ phase.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ index.wrapping_mul(0x8CB9_2BA7_2F3D_8DD7);
        let mut next = || {
            mix = mix.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = mix;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..n`; 0 where `n` is 0. The bias of multiply-and-shift is below n / 2³².
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        (((self.bits() >> 32) * n as u64) >> 32) as usize
    }

    /// A number in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// Quantiles of the exponential distribution, so that an annealed search needs no logarithm a proposal.
#[derive(Clone, Debug)]
pub struct Exponential {
    quantiles: Vec<f64>,
}

impl Exponential {
    const SIZE: usize = 4096;

    /// The table.
    pub fn new() -> Self {
        let at = |i: usize| -libm::log((i as f64 + 0.5) / Self::SIZE as f64);
        Self { quantiles: (0..Self::SIZE).map(at).collect() }
    }

    /// An exponentially distributed number of mean 1.
    #[inline]
    pub fn sample(&self, random: &mut Random) -> f64 {
        self.quantiles[(random.bits() >> 52) as usize % Self::SIZE]
    }
}

impl Default for Exponential {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_frozen() {
        let mut a = Random::stream(7, 1, 2);
        assert_eq!(
            [a.bits(), a.bits()],
            [Random::stream(7, 1, 2).bits(), {
                let mut b = Random::stream(7, 1, 2);
                b.bits();
                b.bits()
            }]
        );
        assert_ne!(Random::stream(7, 1, 2).bits(), Random::stream(7, 2, 1).bits());
        let mean = (0..10_000).map(|_| a.unit()).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02);
        assert!((0..1000).all(|_| a.below(3) < 3));
    }
}
