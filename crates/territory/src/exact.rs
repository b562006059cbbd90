//! All plans of a tiny problem: whether any keeps every rule, contiguity and all bounds, and the most compact one that does.
//!
//! Territories are taken in turns as connected sets that hold the first unit without one; sets that break a rule or a bound are
//! cut off where they do.

use crate::problem::{NO_GROUP, Problem};
use crate::space::squared_distance;

/// Units up to which all plans are tried.
pub(crate) const TINY: usize = 14;
/// Sets after which the search gives up.
const STEPS: u64 = 4_000_000;
/// Bounds are widened by this share, as violations are judged.
const SLACK: f64 = 1e-9;

/// What trying all plans found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Exact {
    /// The plan of least inertia that keeps everything.
    Best(Vec<u32>),
    /// No plan does: all were tried.
    None,
    /// Too many to try.
    Unknown,
}

/// Tries all plans of a problem of up to [`TINY`] units, the one of least inertia being best; without `bounded` whatever their sums.
pub(crate) fn try_all(problem: &Problem, bounded: bool) -> Exact {
    let inertia = |t: usize, set: u32| inertia_of(problem, t, set);
    search(problem, bounded, true, &inertia)
}

/// The same; best is the plan that adds up to the least of what `change` says of a unit in a territory.
pub(crate) fn try_all_by(problem: &Problem, change: impl Fn(usize, u32) -> f64) -> Exact {
    search(problem, true, false, &|t, set| units(set).map(|u| change(u, t as u32)).sum())
}

fn search(problem: &Problem, bounded: bool, alike: bool, worth: &dyn Fn(usize, u32) -> f64) -> Exact {
    let (n, k) = (problem.units(), problem.k());
    if n > TINY {
        return Exact::Unknown;
    }
    let unit = |u: usize| 1u32 << u;
    let mask = |units: &[u32]| units.iter().fold(0, |mask, &u| mask | unit(u as usize));
    let book = problem.rule_book();
    let allowed = |t: u32| (0..n as u32).filter(|&u| book.allows(u, t)).fold(0, |mask, u| mask | unit(u as usize));
    let group = |u: usize| match book.group_of(u as u32) {
        NO_GROUP => unit(u),
        group => mask(&book.groups()[group as usize]),
    };
    let measures = problem.measures().len();
    let bounds = |t: usize| {
        let of = |m: usize| if bounded { problem.bounds_of_all_plans(t, m) } else { (0.0, f64::INFINITY) };
        (0..measures).map(of).collect::<Vec<_>>()
    };
    let all = (0..k).map(|t| Wanted { allowed: allowed(t as u32), bounds: bounds(t), anchor: problem.anchor(t) });
    let mut search = Search {
        problem,
        worth,
        neighbours: (0..n as u32).map(|u| mask(problem.graph().neighbours(u))).collect(),
        apart: (0..n as u32).map(|u| mask(book.apart_of(u))).collect(),
        group: (0..n).map(group).collect(),
        wanted: all.collect(),
        taken: vec![0; k],
        sum: 0.0,
        best: None,
        // Bounds that are asked for at the end tell territories apart, too.
        alike: alike && !(bounded && problem.has_anchored()),
        settles: bounded && problem.has_anchored(),
        steps: STEPS,
    };
    search.next((1u32 << n) - 1);
    match search.best {
        _ if search.steps == 0 => Exact::Unknown,
        None => Exact::None,
        Some((_, plan)) => Exact::Best(plan),
    }
}

/// What a territory asks for.
#[derive(PartialEq)]
struct Wanted {
    allowed: u32,
    bounds: Vec<(f64, f64)>,
    anchor: Option<[f64; 3]>,
}

/// Sets of units are bits.
struct Search<'a> {
    problem: &'a Problem,
    /// What a set costs as a territory, ≥ 0.
    worth: &'a dyn Fn(usize, u32) -> f64,
    neighbours: Vec<u32>,
    apart: Vec<u32>,
    group: Vec<u32>,
    wanted: Vec<Wanted>,
    /// Units of every territory, 0: not taken yet.
    taken: Vec<u32>,
    sum: f64,
    best: Option<(f64, Vec<u32>)>,
    /// Whether territories that want the same are the same.
    alike: bool,
    /// Whether the bounds of some measures depend on the plan, and are asked for when it is complete.
    settles: bool,
    steps: u64,
}

impl Search<'_> {
    /// Takes sets for the first unit that is left.
    fn next(&mut self, left: u32) {
        let open = self.taken.iter().filter(|&&set| set == 0).count() as u32;
        if left == 0 {
            if open == 0 && self.best.as_ref().is_none_or(|best| self.sum < best.0) {
                let of = |u: usize| self.taken.iter().position(|set| set >> u & 1 == 1).unwrap_or(0) as u32;
                let plan: Vec<u32> = (0..self.problem.units()).map(of).collect();
                if !self.settles || self.problem.keeps_settled_bounds(&plan, SLACK) {
                    self.best = Some((self.sum, plan));
                }
            }
            return;
        }
        if open == 0 || left.count_ones() < open || self.best.as_ref().is_some_and(|best| self.sum >= best.0) {
            return;
        }
        let first = left & left.wrapping_neg();
        for t in 0..self.wanted.len() {
            // Of territories that nothing tells apart the first one stands for all.
            let same = |s: usize| self.alike && self.taken[s] == 0 && self.wanted[s] == self.wanted[t];
            if self.taken[t] == 0 && self.wanted[t].allowed & first != 0 && !(0..t).any(same) {
                self.grow(t, first, left, !first);
            }
        }
    }

    /// Tries `set` for a territory, then all larger ones by units of `open` that it touches.
    fn grow(&mut self, t: usize, set: u32, left: u32, mut open: u32) {
        if self.steps == 0 {
            return;
        }
        self.steps -= 1;
        let Some(enough) = self.fits(t, set) else { return };
        let whole = units(set).all(|u| self.group[u] & !set == 0);
        if enough && whole {
            let sum = self.sum;
            self.taken[t] = set;
            self.sum += (self.worth)(t, set);
            self.next(left & !set);
            (self.taken[t], self.sum) = (0, sum);
        }
        let touching = units(set).fold(0, |mask, u| mask | self.neighbours[u]);
        let mut candidates = touching & left & open & !set & self.wanted[t].allowed;
        while candidates != 0 {
            let next = candidates & candidates.wrapping_neg();
            candidates &= !next;
            open &= !next;
            if units(set).all(|u| self.apart[u] & next == 0) {
                self.grow(t, set | next, left, open);
            }
        }
    }

    /// Whether a set reaches all lower bounds; none if it is above an upper one.
    fn fits(&self, t: usize, set: u32) -> Option<bool> {
        let mut enough = true;
        for (measure, &(lower, upper)) in self.problem.measures().iter().zip(&self.wanted[t].bounds) {
            let sum: f64 = units(set).map(|u| measure.values[u]).sum();
            // What it carries may leave less than nothing.
            if sum > upper.max(0.0) * (1.0 + SLACK) || upper < 0.0 {
                return None;
            }
            enough &= sum >= lower - SLACK * lower;
        }
        Some(enough)
    }
}

/// Moment of inertia of a set as a territory, about its anchor or its centroid.
fn inertia_of(problem: &Problem, t: usize, set: u32) -> f64 {
    let values = &problem.measures()[problem.weight()].values;
    let points = problem.locations().points();
    let total: f64 = units(set).map(|u| values[u]).sum();
    let mut centre = [0.0; 3];
    for u in units(set) {
        (0..3).for_each(|i| centre[i] += values[u] * points[u][i] / total.max(f64::MIN_POSITIVE));
    }
    let centre = problem.anchor(t).unwrap_or(centre);
    units(set).map(|u| values[u] * squared_distance(points[u], centre)).sum()
}

/// Units of a set.
fn units(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let unit = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (unit < 32).then_some(unit as usize)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::adjacency::{Edge, EdgeKind, Graph};
    use crate::{Locations, Measure, ProblemSpec, Space, Territory};

    /// Bounds that depend on the plan are asked for at the end: what tells territories apart until then must not be lost.
    #[test]
    fn territories_of_one_anchor_and_other_capacities_are_not_alike() {
        let at: Vec<[f64; 2]> = (0..4).map(|i| [f64::from(i) * 1000.0, 0.0]).collect();
        let edges: Vec<Edge> = (1..4).map(|i| Edge::new(i - 1, i, EdgeKind::Edge, 0.0)).collect();
        let spec = ProblemSpec::new(Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(4, &edges), 2)
            .measure(Measure::new("hours", vec![3.0, 1.0, 2.0, 2.0]).per_km(vec![0.001; 4]))
            .territories(vec![
                Territory::new("a").anchor([0.0, 0.0]),
                Territory::new("b").capacity(3.0).anchor([0.0, 0.0]),
            ]);
        assert_eq!(try_all(&spec.build().unwrap(), true), Exact::Best(vec![1, 1, 1, 0]));
    }
}
