//! What whole answers and streams have in common: stop reasons, counts, and the names of tools.

use crate::chat::{Finish, Usage};
use crate::dialect::Memo;
use crate::dialect::piece::citation::{self, Page};
use crate::dialect::talk::Called;
use crate::failure::Failure;
use crate::json::{Raw, Text};

/// The reason for an answer's end, <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
///
/// `of` is what has `stopReason`; `calls` says whether the answer holds calls of the caller's own tools. Some models end
/// an answer with `end_turn` after they called a tool, and the call that stands for a form is none to the caller.
pub(super) fn finish<'a>(of: Raw<'a>, calls: bool) -> Option<Finish<'a>> {
    let reason = of.present("stopReason").and_then(Raw::text)?;
    Some(match reason.decode().as_ref() {
        "end_turn" | "tool_use" if calls => Finish::ToolCalls,
        "end_turn" | "tool_use" => Finish::Stop,
        "stop_sequence" => {
            let fields = of.present("additionalModelResponseFields");
            let told = fields.and_then(|of| of.present("delta").unwrap_or(of).get("stop_sequence"));
            Finish::StopSequence(told.and_then(Raw::text))
        }
        "max_tokens" => Finish::Length,
        "model_context_window_exceeded" => Finish::ContextWindow,
        "guardrail_intervened" | "content_filtered" => Finish::ContentFilter,
        "malformed_model_output" | "malformed_tool_use" => Finish::Broken,
        _ => Finish::Other(reason.clone()),
    })
}

/// The failure that an answer is that ended without a word because something broke: another target may do better, and this one
/// is not sick, as a prompt brings it about. With words before it, it is an answer, and its finish reason says how it ended.
pub(super) fn empty_failure(finish: &Finish<'_>, of: Raw<'_>) -> Option<Failure> {
    if !matches!(finish, Finish::Broken | Finish::Other(_)) {
        return None;
    }
    let reason = of.get("stopReason").and_then(Raw::text).unwrap_or_default();
    Some(Failure::model(&format!("it ended without an answer ({})", reason.decode())))
}

/// The counts of `usage`. `inputTokens` are only those that were neither read from a cache nor written to one
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>), so all three are added.
pub(super) fn usage(usage: Raw<'_>) -> Usage {
    let count = |name| usage.get(name).and_then(Raw::as_u64);
    let (read, write) = (count("cacheReadInputTokens"), count("cacheWriteInputTokens"));
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    Usage {
        input: count("inputTokens").map(|input| input.saturating_add(cached)),
        cache_read: read,
        cache_write: write,
        output: count("outputTokens"),
        reasoning: None,
    }
}

/// The page of a citation; those of documents have none.
pub(super) fn cited_page(citation: Raw<'_>) -> Option<Page<'_>> {
    let web = citation.at(&["location", "web"])?;
    citation::page(web.present("url"), citation.present("title").or_else(|| web.present("domain")))
}

/// Whether a `toolUse` is of a tool that the server runs. Some models say `tool_use` of the caller's.
pub(super) fn is_servers(tool: Raw<'_>) -> bool {
    tool.present("type").and_then(Raw::text).is_some_and(|kind| kind != "tool_use")
}

/// The name without the marks of OpenAI's open models, which some hosts leave in it: `look_up<|channel|>commentary`.
fn unmarked(name: Text<'_>) -> Text<'_> {
    let own = name.decode().split_once("<|").map(|(own, _)| own.to_owned());
    own.filter(|own| !own.is_empty()).map_or(name, Text::from)
}

/// What becomes of a call of a tool by the name that was sent.
pub(super) fn called<'a>(name: Text<'a>, memo: &Memo) -> Called<'a> {
    Called::of(unmarked(name), memo)
}
