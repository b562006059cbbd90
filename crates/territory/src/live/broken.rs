//! Rules of the problem that the plan breaks: units where they may not be, groups in several territories, pairs that share one. Moves
//! never break a rule that holds, so these came with the plan; they are kept current so that they go when they are mended.

use super::effect::LiveViolation;
use super::territories::Territories;
use crate::evaluate::ViolationKind;
use crate::ids::{TerritoryId, UnitId};
use crate::problem::{NO_GROUP, Problem};
use std::collections::BTreeSet;

/// What is broken; a function of the assignment alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BrokenRules {
    misplaced: BTreeSet<u32>,
    /// Groups in several territories.
    split: BTreeSet<u32>,
    clashing: BTreeSet<(u32, u32)>,
}

/// Whether the rules let a unit be in a territory that stands or stood.
pub(super) fn may(problem: &Problem, territories: &Territories, unit: u32, territory: u32) -> bool {
    match &territories.slot(territory).admitted {
        None => problem.rule_book().allows(unit, territory),
        Some(admitted) => admitted[unit as usize],
    }
}

impl BrokenRules {
    pub(super) fn new(problem: &Problem, territories: &Territories, part: &[u32]) -> Self {
        let mut broken = Self::default();
        if !problem.rule_book().is_free() {
            broken.update(problem, territories, part, 0..part.len() as u32);
        }
        broken
    }

    pub(super) fn len(&self) -> usize {
        self.misplaced.len() + self.split.len() + self.clashing.len()
    }

    /// Looks anew at some units, which have moved.
    pub(super) fn update(
        &mut self,
        problem: &Problem,
        territories: &Territories,
        part: &[u32],
        units: impl Iterator<Item = u32>,
    ) {
        let (book, of) = (problem.rule_book(), |u: u32| part[u as usize]);
        let mut last_group = NO_GROUP;
        for unit in units {
            mark(&mut self.misplaced, unit, !may(problem, territories, unit, of(unit)));
            for &other in book.apart_of(unit) {
                mark(&mut self.clashing, (unit.min(other), unit.max(other)), of(unit) == of(other));
            }
            let group = book.group_of(unit);
            if group != NO_GROUP && group != last_group {
                let members = &book.groups()[group as usize];
                mark(&mut self.split, group, members.windows(2).any(|pair| of(pair[0]) != of(pair[1])));
                last_group = group;
            }
        }
    }

    /// All broken rules, or those that concern some units.
    pub(super) fn violations(&self, problem: &Problem, part: &[u32], units: Option<&[u32]>) -> Vec<LiveViolation> {
        let of = |u: u32| part[u as usize];
        let asked = |u: u32| units.is_none_or(|units| units.contains(&u));
        let violation = |kind, unit: u32, other: Option<u32>, value: usize| LiveViolation {
            kind,
            territory: TerritoryId(of(unit)),
            measure: None,
            unit: Some(UnitId(unit)),
            other: other.map(UnitId),
            value: value as f64,
            bound: if kind == ViolationKind::Together { 1.0 } else { 0.0 },
        };
        let mut found = Vec::new();
        let misplaced = self.misplaced.iter().filter(|&&u| asked(u));
        found.extend(misplaced.map(|&u| violation(ViolationKind::Lock, u, None, 1)));
        for &group in &self.split {
            let members = &problem.rule_book().groups()[group as usize];
            if members.iter().any(|&u| asked(u)) {
                let territories: BTreeSet<u32> = members.iter().map(|&u| of(u)).collect();
                found.extend(
                    members.iter().take(1).map(|&u| violation(ViolationKind::Together, u, None, territories.len())),
                );
            }
        }
        let clashing = self.clashing.iter().filter(|pair| asked(pair.0) || asked(pair.1));
        found.extend(clashing.map(|&(a, b)| violation(ViolationKind::Apart, a, Some(b), 1)));
        found
    }
}

fn mark<T: Ord>(set: &mut BTreeSet<T>, entry: T, is_in: bool) {
    if is_in {
        set.insert(entry);
    } else {
        set.remove(&entry);
    }
}
