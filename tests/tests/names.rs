//! Names in Chinese, through every file that the program reads and writes; tables as Excel saves them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use territory_tests::{Run, json, text};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/chinese")
}

fn territory(arguments: &[&str], folder: &Path) -> Run {
    let outputs: Vec<String> = arguments
        .iter()
        .map(|word| word.strip_prefix("OUT/").map_or(word.to_string(), |name| folder.join(name).display().to_string()))
        .collect();
    let arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    territory_tests::run(env!("CARGO_BIN_EXE_territory-under-test"), &fixtures(), &arguments, b"").unwrap()
}

#[test]
fn a_plan_in_chinese_through_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["evaluate", "上海.geojson", "--balance", "人口=0.5", "--id", "名称", "--property", "大区"];
    let outputs = ["--out", "OUT/方案.geojson", "--table", "OUT/方案.csv", "--territories", "OUT/区域.geojson"];
    let more = ["--report", "OUT/报告.json", "--map", "OUT/地图.svg", "--graph", "OUT/图.csv"];
    let run = territory(&[&arguments[..], &outputs, &more].concat(), folder.path());
    assert!(run.code == 0 || run.code == 4, "{}", run.stderr);
    assert!(run.stdout.contains("人口") && run.stdout.contains("东区"), "{}", run.stdout);
    let read = |name: &str| text(folder.path().join(name)).unwrap();
    assert!(read("方案.geojson") == text(fixtures().join("上海.geojson")).unwrap(), "the property is there already");
    assert!(read("方案.csv").starts_with("id,territory\n黄浦,东区\n徐汇,西区\n"), "{}", read("方案.csv"));
    assert!(read("图.csv").contains("黄浦,徐汇,border,"), "{}", read("图.csv"));
    let territories = json(folder.path().join("区域.geojson")).unwrap();
    let east = &territories["features"][0]["properties"];
    assert_eq!((east["territory"].as_str(), east["人口"].as_f64()), (Some("东区"), Some(9317.0)));
    assert!(east["人口_deviation"].is_number());
    let report = json(folder.path().join("报告.json")).unwrap();
    assert_eq!(report["measures"][0]["name"], "人口");
    assert_eq!(report["territories"][1]["territory"], "西区");
    assert_eq!(report["territories"][2]["sums"]["人口"], 4069.0);
    assert!(read("地图.svg").contains(">东区</text>") && read("地图.svg").contains("人口"));
}

#[test]
fn a_table_with_a_byte_order_mark() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["solve", "上海.geojson", "-k", "3", "--balance", "人口=0.35", "--id", "名称", "--property", "大区"];
    let run =
        territory(&[&arguments[..], &["--adjacency", "邻接.csv", "--out", "OUT/p.geojson"]].concat(), folder.path());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // The old value of the property is replaced, in place.
    let plan = text(folder.path().join("p.geojson")).unwrap();
    assert!(!plan.contains("东区") && plan.contains(r#""名称": "黄浦", "人口": 662.0, "大区": "1", "备注""#), "{plan}");
}

#[test]
fn a_table_in_gbk_is_a_named_error() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["solve", "上海.geojson", "-k", "3", "--balance", "人口", "--id", "名称"];
    let run = territory(
        &[&arguments[..], &["--adjacency", "邻接-gbk.csv", "--out", "OUT/p.geojson"]].concat(),
        folder.path(),
    );
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("邻接-gbk.csv, line 2: is not UTF-8: save it as UTF-8"), "{}", run.stderr);
    assert!(!folder.path().join("p.geojson").exists());
}

#[test]
fn unknown_names_are_told_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = territory(&["solve", "上海.geojson", "-k", "3", "--balance", "销售额"], folder.path());
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("no feature has the property \"销售额\"; it has 名称, 人口, 大区, 备注"),
        "{}",
        run.stderr
    );
}
