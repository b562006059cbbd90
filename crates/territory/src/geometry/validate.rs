//! What cannot be repaired, found for all units at once.

use super::grid::compare;
use super::polygons::Polygons;
use crate::parallel;
use crate::space::Space;
use std::fmt;

/// Why a unit's geometry cannot be used, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryFault {
    /// The unit has no parts.
    #[error("no geometry; give it one or leave the unit out")]
    NoGeometry,
    /// A ring needs at least three vertices (four positions, the last repeating the first).
    #[error("ring {ring} of part {part} has {vertices} vertices, needs 3 (4 positions, the last equal to the first)")]
    TooFewVertices {
        /// Part within the unit, from 0.
        part: usize,
        /// Ring within the part, 0 the exterior.
        ring: usize,
        /// How many vertices there are, the first not repeated.
        vertices: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("coordinate {value} is not a finite number ({count} such vertices); correct or remove them")]
    NotFinite {
        /// The first such value.
        value: f64,
        /// Number of such vertices.
        count: usize,
    },
    /// A latitude is not in −90…90.
    #[error(
        "latitude {value} is beyond ±90 degrees ({count} such vertices); give [longitude, latitude] in degrees, or say that coordinates are planar"
    )]
    Latitude {
        /// The first such value in degrees.
        value: f64,
        /// Number of such vertices.
        count: usize,
    },
    /// A longitude is not in −360…360.
    #[error(
        "longitude {value} is beyond ±360 degrees ({count} such vertices); give [longitude, latitude] in degrees, or say that coordinates are planar"
    )]
    Longitude {
        /// The first such value in degrees.
        value: f64,
        /// Number of such vertices.
        count: usize,
    },
    /// A planar coordinate is larger than any place on a planet.
    #[error("coordinate {value} is beyond ±1e12 metres ({count} such vertices); give projected metres")]
    TooFar {
        /// The first such value in metres.
        value: f64,
        /// Number of such vertices.
        count: usize,
    },
    /// Nothing is left of the unit's area on the grid of the coordinates.
    #[error("its rings enclose no area; give a polygon, or a finer coordinate resolution")]
    Vanishes,
    /// There are more vertices than an edge's number can count.
    #[error("{vertices} vertices are more than the 2,147,483,648 that can be held; simplify or split the file")]
    TooLarge {
        /// Number of vertices of all units.
        vertices: usize,
    },
    /// Its rings could not be untangled.
    #[error("its rings cross one another in a way that could not be untangled; repair the polygon and try again")]
    Tangled,
}

/// A fault of one unit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("unit {unit}: {fault}")]
pub struct GeometryError {
    /// Index of the unit in the order given.
    pub unit: u32,
    /// What is wrong with it.
    #[source]
    pub fault: GeometryFault,
}

/// All faults of all units, by unit; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct GeometryErrors(pub Vec<GeometryError>);

impl fmt::Display for GeometryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for GeometryErrors {}

/// All faults that are seen in the coordinates alone.
pub(crate) fn validate(polygons: &Polygons, pieces: &[u32]) -> Vec<GeometryError> {
    let found = parallel::map(pieces.len() - 1, |piece| {
        let mut errors = Vec::new();
        for unit in pieces[piece]..pieces[piece + 1] {
            let mut report = |fault| errors.push(GeometryError { unit, fault });
            let unit = unit as usize;
            let vertices = &polygons.vertices()[polygons.vertices_of_unit(unit)];
            if !vertices.iter().all(|&v| is_fine(polygons.space(), v)) {
                out_of_range(polygons.space(), vertices, &mut report);
            }
            if polygons.parts_of(unit).is_empty() {
                report(GeometryFault::NoGeometry);
            }
            for (part, rings) in polygons.parts_of(unit).map(|p| polygons.rings_of(p)).enumerate() {
                if rings.is_empty() {
                    report(GeometryFault::TooFewVertices { part, ring: 0, vertices: 0 });
                }
                for (ring, r) in rings.enumerate() {
                    let vertices = polygons.ring(r).len();
                    if vertices < 3 {
                        report(GeometryFault::TooFewVertices { part, ring, vertices });
                    }
                }
            }
        }
        errors
    });
    found.into_iter().flatten().collect()
}

#[inline]
fn is_fine(space: Space, [x, y]: [f64; 2]) -> bool {
    // NaN fails both comparisons.
    match space {
        Space::Geographic => x.abs() <= 360.0 && y.abs() <= 90.0,
        Space::Planar => x.abs() <= 1e12 && y.abs() <= 1e12,
    }
}

fn out_of_range(space: Space, vertices: &[[f64; 2]], report: &mut impl FnMut(GeometryFault)) {
    let mut first = |values: &mut dyn Iterator<Item = f64>, fault: fn(f64, usize) -> GeometryFault| {
        if let Some(value) = values.next() {
            report(fault(value, 1 + values.count()));
        }
    };
    let odd = |v: &[f64; 2]| v.iter().copied().find(|x| !x.is_finite());
    first(&mut vertices.iter().filter_map(odd), |value, count| GeometryFault::NotFinite { value, count });
    let finite = || vertices.iter().filter(move |v| odd(v).is_none());
    match space {
        Space::Geographic => {
            first(&mut finite().map(|v| v[0]).filter(|x| x.abs() > 360.0), |value, count| GeometryFault::Longitude {
                value,
                count,
            });
            first(&mut finite().map(|v| v[1]).filter(|y| y.abs() > 90.0), |value, count| GeometryFault::Latitude {
                value,
                count,
            });
        }
        Space::Planar => {
            let larger = |v: &[f64; 2]| if compare(v[0].abs(), v[1].abs()).is_lt() { v[1] } else { v[0] };
            first(&mut finite().map(larger).filter(|x| x.abs() > 1e12), |value, count| GeometryFault::TooFar {
                value,
                count,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_at_once() {
        let mut polygons = Polygons::new(Space::Geographic);
        let rings: [&[[f64; 2]]; 5] = [
            &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
            &[[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]],
            &[[f64::NAN, 0.0], [1.0, f64::INFINITY], [0.0, 1.0]],
            &[[0.0, 0.0], [400.0, 95.0], [0.0, -95.0]],
            &[],
        ];
        for ring in rings {
            ring.iter().for_each(|&v| polygons.push_vertex(v));
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        polygons.end_unit();
        let errors = validate(&polygons, &[0, 3, 6]);
        let faults: Vec<_> = errors.iter().map(|e| (e.unit, e.fault.to_string())).collect();
        assert_eq!(faults.iter().map(|f| f.0).collect::<Vec<_>>(), [1, 2, 3, 3, 4, 5]);
        assert!(faults[0].1.contains("2 vertices"), "{faults:?}");
        assert!(faults[1].1.contains("NaN") && faults[1].1.contains("(2 such"), "{faults:?}");
        assert!(matches!(errors[2].fault, GeometryFault::Longitude { value: 400.0, count: 1 }));
        assert!(matches!(errors[3].fault, GeometryFault::Latitude { value: 95.0, count: 2 }));
        assert!(GeometryErrors(errors).to_string().contains("unit 5: no geometry"));
    }
}
