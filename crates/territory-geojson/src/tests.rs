//! Tests that need the size of the window in their hands, and hostile texts.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{ReadError, WriteError};
use crate::ids::IdSource;
use crate::plan::{PlanProperty, write_through};
use crate::read::{ReadOptions, read, read_through};
use crate::source::Source;
use crate::table::{FeatureKind, FeatureTable, Geometry};
use crate::window::WINDOW_BYTES;

/// Windows that cut the text in all kinds of places; from 128 bytes on the fast path takes part.
const WINDOWS: [usize; 10] = [1, 2, 3, 7, 64, 127, 128, 131, 300, WINDOW_BYTES];

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e != "txt"));
    paths.sort();
    paths
}

fn options() -> ReadOptions {
    let properties = ["population", "人口", "区域", "nested", "territory", "a"].map(str::to_owned).to_vec();
    ReadOptions { properties, id: Some("编号".into()), space: None, threads: 1 }
}

fn source(text: &[u8]) -> Source {
    Source::from_bytes("text", text).unwrap()
}

/// Everything a table holds, as text.
fn digest(table: &FeatureTable) -> String {
    let mut all = format!(
        "{:?} {:?} {:?} {:?} {:?} {:x}\n",
        table.geometry(),
        table.kinds(),
        table.crs_member(),
        table.resolution(),
        table.property_names().collect::<Vec<_>>(),
        table.checksum
    );
    for row in 0..table.len() {
        write!(all, "{:?} {:?}", table.spans[row], table.feature_ids().get(row)).unwrap();
        for name in &options().properties {
            write!(all, " {:?}", table.property(name).unwrap().get(row)).unwrap();
        }
        all.push('\n');
    }
    all
}

/// What reading and writing gives through a window of this size.
fn outcome(text: &[u8], window: usize) -> Result<(String, String), String> {
    let table = read_through(source(text), &options(), window).map_err(|e| e.to_string())?;
    let mut plan = Vec::new();
    write_through(&table, &added(), &[], &mut plan, window).map_err(|e| e.to_string())?;
    Ok((digest(&table), String::from_utf8(plan).unwrap()))
}

fn added() -> [PlanProperty<'static>; 2] {
    [
        PlanProperty { name: "territory", value: &|row| Some(format!("区 \"{row}\"").into()) },
        PlanProperty { name: "territory_before", value: &|_| None },
    ]
}

#[test]
fn the_window_does_not_change_the_outcome() {
    for path in fixtures("valid").into_iter().chain(fixtures("malformed")) {
        let text = std::fs::read(&path).unwrap();
        if text.starts_with(&[0x1f, 0x8b]) {
            continue;
        }
        let whole = outcome(&text, WINDOW_BYTES);
        let good = path.parent().unwrap().ends_with("valid");
        assert_eq!(whole.is_ok(), good, "{}: {whole:?}", path.display());
        for window in WINDOWS {
            assert_eq!(outcome(&text, window), whole, "{} through {window} bytes", path.display());
        }
    }
}

/// What is cut off is an error or, where a line of several ends, a shorter table; never a panic.
#[test]
fn a_text_cut_at_any_byte_never_panics() {
    for path in fixtures("valid").into_iter().chain(fixtures("malformed")) {
        let text = std::fs::read(&path).unwrap();
        let lines = path.extension().is_some_and(|e| e != "geojson");
        if text.starts_with(&[0x1f, 0x8b]) {
            continue;
        }
        for end in 0..text.len() {
            let cut = &text[..end];
            let rest = &text[end..];
            let read = outcome(cut, 64);
            if !lines && rest.iter().any(|b| !b.is_ascii_whitespace()) && path.parent().unwrap().ends_with("valid") {
                assert!(read.is_err(), "{} cut at {end} was read", path.display());
            }
        }
    }
}

/// Each byte of valid texts replaced by bytes that matter to the grammar or to UTF-8.
#[test]
fn a_stray_byte_anywhere_never_panics_and_windows_agree() {
    for path in fixtures("valid") {
        let text = std::fs::read(&path).unwrap();
        for at in 0..text.len() {
            for byte in [b'"', b'\\', b'{', b']', b',', b'0', b'e', b'-', 0, 0x1e, 0x80, 0xe4, 0xff] {
                let mut text = text.clone();
                text[at] = byte;
                let Ok(small) = Source::from_bytes("text", text.as_slice()) else { continue };
                let small = read_through(small, &options(), 5).map(|t| digest(&t)).map_err(|e| e.to_string());
                let large = read(source(&text), &options()).map(|t| digest(&t)).map_err(|e| e.to_string());
                assert_eq!(small, large, "{} with {byte} at {at}", path.display());
            }
        }
    }
}

fn feature(geometry: &str, properties: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
}

#[test]
fn nesting_a_million_deep_takes_no_stack() {
    const DEEP: usize = 1_000_000;
    let square = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#;
    let objects = format!("{}1{}", r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP));
    let arrays = format!(r#"{{"x":{}{}}}"#, "[".repeat(DEEP), "]".repeat(DEEP));
    for properties in [objects, arrays] {
        let table = read(source(feature(square, &properties).as_bytes()), &options()).unwrap();
        assert_eq!(table.kinds(), [FeatureKind::Polygon]);
        let mut plan = Vec::new();
        write_through(&table, &added(), &[], &mut plan, WINDOW_BYTES).unwrap();
        assert_eq!(read(source(&plan), &options()).unwrap().len(), 1);
    }
    // A kept value of the same depth.
    let table = read(
        source(feature(square, &format!(r#"{{"a":{}{}}}"#, "[".repeat(DEEP), "]".repeat(DEEP))).as_bytes()),
        &options(),
    );
    assert!(
        matches!(table.unwrap().property("a").unwrap().get(0), crate::PropertyValue::Array(text) if text.len() == 2 * DEEP)
    );
    let collections =
        format!("{}{square}{}", r#"{"type":"GeometryCollection","geometries":["#.repeat(DEEP), "]}".repeat(DEEP));
    let table = read(source(feature(&collections, "null").as_bytes()), &options()).unwrap();
    assert_eq!(table.kinds(), [FeatureKind::Collection]);
    let coordinates = format!(r#"{{"type":"Polygon","coordinates":{}}}"#, "[".repeat(DEEP));
    assert!(matches!(
        read(source(feature(&coordinates, "null").as_bytes()), &options()),
        Err(ReadError::GeoJson { .. })
    ));
    // Not closed again.
    for open in ["[", r#"{"a":"#, r#"{"type":"GeometryCollection","geometries":["#] {
        let cut = format!(r#"{{"type":"Feature","geometry":null,"x":{}"#, open.repeat(DEEP));
        assert!(matches!(read(source(cut.as_bytes()), &options()), Err(ReadError::Json { .. })));
    }
}

#[test]
fn long_texts_and_numbers_are_read() {
    let long = "人".repeat(10_000_000 / 3);
    let digits = format!("0.{}", "1".repeat(1_000_000));
    let point = format!(r#"{{"type":"Point","coordinates":[{digits},1e-7]}}"#);
    let properties = format!(r#"{{"人口":"{long}","b":"{long}","population":{digits}}}"#);
    let table = read(source(feature(&point, &properties).as_bytes()), &options()).unwrap();
    assert_eq!(*table.geometry(), Geometry::Points(vec![[digits.parse().unwrap(), 1e-7]]));
    assert_eq!(table.property("人口").unwrap().get(0), crate::PropertyValue::Text(&long));
    assert_eq!(table.numbers("population", false).unwrap(), [digits.parse::<f64>().unwrap()]);
}

#[test]
fn a_ring_of_ten_million_positions_is_read() {
    const MANY: usize = 10_000_000;
    let mut text = String::from(r#"{"type":"Polygon","coordinates":[[[0,0]"#);
    for i in 1..MANY {
        text.push_str(if i % 2 == 0 { ",[1,0]" } else { ",[0.5,1]" });
    }
    text.push_str(",[0,0]]]}");
    let table = read(source(text.as_bytes()), &options()).unwrap();
    let Geometry::Polygons(polygons) = table.geometry() else { panic!() };
    assert_eq!(polygons.vertices().len(), MANY);
}

#[test]
fn every_name_different_stays_within_bounds() {
    let mut text = String::new();
    for i in 0..20_000 {
        text.push_str(&feature("null", &format!(r#"{{"key{i}":{i},"population":{i}}}"#)));
        text.push('\n');
    }
    let table = read(source(text.as_bytes()), &options()).unwrap();
    assert!(table.property_names().count() < 5000);
    assert_eq!(table.numbers("population", false).unwrap().last(), Some(&19_999.0));
}

#[test]
fn an_input_that_changes_after_reading_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("units.geojson");
    let text = feature("null", "{}");
    std::fs::write(&path, &text).unwrap();
    let table = read(Source::open(&path).unwrap(), &options()).unwrap();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    // Same size, same time: the checksum alone tells.
    std::fs::write(&path, text.replace("Feature", "Featurf")).unwrap();
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    let outcome = write_through(&table, &added(), &[], &mut Vec::new(), WINDOW_BYTES);
    assert!(matches!(outcome, Err(WriteError::InputChanged { .. })), "{outcome:?}");
    std::fs::write(&path, "").unwrap();
    let outcome = write_through(&table, &added(), &[], &mut Vec::new(), WINDOW_BYTES);
    assert!(matches!(outcome, Err(WriteError::InputChanged { .. })), "{outcome:?}");
    std::fs::remove_file(&path).unwrap();
    let outcome = write_through(&table, &added(), &[], &mut Vec::new(), WINDOW_BYTES);
    assert!(matches!(outcome, Err(WriteError::Input { .. })), "{outcome:?}");
}

#[test]
fn default_ids_are_the_first_that_are_present_and_unique() {
    let read = |rows: &[&str]| read(source(rows.join("\n").as_bytes()), &options()).unwrap();
    let row = |id: &str, code: &str| {
        format!(r#"{{"type":"Feature",{id}"geometry":null,"properties":{{"id":1,"code":{code},"name":"x"}}}}"#)
    };
    let (a, b) = (row(r#""id":3,"#, r#""A""#), row(r#""id":"4","#, r#""B""#));
    assert_eq!(read(&[&a, &b]).default_id(), IdSource::Feature);
    let c = row(r#""id":"3.0","#, "null");
    assert_eq!(
        read(&[&a, &c]).default_id(),
        IdSource::Feature,
        "3 and \"3.0\" differ: only numbers are made canonical"
    );
    let c = row(r#""id":3.0,"#, r#""B""#);
    assert_eq!(read(&[&a, &c]).default_id(), IdSource::Property("code".into()));
    let d = row("", r#""A""#);
    let table = read(&[&a, &d]);
    assert_eq!(table.default_id(), IdSource::Index);
    assert_eq!(table.id_of(&IdSource::Index, 1).as_deref(), Some("1"));
    let duplicate = table.check_id(&IdSource::Property("code".into())).unwrap_err().to_string();
    assert!(duplicate.contains("features 0 and 1 have the same id \"A\""), "{duplicate}");
    let unknown = table.check_id(&IdSource::Property("编号".into())).unwrap_err().to_string();
    assert!(unknown.contains("no feature has the property \"编号\""), "{unknown}");
}

#[test]
fn measures_name_what_is_no_number() {
    let text = [r#"{"population":1}"#, r#"{"population":null,"name":"Springfield"}"#, r#"{"population":"12"}"#]
        .map(|properties| feature("null", properties))
        .join("\n");
    let table = read(source(text.as_bytes()), &options()).unwrap();
    let message = table.numbers("population", false).unwrap_err().to_string();
    assert!(message.contains("2 feature(s), first on feature 1 (\"Springfield\"): it is null"), "{message}");
    let message = table.numbers("population", true).unwrap_err().to_string();
    assert!(message.contains("1 feature(s), first on feature 2 (\"2\"): it is the text \"12\""), "{message}");
    let message = table.numbers("populaton", true).unwrap_err().to_string();
    assert!(message.contains("did you mean \"population\"?"), "{message}");
}

#[test]
fn coordinates_beyond_degrees_are_found() {
    let at = |x: f64, y: f64| feature(&format!(r#"{{"type":"Point","coordinates":[{x},{y}]}}"#), r#"{"name":"shop"}"#);
    let table = |text: &str| read(source(text.as_bytes()), &options()).unwrap();
    assert_eq!(table(&[at(190.0, -90.0), at(0.0, 0.0)].join("\n")).beyond_degrees(), None);
    let beyond = table(&[at(0.0, 0.0), at(530_000.0, 180_000.0)].join("\n")).beyond_degrees().unwrap();
    assert_eq!((beyond.count, beyond.feature, beyond.position), (1, 1, [530_000.0, 180_000.0]));
    let square = |x: f64| {
        let corners = format!("[[[{x},0],[{x},1],[0,1],[{x},0]]]");
        feature(&format!(r#"{{"type":"Polygon","coordinates":{corners}}}"#), "null")
    };
    let beyond = table(&[square(1.0), feature("null", "null"), square(400.0)].join("\n")).beyond_degrees().unwrap();
    assert_eq!((beyond.count, beyond.feature), (1, 2));
}

#[test]
fn halves_give_what_one_reading_gives() {
    let square = |x: usize| format!(r#"{{"type":"Polygon","coordinates":[[[{x},0],[{x},1.5],[9,9],[{x},0]]]}}"#);
    let feature = |i: usize| {
        let extra = if i.is_multiple_of(3) { format!(r#","人口": {i}"#) } else { String::new() };
        // Text that looks like a feature must not be taken for one.
        let trap = r#""trap": "},{\"type\":\"Feature\"", "nested": [{}, {"type": "Feature"}]"#;
        format!(
            r#"{{"type": "Feature", "id": {i}, "properties": {{"p{}": 1, {trap}{extra}}}, "geometry": {}}}"#,
            i % 5,
            square(i % 7)
        )
    };
    let features: Vec<String> = (0..40).map(feature).collect();
    let collection = |tail: &str| {
        format!("{{\"type\": \"FeatureCollection\", \"features\": [\n{}\n]{tail}}}\n", features.join(" ,\n"))
    };
    let faulty = collection("").replacen("1.5]", "1.5", 1);
    let point = collection("").replacen(&square(0), r#"{"type":"Point","coordinates":[1,2]}"#, 1);
    // Spaces move the middle to where nothing else looks like a feature.
    let padded = |tail: &str| collection(&format!("{tail}{}", " ".repeat(300)));
    let late = padded(r#", "crs": {"type": "name", "properties": {"name": "EPSG:27700"}}"#);
    let stated = padded(r#", "xy_coordinate_resolution": 0.5, "crs": null"#);
    let unusable = padded(r#", "xy_coordinate_resolution": -1"#);
    let mut in_halves = 0;
    for text in [collection(""), collection(r#", "more": [1]"#), late, stated, unusable, faulty, point] {
        let options = options();
        let source = source(text.as_bytes());
        let whole = read_through(source, &options, WINDOW_BYTES);
        for window in WINDOWS {
            let Some(mut found) = crate::read::in_halves(&self::source(text.as_bytes()), &options, window) else {
                continue;
            };
            in_halves += 1;
            let whole = whole.as_ref().unwrap();
            // The plan writer finds the source unchanged by the checksum of the halves, which is another than that of the whole.
            write_through(&found, &added(), &[], &mut Vec::new(), window).unwrap();
            assert!(found.checksum != whole.checksum);
            found.checksum = whole.checksum;
            assert!(digest(&found) == digest(whole), "window {window}");
        }
    }
    assert_eq!(in_halves, 4 * WINDOWS.len(), "four of the texts can be read in halves");
}

/// Splits the second feature of a text in two and gives the plan.
fn split_in_two(text: &str, row: usize) -> String {
    let table = read(Source::from_bytes("t", text.as_bytes()).unwrap(), &ReadOptions::default()).unwrap();
    let mut parts = territory::geometry::Polygons::new(territory::Space::Geographic);
    for x in [0.0, 5.0] {
        [[x, 0.0], [x + 5.0, 0.0], [x, 5.0]].iter().for_each(|&v| parts.push_vertex(v));
        parts.end_ring();
        parts.end_part();
        parts.end_unit();
    }
    let of = |part: &str| vec![("territory".to_owned(), "A".to_owned()), ("part".to_owned(), part.to_owned())];
    let split = crate::plan::SplitUnit { row, parts, properties: vec![of("1 of 2"), of("2 of 2")] };
    let value = |_: usize| Some("B".into());
    let mut plan = Vec::new();
    crate::plan::write_split_plan(&table, &[PlanProperty { name: "territory", value: &value }], &[split], &mut plan)
        .unwrap();
    String::from_utf8(plan).unwrap()
}

#[test]
fn a_unit_in_parts_is_written_once_for_each() {
    let square = r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]]]}"#;
    let feature = format!(
        r#"{{"type":"Feature","id":7,"geometry": {square}, "properties":{{"n":1.50,"territory":"old"}},"x":[1e2]}}"#
    );
    let part = |x: [&str; 3], of: &str| {
        let [a, b, c] = x;
        format!(
            r#"{{"type":"Feature","id":7,"geometry": {{"type":"Polygon","coordinates":[[[{a},0.0],[{b},0.0],[{c},5.0],[{a},0.0]]]}}, "properties":{{"n":1.50,"territory":"A", "part": "{of}"}},"x":[1e2]}}"#
        )
    };
    let parts = [part(["0.0", "5.0", "0.0"], "1 of 2"), part(["5.0", "10.0", "5.0"], "2 of 2")];
    let other = format!(r#"{{"type":"Feature","geometry":{square},"properties":{{"territory":"B"}}}}"#);
    let collection = |features: &str| format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#);
    let plan = split_in_two(&collection(&format!("{other},{feature}")), 1);
    assert_eq!(plan, collection(&format!("{other},{},\n{}", parts[0], parts[1])));
    // Line by line, and with record separators.
    let plan = split_in_two(&format!("{feature}\n{other}\n"), 0);
    assert_eq!(plan, format!("{}\n{}\n{other}\n", parts[0], parts[1]));
    let plan = split_in_two(&format!("\u{1e}{feature}\n\u{1e}{other}\n"), 0);
    assert_eq!(plan, format!("\u{1e}{}\n\u{1e}{}\n\u{1e}{other}\n", parts[0], parts[1]));
    // Without properties, and without a feature around the geometry.
    let bare = split_in_two(square, 0);
    let table = read(Source::from_bytes("t", bare.as_bytes()).unwrap(), &ReadOptions::default()).unwrap();
    assert_eq!(table.len(), 2, "{bare}");
    let plain = split_in_two(&format!(r#"{{"type":"Feature","geometry":{square}}}"#), 0);
    assert!(
        plain
            .starts_with(r#"{"properties": {"territory": "A", "part": "1 of 2"}, "type":"Feature","geometry":{"type""#),
        "{plain}"
    );
}
