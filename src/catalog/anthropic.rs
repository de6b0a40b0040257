//! Claude, wherever it is hosted in its own dialect or Bedrock's.

use super::{Efforts, Model, Models, Off, SamplingWhen};
use crate::chat::{Effort, Features};

const MODELS: &str = "https://platform.claude.com/docs/en/about-claude/models/overview";
const EFFORT: &str = "https://platform.claude.com/docs/en/build-with-claude/effort";
const READ: &str = "2026-11-28";

/// Told how many tokens of thought it may have.
const BUDGET: Features = Features::REASONING.with(Features::REASONING_BUDGET);
/// What those don't know.
const WORDS: Features = Features::REASONING_EFFORT.with(Features::REASONING_ADAPTIVE);
const SCHEMA: Features = Features::JSON_SCHEMA;

const UP_TO_HIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]);
const UP_TO_MAX: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High, Effort::Max]);
const EVERY: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max]);

/// A model that decides itself how much it thinks, is told an effort, and refuses a budget and sampling
/// (<https://platform.claude.com/docs/en/build-with-claude/extended-thinking>).
const fn adaptive(names: &'static [&'static str], source: &'static str, off: Off) -> Model {
    Model::new(names, source, READ)
        .has(Features::REASONING_ADAPTIVE.with(SCHEMA))
        .lacks(Features::REASONING_BUDGET)
        .efforts(EVERY)
        .off(off)
        .sampling(SamplingWhen::Never)
        .tokens(1_000_000, 128_000)
}

/// A model with a budget of thought.
const fn budgeted(names: &'static [&'static str], max_output_tokens: u64) -> Model {
    Model::new(names, MODELS, READ)
        .has(BUDGET)
        .lacks(WORDS)
        .sampling(SamplingWhen::NotThinking)
        .tokens(200_000, max_output_tokens)
}

/// A model that doesn't think.
const fn plain(names: &'static [&'static str], max_output_tokens: u64) -> Model {
    Model::new(names, MODELS, READ)
        .lacks(WORDS.with(Features::REASONING).with(SCHEMA))
        .sampling(SamplingWhen::Always)
        .tokens(200_000, max_output_tokens)
}

/// It always thinks, and can't be made to call a tool.
const NEWEST: Model = adaptive(
    &["claude-opus-5-5*"],
    "https://platform.claude.com/docs/en/models/opus-5-5/migration-guide.md",
    Off::Never,
)
.lacks(Features::FORCED_TOOLS);

/// Claude's models.
pub(super) static ROWS: [Model; 19] = [
    NEWEST,
    adaptive(
        &["claude-sonnet-5-5*"],
        "https://platform.claude.com/docs/zh-CN/models/sonnet-5-5/overview",
        Off::Never,
    )
    .lacks(Features::FORCED_TOOLS),
    adaptive(
        &["claude-fable-5-1*", "claude-fable-5-2*", "claude-mythos-5-1*", "claude-mythos-5-2*"],
        EFFORT,
        Off::Never,
    )
    .lacks(Features::FORCED_TOOLS),
    adaptive(&["claude-fable*", "claude-mythos*"], EFFORT, Off::Never),
    adaptive(
        &["claude-haiku-5-5*"],
        "https://platform.claude.com/docs/models/haiku-5-5/migration-guide",
        Off::Told,
    ),
    adaptive(
        &["claude-sonnet-5*"],
        "https://platform.claude.com/docs/zh-CN/models/sonnet-5/overview",
        Off::Told,
    ),
    adaptive(
        &["claude-opus-5*"],
        "https://platform.claude.com/docs/zh-CN/models/opus-5/overview.md",
        Off::Told,
    ),
    adaptive(&["claude-opus-4-8*", "claude-opus-4-7*"], EFFORT, Off::Unsaid),
    adaptive(&["claude-opus-4-6*", "claude-sonnet-4-6*"], EFFORT, Off::Told)
        .has(Features::REASONING_BUDGET)
        .efforts(UP_TO_MAX)
        .sampling(SamplingWhen::NotThinking),
    budgeted(&["claude-opus-4-5*"], 64_000).has(SCHEMA.with(Features::REASONING_EFFORT)).efforts(UP_TO_HIGH),
    budgeted(&["claude-sonnet-4-5*", "claude-haiku-4-5*"], 64_000).has(SCHEMA),
    budgeted(&["claude-opus-4-1*"], 32_000).has(SCHEMA),
    budgeted(&["claude-opus-4", "claude-opus-4-0*", "claude-opus-4-20250514*", "claude-opus-4@*"], 32_000)
        .lacks(SCHEMA),
    budgeted(
        &["claude-sonnet-4", "claude-sonnet-4-0*", "claude-sonnet-4-20250514*", "claude-sonnet-4@*"],
        64_000,
    )
    .lacks(SCHEMA),
    budgeted(&["claude-3-7-sonnet*"], 64_000).lacks(SCHEMA),
    plain(&["claude-3-5-haiku*", "claude-3-5-sonnet*"], 8_192),
    plain(&["claude-3-haiku*", "claude-3-sonnet*", "claude-3-opus*"], 4_096),
    plain(&["claude-2*", "claude-instant*"], 4_096).lacks(Features::TOOLS.with(Features::VISION)),
    plain(&["claude-3*"], 4_096),
];

/// Claude's.
pub static ANTHROPIC: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
