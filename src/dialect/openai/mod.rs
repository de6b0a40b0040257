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

use crate::json::Raw;

/// Whether a request has tools whose input is a text, or calls of such.
pub(super) fn has_free_form(body: Raw<'_>) -> bool {
    let is_custom = |of: Raw<'_>| of.get("type").and_then(Raw::text).is_some_and(|kind| kind == "custom");
    let list = |name| body.get(name).filter(|list: &Raw<'_>| list.may_have_string("custom"));
    // Nearly no request has one: don't look into each message of those that have none.
    list("tools").is_some_and(|tools| tools.items().any(is_custom))
        || list("messages").is_some_and(|messages| {
            let calls = messages.items().filter_map(|message| message.get("tool_calls"));
            calls.flat_map(Raw::items).any(is_custom)
        })
}

/// The dialect, in all its roles.
pub(in crate::dialect) struct OpenAi;
