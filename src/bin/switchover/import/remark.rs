//! What an operator is told of an import, in one line each. No value is ever shown that may be a key.

use super::written::{Written, WrittenShape};

/// One thing to know.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    file: String,
    line: usize,
    path: String,
    /// A sentence without its full stop.
    text: String,
}

impl Remark {
    pub fn new(part: &Written, text: impl AsRef<str>) -> Remark {
        Remark {
            file: one_line(&part.file),
            line: part.line,
            path: part.path.clone(),
            text: one_line(text.as_ref()),
        }
    }

    /// `file:line: path: text.`
    pub fn line(&self) -> String {
        let colon = if self.path.is_empty() { "" } else { ": " };
        format!("{}:{}: {}{colon}{}.", self.file, self.line, self.path, self.text)
    }
}

/// A text that stays on its line, whatever is in it.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 600;
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    text.chars().take(LONGEST).map(|c| if is_break(c) { ' ' } else { c }).collect()
}

/// A name for a message: short, on one line.
pub fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    format!("`{}{}`", one_line(&short), if short.len() < text.len() { "…" } else { "" })
}

/// What was written, if it is short and can't be a key; with a blank behind.
pub fn shown(part: &Written) -> String {
    const SECRET: [&str; 9] =
        ["key", "token", "secret", "password", "credential", "credentials", "auth", "value", "header"];
    let name = part.name().to_ascii_lowercase();
    let text = match &part.shape {
        WrittenShape::Truth(truth) => return format!("`{truth}` "),
        WrittenShape::Number(text) | WrittenShape::Words(text) => text,
        WrittenShape::Empty | WrittenShape::Rows(_) | WrittenShape::Keys(_) => return String::new(),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    let is_short = text.len() <= 40 && text.chars().all(is_plain) && !text.is_empty();
    let is_open = !SECRET.iter().any(|word| name.ends_with(word)) && !crate::key::is_like_a_key(text);
    if is_short && is_open { format!("`{text}` ") } else { String::new() }
}
