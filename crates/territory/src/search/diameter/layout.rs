//! Arrangements to start from: balanced power diagrams around random centres, one unlike the other.

use super::super::construct::Diagram;
use super::super::contiguity::make_contiguous;
use super::super::instance::Instance;
use super::super::random::Random;
use crate::space::squared_distance;

/// Steps of centres to centroids and of weights to balance.
const STEPS: usize = 40;
/// Steps at the end in which centres stay.
const LAST: usize = 10;
/// Most distances a layout may take.
const WORK: usize = 200_000_000;

/// A contiguous and roughly balanced plan from random centres; none where it would take too long.
pub fn layout(instance: &Instance, random: &mut Random) -> Option<Vec<u32>> {
    let (n, k, m) = (instance.len(), instance.k(), instance.measures);
    // Arrangements know nothing of what binds units to territories.
    if instance.bonds.is_some() || n.checked_mul(k * STEPS).is_none_or(|work| work > WORK) {
        return None;
    }
    let mut centres: Vec<[f64; 3]> = (0..k).map(|_| instance.masses[random.below(n)].at).collect();
    let (mut lambda, mut parts) = (vec![0.0f64; k], vec![0u32; n]);
    let (mut loads, mut sums) = (vec![0.0f64; k], vec![[0.0f64; 3]; k]);
    let mut spread = vec![0.0f64; k];
    for step in 0..STEPS {
        loads.fill(0.0);
        spread.fill(0.0);
        sums.fill([0.0; 3]);
        for (u, part) in (0u32..).zip(&mut parts) {
            let at = instance.masses[u as usize].at;
            let mut best = (f64::INFINITY, 0);
            for t in 0..k {
                let power = squared_distance(at, centres[t]) - lambda[t];
                if power < best.0 {
                    best = (power, t);
                }
            }
            let (t, load) = (best.1, instance.mean_load(u));
            *part = t as u32;
            loads[t] += load;
            spread[t] += load * squared_distance(at, centres[t]);
            (0..3).for_each(|i| sums[t][i] += load * at[i]);
        }
        for t in 0..k {
            if loads[t] <= 0.0 {
                (centres[t], lambda[t]) = (instance.masses[random.below(n)].at, 0.0);
                continue;
            }
            if step < STEPS - LAST {
                (0..3).for_each(|i| centres[t][i] += 0.7 * (sums[t][i] / loads[t] - centres[t][i]));
            }
            // The mean squared distance in a disc is its area over 2π: a share of the cell's area per share of load.
            let area = 6.0 * spread[t] / loads[t];
            lambda[t] += 0.3 * area * (1.0 - loads[t] / instance.mean_target(t)).clamp(-0.5, 0.5);
        }
    }
    let mut diagram = Diagram { parts, centres, lambda, prices: vec![0.0; k * m] };
    make_contiguous(instance, &mut diagram);
    Some(diagram.parts)
}
