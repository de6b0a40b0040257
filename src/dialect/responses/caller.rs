//! The callers of Responses: what they send is read in [`super::request`], what they get is written here.

use super::stream::ResponseEvents;
use super::{Responses, input, reply, request};
use crate::chat::{Reply, Request};
use crate::dialect::loss::Member;
use crate::dialect::seam::Medium;
use crate::dialect::{Caller, CallerError, Memo, Place, Refusal, StreamWriter, Turn};
use crate::json::Raw;

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
            Member::Shown => "reasoning.summary",
            Member::Strict => "tools[].strict",
            Member::Arguments => "parameters",
            Member::Format => "text.format",
            Member::Detail => "input_image.detail",
            Member::Stop | Member::User | Member::Parallel => member.in_chat(),
        }
    }

    fn list_name(&self) -> &'static str {
        "input"
    }

    /// Pictures are items, with their bytes; sound has none.
    fn carries(&self, medium: Medium) -> bool {
        matches!(medium, Medium::Picture | Medium::Code)
    }

    fn write(&self, reply: &Reply<'_>, turn: &Turn, memo: &Memo, out: &mut Vec<u8>) {
        reply::write(reply, turn, memo, out);
    }

    fn stream(&self, turn: &Turn, memo: &Memo) -> Box<dyn StreamWriter> {
        Box::new(ResponseEvents::new(turn, memo))
    }

    /// OpenAI's envelope is one for all its paths.
    fn error(&self, error: &CallerError, out: &mut Vec<u8>) {
        error.write_openai(out);
    }
}
