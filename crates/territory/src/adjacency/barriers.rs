//! Links taken away (a river, a mountain range) and links added by hand (a bridge, a ferry).

use crate::adjacency::{Edge, EdgeKind, Graph};

/// A graph without the links of some pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    /// The graph that is left.
    pub graph: Graph,
    /// Links that were taken away.
    pub removed: usize,
    /// Given pairs, as given and in the given order, that were no neighbours: mistyped perhaps. A pair with a unit
    /// that does not exist is among them.
    pub not_linked: Vec<(u32, u32)>,
}

/// Takes the links of the given pairs out of a graph, whatever their kind. Pairs may repeat and stand in either order.
///
/// ```
/// use territory::adjacency::{from_edges, without};
/// let graph = from_edges(3, &[(0, 1, None), (1, 2, None)])?;
/// let cut = without(&graph, &[(2, 1), (0, 2)]);
/// assert_eq!(cut.graph.edge_count(), 1);
/// assert_eq!((cut.removed, cut.not_linked), (1, vec![(0, 2)]));
/// # Ok::<(), territory::adjacency::EdgeTableError>(())
/// ```
pub fn without(graph: &Graph, pairs: &[(u32, u32)]) -> Without {
    let linked = |&(a, b): &(u32, u32)| (a as usize) < graph.len() && graph.are_adjacent(a, b);
    let not_linked = pairs.iter().copied().filter(|pair| !linked(pair)).collect();
    let cut = sorted(pairs);
    let kept: Vec<Edge> = graph.edges().filter(|e| cut.binary_search(&(e.a, e.b)).is_err()).collect();
    let removed = graph.edge_count() - kept.len();
    Without { graph: Graph::from_edges(graph.len(), &kept), removed, not_linked }
}

/// A pair that cannot be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("units {a} and {b} cannot be linked: {}", if a == b { "they are one" } else { "there is no such unit" })]
pub struct PairError {
    /// Position in the given pairs.
    pub row: usize,
    /// The first unit given.
    pub a: u32,
    /// The second unit given.
    pub b: u32,
}

/// Adds links of weight 1 by hand ([`EdgeKind::Added`]). Pairs may repeat and stand in either order; units that are neighbours
/// already stay what they are to each other.
///
/// # Errors
/// All pairs that name a unit that does not exist, or a unit with itself.
pub fn with_links(graph: &Graph, pairs: &[(u32, u32)]) -> Result<Graph, Vec<PairError>> {
    let broken = |&(_, &(a, b)): &(usize, &(u32, u32))| a == b || a.max(b) as usize >= graph.len();
    let faults = pairs.iter().enumerate().filter(broken).map(|(row, &(a, b))| PairError { row, a, b });
    let faults: Vec<PairError> = faults.collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let new = sorted(pairs).into_iter().filter(|&(a, b)| !graph.are_adjacent(a, b));
    let edges: Vec<Edge> = graph.edges().chain(new.map(|(a, b)| Edge::new(a, b, EdgeKind::Added, 0.0))).collect();
    Ok(Graph::from_edges(graph.len(), &edges))
}

/// Each pair once, the smaller unit first, ascending.
fn sorted(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut sorted: Vec<_> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Graph {
        Graph::from_edges(4, &[0, 1, 2].map(|a| Edge::new(a, a + 1, EdgeKind::Border, 2.0)))
    }

    #[test]
    fn a_barrier_removes_its_pairs_and_names_the_others() {
        let cut = without(&path(), &[(1, 0), (0, 1), (0, 3), (7, 1), (1, 9)]);
        assert_eq!(cut.graph.edges().map(|e| (e.a, e.b)).collect::<Vec<_>>(), [(1, 2), (2, 3)]);
        assert_eq!(cut.removed, 1);
        assert_eq!(cut.not_linked, [(0, 3), (7, 1), (1, 9)]);
    }

    #[test]
    fn links_are_added_once_and_borders_stay_borders() {
        let graph = with_links(&path(), &[(3, 0), (0, 3), (0, 1)]).unwrap_or_default();
        let edges: Vec<_> = graph.edges().map(|e| (e.a, e.b, e.kind, e.border_km)).collect();
        assert_eq!(edges[0], (0, 1, EdgeKind::Border, 2.0));
        assert_eq!(edges[1], (0, 3, EdgeKind::Added, 0.0));
        assert_eq!(edges.len(), 4);
    }

    #[test]
    fn impossible_pairs_are_all_named() {
        let faults = with_links(&path(), &[(0, 2), (1, 1), (2, 4)]).err().unwrap_or_default();
        assert_eq!(faults.iter().map(|f| f.row).collect::<Vec<_>>(), [1, 2]);
    }
}
