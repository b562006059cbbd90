//! What binds units beside links and loads, in search form: which territories may have them, what pulls them together, where
//! territories are measured from, where units are today. An instance without any of it has no bonds at all, and its search
//! pays one look for that.

use super::state::State;
use super::wishes::Wishes;
use crate::problem::{NO_GROUP, Problem, RuleBook};

/// A unit that is nowhere today, or in no area.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Rows of numbers beside units, like the rows of a graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    offsets: Vec<u32>,
    to: Vec<u32>,
    weights: Vec<f32>,
}

impl Rows {
    /// Rows of (unit, other, weight), both ways; the same pair again adds up.
    fn new(units: usize, mut entries: Vec<(u32, u32, f64)>) -> Self {
        if entries.is_empty() {
            return Self::default();
        }
        entries.retain(|e| e.0 != e.1);
        entries.sort_by_key(|e| (e.0, e.1));
        let mut rows = Self { offsets: vec![0; units + 1], ..Self::default() };
        let mut last = None;
        let mut sum = 0.0;
        for &(u, v, weight) in &entries {
            if last == Some((u, v)) {
                sum += weight;
                if let Some(slot) = rows.weights.last_mut() {
                    *slot = sum as f32;
                }
                continue;
            }
            (last, sum) = (Some((u, v)), weight);
            rows.offsets[u as usize + 1] += 1;
            rows.to.push(v);
            rows.weights.push(weight as f32);
        }
        for u in 0..units {
            rows.offsets[u + 1] += rows.offsets[u];
        }
        rows
    }

    /// Others beside a unit with their weights.
    #[inline]
    pub(crate) fn of(&self, unit: u32) -> impl Iterator<Item = (u32, f32)> {
        let row = match self.offsets.get(unit as usize..unit as usize + 2) {
            Some(ends) => ends[0] as usize..ends[1] as usize,
            None => 0..0,
        };
        self.to[row.clone()].iter().copied().zip(self.weights[row].iter().copied())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    /// Each pair once.
    fn pairs(&self) -> impl Iterator<Item = (u32, u32, f64)> {
        let units = self.offsets.len().saturating_sub(1) as u32;
        (0..units).flat_map(|u| self.of(u).filter(move |e| e.0 > u).map(move |(v, w)| (u, v, f64::from(w))))
    }

    /// The rows of other units: `new_of` gives the new number of each, or [`NOWHERE`].
    fn renumbered(&self, units: usize, new_of: impl Fn(u32) -> u32) -> Self {
        let both = |(u, v, w): (u32, u32, f64)| {
            let (u, v) = (new_of(u), new_of(v));
            (u != NOWHERE && v != NOWHERE).then_some([(u, v, w), (v, u, w)])
        };
        Self::new(units, self.pairs().filter_map(both).flatten().collect())
    }
}

/// What binds the units of an instance.
#[derive(Clone, Debug, Default)]
pub struct Bonds {
    /// Class of every unit: a set of territories; empty: all may go anywhere. Class 0 is all territories.
    class_of: Vec<u32>,
    /// Sets of territories as bits, `words` a class.
    classes: Vec<u64>,
    words: usize,
    /// Units that a unit may not share a territory with.
    pub(crate) apart: Rows,
    /// Units that stay where they are: members of groups where these are not moved as one. Empty: none.
    fixed: Vec<bool>,
    /// Where territories are measured from, km relative to the mean location; empty: all from their centroids.
    pub(crate) anchors: Vec<Option<[f64; 3]>>,
    /// Units that should rather share a territory, with the strength of that.
    pub(crate) ties: Rows,
    /// Area of every unit on every level, from coarse to fine, all numbered together.
    pub(crate) areas: Vec<Vec<u32>>,
    /// Number of areas on all levels.
    pub(crate) area_count: usize,
    /// Territory of every unit today; empty: no plan to keep.
    pub(crate) home: Vec<u32>,
    /// What it costs that a unit leaves it, in units of the mean; beside `home`.
    pub(crate) stay: Vec<f32>,
    /// Weights of ties and split areas in the objective.
    pub(crate) weights: (f64, f64),
    /// Sums that are wished for.
    pub(crate) wishes: Wishes,
    /// Least distance of two territories' centres in a straight line, with a little more.
    pub(crate) centres_apart_km: Option<f64>,
}

impl Bonds {
    /// The bonds of a problem, its units at `rank`; none where nothing binds them.
    pub(super) fn new(problem: &Problem, order: &[u32], rank: &[u32], mean: [f64; 3]) -> Option<Box<Self>> {
        let (book, rules, objective) = (problem.rule_book(), problem.rules(), problem.objective());
        let anchored = (0..problem.k()).any(|t| problem.anchor(t).is_some());
        let tied = !rules.ties.is_empty() && objective.ties > 0.0;
        let nested = !rules.areas.is_empty() && objective.splits > 0.0;
        let apart = rules.centres_apart_km.is_some_and(|km| km > 0.0);
        if book.is_free() && !anchored && !tied && !nested && !apart {
            return None;
        }
        let mut bonds = Self { weights: (objective.ties, objective.splits), ..Self::default() };
        let space = problem.locations().space();
        bonds.centres_apart_km =
            rules.centres_apart_km.filter(|_| apart).map(|km| super::spacing::with_more(space, km));
        bonds.take_rights(book, order, rank);
        if anchored {
            let relative = |at: [f64; 3]| [at[0] - mean[0], at[1] - mean[1], at[2] - mean[2]];
            bonds.anchors = (0..problem.k()).map(|t| problem.anchor(t).map(relative)).collect();
        }
        if tied {
            let of = |&(a, b, w): &(u32, u32, f64)| {
                let (a, b) = (rank[a as usize], rank[b as usize]);
                [(a, b, w), (b, a, w)]
            };
            bonds.ties = Rows::new(order.len(), rules.ties.iter().flat_map(of).collect());
        }
        if nested {
            for areas in &rules.areas {
                let first = bonds.area_count as u32;
                let area = |&u: &u32| areas.area_of[u as usize].map_or(NOWHERE, |a| first + a);
                bonds.areas.push(order.iter().map(area).collect());
                bonds.area_count += areas.names.len();
            }
        }
        Some(Box::new(bonds))
    }

    fn take_rights(&mut self, book: &RuleBook, order: &[u32], rank: &[u32]) {
        if book.class_count() > 1 {
            self.class_of = order.iter().map(|&u| book.class_of(u)).collect();
            self.words = book.class(0).len();
            self.classes = (0..book.class_count() as u32).flat_map(|c| book.class(c).iter().copied()).collect();
        }
        let pair = |(a, b): (u32, u32)| {
            let (a, b) = (rank[a as usize], rank[b as usize]);
            [(a, b, 1.0), (b, a, 1.0)]
        };
        self.apart = Rows::new(order.len(), book.apart_pairs().flat_map(pair).collect());
        if !book.groups().is_empty() {
            self.fixed = order.iter().map(|&u| book.group_of(u) != NO_GROUP).collect();
        }
    }

    /// Says where units are today, what it costs that they leave, and which may not: these are locked there.
    pub(super) fn set_home(&mut self, home: Vec<u32>, stay: Vec<f32>, protected: &[bool], (units, k): (usize, usize)) {
        if protected.contains(&true) {
            if self.class_of.is_empty() {
                self.class_of = vec![0; units];
                self.words = k.div_ceil(64);
                self.classes = vec![u64::MAX; self.words];
            }
            let mut class_at = vec![u32::MAX; k];
            for u in (0..units).filter(|&u| protected[u] && self.allows(u as u32, home[u])).collect::<Vec<_>>() {
                let t = home[u] as usize;
                if class_at[t] == u32::MAX {
                    class_at[t] = (self.classes.len() / self.words) as u32;
                    let at = self.classes.len();
                    self.classes.resize(at + self.words, 0);
                    self.classes[at + t / 64] |= 1 << (t % 64);
                }
                self.class_of[u] = class_at[t];
            }
        }
        (self.home, self.stay) = (home, stay);
    }

    /// Whether a territory is in the set of a unit.
    #[inline]
    pub(crate) fn allows(&self, unit: u32, territory: u32) -> bool {
        match self.class_of.get(unit as usize) {
            None | Some(0) => true,
            Some(&class) => {
                let word = self.classes[class as usize * self.words + territory as usize / 64];
                word >> (territory % 64) & 1 == 1
            }
        }
    }

    /// Whether any set is narrower than all territories.
    pub(crate) fn is_narrow(&self, unit: u32) -> bool {
        self.class_of.get(unit as usize).is_some_and(|&c| c != 0)
    }

    /// The only territory of a unit, if there is just one.
    pub(crate) fn locked(&self, unit: u32) -> Option<u32> {
        let class = *self.class_of.get(unit as usize)?;
        if class == 0 {
            return None;
        }
        let bits = &self.classes[class as usize * self.words..][..self.words];
        let mut set = bits.iter().enumerate().filter(|w| *w.1 != 0);
        match (set.next(), set.next()) {
            (Some((at, word)), None) if word.count_ones() == 1 => Some(at as u32 * 64 + word.trailing_zeros()),
            _ => None,
        }
    }

    /// Whether rules let a unit go to a territory, by where all others are.
    #[inline]
    pub(crate) fn may(&self, unit: u32, to: u32, part: impl Fn(u32) -> u32) -> bool {
        self.allows(unit, to)
            && !self.fixed.get(unit as usize).is_some_and(|&f| f)
            && self.apart.of(unit).all(|(v, _)| part(v) != to)
    }

    /// Whether two units may be one unit of a coarser instance.
    pub(super) fn may_merge(&self, a: u32, b: u32) -> bool {
        let same = |column: &Vec<u32>| column.is_empty() || column[a as usize] == column[b as usize];
        same(&self.class_of)
            && same(&self.home)
            && self.areas.last().is_none_or(same)
            && self.apart.of(a).next().is_none()
            && self.apart.of(b).next().is_none()
    }

    /// Whether any rule says where units may go.
    pub(crate) fn binds(&self) -> bool {
        !self.class_of.is_empty() || !self.apart.is_empty() || !self.fixed.is_empty()
    }

    /// The bonds of clusters of units; of a cluster of several classes, homes or areas those of its first unit count.
    pub(super) fn contract(&self, cluster: &[u32], first: &[u32]) -> Self {
        let of = |column: &[u32]| -> Vec<u32> {
            if column.is_empty() { Vec::new() } else { first.iter().map(|&u| column[u as usize]).collect() }
        };
        let mut stay = vec![0.0; if self.home.is_empty() { 0 } else { first.len() }];
        for (u, &weight) in self.stay.iter().enumerate() {
            let c = cluster[u] as usize;
            let same = self.home[u] == self.home[first[c] as usize];
            stay[c] += if same { weight } else { -weight };
        }
        Self {
            class_of: of(&self.class_of),
            classes: self.classes.clone(),
            words: self.words,
            apart: self.apart.renumbered(first.len(), |u| cluster[u as usize]),
            // Whoever contracts moves groups as one.
            fixed: Vec::new(),
            anchors: self.anchors.clone(),
            ties: self.ties.renumbered(first.len(), |u| cluster[u as usize]),
            areas: self.areas.iter().map(|level| of(level)).collect(),
            area_count: self.area_count,
            home: of(&self.home),
            stay,
            weights: self.weights,
            wishes: self.wishes.clone(),
            centres_apart_km: self.centres_apart_km,
        }
    }

    /// The bonds of some units and some territories; `rank` is the new number of every unit, `NOWHERE` for others.
    pub(super) fn part(&self, units: &[u32], territories: &[u32], rank: &[u32]) -> Self {
        let of = |column: &[u32]| -> Vec<u32> {
            if column.is_empty() { Vec::new() } else { units.iter().map(|&u| column[u as usize]).collect() }
        };
        let words = territories.len().div_ceil(64);
        let count = self.classes.len().checked_div(self.words).unwrap_or(0);
        let mut classes = vec![0; count * words];
        for class in 0..count {
            for (new, &old) in territories.iter().enumerate() {
                let bit = self.classes[class * self.words + old as usize / 64] >> (old % 64) & 1;
                classes[class * words + new / 64] |= bit << (new % 64);
            }
        }
        let new_home = |&t: &u32| territories.iter().position(|&own| own == t).map_or(NOWHERE, |at| at as u32);
        Self {
            class_of: of(&self.class_of),
            classes,
            words,
            apart: self.apart.renumbered(units.len(), |u| rank[u as usize]),
            fixed: if self.fixed.is_empty() {
                Vec::new()
            } else {
                units.iter().map(|&u| self.fixed[u as usize]).collect()
            },
            anchors: if self.anchors.is_empty() {
                Vec::new()
            } else {
                territories.iter().map(|&t| self.anchors[t as usize]).collect()
            },
            ties: self.ties.renumbered(units.len(), |u| rank[u as usize]),
            areas: self.areas.iter().map(|level| of(level)).collect(),
            area_count: self.area_count,
            home: of(&self.home).iter().map(new_home).collect(),
            stay: if self.stay.is_empty() {
                Vec::new()
            } else {
                units.iter().map(|&u| self.stay[u as usize]).collect()
            },
            weights: self.weights,
            wishes: if self.wishes.is_empty() { Wishes::default() } else { self.wishes.part(territories) },
            centres_apart_km: self.centres_apart_km,
        }
    }
}

/// Values of the terms that bonds have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BondValues {
    /// Strength of the ties between territories.
    pub ties: f64,
    /// Parts of areas in territories, but for one an area.
    pub splits: f64,
    /// Links inside areas between territories: what leads to fewer splits.
    pub frays: f64,
    /// What left its territory of today, in units of the mean.
    pub moved: f64,
    /// Weighted misses of wishes, in targets.
    pub wishes: f64,
    /// Energy of centres that are too near.
    pub spacing: f64,
}

impl State<'_> {
    /// Whether rules let a unit go to a territory. Where some territories are closed, bonds say that nothing comes or goes there.
    #[inline]
    pub fn may(&self, unit: u32, to: u32) -> bool {
        match &self.instance.bonds {
            None => true,
            Some(bonds) => self.is_open(to) && self.is_open(self.part(unit)) && bonds.may(unit, to, |v| self.part(v)),
        }
    }

    /// What moving a single unit adds to the energy of the bonds.
    pub(super) fn bond_change(&self, bonds: &Bonds, unit: u32, from: u32, to: u32) -> f64 {
        let scales = &self.scales;
        let mut change = 0.0;
        if scales.ties > 0.0 {
            for (v, weight) in bonds.ties.of(unit) {
                let part = self.part(v);
                let sign = f64::from(i8::from(part == from) - i8::from(part == to));
                change += scales.ties * sign * f64::from(weight);
            }
        }
        if scales.splits > 0.0 {
            for level in &bonds.areas {
                let area = level[unit as usize];
                if area == NOWHERE {
                    continue;
                }
                let (here, there) = (self.in_area(from, area), self.in_area(to, area));
                change += scales.splits * f64::from(i8::from(there == 0) - i8::from(here == 1));
                let mut frays = 0i32;
                for &v in self.instance.neighbours(unit) {
                    if level[v as usize] == area {
                        let part = self.part(v);
                        frays += i32::from(part == from) - i32::from(part == to);
                    }
                }
                change += scales.frays * f64::from(frays);
            }
        }
        if scales.stay > 0.0
            && let Some(&home) = bonds.home.get(unit as usize)
        {
            let sign = f64::from(i8::from(home == from) - i8::from(home == to));
            change += scales.stay * sign * f64::from(bonds.stay[unit as usize]);
        }
        // Where there are no scales there is no energy at all.
        if let Some(km) = bonds.centres_apart_km
            && scales.wishes > 0.0
        {
            change += self.spacing_change(km, unit, from, to);
        }
        if scales.wishes > 0.0 && !bonds.wishes.is_empty() {
            change += scales.wishes * self.wish_change(bonds, unit, from, to);
        }
        change
    }

    /// What ties and links inside a set of units that moves together were counted for too much by their single changes.
    pub(super) fn inner_bonds(&self, bonds: &Bonds, units: &[u32]) -> f64 {
        let mut inner = 0.0;
        for (i, &u) in units.iter().enumerate() {
            if self.scales.ties > 0.0 {
                let within = bonds.ties.of(u).filter(|e| units[..i].contains(&e.0));
                inner += self.scales.ties * within.map(|e| f64::from(e.1)).sum::<f64>();
            }
            if self.scales.frays > 0.0 {
                for level in bonds.areas.iter().filter(|level| level[u as usize] != NOWHERE) {
                    let same = |v: &&u32| units[..i].contains(v) && level[**v as usize] == level[u as usize];
                    inner += self.scales.frays * self.instance.neighbours(u).iter().filter(same).count() as f64;
                }
            }
        }
        -2.0 * inner
    }

    /// Values of all terms of the bonds, recomputed.
    pub fn bond_values(&self) -> BondValues {
        let mut values = BondValues::default();
        let Some(bonds) = &self.instance.bonds else { return values };
        values.ties = bonds.ties.pairs().filter(|e| self.part(e.0) != self.part(e.1)).map(|e| e.2).sum();
        for level in &bonds.areas {
            for &u in self.border() {
                for &v in self.instance.neighbours(u) {
                    let inside = v > u && level[u as usize] != NOWHERE && level[u as usize] == level[v as usize];
                    values.frays += f64::from(u8::from(inside && self.part(u) != self.part(v)));
                }
            }
        }
        if bonds.area_count > 0 {
            let mut pieces = vec![0u32; bonds.area_count];
            for t in 0..self.instance.k() as u32 {
                for (area, count) in (0u32..).zip(&mut pieces) {
                    *count += u32::from(self.in_area(t, area) > 0);
                }
            }
            values.splits = pieces.iter().map(|&p| f64::from(p.saturating_sub(1))).sum();
        }
        let left = |u: &usize| bonds.home[*u] != NOWHERE && bonds.home[*u] != self.part(*u as u32);
        values.wishes = self.missed_wishes(bonds);
        values.spacing = self.spacing_energy();
        values.moved = (0..bonds.home.len()).filter(left).map(|u| f64::from(bonds.stay[u])).sum();
        values
    }
}
