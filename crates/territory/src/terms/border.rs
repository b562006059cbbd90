//! Border: the length of the borders between territories, km.
//!
//! Works on rows of the graph: the neighbours of a unit, and the border lengths beside them. Knows no plan; the territory of
//! a unit is asked for.

use super::links;

/// What moving one unit from a territory to another adds to the border in km; `neighbours` and `borders` are its row.
#[inline]
pub fn change(neighbours: &[u32], borders: &[f32], part: impl Fn(u32) -> u32, from: u32, to: u32) -> f64 {
    links::change(neighbours, borders, part, from, to)
}

/// The border of a whole plan in km, recomputed: `rows` are offsets and links, every link in the rows of both ends; `units`
/// are all that have a neighbour in another territory, at least. Links
/// without a length count 0.
pub fn value(
    units: impl Iterator<Item = u32>,
    rows: (&[u32], &[u32]),
    borders: &[f32],
    part: impl Fn(u32) -> u32,
) -> f64 {
    links::value(units, rows, part, |link| borders.get(link).map_or(0.0, |&b| f64::from(b)))
}
