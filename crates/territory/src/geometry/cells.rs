//! Territories of points as polygons: the Voronoi cells of their places, joined where they belong together and clipped to a boundary.
//!
//! Only borders between territories are ever made. They and the boundary are cut where they meet; every piece then knows what is on
//! either side of it (the territory, and whether that is inside the boundary), and the pieces that bound a territory are chained into
//! rings. A piece is made once, so neighbours share their vertices bit by bit. Everything happens in a plane (`plane`); the result is
//! put through a coverage, which brings it back onto the map of ±180 degrees.

use super::arrangement::{Labelled, Rule, label};
use super::boxes::{Bounds, BoxTree};
use super::coverage::{Coverage, CoverageOptions};
use super::distance::{dot, minus};
use super::plane::Plane;
use super::polygons::{Part, Polygons};
use super::predicates::{Meeting, Point, crosses_left_of, crossing, lexical, meeting, side, strictly_between};
use super::rings::assemble;
use super::shape::hull;
use super::voronoi::{CellEdge, NOBODY, cell_edges};
use crate::space::{Locations, Space, squared_distance};
use rstar::RTree;
use rstar::primitives::GeomWithData;
use std::cmp::Ordering;

/// Territories drawn around points.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cells {
    /// One unit per territory; one without points, or whose cells lie outside the boundary, has no parts.
    pub territories: Polygons,
    /// Territories inside another, as they are drawn: (inner, outer), ascending.
    pub enclaves: Vec<(u32, u32)>,
    /// How far in km the drawn borders are from the true ones at most, for being straight on the map: 0 in the plane.
    pub error_km: f64,
    /// Width in km of the strip around the hull; none where a boundary was given.
    pub strip_km: Option<f64>,
    /// Units that share a place with one of another territory: the place is drawn as that of its first unit.
    pub shared_places: usize,
}

/// Why points could not be drawn as polygons.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CellsError {
    /// There are no points.
    #[error("there are no points to draw territories around")]
    NoPoints,
    /// There is not one territory per point.
    #[error("{territories} territories for {points} points: pass one for each")]
    Length {
        /// Entries of the assignment.
        territories: usize,
        /// Points.
        points: usize,
    },
    /// Boundary and points are in different spaces.
    #[error("the boundary is {boundary:?}, the points are {points:?}: convert one of them")]
    OtherSpace {
        /// Space of the boundary.
        boundary: Space,
        /// Space of the points.
        points: Space,
    },
    /// A point is not finite, or it and the others are too far apart to be drawn in one plane.
    #[error("unit {unit} is more than 150 degrees from the middle of all points: draw parts of the world one by one")]
    TooWide {
        /// The first such unit.
        unit: usize,
    },
    /// The boundary reaches too far from the points.
    #[error("the boundary reaches more than 150 degrees from the middle of the points: give a smaller one")]
    WideBoundary,
    /// The boundary encloses nothing, or nothing of it is left.
    #[error("the boundary holds no place that is nearest to a point: give one around the points")]
    Nothing,
    /// The pieces could not be chained into polygons.
    #[error("the territories' borders are too close to one another to be drawn: leave the polygons out")]
    Tangled,
}

/// Longest edge of a boundary in degrees, and of a border in km, that is drawn straight: a longer one gets vertices.
const STRAIGHT: (f64, f64) = (0.1, 20.0);

/// Draws `territories` territories around points: unit `t` of the result is where the nearest point has `assignment[point] == t`.
/// Points of no territory below `territories` take their cells with them. Without a `boundary` (rings directed as a coverage's) the
/// convex hull of the points is drawn with a strip around it, as wide as places are apart on average.
///
/// On the sphere the triangulation is made in a stereographic projection about the mean location, which keeps circles and so finds the
/// sphere's own neighbours; borders run along the great circles between them, a vertex at least every 20 km. Between vertices a
/// border on a map is straight in longitude and latitude, which is off by [`Cells::error_km`] at most. Vertices are rounded to 1e-7
/// degrees or a millimetre.
///
/// ```
/// use territory::geometry::cells;
/// use territory::{Locations, Space};
/// let places = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [0.0, 1000.0], [3000.0, 0.0], [3000.0, 1000.0]]);
/// let drawn = cells(&places, &[0, 0, 1, 1], 2, None)?;
/// let areas = drawn.territories.areas_km2();
/// assert!((areas[0] - areas[1]).abs() < 1e-6);
/// assert_eq!(drawn.error_km, 0.0);
/// # Ok::<(), territory::geometry::CellsError>(())
/// ```
///
/// # Errors
/// [`CellsError`].
pub fn cells(
    points: &Locations,
    assignment: &[u32],
    territories: usize,
    boundary: Option<&Polygons>,
) -> Result<Cells, CellsError> {
    let space = points.space();
    if points.is_empty() {
        return Err(CellsError::NoPoints);
    }
    if assignment.len() != points.len() {
        return Err(CellsError::Length { territories: assignment.len(), points: points.len() });
    }
    if let Some(other) = boundary.map(Polygons::space).filter(|&other| other != space) {
        return Err(CellsError::OtherSpace { boundary: other, points: space });
    }
    let plane = Plane::about(space, points.points());
    let places = Places::new(points, assignment, territories, &plane)?;
    let (outline, strip_km) = match boundary {
        Some(boundary) => (outline_of(boundary, &plane)?, None),
        None => {
            let (outline, strip) = strip(&places.sites);
            let per_km = if space == Space::Planar { 1000.0 } else { 1.0 };
            (outline, Some(strip / per_km))
        }
    };
    let all = outline.iter().flatten().copied().chain(places.sites.iter().copied()).collect::<Vec<_>>();
    let bounds = Bounds::of_points(&all);
    let middle = [0, 1].map(|k| bounds.min[k] / 2.0 + bounds.max[k] / 2.0);
    let reach = (0..2).fold(f64::MIN_POSITIVE, |reach, k| reach.max(bounds.max[k] - bounds.min[k]));
    let edges = cell_edges(&places.sites, &places.labels, middle, reach, |corners| plane.circumcentre(corners));
    let mut drawing = Drawing { plane, places, territories: vec![Vec::new(); territories], error_km: 0.0 };
    drawing.add(&edges, &outline);
    let (polygons, enclaves) = drawing.finish(space)?;
    let (error_km, shared_places) = (drawing.error_km, drawing.places.shared);
    Ok(Cells { territories: polygons, enclaves, error_km, strip_km, shared_places })
}

/// Distinct places with the territory of the first unit at each.
struct Places {
    sites: Vec<Point>,
    labels: Vec<u32>,
    locations: Vec<[f64; 3]>,
    shared: usize,
}

impl Places {
    fn new(points: &Locations, assignment: &[u32], territories: usize, plane: &Plane) -> Result<Self, CellsError> {
        let scale = plane.millimetres_per_unit();
        let mut order = Vec::with_capacity(points.len());
        for (unit, &p) in points.points().iter().enumerate() {
            let at = plane.of_location(p).filter(|p| p.iter().all(|x| x.is_finite()));
            let at = at.ok_or(CellsError::TooWide { unit })?;
            order.push((at.map(|x| (x * scale).round() as i64), unit, at));
        }
        order.sort_unstable_by_key(|o| (o.0, o.1));
        let mut places = Places { sites: Vec::new(), labels: Vec::new(), locations: Vec::new(), shared: 0 };
        let of = |unit: usize| assignment.get(unit).copied().filter(|&t| (t as usize) < territories).unwrap_or(NOBODY);
        for place in order.chunk_by(|a, b| a.0 == b.0) {
            let (_, first, at) = place[0];
            places.sites.push(at);
            places.labels.push(of(first));
            places.locations.push(points.points()[first]);
            places.shared += place.iter().filter(|p| of(p.1) != of(first)).count();
        }
        Ok(places)
    }
}

/// The boundary in the plane as directed edges, its long edges cut: `[from, to]`, inside on the left.
fn outline_of(boundary: &Polygons, plane: &Plane) -> Result<Vec<[Point; 2]>, CellsError> {
    let mut edges: Vec<[Point; 2]> = Vec::new();
    for ring in 0..boundary.ring_count() {
        let vertices = boundary.ring(ring);
        let mut chain = Vec::with_capacity(vertices.len());
        for (i, &a) in vertices.iter().enumerate() {
            let b = vertices[(i + 1) % vertices.len()];
            let length = (b[0] - a[0]).abs().max((b[1] - a[1]).abs());
            let steps = match boundary.space() {
                Space::Geographic => (length / STRAIGHT.0).ceil().clamp(1.0, 3600.0) as usize,
                Space::Planar => 1,
            };
            // Measured from the same end whichever way the edge runs, so that the two sides of a seam get the same vertices.
            let (low, high, turned) = if lexical(a, b).is_le() { (a, b, false) } else { (b, a, true) };
            for step in 0..steps {
                let t = (if turned { steps - step } else { step }) as f64 / steps as f64;
                let on = if step == 0 { a } else { [0, 1].map(|k| low[k] + t * (high[k] - low[k])) };
                chain.push(plane.of_coordinates(on).ok_or(CellsError::WideBoundary)?);
            }
        }
        edges.extend((0..chain.len()).map(|i| [chain[i], chain[(i + 1) % chain.len()]]));
    }
    // What runs there and back (the map's seam at ±180 degrees, borders between units) is no boundary.
    Ok(net_of(edges))
}

/// Edges that do not cancel with one in the other direction.
fn net_of(edges: Vec<[Point; 2]>) -> Vec<[Point; 2]> {
    let order = |p: &[Point; 2], q: &[Point; 2]| lexical(p[0], q[0]).then_with(|| lexical(p[1], q[1]));
    let directed = edges.into_iter().filter(|e| e[0] != e[1]);
    let mut all: Vec<([Point; 2], i32)> =
        directed.map(|[a, b]| if lexical(a, b).is_le() { ([a, b], 1) } else { ([b, a], -1) }).collect();
    all.sort_unstable_by(|p, q| order(&p.0, &q.0));
    let net = all.chunk_by(|p, q| p.0 == q.0).flat_map(|same| {
        let sum: i32 = same.iter().map(|s| s.1).sum();
        let [a, b] = same[0].0;
        std::iter::repeat_n(if sum > 0 { [a, b] } else { [b, a] }, sum.unsigned_abs() as usize)
    });
    net.collect()
}

/// The hull of the sites with a strip around it, and the strip's width.
fn strip(sites: &[Point]) -> (Vec<[Point; 2]>, f64) {
    let corners = hull(sites.to_vec());
    let area: f64 = (0..corners.len())
        .map(|i| (corners[i], corners[(i + 1) % corners.len()]))
        .map(|(a, b)| (a[0] - corners[0][0]) * (b[1] - corners[0][1]) - (b[0] - corners[0][0]) * (a[1] - corners[0][1]))
        .sum::<f64>()
        / 2.0;
    let bounds = Bounds::of_points(sites);
    let extent = (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1]);
    let count = sites.len() as f64;
    let apart = [(area / count).sqrt(), extent / count].into_iter().fold(0.0, f64::max);
    let width = if apart > 0.0 { apart } else { 1.0 };
    // A circle of 32 corners around every corner of the hull.
    let circle = |&[x, y]: &Point| {
        (0..32).map(move |i| {
            let angle = f64::from(i) / 32.0 * std::f64::consts::TAU;
            [x + width * libm::cos(angle), y + width * libm::sin(angle)]
        })
    };
    let around = hull(corners.iter().flat_map(circle).collect());
    ((0..around.len()).map(|i| [around[i], around[(i + 1) % around.len()]]).collect(), width)
}

/// The borders of the territories in the making.
struct Drawing {
    plane: Plane,
    places: Places,
    /// Directed edges of every territory, inside on the left.
    territories: Vec<Vec<[Point; 2]>>,
    error_km: f64,
}

impl Drawing {
    /// Cuts cell edges and the outline where they meet and deals the pieces out.
    fn add(&mut self, edges: &[CellEdge], outline: &[[Point; 2]]) {
        let tree = BoxTree::scattered(outline.iter().map(|e| Bounds::of_segment(e[0], e[1])).collect());
        let mut cuts: Vec<Vec<Point>> = vec![Vec::new(); outline.len()];
        let inside = |p: Point| {
            let mut depth = 0;
            tree.query(&Bounds { min: [f64::NEG_INFINITY, p[1]], max: p }, |e| {
                let [a, b] = outline[e];
                depth += crosses_left_of(p, a, b).map_or(0, |up| if up { -1 } else { 1 });
            });
            depth > 0
        };
        for edge in edges {
            for ends in self.plane.way(edge.ends, STRAIGHT.1).windows(2).map(|w| [w[0], w[1]]) {
                let mut own = Vec::new();
                tree.query(&Bounds::of_segment(ends[0], ends[1]), |e| meet(ends, outline[e], &mut own, &mut cuts[e]));
                for piece in pieces(ends, own) {
                    let middle = midpoint(piece);
                    // What lies along the outline is the outline's.
                    let mut along = false;
                    tree.query(&Bounds::of_segment(middle, middle), |e| {
                        let [a, b] = outline[e];
                        along |= piece.iter().all(|&p| side(a, b, p) == Ordering::Equal);
                    });
                    if !along && inside(middle) {
                        self.push(edge.left, piece);
                        self.push(edge.right, [piece[1], piece[0]]);
                        self.note_error(edge, piece);
                    }
                }
            }
        }
        // The nearest place in space, not in the plane.
        let sites =
            self.places.locations.iter().zip(&self.places.labels).map(|(&p, &l)| GeomWithData::new(p, l)).collect();
        let nearest = RTree::bulk_load(sites);
        for (&ends, cuts) in outline.iter().zip(cuts) {
            for piece in pieces(ends, cuts) {
                let middle = midpoint(piece);
                // A cell's border along the outline: what is inside lies on the left.
                let across = [piece[1][1] - piece[0][1], piece[0][0] - piece[1][0]].map(|d| -1e-6 * d);
                let within = [middle[0] + across[0], middle[1] + across[1]];
                let within = self.plane.location(within);
                let label = nearest.nearest_neighbor(&within).map_or(NOBODY, |site| site.data);
                self.push(label, piece);
            }
        }
    }

    /// Adds a directed edge to a territory, ends on a grid of a millimetre: what rounding cannot tell apart is one place, and pieces
    /// too short to know what is beside them vanish.
    fn push(&mut self, territory: u32, edge: [Point; 2]) {
        let scale = self.plane.millimetres_per_unit();
        let [a, b] = edge.map(|p| p.map(|x| (x * scale).round() / scale + 0.0));
        if let (Some(territory), true) = (self.territories.get_mut(territory as usize), a != b) {
            territory.push([a, b]);
        }
    }

    /// Compares the middle of a piece, as it is drawn on the map, with the true border: where both sites are equally far.
    fn note_error(&mut self, edge: &CellEdge, piece: [Point; 2]) {
        if self.plane.is_flat() {
            return;
        }
        let [a, b] = piece.map(|p| self.plane.coordinates(p));
        // Cut at ±180 degrees it is as straight.
        let turn = if (b[0] - a[0]).abs() > 180.0 { 360.0 * (a[0] - b[0]).signum() } else { 0.0 };
        let drawn = Space::Geographic.locate([(a[0] + b[0] + turn) / 2.0, (a[1] + b[1]) / 2.0]);
        let sites = edge.sites.map(|s| self.places.locations[s as usize]);
        let apart = squared_distance(sites[0], sites[1]).sqrt();
        // The border is the great circle at right angles to the chord between the sites.
        let beside = dot(drawn, minus(sites[0], sites[1])).abs() / apart;
        self.error_km = self.error_km.max(beside);
    }

    /// Chains the pieces and brings them onto the map.
    fn finish(&self, space: Space) -> Result<(Polygons, Vec<(u32, u32)>), CellsError> {
        let step = if space == Space::Planar { 1e-3 } else { 1e-7 };
        let mut polygons = Polygons::new(space);
        let mut drawn = Vec::new();
        for (territory, edges) in self.territories.iter().enumerate() {
            let parts = chain(edges)?;
            let parts: Vec<Part> = parts
                .into_iter()
                .map(|part| part.into_iter().map(|ring| rounded(ring, &self.plane, step)).collect::<Part>())
                .map(|part| part.into_iter().filter(|ring| ring.len() > 2).collect::<Part>())
                .filter(|part| !part.is_empty())
                .collect();
            if !parts.is_empty() {
                polygons.push_parts(&parts);
                drawn.push(territory);
            }
        }
        if drawn.is_empty() {
            return Err(CellsError::Nothing);
        }
        let options = CoverageOptions { grid: Some(step), snap_m: 0.0 };
        let coverage = Coverage::new(polygons, &options).map_err(|_| CellsError::Tangled)?;
        let of: Vec<u32> = drawn.iter().map(|&t| t as u32).collect();
        // Dissolved one by one: territories without a place on the map keep their number.
        let count = self.territories.len();
        Ok((coverage.dissolve(&of, count), coverage.enclaves(&of, count)))
    }
}

/// A ring on the map, rounded; vertices that become the same are one.
fn rounded(ring: Vec<Point>, plane: &Plane, step: f64) -> Vec<Point> {
    let scale = (1.0 / step).round();
    let mut vertices: Vec<Point> = Vec::with_capacity(ring.len());
    for point in ring {
        let at = plane.coordinates(point).map(|x| (x * scale).round() / scale + 0.0);
        if vertices.last() != Some(&at) {
            vertices.push(at);
        }
    }
    while vertices.len() > 1 && vertices.first() == vertices.last() {
        vertices.pop();
    }
    vertices
}

fn chain(edges: &[[Point; 2]]) -> Result<Vec<Part>, CellsError> {
    assemble(edges)
        .or_else(|_| {
            let labelled = label(edges, Rule::Covered)?;
            assemble(&labelled.iter().filter_map(Labelled::border).collect::<Vec<_>>())
        })
        .map_err(|_| CellsError::Tangled)
}

fn midpoint([a, b]: [Point; 2]) -> Point {
    [0, 1].map(|k| a[k] / 2.0 + b[k] / 2.0)
}

/// Where two segments meet becomes a cut of both.
fn meet(s: [Point; 2], t: [Point; 2], cuts_s: &mut Vec<Point>, cuts_t: &mut Vec<Point>) {
    match meeting(s, t) {
        Meeting::None => {}
        Meeting::Cross => {
            let at = crossing(s, t);
            cuts_s.push(at);
            cuts_t.push(at);
        }
        Meeting::Touch => {
            let on = |[a, b]: [Point; 2], p: Point| side(a, b, p) == Ordering::Equal && strictly_between(a, b, p);
            cuts_s.extend(t.into_iter().filter(|&p| on(s, p)));
            cuts_t.extend(s.into_iter().filter(|&p| on(t, p)));
        }
    }
}

/// The pieces of a segment between its cuts.
fn pieces(ends: [Point; 2], mut cuts: Vec<Point>) -> impl Iterator<Item = [Point; 2]> {
    let [a, b] = ends;
    let along = |p: &Point| (p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1]);
    cuts.sort_by(|p, q| along(p).total_cmp(&along(q)));
    cuts.insert(0, a);
    cuts.push(b);
    cuts.dedup();
    (0..cuts.len() - 1).map(move |i| [cuts[i], cuts[i + 1]])
}

#[cfg(test)]
mod tests;
