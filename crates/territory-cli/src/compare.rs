//! Two plans side by side: what changes and why, as tables for a person, as the report's part, and as the list of moves.

use crate::columns::aligned;
use crate::failure::Failure;
use crate::input::Shape;
use crate::outputs::Judged;
use crate::run::Prepared;
use crate::summary::{number, percent, sign};
use std::path::PathBuf;
use territory::Problem;
use territory::evaluate::{
    Comparison, MeasureReport, NO_TERRITORY, PlanNames, PlanReport, PlansReport, ReasonedMove, Report, compare,
    compare_by_name, reasons_by_name, reasons_for_moves, side_by_side,
};
use territory_geojson::OutputFile;

/// Territories shown; the report has all.
const SHOWN: usize = 50;

/// How a figure of a measure is written.
type Figure = fn(&MeasureReport) -> Option<String>;

/// A plan compared with the one before.
pub(crate) struct Compared<'a> {
    pub(crate) comparison: Comparison,
    /// What the plan before calls its territories.
    names_before: &'a [String],
    /// What the file of the plan after calls its own.
    own_names: &'a [String],
    /// What a reader of the plan before calls the territories now.
    names: Vec<String>,
    moves: Vec<ReasonedMove>,
    plans: PlansReport,
    /// Where the list of moves goes.
    pub(crate) moves_to: Option<&'a PathBuf>,
    /// The plan before, where it is the one that was changed.
    changed: Option<PlanNames<'a>>,
}

impl<'a> Compared<'a> {
    /// Compares the plan `before` with the plan `after` of `problem`, whose file has names of its own.
    pub(crate) fn new(
        prepared: &Prepared,
        problem: &Problem,
        plan: PlanNames<'a>,
        (after, own_names): (&[u32], &'a [String]),
        moves_to: Option<&'a PathBuf>,
    ) -> Result<Self, Failure> {
        let comparison = compare(problem, plan, after).map_err(failed)?;
        let moves = reasons_for_moves(problem, plan, after).map_err(failed)?;
        Self::of(prepared, problem, plan, (after, own_names), (comparison, moves), moves_to)
    }

    /// The plan `today` beside the one that it was changed to, which kept the names.
    pub(crate) fn changed_from(
        prepared: &Prepared,
        problem: &Problem,
        today: PlanNames<'a>,
        (after, own_names): (&[u32], &'a [String]),
        moves_to: Option<&'a PathBuf>,
    ) -> Result<Self, Failure> {
        let comparison = compare_by_name(problem, today, after).map_err(failed)?;
        let moves = reasons_by_name(problem, today, after).map_err(failed)?;
        let compared = Self::of(prepared, problem, today, (after, own_names), (comparison, moves), moves_to)?;
        Ok(Self { changed: Some(today), ..compared })
    }

    fn of(
        prepared: &Prepared,
        problem: &Problem,
        plan: PlanNames<'a>,
        (after, own_names): (&[u32], &'a [String]),
        (comparison, moves): (Comparison, Vec<ReasonedMove>),
        moves_to: Option<&'a PathBuf>,
    ) -> Result<Self, Failure> {
        let figures = side_by_side(problem, plan, after, &comparison).map_err(failed)?;
        let mut plans = PlansReport::new(problem, &figures);
        let names_before = plan.names;
        add_shapes(prepared, &mut plans.before, plan.assignment, names_before.len());
        add_shapes(prepared, &mut plans.after, after, problem.k());
        let names = comparison.names(problem, names_before);
        Ok(Self { comparison, names_before, own_names, names, moves, plans, moves_to, changed: None })
    }

    /// Whether the plan before is the one that was changed, which the plan after then tells.
    pub(crate) fn tells_before(&self) -> bool {
        self.changed.is_some()
    }

    /// The territory that a unit had in the plan that was changed.
    pub(crate) fn before(&self, unit: usize) -> Option<&str> {
        let today = self.changed?;
        let territory = *today.assignment.get(unit)?;
        today.names.get(territory as usize).map(String::as_str)
    }

    /// The report with what changes; units are called by their ids.
    pub(crate) fn report(&self, judged: &Judged<'_>, report: Report) -> Report {
        let mut report = report.disruption(judged.problem, self.names_before, &self.comparison, &self.moves);
        if let Some(disruption) = &mut report.disruption {
            for (told, of) in disruption.moves.iter_mut().zip(&self.moves) {
                told.unit = judged.prepared.units.names.get(of.unit.index()).cloned().unwrap_or_default();
            }
            for (told, of) in disruption.territories.iter_mut().zip(&self.comparison.changes) {
                told.after = of.after.and_then(|t| self.own_names.get(t.index()).cloned());
            }
            disruption.plans = Some(self.plans.clone());
        }
        report
    }

    /// The list of moves: unit, from, to, reason, what moves of every measure, why.
    pub(crate) fn write_moves(&self, judged: &Judged<'_>, out: &mut OutputFile) -> Result<(), Failure> {
        let measures = judged.problem.measures();
        let head = ["unit", "from", "to", "reason"].into_iter().chain(measures.iter().map(|m| m.name.as_str()));
        let mut writer = csv::Writer::from_writer(&mut *out);
        let row = |m: &ReasonedMove| {
            let unit = judged.prepared.units.names.get(m.unit.index()).cloned();
            let from = m.from.and_then(|t| self.names_before.get(t.index()).cloned());
            let to = self.names.get(m.to.index()).cloned();
            let moved = measures.iter().map(|of| of.values.get(m.unit.index()).map(f64::to_string));
            let cells = [unit, from, to, Some(m.reason.name().to_owned())].into_iter().chain(moved);
            let why = m.why(judged.problem, &self.names);
            cells.map(Option::unwrap_or_default).chain([why]).collect::<Vec<String>>()
        };
        let written = writer.write_record(head.chain(["why"])).and_then(|()| {
            self.moves.iter().try_for_each(|m| writer.write_record(row(m)))?;
            Ok(writer.flush()?)
        });
        drop(writer);
        written.map_err(|e| Failure::Other(format!("{}: cannot be written ({e})", out.name())))
    }

    /// What changes, in a line.
    pub(crate) fn line(&self, problem: &Problem) -> String {
        let comparison = &self.comparison;
        let shares = problem.measures().iter().zip(&comparison.measures).map(|(m, d)| {
            let forced = if d.forced > 0.0 { format!(", {} forced", percent(d.forced)) } else { String::new() };
            let beside = format!(
                " (no plan is below {}, flow estimate {}{forced})",
                percent(d.lower_bound),
                percent(d.flow_estimate)
            );
            format!("{} of {}{beside}", percent(d.share), m.name)
        });
        let mut text = format!("{} units ({})", number(comparison.moves.len() as f64), percent(comparison.units));
        shares.for_each(|share| text += &format!(" · {share}"));
        if comparison.new_units > 0 {
            text += &format!(" · {} units are new", number(comparison.new_units as f64));
        }
        let counts = [comparison.touched, comparison.least_touched, comparison.beyond_flow];
        let [touched, least, beyond] = counts.map(|count| number(count as f64));
        let k = problem.k();
        text += &format!(
            " · {touched} of {k} territories change ({least} have to, at least; {beyond} are beyond the flow)"
        );
        text
    }

    /// Why units move, in a line: how many for which reason.
    pub(crate) fn reasons(&self) -> Option<String> {
        let count = |name: &&str| self.moves.iter().filter(|m| m.reason.name() == *name).count();
        let names = ["new", "forced", "rule", "contiguity", "balance", "choice"];
        let told: Vec<String> = names
            .iter()
            .map(|name| (name, count(name)))
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| format!("{name} {}", number(n as f64)))
            .collect();
        (!told.is_empty()).then(|| told.join(" · "))
    }

    /// The tables: per territory, and both plans side by side.
    pub(crate) fn tables(&self, problem: &Problem) -> String {
        format!("\n{}\n{}", self.territories(problem), self.side_by_side())
    }

    /// Per territory units and measures before and after, handed off and taken over; those that change most if there are many.
    fn territories(&self, problem: &Problem) -> String {
        let changes = &self.comparison.changes;
        let mut shown: Vec<usize> = (0..changes.len()).collect();
        if changes.len() > SHOWN {
            shown.sort_by_key(|&c| std::cmp::Reverse(changes[c].moved_units[0] + changes[c].moved_units[1]));
            shown.truncate(SHOWN);
            shown.sort_unstable();
        }
        let block = |name: &str| [name, "change", "handed off", "taken over"].map(str::to_owned);
        let mut head = vec!["territory".to_owned()];
        head.extend(block("units"));
        // Units are counted already.
        let measures: Vec<usize> =
            (0..problem.measures().len()).filter(|&m| problem.measures()[m].name != "units").collect();
        measures.iter().for_each(|&m| head.extend(block(&problem.measures()[m].name)));
        let row = |&c: &usize| {
            let change = &changes[c];
            let mut row = vec![match (change.before, change.after) {
                (None, _) if change.name.ends_with(" (new)") => change.name.clone(),
                (None, _) => format!("{} (new)", change.name),
                (_, None) => format!("{} (no more)", change.name),
                _ => change.name.clone(),
            }];
            row.extend(cells(change.units.map(|n| n as f64), change.moved_units.map(|n| n as f64)));
            for &m in &measures {
                row.extend(cells(change.sums[m], change.moved[m]));
            }
            row
        };
        let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
        let more = match changes.len() - shown.len() {
            0 => String::new(),
            more => format!("… and {more} territories with fewer changes, see --report\n"),
        };
        aligned(&head, &rows) + &more
    }

    /// Fairness and compactness of both plans.
    fn side_by_side(&self) -> String {
        let (before, after) = (&self.plans.before, &self.plans.after);
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut row = |name: String, value: &dyn Fn(&PlanReport) -> Option<String>| {
            if let (Some(before), Some(after)) = (value(before), value(after)) {
                rows.push(vec![name, before, after]);
            }
        };
        row("territories".into(), &|p| Some(number(p.k as f64)));
        row("contiguous".into(), &|p| Some(if p.contiguous { "yes" } else { "no" }.to_owned()));
        let fairness: [(&str, Figure); 6] = [
            ("worst deviation", |m| Some(percent(m.max_deviation))),
            ("coefficient of variation", |m| Some(decimals(m.cv))),
            ("Gini", |m| Some(decimals(m.gini))),
            ("Hoover", |m| Some(decimals(m.hoover))),
            ("within 15 % of target", |m| Some(percent(m.within_15_percent))),
            ("largest over smallest", |m| Some(m.max_over_min.map_or("–".to_owned(), decimals))),
        ];
        for (m, measure) in after.measures.iter().enumerate() {
            for (name, value) in fairness {
                row(format!("{}: {name}", measure.name), &|p| p.measures.get(m).and_then(value));
            }
        }
        row("km from the centres".into(), &|p| Some(format!("{:.1}", p.inertia_km2.max(0.0).sqrt())));
        row("links cut".into(), &|p| Some(number(p.cut_edges as f64)));
        if before.border_km > 0.0 || after.border_km > 0.0 {
            row("km of borders".into(), &|p| Some(number(p.border_km.round())));
        }
        row("mean Polsby–Popper".into(), &|p| p.polsby_popper.map(decimals));
        row("mean Reock".into(), &|p| p.reock.map(decimals));
        aligned(&["plan", "before", "after"].map(str::to_owned), &rows)
    }
}

fn failed(error: territory::evaluate::AssignmentError) -> Failure {
    Failure::Other(error.to_string())
}

/// Before → after, change, handed off, taken over.
fn cells([before, after]: [f64; 2], [off, over]: [f64; 2]) -> [String; 4] {
    let change = match before > 0.0 {
        true => format!("{}{}", sign(after - before), percent((after / before - 1.0).abs())),
        false => "–".to_owned(),
    };
    [format!("{} → {}", number(before), number(after)), change, number(off), number(over)]
}

fn decimals(value: f64) -> String {
    format!("{value:.3}")
}

/// Means of the shape scores of territories that are polygons.
fn add_shapes(prepared: &Prepared, plan: &mut PlanReport, assignment: &[u32], k: usize) {
    let Shape::Areas(coverage) = &prepared.shape else { return };
    // Units without a territory are drawn as one more, which is not looked at.
    let known: Vec<u32> = assignment.iter().map(|&t| if t == NO_TERRITORY { k as u32 } else { t }).collect();
    let shapes = coverage.dissolve(&known, k + 1).shapes();
    let mean = |score: &dyn Fn(usize) -> f64| {
        let scores: Vec<f64> = (0..k.min(shapes.len())).map(score).filter(|s| s.is_finite()).collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    };
    plan.polsby_popper = mean(&|t| shapes[t].polsby_popper);
    plan.reock = mean(&|t| shapes[t].reock);
}
