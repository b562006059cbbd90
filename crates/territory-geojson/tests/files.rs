//! Files as users have them: read, written, and put under their names whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::path::{Path, PathBuf};

use territory::Space;
use territory_geojson::{
    FeatureKind, FeatureTable, Geometry, IdSource, OutputFile, PlanProperty, PropertyValue, ReadOptions, Source,
    WriteError, check_outputs, commit, read, read_lines, write_plan, write_territories,
};

fn valid(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/valid").join(name)
}

fn table(name: &str, properties: &[&str]) -> FeatureTable {
    let properties = properties.iter().map(|&p| p.to_owned()).collect();
    read(Source::open(valid(name)).unwrap(), &ReadOptions { properties, ..ReadOptions::default() }).unwrap()
}

fn plan(table: &FeatureTable) -> String {
    let territory = |row: usize| (row != 3).then(|| format!("T{row}").into());
    let mut out = Vec::new();
    write_plan(table, &[PlanProperty { name: "territory", value: &territory }], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(valid(name)).unwrap()
}

#[test]
fn members_in_any_order() {
    let table = table("order.geojson", &["population", "nested"]);
    assert_eq!(table.resolution(), Some(0.01));
    assert_eq!(table.space(), Space::Planar, "crs comes after the features");
    let Geometry::Polygons(polygons) = table.geometry() else { panic!() };
    assert_eq!((polygons.space(), polygons.ring(0)), (Space::Planar, [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]].as_slice()));
    assert_eq!(table.property("nested").unwrap().get(0), PropertyValue::Object(r#"{"territory": [1, {"a": null}]}"#));
    assert_eq!(table.default_id(), IdSource::Feature);
    assert_eq!(table.id_of(&IdSource::Feature, 0).as_deref(), Some("17"));
    // The nested `territory` is another one.
    assert_eq!(plan(&table), text("order.geojson").replace("null}]}}", r#"null}]}, "territory": "T0"}"#));
}

#[test]
fn a_collections_own_properties_are_not_a_features() {
    let table = table("properties_before_features.geojson", &["population"]);
    assert_eq!(table.numbers("population", false).unwrap(), [1.0]);
    assert_eq!(table.id_of(&IdSource::Feature, 0).as_deref(), Some("a"));
    assert_eq!(plan(&table), text("properties_before_features.geojson").replace(": 1}", r#": 1, "territory": "T0"}"#));
}

#[test]
fn single_texts_and_lines() {
    let one = table("feature.geojson", &[]);
    assert_eq!(*one.geometry(), Geometry::Points(vec![[1.0, 2.0]]));
    assert_eq!(plan(&one), text("feature.geojson").replace("null", r#"{"territory": "T0"}"#));

    let bare = table("geometry.geojson", &[]);
    let polygon = text("geometry.geojson");
    let want = format!(
        " {{\"type\": \"Feature\", \"properties\": {{\"territory\": \"T0\"}}, \"geometry\": {}}}\n",
        polygon.trim()
    );
    assert_eq!(plan(&bare), want);

    let merged = table("collection_geometry.geojson", &[]);
    let Geometry::Polygons(polygons) = merged.geometry() else { panic!() };
    assert_eq!((merged.kinds(), polygons.parts_of(0).len()), ([FeatureKind::Collection].as_slice(), 3));

    let lines = table("lines.ndjson", &["population"]);
    assert_eq!(lines.len(), 3);
    let written = plan(&lines);
    assert_eq!(written.lines().count(), text("lines.ndjson").lines().count());
    assert!(written.contains(r#"{"code": "B2", "territory": "T1"}"#));

    let records = table("records.geojsonl", &[]);
    assert_eq!(records.len(), 2);
    assert!(plan(&records).starts_with("\u{1e}{"));
}

#[test]
fn a_byte_order_mark_stays_where_it_is() {
    let table = table("bom.geojson", &["population"]);
    assert_eq!(table.numbers("population", false).unwrap(), [5.0]);
    assert!(plan(&table).starts_with("\u{feff}{"));
}

#[test]
fn features_without_geometry_are_flagged() {
    let table = table("null_geometry.geojson", &[]);
    use FeatureKind::{Empty, MultiPolygon, Null};
    assert_eq!(table.kinds(), [Null, Null, Empty, MultiPolygon, Empty]);
    let Geometry::Polygons(polygons) = table.geometry() else { panic!() };
    assert_eq!((0..5).map(|row| polygons.parts_of(row).len()).collect::<Vec<_>>(), [0, 0, 0, 1, 0]);
    assert!(plan(&table).contains(r#""population": 5, "territory": null}"#));
}

#[test]
fn a_territory_that_is_there_is_replaced_once() {
    let plan = plan(&table("territory_there.geojson", &[]));
    let lines: Vec<&str> = plan.lines().collect();
    assert!(lines[1].contains(r#""properties": {"territory": "T0", "a": 1, "b": 2 }"#), "{}", lines[1]);
    assert!(lines[2].contains(r#""properties": {"territory": "T1" }"#), "{}", lines[2]);
    assert!(lines[3].contains(r#""properties": {"territory": "T2"}"#), "{}", lines[3]);
    assert_eq!(lines[4], r#"{"properties": {"territory": null}, "geometry": null, "type": "Feature"},"#);
    assert!(lines[5].contains(r#"{"a": "territory", "territory": "T4"}"#), "{}", lines[5]);
}

#[test]
fn chinese_names_everywhere() {
    let options = ReadOptions {
        properties: vec!["人口".into(), "区域".into()],
        id: Some("编号".into()),
        ..ReadOptions::default()
    };
    let table = read(Source::open(valid("chinese.geojson")).unwrap(), &options).unwrap();
    assert_eq!(table.numbers("人口", false).unwrap(), [1200.0, 800.5]);
    assert_eq!(table.property("区域").unwrap().get(1), PropertyValue::Text("南区"), "the name is written with escapes");
    assert_eq!(table.label(1).as_deref(), Some("甲二"));
    let territory = |row: usize| Some(["华北", "华南"][row].into());
    let mut out = Vec::new();
    write_plan(&table, &[PlanProperty { name: "区域", value: &territory }], &mut out).unwrap();
    let want = text("chinese.geojson").replace("北区", "华北").replace("南区", "华南");
    assert_eq!(String::from_utf8(out).unwrap(), want);
    let mistyped = table.numbers("人囗", false).unwrap_err().to_string();
    assert!(mistyped.contains("no feature has the property \"人囗\""), "{mistyped}");
}

#[test]
fn gzip_and_pipes_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let plain = std::fs::read(valid("chinese.geojson")).unwrap();
    // The name does not matter, and members may be concatenated.
    let path = folder.path().join("units.geojson");
    let (head, tail) = plain.split_at(100);
    let mut zipped = Vec::new();
    for piece in [head, tail] {
        let mut encoder = flate2::write::GzEncoder::new(&mut zipped, flate2::Compression::fast());
        encoder.write_all(piece).unwrap();
        encoder.finish().unwrap();
    }
    std::fs::write(&path, &zipped).unwrap();
    let want = plan(&table("chinese.geojson", &[]));
    for source in
        [Source::open(&path), Source::spool("pipe".into(), plain.as_slice()), Source::from_bytes("memory", zipped)]
    {
        assert_eq!(plan(&read(source.unwrap(), &ReadOptions::default()).unwrap()), want);
    }
}

#[test]
fn outputs_appear_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    std::fs::write(path("a"), "old").unwrap();

    let mut dropped = OutputFile::create(path("a")).unwrap();
    dropped.write_all(b"half").unwrap();
    drop(dropped);
    assert_eq!((std::fs::read_to_string(path("a")).unwrap().as_str(), entries()), ("old", 1));

    let begin = || {
        ["a", "b", "c"].map(|name| {
            let mut file = OutputFile::create(path(name)).unwrap();
            file.write_all(name.as_bytes()).unwrap();
            file
        })
    };
    // A folder takes the third name meanwhile: the first two are taken back.
    let files = begin();
    std::fs::create_dir(path("c")).unwrap();
    assert!(matches!(commit(files), Err(WriteError::Io { file, .. }) if file.ends_with('c')));
    assert_eq!((std::fs::read_to_string(path("a")).unwrap().as_str(), entries()), ("old", 2));
    std::fs::remove_dir(path("c")).unwrap();

    commit(begin()).unwrap();
    assert_eq!(entries(), 3);
    assert_eq!(["a", "b", "c"].map(|name| std::fs::read_to_string(path(name)).unwrap()), ["a", "b", "c"]);
}

#[cfg(unix)]
#[test]
fn links_and_devices_stay_what_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&real, "old").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut file = OutputFile::create(&link).unwrap();
    file.write_all(b"new").unwrap();
    let mut sink = OutputFile::create("/dev/null").unwrap();
    sink.write_all(b"nothing").unwrap();
    commit([file, sink]).unwrap();
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn outputs_are_checked_before_long_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(check_outputs(&[path("a"), path("b"), PathBuf::from("-")]).is_ok());
    assert!(matches!(check_outputs(&[path("no/a")]), Err(WriteError::NoFolder { .. })));
    assert!(matches!(check_outputs(&[folder.path()]), Err(WriteError::IsFolder { .. })));
    assert!(matches!(check_outputs(&[path("a"), path("./a")]), Err(WriteError::SameFile { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn territories_come_back() {
    let Geometry::Polygons(units) = table("collection_geometry.geojson", &[]).take_geometry() else { panic!() };
    let mut properties = geojson::JsonObject::new();
    properties.insert("territory".into(), "华北".into());
    properties.insert("deviation".into(), serde_json::Value::from(f64::NAN));
    let mut out = Vec::new();
    let crs = r#"{"type": "name", "properties": {"name": "EPSG:27700"}}"#;
    write_territories(&units, std::slice::from_ref(&properties), Some(crs), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let whole: geojson::FeatureCollection = text.parse().unwrap();
    assert_eq!(whole.features[0].properties.as_ref(), Some(&properties));
    let again = read(Source::from_bytes("territories", text.into_bytes()).unwrap(), &ReadOptions::default()).unwrap();
    assert_eq!(again.space(), Space::Planar);
    let Geometry::Polygons(found) = again.geometry() else { panic!() };
    assert_eq!(found.vertices(), units.vertices());
    assert_eq!(found.parts_of(0), units.parts_of(0));
    assert!(matches!(write_territories(&units, &[], None, &mut Vec::new()), Err(WriteError::Lengths { .. })));
}

#[test]
fn lines_are_read_and_areas_refused() {
    let text = br#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":null,"geometry":{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3,9]]]}},
        {"type":"Feature","properties":null,"geometry":null}]}"#;
    let lines = read_lines(&Source::from_bytes("rivers", text.as_slice()).unwrap()).unwrap();
    assert_eq!(lines, [[[0.0, 0.0], [1.0, 1.0]], [[2.0, 2.0], [3.0, 3.0]]]);
    let error = read_lines(&Source::open(valid("chinese.geojson")).unwrap()).unwrap_err().to_string();
    assert!(error.contains("feature 0: it holds a Polygon"), "{error}");
}
