//! Mistral's: <https://docs.mistral.ai/capabilities/reasoning/adjustable>. To a model without it, `reasoning_effort` is an error
//! of status 422 (<https://github.com/NousResearch/hermes-agent/issues/11243>).

use super::{Efforts, Model, Models};
use crate::chat::{Effort, Features};

const ADJUSTABLE: &str = "https://docs.mistral.ai/capabilities/reasoning/adjustable";
const REFUSED: &str = "https://github.com/NousResearch/hermes-agent/issues/11243";
const READ: &str = "2026-11-28";

const OFF_OR_HIGH: Efforts = Efforts::of(&[Effort::None, Effort::High]);

const NEWEST: Model = Model::new(
    &[
        "mistral-small-2603*",
        "mistral-small-latest",
        "mistral-medium-2604*",
        "mistral-medium-3*",
        "mistral-medium-3.5*",
        "mistral-medium-latest",
        "mistral-medium",
        "magistral-small-latest",
        "magistral-medium-latest",
        "devstral-latest",
        "devstral-small-latest",
        "devstral-medium-latest",
    ],
    ADJUSTABLE,
    READ,
)
.efforts(OFF_OR_HIGH)
.tokens(262_144, 0);

static ROWS: [Model; 3] = [
    NEWEST,
    Model::new(&["mistral-large-4*"], "https://docs.mistral.ai/inference/conversations/reasoning", READ)
        .efforts(Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]))
        .tokens(1_048_576, 0),
    Model::new(
        &[
            "magistral-*",
            "mistral-small*",
            "mistral-medium-2505*",
            "mistral-medium-2508*",
            "mistral-large*",
            "devstral*",
            "codestral*",
            "mistral-code*",
            "ministral*",
            "pixtral*",
            "voxtral*",
            "open-mi*",
            "mistral-tiny*",
        ],
        REFUSED,
        READ,
    )
    .lacks(Features::REASONING_EFFORT),
];

/// Mistral's.
pub static MISTRAL: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
