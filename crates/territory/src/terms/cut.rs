//! Cut: the number of links between territories, or the sum of their weights where the problem gives them.
//!
//! Works on rows of the graph: the neighbours of a unit, and the weights beside them (none: all are 1). Knows no plan; the
//! territory of a unit is asked for.

use super::links;

/// What moving one unit from a territory to another adds to the cut; `neighbours` and `weights` are its row.
#[inline]
pub fn change(neighbours: &[u32], weights: &[f32], part: impl Fn(u32) -> u32, from: u32, to: u32) -> f64 {
    if !weights.is_empty() {
        return links::change(neighbours, weights, part, from, to);
    }
    let mut change = 0i32;
    for &v in neighbours {
        let part = part(v);
        change += i32::from(part == from) - i32::from(part == to);
    }
    f64::from(change)
}

/// The cut of a whole plan, recomputed: `rows` are offsets and links, every link in the rows of both ends; `units`
/// are all that have a neighbour in another territory, at least.
pub fn value(
    units: impl Iterator<Item = u32>,
    rows: (&[u32], &[u32]),
    weights: &[f32],
    part: impl Fn(u32) -> u32,
) -> f64 {
    links::value(units, rows, part, |link| weights.get(link).map_or(1.0, |&w| f64::from(w)))
}
