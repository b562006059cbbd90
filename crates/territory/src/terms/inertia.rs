//! Moment of inertia of a territory about its weighted centroid, Σ wᵢ·|xᵢ − c|², in measure·km².
//!
//! Kept as sums of (w, w·x, w·|x|²) with x relative to the problem's mean location: about the Earth's centre the difference
//! of large sums would cancel. Adding a mass w at distance d from the centroid of a territory of mass W adds Ww/(W+w)·d²,
//! removing it takes Ww/(W−w)·d² (the parallel axis theorem), so a move costs O(1) and never subtracts large sums.

use crate::space::squared_distance;

/// A point mass: location in km relative to the problem's mean location, and weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mass {
    /// Location in km.
    pub at: [f64; 3],
    /// Weight, ≥ 0.
    pub weight: f64,
}

/// Sums over the masses of a territory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Σ w.
    pub weight: f64,
    /// Σ w·x, km.
    pub first: [f64; 3],
    /// Σ w·|x|², km².
    pub second: f64,
}

impl Moments {
    /// Adds a mass.
    #[inline]
    pub fn add(&mut self, m: &Mass) {
        let [x, y, z] = m.at;
        self.weight += m.weight;
        self.first[0] += m.weight * x;
        self.first[1] += m.weight * y;
        self.first[2] += m.weight * z;
        self.second += m.weight * (x * x + y * y + z * z);
    }

    /// Removes a mass that was added.
    #[inline]
    pub fn remove(&mut self, m: &Mass) {
        self.add(&Mass { at: m.at, weight: -m.weight });
    }

    /// Adds all masses of another territory.
    pub fn merge(&mut self, other: &Moments) {
        self.weight += other.weight;
        for i in 0..3 {
            self.first[i] += other.first[i];
        }
        self.second += other.second;
    }

    /// Weighted centroid; the origin without weight.
    #[inline]
    pub fn centroid(&self) -> [f64; 3] {
        if self.weight > 0.0 { self.first.map(|f| f / self.weight) } else { [0.0; 3] }
    }

    /// Moment of inertia about the centroid, recomputed from the sums.
    #[inline]
    pub fn inertia(&self) -> f64 {
        let [x, y, z] = self.first;
        if self.weight > 0.0 { (self.second - (x * x + y * y + z * z) / self.weight).max(0.0) } else { 0.0 }
    }

    /// What adding `m` would add to the inertia.
    #[inline]
    pub fn gain(&self, m: &Mass) -> f64 {
        self.gain_about(self.centroid(), m)
    }

    /// As [`Moments::gain`], with the centroid at hand.
    #[inline]
    pub fn gain_about(&self, centroid: [f64; 3], m: &Mass) -> f64 {
        let sum = self.weight + m.weight;
        if sum > 0.0 { self.weight * m.weight / sum * squared_distance(centroid, m.at) } else { 0.0 }
    }

    /// What removing `m`, a member, would take from the inertia.
    #[inline]
    pub fn loss(&self, m: &Mass) -> f64 {
        self.loss_about(self.centroid(), m)
    }

    /// As [`Moments::loss`], with the centroid at hand.
    #[inline]
    pub fn loss_about(&self, centroid: [f64; 3], m: &Mass) -> f64 {
        let rest = self.weight - m.weight;
        // The last member: nothing is left to have inertia.
        if rest > 1e-12 * self.weight {
            self.weight * m.weight / rest * squared_distance(centroid, m.at)
        } else {
            self.inertia()
        }
    }
}
