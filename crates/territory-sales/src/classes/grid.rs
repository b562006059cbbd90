//! The two-way grid: opportunity against own position, each cut into bands; every cell names a class (the account grid of
//! LaForge & Cravens 1982 and of most call-planning systems).

use super::{Axis, Classing};
use crate::{SalesError, check};

/// Bands and the classes of their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Least opportunity of each band but the lowest, descending, in the opportunity's unit.
    pub opportunity_cutoffs: Vec<f64>,
    /// Least position of each band but the lowest, descending, in the position's unit (own share of the customer's spending, say).
    pub position_cutoffs: Vec<f64>,
    /// The class of each cell: a row per opportunity band from the highest, a column per position band from the strongest.
    pub cells: Vec<Vec<String>>,
}

/// Classes by a grid. A value on a cut-off is in the higher band.
///
/// ```
/// use territory_sales::classes::{Grid, grid};
/// let names = |row: [&str; 2]| row.map(str::to_owned).to_vec();
/// let quadrants = Grid {
///     opportunity_cutoffs: vec![100.0],
///     position_cutoffs: vec![0.5],
///     cells: vec![names(["star", "build"]), names(["keep", "drop"])],
/// };
/// let classing = grid(&[150.0, 150.0, 20.0, 99.0], &[0.6, 0.1, 0.5, 0.2], &quadrants)?;
/// assert_eq!((0..4).map(|c| classing.name_of(c)).collect::<Vec<_>>(), ["star", "build", "keep", "drop"]);
/// assert_eq!(classing.borderline(&[5.0, 0.05])?.len(), 2); // customer 3 by opportunity, customer 2 by position
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different length or with negative values; cut-offs that do not descend; a number of cells that does not fit them.
pub fn grid(opportunity: &[f64], position: &[f64], grid: &Grid) -> Result<Classing, SalesError> {
    check::not_negative("the opportunity", opportunity)?;
    check::not_negative("the position", position)?;
    check::length("the position", position.len(), opportunity.len())?;
    check::cutoffs("the opportunity", &grid.opportunity_cutoffs, false)?;
    check::cutoffs("the position", &grid.position_cutoffs, false)?;
    check::length("the grid", grid.cells.len(), grid.opportunity_cutoffs.len() + 1)?;
    let mut names: Vec<String> = Vec::new();
    let mut cells = Vec::new();
    for row in &grid.cells {
        check::length("a row of the grid", row.len(), grid.position_cutoffs.len() + 1)?;
        for name in row {
            let known = names.iter().position(|n| n == name);
            cells.push(known.unwrap_or(names.len()) as u32);
            if known.is_none() {
                names.push(name.clone());
            }
        }
    }
    let columns = grid.position_cutoffs.len() + 1;
    let cell =
        |(o, p): (&f64, &f64)| cells[band(*o, &grid.opportunity_cutoffs) * columns + band(*p, &grid.position_cutoffs)];
    let class_of = opportunity.iter().zip(position).map(cell).collect();
    let axis = |name: &str, score: &[f64], cutoffs: &[f64]| Axis {
        name: name.to_owned(),
        score: score.to_vec(),
        cutoffs: cutoffs.to_vec(),
    };
    let axes = vec![
        axis("opportunity", opportunity, &grid.opportunity_cutoffs),
        axis("position", position, &grid.position_cutoffs),
    ];
    Ok(Classing { names, class_of, axes })
}

/// The band of a value among descending cut-offs.
pub(super) fn band(value: f64, cutoffs: &[f64]) -> usize {
    cutoffs.iter().take_while(|&&c| value < c).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_do_not_fit_and_cutoffs_out_of_order_are_faults() {
        let cells = vec![vec!["a".to_owned()]; 3];
        let of = |cutoffs: &[f64]| Grid {
            opportunity_cutoffs: cutoffs.to_vec(),
            position_cutoffs: vec![],
            cells: cells.clone(),
        };
        let fault = grid(&[1.0], &[1.0], &of(&[1.0, 5.0])).unwrap_err();
        assert_eq!(fault.to_string(), "the cut-offs of the opportunity are out of order: 5 after 1; they must descend");
        assert!(matches!(grid(&[1.0], &[1.0], &of(&[5.0])), Err(SalesError::Length { found: 3, expected: 2, .. })));
        assert_eq!(grid(&[1.0, 9.0], &[1.0, 0.0], &of(&[5.0, 1.0])).unwrap().names, ["a"]);
    }
}
