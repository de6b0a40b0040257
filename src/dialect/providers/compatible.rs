//! Providers that speak OpenAI's dialect with an accent: rows, no code.
//!
//! What a row says of a provider is what its reference says or what its API was reported to answer; a provider's
//! models differ, so a target's `capabilities` may say more or less.

use super::{BEARER, CHAT, EMBEDDINGS, Embeds, Host, Key, Quirk, Row, Thoughts};
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
        example_model,
        reference,
    }
}

/// What it doesn't take is an error of status 400; `reasoning_content` in a message is one (janhq/jan#8136).
pub(super) const GROQ: Row = row(
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
        Quirk::Without("store"),
        Quirk::Without("verbosity"),
        Quirk::Without("prompt_cache_key"),
        Quirk::MessageMembers(PLAIN_MEMBERS),
        Quirk::Thoughts(Thoughts::In("reasoning")),
    ],
    "https://console.groq.com/docs/openai",
);

/// Its models think unless told not to, and a tool call whose thought doesn't come back is an error then
/// (<https://api-docs.deepseek.com/guides/thinking_mode>).
pub(super) const DEEPSEEK: Row = row(
    "deepseek",
    "https://api.deepseek.com",
    "deepseek-chat",
    BASE.with(THINKS).with(Features::LOGPROBS),
    &[MAX_TOKENS, Quirk::DeveloperIsSystem, Quirk::Thoughts(Thoughts::Needed("reasoning_content"))],
    "https://api-docs.deepseek.com/api/create-chat-completion",
);

/// Its models that reason, which all newer ones do, reject penalties. Responses: <https://docs.x.ai/docs/guides/chat>.
pub(super) const XAI: Row = row(
    "xai",
    "https://api.x.ai/v1",
    "grok-4.3",
    OPEN_MODELS.with(Features::REASONING_EFFORT),
    &[Quirk::Without("presence_penalty"), Quirk::Without("frequency_penalty"), Quirk::ResponsesIfAsked],
    "https://docs.x.ai/docs/guides/reasoning",
);

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
        Quirk::Thoughts(Thoughts::In("reasoning_content")),
        Quirk::ResponsesIfAsked,
    ],
    "https://docs.fireworks.ai/api-reference/post-chatcompletions",
);

/// Responses, in beta: <https://openrouter.ai/docs/api-reference/responses/overview>.
pub(super) const OPENROUTER: Row = row(
    "openrouter",
    "https://openrouter.ai/api/v1",
    "anthropic/claude-sonnet-4.5",
    OPEN_MODELS.with(Features::REASONING_EFFORT).with(Features::AUDIO).with(Features::DOCUMENTS),
    &[EMBEDDINGS, MAX_TOKENS, Quirk::Thoughts(Thoughts::Details), Quirk::ResponsesIfAsked],
    "https://openrouter.ai/docs/api-reference/chat-completion",
);

/// <https://docs.mistral.ai/api/#tag/embeddings>
const MISTRAL_EMBEDDINGS: Quirk = Quirk::Embeddings(&Embeds {
    dimensions: "output_dimension",
    takes_tokens: false,
    only: Some(&["input", "encoding_format", "metadata", "output_dimension", "output_dtype"]),
});

/// Its API rejects members that it doesn't know.
pub(super) const MISTRAL: Row = row(
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
);

/// Thoughts come as `reasoning` and go back so; `reasoning_content` is an error (QwenLM/qwen-code#11045).
pub(super) const CEREBRAS: Row = row(
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
        Quirk::Without("store"),
        Quirk::Without("verbosity"),
        Quirk::MessageMembers(PLAIN_MEMBERS),
        Quirk::Thoughts(Thoughts::In("reasoning")),
    ],
    "https://inference-docs.cerebras.ai/resources/openai",
);

pub(super) const PERPLEXITY: Row = row(
    "perplexity",
    "https://api.perplexity.ai",
    "sonar-pro",
    Features::SAMPLING.with(Features::JSON_SCHEMA).with(IMAGES).with(THINKS),
    &[MAX_TOKENS, Quirk::NoStreamUsage, Quirk::DeveloperIsSystem],
    "https://docs.perplexity.ai/api-reference/chat-completions-post",
);

/// With `stream_options` its streams were seen to hang.
pub(super) const NVIDIA: Row = row(
    "nvidia",
    "https://integrate.api.nvidia.com/v1",
    "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    BASE.with(IMAGES).with(Features::REASONING),
    &[EMBEDDINGS, MAX_TOKENS, Quirk::NoStreamUsage, Quirk::DeveloperIsSystem],
    "https://docs.api.nvidia.com/nim/reference/llm-apis",
);

pub(super) const DASHSCOPE: Row = row(
    "dashscope",
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "qwen3-max",
    BASE.with(Features::JSON_SCHEMA).with(IMAGES).with(Features::AUDIO).with(Features::REASONING),
    &[EMBEDDINGS, MAX_TOKENS, Quirk::DeveloperIsSystem, Quirk::Choices(&["none", "named"])],
    "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
);

/// Its models think, and then reject a forced tool and a tool call without its thought, for which an empty one doesn't
/// count (theopenco/llmgateway#2090, #2093).
pub(super) const MOONSHOT: Row = row(
    "moonshot",
    "https://api.moonshot.ai/v1",
    "kimi-k2.5",
    BASE.with(Features::JSON_SCHEMA).with(IMAGES).with(Features::REASONING).with(Features::CANDIDATES),
    &[
        Quirk::DeveloperIsSystem,
        Quirk::Choices(&["none"]),
        Quirk::Thoughts(Thoughts::Needed("reasoning_content")),
    ],
    "https://platform.moonshot.ai/docs/api/chat",
);

/// It knows no `tool_choice` but `auto`, and counts a stream's tokens unasked.
pub(super) const ZHIPU: Row = row(
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
);

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
