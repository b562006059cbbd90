//! Customers from CSV text: one row each, the first line names the columns. Text comes through a reader; which file, and whether it is
//! packed, is the caller's business. Comma, semicolon and tab are recognised; a byte order mark is skipped.

use super::{CustomerTable, Field, listed};
use crate::SalesError;
use std::io::Read;
use territory::Space;

/// Which columns of a table mean what. The defaults are `lon`, `lat`, `name`, the fields' own names, `class` and `owner`, and all but
/// the coordinates may be absent; a column that is named here must be there.
///
/// ```
/// use territory_sales::customers::{CsvColumns, CustomerOptions, CustomerTable, Field};
/// let text = "客户,lon,lat,年销售额\nA店,116.40,39.91,120\nB店,121.47,31.23,80\n";
/// let columns = CsvColumns::default().name("客户").field(Field::Sales, "年销售额");
/// let customers = CustomerTable::from_csv(text.as_bytes(), &columns)?.build(&CustomerOptions::default())?;
/// assert_eq!(customers.get(Field::Sales)?, [120.0, 80.0]);
/// assert_eq!(customers.name(1), "B店");
/// # Ok::<(), territory_sales::SalesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CsvColumns {
    longitude: Option<String>,
    latitude: Option<String>,
    name: Option<String>,
    fields: [Option<String>; Field::ALL.len()],
    class: Option<String>,
    owner: Option<String>,
}

impl CsvColumns {
    /// The columns of longitude and latitude, degrees.
    pub fn coordinates(mut self, longitude: &str, latitude: &str) -> Self {
        (self.longitude, self.latitude) = (Some(longitude.to_owned()), Some(latitude.to_owned()));
        self
    }

    /// The column that names a row.
    pub fn name(mut self, column: &str) -> Self {
        self.name = Some(column.to_owned());
        self
    }

    /// The column of a numeric field.
    pub fn field(mut self, field: Field, column: &str) -> Self {
        self.fields[field as usize] = Some(column.to_owned());
        self
    }

    /// The column of the value class.
    pub fn class(mut self, column: &str) -> Self {
        self.class = Some(column.to_owned());
        self
    }

    /// The column of the rep who looks after the customer.
    pub fn owner(mut self, column: &str) -> Self {
        self.owner = Some(column.to_owned());
        self
    }
}

impl CustomerTable {
    /// Reads a table with longitude and latitude in degrees. Empty cells are gaps.
    ///
    /// # Errors
    /// [`SalesError`]: text that is no UTF-8 table; a column that is needed and not there; a cell that is no number, with its line.
    pub fn from_csv(mut text: impl Read, columns: &CsvColumns) -> Result<Self, SalesError> {
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
    longitude: usize,
    latitude: usize,
    name: Option<usize>,
    fields: [Option<usize>; Field::ALL.len()],
    class: Option<usize>,
    owner: Option<usize>,
    header: csv::StringRecord,
}

impl Layout {
    fn new(header: &csv::StringRecord, columns: &CsvColumns) -> Result<Self, SalesError> {
        let missing = |column: &str| SalesError::MissingColumn {
            column: column.to_owned(),
            known: listed(&header.iter().collect::<Vec<_>>()),
        };
        let find = |given: &Option<String>, default: &str| -> Result<Option<usize>, SalesError> {
            let position = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
            match given {
                Some(name) => position(name).map(Some).ok_or_else(|| missing(name)),
                None => Ok(position(default)),
            }
        };
        let mut fields = [None; Field::ALL.len()];
        for field in Field::ALL {
            fields[field as usize] = find(&columns.fields[field as usize], field.name())?;
        }
        Ok(Self {
            longitude: find(&columns.longitude, "lon")?.ok_or_else(|| missing("lon"))?,
            latitude: find(&columns.latitude, "lat")?.ok_or_else(|| missing("lat"))?,
            name: find(&columns.name, "name")?,
            fields,
            class: find(&columns.class, "class")?,
            owner: find(&columns.owner, "owner")?,
            header: header.clone(),
        })
    }

    /// Adds a row to the table.
    fn add(&self, table: &mut CustomerTable, record: &csv::StringRecord) -> Result<(), SalesError> {
        let cell = |at: usize| record.get(at).filter(|text| !text.is_empty());
        let number = |at: usize| match cell(at) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| SalesError::NotANumber {
                line: record.position().map_or(0, csv::Position::line),
                column: self.header.get(at).unwrap_or_default().to_owned(),
                text: text.to_owned(),
            }),
        };
        // A row without coordinates is at no place, and is named as such.
        let coordinate = |at: usize| Ok::<f64, SalesError>(number(at)?.unwrap_or(f64::NAN));
        table.coordinates.push([coordinate(self.longitude)?, coordinate(self.latitude)?]);
        if let Some(at) = self.name {
            table.names.push(record.get(at).unwrap_or_default().to_owned());
        }
        for (field, column) in self.fields.iter().zip(&mut table.columns) {
            if let Some(at) = *field {
                column.push(number(at)?);
            }
        }
        for (at, texts) in [(self.class, &mut table.classes), (self.owner, &mut table.owners)] {
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
    use crate::customers::CustomerOptions;

    #[test]
    fn tables_of_spreadsheets_are_read() {
        let text = "\u{feff}Name;LON;Lat;sales;class\n\"A; B\"; 8.5;47.4;12.5;A\nC;8.6;47.5;;\n";
        let table = CustomerTable::from_csv(text.as_bytes(), &CsvColumns::default()).unwrap();
        assert_eq!(table.columns[Field::Sales as usize], [Some(12.5), None]);
        assert_eq!(table.names, ["A; B", "C"]);
        assert_eq!(table.classes, [Some("A".to_owned()), None]);
        let fault = table.build(&CustomerOptions::default()).unwrap_err();
        assert!(matches!(fault, SalesError::MissingValues { count: 1, ref row, .. } if row == "C"), "{fault}");
    }

    #[test]
    fn faults_name_line_and_column() {
        let read = |text: &[u8], columns: &CsvColumns| CustomerTable::from_csv(text, columns).unwrap_err().to_string();
        let plain = CsvColumns::default();
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
