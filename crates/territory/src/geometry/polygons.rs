//! Polygons of all units in columns: one list of vertices, and where rings, parts and units begin in it.

use crate::space::Space;

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

    /// Vertices of a ring; the first is not repeated.
    pub fn ring(&self, ring: usize) -> &[[f64; 2]] {
        &self.vertices[self.ring_range(ring)]
    }
}
