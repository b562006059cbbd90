//! The independent evaluator: every figure of a plan computed from the instance alone, by the plainest way.

use crate::instance::{DisjointSets, Instance};
use territory::{Space, squared_distance};

/// Figures of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Territories without a unit.
    pub empty: usize,
    /// Territories in more than one piece.
    pub broken: usize,
    /// Pieces beyond one, over all territories.
    pub extra_pieces: usize,
    /// Largest |sum / target − 1| over the territories, per measure; the target is total / k.
    pub deviation: Vec<f64>,
    /// Σ w·|x − c|² about the weighted centroids, by the first measure, in measure·km².
    pub inertia: f64,
    /// Links between territories.
    pub cut: usize,
    /// Length of the borders between territories in km.
    pub border_km: f64,
}

/// A plan that is no assignment to `k` territories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a plan of {units} units in {k} territories")]
pub struct NotAPlan {
    units: usize,
    k: usize,
}

impl Score {
    /// Whether there are k contiguous territories with every measure inside ±`tolerance` (up to rounding of the sums).
    pub fn holds(&self, tolerance: f64) -> bool {
        self.empty == 0 && self.broken == 0 && self.deviation.iter().all(|d| *d <= tolerance + 1e-9)
    }

    /// Largest deviation over all measures.
    pub fn worst(&self) -> f64 {
        self.deviation.iter().copied().fold(0.0, f64::max)
    }
}

/// Scores `assignment` as a plan of `k` territories.
///
/// # Errors
/// If it has not one territory below `k` for every unit.
pub fn evaluate(instance: &Instance, k: usize, assignment: &[u32]) -> Result<Score, NotAPlan> {
    if assignment.len() != instance.len() || assignment.iter().any(|&t| t as usize >= k) {
        return Err(NotAPlan { units: instance.len(), k });
    }
    let mut pieces = vec![0usize; k];
    let mut sets = DisjointSets::new(instance.len());
    let (mut cut, mut border_km) = (0, 0.0);
    for link in &instance.links {
        if assignment[link.a as usize] == assignment[link.b as usize] {
            sets.join(link.a, link.b);
        } else {
            cut += 1;
            border_km += f64::from(link.border_km);
        }
    }
    let (piece_of, sizes) = sets.numbered();
    let mut seen = vec![false; sizes.len()];
    for (unit, &piece) in piece_of.iter().enumerate() {
        if !std::mem::replace(&mut seen[piece as usize], true) {
            pieces[assignment[unit] as usize] += 1;
        }
    }
    Ok(Score {
        empty: pieces.iter().filter(|&&p| p == 0).count(),
        broken: pieces.iter().filter(|&&p| p > 1).count(),
        extra_pieces: pieces.iter().map(|p| p.saturating_sub(1)).sum(),
        deviation: instance.measures.iter().map(|m| worst_deviation(&m.1, k, assignment)).collect(),
        inertia: inertia(&instance.points, instance.weights(), k, assignment),
        cut,
        border_km,
    })
}

fn worst_deviation(values: &[f64], k: usize, assignment: &[u32]) -> f64 {
    let mut sums = vec![0.0; k];
    for (&t, &value) in assignment.iter().zip(values) {
        sums[t as usize] += value;
    }
    let target = values.iter().sum::<f64>() / k as f64;
    sums.iter().map(|s| (s / target - 1.0).abs()).fold(0.0, f64::max)
}

/// Moment of inertia in two passes: centroids first, so that nothing cancels.
fn inertia(points: &[[f64; 3]], weights: &[f64], k: usize, assignment: &[u32]) -> f64 {
    let mut sums = vec![[0.0; 4]; k];
    for ((&t, p), &w) in assignment.iter().zip(points).zip(weights) {
        let sum = &mut sums[t as usize];
        for axis in 0..3 {
            sum[axis] += w * p[axis];
        }
        sum[3] += w;
    }
    let centres: Vec<[f64; 3]> = sums.iter().map(|s| [0, 1, 2].map(|axis| s[axis] / s[3])).collect();
    let cost = |((&t, &p), &w): ((&u32, &[f64; 3]), &f64)| {
        if w > 0.0 { w * squared_distance(p, centres[t as usize]) } else { 0.0 }
    };
    assignment.iter().zip(points).zip(weights).map(cost).sum()
}

/// Largest distance in km between two units of the same territory. In the plane over convex hulls; on the sphere over all
/// pairs, which is for small instances.
pub fn diameter_km(instance: &Instance, k: usize, assignment: &[u32]) -> f64 {
    let mut members = vec![Vec::new(); k];
    for (&t, &p) in assignment.iter().zip(&instance.points) {
        members[t as usize].push(p);
    }
    let mut largest: f64 = 0.0;
    for mut points in members {
        if instance.space == Space::Planar {
            points = convex_hull(points);
        }
        for (i, &p) in points.iter().enumerate() {
            for &q in &points[..i] {
                largest = largest.max(instance.space.distance_km(p, q));
            }
        }
    }
    largest
}

/// Corners of the convex hull (Andrew's monotone chain, 1979).
fn convex_hull(mut points: Vec<[f64; 3]>) -> Vec<[f64; 3]> {
    points.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    if points.len() < 3 {
        return points;
    }
    let mut hull: Vec<[f64; 3]> = Vec::new();
    let mut chain = |points: &mut dyn Iterator<Item = &[f64; 3]>| {
        let start = hull.len();
        for p in points {
            while hull.len() >= start + 2 {
                let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
                if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0 {
                    break;
                }
                hull.pop();
            }
            hull.push(*p);
        }
        hull.pop();
    };
    chain(&mut points.iter());
    chain(&mut points.iter().rev());
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{SEED, delaunay, grid};
    use crate::random::Random;

    /// Everything again by definition: pieces by flooding from each unit, inertia by pairs, diameter over all pairs.
    #[test]
    fn agrees_with_brute_force() -> Result<(), NotAPlan> {
        for (case, instance) in [grid(9, 2, 0.8, SEED), delaunay(120, 1)].into_iter().enumerate() {
            let (k, n) = (5, instance.len());
            let mut random = Random::new(SEED, case as u64);
            // Bands with some noise: some territories whole, some broken.
            let assignment: Vec<u32> = (0..n)
                .map(|u| if random.below(20) == 0 { random.below(k) as u32 } else { (u * k / n) as u32 })
                .collect();
            let score = evaluate(&instance, k, &assignment)?;
            let adjacent = |a: usize, b: usize| {
                instance.links.iter().any(|l| (l.a as usize, l.b as usize) == (a.min(b), a.max(b)))
            };
            let (mut broken, mut extra, mut inertia, mut diameter) = (0, 0, 0.0, 0.0f64);
            for t in 0..k as u32 {
                let members: Vec<usize> = (0..n).filter(|&u| assignment[u] == t).collect();
                let (mut left, mut pieces) = (members.clone(), 0);
                while let Some(first) = left.pop() {
                    pieces += 1;
                    let mut stack = vec![first];
                    while let Some(u) = stack.pop() {
                        let (near, far): (Vec<_>, Vec<_>) = left.into_iter().partition(|&v| adjacent(u, v));
                        stack.extend(near);
                        left = far;
                    }
                }
                broken += usize::from(pieces > 1);
                extra += pieces - 1;
                // Huygens: Σ_i<j w_i w_j |x_i − x_j|² / W.
                let (w, x) = (instance.weights(), &instance.points);
                let total: f64 = members.iter().map(|&u| w[u]).sum();
                for (i, &u) in members.iter().enumerate() {
                    for &v in &members[..i] {
                        inertia += w[u] * w[v] * squared_distance(x[u], x[v]) / total;
                        diameter = diameter.max(squared_distance(x[u], x[v]).sqrt());
                    }
                }
            }
            let cut = instance.links.iter().filter(|l| assignment[l.a as usize] != assignment[l.b as usize]).count();
            assert_eq!((score.broken, score.extra_pieces, score.empty, score.cut), (broken, extra, 0, cut));
            assert!((score.inertia / inertia - 1.0).abs() < 1e-12);
            assert!((diameter_km(&instance, k, &assignment) - diameter).abs() < 1e-9);
        }
        Ok(())
    }

    #[test]
    fn both_sides_of_the_bounds_and_bad_plans_show() -> Result<(), NotAPlan> {
        let mut instance = grid(2, 1, 0.0, 0);
        instance.measures[0].1 = vec![1.0, 2.0, 3.0, 4.0];
        let score = evaluate(&instance, 3, &[0, 0, 1, 1])?;
        assert_eq!(score.empty, 1);
        assert!((score.worst() - 1.1).abs() < 1e-12 && !score.holds(0.5));
        assert!(evaluate(&instance, 3, &[0, 0, 3, 1]).is_err());
        assert!(evaluate(&instance, 3, &[0, 0, 1]).is_err());
        Ok(())
    }
}
