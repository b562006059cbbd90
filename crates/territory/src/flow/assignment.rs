//! The assignment problem on sparse tables: pairs of rows and columns with the largest total weight.
//!
//! Successive shortest augmenting paths with dual prices (Jonker & Volgenant 1987, doi:10.1007/BF02278710) by Dijkstra's
//! algorithm over the entries that there are: O(rows · entries · log entries) at worst, near O(entries) where most rows have a
//! clear best column. A row may stay alone: it owns a hidden column of weight 0.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An optimal matching.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Matching {
    /// Column of every row, if it has one.
    pub column_of: Vec<Option<u32>>,
    /// Row of every column, if it has one.
    pub row_of: Vec<Option<u32>>,
    /// Total weight.
    pub weight: f64,
}

const NONE: u32 = u32::MAX;

/// The matching of the largest total weight among `entries` (row, column, weight). Every row and column is used once at most.
/// Entries outside `rows × columns`, and weights that are not finite and positive, are left out: a pair of weight 0 is no pair.
/// Equal inputs give equal matchings.
///
/// ```
/// let best = territory::flow::maximum_weight_matching(2, 2, &[(0, 0, 5.0), (0, 1, 4.0), (1, 0, 4.0)]);
/// assert_eq!(best.column_of, [Some(1), Some(0)]);
/// assert_eq!(best.weight, 8.0);
/// ```
pub fn maximum_weight_matching(rows: usize, columns: usize, entries: &[(u32, u32, f64)]) -> Matching {
    let table = Table::new(rows, columns, entries);
    let mut search = Search {
        row_price: vec![0.0; rows],
        column_price: vec![0.0; columns + rows],
        column_of: vec![NONE; rows],
        row_of: vec![NONE; columns + rows],
        distance: vec![f64::INFINITY; columns + rows],
        from: vec![NONE; columns + rows],
        done: vec![false; columns + rows],
        touched: Vec::new(),
        table,
    };
    for row in 0..rows {
        search.insert(row);
    }
    let mut best = Matching { column_of: vec![None; rows], row_of: vec![None; columns], weight: 0.0 };
    for row in 0..rows {
        let column = search.column_of[row];
        if (column as usize) < columns {
            best.column_of[row] = Some(column);
            best.row_of[column as usize] = Some(row as u32);
            best.weight += search.table.weight(row, column);
        }
    }
    best
}

/// The entries by row, as costs `largest weight − weight ≥ 0`; the last of each row is its hidden column of weight 0.
struct Table {
    offsets: Vec<usize>,
    cells: Vec<(u32, f64)>,
    largest: f64,
}

impl Table {
    fn new(rows: usize, columns: usize, entries: &[(u32, u32, f64)]) -> Self {
        let valid =
            |e: &&(u32, u32, f64)| (e.0 as usize) < rows && (e.1 as usize) < columns && e.2 > 0.0 && e.2.is_finite();
        let mut sorted: Vec<_> = entries.iter().filter(valid).copied().collect();
        sorted.sort_by(|x, y| (x.0, x.1).cmp(&(y.0, y.1)).then(y.2.total_cmp(&x.2)));
        sorted.dedup_by_key(|e| (e.0, e.1));
        let largest = sorted.iter().map(|e| e.2).fold(0.0, f64::max);
        let (mut offsets, mut cells) = (vec![0], Vec::with_capacity(sorted.len() + rows));
        let mut next = sorted.iter().peekable();
        for row in 0..rows {
            while let Some(e) = next.next_if(|e| e.0 as usize == row) {
                cells.push((e.1, largest - e.2));
            }
            cells.push(((columns + row) as u32, largest));
            offsets.push(cells.len());
        }
        Self { offsets, cells, largest }
    }

    fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.cells[self.offsets[row]..self.offsets[row + 1]]
    }

    fn weight(&self, row: usize, column: u32) -> f64 {
        self.row(row).iter().find(|c| c.0 == column).map_or(0.0, |c| self.largest - c.1)
    }
}

/// A heap entry, ordered by distance, then column.
#[derive(PartialEq)]
struct Open(f64, u32);

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

struct Search {
    table: Table,
    row_price: Vec<f64>,
    column_price: Vec<f64>,
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    distance: Vec<f64>,
    from: Vec<u32>,
    done: Vec<bool>,
    touched: Vec<u32>,
}

impl Search {
    /// Gives `start` a column along the shortest augmenting path; its hidden column makes sure that there is one.
    fn insert(&mut self, start: usize) {
        let mut heap = BinaryHeap::new();
        let (mut row, mut length, mut end) = (start, 0.0, NONE);
        let mut settled: Vec<u32> = Vec::new();
        loop {
            for &(column, cost) in self.table.row(row) {
                let j = column as usize;
                // Rounding can make a reduced cost negative by an ulp.
                let reached = length + (cost - self.row_price[row] - self.column_price[j]).max(0.0);
                if !self.done[j] && reached < self.distance[j] {
                    self.distance[j] = reached;
                    self.from[j] = row as u32;
                    self.touched.push(column);
                    heap.push(Reverse(Open(reached, column)));
                }
            }
            let Some(nearest) = self.next(&mut heap) else { break };
            (length, end) = nearest;
            self.done[end as usize] = true;
            if self.row_of[end as usize] == NONE {
                break;
            }
            settled.push(end);
            row = self.row_of[end as usize] as usize;
        }
        self.row_price[start] += length;
        for &column in &settled {
            let gain = length - self.distance[column as usize];
            self.row_price[self.row_of[column as usize] as usize] += gain;
            self.column_price[column as usize] -= gain;
        }
        self.augment(start, end);
        for column in self.touched.drain(..) {
            self.distance[column as usize] = f64::INFINITY;
            self.done[column as usize] = false;
        }
    }

    /// The nearest open column that is not outdated.
    fn next(&self, heap: &mut BinaryHeap<Reverse<Open>>) -> Option<(f64, u32)> {
        while let Some(Reverse(Open(distance, column))) = heap.pop() {
            if !self.done[column as usize] && distance <= self.distance[column as usize] {
                return Some((distance, column));
            }
        }
        None
    }

    /// Shifts the columns along the path that ends in `end`.
    fn augment(&mut self, start: usize, mut end: u32) {
        while end != NONE {
            let row = self.from[end as usize];
            self.row_of[end as usize] = row;
            let before = std::mem::replace(&mut self.column_of[row as usize], end);
            if row as usize == start {
                break;
            }
            end = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The best total by trying everything.
    fn brute(rows: usize, columns: usize, weight: &dyn Fn(usize, usize) -> f64, row: usize, used: u32) -> f64 {
        if row == rows {
            return 0.0;
        }
        let mut best = brute(rows, columns, weight, row + 1, used);
        for column in (0..columns).filter(|c| used & (1 << c) == 0) {
            best = best.max(weight(row, column) + brute(rows, columns, weight, row + 1, used | 1 << column));
        }
        best
    }

    proptest! {
        /// Protects optimality: the total equals the best of all matchings, and what is returned is a matching of that total.
        #[test]
        fn the_total_is_the_best_of_all(
            rows in 0usize..6, columns in 0usize..6,
            entries in prop::collection::vec((0u32..6, 0u32..6, 0u8..20), 0..25),
        ) {
            let entries: Vec<_> = entries.into_iter().map(|(r, c, w)| (r, c, f64::from(w))).collect();
            let weight = |r: usize, c: usize| {
                let same = |e: &&(u32, u32, f64)| e.0 as usize == r && e.1 as usize == c;
                entries.iter().filter(same).map(|e| e.2).fold(0.0, f64::max)
            };
            let found = maximum_weight_matching(rows, columns, &entries);
            prop_assert_eq!(found.weight, brute(rows, columns, &weight, 0, 0));
            let mut total = 0.0;
            for (r, c) in found.column_of.iter().enumerate() {
                if let Some(c) = c {
                    prop_assert_eq!(found.row_of[*c as usize], Some(r as u32));
                    total += weight(r, *c as usize);
                }
            }
            prop_assert_eq!(total, found.weight);
        }
    }

    #[test]
    fn odd_entries_are_left_out() {
        let entries = [(0, 0, f64::NAN), (0, 9, 3.0), (7, 0, 3.0), (0, 0, f64::INFINITY), (0, 0, -1.0), (0, 0, 0.0)];
        let found = maximum_weight_matching(1, 1, &entries);
        assert_eq!((found.column_of, found.row_of, found.weight), (vec![None], vec![None], 0.0));
    }
}
