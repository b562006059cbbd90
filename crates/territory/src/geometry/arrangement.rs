//! What is inside: edges that meet at vertices only cut the plane into faces; this counts for each face how often it is covered
//! and keeps the edges between inside and outside. Slower than chaining edges as they come (`rings`), but right for any input:
//! regions lying on one another, edges met several times, directions that mean nothing.

use super::boxes::{Bounds, BoxTree};
use super::predicates::{Point, around, crosses_left_of, lexical};
use super::rings::Tangled;
use std::cmp::Ordering;

/// Which faces are inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Those that are left and right of an odd number of rings; directions are ignored.
    EvenOdd,
    /// Those covered at least once by regions on the left of directed edges.
    Covered,
}

/// An edge, once, with the coverage of the faces on its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Labelled {
    pub(crate) ends: [Point; 2],
    pub(crate) left: i32,
    pub(crate) right: i32,
}

impl Labelled {
    /// The edge directed with the inside on its left, if it separates inside from outside.
    pub(crate) fn border(&self) -> Option<[Point; 2]> {
        match (self.left > 0, self.right > 0) {
            (true, false) => Some(self.ends),
            (false, true) => Some([self.ends[1], self.ends[0]]),
            _ => None,
        }
    }
}

struct Edge {
    ends: [u32; 2],
    /// How much deeper the left is than the right; under the even-odd rule 1.
    step: i32,
}

/// Coverage on both sides of every edge that does not cancel, in order of their ends.
pub(crate) fn label(segments: &[[Point; 2]], rule: Rule) -> Result<Vec<Labelled>, Tangled> {
    let (points, edges) = merge(segments, rule);
    if edges.is_empty() {
        return Ok(Vec::new());
    }
    // Rays around each vertex, counter-clockwise: number of the edge, doubled, plus one at its second end.
    let mut offsets = vec![0usize; points.len() + 1];
    edges.iter().flat_map(|e| e.ends).for_each(|v| offsets[v as usize + 1] += 1);
    for v in 0..points.len() {
        offsets[v + 1] += offsets[v];
    }
    let mut rays = vec![0u32; 2 * edges.len()];
    let mut next = offsets.clone();
    for (e, i) in edges.iter().zip(0u32..) {
        for (end, &v) in (0u32..).zip(&e.ends) {
            rays[next[v as usize]] = 2 * i + end;
            next[v as usize] += 1;
        }
    }
    let tip = |ray: u32| edges[ray as usize / 2].ends[1 - ray as usize % 2];
    for v in 0..points.len() {
        let fan = &mut rays[offsets[v]..offsets[v + 1]];
        fan.sort_by(|&a, &b| around(points[v], points[tip(a) as usize], points[tip(b) as usize]));
    }

    let bounds = |e: &Edge| Bounds::of_segment(points[e.ends[0] as usize], points[e.ends[1] as usize]);
    let tree = BoxTree::scattered(edges.iter().map(bounds).collect());
    let cross = |deep: i32, step: i32| match rule {
        Rule::EvenOdd => 1 - deep,
        Rule::Covered => deep + step,
    };
    const UNKNOWN: i32 = i32::MIN;
    let mut sides = vec![[UNKNOWN; 2]; edges.len()];
    let mut seen = vec![false; points.len()];
    let mut queue = Vec::new();
    // Vertices ascend by x, then y: the first unseen vertex is the leftmost of its connected set of edges.
    for root in 0..points.len() {
        let fan = &rays[offsets[root]..offsets[root + 1]];
        if fan.is_empty() || seen[root] {
            continue;
        }
        let p = points[root];
        let mut west = 0;
        tree.query(&Bounds { min: [f64::NEG_INFINITY, p[1]], max: p }, |e| {
            let ends = edges[e].ends.map(|v| points[v as usize]);
            if let Some(up) = crosses_left_of(p, ends[0], ends[1]) {
                west = cross(west, if up { -edges[e].step } else { edges[e].step });
            }
        });
        // West lies between the rays of the upper half plane and those of the lower.
        let upper = fan.iter().take_while(|&&ray| points[tip(ray) as usize][1] >= p[1]).count();
        queue.push((root as u32, fan[upper % fan.len()], west));
        while let Some((v, first, before)) = queue.pop() {
            if std::mem::replace(&mut seen[v as usize], true) {
                continue;
            }
            let fan = &rays[offsets[v as usize]..offsets[v as usize + 1]];
            let first = fan.iter().position(|&ray| ray == first).ok_or(Tangled)?;
            let mut deep = before;
            for i in 0..fan.len() {
                let ray = fan[(first + i) % fan.len()];
                let (edge, reversed) = (ray as usize / 2, ray % 2 == 1);
                let step = edges[edge].step;
                let after = cross(deep, if reversed { -step } else { step });
                let found = if reversed { [deep, after] } else { [after, deep] };
                deep = after;
                if sides[edge][0] == UNKNOWN {
                    sides[edge] = found;
                    // Before the same edge seen from its other end lies what is after it seen from here.
                    queue.push((tip(ray), ray ^ 1, after));
                } else if sides[edge] != found {
                    return Err(Tangled);
                }
            }
            if deep != before {
                return Err(Tangled);
            }
        }
    }
    let labelled = edges.iter().zip(sides).map(|(e, [left, right])| Labelled {
        ends: e.ends.map(|v| points[v as usize]),
        left,
        right,
    });
    Ok(labelled.collect())
}

/// Distinct vertices in order of x, then y, and distinct edges that do not cancel.
fn merge(segments: &[[Point; 2]], rule: Rule) -> (Vec<Point>, Vec<Edge>) {
    let mut points: Vec<Point> = segments.iter().flatten().copied().collect();
    points.sort_unstable_by(|&a, &b| lexical(a, b));
    points.dedup();
    let number = |p: Point| points.binary_search_by(|&q| lexical(q, p)).map_or(u32::MAX, |i| i as u32);
    let directed = segments.iter().map(|s| s.map(number)).filter(|[a, b]| a != b);
    let mut all: Vec<([u32; 2], i32)> = directed
        .map(|[a, b]| match a.cmp(&b) {
            Ordering::Greater => ([b, a], -1),
            _ => ([a, b], 1),
        })
        .collect();
    all.sort_unstable();
    let net = all.chunk_by(|a, b| a.0 == b.0).filter_map(|run| {
        let step = match rule {
            Rule::EvenOdd => run.len() as i32 % 2,
            Rule::Covered => run.iter().map(|r| r.1).sum(),
        };
        (step != 0).then_some(Edge { ends: run[0].0, step })
    });
    let edges = net.collect();
    (points, edges)
}

#[cfg(test)]
mod tests {
    use super::super::rings::assemble;
    use super::*;

    fn edges(rings: &[&[Point]]) -> Vec<[Point; 2]> {
        rings.iter().flat_map(|r| (0..r.len()).map(|i| [r[i], r[(i + 1) % r.len()]])).collect()
    }

    fn area(segments: &[[Point; 2]], rule: Rule) -> f64 {
        let labelled = label(segments, rule).unwrap_or_default();
        let border: Vec<_> = labelled.iter().filter_map(Labelled::border).collect();
        assert!(assemble(&border).is_ok());
        border.iter().map(|[a, b]| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum()
    }

    #[test]
    fn bow_tie_has_both_wings_inside() {
        let bow: &[Point] = &[[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [2.0, 2.0], [1.0, 1.0], [0.0, 2.0]];
        assert_eq!(area(&edges(&[bow]), Rule::EvenOdd), 2.0);
    }

    #[test]
    fn region_covered_twice_counts_once() {
        let a: &[Point] = &[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [0.0, 2.0]];
        let b: &[Point] = &[[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0], [1.0, 2.0]];
        let inner: &[Point] = &[[0.25, 0.25], [0.5, 0.25], [0.5, 0.5]];
        assert_eq!(area(&edges(&[a, b, a, inner]), Rule::Covered), 7.0);
        let labelled = label(&edges(&[a, b, inner]), Rule::Covered).unwrap_or_default();
        assert_eq!(labelled.iter().map(|l| l.left.max(l.right)).max(), Some(2));
    }

    #[test]
    fn set_inside_another_is_seen_from_its_leftmost_vertex() {
        let outer: &[Point] = &[[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]];
        let inner: &[Point] = &[[3.0, 3.0], [6.0, 3.0], [6.0, 6.0], [3.0, 6.0]];
        assert_eq!(area(&edges(&[outer, inner]), Rule::EvenOdd), 72.0);
        assert_eq!(area(&edges(&[outer, inner]), Rule::Covered), 81.0);
    }
}
