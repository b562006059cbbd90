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
