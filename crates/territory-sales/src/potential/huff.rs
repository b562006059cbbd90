//! Competition by Huff's model (Huff 1964, doi:10.2307/1249154): of customer i's demand, store j draws
//! P_ij = A_j^α d_ij^−β / Σ_k A_k^α d_ik^−β.
//!
//! Distances are the engine's (straight; on the sphere the chord, 0.1 % under the great circle at 1,000 km). Nothing is held per
//! pair: a row of the matrix is made, used and forgotten, and with a cut-off distance only the stores in reach are looked at.

use super::power::Power;
use crate::nearest::PointIndex;
use crate::{SalesError, check};
use territory::{EARTH_RADIUS_KM, Locations, Space, squared_distance};

/// A store, ours or a competitor's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Store {
    /// `[longitude, latitude]` in degrees or `[x, y]` in metres, as the customers'.
    pub at: [f64; 2],
    /// Attraction A: floor space, choice, brand – any number above 0, the same for all.
    pub attraction: f64,
    /// Whether it is ours.
    pub ours: bool,
}

/// The model's parameters.
///
/// ```
/// use territory::{Locations, Space};
/// use territory_sales::potential::{Huff, Store};
/// let customers = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0]]);
/// let stores = [
///     Store { at: [1000.0, 0.0], attraction: 100.0, ours: true },   // 100 / 1²
///     Store { at: [0.0, 2000.0], attraction: 1200.0, ours: false }, // 1200 / 2²
/// ];
/// let captured = Huff::default().captured(&customers, &[40.0], &stores)?;
/// assert_eq!((captured.own_share[0], captured.own[0]), (0.25, 10.0));
/// assert_eq!(captured.by_store, [10.0, 30.0]);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Huff {
    /// α, how much attraction counts.
    pub attraction_exponent: f64,
    /// β, how fast distance deters.
    pub distance_exponent: f64,
    /// Stores farther away draw nothing, km; none: all stores count.
    pub cutoff_km: Option<f64>,
    /// Distances below this count as this, km: next door would draw infinitely.
    pub least_km: f64,
}

impl Default for Huff {
    /// α = 1, β = 2, no cut-off, distances of 100 m at least.
    fn default() -> Self {
        Self { attraction_exponent: 1.0, distance_exponent: 2.0, cutoff_km: None, least_km: 0.1 }
    }
}

/// What the stores draw.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Captured {
    /// Share of every customer's demand that our stores draw together, 0 to 1; 0 where no store is in reach.
    pub own_share: Vec<f64>,
    /// The same times the demand.
    pub own: Vec<f64>,
    /// Demand that every store draws.
    pub by_store: Vec<f64>,
    /// Customers without a store in reach.
    pub unreached: usize,
    /// Their demand.
    pub unreached_demand: f64,
}

impl Huff {
    /// With other exponents.
    pub fn exponents(mut self, attraction: f64, distance: f64) -> Self {
        (self.attraction_exponent, self.distance_exponent) = (attraction, distance);
        self
    }

    /// With a distance beyond which stores draw nothing.
    pub fn cutoff_km(mut self, cutoff_km: f64) -> Self {
        self.cutoff_km = Some(cutoff_km);
        self
    }

    /// What the stores draw of `demand`, one number per customer.
    ///
    /// # Errors
    /// No stores; a store at no place or without attraction; demand that is negative or of another length; parameters out of range.
    pub fn captured(&self, customers: &Locations, demand: &[f64], stores: &[Store]) -> Result<Captured, SalesError> {
        check::length("the demand", demand.len(), customers.len())?;
        check::not_negative("the demand", demand)?;
        self.check(customers.space(), stores)?;
        let field = Field::new(self, customers.space(), stores);
        let mut captured = Captured {
            own_share: vec![0.0; demand.len()],
            own: vec![0.0; demand.len()],
            by_store: vec![0.0; stores.len()],
            unreached: 0,
            unreached_demand: 0.0,
        };
        let mut pulls = vec![0.0; stores.len()];
        let mut near = Vec::new();
        for (customer, (&at, &demand)) in customers.points().iter().zip(demand).enumerate() {
            let (own, all) = field.pulls(at, &mut pulls, &mut near);
            if all <= 0.0 {
                captured.unreached += 1;
                captured.unreached_demand += demand;
                continue;
            }
            captured.own_share[customer] = own / all;
            captured.own[customer] = demand * own / all;
            let per_pull = demand / all;
            match field.index {
                None => captured.by_store.iter_mut().zip(&pulls).for_each(|(sum, pull)| *sum += per_pull * pull),
                Some(_) => near.iter().for_each(|&(j, pull)| captured.by_store[j as usize] += per_pull * pull),
            }
        }
        Ok(captured)
    }

    fn check(&self, space: Space, stores: &[Store]) -> Result<(), SalesError> {
        check::at_least_zero("the exponent of attraction", self.attraction_exponent)?;
        check::at_least_zero("the exponent of distance", self.distance_exponent)?;
        check::positive("the least distance (km)", self.least_km)?;
        if let Some(cutoff) = self.cutoff_km {
            check::positive("the cut-off distance (km)", cutoff)?;
        }
        if stores.is_empty() {
            return Err(SalesError::Empty { what: "the list of stores" });
        }
        let attraction: Vec<f64> = stores.iter().map(|s| s.attraction).collect();
        let name = |row| format!("store {row}");
        check::values("the attraction", &attraction, check::POSITIVE, |a| a.is_finite() && a > 0.0, name)?;
        let place = |[x, y]: [f64; 2]| {
            x.is_finite() && y.is_finite() && (space == Space::Planar || (x.abs() <= 360.0 && y.abs() <= 90.0))
        };
        match stores.iter().position(|s| !place(s.at)) {
            None => Ok(()),
            Some(row) => {
                let [x, y] = stores[row].at;
                let count = stores.iter().filter(|s| !place(s.at)).count();
                Err(SalesError::NoPlace { row: name(row), x, y, count })
            }
        }
    }
}

/// The stores as they pull.
struct Field {
    at: Vec<[f64; 3]>,
    /// A^α.
    strength: Vec<f64>,
    ours: Vec<bool>,
    power: Power,
    least_squared: f64,
    /// Of the stores, where there is a cut-off (a chord).
    index: Option<(PointIndex, f64)>,
}

impl Field {
    fn new(huff: &Huff, space: Space, stores: &[Store]) -> Self {
        let at: Vec<[f64; 3]> = stores.iter().map(|s| space.locate(s.at)).collect();
        let chord = |arc: f64| match space {
            Space::Planar => arc,
            Space::Geographic => {
                let half_turn = std::f64::consts::PI * EARTH_RADIUS_KM;
                2.0 * EARTH_RADIUS_KM * libm::sin(arc.min(half_turn) / (2.0 * EARTH_RADIUS_KM))
            }
        };
        Self {
            strength: stores.iter().map(|s| libm::pow(s.attraction, huff.attraction_exponent)).collect(),
            ours: stores.iter().map(|s| s.ours).collect(),
            power: Power::new(huff.distance_exponent),
            least_squared: huff.least_km * huff.least_km,
            index: huff.cutoff_km.map(|km| (PointIndex::new(&at), chord(km))),
            at,
        }
    }

    /// The pull of our stores and of all on a customer; that of each in `all` (no cut-off) or `near` (stores in reach).
    fn pulls(&self, at: [f64; 3], all: &mut [f64], near: &mut Vec<(u32, f64)>) -> (f64, f64) {
        let (mut own, mut sum) = (0.0, 0.0);
        let mut count = |j: usize, pull: f64| {
            sum += pull;
            if self.ours[j] {
                own += pull;
            }
        };
        match &self.index {
            None => {
                let squared = self.at.iter().map(|&p| squared_distance(p, at).max(self.least_squared));
                all.iter_mut().zip(squared).for_each(|(pull, d)| *pull = d);
                self.power.of_all(all);
                for (j, (pull, strength)) in all.iter_mut().zip(&self.strength).enumerate() {
                    *pull *= strength;
                    count(j, *pull);
                }
            }
            Some((index, chord)) => {
                near.clear();
                index.within(at, *chord, |j, d| near.push((j, d.max(self.least_squared))));
                for (j, pull) in near.iter_mut() {
                    *pull = self.strength[*j as usize] * self.power.of(*pull);
                    count(*j as usize, *pull);
                }
            }
        }
        (own, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formula as it stands, a full matrix with great-circle distances and `powf`.
    fn oracle(huff: &Huff, customers: &[[f64; 2]], demand: &[f64], stores: &[Store]) -> (Vec<f64>, Vec<f64>) {
        let s = Space::Geographic;
        let (mut own, mut by_store) = (vec![0.0; demand.len()], vec![0.0; stores.len()]);
        for (i, c) in customers.iter().enumerate() {
            let pull = |store: &Store| {
                let d = s.distance_km(s.locate(*c), s.locate(store.at));
                let reached = huff.cutoff_km.is_none_or(|cut| d <= cut);
                let pull =
                    store.attraction.powf(huff.attraction_exponent) / d.max(huff.least_km).powf(huff.distance_exponent);
                if reached { pull } else { 0.0 }
            };
            let row: Vec<f64> = stores.iter().map(pull).collect();
            let all: f64 = row.iter().sum();
            if all > 0.0 {
                for (j, p) in row.iter().enumerate() {
                    by_store[j] += demand[i] * p / all;
                    own[i] += if stores[j].ours { p / all } else { 0.0 };
                }
            }
        }
        (own, by_store)
    }

    proptest! {
        /// Protects the powers, the cut-off on the sphere and the sums against the formula with a full matrix.
        #[test]
        fn it_is_the_formula(
            customers in prop::collection::vec((8.0f64..10.0, 46.0f64..48.0, 0.0f64..9.0), 1..20),
            stores in prop::collection::vec((8.0f64..10.0, 46.0f64..48.0, 0.5f64..9.0, any::<bool>()), 1..30),
            alpha in 0.5f64..2.0,
            beta in prop::sample::select(vec![0.0, 1.0, 1.7, 2.0, 3.0, 4.0]),
            cutoff in prop::option::of(20.0f64..300.0),
        ) {
            let at: Vec<[f64; 2]> = customers.iter().map(|c| [c.0, c.1]).collect();
            let demand: Vec<f64> = customers.iter().map(|c| c.2).collect();
            let stores: Vec<Store> =
                stores.iter().map(|s| Store { at: [s.0, s.1], attraction: s.2, ours: s.3 }).collect();
            let huff = Huff { cutoff_km: cutoff, ..Huff::default().exponents(alpha, beta) };
            let locations = Locations::from_coordinates(Space::Geographic, &at);
            let found = huff.captured(&locations, &demand, &stores).unwrap();
            let (own, by_store) = oracle(&huff, &at, &demand, &stores);
            // Chords against arcs: 0.02 % at most over 300 km, to the fourth power.
            for (a, b) in found.own_share.iter().zip(&own) {
                prop_assert!((a - b).abs() < 1e-3, "{a} {b}");
            }
            for (a, b) in found.by_store.iter().zip(&by_store) {
                prop_assert!((a - b).abs() < 1e-3 * (1.0 + b), "{a} {b}");
            }
            let drawn = found.by_store.iter().sum::<f64>() + found.unreached_demand;
            prop_assert!((drawn - demand.iter().sum::<f64>()).abs() < 1e-9 * (1.0 + drawn));
        }
    }

    #[test]
    fn out_of_reach_is_counted_and_next_door_is_finite() {
        let customers = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [90_000.0, 0.0]]);
        let stores = [Store { at: [0.0, 0.0], attraction: 5.0, ours: true }];
        let found = Huff::default().cutoff_km(10.0).captured(&customers, &[3.0, 4.0], &stores).unwrap();
        assert_eq!((found.own, found.unreached, found.unreached_demand), (vec![3.0, 0.0], 1, 4.0));
    }

    #[test]
    fn faults_are_named() {
        let customers = Locations::from_coordinates(Space::Geographic, &[[0.0, 0.0]]);
        let store = |at, attraction| Store { at, attraction, ours: true };
        let run = |stores: &[Store]| Huff::default().captured(&customers, &[1.0], stores).unwrap_err().to_string();
        assert!(
            run(&[store([0.0, 0.0], 0.0)]).contains("attraction are not a finite number above 0, first \"store 0\"")
        );
        assert!(run(&[store([0.0, 95.0], 1.0)]).contains("store 0"));
        assert_eq!(run(&[]), "the list of stores is empty: give at least one");
        let negative = Huff::default().captured(&customers, &[-1.0], &[store([0.0, 0.0], 1.0)]);
        assert!(matches!(negative, Err(SalesError::Value { .. })));
    }
}
