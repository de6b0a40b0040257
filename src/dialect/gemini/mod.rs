//! Gemini as a provider, at Google AI and on Vertex: <https://ai.google.dev/api/generate-content>.
//!
//! [`request`] puts a request together from the conversation ([`contents`], [`result`], [`media`]), the [`tools`] and the
//! [`config`]; [`reply`] and [`stream`] read answers, which have the same [`wire`] form. What older models want
//! differently is in [`generation`]. No caller speaks this dialect.

mod config;
mod contents;
mod generation;
mod media;
mod names;
mod part;
mod partial;
mod reply;
mod request;
mod result;
mod schema;
mod stream;
mod tools;
mod wire;

#[cfg(test)]
mod tests;

use super::{Memo, Outgoing, Provider, Refusal, StreamReader};
use crate::chat::{Reply, Request};
use crate::dialect::Body;
use crate::dialect::seam::Sending;
use crate::failure::{Failure, Head};
use crate::json::Writer;

/// The dialect.
pub(super) struct Gemini;

impl Provider for Gemini {
    fn write(&self, request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
        request::write(request, to, w)
    }

    fn read<'a>(&self, head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
        reply::read(head, body, memo)
    }

    fn stream(&self, memo: &Memo) -> Box<dyn StreamReader> {
        Box::new(stream::GeminiChunks::new(memo))
    }
}
