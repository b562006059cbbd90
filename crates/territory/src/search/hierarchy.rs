//! An instance and its coarser forms, from a few dozen clusters a territory to the units.

use super::coarsen::{Level, coarsen};
use super::instance::Instance;
use std::borrow::Cow;

/// Coarsest units per territory.
const COARSEST: usize = 32;
/// Units per cluster.
const STEP: usize = 6;
/// Largest load of a cluster, in targets.
const HEAVIEST: f64 = 0.1;

/// An instance and its coarser forms.
pub(super) struct Hierarchy<'a> {
    /// Borrowed unless room is made in it.
    instance: Cow<'a, Instance>,
    pub(super) levels: Vec<Level>,
}

impl<'a> Hierarchy<'a> {
    /// Where `parts` are given (they may be empty) no coarse unit has units of several.
    pub(super) fn new(instance: &'a Instance, parts: &[u32]) -> Self {
        let mut parts = parts.to_vec();
        let mut hierarchy = Self { instance: Cow::Borrowed(instance), levels: Vec::new() };
        loop {
            let last = hierarchy.coarsest();
            let size = last.len() / (COARSEST * last.k());
            if size < 2 {
                return hierarchy;
            }
            let mut level = coarsen(last, size.min(STEP), HEAVIEST, &parts);
            // Loads or links that do not let clusters grow end it.
            if level.instance.len() * 4 > last.len() * 3 {
                return hierarchy;
            }
            parts = level.restrict(&parts);
            level.instance.finest = instance.len();
            hierarchy.levels.push(level);
        }
    }

    /// The instance at a depth: 0 is the finest.
    pub(super) fn at(&self, depth: usize) -> &Instance {
        if depth == 0 { &self.instance } else { &self.levels[depth - 1].instance }
    }

    pub(super) fn coarsest(&self) -> &Instance {
        self.at(self.levels.len())
    }

    /// Parts of the units from parts of the coarsest ones.
    pub(super) fn project(&self, parts: Vec<u32>) -> Vec<u32> {
        self.levels.iter().rev().fold(parts, |parts, level| level.project(&parts))
    }

    /// Parts of the coarsest units from parts of the units, which agree inside of each.
    pub(super) fn restrict(&self, parts: Vec<u32>) -> Vec<u32> {
        self.levels.iter().fold(parts, |parts, level| level.restrict(&parts))
    }

    /// Territories that hold an oversize unit aim at having it alone.
    pub(super) fn make_room(&mut self, parts: &[u32]) {
        let parts = self.project(parts.to_vec());
        for (territory, loads) in self.instance.oversize_territories(&parts) {
            self.instance.to_mut().make_room(territory, &loads);
            for level in &mut self.levels {
                level.instance.make_room(territory, &loads);
            }
        }
    }
}
