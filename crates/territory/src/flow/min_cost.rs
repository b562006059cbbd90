//! Min-cost flow by the primal-dual method: shortest paths under node prices (Edmonds & Karp 1972, doi:10.1145/321694.321699)
//! name the arcs that are worth using, a blocking flow by levels (Dinic 1970) uses all of them at once. Costs are whole numbers,
//! so which arcs are worth using is exact; capacities are floats.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Handle of an arc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArcId(usize);

/// A directed network with capacities and costs ≥ 0.
///
/// ```
/// use territory::flow::MinCostFlow;
/// let mut net = MinCostFlow::new(3);
/// let direct = net.arc(0, 2, 1.0, 5);
/// net.arc(0, 1, 2.0, 1);
/// net.arc(1, 2, 2.0, 1);
/// let (amount, cost) = net.run(0, 2, u64::MAX);
/// assert_eq!((amount, cost), (3.0, 2.0 * 2.0 + 5.0));
/// assert_eq!(net.flow(direct), 1.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MinCostFlow {
    nodes: usize,
    /// Tail, head, residual capacity and cost; arc `i ^ 1` is the reverse of `i`.
    from: Vec<u32>,
    to: Vec<u32>,
    residual: Vec<f64>,
    cost: Vec<i64>,
    /// Arcs by tail, in compressed rows; formed by [`MinCostFlow::run`].
    offsets: Vec<u32>,
    rows: Vec<u32>,
    price: Vec<i64>,
    /// Residuals up to this are rounding.
    tiny: f64,
}

const UNREACHED: i64 = i64::MAX;

impl MinCostFlow {
    /// A network of `nodes` nodes without arcs.
    pub fn new(nodes: usize) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// Adds an arc; a capacity that is not a positive number counts as 0, and so does an arc with an end that is no node.
    pub fn arc(&mut self, from: u32, to: u32, capacity: f64, cost: u32) -> ArcId {
        let id = ArcId(self.to.len());
        let inside = (from as usize) < self.nodes && (to as usize) < self.nodes;
        let capacity = if inside && capacity > 0.0 { capacity } else { 0.0 };
        let (from, to) = if inside { (from, to) } else { (0, 0) };
        self.from.extend([from, to]);
        self.to.extend([to, from]);
        self.residual.extend([capacity, 0.0]);
        self.cost.extend([i64::from(cost), -i64::from(cost)]);
        id
    }

    /// Flow over an arc.
    pub fn flow(&self, arc: ArcId) -> f64 {
        self.residual.get(arc.0 + 1).copied().unwrap_or(0.0)
    }

    /// Sends as much as there is way for from `source` to `sink`, cheapest ways first, over ways that cost less than `limit`.
    /// Returns the amount and its cost (amount × cost of its way).
    pub fn run(&mut self, source: u32, sink: u32, limit: u64) -> (f64, f64) {
        if source as usize >= self.nodes || sink as usize >= self.nodes || source == sink {
            return (0.0, 0.0);
        }
        self.form_rows();
        self.price = vec![0; self.nodes];
        let largest = self.residual.iter().filter(|r| r.is_finite()).copied().fold(0.0, f64::max);
        self.tiny = largest * 1e-13;
        let (mut amount, mut cost) = (0.0, 0.0);
        loop {
            let way = self.shortest(source, sink);
            if way == UNREACHED || way as u64 >= limit {
                return (amount, cost);
            }
            let mut sent = 0.0;
            while let Some(levels) = self.levels(source, sink) {
                let more = self.blocking_flow(source, sink, &levels);
                if more <= 0.0 {
                    break;
                }
                sent += more;
            }
            if sent <= 0.0 {
                return (amount, cost);
            }
            amount += sent;
            cost += sent * way as f64;
        }
    }

    fn form_rows(&mut self) {
        self.offsets = vec![0; self.nodes + 1];
        for &tail in &self.from {
            self.offsets[tail as usize + 1] += 1;
        }
        for node in 0..self.nodes {
            self.offsets[node + 1] += self.offsets[node];
        }
        let mut next = self.offsets.clone();
        self.rows = vec![0; self.from.len()];
        for (arc, &tail) in self.from.iter().enumerate() {
            self.rows[next[tail as usize] as usize] = arc as u32;
            next[tail as usize] += 1;
        }
    }

    fn row(&self, node: u32) -> &[u32] {
        &self.rows[self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize]
    }

    fn reduced(&self, arc: usize) -> i64 {
        self.cost[arc] + self.price[self.from[arc] as usize] - self.price[self.to[arc] as usize]
    }

    /// Length of the cheapest way; prices become such that its arcs have reduced cost 0 and no arc a negative one.
    fn shortest(&mut self, source: u32, sink: u32) -> i64 {
        let mut distance = vec![UNREACHED; self.nodes];
        let mut heap = BinaryHeap::from([Reverse((0i64, source))]);
        distance[source as usize] = 0;
        while let Some(Reverse((d, node))) = heap.pop() {
            if d > distance[node as usize] {
                continue;
            }
            if node == sink {
                break;
            }
            for &arc in self.row(node) {
                let arc = arc as usize;
                let reached = d + self.reduced(arc);
                let head = self.to[arc];
                if self.residual[arc] > self.tiny && reached < distance[head as usize] {
                    distance[head as usize] = reached;
                    heap.push(Reverse((reached, head)));
                }
            }
        }
        let end = distance[sink as usize];
        if end == UNREACHED {
            return UNREACHED;
        }
        for (price, d) in self.price.iter_mut().zip(&distance) {
            *price += (*d).min(end);
        }
        self.price[sink as usize] - self.price[source as usize]
    }

    /// Steps from the source over arcs of reduced cost 0; none when the sink is not reached.
    fn levels(&self, source: u32, sink: u32) -> Option<Vec<u32>> {
        let mut levels = vec![u32::MAX; self.nodes];
        levels[source as usize] = 0;
        let mut queue = vec![source];
        let mut at = 0;
        while let Some(&node) = queue.get(at) {
            at += 1;
            for &arc in self.row(node) {
                let (arc, head) = (arc as usize, self.to[arc as usize]);
                if levels[head as usize] == u32::MAX && self.residual[arc] > self.tiny && self.reduced(arc) == 0 {
                    levels[head as usize] = levels[node as usize] + 1;
                    queue.push(head);
                }
            }
        }
        (levels[sink as usize] != u32::MAX).then_some(levels)
    }

    /// Fills ways that climb one level per arc until none is left; depth first with an explicit path.
    fn blocking_flow(&mut self, source: u32, sink: u32, levels: &[u32]) -> f64 {
        let mut next = self.offsets.clone();
        let mut path: Vec<usize> = Vec::new();
        let (mut node, mut sent) = (source, 0.0);
        loop {
            if node == sink {
                let least = path.iter().map(|&arc| self.residual[arc]).fold(f64::INFINITY, f64::min);
                if !least.is_finite() {
                    // A way without any limit: nothing sensible can be sent over it.
                    return sent;
                }
                for &arc in &path {
                    self.residual[arc] -= least;
                    self.residual[arc ^ 1] += least;
                }
                sent += least;
                let full = path.iter().position(|&arc| self.residual[arc] <= self.tiny).unwrap_or(0);
                node = self.from[path[full]];
                path.truncate(full);
                continue;
            }
            let end = self.offsets[node as usize + 1];
            let slot = &mut next[node as usize];
            let mut forward = None;
            while *slot < end {
                let arc = self.rows[*slot as usize] as usize;
                let head = self.to[arc];
                if levels[head as usize] == levels[node as usize].saturating_add(1)
                    && self.residual[arc] > self.tiny
                    && self.cost[arc] + self.price[node as usize] == self.price[head as usize]
                {
                    forward = Some(arc);
                    break;
                }
                *slot += 1;
            }
            match (forward, path.pop()) {
                (Some(arc), last) => {
                    path.extend(last);
                    path.push(arc);
                    node = self.to[arc];
                }
                (None, Some(arc)) => {
                    node = self.from[arc];
                    next[node as usize] += 1;
                }
                (None, None) => return sent,
            }
        }
    }
}
