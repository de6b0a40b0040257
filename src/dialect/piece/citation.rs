//! Where the words of an answer come from, as far as callers know it: pages on the web.
//!
//! OpenAI's callers get `url_citation` annotations. A citation of a document has no place there, and Anthropic's own form
//! holds a key of Anthropic's search (`encrypted_index`) that nobody else can make: these are left out.

use crate::chat::{Citation, Event};
use crate::json::{Raw, Text, Writer};
use std::collections::BTreeSet;

/// How many characters a text has.
pub fn length(text: &Text<'_>) -> u64 {
    u64::try_from(text.decode().chars().count()).unwrap_or(u64::MAX)
}

/// How many characters the pieces of a stream's text have: put together first, as they are counted faster so, and seldom.
#[derive(Debug, Default)]
pub struct Length {
    counted: u64,
    /// The inside of a JSON literal.
    uncounted: String,
}

impl Length {
    /// More is counted at once.
    const MOST: usize = 1 << 16;

    pub fn add(&mut self, text: &Text<'_>) {
        match text.literal() {
            Ok(literal) => self.add_literal(literal),
            Err(_) => self.counted = self.counted.saturating_add(length(text)),
        }
    }

    /// The inside of a JSON literal.
    pub fn add_literal(&mut self, literal: &str) {
        if self.uncounted.capacity() - self.uncounted.len() < literal.len() {
            self.make_room(literal.len());
        }
        self.uncounted.push_str(literal);
    }

    #[cold]
    fn make_room(&mut self, more: usize) {
        if self.uncounted.len() > Length::MOST {
            self.count();
        }
        self.uncounted.reserve(more.max(1 << 12));
    }

    pub fn count(&mut self) -> u64 {
        self.counted = self.counted.saturating_add(length(&Text::encoded(&self.uncounted)));
        self.uncounted.clear();
        self.counted
    }
}

/// Whether some of an answer's blocks may have citations: most have not, and are looked at once less.
pub fn may_be_in(content: Raw<'_>) -> bool {
    content.may_have_member("citations")
}

/// A page and its title; `None` if there is no address on the web.
pub fn page<'a>(url: Option<Raw<'a>>, title: Option<Raw<'a>>) -> Option<Page<'a>> {
    let url = url.and_then(Raw::text).filter(|url| url.decode().starts_with("http"))?;
    let title = title.and_then(Raw::text).filter(|title| !title.is_empty());
    Some(Page { title: title.unwrap_or_else(|| url.clone()), url })
}

/// What is cited.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<'a> {
    url: Text<'a>,
    /// The address where it has none: OpenAI's clients want one.
    title: Text<'a>,
}

impl<'a> Page<'a> {
    pub fn into_owned(self) -> Page<'static> {
        Page { url: self.url.into_owned(), title: self.title.into_owned() }
    }

    pub fn cited(self, start: u64, end: u64) -> Citation<'a> {
        Citation { start, end, url: self.url, title: self.title }
    }
}

/// What a block of a stream rests on; told when the block is over, as only then it is known how far its words go.
#[derive(Debug, Default)]
pub struct Cited {
    /// Where the block's words begin.
    pub start: u64,
    pub pages: Vec<Page<'static>>,
}

impl Cited {
    /// Tells it. `length`: of all words up to the block's end.
    pub fn tell(&mut self, length: &mut Length, sink: &mut dyn FnMut(Event<'_>)) {
        if self.pages.is_empty() {
            return;
        }
        let end = length.count();
        for page in std::mem::take(&mut self.pages) {
            sink(Event::Citation { choice: 0, citation: page.cited(self.start, end) });
        }
    }
}

/// One that outlives its event. `back`: how many characters before the words are not counted.
pub fn kept(citation: &Citation<'_>, back: u64) -> Citation<'static> {
    Citation {
        start: citation.start.saturating_sub(back),
        end: citation.end.saturating_sub(back),
        url: citation.url.clone().into_owned(),
        title: citation.title.clone().into_owned(),
    }
}

/// The pages in words, where there is no text any more that could cite them; each once.
pub fn in_words(citations: &[Citation<'_>]) -> String {
    let mut told = BTreeSet::new();
    let mut words = "Sources:".to_owned();
    for of in citations {
        let (url, title) = (of.url.decode(), of.title.decode());
        let line =
            if title.is_empty() || title == url { url.into_owned() } else { format!("{title}: {url}") };
        if told.insert(line.clone()) {
            words.push_str("\n- ");
            words.push_str(&line);
        }
    }
    words
}

/// Writes the members of a `url_citation`.
pub fn write(citation: &Citation<'_>, w: &mut Writer<'_>) {
    w.key("start_index").u64(citation.start);
    w.key("end_index").u64(citation.end);
    w.key("title").text(&citation.title);
    w.key("url").text(&citation.url);
}
