//! Random markets that the travel formula was not fitted on: towns and countryside of different grain, split into territories by
//! the nearest base. A generator with frozen streams (the engine's), so that the figures repeat.

use territory::search::Random;
use territory::{Locations, Space};

/// Customers, and the territories that they are split into.
pub(crate) struct Market {
    /// km in the plane.
    pub(crate) customers: Vec<[f64; 2]>,
    /// Of each territory.
    pub(crate) bases: Vec<[f64; 2]>,
    /// Of each customer.
    pub(crate) territory_of: Vec<u32>,
    /// Calls per trip.
    pub(crate) calls_per_trip: usize,
}

impl Market {
    /// Market number `index`: its shape, size and grain follow from the index.
    pub(crate) fn new(index: u64) -> Self {
        let mut random = Random::stream(20_261, 7, index);
        let territories = 2 + random.below(4);
        let per_territory = 40 + random.below(110);
        let (width, height) = (40.0 + 160.0 * random.unit(), 40.0 + 160.0 * random.unit());
        let towns: Vec<([f64; 2], f64)> = (0..3 + random.below(12))
            .map(|_| ([width * random.unit(), height * random.unit()], 1.0 + 9.0 * random.unit()))
            .collect();
        // From all in the countryside to nearly all in towns.
        let urban = [0.0, 0.3, 0.6, 0.9][(index % 4) as usize];
        let mut customers = Vec::new();
        while customers.len() < territories * per_territory {
            let at = if random.unit() < urban {
                let (town, spread) = towns[random.below(towns.len())];
                // A sum of uniforms: bell-shaped, and no far outliers.
                let mut bell = || (0..4).map(|_| random.unit() - 0.5).sum::<f64>() * spread;
                [town[0] + bell(), town[1] + bell()]
            } else {
                [width * random.unit(), height * random.unit()]
            };
            if (0.0..=width).contains(&at[0]) && (0.0..=height).contains(&at[1]) {
                customers.push(at);
            }
        }
        // Reps live where customers are.
        let bases: Vec<[f64; 2]> = (0..territories).map(|_| customers[random.below(customers.len())]).collect();
        let nearest = |c: &[f64; 2]| {
            let to = |b: &[f64; 2]| (b[0] - c[0]).hypot(b[1] - c[1]);
            (0..territories).min_by(|&x, &y| to(&bases[x]).total_cmp(&to(&bases[y]))).unwrap_or(0) as u32
        };
        let territory_of = customers.iter().map(nearest).collect();
        Self { customers, territory_of, bases, calls_per_trip: 4 + random.below(9) }
    }

    /// The customers as the engine takes them.
    pub(crate) fn locations(&self) -> Locations {
        let metres: Vec<[f64; 2]> = self.customers.iter().map(|c| c.map(|x| x * 1000.0)).collect();
        Locations::from_coordinates(Space::Planar, &metres)
    }

    /// Customers of a territory.
    pub(crate) fn members(&self, territory: u32) -> Vec<[f64; 2]> {
        let pairs = self.customers.iter().zip(&self.territory_of);
        pairs.filter(|(_, t)| **t == territory).map(|(c, _)| *c).collect()
    }
}
