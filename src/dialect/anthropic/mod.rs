//! Anthropic's Messages, both ways: <https://docs.anthropic.com/en/api/messages>.
//!
//! | file | does |
//! |---|---|
//! | `caller`, `request`, `unread` | read a caller's request, and what of it has no place |
//! | `provider`, `messages`, `blocks`, `tools`, `thinking` | write the provider's request |
//! | `reply`, `parts` | read and write whole answers |
//! | `reader`, `growing`, `writer`, `prefix` | read and write streams; blocks and a tool's input in pieces |
//! | `same`, `foreign`, `instructed`, `withheld`, `rethought` | edit bytes where both sides speak it |
//! | `hosts` | Claude on Vertex and on Bedrock: the same dialect in other houses |
//! | `framing` | events in a stream's bytes |
//! | `wire`, `seal`, `cited` | stop reasons, counts and errors; other makers' signatures and citations |
//! | `code` | code that is run at a provider |
//! | `begun` | two answers in one stream |
//!
//! Nothing here knows OpenAI or another dialect.

mod begun;
mod blocks;
mod caller;
mod cited;
mod code;
mod foreign;
mod framing;
mod growing;
mod hosts;
mod instructed;
mod messages;
mod parts;
mod prefix;
pub(super) mod provider;
mod reader;
mod reply;
mod request;
mod rethought;
mod same;
mod seal;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod unread;
mod wire;
mod withheld;
mod writer;

pub(super) use code::is_at as runs_code;

use super::{Host, Row};
use crate::failure::{Failure, Head, classify, classify_event, classify_exception};
use crate::json::Raw;

/// The dialect where it is on both sides.
pub(super) struct Anthropic {
    /// The provider's streams come in the frames of AWS.
    is_aws: bool,
}

/// Streams are server-sent events.
pub(super) static NATIVE: Anthropic = Anthropic { is_aws: false };
/// Claude on Bedrock.
static ON_BEDROCK: Anthropic = Anthropic { is_aws: true };

/// The dialect as a provider's row says that it comes.
pub(super) fn of(row: &Row) -> &'static Anthropic {
    if row.host == Host::Bedrock { &ON_BEDROCK } else { &NATIVE }
}

/// Anthropic names no moments in its errors, so the failures need no clock.
const NO_CLOCK: u64 = 0;

/// The failure that a body of a 2xx status is, which is no message.
fn failure_of_body(head: &Head<'_>, body: &[u8]) -> Failure {
    classify(head, body, NO_CLOCK)
}

/// The failure that the data of an `error` event are.
fn failure_of_event(data: &[u8]) -> Failure {
    match Raw::parse(data) {
        Ok(event) => classify_event(event, NO_CLOCK),
        Err(_) => Failure::malformed("its stream has an error event that is not JSON"),
    }
}

/// The failure that an exception of Bedrock's is.
fn failure_of_exception(name: &str, payload: &[u8]) -> Failure {
    classify_exception(name, payload, NO_CLOCK)
}
