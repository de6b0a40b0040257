//! OpenAI's Responses: <https://platform.openai.com/docs/api-reference/responses>.
//!
//! | file | does |
//! |---|---|
//! | `provider` | the other side: callers of other dialects are answered by it |
//! | `caller`, `request`, `input`, `content`, `tools` | read a caller's request |
//! | `item`, `reply` | write whole answers |
//! | `stream`, `open` | write streams |
//! | `code` | code that is run at a provider |
//! | `same`, `calls`, `spoken`, `passing`, `edited` | edit bytes where the target speaks it too |
//! | `seal`, `origin`, `wire` | signatures and what is sealed; usage, endings and errors |
//!
//! Where the target speaks Chat Completions or another dialect, what a chat can carry is translated. What it can't (a
//! stored conversation, OpenAI's own tools) is refused: an answer without it would be another one.

mod caller;
mod calls;
mod code;
mod content;
mod edited;
mod input;
mod item;
mod open;
mod origin;
mod passing;
pub(super) mod provider;
mod reply;
mod request;
mod same;
mod seal;
mod spoken;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod wire;

/// The dialect, as callers speak it and as OpenAI answers it.
pub(super) struct Responses;

/// The name under which parts and tools that only this dialect has are kept.
const OWN: &str = "responses";
