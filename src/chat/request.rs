//! What a caller asks for.

use super::{CodeExecution, Message};
use crate::json::{Raw, Text};

/// One request for a chat completion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request<'a> {
    /// The dialect that it was written in, by name: its foreign parts and members are of it, and so are files' ids.
    pub dialect: &'static str,
    /// What the caller put in `model`.
    pub model: Text<'a>,
    /// The conversation, instructions included, in its order.
    pub messages: Vec<Message<'a>>,
    /// What the model may call.
    pub tools: Vec<Tool<'a>>,
    /// `None`: the caller leaves it to the provider, which is `Auto` where there are tools.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// `Some(false)`: at most one tool call in an answer.
    pub parallel_tool_calls: Option<bool>,
    /// What the answer shall look like.
    pub format: Format<'a>,
    /// Most tokens of the answer, reasoning included.
    pub max_tokens: Option<u64>,
    /// Texts that end the answer where they come up.
    pub stop: Vec<Text<'a>>,
    /// How freely it picks its words.
    pub sampling: Sampling<'a>,
    /// How much it thinks before it speaks.
    pub thinking: Thinking,
    /// How many alternative answers (`n`).
    pub candidates: Option<u64>,
    /// Whether the answer says how likely its tokens were.
    pub logprobs: Logprobs,
    /// Who the end user is, for the provider's abuse detection.
    pub user: Option<Text<'a>>,
    /// The answer shall come as server-sent events.
    pub stream: bool,
    /// The caller of a stream asked for usage at its end.
    pub stream_usage: bool,
    /// Cache everything up to the end of the request (Anthropic's top-level `cache_control`).
    pub cache: Option<Raw<'a>>,
    /// Members the model has no place for, by the name they have in the caller's dialect.
    pub extra: Vec<(Text<'a>, Raw<'a>)>,
}

/// What the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    /// What the model calls it.
    pub name: Text<'a>,
    /// For the model: what it does and when to use it.
    pub description: Option<Text<'a>>,
    /// Ours to translate, or one dialect's own.
    pub kind: ToolKind<'a>,
    /// A cache breakpoint after this tool: Anthropic's `cache_control` object, as written.
    pub cache: Option<Raw<'a>>,
}

/// What kind of tool it is.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind<'a> {
    /// A function of the caller's.
    Function {
        /// JSON Schema of the arguments; `None` means no arguments.
        schema: Option<Raw<'a>>,
        /// Whether the provider holds arguments to it; `None`: as the provider does by itself.
        strict: Option<bool>,
    },
    /// A tool of the caller's whose input is a text and no JSON (OpenAI's custom tools).
    FreeForm {
        /// What the text must match; `None`: any text.
        grammar: Option<Grammar<'a>>,
    },
    /// Searches of the web, which the provider makes itself.
    WebSearch(WebSearch<'a>),
    /// Code that the provider runs itself.
    CodeExecution(CodeExecution<'a>),
    /// A tool that only one dialect has (computer use, a shell…), as written.
    Foreign {
        /// [`Request::dialect`] of the requests that can have it.
        dialect: &'static str,
        /// The whole tool.
        raw: Raw<'a>,
    },
}

/// The name of every caller's search of the web: their dialects' own are types with dates in them.
pub const WEB_SEARCH: &str = "web_search";

/// A search of the web that the provider makes itself, and what it is held to.
#[derive(Clone, Debug, PartialEq)]
pub struct WebSearch<'a> {
    /// [`Request::dialect`] of the request: for that dialect it stays as it was written.
    pub dialect: &'static str,
    /// The whole tool, or Chat Completions' `web_search_options`.
    pub raw: Raw<'a>,
    /// A list: nothing from elsewhere may be found.
    pub allowed_domains: Option<Raw<'a>>,
    /// A list: nothing from there may be found.
    pub blocked_domains: Option<Raw<'a>>,
    /// An object with some of `city`, `region`, `country` and `timezone`: where the user is.
    pub location: Option<Raw<'a>>,
    /// How much of what is found the model gets to read: `low`, `medium` or `high`.
    pub context_size: Option<Text<'a>>,
    /// The most searches.
    pub max_uses: Option<u64>,
    /// What else the caller says of it, by name.
    pub others: Vec<(Text<'a>, Raw<'a>)>,
}

impl<'a> WebSearch<'a> {
    /// Reads what all dialects call the same; a list of domains may be `filters`' or the tool's own. An empty list holds nothing back.
    pub fn of(dialect: &'static str, raw: Raw<'a>) -> WebSearch<'a> {
        const KNOWN: [&str; 9] = [
            "type",
            "name",
            "filters",
            "allowed_domains",
            "blocked_domains",
            "user_location",
            "search_context_size",
            "max_uses",
            "cache_control",
        ];
        let domains = |name| {
            let list = raw.present(name).or_else(|| raw.get("filters")?.present(name))?;
            list.items().next().is_some().then_some(list)
        };
        let location = raw.present("user_location");
        let is_other = |name: &Text<'_>| !KNOWN.iter().any(|known| *name == **known);
        WebSearch {
            dialect,
            raw,
            allowed_domains: domains("allowed_domains"),
            blocked_domains: domains("blocked_domains"),
            location: location.map(|location| location.present("approximate").unwrap_or(location)),
            context_size: raw.present("search_context_size").and_then(Raw::text),
            max_uses: raw.present("max_uses").and_then(Raw::as_u64),
            others: raw.fields().filter(|(name, value)| !value.is_null() && is_other(name)).collect(),
        }
    }

    /// What is known of where the user is.
    pub fn place(&self) -> impl Iterator<Item = (&'static str, Text<'a>)> {
        let location = self.location;
        let known = ["city", "region", "country", "timezone"].into_iter();
        known.filter_map(move |name| Some((name, location?.present(name)?.text()?)))
    }
}

/// The form of a free-form tool's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Grammar<'a> {
    /// What it is written in: `lark` or `regex`.
    pub syntax: Text<'a>,
    /// The grammar itself.
    pub definition: Text<'a>,
}

/// Which tools the model may or must call.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice<'a> {
    /// The model decides whether it calls any.
    Auto,
    /// It must call none.
    None,
    /// Some tool, the model decides which.
    Required,
    /// This one.
    Named(Text<'a>),
    /// Only these; `required` says whether one must be called.
    Among {
        /// The tools' names.
        names: Vec<Text<'a>>,
        /// At least one of them must be called.
        required: bool,
    },
}

/// The form of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format<'a> {
    /// Words, in any form.
    #[default]
    Text,
    /// Any JSON object.
    Json,
    /// JSON of this schema.
    Schema {
        /// What the caller calls the schema.
        name: Option<Text<'a>>,
        /// For the model: what the answer is for.
        description: Option<Text<'a>>,
        /// A JSON Schema.
        schema: Raw<'a>,
        /// Whether the provider holds the answer to it; `None`: as the provider does by itself.
        strict: Option<bool>,
    },
}

/// Numbers as they were written. Advisory: a dialect that lacks one leaves it out and lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling<'a> {
    /// From 0 up: the higher, the more freely.
    pub temperature: Option<Raw<'a>>,
    /// From 0 to 1: the likeliest tokens that make up this share.
    pub top_p: Option<Raw<'a>>,
    /// A whole number: so many of the likeliest tokens.
    pub top_k: Option<Raw<'a>>,
    /// A whole number: the same one asks for the same answer.
    pub seed: Option<Raw<'a>>,
    /// From -2 to 2: against words that came up often.
    pub frequency_penalty: Option<Raw<'a>>,
    /// From -2 to 2: against words that came up at all.
    pub presence_penalty: Option<Raw<'a>>,
    /// An object: tokens by their numbers, and what is added to how likely each is.
    pub logit_bias: Option<Raw<'a>>,
}

/// How much the model shall think.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thinking {
    /// How much, in a word; `None`: as the model does by itself.
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

/// How much to think, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// OpenAI's least that is still some.
    Minimal,
    /// A little.
    Low,
    /// What most models do by themselves.
    Medium,
    /// A lot.
    High,
    /// More than `High`, where a model has more.
    XHigh,
    /// All that a model has.
    Max,
}

impl Effort {
    /// From the least to the most.
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

    /// The effort of that name.
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

/// Log probabilities of the answer's tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logprobs {
    /// Each token comes with its own.
    pub on: bool,
    /// So many of the likeliest tokens in each place come with theirs too (`top_logprobs`).
    pub top: Option<u64>,
}
