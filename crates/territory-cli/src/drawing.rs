//! Territories as polygons: dissolved units, or the cells of points; and which of them lie inside another.

use crate::args;
use crate::failure::{Failure, lines};
use crate::input::{Shape, Units, read_table, space};
use crate::run::Prepared;
use std::path::Path;
use territory::geometry::{Cells, Coverage, CoverageOptions, Polygons, cells};
use territory::{Opened, Problem, open_enclaves};
use territory_geojson::Geometry;

/// Territories as they are drawn.
pub(crate) struct Drawing {
    pub(crate) territories: Polygons,
    /// Territories inside another: (inner, outer).
    pub(crate) enclaves: Vec<(u32, u32)>,
    /// How cells of points were drawn.
    pub(crate) cells: Option<Cells>,
}

/// Polygons of a boundary, as one unit each.
pub(crate) fn read_boundary(path: &Path, input: &args::Input, units: &Units) -> Result<Polygons, Failure> {
    let mut table = read_table(path, Vec::new(), None, space(input))?;
    if table.space() != units.table.space() {
        return Err(Failure::Input(format!(
            "{}: its coordinates are {:?}, those of {} are {:?}: convert one of them",
            table.file(),
            table.space(),
            units.table.file(),
            units.table.space()
        )));
    }
    let (geometry, options) =
        (table.take_geometry(), CoverageOptions { grid: table.resolution(), ..Default::default() });
    let Geometry::Polygons(polygons) = geometry else {
        return Err(Failure::Input(format!("{}: holds points, but a boundary is polygons", table.file())));
    };
    let with: Vec<u32> = (0..polygons.len() as u32).filter(|&u| !polygons.parts_of(u as usize).is_empty()).collect();
    let coverage = Coverage::new(polygons.select(&with), &options).map_err(|errors| {
        let message = |e: &territory::geometry::GeometryError| {
            let row = with.get(e.unit as usize).map_or(0, |&row| row as usize);
            format!("{}: {}: {}", table.file(), crate::input::feature(&table, row), e.fault)
        };
        Failure::Input(lines(errors.0.iter().map(message)))
    })?;
    Ok(coverage.dissolve(&vec![0; coverage.len()], 1))
}

impl Prepared {
    /// The territories of a plan as polygons.
    pub(crate) fn draw(&self, assignment: &[u32], k: usize) -> Result<Drawing, Failure> {
        match &self.shape {
            Shape::Areas(coverage) => Ok(Drawing {
                territories: coverage.dissolve(assignment, k),
                enclaves: coverage.enclaves(assignment, k),
                cells: None,
            }),
            Shape::Points(locations) => {
                let drawn = cells(locations, assignment, k, self.boundary.as_ref())
                    .map_err(|e| Failure::Input(format!("{}: {e}", self.units.table.file())))?;
                Ok(Drawing {
                    territories: drawn.territories.clone(),
                    enclaves: drawn.enclaves.clone(),
                    cells: Some(drawn),
                })
            }
        }
    }

    /// Leads enclaves out of the territories around them, as far as it can be done with moves that `may_move` (unit, territory) lets be.
    pub(crate) fn open_enclaves(
        &self,
        problem: &Problem,
        assignment: &[u32],
        may_move: &dyn Fn(u32, u32) -> bool,
    ) -> Opened {
        let find = |plan: &[u32]| match &self.shape {
            Shape::Areas(coverage) => coverage.enclaves(plan, problem.k()),
            Shape::Points(locations) => {
                cells(locations, plan, problem.k(), self.boundary.as_ref()).map(|c| c.enclaves).unwrap_or_default()
            }
        };
        let at_border = match &self.shape {
            Shape::Areas(coverage) => coverage.border_units(),
            Shape::Points(locations) => vec![false; locations.len()],
        };
        open_enclaves(problem, assignment, &find, &at_border, may_move)
    }
}
