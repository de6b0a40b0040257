//! Whole answers: read from the provider, written for a caller.

use super::blocks::write_thought;
use super::parts::read_content;
use super::wire::{Counts, cited_page, explanation, finish, stop_reason, write_stop_sequence, write_usage};
use super::{cited, code, failure_of_body, seal};
use crate::chat::{Arguments, Choice, Citation, Finish, Maker, Part, PartKind, Reply, ToolCall};
use crate::dialect::piece::citation;
use crate::dialect::piece::{ids, tier};
use crate::dialect::{Body, Dialect, Memo, Turn};
use crate::failure::{Failure, Head};
use crate::json::{Kind, Raw, Text, Writer};

/// Reads the provider's answer of a 2xx status.
///
/// # Errors
/// The failure that the answer is: an error in Anthropic's envelope, or something that is no message.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let message = message(head, body)?;
    let content = message.get("content").filter(|content| content.kind() == Kind::Array);
    let Some(content) = content else {
        return Err(Failure::malformed("its message has no content"));
    };
    let mut parts = read_content(content)
        .map_err(|error| Failure::malformed(&format!("content{} of its message {}", error.at, error.what)))?;
    for part in &mut parts {
        give_back_names(part, memo);
        if let Some(of_run) = code::of_answer(&part.kind) {
            part.kind = of_run;
        }
    }
    let citations = read_citations(content);
    let mut finish = match message.present("stop_reason").and_then(Raw::text) {
        Some(reason) => finish(reason, message.present("stop_sequence").and_then(Raw::text)),
        None => return Err(Failure::malformed("its message has no stop_reason")),
    };
    parts.extend(explanation(message, &finish).map(|text| PartKind::Refusal(text).into()));
    let has_calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    if memo.format_tool.is_some() && finish == Finish::ToolCalls && !has_calls {
        finish = Finish::Stop;
    }
    let mut counts = Counts::default();
    if let Some(usage) = message.present("usage") {
        counts.update(usage);
    }
    Ok(Reply {
        id: message.present("id").and_then(Raw::text),
        model: message.present("model").and_then(Raw::text),
        choices: vec![Choice { parts, finish, logprobs: None, citations }],
        usage: counts.usage(),
        service_tier: message.at(&["usage", "service_tier"]).and_then(Raw::text),
        moderation: None,
    })
}

/// The pages that the texts rest on.
fn read_citations(content: Raw<'_>) -> Vec<Citation<'_>> {
    let mut citations = Vec::new();
    if !citation::may_be_in(content) {
        return citations;
    }
    let mut start = 0;
    for block in
        content.items().filter(|block| block.get("type").and_then(Raw::text).is_some_and(|k| k == "text"))
    {
        let text = block.get("text").and_then(Raw::text).unwrap_or_default();
        let end = citation::length(&text).saturating_add(start);
        let pages = block.get("citations").into_iter().flat_map(Raw::items).filter_map(cited_page);
        citations.extend(pages.map(|page| page.cited(start, end)));
        start = end;
    }
    citations
}

/// The message that a body of a 2xx status must be.
///
/// # Errors
/// The failure that it is instead.
pub(super) fn message<'a>(head: &Head<'_>, body: &'a Body<'_>) -> Result<Raw<'a>, Failure> {
    let Ok(message) = body.json() else { return Err(failure_of_body(head, body.bytes)) };
    if message.get("type").and_then(Raw::text).is_some_and(|kind| kind == "message") {
        return Ok(message);
    }
    Err(failure_of_body(head, body.bytes))
}

/// Undoes what the request had to change: tool names, and the tool that stands for the form of the answer.
fn give_back_names(part: &mut Part<'_>, memo: &Memo) {
    let PartKind::ToolCall(call) = &mut part.kind else { return };
    if memo.format_tool.as_deref().is_some_and(|name| call.name == name) {
        let answer = match &call.arguments {
            Arguments::Json(raw) => Text::from(raw.as_json()),
            Arguments::Encoded(text) | Arguments::FreeForm(text) => text.clone(),
        };
        part.kind = PartKind::Text(answer);
    } else if !memo.renamed.is_empty() {
        let original = memo.original(&call.name.decode()).to_owned();
        call.name = Text::from(original);
    }
}

/// Writes an answer for a caller: a message, its first choice.
pub(super) fn write(reply: &Reply<'_>, turn: &Turn, out: &mut Vec<u8>) {
    let choice = reply.choices.first();
    let parts = choice.map(|choice| choice.parts.as_slice()).unwrap_or_default();
    let finish = choice.map_or(&Finish::Stop, |choice| &choice.finish);
    let has_calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    Writer::new(out).object(|w| {
        w.key("id");
        match reply.id.as_ref().filter(|id| id.decode().starts_with("msg_")) {
            Some(id) => w.text(id),
            None => w.string(&format!("msg_{}", turn.id)),
        }
        w.key("type").string("message");
        w.key("role").string("assistant");
        w.key("model").string(&turn.requested_model);
        w.key("content").array(|w| {
            let mut calls = 0;
            for (part, cited) in parts.iter().zip(cited::by_part(reply)) {
                write_part(&part.kind, &cited, &mut calls, w);
            }
        });
        w.key("stop_reason").string(stop_reason(finish, has_calls));
        write_stop_sequence(finish, w);
        w.key("usage").object(|w| {
            write_usage(&reply.usage, w);
            if let Some(tier) = reply.service_tier.as_ref().and_then(tier::anthropics) {
                w.key("service_tier").text(&tier);
            }
        });
    });
}

fn write_part(kind: &PartKind<'_>, cited: &[&Citation<'_>], calls: &mut u32, w: &mut Writer<'_>) {
    match kind {
        // Anthropic takes no text of blanks back.
        PartKind::Text(text) | PartKind::Refusal(text) if !text.is_blank() => w.object(|w| {
            w.key("type").string("text");
            w.key("text").text(text);
            if !cited.is_empty() {
                w.key("citations").array(|w| cited.iter().for_each(|one| cited::write(one, w)));
            }
        }),
        PartKind::Thought(thought) => w.object(|w| write_thought(thought, w)),
        PartKind::ToolCall(call) => {
            write_call(call, *calls, w);
            *calls = calls.saturating_add(1);
        }
        PartKind::Code(run) => w.object(|w| code::write_run(run, w)),
        PartKind::CodeOutcome(outcome) => w.object(|w| code::write_outcome(outcome, w)),
        PartKind::Foreign { dialect, raw, .. } if *dialect == Dialect::Anthropic.name() => w.raw(*raw),
        // An answer has nothing else.
        _ => {}
    }
}

fn write_call(call: &ToolCall<'_>, number: u32, w: &mut Writer<'_>) {
    if let Some((maker, signature)) = &call.signature {
        w.object(|w| write_call_signature(*maker, signature, w));
    }
    w.object(|w| {
        w.key("type").string("tool_use");
        w.key("id").text(&caller_id(&call.id, number));
        w.key("name").text(&call.name);
        w.key("input").raw(Raw::trusted(&call.arguments.object()));
    });
}

/// A call's id as a caller may send it back to Claude; where the provider gives none, the call's number makes one.
pub(super) fn caller_id<'i>(id: &'i Text<'_>, number: u32) -> Text<'i> {
    if id.is_empty() { Text::from(format!("toolu_{number}")) } else { ids::plain(id) }
}

/// The members of the empty thought that a call's signature travels in.
fn write_call_signature(maker: Maker, signature: &Text<'_>, w: &mut Writer<'_>) {
    let prefix = Text::from(seal::prefix(maker, true));
    w.key("type").string("thinking");
    w.key("thinking").string("");
    w.key("signature").texts([&prefix, signature]);
}
