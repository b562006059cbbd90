//! For each edge the edges of other units along the same segment: what the graph and the dissolve are read off.

use super::boxes::Bounds;
use super::buckets;
use super::edges::{EdgeIndex, Filter, Segment, key, pieces, push_hashes, segment_hash, start_of};
use super::extents::Extents;
use super::polygons::Polygons;
use super::predicates::lexical;
use crate::parallel;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Whether two edges along one segment run the same way.
#[inline]
fn same_way(s: Segment, t: Segment) -> bool {
    // Across the antimeridian only latitudes can be compared.
    s[0] == t[0] || (s[0][0] == -t[0][0] && s[0][0].abs() == 180.0 && s[0][1] == t[0][1])
}

/// Whether two edges lie along one segment.
#[inline(always)]
fn along(polygons: &Polygons, s: Segment, t: Segment) -> bool {
    (s[0] == t[1] && s[1] == t[0])
        || (s[0] == t[0] && s[1] == t[1])
        || (s[0][0].abs() == 180.0 && key(polygons, s) == key(polygons, t))
}

/// Entry for an edge whose partner may be `other`.
#[inline]
fn mark(s: Segment, t: Segment, polygons: &Polygons, other: u32) -> u32 {
    match (along(polygons, s, t), same_way(s, t)) {
        (false, _) => NONE,
        (true, false) => other,
        (true, true) => other | SAME,
    }
}

/// Which edges lie along the same segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Twins {
    /// `NONE`; the other edge, plus `SAME` if it runs the same way; or `MANY` plus the number of a group.
    of: Vec<u32>,
    /// Edges of groups of three and more, ascending, one group after another.
    members: Vec<u32>,
    starts: Vec<u32>,
}

/// Edges looked at as one piece of work.
const PIECE: usize = 1 << 16;

const NONE: u32 = u32::MAX;
const MANY: u32 = 1 << 31;
const SAME: u32 = 1 << 30;
/// Numbers of edges must stay below the marks.
pub(crate) const MAX_EDGES: usize = SAME as usize;

/// The other edges along an edge's segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Twin<'a> {
    /// There is none.
    Alone,
    /// One other, in the other direction.
    Opposite(u32),
    /// One other, in the same direction.
    Same(u32),
    /// All edges along the segment, three or more, the edge itself among them; ascending.
    Many(&'a [u32]),
}

impl Twins {
    pub(crate) fn new(polygons: &Polygons, index: &EdgeIndex) -> Self {
        // The first write to fresh memory is what costs, so it is shared.
        let mut of = vec![0; polygons.vertices().len()];
        parallel::for_each_chunk(&mut of, PIECE, |_, piece| piece.fill(NONE));
        let of: Vec<AtomicU32> = of.into_iter().map(AtomicU32::new).collect();
        let units = pieces(polygons);
        let edges: Vec<u32> = units.iter().map(|&u| start_of(polygons, u)).collect();
        let many = Mutex::new(Vec::new());
        buckets::for_each_group(
            &edges,
            |piece, hashes| {
                for unit in units[piece]..units[piece + 1] {
                    for ring in polygons.rings_of_unit(unit as usize) {
                        push_hashes(polygons, polygons.ring(ring), hashes);
                    }
                }
            },
            |a, b| by_key(polygons, index, a, b),
            |a, b| of[a.min(b) as usize].store(a.max(b), Relaxed),
            |group| {
                if let Ok(mut many) = many.lock() {
                    many.push(group.to_vec());
                }
            },
        );
        // Pairs with one hash are looked at in order of their first edges: the partner's vertices are then mostly near by in memory.
        parallel::map(of.len().div_ceil(PIECE), |piece| {
            let own = (piece * PIECE)..((piece + 1) * PIECE).min(of.len());
            for (entry, edge) in of[own.clone()].iter().zip(own.start as u32..) {
                let other = entry.load(Relaxed);
                // Behind the edge stands what its partner, another piece's perhaps, has entered already.
                if other == NONE || other & !SAME < edge {
                    continue;
                }
                let ends = [edge, other].map(|e| index.ends(polygons, e));
                let found = mark(ends[0], ends[1], polygons, other);
                entry.store(found, Relaxed);
                if found != NONE {
                    of[other as usize].store(edge | (found & SAME), Relaxed);
                }
            }
        });
        let of = of.into_iter().map(AtomicU32::into_inner).collect();
        // A pair that a larger group of the same hash was split into stands among the groups.
        Twins { of, ..Twins::default() }.with_groups(many.into_inner().unwrap_or_default(), polygons, index)
    }

    /// Adds groups of edges along one segment. Groups of two are pairs.
    fn with_groups(mut self, mut many: Vec<Vec<u32>>, polygons: &Polygons, index: &EdgeIndex) -> Self {
        many.sort_unstable();
        self.starts = vec![0];
        for group in &many {
            if let [a, b] = group[..] {
                let ends = [a, b].map(|e| index.ends(polygons, e));
                self.of[a as usize] = mark(ends[0], ends[1], polygons, b);
                self.of[b as usize] = mark(ends[0], ends[1], polygons, a);
                continue;
            }
            let number = self.starts.len() as u32 - 1;
            self.members.extend_from_slice(group);
            self.starts.push(self.members.len() as u32);
            group.iter().for_each(|&e| self.of[e as usize] = MANY + number);
        }
        self
    }

    /// The twins after some units got other edges: `polygons` are the new ones, `extents` theirs, `changed` says which edges, before
    /// and now, belong to units that changed (ascending). Only edges that may lie along edges of these are compared again.
    pub(crate) fn update(
        self,
        polygons: &Polygons,
        extents: &Extents,
        index: &EdgeIndex,
        changed: &[(Range<u32>, Range<u32>)],
    ) -> Self {
        let (mut of, mut open) = Self::moved(self.of, polygons.vertices().len(), changed);
        open.extend(changed.iter().flat_map(|c| c.1.clone()));
        // New edges may lie along any others: such as have a partner already, or never had one.
        for edge in sharing_hash(polygons, extents, index, changed) {
            let partner = std::mem::replace(&mut of[edge as usize], NONE);
            open.push(edge);
            if partner != NONE {
                of[(partner & !SAME) as usize] = NONE;
                open.push(partner & !SAME);
            }
        }
        open.sort_unstable();
        open.dedup();
        let starts: Vec<u32> = (0..=open.len().div_ceil(PIECE)).map(|i| (i * PIECE).min(open.len()) as u32).collect();
        let found = Mutex::new(Vec::new());
        let ends = |item: u32| index.ends(polygons, open[item as usize]);
        buckets::for_each_group(
            &starts,
            |piece, hashes| {
                let own = starts[piece]..starts[piece + 1];
                hashes.extend(own.map(|item| {
                    let [a, b] = key(polygons, ends(item));
                    segment_hash(a, b)
                }));
            },
            |a, b| by_key(polygons, index, open[a as usize], open[b as usize]),
            |a, b| {
                if let (true, Ok(mut found)) = (along(polygons, ends(a), ends(b)), found.lock()) {
                    found.push(vec![open[a as usize], open[b as usize]]);
                }
            },
            |group| {
                if let Ok(mut found) = found.lock() {
                    found.push(group.iter().map(|&item| open[item as usize]).collect::<Vec<u32>>());
                }
            },
        );
        Twins { of, ..Twins::default() }.with_groups(found.into_inner().unwrap_or_default(), polygons, index)
    }

    /// What is known of edges that did not change, by their new numbers: pairs of such edges. Also the edges of groups of three and
    /// more, which have to be compared again.
    fn moved(mut of: Vec<u32>, edges: usize, changed: &[(Range<u32>, Range<u32>)]) -> (Vec<u32>, Vec<u32>) {
        // Edges between two changed ranges move together.
        let mut runs = Vec::with_capacity(changed.len() + 1);
        let (mut old, mut new) = (0u32, 0u32);
        for (before, now) in changed {
            runs.push((old..before.start, new));
            (old, new) = (before.end, now.end);
        }
        runs.push((old..of.len() as u32, new));
        shift(&mut of, &runs, edges);
        let mut pieces = Vec::new();
        let (mut rest, mut at) = (&mut of[..], 0);
        for (run, to) in &runs {
            let (between, others) = std::mem::take(&mut rest).split_at_mut((to - at) as usize);
            between.fill(NONE);
            let (own, others) = others.split_at_mut(run.len());
            pieces
                .extend(own.chunks_mut(PIECE).zip((*to..).step_by(PIECE)).map(|(own, to)| (run, to, own, Vec::new())));
            (rest, at) = (others, to + run.len() as u32);
        }
        rest.fill(NONE);
        let shifts: Vec<(u32, u32)> = runs.iter().map(|(run, to)| (run.end, to.wrapping_sub(run.start))).collect();
        let inside = |edge: u32, run: usize| runs.get(run).is_some_and(|(run, _)| run.contains(&edge));
        parallel::for_each(&mut pieces, |_, (run, to, own, open)| {
            let number = shifts.partition_point(|s| s.0 < run.end);
            for (entry, now) in own.iter_mut().zip(*to..) {
                let other = *entry & !SAME;
                if *entry == NONE {
                    continue;
                }
                if *entry >= MANY {
                    open.push(now);
                    *entry = NONE;
                    continue;
                }
                let run = if inside(other, number) { number } else { shifts.partition_point(|s| s.0 <= other) };
                *entry = if inside(other, run) { entry.wrapping_add(shifts[run].1) } else { NONE };
            }
        });
        let open = pieces.into_iter().flat_map(|piece| piece.3).collect();
        (of, open)
    }

    /// The other edges along the segment of `edge`.
    #[inline]
    pub(crate) fn get(&self, edge: u32) -> Twin<'_> {
        match self.of[edge as usize] {
            other if other < SAME => Twin::Opposite(other),
            NONE => Twin::Alone,
            other if other < MANY => Twin::Same(other - SAME),
            group => Twin::Many(self.group((group - MANY) as usize)),
        }
    }

    /// Groups of three and more edges along one segment.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.members[w[0] as usize..w[1] as usize])
    }

    fn group(&self, number: usize) -> &[u32] {
        &self.members[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// Edges that are not cancelled by exactly one edge of the other direction, ascending.
    pub(crate) fn leftovers(&self) -> Vec<u32> {
        let found = parallel::map(self.of.len().div_ceil(PIECE), |piece| {
            let own = self.of[piece * PIECE..].iter().take(PIECE).zip((piece * PIECE) as u32..);
            own.filter(|(other, _)| **other >= SAME).map(|(_, edge)| edge).collect::<Vec<u32>>()
        });
        found.concat()
    }
}

/// Moves the entries of runs of edges to where they go in a column of `edges` entries.
fn shift(of: &mut Vec<u32>, runs: &[(Range<u32>, u32)], edges: usize) {
    of.resize(edges.max(of.len()), NONE);
    let places = |run: &Range<u32>| run.start as usize..run.end as usize;
    // A run that moves back is safe once all before it are done, one that moves forward once all after it are.
    for (run, to) in runs.iter().filter(|(run, to)| *to < run.start) {
        of.copy_within(places(run), *to as usize);
    }
    for (run, to) in runs.iter().rev().filter(|(run, to)| *to > run.start) {
        of.copy_within(places(run), *to as usize);
    }
    of.truncate(edges);
}

/// Edges that may lie along one of the edges of changed units, these among them; ascending.
fn sharing_hash(
    polygons: &Polygons,
    extents: &Extents,
    index: &EdgeIndex,
    changed: &[(Range<u32>, Range<u32>)],
) -> Vec<u32> {
    let count: usize = changed.iter().map(|c| c.1.len()).sum();
    let mut filter = Filter::new(count);
    for edge in changed.iter().flat_map(|c| c.1.clone()) {
        let [a, b] = key(polygons, index.ends(polygons, edge));
        filter.add(segment_hash(a, b));
    }
    let place = |now: &Range<u32>| Bounds::of_points(&polygons.vertices()[now.start as usize..now.end as usize]);
    let units = extents.near(polygons.space(), changed.iter().map(|c| place(&c.1)).collect());
    const UNITS: usize = 1 << 10;
    let found = parallel::map(units.len().div_ceil(UNITS), |chunk| {
        let (mut edges, mut hashes) = (Vec::new(), Vec::new());
        for &unit in &units[chunk * UNITS..((chunk + 1) * UNITS).min(units.len())] {
            hashes.clear();
            polygons.rings_of_unit(unit as usize).for_each(|r| push_hashes(polygons, polygons.ring(r), &mut hashes));
            let hits = hashes.iter().zip(start_of(polygons, unit)..).filter(|(hash, _)| filter.may_have(**hash));
            edges.extend(hits.map(|hit| hit.1));
        }
        edges
    });
    found.concat()
}

/// Order by the segments that edges lie along.
fn by_key(polygons: &Polygons, index: &EdgeIndex, a: u32, b: u32) -> Ordering {
    let [s, t] = [a, b].map(|e| key(polygons, index.ends(polygons, e)));
    lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]))
}

#[cfg(test)]
mod tests {
    use super::super::predicates::Point;
    use super::*;
    use crate::Space;

    fn polygons(rings: &[&[Point]]) -> Polygons {
        let mut polygons = Polygons::new(Space::Geographic);
        for ring in rings {
            ring.iter().for_each(|&v| polygons.push_vertex(v));
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        polygons
    }

    #[test]
    fn edges_find_their_twins() {
        let a: &[Point] = &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
        let b: &[Point] = &[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let polygons = polygons(&[a, b, a]);
        let index = EdgeIndex::new(&polygons);
        let twins = Twins::new(&polygons, &index);
        assert_eq!(twins.get(0), Twin::Same(6));
        assert_eq!(twins.get(2), Twin::Many(&[2, 3, 8]));
        assert_eq!(twins.get(4), Twin::Alone);
    }

    #[test]
    fn both_sides_of_the_antimeridian_are_one_line() {
        let west: &[Point] = &[[180.0, 0.0], [180.0, 1.0], [179.0, 0.0]];
        let east: &[Point] = &[[-180.0, 0.0], [-179.0, 0.0], [-180.0, 1.0]];
        let polygons = polygons(&[west, east]);
        let twins = Twins::new(&polygons, &EdgeIndex::new(&polygons));
        assert_eq!(twins.get(0), Twin::Opposite(5));
        assert_eq!(twins.get(1), Twin::Alone);
    }

    /// A row of unit squares from `from` on.
    fn squares(polygons: &mut Polygons, from: f64, count: usize) {
        for i in 0..count {
            let x = from + i as f64;
            polygons.push_parts(&[vec![vec![[x, 0.0], [x + 1.0, 0.0], [x + 1.0, 1.0], [x, 1.0]]]]);
        }
    }

    #[test]
    fn updating_gives_what_comparing_all_would() {
        let mut before = Polygons::new(Space::Planar);
        squares(&mut before, 0.0, 30);
        let index = EdgeIndex::new(&before);
        let twins = Twins::new(&before, &index);
        let shape = |ring: &[Point]| vec![vec![ring.to_vec()]];
        let changes = [
            // Gone elsewhere; along two that have found one another; with more vertices; like its neighbour.
            (3, shape(&[[50.0, 5.0], [51.0, 5.0], [51.0, 6.0]])),
            (4, shape(&[[10.0, 0.0], [10.0, 1.0], [9.5, 0.5]])),
            (17, shape(&[[17.0, 0.0], [17.5, 0.0], [18.0, 0.0], [18.0, 1.0], [17.0, 1.0]])),
            (29, shape(&[[28.0, 0.0], [29.0, 0.0], [29.0, 1.0], [28.0, 1.0]])),
        ];
        let mut after = before.clone();
        after.replace_units(&changes);
        let range = |p: &Polygons, u: u32| start_of(p, u)..start_of(p, u + 1);
        let changed: Vec<_> = changes.iter().map(|c| (range(&before, c.0), range(&after, c.0))).collect();
        let index = EdgeIndex::new(&after);
        assert_eq!(twins.update(&after, &Extents::new(&after), &index, &changed), Twins::new(&after, &index));
    }

    #[test]
    fn updating_keeps_pairs_that_only_seem_to_be_concerned() {
        // So many units change that the filter takes edges of units next to them for theirs, whose partners are far from any.
        let square = |x: f64, y: f64, top: f64| vec![vec![vec![[x, y], [x + 1.0, y], [x + 1.0, top], [x, top]]]];
        let place = |unit: u32| (f64::from(unit % 60), f64::from(unit / 60));
        let mut before = Polygons::new(Space::Planar);
        (0..3600).for_each(|unit| before.push_parts(&square(place(unit).0, place(unit).1, place(unit).1 + 1.0)));
        let twins = Twins::new(&before, &EdgeIndex::new(&before));
        let other = |unit: u32| (unit, square(place(unit).0, place(unit).1, place(unit).1 + 0.5));
        let changes: Vec<_> = (0..3600).step_by(37).map(other).collect();
        let mut after = before.clone();
        after.replace_units(&changes);
        let changed: Vec<_> = changes.iter().map(|c| (c.0 * 4..c.0 * 4 + 4, c.0 * 4..c.0 * 4 + 4)).collect();
        let index = EdgeIndex::new(&after);
        assert_eq!(twins.update(&after, &Extents::new(&after), &index, &changed), Twins::new(&after, &index));
    }
}
