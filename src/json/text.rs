//! Strings that are decoded only when somebody needs the characters.

use super::scan::next_special;
use std::borrow::Cow;

/// A string: as a JSON literal still escaped, or as plain characters.
///
/// A prompt that goes from one dialect to another is copied with its escapes as they are; decoding and escaping again
/// would cost more than all the rest of a translation.
#[derive(Clone)]
pub struct Text<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    /// What stands between the quotes of a valid JSON string.
    Encoded(Cow<'a, str>),
    Plain(Cow<'a, str>),
}

impl<'a> Text<'a> {
    /// The inside of a valid JSON string literal, without its quotes.
    pub fn encoded(inner: &'a str) -> Text<'a> {
        Text(Form::Encoded(Cow::Borrowed(inner)))
    }

    /// The same text, known to be its own literal if it has nothing to escape.
    #[must_use]
    pub fn settled(self) -> Text<'a> {
        match self.0 {
            Form::Plain(text) if next_special(text.as_bytes(), 0).is_none() => Text(Form::Encoded(text)),
            form => Text(form),
        }
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Encoded(text) | Form::Plain(text) => text.is_empty(),
        }
    }

    /// Whether there is nothing but blanks. Looks no further than the first other character.
    pub fn is_blank(&self) -> bool {
        match &self.0 {
            Form::Plain(text) => text.trim_start().is_empty(),
            Form::Encoded(text) => {
                let mut rest = text.trim_start();
                while let Some(after) = after_blank_escape(rest) {
                    rest = after.trim_start();
                }
                rest.is_empty()
            }
        }
    }

    /// The characters. Borrows unless there is an escape to undo; an unpaired surrogate becomes U+FFFD.
    pub fn decode(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Plain(text) => Cow::Borrowed(text),
            Form::Encoded(text) => unescape(text),
        }
    }

    /// As [`Text::decode`], giving up the text itself, so that what was borrowed stays so.
    pub fn into_decoded(self) -> Cow<'a, str> {
        match self.0 {
            Form::Plain(text) => text,
            Form::Encoded(Cow::Borrowed(text)) => unescape(text),
            Form::Encoded(Cow::Owned(text)) => Cow::Owned(unescape(&text).into_owned()),
        }
    }

    /// The text itself, in memory of its own.
    pub fn into_string(self) -> String {
        self.into_decoded().into_owned()
    }

    /// The same in memory of its own, decoded no further than it is.
    pub fn into_owned(self) -> Text<'static> {
        Text(match self.0 {
            Form::Encoded(text) => Form::Encoded(Cow::Owned(text.into_owned())),
            Form::Plain(text) => Form::Plain(Cow::Owned(text.into_owned())),
        })
    }

    /// The inside of a JSON literal if this is one: what [`super::Writer`] copies.
    pub fn literal(&self) -> Result<&str, &str> {
        match &self.0 {
            Form::Encoded(text) => Ok(text),
            Form::Plain(text) => Err(text),
        }
    }
}

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.decode())
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text(Form::Plain(Cow::Borrowed(text)))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Text(Form::Plain(Cow::Owned(text)))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Text(Form::Plain(text))
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text::from("")
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.decode() == other.decode()
    }
}
impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        match &self.0 {
            Form::Plain(text) => text == other,
            // An escape is longer than what it stands for: only a longer literal can be another writing of the same.
            Form::Encoded(text) if text.len() > other.len() => {
                text.len() <= other.len().saturating_mul(LONGEST_ESCAPE) && is_writing_of(text, other)
            }
            Form::Encoded(text) => text == other && !other.contains('\\'),
        }
    }
}

/// So many bytes stand for one at most: `\u0061`.
const LONGEST_ESCAPE: usize = 6;

#[inline(never)]
fn is_writing_of(literal: &str, text: &str) -> bool {
    literal.contains('\\') && unescape(literal) == text
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// What follows an escape that stands for a blank, if the text begins with one.
fn after_blank_escape(text: &str) -> Option<&str> {
    let escaped = text.strip_prefix('\\')?;
    if let Some(digits) = escaped.strip_prefix('u') {
        let (decoded, rest) = unicode_escape(digits);
        return decoded.is_whitespace().then_some(rest);
    }
    escaped.strip_prefix(['n', 'r', 't', 'f'])
}

fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let (decoded, tail) = unicode_escape(chars.as_str());
                out.push(decoded);
                rest = tail;
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Decodes what follows `\u`, and the second half of a surrogate pair.
fn unicode_escape(text: &str) -> (char, &str) {
    let Some((unit, rest)) = hex4(text) else { return (char::REPLACEMENT_CHARACTER, "") };
    if let Some(decoded) = char::from_u32(unit) {
        return (decoded, rest);
    }
    if (0xd800..0xdc00).contains(&unit)
        && let Some((low, tail)) = rest.strip_prefix("\\u").and_then(hex4)
        && (0xdc00..0xe000).contains(&low)
    {
        let joined = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        return (char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), tail);
    }
    (char::REPLACEMENT_CHARACTER, rest)
}

fn hex4(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::super::{Raw, Text};

    fn decode(json: &str) -> String {
        Raw::trusted(json).text().unwrap().decode().into_owned()
    }

    #[test]
    fn settles_what_has_nothing_to_escape() {
        assert!(Text::from("iVBOR/+=").settled().literal().is_ok());
        assert!(Text::from("a\"b").settled().literal().is_err());
        assert_eq!(Text::from("a\nb").settled().decode(), "a\nb");
    }

    #[test]
    fn escapes() {
        assert_eq!(decode(r#""plain é""#), "plain é");
        assert_eq!(decode(r#""a\n\t\"\\\/\b\f\r\u00e9\ud83d\ude00z""#), "a\n\t\"\\/\u{8}\u{c}\ré😀z");
        assert_eq!(decode(r#""\ud83dx""#), "\u{fffd}x");
        assert_eq!(decode(r#""\ude00\u0041""#), "\u{fffd}A");
    }

    #[test]
    fn blank() {
        let blank = |json| Raw::trusted(json).text().unwrap().is_blank();
        assert!(blank(r#""""#) && blank(r#"" \n\t \r\n ""#) && super::Text::from(" \n").is_blank());
        assert!(!blank(r#"" \n x""#) && !blank(r#""\\""#) && !super::Text::from(" \n.").is_blank());
    }

    #[test]
    fn compares_by_characters() {
        assert!(Raw::trusted(r#""m\u006fdel""#).text().unwrap() == "model");
        assert!(Raw::trusted(r#""model""#).text().unwrap() == *"model");
        assert!(Raw::trusted(r#""mode\\l""#).text().unwrap() != *"model");
    }
}
