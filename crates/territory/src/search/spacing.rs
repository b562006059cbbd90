//! Centres of territories that are to be kept apart: what pairs lack to the distance costs energy, steeply, so that the search
//! draws them apart. A view sees the centres of others as they were when it began.

use super::state::State;
use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};
use crate::terms::Mass;

/// Energy of a pair of centres at one place; a pair that lacks a tenth of the distance costs three territories' compactness.
const STEEP: f64 = 30.0;
/// Centroids on the sphere lie below its surface: pairs keep this much more.
const MORE: f64 = 1.01;

/// Straight distance in km that centres are kept apart for `km` on the sphere or in the plane.
pub(super) fn with_more(space: Space, km: f64) -> f64 {
    let across = 2.0 * EARTH_RADIUS_KM;
    match space {
        Space::Planar => MORE * km,
        // Half around is as far as places can be.
        Space::Geographic => across * libm::sin((MORE * km / across).min(std::f64::consts::FRAC_PI_2)),
    }
}

/// What a pair of centres lacks, as a share of the distance.
#[inline]
fn lack(a: [f64; 3], b: [f64; 3], least: f64) -> f64 {
    let squared = squared_distance(a, b);
    if squared >= least * least { 0.0 } else { 1.0 - squared.sqrt() / least }
}

impl State<'_> {
    /// Energy that moving a unit adds, for centres kept `km` apart.
    pub(super) fn spacing_change(&self, km: f64, unit: u32, from: u32, to: u32) -> f64 {
        let mass: Mass = self.instance.masses[unit as usize];
        let (mut left, mut joined) = (*self.moments_of(from), *self.moments_of(to));
        let old = (left.centroid(), joined.centroid());
        left.remove(&mass);
        joined.add(&mass);
        let new = (left.centroid(), joined.centroid());
        let least = km;
        let mut change = lack(new.0, new.1, least) - lack(old.0, old.1, least);
        for t in (0..self.instance.k() as u32).filter(|&t| t != from && t != to) {
            let other = self.moments_of(t).centroid();
            change += lack(new.0, other, least) - lack(old.0, other, least);
            change += lack(new.1, other, least) - lack(old.1, other, least);
        }
        STEEP * change
    }

    /// Energy of all pairs.
    pub(super) fn spacing_energy(&self) -> f64 {
        STEEP * self.crowding()
    }

    /// What all pairs of centres lack to the distance, as shares of it.
    pub(super) fn crowding(&self) -> f64 {
        let Some(km) = self.instance.bonds.as_ref().and_then(|bonds| bonds.centres_apart_km) else { return 0.0 };
        let centres: Vec<[f64; 3]> = (0..self.instance.k() as u32).map(|t| self.moments_of(t).centroid()).collect();
        let pairs = centres.iter().enumerate().flat_map(|(i, &a)| centres[..i].iter().map(move |&b| (a, b)));
        pairs.map(|(a, b)| lack(a, b, km)).sum::<f64>()
    }
}
