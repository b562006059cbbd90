//! Fills the report in from an evaluation, a comparison and a problem.

use super::super::compare::Comparison;
use super::super::drift::Drift;
use super::super::evaluation::{Evaluation, MeasureFigures, TerritoryFigures};
use super::super::fairness::Fairness;
use super::super::moves::ReasonedMove;
use super::super::violation::Violation;
use super::{
    CompactnessReport, DisruptionReport, DriftReport, GraphReport, MeasureReport, Report, TermReport, TerritoryReport,
    ViolationReport,
};
use crate::adjacency::{Edge, EdgeKind, Graph, components};
use crate::control::{Effort, Stopped};
use crate::problem::Problem;

impl Report {
    /// The report of `evaluation`, an evaluation of a plan of `problem`; what the engine does not know stays empty.
    pub fn new(problem: &Problem, evaluation: &Evaluation) -> Self {
        Self {
            k: evaluation.k(),
            units: evaluation.units,
            contiguous: evaluation.contiguous,
            measures: evaluation.measures.iter().enumerate().map(|(at, m)| measure(evaluation, at, m)).collect(),
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

    /// With the comparison of the plan with the one before, whose territories are called `names_before`, and why units move.
    pub fn disruption(
        mut self,
        problem: &Problem,
        names_before: &[String],
        comparison: &Comparison,
        moves: &[ReasonedMove],
    ) -> Self {
        self.disruption = Some(DisruptionReport::new(problem, names_before, comparison, moves));
        self
    }

    /// With how the plan bears a series of periods; a break within `warn_within` periods is told.
    pub fn drift(mut self, problem: &Problem, drift: &Drift, warn_within: u32) -> Self {
        self.drift = Some(DriftReport::new(problem, drift, warn_within));
        self
    }
}

impl MeasureReport {
    /// The figures of a measure of this name, sum and tolerance.
    pub(super) fn new(name: String, total: f64, tolerance: f64, fairness: &Fairness) -> Self {
        Self {
            name,
            total,
            tolerance,
            wish: None,
            missed_by: None,
            max_deviation: fairness.max_deviation,
            cv: fairness.cv,
            gini: fairness.gini,
            hoover: fairness.hoover,
            within_15_percent: fairness.within_15_percent,
            max_over_min: fairness.max_over_min,
        }
    }
}

fn measure(evaluation: &Evaluation, at: usize, m: &MeasureFigures) -> MeasureReport {
    let missed = evaluation.missed_wishes.iter().filter(|w| w.measure == at);
    let names = missed.filter_map(|w| evaluation.territories.get(w.territory.index())).map(|t| t.name.clone());
    MeasureReport {
        wish: m.wish,
        missed_by: m.wish.map(|_| names.collect()),
        ..MeasureReport::new(m.name.clone(), m.total, m.tolerance, &m.fairness)
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

fn violation(evaluation: &Evaluation, v: &Violation) -> ViolationReport {
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

impl GraphReport {
    /// Counts the graph of `problem`; bridges are measured between the units' locations.
    pub fn new(problem: &Problem) -> Self {
        let graph = problem.graph();
        let (bridges, rest): (Vec<_>, Vec<_>) = graph.edges().partition(|e| e.kind == EdgeKind::Bridge);
        let unbridged = if bridges.is_empty() { None } else { Some(Graph::from_edges(graph.len(), &rest)) };
        let sizes = components(unbridged.as_ref().unwrap_or(graph)).sizes;
        let name = |unit: u32| problem.unit_name(unit as usize);
        let bridge = |e: &Edge| (name(e.a), name(e.b), problem.locations().distance_km(e.a as usize, e.b as usize));
        Self {
            edges: graph.edge_count(),
            components: sizes.len(),
            isolated: sizes.iter().filter(|&&s| s == 1).count(),
            bridges: bridges.iter().map(bridge).collect(),
            snapped: 0,
        }
    }
}
