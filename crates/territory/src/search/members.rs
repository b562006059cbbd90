//! Units per territory, kept while a plan changes in few places: lists grow as units come, what has left is skipped.

use super::state::State;

/// Lists of units per territory.
#[derive(Clone, Debug, Default)]
pub struct Members {
    lists: Vec<Vec<u32>>,
    /// Whether a list has units that left, came twice or are out of order.
    stale: Vec<bool>,
    neighbours: Vec<u32>,
}

impl Members {
    /// Lists of the current plan.
    pub fn new(state: &State<'_>) -> Self {
        let k = state.instance.k() as u32;
        let mut lists: Vec<Vec<u32>> = (0..k).map(|t| Vec::with_capacity(state.size(t) as usize)).collect();
        for u in 0..state.instance.len() as u32 {
            lists[state.part(u) as usize].push(u);
        }
        Self { stale: vec![false; lists.len()], lists, neighbours: Vec::new() }
    }

    /// Moves `unit` in the plan and the lists.
    pub fn apply(&mut self, state: &mut State<'_>, unit: u32, to: u32) {
        self.stale[state.part(unit) as usize] = true;
        self.stale[to as usize] = true;
        self.lists[to as usize].push(unit);
        state.apply(unit, to);
    }

    /// Units of a territory, each once, ascending.
    pub fn of(&mut self, state: &State<'_>, territory: u32) -> &[u32] {
        let list = &mut self.lists[territory as usize];
        if std::mem::take(&mut self.stale[territory as usize]) {
            list.retain(|&u| state.part(u) == territory);
            list.sort_unstable();
            list.dedup();
        }
        list
    }

    /// Territories that touch this one, ascending.
    pub fn neighbours(&mut self, state: &State<'_>, territory: u32) -> &[u32] {
        let mut found = std::mem::take(&mut self.neighbours);
        found.clear();
        for &u in self.of(state, territory) {
            if state.is_border(u) {
                for &v in state.instance.neighbours(u) {
                    let part = state.part(v);
                    if part != territory && !found.contains(&part) {
                        found.push(part);
                    }
                }
            }
        }
        found.sort_unstable();
        self.neighbours = found;
        &self.neighbours
    }
}
