//! Cohere's chat, version 2: <https://docs.cohere.com/reference/chat>.
//!
//! | file | does |
//! |---|---|
//! | `request`, `messages`, `tools` | write a request |
//! | `reply`, `stream`, `wire` | read whole answers and streams |
//!
//! Citations of documents without an address have no place with any caller and are passed over. Nothing here knows a
//! caller's dialect.

mod messages;
mod reply;
mod request;
mod stream;
mod tools;
mod wire;

use super::{Memo, Outgoing, Provider, Refusal, StreamReader};
use crate::chat::{Reply, Request};
use crate::dialect::Body;
use crate::dialect::seam::Sending;
use crate::failure::{Failure, Head};
use crate::json::Writer;

/// The dialect, as its provider speaks it.
pub(super) struct Cohere;

impl Provider for Cohere {
    fn write(&self, request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
        request::write(request, to, w)
    }

    fn read<'a>(&self, head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
        reply::read(head, body, memo)
    }

    fn stream(&self, memo: &Memo) -> Box<dyn StreamReader> {
        Box::new(stream::ChatReader::new(memo))
    }
}
