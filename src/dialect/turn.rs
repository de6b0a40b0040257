//! What the two directions of one exchange share.

use super::{Unsupported, Wanted};
use crate::chat::{Maker, Usage};
use crate::failure::Failure;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a caller called: its path chooses the dialect of request, answer and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `POST /v1/chat/completions`, OpenAI.
    Chat,
    /// `POST /v1/messages`, Anthropic.
    Messages,
    /// `POST /v1/messages/count_tokens`, Anthropic.
    CountTokens,
    /// `POST /v1/responses`, OpenAI.
    Responses,
    /// `POST /v1/embeddings`, OpenAI.
    Embeddings,
}

impl Surface {
    const PATHS: [(&'static str, Surface); 5] = [
        ("/v1/chat/completions", Surface::Chat),
        ("/v1/messages", Surface::Messages),
        ("/v1/messages/count_tokens", Surface::CountTokens),
        ("/v1/responses", Surface::Responses),
        ("/v1/embeddings", Surface::Embeddings),
    ];

    /// Its path below the base path.
    pub fn path(self) -> &'static str {
        Surface::PATHS.iter().find(|(_, surface)| *surface == self).map_or("", |(path, _)| path)
    }

    /// The surface of a path below the base path; a query is ignored.
    pub fn of_path(path: &str) -> Option<Surface> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Surface::PATHS.iter().find(|(known, _)| *known == path).map(|(_, surface)| *surface)
    }

    /// Whether errors go out in Anthropic's envelope.
    pub fn is_anthropic(self) -> bool {
        matches!(self, Surface::Messages | Surface::CountTokens)
    }
}

/// One caller's request, from the first byte in to the last byte out, over all its attempts.
#[derive(Clone, Debug)]
pub struct Turn {
    pub surface: Surface,
    /// `model` as the caller wrote it; what the answer says too.
    pub requested_model: String,
    pub stream: bool,
    /// The caller of an OpenAI stream asked for a usage chunk.
    pub stream_usage: bool,
    /// Unique; ids that we have to make up are built on it (`chatcmpl-{id}`, `msg_{id}`).
    pub id: String,
    /// Unix seconds, for `created`.
    pub created: u64,
    pub unsupported: Unsupported,
    /// Headers of the caller that a provider of the same dialect may see (`anthropic-beta`, `anthropic-version`),
    /// in lower case.
    pub caller_headers: Vec<(String, String)>,
}

impl Turn {
    /// The id of the turn of a trip with this key.
    pub fn id_of(key: u64) -> String {
        format!("{key:016x}")
    }

    pub fn caller_header(&self, name: &str) -> Option<&str> {
        self.caller_headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A request as one target gets it. The method is always POST; `content-type` is always `application/json`.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Path and query.
    pub path: String,
    /// The dialect's own headers, in lower case; never a credential.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// So many bytes at the end of the caller's request follow `body` as they are.
    pub kept: usize,
    /// What was left out, by the caller's name for it.
    pub dropped: Vec<Cow<'static, str>>,
    pub memo: Memo,
}

impl Outgoing {
    /// Appends what follows of the caller's request.
    pub fn complete(&mut self, request: &[u8]) {
        let start = request.len().saturating_sub(std::mem::take(&mut self.kept));
        self.body.extend_from_slice(request.get(start..).unwrap_or_default());
    }
}

/// What reading this attempt's answer needs to know about its request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Tool names that the provider would have rejected: the name sent → the caller's name.
    pub renamed: BTreeMap<String, String>,
    /// The answer's JSON was asked for by forcing a call of the tool of this name.
    pub format_tool: Option<String>,
    /// Who signs this target's thoughts, where one dialect has the models of several makers.
    pub maker: Option<Maker>,
    /// The provider counts the tokens of a stream only if asked, and we asked.
    pub usage_asked: bool,
    /// The answer is a stream in the provider's framing.
    pub stream: bool,
    /// What the answer repeats of the caller's request, as a JSON object.
    pub repeated: Option<String>,
    /// The caller offered its tools as OpenAI's legacy `functions`, and looks for `function_call` in the answer.
    pub calls_functions: bool,
    /// Marks what this target seals in its answers, so that it comes back to no other.
    pub origin: Option<String>,
    /// What a request for embeddings asked for.
    pub wanted: Wanted,
}

impl Memo {
    /// The caller's name of a tool.
    pub fn original<'m>(&'m self, sent: &'m str) -> &'m str {
        self.renamed.get(sent).map_or(sent, String::as_str)
    }
}

/// What was learned from an answer while it passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub usage: Usage,
    /// The provider's name of the model that answered.
    pub model: Option<String>,
    /// OpenAI's name of the finish reason, for the record.
    pub finish: Option<String>,
    /// Events that could not be read and were left out.
    pub malformed_events: u32,
}

/// An error on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerError {
    pub status: u16,
    /// OpenAI's `code`: a failure class or a refusal's code.
    pub code: String,
    pub param: Option<String>,
    /// A complete sentence that names the target and what to do; never a secret.
    pub message: String,
}

impl From<super::Refusal> for CallerError {
    fn from(refusal: super::Refusal) -> Self {
        CallerError {
            status: refusal.status,
            code: refusal.code.to_owned(),
            param: refusal.param,
            message: refusal.message,
        }
    }
}

impl CallerError {
    /// What the caller is told when this failure is the last word.
    pub fn of_failure(failure: &Failure, target: &str) -> CallerError {
        CallerError {
            status: failure.caller_status(),
            code: failure.class.caller_code().to_owned(),
            param: failure.caller_param().map(str::to_owned),
            message: failure.caller_message(target),
        }
    }

    /// OpenAI's `type` for this status.
    pub fn openai_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 if self.code == "quota" => "insufficient_quota",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        }
    }

    /// Anthropic's `type` for this status, <https://docs.anthropic.com/en/api/errors>.
    pub fn anthropic_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            504 => "timeout_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }
}
