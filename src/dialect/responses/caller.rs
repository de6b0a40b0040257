//! The callers of Responses: what they send is read in [`super::request`], what they get is written here.

use super::stream::Events;
use super::{Responses, input, reply, request};
use crate::chat::{Reply, Request};
use crate::dialect::loss::Member;
use crate::dialect::{Caller, CallerError, Memo, Place, Refusal, StreamWriter, Turn};
use crate::json::{Raw, Writer};
use crate::stream::sse::write_event;

impl Caller for Responses {
    fn read<'a>(&self, body: Raw<'a>) -> Result<Request<'a>, Refusal> {
        request::read(body)
    }

    fn remember(&self, body: Raw<'_>, memo: &mut Memo) {
        memo.repeated = Some(request::repeated(body));
    }

    fn places<'a>(&self, body: Raw<'a>) -> Box<dyn Fn(Place) -> String + 'a> {
        input::places(body)
    }

    fn name_of(&self, member: Member) -> &'static str {
        match member {
            Member::MaxTokens => "max_output_tokens",
            Member::Effort | Member::Thinking => "reasoning.effort",
            Member::Strict => "tools[].strict",
            Member::Arguments => "parameters",
            Member::Format => "text.format",
            Member::Stop | Member::User | Member::Parallel => member.in_chat(),
        }
    }

    fn list_name(&self) -> &'static str {
        "input"
    }

    fn write(&self, reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>) {
        reply::write(reply, turn, memo, out);
    }

    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn StreamWriter> {
        Box::new(Events::new(turn, memo))
    }

    /// OpenAI's envelope is one for all its paths.
    fn error(&self, error: &CallerError, out: &mut Vec<u8>) {
        error.write_openai(out);
    }
}

/// Writes the event that ends a stream with an error.
///
/// The members beside `error` are what the event has by the book; `error` is what OpenAI's clients raise an exception at,
/// without which a caller who looks for words only would take the cut answer for a whole one.
pub(super) fn write_error_event(error: &CallerError, sequence: u64, out: &mut Vec<u8>) {
    write_event(out, Some("error"), |out| {
        let mut w = Writer::new(out);
        w.open_object();
        w.key("type").string("error");
        w.key("sequence_number").u64(sequence);
        w.key("code").string(&error.code);
        w.key("message").string(&error.message);
        w.key("param");
        write_param(error, &mut w);
        w.key("error").object(|w| {
            w.key("message").string(&error.message);
            w.key("type").string(error.openai_type());
            w.key("param");
            write_param(error, w);
            w.key("code").string(&error.code);
        });
        w.close_object();
    });
}

fn write_param(error: &CallerError, w: &mut Writer<'_>) {
    match error.param.as_deref().filter(|param| !param.is_empty()) {
        Some(param) => w.string(param),
        None => w.null(),
    }
}
