//! What planning goes by: what the request asks for, and what the moment knows.

use super::{Standing, Verdict};
use crate::chat::Features;

/// What a request asks of a target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand<'d> {
    /// What it can't do without; see [`super::PLANNED`].
    pub needs: Features,
    /// The model that the caller asks for.
    pub model: &'d str,
    /// It asks for embeddings, of the model that it calls so.
    pub embeds: Option<&'d str>,
    /// Tokens that prompt and answer take at the very least; see [`least_tokens`].
    pub least_tokens: u64,
}

/// The fewest tokens that a prompt of so many bytes can have, with `answer` tokens asked for at the least.
///
/// Tokenizers give ordinary text about one token for four bytes; runs of blanks or one repeated letter are the densest
/// text there is, at well under 32 bytes a token. So a request that this says is too long surely is, and one that
/// would fit is never left out.
pub fn least_tokens(prompt_bytes: usize) -> u64 {
    u64::try_from(prompt_bytes / 32).unwrap_or(u64::MAX)
}

/// What the moment knows.
pub struct Circumstances<'c> {
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// A random number.
    pub pick: u64,
    /// What is known of a target (a place in [`crate::settings::Config::targets`]); `None` of one that nothing is known of.
    pub standing: &'c dyn Fn(usize) -> Option<Standing>,
    /// Why a target's dialect can't carry this request.
    pub refuses: &'c dyn Fn(usize) -> Option<Verdict>,
}
