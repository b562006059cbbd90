//! Polygons that cover a square without gaps: a grid whose corners are moved at random and whose sides are bent.

use crate::random::Random;
use territory::Space;
use territory::geometry::Polygons;

/// About `n` cells in degrees, a thousandth of a degree wide, with a vertex in the middle of every side: eight vertices a
/// cell, neighbours with the same ones.
pub fn mesh(n: usize, seed: u64) -> Polygons {
    let side = (n as f64).sqrt().round() as usize;
    // Corners and middles stand on a grid of half a cell; the cells' own middles are not used.
    let width = 2 * side + 1;
    let mut random = Random::new(seed, n as u64);
    let vertices: Vec<[f64; 2]> = (0..width * width)
        .map(|i| {
            [i % width, i / width].map(|at| {
                // Whole 1e-7 degrees, as files have them.
                let moved = at as f64 * 5_000.0 + random.between(-1_500.0, 1_500.0);
                moved.round() / 1e7
            })
        })
        .collect();
    let mut polygons = Polygons::new(Space::Geographic);
    for cell in 0..side * side {
        let (x, y) = (2 * (cell % side), 2 * (cell / side));
        for (dx, dy) in [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1)] {
            polygons.push_vertex(vertices[(y + dy) * width + x + dx]);
        }
        polygons.end_ring();
        polygons.end_part();
        polygons.end_unit();
    }
    polygons
}

#[cfg(test)]
mod tests {
    use super::*;
    use territory::adjacency::Contact;
    use territory::geometry::{Coverage, CoverageOptions, GeometryErrors};

    #[test]
    fn cells_meet_their_four_neighbours_and_need_no_repair() -> Result<(), GeometryErrors> {
        let coverage = Coverage::new(mesh(400, 1), &CoverageOptions::default())?;
        assert_eq!(coverage.len(), 400);
        assert_eq!(coverage.graph(Contact::Rook).edge_count(), 2 * 20 * 19);
        assert!(coverage.report().repaired.is_empty());
        Ok(())
    }
}
