//! Price disorder (价格混乱): gaps in price across a border that pay for carrying goods over it.

use crate::{SalesError, check};
use territory::adjacency::Graph;
use territory::{Locations, UnitId};

/// What it costs to carry a piece to the next unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarryingCost {
    /// Per piece, whatever the distance, currency.
    pub per_piece: f64,
    /// Per piece and km between the units' locations, currency.
    pub per_piece_km: f64,
}

/// Two neighbouring units in different territories whose prices invite trade.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PriceGap {
    /// Where goods are cheaper.
    pub cheap: UnitId,
    /// Where they are dearer.
    pub dear: UnitId,
    /// Difference of the prices, currency per piece.
    pub gap: f64,
    /// Cost of carrying a piece over, currency.
    pub carrying: f64,
    /// What a carrier earns per piece: gap − carrying, above 0.
    pub gain: f64,
}

/// The pairs of neighbours across territory borders whose price gap exceeds the cost of carrying, largest gain first (of equals, smaller units).
///
/// ```
/// use territory::adjacency::{Edge, EdgeKind, Graph};
/// use territory::{Locations, Space};
/// use territory_sales::prices::{CarryingCost, price_gaps};
/// let units = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [10_000.0, 0.0], [20_000.0, 0.0]]);
/// let graph = Graph::from_edges(3, &[(0, 1), (1, 2)].map(|(a, b)| Edge::new(a, b, EdgeKind::Edge, 0.0)));
/// let cost = CarryingCost { per_piece: 1.0, per_piece_km: 0.1 };
/// let gaps = price_gaps(&units, &graph, &[0, 0, 1], &[100.0, 90.0, 95.0], &cost)?;
/// // 0–1 is inside a territory; 1–2 differs by 5 where carrying costs 1 + 10 · 0.1.
/// assert_eq!((gaps.len(), gaps[0].gain, gaps[0].cheap.0), (1, 3.0, 1));
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
///
/// # Errors
/// Columns of different lengths, negative prices or costs.
pub fn price_gaps(
    units: &Locations,
    graph: &Graph,
    territory_of: &[u32],
    price: &[f64],
    cost: &CarryingCost,
) -> Result<Vec<PriceGap>, SalesError> {
    check::located(units)?;
    check::length("the graph", graph.len(), units.len())?;
    check::length("the plan", territory_of.len(), units.len())?;
    check::length("the prices", price.len(), units.len())?;
    check::not_negative("the prices", price)?;
    check::at_least_zero("the carrying cost per piece", cost.per_piece)?;
    check::at_least_zero("the carrying cost per piece and km", cost.per_piece_km)?;
    let gap = |edge: territory::adjacency::Edge| {
        let (a, b) = (edge.a as usize, edge.b as usize);
        if territory_of[a] == territory_of[b] {
            return None;
        }
        let (cheap, dear) = if price[a] <= price[b] { (edge.a, edge.b) } else { (edge.b, edge.a) };
        let gap = (price[a] - price[b]).abs();
        let carrying = cost.per_piece + cost.per_piece_km * units.distance_km(a, b);
        let gain = gap - carrying;
        (gain > 0.0).then_some(PriceGap { cheap: UnitId(cheap), dear: UnitId(dear), gap, carrying, gain })
    };
    let mut gaps: Vec<PriceGap> = graph.edges().filter_map(gap).collect();
    gaps.sort_by(|x, y| y.gain.total_cmp(&x.gain).then((x.cheap, x.dear).cmp(&(y.cheap, y.dear))));
    Ok(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use territory::adjacency::{Edge, EdgeKind};
    use territory::{EARTH_RADIUS_KM, Space};

    fn linked(units: usize, links: &[(u32, u32)]) -> Graph {
        let edges: Vec<Edge> = links.iter().map(|&(a, b)| Edge::new(a, b, EdgeKind::Edge, 1.0)).collect();
        Graph::from_edges(units, &edges)
    }

    /// By hand: a square of 30 × 40 km, territories left and right, all six pairs linked.
    /// Prices 10, 17, 20, 12; a piece costs 1, a km 0.1. Across the border: 0–2 is 50 km, 10 − 6 = 4 to be earned; 0–3 is 30 km, 2 − 4 < 0;
    /// 1–2 is 30 km, 3 − 4 < 0; 1–3 is 50 km, 5 − 6 < 0. Inside, 0–1 differs by 7 over 40 km and 2–3 by 8: no leakage.
    #[test]
    fn the_square_is_as_reckoned_by_hand() {
        let at = [[0.0, 0.0], [0.0, 40e3], [30e3, 40e3], [30e3, 0.0]];
        let units = Locations::from_coordinates(Space::Planar, &at);
        let graph = linked(4, &[(0, 1), (1, 2), (2, 3), (0, 3), (0, 2), (1, 3)]);
        let run = |price: &[f64], per_piece, per_piece_km| {
            let cost = CarryingCost { per_piece, per_piece_km };
            price_gaps(&units, &graph, &[0, 0, 1, 1], price, &cost).unwrap()
        };
        let gap = |cheap, dear, gap, carrying, gain| PriceGap {
            cheap: UnitId(cheap),
            dear: UnitId(dear),
            gap,
            carrying,
            gain,
        };
        assert_eq!(run(&[10.0, 17.0, 20.0, 12.0], 1.0, 0.1), [gap(0, 2, 10.0, 6.0, 4.0)]);
        // Half the way costs: 1–2 and 1–3 earn too, the latter from 3 to 1; 0–3 earns nothing, and what earns nothing is no gap.
        let cheaper = run(&[10.0, 17.0, 20.0, 12.0], 0.5, 0.05);
        assert_eq!(cheaper, [gap(0, 2, 10.0, 3.0, 7.0), gap(3, 1, 5.0, 3.0, 2.0), gap(1, 2, 3.0, 2.0, 1.0)]);
        // Nothing to carry for: equal prices, at no cost at all.
        assert_eq!(run(&[5.0; 4], 0.0, 0.0), []);
        // Of equal gains the smaller cheap unit comes first, then the smaller dear one.
        let equal = run(&[5.0, 5.0, 8.0, 8.0], 0.0, 0.0);
        let pairs: Vec<(u32, u32)> = equal.iter().map(|g| (g.cheap.0, g.dear.0)).collect();
        assert_eq!(pairs, [(0, 2), (0, 3), (1, 2), (1, 3)]);
    }

    /// On the sphere the way is the great circle: a degree of the equator.
    #[test]
    fn ways_on_the_sphere_are_great_circles() {
        let units = Locations::from_coordinates(Space::Geographic, &[[179.5, 0.0], [-179.5, 0.0]]);
        let cost = CarryingCost { per_piece: 0.0, per_piece_km: 1.0 };
        let found = price_gaps(&units, &linked(2, &[(0, 1)]), &[0, 1], &[0.0, 200.0], &cost).unwrap();
        let degree = EARTH_RADIUS_KM * std::f64::consts::PI / 180.0;
        assert!((found[0].carrying - degree).abs() < 1e-9 && (found[0].gain - (200.0 - degree)).abs() < 1e-9);
    }

    #[test]
    fn faults_are_named() {
        let units = Locations::from_coordinates(Space::Planar, &[[0.0, 0.0], [1.0, 0.0]]);
        let graph = linked(2, &[(0, 1)]);
        let free = CarryingCost { per_piece: 0.0, per_piece_km: 0.0 };
        let negative = price_gaps(&units, &graph, &[0, 1], &[1.0, -2.0], &free).unwrap_err();
        assert!(negative.to_string().contains("prices are not a finite number of at least 0, first \"row 1\": -2"));
        for (plan, price) in [(&[0][..], &[1.0, 2.0][..]), (&[0, 1], &[1.0])] {
            assert!(matches!(price_gaps(&units, &graph, plan, price, &free), Err(SalesError::Length { found: 1, .. })));
        }
        assert!(price_gaps(&units, &linked(3, &[]), &[0, 1], &[1.0, 2.0], &free).is_err());
        let paid = CarryingCost { per_piece: -1.0, ..free };
        assert!(matches!(price_gaps(&units, &graph, &[0, 1], &[1.0, 2.0], &paid), Err(SalesError::Parameter { .. })));
    }

    proptest! {
        /// Protects the whole against every ordered pair of units, tried one by one: who buys at `a`, carries to `b` and sells there.
        #[test]
        fn every_pair_is_tried(
            units in prop::collection::vec((0u32..9, 0u32..9, 0u32..3, 0u32..20), 2..14),
            links in prop::collection::btree_set((0u32..14, 0u32..14), 0..60),
            per_piece in 0u32..4,
            per_km in 0u32..3,
        ) {
            let n = units.len() as u32;
            let links: Vec<(u32, u32)> = links.into_iter().filter(|(a, b)| a < b && *b < n).collect();
            let at: Vec<[f64; 2]> = units.iter().map(|u| [f64::from(u.0) * 1000.0, f64::from(u.1) * 1000.0]).collect();
            let territory_of: Vec<u32> = units.iter().map(|u| u.2).collect();
            let price: Vec<f64> = units.iter().map(|u| f64::from(u.3)).collect();
            let cost = CarryingCost { per_piece: f64::from(per_piece), per_piece_km: f64::from(per_km) };
            let locations = Locations::from_coordinates(Space::Planar, &at);
            let found = price_gaps(&locations, &linked(units.len(), &links), &territory_of, &price, &cost).unwrap();
            let mut earned = Vec::new();
            for a in 0..n {
                for b in 0..n {
                    let (u, v) = (units[a as usize], units[b as usize]);
                    let beside = links.contains(&(a, b)) || links.contains(&(b, a));
                    let km = (f64::from(u.0) - f64::from(v.0)).hypot(f64::from(u.1) - f64::from(v.1));
                    let gain = f64::from(v.3) - f64::from(u.3) - f64::from(per_piece) - f64::from(per_km) * km;
                    if beside && u.2 != v.2 && gain > 1e-9 {
                        earned.push((a, b, gain));
                    }
                }
            }
            // Gains of nothing but rounding may stand on either side.
            let found: Vec<&PriceGap> = found.iter().filter(|g| g.gain > 1e-9).collect();
            prop_assert_eq!(found.len(), earned.len());
            for (a, b, gain) in earned {
                let hit = found.iter().find(|g| (g.cheap.0, g.dear.0) == (a, b));
                prop_assert!(hit.is_some_and(|g| (g.gain - gain).abs() < 1e-9 && (g.gap - g.carrying - g.gain).abs() < 1e-9));
            }
            prop_assert!(found.windows(2).all(|w| w[0].gain >= w[1].gain));
        }
    }
}
