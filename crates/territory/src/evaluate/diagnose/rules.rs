//! Proofs from rules: loads that locks and groups put together, and what they leave no way to reach.

use super::super::words::{count, figure};
use super::{Finding, FindingKind, widened};
use crate::ids::UnitId;
use crate::problem::Problem;

/// Findings per kind.
const MOST: usize = 16;

/// All such proofs.
pub(super) fn findings(problem: &Problem, found: &mut Vec<Finding>) {
    if problem.rule_book().is_free() {
        return;
    }
    groups(problem, found);
    let book = problem.rule_book();
    let mut locked = vec![Vec::new(); problem.k()];
    for u in 0..problem.units() as u32 {
        if let Some(t) = book.locked(u) {
            locked[t as usize].push(u);
        }
    }
    // Sums of the measures over the units of every class, which may all be in the same territories.
    let mut sums = vec![vec![0.0; book.class_count()]; problem.measures().len()];
    for (sums, measure) in sums.iter_mut().zip(problem.measures()) {
        (0u32..).zip(&measure.values).for_each(|(u, value)| sums[book.class_of(u) as usize] += value);
    }
    for (t, locked) in locked.iter().enumerate() {
        loads(problem, t, locked, &sums, found);
        cut(problem, t, locked, found);
    }
}

fn bounds(problem: &Problem, t: usize, m: usize) -> (f64, f64) {
    widened(problem.bounds_of_all_plans(t, m), problem.total(m))
}

/// Groups that are larger than every territory that may have them.
fn groups(problem: &Problem, found: &mut Vec<Finding>) {
    let book = problem.rule_book();
    let before = found.len();
    for group in book.groups() {
        for (m, measure) in problem.measures().iter().enumerate() {
            let sum: f64 = group.iter().map(|&u| measure.values[u as usize]).sum();
            let able = book.territories_of(group[0]);
            let upper = able.iter().map(|&t| bounds(problem, t as usize, m).1).fold(0.0, f64::max);
            let alone = group.iter().any(|&u| measure.values[u as usize] > upper);
            if sum > upper && !alone && found.len() < before + MOST {
                let text = format!(
                    "the {} that stay together with unit {} have {} of {}, above the maximum {} of every territory that may have them",
                    count(group.len(), "unit"),
                    problem.unit_name(group[0] as usize),
                    figure(sum),
                    measure.name,
                    figure(upper)
                );
                found.push(Finding {
                    kind: FindingKind::OversizeGroup,
                    measure: Some(m),
                    unit: Some(UnitId(group[0])),
                    value: sum,
                    bound: upper,
                    best_deviation: None,
                    text,
                });
            }
        }
    }
}

/// Territories whose locked units are too much, or whose allowed units are too little.
fn loads(problem: &Problem, t: usize, locked: &[u32], sums: &[Vec<f64>], found: &mut Vec<Finding>) {
    let (book, name) = (problem.rule_book(), &problem.territories()[t].name);
    for (m, measure) in problem.measures().iter().enumerate() {
        let (lower, upper) = bounds(problem, t, m);
        let must: f64 = locked.iter().map(|&u| measure.values[u as usize]).sum();
        let may = |class: u32| book.class(class)[t / 64] >> (t % 64) & 1 == 1;
        let can: f64 = (0u32..).zip(&sums[m]).filter(|c| may(c.0)).map(|c| c.1).sum();
        let mut push = |value: f64, bound: f64, text: String| {
            let unit = locked.first().copied().map(UnitId);
            found.push(Finding {
                kind: FindingKind::LockedLoad,
                measure: Some(m),
                unit,
                value,
                bound,
                best_deviation: None,
                text,
            });
        };
        let most = locked.iter().map(|&u| measure.values[u as usize]).fold(0.0, f64::max);
        if must > upper && most <= upper {
            let units = count(locked.len(), "unit");
            push(
                must,
                upper,
                format!(
                    "the {units} locked to territory {name} have {} of {} together, above its maximum {}",
                    figure(must),
                    measure.name,
                    figure(upper)
                ),
            );
        }
        if can < lower {
            push(
                can,
                lower,
                format!(
                    "all units that may be in territory {name} have {} of {} together, below its minimum {}",
                    figure(can),
                    measure.name,
                    figure(lower)
                ),
            );
        }
    }
}

/// Territories whose locked units cannot be joined by units that may be in them.
fn cut(problem: &Problem, t: usize, locked: &[u32], found: &mut Vec<Finding>) {
    let book = problem.rule_book();
    let [first, others @ ..] = locked else { return };
    let (first, mut left) = (*first, others.len());
    // A unit kept apart from one that is locked here cannot be here either.
    let excluded =
        |u: u32| book.locked(u) != Some(t as u32) && book.apart_of(u).iter().any(|&v| book.locked(v) == Some(t as u32));
    if left == 0 {
        return;
    }
    let mut seen = vec![false; problem.units()];
    let mut stack = vec![first];
    seen[first as usize] = true;
    while let Some(u) = stack.pop().filter(|_| left > 0) {
        for &v in problem.graph().neighbours(u) {
            if book.allows(v, t as u32) && !seen[v as usize] && !excluded(v) {
                seen[v as usize] = true;
                left -= usize::from(book.locked(v) == Some(t as u32));
                stack.push(v);
            }
        }
    }
    if let Some(&other) = others.iter().find(|&&u| !seen[u as usize]) {
        let text = format!(
            "units {} and {} are both locked to territory {}, but no way between them leads over units that may be in it",
            problem.unit_name(first as usize),
            problem.unit_name(other as usize),
            problem.territories()[t].name
        );
        let kind = FindingKind::LocksCut;
        found.push(Finding {
            kind,
            measure: None,
            unit: Some(UnitId(other)),
            value: 2.0,
            bound: 1.0,
            best_deviation: None,
            text,
        });
    }
}
