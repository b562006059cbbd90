//! Rings that run past ±180 degrees are cut there, so that in the plane of longitudes and latitudes every edge is what it looks like
//! (RFC 7946, 3.1.9). A ring around a pole gets the pole's edge.

use super::boxes::Bounds;
use super::grid::{Grid, compare};
use super::predicates::Point;

/// An edge that runs the full width of the map on purpose: along a pole, or between corners on the meridian.
fn is_frame(ring: &[Point], i: usize) -> bool {
    let n = ring.len();
    let [before, a, b, after] = [i + n - 1, i, i + 1, i + 2].map(|k| ring[k % n]);
    let on_meridian = |p: Point| p[0].abs() == 180.0;
    a[1] == b[1]
        && (a[1].abs() == 90.0 || (on_meridian(a) && on_meridian(b) && (on_meridian(before) || on_meridian(after))))
}

/// Whether a ring in the box can be one that [`runs_past`].
pub(crate) fn may_run_past(bounds: &Bounds) -> bool {
    bounds.min[0] < -180.0 || bounds.max[0] > 180.0 || bounds.max[0] - bounds.min[0] > 180.0
}

/// Whether any ring leaves ±180 degrees or jumps from one side to the other.
pub(crate) fn runs_past(ring: &[Point]) -> bool {
    let Some(&last) = ring.last() else { return false };
    let mut before = last[0];
    // First without branches, since nearly all rings pass.
    let mut far = false;
    for v in ring {
        far |= (v[0].abs() > 180.0) | ((v[0] - before).abs() > 180.0);
        before = v[0];
    }
    far && (0..ring.len()).any(|i| {
        let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
        a[0].abs() > 180.0 || ((a[0] - b[0]).abs() > 180.0 && !is_frame(ring, i))
    })
}

/// Adds the edges of a ring, cut at ±180 degrees, to `edges`; under the even-odd rule they bound the same area on the sphere.
/// Returns the number of longitudes that were brought into −180…180.
pub(crate) fn cut(ring: &[Point], grid: &Grid, edges: &mut Vec<[Point; 2]>) -> usize {
    let mut wrapped = 0;
    let ring: Vec<Point> = ring
        .iter()
        .map(|&[x, y]| {
            if x.abs() <= 180.0 {
                return [x, y];
            }
            wrapped += 1;
            let turned = if x > 0.0 { x - 360.0 } else { x + 360.0 };
            // What was on the grid stays on it: the difference may be off in the last bit.
            [if grid.holds([x, y]) { grid.round(turned) } else { turned }, y]
        })
        .collect();
    let mut crossings = Vec::new();
    let mut turns = 0i32;
    for (i, &a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if (a[0] - b[0]).abs() <= 180.0 || is_frame(&ring, i) {
            edges.push([a, b]);
            continue;
        }
        // From the western hemisphere's end of the map to the eastern one's the edge leaves at x = −180 and comes in at 180.
        let (east, west) = if a[0] > b[0] { (a, b) } else { (b, a) };
        turns += if a[0] > b[0] { 1 } else { -1 };
        let along = (180.0 - east[0]) / (west[0] + 360.0 - east[0]);
        let y = if east[1] == west[1] { east[1] } else { east[1] + along * (west[1] - east[1]) };
        let y = if along <= 0.0 || !along.is_finite() {
            east[1]
        } else if along >= 1.0 {
            west[1]
        } else {
            grid.round(y)
        };
        edges.push([east, [180.0, y]]);
        edges.push([[-180.0, y], west]);
        crossings.push(y);
    }
    if turns % 2 != 0 {
        let north = ring.iter().map(|v| v[1]).sum::<f64>() >= 0.0;
        let pole = if north { 90.0 } else { -90.0 };
        crossings.push(pole);
        edges.push([[-180.0, pole], [180.0, pole]]);
    }
    crossings.sort_by(|a, b| compare(*a, *b));
    for pair in crossings.chunks_exact(2) {
        for x in [-180.0, 180.0] {
            edges.push([[x, pair[0]], [x, pair[1]]]);
        }
    }
    edges.retain(|e| e[0] != e[1]);
    wrapped
}

#[cfg(test)]
mod tests {
    use super::super::arrangement::{Labelled, Rule, label};
    use super::super::rings::assemble;
    use super::*;

    fn parts(ring: &[Point]) -> Vec<f64> {
        let mut edges = Vec::new();
        cut(ring, &Grid::new(1e-7), &mut edges);
        let labelled = label(&edges, Rule::EvenOdd).unwrap_or_default();
        let border: Vec<_> = labelled.iter().filter_map(Labelled::border).collect();
        let area = |r: &Vec<Point>| -> f64 {
            (0..r.len()).map(|i| (r[i], r[(i + 1) % r.len()])).map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum()
        };
        assemble(&border).unwrap_or_default().iter().map(|part| part.iter().map(area).sum()).collect()
    }

    #[test]
    fn both_ways_of_writing_give_the_same_cut() {
        for ring in [
            [[179.0, 0.0], [182.0, 0.0], [182.0, 2.0], [179.0, 2.0]],
            [[179.0, 0.0], [-178.0, 0.0], [-178.0, 2.0], [179.0, 2.0]],
            [[-181.0, 0.0], [-178.0, 0.0], [-178.0, 2.0], [-181.0, 2.0]],
        ] {
            assert!(runs_past(&ring));
            let mut areas = parts(&ring);
            areas.sort_by(f64::total_cmp);
            assert_eq!(areas, [2.0, 4.0], "{ring:?}");
        }
    }

    #[test]
    fn ring_around_a_pole_reaches_it() {
        let ring = [[0.0, -80.0], [90.0, -80.0], [180.0, -80.0], [-90.0, -80.0]];
        assert!(runs_past(&ring));
        assert_eq!(parts(&ring), [3600.0]);
    }

    #[test]
    fn frames_are_left_alone() {
        let antarctica = [[-180.0, -90.0], [180.0, -90.0], [180.0, -80.0], [0.0, -70.0], [-180.0, -80.0]];
        assert!(!runs_past(&antarctica));
        assert!(!runs_past(&[[-180.0, 50.0], [180.0, 50.0], [180.0, 90.0], [-180.0, 90.0]]));
        assert!(runs_past(&[[179.0, 1.0], [180.0, 1.0], [-180.0, 1.0], [-179.0, 1.0], [-179.0, 2.0], [179.0, 2.0]]));
    }
}
