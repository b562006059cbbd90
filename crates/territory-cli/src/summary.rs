//! The plan in a few lines for a person.

use crate::input::Shape;
use crate::outputs::Judged;
use std::fmt::Write;
use territory::evaluate::Report;

/// Violations shown in the summary; the report has all.
const SHOWN: usize = 10;

/// The whole summary.
pub(crate) fn summary(judged: &Judged<'_>, report: &Report, seconds: &[(String, f64)]) -> String {
    let mut lines: Vec<(String, String)> = vec![("plan".into(), title(judged))];
    lines.extend(balance(judged).into_iter().map(|(name, text, _)| (name, text)));
    lines.push(("compactness".into(), compactness(judged)));
    lines.extend(changes(judged));
    lines.extend(how_many(judged));
    lines.extend(judged.regions.iter().map(|regions| ("regions".into(), regions.report.words())));
    let rules = crate::report::rules(judged).map(|rules| rules.words()).filter(|words| !words.is_empty());
    lines.extend(rules.map(|words| ("rules".into(), words)));
    lines.extend(input(judged, report));
    let stages = seconds.iter().map(|(stage, s)| format!("{stage} {s:.2} s"));
    let stopped = judged.search.map(|search| format!("stopped: {}", search.stopped.name()));
    lines.push(("time".into(), stages.chain(stopped).collect::<Vec<_>>().join(" · ")));
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    // Writing to a string cannot fail; the results are dropped throughout.
    for (name, line) in lines {
        let gap = " ".repeat(width - name.chars().count());
        let _ = writeln!(text, "{name}{gap}  {line}");
    }
    text.extend(judged.comparison.map(|compared| compared.tables(judged.problem)));
    text.extend(judged.choices.map(|choices| choices.table()));
    text.extend(judged.monitored.map(|monitored| monitored.table(judged.problem)));
    let violations = &report.violations;
    if !violations.is_empty() {
        let by = judged.monitored.map_or("", |_| " by the values in the plan's file");
        let _ = writeln!(text, "\n{} violation(s){by}:", violations.len());
        for v in violations.iter().take(SHOWN) {
            let what = match &v.measure {
                Some(measure) => format!("{measure} {} (bound {})", number(v.value), number(v.bound)),
                None => format!("{} (allowed {})", number(v.value), number(v.bound)),
            };
            let reason = if v.reason.is_empty() { String::new() } else { format!(": {}", v.reason) };
            // Regions have names that say what they are.
            let (who, kind) = match v.kind.strip_prefix("region_") {
                Some(kind) => (v.territory.clone(), kind),
                None if v.territory.is_empty() => ("plan".to_owned(), v.kind.as_str()),
                None => (format!("territory {}", v.territory), v.kind.as_str()),
            };
            let _ = writeln!(text, "  {who} {} {what}{reason}", kind.replace('_', " "));
        }
        if violations.len() > SHOWN {
            let _ = writeln!(text, "  … and {} more, see --report", violations.len() - SHOWN);
        }
    }
    // What no reason above says already.
    for finding in judged.evaluation.findings.iter().filter(|f| !violations.iter().any(|v| v.reason.contains(&f.text)))
    {
        let _ = writeln!(text, "  {}", finding.text);
    }
    for m in judged.problem.measures().iter().filter(|m| m.tolerance > 1.0 && m.tolerance.is_finite()) {
        let _ = writeln!(
            text,
            "note: {0}={1} allows ±{2}; ±{1} % is {0}={3}",
            m.name,
            m.tolerance,
            percent(m.tolerance),
            m.tolerance / 100.0
        );
    }
    for (inner, outer) in report.enclaves.iter().take(SHOWN) {
        let _ = writeln!(text, "note: territory {inner} lies inside territory {outer} (--no-enclaves forbids it)");
    }
    if let Some(cells) = &report.input.cells {
        let around = cells.strip_km.map_or("clipped to the boundary".to_owned(), |km| {
            format!("clipped to their hull and a strip of {} km", number(km))
        });
        let off = cells.projection.map_or(String::new(), |projection| {
            format!(
                "; cells of the sphere, found in a {projection} projection, borders off by {:.3} km at most",
                cells.error_km
            )
        });
        let _ = writeln!(text, "note: territories are cells of points, {around}{off}");
    }
    for note in &judged.prepared.units.notes {
        let _ = writeln!(text, "note: {note}");
    }
    for note in &judged.prepared.network.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

/// How many territories of how many units, contiguous or not.
pub(crate) fn title(judged: &Judged<'_>) -> String {
    let evaluation = &judged.evaluation;
    let contiguous = if evaluation.contiguous {
        "contiguous".to_owned()
    } else {
        let broken = evaluation.territories.iter().filter(|t| t.pieces != 1).count();
        format!("{broken} not contiguous")
    };
    format!("{} territories of {} units, {contiguous}", number(evaluation.k() as f64), number(evaluation.units as f64))
}

/// Per measure: its name, worst deviation and what is allowed, and whether its bounds hold.
pub(crate) fn balance(judged: &Judged<'_>) -> Vec<(String, String, bool)> {
    let evaluation = &judged.evaluation;
    let of_measure = |(m, measure): (usize, &territory::Measure)| {
        let figures = &evaluation.measures[m];
        let worst = evaluation.territories.iter().max_by(|a, b| {
            let size = |t: &territory::evaluate::TerritoryFigures| t.deviations.get(m).map_or(0.0, |d| d.abs());
            size(a).total_cmp(&size(b))
        });
        let mut allowed = Vec::new();
        if measure.tolerance.is_finite() {
            let what = if measure.wish.is_some() { "wished" } else { "allowed" };
            allowed.push(format!("±{} {what}", percent(measure.tolerance)));
        }
        if measure.wish.is_some() {
            let missed = evaluation.missed_wishes.iter().filter(|w| w.measure == m).count();
            allowed.push(match missed {
                0 => "met by all".to_owned(),
                1 => "missed by 1 territory".to_owned(),
                more => format!("missed by {more} territories"),
            });
        }
        allowed.extend(measure.minimum.map(|v| format!("at least {}", number(v))));
        allowed.extend(measure.maximum.map(|v| format!("at most {}", number(v))));
        if allowed.is_empty() {
            allowed.push(own_bounds(judged.problem, m));
        }
        let holds = !evaluation.violations.iter().any(|v| v.measure == Some(m));
        let best = figures.best_deviation.map_or(String::new(), |best| format!("; no plan is below {}", percent(best)));
        let place = worst.map_or(String::new(), |t| format!(" in territory {}", t.name));
        let deviation = percent(figures.fairness.max_deviation);
        let text = format!("worst deviation {deviation}{place} ({}{best})", allowed.join(", "));
        (measure.name.clone(), text, holds)
    };
    judged.problem.measures().iter().enumerate().map(of_measure).collect()
}

/// What territories may have of a measure that only they have bounds on.
fn own_bounds(problem: &territory::Problem, measure: usize) -> String {
    let bounds = (0..problem.k()).map(|t| problem.bounds(t, measure));
    let (lower, upper) = bounds.fold((f64::INFINITY, 0.0_f64), |all, b| (all.0.min(b.0), all.1.max(b.1)));
    match (lower > 0.0, upper.is_finite()) {
        (_, true) => format!("{} to {} allowed", number(lower), number(upper)),
        (true, false) => format!("at least {}", number(lower)),
        (false, false) => "bounds of single territories".to_owned(),
    }
}

/// How tight the territories are.
pub(crate) fn compactness(judged: &Judged<'_>) -> String {
    let evaluation = &judged.evaluation;
    let mean_km = evaluation.inertia_km2.max(0.0).sqrt();
    let border = match &judged.prepared.shape {
        Shape::Areas(_) if evaluation.cut.border_km > 0.0 => {
            format!(" · {} km of borders", number(evaluation.cut.border_km))
        }
        _ => String::new(),
    };
    format!(
        "{mean_km:.1} km from the centres (root mean square) · {} of {} links cut{border}",
        number(evaluation.cut.edges as f64),
        number(judged.problem.graph().edge_count() as f64)
    )
}

/// One text per territory: its sums.
pub(crate) fn notes(judged: &Judged<'_>) -> Vec<String> {
    let measures = judged.problem.measures();
    let of_territory = |t: &territory::evaluate::TerritoryFigures| {
        let sums = measures.iter().zip(&t.sums).zip(&t.deviations);
        let sums = sums.map(|((m, &sum), &d)| format!("{} {} ({}{})", m.name, number(sum), sign(d), percent(d.abs())));
        format!("{} units · {}", number(t.units as f64), sums.collect::<Vec<_>>().join(" · "))
    };
    judged.evaluation.territories.iter().map(of_territory).collect()
}

/// What changes against the plan before, and how the plan bears the periods.
fn changes(judged: &Judged<'_>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if let Some(compared) = judged.comparison {
        lines.push(("changes".into(), compared.line(judged.problem)));
        lines.extend(compared.reasons().map(|reasons| ("reasons".into(), reasons)));
    }
    lines.extend(judged.monitored.map(|monitored| ("health".into(), monitored.line.clone())));
    lines
}

/// Why the number of territories is what it is, where it was looked for.
fn how_many(judged: &Judged<'_>) -> Vec<(String, String)> {
    let Some(found) = &judged.how_many else { return Vec::new() };
    let k = match &found.lacks {
        None => format!("{} are enough", found.k),
        Some(lacks) => format!("no number was found that is enough; {}: {lacks}", found.k),
    };
    let below = found.below.as_ref().map(|b| format!("; {}: {} ({})", b.k, b.verdict, b.reason));
    vec![("how many".into(), k + &below.unwrap_or_default())]
}

/// What a reader should know of the input: only what is there.
fn input(judged: &Judged<'_>, report: &Report) -> Vec<(String, String)> {
    let prepared = judged.prepared;
    let mut parts = vec![format!("units named by {}", prepared.units.id)];
    let mut count = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{} {what}", number(n as f64)));
        }
    };
    count(report.graph.bridges.len(), "bridges between islands");
    count(report.graph.snapped, "border vertices snapped");
    count(report.input.repaired.len(), "units repaired");
    if let Shape::Areas(coverage) = &prepared.shape {
        count(coverage.report().wrapped_longitudes, "longitudes wrapped");
        count(coverage.report().overlaps.len(), "overlaps between units");
    }
    count(report.input.split.len(), "units cut into parts");
    count(report.input.skipped.len(), "features skipped");
    parts.push(format!("distances and areas on the {}", report.input.space));
    let mut lines = vec![("input".into(), parts.join(" · "))];
    if let Some(join) = &prepared.join {
        lines.push((
            "customers".into(),
            format!(
                "{} inside units · {} to the nearest · {} dropped",
                number(join.joined as f64),
                number(join.nearest as f64),
                number(join.dropped as f64)
            ),
        ));
    }
    lines
}

pub(crate) fn sign(value: f64) -> &'static str {
    if value < 0.0 { "−" } else { "+" }
}

/// A share in percent, with two digits that count.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "∞".to_owned();
    }
    let percent = share * 100.0;
    let digits = if percent >= 10.0 { 1 } else { 2 };
    let text = format!("{percent:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

/// A number with its thousands apart, decimals only where it is small.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return value.to_string();
    }
    let decimals = usize::from(value.fract() != 0.0)
        * if value.abs() < 10.0 {
            3
        } else if value.abs() < 1000.0 {
            1
        } else {
            0
        };
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = if value < 0.0 { "−".to_owned() } else { String::new() };
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match rest {
        Some(rest) => format!("{grouped}.{rest}"),
        None => grouped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(10014009.0), "10,014,009");
        assert_eq!(number(-999.96), "−1,000.0");
        assert_eq!(number(0.1234), "0.123");
        assert_eq!(number(f64::INFINITY), "inf");
        assert_eq!((percent(0.03), percent(0.0299), percent(0.341)), ("3 %".into(), "2.99 %".into(), "34.1 %".into()));
    }
}
