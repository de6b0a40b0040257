//! What a provider answered, whole.

use super::{Part, Usage};
use crate::json::Text;
use std::borrow::Cow;

/// An answer that came in one piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply<'a> {
    /// The provider's id of this answer.
    pub id: Option<Text<'a>>,
    /// The provider's name of the model that answered.
    pub model: Option<Text<'a>>,
    /// In the order of the provider's.
    pub choices: Vec<Choice<'a>>,
    /// What it cost, as far as the provider says it.
    pub usage: Usage,
    /// Which capacity served it, where said (`service_tier`).
    pub service_tier: Option<Text<'a>>,
    /// What a check of prompt and answer found that the caller asked for: OpenAI's `moderation` object, as Chat Completions have it.
    pub moderation: Option<Cow<'a, str>>,
}

/// One of the alternative answers; nearly always the only one.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice<'a> {
    /// Text, refusals, thoughts and tool calls in the order they were made.
    pub parts: Vec<Part<'a>>,
    /// Why it ends here.
    pub finish: Finish<'a>,
    /// OpenAI's `logprobs` object, as JSON.
    pub logprobs: Option<Cow<'a, str>>,
    /// The pages that its texts rest on.
    pub citations: Vec<Citation<'a>>,
}

/// A page on the web that some words of an answer rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Citation<'a> {
    /// Where these words begin, in characters of the choice's texts, put together.
    pub start: u64,
    /// The character after them.
    pub end: u64,
    /// The page's address.
    pub url: Text<'a>,
    /// The page's title; empty where the provider gives none.
    pub title: Text<'a>,
}

/// Why the answer ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish<'a> {
    /// The model had said all.
    Stop,
    /// One of the caller's stop sequences came up; which one, where the provider says it.
    StopSequence(Option<Text<'a>>),
    /// The answer reached its token limit.
    Length,
    /// Prompt and answer together reached the model's window.
    ContextWindow,
    /// The model waits for what its tools say.
    ToolCalls,
    /// A safety system cut or emptied the answer.
    ContentFilter,
    /// The model itself declined.
    Refusal,
    /// A server-side tool loop paused; the caller may go on (Anthropic's `pause_turn`).
    Pause,
    /// The model produced something that the provider could not parse (a broken tool call).
    Broken,
    /// A reason nobody knew yesterday, as the provider names it; callers see a plain stop.
    Other(Text<'a>),
}

impl Finish<'_> {
    /// The same, for as long as it is wanted.
    #[must_use]
    pub fn into_owned(self) -> Finish<'static> {
        match self {
            Finish::Stop => Finish::Stop,
            Finish::StopSequence(sequence) => Finish::StopSequence(sequence.map(Text::into_owned)),
            Finish::Length => Finish::Length,
            Finish::ContextWindow => Finish::ContextWindow,
            Finish::ToolCalls => Finish::ToolCalls,
            Finish::ContentFilter => Finish::ContentFilter,
            Finish::Refusal => Finish::Refusal,
            Finish::Pause => Finish::Pause,
            Finish::Broken => Finish::Broken,
            Finish::Other(reason) => Finish::Other(reason.into_owned()),
        }
    }
}
