//! Pairs of units that share borders or points.

use super::boxes::Bounds;
use super::buckets;
use super::coverage::Coverage;
use super::edges::{Segment, key, pieces};
use super::measure::{length_km, lengths_km};
use super::noding::{Loose, edges_along};
use super::predicates::{Point, lexical};
use super::twins::Twin;
use crate::parallel;
use crate::space::Space;
use std::sync::Mutex;

/// From this many units at one segment or point on only consecutive ones are paired: the number of all pairs grows with the square.
const ALL_PAIRS: usize = 64;

/// Columns reused from unit to unit.
#[derive(Default)]
struct Row {
    /// The unit beside each edge of the row.
    beside: Vec<u32>,
    segments: Vec<Segment>,
    lengths: Vec<f64>,
    /// Units and the length in km of the edges along theirs, ascending.
    borders: Vec<(u32, f64)>,
}

impl Coverage {
    /// Pairs (a < b) of units with a common border and its length in km, ascending, in runs that follow one another.
    pub(crate) fn borders(&self) -> Vec<Vec<(u32, u32, f64)>> {
        let pieces = pieces(&self.mesh.polygons);
        let found = parallel::map(pieces.len() - 1, |piece| {
            let mut pairs = Vec::new();
            let mut row = Row::default();
            for unit in pieces[piece]..pieces[piece + 1] {
                self.row(unit, |other| other > unit, &mut row);
                let borders = row.borders.iter().filter(|b| self.touching.binary_search(&(unit, b.0)).is_err());
                pairs.extend(borders.map(|&(other, km)| (unit, other, km)));
            }
            pairs
        });
        if self.lost.is_empty() {
            return found;
        }
        let mut pairs = found.concat();
        pairs.extend_from_slice(&self.lost);
        pairs.sort_by_key(|p| (p.0, p.1));
        vec![pairs]
    }

    /// Units with edges along those of `unit`, ascending, and the length of these edges in km.
    fn row(&self, unit: u32, wanted: impl Fn(u32) -> bool, row: &mut Row) {
        let mesh = &self.mesh;
        row.beside.clear();
        row.segments.clear();
        // Edges that follow one another mostly lie along edges of one ring.
        let (mut ring, mut owner) = (0..0, unit);
        let mut unit_of = |edge: u32| {
            if !ring.contains(&edge) {
                (ring, owner) = mesh.index.ring_and_unit(&mesh.polygons, edge);
            }
            owner
        };
        for edge in mesh.polygons.vertices_of_unit(unit as usize) {
            let mut add = |other: u32| {
                if other != unit && wanted(other) {
                    row.beside.push(other);
                    row.segments.push(mesh.ends(edge as u32));
                }
            };
            match mesh.twins.get(edge as u32) {
                Twin::Alone => {}
                Twin::Opposite(other) | Twin::Same(other) => add(unit_of(other)),
                Twin::Many(group) => {
                    let own = group.partition_point(|&e| e < edge as u32);
                    // An edge of the same unit across the antimeridian stands for the unit only once.
                    if own > 0 && mesh.unit(group[own - 1]) == unit {
                        continue;
                    }
                    if group.len() <= ALL_PAIRS {
                        let mut owners: Vec<u32> = group.iter().map(|&e| mesh.unit(e)).collect();
                        owners.dedup();
                        owners.into_iter().for_each(&mut add);
                    } else {
                        let after = group[own..].iter().map(|&e| mesh.unit(e)).find(|&u| u != unit);
                        let before = group[..own].last().map(|&e| mesh.unit(e));
                        before.into_iter().chain(after).for_each(&mut add);
                    }
                }
            }
        }
        lengths_km(mesh.polygons.space(), &row.segments, &mut row.lengths);
        let borders = &mut row.borders;
        borders.clear();
        for (&other, &length) in row.beside.iter().zip(&row.lengths) {
            match borders.last_mut() {
                Some(last) if last.0 == other => last.1 += length,
                _ => borders.push((other, length)),
            }
        }
        // A stable sort: lengths are added in the order of the edges.
        borders.sort_by_key(|r| r.0);
        borders.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 += later.1;
            }
            same
        });
        // Edges along a pole have no length.
        borders.retain(|r| r.1 > 0.0);
    }

    /// Compares with the polygons as given: borders of which nothing was there then and that are shorter than `tolerance_km`, or all
    /// such borders if it is 0, are touching points; borders that are no longer there stay borders.
    pub(super) fn compare(&mut self, originals: &Loose, tolerance_km: f64) {
        if originals.is_empty() {
            return;
        }
        let exact = self.exact_pairs(originals);
        let known = |pair: (u32, u32)| exact.binary_search_by_key(&pair, |e| (e.0, e.1)).is_ok();
        let units: Vec<u32> = originals.keys().copied().collect();
        let chunks: Vec<&[u32]> = units.chunks(256).collect();
        let found = parallel::map(chunks.len(), |chunk| {
            let (mut now, mut touching, mut row) = (Vec::new(), Vec::new(), Row::default());
            for &unit in chunks[chunk] {
                self.row(unit, |_| true, &mut row);
                for &(other, km) in &row.borders {
                    let pair = (unit.min(other), unit.max(other));
                    now.push(pair);
                    if !known(pair) && (tolerance_km <= 0.0 || km < tolerance_km) {
                        touching.push(pair);
                    }
                }
            }
            (now, touching)
        });
        let (now, touching): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let (mut now, mut touching) = (now.concat(), touching.concat());
        now.sort_unstable();
        touching.sort_unstable();
        touching.dedup();
        self.lost = exact.into_iter().filter(|e| now.binary_search(&(e.0, e.1)).is_err()).collect();
        self.touching = touching;
    }

    /// Pairs of units, one of them in `originals`, that shared a segment as given, with the length in km; ascending.
    fn exact_pairs(&self, originals: &Loose) -> Vec<(u32, u32, f64)> {
        let polygons = &self.mesh.polygons;
        let order = |s: &Segment, t: &Segment| lexical(s[0], t[0]).then_with(|| lexical(s[1], t[1]));
        let mut owned: Vec<(Segment, u32)> =
            originals.iter().flat_map(|(&unit, bag)| bag.iter().map(move |&s| (key(polygons, s), unit))).collect();
        // Segments that follow one another are near one another: a box around some finds almost as few units as one around each.
        let box_of = |run: &[(Segment, u32)]| {
            run.iter().fold(Bounds::EMPTY, |all, ([a, b], _)| all.union(&Bounds::of_segment(*a, *b)))
        };
        let places = owned.chunk_by(|a, b| a.1 == b.1).flat_map(|unit| unit.chunks(32)).map(box_of).collect();
        parallel::sort_by(&mut owned, |a, b| order(&a.0, &b.0).then(a.1.cmp(&b.1)));
        owned.dedup();
        let mut keys: Vec<Segment> = owned.iter().map(|o| o.0).collect();
        keys.dedup();
        // Units that were not changed have the same segments as then.
        let unchanged = |unit| !originals.contains_key(&unit);
        owned.extend(edges_along(polygons, &self.mesh.extents, &keys, places, unchanged));
        parallel::sort_by(&mut owned, |a, b| order(&a.0, &b.0).then(a.1.cmp(&b.1)));
        owned.dedup();
        let mut pairs = Vec::new();
        for group in owned.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1) {
            let [a, b] = group[0].0;
            let length = length_km(polygons.space(), a, b);
            let owners: Vec<u32> = group.iter().map(|g| g.1).collect();
            for &unit in &owners {
                let others = partners(&owners, unit).iter().filter(|&&o| o > unit);
                pairs.extend(others.map(|&o| (unit, o, length)));
            }
        }
        pairs.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        pairs.dedup_by(|later, first| {
            let same = (later.0, later.1) == (first.0, first.1);
            if same {
                first.2 += later.2;
            }
            same
        });
        pairs.retain(|p| p.2 > 0.0 && (originals.contains_key(&p.0) || originals.contains_key(&p.1)));
        pairs
    }

    /// Pairs (a < b) of units with a common vertex, ascending; pairs with a common border are among them.
    pub(crate) fn common_points(&self) -> Vec<(u32, u32)> {
        let mesh = &self.mesh;
        let polygons = &mesh.polygons;
        // All of a pole is one point, and ±180 degrees are one meridian.
        let point = |v: Point| match polygons.space() {
            Space::Geographic if v[1].abs() == 90.0 => [0.0, v[1]],
            Space::Geographic if v[0] == -180.0 => [180.0, v[1]],
            _ => v,
        };
        const PIECE: usize = 1 << 16;
        let n = polygons.vertices().len();
        let starts: Vec<u32> = (0..=n.div_ceil(PIECE)).map(|i| (i * PIECE).min(n) as u32).collect();
        let at = |v: u32| point(polygons.vertices()[v as usize]);
        let pairs = Mutex::new(Vec::new());
        let add = |group: &[u32]| {
            let mut owners: Vec<u32> = group.iter().map(|&v| mesh.unit(v)).collect();
            owners.dedup();
            if let (true, Ok(mut pairs)) = (owners.len() > 1, pairs.lock()) {
                for &unit in &owners {
                    pairs.extend(partners(&owners, unit).iter().filter(|&&o| o > unit).map(|&o| (unit, o)));
                }
            }
        };
        buckets::for_each_group(
            &starts,
            |piece, hashes| {
                let own = starts[piece]..starts[piece + 1];
                hashes.extend(own.map(|v| buckets::hash(at(v))));
            },
            |a, b| lexical(at(a), at(b)),
            |a, b| {
                if at(a) == at(b) {
                    add(&[a, b]);
                }
            },
            add,
        );
        let mut pairs = pairs.into_inner().unwrap_or_default();
        pairs.extend_from_slice(&self.touching);
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// Those of the owners (ascending) that `unit`, one of them, is paired with: all, or if they are many the next.
fn partners(owners: &[u32], unit: u32) -> &[u32] {
    if owners.len() <= ALL_PAIRS {
        return owners;
    }
    let at = owners.partition_point(|&o| o <= unit);
    &owners[at..(at + 1).min(owners.len())]
}
