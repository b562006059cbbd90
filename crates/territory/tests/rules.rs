//! The rules of companies on random planar graphs: every hard rule holds in every plan, and "impossible" is said exactly where
//! it is true – by trying all assignments of tiny problems.

// Test code: a panic is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use territory::adjacency::{Edge, EdgeKind, Graph};
use territory::evaluate::{Evaluation, ViolationKind, evaluate};
use territory::{
    Control, Effort, Locations, Measure, Problem, ProblemSpec, Rules, SolveOptions, Space, Territory, solve,
};

/// A small generator of its own: the tests share nothing with what they test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
}

/// A grid of `width` columns with some diagonals: planar and connected.
fn grid(units: usize, width: usize, dice: &mut Dice) -> (Locations, Graph) {
    let at: Vec<[f64; 2]> = (0..units)
        .map(|i| {
            [(i % width) as f64 * 1000.0 + dice.below(300) as f64, (i / width) as f64 * 1000.0 + dice.below(300) as f64]
        })
        .collect();
    let mut edges = Vec::new();
    let mut link = |a: usize, b: usize| {
        if a < units && b < units {
            edges.push(Edge::new(a as u32, b as u32, EdgeKind::Border, 1.0));
        }
    };
    for i in 0..units {
        if i % width + 1 < width {
            link(i, i + 1);
            if dice.below(2) == 0 {
                link(i, i + width + 1);
            }
        }
        link(i, i + width);
    }
    (Locations::from_coordinates(Space::Planar, &at), Graph::from_edges(units, &edges))
}

fn solved(problem: &Problem, effort: Effort) -> (Vec<u32>, Evaluation) {
    let options = SolveOptions { seed: 1, effort };
    let plan = solve(problem, &options, &Control::default()).unwrap().assignment;
    let evaluation = evaluate(problem, &plan).unwrap();
    (plan, evaluation)
}

/// Rules drawn from a plan that keeps them all.
fn drawn_from(plan: &[u32], graph: &Graph, k: usize, dice: &mut Dice) -> Rules {
    let n = plan.len();
    let mut rules = Rules::default();
    for _ in 0..n / 25 {
        let u = dice.below(n);
        rules.locked.push((u as u32, plan[u]));
    }
    for _ in 0..n / 50 {
        let u = dice.below(n);
        let mut allowed = vec![plan[u], dice.below(k) as u32];
        allowed.dedup();
        rules.allowed.push((u as u32, allowed));
    }
    for _ in 0..n / 50 {
        let u = dice.below(n);
        let other = dice.below(k) as u32;
        if other != plan[u] {
            rules.forbidden.push((u as u32, vec![other]));
        }
    }
    for _ in 0..n / 40 {
        let mut group = vec![dice.below(n) as u32];
        for _ in 0..dice.below(4) {
            let from = group[dice.below(group.len())];
            let same = graph
                .neighbours(from)
                .iter()
                .find(|&&v| plan[v as usize] == plan[from as usize] && !group.contains(&v));
            group.extend(same);
        }
        rules.together.push(group);
    }
    for _ in 0..n / 50 {
        let (a, b) = (dice.below(n), dice.below(n));
        if plan[a] != plan[b] {
            rules.apart.push((a as u32, b as u32));
        }
    }
    rules
}

fn keeps_rules(rules: &Rules, plan: &[u32]) -> bool {
    let at = |u: u32| plan[u as usize];
    rules.locked.iter().all(|&(u, t)| at(u) == t)
        && rules.allowed.iter().all(|(u, set)| set.contains(&at(*u)))
        && rules.forbidden.iter().all(|(u, set)| !set.contains(&at(*u)))
        && rules.together.iter().all(|group| group.iter().all(|&u| at(u) == at(group[0])))
        && rules.apart.iter().all(|&(a, b)| at(a) != at(b))
}

/// A problem with rules drawn from a plan of it.
fn with_hidden_plan(seed: u64, units: usize, k: usize) -> (Problem, Rules) {
    let dice = &mut Dice(seed);
    let (locations, graph) = grid(units, 3 + (units as f64).sqrt() as usize, dice);
    let loads: Vec<f64> = (0..units).map(|_| 1.0 + dice.below(5) as f64).collect();
    let k = k.min(units / 25).max(2);
    let territories: Vec<Territory> =
        (0..k).map(|t| Territory::new(format!("T{t}")).capacity(1.0 + 0.2 * (t % 3) as f64)).collect();
    let spec = ProblemSpec::new(locations, graph.clone(), k)
        .measure(Measure::new("load", loads).tolerance(0.15))
        .territories(territories);
    let (hidden, evaluation) = solved(&spec.clone().build().unwrap(), Effort::Quick);
    assert!(evaluation.contiguous);
    let rules = drawn_from(&hidden, &graph, k, dice);
    assert!(keeps_rules(&rules, &hidden));
    (spec.rules(rules.clone()).build().unwrap(), rules)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Protects promise (2), and what stands above it, whatever else the search does not find.
    #[test]
    fn rules_of_a_hidden_plan_are_kept(seed in any::<u64>(), units in 60usize..2000, k in 2usize..14, standard in any::<bool>()) {
        let (problem, rules) = with_hidden_plan(seed, units, k);
        let (plan, evaluation) = solved(&problem, if standard && units < 300 { Effort::Standard } else { Effort::Quick });
        prop_assert!(keeps_rules(&rules, &plan));
        prop_assert!(evaluation.territories.iter().all(|t| t.units > 0));
        let bounds = [ViolationKind::AboveMaximum, ViolationKind::BelowMinimum, ViolationKind::NotContiguous];
        prop_assert_eq!(evaluation.violations.iter().find(|v| !bounds.contains(&v.kind)), None);
    }
}

/// Protects promise (3) where a plan shows that it can be kept. Ways for all units that rules scatter are a puzzle that no
/// search solves every time (about one such problem in a thousand stays in pieces): these ones are solved.
#[test]
fn rules_of_a_hidden_plan_leave_territories_whole() {
    for seed in 0..150 {
        let (problem, rules) = with_hidden_plan(seed, 60 + (seed as usize * 389) % 1900, 2 + seed as usize % 12);
        let (plan, evaluation) = solved(&problem, Effort::Quick);
        assert!(keeps_rules(&rules, &plan));
        let broken = evaluation.violations.iter().find(|v| v.kind == ViolationKind::NotContiguous);
        assert_eq!(broken, None, "seed {seed}");
    }
}

/// All assignments of a tiny problem, tried one by one.
struct All<'a> {
    problem: &'a Problem,
    rules: &'a Rules,
}

impl All<'_> {
    fn any(units: usize, k: usize, mut wanted: impl FnMut(&[u32]) -> bool) -> bool {
        let mut plan = vec![0u32; units];
        loop {
            let complete = (0..k as u32).all(|t| plan.contains(&t));
            if complete && wanted(&plan) {
                return true;
            }
            let Some(at) = plan.iter().position(|&t| t + 1 < k as u32) else { return false };
            plan[at] += 1;
            plan[..at].fill(0);
        }
    }

    fn contiguous(&self, plan: &[u32]) -> bool {
        (0..self.problem.k() as u32).all(|t| {
            let members: Vec<u32> = (0..plan.len() as u32).filter(|&u| plan[u as usize] == t).collect();
            let mut reached = vec![members[0]];
            let mut at = 0;
            while at < reached.len() {
                for &v in self.problem.graph().neighbours(reached[at]) {
                    if plan[v as usize] == t && !reached.contains(&v) {
                        reached.push(v);
                    }
                }
                at += 1;
            }
            reached.len() == members.len()
        })
    }

    fn in_bounds(&self, plan: &[u32]) -> bool {
        (0..self.problem.k()).all(|t| {
            let members = (0..plan.len()).filter(|&u| plan[u] == t as u32);
            let sum: f64 = members.map(|u| self.problem.measures()[0].values[u]).sum();
            let (lower, upper) = self.problem.bounds(t, 0);
            lower - 1e-9 * lower <= sum && sum <= upper + 1e-9 * upper
        })
    }

    fn feasible(&self) -> bool {
        Self::any(self.problem.units(), self.problem.k(), |plan| {
            keeps_rules(self.rules, plan) && self.in_bounds(plan) && self.contiguous(plan)
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Protects "impossible is never said wrongly and never missed", on rules that often contradict each other.
    #[test]
    fn impossible_is_said_where_it_is_true(seed in any::<u64>(), units in 3usize..10, k in 1usize..5) {
        let dice = &mut Dice(seed);
        let k = k.min(units);
        let (locations, graph) = grid(units, 3, dice);
        let loads: Vec<f64> = (0..units).map(|_| 1.0 + dice.below(4) as f64).collect();
        let mut unit = || dice.below(units) as u32;
        let mut rules = Rules::default();
        let (a, b, c, d, e, f, g, h) = (unit(), unit(), unit(), unit(), unit(), unit(), unit(), unit());
        let mut territory = || dice.below(k) as u32;
        let (s, t, v) = (territory(), territory(), territory());
        let kinds = dice.below(32);
        if kinds & 1 != 0 { rules.locked.extend([(a, s), (b, t)]); }
        if kinds & 2 != 0 { rules.allowed.push((c, vec![s, v])); }
        if kinds & 4 != 0 { rules.forbidden.extend([(d, vec![t]), (e, vec![s])]); }
        if kinds & 8 != 0 { rules.together.extend([vec![a, f], vec![g, c]]); }
        if kinds & 16 != 0 { rules.apart.extend([(g, h), (f, e), (b, d), (h, e)].into_iter().filter(|p| p.0 != p.1)); }
        let tolerance = [0.1, 0.3, 0.6, 2.0][dice.below(4)];
        let spec = ProblemSpec::new(locations, graph, k).measure(Measure::new("load", loads).tolerance(tolerance)).rules(rules.clone());
        let possible = All::any(units, k, |plan| keeps_rules(&rules, plan));
        match spec.build() {
            Err(errors) => prop_assert!(!possible, "said to be impossible: {errors}"),
            Ok(problem) => {
                prop_assert!(possible, "a contradiction was missed");
                let (plan, evaluation) = solved(&problem, Effort::Standard);
                prop_assert!(keeps_rules(&rules, &plan));
                let feasible = All { problem: &problem, rules: &rules }.feasible();
                prop_assert_eq!(evaluation.violations.is_empty(), feasible, "{:?}", evaluation.violations);
                prop_assert_eq!(evaluation.findings.is_empty(), feasible, "{:?}", evaluation.findings);
            }
        }
    }
}

/// A town in the corner of the country has most of the people: the compact plan puts several centres there, side by side.
#[test]
fn centres_are_searched_for_that_lie_apart() {
    let (locations, graph) = grid(144, 12, &mut Dice(5));
    let people = (0..144).map(|i| if i % 12 < 3 && i / 12 < 3 { 20.0 } else { 1.0 }).collect();
    let spec = ProblemSpec::new(locations, graph, 4).measure(Measure::new("people", people).tolerance(0.2));
    let nearest = |found: &Evaluation| {
        let centres: Vec<[f64; 2]> = found.territories.iter().map(|t| t.centroid.unwrap()).collect();
        let pairs = centres.iter().enumerate().flat_map(|(i, a)| centres[..i].iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]) / 1000.0).fold(f64::INFINITY, f64::min)
    };
    for effort in [Effort::Quick, Effort::Standard, Effort::Thorough] {
        let without = solved(&spec.clone().build().unwrap(), effort).1;
        assert!(nearest(&without) < 2.5, "{effort:?}: they are {} km apart anyway", nearest(&without));
        let rules = Rules { centres_apart_km: Some(3.0), ..Rules::default() };
        let (_, found) = solved(&spec.clone().rules(rules).build().unwrap(), effort);
        assert!(found.violations.is_empty(), "{effort:?}: {:?}", found.violations);
        assert!(nearest(&found) >= 3.0 && found.contiguous, "{effort:?}: {} km", nearest(&found));
    }
}
