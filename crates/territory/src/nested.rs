//! Plans on two levels: regions of territories. Regions are drawn first, as territories of their own whose capacity is that of their
//! territories together; then every region is split by itself. So both levels are contiguous and balanced, and no territory lies in
//! two regions. Where regions are given, they are only split.

use crate::adjacency::{Edge, Graph};
use crate::control::{Control, Stopped};
use crate::error::{ProblemError, ProblemErrors};
use crate::problem::{Areas, Measure, Problem, ProblemSpec, Rules, Territory};
use crate::search::apportion;
use crate::solve::{SolveOptions, solve};
use crate::space::{Locations, squared_distance};

/// A plan on two levels.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Nested {
    /// Territory of every unit, below k.
    pub assignment: Vec<u32>,
    /// Region of every territory.
    pub region_of: Vec<u32>,
    /// Why the search ended.
    pub stopped: Stopped,
}

impl Nested {
    /// Region of every unit.
    pub fn regions(&self) -> Vec<u32> {
        self.assignment.iter().map(|&t| self.region_of[t as usize]).collect()
    }
}

/// The problem of the regions: `regions` territories named `"region 1"` and so on, each standing for consecutive territories of
/// `problem`, as many as their number lets each have; targets and bounds are those of their territories together, and rules about
/// territories are rules about their regions. Of each measure's tolerance regions may use the share `slack`, so that the territories
/// inside have the rest.
///
/// # Errors
/// Fewer territories than regions, or none; rules that contradict each other on this level.
pub fn region_problem(problem: &Problem, regions: usize, slack: f64) -> Result<(Problem, Vec<u32>), ProblemErrors> {
    let k = problem.k();
    if regions == 0 || regions > k {
        let what = "the number of regions".to_owned();
        let range = "at least 1, and at most the number of territories";
        return Err(ProblemErrors(vec![ProblemError::RuleValue { what, value: regions as f64, range }]));
    }
    let region_of: Vec<u32> = (0..k).map(|t| (t * regions / k) as u32).collect();
    let members = |r: usize| (0..k).filter(move |&t| t * regions / k == r);
    let mut spec = problem.spec().clone();
    spec.territories = (0..regions)
        .map(|r| {
            let mut region = Territory::new(format!("region {}", r + 1));
            region.capacity = members(r).map(|t| problem.territories()[t].capacity).sum();
            for (m, measure) in problem.measures().iter().enumerate() {
                let sum = |of: &dyn Fn(usize) -> f64| members(r).map(of).sum::<f64>();
                let (target, carried) = (sum(&|t| problem.target(t, m)), sum(&|t| problem.carried(t, m)));
                let (lower, upper) = (sum(&|t| problem.bounds(t, m).0), sum(&|t| problem.bounds(t, m).1));
                // What is wished for, and how much of it, stays a wish.
                let slack = if measure.wish.is_some() { 1.0 } else { slack };
                let lower = target - slack * (target - lower).max(0.0);
                let upper = if upper.is_finite() { target + slack * (upper - target).max(0.0) } else { upper };
                let upper = upper.is_finite().then_some(upper);
                region = region.bounds(measure.name.clone(), Some(lower), upper);
                if carried > 0.0 {
                    region = region.carried(measure.name.clone(), carried);
                }
            }
            for skill in members(r).flat_map(|t| &problem.territories()[t].skills) {
                region = region.skill(skill.clone());
            }
            region
        })
        .collect();
    for (m, measure) in spec.measures.iter_mut().enumerate() {
        (measure.minimum, measure.maximum) = (None, None);
        if measure.wish.is_none() {
            measure.tolerance = f64::INFINITY;
        }
        if problem.is_anchored(m) {
            // Inside its region a unit goes to an anchor near by.
            measure.values = (0..problem.units()).map(|unit| problem.least_load(m, unit)).collect();
            measure.per_km.clear();
        }
    }
    // What a unit may be in, by the regions of those territories; pairs apart may share a region.
    let set = |list: &[u32]| {
        let mut set: Vec<u32> = list.iter().map(|&t| region_of[t as usize]).collect();
        set.sort_unstable();
        set.dedup();
        set
    };
    let rules = &mut spec.rules;
    rules.apart.clear();
    rules.forbidden.clear();
    rules.needs.clear();
    rules.centres_apart_km = None;
    rules.locked.clear();
    let book = problem.rule_book();
    let bound = (0..problem.units() as u32).filter(|&u| book.class_of(u) != 0);
    rules.allowed = bound.map(|u| (u, set(&book.territories_of(u)))).collect();
    Ok((spec.build()?, region_of))
}

/// Share of the tolerances that regions use.
const SLACK: f64 = 0.4;

/// Draws `regions` regions of about equally many territories each, then the territories inside of each. The plan's territories keep
/// the problem's bounds and rules where both levels find a way; [`region_problem`] judges the regions.
///
/// ```
/// use territory::{Control, Locations, Measure, ProblemSpec, SolveOptions, Space, adjacency::{Edge, EdgeKind, Graph}};
/// let places: Vec<[f64; 2]> = (0..8).map(|i| [1000.0 * f64::from(i), 0.0]).collect();
/// let edges: Vec<Edge> = (0..7).map(|i| Edge::new(i, i + 1, EdgeKind::Edge, 0.0)).collect();
/// let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(8, &edges), 4)
///     .measure(Measure::new("calls", vec![1.0; 8]).tolerance(0.1)).build()?;
/// let nested = territory::nested::solve_regions(&problem, 2, &SolveOptions::default(), &Control::default())?;
/// let regions = nested.regions();
/// assert!(regions[..4].iter().all(|r| *r == regions[0]) && regions[4..].iter().all(|r| *r == regions[7]));
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
///
/// # Errors
/// As [`region_problem`].
pub fn solve_regions(
    problem: &Problem,
    regions: usize,
    options: &SolveOptions,
    control: &Control<'_>,
) -> Result<Nested, ProblemErrors> {
    let (above, region_of) = region_problem(problem, regions, SLACK)?;
    let found = solve(&above, options, &control.part(0.0, 0.5))?;
    let territories: Vec<Vec<u32>> = (0..regions as u32)
        .map(|r| (0..region_of.len() as u32).filter(|&t| region_of[t as usize] == r).collect())
        .collect();
    split(problem, &found.assignment, &territories, options, &control.part(0.5, 1.0))
}

/// Shares the territories out over given regions, for [`solve_within`]: every region gets at least one and at most one per unit, the
/// rest by its share of the first measure (halfway divisors, Sainte-Laguë). Territories that units are locked to stand in the region of
/// the first of these units, anchored ones in the nearest region that has a place left, the others fill up in their order.
///
/// # Errors
/// Regions of another length than the units, not below `regions`, or without a unit; fewer territories than regions and locks take, or
/// more than there are units.
pub fn share_out(problem: &Problem, region: &[u32], regions: usize) -> Result<Vec<Vec<u32>>, ProblemErrors> {
    let mut errors = faults_of(problem, region, regions);
    let mut units: Vec<Vec<u32>> = vec![Vec::new(); regions];
    (0u32..).zip(region).filter(|of| (*of.1 as usize) < regions).for_each(|(u, &r)| units[r as usize].push(u));
    let counts: Vec<usize> = units.iter().map(Vec::len).collect();
    if let Some(empty) = counts.iter().position(|&count| count == 0) {
        let what = format!("the number of units of region {empty}");
        errors.push(ProblemError::RuleValue { what, value: 0.0, range: "at least 1" });
    }
    if !errors.is_empty() {
        return Err(ProblemErrors(errors));
    }
    let mut home: Vec<Option<usize>> = vec![None; problem.k()];
    let book = problem.rule_book();
    for (u, &r) in (0u32..).zip(region) {
        if let Some(t) = book.locked(u) {
            home[t as usize].get_or_insert(r as usize);
        }
    }
    let mut territories: Vec<Vec<u32>> = vec![Vec::new(); regions];
    (0u32..).zip(&home).filter_map(|(t, r)| Some((t, (*r)?))).for_each(|(t, r)| territories[r].push(t));
    let least: Vec<usize> = territories.iter().map(|list| list.len().max(1)).collect();
    if least.iter().sum::<usize>() > problem.k() {
        let (what, value) = ("the number of territories".to_owned(), problem.k() as f64);
        let range = "at least one per region, besides those that units of a region are locked to";
        return Err(ProblemErrors(vec![ProblemError::RuleValue { what, value, range }]));
    }
    let load = |&u: &u32| problem.least_load(0, u as usize);
    let loads: Vec<f64> = units.iter().map(|list| list.iter().map(load).sum()).collect();
    let shares = apportion(&loads, &counts, least, problem.k());
    let points = problem.spec().locations.points();
    let free = |t: &u32| home[*t as usize].is_none();
    let (anchored, rest): (Vec<u32>, Vec<u32>) =
        (0..problem.k() as u32).filter(free).partition(|&t| problem.anchor(t as usize).is_some());
    for t in anchored.into_iter().chain(rest) {
        let way = |r: usize| {
            let at = problem.anchor(t as usize)?;
            units[r].iter().map(|&u| squared_distance(points[u as usize], at)).min_by(f64::total_cmp)
        };
        let open = (0..regions).filter(|&r| territories[r].len() < shares[r]);
        let nearest = open.map(|r| (r, way(r).unwrap_or(0.0))).min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        if let Some((r, _)) = nearest {
            territories[r].push(t);
        }
    }
    territories.iter_mut().for_each(|list| list.sort_unstable());
    Ok(territories)
}

/// What is wrong with the regions of the units.
fn faults_of(problem: &Problem, region: &[u32], regions: usize) -> Vec<ProblemError> {
    let mut errors = Vec::new();
    if region.len() != problem.units() {
        let (found, expected) = (region.len(), problem.units());
        errors.push(ProblemError::Length { what: "the list of regions".to_owned(), found, expected });
    }
    if let Some(&beyond) = region.iter().find(|&&r| r as usize >= regions) {
        let what = "the region of a unit".to_owned();
        errors.push(ProblemError::RuleValue { what, value: f64::from(beyond), range: "below the number of regions" });
    }
    errors
}

/// Draws territories inside given regions: `region` of every unit, and the territories of each region, every territory in one. A
/// region must hold a unit for each of its territories; a region whose units do not hang together gets its territories by component.
///
/// # Errors
/// Regions of another length than the units, or not below the number of lists; territories in no list or in two; rules that bind
/// units to territories of another region.
pub fn solve_within(
    problem: &Problem,
    region: &[u32],
    territories: &[Vec<u32>],
    options: &SolveOptions,
    control: &Control<'_>,
) -> Result<Nested, ProblemErrors> {
    let mut errors = faults_of(problem, region, territories.len());
    let mut all: Vec<u32> = territories.iter().flatten().copied().collect();
    all.sort_unstable();
    if all != (0..problem.k() as u32).collect::<Vec<_>>() {
        let what = "the number of territories in the regions' lists".to_owned();
        errors.push(ProblemError::RuleValue { what, value: all.len() as f64, range: "every territory once" });
    }
    if !errors.is_empty() {
        return Err(ProblemErrors(errors));
    }
    split(problem, region, territories, options, control)
}

fn split(
    problem: &Problem,
    region: &[u32],
    territories: &[Vec<u32>],
    options: &SolveOptions,
    control: &Control<'_>,
) -> Result<Nested, ProblemErrors> {
    let mut assignment = vec![0; problem.units()];
    let mut region_of = vec![0; problem.k()];
    let mut errors = Vec::new();
    let mut done = 0;
    for (r, own) in (0u32..).zip(territories) {
        own.iter().for_each(|&t| region_of[t as usize] = r);
        let units: Vec<u32> = (0..problem.units() as u32).filter(|&u| region[u as usize] == r).collect();
        if units.is_empty() && own.is_empty() {
            continue;
        }
        let control = control.stretch(done, units.len(), problem.units());
        done += units.len();
        match part(problem, &units, own).build().and_then(|part| solve(&part, options, &control)) {
            Ok(found) => {
                units.iter().zip(&found.assignment).for_each(|(&u, &t)| assignment[u as usize] = own[t as usize])
            }
            Err(found) => errors.extend(found.0),
        }
    }
    if errors.is_empty() {
        control.report(1.0, "done");
        Ok(Nested { assignment, region_of, stopped: control.stopped().unwrap_or(Stopped::Steps) })
    } else {
        Err(ProblemErrors(errors))
    }
}

/// The problem of some units and some territories, with the bounds that these have in the whole.
fn part(problem: &Problem, units: &[u32], territories: &[u32]) -> ProblemSpec {
    let spec = problem.spec();
    let mut rank = vec![u32::MAX; problem.units()];
    (0u32..).zip(units).for_each(|(at, &u)| rank[u as usize] = at);
    let inside = |u: u32| rank[u as usize] != u32::MAX;
    let edges: Vec<Edge> = spec
        .graph
        .edges()
        .filter(|e| inside(e.a) && inside(e.b))
        .map(|mut e| {
            (e.a, e.b) = (rank[e.a as usize], rank[e.b as usize]);
            e
        })
        .collect();
    let points = units.iter().map(|&u| spec.locations.points()[u as usize]).collect();
    let mut part = ProblemSpec::new(
        Locations::from_points(spec.locations.space(), points),
        Graph::from_edges(units.len(), &edges),
        territories.len(),
    );
    part.unit_names = units.iter().map(|&u| spec.unit_name(u as usize)).collect();
    part.measures = spec
        .measures
        .iter()
        .map(|m| {
            let values = units.iter().map(|&u| m.values[u as usize]).collect();
            let per_km = units.iter().filter_map(|&u| m.per_km.get(u as usize).copied()).collect();
            // Targets of wishes and of anchored measures are shares of what the region has.
            let own = m.wish.is_some() || !m.per_km.is_empty();
            let tolerance = if own { m.tolerance } else { f64::INFINITY };
            Measure { wish: m.wish, ..Measure::new(m.name.clone(), values).tolerance(tolerance).per_km(per_km) }
        })
        .collect();
    part.territories = territories
        .iter()
        .map(|&t| {
            let mut own = spec.territories[t as usize].clone();
            let anchored = |name: &String| spec.measures.iter().any(|m| m.name == *name && !m.per_km.is_empty());
            own.bounds.retain(|b| anchored(&b.measure));
            for (m, measure) in spec.measures.iter().enumerate() {
                if problem.is_anchored(m) {
                    own = own.bounds(measure.name.clone(), measure.minimum, measure.maximum);
                    continue;
                }
                let (lower, upper) = problem.bounds(t as usize, m);
                own = own.bounds(measure.name.clone(), Some(lower), upper.is_finite().then_some(upper));
            }
            own
        })
        .collect();
    (part.weight, part.objective) = (spec.weight.clone(), spec.objective);
    // A region may lie in several components, where the whole does.
    part.components = crate::problem::ComponentRule::Separate;
    part.rules = rules_of(problem, &rank, units, territories);
    part
}

/// Rules among some units and territories. A unit that may be in none of these keeps an empty set, which names it.
fn rules_of(problem: &Problem, rank: &[u32], units: &[u32], territories: &[u32]) -> Rules {
    let (rules, book) = (problem.rules(), problem.rule_book());
    let new = |u: u32| Some(rank[u as usize]).filter(|&at| at != u32::MAX);
    let set =
        |u: &u32| -> Vec<u32> { (0u32..).zip(territories).filter(|t| book.allows(*u, *t.1)).map(|t| t.0).collect() };
    let area = |areas: &Areas| Areas {
        name: areas.name.clone(),
        names: areas.names.clone(),
        area_of: units.iter().map(|&u| areas.area_of[u as usize]).collect(),
    };
    Rules {
        allowed: units.iter().filter(|&&u| book.class_of(u) != 0).filter_map(|u| Some((new(*u)?, set(u)))).collect(),
        together: book.groups().iter().map(|group| group.iter().filter_map(|&u| new(u)).collect()).collect(),
        apart: rules.apart.iter().filter_map(|&(a, b)| Some((new(a)?, new(b)?))).collect(),
        areas: rules.areas.iter().map(area).collect(),
        ties: rules.ties.iter().filter_map(|&(a, b, w)| Some((new(a)?, new(b)?, w))).collect(),
        centres_apart_km: rules.centres_apart_km,
        ..Rules::default()
    }
}
