//! The provider table: a provider is data.

mod compatible;

use crate::catalog::{self, Models};
use crate::chat::Features;

/// A wire format that providers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Chat Completions, <https://platform.openai.com/docs/api-reference/chat>.
    OpenAi,
    /// Messages, <https://docs.anthropic.com/en/api/messages>.
    Anthropic,
    /// `generateContent`, <https://ai.google.dev/api/generate-content>.
    Gemini,
    /// Converse, <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
    Bedrock,
    /// Chat, version 2, <https://docs.cohere.com/reference/chat>.
    Cohere,
}

impl Dialect {
    /// The dialect's name in messages and golden files.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::OpenAi => "openai",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
            Dialect::Bedrock => "bedrock",
            Dialect::Cohere => "cohere",
        }
    }
}

/// One provider.
#[derive(Debug)]
pub struct Row {
    /// What the file calls it.
    pub name: &'static str,
    /// What it speaks.
    pub dialect: Dialect,
    /// How paths and a few body members differ from the dialect's own house.
    pub host: Host,
    /// Base URL as the provider's official SDK takes it; `None`: the file must say one.
    pub endpoint: Option<&'static str>,
    /// Where its credential goes.
    pub key: Key,
    /// Default of a target's `capabilities`.
    pub carries: Features,
    /// How it differs from others of its dialect.
    pub quirks: &'static [Quirk],
    /// What is known of its models; `None`: nothing that would hold for all who call them so.
    pub models: Option<&'static Models>,
    /// A chat model that it serves: what tests and examples ask it for.
    pub example_model: &'static str,
    /// Where these facts come from.
    pub reference: &'static str,
}

/// Who hosts a dialect: it decides paths and what stands in the path instead of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The dialect's own.
    Native,
    /// Azure OpenAI: a deployment's name may stand in the path.
    Azure,
    /// Google's Vertex AI: project, location and model stand in the path.
    Vertex,
    /// Amazon Bedrock: the model stands in the path.
    Bedrock,
}

/// Where the credential goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A header.
    Header {
        /// In lower case, such as `authorization`.
        name: &'static str,
        /// What stands before the key, such as `Bearer ` with its blank.
        prefix: &'static str,
    },
    /// AWS Signature Version 4, by Envoy's own filter.
    SigV4,
    /// A server of one's own: a credential is possible, not needed (sent as a bearer token).
    Optional,
}

const BEARER: Key = Key::Header { name: "authorization", prefix: "Bearer " };

/// What an OpenAI-compatible provider does differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// The name of the limit on answer tokens (`max_tokens` where `max_completion_tokens` isn't known).
    MaxTokensIs(&'static str),
    /// The name of `seed`.
    SeedIs(&'static str),
    /// Mistral's accent: contents are chunks, a choice of some tool is `any`, and every unknown member is an error. Too far
    /// from OpenAI for edits: requests and answers go through the model.
    Chunks,
    /// Knows no `stream_options`: usage of a stream comes unasked or not at all.
    NoStreamUsage,
    /// Knows no `developer` role: it becomes `system`.
    DeveloperIsSystem,
    /// Rejects this parameter: it is left out and listed.
    Without(&'static str),
    /// Rejects each of these parameters.
    NoneOf(&'static [&'static str]),
    /// Takes only these values of `service_tier`.
    ServiceTiers(&'static [&'static str]),
    /// Takes `default` for a reasoning effort, which means that none is chosen.
    DefaultEffort,
    /// Refuses arrays of texts in messages of these roles: they are strings.
    Strings(&'static [&'static str]),
    /// Rejects every parameter but these.
    Only(&'static [&'static str]),
    /// Rejects `name` in messages.
    NoNames,
    /// Rejects every member of messages but these, `name` and thoughts, which have quirks of their own.
    MessageMembers(&'static [&'static str]),
    /// Takes an answer back as an SDK writes it. Elsewhere members of messages that say nothing (null, `annotations` of
    /// nothing) are left out, and a refusal's words are content.
    EmptyMembers,
    /// What becomes of the members of messages in which thoughts travel through a caller; without it they stay.
    Thoughts(Thoughts),
    /// May be Google behind its OpenAI-compatible API, or know its extension of tool calls: signatures stay in them.
    SignedCalls,
    /// Of the choices `none`, `required` and `named` (one tool) takes only these, beside `auto`.
    Choices(&'static [&'static str]),
    /// Takes tools whose input is a text (`custom`): <https://platform.openai.com/docs/guides/function-calling#custom-tools>.
    /// Elsewhere they are functions.
    FreeForm,
    /// Wants user and assistant to take turns: neighbours of one role are one message.
    Alternates,
    /// Takes ids of tool calls of at most so many characters.
    LongestId(usize),
    /// Takes marks of cache breakpoints in these places. Elsewhere they are left out and listed: several providers refuse a request for
    /// one.
    CacheMarks(CacheMarks),
    /// Speaks `/responses` too.
    Responses,
    /// As [`Quirk::Responses`], but is asked by it only where the file says so (`api: responses`): it has less there, or keeps its
    /// house differently.
    ResponsesIfAsked,
    /// Speaks `/embeddings` too.
    Embeddings(&'static Embeds),
}

/// Which marks of cache breakpoints a provider takes, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheMarks {
    /// The members of parts of messages that it knows.
    pub in_parts: &'static [&'static str],
    /// It knows Anthropic's beside messages, tools and the request's other members, too.
    pub around: bool,
}

impl CacheMarks {
    /// The member that Anthropic marks with.
    pub const ANTHROPICS: &'static str = "cache_control";
    /// The member that OpenAI marks with.
    pub const OPENAIS: &'static str = "prompt_cache_breakpoint";
    /// It refuses or doesn't know them.
    pub const NONE: CacheMarks = CacheMarks { in_parts: &[], around: false };
    const OPENAI: CacheMarks = CacheMarks { in_parts: &[CacheMarks::OPENAIS], around: false };
    const BOTH: CacheMarks =
        CacheMarks { in_parts: &[CacheMarks::ANTHROPICS, CacheMarks::OPENAIS], around: false };
    const ALL: CacheMarks = CacheMarks { around: true, ..CacheMarks::BOTH };

    /// Whether parts may have a member of this name.
    pub fn takes_in_parts(&self, name: &str) -> bool {
        self.in_parts.contains(&name)
    }
}

/// How thoughts go back to a provider that made them, or may have: signed ones never leave their maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoughts {
    /// It rejects them.
    Never,
    /// Plain text in the member of this name; any other name is an error or says nothing.
    In(&'static str),
    /// The same, and an assistant's message with tool calls must have one: a blank stands for what another model made.
    Needed(&'static str),
    /// As [`crate::dialect`]'s own `reasoning_details`, whoever made them: it passes them on to their makers.
    Details,
}

/// How an OpenAI-compatible provider's embeddings differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Embeds {
    /// The name of `dimensions`.
    pub dimensions: &'static str,
    /// Takes a tokenizer's numbers for texts.
    pub takes_tokens: bool,
    /// Rejects every other parameter but these and `model`.
    pub only: Option<&'static [&'static str]>,
}

impl Embeds {
    const OPENAI: Embeds = Embeds { dimensions: "dimensions", takes_tokens: true, only: None };
}

/// As at OpenAI.
const EMBEDDINGS: Quirk = Quirk::Embeddings(&Embeds::OPENAI);

impl Row {
    /// Whether it differs so.
    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Whether it has `/responses` at all.
    pub fn has_responses(&self) -> bool {
        self.has(Quirk::Responses) || self.has(Quirk::ResponsesIfAsked)
    }

    /// How the provider speaks OpenAI's embeddings, if it does.
    pub fn embeds(&self) -> Option<&'static Embeds> {
        self.quirks.iter().find_map(|quirk| match quirk {
            Quirk::Embeddings(embeds) => Some(*embeds),
            _ => None,
        })
    }
}

const CHAT: Features = Features::TOOLS
    .with(Features::FORCED_TOOLS)
    .with(Features::JSON_MODE)
    .with(Features::STOP)
    .with(Features::PENALTIES)
    .with(Features::SYSTEM_ROLE);
const OPENAI: Features = CHAT
    .with(Features::VISION)
    .with(Features::IMAGE_URLS)
    .with(Features::JSON_SCHEMA)
    .with(Features::AUDIO)
    .with(Features::DOCUMENTS)
    .with(Features::REASONING)
    .with(Features::REASONING_EFFORT)
    .with(Features::SAMPLING)
    .with(Features::CANDIDATES)
    .with(Features::LOGPROBS);
// Any-JSON answers are asked of Claude with a tool (`anthropic/tools.rs`).
const CLAUDE: Features = CHAT
    .with(Features::VISION)
    .with(Features::IMAGE_URLS)
    .with(Features::JSON_SCHEMA)
    .with(Features::DOCUMENTS)
    .with(Features::REASONING)
    .with(Features::REASONING_EFFORT)
    .with(Features::REASONING_ADAPTIVE);

/// Gemini 3 and later; older models are known by their names, see [`super::gemini`].
const GEMINI: Features = OPENAI;

/// Its endpoint follows from the target's location.
const GEMINI_VERTEX: Row = Row {
    name: "gemini_vertex",
    dialect: Dialect::Gemini,
    host: Host::Vertex,
    endpoint: None,
    key: BEARER,
    carries: GEMINI,
    quirks: &[],
    models: Some(&catalog::GEMINI),
    example_model: "gemini-3-flash",
    reference: "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
};

// What most of Bedrock's models take. Schemas (`json_schema`) and reasoning are some models' only: a target says so.
const CONVERSE: Features = CHAT
    .with(Features::VISION)
    .with(Features::DOCUMENTS)
    .with(Features::SAMPLING)
    .with(Features::REASONING_ADAPTIVE);

// Images and reasoning are some models' only: a target says so.
const COHERE: Features = CHAT.with(Features::JSON_SCHEMA).with(Features::SAMPLING);

/// Anthropic's cache marks are errors (`Unknown parameter: 'messages[0].content[0].cache_control'.`; for Responses see
/// BerriAI/litellm#28431), and so were ids of calls with more than 40 characters (agno-agi/agno#5382, vercel/ai#5171).
const OPENAI_QUIRKS: &[Quirk] = &[
    Quirk::Thoughts(Thoughts::Never),
    Quirk::EmptyMembers,
    Quirk::FreeForm,
    Quirk::LongestId(40),
    Quirk::CacheMarks(CacheMarks::OPENAI),
    Quirk::Responses,
    EMBEDDINGS,
];

/// Every provider that the file can name.
pub static PROVIDERS: &[Row] = &[
    Row {
        name: "openai",
        dialect: Dialect::OpenAi,
        host: Host::Native,
        endpoint: Some("https://api.openai.com/v1"),
        key: BEARER,
        carries: OPENAI,
        quirks: OPENAI_QUIRKS,
        models: Some(&catalog::OPENAI),
        example_model: "gpt-5.4-mini",
        reference: "https://platform.openai.com/docs/api-reference/chat",
    },
    Row {
        name: "anthropic",
        dialect: Dialect::Anthropic,
        host: Host::Native,
        endpoint: Some("https://api.anthropic.com"),
        key: Key::Header { name: "x-api-key", prefix: "" },
        carries: CLAUDE,
        quirks: &[],
        models: Some(&catalog::ANTHROPIC),
        example_model: "claude-sonnet-4-5",
        reference: "https://docs.anthropic.com/en/api/messages",
    },
    Row {
        name: "anthropic_vertex",
        dialect: Dialect::Anthropic,
        host: Host::Vertex,
        endpoint: None,
        key: BEARER,
        carries: CLAUDE.without(Features::IMAGE_URLS),
        quirks: &[],
        models: Some(&catalog::ANTHROPIC),
        example_model: "claude-sonnet-4-5@20250929",
        reference: "https://docs.anthropic.com/en/api/claude-on-vertex-ai",
    },
    Row {
        name: "anthropic_bedrock",
        dialect: Dialect::Anthropic,
        host: Host::Bedrock,
        endpoint: None,
        key: Key::SigV4,
        carries: CLAUDE.without(Features::IMAGE_URLS),
        quirks: &[],
        models: Some(&catalog::ANTHROPIC),
        example_model: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        reference: "https://docs.anthropic.com/en/api/claude-on-amazon-bedrock",
    },
    Row {
        name: "bedrock",
        dialect: Dialect::Bedrock,
        host: Host::Bedrock,
        endpoint: None,
        key: Key::SigV4,
        carries: CONVERSE,
        quirks: &[],
        models: Some(&catalog::BEDROCK),
        example_model: "amazon.nova-pro-v1:0",
        reference: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
    },
    Row {
        name: "cohere",
        dialect: Dialect::Cohere,
        host: Host::Native,
        endpoint: Some("https://api.cohere.com"),
        key: BEARER,
        carries: COHERE,
        quirks: &[],
        models: Some(&catalog::COHERE),
        example_model: "command-a-03-2025",
        reference: "https://docs.cohere.com/reference/chat",
    },
    Row {
        name: "azure_openai",
        dialect: Dialect::OpenAi,
        host: Host::Azure,
        endpoint: None,
        key: Key::Header { name: "api-key", prefix: "" },
        carries: OPENAI,
        quirks: OPENAI_QUIRKS,
        models: Some(&catalog::AZURE),
        example_model: "gpt-5.4-mini",
        reference: "https://learn.microsoft.com/azure/ai-services/openai/reference",
    },
    Row {
        name: "gemini",
        dialect: Dialect::Gemini,
        host: Host::Native,
        endpoint: Some("https://generativelanguage.googleapis.com"),
        key: Key::Header { name: "x-goog-api-key", prefix: "" },
        carries: GEMINI,
        quirks: &[],
        models: Some(&catalog::GEMINI),
        example_model: "gemini-3-flash",
        reference: "https://ai.google.dev/api/generate-content",
    },
    GEMINI_VERTEX,
    // The short name, as Gemini is what most mean by it.
    Row { name: "vertex", ..GEMINI_VERTEX },
    Row {
        name: "openai_compatible",
        dialect: Dialect::OpenAi,
        host: Host::Native,
        endpoint: None,
        key: Key::Optional,
        carries: OPENAI,
        // Whoever it is: who writes `api: responses` knows that it has them.
        quirks: &[
            Quirk::SignedCalls,
            Quirk::EmptyMembers,
            Quirk::CacheMarks(CacheMarks::ALL),
            Quirk::ResponsesIfAsked,
            EMBEDDINGS,
        ],
        models: None,
        example_model: "llama-4",
        reference: "https://platform.openai.com/docs/api-reference/chat",
    },
    compatible::GROQ,
    compatible::DEEPSEEK,
    compatible::XAI,
    compatible::TOGETHER,
    compatible::DEEPINFRA,
    compatible::FIREWORKS,
    compatible::OPENROUTER,
    compatible::MISTRAL,
    compatible::CEREBRAS,
    compatible::PERPLEXITY,
    compatible::NVIDIA,
    compatible::DASHSCOPE,
    compatible::MOONSHOT,
    compatible::ZHIPU,
    compatible::OLLAMA,
    compatible::VLLM,
];

/// A provider by its name in the file.
pub fn provider(name: &str) -> Option<&'static Row> {
    PROVIDERS.iter().find(|row| row.name == name)
}
