//! Bedrock's Converse, for every model that Amazon Bedrock hosts:
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
//!
//! | file | does |
//! |---|---|
//! | `request`, `inference` | write a request; what steers the model |
//! | `messages`, `blocks`, `media`, `told` | write the conversation |
//! | `tools`, `thinking` | what may be called, how the answer is formed, how much is thought |
//! | `family` | what depends on who made the model |
//! | `reply`, `stream`, `wire` | read whole answers and streams |
//!
//! Claude on Bedrock can be reached here and, with all that Anthropic's own API has, by its own dialect. Nothing here
//! knows a caller's dialect.

mod blocks;
mod family;
mod inference;
mod media;
mod messages;
mod reply;
mod request;
mod stream;
mod thinking;
mod told;
mod tools;
mod wire;

use super::Provider;

/// The dialect, as providers speak it.
pub(super) static PROVIDER: Provider = Provider {
    write: request::write,
    read: reply::read,
    stream: |memo| Box::new(stream::ConverseReader::new(memo)),
};
