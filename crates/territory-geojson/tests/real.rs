//! Real files against the `geojson` crate: every position bit by bit, and the plan but for what was added.
//!
//! They stand in `data/` of the workspace and, if present, in `shared/data/` beside it or under `$TERRITORY_SHARED/data/`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::io::Read;
use std::path::{Path, PathBuf};

use geojson::{FeatureCollection, GeometryValue, Position};
use territory_geojson::{Geometry, PlanProperty, ReadOptions, Source, read, write_plan};

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if [".geojson", ".geojson.gz"].iter().any(|end| path.to_string_lossy().ends_with(end)) {
            files.push(path);
        }
    }
}

fn unpacked(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

/// Rings without their repeated last position.
fn rings(geometry: &GeometryValue) -> Vec<Vec<[u64; 2]>> {
    let bits = |p: &Position| [p.as_slice()[0].to_bits(), p.as_slice()[1].to_bits()];
    let polygon = |polygon: &Vec<Vec<Position>>| -> Vec<Vec<[u64; 2]>> {
        polygon.iter().map(|ring| ring[..ring.len() - 1].iter().map(bits).collect()).collect()
    };
    match geometry {
        GeometryValue::Point { coordinates } => vec![vec![bits(coordinates)]],
        GeometryValue::Polygon { coordinates } => polygon(coordinates),
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().flat_map(polygon).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn real_files_agree_with_the_geojson_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("TERRITORY_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    if !shared.join("data").is_dir() {
        println!("skipped: the larger data sets are not here");
    }
    let mut files = Vec::new();
    collect(&root.join("data"), &mut files);
    collect(&shared.join("data"), &mut files);
    files.sort();
    for path in files {
        let text = unpacked(&path);
        let theirs: FeatureCollection = text.parse().unwrap();
        let table = read(Source::open(&path).unwrap(), &ReadOptions::default()).unwrap();
        assert_eq!(table.len(), theirs.features.len(), "{}", path.display());
        for (row, feature) in theirs.features.iter().enumerate() {
            let want = rings(&feature.geometry.as_ref().unwrap().value);
            let found: Vec<Vec<[u64; 2]>> = match table.geometry() {
                Geometry::Points(points) => vec![vec![points[row].map(f64::to_bits)]],
                Geometry::Polygons(polygons) => polygons
                    .rings_of_unit(row)
                    .map(|ring| polygons.ring(ring).iter().map(|p| p.map(f64::to_bits)).collect())
                    .collect(),
            };
            assert_eq!(found, want, "{}, feature {row}", path.display());
        }
        drop(theirs);
        let mut plan = Vec::new();
        let mark = |_row: usize| Some("\u{1}".into());
        write_plan(&table, &[PlanProperty { name: "territory", value: &mark }], &mut plan).unwrap();
        let plan = String::from_utf8(plan).unwrap();
        assert_eq!(plan.matches(r#", "territory": "\u0001""#).count(), table.len(), "{}", path.display());
        assert!(plan.replace(r#", "territory": "\u0001""#, "") == text, "{} was changed", path.display());
    }
}
