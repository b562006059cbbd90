//! What the report says beside the engine's: how the rules of a company were kept, and how many territories it takes.

use crate::auto::HowManyReport;
use crate::choices::ChoicesReport;
use crate::nested::RegionsReport;
use crate::outputs::Judged;
use std::collections::{BTreeMap, BTreeSet};
use territory::evaluate::{AreaSplits, Report, SplitArea, area_splits};
use territory::{NO_GROUP, Problem};

/// The whole report.
#[derive(serde::Serialize)]
pub(crate) struct FullReport<'a> {
    #[serde(flatten)]
    pub(crate) report: &'a Report,
    /// Where there are any.
    pub(crate) rules: Option<RulesReport>,
    /// Where the number was looked for.
    pub(crate) how_many: Option<&'a HowManyReport>,
    /// Where there are several plans to choose from.
    #[serde(flatten)]
    pub(crate) choices: Option<&'a ChoicesReport>,
    /// Where the plan has two levels.
    pub(crate) regions: Option<&'a RegionsReport>,
}

/// The rules, and how the plan keeps them; what it breaks stands among the violations.
#[derive(Debug, serde::Serialize)]
pub(crate) struct RulesReport {
    /// Units fixed to a territory, by a lock or all rules together.
    locked: usize,
    /// Units that may be in some territories only, those that are locked left aside.
    restricted: usize,
    groups: usize,
    /// Units in groups.
    grouped: usize,
    /// Pairs of units that are kept apart.
    apart: usize,
    skills: BTreeSet<String>,
    centres_apart_km: Option<f64>,
    ties: Option<TiesReport>,
    excluded: Vec<ExcludedReport>,
    areas: Vec<AreasReport>,
}

#[derive(Debug, serde::Serialize)]
struct TiesReport {
    pairs: usize,
    weight: f64,
    /// Pairs between two territories, and what they weigh.
    cut: usize,
    cut_weight: f64,
}

/// Named accounts of an owner.
#[derive(Debug, serde::Serialize)]
struct ExcludedReport {
    territory: String,
    accounts: usize,
    load: BTreeMap<String, f64>,
}

/// Areas of one level.
#[derive(Debug, serde::Serialize)]
struct AreasReport {
    name: String,
    areas: usize,
    /// Σ over areas of (territories that meet it − 1).
    splits: usize,
    /// Splits that no plan can do without.
    forced: usize,
    /// k − 1: so many are enough where units are fine and contiguity is no matter.
    enough: usize,
    /// Areas in several territories, the most cut first.
    split: Vec<SplitReport>,
}

#[derive(Debug, serde::Serialize)]
struct SplitReport {
    area: String,
    pieces: usize,
    /// The least number of pieces.
    least: usize,
}

/// The rules of a plan; none where there are none.
pub(crate) fn rules(judged: &Judged<'_>) -> Option<RulesReport> {
    let (problem, rules) = (judged.problem, judged.problem.rules());
    let excluded = excluded(judged);
    let radii = problem.territories().iter().any(|t| t.max_radius_km.is_some() || !t.skills.is_empty());
    if rules.is_empty() && excluded.is_empty() && !radii {
        return None;
    }
    let book = problem.rule_book();
    let units = 0..problem.units() as u32;
    let locked = units.clone().filter(|&u| book.class_of(u) != 0 && book.locked(u).is_some()).count();
    Some(RulesReport {
        locked,
        restricted: units.clone().filter(|&u| book.class_of(u) != 0).count() - locked,
        groups: book.groups().len(),
        grouped: units.filter(|&u| book.group_of(u) != NO_GROUP).count(),
        apart: rules.apart.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect::<BTreeSet<_>>().len(),
        skills: problem.territories().iter().flat_map(|t| t.skills.iter().cloned()).collect(),
        centres_apart_km: rules.centres_apart_km,
        ties: ties(problem, judged.assignment),
        excluded,
        areas: areas(problem, judged.assignment),
    })
}

impl RulesReport {
    /// The rules in a line for a person; split areas are named, the most cut first.
    pub(crate) fn words(&self) -> String {
        const NAMED: usize = 6;
        let mut parts = Vec::new();
        let mut count = |n: usize, what: &str| {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        };
        count(self.locked, "units locked");
        count(self.restricted, "units restricted");
        count(self.groups, "groups");
        count(self.apart, "pairs apart");
        count(self.excluded.iter().map(|e| e.accounts).sum(), "named accounts");
        if let Some(ties) = &self.ties {
            parts.push(format!("{} of {} ties cut", ties.cut, ties.pairs));
        }
        for level in &self.areas {
            let split: Vec<String> =
                level.split.iter().take(NAMED).map(|s| format!("{} {}", s.area, s.pieces)).collect();
            let more = if level.split.len() > NAMED { ", …" } else { "" };
            let named = if split.is_empty() { String::new() } else { format!(": {}{more}", split.join(", ")) };
            let (name, splits, forced, enough) = (&level.name, level.splits, level.forced, level.enough);
            parts.push(format!("{name}: {splits} splits ({forced} forced, {enough} always enough){named}"));
        }
        parts.join(" · ")
    }
}

fn ties(problem: &Problem, assignment: &[u32]) -> Option<TiesReport> {
    let ties = &problem.rules().ties;
    let mut told = TiesReport { pairs: ties.len(), weight: 0.0, cut: 0, cut_weight: 0.0 };
    for &(a, b, weight) in ties {
        told.weight += weight;
        if assignment.get(a as usize) != assignment.get(b as usize) {
            told.cut += 1;
            told.cut_weight += weight;
        }
    }
    (!ties.is_empty()).then_some(told)
}

fn excluded(judged: &Judged<'_>) -> Vec<ExcludedReport> {
    let measured = &judged.prepared.measured;
    let of = |account: &crate::measures::Account| ExcludedReport {
        territory: account.owner.clone(),
        accounts: account.count,
        load: measured.of_customers().map(|m| (measured.measures[m].name.clone(), account.loads[m])).collect(),
    };
    measured.accounts.iter().map(of).collect()
}

fn areas(problem: &Problem, assignment: &[u32]) -> Vec<AreasReport> {
    let split = |s: SplitArea| SplitReport { area: s.name, pieces: s.pieces, least: s.least };
    let of_level = |level: AreaSplits| AreasReport {
        name: level.name,
        areas: level.areas,
        splits: level.splits,
        forced: level.forced,
        enough: level.enough,
        split: level.split.into_iter().map(split).collect(),
    };
    area_splits(problem, assignment).unwrap_or_default().into_iter().map(of_level).collect()
}
