//! The commands: from arguments to a judged plan.

use crate::args::{self, Command, Count, RuleOptions};
use crate::auto;
use crate::choices::{self, Choices};
use crate::compare::Compared;
use crate::drawing::read_boundary;
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, read_table};
use crate::measures::{Asked, Customers, Measured, measures};
use crate::monitor::Monitored;
use crate::nested;
use crate::network::{Network, network};
use crate::outputs::{self, Judged, Searched};
use crate::oversize;
use crate::realign;
use crate::reps::Reps;
use crate::rules::NamedRules;
use crate::session::Session;
use crate::tables::NameIndex;
use std::collections::HashMap;
use std::path::Path;
use territory::evaluate::{NO_TERRITORY, PlanNames, evaluate, names_by_overlap};
use territory::geometry::{Join, Polygons};
use territory::{Objective, Problem, SolveOptions};
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
    pub(crate) measured: Measured,
    pub(crate) rules: NamedRules,
}

/// What is to be read, and how.
pub(crate) struct Wanted<'a> {
    pub(crate) path: &'a Path,
    pub(crate) input: &'a args::Input,
    pub(crate) rules: &'a RuleOptions,
    pub(crate) outputs: &'a args::Outputs,
    /// Properties of the units beside those of measures and rules: one that holds a plan, say.
    pub(crate) properties: Vec<&'a String>,
    /// Units are cut to fit into so many territories.
    pub(crate) split_for: Option<u32>,
}

/// Runs a command in a pool of as many threads as were asked for. The result is the exit code.
pub(crate) fn run(command: &Command) -> Result<u8, Failure> {
    let (input, rules, outputs, inputs) = match command {
        Command::Solve(a) => (&a.input, &a.rules, &a.outputs, vec![&a.units]),
        Command::Evaluate(a) => (&a.input, &a.rules, &a.outputs, std::iter::once(&a.plan).chain(&a.against).collect()),
        Command::Compare(a) => (&a.input, &a.rules, &a.outputs, vec![&a.before, &a.after]),
        Command::Realign(a) => (&a.input, &a.rules, &a.outputs, vec![&a.plan]),
    };
    let table = match &input.adjacency {
        Some(args::Adjacency::Table(path)) => Some(path),
        _ => None,
    };
    let inputs = inputs.into_iter().chain(input.files()).chain(rules.files()).chain(&outputs.boundary).chain(table);
    if inputs.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::Arguments("only one input can be standard input: name the others".to_owned()));
    }
    let more = choices::paths(command)?;
    let mut written = outputs.paths();
    match command {
        Command::Compare(a) => written.extend(&a.moves),
        Command::Realign(a) => written.extend(&a.change.moves),
        Command::Solve(_) | Command::Evaluate(_) => {}
    }
    written.extend(&more);
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
            Command::Realign(a) => realign::run(a, &mut session),
        };
        session.clear();
        result
    })
}

fn run_solve(a: &args::Solve, session: &mut Session) -> Result<u8, Failure> {
    let reps = read_reps(&a.rules)?;
    let count = auto::count(a, reps.as_ref())?;
    nested::check(a, count)?;
    let split_for = match count {
        Count::Of(k) => a.search.split_oversize.then_some(k),
        Count::Auto => None,
    };
    let (input, rules, outputs) = (&a.input, &a.rules, &a.outputs);
    let properties = a.nested.within.iter().collect();
    let wanted = Wanted { path: &a.units, input, rules, outputs, properties, split_for };
    let mut prepared = prepare(&wanted, reps, session)?;
    session.stage("solve")?;
    let objective = crate::compactness::objective(&a.search.goal);
    let options = SolveOptions { seed: a.search.goal.seed, effort: a.search.effort };
    let mut regions = None;
    let (problem, found, how_many) = match count {
        Count::Of(k) => {
            let problem = prepared.problem(&prepared.rules.names(k)?, &prepared.place(count), objective)?;
            let found = match nested::search(&prepared, a, &problem, &options, session)? {
                Some((nested, found)) => {
                    regions = Some(found);
                    choices::Found::one_plan(nested.assignment, nested.stopped)
                }
                None => choices::search(&prepared, &problem, a, options, session)?,
            };
            (problem, found, None)
        }
        Count::Auto => {
            let found = auto::search(&prepared, a, objective, options, session)?;
            (found.problem, choices::Found::one(found.solution), Some(found.told))
        }
    };
    let choices::Found { mut plans, stopped, kind } = found;
    if a.input.no_enclaves {
        session.stage("enclaves")?;
        for plan in &mut plans {
            *plan = prepared.open_enclaves(&problem, plan, &|_, _| true).assignment;
        }
    }
    let plans = choices::named_alike(plans, &prepared.alike(&problem));
    let choices = Choices::new(&mut prepared, &problem, &plans, kind, a.outputs.out.as_deref())?;
    let Some(assignment) = plans.first() else { return Err(Failure::Other("the search found no plan".to_owned())) };
    let mut judged = prepared.judge(&problem, assignment)?;
    (judged.search, judged.how_many, judged.choices) =
        (Some(Searched::new(options, stopped)), how_many, choices.as_ref());
    judged.regions = regions.map(|regions| regions.judge(&problem, assignment, &judged.evaluation));
    outputs::finish(judged, &a.outputs, &a.input, session)
}

fn run_evaluate(a: &args::Evaluate, session: &mut Session) -> Result<u8, Failure> {
    let (input, rules, outputs) = (&a.input, &a.rules, &a.outputs);
    let properties = vec![&a.input.property];
    let prepared = prepare(
        &Wanted { path: &a.plan, input, rules, outputs, properties, split_for: None },
        read_reps(rules)?,
        session,
    )?;
    session.stage("evaluate")?;
    let (problem, assignment) = prepared.planned(&a.input.property)?;
    let mut judged = prepared.judge(&problem, &assignment)?;
    let against = a.against.as_ref().map(|path| {
        let plan = (&problem, assignment.as_slice(), &judged.evaluation);
        Monitored::read(path, a.warn_within.unwrap_or(WARN_WITHIN), &prepared, plan, &a.input)
    });
    let monitored = against.transpose()?;
    judged.monitored = monitored.as_ref();
    outputs::finish(judged, &a.outputs, &a.input, session)
}

fn run_compare(a: &args::Compare, session: &mut Session) -> Result<u8, Failure> {
    session.stage("read")?;
    let property = vec![a.input.property.clone()];
    let before = read_table(&a.before, property, a.input.id.as_ref(), crate::input::space(&a.input))?;
    let (input, rules, outputs) = (&a.input, &a.rules, &a.outputs);
    let properties = vec![&a.input.property];
    let prepared = prepare(
        &Wanted { path: &a.after, input, rules, outputs, properties, split_for: None },
        read_reps(rules)?,
        session,
    )?;
    session.stage("evaluate")?;
    let (problem, assignment) = prepared.planned(&a.input.property)?;
    let (before, before_names) = plan_before(&before, &prepared.units, &a.input.property)?;
    // Rules name territories as the plan does; in everything that is written they are called as they were before.
    let plan = PlanNames { assignment: &before, names: &before_names };
    let own_names: Vec<String> = problem.territories().iter().map(|t| t.name.clone()).collect();
    let names = names_by_overlap(&problem, plan, &assignment).map_err(|e| Failure::Other(e.to_string()))?;
    let problem = if names == own_names { problem } else { prepared.renamed(&problem, names)? };
    let compared = Compared::new(&prepared, &problem, plan, (&assignment, &own_names), a.moves.as_ref())?;
    let mut judged = prepared.judge(&problem, &assignment)?;
    judged.comparison = Some(&compared);
    outputs::finish(judged, &a.outputs, &a.input, session)
}

pub(crate) fn read_reps(rules: &RuleOptions) -> Result<Option<Reps>, Failure> {
    rules.reps.as_deref().map(Reps::read).transpose()
}

/// Reads units and customers, forms measures and graph.
pub(crate) fn prepare(wanted: &Wanted<'_>, reps: Option<Reps>, session: &mut Session) -> Result<Prepared, Failure> {
    session.stage("read")?;
    let Wanted { input, outputs, ref properties, .. } = *wanted;
    let mut of_reps: Vec<String> = reps.iter().flat_map(Reps::measures).map(str::to_owned).collect();
    of_reps.sort_unstable();
    of_reps.dedup();
    let asked = Asked { input, rules: wanted.rules, of_reps: &of_reps };
    let properties =
        properties.iter().copied().chain(wanted.rules.unit_properties()).chain(&input.bridge_within).cloned();
    let mut units = Units::read(wanted.path, asked.unit_properties().into_iter().chain(properties).collect(), input)?;
    let customers = input.customers.as_ref().map(|path| Customers::read(path, asked, &units)).transpose()?;
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
    let mut measured = measures(asked, &units, customers.as_ref().zip(join.as_ref()))?;
    if let (Some(k), Some(customers), Some(joined)) = (wanted.split_for, &customers, &join)
        && oversize::split(&mut units, &mut shape, (customers, joined), &measured, k, input.snap)?
    {
        let joined = customers.join(&shape, outside, &units)?;
        if let Some(of_customers) = measured.columns.iter().find(|column| column.is_of_customers()) {
            let values = joined.sum(&customers.values(of_customers)?).map_err(|e| Failure::Other(e.to_string()))?;
            oversize::share_out(&mut units, &values);
        }
        measured = measures(asked, &units, Some((customers, &joined)))?;
        join = Some(joined);
    }
    if let Some(reps) = &reps {
        reps.check_homes(&shape.locations())?;
    }
    let rules = NamedRules::read(wanted.rules, reps, &units)?;
    units.notes.extend(rules.notes.iter().cloned());
    let network = network(input, &units, &shape)?;
    let skipped_customers = customers.map(|customers| customers.skipped).unwrap_or_default();
    Ok(Prepared { units, shape, network, join, boundary, skipped_customers, measured, rules })
}

impl Prepared {
    /// The problem that the plan in a property solves, and that plan.
    fn planned(&self, property: &str) -> Result<(Problem, Vec<u32>), Failure> {
        let planned = self.units.territories(property)?;
        let (assignment, names) = match &self.rules.reps {
            None => by_name(planned),
            Some(reps) => (self.by_reps(&planned, property, reps)?, self.rules.names(reps.count())?),
        };
        let place = match &self.rules.reps {
            Some(reps) => reps.file.clone(),
            None => "the plan".to_owned(),
        };
        Ok((self.problem(&names, &place, Objective::default())?, assignment))
    }

    /// A plan of the reps' territories.
    fn by_reps(&self, planned: &[String], property: &str, reps: &Reps) -> Result<Vec<u32>, Failure> {
        let names = self.rules.names(reps.count())?;
        let index = NameIndex::new(&names);
        let mut faults = Vec::new();
        let territory = |(name, unit): (&String, u32)| {
            index.find(name).unwrap_or_else(|| {
                faults.push(format!(
                    "{}: {}: its \"{property}\" is \"{name}\", which {} does not have{}",
                    self.units.table.file(),
                    self.units.feature(unit),
                    reps.file,
                    index.hint(name)
                ));
                0
            })
        };
        let assignment = planned.iter().zip(0u32..).map(territory).collect();
        if faults.is_empty() { Ok(assignment) } else { Err(Failure::Input(lines(faults.iter()))) }
    }

    /// A plan with its judgement.
    pub(crate) fn judge<'a>(&'a self, problem: &'a Problem, assignment: &'a [u32]) -> Result<Judged<'a>, Failure> {
        let evaluation = evaluate(problem, assignment).map_err(|e| Failure::Other(e.to_string()))?;
        let (search, how_many, choices, regions) = (None, None, None, None);
        let (comparison, monitored) = (None, None);
        Ok(Judged {
            prepared: self,
            problem,
            assignment,
            evaluation,
            search,
            how_many,
            choices,
            regions,
            comparison,
            monitored,
        })
    }

    /// What names the territories, in messages.
    pub(crate) fn place(&self, count: Count) -> String {
        match (&self.rules.reps, count) {
            (Some(reps), _) => reps.file.clone(),
            (None, Count::Of(k)) => format!("a plan of -k {k}"),
            (None, Count::Auto) => "a plan of -k auto".to_owned(),
        }
    }
}

/// Territories by name, in order of first appearance.
pub(crate) fn by_name(names: Vec<String>) -> (Vec<u32>, Vec<String>) {
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
    fn territories_are_named_in_order_of_first_appearance() {
        let names = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(by_name(names), (vec![0, 1, 0], vec!["b".to_owned(), "a".to_owned()]));
    }
}
