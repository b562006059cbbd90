//! How surplus travels to where it is wanted: the cheapest flow over the borders between territories.

use super::min_cost::MinCostFlow;

/// The cheapest flow that brings sums inside their bounds.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SurplusFlow {
    /// Σ amount × cost of its link, over all links: what is moved, each time it crosses a border.
    pub moved: f64,
    /// What is left beyond bounds, since there is no room or no way for it.
    pub unmet: f64,
    /// Amounts by link as (from, to, amount), in the order of the links, both ways.
    pub flows: Vec<(u32, u32, f64)>,
}

/// Sends amounts over `links` (from, to, cost; one way each) so that every sum lies inside its bounds `[lower, upper]`, at the
/// least Σ amount × cost. What cannot be met is met as far as possible first.
///
/// `sums` and `bounds` have one row per node; an amount may pass through any node. Links with an end that is no node carry nothing.
pub fn surplus_flow(sums: &[f64], bounds: &[(f64, f64)], links: &[(u32, u32, u32)]) -> SurplusFlow {
    let nodes = sums.len().min(bounds.len());
    let (source, sink) = (nodes as u32, nodes as u32 + 1);
    // A way from a node that may give to a node that may take costs 2 × `optional` and is not worth going; one end that must is,
    // and two ends that must come first. Any way over links costs less than `optional`.
    let dearest = links.iter().map(|l| l.2).max().unwrap_or(0);
    let optional = dearest.saturating_mul(nodes as u32 + 1).saturating_add(1).min(u32::MAX / 4);
    let mut net = MinCostFlow::new(nodes + 2);
    let total: f64 = sums.iter().map(|x| x.abs()).sum();
    let capacity = |a: u32, b: u32| if a.max(b) < source { total } else { 0.0 };
    let arcs: Vec<_> = links.iter().map(|&(a, b, cost)| net.arc(a, b, capacity(a, b), cost)).collect();
    let mut must = 0.0;
    let mut give = Vec::new();
    let mut take = Vec::new();
    for (node, (&x, &(lower, upper))) in sums.iter().zip(bounds).enumerate() {
        let node = node as u32;
        let (over, under) = ((x - upper).max(0.0), (lower - x).max(0.0));
        must += over + under;
        give.push(net.arc(source, node, over, 0));
        take.push(net.arc(node, sink, under, 0));
        net.arc(source, node, (x.min(upper) - lower).max(0.0), optional);
        net.arc(node, sink, (upper.min(total) - x.max(lower)).max(0.0), optional);
    }
    net.run(source, sink, 2 * u64::from(optional));
    let met: f64 = give.iter().chain(&take).map(|&arc| net.flow(arc)).sum();
    let mut flow = SurplusFlow { moved: 0.0, unmet: (must - met).max(0.0), flows: Vec::new() };
    for (&(a, b, cost), &arc) in links.iter().zip(&arcs) {
        let amount = net.flow(arc);
        if amount > 0.0 {
            flow.moved += amount * f64::from(cost);
            flow.flows.push((a, b, amount));
        }
    }
    flow
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Steps between all pairs of nodes.
    fn steps(nodes: usize, links: &[(u32, u32, u32)]) -> Vec<Vec<u64>> {
        let mut d = vec![vec![1000u64; nodes]; nodes];
        (0..nodes).for_each(|i| d[i][i] = 0);
        links.iter().for_each(|l| {
            let slot = &mut d[l.0 as usize][l.1 as usize];
            *slot = (*slot).min(u64::from(l.2));
        });
        for via in 0..nodes {
            for a in 0..nodes {
                for b in 0..nodes {
                    d[a][b] = d[a][b].min(d[a][via] + d[via][b]);
                }
            }
        }
        d
    }

    /// Cheapest way to carry single items from `from` to `to`, by all permutations.
    fn carry(from: &[usize], to: &mut Vec<usize>, d: &[Vec<u64>]) -> u64 {
        let Some((&first, rest)) = from.split_first() else { return 0 };
        let mut best = u64::MAX;
        for i in 0..to.len() {
            let end = to.swap_remove(i);
            best = best.min(d[first][end].saturating_add(carry(rest, to, d)));
            to.push(end);
            let last = to.len() - 1;
            to.swap(i, last);
        }
        best
    }

    /// Cheapest way to sums inside the bounds, by trying all whole sums.
    fn brute(sums: &[i64], bounds: &[(i64, i64)], d: &[Vec<u64>], chosen: &mut Vec<i64>) -> u64 {
        let at = chosen.len();
        if at == sums.len() {
            if chosen.iter().sum::<i64>() != sums.iter().sum::<i64>() {
                return u64::MAX;
            }
            let items = |sign: i64| -> Vec<usize> {
                (0..at).flat_map(|i| vec![i; ((sums[i] - chosen[i]) * sign).max(0) as usize]).collect()
            };
            let (from, mut to) = (items(1), items(-1));
            return if from.len() > 5 { u64::MAX } else { carry(&from, &mut to, d) };
        }
        let mut best = u64::MAX;
        for x in bounds[at].0..=bounds[at].1 {
            chosen.push(x);
            best = best.min(brute(sums, bounds, d, chosen));
            chosen.pop();
        }
        best
    }

    proptest! {
        /// Protects the least cost, conservation and bounds: whole numbers have whole optimal flows.
        #[test]
        fn the_cost_is_the_least_of_all(
            rows in prop::collection::vec((0i64..5, 0i64..4, 0i64..3), 2..5),
            ring in prop::collection::vec((0u32..5, 0u32..5, 1u32..4), 0..6),
        ) {
            let nodes = rows.len();
            let mut links: Vec<(u32, u32, u32)> = (1..nodes as u32).flat_map(|i| [(i - 1, i, 1), (i, i - 1, 1)]).collect();
            links.extend(ring.into_iter().filter(|l| (l.0 as usize) < nodes && (l.1 as usize) < nodes && l.0 != l.1));
            let sums: Vec<i64> = rows.iter().map(|r| r.0).collect();
            let bounds: Vec<(i64, i64)> = rows.iter().map(|r| (r.1, r.1 + r.2)).collect();
            let expected = brute(&sums, &bounds, &steps(nodes, &links), &mut Vec::new());
            let float: Vec<f64> = sums.iter().map(|&x| x as f64).collect();
            let float_bounds: Vec<(f64, f64)> = bounds.iter().map(|b| (b.0 as f64, b.1 as f64)).collect();
            let found = surplus_flow(&float, &float_bounds, &links);
            let total: i64 = sums.iter().sum();
            let possible = bounds.iter().map(|b| b.0).sum::<i64>() <= total && total <= bounds.iter().map(|b| b.1).sum();
            prop_assert_eq!(found.unmet == 0.0, possible);
            if possible && expected < u64::MAX {
                prop_assert_eq!(found.moved, expected as f64);
            }
            if possible {
                let mut after = float;
                for &(a, b, amount) in &found.flows {
                    after[a as usize] -= amount;
                    after[b as usize] += amount;
                }
                for (x, b) in after.iter().zip(&float_bounds) {
                    prop_assert!(b.0 - 1e-9 <= *x && *x <= b.1 + 1e-9);
                }
            }
        }
    }

    #[test]
    fn surplus_goes_the_short_way_and_what_has_no_room_is_told() {
        let both = |a: u32, b: u32| [(a, b, 1), (b, a, 1)];
        let line: Vec<_> = [both(0, 1), both(1, 2)].concat();
        let flow = surplus_flow(&[14.0, 10.0, 6.0], &[(9.0, 11.0); 3], &line);
        assert_eq!((flow.moved, flow.unmet), (3.0 + 3.0, 0.0));
        let stuck = surplus_flow(&[14.0, 10.0, 10.0], &[(9.0, 11.0); 3], &line);
        assert!((stuck.unmet - 1.0).abs() < 1e-9);
        assert_eq!(surplus_flow(&[14.0, 6.0], &[(9.0, 11.0); 2], &[]).unmet, 6.0);
        assert_eq!(surplus_flow(&[1.0, 2.0], &[(0.0, f64::INFINITY); 2], &[]).moved, 0.0);
    }
}
