//! The command `realign`: from the plan of today, who comes and goes and what may change, to the plan that meets the bounds with the least
//! change.

use crate::args::{Realign, Share};
use crate::choices::{self, Axis, Choices, Found, Kind};
use crate::compactness::objective;
use crate::compare::Compared;
use crate::failure::{Failure, lines};
use crate::input::property;
use crate::outputs::{self, Searched};
use crate::rules::one_name;
use crate::run::{Prepared, Wanted, by_name, prepare, read_reps};
use crate::session::Session;
use crate::tables::{NameIndex, plain_name};
use territory::evaluate::{NO_TERRITORY, PlanNames};
use territory::realign::{Charge, Limit, Limits, OverLimit, RealignOptions, Realigned, exceeded_limits, realign};
use territory::{Problem, disruption_frontier};
use territory_geojson::PropertyValue;

/// The plan of today.
struct Today {
    /// Territory of every unit, a position among the names, or [`NO_TERRITORY`].
    plan: Vec<u32>,
    /// In order of first appearance.
    names: Vec<String>,
}

pub(crate) fn run(a: &Realign, session: &mut Session) -> Result<u8, Failure> {
    let (input, rules, outputs) = (&a.input, &a.rules, &a.outputs);
    let properties = std::iter::once(&input.property).chain(&a.change.protect).collect();
    let wanted = Wanted { path: &a.plan, input, rules, outputs, properties, split_for: None };
    let mut prepared = prepare(&wanted, read_reps(rules)?, session)?;
    session.stage("realign")?;
    let today = Today::read(&prepared, &input.property)?;
    let names = names(a, &today, &mut prepared)?;
    let place = match &prepared.rules.reps {
        Some(reps) => reps.file.clone(),
        None => "the new plan".to_owned(),
    };
    let problem = prepared.problem(&names, &place, objective(&a.goal))?;
    let current = today.among(&names);
    let options = RealignOptions {
        seed: a.goal.seed,
        price: a.change.disruption_price,
        limits: limits(a, &problem)?,
        protected: protected(a, &prepared, &today, &current)?,
    };
    let searched = session.search(a.goal.time_limit, |control| {
        if a.change.frontier.is_none() {
            let realigned = realign(&problem, &current, &options, control)?;
            let (plans, stopped) = (vec![realigned.assignment.clone()], realigned.stopped);
            return Ok((Found { plans, stopped, kind: Kind::One }, realigned.over));
        }
        let frontier = disruption_frontier(&problem, &current, &options, choices::POINTS, control)?;
        let over = frontier.asked.over.clone();
        let asked = |realigned: Realigned| (realigned.assignment, realigned.stopped);
        Ok((Found::frontier(frontier, Axis::Disruption, asked), over))
    });
    let (Found { mut plans, stopped, kind }, mut over) = searched.map_err(|e| prepared.problem_failure(&e))?;
    // With --frontier the option is refused: there is one plan.
    if let (true, Some(plan)) = (input.no_enclaves, plans.first_mut()) {
        session.stage("enclaves")?;
        over = lead_out(&mut prepared, &problem, &current, &options, (plan, over))?;
    }
    let choices = Choices::new(&mut prepared, &problem, &plans, kind, outputs.out.as_deref())?;
    let Some(assignment) = plans.first() else { return Err(Failure::Other("there is no new plan".to_owned())) };
    let plan = PlanNames { assignment: &today.plan, names: &today.names };
    let compared = Compared::changed_from(&prepared, &problem, plan, (assignment, &names), a.change.moves.as_ref())?;
    let mut judged = prepared.judge(&problem, assignment)?;
    judged.search = Some(Searched { seed: a.goal.seed, effort: None, stopped });
    (judged.choices, judged.comparison) = (choices.as_ref(), Some(&compared));
    for limit in &over {
        tell(limit, &problem, &mut judged.evaluation);
    }
    let moved = options.protected.iter().filter(|&&u| current[u as usize] != assignment.get(u as usize).copied());
    let moved: Vec<u32> = moved.copied().collect();
    if let Some(&first) = moved.first() {
        let first = prepared.units.feature(first);
        let reason = format!("protected units had to change for a rule or contiguity, first {first}");
        judged.evaluation.exceed_limit((None, None), (moved.len() as f64, 0.0), reason);
    }
    outputs::finish(judged, outputs, input, session)
}

/// Leads enclaves out where limits on change leave room for it; protected units stay. Limits that are exceeded come back.
fn lead_out(
    prepared: &mut Prepared,
    problem: &Problem,
    current: &[Option<u32>],
    options: &RealignOptions,
    (plan, before): (&mut Vec<u32>, Vec<OverLimit>),
) -> Result<Vec<OverLimit>, Failure> {
    let mut protected = vec![false; current.len()];
    for &unit in &options.protected {
        if let Some(slot) = protected.get_mut(unit as usize) {
            *slot = true;
        }
    }
    let stays = |unit: u32| protected.get(unit as usize).copied().unwrap_or(false);
    let opened = prepared.open_enclaves(problem, plan, &|unit, _| !stays(unit));
    let limits = exceeded_limits(problem, current, &options.limits, &opened.assignment);
    let after = limits.map_err(|e| prepared.problem_failure(&e))?;
    // Limits stand above what is only not wanted.
    if let Some(first) = after.first().filter(|_| after.len() > before.len()) {
        let what = first.what(problem);
        prepared.units.notes.push(format!("enclaves stay: leading them out asks for more {what} than the limit"));
        return Ok(before);
    }
    *plan = opened.assignment;
    Ok(after)
}

/// A limit that is exceeded as a violation.
fn tell(limit: &OverLimit, problem: &Problem, evaluation: &mut territory::Evaluation) {
    let measure = match limit.charge {
        Charge::Units => None,
        Charge::Measure(m) => Some(m),
    };
    let reason = format!("{}: contiguity and rules ask for more than the limit", limit.what(problem));
    evaluation.exceed_limit((limit.territory, measure), (limit.value, limit.bound), reason);
}

impl Today {
    fn read(prepared: &Prepared, property: &str) -> Result<Self, Failure> {
        let planned = prepared.units.planned(property)?;
        let (numbers, names) = by_name(planned.iter().flatten().cloned().collect());
        if names.is_empty() {
            let file = prepared.units.table.file();
            return Err(Failure::Input(format!(
                "{file}: no unit has a territory, \"{property}\" is null on all: territory solve makes a plan from nothing"
            )));
        }
        let mut numbers = numbers.into_iter();
        let plan = planned.iter().map(|name| name.as_ref().and_then(|_| numbers.next()).unwrap_or(NO_TERRITORY));
        Ok(Self { plan: plan.collect(), names })
    }

    /// The plan among other names: none where the territory is not among them.
    fn among(&self, names: &[String]) -> Vec<Option<u32>> {
        let index = NameIndex::new(names);
        let goes_on: Vec<Option<u32>> = self.names.iter().map(|name| index.find(name)).collect();
        self.plan.iter().map(|&t| goes_on.get(t as usize).copied().flatten()).collect()
    }

    /// What every territory has of a measure.
    fn sums(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.names.len()];
        for (&t, value) in self.plan.iter().zip(values) {
            if let Some(sum) = sums.get_mut(t as usize) {
                *sum += value;
            }
        }
        sums
    }
}

/// The territories of the new plan: those of the reps' table, else those of today that stay, in their order, then those that join. Who comes
/// and goes is told.
fn names(a: &Realign, today: &Today, prepared: &mut Prepared) -> Result<Vec<String>, Failure> {
    let names = match &prepared.rules.reps {
        Some(reps) => prepared.rules.names(reps.count())?,
        None => chosen(a, today, prepared)?,
    };
    let (new, old) = (NameIndex::new(&names), NameIndex::new(&today.names));
    let left: Vec<&str> = today.names.iter().filter(|name| new.find(name).is_none()).map(String::as_str).collect();
    let joined: Vec<&str> = names.iter().filter(|name| old.find(name).is_none()).map(String::as_str).collect();
    for (list, what) in [(left, "leaves"), (joined, "joins")] {
        prepared.units.notes.extend(list.iter().map(|name| format!("territory {name} {what}")));
    }
    Ok(names)
}

/// What `--remove`, `--add` and `-k` make of the territories of today.
fn chosen(a: &Realign, today: &Today, prepared: &Prepared) -> Result<Vec<String>, Failure> {
    let file = prepared.units.table.file();
    let index = NameIndex::new(&today.names);
    let mut stays = vec![true; today.names.len()];
    let mut faults = Vec::new();
    for name in &a.change.remove {
        match index.find(name) {
            Some(t) => stays[t as usize] = false,
            None => faults
                .push(format!("--remove {name}: the plan of {file} has no territory of this name{}", index.hint(name))),
        }
    }
    let mut joins: Vec<String> = Vec::new();
    for name in a.change.add.iter().map(|name| plain_name(name)) {
        if name.is_empty() {
            faults.push("--add needs a name".to_owned());
        } else if index.find(&name).is_some() || joins.contains(&name) {
            faults.push(format!("--add {name}: a territory of this name is there already"));
        } else {
            joins.push(name);
        }
    }
    let staying = stays.iter().filter(|s| **s).count();
    let k = a.k.map_or(staying + joins.len(), |k| k as usize);
    if k < joins.len() {
        faults.push(format!("-k {k}, but --add names {}: ask for at least as many", joins.len()));
    }
    if k == 0 {
        faults.push("no territory would be left: remove fewer, or add some".to_owned());
    }
    if !faults.is_empty() {
        return Err(Failure::Arguments(lines(faults.iter())));
    }
    let values = prepared.measured.measures.first().map_or(&[][..], |m| m.values.as_slice());
    let sums = today.sums(values);
    let mut order: Vec<usize> = (0..stays.len()).filter(|&t| stays[t]).collect();
    order.sort_by(|&a, &b| sums[a].total_cmp(&sums[b]).then(a.cmp(&b)));
    let surplus = (staying + joins.len()).saturating_sub(k);
    order.into_iter().take(surplus).for_each(|t| stays[t] = false);
    let mut names: Vec<String> = today.names.iter().zip(&stays).filter(|s| *s.1).map(|(n, _)| n.clone()).collect();
    names.extend(joins);
    // Not the names of those that leave: their people would not know which is meant.
    let unused = (1u64..).map(|n| n.to_string()).filter(|n| index.find(n).is_none() && !a.change.add.contains(n));
    let missing = k.saturating_sub(names.len());
    names.extend(unused.take(missing));
    Ok(names)
}

/// The limits on change.
fn limits(a: &Realign, problem: &Problem) -> Result<Limits, Failure> {
    let mut faults = Vec::new();
    let mut of = |option: &str, shares: &[Share]| {
        let mut limits: Vec<Limit> = Vec::new();
        for share in shares {
            let position = problem.measures().iter().position(|m| m.name == share.measure);
            let charge = match position {
                _ if share.measure == "units" => Charge::Units,
                Some(m) => Charge::Measure(m),
                None => {
                    let known: Vec<&str> = problem.measures().iter().map(|m| m.name.as_str()).collect();
                    faults.push(format!(
                        "--{option} {}: it is none of the balanced measures ({}): name one of them, or units",
                        share.measure,
                        known.join(", ")
                    ));
                    continue;
                }
            };
            if limits.iter().any(|limit| limit.charge == charge) {
                faults.push(format!("--{option} {} is given twice: give it once", share.measure));
            }
            limits.push(Limit { charge, share: share.share });
        }
        limits
    };
    let limits = Limits {
        total: of("max-disruption", &a.change.max_disruption),
        handed_off: of("max-handed-off", &a.change.max_handed_off),
        taken_over: of("max-taken-over", &a.change.max_taken_over),
    };
    if faults.is_empty() { Ok(limits) } else { Err(Failure::Arguments(lines(faults.iter()))) }
}

/// Units that stay where they are.
fn protected(a: &Realign, prepared: &Prepared, today: &Today, current: &[Option<u32>]) -> Result<Vec<u32>, Failure> {
    let Some(name) = &a.change.protect else { return Ok(Vec::new()) };
    let units = &prepared.units;
    let column = property(&units.table, name, "--protect")?;
    let (mut protected, mut faults) = (Vec::new(), Vec::new());
    for (&row, unit) in units.rows.iter().zip(0u32..) {
        let file = units.table.file();
        let stays = match column.get(row as usize) {
            PropertyValue::Bool(false) => false,
            PropertyValue::Number { value, .. } => value != 0.0,
            value => one_name(value).map(|name| name.is_some()).unwrap_or_else(|what| {
                let feature = units.feature(unit);
                faults.push(format!("{file}: {feature}: \"{name}\" is {what}, but --protect takes true or false"));
                false
            }),
        };
        if !stays {
            continue;
        }
        let territory = today.plan.get(unit as usize).and_then(|&t| today.names.get(t as usize));
        match (territory, current.get(unit as usize).copied().flatten()) {
            (_, Some(_)) => protected.push(unit),
            (Some(territory), None) => faults.push(format!(
                "{file}: {}: \"{name}\" protects it, but its territory {territory} leaves: keep one or the other",
                units.feature(unit)
            )),
            // It has no place to stay in.
            (None, None) => {}
        }
    }
    if faults.is_empty() { Ok(protected) } else { Err(Failure::Input(lines(faults.iter()))) }
}
