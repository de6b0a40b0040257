//! Providers that speak OpenAI's dialect with an accent: rows, no code.
//!
//! What a row says of a provider is what its reference says or what its API was reported to answer; a provider's
//! models differ, so a target's `capabilities` may say more or less.

use super::{BEARER, CHAT, CacheMarks, EMBEDDINGS, Embeds, Host, Key, Quirk, Row, Thoughts};
use crate::catalog;
use crate::chat::Features;
use crate::dialect::Dialect;

const MAX_TOKENS: Quirk = Quirk::MaxTokensIs("max_tokens");

const IMAGES: Features = Features::VISION.with(Features::IMAGE_URLS);
const THINKS: Features = Features::REASONING.with(Features::REASONING_EFFORT);
const BASE: Features = CHAT.with(Features::SAMPLING);
const OPEN_MODELS: Features = BASE
    .with(Features::JSON_SCHEMA)
    .with(IMAGES)
    .with(Features::REASONING)
    .with(Features::CANDIDATES)
    .with(Features::LOGPROBS);

/// What a message has that holds no more than the conversation: SDKs send back `annotations`, `audio` and others too.
const PLAIN_MEMBERS: &[&str] = &["role", "content", "tool_calls", "tool_call_id"];

/// OpenAI's parameters of its own house, which providers that check theirs refuse.
const OPENAIS_OWN: &[&str] = &[
    "audio",
    "modalities",
    "moderation",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "verbosity",
    "web_search_options",
];

/// The same without those that Cerebras and Fireworks know as well.
const OPENAIS_ALONE: &[&str] = &[
    "audio",
    "modalities",
    "moderation",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "verbosity",
    "web_search_options",
];

/// Capacity as Cerebras and Fireworks sell it.
const TIERS: &[&str] = &["auto", "default", "flex", "priority"];

const fn row(
    name: &'static str,
    endpoint: &'static str,
    example_model: &'static str,
    carries: Features,
    quirks: &'static [Quirk],
    reference: &'static str,
) -> Row {
    Row {
        name,
        dialect: Dialect::OpenAi,
        host: Host::Native,
        endpoint: Some(endpoint),
        key: BEARER,
        carries,
        quirks,
        models: None,
        example_model,
        reference,
    }
}

/// What it doesn't take is an error of status 400: `property 'prompt_cache_key' is unsupported` (zed-industries/zed#36215,
/// fanenr/chatbot#21); `reasoning_content` in a message is one (janhq/jan#8136), and so was a system prompt that is no string
/// (livekit/agents#1790, microsoft/PyRIT#704). Its tiers and efforts are those of its SDK for Python, 1.7.
pub(super) const GROQ: Row = Row {
    models: Some(&catalog::GROQ),
    ..row(
        "groq",
        "https://api.groq.com/openai/v1",
        "openai/gpt-oss-120b",
        BASE.with(Features::JSON_SCHEMA).with(IMAGES).with(THINKS),
        &[
            Quirk::DeveloperIsSystem,
            Quirk::NoNames,
            Quirk::Without("logprobs"),
            Quirk::Without("top_logprobs"),
            Quirk::Without("logit_bias"),
            Quirk::Without("n"),
            Quirk::Without("metadata"),
            Quirk::NoneOf(OPENAIS_OWN),
            Quirk::ServiceTiers(&["auto", "on_demand", "flex", "performance"]),
            Quirk::DefaultEffort,
            Quirk::Strings(&["system"]),
            Quirk::MessageMembers(PLAIN_MEMBERS),
            Quirk::Thoughts(Thoughts::In("reasoning")),
        ],
        "https://console.groq.com/docs/openai",
    )
};

/// It refuses arrays of texts but the user's: `messages[1]: invalid type: sequence, expected a string` (QwenLM/qwen-code#2318,
/// tailcallhq/forgecode#2008, BerriAI/litellm#6642). Its models think unless told not to, and a tool call whose thought doesn't come back is an error then
/// (<https://api-docs.deepseek.com/guides/thinking_mode>).
pub(super) const DEEPSEEK: Row = Row {
    models: Some(&catalog::DEEPSEEK),
    ..row(
        "deepseek",
        "https://api.deepseek.com",
        "deepseek-chat",
        BASE.with(THINKS).with(Features::LOGPROBS),
        &[
            MAX_TOKENS,
            Quirk::DeveloperIsSystem,
            Quirk::Strings(&["system", "assistant", "tool"]),
            Quirk::Thoughts(Thoughts::Needed("reasoning_content")),
        ],
        "https://api-docs.deepseek.com/api/create-chat-completion",
    )
};

/// Its models that reason, which all newer ones do, reject penalties. Responses: <https://docs.x.ai/docs/guides/chat>.
pub(super) const XAI: Row = Row {
    models: Some(&catalog::XAI),
    ..row(
        "xai",
        "https://api.x.ai/v1",
        "grok-4.3",
        OPEN_MODELS.with(Features::REASONING_EFFORT),
        &[Quirk::Without("presence_penalty"), Quirk::Without("frequency_penalty"), Quirk::ResponsesIfAsked],
        "https://docs.x.ai/docs/guides/reasoning",
    )
};

pub(super) const TOGETHER: Row = row(
    "together",
    "https://api.together.xyz/v1",
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
    OPEN_MODELS,
    &[EMBEDDINGS, MAX_TOKENS, Quirk::DeveloperIsSystem],
    "https://docs.together.ai/reference/chat-completions-1",
);

/// The role `developer` is an error of status 422 (earendil-works/pi#1578).
pub(super) const DEEPINFRA: Row = row(
    "deepinfra",
    "https://api.deepinfra.com/v1/openai",
    "deepseek-ai/DeepSeek-V3",
    OPEN_MODELS.with(Features::REASONING_EFFORT),
    &[EMBEDDINGS, MAX_TOKENS, Quirk::DeveloperIsSystem],
    "https://docs.deepinfra.com/api-reference/openai-chat-completions-1",
);

/// What it doesn't know is an error (`Extra inputs are not permitted, field: …`: vercel/ai#18306; for cache marks
/// musistudio/claude-code-router#377). What it knows is in its SDK for Python, 1.2.
/// Responses: <https://docs.fireworks.ai/guides/response-api>.
pub(super) const FIREWORKS: Row = row(
    "fireworks",
    "https://api.fireworks.ai/inference/v1",
    "accounts/fireworks/models/glm-4p7",
    OPEN_MODELS.with(Features::REASONING_EFFORT),
    &[
        EMBEDDINGS,
        MAX_TOKENS,
        Quirk::DeveloperIsSystem,
        Quirk::NoneOf(OPENAIS_ALONE),
        Quirk::ServiceTiers(TIERS),
        Quirk::Thoughts(Thoughts::In("reasoning_content")),
        Quirk::ResponsesIfAsked,
    ],
    "https://docs.fireworks.ai/api-reference/post-chatcompletions",
);

/// Responses, in beta: <https://openrouter.ai/docs/api-reference/responses/overview>.
/// Cache marks: <https://openrouter.ai/docs/client-sdks/python/components/anthropiccachecontroldirective>; those of tools:
/// <https://openrouter.ai/docs/agent-sdk/typescript/api-reference/models/chatfunctiontoolfunction>.
pub(super) const OPENROUTER: Row = row(
    "openrouter",
    "https://openrouter.ai/api/v1",
    "anthropic/claude-sonnet-4.5",
    OPEN_MODELS.with(Features::REASONING_EFFORT).with(Features::AUDIO).with(Features::DOCUMENTS),
    &[
        EMBEDDINGS,
        MAX_TOKENS,
        Quirk::Thoughts(Thoughts::Details),
        Quirk::CacheMarks(CacheMarks::ALL),
        Quirk::ResponsesIfAsked,
    ],
    "https://openrouter.ai/docs/api-reference/chat-completion",
);

/// <https://docs.mistral.ai/api/#tag/embeddings>
const MISTRAL_EMBEDDINGS: Quirk = Quirk::Embeddings(&Embeds {
    dimensions: "output_dimension",
    takes_tokens: false,
    only: Some(&["input", "encoding_format", "metadata", "output_dimension", "output_dtype"]),
});

/// Its API rejects members that it doesn't know.
pub(super) const MISTRAL: Row = Row {
    models: Some(&catalog::MISTRAL),
    ..row(
        "mistral",
        "https://api.mistral.ai/v1",
        "mistral-large-2512",
        BASE.with(Features::JSON_SCHEMA)
            .with(IMAGES)
            .with(THINKS)
            .with(Features::DOCUMENTS)
            .with(Features::CANDIDATES)
            .with(Features::LOGPROBS),
        &[
            MISTRAL_EMBEDDINGS,
            MAX_TOKENS,
            Quirk::Chunks,
            Quirk::SeedIs("random_seed"),
            Quirk::ServiceTiers(&["auto", "standard_only"]),
            Quirk::NoStreamUsage,
            Quirk::DeveloperIsSystem,
            Quirk::NoNames,
            Quirk::Only(&[
                "model",
                "messages",
                "stream",
                "max_tokens",
                "temperature",
                "top_p",
                "top_k",
                "stop",
                "random_seed",
                "metadata",
                "response_format",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "presence_penalty",
                "frequency_penalty",
                "repetition_penalty",
                "min_tokens",
                "n",
                "logprobs",
                "top_logprobs",
                "prompt_logprobs",
                "top_prompt_logprobs",
                "prediction",
                "reasoning_effort",
                "prompt_mode",
                "guardrails",
                "prompt_cache_key",
                "service_tier",
                "safe_prompt",
            ]),
        ],
        "https://docs.mistral.ai/api/#tag/chat",
    )
};

/// Thoughts come as `reasoning` and go back so; `reasoning_content` is an error (QwenLM/qwen-code#11045). So is what it doesn't know
/// (`property 'body.prompt_cache_key' is unsupported`, zed-industries/zed#36215, before it knew that one), and so was a system prompt
/// that is no string (musistudio/llms#25). What it knows is in its SDK for Python, 1.91.
pub(super) const CEREBRAS: Row = Row {
    models: Some(&catalog::CEREBRAS),
    ..row(
        "cerebras",
        "https://api.cerebras.ai/v1",
        "gpt-oss-120b",
        BASE.with(Features::JSON_SCHEMA).with(THINKS).with(Features::LOGPROBS),
        &[
            Quirk::DeveloperIsSystem,
            Quirk::Without("frequency_penalty"),
            Quirk::Without("presence_penalty"),
            Quirk::Without("logit_bias"),
            Quirk::Without("n"),
            Quirk::Without("metadata"),
            Quirk::NoneOf(OPENAIS_ALONE),
            Quirk::ServiceTiers(TIERS),
            Quirk::Strings(&["system"]),
            Quirk::MessageMembers(PLAIN_MEMBERS),
            Quirk::Thoughts(Thoughts::In("reasoning")),
        ],
        "https://inference-docs.cerebras.ai/resources/openai",
    )
};

/// `After the (optional) system message(s), user and assistant roles should be alternating.` (perplexityai/api-discussion#265,
/// pipecat-ai/pipecat#4009)
pub(super) const PERPLEXITY: Row = Row {
    models: Some(&catalog::PERPLEXITY),
    ..row(
        "perplexity",
        "https://api.perplexity.ai",
        "sonar-pro",
        Features::SAMPLING.with(Features::JSON_SCHEMA).with(IMAGES).with(THINKS),
        &[MAX_TOKENS, Quirk::NoStreamUsage, Quirk::DeveloperIsSystem, Quirk::Alternates],
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
    )
};

/// With `stream_options` its streams were seen to hang. What it doesn't know is an error: ``Unsupported parameter(s): `prompt_cache_key` ``
/// (ILoveBingLu/CipherTalk#353, tingly-dev/tingly-box#1548; can1357/oh-my-pi#2299 on its schema).
pub(super) const NVIDIA: Row = row(
    "nvidia",
    "https://integrate.api.nvidia.com/v1",
    "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    BASE.with(IMAGES).with(Features::REASONING),
    &[
        EMBEDDINGS,
        MAX_TOKENS,
        Quirk::NoStreamUsage,
        Quirk::DeveloperIsSystem,
        Quirk::NoneOf(OPENAIS_OWN),
        Quirk::Without("metadata"),
        Quirk::Without("service_tier"),
    ],
    "https://docs.api.nvidia.com/nim/reference/llm-apis",
);

/// Cache marks: <https://www.alibabacloud.com/help/en/model-studio/context-cache>; those of OpenAI:
/// <https://help.aliyun.com/en/model-studio/explicit-cache-qwen4>.
pub(super) const DASHSCOPE: Row = Row {
    models: Some(&catalog::DASHSCOPE),
    ..row(
        "dashscope",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "qwen3-max",
        BASE.with(Features::JSON_SCHEMA).with(IMAGES).with(Features::AUDIO).with(Features::REASONING),
        &[
            EMBEDDINGS,
            MAX_TOKENS,
            Quirk::DeveloperIsSystem,
            Quirk::Choices(&["none", "named"]),
            Quirk::CacheMarks(CacheMarks::BOTH),
        ],
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
    )
};

/// A result of a tool that is no string is an error (balcsida/pi-provider-litellm#113), and so is a part of an answer without words
/// (MoonshotAI/kimi-cli#2035, BerriAI/litellm#42186). Its models think, and then reject a forced tool and a tool call without its thought, for which an empty one doesn't
/// count (theopenco/llmgateway#2090, #2093).
pub(super) const MOONSHOT: Row = Row {
    models: Some(&catalog::MOONSHOT),
    ..row(
        "moonshot",
        "https://api.moonshot.ai/v1",
        "kimi-k2.5",
        BASE.with(Features::JSON_SCHEMA).with(IMAGES).with(Features::REASONING).with(Features::CANDIDATES),
        &[
            Quirk::DeveloperIsSystem,
            Quirk::Choices(&["none"]),
            Quirk::Strings(&["assistant", "tool"]),
            Quirk::Thoughts(Thoughts::Needed("reasoning_content")),
        ],
        "https://platform.moonshot.ai/docs/api/chat",
    )
};

/// It knows no `tool_choice` but `auto`, and counts a stream's tokens unasked.
pub(super) const ZHIPU: Row = Row {
    models: Some(&catalog::ZHIPU),
    ..row(
        "zhipu",
        "https://open.bigmodel.cn/api/paas/v4",
        "glm-4.7",
        BASE.with(IMAGES).with(Features::REASONING),
        &[
            EMBEDDINGS,
            MAX_TOKENS,
            Quirk::NoStreamUsage,
            Quirk::DeveloperIsSystem,
            Quirk::NoNames,
            Quirk::Choices(&[]),
            Quirk::Without("frequency_penalty"),
            Quirk::Without("presence_penalty"),
            Quirk::Without("logit_bias"),
            Quirk::Without("n"),
            Quirk::Thoughts(Thoughts::In("reasoning_content")),
        ],
        "https://docs.bigmodel.cn/api-reference",
    )
};

/// Responses without their store: <https://docs.ollama.com/api/openai-compatibility>.
pub(super) const OLLAMA: Row = Row {
    key: Key::Optional,
    ..row(
        "ollama",
        "http://127.0.0.1:11434/v1",
        "gpt-oss:20b",
        BASE.with(Features::JSON_SCHEMA).with(Features::VISION).with(THINKS),
        &[EMBEDDINGS, MAX_TOKENS, Quirk::DeveloperIsSystem, Quirk::ResponsesIfAsked],
        "https://docs.ollama.com/api/openai-compatibility",
    )
};

/// Responses: <https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html>.
pub(super) const VLLM: Row = Row {
    key: Key::Optional,
    ..row(
        "vllm",
        "http://127.0.0.1:8000/v1",
        "Qwen/Qwen3-32B",
        OPEN_MODELS.with(Features::REASONING_EFFORT).with(Features::AUDIO),
        &[EMBEDDINGS, Quirk::DeveloperIsSystem, Quirk::ResponsesIfAsked],
        "https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html",
    )
};
