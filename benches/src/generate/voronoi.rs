//! Voronoi cells around clusters, with lakes: smooth density gradients, coast lines, heavy tails.
//!
//! 1,000 km × 1,000 km; 70 % of the points normal around 50 centres (standard deviation 15–70 km, shares lognormal), 30 %
//! uniform; 25 round lakes of 8–35 km radius hold no point, and no link crosses them. Links are the neighbours among the
//! Voronoi cells clipped to the map, with the length of the shared border (lakes are not subtracted from it). Points come in
//! random order: what locality a solver wants it must make itself.

use super::triangulation::delaunay_links;
use crate::instance::Instance;
use crate::random::Random;
use territory::Space;

const SIDE: f64 = 1000.0;
const CLUSTERS: usize = 50;
const LAKES: usize = 25;
const SIGMA: f64 = 1.0;

/// About `n` cells (those cut off by lakes are dropped) with `measures` independent lognormal measures, σ = 1.
pub fn voronoi(n: usize, measures: usize, seed: u64) -> Instance {
    let mut random = Random::new(seed, 0);
    let lakes = [(); LAKES].map(|()| Lake {
        centre: [random.between(0.0, SIDE), random.between(0.0, SIDE)],
        radius: random.between(8.0, 35.0),
    });
    let points = draw_points(n, &lakes, &mut random);
    let mut links = delaunay_links(&points, Some(SIDE));
    links.retain(|l| !lakes.iter().any(|lake| lake.meets(points[l.a as usize], points[l.b as usize])));
    let mut instance = Instance {
        name: format!("voronoi-{n}"),
        space: Space::Planar,
        points: points.iter().map(|p| [p[0], p[1], 0.0]).collect(),
        links,
        measures: (0..measures)
            .map(|m| {
                let mut random = Random::new(seed, 1 + m as u64);
                (format!("m{m}"), (0..n).map(|_| random.lognormal(SIGMA)).collect())
            })
            .collect(),
    };
    instance.keep_largest_component();
    instance
}

fn draw_points(n: usize, lakes: &[Lake], random: &mut Random) -> Vec<[f64; 2]> {
    let mut reach = 0.0;
    let clusters = [(); CLUSTERS].map(|()| {
        reach += random.lognormal(0.7);
        let centre = [random.between(0.05, 0.95) * SIDE, random.between(0.05, 0.95) * SIDE];
        (reach, centre, random.between(15.0, 70.0))
    });
    let mut points = Vec::with_capacity(n);
    while points.len() < n {
        let point = if random.unit() < 0.3 {
            [random.between(0.0, SIDE), random.between(0.0, SIDE)]
        } else {
            let pick = random.unit() * reach;
            let (_, centre, spread) = clusters[clusters.partition_point(|c| c.0 <= pick).min(CLUSTERS - 1)];
            [centre[0] + spread * random.normal(), centre[1] + spread * random.normal()]
        };
        let on_map = point.iter().all(|x| (0.0..SIDE).contains(x));
        if on_map && !lakes.iter().any(|lake| lake.meets(point, point)) {
            points.push(point);
        }
    }
    points
}

struct Lake {
    centre: [f64; 2],
    radius: f64,
}

impl Lake {
    /// Whether the segment from `a` to `b` comes nearer to the centre than the radius.
    fn meets(&self, a: [f64; 2], b: [f64; 2]) -> bool {
        let (ax, ay) = (self.centre[0] - a[0], self.centre[1] - a[1]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let square = dx * dx + dy * dy;
        let along = if square > 0.0 { ((ax * dx + ay * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (ax - along * dx, ay - along * dy);
        x * x + y * y < self.radius * self.radius
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::instance::components;

    /// Results are named by these hashes: if one changes, every table in RESULTS.md and REFERENCE.md is void.
    #[test]
    fn instances_are_frozen() {
        let hashes = [
            grid_equal(20).hash(),
            grid(20, 3, 0.8, SEED).hash(),
            voronoi(1_000, 2, SEED).hash(),
            delaunay(500, 1).hash(),
        ];
        assert_eq!(
            hashes,
            [0x131b_f31f_ae95_0bb6, 0xfdd5_84c4_230f_9b6f, 0x3976_9486_863f_806b, 0xd346_5def_40b9_2096],
            "{hashes:#018x?}"
        );
    }

    #[test]
    fn a_voronoi_instance_is_one_component_and_nearly_complete() {
        let instance = voronoi(5_000, 2, 3);
        assert_eq!(components(instance.len(), &instance.links).1.len(), 1);
        assert!(instance.len() > 4_950, "{} of 5,000 cells left", instance.len());
        let mean_degree = 2.0 * instance.links.len() as f64 / instance.len() as f64;
        assert!((5.5..6.0).contains(&mean_degree), "mean degree {mean_degree}");
        assert!(instance.measures.iter().all(|m| m.1.len() == instance.len()));
    }
}
