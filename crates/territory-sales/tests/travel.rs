//! Protects the travel formula: against near-optimal day trips on random markets that it was not fitted on. `examples/day_trips` prints the
//! same for more markets.
#![allow(clippy::print_stdout)]

#[path = "../examples/day_trips/market.rs"]
mod market;
#[path = "../examples/day_trips/router.rs"]
mod router;

use market::Market;
use territory_sales::workload::{Bases, DayTrips, Workload};

/// Three of the 24 markets (0 to 23) that the figures in the formula's documentation are of; it was fitted on none of them.
const MARKETS: std::ops::Range<u64> = 11..14;

#[test]
fn the_formula_is_within_five_percent_of_tours() {
    let mut errors = Vec::new();
    for market in MARKETS.map(Market::new) {
        let customers = market.customers.len();
        let trips = DayTrips { calls_per_trip: market.calls_per_trip as f64, circuity: 1.0, speed_kmh: 1.0 };
        let workload = Workload::new(&market.locations(), &vec![1.0; customers], &vec![0.0; customers], trips).unwrap();
        let bases: Vec<[f64; 2]> = market.bases.iter().map(|b| b.map(|x| x * 1000.0)).collect();
        let formula = workload.territories(&market.territory_of, bases.len(), Bases::Known(&bases)).unwrap();
        for (t, hours) in formula.iter().enumerate() {
            let members = market.members(t as u32);
            if members.len() >= 20 {
                let tours = router::trips_km(market.bases[t], &members, market.calls_per_trip, 60);
                errors.push((hours.travel() / tours - 1.0).abs());
            }
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let worst = errors.iter().copied().fold(0.0, f64::max);
    println!("{} territories: mean error {:.1} %, worst {:.1} %", errors.len(), 100.0 * mean, 100.0 * worst);
    assert!(errors.len() >= 8, "{} territories", errors.len());
    assert!(mean <= 0.05, "mean {mean}, worst {worst}");
}

/// The router is the yardstick: on customers in a circle about the base its trips must have the length that geometry gives.
#[test]
fn the_router_finds_known_optima() {
    // Two clusters of three far out, three calls a day: one trip to each.
    let clusters = [[100.0, 0.0], [101.0, 0.0], [102.0, 0.0], [-100.0, 0.0], [-101.0, 0.0], [-102.0, 0.0]];
    assert!((router::trips_km([0.0, 0.0], &clusters, 3, 5) - 408.0).abs() < 1e-9);
    // One a day: twice every distance.
    let spokes: Vec<[f64; 2]> = (0..7).map(|i| [10.0 * f64::from(i).cos(), 10.0 * f64::from(i).sin()]).collect();
    assert!((router::trips_km([0.0, 0.0], &spokes, 1, 5) - 140.0).abs() < 1e-9);
    // All on one day: the way round a square.
    let square = [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [2.0, 1.0], [0.0, 1.0], [1.0, 2.0]];
    assert!((router::trips_km([0.0, 0.0], &square, 9, 5) - 8.0).abs() < 1e-9);
}

/// What the engine balances as an anchored measure is what the formula says of the plan: exactly where customers are units, to the
/// way across a unit where they are summed onto units.
#[test]
fn the_engine_sums_the_same_hours() {
    use territory::adjacency::{Neighbourhood, from_points};
    use territory::{Control, Effort, ProblemSpec, SolveOptions, Territory};
    let market = Market::new(3);
    let customers = market.customers.len();
    let trips = DayTrips { calls_per_trip: market.calls_per_trip as f64, circuity: 1.3, speed_kmh: 60.0 };
    let workload = Workload::new(&market.locations(), &vec![12.0; customers], &vec![0.7; customers], trips).unwrap();
    let bases: Vec<[f64; 2]> = market.bases.iter().map(|b| b.map(|x| x * 1000.0)).collect();
    let graph = from_points(&market.locations(), Neighbourhood::default()).unwrap();
    let spec = ProblemSpec::new(market.locations(), graph, bases.len())
        .measure(workload.anchored("hours").tolerance(0.05))
        .territories((1..).zip(&bases).map(|(i, &at)| Territory::new(format!("rep {i}")).anchor(at)).collect());
    let problem = spec.build().unwrap();
    let options = SolveOptions { seed: 1, effort: Effort::Standard };
    let plan = territory::solve(&problem, &options, &Control::default()).unwrap().assignment;
    let figures = territory::evaluate::evaluate(&problem, &plan).unwrap();
    assert!(figures.violations.is_empty(), "{:?}", figures.violations);
    let hours = workload.territories(&plan, bases.len(), Bases::Known(&bases)).unwrap();
    for (figures, hours) in figures.territories.iter().zip(&hours) {
        assert!((figures.sums[0] / hours.total() - 1.0).abs() < 1e-9, "{} and {}", figures.sums[0], hours.total());
        assert!(hours.ways > 0.05 * hours.total(), "ways are {} of {} hours", hours.ways, hours.total());
    }
    // The same customers as units of their own, through the sums onto units.
    let unit_of: Vec<u32> = (0..customers as u32).collect();
    let onto = workload.onto(&unit_of, customers).unwrap().anchored("hours");
    let direct = workload.anchored("hours");
    let close = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close(&onto.values, &direct.values) && close(&onto.per_km, &direct.per_km));
}
