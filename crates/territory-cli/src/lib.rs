//! The binary `territory`: arguments in, files out. Everything it can do, the library crates can do in a few lines; its contract is
//! `docs/cli.md`.
//!
//! One unit's way from file to territory: `args`, `compactness` (what is asked) → `input`, `measures`, `classes`, `oversize`, `tables`, `reps`, `rules` (files to columns and rules) → `network`, `barriers` (who is
//! whose neighbour) → `run` (the commands), `problem`, `auto` (how many territories), `choices` (several plans), `nested` (regions of territories), `realign`, `compare`, `series`, `monitor` (from a plan of today, against another plan, against periods) → `drawing` (territories as polygons) → `outputs`, `report`, `summary` (files and a few lines). `session` is the clock, the bar and
//! Ctrl-C; `failure` is why nothing was written.

mod args;
mod auto;
mod barriers;
mod choices;
mod classes;
mod columns;
mod compactness;
mod compare;
mod drawing;
mod failure;
mod input;
mod measures;
mod monitor;
mod nested;
mod network;
mod outputs;
mod oversize;
mod problem;
mod realign;
mod report;
mod reps;
mod rules;
mod run;
mod series;
mod session;
mod summary;
mod tables;

use std::io::Write;
use std::process::ExitCode;

/// Runs the program with the arguments of this process. The exit codes are those of `docs/cli.md`.
pub fn main() -> ExitCode {
    let result = args::parse(std::env::args_os()).and_then(|parsed| match parsed {
        Ok(arguments) => run::run(&arguments.command),
        Err(help) => {
            // Nobody may be listening any more.
            let _ = std::io::stdout().lock().write_all(help.as_bytes());
            Ok(0)
        }
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
