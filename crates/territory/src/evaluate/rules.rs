//! How a plan keeps the rules: what it breaks, unit by unit told per territory, and what areas and ties it cuts.

use super::assignment::{AssignmentError, Members};
use super::evaluation::TerritoryFigures;
use super::violation::{Violation, ViolationKind};
use super::words::figure;
use crate::ids::TerritoryId;
use crate::problem::Problem;
use crate::space::squared_distance;
use std::collections::{BTreeMap, BTreeSet};

/// Units that a reason names.
const NAMED: usize = 6;

/// Violations of locks, sets, groups, pairs apart and distances of centres, territory after territory.
pub(super) fn violations(problem: &Problem, assignment: &[u32], territories: &[TerritoryFigures]) -> Vec<Violation> {
    let book = problem.rule_book();
    let mut broken: BTreeMap<(u32, ViolationKind), Vec<String>> = BTreeMap::new();
    let name = |u: u32| problem.unit_name(u as usize);
    let territory = |t: u32| problem.territories()[t as usize].name.as_str();
    if !book.is_free() {
        for (u, &t) in (0u32..).zip(assignment) {
            if book.allows(u, t) {
                continue;
            }
            match book.locked(u) {
                Some(home) => broken.entry((t, ViolationKind::Lock)).or_default().push(format!(
                    "{} (locked to {})",
                    name(u),
                    territory(home)
                )),
                None => broken.entry((t, ViolationKind::NotAllowed)).or_default().push(name(u)),
            }
        }
        for group in book.groups() {
            let parts: BTreeSet<u32> = group.iter().map(|&u| assignment[u as usize]).collect();
            if let Some(first) = parts.first().filter(|_| parts.len() > 1) {
                let units = group.iter().map(|&u| name(u)).take(NAMED).collect::<Vec<_>>().join(", ");
                let text = format!("{units} are in {} territories", parts.len());
                broken.entry((*first, ViolationKind::Together)).or_default().push(text);
            }
        }
        for (a, b) in book.apart_pairs().filter(|&(a, b)| assignment[a as usize] == assignment[b as usize]) {
            let text = format!("{} and {}", name(a), name(b));
            broken.entry((assignment[a as usize], ViolationKind::Apart)).or_default().push(text);
        }
    }
    let violation = |((t, kind), list): ((u32, ViolationKind), Vec<String>)| {
        let more = if list.len() > NAMED { format!(", … ({} in all)", list.len()) } else { String::new() };
        let told = list.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let what = match kind {
            ViolationKind::Lock => "units are locked to other territories: ",
            ViolationKind::NotAllowed => "units may not be in it by their allowed sets, skills or radii: ",
            ViolationKind::Together => "units that stay together are not: ",
            _ => "units that are kept apart share it: ",
        };
        let (territory, value) = (TerritoryId(t), list.len() as f64);
        Violation {
            kind,
            territory,
            measure: None,
            value,
            bound: 0.0,
            reason: format!("{what}{told}{more}"),
            proven: false,
        }
    };
    let mut found: Vec<Violation> = broken.into_iter().map(violation).collect();
    centres(problem, territories, &mut found);
    found
}

/// Centres that are nearer to each other than they may be.
fn centres(problem: &Problem, territories: &[TerritoryFigures], found: &mut Vec<Violation>) {
    let Some(least) = problem.rules().centres_apart_km else { return };
    let space = problem.locations().space();
    let centre = |t: usize| problem.anchor(t).or_else(|| territories[t].centroid.map(|c| space.locate(c)));
    let centres: Vec<_> = (0..territories.len()).map(centre).collect();
    for (a, at) in centres.iter().enumerate() {
        for (b, other) in centres[..a].iter().enumerate() {
            let (Some(at), Some(other)) = (at, other) else { continue };
            let km = space.distance_km(*at, *other);
            if km < least * (1.0 - 1e-12) {
                let reason = format!(
                    "its centre is {} km from that of territory {}, centres must be {} km apart",
                    figure(km),
                    territories[b].name,
                    figure(least)
                );
                let (kind, territory) = (ViolationKind::CentresTooNear, TerritoryId(a as u32));
                found.push(Violation {
                    kind,
                    territory,
                    measure: None,
                    value: km,
                    bound: least,
                    reason,
                    proven: false,
                });
            }
        }
    }
}

/// How areas that are to be kept whole are split.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AreaSplits {
    /// What they are: `county`.
    pub name: String,
    /// Areas that have units.
    pub areas: usize,
    /// Σ over areas of (territories that meet it − 1).
    pub splits: usize,
    /// Splits that no plan can do without: areas that are larger than the largest upper bound need more than one territory.
    pub forced: usize,
    /// k − 1: with so many splits there is always a plan, were contiguity and the size of units no matter (the next area goes on
    /// where the last one ended).
    pub enough: usize,
    /// Areas that are split, with the number of territories that meet each and the least that must; most pieces first.
    pub split: Vec<SplitArea>,
}

/// An area in several territories.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SplitArea {
    /// Its name.
    pub name: String,
    /// Territories that meet it.
    pub pieces: usize,
    /// The least number that must.
    pub least: usize,
}

/// How the areas of every level of the problem's rules are split by a plan, from coarse to fine.
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn area_splits(problem: &Problem, assignment: &[u32]) -> Result<Vec<AreaSplits>, AssignmentError> {
    Members::of(problem, assignment)?;
    let measures = problem.measures();
    let upper = |m: usize| (0..problem.k()).map(|t| problem.bounds_of_all_plans(t, m).1).fold(0.0, f64::max);
    let uppers: Vec<f64> = (0..measures.len()).map(upper).collect();
    let of_level = |level: &crate::problem::Areas| {
        let mut met = vec![BTreeSet::new(); level.names.len()];
        let mut sums = vec![vec![0.0; measures.len()]; level.names.len()];
        for (u, area) in level.area_of.iter().enumerate() {
            let Some(area) = area else { continue };
            met[*area as usize].insert(assignment[u]);
            sums[*area as usize].iter_mut().zip(measures).for_each(|(sum, m)| *sum += m.values[u]);
        }
        let least = |area: usize| -> usize {
            let of = |(sum, upper): (&f64, &f64)| {
                if upper.is_finite() && *upper > 0.0 { (sum / upper * (1.0 - 1e-9)).ceil() as usize } else { 1 }
            };
            sums[area].iter().zip(&uppers).map(of).max().unwrap_or(1).max(1)
        };
        let present = || (0..met.len()).filter(|&a| !met[a].is_empty());
        let mut split: Vec<SplitArea> = present()
            .filter(|&a| met[a].len() > 1)
            .map(|a| SplitArea { name: level.names[a].clone(), pieces: met[a].len(), least: least(a) })
            .collect();
        split.sort_by(|a, b| b.pieces.cmp(&a.pieces).then_with(|| a.name.cmp(&b.name)));
        AreaSplits {
            name: level.name.clone(),
            areas: present().count(),
            splits: present().map(|a| met[a].len() - 1).sum(),
            forced: present().map(|a| least(a) - 1).sum(),
            enough: problem.k() - 1,
            split,
        }
    };
    Ok(problem.rules().areas.iter().map(of_level).collect())
}

/// Strength of the ties between territories, and of all ties.
///
/// # Errors
/// An assignment of another length, or with a territory that is not below k.
pub fn cut_ties(problem: &Problem, assignment: &[u32]) -> Result<(f64, f64), AssignmentError> {
    Members::of(problem, assignment)?;
    let ties = &problem.rules().ties;
    let cut = ties
        .iter()
        .filter(|t| assignment[t.0 as usize] != assignment[t.1 as usize])
        .map(|t| t.2)
        .fold(0.0, |sum, strength| sum + strength);
    Ok((cut, ties.iter().map(|t| t.2).sum()))
}

/// Moment of inertia of units about a place, Σ w·|x − a|², with the weight of compactness, and Σ w.
pub(super) fn moment_about(problem: &Problem, members: &[u32], at: [f64; 3]) -> (f64, f64) {
    let values = &problem.measures()[problem.weight()].values;
    let points = problem.locations().points();
    let term = |&u: &u32| values[u as usize] * squared_distance(points[u as usize], at);
    (members.iter().map(term).sum(), members.iter().map(|&u| values[u as usize]).sum())
}
