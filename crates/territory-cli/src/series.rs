//! A series of periods from a table: one row per unit and period, a column per measure. What cannot be used is named with line,
//! column and value.

use crate::args::Missing;
use crate::failure::{Failure, lines};
use crate::input::Units;
use crate::tables::{Csv, NameIndex};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use territory::Measure;
use territory::evaluate::Period;
use territory_geojson::closest_name;

/// Where the values of a measure come from.
enum Source {
    /// This column of the table.
    Column(usize),
    /// Units count the same in every period.
    Fixed,
}

/// A period being read.
struct Open {
    period: Period,
    /// Line of every unit's row; 0: none yet.
    lines: Vec<u64>,
}

/// Reads the periods in order of first appearance.
pub(crate) fn read_series(
    path: &Path,
    units: &Units,
    measures: &[Measure],
    missing: Missing,
) -> Result<Vec<Period>, Failure> {
    let table = Csv::read(path, "unit, period and a column per measure")?;
    let (unit_column, period_column, sources) = columns(&table, measures)?;
    let index = NameIndex::new(&units.names);
    let skipped = skipped(units);
    let mut reader = Rows { table: &table, measures, sources: &sources, missing, faults: Vec::new() };
    let (mut number, mut open): (HashMap<&str, usize>, Vec<Open>) = (HashMap::new(), Vec::new());
    for (line, row) in table.rows() {
        let (id, name) = (row.get(unit_column).unwrap_or_default(), row.get(period_column).unwrap_or_default());
        let unit = index.find(id);
        if unit.is_none() && !skipped.contains(id) {
            reader.fault(line, format!("there is no unit \"{id}\"{}", index.hint(id)));
        }
        if name.is_empty() {
            reader.fault(line, "the period is empty: name it".to_owned());
            continue;
        }
        let at = *number.entry(name).or_insert_with(|| {
            open.push(Open::new(name, measures, units.len(), &sources));
            open.len() - 1
        });
        let (Some(unit), Some(open)) = (unit, open.get_mut(at)) else { continue };
        let seen = std::mem::replace(&mut open.lines[unit as usize], line);
        if seen > 0 {
            reader
                .fault(line, format!("unit \"{id}\" has a row for period \"{name}\" in line {seen}: keep one of them"));
        }
        reader.values(line, row, unit as usize, &mut open.period);
    }
    let mut faults = reader.faults;
    if faults.is_empty() && missing == Missing::Refuse {
        faults = open.iter().filter_map(|open| open.gap(&table.file, units)).collect();
    }
    match (faults.is_empty(), open.is_empty()) {
        (false, _) => Err(Failure::Input(lines(faults.iter()))),
        (true, true) => Err(Failure::Input(format!("{}: has no rows: give one per unit and period", table.file))),
        _ => Ok(open.into_iter().map(|open| open.period).collect()),
    }
}

/// Units that the plan leaves out, and that a series may have.
fn skipped(units: &Units) -> HashSet<String> {
    let kept: HashSet<u32> = units.rows.iter().copied().collect();
    let out = (0..units.table.len()).filter(|&row| !kept.contains(&(row as u32)));
    out.filter_map(|row| units.table.id_of(&units.id, row).map(|id| id.into_owned())).collect()
}

/// Positions of unit, period and measures.
fn columns(table: &Csv, measures: &[Measure]) -> Result<(usize, usize, Vec<Source>), Failure> {
    let (Some(unit), Some(period)) = (table.column("unit"), table.column("period")) else {
        return Err(Failure::Input(format!(
            "{}: the first line is \"{}\", it should name the columns: unit,period and a column per measure",
            table.file,
            table.header.join(",")
        )));
    };
    let exactly = |name: &str| table.header.iter().position(|h| h == name);
    let source = |measure: &Measure| {
        let name = measure.name.as_str();
        let bare = name.strip_prefix("units:").or_else(|| name.strip_prefix("customers:"));
        match exactly(name).or_else(|| bare.and_then(exactly)) {
            Some(column) => Ok(Source::Column(column)),
            None if name == "units" => Ok(Source::Fixed),
            None => {
                let near = closest_name(name, table.header.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!(": did you mean \"{near}\"?"));
                let header = table.header.join(", ");
                Err(format!("{}: there is no column \"{name}\" for this measure; it has {header}{hint}", table.file))
            }
        }
    };
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for measure in measures {
        match source(measure) {
            Ok(source) => sources.push(source),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok((unit, period, sources)) } else { Err(Failure::Input(lines(faults.iter()))) }
}

impl Open {
    fn new(name: &str, measures: &[Measure], units: usize, sources: &[Source]) -> Self {
        let column = |(measure, source): (&Measure, &Source)| match source {
            Source::Column(_) => vec![0.0; units],
            Source::Fixed => measure.values.clone(),
        };
        let values = measures.iter().zip(sources).map(column).collect();
        Self { period: Period { name: name.to_owned(), values }, lines: vec![0; units] }
    }

    /// What is to be said where units have no row.
    fn gap(&self, file: &str, units: &Units) -> Option<String> {
        let first = self.lines.iter().position(|&line| line == 0)?;
        let count = self.lines.iter().filter(|&&line| line == 0).count();
        Some(format!(
            "{file}: period \"{}\" has no row for {count} unit(s), first \"{}\": add them, or count them as zero (--missing zero)",
            self.period.name,
            units.names.get(first).map_or("", String::as_str)
        ))
    }
}

/// The rows' values, and what is wrong with them.
struct Rows<'a> {
    table: &'a Csv,
    measures: &'a [Measure],
    sources: &'a [Source],
    missing: Missing,
    faults: Vec<String>,
}

impl Rows<'_> {
    fn fault(&mut self, line: u64, what: String) {
        self.faults.push(format!("{}, line {line}: {what}", self.table.file));
    }

    fn values(&mut self, line: u64, row: &csv::StringRecord, unit: usize, period: &mut Period) {
        for m in 0..self.measures.len() {
            let Some(Source::Column(column)) = self.sources.get(m) else { continue };
            let text = row.get(*column).unwrap_or_default();
            let value = match (text.parse::<f64>(), self.missing) {
                (_, Missing::Zero) if text.is_empty() => Ok(0.0),
                (_, Missing::Refuse) if text.is_empty() => {
                    Err("is empty: fill it in, or count what is missing as zero (--missing zero)".to_owned())
                }
                (Ok(value), _) if !value.is_finite() => Err(format!("is \"{text}\", no finite number: correct it")),
                (Ok(value), _) if value < 0.0 => Err(format!("is {text}: correct it, a measure is at least 0")),
                (Ok(value), _) => Ok(value),
                (Err(_), _) => Err(format!("is \"{text}\", no number: correct it")),
            };
            match value {
                Ok(value) => {
                    if let Some(slot) = period.values.get_mut(m).and_then(|values| values.get_mut(unit)) {
                        *slot = value;
                    }
                }
                Err(what) => {
                    let name = self.table.header.get(*column).cloned().unwrap_or_default();
                    self.fault(line, format!("\"{name}\" {what}"));
                }
            }
        }
    }
}
