//! Rows at the same place become one.

use super::{Column, CustomerTable, Field, Gappy, Intake};
use crate::nearest::PointIndex;

impl CustomerTable {
    /// Merges rows within this many metres of each other, and notes in `intake` how many rows went into another, how many places disagreed
    /// and how many empty cells have the value of another row now.
    pub(super) fn merge(&mut self, within_m: f64, intake: &mut Intake) {
        let groups = self.groups(within_m);
        intake.merged = self.len() - groups.len();
        if intake.merged == 0 {
            return;
        }
        intake.conflicts = groups.iter().filter(|g| disagree(&self.owners, g) || disagree(&self.classes, g)).count();
        intake.filled_by_merging = self.filled(&groups);
        let additive = |column: &Gappy| gather(column, &groups, sum);
        let weighted = |column: &Gappy, by: &Gappy| gather(column, &groups, |column, g| mean(column, by, g));
        let old = std::mem::take(&mut self.columns);
        let [sales, potential, calls, hours, share] = Field::ALL.map(|f| &old[f as usize]);
        self.columns =
            [additive(sales), additive(potential), additive(calls), weighted(hours, calls), weighted(share, potential)];
        self.coordinates = groups.iter().map(|g| self.coordinates[g[0]]).collect();
        let first_named =
            |names: &[String], g: &[usize]| g.iter().map(|&row| names[row].clone()).find(|name| !name.is_empty());
        self.names = gather(&self.names, &groups, |names, g| first_named(names, g).unwrap_or_default());
        let first = |texts: &[Option<String>], g: &[usize]| g.iter().find_map(|&row| texts[row].clone());
        self.classes = gather(&self.classes, &groups, first);
        self.owners = gather(&self.owners, &groups, first);
    }

    /// Empty cells in groups where another row has a value, by column; columns without any are left out.
    fn filled(&self, groups: &[Vec<usize>]) -> Vec<(Column, usize)> {
        fn count<T>(column: &[T], groups: &[Vec<usize>], empty: impl Fn(&T) -> bool) -> usize {
            let gaps = |g: &Vec<usize>| g.iter().filter(|&&row| column.get(row).is_some_and(&empty)).count();
            groups.iter().map(|g| (gaps(g), g.len())).filter(|(gaps, rows)| gaps < rows).map(|(gaps, _)| gaps).sum()
        }
        let numbers =
            Field::ALL.map(|f| (Column::Number(f), count(&self.columns[f as usize], groups, Option::is_none)));
        let texts = |texts| count(texts, groups, Option::is_none);
        let all = std::iter::once((Column::Name, count(&self.names, groups, String::is_empty)))
            .chain(numbers)
            .chain([(Column::Class, texts(&self.classes)), (Column::Owner, texts(&self.owners))]);
        all.filter(|(_, filled)| *filled > 0).collect()
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
    use super::*;
    use crate::customers::{CustomerOptions, Impute};
    use proptest::prelude::*;
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
        let customers = table
            .clone()
            .build(&CustomerOptions::default().merge_within_m(4.0).impute(Field::Calls, Impute::Value(0.0)));
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

    /// Protects the count of what merging fills: every empty cell of a place where another row has a value, whatever its column; what is
    /// empty all over the place stays a gap, and a lone row is none of it.
    #[test]
    fn what_a_duplicate_fills_is_counted() {
        let texts = |t: [&str; 5]| t.map(|t| (!t.is_empty()).then(|| t.to_owned())).to_vec();
        // Rows 0, 1 and 4 are one place, 2 and 3 are alone.
        let at = [[0.0, 0.0], [1.0, 0.0], [900.0, 0.0], [1800.0, 0.0], [2.0, 0.0]];
        let table = CustomerTable::new(Space::Planar, at.to_vec())
            .names(["", "b", "c", "", "e"].map(str::to_owned).to_vec())
            .column(Field::Sales, vec![None, Some(2.0), Some(3.0), Some(4.0), None])
            .column(Field::HoursPerCall, vec![Some(1.0); 5])
            .column(Field::Potential, vec![None, None, Some(3.0), None, None])
            .classes(texts(["A", "", "", "B", "A"]))
            .owners(texts(["", "", "R01", "", ""]));
        let options = CustomerOptions::default().merge_within_m(2.0).impute(Field::Potential, Impute::Median);
        let customers = table.clone().build(&options).unwrap();
        let filled = &customers.intake().filled_by_merging;
        assert_eq!(*filled, [(Column::Name, 1), (Column::Number(Field::Sales), 2), (Column::Class, 1)]);
        assert_eq!(customers.intake().imputed, [(Field::Potential, 2)]); // the place, and the fourth row
        assert_eq!((customers.name(0), customers.get(Field::Sales).unwrap()), ("b".to_owned(), &[2.0, 3.0, 4.0][..]));
        let kept = table.build(
            &CustomerOptions::default().impute(Field::Potential, Impute::Median).impute(Field::Sales, Impute::Median),
        );
        assert_eq!(kept.unwrap().intake().filled_by_merging, []);
    }

    proptest! {
        /// Protects the books: every gap of a table is filled by merging, imputed, or was one of several of a place that became one.
        #[test]
        fn every_gap_is_accounted_for(rows in prop::collection::vec((0u8..5, prop::option::of(0.0f64..9.0)), 1..40)) {
            let at = rows.iter().map(|r| [f64::from(r.0) * 100.0, 0.0]).collect();
            let table = CustomerTable::new(Space::Planar, at).column(Field::Sales, rows.iter().map(|r| r.1).collect());
            let options = CustomerOptions::default().merge_within_m(1.0).impute(Field::Sales, Impute::Value(1.0));
            let intake = table.build(&options).unwrap().intake().clone();
            let of_place = |p: u8| rows.iter().filter(move |r| r.0 == p);
            let filled: usize = (0..5).filter(|&p| of_place(p).any(|r| r.1.is_some()))
                .map(|p| of_place(p).filter(|r| r.1.is_none()).count()).sum();
            let empty = (0..5).filter(|&p| of_place(p).next().is_some() && of_place(p).all(|r| r.1.is_none())).count();
            prop_assert_eq!(intake.filled_by_merging.iter().map(|c| c.1).sum::<usize>(), filled);
            prop_assert_eq!(intake.imputed.iter().map(|c| c.1).sum::<usize>(), empty);
        }
    }
}
