//! Where a foreign file says that a key is. A key itself goes nowhere but into the list of what must not be printed.

use crate::key::is_like_a_key;

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In this environment variable.
    Variable(String),
    /// In a store of its own, which the text names; the last word is the secret's name there.
    Store { name: String, said: String },
    /// In the file itself: the key, to compare and to keep off the output.
    Plain(String),
    /// A text that stands for "no key".
    Nothing,
}

/// What people write where a server of their own wants no key.
const NO_KEYS: [&str; 10] =
    ["none", "empty", "no-key", "not-needed", "not-required", "unused", "dummy", "anything", "null", "na"];

/// Reads a key's place, in any of the forms that gateways have for one.
pub fn place(text: &str) -> KeyPlace {
    let text = text.trim();
    let text = strip(text, "Bearer ").or_else(|| strip(text, "Token ")).unwrap_or(text).trim();
    if text.is_empty() || NO_KEYS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return KeyPlace::Nothing;
    }
    let variable = text
        .strip_prefix("os.environ/")
        .or_else(|| text.strip_prefix("env://"))
        .or_else(|| text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(before_default))
        .or_else(|| text.strip_prefix('$'));
    if let Some(name) = variable.map(str::trim) {
        return if is_variable(name) {
            KeyPlace::Variable(name.to_owned())
        } else {
            KeyPlace::Plain(text.to_owned())
        };
    }
    match text.strip_prefix("{vault://").and_then(|rest| rest.strip_suffix('}')) {
        Some(reference) => of_vault(reference),
        None => KeyPlace::Plain(text.to_owned()),
    }
}

/// Whether a text refers to something outside the file, as an endpoint may do too.
pub fn variable(text: &str) -> Option<String> {
    match place(text) {
        KeyPlace::Variable(name) => Some(name),
        _ if ["${", "{{", "{vault:", "env://", "os.environ"].iter().any(|mark| text.contains(mark)) => {
            Some("a variable".to_owned())
        }
        _ => None,
    }
}

/// The name in `NAME:-default`.
fn before_default(inner: &str) -> &str {
    inner.split([':', '-']).next().unwrap_or_default()
}

/// Kong's `{vault://env/my-key}` is the variable `MY_KEY`; what follows a further `/` is a key in its JSON.
/// See <https://developer.konghq.com/gateway/entities/vault/>.
fn of_vault(reference: &str) -> KeyPlace {
    let (vault, name) = reference.split_once('/').unwrap_or((reference, ""));
    let name = name.split(['?', '#']).next().unwrap_or_default();
    let variable = name.to_ascii_uppercase().replace('-', "_");
    if vault == "env" && is_variable(&variable) {
        return KeyPlace::Variable(variable);
    }
    let last = name.rsplit('/').find(|piece| !piece.is_empty()).unwrap_or(vault);
    KeyPlace::Store { name: last.to_owned(), said: format!("the vault `{}`", super::remark::one_line(vault)) }
}

/// A name, and not a key that somebody wrote in the place of one.
fn is_variable(name: &str) -> bool {
    let is_made_so = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_made_so
        && (1..=128).contains(&name.len())
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !is_like_a_key(name)
}

fn strip<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_keys() {
        for text in [
            "os.environ/A_KEY",
            "$A_KEY",
            "${A_KEY}",
            "Bearer ${A_KEY}",
            "bearer {vault://env/a-key}",
            "env://A_KEY",
        ] {
            assert_eq!(place(text), KeyPlace::Variable("A_KEY".to_owned()), "{text}");
        }
        assert_eq!(place(" none "), KeyPlace::Nothing);
        assert_eq!(place("Bearer k-1"), KeyPlace::Plain("k-1".to_owned()));
        let key = "sk_live_0123456789abcdef";
        assert_eq!(place(&format!("os.environ/{key}")), KeyPlace::Plain(format!("os.environ/{key}")));
        assert!(
            matches!(place("{vault://aws/llm/openai}"), KeyPlace::Store { name, .. } if name == "openai")
        );
        assert_eq!(variable("https://a/v1"), None);
        assert!(variable("https://${HOST}/v1").is_some());
    }
}
