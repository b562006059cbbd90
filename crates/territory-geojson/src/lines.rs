//! Lines, for barriers such as rivers. Such files are small, so the `geojson` crate may hold them whole.

use std::io::Read;

use geojson::{GeoJson, GeometryValue};

use crate::error::{Place, ReadError};
use crate::source::Source;

/// The lines of a GeoJSON file, in file order: LineStrings, and each line of MultiLineStrings, also inside collections.
///
/// ```
/// use territory_geojson::{Source, read_lines};
/// let river = br#"{"type": "LineString", "coordinates": [[0, 0], [1, 0.5], [2, 0]]}"#;
/// assert_eq!(read_lines(&Source::from_bytes("river", river.as_slice())?)?, [[[0.0, 0.0], [1.0, 0.5], [2.0, 0.0]]]);
/// # Ok::<(), territory_geojson::ReadError>(())
/// ```
///
/// # Errors
/// [`ReadError`] if it cannot be read, is no GeoJSON, or holds something else than lines.
pub fn read_lines(source: &Source) -> Result<Vec<Vec<[f64; 2]>>, ReadError> {
    source.check_format()?;
    let file = || source.name().to_owned();
    let mut bytes = Vec::new();
    source
        .reader()
        .and_then(|mut opened| opened.reader.read_to_end(&mut bytes))
        .map_err(|source| ReadError::Io { file: file(), source })?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(e) => {
            let byte = e.valid_up_to() as u64;
            let (line, bytes) = source.locate(byte).unwrap_or_default();
            let at = Box::new(Place { file: file(), byte, line, feature: None, id: None, property: None });
            return Err(ReadError::NotUtf8 { at, bytes });
        }
    };
    if text.trim().is_empty() {
        return Err(ReadError::Empty { file: file() });
    }
    let faulty = |reason: String| ReadError::Lines { file: file(), reason };
    let whole: GeoJson = text.parse().map_err(|e: geojson::Error| faulty(e.to_string()))?;
    let mut lines = Vec::new();
    match whole {
        GeoJson::Geometry(geometry) => collect(&geometry.value, &mut lines).map_err(faulty)?,
        GeoJson::Feature(feature) => {
            let geometry = feature.geometry.ok_or_else(|| faulty("the feature has no geometry".into()))?;
            collect(&geometry.value, &mut lines).map_err(faulty)?;
        }
        GeoJson::FeatureCollection(collection) => {
            for (i, feature) in collection.features.iter().enumerate() {
                if let Some(geometry) = &feature.geometry {
                    collect(&geometry.value, &mut lines).map_err(|reason| faulty(format!("feature {i}: {reason}")))?;
                }
            }
        }
    }
    if lines.is_empty() { Err(faulty("there are none".into())) } else { Ok(lines) }
}

fn collect(geometry: &GeometryValue, lines: &mut Vec<Vec<[f64; 2]>>) -> Result<(), String> {
    let mut line = |positions: &[geojson::Position]| {
        let pair = |p: &geojson::Position| match p.as_slice() {
            [x, y, ..] => Ok([*x, *y]),
            _ => Err("a position has fewer than two numbers".to_owned()),
        };
        let positions = positions.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
        if positions.len() < 2 {
            return Err("a line has fewer than two positions".to_owned());
        }
        lines.push(positions);
        Ok(())
    };
    match geometry {
        GeometryValue::LineString { coordinates } => line(coordinates),
        GeometryValue::MultiLineString { coordinates } => coordinates.iter().try_for_each(|positions| line(positions)),
        // serde_json refuses to nest deeper than 128, so this recursion ends.
        GeometryValue::GeometryCollection { geometries } => {
            geometries.iter().try_for_each(|g| collect(&g.value, lines))
        }
        other => Err(format!("it holds a {}", other.type_name())),
    }
}
