//! The error bodies of all providers, and of what stands in front of them, read into one form.
//!
//! Whoever answered, the same members mean the same thing, so there is one reader and no knowledge of who it was:
//! OpenAI and its likes `{error:{message,type,param,code}}`, Anthropic `{type:"error",error:{type,message}}`, Google
//! `{error:{code,status,message,details}}` also in an array, Bedrock `{message}` or `{Message}` or `{__type}`, Mistral
//! `{object:"error",message,type,code}`, FastAPI `{detail}`, xAI `{code,error:"…"}`, Cloudflare `{errors:[…]}`, HTML of
//! a proxy, plain text. What it means is not decided here.

use super::{clean, retry_after};
use crate::json::{Kind, Raw};
use crate::stream::sse::{Frame, Sse};
use memchr::memmem;
use std::convert::Infallible;

/// How deep an error may be wrapped in another's message.
const MAX_DEPTH: u8 = 3;

/// How many objects within objects are looked into for a message.
const MAX_NESTING: usize = 8;

/// How much of a body that is no JSON is looked at, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// What an error body says, in the words it says it.
#[derive(Debug, Default)]
pub(super) struct ErrorWords {
    pub message: String,
    /// The error's codes and types, the most specific first, never empty strings.
    pub codes: Vec<String>,
    /// The HTTP status that the body names.
    pub status: Option<u16>,
    pub param: Option<String>,
    /// How long to wait, in milliseconds, from fields of the error.
    pub wait_ms: Option<u64>,
    /// What the model had made, where that is what the error is about (Groq's `failed_generation`).
    pub made: Option<String>,
    /// Google says that a day's quota is used up.
    pub daily_quota: bool,
}

/// Whether a JSON document or a stream's event is an error and not an answer. Every event of every stream is asked, so
/// nothing is read where the word is nowhere.
pub fn reports_error(raw: Raw<'_>) -> bool {
    let text = raw.as_json().as_bytes();
    let holds = |word| memmem::find(text, word).is_some();
    if !raw.is_outlined() && !holds(b"error\"") && !holds(b"__type\"") {
        return false;
    }
    first_of_array(raw).fields().any(|(name, value)| match value.kind() {
        Kind::Object if name == "error" => value.fields().next().is_some(),
        Kind::String if name == "error" => value.text().is_some_and(|text| !text.is_empty()),
        Kind::String if name == "type" || name == "object" => value.as_json() == "\"error\"",
        Kind::Object if name == "response" => value.present("error").is_some(),
        Kind::Object if name == "Output" => value.get("__type").is_some(),
        _ => false,
    })
}

/// What an error body of any kind says, as [`clean`] leaves it; empty if it says nothing.
pub fn said(body: &[u8]) -> String {
    clean(&read(body).message)
}

/// Reads a body of any kind.
pub(super) fn read(body: &[u8]) -> ErrorWords {
    if let Ok(raw) = Raw::parse(body) {
        return read_json(raw, 0);
    }
    let start = body.get(..body.len().min(MAX_TEXT_BYTES)).unwrap_or_default();
    if let Some(said) = read_stream(body) {
        return said;
    }
    let text = String::from_utf8_lossy(start);
    let message = if text.trim_start().starts_with('<') { of_html(&text) } else { text.into_owned() };
    ErrorWords { message, ..ErrorWords::default() }
}

/// Reads an error's JSON.
pub(super) fn read_json(raw: Raw<'_>, depth: u8) -> ErrorWords {
    let outer = first_of_array(raw);
    let inner = error_object(outer);
    let mut said = ErrorWords {
        message: message(inner).or_else(|| message(outer)).unwrap_or_default(),
        status: status(inner).or_else(|| status(outer)),
        param: param(inner).or_else(|| param(outer)),
        wait_ms: retry_after::of_error(inner).or_else(|| retry_after::of_error(outer)),
        daily_quota: daily_quota(inner),
        made: string(inner, "failed_generation"),
        codes: Vec::new(),
    };
    for value in codes(inner).chain(codes(outer)) {
        if !said.codes.contains(&value) {
            said.codes.push(value);
        }
    }
    unwrap_message(inner, &mut said, depth);
    if said.message.is_empty() && said.codes.is_empty() {
        said.message = raw.as_json().chars().take(MAX_TEXT_BYTES).collect();
    }
    said
}

fn first_of_array(raw: Raw<'_>) -> Raw<'_> {
    raw.items().next().unwrap_or(raw)
}

/// AWS answers an operation that it doesn't know with 200 and its error in here.
fn aws_output(raw: Raw<'_>) -> Option<Raw<'_>> {
    raw.get("Output").filter(|output| output.get("__type").is_some())
}

/// Where the message and the codes are: the `error` member, or the document itself.
fn error_object(outer: Raw<'_>) -> Raw<'_> {
    let object = |raw: Option<Raw<'_>>| raw.is_some_and(|raw| raw.kind() == Kind::Object);
    let candidates = [outer.get("error"), outer.at(&["response", "error"]), aws_output(outer)];
    let first = outer.get("errors").and_then(|errors| errors.items().next());
    let found = candidates.into_iter().chain([first]).find(|raw| object(*raw)).flatten();
    // LiteLLM and others put one error into another.
    found.map_or(outer, |error| error.get("error").filter(|inner| object(Some(*inner))).unwrap_or(error))
}

fn string(raw: Raw<'_>, name: &str) -> Option<String> {
    let text = raw.get(name)?.text()?.into_string();
    if text.trim().is_empty() { None } else { Some(text) }
}

fn message(raw: Raw<'_>) -> Option<String> {
    message_within(raw, MAX_NESTING)
}

/// As [`message`], looking into at most `levels` objects that lie in each other: a body nested ten thousand deep would
/// take seconds, and the stack.
fn message_within(raw: Raw<'_>, levels: usize) -> Option<String> {
    const NAMES: [&str; 8] =
        ["message", "Message", "errorMessage", "error", "detail", "msg", "error_description", "title"];
    NAMES.iter().find_map(|name| {
        let value = raw.present(name)?;
        match value.kind() {
            Kind::String => string(raw, name),
            Kind::Object => message_within(value, levels.checked_sub(1)?),
            Kind::Array => complaints(value, levels.checked_sub(1)?),
            _ => None,
        }
    })
}

/// FastAPI's list of what is wrong: `[{"loc": ["body", "x"], "msg": "…"}]`.
fn complaints(list: Raw<'_>, levels: usize) -> Option<String> {
    let said: Vec<_> = list
        .items()
        .take(8)
        .filter_map(|item| {
            let text = item.text().map(|text| text.into_string()).or_else(|| message_within(item, levels))?;
            Some(match location(item) {
                Some(place) => format!("{place}: {text}"),
                None => text,
            })
        })
        .collect();
    if said.is_empty() { None } else { Some(said.join("; ")) }
}

/// FastAPI's `loc` as a path: `messages.0.content`.
fn location(item: Raw<'_>) -> Option<String> {
    let parts = item.get("loc")?.items().filter_map(|part| match part.kind() {
        Kind::String => part.text().map(|text| text.into_string()),
        _ => Some(part.as_json().to_owned()),
    });
    let path: Vec<_> = parts.skip_while(|part| part == "body").collect();
    if path.is_empty() { None } else { Some(path.join(".")) }
}

fn codes(raw: Raw<'_>) -> impl Iterator<Item = String> {
    const PATHS: [&[&str]; 10] = [
        &["code"],
        &["type"],
        &["status"],
        &["innererror", "code"],
        &["error_type"],
        &["metadata", "error_type"],
        &["__type"],
        &["reason"],
        &["error_code"],
        &["errorCode"],
    ];
    let own = PATHS.iter().filter_map(move |path| raw.at(path)?.text().map(|text| text.into_string()));
    let reasons = raw.get("details").into_iter().flat_map(|details| details.items());
    let reasons = reasons.filter_map(|detail| string(detail, "reason"));
    // `"type": "error"` and `"response.failed"` only say that this is an error.
    own.chain(reasons).filter(|code| !matches!(code.as_str(), "" | "error" | "response.failed"))
}

/// A member that holds an HTTP status, as a number or, at Azure, as a string.
fn status(raw: Raw<'_>) -> Option<u16> {
    ["code", "status", "status_code", "statusCode", "raw_status_code", "originalStatusCode"].iter().find_map(
        |name| {
            let value = raw.get(name)?;
            let text = value.text().map_or(value.as_json().to_owned(), |text| text.into_string());
            text.parse().ok().filter(|status| (400..600).contains(status))
        },
    )
}

fn param(raw: Raw<'_>) -> Option<String> {
    string(raw, "param").or_else(|| location(raw.get("detail")?.items().next()?)).or_else(|| {
        let mut details = raw.get("details")?.items();
        let violation = details.find_map(|detail| detail.get("fieldViolations")?.items().next())?;
        string(violation, "field")
    })
}

/// Whether a `google.rpc.QuotaFailure` names a quota that lasts for a day.
fn daily_quota(error: Raw<'_>) -> bool {
    let details = error.get("details").into_iter().flat_map(|details| details.items());
    let mut violations = details.filter_map(|detail| detail.get("violations")).flat_map(|list| list.items());
    violations.any(|violation| {
        ["quotaId", "quotaMetric", "subject", "description"].iter().any(|name| {
            string(violation, name).is_some_and(|id| {
                let id = id.to_ascii_lowercase();
                id.contains("perday") || id.contains("per_day") || id.contains("per day")
            })
        })
    })
}

/// Reads the error of the provider behind: OpenRouter's `metadata.raw`, or a message that is itself JSON.
fn unwrap_message(error: Raw<'_>, said: &mut ErrorWords, depth: u8) {
    let raw = error.at(&["metadata", "raw"]).and_then(Raw::text).map(|text| text.into_string());
    let Some(text) = raw.filter(|text| !text.trim().is_empty()).or_else(|| {
        let is_json = said.message.trim_start().starts_with(['{', '[']);
        is_json.then(|| std::mem::take(&mut said.message))
    }) else {
        return;
    };
    let parsed = Raw::parse(text.as_bytes()).ok().filter(|_| depth < MAX_DEPTH);
    let Some(nested) = parsed.map(|raw| read_json(raw, depth + 1)) else {
        let lead = if said.message.is_empty() { "" } else { ": " };
        said.message = format!("{}{lead}{text}", said.message);
        return;
    };
    if !nested.message.is_empty() {
        said.message = nested.message;
    }
    // The one behind knows better what happened.
    said.codes.splice(0..0, nested.codes);
    said.status = nested.status.or(said.status);
    said.param = nested.param.or(said.param.take());
    said.wait_ms = nested.wait_ms.or(said.wait_ms);
    said.daily_quota |= nested.daily_quota;
    said.made = nested.made.or(said.made.take());
}

/// An error status whose body is a stream all the same: its first event that is an error, or else its first event.
fn read_stream(body: &[u8]) -> Option<ErrorWords> {
    let is_stream =
        [b"data:".as_slice(), b"event:", b"id:", b":"].iter().any(|start| body.starts_with(start));
    if !is_stream {
        return None;
    }
    let mut best: Option<(bool, ErrorWords)> = None;
    let mut take = |frame: Frame<'_>| {
        let Ok(raw) = Raw::parse(frame.data) else { return Ok::<(), Infallible>(()) };
        let is_error = reports_error(raw);
        if best.as_ref().is_none_or(|(is_best, _)| is_error && !is_best) {
            best = Some((is_error, read_json(raw, 0)));
        }
        Ok(())
    };
    let mut sse = Sse::new();
    sse.push(body, &mut take).ok()?;
    let tail = [sse.leftover(), b"\n\n"].concat();
    Sse::new().push(&tail, &mut take).ok()?;
    best.map(|(_, said)| said)
}

/// The title of a proxy's page, or else its first heading, or else nothing: the rest is decoration.
fn of_html(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    ["title", "h1"].iter().find_map(|tag| inside(text, &lower, tag)).unwrap_or_default()
}

fn inside(text: &str, lower: &str, tag: &str) -> Option<String> {
    let open = lower.find(&format!("<{tag}"))?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</")?;
    let inner = text.get(start..end)?.trim();
    let plain =
        inner.replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\"").replace("&nbsp;", " ");
    if plain.is_empty() { None } else { Some(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_answers() {
        let is_error = |json: &str| reports_error(Raw::parse(json.as_bytes()).unwrap());
        for error in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"error":"x"}"#,
            r#"[{"error":{"code":503}}]"#,
            r#"{"type":"error","message":"x"}"#,
            r#"{"object":"error","message":"x"}"#,
            r#"{"id":"1","choices":[],"error":{"code":502}}"#,
            r#"{"type":"response.failed","response":{"error":{"code":"server_error"}}}"#,
            r#"{"Output":{"__type":"x"}}"#,
        ] {
            assert!(is_error(error), "{error}");
        }
        for answer in [
            r#"{"choices":[{"delta":{"content":"\"error\""}}]}"#,
            r#"{"error":null,"choices":[]}"#,
            r#"{"error":{},"choices":[]}"#,
            r#"{"error":"","choices":[]}"#,
            r#"{"type":"response.completed","response":{"error":null}}"#,
            r#"{"content":{"error":"x","type":"error"}}"#,
            r#"[]"#,
            r#""error""#,
        ] {
            assert!(!is_error(answer), "{answer}");
        }
    }

    /// Deep enough to exhaust a thread's stack, or a minute, if every level were looked into.
    #[test]
    fn a_deep_body_is_not_followed_down() {
        for (open, close) in [("{\"error\":", "}"), ("{\"detail\":[", "]}")] {
            let body = [&open.repeat(10_000), "{\"message\":\"x\"}", &close.repeat(10_000)].concat();
            assert!(read(body.as_bytes()).message.starts_with(open));
        }
        let near = r#"{"error":{"error":{"detail":[{"msg":"near"}]}}}"#;
        assert_eq!(read(near.as_bytes()).message, "near");
    }
}
