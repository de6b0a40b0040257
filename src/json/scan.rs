//! Reading text forwards: past blanks, past strings, past numbers. What is in them is looked at in blocks, never byte by byte
//! where there is a block left.

use super::block::{BLOCK, Marks, Sought, WIDE, special};

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
pub(super) fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    let word = match bytes.get(at)? {
        b't' => b"true".as_slice(),
        b'f' => b"false",
        b'n' => b"null",
        _ => return number_end(bytes, at),
    };
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

fn number_end(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| Some(digits_end(bytes, at)).filter(|end| *end > at);
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

/// Past the digits that begin at `at`: eight at a time, as vectors are nothing but numbers.
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const DIGIT: u64 = 0x3030_3030_3030_3030;
    const SIX: u64 = 0x0606_0606_0606_0606;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        // Both nibbles of a digit: a carry comes from no digit, so what it spoils lies behind one that is none.
        let others = ((word & HIGH) ^ DIGIT) | ((word.wrapping_add(SIX) & HIGH) ^ DIGIT);
        if others != 0 {
            return at + usize::try_from(others.trailing_zeros() / 8).unwrap_or(0);
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
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

/// The first byte from `at` on that JSON wants escaped, and where it is.
pub(super) fn next_special(bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        let marks = special(block, true);
        if marks != 0 {
            at += usize::try_from(marks.trailing_zeros()).ok()?;
            return Some((at, *bytes.get(at)?));
        }
        at += BLOCK;
    }
    loop {
        match *bytes.get(at)? {
            byte @ (b'"' | b'\\' | 0..0x20) => return Some((at, byte)),
            _ => at += 1,
        }
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

/// What the first block of a string says.
pub(super) enum Near {
    /// Past the closing quote: a valid string without an escape.
    End(usize),
    /// Up to here there is nothing to look at.
    Further(usize),
}

/// Most strings are names: shorter than a block, and without an escape.
#[inline]
pub(super) fn near_end(bytes: &[u8], start: usize) -> Near {
    let at = start + 1;
    let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) else {
        return Near::Further(at);
    };
    let marks = special(block, true);
    if marks == 0 {
        return Near::Further(at + BLOCK);
    }
    let found = usize::try_from(marks.trailing_zeros()).unwrap_or(0);
    if block.get(found) == Some(&b'"') { Near::End(at + found + 1) } else { Near::Further(at) }
}

/// As [`string_end`]; `None` if there is no end, an escape that JSON doesn't know, or a bare control character.
#[inline(never)]
pub(super) fn valid_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = match near_end(bytes, start) {
        Near::End(end) => return Some(end),
        Near::Further(at) => at,
    };
    // Whether the byte at `at` is escaped, by a backslash just before it.
    let mut carry = false;
    let sought = Sought::new();
    while let Some(wide) = bytes.get(at..).and_then(<[u8]>::first_chunk::<WIDE>) {
        let marks = Marks::of(wide, &sought);
        let escaped = marks.escaped(&mut carry);
        let ends = marks.quotes & !escaped;
        // All up to the end, or all.
        let inside = ends ^ ends.wrapping_sub(1);
        if marks.controls & inside != 0 {
            return None;
        }
        let mut rest = escaped & inside;
        while rest != 0 {
            // Below 64 anyway: so the compiler knows.
            let found = usize::try_from(rest.trailing_zeros()).ok()? & (WIDE - 1);
            match ESCAPES.get(usize::from(*wide.get(found)?))? {
                Escape::No => return None,
                Escape::Letter => {}
                Escape::Unicode => {
                    let digits = bytes.get(at + found + 1..)?.first_chunk::<4>()?;
                    if !are_hex(u32::from_le_bytes(*digits)) {
                        return None;
                    }
                }
            }
            rest &= rest - 1;
        }
        if ends != 0 {
            return Some(at + usize::try_from(ends.trailing_zeros()).ok()? + 1);
        }
        at += WIDE;
    }
    scan_string(bytes, at - usize::from(carry), valid_escape_end, true)
}

#[inline]
fn valid_escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match ESCAPES.get(usize::from(*bytes.get(at + 1)?))? {
        Escape::No => None,
        Escape::Letter => Some(at + 2),
        Escape::Unicode => {
            let digits = bytes.get(at + 2..)?.first_chunk::<4>()?;
            are_hex(u32::from_le_bytes(*digits)).then_some(at + 6)
        }
    }
}

/// What a byte means after a backslash.
#[derive(Clone, Copy)]
enum Escape {
    No,
    Letter,
    Unicode,
}

static ESCAPES: [Escape; 256] = escapes();

#[expect(clippy::indexing_slicing, reason = "the compiler runs this")]
const fn escapes() -> [Escape; 256] {
    let mut table = [Escape::No; 256];
    let mut letters: &[u8] = b"\"\\/bfnrt";
    while let [letter, rest @ ..] = letters {
        table[*letter as usize] = Escape::Letter;
        letters = rest;
    }
    table[b'u' as usize] = Escape::Unicode;
    table
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

    proptest::proptest! {
        #[test]
        fn law_hex_digits_are_told(bytes in proptest::array::uniform4(proptest::prop_oneof![0u8.., (0x2fu8..0x3b), (0x40u8..0x48), (0x60u8..0x68)])) {
            proptest::prop_assert_eq!(are_hex(u32::from_le_bytes(bytes)), bytes.iter().all(u8::is_ascii_hexdigit));
        }

        #[test]
        fn law_digits_end_where_bytes_say(text in "[0-9]{0,20}[0-9 -~\u{7a}-\u{ff}]{0,12}") {
            let slow = text.bytes().take_while(u8::is_ascii_digit).count();
            proptest::prop_assert_eq!(digits_end(text.as_bytes(), 0), slow);
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
