//! Rows at the same place become one.

use super::{CustomerTable, Field, Gappy};
use crate::nearest::PointIndex;

impl CustomerTable {
    /// Merges rows within this many metres of each other; returns how many rows went into another, and how many places disagreed.
    pub(super) fn merge(&mut self, within_m: f64) -> (usize, usize) {
        let rows = self.len();
        let groups = self.groups(within_m);
        let merged = rows - groups.len();
        if merged == 0 {
            return (0, 0);
        }
        let conflicts = groups.iter().filter(|g| disagree(&self.owners, g) || disagree(&self.classes, g)).count();
        let additive = |column: &Gappy| gather(column, &groups, sum);
        let weighted = |column: &Gappy, by: &Gappy| gather(column, &groups, |column, g| mean(column, by, g));
        let old = std::mem::take(&mut self.columns);
        let [sales, potential, calls, hours, share] = Field::ALL.map(|f| &old[f as usize]);
        self.columns =
            [additive(sales), additive(potential), additive(calls), weighted(hours, calls), weighted(share, potential)];
        self.coordinates = groups.iter().map(|g| self.coordinates[g[0]]).collect();
        self.names = gather(&self.names, &groups, |names, g| names[g[0]].clone());
        let first = |texts: &[Option<String>], g: &[usize]| g.iter().find_map(|&row| texts[row].clone());
        self.classes = gather(&self.classes, &groups, first);
        self.owners = gather(&self.owners, &groups, first);
        (merged, conflicts)
    }

    /// Rows by place, places in order of their first row.
    fn groups(&self, within_m: f64) -> Vec<Vec<usize>> {
        let points: Vec<[f64; 3]> = self.coordinates.iter().map(|&c| self.space.locate(c)).collect();
        let index = PointIndex::new(&points);
        let mut place = vec![usize::MAX; points.len()];
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for row in 0..points.len() {
            if place[row] != usize::MAX {
                continue;
            }
            // Everything that can be reached from this row in steps of the distance.
            let mut open = vec![row];
            place[row] = groups.len();
            let mut group = Vec::new();
            while let Some(from) = open.pop() {
                group.push(from);
                index.within(points[from], within_m / 1000.0, |other, _| {
                    let other = other as usize;
                    if place[other] == usize::MAX {
                        place[other] = groups.len();
                        open.push(other);
                    }
                });
            }
            group.sort_unstable();
            groups.push(group);
        }
        groups
    }
}

/// A column with one row per group; absent columns stay absent.
fn gather<T, U>(column: &[T], groups: &[Vec<usize>], of: impl Fn(&[T], &[usize]) -> U) -> Vec<U> {
    if column.is_empty() { Vec::new() } else { groups.iter().map(|g| of(column, g)).collect() }
}

/// Sum of the values that there are; none if there is none.
fn sum(column: &[Option<f64>], group: &[usize]) -> Option<f64> {
    group.iter().filter_map(|&row| column[row]).reduce(|a, b| a + b)
}

/// Mean of the values that there are, weighted where weights are known and not all zero.
fn mean(column: &[Option<f64>], weights: &[Option<f64>], group: &[usize]) -> Option<f64> {
    let average = |weight: &dyn Fn(usize) -> f64| {
        let (mut total, mut sum) = (0.0, 0.0);
        for &row in group {
            if let Some(value) = column[row] {
                total += weight(row);
                sum += weight(row) * value;
            }
        }
        (total > 0.0).then(|| sum / total)
    };
    average(&|row| weights.get(row).copied().flatten().unwrap_or(0.0)).or_else(|| average(&|_| 1.0))
}

/// Whether two rows of the group have different texts.
fn disagree(texts: &[Option<String>], group: &[usize]) -> bool {
    let mut known = group.iter().filter_map(|&row| texts.get(row).and_then(Option::as_deref));
    known.next().is_some_and(|first| known.any(|other| other != first))
}

#[cfg(test)]
mod tests {
    use crate::customers::{CustomerOptions, CustomerTable, Field};
    use territory::Space;

    #[test]
    fn rows_at_one_place_become_one() {
        let some = |v: &[f64]| v.iter().map(|&x| Some(x)).collect::<Vec<_>>();
        let owners = [Some("R01"), None, Some("R02"), Some("R01")].map(|o| o.map(str::to_owned)).to_vec();
        // Rows 0 and 2 are 3 m apart, row 3 is 3 m from row 2 and 6 m from row 0; row 1 is far.
        let table = CustomerTable::new(Space::Planar, vec![[0.0, 0.0], [900.0, 0.0], [3.0, 0.0], [6.0, 0.0]])
            .numbers(Field::Sales, vec![10.0, 1.0, 20.0, 5.0])
            .column(Field::Calls, vec![Some(1.0), Some(4.0), Some(3.0), None])
            .column(Field::HoursPerCall, some(&[2.0, 1.0, 1.0, 9.0]))
            .owners(owners);
        let customers = table.clone().build(
            &CustomerOptions::default().merge_within_m(4.0).impute(Field::Calls, crate::customers::Impute::Value(0.0)),
        );
        let customers = customers.unwrap();
        assert_eq!(customers.get(Field::Sales).unwrap(), [35.0, 1.0]);
        assert_eq!(customers.get(Field::Calls).unwrap(), [4.0, 4.0]);
        assert_eq!(customers.get(Field::HoursPerCall).unwrap(), [1.25, 1.0]);
        assert_eq!(customers.coordinates(), [[0.0, 0.0], [900.0, 0.0]]);
        assert_eq!((customers.intake().merged, customers.intake().conflicts), (2, 1));
        assert_eq!(customers.owners()[0].as_deref(), Some("R01"));
        let equal_only = table.column(Field::Calls, vec![]).build(&CustomerOptions::default().merge_within_m(0.0));
        assert_eq!(equal_only.unwrap().len(), 4);
    }
}
