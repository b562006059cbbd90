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
    let allowed: Vec<Vec<bool>> = crate::parallel::map(problem.k(), |t| {
        (0..problem.units() as u32).map(|u| problem.rule_book().allows(u, t as u32)).collect()
    });
    for (t, allowed) in allowed.iter().enumerate() {
        loads(problem, t, allowed, found);
        cut(problem, t, allowed, found);
    }
}

fn bounds(problem: &Problem, t: usize, m: usize) -> (f64, f64) {
    widened(problem.unit_bounds(t, m), problem.total(m))
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
fn loads(problem: &Problem, t: usize, allowed: &[bool], found: &mut Vec<Finding>) {
    let (book, name) = (problem.rule_book(), &problem.territories()[t].name);
    for (m, measure) in problem.measures().iter().enumerate() {
        let (lower, upper) = bounds(problem, t, m);
        let locked = |u: &u32| book.locked(*u) == Some(t as u32);
        let units = || 0..problem.units() as u32;
        let must: f64 = units().filter(locked).map(|u| measure.values[u as usize]).sum();
        let can: f64 = units().filter(|&u| allowed[u as usize]).map(|u| measure.values[u as usize]).sum();
        let mut push = |value: f64, bound: f64, text: String| {
            let unit = units().find(locked).map(UnitId);
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
        let most = units().filter(locked).map(|u| measure.values[u as usize]).fold(0.0, f64::max);
        if must > upper && most <= upper {
            let units = count(units().filter(locked).count(), "unit");
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
fn cut(problem: &Problem, t: usize, allowed: &[bool], found: &mut Vec<Finding>) {
    let book = problem.rule_book();
    let mut locked = (0..problem.units() as u32).filter(|&u| book.locked(u) == Some(t as u32));
    let Some(first) = locked.next() else { return };
    // A unit kept apart from one that is locked here cannot be here either.
    let excluded =
        |u: u32| book.locked(u) != Some(t as u32) && book.apart_of(u).iter().any(|&v| book.locked(v) == Some(t as u32));
    let mut seen = vec![false; problem.units()];
    let mut stack = vec![first];
    seen[first as usize] = true;
    while let Some(u) = stack.pop() {
        for &v in problem.graph().neighbours(u) {
            if allowed[v as usize] && !seen[v as usize] && !excluded(v) {
                seen[v as usize] = true;
                stack.push(v);
            }
        }
    }
    if let Some(other) = locked.find(|&u| !seen[u as usize]) {
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
