//! The property names of a file, and which of them have a column.

use std::collections::HashMap;

use crate::columns::PropertyColumn;

/// Names listed; a file that uses keys as data would otherwise fill the memory with them.
const LISTED_NAMES: usize = 4096;
/// Names in order of first appearance (the wanted ones first, seen or not) and the columns of the wanted ones.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<Name>,
    by_text: HashMap<Box<[u8]>, usize>,
    /// The name whose value is being read, for messages.
    current: Option<usize>,
    columns: Vec<PropertyColumn>,
}

#[derive(Debug)]
struct Name {
    text: Box<[u8]>,
    seen: bool,
    column: Option<usize>,
}

impl Name {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl Names {
    pub(crate) fn new(wanted: &[String]) -> Self {
        let mut names = Self::default();
        for text in wanted {
            if !names.by_text.contains_key(text.as_bytes()) {
                names.insert(text.as_bytes(), Some(names.columns.len()));
                names.columns.push(PropertyColumn::default());
            }
        }
        names
    }

    fn insert(&mut self, text: &[u8], column: Option<usize>) {
        self.by_text.insert(text.into(), self.names.len());
        self.names.push(Name { text: text.into(), seen: column.is_none(), column });
    }

    /// The number of a name among those listed. `None` if there are too many to list it.
    pub(crate) fn number(&mut self, text: &[u8]) -> Option<usize> {
        let at = match self.by_text.get(text) {
            Some(&at) => at,
            None if self.names.len() >= LISTED_NAMES + self.columns.len() => return None,
            None => {
                self.insert(text, None);
                self.names.len() - 1
            }
        };
        self.names.get_mut(at)?.seen = true;
        Some(at)
    }

    /// The column of the name with this number, if it is wanted; its value comes next.
    #[inline]
    pub(crate) fn enter(&mut self, number: Option<usize>) -> Option<&mut PropertyColumn> {
        self.current = number;
        self.columns.get_mut(self.names.get(number?)?.column?)
    }

    /// No value is being read any more.
    pub(crate) fn leave(&mut self) {
        self.current = None;
    }

    /// The name whose value is being read.
    pub(crate) fn current(&self) -> Option<&str> {
        self.names.get(self.current?).map(Name::text)
    }

    /// Adds what was seen in features behind the first `rows`; the same names are wanted.
    pub(crate) fn append(&mut self, rows: usize, other: Self) {
        for name in other.names.iter().filter(|name| name.seen) {
            self.number(&name.text);
        }
        for (own, others) in self.columns.iter_mut().zip(other.columns) {
            own.append(rows, others);
        }
    }

    /// Forgets what was seen, keeps what is wanted.
    pub(crate) fn clear(&mut self) {
        self.names.iter_mut().for_each(|name| name.seen = false);
        self.columns.iter_mut().for_each(PropertyColumn::clear);
    }

    /// The names seen, in order of first appearance but for the wanted ones, which come first.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|name| name.seen).map(Name::text)
    }

    /// The column of a wanted name.
    pub(crate) fn wanted(&self, text: &str) -> Option<&PropertyColumn> {
        let &at = self.by_text.get(text.as_bytes())?;
        self.columns.get(self.names.get(at)?.column?)
    }
}

/// The name among `names` that is most like `wanted`, for "did you mean": equal but for case, or at most a third of its
/// characters inserted, deleted or replaced (Levenshtein 1966).
///
/// ```
/// let names = ["population", "name"];
/// assert_eq!(territory_geojson::closest_name("Populaton", names), Some("population"));
/// assert_eq!(territory_geojson::closest_name("revenue", names), None);
/// ```
pub fn closest_name<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let target: Vec<char> = wanted.to_lowercase().chars().take(100).collect();
    let distance = |name: &str| {
        let mut row: Vec<usize> = (0..=target.len()).collect();
        for (i, c) in name.to_lowercase().chars().take(100).enumerate() {
            let mut diagonal = i;
            let mut left = i + 1;
            if let Some(first) = row.first_mut() {
                *first = left;
            }
            for (cell, t) in row.iter_mut().skip(1).zip(&target) {
                let replaced = diagonal + usize::from(*t != c);
                diagonal = *cell;
                left = replaced.min(diagonal + 1).min(left + 1);
                *cell = left;
            }
        }
        row.last().copied().unwrap_or(0)
    };
    let best = names.into_iter().map(|name| (distance(name), name)).min_by_key(|&(d, _)| d);
    best.filter(|&(d, _)| d * 3 <= target.len()).map(|(_, name)| name)
}

/// The end of a message about a name that is not there.
pub(crate) fn hint(closest: &Option<String>) -> String {
    closest.as_ref().map_or_else(String::new, |name| format!(": did you mean \"{name}\"?"))
}
