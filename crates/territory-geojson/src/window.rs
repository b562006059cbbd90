//! A window that moves over a byte stream: what stands before the cursor is forgotten unless it is held on purpose.

use std::io::{self, ErrorKind, Read};

use crate::checksum::Checksum;

/// Bytes of the window. Fresh memory costs more than reading does, so one buffer is used again and again.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// Window over `reader`; the cursor is `pos`, bytes `buffer[pos..end]` are read but not yet consumed.
pub(crate) struct Window<R> {
    reader: R,
    buffer: Box<[u8]>,
    pos: usize,
    end: usize,
    /// Offset of `buffer[0]` in the stream.
    base: u64,
    ended: bool,
    checksum: Checksum,
    /// Where held text begins in the buffer; what the window has moved past is in `held`.
    mark: Option<usize>,
    held: Vec<u8>,
}

impl<R: Read> Window<R> {
    /// A window of `bytes` bytes (at least one) at the start of `reader`.
    pub(crate) fn new(reader: R, bytes: usize) -> Self {
        Self::cut_at(reader, bytes, None)
    }

    /// A window at the offset `base` of the stream, where `reader` is.
    pub(crate) fn from(reader: R, bytes: usize, base: u64) -> Self {
        Self { base, ..Self::new(reader, bytes) }
    }

    /// A window whose checksum is that of two halves, cut at an offset.
    pub(crate) fn cut_at(reader: R, bytes: usize, cut: Option<u64>) -> Self {
        Self {
            reader,
            buffer: vec![0; bytes.max(1)].into(),
            pos: 0,
            end: 0,
            base: 0,
            ended: false,
            checksum: Checksum::cut_at(cut),
            mark: None,
            held: Vec::new(),
        }
    }

    /// Offset of the cursor in the stream.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.pos as u64
    }

    /// What is read but not consumed.
    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.pos..self.end]
    }

    /// The last `n` consumed bytes, as far as they are still in the window.
    #[inline]
    pub(crate) fn before(&self, n: usize) -> &[u8] {
        &self.buffer[self.pos.saturating_sub(n)..self.pos]
    }

    /// What stands between offset `from` and the cursor, if all of it is still in the window.
    pub(crate) fn since(&self, from: u64) -> Option<&[u8]> {
        let start = usize::try_from(from.checked_sub(self.base)?).ok()?;
        self.buffer.get(start..self.pos)
    }

    /// Moves the cursor over `n` bytes of [`Window::unread`].
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        debug_assert!(self.pos + n <= self.end);
        self.pos += n;
    }

    /// The next byte without consuming it; `None` at the end of the stream.
    #[inline]
    pub(crate) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.pos < self.end {
            return Ok(Some(self.buffer[self.pos]));
        }
        self.peek_after_refill()
    }

    #[cold]
    fn peek_after_refill(&mut self) -> io::Result<Option<u8>> {
        Ok(if self.refill()? { Some(self.buffer[self.pos]) } else { None })
    }

    /// Reads more behind the unread bytes, moving them to the front. `false` if nothing came: the stream has ended, or the
    /// window is full of unread bytes.
    pub(crate) fn refill(&mut self) -> io::Result<bool> {
        if self.ended || self.end - self.pos == self.buffer.len() {
            return Ok(false);
        }
        if let Some(mark) = self.mark {
            self.held.extend_from_slice(&self.buffer[mark..self.pos]);
            self.mark = Some(0);
        }
        self.buffer.copy_within(self.pos..self.end, 0);
        self.base += self.pos as u64;
        self.end -= self.pos;
        self.pos = 0;
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(n) => {
                    self.checksum.update(&self.buffer[self.end..self.end + n]);
                    self.end += n;
                    return Ok(true);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Holds everything consumed from here on until [`Window::release`].
    pub(crate) fn hold(&mut self) {
        self.held.clear();
        self.mark = Some(self.pos);
    }

    /// What was consumed since [`Window::hold`], in two pieces: what the window has left behind, and what is still in it.
    pub(crate) fn held(&self) -> (&[u8], &[u8]) {
        match self.mark {
            Some(mark) => (&self.held, &self.buffer[mark..self.pos]),
            None => (&[], &[]),
        }
    }

    /// Stops holding. Memory that one large value needed is given back.
    pub(crate) fn release(&mut self) {
        self.mark = None;
        self.held.clear();
        self.held.shrink_to(WINDOW_BYTES);
    }

    /// The checksum of the first of two halves, once it has passed through.
    pub(crate) fn checksum_before(&self) -> Option<u64> {
        self.checksum.before()
    }

    /// The checksum of all bytes that have passed through; of the whole stream once it has ended.
    pub(crate) fn checksum(&self) -> u64 {
        self.checksum.finish()
    }
}
