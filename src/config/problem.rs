//! What is wrong with a file, where, and what to write instead.

use std::fmt;

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place in the document, like `targets[1].endpoint`; empty where the text is no document at all.
    pub path: String,
    /// The place in the text; `None` for a document that came without one, as Envoy's `Struct` does.
    pub at: Option<Position>,
    /// A sentence without its full stop.
    pub wrong: String,
    /// What to write instead: a sentence without its full stop.
    pub instead: String,
}

impl Problem {
    /// The problem as a line of a compiler's output: `file:line:column: path: wrong. instead.`
    pub fn in_file(&self, file: &str) -> String {
        match self.at {
            Some(at) => format!("{file}:{}:{}: {self}", at.line, at.column),
            None => format!("{file}: {self}"),
        }
    }
}

/// `path: wrong. instead.`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}. {}.", self.wrong, self.instead)
    }
}

/// All that is wrong with a file, as it is found.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(
        &mut self,
        path: impl Into<String>,
        at: Option<Position>,
        wrong: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.0.push(Problem { path: path.into(), at, wrong: wrong.into(), instead: instead.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the text.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.at);
        self.0
    }
}

/// The path of a member; names that would read wrong are quoted.
pub(super) fn member(path: &str, name: &str) -> String {
    let plain =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    match (plain, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name:?}]"),
    }
}

/// The path of an element.
pub(super) fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// `a`, `b` and `c`.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// What was written, for a message: one line, in backticks, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    // `escape_debug` also escapes quotes, which need it nowhere here.
    format!("`{}`", shown.replace("\\\"", "\"").replace("\\'", "'"))
}
