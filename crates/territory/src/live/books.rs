//! The books of a live plan: per territory its units, sums, moments and pieces; over all the links between territories and which units
//! have one. [`Books::shift`] is the only place that changes an assignment.
//!
//! All of it depends on the assignment alone, bit for bit, and not on the moves that led there: sums are kept on grids
//! ([`super::fixed`]), the rest are whole numbers. Only the order of [`Books::border`] remembers the past.

use super::fixed::Grid;
use super::walks::Walks;
use crate::problem::Problem;
use crate::space::squared_distance;
use crate::terms::{Mass, Moments};

/// The links between territories, on grids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) edges: i64,
    pub(super) weight: i128,
    pub(super) border: i128,
}

/// The grids of all columns.
#[derive(Clone, Debug)]
struct Grids {
    measures: Vec<Grid>,
    /// Of w, w·x and w·|x|².
    moments: [Grid; 3],
    weight: Grid,
    border: Grid,
}

/// What is kept current with every move.
#[derive(Clone, Debug)]
pub(super) struct Books {
    part: Vec<u32>,
    sizes: Vec<u32>,
    pieces: Vec<u32>,
    /// `[territory * measures + measure]`.
    sums: Vec<i128>,
    /// Σ w, Σ w·x in three axes, Σ w·|x|².
    moments: Vec<[i128; 5]>,
    links: Links,
    /// Neighbours of every unit in other territories.
    outside: Vec<u32>,
    border: Vec<u32>,
    place: Vec<u32>,
    /// Where every territory is measured from, for measures that depend on it.
    anchors: Vec<Option<[f64; 3]>>,
    /// The mean location, which masses are relative to.
    mean: [f64; 3],
    grids: Grids,
    masses: Vec<Mass>,
    walks: Walks,
}

impl Books {
    /// Books of an assignment to territories with these anchors, as many as there are territories.
    pub(super) fn new(problem: &Problem, anchors: Vec<Option<[f64; 3]>>, part: Vec<u32>) -> Self {
        let k = anchors.len();
        let (n, m) = (problem.units(), problem.measures().len());
        let (masses, mean) = masses(problem);
        let mut books = Self {
            sizes: vec![0; k],
            pieces: vec![0; k],
            sums: vec![0; k * m],
            moments: vec![[0; 5]; k],
            links: Links::default(),
            outside: vec![0; n],
            border: Vec::new(),
            place: vec![0; n],
            anchors,
            mean,
            grids: Grids::new(problem, &masses),
            masses,
            walks: Walks::new(n),
            part,
        };
        for unit in 0..n as u32 {
            let territory = books.part[unit as usize];
            books.sizes[territory as usize] += 1;
            books.count_load(problem, unit, territory, 1);
            let graph = problem.graph();
            for link in graph.row(unit) {
                let v = graph.links()[link];
                if books.part[v as usize] != territory {
                    books.outside[unit as usize] += 1;
                    if v > unit {
                        books.count_link(problem, link, 1);
                    }
                }
            }
            if books.outside[unit as usize] > 0 {
                books.enter_border(unit);
            }
        }
        let all: Vec<u32> = (0..k as u32).collect();
        books.recount_pieces(problem, &all);
        books
    }

    pub(super) fn part(&self) -> &[u32] {
        &self.part
    }

    /// Territory of a unit.
    #[inline]
    pub(super) fn of(&self, unit: u32) -> u32 {
        self.part[unit as usize]
    }

    #[inline]
    pub(super) fn size(&self, territory: u32) -> u32 {
        self.sizes[territory as usize]
    }

    #[inline]
    pub(super) fn pieces(&self, territory: u32) -> u32 {
        self.pieces[territory as usize]
    }

    pub(super) fn links(&self) -> Links {
        self.links
    }

    /// Units with a neighbour in another territory, in no order that may matter.
    pub(super) fn border(&self) -> &[u32] {
        &self.border
    }

    pub(super) fn mass(&self, unit: u32) -> &Mass {
        &self.masses[unit as usize]
    }

    /// Sum of a measure over a territory's units, in the measure's unit.
    pub(super) fn sum(&self, territory: u32, measure: usize) -> f64 {
        let measures = self.grids.measures.len();
        self.grids.measures[measure].get(self.sums[territory as usize * measures + measure])
    }

    /// Moments of a territory about the mean location of all units.
    pub(super) fn moments(&self, territory: u32) -> Moments {
        let ([w, x, y, z, second], [mass, first, square]) = (self.moments[territory as usize], self.grids.moments);
        Moments { weight: mass.get(w), first: [first.get(x), first.get(y), first.get(z)], second: square.get(second) }
    }

    /// Where a territory is measured from instead of its centroid, relative to the mean location.
    pub(super) fn anchor(&self, territory: u32) -> Option<[f64; 3]> {
        let at = self.anchors.get(territory as usize).copied().flatten()?;
        Some([0, 1, 2].map(|axis| at[axis] - self.mean[axis]))
    }

    /// Moment of inertia of a territory about its anchor, or its centroid.
    pub(super) fn inertia(&self, territory: u32) -> f64 {
        let moments = self.moments(territory);
        let shift = |at| moments.weight * squared_distance(moments.centroid(), at);
        moments.inertia() + self.anchor(territory).map_or(0.0, shift)
    }

    /// Weight and border length in km of links on their grids.
    pub(super) fn lengths(&self, links: Links) -> (f64, f64) {
        (self.grids.weight.get(links.weight), self.grids.border.get(links.border))
    }

    /// Room for one more territory, empty.
    pub(super) fn push_territory(&mut self, anchor: Option<[f64; 3]>) {
        self.anchors.push(anchor);
        self.sizes.push(0);
        self.pieces.push(0);
        self.sums.resize(self.sums.len() + self.grids.measures.len(), 0);
        self.moments.push([0; 5]);
    }

    /// Takes the last territory away, which is empty.
    pub(super) fn pop_territory(&mut self) {
        self.anchors.pop();
        self.sizes.pop();
        self.pieces.pop();
        self.sums.truncate(self.sums.len() - self.grids.measures.len());
        self.moments.pop();
    }

    /// What taking `unit` out of its territory and into `to` adds to the pieces of either.
    pub(super) fn piece_changes(&mut self, problem: &Problem, unit: u32, to: u32) -> (i64, i64) {
        let (graph, from) = (problem.graph(), self.of(unit));
        let left = self.walks.pieces_beside(graph, &self.part, unit, from);
        // A territory in one piece is joined or not; only of several it must be asked which.
        let joined = if self.pieces(to) == 1 {
            u32::from(graph.neighbours(unit).iter().any(|&v| self.of(v) == to))
        } else {
            self.walks.pieces_beside(graph, &self.part, unit, to)
        };
        (i64::from(left) - 1, 1 - i64::from(joined))
    }

    /// Moves a unit and keeps the pieces current; what it adds to those of the territory that it leaves and the one that it enters.
    pub(super) fn step(&mut self, problem: &Problem, unit: u32, to: u32) -> (i64, i64) {
        let from = self.of(unit);
        let (left, joined) = self.piece_changes(problem, unit, to);
        self.shift(problem, unit, to);
        self.add_pieces(from, left);
        self.add_pieces(to, joined);
        (left, joined)
    }

    fn add_pieces(&mut self, territory: u32, change: i64) {
        let pieces = &mut self.pieces[territory as usize];
        *pieces = (i64::from(*pieces) + change) as u32;
    }

    /// Sets the pieces of a territory, where they are known.
    pub(super) fn set_pieces(&mut self, territory: u32, pieces: u32) {
        self.pieces[territory as usize] = pieces;
    }

    /// Counts the pieces of some territories anew.
    pub(super) fn recount_pieces(&mut self, problem: &Problem, territories: &[u32]) {
        let mut wanted = vec![false; self.sizes.len()];
        for &t in territories {
            wanted[t as usize] = true;
            self.pieces[t as usize] = 0;
        }
        let Self { walks, part, pieces, .. } = self;
        let count = |piece: &[u32]| piece.iter().take(1).for_each(|&u| pieces[part[u as usize] as usize] += 1);
        walks.sweep(problem.graph(), part, |t| wanted[t as usize], count);
    }

    /// The pieces of a territory, each in breadth-first order from its first unit.
    pub(super) fn pieces_of(&mut self, problem: &Problem, territory: u32) -> Vec<Vec<u32>> {
        self.walks.pieces_of(problem.graph(), &self.part, territory)
    }

    /// Moves a unit to another territory. Pieces are not looked at.
    pub(super) fn shift(&mut self, problem: &Problem, unit: u32, to: u32) {
        let from = std::mem::replace(&mut self.part[unit as usize], to);
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        self.count_load(problem, unit, from, -1);
        self.count_load(problem, unit, to, 1);
        let graph = problem.graph();
        for link in graph.row(unit) {
            let v = graph.links()[link];
            let other = self.of(v);
            if other == from {
                self.count_link(problem, link, 1);
                self.count_outside(v, 1);
                self.count_outside(unit, 1);
            } else if other == to {
                self.count_link(problem, link, -1);
                self.count_outside(v, -1);
                self.count_outside(unit, -1);
            }
        }
    }

    /// What a unit adds to a measure in a territory.
    #[inline]
    pub(super) fn load(&self, problem: &Problem, measure: usize, unit: u32, territory: u32) -> f64 {
        let anchor = self.anchors.get(territory as usize).copied().flatten();
        problem.load_from(measure, unit as usize, anchor)
    }

    fn count_load(&mut self, problem: &Problem, unit: u32, territory: u32, sign: i128) {
        let measures = self.grids.measures.len();
        for m in 0..measures {
            let load = self.grids.measures[m].put(self.load(problem, m, unit, territory));
            let sum = &mut self.sums[territory as usize * measures + m];
            *sum = sum.wrapping_add(sign.wrapping_mul(load));
        }
        let added = on_grids(&self.masses[unit as usize], &self.grids.moments);
        for (sum, value) in self.moments[territory as usize].iter_mut().zip(added) {
            *sum = sum.wrapping_add(sign.wrapping_mul(value));
        }
    }

    fn count_link(&mut self, problem: &Problem, link: usize, sign: i64) {
        let graph = problem.graph();
        self.links.edges += sign;
        let sign = i128::from(sign);
        let (weight, border) = (f64::from(graph.weight(link)), f64::from(graph.borders_km()[link]));
        self.links.weight = self.links.weight.wrapping_add(sign.wrapping_mul(self.grids.weight.put(weight)));
        self.links.border = self.links.border.wrapping_add(sign.wrapping_mul(self.grids.border.put(border)));
    }

    fn count_outside(&mut self, unit: u32, sign: i32) {
        let outside = &mut self.outside[unit as usize];
        let before = *outside;
        *outside = before.wrapping_add_signed(sign);
        match (before, *outside) {
            (0, 1) => self.enter_border(unit),
            (1, 0) => self.leave_border(unit),
            _ => {}
        }
    }

    fn enter_border(&mut self, unit: u32) {
        self.place[unit as usize] = self.border.len() as u32;
        self.border.push(unit);
    }

    fn leave_border(&mut self, unit: u32) {
        let place = self.place[unit as usize];
        self.border.swap_remove(place as usize);
        if let Some(&moved) = self.border.get(place as usize) {
            self.place[moved as usize] = place;
        }
    }
}

#[cfg(test)]
impl Books {
    /// All that there is but the order of the border, for comparison bit by bit.
    pub(super) fn bits(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let mut border = self.border.clone();
        border.sort_unstable();
        let rows = (self.sizes.clone(), self.pieces.clone(), self.sums.clone(), self.moments.clone());
        (self.part.clone(), rows, self.links, self.outside.clone(), border)
    }
}

/// Locations about the mean of all, so that differences of large squares keep their digits, with the measure that weights compactness.
fn masses(problem: &Problem) -> (Vec<Mass>, [f64; 3]) {
    let points = problem.locations().points();
    let count = points.len().max(1) as f64;
    let mean = [0, 1, 2].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / count);
    let weights = &problem.measures()[problem.weight()].values;
    let mass = |(p, &weight): (&[f64; 3], &f64)| Mass { at: [0, 1, 2].map(|axis| p[axis] - mean[axis]), weight };
    (points.iter().zip(weights).map(mass).collect(), mean)
}

fn on_grids(mass: &Mass, [w, first, second]: &[Grid; 3]) -> [i128; 5] {
    let ([x, y, z], weight) = (mass.at, mass.weight);
    let square = x * x + y * y + z * z;
    [w.put(weight), first.put(weight * x), first.put(weight * y), first.put(weight * z), second.put(weight * square)]
}

impl Grids {
    fn new(problem: &Problem, masses: &[Mass]) -> Self {
        let graph = problem.graph();
        let total = problem.total_weight();
        let radius = masses.iter().flat_map(|m| m.at).fold(0.0, |radius: f64, x| radius.max(x.abs()));
        let links = 0..graph.links().len();
        let headroom = |m: usize| if problem.is_anchored(m) { 1e9 } else { 1.0 };
        Self {
            // Loads that depend on the territory may add up to far more than they do today.
            measures: (0..problem.measures().len()).map(|m| Grid::new(problem.total(m) * headroom(m))).collect(),
            moments: [total, total * radius, 3.0 * total * radius * radius].map(Grid::new),
            weight: Grid::new(links.clone().map(|link| f64::from(graph.weight(link)).abs()).sum()),
            border: Grid::new(links.map(|link| f64::from(graph.borders_km()[link]).abs()).sum()),
        }
    }
}
