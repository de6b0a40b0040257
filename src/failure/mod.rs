//! What went wrong with an attempt, and what follows from it.
//!
//! A provider's failure is told by its status, its headers, its body and the first events of its stream, in whatever
//! envelope whoever answered uses. Here that becomes a [`Failure`] with one [`Class`]; the class alone decides about
//! failover, ejection and the caller's status ([`class`]). Nothing here knows a dialect or decides where to go next.

mod class;
mod classify;
mod codes;
mod date;
mod echo;
mod envelope;
mod head;
mod message;
mod retry_after;
mod wording;

pub use class::{Class, Classes};
pub use classify::{classify, classify_event, classify_exception};
pub use envelope::{reports_error, said};
pub use head::Head;
pub use message::clean;
pub use retry_after::MAX_MS as MAX_RETRY_AFTER_MS;

use crate::stream::Stopped;

/// How an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What follows from it: the next target, a cool-down, an ejection.
    pub class: Class,
    /// The provider's HTTP status; 0 if there was none.
    pub status: u16,
    /// What the provider said, as [`clean`] leaves it, or a sentence of ours. Fit for the caller's eyes.
    pub message: String,
    /// The provider's own code for the error (`insufficient_quota`, `ThrottlingException`), as [`clean`] leaves it.
    pub code: Option<String>,
    /// The request's parameter that the provider names.
    pub param: Option<String>,
    /// How long the provider wants to be left alone, in milliseconds, at most 300,000. Always there for
    /// [`Class::RateLimited`] and [`Class::Quota`].
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure without a provider's answer. Not for text from outside, which must go through [`clean`].
    fn without_answer(class: Class, message: String) -> Failure {
        Failure { class, status: 0, message, code: None, param: None, retry_after_ms: None }
    }

    /// An answer that is not what the dialect promises; `reason` is a clause, such as "the body ends inside the JSON".
    pub fn malformed(reason: &str) -> Failure {
        Failure::without_answer(Class::Malformed, clean(reason))
    }

    /// An answer that the model itself broke; `reason` is a clause, such as "it ended with MALFORMED_FUNCTION_CALL".
    pub fn model(reason: &str) -> Failure {
        Failure::without_answer(Class::ModelFailure, clean(reason))
    }

    /// Content that a filter of the provider holds back; `reason` is a clause.
    pub fn filtered(reason: &str) -> Failure {
        Failure::without_answer(Class::ContentPolicy, clean(reason))
    }

    /// No connection, or one that ended before an answer; `reason` is a clause, such as "connection refused".
    pub fn connect(reason: &str) -> Failure {
        Failure::without_answer(Class::Connect, clean(reason))
    }

    /// No token in time; `reason` is a clause, such as "no token within 10 s".
    pub fn timeout(reason: &str) -> Failure {
        Failure::without_answer(Class::Timeout, clean(reason))
    }

    /// The gateway has no key for the target.
    pub fn no_key() -> Failure {
        Failure::without_answer(Class::Auth, "the gateway has no key for it".to_owned())
    }

    /// A failure on purpose, as a provider's of that class would be.
    pub fn drill(class: Class) -> Failure {
        let retry_after_ms = match class {
            Class::RateLimited => Some(retry_after::rate_limited(None)),
            Class::Quota => Some(retry_after::MAX_MS),
            _ => None,
        };
        Failure { retry_after_ms, ..Failure::without_answer(class, "this is a drill".to_owned()) }
    }

    /// The status for the caller when this failure is the last word.
    pub fn caller_status(&self) -> u16 {
        match self.class {
            // The caller's own mistake keeps the provider's word for it; a 2xx that holds an error has none.
            Class::InvalidRequest if (400..500).contains(&self.status) => self.status,
            class => class.caller_status(),
        }
    }

    /// The parameter that the caller may read: not where a provider quotes something else by it.
    pub fn caller_param(&self) -> Option<&str> {
        self.param.as_deref().filter(|param| self.class != Class::Auth && echo::is_parameter(param))
    }

    /// The sentences for the caller when this failure is the last word: which target, what happened, what to do.
    pub fn caller_message(&self, target: &str) -> String {
        let (happened, remedy) = self.class.words();
        // What a provider says about the operator's credential is not the caller's business.
        let said = echo::for_caller(self.class, &self.message);
        let said = said.trim_end_matches(['.', ' ']);
        let colon = if said.is_empty() { "" } else { ": " };
        let stop = if said.ends_with(['!', '?', '…']) { "" } else { "." };
        let mut text = format!("Target \"{target}\" {happened}{colon}{said}{stop} {remedy}");
        if let (Class::RateLimited, Some(wait)) = (self.class, self.retry_after_ms) {
            text.push_str(&format!(" It asks to wait {} s.", wait.div_ceil(1000)));
        }
        text
    }
}

impl<F: std::fmt::Display> From<Stopped<F, Failure>> for Failure {
    /// Whoever reads a stream gets one failure, whether its bytes or its events are the reason.
    fn from(stopped: Stopped<F, Failure>) -> Failure {
        match stopped {
            Stopped::Framing(error) => Failure::malformed(&error.to_string()),
            Stopped::Sink(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_status() {
        let failure = |class, status| Failure { status, ..Failure::without_answer(class, String::new()) };
        assert_eq!(failure(Class::InvalidRequest, 422).caller_status(), 422);
        assert_eq!(failure(Class::InvalidRequest, 200).caller_status(), 400);
        assert_eq!(failure(Class::InvalidRequest, 0).caller_status(), 400);
        assert_eq!(failure(Class::Auth, 401).caller_status(), 502);
        assert_eq!(failure(Class::Quota, 402).caller_status(), 429);
    }

    #[test]
    fn the_callers_sentences() {
        let mut failure = Failure::connect("connection refused");
        assert_eq!(
            failure.caller_message("a"),
            "Target \"a\" can't be reached: connection refused. Try again later."
        );
        failure.class = Class::RateLimited;
        failure.message = "Slow down.".to_owned();
        failure.retry_after_ms = Some(1200);
        assert_eq!(
            failure.caller_message("a"),
            "Target \"a\" is rate limited by its provider: Slow down. Send fewer requests, or try again later. It asks to wait 2 s."
        );
        failure.class = Class::Auth;
        assert!(!failure.caller_message("a").contains("Slow"));
        for class in Class::all() {
            let (happened, remedy) = class.words();
            assert!(!happened.ends_with('.') && remedy.ends_with('.'), "{class}");
        }
    }
}
