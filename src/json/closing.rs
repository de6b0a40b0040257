//! Where a document ends, told while it comes.
//!
//! HTTP/2 need not say how long a body is, and may end it with trailers, where nothing of it can be changed any more. So
//! whoever waits for a whole document must see its end in the document itself.

use memchr::memchr2;

/// Looks for the end of an object or an array in pieces, each byte once. It doesn't judge what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// How many containers are open.
    depth: usize,
    in_string: bool,
    /// The last byte was a backslash in a string.
    escaped: bool,
    closed: bool,
}

impl Closing {
    /// Whether the document's last brace or bracket is among what has come by now.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !self.closed && !rest.is_empty() {
            rest = if self.in_string { self.string(rest) } else { self.structure(rest) };
        }
        self.closed
    }

    /// Goes on in a string; what follows it.
    fn string<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if std::mem::take(&mut self.escaped) {
            return bytes.get(1..).unwrap_or_default();
        }
        let Some(at) = memchr2(b'"', b'\\', bytes) else { return &[] };
        match bytes.get(at) {
            Some(b'\\') => self.escaped = true,
            _ => self.in_string = false,
        }
        bytes.get(at + 1..).unwrap_or_default()
    }

    /// Goes on between strings; from the next string on.
    fn structure<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.in_string = true;
                    return bytes.get(at + 1..).unwrap_or_default();
                }
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.closed = true;
                        return &[];
                    }
                }
                _ => {}
            }
        }
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_seen_at_any_split() {
        let document = br#" {"a]":"}\"\\","b":[1,{"c":"\u005d"}]} "#;
        let end = document.len() - 1;
        for cut in 0..=document.len() {
            let (first, second) = document.split_at(cut);
            let mut closing = Closing::default();
            assert_eq!(closing.push(first), cut >= end, "{cut}");
            assert!(closing.push(second), "{cut}");
        }
        let mut bytewise = Closing::default();
        let ends: Vec<bool> = document.iter().map(|byte| bytewise.push(&[*byte])).collect();
        assert_eq!(ends.iter().position(|closed| *closed), Some(end - 1));
    }

    #[test]
    fn what_is_no_container_has_no_end() {
        for text in ["", "12", "\"}\"", "null", "{", "[[]", "{\"a\":\"}"] {
            assert!(!Closing::default().push(text.as_bytes()), "{text}");
        }
    }
}
