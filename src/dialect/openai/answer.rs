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
        Some(choices) if choices.items().next().is_some() => Ok(answer),
        _ if is_filtered(answer) => Err(filtered(head)),
        _ => Err(malformed(head, "it has no choices")),
    }
}

/// Whether Azure's filter says of a prompt that it stopped it, where no answer came:
/// <https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter>.
pub(super) fn is_filtered(answer: Raw<'_>) -> bool {
    let prompts = answer.present("prompt_filter_results").into_iter().flat_map(Raw::items);
    let mut results = prompts
        .filter_map(|prompt| prompt.present("content_filter_results"))
        .flat_map(|of| of.fields().map(|(_, result)| result));
    results.any(|result| result.get("filtered").and_then(Raw::as_bool) == Some(true))
}

/// A filter left nothing of the answer: that says something of the content, and nothing of the provider.
pub(super) fn filtered(head: &Head<'_>) -> Failure {
    Failure { status: head.status, ..Failure::filtered("its content filter left nothing of the answer") }
}

/// The message of a choice.
pub(super) fn message_of(choice: Raw<'_>) -> Option<Raw<'_>> {
    choice.present("message").filter(|message| message.kind() == Kind::Object)
}

/// All choices of an answer: what one of them without a message is judged by.
pub(super) struct Choices<'a> {
    all: Raw<'a>,
    /// One of them has a message. Known once it was asked for: an answer may have very many that the filter emptied.
    is_said: Option<bool>,
}

impl<'a> Choices<'a> {
    pub(super) fn new(all: Raw<'a>) -> Choices<'a> {
        Choices { all, is_said: None }
    }

    /// Judges a choice without a message. One of several that the filter emptied takes nothing away from the others: its reason
    /// says what became of it (<https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter>).
    ///
    /// # Errors
    /// The failure that it is.
    pub(super) fn no_message(
        &mut self,
        choice: Raw<'_>,
        finish: &Finish<'_>,
        head: &Head<'_>,
    ) -> Result<(), Failure> {
        let all = self.all;
        let mut is_said =
            || *self.is_said.get_or_insert_with(|| all.items().any(|other| message_of(other).is_some()));
        match finish {
            _ if reports_error(choice) => Err(classify_event(choice, 0)),
            Finish::ContentFilter | Finish::Refusal if is_said() => Ok(()),
            Finish::ContentFilter | Finish::Refusal => Err(filtered(head)),
            _ => Err(malformed(head, "a choice has no message")),
        }
    }
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
        // OpenRouter says what the provider behind it said; Gemini's reasons of a call that its model broke.
        "error" if native_reason(choice).is_some_and(|native| BROKEN.contains(&native.as_str())) => {
            Some(Failure::model("it ended without an answer (a malformed or unexpected call)"))
        }
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

/// <https://ai.google.dev/api/generate-content#FinishReason>
const BROKEN: [&str; 4] =
    ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"];

fn native_reason(choice: Raw<'_>) -> Option<String> {
    choice
        .present("native_finish_reason")
        .and_then(Raw::text)
        .map(|reason| reason.decode().to_ascii_uppercase())
}
