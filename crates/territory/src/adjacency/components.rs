//! Connected parts of the whole graph.

use super::Graph;

/// The connected parts of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// Component of every unit; components are numbered by their first unit.
    pub component_of: Vec<u32>,
    /// Units per component.
    pub sizes: Vec<u32>,
}

/// Finds the connected parts of `graph`.
pub fn components(graph: &Graph) -> Components {
    let mut found = Components { component_of: vec![u32::MAX; graph.len()], sizes: Vec::new() };
    let mut stack = Vec::new();
    for first in 0..graph.len() as u32 {
        if found.component_of[first as usize] != u32::MAX {
            continue;
        }
        let component = found.sizes.len() as u32;
        let mut size = 0;
        found.component_of[first as usize] = component;
        stack.push(first);
        while let Some(unit) = stack.pop() {
            size += 1;
            for &other in graph.neighbours(unit) {
                if found.component_of[other as usize] == u32::MAX {
                    found.component_of[other as usize] = component;
                    stack.push(other);
                }
            }
        }
        found.sizes.push(size);
    }
    found
}
