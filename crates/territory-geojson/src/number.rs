//! Decimal texts to `f64`, equal to `str::parse` bit by bit, and the positions that almost all of a file consists of.
//!
//! A decimal of at most 19 digits whose digits form an integer up to 2⁵³ is exactly that integer divided by a power of ten; up
//! to 10²² the power is exact too, so the one division rounds correctly (Clinger 1990, doi:10.1145/93542.93557). More digits go
//! through `str::parse`; so does everything else (exponents, odd spacing, an end of the window nearby), by way of the slow path.
//! Eight digits at a time are found and converted inside one 64-bit word.

/// Bytes that [`position`] is given. It looks at less than [`LOOKED_AT`] and a word behind: three numbers of at most 29 bytes,
/// brackets, commas and blanks.
pub(crate) const POSITION_BYTES: usize = LOOKED_AT + 8;

/// A power of two, so that a mask keeps every index inside the array without a branch. No index ever reaches it.
const LOOKED_AT: usize = 128;

/// Largest integer up to which all integers are doubles.
const EXACT: u64 = 1 << 53;

const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Padded to a power of two, as an index is masked.
const INTEGER_POWERS: [u64; 16] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 0, 0, 0, 0, 0, 0, 0];

const ONES: u64 = 0x0101_0101_0101_0101;

#[inline(always)]
fn byte(text: &[u8; POSITION_BYTES], at: usize) -> u8 {
    debug_assert!(at < LOOKED_AT);
    text[at % LOOKED_AT]
}

#[inline(always)]
fn word(text: &[u8; POSITION_BYTES], at: usize) -> u64 {
    debug_assert!(at < LOOKED_AT);
    let at = at % LOOKED_AT;
    u64::from_le_bytes([
        text[at],
        text[at + 1],
        text[at + 2],
        text[at + 3],
        text[at + 4],
        text[at + 5],
        text[at + 6],
        text[at + 7],
    ])
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

/// A JSON number without exponent at `at`, and where it ends. `None` if it is not one that this path can do exactly; what
/// follows it is not looked at.
///
/// The integer part is found by comparing bytes, not by counting: the processor guesses such branches and goes on with the next
/// number, while a count would make it wait.
#[inline(always)]
fn number(text: &[u8; POSITION_BYTES], mut at: usize) -> Option<(f64, usize)> {
    let begin = at;
    let negative = byte(text, at) == b'-';
    if negative {
        at += 1;
    }
    let start = word(text, at);
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
        if byte(text, at) != b'.' {
            return Some((signed(mantissa, negative), at));
        }
        at += 1;
    }
    let (values, mut fraction) = digits(word(text, at));
    if fraction == 0 {
        return None;
    }
    mantissa = mantissa * INTEGER_POWERS[fraction % 16] + integer(values, fraction);
    at += fraction;
    if fraction == 8 {
        let (values, more) = digits(word(text, at));
        at += more;
        let longer = (more > 0 && more < 8).then(|| mantissa.checked_mul(INTEGER_POWERS[more % 16])).flatten();
        match longer.and_then(|longer| longer.checked_add(integer(values, more))) {
            _ if more == 0 => {}
            Some(longer) if longer <= EXACT => {
                mantissa = longer;
                fraction += more;
            }
            _ => return long_number(text, begin, at),
        }
    }
    Some((signed(mantissa, negative) / POWERS[fraction % 16], at))
}

/// A number of more digits than are exact, whose digits have been checked up to `at`.
#[cold]
#[inline(never)]
fn long_number(text: &[u8; POSITION_BYTES], begin: usize, at: usize) -> Option<(f64, usize)> {
    let (_, more) = digits(word(text, at));
    // Doubles printed in full have at most 17 digits.
    if more > 4 {
        return None;
    }
    let end = at + more;
    let value = std::str::from_utf8(text.get(begin..end)?).ok()?.parse().ok()?;
    Some((value, end))
}

/// An integer up to 2⁵³ as a double with a sign, zero too.
#[inline(always)]
fn signed(integer: u64, negative: bool) -> f64 {
    // By way of i64, which the processor converts in one step; the sign by its bit, as a branch would often be guessed wrongly.
    f64::from_bits((integer as i64 as f64).to_bits() | u64::from(negative) << 63)
}

/// What follows a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// A comma, consumed with the blank behind it: another element follows.
    Comma,
    /// Anything else, not consumed.
    Other,
}

/// Where a writer puts blanks. One file has one style throughout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// `[ 1.5, 2.5 ], [ …`
    #[default]
    Wide,
    /// `[1.5, 2.5], [ …`
    Usual,
    /// `[1.5,2.5],[ …`
    Compact,
}

impl Style {
    /// The style of the position at the start of `text`. `None` if it is no position that the fast path can do.
    #[inline]
    pub(crate) fn of(text: &[u8; POSITION_BYTES]) -> Option<Self> {
        // An array of arrays is no position in any style.
        if byte(text, 0) != b'[' || byte(text, 1) == b'[' || byte(text, 2) == b'[' {
            return None;
        }
        [Self::Wide, Self::Usual, Self::Compact].into_iter().find(|style| style.position(text).is_some())
    }

    /// The position at the start of `text` in this style, with the bytes it takes and what comes then.
    fn position(self, text: &[u8; POSITION_BYTES]) -> Option<([f64; 2], usize, After)> {
        match self {
            Self::Wide => position::<1, 1>(text),
            Self::Usual => position::<0, 1>(text),
            Self::Compact => position::<0, 0>(text),
        }
    }

    /// What stands between a position and the next one.
    pub(crate) fn comma_bytes(self) -> usize {
        if self == Self::Compact { 1 } else { 2 }
    }

    /// Takes positions `[x, y]` or `[x, y, z]` of this style off the start of `text`, as many as there are and at most `limit`.
    /// Says what comes behind the last: `None` if the slow path or a fuller window must look, at a position.
    #[inline]
    pub(crate) fn positions(self, text: &mut &[u8], limit: usize, emit: impl FnMut([f64; 2])) -> Option<After> {
        match self {
            Self::Wide => positions::<1, 1>(text, limit, emit),
            Self::Usual => positions::<0, 1>(text, limit, emit),
            Self::Compact => positions::<0, 0>(text, limit, emit),
        }
    }
}

#[inline(always)]
fn positions<const INNER: usize, const BEHIND: usize>(
    text: &mut &[u8],
    limit: usize,
    mut emit: impl FnMut([f64; 2]),
) -> Option<After> {
    for _ in 0..limit {
        let (found, used, after) = position::<INNER, BEHIND>(text.first_chunk()?)?;
        emit(found);
        *text = text.get(used..)?;
        if after == After::Other {
            return Some(After::Other);
        }
    }
    Some(After::Comma)
}

/// A position with `INNER` blanks inside its brackets and `BEHIND` behind each comma. The numbers of blanks are constants, so
/// that the place of the next number does not wait for a look at the blanks.
#[inline(always)]
fn position<const INNER: usize, const BEHIND: usize>(text: &[u8; POSITION_BYTES]) -> Option<([f64; 2], usize, After)> {
    let inner = |at: usize| INNER == 0 || byte(text, at) == b' ';
    let behind = |at: usize| BEHIND == 0 || byte(text, at) == b' ';
    if byte(text, 0) != b'[' || !inner(1) {
        return None;
    }
    let (x, at) = number(text, 1 + INNER)?;
    if byte(text, at) != b',' || !behind(at + 1) {
        return None;
    }
    let (y, mut at) = number(text, at + 1 + BEHIND)?;
    if byte(text, at) == b',' && behind(at + 1) {
        (_, at) = number(text, at + 1 + BEHIND)?;
    }
    if !inner(at) || byte(text, at + INNER) != b']' {
        return None;
    }
    at += INNER + 1;
    let comma = byte(text, at) == b',' && behind(at + 1);
    Some(if comma { ([x, y], at + 1 + BEHIND, After::Comma) } else { ([x, y], at, After::Other) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
            if random(&mut state).is_multiple_of(2) {
                text.push('-');
            }
            let whole = 1 + random(&mut state) % 9;
            let fraction = if round % 8 == 0 { 0 } else { 1 + random(&mut state) % 22 };
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
        let fast = |x: &str| Style::Compact.position(&padded(&format!("[{x},1]"))).map(|found| found.0[0]);
        for text in [
            "01",
            "-",
            "",
            ".5",
            "1.",
            "-.5",
            "+1",
            "1e5",
            "1.5E3",
            "00.1",
            "NaN",
            "12345678",
            "1.000000000000000000001",
        ] {
            assert_eq!(fast(text), None, "{text}");
        }
        assert_eq!(fast("-0.0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(fast("0"), Some(0.0));
    }

    #[test]
    fn positions_in_the_usual_spacings() {
        for (text, style) in [
            ("[1.5,-2],", Style::Compact),
            ("[ 1.5, -2 ], ", Style::Wide),
            ("[1.5, -2, 7.25], ", Style::Usual),
            ("[1.5,-2,7],", Style::Compact),
        ] {
            assert_eq!(Style::of(&padded(text)), Some(style), "{text}");
            assert_eq!(style.position(&padded(text)), Some(([1.5, -2.0], text.len(), After::Comma)), "{text}");
        }
        assert_eq!(Style::Compact.position(&padded("[1,2]]")), Some(([1.0, 2.0], 5, After::Other)));
        for text in ["[1]", "[1,2,3,4]", "[1,\"2\"]", "[[1,2]]", "[1,2", "[1 2]", "]", "[1,2,]", "[,1]", " [1,2],"] {
            assert_eq!(Style::of(&padded(text)), None, "{text}");
        }
    }

    /// The longest texts that this path takes stay inside what it may look at.
    #[test]
    fn the_longest_position_is_far_from_the_end() {
        let long = "-1234567.12345678123456781234";
        for text in [format!("[ {long}, {long}, {long} ], "), format!("[ {long}, {long}, {long}1 ], ")] {
            assert!(text.len() + 24 < LOOKED_AT);
            let found = Style::Wide.position(&padded(&text));
            assert_eq!(found.is_some(), !text.contains("12341"), "{text}");
        }
    }
}
