//! Judging a plan: fairness, compactness, violations with their reasons, comparison with another plan, report. Everything is
//! computed from the problem and the assignment alone, never from the books that a search keeps, so that the one checks the
//! other. Knows no files and no JSON; with the feature `serde` the [`Report`] serialises to the keys of the documented report.

mod assignment;
mod compare;
mod cut;
mod diagnose;
mod diameter;
mod evaluation;
mod fairness;
mod medoid;
mod reasons;
mod report;
mod rules;
mod terms;
mod territories;
#[cfg(test)]
mod tests;
mod violation;
mod words;

pub use assignment::{AssignmentError, Validity, validate};
pub use compare::{Change, Comparison, MeasureDisruption, Move, NO_TERRITORY, PlanNames, compare};
pub use diagnose::{Finding, FindingKind, diagnose};
pub use evaluation::{Cut, Evaluation, MeasureFigures, Term, TerritoryFigures, evaluate};
pub use fairness::{Fairness, fairness};
pub use medoid::{Medoid, median, medoid_inertia, medoids_by};
pub use report::{
    ByName, CellsReport, CompactnessReport, CustomersReport, DisruptionReport, GraphReport, InputReport, MeasureReport,
    MoveReport, Report, TermReport, TerritoryReport, ViolationReport,
};
pub use rules::{AreaSplits, SplitArea, area_splits, cut_ties};
pub use violation::{BOUND_SLACK, Violation, ViolationKind};
