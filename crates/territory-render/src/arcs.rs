//! Borders as arcs: each stretch between two areas once, whatever the number of rings it stood in. Both neighbours are drawn
//! from the same arc, so simplifying it opens no gap.
//!
//! Vertices are first put on the picture's own grid; what falls together there is one vertex. Areas are found by net directed
//! cancellation of edges, so rings that overlap, touch or collapse need no special case: every vertex of an area's border is
//! entered as often as it is left.

/// The label of what lies outside every area.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// A point of the picture's grid.
pub(crate) type Point = [u16; 2];

/// Directed edges of labelled areas, gathered ring by ring.
#[derive(Default)]
pub(crate) struct Edges {
    /// (smaller end, larger end, label, +1 when the area lies to the left of smaller → larger).
    records: Vec<(u32, u32, u32, i8)>,
}

impl Edges {
    /// Adds a ring whose area of this label lies to its left, or to its right if `reversed`.
    pub(crate) fn push_ring(&mut self, ring: &[Point], label: u32, reversed: bool) {
        let Some(&last) = ring.last() else { return };
        let mut from = pack(last);
        for &point in ring {
            let to = pack(point);
            if from != to {
                let forward = (from < to) != reversed;
                self.records.push((from.min(to), from.max(to), label, if forward { 1 } else { -1 }));
            }
            from = to;
        }
    }

    /// What is left when edges that an area has in both directions cancel, chained into arcs.
    pub(crate) fn into_arcs(mut self) -> Arcs {
        self.records.sort_unstable();
        let mut segments = Vec::new();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for edge in self.records.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
            left.clear();
            right.clear();
            for area in edge.chunk_by(|x, y| x.2 == y.2) {
                let net: i32 = area.iter().map(|r| i32::from(r.3)).sum();
                let side = if net > 0 { &mut left } else { &mut right };
                side.extend(std::iter::repeat_n(area[0].2, net.unsigned_abs() as usize));
            }
            for i in 0..left.len().max(right.len()) {
                let label = |side: &[u32]| side.get(i).copied().unwrap_or(OUTSIDE);
                segments.push(Segment { ends: [edge[0].0, edge[0].1], sides: [label(&left), label(&right)] });
            }
        }
        drop(self.records);
        chain(&segments)
    }
}

/// An edge between two grid points with the labels to its left and right, seen from the first end.
struct Segment {
    ends: [u32; 2],
    sides: [u32; 2],
}

/// Arcs in columns.
#[derive(Debug, Default)]
pub(crate) struct Arcs {
    points: Vec<Point>,
    starts: Vec<u32>,
    sides: Vec<[u32; 2]>,
}

impl Arcs {
    pub(crate) fn len(&self) -> usize {
        self.sides.len()
    }

    /// Points from end to end; those of a closed arc begin and end with the same one.
    pub(crate) fn points(&self, arc: usize) -> &[Point] {
        &self.points[self.starts[arc] as usize..self.starts[arc + 1] as usize]
    }

    /// Labels to the left and right.
    pub(crate) fn sides(&self, arc: usize) -> [u32; 2] {
        self.sides[arc]
    }

    /// Arcs without the points that `keep` refuses; closed arcs of which less than three would stay go whole.
    pub(crate) fn filtered(&self, keep: impl Fn(usize) -> bool) -> Arcs {
        let mut kept = Arcs { points: Vec::new(), starts: vec![0], sides: Vec::new() };
        for arc in 0..self.len() {
            let range = self.starts[arc] as usize..self.starts[arc + 1] as usize;
            let points = &self.points[range.clone()];
            let from = kept.points.len();
            kept.points.extend(range.filter(|&i| keep(i)).map(|i| self.points[i]));
            if points.first() == points.last() && kept.points.len() - from < 4 {
                kept.points.truncate(from);
            } else {
                kept.starts.push(kept.points.len() as u32);
                kept.sides.push(self.sides[arc]);
            }
        }
        kept
    }

    /// Runs through the given arcs (position, backwards?) with as few lifts of the pen as greedy walking finds. Directed arcs
    /// that bound an area come out as closed runs.
    pub(crate) fn runs(&self, arcs: &[(usize, bool)], directed: bool) -> Vec<Vec<Point>> {
        let ends = |&(arc, backwards): &(usize, bool)| {
            let points = self.points(arc);
            let (first, last) = (points.first().copied().map_or(0, pack), points.last().copied().map_or(0, pack));
            if backwards { [last, first] } else { [first, last] }
        };
        let mut exits: Vec<(u32, u32, bool)> = Vec::with_capacity(arcs.len() * 2);
        for (i, arc) in arcs.iter().enumerate() {
            let [first, last] = ends(arc);
            exits.push((first, i as u32, false));
            if !directed && first != last {
                exits.push((last, i as u32, true));
            }
        }
        exits.sort_unstable();
        let mut done = vec![false; arcs.len()];
        let mut runs = Vec::new();
        for start in 0..arcs.len() {
            let mut next = (!done[start]).then_some((start, false));
            let mut run: Vec<Point> = Vec::new();
            while let Some((i, flipped)) = next {
                done[i] = true;
                let points = self.points(arcs[i].0);
                let skip = usize::from(!run.is_empty());
                if arcs[i].1 != flipped {
                    run.extend(points.iter().rev().skip(skip));
                } else {
                    run.extend(points.iter().skip(skip));
                }
                let at = ends(&arcs[i])[usize::from(!flipped)];
                let from = exits.partition_point(|e| e.0 < at);
                let row = exits[from..].iter().take_while(|e| e.0 == at);
                next = row.filter(|e| !done[e.1 as usize]).map(|e| (e.1 as usize, e.2)).next();
            }
            if !run.is_empty() {
                runs.push(run);
            }
        }
        runs
    }
}

/// Joins segments at points where only two meet and the sides go on.
fn chain(segments: &[Segment]) -> Arcs {
    // Ends sorted by their point: the ends at one point are a group.
    let mut ends: Vec<(u32, u32)> =
        (0..segments.len()).flat_map(|s| [0, 1].map(|end| (segments[s].ends[end], (s * 2 + end) as u32))).collect();
    ends.sort_unstable();
    // The end that goes on from an end, itself where the arc stops.
    let mut onward: Vec<u32> = (0..ends.len() as u32).collect();
    for group in ends.chunk_by(|x, y| x.0 == y.0) {
        if let [(_, a), (_, b)] = *group {
            let along = |end: u32| {
                let [left, right] = segments[end as usize / 2].sides;
                if end.is_multiple_of(2) { [left, right] } else { [right, left] }
            };
            let [left, right] = along(b);
            if along(a) == [right, left] {
                onward[a as usize] = b;
                onward[b as usize] = a;
            }
        }
    }
    drop(ends);
    let mut arcs = Arcs { points: Vec::new(), starts: vec![0], sides: Vec::new() };
    let mut done = vec![false; segments.len()];
    // Open arcs from their ends; what is left then is closed.
    let open = (0..onward.len() as u32).filter(|&end| onward[end as usize] == end);
    for first in open.chain((0..segments.len() as u32).map(|s| s * 2)) {
        if done[first as usize / 2] {
            continue;
        }
        let point = |end: u32| unpack(segments[end as usize / 2].ends[end as usize % 2]);
        let [left, right] = segments[first as usize / 2].sides;
        arcs.sides.push(if first.is_multiple_of(2) { [left, right] } else { [right, left] });
        arcs.points.push(point(first));
        let mut end = first;
        while !done[end as usize / 2] {
            done[end as usize / 2] = true;
            let far = end ^ 1;
            arcs.points.push(point(far));
            // Where the arc stops, this is the far end itself, whose segment is done.
            end = onward[far as usize];
        }
        arcs.starts.push(arcs.points.len() as u32);
    }
    arcs
}

fn pack([x, y]: Point) -> u32 {
    u32::from(x) << 16 | u32::from(y)
}

fn unpack(key: u32) -> Point {
    [(key >> 16) as u16, key as u16]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit squares of a `width` × `height` grid, labelled row by row.
    fn squares(width: u16, height: u16, label: impl Fn(u16) -> u32) -> Edges {
        let mut edges = Edges::default();
        for cell in 0..width * height {
            let (x, y) = (cell % width, cell / width);
            edges.push_ring(&[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]], label(cell), false);
        }
        edges
    }

    fn doubled_area(run: &[Point]) -> i64 {
        let cross = |p: &[Point]| i64::from(p[0][0]) * i64::from(p[1][1]) - i64::from(p[1][0]) * i64::from(p[0][1]);
        run.windows(2).map(cross).sum()
    }

    #[test]
    fn each_border_stands_once_and_bounds_both_sides() {
        let arcs = squares(4, 4, |cell| u32::from(cell % 4 / 2)).into_arcs();
        // Two halves: their common border and one arc around each.
        assert_eq!(arcs.len(), 3);
        for label in 0..2 {
            let of: Vec<(usize, bool)> = (0..arcs.len())
                .filter_map(|a| arcs.sides(a).iter().position(|&s| s == label).map(|side| (a, side == 1)))
                .collect();
            let runs = arcs.runs(&of, true);
            assert_eq!(runs.iter().map(|r| doubled_area(r)).sum::<i64>(), 16);
            assert!(runs.iter().all(|r| r.first() == r.last()));
        }
    }

    #[test]
    fn holes_and_islands_are_closed_arcs() {
        let arcs = squares(3, 3, |cell| u32::from(cell == 4)).into_arcs();
        assert_eq!(arcs.len(), 2);
        let inner = (0..2).find(|&a| !arcs.sides(a).contains(&OUTSIDE));
        assert_eq!(inner.map(|a| arcs.points(a).len()), Some(5));
    }

    #[test]
    fn collapsed_and_doubled_rings_do_no_harm() {
        let mut edges = squares(2, 1, u32::from);
        edges.push_ring(&[[7, 7], [7, 7]], 2, false);
        edges.push_ring(&[[7, 7], [9, 9]], 2, false);
        edges.push_ring(&[[0, 0], [1, 0], [1, 1], [0, 1]], 3, false);
        edges.push_ring(&[], 4, false);
        let arcs = edges.into_arcs();
        for label in [0, 1, 3] {
            let of: Vec<(usize, bool)> = (0..arcs.len())
                .filter_map(|a| arcs.sides(a).iter().position(|&s| s == label).map(|side| (a, side == 1)))
                .collect();
            assert_eq!(arcs.runs(&of, true).iter().map(|r| doubled_area(r)).sum::<i64>(), 2, "area {label}");
        }
        assert!((0..arcs.len()).all(|a| !arcs.sides(a).contains(&2)));
    }

    #[test]
    fn undirected_runs_draw_every_arc_once() {
        let arcs = squares(5, 5, u32::from).into_arcs();
        let all: Vec<(usize, bool)> = (0..arcs.len()).map(|a| (a, false)).collect();
        let steps: usize = (0..arcs.len()).map(|a| arcs.points(a).len() - 1).sum();
        let runs = arcs.runs(&all, false);
        assert_eq!(runs.iter().map(|r| r.len() - 1).sum::<usize>(), steps);
        assert!(runs.len() < arcs.len() / 2, "{} runs of {} arcs", runs.len(), arcs.len());
    }
}
