//! Distances between borders: a box tree over short runs of border segments (or over points), searched for the nearest.
//!
//! Everything happens on locations in km vectors, so that neither the antimeridian nor a pole is special. An edge of a
//! geographic polygon is the short great-circle arc between its ends. The chord grows with the arc, so squared chords are
//! compared and turned into km at the end. The tree knows runs, boxes and labels; what a label means is the caller's.

use crate::geometry::Polygons;
use crate::geometry::bounds::{Box3, run_box};
use crate::geometry::distance::{between_runs, to_run};
use crate::parallel;
use crate::space::{Locations, Space, squared_distance};

/// What distances between units are measured on.
#[derive(Clone, Copy, Debug)]
pub enum Shapes<'a> {
    /// Between the units' locations.
    Points(&'a Locations),
    /// Between the units' borders.
    Polygons(&'a Polygons),
}

impl<'a> From<&'a Locations> for Shapes<'a> {
    fn from(locations: &'a Locations) -> Self {
        Shapes::Points(locations)
    }
}

impl<'a> From<&'a Polygons> for Shapes<'a> {
    fn from(polygons: &'a Polygons) -> Self {
        Shapes::Polygons(polygons)
    }
}

impl Shapes<'_> {
    /// Number of units.
    pub fn len(&self) -> usize {
        match self {
            Shapes::Points(locations) => locations.len(),
            Shapes::Polygons(polygons) => polygons.len(),
        }
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The space of the coordinates.
    pub fn space(&self) -> Space {
        match self {
            Shapes::Points(locations) => locations.space(),
            Shapes::Polygons(polygons) => polygons.space(),
        }
    }

    /// Whether a unit has a place at all.
    pub(crate) fn has_geometry(&self, unit: u32) -> bool {
        match self {
            Shapes::Points(_) => true,
            Shapes::Polygons(polygons) => !polygons.rings_of_unit(unit as usize).is_empty(),
        }
    }

    /// Squared straight-line distance in km² from a location to a unit's border, or to the point that it is; infinite without
    /// geometry.
    pub(crate) fn squared_distance(&self, unit: u32, p: [f64; 3]) -> f64 {
        match self {
            Shapes::Points(locations) => squared_distance(p, locations.points()[unit as usize]),
            Shapes::Polygons(polygons) => {
                let space = polygons.space();
                let of_ring = |ring: usize| {
                    let mut run: Vec<[f64; 3]> = polygons.ring(ring).iter().map(|&v| space.locate(v)).collect();
                    run.extend(run.first().copied());
                    to_run(space, p, &run)
                };
                polygons.rings_of_unit(unit as usize).map(of_ring).fold(f64::INFINITY, f64::min)
            }
        }
    }

    /// The first unit with a coordinate that is NaN or infinite.
    pub(crate) fn first_not_finite(&self) -> Option<u32> {
        let unit = match self {
            Shapes::Points(locations) => locations.points().iter().position(|p| !p.iter().all(|x| x.is_finite())),
            Shapes::Polygons(polygons) => {
                let broken = polygons.vertices().iter().position(|v| !v.iter().all(|x| x.is_finite()));
                broken.and_then(|v| {
                    (0..polygons.len())
                        .find(|&u| polygons.rings_of_unit(u).any(|r| polygons.ring_range(r).contains(&v)))
                })
            }
        };
        unit.map(|u| u as u32)
    }
}

/// Segments in a run: long enough that the tree stays small, short enough that one run is cheap to measure and its box tight.
const RUN: usize = 16;
/// Runs in a leaf of the tree.
const LEAF: usize = 4;
/// Units whose runs are boxed as one piece of work.
const CHUNK: usize = 2048;
/// A node whose runs do not all have one label.
const MIXED: u32 = u32::MAX;

/// `count` consecutive segments of a ring, the first beginning at the ring's vertex `first`; of points, the point alone.
#[derive(Clone, Copy, Debug)]
struct Run {
    unit: u32,
    ring: u32,
    first: u32,
    count: u32,
}

/// A node with its subtree directly behind it; a leaf holds the runs `from..to`, an inner node has its second child at `to`.
#[derive(Clone, Copy, Debug)]
struct Node {
    bounds: Box3,
    from: u32,
    to: u32,
    leaf: bool,
}

/// A link between two units, ordered by length, then by ids, so that the shortest is unique.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Link {
    /// Squared straight-line distance in km².
    pub squared: f64,
    /// The smaller unit.
    pub a: u32,
    /// The larger unit.
    pub b: u32,
}

impl Link {
    /// Longer than every link.
    pub(crate) const NONE: Link = Link { squared: f64::INFINITY, a: u32::MAX, b: u32::MAX };

    pub(crate) fn precedes(&self, other: &Link) -> bool {
        self.squared.total_cmp(&other.squared).then((self.a, self.b).cmp(&(other.a, other.b))).is_lt()
    }
}

/// The box tree.
pub(crate) struct Proximity<'a> {
    shapes: Shapes<'a>,
    runs: Vec<Run>,
    boxes: Vec<Box3>,
    nodes: Vec<Node>,
}

impl<'a> Proximity<'a> {
    /// Builds the tree over all units. Coordinates must be finite.
    pub(crate) fn new(shapes: Shapes<'a>) -> Self {
        let units = shapes.len();
        let chunks = parallel::map(units.div_ceil(CHUNK), |c| {
            let mut found = Vec::new();
            for unit in c * CHUNK..((c + 1) * CHUNK).min(units) {
                push_runs(shapes, unit as u32, &mut found);
            }
            found
        });
        let mut items: Vec<(Run, Box3)> = chunks.into_iter().flatten().collect();
        let mut nodes = Vec::with_capacity(items.len() / 2 + 1);
        if !items.is_empty() {
            split(&mut items, 0, &mut nodes);
        }
        let (runs, boxes) = items.into_iter().unzip();
        Self { shapes, runs, boxes, nodes }
    }

    /// The unit of every run.
    pub(crate) fn run_units(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.iter().map(|run| run.unit)
    }

    /// For every node the label that all its units have, or `MIXED`.
    pub(crate) fn node_labels(&self, label_of: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut labels = vec![MIXED; self.nodes.len()];
        // Children stand behind their parent.
        for (at, node) in self.nodes.iter().enumerate().rev() {
            labels[at] = if node.leaf {
                let mut of_runs = self.runs[node.from as usize..node.to as usize].iter().map(|r| label_of(r.unit));
                let first = of_runs.next().unwrap_or(MIXED);
                if of_runs.all(|label| label == first) { first } else { MIXED }
            } else {
                let (left, right) = (labels[at + 1], labels[node.to as usize]);
                if left == right { left } else { MIXED }
            };
        }
        labels
    }

    /// Shortens `best` to the shortest link between run `of` and a unit with another label, if there is a shorter one.
    pub(crate) fn nearest_other(
        &self,
        of: usize,
        label_of: impl Fn(u32) -> u32,
        node_labels: &[u32],
        best: &mut Link,
        scratch: &mut Scratch,
    ) {
        let (run, bounds) = (self.runs[of], self.boxes[of]);
        let own = label_of(run.unit);
        scratch.stack.clear();
        if !self.nodes.is_empty() && node_labels[0] != own {
            scratch.stack.push((0, bounds.squared_distance(&self.nodes[0].bounds)));
        }
        let mut located = false;
        while let Some((at, bound)) = scratch.stack.pop() {
            if bound > best.squared {
                continue;
            }
            let node = self.nodes[at as usize];
            if !node.leaf {
                self.push_children(at, &node, &bounds, &mut scratch.stack, |child| node_labels[child as usize] != own);
                continue;
            }
            for other in node.from as usize..node.to as usize {
                let to = self.runs[other];
                let least = Link {
                    squared: bounds.squared_distance(&self.boxes[other]),
                    a: run.unit.min(to.unit),
                    b: run.unit.max(to.unit),
                };
                if label_of(to.unit) == own || !least.precedes(best) {
                    continue;
                }
                if !located {
                    self.locate(&run, &mut scratch.own);
                    located = true;
                }
                self.locate(&to, &mut scratch.other);
                let squared =
                    between_runs(self.shapes.space(), &scratch.own, &scratch.other, &self.boxes[other], best.squared);
                let link = Link { squared, ..least };
                if link.precedes(best) {
                    *best = link;
                }
            }
        }
    }

    /// The unit nearest to a location, with its squared straight-line distance in km²; of several at the same distance the
    /// smallest. None if no unit has a geometry.
    pub(crate) fn nearest(&self, p: [f64; 3], scratch: &mut Scratch) -> Option<(u32, f64)> {
        let bounds = Box3::point(p);
        let mut best = (u32::MAX, f64::INFINITY);
        scratch.stack.clear();
        if let Some(root) = self.nodes.first() {
            scratch.stack.push((0, bounds.squared_distance(&root.bounds)));
        }
        while let Some((at, bound)) = scratch.stack.pop() {
            if bound > best.1 {
                continue;
            }
            let node = self.nodes[at as usize];
            if !node.leaf {
                self.push_children(at, &node, &bounds, &mut scratch.stack, |_| true);
                continue;
            }
            for other in node.from as usize..node.to as usize {
                if bounds.squared_distance(&self.boxes[other]) > best.1 {
                    continue;
                }
                self.locate(&self.runs[other], &mut scratch.other);
                let unit = self.runs[other].unit;
                let squared = to_run(self.shapes.space(), p, &scratch.other);
                if squared < best.1 || (squared == best.1 && unit < best.0) {
                    best = (unit, squared);
                }
            }
        }
        (best.0 != u32::MAX).then_some(best)
    }

    /// Puts the children that may hold something on the stack, the nearer on top.
    fn push_children(
        &self,
        at: u32,
        node: &Node,
        from: &Box3,
        stack: &mut Vec<(u32, f64)>,
        keep: impl Fn(u32) -> bool,
    ) {
        let [near, far] = [at + 1, node.to].map(|c| (c, from.squared_distance(&self.nodes[c as usize].bounds)));
        let (near, far) = if far.1 < near.1 { (far, near) } else { (near, far) };
        for child in [far, near] {
            if keep(child.0) {
                stack.push(child);
            }
        }
    }

    /// Locations of the run's vertices: one more than it has segments.
    fn locate(&self, run: &Run, into: &mut Vec<[f64; 3]>) {
        into.clear();
        match self.shapes {
            Shapes::Points(locations) => into.push(locations.points()[run.first as usize]),
            Shapes::Polygons(polygons) => {
                let ring = polygons.ring(run.ring as usize);
                into.extend((0..=run.count as usize).map(|i| {
                    let at = (run.first as usize + i) % ring.len();
                    polygons.space().locate(ring[at])
                }));
            }
        }
    }
}

/// Buffers of a search, reused from one to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    stack: Vec<(u32, f64)>,
    own: Vec<[f64; 3]>,
    other: Vec<[f64; 3]>,
}

/// Orders `items` into a subtree and appends its nodes.
fn split(items: &mut [(Run, Box3)], offset: usize, nodes: &mut Vec<Node>) {
    let mut bounds = Box3::EMPTY;
    items.iter().for_each(|(_, b)| bounds.add(b));
    let at = nodes.len();
    nodes.push(Node { bounds, from: offset as u32, to: (offset + items.len()) as u32, leaf: true });
    if items.len() <= LEAF {
        return;
    }
    let extent = |k: usize| bounds.max[k] - bounds.min[k];
    let axis = (1..3).fold(0, |best, k| if extent(k) > extent(best) { k } else { best });
    let half = items.len() / 2;
    // Ties by position, so that the tree is the same on every run.
    items.select_nth_unstable_by(half, |(r, x), (s, y)| {
        let centre = |b: &Box3| b.min[axis] + b.max[axis];
        centre(x).total_cmp(&centre(y)).then((r.ring, r.unit, r.first).cmp(&(s.ring, s.unit, s.first)))
    });
    let (left, right) = items.split_at_mut(half);
    split(left, offset, nodes);
    nodes[at].to = nodes.len() as u32;
    nodes[at].leaf = false;
    split(right, offset + half, nodes);
}

/// Appends the runs of a unit with their boxes.
fn push_runs(shapes: Shapes<'_>, unit: u32, into: &mut Vec<(Run, Box3)>) {
    match shapes {
        Shapes::Points(locations) => {
            let run = Run { unit, ring: 0, first: unit, count: 0 };
            into.push((run, Box3::point(locations.points()[unit as usize])));
        }
        Shapes::Polygons(polygons) => {
            for ring in polygons.rings_of_unit(unit as usize) {
                let vertices = polygons.ring(ring);
                for first in (0..vertices.len()).step_by(RUN) {
                    let count = RUN.min(vertices.len() - first);
                    let run = Run { unit, ring: ring as u32, first: first as u32, count: count as u32 };
                    let corners = (0..=count).map(|i| vertices[(first + i) % vertices.len()]);
                    into.push((run, run_box(polygons.space(), corners)));
                }
            }
        }
    }
}
