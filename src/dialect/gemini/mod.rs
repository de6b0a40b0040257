//! Gemini as a provider, at Google AI and on Vertex: <https://ai.google.dev/api/generate-content>.
//!
//! [`request`] puts a request together from the conversation ([`contents`], [`result`], [`media`]), the [`tools`] and the
//! [`config`]; [`reply`] and [`stream`] read answers, which have the same [`wire`] form. What older models want
//! differently is in [`generation`]. No caller speaks this dialect.

mod code;
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
mod search;
mod stream;
mod tools;
mod wire;

#[cfg(test)]
mod tests;

use super::Provider;

/// The dialect.
pub(super) static PROVIDER: Provider = Provider {
    write: request::write,
    read: reply::read,
    stream: |memo| Box::new(stream::GeminiChunks::new(memo)),
};
