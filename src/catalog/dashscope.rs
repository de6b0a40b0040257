//! Qwen at DashScope. An effort is known from 3.8 on (<https://github.com/QwenLM/qwen-code/pull/8472>); before, thinking is a switch of
//! its own that OpenAI's form has no word for. Other makers' models are served there too, so of a name that isn't here nothing is
//! guessed.

use super::{Efforts, Model, Models};
use crate::chat::{Effort, Features};

const READ: &str = "2026-11-28";

static ROWS: [Model; 2] =
    [
        Model::new(&["qwen3.8*"], "https://github.com/QwenLM/qwen-code/pull/8472", READ)
            .efforts(Efforts::of(&[Effort::Low, Effort::Medium, Effort::XHigh])),
        Model::new(
            &["qwen3*", "qwen3.5*", "qwen3.6*", "qwen3.7*", "qwen-*", "qwq-*", "qvq-*"],
            "https://www.alibabacloud.com/help/en/model-studio/deep-thinking",
            READ,
        )
        .lacks(Features::REASONING_EFFORT),
    ];

/// DashScope's.
pub static DASHSCOPE: Models = Models { tables: &[&ROWS], newest: None };
