//! JSON laid out over lines, for people; numbers and strings stay as they are written.

use super::{Kind, Raw, Writer};

/// The value with each member and element on a line of its own, and a line break at the end.
pub fn indented(value: Raw<'_>) -> String {
    let mut out = Vec::with_capacity(value.as_json().len().saturating_mul(2));
    lay_out(value, 0, &mut out);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

/// What is nested more deeply stays on one line: nobody reads it, and each level takes stack.
const DEEPEST: usize = 64;

fn lay_out(value: Raw<'_>, depth: usize, out: &mut Vec<u8>) {
    let (open, close) = match value.kind() {
        _ if depth >= DEEPEST => return out.extend_from_slice(value.as_json().as_bytes()),
        Kind::Object => (b'{', b'}'),
        Kind::Array => (b'[', b']'),
        _ => return out.extend_from_slice(value.as_json().as_bytes()),
    };
    out.push(open);
    let members = value.fields().map(|(key, value)| (Some(key), value));
    let mut empty = true;
    for (key, member) in members.chain(value.items().map(|item| (None, item))) {
        if !empty {
            out.push(b',');
        }
        empty = false;
        line(depth.saturating_add(1), out);
        if let Some(key) = key {
            let mut name = Vec::new();
            Writer::new(&mut name).text(&key);
            out.extend_from_slice(&name);
            out.extend_from_slice(b": ");
        }
        lay_out(member, depth.saturating_add(1), out);
    }
    if !empty {
        line(depth, out);
    }
    out.push(close);
}

fn line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', depth.saturating_mul(2)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_and_keeps() {
        let raw = Raw::parse(br#"{"a":[1.0,{"\u00e9":"x, y"}],"b":{},"c":[]}"#).unwrap();
        let expected = "{\n  \"a\": [\n    1.0,\n    {\n      \"\\u00e9\": \"x, y\"\n    }\n  ],\n  \"b\": {},\n  \"c\": []\n}\n";
        assert_eq!(indented(raw), expected);
        assert_eq!(indented(Raw::parse(b"7").unwrap()), "7\n");
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let laid_out = indented(Raw::parse(deep.as_bytes()).unwrap());
        assert_eq!(laid_out.replace([' ', '\n'], ""), deep);
    }
}
