//! A unit cut into parts along its customers: customers are halved again and again by weight, and every part is where the nearest
//! customer is one of its own (the Voronoi cells of `cells`, clipped to the unit).

use super::cells::{CellsError, cells};
use super::polygons::Polygons;
use super::predicates::{Point, lexical};
use crate::space::{Locations, Space};

/// Cuts the one unit of `unit` into at most `parts` parts of about the same weight: one unit each in the result, together the unit.
/// There are fewer where there are not as many places, and a single one (the unit) where it cannot be cut. `weights` are finite and
/// at least 0, one for each customer (degrees or metres, by the unit's space).
///
/// ```
/// use territory::{Space, geometry::{Polygons, split_unit}};
/// let mut square = Polygons::new(Space::Planar);
/// [[0.0, 0.0], [4000.0, 0.0], [4000.0, 1000.0], [0.0, 1000.0]].map(|v| square.push_vertex(v));
/// square.end_ring();
/// square.end_part();
/// square.end_unit();
/// let customers = [[500.0, 500.0], [1500.0, 500.0], [2500.0, 500.0], [3500.0, 500.0]];
/// let parts = split_unit(&square, &customers, &[1.0; 4], 2)?;
/// assert_eq!(parts.areas_km2(), [2.0, 2.0]);
/// # Ok::<(), territory::geometry::CellsError>(())
/// ```
///
/// # Errors
/// [`CellsError`], also for another number of weights than of customers.
pub fn split_unit(
    unit: &Polygons,
    customers: &[[f64; 2]],
    weights: &[f64],
    parts: usize,
) -> Result<Polygons, CellsError> {
    if customers.len() != weights.len() {
        return Err(CellsError::Length { territories: weights.len(), points: customers.len() });
    }
    let mut kept: Vec<usize> = (0..customers.len()).collect();
    loop {
        let places: Vec<Point> = kept.iter().map(|&i| customers[i]).collect();
        let weights: Vec<f64> = kept.iter().map(|&i| weights[i]).collect();
        let (groups, count) = halves(unit.space(), &places, &weights, parts);
        if count < 2 {
            return Ok(unit.clone());
        }
        let drawn = cells(&Locations::from_coordinates(unit.space(), &places), &groups, count, Some(unit))?.territories;
        let is_drawn = |group: u32| !drawn.parts_of(group as usize).is_empty();
        if (0..count as u32).all(is_drawn) {
            return Ok(drawn);
        }
        // Customers outside the unit may have no cell in it: then they draw no part either.
        kept = kept.into_iter().zip(&groups).filter(|(_, g)| is_drawn(**g)).map(|(i, _)| i).collect();
    }
}

/// The group of every place, and how many groups there are.
fn halves(space: Space, places: &[Point], weights: &[f64], parts: usize) -> (Vec<u32>, usize) {
    // Degrees of longitude are shorter than those of latitude, which matters for which way to cut; ±180 degrees may lie between.
    let first = places.first().copied().unwrap_or_default();
    let narrow = if space == Space::Geographic { libm::cos(first[1].to_radians()) } else { 1.0 };
    let at: Vec<Point> = places
        .iter()
        .map(|p| {
            let x = p[0] - first[0];
            let turned = if space == Space::Geographic { x - 360.0 * (x / 360.0).round() } else { x };
            [turned * narrow, p[1]]
        })
        .collect();
    let mut group = vec![0; places.len()];
    let mut count = 0;
    let mut open = vec![((0..places.len()).collect::<Vec<_>>(), parts.max(1))];
    while let Some((mut own, parts)) = open.pop() {
        let extent = |k: usize| {
            let range =
                own.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |r, &i| (r.0.min(at[i][k]), r.1.max(at[i][k])));
            range.1 - range.0
        };
        let axis = usize::from(extent(1) > extent(0));
        own.sort_by(|&a, &b| at[a][axis].total_cmp(&at[b][axis]).then(lexical(at[a], at[b])).then(a.cmp(&b)));
        let left = parts / 2;
        let cut = if left == 0 { None } else { cut(&own, &at, weights, left as f64 / parts as f64) };
        match cut {
            Some(cut) => {
                let rest = own.split_off(cut);
                open.push((rest, parts - left));
                open.push((own, left));
            }
            None => {
                own.iter().for_each(|&i| group[i] = count);
                count += u32::from(!own.is_empty());
            }
        }
    }
    (group, count as usize)
}

/// Where a sorted list of places is cut so that about `share` of the weight is before, never within one place.
fn cut(own: &[usize], at: &[Point], weights: &[f64], share: f64) -> Option<usize> {
    let total: f64 = own.iter().map(|&i| weights[i]).sum();
    let mut sum = 0.0;
    let mut best: Option<(f64, usize)> = None;
    for i in 1..own.len() {
        sum += weights[own[i - 1]];
        if at[own[i - 1]] == at[own[i]] {
            continue;
        }
        let off = (sum - share * total).abs();
        if best.is_none_or(|b| off < b.0) {
            best = Some((off, i));
        }
    }
    best.map(|b| b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_weigh_alike_and_keep_places_whole() {
        let places: Vec<Point> = (0..40).map(|i| [f64::from(i / 2), f64::from(i % 3)]).collect();
        let weights: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i % 4)).collect();
        let (group, count) = halves(Space::Planar, &places, &weights, 5);
        assert_eq!(count, 5);
        for g in 0..5 {
            let weight: f64 = group.iter().zip(&weights).filter(|(of, _)| **of == g).map(|(_, w)| w).sum();
            assert!((weight - 20.0).abs() <= 5.0, "{g}: {weight}");
        }
        let one = vec![[1.0, 1.0]; 7];
        assert_eq!(halves(Space::Planar, &one, &[1.0; 7], 3), (vec![0; 7], 1));
        assert_eq!(halves(Space::Planar, &[], &[], 3).1, 0);
    }

    #[test]
    fn parts_make_up_the_unit_across_the_antimeridian() -> Result<(), CellsError> {
        let mut unit = Polygons::new(Space::Geographic);
        for x in [[178.0, 180.0], [-180.0, -178.0]] {
            for v in [[x[0], 0.0], [x[1], 0.0], [x[1], 1.0], [x[0], 1.0]] {
                unit.push_vertex(v);
            }
            unit.end_ring();
            unit.end_part();
        }
        unit.end_unit();
        let customers = [[178.5, 0.5], [179.5, 0.5], [-179.5, 0.5], [-178.5, 0.5]];
        let parts = split_unit(&unit, &customers, &[1.0; 4], 2)?;
        let areas = parts.areas_km2();
        let whole: f64 = unit.areas_km2().iter().sum();
        assert_eq!(areas.len(), 2);
        assert!(
            (areas[0] / areas[1] - 1.0).abs() < 1e-3 && ((areas[0] + areas[1]) / whole - 1.0).abs() < 1e-9,
            "{areas:?}"
        );
        Ok(())
    }
}
