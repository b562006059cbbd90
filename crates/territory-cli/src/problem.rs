//! From what was read to the problem: names of territories, their targets, bounds and loads, the rules among them.

use crate::classes;
use crate::failure::{Failure, lines};
use crate::measures::Measured;
use crate::run::Prepared;
use crate::tables::NameIndex;
use territory::{Objective, Problem, ProblemError, ProblemErrors, ProblemSpec, Territory};

impl Prepared {
    /// The problem of territories with these names, which `place` gave.
    pub(crate) fn problem(&self, names: &[String], place: &str, objective: Objective) -> Result<Problem, Failure> {
        self.spec(names, place, objective)?.build().map_err(|errors| self.problem_failure(&errors))
    }

    /// A problem with its territories called otherwise.
    pub(crate) fn renamed(&self, problem: &Problem, names: Vec<String>) -> Result<Problem, Failure> {
        let mut spec = problem.spec().clone();
        spec.territories.iter_mut().zip(names).for_each(|(territory, name)| territory.name = name);
        spec.build().map_err(|errors| self.problem_failure(&errors))
    }

    /// Its specification.
    pub(crate) fn spec(&self, names: &[String], place: &str, objective: Objective) -> Result<ProblemSpec, Failure> {
        let mut territories: Vec<Territory> = names.iter().map(|name| self.territory(name)).collect();
        classes::bound(&self.measured, &mut territories);
        carry(&self.measured, &mut territories, names, place)?;
        let rules = self.rules.bind(names, place, &self.units)?;
        let mut spec = ProblemSpec::new(self.shape.locations(), self.network.graph.clone(), 0)
            .territories(territories)
            .unit_names(self.units.labels())
            .components(self.network.components)
            .objective(objective)
            .rules(rules);
        spec.measures.clone_from(&self.measured.measures);
        spec.weight.clone_from(&self.measured.weight);
        Ok(spec)
    }

    /// The territory of a name: as the reps' table has it, bounds on measures under the names of these.
    fn territory(&self, name: &str) -> Territory {
        let of_reps = self.rules.reps.iter().flat_map(|reps| &reps.territories);
        let mut territory =
            of_reps.into_iter().find(|t| t.name == name).cloned().unwrap_or_else(|| Territory::new(name));
        for bound in &mut territory.bounds {
            if let Some((_, measure)) = self.measured.of_reps.iter().find(|(written, _)| *written == bound.measure) {
                bound.measure.clone_from(measure);
            }
        }
        territory
    }

    /// Which territories no rule tells apart: they may exchange their names.
    pub(crate) fn alike(&self, problem: &Problem) -> Vec<bool> {
        let mut alike = vec![self.rules.reps.is_none(); problem.k()];
        let rules = problem.rules();
        let sets = rules.allowed.iter().chain(&rules.forbidden).flat_map(|set| &set.1);
        for &t in rules.locked.iter().map(|lock| &lock.1).chain(sets) {
            alike[t as usize] = false;
        }
        let names: Vec<String> = problem.territories().iter().map(|t| t.name.clone()).collect();
        let index = NameIndex::new(&names);
        for owner in self.measured.accounts.iter().filter_map(|a| index.find(&a.owner)) {
            alike[owner as usize] = false;
        }
        alike
    }

    /// The faults of a problem, with the file; bounds that are empty for every territory are told once.
    pub(crate) fn problem_failure(&self, errors: &ProblemErrors) -> Failure {
        let mut told: Vec<&str> = Vec::new();
        let mut messages = Vec::new();
        for error in &errors.0 {
            if let ProblemError::EmptyBounds { measure, .. } = error {
                if told.contains(&measure.as_str()) {
                    continue;
                }
                told.push(measure);
            }
            messages.push(format!("{}: {error}", self.units.table.file()));
        }
        Failure::Input(lines(messages.iter()))
    }
}

/// Gives the territories what their named accounts have.
fn carry(measured: &Measured, territories: &mut [Territory], names: &[String], place: &str) -> Result<(), Failure> {
    let index = NameIndex::new(names);
    let mut faults = Vec::new();
    for account in &measured.accounts {
        let Some(at) = index.find(&account.owner) else {
            let (owner, count, hint) = (&account.owner, account.count, index.hint(&account.owner));
            faults.push(format!(
                "{}: {count} account(s) of the owner \"{owner}\", whom {place} does not have as a territory{hint}",
                account.first
            ));
            continue;
        };
        let territory = &mut territories[at as usize];
        let loads = measured.measures.iter().zip(&account.loads).filter(|(_, load)| **load > 0.0);
        territory.carried.extend(loads.map(|(m, &load)| (m.name.clone(), load)));
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::Input(lines(faults.iter()))) }
}
