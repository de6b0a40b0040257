//! A provider's words on their way to the caller, without what they may quote of the gateway's key.
//!
//! [`super::clean`] takes out what looks like a key of a known maker. A key may look like anything, though, and nobody here can
//! compare: the filter never sees one. But a provider that quotes the key speaks of it. So words that speak of a credential don't
//! reach the caller at all; the gateway's own sentence says what happened. Where a message only says `key` or `token`, which JSON
//! and models have too, what follows goes if it could be one; and of a provider's own breakdown, which says nothing of use about the
//! request, so does all that is neither a word nor a number.

use super::Class;
use super::message::is_id;
use std::borrow::Cow;

/// What stands where a word was.
const REMOVED: &str = "[removed]";

/// In lower case, words joined by one blank, as [`words_of`] gives them.
const CREDENTIALS: [&str; 27] = [
    "api key",
    "api keys",
    "apikey",
    "api token",
    "access key",
    "access token",
    "auth token",
    "authorization",
    "authentication",
    "authenticate",
    "bearer",
    "credential",
    "credentials",
    "invalid key",
    "invalid token",
    "key id",
    "key is invalid",
    "key not valid",
    "key provided",
    "provided key",
    "provided token",
    "secret key",
    "security token",
    "signature",
    "subscription key",
    "token provided",
    "your key",
];

/// After one of these a word that could be a key is one.
const NEAR: [&str; 5] = ["key", "token", "secret", "password", "passphrase"];
/// So many words after it.
const REACH: usize = 3;

/// What of a message the caller may read; empty if that is nothing.
pub(super) fn for_caller(class: Class, message: &str) -> Cow<'_, str> {
    if class == Class::Auth || speaks_of_a_credential(message) {
        return Cow::Borrowed("");
    }
    let is_breakdown = matches!(
        class,
        Class::Connect | Class::Timeout | Class::Overloaded | Class::ServerError | Class::Malformed
    );
    without_tokens(message, is_breakdown)
}

/// Whether the provider may have named this parameter of a request, and not quoted something else: a path of plain names from a
/// member that one of the dialects has.
pub(super) fn is_parameter(param: &str) -> bool {
    let first = param.split(['.', '[', '/']).find(|part| !part.is_empty()).unwrap_or_default();
    let is_plain = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$')
            || part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    param.len() <= 128 && MEMBERS.contains(&first) && param.split(['.', '[', ']', '/']).all(is_plain)
}

/// The members of a request in every dialect, and where an error of a path or a query is.
const MEMBERS: [&str; 85] = [
    "additionalModelRequestFields",
    "audio",
    "background",
    "body",
    "cachedContent",
    "content",
    "contents",
    "conversation",
    "dimensions",
    "documents",
    "embedding_types",
    "encoding_format",
    "frequency_penalty",
    "function_call",
    "functions",
    "generationConfig",
    "generation_config",
    "guardrailConfig",
    "id",
    "include",
    "inferenceConfig",
    "input",
    "input_type",
    "inputs",
    "instructions",
    "k",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "max_tool_calls",
    "mcp_servers",
    "messages",
    "metadata",
    "min_p",
    "modalities",
    "model",
    "n",
    "output_config",
    "p",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "reasoning",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "safetySettings",
    "safety_identifier",
    "safety_settings",
    "seed",
    "service_tier",
    "stop",
    "stopSequences",
    "stop_sequences",
    "store",
    "stream",
    "stream_options",
    "system",
    "systemInstruction",
    "system_instruction",
    "taskType",
    "temperature",
    "text",
    "texts",
    "thinking",
    "thread",
    "toolChoice",
    "toolConfig",
    "tool_choice",
    "tool_config",
    "tool_resources",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    "verbosity",
    "web_search_options",
    "container",
];

/// A message's words in lower case, with one blank around each.
fn words_of(message: &str) -> String {
    let mut words = String::with_capacity(message.len() + 2);
    words.push(' ');
    for c in message.chars() {
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

fn speaks_of_a_credential(message: &str) -> bool {
    let words = words_of(message);
    CREDENTIALS.iter().any(|phrase| {
        words.match_indices(phrase).any(|(at, _)| {
            let after = words.as_bytes().get(at + phrase.len());
            words.as_bytes().get(at.wrapping_sub(1)) == Some(&b' ') && after == Some(&b' ')
        })
    })
}

/// Replaces words that could be a key: behind `key` and its like, or `everywhere`.
fn without_tokens(message: &str, everywhere: bool) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut near = 0usize;
    for (start, token) in tokens(message) {
        let could_be = could_be_a_key(token) && !is_id(token, message.get(..start).unwrap_or_default());
        if could_be && (everywhere || near > 0) {
            out.push_str(message.get(copied..start).unwrap_or_default());
            out.push_str(REMOVED);
            copied = start + token.len();
        }
        near = near.saturating_sub(1);
        if NEAR.iter().any(|word| token.eq_ignore_ascii_case(word)) {
            near = REACH;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    out.push_str(message.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Runs of letters, digits, `-` and `_`, and where they begin.
fn tokens(message: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let base = message.as_ptr().addr();
    let parts = message.split(move |c| !is_part(c)).filter(|part| !part.is_empty());
    parts.map(move |part| (part.as_ptr().addr().saturating_sub(base), part))
}

/// Whether a word is neither one of a language nor a number nor a parameter's name.
fn could_be_a_key(token: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| token.bytes().any(|byte| kind(&byte));
    let (digit, letter) = (has(u8::is_ascii_digit), has(u8::is_ascii_alphabetic));
    let joints = token.bytes().filter(|byte| *byte == b'-').count();
    token.len() >= 6 && (digit && letter || joints >= 2 || digit && token.len() >= 12) || token.len() >= 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_a_credential_stay_behind() {
        for message in [
            "Incorrect API key provided: hunter. You can find yours in the console.",
            "my-company-llm-token-42 is no valid API-Key",
            "Invalid credentials (correct horse battery staple)",
            "Authorization: Bearer whatever",
            "header x-api-key was rejected: abc",
            "invalid access_token",
        ] {
            for class in Class::all() {
                assert_eq!(for_caller(class, message), "", "{class} {message}");
            }
        }
    }

    #[test]
    fn what_the_caller_needs_stays() {
        for message in [
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens.",
            "Rate limit reached for gpt-5.4-mini in organization org-standin on tokens per min (TPM): Limit 30000, Used 29500.",
            "Unexpected key 'max_tokenz' in the request",
            "You are using a Trial key, which is limited to 20 API calls / minute.",
            "Invalid 'n': 0.",
            "models/gemini-3-pro is not found for API version v1beta",
        ] {
            assert_eq!(for_caller(Class::InvalidRequest, message), message);
        }
        let busy = "The server is currently overloaded with other requests. See help.openai.com, request ID req_011CSHoEeqs5C35K2UUqR7Fy.";
        assert_eq!(for_caller(Class::Overloaded, busy), busy);
    }

    #[test]
    fn what_could_be_a_key_goes() {
        let limited = for_caller(Class::RateLimited, "limit of key my-company-llm-token-42 reached");
        assert_eq!(limited, "limit of key [removed] reached");
        let broken = for_caller(Class::ServerError, "panic at tok3n99x: my-company-llm-token-42");
        assert_eq!(broken, "panic at [removed]: [removed]");
    }

    #[test]
    fn parameters() {
        for param in [
            "messages",
            "messages[0].content",
            "tools.0.function.parameters",
            "max_tokens",
            "contents[1].parts",
        ] {
            assert!(is_parameter(param), "{param}");
        }
        for param in
            ["my-company-llm-token-42", "hunter2", "hunter", "", "messages.sk-1", "model.0123456789ab"]
        {
            assert!(!is_parameter(param), "{param}");
        }
        let mut sorted = MEMBERS.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), MEMBERS.len());
    }
}
