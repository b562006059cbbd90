//! The adjacency graph: undirected, without loops or parallel edges, in compressed rows (CSR) with one border length per link.

/// Why two units are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[repr(u8)]
#[non_exhaustive]
pub enum EdgeKind {
    /// They share a border of positive length.
    Border,
    /// They share points only (queen).
    Point,
    /// Neighbours in the pruned Delaunay triangulation of the points.
    Delaunay,
    /// Given in an edge table.
    Edge,
    /// Added to join components.
    Bridge,
    /// Added by hand.
    Added,
}

impl EdgeKind {
    /// Name in tables: `border`, `point`, `delaunay`, `edge`, `bridge`, `added`.
    pub const fn name(self) -> &'static str {
        match self {
            EdgeKind::Border => "border",
            EdgeKind::Point => "point",
            EdgeKind::Delaunay => "delaunay",
            EdgeKind::Edge => "edge",
            EdgeKind::Bridge => "bridge",
            EdgeKind::Added => "added",
        }
    }
}

/// An undirected link between units `a < b`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Edge {
    /// The smaller unit index.
    pub a: u32,
    /// The larger unit index.
    pub b: u32,
    /// Why they are neighbours.
    pub kind: EdgeKind,
    /// Length of the shared border in km; 0 where there is none.
    pub border_km: f32,
    /// Weight of the edge in the cut; 1 unless an edge table gives another.
    pub weight: f32,
}

impl Edge {
    /// A link of weight 1, ends put in order.
    pub fn new(a: u32, b: u32, kind: EdgeKind, border_km: f32) -> Self {
        Self { a: a.min(b), b: a.max(b), kind, border_km, weight: 1.0 }
    }
}

/// Adjacency of `len()` units in compressed rows; neighbours of a row ascend. Every link stands in both rows.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "EdgeList", into = "EdgeList"))]
pub struct Graph {
    offsets: Vec<u32>,
    neighbours: Vec<u32>,
    borders: Vec<f32>,
    kinds: Vec<EdgeKind>,
    /// Empty when every weight is 1.
    weights: Vec<f32>,
}

impl Graph {
    /// Builds the rows of `units` units from links. Loops and links to units that do not exist are left out; of several links
    /// between the same pair the one of the smallest kind stays, border lengths are summed, and so are weights of links
    /// of that kind.
    pub fn from_edges(units: usize, edges: &[Edge]) -> Self {
        let valid = |e: &&Edge| e.a != e.b && (e.a as usize) < units && (e.b as usize) < units;
        let in_order = |e: &Edge| e.a < e.b && (e.b as usize) < units;
        if edges.iter().all(in_order) && edges.is_sorted_by(|e, f| (e.a, e.b) < (f.a, f.b)) {
            return Self::from_ascending(units, edges.iter().copied());
        }
        let mut offsets = vec![0u32; units + 1];
        for e in edges.iter().filter(valid) {
            offsets[e.a as usize + 1] += 1;
            offsets[e.b as usize + 1] += 1;
        }
        for i in 0..units {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut rows = vec![(0u32, EdgeKind::Border, 0f32, 0f32); offsets[units] as usize];
        for e in edges.iter().filter(valid) {
            for (from, to) in [(e.a, e.b), (e.b, e.a)] {
                let slot = &mut next[from as usize];
                rows[*slot as usize] = (to, e.kind, e.border_km, e.weight);
                *slot += 1;
            }
        }
        let mut graph = Graph {
            offsets: Vec::with_capacity(units + 1),
            neighbours: Vec::with_capacity(rows.len()),
            borders: Vec::with_capacity(rows.len()),
            kinds: Vec::with_capacity(rows.len()),
            weights: Vec::new(),
        };
        let weighted = edges.iter().any(|e| e.weight != 1.0);
        graph.offsets.push(0);
        for unit in 0..units {
            let row = &mut rows[offsets[unit] as usize..offsets[unit + 1] as usize];
            row.sort_by_key(|x| (x.0, x.1));
            let first = graph.neighbours.len();
            for &mut (to, kind, border, weight) in row {
                let last = graph.neighbours.len();
                if last > first && graph.neighbours[last - 1] == to {
                    graph.borders[last - 1] += border;
                    if weighted && graph.kinds[last - 1] == kind {
                        graph.weights[last - 1] += weight;
                    }
                } else {
                    graph.neighbours.push(to);
                    graph.kinds.push(kind);
                    graph.borders.push(border);
                    if weighted {
                        graph.weights.push(weight);
                    }
                }
            }
            graph.offsets.push(graph.neighbours.len() as u32);
        }
        graph
    }

    /// [`Graph::from_edges`] for links by (a, b) ascending, each pair once, all of existing units: dealt out in that order, first
    /// the smaller neighbours of a unit arrive in its row and then the larger, so no row is sorted.
    pub(crate) fn from_ascending(units: usize, edges: impl Iterator<Item = Edge> + Clone) -> Self {
        let mut offsets = vec![0u32; units + 1];
        let mut weighted = false;
        for e in edges.clone() {
            offsets[e.a as usize + 1] += 1;
            offsets[e.b as usize + 1] += 1;
            weighted |= e.weight != 1.0;
        }
        for i in 0..units {
            offsets[i + 1] += offsets[i];
        }
        let links = offsets[units] as usize;
        let mut graph = Graph {
            neighbours: vec![0; links],
            borders: vec![0.0; links],
            kinds: vec![EdgeKind::Border; links],
            weights: vec![0.0; if weighted { links } else { 0 }],
            offsets: Vec::new(),
        };
        let mut next = offsets.clone();
        for e in edges {
            for (from, to) in [(e.a, e.b), (e.b, e.a)] {
                let slot = &mut next[from as usize];
                let at = *slot as usize;
                *slot += 1;
                graph.neighbours[at] = to;
                graph.borders[at] = e.border_km;
                graph.kinds[at] = e.kind;
                if weighted {
                    graph.weights[at] = e.weight;
                }
            }
        }
        Graph { offsets, ..graph }
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of undirected links.
    pub fn edge_count(&self) -> usize {
        self.neighbours.len() / 2
    }

    /// Positions of the row of `unit` in the link columns.
    #[inline]
    pub fn row(&self, unit: u32) -> std::ops::Range<usize> {
        self.offsets[unit as usize] as usize..self.offsets[unit as usize + 1] as usize
    }

    /// Neighbours of `unit`, ascending.
    #[inline]
    pub fn neighbours(&self, unit: u32) -> &[u32] {
        &self.neighbours[self.row(unit)]
    }

    /// Where each row begins, and the end of the last: `len() + 1` numbers.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// The neighbours of all rows, one after another.
    pub fn links(&self) -> &[u32] {
        &self.neighbours
    }

    /// Border lengths in km beside [`Graph::links`].
    pub fn borders_km(&self) -> &[f32] {
        &self.borders
    }

    /// Weights in the cut beside [`Graph::links`]; empty where all links weigh 1.
    pub fn link_weights(&self) -> &[f32] {
        &self.weights
    }

    /// Kinds beside [`Graph::links`].
    pub fn kinds(&self) -> &[EdgeKind] {
        &self.kinds
    }

    /// Weight of the link at position `link` of [`Graph::links`] in the cut.
    #[inline]
    pub fn weight(&self, link: usize) -> f32 {
        if self.weights.is_empty() { 1.0 } else { self.weights[link] }
    }

    /// Weights in the cut beside the neighbours of `unit`; empty where all links weigh 1.
    #[inline]
    pub fn weights(&self, unit: u32) -> &[f32] {
        if self.weights.is_empty() { &[] } else { &self.weights[self.row(unit)] }
    }

    /// Whether any link weighs other than 1.
    pub fn is_weighted(&self) -> bool {
        !self.weights.is_empty()
    }

    /// Every undirected link once, by (a, b) ascending.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        (0..self.len() as u32).flat_map(move |a| {
            self.row(a).filter(move |&i| self.neighbours[i] > a).map(move |i| Edge {
                a,
                b: self.neighbours[i],
                kind: self.kinds[i],
                border_km: self.borders[i],
                weight: self.weight(i),
            })
        })
    }

    /// Whether `a` and `b` are neighbours.
    pub fn are_adjacent(&self, a: u32, b: u32) -> bool {
        self.neighbours(a).binary_search(&b).is_ok()
    }
}

/// The form in which a graph is serialised.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
struct EdgeList {
    units: usize,
    edges: Vec<Edge>,
}

#[cfg(feature = "serde")]
impl From<EdgeList> for Graph {
    fn from(list: EdgeList) -> Self {
        Graph::from_edges(list.units, &list.edges)
    }
}

#[cfg(feature = "serde")]
impl From<Graph> for EdgeList {
    fn from(graph: Graph) -> Self {
        EdgeList { units: graph.len(), edges: graph.edges().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_links_merge_and_loops_go() {
        let edges = [
            Edge::new(2, 0, EdgeKind::Border, 1.5),
            Edge::new(0, 2, EdgeKind::Border, 0.5),
            Edge::new(1, 1, EdgeKind::Edge, 0.0),
            Edge::new(1, 9, EdgeKind::Edge, 0.0),
            Edge::new(1, 2, EdgeKind::Point, 0.0),
        ];
        let graph = Graph::from_edges(3, &edges);
        assert_eq!(graph.edge_count(), 2);
        assert_eq!(graph.neighbours(2), [0, 1]);
        assert_eq!(graph.borders_km()[graph.row(0)], [2.0]);
        assert_eq!(
            graph.edges().map(|e| (e.a, e.b, e.kind)).collect::<Vec<_>>(),
            [(0, 2, EdgeKind::Border), (1, 2, EdgeKind::Point)]
        );
    }

    #[test]
    fn links_in_order_give_the_rows_of_links_in_any() {
        let link = |a: u32, b: u32| Edge { weight: (a + 1) as f32, ..Edge::new(a, b, EdgeKind::Edge, b as f32) };
        let pairs = (0..12u32).flat_map(|a| (a + 1..12).map(move |b| (a, b))).filter(|(a, b)| (a * 5 + b * 3) % 4 < 2);
        let edges: Vec<Edge> = pairs.map(|(a, b)| link(a, b)).collect();
        let reversed: Vec<Edge> = edges.iter().rev().copied().collect();
        let graph = Graph::from_edges(13, &edges);
        assert_eq!(graph, Graph::from_edges(13, &reversed));
        assert_eq!(graph.edges().collect::<Vec<_>>(), edges);
    }
}
