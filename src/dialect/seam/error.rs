//! An error as its caller gets it.

use crate::dialect::loss::Refusal;
use crate::failure::Failure;
use crate::json::Writer;

/// An error on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerError {
    /// HTTP status.
    pub status: u16,
    /// OpenAI's `code`: a failure class or a refusal's code.
    pub code: String,
    /// OpenAI's `param`: the member of the request that it is about.
    pub param: Option<String>,
    /// A complete sentence that names the target and what to do; never a secret.
    pub message: String,
}

impl From<Refusal> for CallerError {
    fn from(refusal: Refusal) -> Self {
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

    /// Writes `{"error": {message, type, param, code}}`, <https://platform.openai.com/docs/guides/error-codes>.
    pub fn write_openai(&self, out: &mut Vec<u8>) {
        Writer::new(out).object(|w| {
            w.key("error").object(|w| {
                w.key("message").string(&self.message);
                w.key("type").string(self.openai_type());
                w.key("param");
                match self.param.as_deref().filter(|param| !param.is_empty()) {
                    Some(param) => w.string(param),
                    None => w.null(),
                }
                w.key("code").string(&self.code);
            });
        });
    }
}
