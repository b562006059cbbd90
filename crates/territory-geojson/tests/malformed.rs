//! Every malformed file under `fixtures/malformed` gives the message that stands beside it.
//!
//! `UPDATE_MESSAGES=1 cargo test -p territory-geojson --test malformed` writes the messages anew, to be read before they are kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::path::Path;

use territory_geojson::{ReadError, ReadOptions, Source, read};

fn message(path: &Path) -> String {
    let options = ReadOptions { properties: vec!["population".into()], ..ReadOptions::default() };
    match Source::open(path).and_then(|source| read(source, &options)) {
        Ok(table) => panic!("{} was read, {} features", path.display(), table.len()),
        Err(error) => {
            error.to_string().replace(&path.display().to_string(), &path.file_name().unwrap().to_string_lossy())
        }
    }
}

#[test]
fn each_fault_has_its_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/malformed");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|e| e == "geojson"));
    names.sort();
    assert!(names.len() > 50, "fixtures are missing");
    let all: String = names.iter().map(|path| format!("{}\n", message(path))).collect();
    let kept = folder.join("messages.txt");
    if std::env::var_os("UPDATE_MESSAGES").is_some() {
        std::fs::write(&kept, &all).unwrap();
    }
    let want = std::fs::read_to_string(&kept).unwrap();
    for (found, want) in all.lines().zip(want.lines()) {
        assert_eq!(found, want);
    }
    assert_eq!(all, want);
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let missing = Source::open("no/such.geojson").unwrap_err();
    assert!(matches!(missing, ReadError::Open { .. }));
    assert!(missing.to_string().starts_with("no/such.geojson: cannot be opened"), "{missing}");
    let folder = Source::open(env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert!(folder.to_string().contains("it is a folder"), "{folder}");
}

#[test]
fn many_faulty_rings_are_counted_and_the_first_named() {
    let feature = r#"{"type":"Feature","id":"u","properties":null,"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,0]]]}}"#;
    let text = vec![feature; 100].join("\n");
    let error = read(Source::from_bytes("rings", text.into_bytes()).unwrap(), &ReadOptions::default()).unwrap_err();
    let ReadError::Rings { total, first, .. } = &error else { panic!("{error}") };
    assert_eq!((*total, first.len()), (100, 20));
    assert_eq!((first[19].feature, first[19].id.as_deref()), (19, Some("u")));
}
