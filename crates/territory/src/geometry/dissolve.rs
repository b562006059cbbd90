//! Units of one territory made one polygon: edges between them cancel, what is left is chained into rings. No vertex is moved, none
//! made, none dropped.

use super::arrangement::{Labelled, Rule, label};
use super::between::{Mesh, net_of};
use super::coverage::Coverage;
use super::edges::Segment;
use super::polygons::Polygons;
use super::rings::{Part, assemble};
use super::twins::Twin;
use crate::parallel;

impl Coverage {
    /// One (multi-)polygon per territory: unit `t` of the result is the union of the units with `assignment[unit] == t`. Units
    /// assigned to no territory below `territories` are left out; a territory without units has no parts. Units without an entry
    /// are left out too.
    ///
    /// Polygons are valid, exteriors counter-clockwise, holes clockwise, and borders are those of the units, vertex by vertex.
    pub fn dissolve(&self, assignment: &[u32], territories: usize) -> Polygons {
        let mesh = &self.mesh;
        let of = |unit: u32| assignment.get(unit as usize).copied().filter(|&t| (t as usize) < territories);
        // Units by territory: a counting sort.
        let mut starts = vec![0usize; territories + 1];
        let units = 0..mesh.polygons.len() as u32;
        units.clone().filter_map(of).for_each(|t| starts[t as usize + 1] += 1);
        for t in 0..territories {
            starts[t + 1] += starts[t];
        }
        let mut members = vec![0u32; starts[territories]];
        let mut next = starts.clone();
        for unit in units {
            if let Some(t) = of(unit) {
                members[next[t as usize]] = unit;
                next[t as usize] += 1;
            }
        }
        // Segments with three and more edges, by territory.
        let mut shared: Vec<(u32, Segment)> = Vec::new();
        for group in mesh.twins.groups() {
            let mut edges: Vec<(u32, u32)> = group.iter().filter_map(|&e| of(mesh.unit(e)).map(|t| (t, e))).collect();
            edges.sort_unstable();
            for own in edges.chunk_by(|a, b| a.0 == b.0) {
                shared.extend(net_of(own.iter().map(|&(_, e)| mesh.ends(e))).into_iter().map(|s| (own[0].0, s)));
            }
        }
        shared.sort_by_key(|s| s.0);
        let parts = parallel::map(territories, |t| {
            let from = shared.partition_point(|s| (s.0 as usize) < t);
            let own = shared[from..].iter().take_while(|s| s.0 as usize == t).map(|s| s.1).collect();
            territory(mesh, assignment, t as u32, &members[starts[t]..starts[t + 1]], own)
        });
        let mut polygons = Polygons::new(mesh.polygons.space());
        parts.iter().for_each(|parts| polygons.push_parts(parts));
        polygons
    }
}

/// The union of `units`, those of territory `t`; `border` holds what remains of segments with three and more edges.
fn territory(mesh: &Mesh, assignment: &[u32], t: u32, units: &[u32], mut border: Vec<Segment>) -> Vec<Part> {
    let inside = |edge: u32| assignment.get(mesh.unit(edge) as usize) == Some(&t);
    for &unit in units {
        for ring in mesh.polygons.rings_of_unit(unit as usize) {
            let vertices = mesh.polygons.ring(ring);
            let first = mesh.polygons.ring_range(ring).start as u32;
            for (i, edge) in (0..vertices.len()).zip(first..) {
                let ends = || [vertices[i], vertices[if i + 1 == vertices.len() { 0 } else { i + 1 }]];
                match mesh.twins.get(edge) {
                    Twin::Alone | Twin::Same(_) => border.push(ends()),
                    Twin::Opposite(other) => {
                        // Across the antimeridian both edges stay: the map is cut there.
                        let seam = vertices[i][0].abs() == 180.0 && mesh.ends(other) != reversed(ends());
                        if seam || !inside(other) {
                            border.push(ends());
                        }
                    }
                    Twin::Many(_) => {}
                }
            }
        }
    }
    if let Ok(parts) = assemble(&border) {
        return parts;
    }
    // Units lie on one another: first see what is inside.
    let outline = label(&border, Rule::Covered)
        .and_then(|labelled| assemble(&labelled.iter().filter_map(Labelled::border).collect::<Vec<_>>()));
    // Edges that still cross one another bound no polygon; then the units' own parts stand for their union.
    outline.unwrap_or_else(|_| units.iter().flat_map(|&unit| parts_of(&mesh.polygons, unit as usize)).collect())
}

fn reversed([a, b]: Segment) -> Segment {
    [b, a]
}

fn parts_of(polygons: &Polygons, unit: usize) -> Vec<Part> {
    polygons
        .parts_of(unit)
        .map(|part| polygons.rings_of(part).map(|ring| polygons.ring(ring).to_vec()).collect())
        .collect()
}
