//! A stream of Responses that passes, event by event: `model` is replaced where a `response` stands, all else is kept.

use super::caller::write_error_event;
use super::origin;
use super::same::{look, with_model};
use crate::dialect::seam::Pipe;
use crate::dialect::{Body, CallerError, Seen};
use crate::failure::{Failure, Head, classify, classify_event};
use crate::json::{Edit, Kind, Raw, Text, edit_object};
use crate::stream::sse::{Frame, Sse, write_event};

/// See [`Pipe`].
pub(super) struct Passing {
    sse: Sse,
    state: State,
}

struct State {
    /// The caller's name of the model, as JSON.
    model: Vec<u8>,
    /// Marks what is sealed.
    origin: Option<String>,
    has_begun: bool,
    has_ended: bool,
    token: bool,
    /// Of the next event, should it be ours.
    sequence: u64,
    seen: Seen,
    failure: Option<Failure>,
}

impl Passing {
    pub(super) fn new(model: Vec<u8>, origin: Option<String>) -> Passing {
        let state = State {
            model,
            origin,
            has_begun: false,
            has_ended: false,
            token: false,
            sequence: 0,
            seen: Seen::default(),
            failure: None,
        };
        Passing { sse: Sse::new(), state }
    }
}

impl Pipe for Passing {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<bool, Failure> {
        let Passing { sse, state } = self;
        let pushed = sse.push(bytes, &mut |frame| state.frame(frame, out));
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        pushed.map_err(|error| Failure::malformed(&error.to_string()))?;
        Ok(state.token)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), Failure> {
        let leftover = self.sse.leftover();
        match (self.state.has_ended, self.state.has_begun) {
            (true, _) => Ok(()),
            // No stream at all: a page, or an error's JSON.
            (false, false) if matches!(leftover.first(), Some(b'<' | b'{' | b'[')) => {
                Err(classify(&Head { status: 200, headers: &[] }, leftover, 0))
            }
            (false, false) => Err(Failure::malformed("the stream ended before the answer began")),
            (false, true) => Err(Failure::malformed("the stream ended in the middle of the answer")),
        }
    }

    fn is_over(&self) -> bool {
        self.state.has_ended
    }

    fn held(&self) -> usize {
        self.sse.held()
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        write_error_event(error, self.state.sequence, out);
    }

    fn seen(&self) -> &Seen {
        &self.state.seen
    }
}

impl State {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) {
        if self.failure.is_some() || self.has_ended {
            return;
        }
        let event = Body::new(frame.data);
        let event = match event.json() {
            Ok(event) if event.kind() == Kind::Object => event,
            _ => {
                self.seen.malformed_events = self.seen.malformed_events.saturating_add(1);
                return;
            }
        };
        let kind = event.get("type").and_then(Raw::text).unwrap_or_else(|| Text::from(frame.event));
        let kind = kind.decode();
        if matches!(kind.as_ref(), "error" | "response.failed") || event.present("error").is_some() {
            self.failure = Some(classify_event(event, 0));
            return;
        }
        self.has_begun = true;
        self.has_ended = matches!(kind.as_ref(), "response.completed" | "response.incomplete");
        self.token |= self.has_ended || is_token(&kind, event);
        if let Some(sequence) = event.get("sequence_number").and_then(Raw::as_u64) {
            self.sequence = sequence.saturating_add(1);
        }
        let response = event.present("response").filter(|response| response.kind() == Kind::Object);
        let origin = self.origin.as_deref();
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
                let mut edited = Vec::with_capacity(response.as_json().len() + self.model.len());
                with_model(response, &self.model, origin, &mut edited);
                let decide = |name: &Text<'_>, _: Raw<'_>| {
                    if name == "response" { Edit::Put(&edited) } else { Edit::Keep }
                };
                edit_object(event, decide, &[], out);
            }
        });
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
