//! Computes the reference for compactness: `cargo bench -p territory-bench --bench reference -- [--cases WORD,…] [--seeds N]`.
//! Prints the rows of REFERENCE.md. One thread.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;
use territory_bench::arguments::Arguments;
use territory_bench::catalog::{Source, select};
use territory_bench::instance::Instance;
use territory_bench::real::data_folder;
use territory_bench::reference::reference;
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
    let heads =
        ["case", "hash", "inertia", "best seed", "worst of the seeds", "exactly balanced", "gap", "steps", "s per seed"];
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
            results.push((result.inertia, seed, result));
        }
        let per_seed = begin.elapsed().as_secs_f64() / seeds as f64;
        results.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(best), Some(worst)) = (results.first(), results.last()) else { continue };
        let line = table.row(&[
            format!("`{}`", case.key),
            format!("{:#018x}", instance.hash()),
            format!("{:.8e}", best.0),
            best.1.to_string(),
            format!("{:.4} ×", worst.0 / best.0),
            format!("{:.4} ×", best.2.exactly_balanced / best.0),
            format!("{:.0e}", best.2.transport_gap.abs()),
            format!("{} + {}", best.2.steps.0, best.2.steps.1),
            format!("{per_seed:.1}"),
        ]);
        println!("{line}");
    }
    Ok(())
}
