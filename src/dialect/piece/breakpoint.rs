//! Cache breakpoints: OpenAI's in Anthropic's words.

use crate::json::Raw;

/// The member of a part that is one.
pub const OPENAIS: &str = "prompt_cache_breakpoint";

const SHORT: &str = r#"{"type":"ephemeral"}"#;
const LONG: &str = r#"{"type":"ephemeral","ttl":"1h"}"#;

/// The breakpoint of Anthropic's that OpenAI's becomes; the longer of the two times to live where one is given, as OpenAI's
/// (30 minutes, 12 hours) are longer than the short one.
pub fn of_openai(breakpoint: Raw<'_>) -> Raw<'static> {
    Raw::trusted(if breakpoint.present("ttl").is_some() { LONG } else { SHORT })
}
