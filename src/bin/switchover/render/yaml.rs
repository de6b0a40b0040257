//! Writes a tree as YAML that a person reads: comments above what they explain, short parts on one line, repeated parts
//! once.
//!
//! A text stands without quotes only where no reader of YAML, 1.1 or 1.2, could take it for anything else.

use super::tree::{ListItem, SharedTree, TreeMember, TreeNode};
use std::rc::Rc;

/// Lines and comments are not made longer than this.
const WIDTH: usize = 110;

/// The whole document.
pub fn write(root: &TreeNode) -> String {
    let mut yaml = Yaml { out: String::new(), anchors: Vec::new() };
    match root {
        TreeNode::Map(entries) => yaml.map(entries, 0, false),
        other => {
            let flow = yaml.flow(other);
            yaml.out.push_str(&flow.unwrap_or_default());
            yaml.out.push('\n');
        }
    }
    yaml.out
}

struct Yaml {
    out: String,
    /// The shared parts that were written already, and their names.
    anchors: Vec<(Rc<SharedTree>, String)>,
}

impl Yaml {
    /// The entries of a map, each on its own line; `inline`: the first continues a line that is already indented.
    fn map(&mut self, entries: &[TreeMember], indent: usize, inline: bool) {
        for (i, entry) in entries.iter().enumerate() {
            if !(inline && i == 0) {
                if indent == 0 && i > 0 {
                    self.out.push('\n');
                }
                self.comment(&entry.why, indent);
                self.indent(indent);
            }
            self.out.push_str(&scalar(&entry.key));
            self.out.push(':');
            self.value(&entry.value, indent, indent + 2);
        }
    }

    fn list(&mut self, items: &[ListItem], indent: usize) {
        for item in items {
            self.comment(&item.why, indent);
            if let TreeNode::Map(entries) = &item.value
                && let Some(first) = entries.first()
            {
                self.comment(&first.why, indent);
            }
            self.indent(indent);
            self.out.push('-');
            match &item.value {
                // `- key: value`, with the map's other entries below the first.
                TreeNode::Map(entries) if self.fits(&item.value, indent + 2).is_none() => {
                    self.out.push(' ');
                    self.map(entries, indent + 2, true);
                }
                other => self.value(other, indent + 2, indent + 2),
            }
        }
    }

    /// What follows `key:` or `-`, to the end of its last line: lists begin in column `lists`, all else in `below`.
    fn value(&mut self, node: &TreeNode, lists: usize, below: usize) {
        if let TreeNode::SharedTree(shared) = node {
            match self.anchor(shared) {
                Some(name) => self.out.push_str(&format!(" *{name}\n")),
                None => {
                    let name = self.new_anchor(shared);
                    self.out.push_str(&format!(" &{name}"));
                    self.value(&shared.value, lists, below);
                }
            }
            return;
        }
        let column = self.out.len() - self.out.rfind('\n').map_or(0, |end| end + 1);
        if let Some(flow) = self.fits(node, column + 1) {
            self.out.push(' ');
            self.out.push_str(&flow);
            self.out.push('\n');
            return;
        }
        match node {
            TreeNode::Text(text) if is_block(text) => self.block(text, below),
            TreeNode::List(items) => {
                self.out.push('\n');
                self.list(items, lists);
            }
            TreeNode::Map(entries) => {
                self.out.push('\n');
                self.map(entries, below, false);
            }
            other => {
                let flow = self.flow(other).unwrap_or_default();
                self.out.push(' ');
                self.out.push_str(&flow);
                self.out.push('\n');
            }
        }
    }

    fn anchor(&self, shared: &Rc<SharedTree>) -> Option<&str> {
        self.anchors.iter().find(|(known, _)| Rc::ptr_eq(known, shared)).map(|(_, name)| name.as_str())
    }

    /// The part's own name, or with a number behind where another part has it.
    fn new_anchor(&mut self, shared: &Rc<SharedTree>) -> String {
        let taken = |name: &String| self.anchors.iter().any(|(_, known)| known == name);
        let numbered = (2..).map(|n: u32| format!("{}-{n}", shared.name));
        let mut names = std::iter::once(shared.name.clone()).chain(numbered);
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        self.anchors.push((Rc::clone(shared), name.clone()));
        name
    }

    /// A text of several lines.
    fn block(&mut self, text: &str, indent: usize) {
        self.out.push_str(" |-\n");
        for line in text.lines() {
            self.indent(indent);
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    fn comment(&mut self, why: &str, indent: usize) {
        for paragraph in why.lines() {
            let mut line = String::new();
            for word in paragraph.split(' ') {
                if !line.is_empty() && indent + 2 + line.chars().count() + 1 + word.chars().count() > WIDTH {
                    self.comment_line(&line, indent);
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            self.comment_line(&line, indent);
        }
    }

    fn comment_line(&mut self, line: &str, indent: usize) {
        self.indent(indent);
        self.out.push('#');
        if !line.is_empty() {
            self.out.push(' ');
            self.out.push_str(line);
        }
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The node on one line, if it is short enough to stand at this column.
    fn fits(&self, node: &TreeNode, column: usize) -> Option<String> {
        self.flow(node).filter(|flow| match node {
            TreeNode::Map(entries) if !entries.is_empty() => {
                column + flow.chars().count() <= WIDTH && nested(node) <= 3
            }
            TreeNode::List(items) if !items.is_empty() => {
                column + flow.chars().count() <= WIDTH && nested(node) <= 3
            }
            _ => true,
        })
    }

    /// The node on one line; `None` where it has comments, anchors to set or line breaks.
    fn flow(&self, node: &TreeNode) -> Option<String> {
        Some(match node {
            TreeNode::Bool(truth) => truth.to_string(),
            TreeNode::Whole(number) => number.to_string(),
            TreeNode::Number(number) => number.to_string(),
            TreeNode::Text(text) if is_block(text) => return None,
            TreeNode::Text(text) => scalar(text),
            TreeNode::SharedTree(shared) => format!("*{}", self.anchor(shared)?),
            TreeNode::List(items) => {
                let parts =
                    items.iter().map(|item| item.why.is_empty().then(|| self.flow(&item.value)).flatten());
                format!("[{}]", parts.collect::<Option<Vec<_>>>()?.join(", "))
            }
            TreeNode::Map(entries) => {
                let parts = entries.iter().map(|entry| {
                    let value = entry.why.is_empty().then(|| self.flow(&entry.value)).flatten()?;
                    Some(format!("{}: {value}", scalar(&entry.key)))
                });
                format!("{{{}}}", parts.collect::<Option<Vec<_>>>()?.join(", "))
            }
        })
    }
}

/// How many lists and maps stand in one another, itself included.
fn nested(node: &TreeNode) -> usize {
    match node {
        TreeNode::List(items) => 1 + items.iter().map(|item| nested(&item.value)).max().unwrap_or(0),
        TreeNode::Map(entries) => 1 + entries.iter().map(|entry| nested(&entry.value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a text is written as a block: several lines that need no escapes and keep their form.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| c == '\n' || !is_break(c))
}

/// What some reader takes for a line break, or that can't stand as it is.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text on one line, in quotes unless it could be nothing but a text.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    if text.contains(is_break) {
        let mut json = Vec::new();
        switchover::json::Writer::new(&mut json).string(text);
        // JSON's escapes are YAML's; what JSON leaves as it is and YAML takes for a line break is escaped here.
        let json = String::from_utf8_lossy(&json).into_owned();
        let escaped = json.chars().map(|c| match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
            other => other.to_string(),
        });
        return escaped.collect();
    }
    if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") }
}

/// Words that some reader takes for a truth, a null or a number.
const RESERVED: &[&str] =
    &["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"];

fn is_plain(text: &str) -> bool {
    let seconds = |text: &str| {
        let digits = text.strip_suffix('s').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    let begins = |c: char| c.is_ascii_alphabetic() || c == '/' || c == '_';
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    seconds(text)
        || text.starts_with(begins)
            && text.chars().all(goes_on)
            && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tree::{Map, list, one};

    #[test]
    fn texts_are_never_taken_for_anything_else() {
        for plain in ["a", "type.googleapis.com/envoy.x.v3.Y", "/etc/x-1_2", "10s", "0.005s", "STRICT_DNS"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, written) in [
            ("", "\"\""),
            ("Yes", "\"Yes\""),
            ("null", "\"null\""),
            ("127.0.0.1", "\"127.0.0.1\""),
            ("1e3", "\"1e3\""),
            ("@type", "\"@type\""),
            ("a: b # c", "\"a: b # c\""),
            ("it's", "\"it's\""),
            ("\"it's\"", "'\"it''s\"'"),
            ("a\\d", "'a\\d'"),
            ("a\tb\u{85}\u{2028}", "\"a\\tb\\u0085\\u2028\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn repeated_parts_are_written_once() {
        let shared = |text: &str| TreeNode::shared("x", one("k", text));
        let (first, second) = (shared("one"), shared("two"));
        let map = Map::new().with("a", first.clone()).why("Another.").with("b", second);
        let map = map.with("c", list([first.clone()])).with("d", first);
        let expected = "a: &x {k: one}\n\n# Another.\nb: &x-2 {k: two}\n\nc: [*x]\n\nd: *x\n";
        assert_eq!(write(&map.into()), expected);
    }
}
