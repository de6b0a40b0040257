//! Documents that differ from the one before in nothing but a string, as the events of a streamed answer mostly do.
//!
//! An event that was read in full teaches its [`Shape`]. A later one of the same shape is that event with other text in
//! its strings: it is valid JSON if they are, and it means the same but for them. So it needs no parser.

use super::scan::string_literal_end;

/// So many strings of an event may change: the text, and what a provider adds to hide the text's length.
pub const HOLES: usize = 2;

/// The bytes of an event around the strings that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Before the first string, between the strings, after the last; quotes belong to these.
    parts: Vec<Vec<u8>>,
}

impl Shape {
    /// Of an event of valid JSON. `holes`: where the insides of its changing strings begin and end, in ascending order.
    pub fn of(event: &[u8], holes: &[(usize, usize)]) -> Option<Shape> {
        if holes.is_empty() || holes.len() > HOLES {
            return None;
        }
        let mut parts = Vec::with_capacity(holes.len() + 1);
        let mut at = 0;
        for (start, end) in holes {
            parts.push(event.get(at..*start)?.to_vec());
            at = *end;
        }
        parts.push(event.get(at..)?.to_vec());
        let opened = parts.iter().take(holes.len()).all(|part| part.last() == Some(&b'"'));
        let closed = parts.iter().skip(1).all(|part| part.first() == Some(&b'"'));
        (opened && closed).then_some(Shape { parts })
    }

    /// The insides of the strings, still escaped, if the event has this shape; unused places are empty.
    #[inline]
    pub fn strings<'e>(&self, event: &'e [u8]) -> Option<[&'e str; HOLES]> {
        let (first, others) = self.parts.split_first()?;
        let mut strings = [""; HOLES];
        let mut at = starts_with(event, first)?;
        for (place, part) in others.iter().enumerate() {
            // The quote that ends the string begins the part.
            let end = string_literal_end(event, at)?;
            let quote = end.checked_sub(1)?;
            *strings.get_mut(place)? = std::str::from_utf8(event.get(at..quote)?).ok()?;
            at = quote + starts_with(event.get(quote..)?, part)?;
        }
        (at == event.len()).then_some(strings)
    }

    /// Writes an event of this shape with these strings.
    #[inline]
    pub fn write(&self, strings: &[&str; HOLES], out: &mut Vec<u8>) {
        let mut strings = strings.iter();
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                out.extend_from_slice(strings.next().copied().unwrap_or_default().as_bytes());
            }
            out.extend_from_slice(part);
        }
    }

    /// Of how many strings.
    pub fn holes(&self) -> usize {
        self.parts.len().saturating_sub(1)
    }
}

/// The length of `part` if the text begins with it. By words: the `memcmp` of WebAssembly goes by bytes.
#[inline]
fn starts_with(text: &[u8], part: &[u8]) -> Option<usize> {
    let (text, _) = text.split_at_checked(part.len())?;
    let ((words, rest), (others, other_rest)) = (text.as_chunks::<16>(), part.as_chunks::<16>());
    let same = words.iter().zip(others).all(|(a, b)| u128::from_le_bytes(*a) == u128::from_le_bytes(*b));
    (same && rest.iter().zip(other_rest).all(|(a, b)| a == b)).then_some(part.len())
}

#[cfg(test)]
mod tests {
    use super::super::Raw;
    use super::*;

    const EVENT: &[u8] = br#"{"model":"m","delta":{"content":"Hello \u00e9"},"x":"ab","n":null}"#;

    fn shape() -> Shape {
        let at = |needle: &[u8]| memchr::memmem::find(EVENT, needle).unwrap();
        let (text, other) = (at(b"Hello"), at(b"ab"));
        Shape::of(EVENT, &[(text, text + 12), (other, other + 2)]).unwrap()
    }

    #[test]
    fn knows_its_own() {
        let shape = shape();
        assert_eq!(shape.strings(EVENT), Some(["Hello \\u00e9", "ab"]));
        let mut out = Vec::new();
        shape.write(&["Hello \\u00e9", "ab"], &mut out);
        assert_eq!((out.as_slice(), shape.holes()), (EVENT, 2));
        let other = br#"{"model":"m","delta":{"content":""},"x":"\"","n":null}"#;
        assert_eq!(shape.strings(other), Some(["", "\\\""]));
        for strange in [
            &br#"{"model":"n","delta":{"content":""},"x":"","n":null}"#[..],
            br#"{"model":"m","delta":{"content":""},"x":"","n":null} "#,
            br#"{"model":"m","delta":{"content":"","y":1},"x":"","n":null}"#,
            br#"{"model":"m","delta":{"content":null},"x":"","n":null}"#,
            br#"{"model":"m","delta":{"content":"\x"},"x":"","n":null}"#,
            b"{\"model\":\"m\",\"delta\":{\"content\":\"\n\"},\"x\":\"\",\"n\":null}",
            b"{\"model\":\"m\",\"delta\":{\"content\":\"\xff\"},\"x\":\"\",\"n\":null}",
            br#"{"model":"m","delta":{"content":""#,
            b"",
        ] {
            assert_eq!(shape.strings(strange), None, "{}", String::from_utf8_lossy(strange));
        }
        assert!(Shape::of(EVENT, &[(1, 3)]).is_none() && Shape::of(EVENT, &[]).is_none());
    }

    proptest::proptest! {
        /// Whatever has the shape is JSON, and the same JSON but for its strings.
        #[test]
        fn law_a_shape_is_never_wrong(middle in "[a\"\\\\u0e{}:,\n\u{e9}]{0,24}") {
            let json = format!(r#"{{"model":"m","delta":{{"content":"{middle}"}},"x":"","n":null}}"#);
            let content = Raw::parse(json.as_bytes()).ok()
                .filter(|raw| raw.fields().count() == 4 && raw.at(&["delta"]).unwrap().fields().count() == 1)
                .and_then(|raw| raw.at(&["delta", "content"])).map(|content| content.as_json().to_owned());
            let strings = shape().strings(json.as_bytes());
            if let Some([text, _]) = strings {
                proptest::prop_assert_eq!(Some(format!("\"{text}\"")), content);
            } else if let Some(content) = content {
                proptest::prop_assert_ne!(content, format!("\"{middle}\""));
            }
        }
    }
}
