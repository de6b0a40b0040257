//! One pass over a document: whether it is JSON, and where its long values end.
//!
//! Walking a document skips from value to value; without an outline each skip reads all that it skips. With one, what
//! is long is skipped in a look-up, so that a large prompt is read once however often somebody walks past it.

/// A value of fewer bytes is skipped by reading it: that is faster than looking it up.
const LONG: usize = 64;

/// Where the long values of a document begin and end, by their first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline(Vec<(u32, u32)>);

impl Outline {
    pub(super) fn spans(&self) -> &[(u32, u32)] {
        &self.0
    }
}

/// The long values of one document in memory.
#[derive(Clone, Copy, Default)]
pub(super) struct Spans<'a> {
    /// The address of the document's first byte.
    base: usize,
    list: &'a [(u32, u32)],
}

impl<'a> Spans<'a> {
    pub const NONE: Spans<'static> = Spans { base: 0, list: &[] };

    pub fn new(document: &str, outline: &'a Outline) -> Spans<'a> {
        Spans { base: document.as_ptr().addr(), list: outline.spans() }
    }

    /// The length of the value that begins at `start` of `text`, if it is a long one of this document.
    pub fn length(self, text: &str, start: usize) -> Option<usize> {
        if self.list.is_empty() || text.len() < start.saturating_add(LONG) {
            return None;
        }
        let address = text.as_ptr().addr().checked_add(start)?;
        let start = u32::try_from(address.checked_sub(self.base)?).ok()?;
        let found = self.list.binary_search_by_key(&start, |(start, _)| *start).ok()?;
        let (start, end) = self.list.get(found)?;
        usize::try_from(end.checked_sub(*start)?).ok()
    }
}

#[derive(Clone, Copy)]
enum Expect {
    Value,
    /// The first element of an array.
    ValueOrEnd,
    Key,
    /// The first key of an object.
    KeyOrEnd,
    CommaOrEnd,
}

/// Validates a document and outlines it; `None` if it is not JSON (or longer than 4 GiB).
pub(super) fn outline(text: &str) -> Option<Outline> {
    let bytes = text.as_bytes();
    u32::try_from(bytes.len()).ok()?;
    let mut spans: Vec<(u32, u32)> = Vec::new();
    // Of each open container: its place in `spans`, and whether it is an object.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut expect = Expect::Value;
    let mut at = 0;
    loop {
        at = skip_blanks(bytes, at);
        let byte = *bytes.get(at)?;
        match (expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                open.push((spans.len(), byte == b'{'));
                spans.push((u32::try_from(at).ok()?, 0));
                at += 1;
                expect = if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                continue;
            }
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => {
                at += 1;
                close(&mut spans, open.pop()?.0, at)?;
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                at = skip_blanks(bytes, valid_string_end(bytes, at)?);
                if bytes.get(at) != Some(&b':') {
                    return None;
                }
                at += 1;
                expect = Expect::Value;
                continue;
            }
            (Expect::Value | Expect::ValueOrEnd, b'"') => {
                let end = valid_string_end(bytes, at)?;
                if end - at >= LONG {
                    spans.push((u32::try_from(at).ok()?, u32::try_from(end).ok()?));
                }
                at = end;
            }
            (Expect::Value | Expect::ValueOrEnd, _) => at = scalar_end(bytes, at)?,
            (Expect::CommaOrEnd, b',') => {
                at += 1;
                expect = if open.last()?.1 { Expect::Key } else { Expect::Value };
                continue;
            }
            (Expect::CommaOrEnd, b'}' | b']') => {
                let (place, object) = open.pop()?;
                if object != (byte == b'}') {
                    return None;
                }
                at += 1;
                close(&mut spans, place, at)?;
            }
            _ => return None,
        }
        // A value ended.
        if open.is_empty() {
            return (skip_blanks(bytes, at) == bytes.len()).then_some(Outline(spans));
        }
        expect = Expect::CommaOrEnd;
    }
}

/// Notes where a container ends, or forgets it if it is short: what is inside a short one is short and forgotten already.
fn close(spans: &mut Vec<(u32, u32)>, place: usize, end: usize) -> Option<()> {
    let end = u32::try_from(end).ok()?;
    let span = spans.get_mut(place)?;
    span.1 = end;
    if usize::try_from(end.checked_sub(span.0)?).ok()? < LONG {
        spans.truncate(place);
    }
    Some(())
}

/// Most JSON has one blank or none between two tokens. The loop for more stands apart: V8 unrolls loops wherever they are
/// inlined, and the filter's code is too large for its processor's cache as it is.
#[inline]
pub(super) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let at = at + usize::from(bytes.get(at) == Some(&b' '));
    if bytes.get(at).is_some_and(|byte| *byte <= b' ') { skip_more_blanks(bytes, at) } else { at }
}

#[inline(never)]
fn skip_more_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
        at += 1;
    }
    at
}

/// Past a number, `true`, `false` or `null`.
fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    for word in [b"true".as_slice(), b"false", b"null"] {
        if bytes.get(at..)?.starts_with(word) {
            return Some(at + word.len());
        }
    }
    let digits = |mut at: usize| -> Option<usize> {
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        (at > start).then_some(at)
    };
    let first = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut at = if bytes.get(first) == Some(&b'0') { first + 1 } else { digits(first)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(at + 1 + sign)?;
    }
    Some(at)
}

/// So many bytes are looked at in one step.
const BLOCK: usize = 16;

/// A bit for each byte of a block that a string's reader must look at: quotes and backslashes, and with `strict` control
/// characters.
#[cfg(target_arch = "wasm32")]
#[inline]
fn special(block: &[u8; BLOCK], strict: bool) -> u32 {
    use std::arch::wasm32::{i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let (low, high) = halves(block);
    let bytes = u64x2(low, high);
    let mut marks = v128_or(u8x16_eq(bytes, u8x16_splat(b'"')), u8x16_eq(bytes, u8x16_splat(b'\\')));
    if strict {
        marks = v128_or(marks, u8x16_lt(bytes, u8x16_splat(0x20)));
    }
    u32::from(i8x16_bitmask(marks))
}

/// Elsewhere, in the command and in tests: intrinsics of other processors would need `unsafe`.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn special(block: &[u8; BLOCK], strict: bool) -> u32 {
    let (low, high) = halves(block);
    marks(low, strict) | (marks(high, strict) << 8)
}

#[inline]
fn halves(block: &[u8; BLOCK]) -> (u64, u64) {
    let both = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "each takes its half")]
    (both as u64, (both >> 64) as u64)
}

/// As [`special`], of eight bytes in a word.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn marks(word: u64, strict: bool) -> u32 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The high bit of each byte that is not 0, exactly: no carry goes from one byte to the next.
    let some = |word: u64| ((word & LOW) + LOW) | word;
    let quote = some(word ^ (ONES * u64::from(b'"')));
    let backslash = some(word ^ (ONES * u64::from(b'\\')));
    let printable = if strict { some(word & (ONES * 0xe0)) } else { u64::MAX };
    let marks = !(quote & backslash & printable) & !LOW;
    // Gathers the eight bits: the product puts bit 8 i + 7 at 56 + i, and no two products meet.
    u32::try_from(((marks >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56).unwrap_or(0)
}

/// Past the quote that ends the string whose inside begins at `at`; `None` if there is no end. `escape` finds the end of the
/// escape that begins at a place, or that it is none.
#[inline]
fn scan_string(
    bytes: &[u8],
    mut at: usize,
    escape: impl Fn(&[u8], usize) -> Option<usize>,
    strict: bool,
) -> Option<usize> {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        let mut marks = special(block, strict);
        let mut next = at + BLOCK;
        while marks != 0 {
            let found = at + usize::try_from(marks.trailing_zeros()).ok()?;
            match bytes.get(found)? {
                b'"' => return Some(found + 1),
                b'\\' => {
                    let end = escape(bytes, found)?;
                    if end >= next {
                        // What the escape covers of the next block is read.
                        next = end;
                        break;
                    }
                    marks &= u32::MAX.wrapping_shl(u32::try_from(end - at).ok()?);
                }
                _ => return None,
            }
        }
        at = next;
    }
    loop {
        at = match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => escape(bytes, at)?,
            0..0x20 if strict => return None,
            _ => at + 1,
        };
    }
}

/// Just past the closing quote of the string whose opening quote is at `start`, in text that is known to be JSON.
#[inline(never)]
pub(super) fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    scan_string(bytes, start + 1, |_, at| Some(at + 2), false)
}

/// Past the quote that ends a valid string whose inside begins at `inside`.
#[inline]
pub(super) fn string_literal_end(bytes: &[u8], inside: usize) -> Option<usize> {
    valid_string_end(bytes, inside.checked_sub(1)?)
}

/// As [`string_end`]; `None` if there is no end, an escape that JSON doesn't know, or a bare control character.
fn valid_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    scan_string(bytes, start + 1, valid_escape_end, true)
}

#[inline]
fn valid_escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    let escaped = *bytes.get(at + 1)?;
    if escaped == b'u' {
        let digits = bytes.get(at + 2..)?.first_chunk::<4>()?;
        return are_hex(u32::from_le_bytes(*digits)).then_some(at + 6);
    }
    // A bit for each of `"`, `/` and, 64 further, `\\`, b, f, n, r, t.
    const LOW: u64 = (1 << b'"') | (1 << b'/');
    const HIGH: u64 = (1 << (b'\\' & 63))
        | (1 << (b'b' & 63))
        | (1 << (b'f' & 63))
        | (1 << (b'n' & 63))
        | (1 << (b'r' & 63))
        | (1 << (b't' & 63));
    let known = match escaped >> 6 {
        0 => LOW,
        1 => HIGH,
        _ => 0,
    };
    (known >> (escaped & 63) & 1 == 1).then_some(at + 2)
}

/// Whether all four bytes are hexadecimal digits: all at once, as prompts that are not English are full of them.
#[inline]
fn are_hex(word: u32) -> bool {
    const HIGH: u32 = 0x8080_8080;
    const ONES: u32 = 0x0101_0101;
    if word & HIGH != 0 {
        return false;
    }
    // Each sum stays in its byte, and has the high bit where the byte is too large.
    let beyond_nine = (word ^ (ONES * u32::from(b'0'))) + ONES * (0x7f - 9);
    let letter = (word | (ONES * 0x20)) ^ (ONES * 0x60);
    let beyond_f = letter + ONES * (0x7f - 6);
    let some_letter = letter + ONES * 0x7f;
    (!beyond_nine | (some_letter & !beyond_f)) & HIGH == HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serde_takes(text: &str) -> bool {
        serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
    }

    #[test]
    fn takes_what_serde_takes() {
        let long = "x".repeat(100);
        let mut texts = vec![
            format!("{{\"a\":[\"{long}\",{{\"b\":1}},[]],\"c\":{{}}}}"),
            "[".repeat(500),
            "{\"a\":".repeat(99),
        ];
        for text in [
            "",
            " ",
            "1",
            "-0",
            "01",
            "1.",
            "1.5e+3",
            "1e",
            "-",
            "+1",
            ".5",
            "nul",
            "null",
            "truex",
            "true",
            "\"",
            "\"a",
            "\"\\u12g4\"",
            "\"\\u00e9\"",
            "\"\\x\"",
            "\"\n\"",
            "\"\u{7f}\u{80}é\"",
            "[]",
            "[,]",
            "[1,]",
            "[1 2]",
            "{}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1]",
            "[1}",
            "[1] x",
            " [ 1 , { \"a\" : \"b\" } ] ",
            "{\"a\":1 \"b\":2}",
            "]",
            "}",
            ":",
            "[[]",
        ] {
            texts.push(text.to_owned());
            texts.push(format!("[{text}]"));
            texts.push(format!("{{\"k\": {text}, \"l\": \"{long}\"}}"));
        }
        for text in texts {
            assert_eq!(outline(&text).is_some(), serde_takes(&text), "{text}");
        }
    }

    #[test]
    fn long_values_are_found_and_short_ones_forgotten() {
        let long = "y".repeat(LONG);
        let text = format!(
            "{{\"s\":\"short\",\"l\":\"{long}\",\"o\":{{\"in\":[1]}},\"a\":[[{{\"k\":\"{long}\"}}]]}}"
        );
        let outline = outline(&text).unwrap();
        let spans = Spans::new(&text, &outline);
        let found: Vec<&str> =
            outline.spans().iter().map(|(s, e)| text.get(*s as usize..*e as usize).unwrap()).collect();
        assert_eq!(found.len(), 6);
        assert_eq!(found[0], text);
        for value in found {
            assert_eq!(spans.length(value, 0).unwrap(), value.len());
        }
        assert_eq!(
            spans.length("elsewhere, and long enough to be looked up, if it were known here at all......", 0),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn law_any_text_as_serde_has_it(text in "[\\[\\]{}:,\"\\\\ 0-9a-fnrtu.eE+\\-\n]{0,40}") {
            proptest::prop_assert_eq!(outline(&text).is_some(), serde_takes(&text));
        }

        #[test]
        fn law_hex_digits_are_told(bytes in proptest::array::uniform4(proptest::prop_oneof![0u8.., (0x2fu8..0x3b), (0x40u8..0x48), (0x60u8..0x68)])) {
            proptest::prop_assert_eq!(are_hex(u32::from_le_bytes(bytes)), bytes.iter().all(u8::is_ascii_hexdigit));
        }

        #[test]
        fn law_escapes_are_those_of_json(escaped in "[\"\\\\/bfnrtu]|[ -~]|\\PC", rest in "[0-9a-fg]{0,5}") {
            let text = format!("\"\\{escaped}{rest}\"");
            let known = valid_escape_end(text.as_bytes(), 1).is_some();
            let expected = match escaped.as_str() {
                "\"" | "\\" | "/" | "b" | "f" | "n" | "r" | "t" => true,
                "u" => rest.len() >= 4 && rest.bytes().take(4).all(|byte| byte.is_ascii_hexdigit()),
                _ => false,
            };
            proptest::prop_assert_eq!(known, expected);
        }

        #[test]
        fn law_blocks_mark_what_bytes_say(block in proptest::array::uniform16(0u8..)) {
            let expected = block.iter().enumerate()
                .filter(|(_, byte)| matches!(byte, b'"' | b'\\' | 0..0x20))
                .fold(0, |marks, (place, _)| marks | (1u32 << place));
            proptest::prop_assert_eq!(special(&block, true), expected);
            let printable = block.iter().enumerate().filter(|(_, byte)| **byte >= 0x20).fold(0, |marks, (place, _)| marks | (1u32 << place));
            proptest::prop_assert_eq!(special(&block, false), expected & printable);
        }

        #[test]
        fn law_long_strings_as_serde_has_them(text in "[a-d \"\\\\nu0-9\n\u{e9}]{0,8}[a-d]{10,40}(\\\\[nu\"x]|\\\\u00e9|[\"\n]|[a-d]{1,9}){0,12}\"?") {
            let quoted = format!("\"{text}");
            proptest::prop_assert_eq!(outline(&quoted).is_some(), serde_takes(&quoted));
        }

        #[test]
        fn law_strings_end_where_bytes_say(text in "[a\"\\\\\u{1}\u{e9}]{0,40}") {
            let slow = text.bytes().scan(false, |escaped, byte| {
                let ends = byte == b'"' && !*escaped;
                *escaped = byte == b'\\' && !*escaped;
                Some(ends)
            }).position(|ends| ends).map(|at| at + 2);
            let quoted = format!("\"{text}");
            proptest::prop_assert_eq!(string_end(quoted.as_bytes(), 0), slow);
        }
    }
}
