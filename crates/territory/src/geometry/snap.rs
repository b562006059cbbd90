//! Borders that are nearly the same made the same: vertices of different units that are closer than a tolerance become one, and a
//! vertex closer than that to another unit's edge is put into the edge. Only edges that found no partner are looked at; distances
//! are taken once, between the borders as given, so that nothing is drawn along step by step.

use super::between::Mesh;
use super::boxes::{Bounds, BoxTree, near_others};
use super::edges::{Filter, Segment, on_antimeridian};
use super::grid::Grid;
use super::measure::area_km2;
use super::noding::{Loose, Splits, settle, split_everywhere};
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use super::repair::{loosen, put_together};
use super::twins::Twin;
use super::{buckets, measure};
use crate::parallel;
use crate::space::{EARTH_RADIUS_KM, Space};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What snapping does to the polygons.
#[derive(Debug, Default)]
pub(crate) struct Snapped {
    pub(crate) loose: Loose,
    pub(crate) moved_vertices: usize,
    pub(crate) split_edges: usize,
    /// Units that would have lost half their area or more, and were left out.
    pub(crate) kept: BTreeSet<u32>,
}

/// A vertex of `L` near an edge of a unit that it does not belong to.
struct Near {
    point: u32,
    unit: u32,
    edge: u32,
    metres: f64,
    /// End of the edge that is nearest to the vertex, and how far; the vertex's foot is inside the edge if `inside`.
    end: Point,
    end_metres: f64,
    inside: bool,
}

/// Finds what is to be snapped within `tolerance_m` and applies it to the units concerned. Nothing is changed in the mesh.
pub(crate) fn snap(mesh: &Mesh, leftovers: &[u32], grid: &Grid, tolerance_m: f64) -> Snapped {
    let mut kept = BTreeSet::new();
    // Each round leaves at least one more unit out; more than a few are never needed, and then nothing of the rest is snapped.
    for _ in 0..6 {
        let alone = |e: &u32| mesh.twins.get(*e) == Twin::Alone && !kept.contains(&mesh.unit(*e));
        let edges: Vec<u32> = leftovers.iter().copied().filter(alone).collect();
        let mut snapped = Borders::new(mesh, &edges, tolerance_m).apply(grid);
        let hopeless = settle(&mesh.polygons, &mesh.extents, &mut snapped.loose, grid).hopeless;
        let polygons = &mesh.polygons;
        let made = put_together(&snapped.loose, grid);
        let lost = snapped.loose.keys().zip(made).filter(|(unit, result)| {
            let area = |parts: &Vec<_>| {
                let mut one = Polygons::new(polygons.space());
                one.push_parts(parts);
                area_km2(&one, 0)
            };
            hopeless.binary_search(unit).is_ok()
                || result.as_ref().map_or(0.0, area) < 0.5 * area_km2(polygons, **unit as usize)
        });
        let before = kept.len();
        kept.extend(lost.map(|(&unit, _)| unit));
        if kept.len() == before {
            snapped.kept = kept;
            return snapped;
        }
    }
    Snapped { kept, ..Snapped::default() }
}

/// The edges without partners and their vertices.
struct Borders<'a> {
    mesh: &'a Mesh,
    segments: Vec<Segment>,
    units: Vec<u32>,
    /// What is within half the tolerance of each.
    boxes: Vec<Bounds>,
    points: Vec<Point>,
    /// Units with an edge at each point: `owners[starts[p]..starts[p + 1]]`, ascending.
    starts: Vec<u32>,
    owners: Vec<u32>,
    tolerance_m: f64,
}

impl<'a> Borders<'a> {
    fn new(mesh: &'a Mesh, edges: &[u32], tolerance_m: f64) -> Self {
        let mut segments: Vec<Segment> = parallel::map_runs(edges.len(), |i| mesh.ends(edges[i]));
        let mut units: Vec<u32> = parallel::map_runs(edges.len(), |i| mesh.unit(edges[i]));
        let boxes: Vec<Bounds> =
            parallel::map_runs(segments.len(), |i| within_reach(&mesh.polygons, &segments[i], tolerance_m));
        // Edges far from those of all other units have nothing to be snapped to, nor have their ends.
        let near = near_others(&boxes, &units);
        segments = near.iter().map(|&i| segments[i]).collect();
        units = near.iter().map(|&i| units[i]).collect();
        let boxes = near.iter().map(|&i| boxes[i]).collect();
        let mut at: Vec<(Point, u32)> =
            segments.iter().zip(&units).flat_map(|(s, &u)| s.iter().map(move |&p| (p, u))).collect();
        at.sort_unstable_by(|a, b| lexical(a.0, b.0).then(a.1.cmp(&b.1)));
        at.dedup();
        let (mut points, mut starts, mut owners) = (Vec::new(), vec![], Vec::with_capacity(at.len()));
        for (p, unit) in at {
            if points.last() != Some(&p) {
                points.push(p);
                starts.push(owners.len() as u32);
            }
            owners.push(unit);
        }
        starts.push(owners.len() as u32);
        Borders { mesh, segments, units, boxes, points, starts, owners, tolerance_m }
    }

    fn owners(&self, point: u32) -> &[u32] {
        &self.owners[self.starts[point as usize] as usize..self.starts[point as usize + 1] as usize]
    }

    fn number(&self, p: Point) -> Option<u32> {
        self.points.binary_search_by(|&q| lexical(q, p)).ok().map(|i| i as u32)
    }

    fn scale(&self, p: Point) -> [f64; 2] {
        scale(self.mesh.polygons.space(), p)
    }

    /// Vertices near edges of units that they do not belong to, one edge (the nearest) per vertex and unit.
    fn near(&self) -> Vec<Near> {
        let east = |s: &Segment| east(&self.mesh.polygons, s);
        let tree = BoxTree::scattered(self.boxes.clone());
        let mut near = Vec::new();
        tree.pairs(|i, j| {
            if self.units[i] != self.units[j] {
                for (i, j) in [(i, j), (j, i)] {
                    let other_side = east(&self.segments[i])[0] != self.segments[i][0]
                        || east(&self.segments[j])[0] != self.segments[j][0];
                    for p in self.segments[i] {
                        let p = if other_side && p[0].abs() == 180.0 { [self.segments[j][0][0], p[1]] } else { p };
                        near.extend(self.distance(p, j as u32));
                    }
                }
            }
            ControlFlow::Continue(())
        });
        near.sort_by(|a, b| {
            (a.point, a.unit).cmp(&(b.point, b.unit)).then(a.metres.total_cmp(&b.metres)).then(a.edge.cmp(&b.edge))
        });
        near.dedup_by_key(|n| (n.point, n.unit));
        near
    }

    fn distance(&self, p: Point, edge: u32) -> Option<Near> {
        let [a, b] = self.segments[edge as usize];
        let scale = self.scale(p);
        let to = |q: Point| [(q[0] - p[0]) * scale[0], (q[1] - p[1]) * scale[1]];
        let (a_m, b_m) = (to(a), to(b));
        let d = [b_m[0] - a_m[0], b_m[1] - a_m[1]];
        let length = d[0] * d[0] + d[1] * d[1];
        let t = (-(a_m[0] * d[0] + a_m[1] * d[1]) / length).clamp(0.0, 1.0);
        let foot = [a_m[0] + t * d[0], a_m[1] + t * d[1]];
        let norm = |v: [f64; 2]| (v[0] * v[0] + v[1] * v[1]).sqrt();
        let metres = norm(foot);
        if metres.is_nan() || metres > self.tolerance_m || p == a || p == b {
            return None;
        }
        let unit = self.units[edge as usize];
        // A point that stands for its image across the antimeridian need not be a vertex here; then it has no owners.
        let point = self.number(p).or_else(|| self.number([-p[0], p[1]]))?;
        if self.owners(point).binary_search(&unit).is_ok() {
            return None;
        }
        let (end, end_metres) = if norm(a_m) <= norm(b_m) { (a, norm(a_m)) } else { (b, norm(b_m)) };
        Some(Near { point, unit, edge, metres, end, end_metres, inside: t > 0.0 && t < 1.0 })
    }

    /// Pairs of vertices to be made one, nearest first.
    fn merges(&self, near: &[Near], grid_m: f64) -> Vec<(f64, u32, u32, Option<u32>)> {
        let mut pairs = Vec::new();
        for n in near {
            // A vertex on an edge stays there even if the edge's end is within the tolerance.
            let close = n.end_metres <= self.tolerance_m && n.end_metres <= 2.0 * n.metres + 2.0 * grid_m;
            let same_side = self.points[n.point as usize][0] != -n.end[0] || n.end[0].abs() != 180.0;
            if let (true, true, Some(end)) = (close, same_side, self.number(n.end)) {
                pairs.push((n.end_metres, n.point.min(end), n.point.max(end), None));
            }
        }
        // Where a gap ends at a third unit, a short edge of that unit joins the two sides.
        for (s, &unit) in self.segments.iter().zip(&self.units) {
            let metres = 1000.0 * measure::length_km(self.mesh.polygons.space(), s[0], s[1]);
            if metres > self.tolerance_m {
                continue;
            }
            if let [Some(a), Some(b)] = s.map(|p| self.number(p)) {
                let only = |x: u32, y: u32| self.owners(x).iter().any(|u| self.owners(y).binary_search(u).is_err());
                if only(a, b) && only(b, a) {
                    pairs.push((metres, a.min(b), a.max(b), Some(unit)));
                }
            }
        }
        pairs.sort_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2, x.3).cmp(&(y.1, y.2, y.3))));
        pairs.dedup_by_key(|p| (p.1, p.2));
        pairs
    }

    fn apply(&self, grid: &Grid) -> Snapped {
        let near = self.near();
        let grid_m = grid.step() * self.points.first().map_or(1.0, |&p| self.scale(p)[1]);
        let mut clusters = Clusters::new(self);
        for (_, a, b, joint) in self.merges(&near, grid_m) {
            clusters.merge(a, b, joint);
        }
        let splits = near.iter().filter(|n| n.inside).filter_map(|n| {
            let s = self.segments[n.edge as usize];
            let ends = s.map(|p| self.number(p));
            let cluster = clusters.find(n.point);
            let merged = ends.iter().flatten().any(|&e| clusters.find(e) == cluster);
            let mut p = self.points[n.point as usize];
            if on_antimeridian(&self.mesh.polygons, s) && p[0] == -s[0][0] {
                p[0] = s[0][0];
            }
            (!merged).then_some((s, p))
        });
        let splits = Splits::new(splits.collect::<Vec<_>>());
        let moves = clusters.moves();
        let mut snapped = Snapped { moved_vertices: moves.len(), split_edges: splits.len(), ..Snapped::default() };
        if !splits.is_empty() {
            split_everywhere(&self.mesh.polygons, &self.mesh.extents, &mut snapped.loose, &splits);
        }
        move_vertices(self.mesh, &mut snapped.loose, &moves);
        snapped
    }
}

/// Metres per unit of the two coordinates at `p`.
fn scale(space: Space, p: Point) -> [f64; 2] {
    match space {
        Space::Planar => [1.0, 1.0],
        Space::Geographic => {
            let degree = EARTH_RADIUS_KM * 1000.0 * 1f64.to_radians();
            [degree * super::trig::cos(p[1].to_radians()).max(1e-9), degree]
        }
    }
}

/// The edge, brought to the east if it is on the antimeridian: borders on both sides of it are one.
fn east(polygons: &Polygons, s: &Segment) -> Segment {
    let mut s = *s;
    if on_antimeridian(polygons, s) {
        (s[0][0], s[1][0]) = (180.0, 180.0);
    }
    s
}

/// Box of what is within half the tolerance of an edge.
fn within_reach(polygons: &Polygons, s: &Segment, tolerance_m: f64) -> Bounds {
    let pole = if s[0][1].abs() > s[1][1].abs() { s[0] } else { s[1] };
    let reach = scale(polygons.space(), pole).map(|metres| (0.5 * tolerance_m / metres).min(180.0));
    let [a, b] = east(polygons, s);
    Bounds::of_segment(a, b).expanded(reach)
}

/// Moves vertices in all units that have them; the units come loose. `moves` ascend by the vertex.
fn move_vertices(mesh: &Mesh, loose: &mut Loose, moves: &[(Point, Point)]) {
    if moves.is_empty() {
        return;
    }
    let target = |p: Point| moves.binary_search_by(|m| lexical(m.0, p)).ok().map(|i| moves[i].1);
    let mut filter = Filter::new(moves.len());
    moves.iter().for_each(|m| filter.add(buckets::hash(m.0)));
    let polygons = &mesh.polygons;
    let moved = |p: Point| filter.may_have(buckets::hash(p)) && target(p).is_some();
    let near = mesh.extents.near(polygons.space(), moves.iter().map(|m| Bounds::of_segment(m.0, m.0)).collect());
    for unit in near {
        if polygons.vertices()[polygons.vertices_of_unit(unit as usize)].iter().any(|&p| moved(p)) {
            loosen(polygons, loose, unit);
        }
    }
    for bag in loose.values_mut() {
        for segment in bag.iter_mut() {
            *segment = segment.map(|p| target(p).unwrap_or(p));
        }
        bag.retain(|s| s[0] != s[1]);
    }
}

/// Vertices that become one.
struct Clusters<'a> {
    borders: &'a Borders<'a>,
    parent: Vec<u32>,
    /// Members of clusters of two and more, at their root.
    members: Vec<Vec<u32>>,
}

impl<'a> Clusters<'a> {
    fn new(borders: &'a Borders<'a>) -> Self {
        let n = borders.points.len();
        Clusters { borders, parent: (0..n as u32).collect(), members: vec![Vec::new(); n] }
    }

    fn find(&self, mut point: u32) -> u32 {
        while self.parent[point as usize] != point {
            point = self.parent[point as usize];
        }
        point
    }

    fn members(&self, root: u32) -> Vec<u32> {
        let own = &self.members[root as usize];
        if own.is_empty() { vec![root] } else { own.clone() }
    }

    fn owners(&self, members: &[u32]) -> Vec<u32> {
        let mut owners: Vec<u32> = members.iter().flat_map(|&m| self.borders.owners(m)).copied().collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Makes one of the clusters of two points, unless that brought two vertices of a unit together (but for the unit whose short
    /// edge `joint` lies between them) or points farther apart than the tolerance.
    fn merge(&mut self, a: u32, b: u32, joint: Option<u32>) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let (mut first, second) = (self.members(a), self.members(b));
        let theirs = self.owners(&second);
        let clash = self.owners(&first).iter().any(|u| Some(*u) != joint && theirs.binary_search(u).is_ok());
        let space = self.borders.mesh.polygons.space();
        let metres = |x: u32, y: u32| {
            1000.0 * measure::length_km(space, self.borders.points[x as usize], self.borders.points[y as usize])
        };
        let limit = self.borders.tolerance_m * (1.0 + 1e-6);
        if clash || first.iter().any(|&x| second.iter().any(|&y| metres(x, y) > limit)) {
            return;
        }
        let root = a.min(b);
        self.parent[a.max(b) as usize] = root;
        first.extend(second);
        self.members[a.max(b) as usize] = Vec::new();
        self.members[root as usize] = first;
    }

    /// Where vertices go, ascending: to the member that most units have, the first of several.
    fn moves(&self) -> Vec<(Point, Point)> {
        let mut moves = Vec::new();
        for members in self.members.iter().filter(|m| m.len() > 1) {
            let count = |m: &u32| self.borders.owners(*m).len();
            let best = members.iter().max_by(|x, y| count(x).cmp(&count(y)).then(y.cmp(x)));
            let Some(&best) = best else { continue };
            let to = self.borders.points[best as usize];
            moves.extend(members.iter().filter(|&&m| m != best).map(|&m| (self.borders.points[m as usize], to)));
        }
        moves.sort_by(|x, y| lexical(x.0, y.0));
        moves
    }
}
