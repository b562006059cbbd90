//! The graph of a coverage: units that share a border, or at least a point.

use super::graph::{Edge, EdgeKind, Graph};
use crate::geometry::Coverage;

/// What makes two polygons neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Contact {
    /// A border of positive length.
    #[default]
    Rook,
    /// At least a point.
    Queen,
}

impl Coverage {
    /// The adjacency of the units: borders with their lengths ([`EdgeKind::Border`]) and, for [`Contact::Queen`], common points
    /// ([`EdgeKind::Point`]).
    ///
    /// Of more than 64 units with an edge along the same segment only consecutive ones (by index) are linked there.
    pub fn graph(&self, contact: Contact) -> Graph {
        let borders = self.borders();
        let edges = borders.iter().flatten().map(|&(a, b, km)| Edge::new(a, b, EdgeKind::Border, km as f32));
        if contact == Contact::Rook {
            return Graph::from_ascending(self.len(), edges);
        }
        let points = self.common_points().into_iter().map(|(a, b)| Edge::new(a, b, EdgeKind::Point, 0.0));
        Graph::from_edges(self.len(), &edges.chain(points).collect::<Vec<_>>())
    }
}
