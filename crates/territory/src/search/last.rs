//! Last resort: rules that a search left broken are kept at the cost of contiguity, which stands below them. So it is where rules
//! reach over components that are searched by themselves, or where no way was found in time.

use crate::problem::{NO_GROUP, Problem};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Moves units and groups that break a rule to territories that may have them, as far as it finds any; an assignment that would
/// leave a territory empty stays as it is.
pub(crate) fn keep_rules(problem: &Problem, assignment: &mut Vec<u32>) {
    if problem.rule_book().is_free() {
        return;
    }
    let mut last = Last { problem, parts: assignment.clone(), sizes: vec![0; problem.k()] };
    last.parts.iter().for_each(|&t| last.sizes[t as usize] += 1);
    if last.mend() && !last.sizes.contains(&0) {
        *assignment = last.parts;
    }
}

struct Last<'a> {
    problem: &'a Problem,
    parts: Vec<u32>,
    sizes: Vec<u32>,
}

impl Last<'_> {
    /// Whether anything was broken.
    fn mend(&mut self) -> bool {
        let book = self.problem.rule_book();
        let broken = |u: &u32| {
            let own = self.parts[*u as usize];
            let group = book.groups().get(book.group_of(*u) as usize);
            !book.allows(*u, own)
                || book.apart_of(*u).iter().any(|&v| self.parts[v as usize] == own)
                || group.is_some_and(|group| self.parts[group[0] as usize] != own)
        };
        let list: Vec<u32> = (0..self.parts.len() as u32).filter(broken).collect();
        for &u in &list {
            self.place(u);
        }
        if !list.is_empty() {
            (0..self.sizes.len() as u32).for_each(|t| self.fill(t));
        }
        !list.is_empty()
    }

    /// Units that go with one.
    fn with(&self, unit: u32) -> Vec<u32> {
        let book = self.problem.rule_book();
        if book.group_of(unit) == NO_GROUP { vec![unit] } else { book.groups()[book.group_of(unit) as usize].clone() }
    }

    /// Whether none of some units is kept apart from what a territory has.
    fn is_apart(&self, units: &[u32], territory: u32) -> bool {
        let rival =
            |u: &u32| self.problem.rule_book().apart_of(*u).iter().any(|&v| self.parts[v as usize] == territory);
        !units.iter().any(rival)
    }

    /// Gives a unit, with its group, the territory that most of them are in of those that may have them.
    fn place(&mut self, unit: u32) {
        let units = self.with(unit);
        let mut there: BTreeMap<u32, usize> = BTreeMap::new();
        units.iter().for_each(|&u| *there.entry(self.parts[u as usize]).or_default() += 1);
        let mut able = self.problem.rule_book().territories_of(unit);
        able.sort_by_key(|t| (Reverse(there.get(t).copied().unwrap_or(0)), *t));
        let to = able.iter().copied().find(|&t| self.is_apart(&units, t)).or_else(|| able.first().copied());
        if let Some(to) = to {
            self.send(&units, to);
        }
    }

    /// Gives an empty territory the first unit or group that may go there and leaves others where it was.
    fn fill(&mut self, territory: u32) {
        if self.sizes[territory as usize] > 0 {
            return;
        }
        let book = self.problem.rule_book();
        for u in (0..self.parts.len() as u32).filter(|&u| book.allows(u, territory)) {
            if book.groups().get(book.group_of(u) as usize).is_some_and(|group| group[0] != u) {
                continue;
            }
            let units = self.with(u);
            if self.sizes[self.parts[u as usize] as usize] as usize > units.len() && self.is_apart(&units, territory) {
                return self.send(&units, territory);
            }
        }
    }

    fn send(&mut self, units: &[u32], to: u32) {
        for &u in units {
            self.sizes[self.parts[u as usize] as usize] -= 1;
            self.sizes[to as usize] += 1;
            self.parts[u as usize] = to;
        }
    }
}
