//! Reads YAML into a [`Node`], every part with its line and column. Only the command does; the filter gets JSON.
//!
//! Of YAML it takes what a configuration needs, by the rules of YAML 1.2's core schema: no anchors, no tags, no second
//! document. Whoever wants those gets told, since a reader of the file would have to know them too.

use super::meaning;
use super::node::{Entry, Node, Value, push_entry};
use super::problem::{Position, Problems, element, member};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Deeper documents are refused; the file itself needs six levels.
const MAX_DEPTH: usize = 64;

/// Reads one YAML document.
pub(super) fn read_yaml(bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = position_of(bytes.get(..error.valid_up_to()).unwrap_or_default());
            problems.add("", Some(at), "The file is not UTF-8 from here on", "Save it as UTF-8");
            return None;
        }
    };
    if let Some(found) = text.find(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        let at = position_of(text.as_bytes().get(..found).unwrap_or_default());
        problems.add("", Some(at), "There is a control character here, which YAML forbids", "Remove it");
        return None;
    }
    let mut reader = YamlReader { problems, stack: Vec::new(), root: None, documents: 0, refused: false };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => reader.take(event, span)?,
            Err(error) => {
                let mark = error.marker();
                let at = Position { line: mark.line().max(1), column: mark.col() + 1 };
                reader.syntax(text, at, error.info());
                return None;
            }
        }
    }
    if reader.refused {
        return None;
    }
    if reader.root.is_none() {
        let at = Some(Position { line: 1, column: 1 });
        reader.problems.add("", at, "The file is empty", "Begin with `version: 1`; README.md has an example");
    }
    reader.root
}

fn position_of(before: &[u8]) -> Position {
    let before = String::from_utf8_lossy(before);
    let last = before.rsplit('\n').next().unwrap_or_default();
    Position { line: before.matches('\n').count() + 1, column: last.chars().count() + 1 }
}

struct YamlReader<'p> {
    problems: &'p mut Problems,
    stack: Vec<OpenBlock>,
    root: Option<Node>,
    documents: usize,
    /// Something was left out that the checker would miss.
    refused: bool,
}

/// A list or map that is being read.
struct OpenBlock {
    at: Position,
    path: String,
    kind: BlockKind,
}

enum BlockKind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Position)> },
}

impl YamlReader<'_> {
    /// Takes one event; `None` when the rest isn't worth reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let at = Position { line: span.start.line().max(1), column: span.start.col() + 1 };
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let wrong = "A second YAML document begins here";
                    self.problems.add("", Some(at), wrong, "Keep one document in the file");
                    return None;
                }
            }
            Event::Alias(_) => {
                self.refuse(at, "A YAML alias (`*name`) is used here", "Write the value out");
                self.add(Node { at: Some(at), value: Value::Null });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.no_extras(at, anchor, tag.is_some());
                self.scalar(at, &text, style);
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_extras(at, anchor, tag.is_some());
                self.open(at, BlockKind::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.no_extras(at, anchor, tag.is_some());
                self.open(at, BlockKind::Map { entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.stack.pop()?;
                let value = match open.kind {
                    BlockKind::List(items) => Value::List(items),
                    BlockKind::Map { entries, .. } => Value::Map(entries),
                };
                self.add(Node { at: Some(open.at), value });
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn refuse(&mut self, at: Position, wrong: &str, instead: &str) {
        self.refused = true;
        self.problems.add(self.path(), Some(at), wrong, instead);
    }

    fn no_extras(&mut self, at: Position, anchor: usize, tag: bool) {
        if anchor != 0 {
            self.refuse(
                at,
                "A YAML anchor (`&name`) is defined here",
                "Remove it and write its value out where it is used",
            );
        }
        if tag {
            self.refuse(
                at,
                "A YAML tag (`!name`) stands here",
                "Remove it; text is told from numbers by quotes",
            );
        }
    }

    /// The path of the value that comes next.
    fn path(&self) -> String {
        match self.stack.last() {
            None => String::new(),
            Some(OpenBlock { path, kind: BlockKind::List(items), .. }) => element(path, items.len()),
            Some(OpenBlock { path, kind: BlockKind::Map { key: Some((key, _)), .. }, .. }) => {
                member(path, key)
            }
            Some(OpenBlock { path, kind: BlockKind::Map { key: None, .. }, .. }) => path.clone(),
        }
    }

    fn open(&mut self, at: Position, kind: BlockKind) -> Option<()> {
        let path = self.path();
        if self.stack.len() >= MAX_DEPTH {
            self.problems.add("", Some(at), "Lists and maps are nested too deep", "Nest at most 64 levels");
            return None;
        }
        if let Some(OpenBlock { kind: BlockKind::Map { key: None, .. }, .. }) = self.stack.last() {
            self.problems.add(
                path,
                Some(at),
                "A list or map stands where a key belongs",
                "Write a plain key",
            );
            return None;
        }
        self.stack.push(OpenBlock { at, path, kind });
        Some(())
    }

    fn scalar(&mut self, at: Position, text: &str, style: ScalarStyle) {
        if let Some(OpenBlock { kind: BlockKind::Map { key: key @ None, .. }, .. }) = self.stack.last_mut() {
            *key = Some((text.to_owned(), at));
            return;
        }
        let value = if style == ScalarStyle::Plain { plain(text) } else { Value::Text(text.to_owned()) };
        self.add(Node { at: Some(at), value });
    }

    /// Puts a finished value where it belongs.
    fn add(&mut self, node: Node) {
        let path = self.path();
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(OpenBlock { kind: BlockKind::List(items), .. }) => items.push(node),
            Some(OpenBlock { kind: BlockKind::Map { entries, key }, .. }) => {
                if let Some((key, at)) = key.take() {
                    push_entry(entries, Entry { key, at: Some(at), value: node }, &path, self.problems);
                }
            }
        }
    }

    fn syntax(&mut self, text: &str, at: Position, reason: &str) {
        let line = text.lines().nth(at.line - 1).unwrap_or_default();
        let blanks: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let before = text.lines().nth(at.line.saturating_sub(2)).unwrap_or_default();
        if let Some((bracket, opened)) = open_bracket(text, at) {
            let wrong =
                format!("The file is not YAML: this `{bracket}` is not closed before line {}", at.line);
            let close = if bracket == '{' { '}' } else { ']' };
            self.problems.add(
                "",
                Some(opened),
                wrong,
                format!("Close it with `{close}` where its last element ends"),
            );
            return;
        }
        let instead = if blanks.contains('\t') {
            "Indent with spaces: YAML allows no tabs"
        } else if meaning::has_variable(line) || meaning::has_variable(before) {
            meaning::VARIABLE
        } else {
            "Look at the indentation, quotes and brackets here and on the lines before"
        };
        self.problems.add("", Some(at), format!("The file is not YAML: {reason}"), instead);
    }
}

/// The innermost bracket that is open where a text stops being YAML, if it was opened on a line before: a parser notices
/// only where the next line makes no sense inside of it.
fn open_bracket(text: &str, error: Position) -> Option<(char, Position)> {
    let mut open: Vec<(char, Position)> = Vec::new();
    let mut quote = None;
    for (number, line) in text.lines().enumerate().take(error.line.saturating_sub(1)) {
        // Where a value may begin: only there does a quote or a bracket mean something.
        let mut begins = true;
        let mut before = ' ';
        for (column, c) in line.chars().enumerate() {
            let at = Position { line: number + 1, column: column + 1 };
            match (quote, c) {
                (Some(kind), _) if c == kind && before != '\\' => quote = None,
                (Some(_), _) => {}
                (None, '#') if before.is_whitespace() => break,
                (None, '"' | '\'') if begins => quote = Some(c),
                (None, '{' | '[') if begins || !open.is_empty() => open.push((c, at)),
                (None, '}' | ']') => drop(open.pop()),
                _ => {}
            }
            begins = matches!(c, '{' | '[' | ',' | ':' | '-') || c.is_whitespace() && begins;
            before = c;
        }
    }
    open.pop()
}

/// A scalar without quotes, by YAML 1.2's core schema. Numbers are written the way JSON writes them.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<String> {
    let radix = |prefix, radix| {
        text.strip_prefix(prefix).and_then(|digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
            u64::from_str_radix(digits, radix).ok().filter(|_| plain).map(|number| number.to_string())
        })
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        return Some(format!("{sign}{}", if significant.is_empty() { "0" } else { significant }));
    }
    // Rust also reads "inf", "nan" and "infinity", which the first byte rules out.
    let begins = digits.strip_prefix('.').unwrap_or(digits).bytes().next()?;
    let number: f64 =
        digits.parse().ok().filter(|number: &f64| begins.is_ascii_digit() && number.is_finite())?;
    Some(format!("{sign}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(yaml: &str) -> String {
        let mut problems = Problems::default();
        let node = read_yaml(yaml.as_bytes(), &mut problems);
        let problems = problems.into_sorted();
        assert!(problems.is_empty(), "{problems:?}");
        let mut out = Vec::new();
        node.unwrap().write_json(&mut crate::json::Writer::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reads_the_core_schema() {
        assert_eq!(
            json("a: 1\nb: [x, 'y', \"\\u00e9\"]\nc:\n  - {d: ~, e: true}\n  - |\n    text\n"),
            r#"{"a":1,"b":["x","y","é"],"c":[{"d":null,"e":true},"text\n"]}"#
        );
        assert_eq!(
            json("[+5, 007, -0, 0x1F, 0o17, .5, 5., 1e3, -1.50, 1e999, .inf, 0x, 1_000, 10s, yes, 12:30]"),
            r#"[5,7,-0,31,15,0.5,5,1000,-1.5,"1e999",".inf","0x","1_000","10s","yes","12:30"]"#
        );
        assert_eq!(json("\u{feff}---\n# comment\na: 'it''s'\n...\n"), r#"{"a":"it's"}"#);
    }

    #[test]
    fn knows_where_things_are() {
        let mut problems = Problems::default();
        let node = read_yaml(b"a: 1\nlist:\n  - {key: value}\n", &mut problems).unwrap();
        let entry = &node.get("list").unwrap().items()[0].entries()[0];
        assert_eq!(entry.at, Some(Position { line: 3, column: 6 }));
        assert_eq!(entry.value.at, Some(Position { line: 3, column: 11 }));
    }
}
