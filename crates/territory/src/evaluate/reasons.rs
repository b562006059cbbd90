//! Violations of a plan, each with its reason: a proof where the diagnosis has one that concerns the territory, else the facts
//! around it, said to be no proof.

use super::assignment::{Members, Pieces};
use super::diagnose::{Finding, FindingKind, diagnose};
use super::evaluation::TerritoryFigures;
use super::violation::{Violation, ViolationKind, side};
use super::words::{count, figure, percent_down};
use crate::adjacency::components;
use crate::ids::TerritoryId;
use crate::problem::Problem;

/// All violations, territory after territory, and the findings on which their reasons rest (looked for only where a bound is
/// violated).
pub(super) fn violations(
    problem: &Problem,
    assignment: &[u32],
    members: &Members,
    pieces: &Pieces,
    territories: &[TerritoryFigures],
) -> (Vec<Violation>, Vec<Finding>) {
    let measures = 0..problem.measures().len();
    let broken = |t: usize, m: usize| side(territories[t].sums[m], problem.bounds(t, m)) != 0;
    let any = (0..members.k()).any(|t| territories[t].pieces != 1 || measures.clone().any(|m| broken(t, m)));
    let findings = if any { diagnose(problem) } else { Vec::new() };
    let around = Around::new(problem, assignment, &findings, |t| measures.clone().any(|m| broken(t, m)));
    let mut found = super::rules::violations(problem, assignment, territories);
    for (t, figures) in territories.iter().enumerate() {
        if figures.pieces != 1 {
            found.push(pieces_violation(problem, t, members.get(t), pieces, &findings));
        }
        for m in measures.clone() {
            let bounds = problem.bounds(t, m);
            let (kind, bound) = match side(figures.sums[m], bounds) {
                0 => continue,
                1 => (ViolationKind::AboveMaximum, bounds.1),
                _ => (ViolationKind::BelowMinimum, bounds.0),
            };
            let case = Case { problem, members: members.get(t), t, m, sum: figures.sums[m], bound, kind };
            let (reason, proven) = case
                .oversize(&findings)
                .or_else(|| case.finding(&findings, &around))
                .unwrap_or_else(|| (case.local(territories, &around), false));
            let territory = TerritoryId(t as u32);
            found.push(Violation { kind, territory, measure: Some(m), value: case.sum, bound, reason, proven });
        }
    }
    (found, findings)
}

fn pieces_violation(problem: &Problem, t: usize, members: &[u32], pieces: &Pieces, findings: &[Finding]) -> Violation {
    let territory = TerritoryId(t as u32);
    if members.is_empty() {
        let reason = "no unit is assigned to it".to_owned();
        let kind = ViolationKind::Empty;
        return Violation { kind, territory, measure: None, value: 0.0, bound: 1.0, reason, proven: false };
    }
    let mut sizes: std::collections::BTreeMap<u32, usize> = std::collections::BTreeMap::new();
    for &unit in members {
        *sizes.entry(pieces.first[unit as usize]).or_default() += 1;
    }
    let mut sizes: Vec<(usize, u32)> = sizes.into_iter().map(|(first, size)| (size, first)).collect();
    sizes.sort_by_key(|&(size, first)| (std::cmp::Reverse(size), first));
    let piece =
        |&(size, first): &(usize, u32)| format!("{} around {}", count(size, "unit"), problem.unit_name(first as usize));
    let told: Vec<String> = sizes.iter().take(4).map(piece).collect();
    let more = if sizes.len() > told.len() { ", …" } else { "" };
    let mut reason =
        format!("no links inside the territory join its {} pieces: {}{more}", sizes.len(), told.join(", "));
    let locked = |f: &&Finding| {
        f.kind == FindingKind::LocksCut && f.unit.is_some_and(|u| problem.rule_book().locked(u.0) == Some(t as u32))
    };
    let proof = findings.iter().find(locked).or_else(|| findings.iter().find(|f| f.kind == FindingKind::Exhaustive));
    if let Some(proof) = proof {
        reason += &format!("; no plan can: {}", proof.text);
    }
    let (kind, value) = (ViolationKind::NotContiguous, sizes.len() as f64);
    Violation { kind, territory, measure: None, value, bound: 1.0, reason, proven: proof.is_some() }
}

/// What surrounds the territories that are out of bounds.
struct Around {
    /// Neighbouring territories, ascending, of each that is out of bounds.
    neighbours: Vec<Vec<u32>>,
    /// Units with a neighbour in another territory, ascending, of each that is out of bounds.
    border: Vec<Vec<u32>>,
    /// Component of every unit; empty unless a finding speaks of one.
    component_of: Vec<u32>,
}

impl Around {
    fn new(problem: &Problem, assignment: &[u32], findings: &[Finding], out: impl Fn(usize) -> bool) -> Self {
        let out: Vec<bool> = (0..problem.k()).map(out).collect();
        let (mut neighbours, mut border) = (vec![Vec::new(); out.len()], vec![Vec::new(); out.len()]);
        if out.contains(&true) {
            for e in problem.graph().edges() {
                let (a, b) = (assignment[e.a as usize], assignment[e.b as usize]);
                for (unit, own, other) in [(e.a, a, b), (e.b, b, a)] {
                    if own != other && out[own as usize] {
                        neighbours[own as usize].push(other);
                        border[own as usize].push(unit);
                    }
                }
            }
        }
        for list in neighbours.iter_mut().chain(&mut border) {
            list.sort_unstable();
            list.dedup();
        }
        let separate = findings.iter().any(|f| f.kind == FindingKind::Component && f.unit.is_some());
        let component_of = if separate { components(problem.graph()).component_of } else { Vec::new() };
        Self { neighbours, border, component_of }
    }
}

/// A bound that a territory violates.
struct Case<'a> {
    problem: &'a Problem,
    members: &'a [u32],
    t: usize,
    m: usize,
    sum: f64,
    bound: f64,
    kind: ViolationKind,
}

impl Case<'_> {
    fn name(&self) -> &str {
        &self.problem.measures()[self.m].name
    }

    /// Above its bound since one of its units alone is.
    fn oversize(&self, findings: &[Finding]) -> Option<(String, bool)> {
        if self.kind != ViolationKind::AboveMaximum {
            return None;
        }
        let value = |u: u32| self.problem.load(self.m, u as usize, self.t);
        let largest = self.members.iter().copied().max_by(|&a, &b| value(a).total_cmp(&value(b)).then(b.cmp(&a)))?;
        let same = |f: &&Finding| {
            f.kind == FindingKind::OversizeUnit && f.measure == Some(self.m) && f.unit.is_some_and(|u| u.0 == largest)
        };
        if let Some(proof) = findings.iter().find(same) {
            return Some((proof.text.clone(), true));
        }
        if side(value(largest), (0.0, self.bound)) <= 0 {
            return None;
        }
        let text = format!(
            "unit {} alone has {} of {}, above the maximum {} of this territory: a territory of larger capacity must take it",
            self.problem.unit_name(largest as usize),
            figure(value(largest)),
            self.name(),
            figure(self.bound)
        );
        Some((text, false))
    }

    /// A proof about this measure that concerns this territory.
    fn finding(&self, findings: &[Finding], around: &Around) -> Option<(String, bool)> {
        let holds = |unit: u32| self.members.binary_search(&unit).is_ok();
        let concerns = |f: &&Finding| {
            let measure = f.measure.is_none_or(|m| m == self.m);
            measure
                && match (f.kind, f.unit) {
                    // The territory of the cut unit, or one shut up in a pocket.
                    (FindingKind::Pocket, Some(unit)) => {
                        holds(unit.0) || self.problem.graph().neighbours(unit.0).iter().any(|&u| holds(u))
                    }
                    (FindingKind::OversizeUnit, Some(_)) => false,
                    (FindingKind::LocksCut, _) => false,
                    (FindingKind::LockedLoad, Some(unit)) => {
                        self.problem.rule_book().locked(unit.0) == Some(self.t as u32)
                    }
                    (FindingKind::OversizeGroup, Some(unit)) => holds(unit.0),
                    (FindingKind::OversizeUnit, None) => self.kind == ViolationKind::BelowMinimum,
                    (FindingKind::Component, Some(unit)) => {
                        let component = |u: u32| around.component_of.get(u as usize);
                        self.members.iter().any(|&u| component(u) == component(unit.0))
                    }
                    _ => true,
                }
        };
        let proof = findings.iter().find(concerns)?;
        let mut text = format!("no plan meets all bounds: {}", proof.text);
        if let Some(best) = proof.best_deviation.filter(|_| proof.kind != FindingKind::OversizeUnit) {
            text +=
                &format!("; the largest deviation of {} is at least {} in any plan", self.name(), percent_down(best));
        }
        Some((text, true))
    }

    /// What is near: room of the neighbours, and the smallest unit at the border.
    fn local(&self, territories: &[TerritoryFigures], around: &Around) -> String {
        let (m, above) = (self.m, self.kind == ViolationKind::AboveMaximum);
        let neighbours = &around.neighbours[self.t];
        let room: f64 = neighbours
            .iter()
            .map(|&n| {
                let (sum, bounds) = (territories[n as usize].sums[m], self.problem.bounds(n as usize, m));
                if above { (bounds.1 - sum).max(0.0) } else { (sum - bounds.0).max(0.0) }
            })
            .sum();
        let need = (self.sum - self.bound).abs();
        let mut text = format!(
            "not proved to be out of reach: {} of {} {}; inside their bounds its {} can {} {}",
            figure(need),
            self.name(),
            if above { "is too much" } else { "is missing" },
            count(neighbours.len(), "neighbour"),
            if above { "take" } else { "give" },
            if room.is_finite() { figure(room) } else { "any amount".to_owned() }
        );
        let value = |u: u32| self.problem.load(m, u as usize, self.t);
        let positive = around.border[self.t].iter().copied().filter(|&u| value(u) > 0.0);
        let smallest = positive.min_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
        if let Some(unit) = smallest.filter(|_| above) {
            let name = self.problem.unit_name(unit as usize);
            text += &format!(", and the smallest unit at its border ({name}) has {}", figure(value(unit)));
        }
        text
    }
}
