//! Gemini, at Google AI and on Vertex. Which form it is told how much to think in is its generation's, see
//! `dialect/gemini/generation.rs`; which levels there are is each model's.

use super::{Efforts, Model, Models, Off};
use crate::chat::{Effort, Features};

const THINKING: &str = "https://ai.google.dev/gemini-api/docs/thinking";
const MODELS: &str = "https://ai.google.dev/gemini-api/docs/models";
const COMPARED: &str =
    "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash";
const READ: &str = "2026-11-28";

const MINIMAL_TO_HIGH: Efforts = Efforts::of(&[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High]);
const LOW_TO_HIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]);
const LOW_OR_HIGH: Efforts = Efforts::of(&[Effort::Low, Effort::High]);
const LOW_TO_XHIGH: Efforts = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh]);

const fn levelled(names: &'static [&'static str], source: &'static str, efforts: Efforts) -> Model {
    Model::new(names, source, READ).efforts(efforts).off(Off::Never).tokens(1_048_576, 65_536)
}

/// It knows no penalties.
const NEWEST: Model = levelled(
    &["gemini-4*"],
    "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/start/get-started-with-gemini-4",
    LOW_TO_HIGH,
)
.lacks(Features::PENALTIES);

static ROWS: [Model; 13] = [
    levelled(
        &["gemini-4-hydrogen*"],
        "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/start/get-started-with-gemini-4",
        LOW_TO_XHIGH,
    )
    .lacks(Features::PENALTIES),
    NEWEST,
    levelled(&["gemini-3.8*", "gemini-3.7*"], COMPARED, LOW_TO_HIGH).lacks(Features::PENALTIES),
    levelled(&["gemini-3.6*", "gemini-3.5-flash-lite*"], MODELS, MINIMAL_TO_HIGH).lacks(Features::PENALTIES),
    levelled(&["gemini-3.5-pro*", "gemini-3.1-pro*"], COMPARED, LOW_TO_HIGH),
    levelled(&["gemini-3-pro*"], "https://github.com/enricoros/big-AGI/issues/893", LOW_OR_HIGH),
    levelled(&["gemini-3*", "gemini-3.1*", "gemini-3.5*"], THINKING, MINIMAL_TO_HIGH),
    // A name without a generation is the newest one's of its kind, which knows all levels but the least.
    levelled(&["gemini-pro-latest", "gemini-flash-latest"], MODELS, LOW_TO_HIGH),
    levelled(&["gemini-flash-lite-latest"], MODELS, MINIMAL_TO_HIGH),
    Model::new(&["gemini-2.5*", "gemini-live-2.5*"], THINKING, READ).tokens(1_048_576, 65_536),
    Model::new(&["gemini-2.0*", "gemini-1.5-flash*"], MODELS, READ).tokens(1_048_576, 8_192),
    Model::new(&["gemini-1.5-pro*"], MODELS, READ).tokens(2_097_152, 8_192),
    Model::new(&["gemma-3*"], MODELS, READ)
        .lacks(Features::REASONING.with(Features::REASONING_EFFORT).with(Features::JSON_SCHEMA))
        // `Developer instruction is not enabled for models/gemma-3-27b-it` (0xPlaygrounds/rig#788, lobehub/lobehub#7128).
        .lacks(Features::SYSTEM_ROLE)
        .tokens(131_072, 8_192),
];

/// Google's.
pub static GEMINI: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
