//! From directed edges with the inside on their left to polygons: rings that are simple, exteriors counter-clockwise, holes
//! clockwise and in the part that surrounds them, interiors connected – what OGC calls valid and RFC 7946 the right-hand rule.
//!
//! At a vertex where several rings meet, the walk that arrives turns to the first edge clockwise from where it came: it follows the
//! border of the connected piece of inside on its left. So pieces that only touch become parts of their own; a walk that passes a
//! vertex twice is a ring with a hole that touches it, and is split there.
//!
//! Edges must meet at vertices only. Where regions lie on one another the edges do not bound an inside; then the answer is
//! [`Tangled`] and the caller has to say first what is inside (see `arrangement`).

use super::boxes::{Bounds, BoxTree};
use super::buckets;
pub(crate) use super::polygons::{Part, Ring};
use super::predicates::{Point, around, crosses_left_of, lexical, side};
use crate::parallel;
use std::cmp::Ordering;

/// The edges do not bound an inside that lies on the left of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tangled;

const NONE: u32 = u32::MAX;
/// From so many edges on their two ends are sorted at once.
const SHARED: usize = 1 << 12;

/// How the edges follow one another.
struct Links {
    /// The edge that follows each.
    next: Vec<u32>,
    /// Vertex number of edges that start where several rings meet, else `NONE`. Empty if there is no such vertex.
    knot: Vec<u32>,
    knots: usize,
}

/// A closed walk cut into simple loops.
struct Loop {
    edges: Vec<u32>,
    walk: u32,
    /// Counter-clockwise.
    shell: bool,
}

/// Polygons bounded by `edges`. Parts come in the order of their smallest edge.
pub(crate) fn assemble(edges: &[[Point; 2]]) -> Result<Vec<Part>, Tangled> {
    if edges.is_empty() {
        return Ok(Vec::new());
    }
    let links = link(edges)?;
    let loops = walk(edges, &links);
    let points = |l: &Loop| l.edges.iter().map(|&e| edges[e as usize][0]).collect::<Ring>();
    if let [only] = &loops[..] {
        return if only.shell { Ok(vec![vec![points(only)]]) } else { Err(Tangled) };
    }
    let parents = nest(edges, &links, &loops)?;
    let mut part_of = vec![NONE; loops.len()];
    let mut parts = Vec::new();
    for (l, part) in loops.iter().zip(&mut part_of).filter(|(l, _)| l.shell) {
        *part = parts.len() as u32;
        parts.push(vec![points(l)]);
    }
    for (l, &parent) in loops.iter().zip(&parents).filter(|(l, _)| !l.shell) {
        let part = part_of.get(parent as usize).and_then(|&p| parts.get_mut(p as usize)).ok_or(Tangled)?;
        part.push(points(l));
    }
    Ok(parts)
}

fn link(edges: &[[Point; 2]]) -> Result<Links, Tangled> {
    let sorted = |end: usize| {
        let mut keys: Vec<(u64, u32)> = edges.iter().zip(0..).map(|(e, i)| (buckets::hash(e[end]), i)).collect();
        keys.sort_unstable();
        keys
    };
    // Most lists are those of one unit, too short to be shared.
    let (starts, ends) =
        if edges.len() < SHARED { (sorted(0), sorted(1)) } else { parallel::join(|| sorted(0), || sorted(1)) };
    let mut links = Links { next: vec![NONE; edges.len()], knot: Vec::new(), knots: 0 };
    let mut at = 0;
    while at < starts.len() {
        let hash = starts[at].0;
        let run = at + starts[at..].iter().take_while(|s| s.0 == hash).count();
        let (outs, ins) = (&starts[at..run], &ends[at..run]);
        // Chains are closed only if every vertex is left as often as it is reached.
        if ins.iter().any(|i| i.0 != hash) || ends.get(run).is_some_and(|e| e.0 == hash) {
            return Err(Tangled);
        }
        if let ([(_, out)], [(_, into)]) = (outs, ins) {
            if edges[*out as usize][0] != edges[*into as usize][1] {
                return Err(Tangled);
            }
            links.next[*into as usize] = *out;
        } else {
            let rays = outs.iter().map(|o| (o.1, true)).chain(ins.iter().map(|i| (i.1, false)));
            let mut rays: Vec<(u32, bool)> = rays.collect();
            let ends_of = |&(e, out): &(u32, bool)| {
                let [a, b] = edges[e as usize];
                if out { (a, b) } else { (b, a) }
            };
            // Vertices that merely share a hash are told apart first.
            rays.sort_by(|x, y| {
                let ((v, p), (w, q)) = (ends_of(x), ends_of(y));
                lexical(v, w).then_with(|| around(v, p, q))
            });
            for fan in rays.chunk_by(|x, y| ends_of(x).0 == ends_of(y).0) {
                turn(fan, &mut links, edges.len())?;
            }
        }
        at = run;
    }
    Ok(links)
}

/// Links the edges around one vertex, rays ascending counter-clockwise.
fn turn(fan: &[(u32, bool)], links: &mut Links, edges: usize) -> Result<(), Tangled> {
    if fan.len() > 2 && links.knot.is_empty() {
        links.knot = vec![NONE; edges];
    }
    for (i, &(edge, out)) in fan.iter().enumerate() {
        if out {
            if fan.len() > 2 {
                links.knot[edge as usize] = links.knots as u32;
            }
            continue;
        }
        // The first ray clockwise from where the walk came.
        let (follower, leaves) = fan[(i + fan.len() - 1) % fan.len()];
        if !leaves {
            return Err(Tangled);
        }
        links.next[edge as usize] = follower;
    }
    if fan.iter().filter(|ray| ray.1).count() * 2 != fan.len() {
        return Err(Tangled);
    }
    links.knots += usize::from(fan.len() > 2);
    Ok(())
}

fn walk(edges: &[[Point; 2]], links: &Links) -> Vec<Loop> {
    let knot_of = |edge: u32| links.knot.get(edge as usize).copied().filter(|&k| k != NONE);
    let mut done = vec![false; edges.len()];
    // Where on the stack the edge leaving each knot is.
    let mut place = vec![NONE; links.knots];
    let mut loops = Vec::new();
    let mut stack: Vec<u32> = Vec::new();
    let mut walks = 0;
    for first in 0..edges.len() as u32 {
        if done[first as usize] {
            continue;
        }
        let mut edge = first;
        while !done[edge as usize] {
            done[edge as usize] = true;
            if let Some(knot) = knot_of(edge) {
                if place[knot as usize] != NONE {
                    let ring = stack.split_off(place[knot as usize] as usize);
                    ring.iter().filter_map(|&e| knot_of(e)).for_each(|k| place[k as usize] = NONE);
                    loops.push(ring_of(edges, ring, walks));
                }
                place[knot as usize] = stack.len() as u32;
            }
            stack.push(edge);
            edge = links.next[edge as usize];
        }
        let ring = std::mem::take(&mut stack);
        ring.iter().filter_map(|&e| knot_of(e)).for_each(|k| place[k as usize] = NONE);
        loops.push(ring_of(edges, ring, walks));
        walks += 1;
    }
    loops
}

/// A loop begins with its smallest edge; its turn at its leftmost vertex tells which way it runs.
fn ring_of(edges: &[[Point; 2]], mut ring: Vec<u32>, walk: u32) -> Loop {
    if let Some(first) = (0..ring.len()).min_by_key(|&i| ring[i]) {
        ring.rotate_left(first);
    }
    let start = |i: usize| edges[ring[i % ring.len()] as usize][0];
    let shell = (0..ring.len()).min_by(|&i, &j| lexical(start(i), start(j))).is_some_and(|leftmost| {
        side(start(leftmost + ring.len() - 1), start(leftmost), start(leftmost + 1)) == Ordering::Greater
    });
    Loop { edges: ring, walk, shell }
}

/// For each hole the loop that is the exterior of its part; also makes sure that everything lies where its direction says.
fn nest(edges: &[[Point; 2]], links: &Links, loops: &[Loop]) -> Result<Vec<u32>, Tangled> {
    let walks = loops.iter().map(|l| l.walk as usize + 1).max().unwrap_or(0);
    let mut loop_of = vec![NONE; edges.len()];
    let mut shell_of_walk = vec![NONE; walks];
    for (l, i) in loops.iter().zip(0u32..) {
        l.edges.iter().for_each(|&e| loop_of[e as usize] = i);
        if l.shell {
            if shell_of_walk[l.walk as usize] != NONE {
                return Err(Tangled);
            }
            shell_of_walk[l.walk as usize] = i;
        }
    }
    let tree = BoxTree::new(edges.iter().map(|e| Bounds::of_segment(e[0], e[1])).collect());
    let crossed = |p: Point, visit: &mut dyn FnMut(u32, bool)| {
        let ray = Bounds { min: [f64::NEG_INFINITY, p[1]], max: p };
        tree.query(&ray, |e| {
            if let Some(up) = crosses_left_of(p, edges[e][0], edges[e][1]) {
                visit(e as u32, up);
            }
        });
    };
    let component = components(links, loops, &loop_of, walks);
    check_layers(edges, loops, &loop_of, &component, &crossed)?;

    // Holes touching their exterior are in its walk. Others lie in the smallest exterior around their leftmost vertex.
    let area = |l: &Loop| {
        let o = edges[l.edges[0] as usize][0];
        let cross = |[a, b]: [Point; 2]| (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
        l.edges.iter().map(|&e| cross(edges[e as usize])).sum::<f64>()
    };
    let areas: Vec<f64> = loops.iter().map(area).collect();
    let mut leftmost = vec![[f64::INFINITY; 2]; walks];
    for (e, &l) in edges.iter().zip(&loop_of) {
        let walk = loops[l as usize].walk as usize;
        if lexical(e[0], leftmost[walk]).is_lt() {
            leftmost[walk] = e[0];
        }
    }
    let mut parent_of_walk = shell_of_walk;
    let mut around_it = Vec::new();
    for walk in 0..walks {
        if parent_of_walk[walk] != NONE {
            continue;
        }
        around_it.clear();
        crossed(leftmost[walk], &mut |e, _| {
            let l = loop_of[e as usize];
            if loops[l as usize].shell {
                around_it.push(l);
            }
        });
        around_it.sort_unstable();
        let odd = around_it.chunk_by(|a, b| a == b).filter(|run| run.len() % 2 == 1).map(|run| run[0]);
        let parent = odd.min_by(|&a, &b| areas[a as usize].total_cmp(&areas[b as usize]).then(a.cmp(&b)));
        parent_of_walk[walk] = parent.ok_or(Tangled)?;
    }
    Ok(loops.iter().map(|l| parent_of_walk[l.walk as usize]).collect())
}

/// Number of the connected set of walks each walk belongs to: those that have a vertex in common.
fn components(links: &Links, loops: &[Loop], loop_of: &[u32], walks: usize) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..walks as u32).collect();
    fn find(parent: &mut [u32], mut x: u32) -> u32 {
        while parent[x as usize] != x {
            parent[x as usize] = parent[parent[x as usize] as usize];
            x = parent[x as usize];
        }
        x
    }
    let mut first_at = vec![NONE; links.knots];
    for (edge, &knot) in links.knot.iter().enumerate().filter(|(_, k)| **k != NONE) {
        let walk = loops[loop_of[edge] as usize].walk;
        let first = &mut first_at[knot as usize];
        if *first == NONE {
            *first = walk;
        }
        let (a, b) = (find(&mut parent, *first), find(&mut parent, walk));
        parent[a.max(b) as usize] = a.min(b);
    }
    (0..walks as u32).map(|w| find(&mut parent, w)).collect()
}

/// Within a connected set of rings inside and outside alternate; this checks that the outermost side of each set is inside or
/// outside as the other sets around it say, that is, that no region lies on another.
fn check_layers(
    edges: &[[Point; 2]],
    loops: &[Loop],
    loop_of: &[u32],
    component: &[u32],
    crossed: &impl Fn(Point, &mut dyn FnMut(u32, bool)),
) -> Result<(), Tangled> {
    let of_edge = |e: usize| component[loops[loop_of[e] as usize].walk as usize] as usize;
    let mut leftmost = vec![[f64::INFINITY; 2]; component.len()];
    for (i, e) in edges.iter().enumerate() {
        let least = &mut leftmost[of_edge(i)];
        if lexical(e[0], *least).is_lt() {
            *least = e[0];
        }
    }
    // The topmost ray at the leftmost vertex: if it leaves, the inside is above it, to the west.
    let mut topmost: Vec<Option<(Point, bool)>> = vec![None; component.len()];
    for (i, &[a, b]) in edges.iter().enumerate() {
        let v = leftmost[of_edge(i)];
        let Some((p, leaves)) = (a == v).then_some((b, true)).or((b == v).then_some((a, false))) else { continue };
        let top = &mut topmost[of_edge(i)];
        if top.is_none_or(|(q, _)| side(v, q, p) == Ordering::Greater) {
            *top = Some((p, leaves));
        }
    }
    for (&v, top) in leftmost.iter().zip(topmost) {
        let Some((_, inside_west)) = top else { continue };
        let mut layers = 0i64;
        crossed(v, &mut |_, up| layers += if up { -1 } else { 1 });
        if layers != i64::from(inside_west) {
            return Err(Tangled);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(rings: &[&[Point]]) -> Vec<[Point; 2]> {
        rings.iter().flat_map(|r| (0..r.len()).map(|i| [r[i], r[(i + 1) % r.len()]])).collect()
    }

    fn shape(parts: &Result<Vec<Part>, Tangled>) -> Vec<Vec<usize>> {
        parts.iter().flatten().map(|part| part.iter().map(Vec::len).collect()).collect()
    }

    #[test]
    fn ring_touching_itself_becomes_exterior_and_hole() {
        // A horseshoe whose tips meet in (2, 4).
        let horseshoe: &[Point] =
            &[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 4.0], [3.0, 1.0], [1.0, 1.0], [2.0, 4.0], [0.0, 4.0]];
        assert_eq!(shape(&assemble(&edges(&[horseshoe]))), [[5, 3]]);
    }

    #[test]
    fn pieces_that_touch_are_parts() {
        let bow: &[Point] = &[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [2.0, 0.0], [1.0, 1.0], [0.0, 2.0]];
        let bow = edges(&[bow]);
        // The left triangle is counter-clockwise, the right one clockwise: not an inside on the left.
        assert_eq!(assemble(&bow), Err(Tangled));
        let parts: &[&[Point]] = &[&[[0.0, 0.0], [1.0, 1.0], [0.0, 2.0]], &[[2.0, 0.0], [2.0, 2.0], [1.0, 1.0]]];
        assert_eq!(shape(&assemble(&edges(parts))), [[3], [3]]);
    }

    #[test]
    fn holes_go_to_the_smallest_exterior_around_them() {
        let outer: &[Point] = &[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let hole: &[Point] = &[[1.0, 1.0], [1.0, 9.0], [9.0, 9.0], [9.0, 1.0]];
        let island: &[Point] = &[[2.0, 2.0], [8.0, 2.0], [8.0, 8.0], [2.0, 8.0]];
        let lake: &[Point] = &[[3.0, 3.0], [3.0, 4.0], [4.0, 3.0]];
        let parts = assemble(&edges(&[lake, hole, outer, island])).unwrap_or_default();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], [outer.to_vec(), hole.to_vec()]);
        assert_eq!(parts[1], [island.to_vec(), lake.to_vec()]);
        assert_eq!(assemble(&edges(&[outer, island])), Err(Tangled), "island lies on outer");
        assert_eq!(assemble(&edges(&[hole])), Err(Tangled), "a hole in nothing");
    }

    #[test]
    fn interiors_stay_connected_where_a_hole_touches_twice() {
        // The hole reaches from the left border to the right one: two parts.
        let outer: &[Point] = &[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [4.0, 4.0], [0.0, 4.0], [0.0, 2.0]];
        let hole: &[Point] = &[[0.0, 2.0], [2.0, 3.0], [4.0, 2.0], [2.0, 1.0]];
        assert_eq!(shape(&assemble(&edges(&[outer, hole]))), [[5], [5]]);
    }
}
