//! Cohere's: <https://docs.cohere.com/docs/models>.

use super::{Model, Models};
use crate::chat::Features;

const MODELS: &str = "https://docs.cohere.com/docs/models";
const READ: &str = "2026-11-28";
const SIGHT: Features = Features::VISION.with(Features::IMAGE_URLS);
const THOUGHTS: Features = Features::REASONING.with(Features::REASONING_BUDGET);

static ROWS: [Model; 5] = [
    Model::new(&["command-a-reasoning*"], "https://docs.cohere.com/docs/command-a-reasoning", READ)
        .has(THOUGHTS)
        .tokens(256_000, 32_000),
    Model::new(&["command-a-vision*"], MODELS, READ).has(SIGHT).lacks(Features::TOOLS).tokens(128_000, 8_000),
    Model::new(&["command-a-plus*"], MODELS, READ).has(SIGHT).tokens(128_000, 64_000),
    Model::new(&["command-a-03*"], MODELS, READ).tokens(256_000, 8_000),
    Model::new(&["command-r*", "command-r7b*"], MODELS, READ).tokens(128_000, 4_000),
];

/// Cohere's.
pub static COHERE: Models = Models { tables: &[&ROWS], newest: None };
