//! Proofs from the units' values alone, whatever the graph: totals, oversize units, units too few or too coarse.

use super::super::words::{count, figure, percent_down, territories};
use super::{Finding, FindingKind, Limits, certified_deviation};
use crate::ids::UnitId;
use crate::problem::Problem;

/// All such proofs for one measure.
pub(super) fn findings(problem: &Problem, limits: &Limits) -> Vec<Finding> {
    let measure = &problem.measures()[limits.measure];
    let positive = measure.values.iter().enumerate().filter(|v| *v.1 > 0.0);
    let mut sorted: Vec<(f64, u32)> = positive.map(|(unit, &value)| (value, unit as u32)).collect();
    sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let values = Values::new(problem, limits, &measure.name, &sorted);
    let mut found = Vec::new();
    values.totals(&mut found);
    values.oversize(&mut found);
    values.left_for_the_others(&mut found);
    values.too_few(&mut found);
    values.too_many_large(&mut found);
    values.grain(&mut found);
    found
}

struct Values<'a> {
    problem: &'a Problem,
    limits: &'a Limits,
    name: &'a str,
    /// Positive values and their units, largest first.
    sorted: &'a [(f64, u32)],
    /// Sum of the q largest values.
    sums: Vec<f64>,
}

impl<'a> Values<'a> {
    fn new(problem: &'a Problem, limits: &'a Limits, name: &'a str, sorted: &'a [(f64, u32)]) -> Self {
        let mut sums = vec![0.0];
        sums.extend(sorted.iter().scan(0.0, |sum, v| {
            *sum += v.0;
            Some(*sum)
        }));
        Self { problem, limits, name, sorted, sums }
    }

    fn finding(
        &self,
        kind: FindingKind,
        unit: Option<u32>,
        value: f64,
        bound: f64,
        best: Option<f64>,
        text: String,
    ) -> Finding {
        let measure = Some(self.limits.measure);
        Finding { kind, measure, unit: unit.map(UnitId), value, bound, best_deviation: best.filter(|b| *b > 0.0), text }
    }

    fn unit_name(&self, unit: u32) -> String {
        self.problem.unit_name(unit as usize)
    }

    fn totals(&self, found: &mut Vec<Finding>) {
        let (limits, name, k) = (self.limits, self.name, self.limits.k());
        let (lower, upper, total) = (limits.lower_sums[k], limits.upper_sums[k], limits.total);
        let mut push = |what: &str, bound: f64, less: &str| {
            let text = format!(
                "the {what}s of {name} add up to {} over {}, but there is {less} {}",
                figure(bound),
                territories(k),
                figure(total)
            );
            found.push(self.finding(FindingKind::Totals, None, total, bound, None, text));
        };
        if lower > total * (1.0 + 1e-12) {
            push("minimum", lower, "only");
        }
        if upper < total * (1.0 - 1e-12) {
            push("maximum", upper, "as much as");
        }
    }

    fn oversize(&self, found: &mut Vec<Finding>) {
        let (limits, k) = (self.limits, self.limits.k());
        let upper = limits.upper();
        for &(value, unit) in self.sorted.iter().take_while(|v| v.0 > upper) {
            let best = value / limits.largest_target() - 1.0;
            let mut text = format!(
                "unit {} alone has {} of {}, above the maximum {} of every territory",
                self.unit_name(unit),
                figure(value),
                self.name,
                figure(upper)
            );
            if best > 0.0 && !limits.carries {
                text += &format!(": in any plan its territory is at least {} above its target", percent_down(best));
            }
            if k > 1 && !limits.carries {
                let left = limits.total - value;
                let below = 1.0 - left / limits.small_targets[k - 1];
                let average = figure(left / (k - 1) as f64);
                text += &format!(", and the other {} have {average} on average at most", k - 1);
                if below > 0.0 {
                    text += &format!(", {} or more below their targets", percent_down(below));
                }
            }
            found.push(self.finding(FindingKind::OversizeUnit, Some(unit), value, upper, Some(best), text));
        }
    }

    /// The q largest units lie in q territories at most; the others share what is left.
    fn left_for_the_others(&self, found: &mut Vec<Finding>) {
        let (limits, k) = (self.limits, self.limits.k());
        let short = |q: usize| limits.lower_sums[k - q] - (limits.total - self.sums[q]);
        let candidates = 1..k.min(self.sums.len());
        let Some(worst) = candidates.clone().max_by(|&a, &b| short(a).total_cmp(&short(b)).then(b.cmp(&a))) else {
            return;
        };
        if short(worst) <= 1e-12 * limits.total {
            return;
        }
        let below = |q: usize| 1.0 - (limits.total - self.sums[q]) / limits.small_targets[k - q];
        let best = candidates.map(below).fold(0.0, f64::max) - 1e-12;
        let left = limits.total - self.sums[worst];
        let text = format!(
            "the {} of most {} (first {}) leave {} for {}, whose minimums add up to {}: in any plan one of them is at least {} below its target",
            if worst == 1 { "unit".to_owned() } else { format!("{worst} units") },
            self.name,
            self.unit_name(self.sorted[0].1),
            figure(left),
            territories(k - worst),
            figure(limits.lower_sums[k - worst]),
            percent_down(best)
        );
        // It turns on no single unit: the territories that suffer are others.
        found.push(self.finding(FindingKind::OversizeUnit, None, left, limits.lower_sums[k - worst], Some(best), text));
    }

    fn too_few(&self, found: &mut Vec<Finding>) {
        let (limits, k) = (self.limits, self.limits.k());
        let needing = (0..k).filter(|&q| limits.lower_sums[q + 1] > limits.lower_sums[q]).count();
        if self.sorted.len() < needing {
            let text = format!(
                "only {} have any {}, but {} need some",
                count(self.sorted.len(), "unit"),
                self.name,
                territories(needing)
            );
            let (value, bound) = (self.sorted.len() as f64, needing as f64);
            found.push(self.finding(FindingKind::Granularity, None, value, bound, Some(1.0), text));
        }
    }

    /// Of the qk + 1 largest units, q + 1 share a territory, which has at least what the smallest q + 1 of them have.
    fn too_many_large(&self, found: &mut Vec<Finding>) {
        let (limits, k) = (self.limits, self.limits.k());
        let shared = |q: usize| self.sums[q * k + 1] - self.sums[q * k - q];
        let candidates = 1..=self.sorted.len().saturating_sub(1) / k.max(1);
        let Some(worst) = candidates.max_by(|&a, &b| shared(a).total_cmp(&shared(b)).then(b.cmp(&a))) else { return };
        let value = shared(worst) - 1e-12 * limits.total;
        if value <= limits.upper() {
            return;
        }
        let best = value / limits.largest_target() - 1.0;
        let text = format!(
            "of the {} units of most {}, {} share a territory in any plan: together at least {}, above the maximum {}",
            worst * k + 1,
            self.name,
            worst + 1,
            figure(value),
            figure(limits.upper())
        );
        found.push(self.finding(FindingKind::Granularity, None, value, limits.upper(), Some(best), text));
    }

    /// Whole numbers with a common divisor: every sum is a multiple of it.
    fn grain(&self, found: &mut Vec<Finding>) {
        let (limits, k, m) = (self.limits, self.limits.k(), self.limits.measure);
        let Some(grain) = common_divisor(self.sorted) else { return };
        let problem = self.problem;
        let multiples = |bounds: (f64, f64)| {
            let (lower, upper) = super::widened(bounds, limits.total);
            ((lower / grain).ceil() * grain, (upper / grain).floor() * grain)
        };
        let within = |deviation: f64| {
            move |t: usize| {
                let target = problem.target(t, m);
                ((target * (1.0 - deviation)).max(0.0), target * (1.0 + deviation))
            }
        };
        // None when a territory has no multiple, else the least and largest total.
        let span = |bounds: &dyn Fn(usize) -> (f64, f64)| -> Result<(f64, f64), usize> {
            (0..k).try_fold((0.0, 0.0), |sum, t| {
                let (lower, upper) = multiples(bounds(t));
                if lower > upper { Err(t) } else { Ok((sum.0 + lower, sum.1 + upper)) }
            })
        };
        let fits = |bounds: &dyn Fn(usize) -> (f64, f64)| {
            span(bounds).is_ok_and(|(lower, upper)| lower <= limits.total && limits.total <= upper)
        };
        let bounds = |t: usize| problem.unit_bounds(t, m);
        if fits(&bounds) {
            return;
        }
        let best = certified_deviation(|deviation| !fits(&within(deviation)));
        let (value, bound, text) = match span(&bounds) {
            Err(t) => {
                let (lower, upper) = bounds(t);
                let text = format!(
                    "every sum of {} is a multiple of {}, and none lies between {} and {} (territory {})",
                    self.name,
                    figure(grain),
                    figure(lower),
                    figure(upper),
                    problem.territories()[t].name
                );
                (grain, upper, text)
            }
            // A finding of the totals has told it already.
            Ok(_) if limits.lower_sums[k] > limits.total || limits.upper_sums[k] < limits.total => return,
            Ok((lower, upper)) => {
                let text = format!(
                    "every sum of {} is a multiple of {}: inside the bounds they add up to between {} and {}, not {}",
                    self.name,
                    figure(grain),
                    figure(lower),
                    figure(upper),
                    figure(limits.total)
                );
                (limits.total, if upper < limits.total { upper } else { lower }, text)
            }
        };
        found.push(self.finding(FindingKind::Granularity, None, value, bound, best, text));
    }
}

/// The greatest common divisor of whole numbers whose sums are exact; none for others.
fn common_divisor(values: &[(f64, u32)]) -> Option<f64> {
    let exact = (1u64 << 53) as f64;
    let mut divisor = 0u64;
    for &(value, _) in values {
        if value.fract() != 0.0 || value > exact {
            return None;
        }
        let (mut a, mut b) = (value as u64, divisor);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
    }
    (divisor > 0 && values.iter().map(|v| v.0).sum::<f64>() <= exact).then_some(divisor as f64)
}
