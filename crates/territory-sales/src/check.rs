//! Checks of columns and parameters that every module needs. A check names the first faulty row and counts the others.

use crate::SalesError;
use territory::{Locations, Space};

/// Names a row by its index, where there is nothing better.
pub(crate) fn by_index(row: usize) -> String {
    format!("row {row}")
}

/// Whether every value passes `valid`; else the first that does not, and how many.
pub(crate) fn values(
    what: &str,
    column: &[f64],
    expected: &'static str,
    valid: impl Fn(f64) -> bool,
    name: impl Fn(usize) -> String,
) -> Result<(), SalesError> {
    let mut faulty = column.iter().enumerate().filter(|(_, v)| !valid(**v));
    let Some((row, &value)) = faulty.next() else { return Ok(()) };
    Err(SalesError::Value { what: what.to_owned(), row: name(row), value, expected, count: 1 + faulty.count() })
}

/// Whether every value is finite and at least 0.
pub(crate) fn not_negative(what: &str, column: &[f64]) -> Result<(), SalesError> {
    values(what, column, NOT_NEGATIVE, |v| v.is_finite() && v >= 0.0, by_index)
}

pub(crate) const NOT_NEGATIVE: &str = "a finite number of at least 0";
pub(crate) const POSITIVE: &str = "a finite number above 0";
pub(crate) const SHARE: &str = "a share from 0 to 1";

/// Whether the column has one row per item.
pub(crate) fn length(what: &str, found: usize, expected: usize) -> Result<(), SalesError> {
    if found == expected { Ok(()) } else { Err(SalesError::Length { what: what.to_owned(), found, expected }) }
}

/// Whether a parameter passes `valid`.
pub(crate) fn parameter(
    name: &'static str,
    value: f64,
    expected: &'static str,
    valid: impl Fn(f64) -> bool,
) -> Result<(), SalesError> {
    if valid(value) { Ok(()) } else { Err(SalesError::Parameter { name, value, expected }) }
}

/// Whether a parameter is finite and above 0.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), SalesError> {
    parameter(name, value, POSITIVE, |v| v.is_finite() && v > 0.0)
}

/// Whether a parameter is finite and at least 0.
pub(crate) fn at_least_zero(name: &'static str, value: f64) -> Result<(), SalesError> {
    parameter(name, value, NOT_NEGATIVE, |v| v.is_finite() && v >= 0.0)
}

/// Whether a parameter is from 0 to 1.
pub(crate) fn share(name: &'static str, value: f64) -> Result<(), SalesError> {
    parameter(name, value, SHARE, |v| (0.0..=1.0).contains(&v))
}

/// Whether every index is below `count`.
pub(crate) fn indices(what: &'static str, column: &[u32], count: usize) -> Result<(), SalesError> {
    match column.iter().position(|&i| i as usize >= count) {
        None => Ok(()),
        Some(row) => Err(SalesError::Index { what, row, index: column[row] as usize, count }),
    }
}

/// Whether cut-offs are finite and strictly ascend (or descend).
pub(crate) fn cutoffs(what: &str, cutoffs: &[f64], ascending: bool) -> Result<(), SalesError> {
    let order = if ascending { "ascend" } else { "descend" };
    let fault = |previous, next| SalesError::CutoffOrder { what: what.to_owned(), previous, next, order };
    if let Some(&odd) = cutoffs.iter().find(|c| !c.is_finite()) {
        return Err(fault(odd, odd));
    }
    let wrong = |w: &&[f64]| if ascending { w[0] >= w[1] } else { w[0] <= w[1] };
    cutoffs.windows(2).find(wrong).map_or(Ok(()), |w| Err(fault(w[0], w[1])))
}

/// Whether every pair of coordinates is a place: finite, and in degrees on Earth. Where all that are not would be one with their two numbers
/// exchanged (a latitude beyond 90 that makes a longitude), that is said.
pub(crate) fn places(space: Space, places: &[[f64; 2]], name: impl Fn(usize) -> String) -> Result<(), SalesError> {
    let geographic = space == Space::Geographic;
    let place =
        |&[x, y]: &[f64; 2]| x.is_finite() && y.is_finite() && (!geographic || (x.abs() <= 360.0 && y.abs() <= 90.0));
    let faulty = || places.iter().enumerate().filter(|(_, p)| !place(p));
    let Some((first, &[x, y])) = faulty().next() else { return Ok(()) };
    let (row, count) = (name(first), faulty().count());
    if geographic && faulty().all(|(_, &[x, y])| place(&[y, x])) {
        return Err(SalesError::SwappedCoordinates { row, longitude: x, latitude: y, count });
    }
    Err(SalesError::NoPlace { row, x, y, count })
}

/// Whether every location is finite. Whether its coordinates were swapped shows only before they become a location: see [`places`].
pub(crate) fn located(locations: &Locations) -> Result<(), SalesError> {
    let faulty = || locations.points().iter().enumerate().filter(|(_, p)| p.iter().any(|x| !x.is_finite()));
    let Some((row, p)) = faulty().next() else { return Ok(()) };
    Err(SalesError::NoPlace { row: by_index(row), x: p[0], y: p[1], count: faulty().count() })
}

/// Locations of coordinates, checked: `[longitude, latitude]` in degrees or `[x, y]` in metres, by `space`. What takes
/// [`Locations`] cannot see any more that a latitude stood first; this can.
///
/// ```
/// use territory::Space;
/// use territory_sales::locate;
/// assert!(locate(Space::Geographic, &[[116.40, 39.91]]).is_ok());
/// let fault = locate(Space::Geographic, &[[39.91, 116.40]]).unwrap_err();
/// assert!(fault.to_string().contains("the two seem to be swapped; give longitude first"));
/// ```
///
/// # Errors
/// [`SalesError::SwappedCoordinates`] where all faulty rows become places when their numbers are exchanged, else [`SalesError::NoPlace`].
pub fn locate(space: Space, coordinates: &[[f64; 2]]) -> Result<Locations, SalesError> {
    places(space, coordinates, by_index)?;
    Ok(Locations::from_coordinates(space, coordinates))
}
