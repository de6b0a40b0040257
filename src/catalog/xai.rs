//! Grok. What reasons takes no `stop` and no penalties; which models take an effort was tried at its API
//! (<https://github.com/NousResearch/hermes-agent/pull/23435>): to the others it is an error.

use super::{Efforts, Model, Models, Off};
use crate::chat::{Effort, Features};

const PROBED: &str = "https://github.com/NousResearch/hermes-agent/pull/23435";
const PARAMETERS: &str = "https://github.com/mnfst/modelparams.dev/pull/330";
const READ: &str = "2026-11-28";

const NO_EFFORT: Features = Features::REASONING_EFFORT;

/// A model that reasons.
const fn thinker(names: &'static [&'static str], source: &'static str, context_window: u64) -> Model {
    Model::new(names, source, READ)
        .lacks(Features::STOP.with(Features::PENALTIES))
        .off(Off::Never)
        .tokens(context_window, 0)
}

const NEWEST: Model = thinker(&["grok-4.5*", "grok-4.7*"], PARAMETERS, 500_000).efforts(Efforts::of(&[
    Effort::Low,
    Effort::Medium,
    Effort::High,
]));

static ROWS: [Model; 10] = [
    NEWEST,
    thinker(&["grok-4.6*"], PARAMETERS, 500_000).efforts(Efforts::of(&[
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::XHigh,
    ])),
    thinker(&["grok-4.3*"], "https://github.com/enricoros/big-AGI/issues/1104", 1_000_000)
        .efforts(Efforts::of(&[Effort::None, Effort::Low, Effort::Medium, Effort::High]))
        .off(Off::Told),
    Model::new(
        &[
            "grok-4.20-non-reasoning*",
            "grok-4.20-0309-non-reasoning*",
            "grok-4-fast-non-reasoning*",
            "grok-4-1-fast-non-reasoning*",
        ],
        PROBED,
        READ,
    )
    .lacks(NO_EFFORT.with(Features::REASONING)),
    thinker(&["grok-4.20*"], "https://docs.x.ai/developers/models/grok-4.20-0309.md", 1_000_000)
        .lacks(NO_EFFORT),
    thinker(&["grok-4-fast*", "grok-4-1-fast*"], PROBED, 2_000_000).lacks(NO_EFFORT),
    thinker(&["grok-4*", "grok-code-fast*", "grok-build*"], PROBED, 256_000).lacks(NO_EFFORT),
    thinker(&["grok-3-mini*"], "https://github.com/anomalyco/opencode/issues/39448", 131_072)
        .efforts(Efforts::of(&[Effort::Low, Effort::High])),
    Model::new(&["grok-3*"], PROBED, READ).lacks(NO_EFFORT.with(Features::REASONING)).tokens(131_072, 0),
    Model::new(&["grok-2*"], PROBED, READ).lacks(NO_EFFORT.with(Features::REASONING)),
];

/// xAI's.
pub static XAI: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
