//! A plan under search: the parts of an instance's units with the books that moves keep current. [`State::apply`] is the only
//! place that changes a part.
//!
//! For parallel work a state is split into *views*, each open to moves among some of the territories (see
//! [`super::regions`]). Columns over the units are shared by all views and atomic; a view writes only those of its own
//! territories' units. Of any other unit it may learn nothing but that it belongs to none of its territories, which no other
//! view changes: so what a view does never depends on what others do meanwhile. Sums, sizes and moments of territories that are not its own
//! a view does not know, but for moments where centres are kept apart.

mod views;

pub(super) use views::{ViewBooks, beside};

use super::bonds::{Bonds, NOWHERE};
use super::instance::Instance;
use crate::parallel;
use crate::terms::{Mass, Moments, border, cut};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Weights that turn the objective's terms into energy: the plan they were taken from has an energy of k.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scales {
    /// Energy per measure·km² (in the instance's mass unit) of inertia.
    pub inertia: f64,
    /// Energy per km of border between territories.
    pub border: f64,
    /// Energy per unit of cut.
    pub cut: f64,
    /// Energy per strength of a tie between territories.
    pub ties: f64,
    /// Energy per part of an area in a territory.
    pub splits: f64,
    /// Energy per link inside an area between territories.
    pub frays: f64,
    /// Energy per mean unit that left its territory of today. Not set by [`State::scales_for`].
    pub stay: f64,
    /// Energy per weighted target that wishes are missed by.
    pub wishes: f64,
}

/// Values of the objective's terms, in the instance's units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermValues {
    /// Σ over territories of the moment of inertia.
    pub inertia: f64,
    /// Border between territories, km.
    pub border: f64,
    /// Cut: links between territories, or their weights.
    pub cut: f64,
}

/// Columns over the units.
#[derive(Debug)]
struct Columns {
    parts: Vec<AtomicU32>,
    /// Neighbours in other territories.
    outside: Vec<AtomicU32>,
    /// Where a unit stands in the border list of its view, or of the whole where that is known.
    place: Vec<AtomicU32>,
    /// Marks of the contiguity check: the walk that met a unit last.
    stamps: Vec<AtomicU32>,
}

/// The books of a plan under search, or of a view of it.
#[derive(Debug)]
pub struct State<'a> {
    /// What is partitioned.
    pub instance: &'a Instance,
    columns: Arc<Columns>,
    sizes: Vec<u32>,
    sums: Vec<f64>,
    moments: Vec<Moments>,
    /// Units with neighbours in other territories, in no particular but reproducible order.
    border: Vec<u32>,
    /// Whether all places in it are known.
    places_known: bool,
    /// Whether sums are as [`State::recompute`] forms them.
    are_exact: bool,
    /// Units in areas: `[territory * areas + area]`. A view writes the rows of its own territories only.
    in_areas: Arc<Vec<AtomicU32>>,
    /// Mass of the points that pin anchored territories, which are no units'.
    pin: f64,
    /// Territories that units may come from and go to; empty: all.
    open: Vec<bool>,
    /// All stamps are below this.
    generation: Cell<u32>,
    /// Energy weights of the terms.
    pub scales: Scales,
}

/// Mass of the point that pins an anchored territory, in mean territories: so much that its centroid is the anchor, and a mass
/// that comes or goes counts by its distance from there.
const PIN: f64 = 1e7;
/// Shares of the weight of split areas that go to the splits and to what leads to fewer of them.
const SPLITS: f64 = 1.0;
const FRAYS: f64 = 0.2;

/// Units, or links, that are a piece of parallel work where each is cheap.
pub(super) const RUN: usize = 1 << 14;

fn zeros(n: usize) -> Vec<AtomicU32> {
    parallel::map_runs(n, |_| AtomicU32::new(0))
}

impl<'a> State<'a> {
    /// Books of `parts`, each below k.
    pub fn new(instance: &'a Instance, parts: Vec<u32>, scales: Scales) -> Self {
        let (n, k, m) = (instance.len(), instance.k(), instance.measures);
        let mut outside = zeros(n);
        let (offsets, links, of) = (&instance.offsets[..], &instance.links[..], &parts[..]);
        parallel::for_each_chunk(&mut outside, RUN, move |run, outside| {
            let rows = offsets[run * RUN..].windows(2).map(|ends| &links[ends[0] as usize..ends[1] as usize]);
            for ((outside, row), &part) in outside.iter_mut().zip(rows).zip(&of[run * RUN..]) {
                *outside.get_mut() = row.iter().map(|&v| u32::from(of[v as usize] != part)).sum();
            }
        });
        let parts = parts.into_iter().map(AtomicU32::new).collect();
        let areas = instance.bonds.as_ref().map_or(0, |bonds| bonds.area_count);
        let columns = Arc::new(Columns { parts, outside, place: zeros(n), stamps: zeros(n) });
        let mut state = Self {
            instance,
            columns: Arc::clone(&columns),
            sizes: vec![0; k],
            sums: vec![0.0; k * m],
            moments: vec![Moments::default(); k],
            border: Vec::new(),
            places_known: false,
            are_exact: false,
            in_areas: Arc::new(zeros(k * areas)),
            pin: PIN * n as f64 / k.max(1) as f64,
            open: Vec::new(),
            generation: Cell::new(1),
            scales,
        };
        let runs = parallel::map(n.div_ceil(RUN), |run| {
            let units = (run * RUN) as u32..n.min((run + 1) * RUN) as u32;
            units.filter(|&u| columns.outside[u as usize].load(Relaxed) > 0).collect::<Vec<u32>>()
        });
        state.border = runs.concat();
        state.recompute();
        state
    }

    /// Forms all sums anew in unit order: what moves have gathered in rounding errors goes.
    pub fn recompute(&mut self) {
        if std::mem::replace(&mut self.are_exact, true) {
            return;
        }
        self.sizes.fill(0);
        self.sums.fill(0.0);
        self.moments.fill(Moments::default());
        if let Some(bonds) = &self.instance.bonds {
            for (moments, anchor) in self.moments.iter_mut().zip(&bonds.anchors) {
                if let &Some(at) = anchor {
                    moments.add(&Mass { at, weight: self.pin });
                }
            }
            self.count_areas(bonds);
        }
        let (instance, parts) = (self.instance, &self.columns.parts);
        let m = instance.measures;
        let sum = |first: usize, sizes: &mut [u32], moments: &mut [Moments], sums: &mut [f64]| {
            for (u, part) in parts.iter().enumerate() {
                let part = part.load(Relaxed);
                let at = (part as usize).wrapping_sub(first);
                let Some(size) = sizes.get_mut(at) else { continue };
                *size += 1;
                moments[at].add(&instance.masses[u]);
                for (j, sum) in sums[at * m..][..m].iter_mut().enumerate() {
                    *sum += instance.load_in(u as u32, j, part);
                }
            }
        };
        // Units of a territory are summed in their order whoever does it: each of two threads does it for half of the territories.
        let middle = if parallel::is_shared(parts.len()) { instance.k() / 2 } else { 0 };
        let (sizes, more_sizes) = self.sizes.split_at_mut(middle);
        let (moments, more_moments) = self.moments.split_at_mut(middle);
        let (sums, more_sums) = self.sums.split_at_mut(middle * m);
        let mut rest = || sum(middle, more_sizes, more_moments, more_sums);
        if middle == 0 {
            rest();
        } else {
            parallel::join(|| sum(0, sizes, moments, sums), rest);
        }
    }

    /// Whether units may come to a territory and go from it.
    #[inline]
    pub fn is_open(&self, territory: u32) -> bool {
        self.open.is_empty() || self.open[territory as usize]
    }

    /// Says which territories units may come from and go to, where an instance has bonds; empty: all.
    pub(crate) fn set_open(&mut self, open: Vec<bool>) {
        self.open = open;
    }

    /// Stamps of the contiguity check, and `count` fresh numbers above all of them; none when numbers have run out.
    pub(crate) fn stamps(&self, count: u32) -> Option<(&[AtomicU32], u32)> {
        let base = self.generation.get();
        self.generation.set(base.checked_add(count)?);
        Some((&self.columns.stamps, base))
    }

    /// Weights that give this plan the energy k, by the objective's weights `[inertia, border, cut]`.
    pub fn scales_for(&self, weights: [f64; 3]) -> Scales {
        self.scales_among(weights, weights.iter().sum())
    }

    /// The same where these are but some of the weights, which add up to `total` in all.
    pub(super) fn scales_among(&self, weights: [f64; 3], total: f64) -> Scales {
        let values = self.terms();
        let scale = |weight: f64, value: f64| {
            if weight > 0.0 && value > 0.0 { self.instance.k() as f64 * weight / total / value } else { 0.0 }
        };
        let mut scales = Scales {
            inertia: scale(weights[0], values.inertia),
            border: scale(weights[1], values.border),
            cut: scale(weights[2], values.cut),
            ..Scales::default()
        };
        if let Some(bonds) = &self.instance.bonds {
            let values = self.bond_values();
            scales.ties = scale(bonds.weights.0, values.ties);
            scales.splits = scale(bonds.weights.1 * SPLITS, values.splits);
            scales.frays = scale(bonds.weights.1 * FRAYS, values.frays);
            // Measured in targets, whatever the plan.
            scales.wishes = if total > 0.0 { 1.0 / total } else { 0.0 };
        }
        scales
    }

    fn count_areas(&self, bonds: &Bonds) {
        self.in_areas.iter().for_each(|count| count.store(0, Relaxed));
        for level in &bonds.areas {
            for (part, &area) in self.columns.parts.iter().zip(level) {
                if area != NOWHERE {
                    self.in_areas[part.load(Relaxed) as usize * bonds.area_count + area as usize].step(1);
                }
            }
        }
    }

    /// Units of an area in a territory.
    #[inline]
    pub(super) fn in_area(&self, territory: u32, area: u32) -> u32 {
        let areas = self.in_areas.len() / self.instance.k();
        self.in_areas[territory as usize * areas + area as usize].load(Relaxed)
    }

    /// Mass of a territory's units.
    pub(crate) fn mass_of(&self, territory: u32) -> f64 {
        let anchored = |bonds: &Bonds| bonds.anchors.get(territory as usize).is_some_and(Option::is_some);
        let pinned = self.instance.bonds.as_deref().is_some_and(anchored);
        self.moments[territory as usize].weight - if pinned { self.pin } else { 0.0 }
    }

    /// Part of every unit.
    pub fn parts(&self) -> Vec<u32> {
        self.columns.parts.iter().map(|p| p.load(Relaxed)).collect()
    }

    /// The same, into a row of as many entries.
    pub fn copy_parts(&self, parts: &mut [u32]) {
        parts.iter_mut().zip(&self.columns.parts).for_each(|(to, from)| *to = from.load(Relaxed));
    }

    /// Part of a unit.
    #[inline]
    pub fn part(&self, unit: u32) -> u32 {
        self.columns.parts[unit as usize].load(Relaxed)
    }

    /// Units of a territory.
    #[inline]
    pub fn size(&self, territory: u32) -> u32 {
        self.sizes[territory as usize]
    }

    /// Sums of the measures in a territory, in units of the mean target.
    #[inline]
    pub fn sums_of(&self, territory: u32) -> &[f64] {
        &self.sums[territory as usize * self.instance.measures..][..self.instance.measures]
    }

    /// Moments of a territory.
    #[inline]
    pub fn moments_of(&self, territory: u32) -> &Moments {
        &self.moments[territory as usize]
    }

    /// Units that have neighbours in other territories.
    #[inline]
    pub fn border(&self) -> &[u32] {
        &self.border
    }

    /// Whether a unit has neighbours in other territories.
    #[inline]
    pub fn is_border(&self, unit: u32) -> bool {
        self.columns.outside[unit as usize].load(Relaxed) > 0
    }

    /// Energy of cut and border per link between territories.
    pub fn link_energy(&self) -> f64 {
        let values = self.terms();
        (self.scales.cut * values.cut + self.scales.border * values.border) / self.links_between().max(1.0)
    }

    /// Number of links between territories, of a whole plan: a view would count those that leave it half.
    fn links_between(&self) -> f64 {
        let ends = |&u: &u32| u64::from(self.columns.outside[u as usize].load(Relaxed));
        self.border.iter().map(ends).sum::<u64>() as f64 / 2.0
    }

    /// Violation of a territory's bounds, summed over measures, relative to the targets.
    pub fn violation_of(&self, territory: u32) -> f64 {
        let m = self.instance.measures;
        let windows = &self.instance.windows[territory as usize * m..][..m];
        windows.iter().zip(self.sums_of(territory)).map(|(w, &s)| w.violation(s)).sum()
    }

    /// Violation of all bounds.
    pub fn violation(&self) -> f64 {
        (0..self.instance.k() as u32).map(|t| self.violation_of(t)).sum()
    }

    /// Values of all terms, recomputed but for a cut of links that are all alike, which the books count.
    pub fn terms(&self) -> TermValues {
        let Instance { offsets, links, borders, weights, .. } = self.instance;
        let (units, rows) = (self.border.iter().copied(), (&offsets[..], &links[..]));
        let part = |v| self.part(v);
        TermValues {
            inertia: self.moments.iter().map(Moments::inertia).sum(),
            border: if borders.is_empty() { 0.0 } else { border::value(units.clone(), rows, borders, part) },
            // Where all links are alike the books know it already.
            cut: if weights.is_empty() { self.links_between() } else { cut::value(units, rows, weights, part) },
        }
    }

    /// Energy of the compactness terms, recomputed.
    pub fn energy(&self) -> f64 {
        let (values, scales) = (self.terms(), &self.scales);
        let mut energy = scales.inertia * values.inertia + scales.border * values.border + scales.cut * values.cut;
        if self.instance.bonds.is_some() {
            let values = self.bond_values();
            energy += scales.ties * values.ties + scales.splits * values.splits;
            energy += scales.frays * values.frays + scales.stay * values.moved + scales.wishes * values.wishes;
            energy += if scales.wishes > 0.0 { values.spacing } else { 0.0 };
        }
        energy
    }

    /// What moving the mass `m`, part of `from`, to `to` adds to the energy of inertia. A group moves like its own mass at
    /// its centroid: what it has of inertia about that stays the same.
    #[inline]
    pub fn inertia_change(&self, m: &Mass, from: u32, to: u32) -> f64 {
        if self.scales.inertia == 0.0 {
            return 0.0;
        }
        self.scales.inertia * (self.moments[to as usize].gain(m) - self.moments[from as usize].loss(m))
    }

    /// What moving a single unit adds to the energy of the link terms.
    #[inline]
    pub fn link_change(&self, unit: u32, from: u32, to: u32) -> f64 {
        let instance = self.instance;
        let row = instance.offsets[unit as usize] as usize..instance.offsets[unit as usize + 1] as usize;
        let neighbours = &instance.links[row.clone()];
        let mut change = 0.0;
        if self.scales.cut > 0.0 {
            let weights = instance.weights.get(row.clone()).unwrap_or_default();
            change += self.scales.cut * cut::change(neighbours, weights, |v| self.part(v), from, to);
        }
        if self.scales.border > 0.0 {
            change +=
                self.scales.border * border::change(neighbours, &instance.borders[row], |v| self.part(v), from, to);
        }
        if let Some(bonds) = &instance.bonds {
            change += self.bond_change(bonds, unit, from, to);
        }
        change
    }

    /// Moves `unit` to territory `to`.
    pub fn apply(&mut self, unit: u32, to: u32) {
        let instance = self.instance;
        let from = self.columns.parts[unit as usize].put(to);
        if from == to {
            return;
        }
        self.are_exact = false;
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        let mass = &instance.masses[unit as usize];
        self.moments[from as usize].remove(mass);
        self.moments[to as usize].add(mass);
        let m = instance.measures;
        if instance.ways.is_none() {
            for (j, &load) in instance.loads_of(unit).iter().enumerate() {
                self.sums[from as usize * m + j] -= load;
                self.sums[to as usize * m + j] += load;
            }
        } else {
            for j in 0..m {
                self.sums[from as usize * m + j] -= instance.load_in(unit, j, from);
                self.sums[to as usize * m + j] += instance.load_in(unit, j, to);
            }
        }
        if let Some(bonds) = &instance.bonds {
            for level in &bonds.areas {
                let area = level[unit as usize];
                if area != NOWHERE {
                    self.in_areas[from as usize * bonds.area_count + area as usize].step(-1);
                    self.in_areas[to as usize * bonds.area_count + area as usize].step(1);
                }
            }
        }
        let mut outside = 0;
        for &v in instance.neighbours(unit) {
            let part = self.part(v);
            outside += u32::from(part != to);
            if part == from {
                if self.columns.outside[v as usize].step(1) == 1 {
                    self.enter_border(v);
                }
            } else if part == to && self.columns.outside[v as usize].step(-1) == 0 {
                self.leave_border(v);
            }
        }
        let before = self.columns.outside[unit as usize].put(outside);
        if before == 0 && outside > 0 {
            self.enter_border(unit);
        } else if before > 0 && outside == 0 {
            self.leave_border(unit);
        }
    }

    #[inline]
    fn enter_border(&mut self, unit: u32) {
        self.columns.place[unit as usize].store(self.border.len() as u32, Relaxed);
        self.border.push(unit);
    }

    #[inline]
    fn leave_border(&mut self, unit: u32) {
        if !self.places_known {
            self.set_places();
        }
        let place = self.columns.place[unit as usize].load(Relaxed);
        if let Some(last) = self.border.pop()
            && last != unit
        {
            self.border[place as usize] = last;
            self.columns.place[last as usize].store(place, Relaxed);
        }
    }

    /// Compares the books with a recomputation, for tests: the largest difference.
    #[cfg(test)]
    pub(crate) fn book_error(&self) -> f64 {
        let fresh = State::new(self.instance, self.parts(), self.scales);
        assert_eq!(fresh.sizes, self.sizes);
        let outside = |s: &State<'_>| s.columns.outside.iter().map(|o| o.load(Relaxed)).collect::<Vec<_>>();
        assert_eq!(outside(&fresh), outside(self));
        let (mut a, mut b) = (fresh.border.clone(), self.border.clone());
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b);
        let sums = fresh.sums.iter().zip(&self.sums).map(|(x, y)| (x - y).abs());
        let inertia = fresh
            .moments
            .iter()
            .zip(&self.moments)
            .map(|(x, y)| (x.inertia() - y.inertia()).abs() / (1e-12 + x.inertia().max(x.second * 1e-9)));
        sums.chain(inertia).fold(0.0, f64::max)
    }
}

/// What one writer does with a column's entry: plain loads and stores, for nobody else writes it.
trait Entry {
    fn put(&self, value: u32) -> u32;
    fn step(&self, by: i32) -> u32;
}

impl Entry for AtomicU32 {
    #[inline]
    fn put(&self, value: u32) -> u32 {
        let before = self.load(Relaxed);
        self.store(value, Relaxed);
        before
    }

    #[inline]
    fn step(&self, by: i32) -> u32 {
        let after = self.load(Relaxed).wrapping_add_signed(by);
        self.store(after, Relaxed);
        after
    }
}
