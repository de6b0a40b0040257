//! The headers of a frame.

/// A header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderValue<'a> {
    /// True and false are two types of the wire.
    Bool(bool),
    /// A whole number of 8, 16, 32 or 64 bits.
    Integer(i64),
    /// At most 64 KiB.
    Bytes(&'a [u8]),
    /// In UTF-8, at most 64 KiB.
    Text(&'a str),
    /// Milliseconds since 1970.
    Timestamp(i64),
    /// Its bytes, as they came.
    Uuid([u8; 16]),
}

/// Walks a frame's headers; ends at the first that can't be read.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Headers { rest: bytes }
    }

    /// The walk came to the end of the headers and not to one that can't be read.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, HeaderValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[length], rest) = self.rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(usize::from(length)).filter(|(name, _)| !name.is_empty())?;
        let (&[kind], rest) = rest.split_first_chunk()?;
        let name = std::str::from_utf8(name).ok()?;
        let (value, rest) = read_value(kind, rest)?;
        self.rest = rest;
        Some((name, value))
    }
}

/// Reads a value of the type `kind`, and gives what follows it.
fn read_value(kind: u8, bytes: &[u8]) -> Option<(HeaderValue<'_>, &[u8])> {
    Some(match kind {
        0 => (HeaderValue::Bool(true), bytes),
        1 => (HeaderValue::Bool(false), bytes),
        2 => fixed(bytes, |b| HeaderValue::Integer(i8::from_be_bytes(b).into()))?,
        3 => fixed(bytes, |b| HeaderValue::Integer(i16::from_be_bytes(b).into()))?,
        4 => fixed(bytes, |b| HeaderValue::Integer(i32::from_be_bytes(b).into()))?,
        5 => fixed(bytes, |b| HeaderValue::Integer(i64::from_be_bytes(b)))?,
        6 | 7 => {
            let (&length, rest) = bytes.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(length)))?;
            let value = if kind == 6 {
                HeaderValue::Bytes(value)
            } else {
                HeaderValue::Text(std::str::from_utf8(value).ok()?)
            };
            (value, rest)
        }
        8 => fixed(bytes, |b| HeaderValue::Timestamp(i64::from_be_bytes(b)))?,
        9 => fixed(bytes, HeaderValue::Uuid)?,
        _ => return None,
    })
}

fn fixed<const N: usize>(
    bytes: &[u8],
    value: impl FnOnce([u8; N]) -> HeaderValue<'static>,
) -> Option<(HeaderValue<'_>, &[u8])> {
    bytes.split_first_chunk().map(|(first, rest)| (value(*first), rest))
}
