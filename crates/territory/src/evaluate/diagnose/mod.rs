//! Diagnosis: proofs, valid for every plan, that the bounds of a problem cannot all be met, with the best deviation that is left.
//! A finding is never a guess: what is not proved is not said.

mod components;
mod pockets;
mod rules;
mod units;

use crate::exact::{Exact, TINY, try_all};
use crate::ids::UnitId;
use crate::problem::{ComponentRule, Problem};

/// What makes the bounds impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A unit is larger than every territory's upper bound.
    OversizeUnit,
    /// The lower bounds add up to more than there is, or the upper bounds to less.
    Totals,
    /// Units are too coarse: too few carry the measure, too many large ones share too few territories, or no sum of them lies
    /// between the bounds.
    Granularity,
    /// A separate component whose total fits no whole number of territories.
    Component,
    /// A unit that cuts off pockets which cannot stand alone, and are too much together with it.
    Pocket,
    /// Units that stay together are larger than every territory that may have them.
    OversizeGroup,
    /// The units locked to a territory are above its upper bound, or all that may be in it are below its lower one.
    LockedLoad,
    /// Units locked to one territory cannot be joined.
    LocksCut,
    /// All plans of a tiny problem were tried.
    Exhaustive,
}

impl FindingKind {
    /// Name in reports: `oversize_unit`, `totals`, `granularity`, `component`, `pocket`, `oversize_group`, `locked_load`,
    /// `locks_cut`, `exhaustive`.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::OversizeUnit => "oversize_unit",
            FindingKind::Totals => "totals",
            FindingKind::Granularity => "granularity",
            FindingKind::Component => "component",
            FindingKind::Pocket => "pocket",
            FindingKind::OversizeGroup => "oversize_group",
            FindingKind::LockedLoad => "locked_load",
            FindingKind::LocksCut => "locks_cut",
            FindingKind::Exhaustive => "exhaustive",
        }
    }
}

/// A proof that no plan of exactly k contiguous territories meets all bounds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What makes it impossible.
    pub kind: FindingKind,
    /// Position of the measure whose bounds cannot be met; none where only several together cannot.
    pub measure: Option<usize>,
    /// The unit it turns on: the oversize one, the cut unit, or a unit of the component.
    pub unit: Option<UnitId>,
    /// What must be somewhere, in the measure's unit.
    pub value: f64,
    /// The bound that it breaks, in the measure's unit.
    pub bound: f64,
    /// Certified: in every plan some territory's |sum / target − 1| in this measure is at least this. None where the proof gives
    /// no figure.
    pub best_deviation: Option<f64>,
    /// The proof in words, with names and figures.
    pub text: String,
}

/// Looks for proofs that the bounds of `problem` cannot all be met, by any plan of exactly k contiguous territories. An empty list
/// proves nothing; of anchored measures, whose targets depend on the plan, nothing is proved. Of pockets, the worst sixteen per measure are told. Takes O(n log n) per measure.
///
/// ```
/// use territory::{Locations, Measure, ProblemSpec, Space, adjacency::{Edge, EdgeKind, Graph}, evaluate::{FindingKind, diagnose}};
/// let locations = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0], [3000.0, 0.0]]);
/// let edges = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0));
/// let problem = ProblemSpec::new(locations, Graph::from_edges(4, &edges), 2)
///     .measure(Measure::new("calls", vec![7.5, 1.0, 0.5, 1.0]))
///     .build()?;
/// let findings = diagnose(&problem);
/// assert_eq!(findings[0].kind, FindingKind::OversizeUnit);
/// assert_eq!(findings[0].best_deviation, Some(0.5));
/// # Ok::<(), territory::ProblemErrors>(())
/// ```
pub fn diagnose(problem: &Problem) -> Vec<Finding> {
    let limits: Vec<Limits> = (0..problem.measures().len()).map(|m| Limits::new(problem, m)).collect();
    let of_units = |m: usize| if problem.is_anchored(m) { Vec::new() } else { units::findings(problem, &limits[m]) };
    let by_measure = crate::parallel::map(limits.len(), of_units);
    let mut found: Vec<Finding> = by_measure.into_iter().flatten().collect();
    if problem.components() == ComponentRule::Separate {
        components::findings(problem, &limits, &mut found);
    }
    pockets::findings(problem, &limits, &mut found);
    rules::findings(problem, &mut found);
    if limits.iter().any(|l| l.carries) {
        // Deviations are of sums with what is carried, which the proofs leave aside.
        found.iter_mut().for_each(|f| f.best_deviation = None);
    }
    if found.is_empty() && problem.units() <= TINY && try_all(problem, true) == Exact::None {
        let rules = try_all(problem, false) == Exact::None;
        let what = if rules {
            "every rule and contiguity, whatever the bounds"
        } else {
            "every rule, contiguity and all bounds"
        };
        let text = format!("all plans were tried: none keeps {what}");
        let (kind, value, bound) = (FindingKind::Exhaustive, 0.0, 0.0);
        found.push(Finding { kind, measure: None, unit: None, value, bound, best_deviation: None, text });
    }
    found
}

/// Bounds and targets of one measure over the territories, sorted and summed for proofs. Bounds are widened a little more than
/// the slack of the violations, so that rounding never makes a proof.
pub(super) struct Limits {
    /// Position of the measure.
    measure: usize,
    /// Sum over all units.
    total: f64,
    /// Sum of the q smallest lower bounds, q = 0..=k.
    lower_sums: Vec<f64>,
    /// Sum of the q largest upper bounds.
    upper_sums: Vec<f64>,
    /// Sum of the q smallest targets.
    small_targets: Vec<f64>,
    /// Sum of the q largest targets.
    large_targets: Vec<f64>,
    /// Whether any territory has some of the measure outside of the map.
    carries: bool,
}

/// Share by which proofs widen bounds.
const WIDER: f64 = 2.0 * super::violation::BOUND_SLACK;

impl Limits {
    fn new(problem: &Problem, measure: usize) -> Self {
        let total = problem.total(measure);
        let bounds = |t: usize| widened(problem.bounds_of_all_plans(t, measure), total);
        let column = |value: &dyn Fn(usize) -> f64| {
            let mut values: Vec<f64> = (0..problem.k()).map(value).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let sums = |values: &mut dyn Iterator<Item = f64>| {
            let mut sums = vec![0.0];
            sums.extend(values.scan(0.0, |sum, v| {
                *sum += v;
                Some(*sum)
            }));
            sums
        };
        let targets = column(&|t| problem.target(t, measure));
        Self {
            measure,
            total,
            lower_sums: sums(&mut column(&|t| bounds(t).0).into_iter()),
            upper_sums: sums(&mut column(&|t| bounds(t).1).into_iter().rev()),
            small_targets: sums(&mut targets.iter().copied()),
            large_targets: sums(&mut targets.iter().rev().copied()),
            carries: (0..problem.k()).any(|t| problem.carried(t, measure) > 0.0),
        }
    }

    fn k(&self) -> usize {
        self.lower_sums.len() - 1
    }

    /// The least lower bound of a territory.
    fn lower(&self) -> f64 {
        self.lower_sums.get(1).copied().unwrap_or(0.0)
    }

    /// The largest upper bound of a territory.
    fn upper(&self) -> f64 {
        self.upper_sums.get(1).copied().unwrap_or(0.0)
    }

    fn smallest_target(&self) -> f64 {
        self.small_targets.get(1).copied().unwrap_or(0.0)
    }

    fn largest_target(&self) -> f64 {
        self.large_targets.get(1).copied().unwrap_or(0.0)
    }

    /// Bounds that a deviation of `deviation` leaves, as (least lower, largest upper).
    fn at(&self, deviation: f64) -> (f64, f64) {
        let (lower, upper) = (self.smallest_target() * (1.0 - deviation), self.largest_target() * (1.0 + deviation));
        widened((lower.max(0.0), upper), self.total)
    }
}

fn widened((lower, upper): (f64, f64), total: f64) -> (f64, f64) {
    let rounding = 1e-12 * total;
    ((lower * (1.0 - WIDER) - rounding).max(0.0), upper * (1.0 + WIDER) + rounding)
}

/// The largest deviation, to twelve digits, at which `impossible` still proves that no plan stays within it. None for 0.
fn certified_deviation(impossible: impl Fn(f64) -> bool) -> Option<f64> {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..30 {
        if !impossible(high) {
            break;
        }
        low = high;
        high *= 2.0;
    }
    for _ in 0..45 {
        let middle = (low + high) / 2.0;
        if impossible(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low > 1e-9).then_some(low)
}
