//! Reads foreign files: YAML of several documents, with anchors and merged maps, as other gateways take it. JSON is YAML.

use super::written::{Written, WrittenShape};
use crate::stop::Stop;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

/// The largest file: a hundred times what a large gateway has.
const MAX_BYTES: u64 = 4 << 20;
/// The most parts of a file, those that its anchors stand for included.
const MAX_PARTS: usize = 400_000;
const MAX_DEPTH: usize = 64;

/// The documents of a file, without those that are empty.
///
/// # Errors
/// Why it can't be read, with its line.
pub fn read(path: &Path) -> Result<Vec<Written>, Stop> {
    let size = std::fs::metadata(path).map_err(|error| Stop::io("reading", path, &error))?.len();
    let name = path.display().to_string();
    if size > MAX_BYTES {
        let most = MAX_BYTES >> 20;
        return Err(Stop::wrong(format!(
            "{name}: The file has {size} bytes. At most {most} MiB are imported."
        )));
    }
    let documents = documents(&name, &crate::document::read(path)?).map_err(Stop::wrong)?;
    if documents.is_empty() {
        return Err(Stop::wrong(format!("{name}: The file is empty. Name the configuration of a gateway.")));
    }
    Ok(documents)
}

fn documents(name: &str, bytes: &[u8]) -> Result<Vec<Written>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text =
        std::str::from_utf8(bytes).map_err(|_| format!("{name}: The file is not UTF-8. Save it so."))?;
    let text = &with_variables(text);
    let mut reader = Reader {
        file: Rc::from(name),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        parts: 0,
        done: Vec::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let (line, column) = (error.marker().line().max(1), error.marker().col() + 1);
            // What the parser says may quote nothing of the file.
            let bracket = if error.info() == "invalid indentation" { ", where a closing bracket may stand too far left" } else { "" };
            format!("{name}:{line}:{column}: The file is not YAML: {}. Look at this line{bracket} and the ones before.", error.info())
        })?;
        let line = span.start.line().max(1);
        reader.take(event, span).map_err(|wrong| format!("{name}:{line}: {wrong}"))?;
    }
    Ok(reader.done)
}

/// decK puts variables in before it reads YAML, so `"${{ env "NAME" }}"` is right there: it becomes `env://NAME`.
fn with_variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${{") {
        let inner = behind.split_once("}}").filter(|(inner, _)| !inner.contains('\n'));
        let name = inner.and_then(|(inner, _)| {
            inner.trim().strip_prefix("env")?.trim().strip_prefix('"')?.split('"').next()
        });
        out.push_str(before);
        match (inner, name) {
            (Some((_, after)), Some(name)) => {
                out.push_str("env://");
                out.push_str(name);
                rest = after;
            }
            _ => {
                out.push_str("${{");
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

struct Reader {
    file: Rc<str>,
    open: Vec<OpenPart>,
    anchors: BTreeMap<usize, Written>,
    parts: usize,
    done: Vec<Written>,
}

/// A list or map that is being read.
struct OpenPart {
    anchor: usize,
    line: usize,
    path: String,
    shape: WrittenShape,
    /// Of a map: its keys so far, and the one whose value comes next.
    names: BTreeSet<String>,
    key: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        let line = span.start.line().max(1);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(OpenPart { shape: WrittenShape::Keys(_), key: key @ None, .. }) =
                    self.open.last_mut()
                {
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let shape = if is_plain { plain(&text) } else { WrittenShape::Words(text.into_owned()) };
                self.finish(anchor, line, self.path(), shape)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, line, WrittenShape::Rows(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(anchor, line, WrittenShape::Keys(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.finish(open.anchor, open.line, open.path, open.shape),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    return Err("A YAML alias (`*name`) stands before its anchor or inside of it. Write its value out.".to_owned());
                };
                known.mark_read();
                self.count(parts(&known))?;
                self.add(known)
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, line: usize, shape: WrittenShape) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!(
                "Lists and maps are nested more than {MAX_DEPTH} levels deep. No gateway's are."
            ));
        }
        if let Some(OpenPart { shape: WrittenShape::Keys(_), key: None, .. }) = self.open.last() {
            return Err("A list or map stands where a key belongs (a variable of a template, perhaps). Write a plain key.".to_owned());
        }
        let path = self.path();
        self.open.push(OpenPart { anchor, line, path, shape, names: BTreeSet::new(), key: None });
        Ok(())
    }

    fn finish(
        &mut self,
        anchor: usize,
        line: usize,
        path: String,
        shape: WrittenShape,
    ) -> Result<(), String> {
        self.count(1)?;
        let shape = match shape {
            WrittenShape::Keys(keys) => WrittenShape::Keys(merged(keys)),
            other => other,
        };
        let written = Written::new(&self.file, line, path, shape);
        if anchor != 0 {
            self.count(parts(&written))?;
            self.anchors.insert(anchor, written.clone());
        }
        self.add(written)
    }

    fn count(&mut self, more: usize) -> Result<(), String> {
        self.parts = self.parts.saturating_add(more);
        match self.parts > MAX_PARTS {
            true => Err(format!(
                "The file has more than {MAX_PARTS} parts here, those that its anchors stand for included."
            )),
            false => Ok(()),
        }
    }

    fn add(&mut self, written: Written) -> Result<(), String> {
        match self.open.last_mut() {
            None if matches!(written.shape, WrittenShape::Empty) => {}
            None => self.done.push(written),
            Some(OpenPart { shape: WrittenShape::Rows(rows), .. }) => rows.push(written),
            Some(OpenPart { shape: WrittenShape::Keys(keys), key, names, .. }) => {
                let key = key.take().unwrap_or_default();
                if !names.insert(key.clone()) {
                    return Err(format!(
                        "The key {} stands here twice. Keep one of the two.",
                        super::remark::quoted(&key)
                    ));
                }
                keys.push((key, written));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The path of the value that comes next.
    fn path(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(OpenPart { path, shape: WrittenShape::Rows(rows), .. }) => format!("{path}[{}]", rows.len()),
            Some(OpenPart { path, key, .. }) => {
                let key = super::remark::one_line(key.as_deref().unwrap_or_default());
                if path.is_empty() { key } else { format!("{path}.{key}") }
            }
        }
    }
}

/// A map with what its key `<<` refers to.
fn merged(keys: Vec<(String, Written)>) -> Vec<(String, Written)> {
    if !keys.iter().any(|(key, _)| key == "<<") {
        return keys;
    }
    let (merges, mut keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(key, _)| key == "<<");
    for (_, merge) in merges {
        let rows = merge.rows();
        for map in if rows.is_empty() { std::slice::from_ref(&merge) } else { rows } {
            for (key, value) in map.keys() {
                if !keys.iter().any(|(known, _)| known == key) {
                    keys.push((key.clone(), value.clone()));
                }
            }
        }
    }
    keys
}

/// How many parts there are, itself included.
fn parts(written: &Written) -> usize {
    let inner = match &written.shape {
        WrittenShape::Keys(keys) => keys.iter().map(|(_, value)| parts(value)).sum(),
        WrittenShape::Rows(rows) => rows.iter().map(parts).sum(),
        _ => 0,
    };
    1 + inner
}

/// A scalar without quotes.
fn plain(text: &str) -> WrittenShape {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => WrittenShape::Empty,
        "true" | "True" | "TRUE" => WrittenShape::Truth(true),
        "false" | "False" | "FALSE" => WrittenShape::Truth(false),
        _ if text.parse::<f64>().is_ok_and(f64::is_finite) => WrittenShape::Number(text.to_owned()),
        _ => WrittenShape::Words(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        documents("f", text.as_bytes()).unwrap_err()
    }

    #[test]
    fn takes_what_others_take() {
        let read = documents("f", b"a: &x {b: 1}\nc:\n  <<: *x\n  d: *x\n---\n# nothing\n---\ne: [t, 'u']\n")
            .unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].at(&["c", "b"]).unwrap().words(), Some("1"));
        assert_eq!(read[0].at(&["c", "d", "b"]).unwrap().path, "a.b");
        let list = read[1].list("e");
        assert_eq!((list[1].words(), list[1].line, list[1].path.as_str()), (Some("u"), 8, "e[1]"));
    }

    #[test]
    fn what_is_unread_is_known() {
        let read = documents("f", b"a: 1\nb: {c: 2, d: {e: 3}}\nf: [{g: 4}, {g: 5, h: 6}]\n").unwrap();
        let file = &read[0];
        assert_eq!(file.get("b").unwrap().whole("c"), Some(2));
        assert_eq!(file.list("f")[1].whole("g"), Some(5));
        let mut unread = Vec::new();
        file.unread(&mut unread);
        let paths: Vec<_> = unread.iter().map(|part| part.path.as_str()).collect();
        assert_eq!(paths, ["a", "b.d", "f[0].g", "f[1].h"]);
    }

    #[test]
    fn hostile_files_are_refused() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 10].join(",");
            bomb += &format!("a{level}: &a{level} [{inner}]\n");
        }
        assert!(wrong(&bomb).contains("more than"));
        assert!(wrong(&"- ".repeat(100)).contains("deep"));
        assert!(documents("f", "[".repeat(10_000).as_bytes()).is_err());
        assert!(wrong("a: &a [*a]").contains("alias"));
        assert!(wrong("{a: b").contains("not YAML"));
        let deck = documents("f", b"a: \"Bearer ${{ env \"DECK_KEY\" }}\"\nb: ${{ x\n").unwrap();
        assert_eq!((deck[0].text("a"), deck[0].text("b")), (Some("Bearer env://DECK_KEY"), Some("${{ x")));
        assert!(wrong("{{ x }}: 1").contains("where a key belongs"));
        assert!(wrong("a: 1\na: 2").contains("f:2: The key `a` stands here twice"));
        assert!(documents("f", b"\xff").is_err());
    }
}
