//! `--reps`: a table with one row per territory: its name, share, home, radius, skills and bounds. What is wrong is told with its line.

use crate::failure::{Failure, lines};
use crate::tables::{Csv, plain_name};
use std::path::Path;
use territory::{Locations, Space, Territory};
use territory_sales::force::Capacity;

/// Territories as the table says. Their bounds name measures as the table does.
pub(crate) struct Reps {
    pub(crate) file: String,
    pub(crate) territories: Vec<Territory>,
    /// What a reader should know.
    pub(crate) notes: Vec<String>,
    /// The space that its homes are given in, if there are any, and the line of every territory.
    space: Option<Space>,
    lines: Vec<u64>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Name,
    Capacity,
    /// A factor of the capacity: hours, FTE, effectiveness.
    Factor(usize),
    /// A coordinate of the home: 0 or 1.
    Home(usize, Space),
    Radius,
    Skills,
    Minimum(String),
    Maximum(String),
}

/// What is told of a file that is none.
const HOLDS: &str = "a header with the column name, and one row per territory";

impl Column {
    fn of(header: &str) -> Option<Self> {
        let plain = header.to_ascii_lowercase();
        let measure = |after: &str| header.get(after.len()..).map(|m| m.trim().to_owned()).filter(|m| !m.is_empty());
        Some(match plain.as_str() {
            "name" => Column::Name,
            "capacity" => Column::Capacity,
            "hours" => Column::Factor(0),
            "fte" => Column::Factor(1),
            "effectiveness" => Column::Factor(2),
            "lon" => Column::Home(0, Space::Geographic),
            "lat" => Column::Home(1, Space::Geographic),
            "x" => Column::Home(0, Space::Planar),
            "y" => Column::Home(1, Space::Planar),
            "max_radius_km" => Column::Radius,
            "skills" => Column::Skills,
            _ if plain.starts_with("minimum ") => Column::Minimum(measure("minimum ")?),
            _ if plain.starts_with("maximum ") => Column::Maximum(measure("maximum ")?),
            _ => return None,
        })
    }

    /// Whether it says how large a share of the whole a territory has.
    fn is_share(&self) -> bool {
        matches!(self, Column::Capacity | Column::Factor(_))
    }
}

impl Reps {
    /// Reads the table.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let table = Csv::read(path, HOLDS)?;
        let columns: Vec<Option<Column>> = table.header.iter().map(|h| Column::of(h)).collect();
        let space = check_header(&table, &columns)?;
        let (mut territories, mut lines_of, mut faults): (Vec<Territory>, Vec<u64>, Vec<String>) = Default::default();
        for (line, record) in table.rows() {
            let cells = columns.iter().zip(record.iter()).filter_map(|(c, text)| Some((c.as_ref()?, text)));
            match Row::read(&columns, cells) {
                Ok(t) => {
                    if let Some(earlier) = territories.iter().position(|other| other.name == t.name) {
                        faults.push(format!(
                            "{}, line {line}: the name \"{}\" stands in line {} already: names must differ",
                            table.file, t.name, lines_of[earlier]
                        ));
                    }
                    territories.push(t);
                    lines_of.push(line);
                }
                Err(of_row) => faults.extend(of_row.iter().map(|f| format!("{}, line {line}: {f}", table.file))),
            }
        }
        if !faults.is_empty() {
            return Err(Failure::Input(lines(faults.iter())));
        }
        if territories.is_empty() {
            return Err(Failure::Input(format!("{}: names no territory: give one row for each", table.file)));
        }
        let unknown = table.header.iter().zip(&columns).filter(|(_, c)| c.is_none());
        let unknown: Vec<&str> = unknown.map(|(h, _)| h.as_str()).collect();
        let told = || format!("{}: not looked at: {}", table.file, unknown.join(", "));
        let notes = if unknown.is_empty() { Vec::new() } else { vec![told()] };
        Ok(Self { file: table.file, territories, notes, space, lines: lines_of })
    }

    /// Number of territories.
    pub(crate) fn count(&self) -> u32 {
        self.territories.len() as u32
    }

    /// Names of measures that have bounds here, as they are written.
    pub(crate) fn measures(&self) -> impl Iterator<Item = &str> {
        let bounds = self.territories.iter().flat_map(|t| &t.bounds);
        bounds.map(|b| b.measure.as_str())
    }

    /// Whether homes are where the units are.
    pub(crate) fn check_homes(&self, units: &Locations) -> Result<(), Failure> {
        let space = units.space();
        match self.space {
            None => return Ok(()),
            Some(given) if given == space => {}
            Some(_) => {
                let (units, homes) = match space {
                    Space::Planar => ("metres", "x,y"),
                    Space::Geographic => ("degrees", "lon,lat"),
                };
                let file = &self.file;
                return Err(Failure::Input(format!(
                    "{file}: the units are in {units}, so homes are given as {homes}: convert them and rename the columns"
                )));
            }
        }
        let corners = Corners::of(units);
        let message = |(t, line): (&Territory, &u64)| {
            let at = t.anchor?;
            let turned = [at[1], at[0]];
            // A home may lie outside of the map; one that would be inside if it were turned round does not.
            (!corners.hold(at) && corners.hold(turned)).then(|| {
                format!(
                    "{}, line {line}: the home of \"{}\" at {at:?} is outside of the units, but {turned:?} is among them: exchange the two numbers",
                    self.file, t.name
                )
            })
        };
        let faults: Vec<String> = self.territories.iter().zip(&self.lines).filter_map(message).collect();
        if faults.is_empty() { Ok(()) } else { Err(Failure::Input(lines(faults.iter()))) }
    }
}

/// The box around all units, a little wider, in their coordinates.
struct Corners([f64; 2], [f64; 2]);

impl Corners {
    /// By this share of its longer side the box is wider: homes lie beside the units, not only among them.
    const WIDER: f64 = 0.05;

    fn of(units: &Locations) -> Self {
        let at = |p: &[f64; 3]| units.space().coordinates(*p);
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for p in units.points().iter().map(at) {
            for i in 0..2 {
                (low[i], high[i]) = (low[i].min(p[i]), high[i].max(p[i]));
            }
        }
        let margin = Self::WIDER * (high[0] - low[0]).max(high[1] - low[1]);
        Self(low.map(|x| x - margin), high.map(|x| x + margin))
    }

    fn hold(&self, p: [f64; 2]) -> bool {
        (0..2).all(|i| self.0[i] <= p[i] && p[i] <= self.1[i])
    }
}

/// What is wrong with the columns; else the space of the homes.
fn check_header(table: &Csv, columns: &[Option<Column>]) -> Result<Option<Space>, Failure> {
    let fault = |text: String| Err(Failure::Input(format!("{}: {text}", table.file)));
    let has = |column: &Column| columns.iter().flatten().any(|c| c == column);
    if !has(&Column::Name) {
        return fault(format!("the first line is \"{}\", it should hold {HOLDS}", table.header.join(",")));
    }
    for (at, column) in columns.iter().enumerate().filter(|(_, c)| c.is_some()) {
        if columns[..at].contains(column) {
            return fault(format!("the column \"{}\" is given twice: give it once", table.header[at]));
        }
    }
    if has(&Column::Capacity) && (0..3).any(|i| has(&Column::Factor(i))) {
        return fault("capacity is hours × fte × effectiveness: give it, or these, not both".to_owned());
    }
    let homes = |space: Space| [0, 1].map(|i| has(&Column::Home(i, space)));
    match [homes(Space::Geographic), homes(Space::Planar)] {
        [[false, false], [false, false]] => Ok(None),
        [[true, true], [false, false]] => Ok(Some(Space::Geographic)),
        [[false, false], [true, true]] => Ok(Some(Space::Planar)),
        [[lon, lat], [false, false]] => {
            fault(format!("there is {}: give both", if lon && !lat { "lon without lat" } else { "lat without lon" }))
        }
        [[false, false], [x, _]] => {
            fault(format!("there is {}: give both", if x { "x without y" } else { "y without x" }))
        }
        _ => fault("homes are given as lon,lat (degrees) or x,y (metres), not both".to_owned()),
    }
}

/// A row being read.
struct Row {
    territory: Territory,
    /// Hours, FTE, effectiveness; 1 where they have no column.
    factors: [f64; 3],
    home: [Option<f64>; 2],
    /// Capacities, or factors of them, that the row gives.
    shares: usize,
    faults: Vec<String>,
}

impl Row {
    /// The territory of a row, or all that is wrong with it.
    fn read<'a>(
        columns: &[Option<Column>],
        cells: impl Iterator<Item = (&'a Column, &'a str)>,
    ) -> Result<Territory, Vec<String>> {
        let (territory, faults) = (Territory::new(""), Vec::new());
        let mut row = Self { territory, factors: [1.0; 3], home: [None; 2], shares: 0, faults };
        cells.filter(|(_, text)| !text.is_empty()).for_each(|(column, text)| row.take(column, text));
        row.finish(columns)
    }

    /// A number not below `least`; what is not is told.
    fn number(&mut self, text: &str, what: &str, least: f64, range: &str) -> Option<f64> {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= least);
        if value.is_none() {
            self.faults.push(format!("{what} is \"{text}\": it must be {range}"));
        }
        value
    }

    fn take(&mut self, column: &Column, text: &str) {
        const POSITIVE: (f64, &str) = (f64::MIN_POSITIVE, "a number > 0");
        self.shares += usize::from(column.is_share());
        match column {
            Column::Name => self.territory.name = plain_name(text),
            Column::Capacity => {
                self.territory.capacity = self.number(text, "the capacity", POSITIVE.0, POSITIVE.1).unwrap_or(1.0);
            }
            Column::Factor(i) => {
                let what = ["hours", "fte", "effectiveness"][*i];
                self.factors[*i] = self.number(text, what, POSITIVE.0, POSITIVE.1).unwrap_or(1.0);
            }
            Column::Home(i, Space::Planar) => {
                self.home[*i] = self.number(text, ["x", "y"][*i], f64::MIN, "a number of metres");
            }
            Column::Home(i, Space::Geographic) => {
                self.home[*i] = self.number(text, ["lon", "lat"][*i], f64::MIN, "a number of degrees");
            }
            Column::Radius => {
                self.territory.max_radius_km = self.number(text, "max_radius_km", 0.0, "a number of km ≥ 0");
            }
            Column::Skills => {
                let skills = text.split(';').map(|s| s.trim().to_owned());
                self.territory.skills = skills.filter(|s| !s.is_empty()).collect();
            }
            Column::Minimum(measure) => {
                let minimum = self.number(text, &format!("minimum {measure}"), 0.0, "a number ≥ 0");
                self.bound(measure, minimum, None);
            }
            Column::Maximum(measure) => {
                let maximum = self.number(text, &format!("maximum {measure}"), 0.0, "a number ≥ 0");
                self.bound(measure, None, maximum);
            }
        }
    }

    fn bound(&mut self, measure: &str, minimum: Option<f64>, maximum: Option<f64>) {
        let territory = std::mem::replace(&mut self.territory, Territory::new(""));
        self.territory = territory.bounds(measure, minimum, maximum);
    }

    /// Puts together what cells say only together.
    fn finish(self, columns: &[Option<Column>]) -> Result<Territory, Vec<String>> {
        let Self { mut territory, factors, home, shares, mut faults } = self;
        let name = territory.name.clone();
        if name.is_empty() {
            faults.push("has no name: give it one".to_owned());
        }
        if shares < columns.iter().flatten().filter(|c| c.is_share()).count() {
            faults.push(format!("\"{name}\" has no capacity: every territory needs a number there, or none does"));
        }
        if faults.is_empty() {
            faults.extend(home_fault(home, columns.contains(&Some(Column::Home(0, Space::Geographic)))));
        }
        if let [Some(x), Some(y)] = home {
            territory.anchor = Some([x, y]);
        }
        if let (Some(km), None, true) = (territory.max_radius_km, territory.anchor, faults.is_empty()) {
            faults.push(format!("\"{name}\" has a radius of {km} km but no home to measure it from: give it one"));
        }
        if !columns.contains(&Some(Column::Capacity)) && faults.is_empty() {
            let [hours_per_year, fte, effectiveness] = factors;
            match (Capacity { who: name, hours_per_year, fte, effectiveness }).hours() {
                Ok(hours) => territory.capacity = hours,
                Err(fault) => faults.push(fault.to_string()),
            }
        }
        if faults.is_empty() { Ok(territory) } else { Err(faults) }
    }
}

fn home_fault(home: [Option<f64>; 2], degrees: bool) -> Option<String> {
    let names = if degrees { ["lon", "lat"] } else { ["x", "y"] };
    match home {
        [Some(_), None] => Some(format!("has {} without {}: give both, or leave both blank", names[0], names[1])),
        [None, Some(_)] => Some(format!("has {} without {}: give both, or leave both blank", names[1], names[0])),
        [Some(lon), Some(lat)] if degrees && (lat.abs() > 90.0 || lon.abs() > 360.0) => {
            let hint = if lat.abs() <= 360.0 && lon.abs() <= 90.0 { ", or the two are exchanged" } else { "" };
            Some(format!("the home at lon {lon}, lat {lat} is no place: latitudes end at ±90{hint}: correct it"))
        }
        _ => None,
    }
}
