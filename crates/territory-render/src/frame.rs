//! Where on the page the map stands, and on which grid its points lie.

use crate::Shapes;
use crate::arcs::Point;
use crate::projection::{Bounds, Projection};
use territory::Space;

/// Width of the page in pixels.
pub(crate) const PAGE_WIDTH: f64 = 1200.0;
/// Space around everything.
pub(crate) const MARGIN: f64 = 28.0;
/// Grid steps per pixel: map coordinates are written as whole numbers of them.
pub(crate) const GRID: f64 = 5.0;

const LARGEST_HEIGHT: f64 = 960.0;
const SMALLEST_HEIGHT: f64 = 120.0;

/// Projection, scale and place of the map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    space: Space,
    projection: Projection,
    bounds: Bounds,
    /// Pixels per kilometre.
    pub(crate) scale: f64,
    /// Height of the map in pixels.
    pub(crate) height: f64,
    /// Pixels from the left margin to the map, so that a narrow one stands in the middle.
    pub(crate) inset: f64,
}

impl Frame {
    /// Fits the shapes to the page.
    pub(crate) fn around(shapes: &Shapes<'_>) -> Self {
        let (space, sample) = match shapes {
            Shapes::Points(locations) => (locations.space(), locations.points().to_vec()),
            // One vertex of every ring is enough to find the middle.
            Shapes::Polygons(polygons) => {
                let first = |ring| polygons.ring(ring).first().map(|&v| polygons.space().locate(v));
                (polygons.space(), (0..polygons.ring_count()).filter_map(first).collect())
            }
        };
        let projection = Projection::about(space, &sample);
        let bounds = match shapes {
            Shapes::Points(_) => Bounds::of(sample.iter().map(|&p| projection.project(p))),
            Shapes::Polygons(polygons) => {
                Bounds::of(polygons.vertices().iter().map(|&v| projection.project(space.locate(v))))
            }
        };
        let [width, height] = bounds.size();
        let room = PAGE_WIDTH - 2.0 * MARGIN;
        let scale = (room / width).min(LARGEST_HEIGHT / height);
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        Self {
            space,
            projection,
            bounds,
            scale,
            height: (height * scale).max(SMALLEST_HEIGHT),
            inset: (room - width * scale) / 2.0,
        }
    }

    /// Place of a location in pixels from the map's upper left corner; none if it is not finite.
    pub(crate) fn place(&self, location: [f64; 3]) -> Option<[f64; 2]> {
        let [x, y] = self.projection.project(location);
        let at = [(x - self.bounds.min[0]) * self.scale, (self.bounds.max[1] - y) * self.scale];
        at.iter().all(|c| c.is_finite()).then_some(at)
    }

    /// Place of a coordinate pair of the input.
    pub(crate) fn place_coordinates(&self, coordinates: [f64; 2]) -> Option<[f64; 2]> {
        self.place(self.space.locate(coordinates))
    }
}

/// The grid point nearest to a place in pixels.
pub(crate) fn to_grid(place: [f64; 2]) -> Point {
    place.map(|c| (c * GRID).round().clamp(0.0, f64::from(u16::MAX)) as u16)
}

/// Pixels of a grid point.
pub(crate) fn to_pixels(point: Point) -> [f64; 2] {
    point.map(|c| f64::from(c) / GRID)
}
