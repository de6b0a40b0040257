//! A push writer: what goes out is written straight into the buffer that leaves.

use super::scan::next_special;
use super::{Raw, Text};

/// Writes JSON into a byte buffer, placing commas by itself.
///
/// The caller opens and closes objects and arrays in pairs ([`Writer::object`] and [`Writer::array`] do it for a
/// closure) and puts a [`Writer::key`] before each member.
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// Weighing: so many bytes were left out.
    spared: Option<usize>,
}

/// What is shorter is written while weighing, too: it costs less than to leave it out.
const LONG: usize = 256;

impl<'o> Writer<'o> {
    /// Appends to `out`; what is there already is left alone.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Writer { out, start, spared: None }
    }

    /// A writer that finds out how long a document will be: long values that would be copied are counted only.
    pub fn weighing(out: &'o mut Vec<u8>) -> Self {
        Writer { spared: Some(0), ..Writer::new(out) }
    }

    /// How long the document is so far.
    pub fn length(&self) -> usize {
        self.out.len().saturating_sub(self.start).saturating_add(self.spared.unwrap_or_default())
    }

    fn copy(&mut self, bytes: &[u8]) {
        match &mut self.spared {
            Some(spared) if bytes.len() > LONG => *spared = spared.saturating_add(bytes.len()),
            _ => self.out.extend_from_slice(bytes),
        }
    }

    fn separate(&mut self) {
        if self.out.len() > self.start && !matches!(self.out.last(), Some(b'{' | b'[' | b':' | b',')) {
            self.out.push(b',');
        }
    }

    /// The next calls write its members.
    pub fn open_object(&mut self) {
        self.separate();
        self.out.push(b'{');
    }

    /// Ends what [`Writer::open_object`] began.
    pub fn close_object(&mut self) {
        self.out.push(b'}');
    }

    /// The next calls write its elements.
    pub fn open_array(&mut self) {
        self.separate();
        self.out.push(b'[');
    }

    /// Ends what [`Writer::open_array`] began.
    pub fn close_array(&mut self) {
        self.out.push(b']');
    }

    /// An object whose members the function writes.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.open_object();
        members(self);
        self.close_object();
    }

    /// An array whose elements the function writes.
    pub fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.open_array();
        elements(self);
        self.close_array();
    }

    /// A member's name, one of ours that needs no escape; the next call writes its value.
    pub fn key(&mut self, name: &'static str) -> &mut Self {
        self.separate();
        self.out.reserve(name.len() + 3);
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self
    }

    /// A member's name that isn't ours.
    pub fn key_string(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.out.push(b':');
        self
    }

    /// A member's name in whatever form it came.
    pub fn key_text(&mut self, name: &Text<'_>) -> &mut Self {
        self.text(name);
        self.out.push(b':');
        self
    }

    /// A string, escaped where it needs to be.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.out.push(b'"');
        escape(text, self.out);
        self.out.push(b'"');
    }

    /// A string in whatever form it came: a literal is copied with its escapes.
    pub fn text(&mut self, text: &Text<'_>) {
        self.texts([text]);
    }

    /// Several strings as one.
    pub fn texts<'t>(&mut self, parts: impl IntoIterator<Item = &'t Text<'t>>) {
        self.separate();
        self.out.push(b'"');
        for part in parts {
            match part.literal() {
                Ok(literal) => self.copy(literal.as_bytes()),
                Err(plain) => escape(plain, self.out),
            }
        }
        self.out.push(b'"');
    }

    /// A value as it was written.
    pub fn raw(&mut self, value: Raw<'_>) {
        self.separate();
        let json = value.as_json().as_bytes();
        if self.spared.is_some() && json.len() > LONG {
            // A value must stand there: commas go by the last byte.
            self.spared = self.spared.map(|spared| spared.saturating_add(json.len() - 1));
            return self.out.push(b'0');
        }
        self.out.extend_from_slice(json);
    }

    /// A whole number.
    pub fn u64(&mut self, number: u64) {
        self.separate();
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    /// A finite number; JSON has no other, so anything else is written as `null`.
    pub fn f64(&mut self, number: f64) {
        self.separate();
        if number.is_finite() {
            self.out.extend_from_slice(number.to_string().as_bytes());
        } else {
            self.out.extend_from_slice(b"null");
        }
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.separate();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.raw(Raw::NULL);
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Copies the runs between the bytes that JSON wants escaped.
fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut run = 0;
    while let Some((at, byte)) = next_special(bytes, run) {
        out.extend_from_slice(bytes.get(run..at).unwrap_or_default());
        run = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(bytes.get(run..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighs_what_it_would_write() {
        let long = format!(r#""{}\n""#, "a".repeat(LONG));
        let write = |w: &mut Writer<'_>| {
            w.object(|w| {
                w.key("a").array(|w| {
                    w.raw(Raw::trusted(&long));
                    w.raw(Raw::trusted("1"));
                    w.text(&Raw::trusted(&long).text().unwrap());
                    w.string(&"\n".repeat(LONG));
                });
                w.key("b").raw(Raw::trusted(&long));
            });
        };
        let (mut written, mut weighed) = (b"before".to_vec(), b"before".to_vec());
        let mut w = Writer::new(&mut written);
        write(&mut w);
        let length = w.length();
        let mut w = Writer::weighing(&mut weighed);
        write(&mut w);
        assert_eq!((w.length(), length), (length, written.len() - "before".len()));
        assert!(weighed.len() < written.len() / 2);
    }

    #[test]
    fn places_commas_and_escapes() {
        let mut out = b"data: ".to_vec();
        let mut w = Writer::new(&mut out);
        w.object(|w| {
            w.key("a").array(|w| {
                w.u64(1);
                w.string("x\"\\\n\u{1}é");
                w.array(|_| {});
                w.f64(0.5);
                w.f64(f64::NAN);
            });
            w.key("b").raw(Raw::trusted("{\"k\": 1.0}"));
            w.key("c").texts([&Text::from("p\n"), &Raw::trusted(r#""\u00e9""#).text().unwrap()]);
            w.key("d").bool(true);
        });
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            r#"data: {"a":[1,"x\"\\\n\u0001é",[],0.5,null],"b":{"k": 1.0},"c":"p\n\u00e9","d":true}"#
        );
    }
}
