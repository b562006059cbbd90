//! The report's part on what changes against another plan.

use super::super::compare::{Change, Comparison, MeasureDisruption};
use super::super::moves::ReasonedMove;
use super::super::side_by_side::PlanFigures;
#[cfg(feature = "serde")]
use super::json;
use super::{ByName, MeasureReport};
use crate::problem::Problem;

/// What changes against the current plan.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DisruptionReport {
    /// Share of `units` and of each measure that changes territory: beside the other keys in JSON.
    #[cfg_attr(feature = "serde", serde(flatten, serialize_with = "json::by_name"))]
    pub shares: ByName,
    /// Share per measure that no plan inside the bounds can go below.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub lower_bound: ByName,
    /// Share per measure that the cheapest flow over today's borders moves.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub flow_estimate: ByName,
    /// Share per measure that had to move since its territory is no more.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub forced: ByName,
    /// Units that had no territory.
    pub new_units: usize,
    /// Territories of the plan after that hand off or take over units.
    pub touched: usize,
    /// Territories that change in every plan inside the bounds, at least.
    pub least_touched: usize,
    /// Of those that change: how many the cheapest flow of surplus leaves alone.
    pub beyond_flow: usize,
    /// Units that change territory or had none.
    pub moves: Vec<MoveReport>,
    /// Per territory: those of the plan after, then those that are no more.
    pub territories: Vec<ChangeReport>,
    /// Both plans side by side; the caller's.
    pub plans: Option<PlansReport>,
}

/// A unit that changes territory or had none.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MoveReport {
    /// The unit's name.
    pub unit: String,
    /// The territory it leaves; none if it had none.
    pub from: Option<String>,
    /// The territory it goes to.
    pub to: String,
    /// Why: `new`, `forced`, `rule`, `contiguity`, `balance`, `choice`.
    pub reason: &'static str,
    /// The reason in a sentence.
    pub why: String,
    /// What moves, per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub moved: ByName,
}

/// What changes for one territory.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChangeReport {
    /// Its name: that of the plan before where it has one.
    pub territory: String,
    /// What the plan before calls it; none if it is new.
    pub before: Option<String>,
    /// What the plan after calls it; none if it is no more.
    pub after: Option<String>,
    /// Whether the cheapest flow of surplus touches it.
    pub in_flow: bool,
    /// Units before and after.
    pub units: [usize; 2],
    /// Units that went to others.
    pub units_handed_off: usize,
    /// Units that came from others or had no territory.
    pub units_taken_over: usize,
    /// Sum per measure before and after.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::pairs_by_name"))]
    pub sums: Vec<(String, [f64; 2])>,
    /// Sum per measure that went to others.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub handed_off: ByName,
    /// Sum per measure that came from others or had no territory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub taken_over: ByName,
}

/// Two plans side by side.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlansReport {
    /// The plan before.
    pub before: PlanReport,
    /// The plan after.
    pub after: PlanReport,
}

/// A plan in a few figures.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlanReport {
    /// Number of territories.
    pub k: usize,
    /// Units that have one.
    pub units: usize,
    /// Whether every territory has units and is in one piece.
    pub contiguous: bool,
    /// Per measure.
    pub measures: Vec<MeasureReport>,
    /// Mean squared distance of the weight from its territory's centroid.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub inertia_km2: f64,
    /// Number of links between territories.
    pub cut_edges: usize,
    /// Length of the borders between territories.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub border_km: f64,
    /// Mean over the territories of 4π area / perimeter²; the caller's, where there are polygons.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub polsby_popper: Option<f64>,
    /// Mean over the territories of area / area of the smallest enclosing circle; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub reock: Option<f64>,
}

/// Measures by name, with a value each.
fn by_name<T>(problem: &Problem, value: impl Fn(usize) -> T) -> Vec<(String, T)> {
    problem.measures().iter().enumerate().map(|(m, measure)| (measure.name.clone(), value(m))).collect()
}

impl DisruptionReport {
    /// The comparison of a plan of `problem` with the one before, whose territories are called `names_before`, and why units move.
    pub fn new(problem: &Problem, names_before: &[String], comparison: &Comparison, moves: &[ReasonedMove]) -> Self {
        let of = |value: fn(&MeasureDisruption) -> f64| {
            by_name(problem, |m| comparison.measures.get(m).map_or(f64::NAN, value))
        };
        let mut shares = vec![("units".to_owned(), comparison.units)];
        // A measure may itself be called units; its share is that of the units then only if it counts them.
        shares.extend(of(|m| m.share).into_iter().filter(|(name, _)| name != "units"));
        let names = comparison.names(problem, names_before);
        Self {
            shares,
            lower_bound: of(|m| m.lower_bound),
            flow_estimate: of(|m| m.flow_estimate),
            forced: of(|m| m.forced),
            new_units: comparison.new_units,
            touched: comparison.touched,
            least_touched: comparison.least_touched,
            beyond_flow: comparison.beyond_flow,
            moves: moves.iter().map(|m| MoveReport::new(problem, names_before, &names, m)).collect(),
            territories: comparison.changes.iter().map(|c| ChangeReport::new(problem, names_before, c)).collect(),
            plans: None,
        }
    }
}

impl MoveReport {
    fn new(problem: &Problem, before: &[String], names: &[String], m: &ReasonedMove) -> Self {
        Self {
            unit: problem.unit_name(m.unit.index()),
            from: m.from.and_then(|t| before.get(t.index()).cloned()),
            to: names.get(m.to.index()).cloned().unwrap_or_default(),
            reason: m.reason.name(),
            why: m.why(problem, names),
            moved: problem
                .measures()
                .iter()
                .map(|measure| (measure.name.clone(), measure.values.get(m.unit.index()).copied().unwrap_or(f64::NAN)))
                .collect(),
        }
    }
}

impl ChangeReport {
    fn new(problem: &Problem, before: &[String], change: &Change) -> Self {
        let moved = |side: usize| by_name(problem, |m| change.moved.get(m).map_or(f64::NAN, |pair| pair[side]));
        Self {
            territory: change.name.clone(),
            before: change.before.and_then(|t| before.get(t.index()).cloned()),
            after: change.after.and_then(|t| problem.territories().get(t.index())).map(|t| t.name.clone()),
            in_flow: change.in_flow,
            units: change.units,
            units_handed_off: change.moved_units[0],
            units_taken_over: change.moved_units[1],
            sums: by_name(problem, |m| change.sums.get(m).copied().unwrap_or([f64::NAN; 2])),
            handed_off: moved(0),
            taken_over: moved(1),
        }
    }
}

impl PlansReport {
    /// The figures of two plans of the measures of `problem`, as [`super::super::side_by_side`] gives them; shapes are the caller's.
    pub fn new(problem: &Problem, figures: &[PlanFigures; 2]) -> Self {
        let [before, after] = figures;
        Self { before: PlanReport::new(problem, before), after: PlanReport::new(problem, after) }
    }
}

impl PlanReport {
    fn new(problem: &Problem, figures: &PlanFigures) -> Self {
        let measures = problem.measures().iter().enumerate().zip(&figures.measures).map(|((m, measure), fairness)| {
            MeasureReport::new(measure.name.clone(), problem.total(m), measure.tolerance, fairness)
        });
        Self {
            k: figures.k,
            units: figures.units,
            contiguous: figures.contiguous,
            measures: measures.collect(),
            inertia_km2: figures.inertia_km2,
            cut_edges: figures.cut.edges,
            border_km: figures.cut.border_km,
            ..Self::default()
        }
    }
}
