//! A validating scanner over a [`Window`]: the grammar of RFC 8259, the UTF-8 of strings, nothing kept that is not asked for.
//! It knows JSON only. Values that nobody wants are checked and passed over without recursion: a level of nesting costs one bit.

mod literal;
mod string;

use std::io::{self, Read};

use crate::error::{GeoJsonFault, JsonFault};
use crate::window::Window;

/// What stopped the scan, and where. Boxed in results, so that the good way carries one word.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) what: FaultKind,
}

#[derive(Debug)]
pub(crate) enum FaultKind {
    Io(io::Error),
    NotUtf8,
    Json(JsonFault),
    GeoJson(GeoJsonFault),
    /// No fault: the cursor is where it was to stop.
    Arrived,
}

pub(crate) type Scan<T> = Result<T, Box<Fault>>;

/// Where a decoded string stands. Good until the scanner moves on.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    /// The last so many bytes before the closing quote in the window.
    Window(usize),
    /// In the scanner's scratch.
    Scratch,
}

/// Scanner over a stream.
pub(crate) struct Scanner<R> {
    pub(crate) window: Window<R>,
    /// The string of [`Text::Scratch`] or the number last kept.
    scratch: Vec<u8>,
    /// Kinds of the open containers while passing over a value: one bit each, set for objects.
    nesting: Vec<u64>,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(window: Window<R>) -> Self {
        Self { window, scratch: Vec::new(), nesting: Vec::new() }
    }

    /// A fault at the cursor.
    #[cold]
    pub(crate) fn fault<T>(&self, what: FaultKind) -> Scan<T> {
        Err(Box::new(Fault { at: self.window.offset(), what }))
    }

    /// A GeoJSON fault at the cursor.
    #[cold]
    pub(crate) fn geojson_fault<T>(&self, fault: GeoJsonFault) -> Scan<T> {
        self.fault(FaultKind::GeoJson(fault))
    }

    /// A GeoJSON fault before the cursor.
    #[cold]
    pub(crate) fn geojson_fault_at<T>(&self, at: u64, fault: GeoJsonFault) -> Scan<T> {
        Err(Box::new(Fault { at, what: FaultKind::GeoJson(fault) }))
    }

    #[cold]
    fn json_fault<T>(&self, fault: JsonFault) -> Scan<T> {
        self.fault(FaultKind::Json(fault))
    }

    /// The next byte, not consumed; `None` at the end of the text.
    #[inline]
    pub(crate) fn peek(&mut self) -> Scan<Option<u8>> {
        match self.window.peek() {
            Ok(byte) => Ok(byte),
            Err(e) => self.fault(FaultKind::Io(e)),
        }
    }

    /// Reads more into the window; `false` if nothing came.
    pub(crate) fn refill(&mut self) -> Scan<bool> {
        match self.window.refill() {
            Ok(more) => Ok(more),
            Err(e) => self.fault(FaultKind::Io(e)),
        }
    }

    /// The next byte after white space, not consumed; `None` at the end of the text.
    #[inline]
    pub(crate) fn peek_token(&mut self) -> Scan<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.window.consume(1),
                other => return Ok(other),
            }
        }
    }

    /// The next byte after white space, not consumed; `inside` names what may not end here.
    #[inline]
    pub(crate) fn token(&mut self, inside: &'static str) -> Scan<u8> {
        match self.window.unread() {
            [byte, ..] if *byte > b' ' => return Ok(*byte),
            [b' ', byte, ..] if *byte > b' ' => {
                let byte = *byte;
                self.window.consume(1);
                return Ok(byte);
            }
            _ => {}
        }
        self.distant_token(inside)
    }

    fn distant_token(&mut self, inside: &'static str) -> Scan<u8> {
        match self.peek_token()? {
            Some(byte) => Ok(byte),
            None => self.json_fault(JsonFault::CutOff { inside }),
        }
    }

    /// Consumes the token byte that was just looked at.
    #[inline]
    pub(crate) fn advance(&mut self) {
        self.window.consume(1);
    }

    /// The fault of a byte that does not belong here.
    #[cold]
    pub(crate) fn unexpected<T>(&mut self, found: u8, expected: &'static str) -> Scan<T> {
        if found >= 0x80 {
            // Outside strings JSON is ASCII: valid UTF-8 here is a stray character, anything else a wrong encoding.
            while self.window.unread().len() < 4 && self.refill()? {}
            let next = self.window.unread();
            let next = &next[..next.len().min(4)];
            if std::str::from_utf8(next).is_err_and(|e| e.valid_up_to() == 0) {
                return self.fault(FaultKind::NotUtf8);
            }
        }
        self.json_fault(JsonFault::Unexpected { found, expected })
    }

    /// After an element: `true` over a comma, `false` over `close`.
    #[inline]
    pub(crate) fn comma_or(&mut self, close: u8, inside: &'static str) -> Scan<bool> {
        let found = self.token(inside)?;
        if found == b',' {
            self.advance();
            return Ok(true);
        }
        if found == close {
            self.advance();
            return Ok(false);
        }
        self.unexpected(found, if close == b'}' { "`,` or `}`" } else { "`,` or `]`" })
    }

    /// The key of a member, decoded. The colon is not consumed yet: [`Scanner::colon`].
    #[inline]
    pub(crate) fn key(&mut self) -> Scan<Text> {
        match self.token("an object")? {
            b'"' => self.string(),
            found => self.unexpected(found, "a member's name in quotes"),
        }
    }

    /// The colon after a key.
    #[inline]
    pub(crate) fn colon(&mut self) -> Scan<()> {
        match self.token("an object")? {
            b':' => {
                self.advance();
                Ok(())
            }
            found => self.unexpected(found, "`:`"),
        }
    }

    /// Passes over the value at the cursor, however deep it nests.
    pub(crate) fn skip_value(&mut self) -> Scan<()> {
        let mut depth = 0usize;
        loop {
            match self.token("a value")? {
                b'"' => self.skip_string()?,
                b'-' | b'0'..=b'9' => self.scan_number::<false>()?,
                b'{' => {
                    self.advance();
                    if self.token("an object")? == b'}' {
                        self.advance();
                    } else {
                        self.enter(&mut depth, true);
                        self.skip_key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.advance();
                    if self.token("an array")? == b']' {
                        self.advance();
                    } else {
                        self.enter(&mut depth, false);
                        continue;
                    }
                }
                first => {
                    self.literal(first)?;
                }
            }
            // A value has ended: so do the containers that end with it.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = self.innermost_is_object(depth);
                let (close, inside) = if object { (b'}', "an object") } else { (b']', "an array") };
                if self.comma_or(close, inside)? {
                    if object {
                        self.skip_key()?;
                    }
                    break;
                }
                depth -= 1;
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Scan<()> {
        match self.token("an object")? {
            b'"' => self.skip_string()?,
            found => return self.unexpected(found, "a member's name in quotes"),
        }
        self.colon()
    }

    #[inline]
    fn enter(&mut self, depth: &mut usize, object: bool) {
        let (word, bit) = (*depth / 64, *depth % 64);
        if word == self.nesting.len() {
            self.nesting.push(0);
        }
        if let Some(word) = self.nesting.get_mut(word) {
            *word = *word & !(1 << bit) | u64::from(object) << bit;
        }
        *depth += 1;
    }

    #[inline]
    fn innermost_is_object(&self, depth: usize) -> bool {
        let at = depth - 1;
        self.nesting.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Passes over the value at the cursor and returns its text, copied.
    pub(crate) fn raw_value(&mut self) -> Scan<String> {
        self.token("a value")?;
        self.window.hold();
        let outcome = self.skip_value();
        let (left, here) = self.window.held();
        // All strings were checked and everything else is ASCII.
        let text = String::from_utf8([left, here].concat()).unwrap_or_default();
        self.window.release();
        outcome.map(|()| text)
    }
}
