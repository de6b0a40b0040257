//! Perplexity's: <https://docs.perplexity.ai/api-reference/chat-completions-post>.

use super::{Efforts, Model, Models};
use crate::chat::{Effort, Features};

const READ: &str = "2026-11-28";
const EFFORTS: Efforts = Efforts::of(&[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High]);
const REFERENCE: &str = "https://docs.perplexity.ai/api-reference/chat-completions-post";

static ROWS: [Model; 4] = [
    Model::new(&["sonar-deep-research*"], "https://github.com/sgaunet/perplexity-go/issues/75", READ)
        .efforts(EFFORTS)
        .tokens(128_000, 32_768),
    Model::new(&["sonar-reasoning-pro*"], "https://github.com/anomalyco/models.dev/pull/2190", READ)
        .efforts(EFFORTS)
        .tokens(128_000, 0),
    Model::new(&["sonar-pro*"], REFERENCE, READ)
        .lacks(Features::REASONING.with(Features::REASONING_EFFORT))
        .tokens(200_000, 0),
    Model::new(&["sonar*"], REFERENCE, READ)
        .lacks(Features::REASONING.with(Features::REASONING_EFFORT))
        .tokens(128_000, 0),
];

/// Perplexity's.
pub static PERPLEXITY: Models = Models { tables: &[&ROWS], newest: None };
