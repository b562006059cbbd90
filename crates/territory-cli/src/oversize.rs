//! Units that hold more customers than a territory may: cut along their customers into parts, which are units from then on.

use crate::failure::Failure;
use crate::input::{Part, Shape, Units};
use crate::measures::{Customers, Measured};
use territory::geometry::{Coverage, CoverageOptions, Join, Polygons, split_unit};

/// Parts are to be about this share of a target: a part that fills a territory leaves the search nothing to balance with.
const OF_TARGET: f64 = 0.5;

/// A unit that is too large for one of `k` territories, and by which measure most.
struct Oversize {
    unit: u32,
    measure: usize,
    parts: usize,
}

/// Cuts units larger than an upper bound of a measure of customers; what cannot be cut stays. True if any was.
pub(crate) fn split(
    units: &mut Units,
    shape: &mut Shape,
    (customers, join): (&Customers, &Join),
    measured: &Measured,
    k: u32,
    snap_m: f64,
) -> Result<bool, Failure> {
    let Shape::Areas(coverage) = &*shape else { return Ok(false) };
    let found = oversize(measured, k);
    let mut polygons = Polygons::new(coverage.space());
    let (mut rows, mut names, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = found.into_iter().peekable();
    let mut any = false;
    for unit in 0..units.len() as u32 {
        let whole = coverage.polygons().select(&[unit]);
        let pieces = match found.next_if(|o| o.unit == unit) {
            None => whole,
            Some(oversize) => {
                let values = customers.values(&measured.columns[oversize.measure])?;
                let own: Vec<usize> =
                    (0..customers.points.len()).filter(|&c| join.units().get(c) == Some(&unit)).collect();
                let points: Vec<[f64; 2]> = own.iter().map(|&c| customers.points[c]).collect();
                let weights: Vec<f64> = own.iter().map(|&c| values[c]).collect();
                // What cannot be drawn stays whole: the report names it as too large.
                split_unit(&whole, &points, &weights, oversize.parts).unwrap_or(whole)
            }
        };
        let of = pieces.len();
        any |= of > 1;
        for piece in 0..of {
            polygons.push_from(&pieces, piece);
            rows.push(units.rows[unit as usize]);
            let name = &units.names[unit as usize];
            names.push(if of > 1 { format!("{name}/{}", piece + 1) } else { name.clone() });
            parts.push(if of > 1 { Some(Part { number: piece + 1, of, share: 1.0 / of as f64 }) } else { None });
        }
    }
    if !any {
        return Ok(false);
    }
    let options = CoverageOptions { grid: units.table.resolution(), snap_m };
    let coverage = Coverage::new(polygons, &options)
        .map_err(|e| Failure::Other(format!("{}: parts of a unit could not be drawn: {e}", units.table.file())))?;
    *shape = Shape::Areas(Box::new(coverage));
    (units.rows, units.names, units.parts) = (rows, names, parts);
    Ok(true)
}

/// Gives every part the share of its unit's own measures that its customers have of the unit's.
pub(crate) fn share_out(units: &mut Units, values: &[f64]) {
    let mut totals = std::collections::BTreeMap::new();
    for (row, value) in units.rows.iter().zip(values) {
        *totals.entry(*row).or_insert(0.0) += value;
    }
    for ((part, row), value) in units.parts.iter_mut().zip(&units.rows).zip(values) {
        if let (Some(part), Some(&total)) = (part, totals.get(row).filter(|total| **total > 0.0)) {
            part.share = value / total;
        }
    }
}

/// Units above an upper bound, ascending.
fn oversize(measured: &Measured, k: u32) -> Vec<Oversize> {
    let bounds: Vec<(usize, f64, f64)> = measured
        .measures
        .iter()
        .enumerate()
        .filter(|(m, _)| measured.columns[*m].is_of_customers())
        .map(|(m, measure)| {
            let target = measure.values.iter().sum::<f64>() / f64::from(k);
            let upper = (target * (1.0 + measure.bound_tolerance())).min(measure.maximum.unwrap_or(f64::INFINITY));
            (m, target, upper)
        })
        .collect();
    let units = measured.measures.first().map_or(0, |m| m.values.len());
    let worst = |unit: usize| {
        let over = bounds.iter().filter(|(m, _, upper)| measured.measures[*m].values[unit] > *upper);
        over.max_by(|x, y| {
            let ratio = |b: &(usize, f64, f64)| measured.measures[b.0].values[unit] / b.2;
            ratio(x).total_cmp(&ratio(y))
        })
    };
    let of = |unit: usize| {
        let &(measure, target, upper) = worst(unit)?;
        let wanted = measured.measures[measure].values[unit] / (OF_TARGET * target.min(upper));
        Some(Oversize { unit: unit as u32, measure, parts: (wanted.ceil() as usize).clamp(2, 10_000) })
    };
    (0..units).filter_map(of).collect()
}
