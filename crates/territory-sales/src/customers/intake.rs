//! From a table to customers: checks, then conversion, merging and imputation as far as they were asked for.

use super::{CustomerTable, Customers, Field, Gappy};
use crate::{SalesError, check, gcj02};
use territory::{Locations, Space};

/// How a gap is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Impute {
    /// With this value.
    Value(f64),
    /// With the median of the rows that have one.
    Median,
    /// With the median of the rows of the same class that have one; where there is none, of all rows.
    ClassMedian,
}

/// What becomes of rows at the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Duplicates {
    /// They stay: a hospital and the clinic in its yard are two customers.
    #[default]
    Keep,
    /// Rows at most this many metres apart (also by way of others) become one. Sales, potential and calls add up; the length of a visit is the
    /// mean by calls, the competitors' share the mean by potential (plain means where there is no such column); place, name, class
    /// and owner are those of the first row that has one. A row without a value adds none; [`Intake::filled_by_merging`] counts them.
    Merge {
        /// Metres; 0 for equal coordinates only.
        within_m: f64,
    },
}

/// What is done to a table on its way in. By default nothing.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CustomerOptions {
    /// The coordinates are GCJ-02 and are converted to WGS84: see [`crate::gcj02`].
    pub gcj02: bool,
    /// What becomes of rows at the same place.
    pub duplicates: Duplicates,
    /// Columns whose gaps are filled, and how; the first entry of a column counts.
    pub impute: Vec<(Field, Impute)>,
}

impl CustomerOptions {
    /// Fills the gaps of a column.
    pub fn impute(mut self, field: Field, how: Impute) -> Self {
        self.impute.push((field, how));
        self
    }

    /// Merges rows at most this many metres apart.
    pub fn merge_within_m(mut self, within_m: f64) -> Self {
        self.duplicates = Duplicates::Merge { within_m };
        self
    }

    /// Takes the coordinates as GCJ-02 and converts them.
    pub fn from_gcj02(mut self) -> Self {
        self.gcj02 = true;
        self
    }
}

/// A column of a table of customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The name of the row.
    Name,
    /// A numeric column.
    Number(Field),
    /// The value class.
    Class,
    /// The rep who looks after the customer.
    Owner,
}

/// What was done to a table.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Intake {
    /// Rows handed in.
    pub rows: usize,
    /// Rows converted from GCJ-02 (those inside the box where it differs).
    pub converted: usize,
    /// Rows that went into another at the same place.
    pub merged: usize,
    /// Places at which the merged rows disagreed on the owner or the class; the first row's stands.
    pub conflicts: usize,
    /// Cells of merged rows that were empty and had a value in another row of their place, by column, in table order: the value of the place is
    /// that of the rows that had one.
    pub filled_by_merging: Vec<(Column, usize)>,
    /// Gaps filled, by column.
    pub imputed: Vec<(Field, usize)>,
}

impl CustomerTable {
    /// Validates the table into customers.
    ///
    /// # Errors
    /// [`SalesError`]: no rows; columns of different lengths; coordinates that are no place, or that seem to be swapped (a latitude beyond 90
    /// whose row makes sense the other way round); negative or infinite values; gaps that were not to be filled; a conversion from GCJ-02
    /// of planar coordinates. Each names the first row and counts the others.
    pub fn build(mut self, options: &CustomerOptions) -> Result<Customers, SalesError> {
        self.check()?;
        let mut intake = Intake { rows: self.len(), ..Intake::default() };
        if options.gcj02 {
            if self.space != Space::Geographic {
                return Err(SalesError::Gcj02InThePlane);
            }
            intake.converted = self.coordinates.iter().filter(|c| gcj02::applies(**c)).count();
            self.coordinates.iter_mut().for_each(|c| *c = gcj02::to_wgs84(*c));
        }
        if let Duplicates::Merge { within_m } = options.duplicates {
            check::at_least_zero("the distance that merges customers (m)", within_m)?;
            self.merge(within_m, &mut intake);
        }
        let mut columns: [Vec<f64>; Field::ALL.len()] = Default::default();
        for field in Field::ALL {
            let how = options.impute.iter().find(|(f, _)| *f == field).map(|(_, how)| *how);
            let (values, filled) = self.fill(field, how)?;
            columns[field as usize] = values;
            if filled > 0 {
                intake.imputed.push((field, filled));
            }
        }
        let locations = Locations::from_coordinates(self.space, &self.coordinates);
        let Self { coordinates, names, classes, owners, .. } = self;
        Ok(Customers { coordinates, locations, names, columns, classes, owners, intake })
    }

    fn check(&self) -> Result<(), SalesError> {
        let rows = self.len();
        if rows == 0 {
            return Err(SalesError::Empty { what: "the table of customers" });
        }
        for (what, found) in [("names", self.names.len()), ("class", self.classes.len()), ("owner", self.owners.len())]
        {
            if found > 0 {
                check::length(what, found, rows)?;
            }
        }
        check::places(self.space, &self.coordinates, |row| self.row_name(row))?;
        for field in Field::ALL {
            let column = &self.columns[field as usize];
            if column.is_empty() {
                continue;
            }
            check::length(field.name(), column.len(), rows)?;
            let mut faulty = column.iter().enumerate().filter(|(_, v)| v.is_some_and(|v| !field.allows(v)));
            if let Some((row, value)) = faulty.next() {
                return Err(SalesError::Value {
                    what: field.name().to_owned(),
                    row: self.row_name(row),
                    value: value.unwrap_or(f64::NAN),
                    expected: field.expected(),
                    count: 1 + faulty.count(),
                });
            }
        }
        Ok(())
    }

    /// A column without gaps, and how many were filled.
    fn fill(&self, field: Field, how: Option<Impute>) -> Result<(Vec<f64>, usize), SalesError> {
        let column = &self.columns[field as usize];
        let gaps = column.iter().filter(|v| v.is_none()).count();
        let Some(first) = column.iter().position(Option::is_none) else {
            return Ok((column.iter().flatten().copied().collect(), 0));
        };
        let missing =
            || SalesError::MissingValues { column: field.name().into(), row: self.row_name(first), count: gaps };
        let filler: Box<dyn Fn(usize) -> f64> = match how.ok_or_else(missing)? {
            Impute::Value(value) => {
                check::parameter("the value that fills gaps", value, field.expected(), |v| field.allows(v))?;
                Box::new(move |_| value)
            }
            Impute::Median => {
                let all = median(column.iter().flatten().copied().collect()).ok_or_else(missing)?;
                Box::new(move |_| all)
            }
            Impute::ClassMedian => {
                let all = median(column.iter().flatten().copied().collect()).ok_or_else(missing)?;
                let by_class = class_medians(column, &self.classes);
                let class = |row: usize| self.classes.get(row).and_then(Option::as_deref);
                let of = move |row| {
                    class(row).and_then(|c| by_class.iter().find(|(name, _)| name == c)).map_or(all, |(_, m)| *m)
                };
                Box::new(of)
            }
        };
        Ok((column.iter().enumerate().map(|(row, v)| v.unwrap_or_else(|| filler(row))).collect(), gaps))
    }
}

/// Median of a column in every class that has values.
fn class_medians(column: &Gappy, classes: &[Option<String>]) -> Vec<(String, f64)> {
    let mut rows: Vec<(&str, f64)> = Vec::new();
    for (value, class) in column.iter().zip(classes) {
        if let (Some(value), Some(class)) = (value, class) {
            rows.push((class, *value));
        }
    }
    rows.sort_by(|a, b| a.0.cmp(b.0));
    let of_class =
        |chunk: &[(&str, f64)]| median(chunk.iter().map(|r| r.1).collect()).map(|m| (chunk[0].0.to_owned(), m));
    rows.chunk_by(|a, b| a.0 == b.0).filter_map(of_class).collect()
}

/// The middle value, or the mean of the two middle ones; none without values.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> CustomerTable {
        CustomerTable::new(Space::Geographic, vec![[10.0, 50.0], [10.0, 50.0], [11.0, 50.0], [12.0, 50.0]])
    }

    #[test]
    fn negative_sales_are_named_and_counted() {
        let fault = table()
            .names(["a", "b", "c", "d"].map(str::to_owned).to_vec())
            .numbers(Field::Sales, vec![1.0, -2.0, f64::NAN, 3.0])
            .build(&CustomerOptions::default())
            .unwrap_err();
        let SalesError::Value { row, value, count, .. } = &fault else { panic!("{fault}") };
        assert_eq!((row.as_str(), *value, *count), ("b", -2.0, 2));
        assert!(fault.to_string().contains("sales are not a finite number of at least 0, first \"b\": -2"));
    }

    #[test]
    fn swapped_coordinates_are_suspected_only_where_swapping_helps() {
        let build = |c| CustomerTable::new(Space::Geographic, c).build(&CustomerOptions::default());
        let swapped = build(vec![[39.9, 116.4], [31.2, 121.5]]).unwrap_err();
        assert!(matches!(swapped, SalesError::SwappedCoordinates { count: 2, latitude: 116.4, .. }), "{swapped}");
        assert!(swapped.to_string().contains("swapped; give longitude first"));
        assert!(matches!(build(vec![[39.9, 116.4], [400.0, 95.0]]).unwrap_err(), SalesError::NoPlace { count: 2, .. }));
        assert!(matches!(build(vec![[f64::NAN, 1.0]]).unwrap_err(), SalesError::NoPlace { count: 1, .. }));
        // In the plane metres may be anything finite.
        assert!(CustomerTable::new(Space::Planar, vec![[4e5, 5e6]]).build(&CustomerOptions::default()).is_ok());
    }

    #[test]
    fn gaps_are_filled_by_class_and_counted() {
        let classes = ["A", "A", "A", "B"].map(|c| Some(c.to_owned())).to_vec();
        let table = table().classes(classes).column(Field::Potential, vec![Some(1.0), Some(3.0), None, None]);
        let options = CustomerOptions::default().impute(Field::Potential, Impute::ClassMedian);
        let customers = table.column(Field::Calls, vec![Some(5.0); 4]).build(&options).unwrap();
        // Class B has no value of its own: the median of all.
        assert_eq!(customers.get(Field::Potential).unwrap(), [1.0, 3.0, 2.0, 2.0]);
        assert_eq!(customers.intake().imputed, [(Field::Potential, 2)]);
        let missing = customers.get(Field::Sales).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "there is no column \"sales\"; the table has potential, calls: add it, or say which column it is"
        );
    }

    #[test]
    fn columns_of_another_length_and_empty_tables_are_faults() {
        let options = CustomerOptions::default();
        let short = table().numbers(Field::Sales, vec![1.0]).build(&options).unwrap_err();
        assert!(matches!(short, SalesError::Length { found: 1, expected: 4, .. }));
        assert!(matches!(CustomerTable::default().build(&options).unwrap_err(), SalesError::Empty { .. }));
    }

    #[test]
    fn gcj02_is_converted_on_request_only() {
        let there = gcj02::from_wgs84([116.404, 39.915]);
        let table = CustomerTable::new(Space::Geographic, vec![there, [-0.1, 51.5]]);
        let kept = table.clone().build(&CustomerOptions::default()).unwrap();
        assert_eq!((kept.coordinates()[0], kept.intake().converted), (there, 0));
        let converted = table.build(&CustomerOptions::default().from_gcj02()).unwrap();
        assert!((converted.coordinates()[0][0] - 116.404).abs() < 1e-9);
        assert_eq!((converted.coordinates()[1], converted.intake().converted), ([-0.1, 51.5], 1));
        let planar = CustomerTable::new(Space::Planar, vec![there]).build(&CustomerOptions::default().from_gcj02());
        assert_eq!(planar.unwrap_err(), SalesError::Gcj02InThePlane);
    }
}
