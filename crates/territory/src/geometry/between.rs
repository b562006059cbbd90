//! Units against one another, after each is in order by itself: what is left when equal edges have cancelled, where it meets, and
//! whether any place is covered twice.

use super::arrangement::{Labelled, Rule, label};
use super::boxes::{Bounds, BoxTree, near_others};
use super::edges::{EdgeIndex, Segment, on_antimeridian, segments_of};
use super::extents::Extents;
use super::grid::Grid;
use super::measure::{area_km2, ring_area_km2};
use super::noding::{Contacts, ordered};
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use super::rings::{Part, assemble};
use super::twins::{Twin, Twins};
use crate::parallel;

/// Polygons, and which of their edges lie on one another. Edges of the same unit lie on one another only across the antimeridian.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    pub(crate) polygons: Polygons,
    pub(crate) extents: Extents,
    pub(crate) index: EdgeIndex,
    pub(crate) twins: Twins,
}

impl Mesh {
    pub(crate) fn new(polygons: Polygons, extents: Extents) -> Self {
        let index = EdgeIndex::new(&polygons);
        let twins = Twins::new(&polygons, &index);
        Mesh { polygons, extents, index, twins }
    }

    #[inline(always)]
    pub(crate) fn ends(&self, edge: u32) -> Segment {
        self.index.ends(&self.polygons, edge)
    }

    pub(crate) fn unit(&self, edge: u32) -> u32 {
        self.index.unit(&self.polygons, edge)
    }

    /// Gives some units (ascending) other edges.
    pub(crate) fn replace(&mut self, parts: &[(u32, Vec<Part>)]) {
        if parts.is_empty() {
            return;
        }
        let range = |polygons: &Polygons, unit: u32| {
            let own = polygons.vertices_of_unit(unit as usize);
            own.start as u32..own.end as u32
        };
        let before: Vec<_> = parts.iter().map(|p| range(&self.polygons, p.0)).collect();
        self.polygons.replace_units(parts);
        let changed: Vec<_> = before.into_iter().zip(parts.iter().map(|p| range(&self.polygons, p.0))).collect();
        self.extents.update(&self.polygons, parts.iter().map(|p| p.0));
        self.index = EdgeIndex::new(&self.polygons);
        self.twins = std::mem::take(&mut self.twins).update(&self.polygons, &self.extents, &self.index, &changed);
    }

    fn on_antimeridian(&self, edge: u32) -> bool {
        on_antimeridian(&self.polygons, self.ends(edge))
    }

    /// Contacts of edges (ascending) of different units.
    pub(crate) fn contacts(&self, edges: &[u32], grid: &Grid) -> Contacts {
        // Of the edges along one segment one stands for all.
        let first = |edge: &u32| match self.twins.get(*edge) {
            Twin::Alone => true,
            Twin::Opposite(other) | Twin::Same(other) => *edge < other || edges.binary_search(&other).is_err(),
            Twin::Many(group) => group.iter().find(|e| edges.binary_search(e).is_ok()) == Some(edge),
        };
        let edges: Vec<u32> = edges.iter().copied().filter(|e| self.on_antimeridian(*e) || first(e)).collect();
        let mut segments: Vec<Segment> = parallel::map_runs(edges.len(), |i| self.ends(edges[i]));
        let mut units: Vec<u32> = parallel::map_runs(edges.len(), |i| self.unit(edges[i]));
        let boxes: Vec<Bounds> =
            parallel::map_runs(segments.len(), |i| Bounds::of_segment(segments[i][0], segments[i][1]));
        let near = near_others(&boxes, &units);
        segments = near.iter().map(|&i| segments[i]).collect();
        units = near.iter().map(|&i| units[i]).collect();
        Contacts::within(&segments, grid, |i, j| units[i] != units[j])
    }

    /// What is left of the leftovers when opposite edges cancel, each as often as it remains.
    pub(crate) fn net(&self, leftovers: &[u32]) -> Vec<Segment> {
        let mut net = Vec::new();
        for &edge in leftovers {
            match self.twins.get(edge) {
                Twin::Alone | Twin::Opposite(_) | Twin::Same(_) => net.push(self.ends(edge)),
                Twin::Many(group) => {
                    // Once for the whole group, by its first edge.
                    if group[0] == edge {
                        net.extend(net_of(group.iter().map(|&e| self.ends(e))));
                    }
                }
            }
        }
        net
    }
}

/// Directed edges along one segment, opposite ones cancelled. Edges on different sides of the antimeridian do not cancel.
pub(crate) fn net_of(edges: impl Iterator<Item = Segment>) -> Vec<Segment> {
    let mut sums: Vec<(Segment, i32)> = Vec::new();
    for s in edges {
        let key = ordered(s);
        let step = if key == s { 1 } else { -1 };
        match sums.iter_mut().find(|(k, _)| *k == key) {
            Some((_, sum)) => *sum += step,
            None => sums.push((key, step)),
        }
    }
    let directed = sums.into_iter().flat_map(|([a, b], sum)| {
        let s = if sum > 0 { [a, b] } else { [b, a] };
        std::iter::repeat_n(s, sum.unsigned_abs() as usize)
    });
    directed.collect()
}

/// A place where units lie on one another, or where none is though units are all around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Defect {
    /// Area in km².
    pub area_km2: f64,
    /// Mean width in metres: twice the area over the perimeter.
    pub width_m: f64,
    /// A vertex of its border (degrees or metres).
    pub at: [f64; 2],
    /// Units at its border, ascending; at most eight.
    pub units: Vec<u32>,
}

/// What the leftovers bound.
pub(crate) struct Cover {
    /// Places covered at least twice.
    pub(crate) overlaps: Vec<Part>,
    /// Places covered by nothing, as counter-clockwise rings.
    pub(crate) gaps: Vec<Part>,
}

/// Faces made by what is left of all units; `None` if the edges still cross.
pub(crate) fn cover(net: &[Segment]) -> Option<Cover> {
    let gaps = |parts: Vec<Part>| {
        let holes = parts.into_iter().flat_map(|part| part.into_iter().skip(1));
        holes
            .map(|mut hole| {
                hole.reverse();
                vec![hole]
            })
            .collect()
    };
    if let Ok(parts) = assemble(net) {
        return Some(Cover { overlaps: Vec::new(), gaps: gaps(parts) });
    }
    let labelled = label(net, Rule::Covered).ok()?;
    let border = |depth: i32| {
        let deeper = labelled.iter().map(|l| Labelled { left: l.left - depth, right: l.right - depth, ..*l });
        assemble(&deeper.filter_map(|l| l.border()).collect::<Vec<_>>()).ok()
    };
    Some(Cover { overlaps: border(1)?, gaps: gaps(border(0)?) })
}

/// Edges compared when overlaps are resolved, at most: some seconds' work.
const MOST_WORK: usize = 1 << 24;

/// Units that lie on others are cut so that every place belongs to the smallest unit there (the first of equal ones): a town inside a
/// county makes a hole in the county. A unit that would lose half its area or more keeps its shape. Returns new shapes by unit.
/// Edges must meet at vertices only.
pub(crate) fn resolve(mesh: &Mesh, overlaps: &[Part]) -> Vec<(u32, Vec<Part>)> {
    let polygons = &mesh.polygons;
    let units = mesh.extents.near(polygons.space(), boxes(overlaps));
    let area = |u: u32| area_km2(polygons, u as usize);
    let mut order: Vec<(f64, u32)> = units.iter().map(|&u| (area(u), u)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let bounds = |u: u32| *mesh.extents.of(u);
    let rank: std::collections::BTreeMap<u32, usize> = order.iter().zip(0..).map(|(o, i)| (o.1, i)).collect();
    let rank = |unit: u32| rank.get(&unit).copied().unwrap_or(usize::MAX);
    let tree = BoxTree::scattered(units.iter().map(|&u| bounds(u)).collect());
    // Where everything lies on everything, nothing is to be won.
    let mut work = 0;
    for &unit in &units {
        tree.query(&bounds(unit), |j| work += polygons.vertices_of_unit(units[j] as usize).len());
        if work > MOST_WORK {
            return Vec::new();
        }
    }
    let cut = parallel::map(units.len(), |i| {
        let own = segments_of(polygons, units[i] as usize);
        let mut all = own.clone();
        tree.query(&bounds(units[i]), |j| {
            if rank(units[j]) < rank(units[i]) {
                all.extend(segments_of(polygons, units[j] as usize).into_iter().map(|[a, b]| [b, a]));
            }
        });
        // One where only this unit is, nothing or less where a smaller one is.
        let labelled = label(&all, Rule::Covered).ok()?;
        let mut border: Vec<Segment> = labelled.iter().filter_map(Labelled::border).collect();
        let order = |s: &Segment, t: &Segment| lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]));
        let mut own = own;
        own.sort_by(order);
        border.sort_by(order);
        if own == border {
            return None;
        }
        let parts = assemble(&border).ok()?;
        let left: f64 = parts.iter().flatten().map(|r| ring_area_km2(polygons.space(), r)).sum();
        (left > 0.5 * area(units[i])).then_some((units[i], parts))
    });
    cut.into_iter().flatten().collect()
}

/// Boxes of parts.
pub(crate) fn boxes(parts: &[Part]) -> Vec<Bounds> {
    parts.iter().filter_map(|part| part.first()).map(|ring| Bounds::of_points(ring)).collect()
}

/// Describes faces: largest first.
pub(crate) fn defects(mesh: &Mesh, parts: &[Part]) -> Vec<Defect> {
    if parts.is_empty() {
        return Vec::new();
    }
    // Owners of the segments at the faces' borders.
    let units = mesh.extents.near(mesh.polygons.space(), boxes(parts));
    let mut owned: Vec<(Segment, u32)> = units
        .iter()
        .flat_map(|&u| segments_of(&mesh.polygons, u as usize).into_iter().map(move |s| (ordered(s), u)))
        .collect();
    let order = |s: &Segment, t: &Segment| lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]));
    owned.sort_by(|a, b| order(&a.0, &b.0).then(a.1.cmp(&b.1)));
    let describe = |part: &Part| {
        let space = mesh.polygons.space();
        let area: f64 = part.iter().map(|r| ring_area_km2(space, r)).sum();
        let segments: Vec<Segment> =
            part.iter().flat_map(|r| (0..r.len()).map(|i| [r[i], r[(i + 1) % r.len()]])).collect();
        let length: f64 = segments.iter().map(|s| super::measure::length_km(space, s[0], s[1])).sum();
        let mut at_border: Vec<u32> = Vec::new();
        for s in &segments {
            let key = ordered(*s);
            let from = owned.partition_point(|o| order(&o.0, &key).is_lt());
            at_border.extend(owned[from..].iter().take_while(|o| o.0 == key).map(|o| o.1));
        }
        at_border.sort_unstable();
        at_border.dedup();
        at_border.truncate(8);
        let at: Point = part.first().and_then(|r| r.first()).copied().unwrap_or_default();
        Defect {
            area_km2: area,
            width_m: if length > 0.0 { 2000.0 * area / length } else { 0.0 },
            at,
            units: at_border,
        }
    };
    let mut defects = parallel::map(parts.len(), |i| describe(&parts[i]));
    defects.sort_by(|a, b| b.area_km2.total_cmp(&a.area_km2));
    defects
}
