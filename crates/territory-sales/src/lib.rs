//! The sales domain around the territory engine: what customers are worth and cost, how many reps they need, and what a plan means
//! for quotas, reps and fairness. It knows customers, money, hours and the engine's public interface; it reads no files and knows
//! no JSON (a table of customers may come as CSV text through a reader, or cell by cell from features that somebody else has read), and the
//! engine does not know it.
//!
//! In the order in which one customer passes through:
//!
//! 1. [`customers`]: a table of points becomes validated columns; places are merged and gaps filled only on request, and counted.
//! 2. [`classes`]: value classes, their borderline customers, and the calls that each class gets.
//! 3. [`potential`]: chain ratio, buying-power index, Huff's competition, penetration and gap.
//! 4. [`workload`]: hours of calls and of travel, per customer, unit and territory.
//! 5. [`force`]: how many reps, by workload, by potential and by the margin of the last one; [`response`] is what effort sells.
//! 6. [`lifecycle`]: mature, growth, emerging and declining regions, and what follows for calls, capacity and tolerance.
//!
//! The engine draws the territories. Then, from the plan:
//!
//! 7. [`quota`]: shares of a total, rounded so that they add up. 8. [`reps`]: who gets which territory. 9. [`leakage`] and
//!    [`prices`]: goods and prices across borders. 10. [`audit`]: how fair the plan is, and what its imbalance costs.
//!
//! Every quantity carries its unit in its name; every formula its source in its documentation. Sums run in row order and
//! exponentials come from `libm`, so that equal inputs give equal numbers everywhere. The whole way on real data is
//! `examples/us_hospitals.rs`.

pub mod audit;
mod check;
pub mod classes;
pub mod customers;
mod error;
pub mod force;
pub mod gcj02;
pub mod leakage;
pub mod lifecycle;
mod nearest;
pub mod potential;
pub mod prices;
pub mod quota;
pub mod reps;
pub mod response;
mod rounding;
pub mod workload;

pub use check::locate;
pub use error::SalesError;
pub use nearest::PointIndex;
pub use rounding::round_to_total;
