//! Chat Completions as providers speak it: requests out, answers and streams in.

mod chunks;
mod custom;
mod media;
mod message;
mod order;
mod part;
mod reply;
mod request;
mod search;
mod searched;
mod stream;
mod texts;
mod tool_calls;

pub(super) use reply::{is_id, made_up_id};

use crate::dialect::Provider;

/// Chat Completions, as providers speak it.
pub(in crate::dialect) static PROVIDER: Provider = Provider {
    write: request::write,
    read: reply::read,
    stream: |memo| Box::new(stream::ReadChunks::new(memo)),
};
