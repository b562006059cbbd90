//! The diameter of a set of locations: the farthest pair, exactly (up to rounding in the twelfth digit).
//!
//! Where it is valid, only the convex hull is looked at. In the plane it always is. On the sphere the ball of radius r about a
//! point is convex while r is under a quarter of the great circle, so the farthest point from any member of a set of that size is
//! a corner of its spherical hull, which the gnomonic projection maps to the plane hull. What is left goes through a tree of
//! balls: a pair of balls is passed over when no pair of points in them can be farther apart than the best known. Near the
//! antipodes, where that bound is weak, |p + q| is bounded instead, since |p − q|² + |p + q|² = 4R².

use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};

type Point = [f64; 3];

/// Distances this share apart count as equal: otherwise regular polygons would be tried pair by pair.
const ROUNDING: f64 = 1e-12;
/// Sets up to this size are tried pair by pair.
const FEW: usize = 48;
/// Points per leaf of the tree of balls.
const LEAF: usize = 8;

/// Largest distance in km between two of `points` (great circle or plane); 0 for fewer than two.
pub(super) fn diameter_km(space: Space, mut points: Vec<Point>) -> f64 {
    let on_sphere = space == Space::Geographic
        && points.iter().all(|&p| (norm(p) - EARTH_RADIUS_KM).abs() <= 1e-9 * EARTH_RADIUS_KM);
    if points.len() > FEW
        && let Some(flat) = project(space, on_sphere, &points)
    {
        points = hull(&flat).into_iter().map(|i| points[i as usize]).collect();
    }
    let [a, b] = if points.len() > FEW { Search::new(on_sphere, points).run() } else { farthest_of_few(&points) };
    space.distance_km(a, b)
}

fn norm(p: Point) -> f64 {
    squared_distance(p, [0.0; 3]).sqrt()
}

fn farthest_of_few(points: &[Point]) -> [Point; 2] {
    let (mut best, mut pair) = (-1.0, [[0.0; 3]; 2]);
    for (i, &a) in points.iter().enumerate() {
        for &b in &points[i + 1..] {
            let d = squared_distance(a, b);
            if d > best {
                (best, pair) = (d, [a, b]);
            }
        }
    }
    pair
}

/// Plane coordinates whose convex hull holds the farthest pair; none where there is no such projection.
fn project(space: Space, on_sphere: bool, points: &[Point]) -> Option<Vec<[f64; 2]>> {
    if space == Space::Planar {
        return points.iter().all(|p| p[2] == 0.0).then(|| points.iter().map(|p| [p[0], p[1]]).collect());
    }
    let mut axis = [0.0; 3];
    points.iter().for_each(|p| (0..3).for_each(|i| axis[i] += p[i]));
    let length = norm(axis);
    if !on_sphere || length <= 0.0 {
        return None;
    }
    axis = axis.map(|c| c / length);
    let dot = |a: Point, b: Point| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    // Two axes across the first, beginning from the coordinate axis that is least along it.
    let least = (0..3).min_by(|&i, &j| axis[i].abs().total_cmp(&axis[j].abs())).unwrap_or(0);
    let mut east = [0.0; 3];
    east[least] = 1.0;
    let along = axis[least];
    (0..3).for_each(|i| east[i] -= along * axis[i]);
    let length = norm(east);
    east = east.map(|c| c / length);
    let north = [
        axis[1] * east[2] - axis[2] * east[1],
        axis[2] * east[0] - axis[0] * east[2],
        axis[0] * east[1] - axis[1] * east[0],
    ];
    // Within 45° of the axis no two are more than a quarter of the circle apart.
    let least_height = EARTH_RADIUS_KM * std::f64::consts::FRAC_1_SQRT_2;
    points
        .iter()
        .map(|&p| {
            let height = dot(p, axis);
            (height > least_height).then(|| [dot(p, east) / height, dot(p, north) / height])
        })
        .collect()
}

/// Twice the signed area of the triangle.
fn cross(o: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])
}

/// Corners of the convex hull (Andrew 1979, doi:10.1016/0020-0190(79)90072-3), after leaving out what lies inside the octagon of
/// the extreme points (Akl & Toussaint 1978, doi:10.1016/0020-0190(78)90003-0).
fn hull(points: &[[f64; 2]]) -> Vec<u32> {
    let directions =
        [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [-1.0, 0.0], [-1.0, -1.0], [0.0, -1.0], [1.0, -1.0]];
    let mut extreme = [(f64::NEG_INFINITY, [0.0; 2]); 8];
    for &p in points {
        for (best, d) in extreme.iter_mut().zip(&directions) {
            let along = p[0] * d[0] + p[1] * d[1];
            if along > best.0 {
                *best = (along, p);
            }
        }
    }
    // Strictly left of all sides that have a length: inside.
    let mut sides: Vec<[[f64; 2]; 2]> = (0..8).map(|i| [extreme[i].1, extreme[(i + 1) % 8].1]).collect();
    sides.retain(|[a, b]| a != b);
    let inside = |p: [f64; 2]| sides.len() > 2 && sides.iter().all(|&[a, b]| cross(a, b, p) > 0.0);
    let mut order: Vec<u32> = (0..points.len() as u32).filter(|&i| !inside(points[i as usize])).collect();
    let at = |i: u32| points[i as usize];
    order.sort_unstable_by(|&i, &j| at(i)[0].total_cmp(&at(j)[0]).then(at(i)[1].total_cmp(&at(j)[1])).then(i.cmp(&j)));
    let mut corners: Vec<u32> = Vec::new();
    let mut chain = |order: &mut dyn Iterator<Item = u32>| {
        let start = corners.len();
        for i in order {
            while corners.len() >= start + 2 {
                let (a, b) = (corners[corners.len() - 2], corners[corners.len() - 1]);
                if cross(at(a), at(b), at(i)) > 0.0 {
                    break;
                }
                corners.pop();
            }
            corners.push(i);
        }
        corners.pop();
    };
    chain(&mut order.iter().copied());
    chain(&mut order.iter().rev().copied());
    if corners.is_empty() { order } else { corners }
}

/// A ball around a range of points.
struct Ball {
    start: usize,
    end: usize,
    centre: Point,
    radius: f64,
    /// The two halves; none for a leaf.
    halves: Option<[usize; 2]>,
}

/// Farthest pair by a tree of balls.
struct Search {
    points: Vec<Point>,
    balls: Vec<Ball>,
    on_sphere: bool,
    best: f64,
    /// Distance of the best pair's one end from the other's antipode.
    antipodal: f64,
    pair: [Point; 2],
}

impl Search {
    fn new(on_sphere: bool, points: Vec<Point>) -> Self {
        let pair = [points[0]; 2];
        let mut search = Self { points, balls: Vec::new(), on_sphere, best: -1.0, antipodal: f64::INFINITY, pair };
        search.split(0, search.points.len());
        search
    }

    /// Orders a range by halves along its widest axis; returns the position of its ball.
    fn split(&mut self, start: usize, end: usize) -> usize {
        let range = &mut self.points[start..end];
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for p in range.iter() {
            for i in 0..3 {
                (low[i], high[i]) = (low[i].min(p[i]), high[i].max(p[i]));
            }
        }
        let centre = [0, 1, 2].map(|i| (low[i] + high[i]) / 2.0);
        let radius = range.iter().map(|&p| squared_distance(p, centre)).fold(0.0, f64::max).sqrt();
        let position = self.balls.len();
        self.balls.push(Ball { start, end, centre, radius, halves: None });
        if end - start > LEAF && radius > 0.0 {
            let widest = (0..3).max_by(|&i, &j| (high[i] - low[i]).total_cmp(&(high[j] - low[j]))).unwrap_or(0);
            let half = (end - start) / 2;
            range.select_nth_unstable_by(half, |a, b| a[widest].total_cmp(&b[widest]));
            let halves = [self.split(start, start + half), self.split(start + half, end)];
            self.balls[position].halves = Some(halves);
        }
        position
    }

    fn meet(&mut self, a: Point, b: Point) {
        let d = squared_distance(a, b).sqrt();
        if d > self.best {
            self.best = d;
            self.pair = [a, b];
            self.antipodal = norm([a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
        }
    }

    fn run(mut self) -> [Point; 2] {
        // Sweeps to the farthest point and back give a pair that is hard to beat.
        let mut from = self.points[0];
        for _ in 0..4 {
            let to = self
                .points
                .iter()
                .copied()
                .max_by(|&a, &b| squared_distance(from, a).total_cmp(&squared_distance(from, b)));
            let Some(to) = to else { break };
            self.meet(from, to);
            from = to;
        }
        let mut open = vec![(0, 0)];
        while let Some((i, j)) = open.pop() {
            if !self.promising(i, j) {
                continue;
            }
            let (a, b) = (&self.balls[i], &self.balls[j]);
            match (a.halves, b.halves) {
                (Some([first, second]), _) if i == j => {
                    open.extend([(first, first), (second, second), (first, second)])
                }
                (Some(halves), other) if other.is_none() || a.radius >= b.radius => {
                    open.extend(halves.map(|half| (half, j)));
                }
                (_, Some(halves)) => open.extend(halves.map(|half| (i, half))),
                _ => {
                    let (a, b) = (a.start..a.end, b.start..b.end);
                    for p in a {
                        for q in b.clone() {
                            self.meet(self.points[p], self.points[q]);
                        }
                    }
                }
            }
        }
        self.pair
    }

    /// Whether two points of these balls might be farther apart than the best pair.
    fn promising(&self, i: usize, j: usize) -> bool {
        let (a, b) = (&self.balls[i], &self.balls[j]);
        let radii = a.radius + b.radius;
        if squared_distance(a.centre, b.centre).sqrt() + radii <= self.best * (1.0 + ROUNDING) {
            return false;
        }
        let sum = norm([a.centre[0] + b.centre[0], a.centre[1] + b.centre[1], a.centre[2] + b.centre[2]]);
        !(self.on_sphere && sum - radii >= self.antipodal - ROUNDING * EARTH_RADIUS_KM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn brute(space: Space, points: &[Point]) -> f64 {
        let pairs = points.iter().enumerate().flat_map(|(i, &a)| points[..i].iter().map(move |&b| (a, b)));
        pairs.map(|(a, b)| space.distance_km(a, b)).fold(0.0, f64::max)
    }

    fn check(space: Space, coordinates: &[[f64; 2]]) -> (f64, f64) {
        let points: Vec<Point> = coordinates.iter().map(|&c| space.locate(c)).collect();
        (diameter_km(space, points.clone()), brute(space, &points))
    }

    /// Near the antipode asin loses half its digits: an ulp of the chord is a millimetre there.
    fn close((found, expected): (f64, f64)) -> bool {
        (found - expected).abs() <= 1e-9 * expected.max(1.0) || (expected > 20_000.0 && (found - expected).abs() < 1e-3)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Protects the hull and the tree of balls against all pairs, from a city to the whole globe, with ties.
        #[test]
        fn the_farthest_pair_is_that_of_all_pairs(
            size in prop::sample::select(vec![0.01, 1.0, 30.0, 80.0, 180.0]),
            centre in (-180.0f64..180.0, -80.0f64..80.0),
            offsets in prop::collection::vec((-1.0f64..1.0, -1.0f64..1.0), 0..300),
            grid in any::<bool>(),
        ) {
            let step = |x: f64| if grid { (x * 5.0).round() / 5.0 } else { x };
            let at = |&(x, y): &(f64, f64)| [centre.0 + size * step(x), (centre.1 + size * step(y)).clamp(-90.0, 90.0)];
            let coordinates: Vec<[f64; 2]> = offsets.iter().map(at).collect();
            let sphere = check(Space::Geographic, &coordinates);
            prop_assert!(close(sphere), "sphere {:?}", sphere);
            let planar: Vec<[f64; 2]> = coordinates.iter().map(|c| [c[0] * 1e5, c[1] * 1e5]).collect();
            let plane = check(Space::Planar, &planar);
            prop_assert!(close(plane), "plane {:?}", plane);
        }
    }

    #[test]
    fn circles_lines_and_single_places_work() {
        let circle: Vec<[f64; 2]> =
            (0..1000).map(|i| f64::from(i) * 0.00628).map(|a| [1000.0 * a.cos(), 1000.0 * a.sin()]).collect();
        assert!(close(check(Space::Planar, &circle)));
        let line: Vec<[f64; 2]> = (0..500).map(|i| [f64::from(i) * 10.0, f64::from(i) * 20.0]).collect();
        assert!(close(check(Space::Planar, &line)));
        assert_eq!(check(Space::Planar, &vec![[5.0, 5.0]; 400]), (0.0, 0.0));
        assert_eq!(check(Space::Geographic, &vec![[5.0, 5.0]; 400]), (0.0, 0.0));
        assert_eq!(diameter_km(Space::Planar, vec![]), 0.0);
    }
}
