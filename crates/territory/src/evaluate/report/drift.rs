//! The report's part on a series of periods.

use super::super::drift::{Drift, MeasureDrift, Ranked};
#[cfg(feature = "serde")]
use super::json;
use crate::problem::Problem;

/// How a plan bears a series of periods.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DriftReport {
    /// Names of the periods, in order.
    pub periods: Vec<String>,
    /// `healthy`, `watch`, `broken`.
    pub health: &'static str,
    /// The health in one line; the caller's.
    pub line: String,
    /// Breaks within so many periods make it `watch`.
    pub warn_within: u32,
    /// Per measure.
    pub measures: Vec<PeriodsReport>,
    /// All territories, those to look at first before.
    pub ranking: Vec<RankReport>,
    /// Per territory.
    pub territories: Vec<TerritoryDriftReport>,
}

/// A measure over the periods.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PeriodsReport {
    /// Its name.
    pub name: String,
    /// Sum over all units per period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::series"))]
    pub totals: Vec<f64>,
    /// Largest |sum / target − 1| of a territory per period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::series"))]
    pub max_deviations: Vec<f64>,
}

/// A territory in the order in which they are to be looked at.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RankReport {
    /// Its name.
    pub territory: String,
    /// Name of its most urgent measure.
    pub measure: String,
    /// The bound: `above_maximum`, `below_minimum`; none where it has none.
    pub side: Option<&'static str>,
    /// `broken`, `watch`, `holds`.
    pub status: &'static str,
    /// Room to the bound in the last period, as a share of the target; negative beyond.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub room: Option<f64>,
    /// Periods left until it is broken at the trend; 0 if it is, none if it will not be.
    pub periods_left: Option<u32>,
}

/// A territory over the periods.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TerritoryDriftReport {
    /// Its name.
    pub territory: String,
    /// Per measure.
    pub measures: Vec<MeasureDriftReport>,
}

/// A measure of a territory over the periods.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MeasureDriftReport {
    /// Name of the measure.
    pub name: String,
    /// Sum per period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::series"))]
    pub sums: Vec<f64>,
    /// Target per period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::series"))]
    pub targets: Vec<f64>,
    /// Sum / target − 1 per period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::series"))]
    pub deviations: Vec<f64>,
    /// Name of the first period in which a bound is broken.
    pub first_broken: Option<String>,
    /// Change of the deviation per period, by least squares; none for a single period.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub trend: Option<f64>,
    /// Its standard error; none for fewer than three periods.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub standard_error: Option<f64>,
    /// Periods left until a bound is broken at the trend; 0 if one is, none if none will be.
    pub periods_left: Option<u32>,
}

impl DriftReport {
    /// The series `drift` of a plan of `problem`; a break within `warn_within` periods is told.
    pub fn new(problem: &Problem, drift: &Drift, warn_within: u32) -> Self {
        let measures = problem.measures().iter().zip(&drift.totals).zip(&drift.max_deviations);
        let measures = measures.map(|((measure, totals), max_deviations)| PeriodsReport {
            name: measure.name.clone(),
            totals: totals.clone(),
            max_deviations: max_deviations.clone(),
        });
        let of_territory = |(territory, measures): (&crate::problem::Territory, &Vec<MeasureDrift>)| {
            let of = problem.measures().iter().zip(measures);
            TerritoryDriftReport {
                territory: territory.name.clone(),
                measures: of.map(|(m, d)| MeasureDriftReport::new(&m.name, &drift.periods, d)).collect(),
            }
        };
        Self {
            periods: drift.periods.clone(),
            health: drift.health(warn_within).name(),
            line: String::new(),
            warn_within,
            measures: measures.collect(),
            ranking: drift.ranking.iter().map(|r| RankReport::new(problem, drift, warn_within, r)).collect(),
            territories: problem.territories().iter().zip(&drift.territories).map(of_territory).collect(),
        }
    }
}

impl RankReport {
    fn new(problem: &Problem, drift: &Drift, warn_within: u32, ranked: &Ranked) -> Self {
        let outlook = drift.territories.get(ranked.territory.index()).and_then(|t| t.get(ranked.measure)?.outlook);
        let name = problem.territories().get(ranked.territory.index()).map(|t| t.name.clone());
        Self {
            territory: name.unwrap_or_default(),
            measure: problem.measures().get(ranked.measure).map(|m| m.name.clone()).unwrap_or_default(),
            side: outlook.map(|o| o.kind.name()),
            status: match ranked.health(warn_within) {
                super::super::drift::Health::Healthy => "holds",
                other => other.name(),
            },
            room: outlook.map(|o| o.room),
            periods_left: ranked.periods_left,
        }
    }
}

impl MeasureDriftReport {
    fn new(name: &str, periods: &[String], drift: &MeasureDrift) -> Self {
        Self {
            name: name.to_owned(),
            sums: drift.sums.clone(),
            targets: drift.targets.clone(),
            deviations: drift.deviations.clone(),
            first_broken: drift.first_broken.and_then(|p| periods.get(p).cloned()),
            trend: drift.trend.map(|t| t.slope),
            standard_error: drift.trend.and_then(|t| t.standard_error),
            periods_left: drift.outlook.and_then(|o| o.periods_left),
        }
    }
}
