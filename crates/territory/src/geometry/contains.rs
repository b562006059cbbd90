//! Which part of which unit holds a point: an R-tree of the parts' boxes, then the exact even-odd rule.
//!
//! The orientation test is the exact one (Shewchuk 1997, doi:10.1007/PL00009321), so a point beside a shared border is in exactly
//! one of its two units, and a point on it is seen to be on it. Parts of many edges keep their edges in horizontal bands.

use std::borrow::Cow;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::geometry::Polygons;
use crate::parallel;
use crate::space::Space;

/// Parts with more edges than this are cut into bands.
const BANDED: usize = 96;
/// Edges a band should hold.
const PER_BAND: usize = 8;
/// Units prepared as one piece of work.
const CHUNK: usize = 2048;

/// Finds the unit that holds a point.
pub(crate) struct Container<'a> {
    polygons: &'a Polygons,
    /// The vertices, with rings that step over the antimeridian unrolled.
    vertices: Cow<'a, [[f64; 2]]>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, Part>>,
    bands: Vec<Bands>,
    /// West and east end of everything.
    extent: [f64; 2],
}

/// A part of a unit in the tree.
#[derive(Clone, Copy)]
struct Part {
    unit: u32,
    part: u32,
    /// Its bands, or `u32::MAX`.
    bands: u32,
}

/// The edges of a part by horizontal bands of equal height.
struct Bands {
    bottom: f64,
    per_height: f64,
    offsets: Vec<u32>,
    /// Start and end vertex.
    edges: Vec<[u32; 2]>,
}

impl<'a> Container<'a> {
    /// Prepares the search. Vertices must be finite.
    pub(crate) fn new(polygons: &'a Polygons) -> Self {
        let vertices = unrolled(polygons);
        let pieces = parallel::map(polygons.len().div_ceil(CHUNK), |piece| {
            let mut found = Vec::new();
            for unit in piece * CHUNK..((piece + 1) * CHUNK).min(polygons.len()) {
                for part in polygons.parts_of(unit) {
                    if let Some(corners) = part_box(polygons, &vertices, part) {
                        found.push((unit as u32, part, corners, Bands::new(polygons, &vertices, part, corners)));
                    }
                }
            }
            found
        });
        let mut bands = Vec::new();
        let mut extent = [f64::INFINITY, f64::NEG_INFINITY];
        let mut items = Vec::with_capacity(polygons.len());
        for (unit, part, [min, max], of_part) in pieces.into_iter().flatten() {
            extent = [extent[0].min(min[0]), extent[1].max(max[0])];
            let at = if let Some(of_part) = of_part {
                bands.push(of_part);
                bands.len() as u32 - 1
            } else {
                u32::MAX
            };
            let part = Part { unit, part: part as u32, bands: at };
            items.push(GeomWithData::new(Rectangle::from_corners(min, max), part));
        }
        Self { polygons, vertices, tree: RTree::bulk_load(items), bands, extent }
    }

    /// The smallest unit that holds the point, its border included. Degrees are taken modulo a whole turn.
    pub(crate) fn unit_of(&self, [x, y]: [f64; 2]) -> Option<u32> {
        let mut best = None;
        if self.polygons.space() == Space::Planar {
            self.search([x, y], &mut best);
            return best;
        }
        // Steps of a whole turn between −360 and 360 round nothing away that a longitude as given would have kept.
        let x = if x >= 180.0 {
            x - 360.0
        } else if x < -180.0 {
            x + 360.0
        } else {
            x
        };
        for x in [x - 360.0, x, x + 360.0] {
            if self.extent[0] <= x && x <= self.extent[1] {
                self.search([x, y], &mut best);
            }
        }
        best
    }

    fn search(&self, p: [f64; 2], best: &mut Option<u32>) {
        for item in self.tree.locate_in_envelope_intersecting(&AABB::from_point(p)) {
            let part = item.data;
            if best.is_none_or(|unit| part.unit < unit) && self.holds(&part, p) {
                *best = Some(part.unit);
            }
        }
    }

    fn holds(&self, part: &Part, p: [f64; 2]) -> bool {
        let mut inside = false;
        if let Some(bands) = self.bands.get(part.bands as usize) {
            let band = bands.band_of(p[1]);
            let edges = &bands.edges[bands.offsets[band] as usize..bands.offsets[band + 1] as usize];
            for &[a, b] in edges {
                if crosses(self.vertices[a as usize], self.vertices[b as usize], p, &mut inside) {
                    return true;
                }
            }
            return inside;
        }
        for ring in self.polygons.rings_of(part.part as usize) {
            let ring = &self.vertices[self.polygons.ring_range(ring)];
            let Some(&last) = ring.last() else { continue };
            let mut a = last;
            for &b in ring {
                if crosses(a, b, p, &mut inside) {
                    return true;
                }
                a = b;
            }
        }
        inside
    }
}

/// Turns `inside` if the ray from `p` towards greater x crosses the edge; whether `p` is on the edge.
#[inline]
fn crosses(a: [f64; 2], b: [f64; 2], p: [f64; 2], inside: &mut bool) -> bool {
    if (a[1] > p[1]) == (b[1] > p[1]) {
        // Not crossed; but the point may be the upper end, or on a level edge.
        // (The lower end of one edge is the upper or lower end of the next.)
        return b[1] == p[1] && (b[0] == p[0] || (a[1] == p[1] && (a[0] <= p[0]) != (b[0] <= p[0])));
    }
    if a[0] < p[0] && b[0] < p[0] {
        return false;
    }
    if a[0] > p[0] && b[0] > p[0] {
        *inside = !*inside;
        return false;
    }
    let [low, high] = if a[1] < b[1] { [a, b] } else { [b, a] };
    let coord = |c: [f64; 2]| geo::Coord { x: c[0], y: c[1] };
    match RobustKernel::orient2d(coord(low), coord(high), coord(p)) {
        Orientation::Collinear => true,
        Orientation::CounterClockwise => {
            *inside = !*inside;
            false
        }
        Orientation::Clockwise => false,
    }
}

impl Bands {
    /// The bands of a part, if it has many edges.
    fn new(polygons: &Polygons, vertices: &[[f64; 2]], part: usize, [min, max]: [[f64; 2]; 2]) -> Option<Self> {
        let rings = polygons.rings_of(part);
        let edge_count: usize = rings.clone().map(|r| polygons.ring_range(r).len()).sum();
        let height = max[1] - min[1];
        if edge_count <= BANDED || height.is_nan() || height <= 0.0 {
            return None;
        }
        let edges = || {
            rings.clone().flat_map(|r| {
                let range = polygons.ring_range(r);
                range.clone().map(move |v| [v, if v + 1 == range.end { range.start } else { v + 1 }])
            })
        };
        let mut bands = Self { bottom: min[1], per_height: 0.0, offsets: Vec::new(), edges: Vec::new() };
        // Edges that run through many bands are listed in each: fewer bands if that gets out of hand.
        let mut count = edge_count / PER_BAND;
        loop {
            bands.offsets = vec![0; count + 1];
            bands.per_height = count as f64 / height;
            let entries: usize = edges().map(|e| bands.span(vertices, e)).map(|(low, high)| high - low + 1).sum();
            if (entries <= 4 * edge_count && bands.per_height.is_finite()) || count <= 1 {
                break;
            }
            count /= 2;
        }
        if !bands.per_height.is_finite() {
            return None;
        }
        for edge in edges() {
            let (low, high) = bands.span(vertices, edge);
            (low..=high).for_each(|band| bands.offsets[band + 1] += 1);
        }
        for band in 0..count {
            bands.offsets[band + 1] += bands.offsets[band];
        }
        let mut next = bands.offsets.clone();
        bands.edges = vec![[0; 2]; bands.offsets[count] as usize];
        for edge in edges() {
            let (low, high) = bands.span(vertices, edge);
            for slot in &mut next[low..=high] {
                bands.edges[*slot as usize] = edge.map(|v| v as u32);
                *slot += 1;
            }
        }
        Some(bands)
    }

    /// The band of a height; those outside belong to the first and last.
    fn band_of(&self, y: f64) -> usize {
        // Monotone in y, so an edge is in the band of every height that it reaches. The cast saturates.
        (((y - self.bottom) * self.per_height) as usize).min(self.offsets.len() - 2)
    }

    fn span(&self, vertices: &[[f64; 2]], [a, b]: [usize; 2]) -> (usize, usize) {
        let (a, b) = (self.band_of(vertices[a][1]), self.band_of(vertices[b][1]));
        (a.min(b), a.max(b))
    }
}

/// The box of a part's rings; none without vertices.
fn part_box(polygons: &Polygons, vertices: &[[f64; 2]], part: usize) -> Option<[[f64; 2]; 2]> {
    let (mut min, mut max) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for ring in polygons.rings_of(part) {
        for v in &vertices[polygons.ring_range(ring)] {
            for k in 0..2 {
                min[k] = min[k].min(v[k]);
                max[k] = max[k].max(v[k]);
            }
        }
    }
    (min[0] <= max[0]).then_some([min, max])
}

/// The vertices, with every ring that steps by more than half a turn continued beyond ±180 instead: such a ring was written
/// across the antimeridian without being cut there. A ring around a pole stays as it is.
fn unrolled(polygons: &Polygons) -> Cow<'_, [[f64; 2]]> {
    let mut vertices = Cow::Borrowed(polygons.vertices());
    if polygons.space() == Space::Planar {
        return vertices;
    }
    let turns = |from: f64, to: f64| ((from - to) / 360.0).round() * 360.0;
    for part in (0..polygons.len()).flat_map(|unit| polygons.parts_of(unit)) {
        let jumps = |ring: usize| polygons.ring(ring).windows(2).any(|s| (s[1][0] - s[0][0]).abs() > 180.0);
        if !polygons.rings_of(part).any(jumps) {
            continue;
        }
        let mut exterior = None;
        for ring in polygons.rings_of(part) {
            let range = polygons.ring_range(ring);
            let raw = polygons.ring(ring);
            let around: f64 = (0..raw.len()).map(|i| turns(raw[i][0], raw[(i + 1) % raw.len()][0])).sum();
            if raw.is_empty() || around != 0.0 {
                continue;
            }
            let of_ring = &mut vertices.to_mut()[range];
            // A hole begins on the exterior's side of the antimeridian.
            let mut offset = exterior.map_or(0.0, |middle| turns(middle, raw[0][0]));
            of_ring[0][0] += offset;
            for i in 1..raw.len() {
                offset += turns(raw[i - 1][0], raw[i][0]);
                of_ring[i][0] += offset;
            }
            if exterior.is_none() {
                let (west, east) =
                    of_ring.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(w, e), v| (w.min(v[0]), e.max(v[0])));
                exterior = Some(west / 2.0 + east / 2.0);
            }
        }
    }
    vertices
}
