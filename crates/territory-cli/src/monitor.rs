//! A plan against a series of periods: its health in one line, and which territories to look at first.

use crate::args;
use crate::columns::aligned;
use crate::failure::Failure;
use crate::run::Prepared;
use crate::series::read_series;
use crate::summary::{number, percent, sign};
use std::path::Path;
use territory::Problem;
use territory::evaluate::{Drift, Evaluation, Health, Ranked, Report, ViolationKind, drift};

/// Territories shown; the report has all.
const SHOWN: usize = 10;

/// A plan in the periods of a series.
pub(crate) struct Monitored {
    drift: Drift,
    warn_within: u32,
    /// How the plan is, its contiguity included.
    pub(crate) health: Health,
    /// The same in one line.
    pub(crate) line: String,
}

impl Monitored {
    /// Reads the series and judges the plan in it.
    pub(crate) fn read(
        path: &Path,
        warn_within: u32,
        prepared: &Prepared,
        (problem, assignment, evaluation): (&Problem, &[u32], &Evaluation),
        input: &args::Input,
    ) -> Result<Self, Failure> {
        let periods = read_series(path, &prepared.units, problem.measures(), input.missing)?;
        let drift =
            drift(problem, assignment, &periods).map_err(|e| Failure::Input(format!("{}: {e}", path.display())))?;
        let (health, line) = health(problem, &drift, evaluation, warn_within);
        Ok(Self { drift, warn_within, health, line })
    }

    /// The report with the series.
    pub(crate) fn report(&self, problem: &Problem, report: Report) -> Report {
        let mut report = report.drift(problem, &self.drift, self.warn_within);
        if let Some(told) = &mut report.drift {
            (told.health, told.line) = (self.health.name(), self.line.clone());
        }
        report
    }

    /// Which territories to look at first.
    pub(crate) fn table(&self, problem: &Problem) -> String {
        let last = self.drift.periods.last().map_or("", String::as_str);
        let head = [
            "look at first",
            "measure",
            &format!("in {last}"),
            "bound",
            "room",
            "trend a period",
            "first broken",
            "periods left",
        ];
        let rows: Vec<Vec<String>> =
            self.drift.ranking.iter().take(SHOWN).filter_map(|ranked| self.row(problem, ranked)).collect();
        let more = match self.drift.ranking.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("… and {more} more, see --report\n"),
        };
        format!("\n{}{more}", aligned(&head.map(str::to_owned), &rows))
    }

    fn row(&self, problem: &Problem, ranked: &Ranked) -> Option<Vec<String>> {
        let drift = self.drift.territories.get(ranked.territory.index())?.get(ranked.measure)?;
        let signed = |share: f64| format!("{}{}", sign(share), percent(share.abs()));
        let none = || "–".to_owned();
        let trend = drift.trend.map_or_else(none, |trend| {
            let error = trend.standard_error.map_or(String::new(), |e| format!(" ± {}", percent(e)));
            format!("{}{error}", signed(trend.slope))
        });
        Some(vec![
            name(problem, ranked),
            problem.measures().get(ranked.measure)?.name.clone(),
            signed(*drift.deviations.last()?),
            drift.outlook.map_or_else(none, |o| format!("{} {}", bound(o.kind), number(o.bound))),
            drift.outlook.map_or_else(none, |o| signed(o.room)),
            trend,
            drift.first_broken.and_then(|p| self.drift.periods.get(p).cloned()).unwrap_or_else(none),
            match ranked.periods_left {
                Some(0) => "broken".to_owned(),
                Some(left) => number(f64::from(left)),
                None => none(),
            },
        ])
    }
}

fn name(problem: &Problem, ranked: &Ranked) -> String {
    problem.territories().get(ranked.territory.index()).map(|t| t.name.clone()).unwrap_or_default()
}

fn bound(kind: ViolationKind) -> &'static str {
    if kind == ViolationKind::AboveMaximum { "maximum" } else { "minimum" }
}

/// How the plan is in the last period, in one line.
fn health(problem: &Problem, drift: &Drift, evaluation: &Evaluation, warn_within: u32) -> (Health, String) {
    let last = drift.periods.last().map_or("", String::as_str);
    let of = |health: Health| drift.ranking.iter().filter(|r| r.health(warn_within) == health).count();
    let (broken, watch, k) = (of(Health::Broken), of(Health::Watch), problem.k());
    // What is wrong with the plan in any period: pieces, rules.
    let always = evaluation.violations.iter().find(|v| v.measure.is_none());
    let first = drift.ranking.first();
    let told = |ranked: &Ranked| {
        let of = drift.territories.get(ranked.territory.index()).and_then(|t| t.get(ranked.measure)?.outlook);
        let measure = problem.measures().get(ranked.measure).map_or("", |m| m.name.as_str());
        (name(problem, ranked), measure.to_owned(), of)
    };
    let soon =
        if watch > 0 { format!("; {watch} more will be within {}", periods(warn_within)) } else { String::new() };
    let mut faults = Vec::new();
    if let Some(violation) = always {
        let territory = problem.territories().get(violation.territory.index()).map_or("", |t| t.name.as_str());
        faults.push(format!("territory {territory}: {}", violation.kind.name().replace('_', " ")));
    }
    if let Some((territory, measure, Some(outlook))) = first.filter(|_| broken > 0).map(told) {
        let side = if outlook.kind == ViolationKind::AboveMaximum { "above" } else { "below" };
        faults.push(format!(
            "{broken} of {k} territories outside their bounds in {last}, worst {territory}: {measure} {} of its target {side} the {}{soon}",
            percent(-outlook.room),
            bound(outlook.kind)
        ));
    }
    if !faults.is_empty() {
        return (Health::Broken, format!("broken: {}", faults.join("; ")));
    }
    let leads = first.map(|ranked| (told(ranked), ranked.periods_left));
    match (watch, leads) {
        (1.., Some(((territory, measure, Some(outlook)), Some(left)))) => (
            Health::Watch,
            format!(
                "watch: all bounds hold in {last}, but at their trend {watch} of {k} territories will be outside within {}, first {territory}: {measure} beyond the {} in {}",
                periods(warn_within),
                bound(outlook.kind),
                periods(left)
            ),
        ),
        (_, Some(((territory, measure, Some(outlook)), Some(left)))) => (
            Health::Healthy,
            format!(
                "healthy: all bounds hold in {last}; at its trend the first outside will be {territory}: {measure} beyond the {} in {}",
                bound(outlook.kind),
                periods(left)
            ),
        ),
        _ => (Health::Healthy, format!("healthy: all bounds hold in {last}, and no trend leads out of them")),
    }
}

fn periods(n: u32) -> String {
    if n == 1 { "1 period".to_owned() } else { format!("{} periods", number(f64::from(n))) }
}
