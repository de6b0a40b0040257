//! Follows the JSON object of a tool's input as it comes in pieces: when it is whole, and when it is none.
//!
//! Anthropic's SDKs parse what they have of it after every piece and raise an error at the first wrong byte, so a model's
//! slip of the pen would cost the caller the whole answer. From the wrong byte on what was begun is closed, and the
//! words as the model wrote them follow in a member of their own, `INVALID_JSON`, as in whole answers.

use crate::chat::INVALID_JSON;
use crate::json::Writer;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    /// Every byte, for the member that tells them.
    raw: String,
    /// The objects (`true`) and arrays around the next byte.
    open: Vec<bool>,
    next: Next,
    is_broken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Start,
    Value,
    /// A value, or the end of the array that has just begun.
    FirstValue,
    Key,
    /// A key, or the end of the object that has just begun.
    FirstKey,
    Colon,
    CommaOrEnd,
    Text {
        is_key: bool,
    },
    Escape {
        is_key: bool,
    },
    Hex {
        is_key: bool,
        left: u8,
    },
    /// The rest of `true`, `false` or `null`.
    Word(&'static str),
    Number(Number),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Prefix {
    /// What of a piece can be sent on.
    pub(super) fn feed(&mut self, piece: &str) -> String {
        self.raw.push_str(piece);
        if self.is_broken {
            return escaped(piece);
        }
        for (good, byte) in piece.bytes().enumerate() {
            match self.step(byte) {
                Some(next) => self.next = next,
                // The object is whole and out: what a model says after it has no place in it.
                None if self.next == Next::End => return piece.get(..good).unwrap_or_default().to_owned(),
                None => {
                    self.is_broken = true;
                    let mut out = piece.get(..good).unwrap_or_default().to_owned();
                    self.close(&mut out);
                    return out;
                }
            }
        }
        piece.to_owned()
    }

    /// What is to be sent after the last piece.
    pub(super) fn finish(&self) -> &'static str {
        if self.is_broken { "\"}" } else { "" }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.next == Next::End
    }

    /// What comes after this byte; `None`: it can't stand here.
    fn step(&mut self, byte: u8) -> Option<Next> {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        Some(match (self.next, byte) {
            (Next::Text { is_key: true }, b'"') => Next::Colon,
            (Next::Text { is_key: false }, b'"') => Next::CommaOrEnd,
            (Next::Text { is_key }, b'\\') => Next::Escape { is_key },
            (Next::Text { .. }, 0..0x20) => return None,
            (Next::Text { is_key }, _) => Next::Text { is_key },
            (Next::Escape { is_key }, b'u') => Next::Hex { is_key, left: 4 },
            (Next::Escape { is_key }, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                Next::Text { is_key }
            }
            (Next::Hex { is_key, left }, _) if byte.is_ascii_hexdigit() => match left {
                0 | 1 => Next::Text { is_key },
                _ => Next::Hex { is_key, left: left - 1 },
            },
            (Next::Word(rest), _) => match rest.strip_prefix(char::from(byte))? {
                "" => Next::CommaOrEnd,
                rest => Next::Word(rest),
            },
            (Next::Number(number), _) => match number.step(byte) {
                Some(number) => Next::Number(number),
                None if number.may_end() => {
                    self.next = Next::CommaOrEnd;
                    return self.step(byte);
                }
                None => return None,
            },
            (next, _) if is_blank && !matches!(next, Next::Escape { .. } | Next::Hex { .. }) => next,
            (Next::Start, b'{') => self.begin(true),
            (Next::Value | Next::FirstValue, _) if byte != b']' || self.next == Next::Value => {
                self.value(byte)?
            }
            (Next::Key | Next::FirstKey, b'"') => Next::Text { is_key: true },
            (Next::Colon, b':') => Next::Value,
            (Next::CommaOrEnd, b',') => {
                if *self.open.last()? {
                    Next::Key
                } else {
                    Next::Value
                }
            }
            (Next::CommaOrEnd | Next::FirstKey, b'}') if self.open.last() == Some(&true) => self.end(),
            (Next::CommaOrEnd | Next::FirstValue, b']') if self.open.last() == Some(&false) => self.end(),
            _ => return None,
        })
    }

    fn begin(&mut self, is_object: bool) -> Next {
        self.open.push(is_object);
        if is_object { Next::FirstKey } else { Next::FirstValue }
    }

    fn end(&mut self) -> Next {
        self.open.pop();
        if self.open.is_empty() { Next::End } else { Next::CommaOrEnd }
    }

    fn value(&mut self, byte: u8) -> Option<Next> {
        Some(match byte {
            b'{' => self.begin(true),
            b'[' => self.begin(false),
            b'"' => Next::Text { is_key: false },
            b't' => Next::Word("rue"),
            b'f' => Next::Word("alse"),
            b'n' => Next::Word("ull"),
            b'-' => Next::Number(Number::Minus),
            b'0' => Next::Number(Number::Zero),
            b'1'..=b'9' => Next::Number(Number::Whole),
            _ => return None,
        })
    }

    /// Closes what was begun, and begins the member with the model's own words.
    fn close(&mut self, out: &mut String) {
        // What a nested object or array needs before it can end, then a comma or nothing for the outermost object.
        let needed = match self.next {
            Next::Start | Next::End | Next::FirstKey | Next::FirstValue | Next::CommaOrEnd => "",
            Next::Value => "null",
            Next::Key => "\"\":null",
            Next::Colon => ":null",
            Next::Text { is_key: true } => "\":null",
            Next::Text { is_key: false } => "\"",
            Next::Escape { is_key: true } => "\\\":null",
            Next::Escape { is_key: false } => "\\\"",
            Next::Hex { is_key, left } => {
                (0..left).for_each(|_| out.push('0'));
                if is_key { "\":null" } else { "\"" }
            }
            Next::Word(rest) => rest,
            Next::Number(number) if number.may_end() => "",
            Next::Number(_) => "0",
        };
        out.push_str(needed);
        let is_empty = matches!(self.next, Next::FirstKey) && self.open.len() == 1;
        while self.open.len() > 1 {
            out.push(if self.open.pop() == Some(true) { '}' } else { ']' });
        }
        if self.open.is_empty() {
            out.push('{');
        } else if !is_empty {
            out.push(',');
        }
        out.push('"');
        out.push_str(INVALID_JSON);
        out.push_str("\":\"");
        out.push_str(&escaped(&self.raw));
    }
}

impl Number {
    fn step(self, byte: u8) -> Option<Number> {
        Some(match (self, byte) {
            (Number::Minus, b'0') => Number::Zero,
            (Number::Minus | Number::Whole, b'0'..=b'9') => Number::Whole,
            (Number::Zero | Number::Whole, b'.') => Number::Point,
            (Number::Point | Number::Fraction, b'0'..=b'9') => Number::Fraction,
            (Number::Zero | Number::Whole | Number::Fraction, b'e' | b'E') => Number::Exponent,
            (Number::Exponent, b'+' | b'-') => Number::Sign,
            (Number::Exponent | Number::Sign | Number::Power, b'0'..=b'9') => Number::Power,
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(self, Number::Zero | Number::Whole | Number::Fraction | Number::Power)
    }
}

/// A text as it stands inside a JSON string.
fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    let whole = String::from_utf8(out).unwrap_or_default();
    whole.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Raw;
    use proptest::prelude::*;

    fn sent(pieces: &[&str]) -> (String, bool) {
        let mut prefix = Prefix::default();
        let mut out: String = pieces.iter().map(|piece| prefix.feed(piece)).collect();
        out.push_str(prefix.finish());
        (out, prefix.is_closed())
    }

    #[test]
    fn good_json_goes_as_it_is() {
        let json = r#"{ "a" : [1, -0.5e+3, true, null, {}, []], "b\u00e9\"": "x,}", "c": {"d": false} }"#;
        for at in 0..json.len() {
            let (head, tail) = json.split_at(at);
            assert_eq!(sent(&[head, tail]), (json.to_owned(), true));
        }
        assert_eq!(sent(&[r#"{"a": "b"#]), (r#"{"a": "b"#.to_owned(), false));
    }

    #[test]
    fn wrong_json_is_told() {
        assert_eq!(sent(&[r#"{"city": Par"#]).0, r#"{"city": null,"INVALID_JSON":"{\"city\": Par"}"#);
        assert_eq!(sent(&["[", "1]"]).0, r#"{"INVALID_JSON":"[1]"}"#);
        assert_eq!(sent(&["{", "x", "}"]).0, r#"{"INVALID_JSON":"{x}"}"#);
        assert_eq!(
            sent(&[r#"{"":1},"#, " x"]),
            (r#"{"":1} "#.to_owned(), true),
            "an object that is out stays as it is"
        );
    }

    proptest! {
        #[test]
        fn what_is_sent_is_json(json in r#"\{("[a\\"u0]*":?(\[|\{|1\.?e?|tru|e|nul|"|,|\]|\}|é|\n){0,6},?){0,4}\}?"#, cut in 0usize..40) {
            let at = (0..=cut.min(json.len())).rev().find(|at| json.is_char_boundary(*at)).unwrap();
            let (head, tail) = json.split_at(at);
            let (out, is_closed) = sent(&[head, tail]);
            let is_broken = out.contains(INVALID_JSON);
            prop_assert_eq!(is_closed || is_broken, Raw::parse(out.as_bytes()).is_ok(), "{} of {}", out, json);
        }
    }
}
