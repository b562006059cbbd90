//! Hours of every territory of a plan, exactly, with the estimate that a search may have used beside it.

use super::{DISC_RATIO, Workload};
use crate::{SalesError, check};
use territory::squared_distance;
use territory::terms::{Mass, Moments};

/// Where a territory's rep starts in the morning.
#[derive(Clone, Copy)]
pub enum Bases<'a> {
    /// Not known: the centroid of the territory's trips.
    Centroids,
    /// At these places, one per territory, `[longitude, latitude]` or `[x, y]` as the customers'.
    Known(&'a [[f64; 2]]),
    /// As far as this says: one-way hours from a customer to the base of a territory, by their indices.
    Times(&'a dyn Fn(usize, usize) -> f64),
}

/// Hours of a territory, per year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TerritoryHours {
    /// With customers.
    pub calls: f64,
    /// From one customer to the next.
    pub steps: f64,
    /// Out and back, exact: Σ 2·f/m · (way to the base).
    pub ways: f64,
    /// The same from the territory's inertia, 0.94·√(I / F) of the trips for the mean way; what a search without bases goes by.
    pub estimated_ways: f64,
}

impl TerritoryHours {
    /// All hours.
    pub fn total(&self) -> f64 {
        self.calls + self.steps + self.ways
    }

    /// Travel: ways and steps.
    pub fn travel(&self) -> f64 {
        self.steps + self.ways
    }

    /// What the estimate is off, as a share of all hours.
    pub fn estimate_error(&self) -> f64 {
        if self.total() > 0.0 { (self.estimated_ways - self.ways) / self.total() } else { 0.0 }
    }
}

impl Workload {
    /// One-way hours of every customer to the base of its territory; customers outside every territory (`u32::MAX`) have 0.
    ///
    /// # Errors
    /// A plan of another length or with territories that are not below `k`; bases that are not one per territory, are at no place, or have
    /// longitude and latitude swapped; times that are negative or not finite.
    pub fn ways_hours(&self, territory_of: &[u32], k: usize, bases: Bases<'_>) -> Result<Vec<f64>, SalesError> {
        self.check_plan(territory_of, k)?;
        let space = self.locations.space();
        let straight = |bases: Vec<[f64; 3]>| {
            let way = |(i, &t): (usize, &u32)| bases.get(t as usize).map_or(0.0, |&b| self.straight_hours(i, b));
            territory_of.iter().enumerate().map(way).collect::<Vec<f64>>()
        };
        let ways = match bases {
            Bases::Centroids => straight(self.centroids(territory_of, k)),
            Bases::Known(places) => {
                check::length("the list of bases", places.len(), k)?;
                check::places(space, places, |t| format!("base {t}"))?;
                straight(places.iter().map(|&p| space.locate(p)).collect())
            }
            Bases::Times(hours) => {
                let way = |(i, &t): (usize, &u32)| if t == u32::MAX { 0.0 } else { hours(i, t as usize) };
                territory_of.iter().enumerate().map(way).collect()
            }
        };
        check::not_negative("the way to the base (h)", &ways)?;
        Ok(ways)
    }

    /// Hours of every territory.
    ///
    /// # Errors
    /// As [`Workload::ways_hours`].
    pub fn territories(
        &self,
        territory_of: &[u32],
        k: usize,
        bases: Bases<'_>,
    ) -> Result<Vec<TerritoryHours>, SalesError> {
        let ways = self.ways_hours(territory_of, k, bases)?;
        let mut hours = vec![TerritoryHours::default(); k];
        for (i, &t) in territory_of.iter().enumerate() {
            if let Some(sum) = hours.get_mut(t as usize) {
                sum.calls += self.call_hours[i];
                sum.steps += self.step_hours[i];
                sum.ways += 2.0 * self.trips_per_year[i] * ways[i];
            }
        }
        let moments = self.moments(territory_of, k).1;
        for (sum, m) in hours.iter_mut().zip(&moments) {
            sum.estimated_ways = self.estimated_ways(m);
        }
        Ok(hours)
    }

    /// Ways out and back of a territory with these moments of trips: 2 · F · 0.94·√(I/F) · hours per km.
    pub(super) fn estimated_ways(&self, m: &Moments) -> f64 {
        let per_km = 2.0 * self.trips.hours_per_km();
        per_km * DISC_RATIO * (m.weight.max(0.0) * m.inertia()).sqrt()
    }

    /// One-way hours that each customer's way to a base may be expected to take before there is any plan of `k` territories: the mean way,
    /// straight, to the calls nearest to it that make up one territory's share of all. A measure made with it
    /// ([`Workload::hours`]) depends on no plan, so that a search has one goal to aim at; [`Workload::territories`] then tells what
    /// the ways have become. Time grows with the square of the number of customers: made for tens of thousands.
    ///
    /// ```
    /// use territory::{Locations, Space};
    /// use territory_sales::workload::{DayTrips, Workload};
    /// let at: Vec<[f64; 2]> = [0.0, 1.0, 3.0, 50.0, 54.0, 62.0].map(|km| [km * 1000.0, 0.0]).to_vec();
    /// let locations = Locations::from_coordinates(Space::Planar, &at);
    /// let trips = DayTrips { calls_per_trip: 2.0, circuity: 1.0, speed_kmh: 1.0 };
    /// let ways = Workload::new(&locations, &[1.0; 6], &[1.0; 6], trips)?.expected_ways_hours(2)?;
    /// // Three calls each: those at 0, 1 and 3 km for the first customer, at 50, 54 and 62 km for the last.
    /// assert_eq!((ways[0], ways[5]), (4.0 / 3.0, 20.0 / 3.0));
    /// # Ok::<(), territory_sales::SalesError>(())
    /// ```
    ///
    /// # Errors
    /// No territory.
    pub fn expected_ways_hours(&self, k: usize) -> Result<Vec<f64>, SalesError> {
        check::positive("the number of territories", k as f64)?;
        let share = self.calls_per_year.iter().sum::<f64>() / k as f64;
        let mut near: Vec<(f64, f64)> = Vec::with_capacity(self.len());
        let points = self.locations.points();
        let expected = points.iter().map(|&at| {
            near.clear();
            near.extend(points.iter().zip(&self.calls_per_year).map(|(&p, &f)| (squared_distance(p, at), f)));
            near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let (mut calls, mut ways) = (0.0, 0.0);
            for &(squared, f) in &near {
                let taken = f.min(share - calls);
                calls += taken;
                ways += taken * squared.sqrt();
                if calls >= share {
                    break;
                }
            }
            if calls > 0.0 { ways / calls * self.trips.hours_per_km() } else { 0.0 }
        });
        Ok(expected.collect())
    }

    /// Where the work of every territory is: the centroid of its trips, `[longitude, latitude]` or `[x, y]` as the customers'.
    ///
    /// # Errors
    /// A plan of another length or with territories that are not below `k`.
    pub fn centres(&self, territory_of: &[u32], k: usize) -> Result<Vec<[f64; 2]>, SalesError> {
        self.check_plan(territory_of, k)?;
        let space = self.locations.space();
        Ok(self.centroids(territory_of, k).into_iter().map(|c| space.coordinates(c)).collect())
    }

    fn check_plan(&self, territory_of: &[u32], k: usize) -> Result<(), SalesError> {
        check::length("the plan", territory_of.len(), self.len())?;
        match territory_of.iter().position(|&t| t != u32::MAX && t as usize >= k) {
            None => Ok(()),
            Some(row) => Err(SalesError::Index { what: "the plan", row, index: territory_of[row] as usize, count: k }),
        }
    }

    /// Moments of the trips of every territory about the market's mean location, and that location.
    fn moments(&self, territory_of: &[u32], k: usize) -> ([f64; 3], Vec<Moments>) {
        let mean = self.mean_location();
        let mut moments = vec![Moments::default(); k];
        for (i, &t) in territory_of.iter().enumerate() {
            if let Some(sum) = moments.get_mut(t as usize) {
                sum.add(&self.mass(i, mean));
            }
        }
        (mean, moments)
    }

    fn centroids(&self, territory_of: &[u32], k: usize) -> Vec<[f64; 3]> {
        let (mean, moments) = self.moments(territory_of, k);
        let absolute = |m: &Moments| {
            let c = m.centroid();
            [c[0] + mean[0], c[1] + mean[1], c[2] + mean[2]]
        };
        moments.iter().map(absolute).collect()
    }

    /// The trips to a customer as a mass relative to `mean`.
    pub(super) fn mass(&self, customer: usize, mean: [f64; 3]) -> Mass {
        let p = self.locations.points()[customer];
        Mass { at: [p[0] - mean[0], p[1] - mean[1], p[2] - mean[2]], weight: self.trips_per_year[customer] }
    }

    pub(super) fn mean_location(&self) -> [f64; 3] {
        let n = self.len().max(1) as f64;
        let points = self.locations.points();
        [0, 1, 2].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / n)
    }
}
