//! Exact transport of weighted points to cells under two-sided bounds, starting from a power diagram.
//!
//! Minimise Σ m_ij·|x_i − c_j|² with Σ_j m_ij = w_i and L ≤ Σ_i m_ij ≤ U. The diagram's λ are optimal for the loads that its cells
//! happen to have; successive shortest augmenting paths (Busacker & Gowen 1960; potentials after Tomizawa 1971 and Edmonds &
//! Karp 1972) carry the surplus over a graph whose nodes are the cells and a hub (what lies between L and U), and whose arc
//! j → l is the point in j that is cheapest to hand to l. Ends with masses, and with the λ that prove them optimal among the
//! points listed as near.

use super::tree::{Cells, Tree};
use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

/// Masses of the near points after transport.
pub(super) struct Transport {
    /// λ of the optimum; the hub's is 0.
    pub(super) lambda: Vec<f64>,
    /// Mass per entry of `Cells::candidates`.
    pub(super) mass: Vec<f64>,
    /// Weight that found no way: the band of near points was too narrow.
    pub(super) stuck: f64,
    /// Cells that ran out of listed points towards some neighbour.
    pub(super) short: Vec<bool>,
    /// Those of them that would have led a search out that found no way.
    pub(super) stranded: Vec<bool>,
    /// Cells that such a search could not reach: too few points are listed for them.
    pub(super) unreached: Vec<bool>,
}

#[derive(PartialEq)]
struct Offer {
    key: f64,
    from: u32,
    to: u32,
}

impl Eq for Offer {}

impl Ord for Offer {
    // Reversed: the heap gives the cheapest offer first, ties by entry.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.total_cmp(&self.key).then(other.from.cmp(&self.from)).then(other.to.cmp(&self.to))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How a node was reached.
#[derive(Clone, Copy)]
enum Step {
    None,
    /// By handing over the point of these entries.
    Point {
        from: u32,
        to: u32,
    },
    /// Through the hub's free capacity.
    Slack,
}

struct Network<'a> {
    cells: &'a Cells,
    lower: f64,
    upper: f64,
    hub: usize,
    /// Near point (position in `cells.near`) of every entry.
    owner: Vec<u32>,
    mass: Vec<f64>,
    /// Per cell: neighbouring cell and its offers.
    arcs: Vec<Vec<(u32, BinaryHeap<Offer>)>>,
    potential: Vec<f64>,
    excess: Vec<f64>,
    /// What each cell is taken to hold.
    level: Vec<f64>,
    /// Cells above their lower bound, the highest potential first: the hub's arcs in order of reduced cost.
    open: BTreeSet<(u64, u32)>,
    epsilon: f64,
    distance: Vec<f64>,
    step: Vec<(u32, Step)>,
    done: Vec<bool>,
    touched: Vec<u32>,
    short: Vec<bool>,
    stranded: Vec<bool>,
    unreached: Vec<bool>,
}

/// Moves the cells' loads into `[lower, upper]` at least cost.
pub(super) fn transport(tree: &Tree, cells: &Cells, lambda: &[f64], lower: f64, upper: f64) -> Transport {
    let k = lambda.len();
    let epsilon = 0.5e-11 * (lower + upper);
    let mut network = Network::new(tree, cells, lambda, (lower, upper), epsilon);
    let mut stuck = 0.0;
    let mut sources: Vec<usize> = (0..=k).rev().filter(|&v| network.excess[v] > epsilon).collect();
    while let Some(&source) = sources.last() {
        if network.excess[source] <= epsilon {
            sources.pop();
            continue;
        }
        match network.shortest_path(source) {
            Some(target) => network.augment(source, target),
            None => {
                // Deficits below epsilon take nothing: together they may leave this much.
                if network.excess[source] > 2.0 * (k + 1) as f64 * epsilon {
                    stuck += network.excess[source];
                }
                sources.pop();
            }
        }
    }
    let Network { potential, mass, short, stranded, unreached, .. } = network;
    let lambda = potential[..k].iter().map(|p| p - potential[k]).collect();
    Transport { lambda, mass, stuck, short, stranded, unreached }
}

impl<'a> Network<'a> {
    fn new(tree: &Tree, cells: &'a Cells, lambda: &[f64], (lower, upper): (f64, f64), epsilon: f64) -> Self {
        let k = lambda.len();
        let mut potential = lambda.to_vec();
        potential.push(0.0);
        // Complementary slackness with the hub: λ > 0 holds a cell at its lower bound, λ < 0 at its upper.
        let level: Vec<f64> = lambda
            .iter()
            .zip(&cells.sums)
            .map(|(&l, sums)| match l.total_cmp(&0.0) {
                Ordering::Greater => lower,
                Ordering::Less => upper,
                Ordering::Equal => sums.weight.clamp(lower, upper),
            })
            .collect();
        let mut excess: Vec<f64> = cells.sums.iter().zip(&level).map(|(sums, z)| sums.weight - z).collect();
        excess.push(-excess.iter().sum::<f64>());
        let mut network = Self {
            cells,
            lower,
            upper,
            hub: k,
            owner: vec![0; cells.candidates.len()],
            mass: vec![0.0; cells.candidates.len()],
            arcs: (0..k).map(|_| Vec::new()).collect(),
            potential,
            excess,
            open: BTreeSet::new(),
            level,
            epsilon,
            distance: vec![f64::INFINITY; k + 1],
            step: vec![(0, Step::None); k + 1],
            done: vec![false; k + 1],
            touched: Vec::new(),
            short: vec![false; k],
            stranded: vec![false; k],
            unreached: vec![false; k],
        };
        for (owner, &(position, first)) in cells.near.iter().enumerate() {
            network.mass[first as usize] = tree.weights[position as usize];
            for entry in cells.entries(owner) {
                network.owner[entry] = owner as u32;
            }
            network.offer(first as usize);
        }
        for cell in 0..k {
            network.reopen(cell, true);
        }
        network
    }

    /// Offers the point that has mass at entry `from` to its other cells.
    fn offer(&mut self, from: usize) {
        let (cell, cost) = self.cells.candidates[from];
        for to in self.cells.entries(self.owner[from] as usize) {
            if to == from {
                continue;
            }
            let (other, other_cost) = self.cells.candidates[to];
            let offer = Offer { key: other_cost - cost, from: from as u32, to: to as u32 };
            let row = &mut self.arcs[cell as usize];
            match row.iter_mut().find(|arc| arc.0 == other) {
                Some(arc) => arc.1.push(offer),
                None => row.push((other, BinaryHeap::from(vec![offer]))),
            }
        }
    }

    /// Takes `cell` out of the hub's arcs, or puts it in if it is above its lower bound.
    fn reopen(&mut self, cell: usize, insert: bool) {
        // Bits that order like the number itself, negated: the highest potential first.
        let bits = (-self.potential[cell]).to_bits();
        let key = (if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }, cell as u32);
        if !insert {
            self.open.remove(&key);
        } else if self.level[cell] > self.lower + self.epsilon {
            self.open.insert(key);
        }
    }

    /// Dijkstra from `source` to the nearest node with a deficit; updates the potentials.
    fn shortest_path(&mut self, source: usize) -> Option<usize> {
        let open = std::mem::take(&mut self.open);
        let mut hub_arcs = open.iter().map(|&(_, cell)| cell as usize);
        let mut queue = BinaryHeap::new();
        self.distance[source] = 0.0;
        self.touched.push(source as u32);
        queue.push(Offer { key: 0.0, from: source as u32, to: 0 });
        let mut target = None;
        while let Some(Offer { key, from, .. }) = queue.pop() {
            let node = from as usize;
            // The hub's arcs are walked one at a time: its entry comes back at the length of the last one.
            if node == self.hub && (self.done[node] || self.excess[node] >= -self.epsilon) {
                self.done[node] = true;
                if let Some(cell) = hub_arcs.next() {
                    let from_hub = (self.potential[node] - self.potential[cell]).max(0.0);
                    let at = self.distance[node];
                    self.reach(cell, at + from_hub, (node, Step::Slack), &mut queue);
                    queue.push(Offer { key: at + from_hub, from, to: 0 });
                }
                continue;
            }
            if self.done[node] {
                continue;
            }
            if self.excess[node] < -self.epsilon {
                target = Some(node);
                break;
            }
            self.done[node] = true;
            self.relax(node, key, &mut queue);
        }
        self.open = open;
        if let Some(target) = target {
            let end = self.distance[target];
            for i in 0..self.touched.len() {
                let node = self.touched[i] as usize;
                if self.done[node] && self.distance[node] != end {
                    let cell = node != self.hub;
                    if cell {
                        self.reopen(node, false);
                    }
                    self.potential[node] += self.distance[node] - end;
                    if cell {
                        self.reopen(node, true);
                    }
                }
            }
        }
        if target.is_none() && self.excess[source] > 2.0 * self.potential.len() as f64 * self.epsilon {
            self.mark_missing();
        }
        for node in self.touched.drain(..) {
            self.distance[node as usize] = f64::INFINITY;
            self.done[node as usize] = false;
        }
        target
    }

    /// Marks the cells at which points are missing, after a search that found no way: on the smaller side of the gap.
    fn mark_missing(&mut self) {
        if self.touched.len() > self.hub / 2 {
            for cell in 0..self.hub {
                self.unreached[cell] |= !self.done[cell];
            }
            return;
        }
        let exits = |network: &Self, cell: usize| {
            network.done[cell]
                && network.arcs[cell].iter().any(|(to, offers)| !network.done[*to as usize] && offers.is_empty())
        };
        let any = (0..self.hub).any(|cell| exits(self, cell));
        for cell in 0..self.hub {
            self.stranded[cell] |= if any { exits(self, cell) } else { self.done[cell] };
        }
    }

    fn reach(&mut self, to: usize, distance: f64, step: (usize, Step), queue: &mut BinaryHeap<Offer>) {
        if !self.done[to] && distance < self.distance[to] {
            if self.distance[to] == f64::INFINITY {
                self.touched.push(to as u32);
            }
            self.distance[to] = distance;
            self.step[to] = (step.0 as u32, step.1);
            queue.push(Offer { key: distance, from: to as u32, to: 0 });
        }
    }

    /// Looks along the arcs of a cell.
    fn relax(&mut self, node: usize, at: f64, queue: &mut BinaryHeap<Offer>) {
        if self.level[node] < self.upper - self.epsilon {
            let reduced = (self.potential[node] - self.potential[self.hub]).max(0.0);
            self.reach(self.hub, at + reduced, (node, Step::Slack), queue);
        }
        let mut row = std::mem::take(&mut self.arcs[node]);
        for (to, offers) in &mut row {
            let to = *to as usize;
            while offers.peek().is_some_and(|o| self.mass[o.from as usize] <= 0.0) {
                offers.pop();
            }
            if let Some(&Offer { key, from, to: entry }) = offers.peek() {
                let reduced = (key + self.potential[node] - self.potential[to]).max(0.0);
                self.reach(to, at + reduced, (node, Step::Point { from, to: entry }), queue);
            } else {
                self.short[node] = true;
            }
        }
        self.arcs[node] = row;
    }

    fn augment(&mut self, source: usize, target: usize) {
        let mut amount = self.excess[source].min(-self.excess[target]);
        self.walk(source, target, |network, node, before, step| {
            let room = match step {
                Step::Point { from, .. } => network.mass[from as usize],
                Step::Slack if node == network.hub => network.upper - network.level[before],
                Step::Slack => network.level[node] - network.lower,
                Step::None => 0.0,
            };
            amount = amount.min(room);
        });
        self.walk(source, target, |network, node, before, step| match step {
            Step::Point { from, to } => {
                let (from, to) = (from as usize, to as usize);
                let rest = network.mass[from] - amount;
                network.mass[from] = if rest > 1e-12 * amount { rest } else { 0.0 };
                let fresh = network.mass[to] <= 0.0;
                network.mass[to] += amount;
                if fresh {
                    network.offer(to);
                }
            }
            Step::Slack => {
                let (cell, change) = if node == network.hub { (before, amount) } else { (node, -amount) };
                network.reopen(cell, false);
                network.level[cell] += change;
                network.reopen(cell, true);
            }
            Step::None => {}
        });
        self.excess[source] -= amount;
        self.excess[target] += amount;
    }

    fn walk(&mut self, source: usize, target: usize, mut each: impl FnMut(&mut Self, usize, usize, Step)) {
        let mut node = target;
        while node != source {
            let (before, step) = self.step[node];
            each(self, node, before as usize, step);
            node = before as usize;
        }
    }
}
