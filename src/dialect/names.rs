//! Tool names and call ids that the provider would reject, and what is sent instead.
//!
//! Names: `^[a-zA-Z0-9_-]{1,128}$` (64 on Bedrock); ids: `^[a-zA-Z0-9_-]+$`. OpenAI-compatible callers have dots,
//! slashes and colons in both. What is sent depends on nothing but the request, so each attempt and each turn of a
//! conversation gets the same.

use crate::chat::{PartKind, Request};
use crate::json::Text;
use std::collections::BTreeSet;

/// The longest tool name of Anthropic's own API, in bytes.
pub(super) const MAX_NAME: usize = 128;
/// The longest tool name on Bedrock, in bytes.
pub(super) const MAX_NAME_BEDROCK: usize = 64;

/// The names of one request that had to change.
#[derive(Debug, Default)]
pub(super) struct Renames {
    /// (name sent, caller's name)
    changed: Vec<(String, String)>,
}

impl Renames {
    /// `names` are all of the request's, in its order, repetitions allowed; `limit` is in bytes.
    pub(super) fn new<'t, 'a: 't>(
        names: impl Iterator<Item = &'t Text<'a>> + Clone,
        limit: usize,
    ) -> Renames {
        if names.clone().all(|name| is_fine(&name.decode(), limit)) {
            return Renames::default();
        }
        let mut taken: BTreeSet<String> = names
            .clone()
            .map(|name| name.decode().into_owned())
            .filter(|name| is_fine(name, limit))
            .collect();
        let mut changed: Vec<(String, String)> = Vec::new();
        for name in names {
            let name = name.decode();
            if is_fine(&name, limit) || changed.iter().any(|(_, original)| *original == name) {
                continue;
            }
            let sent = free_name(&name, limit, &taken);
            taken.insert(sent.clone());
            changed.push((sent, name.into_owned()));
        }
        Renames { changed }
    }

    /// The name that goes out.
    pub(super) fn sent<'n>(&'n self, name: &'n Text<'_>) -> Text<'n> {
        match self.changed.iter().find(|(_, original)| *name == *original.as_str()) {
            Some((sent, _)) => Text::from(sent.as_str()),
            None => name.clone(),
        }
    }

    /// For [`crate::dialect::Memo::renamed`].
    pub(super) fn into_changed(self) -> Vec<(String, String)> {
        self.changed
    }
}

/// The names of a request's tools and of those it says were called.
pub(super) fn of_tools<'r>(request: &'r Request<'r>) -> impl Iterator<Item = &'r Text<'r>> + Clone {
    let called =
        request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(&call.name),
            _ => None,
        });
    request.tools.iter().map(|tool| &tool.name).chain(called)
}

/// The ids of a request's tool calls and of their results.
pub(super) fn of_calls<'r>(request: &'r Request<'r>) -> impl Iterator<Item = &'r Text<'r>> + Clone {
    request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some(&call.id),
        PartKind::ToolResult(result) => Some(&result.call_id),
        _ => None,
    })
}

/// A call's id as an Anthropic caller may send it back to Claude. Other providers' ids may have anything in them, or be
/// empty; then the call's number makes one.
pub(super) fn tame_id<'i>(id: &'i Text<'_>, call: u32) -> Text<'i> {
    let decoded = id.decode();
    if is_fine(&decoded, usize::MAX) {
        return id.clone();
    }
    if decoded.is_empty() {
        return Text::from(format!("toolu_{call}"));
    }
    Text::from(decoded.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect::<String>())
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

pub(super) fn is_fine(name: &str, limit: usize) -> bool {
    !name.is_empty() && name.len() <= limit && name.chars().all(is_allowed)
}

/// The name with `_` for what is not allowed; numbered where another tool has that name already.
pub(super) fn free_name(name: &str, limit: usize, taken: &BTreeSet<String>) -> String {
    let mut plain: String = name.chars().map(|c| if is_allowed(c) { c } else { '_' }).take(limit).collect();
    if plain.is_empty() {
        plain.push('_');
    }
    let mut candidate = plain.clone();
    let mut number = 1u32;
    while taken.contains(&candidate) {
        number = number.saturating_add(1);
        let suffix = format!("_{number}");
        candidate = plain.chars().take(limit.saturating_sub(suffix.len())).collect();
        candidate.push_str(&suffix);
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(names: &[&str], limit: usize) -> Vec<(String, String)> {
        let texts: Vec<Text<'_>> = names.iter().map(|name| Text::from(*name)).collect();
        Renames::new(texts.iter(), limit).into_changed()
    }

    #[test]
    fn changes_only_what_must() {
        assert!(renamed(&["get_weather", "a-b", "a-b"], 128).is_empty());
        let long = "x".repeat(130);
        let expected = [
            ("a_b_2", "a.b"),
            ("a_b_3", "a/b"),
            ("_", ""),
            ("__2", "é"),
            (long.get(..128).unwrap(), long.as_str()),
        ]
        .map(|(sent, original)| (sent.to_owned(), original.to_owned()));
        assert_eq!(renamed(&["a.b", "a_b", "a/b", "", "é", "a.b", &long], 128), expected);
    }

    #[test]
    fn a_numbered_name_keeps_the_limit() {
        let names = ["abcd.", "abcd/", "abcd:"];
        let sent: Vec<_> = renamed(&names, 5).into_iter().map(|(sent, _)| sent).collect();
        assert_eq!(sent, ["abcd_", "abc_2", "abc_3"]);
    }
}
