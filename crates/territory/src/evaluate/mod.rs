//! Judging a plan: fairness, compactness, violations with their reasons, comparison with another plan and the reasons for its moves,
//! drift over periods, report. Everything is computed from the problem and the assignment alone, never from the books that a search
//! keeps, so that the one checks the other. Knows no files and no JSON; with the feature `serde` the [`Report`] serialises to the keys
//! of the documented report.

mod assignment;
mod compare;
mod cut;
mod diagnose;
mod diameter;
mod drift;
mod evaluation;
mod fairness;
mod least_change;
mod medoid;
mod moves;
mod network;
mod reasons;
mod report;
mod rules;
mod side_by_side;
mod terms;
mod territories;
#[cfg(test)]
mod tests;
mod violation;
mod words;

pub use assignment::{AssignmentError, Validity, validate};
pub use compare::{
    Change, Comparison, MeasureDisruption, Move, NO_TERRITORY, PlanNames, compare, compare_by_name, names_by_overlap,
};
pub use diagnose::{Finding, FindingKind, diagnose};
pub use drift::{Drift, DriftError, Health, MeasureDrift, Outlook, Period, Ranked, Trend, drift, trend};
pub use evaluation::{Cut, Evaluation, MeasureFigures, MissedWish, Term, TerritoryFigures, WISHES, evaluate};
pub use fairness::{Fairness, fairness};
pub use medoid::{Medoid, median, medoid_inertia, medoids_by};
pub use moves::{BrokenRule, Imbalance, Reason, ReasonedMove, Severed, reasons_by_name, reasons_for_moves};
pub(crate) use network::reach;
pub use report::{
    ByName, CellsReport, ChangeReport, CompactnessReport, CustomersReport, DisruptionReport, DriftReport, GraphReport,
    InputReport, MeasureDriftReport, MeasureReport, MoveReport, PeriodsReport, PlanReport, PlansReport, RankReport,
    Report, TermReport, TerritoryDriftReport, TerritoryReport, ViolationReport,
};
pub use rules::{AreaSplits, SplitArea, area_splits, cut_ties};
pub use side_by_side::{PlanFigures, side_by_side};
pub(crate) use violation::side;
pub use violation::{BOUND_SLACK, Violation, ViolationKind};
