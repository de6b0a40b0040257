//! What both directions of Responses share: usage, and how an answer ends, well or with an error.

use crate::chat::{Finish, PartKind, Usage};
use crate::dialect::CallerError;
use crate::dialect::piece::media::source_of_base64;
use crate::failure::{Failure, Head, classify};
use crate::json::{Raw, Writer};
use crate::stream::sse::{Sse, write_event};

/// Writes a `usage` object. OpenAI's clients want every count, so one that the provider did not give counts nothing.
pub(super) fn write_usage(usage: &Usage, w: &mut Writer<'_>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    w.object(|w| {
        w.key("input_tokens").u64(input);
        w.key("input_tokens_details").object(|w| {
            w.key("cached_tokens").u64(usage.cache_read.unwrap_or(0));
            w.key("cache_write_tokens").u64(usage.cache_write.unwrap_or(0));
        });
        w.key("output_tokens").u64(output);
        w.key("output_tokens_details")
            .object(|w| w.key("reasoning_tokens").u64(usage.reasoning.unwrap_or(0)));
        w.key("total_tokens").u64(input.saturating_add(output));
    });
}

/// A picture that the model made: <https://platform.openai.com/docs/guides/tools-image-generation>. `None` while there is none.
pub(super) fn picture(item: Raw<'_>) -> Option<PartKind<'_>> {
    let data = item.get("result").and_then(Raw::text).filter(|data| !data.is_empty())?;
    let format = item.get("output_format").and_then(Raw::text).unwrap_or_default();
    let declared = match format.decode().as_ref() {
        "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        _ => "image/png",
    };
    Some(PartKind::Image { source: source_of_base64(declared, data), detail: None })
}

/// Reads a `usage` object.
pub(super) fn read_usage(usage: Raw<'_>) -> Usage {
    let count = |path: &[&str]| usage.at(path).and_then(Raw::as_u64);
    Usage {
        input: count(&["input_tokens"]),
        cache_read: count(&["input_tokens_details", "cached_tokens"]),
        cache_write: count(&["input_tokens_details", "cache_write_tokens"]),
        output: count(&["output_tokens"]),
        reasoning: count(&["output_tokens_details", "reasoning_tokens"]),
    }
}

/// Why an answer is `incomplete`; `None`: it is `completed`. The set is closed; what OpenAI has no word for is complete.
pub(super) fn incomplete_reason(finish: &Finish<'_>) -> Option<&'static str> {
    match finish {
        // Of a pause callers must know that there is more to come, and this is the one word that says so.
        Finish::Length | Finish::ContextWindow | Finish::Pause => Some("max_output_tokens"),
        Finish::ContentFilter | Finish::Refusal => Some("content_filter"),
        Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls | Finish::Broken | Finish::Other(_) => {
            None
        }
    }
}

/// Chat Completions' name of the reason why a response of OpenAI's ended, for the record.
pub(super) fn finish_name(response: Raw<'_>) -> &'static str {
    let reason = response.at(&["incomplete_details", "reason"]).and_then(Raw::text);
    let mut items = response.get("output").into_iter().flat_map(Raw::items);
    let is_call = |item: Raw<'_>| {
        item.get("type")
            .and_then(Raw::text)
            .is_some_and(|kind| kind == "function_call" || kind == "custom_tool_call")
    };
    match reason {
        Some(reason) if reason == "content_filter" => "content_filter",
        Some(_) => "length",
        None if items.any(is_call) => "tool_calls",
        None => "stop",
    }
}

/// Judges the end of a stream's bytes.
///
/// # Errors
/// The answer is not whole, or what came is no stream.
pub(super) fn close(has_ended: bool, has_begun: bool, sse: &Sse) -> Result<(), Failure> {
    let leftover = sse.leftover();
    match (has_ended, has_begun) {
        (true, _) => Ok(()),
        // No stream at all: a page, or an error's JSON.
        (false, false) if matches!(leftover.first(), Some(b'<' | b'{' | b'[')) => {
            Err(classify(&Head { status: 200, headers: &[] }, leftover, 0))
        }
        (false, false) => Err(Failure::malformed("the stream ended before the answer began")),
        (false, true) => Err(Failure::malformed("the stream ended in the middle of the answer")),
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
