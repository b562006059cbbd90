//! Order along a space-filling curve: what is near in space comes near in memory, which is worth a factor of three and more where
//! random places are looked up one after another.

use crate::parallel;

/// Points whose cells are found as one piece of work.
const CHUNK: usize = 1 << 14;
/// Cells per side: 2²¹ cells three ways fill 63 bits.
const SIDE: u64 = 1 << 21;

/// Positions of the points along a Morton curve through their common box, each with its cell of the curve, in the order of
/// (cell, position). Coordinates must be finite.
pub(crate) fn order<const N: usize>(points: &[[f64; N]]) -> Vec<(u64, u32)> {
    const { assert!(N <= 3) };
    let (mut min, mut max) = ([f64::INFINITY; N], [f64::NEG_INFINITY; N]);
    for p in points {
        for k in 0..N {
            min[k] = min[k].min(p[k]);
            max[k] = max[k].max(p[k]);
        }
    }
    let extent = (0..N).fold(f64::MIN_POSITIVE, |extent, k| extent.max(max[k] - min[k]));
    let cell = |p: &[f64; N]| {
        // Divided first, so that neither huge nor tiny extents overflow; the cast saturates.
        (0..N).fold(0, |cell, k| cell | spread((((p[k] - min[k]) / extent) * SIDE as f64) as u64) << k)
    };
    let mut order = vec![(0u64, 0u32); points.len()];
    parallel::for_each_chunk(&mut order, CHUNK, |chunk, order| {
        for (i, (slot, p)) in order.iter_mut().zip(&points[chunk * CHUNK..]).enumerate() {
            *slot = (cell(p), (chunk * CHUNK + i) as u32);
        }
    });
    parallel::sort_by(&mut order, Ord::cmp);
    order
}

/// The low 21 bits, two zeros before each (Morton 1966).
fn spread(x: u64) -> u64 {
    let mut bits = x.min(SIDE - 1);
    bits = (bits | bits << 32) & 0x001F_0000_0000_FFFF;
    bits = (bits | bits << 16) & 0x001F_0000_FF00_00FF;
    bits = (bits | bits << 8) & 0x100F_00F0_0F00_F00F;
    bits = (bits | bits << 4) & 0x10C3_0C30_C30C_30C3;
    (bits | bits << 2) & 0x1249_2492_4924_9249
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_runs_through_octants() {
        let points: Vec<[f64; 3]> = (0..8u8).rev().map(|i| [i & 1, i >> 1 & 1, i >> 2].map(f64::from)).collect();
        let found: Vec<u32> = order(&points).iter().map(|&(_, at)| at).collect();
        assert_eq!(found, [7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(spread(SIDE - 1).count_ones(), 21);
    }

    #[test]
    fn no_extent_and_no_points_are_fine() {
        assert!(order::<2>(&[]).is_empty());
        assert_eq!(order(&[[5.0, 5.0]; 2]), [(0, 0), (0, 1)]);
        assert_eq!(order(&[[f64::MAX, 0.0], [f64::MIN, 0.0]]).len(), 2);
    }
}
