//! A provider's words, made fit for the caller: bounded, on one line, and without anything that looks like a key.
//!
//! Providers quote the request they refuse, credentials included. What looks like a key is replaced; a request's or a
//! tool call's id is not, as people need those to ask the provider. When in doubt, a long random word goes.

/// The longest message kept, in bytes.
const MAX_BYTES: usize = 1024;

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

/// How keys of known makers start. Anything longer than the prefix by [`MIN_SECRET`] is one.
const KEY_PREFIXES: [&str; 29] = [
    "sk-",
    "sk_",
    "pk-",
    "rk-",
    "AIza",
    "AQ.",
    "ya29.",
    "gsk_",
    "xai-",
    "pplx-",
    "nvapi-",
    "csk-",
    "fw_",
    "fw-",
    "hf_",
    "r8_",
    "tgp_",
    "key_",
    "AKIA",
    "ASIA",
    "ABIA",
    "bedrock-api-key-",
    "ABSK",
    "eyJ",
    "ghp_",
    "github_pat_",
    "xoxb-",
    "zai-",
    "IQoJb3Jp",
];

/// The fewest characters after a prefix, or after `Bearer`, that make a secret: fewer are prose (`sk-...`, `key_name`).
const MIN_SECRET: usize = 8;

/// A run of letters and digits this long, with both among them, is random: no word, date or model's name is.
const RANDOM_RUN: usize = 28;

/// How ids that are not secret start, though they look random.
const ID_PREFIXES: [&str; 16] = [
    "req_",
    "req-",
    "chatcmpl-",
    "call_",
    "toolu_",
    "srvtoolu_",
    "msg_",
    "resp_",
    "rs_",
    "fc_",
    "file-",
    "file_",
    "batch_",
    "tooluse_",
    "org-",
    "proj_",
];

/// Makes a provider's text fit for the caller: one line, at most 1 KiB, no control characters, no secrets.
pub fn clean(text: &str) -> String {
    // A secret cut in half must still be seen whole, so more is read than is kept; but not a megabyte of HTML.
    let text = truncate(text, 4 * MAX_BYTES);
    let mut line = String::with_capacity(text.len().min(MAX_BYTES));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        push_redacted(word, &mut line);
    }
    if line.len() > MAX_BYTES {
        line = truncate(&line, MAX_BYTES - "…".len()).trim_end().to_owned();
        line.push('…');
    }
    line
}

fn truncate(text: &str, limit: usize) -> &str {
    let limit = limit.min(text.len());
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// Copies a word, its secrets replaced. `line` is what stands before it.
fn push_redacted(word: &str, line: &mut String) {
    let mut rest = word;
    while !rest.is_empty() {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-_.+/=*~%".contains(c);
        let start = rest.find(is_token).unwrap_or(rest.len());
        let (mark, after) = rest.split_at_checked(start).unwrap_or((rest, ""));
        line.push_str(mark);
        let end = after.find(|c| !is_token(c)).unwrap_or(after.len());
        let (token, after) = after.split_at_checked(end).unwrap_or((after, ""));
        push_token(token, line);
        rest = after;
    }
}

/// Copies a token, part by part where `=` joins a name and a value.
fn push_token(token: &str, line: &mut String) {
    let body = token.trim_end_matches(['.', '/']);
    let tail = token.get(body.len()..).unwrap_or_default();
    match body.split_once('=') {
        Some((name, value)) if !value.trim_matches('=').is_empty() => {
            push_token(name, line);
            line.push('=');
            if names_secret(name) { line.push_str(REDACTED) } else { push_token(value, line) }
        }
        _ if is_secret(body, line) => line.push_str(REDACTED),
        _ => line.push_str(body),
    }
    line.push_str(tail);
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "password", "signature", "credential"].iter().any(|end| name.ends_with(end))
}

/// Whether a random token is an id that people need to ask a provider; `before` is what stands before it.
pub(super) fn is_id(token: &str, before: &str) -> bool {
    let near = before.char_indices().rev().nth(23).map_or(0, |(at, _)| at);
    let before = before.get(near..).unwrap_or_default().to_ascii_lowercase();
    ID_PREFIXES.iter().any(|prefix| token.starts_with(prefix)) || before.contains("request")
}

fn is_secret(token: &str, before: &str) -> bool {
    let is_key = |part: &str| {
        KEY_PREFIXES
            .iter()
            .any(|prefix| part.strip_prefix(prefix).is_some_and(|rest| rest.len() >= MIN_SECRET))
    };
    if token.split('/').any(is_key) {
        return true;
    }
    let near = before.char_indices().rev().nth(23).map_or(0, |(at, _)| at);
    let before = before.get(near..).unwrap_or_default().to_ascii_lowercase();
    if before.trim_end_matches([' ', ':', '"', '\'']).ends_with("bearer") {
        let has_digit = token.bytes().any(|byte| byte.is_ascii_digit());
        return token.len() >= MIN_SECRET && (has_digit || token.len() >= 2 * MIN_SECRET);
    }
    looks_random(token) && !is_id(token, &before)
}

fn looks_random(token: &str) -> bool {
    token.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        run.len() >= RANDOM_RUN && digits >= 3 && digits < run.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go() {
        for (said, kept) in [
            (
                "Incorrect API key provided: sk-proj-********************abcd. You can find your API key at https://platform.openai.com/account/api-keys.",
                "Incorrect API key provided: [redacted]. You can find your API key at https://platform.openai.com/account/api-keys.",
            ),
            ("key 'AIzaSyD-1234567890abcdefghijk' is bad", "key '[redacted]' is bad"),
            ("Authorization: Bearer abcdefghijklmnopqrst", "Authorization: Bearer [redacted]"),
            ("got \"Bearer tok3n-abc\"", "got \"Bearer [redacted]\""),
            ("at https://h/v1?alt=sse&key=short&x=1", "at https://h/v1?alt=sse&key=[redacted]&x=1"),
            ("Invalid key 0123456789abcdef0123456789abcdef", "Invalid key [redacted]"),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc", "token [redacted]"),
            (
                "x-amz-security-token:IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDx==",
                "x-amz-security-token:[redacted]",
            ),
            (
                "Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/bedrock/aws4_request",
                "Credential=[redacted]",
            ),
            ("(xai-abcdefgh12345)", "([redacted])"),
        ] {
            assert_eq!(clean(said), kept);
        }
    }

    #[test]
    fn what_people_need_stays() {
        for text in [
            "Missing bearer authentication in header",
            "You didn't provide an API key. Provide it with Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            "The model `deepseek-ai/DeepSeek-R1-Distill-Llama-70B` does not exist",
            "Could not find anthropic.claude-3-5-sonnet-20241022-v2:0 in arn:aws:bedrock:us-east-1:123456789012:x",
            "Please include the request ID 0123456789abcdef0123456789abcdef in your message.",
            "req_011CSHoEeqs5C35K2UUqR7Fyabcdefg and toolu_01T1x1fJ34qAmk2tNTrN7Up6abcdef",
            "trace 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 150001 tokens.",
            "a=b == c. 100% of x/y…",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn one_bounded_line() {
        assert_eq!(clean(" a\r\n\tb\u{0}c\u{1b}[31m "), "a b c [31m");
        let long = clean(&"é".repeat(5000));
        assert!(long.len() <= MAX_BYTES && long.ends_with("é…"), "{}", long.len());
        assert_eq!(clean(""), "");
    }

    #[cfg(not(target_family = "wasm"))]
    mod laws {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn bounded_and_without_keys(before in "\\PC{0,40}", key in "[A-Za-z0-9]{24,60}", after in any::<String>()) {
                let text = format!("{before} sk-{key} {after}");
                let cleaned = clean(&text);
                prop_assert!(cleaned.len() <= MAX_BYTES);
                prop_assert!(!cleaned.contains(&key));
                prop_assert!(!cleaned.chars().any(char::is_control));
                prop_assert_eq!(clean(&cleaned), cleaned.clone());
            }
        }
    }
}
