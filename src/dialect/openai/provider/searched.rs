//! The pages that Perplexity searched. It tells them beside the answer and not in it: `search_results`, older `citations`, and
//! where one is meant the text has its number, `[2]`, <https://docs.perplexity.ai/api-reference/chat-completions-post>.

use crate::chat::{Citation, Event};
use crate::dialect::piece::citation::{Page, page};
use crate::dialect::providers::Row;
use crate::dialect::seam::Sink;
use crate::json::{Kind, Raw, Text};
use std::collections::BTreeMap;

/// More places than any answer cites.
const MOST_CITED: usize = 1000;

/// Whether a provider's words name pages by number: then its streams are looked through for them, and no others.
pub(super) fn tells_pages(row: &Row) -> bool {
    row.name == "perplexity"
}

/// The pages of a `search_results` or `citations` member.
pub(super) fn pages(of: Raw<'_>) -> Vec<Page<'static>> {
    let read = |item: Raw<'_>| match item.kind() {
        Kind::String => page(Some(item), None).map(Page::into_owned),
        _ => page(item.get("url"), item.get("title")).map(Page::into_owned),
    };
    of.items().take(MOST_CITED).filter_map(read).collect()
}

/// The numbers in a text that may name pages, read piece by piece: a stream may tell its pages after the words that name them.
#[derive(Default)]
struct PageNumbers {
    /// How many characters came.
    length: u64,
    /// Where the last bracket is, and the number behind it so far.
    open: Option<(u64, usize)>,
    /// Each number and where its brackets begin, and the character after them. Pages have the lowest numbers, so where there are
    /// too many the highest go: how many pages there are may come last.
    found: BTreeMap<(usize, u64), u64>,
}

impl PageNumbers {
    fn read(&mut self, text: &str) {
        if self.open.is_none() && memchr::memchr(b'[', text.as_bytes()).is_none() {
            let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
            self.length = self.length.saturating_add(length);
            return;
        }
        for character in text.chars() {
            let place = self.length;
            self.length = place.saturating_add(1);
            self.open = match (character, self.open) {
                ('[', _) => Some((place, 0)),
                (digit, Some((start, number))) if digit.is_ascii_digit() => {
                    let digit = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(0);
                    Some((start, number.saturating_mul(10).saturating_add(digit)))
                }
                (']', Some((start, number))) => {
                    if (1..=MOST_CITED).contains(&number) {
                        self.found.insert((number, start), self.length);
                    }
                    if self.found.len() > MOST_CITED {
                        self.found.pop_last();
                    }
                    None
                }
                _ => None,
            };
        }
    }

    /// Where the text rests on the pages: at each number of one. One without a number is said of none.
    fn cited(&self, pages: &[Page<'static>]) -> Vec<Citation<'static>> {
        let mut is_meant = vec![false; pages.len()];
        let mut citations = Vec::new();
        for ((number, start), end) in &self.found {
            let Some(at) = number.checked_sub(1) else { continue };
            if let (Some(page), Some(meant)) = (pages.get(at), is_meant.get_mut(at)) {
                *meant = true;
                citations.push(page.clone().cited(*start, *end));
            }
        }
        citations.sort_by_key(|citation: &Citation<'_>| citation.start);
        let others = pages.iter().zip(is_meant).filter(|(_, is_meant)| !is_meant);
        citations.extend(others.map(|(page, _)| page.clone().cited(0, 0)));
        citations
    }
}

/// Where `text` rests on them.
pub(super) fn cite(text: &str, pages: &[Page<'static>]) -> Vec<Citation<'static>> {
    let mut numbers = PageNumbers::default();
    numbers.read(text);
    numbers.cited(pages)
}

/// The same of a stream: what is known of its pages and of the words that may name them.
#[derive(Default)]
pub(super) struct Searched {
    pages: Vec<Page<'static>>,
    /// Of the first choice's words, if they name pages.
    numbers: Option<PageNumbers>,
    /// Told, here or by the answer itself.
    is_told: bool,
}

impl Searched {
    pub(super) fn new(tells_pages: bool) -> Searched {
        Searched { numbers: tells_pages.then(PageNumbers::default), ..Searched::default() }
    }

    /// Every event may tell all of them again.
    pub(super) fn note(&mut self, of: Raw<'_>, is_best: bool) {
        if self.pages.is_empty() || is_best {
            let pages = pages(of);
            if !pages.is_empty() {
                self.pages = pages;
            }
        }
    }

    /// The answer has annotations of its own.
    pub(super) fn set_told(&mut self) {
        self.is_told = true;
    }

    pub(super) fn say(&mut self, choice: u32, text: &Text<'_>) {
        if let Some(numbers) = self.numbers.as_mut().filter(|_| choice == 0 && !self.is_told) {
            numbers.read(&text.decode());
        }
    }

    /// The first choice ends.
    pub(super) fn tell(&mut self, sink: &mut Sink<'_>) {
        if self.pages.is_empty() || std::mem::replace(&mut self.is_told, true) {
            return;
        }
        for citation in self.numbers.take().unwrap_or_default().cited(&self.pages) {
            sink(Event::Citation { choice: 0, citation });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_pages() {
        let told = Raw::trusted(r#"[{"url":"https://a.b","title":"A"},"https://c.d",{"url":"x"}]"#);
        let pages = pages(told);
        assert_eq!(pages.len(), 2);
        let told = |text: &str| {
            let cited = cite(text, &pages);
            cited.iter().map(|c| (c.start, c.end, c.url.decode().into_owned())).collect::<Vec<_>>()
        };
        let (a, c) = ("https://a.b".to_owned(), "https://c.d".to_owned());
        assert_eq!(told("é[1][2]."), [(1, 4, a.clone()), (4, 7, c.clone())]);
        assert_eq!(told("x[1] y[1]"), [(1, 4, a.clone()), (6, 9, a.clone()), (0, 0, c.clone())]);
        assert_eq!(told("[0] [3] [] [1"), [(0, 0, a.clone()), (0, 0, c.clone())]);
        // Numbers of no page leave room for those of pages.
        assert_eq!(
            told(&format!("{}[1]", "[500]".repeat(2000))),
            [(10_000, 10_003, a.clone()), (0, 0, c.clone())]
        );
        assert_eq!(told("[2][1]"), [(0, 3, c.clone()), (3, 6, a.clone())]);
        // In pieces it is the same, wherever they end, and whenever the pages are told.
        let text = "é[1][2]. [12] [1";
        for (cut, _) in text.char_indices() {
            let mut searched = Searched::new(true);
            let (before, after) = text.split_at(cut);
            searched.say(0, &Text::from(before));
            searched.say(1, &Text::from("[1]"));
            searched.say(0, &Text::from(after));
            searched.note(Raw::trusted(r#"["https://a.b","https://c.d"]"#), true);
            let mut places = Vec::new();
            let mut sink = |event: Event<'_>| {
                if let Event::Citation { citation, .. } = event {
                    places.push((citation.start, citation.end));
                }
            };
            searched.tell(&mut sink);
            assert_eq!(places, [(1, 4), (4, 7)], "{cut}");
        }
    }
}
