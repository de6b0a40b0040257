//! GLM: <https://docs.bigmodel.cn/cn/guide/capabilities/thinking>. An effort is known from 5.2 on.

use super::{Efforts, Model, Models, Off};
use crate::chat::{Effort, Features};

const THINKING: &str = "https://docs.bigmodel.cn/cn/guide/capabilities/thinking";
const READ: &str = "2026-11-28";

/// It always thinks.
const NEWEST: Model = Model::new(&["glm-5.3*"], "https://openrouter.ai/z-ai/glm-5.3/api", READ)
    .efforts(Efforts::of(&[Effort::Low, Effort::High, Effort::Max]))
    .off(Off::Never)
    .tokens(1_048_576, 131_072);

static ROWS: [Model; 4] = [
    NEWEST,
    Model::new(&["glm-5.2*"], THINKING, READ).efforts(Efforts::ALL).tokens(1_000_000, 131_072),
    Model::new(&["glm-4.5*", "glm-4.6*", "glm-4.7*", "glm-5*", "glm-5.1*", "glm-5v*"], THINKING, READ)
        .lacks(Features::REASONING_EFFORT),
    Model::new(&["glm-4-*", "glm-4v*"], THINKING, READ)
        .lacks(Features::REASONING.with(Features::REASONING_EFFORT)),
];

/// Zhipu's.
pub static ZHIPU: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
