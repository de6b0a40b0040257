//! The strings in a value, however deep, in one pass over its text.
//!
//! A caller may nest what no shape bounds (a tool's arguments, a member that nobody knows) thousands of levels deep. So this
//! doesn't walk from level to level, where each would be read once for every level around it.

use crate::json::{Raw, Text};
use memchr::{memchr, memchr2};

/// The strings that are no names of members.
pub(super) struct Leaves<'a> {
    text: &'a str,
    at: usize,
    /// The last name, and where its value may begin.
    name: Option<(Text<'a>, usize)>,
}

/// One of them.
pub(super) struct Leaf<'a> {
    /// The member whose value it is; none for what stands in a list.
    pub name: Option<Text<'a>>,
    /// With its quotes.
    pub literal: Raw<'a>,
}

impl<'a> Leaves<'a> {
    pub fn of(value: Raw<'a>) -> Leaves<'a> {
        Leaves { text: value.as_json(), at: 0, name: None }
    }

    /// Past the blanks that begin at `at`.
    fn after_blanks(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + (rest.len() - rest.trim_ascii_start().len())
    }
}

impl<'a> Iterator for Leaves<'a> {
    type Item = Leaf<'a>;

    fn next(&mut self) -> Option<Leaf<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at + memchr(b'"', bytes.get(self.at..)?)?;
            let end = string_end(bytes, start + 1)?;
            let literal = self.text.get(start..end)?;
            let next = self.after_blanks(end);
            if bytes.get(next) == Some(&b':') {
                self.at = next + 1;
                let name = Text::encoded(literal.get(1..literal.len().checked_sub(1)?)?);
                self.name = Some((name, self.after_blanks(self.at)));
            } else {
                self.at = next;
                let name = self.name.take().filter(|(_, value)| *value == start).map(|(name, _)| name);
                return Some(Leaf { name, literal: Raw::trusted(literal) });
            }
        }
    }
}

/// Past the quote that ends the string whose inside begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(json: &str) -> Vec<(String, String)> {
        let leaf = |leaf: Leaf<'_>| {
            (leaf.name.map(Text::into_string).unwrap_or_default(), leaf.literal.as_json().to_owned())
        };
        Leaves::of(Raw::trusted(json)).map(leaf).collect()
    }

    #[test]
    fn finds_each_with_the_name_before_it() {
        let json = r#"{"a" : "x\\\"y\\" ,"b":["1", "2",{"c": 3 , "d":"e: f"}],"g":null,"":"h", "\u0061":""}"#;
        let expected = [("a", r#""x\\\"y\\""#), ("", "\"1\""), ("", "\"2\""), ("d", "\"e: f\"")];
        let expected = expected.iter().chain(&[("", "\"h\""), ("a", "\"\"")]);
        assert_eq!(leaves(json), expected.map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<_>>());
        assert_eq!(leaves("\"x\""), [(String::new(), "\"x\"".to_owned())]);
        assert!(leaves("[1,{},null]").is_empty());
    }

    #[test]
    fn garbage_ends() {
        for json in ["\"", "{\"a", "{\"a\":", "[\"\\", "\"a\"\"", "\"\\\"", "\":\":\":", "é\"é"] {
            assert!(leaves(json).len() < 3, "{json}");
        }
    }

    #[test]
    fn depth_costs_nothing() {
        let depth = 100_000;
        let json = format!("{}\"x\"{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(leaves(&json).len(), 1);
    }
}
