//! Links that lines cut: a river, a motorway, a mountain range, except at given crossings.
//!
//! A link is the shortest way between its units' locations: straight in the plane, a great-circle arc on the sphere, so neither
//! ±180 degrees nor a pole is special. A line cuts a link that it crosses, however often. A place on a line counts as left of it: a
//! line through a unit's location puts that unit on one bank. Knows nothing of why a line is there.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::adjacency::Graph;
use crate::geometry::{Container, Shapes, cross_sides, segment_corners};
use crate::parallel;
use crate::space::{Locations, Space};

/// What is wrong with a line or a crossing.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The units' locations are not those of the graph.
    #[error("the graph has {graph} units, the locations are of {locations}: pass those that the graph was made from")]
    UnitCount {
        /// Units of the graph.
        graph: usize,
        /// Locations given.
        locations: usize,
    },
    /// A coordinate of a line is not finite, a latitude is beyond ±90 degrees or a longitude beyond ±360.
    #[error("line {line} has the position ({x}, {y}), which is no place: correct it")]
    BadLine {
        /// The line.
        line: usize,
        /// Longitude in degrees, or x in metres.
        x: f64,
        /// Latitude in degrees, or y in metres.
        y: f64,
    },
    /// The same of a crossing.
    #[error("crossing {crossing} is at ({x}, {y}), which is no place: correct it")]
    BadCrossing {
        /// The crossing.
        crossing: usize,
        /// Longitude in degrees, or x in metres.
        x: f64,
        /// Latitude in degrees, or y in metres.
        y: f64,
    },
}

/// Links looked at as one piece of work.
const CHUNK: usize = 4096;

type Segment = GeomWithData<Rectangle<[f64; 3]>, [[f64; 3]; 2]>;

/// The links that cross at least one of the lines (positions in degrees or metres, by the locations' space): pairs (a < b),
/// ascending. They are still in the graph; [`crate::adjacency::without`] takes them out.
///
/// ```
/// use territory::adjacency::{crossed, from_edges};
/// use territory::{Locations, Space};
/// let places = Locations::from_coordinates(Space::Geographic, &[[179.5, 0.0], [-179.5, 0.0], [-178.5, 0.0]]);
/// let graph = from_edges(3, &[(0, 1, None), (1, 2, None)])?;
/// let river = vec![[180.0, -1.0], [180.0, 1.0]];
/// assert_eq!(crossed(&graph, &places, &[river])?, [(0, 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LineError`] for a position that is no place, or locations of other units.
pub fn crossed(graph: &Graph, locations: &Locations, lines: &[Vec<[f64; 2]>]) -> Result<Vec<(u32, u32)>, LineError> {
    if graph.len() != locations.len() {
        return Err(LineError::UnitCount { graph: graph.len(), locations: locations.len() });
    }
    let space = locations.space();
    for (line, positions) in lines.iter().enumerate() {
        if let Some(&[x, y]) = positions.iter().find(|p| !is_place(space, **p)) {
            return Err(LineError::BadLine { line, x, y });
        }
    }
    let segments = lines.iter().flat_map(|line| line.windows(2)).filter_map(|pair| match pair {
        [a, b] => Some(boxed(space, [space.locate(*a), space.locate(*b)])),
        _ => None,
    });
    let tree: RTree<Segment> = RTree::bulk_load(segments.collect());
    let links: Vec<(u32, u32)> = graph.edges().map(|e| (e.a, e.b)).collect();
    let cut = parallel::map(links.len().div_ceil(CHUNK), |piece| {
        let links = links[piece * CHUNK..].iter().take(CHUNK);
        let is_cut = |&&(a, b): &&(u32, u32)| {
            let link = [a, b].map(|unit| locations.points()[unit as usize]);
            let (min, max) = segment_corners(space, link);
            let near = tree.locate_in_envelope_intersecting(&AABB::from_corners(min, max));
            near.into_iter().any(|segment| cross_sides(space, link, segment.data))
        };
        links.filter(is_cut).copied().collect::<Vec<_>>()
    });
    Ok(cut.into_iter().flatten().collect())
}

/// For every crossing (a bridge, a tunnel, a ferry) the pair among `cut` that it joins: the one whose two units are nearest to it
/// in sum, border to border for polygons (0 for the unit that it lies in); of several the first. None if nothing is cut.
///
/// # Errors
/// [`LineError::BadCrossing`].
pub fn kept_by_crossings<'a>(
    cut: &[(u32, u32)],
    shapes: impl Into<Shapes<'a>>,
    crossings: &[[f64; 2]],
) -> Result<Vec<Option<(u32, u32)>>, LineError> {
    let shapes = shapes.into();
    let space = shapes.space();
    if let Some(crossing) = crossings.iter().position(|&p| !is_place(space, p)) {
        let [x, y] = crossings[crossing];
        return Err(LineError::BadCrossing { crossing, x, y });
    }
    let mut units: Vec<u32> = cut.iter().flat_map(|&(a, b)| [a, b]).collect();
    units.sort_unstable();
    units.dedup();
    let selected = match shapes {
        Shapes::Polygons(polygons) => Some(polygons.select(&units)),
        Shapes::Points(_) => None,
    };
    let container = selected.as_ref().map(Container::new);
    Ok(parallel::map(crossings.len(), |i| {
        let at = space.locate(crossings[i]);
        let around = container.as_ref().and_then(|container| container.unit_of(crossings[i]));
        let distance = |(position, &unit): (usize, &u32)| {
            if around == Some(position as u32) { 0.0 } else { shapes.squared_distance(unit, at).sqrt() }
        };
        let distances: Vec<f64> = units.iter().enumerate().map(distance).collect();
        let of = |unit: u32| units.binary_search(&unit).map_or(f64::INFINITY, |at| distances[at]);
        let way = |&&(a, b): &&(u32, u32)| of(a) + of(b);
        cut.iter().min_by(|x, y| way(x).total_cmp(&way(y))).copied()
    }))
}

fn boxed(space: Space, segment: [[f64; 3]; 2]) -> Segment {
    let (min, max) = segment_corners(space, segment);
    GeomWithData::new(Rectangle::from_corners(min, max), segment)
}

fn is_place(space: Space, [x, y]: [f64; 2]) -> bool {
    match space {
        Space::Geographic => x.abs() <= 360.0 && y.abs() <= 90.0,
        Space::Planar => x.is_finite() && y.is_finite(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjacency::{Edge, EdgeKind};

    /// Units 0…5 in two rows of three, 1 km apart, linked like a grid.
    fn grid() -> (Graph, Locations) {
        let places: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i % 3) * 1000.0, f64::from(i / 3) * 1000.0]).collect();
        let links = [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)];
        let edges = links.map(|(a, b)| Edge::new(a, b, EdgeKind::Border, 1.0));
        (Graph::from_edges(6, &edges), Locations::from_coordinates(Space::Planar, &places))
    }

    #[test]
    fn a_river_cuts_what_it_crosses() -> Result<(), LineError> {
        let (graph, places) = grid();
        let river = vec![[-500.0, 400.0], [1500.0, 600.0], [1400.0, 700.0]];
        assert_eq!(crossed(&graph, &places, &[river])?, [(0, 3), (1, 4)]);
        // Also with a vertex on the link; touched from the left it is not.
        let through = vec![[500.0, 500.0], [1000.0, 500.0], [1500.0, 500.0]];
        let touching = vec![[900.0, 100.0], [1000.0, 500.0], [900.0, 900.0]];
        assert_eq!(crossed(&graph, &places, &[through])?, [(1, 4)]);
        assert_eq!(crossed(&graph, &places, &[touching])?, []);
        Ok(())
    }

    #[test]
    fn a_crossing_keeps_the_link_beside_it() -> Result<(), LineError> {
        let (_, places) = grid();
        let cut = [(0, 3), (1, 4), (2, 5)];
        let kept = kept_by_crossings(&cut, &places, &[[1100.0, 500.0], [-300.0, 480.0]])?;
        assert_eq!(kept, [Some((1, 4)), Some((0, 3))]);
        assert_eq!(kept_by_crossings(&[], &places, &[[0.0, 0.0]])?, [None]);
        Ok(())
    }

    #[test]
    fn near_a_pole_and_on_the_far_side_nothing_is_special() -> Result<(), LineError> {
        let places = [[0.0, 89.0], [180.0, 89.0], [0.0, -1.0]];
        let places = Locations::from_coordinates(Space::Geographic, &places);
        let graph = Graph::from_edges(3, &[Edge::new(0, 1, EdgeKind::Edge, 0.0), Edge::new(0, 2, EdgeKind::Edge, 0.0)]);
        // Over the pole; and on the other side of the Earth from the second link.
        let lines = [vec![[90.0, 89.9], [-90.0, 89.9]], vec![[170.0, -45.0], [190.0, -45.0]]];
        assert_eq!(crossed(&graph, &places, &lines)?, [(0, 1)]);
        Ok(())
    }

    #[test]
    fn positions_that_are_no_places_are_named() {
        let (graph, places) = grid();
        let lines = [vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.0, 0.0], [f64::NAN, 1.0]]];
        assert!(matches!(crossed(&graph, &places, &lines), Err(LineError::BadLine { line: 1, .. })));
        let bad = kept_by_crossings(&[(0, 1)], &places, &[[f64::INFINITY, 0.0]]);
        assert!(matches!(bad, Err(LineError::BadCrossing { crossing: 0, .. })));
    }
}
