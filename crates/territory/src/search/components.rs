//! Connected components of a problem get territories of their own, by how much there is in each.

use super::instance::Instance;
use crate::adjacency::components;
use crate::problem::Problem;
use std::cmp::Reverse;

/// Components with the territories each of them gets.
pub(super) fn share_out(problem: &Problem, instance: &Instance) -> Vec<(Vec<u32>, Vec<u32>)> {
    let found = components(problem.graph());
    let count = found.sizes.len();
    let mut units = vec![Vec::new(); count];
    for (position, &unit) in instance.order.iter().enumerate() {
        units[found.component_of[unit as usize] as usize].push(position as u32);
    }
    let loads: Vec<f64> = units.iter().map(|list| list.iter().map(|&u| instance.mean_load(u)).sum()).collect();
    let claims = claims(instance, &units);
    let least: Vec<usize> = claims.iter().map(|list| list.len().max(1)).collect();
    let shares = apportion(&loads, &units.iter().map(Vec::len).collect::<Vec<_>>(), least, instance.k());
    // Territories that nothing binds to a component fill up in their order.
    let mut rest = (0..instance.k() as u32).filter(|t| !claims.iter().any(|list| list.contains(t)));
    let mut split = Vec::new();
    for ((units, mut territories), share) in units.into_iter().zip(claims.clone()).zip(shares) {
        territories.extend(rest.by_ref().take(share.saturating_sub(territories.len())));
        territories.sort_unstable();
        split.push((units, territories));
    }
    split
}

/// Territories that must be in a component: those that units are locked to, or that are anchored nearest to it.
fn claims(instance: &Instance, units: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut claims = vec![Vec::new(); units.len()];
    let Some(bonds) = &instance.bonds else { return claims };
    let k = instance.k();
    let mut home = vec![None; k];
    for (c, list) in units.iter().enumerate() {
        for t in list.iter().filter_map(|&u| bonds.locked(u)) {
            home[t as usize].get_or_insert(c);
        }
    }
    let locked: Vec<bool> = home.iter().map(Option::is_some).collect();
    for (t, anchor) in bonds.anchors.iter().enumerate() {
        let Some(anchor) = anchor.filter(|_| home[t].is_none()) else { continue };
        let way = |&u: &u32| crate::space::squared_distance(instance.masses[u as usize].at, anchor);
        let nearest = |list: &Vec<u32>| list.iter().map(way).fold(f64::INFINITY, f64::min);
        home[t] = (0..units.len()).min_by(|&a, &b| nearest(&units[a]).total_cmp(&nearest(&units[b])));
    }
    for (t, c) in (0u32..).zip(home) {
        // A component has a unit for each of its territories.
        if let Some(c) = c.filter(|&c| claims[c].len() < units[c].len()) {
            claims[c].push(t);
        }
    }
    // Every component needs a territory: claims give way where they leave one without, those of locks last.
    let needed = |claims: &[Vec<u32>]| claims.iter().map(|list| list.len().max(1)).sum::<usize>();
    while needed(&claims) > k {
        let Some(most) = (0..claims.len()).max_by_key(|&c| (claims[c].len(), Reverse(c))) else { break };
        let anchored = claims[most].iter().rposition(|&t| !locked[t as usize]);
        let last = claims[most].len().saturating_sub(1);
        claims[most].remove(anchored.unwrap_or(last));
    }
    claims
}

/// Shares `k` territories out over components (or regions) by load, at least `shares` and at most one per unit each: the next one goes where
/// the mean load per territory is largest.
pub(crate) fn apportion(loads: &[f64], units: &[usize], mut shares: Vec<usize>, k: usize) -> Vec<usize> {
    for _ in shares.iter().sum()..k {
        let room = (0..loads.len()).filter(|&c| shares[c] < units[c]);
        // Halfway divisors (Sainte-Laguë) keep the relative error of both kinds of neighbours small.
        let rank = |c: usize| loads[c] / (shares[c] as f64 + 0.5);
        if let Some(next) = room.max_by(|&a, &b| rank(a).total_cmp(&rank(b)).then(b.cmp(&a))) {
            shares[next] += 1;
        }
    }
    shares
}
