//! Computes the reference for compactness: `cargo bench -p territory-bench --bench reference -- [--cases WORD,…] [--seeds N]`.
//! Prints the rows of REFERENCE.md. One thread.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;
use territory_bench::arguments::Arguments;
use territory_bench::catalog::{Source, select};
use territory_bench::instance::Instance;
use territory_bench::real::data_folder;
use territory_bench::reference::{Reference, reference};
use territory_bench::table::Table;

const USAGE: &str = "--cases WORD,… (part of a key, `default`, `all`), --seeds N, --verbose true|false";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::from_environment();
    let words = arguments.list("--cases", "default")?;
    let seeds: u64 = arguments.value("--seeds", 5)?;
    let verbose = arguments.value("--verbose", false)?;
    let bench = arguments.bench;
    arguments.finish(USAGE)?;
    if !bench {
        println!("run by cargo bench; arguments: {USAGE}");
        return Ok(());
    }
    let heads = [
        "case",
        "hash",
        "inertia, balanced",
        "inertia, bounds used",
        "best seeds",
        "worst of the seeds",
        "gap",
        "steps",
        "s per seed",
    ];
    let mut table = Table::new(&heads);
    println!("{}", table.text().trim_end());
    let mut loaded: Option<(Source, Instance)> = None;
    for case in select(&words).into_iter().filter(|c| c.reference) {
        if loaded.as_ref().is_none_or(|l| l.0 != case.source) {
            match case.source.load(&data_folder())? {
                Some(instance) => loaded = Some((case.source, instance)),
                None => {
                    println!("{} skipped: not in {}", case.key, data_folder().display());
                    continue;
                }
            }
        }
        let Some((_, instance)) = &loaded else { continue };
        let begin = Instant::now();
        let mut results = Vec::new();
        for seed in 1..=seeds {
            let result = reference(instance, case.k, case.tolerance, seed);
            if verbose {
                println!("{} seed {seed}: {result:?} {:.1} s", case.key, begin.elapsed().as_secs_f64());
            }
            results.push((seed, result));
        }
        let per_seed = begin.elapsed().as_secs_f64() / seeds as f64;
        let extreme = |value: &dyn Fn(&Reference) -> f64| {
            let mut order: Vec<(f64, u64)> = results.iter().map(|(seed, r)| (value(r), *seed)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            (order.first().copied().unwrap_or((f64::NAN, 0)), order.last().map_or(f64::NAN, |o| o.0))
        };
        let (balanced, balanced_worst) = extreme(&|r| r.exactly_balanced);
        let (bounded, bounded_worst) = extreme(&|r| r.inertia);
        let gap = results.iter().map(|(_, r)| r.transport_gap.abs()).fold(0.0, f64::max);
        let steps = results.first().map_or((0, 0), |(_, r)| r.steps);
        let line = table.row(&[
            format!("`{}`", case.key),
            format!("{:#018x}", instance.hash()),
            format!("{:.8e}", balanced.0),
            format!("{:.8e}", bounded.0),
            format!("{}, {}", balanced.1, bounded.1),
            format!("{:.4} ×, {:.4} ×", balanced_worst / balanced.0, bounded_worst / bounded.0),
            format!("{gap:.0e}"),
            format!("{} + {}", steps.0, steps.1),
            format!("{per_seed:.1}"),
        ]);
        println!("{line}");
    }
    Ok(())
}
