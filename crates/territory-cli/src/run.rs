//! The three commands: from arguments to a judged plan.

use crate::args::{self, Command};
use crate::compare::Compared;
use crate::drawing::read_boundary;
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, read_table};
use crate::measures::{Customers, Measured, measures, unit_properties};
use crate::monitor::Monitored;
use crate::network::{Network, network};
use crate::outputs::{self, Judged};
use crate::oversize;
use crate::session::Session;
use std::collections::HashMap;
use std::path::Path;
use territory::evaluate::{NO_TERRITORY, PlanNames, evaluate, names_by_overlap};
use territory::geometry::{Join, Polygons};
use territory::{Objective, Problem, ProblemError, ProblemErrors, ProblemSpec, SolveOptions, Territory, solve};
use territory_geojson::check_outputs;

/// Breaks within so many periods are told unless another number is given.
const WARN_WITHIN: u32 = 2;

/// Everything that was read.
pub(crate) struct Prepared {
    pub(crate) units: Units,
    pub(crate) shape: Shape,
    pub(crate) network: Network,
    pub(crate) join: Option<Join>,
    /// What territories of points are clipped to.
    pub(crate) boundary: Option<Polygons>,
    /// Customers without geometry.
    pub(crate) skipped_customers: Vec<String>,
    measured: Measured,
}

/// Runs a command in a pool of as many threads as were asked for. The result is the exit code.
pub(crate) fn run(command: &Command) -> Result<u8, Failure> {
    let (input, outputs, inputs) = match command {
        Command::Solve(a) => (&a.input, &a.outputs, vec![&a.units]),
        Command::Evaluate(a) => (&a.input, &a.outputs, std::iter::once(&a.plan).chain(&a.against).collect()),
        Command::Compare(a) => (&a.input, &a.outputs, vec![&a.before, &a.after]),
    };
    let table = match &input.adjacency {
        Some(args::Adjacency::Table(path)) => Some(path),
        _ => None,
    };
    let inputs = inputs.into_iter().chain(input.files()).chain(&outputs.boundary).chain(table);
    if inputs.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Arguments("only one input can be standard input: name the others".to_owned()));
    }
    let mut written = outputs.paths();
    if let Command::Compare(a) = command {
        written.extend(&a.moves);
    }
    check_outputs(&written).map_err(|e| Failure::Arguments(e.to_string()))?;
    // More than this would only cost memory; the plan is the same at any number.
    let threads = input.threads.map_or(0, |n| n.min(1024) as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| Failure::Other(format!("the threads could not be started: {e}")))?;
    pool.install(|| {
        let mut session = Session::new();
        let result = match command {
            Command::Solve(a) => run_solve(a, &mut session),
            Command::Evaluate(a) => run_evaluate(a, &mut session),
            Command::Compare(a) => run_compare(a, &mut session),
        };
        session.clear();
        result
    })
}

fn run_solve(a: &args::Solve, session: &mut Session) -> Result<u8, Failure> {
    let prepared = prepare(&a.units, &a.input, &a.outputs, &[], a.search.split_oversize.then_some(a.k), session)?;
    session.stage("solve")?;
    let names: Vec<String> = (1..=a.k).map(|t| t.to_string()).collect();
    let problem = prepared.problem(names, crate::compactness::objective(&a.search.compactness))?;
    let options = SolveOptions { seed: a.search.seed, effort: a.search.effort };
    let solution = session
        .search(a.search.time_limit, |control| solve(&problem, &options, control))
        .map_err(|e| prepared.problem_failure(&e))?;
    let mut assignment = solution.assignment;
    if a.input.no_enclaves {
        session.stage("enclaves")?;
        assignment = prepared.open_enclaves(&problem, &assignment).assignment;
    }
    let assignment = by_first_unit(assignment, problem.k());
    let evaluation = evaluate(&problem, &assignment).map_err(|e| Failure::Other(e.to_string()))?;
    let judged = Judged {
        prepared: &prepared,
        problem: &problem,
        assignment: &assignment,
        evaluation,
        search: Some((options, solution.stopped)),
        comparison: None,
        monitored: None,
    };
    outputs::finish(judged, &a.outputs, &a.input, session)
}

fn run_evaluate(a: &args::Evaluate, session: &mut Session) -> Result<u8, Failure> {
    let prepared = prepare(&a.plan, &a.input, &a.outputs, std::slice::from_ref(&a.input.property), None, session)?;
    session.stage("evaluate")?;
    let (assignment, names) = by_name(prepared.units.territories(&a.input.property)?);
    let problem = prepared.problem(names, Objective::default())?;
    let evaluation = evaluate(&problem, &assignment).map_err(|e| Failure::Other(e.to_string()))?;
    let against = a.against.as_ref().map(|path| {
        let plan = (&problem, assignment.as_slice(), &evaluation);
        Monitored::read(path, a.warn_within.unwrap_or(WARN_WITHIN), &prepared, plan, &a.input)
    });
    let monitored = against.transpose()?;
    let judged = Judged {
        prepared: &prepared,
        problem: &problem,
        assignment: &assignment,
        evaluation,
        search: None,
        comparison: None,
        monitored: monitored.as_ref(),
    };
    outputs::finish(judged, &a.outputs, &a.input, session)
}

fn run_compare(a: &args::Compare, session: &mut Session) -> Result<u8, Failure> {
    let property = std::slice::from_ref(&a.input.property);
    session.stage("read")?;
    let before = read_table(&a.before, property.to_vec(), a.input.id.as_ref(), crate::input::space(&a.input))?;
    let prepared = prepare(&a.after, &a.input, &a.outputs, property, None, session)?;
    session.stage("evaluate")?;
    let (assignment, own_names) = by_name(prepared.units.territories(&a.input.property)?);
    let problem = prepared.problem(own_names.clone(), Objective::default())?;
    let (before, before_names) = plan_before(&before, &prepared.units, &a.input.property)?;
    // Territories are called as they were before, in everything that is written.
    let plan = PlanNames { assignment: &before, names: &before_names };
    let names = names_by_overlap(&problem, plan, &assignment).map_err(|e| Failure::Other(e.to_string()))?;
    let problem = if names == own_names { problem } else { prepared.problem(names, Objective::default())? };
    let evaluation = evaluate(&problem, &assignment).map_err(|e| Failure::Other(e.to_string()))?;
    let compared = Compared::new(&prepared, &problem, plan, (&assignment, &own_names), a.moves.as_ref())?;
    let judged = Judged {
        prepared: &prepared,
        problem: &problem,
        assignment: &assignment,
        evaluation,
        search: None,
        comparison: Some(&compared),
        monitored: None,
    };
    outputs::finish(judged, &a.outputs, &a.input, session)
}

/// Reads units and customers, forms measures and graph.
fn prepare(
    path: &Path,
    input: &args::Input,
    outputs: &args::Outputs,
    properties: &[String],
    split_for: Option<u32>,
    session: &mut Session,
) -> Result<Prepared, Failure> {
    session.stage("read")?;
    let wanted = unit_properties(input).into_iter().chain(properties.iter().cloned());
    let wanted = wanted.chain(input.bridge_within.clone()).collect();
    let mut units = Units::read(path, wanted, input)?;
    let customers = input.customers.as_ref().map(|path| Customers::read(path, input, &units)).transpose()?;
    session.stage("graph")?;
    let mut shape = units.shape(input.snap)?;
    let boundary = match (&shape, &outputs.boundary) {
        (_, None) => None,
        (Shape::Points(_), Some(path)) => Some(read_boundary(path, input, &units)?),
        (Shape::Areas(_), Some(path)) => {
            let path = path.display();
            return Err(Failure::Arguments(format!("--boundary {path} is for units that are points: leave it out")));
        }
    };
    let outside = input.outside.unwrap_or_default();
    let mut join = customers.as_ref().map(|customers| customers.join(&shape, outside, &units)).transpose()?;
    let mut measured = measures(input, &units, customers.as_ref().zip(join.as_ref()))?;
    if let (Some(k), Some(customers), Some(joined)) = (split_for, &customers, &join)
        && oversize::split(&mut units, &mut shape, (customers, joined), &measured, k, input.snap)?
    {
        let joined = customers.join(&shape, outside, &units)?;
        if let Some(of_customers) = measured.columns.iter().find(|column| column.is_of_customers()) {
            let values = joined.sum(&customers.values(of_customers)?).map_err(|e| Failure::Other(e.to_string()))?;
            oversize::share_out(&mut units, &values);
        }
        measured = measures(input, &units, Some((customers, &joined)))?;
        join = Some(joined);
    }
    let network = network(input, &units, &shape)?;
    let skipped_customers = customers.map(|customers| customers.skipped).unwrap_or_default();
    Ok(Prepared { units, shape, network, join, boundary, skipped_customers, measured })
}

impl Prepared {
    /// The problem of territories with these names.
    fn problem(&self, names: Vec<String>, objective: Objective) -> Result<Problem, Failure> {
        let territories = names.into_iter().map(Territory::new).collect();
        let mut spec = ProblemSpec::new(self.shape.locations(), self.network.graph.clone(), 0)
            .territories(territories)
            .unit_names(self.units.labels())
            .components(self.network.components)
            .objective(objective);
        spec.measures.clone_from(&self.measured.measures);
        spec.weight.clone_from(&self.measured.weight);
        spec.build().map_err(|errors| self.problem_failure(&errors))
    }

    /// The faults of a problem, with the file; bounds that are empty for every territory are told once.
    fn problem_failure(&self, errors: &ProblemErrors) -> Failure {
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

/// Territories numbered by their first unit. All are alike but for their names, so no figure changes.
fn by_first_unit(assignment: Vec<u32>, k: usize) -> Vec<u32> {
    let mut number = vec![u32::MAX; k];
    let mut next = 0;
    let renumber = |territory: u32| match number.get_mut(territory as usize) {
        Some(number) => {
            if *number == u32::MAX {
                *number = next;
                next += 1;
            }
            *number
        }
        None => territory,
    };
    assignment.into_iter().map(renumber).collect()
}

/// Territories by name, in order of first appearance.
fn by_name(names: Vec<String>) -> (Vec<u32>, Vec<String>) {
    let mut number: HashMap<String, u32> = HashMap::new();
    let mut order = Vec::new();
    let assignment = names.into_iter().map(|name| {
        *number.entry(name).or_insert_with_key(|name| {
            order.push(name.clone());
            order.len() as u32 - 1
        })
    });
    (assignment.collect(), order)
}

/// The plan of another file for these units, found by their ids.
fn plan_before(
    table: &territory_geojson::FeatureTable,
    units: &Units,
    property: &str,
) -> Result<(Vec<u32>, Vec<String>), Failure> {
    table.check_id(&units.id).map_err(|e| {
        Failure::Input(format!(
            "{e}\n(the units of {} are named by {}; choose another with --id)",
            units.table.file(),
            units.id
        ))
    })?;
    let Some(column) = table.property(property).filter(|_| table.has_property(property)) else {
        return Err(Failure::Input(format!(
            "{}: no feature has the property \"{property}\", which should name its territory: choose another with --property",
            table.file()
        )));
    };
    let mut territories: HashMap<String, String> = HashMap::new();
    for row in 0..table.len() {
        if let (Some(id), Some(territory)) = (table.id_of(&units.id, row), column.get(row).name()) {
            territories.insert(id.into_owned(), territory.into_owned());
        }
    }
    let found: Vec<Option<&String>> = units.names.iter().map(|name| territories.get(name)).collect();
    if found.iter().all(Option::is_none) {
        return Err(Failure::Input(format!(
            "{}: none of the units of {} has a territory there: the ids (by {}) do not match, choose another with --id",
            table.file(),
            units.table.file(),
            units.id
        )));
    }
    let (numbers, names) = by_name(found.iter().flatten().map(|&name| name.clone()).collect());
    let mut numbers = numbers.into_iter();
    let assignment = found.iter().map(|f| f.and_then(|_| numbers.next()).unwrap_or(NO_TERRITORY)).collect();
    Ok((assignment, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn territories_are_numbered_by_first_unit() {
        assert_eq!(by_first_unit(vec![2, 0, 2, 1, 0], 3), [0, 1, 0, 2, 1]);
        let names = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(by_name(names), (vec![0, 1, 0], vec!["b".to_owned(), "a".to_owned()]));
    }
}
