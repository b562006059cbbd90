//! Two plans side by side: territories matched by overlap, what changes hands, and what no plan could go below.

use super::assignment::{AssignmentError, Members};
use super::least_change::least_touched;
use super::network::{Flows, Sides, disruption};
use crate::flow::{Matching, maximum_weight_matching};
use crate::ids::{TerritoryId, UnitId};
use crate::problem::{Problem, Territory};
use std::collections::BTreeMap;

/// The territory of a unit that has none in the current plan.
pub const NO_TERRITORY: u32 = u32::MAX;

/// A plan with names of its own: that of today, say.
#[derive(Clone, Copy, Debug)]
pub struct PlanNames<'a> {
    /// Territory of every unit, below the number of names, or [`NO_TERRITORY`].
    pub assignment: &'a [u32],
    /// Name of every territory.
    pub names: &'a [String],
}

/// A unit that changes territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Move {
    /// The unit.
    pub unit: UnitId,
    /// Where it was: position among the names of the plan before.
    pub from: TerritoryId,
    /// Where it is: position among the problem's territories.
    pub to: TerritoryId,
    /// Whether it had to move because its territory is no more.
    pub forced: bool,
}

/// How much of a measure changes hands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MeasureDisruption {
    /// Share that changes territory, of what had one: Σ v [s ≠ s₀] / Σ v.
    pub share: f64,
    /// The part of it that had to move because its territory is no more.
    pub forced: f64,
    /// Certified: under this matching no plan of contiguous territories inside the bounds has a smaller share.
    pub lower_bound: f64,
    /// Share that the cheapest flow of surplus over today's territory borders moves: a good estimate, not a bound, since new
    /// borders can make a shorter way.
    pub flow_estimate: f64,
}

/// What changes for one territory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// Position among the names of the plan before; none for a new territory.
    pub before: Option<TerritoryId>,
    /// Position among the problem's territories; none for one that is no more.
    pub after: Option<TerritoryId>,
    /// Its name: that of the plan before where it has one.
    pub name: String,
    /// Units before and after.
    pub units: [usize; 2],
    /// Units handed off to others, and taken over from others.
    pub moved_units: [usize; 2],
    /// Sum per measure before and after.
    pub sums: Vec<[f64; 2]>,
    /// Sum per measure handed off, and taken over.
    pub moved: Vec<[f64; 2]>,
    /// Whether the cheapest flow of surplus over today's borders touches it, in any measure but those that depend on anchors. A new
    /// territory has borders with those that it took units of; one that is no more is touched.
    pub in_flow: bool,
}

/// Two plans side by side.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// For every territory after: the one before that it goes on from.
    pub matched: Vec<Option<TerritoryId>>,
    /// Share of the units that change territory, of those that had one.
    pub units: f64,
    /// Units that had none.
    pub new_units: usize,
    /// Per measure, in the problem's order.
    pub measures: Vec<MeasureDisruption>,
    /// Units that change territory, ascending.
    pub moves: Vec<Move>,
    /// Per territory: those after in the problem's order, then those that are no more.
    pub changes: Vec<Change>,
    /// Territories of the plan after that hand off or take over units.
    pub touched: usize,
    /// Certified: under this matching every plan inside the bounds changes so many of its territories. Each that is outside its bounds
    /// with what it has today has to change; and what comes from territories that are no more, or from new units, has to find room.
    pub least_touched: usize,
    /// Territories of the plan after that hand off or take over units though the cheapest flow of surplus leaves them alone
    /// ([`Change::in_flow`]): for contiguity or a rule, where units do not fit through the others, or since less changes so.
    pub beyond_flow: usize,
}

impl Comparison {
    /// Names of the problem's territories as a reader of the plan before knows them: the one that each goes on from, else its own,
    /// marked as new if another has it. `before` are the names of the plan before.
    pub fn names(&self, problem: &Problem, before: &[String]) -> Vec<String> {
        let from: Vec<Option<u32>> = self.matched.iter().map(|b| b.map(|b| b.0)).collect();
        names(problem, before, &from)
    }
}

/// Names for the territories of the plan `after` of `problem`, so that people find theirs: each has the name of the one in the plan
/// `before` that it goes on from, by the most overlap in all; one that is new has its own, marked if another has it.
///
/// # Errors
/// A plan of another length, or with a territory that there is not.
pub fn names_by_overlap(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
) -> Result<Vec<String>, AssignmentError> {
    let matching = matching(problem, before, after, Matched::ByOverlap)?;
    Ok(names(problem, before.names, &matching.row_of))
}

fn names(problem: &Problem, before: &[String], goes_on_from: &[Option<u32>]) -> Vec<String> {
    let of = |(own, from): (&Territory, &Option<u32>)| {
        let known = from.and_then(|b| before.get(b as usize));
        known.cloned().unwrap_or_else(|| new_name(&own.name, before))
    };
    problem.territories().iter().zip(goes_on_from).map(of).collect()
}

/// A name that none of the others is.
fn new_name(name: &str, others: &[String]) -> String {
    let mut name = name.to_owned();
    while others.contains(&name) {
        name += " (new)";
    }
    name
}

/// Compares the plan `before` with the plan `after` of `problem`. Territories are matched by the largest overlap in the
/// compactness weight, whatever they are called; a unit of weight 0 counts a millionth of the mean.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// use territory::evaluate::{PlanNames, compare};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 4]))
///     .build()?;
/// let names = ["West".to_owned(), "East".to_owned()];
/// let comparison = compare(&problem, PlanNames { assignment: &[0, 0, 0, 1], names: &names }, &[1, 1, 0, 0])?;
/// assert_eq!(comparison.matched, [Some(territory::TerritoryId(1)), Some(territory::TerritoryId(0))]);
/// assert_eq!(comparison.moves.len(), 1);
/// // East has 0.9 calls too few, and a call cannot be cut.
/// assert!((comparison.measures[0].lower_bound - 0.25).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A plan of another length, or with a territory that there is not.
pub fn compare(problem: &Problem, before: PlanNames<'_>, after: &[u32]) -> Result<Comparison, AssignmentError> {
    let matching = matching(problem, before, after, Matched::ByOverlap)?;
    Ok(compare_matched(problem, before, after, &matching))
}

/// [`compare`], but a territory goes on from the one of the same name, whatever they share: where the new plan was made to keep the names,
/// as by [`crate::realign::realign`].
///
/// # Errors
/// Those of [`compare`].
pub fn compare_by_name(problem: &Problem, before: PlanNames<'_>, after: &[u32]) -> Result<Comparison, AssignmentError> {
    let matching = matching(problem, before, after, Matched::ByName)?;
    Ok(compare_matched(problem, before, after, &matching))
}

fn compare_matched(problem: &Problem, before: PlanNames<'_>, after: &[u32], matching: &Matching) -> Comparison {
    let matched: Vec<Option<TerritoryId>> = matching.row_of.iter().map(|b| b.map(TerritoryId)).collect();
    let moves = moves(before, after, matching);
    let with_territory = before.assignment.iter().filter(|&&b| b != NO_TERRITORY).count();
    let flows = Flows::new(problem, before, matching);
    let measures = crate::parallel::map(problem.measures().len(), |m| disruption(problem, before, &moves, &flows, m));
    let k = problem.k();
    let reached = flows.reach(problem, &flows.taken(after));
    let changes = changes(problem, before, after, matching, &reached);
    let touched = changes.iter().take(k).filter(|c| c.moved_units[0] + c.moved_units[1] > 0).count();
    let beyond = |c: &&Change| !c.in_flow && c.moved_units[0] + c.moved_units[1] > 0;
    let beyond_flow = changes.iter().take(k).filter(beyond).count();
    let sides: Vec<Sides> = (0..problem.measures().len()).map(|m| Sides::new(problem, &flows, m)).collect();
    let least_touched = least_touched(&sides.iter().map(|s| s.needs(k, &flows)).collect::<Vec<_>>());
    Comparison {
        units: if with_territory > 0 { moves.len() as f64 / with_territory as f64 } else { 0.0 },
        new_units: before.assignment.len() - with_territory,
        matched,
        measures,
        moves,
        changes,
        touched,
        least_touched,
        beyond_flow,
    }
}

/// How the territories of two plans are matched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Matched {
    ByOverlap,
    ByName,
}

/// The matching by which two plans are compared, once both are known to be plans. Rows are territories before, columns those after.
pub(super) fn matching(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
    matched: Matched,
) -> Result<Matching, AssignmentError> {
    let members = Members::of(problem, after)?;
    check(problem, before)?;
    Ok(match matched {
        Matched::ByOverlap => match_territories(problem, before, &members),
        Matched::ByName => match_names(problem, before),
    })
}

fn match_names(problem: &Problem, before: PlanNames<'_>) -> Matching {
    let after: BTreeMap<&str, u32> = problem.territories().iter().map(|t| t.name.as_str()).zip(0u32..).collect();
    let (mut column_of, mut row_of) = (vec![None; before.names.len()], vec![None; problem.k()]);
    for (row, name) in before.names.iter().enumerate() {
        // Of several of one name the first goes on.
        if let Some(&column) = after.get(name.as_str()).filter(|&&c| row_of[c as usize].is_none()) {
            (column_of[row], row_of[column as usize]) = (Some(column), Some(row as u32));
        }
    }
    Matching { column_of, row_of, weight: 0.0 }
}

pub(super) fn check(problem: &Problem, before: PlanNames<'_>) -> Result<(), AssignmentError> {
    let (found, expected) = (before.assignment.len(), problem.units());
    if found != expected {
        return Err(AssignmentError::Length { found, expected });
    }
    let territories = before.names.len();
    let missing = |&b: &u32| b != NO_TERRITORY && b as usize >= territories;
    match before.assignment.iter().position(missing) {
        Some(unit) => Err(AssignmentError::Territory {
            unit: problem.unit_name(unit),
            territory: before.assignment[unit],
            territories,
        }),
        None => Ok(()),
    }
}

/// The one matching by which plans are compared: most overlap. Rows are territories before, columns those after.
fn match_territories(problem: &Problem, before: PlanNames<'_>, members: &Members) -> Matching {
    let values = &problem.measures()[problem.weight()].values;
    let least = 1e-6 * problem.total_weight() / problem.units() as f64;
    let mut overlap = vec![0.0; before.names.len()];
    let mut entries = Vec::new();
    for t in 0..members.k() {
        for &unit in members.get(t) {
            if let Some(slot) = overlap.get_mut(before.assignment[unit as usize] as usize) {
                *slot += values[unit as usize].max(least);
            }
        }
        for &unit in members.get(t) {
            let b = before.assignment[unit as usize];
            if let Some(weight) = overlap.get_mut(b as usize).map(std::mem::take).filter(|w| *w > 0.0) {
                entries.push((b, t as u32, weight));
            }
        }
    }
    maximum_weight_matching(before.names.len(), members.k(), &entries)
}

fn moves(before: PlanNames<'_>, after: &[u32], matching: &Matching) -> Vec<Move> {
    let changed = |(unit, (&b, &a)): (usize, (&u32, &u32))| {
        let kept = b == NO_TERRITORY || matching.row_of[a as usize] == Some(b);
        let forced = matching.column_of.get(b as usize).copied().flatten().is_none();
        (!kept).then_some(Move { unit: UnitId(unit as u32), from: TerritoryId(b), to: TerritoryId(a), forced })
    };
    before.assignment.iter().zip(after).enumerate().filter_map(changed).collect()
}

fn changes(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
    matching: &Matching,
    reached: &[bool],
) -> Vec<Change> {
    let (k, measures) = (problem.k(), problem.measures());
    let gone = (0..before.names.len() as u32).filter(|&b| matching.column_of[b as usize].is_none());
    // Row of the changes for every territory before.
    let mut row_of: Vec<usize> = matching.column_of.iter().map(|a| a.map_or(0, |a| a as usize)).collect();
    let blank = |before: Option<u32>, after: Option<usize>, name: String| Change {
        before: before.map(TerritoryId),
        after: after.map(|t| TerritoryId(t as u32)),
        name,
        units: [0; 2],
        moved_units: [0; 2],
        sums: vec![[0.0; 2]; measures.len()],
        moved: vec![[0.0; 2]; measures.len()],
        in_flow: after.is_none_or(|t| reached[t]),
    };
    let mut rows: Vec<Change> = (0..k)
        .map(|t| match matching.row_of[t] {
            Some(b) => blank(Some(b), Some(t), before.names[b as usize].clone()),
            None => blank(None, Some(t), new_name(&problem.territories()[t].name, before.names)),
        })
        .collect();
    for b in gone {
        row_of[b as usize] = rows.len();
        rows.push(blank(Some(b), None, before.names[b as usize].clone()));
    }
    let mut count = |row: usize, unit: usize, side: usize, moved: bool| {
        let change = &mut rows[row];
        change.units[side] += 1;
        change.moved_units[side] += usize::from(moved);
        for m in 0..measures.len() {
            let value = if row < k { problem.load(m, unit, row) } else { problem.least_load(m, unit) };
            change.sums[m][side] += value;
            if moved {
                change.moved[m][side] += value;
            }
        }
    };
    for (unit, (&b, &a)) in before.assignment.iter().zip(after).enumerate() {
        let from = row_of.get(b as usize).copied();
        let moved = from != Some(a as usize);
        if let Some(from) = from {
            count(from, unit, 0, moved);
        }
        count(a as usize, unit, 1, moved);
    }
    rows
}
