//! Polygons of all units in columns: one list of vertices, and where rings, parts and units begin in it.

use crate::parallel;
use crate::space::Space;

/// One ring; the first vertex is not repeated.
pub(crate) type Ring = Vec<[f64; 2]>;
/// Rings of one part, the exterior first.
pub(crate) type Part = Vec<Ring>;

/// The (multi-)polygons of `len()` units. A unit has parts, a part has rings (the first is its exterior), a ring has vertices;
/// the first vertex of a ring is not repeated at its end. A unit without parts has no geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygons {
    space: Space,
    vertices: Vec<[f64; 2]>,
    rings: Vec<u32>,
    parts: Vec<u32>,
    units: Vec<u32>,
}

impl Polygons {
    /// No units yet.
    pub fn new(space: Space) -> Self {
        Self { space, vertices: Vec::new(), rings: vec![0], parts: vec![0], units: vec![0] }
    }

    /// What the coordinates mean: degrees `[lon, lat]` or metres `[x, y]`.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Adds a vertex to the open ring.
    #[inline]
    pub fn push_vertex(&mut self, vertex: [f64; 2]) {
        self.vertices.push(vertex);
    }

    /// Closes the open ring; a last vertex equal to the first is dropped.
    pub fn end_ring(&mut self) {
        let start = self.rings.last().map_or(0, |&r| r as usize);
        if self.vertices.len() > start + 1 && self.vertices.last() == self.vertices.get(start) {
            self.vertices.pop();
        }
        self.rings.push(self.vertices.len() as u32);
    }

    /// Closes the open part, made of the rings closed since the last one.
    pub fn end_part(&mut self) {
        self.parts.push(self.rings.len() as u32 - 1);
    }

    /// Closes the open unit, made of the parts closed since the last one.
    pub fn end_unit(&mut self) {
        self.units.push(self.parts.len() as u32 - 1);
    }

    /// Adds a whole unit from a geo type.
    pub fn push_unit(&mut self, unit: &geo::MultiPolygon<f64>) {
        for part in unit {
            for ring in std::iter::once(part.exterior()).chain(part.interiors()) {
                ring.coords().for_each(|c| self.push_vertex([c.x, c.y]));
                self.end_ring();
            }
            self.end_part();
        }
        self.end_unit();
    }

    /// The unit as a geo type, rings closed.
    ///
    /// # Panics
    /// If `unit` is not below [`Polygons::len`].
    pub fn to_geo(&self, unit: usize) -> geo::MultiPolygon<f64> {
        let ring = |r: usize| geo::LineString::from(self.ring(r).to_vec());
        let parts = self.parts_of(unit).map(|part| {
            let mut rings = self.rings_of(part);
            let exterior = rings.next().map_or_else(|| geo::LineString::new(vec![]), ring);
            geo::Polygon::new(exterior, rings.map(ring).collect())
        });
        geo::MultiPolygon::new(parts.collect())
    }

    /// Adds all units of other polygons in the same space.
    pub fn append(&mut self, other: Polygons) {
        let starts = [self.vertices.len(), self.rings.len() - 1, self.parts.len() - 1].map(|n| n as u32);
        parallel::extend(&mut self.vertices, &other.vertices);
        self.rings.extend(other.rings.iter().skip(1).map(|&r| r + starts[0]));
        self.parts.extend(other.parts.iter().skip(1).map(|&p| p + starts[1]));
        self.units.extend(other.units.iter().skip(1).map(|&u| u + starts[2]));
    }

    /// The polygons of some units, in the order given.
    ///
    /// # Panics
    /// If one is not below [`Polygons::len`].
    pub fn select(&self, units: &[u32]) -> Polygons {
        let mut selected = Polygons::new(self.space);
        units.iter().for_each(|&unit| selected.push_from(self, unit as usize));
        selected
    }

    /// Adds a unit of other polygons in the same space.
    ///
    /// # Panics
    /// If `unit` is not below the others' [`Polygons::len`].
    pub fn push_from(&mut self, other: &Polygons, unit: usize) {
        for part in other.parts_of(unit) {
            for ring in other.rings_of(part) {
                self.vertices.extend_from_slice(other.ring(ring));
                self.rings.push(self.vertices.len() as u32);
            }
            self.end_part();
        }
        self.end_unit();
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.units.len() - 1
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of rings of all units.
    pub fn ring_count(&self) -> usize {
        self.rings.len() - 1
    }

    /// All vertices, ring after ring.
    pub fn vertices(&self) -> &[[f64; 2]] {
        &self.vertices
    }

    /// All vertices, for changing them in place.
    pub fn vertices_mut(&mut self) -> &mut [[f64; 2]] {
        &mut self.vertices
    }

    /// Parts of a unit.
    pub fn parts_of(&self, unit: usize) -> std::ops::Range<usize> {
        self.units[unit] as usize..self.units[unit + 1] as usize
    }

    /// Rings of a part, the exterior first.
    pub fn rings_of(&self, part: usize) -> std::ops::Range<usize> {
        self.parts[part] as usize..self.parts[part + 1] as usize
    }

    /// Rings of a unit, part after part.
    pub fn rings_of_unit(&self, unit: usize) -> std::ops::Range<usize> {
        let parts = self.parts_of(unit);
        self.parts[parts.start] as usize..self.parts[parts.end] as usize
    }

    /// Positions of a ring's vertices in [`Polygons::vertices`].
    pub fn ring_range(&self, ring: usize) -> std::ops::Range<usize> {
        self.rings[ring] as usize..self.rings[ring + 1] as usize
    }

    /// Positions of a unit's vertices in [`Polygons::vertices`].
    pub fn vertices_of_unit(&self, unit: usize) -> std::ops::Range<usize> {
        let rings = self.rings_of_unit(unit);
        self.rings[rings.start] as usize..self.rings[rings.end] as usize
    }

    /// Takes the vertices out, so that they may be changed while rings are looked up; to be given back by
    /// [`Polygons::put_vertices`].
    pub(crate) fn take_vertices(&mut self) -> Vec<[f64; 2]> {
        std::mem::take(&mut self.vertices)
    }

    pub(crate) fn put_vertices(&mut self, vertices: Vec<[f64; 2]>) {
        self.vertices = vertices;
    }

    /// Adds a unit given as parts of rings.
    pub(crate) fn push_parts(&mut self, parts: &[Part]) {
        for part in parts {
            for ring in part {
                self.vertices.extend_from_slice(ring);
                self.rings.push(self.vertices.len() as u32);
            }
            self.end_part();
        }
        self.end_unit();
    }

    /// Puts other polygons in the place of those of some units, given by ascending unit. Vertices of all other units are moved
    /// in place, so nothing is held twice.
    pub(crate) fn replace_units(&mut self, replacements: &[(u32, Vec<Part>)]) {
        if replacements.is_empty() {
            return;
        }
        // Runs of vertices that stay as they are, with where they go.
        let mut runs = Vec::with_capacity(replacements.len() + 1);
        let (mut from, mut to) = (0, 0);
        for (unit, parts) in replacements {
            let old = self.vertices_of_unit(*unit as usize);
            runs.push((from..old.start, to));
            to += old.start - from + parts.iter().flatten().map(Vec::len).sum::<usize>();
            from = old.end;
        }
        runs.push((from..self.vertices.len(), to));
        let total = to + self.vertices.len() - from;
        self.vertices.resize(total.max(self.vertices.len()), [0.0; 2]);
        // A run that moves back is safe once all before it are done, one that moves forward once all after it are.
        for (run, to) in runs.iter().filter(|(run, to)| *to <= run.start) {
            self.vertices.copy_within(run.clone(), *to);
        }
        for (run, to) in runs.iter().rev().filter(|(run, to)| *to > run.start) {
            self.vertices.copy_within(run.clone(), *to);
        }
        self.vertices.truncate(total);
        let old = std::mem::replace(self, Polygons::new(self.space));
        let mut next = replacements.iter().peekable();
        let (mut rings, mut parts) = (Vec::with_capacity(old.rings.len()), Vec::with_capacity(old.parts.len()));
        rings.push(0);
        parts.push(0);
        let mut vertices = old.vertices;
        let (mut at, mut units) = (0usize, Vec::with_capacity(old.units.len()));
        units.push(0);
        for unit in 0..old.units.len() - 1 {
            if let Some((_, new)) = next.next_if(|(u, _)| *u as usize == unit) {
                for part in new {
                    for ring in part {
                        vertices[at..at + ring.len()].copy_from_slice(ring);
                        at += ring.len();
                        rings.push(at as u32);
                    }
                    parts.push(rings.len() as u32 - 1);
                }
            } else {
                for part in old.units[unit] as usize..old.units[unit + 1] as usize {
                    for ring in old.parts[part] as usize..old.parts[part + 1] as usize {
                        at += (old.rings[ring + 1] - old.rings[ring]) as usize;
                        rings.push(at as u32);
                    }
                    parts.push(rings.len() as u32 - 1);
                }
            }
            units.push(parts.len() as u32 - 1);
        }
        *self = Polygons { space: self.space, vertices, rings, parts, units };
    }

    /// Vertices of a ring; the first is not repeated.
    pub fn ring(&self, ring: usize) -> &[[f64; 2]] {
        &self.vertices[self.ring_range(ring)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(at: f64, size: usize) -> Vec<Vec<Vec<[f64; 2]>>> {
        vec![vec![(0..size).map(|i| [at, i as f64]).collect()]]
    }

    #[test]
    fn replaced_units_stand_where_the_old_ones_did() {
        for sizes in [[3, 3, 3, 3, 3], [9, 3, 2, 12, 1], [1, 9, 1, 9, 5], [7, 6, 5, 0, 3]] {
            let mut polygons = Polygons::new(Space::Planar);
            let mut expected = Polygons::new(Space::Planar);
            let mut replacements = Vec::new();
            for (unit, &size) in sizes.iter().enumerate() {
                let (old, new) = (square(unit as f64, 4), square(10.0 + unit as f64, size));
                let change = unit % 2 == 0 || size == 0;
                for (target, geometry) in [(&mut polygons, &old), (&mut expected, if change { &new } else { &old })] {
                    for part in geometry {
                        for ring in part {
                            ring.iter().for_each(|&v| target.push_vertex(v));
                            target.end_ring();
                        }
                        target.end_part();
                    }
                    target.end_unit();
                }
                if change {
                    replacements.push((unit as u32, new));
                }
            }
            polygons.replace_units(&replacements);
            assert_eq!(polygons, expected, "{sizes:?}");
        }
    }
}
