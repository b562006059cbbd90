//! δ: how far a customer's neighbours are.

use crate::nearest::{NOBODY, PointIndex};
use territory::Locations;

/// Mean distance in km from each location to its three nearest others in the whole market (chords on the sphere); fewer where there are not
/// three, 0 where there is none.
///
/// ```
/// use territory::{Locations, Space};
/// let row = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [3000.0, 0.0], [7000.0, 0.0]]);
/// assert_eq!(territory_sales::workload::spacing_km(&row), [11.0 / 3.0, 3.0, 3.0, 17.0 / 3.0]);
/// ```
pub fn spacing_km(locations: &Locations) -> Vec<f64> {
    neighbours::<3>(locations, |_, near| {
        let mut distances = near.iter().take_while(|n| **n != NOBODY).map(|n| n.1.sqrt());
        let first = distances.next()?;
        let (count, sum) = distances.fold((1.0, first), |(count, sum), d| (count + 1.0, sum + d));
        Some(sum / count)
    })
}

/// The same in times: the mean of the three shortest to the eight nearest.
pub(super) fn by_times(locations: &Locations, hours: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    neighbours::<8>(locations, |from, near| {
        let known = near.iter().take_while(|n| **n != NOBODY);
        let mut times: Vec<f64> = known.map(|n| hours(from as usize, n.0 as usize)).collect();
        times.sort_by(f64::total_cmp);
        times.truncate(3);
        (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
    })
}

/// A value per location from its nearest others.
fn neighbours<const N: usize>(locations: &Locations, value: impl Fn(u32, &[(u32, f64); N]) -> Option<f64>) -> Vec<f64> {
    let index = PointIndex::new(locations.points());
    let mut values = vec![0.0; locations.len()];
    for (row, at) in index.order() {
        values[row as usize] = value(row, &index.nearest::<N>(at, Some(row))).unwrap_or(0.0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use territory::Space;

    #[test]
    fn few_neighbours_and_times_of_ones_own() {
        let one = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0]]);
        assert_eq!(spacing_km(&one), [0.0]);
        let two = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [2000.0, 0.0]]);
        assert_eq!(spacing_km(&two), [2.0, 2.0]);
        let line: Vec<[f64; 2]> = (0..6).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
        let line = Locations::from_coordinates(Space::Planar, &line);
        // One-way streets: back is three times as long, so the shortest ways are those forward.
        let times = |from: usize, to: usize| {
            let steps = to as f64 - from as f64;
            if steps > 0.0 { steps } else { -3.0 * steps }
        };
        assert_eq!(by_times(&line, times)[0], 2.0); // 1, 2, 3 ahead
        assert_eq!(by_times(&line, times)[5], 6.0); // 3, 6, 9 behind
        assert_eq!(by_times(&line, times)[3], 2.0); // 1 and 2 ahead, 3 behind
    }
}
