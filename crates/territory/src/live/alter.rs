//! Adding and removing territories. Targets and bounds of all others change with them; a territory takes what it carries along, and
//! brings it.

use super::LivePlan;
use super::effect::{Effect, Moved};
use super::error::LiveError;
use super::journal::{Act, Step};
use super::territories::{Slot, located};
use crate::error::{ProblemError, ProblemErrors};
use crate::ids::{TerritoryId, UnitId};
use crate::problem::Territory;
use crate::space::squared_distance;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Distances in a heap: the bits of numbers that are not negative sort as the numbers do.
fn key(squared_km: f64) -> u64 {
    squared_km.to_bits()
}

impl LivePlan {
    /// Adds a territory of the given units, with their groups, as one step. It takes the next position, for good.
    ///
    /// # Errors
    /// [`LiveError::Territories`] where the problem would be refused with it (its name is taken, a bound names no measure, bounds that
    /// nothing fits between …); units that may not be moved or not be there, or are a territory's last: [`LiveError`]. The plan is
    /// then as it was.
    pub fn add_territory(
        &mut self,
        territory: Territory,
        units: &[UnitId],
    ) -> Result<(TerritoryId, Effect), LiveError> {
        if units.is_empty() {
            return Err(LiveError::NoUnits { territory: territory.name });
        }
        let mut moved = BTreeSet::new();
        for &unit in units {
            moved.extend(self.together(self.check_unit(unit)?));
        }
        self.add_with(territory, |plan, new| {
            moved.iter().try_for_each(|&unit| plan.check_move(unit, new))?;
            let moves = moved.iter().map(|&unit| plan.moved(unit, new)).collect();
            plan.perform(moves)
        })
    }

    /// Adds a territory around a unit as one step: the nearest units join, with their groups, until it has what it should have on average
    /// over the measures. None is taken that would cut another territory, empty it, or carry the new one beyond an upper bound.
    ///
    /// # Errors
    /// As [`LivePlan::add_territory`], for the unit to begin with.
    ///
    /// ```
    /// # use territory::adjacency::{Edge, EdgeKind, Graph};
    /// # use territory::{Locations, Measure, ProblemSpec, Space, Territory, UnitId, live::LivePlan};
    /// # let at: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
    /// # let edges: Vec<Edge> = (1..6).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 1.0)).collect();
    /// # let problem = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(6, &edges), 2)
    /// #     .measure(Measure::new("calls", vec![1.0; 6]).tolerance(0.1)).build()?;
    /// // A row of six in territories of two and four: a rep joins at the far end.
    /// let mut plan = LivePlan::new(problem, vec![0, 0, 1, 1, 1, 1])?;
    /// let (new, _) = plan.add_territory_around(Territory::new("Ada"), UnitId(5))?;
    /// assert_eq!(plan.assignment(), [0, 0, 1, 1, 2, 2]);
    /// assert!(plan.violations().is_empty());
    /// // She leaves again, and comes back.
    /// plan.remove_territory(new)?;
    /// assert_eq!(plan.k(), 2);
    /// plan.undo();
    /// assert_eq!(plan.territory_name(new)?, "Ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_territory_around(
        &mut self,
        territory: Territory,
        seed: UnitId,
    ) -> Result<(TerritoryId, Effect), LiveError> {
        let seed = self.check_unit(seed)?;
        self.add_with(territory, |plan, new| {
            let before: Vec<(u32, u32)> = (0..=new).map(|t| (t, plan.books.pieces(t))).collect();
            let first = plan.together(seed);
            first.iter().try_for_each(|&unit| plan.check_move(unit, new))?;
            let mut moves = plan.perform(first.iter().map(|&unit| plan.moved(unit, new)).collect())?.moves;
            plan.grow(new, seed, &mut moves);
            plan.look_at_rules(&moves);
            Ok(plan.step_of(moves, &before, Act::Move))
        })
    }

    /// Adds a territory that `fill` moves units to; takes it back where that is refused.
    fn add_with(
        &mut self,
        territory: Territory,
        fill: impl FnOnce(&mut Self, u32) -> Result<Step, LiveError>,
    ) -> Result<(TerritoryId, Effect), LiveError> {
        self.territories.faults_with(&self.problem, &territory)?;
        let mut anchored = (0..self.problem.measures().len()).filter(|&m| self.problem.is_anchored(m));
        if let (None, Some(m)) = (territory.anchor, anchored.next()) {
            let (measure, territory) = (self.problem.measures()[m].name.clone(), territory.name);
            return Err(ProblemErrors(vec![ProblemError::Unanchored { measure, territory }]).into());
        }
        let (territories, units) = (self.k() + 1, self.problem.units());
        if territories > units {
            return Err(ProblemErrors(vec![ProblemError::MoreTerritoriesThanUnits { territories, units }]).into());
        }
        let new = self.territories.len() as u32;
        let before = self.look((0..=new).collect(), None);
        let admitted = Some(self.problem.rule_book().admitted_by(self.problem.spec(), &territory));
        let anchor = located(&self.problem, &territory);
        self.territories.push(Slot { territory, stands: true, admitted });
        self.books.push_territory(anchor);
        let filled = match self.territories.refresh(&self.problem) {
            Ok(()) => fill(self, new),
            Err(errors) => Err(errors.into()),
        };
        match filled {
            Ok(mut step) => {
                step.act = Act::Add(None);
                let effect = self.effect_since(before, step.moves.clone(), None);
                self.record(step);
                Ok((TerritoryId(new), effect))
            }
            Err(error) => {
                self.books.pop_territory();
                self.territories.pop();
                let _ = self.territories.refresh(&self.problem);
                Err(error)
            }
        }
    }

    /// Lets a territory take units, nearest to `seed` first.
    fn grow(&mut self, new: u32, seed: u32, moves: &mut Vec<Moved>) {
        let problem = std::sync::Arc::clone(&self.problem);
        let points = problem.locations().points();
        let mut frontier = BinaryHeap::new();
        let reach = |frontier: &mut BinaryHeap<_>, plan: &Self, unit: u32| {
            for &v in problem.graph().neighbours(unit).iter().filter(|&&v| plan.books.of(v) != new) {
                frontier.push(Reverse((key(squared_distance(points[v as usize], points[seed as usize])), v)));
            }
        };
        moves.iter().for_each(|m| reach(&mut frontier, self, m.unit.0));
        while let Some(Reverse((_, unit))) = frontier.pop() {
            let atom = self.together(unit);
            let share = self.share(new, &[]);
            if share >= 1.0 {
                break;
            }
            let nearer = (self.share(new, &atom) - 1.0).abs() < (share - 1.0).abs();
            if self.books.of(unit) != new && nearer && self.fits(new, &atom) {
                let taken = self.take(new, &atom);
                taken.iter().for_each(|m| reach(&mut frontier, self, m.unit.0));
                moves.extend(taken);
            }
        }
    }

    /// What a territory has with some units more, over its target, on average over the measures.
    fn share(&self, t: u32, more: &[u32]) -> f64 {
        let measures = self.problem.measures().len();
        let with = |m: usize| {
            let more: f64 = more.iter().map(|&u| self.books.load(&self.problem, m, u, t)).sum();
            (self.sum(t, m) + more) / self.territories.target(t, m)
        };
        (0..measures).map(with).sum::<f64>() / measures as f64
    }

    /// Whether a territory may have some units more, by rules and upper bounds.
    fn fits(&self, t: u32, atom: &[u32]) -> bool {
        let fits = |m: usize| {
            let more: f64 = atom.iter().map(|&u| self.books.load(&self.problem, m, u, t)).sum();
            more == 0.0 || self.sum(t, m) + more <= self.territories.bounds(t, m).1
        };
        (0..self.problem.measures().len()).all(fits)
            && atom.iter().all(|&u| self.check_move(u, t).is_ok() && self.clashing(u, t).is_none())
    }

    /// Moves the units of a group, or takes it back where that cuts a territory or empties the one that they leave; what was
    /// moved.
    fn take(&mut self, to: u32, atom: &[u32]) -> Vec<Moved> {
        let moves: Vec<Moved> = atom.iter().filter(|&&u| self.books.of(u) != to).map(|&u| self.moved(u, to)).collect();
        let left: BTreeMap<u32, u32> = moves.iter().map(|m| (m.from.0, self.books.pieces(m.from.0))).collect();
        let joined = self.books.pieces(to);
        for m in &moves {
            self.books.step(&self.problem, m.unit.0, to);
        }
        let harms = |(&t, &before): (&u32, &u32)| self.books.size(t) == 0 || self.books.pieces(t) > before;
        if self.books.pieces(to) <= joined && !left.iter().any(harms) {
            return moves;
        }
        for m in moves.iter().rev() {
            self.books.shift(&self.problem, m.unit.0, m.from.0);
        }
        left.iter().for_each(|(&t, &before)| self.books.set_pieces(t, before));
        self.books.set_pieces(to, joined);
        Vec::new()
    }

    /// Removes a territory as one step. Its units go to neighbours, with their groups, grown in from the border: the neighbour with the
    /// least of its targets takes the unit nearest to its centroid, and so on. Units that nobody beside them may have go to the nearest
    /// territory that may.
    ///
    /// # Errors
    /// [`LiveError::UnknownTerritory`], [`LiveError::LastTerritory`]; [`LiveError::Locked`] where a unit was locked there;
    /// [`LiveError::NoPlace`] where no other territory was found that may have a unit (with pairs that are kept apart there might be
    /// one after all: places are given one after another); [`LiveError::Territories`] where bounds of others would have nothing between
    /// them. The plan is then as it was.
    pub fn remove_territory(&mut self, territory: TerritoryId) -> Result<Effect, LiveError> {
        let t = self.territories.check(territory)?;
        if self.k() == 1 {
            return Err(LiveError::LastTerritory { territory: self.territories.name(t) });
        }
        let before = self.look((0..self.territories.len() as u32).collect(), None);
        self.territories.set_standing(t, false);
        let settled = match self.territories.refresh(&self.problem) {
            Ok(()) => self.check_confined(t).and_then(|()| self.hand_out(t)),
            Err(errors) => Err(errors.into()),
        };
        match settled {
            Ok(step) => {
                let effect = self.effect_since(before, step.moves.clone(), None);
                self.record(step);
                Ok(effect)
            }
            Err(error) => {
                self.territories.set_standing(t, true);
                let _ = self.territories.refresh(&self.problem);
                Err(error)
            }
        }
    }

    /// Whether every unit, wherever it is, has a territory left that it may be in.
    fn check_confined(&self, removed: u32) -> Result<(), LiveError> {
        let book = self.problem.rule_book();
        let homeless = |&u: &u32| book.class_of(u) != 0 && !self.territories.standing().any(|t| self.may(u, t));
        match (0..self.problem.units() as u32).find(homeless) {
            None => Ok(()),
            Some(unit) => Err(self.no_place(unit, removed)),
        }
    }

    fn no_place(&self, unit: u32, removed: u32) -> LiveError {
        let (unit, territory) = (self.problem.unit_name(unit as usize), self.territories.name(removed));
        LiveError::NoPlace { territory, unit }
    }

    /// Gives all units of a territory that does not stand any more to others.
    fn hand_out(&mut self, removed: u32) -> Result<Step, LiveError> {
        let units: Vec<u32> = (0..self.problem.units() as u32).filter(|&u| self.books.of(u) == removed).collect();
        for &unit in &units {
            if self.held[unit as usize] {
                let (unit, territory) = (self.problem.unit_name(unit as usize), self.territories.name(removed));
                return Err(LiveError::Locked { unit, territory });
            }
        }
        let count = self.territories.len() as u32;
        let before: Vec<(u32, u32)> = (0..count).map(|t| (t, self.books.pieces(t))).collect();
        let mut moves = Vec::with_capacity(units.len());
        let placed =
            self.grow_in(removed, &units, &mut moves).and_then(|()| self.place_rest(removed, &units, &mut moves));
        // Groups that came in split may take units of others along.
        let touched = super::journal::touched_by(&moves);
        self.books.recount_pieces(&self.problem, &touched);
        self.look_at_rules(&moves);
        let mut step = self.step_of(moves, &before, Act::Remove(removed));
        let emptied = touched.iter().find(|&&t| self.territories.stands(t) && self.books.size(t) == 0);
        let emptied = emptied.map(|&t| LiveError::Empties { territory: self.territories.name(t) });
        match placed.err().or(emptied) {
            None => Ok(step),
            Some(error) => {
                step.act = Act::Move;
                self.take_back(&mut step);
                Err(error)
            }
        }
    }

    /// Neighbours take units from the border inwards, the one with the least of its targets first.
    fn grow_in(&mut self, removed: u32, units: &[u32], moves: &mut Vec<Moved>) -> Result<(), LiveError> {
        let problem = std::sync::Arc::clone(&self.problem);
        let mut frontiers: BTreeMap<u32, BinaryHeap<Reverse<(u64, u32)>>> = BTreeMap::new();
        let centres: Vec<[f64; 3]> =
            (0..self.territories.len() as u32).map(|t| self.books.moments(t).centroid()).collect();
        let offer = |frontiers: &mut BTreeMap<_, BinaryHeap<_>>, plan: &Self, unit: u32, to: u32| {
            let squared_km = squared_distance(plan.books.mass(unit).at, centres[to as usize]);
            frontiers.entry(to).or_default().push(Reverse((key(squared_km), unit)));
        };
        for &unit in units {
            for &v in problem.graph().neighbours(unit) {
                let to = self.books.of(v);
                if to != removed {
                    offer(&mut frontiers, self, unit, to);
                }
            }
        }
        loop {
            let waiting = frontiers.iter().filter(|f| !f.1.is_empty()).map(|f| (self.share(*f.0, &[]), *f.0));
            let Some((_, to)) = waiting.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))) else { return Ok(()) };
            let Some(Reverse((_, unit))) = frontiers.get_mut(&to).and_then(BinaryHeap::pop) else { return Ok(()) };
            if self.books.of(unit) != removed {
                continue;
            }
            for member in self.hand_to(unit, to, moves) {
                for &v in problem.graph().neighbours(member).iter().filter(|&&v| self.books.of(v) == removed) {
                    offer(&mut frontiers, self, v, to);
                }
            }
        }
    }

    /// Moves a unit with its group where rules let it; the units that were moved.
    fn hand_to(&mut self, unit: u32, to: u32, moves: &mut Vec<Moved>) -> Vec<u32> {
        let atom = self.together(unit);
        if atom.iter().any(|&u| self.check_move(u, to).is_err() || self.clashing(u, to).is_some()) {
            return Vec::new();
        }
        let moving: Vec<u32> = atom.into_iter().filter(|&u| self.books.of(u) != to).collect();
        for &u in &moving {
            moves.push(self.moved(u, to));
            self.books.shift(&self.problem, u, to);
        }
        moving
    }

    /// Units that no neighbour may have go to the nearest territory that may.
    fn place_rest(&mut self, removed: u32, units: &[u32], moves: &mut Vec<Moved>) -> Result<(), LiveError> {
        for &unit in units {
            if self.books.of(unit) != removed {
                continue;
            }
            let at = self.books.mass(unit).at;
            let far = |t: u32| squared_distance(at, self.books.moments(t).centroid());
            let mut places: Vec<(u64, u32)> = self.territories.standing().map(|t| (key(far(t)), t)).collect();
            places.sort_unstable();
            if !places.into_iter().any(|(_, to)| !self.hand_to(unit, to, moves).is_empty()) {
                return Err(self.no_place(unit, removed));
            }
        }
        Ok(())
    }
}
