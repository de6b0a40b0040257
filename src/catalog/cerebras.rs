//! What Cerebras serves: <https://inference-docs.cerebras.ai/capabilities/reasoning>.

use super::{Efforts, Model, Models, Off};
use crate::chat::{Effort, Features};

const REASONING: &str = "https://inference-docs.cerebras.ai/capabilities/reasoning";
const READ: &str = "2026-11-28";

/// The API's efforts: another one is an error (<https://github.com/egoist/chatwise-releases/issues/1325>).
const NEWEST: Model =
    Model::new(&["gemma*", "qwen-3.8*"], "https://github.com/theopenco/llmgateway/pull/3145", READ)
        .efforts(Efforts::of(&[Effort::None, Effort::Low, Effort::Medium, Effort::High]));

static ROWS: [Model; 4] = [
    NEWEST,
    Model::new(&["gpt-oss*"], "https://github.com/anomalyco/models.dev/pull/2129", READ)
        .efforts(Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]))
        .off(Off::Never)
        .tokens(131_072, 40_960),
    // It thinks unless it is told not to, and knows no degrees.
    Model::new(&["zai-glm*"], "https://github.com/theopenco/llmgateway/pull/3145", READ)
        .efforts(Efforts::of(&[Effort::None]))
        .tokens(131_072, 40_960),
    Model::new(&["llama*", "qwen-3-*"], REASONING, READ).lacks(Features::REASONING_EFFORT),
];

/// Those of Cerebras.
pub static CEREBRAS: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
