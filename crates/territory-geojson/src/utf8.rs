//! UTF-8 validity of text that comes in pieces cut anywhere.

/// Checks runs of bytes that together form one text. A character cut by the end of a run is carried over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Utf8Check {
    carry: [u8; 4],
    carried: usize,
}

impl Utf8Check {
    /// Takes in the next run, whose first byte stands at `at` in the source.
    ///
    /// # Errors
    /// The position of the first byte that is no part of a character.
    pub(crate) fn push(&mut self, mut run: &[u8], mut at: u64) -> Result<(), u64> {
        while self.carried > 0 {
            let Some((&byte, rest)) = run.split_first() else { return Ok(()) };
            let start = at - self.carried as u64;
            self.carry[self.carried] = byte;
            self.carried += 1;
            (run, at) = (rest, at + 1);
            match std::str::from_utf8(&self.carry[..self.carried]) {
                Ok(_) => self.carried = 0,
                Err(e) if e.error_len().is_some() => return Err(start),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(run) {
            Ok(_) => Ok(()),
            Err(e) if e.error_len().is_some() => Err(at + e.valid_up_to() as u64),
            Err(e) => {
                let cut = &run[e.valid_up_to()..];
                self.carry[..cut.len()].copy_from_slice(cut);
                self.carried = cut.len();
                Ok(())
            }
        }
    }

    /// The text ends before position `at`: no character may be open.
    ///
    /// # Errors
    /// The position where the unfinished character begins.
    pub(crate) fn finish(&mut self, at: u64) -> Result<(), u64> {
        match std::mem::take(&mut self.carried) {
            0 => Ok(()),
            open => Err(at - open as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Utf8Check;

    fn check(bytes: &[u8], piece: usize) -> Result<(), u64> {
        let mut utf8 = Utf8Check::default();
        let mut at = 0;
        for run in bytes.chunks(piece) {
            utf8.push(run, at)?;
            at += run.len() as u64;
        }
        utf8.finish(at)
    }

    #[test]
    fn agrees_with_the_standard_library_however_cut() {
        let texts: [&[u8]; 7] = [
            "plain".as_bytes(),
            "人口 ü 🗺 x".as_bytes(),
            b"ab\xff",
            b"a\xe4\xba",
            b"\xe4\xba(",
            b"\xed\xa0\x80",
            b"\xf0\x9f\x97\xba\xf0\x9f",
        ];
        for text in texts {
            let want = std::str::from_utf8(text).map(|_| ()).map_err(|e| e.valid_up_to() as u64);
            for piece in 1..8 {
                assert_eq!(check(text, piece), want, "{text:?} in pieces of {piece}");
            }
        }
    }
}
