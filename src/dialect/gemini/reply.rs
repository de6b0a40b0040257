//! Whole answers.

use super::wire::{self, GeminiCalls, Said};
use crate::chat::{Choice, Finish, Maker, Part, PartKind, Reply, Source, Thought};
use crate::dialect::{Body, Dialect, Memo};
use crate::failure::{Failure, Head, classify};
use crate::json::{Kind, Raw, Text};
use std::borrow::Cow;

/// Reads the provider's answer of a 2xx status.
///
/// # Errors
/// The failure that the answer is: an error, a blocked prompt, or something that is no answer.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let response = parse(head, body)?;
    let id = response.present("responseId").and_then(Raw::text);
    let id_text = id.as_ref().map(|id| id.decode().into_owned());
    let mut choices = Vec::new();
    for (candidate, index) in response.get("candidates").into_iter().flat_map(Raw::items).zip(0u32..) {
        let calls =
            GeminiCalls { memo, response_id: id_text.as_deref(), candidate: index, count: 0, runs: 0 };
        choices.push(choice(candidate, calls).map_err(|failure| Failure { status: head.status, ..failure })?);
    }
    if choices.is_empty() {
        return Err(malformed(head, "it has no candidates"));
    }
    Ok(Reply {
        id,
        model: response.present("modelVersion").and_then(Raw::text),
        choices,
        usage: response.present("usageMetadata").map(wire::usage).unwrap_or_default(),
        service_tier: None,
        moderation: None,
    })
}

fn malformed(head: &Head<'_>, reason: &str) -> Failure {
    Failure { status: head.status, ..Failure::malformed(reason) }
}

fn parse<'a>(head: &Head<'_>, body: &'a Body<'_>) -> Result<Raw<'a>, Failure> {
    let start = body.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let Some(start) = start else { return Err(malformed(head, "the body is empty")) };
    let response = body.json().map_err(|error| match start {
        b'{' | b'[' => malformed(head, &format!("the body is not JSON: {error}")),
        // A page, or words: classification quotes them.
        _ => classify(head, body.bytes, 0),
    })?;
    if let Some(failure) = wire::reported(response, head) {
        return Err(failure);
    }
    match response.kind() {
        Kind::Object => Ok(response),
        Kind::Array => {
            Err(malformed(head, "the body is an array, the form of a stream that nobody asked for"))
        }
        _ => Err(malformed(head, "the body is not a JSON object")),
    }
}

fn choice<'a>(candidate: Raw<'a>, mut calls: GeminiCalls<'_>) -> Result<Choice<'a>, Failure> {
    let mut parts = Vec::new();
    let mut all = String::new();
    for part in candidate.at(&["content", "parts"]).into_iter().flat_map(Raw::items) {
        match calls.read(part) {
            Some(Said::Text { text, signature }) => {
                if !text.is_empty() {
                    all.push_str(&text.decode());
                    parts.push(Part::from(PartKind::Text(text)));
                }
                parts.extend(signature.map(|seal| Part::from(PartKind::Thought(sealed(seal)))));
            }
            Some(Said::Thought { text, signature }) => {
                let thought = Thought { text, signature, sealed: None, maker: Some(Maker::Gemini) };
                parts.push(PartKind::Thought(thought).into());
            }
            Some(Said::Image { media_type, data, signature }) => {
                let source = Source::Base64 { media_type, data };
                parts.push(PartKind::Image { source, detail: None }.into());
                parts.extend(signature.map(|seal| Part::from(PartKind::Thought(sealed(seal)))));
            }
            Some(Said::Audio { format, data }) => parts.push(PartKind::Audio { data, format }.into()),
            Some(Said::Call(call)) => parts.push(PartKind::ToolCall(call).into()),
            Some(Said::Code { run, signature }) => {
                parts.push(PartKind::Code(run).into());
                parts.extend(signature.map(|seal| Part::from(PartKind::Thought(sealed(seal)))));
            }
            Some(Said::Outcome { outcome, signature }) => {
                parts.push(PartKind::CodeOutcome(outcome).into());
                parts.extend(signature.map(|seal| Part::from(PartKind::Thought(sealed(seal)))));
            }
            Some(Said::Foreign(kind)) => {
                parts.push(PartKind::Foreign { dialect: Dialect::Gemini.name(), kind, raw: part }.into());
            }
            None => {}
        }
    }
    let Some(reason) = candidate.present("finishReason").and_then(Raw::text) else {
        return Err(Failure::malformed("a candidate has no finishReason: it was cut"));
    };
    let finish: Finish<'a> = wire::finish(reason, calls.count > 0);
    let is_thought = |part: &Part<'_>| matches!(part.kind, PartKind::Thought(_));
    if parts.iter().all(is_thought)
        && let Some(failure) = wire::empty_failure(&finish, candidate)
    {
        return Err(failure);
    }
    let citations = wire::citations(candidate.present("groundingMetadata"), &all);
    let logprobs = candidate.present("logprobsResult").and_then(wire::logprobs).map(Cow::Owned);
    Ok(Choice { parts, finish, logprobs, citations })
}

/// The seal of an answer's text: a thought that only Gemini can read.
fn sealed(seal: Text<'_>) -> Thought<'_> {
    Thought { text: Text::default(), signature: None, sealed: Some(seal), maker: Some(Maker::Gemini) }
}
