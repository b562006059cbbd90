//! The frozen generator behind every instance: xoshiro256++ seeded by SplitMix64 (Blackman & Vigna 2021,
//! doi:10.1145/3460772). Its stream never changes, so neither do the instances.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    spare_normal: Option<f64>,
}

/// One round of SplitMix64's output mixing.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// Stream number `stream` of `seed`: different streams are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut z = mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15)) ^ mix(stream.wrapping_add(0xD1B5_4A32_D192_ED03));
        let state = [(); 4].map(|()| {
            z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
            mix(z)
        });
        Self { state, spare_normal: None }
    }

    /// 64 random bits.
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

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform whole number below `bound` (which is at least 1); the bias of at most bound/2⁶⁴ is of no matter here.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Normal with mean 0 and standard deviation 1 (Marsaglia's polar method; `libm`, so that all platforms agree).
    pub fn normal(&mut self) -> f64 {
        if let Some(value) = self.spare_normal.take() {
            return value;
        }
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let factor = libm::sqrt(-2.0 * libm::log(s) / s);
                self.spare_normal = Some(v * factor);
                return u * factor;
            }
        }
    }

    /// Lognormal with median 1.
    pub fn lognormal(&mut self, sigma: f64) -> f64 {
        libm::exp(sigma * self.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_frozen() {
        let mut random = Random::new(1, 2);
        let first = [random.bits(), random.bits(), random.bits()];
        assert_eq!(first, [0xad44_262c_1cdf_9188, 0x90dc_3327_adf0_696d, 0x3df1_8ac8_d067_1aae]);
    }

    #[test]
    fn moments_are_right() {
        let mut random = Random::new(7, 0);
        let (mut mean, mut square, mut uniform) = (0.0, 0.0, 0.0);
        for _ in 0..100_000 {
            let x = random.normal();
            mean += x / 1e5;
            square += x * x / 1e5;
            uniform += random.unit() / 1e5;
        }
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.03 && (uniform - 0.5).abs() < 0.01);
    }
}
