//! Whether bytes are an answer at all: what a translated and an edited answer are both held to.

use crate::chat::Finish;
use crate::dialect::Body;
use crate::failure::{Class, Failure, Head, classify, classify_event, reports_error};
use crate::json::{Kind, Raw};

/// The body of a 2xx as a completion with at least one choice.
///
/// # Errors
/// The failure that it reports, or [`Class::Malformed`].
pub(super) fn parse<'a>(head: &Head<'_>, body: &'a Body<'_>) -> Result<Raw<'a>, Failure> {
    let start = body.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let Some(start) = start else { return Err(malformed(head, "the body is empty")) };
    let answer = body.json().map_err(|error| match (start, head.media_type()) {
        (_, Some(media)) if media.eq_ignore_ascii_case("text/event-stream") => {
            malformed(head, "the body is a stream, which nobody asked for")
        }
        // A page, or words: classification quotes them.
        (start, _) if !matches!(start, b'{' | b'[') => classify(head, body.bytes, 0),
        _ => malformed(head, &format!("the body is not JSON: {error}")),
    })?;
    if answer.kind() != Kind::Object {
        return Err(malformed(head, "the body is not a JSON object"));
    }
    if let Some(failure) = reported(answer) {
        return Err(failure);
    }
    match answer.present("choices") {
        Some(choices) if choices.items().next().is_some() => {}
        _ => return Err(malformed(head, "it has no choices")),
    }
    Ok(answer)
}

pub(super) fn malformed(head: &Head<'_>, reason: &str) -> Failure {
    Failure { status: head.status, ..Failure::malformed(reason) }
}

/// The failure that an answer or an event reports instead of being one.
pub(super) fn reported(answer: Raw<'_>) -> Option<Failure> {
    reports_error(answer).then(|| classify_event(answer, 0))
}

/// The failure that a choice reports: OpenRouter puts an `error` there and ends it with `error`; DeepSeek ends an
/// answer that it had no capacity for with a reason of its own.
pub(super) fn failed_choice(choice: Raw<'_>, finish: &Finish<'_>) -> Option<Failure> {
    if let Some(failure) = reported(choice) {
        return Some(failure);
    }
    let Finish::Other(reason) = finish else { return None };
    let failure = |class, message: &str| Failure { class, ..Failure::malformed(message) };
    match reason.decode().as_ref() {
        "error" => Some(failure(Class::ServerError, "it ends with the finish reason `error`")),
        // Zhipu's word for it.
        "network_error" => {
            Some(failure(Class::ServerError, "it ends with the finish reason `network_error`"))
        }
        "insufficient_system_resource" => {
            Some(failure(Class::Overloaded, "it was cut off because the provider has too little capacity"))
        }
        _ => None,
    }
}
