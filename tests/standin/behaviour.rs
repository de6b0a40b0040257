//! What a provider does instead of answering well: the JSON of `POST /_standin/behave`.
//!
//! Everything is optional and things combine: `{"slow_ms": 50, "cut": 3, "times": 1}` sends three events 50 ms apart,
//! closes the connection, and behaves again from the next request on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// For how many requests; without it until changed. In a list the next behaviour follows.
    pub times: Option<u64>,

    /// The dialect's own error of this class, with its usual status.
    pub failure: Option<Failure>,
    /// The status; alone with the dialect's own error for it, and with `text` or nothing else a plain answer.
    pub status: Option<u16>,
    /// What the error says, instead of the provider's usual words.
    pub message: Option<String>,
    /// The body as it is (a string) or as JSON (anything else).
    pub body: Option<Value>,
    /// Headers to add or replace.
    pub headers: BTreeMap<String, String>,
    pub content_type: Option<String>,
    /// 200 with a gateway's HTML page.
    pub html: bool,
    /// 200 with nothing.
    pub empty: bool,
    pub retry_after: Option<RetryAfter>,

    /// Milliseconds before the headers.
    pub delay_ms: u64,
    /// Milliseconds before each event of a stream but the first.
    pub slow_ms: u64,
    /// Send nothing more from here on, and keep the connection.
    pub stall: Option<Point>,
    /// Close the connection here.
    pub cut: Option<Point>,
    /// Reset the connection here (RST).
    pub reset: Option<Point>,
    /// End the reply here as if it were whole: without the terminator, or half a JSON with a right content-length.
    pub end: Option<Point>,
    /// Here comes the dialect's own error event (`failure`, by default overloaded), and the stream ends.
    pub error_event: Option<Point>,
    /// Here comes an event that is not JSON; the rest follows.
    pub malformed_event: Option<Point>,
    /// The last byte of the event here is flipped: in Bedrock's frames the checksum is wrong.
    pub corrupt: Option<Point>,
    /// Streams are sent in chunks of so many bytes: events, characters and frames are cut anywhere.
    pub chunk_bytes: Option<usize>,
    /// Lines of a stream end with CR LF.
    pub crlf: bool,
    /// Close the listener and all connections: nobody gets through until this changes or `for_ms` have passed.
    pub refuse: bool,
    pub for_ms: Option<u64>,

    /// The answer has so many text deltas.
    pub events: Option<usize>,
    /// The answer's text has at least so many bytes.
    pub reply_bytes: Option<usize>,
    /// The answer's text.
    pub text: Option<String>,
    /// Call a tool: `{"name": …, "arguments": {…}}`, both optional.
    pub call: Option<Value>,
    /// Why the answer stops: stop, length or content_filter.
    pub finish: Option<String>,
}

/// A place in a reply.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Point {
    /// `"headers"`: before any header.
    Headers,
    /// `"body"`: after the headers, before any byte of the body.
    Body,
    /// `"first_token"`: after the lifecycle events, before the first text, thought or tool call.
    FirstToken,
    /// `"terminator"`: before what ends the stream (`[DONE]`, `message_stop`).
    Terminator,
    /// A number: after so many events.
    Events(usize),
    /// `{"bytes": N}`: after so many bytes of the body.
    Bytes(usize),
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let point = match value.as_str() {
            Some("headers") => Some(Self::Headers),
            Some("body") => Some(Self::Body),
            Some("first_token") => Some(Self::FirstToken),
            Some("terminator") => Some(Self::Terminator),
            _ => number(&value).map(Self::Events).or_else(|| number(&value["bytes"]).map(Self::Bytes)),
        };
        point.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{value} is no point of a reply: write \"headers\", \"body\", \"first_token\", \"terminator\", a number \
                 of events or {{\"bytes\": N}}"
            ))
        })
    }
}

/// When to come again, in each form that providers say it.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `retry-after: 7`
    Seconds(u64),
    /// `retry-after:` with the date so many seconds from now.
    Date(u64),
    /// `retry-after-ms: 1500`
    Ms(u64),
    /// `x-ratelimit-reset-requests: 1s` and `x-ratelimit-remaining-requests: 0` (OpenAI); an RFC 3339 time
    /// in `anthropic-ratelimit-requests-reset` is written as it is with `headers`.
    RatelimitReset(String),
    /// google.rpc.RetryInfo in the error's details: `52s`
    RetryInfo(String),
}

/// A failure of a provider, in the provider's words.
#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    Overloaded,
    ServerError,
    RateLimited,
    Quota,
    Auth,
    Forbidden,
    ModelUnavailable,
    /// The model broke its own answer; where a provider has no error for it, another's of the same dialect.
    #[serde(rename = "model_failure")]
    BrokenAnswer,
    ContextLength,
    ContentPolicy,
    InvalidRequest,
    TooLarge,
    NotFound,
}

impl Failure {
    /// The class whose words go with a status.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Auth,
            402 => Self::Quota,
            403 => Self::Forbidden,
            404 | 410 => Self::ModelUnavailable,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            500.. => Self::ServerError,
            _ => Self::InvalidRequest,
        }
    }
}

impl Behaviour {
    /// One behaviour or a list of them.
    pub fn list(json: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => serde_json::from_slice(json),
            _ => Ok(vec![serde_json::from_slice(json)?]),
        }
    }

    /// Whether the answer is replaced by something the provider says whatever was asked.
    pub fn replaces(&self) -> bool {
        let fails_whole = self.failure.is_some() && self.error_event.is_none();
        fails_whole || self.status.is_some() || self.body.is_some() || self.html || self.empty
    }
}
