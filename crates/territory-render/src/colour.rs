//! Which territory gets which colour: neighbours never the same one, as far as the palette reaches.

use std::collections::BTreeSet;
use territory::adjacency::Graph;

/// Fills that differ pairwise by at least 0.07 in Oklab (Ottosson 2020), in normal vision and as seen with protanopia and
/// deuteranopia (simulated after Machado, Oliveira & Fernandes 2009, doi:10.1109/TVCG.2009.113): blue, terracotta, lime,
/// violet, sage, gold, rose. Dark text reads well on all of them.
pub(crate) const PALETTE: [&str; 7] = ["#7eb9ed", "#d8956a", "#dbe590", "#a086cb", "#a9d2be", "#d6bf62", "#d39aa8"];

/// Fill of units that are in no territory.
pub(crate) const NO_TERRITORY: &str = "#e3e5e8";

/// Neighbours of every territory, ascending. Units with a territory ≥ `k` are in none.
pub(crate) fn territory_neighbours(graph: &Graph, assignment: &[u32], k: usize) -> Vec<BTreeSet<u32>> {
    let mut neighbours = vec![BTreeSet::new(); k];
    for edge in graph.edges() {
        let of = |unit: u32| assignment.get(unit as usize).copied().filter(|&t| (t as usize) < k);
        if let (Some(a), Some(b)) = (of(edge.a), of(edge.b))
            && a != b
        {
            neighbours[a as usize].insert(b);
            neighbours[b as usize].insert(a);
        }
    }
    neighbours
}

/// Position in [`PALETTE`] for every territory: those that see most colours among their neighbours first (Brélaz 1979,
/// doi:10.1145/359094.359101), each the colour least seen among its neighbours, and of those the one used least so far.
pub(crate) fn colours(neighbours: &[BTreeSet<u32>]) -> Vec<usize> {
    let k = neighbours.len();
    let mut colour = vec![usize::MAX; k];
    let mut seen = vec![[0u32; PALETTE.len()]; k];
    let mut used = [0u32; PALETTE.len()];
    // (colours seen, degree, smaller id first), the largest last; entries that were overtaken are skipped.
    let rank = |t: usize, seen: &[[u32; PALETTE.len()]]| {
        (seen[t].iter().filter(|&&s| s > 0).count(), neighbours[t].len(), usize::MAX - t)
    };
    let mut queue: BTreeSet<_> = (0..k).map(|t| rank(t, &seen)).collect();
    while let Some((_, _, key)) = queue.pop_last() {
        let t = usize::MAX - key;
        let best = (0..PALETTE.len()).min_by_key(|&c| (seen[t][c], used[c], c)).unwrap_or(0);
        colour[t] = best;
        used[best] += 1;
        for &other in &neighbours[t] {
            let other = other as usize;
            if colour[other] == usize::MAX {
                queue.remove(&rank(other, &seen));
                seen[other][best] += 1;
                queue.insert(rank(other, &seen));
            }
        }
    }
    colour
}

#[cfg(test)]
mod tests {
    use super::*;
    use territory::adjacency::{Edge, EdgeKind};

    /// A 12 × 12 grid in which every cell is a territory: neighbours differ.
    #[test]
    fn neighbours_differ() {
        let n = 12u32;
        let mut edges = Vec::new();
        for i in 0..n * n {
            let diagonal = (i % n + 1 < n && i / n + 1 < n).then_some(i + n + 1);
            for j in
                [(i % n + 1 < n).then_some(i + 1), (i / n + 1 < n).then_some(i + n), diagonal].into_iter().flatten()
            {
                edges.push(Edge::new(i, j, EdgeKind::Border, 1.0));
            }
        }
        let graph = Graph::from_edges((n * n) as usize, &edges);
        let assignment: Vec<u32> = (0..n * n).collect();
        let colour = colours(&territory_neighbours(&graph, &assignment, assignment.len()));
        assert!(edges.iter().all(|e| colour[e.a as usize] != colour[e.b as usize]));
        assert_eq!(colour.iter().collect::<BTreeSet<_>>().len(), PALETTE.len(), "all colours are in use");
    }

    #[test]
    fn more_neighbours_than_colours_still_get_one_each() {
        let k = 10;
        let all: Vec<BTreeSet<u32>> = (0..k).map(|t| (0..k).filter(|&o| o != t).collect()).collect();
        assert!(colours(&all).iter().all(|&c| c < PALETTE.len()));
    }

    #[test]
    fn palette_differs_to_every_eye() {
        const SIGHT: [[[f64; 3]; 3]; 3] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
            [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        ];
        let times = |m: [[f64; 3]; 3], v: [f64; 3]| m.map(|r| r[0] * v[0] + r[1] * v[1] + r[2] * v[2]);
        let oklab = |rgb: [f64; 3]| {
            let lms = times(
                [
                    [0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005],
                ],
                rgb.map(|c| c.clamp(0.0, 1.0)),
            );
            times(
                [
                    [0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660],
                ],
                lms.map(f64::cbrt),
            )
        };
        let linear = |hex: &str| {
            [1, 3, 5].map(|i| {
                let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap_or(0)) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            })
        };
        for (i, a) in PALETTE.iter().enumerate() {
            for b in &PALETTE[..i] {
                for sight in SIGHT {
                    let [p, q] = [a, b].map(|hex| oklab(times(sight, linear(hex))));
                    let distance = p.iter().zip(q).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > 0.07, "{a} and {b} differ by {distance:.3} only");
                }
            }
        }
    }
}
