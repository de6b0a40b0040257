//! What a provider answers, piece by piece.

use super::{Citation, Finish, Maker, Usage};
use crate::json::{Raw, Text};

/// One step of a streamed answer.
///
/// The grammar: `Start` comes first and once; pieces of text, thought and tool calls in any order; `Usage` any time,
/// later ones cumulative; one `Finish` per choice; the reader's `finish()` ends the stream. A tool call's `ToolStart`
/// comes before its `ToolArguments`, `index` counts the tool calls of a choice from 0. A thought's text comes before
/// its `ThoughtSignature`, which closes that thought.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    Start {
        id: Option<Text<'a>>,
        model: Option<Text<'a>>,
    },
    Text {
        choice: u32,
        text: Text<'a>,
    },
    Refusal {
        choice: u32,
        text: Text<'a>,
    },
    Thought {
        choice: u32,
        text: Text<'a>,
        /// Whose thought it is, where known: only its maker may sign it.
        maker: Option<Maker>,
    },
    /// Seals the thought before it.
    ThoughtSignature {
        choice: u32,
        maker: Maker,
        signature: Text<'a>,
    },
    /// A whole thought that only its maker can read.
    ThoughtSealed {
        choice: u32,
        maker: Maker,
        data: Text<'a>,
    },
    ToolStart {
        choice: u32,
        index: u32,
        id: Text<'a>,
        name: Text<'a>,
        signature: Option<(Maker, Text<'a>)>,
    },
    /// A fragment of the JSON text of the arguments.
    ToolArguments {
        choice: u32,
        index: u32,
        fragment: Text<'a>,
    },
    /// A whole picture, in base64.
    Image {
        choice: u32,
        media_type: Text<'a>,
        data: Text<'a>,
    },
    /// OpenAI's `logprobs` of a chunk, as written.
    Logprobs {
        choice: u32,
        raw: Raw<'a>,
    },
    /// What words before it rest on.
    Citation {
        choice: u32,
        citation: Citation<'a>,
    },
    Usage(Usage),
    /// Which capacity serves it.
    ServiceTier(Text<'a>),
    Finish {
        choice: u32,
        finish: Finish<'a>,
    },
    /// A keep-alive of the provider: the caller's connection may need one too.
    Ping,
    /// An event that could not be read and was left out.
    Malformed,
}

impl Event<'_> {
    /// Whether the caller can see it: the answer has really begun. Lifecycle events and pings are no tokens.
    pub fn is_token(&self) -> bool {
        match self {
            Event::Text { text, .. } | Event::Refusal { text, .. } | Event::Thought { text, .. } => {
                !text.is_empty()
            }
            Event::ThoughtSealed { .. }
            | Event::ToolStart { .. }
            | Event::ToolArguments { .. }
            | Event::Image { .. } => true,
            // An answer that ends without a word is an answer: its reason is what the caller sees.
            Event::Finish { .. } => true,
            Event::Start { .. }
            | Event::ThoughtSignature { .. }
            | Event::Logprobs { .. }
            | Event::Citation { .. }
            | Event::Usage(_)
            | Event::ServiceTier(_)
            | Event::Ping
            | Event::Malformed => false,
        }
    }
}
