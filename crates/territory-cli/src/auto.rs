//! How many territories: as many as `-k` or the reps' table say, or as few as it takes (`-k auto`).

use crate::args::{self, Count};
use crate::failure::Failure;
use crate::reps::Reps;
use crate::run::Prepared;
use crate::session::Session;
use territory::{Below, HowManyError, HowManyOptions, Objective, Problem, Solution, SolveOptions, how_many};

/// What the report says of a number that was looked for.
#[derive(Debug, serde::Serialize)]
pub(crate) struct HowManyReport {
    pub(crate) k: usize,
    /// What its plan lacks; null: it does all that was asked.
    pub(crate) lacks: Option<String>,
    /// Why one less does not.
    pub(crate) below: Option<BelowReport>,
    /// Numbers for which a plan was searched.
    pub(crate) tried: Vec<usize>,
}

#[derive(Debug, serde::Serialize)]
pub(crate) struct BelowReport {
    pub(crate) k: usize,
    pub(crate) verdict: &'static str,
    pub(crate) reason: String,
}

/// A number with its plan.
pub(crate) struct Found {
    pub(crate) problem: Problem,
    pub(crate) solution: Solution,
    pub(crate) told: HowManyReport,
}

/// How many territories the arguments ask for.
pub(crate) fn count(a: &args::Solve, reps: Option<&Reps>) -> Result<Count, Failure> {
    let refuse = |text: String| Err(Failure::Arguments(text));
    if a.search.max_distance.is_some() && a.k != Some(Count::Auto) {
        return refuse(
            "--max-distance goes with -k auto: for a given number of territories give radii in --reps".to_owned(),
        );
    }
    match (a.k, reps) {
        (None, Some(reps)) => Ok(Count::Of(reps.count())),
        (Some(Count::Of(k)), Some(reps)) if k == reps.count() => Ok(Count::Of(k)),
        (Some(Count::Of(k)), Some(reps)) => {
            let (file, rows) = (&reps.file, reps.count());
            refuse(format!("-k {k}, but {file} names {rows} territories: leave -k out, or correct the table"))
        }
        (Some(Count::Auto), Some(reps)) => {
            let (file, rows) = (&reps.file, reps.count());
            refuse(format!("-k auto, but {file} names {rows} territories: leave one of them out"))
        }
        (Some(Count::Auto), None) if a.search.split_oversize => {
            refuse("--split-oversize cuts units to fit a given number of territories: give -k a number".to_owned())
        }
        (Some(Count::Auto), None) if a.search.alternatives.is_some() || a.search.frontier.is_some() => {
            refuse("--alternatives and --frontier compare plans of a given number of territories: give -k a number".to_owned())
        }
        (Some(Count::Auto), None)
            if a.input.maximum.is_empty() && a.rules.at_most.is_empty() && a.search.max_distance.is_none() =>
        {
            refuse(
                "-k auto needs to know what a territory can take: give --maximum MEASURE=VALUE (a capacity), --at-most, or --max-distance KM"
                    .to_owned(),
            )
        }
        (Some(count), None) => Ok(count),
        // Refused by the parser.
        (None, None) => refuse("-k is missing: give the number of territories".to_owned()),
    }
}

/// Looks for the smallest number.
pub(crate) fn search(
    prepared: &Prepared,
    a: &args::Solve,
    objective: Objective,
    solve: SolveOptions,
    session: &mut Session,
) -> Result<Found, Failure> {
    let place = prepared.place(Count::Auto);
    let used = prepared.rules.used().len().max(1);
    let mut options = HowManyOptions::default();
    (options.solve, options.least, options.within_km) = (solve, used, a.search.max_distance);
    let spec_of = |k: usize| prepared.spec(&prepared.rules.names(k as u32)?, &place, objective);
    let found = session.search(a.search.goal.time_limit, |control| how_many(spec_of, &options, control));
    let found = found.map_err(|error| match error {
        HowManyError::Spec(failure) => failure,
        HowManyError::Problem(errors) => prepared.problem_failure(&errors),
    })?;
    let below = match found.below {
        Below::NotAsked if used > 1 => {
            Some((Below::NotAsked.verdict(), format!("--lock, --allow and --forbid name {used} territories")))
        }
        Below::NotAsked => None,
        below => Some((below.verdict(), below.reason().to_owned())),
    };
    let below = below.map(|(verdict, reason)| BelowReport { k: found.k - 1, verdict, reason });
    let told = HowManyReport { k: found.k, lacks: found.lacks, below, tried: found.tried };
    Ok(Found { problem: found.problem, solution: found.solution, told })
}
