//! Starting centres: recursive bisection into cells of equal weight, under a random rotation.

use super::tree::{Sums, Tree, dot};
use crate::random::Random;

/// Centroids of `k` cells of (nearly) equal weight. Each split is across the widest of three axes that the seed has rotated,
/// with the parts' numbers of cells between 2:3 and 3:2.
pub(super) fn equal_weight_centres(tree: &Tree, k: usize, seed: u64) -> Vec<[f64; 3]> {
    let mut random = Random::new(seed, 0x5745_4947);
    let axes = random_axes(&mut random);
    let mut items: Vec<u32> = (0..tree.len() as u32).collect();
    let mut centres = Vec::with_capacity(k);
    split(tree, &axes, &mut items, k, &mut random, &mut centres);
    centres
}

fn split(tree: &Tree, axes: &[[f64; 3]; 3], items: &mut [u32], k: usize, random: &mut Random, out: &mut Vec<[f64; 3]>) {
    let mut sums = Sums::default();
    for &i in items.iter() {
        sums.add_point(tree.weights[i as usize], &tree.points[i as usize]);
    }
    if k == 1 || items.len() <= 1 {
        // Fewer points than cells: the same place several times, told apart by a hair.
        let centre = if sums.weight > 0.0 { sums.mean() } else { [0.0; 3] };
        out.extend((0..k).map(|_| centre.map(|x| x + 1e-6 * random.normal())));
        return;
    }
    let spread = |axis: &[f64; 3]| {
        let along = |i: &u32| dot(axis, &tree.points[*i as usize]);
        let mean = dot(axis, &sums.mean());
        items.iter().map(|i| tree.weights[*i as usize] * (along(i) - mean) * (along(i) - mean)).sum::<f64>()
    };
    let spreads = axes.each_ref().map(spread);
    let axis = axes[(1..3).fold(0, |best, a| if spreads[a] > spreads[best] { a } else { best })];
    let share = if k > 3 { random.between(0.4, 0.6) } else { 0.5 };
    let left = ((k as f64 * share).round() as usize).clamp(1, k - 1);
    items.sort_by(|&a, &b| {
        dot(&axis, &tree.points[a as usize]).total_cmp(&dot(&axis, &tree.points[b as usize])).then(a.cmp(&b))
    });
    let wanted = sums.weight * left as f64 / k as f64;
    let (mut reached, mut at) = (0.0, 0);
    while at + 1 < items.len() && (at == 0 || reached + 0.5 * tree.weights[items[at] as usize] < wanted) {
        reached += tree.weights[items[at] as usize];
        at += 1;
    }
    let (first, second) = items.split_at_mut(at);
    split(tree, axes, first, left, random, out);
    split(tree, axes, second, k - left, random, out);
}

/// Three perpendicular directions, uniformly random (Gram–Schmidt on normal vectors).
fn random_axes(random: &mut Random) -> [[f64; 3]; 3] {
    let mut axes = [[0.0; 3]; 3];
    for i in 0..3 {
        let mut v = [(); 3].map(|()| random.normal());
        for axis in &axes[..i] {
            let along = dot(axis, &v);
            v = [0, 1, 2].map(|a| v[a] - along * axis[a]);
        }
        let length = dot(&v, &v).sqrt();
        axes[i] = v.map(|x| x / length);
    }
    axes
}
