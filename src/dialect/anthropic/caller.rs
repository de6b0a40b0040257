//! Anthropic's callers: what they get. What they send is read in [`super::request`].

use super::writer::MessageWriter;
use super::{Anthropic, reply, request, wire};
use crate::chat::{Reply, Request};
use crate::dialect::{Caller, CallerError, Memo, Place, Refusal, Spot, StreamWriter, Turn};
use crate::json::Raw;

impl Caller for Anthropic {
    fn read<'a>(&self, body: Raw<'a>) -> Result<Request<'a>, Refusal> {
        request::read(body)
    }

    fn places<'a>(&self, body: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
        // The system prompt is the first message of the model.
        let system = body.present("system").is_some_and(|system| !matches!(system.as_json(), "\"\"" | "[]"));
        Box::new(move |place| match (place.message.checked_sub(1), place.spot) {
            (Some(message), _) if system => Place { message, ..place }.to_string(),
            (None, Spot::Part(part)) if system => format!("system[{part}]"),
            (None, _) if system => "system".to_owned(),
            _ => place.to_string(),
        })
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
