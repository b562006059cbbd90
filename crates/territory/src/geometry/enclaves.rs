//! Territories that lie inside another: every way from them to the outside passes through it. Read off which territories share edges;
//! neither areas nor points in polygons are asked.
//!
//! Territories, the outside and every lake (a place without units that units surround) are the vertices of a graph, shared edges its
//! links. The territories inside `u` are those that `u`, taken away, cuts off from the outside: `u` is a cut vertex, found with all
//! others in one walk (Hopcroft & Tarjan 1973, doi:10.1145/362248.362272).

use super::coverage::Coverage;
use super::predicates::{Point, lexical};
use super::twins::Twin;
use crate::space::Space;

const NONE: u32 = u32::MAX;

impl Coverage {
    /// Territories inside another, with the innermost one around each: pairs (inner, outer), ascending. Several side by side may
    /// share one outer; one that borders a lake is inside if the lake is. One with a part at the outer border of the units is not
    /// inside another; a part in the middle of a lake counts as such. Units of no territory below `territories` are outside.
    pub fn enclaves(&self, assignment: &[u32], territories: usize) -> Vec<(u32, u32)> {
        let outside = territories as u32;
        let of = |unit: u32| assignment.get(unit as usize).copied().filter(|&t| t < outside).unwrap_or(outside);
        let mut links = Vec::new();
        let mut link = |a: u32, b: u32| {
            if a != b && links.last() != Some(&(a, b)) {
                links.push((a, b));
            }
        };
        for group in self.mesh.twins.groups() {
            let mut all: Vec<u32> = group.iter().map(|&e| of(self.mesh.unit(e))).collect();
            all.sort_unstable();
            all.dedup();
            all.windows(2).for_each(|w| link(w[0], w[1]));
        }
        let mut shores = Vec::new();
        for unit in 0..self.len() as u32 {
            let own = of(unit);
            for edge in self.mesh.polygons.vertices_of_unit(unit as usize) {
                match self.mesh.twins.get(edge as u32) {
                    Twin::Alone => shores.push((self.mesh.ends(edge as u32), own)),
                    Twin::Opposite(other) | Twin::Same(other) if other > edge as u32 => {
                        link(own, of(self.mesh.unit(other)))
                    }
                    _ => {}
                }
            }
        }
        let waters = waters(&shores, self.space());
        for (&(_, territory), &water) in shores.iter().zip(&waters.of) {
            // Lakes stand behind the outside.
            link(territory, if water == NONE { outside } else { outside + 1 + water });
        }
        let vertices = territories + 1 + waters.lakes;
        inside(vertices, outside, &mut links).into_iter().filter(|pair| pair.0 < outside && pair.1 < outside).collect()
    }
}

impl Coverage {
    /// Which units have an edge that no other unit has: at the outer border or a lake.
    pub fn border_units(&self) -> Vec<bool> {
        let is_alone = |edge: usize| self.mesh.twins.get(edge as u32) == Twin::Alone;
        (0..self.len()).map(|unit| self.mesh.polygons.vertices_of_unit(unit).any(is_alone)).collect()
    }
}

/// What lies beyond edges that no other unit has.
struct Waters {
    /// Of every edge the lake, or `NONE` for the outside.
    of: Vec<u32>,
    lakes: usize,
}

/// Edges are directed with their unit on the left: around a lake they run clockwise.
fn waters(shores: &[([Point; 2], u32)], space: Space) -> Waters {
    // ±180 degrees is one meridian.
    let place = |p: Point| if space == Space::Geographic && p[0] == -180.0 { [180.0, p[1]] } else { p };
    let mut ends: Vec<(Point, u32)> = Vec::with_capacity(2 * shores.len());
    for ((edge, _), i) in shores.iter().zip(0u32..) {
        ends.extend(edge.map(|p| (place(p), i)));
    }
    ends.sort_unstable_by(|a, b| lexical(a.0, b.0).then(a.1.cmp(&b.1)));
    let mut sets = crate::disjoint::DisjointSets::new(shores.len());
    for pair in ends.windows(2).filter(|w| w[0].0 == w[1].0) {
        sets.unite(pair[0].1, pair[1].1);
    }
    let mut area = vec![0.0; shores.len()];
    let mut of = Vec::with_capacity(shores.len());
    for ((edge, _), i) in shores.iter().zip(0u32..) {
        let chain = sets.find(i);
        of.push(chain);
        // Relative to an edge of the chain, or large coordinates would cancel.
        let origin = shores[chain as usize].0[0];
        let [a, b] = edge.map(|p| [p[0] - origin[0], p[1] - origin[1]]);
        let seam = space == Space::Geographic && edge.iter().any(|p| p[0].abs() == 180.0);
        area[chain as usize] += if seam { f64::INFINITY } else { a[0] * b[1] - a[1] * b[0] };
    }
    let mut number = vec![NONE; shores.len()];
    let mut lakes = 0;
    for chain in 0..shores.len() {
        if area[chain] < 0.0 {
            number[chain] = lakes as u32;
            lakes += 1;
        }
    }
    of.iter_mut().for_each(|chain| *chain = number[*chain as usize]);
    Waters { of, lakes }
}

/// For every vertex that a cut vertex other than `root` cuts off from it: the vertex and the nearest such cut vertex, ascending.
fn inside(vertices: usize, root: u32, links: &mut Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let turned: Vec<(u32, u32)> = links.iter().map(|&(a, b)| (b, a)).collect();
    links.extend(turned);
    links.sort_unstable();
    links.dedup();
    let mut starts = vec![0usize; vertices + 1];
    links.iter().for_each(|&(a, _)| starts[a as usize + 1] += 1);
    for v in 0..vertices {
        starts[v + 1] += starts[v];
    }
    let mut found = vec![NONE; vertices];
    // The earliest vertex that a subtree is linked to.
    let mut low = vec![NONE; vertices];
    let mut parent = vec![NONE; vertices];
    let mut order = Vec::with_capacity(vertices);
    let mut next = starts.clone();
    let mut stack = vec![root];
    found[root as usize] = 0;
    low[root as usize] = 0;
    order.push(root);
    while let Some(&v) = stack.last() {
        let at = &mut next[v as usize];
        if *at == starts[v as usize + 1] {
            stack.pop();
            let above = parent[v as usize];
            if above != NONE {
                low[above as usize] = low[above as usize].min(low[v as usize]);
            }
            continue;
        }
        let to = links[*at].1;
        *at += 1;
        if found[to as usize] == NONE {
            (found[to as usize], low[to as usize]) = (order.len() as u32, order.len() as u32);
            parent[to as usize] = v;
            order.push(to);
            stack.push(to);
        } else if to != parent[v as usize] {
            low[v as usize] = low[v as usize].min(found[to as usize]);
        }
    }
    let mut around = vec![NONE; vertices];
    let mut pairs = Vec::new();
    for &v in order.iter().skip(1) {
        let above = parent[v as usize];
        let cuts_off = above != root && low[v as usize] >= found[above as usize];
        around[v as usize] = if cuts_off { above } else { around[above as usize] };
    }
    for v in 0..vertices as u32 {
        // A lake is nobody's territory: what is inside it is inside what is around it.
        let outer = around[v as usize];
        let outer = if outer != NONE && outer > root { around[outer as usize] } else { outer };
        if outer != NONE {
            pairs.push((v, outer));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{CoverageOptions, Polygons};

    /// Square cells of a picture: a letter per territory, blanks are lakes and the sea.
    fn enclaves(rows: &[&str]) -> Vec<(char, char)> {
        let mut polygons = Polygons::new(Space::Planar);
        let mut letters = Vec::new();
        for (y, row) in rows.iter().enumerate() {
            for (x, letter) in row.chars().enumerate().filter(|(_, c)| *c != ' ') {
                let (x, y) = (x as f64 * 1000.0, -(y as f64) * 1000.0);
                for v in [[x, y], [x + 1000.0, y], [x + 1000.0, y + 1000.0], [x, y + 1000.0]] {
                    polygons.push_vertex(v);
                }
                polygons.end_ring();
                polygons.end_part();
                polygons.end_unit();
                letters.push(letter);
            }
        }
        let coverage = Coverage::new(polygons, &CoverageOptions::default());
        let Ok(coverage) = coverage else { unreachable!("the picture is in order") };
        let assignment: Vec<u32> = letters.iter().map(|&c| c as u32 - 'a' as u32).collect();
        let name = |t: u32| char::from(b'a' + t as u8);
        coverage.enclaves(&assignment, 26).into_iter().map(|(i, o)| (name(i), name(o))).collect()
    }

    #[test]
    fn a_territory_inside_another_is_found() {
        assert_eq!(enclaves(&["aaa", "aba", "aaa"]), [('b', 'a')]);
        assert_eq!(enclaves(&["aaa", "bba", "aaa"]), [], "at the outer border");
        assert_eq!(enclaves(&["aaa", "abc", "aaa"]), [], "another neighbour leads out");
    }

    #[test]
    fn several_side_by_side_and_one_in_the_other() {
        assert_eq!(enclaves(&["aaaa", "abca", "aaaa"]), [('b', 'a'), ('c', 'a')]);
        assert_eq!(enclaves(&["aaaaa", "abbba", "abcba", "abbba", "aaaaa"]), [('b', 'a'), ('c', 'b')]);
        assert_eq!(enclaves(&["aaadd", "abadd", "aaadd"]), [('b', 'a')]);
        assert_eq!(enclaves(&["aadd", "abbd", "aadd"]), [], "two around it");
    }

    #[test]
    fn lakes_are_not_the_outside() {
        assert_eq!(enclaves(&["aaaa", "ab a", "aaaa"]), [('b', 'a')]);
        assert_eq!(enclaves(&["aaa ", "ab  ", "aaa "]), [], "a bay of the sea");
        assert_eq!(enclaves(&["aaaa", "a  a", "aaaa"]), []);
        assert_eq!(enclaves(&["aaaaa", "ab ca", "aaaaa"]), [('b', 'a'), ('c', 'a')]);
    }
}
