//! Laplacian systems on the territory graph, (D − C) φ = b, by conjugate gradients with Jacobi's preconditioner.
//!
//! Potentials of such a system say how a surplus flows to where it is missing: as weights of a power diagram, or as prices.
//! A node may carry several quantities at once; a link's conductance is then a symmetric matrix.

/// A weighted undirected graph in rows.
#[derive(Clone, Debug, Default)]
pub struct Laplacian {
    /// Quantities per node.
    block: usize,
    offsets: Vec<u32>,
    ends: Vec<u32>,
    /// Beside `ends`: the link from the other end.
    twins: Vec<u32>,
    /// `block · block` numbers a link.
    conductances: Vec<f64>,
    /// Diagonal of the system: `block` numbers a node.
    diagonal: Vec<f64>,
    /// Connected part of every node, and the nodes of every part.
    part_of: Vec<u32>,
    part_sizes: Vec<u32>,
    scratch: [Vec<f64>; 5],
}

/// A link of the territory graph.
pub(crate) type Link = (u32, u32, f64);

impl Laplacian {
    /// One quantity per node, from links `(i, j, conductance)` with `i < j`; equal pairs are summed.
    pub fn new(nodes: usize, links: &[Link]) -> Self {
        Self::with_blocks(nodes, 1, links, |at, block| block[0] += links[at].2)
    }

    /// `block` quantities per node, from links with `i < j`: `add(at, matrix)` adds the conductance of link `at` to a matrix in rows.
    pub fn with_blocks(nodes: usize, block: usize, links: &[Link], add: impl Fn(usize, &mut [f64])) -> Self {
        // Dealt out by the first node: links that are equal stay in their order.
        let mut begins = vec![0u32; nodes + 1];
        links.iter().for_each(|l| begins[l.0 as usize + 1] += 1);
        (0..nodes).for_each(|i| begins[i + 1] += begins[i]);
        let mut next = begins.clone();
        let mut order = vec![(0u32, 0u32); links.len()];
        for (at, &(i, j, _)) in (0u32..).zip(links) {
            let slot = &mut next[i as usize];
            order[*slot as usize] = (j, at);
            *slot += 1;
        }
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut matrices: Vec<f64> = Vec::new();
        let size = block * block;
        let mut row: Vec<u32> = Vec::new();
        // The node that met another one last, and what its links to that one add up to.
        let mut met_by = vec![u32::MAX; nodes];
        let mut sums = vec![0.0; nodes * size];
        for i in 0..nodes {
            // Others are fewer than the links that lead to them: they alone are sorted.
            row.clear();
            for &(j, at) in &order[begins[i] as usize..begins[i + 1] as usize] {
                let sum = &mut sums[j as usize * size..][..size];
                if met_by[j as usize] != i as u32 {
                    met_by[j as usize] = i as u32;
                    row.push(j);
                    sum.fill(0.0);
                }
                add(at as usize, sum);
            }
            row.sort_unstable();
            for &j in &row {
                pairs.push((i as u32, j));
                matrices.extend_from_slice(&sums[j as usize * size..][..size]);
            }
        }
        let mut graph = Self { block, offsets: vec![0; nodes + 1], ..Self::default() };
        for &(i, j) in &pairs {
            graph.offsets[i as usize + 1] += 1;
            graph.offsets[j as usize + 1] += 1;
        }
        for i in 0..nodes {
            graph.offsets[i + 1] += graph.offsets[i];
        }
        graph.ends = vec![0; 2 * pairs.len()];
        graph.twins = vec![0; 2 * pairs.len()];
        graph.conductances = vec![0.0; 2 * matrices.len()];
        let mut next = graph.offsets.clone();
        for (&(i, j), matrix) in pairs.iter().zip(matrices.chunks(size)) {
            let (here, there) = (next[i as usize], next[j as usize]);
            for (slot, to, twin) in [(here as usize, j, there), (there as usize, i, here)] {
                (graph.ends[slot], graph.twins[slot]) = (to, twin);
                graph.conductances[slot * size..][..size].copy_from_slice(matrix);
            }
            next[i as usize] += 1;
            next[j as usize] += 1;
        }
        graph.sum_diagonal();
        graph.find_parts();
        graph
    }

    fn find_parts(&mut self) {
        self.part_of = vec![u32::MAX; self.len()];
        let mut stack = Vec::new();
        for first in 0..self.len() {
            if self.part_of[first] != u32::MAX {
                continue;
            }
            let part = self.part_sizes.len() as u32;
            self.part_sizes.push(0);
            self.part_of[first] = part;
            stack.push(first);
            while let Some(i) = stack.pop() {
                self.part_sizes[part as usize] += 1;
                for l in self.row(i) {
                    let j = self.ends[l] as usize;
                    if self.part_of[j] == u32::MAX {
                        self.part_of[j] = part;
                        stack.push(j);
                    }
                }
            }
        }
    }

    fn sum_diagonal(&mut self) {
        let b = self.block;
        let sum = |i: usize, a: usize| self.row(i).map(|l| self.conductances[l * b * b + a * b + a]).sum();
        self.diagonal = (0..self.len() * b).map(|at| sum(at / b, at % b)).collect();
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn row(&self, i: usize) -> std::ops::Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    fn matrix(&self, link: usize) -> &[f64] {
        &self.conductances[link * self.block * self.block..][..self.block * self.block]
    }

    /// Changes matrices pair by pair: `change(pair, (i, j), matrix)` with i < j, pairs numbered as they come, always in the same
    /// order.
    pub(crate) fn modify(&mut self, mut change: impl FnMut(usize, (usize, usize), &mut [f64])) {
        let size = self.block * self.block;
        let mut pair = 0;
        for i in 0..self.len() {
            for l in self.row(i) {
                let j = self.ends[l] as usize;
                if i < j {
                    change(pair, (i, j), &mut self.conductances[l * size..][..size]);
                    self.conductances.copy_within(l * size..(l + 1) * size, self.twins[l] as usize * size);
                    pair += 1;
                }
            }
        }
        self.sum_diagonal();
    }

    /// `y = (D − C) x`.
    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let b = self.block;
        if b == 1 {
            let rows = self.offsets.windows(2).map(|w| w[0] as usize..w[1] as usize);
            for (((y, row), x_i), diagonal) in y.iter_mut().zip(rows).zip(x).zip(&self.diagonal) {
                let links = self.ends[row.clone()].iter().zip(&self.conductances[row]);
                let sum: f64 = links.map(|(&j, c)| c * x[j as usize]).sum();
                *y = diagonal * x_i - sum;
            }
            return;
        }
        y.fill(0.0);
        for i in 0..self.len() {
            for l in self.row(i) {
                let j = self.ends[l] as usize;
                let matrix = self.matrix(l);
                for a in 0..b {
                    for c in 0..b {
                        y[i * b + a] += matrix[a * b + c] * (x[i * b + c] - x[j * b + c]);
                    }
                }
            }
        }
    }

    /// Solves for `potential`, starting from what it holds, in at most `steps` steps. Nodes without links keep theirs. Of a
    /// surplus that does not sum to zero over a connected part its mean is taken out first: it cannot flow anywhere.
    pub fn solve(&mut self, surplus: &[f64], potential: &mut [f64], steps: usize) {
        let (n, b) = (self.len() * self.block, self.block);
        let [mut r, mut z, mut p, mut q, mut inverse] = std::mem::take(&mut self.scratch);
        for v in [&mut r, &mut z, &mut p, &mut q, &mut inverse] {
            v.clear();
            v.resize(n, 0.0);
        }
        // Without this a graph of several parts has no solution, and the steps run away.
        let mut means = vec![0.0; self.part_sizes.len() * b];
        for (at, s) in surplus.iter().enumerate() {
            let part = self.part_of[at / b] as usize;
            means[part * b + at % b] += s / f64::from(self.part_sizes[part]);
        }
        inverse.iter_mut().zip(&self.diagonal).filter(|d| *d.1 > 0.0).for_each(|(i, d)| *i = 1.0 / d);
        self.apply(potential, &mut q);
        let (mut rho, mut size, mut held) = (0.0, 0.0, 0.0);
        for at in 0..n {
            let wanted = surplus[at] - means[self.part_of[at / b] as usize * b + at % b];
            r[at] = if self.diagonal[at] > 0.0 { wanted - q[at] } else { 0.0 };
            z[at] = r[at] * inverse[at];
            p[at] = z[at];
            rho += r[at] * z[at];
            size += wanted * wanted * inverse[at];
            held += potential[at] * potential[at] * self.diagonal[at];
        }
        // Below this a residual is rounding alone. It has parts that no potential can answer, and steps after it run away.
        let least = 1e-20 * size + 1e-28 * held;
        for _ in 0..steps {
            // A residual that is not a number ends it too.
            if rho.is_nan() || rho <= least {
                break;
            }
            self.apply(&p, &mut q);
            let curvature: f64 = p.iter().zip(&q).map(|(p, q)| p * q).sum();
            if curvature.is_nan() || curvature <= 0.0 {
                break;
            }
            let alpha = rho / curvature;
            let mut next = 0.0;
            potential.iter_mut().zip(&p).for_each(|(x, p)| *x += alpha * p);
            for (((r, z), q), inverse) in r.iter_mut().zip(&mut z).zip(&q).zip(&inverse) {
                *r -= alpha * q;
                *z = *r * inverse;
                next += *r * *z;
            }
            let beta = next / rho;
            p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + beta * *p);
            rho = next;
        }
        self.scratch = [r, z, p, q, inverse];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn potentials_carry_the_surplus() {
        let mut graph = Laplacian::new(5, &[(0, 1, 1.0), (1, 2, 2.0), (0, 1, 1.0), (2, 3, 0.5)]);
        let surplus = [3.0, -1.0, 0.0, -2.0, 0.0];
        let mut phi = [0.0; 5];
        graph.solve(&surplus, &mut phi, 50);
        let mut out = [0.0; 5];
        graph.apply(&phi, &mut out);
        for i in 0..5 {
            assert!((out[i] - surplus[i]).abs() < 1e-9, "node {i} sends {}", out[i]);
        }
        assert_eq!(phi[4], 0.0);
    }

    #[test]
    fn a_graph_in_parts_stays_finite() {
        let mut graph = Laplacian::new(4, &[(0, 1, 1.0), (2, 3, 1.0)]);
        let mut phi = [0.0; 4];
        graph.solve(&[3.0, 1.0, -1.0, -3.0], &mut phi, 100);
        assert!((phi[0] - phi[1] - 1.0).abs() < 1e-9 && (phi[2] - phi[3] - 1.0).abs() < 1e-9, "{phi:?}");
    }

    #[test]
    fn a_surplus_that_is_gone_does_not_run_away() {
        let links: Vec<Link> = (0..9).map(|i| (i, i + 1, 0.3 + f64::from(i))).collect();
        let mut graph = Laplacian::new(10, &links);
        let mut phi: Vec<f64> = (0..10).map(|i| f64::from(i * i) / 7.0).collect();
        for surplus in [1e-3, 1e-9, 1e-14, 0.0, 0.0] {
            let mut all = [0.0; 10];
            (all[2], all[7]) = (surplus, -surplus);
            graph.solve(&all, &mut phi, 200);
            let spread = phi.iter().fold(0.0f64, |a, p| a.max((p - phi[0]).abs()));
            assert!(spread <= 10.0 * surplus + 1e-9, "{phi:?}");
        }
    }

    #[test]
    fn coupled_quantities_are_solved_together() {
        let links = [(0, 1, 1.0), (1, 2, 2.0)];
        let add = |at: usize, m: &mut [f64]| {
            let c: f64 = links[at].2;
            m.iter_mut().zip([c, 0.5 * c, 0.5 * c, c]).for_each(|(m, v)| *m += v);
        };
        let mut graph = Laplacian::with_blocks(3, 2, &links, add);
        let surplus = [1.0, 0.0, -2.0, 1.0, 1.0, -1.0];
        let (mut phi, mut out) = ([0.0; 6], [0.0; 6]);
        graph.solve(&surplus, &mut phi, 50);
        graph.apply(&phi, &mut out);
        assert!(out.iter().zip(&surplus).all(|(o, s)| (o - s).abs() < 1e-9), "{out:?}");
    }
}
