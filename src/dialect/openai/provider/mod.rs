//! Chat Completions as providers speak it: requests out, answers and streams in.

mod chunks;
mod message;
mod order;
mod part;
mod reply;
mod request;
mod stream;
mod tool_calls;

pub(super) use reply::{is_id, made_up_id};

use super::OpenAi;
use crate::chat::{Reply, Request};
use crate::dialect::{Body, Losses, Memo, Outgoing, Provider, Refusal, StreamReader, Target, Turn};
use crate::failure::{Failure, Head};
use crate::json::Writer;

impl Provider for OpenAi {
    fn write(
        &self,
        request: &Request<'_>,
        target: &Target,
        _: &Turn,
        losses: &mut Losses,
        w: &mut Writer<'_>,
    ) -> Result<Outgoing, Refusal> {
        request::write(request, target, losses, w)
    }

    fn read<'a>(&self, head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
        reply::read(head, body, memo)
    }

    fn stream(&self, memo: &Memo) -> Box<dyn StreamReader> {
        Box::new(stream::ReadChunks::new(memo))
    }
}
