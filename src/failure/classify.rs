//! From an answer to its failure class: first what its codes say plainly, then its status, then a suggestion of its
//! codes, and only then the wording of its message.

use super::{Class, Failure, Head, clean, codes, envelope, retry_after, wording};
use crate::json::Raw;
use envelope::ErrorWords;

/// The failure that a whole answer is: one with an error status, or a 2xx that is an error or no answer at all.
/// `now_ms` is the time since 1970, for moments that the provider names.
pub fn classify(head: &Head<'_>, body: &[u8], now_ms: u64) -> Failure {
    if head.is_success() && !Raw::parse(body).is_ok_and(envelope::reports_error) {
        return no_answer(head.status, body);
    }
    let mut said = envelope::read(body);
    if let Some(code) = head.text("x-amzn-errortype") {
        let name = code.split_once(':').map_or(code, |(name, _)| name);
        said.codes.insert(0, name.to_owned());
    }
    judge(head, said, now_ms)
}

/// The failure that a stream's event is, or an error that lies inside a 2xx answer: the event's data, whole.
pub fn classify_event(event: Raw<'_>, now_ms: u64) -> Failure {
    judge(&Head::default(), envelope::read_json(event, 0), now_ms)
}

/// The failure that an exception frame of Bedrock's is: its `:exception-type` or `:error-code`, and its payload.
pub fn classify_exception(name: &str, payload: &[u8], now_ms: u64) -> Failure {
    let mut said = envelope::read(payload);
    said.codes.insert(0, name.to_owned());
    judge(&Head::default(), said, now_ms)
}

/// A 2xx whose body is neither an answer nor an error.
fn no_answer(status: u16, body: &[u8]) -> Failure {
    let is_json = Raw::parse(body).is_ok();
    let said = if is_json { String::new() } else { clean(&envelope::read(body).message) };
    let reason = match (body.is_empty(), is_json, said.is_empty()) {
        (true, ..) => "the body is empty".to_owned(),
        (_, true, _) => "its JSON is not an answer of this provider's API".to_owned(),
        (_, _, true) => "the body is not JSON".to_owned(),
        _ => format!("the body is not JSON but \"{said}\""),
    };
    Failure { status, ..Failure::malformed(&reason) }
}

fn judge(head: &Head<'_>, said: ErrorWords, now_ms: u64) -> Failure {
    // A stream that answered 200 still says in its event what the status should have been.
    let status = if head.status >= 300 { head.status } else { said.status.unwrap_or(head.status) };
    let message = message(&said, status);
    let codes = || said.codes.iter().map(String::as_str);
    let class = match codes::plain(codes(), said.param.as_deref()) {
        Some(Class::RateLimited) if said.daily_quota || wording::is_spent(&message) => Class::Quota,
        // Bedrock says by one exception that a stream broke, and that a model did.
        Some(Class::ServerError) if wording::is_of_model(&message) => Class::ModelFailure,
        Some(class) => class,
        None => {
            let known = suggested(codes::of_status(status), codes::vague(codes()));
            let refined =
                if said.daily_quota { Some(Class::Quota) } else { wording::refine(known, &message) };
            refined.unwrap_or_else(|| told_to_retry(head, too_large(status, known)))
        }
    };
    let wait = retry_after::said(head, said.wait_ms, &message, now_ms);
    let retry_after_ms = match class {
        Class::RateLimited => Some(retry_after::rate_limited(wait)),
        // Google asks to come back in seconds for a quota that lasts till tomorrow.
        Class::Quota => Some(retry_after::MAX_MS),
        _ => wait,
    };
    let tidy = |text: &String| Some(clean(text)).filter(|text| !text.is_empty());
    Failure {
        class,
        status,
        code: said.codes.first().and_then(tidy),
        param: said.param.as_ref().and_then(tidy),
        message: match said.made.filter(|_| class == Class::ModelFailure) {
            Some(made) => clean(&format!("{message} The model had written: {made}")),
            None => message,
        },
        retry_after_ms,
    }
}

fn message(said: &ErrorWords, status: u16) -> String {
    let message = clean(&said.message);
    if !message.is_empty() {
        return message;
    }
    match (said.codes.first(), status) {
        (Some(code), _) => clean(code),
        (None, 0) => "the provider reports an error without a word about it".to_owned(),
        (None, 300..400) => format!("the provider answers {status}, a redirect, which is not followed"),
        (None, _) => format!("the provider answers {status} without a word about it"),
    }
}

/// What the status says, unless it says little and the codes suggest better.
fn suggested(status: Option<Class>, code: Option<Class>) -> Class {
    match (status, code) {
        (None, code) => code.unwrap_or(Class::ServerError),
        (
            Some(Class::InvalidRequest | Class::ServerError),
            Some(code @ (Class::RateLimited | Class::Auth | Class::ModelUnavailable | Class::ContextLength)),
        ) => code,
        (Some(status), _) => status,
    }
}

/// A 413 without better words is of a request that is too large, whoever says so: Cerebras without a body, Fireworks' and
/// others' proxies in HTML. Shortening it helps, and so may another target.
fn too_large(status: u16, known: Class) -> Class {
    if status == 413 && known == Class::InvalidRequest { Class::ContextLength } else { known }
}

/// A refusal that the provider calls passing (`x-should-retry` of OpenAI and Anthropic) is not the request's fault.
fn told_to_retry(head: &Head<'_>, known: Class) -> Class {
    if known == Class::InvalidRequest && head.text("x-should-retry") == Some("true") {
        return Class::ServerError;
    }
    known
}
