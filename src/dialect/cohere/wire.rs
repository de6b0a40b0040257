//! What whole answers and streams have in common: finish reasons, counts, and the names of tools.

use crate::chat::{Citation, Finish, Usage};

use crate::dialect::piece::citation;
use crate::failure::{Class, Failure, classify_event};
use crate::json::Raw;

/// The end of an answer. `of` is what has `finish_reason`; `calls` says whether the answer holds calls of the caller's
/// own tools: the call that stands for a form is none to the caller. `None` if there is no reason at all.
///
/// # Errors
/// The failure that the reason is.
pub(super) fn finish(of: Raw<'_>, calls: bool) -> Result<Option<Finish<'_>>, Failure> {
    let Some(reason) = of.present("finish_reason").and_then(Raw::text) else { return Ok(None) };
    Ok(Some(match reason.decode().as_ref() {
        "COMPLETE" | "TOOL_CALL" if calls => Finish::ToolCalls,
        "COMPLETE" | "TOOL_CALL" => Finish::Stop,
        "STOP_SEQUENCE" => Finish::StopSequence(None),
        "MAX_TOKENS" => Finish::Length,
        // The last two are of version 1.
        "ERROR" => return Err(failed(of, Class::ServerError, "the model failed while it answered")),
        "TIMEOUT" => return Err(failed(of, Class::Timeout, "the provider ran out of time")),
        "ERROR_LIMIT" => Finish::ContextWindow,
        "ERROR_TOXIC" => Finish::ContentFilter,
        _ => Finish::Other(reason.clone()),
    }))
}

/// The failure that an answer is that ended without a word for a reason nobody knew yesterday.
pub(super) fn empty_failure(finish: &Finish<'_>) -> Option<Failure> {
    let Finish::Other(reason) = finish else { return None };
    Some(Failure::model(&format!("it ended without an answer ({})", reason.decode())))
}

/// What the provider says of the failure, else what its reason means.
fn failed(of: Raw<'_>, class: Class, reason: &str) -> Failure {
    let told = of.present("error").and_then(Raw::text).is_some_and(|told| !told.is_blank());
    match classify_event(of, 0) {
        // Words that tell nothing more: the reason knows better.
        failure if told && failure.class == Class::ServerError => Failure { class, ..failure },
        failure if told => failure,
        _ => Failure { class, ..Failure::malformed(reason) },
    }
}

/// What a citation says, <https://docs.cohere.com/docs/documents-and-citations>: some words of the answer, and sources, of which those
/// with an address on the web are pages.
pub(super) fn citations<'a>(cited: Raw<'a>) -> impl Iterator<Item = Citation<'a>> {
    let index = |name| cited.get(name).and_then(Raw::as_u64);
    let is_text = cited.present("type").and_then(Raw::text).is_none_or(|kind| kind == "TEXT_CONTENT");
    let place = index("start").zip(index("end")).filter(|_| is_text);
    let sources = cited.get("sources").into_iter().flat_map(Raw::items);
    place.into_iter().flat_map(move |(start, end)| {
        sources.clone().filter_map(move |source| {
            let of = source.present("document").or_else(|| source.present("tool_output"))?;
            Some(citation::page(of.get("url"), of.get("title"))?.cited(start, end))
        })
    })
}

/// The counts of `usage`: the tokens, or where they are missing what is billed.
pub(super) fn usage(usage: Raw<'_>) -> Usage {
    let count = |of: &str, name: &str| usage.at(&[of, name]).and_then(Raw::as_u64);
    let tokens = |name| count("tokens", name).or_else(|| count("billed_units", name));
    Usage {
        input: tokens("input_tokens"),
        cache_read: usage.get("cached_tokens").and_then(Raw::as_u64),
        cache_write: None,
        output: tokens("output_tokens"),
        reasoning: None,
    }
}
