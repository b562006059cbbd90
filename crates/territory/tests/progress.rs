//! What observers hear of every search: shares of the work that never fall, from the thread that called, and 1 at the end.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::Mutex;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::nested::{solve_regions, solve_within};
use territory::realign::{RealignOptions, realign};
use territory::{
    AlternativesOptions, ComponentRule, Control, Effort, HowManyOptions, Locations, Measure, ProblemSpec, SolveOptions,
    Space, Territory, alternatives, compactness_frontier, disruption_frontier, how_many, solve,
};

/// A field of 20 × 20 km of uneven calls; `torn`: its halves do not hang together.
fn field(k: usize, torn: bool) -> ProblemSpec {
    let at: Vec<[f64; 2]> = (0..400).map(|i| [f64::from(i % 20) * 1000.0, f64::from(i / 20) * 1000.0]).collect();
    let right = (0..400).filter(|i| (i + 1) % 20 > 0 && !(torn && i % 20 == 9)).map(|i| (i, i + 1));
    let edges: Vec<Edge> =
        right.chain((0..380).map(|i| (i, i + 20))).map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 1000.0)).collect();
    let calls = (0..400).map(|i| f64::from(1 + i * i * 31 % 83)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(400, &edges), k)
        .measure(Measure::new("calls", calls).tolerance(0.03))
}

/// What an observer of `search`, which is a part of some work, hears in the order in which it does.
fn heard(what: &str, search: impl FnOnce(&Control<'_>)) -> Vec<f64> {
    let heard = Mutex::new(Vec::new());
    let caller = std::thread::current().id();
    let observer = |progress: territory::Progress| {
        assert_eq!(std::thread::current().id(), caller, "{what}: another thread tells");
        heard.lock().unwrap().push(progress.done);
    };
    search(&Control::default().observer(&observer).part(PART.0, PART.1));
    let heard = heard.into_inner().unwrap();
    let fall = heard.windows(2).find(|two| two[1] < two[0]);
    assert!(fall.is_none(), "{what}: falls within {fall:?}");
    assert!(heard.first() >= Some(&PART.0), "{what}");
    assert_eq!(heard.last(), Some(&PART.1), "{what}");
    heard
}

const PART: (f64, f64) = (0.25, 0.5);

const QUICK: SolveOptions = SolveOptions { seed: 3, effort: Effort::Quick };
const STANDARD: SolveOptions = SolveOptions { seed: 3, effort: Effort::Standard };

#[test]
fn a_search_for_a_plan_is_told_to_its_end() {
    let plain = field(8, false);
    let mut several = plain.clone();
    several.measures.push(Measure::new("units", vec![1.0; 400]).tolerance(0.05));
    let mut diameter = plain.clone();
    diameter.objective.diameter = 1.0;
    let mut medoid = plain.clone();
    medoid.objective.inertia_medoid = 1.0;
    let torn = field(8, true).components(ComponentRule::Separate);
    let mut wished = plain.clone();
    wished.measures[0].wish = Some(6.0);
    let mut anchored = plain.clone();
    let homes = (0..8).map(|i| [f64::from(i % 4) * 5000.0 + 2000.0, f64::from(i / 4) * 10_000.0 + 5000.0]);
    anchored.territories = (0..8).zip(homes).map(|(i, home)| Territory::new(format!("rep {i}")).anchor(home)).collect();
    anchored.measures[0].per_km = vec![5.0; 400];
    anchored.measures[0].tolerance = 0.005;
    let cases = [
        ("plain", plain),
        ("two measures", several),
        ("diameter", diameter),
        ("medoid", medoid),
        ("components", torn),
        ("wishes", wished),
        ("anchors", anchored),
    ];
    for (what, spec) in cases {
        let problem = spec.build().unwrap();
        for options in [QUICK, STANDARD] {
            heard(what, |control| {
                solve(&problem, &options, control).unwrap();
            });
        }
    }
}

#[test]
fn a_search_of_several_plans_is_told_to_its_end() {
    let problem = field(8, false).build().unwrap();
    let plan = solve(&problem, &QUICK, &Control::default()).unwrap().assignment;
    let today: Vec<Option<u32>> = plan.iter().zip(0..).map(|(&t, i)| Some(if i < 30 { 0 } else { t })).collect();
    let region: Vec<u32> = (0..400).map(|i| u32::from(i % 20 >= 10)).collect();
    heard("alternatives", |control| {
        let options = AlternativesOptions { solve: QUICK, least_difference: 0.9, ..AlternativesOptions::default() };
        alternatives(&problem, &options, control).unwrap();
    });
    heard("compactness", |control| {
        compactness_frontier(&problem, &QUICK, 4, control).unwrap();
    });
    let told = heard("disruption", |control| {
        disruption_frontier(&problem, &today, &RealignOptions::default(), 4, control).unwrap();
    });
    // The first of four searches is heard of until it ends.
    let share = |done: f64| (done - PART.0) / (PART.1 - PART.0);
    assert!(told.iter().any(|&done| (0.15..0.25).contains(&share(done))), "{told:?}");
    heard("realign", |control| {
        realign(&problem, &today, &RealignOptions::default(), control).unwrap();
    });
    heard("regions", |control| {
        solve_regions(&problem, 2, &QUICK, control).unwrap();
    });
    heard("given regions", |control| {
        solve_within(&problem, &region, &[vec![0, 1, 2, 3], vec![4, 5, 6, 7]], &QUICK, control).unwrap();
    });
    let spec_of = |most: f64| {
        move |k: usize| {
            let mut spec = field(k, false);
            spec.measures[0] = spec.measures[0].clone().tolerance(f64::INFINITY).maximum(most);
            Ok::<_, Infallible>(spec)
        }
    };
    let mut options = HowManyOptions::default();
    options.solve = QUICK;
    options.within_km = Some(5.3);
    heard("how many", |control| {
        let found = how_many(spec_of(2000.0), &options, control).unwrap();
        assert!(found.lacks.is_none() && found.tried.len() > 1);
    });
    options.most = 3;
    heard("how many, in vain", |control| {
        let found = how_many(spec_of(2000.0), &options, control).unwrap();
        assert_eq!(found.lacks.as_deref(), Some("8 territories where at most 3 were asked for"));
    });
}

#[test]
fn starts_side_by_side_are_told_of_by_the_thread_that_called() {
    let problem = field(8, false).build().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let told = pool.install(|| {
        heard("starts", |control| {
            solve(&problem, &STANDARD, control).unwrap();
        })
    });
    // Eight starts, two at once: of one of both it is heard how far it is.
    assert!(told.len() > 400, "heard of {told:?} alone");
}
