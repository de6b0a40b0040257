//! When a stream of chunks is whole.
//!
//! OpenAI ends with `[DONE]`; some compatible servers just close after the finish reason. Anything else was cut, and a
//! cut answer must never look like a good one.

use super::answer;
use crate::failure::{Failure, Head, classify};
use crate::json::Raw;
use crate::stream::sse::Sse;

/// What was seen of a stream's end. Choices beyond OpenAI's limit of 128 are not followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending {
    done: bool,
    /// A filter stopped the prompt.
    filtered: bool,
    /// One bit a choice.
    begun: u128,
    finished: u128,
}

impl Ending {
    pub(super) fn begin(&mut self, choice: u32) {
        self.begun |= 1u128.checked_shl(choice).unwrap_or(0);
    }

    /// Whether this is the choice's first finish reason: some servers repeat it.
    pub(super) fn finish(&mut self, choice: u32) -> bool {
        let bit = 1u128.checked_shl(choice).unwrap_or(0);
        let first = self.finished & bit == 0;
        self.begun |= bit;
        self.finished |= bit;
        first
    }

    /// Azure tells of its filter before anything else.
    pub(super) fn note_filter(&mut self, chunk: Raw<'_>) {
        self.filtered |= answer::is_filtered(chunk);
    }

    /// `[DONE]`: what follows is no part of the answer.
    pub(super) fn set_done(&mut self) {
        self.done = true;
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// The choices that a terminator ends although they gave no reason.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = u32> + use<> {
        let open = self.begun & !self.finished;
        (0..128).filter(move |choice| open & (1 << choice) != 0)
    }

    /// Judges the end of the bytes.
    ///
    /// # Errors
    /// The answer is not whole, or what came is the report of a failure.
    pub(super) fn close(&mut self, sse: &Sse) -> Result<(), Failure> {
        let leftover = sse.leftover();
        // A last event without its blank line: only the terminator can be known to be whole.
        if data_of(leftover).is_some_and(is_done) {
            self.done = true;
        }
        if self.done && self.begun != 0 {
            return Ok(());
        }
        if !self.done && !leftover.is_empty() {
            return Err(cut(leftover));
        }
        match (self.begun, self.begun & !self.finished) {
            (0, _) if self.filtered => Err(answer::filtered(&Head { status: 200, headers: &[] })),
            (0, _) => Err(Failure::malformed("the stream ended before the answer began")),
            (_, 0) => Ok(()),
            _ => Err(Failure::malformed("the stream ended in the middle of the answer")),
        }
    }
}

/// Whether an event's data is the terminator.
pub(super) fn is_done(data: &[u8]) -> bool {
    data.trim_ascii() == b"[DONE]"
}

fn data_of(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"data:")
}

/// What the bytes after the last event are: a piece of an event, or no stream at all.
fn cut(leftover: &[u8]) -> Failure {
    let head = Head { status: 200, headers: &[] };
    match leftover.first() {
        Some(b'{' | b'[') => match Raw::parse(leftover) {
            Ok(body) => answer::reported(body)
                .unwrap_or_else(|| Failure::malformed("the body is a whole JSON answer, not a stream")),
            Err(_) => Failure::malformed("the body is a piece of JSON, not a stream"),
        },
        Some(b'<') => classify(&head, leftover, 0),
        _ => Failure::malformed("the stream ended inside an event"),
    }
}
