//! Kimi. What it samples with is fixed: another temperature is an error (`invalid temperature: only 1 is allowed for this model`,
//! <https://github.com/HKUDS/nanobot/pull/4967>).

use super::{Efforts, Model, Models, Off, SamplingWhen};
use crate::chat::{Effort, Features};

const FIXED: &str = "https://github.com/HKUDS/nanobot/pull/4967";
const READ: &str = "2026-11-28";

/// It always thinks, and is told how much.
const NEWEST: Model = Model::new(&["kimi-k3*"], "https://platform.moonshot.ai/docs/api/chat", READ)
    .efforts(Efforts::of(&[Effort::Low, Effort::High, Effort::Max]))
    .off(Off::Never)
    .sampling(SamplingWhen::Never)
    .lacks(Features::PENALTIES.with(Features::CANDIDATES))
    .tokens(1_048_576, 1_048_576);

static ROWS: [Model; 3] = [
    NEWEST,
    Model::new(&["kimi-k2.5*", "kimi-k2.6*", "kimi-k2.7*", "kimi-k2-thinking*"], FIXED, READ)
        .sampling(SamplingWhen::Never)
        .lacks(Features::PENALTIES.with(Features::CANDIDATES))
        .tokens(262_144, 262_144),
    Model::new(
        &["kimi-k2*", "moonshot-v1*", "kimi-latest"],
        "https://platform.moonshot.ai/docs/api/chat",
        READ,
    )
    .lacks(Features::REASONING),
];

/// Moonshot's.
pub static MOONSHOT: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
