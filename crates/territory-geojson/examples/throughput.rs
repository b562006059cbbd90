//! Reads a GeoJSON file into columns and copies it with a territory per feature, and says how fast:
//! `cargo run --release -p territory-geojson --example throughput -- FILE.geojson [PLAN.geojson]`.

use std::io::Write;
use std::time::Instant;

use territory_geojson::{Geometry, OutputFile, PlanProperty, ReadOptions, Source, commit, read, write_plan};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let mut out = std::io::stdout().lock();
    let start = Instant::now();
    let source = Source::open(&path)?;
    let opened = start.elapsed();
    let options = ReadOptions { properties: vec!["population".into()], ..ReadOptions::default() };
    let table = read(source, &options)?;
    let seconds = (start.elapsed() - opened).as_secs_f64();
    let bytes = table.bytes_of(table.len() - 1).map_or(0, |range| range.end);
    let vertices = match table.geometry() {
        Geometry::Polygons(polygons) => polygons.vertices().len(),
        Geometry::Points(points) => points.len(),
    };
    let rate = bytes as f64 / 1e6 / seconds;
    writeln!(
        out,
        "opened in {:.0} ms, read {} features, {vertices} vertices in {:.0} ms: {rate:.0} MB/s",
        opened.as_secs_f64() * 1e3,
        table.len(),
        seconds * 1e3
    )?;
    let start = Instant::now();
    let id = table.default_id();
    writeln!(out, "names: {id}, found in {:.1} ms", start.elapsed().as_secs_f64() * 1e3)?;
    if let Some(plan) = arguments.next() {
        let start = Instant::now();
        let mut file = OutputFile::create(plan)?;
        let territory = |row: usize| Some((row % 1000).to_string().into());
        write_plan(&table, &[PlanProperty { name: "territory", value: &territory }], &mut file)?;
        commit([file])?;
        writeln!(out, "plan written in {:.0} ms", start.elapsed().as_secs_f64() * 1e3)?;
    }
    Ok(())
}
