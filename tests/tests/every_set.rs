//! Every real set reads, is linked by borders and by points, gets a plan and dissolves: with all outputs, judged from the files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use territory_tests::{json, shared};

/// Runs a set; what its report says is contiguous and covers all units once.
fn check(set: &str, options: &[&str], k: usize) {
    let Some(path) = shared(set) else { return };
    let folder = tempfile::tempdir().unwrap();
    let k_text = k.to_string();
    let arguments = ["solve", &path, "-k", &k_text, "--effort", "quick"];
    let outputs = ["--out", "p.geojson", "--territories", "t.geojson", "--report", "r.json", "--graph", "g.csv"];
    let program = env!("CARGO_BIN_EXE_territory-under-test");
    let all = [&arguments[..], options, &outputs].concat();
    let run = territory_tests::run(program, folder.path(), &all, b"").unwrap();
    assert!(run.code == 0 || run.code == 4, "{set} {options:?}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stderr, "", "{set} {options:?}");
    let report = json(folder.path().join("r.json")).unwrap();
    assert_eq!(report["contiguous"], true, "{set} {options:?}");
    let territories = report["territories"].as_array().unwrap();
    let units: u64 = territories.iter().map(|t| t["units"].as_u64().unwrap()).sum();
    assert_eq!((territories.len(), Some(units)), (k, report["units"].as_u64()), "{set} {options:?}");
    assert!(territories.iter().all(|t| t["area_km2"].as_f64().is_some_and(|a| a > 0.0)), "{set} {options:?}");
    let drawn = json(folder.path().join("t.geojson")).unwrap();
    assert_eq!(drawn["features"].as_array().unwrap().len(), k, "{set} {options:?}");
}

const POLYGONS: [(&str, usize); 6] = [
    ("counties_us48_10m", 30),
    ("counties_us_10m", 30),
    ("zcta_ct_ri", 8),
    ("precincts_ct", 12),
    ("blocks_providence_ri", 15),
    ("uk_oa_london", 40),
];

#[test]
fn polygons_at_rook_and_queen() {
    for (set, k) in POLYGONS {
        for adjacency in ["rook", "queen"] {
            check(&format!("polygons/{set}.geojson.gz"), &["--adjacency", adjacency, "--balance", "population=0.1"], k);
        }
    }
}

#[test]
fn england_and_wales_at_queen() {
    // By borders it stands among the tests of memory.
    check("polygons/uk_oa_ew.geojson.gz", &["--adjacency", "queen", "--balance", "population=0.05"], 300);
}

#[test]
fn points_by_triangulation_and_nearest() {
    for (set, measure) in [("tracts", "population=0.2"), ("cities", "population=0.3"), ("hospitals", "discharges=0.1")]
    {
        for options in [&["--balance", measure][..], &["--balance", measure, "--adjacency", "nearest=8"]] {
            check(&format!("points/customers_us_{set}.geojson.gz"), options, 20);
        }
    }
}
