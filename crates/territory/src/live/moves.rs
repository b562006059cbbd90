//! Moving units, trying out moves, and locking units where they are.

use super::LivePlan;
use super::effect::{Effect, Moved};
use super::error::{LiveError, PlaceRule};
use super::journal::{Act, Step, touched_by};
use crate::ids::{TerritoryId, UnitId};
use crate::problem::is_beyond;

/// Beyond so many units at once pieces are counted anew instead of kept with every step.
const MANY: usize = 64;

impl LivePlan {
    /// Moves a unit, and the group that it stays together with, to a territory, as one step that can be undone.
    ///
    /// In most cases it costs O(degree · measures); contiguity is exact, for which a unit in a ring may need a walk around it. A unit
    /// that is there already is left alone, and nothing is written down.
    ///
    /// # Errors
    /// A unit or territory that there is not; a rule that forbids it, a lock or a last unit: [`LiveError`]. The plan is then as it was.
    pub fn move_unit(&mut self, unit: UnitId, to: TerritoryId) -> Result<Effect, LiveError> {
        self.move_units(&[(unit, to)])
    }

    /// Moves units to territories as one step. Rules count for the plan that comes out: two units may change places.
    ///
    /// # Errors
    /// As [`LivePlan::move_unit`]; [`LiveError::SentTwice`] where one unit is given two territories.
    pub fn move_units(&mut self, orders: &[(UnitId, TerritoryId)]) -> Result<Effect, LiveError> {
        let (effect, step) = self.try_orders(orders)?;
        if !step.moves.is_empty() {
            self.record(step);
        }
        Ok(effect)
    }

    /// What [`LivePlan::move_unit`] would do. The plan stays as it is, bit for bit.
    ///
    /// # Errors
    /// As [`LivePlan::move_unit`]: what would be refused.
    ///
    /// ```
    /// # use territory::adjacency::{Edge, EdgeKind, Graph};
    /// # use territory::live::{LiveError, LivePlan};
    /// # use territory::{Locations, Measure, ProblemSpec, Rules, Space, TerritoryId, UnitId};
    /// # let at: Vec<[f64; 2]> = (0..4).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
    /// # let edges: Vec<Edge> = (1..4).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
    /// # let spec = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(4, &edges), 2)
    /// #     .measure(Measure::new("calls", vec![1.0; 4]).tolerance(0.1));
    /// // The first of four units stays with the first territory, the last two stay together.
    /// let rules = Rules { locked: vec![(0, 0)], together: vec![vec![2, 3]], ..Rules::default() };
    /// let mut plan = LivePlan::new(spec.rules(rules).build()?, vec![0, 1, 1, 1])?;
    /// let refused = plan.preview(UnitId(0), TerritoryId(1)).unwrap_err();
    /// assert_eq!(refused.to_string(), r#"unit 0 may not be in territory "2": it is locked to territory "1""#);
    /// assert_eq!(plan.preview(UnitId(3), TerritoryId(0))?.moves.len(), 2);
    /// assert_eq!(plan.assignment(), [0, 1, 1, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn preview(&mut self, unit: UnitId, to: TerritoryId) -> Result<Effect, LiveError> {
        self.preview_units(&[(unit, to)])
    }

    /// What [`LivePlan::move_units`] would do. The plan stays as it is, bit for bit.
    ///
    /// # Errors
    /// As [`LivePlan::move_units`].
    pub fn preview_units(&mut self, orders: &[(UnitId, TerritoryId)]) -> Result<Effect, LiveError> {
        let (effect, mut step) = self.try_orders(orders)?;
        self.take_back(&mut step);
        Ok(effect)
    }

    /// Locks a unit, with its group, where it is, until it is unlocked: on top of the problem's rules. One step; whether anything
    /// changed.
    ///
    /// # Errors
    /// [`LiveError::UnknownUnit`]; [`LiveError::NotAllowed`] where it may not stay; [`LiveError::SplitGroup`].
    pub fn lock(&mut self, unit: UnitId) -> Result<bool, LiveError> {
        let unit = self.check_unit(unit)?;
        let at = self.books.of(unit);
        for member in self.together(unit) {
            self.check_place(member, at)?;
            if self.books.of(member) != at {
                let name = |u: u32| self.problem.unit_name(u as usize);
                return Err(LiveError::SplitGroup { unit: name(unit), other: name(member) });
            }
        }
        Ok(self.hold(unit, true))
    }

    /// Takes the lock of a unit and its group away that [`LivePlan::lock`] put on; those of the problem's rules stay. One step; whether
    /// anything changed.
    ///
    /// # Errors
    /// [`LiveError::UnknownUnit`].
    pub fn unlock(&mut self, unit: UnitId) -> Result<bool, LiveError> {
        let unit = self.check_unit(unit)?;
        Ok(self.hold(unit, false))
    }

    /// Whether a unit was locked where it is, by [`LivePlan::lock`].
    pub fn is_locked(&self, unit: UnitId) -> bool {
        self.held.get(unit.index()).copied().unwrap_or(false)
    }

    fn hold(&mut self, unit: u32, held: bool) -> bool {
        let mut units = self.together(unit);
        units.retain(|&u| self.held[u as usize] != held);
        if units.is_empty() {
            return false;
        }
        units.iter().for_each(|&u| self.held[u as usize] = held);
        self.record(Step { moves: Vec::new(), pieces: Vec::new(), act: Act::Hold(units, held) });
        true
    }

    fn try_orders(&mut self, orders: &[(UnitId, TerritoryId)]) -> Result<(Effect, Step), LiveError> {
        let moves = self.moves_of(orders)?;
        let units: Vec<u32> = moves.iter().map(|m| m.unit.0).collect();
        let before = self.look(touched_by(&moves), Some(&units));
        let step = self.perform(moves)?;
        Ok((self.effect_since(before, step.moves.clone(), Some(&units)), step))
    }

    /// The moves that orders ask for, groups included, by unit; each allowed as far as a unit alone can tell.
    fn moves_of(&self, orders: &[(UnitId, TerritoryId)]) -> Result<Vec<Moved>, LiveError> {
        let mut sent: Vec<(u32, u32)> = Vec::with_capacity(orders.len());
        for &(unit, to) in orders {
            let (unit, to) = (self.check_unit(unit)?, self.territories.check(to)?);
            sent.extend(self.together(unit).into_iter().map(|u| (u, to)));
        }
        sent.sort_unstable();
        sent.dedup();
        if let Some(pair) = sent.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LiveError::SentTwice { unit: self.problem.unit_name(pair[0].0 as usize) });
        }
        sent.retain(|&(unit, to)| self.books.of(unit) != to);
        sent.iter().try_for_each(|&(unit, to)| self.check_move(unit, to))?;
        let moved = |(unit, to)| self.moved(unit, to);
        Ok(sent.into_iter().map(moved).collect())
    }

    pub(super) fn moved(&self, unit: u32, to: u32) -> Moved {
        Moved { unit: UnitId(unit), from: TerritoryId(self.books.of(unit)), to: TerritoryId(to) }
    }

    /// Whether a unit may leave, and may be in `to`, by what concerns it alone.
    pub(super) fn check_move(&self, unit: u32, to: u32) -> Result<(), LiveError> {
        if self.held[unit as usize] {
            let (unit, territory) = (self.problem.unit_name(unit as usize), self.territories.name(self.books.of(unit)));
            return Err(LiveError::Locked { unit, territory });
        }
        self.check_place(unit, to)
    }

    fn check_place(&self, unit: u32, to: u32) -> Result<(), LiveError> {
        if self.may(unit, to) {
            return Ok(());
        }
        let rules = self.together(unit).into_iter().find_map(|u| Some((u, self.rule_against(u, to)?)));
        let (unit, rule) = rules.unwrap_or((unit, PlaceRule::ForbiddenThere));
        let (unit, territory) = (self.problem.unit_name(unit as usize), self.territories.name(to));
        Err(LiveError::NotAllowed { unit, territory, rule })
    }

    /// The rule that keeps a unit itself, its group left aside, out of a territory.
    fn rule_against(&self, unit: u32, to: u32) -> Option<PlaceRule> {
        let (rules, territory) = (self.problem.rules(), &self.territories.slot(to).territory);
        let name = |t: u32| self.territories.name(t);
        if let Some(lock) = rules.locked.iter().find(|l| l.0 == unit && l.1 != to) {
            return Some(PlaceRule::LockedTo(name(lock.1)));
        }
        if let Some(set) = rules.allowed.iter().find(|a| a.0 == unit && !a.1.contains(&to)) {
            return Some(PlaceRule::AllowedIn(set.1.iter().map(|&t| name(t)).collect()));
        }
        if rules.forbidden.iter().any(|f| f.0 == unit && f.1.contains(&to)) {
            return Some(PlaceRule::ForbiddenThere);
        }
        if let Some(need) = rules.needs.iter().find(|n| n.0 == unit && !territory.skills.contains(&n.1)) {
            return Some(PlaceRule::Needs(need.1.clone()));
        }
        let (space, at) = (self.problem.locations().space(), self.problem.locations().points()[unit as usize]);
        let anchor = territory.anchor.map(|a| space.locate(a)).zip(territory.max_radius_km);
        anchor.is_some_and(|(anchor, km)| is_beyond(space, at, anchor, km)).then_some(PlaceRule::BeyondRadius)
    }

    /// Makes moves that are allowed one by one; takes them back where they are not together.
    pub(super) fn perform(&mut self, moves: Vec<Moved>) -> Result<Step, LiveError> {
        let touched = touched_by(&moves);
        let pieces: Vec<(u32, u32)> = touched.iter().map(|&t| (t, self.books.pieces(t))).collect();
        if moves.len() <= MANY {
            for m in &moves {
                self.books.step(&self.problem, m.unit.0, m.to.0);
            }
        } else {
            moves.iter().for_each(|m| self.books.shift(&self.problem, m.unit.0, m.to.0));
            self.books.recount_pieces(&self.problem, &touched);
        }
        self.look_at_rules(&moves);
        let (mut step, refused) = (self.step_of(moves, &pieces, Act::Move), self.refusal(&touched));
        match refused.or_else(|| self.clash(&step.moves)) {
            None => Ok(step),
            Some(error) => {
                self.take_back(&mut step);
                Err(error)
            }
        }
    }

    /// A step of moves that were made, with the pieces that there were before.
    pub(super) fn step_of(&self, moves: Vec<Moved>, pieces: &[(u32, u32)], act: Act) -> Step {
        let pieces = pieces.iter().map(|&(t, before)| (t, before, self.books.pieces(t))).collect();
        Step { moves, pieces, act }
    }

    /// A standing territory among those touched that has no unit left.
    fn refusal(&self, touched: &[u32]) -> Option<LiveError> {
        let mut empty = touched.iter().filter(|&&t| self.territories.stands(t) && self.books.size(t) == 0);
        empty.next().map(|&t| LiveError::Empties { territory: self.territories.name(t) })
    }

    /// A moved unit that shares its territory with one that it is kept apart from.
    fn clash(&self, moves: &[Moved]) -> Option<LiveError> {
        let name = |u: u32| self.problem.unit_name(u as usize);
        let pair = moves.iter().find_map(|m| Some((m.unit.0, self.clashing(m.unit.0, m.to.0)?)))?;
        let territory = self.territories.name(self.books.of(pair.0));
        Some(LiveError::Apart { unit: name(pair.0), other: name(pair.1), territory })
    }

    /// A unit in `territory` that `unit` is kept apart from.
    pub(super) fn clashing(&self, unit: u32, territory: u32) -> Option<u32> {
        let apart = self.problem.rule_book().apart_of(unit);
        apart.iter().copied().find(|&v| v != unit && self.books.of(v) == territory)
    }
}
