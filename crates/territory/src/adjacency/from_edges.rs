//! Adjacency from a table of links.

use crate::adjacency::{Edge, EdgeKind, Graph};

/// A row of an edge table: two units, and the weight of their link in the cut (1 where none is given).
pub type EdgeRow = (u32, u32, Option<f64>);

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeFault {
    /// There is no such unit.
    #[error("unit {unit} does not exist, there are {units}")]
    UnknownUnit {
        /// The index given.
        unit: u32,
        /// Number of units.
        units: usize,
    },
    /// A unit is linked to itself.
    #[error("unit {unit} is linked to itself")]
    Loop {
        /// The unit.
        unit: u32,
    },
    /// The weight is negative, NaN or infinite.
    #[error("the weight {weight} is not a finite number of at least 0")]
    Weight {
        /// The weight given.
        weight: f64,
    },
    /// The pair (in either order) stands in an earlier row with another weight.
    #[error("units {a} and {b} have the weight {weight} here and {first} in row {first_row}")]
    OtherWeight {
        /// The smaller unit.
        a: u32,
        /// The larger unit.
        b: u32,
        /// The weight in this row.
        weight: f64,
        /// The weight in the first row of the pair.
        first: f64,
        /// That row, 0-based.
        first_row: usize,
    },
}

/// A row that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("row {row}: {fault}")]
pub struct EdgeRowError {
    /// The row, 0-based, not counting a header.
    pub row: usize,
    /// What is wrong with it.
    #[source]
    pub fault: EdgeFault,
}

/// Every row of an edge table that cannot be used, in row order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{} of the edge table's rows cannot be used: {}", rows.len(), summary(rows))]
pub struct EdgeTableError {
    /// The rows; at least one.
    pub rows: Vec<EdgeRowError>,
}

fn summary(rows: &[EdgeRowError]) -> String {
    const SHOWN: usize = 10;
    let mut text = rows.iter().take(SHOWN).map(EdgeRowError::to_string).collect::<Vec<_>>().join("; ");
    if rows.len() > SHOWN {
        text += &format!("; and {} more", rows.len() - SHOWN);
    }
    text
}

/// Builds the adjacency of `units` units from a table of links ([`EdgeKind::Edge`]). A pair may stand in several rows and in
/// either order, as long as its weight is the same.
///
/// ```
/// use territory::adjacency::{EdgeFault, from_edges};
/// let graph = from_edges(3, &[(0, 1, None), (2, 1, Some(2.5)), (1, 0, None)])?;
/// assert_eq!(graph.neighbours(1), [0, 2]);
///
/// let faults = from_edges(3, &[(0, 3, None), (1, 1, None)]).unwrap_err();
/// assert_eq!(faults.rows[0].fault, EdgeFault::UnknownUnit { unit: 3, units: 3 });
/// assert_eq!(faults.rows[1].row, 1);
/// # Ok::<(), territory::adjacency::EdgeTableError>(())
/// ```
///
/// # Errors
/// [`EdgeTableError`] with all rows that name an unknown unit, link a unit to itself, have a weight that is negative or not
/// finite, or repeat a pair with another weight.
pub fn from_edges(units: usize, table: &[EdgeRow]) -> Result<Graph, EdgeTableError> {
    let mut faults = Vec::new();
    let mut rows: Vec<(u32, u32, usize)> = Vec::with_capacity(table.len());
    for (row, &(a, b, weight)) in table.iter().enumerate() {
        let before = faults.len();
        let unknown = [Some(a), Some(b).filter(|_| b != a)].into_iter().flatten().filter(|&u| u as usize >= units);
        faults.extend(unknown.map(|unit| EdgeRowError { row, fault: EdgeFault::UnknownUnit { unit, units } }));
        if a == b {
            faults.push(EdgeRowError { row, fault: EdgeFault::Loop { unit: a } });
        }
        // The graph holds single precision: what is infinite there is refused too.
        if let Some(weight) = weight.filter(|&w| !(w >= 0.0 && (w as f32).is_finite())) {
            faults.push(EdgeRowError { row, fault: EdgeFault::Weight { weight } });
        }
        if faults.len() == before {
            rows.push((a.min(b), a.max(b), row));
        }
    }
    rows.sort_unstable();
    let weight_of = |row: usize| table[row].2.unwrap_or(1.0);
    let mut edges: Vec<Edge> = Vec::with_capacity(rows.len());
    for pair in rows.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
        let (a, b, first_row) = pair[0];
        let first = weight_of(first_row);
        let others = pair[1..].iter().map(|&(_, _, row)| (row, weight_of(row))).filter(|&(_, weight)| weight != first);
        faults.extend(others.map(|(row, weight)| EdgeRowError {
            row,
            fault: EdgeFault::OtherWeight { a, b, weight, first, first_row },
        }));
        edges.push(Edge { weight: first as f32, ..Edge::new(a, b, EdgeKind::Edge, 0.0) });
    }
    if faults.is_empty() {
        return Ok(Graph::from_edges(units, &edges));
    }
    faults.sort_by_key(|fault| fault.row);
    Err(EdgeTableError { rows: faults })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_with_its_row() {
        let table = [
            (0, 1, Some(2.0)),
            (1, 9, None),
            (2, 2, None),
            (1, 2, Some(-1.0)),
            (0, 2, Some(f64::NAN)),
            (0, 2, Some(1e300)),
            (1, 0, Some(3.0)),
            (8, 9, Some(f64::INFINITY)),
        ];
        let errors = from_edges(3, &table).err().unwrap_or(EdgeTableError { rows: Vec::new() });
        let rows: Vec<usize> = errors.rows.iter().map(|e| e.row).collect();
        assert_eq!(rows, [1, 2, 3, 4, 5, 6, 7, 7, 7]);
        let repeated = EdgeFault::OtherWeight { a: 0, b: 1, weight: 3.0, first: 2.0, first_row: 0 };
        assert_eq!(errors.rows[5].fault, repeated);
        assert!(errors.to_string().contains("row 2: unit 2 is linked to itself"), "{errors}");
    }

    #[test]
    fn repeated_rows_count_once() -> Result<(), EdgeTableError> {
        let graph = from_edges(3, &[(0, 1, Some(2.0)), (1, 0, Some(2.0)), (1, 2, Some(1.0)), (1, 2, None)])?;
        assert_eq!(graph.edges().map(|e| (e.a, e.b, e.weight)).collect::<Vec<_>>(), [(0, 1, 2.0), (1, 2, 1.0)]);
        assert!(from_edges(0, &[])?.is_empty());
        Ok(())
    }
}
