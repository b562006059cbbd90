//! Contradictions among rules, found before anything is searched: what no assignment at all can keep, contiguity and bounds left
//! aside. Every one that is found is true; up to [`ALL_TRIED`] units and groups none is missed.

use super::rulebook::{NO_GROUP, RuleBook, between_km};
use super::{ProblemSpec, Rules};
use crate::error::ProblemError;
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many units and groups all assignments are tried where that is needed.
const ALL_TRIED: usize = 14;
/// Looks at units and territories after which a search for a way to keep units apart gives up, proving nothing.
const WORK: u64 = 50_000_000;
/// Most units that such a search takes on: it goes one call deeper with each.
const DEEPEST: usize = 1_000;
/// Names that are told of a long list.
const TOLD: usize = 6;

/// An assignment of a tiny problem that keeps all rules and leaves no territory empty, whatever contiguity and bounds say.
pub(crate) fn any_assignment(problem: &super::Problem) -> Option<Vec<u32>> {
    let (spec, book) = (problem.spec(), problem.rule_book());
    let nodes = Nodes::new(spec, book);
    let parts = nodes.any_assignment()?;
    let node = |u: u32| {
        let first = if book.group_of(u) == NO_GROUP { u } else { book.groups()[book.group_of(u) as usize][0] };
        nodes.members.binary_search(&first).ok()
    };
    (0..spec.locations.len() as u32).map(|u| node(u).map(|n| parts[n])).collect()
}

/// Whether all indices and numbers of the rules are valid; what is not is told.
pub(super) fn check_form(spec: &ProblemSpec, errors: &mut Vec<ProblemError>) -> bool {
    let before = errors.len();
    check_indices(spec, errors);
    check_territories(spec, errors);
    check_areas(spec, errors);
    errors.len() == before
}

fn check_indices(spec: &ProblemSpec, errors: &mut Vec<ProblemError>) {
    let (units, territories) = (spec.locations.len(), spec.territories.len());
    let Rules { locked, allowed, forbidden, needs, together, apart, ties, .. } = &spec.rules;
    let unit_ok = |rule: &'static str, unit: u32, errors: &mut Vec<ProblemError>| {
        let ok = (unit as usize) < units;
        if !ok {
            errors.push(ProblemError::RuleUnit { rule, unit, units });
        }
        ok
    };
    let pair = |rule: &'static str, unit: u32, list: &[u32], errors: &mut Vec<ProblemError>| {
        if unit_ok(rule, unit, errors) {
            let unit = || spec.unit_name(unit as usize);
            let beyond = list.iter().filter(|&&t| t as usize >= territories);
            errors.extend(beyond.map(|&territory| ProblemError::RuleTerritory {
                rule,
                unit: unit(),
                territory,
                territories,
            }));
        }
    };
    locked.iter().for_each(|l| pair("a lock", l.0, &[l.1], errors));
    allowed.iter().for_each(|l| pair("an allowed set", l.0, &l.1, errors));
    forbidden.iter().for_each(|l| pair("a forbidden set", l.0, &l.1, errors));
    needs.iter().for_each(|n| pair("a needed skill", n.0, &[], errors));
    together.iter().flatten().for_each(|&u| pair("a group that stays together", u, &[], errors));
    apart.iter().for_each(|&(a, b)| [a, b].iter().for_each(|&u| pair("a pair that is kept apart", u, &[], errors)));
    for &(a, b, strength) in ties {
        [a, b].iter().for_each(|&u| pair("a tie", u, &[], errors));
        if !(strength.is_finite() && strength > 0.0) {
            let what =
                format!("the tie between units {} and {}", spec.unit_name(a as usize), spec.unit_name(b as usize));
            errors.push(ProblemError::RuleValue { what, value: strength, range: "a finite number > 0" });
        }
    }
}

/// Whether what territories say of measures and places is valid; what is not is told.
pub(super) fn check_territories(spec: &ProblemSpec, errors: &mut Vec<ProblemError>) {
    let known = || spec.measures.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
    let not_negative = |what: String, value: f64, errors: &mut Vec<ProblemError>| {
        if !(value.is_finite() && value >= 0.0) {
            errors.push(ProblemError::RuleValue { what, value, range: "a finite number ≥ 0" });
        }
    };
    for t in &spec.territories {
        let bounds = t.bounds.iter().map(|b| ("a bound", &b.measure));
        let carried = t.carried.iter().map(|c| ("a carried load", &c.0));
        for (what, measure) in bounds.chain(carried).filter(|(_, name)| spec.measures.iter().all(|m| m.name != **name))
        {
            let (territory, measure) = (t.name.clone(), measure.clone());
            errors.push(ProblemError::UnknownMeasure { what, territory, measure, known: known() });
        }
        for (measure, load) in &t.carried {
            not_negative(format!("the load of {measure} that territory {:?} carries", t.name), *load, errors);
        }
        if let Some(radius) = t.max_radius_km {
            not_negative(format!("the radius of territory {:?}", t.name), radius, errors);
            if t.anchor.is_none() {
                errors.push(ProblemError::RadiusWithoutAnchor { territory: t.name.clone() });
            }
        }
        for value in t.anchor.iter().flatten().filter(|v| !v.is_finite() || v.abs() > 1e12) {
            let what = format!("a coordinate of the anchor of territory {:?}", t.name);
            errors.push(ProblemError::RuleValue { what, value: *value, range: "a place in the units' coordinates" });
        }
    }
    let Some(least) = spec.rules.centres_apart_km else { return };
    not_negative("the least distance between centres".to_owned(), least, errors);
    let anchored: Vec<_> = spec.territories.iter().filter_map(|t| Some((t, t.anchor?))).collect();
    for (i, (a, at)) in anchored.iter().enumerate() {
        for (b, other) in &anchored[..i] {
            let km = between_km(spec.locations.space(), *at, *other);
            if km < least {
                let (a, b) = (b.name.clone(), a.name.clone());
                errors.push(ProblemError::AnchorsTooNear { a, b, km, least });
            }
        }
    }
}

fn check_areas(spec: &ProblemSpec, errors: &mut Vec<ProblemError>) {
    for areas in &spec.rules.areas {
        if areas.area_of.len() != spec.locations.len() {
            let (found, expected) = (areas.area_of.len(), spec.locations.len());
            errors.push(ProblemError::Length { what: format!("the list of areas {:?}", areas.name), found, expected });
        }
        let beyond = areas.area_of.iter().flatten().find(|&&a| a as usize >= areas.names.len());
        if let Some(&area) = beyond {
            let what = format!("the position of an area {:?}", areas.name);
            errors.push(ProblemError::RuleValue { what, value: f64::from(area), range: "below the number of areas" });
        }
    }
}

/// Looks for contradictions among rules that are well formed.
pub(super) fn check(spec: &ProblemSpec, book: &RuleBook, errors: &mut Vec<ProblemError>) {
    let before = errors.len();
    let locked_twice = locks(spec, errors);
    for &(a, b) in &spec.rules.apart {
        if a == b || (book.group_of(a) != NO_GROUP && book.group_of(a) == book.group_of(b)) {
            let (a, b) = (spec.unit_name(a as usize), spec.unit_name(b as usize));
            errors.push(ProblemError::TogetherAndApart { a, b });
        }
    }
    nowhere(spec, book, &locked_twice, errors);
    // What follows would only say the same again.
    if errors.len() > before || book.is_free() {
        return;
    }
    let nodes = Nodes::new(spec, book);
    nodes.apart(spec, errors);
    nodes.unfillable(spec, errors);
    if errors.len() == before && nodes.members.len() <= ALL_TRIED && nodes.any_assignment().is_none() {
        errors.push(ProblemError::RulesContradict);
    }
}

/// Units that are locked to two territories.
fn locks(spec: &ProblemSpec, errors: &mut Vec<ProblemError>) -> BTreeSet<u32> {
    let (mut first, mut twice) = (BTreeMap::new(), BTreeSet::new());
    for &(unit, territory) in &spec.rules.locked {
        let earlier = *first.entry(unit).or_insert(territory);
        if earlier != territory {
            twice.insert(unit);
            let name = |t: u32| spec.territories[t as usize].name.clone();
            let (unit, first, second) = (spec.unit_name(unit as usize), name(earlier), name(territory));
            errors.push(ProblemError::LockedTwice { unit, first, second });
        }
    }
    twice
}

/// Which kinds of rules narrow the territories of some units, given in ascending order.
fn narrowed_by(spec: &ProblemSpec, units: &[u32]) -> String {
    let Rules { locked, allowed, forbidden, needs, .. } = &spec.rules;
    let of = |unit: u32| units.binary_search(&unit).is_ok();
    let name = |t: &u32| format!("{:?}", spec.territories[*t as usize].name);
    let names = |list: &[u32]| listed(list.iter().map(name));
    let mut told: Vec<String> = Vec::new();
    let unit = |u: u32| spec.unit_name(u as usize);
    told.extend(locked.iter().filter(|l| of(l.0)).map(|l| format!("{} is locked to {}", unit(l.0), name(&l.1))));
    told.extend(allowed.iter().filter(|l| of(l.0)).map(|l| {
        if l.1.is_empty() {
            format!("the allowed set of {} is empty", unit(l.0))
        } else {
            format!("{} is allowed in {} only", unit(l.0), names(&l.1))
        }
    }));
    told.extend(forbidden.iter().filter(|l| of(l.0)).map(|l| format!("{} is forbidden in {}", unit(l.0), names(&l.1))));
    told.extend(needs.iter().filter(|n| of(n.0)).map(|n| {
        let able = spec.territories.iter().filter(|t| t.skills.contains(&n.1)).map(|t| format!("{:?}", t.name));
        let able = listed(able);
        format!(
            "{} needs the skill {:?}, which {} has",
            unit(n.0),
            n.1,
            if able.is_empty() { "no territory" } else { &able }
        )
    }));
    let radii = spec.territories.iter().filter(|t| t.max_radius_km.is_some()).count();
    if radii > 0 {
        told.push(format!("{radii} territories have a maximum radius"));
    }
    told.join("; ")
}

/// Units and groups that no territory may have, but for those of which `told` says so already.
fn nowhere(spec: &ProblemSpec, book: &RuleBook, told: &BTreeSet<u32>, errors: &mut Vec<ProblemError>) {
    let empty = |unit: u32| book.class(book.class_of(unit)).iter().all(|&w| w == 0) && !told.contains(&unit);
    let mut told: Vec<bool> = book.groups().iter().map(|group| group.iter().any(|u| told.contains(u))).collect();
    for unit in (0..spec.locations.len() as u32).filter(|&u| book.class_of(u) != 0 && empty(u)) {
        match book.group_of(unit) {
            NO_GROUP => {
                let because = narrowed_by(spec, &[unit]);
                errors.push(ProblemError::NowhereAllowed { unit: spec.unit_name(unit as usize), because });
            }
            group if !std::mem::replace(&mut told[group as usize], true) => {
                let group = &book.groups()[group as usize];
                let units = listed(group.iter().map(|&u| spec.unit_name(u as usize)));
                errors.push(ProblemError::TogetherNowhere { units, because: narrowed_by(spec, group) });
            }
            _ => {}
        }
    }
}

/// A list in words, cut short.
fn listed(names: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = names.collect();
    let more = if all.len() > TOLD { format!(", … ({} in all)", all.len()) } else { String::new() };
    all.into_iter().take(TOLD).collect::<Vec<_>>().join(", ") + &more
}

/// Units, groups counted as one, as a list colouring: colours are territories.
struct Nodes<'a> {
    book: &'a RuleBook,
    /// First unit of every node.
    members: Vec<u32>,
    /// Nodes that a node may not share a territory with.
    apart: Vec<Vec<u32>>,
}

impl<'a> Nodes<'a> {
    fn new(spec: &ProblemSpec, book: &'a RuleBook) -> Self {
        let units = spec.locations.len() as u32;
        let first = |u: &u32| book.group_of(*u) == NO_GROUP || book.groups()[book.group_of(*u) as usize][0] == *u;
        let members: Vec<u32> = (0..units).filter(first).collect();
        let mut node_of = vec![u32::MAX; units as usize];
        (0u32..).zip(&members).for_each(|(node, &u)| node_of[u as usize] = node);
        let others = |&u: &u32| -> Vec<u32> {
            book.apart_of(u).iter().map(|&v| node_of[v as usize]).filter(|&node| node != u32::MAX).collect()
        };
        let apart = members.iter().map(others).collect();
        Self { book, members, apart }
    }

    fn allows(&self, node: u32, territory: u32) -> bool {
        self.book.allows(self.members[node as usize], territory)
    }

    /// Names of the units of some nodes.
    fn names(&self, spec: &ProblemSpec, nodes: &[u32]) -> String {
        listed(nodes.iter().map(|&n| spec.unit_name(self.members[n as usize] as usize)))
    }

    /// Connected sets of nodes that cannot be kept apart, each cut down to what already cannot.
    fn apart(&self, spec: &ProblemSpec, errors: &mut Vec<ProblemError>) {
        let mut seen = vec![false; self.members.len()];
        for start in 0..self.members.len() {
            if seen[start] || self.apart[start].is_empty() {
                continue;
            }
            let mut set = vec![start as u32];
            seen[start] = true;
            let mut at = 0;
            while at < set.len() {
                for &v in &self.apart[set[at] as usize] {
                    if !std::mem::replace(&mut seen[v as usize], true) {
                        set.push(v);
                    }
                }
                at += 1;
            }
            let mut set = self.core(&set);
            let mut work = WORK;
            if self.keeps_apart(&set, &mut work) != Some(false) {
                continue;
            }
            // Whatever can be left out while it stays impossible is no part of the reason, as far as there is time to try.
            let mut work = 10 * WORK;
            let mut at = 0;
            while at < set.len() && set.len() > 2 {
                let node = set.remove(at);
                if self.keeps_apart(&set, &mut work) != Some(false) {
                    set.insert(at, node);
                    at += 1;
                }
            }
            let k = self.book.territory_count();
            let able: Vec<u32> = (0..k).filter(|&t| set.iter().any(|&n| self.allows(n, t))).collect();
            let territories = if able.len() == k as usize {
                format!("{k} territories")
            } else {
                format!("territories {}", listed(able.iter().map(|&t| spec.territories[t as usize].name.clone())))
            };
            errors.push(ProblemError::ApartImpossible { units: self.names(spec, &set), territories });
        }
    }

    /// What is left of a set of nodes, ascending, when those that find a territory whatever the others get are taken away, again
    /// and again: nodes with more territories than neighbours.
    fn core(&self, set: &[u32]) -> Vec<u32> {
        let mut classes: BTreeMap<u32, usize> = BTreeMap::new();
        let mut inside: BTreeMap<u32, usize> = set.iter().map(|&n| (n, 0)).collect();
        for &n in set {
            let degree = self.apart[n as usize].iter().filter(|v| inside.contains_key(v)).count();
            inside.insert(n, degree);
        }
        let mut finds_one = |n: u32, degree: usize| {
            let unit = self.members[n as usize];
            let choices =
                classes.entry(self.book.class_of(unit)).or_insert_with(|| self.book.territories_of(unit).len());
            *choices > degree
        };
        let mut waiting: Vec<u32> = inside.iter().filter(|&(&n, &degree)| finds_one(n, degree)).map(|n| *n.0).collect();
        while let Some(node) = waiting.pop() {
            if inside.remove(&node).is_none() {
                continue;
            }
            for &v in &self.apart[node as usize] {
                if let Some(degree) = inside.get_mut(&v) {
                    *degree -= 1;
                    if finds_one(v, *degree) {
                        waiting.push(v);
                    }
                }
            }
        }
        inside.into_keys().collect()
    }

    /// Whether a set of nodes can be kept apart; none if that was not found out: the set is too large, or the work is used up.
    fn keeps_apart(&self, set: &[u32], work: &mut u64) -> Option<bool> {
        let core = self.core(set);
        if core.len() > DEEPEST {
            return None;
        }
        *work = work.checked_sub(set.len() as u64)?;
        self.colour(&mut core.into_iter().map(|n| (n, None)).collect(), work)
    }

    /// Colours what is left, the node of fewest territories first; symmetric ones need not all be tried, but there are few nodes.
    fn colour(&self, colour: &mut BTreeMap<u32, Option<u32>>, work: &mut u64) -> Option<bool> {
        let k = self.book.territory_count();
        let options = |node: u32, colour: &BTreeMap<u32, Option<u32>>| -> Vec<u32> {
            let others = self.apart[node as usize].iter();
            let taken: BTreeSet<u32> = others.filter_map(|v| colour.get(v).copied().flatten()).collect();
            (0..k).filter(|t| self.allows(node, *t) && !taken.contains(t)).collect()
        };
        let open: Vec<u32> = colour.iter().filter(|c| c.1.is_none()).map(|c| *c.0).collect();
        let links: usize = open.iter().map(|&n| self.apart[n as usize].len()).sum();
        *work = work.checked_sub(links as u64 + open.len() as u64 * u64::from(k))?;
        let Some((node, territories)) = open
            .iter()
            .map(|&n| (n, options(n, colour)))
            .min_by_key(|(n, o)| (o.len(), usize::MAX - self.apart[*n as usize].len(), *n))
        else {
            return Some(true);
        };
        drop(open);
        let mut fresh_tried = false;
        for t in territories {
            *work = work.checked_sub(colour.len() as u64)?;
            // Territories that no rule and no node tells apart are one case.
            let fresh = self.is_plain(t, colour);
            if fresh && std::mem::replace(&mut fresh_tried, true) {
                continue;
            }
            colour.insert(node, Some(t));
            match self.colour(colour, work) {
                Some(true) => return Some(true),
                None => return None,
                Some(false) => {}
            }
        }
        colour.insert(node, None);
        Some(false)
    }

    /// Whether all nodes of a colouring may have this territory and none has it yet.
    fn is_plain(&self, territory: u32, colour: &BTreeMap<u32, Option<u32>>) -> bool {
        colour.iter().all(|(&n, &c)| self.allows(n, territory) && c != Some(territory))
    }

    /// Territories that cannot all have a unit: more of them than nodes that may be in them (Hall's condition), by augmenting paths.
    fn unfillable(&self, spec: &ProblemSpec, errors: &mut Vec<ProblemError>) {
        let k = self.book.territory_count();
        // Of nodes that may be in the same territories k are as good as all: too few are never that many.
        let mut met = vec![0u32; self.book.class_count()];
        let enough = |&node: &u32| {
            let count = &mut met[self.book.class_of(self.members[node as usize]) as usize];
            *count += 1;
            *count <= k
        };
        let few: Vec<u32> = (0..self.members.len() as u32).filter(enough).collect();
        let mut holder = vec![u32::MAX; few.len()];
        for t in 0..k {
            // Nodes reached from t over territories that could give theirs back.
            let (mut queue, mut from) = (vec![t], vec![u32::MAX; few.len()]);
            let mut at = 0;
            let mut end = None;
            'search: while at < queue.len() {
                let territory = queue[at];
                at += 1;
                for node in 0..few.len() {
                    if from[node] == u32::MAX && self.allows(few[node], territory) {
                        from[node] = territory;
                        if holder[node] == u32::MAX {
                            end = Some(node);
                            break 'search;
                        }
                        queue.push(holder[node]);
                    }
                }
            }
            match end {
                Some(mut node) => loop {
                    let territory = from[node];
                    let before = holder.iter().position(|&h| h == territory);
                    holder[node] = territory;
                    match before {
                        Some(other) if territory != t => node = other,
                        _ => break,
                    }
                },
                None => {
                    let nodes: Vec<u32> = (0..from.len()).filter(|&n| from[n] != u32::MAX).map(|n| few[n]).collect();
                    let mut territories = queue.clone();
                    territories.sort_unstable();
                    let names = listed(territories.iter().map(|&t| spec.territories[t as usize].name.clone()));
                    let units = if nodes.is_empty() {
                        "no unit".to_owned()
                    } else {
                        format!("only {} ({}, groups counted as one)", self.names(spec, &nodes), nodes.len())
                    };
                    errors.push(ProblemError::Unfillable { territories: names, units, found: nodes.len() });
                    return;
                }
            }
        }
    }

    /// A territory for every node that keeps all rules and leaves no territory empty, by trying all.
    fn any_assignment(&self) -> Option<Vec<u32>> {
        let mut parts = vec![u32::MAX; self.members.len()];
        let found = self.assign(0, &mut parts, &mut vec![0; self.book.territory_count() as usize]);
        found.then_some(parts)
    }

    fn assign(&self, node: usize, parts: &mut [u32], sizes: &mut [u32]) -> bool {
        let empty = sizes.iter().filter(|&&s| s == 0).count();
        if empty > parts.len() - node {
            return false;
        }
        if node == parts.len() {
            return true;
        }
        let mut plain_tried = false;
        for t in 0..sizes.len() as u32 {
            let taken = self.apart[node].iter().any(|&v| (v as usize) < node && parts[v as usize] == t);
            if taken || !self.allows(node as u32, t) {
                continue;
            }
            let plain = sizes[t as usize] == 0 && (node..parts.len()).all(|n| self.allows(n as u32, t));
            if plain && std::mem::replace(&mut plain_tried, true) {
                continue;
            }
            (parts[node], sizes[t as usize]) = (t, sizes[t as usize] + 1);
            if self.assign(node + 1, parts, sizes) {
                return true;
            }
            sizes[t as usize] -= 1;
        }
        parts[node] = u32::MAX;
        false
    }
}
