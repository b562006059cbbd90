//! Hours of territories kept current while units move, in O(1) per move: what a search (or an app in which somebody drags units about) asks for.

use super::{Bases, TerritoryHours, Workload};
use crate::{SalesError, check};
use territory::Measure;
use territory::terms::Moments;

/// The workload summed onto units.
#[derive(Clone, Debug)]
pub struct UnitWorkload<'a> {
    workload: &'a Workload,
    /// Of every customer.
    unit_of: Vec<u32>,
    fixed_hours: Vec<f64>,
    /// Of the trips, about the market's mean location.
    moments: Vec<Moments>,
}

impl Workload {
    /// Sums the workload onto `units` units; `unit_of` names each customer's, `u32::MAX` leaves one out.
    ///
    /// # Errors
    /// A column of another length, or a unit that there is not.
    pub fn onto<'a>(&'a self, unit_of: &[u32], units: usize) -> Result<UnitWorkload<'a>, SalesError> {
        check::length("the units of the customers", unit_of.len(), self.len())?;
        let mean = self.mean_location();
        let mut sums = UnitWorkload {
            workload: self,
            unit_of: unit_of.to_vec(),
            fixed_hours: vec![0.0; units],
            moments: vec![Moments::default(); units],
        };
        for (customer, &unit) in unit_of.iter().enumerate().filter(|(_, u)| **u != u32::MAX) {
            let fault = SalesError::Index {
                what: "the units of the customers",
                row: customer,
                index: unit as usize,
                count: units,
            };
            *sums.fixed_hours.get_mut(unit as usize).ok_or(fault)? +=
                self.call_hours[customer] + self.step_hours[customer];
            sums.moments[unit as usize].add(&self.mass(customer, mean));
        }
        Ok(sums)
    }
}

impl UnitWorkload<'_> {
    /// Number of units.
    pub fn len(&self) -> usize {
        self.fixed_hours.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fixed_hours.is_empty()
    }

    /// Hours per year of each unit that do not depend on the base: a measure for the engine.
    pub fn fixed_hours(&self) -> &[f64] {
        &self.fixed_hours
    }

    /// The workload of the units as an anchored measure of the engine, where territories have anchors, the reps' bases: ways are
    /// counted from where the units are, each with all its trips. [`Workload::territories`] has the hours from the customers' own doors.
    pub fn anchored(&self, name: impl Into<String>) -> Measure {
        let per_km = 2.0 * self.workload.trips().hours_per_km();
        Measure::new(name, self.fixed_hours.clone())
            .per_km(self.moments.iter().map(|trips| trips.weight * per_km).collect())
    }

    fn hours(&self, sums: &Sums, shape: f64) -> f64 {
        sums.fixed_hours + shape * self.workload.estimated_ways(&sums.moments)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    fixed_hours: f64,
    moments: Moments,
}

/// Hours of the territories of a plan that is being changed; bases unknown, ways by inertia, corrected to the exact ones by
/// [`TravelBooks::calibrate`].
///
/// ```
/// use territory::{Locations, Space};
/// use territory_sales::workload::{DayTrips, TravelBooks, Workload};
/// let at: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
/// let locations = Locations::from_coordinates(Space::Planar, &at);
/// let trips = DayTrips { calls_per_trip: 5.0, circuity: 1.2, speed_kmh: 40.0 };
/// let workload = Workload::new(&locations, &[12.0; 6], &[0.5; 6], trips)?;
/// let units = workload.onto(&[0, 1, 2, 3, 4, 5], 6)?; // customers as units
/// let mut books = TravelBooks::new(&units, &[0, 0, 0, 0, 1, 1], 2)?;
/// let wanted = books.hours_if_moved(3, 1);
/// books.apply(3, 1);
/// assert_eq!((books.hours(0), books.hours(1)), wanted);
/// assert!((books.hours(0) - books.hours(1)).abs() < 1e-9);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TravelBooks<'a> {
    units: &'a UnitWorkload<'a>,
    pub(super) territory_of: Vec<u32>,
    pub(super) sums: Vec<Sums>,
    /// Exact ways over estimated ones of every territory when last calibrated; 1 before.
    shapes: Vec<f64>,
}

impl<'a> TravelBooks<'a> {
    /// Books of a plan of `k` territories.
    ///
    /// # Errors
    /// A plan of another length, or with a territory that is not below `k`.
    pub fn new(units: &'a UnitWorkload<'a>, territory_of: &[u32], k: usize) -> Result<Self, SalesError> {
        check::length("the plan", territory_of.len(), units.len())?;
        check::indices("the plan", territory_of, k)?;
        let mut books =
            Self { units, territory_of: territory_of.to_vec(), sums: vec![Sums::default(); k], shapes: vec![1.0; k] };
        books.refresh();
        Ok(books)
    }

    /// Territory of every unit.
    pub fn territory_of(&self) -> &[u32] {
        &self.territory_of
    }

    /// Hours of a territory per year.
    ///
    /// # Panics
    /// If there is no such territory.
    pub fn hours(&self, territory: u32) -> f64 {
        self.units.hours(&self.sums[territory as usize], self.shapes[territory as usize])
    }

    /// Hours that the unit's territory and the territory `to` would have after the move, in O(1).
    ///
    /// # Panics
    /// If there is no such unit or territory.
    pub fn hours_if_moved(&self, unit: u32, to: u32) -> (f64, f64) {
        let from = self.territory_of[unit as usize];
        if from == to {
            return (self.hours(from), self.hours(to));
        }
        let (left, joined) = (self.changed(from, unit, -1.0), self.changed(to, unit, 1.0));
        (self.units.hours(&left, self.shapes[from as usize]), self.units.hours(&joined, self.shapes[to as usize]))
    }

    /// Moves a unit, in O(1).
    ///
    /// # Panics
    /// If there is no such unit or territory.
    pub fn apply(&mut self, unit: u32, to: u32) {
        let from = self.territory_of[unit as usize];
        if from != to {
            self.sums[from as usize] = self.changed(from, unit, -1.0);
            self.sums[to as usize] = self.changed(to, unit, 1.0);
            self.territory_of[unit as usize] = to;
        }
    }

    /// Forms the sums anew, in unit order: after many moves rounding adds up.
    pub fn refresh(&mut self) {
        self.sums.iter_mut().for_each(|s| *s = Sums::default());
        for unit in 0..self.territory_of.len() {
            let t = self.territory_of[unit];
            self.sums[t as usize] = self.changed(t, unit as u32, 1.0);
        }
    }

    /// Looks at every customer once and corrects each territory's estimate by what its exact ways are, so that hours are those that
    /// [`Workload::territories`] reports from centroids. The correction is kept while units move: territories change their shape slowly.
    ///
    /// # Errors
    /// None for books that could be made; as [`Workload::territories`].
    pub fn calibrate(&mut self) -> Result<(), SalesError> {
        let unit_of = &self.units.unit_of;
        let territory = |unit: &u32| self.territory_of.get(*unit as usize).copied().unwrap_or(u32::MAX);
        let territory_of: Vec<u32> = unit_of.iter().map(territory).collect();
        let exact = self.units.workload.territories(&territory_of, self.sums.len(), Bases::Centroids)?;
        let shape = |h: &TerritoryHours| if h.estimated_ways > 0.0 { h.ways / h.estimated_ways } else { 1.0 };
        self.shapes = exact.iter().map(shape).collect();
        Ok(())
    }

    /// A territory's sums with (`sign` 1) or without (−1) a unit.
    fn changed(&self, territory: u32, unit: u32, sign: f64) -> Sums {
        let (mut sums, of) = (self.sums[territory as usize], &self.units.moments[unit as usize]);
        sums.fixed_hours += sign * self.units.fixed_hours[unit as usize];
        sums.moments.merge(&Moments {
            weight: sign * of.weight,
            first: of.first.map(|x| sign * x),
            second: sign * of.second,
        });
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::DayTrips;
    use proptest::prelude::*;
    use territory::{Locations, Space};

    const TRIPS: DayTrips = DayTrips { calls_per_trip: 5.0, circuity: 1.2, speed_kmh: 50.0 };

    proptest! {
        /// Protects the O(1) books against the report, which looks at every customer, after a row of moves on the sphere.
        #[test]
        fn books_stay_true(
            rows in prop::collection::vec((8.0f64..8.5, 47.0f64..47.5, 0.0f64..20.0, 0u32..12, 0u32..3), 13..60),
            moves in prop::collection::vec((0u32..12, 0u32..3), 0..40),
        ) {
            let at: Vec<[f64; 2]> = rows.iter().map(|r| [r.0, r.1]).collect();
            let locations = Locations::from_coordinates(Space::Geographic, &at);
            let calls: Vec<f64> = rows.iter().map(|r| r.2).collect();
            let workload = Workload::new(&locations, &calls, &vec![0.5; calls.len()], TRIPS).unwrap();
            let unit_of: Vec<u32> = rows.iter().map(|r| r.3).collect();
            let units = workload.onto(&unit_of, 12).unwrap();
            let start: Vec<u32> = (0..12).map(|u| rows[u].4).collect();
            let mut books = TravelBooks::new(&units, &start, 3).unwrap();
            for (unit, to) in moves {
                books.apply(unit, to);
            }
            let territory_of: Vec<u32> = unit_of.iter().map(|&u| books.territory_of()[u as usize]).collect();
            let exact = workload.territories(&territory_of, 3, Bases::Centroids).unwrap();
            for (t, hours) in exact.iter().enumerate() {
                let expected = hours.calls + hours.steps + hours.estimated_ways;
                // √ of what is left of sums that cancel: 1e-4 h where a territory has one place.
                prop_assert!((books.hours(t as u32) - expected).abs() < 1e-3, "{} {expected}", books.hours(t as u32));
            }
            books.calibrate().unwrap();
            for (t, hours) in exact.iter().enumerate().filter(|(_, h)| h.estimated_ways > 1e-3) {
                prop_assert!((books.hours(t as u32) - hours.total()).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn the_estimate_is_exact_to_a_percent_on_a_disc() {
        // 20,000 customers on a disc of 30 km, by the golden angle.
        let at: Vec<[f64; 2]> = (0..20_000)
            .map(|i| {
                let (r, a) =
                    (30_000.0 * ((f64::from(i) + 0.5) / 20_000.0).sqrt(), 2.399_963_229_728_653 * f64::from(i));
                [r * a.cos(), r * a.sin()]
            })
            .collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let workload = Workload::new(&locations, &vec![1.0; 20_000], &vec![0.0; 20_000], TRIPS).unwrap();
        let hours = workload.territories(&vec![0; 20_000], 1, Bases::Centroids).unwrap()[0];
        // Mean distance of a disc is 2/3 of its radius: 20 km · 1.2 / 50 km/h · 2/5 ways.
        assert!((hours.ways / 20_000.0 - 20.0 * 1.2 / 50.0 * 0.4).abs() < 1e-4);
        assert!((hours.estimated_ways / hours.ways - 0.94 / (8.0f64.sqrt() / 3.0)).abs() < 1e-3);
    }

    #[test]
    fn known_bases_and_times_take_the_place_of_centroids() {
        let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [10_000.0, 0.0], [0.0, 50_000.0]]);
        let workload = Workload::new(&locations, &[5.0, 10.0, 1.0], &[1.0; 3], TRIPS).unwrap();
        let plan = [0, 0, u32::MAX];
        let known = workload.territories(&plan, 1, Bases::Known(&[[0.0, 0.0]])).unwrap()[0];
        // 10 calls · 2/5 ways · 10 km · 1.2 / 50; the third customer belongs to nobody.
        assert!((known.ways - 0.96).abs() < 1e-12);
        assert_eq!(known.calls, 15.0);
        let times = workload.territories(&plan, 1, Bases::Times(&|customer, _| customer as f64)).unwrap()[0];
        assert!((times.ways - 10.0 * 0.4).abs() < 1e-12);
        assert!(workload.territories(&plan, 1, Bases::Known(&[])).is_err());
        assert!(workload.territories(&[0, 3, 0], 1, Bases::Centroids).is_err());
        assert!(workload.territories(&plan, 1, Bases::Times(&|_, _| -1.0)).is_err());
        let sphere = Locations::from_coordinates(Space::Geographic, &[[116.4, 39.9]]);
        let workload = Workload::new(&sphere, &[5.0], &[1.0], TRIPS).unwrap();
        let swapped = workload.territories(&[0], 1, Bases::Known(&[[39.9, 116.4]])).unwrap_err();
        assert!(matches!(&swapped, crate::SalesError::SwappedCoordinates { row, .. } if row == "base 0"), "{swapped}");
    }
}
