//! Properties in columns: one row per feature, the texts of a column end to end in one string.

/// One feature's value of a property. Texts are decoded; numbers, arrays and objects also keep how they were written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PropertyValue<'a> {
    /// The feature has no such property.
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number {
        /// The nearest double; infinite if the text is beyond all doubles.
        value: f64,
        /// As written.
        text: &'a str,
    },
    /// A string.
    Text(&'a str),
    /// An array, as written.
    Array(&'a str),
    /// An object, as written.
    Object(&'a str),
}

impl<'a> PropertyValue<'a> {
    /// The value as a name: strings as they are, whole numbers without fraction or exponent (so that 3, 3.0 and "3" are one
    /// name), `true` and `false`. `None` for what names nothing.
    ///
    /// ```
    /// use territory_geojson::PropertyValue;
    /// let number = PropertyValue::Number { value: 3.0, text: "3.0" };
    /// assert_eq!(number.name().as_deref(), Some("3"));
    /// assert_eq!(PropertyValue::Null.name(), None);
    /// ```
    pub fn name(self) -> Option<std::borrow::Cow<'a, str>> {
        // Up to here every integer is a double of its own.
        const EXACT: f64 = (1u64 << 53) as f64;
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Number { value, .. } if value.fract() == 0.0 && value.abs() < EXACT => {
                Some((value as i64).to_string().into())
            }
            Self::Number { text, .. } => Some(text.into()),
            Self::Bool(value) => Some(if value { "true" } else { "false" }.into()),
            Self::Missing | Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number { .. } => "a number",
            Self::Text(_) => "text",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Kind of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Missing,
    Null,
    False,
    True,
    Number,
    Text,
    Array,
    Object,
}

/// The values of one property on all features.
#[derive(Clone, Debug, Default)]
pub struct PropertyColumn {
    /// Rows after the last that has the property are left out.
    cells: Vec<Cell>,
    ends: Vec<usize>,
    text: String,
}

impl PropertyColumn {
    /// The value of feature `row`; [`PropertyValue::Missing`] beyond the last feature.
    pub fn get(&self, row: usize) -> PropertyValue<'_> {
        let Some(cell) = self.cells.get(row) else { return PropertyValue::Missing };
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let text = self.ends.get(row).and_then(|&end| self.text.get(start..end)).unwrap_or_default();
        match cell {
            Cell::Missing => PropertyValue::Missing,
            Cell::Null => PropertyValue::Null,
            Cell::False => PropertyValue::Bool(false),
            Cell::True => PropertyValue::Bool(true),
            Cell::Number => PropertyValue::Number { value: text.parse().unwrap_or(f64::NAN), text },
            Cell::Text => PropertyValue::Text(text),
            Cell::Array => PropertyValue::Array(text),
            Cell::Object => PropertyValue::Object(text),
        }
    }

    /// Whether no feature has the property.
    pub fn is_missing_everywhere(&self) -> bool {
        self.cells.is_empty()
    }

    /// Sets the value of `row`, the last row so far or a later one. Setting a row again replaces it.
    pub(crate) fn set(&mut self, row: usize, cell: Cell, text: &str) {
        if self.cells.len() > row {
            self.cells.truncate(row);
            self.ends.truncate(row);
            self.text.truncate(self.ends.last().copied().unwrap_or(0));
        }
        while self.cells.len() < row {
            self.cells.push(Cell::Missing);
            self.ends.push(self.text.len());
        }
        self.text.push_str(text);
        self.cells.push(cell);
        self.ends.push(self.text.len());
    }

    /// Adds the rows of another column behind the first `rows`.
    pub(crate) fn append(&mut self, rows: usize, other: Self) {
        if other.cells.is_empty() {
            return;
        }
        self.cells.resize(rows, Cell::Missing);
        self.ends.resize(rows, self.text.len());
        let before = self.text.len();
        self.cells.extend(other.cells);
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.text.push_str(&other.text);
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_be_skipped_and_set_again() {
        let mut column = PropertyColumn::default();
        column.set(1, Cell::Text, "first");
        column.set(1, Cell::Number, "1e2");
        column.set(3, Cell::Text, "人口");
        let all: Vec<_> = (0..5).map(|row| column.get(row)).collect();
        let number = PropertyValue::Number { value: 100.0, text: "1e2" };
        let missing = PropertyValue::Missing;
        assert_eq!(all, [missing, number, missing, PropertyValue::Text("人口"), missing]);
    }

    #[test]
    fn equal_numbers_are_one_name() {
        let name =
            |text: &str| PropertyValue::Number { value: text.parse().unwrap(), text }.name().unwrap().into_owned();
        assert_eq!([name("3"), name("3.0"), name("30e-1"), name("-0")], ["3", "3", "3", "0"]);
        assert_eq!(name("12345678901234567890"), "12345678901234567890");
        assert_eq!(name("0.5"), "0.5");
    }
}
