//! A large collection read in two halves at once, on two threads. Where the second half begins is guessed: at what looks like a feature
//! in the middle. The guess counts only if the first half's reading arrives at exactly that byte, between two features; whatever else
//! is unusual – a fault, a type behind the features, geometries of another kind – is left to a reading of the whole, so that outcome
//! and messages are those of one.

use std::io::Read;
use std::thread;

use super::{Member, ReadOptions, Reading, Whole, classify};
use crate::checksum::Checksum;
use crate::error::JsonFault;
use crate::scan::{FaultKind, Scan};
use crate::source::Source;
use crate::window::Window;

/// A feature should begin within so many bytes behind the middle.
const LOOK: u64 = 1 << 20;

/// Reads a source of `least` bytes and more in halves; `None` if it is to be read whole.
pub(super) fn read<'o>(source: &Source, options: &'o ReadOptions, window: usize, least: u64) -> Option<Whole<'o>> {
    let mut opened = source.reader().ok()?;
    let bytes = opened.stamp.bytes();
    if bytes < least {
        return None;
    }
    let at = feature_behind(source, bytes / 2)?;
    let mut behind = source.reader_at(at).ok()?;
    if behind.stamp != opened.stamp {
        return None;
    }
    let (reader, reader_behind) = (opened.take(), behind.take());
    let (first, second) = thread::scope(|scope| {
        let second = thread::Builder::new().spawn_scoped(scope, || {
            let mut reading = Reading::new(Window::from(reader_behind, window, at), options);
            reading.second_half().ok().map(|()| reading)
        });
        let mut reading = Reading::new(Window::cut_at(reader, window, Some(at)), options);
        reading.until = Some(at);
        let arrived = matches!(reading.document(), Err(fault) if matches!(fault.what, FaultKind::Arrived));
        let second = second.ok().and_then(|handle| handle.join().ok()).flatten();
        (arrived.then_some(reading), second)
    });
    let (first, second) = (first?, second?);
    let checksum = Checksum::combine(first.scan.window.checksum_before()?, second.scan.window.checksum());
    if opened.stamp_now().ok()? != opened.stamp {
        return None;
    }
    Some(Whole { reading: first.join(second)?, stamp: opened.stamp, checksum, cut: Some(at) })
}

/// Offset of what looks like a feature behind offset `from`: an object with a type, behind a comma behind an object.
fn feature_behind(source: &Source, from: u64) -> Option<u64> {
    let mut text = Vec::new();
    source.reader_at(from).ok()?.take().take(LOOK).read_to_end(&mut text).ok()?;
    let skip = |mut at: usize| {
        while text.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    let begins = |at: usize| {
        let comma = skip(at + 1);
        let open = skip(comma + 1);
        let found = text.get(at) == Some(&b'}') && text.get(comma) == Some(&b',') && text.get(open) == Some(&b'{');
        let name = skip(open + 1);
        let member = text.get(name..).is_some_and(|rest| rest.starts_with(b"\"type\""));
        let value = skip(skip(name + 6) + 1);
        let feature = text.get(value..).is_some_and(|rest| rest.starts_with(b"\"Feature\""));
        (found && member && feature).then_some(open)
    };
    (0..text.len()).find_map(begins).map(|open| from + open as u64)
}

impl Reading<'_> {
    /// Features from the one at the cursor on and the end of their collection, which may still say what its coordinates are.
    fn second_half(&mut self) -> Scan<()> {
        self.elements()?;
        let mut place = 1;
        while let Some(member) = self.texts_members.next(&mut self.scan, place, "an object", classify)? {
            place += 1;
            match member {
                Member::Other => self.scan.skip_value()?,
                Member::Crs if self.crs.is_none() => self.read_crs()?,
                Member::Resolution => {
                    self.read_resolution()?;
                    // One that cannot be used may undo one that stands before the features.
                    if self.resolution.is_none() {
                        return self.scan.fault(FaultKind::Arrived);
                    }
                }
                _ => return self.scan.fault(FaultKind::Arrived),
            }
        }
        match self.scan.peek_token()? {
            None => Ok(()),
            Some(found) => self.scan.fault(FaultKind::Json(JsonFault::AfterEnd { found })),
        }
    }

    /// Both halves as one, if they are of one kind and in order.
    fn join(mut self, second: Self) -> Option<Self> {
        let kind = |reading: &Self| reading.kind.map(|kind| kind.1);
        let (rows, faults) = (self.spans.len(), self.shapes.fault_count + second.shapes.fault_count);
        let fits = |a: usize, b: usize| u32::try_from(a + b).is_ok();
        let (own, others) = (&self.shapes.polygons, &second.shapes.polygons);
        let fit = fits(rows, second.spans.len())
            && fits(own.vertices().len(), others.vertices().len())
            && fits(own.ring_count(), others.ring_count());
        if !self.is_collection || kind(&self).is_none() || kind(&self) != kind(&second) || faults > 0 || !fit {
            return None;
        }
        self.texts = 1;
        self.in_collection = true;
        self.resolution = second.resolution.or(self.resolution);
        if let Some(text) = second.crs {
            self.take_crs(text);
        }
        self.shapes.polygons.append(second.shapes.polygons);
        self.points.extend(second.points);
        self.spans.extend(second.spans);
        self.kinds.extend(second.kinds);
        self.ids.append(rows, second.ids);
        self.names.append(rows, second.names);
        Some(self)
    }
}
