//! What both sides of Chat Completions share: its name, finish reasons, usage, the error envelope.

pub(super) use crate::dialect::seam::finish_name;

use crate::chat::{Citation, Finish, Usage};
use crate::dialect::piece::citation;
use crate::dialect::{CallerError, Dialect};
use crate::json::{Raw, Writer};
use crate::stream::sse;

/// The name under which this dialect's own parts and tools are kept.
pub(super) const OWN: &str = Dialect::OpenAi.name();

/// What asks that a stream is padded, by its path: the name that it has among the members nobody else has a place for.
pub(super) const OBFUSCATION: &str = "stream_options.include_obfuscation";

/// A streamed choice's finish reason, if it has one: some servers send an empty one with each event.
pub(super) fn reason(choice: Raw<'_>) -> Option<Raw<'_>> {
    choice.present("finish_reason").filter(|reason| reason.as_json() != "\"\"")
}

/// Reads a finish reason, compatible providers' own words included. `calls`: there are tool calls, which several
/// providers end with a plain `stop`, and without which `tool_calls` means that the provider lost them.
pub(super) fn finish_of(reason: Option<Raw<'_>>, calls: bool) -> Finish<'_> {
    let Some(reason) = reason.and_then(Raw::text).filter(|reason| !reason.is_empty()) else {
        return if calls { Finish::ToolCalls } else { Finish::Stop };
    };
    match reason.decode().as_ref() {
        "stop" | "eos" | "end_turn" | "stop_sequence" if calls => Finish::ToolCalls,
        "stop" | "eos" | "end_turn" => Finish::Stop,
        "stop_sequence" => Finish::StopSequence(None),
        "tool_calls" | "function_call" | "tool_use" if calls => Finish::ToolCalls,
        "tool_calls" | "function_call" | "tool_use" => Finish::Broken,
        // Mistral's `model_length` is the window's.
        "length" | "max_tokens" => Finish::Length,
        // Zhipu has Anthropic's word for it.
        "model_length" | "model_context_window_exceeded" => Finish::ContextWindow,
        // Zhipu says `sensitive`.
        "content_filter" | "sensitive" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        _ => Finish::Other(reason),
    }
}

/// Writes a `usage` object. A count that the provider did not give counts nothing: OpenAI's clients want numbers.
pub(super) fn write_usage(usage: &Usage, w: &mut Writer<'_>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    w.object(|w| {
        w.key("prompt_tokens").u64(input);
        w.key("completion_tokens").u64(output);
        w.key("total_tokens").u64(input.saturating_add(output));
        if usage.cache_read.is_some() || usage.cache_write.is_some() {
            w.key("prompt_tokens_details").object(|w| {
                w.key("cached_tokens").u64(usage.cache_read.unwrap_or(0));
                if let Some(written) = usage.cache_write {
                    w.key("cache_write_tokens").u64(written);
                }
            });
        }
        if let Some(reasoning) = usage.reasoning {
            w.key("completion_tokens_details").object(|w| w.key("reasoning_tokens").u64(reasoning));
        }
    });
}

/// The pages of `annotations`. Some servers leave out which words rest on them: then it is said of none.
pub(super) fn citations(annotations: Raw<'_>) -> impl Iterator<Item = Citation<'_>> {
    annotations.items().filter_map(|annotation| {
        let cited = annotation.present("url_citation")?;
        let index = |name| cited.get(name).and_then(Raw::as_u64).unwrap_or(0);
        let page = citation::page(cited.get("url"), cited.get("title"))?;
        Some(page.cited(index("start_index"), index("end_index")))
    })
}

/// Reads a `usage` object.
pub(super) fn read_usage(usage: Raw<'_>) -> Usage {
    let (mut read, mut total) = (Usage::default(), None);
    // DeepSeek's and Moonshot's names come after OpenAI's.
    let (mut deepseeks, mut moonshots) = (None, None);
    for (name, value) in usage.fields() {
        match name.decode().as_ref() {
            "prompt_tokens" => read.input = value.as_u64(),
            "completion_tokens" => read.output = value.as_u64(),
            "total_tokens" => total = value.as_u64(),
            "prompt_tokens_details" => {
                let count = |name| value.get(name).and_then(Raw::as_u64);
                (read.cache_read, read.cache_write) = (count("cached_tokens"), count("cache_write_tokens"));
            }
            "completion_tokens_details" => {
                read.reasoning = value.get("reasoning_tokens").and_then(Raw::as_u64);
            }
            "prompt_cache_hit_tokens" => deepseeks = value.as_u64(),
            "cached_tokens" => moonshots = value.as_u64(),
            _ => {}
        }
    }
    read.cache_read = read.cache_read.or(deepseeks).or(moonshots);
    // xAI counts reasoning beside the answer's tokens, and tells so only by the total.
    if let (Some(prompt), Some(answer), Some(thought), Some(total)) =
        (read.input, read.output, read.reasoning, total)
        && thought > 0
        && total == prompt.saturating_add(answer).saturating_add(thought)
    {
        read.output = Some(answer.saturating_add(thought));
    }
    read
}

/// OpenAI's clients raise an error at an event with an `error` member, and don't wait for `[DONE]` then.
pub(super) fn write_error_event(error: &CallerError, out: &mut Vec<u8>) {
    sse::write_event(out, None, |out| error.write_openai(out));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finish_reasons() {
        let of = |reason: &'static str, calls| finish_name(&finish_of(Some(Raw::trusted(reason)), calls));
        assert_eq!(of(r#""stop""#, false), "stop");
        assert_eq!(of(r#""stop""#, true), "tool_calls");
        assert_eq!(of(r#""tool_calls""#, true), "tool_calls");
        assert_eq!(of(r#""tool_calls""#, false), "stop");
        assert_eq!(of(r#""model_length""#, false), "length");
        assert_eq!(of(r#""sensitive""#, false), "content_filter");
        assert_eq!(of(r#""brand_new""#, false), "stop");
        assert_eq!((of("null", true), of("null", false)), ("tool_calls", "stop"));
    }

    #[test]
    fn counts() {
        let usage = |json: &'static str| read_usage(Raw::trusted(json));
        let openai = usage(
            r#"{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}"#,
        );
        let expected = Usage {
            input: Some(9),
            cache_read: Some(4),
            cache_write: Some(2),
            output: Some(5),
            reasoning: Some(3),
        };
        assert_eq!(openai, expected);
        let xai = usage(
            r#"{"prompt_tokens":9,"completion_tokens":5,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":3}}"#,
        );
        assert_eq!(xai.output, Some(8));
        assert_eq!(usage(r#"{"prompt_tokens":9,"prompt_cache_hit_tokens":8}"#).cache_read, Some(8));
        assert_eq!(usage("null"), Usage::default());
    }
}
