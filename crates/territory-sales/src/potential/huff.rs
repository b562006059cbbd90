//! Competition by Huff's model (Huff 1964, doi:10.2307/1249154): of customer i's demand, store j draws
//! P_ij = A_j^α d_ij^−β / Σ_k A_k^α d_ik^−β.
//!
//! Distances are the engine's (straight; on the sphere the chord, 0.1 % under the great circle at 1,000 km). Nothing is held per
//! pair: a row of the matrix is made, used and forgotten, and with a cut-off distance only the stores in reach are looked at.
//!
//! Shares are ratios, and no exponent makes them infinite: where A^α·d^−β could leave the range of numbers for any pair, a row is formed as
//! exp(l − max l) of the logarithms l = α·ln A − β·ln d.

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
    /// α, how much attraction counts, 0 to 1,000.
    pub attraction_exponent: f64,
    /// β, how fast distance deters, 0 to 1,000.
    pub distance_exponent: f64,
    /// Stores farther away draw nothing, km; none: all stores count.
    pub cutoff_km: Option<f64>,
    /// Distances below this count as this, km, at least 10⁻⁶ (a millimetre): next door would draw infinitely.
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
    /// No stores; a store at no place, with longitude and latitude swapped, or without attraction; customers whose locations are not finite
    /// (for swapped ones see [`crate::locate`]); demand that is negative or of another length; parameters out of range.
    pub fn captured(&self, customers: &Locations, demand: &[f64], stores: &[Store]) -> Result<Captured, SalesError> {
        check::length("the demand", demand.len(), customers.len())?;
        check::not_negative("the demand", demand)?;
        check::located(customers)?;
        self.check(customers.space(), stores)?;
        let field = Field::new(self, customers, stores);
        let mut captured = Captured {
            own_share: vec![0.0; demand.len()],
            own: vec![0.0; demand.len()],
            by_store: vec![0.0; stores.len()],
            unreached: 0,
            unreached_demand: 0.0,
        };
        let mut pulls = Vec::with_capacity(stores.len());
        let mut near = Vec::new();
        for (customer, (&at, &demand)) in customers.points().iter().zip(demand).enumerate() {
            let (own, all) = field.pulls(at, &mut pulls, &mut near);
            if all <= 0.0 {
                captured.unreached += 1;
                captured.unreached_demand += demand;
                continue;
            }
            captured.own_share[customer] = own / all;
            captured.own[customer] = demand * (own / all);
            let drawn = |pull: f64| demand * (pull / all);
            match field.index {
                None => captured.by_store.iter_mut().zip(&pulls).for_each(|(sum, &pull)| *sum += drawn(pull)),
                Some(_) => near.iter().for_each(|&(j, pull)| captured.by_store[j as usize] += drawn(pull)),
            }
        }
        Ok(captured)
    }

    fn check(&self, space: Space, stores: &[Store]) -> Result<(), SalesError> {
        let exponent = |e: f64| (0.0..=MOST_EXPONENT).contains(&e);
        check::parameter("the exponent of attraction", self.attraction_exponent, "from 0 to 1000", exponent)?;
        check::parameter("the exponent of distance", self.distance_exponent, "from 0 to 1000", exponent)?;
        let distance = |km: f64| km.is_finite() && km >= LEAST_KM;
        check::parameter("the least distance (km)", self.least_km, "at least 1e-6, a millimetre", distance)?;
        if let Some(cutoff) = self.cutoff_km {
            check::positive("the cut-off distance (km)", cutoff)?;
        }
        if stores.is_empty() {
            return Err(SalesError::Empty { what: "the list of stores" });
        }
        let attraction: Vec<f64> = stores.iter().map(|s| s.attraction).collect();
        let name = |row| format!("store {row}");
        check::values("the attraction", &attraction, check::POSITIVE, |a| a.is_finite() && a > 0.0, name)?;
        let at: Vec<[f64; 2]> = stores.iter().map(|s| s.at).collect();
        check::places(space, &at, name)
    }
}

/// The stores as they pull.
struct Field {
    at: Vec<[f64; 3]>,
    pull: Pull,
    ours: Vec<bool>,
    least_squared: f64,
    /// Of the stores, where there is a cut-off (a chord).
    index: Option<(PointIndex, f64)>,
}

/// How a row of pulls comes from squared distances.
enum Pull {
    /// A^α of every store (of the strongest: 1), times d^−β.
    Powers(Vec<f64>, Power),
    /// α·ln A of every store, less that of the strongest, and β/2.
    Logarithms(Vec<f64>, f64),
}

impl Pull {
    /// `squared` are the least and the largest squared distance that there can be.
    fn new(huff: &Huff, stores: &[Store], squared: [f64; 2]) -> Self {
        let most = stores.iter().map(|s| s.attraction).fold(f64::MIN_POSITIVE, f64::max);
        let log = |s: &Store| huff.attraction_exponent * (libm::log(s.attraction) - libm::log(most));
        let logs: Vec<f64> = stores.iter().map(log).collect();
        let half = huff.distance_exponent / 2.0;
        let [high, low] = squared.map(|squared| -half * libm::log(squared));
        let weakest = logs.iter().copied().fold(0.0, f64::min);
        match Power::new(huff.distance_exponent) {
            Some(power) if high.abs().max(low.abs()) <= SAFE_LOG && low + weakest >= -SAFE_LOG => {
                // The ratio of two attractions may be less than any number, and its power not.
                let strength = |(s, &log): (&Store, &f64)| match s.attraction / most {
                    ratio if ratio.is_normal() => libm::pow(ratio, huff.attraction_exponent),
                    _ => libm::exp(log),
                };
                Self::Powers(stores.iter().zip(&logs).map(strength).collect(), power)
            }
            _ => Self::Logarithms(logs, half),
        }
    }

    /// Turns the squared distances of a row into pulls; `store` tells the store of each place in the row.
    fn of(&self, row: &mut [f64], store: impl Fn(usize) -> usize) {
        match self {
            Self::Powers(strength, power) => {
                power.of_all(row);
                row.iter_mut().enumerate().for_each(|(at, pull)| *pull *= strength[store(at)]);
            }
            Self::Logarithms(logs, half) => {
                row.iter_mut().enumerate().for_each(|(at, d)| *d = logs[store(at)] - half * libm::log(*d));
                let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter_mut().for_each(|log| *log = libm::exp(*log - most));
            }
        }
    }
}

/// Exponents beyond this would cost more digits than they could mean.
const MOST_EXPONENT: f64 = 1000.0;
/// Least distance that may be asked for, km: its square and powers up to 20 are ordinary numbers.
const LEAST_KM: f64 = 1e-6;
/// Logarithms of pulls within this of 0 are safe to take powers of, and to add up over any number of stores.
const SAFE_LOG: f64 = 600.0;

impl Field {
    fn new(huff: &Huff, customers: &Locations, stores: &[Store]) -> Self {
        let space = customers.space();
        let at: Vec<[f64; 3]> = stores.iter().map(|s| space.locate(s.at)).collect();
        let chord = |arc: f64| match space {
            Space::Planar => arc,
            Space::Geographic => {
                let half_turn = std::f64::consts::PI * EARTH_RADIUS_KM;
                2.0 * EARTH_RADIUS_KM * libm::sin(arc.min(half_turn) / (2.0 * EARTH_RADIUS_KM))
            }
        };
        let least_squared = (huff.least_km * huff.least_km).min(f64::MAX);
        let extents = [0, 1, 2].map(|axis| {
            let all = || customers.points().iter().chain(&at).map(|p| p[axis]);
            all().fold(f64::NEG_INFINITY, f64::max) - all().fold(f64::INFINITY, f64::min)
        });
        let farthest = extents.map(|e| e * e).iter().sum::<f64>().clamp(least_squared, f64::MAX);
        Self {
            pull: Pull::new(huff, stores, [least_squared, farthest]),
            ours: stores.iter().map(|s| s.ours).collect(),
            index: huff.cutoff_km.map(|km| (PointIndex::new(&at), chord(km))),
            least_squared,
            at,
        }
    }

    /// The pull of our stores and of all on a customer; that of each in `all` (no cut-off) or `near` (stores in reach).
    fn pulls(&self, at: [f64; 3], all: &mut Vec<f64>, near: &mut Vec<(u32, f64)>) -> (f64, f64) {
        let (mut own, mut sum) = (0.0, 0.0);
        let mut count = |j: usize, pull: f64| {
            sum += pull;
            if self.ours[j] {
                own += pull;
            }
        };
        all.clear();
        match &self.index {
            None => {
                let squared = |&p: &[f64; 3]| squared_distance(p, at).clamp(self.least_squared, f64::MAX);
                all.extend(self.at.iter().map(squared));
                self.pull.of(all, |j| j);
                all.iter().enumerate().for_each(|(j, &pull)| count(j, pull));
            }
            Some((index, chord)) => {
                near.clear();
                index.within(at, *chord, |j, _| near.push((j, 0.0)));
                let squared = |&(j, _): &(u32, f64)| squared_distance(self.at[j as usize], at);
                all.extend(near.iter().map(|n| squared(n).clamp(self.least_squared, f64::MAX)));
                self.pull.of(all, |place| near[place].0 as usize);
                for (store, &pull) in near.iter_mut().zip(all.iter()) {
                    store.1 = pull;
                    count(store.0 as usize, pull);
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

    proptest! {
        /// Protects the range: whatever the exponents, attractions and distances, shares are finite and sum to 1, and are those of an
        /// independent reckoning in logarithms.
        #[test]
        fn shares_are_shares_at_any_exponent(
            stores in prop::collection::vec((-8.0f64..8.0, -300.0f64..300.0, any::<bool>()), 1..12),
            log_scale in -3.0f64..100.0,
            alpha in prop_oneof![0.0f64..3.0, 0.0f64..1000.0],
            beta in prop_oneof![0.0f64..3.0, (0u32..20).prop_map(f64::from), 0.0f64..1000.0],
            log_least in -6.0f64..2.0,
            cutoff in prop::option::of(-2.0f64..100.0),
            demand in prop::sample::select(vec![1e-200, 1.0, 1e200]),
        ) {
            let stores: Vec<Store> = stores.iter().map(|s| Store {
                at: [s.0 * 10f64.powf(log_scale), 0.0], attraction: 10f64.powf(s.1), ours: s.2,
            }).collect();
            let huff = Huff {
                least_km: 10f64.powf(log_least), cutoff_km: cutoff.map(|c| 10f64.powf(c)), ..Huff::default().exponents(alpha, beta)
            };
            let customers = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0]]);
            let found = huff.captured(&customers, &[demand], &stores).unwrap();
            let km = |s: &Store| s.at[0].abs() / 1000.0;
            let reached = |s: &&Store| huff.cutoff_km.is_none_or(|cut| km(s) <= cut);
            if stores.iter().filter(reached).count() == 0 {
                prop_assert_eq!((found.unreached, found.own_share[0]), (1, 0.0));
                return Ok(());
            }
            prop_assert!(found.by_store.iter().all(|d| d.is_finite() && *d >= 0.0), "{:?}", found.by_store);
            prop_assert!((found.by_store.iter().sum::<f64>() / demand - 1.0).abs() < 1e-12, "{:?}", found.by_store);
            prop_assert!((0.0..=1.0).contains(&found.own_share[0]) && found.own[0] <= demand);
            let log = |s: &Store| alpha * s.attraction.ln() - beta * km(s).max(huff.least_km).ln();
            for (store, drawn) in stores.iter().zip(&found.by_store) {
                // 1 / Σ exp(l_k − l_j): no maximum is taken out.
                let others: f64 = stores.iter().filter(reached).map(|k| (log(k) - log(store)).exp()).sum();
                let expected = if reached(&store) { demand / others } else { 0.0 };
                prop_assert!((drawn - expected).abs() <= 1e-8 * demand, "{drawn} {expected}");
            }
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
        let swapped = run(&[store([116.4, 39.9], 1.0), store([39.9, 116.4], 1.0)]);
        assert!(swapped.contains("first \"store 1\"") && swapped.contains("seem to be swapped"), "{swapped}");
        let nowhere = Locations::from_coordinates(Space::Geographic, &[[f64::NAN, 0.0]]);
        let fault = Huff::default().captured(&nowhere, &[1.0], &[store([0.0, 0.0], 1.0)]);
        assert!(matches!(fault, Err(SalesError::NoPlace { count: 1, .. })));
        for bad in [
            Huff::default().exponents(1e9, 2.0),
            Huff::default().exponents(1.0, f64::INFINITY),
            Huff { least_km: 1e-200, ..Huff::default() },
        ] {
            let fault = bad.captured(&customers, &[1.0], &[store([0.0, 0.0], 1.0)]);
            assert!(matches!(fault, Err(SalesError::Parameter { .. })), "{bad:?}");
        }
        assert_eq!(run(&[]), "the list of stores is empty: give at least one");
        let negative = Huff::default().captured(&customers, &[-1.0], &[store([0.0, 0.0], 1.0)]);
        assert!(matches!(negative, Err(SalesError::Value { .. })));
    }
}
