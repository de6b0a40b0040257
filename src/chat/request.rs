//! What a caller asks for.

use crate::json::{Raw, Text};
use std::borrow::Cow;

/// One request for a chat completion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request<'a> {
    /// The dialect that it was written in, by name: its foreign parts and members are of it, and so are files' ids.
    pub dialect: &'static str,
    /// What the caller put in `model`.
    pub model: Text<'a>,
    pub messages: Vec<Message<'a>>,
    pub tools: Vec<Tool<'a>>,
    pub tool_choice: Option<ToolChoice<'a>>,
    /// `Some(false)`: at most one tool call in an answer.
    pub parallel_tool_calls: Option<bool>,
    pub format: Format<'a>,
    /// Most tokens of the answer, reasoning included.
    pub max_tokens: Option<u64>,
    pub stop: Vec<Text<'a>>,
    pub sampling: Sampling<'a>,
    pub thinking: Thinking,
    /// How many alternative answers (`n`).
    pub candidates: Option<u64>,
    pub logprobs: Logprobs,
    /// Who the end user is, for the provider's abuse detection.
    pub user: Option<Text<'a>>,
    pub stream: bool,
    /// The caller of a stream asked for usage at its end.
    pub stream_usage: bool,
    /// Cache everything up to the end of the request (Anthropic's top-level `cache_control`).
    pub cache: Option<Raw<'a>>,
    /// Members the model has no place for, by the name they have in the caller's dialect.
    pub extra: Vec<(Text<'a>, Raw<'a>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    System,
    /// OpenAI's newer name for instructions; a dialect without it takes it for `System`.
    Developer,
    User,
    Assistant,
}

/// One message. The results of tools are parts of a `User` message in the model, whatever the dialect calls them.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    pub role: Role,
    pub parts: Vec<Part<'a>>,
    /// Tells participants of one role apart.
    pub name: Option<Text<'a>>,
    /// Members the model has no place for.
    pub extra: Vec<(Text<'a>, Raw<'a>)>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    pub kind: PartKind<'a>,
    /// A cache breakpoint after this part: Anthropic's `cache_control` object, as written.
    pub cache: Option<Raw<'a>>,
}

impl<'a> From<PartKind<'a>> for Part<'a> {
    fn from(kind: PartKind<'a>) -> Self {
        Part { kind, cache: None }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum PartKind<'a> {
    Text(Text<'a>),
    /// The model declined, in words.
    Refusal(Text<'a>),
    Image {
        source: Source<'a>,
        /// OpenAI's `low`, `high` or `auto`.
        detail: Option<Text<'a>>,
    },
    /// Sound in base64.
    Audio {
        data: Text<'a>,
        format: Text<'a>,
    },
    Document {
        source: Source<'a>,
        name: Option<Text<'a>>,
        /// Words about the document that are not part of it (Anthropic).
        context: Option<Text<'a>>,
        /// Anthropic's `citations` object, as written.
        citations: Option<Raw<'a>>,
    },
    ToolCall(ToolCall<'a>),
    ToolResult(ToolResult<'a>),
    Thought(Thought<'a>),
    /// A part that only one dialect knows, as written; `dialect` is that dialect's name.
    Foreign {
        dialect: &'static str,
        kind: Text<'a>,
        raw: Raw<'a>,
    },
}

/// Where the bytes of an image or a document are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    Base64 {
        media_type: Text<'a>,
        data: Text<'a>,
    },
    Url(Text<'a>),
    /// An id from the provider's file store.
    File(Text<'a>),
    /// A plain-text document.
    Text(Text<'a>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall<'a> {
    pub id: Text<'a>,
    pub name: Text<'a>,
    pub arguments: Arguments<'a>,
    /// The provider's sealed state that must come back with the call (Gemini's `thoughtSignature`).
    pub signature: Option<(Maker, Text<'a>)>,
}

/// The arguments of a tool call: an object, or the string that holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments<'a> {
    /// Any JSON value; an object unless the model erred.
    Json(Raw<'a>),
    /// JSON inside a string, perhaps cut or wrong: models write it.
    Encoded(Text<'a>),
}

impl Arguments<'_> {
    /// The arguments as JSON text. Nothing (an empty string) stands for no arguments: `{}`.
    ///
    /// `None` if the string holds something else than a JSON object.
    pub fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            Arguments::Json(raw) if raw.kind() == crate::json::Kind::Object => {
                Some(Cow::Borrowed(raw.as_json()))
            }
            // Some say so that there are none.
            Arguments::Json(raw) => raw.is_null().then_some(Cow::Borrowed("{}")),
            Arguments::Encoded(text) => {
                let decoded = text.decode();
                if decoded.trim().is_empty() {
                    return Some(Cow::Borrowed("{}"));
                }
                let raw = Raw::parse(decoded.as_bytes()).ok()?;
                (raw.kind() == crate::json::Kind::Object).then_some(decoded)
            }
        }
    }

    /// The arguments as the text OpenAI puts in a string.
    pub fn text(&self) -> Text<'_> {
        match self {
            Arguments::Json(raw) if raw.is_null() => Text::from("{}"),
            Arguments::Json(raw) => Text::from(raw.as_json()),
            Arguments::Encoded(text) => text.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult<'a> {
    pub call_id: Text<'a>,
    /// The tool's name where the caller's dialect gives it with the result.
    pub name: Option<Text<'a>>,
    pub parts: Vec<Part<'a>>,
    pub is_error: bool,
}

/// What the model thought before it spoke.
#[derive(Clone, Debug, PartialEq)]
pub struct Thought<'a> {
    /// Empty where it is sealed.
    pub text: Text<'a>,
    /// Proof that the maker wrote it; must come back unchanged on the next turn.
    pub signature: Option<Text<'a>>,
    /// The thought in a form that only its maker can read.
    pub sealed: Option<Text<'a>>,
    /// Who made signature or seal: they go to no one else.
    pub maker: Option<Maker>,
}

/// Whose signatures these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Claude, wherever it is hosted (its signatures are valid on every host).
    Anthropic,
    Gemini,
    /// OpenAI's `encrypted_content`.
    OpenAi,
    /// A model on Bedrock's Converse that is not Claude.
    Bedrock,
}

impl Maker {
    /// The value of `format` in a `reasoning_details` entry, which is how it travels through an OpenAI caller.
    pub fn format(self) -> &'static str {
        match self {
            Maker::Anthropic => "anthropic-claude-v1",
            Maker::Gemini => "google-gemini-v1",
            Maker::OpenAi => "openai-responses-v1",
            Maker::Bedrock => "amazon-bedrock-v1",
        }
    }

    /// Clients that put the fragments of a stream together may have joined the word to itself.
    pub fn from_format(format: &str) -> Option<Maker> {
        [Maker::Anthropic, Maker::Gemini, Maker::OpenAi, Maker::Bedrock]
            .into_iter()
            .find(|maker| !format.is_empty() && format.replace(maker.format(), "").is_empty())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    pub name: Text<'a>,
    pub description: Option<Text<'a>>,
    pub kind: ToolKind<'a>,
    pub cache: Option<Raw<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind<'a> {
    /// `schema`: JSON Schema of the arguments; none means no arguments.
    Function { schema: Option<Raw<'a>>, strict: Option<bool> },
    /// A tool that only one dialect has (web search, computer use, custom grammar…), as written.
    Foreign { dialect: &'static str, raw: Raw<'a> },
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    /// Some tool, the model decides which.
    Required,
    Named(Text<'a>),
    /// Only these; `required` says whether one must be called.
    Among {
        names: Vec<Text<'a>>,
        required: bool,
    },
}

/// The form of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format<'a> {
    #[default]
    Text,
    /// Any JSON object.
    Json,
    Schema {
        name: Option<Text<'a>>,
        description: Option<Text<'a>>,
        schema: Raw<'a>,
        strict: Option<bool>,
    },
}

/// Numbers as they were written. Advisory: a dialect that lacks one leaves it out and lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling<'a> {
    pub temperature: Option<Raw<'a>>,
    pub top_p: Option<Raw<'a>>,
    pub top_k: Option<Raw<'a>>,
    pub seed: Option<Raw<'a>>,
    pub frequency_penalty: Option<Raw<'a>>,
    pub presence_penalty: Option<Raw<'a>>,
    pub logit_bias: Option<Raw<'a>>,
}

/// How much the model shall think.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thinking {
    pub effort: Option<Effort>,
    /// Most tokens of thought.
    pub budget: Option<u64>,
    /// The model decides how much (Anthropic's `adaptive`).
    pub adaptive: bool,
    /// Explicitly off.
    pub off: bool,
    /// Whether thoughts shall be shown: `Some(false)` hides them.
    pub show: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    pub const ALL: [Effort; 7] = [
        Effort::None,
        Effort::Minimal,
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::XHigh,
        Effort::Max,
    ];

    /// The name OpenAI and Anthropic share.
    pub fn name(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::XHigh => "xhigh",
            Effort::Max => "max",
        }
    }

    pub fn from_name(name: &str) -> Option<Effort> {
        Effort::ALL.into_iter().find(|effort| effort.name() == name)
    }

    /// A thinking budget in tokens for targets that only know budgets.
    pub fn budget(self) -> u64 {
        match self {
            Effort::None => 0,
            Effort::Minimal | Effort::Low => 1_024,
            Effort::Medium => 4_096,
            Effort::High => 16_384,
            Effort::XHigh | Effort::Max => 32_768,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logprobs {
    pub on: bool,
    pub top: Option<u64>,
}
