//! Customers from CSV text: one row each, the first line names the columns. Text comes through a reader; which file, and whether it is
//! packed, is the caller's business. Comma, semicolon and tab are recognised; a byte order mark is skipped.

use super::CustomerTable;
use super::columns::{Positions, TableColumns};
use crate::SalesError;
use std::io::Read;
use territory::Space;

impl CustomerTable {
    /// Reads a table with longitude and latitude in degrees. Empty cells are gaps.
    ///
    /// # Errors
    /// [`SalesError`]: text that is no UTF-8 table; a column that is needed and not there; a cell that is no number, with its line.
    pub fn from_csv(mut text: impl Read, columns: &TableColumns) -> Result<Self, SalesError> {
        let no_table = |place: String, reason: String| SalesError::NoTable { place, reason };
        let mut bytes = Vec::new();
        text.read_to_end(&mut bytes).map_err(|e| no_table(String::new(), e.to_string()))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let head = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|d| head.iter().filter(|b| *b == d).count());
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).trim(csv::Trim::All).from_reader(bytes);
        let faulty = |e: csv::Error| {
            let place = e.position().map_or(String::new(), |p| format!("line {}: ", p.line()));
            no_table(place, e.to_string())
        };
        let header = reader.headers().map_err(faulty)?.clone();
        let layout = Layout::new(&header, columns)?;
        let mut table = Self::default();
        for record in reader.records() {
            layout.add(&mut table, &record.map_err(faulty)?)?;
        }
        table.space = Space::Geographic;
        Ok(table)
    }
}

/// Positions of the columns in a table.
struct Layout {
    coordinates: [usize; 2],
    columns: Positions<usize>,
    header: csv::StringRecord,
}

impl Layout {
    fn new(header: &csv::StringRecord, columns: &TableColumns) -> Result<Self, SalesError> {
        let known: Vec<&str> = header.iter().collect();
        let position = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
        let coordinates = columns.find_coordinates(&known, position)?;
        Ok(Self { coordinates, columns: columns.find(&known, position)?, header: header.clone() })
    }

    /// Adds a row to the table.
    fn add(&self, table: &mut CustomerTable, record: &csv::StringRecord) -> Result<(), SalesError> {
        let cell = |at: usize| record.get(at).filter(|text| !text.is_empty());
        let number = |at: usize| match cell(at) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| SalesError::NotANumber {
                place: format!("line {}", record.position().map_or(0, csv::Position::line)),
                column: self.header.get(at).unwrap_or_default().to_owned(),
                text: text.to_owned(),
            }),
        };
        // A row without coordinates is at no place, and is named as such.
        let coordinate = |at: usize| Ok::<f64, SalesError>(number(at)?.unwrap_or(f64::NAN));
        let [longitude, latitude] = self.coordinates;
        table.coordinates.push([coordinate(longitude)?, coordinate(latitude)?]);
        if let Some(at) = self.columns.name {
            table.names.push(record.get(at).unwrap_or_default().to_owned());
        }
        for (field, column) in self.columns.fields.iter().zip(&mut table.columns) {
            if let Some(at) = *field {
                column.push(number(at)?);
            }
        }
        for (at, texts) in [(self.columns.class, &mut table.classes), (self.columns.owner, &mut table.owners)] {
            if let Some(at) = at {
                texts.push(cell(at).map(str::to_owned));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::{CustomerOptions, Field};

    #[test]
    fn tables_of_spreadsheets_are_read() {
        let text = "\u{feff}Name;LON;Lat;sales;class\n\"A; B\"; 8.5;47.4;12.5;A\nC;8.6;47.5;;\n";
        let table = CustomerTable::from_csv(text.as_bytes(), &TableColumns::default()).unwrap();
        assert_eq!(table.columns[Field::Sales as usize], [Some(12.5), None]);
        assert_eq!(table.names, ["A; B", "C"]);
        assert_eq!(table.classes, [Some("A".to_owned()), None]);
        let fault = table.build(&CustomerOptions::default()).unwrap_err();
        assert!(matches!(fault, SalesError::MissingValues { count: 1, ref row, .. } if row == "C"), "{fault}");
    }

    #[test]
    fn faults_name_line_and_column() {
        let read =
            |text: &[u8], columns: &TableColumns| CustomerTable::from_csv(text, columns).unwrap_err().to_string();
        let plain = TableColumns::default();
        assert_eq!(
            read(b"lon,lat,sales\n1,2,3\n1,2,3k\n", &plain),
            "line 3: the sales \"3k\" is not a number: correct it, or leave the cell empty"
        );
        let missing = read(b"x,y,sales\n1,2,3\n", &plain);
        assert!(missing.starts_with("there is no column \"lon\"; the table has x, y, sales"), "{missing}");
        let wanted = read(b"lon,lat\n1,2\n", &plain.clone().field(Field::Calls, "visits"));
        assert!(wanted.starts_with("there is no column \"visits\""), "{wanted}");
        let ragged = read(b"lon,lat\n1,2\n1\n", &plain);
        assert!(ragged.starts_with("line 3: this is no table"), "{ragged}");
        let latin = read(b"lon,lat,name\n1,2,\xe9\n", &plain);
        assert!(latin.contains("UTF-8"), "{latin}");
    }
}
