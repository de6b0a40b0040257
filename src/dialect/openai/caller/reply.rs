//! A whole answer out of the model: a `chat.completion`.

use crate::chat::{Arguments, Choice, Citation, Finish, Part, PartKind, Reply, Source, ToolCall};
use crate::dialect::Turn;
use crate::dialect::openai::{calls, reasoning, wire};
use crate::dialect::piece::citation;
use crate::dialect::piece::media::write_address;
use crate::dialect::piece::tier;
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;

/// Writes the answer, <https://platform.openai.com/docs/api-reference/chat/object>.
///
/// `legacy`: calls are told as `function_call`, of which there is one.
pub(super) fn write(reply: &Reply<'_>, turn: &Turn, legacy: bool, out: &mut Vec<u8>) {
    Writer::new(out).object(|w| {
        w.key("id");
        match reply.id.as_ref().filter(|id| !id.is_empty()) {
            Some(id) => w.text(id),
            None => w.string(&made_up_id(turn)),
        }
        w.key("object").string("chat.completion");
        w.key("created").u64(turn.created);
        w.key("model").string(&turn.requested_model);
        w.key("choices").array(|w| {
            for (choice, index) in reply.choices.iter().zip(0u32..) {
                w.object(|w| write_choice(choice, index, legacy, turn, w));
            }
        });
        if !reply.usage.is_empty() {
            w.key("usage");
            wire::write_usage(&reply.usage, w);
        }
        let tier = reply.service_tier.as_ref();
        if let Some(tier) = tier.and_then(|tier| tier::openais(tier, tier::is_of_chat)) {
            w.key("service_tier").text(&tier);
        }
        if let Some(found) = &reply.moderation {
            w.key("moderation").raw(Raw::trusted(found));
        }
    });
}

pub(super) fn made_up_id(turn: &Turn) -> String {
    format!("chatcmpl-{}", turn.id)
}

fn write_choice(choice: &Choice<'_>, index: u32, legacy: bool, turn: &Turn, w: &mut Writer<'_>) {
    w.key("index").u64(u64::from(index));
    w.key("message").object(|w| {
        write_message(&choice.parts, legacy, w);
        write_images(&choice.parts, w);
        let mut sounds = choice.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Audio { data, .. } => Some(data),
            _ => None,
        });
        if let Some(data) = sounds.next() {
            w.key("audio").object(|w| write_audio(data, turn, w));
        }
        if !choice.citations.is_empty() {
            write_annotations(&choice.citations, w);
        }
    });
    w.key("logprobs");
    match &choice.logprobs {
        Some(logprobs) => w.raw(Raw::trusted(logprobs)),
        None => w.null(),
    }
    w.key("finish_reason").string(finish_name(&choice.finish, legacy));
}

/// The name of a finish reason, as the caller knows it.
pub(super) fn finish_name(finish: &Finish<'_>, legacy: bool) -> &'static str {
    match finish {
        Finish::ToolCalls if legacy => "function_call",
        _ => wire::finish_name(finish),
    }
}

fn write_message(parts: &[Part<'_>], legacy: bool, w: &mut Writer<'_>) {
    w.key("role").string("assistant");
    w.key("content");
    write_joined(texts(parts), w);
    w.key("refusal");
    write_joined(refusals(parts), w);
    let thoughts = parts.iter().filter_map(|part| match &part.kind {
        PartKind::Thought(thought) => Some(thought),
        _ => None,
    });
    reasoning::write(thoughts, w);
    let calls = || {
        parts.iter().filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(call),
            _ => None,
        })
    };
    if let (true, Some(call)) = (legacy, calls().next()) {
        w.key("function_call").object(|w| calls::write_function(call, w));
    } else if calls().next().is_some() {
        w.key("tool_calls").array(|w| calls().for_each(|call| calls::write(&parsable(call), None, w)));
    }
}

/// No arguments at all are an object without members: clients parse what they get.
fn parsable<'c>(call: &'c ToolCall<'c>) -> Cow<'c, ToolCall<'c>> {
    if matches!(call.arguments, Arguments::FreeForm(_)) || !call.arguments.text().is_blank() {
        return Cow::Borrowed(call);
    }
    Cow::Owned(ToolCall { arguments: Arguments::Encoded(Text::from("{}")), ..call.clone() })
}

/// Pictures, for which Chat Completions has no word: `images`, as OpenRouter and others say it
/// (<https://openrouter.ai/docs/features/multimodal/image-generation>).
fn write_images(parts: &[Part<'_>], w: &mut Writer<'_>) {
    let images = || {
        parts.iter().filter_map(|part| match &part.kind {
            PartKind::Image { source, .. } => Some(source),
            _ => None,
        })
    };
    if images().next().is_some() {
        w.key("images").array(|w| {
            images().zip(0u32..).for_each(|(source, index)| write_image(source, index, w));
        });
    }
}

/// The members of an `audio`, <https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-message-audio>.
/// Nobody keeps it, so it can't be referred to later; what was spoken is not told in words.
pub(super) fn write_audio(data: &Text<'_>, turn: &Turn, w: &mut Writer<'_>) {
    w.key("id").string(&format!("audio_{}", turn.id));
    w.key("data").text(data);
    w.key("expires_at").u64(turn.created);
    w.key("transcript").string("");
}

pub(super) fn write_image(source: &Source<'_>, index: u32, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("image_url");
        w.key("image_url").object(|w| write_address(source, w.key("url")));
        w.key("index").u64(u64::from(index));
    });
}

/// <https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-message-annotations>
pub(super) fn write_annotations(citations: &[Citation<'_>], w: &mut Writer<'_>) {
    w.key("annotations").array(|w| {
        for citation in citations {
            w.object(|w| {
                w.key("type").string("url_citation");
                w.key("url_citation").object(|w| citation::write(citation, w));
            });
        }
    });
}

fn texts<'t>(parts: &'t [Part<'t>]) -> impl Iterator<Item = &'t Text<'t>> + Clone {
    parts.iter().filter_map(|part| match &part.kind {
        PartKind::Text(text) => Some(text),
        _ => None,
    })
}

fn refusals<'t>(parts: &'t [Part<'t>]) -> impl Iterator<Item = &'t Text<'t>> + Clone {
    parts.iter().filter_map(|part| match &part.kind {
        PartKind::Refusal(text) => Some(text),
        _ => None,
    })
}

/// One string of several; `null` of none.
fn write_joined<'t>(texts: impl Iterator<Item = &'t Text<'t>> + Clone, w: &mut Writer<'_>) {
    if texts.clone().next().is_some() { w.texts(texts) } else { w.null() }
}
