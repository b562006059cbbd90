//! Plans on two levels (`--regions`, `--within`): how they are drawn, and what report and summary say of the regions. Knows the options
//! and a judged plan; must not know how files are written.

use crate::args::{self, Count};
use crate::failure::{Failure, lines};
use crate::input::{Units, property};
use crate::run::{Prepared, by_name};
use crate::session::Session;
use crate::summary::{number, percent};
use crate::tables::plain_name;
use std::collections::{BTreeMap, BTreeSet};
use territory::adjacency::{Edge, Graph, components};
use territory::evaluate::{BOUND_SLACK, Evaluation, TerritoryFigures, ViolationReport};
use territory::nested::{Nested, share_out, solve_regions, solve_within};
use territory::{Problem, SolveOptions};

/// What regions are called in plans and tables.
pub(crate) const PROPERTY: &str = "region";

/// Regions named in the summary; the report has all.
const NAMED: usize = 12;

/// Regions of the units, drawn or given.
pub(crate) struct Regions {
    /// The property that gives them; none: they were drawn.
    given_by: Option<String>,
    names: Vec<String>,
    of_unit: Vec<u32>,
}

/// Regions with their figures, from scratch.
pub(crate) struct JudgedRegions {
    of_unit: Vec<u32>,
    pub(crate) report: RegionsReport,
    pub(crate) violations: Vec<ViolationReport>,
}

/// The regions of a plan, in the report.
#[derive(Debug, serde::Serialize)]
pub(crate) struct RegionsReport {
    /// `drawn`, or the property.
    by: String,
    contiguous: bool,
    max_deviations: BTreeMap<String, f64>,
    regions: Vec<RegionReport>,
}

#[derive(Debug, serde::Serialize)]
struct RegionReport {
    region: String,
    territories: Vec<String>,
    units: usize,
    pieces: usize,
    contiguous: bool,
    sums: BTreeMap<String, f64>,
    /// Those of its territories together.
    targets: BTreeMap<String, f64>,
    deviations: BTreeMap<String, f64>,
}

/// Refuses what contradicts the two options.
pub(crate) fn check(a: &args::Solve, count: Count) -> Result<(), Failure> {
    let refuse = |text: String| Err(Failure::Arguments(text));
    let option = match (a.nested.regions, &a.nested.within) {
        (None, None) => return Ok(()),
        (Some(_), _) => "--regions",
        (None, Some(_)) => "--within",
    };
    match (count, a.nested.regions) {
        (Count::Auto, _) => {
            return refuse(format!("{option} needs a given number of territories, not -k auto: give -k a number"));
        }
        (Count::Of(k), Some(regions)) if regions > k => {
            return refuse(format!(
                "--regions {regions}, but there are {k} territories: ask for as many regions at most"
            ));
        }
        _ => {}
    }
    if a.search.alternatives.is_some() || a.search.frontier.is_some() {
        return refuse(format!("{option} makes one plan: leave --alternatives and --frontier out"));
    }
    if a.input.no_enclaves {
        return refuse(format!("{option} and --no-enclaves: what leads enclaves out knows no regions, leave one out"));
    }
    if a.input.property == PROPERTY {
        return refuse(format!(
            "--property {PROPERTY} is what {option} calls the regions: choose another for territories"
        ));
    }
    Ok(())
}

/// Draws the plan on two levels, where that is asked for.
pub(crate) fn search(
    prepared: &Prepared,
    a: &args::Solve,
    problem: &Problem,
    options: &SolveOptions,
    session: &mut Session,
) -> Result<Option<(Nested, Regions)>, Failure> {
    let limit = a.search.goal.time_limit;
    if let Some(count) = a.nested.regions {
        let nested = session
            .search(limit, |control| solve_regions(problem, count as usize, options, control))
            .map_err(|e| prepared.problem_failure(&e))?;
        let names = (1..=count).map(|r| format!("{PROPERTY} {r}")).collect();
        let regions = Regions { given_by: None, names, of_unit: nested.regions() };
        return Ok(Some((nested, regions)));
    }
    let Some(name) = &a.nested.within else { return Ok(None) };
    let (of_unit, names) = areas(&prepared.units, name)?;
    let k = problem.k();
    if names.len() > k {
        let count = names.len();
        return Err(Failure::Arguments(format!(
            "-k {k}, but \"{name}\" has {count} areas, each with at least one territory: ask for at least {count}, or take coarser areas"
        )));
    }
    let lists = share_out(problem, &of_unit, names.len()).map_err(|e| prepared.problem_failure(&e))?;
    hang_together(prepared, problem, (name, &names), &of_unit, &lists)?;
    let nested = session
        .search(limit, |control| solve_within(problem, &of_unit, &lists, options, control))
        .map_err(|e| prepared.problem_failure(&e))?;
    Ok(Some((nested, Regions { given_by: Some(name.clone()), names, of_unit })))
}

/// The area of every unit, and the names of the areas in order of first appearance.
fn areas(units: &Units, name: &str) -> Result<(Vec<u32>, Vec<String>), Failure> {
    let column = property(&units.table, name, "--within")?;
    let mut faults = Vec::new();
    let mut names = Vec::new();
    for (unit, &row) in (0u32..).zip(&units.rows) {
        let value = column.get(row as usize);
        match value.name().filter(|text| !text.trim().is_empty()) {
            Some(text) => names.push(plain_name(&text)),
            None => faults.push(format!(
                "{}: {}: its \"{name}\" is {}: with --within every unit is in an area, name it",
                units.table.file(),
                units.feature(unit),
                value.kind()
            )),
        }
    }
    if faults.is_empty() { Ok(by_name(names)) } else { Err(Failure::Input(lines(faults.iter()))) }
}

/// Refuses areas in more pieces than they have territories.
fn hang_together(
    prepared: &Prepared,
    problem: &Problem,
    (property, names): (&str, &[String]),
    of_unit: &[u32],
    lists: &[Vec<u32>],
) -> Result<(), Failure> {
    let file = prepared.units.table.file();
    let pieces = pieces(problem.graph(), of_unit, names.len());
    let faults: Vec<String> = names
        .iter()
        .zip(pieces)
        .zip(lists)
        .filter(|((_, pieces), own)| *pieces > own.len())
        .map(|((name, pieces), own)| {
            let count = own.len();
            format!(
                "{file}: \"{name}\" ({property}) lies in {pieces} pieces, and its share is {count} territory(s), which must hang together: link the pieces (--links, --bridge-within {property}), or give -k more"
            )
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Input(lines(faults.iter()))) }
}

impl Regions {
    /// Judges the regions of a plan. Their bounds are those of their territories together, as in [`territory::nested::region_problem`].
    pub(crate) fn judge(self, problem: &Problem, assignment: &[u32], evaluation: &Evaluation) -> JudgedRegions {
        let mut members: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); self.names.len()];
        for (&r, &t) in self.of_unit.iter().zip(assignment) {
            if let Some(list) = members.get_mut(r as usize) {
                list.insert(t);
            }
        }
        let pieces = pieces(problem.graph(), &self.of_unit, self.names.len());
        let mut violations = Vec::new();
        let mut regions = Vec::new();
        for ((name, members), pieces) in self.names.iter().zip(&members).zip(pieces) {
            let region = RegionReport::new(name, members, pieces, evaluation);
            if self.given_by.is_none() && pieces != 1 {
                let reason = "the units of a region hang together".to_owned();
                violations.push(violation("region_not_contiguous", name, (pieces as f64, 1.0), reason));
            }
            violations.extend(region.broken_bounds(problem, members));
            regions.push(region);
        }
        let worst = |name: &String| regions.iter().filter_map(|r| r.deviations.get(name)).fold(0.0, worse);
        let report = RegionsReport {
            by: self.given_by.unwrap_or_else(|| "drawn".to_owned()),
            contiguous: regions.iter().all(|r| r.contiguous),
            max_deviations: problem.measures().iter().map(|m| (m.name.clone(), worst(&m.name))).collect(),
            regions,
        };
        JudgedRegions { of_unit: self.of_unit, report, violations }
    }
}

fn worse(worst: f64, deviation: &f64) -> f64 {
    worst.max(deviation.abs())
}

fn violation(kind: &str, region: &str, (value, bound): (f64, f64), reason: String) -> ViolationReport {
    let mut told = ViolationReport::default();
    (told.kind, told.territory, told.value, told.bound, told.reason) =
        (kind.to_owned(), region.to_owned(), value, bound, reason);
    told
}

/// In how many pieces the units of every region lie.
fn pieces(graph: &Graph, region: &[u32], regions: usize) -> Vec<usize> {
    let of = |unit: u32| region.get(unit as usize);
    let inside: Vec<Edge> = graph.edges().filter(|e| of(e.a) == of(e.b)).collect();
    let found = components(&Graph::from_edges(region.len(), &inside));
    let mut pieces = vec![BTreeSet::new(); regions];
    for (&r, &component) in region.iter().zip(&found.component_of) {
        if let Some(pieces) = pieces.get_mut(r as usize) {
            pieces.insert(component);
        }
    }
    pieces.iter().map(BTreeSet::len).collect()
}

impl RegionReport {
    fn new(name: &str, members: &BTreeSet<u32>, pieces: usize, evaluation: &Evaluation) -> Self {
        let figures: Vec<&TerritoryFigures> =
            members.iter().filter_map(|&t| evaluation.territories.get(t as usize)).collect();
        let sums = |of: &dyn Fn(&TerritoryFigures) -> &Vec<f64>| -> BTreeMap<String, f64> {
            let sum = |m: usize| figures.iter().filter_map(|t| of(t).get(m)).sum();
            evaluation.measures.iter().enumerate().map(|(m, measure)| (measure.name.clone(), sum(m))).collect()
        };
        let (sums, targets) = (sums(&|t| &t.sums), sums(&|t| &t.targets));
        let deviation = |(sum, target): (&f64, &f64)| if *target > 0.0 { sum / target - 1.0 } else { 0.0 };
        Self {
            region: name.to_owned(),
            territories: figures.iter().map(|t| t.name.clone()).collect(),
            units: figures.iter().map(|t| t.units).sum(),
            pieces,
            contiguous: pieces == 1,
            deviations: sums.keys().cloned().zip(sums.values().zip(targets.values()).map(deviation)).collect(),
            sums,
            targets,
        }
    }

    /// Bounds of its territories together that it does not keep.
    fn broken_bounds(&self, problem: &Problem, members: &BTreeSet<u32>) -> Vec<ViolationReport> {
        let of_measure = |(m, measure): (usize, &territory::Measure)| {
            let bounds = members.iter().map(|&t| problem.bounds(t as usize, m));
            let (lower, upper) = bounds.fold((0.0, 0.0), |all, own| (all.0 + own.0, all.1 + own.1));
            let sum = self.sums.get(&measure.name).copied()?;
            let (kind, bound) = if sum > upper + BOUND_SLACK * upper {
                ("region_above_maximum", upper)
            } else if sum < lower - BOUND_SLACK * lower {
                ("region_below_minimum", lower)
            } else {
                return None;
            };
            let count = members.len();
            let most = if upper.is_finite() { format!(" and {} at most", number(upper)) } else { String::new() };
            let who = if count == 1 {
                "its territory has".to_owned()
            } else {
                format!("its {count} territories together have")
            };
            let reason = format!("{who} {} at least{most}", number(lower));
            let mut told = violation(kind, &self.region, (sum, bound), reason);
            told.measure = Some(measure.name.clone());
            Some(told)
        };
        problem.measures().iter().enumerate().filter_map(of_measure).collect()
    }
}

impl JudgedRegions {
    /// Region of every unit.
    pub(crate) fn of_unit(&self) -> &[u32] {
        &self.of_unit
    }

    /// Name of a region.
    pub(crate) fn name(&self, region: u32) -> &str {
        self.report.regions.get(region as usize).map_or("", |r| r.region.as_str())
    }
}

impl RegionsReport {
    /// The regions in a line for a person: how many territories each has, and the worst deviation.
    pub(crate) fn words(&self) -> String {
        let named = |r: &RegionReport| format!("{} {}", r.region, r.territories.len());
        let shown: Vec<String> = match self.by.as_str() {
            "drawn" => self.regions.iter().map(|r| r.territories.len().to_string()).take(NAMED).collect(),
            _ => self.regions.iter().map(named).take(NAMED).collect(),
        };
        let more = if self.regions.len() > NAMED { ", …" } else { "" };
        let apart = self.regions.iter().filter(|r| !r.contiguous).count();
        let contiguous = if apart == 0 { "contiguous".to_owned() } else { format!("{apart} not contiguous") };
        let (count, by, shown) = (self.regions.len(), &self.by, shown.join(", "));
        let by = if by == "drawn" { "drawn".to_owned() } else { format!("by {by}") };
        let mut parts = vec![format!("{count} {by}, {contiguous}"), format!("territories of each: {shown}{more}")];
        for (measure, &worst) in &self.max_deviations {
            let deviation = |r: &RegionReport| r.deviations.get(measure).map_or(0.0, |d| d.abs());
            let at = self.regions.iter().find(|r| deviation(r) == worst).map_or("", |r| r.region.as_str());
            parts.push(format!("{measure}: worst deviation {} in {at}", percent(worst)));
        }
        parts.join(" · ")
    }
}
