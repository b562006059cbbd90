//! Members of objects. The objects of a file mostly have the same members in the same order and spacing, so what was scanned
//! between one value and the next is remembered for each place: equal bytes need no second look.

use std::io::Read;

use crate::scan::{Scan, Scanner};

/// Longest text between two values that is remembered.
const KNOWN_BYTES: usize = 32;
const WORDS: usize = KNOWN_BYTES / 8;
/// Places that are remembered per kind of object.
const KNOWN_PLACES: usize = 64;

/// Bytes that were scanned before and what they mean: from behind the last value (or the opening brace) up to the next value.
#[derive(Clone, Copy, Debug)]
struct Known<T> {
    bytes: [u64; WORDS],
    mask: [u64; WORDS],
    length: usize,
    meaning: T,
}

/// The members known of one kind of object, by place.
#[derive(Debug)]
pub(crate) struct Members<T> {
    known: Vec<Option<Known<T>>>,
    /// Offset behind the value before the member last scanned in full.
    from: u64,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { known: Vec::new(), from: 0 }
    }
}

impl<T: Copy> Members<T> {
    /// The next member of the object, with the cursor at its value; `None` if the object is closed. The cursor must stand behind
    /// the opening brace (`place` 0) or behind the value before. `classify` gets the decoded name.
    #[inline]
    pub(crate) fn next<R: Read>(
        &mut self,
        scan: &mut Scanner<R>,
        place: usize,
        inside: &'static str,
        classify: impl FnOnce(&[u8]) -> T,
    ) -> Scan<Option<T>> {
        if let Some(Some(known)) = self.known.get(place)
            && let Some(unread) = scan.window.unread().first_chunk::<KNOWN_BYTES>()
        {
            let (words, _) = unread.as_chunks::<8>();
            let mut differ = 0;
            for ((word, known), mask) in words.iter().zip(&known.bytes).zip(&known.mask) {
                differ |= (u64::from_le_bytes(*word) ^ known) & mask;
            }
            if differ == 0 {
                scan.window.consume(known.length);
                return Ok(Some(known.meaning));
            }
        }
        self.scan_member(scan, place, inside, classify)
    }

    #[inline(never)]
    fn scan_member<R: Read>(
        &mut self,
        scan: &mut Scanner<R>,
        place: usize,
        inside: &'static str,
        classify: impl FnOnce(&[u8]) -> T,
    ) -> Scan<Option<T>> {
        self.from = scan.window.offset();
        if place > 0 {
            if !scan.comma_or(b'}', inside)? {
                return Ok(None);
            }
        } else if scan.token(inside)? == b'}' {
            scan.advance();
            return Ok(None);
        }
        let key = scan.key()?;
        let meaning = classify(scan.bytes(key));
        scan.colon()?;
        scan.token(inside)?;
        self.learn(scan, place, meaning);
        Ok(Some(meaning))
    }

    /// Remembers what stands between the last value before the member scanned last and the cursor, which may by now be behind
    /// that member's value, if the meaning contains it.
    pub(crate) fn learn<R: Read>(&mut self, scan: &Scanner<R>, place: usize, meaning: T) {
        let Some(text) = scan.window.since(self.from).filter(|text| text.len() <= KNOWN_BYTES) else { return };
        if place >= KNOWN_PLACES {
            return;
        }
        let mut known = Known { bytes: [0; WORDS], mask: [0; WORDS], length: text.len(), meaning };
        for (i, &byte) in text.iter().enumerate() {
            if let (Some(bytes), Some(mask)) = (known.bytes.get_mut(i / 8), known.mask.get_mut(i / 8)) {
                *bytes |= u64::from(byte) << (i % 8 * 8);
                *mask |= 0xff << (i % 8 * 8);
            }
        }
        if self.known.len() <= place {
            self.known.resize_with(place + 1, || None);
        }
        if let Some(slot) = self.known.get_mut(place) {
            *slot = Some(known);
        }
    }
}
