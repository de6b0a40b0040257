//! A stream of Responses that passes, event by event: `model` is replaced where a `response` stands, all else is kept.

use super::edited::{Restored, look};
use super::origin;
use super::wire::{close, write_error_event};
use crate::dialect::seam::{FramePipe, FrameReader, Framed};
use crate::dialect::{Body, CallerError, Seen};
use crate::failure::{Failure, classify_event};
use crate::json::{Edit, Kind, Raw, Text, edit_object};
use crate::stream::sse::{Frame, Sse, write_event};

/// The pipe of such a stream.
pub(super) type Passing = Framed<Sse, PassingStream>;

pub(super) struct PassingStream {
    restored: Restored,
    has_begun: bool,
    /// `response.created` was there: a second one is of another answer.
    is_created: bool,
    has_ended: bool,
    token: bool,
    /// Of the next event, should it be ours.
    sequence: u64,
    seen: Seen,
}

impl Passing {
    pub(super) fn new(restored: Restored) -> Passing {
        let state = PassingStream {
            restored,
            has_begun: false,
            is_created: false,
            has_ended: false,
            token: false,
            sequence: 0,
            seen: Seen::default(),
        };
        Framed::over(Sse::new(), state)
    }
}

impl FrameReader<Sse, Vec<u8>> for PassingStream {
    fn take(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let event = Body::new(frame.data);
        let Some(event) = event.object() else {
            self.seen.note_malformed();
            return Ok(());
        };
        let kind = event.get("type").and_then(Raw::text).unwrap_or_else(|| Text::from(frame.event));
        let kind = kind.decode();
        if matches!(kind.as_ref(), "error" | "response.failed") || event.present("error").is_some() {
            return Err(classify_event(event, 0));
        }
        if kind == "response.created" && std::mem::replace(&mut self.is_created, true) {
            return Err(Failure::malformed("its stream holds pieces of two answers"));
        }
        self.has_begun = true;
        self.has_ended = matches!(kind.as_ref(), "response.completed" | "response.incomplete");
        self.token |= self.has_ended || is_token(&kind, event);
        if let Some(sequence) = event.get("sequence_number").and_then(Raw::as_u64) {
            self.sequence = sequence.saturating_add(1);
        }
        let response = event.present("response").filter(|response| response.kind() == Kind::Object);
        let origin = self.restored.origin.as_deref();
        let item = event.present("item").zip(origin).and_then(|(item, origin)| origin::marked(item, origin));
        // Written anew with its name, which some servers leave out and OpenAI's clients don't need.
        write_event(out, Some(&kind), |out| match (response, &item) {
            (None, None) => out.extend_from_slice(event.as_json().as_bytes()),
            (None, Some(item)) => {
                let decide =
                    |name: &Text<'_>, _: Raw<'_>| if name == "item" { Edit::Put(item) } else { Edit::Keep };
                edit_object(event, decide, &[], out);
            }
            (Some(response), _) => {
                look(response, &mut self.seen);
                let mut edited = Vec::with_capacity(response.as_json().len() + self.restored.model.len());
                self.restored.write(response, &mut edited);
                let decide = |name: &Text<'_>, _: Raw<'_>| {
                    if name == "response" { Edit::Put(&edited) } else { Edit::Keep }
                };
                edit_object(event, decide, &[], out);
            }
        });
        Ok(())
    }

    fn finish(&mut self, sse: &Sse, _: &mut Vec<u8>) -> Result<(), Failure> {
        close(self.has_ended, self.has_begun, sse)
    }

    fn is_over(&self) -> bool {
        self.has_ended
    }
}

impl FramePipe<Sse> for PassingStream {
    fn has_token(&self) -> bool {
        self.token
    }

    fn fail(&self, error: &CallerError, out: &mut Vec<u8>) {
        write_error_event(error, self.sequence, out);
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// Whether an event is something to see: a piece of words, thoughts or arguments; a tool at work; an item that is over.
/// A message or a thought that only begins is not.
fn is_token(kind: &str, event: Raw<'_>) -> bool {
    match kind {
        "response.output_item.added" => {
            let item = event.at(&["item", "type"]).and_then(Raw::text);
            item.is_some_and(|item| item != "message" && item != "reasoning")
        }
        "response.output_item.done" => true,
        _ if kind.ends_with(".delta") => {
            event.get("delta").is_some_and(|delta| !matches!(delta.as_json(), "\"\"" | "null"))
        }
        _ => kind.ends_with(".partial_image"),
    }
}
