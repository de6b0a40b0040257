//! Chat Completions as callers speak it: requests in, answers, streams and errors out.

mod message;
mod part;
mod reply;
mod request;
mod stream;
mod streamed;
mod tools;

use super::OpenAi;
use crate::chat::{Reply, Request};
use crate::dialect::seam::Medium;
use crate::dialect::{Caller, CallerError, Memo, Place, Refusal, StreamWriter, Turn};
use crate::json::Raw;

impl Caller for OpenAi {
    fn read<'a>(&self, body: Raw<'a>) -> Result<Request<'a>, Refusal> {
        request::read(body)
    }

    fn remember(&self, body: Raw<'_>, memo: &mut Memo) {
        memo.calls_functions = request::calls_functions(body);
    }

    fn places<'a>(&self, body: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
        message::places(body.get("messages").unwrap_or(Raw::NULL))
    }

    /// Its messages have no place for code that somebody else ran.
    fn carries(&self, medium: Medium) -> bool {
        medium != Medium::Code
    }

    fn write(&self, reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>) {
        reply::write(reply, turn, memo.calls_functions, out);
    }

    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn StreamWriter> {
        Box::new(stream::ChatChunks::new(turn, memo))
    }

    fn error(&self, error: &CallerError, out: &mut Vec<u8>) {
        error.write_openai(out);
    }
}
