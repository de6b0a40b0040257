//! A document as a small tree that knows where each part was written. YAML and JSON both become one of these, so one
//! checker serves the command and the filter.

use super::problem::{Position, Problems, member};
use crate::json::{Kind, Raw, SyntaxError};

/// A part of a document.
#[derive(Clone, Debug)]
pub struct Node {
    pub at: Option<Position>,
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    /// As a JSON number. A `Struct` writes whole numbers as `3.0` or `3e7` too.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// In the order of the document, each key once.
    Map(Vec<Entry>),
}

/// A member of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    /// Of the key.
    pub at: Option<Position>,
    pub value: Node,
}

impl Node {
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn whole(&self) -> Option<u64> {
        match &self.value {
            Value::Number(text) => Raw::trusted(text).as_u64(),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    pub fn truth(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// What kind of value this is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "empty",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Writes the document as JSON: what the filter gets as its configuration.
    #[cfg(not(target_family = "wasm"))]
    pub fn write_json(&self, w: &mut crate::json::Writer<'_>) {
        match &self.value {
            Value::Null => w.null(),
            Value::Bool(truth) => w.bool(*truth),
            Value::Number(text) => w.raw(Raw::trusted(text)),
            Value::Text(text) => w.string(text),
            Value::List(items) => w.array(|w| items.iter().for_each(|item| item.write_json(w))),
            Value::Map(entries) => w.object(|w| {
                for entry in entries {
                    entry.value.write_json(w.key_string(&entry.key));
                }
            }),
        }
    }
}

/// Reads JSON: a configuration as Envoy hands it to the filter.
pub(super) fn read_json(bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    match Raw::parse(bytes) {
        Ok(raw) => Some(from_raw(raw, "", DEEPEST, problems)),
        Err(SyntaxError { line, column, reason }) => {
            problems.add(
                "",
                Some(Position { line, column }),
                format!("The configuration is not JSON: {reason}"),
                "Give the filter the document of switchover.yaml as a Struct or as a JSON string; `switchover render envoy` does",
            );
            None
        }
    }
}

/// No key of a configuration lies so deep, and the filter's stack is small.
const DEEPEST: usize = 64;

fn from_raw(raw: Raw<'_>, path: &str, levels: usize, problems: &mut Problems) -> Node {
    let value = match raw.kind() {
        Kind::Array | Kind::Object if levels == 0 => {
            problems.add(
                path,
                None,
                format!("This lies more than {DEEPEST} levels deep"),
                "Remove it: no key does",
            );
            Value::Null
        }
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(raw.as_bool() == Some(true)),
        Kind::Number => Value::Number(raw.as_json().to_owned()),
        Kind::String => Value::Text(raw.text().map(|text| text.into_string()).unwrap_or_default()),
        Kind::Array => {
            let items = raw.items().enumerate();
            Value::List(
                items
                    .map(|(i, item)| from_raw(item, &super::problem::element(path, i), levels - 1, problems))
                    .collect(),
            )
        }
        Kind::Object => {
            let mut entries: Vec<Entry> = Vec::new();
            for (key, value) in raw.fields() {
                let key = key.into_string();
                let path = member(path, &key);
                let value = from_raw(value, &path, levels - 1, problems);
                push_entry(&mut entries, Entry { key, at: None, value }, &path, problems);
            }
            Value::Map(entries)
        }
    };
    Node { at: None, value }
}

/// Adds a member, or says that it is there already.
pub(super) fn push_entry(entries: &mut Vec<Entry>, entry: Entry, path: &str, problems: &mut Problems) {
    match entries.iter().find(|known| known.key == entry.key) {
        None => entries.push(entry),
        Some(first) => {
            let place = first.at.map(|at| format!(", first on line {}", at.line)).unwrap_or_default();
            problems.add(path, entry.at, format!("The key is written twice{place}"), "Keep one of the two");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_depth_takes_the_stack() {
        let problems = |levels: usize| {
            let json = "[".repeat(levels) + &"]".repeat(levels);
            let mut problems = Problems::default();
            assert!(read_json(json.as_bytes(), &mut problems).is_some());
            problems.into_sorted().len()
        };
        assert_eq!((problems(DEEPEST), problems(DEEPEST + 1), problems(100_000)), (0, 1, 1));
    }
}
