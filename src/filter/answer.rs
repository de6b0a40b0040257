//! An answer that the filter gives by itself.

use crate::dialect::{CallerError, Surface, exchange};
use std::borrow::Cow;

/// A whole HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// In lower case, without those that Envoy sets.
    pub headers: Vec<(&'static str, String)>,
    /// Empty where there is none.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer that is JSON.
    pub fn json(status: u16, body: Vec<u8>) -> Answer {
        Answer { status, headers: vec![("content-type", "application/json".to_owned())], body }
    }

    /// An error in the envelope of the path.
    pub fn error(surface: Surface, error: &CallerError) -> Answer {
        Answer::json(error.status, exchange::error(surface, error))
    }

    /// What a caller is told where the operator must change something.
    pub fn misconfigured(surface: Surface, message: impl Into<String>) -> Answer {
        let (code, message) = ("gateway_misconfigured".to_owned(), message.into());
        Answer::error(surface, &CallerError { status: 500, code, param: None, message })
    }

    /// What a caller is told where Envoy refused what a request can't go on without, whoever asks.
    pub fn gave_up() -> Answer {
        let body = br#"{"error":{"message":"The gateway failed inside. Send the request again.","type":"server_error","param":null,"code":"gateway_error"}}"#;
        Answer::json(500, body.to_vec())
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}

/// The code of [`busy`].
pub(super) const BUSY: &str = "gateway_busy";

/// What a caller is told whose request or answer the worker has no room for. No target is to blame.
pub(super) fn busy() -> CallerError {
    CallerError {
        status: 503,
        code: BUSY.to_owned(),
        param: None,
        message:
            "The gateway holds as much as it may at the moment (`listen.memory`). Try again in a second."
                .to_owned(),
    }
}

/// An answer with [`busy`].
pub(super) fn busy_answer(surface: Surface) -> Answer {
    Answer::error(surface, &busy()).with("retry-after", "1")
}

/// A header's value from a sentence of ours: one line of printable ASCII.
pub(super) fn header_value(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
    Cow::Owned(text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Raw;

    #[test]
    fn answers_of_ours_are_errors_in_an_envelope() {
        let gave_up = Answer::gave_up();
        let misconfigured = Answer::misconfigured(Surface::Messages, "Write \"x\".");
        for (answer, surface) in [(gave_up, Surface::Chat), (misconfigured, Surface::Messages)] {
            assert_eq!(answer.status, 500);
            assert!(exchange::is_error(surface, Raw::parse(&answer.body).unwrap()), "{answer:?}");
        }
    }
}
