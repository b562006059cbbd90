//! What can be wrong with what is handed in: one typed error for the crate. A message names the row, the column, the value and
//! what to do; where several rows have the same fault it names the first and counts them.

/// Why something could not be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SalesError {
    /// A column that is needed was not given.
    #[error("there is no column \"{column}\"; the table has {known}: add it, or say which column it is")]
    MissingColumn {
        /// The column.
        column: String,
        /// The columns that there are.
        known: String,
    },
    /// Rows without a value in a column that is needed.
    #[error("{count} row(s) have no {column}, first \"{row}\": fill them in, or ask for them to be imputed")]
    MissingValues {
        /// The column.
        column: String,
        /// The first such row's name.
        row: String,
        /// How many rows.
        count: usize,
    },
    /// A cell that holds no number.
    #[error("{place}: the {column} \"{text}\" is not a number: correct it, or leave the cell empty")]
    NotANumber {
        /// Line of the text, from 1, or row of the table, from 0: `line 3`.
        place: String,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// Text that is no table.
    #[error("{place}this is no table: {reason}; it should be UTF-8 CSV whose first line names the columns")]
    NoTable {
        /// Where, as a prefix; may be empty.
        place: String,
        /// What the reader says.
        reason: String,
    },
    /// Values out of range, negative sales for example.
    #[error("{count} value(s) of {what} are not {expected}, first \"{row}\": {value}; correct them")]
    Value {
        /// What the values are.
        what: String,
        /// The first such row's name.
        row: String,
        /// Its value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
        /// How many rows.
        count: usize,
    },
    /// Coordinates that become sensible when the two numbers change places.
    #[error(
        "{count} row(s) have a latitude beyond 90, first \"{row}\" at longitude {longitude}, latitude {latitude}: the two seem to be swapped; give longitude first"
    )]
    SwappedCoordinates {
        /// The first such row's name.
        row: String,
        /// What was given as longitude.
        longitude: f64,
        /// What was given as latitude.
        latitude: f64,
        /// How many rows.
        count: usize,
    },
    /// Coordinates that are no place.
    #[error("{count} row(s) are at no place on Earth, first \"{row}\" at ({x}, {y}): correct them or leave them out")]
    NoPlace {
        /// The first such row's name.
        row: String,
        /// Longitude in degrees, or x in metres.
        x: f64,
        /// Latitude in degrees, or y in metres.
        y: f64,
        /// How many rows.
        count: usize,
    },
    /// A conversion between datums of coordinates that are no degrees.
    #[error(
        "the coordinates are to be converted from GCJ-02, but the table is planar (metres): give longitude and latitude in degrees, or do not ask for the conversion"
    )]
    Gcj02InThePlane,
    /// Columns of different lengths.
    #[error("{what} has {found} rows, expected {expected}: every column needs one row per item")]
    Length {
        /// The column.
        what: String,
        /// Its rows.
        found: usize,
        /// Rows expected.
        expected: usize,
    },
    /// Nothing to compute with.
    #[error("{what} is empty: give at least one")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// A capacity of nothing.
    #[error(
        "the capacity of \"{who}\" is {hours} hours, which serves nobody: give a positive one, or leave the rep out"
    )]
    Capacity {
        /// Whose capacity.
        who: String,
        /// The capacity, hours.
        hours: f64,
    },
    /// A class that no table names.
    #[error("{count} row(s) have a class that is not in the table, first \"{row}\": \"{class}\"; known are {known}")]
    UnknownClass {
        /// The first such row's name.
        row: String,
        /// The class.
        class: String,
        /// The classes that there are.
        known: String,
        /// How many rows.
        count: usize,
    },
    /// Cut-offs that do not follow each other.
    #[error("the cut-offs of {what} are out of order: {next} after {previous}; they must {order}")]
    CutoffOrder {
        /// What they cut.
        what: String,
        /// A cut-off.
        previous: f64,
        /// The one behind it.
        next: f64,
        /// How they should go.
        order: &'static str,
    },
    /// A parameter out of range.
    #[error("{name} is {value}, it must be {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// An index that points at nothing.
    #[error("row {row} of {what} points at {index}, but there are {count}")]
    Index {
        /// What points.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// Where to.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// Territories that no rep may have, or too few reps.
    #[error(
        "only {assigned} of {territories} territories can get a rep; \"{territory}\" stays without: loosen its qualifications or add reps"
    )]
    Unassignable {
        /// Territories that can be served at once.
        assigned: usize,
        /// All territories.
        territories: usize,
        /// The first that stays without.
        territory: String,
    },
    /// Customers that cannot be joined to units.
    #[error(transparent)]
    Join(#[from] territory::geometry::JoinError),
}
