//! DeepSeek's: <https://api-docs.deepseek.com/guides/thinking_mode.md>. Its API takes every effort but none.

use super::{Efforts, Model, Models};
use crate::chat::Effort;

const THINKING: &str = "https://api-docs.deepseek.com/guides/thinking_mode.md";
const READ: &str = "2026-11-28";

const EFFORTS: Efforts =
    Efforts::of(&[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max]);

const NEWEST: Model = Model::new(
    &["deepseek-v4*", "deepseek-flash*", "deepseek-pro*", "deepseek-chat*", "deepseek-reasoner*"],
    THINKING,
    READ,
)
.efforts(EFFORTS);

static ROWS: [Model; 1] = [NEWEST];

/// DeepSeek's.
pub static DEEPSEEK: Models = Models { tables: &[&ROWS], newest: Some(&NEWEST) };
