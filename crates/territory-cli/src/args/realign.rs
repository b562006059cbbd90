//! The command `realign`: a plan of today, what may change, and who comes and goes.

use super::{Goal, Input, Outputs, RuleOptions, at_least_one, named, not_negative, number};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Args)]
pub(crate) struct Realign {
    /// Units with a plan (GeoJSON, may be gzipped; `-` is standard input); where it is null the unit is new
    pub(crate) plan: PathBuf,
    /// Number of territories [default: those of the plan, without --remove, with --add]. More: the unused names of 1…K join; fewer: the territories with the least of the first measure leave
    #[arg(short, value_name = "K", value_parser = at_least_one, conflicts_with = "reps")]
    pub(crate) k: Option<u32>,
    #[command(flatten)]
    pub(crate) change: Change,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    #[command(flatten)]
    pub(crate) goal: Goal,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

/// What may change.
#[derive(Debug, Args)]
#[command(next_help_heading = "Change")]
pub(crate) struct Change {
    /// A territory of this name joins; repeat for more
    #[arg(long, value_name = "NAME", conflicts_with = "reps")]
    pub(crate) add: Vec<String>,
    /// The territory of this name leaves; repeat for more
    #[arg(long, value_name = "NAME", conflicts_with = "reps")]
    pub(crate) remove: Vec<String>,
    /// Largest share of a measure that may change territory; `units` counts units. Repeat for more
    #[arg(long, value_name = "MEASURE=SHARE", value_parser = share_of_one)]
    pub(crate) max_disruption: Vec<Share>,
    /// Largest share of what a territory has today that it may hand off
    #[arg(long, value_name = "MEASURE=SHARE", value_parser = share_of_one)]
    pub(crate) max_handed_off: Vec<Share>,
    /// Largest share of what a territory has today that it may take over; new territories take over freely
    #[arg(long, value_name = "MEASURE=SHARE")]
    pub(crate) max_taken_over: Vec<Share>,
    /// Changing every unit costs X times the whole compactness [default: only what the bounds need is moved]
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub(crate) disruption_price: Option<f64>,
    /// Units whose value of this property is not null, false or blank stay where they are
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) protect: Option<String>,
    /// Every unit that changes territory or had none, with the reason (CSV; `-` is standard output)
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) moves: Option<PathBuf>,
    /// Plans from the least change to the tightest balance, none of which another beats: `disruption`
    #[arg(long, value_name = "disruption", value_parser = disruption, conflicts_with = "no_enclaves")]
    pub(crate) frontier: Option<()>,
}

/// `MEASURE=SHARE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Share {
    pub(crate) measure: String,
    pub(crate) share: f64,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (measure, share) = text.rsplit_once('=').ok_or("write MEASURE=SHARE")?;
        let share = number(share).map_err(|e| format!("the share {e}; 0.08 means 8 %"))?;
        Ok(Self { measure: named(measure)?, share })
    }
}

fn share_of_one(text: &str) -> Result<Share, String> {
    let share: Share = text.parse()?;
    if share.share > 1.0 {
        return Err(format!("the share {} is more than all; 0.08 means 8 %", share.share));
    }
    Ok(share)
}

fn disruption(text: &str) -> Result<(), String> {
    match text {
        "disruption" => Ok(()),
        "compactness" => Err("plans from nothing are compared by compactness: use territory solve".to_owned()),
        _ => Err("write disruption".to_owned()),
    }
}
