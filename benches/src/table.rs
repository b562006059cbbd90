//! Markdown tables.

use crate::instance::Instance;
use std::fmt::Write as _;

/// A table that is written row by row.
#[derive(Clone, Debug)]
pub struct Table {
    columns: usize,
    text: String,
}

impl Table {
    /// With these column heads.
    pub fn new(heads: &[&str]) -> Self {
        let mut table = Self { columns: heads.len(), text: String::new() };
        table.row(&heads.iter().map(|&h| h.to_owned()).collect::<Vec<_>>());
        let _ = writeln!(table.text, "|{}", "---|".repeat(heads.len()));
        table
    }

    /// Adds a row; missing cells stay empty. Returns the row as a line.
    pub fn row(&mut self, cells: &[String]) -> String {
        let mut line = String::from("|");
        for i in 0..self.columns {
            let _ =
                write!(line, " {} |", cells.get(i).map_or(String::new(), |c| c.replace('|', "/").replace('\n', " ")));
        }
        let _ = writeln!(self.text, "{line}");
        line
    }

    /// Adds a row that another table of the same columns has made.
    pub fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// The table so far.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The instances of a run, each once, with the hashes by which results name them.
#[derive(Clone, Debug)]
pub struct InstanceTable {
    table: Table,
    hashes: Vec<u64>,
}

impl Default for InstanceTable {
    fn default() -> Self {
        Self { table: Table::new(&["instance", "units", "links", "measures", "hash"]), hashes: Vec::new() }
    }
}

impl InstanceTable {
    /// Adds an instance, unless it is there.
    pub fn add(&mut self, instance: &Instance) {
        let hash = instance.hash();
        if self.hashes.contains(&hash) {
            return;
        }
        self.hashes.push(hash);
        self.table.row(&[
            instance.name.clone(),
            thousands(instance.len()),
            thousands(instance.links.len()),
            instance.measures.len().to_string(),
            format!("{hash:#018x}"),
        ]);
    }

    /// The table so far.
    pub fn text(&self) -> &str {
        self.table.text()
    }
}

/// A share in per cent: `0.004_98` → `0.498 %`, `0.34` → `34.0 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let digits = if value.abs() < 1.0 {
        3
    } else if value.abs() < 10.0 {
        2
    } else {
        1
    };
    format!("{value:.digits$} %")
}

/// Three significant digits or so for seconds: `0.013`, `1.24`, `31.0`.
pub fn seconds(value: f64) -> String {
    let digits = if value < 1.0 {
        3
    } else if value < 10.0 {
        2
    } else {
        1
    };
    format!("{value:.digits$}")
}

/// `1,000,000`.
pub fn thousands(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([percent(0.00498), percent(0.0293), percent(0.44)], ["0.498 %", "2.93 %", "44.0 %"]);
        assert_eq!([thousands(7), thousands(1_000), thousands(1_234_567)], ["7", "1,000", "1,234,567"]);
        assert_eq!([seconds(0.0134), seconds(1.239), seconds(31.0)], ["0.013", "1.24", "31.0"]);
    }
}
