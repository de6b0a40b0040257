//! Anthropic's callers: what they get. What they send is read in [`super::request`].

use super::writer::MessageWriter;
use super::{Anthropic, reply, request, wire};
use crate::chat::{Reply, Request};
use crate::dialect::loss::Member;
use crate::dialect::seam::Medium;
use crate::dialect::{Caller, CallerError, Memo, Place, Refusal, Spot, StreamWriter, Turn};
use crate::json::Raw;

impl Caller for Anthropic {
    fn read<'a>(&self, body: Raw<'a>) -> Result<Request<'a>, Refusal> {
        request::read(body)
    }

    fn places<'a>(&self, body: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
        // The system prompt is the first message of the model.
        let system = body.present("system").is_some_and(|system| !matches!(system.as_json(), "\"\"" | "[]"));
        Box::new(move |place| {
            let message = if system { place.message.checked_sub(1) } else { Some(place.message) };
            match (message, place.spot) {
                (Some(message), _) => Place { message, ..place }.to_string(),
                (None, Spot::Part(part)) => format!("system[{part}]"),
                (None, _) => "system".to_owned(),
            }
        })
    }

    fn name_of(&self, member: Member) -> &'static str {
        match member {
            Member::Stop => "stop_sequences",
            Member::User => "metadata.user_id",
            Member::Effort => "output_config.effort",
            Member::Thinking => "thinking",
            Member::Shown => "thinking.display",
            Member::Parallel => "tool_choice.disable_parallel_tool_use",
            Member::Strict => "tools[].strict",
            Member::Arguments => "input_schema",
            Member::Format => "output_config.format",
            Member::MaxTokens | Member::Detail => member.in_chat(),
        }
    }

    /// Its messages are of text, thoughts, calls and code.
    fn carries(&self, medium: Medium) -> bool {
        medium == Medium::Code
    }

    fn write(&self, reply: &Reply<'_>, turn: &Turn, _: &Memo, out: &mut Vec<u8>) {
        reply::write(reply, turn, out);
    }

    fn stream(&self, turn: &Turn, _: &Memo) -> Box<dyn StreamWriter> {
        Box::new(MessageWriter::new(turn))
    }

    fn error(&self, error: &CallerError, out: &mut Vec<u8>) {
        wire::write_error(error, out);
    }
}
