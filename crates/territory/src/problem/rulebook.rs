//! Rules made ready: for every unit which territories may have it, which units go with it and which may not. What is implied
//! (a lock binds the whole group of its unit) is worked out here, so that a single look answers.
//!
//! Sets of territories are few and shared: a *class* is a set, every unit has one.

use super::{ProblemSpec, Territory};
use crate::space::Space;
use std::collections::BTreeMap;

/// A unit of no group.
pub const NO_GROUP: u32 = u32::MAX;

/// Pairs kept apart that groups may imply before only their first units are told.
const IMPLIED: usize = 4_000_000;

/// What the rules of a problem say of its units.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    territories: usize,
    /// Class of every unit; empty: all units may go anywhere.
    class_of: Vec<u32>,
    /// Sets of territories as bits, `words` a class; class 0 holds all.
    classes: Vec<u64>,
    words: usize,
    /// Group of every unit, [`NO_GROUP`] for most; empty: no groups.
    group_of: Vec<u32>,
    /// Units of every group, ascending.
    groups: Vec<Vec<u32>>,
    /// Rows of units that a unit may not share a territory with; empty: no such rule.
    apart_from: Vec<u32>,
    apart: Vec<u32>,
}

impl RuleBook {
    /// Whether no unit is bound by any rule.
    pub fn is_free(&self) -> bool {
        self.class_of.is_empty() && self.groups.is_empty() && self.apart.is_empty()
    }

    /// Whether a territory may have a unit by locks, allowed and forbidden sets, skills and radii.
    #[inline]
    pub fn allows(&self, unit: u32, territory: u32) -> bool {
        match self.class_of.get(unit as usize) {
            None | Some(0) => true,
            Some(&class) => has(self.class(class), territory),
        }
    }

    /// Number of territories.
    pub(crate) fn territory_count(&self) -> u32 {
        self.territories as u32
    }

    /// Class of a unit: its set of territories. 0: all of them.
    #[inline]
    pub fn class_of(&self, unit: u32) -> u32 {
        self.class_of.get(unit as usize).copied().unwrap_or(0)
    }

    /// Number of classes, 1 at least.
    pub fn class_count(&self) -> usize {
        self.classes.len().checked_div(self.words).unwrap_or(1)
    }

    /// A class as bits, 64 territories a word.
    pub fn class(&self, class: u32) -> &[u64] {
        &self.classes[class as usize * self.words..][..self.words]
    }

    /// Territories that may have a unit, ascending.
    pub fn territories_of(&self, unit: u32) -> Vec<u32> {
        (0..self.territories as u32).filter(|&t| self.allows(unit, t)).collect()
    }

    /// The only territory that may have a unit, if there is one such.
    pub fn locked(&self, unit: u32) -> Option<u32> {
        let class = self.class_of(unit);
        if class == 0 {
            return (self.territories == 1).then_some(0);
        }
        let bits = self.class(class);
        let mut set = bits.iter().enumerate().filter(|w| *w.1 != 0);
        match (set.next(), set.next()) {
            (Some((at, word)), None) if word.count_ones() == 1 => Some(at as u32 * 64 + word.trailing_zeros()),
            _ => None,
        }
    }

    /// Group of a unit, [`NO_GROUP`] if it is in none.
    #[inline]
    pub fn group_of(&self, unit: u32) -> u32 {
        self.group_of.get(unit as usize).copied().unwrap_or(NO_GROUP)
    }

    /// Units of every group, ascending; groups in order of their first units.
    pub fn groups(&self) -> &[Vec<u32>] {
        &self.groups
    }

    /// Units that a unit may not share a territory with, ascending; those that its group may not included (of very large
    /// groups only for their first units).
    #[inline]
    pub fn apart_of(&self, unit: u32) -> &[u32] {
        match self.apart_from.get(unit as usize..unit as usize + 2) {
            Some(row) => &self.apart[row[0] as usize..row[1] as usize],
            None => &[],
        }
    }

    /// Pairs of units that may not share a territory, as implied by groups; each once.
    pub fn apart_pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let units = self.apart_from.len().saturating_sub(1) as u32;
        (0..units).flat_map(|u| self.apart_of(u).iter().filter(move |&&v| v > u).map(move |&v| (u, v)))
    }
}

impl RuleBook {
    /// Which units a territory that is not one of the problem's may have: those that are not confined to others, by skills and
    /// radius, groups as a whole.
    pub(crate) fn admitted_by(&self, spec: &ProblemSpec, territory: &Territory) -> Vec<bool> {
        let rules = &spec.rules;
        let mut admitted = vec![true; spec.locations.len()];
        rules.locked.iter().for_each(|l| admitted[l.0 as usize] = false);
        rules.allowed.iter().for_each(|l| admitted[l.0 as usize] = false);
        let unable = |n: &&(u32, String)| !territory.skills.contains(&n.1);
        rules.needs.iter().filter(unable).for_each(|n| admitted[n.0 as usize] = false);
        if let (Some(anchor), Some(radius)) = (territory.anchor, territory.max_radius_km) {
            let space = spec.locations.space();
            let anchor = space.locate(anchor);
            for (admitted, &at) in admitted.iter_mut().zip(spec.locations.points()) {
                *admitted &= !is_beyond(space, at, anchor, radius);
            }
        }
        for group in &self.groups {
            if group.iter().any(|&u| !admitted[u as usize]) {
                group.iter().for_each(|&u| admitted[u as usize] = false);
            }
        }
        admitted
    }
}

/// Whether a place is farther from an anchor than a radius in km, rounding left aside.
pub(crate) fn is_beyond(space: Space, at: [f64; 3], anchor: [f64; 3], radius: f64) -> bool {
    space.distance_km(at, anchor) > radius * (1.0 + 1e-12)
}

/// Whether a set of territories has one.
#[inline]
fn has(bits: &[u64], territory: u32) -> bool {
    bits.get(territory as usize / 64).is_some_and(|word| word >> (territory % 64) & 1 == 1)
}

/// Sets of territories being narrowed down, with the words for what narrowed them.
struct Narrowing<'a> {
    spec: &'a ProblemSpec,
    words: usize,
    all: Vec<u64>,
    sets: BTreeMap<u32, Vec<u64>>,
}

impl Narrowing<'_> {
    fn only(&mut self, unit: u32, set: &[u64]) {
        let own = self.sets.entry(unit).or_insert_with(|| self.all.clone());
        own.iter_mut().zip(set).for_each(|(own, other)| *own &= other);
    }

    fn set(&self, territories: impl IntoIterator<Item = u32>) -> Vec<u64> {
        let mut set = vec![0; self.words];
        territories.into_iter().for_each(|t| set[t as usize / 64] |= 1 << (t % 64));
        set
    }

    fn take_lists(&mut self) {
        let rules = &self.spec.rules;
        for &(unit, territory) in &rules.locked {
            self.only(unit, &self.set([territory]));
        }
        for (unit, territories) in &rules.allowed {
            self.only(*unit, &self.set(territories.iter().copied()));
        }
        for (unit, territories) in &rules.forbidden {
            let mut set = self.all.clone();
            territories.iter().for_each(|&t| set[t as usize / 64] &= !(1 << (t % 64)));
            self.only(*unit, &set);
        }
        for (unit, skill) in &rules.needs {
            let with = |t: &(usize, &Territory)| t.1.skills.contains(skill);
            let able = self.spec.territories.iter().enumerate().filter(with).map(|(t, _)| t as u32);
            self.only(*unit, &self.set(able));
        }
    }

    /// Units beyond a territory's radius may not be in it.
    fn take_radii(&mut self) {
        let space = self.spec.locations.space();
        for (t, territory) in self.spec.territories.iter().enumerate() {
            let (Some(anchor), Some(radius)) = (territory.anchor, territory.max_radius_km) else { continue };
            let anchor = space.locate(anchor);
            for (unit, &at) in self.spec.locations.points().iter().enumerate() {
                if is_beyond(space, at, anchor, radius) {
                    let own = self.sets.entry(unit as u32).or_insert_with(|| self.all.clone());
                    own[t / 64] &= !(1 << (t % 64));
                }
            }
        }
    }
}

/// Makes the rule book of a specification whose indices are all valid.
pub(super) fn compile(spec: &ProblemSpec) -> RuleBook {
    let (units, k) = (spec.locations.len(), spec.territories.len());
    let words = k.div_ceil(64);
    let mut all = vec![u64::MAX; words];
    if k % 64 != 0 {
        all[words - 1] = (1 << (k % 64)) - 1;
    }
    let mut narrowing = Narrowing { spec, words, all: all.clone(), sets: BTreeMap::new() };
    narrowing.take_lists();
    narrowing.take_radii();
    let mut book = RuleBook { territories: k, words, classes: all, ..RuleBook::default() };
    (book.group_of, book.groups) = groups(units, &spec.rules.together);
    let mut sets = narrowing.sets;
    for group in &book.groups {
        let mut common: Option<Vec<u64>> = None;
        for set in group.iter().filter_map(|u| sets.get(u)) {
            let common = common.get_or_insert_with(|| set.clone());
            common.iter_mut().zip(set).for_each(|(own, other)| *own &= other);
        }
        if let Some(common) = common {
            group.iter().for_each(|&u| drop(sets.insert(u, common.clone())));
        }
    }
    book.set_classes(units, sets);
    book.set_apart(units, &spec.rules.apart);
    book
}

impl RuleBook {
    fn set_classes(&mut self, units: usize, sets: BTreeMap<u32, Vec<u64>>) {
        let mut known = BTreeMap::from([(self.classes.clone(), 0u32)]);
        for (unit, set) in sets {
            let next = known.len() as u32;
            let class = *known.entry(set).or_insert_with_key(|set| {
                self.classes.extend_from_slice(set);
                next
            });
            if class > 0 {
                if self.class_of.is_empty() {
                    self.class_of = vec![0; units];
                }
                self.class_of[unit as usize] = class;
            }
        }
    }

    /// A pair of units binds the groups of both: all their units, or where groups are so large that this is too much to write
    /// down, the first unit of each beside the pair itself. Pairs inside a group are contradictions and not kept.
    fn set_apart(&mut self, units: usize, pairs: &[(u32, u32)]) {
        let group = |u: u32| self.group_of(u);
        let kept: Vec<(u32, u32)> =
            pairs.iter().copied().filter(|&(a, b)| a != b && (group(a) == NO_GROUP || group(a) != group(b))).collect();
        if kept.is_empty() {
            return;
        }
        let members = |u: &u32| match group(*u) {
            NO_GROUP => std::slice::from_ref(u).to_vec(),
            group => self.groups[group as usize].clone(),
        };
        let size = |u: u32| self.groups.get(group(u) as usize).map_or(1, Vec::len);
        let implied = kept.iter().fold(0usize, |sum, &(a, b)| sum.saturating_add(size(a).saturating_mul(size(b))));
        let mut all = Vec::new();
        for (a, b) in &kept {
            if implied > IMPLIED {
                let first = |u: u32| self.groups.get(group(u) as usize).map_or(u, |g| g[0]);
                let (c, d) = (first(*a), first(*b));
                all.extend([(*a, *b), (*b, *a), (c, d), (d, c)]);
                continue;
            }
            let others = members(b);
            for a in members(a) {
                all.extend(others.iter().flat_map(|&b| [(a, b), (b, a)]));
            }
        }
        all.sort_unstable();
        all.dedup();
        self.apart_from = vec![0; units + 1];
        all.iter().for_each(|pair| self.apart_from[pair.0 as usize + 1] += 1);
        for u in 0..units {
            self.apart_from[u + 1] += self.apart_from[u];
        }
        self.apart = all.into_iter().map(|pair| pair.1).collect();
    }
}

/// Groups of units that lists of them connect, in order of their first units; those of one unit are none.
fn groups(units: usize, lists: &[Vec<u32>]) -> (Vec<u32>, Vec<Vec<u32>>) {
    if lists.iter().all(|list| list.len() < 2) {
        return Default::default();
    }
    let mut disjoint = crate::disjoint::DisjointSets::new(units);
    for list in lists {
        for pair in list.windows(2) {
            disjoint.unite(pair[0], pair[1]);
        }
    }
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &u in lists.iter().flatten() {
        members.entry(disjoint.find(u)).or_default().push(u);
    }
    let mut groups: Vec<Vec<u32>> = members.into_values().collect();
    for group in &mut groups {
        group.sort_unstable();
        group.dedup();
    }
    groups.retain(|group| group.len() > 1);
    groups.sort_unstable();
    let mut group_of = vec![NO_GROUP; units];
    for (g, group) in (0u32..).zip(&groups) {
        group.iter().for_each(|&u| group_of[u as usize] = g);
    }
    (group_of, groups)
}

/// Distance in km between two places given as coordinates.
pub(super) fn between_km(space: Space, a: [f64; 2], b: [f64; 2]) -> f64 {
    space.distance_km(space.locate(a), space.locate(b))
}
