//! Reads a GeoJSON file into columns and copies it with a territory per feature, and says how fast:
//! `cargo run --release -p territory-geojson --example throughput -- FILE.geojson [PLAN.geojson]`.
//!
//! Wall-clock milliseconds, and those on the processor where the system tells (Linux), which other work disturbs less.

use std::io::Write;
use std::time::Instant;

use territory_geojson::{Geometry, OutputFile, PlanProperty, ReadOptions, Source, commit, read, write_plan};

/// Milliseconds that this thread has spent on a processor.
fn processor_ms() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}

/// Runs a step and says what it took. Returns the wall-clock seconds too.
fn timed<T>(what: &str, step: impl FnOnce() -> T) -> std::io::Result<(T, f64)> {
    let (wall, processor) = (Instant::now(), processor_ms());
    let outcome = step();
    let wall = wall.elapsed().as_secs_f64();
    let processor = processor.zip(processor_ms()).map(|(before, after)| after - before);
    let processor = processor.map_or_else(String::new, |ms| format!(" ({ms:.0} on the processor)"));
    writeln!(std::io::stdout(), "{what}: {:.0} ms{processor}", wall * 1e3)?;
    Ok((outcome, wall))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let source = timed("open", || Source::open(&path))?.0?;
    let options = ReadOptions { properties: vec!["population".into()], ..ReadOptions::default() };
    let (table, seconds) = timed("read", || read(source, &options))?;
    let table = table?;
    let bytes = table.bytes_of(table.len() - 1).map_or(0, |range| range.end);
    let vertices = match table.geometry() {
        Geometry::Polygons(polygons) => polygons.vertices().len(),
        Geometry::Points(points) => points.len(),
    };
    let rate = bytes as f64 / 1e6 / seconds;
    writeln!(std::io::stdout(), "  {} features, {vertices} vertices, {rate:.0} MB/s", table.len())?;
    let (id, _) = timed("choose names", || table.default_id())?;
    writeln!(std::io::stdout(), "  {id}")?;
    if let Some(plan) = arguments.next() {
        let mut file = OutputFile::create(plan)?;
        let territory = |row: usize| Some((row % 1000).to_string().into());
        let added = [PlanProperty { name: "territory", value: &territory }];
        timed("write the plan", || write_plan(&table, &added, &mut file))?.0?;
        timed("give it its name", || commit([file]))?.0?;
    }
    Ok(())
}
