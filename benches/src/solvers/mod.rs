//! Everything that partitions an instance, behind one call: this engine at its efforts, and the peers.
//!
//! [`Solver::prepare`] does what is not measured (the solver's own form of the input); the work it hands back is what the
//! clock is for.

#[cfg(feature = "peers")]
mod coupe;
#[cfg(feature = "peers")]
mod metis;

use crate::instance::Instance;
use territory::{Control, Effort, Objective, SolveOptions, solve};

/// A prepared run: gives the assignment, or says why there is none.
pub type Run<'a> = Box<dyn FnOnce() -> Result<Vec<u32>, String> + Send + 'a>;

/// Who partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// This engine.
    Territory(Effort),
    /// METIS 5, k-way, contiguous, edge cut.
    Metis,
    /// coupe's Hilbert curve.
    CoupeHilbert,
    /// coupe's multi-jagged.
    CoupeMultiJagged,
    /// coupe's balanced k-means, from its Hilbert partition.
    CoupeKMeans,
}

/// What is asked of a solver.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Number of territories.
    pub k: usize,
    /// Allowed relative deviation of every measure.
    pub tolerance: f64,
    /// What this engine minimises; METIS always minimises the cut, coupe nothing that could be chosen.
    pub objective: Objective,
    /// Start of random streams, where the solver has any.
    pub seed: u64,
}

impl Solver {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Solver::Territory(Effort::Quick),
        Solver::Territory(Effort::Standard),
        Solver::Territory(Effort::Thorough),
        Solver::Metis,
        Solver::CoupeHilbert,
        Solver::CoupeMultiJagged,
        Solver::CoupeKMeans,
    ];

    /// Its name in arguments and tables.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Territory(effort) => effort.name(),
            Solver::Metis => "metis",
            Solver::CoupeHilbert => "coupe-hilbert",
            Solver::CoupeMultiJagged => "coupe-multi-jagged",
            Solver::CoupeKMeans => "coupe-k-means",
        }
    }

    /// The solver of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether it is one of this engine's efforts, so that the objective matters.
    pub fn is_territory(self) -> bool {
        matches!(self, Solver::Territory(_))
    }

    /// Whether it was seen not to end: it gets a process of its own, which can be stopped.
    pub fn may_hang(self) -> bool {
        self == Solver::CoupeKMeans
    }

    /// Brings the instance into the solver's form.
    ///
    /// # Errors
    /// Why the solver cannot be asked this.
    pub fn prepare<'a>(self, instance: &'a Instance, task: Task) -> Result<Run<'a>, String> {
        match self {
            Solver::Territory(effort) => {
                let problem = instance.problem(task.k, task.tolerance, task.objective).map_err(|e| e.to_string())?;
                let options = SolveOptions { seed: task.seed, effort };
                Ok(Box::new(move || match solve(&problem, &options, &Control::default()) {
                    Ok(solution) => Ok(solution.assignment),
                    Err(errors) => Err(errors.to_string()),
                }))
            }
            #[cfg(feature = "peers")]
            Solver::Metis => metis::prepare(instance, task),
            #[cfg(feature = "peers")]
            Solver::CoupeHilbert | Solver::CoupeMultiJagged | Solver::CoupeKMeans => {
                coupe::prepare(self, instance, task)
            }
            #[cfg(not(feature = "peers"))]
            _ => Err("not built in: cargo bench --features peers".into()),
        }
    }
}
