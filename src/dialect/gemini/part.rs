//! What a turn is made of on its way to Gemini.

use super::media::Media;
use crate::chat::{CodeOutcome, CodeRun, ToolCall};
use crate::json::Text;
use std::borrow::Cow;

/// One part on its way out.
#[derive(Debug)]
pub(super) enum GeminiPart<'r> {
    /// `signature`: what Gemini sealed its answer with.
    Text {
        text: &'r Text<'r>,
        signature: Option<&'r Text<'r>>,
    },
    Media(Media<'r>),
    Thought {
        text: &'r Text<'r>,
        signature: Option<&'r Text<'r>>,
    },
    Call {
        call: &'r ToolCall<'r>,
        arguments: Cow<'r, str>,
        signature: Option<&'r Text<'r>>,
    },
    Output(ToolOutput<'r>),
    Code(&'r CodeRun<'r>),
    Outcome(&'r CodeOutcome<'r>),
    /// The seal of an answer whose text is not there any more.
    Signature(&'r Text<'r>),
}

/// One result on its way out.
#[derive(Debug)]
pub(super) struct ToolOutput<'r> {
    /// Of the call that it answers.
    pub(super) id: &'r Text<'r>,
    pub(super) name: &'r Text<'r>,
    pub(super) response: Response<'r>,
    pub(super) media: Vec<Media<'r>>,
}

/// What it says.
#[derive(Debug)]
pub(super) enum Response<'r> {
    /// JSON of an object.
    Object(Cow<'r, str>),
    Json {
        key: &'static str,
        json: Cow<'r, str>,
    },
    Texts {
        key: &'static str,
        texts: Vec<&'r Text<'r>>,
    },
}
