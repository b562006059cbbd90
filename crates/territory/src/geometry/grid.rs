//! The resolution of the coordinates: which vertices are the same vertex, and where a new one is put.

use super::buckets;
use super::polygons::Polygons;
use super::predicates::Point;
use crate::parallel;
use std::cmp::Ordering;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A square grid through the origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    /// Multiplied with a coordinate it gives the number of its cell.
    scale: f64,
    /// Whether `scale` is a whole number: then cell / scale is the double nearest to the decimal text of that coordinate.
    whole: bool,
}

impl Grid {
    /// Grid of cells of `step` (degrees or metres), which must be finite and positive.
    pub(crate) fn new(step: f64) -> Self {
        let scale = 1.0 / step;
        let whole = (scale - scale.round()).abs() <= 1e-9 * scale && scale >= 1.0;
        Grid { scale: if whole { scale.round() } else { scale }, whole }
    }

    /// Size of a cell.
    pub(crate) fn step(&self) -> f64 {
        1.0 / self.scale
    }

    /// Number of the cell of a coordinate, as a whole float.
    #[inline]
    pub(crate) fn cell(&self, x: f64) -> f64 {
        // Adding and subtracting 1.5 · 2^52 rounds to a whole number in two additions; beyond 2^51 doubles are cells of their own.
        const MAGIC: f64 = 6_755_399_441_055_744.0;
        (x * self.scale + MAGIC) - MAGIC + 0.0
    }

    /// The grid's coordinate nearest to `x`.
    #[inline]
    pub(crate) fn round(&self, x: f64) -> f64 {
        if self.whole { self.cell(x) / self.scale } else { self.cell(x) * (1.0 / self.scale) }
    }

    /// Whether both coordinates lie on the grid to the last bit.
    #[inline]
    pub(crate) fn holds(&self, p: Point) -> bool {
        self.round(p[0]) == p[0] && self.round(p[1]) == p[1]
    }

    /// Whether two points are the same on the grid.
    pub(crate) fn same(&self, p: Point, q: Point) -> bool {
        self.cells(p) == self.cells(q)
    }

    fn cells(&self, p: Point) -> [f64; 2] {
        p.map(|x| self.cell(x))
    }

    /// Gives all vertices of one cell the coordinates of the first of them. Returns how many were changed.
    pub(crate) fn unite(&self, polygons: &mut Polygons) -> usize {
        const PIECE: usize = 1 << 16;
        let off_grid = AtomicBool::new(false);
        parallel::for_each_chunk(polygons.vertices_mut(), PIECE, |_, piece| {
            let mut all = true;
            // Runs that fit the nearest cache, written to only where there is something to change.
            for run in piece.chunks_mut(1 << 9) {
                let mut negative_zero = false;
                for p in run.iter() {
                    all &= self.holds(*p);
                    negative_zero |= (p[0].to_bits() == 1 << 63) | (p[1].to_bits() == 1 << 63);
                }
                if negative_zero {
                    // −0 becomes 0, so that equal numbers have equal bits.
                    run.iter_mut().for_each(|p| *p = [p[0] + 0.0, p[1] + 0.0]);
                }
            }
            if !all {
                off_grid.store(true, Relaxed);
            }
        });
        // Coordinates on the grid that are equal there are equal bits: the usual case, and then nothing is to be done.
        if !off_grid.into_inner() {
            return 0;
        }
        let vertices = polygons.vertices();
        let pieces = vertices.len().div_ceil(PIECE);
        let slice = |piece: usize| &vertices[piece * PIECE..((piece + 1) * PIECE).min(vertices.len())];
        let changes = Mutex::new(Vec::new());
        let add = |group: &[u32]| {
            let Some((&first, others)) = group.split_first() else { return };
            let differing = others.iter().filter(|&&o| vertices[o as usize] != vertices[first as usize]);
            let mut differing = differing.map(|&o| (o, first)).peekable();
            if differing.peek().is_some()
                && let Ok(mut changes) = changes.lock()
            {
                changes.extend(differing);
            }
        };
        buckets::for_each_group(
            &(0..=pieces).map(|i| (i * PIECE).min(vertices.len()) as u32).collect::<Vec<_>>(),
            |piece, hashes| hashes.extend(slice(piece).iter().map(|&p| buckets::hash(self.cells(p)))),
            |a, b| {
                let [p, q] = [a, b].map(|i| self.cells(vertices[i as usize]));
                p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1]))
            },
            |a, b| {
                if self.same(vertices[a as usize], vertices[b as usize]) {
                    add(&[a, b]);
                }
            },
            add,
        );
        let changes = changes.into_inner().unwrap_or_default();
        let vertices = polygons.vertices_mut();
        // The first of a group is never itself changed, so the order of the changes does not matter.
        for &(to, from) in &changes {
            vertices[to as usize] = vertices[from as usize];
        }
        changes.len()
    }
}

/// Order of two coordinates known to be finite.
pub(crate) fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Space;

    #[test]
    fn decimal_texts_are_on_their_grid() {
        let grid = Grid::new(1e-7);
        for text in ["-71.4363401", "41.828239", "179.9999999", "0.0000001", "-0.1"] {
            let x: f64 = text.parse().unwrap_or(f64::NAN);
            assert_eq!(grid.round(x), x, "{text}");
        }
        assert_ne!(grid.round(0.12345678912), 0.12345678912);
    }

    #[test]
    fn zeros_have_one_sign() {
        for at in [0, 700, 1023] {
            let mut polygons = Polygons::new(Space::Planar);
            (0..1024).for_each(|i| polygons.push_vertex([1.0 + f64::from(i), if i == at { -0.0 } else { 2.0 }]));
            polygons.end_ring();
            assert_eq!(Grid::new(1e-3).unite(&mut polygons), 0);
            assert!(polygons.vertices().iter().all(|p| p[1].is_sign_positive()), "{at}");
        }
    }

    #[test]
    fn vertices_of_one_cell_take_the_first_ones_coordinates() {
        let mut polygons = Polygons::new(Space::Planar);
        for p in [[0.0, 0.0], [1.0, 0.0004], [0.5, 1.0], [1.0, 0.0], [2.0, 0.0], [0.5, 1.00049]] {
            polygons.push_vertex(p);
        }
        polygons.end_ring();
        polygons.end_part();
        polygons.end_unit();
        assert_eq!(Grid::new(1e-3).unite(&mut polygons), 2);
        assert_eq!(polygons.vertices()[3], [1.0, 0.0004]);
        assert_eq!(polygons.vertices()[5], [0.5, 1.0]);
    }
}
