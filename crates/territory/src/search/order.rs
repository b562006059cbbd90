//! Order along a Hilbert curve: units that are near one another get near indices, so that later passes run through the cache
//! and runs of consecutive units are compact.

use crate::parallel;
use crate::space::{Locations, Space};

/// Positions of the units along a Hilbert curve of 2¹⁶ × 2¹⁶ cells: `order[position] = unit`; ties go to the smaller unit.
pub fn hilbert_order(locations: &Locations) -> Vec<u32> {
    let keys = hilbert_keys(&flatten(locations));
    sorted_by_key(keys)
}

fn hilbert_keys(flat: &[[f32; 2]]) -> Vec<u32> {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for p in flat {
        for i in 0..2 {
            low[i] = low[i].min(p[i]);
            high[i] = high[i].max(p[i]);
        }
    }
    let side = (high[0] - low[0]).max(high[1] - low[1]).max(f32::MIN_POSITIVE);
    let scale = 65535.0 / side;
    let mut keys = vec![0u32; flat.len()];
    parallel::for_each_chunk(&mut keys, RUN, move |run, keys| {
        for (key, p) in keys.iter_mut().zip(&flat[run * RUN..]) {
            *key = hilbert_key(((p[0] - low[0]) * scale) as u32, ((p[1] - low[1]) * scale) as u32);
        }
    });
    keys
}

/// The locations in a plane: as they are, or by Lambert's azimuthal equal-area projection about their mean direction.
fn flatten(locations: &Locations) -> Vec<[f32; 2]> {
    let points = locations.points();
    let mut flat = vec![[0f32; 2]; points.len()];
    if locations.space() == Space::Planar {
        let origin = points.first().copied().unwrap_or_default();
        project_all(points, &mut flat, move |p| [(p[0] - origin[0]) as f32, (p[1] - origin[1]) as f32]);
        return flat;
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
    project_all(points, &mut flat, move |p| {
        let p = unit_vector(*p).unwrap_or(centre);
        let scale = (2.0 / (1.0 + dot(p, centre)).max(1e-9)).sqrt();
        [(scale * dot(p, east)) as f32, (scale * dot(p, north)) as f32]
    });
    flat
}

fn project_all(points: &[[f64; 3]], flat: &mut [[f32; 2]], project: impl Fn(&[f64; 3]) -> [f32; 2] + Sync + Send) {
    parallel::for_each_chunk(flat, RUN, move |run, flat| {
        flat.iter_mut().zip(&points[run * RUN..]).for_each(|(f, p)| *f = project(p));
    });
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

/// Indices of `keys` in ascending order, equal keys in index order: dealt out by their first bits, then sorted in parts.
fn sorted_by_key(mut keys: Vec<u32>) -> Vec<u32> {
    let bits = (keys.len() / IN_A_PART).checked_ilog2().unwrap_or(0).min(MOST_BITS);
    let part = |key: u32| (u64::from(key) >> (32 - bits)) as usize;
    let mut next = vec![0; (1 << bits) + 1];
    keys.iter().for_each(|&key| next[part(key) + 1] += 1);
    (0..1 << bits).for_each(|i| next[i + 1] += next[i]);
    let mut pairs = vec![0u64; keys.len()];
    for (index, &key) in (0u64..).zip(&keys) {
        let slot = &mut next[part(key)];
        pairs[*slot] = u64::from(key) << 32 | index;
        *slot += 1;
    }
    // Where a part begins now stands where it ends.
    parallel::for_each_part(&mut pairs, &next[..1 << bits], |_, part| part.sort_unstable());
    keys.iter_mut().zip(&pairs).for_each(|(index, &pair)| *index = pair as u32);
    keys
}

/// Points that are a piece of parallel work.
const RUN: usize = 1 << 15;
/// Keys that are sorted together where they are spread evenly.
const IN_A_PART: usize = 64;
/// Few enough parts that writing to all of them in turn stays in the cache.
const MOST_BITS: u32 = 13;

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
    fn the_sort_is_stable() {
        let mut random = crate::search::Random::stream(1, 0, 0);
        let keys: Vec<u32> = (0..10_000).map(|_| (random.bits() as u32) & 0xFF0F_0F00).collect();
        let mut expected: Vec<u32> = (0..10_000).collect();
        expected.sort_by_key(|&i| keys[i as usize]);
        assert_eq!(sorted_by_key(keys), expected);
    }
}
