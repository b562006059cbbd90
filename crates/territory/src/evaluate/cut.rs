//! The links between territories: their number, weight and border length.

use super::evaluation::Cut;
use crate::adjacency::Graph;

/// Sums the links of `graph` between territories of `assignment`, in the order of its edges.
pub(super) fn cut(graph: &Graph, assignment: &[u32]) -> Cut {
    let mut found = Cut::default();
    for e in graph.edges() {
        if assignment[e.a as usize] != assignment[e.b as usize] {
            found.edges += 1;
            found.weight += f64::from(e.weight);
            found.border_km += f64::from(e.border_km);
        }
    }
    found
}
