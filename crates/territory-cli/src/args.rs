//! The command line: what `docs/cli.md` promises. What the contract holds but the engine does not is refused by name.

mod realign;
mod rules;

pub(crate) use realign::{Realign, Share};
pub(crate) use rules::{AtMost, Count, NestedOptions, RuleOptions, Spread};

use crate::compactness::Compactness;
use crate::failure::Failure;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use territory::adjacency::Islands;
use territory::geometry::Outside;
use territory::{DEFAULT_TOLERANCE, Effort};

/// Options and commands of the contract that are not there yet.
const NOT_YET: [(&str, &str); 1] = [("--page", "the report as a page; there is --report and --map")];

/// Splits units into contiguous, compact sales territories balanced on several measures at once.
#[derive(Debug, Parser)]
#[command(name = "territory", version, max_term_width = 120)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a plan: exactly K territories, contiguous, inside the bounds, as compact as the effort finds
    Solve(Solve),
    /// Judges the plan that the units' property says
    Evaluate(Evaluate),
    /// Tells what changes from one plan to another, and judges the second
    Compare(Compare),
    /// Changes a plan as little as the bounds ask for
    Realign(Realign),
}

#[derive(Debug, Args)]
pub(crate) struct Solve {
    /// Polygons or points (GeoJSON, may be gzipped; `-` is standard input)
    pub(crate) units: PathBuf,
    /// Number of territories; `auto`: as few as the bounds take (needs --maximum, --at-most or --max-distance)
    #[arg(short, value_name = "K|auto", required_unless_present = "reps")]
    pub(crate) k: Option<Count>,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    #[command(flatten)]
    pub(crate) nested: NestedOptions,
    #[command(flatten)]
    pub(crate) search: Search,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// Units with a plan (GeoJSON, may be gzipped; `-` is standard input)
    pub(crate) plan: PathBuf,
    /// How the plan bears a series of periods: a table with the columns unit, period and one per measure
    #[arg(long, value_name = "SERIES.csv")]
    pub(crate) against: Option<PathBuf>,
    /// Warns of bounds that will be broken within N periods at their trend [default: 2]
    #[arg(long, value_name = "N", requires = "against", value_parser = whole)]
    pub(crate) warn_within: Option<u32>,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The plan before
    pub(crate) before: PathBuf,
    /// The plan after
    pub(crate) after: PathBuf,
    /// Every unit that changes territory: unit, from, to, reason, what moves of every measure, why (CSV; `-` is standard output)
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) moves: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

/// What is read, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct Input {
    /// Balances this measure: a numeric property of the units or customers, `customers` or `units` (counts); within ±5 % unless another tolerance is given (0.03 means ±3 %). Repeat for more measures
    #[arg(long, value_name = "MEASURE[=TOLERANCE]", required_unless_present_any = ["minimum", "maximum", "wish"])]
    pub(crate) balance: Vec<Balance>,
    /// Wishes that a measure is balanced: what is beyond ±5 % (or the tolerance given) is no violation, but costs the weight [default: 10] times itself in targets, beside compactness. Repeat for more
    #[arg(long, value_name = "MEASURE[=TOLERANCE[:WEIGHT]]")]
    pub(crate) wish: Vec<Wish>,
    /// Least sum of a measure in every territory
    #[arg(long, value_name = "MEASURE=VALUE")]
    pub(crate) minimum: Vec<Bound>,
    /// Largest sum of a measure in every territory
    #[arg(long, value_name = "MEASURE=VALUE")]
    pub(crate) maximum: Vec<Bound>,
    /// Points whose measures are summed onto the polygons they are in
    #[arg(long, value_name = "FILE")]
    pub(crate) customers: Option<PathBuf>,
    /// Customers outside every unit: `nearest[=KM]` joins them to the nearest unit not farther away, `drop` leaves them out, `error` refuses them [default: nearest=5]
    #[arg(long, value_name = "nearest[=KM]|drop|error", value_parser = outside, requires = "customers")]
    pub(crate) outside: Option<Outside>,
    /// Which units are neighbours: polygons that share a border (`rook`) or a point (`queen`), the N nearest points (`nearest=N`), or a table of unit ids `a,b[,weight]` [default: rook; points: Delaunay]
    #[arg(long, value_name = "rook|queen|nearest=N|EDGES.csv")]
    pub(crate) adjacency: Option<Adjacency>,
    /// Borders closer than this many metres are the same border; 0: only those with equal vertices
    #[arg(long, value_name = "METRES", default_value = "1", value_parser = not_negative)]
    pub(crate) snap: f64,
    /// A measure that is null or absent on some units: `error` refuses it, `zero` counts it as zero
    #[arg(long, value_name = "error|zero", default_value = "error", value_parser = missing)]
    pub(crate) missing: Missing,
    /// A feature without geometry: `error` refuses it, `skip` leaves it out of the plan
    #[arg(long, value_name = "error|skip", default_value = "error", value_parser = empty)]
    pub(crate) empty: Empty,
    /// Components of the graph: `bridge` joins them by the shortest links, `separate` keeps every territory inside one, `error` refuses them
    #[arg(long, value_name = "bridge|separate|error", default_value = "bridge", value_parser = islands)]
    pub(crate) islands: Islands,
    /// The property (county) within which bridges are preferred, however long
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) bridge_within: Option<String>,
    /// Pairs of unit ids `a,b` that are not neighbours whatever the geometry says, or lines (GeoJSON) that cut the links they cross; repeat for more
    #[arg(long, value_name = "FILE")]
    pub(crate) barriers: Vec<PathBuf>,
    /// Points (GeoJSON) where a barrier line can be crossed: each keeps the cut link beside it
    #[arg(long, value_name = "FILE", requires = "barriers")]
    pub(crate) crossings: Option<PathBuf>,
    /// Pairs of unit ids `a,b` that are neighbours whatever the geometry says: a ferry, a tunnel
    #[arg(long, value_name = "EDGES.csv")]
    pub(crate) links: Option<PathBuf>,
    /// No territory may lie inside another: the plan is repaired after the search, what cannot be is a violation
    #[arg(long)]
    pub(crate) no_enclaves: bool,
    /// Coordinates are projected metres, not longitude and latitude
    #[arg(long)]
    pub(crate) planar: bool,
    /// What names a unit [default: the first of feature id, id, geoid, code, zcta, name that is unique]
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) id: Option<String>,
    /// The measure that weights compactness [default: the first]
    #[arg(long, value_name = "MEASURE")]
    pub(crate) weight: Option<String>,
    /// Threads to compute with [default: all]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) threads: Option<u32>,
    /// The property that holds a unit's territory
    #[arg(long, value_name = "NAME", default_value = "territory")]
    pub(crate) property: String,
}

/// How the plan is searched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct Search {
    #[command(flatten)]
    pub(crate) goal: Goal,
    /// With -k auto: every unit lies within KM of its territory's centre
    #[arg(long, value_name = "KM", value_parser = not_negative)]
    pub(crate) max_distance: Option<f64>,
    /// Cuts units larger than an upper bound along their customers into parts that fit
    #[arg(long, requires = "customers")]
    pub(crate) split_oversize: bool,
    /// How long to search, in counted steps
    #[arg(long, value_name = "quick|standard|thorough", default_value = "standard", value_parser = effort)]
    pub(crate) effort: Effort,
    /// N good plans that differ, the best first: PLAN.geojson, PLAN-2.geojson, …
    #[arg(long, value_name = "N", value_parser = at_least_one, requires = "out", conflicts_with = "frontier")]
    pub(crate) alternatives: Option<u32>,
    /// Least share of the units in which any two alternatives differ [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "alternatives")]
    pub(crate) least_difference: Option<f64>,
    /// Plans from loosely to tightly balanced, none of which another beats in balance and compactness: `compactness`
    #[arg(long, value_name = "compactness", value_parser = compactness, conflicts_with = "no_enclaves")]
    pub(crate) frontier: Option<()>,
}

/// What a plan is searched for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct Goal {
    /// What is minimised inside the bounds: `inertia` (about the centroid), `inertia-medoid` (about the best member unit), `median` (distance to it), `diameter` (largest distance), `border` or `cut`; repeat to mix [default: inertia with a quarter of cut]
    #[arg(long, value_name = "KIND[=WEIGHT]")]
    pub(crate) compactness: Vec<Compactness>,
    /// How much a split area counts beside compactness [default: 1]
    #[arg(long, value_name = "X", value_parser = not_negative, requires = "keep_whole")]
    pub(crate) splits_weight: Option<f64>,
    /// How much ties between territories count beside compactness [default: 0.5]
    #[arg(long, value_name = "X", value_parser = not_negative, requires = "ties")]
    pub(crate) ties_weight: Option<f64>,
    /// Same seed, same plan, at any number of threads
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Stops with the best plan so far; which one that is may differ from run to run
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) time_limit: Option<Duration>,
}

/// What is written; `-` is standard output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Outputs")]
pub(crate) struct Outputs {
    /// The features of the input with their territory
    #[arg(short, long, value_name = "PLAN.geojson")]
    pub(crate) out: Option<PathBuf>,
    /// The graph that was used: a,b,kind,border_km
    #[arg(long, value_name = "EDGES.csv")]
    pub(crate) graph: Option<PathBuf>,
    /// Units and their territories: id,territory
    #[arg(long, value_name = "PLAN.csv")]
    pub(crate) table: Option<PathBuf>,
    /// One dissolved polygon per territory with its figures
    #[arg(long, value_name = "FILE.geojson")]
    pub(crate) territories: Option<PathBuf>,
    /// Polygons (GeoJSON) to which territories of points are clipped [default: the points' hull and a strip around it]
    #[arg(long, value_name = "FILE.geojson")]
    pub(crate) boundary: Option<PathBuf>,
    /// All figures of the plan
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
    /// A picture of the plan
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) map: Option<PathBuf>,
}

impl Input {
    /// The files that are read beside the units, but for a table of neighbours.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.customers.iter().chain(&self.barriers).chain(&self.crossings).chain(&self.links)
    }
}

impl Outputs {
    /// All paths that will be written.
    pub(crate) fn paths(&self) -> Vec<&PathBuf> {
        let all = [&self.out, &self.graph, &self.table, &self.territories, &self.report, &self.map];
        all.into_iter().flatten().collect()
    }
}

/// What becomes of values that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Refuse,
    Zero,
}

/// What becomes of features without geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    Refuse,
    Skip,
}

/// `MEASURE[=TOLERANCE]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Balance {
    pub(crate) measure: String,
    pub(crate) tolerance: f64,
}

/// Weight of a wish for which none is given.
const DEFAULT_WISH: f64 = 10.0;

/// `MEASURE[=TOLERANCE[:WEIGHT]]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wish {
    pub(crate) measure: String,
    pub(crate) tolerance: f64,
    pub(crate) weight: f64,
}

/// `MEASURE=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) measure: String,
    pub(crate) value: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Adjacency {
    Rook,
    Queen,
    /// So many nearest points.
    Nearest(u8),
    Table(PathBuf),
}

impl FromStr for Balance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (measure, tolerance) = match text.rsplit_once('=') {
            None => (text, DEFAULT_TOLERANCE),
            Some((measure, tolerance)) => {
                (measure, number(tolerance).map_err(|e| format!("the tolerance {e}; 0.03 means ±3 %"))?)
            }
        };
        Ok(Self { measure: named(measure)?, tolerance })
    }
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((measure, wish)) = text.rsplit_once('=') else {
            return Ok(Self { measure: named(text)?, tolerance: DEFAULT_TOLERANCE, weight: DEFAULT_WISH });
        };
        let (tolerance, weight) = match wish.split_once(':') {
            None => (wish, DEFAULT_WISH),
            Some((tolerance, weight)) => (tolerance, number(weight).map_err(|e| format!("the weight {e}"))?),
        };
        let tolerance = number(tolerance).map_err(|e| format!("the tolerance {e}; 0.03 means ±3 %"))?;
        if weight == 0.0 {
            return Err("the weight is 0: give one above 0, or leave the wish out".to_owned());
        }
        Ok(Self { measure: named(measure)?, tolerance, weight })
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (measure, value) = text.rsplit_once('=').ok_or("write MEASURE=VALUE")?;
        Ok(Self { measure: named(measure)?, value: number(value).map_err(|e| format!("the bound {e}"))? })
    }
}

impl FromStr for Adjacency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "rook" => Adjacency::Rook,
            "queen" => Adjacency::Queen,
            "" => return Err("write rook, queen, nearest=N or the name of a table".to_owned()),
            _ => match text.strip_prefix("nearest=") {
                None => Adjacency::Table(text.into()),
                Some(count) => match count.parse() {
                    Ok(count) if count > 0 => Adjacency::Nearest(count),
                    _ => return Err("nearest takes a whole number from 1 to 255".to_owned()),
                },
            },
        })
    }
}

fn named(measure: &str) -> Result<String, String> {
    if measure.is_empty() { Err("a measure has a name".to_owned()) } else { Ok(measure.to_owned()) }
}

/// A finite number of at least 0.
pub(crate) fn number(text: &str) -> Result<f64, String> {
    let hint = if text.ends_with('%') { " (write a share: 0.03 for 3 %)" } else { "" };
    let value: f64 = text.trim().parse().map_err(|_| format!("{text:?} is not a number{hint}"))?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(format!("{text} is not a finite number ≥ 0")) }
}

fn at_least_one(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "give a whole number, at least 1".to_owned())
}

fn whole(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "give a whole number, at least 0".to_owned())
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text)
}

fn seconds(text: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number(text)?).map_err(|e| e.to_string())
}

fn outside(text: &str) -> Result<Outside, String> {
    match text.split_once('=') {
        None if text == "nearest" => Ok(Outside::default()),
        Some(("nearest", km)) => Ok(Outside::Nearest { limit_km: number(km)? }),
        None if text == "drop" => Ok(Outside::Drop),
        None if text == "error" => Ok(Outside::Refuse),
        _ => Err("write nearest, nearest=KM, drop or error".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = number(text)?;
    if share <= 1.0 { Ok(share) } else { Err(format!("{share} is more than all; 0.1 means 10 %")) }
}

fn compactness(text: &str) -> Result<(), String> {
    match text {
        "compactness" => Ok(()),
        "disruption" => Err("what changes is known against a plan of today: use territory realign".to_owned()),
        _ => Err("write compactness".to_owned()),
    }
}

fn missing(text: &str) -> Result<Missing, String> {
    match text {
        "error" => Ok(Missing::Refuse),
        "zero" => Ok(Missing::Zero),
        _ => Err("write error or zero".to_owned()),
    }
}

fn empty(text: &str) -> Result<Empty, String> {
    match text {
        "error" => Ok(Empty::Refuse),
        "skip" => Ok(Empty::Skip),
        _ => Err("write error or skip".to_owned()),
    }
}

fn islands(text: &str) -> Result<Islands, String> {
    match text {
        "bridge" => Ok(Islands::Bridge),
        "separate" => Ok(Islands::Separate),
        "error" => Ok(Islands::Refuse),
        _ => Err("write bridge, separate or error".to_owned()),
    }
}

fn effort(text: &str) -> Result<Effort, String> {
    [Effort::Quick, Effort::Standard, Effort::Thorough]
        .into_iter()
        .find(|e| e.name() == text)
        .ok_or_else(|| "write quick, standard or thorough".to_owned())
}

fn not_yet(word: &str) -> Option<String> {
    let (name, what) = NOT_YET.iter().find(|(name, _)| *name == word)?;
    Some(format!("{name} ({what}) is not there yet: leave it out"))
}

/// Parses the command line. Help and version come back as `Ok(Err(text))`.
pub(crate) fn parse(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Result<Arguments, String>, Failure> {
    let error = match Arguments::try_parse_from(words) {
        Ok(arguments) => return Ok(Ok(arguments)),
        Err(error) => error,
    };
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Ok(Err(error.to_string()));
    }
    let unknown = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].iter().find_map(|kind| error.get(*kind));
    if let (ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) =
        (error.kind(), unknown)
        && let Some(message) = not_yet(word)
    {
        return Err(Failure::Arguments(message));
    }
    let text = error.to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(Failure::Arguments(format!("a command is missing\n\n{text}")));
    }
    Err(Failure::Arguments(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()))
}
