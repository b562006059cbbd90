//! Real sets: GeoJSON polygons with population and an independent rook adjacency beside them.
//!
//! Location of a unit: the area-weighted centroid of its polygons in the lon/lat plane (outer rings and holes), put on the
//! sphere. Islands are joined by the shortest link between locations. The reader here is a plain one of its own, so that the
//! instances do not depend on the code that is measured.

use crate::instance::{Instance, Link};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use territory::Space;

/// The real sets of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealSet {
    /// 3,107 counties of the lower 48 states.
    Counties,
    /// 25,053 output areas of London.
    London,
    /// 181,408 output areas of England and Wales.
    EnglandWales,
}

/// Why a real set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is not there or not readable.
    #[error("{path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The GeoJSON is not as expected.
    #[error("{path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A line of the edge table is not as expected.
    #[error("{path}, line {line}: expected `i,j,shared_m` with known units")]
    Edge {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
    },
}

/// Folder of the real sets: `$TERRITORY_DATA`, else `shared/data` beside the workspace.
pub fn data_folder() -> PathBuf {
    std::env::var_os("TERRITORY_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from)
}

impl RealSet {
    fn stem(self) -> &'static str {
        match self {
            RealSet::Counties => "counties_us48_10m",
            RealSet::London => "uk_oa_london",
            RealSet::EnglandWales => "uk_oa_ew",
        }
    }

    /// Whether its files are in `folder`.
    pub fn is_in(self, folder: &Path) -> bool {
        let polygons = folder.join("polygons");
        ["geojson.gz", "rook.csv.gz"].iter().all(|ending| polygons.join(format!("{}.{ending}", self.stem())).exists())
    }

    /// Reads it.
    ///
    /// # Errors
    /// The file and what is wrong with it.
    pub fn read(self, folder: &Path) -> Result<Instance, ReadError> {
        let path = folder.join("polygons").join(format!("{}.geojson.gz", self.stem()));
        let mut units = Units::default();
        let mut json = serde_json::Deserializer::from_reader(open(&path)?);
        (&mut units).deserialize(&mut json).map_err(|source| ReadError::Json { path, source })?;
        let path = folder.join("polygons").join(format!("{}.rook.csv.gz", self.stem()));
        let mut instance = Instance {
            name: self.stem().into(),
            space: Space::Geographic,
            links: read_links(&path, units.locations.len())?,
            points: units.locations.iter().map(|&c| Space::Geographic.locate(c)).collect(),
            measures: vec![("population".into(), units.populations)],
        };
        instance.join_components();
        Ok(instance)
    }
}

fn open(path: &Path) -> Result<BufReader<MultiGzDecoder<File>>, ReadError> {
    let file = File::open(path).map_err(|source| ReadError::Open { path: path.into(), source })?;
    Ok(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(file)))
}

fn read_links(path: &Path, units: usize) -> Result<Vec<Link>, ReadError> {
    let mut links = Vec::new();
    for (number, line) in open(path)?.lines().enumerate().skip(1) {
        let line = line.map_err(|source| ReadError::Open { path: path.into(), source })?;
        let link = parse_link(&line, units).ok_or_else(|| ReadError::Edge { path: path.into(), line: number + 1 })?;
        links.push(link);
    }
    Ok(links)
}

fn parse_link(line: &str, units: usize) -> Option<Link> {
    let mut fields = line.split(',');
    let a: u32 = fields.next()?.parse().ok()?;
    let b: u32 = fields.next()?.parse().ok()?;
    let metres: f64 = fields.next()?.trim_end().parse().ok()?;
    ((a.max(b) as usize) < units && a != b).then(|| Link::new(a, b, (metres / 1000.0) as f32))
}

/// Columns filled feature by feature, so that no more than one feature's geometry is held.
#[derive(Default)]
struct Units {
    locations: Vec<[f64; 2]>,
    populations: Vec<f64>,
}

impl<'de> DeserializeSeed<'de> for &mut Units {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Units {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "features" {
                map.next_value_seed(&mut *self)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> Result<(), A::Error> {
        while let Some(feature) = features.next_element::<Feature>()? {
            self.locations.push(centroid(&feature.geometry.coordinates));
            self.populations.push(feature.properties.population);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    population: f64,
}

#[derive(Deserialize)]
struct Geometry {
    coordinates: Nested,
}

/// Coordinates of any depth: a Polygon's or a MultiPolygon's.
enum Nested {
    Number(f64),
    List(Vec<Nested>),
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Nested;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("coordinates")
            }
            fn visit_f64<E>(self, x: f64) -> Result<Nested, E> {
                Ok(Nested::Number(x))
            }
            fn visit_i64<E>(self, x: i64) -> Result<Nested, E> {
                Ok(Nested::Number(x as f64))
            }
            fn visit_u64<E>(self, x: u64) -> Result<Nested, E> {
                Ok(Nested::Number(x as f64))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Nested, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Nested::List(list))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

/// Area-weighted centroid: |area| of outer rings counts for, that of holes against. A unit without area has the mean of its
/// vertices.
fn centroid(coordinates: &Nested) -> [f64; 2] {
    let mut sums = RingSums::default();
    sums.add(coordinates, true);
    if sums.area > 0.0 {
        [sums.x / sums.area, sums.y / sums.area]
    } else {
        let count = sums.vertices.max(1) as f64;
        [sums.vertex_x / count, sums.vertex_y / count]
    }
}

#[derive(Default)]
struct RingSums {
    area: f64,
    x: f64,
    y: f64,
    vertices: usize,
    vertex_x: f64,
    vertex_y: f64,
}

impl RingSums {
    fn add(&mut self, nested: &Nested, outer: bool) {
        let Nested::List(list) = nested else { return };
        let ring: Vec<[f64; 2]> = list.iter().filter_map(position).collect();
        if !ring.is_empty() {
            return self.add_ring(&ring, outer);
        }
        // Whether this is a list of rings or of polygons shows in the depth below its first item.
        let rings = matches!(list.first(), Some(Nested::List(first)) if first.iter().any(|p| position(p).is_some()));
        for (i, item) in list.iter().enumerate() {
            self.add(item, !rings || i == 0);
        }
    }

    fn add_ring(&mut self, ring: &[[f64; 2]], outer: bool) {
        let origin = ring[0];
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for (p, q) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (px, py, qx, qy) = (p[0] - origin[0], p[1] - origin[1], q[0] - origin[0], q[1] - origin[1]);
            let cross = px * qy - py * qx;
            area += cross / 2.0;
            x += (px + qx) * cross / 6.0;
            y += (py + qy) * cross / 6.0;
            self.vertices += 1;
            self.vertex_x += p[0];
            self.vertex_y += p[1];
        }
        let sign = if outer == (area > 0.0) { 1.0 } else { -1.0 };
        self.area += sign * area;
        self.x += sign * (x + origin[0] * area);
        self.y += sign * (y + origin[1] * area);
    }
}

fn position(nested: &Nested) -> Option<[f64; 2]> {
    match nested {
        Nested::List(list) => match list[..] {
            [Nested::Number(x), Nested::Number(y), ..] => Some([x, y]),
            _ => None,
        },
        Nested::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centroid_of(text: &str) -> [f64; 2] {
        serde_json::from_str::<Nested>(text).map(|c| centroid(&c)).unwrap_or([f64::NAN; 2])
    }

    #[test]
    fn centroids_count_holes_and_parts_whatever_the_winding() {
        assert_eq!(centroid_of("[[[0,0],[4,0],[4,2],[0,2],[0,0]]]"), [2.0, 1.0]);
        // A hole in the right half, wound like the outer ring: 8·2 − 2·3 over 8 − 2.
        let hole = centroid_of("[[[0,0],[4,0],[4,2],[0,2],[0,0]],[[2,0.5],[4,0.5],[4,1.5],[2,1.5],[2,0.5]]]");
        assert!((hole[0] - 10.0 / 6.0).abs() < 1e-12 && (hole[1] - 1.0).abs() < 1e-12);
        let parts = centroid_of("[[[[0,0],[0,1],[1,1],[1,0],[0,0]]],[[[4,0],[5,0],[5,1],[4,1],[4,0]]]]");
        assert_eq!(parts, [2.5, 0.5]);
    }

    #[test]
    fn edge_lines_are_checked() {
        assert_eq!(parse_link("3,1,1500.0", 4), Some(Link::new(1, 3, 1.5)));
        assert_eq!(parse_link("3,4,1500.0", 4), None);
        assert_eq!(parse_link("3,x,1", 4), None);
    }
}
