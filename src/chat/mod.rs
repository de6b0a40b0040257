//! The one internal model of a conversation.
//!
//! A caller's dialect reads into it and a provider's dialect writes out of it, so that n dialects need n files and
//! not n². Everything borrows from the bytes that came in; text stays escaped ([`crate::json::Text`]) and what the
//! model has no word for is kept as it was written ([`PartKind::Foreign`], `extra`).

mod code;
mod event;
mod feature;
mod message;
mod reply;
mod request;
mod usage;

pub use code::{CODE_EXECUTION, CodeExecution, CodeOutcome, CodeRun, RunName};
pub use event::Event;
pub use feature::Features;
pub use message::{
    Arguments, FREE_FORM_INPUT, INVALID_JSON, Maker, Message, Part, PartKind, Role, Source, Thought,
    ToolCall, ToolResult,
};
pub use reply::{Choice, Citation, Finish, Reply};
pub use request::{
    Effort, Format, Grammar, Logprobs, Request, Sampling, Thinking, Tool, ToolChoice, ToolKind, WEB_SEARCH,
    WebSearch,
};
pub use usage::Usage;
