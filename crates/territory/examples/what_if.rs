//! A session on a live plan: `cargo run --release -p territory --example what_if`.
//!
//! A grid of 100 × 100 units in 20 territories. A user drags units, asks what would be best, locks one, lets a rep join and another
//! leave, and takes it all back.

#![allow(clippy::print_stdout)]

use std::error::Error;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::live::{Effect, LivePlan};
use territory::{
    Control, Effort, Locations, Measure, Problem, ProblemSpec, SolveOptions, Space, Territory, TerritoryId, UnitId,
    solve,
};

const SIDE: u32 = 100;

fn grid() -> Result<Problem, Box<dyn Error>> {
    let cells = 0..SIDE * SIDE;
    let at: Vec<[f64; 2]> = cells.clone().map(|i| [f64::from(i % SIDE) * 1e3, f64::from(i / SIDE) * 1e3]).collect();
    let right = cells.clone().filter(|i| i % SIDE + 1 < SIDE).map(|i| Edge::new(i, i + 1, EdgeKind::Border, 1.0));
    let up = (0..SIDE * (SIDE - 1)).map(|i| Edge::new(i, i + SIDE, EdgeKind::Border, 1.0));
    let graph = Graph::from_edges(at.len(), &right.chain(up).collect::<Vec<Edge>>());
    let calls = cells.map(|i| f64::from(1 + i * i % 7)).collect();
    let spec = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), graph, 20);
    Ok(spec.measure(Measure::new("calls", calls).tolerance(0.03)).build()?)
}

fn tell(what: &str, effect: &Effect) {
    let change = &effect.change;
    println!(
        "{what}: {} units move, pieces {:+}, excess {:+.4}, mean squared distance {:+.4} km², links {:+}",
        effect.moves.len(),
        change.contiguity,
        change.excess,
        change.inertia_km2,
        change.cut
    );
    for violation in &effect.violations {
        println!(
            "    violated: {} in territory {}: {:.1}, allowed {:.1}",
            violation.kind.name(),
            violation.territory,
            violation.value,
            violation.bound
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let problem = grid()?;
    let options = SolveOptions { seed: 1, effort: Effort::Quick };
    let solution = solve(&problem, &options, &Control::default())?;
    let mut plan = LivePlan::new(problem, solution.assignment)?;
    println!("{} territories, violations: {}", plan.k(), plan.violations().len());

    // Hovering: what would it do if this unit went there?
    let (unit, to) = (UnitId(SIDE * SIDE / 2), TerritoryId(0));
    tell("hovering", &plan.preview(unit, to)?);
    // Dropping, and what would mend it.
    tell("dropped", &plan.move_unit(unit, to)?);
    for violation in plan.violations() {
        plan.repairs(&violation, 2).iter().for_each(|repair| tell("    a repair", repair));
    }
    plan.undo();

    plan.next_moves(3).iter().for_each(|best| tell("best next move", best));
    plan.lock(unit)?;
    if let Err(refused) = plan.move_unit(unit, to) {
        println!("refused: {refused}");
    }
    plan.unlock(unit)?;

    let (new, joined) = plan.add_territory_around(Territory::new("Ada"), UnitId(SIDE / 2))?;
    tell(&format!("{} joins", plan.territory_name(new)?), &joined);
    let left = plan.remove_territory(TerritoryId(3))?;
    tell("the fourth rep leaves", &left);
    while plan.undo().is_some() {}
    println!("all undone: {} territories, violations: {}", plan.k(), plan.violations().len());
    Ok(())
}
