//! The journal: what was done, so that it can be undone and done again. Books depend on the assignment alone, so moving back brings
//! back their bits; pieces, which would have to be walked for, are written down.

use super::LivePlan;
use super::effect::{Effect, Moved};
use super::territories::Slot;
use super::territories::located;

/// Something that was done.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) moves: Vec<Moved>,
    /// Pieces of the territories that the moves touch: (territory, before, after).
    pub(super) pieces: Vec<(u32, u32, u32)>,
    pub(super) act: Act,
}

/// What a step is beside its moves.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Nothing.
    Move,
    /// Units were locked (`true`) or unlocked.
    Hold(Vec<u32>, bool),
    /// The last territory was added; it is kept here while the step is undone.
    Add(Option<Slot>),
    /// A territory was removed.
    Remove(u32),
}

impl Step {
    /// Units whose rules are looked at beside the step: those that move, or all where there are many.
    fn units(&self) -> Option<Vec<u32>> {
        matches!(self.act, Act::Move).then(|| self.moves.iter().map(|m| m.unit.0).collect())
    }
}

impl LivePlan {
    /// Takes the last step back: moves, locks and territories are as they were before it, and so is every figure, bit for bit.
    /// None: there is none left. O(units moved), or O(k · measures) beside that where a territory comes or goes.
    pub fn undo(&mut self) -> Option<Effect> {
        let mut step = self.done.pop()?;
        let units = step.units();
        let before = self.look(self.touched(&step), units.as_deref());
        self.take_back(&mut step);
        let back = |m: &Moved| Moved { unit: m.unit, from: m.to, to: m.from };
        let effect = self.effect_since(before, step.moves.iter().rev().map(back).collect(), units.as_deref());
        self.undone.push(step);
        Some(effect)
    }

    /// Does the last step again that was undone; a new change forgets what was undone. None: there is none.
    pub fn redo(&mut self) -> Option<Effect> {
        let mut step = self.undone.pop()?;
        let units = step.units();
        let before = self.look(self.touched(&step), units.as_deref());
        self.do_again(&mut step);
        let effect = self.effect_since(before, step.moves.clone(), units.as_deref());
        self.done.push(step);
        Some(effect)
    }

    /// How many steps can be undone, and how many done again.
    pub fn steps(&self) -> (usize, usize) {
        (self.done.len(), self.undone.len())
    }

    /// Writes a step down.
    pub(super) fn record(&mut self, step: Step) {
        self.done.push(step);
        self.undone.clear();
    }

    /// Territories that a step changes figures of, ascending.
    pub(super) fn touched(&self, step: &Step) -> Vec<u32> {
        match step.act {
            // An added territory is the last, there or not.
            Act::Add(_) => (0..=self.territories.len() as u32).collect(),
            Act::Remove(_) => (0..self.territories.len() as u32).collect(),
            Act::Move | Act::Hold(..) => touched_by(&step.moves),
        }
    }

    pub(super) fn take_back(&mut self, step: &mut Step) {
        if let Act::Remove(territory) = step.act {
            self.territories.set_standing(territory, true);
        }
        for m in step.moves.iter().rev() {
            self.books.shift(&self.problem, m.unit.0, m.from.0);
        }
        for &(territory, before, _) in &step.pieces {
            self.books.set_pieces(territory, before);
        }
        if let Act::Add(slot) = &mut step.act {
            self.books.pop_territory();
            *slot = self.territories.pop();
        }
        self.settle(step, false);
    }

    fn do_again(&mut self, step: &mut Step) {
        match &mut step.act {
            Act::Add(slot) => {
                if let Some(slot) = slot.take() {
                    let anchor = located(&self.problem, &slot.territory);
                    self.territories.push(slot);
                    self.books.push_territory(anchor);
                }
            }
            Act::Remove(territory) => self.territories.set_standing(*territory, false),
            Act::Move | Act::Hold(..) => {}
        }
        for m in &step.moves {
            self.books.shift(&self.problem, m.unit.0, m.to.0);
        }
        for &(territory, _, after) in &step.pieces {
            self.books.set_pieces(territory, after);
        }
        self.settle(step, true);
    }

    /// What follows from moves and territories that are in place.
    fn settle(&mut self, step: &Step, forth: bool) {
        match &step.act {
            Act::Hold(units, held) => units.iter().for_each(|&u| self.held[u as usize] = *held == forth),
            Act::Add(_) | Act::Remove(_) => {
                // The limits of a plan that was there before are in order.
                let _ = self.territories.refresh(&self.problem);
            }
            Act::Move => {}
        }
        self.look_at_rules(&step.moves);
    }

    /// Keeps broken rules current after moves.
    pub(super) fn look_at_rules(&mut self, moves: &[Moved]) {
        if !self.problem.rule_book().is_free() {
            let units = moves.iter().map(|m| m.unit.0);
            self.broken.update(&self.problem, &self.territories, self.books.part(), units);
        }
    }
}

/// Territories that moves touch, ascending.
pub(super) fn touched_by(moves: &[Moved]) -> Vec<u32> {
    let mut touched: Vec<u32> = moves.iter().flat_map(|m| [m.from.0, m.to.0]).collect();
    touched.sort_unstable();
    touched.dedup();
    touched
}
