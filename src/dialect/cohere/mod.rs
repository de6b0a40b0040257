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

use super::Provider;

/// The dialect, as its provider speaks it.
pub(super) static PROVIDER: Provider = Provider {
    write: request::write,
    read: reply::read,
    stream: |memo| Box::new(stream::ChatReader::new(memo)),
};
