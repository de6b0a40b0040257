//! Finding the group that a caller means by `model`.

use super::{Alias, Config, Group, Listen};

impl Alias {
    /// Reads an alias as it is written: one `*` stands for anything. `None` if there are several.
    pub fn parse(text: &str) -> Option<Alias> {
        match text.split_once('*') {
            None => Some(Alias::Exact(text.to_owned())),
            Some((_, suffix)) if suffix.contains('*') => None,
            Some((prefix, suffix)) => {
                Some(Alias::Glob { prefix: prefix.to_owned(), suffix: suffix.to_owned() })
            }
        }
    }

    /// Whether a caller's `model` is meant. Letters' case counts.
    pub fn matches(&self, model: &str) -> bool {
        match self {
            Alias::Exact(name) => name == model,
            Alias::Glob { prefix, suffix } => {
                model.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.ends_with(suffix.as_str()))
            }
        }
    }
}

impl Listen {
    /// Whether a request to this host (`:authority`, with or without a port) is for the filter.
    pub fn takes(&self, authority: &str) -> bool {
        let bracket = authority.find(']').unwrap_or(0);
        let host = match authority.rfind(':').filter(|colon| *colon > bracket) {
            Some(colon) => authority.split_at_checked(colon).map_or(authority, |(host, _)| host),
            None => authority,
        };
        let ends_with = |suffix: &str| {
            let rest = host.len().checked_sub(suffix.len()).and_then(|at| host.split_at_checked(at));
            rest.is_some_and(|(before, end)| !before.is_empty() && end.eq_ignore_ascii_case(suffix))
        };
        let is = |known: &String| match known.strip_prefix('*') {
            Some(suffix) => ends_with(suffix),
            None => known.eq_ignore_ascii_case(host),
        };
        self.hosts.is_empty() || self.hosts.iter().any(is)
    }
}

impl Config {
    /// The group a caller's `model` means, enabled or not: by name, else by an alias without `*`, else by the first alias in
    /// file order that matches.
    pub fn group_for(&self, model: &str) -> Option<&Group> {
        let by_alias = |exact: bool| {
            self.groups.iter().find(|group| {
                let aliases = group.aliases.iter().filter(|alias| matches!(alias, Alias::Exact(_)) == exact);
                aliases.into_iter().any(|alias| alias.matches(model))
            })
        };
        self.groups
            .iter()
            .find(|group| group.name == model)
            .or_else(|| by_alias(true))
            .or_else(|| by_alias(false))
    }

    /// What callers can ask for by name: groups that are enabled, each followed by its aliases without `*`.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().filter(|group| group.enabled).flat_map(|group| {
            let aliases = group.aliases.iter().filter_map(|alias| match alias {
                Alias::Exact(name) => Some(name.as_str()),
                Alias::Glob { .. } => None,
            });
            std::iter::once(group.name.as_str()).chain(aliases)
        })
    }

    /// The model most like one that nobody knows, for "did you mean"; `None` if none is like it at all.
    pub fn closest(&self, model: &str) -> Option<&str> {
        closest(model, self.models())
    }

    /// The target most like an id that no target has.
    pub fn closest_target(&self, id: &str) -> Option<&str> {
        closest(id, self.targets.iter().map(super::TargetSettings::id))
    }
}

/// Longer names are not compared: they come from callers, and the comparison costs the product of the lengths.
const MAX_COMPARED: usize = 128;

/// The known name with the fewest edits to `name`, if those are fewer than about half its length.
pub(crate) fn closest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let (distance, best) = known
        .filter(|known| known.len() <= MAX_COMPARED)
        .map(|known| (edits(name, known), known))
        .min_by_key(|(distance, _)| *distance)?;
    let longest = name.chars().count().max(best.chars().count());
    (distance * 2 <= longest).then_some(best)
}

/// Whether one name is so like another that only a slip of the hand lies between: an edit, or one in three letters.
/// For keys, whose meanings differ though the words are of one length (`budgets`, `targets`).
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    let distance = edits(name, known);
    distance <= 1 || distance * 3 <= name.chars().count().max(known.chars().count())
}

/// Levenshtein's distance, in characters, without regard to letters' case.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (done, from) in left.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = done;
        let mut before = done + 1;
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = before;
        }
        for (cell, to) in cells.zip(&right) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *cell;
            before = replaced.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let glob = Alias::parse("gpt-*-mini").unwrap();
        assert!(glob.matches("gpt-5-mini") && glob.matches("gpt--mini"));
        assert!(!glob.matches("gpt-mini") && !glob.matches("gpt-5-nano") && !glob.matches("GPT-5-mini"));
        assert!(Alias::parse("*").unwrap().matches(""));
        assert_eq!(Alias::parse("a*b*"), None);
    }

    #[test]
    fn hosts() {
        let listen = |hosts: &[&str]| Listen {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            base_path: String::new(),
            max_body_bytes: 1,
            max_answer_bytes: 1,
            memory: 1,
            body_timeout_ms: 1,
            limits: crate::dialect::Limits::NONE,
        };
        assert!(listen(&[]).takes("any.thing:80"));
        let some = listen(&["llm.internal", "*.example.com"]);
        for host in ["llm.internal", "LLM.internal:8080", "a.example.com", "a.b.Example.com:1"] {
            assert!(some.takes(host), "{host}");
        }
        for host in ["", "internal", "xllm.internal", "example.com", ".example.com", "[::1]:80", "é"] {
            assert!(!some.takes(host), "{host}");
        }
    }

    #[test]
    fn edits_are_counted() {
        let cases =
            [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "abc", 3), ("kitten", "sitting", 3)];
        for (left, right, expected) in cases {
            assert_eq!(edits(left, right), expected, "{left} {right}");
            assert_eq!(edits(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn closest_needs_likeness() {
        let known = ["production-llm", "backup-llm"];
        assert_eq!(closest("production-lm", known.into_iter()), Some("production-llm"));
        assert_eq!(closest("Backup-LLM", known.into_iter()), Some("backup-llm"));
        assert_eq!(closest("zzz", known.into_iter()), None);
        assert_eq!(closest(&"x".repeat(1 << 20), known.into_iter()), None);
    }
}
