//! Reader and writer against the `geojson` crate on random collections.
#![allow(clippy::unwrap_used, clippy::panic)]

use geojson::{GeoJson, GeometryValue};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use territory_geojson::{Geometry, PlanProperty, PropertyValue, ReadOptions, Source, read, write_plan};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("population".to_owned()),
        Just("人口".to_owned()),
        Just("territory".to_owned()),
        Just("name".to_owned()),
        "[a-z\"\\\\/é人🗺\n\u{7f}]{0,4}",
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -180.0..180.0,
        (-1800i32..1800).prop_map(|n| f64::from(n) / 10.0),
        any::<i32>().prop_map(f64::from),
        any::<f64>()
    ]
    .prop_filter("finite", |x: &f64| x.is_finite())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        number().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn ring() -> impl Strategy<Value = Value> {
    (prop::collection::vec((number(), number()), 3..8), any::<bool>()).prop_map(|(mut points, tall)| {
        points.push(points[0]);
        points.into_iter().map(|(x, y)| if tall { json!([x, y, 7]) } else { json!([x, y]) }).collect::<Value>()
    })
}

fn polygon() -> impl Strategy<Value = Value> {
    prop::collection::vec(ring(), 1..3).prop_map(Value::from)
}

fn geometry() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        4 => polygon().prop_map(|p| json!({"type": "Polygon", "coordinates": p})),
        2 => prop::collection::vec(polygon(), 0..3).prop_map(|p| json!({"type": "MultiPolygon", "coordinates": p})),
    ];
    prop_oneof![
        8 => plain.clone(),
        1 => Just(Value::Null),
        1 => prop::collection::vec(plain, 0..3).prop_map(|g| json!({"type": "GeometryCollection", "geometries": g})),
    ]
}

fn properties() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => prop::collection::vec((name(), value()), 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
        1 => Just(Value::Null),
    ]
}

/// An object with members in a drawn order, printed with drawn spaces.
fn printed(members: Vec<(String, String)>, order: &[usize], spaces: &str) -> String {
    let mut left: Vec<_> = members.into_iter().collect();
    let mut parts = Vec::new();
    for &pick in order.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let (key, text) = left.remove(pick % left.len());
        parts.push(format!("{spaces}{}{spaces}:{spaces}{text}", json!(key)));
    }
    format!("{{{}{spaces}}}", parts.join(","))
}

fn collection() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        Just(None),
        any::<u64>().prop_map(|n| Some(json!(n))),
        any::<String>().prop_map(|s| Some(json!(s)))
    ];
    let spaces = prop_oneof![Just(""), Just(" "), Just("\n\t"), Just("  ")];
    let order = prop::collection::vec(0usize..8, 1..8);
    let feature = (geometry(), properties(), id, value(), order.clone(), spaces.clone(), any::<[bool; 2]>()).prop_map(
        |(geometry, properties, id, foreign, order, spaces, [with_properties, pretty])| {
            let text =
                |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
            let mut members = vec![
                ("type".to_owned(), json!("Feature").to_string()),
                ("geometry".to_owned(), text(&geometry).unwrap()),
                ("foreign".to_owned(), text(&foreign).unwrap()),
            ];
            if with_properties {
                members.push(("properties".to_owned(), text(&properties).unwrap()));
            }
            if let Some(id) = id {
                members.push(("id".to_owned(), id.to_string()));
            }
            printed(members, &order, spaces)
        },
    );
    (prop::collection::vec(feature, 1..6), value(), order, spaces).prop_map(|(features, foreign, order, spaces)| {
        let members = vec![
            ("features".to_owned(), format!("[{spaces}{}{spaces}]", features.join(","))),
            ("type".to_owned(), json!("FeatureCollection").to_string()),
            ("bbox".to_owned(), "[-1, -1e0, 1.0, 1]".to_owned()),
            ("foreign".to_owned(), foreign.to_string()),
        ];
        printed(members, &order, spaces)
    })
}

fn rings_of(geometry: Option<&GeometryValue>, rings: &mut Vec<Vec<[u64; 2]>>) {
    let mut polygon = |polygon: &Vec<Vec<geojson::Position>>| {
        for ring in polygon {
            rings.push(ring.iter().map(|p| [p.as_slice()[0].to_bits(), p.as_slice()[1].to_bits()]).collect());
        }
    };
    match geometry {
        None => {}
        Some(GeometryValue::Polygon { coordinates }) => polygon(coordinates),
        Some(GeometryValue::MultiPolygon { coordinates }) => coordinates.iter().for_each(polygon),
        Some(GeometryValue::GeometryCollection { geometries }) => {
            geometries.iter().for_each(|geometry| rings_of(Some(&geometry.value), rings));
        }
        Some(other) => panic!("drew {other:?}"),
    }
}

fn same(ours: PropertyValue<'_>, theirs: Option<&Value>) -> bool {
    match (ours, theirs) {
        (PropertyValue::Missing, None) | (PropertyValue::Null, Some(Value::Null)) => true,
        (PropertyValue::Bool(a), Some(Value::Bool(b))) => a == *b,
        (PropertyValue::Number { value, .. }, Some(Value::Number(n))) => Some(value) == n.as_f64(),
        (PropertyValue::Text(a), Some(Value::String(b))) => a == b,
        (PropertyValue::Array(a), Some(b @ Value::Array(_)))
        | (PropertyValue::Object(a), Some(b @ Value::Object(_))) => serde_json::from_str::<Value>(a).unwrap() == *b,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn reader_agrees_with_the_geojson_crate_and_the_writer_changes_nothing_else(text in collection()) {
        let GeoJson::FeatureCollection(theirs) = text.parse().unwrap() else { panic!() };
        let wanted = ["population", "人口", "territory", "name", "a"];
        let options = ReadOptions { properties: wanted.map(str::to_owned).to_vec(), ..ReadOptions::default() };
        let ours = read(Source::from_bytes("drawn", text.as_bytes()).unwrap(), &options).unwrap();
        prop_assert_eq!(ours.len(), theirs.features.len());
        let Geometry::Polygons(polygons) = ours.geometry() else { panic!() };
        for (row, feature) in theirs.features.iter().enumerate() {
            let mut rings = Vec::new();
            rings_of(feature.geometry.as_ref().map(|g| &g.value), &mut rings);
            let found: Vec<Vec<[u64; 2]>> = polygons
                .rings_of_unit(row)
                .map(|ring| {
                    let ring = polygons.ring(ring);
                    ring.iter().chain(ring.first()).map(|p| p.map(f64::to_bits)).collect()
                })
                .collect();
            prop_assert_eq!(found, rings);
            prop_assert_eq!(ours.kinds()[row].has_geometry(), !polygons.rings_of_unit(row).is_empty());
            for name in wanted {
                let theirs = feature.properties.as_ref().and_then(|p| p.get(name));
                let found = ours.property(name).unwrap().get(row);
                prop_assert!(same(found, theirs), "{}: {:?} is not {:?}", name, found, theirs);
            }
            let id = feature.id.as_ref().map(|id| match id {
                geojson::feature::Id::String(text) => Value::from(text.as_str()),
                geojson::feature::Id::Number(number) => Value::Number(number.clone()),
            });
            prop_assert!(same(ours.feature_ids().get(row), id.as_ref()));
            // The byte range is the feature and nothing but it.
            let range = ours.bytes_of(row).unwrap();
            let alone: geojson::Feature = text[range.start as usize..range.end as usize].parse().unwrap();
            prop_assert_eq!(&alone, feature);
        }

        let territory = |row: usize| Some(format!("区 {row}").into());
        let added = [PlanProperty { name: "territory", value: &territory }, PlanProperty { name: "before", value: &|_| None }];
        let mut plan = Vec::new();
        write_plan(&ours, &added, &mut plan).unwrap();
        let plan = String::from_utf8(plan).unwrap();
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        for (row, feature) in expected["features"].as_array_mut().unwrap().iter_mut().enumerate() {
            let properties = &mut feature["properties"];
            if properties.is_null() {
                *properties = Value::Object(Map::new());
            }
            properties["territory"] = format!("区 {row}").into();
            properties["before"] = Value::Null;
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&plan).unwrap(), expected);
        // Written again over itself nothing changes at all.
        let again = read(Source::from_bytes("plan", plan.as_bytes()).unwrap(), &options).unwrap();
        let mut second = Vec::new();
        write_plan(&again, &added, &mut second).unwrap();
        prop_assert_eq!(String::from_utf8(second).unwrap(), plan);
    }

    /// Any text whatever: accepted only if it is JSON, and never a panic.
    #[test]
    fn what_is_accepted_is_json(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..12), 0..4), text in collection()) {
        let mut text: Vec<char> = text.chars().collect();
        for (from, to, length) in edits {
            // Copies a piece of the text to another place, or deletes it.
            let (from, to) = (from.index(text.len()), to.index(text.len()));
            let piece: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
            text.splice(to..(to + length / 2).min(text.len()), piece);
        }
        let text: String = text.into_iter().collect();
        if read(Source::from_bytes("edited", text.as_bytes()).unwrap(), &ReadOptions::default()).is_ok() {
            // serde_json refuses numbers beyond all doubles, which the grammar allows.
            let theirs = serde_json::from_str::<Value>(&text).map_err(|e| e.to_string());
            let fine = theirs.as_ref().map_or_else(|e| e.contains("number out of range"), |_| true);
            prop_assert!(fine, "accepted, but {:?}: {}", theirs, text);
        }
    }

    /// Decimal texts of every form through the reader, against `str::parse`.
    #[test]
    fn every_number_equals_str_parse(texts in prop::collection::vec("-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", 1..40)) {
        let points: Vec<String> = texts.iter().map(|t| format!("{{\"type\":\"Point\",\"coordinates\":[{t}, {t}]}}")).collect();
        let table = read(Source::from_bytes("numbers", points.join("\n").into_bytes()).unwrap(), &ReadOptions::default()).unwrap();
        let Geometry::Points(found) = table.geometry() else { panic!() };
        for (text, point) in texts.iter().zip(found) {
            let want: f64 = text.parse().unwrap();
            prop_assert_eq!(point.map(f64::to_bits), [want.to_bits(); 2], "{}", text);
        }
    }
}
