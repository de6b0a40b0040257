//! A value inside a validated document.

use super::Text;
use super::outline::{OutlineNode, narrow, wide};
use super::scan::string_end;
use memchr::memmem;
use std::borrow::Cow;

/// What a value starts like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`, or nothing at all.
    Null,
}

/// Why a document is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// What the parser says, without the position.
    pub reason: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at line {} column {}", self.reason, self.line, self.column)
    }
}

/// One JSON value, as the text it was written in.
///
/// Made by [`Raw::parse`], which validates, or by [`Raw::trusted`] over text that was validated before. Reading text
/// that isn't JSON gives wrong answers but never panics and always ends.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    text: &'a str,
    /// This value's node and those of what is in it, if the document was outlined and the value has one.
    nodes: &'a [OutlineNode],
}

impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Raw<'_> {}

impl std::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}

impl<'a> Raw<'a> {
    /// What stands for a value that is not there.
    pub const NULL: Raw<'static> = Raw { text: "null", nodes: &[] };

    /// Validates the whole document.
    ///
    /// # Errors
    /// Where and why it is not JSON in UTF-8.
    pub fn parse(bytes: &'a [u8]) -> Result<Raw<'a>, SyntaxError> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| not_utf8(bytes))?;
        match serde_json::from_str::<&serde_json::value::RawValue>(text) {
            Ok(raw) => Ok(Raw::known(raw.get(), &[])),
            Err(error) => {
                let whole = error.to_string();
                let reason = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(reason, _)| reason);
                Err(SyntaxError { line: error.line(), column: error.column(), reason: reason.to_owned() })
            }
        }
    }

    pub(super) fn known(text: &'a str, nodes: &'a [OutlineNode]) -> Raw<'a> {
        Raw { text, nodes }
    }

    pub(super) fn nodes(self) -> &'a [OutlineNode] {
        self.nodes
    }

    /// Text that is known to be one JSON value: validated before, or written by us.
    pub fn trusted(json: &'a str) -> Raw<'a> {
        Raw::known(json.trim_matches(BLANK), &[])
    }

    /// The value's text, byte for byte.
    pub fn as_json(self) -> &'a str {
        self.text
    }

    /// The value's text without the blanks around its parts, as a provider that lays its JSON out over lines puts them.
    pub fn compact(self) -> Cow<'a, str> {
        let bytes = self.text.as_bytes();
        let mut out = String::new();
        let (mut at, mut run) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at).unwrap_or(bytes.len()),
                b' ' | b'\t' | b'\r' | b'\n' => {
                    out.push_str(self.text.get(run..at).unwrap_or_default());
                    at += 1;
                    run = at;
                }
                _ => at += 1,
            }
        }
        if run == 0 {
            return Cow::Borrowed(self.text);
        }
        out.push_str(self.text.get(run..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// What it starts like; the rest is not looked at.
    pub fn kind(self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The string, not decoded yet.
    pub fn text(self) -> Option<Text<'a>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        Some(Text::encoded(inner))
    }

    /// `None` if it is neither `true` nor `false`.
    pub fn as_bool(self) -> Option<bool> {
        match self.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A whole number of zero or more; `3.0` and `3e2` count, as a `Struct` writes whole numbers so.
    pub fn as_u64(self) -> Option<u64> {
        if let Ok(whole) = self.text.parse() {
            return Some(whole);
        }
        let number = self.as_f64()?;
        let exact = number >= 0.0 && number.fract() == 0.0 && number <= 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked the line above")]
        exact.then_some(number as u64)
    }

    /// A whole number, written as one: `3.0` is none here.
    pub fn as_i64(self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The nearest number that there is. `None` if it is no number: a string of digits is none.
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() == Kind::Number { self.text.parse().ok() } else { None }
    }

    /// A member by name. Of several with one name the last counts, as in Python and JavaScript.
    pub fn get(self, name: &str) -> Option<Raw<'a>> {
        let Some((own, mut nodes)) = self.nodes.split_first().filter(|(own, _)| own.is_whole()) else {
            return self.fields().filter(|(key, _)| key == name).map(|(_, value)| value).last();
        };
        if self.kind() != Kind::Object {
            return None;
        }
        let base = wide(own.start);
        let mut found: &[OutlineNode] = &[];
        while let Some(node) = nodes.first() {
            if node.is_called(name, self.text, base) {
                found = nodes;
            }
            nodes = nodes.get(node.count()..)?;
        }
        let node = found.first()?;
        Some(Raw { text: self.between(node.start, wide(node.end))?, nodes: found.get(..node.count())? })
    }

    /// Whether it was outlined, so that walking it takes little or no reading.
    pub fn is_outlined(self) -> bool {
        !self.nodes.is_empty()
    }

    /// Whether an object in it may have a member of that name; `false` is sure, but for a name that is written with
    /// escapes.
    pub fn may_have_member(self, name: &str) -> bool {
        if let Some(own) = self.nodes.first().filter(|own| own.has_all_members()) {
            let base = wide(own.start);
            return self.nodes.iter().skip(1).any(|node| node.is_called(name, self.text, base));
        }
        memmem::find(self.text.as_bytes(), format!("\"{name}\"").as_bytes()).is_some()
    }

    /// Whether a member in it may be this string; `false` is sure, but for a string that is written with escapes.
    pub fn may_have_string(self, string: &str) -> bool {
        let literal = format!("\"{string}\"");
        if self.nodes.first().is_some_and(OutlineNode::has_all_members) {
            let is_it = |node: &OutlineNode| self.between(node.start, wide(node.end)) == Some(&literal);
            let length = narrow(literal.len());
            return self.nodes.iter().skip(1).any(|node| node.end - node.start == length && is_it(node));
        }
        memmem::find(self.text.as_bytes(), literal.as_bytes()).is_some()
    }

    /// A piece of it by places in the document.
    fn between(self, start: u32, end: usize) -> Option<&'a str> {
        let base = wide(self.nodes.first()?.start);
        self.text.get(wide(start).checked_sub(base)?..end.checked_sub(base)?)
    }

    /// As [`Raw::get`], with `null` taken for absent.
    pub fn present(self, name: &str) -> Option<Raw<'a>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// A member by a path of names.
    pub fn at(self, path: &[&str]) -> Option<Raw<'a>> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }
}

pub(super) const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) fn not_utf8(bytes: &[u8]) -> SyntaxError {
    let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let before = bytes.get(..valid).unwrap_or_default();
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    SyntaxError {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: before.len() - line_start + 1,
        reason: "invalid UTF-8".to_owned(),
    }
}

pub(super) fn json_of(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_without_building() {
        let raw = Raw::parse(br#" {"a" : [1, "x\"}]" , {"b":null}] ,"n":-1.50, "a":true} "#).unwrap();
        let keys: Vec<_> = raw.fields().map(|(k, v)| (k.decode().into_owned(), v.as_json())).collect();
        assert_eq!(keys[0], ("a".into(), r#"[1, "x\"}]" , {"b":null}]"#));
        assert_eq!(keys[1], ("n".into(), "-1.50"));
        assert_eq!(raw.get("a").unwrap().as_bool(), Some(true));
        let items: Vec<_> = keys[0].1.pipe(Raw::trusted).items().map(Raw::as_json).collect();
        assert_eq!(items, ["1", r#""x\"}]""#, r#"{"b":null}"#]);
        assert_eq!(Raw::trusted("{ }").fields().count() + Raw::trusted("[]").items().count(), 0);
    }

    trait Pipe<T>: Sized {
        fn pipe<R>(self, f: impl FnOnce(Self) -> R) -> R {
            f(self)
        }
    }
    impl<'a> Pipe<&'a str> for &'a str {}

    #[test]
    fn numbers() {
        let whole = |json| Raw::trusted(json).as_u64();
        assert_eq!(
            [whole("3"), whole("3.0"), whole("3e2"), whole("18446744073709551615")],
            [Some(3), Some(3), Some(300), Some(u64::MAX)]
        );
        assert_eq!([whole("-1"), whole("1.5"), whole("\"3\""), whole("1e300"), whole("null")], [None; 5]);
    }

    #[test]
    fn errors_have_a_position() {
        let error = Raw::parse(b"{\"a\": 1,\n  oops}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        let error = Raw::parse(b"{\n\"a\": \"\xff\"}").unwrap_err();
        assert_eq!((error.line, error.column, error.reason.as_str()), (2, 7, "invalid UTF-8"));
        assert!(Raw::parse(b"").is_err() && Raw::parse(b"{} {}").is_err());
    }

    #[test]
    fn compact() {
        let compact = |json: &'static str| Raw::trusted(json).compact();
        assert_eq!(
            compact("{\n  \"a b\": [ 1,\t\"x \\\" y\" ],\r\n \"c\": {} }"),
            r#"{"a b":[1,"x \" y"],"c":{}}"#
        );
        assert!(matches!(compact(r#"{"a b":1}"#), Cow::Borrowed(_)));
        assert_eq!(compact("{ \"a"), "{\"a");
    }

    #[test]
    fn garbage_ends() {
        for text in ["{", "[", "{\"a\"", "{\"a\":", "[\"\\", "[1 2", "{:}", "[[[", "{\"a\":1]", "\""] {
            let raw = Raw::trusted(text);
            assert!(raw.fields().count() + raw.items().count() < 4, "{text}");
            let _ = (raw.text(), raw.as_u64(), raw.get("a"), raw.compact());
        }
    }
}
