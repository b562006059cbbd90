//! Workload: hours of calls and of travel, per customer, per unit and per territory.
//!
//! A rep makes trips of m calls from a base, day trips or longer ones. Travel of territory j, additive per customer:
//!
//! L_j = Σ_i f_i · [ 2·d(i, base_j)/m + 0.83·(1 − 1/m)·δ_i ],  hours = L × circuity / speed,
//!
//! with f_i calls per year and δ_i the mean distance to customer i's three nearest customers in the whole market: each call carries its share of
//! the way out and back, and a step to a neighbour. Against near-optimal trips of 4 to 12 calls on 75 territories of 24 random markets it is
//! off by 3.3 % on average (1.7 % too short) and by 30.1 % in the worst case, a territory of tight towns scattered about
//! (`examples/day_trips 24 60` measures it; trips of more calls were not measured), where the formula for one long tour, 0.7124·√(nA) (Beardwood, Halton & Hammersley
//! 1959, doi:10.1017/S0305004100034095), misses by far more. It follows the decomposition of Daganzo (1984,
//! doi:10.1287/trsc.18.4.331) into line haul and detour.
//!
//! Being additive it serves *inside* a search, as a measure: [`Workload::fixed_hours`] (calls and steps, the same in every territory) plus the
//! way out and back, which depends on the base: to given bases ([`Workload::anchored`], [`UnitWorkload::anchored`], [`Workload::hours`]), or, while no base
//! is known, through the territory's inertia: the mean distance is 0.94·√(I / F), I and F of the trips f/m (a disc's mean distance from its centre over its
//! root-mean-square one, 2√2/3), which [`TravelBooks`] keep current in O(1) per move. [`Workload::territories`] reports the exact figure
//! beside that estimate. Travel times of one's own (a matrix, a function) take the place of straight lines.

mod books;
mod leaving;
mod rounds;
mod settle;
mod spacing;
mod territories;

pub use books::{TravelBooks, UnitWorkload};
pub use rounds::balance_in_rounds;
pub use settle::{Balanced, Settlement};
pub use spacing::spacing_km;
pub use territories::{Bases, TerritoryHours};

use crate::classes::Calls;
use crate::{SalesError, check};
use territory::{Locations, Measure};

/// Steps between customers of a trip per mean distance to the three nearest: fitted on markets other than those it is judged on.
pub const DETOUR: f64 = 0.83;

/// Mean distance from the centre over the root-mean-square one, of a disc.
pub const DISC_RATIO: f64 = 0.94;

/// How reps travel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayTrips {
    /// m, calls per trip, from leaving the base to coming back, at least 1: a day's, or those of several days with nights on the road.
    pub calls_per_trip: f64,
    /// Road kilometres per straight one, at least 1: about 1.2 in cities.
    pub circuity: f64,
    /// Mean speed on the road, km/h.
    pub speed_kmh: f64,
}

impl DayTrips {
    /// Hours per straight kilometre.
    pub fn hours_per_km(&self) -> f64 {
        self.circuity / self.speed_kmh
    }

    /// Steps to a neighbour per call, in mean distances to the three nearest: 0.83·(1 − 1/m).
    pub fn steps_per_call(&self) -> f64 {
        DETOUR * (1.0 - 1.0 / self.calls_per_trip)
    }

    fn check(&self) -> Result<(), SalesError> {
        let at_least_one = |v: f64| v.is_finite() && v >= 1.0;
        check::parameter("the number of calls per trip", self.calls_per_trip, "at least 1", at_least_one)?;
        check::parameter("the circuity", self.circuity, "at least 1", at_least_one)?;
        check::positive("the speed (km/h)", self.speed_kmh)
    }
}

/// The workload of customers, before anybody says which rep serves them.
///
/// ```
/// use territory::{Locations, Space};
/// use territory_sales::workload::{DayTrips, Workload};
/// // Four customers in a row, 10 km apart; one call each, of half an hour.
/// let km = |x: f64| [x * 1000.0, 0.0];
/// let locations = Locations::from_coordinates(Space::Planar, &[km(0.0), km(10.0), km(20.0), km(30.0)]);
/// let trips = DayTrips { calls_per_trip: 2.0, circuity: 1.2, speed_kmh: 60.0 };
/// let workload = Workload::new(&locations, &[1.0; 4], &[0.5; 4], trips)?;
/// // δ: 20, 13.33, 13.33, 20 km; hours per km 0.02. First customer: 0.5 + 0.83 · ½ · 20 · 0.02.
/// assert!((workload.fixed_hours()[0] - (0.5 + 0.166)).abs() < 1e-12);
/// // From a base at its own door the second customer's way out and back costs 2/2 · 10 km.
/// let hours = workload.hours(|customer| if customer == 1 { 10.0 * 0.02 } else { 0.0 });
/// assert!((hours[1] - (0.5 + 0.83 * 0.5 * 40.0 / 3.0 * 0.02 + 0.2)).abs() < 1e-12);
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Workload {
    locations: Locations,
    calls_per_year: Vec<f64>,
    call_hours: Vec<f64>,
    /// Mean time from each customer to its neighbours.
    neighbour_hours: Vec<f64>,
    step_hours: Vec<f64>,
    /// f/m of every customer.
    trips_per_year: Vec<f64>,
    trips: DayTrips,
}

impl Workload {
    /// With straight lines. `calls_per_year` and `hours_per_call` have one row per location.
    ///
    /// # Errors
    /// Columns of other lengths or with negative values; locations that are not finite; parameters out of range.
    pub fn new(
        locations: &Locations,
        calls_per_year: &[f64],
        hours_per_call: &[f64],
        trips: DayTrips,
    ) -> Result<Self, SalesError> {
        Self::check(locations, calls_per_year, hours_per_call, &trips)?;
        let per_km = trips.hours_per_km();
        let step_hours = spacing_km(locations).into_iter().map(|km| km * per_km).collect();
        Ok(Self::assemble(locations, calls_per_year, hours_per_call, step_hours, trips))
    }

    /// The same for the calls of a classing.
    ///
    /// # Errors
    /// As [`Workload::new`].
    pub fn of_calls(locations: &Locations, calls: &Calls, trips: DayTrips) -> Result<Self, SalesError> {
        Self::new(locations, &calls.calls_per_year, &calls.hours_per_call, trips)
    }

    /// With travel times of one's own: `hours_between(from, to)` from one customer to another, one way, by their rows. δ is then the mean of the three
    /// shortest of those to the eight nearest in a straight line. Circuity and speed do not count, except where
    /// a base is measured to in a straight line.
    ///
    /// # Errors
    /// As [`Workload::new`]; times that are negative or not finite.
    pub fn with_travel_times(
        locations: &Locations,
        calls_per_year: &[f64],
        hours_per_call: &[f64],
        trips: DayTrips,
        hours_between: impl Fn(usize, usize) -> f64,
    ) -> Result<Self, SalesError> {
        Self::check(locations, calls_per_year, hours_per_call, &trips)?;
        let step_hours = spacing::by_times(locations, hours_between);
        check::not_negative("the travel times to the nearest customers (h)", &step_hours)?;
        Ok(Self::assemble(locations, calls_per_year, hours_per_call, step_hours, trips))
    }

    fn check(locations: &Locations, calls: &[f64], hours: &[f64], trips: &DayTrips) -> Result<(), SalesError> {
        trips.check()?;
        check::located(locations)?;
        check::length("the calls per year", calls.len(), locations.len())?;
        check::length("the hours per call", hours.len(), locations.len())?;
        check::not_negative("the calls per year", calls)?;
        check::not_negative("the hours per call", hours)
    }

    /// `neighbour_hours` is the mean time to the three nearest.
    fn assemble(
        locations: &Locations,
        calls: &[f64],
        hours: &[f64],
        neighbour_hours: Vec<f64>,
        trips: DayTrips,
    ) -> Self {
        let workload = Self {
            locations: locations.clone(),
            calls_per_year: calls.to_vec(),
            call_hours: calls.iter().zip(hours).map(|(f, h)| f * h).collect(),
            neighbour_hours,
            step_hours: Vec::new(),
            trips_per_year: Vec::new(),
            trips,
        };
        workload.with_lengths(|_| trips)
    }

    /// With trips of a length of its own to every customer, m_i calls: where reps come home every night in town, and stay away for
    /// some in the country. Each call then carries 2/m_i of its way to the base, and centroids are those of the trips.
    ///
    /// ```
    /// use territory::{Locations, Space};
    /// use territory_sales::workload::{DayTrips, Workload};
    /// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [10_000.0, 0.0]]);
    /// let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.0, speed_kmh: 100.0 };
    /// let workload = Workload::new(&locations, &[8.0; 2], &[1.0; 2], trips)?.with_calls_per_trip(&[4.0, 16.0])?;
    /// // 8 calls, half an hour from home: 2/4 or 2/16 of it each.
    /// let hours = workload.hours(|_| 0.5);
    /// assert!((hours[0] - workload.fixed_hours()[0] - 2.0).abs() < 1e-12);
    /// assert!((hours[1] - workload.fixed_hours()[1] - 0.5).abs() < 1e-12);
    /// // Steps: 8 · 0.83 · (1 − 1/16) · 0.1 h.
    /// assert!((workload.step_hours()[1] - 0.6225).abs() < 1e-12);
    /// # Ok::<(), territory_sales::SalesError>(())
    /// ```
    ///
    /// # Errors
    /// A column of another length, or trips of less than one call.
    pub fn with_calls_per_trip(self, calls_per_trip: &[f64]) -> Result<Self, SalesError> {
        check::length("the calls per trip", calls_per_trip.len(), self.len())?;
        let trips = self.trips;
        let of = |&m: &f64| DayTrips { calls_per_trip: m, ..trips };
        calls_per_trip.iter().try_for_each(|m| of(m).check())?;
        Ok(self.with_lengths(|i| calls_per_trip.get(i).map_or(trips, of)))
    }

    fn with_lengths(mut self, trips: impl Fn(usize) -> DayTrips) -> Self {
        let rows = || self.calls_per_year.iter().zip(&self.neighbour_hours).enumerate();
        let steps = rows().map(|(i, (f, hours))| f * trips(i).steps_per_call() * hours).collect();
        let per_year = rows().map(|(i, (f, _))| f / trips(i).calls_per_trip).collect();
        (self.step_hours, self.trips_per_year) = (steps, per_year);
        self
    }

    /// Number of customers.
    pub fn len(&self) -> usize {
        self.calls_per_year.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.calls_per_year.is_empty()
    }

    /// How reps travel.
    pub fn trips(&self) -> &DayTrips {
        &self.trips
    }

    /// Trips to every customer, per year: its calls over the calls of a trip.
    pub fn trips_per_year(&self) -> &[f64] {
        &self.trips_per_year
    }

    /// Hours with every customer, per year.
    pub fn call_hours(&self) -> &[f64] {
        &self.call_hours
    }

    /// Hours on the way from one customer to the next, per year.
    pub fn step_hours(&self) -> &[f64] {
        &self.step_hours
    }

    /// Hours per year that do not depend on where the base is: calls and steps between customers.
    pub fn fixed_hours(&self) -> Vec<f64> {
        self.call_hours.iter().zip(&self.step_hours).map(|(c, s)| c + s).collect()
    }

    /// All hours per year, given the time of each customer's way to its base, one way, in hours.
    pub fn hours(&self, to_base_hours: impl Fn(usize) -> f64) -> Vec<f64> {
        let of = |(i, fixed): (usize, f64)| fixed + 2.0 * self.trips_per_year[i] * to_base_hours(i);
        self.fixed_hours().into_iter().enumerate().map(of).collect()
    }

    /// The workload as an anchored measure of the engine, where customers are the units and territories have anchors, the reps' bases:
    /// calls and steps, and per km of straight way 2·f/m of the hours that a km takes. What the engine then balances is
    /// [`Workload::territories`] with [`Bases::Known`], exactly.
    ///
    /// ```
    /// use territory::adjacency::{Edge, EdgeKind, Graph};
    /// use territory::{Locations, ProblemSpec, Space, Territory};
    /// use territory_sales::workload::{Bases, DayTrips, Workload};
    /// let places: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 10_000.0, 0.0]).collect();
    /// let locations = Locations::from_coordinates(Space::Planar, &places);
    /// let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 60.0 };
    /// let workload = Workload::new(&locations, &[12.0; 6], &[0.5; 6], trips)?;
    /// let edges: Vec<Edge> = (1..6).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
    /// let homes = [[0.0, 0.0], [40_000.0, 0.0]];
    /// let reps = ["Ann", "Ben"].iter().zip(homes).map(|(name, home)| Territory::new(*name).anchor(home));
    /// let problem = ProblemSpec::new(locations, Graph::from_edges(6, &edges), 2)
    ///     .measure(workload.anchored("hours").tolerance(0.2))
    ///     .territories(reps.collect())
    ///     .build()?;
    /// let plan = territory::solve(&problem, &Default::default(), &Default::default())?.assignment;
    /// let figures = territory::evaluate::evaluate(&problem, &plan)?;
    /// assert!(figures.violations.is_empty());
    /// let hours = workload.territories(&plan, 2, Bases::Known(&homes))?;
    /// assert!((figures.territories[1].sums[0] - hours[1].total()).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anchored(&self, name: impl Into<String>) -> Measure {
        let per_km = 2.0 * self.trips.hours_per_km();
        Measure::new(name, self.fixed_hours()).per_km(self.trips_per_year.iter().map(|trips| trips * per_km).collect())
    }

    /// One-way hours of a customer's straight way to a place (km, as [`territory::Space::locate`] gives it).
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn straight_hours(&self, customer: usize, to: [f64; 3]) -> f64 {
        self.locations.space().distance_km(self.locations.points()[customer], to) * self.trips.hours_per_km()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use territory::Space;

    #[test]
    fn parameters_out_of_range_are_faults() {
        let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0]]);
        let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 50.0 };
        let run = |calls: &[f64], trips| Workload::new(&locations, calls, &[1.0], trips).map(|w| w.fixed_hours());
        assert_eq!(run(&[2.0], trips), Ok(vec![2.0])); // nobody near: no steps
        assert!(matches!(run(&[-2.0], trips), Err(SalesError::Value { .. })));
        assert!(matches!(run(&[1.0, 1.0], trips), Err(SalesError::Length { found: 2, .. })));
        let nowhere = Locations::from_coordinates(Space::Planar, &[[f64::NAN, 0.0]]);
        assert!(matches!(Workload::new(&nowhere, &[1.0], &[1.0], trips), Err(SalesError::NoPlace { count: 1, .. })));
        for bad in [
            DayTrips { calls_per_trip: 0.5, ..trips },
            DayTrips { circuity: 0.9, ..trips },
            DayTrips { speed_kmh: 0.0, ..trips },
        ] {
            assert!(matches!(run(&[1.0], bad), Err(SalesError::Parameter { .. })), "{bad:?}");
        }
    }
}
