//! A whole document that is walked more than once.

use super::outline::{self, NoOutline, OutlineNode};
use super::raw::{BLANK, json_of, not_utf8};
use super::{Raw, SyntaxError};

/// A document: validated and outlined in one pass. Its text is its own, or somebody's (`Document<&str>`).
#[derive(Clone, Debug, Default)]
pub struct Document<T = String> {
    text: T,
    nodes: Vec<OutlineNode>,
    /// How many values it has.
    values: usize,
}

/// A value is as much work as so many bytes of text.
const BYTES_OF_A_VALUE: usize = 300;

/// How many values a text of JSON has, as [`Document::within`] counts them: 0 if it is none, nothing if they are more than `most`.
pub fn values(text: &str, most: usize) -> Option<usize> {
    outline::values(json_of(text), most)
}

/// A document that is nested more deeply, from this place on, than any is.
fn too_deep(text: &str, at: usize) -> SyntaxError {
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    SyntaxError {
        line: before.matches('\n').count() + 1,
        column: before.len() - line_start + 1,
        reason: format!("more than {} levels are open", outline::DEEPEST),
    }
}

/// Why a document was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no JSON, or too deep.
    Syntax(SyntaxError),
    /// It has more values than it may.
    TooMany,
}

impl Document {
    /// Takes the bytes of a whole document.
    ///
    /// # Errors
    /// As [`Raw::parse`].
    pub fn parse(bytes: Vec<u8>) -> Result<Document, SyntaxError> {
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes()))?;
        Document::of(text)
    }
}

impl<'a> Document<&'a str> {
    /// Reads the bytes of a whole document.
    ///
    /// # Errors
    /// As [`Raw::parse`].
    pub fn read(bytes: &'a [u8]) -> Result<Document<&'a str>, SyntaxError> {
        let Ok(text) = simdutf8::basic::from_utf8(bytes) else { return Err(not_utf8(bytes)) };
        Document::of(text)
    }
}

impl<T: AsRef<str>> Document<T> {
    /// Takes a whole document that is known to be UTF-8.
    ///
    /// # Errors
    /// As [`Raw::parse`].
    pub fn of(text: T) -> Result<Document<T>, SyntaxError> {
        match Document::within(text, outline::ANY) {
            Ok(document) => Ok(document),
            Err(Unread::Syntax(error)) => Err(error),
            // No memory that runs this has room for so many.
            Err(Unread::TooMany) => {
                Err(SyntaxError { line: 1, column: 1, reason: "too many values".to_owned() })
            }
        }
    }

    /// Takes a whole document that is known to be UTF-8 and may have `most` values: members, objects, lists and
    /// the strings in those. Of the numbers in a list 16 count as one.
    ///
    /// # Errors
    /// It has more, or is no JSON.
    pub fn within(text: T, most: usize) -> Result<Document<T>, Unread> {
        match outline::counted(json_of(text.as_ref()), most) {
            Ok((nodes, values)) => Ok(Document { text, nodes, values }),
            Err(NoOutline::TooMany) => Err(Unread::TooMany),
            Err(NoOutline::TooDeep(at)) => Err(Unread::Syntax(too_deep(json_of(text.as_ref()), at))),
            Err(NoOutline::NoJson) => Document::unlined(text).map_err(Unread::Syntax),
        }
    }

    /// One that has no outline.
    fn unlined(text: T) -> Result<Document<T>, SyntaxError> {
        // The other parser knows the words for what is wrong.
        Raw::parse(text.as_ref().as_bytes())?;
        Ok(Document { text, nodes: Vec::new(), values: 0 })
    }

    /// How much work reading it is, and as much again for each who writes another of it: in bytes of plain text.
    pub fn weight(&self) -> usize {
        self.text.as_ref().len().saturating_add(self.values.saturating_mul(BYTES_OF_A_VALUE))
    }

    /// The whole document as it came.
    pub fn as_text(&self) -> &str {
        self.text.as_ref()
    }

    /// How many bytes, all of them blanks, follow the value.
    pub fn after_root(&self) -> usize {
        let text = self.as_text();
        text.len() - text.trim_end_matches(BLANK).len()
    }

    /// The document's value.
    pub fn root(&self) -> Raw<'_> {
        Raw::known(json_of(self.as_text()).trim_matches(BLANK), &self.nodes)
    }
}
