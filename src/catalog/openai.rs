//! OpenAI's models, at OpenAI and Azure.
//!
//! Its models that reason take no `stop`, no penalties and no probabilities
//! (<https://github.com/bolna-ai/bolna/pull/1019>, `stop` in the official SDK's types), and sampling only while they don't
//! reason, if ever.

use super::{Efforts, Model, ModelApi, Models, SamplingWhen};
use crate::chat::{Effort, Features};

const MODELS: &str = "https://developers.openai.com/api/docs/models";
const EFFORTS: &str = "https://learn.microsoft.com/en-us/javascript/api/@azure/ai-projects/reasoningeffort";
const READ: &str = "2026-11-28";

const LOW_TO_HIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]);
const LOW_TO_XHIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh]);
const MEDIUM_TO_XHIGH: Efforts = Efforts::of(&[Effort::Medium, Effort::High, Effort::XHigh]);
const MINIMAL_TO_HIGH: Efforts = Efforts::of(&[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High]);
const NONE_TO_HIGH: Efforts = Efforts::of(&[Effort::None, Effort::Low, Effort::Medium, Effort::High]);
const NONE_TO_XHIGH: Efforts =
    Efforts::of(&[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh]);
const NONE_TO_MAX: Efforts =
    Efforts::of(&[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max]);
const LOW_TO_MAX: Efforts =
    Efforts::of(&[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max]);

const COUNTS: Features = Features::STOP.with(Features::PENALTIES).with(Features::LOGPROBS);
const THOUGHTS: Features = Features::REASONING.with(Features::REASONING_EFFORT);
const SIGHT: Features = Features::VISION.with(Features::IMAGE_URLS).with(Features::DOCUMENTS);
const UNSEEN: Features = SIGHT.with(Features::AUDIO);

/// A model that reasons.
const fn thinker(names: &'static [&'static str], source: &'static str, efforts: Efforts) -> Model {
    Model::new(names, source, READ)
        .lacks(COUNTS.with(Features::AUDIO))
        .efforts(efforts)
        .sampling(SamplingWhen::Never)
        .tokens(400_000, 128_000)
}

/// A model that doesn't.
const fn talker(names: &'static [&'static str], context_window: u64, max_output_tokens: u64) -> Model {
    Model::new(names, MODELS, READ)
        .lacks(THOUGHTS.with(Features::AUDIO))
        .tokens(context_window, max_output_tokens)
}

/// Function tools go to Responses, but for an effort of none.
const NEWEST: Model = thinker(
    &["gpt-6-sol*", "gpt-6-luna*", "gpt-6.1-terra*"],
    "https://github.com/onyx-dot-app/onyx/issues/15008",
    NONE_TO_MAX,
)
.sampling(SamplingWhen::ToldNotToThink)
.api(ModelApi::ResponsesForTools)
.tokens(1_050_000, 128_000);

static ROWS: [Model; 28] = [
    NEWEST,
    // These always reason.
    thinker(&["gpt-6*"], "https://github.com/genkit-ai/genkit/pull/6303", LOW_TO_MAX)
        .api(ModelApi::ResponsesForTools)
        .tokens(1_050_000, 128_000),
    thinker(&["gpt-5.6*"], "https://github.com/BerriAI/litellm/pull/34569", NONE_TO_MAX)
        .sampling(SamplingWhen::ToldNotToThink)
        .api(ModelApi::ResponsesForTools)
        .tokens(1_050_000, 128_000),
    thinker(&["gpt-5.5-pro*", "gpt-5.4-pro*", "gpt-5.2-pro*"], MODELS, MEDIUM_TO_XHIGH)
        .lacks(Features::JSON_SCHEMA)
        .api(ModelApi::Responses),
    thinker(&["gpt-5.5*"], "https://github.com/Science-Discovery/Aether/issues/1026", NONE_TO_XHIGH)
        .sampling(SamplingWhen::ToldNotToThink)
        // Without an effort both is reported: refused (jeffdafoe/llm-memory-api#178), taken (sarchlab/akita#464).
        .api(ModelApi::ResponsesForTools)
        .tokens(1_050_000, 128_000),
    thinker(
        &["gpt-5.4-mini*", "gpt-5.4-nano*"],
        "https://github.com/pipecat-ai/pipecat/issues/4043",
        NONE_TO_XHIGH,
    )
    .has(Features::LOGPROBS)
    .sampling(SamplingWhen::NotThinking)
    .api(ModelApi::ResponsesToThinkWithTools),
    thinker(&["gpt-5.4*"], "https://github.com/pipecat-ai/pipecat/issues/4043", NONE_TO_XHIGH)
        .has(Features::LOGPROBS)
        .sampling(SamplingWhen::NotThinking)
        .api(ModelApi::ResponsesToThinkWithTools)
        .tokens(1_050_000, 128_000),
    thinker(&["gpt-5.3-codex*", "gpt-5.2-codex*", "gpt-5.1-codex-max*"], MODELS, LOW_TO_XHIGH)
        .api(ModelApi::Responses),
    thinker(
        &["gpt-5.1-codex*", "gpt-5-codex*", "codex-mini*"],
        "https://github.com/arbs-io/vscode-openai/issues/358",
        LOW_TO_HIGH,
    )
    .api(ModelApi::Responses),
    thinker(
        &["gpt-5.1-chat*", "gpt-5.2-chat*", "gpt-5.3-chat*", "chat-latest"],
        MODELS,
        Efforts::of(&[Effort::Medium]),
    )
    .tokens(128_000, 16_384),
    thinker(&["gpt-5.3*", "gpt-5.2*"], "https://github.com/livekit/agents/pull/5088", NONE_TO_XHIGH)
        .has(Features::LOGPROBS)
        .sampling(SamplingWhen::NotThinking)
        .api(ModelApi::ResponsesToThinkWithTools),
    thinker(&["gpt-5.1*"], "https://github.com/openai/openai-agents-python/issues/2089", NONE_TO_HIGH)
        .has(Features::LOGPROBS)
        .sampling(SamplingWhen::NotThinking),
    thinker(&["gpt-5-pro*"], MODELS, Efforts::of(&[Effort::High]))
        .api(ModelApi::Responses)
        .tokens(400_000, 272_000),
    talker(&["gpt-5-chat*"], 128_000, 16_384),
    talker(&["gpt-5-search*"], 400_000, 128_000)
        .lacks(COUNTS.with(Features::TOOLS))
        .sampling(SamplingWhen::Never),
    thinker(&["gpt-5", "gpt-5-2025-*", "gpt-5-mini*", "gpt-5-nano*"], EFFORTS, MINIMAL_TO_HIGH),
    thinker(&["o1-pro*", "o3-pro*"], MODELS, LOW_TO_HIGH).api(ModelApi::Responses).tokens(200_000, 100_000),
    thinker(&["o3-deep-research*", "o4-mini-deep-research*"], MODELS, Efforts::of(&[Effort::Medium]))
        .lacks(Features::TOOLS.with(Features::JSON_SCHEMA))
        .api(ModelApi::Responses)
        .tokens(200_000, 100_000),
    thinker(&["o3-mini*"], MODELS, LOW_TO_HIGH).has(Features::STOP).lacks(SIGHT).tokens(200_000, 100_000),
    thinker(&["o3*", "o4-mini*"], MODELS, LOW_TO_HIGH).tokens(200_000, 100_000),
    Model::new(&["o1-mini*", "o1-preview*"], MODELS, READ)
        .lacks(COUNTS.with(THOUGHTS).with(UNSEEN).with(Features::TOOLS).with(Features::JSON_SCHEMA))
        // `Unsupported value: 'messages[0].role' does not support 'system' with this model.` (microsoft/agent-framework#1077),
        // nor `developer` (QuantumNous/new-api#847).
        .lacks(Features::SYSTEM_ROLE)
        .sampling(SamplingWhen::Never)
        .tokens(128_000, 65_536),
    thinker(&["o1*"], MODELS, LOW_TO_HIGH).has(Features::STOP).tokens(200_000, 100_000),
    Model::new(&["gpt-4o-audio*", "gpt-4o-mini-audio*", "gpt-audio*"], MODELS, READ)
        .has(Features::AUDIO)
        .lacks(THOUGHTS.with(SIGHT).with(Features::JSON_SCHEMA))
        .tokens(128_000, 16_384),
    talker(&["gpt-4o-search-preview*", "gpt-4o-mini-search-preview*"], 128_000, 16_384)
        .sampling(SamplingWhen::Never),
    talker(&["gpt-4o*", "chatgpt-4o*"], 128_000, 16_384),
    talker(&["gpt-4.1*"], 1_047_576, 32_768),
    talker(&["gpt-4-turbo*", "gpt-4-1106*", "gpt-4-0125*"], 128_000, 4_096)
        .lacks(Features::DOCUMENTS.with(Features::JSON_SCHEMA)),
    talker(&["gpt-3.5*"], 16_385, 4_096).lacks(UNSEEN.with(Features::JSON_SCHEMA)),
];

/// OpenAI's.
pub static OPENAI: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };

/// Azure's, where a name that isn't here is a deployment's and says nothing.
pub static AZURE: Models = Models { tables: &[&ROWS], newest: None };
