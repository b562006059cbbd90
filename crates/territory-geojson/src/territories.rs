//! Dissolved territories as a FeatureCollection, printed as it goes: no tree of the output is built.

use std::io::Write;

use geojson::JsonObject;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use territory::geometry::Polygons;

use crate::error::WriteError;

/// Writes unit `t` of `territories` as the feature with the properties `properties[t]`: a Polygon, a MultiPolygon, or null if it
/// has no parts. Rings are closed and keep the direction they have; numbers are the shortest texts that give the same doubles.
/// `crs` is the text of a `crs` member to be kept ([`crate::FeatureTable::crs_member`]).
///
/// ```
/// use territory::{Space, geometry::Polygons};
/// let mut territories = Polygons::new(Space::Geographic);
/// [[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]].map(|vertex| territories.push_vertex(vertex));
/// territories.end_ring();
/// territories.end_part();
/// territories.end_unit();
/// let mut properties = geojson::JsonObject::new();
/// properties.insert("territory".into(), "北".into());
/// let mut out = Vec::new();
/// territory_geojson::write_territories(&territories, &[properties], None, &mut out)?;
/// let text = String::from_utf8(out)?;
/// assert!(text.contains(r#"{"type":"Polygon","coordinates":[[[0.0,0.0],[0.1,0.0],[0.0,0.1],[0.0,0.0]]]}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WriteError::Lengths`] if there are not as many properties as territories, [`WriteError::NotFinite`] naming the territory
/// with a coordinate that JSON cannot hold, [`WriteError::Output`] if writing fails.
pub fn write_territories(
    territories: &Polygons,
    properties: &[JsonObject],
    crs: Option<&str>,
    out: &mut impl Write,
) -> Result<(), WriteError> {
    if properties.len() != territories.len() {
        return Err(WriteError::Lengths { territories: territories.len(), properties: properties.len() });
    }
    out.write_all(b"{\n\"type\": \"FeatureCollection\",\n")?;
    if let Some(crs) = crs {
        out.write_all(b"\"crs\": ")?;
        out.write_all(crs.as_bytes())?;
        out.write_all(b",\n")?;
    }
    out.write_all(b"\"features\": [\n")?;
    for (territory, properties) in properties.iter().enumerate() {
        if territory > 0 {
            out.write_all(b",\n")?;
        }
        check_finite(territories, territory)?;
        out.write_all(b"{\"type\":\"Feature\",\"properties\":")?;
        serde_json::to_writer(&mut *out, properties).map_err(std::io::Error::from)?;
        out.write_all(b",\"geometry\":")?;
        write_geometry(territories, territory, out)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"\n]\n}\n")?;
    Ok(())
}

pub(crate) fn check_finite(territories: &Polygons, territory: usize) -> Result<(), WriteError> {
    let mut rings = territories.parts_of(territory).flat_map(|part| territories.rings_of(part));
    if rings.all(|ring| territories.ring(ring).iter().flatten().all(|x| x.is_finite())) {
        return Ok(());
    }
    Err(WriteError::NotFinite { territory })
}

pub(crate) fn write_geometry(territories: &Polygons, territory: usize, out: &mut impl Write) -> std::io::Result<()> {
    let mut parts = territories.parts_of(territory);
    let text: &[u8] = match parts.len() {
        0 => return out.write_all(b"null"),
        1 => b"{\"type\":\"Polygon\",\"coordinates\":",
        _ => b"{\"type\":\"MultiPolygon\",\"coordinates\":",
    };
    out.write_all(text)?;
    let part = |part| Part { polygons: territories, part };
    match (parts.next(), parts.len()) {
        (Some(only), 0) => serde_json::to_writer(&mut *out, &part(only))?,
        _ => {
            let parts = territories.parts_of(territory).map(part);
            serde_json::Serializer::new(&mut *out).collect_seq(parts)?;
        }
    }
    out.write_all(b"}")
}

/// A polygon as nested arrays.
struct Part<'a> {
    polygons: &'a Polygons,
    part: usize,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.polygons.rings_of(self.part).map(|ring| Ring(self.polygons.ring(ring))))
    }
}

/// A ring as nested arrays, its first vertex repeated at the end.
struct Ring<'a>(&'a [[f64; 2]]);

impl Serialize for Ring<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(self.0.len() + 1))?;
        for vertex in self.0.iter().chain(self.0.first()) {
            array.serialize_element(vertex)?;
        }
        array.end()
    }
}
