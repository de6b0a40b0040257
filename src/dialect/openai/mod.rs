//! OpenAI's Chat Completions: the dialect of most callers and of most providers.
//!
//! `caller/` is one side, `provider/` the other, `same/` the shortcut where both sides speak it. What OpenAI-compatible
//! providers do differently is data in their rows and one function here ([`quirks`]).

mod answer;
mod caller;
mod calls;
mod ending;
pub(super) mod provider;
mod quirks;
mod reasoning;
mod same;
#[cfg(test)]
mod tests;
mod wire;

/// The dialect, in all its roles.
pub(in crate::dialect) struct OpenAi;
