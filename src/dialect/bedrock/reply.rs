//! Whole answers: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax>.

use super::wire::{called, cited_page, empty_failure, finish, is_servers, usage};
use crate::chat::{Arguments, Choice, Citation, Finish, Maker, Part, PartKind, Reply, Thought, ToolCall};
use crate::dialect::piece::citation;
use crate::dialect::talk::Called;
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, Head, classify};
use crate::json::{Kind, Raw, Text};

/// Reads the provider's answer of a 2xx status.
///
/// # Errors
/// The failure that the answer is: an error after all, or something that is no message.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let malformed = |reason| Failure { status: head.status, ..Failure::malformed(reason) };
    let Ok(answer) = body.json() else { return Err(classify(head, body.bytes, 0)) };
    let Some(message) = answer.at(&["output", "message"]) else { return Err(classify(head, body.bytes, 0)) };
    let content = message.get("content").filter(|content| content.kind() == Kind::Array);
    let content = match (content, finish(answer, false)) {
        (Some(content), _) => content,
        (None, Some(Finish::ContentFilter)) => {
            return Err(Failure {
                status: head.status,
                ..Failure::filtered("a guardrail or filter left nothing of the answer")
            });
        }
        (None, _) => return Err(malformed("its message has no content")),
    };
    let mut parts = Vec::new();
    for block in content.items() {
        match read_block(block, memo) {
            ConverseBlock::Part(kind) => parts.push(Part::from(kind)),
            ConverseBlock::Silent => {}
            ConverseBlock::Broken => return Err(malformed("its message holds a block that can't be read")),
        }
    }
    let calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let finish = finish(answer, calls).ok_or_else(|| malformed("its message has no stopReason"))?;
    if let Some(failure) = empty_failure(&finish, answer).filter(|_| parts.is_empty()) {
        return Err(Failure { status: head.status, ..failure });
    }
    Ok(Reply {
        id: None,
        model: answer.at(&["trace", "promptRouter", "invokedModelId"]).and_then(Raw::text),
        choices: vec![Choice { parts, finish, logprobs: None, citations: read_citations(content) }],
        usage: answer.present("usage").map(usage).unwrap_or_default(),
        service_tier: answer.at(&["serviceTier", "type"]).and_then(Raw::text),
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
    for block in content.items() {
        let cites = block.present("citationsContent");
        let text = cites.map(cited).or_else(|| block.get("text").and_then(Raw::text)).unwrap_or_default();
        let end = citation::length(&text).saturating_add(start);
        let told = cites.and_then(|cites| cites.get("citations")).into_iter().flat_map(Raw::items);
        citations.extend(told.filter_map(cited_page).map(|page| page.cited(start, end)));
        start = end;
    }
    citations
}

enum ConverseBlock<'a> {
    Part(PartKind<'a>),
    /// Tools of the server, traces of guardrails, what nobody knew yesterday.
    Silent,
    /// A block of a known kind without what it must have.
    Broken,
}

/// Reads a block: it has one member, which says what it is.
fn read_block<'a>(block: Raw<'a>, memo: &Memo) -> ConverseBlock<'a> {
    let Some((kind, value)) = block.fields().find(|(_, value)| !value.is_null()) else {
        return ConverseBlock::Silent;
    };
    let part = match kind.decode().as_ref() {
        "text" => value.text().map(PartKind::Text),
        "toolUse" if is_servers(value) => return ConverseBlock::Silent,
        "toolUse" => read_call(value, memo),
        "reasoningContent" => match read_thought(value, memo) {
            Some(thought) => Some(PartKind::Thought(thought)),
            None => return ConverseBlock::Silent,
        },
        "citationsContent" => Some(PartKind::Text(cited(value))),
        _ => return ConverseBlock::Silent,
    };
    part.map_or(ConverseBlock::Broken, ConverseBlock::Part)
}

fn read_call<'a>(value: Raw<'a>, memo: &Memo) -> Option<PartKind<'a>> {
    let name = value.get("name").and_then(Raw::text)?;
    let input = value.present("input").unwrap_or(Raw::trusted("{}"));
    Some(match called(name, memo) {
        Called::Answer => PartKind::Text(Text::from(input.as_json())),
        Called::Tool(name) => PartKind::ToolCall(ToolCall {
            id: value.get("toolUseId").and_then(Raw::text)?,
            name,
            // Where the model's words were no JSON, some hosts hand on the string.
            arguments: input.text().map_or(Arguments::Json(input), Arguments::Encoded),
            signature: None,
        }),
    })
}

fn read_thought<'a>(value: Raw<'a>, memo: &Memo) -> Option<Thought<'a>> {
    let signed = memo.maker.unwrap_or(Maker::Bedrock);
    if let Some(sealed) = value.present("redactedContent").and_then(Raw::text) {
        return Some(Thought {
            text: Text::default(),
            signature: None,
            sealed: Some(sealed),
            maker: Some(signed),
        });
    }
    let thought = value.present("reasoningText")?;
    let signature = thought.present("signature").and_then(Raw::text).filter(|text| !text.is_empty());
    Some(Thought {
        text: thought.present("text").and_then(Raw::text).unwrap_or_default(),
        maker: Some(signed),
        signature,
        sealed: None,
    })
}

/// The words of a text with citations.
fn cited(value: Raw<'_>) -> Text<'_> {
    let mut texts =
        value.get("content").into_iter().flat_map(Raw::items).filter_map(|item| item.get("text")?.text());
    let first = texts.next().unwrap_or_default();
    match texts.next() {
        None => first,
        Some(second) => {
            let more: String = texts.map(Text::into_string).collect();
            Text::from(format!("{}{}{more}", first.decode(), second.decode()))
        }
    }
}
