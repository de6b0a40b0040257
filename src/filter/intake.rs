//! A body that is collected piece by piece, and when it is whole.

use super::headers::{self, Header};
use crate::json::Closing;

/// A body of which so little is announced comes in few pieces, and then its end at once: it is waited for, as each piece that
/// goes on by itself costs a round through all filters.
const SMALL: usize = 64 << 10;
/// A body of which no more is announced is below the limit of any buffer of Envoy's.
const TINY: usize = 16 << 10;

/// What has come of a body so far.
#[derive(Debug, Default)]
pub struct Intake {
    pieces: Vec<Vec<u8>>,
    length: usize,
    end: ToldBy,
    is_tiny: bool,
}

/// How the end of a body is told, before Envoy says that it was: by then it may be too late to write one, as in the callback
/// of HTTP/2's trailers.
#[derive(Debug, Default)]
enum ToldBy {
    /// By nothing but the end.
    #[default]
    Untold,
    /// After so many bytes.
    Length(usize),
    /// By the end of the JSON in it.
    Json(Closing),
}

impl Intake {
    /// The body of a request with these headers.
    pub fn of_request(headers: &[Header<'_>]) -> Intake {
        let length = headers::text(headers, "content-length").and_then(|length| length.parse().ok());
        let is_tiny = length.is_some_and(|length| length <= TINY);
        let end = length.map_or_else(|| ToldBy::Json(Closing::default()), ToldBy::Length);
        Intake { end, is_tiny, ..Intake::default() }
    }

    /// The body of an answer with these headers.
    pub fn of_answer(headers: &[Header<'_>]) -> Intake {
        match Intake::of_request(headers) {
            // HTTP/1.1's chunks have an end of their own, which is no matter of trailers: no need to look at each byte.
            Intake { end: ToldBy::Json(_), .. } if headers::find(headers, "transfer-encoding").is_some() => {
                Intake::default()
            }
            Intake { end: ToldBy::Length(length), is_tiny, .. } if length <= SMALL => {
                Intake { is_tiny, ..Intake::default() }
            }
            intake => intake,
        }
    }

    /// How long it will be, where its headers say so.
    pub fn announced(&self) -> Option<usize> {
        match self.end {
            ToldBy::Length(length) => Some(length),
            _ => None,
        }
    }

    /// Whether so little is announced that Envoy can keep it until it tells the end.
    pub fn is_tiny(&self) -> bool {
        self.is_tiny
    }

    /// Whether all of it came in one piece, and Envoy can keep that until it tells the end.
    pub fn is_one_small_piece(&self) -> bool {
        self.pieces.len() == 1 && self.length <= SMALL && matches!(self.end, ToldBy::Length(_))
    }

    /// How many bytes have come.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The next piece. Whether the body is whole, as far as it can be told.
    pub fn push(&mut self, piece: Vec<u8>) -> bool {
        self.length = self.length.saturating_add(piece.len());
        let is_whole = match &mut self.end {
            ToldBy::Untold => false,
            ToldBy::Length(length) => self.length >= *length,
            ToldBy::Json(closing) => closing.push(&piece),
        };
        if !piece.is_empty() {
            self.pieces.push(piece);
        }
        is_whole
    }

    /// All that has come, in one piece.
    pub fn take(&mut self) -> Vec<u8> {
        let mut pieces = std::mem::take(&mut self.pieces);
        self.length = 0;
        match pieces.len() {
            0 | 1 => pieces.pop().unwrap_or_default(),
            _ => pieces.concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(headers: &[Header<'_>], pieces: &[&str]) -> Vec<bool> {
        let mut intake = Intake::of_answer(headers);
        pieces.iter().map(|piece| intake.push(piece.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_end_is_told_by_length_or_json() {
        assert_eq!(
            whole(&[(b"content-length", b"4")], &["{}", "", "  "]),
            [false, false, false],
            "its end comes at once"
        );
        assert_eq!(whole(&[(b"content-length", b"70000")], &["{", &" ".repeat(69_999)]), [false, true]);
        assert_eq!(whole(&[], &["{\"a\":", "[1]", "}"]), [false, false, true]);
        assert_eq!(whole(&[(b"transfer-encoding", b"chunked")], &["{}", ""]), [false, false]);
        assert_eq!(whole(&[(b"content-length", b"x")], &["{}"]), [true]);
    }

    #[test]
    fn pieces_become_one() {
        let mut intake = Intake::of_request(&[(b"transfer-encoding", b"chunked")]);
        ["a", "", "bc"].iter().for_each(|piece| _ = intake.push(piece.as_bytes().to_vec()));
        assert_eq!((intake.length(), intake.take()), (3, b"abc".to_vec()));
        assert!(intake.push(b"{}".to_vec()));
        intake.take();
        assert_eq!((intake.length(), intake.take()), (0, Vec::new()));
    }
}
