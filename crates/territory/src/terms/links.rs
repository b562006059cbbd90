//! Sums over the links between territories: what cut and border share.

/// What moving one unit adds to the sum over links between territories, by a column beside its neighbours.
#[inline]
pub(super) fn change(neighbours: &[u32], column: &[f32], part: impl Fn(u32) -> u32, from: u32, to: u32) -> f64 {
    let mut change = 0.0;
    for (&v, &w) in neighbours.iter().zip(column) {
        let part = part(v);
        if part == from {
            change += f64::from(w);
        } else if part == to {
            change -= f64::from(w);
        }
    }
    change
}

/// Sum over the links between territories, each counted once, in the order of `units`: all that have a neighbour in another
/// territory, at least.
pub(super) fn value(
    units: impl Iterator<Item = u32>,
    (offsets, links): (&[u32], &[u32]),
    part: impl Fn(u32) -> u32,
    of_link: impl Fn(usize) -> f64,
) -> f64 {
    let mut value = 0.0;
    for u in units {
        let row = offsets[u as usize] as usize..offsets[u as usize + 1] as usize;
        for (link, &v) in row.clone().zip(&links[row]) {
            if v > u && part(v) != part(u) {
                value += of_link(link);
            }
        }
    }
    value
}
