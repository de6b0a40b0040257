//! What an error's message gives away when its codes and its status don't: the last resort, in one table.
//!
//! Messages are prose and change without notice, so a phrase may only refine what is known: each line says from which
//! classes it leads away. A line matches where its phrases follow each other in the message, in lower case.

mod context;
mod made;
mod others;
mod quota;

use super::{Class, Classes};
use context::{CONTEXT_LENGTH, OUTPUT_LIMIT};
use made::MODEL_FAILURE;
use others::{
    CONTENT_POLICY, CONTENT_POLICY_FORBIDDEN, CREDENTIAL, MODEL, MODEL_GONE, NO_CAPACITY, NO_SUCH_THING,
    OVERLOADED, RATE_LIMITED,
};
use quota::{DAILY, QUOTA, SPENT};

struct Wording {
    /// What is known so far.
    from: Classes,
    to: Class,
    phrases: &'static [&'static [&'static str]],
}

/// The request is refused, or the provider blames itself for what is the request's fault.
const REFUSED: Classes = Classes::EMPTY.with(Class::InvalidRequest).with(Class::ServerError);
const INVALID: Classes = Classes::EMPTY.with(Class::InvalidRequest);
const AUTH: Classes = Classes::EMPTY.with(Class::Auth);

/// The first line that applies and matches counts.
static TABLE: [Wording; 16] = [
    Wording { from: REFUSED, to: Class::ModelFailure, phrases: MODEL_FAILURE },
    Wording { from: REFUSED, to: Class::ContextLength, phrases: CONTEXT_LENGTH },
    Wording {
        from: Classes::EMPTY.with(Class::ContextLength),
        to: Class::InvalidRequest,
        phrases: OUTPUT_LIMIT,
    },
    Wording { from: Classes::EMPTY.with(Class::RateLimited), to: Class::Quota, phrases: SPENT },
    Wording {
        from: REFUSED.with(Class::Auth).with(Class::RateLimited).with(Class::Overloaded),
        to: Class::Quota,
        phrases: QUOTA,
    },
    Wording { from: Classes::EMPTY.with(Class::RateLimited), to: Class::Quota, phrases: DAILY },
    Wording { from: INVALID, to: Class::ContentPolicy, phrases: CONTENT_POLICY },
    Wording { from: AUTH, to: Class::ContentPolicy, phrases: CONTENT_POLICY_FORBIDDEN },
    Wording { from: INVALID.with(Class::Auth), to: Class::ModelUnavailable, phrases: MODEL },
    Wording { from: REFUSED, to: Class::Auth, phrases: CREDENTIAL },
    Wording {
        from: Classes::EMPTY.with(Class::ModelUnavailable),
        to: Class::InvalidRequest,
        phrases: NO_SUCH_THING,
    },
    Wording { from: Classes::EMPTY.with(Class::RateLimited), to: Class::Overloaded, phrases: OVERLOADED },
    Wording { from: REFUSED, to: Class::Overloaded, phrases: OVERLOADED },
    Wording { from: Classes::EMPTY.with(Class::ServerError), to: Class::Overloaded, phrases: NO_CAPACITY },
    Wording { from: REFUSED.with(Class::Auth), to: Class::RateLimited, phrases: RATE_LIMITED },
    Wording {
        from: Classes::EMPTY.with(Class::ServerError),
        to: Class::ModelUnavailable,
        phrases: MODEL_GONE,
    },
];

/// What `message` makes of `known`, if anything.
///
/// A refusal may quote the request, and nobody who sends one may talk a target into an ejection or a cool-down: what a
/// refusal quotes counts only where the class it leads to harms no target.
pub(super) fn refine(known: Class, message: &str) -> Option<Class> {
    let message = message.to_lowercase();
    let unquoted = if known == Class::InvalidRequest { unquoted(&message) } else { message.clone() };
    let says = |line: &&Wording| {
        let harmless = matches!(line.to, Class::ContextLength | Class::ContentPolicy | Class::InvalidRequest);
        let message = if harmless { &message } else { &unquoted };
        line.phrases.iter().any(|phrases| follow(message, phrases))
    };
    TABLE.iter().filter(|line| line.from.contains(known)).find(says).map(|line| line.to)
}

/// Whether a message of a rate limit speaks of credit that is spent, or of a limit that lasts.
pub(super) fn is_spent(message: &str) -> bool {
    let message = message.to_lowercase();
    SPENT.iter().any(|phrases| follow(&message, phrases))
}

/// Whether a message says that the model itself broke its answer.
pub(super) fn is_of_model(message: &str) -> bool {
    let message = message.to_lowercase();
    MODEL_FAILURE.iter().any(|phrases| follow(&message, phrases))
}

/// The message without what stands between the first quotation mark of a kind and the last: all of it, as what is quoted
/// may hold marks too.
fn unquoted(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((start, mark)) = first_mark(rest) {
        let end = rest.rmatch_indices(mark).find(|(at, _)| closes(rest, *at)).map_or(start, |(at, _)| at);
        out.push_str(rest.get(..start).unwrap_or_default());
        // A mark that nothing closes may be one that was cut off: all that follows is quoted.
        rest = if end > start { rest.get(end + mark.len_utf8()..).unwrap_or_default() } else { "" };
    }
    out.push_str(rest);
    out
}

/// The first quotation mark that is no apostrophe: it follows no letter.
fn first_mark(text: &str) -> Option<(usize, char)> {
    let mut before = ' ';
    text.char_indices().find(|(_, mark)| {
        let opens = matches!(mark, '"' | '`') || (*mark == '\'' && !before.is_alphanumeric());
        before = *mark;
        opens
    })
}

/// A mark that is no apostrophe: no letter follows it.
fn closes(text: &str, at: usize) -> bool {
    let mut rest = text.get(at..).unwrap_or_default().chars();
    rest.next() != Some('\'') || rest.next().is_none_or(|after| !after.is_alphanumeric())
}

/// The phrases are in the message one after the other.
fn follow(message: &str, phrases: &[&str]) -> bool {
    let rest =
        phrases.iter().try_fold(message, |rest, phrase| rest.split_once(phrase).map(|(_, after)| after));
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_in_lower_case_and_every_line_leads_elsewhere() {
        for line in &TABLE {
            assert!(!line.from.contains(line.to), "{:?}", line.to);
            for phrase in line.phrases.iter().copied().flatten() {
                assert_eq!(*phrase, phrase.to_lowercase());
            }
        }
    }

    #[test]
    fn only_refines() {
        let long = "This model's maximum context length is 4096 tokens.";
        assert_eq!(refine(Class::InvalidRequest, long), Some(Class::ContextLength));
        assert_eq!(refine(Class::RateLimited, long), None);
        assert_eq!(refine(Class::Auth, long), None);
        assert_eq!(refine(Class::InvalidRequest, "messages: text content blocks must be non-empty"), None);
    }

    #[test]
    fn what_a_refusal_quotes_harms_no_target() {
        for message in [
            "Value 'insufficient balance' at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint",
            "Value 'a' insufficient balance 'b' at 'tools.1.name' failed to satisfy constraint",
            "tools.0.name: \"invalid api key\" is no name",
            "tools.0.name: `the model x does not exist",
            "Don't send 'insufficient balance' or 'overloaded' here, it's not a name",
        ] {
            assert_eq!(refine(Class::InvalidRequest, message), None, "{message}");
        }
        for message in [
            "The model `gpt-9` does not exist",
            "You don't have access to the model 'x'",
            "Invalid model 'sonar-huge'. Permitted models can be found in the documentation",
        ] {
            assert_eq!(refine(Class::InvalidRequest, message), Some(Class::ModelUnavailable), "{message}");
        }
        let quoted = "AnthropicException - {\"message\":\"prompt is too long: 3 tokens > 2 maximum\"}";
        assert_eq!(refine(Class::InvalidRequest, quoted), Some(Class::ContextLength));
    }

    #[test]
    fn a_request_that_the_model_can_not_take_is_not_a_model_that_is_not_there() {
        for message in [
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
            "'claude-3-haiku' does not support tool use with this model",
            "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet",
            "tools.0.custom.input_schema: JSON schema is invalid",
            "Image URLs are not supported by this model",
            "This model does not support assistant message prefill.",
        ] {
            assert_eq!(refine(Class::InvalidRequest, message), None, "{message}");
        }
    }
}
