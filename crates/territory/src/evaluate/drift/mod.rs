//! How a plan bears the periods that come: drift of every territory against its target, first broken bound, trend, periods left,
//! and which territories to look at first. Knows values per unit and period, no files and no calendar: periods are in order, as far
//! apart as one another.

mod outlook;
mod trend;

pub use outlook::Outlook;
pub use trend::{Trend, trend};

use super::assignment::{AssignmentError, Members};
use super::violation::side;
use crate::ids::TerritoryId;
use crate::problem::{Limits, Problem, Territory};
use outlook::{Bounds, outlook};

/// The measures of all units in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Its name: `2024`, `March`.
    pub name: String,
    /// One column per measure of the problem, in its order; one value ≥ 0 per unit, in the measure's unit.
    pub values: Vec<Vec<f64>>,
}

/// Why a series cannot be judged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// There is no period.
    #[error("the series has no period: give one at least")]
    NoPeriods,
    /// A period has another number of columns than the problem has measures.
    #[error("period {period}: {found} columns, but there are {expected} measures: give one column for each")]
    Measures {
        /// Name of the period.
        period: String,
        /// Columns given.
        found: usize,
        /// Measures of the problem.
        expected: usize,
    },
    /// A column of another length than there are units.
    #[error(
        "period {period}: measure {measure:?} has {found} values, but there are {expected} units: give one for each"
    )]
    Length {
        /// Name of the period.
        period: String,
        /// Name of the measure.
        measure: String,
        /// Values given.
        found: usize,
        /// Units of the problem.
        expected: usize,
    },
    /// A value that is negative or not finite.
    #[error("period {period}: measure {measure:?} of unit {unit} is {value}: give a finite number ≥ 0")]
    Value {
        /// Name of the period.
        period: String,
        /// Name of the measure.
        measure: String,
        /// Name of the unit.
        unit: String,
        /// The value.
        value: f64,
    },
    /// A measure without anything to share out.
    #[error(
        "period {period}: measure {measure:?} adds up to {total}, but targets are shares of it: correct its values, or leave the measure out"
    )]
    Total {
        /// Name of the period.
        period: String,
        /// Name of the measure.
        measure: String,
        /// Its sum over the units.
        total: f64,
    },
    /// The plan is none of the problem's.
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
}

/// A measure of a territory over the periods.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeasureDrift {
    /// Sum per period, what the territory carries included, in the measure's unit.
    pub sums: Vec<f64>,
    /// Target per period: it moves with the period's total.
    pub targets: Vec<f64>,
    /// Drift: sum / target − 1 per period.
    pub deviations: Vec<f64>,
    /// Position of the first period in which a bound is broken.
    pub first_broken: Option<usize>,
    /// The line through the deviations; none for a single period.
    pub trend: Option<Trend>,
    /// The bound that is broken in the last period, else that which will be first, else the nearer one; none where there is none.
    pub outlook: Option<Outlook>,
}

impl MeasureDrift {
    /// What is to be looked at first is smaller: periods left (broken: 0), then room.
    fn urgency(&self) -> (u32, f64) {
        self.outlook.map_or((u32::MAX, f64::INFINITY), |o| (o.periods_left.unwrap_or(u32::MAX), o.room))
    }
}

/// A territory in the order in which they are to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ranked {
    /// The territory.
    pub territory: TerritoryId,
    /// Position of its most urgent measure.
    pub measure: usize,
    /// Periods left until a bound of it is broken: 0 where one is in the last period, none where the trend leads to none.
    pub periods_left: Option<u32>,
}

impl Ranked {
    /// How the territory is, where a break within `warn_within` periods is to be told.
    pub fn health(&self, warn_within: u32) -> Health {
        match self.periods_left {
            Some(0) => Health::Broken,
            Some(left) if left <= warn_within => Health::Watch,
            _ => Health::Healthy,
        }
    }
}

/// How a plan is in the last period of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All bounds hold, and will for the time asked about.
    Healthy,
    /// All bounds hold, but one will soon be broken at the trend of its territory.
    Watch,
    /// A bound is broken.
    Broken,
}

impl Health {
    /// Name in reports: `healthy`, `watch`, `broken`.
    pub const fn name(self) -> &'static str {
        match self {
            Health::Healthy => "healthy",
            Health::Watch => "watch",
            Health::Broken => "broken",
        }
    }
}

/// A plan over a series of periods.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// Names of the periods, in order.
    pub periods: Vec<String>,
    /// Sum over all units per measure and period: `[measure][period]`.
    pub totals: Vec<Vec<f64>>,
    /// Largest |sum / target − 1| of a territory per measure and period: `[measure][period]`.
    pub max_deviations: Vec<Vec<f64>>,
    /// `[territory][measure]`.
    pub territories: Vec<Vec<MeasureDrift>>,
    /// All territories, those to look at first before: broken ones by how far they are beyond, then by the periods left, then by
    /// the room to the nearest bound.
    pub ranking: Vec<Ranked>,
}

impl Drift {
    /// How the plan is: as its worst territory.
    pub fn health(&self, warn_within: u32) -> Health {
        self.ranking.first().map_or(Health::Healthy, |worst| worst.health(warn_within))
    }
}

/// Judges the plan `assignment` of `problem` in every period. The problem says capacities, tolerances and absolute bounds; its own
/// measure values play no part. Targets are shares of each period's total, and the bounds that are relative move with them.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}};
/// use territory::evaluate::{Health, Period, drift};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0]]);
/// let problem = ProblemSpec::new(locations, Graph::from_edges(2, &[Edge::new(0, 1, EdgeKind::Edge, 0.0)]), 2)
///     .measure(Measure::new("calls", vec![1.0, 1.0]).tolerance(0.1))
///     .build()?;
/// let period = |name: &str, a: f64, b: f64| Period { name: name.to_owned(), values: vec![vec![a, b]] };
/// // 0, 2 and 4 % above the target: 6 more are left of the 10 %, and the fourth period from now is beyond.
/// let drift = drift(&problem, &[0, 1], &[period("1", 100.0, 100.0), period("2", 51.0, 49.0), period("3", 104.0, 96.0)])?;
/// let first = &drift.territories[0][0];
/// assert!((first.trend.unwrap().slope - 0.02).abs() < 1e-12);
/// assert_eq!(first.outlook.unwrap().periods_left, Some(4));
/// assert_eq!((drift.health(2), drift.health(4)), (Health::Healthy, Health::Watch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No period; columns that do not fit the problem; values that are negative or not finite; a total that is not positive; a plan
/// that is none of the problem's.
pub fn drift(problem: &Problem, assignment: &[u32], periods: &[Period]) -> Result<Drift, DriftError> {
    let members = Members::of(problem, assignment)?;
    let totals = check(problem, assignment, periods)?;
    let territories: Vec<&Territory> = problem.territories().iter().collect();
    // Bounds between which there is nothing are bounds that are broken, as those of any other period.
    let limits: Vec<Limits> = (0..periods.len())
        .map(|p| {
            let of_period: Vec<f64> = totals.iter().map(|column| column[p]).collect();
            Limits::of(&territories, problem.measures(), &of_period, &mut Vec::new())
        })
        .collect();
    let measures = problem.measures().len();
    let drifts = crate::parallel::map(problem.k(), |t| -> Vec<MeasureDrift> {
        (0..measures).map(|m| measure_drift(problem, members.get(t), (t, m), periods, &limits)).collect()
    });
    let max_deviations = (0..measures)
        .map(|m| {
            let largest = |p: usize| drifts.iter().map(|t| t[m].deviations[p].abs()).fold(0.0, f64::max);
            (0..periods.len()).map(largest).collect()
        })
        .collect();
    Ok(Drift {
        periods: periods.iter().map(|p| p.name.clone()).collect(),
        totals,
        max_deviations,
        ranking: ranking(&drifts),
        territories: drifts,
    })
}

/// The sums over all units, `[measure][period]`.
fn check(problem: &Problem, assignment: &[u32], periods: &[Period]) -> Result<Vec<Vec<f64>>, DriftError> {
    if periods.is_empty() {
        return Err(DriftError::NoPeriods);
    }
    let (measures, units) = (problem.measures(), problem.units());
    let mut totals = vec![Vec::with_capacity(periods.len()); measures.len()];
    let ways: Vec<f64> = (0..measures.len()).map(|m| ways(problem, assignment, m)).collect();
    for period in periods {
        let name = || period.name.clone();
        if period.values.len() != measures.len() {
            let (found, expected) = (period.values.len(), measures.len());
            return Err(DriftError::Measures { period: name(), found, expected });
        }
        for (((measure, values), totals), ways) in measures.iter().zip(&period.values).zip(&mut totals).zip(&ways) {
            let measure = || measure.name.clone();
            if values.len() != units {
                let (found, expected) = (values.len(), units);
                return Err(DriftError::Length { period: name(), measure: measure(), found, expected });
            }
            if let Some((unit, &value)) = values.iter().enumerate().find(|(_, v)| !(v.is_finite() && **v >= 0.0)) {
                let unit = problem.unit_name(unit);
                return Err(DriftError::Value { period: name(), measure: measure(), unit, value });
            }
            let total = values.iter().sum::<f64>() + ways;
            if !(total > 0.0 && total.is_finite()) {
                return Err(DriftError::Total { period: name(), measure: measure(), total });
            }
            totals.push(total);
        }
    }
    Ok(totals)
}

/// What anchors add to a measure over all units of a plan; 0 where they add nothing.
fn ways(problem: &Problem, assignment: &[u32], m: usize) -> f64 {
    let way = |(unit, &t): (usize, &u32)| problem.load(m, unit, t as usize) - problem.measures()[m].values[unit];
    if problem.is_anchored(m) { assignment.iter().enumerate().map(way).sum() } else { 0.0 }
}

fn measure_drift(
    problem: &Problem,
    members: &[u32],
    (t, m): (usize, usize),
    periods: &[Period],
    limits: &[Limits],
) -> MeasureDrift {
    let at = t * problem.measures().len() + m;
    let carried = problem.carried(t, m);
    // Periods have the values; what anchors add is that of today.
    let way = |&u: &u32| problem.load(m, u as usize, t) - problem.measures()[m].values[u as usize];
    let ways = if problem.is_anchored(m) { members.iter().map(way).sum() } else { 0.0 };
    let carried = carried + ways;
    let sum = |p: &Period| carried + members.iter().map(|&u| p.values[m][u as usize]).sum::<f64>();
    let sums: Vec<f64> = periods.iter().map(sum).collect();
    let targets: Vec<f64> = limits.iter().map(|l| l.targets[at]).collect();
    let bounds: Vec<(f64, f64)> = limits.iter().map(|l| (l.lower[at], l.upper[at])).collect();
    let deviations: Vec<f64> = sums.iter().zip(&targets).map(|(x, target)| x / target - 1.0).collect();
    MeasureDrift {
        first_broken: sums.iter().zip(&bounds).position(|(&x, &b)| side(x, b) != 0),
        trend: trend(&deviations),
        outlook: outlook(&sums, &targets, own_bounds(problem, t, m)),
        sums,
        targets,
        deviations,
    }
}

/// Tolerance and absolute bounds of a territory on a measure.
fn own_bounds(problem: &Problem, t: usize, m: usize) -> Bounds {
    let (measure, territory) = (&problem.measures()[m], &problem.territories()[t]);
    let own = || territory.bounds.iter().filter(|b| b.measure == measure.name);
    Bounds {
        tolerance: measure.bound_tolerance(),
        minimum: measure.minimum.into_iter().chain(own().filter_map(|b| b.minimum)).reduce(f64::max),
        maximum: measure.maximum.into_iter().chain(own().filter_map(|b| b.maximum)).reduce(f64::min),
    }
}

fn ranking(territories: &[Vec<MeasureDrift>]) -> Vec<Ranked> {
    let before = |a: (u32, f64), b: (u32, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
    let mut all: Vec<(Ranked, (u32, f64))> = territories
        .iter()
        .enumerate()
        .filter_map(|(t, measures)| {
            // The first of several alike.
            let (measure, worst) = measures.iter().enumerate().min_by(|a, b| before(a.1.urgency(), b.1.urgency()))?;
            let periods_left = worst.outlook.and_then(|o| o.periods_left);
            Some((Ranked { territory: TerritoryId(t as u32), measure, periods_left }, worst.urgency()))
        })
        .collect();
    // Stable: of territories alike the smaller comes first.
    all.sort_by(|a, b| before(a.1, b.1));
    all.into_iter().map(|(ranked, _)| ranked).collect()
}
