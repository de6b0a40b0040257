//! What Groq serves: <https://console.groq.com/docs/reasoning>.

use super::{Efforts, Model, Models, Off};
use crate::chat::{Effort, Features};

const REASONING: &str = "https://console.groq.com/docs/reasoning";
const READ: &str = "2026-11-28";

/// Its efforts, but for those of a model that knows others: the enum of its SDK.
const NEWEST: Model = Model::new(&["gpt-oss*"], REASONING, READ).efforts(Efforts::of(&[
    Effort::Low,
    Effort::Medium,
    Effort::High,
]));

static ROWS: [Model; 3] = [
    NEWEST.off(Off::Never).tokens(131_072, 65_536),
    // `default` is its word for thinking, which an effort can't say.
    Model::new(&["qwen3*", "qwen3.6*", "qwen3.8*"], "https://github.com/earendil-works/pi/issues/1745", READ)
        .efforts(Efforts::of(&[Effort::None]))
        .tokens(131_072, 0),
    Model::new(&["llama*", "kimi-k2*", "compound*", "deepseek-r1*", "qwen-qwq*"], REASONING, READ)
        .lacks(Features::REASONING_EFFORT),
];

/// Those of Groq.
pub static GROQ: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
