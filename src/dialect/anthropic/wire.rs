//! What requests, answers and streams share on the wire: stop reasons, token counts, the error envelope.

use crate::chat::{Finish, Usage};
use crate::dialect::piece::citation::{self, Page};
use crate::dialect::{CallerError, NO_THREADS};
use crate::json::{Raw, Text, Writer};
use crate::stream::sse::write_event;

/// A stop reason of the provider, <https://docs.anthropic.com/en/api/handling-stop-reasons>. The table is closed: a
/// reason nobody knew yesterday is [`Finish::Other`].
pub(super) fn finish<'a>(reason: Text<'a>, sequence: Option<Text<'a>>) -> Finish<'a> {
    match reason.decode().as_ref() {
        "end_turn" => Finish::Stop,
        "stop_sequence" => Finish::StopSequence(sequence),
        "max_tokens" => Finish::Length,
        "model_context_window_exceeded" => Finish::ContextWindow,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::Refusal,
        "pause_turn" => Finish::Pause,
        _ => Finish::Other(reason.clone()),
    }
}

/// What is told of a refusal, where the safety system declined for the model:
/// <https://docs.anthropic.com/en/docs/test-and-evaluate/strengthen-guardrails/handle-streaming-refusals>.
pub(super) fn explanation<'a>(of: Raw<'a>, finish: &Finish<'_>) -> Option<Text<'a>> {
    if *finish != Finish::Refusal {
        return None;
    }
    of.at(&["stop_details", "explanation"]).and_then(Raw::text).filter(|told| !told.is_blank())
}

/// The page of a citation, <https://docs.anthropic.com/en/docs/build-with-claude/citations>: of a search on the web, or of a
/// search result of the caller's that is one. Documents have none.
pub(super) fn cited_page(citation: Raw<'_>) -> Option<Page<'_>> {
    citation::page(citation.present("url").or_else(|| citation.present("source")), citation.present("title"))
}

/// The stop reason for a caller. Some providers say `stop` though they call tools; a caller of Anthropic's looks for
/// `tool_use`.
pub(super) fn stop_reason(finish: &Finish<'_>, has_tool_calls: bool) -> &'static str {
    match finish {
        Finish::Stop | Finish::Other(_) if has_tool_calls => "tool_use",
        Finish::Stop | Finish::Broken | Finish::Other(_) => "end_turn",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::Length => "max_tokens",
        Finish::ContextWindow => "model_context_window_exceeded",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter | Finish::Refusal => "refusal",
        Finish::Pause => "pause_turn",
    }
}

/// The sequence that stopped the answer, where the provider said it.
pub(super) fn write_stop_sequence(finish: &Finish<'_>, w: &mut Writer<'_>) {
    w.key("stop_sequence");
    match finish {
        Finish::StopSequence(Some(sequence)) => w.text(sequence),
        _ => w.null(),
    }
}

/// The provider's counts as it gives them: `input` without what was read from or written to a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl Counts {
    /// Takes over what a `usage` object says. Those of a stream are cumulative and leave out what did not change.
    pub(super) fn update(&mut self, usage: Raw<'_>) {
        for (name, value) in usage.fields() {
            let slot = match name.decode().as_ref() {
                "input_tokens" => &mut self.input,
                "cache_read_input_tokens" => &mut self.cache_read,
                "cache_creation_input_tokens" => &mut self.cache_write,
                "output_tokens" => &mut self.output,
                "output_tokens_details" => {
                    let thinking = value.get("thinking_tokens").and_then(Raw::as_u64);
                    self.thinking = thinking.or(self.thinking);
                    continue;
                }
                _ => continue,
            };
            *slot = value.as_u64().or(*slot);
        }
    }

    pub(super) fn usage(&self) -> Usage {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        Usage {
            input: self.input.map(|input| input.saturating_add(cached)),
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            output: self.output,
            reasoning: self.thinking,
        }
    }
}

/// Writes the members of a `usage` object. Both totals are required there, so what the provider did not say is 0.
pub(super) fn write_usage(usage: &Usage, w: &mut Writer<'_>) {
    let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    w.key("input_tokens").u64(usage.input.unwrap_or(0).saturating_sub(cached));
    if let Some(tokens) = usage.cache_write {
        w.key("cache_creation_input_tokens").u64(tokens);
    }
    if let Some(tokens) = usage.cache_read {
        w.key("cache_read_input_tokens").u64(tokens);
    }
    w.key("output_tokens").u64(usage.output.unwrap_or(0));
    if let Some(tokens) = usage.reasoning {
        w.key("output_tokens_details").object(|w| w.key("thinking_tokens").u64(tokens));
    }
}

/// Writes an error in its envelope.
pub(super) fn write_error(error: &CallerError, out: &mut Vec<u8>) {
    Writer::new(out).object(|w| {
        w.key("type").string("error");
        w.key("error").object(|w| {
            w.key("type").string(error.anthropic_type());
            w.key("message").string(&error.message);
            if error.code == NO_THREADS {
                w.key("details").object(|w| {
                    w.key("error_code").string(NO_THREADS);
                    w.key("unsupported").array(|w| w.string("model"));
                });
            }
        });
    });
}

/// Writes the event that ends a stream with an error.
pub(super) fn write_error_event(error: &CallerError, out: &mut Vec<u8>) {
    write_event(out, Some("error"), |out| write_error(error, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_row_and_comes_back() {
        for reason in [
            "end_turn",
            "stop_sequence",
            "max_tokens",
            "model_context_window_exceeded",
            "tool_use",
            "refusal",
            "pause_turn",
        ] {
            let finish = finish(Text::from(reason), None);
            assert!(!matches!(finish, Finish::Other(_)), "{reason}");
            assert_eq!(stop_reason(&finish, false), reason);
        }
        assert_eq!(finish(Text::from("new"), None), Finish::Other(Text::from("new")));
        assert_eq!(stop_reason(&Finish::Other(Text::from("new")), false), "end_turn");
        assert_eq!(stop_reason(&Finish::Stop, true), "tool_use");
    }

    #[test]
    fn a_prompt_counts_what_the_cache_gave() {
        let mut counts = Counts::default();
        counts.update(Raw::trusted(
            r#"{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":1}"#,
        ));
        counts.update(Raw::trusted(r#"{"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}"#));
        let usage = counts.usage();
        assert_eq!((usage.input, usage.output, usage.reasoning), (Some(115), Some(7), Some(3)));
        let mut out = Vec::new();
        Writer::new(&mut out).object(|w| write_usage(&usage, w));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":100,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}"#
        );
    }
}
