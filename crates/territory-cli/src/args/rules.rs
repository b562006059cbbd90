//! The options about the rules of a company: which units go where, what counts beside the map, how many territories.

use super::{named, not_negative, number};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

/// Share of its target that a class may be off where `--spread` gives no other.
const SPREAD: f64 = 0.1;

/// What holds beside bounds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleOptions {
    /// One row per territory: `name`, and perhaps `capacity` (or `hours`, `fte`, `effectiveness`), `lon`, `lat` (planar: `x`, `y`) of a home, `max_radius_km`, `skills` (split at `;`), `minimum MEASURE`, `maximum MEASURE`
    #[arg(long, value_name = "REPS.csv")]
    pub(crate) reps: Option<PathBuf>,
    /// The property that names the territory a unit must be in
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) lock: Option<String>,
    /// The property that names the territories a unit may be in: a JSON array, or text split at `;`
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) allow: Option<String>,
    /// The property that names the territories a unit may not be in
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) forbid: Option<String>,
    /// The property that names the skills that a unit's territory must have
    #[arg(long, value_name = "PROPERTY", requires = "reps")]
    pub(crate) needs: Option<String>,
    /// Units with equal values of this property stay in one territory
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) together: Option<String>,
    /// Pairs of unit ids `a,b` that may not share a territory
    #[arg(long, value_name = "EDGES.csv")]
    pub(crate) apart: Option<PathBuf>,
    /// The property that names the area (county, ZIP3) of a unit; areas are split as little as possible. Repeat from coarse to fine
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) keep_whole: Vec<String>,
    /// Pairs of unit ids `a,b[,weight]` that should rather share a territory, neighbours or not: trade, roads
    #[arg(long, value_name = "EDGES.csv")]
    pub(crate) ties: Option<PathBuf>,
    /// No territory has more than N units (customers) of one class: with one value of this property
    #[arg(long, value_name = "PROPERTY=N")]
    pub(crate) at_most: Vec<AtMost>,
    /// Shares every class out evenly: counts the units (customers) of each value of this property, within TOLERANCE (0.1) of the target or within one, whichever is wider
    #[arg(long, value_name = "PROPERTY[=TOLERANCE]")]
    pub(crate) spread: Vec<Spread>,
    /// The property of the customers that names the owner of a named account: it stays out of the map, its measures count in the owner's sums
    #[arg(long, value_name = "PROPERTY", requires = "customers")]
    pub(crate) exclude: Option<String>,
    /// Least distance between the centres of two territories
    #[arg(long, value_name = "KM", value_parser = not_negative)]
    pub(crate) centres_apart: Option<f64>,
}

impl RuleOptions {
    /// The files that are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.reps.iter().chain(&self.apart).chain(&self.ties)
    }

    /// The properties of the units that they name; those of classes are in [`RuleOptions::classes`].
    pub(crate) fn unit_properties(&self) -> impl Iterator<Item = &String> {
        let sets = [&self.lock, &self.allow, &self.forbid, &self.needs, &self.together];
        sets.into_iter().flatten().chain(&self.keep_whole)
    }

    /// The properties whose values are classes, of units or customers.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        let at_most = self.at_most.iter().map(|a| a.property.as_str());
        at_most.chain(self.spread.iter().map(|s| s.property.as_str()))
    }
}

/// Plans on two levels.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct NestedOptions {
    /// Groups the territories into N regions, contiguous and balanced as they are
    #[arg(long, value_name = "N", value_parser = super::at_least_one, conflicts_with = "within")]
    pub(crate) regions: Option<u32>,
    /// Every territory lies inside one area of this property; areas have as many as their share of the first measure, at least one
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) within: Option<String>,
}

/// `PROPERTY=N`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AtMost {
    pub(crate) property: String,
    pub(crate) count: u32,
}

/// `PROPERTY[=TOLERANCE]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) property: String,
    pub(crate) tolerance: f64,
}

impl FromStr for AtMost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (property, count) = text.rsplit_once('=').ok_or("write PROPERTY=N")?;
        let count = count.parse().map_err(|_| format!("{count:?} is not a whole number of units"))?;
        Ok(Self { property: named(property)?, count })
    }
}

impl FromStr for Spread {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (property, tolerance) = match text.rsplit_once('=') {
            None => (text, SPREAD),
            Some((property, tolerance)) => {
                (property, number(tolerance).map_err(|e| format!("the tolerance {e}; 0.1 means ±10 %"))?)
            }
        };
        Ok(Self { property: named(property)?, tolerance })
    }
}

/// How many territories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// So many.
    Of(u32),
    /// As few as it takes.
    Auto,
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Count::Auto),
            _ => super::at_least_one(text).map(Count::Of).map_err(|e| format!("{e}, or auto")),
        }
    }
}
