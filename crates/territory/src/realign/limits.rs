//! Limits on change: what may change its territory in all, and what a territory may hand off and take over.

use super::{NOWHERE, project};
use crate::error::ProblemError;
use crate::ids::TerritoryId;
use crate::problem::Problem;
use crate::search::{Guard, Instance, Leaving, Level, State};

/// What change is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Charge {
    /// Every unit counts alike.
    Units,
    /// A measure, by its position.
    Measure(usize),
}

/// A limit: a share of what is charged.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limit {
    /// What is charged.
    pub charge: Charge,
    /// Largest share of it that may change, 0 to 1.
    pub share: f64,
}

/// What may change at most. Units without a territory today are not charged.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Limits {
    /// Of all units with a territory today.
    pub total: Vec<Limit>,
    /// Of what a territory has today, it may lose so much at most.
    pub handed_off: Vec<Limit>,
    /// Of what a territory has today, it may gain so much at most; territories without units today gain freely.
    pub taken_over: Vec<Limit>,
}

impl Limits {
    pub(super) fn check(&self, problem: &Problem, errors: &mut Vec<ProblemError>) {
        for limit in self.total.iter().chain(&self.handed_off).chain(&self.taken_over) {
            if !(limit.share.is_finite() && limit.share >= 0.0) {
                let what = format!("the limit on change of {}", limit.charge.name(problem));
                errors.push(ProblemError::RuleValue { what, value: limit.share, range: "a share ≥ 0" });
            }
            if let Charge::Measure(m) = limit.charge
                && m >= problem.measures().len()
            {
                let what = "the measure of a limit on change".to_owned();
                errors.push(ProblemError::RuleValue { what, value: m as f64, range: "a position of a measure" });
            }
        }
    }
}

impl Charge {
    fn name(self, problem: &Problem) -> &str {
        match self {
            Charge::Units => "units",
            Charge::Measure(m) => problem.measures().get(m).map_or("measure", |measure| measure.name.as_str()),
        }
    }

    fn of(self, problem: &Problem, unit: u32) -> f64 {
        match self {
            Charge::Units => 1.0,
            Charge::Measure(m) => problem.least_load(m, unit as usize),
        }
    }
}

/// Which side of a change a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// All that changes its territory.
    Total,
    /// What a territory hands off.
    HandedOff,
    /// What a territory takes over.
    TakenOver,
}

/// A limit that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OverLimit {
    /// Which side of the change it is about.
    pub side: Side,
    /// What it counts.
    pub charge: Charge,
    /// The territory it is about; none for all that changes.
    pub territory: Option<TerritoryId>,
    /// What changes, in the measure's unit or in units.
    pub value: f64,
    /// What may.
    pub bound: f64,
}

impl OverLimit {
    /// What is limited, in words: `population handed off by North`.
    pub fn what(&self, problem: &Problem) -> String {
        let measure = self.charge.name(problem);
        let name = self.territory.and_then(|t| problem.territories().get(t.index())).map_or("", |t| t.name.as_str());
        match self.side {
            Side::Total => format!("change of {measure}"),
            Side::HandedOff => format!("{measure} handed off by {name}"),
            Side::TakenOver => format!("{measure} taken over by {name}"),
        }
    }
}

/// The limits in absolute figures, and what every unit weighs.
pub(super) struct Ledger<'a> {
    problem: &'a Problem,
    current: &'a [Option<u32>],
    limits: Vec<(Side, Charge, Vec<f64>)>,
    weights: Vec<f64>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(problem: &'a Problem, current: &'a [Option<u32>], limits: &Limits) -> Self {
        let (n, k) = (problem.units(), problem.k());
        let charges: Vec<Charge> = match limits.total.is_empty() {
            false => limits.total.iter().map(|l| l.charge).collect(),
            true => (0..problem.measures().len()).map(Charge::Measure).collect(),
        };
        let mean = |c: Charge| (0..n as u32).map(|u| c.of(problem, u)).sum::<f64>() / n as f64;
        let means: Vec<f64> = charges.iter().map(|&c| mean(c)).collect();
        // What weighs nothing would move for nothing: a twentieth of the mean counts for every unit.
        let weight = |u: u32| {
            let own: f64 =
                charges.iter().zip(&means).map(|(c, mean)| c.of(problem, u) / mean.max(f64::MIN_POSITIVE)).sum();
            (own / charges.len() as f64 + 0.05) / 1.05
        };
        let weights = (0..n as u32).map(weight).collect();
        let today = |charge: Charge, t: Option<u32>| -> f64 {
            let of = |u: &u32| current[*u as usize].is_some() && (t.is_none() || current[*u as usize] == t);
            (0..n as u32).filter(of).map(|u| charge.of(problem, u)).sum()
        };
        let mut all = Vec::new();
        for (side, list) in
            [(Side::Total, &limits.total), (Side::HandedOff, &limits.handed_off), (Side::TakenOver, &limits.taken_over)]
        {
            for limit in list {
                let most = match side {
                    Side::Total => vec![limit.share * today(limit.charge, None)],
                    _ => {
                        let mut sums = vec![0.0; k];
                        for (u, t) in (0u32..).zip(current) {
                            if let Some(t) = t {
                                sums[*t as usize] += limit.charge.of(problem, u);
                            }
                        }
                        let new = |sum: f64| {
                            if sum == 0.0 && side == Side::TakenOver { f64::INFINITY } else { limit.share * sum }
                        };
                        sums.into_iter().map(new).collect()
                    }
                };
                all.push((side, limit.charge, most));
            }
        }
        Self { problem, current, limits: all, weights }
    }

    /// Whether there are limits.
    pub(super) fn limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// What a unit's change weighs: 1 on average.
    pub(super) fn weight(&self, unit: u32) -> f64 {
        self.weights[unit as usize]
    }

    pub(super) fn total_weight(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Sums of what changed beside every limit.
    fn changed(&self, assignment: &[u32]) -> Vec<Vec<f64>> {
        let mut sums: Vec<Vec<f64>> = self.limits.iter().map(|l| vec![0.0; l.2.len()]).collect();
        (0u32..).zip(assignment).for_each(|(unit, &to)| self.count(&mut sums, unit, to, 1.0));
        sums
    }

    /// Counts a unit in a territory, `times` once.
    fn count(&self, sums: &mut [Vec<f64>], unit: u32, to: u32, times: f64) {
        let Some(from) = self.current[unit as usize].filter(|&from| from != to) else { return };
        for ((side, charge, _), sums) in self.limits.iter().zip(sums) {
            let slot = match side {
                Side::Total => 0,
                Side::HandedOff => from as usize,
                Side::TakenOver => to as usize,
            };
            sums[slot] += times * charge.of(self.problem, unit);
        }
    }

    /// Whether any limit is exceeded.
    fn is_over(&self, sums: &[Vec<f64>]) -> bool {
        let over = |(limit, sums): (&(Side, Charge, Vec<f64>), &Vec<f64>)| {
            sums.iter().zip(&limit.2).any(|(&sum, &most)| is_over(sum, most))
        };
        self.limits.iter().zip(sums).any(over)
    }

    /// Limits that an assignment exceeds.
    pub(super) fn over(&self, assignment: &[u32]) -> Vec<OverLimit> {
        let mut over = Vec::new();
        for (&(side, charge, ref most), sums) in self.limits.iter().zip(self.changed(assignment)) {
            for (slot, (&value, &bound)) in (0u32..).zip(sums.iter().zip(most)) {
                if is_over(value, bound) {
                    let territory = (side != Side::Total).then_some(TerritoryId(slot));
                    over.push(OverLimit { side, charge, territory, value, bound });
                }
            }
        }
        over
    }
}

fn is_over(sum: f64, most: f64) -> bool {
    sum > most * (1.0 + 1e-9)
}

/// Sends units back until all limits hold, those first whose return costs least balance for what it frees. Of many that are away
/// some go back before ranks are formed anew. Returns the plan of the units.
pub(super) fn keep(state: &mut State<'_>, grouped: Option<&Level>, units: &Instance, ledger: &Ledger<'_>) -> Vec<u32> {
    let mut guard = Guard::default();
    // Members of every unit of the search, in the problem's numbers.
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); state.instance.len()];
    let mut assignment = vec![0; units.order.len()];
    for (position, &unit) in units.order.iter().enumerate() {
        let own = grouped.map_or(position, |level| level.cluster[position] as usize);
        members[own].push(unit);
        assignment[unit as usize] = state.part(own as u32);
    }
    loop {
        let mut sums = ledger.changed(&assignment);
        if !ledger.is_over(&sums) {
            break;
        }
        let mut ranked: Vec<(f64, u32)> = Vec::new();
        for u in 0..state.instance.len() as u32 {
            let (home, part) = (state.instance.home_of(u), state.part(u));
            if home != NOWHERE && home != part {
                let freed = freed(ledger, &sums, &members[u as usize], home, part);
                if freed > 0.0 {
                    ranked.push(((state.unit_violation_change(u, home) + 1e-9) / freed, u));
                }
            }
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut more = 1 + ranked.len() / BATCH;
        let before = more;
        for (_, u) in ranked {
            let (home, part) = (state.instance.home_of(u), state.part(u));
            let touches = state.instance.neighbours(u).iter().any(|&v| state.part(v) == home);
            if touches
                && freed(ledger, &sums, &members[u as usize], home, part) > 0.0
                && state.may(u, home)
                && guard.leaving(state, u, usize::MAX) == Leaving::Whole
            {
                state.apply(u, home);
                for &unit in &members[u as usize] {
                    ledger.count(&mut sums, unit, part, -1.0);
                    ledger.count(&mut sums, unit, home, 1.0);
                    assignment[unit as usize] = home;
                }
                more -= 1;
                if more == 0 || !ledger.is_over(&sums) {
                    break;
                }
            }
        }
        if more == before {
            break;
        }
    }
    project(grouped, &state.parts())
}

/// One in so many of those that may go back does before ranks are formed anew.
const BATCH: usize = 64;

/// What a return takes off the limits that are exceeded, as shares of them.
fn freed(ledger: &Ledger<'_>, sums: &[Vec<f64>], members: &[u32], home: u32, part: u32) -> f64 {
    let mut freed = 0.0;
    for ((side, charge, most), sums) in ledger.limits.iter().zip(sums) {
        let slot = match side {
            Side::Total => 0,
            Side::HandedOff => home as usize,
            Side::TakenOver => part as usize,
        };
        if is_over(sums[slot], most[slot]) {
            let of =
                |&u: &u32| if ledger.current[u as usize] == Some(home) { charge.of(ledger.problem, u) } else { 0.0 };
            freed += members.iter().map(of).sum::<f64>() / sums[slot];
        }
    }
    freed
}
