//! Tool names that the provider would reject, and what is sent instead.
//!
//! They are `^[a-zA-Z0-9_-]{1,128}$` (64 on Bedrock). OpenAI-compatible callers have dots, slashes and colons in them. What is sent depends on nothing but the request, so each attempt and each turn of a
//! conversation gets the same.

use crate::chat::{PartKind, Request, ToolChoice};
use crate::json::Text;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The longest tool name of Anthropic's own API, in bytes.
pub(in crate::dialect) const MAX_NAME: usize = 128;
/// The longest tool name on Bedrock, in bytes.
pub(in crate::dialect) const MAX_NAME_BEDROCK: usize = 64;

/// The names of one request that had to change.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Renames {
    /// The caller's name → the name sent.
    changed: BTreeMap<String, String>,
}

impl Renames {
    /// `names` are all of the request's, in its order, repetitions allowed; `limit` is in bytes.
    pub(in crate::dialect) fn new<'t, 'a: 't>(
        names: impl Iterator<Item = &'t Text<'a>> + Clone,
        limit: usize,
    ) -> Renames {
        if names.clone().all(|name| is_fine(&name.decode(), limit)) {
            return Renames::default();
        }
        let fine = names.clone().map(Text::decode).filter(|name| is_fine(name, limit));
        let mut free = FreeNames::new(fine.map(Cow::into_owned).collect(), limit, '_');
        let mut changed = BTreeMap::new();
        for name in names {
            let name = name.decode();
            if !is_fine(&name, limit) && !changed.contains_key(name.as_ref()) {
                let sent = free.take(&plain_name(&name, limit));
                changed.insert(name.into_owned(), sent);
            }
        }
        Renames { changed }
    }

    /// The name that goes out.
    pub(in crate::dialect) fn sent<'n>(&'n self, name: &'n Text<'_>) -> Text<'n> {
        if self.changed.is_empty() {
            return name.clone();
        }
        match self.changed.get(name.decode().as_ref()) {
            Some(sent) => Text::from(sent.as_str()),
            None => name.clone(),
        }
    }

    /// For [`crate::dialect::Memo::renamed`].
    pub(in crate::dialect) fn into_changed(self) -> BTreeMap<String, String> {
        self.changed.into_iter().map(|(original, sent)| (sent, original)).collect()
    }
}

/// The names of a request's tools and of those it says were called.
pub(in crate::dialect) fn of_tools<'r>(
    request: &'r Request<'r>,
) -> impl Iterator<Item = &'r Text<'r>> + Clone {
    let called =
        request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(&call.name),
            _ => None,
        });
    request.tools.iter().map(|tool| &tool.name).chain(called)
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

pub(in crate::dialect) fn is_fine(name: &str, limit: usize) -> bool {
    !name.is_empty() && name.len() <= limit && name.chars().all(is_allowed)
}

/// The name with `_` for what is not allowed; numbered where another tool has that name already.
pub(in crate::dialect) fn free_name(name: &str, limit: usize, taken: BTreeSet<String>) -> String {
    FreeNames::new(taken, limit, '_').take(&plain_name(name, limit))
}

fn plain_name(name: &str, limit: usize) -> String {
    let plain: String = name.chars().map(|c| if is_allowed(c) { c } else { '_' }).take(limit).collect();
    if plain.is_empty() { "_".to_owned() } else { plain }
}

/// Finds names that nobody has, by numbering them. However many names a caller makes alike, each number is tried once.
#[derive(Debug)]
pub(in crate::dialect) struct FreeNames {
    taken: BTreeSet<String>,
    /// In characters.
    limit: usize,
    /// Between a name and its number.
    gap: char,
    /// The number that comes next, by what stands before it and how many digits it has: a longer number leaves less of a
    /// long name.
    next: BTreeMap<(String, usize), u64>,
}

impl FreeNames {
    pub(in crate::dialect) fn new(taken: BTreeSet<String>, limit: usize, gap: char) -> FreeNames {
        FreeNames { taken, limit, gap, next: BTreeMap::new() }
    }

    /// The name itself if nobody has it, else with the first number, from 2, that makes it one. It is taken from then on.
    pub(in crate::dialect) fn take(&mut self, plain: &str) -> String {
        if self.taken.insert(plain.to_owned()) {
            return plain.to_owned();
        }
        let mut first = 2;
        for digits in 1.. {
            let end = 10u64.saturating_pow(digits);
            let digits = usize::try_from(digits).unwrap_or(usize::MAX);
            let kept = self.limit.saturating_sub(digits.saturating_add(1));
            let stem: String = plain.chars().take(kept).collect();
            let next = self.next.entry((stem.clone(), digits)).or_insert(first);
            while *next < end {
                let candidate = format!("{stem}{}{next}", self.gap);
                *next = next.saturating_add(1);
                if self.taken.insert(candidate.clone()) {
                    return candidate;
                }
            }
            first = end;
        }
        plain.to_owned()
    }
}

/// Names to look others up in.
pub(in crate::dialect) fn set<'n>(names: impl IntoIterator<Item = &'n Text<'n>>) -> BTreeSet<Cow<'n, str>> {
    names.into_iter().map(Text::decode).collect()
}

/// The tools that a choice leaves, if it leaves some only.
pub(in crate::dialect) fn among<'n>(choice: Option<&'n ToolChoice<'n>>) -> Option<BTreeSet<Cow<'n, str>>> {
    match choice {
        Some(ToolChoice::Among { names, .. }) => Some(set(names)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(names: &[&str], limit: usize) -> Vec<(String, String)> {
        let texts: Vec<Text<'_>> = names.iter().map(|name| Text::from(*name)).collect();
        Renames::new(texts.iter(), limit).into_changed().into_iter().collect()
    }

    #[test]
    fn changes_only_what_must() {
        assert!(renamed(&["get_weather", "a-b", "a-b"], 128).is_empty());
        let long = "x".repeat(130);
        let expected = [
            ("_", ""),
            ("__2", "é"),
            ("a_b_2", "a.b"),
            ("a_b_3", "a/b"),
            (long.get(..128).unwrap(), long.as_str()),
        ]
        .map(|(sent, original)| (sent.to_owned(), original.to_owned()));
        assert_eq!(renamed(&["a.b", "a_b", "a/b", "", "é", "a.b", &long], 128), expected);
    }

    #[test]
    fn a_numbered_name_keeps_the_limit() {
        let names = ["abcd.", "abcd/", "abcd:"];
        let sent: Vec<_> = renamed(&names, 5).into_iter().map(|(sent, _)| sent).collect();
        assert_eq!(sent, ["abc_2", "abc_3", "abcd_"]);
    }

    proptest::proptest! {
        /// As if each number were tried anew for each name.
        #[test]
        fn law_the_first_free_number_is_taken(names in proptest::collection::vec("[ab]{0,3}(_[2-9]|_1[0-2])?[.é]?", 0..60), limit in 4usize..8) {
            let texts: Vec<Text<'_>> = names.iter().map(|name| Text::from(name.as_str())).collect();
            let renames = Renames::new(texts.iter(), limit);
            let mut taken: BTreeSet<String> = names.iter().filter(|name| is_fine(name, limit)).cloned().collect();
            let mut done = BTreeSet::new();
            for name in names.iter().filter(|name| !is_fine(name, limit)) {
                if !done.insert(name) {
                    continue;
                }
                let plain = plain_name(name, limit);
                let numbered = |n: u32| if n == 1 { plain.clone() } else {
                    let suffix = format!("_{n}");
                    let stem: String = plain.chars().take(limit - suffix.len()).collect();
                    stem + &suffix
                };
                let expected = (1..).map(numbered).find(|candidate| !taken.contains(candidate)).unwrap();
                taken.insert(expected.clone());
                proptest::prop_assert_eq!(renames.sent(&Text::from(name.as_str())).into_string(), expected);
            }
        }
    }
}
