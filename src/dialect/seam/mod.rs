//! Where a dialect meets the rest: what it must be able to do, and what goes in and comes out. No dialect is known here.

mod address;
mod body;
mod error;
mod framed;
mod known;
mod memo;
mod outgoing;
mod seen;
mod sending;
mod target;
mod turn;

pub use address::{google_path, openai_path};
pub use body::Body;
pub use error::CallerError;
pub use framed::{FramePipe, FrameReader, Framed, Framing, Sink};
pub use known::{Declared, Listed};
pub use memo::{FreeForm, Memo, Wanted};
pub use outgoing::Outgoing;
pub use seen::Seen;
pub use sending::Sending;
pub use target::{Api, Endpoint, Instructions, Target};
pub use turn::Turn;

use super::loss::{Member, Place, Refusal};
use crate::chat::{Event, Finish, Reply, Request};
use crate::failure::{Failure, Head};
use crate::json::{Raw, Writer};

/// What an answer may hold beside words and calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A picture, with its bytes.
    Picture,
    /// A picture that must be fetched from where it is.
    LinkedPicture,
    /// Speech, or other sound.
    Sound,
    /// Code that the provider ran, and what came of it.
    Code,
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
    /// The caller's name of a member.
    fn name_of(&self, member: Member) -> &'static str {
        member.in_chat()
    }
    /// The caller's name of the list that the model calls `messages`.
    fn list_name(&self) -> &'static str {
        "messages"
    }
    /// Whether an answer has a place for it; what it hasn't is left out before, and told.
    fn carries(&self, _: Medium) -> bool {
        true
    }
    /// Writes a whole answer.
    fn write(&self, reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>);
    /// Begins a streamed answer.
    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn StreamWriter>;
    /// Writes an error body in this dialect's envelope.
    fn error(&self, error: &CallerError, out: &mut Vec<u8>);
}

/// A wire format that providers speak: a row of functions.
pub struct Provider {
    /// Writes a request as `target` wants it: its body with `w`, which may weigh only; the rest is what it gives back.
    ///
    /// # Errors
    /// What the dialect can't carry, unless `losses` allows dropping it.
    pub write: fn(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal>,

    /// Reads a whole answer of a 2xx status.
    ///
    /// # Errors
    /// [`crate::failure::Class::Malformed`] where it is not what the dialect promises, or the failure it reports.
    pub read: for<'a> fn(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure>,

    /// Begins to read a streamed answer.
    pub stream: fn(memo: &Memo) -> Box<dyn StreamReader>,
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
    /// Appends to `out` what the caller gets of one event; nothing if it sees none of it yet.
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>);
    /// The good end: whatever was kept back (usage, terminator).
    fn end(&mut self, out: &mut Vec<u8>);
    /// The bad end: an error as the last event.
    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>);
}

/// A caller's dialect that a provider speaks too.
pub trait Native: Sync {
    /// Edits the request: the model's name and what the target's quirks want, nothing else.
    ///
    /// # Errors
    /// What the target's quirks can't carry.
    fn request(&self, body: Raw<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal>;
    /// Edits a whole answer.
    ///
    /// # Errors
    /// The failure that the answer is.
    fn reply(
        &self,
        turn: &Turn,
        memo: &Memo,
        head: &Head<'_>,
        body: &Body<'_>,
    ) -> Result<WholeAnswer, Failure>;
    /// The way of a stream, from the provider's first byte on.
    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn Pipe>;
}

/// A whole answer in the caller's dialect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WholeAnswer {
    /// What the caller gets.
    pub body: Vec<u8>,
    /// What the record gets.
    pub seen: Seen,
}

/// A provider's stream on its way into the caller's dialect.
pub trait Pipe {
    /// Appends to `out` what `bytes` become. `Ok(true)` once the caller has something to see.
    ///
    /// # Errors
    /// The failure that the stream reports or is; what was appended before it stands.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<bool, Failure>;
    /// The provider's end of stream.
    ///
    /// # Errors
    /// The dialect's terminator is missing: the answer is not whole.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure>;
    /// Whether the dialect's terminator was there, so that nothing that still comes belongs to the answer. The end of the
    /// bytes can be where nothing can be written any more, in trailers.
    fn is_over(&self) -> bool;
    /// How many bytes of the stream are kept: of an event that is not whole, and what its end repeats.
    fn held(&self) -> usize;
    /// Ends the caller's stream with an error event.
    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>);
    /// What was learned so far.
    fn seen(&self) -> &Seen;
}

/// OpenAI's name of a finish reason, for its callers and for records. The set is closed; what OpenAI has no word for is a
/// plain stop.
pub fn finish_name(finish: &Finish<'_>) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Broken | Finish::Other(_) => "stop",
        // Of a pause callers must know that there is more to come, and this is the one word that says so.
        Finish::Length | Finish::ContextWindow | Finish::Pause => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
    }
}
