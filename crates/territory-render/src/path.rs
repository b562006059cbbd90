//! SVG path data in few bytes: whole numbers, relative steps, no separator where a sign is one.

use crate::arcs::Point;
use std::fmt::Write;

/// Path data that is being written.
#[derive(Default)]
pub(crate) struct Path {
    data: String,
    at: [i32; 2],
}

impl Path {
    /// Adds a run of points; one that ends where it began is closed. A single point becomes a line of length zero, which round
    /// caps show as a dot.
    pub(crate) fn push(&mut self, run: &[Point]) {
        let closed = run.len() > 2 && run.first() == run.last();
        let points = if closed { &run[..run.len() - 1] } else { run };
        let Some((&first, rest)) = points.split_first() else { return };
        let first = first.map(i32::from);
        // A first `m` is absolute too, and what follows it relative; after an `M` it would not be.
        self.data.push('m');
        self.pair([first[0] - self.at[0], first[1] - self.at[1]], false);
        let mut at = first;
        for &point in rest {
            let point = point.map(i32::from);
            if point != at {
                self.pair([point[0] - at[0], point[1] - at[1]], true);
                at = point;
            }
        }
        if closed {
            self.data.push('z');
            at = first;
        } else if rest.is_empty() {
            self.data.push_str("h0");
        }
        self.at = at;
    }

    fn pair(&mut self, step: [i32; 2], separate: bool) {
        let gap = if separate && step[0] >= 0 { " " } else { "" };
        let comma = if step[1] >= 0 { " " } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(self.data, "{gap}{}{comma}{}", step[0], step[1]);
    }

    /// The data so far.
    pub(crate) fn into_data(self) -> String {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_relative_and_dense() {
        let mut path = Path::default();
        path.push(&[[10, 10], [13, 6], [13, 6], [20, 20], [10, 10]]);
        path.push(&[[12, 12]]);
        path.push(&[[0, 0], [5, 0]]);
        assert_eq!(path.into_data(), "m10 10 3-4 7 14zm2 2h0m-12-12 5 0");
    }
}
