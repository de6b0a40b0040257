//! What a provider answers, piece by piece.

use super::{Citation, CodeOutcome, CodeRun, Finish, Maker, Source, Usage};
use crate::json::{Raw, Text};

/// One step of a streamed answer.
///
/// The grammar: `Start` comes first and once; pieces of text, thought and tool calls in any order; `Usage` any time,
/// later ones cumulative; one `Finish` per choice; the reader's `finish()` ends the stream. A tool call's `ToolStart`
/// comes before its `ToolArguments`, `index` counts the tool calls of a choice from 0. A thought's text comes before
/// its `ThoughtSignature`, which closes that thought.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The answer begins.
    Start {
        /// The provider's id of the answer.
        id: Option<Text<'a>>,
        /// The provider's name of the model that answers.
        model: Option<Text<'a>>,
    },
    /// A piece of what the model says.
    Text {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// What follows the words so far.
        text: Text<'a>,
    },
    /// A piece of the words that the model declines with.
    Refusal {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// What follows the words so far.
        text: Text<'a>,
    },
    /// A piece of what the model thinks.
    Thought {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// What follows the thought so far.
        text: Text<'a>,
        /// Whose thought it is, where known: only its maker may sign it.
        maker: Option<Maker>,
    },
    /// Seals the thought before it.
    ThoughtSignature {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// Whose seal it is: it goes to no one else.
        maker: Maker,
        /// To come back unchanged on the next turn.
        signature: Text<'a>,
    },
    /// A whole thought that only its maker can read.
    ThoughtSealed {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// Who can read it: it goes to no one else.
        maker: Maker,
        /// As its maker wrote it.
        data: Text<'a>,
    },
    /// The model begins a call of a tool.
    ToolStart {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// Which of the choice's tool calls it is, from 0.
        index: u32,
        /// What the tool's result will name; made up where the provider gives none.
        id: Text<'a>,
        /// The tool's, as the caller named it.
        name: Text<'a>,
        /// The provider's sealed state that must come back with the call.
        signature: Option<(Maker, Text<'a>)>,
    },
    /// A fragment of the JSON text of the arguments.
    ToolArguments {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// Which of the choice's tool calls it is of, from 0.
        index: u32,
        /// What follows the arguments so far; no JSON by itself.
        fragment: Text<'a>,
    },
    /// A whole picture: no dialect sends one in pieces.
    Image {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// Its bytes, or its address.
        source: Source<'a>,
    },
    /// A piece of sound, in base64 by itself.
    Audio {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// What follows the sound so far.
        data: Text<'a>,
        /// OpenAI's name of the encoding: `pcm16`, `wav`, `mp3`; empty where the provider doesn't say it.
        format: Text<'a>,
    },
    /// The provider runs code for its model: all of it.
    Code {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// The code.
        run: CodeRun<'a>,
    },
    /// What came of it.
    CodeOutcome {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// What it printed.
        outcome: CodeOutcome<'a>,
    },
    /// OpenAI's `logprobs` of a chunk, as written.
    Logprobs {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// The object's JSON.
        raw: Raw<'a>,
    },
    /// What words before it rest on.
    Citation {
        /// Which alternative it is of, from 0.
        choice: u32,
        /// The page, and which words.
        citation: Citation<'a>,
    },
    /// What was counted so far.
    Usage(Usage),
    /// Which capacity serves it.
    ServiceTier(Text<'a>),
    /// What a check of prompt and answer found: Chat Completions' `moderation` object.
    Moderation(Raw<'a>),
    /// A choice ends.
    Finish {
        /// Which alternative it is, from 0.
        choice: u32,
        /// Why it ends.
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
            | Event::Image { .. }
            | Event::Audio { .. }
            | Event::Code { .. }
            | Event::CodeOutcome { .. } => true,
            // An answer that ends without a word is an answer: its reason is what the caller sees.
            Event::Finish { .. } => true,
            Event::Start { .. }
            | Event::ThoughtSignature { .. }
            | Event::Logprobs { .. }
            | Event::Citation { .. }
            | Event::Usage(_)
            | Event::ServiceTier(_)
            | Event::Moderation(_)
            | Event::Ping
            | Event::Malformed => false,
        }
    }
}
