//! Wire formats: what callers speak, what providers speak, and the way between them through [`crate::chat`].
//!
//! A *dialect* is a format; a *provider* is a row of data over a dialect ([`Row`]). Code outside uses
//! [`exchange`], which decides whether bytes are edited in place (same dialect on both sides) or translated.
//! Everything here is pure: bytes in, bytes out.
//!
//! | room | has |
//! |---|---|
//! | `surface`, `providers` | the paths that callers call; the table of providers |
//! | `piece` | what several dialects are made of and none owns: media, schemas, names, citations |
//! | `loss` | what a dialect can't carry, by what it is; and what becomes of it |
//! | `seam` | what a dialect must be able to do, and what goes in and comes out |
//! | `talk` | what every writer of requests does with a conversation |
//! | `anthropic` … `responses` | a dialect each; none knows another |
//! | `words` | every text of a request, an answer, an event, by its caller's dialect |
//! | `exchange` | which of them talk with each other: the only one that knows all |
//!
//! Imports go up this table and never down; `tests/layers.rs` holds it.

mod anthropic;
mod bedrock;
mod cohere;
mod embeddings;
pub mod exchange;
mod gemini;
mod loss;
mod openai;
mod piece;
mod providers;
mod responses;
mod seam;
mod surface;
mod talk;
pub mod words;

pub use exchange::{Asked, Limits, ask, ask_once, failure_json};
pub use loss::{
    Loss, Losses, Member, NO_THREADS, Place, Refusal, Spot, Unsupported, carry_extra, dropped_line,
    is_about_threads, lose_member,
};
pub use piece::media::{source_of_url, write_data_url};
pub use piece::path::path_segment;
pub use providers::{CacheMarks, Dialect, Embeds, Host, Key, PROVIDERS, Quirk, Row, Thoughts, provider};
use seam::Body;
pub use seam::{
    Api, Caller, CallerError, Declared, Endpoint, FreeForm, Instructions, Listed, Memo, Native, Outgoing,
    Pipe, Provider, Seen, Sending, StreamReader, StreamWriter, Target, Turn, Wanted, WholeAnswer,
};
pub use surface::Surface;
