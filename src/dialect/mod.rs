//! Wire formats: what callers speak, what providers speak, and the way between them through [`crate::chat`].
//!
//! A *dialect* is a format; a *provider* is a row of data over a dialect ([`Row`]). Code outside uses
//! [`exchange`], which decides whether bytes are edited in place (same dialect on both sides) or translated.
//! Everything here is pure: bytes in, bytes out.

mod anthropic;
mod asked;
mod at;
mod base64;
mod bedrock;
mod body;
mod citation;
mod cohere;
mod embeddings;
pub mod exchange;
mod extra;
mod gemini;
mod limits;
mod losses;
mod media;
mod names;
mod openai;
mod path;
mod place;
mod providers;
mod responses;
mod schema;
mod show;
mod structured;
mod target;
mod turn;
pub mod words;

pub use asked::{Asked, ask};
use body::Body;
pub use embeddings::Wanted;
pub use extra::{NO_THREADS, carry_extra, is_about_threads, lose_member};
pub use limits::Limits;
pub use losses::{Losses, Refusal, Unsupported, dropped_line};
pub use media::{source_of_url, write_data_url};
pub use path::path_segment;
pub use place::{Place, Spot};
pub use providers::{Embeds, Host, Key, PROVIDERS, Quirk, Row, Thoughts, provider};
pub use show::failure_json;
pub use target::{Endpoint, Target};
pub use turn::{CallerError, Memo, Outgoing, Seen, Surface, Turn};

use crate::chat::{Event, Reply, Request};
use crate::failure::{Failure, Head};
use crate::json::Raw;

/// A wire format that providers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
}

impl Dialect {
    /// The dialect's name in messages and golden files.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::OpenAi => "openai",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
            Dialect::Bedrock => "bedrock",
            Dialect::Cohere => "cohere",
        }
    }
}

/// A wire format that callers speak.
pub trait Caller: Sync {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, in words for the caller.
    fn read<'a>(&self, body: Raw<'a>) -> Result<Request<'a>, Refusal>;
    /// What writing the answer needs to know of the request.
    fn remember(&self, _: Raw<'_>, _: &mut Memo) {}
    /// The caller's names of places in the model of its request: found in one walk, however many are asked for.
    fn places<'a>(&self, _: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
        Box::new(|place| place.to_string())
    }
    /// The caller's name of the list that the model calls `messages`.
    fn list_name(&self) -> &'static str {
        "messages"
    }
    /// Writes a whole answer.
    fn write(&self, reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>);
    /// Begins a streamed answer.
    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn StreamWriter>;
    /// Writes an error body in this dialect's envelope.
    fn error(&self, error: &CallerError, out: &mut Vec<u8>);
}

/// A wire format that providers speak.
pub trait Provider: Sync {
    /// Writes a request as `target` wants it.
    ///
    /// # Errors
    /// What the dialect can't carry, unless `losses` allows dropping it.
    fn write(
        &self,
        request: &Request<'_>,
        target: &Target,
        turn: &Turn,
        losses: &mut Losses,
    ) -> Result<Outgoing, Refusal>;

    /// Reads a whole answer of a 2xx status.
    ///
    /// # Errors
    /// [`crate::failure::Class::Malformed`] where it is not what the dialect promises, or the failure it reports.
    fn read<'a>(&self, head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure>;

    /// Begins to read a streamed answer.
    fn stream(&self, memo: &Memo) -> Box<dyn StreamReader>;
}

/// Turns a provider's bytes into events, right at any split of them.
pub trait StreamReader {
    /// # Errors
    /// The failure that the stream reports or that its bytes are; the stream is over then.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure>;
    /// The provider's end of stream.
    ///
    /// # Errors
    /// [`crate::failure::Class::Malformed`] where the dialect's terminator is missing.
    fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure>;
    /// Whether the dialect's terminator was there: nothing that still comes belongs to the answer.
    fn is_over(&self) -> bool;
    /// How many bytes are kept of an event that is not whole.
    fn held(&self) -> usize;
}

/// Turns events into a caller's bytes.
pub trait StreamWriter {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>);
    /// The good end: whatever was kept back (usage, terminator).
    fn end(&mut self, out: &mut Vec<u8>);
    /// The bad end: an error as the last event.
    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>);
}
