//! Anchored measures: loads that grow with the distance between a unit and the anchor of its territory. What they add up to depends
//! on the plan, so their targets do as well; before there is a plan, every unit counts as if it belonged to the nearest anchor.

use super::limits::Limits;
use super::{Problem, ProblemSpec, Territory};
use crate::error::ProblemError;
use crate::space::Space;
use rstar::RTree;
use rstar::primitives::GeomWithData;
use std::borrow::Cow;

/// Anchors of all territories, for measures that depend on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ways {
    space: Space,
    /// Per territory, km; empty: no measure is anchored.
    anchors: Vec<[f64; 3]>,
    /// Distance of every unit to the nearest anchor, km.
    nearest_km: Vec<f64>,
}

impl Ways {
    /// The ways of a specification whose territories and measures are well formed; none where no measure is anchored.
    pub(super) fn of(spec: &ProblemSpec) -> Self {
        let space = spec.locations.space();
        let anchors: Option<Vec<[f64; 3]>> =
            spec.territories.iter().map(|t| t.anchor.map(|at| space.locate(at))).collect();
        let Some(anchors) = anchors.filter(|_| spec.measures.iter().any(|m| !m.per_km.is_empty())) else {
            return Self::default();
        };
        let tree = RTree::bulk_load((0u32..).zip(&anchors).map(|(t, &at)| GeomWithData::new(at, t)).collect());
        let nearest = |i: usize| {
            let at = spec.locations.points().get(i).copied().unwrap_or_default();
            tree.nearest_neighbor(&at).map_or(0.0, |found| space.distance_km(at, *found.geom()))
        };
        let nearest_km = (0..spec.locations.len()).map(nearest).collect();
        Self { space, anchors, nearest_km }
    }

    fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }
}

impl ProblemSpec {
    /// Faults of anchored parts: rows, values, and territories without the anchor they are measured from.
    pub(super) fn check_ways(&self, errors: &mut Vec<ProblemError>) {
        for m in self.measures.iter().filter(|m| !m.per_km.is_empty()) {
            let (found, expected) = (m.per_km.len(), self.locations.len());
            if found != expected {
                errors.push(ProblemError::Length {
                    what: format!("the part per km of measure {:?}", m.name),
                    found,
                    expected,
                });
            }
            for (unit, &value) in m.per_km.iter().enumerate() {
                if !value.is_finite() || value < 0.0 {
                    let measure = format!("{} per km", m.name);
                    errors.push(ProblemError::MeasureValue { measure, unit: self.unit_name(unit), value });
                }
            }
            if let Some(t) = self.territories.iter().find(|t| t.anchor.is_none()) {
                errors.push(ProblemError::Unanchored { measure: m.name.clone(), territory: t.name.clone() });
            }
        }
    }
}

impl Problem {
    /// Whether the load of a measure depends on the anchor of the territory ([`super::Measure::per_km`]).
    #[inline]
    pub fn is_anchored(&self, measure: usize) -> bool {
        !self.spec.measures[measure].per_km.is_empty()
    }

    /// What a unit adds to a measure in a territory, in the measure's unit: its value, and for an anchored measure what it has
    /// per km times its distance from the territory's anchor.
    ///
    /// # Panics
    /// If an index is out of range.
    #[inline]
    pub fn load(&self, measure: usize, unit: usize, territory: usize) -> f64 {
        self.load_from(measure, unit, self.ways.anchors.get(territory).copied())
    }

    /// What a unit adds to a measure in a territory with this anchor, which need not be one of the problem's.
    #[inline]
    pub(crate) fn load_from(&self, measure: usize, unit: usize, anchor: Option<[f64; 3]>) -> f64 {
        let m = &self.spec.measures[measure];
        let value = m.values[unit];
        match (m.per_km.get(unit), anchor) {
            (Some(per_km), Some(at)) => {
                value + per_km * self.ways.space.distance_km(self.spec.locations.points()[unit], at)
            }
            _ => value,
        }
    }

    /// The least that a unit can add to a measure: as if it belonged to the nearest anchor.
    ///
    /// # Panics
    /// If an index is out of range.
    #[inline]
    pub fn least_load(&self, measure: usize, unit: usize) -> f64 {
        let m = &self.spec.measures[measure];
        let way = || m.per_km.get(unit).map_or(0.0, |per_km| per_km * self.ways.nearest_km[unit]);
        m.values[unit] + if m.per_km.is_empty() { 0.0 } else { way() }
    }

    /// [`Problem::least_load`] of all units: what a unit counts for where no territory is meant.
    pub(crate) fn least_loads(&self, measure: usize) -> Cow<'_, [f64]> {
        if self.is_anchored(measure) {
            Cow::Owned((0..self.units()).map(|unit| self.least_load(measure, unit)).collect())
        } else {
            Cow::Borrowed(&self.spec.measures[measure].values)
        }
    }

    /// Whether the load of any measure depends on anchors.
    pub fn has_anchored(&self) -> bool {
        !self.ways.is_empty()
    }

    /// Bounds on the sum over a territory's units that hold for every plan, for proofs: none for anchored measures.
    pub(crate) fn bounds_of_all_plans(&self, territory: usize, measure: usize) -> (f64, f64) {
        if self.is_anchored(measure) { (0.0, f64::INFINITY) } else { self.unit_bounds(territory, measure) }
    }

    /// Sum of the weights of compactness: the values of [`Problem::weight`], without what anchors add.
    pub(crate) fn total_weight(&self) -> f64 {
        let m = self.weight();
        if self.is_anchored(m) { self.measures()[m].values.iter().sum() } else { self.total(m) }
    }

    /// Distance of every unit to the nearest anchor, km; empty where no measure is anchored.
    pub(crate) fn nearest_km(&self) -> &[f64] {
        &self.ways.nearest_km
    }

    /// The problem with the targets of anchored measures as shares of what a plan makes of them. Without such measures it is
    /// the problem itself. Units whose territory is not below k count as if they belonged to the nearest anchor.
    pub fn settled(&self, assignment: &[u32]) -> Cow<'_, Problem> {
        if self.ways.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut settled = self.clone();
        (settled.totals, settled.limits) = self.settled_limits(assignment);
        Cow::Owned(settled)
    }

    /// Totals and limits of [`Problem::settled`].
    fn settled_limits(&self, assignment: &[u32]) -> (Vec<f64>, Limits) {
        let k = self.k();
        let load = |m: usize, unit: usize| match assignment.get(unit) {
            Some(&t) if (t as usize) < k => self.load(m, unit, t as usize),
            _ => self.least_load(m, unit),
        };
        let mut totals = self.totals.clone();
        for m in (0..self.measures().len()).filter(|&m| self.is_anchored(m)) {
            totals[m] = (0..self.units()).map(|unit| load(m, unit)).sum();
        }
        let territories: Vec<&Territory> = self.spec.territories.iter().collect();
        let mut limits = Limits::of(&territories, &self.spec.measures, &totals, &mut Vec::new());
        // What a territory may have at most stands above what it should have at least.
        for (lower, &upper) in limits.lower.iter_mut().zip(&limits.upper) {
            *lower = lower.min(upper);
        }
        (totals, limits)
    }

    /// Whether a plan keeps the bounds of anchored measures that follow from what it makes of them, widened by a share.
    pub(crate) fn keeps_settled_bounds(&self, plan: &[u32], slack: f64) -> bool {
        let (limits, measures) = (self.settled_limits(plan).1, self.measures().len());
        let mut anchored = (0..measures).filter(|&m| self.is_anchored(m));
        anchored.all(|m| {
            let mut sums: Vec<f64> = (0..self.k()).map(|t| self.carried(t, m)).collect();
            plan.iter().enumerate().for_each(|(unit, &t)| sums[t as usize] += self.load(m, unit, t as usize));
            sums.iter().enumerate().all(|(t, sum)| {
                let (lower, upper) = (limits.lower[t * measures + m], limits.upper[t * measures + m]);
                *sum >= lower - slack * lower && *sum <= upper * (1.0 + slack)
            })
        })
    }
}
