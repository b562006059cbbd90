//! A validating scanner over a [`Window`]: the grammar of RFC 8259, the UTF-8 of strings, nothing kept that is not asked for.
//! It knows JSON only. Values that nobody wants are checked and passed over without recursion: a level of nesting costs one bit.

use std::io::{self, Read};

use crate::error::{GeoJsonFault, JsonFault};
use crate::utf8::Utf8Check;
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
    fn skip_string(&mut self) -> Scan<()> {
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

    /// The number at the cursor: its text, by the grammar. What follows it is not looked at.
    pub(crate) fn number(&mut self) -> Scan<&str> {
        self.scratch.clear();
        self.scan_number::<true>()?;
        Ok(std::str::from_utf8(&self.scratch).unwrap_or_default())
    }

    fn scan_number<const KEEP: bool>(&mut self) -> Scan<()> {
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
