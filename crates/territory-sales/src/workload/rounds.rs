//! Travel inside the engine's balance: a plan balanced on the hours that it has, not on those that were expected of it. The column that the
//! search balances is corrected by what travel has become, and the search goes on from the plan, round after round: a fixed point where
//! the bounds hold on the exact hours. Knows the engine's stages, and hours per unit from whoever counts them; no customers.

use crate::SalesError;
use territory::search::{Balance, Instance, Scales, Schedule, Scratches, State, anneal, polish};
use territory::{Control, Problem};

/// Rounds of correction.
const ROUNDS: u32 = 30;
/// Proposals of a round, per unit.
const STEPS: f64 = 20.0;
/// Temperature of the first round, in territories per unit; it falls with the square of the rounds that are left.
const HEAT: f64 = 0.3;
/// Penalties of a round, at its start and end.
const LAMBDA: (f64, f64) = (100.0, 1000.0);
const PRICE_UPDATES: u64 = 400;

/// Goes on from `assignment`, contiguous, with `problem(assignment)`: the problem as that plan makes it, its measures exact. Returns the
/// plan whose measures violate their bounds least, by the sum of what is beyond them; ends early where nothing is. Territories stay contiguous.
///
/// # Errors
/// What `problem` says; a plan of another length, or with territories that there are not.
pub fn balance_in_rounds<E: From<SalesError>>(
    mut assignment: Vec<u32>,
    seed: u64,
    problem: impl Fn(&[u32]) -> Result<Problem, E>,
) -> Result<Vec<u32>, E> {
    let (mut scratches, control) = (Scratches::default(), Control::default());
    let mut balance: Option<Balance> = None;
    let mut best: Option<(f64, Vec<u32>)> = None;
    for round in 0..=ROUNDS {
        let problem = problem(&assignment)?;
        crate::check::length("the plan", assignment.len(), problem.locations().len())?;
        crate::check::indices("the plan", &assignment, problem.k())?;
        let instance = Instance::new(&problem);
        let parts = instance.order.iter().map(|&unit| assignment[unit as usize]).collect();
        let mut state = State::new(&instance, parts, Scales::default());
        let violation = state.violation();
        if best.as_ref().is_none_or(|b| violation < b.0) {
            best = Some((violation, assignment.clone()));
        }
        if violation == 0.0 || round == ROUNDS {
            break;
        }
        let objective = problem.objective();
        state.scales = state.scales_for([objective.inertia, objective.border, objective.cut]);
        let left = 1.0 - f64::from(round) / f64::from(ROUNDS);
        let units = instance.len() as f64;
        let schedule = Schedule {
            steps: (STEPS * units) as u64,
            temperature: (HEAT * left * left * instance.k() as f64 / units, 0.0),
            lambda: LAMBDA,
            calm: (0.0, 0.0),
            price_updates: PRICE_UPDATES,
            swaps: 0.3,
            bundle: 6,
            heat: 0.02,
        };
        // Prices are kept from round to round: they hold what the rounds before have found out.
        let balance = balance.get_or_insert_with(|| Balance::new(&instance));
        anneal(&mut state, balance, &schedule, (seed, u64::from(round)), &mut scratches, &control);
        polish(&mut state, scratches.one(), 50, &control);
        for (&unit, part) in instance.order.iter().zip(state.parts()) {
            assignment[unit as usize] = part;
        }
    }
    Ok(best.map_or(assignment, |b| b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Bases, DayTrips, Workload};
    use territory::adjacency::{Edge, EdgeKind, Graph};
    use territory::{Locations, Measure, ProblemSpec, Space, evaluate};

    /// Protects the fixed point: a plan balanced on calls alone, far from balanced on the road, comes inside on its exact hours.
    #[test]
    fn the_bounds_hold_on_what_the_plan_has_become() {
        // A dense town beside a wide country.
        let x = |i: u32| if i % 12 < 6 { f64::from(i % 12) } else { 6.0 + 12.0 * f64::from(i % 12 - 6) };
        let at: Vec<[f64; 2]> = (0..144).map(|i| [x(i) * 5e3, f64::from(i / 12) * 5e3]).collect();
        let locations = Locations::from_coordinates(Space::Planar, &at);
        let trips = DayTrips { calls_per_trip: 4.0, circuity: 1.2, speed_kmh: 60.0 };
        let workload = Workload::new(&locations, &[10.0; 144], &[1.0; 144], trips).unwrap();
        let right = (0..144).filter(|i| i % 12 < 11).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 1.0));
        let up = (0..132).map(|i| Edge::new(i, i + 12, EdgeKind::Edge, 1.0));
        let graph = Graph::from_edges(144, &right.chain(up).collect::<Vec<_>>());
        let problem = |plan: &[u32]| -> Result<Problem, SalesError> {
            let ways = workload.ways_hours(plan, 4, Bases::Centroids)?;
            let measure = Measure::new("hours", workload.hours(|i| ways[i])).tolerance(0.03);
            Ok(ProblemSpec::new(locations.clone(), graph.clone(), 4).measure(measure).build().unwrap())
        };
        // Four strips of equal calls.
        let start: Vec<u32> = (0..144).map(|i| i % 12 / 3).collect();
        let worst = |plan: &[u32]| {
            let evaluation = evaluate(&problem(plan).unwrap(), plan).unwrap();
            assert!(evaluation.contiguous);
            evaluation.measures[0].fairness.max_deviation
        };
        assert!(worst(&start) > 0.1, "{}", worst(&start));
        let found = balance_in_rounds(start.clone(), 0, problem).unwrap();
        assert!(worst(&found) <= 0.03, "{}", worst(&found));
        assert_eq!(found, balance_in_rounds(start, 0, problem).unwrap());
        assert!(balance_in_rounds(vec![0; 3], 0, |_| problem(&found)).is_err());
    }
}
