//! Why each unit of a new plan left its old territory. Reasons are read off the two plans and the problem alone, in the order of what
//! holds: a rule, contiguity, balance. How the new plan was found plays no part.

mod contiguity;
mod surplus;

use super::assignment::AssignmentError;
use super::compare::{Matched, NO_TERRITORY, PlanNames, matching};
use crate::flow::Matching;
use crate::ids::{TerritoryId, UnitId};
use crate::problem::{NO_GROUP, Problem};

/// The old territory of a unit that is in none that goes on.
const NOWHERE: u32 = u32::MAX;

/// A unit that changes territory or had none, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReasonedMove {
    /// The unit.
    pub unit: UnitId,
    /// Where it was: position among the names of the plan before; none for a unit that had no territory.
    pub from: Option<TerritoryId>,
    /// Where it is: position among the problem's territories.
    pub to: TerritoryId,
    /// Why.
    pub reason: Reason,
}

/// Why a unit changes territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It had no territory.
    New,
    /// Its territory is no more.
    Forced,
    /// Where it was, it broke a rule.
    Rule(BrokenRule),
    /// Its old territory could not keep it in one piece.
    Contiguity(Severed),
    /// It brings a sum inside its bounds, or is on the way of what does.
    Balance(Imbalance),
    /// None of these: for the shape, or by choice.
    Choice,
}

/// The rule that a unit broke where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenRule {
    /// Its territory may not have it: a lock, a set, a skill, a radius.
    Allowed,
    /// This unit of its group was in another territory.
    Together(UnitId),
    /// It shared its territory with this unit, which it may not.
    Apart(UnitId),
}

/// How a unit was not, or would no longer be, linked to what its old territory keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severed {
    /// It was in a piece apart from the one that its territory keeps.
    Piece,
    /// Units nearer to its new territory go, and cut it off.
    Pocket,
}

/// What was out of balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imbalance {
    /// Position of the measure.
    pub measure: usize,
    /// The territory that was outside its bounds, or is new: position among the problem's territories.
    pub territory: TerritoryId,
    /// Whether it was above its maximum; else it was below its minimum, or new.
    pub above: bool,
    /// Territories between it and the one that the unit leaves (above) or goes to (below), along moves: 0 where it is that itself.
    pub steps: u32,
    /// Whether the unit comes to the territory above, or from the one below, in return for what it gave or got.
    pub exchange: bool,
    /// Whether it was inside its bounds before, and left them as units moved that had to for another reason.
    pub became: bool,
}

impl Reason {
    /// Name in tables: `new`, `forced`, `rule`, `contiguity`, `balance`, `choice`.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Forced => "forced",
            Reason::Rule(_) => "rule",
            Reason::Contiguity(_) => "contiguity",
            Reason::Balance(_) => "balance",
            Reason::Choice => "choice",
        }
    }
}

impl ReasonedMove {
    /// The reason in a sentence; `names` are those of the problem's territories, in order, as a reader knows them.
    pub fn why(&self, problem: &Problem, names: &[String]) -> String {
        let territory = |t: TerritoryId| names.get(t.index()).map_or("", String::as_str);
        match self.reason {
            Reason::New => "it had no territory".to_owned(),
            Reason::Forced => "its territory is no more".to_owned(),
            Reason::Rule(BrokenRule::Allowed) => "its territory may not have it".to_owned(),
            Reason::Rule(BrokenRule::Together(with)) => {
                format!("{} of its group was in another territory", problem.unit_name(with.index()))
            }
            Reason::Rule(BrokenRule::Apart(from)) => {
                format!("it may not share a territory with {}", problem.unit_name(from.index()))
            }
            Reason::Contiguity(Severed::Piece) => "it was apart from the rest of its territory".to_owned(),
            Reason::Contiguity(Severed::Pocket) => "units that moved cut it off from its territory".to_owned(),
            Reason::Balance(cause) => {
                let measure = problem.measures().get(cause.measure).map_or("", |m| m.name.as_str());
                let what = if cause.above { "above its maximum" } else { "below its minimum" };
                let way = match cause.steps {
                    _ if cause.exchange => ", in exchange".to_owned(),
                    0 => String::new(),
                    1 => ", one territory on".to_owned(),
                    steps => format!(", {steps} territories on"),
                };
                let was = if cause.became { "came to be" } else { "was" };
                format!("{measure} of {} {was} {what}{way}", territory(cause.territory))
            }
            Reason::Choice => "no rule, piece or bound asked for it".to_owned(),
        }
    }
}

/// Both plans over the same territories.
struct Plans<'a> {
    problem: &'a Problem,
    /// Old territory of every unit among the problem's territories, or [`NOWHERE`].
    home: Vec<u32>,
    after: &'a [u32],
    /// Whether a territory of the problem goes on from one before.
    goes_on: Vec<bool>,
    /// The rule that a unit broke in its old territory.
    broken: Vec<Option<BrokenRule>>,
}

impl Plans<'_> {
    fn moves(&self, unit: usize) -> bool {
        self.home[unit] != self.after[unit]
    }
}

/// For every unit that `after` puts elsewhere than the plan `before`, ascending: why. Territories are matched as by
/// [`super::compare`]. The first reason that holds is told:
///
/// 1. [`Reason::New`], [`Reason::Forced`]: there is no old territory to stay in.
/// 2. [`Reason::Rule`]: by [`Problem::rule_book`] its old territory may not have it, a unit of its group was elsewhere, or it was beside a unit
///    it may not share a territory with.
/// 3. [`Reason::Contiguity`]: it was in another piece of its old territory than the one of which most weight stays; or, as the units
///    that leave go step by step from the border of the new territory inwards, those that break a rule first of all, it is cut off
///    before its turn.
/// 4. [`Reason::Balance`]: before, or when all of the above had moved, its old territory was above a maximum or its new one below a
///    minimum (or new); or it goes the way that a measure went, on the whole, from one above by way of others to one below; or it
///    comes back against that way, in exchange. The
///    nearest such territory is named; of several one that was so before, then the first measure.
/// 5. [`Reason::Choice`]: nothing of that.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// use territory::evaluate::{PlanNames, reasons_for_moves};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![1.0; 4]).tolerance(0.1))
///     .build()?;
/// let names = ["West".to_owned(), "East".to_owned()];
/// let moves = reasons_for_moves(&problem, PlanNames { assignment: &[0, 0, 0, 1], names: &names }, &[0, 0, 1, 1])?;
/// assert_eq!((moves.len(), moves[0].unit.0, moves[0].reason.name()), (1, 2, "balance"));
/// assert_eq!(moves[0].why(&problem, &names), "calls of West was above its maximum");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A plan of another length, or with a territory that there is not.
pub fn reasons_for_moves(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
) -> Result<Vec<ReasonedMove>, AssignmentError> {
    let matching = matching(problem, before, after, Matched::ByOverlap)?;
    reasons(problem, before, after, &matching)
}

/// [`reasons_for_moves`], territories matched by their names as by [`super::compare_by_name`].
///
/// # Errors
/// Those of [`reasons_for_moves`].
pub fn reasons_by_name(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
) -> Result<Vec<ReasonedMove>, AssignmentError> {
    let matching = matching(problem, before, after, Matched::ByName)?;
    reasons(problem, before, after, &matching)
}

fn reasons(
    problem: &Problem,
    before: PlanNames<'_>,
    after: &[u32],
    matching: &Matching,
) -> Result<Vec<ReasonedMove>, AssignmentError> {
    let settled = problem.settled(after);
    let problem = &*settled;
    let home = |&b: &u32| matching.column_of.get(b as usize).copied().flatten().unwrap_or(NOWHERE);
    let home: Vec<u32> = before.assignment.iter().map(home).collect();
    let split = split_groups(problem, before.assignment);
    let broken = |(unit, &home): (usize, &u32)| {
        (home != NOWHERE).then(|| broken_rule(problem, before.assignment, home, &split, unit as u32)).flatten()
    };
    let plans = Plans {
        problem,
        broken: home.iter().enumerate().map(broken).collect(),
        home,
        after,
        goes_on: matching.row_of.iter().map(Option::is_some).collect(),
    };
    let severed = contiguity::severed(&plans);
    let needed = |unit: usize| -> Option<Reason> {
        if before.assignment[unit] == NO_TERRITORY {
            return Some(Reason::New);
        }
        if plans.home[unit] == NOWHERE {
            return Some(Reason::Forced);
        }
        plans.broken[unit].map(Reason::Rule).or(severed[unit].map(Reason::Contiguity))
    };
    let moved: Vec<(usize, Option<Reason>)> =
        (0..after.len()).filter(|&unit| plans.moves(unit)).map(|unit| (unit, needed(unit))).collect();
    let imbalances = surplus::imbalances(&plans, &moved);
    Ok(moved
        .into_iter()
        .zip(imbalances)
        .map(|((unit, needed), imbalance)| ReasonedMove {
            unit: UnitId(unit as u32),
            from: Some(before.assignment[unit]).filter(|&b| b != NO_TERRITORY).map(TerritoryId),
            to: TerritoryId(after[unit]),
            reason: needed.or(imbalance.map(Reason::Balance)).unwrap_or(Reason::Choice),
        })
        .collect())
}

/// For every group whose units were in several territories: the first unit that had one, and the first that had another.
fn split_groups(problem: &Problem, before: &[u32]) -> Vec<Option<[u32; 2]>> {
    let split = |group: &Vec<u32>| {
        let mut with = group.iter().copied().filter(|&u| before[u as usize] != NO_TERRITORY);
        let first = with.next()?;
        let other = with.find(|&u| before[u as usize] != before[first as usize])?;
        Some([first, other])
    };
    problem.rule_book().groups().iter().map(split).collect()
}

fn broken_rule(
    problem: &Problem,
    before: &[u32],
    home: u32,
    split: &[Option<[u32; 2]>],
    unit: u32,
) -> Option<BrokenRule> {
    let book = problem.rule_book();
    if !book.allows(unit, home) {
        return Some(BrokenRule::Allowed);
    }
    let elsewhere = |u: &u32| before[*u as usize] != before[unit as usize];
    let group = Some(book.group_of(unit)).filter(|&g| g != NO_GROUP);
    if let Some(pair) = group.and_then(|g| split.get(g as usize).copied().flatten()) {
        return pair.into_iter().find(elsewhere).map(|u| BrokenRule::Together(UnitId(u)));
    }
    book.apart_of(unit).iter().find(|u| !elsewhere(u)).map(|&u| BrokenRule::Apart(UnitId(u)))
}
