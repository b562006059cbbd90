//! The books of a small search: a state, the medoids of the terms that are measured from members, and the violation of every
//! territory's bounds, all kept current by [`Books::apply`].
//!
//! Knows nothing of how moves are chosen; contiguity is asked for by whoever makes them.

use super::super::instance::Instance;
use super::super::state::{Scales, State};
use super::super::ways::Moved;
use super::terms::MemberTerms;
use crate::terms::Medoids;

/// A plan under search with everything that its energy needs.
#[derive(Debug)]
pub(super) struct Books<'a> {
    pub(super) state: State<'a>,
    /// Energy per value, and the term.
    medoids: Vec<(f64, Medoids<'a>)>,
    violations: Vec<f64>,
    /// Violation of all bounds.
    pub(super) violation: f64,
    /// Territories that violate a bound.
    broken: u32,
    /// Energy of inertia about the centroid, border and cut.
    plain: f64,
}

impl<'a> Books<'a> {
    /// Books of a contiguous plan.
    pub(super) fn new(
        instance: &'a Instance,
        terms: &'a MemberTerms<'a>,
        scales: &TermScales,
        parts: Vec<u32>,
    ) -> Self {
        let k = instance.k();
        let medoids =
            terms.costs.iter().zip(&scales.members).map(|(c, &s)| (s, Medoids::new(c, &terms.weights, &parts, k)));
        let medoids = medoids.collect();
        let mut books = Self {
            state: State::new(instance, parts, scales.plain),
            medoids,
            violations: vec![0.0; k],
            violation: 0.0,
            broken: 0,
            plain: 0.0,
        };
        books.recompute();
        books
    }

    /// Forms all sums anew, and finds medoids from all members.
    pub(super) fn recompute(&mut self) {
        self.state.recompute();
        if !self.medoids.is_empty() {
            let parts = self.state.parts();
            self.medoids.iter_mut().for_each(|m| m.1.reset(&parts));
        }
        self.plain = self.state.energy();
        self.broken = 0;
        self.violation = 0.0;
        for t in 0..self.violations.len() as u32 {
            let violation = self.state.violation_of(t);
            self.violations[t as usize] = violation;
            self.violation += violation;
            self.broken += u32::from(violation > 0.0);
        }
    }

    /// Makes `parts` the plan.
    pub(super) fn take_up(&mut self, parts: &[u32]) {
        for (unit, &part) in (0u32..).zip(parts) {
            self.state.apply(unit, part);
        }
        self.recompute();
    }

    /// Whether all bounds hold.
    #[inline]
    pub(super) fn is_feasible(&self) -> bool {
        self.broken == 0
    }

    /// Energy of the compactness terms.
    #[inline]
    pub(super) fn energy(&self) -> f64 {
        self.plain + self.medoids.iter().map(|(scale, m)| scale * m.total()).sum::<f64>()
    }

    /// What moving `moved` from a territory to another adds to the violation.
    #[inline]
    pub(super) fn violation_change(&self, moved: Moved<'_>, from: u32, to: u32) -> f64 {
        let (instance, m) = (self.state.instance, self.state.instance.measures);
        let windows = |t: u32| instance.windows[t as usize * m..][..m].iter();
        let (here, there) = (self.state.sums_of(from), self.state.sums_of(to));
        let sums = here.iter().zip(there).zip(windows(from)).zip(windows(to));
        let mut after = 0.0;
        if instance.ways.is_none() {
            for ((((a, b), wa), wb), load) in sums.zip(moved.loads) {
                after += wa.violation(a - load) + wb.violation(b + load);
            }
        } else {
            for (j, (((a, b), wa), wb)) in sums.enumerate() {
                let (lost, gained) = (instance.moved_load(moved, j, from), instance.moved_load(moved, j, to));
                after += wa.violation(a - lost) + wb.violation(b + gained);
            }
        }
        after - self.violations[from as usize] - self.violations[to as usize]
    }

    /// What moving one unit adds to the compactness energy, for the medoids that are held; with `exactly` for the best ones.
    #[inline]
    pub(super) fn single_change(&self, unit: u32, from: u32, to: u32, exactly: bool) -> f64 {
        let mass = &self.state.instance.masses[unit as usize];
        let mut change = self.state.inertia_change(mass, from, to) + self.state.link_change(unit, from, to);
        for (scale, medoids) in &self.medoids {
            change += scale
                * if exactly { medoids.change_exactly(unit, from, to) } else { medoids.change(&[unit], from, to) };
        }
        change
    }

    /// What exchanging two units of two territories adds to the compactness energy; centroids and medoids hold still.
    #[inline]
    pub(super) fn swap_change(&self, (unit, partner): (u32, u32), from: u32, to: u32) -> f64 {
        let state = &self.state;
        let masses = &state.instance.masses;
        let mut change = state.inertia_change(&masses[unit as usize], from, to)
            + state.inertia_change(&masses[partner as usize], to, from)
            + state.link_change(unit, from, to)
            + state.link_change(partner, to, from);
        // A link between the two is cut before and after; each of the moves alone took it for joined.
        if (state.scales.cut > 0.0 || state.scales.border > 0.0) && state.instance.neighbours(unit).contains(&partner) {
            change -= super::super::anneal::inner_links(state, &[unit, partner]);
        }
        for (scale, medoids) in &self.medoids {
            change += scale * (medoids.change(&[unit], from, to) + medoids.change(&[partner], to, from));
        }
        change
    }

    /// What moving `units` together adds to the compactness energy, for the medoids that are held.
    pub(super) fn group_change(&self, units: &[u32], mass: &crate::terms::Mass, from: u32, to: u32) -> f64 {
        let state = &self.state;
        let mut change = state.inertia_change(mass, from, to);
        change += units.iter().map(|&u| state.link_change(u, from, to)).sum::<f64>();
        change += super::super::anneal::inner_links(state, units);
        for (scale, medoids) in &self.medoids {
            change += scale * medoids.change(units, from, to);
        }
        change
    }

    /// Moves a unit; [`Books::settle`] has to follow for all territories that were touched.
    #[inline]
    pub(super) fn apply(&mut self, unit: u32, to: u32) {
        let from = self.state.part(unit);
        if from == to {
            return;
        }
        let mass = &self.state.instance.masses[unit as usize];
        self.plain += self.state.inertia_change(mass, from, to) + self.state.link_change(unit, from, to);
        self.state.apply(unit, to);
        for (_, medoids) in &mut self.medoids {
            medoids.apply(unit, to);
        }
    }

    /// Brings medoids and violations of two territories up to date.
    #[inline]
    pub(super) fn settle(&mut self, territories: [u32; 2]) {
        for t in territories {
            for (_, medoids) in &mut self.medoids {
                medoids.refresh(t);
            }
            let violation = self.state.violation_of(t);
            let before = std::mem::replace(&mut self.violations[t as usize], violation);
            self.broken = self.broken + u32::from(violation > 0.0) - u32::from(before > 0.0);
            self.violation += violation - before;
        }
    }

    /// Energy of inertia about the centroid that stands for all inertia-like terms: per measure·km².
    pub(super) fn centroid_scale(&self) -> f64 {
        let members: f64 = self.medoids.iter().map(|(scale, m)| scale * m.total()).sum();
        let inertia = self.state.terms().inertia;
        self.state.scales.inertia + if inertia > 0.0 { members / inertia } else { 0.0 }
    }
}

/// Energy per value of every term.
#[derive(Clone, Debug, Default)]
pub(super) struct TermScales {
    /// Inertia about the centroid, border, cut.
    pub(super) plain: Scales,
    /// Beside [`MemberTerms::costs`].
    pub(super) members: Vec<f64>,
}

impl TermScales {
    /// Scales by which the plan has energy k, shared out by the objective's weights.
    pub(super) fn of(instance: &Instance, terms: &MemberTerms<'_>, parts: &[u32]) -> Self {
        let k = instance.k();
        let total: f64 = terms.plain.iter().chain(&terms.of_members).sum();
        let state = State::new(instance, parts.to_vec(), Scales::default());
        let plain = state.scales_among(terms.plain, total);
        let members = terms.costs.iter().zip(&terms.of_members).map(|(costs, weight)| {
            let value = Medoids::new(costs, &terms.weights, parts, k).total();
            if value > 0.0 { k as f64 * weight / total / value } else { 0.0 }
        });
        Self { plain, members: members.collect() }
    }
}
