//! The territories of a live plan: those of the problem, minus removed, plus added ones. Their positions never change: a removed one
//! leaves a gap, an added one takes the next number. Targets and bounds are those that a problem of the standing ones would have.

use super::error::LiveError;
use crate::error::{ProblemError, ProblemErrors};
use crate::evaluate::side;
use crate::ids::TerritoryId;
use crate::problem::{Limits, Measure, Problem, ProblemSpec, Rules, Territory};
use crate::space::Locations;

/// A territory, and whether it is there.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) territory: Territory,
    pub(super) stands: bool,
    /// Which units an added territory may have; none: the problem's rule book says.
    pub(super) admitted: Option<Vec<bool>>,
}

/// All territories that there are or were, with the limits of those that stand.
#[derive(Clone, Debug)]
pub(super) struct Territories {
    slots: Vec<Slot>,
    measures: usize,
    /// Of all slots; those of removed ones mean nothing.
    limits: Limits,
}

impl Territories {
    pub(super) fn new(problem: &Problem) -> Self {
        let slot = |t: &Territory| Slot { territory: t.clone(), stands: true, admitted: None };
        let slots: Vec<Slot> = problem.territories().iter().map(slot).collect();
        let mut territories = Self { slots, measures: problem.measures().len(), limits: Limits::default() };
        // Those of the problem itself, which were found to be in order.
        let _ = territories.refresh(problem);
        territories
    }

    /// Where every position is measured from, in km.
    pub(super) fn anchors(&self, problem: &Problem) -> Vec<Option<[f64; 3]>> {
        self.slots.iter().map(|slot| located(problem, &slot.territory)).collect()
    }

    /// Number of positions, gaps included.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn slot(&self, territory: u32) -> &Slot {
        &self.slots[territory as usize]
    }

    pub(super) fn name(&self, territory: u32) -> String {
        self.slots[territory as usize].territory.name.clone()
    }

    pub(super) fn stands(&self, territory: u32) -> bool {
        self.slots.get(territory as usize).is_some_and(|slot| slot.stands)
    }

    /// Positions of those that stand, ascending.
    pub(super) fn standing(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.slots.len() as u32).filter(|&t| self.slots[t as usize].stands)
    }

    /// The position of a territory that stands.
    pub(super) fn check(&self, territory: TerritoryId) -> Result<u32, LiveError> {
        if self.stands(territory.0) { Ok(territory.0) } else { Err(LiveError::UnknownTerritory { territory }) }
    }

    pub(super) fn push(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    pub(super) fn pop(&mut self) -> Option<Slot> {
        self.slots.pop()
    }

    pub(super) fn set_standing(&mut self, territory: u32, stands: bool) {
        self.slots[territory as usize].stands = stands;
    }

    /// Forms targets and bounds anew after a change of what stands.
    pub(super) fn refresh(&mut self, problem: &Problem) -> Result<(), ProblemErrors> {
        let m = self.measures;
        let totals: Vec<f64> = (0..m).map(|j| problem.total(j)).collect();
        let standing: Vec<&Territory> = self.slots.iter().filter(|s| s.stands).map(|s| &s.territory).collect();
        let mut errors = Vec::new();
        let mut compact = Limits::of(&standing, problem.measures(), &totals, &mut errors);
        let spread = |column: &[f64]| -> Vec<f64> {
            let mut rows = column.chunks(m);
            let row = |slot: &Slot| if slot.stands { rows.next() } else { None };
            self.slots.iter().map(row).flat_map(|row| row.map_or(vec![0.0; m], <[f64]>::to_vec)).collect()
        };
        // Targets that follow a plan may stand above what a territory may have at most, which is above what it should have at least.
        let anchored = |name: &String| problem.measures().iter().any(|m| m.name == *name && !m.per_km.is_empty());
        errors.retain(|e| !matches!(e, ProblemError::EmptyBounds { measure, .. } if anchored(measure)));
        for (at, lower) in compact.lower.iter_mut().enumerate().filter(|(at, _)| problem.is_anchored(at % m)) {
            *lower = lower.min(compact.upper[at]);
        }
        let (targets, lower, upper) = (spread(&compact.targets), spread(&compact.lower), spread(&compact.upper));
        let carried = if compact.carried.is_empty() { Vec::new() } else { spread(&compact.carried) };
        self.limits = Limits { targets, lower, upper, carried };
        if errors.is_empty() { Ok(()) } else { Err(ProblemErrors(errors)) }
    }

    /// Faults of a territory beside those that stand.
    pub(super) fn faults_with(&self, problem: &Problem, territory: &Territory) -> Result<(), ProblemErrors> {
        let standing = self.slots.iter().filter(|s| s.stands).map(|s| s.territory.clone());
        let spec = ProblemSpec {
            territories: standing.chain([territory.clone()]).collect(),
            measures: problem.measures().iter().map(|m| Measure::new(m.name.clone(), Vec::new())).collect(),
            rules: Rules { centres_apart_km: problem.rules().centres_apart_km, ..Rules::default() },
            // The distance between anchors is that of the units' space.
            locations: Locations::from_points(problem.locations().space(), Vec::new()),
            ..ProblemSpec::default()
        };
        let faults = spec.territory_faults();
        if faults.is_empty() { Ok(()) } else { Err(ProblemErrors(faults)) }
    }

    pub(super) fn target(&self, territory: u32, measure: usize) -> f64 {
        self.limits.targets[territory as usize * self.measures + measure]
    }

    pub(super) fn carried(&self, territory: u32, measure: usize) -> f64 {
        self.limits.carried.get(territory as usize * self.measures + measure).copied().unwrap_or(0.0)
    }

    pub(super) fn bounds(&self, territory: u32, measure: usize) -> (f64, f64) {
        let at = territory as usize * self.measures + measure;
        (self.limits.lower[at], self.limits.upper[at])
    }

    /// How far a sum, what is carried included, is beyond its bounds, in targets; 0 within.
    #[inline]
    pub(super) fn excess(&self, territory: u32, measure: usize, sum: f64) -> f64 {
        let (lower, upper) = self.bounds(territory, measure);
        match side(sum, (lower, upper)) {
            0 => 0.0,
            1 => (sum - upper) / self.target(territory, measure),
            _ => (lower - sum) / self.target(territory, measure),
        }
    }
}

/// Where a territory is measured from, in km.
pub(super) fn located(problem: &Problem, territory: &Territory) -> Option<[f64; 3]> {
    territory.anchor.map(|at| problem.locations().space().locate(at))
}
