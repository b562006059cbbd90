//! Delaunay graphs of uniform points with three activities, after Ríos-Mercado & Fernández 2009
//! (doi:10.1016/j.cor.2007.10.024) as used by Gliesch, Ritt & Moreira 2018 (doi:10.1007/978-3-319-77449-7_9).

use super::triangulation::delaunay_links;
use crate::instance::Instance;
use crate::random::Random;
use territory::Space;

/// `n` uniform points in [0, 1000]² (km here) with three activities, whole numbers uniform in [4, 20], [15, 400] and
/// [15, 100]. Their instances themselves are not public: these follow the recipe.
pub fn delaunay(n: usize, seed: u64) -> Instance {
    let mut random = Random::new(seed, n as u64);
    let points: Vec<[f64; 2]> = (0..n).map(|_| [random.between(0.0, 1000.0), random.between(0.0, 1000.0)]).collect();
    let measures = [("customers", 4, 20), ("demand", 15, 400), ("workload", 15, 100)].map(|(name, low, high)| {
        (name.to_owned(), (0..n).map(|_| (low + random.below(high - low + 1)) as f64).collect())
    });
    Instance {
        name: format!("delaunay-{n}-s{seed}"),
        space: Space::Planar,
        links: delaunay_links(&points, None),
        points: points.iter().map(|p| [p[0], p[1], 0.0]).collect(),
        measures: measures.into(),
    }
}
