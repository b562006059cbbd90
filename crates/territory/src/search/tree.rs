//! An implicit tree over points that lie near one another in their order (leaves of eight, fan-out four), and the pass that gives
//! every point to the centre of least power distance |x − c|² − λ by filtering candidates down the tree.
//!
//! The difference of two power distances is linear in x, so its extremes over a node's box are known: a candidate that cannot
//! win anywhere in the box is dropped, and where one is left the whole node is assigned from its sums. Exact, and close to
//! linear in the number of points (the filtering idea is that of Kanungo et al. 2002, doi:10.1109/TPAMI.2002.1017616).
//!
//! With several measures a point also has *tilts*: how far its mix of measures is from the mean mix. A centre's price ν per
//! tilt adds −ν·tilt to the power distance, which stays linear, so that filtering works as before.

use super::candidates::Stack;
use super::points::Points;
use crate::parallel;
use crate::terms::{Mass, Moments};

pub(super) const LEAF: usize = 8;
const FAN: usize = 4;
/// Subtrees of about this many points are the pieces of parallel work.
const PIECE: usize = LEAF * FAN * FAN * FAN * FAN * FAN;

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) centre: [f64; 3],
    pub(super) half: [f64; 3],
    moments: Moments,
    load: f64,
}

/// Tilts of the points below a node.
#[derive(Clone, Debug)]
pub(super) struct TiltBox {
    pub(super) centre: f64,
    pub(super) half: f64,
    /// Σ load · tilt.
    sum: f64,
}

/// Centres of a power diagram, in columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Centres {
    pub at: Vec<[f64; 3]>,
    /// Additive weight λ, km².
    pub lambda: Vec<f64>,
    /// Prices of the tilts, km²: one column a dimension.
    pub tilt_prices: Vec<Vec<f64>>,
    /// Distance to the nearest other centre, km.
    pub spacing: Vec<f64>,
}

/// What a pass over all points gathers per centre.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub load: Vec<f64>,
    pub moments: Vec<Moments>,
    /// Σ load · tilt, one column a dimension.
    pub tilts: Vec<Vec<f64>>,
    /// Points near borders: (centre, second best centre, load within the band / width of the band).
    pub borders: Vec<(u32, u32, f64)>,
    /// Tilts of these points.
    pub border_tilts: Vec<f64>,
}

/// The tree.
pub(crate) struct Tree<'a> {
    points: &'a Points<'a>,
    /// Levels from the leaves up; node `i` of level `l` covers `LEAF · FAN^l` points.
    levels: Vec<Vec<Node>>,
    /// Beside `levels`: `dims` boxes a node.
    tilts: Vec<Vec<TiltBox>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(points: &'a Points<'a>) -> Self {
        let leaves = parallel::map_runs(points.len().div_ceil(LEAF), |leaf| {
            let range = leaf * LEAF..points.len().min((leaf + 1) * LEAF);
            leaf_of(&points.masses[range.clone()], &points.loads[range])
        });
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|l| l.len() > 1) {
            let children = |i: usize| &below[i * FAN..below.len().min((i + 1) * FAN)];
            let level = parallel::map_runs(below.len().div_ceil(FAN), |i| parent_of(children(i)));
            levels.push(level);
        }
        let mut tree = Self { points, levels, tilts: Vec::new() };
        tree.set_tilts();
        tree
    }

    fn set_tilts(&mut self) {
        let (points, dims) = (self.points, self.points.dims);
        if dims == 0 {
            return;
        }
        let mut level = Vec::with_capacity(self.levels[0].len() * dims);
        for leaf in 0..self.levels[0].len() {
            let range = leaf * LEAF..((leaf + 1) * LEAF).min(points.len());
            for d in 0..dims {
                level.push(tilt_box(range.clone().map(|i| {
                    let tilt = points.tilt(i)[d];
                    TiltBox { centre: tilt, half: 0.0, sum: points.loads[i] * tilt }
                })));
            }
        }
        self.tilts.push(level);
        for l in 1..self.levels.len() {
            let below = &self.tilts[l - 1];
            let mut level = Vec::with_capacity(self.levels[l].len() * dims);
            for node in 0..self.levels[l].len() {
                let range = node * FAN..((node + 1) * FAN).min(self.levels[l - 1].len());
                for d in 0..dims {
                    level.push(tilt_box(range.clone().map(|i| below[i * dims + d].clone())));
                }
            }
            self.tilts.push(level);
        }
    }

    /// Gives every point to its centre. With `band > 0` the loads near borders are gathered too, for points whose power
    /// margin is under band · D · min(D, spacings), D the distance of the two centres. `parts` receives the centre of every
    /// point unless it is empty.
    pub(crate) fn assign(&self, centres: &Centres, band: f64, parts: &mut [u32]) -> Cells {
        let k = centres.at.len();
        let level =
            (0..self.levels.len()).find(|&l| LEAF * FAN.pow(l as u32) >= PIECE).unwrap_or(self.levels.len() - 1);
        let size = LEAF * FAN.pow(level as u32);
        let near = self.near(centres, band, level);
        let mut all = vec![Cells::default(); near.len()];
        let run = |piece: usize, cells: &mut Cells, parts: &mut [u32]| {
            let near = &near[piece][..];
            *cells = Cells::new(near.len(), self.points.dims);
            let stack = Stack::of(centres, near);
            let mut pass = Pass { tree: self, band, parts, first: piece * size, near, cells, stack };
            pass.visit(level, piece, 0, near.len());
        };
        if parts.is_empty() {
            parallel::for_each(&mut all, |piece, cells| run(piece, cells, &mut []));
        } else {
            let mut work: Vec<(&mut Cells, &mut [u32])> = all.iter_mut().zip(parts.chunks_mut(size)).collect();
            parallel::for_each(&mut work, |piece, (cells, parts)| run(piece, cells, parts));
        }
        let mut sum = Cells::new(k, self.points.dims);
        for (cells, near) in all.into_iter().zip(&near) {
            for (i, &j) in near.iter().enumerate() {
                sum.load[j as usize] += cells.load[i];
                sum.moments[j as usize].merge(&cells.moments[i]);
                for (sum, tilts) in sum.tilts.iter_mut().zip(&cells.tilts) {
                    sum[j as usize] += tilts[i];
                }
            }
            sum.borders.extend(cells.borders);
            sum.border_tilts.extend(cells.border_tilts);
        }
        sum
    }

    /// For every node of a level the centres that may win in its parent's box, or come within the band of that, ascending; all of
    /// them for a root.
    fn near(&self, centres: &Centres, band: f64, level: usize) -> Vec<Vec<u32>> {
        let top = self.levels.len() - 1;
        let mut near: Vec<Vec<u32>> = vec![(0..centres.at.len() as u32).collect()];
        for level in (level..top).rev() {
            // What a node leaves over is what its children begin with.
            let mut kept = parallel::map(near.len(), |node| {
                let mut stack = Stack::of(centres, &near[node]);
                stack.narrow((0, near[node].len()), &self.levels[level + 1][node], self.boxes(level + 1, node), band);
                stack.id[near[node].len()..stack.len].iter().map(|&i| near[node][i as usize]).collect::<Vec<u32>>()
            });
            near = (0..self.levels[level].len())
                .map(|child| {
                    let last = child + 1 == self.levels[level].len() || (child + 1) % FAN == 0;
                    if last { std::mem::take(&mut kept[child / FAN]) } else { kept[child / FAN].clone() }
                })
                .collect();
        }
        near
    }

    /// Boxes of a node's tilts.
    fn boxes(&self, level: usize, index: usize) -> &[TiltBox] {
        let dims = self.points.dims;
        if dims > 0 { &self.tilts[level][index * dims..][..dims] } else { &[] }
    }
}

impl Cells {
    fn new(k: usize, dims: usize) -> Self {
        let (load, moments, tilts) = (vec![0.0; k], vec![Moments::default(); k], vec![vec![0.0; k]; dims]);
        Self { load, moments, tilts, borders: Vec::new(), border_tilts: Vec::new() }
    }
}

const EMPTY: Node = Node {
    centre: [0.0; 3],
    half: [0.0; 3],
    moments: Moments { weight: 0.0, first: [0.0; 3], second: 0.0 },
    load: 0.0,
};

fn tilt_box(below: impl Iterator<Item = TiltBox>) -> TiltBox {
    let (mut low, mut high, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for b in below {
        low = low.min(b.centre - b.half);
        high = high.max(b.centre + b.half);
        sum += b.sum;
    }
    TiltBox { centre: (low + high) / 2.0, half: (high - low) / 2.0 * (1.0 + 1e-9) + 1e-12, sum }
}

fn leaf_of(masses: &[Mass], loads: &[f64]) -> Node {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let mut node = EMPTY;
    for (mass, load) in masses.iter().zip(loads) {
        for i in 0..3 {
            low[i] = low[i].min(mass.at[i]);
            high[i] = high[i].max(mass.at[i]);
        }
        node.moments.add(mass);
        node.load += load;
    }
    set_box(&mut node, low, high);
    node
}

fn parent_of(children: &[Node]) -> Node {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    let mut node = EMPTY;
    for child in children {
        for i in 0..3 {
            low[i] = low[i].min(child.centre[i] - child.half[i]);
            high[i] = high[i].max(child.centre[i] + child.half[i]);
        }
        node.moments.merge(&child.moments);
        node.load += child.load;
    }
    set_box(&mut node, low, high);
    node
}

fn set_box(node: &mut Node, low: [f64; 3], high: [f64; 3]) {
    for i in 0..3 {
        node.centre[i] = (low[i] + high[i]) / 2.0;
        // A hair wider than the points, so that rounding never drops the winner.
        node.half[i] = (high[i] - low[i]) / 2.0 * (1.0 + 1e-9) + 1e-9;
    }
}

struct Pass<'a, 'b> {
    tree: &'b Tree<'a>,
    band: f64,
    parts: &'b mut [u32],
    first: usize,
    /// Centres that the piece begins with; ids in the stack are places among them.
    near: &'b [u32],
    /// One entry for each of them.
    cells: &'b mut Cells,
    stack: Stack,
}

impl Pass<'_, '_> {
    fn visit(&mut self, level: usize, index: usize, from: usize, to: usize) {
        let node = &self.tree.levels[level][index];
        let boxes = self.tree.boxes(level, index);
        self.stack.narrow((from, to), node, boxes, self.band);
        let end = self.stack.len;
        if end == to + 1 {
            let j = self.stack.id[to];
            self.cells.load[j as usize] += node.load;
            self.cells.moments[j as usize].merge(&node.moments);
            for (column, b2) in self.cells.tilts.iter_mut().zip(boxes) {
                column[j as usize] += b2.sum;
            }
            if !self.parts.is_empty() {
                let size = LEAF * FAN.pow(level as u32);
                let range = index * size..((index + 1) * size).min(self.tree.points.len());
                self.parts[range.start - self.first..range.end - self.first].fill(self.near[j as usize]);
            }
        } else if level == 0 {
            self.leaf(index, to, end);
        } else {
            let children = index * FAN..((index + 1) * FAN).min(self.tree.levels[level - 1].len());
            for child in children {
                self.visit(level - 1, child, to, end);
            }
        }
        self.stack.len = to;
    }

    /// Every point of a leaf by itself, all of them against one candidate after another, so that evaluating them vectorises.
    fn leaf(&mut self, index: usize, from: usize, to: usize) {
        let first = index * LEAF;
        let range = first..self.tree.points.len().min(first + LEAF);
        let (masses, loads) = (&self.tree.points.masses[range.clone()], &self.tree.points.loads[range]);
        let mut at = [[0.0; LEAF]; 3];
        for (i, mass) in masses.iter().enumerate() {
            (0..3).for_each(|axis| at[axis][i] = mass.at[axis]);
        }
        let [x, y, z] = &at;
        let mut ranks = Ranks::NONE;
        for c in from..to {
            let (centre, offset) = (self.stack.centre(c), self.stack.offset[c]);
            let mut values = [0.0; LEAF];
            for i in 0..LEAF {
                values[i] = offset - 2.0 * (centre[0] * x[i] + centre[1] * y[i] + centre[2] * z[i]);
            }
            for (d, column) in self.stack.tilts.iter().enumerate() {
                for (i, v) in values.iter_mut().enumerate().take(masses.len()) {
                    *v -= column[c] * self.tree.points.tilt(first + i)[d];
                }
            }
            ranks.take(c, &values);
        }
        let mut border = Border::default();
        for (i, (mass, &load)) in masses.iter().zip(loads).enumerate() {
            let tilts = self.tree.points.tilt(first + i);
            let j = self.stack.id[ranks.best[i] as usize];
            self.cells.load[j as usize] += load;
            self.cells.moments[j as usize].add(mass);
            for (column, tilt) in self.cells.tilts.iter_mut().zip(tilts) {
                column[j as usize] += load * tilt;
            }
            if !self.parts.is_empty() {
                self.parts[first + i - self.first] = self.near[j as usize];
            }
            if self.band > 0.0 && ranks.second[i] < f64::INFINITY {
                let between = (ranks.best[i] as usize, ranks.next[i] as usize);
                if between != border.between {
                    border = self.border(between);
                }
                self.book(&border, ranks.second[i] - ranks.least[i], load, tilts);
            }
        }
    }

    /// The border of two candidates.
    fn border(&self, between: (usize, usize)) -> Border {
        let (c, d) = between;
        let distance = crate::space::squared_distance(self.stack.centre(c), self.stack.centre(d)).sqrt();
        let width = self.band * distance * distance.min(self.stack.spacing[c].min(self.stack.spacing[d]));
        let [i, j] = [c, d].map(|at| self.near[self.stack.id[at] as usize]);
        Border { between, cells: (i.min(j), i.max(j)), width }
    }

    /// Books a point for whom a border is the nearest, by the power distances to its two centres.
    #[inline]
    fn book(&mut self, border: &Border, margin: f64, load: f64, tilts: &[f64]) {
        // Points outside the band still say that the two cells meet.
        let conductance = if margin < border.width { load / (2.0 * border.width) } else { 0.0 };
        let (i, j) = border.cells;
        // Without tilts one entry does for a run of points at the same border.
        if tilts.is_empty()
            && let Some(last) = self.cells.borders.last_mut().filter(|b| (b.0, b.1) == (i, j))
        {
            last.2 += conductance;
            return;
        }
        self.cells.borders.push((i, j, conductance));
        self.cells.border_tilts.extend_from_slice(tilts);
    }
}

/// Where two cells meet.
#[derive(Default)]
struct Border {
    /// Positions of the two candidates.
    between: (usize, usize),
    /// Their cells, ascending.
    cells: (u32, u32),
    /// Power margin of points within the band.
    width: f64,
}

/// The two best candidates of every point of a leaf, ties to the one that came first.
struct Ranks {
    least: [f64; LEAF],
    second: [f64; LEAF],
    /// Positions, as wide as the values beside them.
    best: [u64; LEAF],
    next: [u64; LEAF],
}

impl Ranks {
    const NONE: Self =
        Self { least: [f64::INFINITY; LEAF], second: [f64::INFINITY; LEAF], best: [0; LEAF], next: [0; LEAF] };

    /// Takes the values of a candidate at all points into account.
    #[inline]
    fn take(&mut self, candidate: usize, values: &[f64; LEAF]) {
        let c = candidate as u64;
        for (i, &v) in values.iter().enumerate() {
            let (least, second, best) = (self.least[i], self.second[i], self.best[i]);
            let (wins, follows) = (v < least, v < second);
            let (value, place) = if follows { (v, c) } else { (second, self.next[i]) };
            (self.second[i], self.next[i]) = if wins { (least, best) } else { (value, place) };
            (self.least[i], self.best[i]) = if wins { (v, c) } else { (least, best) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Random;

    #[test]
    fn filtering_equals_the_direct_search() {
        equals_the_direct_search(3_000, 0.0);
        // In several pieces. Where the second best centre is outside the band the third may be taken for it.
        equals_the_direct_search(30_000, 1e-3);
    }

    fn equals_the_direct_search(count: usize, missed: f64) {
        let mut random = Random::stream(3, 0, 0);
        let mut masses: Vec<Mass> = (0..count)
            .map(|_| {
                let at = [random.unit() * 100.0, random.unit() * 50.0, random.unit()];
                Mass { at, weight: random.unit() }
            })
            .collect();
        masses.sort_by(|a, b| a.at[0].total_cmp(&b.at[0]));
        let loads: Vec<f64> = masses.iter().map(|_| random.unit()).collect();
        let at: Vec<[f64; 3]> = (0..40).map(|i| masses[i * count / 40].at).collect();
        let lambda: Vec<f64> = (0..40).map(|_| random.unit() * 200.0).collect();
        let tilt_prices = vec![(0..40).map(|_| random.unit() * 300.0).collect()];
        let centres = Centres { spacing: vec![5.0; 40], at, lambda, tilt_prices };
        let tilts: Vec<f64> = masses.iter().map(|_| random.unit() - 0.5).collect();
        let points = Points { masses: masses.into(), loads: loads.into(), tilts, dims: 1 };
        for points in [points.clone(), points.arranged()] {
            check(&points, &centres, missed);
        }
    }

    fn check(points: &Points<'_>, centres: &Centres, missed: f64) {
        let mut parts = vec![u32::MAX; points.len()];
        let cells = Tree::new(points).assign(centres, 0.1, &mut parts);
        let mut load = vec![0.0; 40];
        let mut borders = std::collections::BTreeMap::new();
        let all = points.masses.iter().zip(points.loads.iter()).zip(&points.tilts);
        for (((mass, own), tilt), &part) in all.zip(&parts) {
            let power = |j: usize| {
                crate::space::squared_distance(mass.at, centres.at[j])
                    - centres.lambda[j]
                    - centres.tilt_prices[0][j] * tilt
            };
            let best = (0..40).min_by(|&a, &b| power(a).total_cmp(&power(b))).unwrap_or(0);
            assert!(power(part as usize) <= power(best) + 1e-6, "{part} is not the nearest, {best} is");
            load[part as usize] += own;
            let next = (0..40).filter(|&j| j != best).min_by(|&a, &b| power(a).total_cmp(&power(b))).unwrap_or(0);
            let distance = crate::space::squared_distance(centres.at[best], centres.at[next]).sqrt();
            let width = 0.1 * distance * distance.min(5.0);
            if power(next) - power(best) < width {
                *borders.entry((best.min(next) as u32, best.max(next) as u32)).or_insert(0.0) += own / (2.0 * width);
            }
        }
        let all: f64 = borders.values().sum();
        for &(i, j, conductance) in &cells.borders {
            *borders.entry((i, j)).or_insert(0.0) -= conductance;
        }
        let differences: f64 = borders.values().map(|left| left.abs()).sum();
        assert!(differences < 1e-9 + missed * all, "{differences} of {all}: {borders:?}");
        for (own, cell) in load.iter().zip(&cells.load) {
            assert!((own - cell).abs() < 1e-6);
        }
        assert!(!cells.borders.is_empty());
    }
}
