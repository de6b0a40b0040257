//! The head of a provider's answer, as the host hands it over.

/// A response's status and headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// The HTTP status; 0 if there is none.
    pub status: u16,
    /// Names and values as bytes: a provider may send what is not UTF-8.
    pub headers: &'a [(&'a [u8], &'a [u8])],
}

impl<'a> Head<'a> {
    /// Whether its status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let same = |(header, _): &&(&[u8], &[u8])| header.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().find(same).map(|(_, value)| *value)
    }

    /// As [`Head::header`], without blanks around it; nothing if it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.header(name)?).ok().map(str::trim)
    }

    /// The media type of the body, without its parameters: compare it ignoring case.
    pub fn media_type(&self) -> Option<&'a str> {
        self.text("content-type")
            .map(|value| value.split_once(';').map_or(value, |(media, _)| media).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up() {
        let headers: &[(&[u8], &[u8])] = &[
            (b"Content-Type", b" text/event-stream ; charset=utf-8"),
            (b"x-bad", b"caf\xe9"),
            (b"X-BAD", b"b"),
        ];
        let head = Head { status: 200, headers };
        assert_eq!(head.media_type(), Some("text/event-stream"));
        assert_eq!((head.header("x-bad"), head.text("x-bad")), (Some(b"caf\xe9".as_slice()), None));
        assert_eq!(head.text("retry-after"), None);
    }
}
