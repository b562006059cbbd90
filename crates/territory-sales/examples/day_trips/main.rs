//! The travel formula against tours: `cargo run --release -p territory-sales --example day_trips [MARKETS [ROUNDS]]`.
//!
//! Per territory of random markets: km by the formula, km of near-optimal day trips (the router beside this file), and the difference. Also the formula
//! without known bases (the territory's inertia for the mean way) and, for comparison, the one for a single long tour.

#[path = "market.rs"]
mod market;
#[path = "router.rs"]
mod router;

use market::Market;
use std::io::Write;
use territory_sales::workload::{Bases, DayTrips, Workload};

/// A share of error, signed.
fn error(formula: f64, tour: f64) -> f64 {
    formula / tour - 1.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let markets = arguments.next().transpose()?.unwrap_or(12);
    let rounds = arguments.next().transpose()?.unwrap_or(400) as usize;
    let mut out = std::io::stdout().lock();
    writeln!(out, "market territory customers calls/trip   tours km formula km   error   one tour")?;
    let (mut errors, mut single) = (Vec::new(), Vec::new());
    for index in 0..markets {
        let market = Market::new(index);
        let customers = market.customers.len();
        // Circuity 1 at 1 km/h: hours are kilometres.
        let trips = DayTrips { calls_per_trip: market.calls_per_trip as f64, circuity: 1.0, speed_kmh: 1.0 };
        let workload = Workload::new(&market.locations(), &vec![1.0; customers], &vec![0.0; customers], trips)?;
        let bases: Vec<[f64; 2]> = market.bases.iter().map(|b| b.map(|x| x * 1000.0)).collect();
        let formula = workload.territories(&market.territory_of, bases.len(), Bases::Known(&bases))?;
        for (t, hours) in formula.iter().enumerate() {
            let members = market.members(t as u32);
            if members.len() < 20 {
                continue;
            }
            let tours = router::trips_km(market.bases[t], &members, market.calls_per_trip, rounds);
            let one_tour = 0.7124 * (members.len() as f64 * area_km2(&members)).sqrt();
            errors.push(error(hours.travel(), tours));
            single.push(error(one_tour, tours));
            writeln!(
                out,
                "{index:6} {t:9} {:9} {:9} {tours:10.1} {:10.1} {:+6.1} % {:+8.1} %",
                members.len(),
                market.calls_per_trip,
                hours.travel(),
                100.0 * error(hours.travel(), tours),
                100.0 * error(one_tour, tours),
            )?;
        }
    }
    for (name, errors) in [("additive formula", &errors), ("one tour, 0.7124·√(nA)", &single)] {
        let n = errors.len() as f64;
        let mean = errors.iter().map(|e| e.abs()).sum::<f64>() / n;
        let worst = errors.iter().map(|e| e.abs()).fold(0.0, f64::max);
        let bias = errors.iter().sum::<f64>() / n;
        writeln!(
            out,
            "{name}: {} territories, mean error {:.1} %, worst {:.1} %, bias {:+.1} %",
            errors.len(),
            100.0 * mean,
            100.0 * worst,
            100.0 * bias
        )?;
    }
    Ok(())
}

/// Area of the box around some points, km².
fn area_km2(points: &[[f64; 2]]) -> f64 {
    let side = |axis: usize| {
        let of = || points.iter().map(|p| p[axis]);
        of().fold(f64::NEG_INFINITY, f64::max) - of().fold(f64::INFINITY, f64::min)
    };
    side(0) * side(1)
}
