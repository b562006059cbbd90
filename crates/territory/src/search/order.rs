//! Order along a Hilbert curve: units that are near one another get near indices, so that later passes run through the cache
//! and runs of consecutive units are compact.

use crate::parallel;
use crate::space::{Locations, Space};

/// Positions of the units along a Hilbert curve of 2¹⁶ × 2¹⁶ cells: `order[position] = unit`; ties go to the smaller unit.
pub fn hilbert_order(locations: &Locations) -> Vec<u32> {
    let flat = flatten(locations);
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for p in &flat {
        for i in 0..2 {
            low[i] = low[i].min(p[i]);
            high[i] = high[i].max(p[i]);
        }
    }
    let side = (high[0] - low[0]).max(high[1] - low[1]).max(f32::MIN_POSITIVE);
    let scale = 65535.0 / side;
    let mut keys = vec![0u32; flat.len()];
    parallel::for_each_chunk(&mut keys, 1 << 15, |chunk, keys| {
        for (key, p) in keys.iter_mut().zip(&flat[chunk << 15..]) {
            *key = hilbert_key(((p[0] - low[0]) * scale) as u32, ((p[1] - low[1]) * scale) as u32);
        }
    });
    sort_by_key(&keys)
}

/// The locations in a plane: as they are, or by Lambert's azimuthal equal-area projection about their mean direction.
fn flatten(locations: &Locations) -> Vec<[f32; 2]> {
    let points = locations.points();
    if locations.space() == Space::Planar {
        let origin = points.first().copied().unwrap_or_default();
        return parallel::map_runs(points.len(), |i| [0, 1].map(|axis| (points[i][axis] - origin[axis]) as f32));
    }
    let mut mean = [0.0; 3];
    for p in points {
        for i in 0..3 {
            mean[i] += p[i];
        }
    }
    let centre = unit_vector(mean).unwrap_or([1.0, 0.0, 0.0]);
    let helper = if centre[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let east = unit_vector(cross(helper, centre)).unwrap_or([0.0, 1.0, 0.0]);
    let north = cross(centre, east);
    let project = |p: &[f64; 3]| {
        let p = unit_vector(*p).unwrap_or(centre);
        let scale = (2.0 / (1.0 + dot(p, centre)).max(1e-9)).sqrt();
        [(scale * dot(p, east)) as f32, (scale * dot(p, north)) as f32]
    };
    let mut flat = vec![[0f32; 2]; points.len()];
    parallel::for_each_chunk(&mut flat, 1 << 15, |chunk, flat| {
        for (f, p) in flat.iter_mut().zip(&points[chunk << 15..]) {
            *f = project(p);
        }
    });
    flat
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit_vector(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = dot(v, v).sqrt();
    (length > 1e-9).then(|| v.map(|c| c / length))
}

/// Distance along the Hilbert curve of the cell (x, y), both below 2¹⁶ (Skilling's transpose form in two dimensions), four
/// levels at a time.
fn hilbert_key(x: u32, y: u32) -> u32 {
    let (x, y) = (x.min(65535), y.min(65535));
    let (mut key, mut turn) = (0, 0);
    for shift in [12, 8, 4, 0] {
        let at = (x >> shift & 15) << 4 | (y >> shift & 15);
        let step = STEPS[turn as usize][at as usize];
        key = key << 8 | step >> 2;
        turn = step & 3;
    }
    key
}

/// How the curve lies in a cell: 1, its axes change places; 2, both run backwards.
type Turn = u32;

/// By the turn of a cell and a place among the 16 × 16 cells in it: the place along the curve, and the turn there in the last two bits.
const STEPS: [[u32; 256]; 4] = {
    let mut steps = [[0; 256]; 4];
    let mut at = 0;
    while at < 4 * 256 {
        steps[at / 256][at % 256] = four_levels((at / 256) as Turn, at as u32 >> 4 & 15, at as u32 & 15);
        at += 1;
    }
    steps
};

const fn four_levels(mut turn: Turn, x: u32, y: u32) -> u32 {
    let (mut key, mut level) = (0, 4);
    while level > 0 {
        level -= 1;
        let backwards = turn >> 1;
        let (x, y) = ((x >> level & 1) ^ backwards, (y >> level & 1) ^ backwards);
        let (right, up) = if turn & 1 == 1 { (y, x) } else { (x, y) };
        key = key << 2 | ((3 * right) ^ up);
        if up == 0 {
            turn ^= 1 | right << 1;
        }
    }
    key << 2 | turn
}

/// Indices of `keys` in ascending order, equal keys in index order: a radix sort in three passes.
fn sort_by_key(keys: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    if keys.len() < 4096 {
        order.sort_by_key(|&i| keys[i as usize]);
        return order;
    }
    let mut pairs: Vec<(u32, u32)> = keys.iter().copied().zip(0u32..).collect();
    let mut other = vec![(0u32, 0u32); keys.len()];
    for shift in [0, 11, 22] {
        let mut starts = [0u32; 2048];
        for &(key, _) in &pairs {
            starts[(key >> shift) as usize & 2047] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for &pair in &pairs {
            let slot = &mut starts[(pair.0 >> shift) as usize & 2047];
            other[*slot as usize] = pair;
            *slot += 1;
        }
        std::mem::swap(&mut pairs, &mut other);
    }
    order.iter_mut().zip(&pairs).for_each(|(o, pair)| *o = pair.1);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_visits_neighbouring_cells_one_after_another() {
        let mut cells: Vec<(u32, u32, u32)> =
            (0..32).flat_map(|x| (0..32).map(move |y| (hilbert_key(x, y), x, y))).collect();
        cells.sort_unstable();
        for pair in cells.windows(2) {
            assert_eq!(pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2), 1, "{pair:?}");
        }
    }

    #[test]
    fn the_radix_sort_is_stable() {
        let mut random = crate::search::Random::stream(1, 0, 0);
        let keys: Vec<u32> = (0..10_000).map(|_| (random.bits() as u32) & 0xFF0F_0F00).collect();
        let mut expected: Vec<u32> = (0..10_000).collect();
        expected.sort_by_key(|&i| keys[i as usize]);
        assert_eq!(sort_by_key(&keys), expected);
    }
}
