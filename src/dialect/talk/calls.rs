//! The arguments of tool calls, which all dialects but OpenAI's want as an object.

use crate::chat::ToolCall;
use crate::dialect::loss::{Place, Refusal, Spot};
use std::borrow::Cow;

/// Reads the arguments of one message's calls, one after the other.
#[derive(Debug)]
pub struct Calls {
    message: usize,
    calls: usize,
}

impl Calls {
    /// Of the message with this number.
    pub fn of(message: usize) -> Calls {
        Calls { message, calls: 0 }
    }

    /// The object that the arguments of the next call are; it is this part of its message.
    ///
    /// # Errors
    /// They are none.
    pub fn arguments<'c>(&mut self, call: &'c ToolCall<'_>, part: usize) -> Result<Cow<'c, str>, Refusal> {
        let place = Place { message: self.message, spot: Spot::Call { call: self.calls, part } };
        self.calls = self.calls.saturating_add(1);
        call.arguments.object().ok_or_else(|| {
            Refusal::invalid_at(
                place,
                "must hold a JSON object, and it doesn't. Send the arguments as the model gave them.",
            )
        })
    }
}
