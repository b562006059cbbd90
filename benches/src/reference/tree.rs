//! Weighted points in a kd-tree, and the pass that assigns all of them to power cells at once.
//!
//! Point x belongs to the cell j with the least |x − c_j|² − λ_j. The difference of two such functions is linear, so its
//! minimum over a node's box is exact: candidates that cannot win anywhere in the box are dropped on the way down, and a node
//! with one candidate left goes to it whole, by its sums (the filtering of Kanungo et al. 2002, doi:10.1109/TPAMI.2002.1017616,
//! for power diagrams).

const LEAF: usize = 8;

/// Σw, Σw·x, Σw·|x|² of some points.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) weight: f64,
    pub(super) first: [f64; 3],
    pub(super) second: f64,
}

impl Sums {
    pub(super) fn add_point(&mut self, weight: f64, x: &[f64; 3]) {
        self.weight += weight;
        for (first, x) in self.first.iter_mut().zip(x) {
            *first += weight * x;
        }
        self.second += weight * dot(x, x);
    }

    fn add(&mut self, other: &Sums) {
        self.weight += other.weight;
        for (first, x) in self.first.iter_mut().zip(&other.first) {
            *first += x;
        }
        self.second += other.second;
    }

    /// Weighted mean.
    pub(super) fn mean(&self) -> [f64; 3] {
        self.first.map(|x| x / self.weight)
    }

    /// Σ w·|x − mean|².
    pub(super) fn inertia(&self) -> f64 {
        (self.second - dot(&self.first, &self.first) / self.weight).max(0.0)
    }
}

pub(super) fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

struct Node {
    begin: u32,
    end: u32,
    /// Right child; the left one is the next node. 0 in a leaf.
    right: u32,
    low: [f64; 3],
    high: [f64; 3],
    sums: Sums,
}

/// Weighted points in tree order.
pub(super) struct Tree {
    pub(super) points: Vec<[f64; 3]>,
    pub(super) weights: Vec<f64>,
    nodes: Vec<Node>,
    /// Inertia inside the points themselves, where they stand for several.
    pub(super) within: f64,
}

/// Centres and additive weights of a power diagram.
#[derive(Clone, Debug)]
pub(super) struct Diagram {
    pub(super) centres: Vec<[f64; 3]>,
    pub(super) lambda: Vec<f64>,
}

/// Which points count as near to a second cell: those whose margin to it is at most `offer` of the cell that has them, so that
/// a cell offers a strip that is narrow for its own size, however large its neighbours are, or at most `reach` of the second.
pub(super) struct Bands {
    pub(super) offer: Vec<f64>,
    pub(super) reach: Vec<f64>,
}

impl Bands {
    /// No point is near a second cell.
    pub(super) fn none(k: usize) -> Self {
        Self { offer: vec![0.0; k], reach: vec![0.0; k] }
    }
}

/// What a pass finds.
#[derive(Default)]
pub(super) struct Cells {
    /// Sums per cell, every point whole in its best cell.
    pub(super) sums: Vec<Sums>,
    /// Points with a second cell nearly as good: position, and where its candidates begin in `candidates`.
    pub(super) near: Vec<(u32, u32)>,
    /// Cells of those points with |x − c|², the best cell first.
    pub(super) candidates: Vec<(u32, f64)>,
    /// Σ w·min_j(|x − c_j|² − λ_j): the points' part of the transport problem's dual value.
    pub(super) dual: f64,
}

impl Cells {
    /// Positions in `candidates` of the near point number `owner`.
    pub(super) fn entries(&self, owner: usize) -> std::ops::Range<usize> {
        let end = self.near.get(owner + 1).map_or(self.candidates.len(), |n| n.1 as usize);
        self.near[owner].1 as usize..end
    }
}

impl Tree {
    /// Of points given by location and weight; `within` is inertia to be added to whatever is computed.
    pub(super) fn new(mut items: Vec<([f64; 3], f64)>, within: f64) -> Self {
        let mut nodes = Vec::with_capacity(items.len() / 2);
        build(&mut items, 0, &mut nodes);
        let (points, weights) = items.into_iter().unzip();
        Self { points, weights, nodes, within }
    }

    /// A tree over the means of the largest nodes of at most `size` points.
    pub(super) fn coarsened(&self, size: usize) -> Self {
        let (mut items, mut within, mut at) = (Vec::new(), self.within, 0);
        while at < self.nodes.len() {
            let node = &self.nodes[at];
            if (node.end - node.begin) as usize > size && node.right != 0 {
                at += 1;
                continue;
            }
            items.push((node.sums.mean(), node.sums.weight));
            within += node.sums.inertia();
            at = self.after(at);
        }
        Tree::new(items, within)
    }

    /// The node after the subtree of `at`, in the order in which they are stored.
    fn after(&self, at: usize) -> usize {
        let mut last = at;
        while self.nodes[last].right != 0 {
            last = self.nodes[last].right as usize;
        }
        last + 1
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// Sums of all points.
    pub(super) fn total(&self) -> Sums {
        self.nodes.first().map_or(Sums::default(), |root| root.sums)
    }

    /// Assigns every point, and lists those near to a second cell.
    pub(super) fn assign(&self, diagram: &Diagram, bands: &Bands) -> Cells {
        let k = diagram.centres.len();
        let offsets = diagram.centres.iter().zip(&diagram.lambda).map(|(c, l)| dot(c, c) - l).collect();
        let mut pass = Pass {
            tree: self,
            diagram,
            offsets,
            bands,
            stack: (0..k as u32).collect(),
            cells: Cells { sums: vec![Sums::default(); k], ..Cells::default() },
        };
        if !self.nodes.is_empty() {
            pass.visit(0, 0);
        }
        pass.cells
    }
}

fn build(items: &mut [([f64; 3], f64)], begin: u32, nodes: &mut Vec<Node>) {
    let (mut low, mut high, mut sums) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3], Sums::default());
    for (x, weight) in items.iter() {
        for axis in 0..3 {
            low[axis] = low[axis].min(x[axis]);
            high[axis] = high[axis].max(x[axis]);
        }
        sums.add_point(*weight, x);
    }
    let at = nodes.len();
    nodes.push(Node { begin, end: begin + items.len() as u32, right: 0, low, high, sums });
    if items.len() <= LEAF {
        return;
    }
    let extent = |axis: usize| high[axis] - low[axis];
    let axis = (1..3).fold(0, |best, axis| if extent(axis) > extent(best) { axis } else { best });
    let half = items.len() / 2;
    items.select_nth_unstable_by(half, |a, b| {
        a.0[axis].total_cmp(&b.0[axis]).then_with(|| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal))
    });
    let (left, right) = items.split_at_mut(half);
    build(left, begin, nodes);
    nodes[at].right = nodes.len() as u32;
    build(right, begin + half as u32, nodes);
}

struct Pass<'a> {
    tree: &'a Tree,
    diagram: &'a Diagram,
    /// |c|² − λ per cell.
    offsets: Vec<f64>,
    bands: &'a Bands,
    /// Candidates of the nodes on the way down, one run after another.
    stack: Vec<u32>,
    cells: Cells,
}

impl Pass<'_> {
    /// |x − c_j|² − λ_j − |x|².
    #[inline]
    fn value(&self, cell: u32, x: &[f64; 3]) -> f64 {
        self.offsets[cell as usize] - 2.0 * dot(&self.diagram.centres[cell as usize], x)
    }

    /// Goes on at `node`, whose candidates are the stack from `from`.
    fn visit(&mut self, node: usize, from: usize) {
        let tree = self.tree;
        let Node { begin, end, right, ref low, ref high, ref sums } = tree.nodes[node];
        let to = self.stack.len();
        let middle = [0, 1, 2].map(|axis| 0.5 * (low[axis] + high[axis]));
        let half = [0, 1, 2].map(|axis| 0.5 * (high[axis] - low[axis]));
        let (mut best, mut least) = (0, f64::INFINITY);
        for &cell in &self.stack[from..to] {
            let value = self.value(cell, &middle);
            if value < least {
                (best, least) = (cell, value);
            }
        }
        let centre = self.diagram.centres[best as usize];
        // How much each candidate is behind the best at least, anywhere in the box.
        let behind = |pass: &Self, cell: u32| {
            let c = &pass.diagram.centres[cell as usize];
            let reach: f64 = (0..3).map(|axis| (c[axis] - centre[axis]).abs() * half[axis]).sum();
            pass.value(cell, &middle) - least - 2.0 * reach
        };
        let mut band = 0.0;
        for i in from..to {
            let cell = self.stack[i];
            if behind(self, cell) <= 0.0 {
                band = self.bands.offer[cell as usize].max(band);
            }
        }
        for i in from..to {
            let cell = self.stack[i];
            if behind(self, cell) <= self.bands.reach[cell as usize].max(band) {
                self.stack.push(cell);
            }
        }
        if self.stack.len() == to + 1 {
            self.cells.sums[best as usize].add(sums);
            let c2 = self.offsets[best as usize];
            self.cells.dual += sums.second - 2.0 * dot(&centre, &sums.first) + c2 * sums.weight;
        } else if right == 0 {
            for position in begin..end {
                self.assign_point(position, to);
            }
        } else {
            self.visit(node + 1, to);
            self.visit(right as usize, to);
        }
        self.stack.truncate(to);
    }

    fn assign_point(&mut self, position: u32, from: usize) {
        let (x, weight) = (self.tree.points[position as usize], self.tree.weights[position as usize]);
        let (mut best, mut least) = (u32::MAX, f64::INFINITY);
        for &cell in &self.stack[from..] {
            let value = self.value(cell, &x);
            if value < least || (value == least && cell < best) {
                (best, least) = (cell, value);
            }
        }
        let x2 = dot(&x, &x);
        self.cells.sums[best as usize].add_point(weight, &x);
        self.cells.dual += weight * (least + x2);
        let first = self.cells.candidates.len();
        for i in from..self.stack.len() {
            let cell = self.stack[i];
            let value = self.value(cell, &x);
            if cell != best && value - least <= self.bands.offer[best as usize].max(self.bands.reach[cell as usize]) {
                if self.cells.candidates.len() == first {
                    self.cells.candidates.push((best, least + x2 + self.diagram.lambda[best as usize]));
                }
                self.cells.candidates.push((cell, value + x2 + self.diagram.lambda[cell as usize]));
            }
        }
        if self.cells.candidates.len() > first {
            self.cells.near.push((position, first as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_pass_equals_trying_every_cell() {
        let mut random = Random::new(5, 0);
        let items: Vec<([f64; 3], f64)> =
            (0..700).map(|_| ([random.unit(), random.unit() * 2.0, 0.1 * random.unit()], random.unit())).collect();
        let tree = Tree::new(items.clone(), 0.0);
        let centres: Vec<[f64; 3]> = (0..20).map(|_| [random.unit(), random.unit() * 2.0, 0.0]).collect();
        let lambda: Vec<f64> = (0..20).map(|_| 0.02 * random.unit()).collect();
        let bands = Bands {
            offer: (0..20).map(|j| 0.02 * f64::from(1 + j % 3)).collect(),
            reach: (0..20).map(|j| 0.03 * f64::from(j % 5)).collect(),
        };
        let cells = tree.assign(&Diagram { centres: centres.clone(), lambda: lambda.clone() }, &bands);
        let (mut sums, mut near, mut dual) = (vec![Sums::default(); 20], 0, 0.0);
        for (x, w) in &items {
            let value = |j: usize| territory::squared_distance(*x, centres[j]) - lambda[j];
            let best = (0..20).fold(0, |b, j| if value(j) < value(b) { j } else { b });
            sums[best].add_point(*w, x);
            dual += w * value(best);
            near += (0..20)
                .filter(|&j| j != best && value(j) - value(best) <= bands.offer[best].max(bands.reach[j]))
                .count();
        }
        for (a, b) in cells.sums.iter().zip(&sums) {
            assert!((a.weight - b.weight).abs() < 1e-9 && (a.second - b.second).abs() < 1e-9);
        }
        assert_eq!(cells.candidates.len() - cells.near.len(), near);
        assert!((cells.dual - dual).abs() < 1e-9);
    }

    #[test]
    fn coarsening_keeps_weight_and_inertia() {
        let mut random = Random::new(6, 0);
        let items = (0..1000).map(|_| ([random.unit(), random.unit(), 0.0], random.unit())).collect();
        let tree = Tree::new(items, 0.0);
        let coarse = tree.coarsened(40);
        assert!(coarse.len() < 64 && coarse.len() >= 25);
        let (fine, rough) = (tree.total(), coarse.total());
        assert!((fine.weight - rough.weight).abs() < 1e-9);
        assert!((fine.inertia() - rough.inertia() - coarse.within).abs() < 1e-9);
    }
}
