//! Tables: CSV with a header that names the columns. Pairs of units have the columns `a` and `b`, perhaps `weight`.

use crate::failure::{Failure, lines};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// A row: two units and what stands in the column `weight`.
pub(crate) struct Pair {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) weight: Option<f64>,
    /// Line in the file.
    pub(crate) line: u64,
}

/// Units or territories by name; 3, 3.0 and "3" are one name.
pub(crate) struct NameIndex<'a> {
    names: &'a [String],
    exact: HashMap<&'a str, u32>,
    /// By the number that a name is; `None` for numbers that several names are.
    number: HashMap<i64, Option<u32>>,
}

impl<'a> NameIndex<'a> {
    pub(crate) fn new(names: &'a [String]) -> Self {
        let exact = names.iter().enumerate().map(|(unit, name)| (name.as_str(), unit as u32)).collect();
        let mut number = HashMap::new();
        for (unit, name) in names.iter().enumerate() {
            if let Some(n) = whole_number(name) {
                number.entry(n).and_modify(|unit| *unit = None).or_insert(Some(unit as u32));
            }
        }
        Self { names, exact, number }
    }

    /// The position of this name.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let by_number = || whole_number(name).and_then(|n| self.number.get(&n).copied().flatten());
        self.exact.get(name).copied().or_else(by_number)
    }

    /// What an unknown name may have been meant to be.
    pub(crate) fn hint(&self, name: &str) -> String {
        let bare = name.trim().trim_start_matches('0');
        let zeros = self.names.iter().find(|n| !bare.is_empty() && n.trim_start_matches('0') == bare);
        let near = match zeros {
            Some(near) => Some(near.as_str()),
            // Looking for a name that is spelled alike takes time per name.
            None if self.names.len() <= 10_000 => {
                territory_geojson::closest_name(name, self.names.iter().map(String::as_str))
            }
            None => None,
        };
        near.map_or(String::new(), |near| format!(", did you mean \"{near}\"?"))
    }
}

/// A name as it is written everywhere: 3.0 is 3.
pub(crate) fn plain_name(text: &str) -> String {
    let text = text.trim();
    whole_number(text).map_or_else(|| text.to_owned(), |n| n.to_string())
}

/// The whole number that a text is; leading zeros are part of a name, not of a number.
fn whole_number(text: &str) -> Option<i64> {
    // Up to here every whole number is a double of its own.
    const EXACT: f64 = (1u64 << 53) as f64;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let plain = !padded && digits.starts_with(|c: char| c.is_ascii_digit());
    let value: f64 = if plain { text.parse().ok()? } else { return None };
    (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64)
}

/// A table with its header.
pub(crate) struct Csv {
    pub(crate) file: String,
    pub(crate) header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Csv {
    /// Reads a table that should hold what `holds` says. The header's line tells what separates the cells.
    pub(crate) fn read(path: &Path, holds: &str) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let text = read_text(path, holds)?;
        let head = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|&d| head.bytes().filter(|&b| b == d).count());
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let faulty = |e: csv::Error| {
            let line = e.position().map_or(String::new(), |p| format!(", line {}", p.line()));
            Failure::Input(format!("{file}{line}: is no table: {e}"))
        };
        let header = reader.headers().map_err(faulty)?.iter().map(str::to_owned).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(faulty)?;
        Ok(Self { file, header, rows })
    }

    /// Position of the column of this name, however it is capitalised.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h.eq_ignore_ascii_case(name))
    }

    /// The rows with their lines in the file.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &csv::StringRecord)> {
        self.rows.iter().map(|row| (row.position().map_or(0, csv::Position::line), row))
    }
}

/// Reads the pairs of a table.
pub(crate) fn read_pairs(path: &Path, index: &NameIndex<'_>) -> Result<Vec<Pair>, Failure> {
    let table = Csv::read(path, "a,b and pairs of unit ids")?;
    let file = &table.file;
    let (Some(first), Some(second)) = (table.column("a"), table.column("b")) else {
        let found = table.header.join(",");
        return Err(Failure::Input(format!(
            "{file}: the first line is \"{found}\", it should name the columns: a,b or a,b,weight"
        )));
    };
    let weight_column = table.column("weight");
    let (mut pairs, mut faults) = (Vec::new(), Vec::new());
    for (line, record) in table.rows() {
        let mut unit = |at: usize| {
            let name = record.get(at).unwrap_or_default();
            let found = index.find(name);
            if found.is_none() {
                faults.push(format!("{file}, line {line}: there is no unit \"{name}\"{}", index.hint(name)));
            }
            found
        };
        let (a, b) = (unit(first), unit(second));
        let weight = match weight_column.and_then(|at| record.get(at)).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => match text.parse() {
                Ok(weight) => Some(weight),
                Err(_) => {
                    faults.push(format!("{file}, line {line}: the weight \"{text}\" is not a number"));
                    None
                }
            },
        };
        if let (Some(a), Some(b)) = (a, b) {
            pairs.push(Pair { a, b, weight, line });
        }
    }
    if faults.is_empty() { Ok(pairs) } else { Err(Failure::Input(lines(faults.iter()))) }
}

/// The text of a file, unpacked if it is gzipped, without its byte order mark.
fn read_text(path: &Path, holds: &str) -> Result<String, Failure> {
    let file = path.display();
    let failed =
        |e: std::io::Error| Failure::Input(format!("{file}: cannot be read ({e}): check its name and permissions"));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = std::fs::read(path).map_err(failed)?;
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).map_err(|e| {
            Failure::Input(format!("{file}: the gzip data is damaged or cut off ({e}): get it again whole"))
        })?;
        bytes = unpacked;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Failure::Input(format!("{file}: is UTF-16, not UTF-8: save it as UTF-8 (Excel: \"CSV UTF-8\")")));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => Err(Failure::Input(format!("{file}: is empty; it should hold {holds}"))),
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            let line = e.as_bytes().iter().take(valid).filter(|&&b| b == b'\n').count() + 1;
            Err(Failure::Input(format!(
                "{file}, line {line}: is not UTF-8: save it as UTF-8 (Excel: \"CSV UTF-8\"); it may be GBK, Latin-1 or another older encoding"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_one_name_however_written() {
        let names = ["3", "04015", "x", "7.5", "1e3"].map(str::to_owned);
        let index = NameIndex::new(&names);
        for (name, unit) in [("3", 0), ("3.0", 0), ("3e0", 0), ("04015", 1), ("x", 2), ("7.5", 3), ("1000", 4)] {
            assert_eq!(index.find(name), Some(unit), "{name}");
        }
        for name in ["4015", "03", "", "nan", "inf", "+3x"] {
            assert_eq!(index.find(name), None, "{name}");
        }
        assert_eq!(index.hint("4015"), ", did you mean \"04015\"?");
    }

    #[test]
    fn numbers_that_several_names_are_must_be_written_exactly() {
        let names = ["3.0", "3"].map(str::to_owned);
        let index = NameIndex::new(&names);
        assert_eq!((index.find("3.0"), index.find("3"), index.find("3.00")), (Some(0), Some(1), None));
    }
}
