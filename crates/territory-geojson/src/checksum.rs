//! A fast 64-bit checksum of a stream, independent of how the stream is cut into pieces. It only has to notice that a file is
//! no longer the one that was read, not to withstand an adversary; size and modification time are compared beside it.

const LANES: usize = 4;
const BLOCK: usize = 8 * LANES;
/// The golden ratio's odd 64-bit multiplier (Knuth, TAOCP vol. 3, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Running checksum. Four lanes, so that the multiplications of a block overlap.
#[derive(Clone, Debug)]
pub(crate) struct Checksum {
    lanes: [u64; LANES],
    tail: [u8; BLOCK],
    filled: usize,
    length: u64,
    /// Where the stream is cut: what is before and what is behind have checksums of their own, which are then combined.
    cut: Option<u64>,
    before: Option<u64>,
}

impl Default for Checksum {
    fn default() -> Self {
        Self { lanes: [1, 2, 3, 4], tail: [0; BLOCK], filled: 0, length: 0, cut: None, before: None }
    }
}

impl Checksum {
    /// A checksum of two halves, cut at an offset.
    pub(crate) fn cut_at(cut: Option<u64>) -> Self {
        Self { cut, ..Self::default() }
    }

    /// That of the first half, once all of it was taken in.
    pub(crate) fn before(&self) -> Option<u64> {
        self.before
    }

    /// The checksum of a stream from those of its halves.
    pub(crate) fn combine(before: u64, behind: u64) -> u64 {
        (before.rotate_left(17) ^ behind).wrapping_mul(MULTIPLIER).rotate_left(29)
    }

    /// Takes in the next piece of the stream.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let left = self.cut.and_then(|cut| usize::try_from(cut.checked_sub(self.length)?).ok());
        match left.and_then(|left| bytes.split_at_checked(left)) {
            Some((last, rest)) => {
                self.take_in(last);
                *self = Self { before: Some(self.finish()), ..Self::default() };
                self.take_in(rest);
            }
            None => self.take_in(bytes),
        }
    }

    fn take_in(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.filled > 0 {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.tail[self.filled..self.filled + head.len()].copy_from_slice(head);
            self.filled += head.len();
            bytes = rest;
            if self.filled < BLOCK {
                return;
            }
            mix(&mut self.lanes, &self.tail);
            self.filled = 0;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut lanes = self.lanes;
        for block in blocks {
            mix(&mut lanes, block);
        }
        self.lanes = lanes;
        self.tail[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// The checksum of everything taken in so far.
    pub(crate) fn finish(&self) -> u64 {
        let mut lanes = self.lanes;
        let mut tail = self.tail;
        tail[self.filled..].fill(0);
        mix(&mut lanes, &tail);
        let behind = lanes
            .iter()
            .fold(self.length, |sum, &lane| (sum ^ lane ^ (lane >> 31)).wrapping_mul(MULTIPLIER).rotate_left(29));
        self.before.map_or(behind, |before| Self::combine(before, behind))
    }
}

#[inline]
fn mix(lanes: &mut [u64; LANES], block: &[u8; BLOCK]) {
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER).rotate_left(29);
    }
}

#[cfg(test)]
mod tests {
    use super::Checksum;

    #[test]
    fn the_cut_does_not_matter_but_every_byte_does() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| (i * i % 251) as u8).collect();
        let whole = |bytes: &[u8]| {
            let mut sum = Checksum::default();
            sum.update(bytes);
            sum.finish()
        };
        for cut in [1, 2, 3, 7, 31, 32, 33, 100] {
            let mut sum = Checksum::default();
            bytes.chunks(cut).for_each(|c| sum.update(c));
            assert_eq!(sum.finish(), whole(&bytes), "cut into pieces of {cut}");
        }
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(whole(&other), whole(&bytes), "byte {at}");
        }
        for cut in [0, 1, 32, 500, 999, 1000] {
            let mut sum = Checksum::cut_at(Some(cut as u64));
            bytes.chunks(7).for_each(|c| sum.update(c));
            let expected = Checksum::combine(whole(&bytes[..cut]), whole(&bytes[cut..]));
            assert_eq!((sum.finish(), sum.before()), (expected, Some(whole(&bytes[..cut]))), "halves at {cut}");
        }
        assert_ne!(whole(&bytes[..999]), whole(&bytes));
        assert_ne!(whole(&[]), whole(&[0]));
    }
}
