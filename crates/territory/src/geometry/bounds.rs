//! Boxes in km around border segments, and lower bounds of distances from them. Knows nothing of trees or units.

use crate::space::{EARTH_RADIUS_KM, Space, squared_distance};

/// Rounding must not push a lower bound above the distance that it bounds.
const SLACK: f64 = 1.0 - 1e-9;

/// An axis-parallel box in km.
#[derive(Clone, Copy, Debug)]
pub(super) struct Box3 {
    pub(super) min: [f64; 3],
    pub(super) max: [f64; 3],
}

impl Box3 {
    pub(super) const EMPTY: Box3 = Box3 { min: [f64::INFINITY; 3], max: [f64::NEG_INFINITY; 3] };

    pub(super) fn point(p: [f64; 3]) -> Self {
        Self { min: p, max: p }
    }

    pub(super) fn add(&mut self, other: &Box3) {
        for k in 0..3 {
            self.min[k] = self.min[k].min(other.min[k]);
            self.max[k] = self.max[k].max(other.max[k]);
        }
    }

    pub(super) fn grow(&mut self, by: f64) {
        for k in 0..3 {
            self.min[k] -= by;
            self.max[k] += by;
        }
    }

    /// A lower bound of the squared distance between anything inside the two boxes.
    #[inline]
    pub(super) fn squared_distance(&self, other: &Box3) -> f64 {
        let mut sum = 0.0;
        for k in 0..3 {
            let gap = (self.min[k] - other.max[k]).max(other.min[k] - self.max[k]).max(0.0);
            sum += gap * gap;
        }
        sum * SLACK
    }
}

/// A box around the segments between consecutive corners, from their extent in degrees, which needs a few sines per run
/// instead of a few per vertex.
pub(super) fn run_box(space: Space, corners: impl Iterator<Item = [f64; 2]>) -> Box3 {
    let (mut min, mut max) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let mut longest_squared = 0.0_f64;
    let mut previous: Option<[f64; 2]> = None;
    for c in corners {
        for k in 0..2 {
            min[k] = min[k].min(c[k]);
            max[k] = max[k].max(c[k]);
        }
        if let Some(p) = previous {
            longest_squared = longest_squared.max((c[0] - p[0]).powi(2) + (c[1] - p[1]).powi(2));
        }
        previous = Some(c);
    }
    if space == Space::Planar {
        return Box3 { min: space.locate(min), max: space.locate(max) };
    }
    let [lon, lat] = [0, 1].map(|k| [min[k].to_radians(), max[k].to_radians()]);
    let lat = lat.map(|l| l.clamp(-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2));
    let (south, north) = (libm::cos(lat[0]), libm::cos(lat[1]));
    let widest = if lat[0] <= 0.0 && lat[1] >= 0.0 { 1.0 } else { south.max(north) };
    let across = [south.min(north), widest];
    let (x, y) = (product(across, cosine_range(lon)), {
        let quarter = std::f64::consts::FRAC_PI_2;
        product(across, cosine_range([lon[0] - quarter, lon[1] - quarter]))
    });
    let r = EARTH_RADIUS_KM;
    let mut bounds =
        Box3 { min: [r * x[0], r * y[0], r * libm::sin(lat[0])], max: [r * x[1], r * y[1], r * libm::sin(lat[1])] };
    // The chord of a segment lies in the box of its ends (boxes are convex); the arc rises above it by its sagitta, at most
    // L²/8R, and is never longer than the same step in degrees on the equator.
    let longest = longest_squared.sqrt().min(180.0).to_radians() * r;
    bounds.grow(1e-6 + (longest * longest / (8.0 * r)).min(r));
    bounds
}

/// The range of the cosine over `[from, to]` in radians.
fn cosine_range([from, to]: [f64; 2]) -> [f64; 2] {
    use std::f64::consts::{PI, TAU};
    let (a, b) = (libm::cos(from), libm::cos(to));
    // Whether a whole turn from `phase` lies in the range; the margin errs to the wider side.
    let holds = |phase: f64| ((to - phase) / TAU + 1e-12).floor() >= ((from - phase) / TAU - 1e-12).ceil();
    [if holds(PI) { -1.0 } else { a.min(b) }, if holds(0.0) { 1.0 } else { a.max(b) }]
}

/// The range of the product of two ranges.
fn product(x: [f64; 2], y: [f64; 2]) -> [f64; 2] {
    let all = [x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]];
    [all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max)]
}

/// A box around a segment.
pub(super) fn segment_box(space: Space, [a, b]: [[f64; 3]; 2]) -> Box3 {
    let mut bounds = Box3::point(a);
    bounds.add(&Box3::point(b));
    if space == Space::Geographic {
        // The sagitta from the chord: c²/8R, at most twice that up to a half circle.
        bounds.grow(squared_distance(a, b) / (4.0 * EARTH_RADIUS_KM));
    }
    bounds
}
