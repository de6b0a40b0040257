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
use crate::dialect::seam::Sending;
use crate::dialect::{Body, Memo, Outgoing, Provider, Refusal, StreamReader};
use crate::failure::{Failure, Head};
use crate::json::Writer;

impl Provider for OpenAi {
    fn write(&self, request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
        request::write(request, to, w)
    }

    fn read<'a>(&self, head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
        reply::read(head, body, memo)
    }

    fn stream(&self, memo: &Memo) -> Box<dyn StreamReader> {
        Box::new(stream::ReadChunks::new(memo))
    }
}
