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

/// Sum over the links between territories, each counted once, in row order.
pub(super) fn value(offsets: &[u32], links: &[u32], part: impl Fn(u32) -> u32, of_link: impl Fn(usize) -> f64) -> f64 {
    let mut value = 0.0;
    for (u, row) in (0u32..).zip(offsets.windows(2)) {
        let row = row[0] as usize..row[1] as usize;
        for (link, &v) in row.clone().zip(&links[row]) {
            if v > u && part(v) != part(u) {
                value += of_link(link);
            }
        }
    }
    value
}
