//! Tool names that the API would reject, mapped and mapped back.
//!
//! A name begins with a letter or an underscore and goes on with letters, digits and `_.:-`, at most 64 of them
//! (<https://ai.google.dev/api/caching#FunctionDeclaration>; newer versions of the API take 128).

use crate::dialect::piece::names::FreeNames;
use crate::json::Text;
use std::collections::BTreeMap;

const MAX_NAME: usize = 64;

/// The names of a request that can't be sent as they are.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The caller's name → the name sent.
    changed: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new<'t>(names: impl Iterator<Item = &'t Text<'t>> + Clone) -> Names {
        let mut changed = BTreeMap::new();
        if names.clone().all(|name| is_fine(&name.decode())) {
            return Names { changed };
        }
        let taken = names.clone().map(|name| name.decode().into_owned()).collect();
        let mut free = FreeNames::new(taken, MAX_NAME, '_');
        for name in names {
            let name = name.decode();
            if !is_fine(&name) && !changed.contains_key(name.as_ref()) {
                let sent = free.take(&plain(&name));
                changed.insert(name.into_owned(), sent);
            }
        }
        Names { changed }
    }

    /// The name as it is sent.
    pub(super) fn sent<'n>(&'n self, name: &Text<'n>) -> Text<'n> {
        if self.changed.is_empty() {
            return name.clone();
        }
        match self.changed.get(name.decode().as_ref()) {
            Some(sent) => Text::from(sent.as_str()),
            None => name.clone(),
        }
    }

    /// (name sent, caller's name), for the way back.
    pub(super) fn into_changed(self) -> BTreeMap<String, String> {
        self.changed.into_iter().map(|(original, sent)| (sent, original)).collect()
    }
}

fn is_fine(name: &str) -> bool {
    name.len() <= MAX_NAME && name.starts_with(may_begin) && name.chars().all(may_follow)
}

fn may_begin(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn may_follow(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-')
}

/// The name with `_` for what is not allowed.
fn plain(name: &str) -> String {
    let lead = if name.starts_with(may_begin) { "" } else { "_" };
    let allowed = name.chars().map(|c| if may_follow(c) { c } else { '_' });
    lead.chars().chain(allowed).take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(names: &[&str]) -> Vec<(String, String)> {
        let texts: Vec<Text<'_>> = names.iter().map(|name| Text::from(*name)).collect();
        let names = Names::new(texts.iter());
        names.changed.into_iter().map(|(original, sent)| (sent, original)).collect()
    }

    #[test]
    fn changes_only_what_must() {
        assert!(renamed(&["get_weather", "a-b", "mcp:x.y", "_"]).is_empty());
        let (long, cut) = ("x".repeat(70), "x".repeat(64));
        let mut expected = [
            ("_", ""),
            ("_1st_2", "1st"),
            ("a_b_2", "a/b"),
            ("a_b_3", "a b"),
            ("__", "é"),
            (cut.as_str(), long.as_str()),
        ]
        .map(|(sent, original)| (sent.to_owned(), original.to_owned()));
        expected.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(renamed(&["a/b", "a_b", "a b", "1st", "_1st", "", "é", &long]), expected);
    }

    #[test]
    fn a_numbered_name_keeps_the_limit() {
        let names = ["x".repeat(70), "x".repeat(71)];
        let sent: Vec<_> = renamed(&[&names[0], &names[1]]).into_iter().map(|(sent, _)| sent).collect();
        assert_eq!(sent, ["x".repeat(64), format!("{}_2", "x".repeat(62))]);
    }
}
