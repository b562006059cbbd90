//! The plan: the input's text copied byte by byte, but for the properties that say where each unit belongs.

use std::borrow::Cow;
use std::io::{Read, Write};

use territory::geometry::Polygons;

use crate::error::WriteError;
use crate::scan::{Fault, FaultKind, Scanner};
use crate::table::{FeatureTable, PropertiesAt, Span};
use crate::territories::{check_finite, write_geometry};
use crate::window::{WINDOW_BYTES, Window};

/// A property to add to every feature; one of this name that is there already is replaced where it stands.
pub struct PlanProperty<'a> {
    /// Its name.
    pub name: &'a str,
    /// The value on a feature: a string, or null.
    pub value: &'a dyn Fn(usize) -> Option<Cow<'a, str>>,
}

/// A unit that the plan holds in parts: its feature is written once per part.
pub struct SplitUnit {
    /// Its row in the table.
    pub row: usize,
    /// The parts, one unit each.
    pub parts: Polygons,
    /// What is added to the properties of each part, name and value; those added to other features are not.
    pub properties: Vec<Vec<(String, String)>>,
}

/// Copies the source of `table` to `out` with the properties `added`. Everything else stays as it is, byte by byte, inside and
/// outside the features. A missing or null `properties` is made an object; a bare geometry becomes a Feature.
///
/// # Errors
/// [`WriteError::InputChanged`] if the source is no longer what was read (size, modification time, checksum): what was written to
/// `out` by then must be thrown away, as [`crate::OutputFile`] does if it is dropped. [`WriteError::Output`] if writing fails.
pub fn write_plan(table: &FeatureTable, added: &[PlanProperty<'_>], out: &mut impl Write) -> Result<(), WriteError> {
    write_through(table, added, &[], out, WINDOW_BYTES)
}

/// [`write_plan`] with some units (ascending by row) in parts. The features of the parts are the unit's, copied, but for `geometry`
/// and what is added; a `bbox` of the unit stays as it is.
///
/// # Errors
/// Those of [`write_plan`], [`WriteError::Lengths`] unless there are properties for every part, and [`WriteError::NotFinite`].
pub fn write_split_plan(
    table: &FeatureTable,
    added: &[PlanProperty<'_>],
    splits: &[SplitUnit],
    out: &mut impl Write,
) -> Result<(), WriteError> {
    for split in splits {
        let (territories, properties) = (split.parts.len(), split.properties.len());
        if territories != properties {
            return Err(WriteError::Lengths { territories, properties });
        }
        for part in 0..territories {
            check_finite(&split.parts, part)?;
        }
    }
    write_through(table, added, splits, out, WINDOW_BYTES)
}

/// [`write_plan`] through a window of `window` bytes: the outcome does not depend on it.
pub(crate) fn write_through(
    table: &FeatureTable,
    added: &[PlanProperty<'_>],
    splits: &[SplitUnit],
    out: &mut impl Write,
    window: usize,
) -> Result<(), WriteError> {
    let file = || table.file().to_owned();
    let input = |source| WriteError::Input { file: file(), source };
    let mut opened = table.source.reader().map_err(input)?;
    let changed = || Err(WriteError::InputChanged { file: file() });
    if opened.stamp != table.stamp {
        return changed();
    }
    let reader = opened.take();
    let mut copy = Copy::new(Window::cut_at(reader, window, table.cut), added, out);
    match copy.run(table, splits) {
        Ok(()) => {}
        Err(Stop::Output(source)) => return Err(WriteError::Output { source }),
        Err(Stop::Input(source)) => return Err(input(source)),
        Err(Stop::Changed) => return changed(),
    }
    let same = copy.scan.window.checksum() == table.checksum && opened.stamp_now().map_err(input)? == table.stamp;
    if same { Ok(()) } else { changed() }
}

/// A text as a JSON string.
fn json(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_default()
}

/// Why copying stopped.
enum Stop {
    Output(std::io::Error),
    Input(std::io::Error),
    Changed,
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Box<Fault>> for Stop {
    /// The text was valid when it was read: what cannot be scanned now was changed.
    fn from(fault: Box<Fault>) -> Self {
        match fault.what {
            FaultKind::Io(error) => Self::Input(error),
            _ => Self::Changed,
        }
    }
}

struct Copy<'a, 'p, R, W> {
    scan: Scanner<R>,
    out: &'a mut W,
    added: &'a [PlanProperty<'p>],
    /// The names as JSON strings.
    keys: Vec<Vec<u8>>,
    /// Which of them the feature has by now.
    done: Vec<bool>,
    /// Scratch for one value.
    text: Vec<u8>,
}

impl<'a, 'p, R: Read, W: Write> Copy<'a, 'p, R, W> {
    fn new(window: Window<R>, added: &'a [PlanProperty<'p>], out: &'a mut W) -> Self {
        let keys = added.iter().map(|p| json(p.name)).collect();
        Self { scan: Scanner::new(window), out, added, keys, done: vec![false; added.len()], text: Vec::new() }
    }

    fn run(&mut self, table: &FeatureTable, splits: &[SplitUnit]) -> Result<(), Stop> {
        let mut splits = splits.iter().peekable();
        for (row, span) in table.spans.iter().enumerate() {
            if let Some(split) = splits.next_if(|split| split.row == row) {
                self.copy_to(span.start)?;
                self.split(split, span, table.in_collection)?;
                continue;
            }
            self.done.fill(false);
            match span.properties {
                PropertiesAt::BARE => {
                    self.copy_to(span.start)?;
                    self.out.write_all(b"{\"type\": \"Feature\", \"properties\": ")?;
                    self.write_object(row)?;
                    self.out.write_all(b", \"geometry\": ")?;
                    self.copy_to(span.end)?;
                    self.out.write_all(b"}")?;
                }
                // A feature has a `type` at least, so there is a member to stand before.
                PropertiesAt::NONE => {
                    self.copy_to(span.start + 1)?;
                    self.out.write_all(b"\"properties\": ")?;
                    self.write_object(row)?;
                    self.out.write_all(b", ")?;
                }
                PropertiesAt(at) => {
                    self.copy_to(at)?;
                    self.properties(row)?;
                }
            }
        }
        loop {
            self.out.write_all(self.scan.window.unread())?;
            self.scan.window.consume(self.scan.window.unread().len());
            if !self.scan.refill()? {
                return Ok(());
            }
        }
    }

    /// Copies what stands before offset `at`.
    fn copy_to(&mut self, at: u64) -> Result<(), Stop> {
        loop {
            let wanted = usize::try_from(at - self.scan.window.offset()).unwrap_or(usize::MAX);
            let unread = self.scan.window.unread();
            let piece = unread.get(..wanted).unwrap_or(unread);
            self.out.write_all(piece)?;
            let copied = piece.len();
            self.scan.window.consume(copied);
            if copied == wanted {
                return Ok(());
            }
            if !self.scan.refill()? {
                return Err(Stop::Changed);
            }
        }
    }

    /// The feature at the cursor once for every part.
    fn split(&mut self, split: &SplitUnit, span: &Span, in_collection: bool) -> Result<(), Stop> {
        let separator: &[u8] = match (in_collection, self.scan.window.before(1)) {
            (true, _) => b",\n",
            (false, [0x1e]) => b"\n\x1e",
            _ => b"\n",
        };
        let mut feature = Vec::new();
        while self.scan.window.offset() < span.end {
            let wanted = usize::try_from(span.end - self.scan.window.offset()).unwrap_or(usize::MAX);
            let unread = self.scan.window.unread();
            let piece = unread.get(..wanted).unwrap_or(unread);
            feature.extend_from_slice(piece);
            let taken = piece.len();
            self.scan.window.consume(taken);
            if taken < wanted && !self.scan.refill()? {
                return Err(Stop::Changed);
            }
        }
        for (part, properties) in split.properties.iter().enumerate() {
            if part > 0 {
                self.out.write_all(separator)?;
            }
            let values: Vec<_> =
                properties.iter().map(|(_, value)| move |_: usize| Some(Cow::from(value.as_str()))).collect();
            let added: Vec<PlanProperty<'_>> =
                properties.iter().zip(&values).map(|((name, _), value)| PlanProperty { name, value }).collect();
            let window = Window::new(feature.as_slice(), feature.len());
            Copy::new(window, &added, &mut *self.out).part(&split.parts, part, span.properties)?;
        }
        Ok(())
    }

    /// The feature that is all of the text, with another geometry.
    fn part(&mut self, parts: &Polygons, part: usize, properties: PropertiesAt) -> Result<(), Stop> {
        self.out.write_all(b"{")?;
        if properties == PropertiesAt::BARE {
            self.out.write_all(b"\"type\": \"Feature\", ")?;
        }
        if matches!(properties, PropertiesAt::BARE | PropertiesAt::NONE) {
            self.out.write_all(b"\"properties\": ")?;
            self.write_object(0)?;
            self.out.write_all(b", ")?;
        }
        if properties == PropertiesAt::BARE {
            self.out.write_all(b"\"geometry\": ")?;
            write_geometry(parts, part, self.out)?;
            return Ok(self.out.write_all(b"}")?);
        }
        self.scan.token("a feature")?;
        self.scan.advance();
        self.scan.window.hold();
        while {
            self.scan.token("a feature")?;
            let key = self.scan.key()?;
            let member = self.scan.bytes(key).to_vec();
            self.scan.colon()?;
            self.scan.token("a feature")?;
            match member.as_slice() {
                b"geometry" => {
                    self.flush_held()?;
                    self.scan.skip_value()?;
                    self.scan.window.hold();
                    write_geometry(parts, part, self.out)?;
                }
                b"properties" => {
                    self.flush_held()?;
                    self.scan.window.release();
                    self.properties(0)?;
                    self.scan.window.hold();
                }
                _ => self.scan.skip_value()?,
            }
            self.scan.comma_or(b'}', "a feature")?
        } {}
        self.flush_held()
    }

    /// The value of a feature's `properties` at the cursor, copied with what is added.
    fn properties(&mut self, row: usize) -> Result<(), Stop> {
        if self.scan.token("properties")? != b'{' {
            self.scan.skip_value()?;
            return self.write_object(row);
        }
        self.scan.advance();
        self.out.write_all(b"{")?;
        // From here on everything consumed is held until it is known whether it stays.
        self.scan.window.hold();
        let mut first = self.scan.token("properties")? == b'}';
        if first {
            self.scan.advance();
        } else {
            while {
                self.member(row)?;
                self.scan.comma_or(b'}', "properties")?
            } {}
        }
        for i in 0..self.added.len() {
            if !self.done.get(i).copied().unwrap_or(true) {
                if !std::mem::take(&mut first) {
                    self.out.write_all(b", ")?;
                }
                self.write_member(i, row)?;
            }
        }
        self.flush_held()?;
        self.scan.window.release();
        Ok(())
    }

    /// One member of the properties; the comma before it is held already.
    fn member(&mut self, row: usize) -> Result<(), Stop> {
        let key = self.scan.key()?;
        let key = self.scan.bytes(key);
        let ours = self.added.iter().position(|p| p.name.as_bytes() == key);
        self.scan.colon()?;
        self.scan.token("properties")?;
        match ours {
            None => {
                self.scan.skip_value()?;
                self.flush_held()
            }
            Some(i) if self.done.get(i) == Some(&false) => {
                self.flush_held()?;
                self.scan.skip_value()?;
                self.scan.window.hold();
                self.write_value(i, row)
            }
            // The name again: the first place keeps it.
            Some(_) => {
                self.scan.skip_value()?;
                self.scan.window.hold();
                Ok(())
            }
        }
    }

    /// Writes what is held and holds anew.
    fn flush_held(&mut self) -> Result<(), Stop> {
        let (left, here) = self.scan.window.held();
        self.out.write_all(left)?;
        self.out.write_all(here)?;
        self.scan.window.hold();
        Ok(())
    }

    /// Writes properties that hold nothing but what is added.
    fn write_object(&mut self, row: usize) -> Result<(), Stop> {
        for i in 0..self.added.len() {
            self.out.write_all(if i == 0 { b"{" } else { b", " })?;
            self.write_member(i, row)?;
        }
        self.out.write_all(if self.added.is_empty() { b"{}" } else { b"}" })?;
        Ok(())
    }

    fn write_member(&mut self, i: usize, row: usize) -> Result<(), Stop> {
        if let Some(key) = self.keys.get(i) {
            self.out.write_all(key)?;
            self.out.write_all(b": ")?;
        }
        self.write_value(i, row)
    }

    fn write_value(&mut self, i: usize, row: usize) -> Result<(), Stop> {
        if let Some(done) = self.done.get_mut(i) {
            *done = true;
        }
        match self.added.get(i).and_then(|property| (property.value)(row)) {
            Some(text) => {
                self.text.clear();
                serde_json::to_writer(&mut self.text, text.as_ref()).map_err(std::io::Error::from)?;
                self.out.write_all(&self.text)?;
            }
            None => self.out.write_all(b"null")?,
        }
        Ok(())
    }
}
