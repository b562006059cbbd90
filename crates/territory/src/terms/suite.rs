//! One suite over all terms: what a move is said to add is what recomputation finds, on random planar graphs and random moves.

#![allow(clippy::unwrap_used)]

use super::{Costs, Diameters, Mass, Medoids, Metric, Moments, border, cut, inertia_medoid, median, member_weights};
use crate::adjacency::{Edge, EdgeKind, Graph, Neighbourhood, from_points};
use crate::search::Random;
use crate::{Distance, Locations, Measure, Problem, ProblemSpec, Space};

const K: usize = 5;

/// Random points with their Delaunay graph, weighted links and lumpy weights, some of them zero.
fn problem(units: usize, seed: u64, own_distance: bool) -> Problem {
    let mut random = Random::stream(seed, 0, 0);
    let at: Vec<[f64; 2]> = (0..units).map(|_| [1e5 * random.unit(), 1e5 * random.unit()]).collect();
    let locations = Locations::from_coordinates(Space::Planar, &at);
    let mut link = |e: Edge| {
        let mut edge = Edge::new(e.a, e.b, EdgeKind::Edge, (10.0 * random.unit()) as f32);
        edge.weight = (1 + random.below(5)) as f32;
        edge
    };
    let planar = from_points(&locations, Neighbourhood::Delaunay { longest: f64::INFINITY }).unwrap();
    let edges: Vec<Edge> = planar.edges().map(&mut link).collect();
    let weights = (0..units).map(|_| random.below(9) as f64).collect();
    let mut spec = ProblemSpec::new(locations, Graph::from_edges(units, &edges), K).measure(Measure::new("w", weights));
    if own_distance {
        // Whole numbers with ties, and no triangle inequality.
        spec = spec.distance(Distance::function(move |a, b| {
            let d = (at[a][0] - at[b][0]).abs().max((at[a][1] - at[b][1]).abs()) / 1000.0;
            d.round() + if a == b { 0.0 } else { ((a * b) % 7) as f64 }
        }));
    }
    spec.build().unwrap()
}

/// Calls `check(parts, unit, from, to)` for random moves that leave no territory empty, and makes them.
fn moves(units: usize, count: usize, mut check: impl FnMut(&mut Vec<u32>, u32, u32, u32)) {
    let mut random = Random::stream(77, units as u64, 0);
    let mut parts: Vec<u32> = (0..units).map(|u| (u * K / units) as u32).collect();
    for _ in 0..count {
        let (unit, to) = (random.below(units), random.below(K) as u32);
        let from = parts[unit];
        if from != to && parts.iter().filter(|&&p| p == from).count() > 1 {
            check(&mut parts, unit as u32, from, to);
            parts[unit] = to;
        }
    }
}

#[track_caller]
fn assert_near(said: f64, found: f64, size: f64) {
    assert!((said - found).abs() <= 1e-9 * (1.0 + size.abs()), "{said} where {found} was found");
}

#[test]
fn links_and_centroids_change_by_what_recomputation_finds() {
    let problem = problem(90, 1, false);
    let graph = problem.graph();
    let column = |of: &dyn Fn(usize) -> f32| (0..graph.links().len()).map(of).collect::<Vec<f32>>();
    let (weights, borders) = (column(&|link| graph.weight(link)), column(&|link| graph.borders_km()[link]));
    let loads = &problem.measures()[0].values;
    let masses: Vec<Mass> =
        problem.locations().points().iter().zip(loads).map(|(&at, &weight)| Mass { at, weight }).collect();
    let moments = |parts: &[u32], t: u32| {
        let mut sum = Moments::default();
        masses.iter().zip(parts).filter(|m| *m.1 == t).for_each(|m| sum.add(m.0));
        sum
    };
    moves(90, 400, |parts, unit, from, to| {
        let mut after = parts.clone();
        after[unit as usize] = to;
        let row = graph.row(unit);
        let neighbours = &graph.links()[row.clone()];
        for weights in [&weights[..], &[]] {
            let row_weights = weights.get(row.clone()).unwrap_or_default();
            let value = |parts: &[u32]| {
                cut::value(0..graph.len() as u32, (graph.offsets(), graph.links()), weights, |v| parts[v as usize])
            };
            let said = cut::change(neighbours, row_weights, |v| parts[v as usize], from, to);
            assert_near(said, value(&after) - value(parts), 1e3);
        }
        let value = |parts: &[u32]| {
            border::value(0..graph.len() as u32, (graph.offsets(), graph.links()), &borders, |v| parts[v as usize])
        };
        let said = border::change(neighbours, &borders[row], |v| parts[v as usize], from, to);
        assert_near(said, value(&after) - value(parts), 1e4);
        let inertia = |parts: &[u32]| (0..K as u32).map(|t| moments(parts, t).inertia()).sum::<f64>();
        let mass = &masses[unit as usize];
        let said = moments(parts, to).gain(mass) - moments(parts, from).loss(mass);
        assert_near(said, inertia(&after) - inertia(parts), inertia(parts));
    });
}

#[test]
fn excess_of_diameters_changes_by_what_recomputation_finds() {
    for own in [false, true] {
        let problem = problem(80, 2, own);
        let order: Vec<u32> = (0..80).collect();
        let masses: Vec<Mass> = problem.locations().points().iter().map(|&at| Mass { at, weight: 1.0 }).collect();
        let metric = if own { Metric::Own(&problem, &order) } else { Metric::Locations(&masses) };
        let excess = |parts: &[u32]| {
            let mut diameters = Diameters::new(metric, parts, K);
            diameters.set_limit(40.0);
            (0..K as u32).map(|t| diameters.excess_of(t)).sum::<f64>()
        };
        moves(80, 150, |parts, unit, from, to| {
            let mut after = parts.clone();
            after[unit as usize] = to;
            let mut diameters = Diameters::new(metric, parts, K);
            diameters.set_limit(40.0);
            let said = diameters.excess(unit, to) - diameters.excess(unit, from);
            assert_near(said, excess(&after) - excess(parts), excess(parts));
        });
    }
}

/// Σ over members of weight × cost from `medoid`, or from the best member, by the problem's distance itself.
fn about(cost: &dyn Fn(usize, usize) -> f64, w: &[f64], parts: &[u32], t: u32, medoid: Option<u32>) -> f64 {
    let members: Vec<usize> = (0..parts.len()).filter(|&u| parts[u] == t).collect();
    let from = |&j: &usize| members.iter().map(|&i| w[i] * cost(i, j)).sum::<f64>();
    match medoid {
        Some(medoid) => from(&(medoid as usize)),
        None => members.iter().map(from).fold(f64::INFINITY, f64::min),
    }
}

/// Checks rows against sums over all members: `exact` where all units are candidates.
fn check_medoids(problem: &Problem, costs: &Costs<'_>, cost: &dyn Fn(usize, usize) -> f64, count: usize, exact: bool) {
    let units = problem.units();
    let w = member_weights(problem.measures()[0].values.iter().copied());
    let mut medoids: Option<Medoids<'_>> = None;
    moves(units, count, |parts, unit, from, to| {
        let medoids = medoids.get_or_insert_with(|| Medoids::new(costs, &w, parts, K));
        let best = |parts: &[u32]| (0..K as u32).map(|t| about(cost, &w, parts, t, None)).sum::<f64>();
        let held =
            |parts: &[u32]| [from, to].map(|t| about(cost, &w, parts, t, Some(medoids.medoid(t)))).iter().sum::<f64>();
        let mut after = parts.clone();
        after[unit as usize] = to;
        if medoids.medoid(from) != unit {
            assert_near(medoids.change(&[unit], from, to), held(&after) - held(parts), held(parts));
        }
        if exact {
            assert_near(medoids.total(), best(parts), best(parts));
            assert_near(medoids.change_exactly(unit, from, to), best(&after) - best(parts), best(parts));
            assert!(medoids.change(&[unit], from, to) >= best(&after) - best(parts) - 1e-9 * best(parts));
        }
        medoids.apply(unit, to);
        medoids.refresh(from);
        medoids.refresh(to);
        let own = (0..K as u32).map(|t| about(cost, &w, &after, t, Some(medoids.medoid(t)))).sum::<f64>();
        assert_near(medoids.total(), own, own);
        assert!((0..K as u32).all(|t| after[medoids.medoid(t) as usize] == t), "a medoid that is no member");
        if !exact {
            assert!(medoids.total() <= 1.01 * best(&after), "{} where {} is possible", medoids.total(), best(&after));
        }
    });
}

#[test]
fn medoids_and_medians_change_by_what_recomputation_finds() {
    for own in [false, true] {
        let problem = problem(70, 3, own);
        let order: Vec<u32> = (0..70).collect();
        let squared = |i, j| problem.squared_distance(i, j);
        check_medoids(&problem, &inertia_medoid::costs(&problem, &order), &squared, 250, true);
        check_medoids(&problem, &median::costs(&problem, &order), &|i, j| problem.distance(i, j), 250, true);
    }
}

#[test]
fn candidates_near_the_medoid_do_where_units_are_many() {
    let problem = problem(600, 4, false);
    let order: Vec<u32> = (0..600).collect();
    let squared = |i, j| problem.squared_distance(i, j);
    check_medoids(&problem, &inertia_medoid::costs(&problem, &order), &squared, 60, false);
    check_medoids(&problem, &median::costs(&problem, &order), &|i, j| problem.distance(i, j), 60, false);
}

#[test]
fn units_without_weight_weigh_next_to_nothing() {
    assert_eq!(member_weights([0.0, 3.0, 1.0].into_iter()), [4.0 / 3.0 * 1e-6, 3.0, 1.0]);
}

#[test]
fn anchored_territories_are_measured_from_their_anchors() {
    for units in [70, 600] {
        let mut spec = problem(units, 5, false).spec().clone();
        spec.measures[0].values.iter_mut().for_each(|v| *v += 1.0);
        for (t, at) in [(0, [20_000.0, 30_000.0]), (2, [120_000.0, -5000.0])] {
            spec.territories[t].anchor = Some(at);
        }
        let problem = spec.build().unwrap();
        let order: Vec<u32> = (0..units as u32).collect();
        let w = member_weights(problem.measures()[0].values.iter().copied());
        type Judge = fn(&Problem, &[u32]) -> Result<Vec<crate::evaluate::Medoid>, crate::evaluate::AssignmentError>;
        let judges: [(Costs<'_>, Judge); 2] = [
            (inertia_medoid::costs(&problem, &order), crate::evaluate::medoid_inertia),
            (median::costs(&problem, &order), crate::evaluate::median),
        ];
        for (costs, judge) in &judges {
            let value = |parts: &[u32]| judge(&problem, parts).unwrap().iter().map(|m| m.value).sum::<f64>();
            let mut medoids: Option<Medoids<'_>> = None;
            moves(units, 60, |parts, unit, from, to| {
                let medoids = medoids.get_or_insert_with(|| Medoids::new(costs, &w, parts, K));
                let mut after = parts.clone();
                after[unit as usize] = to;
                let (before, change) = (value(parts), medoids.change_exactly(unit, from, to));
                if units == 70 {
                    assert_near(medoids.total(), before, before);
                    assert_near(change, value(&after) - before, before);
                }
                if [from, to].iter().all(|t| [0, 2].contains(t)) {
                    assert_near(medoids.change(&[unit], from, to), value(&after) - before, before);
                }
                medoids.apply(unit, to);
                medoids.refresh(from);
                medoids.refresh(to);
                assert!(medoids.medoid(0) as usize >= units && medoids.medoid(2) as usize >= units);
            });
        }
    }
}
