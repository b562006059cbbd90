//! The report of a plan: plain structs with the keys of the documented JSON. Everything the engine knows is filled in; files,
//! polygons and clocks are the caller's, who fills in the rest.
//!
//! With the feature `serde` the structs serialise. Numbers that are not finite are written null, maps keep the order of the
//! measures.

use super::compare::Comparison;
use super::evaluation::{Evaluation, TerritoryFigures};
use crate::adjacency::{EdgeKind, Graph, components};
use crate::control::{Effort, Stopped};
use crate::problem::Problem;

#[cfg(feature = "serde")]
mod json;

/// Values by name, in order: an object in JSON.
pub type ByName = Vec<(String, f64)>;

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// Number of territories.
    pub k: usize,
    /// Number of units.
    pub units: usize,
    /// Seed of the search; none where there was no search.
    pub seed: Option<u64>,
    /// Effort of the search: `quick`, `standard`, `thorough`.
    pub effort: Option<&'static str>,
    /// Why the search ended: `converged`, `steps`, `time`, `cancelled`.
    pub stopped: Option<&'static str>,
    /// Whether every territory has units and is in one piece.
    pub contiguous: bool,
    /// Per measure.
    pub measures: Vec<MeasureReport>,
    /// What was minimised, and how far.
    pub compactness: CompactnessReport,
    /// Per territory.
    pub territories: Vec<TerritoryReport>,
    /// Against the current plan, where there is one.
    pub disruption: Option<DisruptionReport>,
    /// What is violated.
    pub violations: Vec<ViolationReport>,
    /// The graph that was used.
    pub graph: GraphReport,
    /// What was read; the caller's.
    pub input: InputReport,
    /// Seconds per stage; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub seconds: ByName,
}

/// A measure over all territories.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MeasureReport {
    /// Its name.
    pub name: String,
    /// Sum over all units.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub total: f64,
    /// Allowed relative deviation.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub tolerance: f64,
    /// Largest |sum / target − 1|.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub max_deviation: f64,
    /// Coefficient of variation.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub cv: f64,
    /// Gini coefficient.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub gini: f64,
    /// Hoover index.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub hoover: f64,
    /// Share of the territories within 15 % of their targets.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub within_15_percent: f64,
    /// Largest ratio over smallest; none where the smallest is 0.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub max_over_min: Option<f64>,
}

/// What was minimised. `kind`, `value` and `unit` are those of the term of the largest weight; `terms` is the whole mix.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CompactnessReport {
    /// The leading term.
    pub kind: String,
    /// Its value.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// What no plan can go below, where that is known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub lower_bound: Option<f64>,
    /// value / lower_bound − 1.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub gap: Option<f64>,
    /// Mean squared distance of the weight from its territory's centroid.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub inertia_km2: f64,
    /// Number of links between territories.
    pub cut_edges: usize,
    /// Length of the borders between territories.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub border_km: f64,
    /// The mix.
    pub terms: Vec<TermReport>,
}

/// A term of the mix.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TermReport {
    /// Its name.
    pub kind: String,
    /// Its weight in the mix.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub weight: f64,
    /// Its value.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// Its value in the first complete plan, by which the search divided it; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub scale: Option<f64>,
}

/// A territory.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TerritoryReport {
    /// Its name.
    pub territory: String,
    /// Number of its units.
    pub units: usize,
    /// Number of its connected pieces.
    pub pieces: usize,
    /// Sum per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub sums: ByName,
    /// Target per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub targets: ByName,
    /// Sum / target − 1 per measure.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::by_name"))]
    pub deviations: ByName,
    /// Mean location: `[lon, lat]` or metres; none when it is empty.
    pub centroid: Option<[f64; 2]>,
    /// Whether centroid and inertia count every unit alike, since the weight adds up to zero; left out of the JSON when false.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub unweighted: bool,
    /// Mean squared distance of the weight from the centroid.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub inertia_km2: f64,
    /// Largest distance between two units.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub diameter_km: f64,
    /// Area; the caller's, where there are polygons.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub area_km2: Option<f64>,
    /// Length of the outline; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub perimeter_km: Option<f64>,
    /// 4π area / perimeter²; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub polsby_popper: Option<f64>,
    /// Area / area of the smallest enclosing circle; the caller's.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite_option"))]
    pub reock: Option<f64>,
}

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
    /// Units that change territory.
    pub moves: Vec<MoveReport>,
}

/// A unit that changes territory.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MoveReport {
    /// The unit's name.
    pub unit: String,
    /// The territory it leaves.
    pub from: String,
    /// The territory it goes to.
    pub to: String,
}

/// A violated rule.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ViolationReport {
    /// Which rule.
    pub kind: String,
    /// Name of the territory.
    pub territory: String,
    /// Name of the measure, for bounds.
    pub measure: Option<String>,
    /// What is there.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub value: f64,
    /// What is allowed.
    #[cfg_attr(feature = "serde", serde(serialize_with = "json::finite"))]
    pub bound: f64,
    /// Why.
    pub reason: String,
}

/// The graph that was used.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GraphReport {
    /// Number of links, bridges among them.
    pub edges: usize,
    /// Number of connected parts without the bridges.
    pub components: usize,
    /// Number of units without a link but bridges.
    pub isolated: usize,
    /// The bridges: names of their ends and the distance between them in km.
    pub bridges: Vec<(String, String, f64)>,
    /// Border vertices that were moved to match; the caller's.
    pub snapped: usize,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct InputReport {
    /// Number of features.
    pub features: usize,
    /// Features left out, by name, with the reason.
    pub skipped: Vec<String>,
    /// Features repaired, by name, with what was done.
    pub repaired: Vec<String>,
    /// Customers joined to units.
    pub customers: CustomersReport,
}

/// How customers were joined to units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CustomersReport {
    /// Inside a unit.
    pub joined: usize,
    /// Outside every unit, given to the nearest.
    pub nearest: usize,
    /// Outside every unit, left out.
    pub dropped: usize,
}

impl Report {
    /// The report of `evaluation`, an evaluation of a plan of `problem`; what the engine does not know stays empty.
    pub fn new(problem: &Problem, evaluation: &Evaluation) -> Self {
        Self {
            k: evaluation.k(),
            units: evaluation.units,
            contiguous: evaluation.contiguous,
            measures: evaluation.measures.iter().map(measure).collect(),
            compactness: CompactnessReport::new(evaluation),
            territories: evaluation.territories.iter().map(|t| territory(evaluation, t)).collect(),
            violations: evaluation.violations.iter().map(|v| violation(evaluation, v)).collect(),
            graph: GraphReport::new(problem),
            ..Self::default()
        }
    }

    /// With how the search was run and why it ended.
    pub fn search(mut self, seed: u64, effort: Effort, stopped: Stopped) -> Self {
        (self.seed, self.effort, self.stopped) = (Some(seed), Some(effort.name()), Some(stopped.name()));
        self
    }

    /// With the comparison of the plan with the one before, whose territories are called `names_before`.
    pub fn disruption(mut self, problem: &Problem, names_before: &[String], comparison: &Comparison) -> Self {
        self.disruption = Some(DisruptionReport::new(problem, names_before, comparison));
        self
    }
}

fn measure(m: &super::MeasureFigures) -> MeasureReport {
    MeasureReport {
        name: m.name.clone(),
        total: m.total,
        tolerance: m.tolerance,
        max_deviation: m.fairness.max_deviation,
        cv: m.fairness.cv,
        gini: m.fairness.gini,
        hoover: m.fairness.hoover,
        within_15_percent: m.fairness.within_15_percent,
        max_over_min: m.fairness.max_over_min,
    }
}

fn territory(evaluation: &Evaluation, t: &TerritoryFigures) -> TerritoryReport {
    let by_name = |values: &[f64]| {
        let names = evaluation.measures.iter().map(|m| m.name.clone());
        names.zip(values.iter().copied()).collect()
    };
    TerritoryReport {
        territory: t.name.clone(),
        units: t.units,
        pieces: t.pieces,
        sums: by_name(&t.sums),
        targets: by_name(&t.targets),
        deviations: by_name(&t.deviations),
        centroid: t.centroid,
        unweighted: !t.weighted && t.units > 0,
        inertia_km2: t.inertia_km2,
        diameter_km: t.diameter_km,
        ..TerritoryReport::default()
    }
}

fn violation(evaluation: &Evaluation, v: &super::Violation) -> ViolationReport {
    let name = |t: &TerritoryFigures| t.name.clone();
    ViolationReport {
        kind: v.kind.name().to_owned(),
        territory: evaluation.territories.get(v.territory.index()).map(name).unwrap_or_default(),
        measure: v.measure.and_then(|m| evaluation.measures.get(m)).map(|m| m.name.clone()),
        value: v.value,
        bound: v.bound,
        reason: v.reason.clone(),
    }
}

impl CompactnessReport {
    fn new(evaluation: &Evaluation) -> Self {
        let terms: Vec<TermReport> = evaluation
            .terms
            .iter()
            .map(|t| TermReport {
                kind: t.name.to_owned(),
                weight: t.weight,
                value: t.value,
                unit: t.unit.clone(),
                scale: None,
            })
            .collect();
        // The first of the largest weights.
        let leading = terms.iter().rev().max_by(|a, b| a.weight.total_cmp(&b.weight)).cloned().unwrap_or_default();
        Self {
            kind: leading.kind,
            value: leading.value,
            unit: leading.unit,
            lower_bound: None,
            gap: None,
            inertia_km2: evaluation.inertia_km2,
            cut_edges: evaluation.cut.edges,
            border_km: evaluation.cut.border_km,
            terms,
        }
    }
}

impl DisruptionReport {
    /// The comparison of a plan of `problem` with the one before, whose territories are called `names_before`.
    pub fn new(problem: &Problem, names_before: &[String], comparison: &Comparison) -> Self {
        let by_name = |value: fn(&super::MeasureDisruption) -> f64| -> ByName {
            let names = problem.measures().iter().map(|m| m.name.clone());
            names.zip(comparison.measures.iter().map(value)).collect()
        };
        let mut shares = vec![("units".to_owned(), comparison.units)];
        // A measure may itself be called units; its share is that of the units then only if it counts them.
        shares.extend(by_name(|m| m.share).into_iter().filter(|(name, _)| name != "units"));
        let before = |t: usize| names_before.get(t).cloned().unwrap_or_default();
        let after = |t: usize| match comparison.matched.get(t).copied().flatten() {
            Some(b) => before(b.index()),
            None => problem.territories().get(t).map(|t| t.name.clone()).unwrap_or_default(),
        };
        let moves = comparison.moves.iter().map(|m| MoveReport {
            unit: problem.unit_name(m.unit.index()),
            from: before(m.from.index()),
            to: after(m.to.index()),
        });
        Self {
            shares,
            lower_bound: by_name(|m| m.lower_bound),
            flow_estimate: by_name(|m| m.flow_estimate),
            moves: moves.collect(),
        }
    }
}

impl GraphReport {
    /// Counts the graph of `problem`; bridges are measured between the units' locations.
    pub fn new(problem: &Problem) -> Self {
        let graph = problem.graph();
        let (bridges, rest): (Vec<_>, Vec<_>) = graph.edges().partition(|e| e.kind == EdgeKind::Bridge);
        let unbridged = if bridges.is_empty() { None } else { Some(Graph::from_edges(graph.len(), &rest)) };
        let sizes = components(unbridged.as_ref().unwrap_or(graph)).sizes;
        let name = |unit: u32| problem.unit_name(unit as usize);
        let bridge = |e: &crate::adjacency::Edge| {
            (name(e.a), name(e.b), problem.locations().distance_km(e.a as usize, e.b as usize))
        };
        Self {
            edges: graph.edge_count(),
            components: sizes.len(),
            isolated: sizes.iter().filter(|&&s| s == 1).count(),
            bridges: bridges.iter().map(bridge).collect(),
            snapped: 0,
        }
    }
}
