//! Responses as providers speak it, for callers of other dialects: <https://platform.openai.com/docs/api-reference/responses>.
//!
//! Nothing is stored: each request has the whole conversation (`store: false`), and reasoning travels through the caller, sealed.
//!
//! | file | does |
//! |---|---|
//! | `request`, `tools`, `input`, `content` | write requests |
//! | `item` | reads an item of the output |
//! | `reply`, `stream`, `growing`, `places` | read whole answers and streams |
//! | `seal` | reasoning on its way through a caller |

mod content;
mod growing;
mod input;
mod item;
mod places;
mod reply;
mod request;
mod seal;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use super::origin;
use crate::dialect::{Provider, Target};

/// Responses, as providers speak it.
pub(in crate::dialect) static PROVIDER: Provider = Provider {
    write: request::write,
    read: reply::read,
    stream: |memo| Box::new(stream::ReadResponse::new(memo)),
};

/// What stands in a conversation in which this target reasoned.
pub(in crate::dialect) fn mark(target: &Target) -> String {
    seal::mark(&origin::of(target))
}
