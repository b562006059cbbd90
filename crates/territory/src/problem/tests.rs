//! Contradictions among rules: each kind by its words, and on random tiny problems with skills and radii – which the tests of the
//! search leave out – against all assignments. The oracle reads the specification, not the rule book.

use super::*;
use crate::adjacency::{Edge, EdgeKind, Graph};
use crate::error::{ProblemError, ProblemErrors};
use crate::space::Space;
use proptest::prelude::*;

/// Units in a row, 1 km apart, of one call each.
fn row(units: usize, territories: Vec<Territory>, rules: Rules) -> ProblemSpec {
    let places: Vec<[f64; 2]> = (0..units).map(|u| [u as f64 * 1000.0, 0.0]).collect();
    let edges: Vec<Edge> = (1..units as u32).map(|u| Edge::new(u - 1, u, EdgeKind::Edge, 0.0)).collect();
    ProblemSpec::new(Locations::from_coordinates(Space::Planar, &places), Graph::from_edges(units, &edges), 0)
        .territories(territories)
        .measure(Measure::new("calls", vec![1.0; units]).tolerance(f64::INFINITY))
        .rules(rules)
}

fn named(names: &[&str]) -> Vec<Territory> {
    names.iter().map(|name| Territory::new(*name)).collect()
}

fn faults(spec: ProblemSpec) -> Vec<String> {
    spec.build().err().map_or(Vec::new(), |ProblemErrors(errors)| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn each_contradiction_is_told_by_name() {
    let ab = || named(&["A", "B"]);
    let cases = [
        (
            Rules { locked: vec![(1, 0), (1, 1)], ..Rules::default() },
            "unit 1 is locked to territory \"A\" and to territory \"B\": take one of the locks away",
        ),
        (
            Rules { allowed: vec![(2, vec![])], ..Rules::default() },
            "unit 2 may be in no territory: the allowed set of 2 is empty; loosen one of them",
        ),
        (
            Rules { allowed: vec![(2, vec![0])], forbidden: vec![(2, vec![0])], ..Rules::default() },
            "unit 2 may be in no territory: 2 is allowed in \"A\" only; 2 is forbidden in \"A\"; loosen one of them",
        ),
        (
            Rules { needs: vec![(0, "French".into())], ..Rules::default() },
            "unit 0 may be in no territory: 0 needs the skill \"French\", which no territory has; loosen one of them",
        ),
        (
            Rules { together: vec![vec![0, 1]], locked: vec![(0, 0), (1, 1)], ..Rules::default() },
            "units 0, 1 stay together, but no territory may have all of them: 0 is locked to \"A\"; 1 is locked to \"B\"; loosen one of them",
        ),
        (
            Rules { together: vec![vec![0, 1], vec![1, 2]], apart: vec![(0, 2)], ..Rules::default() },
            "units 0 and 2 must be kept apart, but stay together by the groups they are in: take one of the rules away",
        ),
        (
            Rules { apart: vec![(0, 1), (1, 2), (2, 0), (2, 3)], ..Rules::default() },
            "units 0, 1, 2 cannot be kept apart in 2 territories: take one of the pairs away, or allow more territories",
        ),
        (
            Rules { locked: vec![(0, 0), (1, 0), (2, 0), (3, 0)], ..Rules::default() },
            "territories B cannot all have a unit: no unit may be in them; allow more units",
        ),
        (
            Rules { together: vec![vec![0, 1, 2, 3]], ..Rules::default() },
            "territories A, B cannot all have a unit: only 0 (1, groups counted as one) may be in them; allow more units",
        ),
        (
            Rules { centres_apart_km: Some(-1.0), ..Rules::default() },
            "the least distance between centres is -1: it must be a finite number ≥ 0",
        ),
        (
            Rules { ties: vec![(0, 3, 0.0)], ..Rules::default() },
            "the tie between units 0 and 3 is 0: it must be a finite number > 0",
        ),
    ];
    for (rules, message) in cases {
        assert_eq!(faults(row(4, ab(), rules)), [message]);
    }
}

#[test]
fn all_contradictions_are_told_at_once() {
    let rules =
        Rules { locked: vec![(0, 0), (0, 1)], allowed: vec![(3, vec![])], apart: vec![(1, 1)], ..Rules::default() };
    let found = faults(row(4, named(&["A", "B"]), rules));
    assert!(found.len() >= 3, "{found:?}");
}

#[test]
fn anchors_keep_their_distance_and_radii_need_one() {
    let mut territories = named(&["A", "B"]);
    territories[0].anchor = Some([0.0, 0.0]);
    territories[1].anchor = Some([2000.0, 0.0]);
    let rules = || Rules { centres_apart_km: Some(2.5), ..Rules::default() };
    let found = row(4, territories.clone(), rules()).build().unwrap_err();
    assert!(matches!(found.0[..], [ProblemError::AnchorsTooNear { km: 2.0, least: 2.5, .. }]), "{found}");
    (territories[1].anchor, territories[1].max_radius_km) = (None, Some(1.0));
    let found = row(4, territories, rules()).build().unwrap_err();
    assert!(matches!(found.0[..], [ProblemError::RadiusWithoutAnchor { .. }]), "{found}");
}

/// Whether any assignment fills all territories and keeps the rules, by trying all.
fn any(spec: &ProblemSpec) -> bool {
    let (units, k) = (spec.locations.len(), spec.territories.len() as u32);
    let keeps = |plan: &[u32]| {
        let at = |u: u32| plan[u as usize];
        let r = &spec.rules;
        let near = |u: usize| {
            let t = &spec.territories[plan[u] as usize];
            let km = |a: [f64; 2]| (spec.locations.points()[u][0] - a[0] / 1000.0).abs();
            t.anchor.zip(t.max_radius_km).is_none_or(|(a, radius)| km(a) <= radius)
        };
        (0..k).all(|t| plan.contains(&t))
            && (0..units).all(near)
            && r.locked.iter().all(|&(u, t)| at(u) == t)
            && r.needs.iter().all(|(u, skill)| spec.territories[at(*u) as usize].skills.contains(skill))
            && r.together.iter().all(|g| g.iter().all(|&u| at(u) == at(g[0])))
            && r.apart.iter().all(|&(a, b)| at(a) != at(b))
    };
    (0..u64::from(k).pow(units as u32)).any(|mut code| {
        let mut digit = || {
            let t = code % u64::from(k);
            code /= u64::from(k);
            t as u32
        };
        keeps(&(0..units).map(|_| digit()).collect::<Vec<u32>>())
    })
}

proptest! {
    /// Protects "never said wrongly and never missed" for skills and radii among the other rules.
    #[test]
    fn contradictions_are_those_that_there_are(
        units in 2usize..7,
        skills in prop::collection::vec(0u8..4, 1..5),
        homes in prop::collection::vec(prop::option::of((0u32..7, 0u32..4)), 4),
        needs in prop::collection::vec((0u32..7, 0u8..2), 0..4),
        locked in prop::option::of((0u32..7, 0u32..5)),
        apart in prop::collection::vec((0u32..7, 0u32..7), 0..5),
        together in prop::collection::vec(0u32..7, 0..3),
    ) {
        let skill = |s: u8| format!("s{s}");
        let territories: Vec<Territory> = skills.iter().zip(&homes).enumerate().take(units).map(|(t, (mask, home))| {
            let mut territory = Territory::new(t.to_string());
            territory.skills = (0..2).filter(|s| mask >> s & 1 == 1).map(skill).collect();
            if let Some((at, radius)) = home {
                territory.anchor = Some([f64::from(*at) * 1000.0, 0.0]);
                territory.max_radius_km = Some(f64::from(*radius));
            }
            territory
        }).collect();
        let k = territories.len() as u32;
        let there = |u: &u32| (*u as usize) < units;
        let rules = Rules {
            locked: locked.into_iter().filter(|l| there(&l.0) && l.1 < k).collect(),
            needs: needs.iter().filter(|n| there(&n.0)).map(|&(u, s)| (u, skill(s))).collect(),
            together: vec![together.into_iter().filter(there).collect()],
            apart: apart.into_iter().filter(|p| there(&p.0) && there(&p.1) && p.0 != p.1).collect(),
            ..Rules::default()
        };
        let spec = row(units, territories, rules);
        let possible = any(&spec);
        let built = spec.build();
        prop_assert_eq!(built.is_ok(), possible, "{:?}", built.err());
    }
}
