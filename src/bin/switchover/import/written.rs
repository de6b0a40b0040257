//! What stands in a foreign file: a tree that knows where each part was written, and which parts somebody has read.
//!
//! What nobody reads is told at the end ([`Written::unread`]), so nothing is dropped in silence.

use std::cell::Cell;
use std::rc::Rc;

/// A part of a file.
#[derive(Clone, Debug)]
pub struct Written {
    /// The file, as it was named.
    pub file: Rc<str>,
    /// From 1.
    pub line: usize,
    /// The place in its document, like `model_list[0].model_name`.
    pub path: String,
    pub shape: WrittenShape,
    /// Shared by all that one anchor stands for: who reads one of them has read it.
    is_read: Rc<Cell<bool>>,
}

/// What a [`Written`] holds.
#[derive(Clone, Debug)]
pub enum WrittenShape {
    Empty,
    Truth(bool),
    /// As it was written.
    Number(String),
    Words(String),
    Rows(Vec<Written>),
    /// In the order of the file, each key once.
    Keys(Vec<(String, Written)>),
}

impl Written {
    pub fn new(file: &Rc<str>, line: usize, path: String, shape: WrittenShape) -> Written {
        Written { file: Rc::clone(file), line, path, shape, is_read: Rc::default() }
    }

    /// The value of a key that is there and not empty.
    pub fn get(&self, key: &str) -> Option<&Written> {
        let (_, value) = self.keys().iter().find(|(name, _)| name == key)?;
        value.is_read.set(true);
        (!matches!(value.shape, WrittenShape::Empty)).then_some(value)
    }

    /// The first of several keys that is there.
    pub fn any(&self, keys: &[&str]) -> Option<&Written> {
        keys.iter().filter_map(|key| self.get(key)).next()
    }

    /// The value under one key after another.
    pub fn at(&self, keys: &[&str]) -> Option<&Written> {
        keys.iter().try_fold(self, |written, key| written.get(key))
    }

    pub fn has(&self, key: &str) -> bool {
        self.keys().iter().any(|(name, _)| name == key)
    }

    pub fn keys(&self) -> &[(String, Written)] {
        match &self.shape {
            WrittenShape::Keys(keys) => keys,
            _ => &[],
        }
    }

    /// The elements of a list.
    pub fn rows(&self) -> &[Written] {
        match &self.shape {
            WrittenShape::Rows(rows) => {
                rows.iter().for_each(|row| row.is_read.set(true));
                rows
            }
            _ => &[],
        }
    }

    /// The elements of a list under a key.
    pub fn list(&self, key: &str) -> &[Written] {
        self.get(key).map(Written::rows).unwrap_or_default()
    }

    /// A text, or a number as it was written.
    pub fn words(&self) -> Option<&str> {
        match &self.shape {
            WrittenShape::Words(text) | WrittenShape::Number(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A text under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Written::words)
    }

    /// A number, also one in quotes.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.text(key)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A number from 0 on, rounded down.
    pub fn whole(&self, key: &str) -> Option<u64> {
        let number = self.number(key)?.floor();
        // Exact for all that means something here.
        format!("{number:.0}").parse().ok()
    }

    pub fn truth(&self, key: &str) -> Option<bool> {
        match &self.get(key)?.shape {
            WrittenShape::Truth(truth) => Some(*truth),
            WrittenShape::Words(text) if text.eq_ignore_ascii_case("true") => Some(true),
            WrittenShape::Words(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Nobody needs to be told of this key.
    pub fn skip(&self, keys: &[&str]) {
        for key in keys {
            if let Some(value) = self.get(key) {
                value.skip_all();
            }
        }
    }

    /// Nobody needs to be told of this part, with all that is in it.
    pub fn skip_all(&self) {
        self.is_read.set(true);
        self.keys().iter().for_each(|(_, value)| value.skip_all());
        self.rows().iter().for_each(Written::skip_all);
    }

    /// Somebody has read it, but perhaps not what is in it.
    pub fn mark_read(&self) {
        self.is_read.set(true);
    }

    /// A value that was read and can't be used is told like one that nobody read.
    pub fn put_back(&self) {
        self.is_read.set(false);
    }

    /// The largest parts in this one that nobody has read.
    pub fn unread<'w>(&'w self, into: &mut Vec<&'w Written>) {
        let inner: Box<dyn Iterator<Item = &Written>> = match &self.shape {
            WrittenShape::Keys(keys) => Box::new(keys.iter().map(|(_, value)| value)),
            WrittenShape::Rows(rows) => Box::new(rows.iter()),
            _ => return,
        };
        for part in inner {
            match part.is_read.get() {
                true => part.unread(into),
                false => into.push(part),
            }
        }
    }

    /// The name of the key that this stands under.
    pub fn name(&self) -> &str {
        let last = self.path.rsplit(['.', ']']).find(|piece| !piece.is_empty()).unwrap_or_default();
        last.split('[').next().unwrap_or_default()
    }
}
