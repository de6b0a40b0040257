//! Whole answers: <https://docs.cohere.com/reference/chat#response>.

use super::wire::{citations, empty_failure, finish, usage};
use crate::chat::{Arguments, Choice, Part, PartKind, Reply, Thought, ToolCall};
use crate::dialect::talk::Called;
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, Head, classify, classify_event, reports_error};
use crate::json::{Kind, Raw, Text};

/// Reads the provider's answer of a 2xx status.
///
/// # Errors
/// The failure that the answer is: an error after all, or something that is no message.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let malformed = |reason| Failure { status: head.status, ..Failure::malformed(reason) };
    let Ok(answer) = body.json() else { return Err(classify(head, body.bytes, 0)) };
    if reports_error(answer) && answer.present("finish_reason").is_none() {
        return Err(classify_event(answer, 0));
    }
    let message = match answer.get("message") {
        Some(message) if message.kind() == Kind::Object => message,
        // Cohere's errors are a message of another kind: words.
        Some(words) if words.kind() == Kind::String => return Err(classify_event(answer, 0)),
        _ => return Err(classify(head, body.bytes, 0)),
    };
    let mut parts: Vec<Part<'a>> = Vec::new();
    read_content(message.get("content").unwrap_or(Raw::NULL), &mut parts);
    if let Some(plan) = message.present("tool_plan").and_then(Raw::text).filter(|plan| !plan.is_empty()) {
        parts.push(PartKind::Text(plan).into());
    }
    for call in message.get("tool_calls").into_iter().flat_map(Raw::items) {
        let call =
            read_call(call, memo).ok_or_else(|| malformed("its message holds a tool call without a name"))?;
        parts.push(call.into());
    }
    let cited = message.get("citations").into_iter().flat_map(Raw::items);
    let calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let finish = finish(answer, calls)
        .map_err(|failure| Failure { status: head.status, ..failure })?
        .ok_or_else(|| malformed("its message has no finish_reason"))?;
    if let Some(failure) = empty_failure(&finish).filter(|_| parts.is_empty()) {
        return Err(Failure { status: head.status, ..failure });
    }
    Ok(Reply {
        id: answer.present("id").and_then(Raw::text),
        model: None,
        choices: vec![Choice {
            parts,
            finish,
            logprobs: None,
            citations: cited.flat_map(citations).collect(),
        }],
        usage: answer.present("usage").map(usage).unwrap_or_default(),
        service_tier: None,
        moderation: None,
    })
}

/// Texts and thoughts, in their order; a plain string is taken too.
fn read_content<'a>(content: Raw<'a>, parts: &mut Vec<Part<'a>>) {
    parts.extend(content.text().filter(|text| !text.is_empty()).map(|text| PartKind::Text(text).into()));
    for item in content.items() {
        let text = |name| item.present(name).and_then(Raw::text).filter(|text| !text.is_empty());
        if let Some(text) = text("thinking") {
            let thought = Thought { text, signature: None, sealed: None, maker: None };
            parts.push(PartKind::Thought(thought).into());
        }
        if let Some(text) = text("text") {
            parts.push(PartKind::Text(text).into());
        }
    }
}

fn read_call<'a>(call: Raw<'a>, memo: &Memo) -> Option<PartKind<'a>> {
    let name = call.at(&["function", "name"])?.text()?;
    let arguments = call.at(&["function", "arguments"]).filter(|arguments| !arguments.is_null());
    let arguments = match arguments {
        None => Arguments::Encoded(Text::from("{}")),
        // Of a tool without parameters Cohere's models write `null`.
        Some(raw) if raw.text().is_some_and(|text| text.decode().trim() == "null") => {
            Arguments::Encoded(Text::from("{}"))
        }
        Some(raw) => raw.text().map_or(Arguments::Json(raw), Arguments::Encoded),
    };
    Some(match Called::of(name, memo) {
        Called::Answer => PartKind::Text(match arguments {
            Arguments::Json(raw) => Text::from(raw.as_json()),
            Arguments::Encoded(text) | Arguments::FreeForm(text) => text,
        }),
        Called::Tool(name) => {
            let id = call.get("id").and_then(Raw::text).unwrap_or_default();
            PartKind::ToolCall(ToolCall { id, name, arguments, signature: None })
        }
    })
}
