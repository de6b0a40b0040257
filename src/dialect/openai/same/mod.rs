//! The shortcut where caller and provider both speak Chat Completions: bytes are edited and the model is never built.
//!
//! So whatever OpenAI adds tomorrow goes through today, and numbers keep the form they were written in.

mod calls;
mod content;
mod instructed;
mod members;
mod messages;
mod neighbours;
mod reply;
mod request;
mod stream;
mod thoughts;
mod usual;

use super::OpenAi;
use crate::dialect::seam::{Native, Pipe, Sending, WholeAnswer};
use crate::dialect::{Body, Memo, Outgoing, Refusal, Turn};
use crate::failure::{Failure, Head};
use crate::json::{Raw, Writer};

impl Native for OpenAi {
    fn request(&self, body: Raw<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        request::edit(body, to.turn, to.target, to.losses)
    }

    fn reply(
        &self,
        turn: &Turn,
        _memo: &Memo,
        head: &Head<'_>,
        body: &Body<'_>,
    ) -> Result<WholeAnswer, Failure> {
        reply::edit(turn, head, body)
    }

    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn Pipe> {
        Box::new(stream::EditedChunks::new(turn, memo))
    }
}

/// A string as JSON.
fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}
