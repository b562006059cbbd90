//! The binary `territory`: arguments in, files out. Everything it can do, the library crates can do in a few lines; its contract is
//! `docs/cli.md`.
//!
//! One unit's way from file to territory: `args`, `compactness` (what is asked) → `input`, `measures`, `oversize`, `tables` (files to columns) → `network`, `barriers` (who is
//! whose neighbour) → `run` (the commands), `compare`, `series`, `monitor` (against another plan, against periods) → `drawing` (territories as polygons) → `outputs`, `summary` (files and a few lines). `session` is the clock, the bar and
//! Ctrl-C; `failure` is why nothing was written.

mod args;
mod barriers;
mod columns;
mod compactness;
mod compare;
mod drawing;
mod failure;
mod input;
mod measures;
mod monitor;
mod network;
mod outputs;
mod oversize;
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
