//! Fewer points per arc: Visvalingam's algorithm. Points go in the order of the area of the triangle with their neighbours, so
//! what is dropped first is what shows least (Visvalingam & Whyatt 1993, doi:10.1179/000870493786962263).

use crate::arcs::Point;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Doubled area below which each point may go, one per point of the arc; the ends never go. Never smaller than that of a point
/// that goes before.
pub(crate) fn significance(arc: &[Point]) -> Vec<u32> {
    let n = arc.len();
    let mut significance = vec![u32::MAX; n];
    if n < 3 {
        return significance;
    }
    let mut before: Vec<usize> = (0..n).map(|i| i.saturating_sub(1)).collect();
    let mut after: Vec<usize> = (1..=n).collect();
    let mut current: Vec<u32> = (0..n)
        .map(|i| if i == 0 || i + 1 == n { u32::MAX } else { doubled_area(arc[i - 1], arc[i], arc[i + 1]) })
        .collect();
    let mut queue: BinaryHeap<_> = (1..n - 1).map(|i| Reverse((current[i], i))).collect();
    let mut largest = 0;
    while let Some(Reverse((area, i))) = queue.pop() {
        if area != current[i] || significance[i] != u32::MAX {
            continue;
        }
        largest = largest.max(area);
        significance[i] = largest;
        let (p, q) = (before[i], after[i]);
        (after[p], before[q]) = (q, p);
        for j in [p, q] {
            if j > 0 && j + 1 < n {
                current[j] = doubled_area(arc[before[j]], arc[j], arc[after[j]]);
                queue.push(Reverse((current[j], j)));
            }
        }
    }
    significance
}

fn doubled_area(a: Point, b: Point, c: Point) -> u32 {
    let d = |p: u16, q: u16| i64::from(p) - i64::from(q);
    let area = d(b[0], a[0]) * d(c[1], a[1]) - d(c[0], a[0]) * d(b[1], a[1]);
    u32::try_from(area.unsigned_abs()).unwrap_or(u32::MAX - 1).min(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_points_go_first_and_ends_never() {
        let found = significance(&[[0, 0], [5, 0], [10, 0], [10, 10], [0, 10]]);
        assert_eq!((found[0], found[1], found[4]), (u32::MAX, 0, u32::MAX));
        assert!(found[2] > 0 && found[3] > 0);
        assert_eq!(significance(&[[0, 0], [1, 1]]), [u32::MAX; 2]);
    }

    #[test]
    fn a_notch_goes_before_a_corner() {
        let found = significance(&[[0, 0], [50, 0], [51, 1], [52, 0], [100, 0], [100, 100]]);
        assert!(found[2] < found[4], "{found:?}");
    }
}
