//! One choice of a streamed answer: what was written of it, and which events are its.

use crate::chat::{Citation, Event};
use std::collections::BTreeSet;

/// What was written of one choice.
#[derive(Clone, Default)]
pub(super) struct StreamedChoice {
    /// The chunk with the role is out.
    pub(super) begun: bool,
    /// The thoughts that are closed; the index of the next.
    pub(super) thoughts: u32,
    /// A thought has begun that no signature has closed yet.
    pub(super) thinking: bool,
    /// Its maker is told. Once: OpenAI's clients put the strings of fragments together.
    pub(super) named: bool,
    /// OpenAI's clients can't put two lists of them together, so all are told at the end.
    pub(super) citations: Vec<Citation<'static>>,
    pub(super) images: u32,
    /// Sound has begun.
    pub(super) sounds: bool,
    /// The calls of free-form tools, by number.
    pub(super) free_form: BTreeSet<u32>,
}

/// Which choice an event is of.
pub(super) fn choice_of(event: &Event<'_>) -> Option<u32> {
    match event {
        Event::Text { choice, .. }
        | Event::Refusal { choice, .. }
        | Event::Thought { choice, .. }
        | Event::ThoughtSignature { choice, .. }
        | Event::ThoughtSealed { choice, .. }
        | Event::ToolStart { choice, .. }
        | Event::ToolArguments { choice, .. }
        | Event::Image { choice, .. }
        | Event::Audio { choice, .. }
        | Event::Code { choice, .. }
        | Event::CodeOutcome { choice, .. }
        | Event::Logprobs { choice, .. }
        | Event::Finish { choice, .. } => Some(*choice),
        Event::Start { .. }
        | Event::Citation { .. }
        | Event::Usage(_)
        | Event::ServiceTier(_)
        | Event::Moderation(_)
        | Event::Ping
        | Event::Malformed => None,
    }
}
