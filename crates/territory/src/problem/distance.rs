//! A distance of the caller's own between units, for the terms that measure from a member: inertia-medoid, median, diameter.

use crate::error::ProblemError;
use std::fmt;
use std::sync::Arc;

/// Distances from a unit to another, by their indices.
pub type DistanceFunction = Arc<dyn Fn(usize, usize) -> f64 + Send + Sync>;

/// The caller's own distance between units: road kilometres, minutes, whole kilometres. It takes the place of the distance
/// between locations in the terms `inertia-medoid`, `median` and `diameter`; the others know only locations.
///
/// It must be finite, ≥ 0, symmetric, and 0 from a unit to itself; it need not obey the triangle inequality.
///
/// With the feature `serde` a matrix is written with the problem. A function cannot be: serialising a problem that has one is an
/// error, not a loss in silence.
///
/// ```
/// use territory::Distance;
/// let x_km = [0.0f64, 1.4, 2.6];
/// let whole_km = Distance::function(move |i, j| (x_km[i] - x_km[j]).abs().round());
/// assert_eq!(whole_km.between(3, 0, 2), 3.0);
/// ```
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Distance {
    /// Row after row: `[from * units + to]`.
    Matrix(Vec<f64>),
    /// Called from many threads; the same pair must always give the same number. Validation tries only some of the pairs.
    #[cfg_attr(feature = "serde", serde(skip_deserializing, serialize_with = "refuse"))]
    Function(DistanceFunction),
}

#[cfg(feature = "serde")]
fn refuse<S: serde::Serializer>(_: &DistanceFunction, _: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("a distance that is a function cannot be written: give a matrix"))
}

impl Distance {
    /// From a function.
    pub fn function(function: impl Fn(usize, usize) -> f64 + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(function))
    }

    /// Distance between two of `units` units.
    #[inline]
    pub fn between(&self, units: usize, from: usize, to: usize) -> f64 {
        match self {
            Self::Matrix(rows) => rows[from * units + to],
            Self::Function(function) => function(from, to),
        }
    }

    /// Its faults, one per row at most. Of a function each unit is tried against the first and the next one only: trying all
    /// pairs would take longer than the search on large problems.
    pub(super) fn check(&self, units: usize, name: impl Fn(usize) -> String, errors: &mut Vec<ProblemError>) {
        if let Self::Matrix(rows) = self
            && units.checked_mul(units) != Some(rows.len())
        {
            errors.push(ProblemError::DistanceSize { found: rows.len(), units });
            return;
        }
        for from in 0..units {
            let fault = |to: usize| {
                let (there, back) = (self.between(units, from, to), self.between(units, to, from));
                let valid = there.is_finite() && there >= 0.0 && (from != to || there == 0.0);
                match (valid, there == back || !back.is_finite()) {
                    (false, _) => Some(ProblemError::DistanceValue { from: name(from), to: name(to), value: there }),
                    (true, false) => {
                        Some(ProblemError::DistanceAsymmetric { from: name(from), to: name(to), there, back })
                    }
                    (true, true) => None,
                }
            };
            let found = match self {
                Self::Matrix(_) => (0..units).find_map(fault),
                Self::Function(_) => [from, 0, (from + 1) % units].into_iter().find_map(fault),
            };
            errors.extend(found);
        }
    }
}

impl fmt::Debug for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matrix(rows) => write!(f, "Matrix({} numbers)", rows.len()),
            Self::Function(_) => write!(f, "Function"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::adjacency::{Edge, EdgeKind, Graph};
    use crate::{Locations, Measure, ProblemErrors, ProblemSpec, Space};

    fn spec(distance: Distance) -> ProblemSpec {
        let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0]]);
        ProblemSpec::new(locations, Graph::from_edges(2, &[Edge::new(0, 1, EdgeKind::Edge, 0.0)]), 1)
            .measure(Measure::new("calls", vec![1.0, 1.0]))
            .distance(distance)
    }

    #[test]
    fn what_is_no_distance_is_refused() {
        let faults = |distance: Distance| match spec(distance).build() {
            Ok(_) => vec![],
            Err(ProblemErrors(errors)) => errors,
        };
        let value =
            |from: &str, to: &str, value: f64| ProblemError::DistanceValue { from: from.into(), to: to.into(), value };
        assert_eq!(faults(Distance::Matrix(vec![0.0, 2.0, 2.0, 0.0])), []);
        assert_eq!(faults(Distance::Matrix(vec![0.0; 3])), [ProblemError::DistanceSize { found: 3, units: 2 }]);
        assert_eq!(
            faults(Distance::Matrix(vec![0.0, -1.0, 2.0, 0.0])),
            [
                value("0", "1", -1.0),
                ProblemError::DistanceAsymmetric { from: "1".into(), to: "0".into(), there: 2.0, back: -1.0 },
            ]
        );
        assert_eq!(faults(Distance::Matrix(vec![0.0, 2.0, 2.0, 5.0])), [value("1", "1", 5.0)]);
        assert_eq!(faults(Distance::function(|i, j| if i == j { 0.0 } else { f64::INFINITY })).len(), 2);
        assert_eq!(faults(Distance::function(|i, j| i as f64 - j as f64)).len(), 2);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_matrix_comes_back_and_a_function_is_refused() {
        let matrix = spec(Distance::Matrix(vec![0.0, 2.5, 2.5, 0.0])).build().unwrap();
        let text = serde_json::to_string(&matrix).unwrap();
        let back: crate::Problem = serde_json::from_str(&text).unwrap();
        assert_eq!(back.distance(0, 1), 2.5);
        let function = spec(Distance::function(|i, j| if i == j { 0.0 } else { 2.5 })).build().unwrap();
        assert_eq!(function.distance(1, 0), 2.5);
        assert!(serde_json::to_string(&function).unwrap_err().to_string().contains("give a matrix"));
    }
}
