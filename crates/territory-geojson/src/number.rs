//! Decimal texts to `f64`, equal to `str::parse` bit by bit, and the positions that almost all of a file consists of.
//!
//! A decimal of at most 19 digits whose digits form an integer up to 2⁵³ is exactly that integer divided by a power of ten; up
//! to 10²² the power is exact too, so the one division rounds correctly (Clinger 1990, doi:10.1145/93542.93557). Everything
//! else (exponents, more digits, odd spacing, an end of the window nearby) is left to the slow path, which uses `str::parse`.
//! Eight digits at a time are found and converted inside one 64-bit word.

/// Bytes that [`position`] looks at: two blanks and brackets, three numbers, and a word read past the last digit.
pub(crate) const POSITION_BYTES: usize = 128;

/// Largest integer up to which all integers are doubles.
const EXACT: u64 = 1 << 53;

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

const INTEGER_POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

const ONES: u64 = 0x0101_0101_0101_0101;

#[inline]
fn word(text: &[u8; POSITION_BYTES], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*text.get(at..)?.first_chunk()?))
}

/// The digits at the start of a word: their values (one per byte, first digit lowest) and how many there are.
#[inline]
fn digits(word: u64) -> (u64, usize) {
    let values = word ^ (ONES * 0x30);
    // The high bit of a byte is set if it is no digit: values above 9 carry into it. A carry can only spoil bytes after the first.
    let other = (values.wrapping_add(ONES * (0x80 - 10)) | values) & (ONES * 0x80);
    (values, other.trailing_zeros() as usize / 8)
}

/// The integer that the first `count` (1 to 8) of eight digit values form.
#[inline]
fn integer(values: u64, count: usize) -> u64 {
    // Shifted up, the digits are preceded by zeros; the rest is the well-known pairwise combination.
    let v = values << (64 - 8 * count);
    let v = (v.wrapping_mul(10).wrapping_add(v >> 8)) & 0x00ff_00ff_00ff_00ff;
    let v = (v.wrapping_mul(100).wrapping_add(v >> 16)) & 0x0000_ffff_0000_ffff;
    (v.wrapping_mul(10_000).wrapping_add(v >> 32)) & 0xffff_ffff
}

/// A JSON number without exponent at `at`, and where it ends. `None` if it is not one that this path can do exactly.
///
/// The integer part is found by comparing bytes, not by counting: the processor guesses such branches and goes on with the next
/// number, while a count would make it wait.
#[inline(always)]
fn number(text: &[u8; POSITION_BYTES], mut at: usize) -> Option<(f64, usize)> {
    let negative = *text.get(at)? == b'-';
    if negative {
        at += 1;
    }
    let start = word(text, at)?;
    let digit = |i: usize| (start >> (8 * i) & 0xff).wrapping_sub(0x30);
    let is_point = |i: usize| start >> (8 * i) & 0xff == u64::from(b'.');
    let mut mantissa;
    let (d0, d1, d2) = (digit(0), digit(1), digit(2));
    if d0 > 9 {
        return None;
    }
    if is_point(1) {
        mantissa = d0;
        at += 2;
    } else if is_point(2) && d0 > 0 && d1 <= 9 {
        mantissa = d0 * 10 + d1;
        at += 3;
    } else if is_point(3) && d0 > 0 && d1 <= 9 && d2 <= 9 {
        mantissa = d0 * 100 + d1 * 10 + d2;
        at += 4;
    } else {
        let (values, whole) = digits(start);
        // Eight digits or more, or a zero before other digits: not here.
        if whole == 8 || (d0 == 0 && whole > 1) {
            return None;
        }
        mantissa = integer(values, whole);
        at += whole;
        match text.get(at)? {
            b'.' => at += 1,
            b'e' | b'E' => return None,
            _ => return Some((signed(mantissa as f64, negative), at)),
        }
    }
    let (values, mut fraction) = digits(word(text, at)?);
    if fraction == 0 {
        return None;
    }
    mantissa = mantissa * INTEGER_POWERS[fraction] + integer(values, fraction);
    at += fraction;
    if fraction == 8 {
        let (values, more) = digits(word(text, at)?);
        // 7 + 8 + 4 digits stay below 10¹⁹ and so inside the word; more than 16 in all are above 2⁵³ anyway.
        if more > 4 {
            return None;
        }
        if more > 0 {
            mantissa = mantissa * INTEGER_POWERS[more] + integer(values, more);
            fraction += more;
            at += more;
        }
    }
    if mantissa > EXACT || matches!(*text.get(at)?, b'e' | b'E') {
        return None;
    }
    Some((signed(mantissa as f64 / POWERS[fraction], negative), at))
}

#[inline(always)]
fn signed(value: f64, negative: bool) -> f64 {
    // Through the sign bit: a branch on the sign would wait for the division.
    f64::from_bits(value.to_bits() | u64::from(negative) << 63)
}

/// What follows a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// A comma, consumed: another element follows.
    Comma,
    /// Anything else, not consumed.
    Other,
}

/// A position `[x, y]` or `[x, y, z]` at the start of `text`, up to one blank around each token; with the bytes it takes and
/// what comes then. `None`: the slow path must look.
#[inline]
pub(crate) fn position(text: &[u8; POSITION_BYTES]) -> Option<([f64; 2], usize, After)> {
    let blank = |at: usize| usize::from(matches!(text.get(at), Some(b' ' | b'\n')));
    let mut at = blank(0);
    if *text.get(at)? != b'[' {
        return None;
    }
    at += 1;
    let (x, end) = number(text, at + blank(at))?;
    at = end + blank(end);
    if *text.get(at)? != b',' {
        return None;
    }
    at += 1;
    let (y, end) = number(text, at + blank(at))?;
    at = end + blank(end);
    if *text.get(at)? == b',' {
        at += 1;
        let (_, end) = number(text, at + blank(at))?;
        at = end + blank(end);
    }
    if *text.get(at)? != b']' {
        return None;
    }
    at += 1;
    let next = at + blank(at);
    if *text.get(next)? == b',' { Some(([x, y], next + 1, After::Comma)) } else { Some(([x, y], at, After::Other)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(text: &str) -> [u8; POSITION_BYTES] {
        let mut bytes = [0; POSITION_BYTES];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes
    }

    /// SplitMix64 (Steele et al. 2014): enough to draw texts.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The promise "every number equal to `str::parse` bit by bit", on two million decimal texts of all lengths.
    #[test]
    fn numbers_equal_str_parse_bit_by_bit() {
        let mut state = 1;
        let mut text = String::new();
        let mut fast = 0;
        for round in 0..2_000_000u32 {
            text.clear();
            if random(&mut state) % 2 == 0 {
                text.push('-');
            }
            let whole = 1 + random(&mut state) % 9;
            let fraction = if round % 8 == 0 { 0 } else { 1 + random(&mut state) % 15 };
            for i in 0..whole {
                let digit = random(&mut state) % 10;
                let digit = if i == 0 && whole > 1 { digit.max(1) } else { digit };
                text.push(char::from(b'0' + digit as u8));
            }
            if fraction > 0 {
                text.push('.');
                (0..fraction).for_each(|_| text.push(char::from(b'0' + (random(&mut state) % 10) as u8)));
            }
            let want: f64 = text.parse().unwrap();
            if let Some((value, end)) = number(&padded(&text), 0) {
                fast += 1;
                assert_eq!(end, text.len(), "{text}");
                assert_eq!(value.to_bits(), want.to_bits(), "{text}");
            }
        }
        assert!(fast > 1_000_000, "the fast path took only {fast}");
    }

    /// Shortest texts of random degrees, as most writers print them.
    #[test]
    fn shortest_degrees_come_back() {
        let mut state = 2;
        for _ in 0..1_000_000 {
            let value = (random(&mut state) >> 11) as f64 / (1u64 << 53) as f64 * 360.0 - 180.0;
            let text = value.to_string();
            if let Some((parsed, _)) = number(&padded(&text), 0) {
                assert_eq!(parsed.to_bits(), value.to_bits(), "{text}");
            }
        }
    }

    #[test]
    fn what_the_grammar_forbids_is_left_to_the_slow_path() {
        for text in
            ["01", "-", "", ".5", "1.", "-.5", "+1", "1e5", "1.5E3", "00.1", "NaN", "12345678", "1.0000000000000"]
        {
            assert_eq!(number(&padded(text), 0), None, "{text}");
        }
        assert_eq!(number(&padded("-0.0"), 0).map(|n| n.0.to_bits()), Some((-0.0f64).to_bits()));
        assert_eq!(number(&padded("0"), 0), Some((0.0, 1)));
    }

    #[test]
    fn positions_in_the_usual_spacings() {
        for text in ["[1.5,-2],", "[ 1.5, -2 ], ", " [1.5, -2,7.25] ,", "\n[1.5 ,-2 ],"] {
            let (p, end, after) = position(&padded(text)).unwrap();
            assert_eq!((p, after), ([1.5, -2.0], After::Comma), "{text}");
            assert_eq!(text[..end].trim_end().chars().last(), Some(','));
        }
        assert_eq!(position(&padded("[1,2]]")), Some(([1.0, 2.0], 5, After::Other)));
        for text in ["[1]", "[1,2,3,4]", "[1,\"2\"]", "[[1,2]]", "[1,2", "[1 2]", "]"] {
            assert_eq!(position(&padded(text)), None, "{text}");
        }
    }
}
