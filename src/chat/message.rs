//! What a conversation is made of: messages and their parts.

use super::{CodeOutcome, CodeRun};
use crate::json::{Kind, Raw, Text, Writer};
use std::borrow::Cow;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator of the conversation: instructions.
    System,
    /// OpenAI's newer name for instructions; a dialect without it takes it for `System`.
    Developer,
    /// The human, and the tools.
    User,
    /// The model.
    Assistant,
}

/// One message. The results of tools are parts of a `User` message in the model, whatever the dialect calls them.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, in its order.
    pub parts: Vec<Part<'a>>,
    /// Tells participants of one role apart.
    pub name: Option<Text<'a>>,
    /// Members the model has no place for.
    pub extra: Vec<(Text<'a>, Raw<'a>)>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    /// What it is.
    pub kind: PartKind<'a>,
    /// A cache breakpoint after this part: Anthropic's `cache_control` object, as written.
    pub cache: Option<Raw<'a>>,
}

impl<'a> From<PartKind<'a>> for Part<'a> {
    fn from(kind: PartKind<'a>) -> Self {
        Part { kind, cache: None }
    }
}

/// What a piece of a message is.
#[derive(Clone, Debug, PartialEq)]
pub enum PartKind<'a> {
    /// Words.
    Text(Text<'a>),
    /// The model declined, in words.
    Refusal(Text<'a>),
    /// A picture.
    Image {
        /// Where its bytes are.
        source: Source<'a>,
        /// OpenAI's `low`, `high` or `auto`.
        detail: Option<Text<'a>>,
    },
    /// Sound in base64.
    Audio {
        /// The sound itself.
        data: Text<'a>,
        /// OpenAI's name of the encoding: `wav`, `mp3`; empty in an answer that doesn't say it.
        format: Text<'a>,
    },
    /// A file to read: PDF, plain text and the like.
    Document {
        /// Where its bytes are.
        source: Source<'a>,
        /// The file's name or title, for the model.
        name: Option<Text<'a>>,
        /// Words about the document that are not part of it (Anthropic).
        context: Option<Text<'a>>,
        /// Anthropic's `citations` object, as written.
        citations: Option<Raw<'a>>,
    },
    /// The model calls a tool.
    ToolCall(ToolCall<'a>),
    /// What a tool answered.
    ToolResult(ToolResult<'a>),
    /// What the model thought.
    Thought(Thought<'a>),
    /// Code that the provider ran for its model.
    Code(CodeRun<'a>),
    /// What came of such code.
    CodeOutcome(CodeOutcome<'a>),
    /// A part that only one dialect knows, as written.
    Foreign {
        /// [`super::Request::dialect`] of the requests that can have it.
        dialect: &'static str,
        /// The part's `type` there.
        kind: Text<'a>,
        /// The whole part.
        raw: Raw<'a>,
    },
}

/// Where the bytes of an image or a document are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    /// In the request itself.
    Base64 {
        /// Such as `image/png`.
        media_type: Text<'a>,
        /// The bytes, in base64.
        data: Text<'a>,
    },
    /// Where the provider shall fetch it.
    Url(Text<'a>),
    /// An id from the provider's file store.
    File(Text<'a>),
    /// A plain-text document.
    Text(Text<'a>),
}

/// A call of a tool, by the model.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall<'a> {
    /// What the tool's result names.
    pub id: Text<'a>,
    /// The tool's.
    pub name: Text<'a>,
    /// What the tool gets.
    pub arguments: Arguments<'a>,
    /// The provider's sealed state that must come back with the call (Gemini's `thoughtSignature`).
    pub signature: Option<(Maker, Text<'a>)>,
}

/// The arguments of a tool call: JSON, or the string that holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments<'a> {
    /// Any JSON value; an object unless the model erred.
    Json(Raw<'a>),
    /// JSON inside a string, perhaps cut or wrong: models write it.
    Encoded(Text<'a>),
    /// A free-form tool's input: a text, and no JSON.
    FreeForm(Text<'a>),
}

/// The one argument that a free-form tool has where it is a function.
pub const FREE_FORM_INPUT: &str = "input";
/// The member that holds arguments which are no JSON object (cut at the limit of tokens, mostly), as Anthropic asks clients to
/// wrap them: <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/fine-grained-tool-streaming>.
pub const INVALID_JSON: &str = "INVALID_JSON";

const NO_ARGUMENTS: &str = "{}";

impl Arguments<'_> {
    /// The arguments as the JSON of an object, which most providers take and no other.
    ///
    /// Nothing, `null` and `[]` (PHP and R write it for an empty object) stand for no arguments. What else is no object comes
    /// whole in the member [`INVALID_JSON`], so that a conversation goes on whatever a model wrote.
    pub fn object(&self) -> Cow<'_, str> {
        match self {
            Arguments::Json(raw) if raw.kind() == Kind::Object => Cow::Borrowed(raw.as_json()),
            // A client that keeps the string.
            Arguments::Json(raw) => match raw.text() {
                Some(text) => Cow::Owned(object_of(text.decode()).into_owned()),
                None => object_of(Cow::Borrowed(raw.as_json())),
            },
            Arguments::FreeForm(text) => Cow::Owned(as_argument(text)),
            Arguments::Encoded(text) => object_of(text.decode()),
        }
    }

    /// The arguments as the text OpenAI puts in a string.
    pub fn text(&self) -> Text<'_> {
        match self {
            Arguments::Json(raw) if raw.is_null() => Text::from(NO_ARGUMENTS),
            Arguments::Json(raw) => Text::from(raw.as_json()),
            Arguments::Encoded(text) => text.clone(),
            Arguments::FreeForm(text) => Text::from(as_argument(text)),
        }
    }
}

/// A free-form tool's input as the arguments of a function.
fn as_argument(input: &Text<'_>) -> String {
    let mut out = Vec::new();
    Writer::new(&mut out).object(|w| w.key(FREE_FORM_INPUT).text(input));
    String::from_utf8(out).unwrap_or_default()
}

fn object_of(said: Cow<'_, str>) -> Cow<'_, str> {
    let parsed = Raw::parse(said.as_bytes()).ok();
    let is_empty_list = |raw: Raw<'_>| raw.kind() == Kind::Array && raw.items().next().is_none();
    match parsed {
        Some(raw) if raw.kind() == Kind::Object => said,
        Some(raw) if raw.is_null() || is_empty_list(raw) => Cow::Borrowed(NO_ARGUMENTS),
        None if said.trim().is_empty() => Cow::Borrowed(NO_ARGUMENTS),
        _ => {
            let mut out = Vec::with_capacity(said.len().saturating_add(INVALID_JSON.len()));
            Writer::new(&mut out).object(|w| w.key(INVALID_JSON).string(&said));
            String::from_utf8(out).map_or(Cow::Borrowed(NO_ARGUMENTS), Cow::Owned)
        }
    }
}

/// What a tool answered, or how it failed.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult<'a> {
    /// The id of the call that it answers.
    pub call_id: Text<'a>,
    /// The tool's name where the caller's dialect gives it with the result.
    pub name: Option<Text<'a>>,
    /// Texts, and pictures and documents where the dialects of both sides have them in results.
    pub parts: Vec<Part<'a>>,
    /// The tool failed, and the parts say how.
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
    /// Gemini's `thoughtSignature`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_whatever_was_written() {
        let encoded = |text: &str| Arguments::Encoded(Text::from(text)).object().into_owned();
        for nothing in ["", "  ", "null", "[]", " [ ] ", "{}"] {
            assert_eq!(encoded(nothing), "{}", "{nothing:?}");
        }
        assert_eq!(encoded(r#"{ "a": 1.0 }"#), r#"{ "a": 1.0 }"#);
        for (wrong, kept) in [
            ("{\"a\": \"cut", r#"{"INVALID_JSON":"{\"a\": \"cut"}"#),
            ("[1]", r#"{"INVALID_JSON":"[1]"}"#),
            ("7", r#"{"INVALID_JSON":"7"}"#),
            ("true", r#"{"INVALID_JSON":"true"}"#),
        ] {
            assert_eq!(encoded(wrong), kept);
        }
        let json = |json| Arguments::Json(Raw::trusted(json)).object().into_owned();
        assert_eq!(json("[]"), "{}");
        assert_eq!(json("null"), "{}");
        assert_eq!(json(r#"["a"]"#), r#"{"INVALID_JSON":"[\"a\"]"}"#);
        assert_eq!(json(r#""{\"a\":1}""#), r#"{"a":1}"#);
        assert_eq!(json(r#""a""#), r#"{"INVALID_JSON":"a"}"#);
    }
}
