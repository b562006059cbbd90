//! Square grids of 1 km cells.

use crate::instance::{Instance, Link};
use crate::random::Random;
use territory::Space;

/// A grid of `side` × `side` cells with `measures` independent lognormal measures of spread `sigma`.
pub fn grid(side: usize, measures: usize, sigma: f64, seed: u64) -> Instance {
    let mut instance = cells(side);
    instance.measures = (0..measures)
        .map(|m| {
            let mut random = Random::new(seed, m as u64);
            (format!("m{m}"), (0..side * side).map(|_| random.lognormal(sigma)).collect())
        })
        .collect();
    instance
}

/// A grid of `side` × `side` cells that all weigh 1.
pub fn grid_equal(side: usize) -> Instance {
    let mut instance = cells(side);
    instance.measures = vec![("m0".into(), vec![1.0; side * side])];
    instance
}

fn cells(side: usize) -> Instance {
    let at = |x: usize, y: usize| (y * side + x) as u32;
    let mut links = Vec::with_capacity(2 * side * side);
    for y in 0..side {
        for x in 0..side {
            if x + 1 < side {
                links.push(Link::new(at(x, y), at(x + 1, y), 1.0));
            }
            if y + 1 < side {
                links.push(Link::new(at(x, y), at(x, y + 1), 1.0));
            }
        }
    }
    Instance {
        name: format!("grid-{side}x{side}"),
        space: Space::Planar,
        points: (0..side * side).map(|i| [(i % side) as f64 + 0.5, (i / side) as f64 + 0.5, 0.0]).collect(),
        links,
        measures: Vec::new(),
    }
}
