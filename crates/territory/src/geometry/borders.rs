//! Pairs of units that share borders or points.

use super::buckets;
use super::coverage::Coverage;
use super::edges::{Twin, pieces};
use super::measure::length_km;
use super::predicates::{Point, lexical};
use crate::parallel;
use crate::space::Space;
use std::sync::Mutex;

/// From this many units at one segment or point on only consecutive ones are paired: the number of all pairs grows with the square.
const ALL_PAIRS: usize = 64;

impl Coverage {
    /// Pairs (a < b) of units with a common border and its length in km, ascending.
    pub(crate) fn borders(&self) -> Vec<(u32, u32, f64)> {
        let mesh = &self.mesh;
        let space = mesh.polygons.space();
        let pieces = pieces(&mesh.polygons);
        let found = parallel::map(pieces.len() - 1, |piece| {
            let mut pairs = Vec::new();
            let mut row: Vec<(u32, f64)> = Vec::new();
            for unit in pieces[piece]..pieces[piece + 1] {
                row.clear();
                for edge in mesh.polygons.vertices_of_unit(unit as usize) {
                    let mut add = |other: u32| {
                        if other > unit {
                            let [a, b] = mesh.ends(edge as u32);
                            let length = length_km(space, a, b);
                            match row.last_mut() {
                                Some(last) if last.0 == other => last.1 += length,
                                _ => row.push((other, length)),
                            }
                        }
                    };
                    match mesh.twins.get(edge as u32) {
                        Twin::Alone => {}
                        Twin::One(other) => add(mesh.unit(other)),
                        Twin::Many(group) => {
                            let mut owners: Vec<u32> = group.iter().map(|&e| mesh.unit(e)).collect();
                            owners.dedup();
                            // An edge of the same unit across the antimeridian stands for the unit only once.
                            if group.iter().find(|&&e| mesh.unit(e) == unit) == Some(&(edge as u32)) {
                                partners(&owners, unit).iter().for_each(|&other| add(other));
                            }
                        }
                    }
                }
                row.sort_by_key(|r| r.0);
                for run in row.chunk_by(|a, b| a.0 == b.0) {
                    let length: f64 = run.iter().map(|r| r.1).sum();
                    // Edges along a pole have no length.
                    if length > 0.0 && self.touching.binary_search(&(unit, run[0].0)).is_err() {
                        pairs.push((unit, run[0].0, length));
                    }
                }
            }
            pairs
        });
        found.concat()
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
        let pairs = Mutex::new(Vec::new());
        buckets::for_each_group(
            &starts,
            |piece, hashes| {
                let own = starts[piece] as usize..starts[piece + 1] as usize;
                hashes.extend(polygons.vertices()[own].iter().map(|&v| buckets::hash(point(v))));
            },
            |a, b| {
                let [p, q] = [a, b].map(|v| point(polygons.vertices()[v as usize]));
                lexical(p, q)
            },
            |group| {
                let mut owners: Vec<u32> = group.iter().map(|&v| mesh.unit(v)).collect();
                owners.dedup();
                if let (true, Ok(mut pairs)) = (owners.len() > 1, pairs.lock()) {
                    for &unit in &owners {
                        pairs.extend(partners(&owners, unit).iter().filter(|&&o| o > unit).map(|&o| (unit, o)));
                    }
                }
            },
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
