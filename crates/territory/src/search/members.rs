//! Units per territory, kept while a plan changes in few places: lists grow as units come, what has left is skipped.

use super::state::State;

/// Lists of units per territory.
#[derive(Clone, Debug, Default)]
pub struct Members {
    lists: Vec<Vec<u32>>,
    neighbours: Vec<u32>,
}

impl Members {
    /// Lists of the current plan.
    pub fn new(state: &State<'_>) -> Self {
        let mut lists: Vec<Vec<u32>> =
            (0..state.instance.k() as u32).map(|t| Vec::with_capacity(state.size(t) as usize)).collect();
        for (u, &part) in state.parts().iter().enumerate() {
            lists[part as usize].push(u as u32);
        }
        Self { lists, neighbours: Vec::new() }
    }

    /// Moves `unit` in the plan and the lists.
    pub fn apply(&mut self, state: &mut State<'_>, unit: u32, to: u32) {
        state.apply(unit, to);
        self.lists[to as usize].push(unit);
    }

    /// Units of a territory, each once, ascending.
    pub fn of(&mut self, state: &State<'_>, territory: u32) -> &[u32] {
        let list = &mut self.lists[territory as usize];
        list.retain(|&u| state.part(u) == territory);
        list.sort_unstable();
        list.dedup();
        list
    }

    /// Territories that touch this one, ascending.
    pub fn neighbours(&mut self, state: &State<'_>, territory: u32) -> &[u32] {
        self.neighbours.clear();
        let mut found = std::mem::take(&mut self.neighbours);
        for &u in self.of(state, territory) {
            if state.is_border(u) {
                found.extend(state.instance.neighbours(u).iter().map(|&v| state.part(v)).filter(|&p| p != territory));
            }
            // Short lists stay in the cache.
            if found.len() > 256 {
                found.sort_unstable();
                found.dedup();
            }
        }
        found.sort_unstable();
        found.dedup();
        self.neighbours = found;
        &self.neighbours
    }
}
