//! Whether a unit may leave its territory without cutting it. Knows the graph and a plan, nothing of hours.

use territory::adjacency::Graph;

/// The question, with scratch for any number of plans over `units` units.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    /// Neighbours of the unit in its territory.
    around: Vec<u32>,
    /// Last walk that saw a unit.
    seen: Vec<u64>,
    last: u64,
    open: [Vec<u32>; 2],
}

impl Leaving {
    pub(super) fn new(units: usize) -> Self {
        Self { around: Vec::new(), seen: vec![0; units], last: 0, open: Default::default() }
    }

    /// Whether the rest of the unit's territory is connected and not empty: mostly its neighbours are linked to each other, and nothing else
    /// is looked at; where they are not, by walks from two of them in turns, so that the smaller piece decides how long it takes.
    pub(super) fn allowed(&mut self, graph: &Graph, territory_of: &[u32], unit: u32) -> bool {
        let own = territory_of[unit as usize];
        self.around.clear();
        self.around.extend(graph.neighbours(unit).iter().filter(|&&u| territory_of[u as usize] == own));
        let mut reached = self.around.len().min(1);
        let mut next = 0;
        while reached < self.around.len() {
            if next == reached {
                // A neighbour that is not linked to those before it.
                if !self.linked(graph, territory_of, unit, (self.around[0], self.around[reached])) {
                    return false;
                }
                reached += 1;
                continue;
            }
            for &v in graph.neighbours(self.around[next]) {
                if let Some(at) = self.around[reached..].iter().position(|&u| u == v) {
                    self.around.swap(reached, reached + at);
                    reached += 1;
                }
            }
            next += 1;
        }
        reached > 0
    }

    /// Whether there is a way between two units of the territory that does not pass `without`.
    fn linked(&mut self, graph: &Graph, territory_of: &[u32], without: u32, ends: (u32, u32)) -> bool {
        let own = territory_of[without as usize];
        // Two marks a walk, one for each end; older ones are below both.
        self.last += 2;
        let marks = [self.last - 1, self.last];
        for (side, end) in [ends.0, ends.1].into_iter().enumerate() {
            self.seen[end as usize] = marks[side];
            self.open[side].clear();
            self.open[side].push(end);
        }
        loop {
            for side in 0..2 {
                let Some(at) = self.open[side].pop() else { return false };
                for &next in graph.neighbours(at) {
                    if next == without || territory_of[next as usize] != own {
                        continue;
                    }
                    match self.seen[next as usize] {
                        mark if mark == marks[1 - side] => return true,
                        mark if mark == marks[side] => {}
                        _ => {
                            self.seen[next as usize] = marks[side];
                            self.open[side].push(next);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use territory::adjacency::{Edge, EdgeKind, components};

    proptest! {
        /// Protects contiguity itself: the answer against the components of the territory's graph without the unit, on graphs that are
        /// anything, each question with the scratch of those before.
        #[test]
        fn it_is_what_components_say(
            links in prop::collection::btree_set((0u32..14, 0u32..14), 0..40),
            territory_of in prop::collection::vec(0u32..2, 14),
        ) {
            let edges: Vec<Edge> =
                links.into_iter().filter(|(a, b)| a < b).map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 1.0)).collect();
            let graph = Graph::from_edges(14, &edges);
            let pieces = |without: Option<u32>, own: u32| {
                let inside = |u: u32| territory_of[u as usize] == own && Some(u) != without;
                let kept: Vec<Edge> = edges.iter().copied().filter(|e| inside(e.a) && inside(e.b)).collect();
                let others = (0..14).filter(|&u| !inside(u)).count();
                components(&Graph::from_edges(14, &kept)).sizes.len() - others
            };
            let mut leaving = Leaving::new(14);
            for unit in 0..14u32 {
                let own = territory_of[unit as usize];
                // Only contiguous territories are asked about.
                if pieces(None, own) == 1 {
                    prop_assert_eq!(leaving.allowed(&graph, &territory_of, unit), pieces(Some(unit), own) == 1);
                }
            }
        }
    }
}
