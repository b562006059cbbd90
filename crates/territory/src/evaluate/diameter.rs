//! The diameter of a set of locations.

use crate::space::Space;

/// Largest distance in km between two of `points`; 0 for fewer than two.
pub(super) fn diameter_km(space: Space, points: impl Iterator<Item = [f64; 3]>) -> f64 {
    let points: Vec<[f64; 3]> = points.collect();
    let mut best = 0.0f64;
    for (i, &a) in points.iter().enumerate() {
        for &b in &points[i + 1..] {
            best = best.max(space.distance_km(a, b));
        }
    }
    best
}
