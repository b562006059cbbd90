//! Numbers by their grammar, and the three words.

use std::io::Read;

use super::{Scan, Scanner};
use crate::error::JsonFault;

impl<R: Read> Scanner<R> {
    /// The number at the cursor: its text, by the grammar. What follows it is not looked at.
    pub(crate) fn number(&mut self) -> Scan<&str> {
        self.scratch.clear();
        self.scan_number::<true>()?;
        Ok(std::str::from_utf8(&self.scratch).unwrap_or_default())
    }

    pub(super) fn scan_number<const KEEP: bool>(&mut self) -> Scan<()> {
        if self.peek()? == Some(b'-') {
            self.take::<KEEP>(b'-');
        }
        match self.peek()? {
            Some(b'0') => self.take::<KEEP>(b'0'),
            Some(b'1'..=b'9') => self.digits::<KEEP>()?,
            Some(b'I') => return self.json_fault(JsonFault::NotANumber { token: "-Infinity" }),
            other => return self.missing_digit(other),
        }
        if self.peek()? == Some(b'.') {
            self.take::<KEEP>(b'.');
            self.digits::<KEEP>()?;
        }
        if let Some(e @ (b'e' | b'E')) = self.peek()? {
            self.take::<KEEP>(e);
            if let Some(sign @ (b'+' | b'-')) = self.peek()? {
                self.take::<KEEP>(sign);
            }
            self.digits::<KEEP>()?;
        }
        Ok(())
    }

    #[inline]
    fn take<const KEEP: bool>(&mut self, byte: u8) {
        if KEEP {
            self.scratch.push(byte);
        }
        self.advance();
    }

    /// At least one digit.
    fn digits<const KEEP: bool>(&mut self) -> Scan<()> {
        match self.peek()? {
            Some(byte @ b'0'..=b'9') => self.take::<KEEP>(byte),
            other => return self.missing_digit(other),
        }
        while let Some(byte @ b'0'..=b'9') = self.peek()? {
            self.take::<KEEP>(byte);
        }
        Ok(())
    }

    #[cold]
    fn missing_digit(&mut self, found: Option<u8>) -> Scan<()> {
        match found {
            Some(found) => self.unexpected(found, "a digit"),
            None => self.json_fault(JsonFault::CutOff { inside: "a number" }),
        }
    }

    /// The literal at the cursor, whose first byte is `first`: `true`, `false`, `null`.
    pub(crate) fn literal(&mut self, first: u8) -> Scan<&'static str> {
        let word = match first {
            b't' => "true",
            b'f' => "false",
            b'n' => "null",
            _ => return self.no_value(first),
        };
        let start = self.window.offset();
        for &want in word.as_bytes() {
            match self.peek()? {
                Some(found) if found == want => self.advance(),
                // `nan`, as Python writes it after a careless cast.
                Some(b'a') if first == b'n' && self.window.offset() == start + 1 => {
                    return self.json_fault(JsonFault::NotANumber { token: "nan" });
                }
                Some(found) => return self.unexpected(found, "true, false or null"),
                None => return self.json_fault(JsonFault::CutOff { inside: "true, false or null" }),
            }
        }
        Ok(word)
    }

    /// The fault of a byte that begins no value.
    #[cold]
    pub(crate) fn no_value<T>(&mut self, found: u8) -> Scan<T> {
        match found {
            b'N' => self.json_fault(JsonFault::NotANumber { token: "NaN" }),
            b'I' => self.json_fault(JsonFault::NotANumber { token: "Infinity" }),
            _ => self.unexpected(found, "a value"),
        }
    }
}
