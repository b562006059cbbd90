//! The connected components of an adjacency graph.

use crate::UnitId;
use crate::adjacency::Graph;

/// The components of a graph, numbered by their smallest unit: component 0 holds unit 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// The component of every unit.
    pub component_of: Vec<u32>,
    /// Number of units of every component.
    pub sizes: Vec<u32>,
}

/// Finds the components, in time proportional to units and links.
///
/// ```
/// use territory::adjacency::{Edge, EdgeKind, Graph, components};
/// let graph = Graph::from_edges(4, &[Edge::new(0, 2, EdgeKind::Border, 1.0)]);
/// let components = components(&graph);
/// assert_eq!(components.component_of, [0, 1, 0, 2]);
/// assert_eq!(components.sizes, [2, 1, 1]);
/// assert_eq!(components.isolated().count(), 2);
/// ```
pub fn components(graph: &Graph) -> Components {
    const NONE: u32 = u32::MAX;
    let mut component_of = vec![NONE; graph.len()];
    let mut sizes = Vec::new();
    let mut open = Vec::new();
    for unit in 0..graph.len() {
        if component_of[unit] != NONE {
            continue;
        }
        let component = sizes.len() as u32;
        let mut size = 0;
        component_of[unit] = component;
        open.push(unit as u32);
        while let Some(from) = open.pop() {
            size += 1;
            for &to in graph.neighbours(from) {
                if component_of[to as usize] == NONE {
                    component_of[to as usize] = component;
                    open.push(to);
                }
            }
        }
        sizes.push(size);
    }
    Components { component_of, sizes }
}

impl Components {
    /// Number of components.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there are no units, and so no components.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Whether all units hang together (also when there are none).
    pub fn is_connected(&self) -> bool {
        self.len() <= 1
    }

    /// The components as far as these units (ascending) are in them, as if there were no others: unit `i` is `units[i]`.
    pub(super) fn among(&self, units: &[u32]) -> Components {
        const NONE: u32 = u32::MAX;
        let mut number = vec![NONE; self.len()];
        let (mut component_of, mut sizes) = (Vec::with_capacity(units.len()), Vec::new());
        for &unit in units {
            let number = &mut number[self.component_of[unit as usize] as usize];
            if *number == NONE {
                *number = sizes.len() as u32;
                sizes.push(0);
            }
            component_of.push(*number);
            sizes[*number as usize] += 1;
        }
        Components { component_of, sizes }
    }

    /// The component of most units, the first of several; none without units.
    pub fn largest(&self) -> Option<u32> {
        (0..self.len()).min_by_key(|&c| std::cmp::Reverse(self.sizes[c])).map(|c| c as u32)
    }

    /// Units of a component, ascending.
    pub fn units(&self, component: u32) -> impl Iterator<Item = UnitId> + '_ {
        let of = self.component_of.iter().enumerate();
        of.filter(move |&(_, &c)| c == component).map(|(unit, _)| UnitId(unit as u32))
    }

    /// The units of every component, ascending, in one pass.
    pub fn members(&self) -> Vec<Vec<UnitId>> {
        let mut members: Vec<Vec<UnitId>> = self.sizes.iter().map(|&n| Vec::with_capacity(n as usize)).collect();
        for (unit, &component) in self.component_of.iter().enumerate() {
            members[component as usize].push(UnitId(unit as u32));
        }
        members
    }

    /// Units without any neighbour, ascending.
    pub fn isolated(&self) -> impl Iterator<Item = UnitId> + '_ {
        let of = self.component_of.iter().enumerate();
        of.filter(|&(_, &c)| self.sizes[c as usize] == 1).map(|(unit, _)| UnitId(unit as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjacency::{Edge, EdgeKind};

    #[test]
    fn components_are_numbered_by_their_smallest_unit() {
        let edges = [(5, 1), (1, 3), (2, 0)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
        let found = components(&Graph::from_edges(6, &edges));
        assert_eq!(found.component_of, [0, 1, 0, 1, 2, 1]);
        assert_eq!(found.sizes, [2, 3, 1]);
        assert_eq!(found.largest(), Some(1));
        assert_eq!(found.isolated().collect::<Vec<_>>(), [UnitId(4)]);
        assert_eq!(found.members()[1], [UnitId(1), UnitId(3), UnitId(5)]);
        assert!(found.units(1).eq(found.members()[1].iter().copied()));
        assert!(!found.is_connected());
    }

    #[test]
    fn no_units_make_no_components() {
        let found = components(&Graph::from_edges(0, &[]));
        assert!(found.is_empty() && found.is_connected());
        assert_eq!(found.largest(), None);
        assert!(components(&Graph::default()).is_empty());
    }
}
