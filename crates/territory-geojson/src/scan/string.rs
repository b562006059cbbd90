//! Strings: their escapes and their UTF-8.

use std::io::Read;

use super::{Fault, FaultKind, Scan, Scanner, Text};
use crate::error::JsonFault;
use crate::utf8::Utf8Check;

const ONES: u64 = 0x0101_0101_0101_0101;

/// Length of the run of plain ASCII string bytes at the start of `text`: up to a quote, a backslash, a control character, and,
/// with `ASCII`, a byte outside ASCII.
#[inline]
fn plain_run<const ASCII: bool>(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let w = u64::from_le_bytes(*word);
        let zero = |x: u64| x.wrapping_sub(ONES) & !x;
        // Bytes after the first hit may be marked wrongly by a borrow; only the first counts.
        let mut hits = zero(w ^ (ONES * 0x22)) | zero(w ^ (ONES * 0x5c)) | (w.wrapping_sub(ONES * 0x20) & !w);
        if ASCII {
            hits |= w;
        }
        hits &= ONES * 0x80;
        if hits != 0 {
            return i * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let done = text.len() - rest.len();
    let stop = |b: &u8| matches!(b, b'"' | b'\\' | 0..=0x1f) || (ASCII && *b >= 0x80);
    done + rest.iter().position(stop).unwrap_or(rest.len())
}

impl<R: Read> Scanner<R> {
    /// The bytes of a decoded string; valid UTF-8. Good until the scanner moves on.
    #[inline]
    pub(crate) fn bytes(&self, text: Text) -> &[u8] {
        match text {
            Text::Window(length) => self.window.before(length + 1).get(..length).unwrap_or(&[]),
            Text::Scratch => &self.scratch,
        }
    }

    /// [`Scanner::bytes`] as a string.
    pub(crate) fn text(&self, text: Text) -> &str {
        std::str::from_utf8(self.bytes(text)).unwrap_or_default()
    }

    /// The string at the cursor (on its opening quote), decoded.
    #[inline]
    pub(crate) fn string(&mut self) -> Scan<Text> {
        self.advance();
        let unread = self.window.unread();
        let run = plain_run::<true>(unread);
        if unread.get(run) == Some(&b'"') {
            self.window.consume(run + 1);
            return Ok(Text::Window(run));
        }
        self.scratch.clear();
        self.scratch.shrink_to(crate::window::WINDOW_BYTES);
        self.rest_of_string::<true>()?;
        Ok(Text::Scratch)
    }

    /// Passes over the string at the cursor (on its opening quote).
    #[inline]
    pub(super) fn skip_string(&mut self) -> Scan<()> {
        self.advance();
        let unread = self.window.unread();
        let run = plain_run::<true>(unread);
        if unread.get(run) == Some(&b'"') {
            self.window.consume(run + 1);
            return Ok(());
        }
        self.rest_of_string::<false>()
    }

    /// A string after its opening quote, decoded into the scratch if `KEEP`.
    fn rest_of_string<const KEEP: bool>(&mut self) -> Scan<()> {
        let mut utf8 = Utf8Check::default();
        loop {
            let at = self.window.offset();
            let unread = self.window.unread();
            let run = plain_run::<false>(unread);
            let stop = unread.get(run).copied();
            if let Err(at) = utf8.push(&unread[..run], at) {
                return Err(Box::new(Fault { at, what: FaultKind::NotUtf8 }));
            }
            if KEEP {
                self.scratch.extend_from_slice(&unread[..run]);
            }
            self.window.consume(run);
            let Some(stop) = stop else {
                if self.refill()? {
                    continue;
                }
                return self.json_fault(JsonFault::CutOff { inside: "a string" });
            };
            if let Err(at) = utf8.finish(self.window.offset()) {
                return Err(Box::new(Fault { at, what: FaultKind::NotUtf8 }));
            }
            match stop {
                b'"' => {
                    self.advance();
                    return Ok(());
                }
                b'\\' => {
                    self.advance();
                    let decoded = self.escape()?;
                    if KEEP {
                        self.scratch.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
                found => return self.json_fault(JsonFault::Control { found }),
            }
        }
    }

    /// The character of an escape, after its backslash.
    fn escape(&mut self) -> Scan<char> {
        let plain = match self.string_byte()? {
            c @ (b'"' | b'\\' | b'/') => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.advance();
                return self.unicode_escape();
            }
            found => return self.json_fault(JsonFault::Escape { found }),
        };
        self.advance();
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Scan<char> {
        let unit = self.hex4()?;
        if let Some(c) = char::from_u32(u32::from(unit)) {
            return Ok(c);
        }
        // A high half must be followed by a low one.
        if unit < 0xdc00 && self.string_byte()? == b'\\' {
            self.advance();
            if self.string_byte()? == b'u' {
                self.advance();
                let low = self.hex4()?;
                if let Some(Ok(c)) = char::decode_utf16([unit, low]).next() {
                    return Ok(c);
                }
            }
        }
        self.json_fault(JsonFault::Surrogate { unit })
    }

    fn hex4(&mut self) -> Scan<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            let found = self.string_byte()?;
            let Some(digit) = char::from(found).to_digit(16) else {
                return self.json_fault(JsonFault::Escape { found });
            };
            unit = unit << 4 | digit as u16;
            self.advance();
        }
        Ok(unit)
    }

    fn string_byte(&mut self) -> Scan<u8> {
        match self.peek()? {
            Some(byte) => Ok(byte),
            None => self.json_fault(JsonFault::CutOff { inside: "a string" }),
        }
    }
}
