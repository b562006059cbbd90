//! Proofs from separate components: each must hold a whole number of territories.

use super::super::words::{count, figure};
use super::{Finding, FindingKind, Limits, WIDER, certified_deviation};
use crate::adjacency::components;
use crate::ids::UnitId;
use crate::problem::Problem;

/// Numbers of territories that a component may hold, least and most; none where the least is above.
type Span = (usize, usize);

struct Component {
    first: u32,
    units: usize,
    /// Sum per measure.
    sums: Vec<f64>,
}

/// All such proofs.
pub(super) fn findings(problem: &Problem, limits: &[Limits], found: &mut Vec<Finding>) {
    let parts = parts(problem);
    let k = problem.k();
    let best: Vec<Option<f64>> = limits.iter().map(|l| certified_deviation(|d| !fits_within(&parts, l, d))).collect();
    let mut whole = Vec::with_capacity(parts.len());
    for part in &parts {
        let spans: Vec<Span> = limits
            .iter()
            .map(|l| span(part, l.measure, k, |q| l.lower_sums[q], |q| l.upper_sums[q], 1e-12 * l.total))
            .collect();
        let joint = spans.iter().fold((1, part.units.min(k)), |a, b| (a.0.max(b.0), a.1.min(b.1)));
        let name = problem.unit_name(part.first as usize);
        let holder = format!("the component of unit {name} ({})", count(part.units, "unit"));
        let alone = spans.iter().zip(limits).filter(|(s, _)| s.0 > s.1);
        let before = found.len();
        for (&(_, most), l) in alone {
            let sum = part.sums[l.measure];
            let (upper, lower) = (l.upper_sums[most], l.lower_sums.get(most + 1).copied());
            let (has, name) = (figure(sum), &problem.measures()[l.measure].name);
            let needs = lower.filter(|_| part.units > most).map(figure);
            let text = match (most, needs) {
                (0, Some(lower)) => {
                    format!("{holder} has {has} of {name}, below the minimum {lower} of every territory")
                }
                (_, needs) => {
                    let more = needs.map(|lower| format!(", {} need {lower}", most + 1)).unwrap_or_default();
                    let upper = figure(upper);
                    format!(
                        "{holder} has {has} of {name}, which fits no whole number of territories: {most} can have {upper} at most{more}"
                    )
                }
            };
            found.push(Finding {
                kind: FindingKind::Component,
                measure: Some(l.measure),
                unit: Some(UnitId(part.first)),
                value: sum,
                bound: upper,
                best_deviation: best[l.measure],
                text,
            });
        }
        if joint.0 > joint.1 && found.len() == before {
            let text = format!(
                "{holder} needs {} territories or more for one measure and has enough for {} at most of another",
                joint.0, joint.1
            );
            found.push(together(Some(part.first), joint.0, joint.1, text));
        }
        whole.push(joint);
    }
    let (least, most) = whole.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    if whole.iter().all(|s| s.0 <= s.1) && (k < least || k > most) {
        let text = if k < least {
            format!("the separate components need at least {least} territories inside the bounds, but k is {k}")
        } else {
            format!("the separate components have room for at most {most} territories inside the bounds, but k is {k}")
        };
        let mut finding = together(None, k, if k < least { least } else { most }, text);
        if let [only] = best.as_slice() {
            (finding.measure, finding.best_deviation) = (Some(0), *only);
        }
        found.push(finding);
    }
}

fn together(unit: Option<u32>, value: usize, bound: usize, text: String) -> Finding {
    Finding {
        kind: FindingKind::Component,
        measure: None,
        unit: unit.map(UnitId),
        value: value as f64,
        bound: bound as f64,
        best_deviation: None,
        text,
    }
}

fn parts(problem: &Problem) -> Vec<Component> {
    let measures = problem.measures();
    let found = components(problem.graph());
    let empty = Component { first: u32::MAX, units: 0, sums: vec![0.0; measures.len()] };
    let mut parts: Vec<Component> =
        found.sizes.iter().map(|_| Component { sums: empty.sums.clone(), ..empty }).collect();
    for (unit, &c) in found.component_of.iter().enumerate() {
        let part = &mut parts[c as usize];
        part.first = part.first.min(unit as u32);
        part.units += 1;
        for (sum, m) in part.sums.iter_mut().zip(measures) {
            *sum += m.values[unit];
        }
    }
    parts
}

/// How many territories a component may hold, when q of them hold at least `lower(q)` and at most `upper(q)`.
fn span(
    part: &Component,
    measure: usize,
    k: usize,
    lower: impl Fn(usize) -> f64,
    upper: impl Fn(usize) -> f64,
    rounding: f64,
) -> Span {
    let (sum, cap) = (part.sums[measure], part.units.min(k));
    // Both grow with q.
    let first_where = |holds: &dyn Fn(usize) -> bool| {
        let (mut low, mut high) = (0, k + 1);
        while low < high {
            let middle = (low + high) / 2;
            if middle > k || holds(middle) { high = middle } else { low = middle + 1 }
        }
        low
    };
    let least = first_where(&|q| upper(q) + rounding >= sum).max(1);
    let most = first_where(&|q| lower(q) - rounding > sum).saturating_sub(1).min(cap);
    (least, most)
}

/// Whether nothing speaks against all territories staying within `deviation` in one measure.
fn fits_within(parts: &[Component], limits: &Limits, deviation: f64) -> bool {
    let k = limits.k();
    let lower = |q: usize| limits.small_targets[q] * (1.0 - deviation).max(0.0) * (1.0 - WIDER);
    let upper = |q: usize| limits.large_targets[q] * (1.0 + deviation) * (1.0 + WIDER);
    let (mut least, mut most) = (0, 0);
    for part in parts {
        let s = span(part, limits.measure, k, lower, upper, 1e-12 * limits.total);
        if s.0 > s.1 {
            return false;
        }
        least += s.0;
        most += s.1;
    }
    least <= k && k <= most
}
