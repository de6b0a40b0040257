//! A whole `response` into the model.

use super::super::code;
use super::super::same::parse;
use super::super::wire::{picture, read_usage};
use super::item::{self, ItemKind};
use crate::chat::{Choice, Finish, PartKind, Reply, Source, Thought};
use crate::dialect::piece::citation;
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, Head};
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;

/// Reads the answer.
///
/// # Errors
/// The failure that it reports or is.
pub(super) fn read<'a>(head: &Head<'_>, body: &'a Body<'_>, memo: &Memo) -> Result<Reply<'a>, Failure> {
    let response = parse(head, body)?;
    let status = response.get("status").and_then(Raw::text).unwrap_or_default();
    if ["in_progress", "queued", "cancelled"].iter().any(|known| status == *known) {
        let why = format!("its response is {}, and nobody waits for it", status.decode());
        return Err(Failure { status: head.status, ..Failure::malformed(&why) });
    }
    let mut choice =
        Choice { parts: Vec::new(), finish: Finish::Stop, logprobs: None, citations: Vec::new() };
    let mut logprobs = Vec::new();
    let mut length = 0;
    for item in response.get("output").into_iter().flat_map(Raw::items) {
        match ItemKind::of(item) {
            ItemKind::Message => read_message(item, &mut choice, &mut length, &mut logprobs),
            ItemKind::Call => {
                choice.parts.extend(item::call(item, memo).map(|call| PartKind::ToolCall(call).into()));
            }
            ItemKind::Reasoning => {
                let thought: Option<Thought<'_>> = item::thought(item, memo);
                choice.parts.extend(thought.map(|thought| PartKind::Thought(thought).into()));
            }
            ItemKind::Picture => choice.parts.extend(picture(item).map(Into::into)),
            ItemKind::Code => {
                let (run, outcome) = code::read(item, code::own_name(item));
                choice.parts.push(PartKind::Code(run).into());
                choice.parts.extend(outcome.map(|outcome| PartKind::CodeOutcome(outcome).into()));
                let pictures = code::pictures(item)
                    .map(|url| PartKind::Image { source: Source::Url(url), detail: None });
                choice.parts.extend(pictures.map(Into::into));
            }
            ItemKind::Other => {}
        }
    }
    let has_calls = choice.parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    choice.finish = finish(response, has_calls);
    choice.logprobs = of_choice(logprobs).map(Cow::Owned);
    Ok(Reply {
        id: response.present("id").and_then(Raw::text),
        model: response.present("model").and_then(Raw::text),
        choices: vec![choice],
        usage: response.present("usage").map(read_usage).unwrap_or_default(),
        service_tier: response.present("service_tier").and_then(Raw::text),
        moderation: moderation(response).map(Cow::Owned),
    })
}

fn read_message<'a>(item: Raw<'a>, choice: &mut Choice<'a>, length: &mut u64, logprobs: &mut Vec<u8>) {
    for part in item.get("content").into_iter().flat_map(Raw::items) {
        let Some((words, is_refusal)) = item::words(part) else { continue };
        if is_refusal {
            choice.parts.push(PartKind::Refusal(words).into());
            continue;
        }
        let annotations = part.get("annotations").into_iter().flat_map(Raw::items);
        choice.citations.extend(annotations.filter_map(|annotation| item::citation(annotation, *length)));
        *length = length.saturating_add(citation::length(&words));
        if let Some(entries) = part.present("logprobs") {
            add_logprobs(entries, logprobs);
        }
        choice.parts.push(PartKind::Text(words).into());
    }
}

/// Why the answer ends.
pub(super) fn finish(response: Raw<'_>, has_calls: bool) -> Finish<'static> {
    let reason = response.at(&["incomplete_details", "reason"]).and_then(Raw::text);
    let is_incomplete =
        response.get("status").and_then(Raw::text).is_some_and(|status| status == "incomplete");
    match reason {
        Some(reason) if reason == "content_filter" => Finish::ContentFilter,
        // What is not whole must not look like it.
        Some(_) => Finish::Length,
        None if is_incomplete => Finish::Length,
        None if has_calls => Finish::ToolCalls,
        None => Finish::Stop,
    }
}

/// Appends entries to a list that has no brackets yet.
fn add_logprobs(entries: Raw<'_>, to: &mut Vec<u8>) {
    let mut list = Vec::new();
    Writer::new(&mut list).array(|w| item::write_logprobs(entries, w));
    let Some(inner) = list.get(1..list.len().saturating_sub(1)).filter(|inner| !inner.is_empty()) else {
        return;
    };
    if !to.is_empty() {
        to.push(b',');
    }
    to.extend_from_slice(inner);
}

/// Chat Completions' object of these entries.
fn of_choice(entries: Vec<u8>) -> Option<String> {
    let entries = String::from_utf8(entries).ok().filter(|entries| !entries.is_empty())?;
    Some(format!(r#"{{"content":[{entries}],"refusal":null}}"#))
}

/// The same of the entries of one event.
pub(super) fn logprobs_of(entries: Raw<'_>) -> Option<String> {
    let mut all = Vec::new();
    add_logprobs(entries, &mut all);
    of_choice(all)
}

/// What a check found that the caller asked for, as Chat Completions have it: a list of results with their model beside it, where a
/// response has one result with its model in it.
pub(super) fn moderation(response: Raw<'_>) -> Option<String> {
    let found = response.present("moderation")?;
    let mut out = Vec::with_capacity(found.as_json().len().saturating_add(128));
    Writer::new(&mut out).object(|w| {
        for (name, checked) in found.fields() {
            w.key_text(&name);
            if !checked.get("type").and_then(Raw::text).is_some_and(|kind| kind == "moderation_result") {
                w.raw(checked);
                continue;
            }
            w.object(|w| {
                w.key("type").string("moderation_results");
                w.key("model").raw(checked.get("model").unwrap_or(Raw::NULL));
                w.key("results").array(|w| w.raw(checked));
            });
        }
    });
    String::from_utf8(out).ok()
}

/// What a response says of itself at its beginning.
pub(super) fn names(response: Raw<'_>) -> (Option<Text<'_>>, Option<Text<'_>>) {
    let name = |member| response.present(member).and_then(Raw::text).filter(|name| !name.is_empty());
    (name("id"), name("model"))
}
