//! OpenAI's Responses as callers speak it: <https://platform.openai.com/docs/api-reference/responses>.
//!
//! | file | does |
//! |---|---|
//! | `caller`, `request`, `input`, `content`, `tools` | read a caller's request, write its errors |
//! | `item`, `reply` | write whole answers |
//! | `stream`, `open` | write streams |
//! | `same`, `passing` | edit bytes where the target speaks it too |
//! | `seal`, `origin`, `wire` | signatures and what is sealed; usage and endings |
//!
//! Where the target speaks Chat Completions or another dialect, what a chat can carry is translated. What it can't (a
//! stored conversation, OpenAI's own tools) is refused: an answer without it would be another one.

mod caller;
mod content;
mod input;
mod item;
mod open;
mod origin;
mod passing;
mod reply;
mod request;
mod same;
mod seal;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod wire;

/// The dialect, as callers speak it and as OpenAI answers it.
pub(super) struct Responses;

/// The name under which parts and tools that only this dialect has are kept.
const OWN: &str = "responses";

/// The name that a caller of Responses has for a place that a chat's provider complains of. Several items of `input`
/// are one message there, so elements have no number. `None`: it is the same.
pub(super) fn path_of(path: &str) -> Option<String> {
    let same = |rest: &str| match rest.strip_prefix(".content[") {
        Some(rest) => Some(format!("input[].content[]{}", rest.split_once(']')?.1)),
        None => Some(format!("input[]{rest}")),
    };
    match path {
        "max_tokens" => Some("max_output_tokens".to_owned()),
        "response_format" => Some("text.format".to_owned()),
        "reasoning_effort" => Some("reasoning.effort".to_owned()),
        _ => same(path.strip_prefix("messages[")?.split_once(']')?.1),
    }
}
