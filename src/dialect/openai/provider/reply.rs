//! A whole `chat.completion` into the model, lenient to what compatible servers make of it.

use super::{media, searched};
use crate::chat::{Arguments, Choice, Part, PartKind, Reply, ToolCall};
use crate::dialect::openai::{answer, calls, reasoning, wire};
use crate::dialect::{Body, Dialect, Memo};
use crate::failure::{Failure, Head};
use crate::json::{Kind, Raw, Text};
use std::borrow::Cow;

/// Reads the answer.
///
/// # Errors
/// The failure that it reports or is.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let completion = answer::parse(head, body)?;
    let mut reply = Reply::default();
    let (mut choices, mut results, mut addresses) = (Raw::NULL, Raw::NULL, Raw::NULL);
    for (name, value) in completion.fields().filter(|(_, value)| !value.is_null()) {
        match name.decode().as_ref() {
            "id" => reply.id = value.text().filter(|id| !id.is_empty()),
            "model" => reply.model = value.text(),
            "choices" => choices = value,
            "search_results" => results = value,
            "citations" => addresses = value,
            "usage" => reply.usage = wire::read_usage(value),
            "service_tier" => reply.service_tier = value.text(),
            // Groq's place for it.
            "x_groq" if reply.usage.is_empty() => {
                reply.usage = value.present("usage").map(wire::read_usage).unwrap_or_default();
            }
            _ => {}
        }
    }
    let mut all = answer::Choices::new(choices);
    for choice in choices.items() {
        let choice = read_choice(choice, &mut all, reply.id.as_ref(), memo, head)?;
        reply.choices.push(choice);
    }
    let mut pages = searched::pages(results);
    if pages.is_empty() {
        pages = searched::pages(addresses);
    }
    for choice in reply.choices.iter_mut().filter(|choice| choice.citations.is_empty() && !pages.is_empty()) {
        let texts = choice.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text(text) => Some(text.decode()),
            _ => None,
        });
        choice.citations = searched::cite(&texts.collect::<String>(), &pages);
    }
    Ok(reply)
}

fn read_choice<'a>(
    choice: Raw<'a>,
    all: &mut answer::Choices<'_>,
    id: Option<&Text<'a>>,
    memo: &Memo,
    head: &Head<'_>,
) -> Result<Choice<'a>, Failure> {
    // Mistral's models that call tools by themselves tell all steps; the last one is the answer.
    let last_step = || choice.present("messages").and_then(|steps| steps.items().last());
    let last_step = || last_step().filter(|message| message.kind() == Kind::Object);
    let Some(message) = answer::message_of(choice).or_else(last_step) else {
        let finish = wire::finish_of(choice.present("finish_reason"), false);
        all.no_message(choice, &finish, head)?;
        let parts = vec![PartKind::Text(Text::default()).into()];
        return Ok(Choice { parts, finish, logprobs: None, citations: Vec::new() });
    };
    let mut parts = read_message(message, id);
    for part in &mut parts {
        if let PartKind::ToolCall(call) = &mut part.kind {
            restore_name(call, memo);
        }
    }
    let has_calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let finish = wire::finish_of(choice.present("finish_reason"), has_calls);
    if let Some(failure) = answer::failed_choice(choice, &finish) {
        return Err(failure);
    }
    let citations = message.present("annotations").into_iter().flat_map(wire::citations).collect();
    let logprobs = choice.present("logprobs").map(|logprobs| Cow::Borrowed(logprobs.as_json()));
    Ok(Choice { parts, finish, logprobs, citations })
}

/// Gives a tool back the name that the caller knows it by.
fn restore_name(call: &mut ToolCall<'_>, memo: &Memo) {
    if !memo.renamed.is_empty() {
        let name = call.name.decode().into_owned();
        call.name = Text::from(memo.original(&name).to_owned());
    }
}

fn read_message<'a>(message: Raw<'a>, id: Option<&Text<'a>>) -> Vec<Part<'a>> {
    let mut thoughts = reasoning::ThoughtMembers::default();
    let mut content = Raw::NULL;
    let mut refusal = None;
    let mut calls = Raw::NULL;
    let mut function = None;
    let (mut images, mut audio) = (Raw::NULL, Raw::NULL);
    for (name, value) in message.fields().filter(|(_, value)| !value.is_null()) {
        match name.decode().as_ref() {
            "content" => content = value,
            "refusal" => refusal = value.text().filter(|text| !text.is_empty()),
            "tool_calls" => calls = value,
            "function_call" => function = Some(value),
            "images" => images = value,
            "audio" => audio = value,
            name => _ = thoughts.take(name, value),
        }
    }
    let mut parts = thoughts.read();
    read_content(content, &mut parts);
    media::read(images, audio, &mut parts);
    parts.extend(refusal.map(|text| PartKind::Refusal(text).into()));
    for (index, call) in calls.items().enumerate() {
        parts.extend(read_call(call, || made_up_id(id, index)).map(Part::from));
    }
    // The legacy form, which no one who knows `tool_calls` sends beside them.
    if let (Some(function), Kind::Null) = (function, calls.kind()) {
        parts.extend(read_function(function, made_up_id(id, 0)).map(|call| PartKind::ToolCall(call).into()));
    }
    parts
}

/// Content by the book is a string or null; Mistral's reasoning models send an array of typed pieces.
fn read_content<'a>(content: Raw<'a>, parts: &mut Vec<Part<'a>>) {
    if let Some(text) = content.text().filter(|text| !text.is_empty()) {
        parts.push(PartKind::Text(text).into());
    }
    for piece in content.items() {
        if let Some(thought) = piece.present("thinking") {
            let mut texts =
                thought.text().into_iter().chain(thought.items().filter_map(|item| item.get("text")?.text()));
            if let Some(first) = texts.next() {
                let text =
                    texts.fold(first, |all, next| Text::from(format!("{}{}", all.decode(), next.decode())));
                parts.push(PartKind::Thought(reasoning::plain(text)).into());
            }
        } else if let Some(text) = piece.get("text").and_then(Raw::text).or_else(|| piece.text()) {
            parts.push(PartKind::Text(text).into());
        } else if let Some(text) = piece.get("refusal").and_then(Raw::text) {
            parts.push(PartKind::Refusal(text).into());
        } else if let Some(source) = media::picture(piece) {
            parts.push(PartKind::Image { source, detail: None }.into());
        }
    }
}

/// The id of a call that came without one: the same whenever the same answer is read.
pub(in crate::dialect::openai) fn made_up_id(id: Option<&Text<'_>>, index: usize) -> Text<'static> {
    match id {
        Some(id) => Text::from(format!("call_{}_{index}", id.decode())),
        None => Text::from(format!("call_{index}")),
    }
}

/// Whether a call's id is one: Mistral's older models say `"null"`.
pub(in crate::dialect::openai) fn is_id(id: &Text<'_>) -> bool {
    !id.is_empty() && *id != "null"
}

fn read_call<'a>(call: Raw<'a>, id: impl FnOnce() -> Text<'a>) -> Option<PartKind<'a>> {
    let given = call.present("id").and_then(Raw::text).filter(is_id);
    match call.present("function") {
        Some(function) => {
            let read = read_function(function, given.unwrap_or_else(id))?;
            Some(PartKind::ToolCall(ToolCall { signature: calls::signature(call), ..read }))
        }
        None if call.present("custom").is_some() => {
            let custom = call.present("custom")?;
            let name = custom.get("name").and_then(Raw::text).filter(|name| !name.is_empty())?;
            let arguments = Arguments::FreeForm(custom.get("input").and_then(Raw::text).unwrap_or_default());
            let id = given.unwrap_or_else(id);
            Some(PartKind::ToolCall(ToolCall { id, name, arguments, signature: None }))
        }
        None => {
            let kind = call.present("type").and_then(Raw::text)?;
            Some(PartKind::Foreign { dialect: Dialect::OpenAi.name(), kind, raw: call })
        }
    }
}

fn read_function<'a>(function: Raw<'a>, id: Text<'a>) -> Option<ToolCall<'a>> {
    let name = function.get("name").and_then(Raw::text).filter(|name| !name.is_empty())?;
    // Whatever they are, the caller shall see them rather than lose the call.
    let arguments = calls::arguments(function.present("arguments"));
    Some(ToolCall { id, name, arguments, signature: None })
}
