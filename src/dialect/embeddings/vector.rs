//! One vector as providers write it and as a caller wants it: numbers, or their bytes in base64.

use crate::dialect::piece::base64;
use crate::json::{Kind, Raw, Text, Writer};

/// A vector, as the provider wrote it.
#[derive(Clone, Debug)]
pub(super) enum Vector<'a> {
    /// A list of numbers.
    Numbers(Raw<'a>),
    /// Little-endian 32-bit floats in base64.
    Base64(Text<'a>),
}

impl<'a> Vector<'a> {
    /// `None` if it is neither.
    pub(super) fn of(value: Raw<'a>) -> Option<Vector<'a>> {
        match value.kind() {
            Kind::Array => Some(Vector::Numbers(value)),
            Kind::String => value.text().map(Vector::Base64),
            _ => None,
        }
    }

    /// Writes it in the wanted form; `None` if it is no vector, and then nothing is written.
    pub(super) fn write(&self, as_base64: bool, w: &mut Writer<'_>) -> Option<()> {
        match (self, as_base64) {
            (Vector::Numbers(numbers), false) => {
                has_numbers_only(*numbers).then_some(())?;
                w.raw(*numbers);
            }
            (Vector::Numbers(numbers), true) => w.string(&base64::encode(&bytes_of(*numbers)?)),
            (Vector::Base64(text), true) => {
                floats_of(text)?;
                w.text(text);
            }
            (Vector::Base64(text), false) => {
                let floats = floats_of(text)?;
                w.array(|w| {
                    for float in floats {
                        // Its own shortest form: as a 64-bit float it would get digits that it never had.
                        w.raw(Raw::trusted(&float.to_string()));
                    }
                });
            }
        }
        Some(())
    }
}

fn has_numbers_only(list: Raw<'_>) -> bool {
    list.items().next().is_some() && list.items().all(|item| item.kind() == Kind::Number)
}

fn bytes_of(list: Raw<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(list.as_json().len() / 2);
    for item in list.items() {
        let float: f32 = item.as_json().trim().parse().ok()?;
        // `parse` knows more than JSON does, and makes infinity of what is too large.
        if item.kind() != Kind::Number || !float.is_finite() {
            return None;
        }
        bytes.extend(float.to_le_bytes());
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn floats_of(text: &Text<'_>) -> Option<Vec<f32>> {
    let bytes = base64::decode(&text.decode())?;
    let (floats, rest) = bytes.as_chunks::<4>();
    let floats: Vec<f32> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    (rest.is_empty() && !floats.is_empty() && floats.iter().all(|float| float.is_finite())).then_some(floats)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str, as_base64: bool) -> Option<String> {
        let mut out = Vec::new();
        Vector::of(Raw::trusted(value))?.write(as_base64, &mut Writer::new(&mut out))?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn there_and_back() {
        let numbers = "[1,-0.5,0.1,3e-5]";
        let text = written(numbers, true).unwrap();
        assert_eq!(text, r#""AACAPwAAAL/NzMw9gqj7Nw==""#);
        assert_eq!(written(&text, false).unwrap(), "[1,-0.5,0.1,0.00003]");
        assert_eq!(written(&text, true).unwrap(), text);
        assert_eq!(written(numbers, false).unwrap(), numbers);
    }

    #[test]
    fn what_is_no_vector() {
        for value in ["[]", r#"["a"]"#, r#"[1,null]"#, "{}", "null", r#""""#, r#""AAAA""#, r#""%%""#] {
            assert_eq!((written(value, true), written(value, false)), (None, None), "{value}");
        }
        // Larger than a 32-bit float can be.
        assert_eq!(written("[1e39]", true), None);
    }
}
