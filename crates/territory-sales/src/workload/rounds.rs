//! Travel inside the engine's balance: a plan balanced on the hours that it has, not on those that were expected of it. The column that the
//! search balances is corrected by what travel has become, and the search goes on from the plan, round after round: a fixed point where
//! the bounds hold on the exact hours. Knows the engine's stages, and hours per unit from whoever counts them; no customers.

use crate::SalesError;
use territory::search::{Balance, Instance, Scales, Schedule, Scratches, State, anneal, polish};
use territory::{Control, Problem};

/// Rounds of correction.
const ROUNDS: u32 = 40;
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
/// What `problem` says.
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
            temperature: HEAT * left * left * instance.k() as f64 / units,
            lambda: LAMBDA,
            calm: (0.0, 0.0),
            price_updates: PRICE_UPDATES,
            swaps: 0.3,
            bundle: 6,
            heat: 0.02,
        };
        // Prices are kept from round to round: they hold what the rounds before have found out.
        let balance = balance.get_or_insert_with(|| Balance::new(&instance));
        anneal(&mut state, balance, &schedule, (seed, u64::from(round)), &mut scratches, &control, (0.0, 1.0));
        polish(&mut state, scratches.one(), 50, &control);
        for (&unit, part) in instance.order.iter().zip(state.parts()) {
            assignment[unit as usize] = part;
        }
    }
    Ok(best.map_or(assignment, |b| b.1))
}
