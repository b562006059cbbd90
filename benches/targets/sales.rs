//! The sales domain at size: `cargo bench -p territory-bench --bench sales`. Huff at 100,000 customers × 1,000 stores, classes and workload of a million
//! customers. Best and median of three runs each, wall and CPU of one thread.

#![allow(clippy::print_stdout)]

use rstar::{PointDistance, RTree};
use std::error::Error;
use std::time::Instant;
use territory::{Locations, Space};
use territory_bench::random::Random;
use territory_sales::PointIndex;
use territory_sales::classes::{ABC_CUTOFFS, CallPolicy, ClassCalls, abc};
use territory_sales::potential::{Huff, Store};
use territory_sales::workload::{DayTrips, Workload};

/// Clustered places in a box of mid-latitudes.
fn places(n: usize, random: &mut Random) -> Vec<[f64; 2]> {
    let towns: Vec<[f64; 2]> = (0..50).map(|_| [random.between(0.0, 20.0), random.between(40.0, 55.0)]).collect();
    let mut place = |i: usize| {
        let [x, y] = towns[random.below(towns.len())];
        let spread = if i % 10 < 7 { 0.3 } else { 5.0 };
        [x + spread * random.normal(), (y + spread * random.normal()).clamp(-80.0, 80.0)]
    };
    (0..n).map(&mut place).collect()
}

fn three<T>(name: &str, mut run: impl FnMut() -> Result<T, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        std::hint::black_box(run()?);
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{name}: best {:.2} s, median {:.2} s", seconds[0], seconds[1]);
    Ok(())
}

/// The k-d tree beside an R-tree: stores within 100 km of every customer, and every customer's three nearest others.
fn trees(customers: &Locations, stores: &[[f64; 3]]) -> Result<(), Box<dyn Error>> {
    let points = customers.points();
    let mut sums = [0.0; 4];
    three("k-d tree, stores within 100 km", || {
        let index = PointIndex::new(stores);
        sums[0] = 0.0;
        points.iter().for_each(|&at| index.within(at, 100.0, |_, d| sums[0] += d));
        Ok(())
    })?;
    three("R-tree, stores within 100 km", || {
        let tree = RTree::bulk_load(stores.to_vec());
        let near = |&at: &[f64; 3]| tree.locate_within_distance(at, 1e4).map(|p| p.distance_2(&at)).sum::<f64>();
        sums[1] = points.iter().map(near).sum();
        Ok(())
    })?;
    three("k-d tree, three nearest of 100,000", || {
        let index = PointIndex::new(points);
        let near = |(row, &at): (usize, &[f64; 3])| index.nearest::<3>(at, Some(row as u32)).map(|n| n.1);
        sums[2] = points.iter().enumerate().flat_map(near).sum();
        Ok(())
    })?;
    three("R-tree, three nearest of 100,000", || {
        let tree = RTree::bulk_load(points.to_vec());
        // The first is the point itself.
        let near =
            |&at: &[f64; 3]| tree.nearest_neighbor_iter_with_distance_2(&at).skip(1).take(3).map(|n| n.1).sum::<f64>();
        sums[3] = points.iter().map(near).sum();
        Ok(())
    })?;
    let same = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
    if same(sums[0], sums[1]) && same(sums[2], sums[3]) { Ok(()) } else { Err(format!("they differ: {sums:?}").into()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    if !std::env::args().any(|a| a == "--bench") {
        println!("run by cargo bench");
        return Ok(());
    }
    let mut random = Random::new(7, 0);
    let customers = Locations::from_coordinates(Space::Geographic, &places(100_000, &mut random));
    let demand: Vec<f64> = (0..100_000).map(|_| random.lognormal(1.0)).collect();
    let stores: Vec<Store> = places(1_000, &mut random)
        .into_iter()
        .map(|at| Store { at, attraction: random.lognormal(0.5), ours: random.below(5) == 0 })
        .collect();
    for (name, huff) in [
        ("Huff 100,000 × 1,000, β = 2, no cut-off", Huff::default()),
        ("Huff 100,000 × 1,000, β = 1.7, no cut-off", Huff::default().exponents(1.0, 1.7)),
        ("Huff 100,000 × 1,000, β = 1.7, cut-off 100 km", Huff::default().exponents(1.0, 1.7).cutoff_km(100.0)),
    ] {
        three(name, || Ok(huff.captured(&customers, &demand, &stores)?))?;
    }
    let at: Vec<[f64; 3]> = stores.iter().map(|s| Space::Geographic.locate(s.at)).collect();
    trees(&customers, &at)?;
    let customers = Locations::from_coordinates(Space::Geographic, &places(1_000_000, &mut random));
    let value: Vec<f64> = (0..1_000_000).map(|_| random.lognormal(1.5)).collect();
    let policy = CallPolicy(vec![
        ClassCalls::new("A", 24.0, 1.0),
        ClassCalls::new("B", 12.0, 0.75),
        ClassCalls::new("C", 4.0, 0.5),
    ]);
    let trips = DayTrips { calls_per_trip: 8.0, circuity: 1.2, speed_kmh: 50.0 };
    three("classes and workload, 1,000,000 customers", || {
        let calls = policy.apply(&abc(&value, &ABC_CUTOFFS)?)?;
        Ok(Workload::of_calls(&customers, &calls, trips)?.fixed_hours())
    })
}
