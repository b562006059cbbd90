//! Where segments cross or touch one another they are split, so that they meet at vertices only. A split belongs to the segment,
//! not to a unit: every unit that has the segment gets the same vertices, and neighbours stay exactly matched.

use super::boxes::{Bounds, BoxTree};
use super::edges::{Filter, Segment, key, push_hashes, segment_hash, segments_of};
use super::extents::Extents;
use super::grid::Grid;
use super::polygons::Polygons;
use super::predicates::{Meeting, Point, crossing, lexical, meeting, side, strictly_between};
use crate::parallel;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Units taken apart into their edges, directions forgotten.
pub(crate) type Loose = BTreeMap<u32, Vec<Segment>>;

/// Vertices to put into segments: segment (ends in order of x, then y), vertex; sorted by segment and the way along it.
#[derive(Debug, Default)]
pub(crate) struct Splits {
    entries: Vec<(Segment, Point)>,
}

pub(crate) fn ordered([a, b]: Segment) -> Segment {
    if lexical(a, b).is_le() { [a, b] } else { [b, a] }
}

fn by_segment(s: &Segment, t: &Segment) -> Ordering {
    lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]))
}

impl Splits {
    pub(crate) fn new(found: impl IntoIterator<Item = (Segment, Point)>) -> Self {
        let mut entries: Vec<(Segment, Point)> =
            found.into_iter().map(|(s, p)| (ordered(s), p)).filter(|(s, p)| !s.contains(p)).collect();
        let along =
            |s: &Segment, p: Point| (p[0] - s[0][0]) * (s[1][0] - s[0][0]) + (p[1] - s[0][1]) * (s[1][1] - s[0][1]);
        entries.sort_by(|(s, p), (t, q)| {
            by_segment(s, t).then_with(|| along(s, *p).total_cmp(&along(t, *q))).then_with(|| lexical(*p, *q))
        });
        entries.dedup();
        Splits { entries }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of vertices put into segments.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Segments that are split, each once.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.entries.chunk_by(|a, b| a.0 == b.0).map(|run| run[0].0)
    }

    fn of(&self, segment: Segment) -> &[(Segment, Point)] {
        let key = ordered(segment);
        let from = self.entries.partition_point(|e| by_segment(&e.0, &key).is_lt());
        let to = from + self.entries[from..].iter().take_while(|e| e.0 == key).count();
        &self.entries[from..to]
    }

    /// Splits the segments of a bag. Whether any was.
    pub(crate) fn apply(&self, bag: &mut Vec<Segment>) -> bool {
        let mut changed = false;
        let mut out = Vec::with_capacity(bag.len());
        for &[a, b] in bag.iter() {
            let vertices = self.of([a, b]);
            if vertices.is_empty() {
                out.push([a, b]);
                continue;
            }
            changed = true;
            let mut before = ordered([a, b])[0];
            for &(_, p) in vertices {
                out.push([before, p]);
                before = p;
            }
            out.push([before, ordered([a, b])[1]]);
        }
        out.retain(|s| s[0] != s[1]);
        *bag = out;
        changed
    }
}

/// What contacts were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contacts {
    pub(crate) splits: Vec<(Segment, Point)>,
    /// Where segments crossed, as put on the grid.
    pub(crate) crossings: Vec<Point>,
    /// The search was given up: there are more contacts, or more pairs of boxes that meet, than any map has.
    pub(crate) too_many: bool,
}

/// Contacts after which the search is given up.
const MOST_CONTACTS: usize = 1 << 22;

impl Contacts {
    /// Adds the contact of two segments, if they have one that is not a common end.
    pub(crate) fn add(&mut self, s: Segment, t: Segment, grid: &Grid) {
        // A vertex so close to an edge that it would leave a sliver too thin for floating point lies on it.
        let reach = 0.01 * grid.step();
        let before = self.splits.len();
        for (s, t) in [(s, t), (t, s)] {
            self.splits.extend(t.into_iter().filter(|&p| lies_on(s, p, reach)).map(|p| (s, p)));
        }
        if self.splits.len() > before {
            return;
        }
        match meeting(s, t) {
            Meeting::None => {}
            Meeting::Touch => {
                for (s, t) in [(s, t), (t, s)] {
                    for p in t {
                        if side(s[0], s[1], p) == Ordering::Equal && strictly_between(s[0], s[1], p) {
                            self.splits.push((s, p));
                        }
                    }
                }
            }
            Meeting::Cross => {
                let exact = crossing(s, t);
                let rounded = exact.map(|x| grid.round(x));
                // An end in the same cell is the same point: the other segment is led through it.
                let end = s.into_iter().chain(t).find(|&p| grid.same(p, rounded));
                let p = end.unwrap_or(rounded);
                self.crossings.push(p);
                self.splits.extend([(s, p), (t, p)]);
            }
        }
    }

    /// All contacts in a list of segments, of the pairs for which `wanted` holds.
    pub(crate) fn within(bag: &[Segment], grid: &Grid, wanted: impl Fn(usize, usize) -> bool) -> Self {
        let mut contacts = Contacts::default();
        let tree = BoxTree::scattered(bag.iter().map(|s| Bounds::of_segment(s[0], s[1])).collect());
        let all = tree.pairs(|i, j| {
            if wanted(i, j) {
                contacts.add(bag[i], bag[j], grid);
            }
            if contacts.splits.len() > MOST_CONTACTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        contacts.too_many = !all;
        contacts
    }
}

/// Whether `p`, not an end of the segment, is within `reach` of its inside.
fn lies_on([a, b]: Segment, p: Point, reach: f64) -> bool {
    let (d, w) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let along = w[0] * d[0] + w[1] * d[1];
    let length = d[0] * d[0] + d[1] * d[1];
    let off = w[0] * d[1] - w[1] * d[0];
    along > 0.0 && along < length && off * off <= reach * reach * length && p != a && p != b
}

/// Splitting moves segments by up to half a grid cell, which can make new contacts, but ever fewer.
const ROUNDS: usize = 12;

/// Splits the segments of the loose units where they meet within their unit. Other units that have such a segment come loose too.
pub(crate) fn settle(polygons: &Polygons, extents: &Extents, loose: &mut Loose, grid: &Grid) -> Settled {
    let mut pending: Vec<u32> = loose.keys().copied().collect();
    let (mut crossings, mut hopeless) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bags: Vec<&Vec<Segment>> = pending.iter().filter_map(|u| loose.get(u)).collect();
        let mut found = parallel::map(bags.len(), |i| Contacts::within(bags[i], grid, |_, _| true));
        for (contacts, &unit) in found.iter_mut().zip(&pending).filter(|(c, _)| c.too_many) {
            *contacts = Contacts::default();
            hopeless.push(unit);
        }
        let splits = Splits::new(found.iter().flat_map(|c| c.splits.iter().copied()));
        crossings.extend(found.into_iter().flat_map(|c| c.crossings));
        if splits.is_empty() {
            break;
        }
        pending = split_everywhere(polygons, extents, loose, &splits);
    }
    crossings.sort_by(|&p, &q| lexical(p, q));
    crossings.dedup();
    hopeless.sort_unstable();
    hopeless.dedup();
    Settled { crossings, hopeless }
}

/// What [`settle`] found.
pub(crate) struct Settled {
    /// Places where segments crossed.
    pub(crate) crossings: Vec<Point>,
    /// Units whose segments meet in too many places to be split there, ascending.
    pub(crate) hopeless: Vec<u32>,
}

/// Splits the segments in all units that have them, which come loose. Returns those units.
pub(crate) fn split_everywhere(polygons: &Polygons, extents: &Extents, loose: &mut Loose, splits: &Splits) -> Vec<u32> {
    let keys: Vec<Segment> = splits.segments().collect();
    for unit in owners(polygons, extents, &keys) {
        loose.entry(unit).or_insert_with(|| segments_of(polygons, unit as usize));
    }
    loose.iter_mut().filter_map(|(&unit, bag)| splits.apply(bag).then_some(unit)).collect()
}

/// Units of `polygons` that have any of the segments, ascending.
fn owners(polygons: &Polygons, extents: &Extents, segments: &[Segment]) -> Vec<u32> {
    let places = segments.iter().map(|&s| key(polygons, s)).map(|[a, b]| Bounds::of_segment(a, b)).collect();
    let mut units: Vec<u32> =
        edges_along(polygons, extents, segments, places, |_| true).into_iter().map(|e| e.1).collect();
    units.dedup();
    units
}

/// Edges of `polygons` along any of the segments, by unit: the segment (as [`key`] gives it) and the unit. The segments lie in the
/// `places`; units that are not `wanted` are left out.
pub(crate) fn edges_along(
    polygons: &Polygons,
    extents: &Extents,
    segments: &[Segment],
    places: Vec<Bounds>,
    wanted: impl Fn(u32) -> bool,
) -> Vec<(Segment, u32)> {
    let mut keys: Vec<Segment> = segments.iter().map(|&s| key(polygons, s)).collect();
    keys.sort_by(by_segment);
    let mut filter = Filter::new(keys.len());
    keys.iter().for_each(|&[a, b]| filter.add(segment_hash(a, b)));
    let mut units = extents.near(polygons.space(), places);
    units.retain(|&unit| wanted(unit));
    const UNITS: usize = 1 << 10;
    let found = parallel::map(units.len().div_ceil(UNITS), |chunk| {
        let (mut edges, mut hashes) = (Vec::new(), Vec::new());
        for &unit in &units[chunk * UNITS..((chunk + 1) * UNITS).min(units.len())] {
            for ring in polygons.rings_of_unit(unit as usize).map(|r| polygons.ring(r)) {
                hashes.clear();
                push_hashes(polygons, ring, &mut hashes);
                for (i, &hash) in hashes.iter().enumerate() {
                    if filter.may_have(hash) {
                        let own = key(polygons, [ring[i], ring[if i + 1 == ring.len() { 0 } else { i + 1 }]]);
                        if keys.binary_search_by(|k| by_segment(k, &own)).is_ok() {
                            edges.push((own, unit));
                        }
                    }
                }
            }
        }
        edges
    });
    found.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_are_put_on_the_grid_once() {
        let grid = Grid::new(0.1);
        let mut bag = vec![[[0.0, 0.0], [3.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]];
        let contacts = Contacts::within(&bag, &grid, |_, _| true);
        let splits = Splits::new(contacts.splits);
        assert!(splits.apply(&mut bag));
        assert_eq!(bag.len(), 6);
        assert!(bag.iter().all(|s| s.contains(&[1.0, 0.3])));
        assert!(Contacts::within(&bag, &grid, |_, _| true).splits.is_empty());
    }

    #[test]
    fn overlapping_segments_are_split_at_each_others_ends() {
        let mut bag = vec![[[0.0, 0.0], [2.0, 0.0]], [[3.0, 0.0], [1.0, 0.0]]];
        Splits::new(Contacts::within(&bag, &Grid::new(1e-3), |_, _| true).splits).apply(&mut bag);
        let mut keys: Vec<_> = bag.iter().map(|&s| ordered(s)).collect();
        keys.sort_by(by_segment);
        assert_eq!(keys, [[[0., 0.], [1., 0.]], [[1., 0.], [2., 0.]], [[1., 0.], [2., 0.]], [[2., 0.], [3., 0.]]]);
    }
}
