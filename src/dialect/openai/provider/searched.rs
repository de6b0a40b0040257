//! The pages that Perplexity searched. It tells them beside the answer and not in it: `search_results`, older `citations`, and
//! where one is meant the text has its number, `[2]`, <https://docs.perplexity.ai/api-reference/chat-completions-post>.

use crate::chat::{Citation, Event};
use crate::dialect::piece::citation::{Page, page};
use crate::dialect::seam::Sink;
use crate::json::{Kind, Raw, Text};

/// More places than any answer cites.
const MOST_CITED: usize = 1000;

/// The pages of a `search_results` or `citations` member.
pub(super) fn pages(of: Raw<'_>) -> Vec<Page<'static>> {
    let read = |item: Raw<'_>| match item.kind() {
        Kind::String => page(Some(item), None).map(Page::into_owned),
        _ => page(item.get("url"), item.get("title")).map(Page::into_owned),
    };
    of.items().take(MOST_CITED).filter_map(read).collect()
}

/// Where `text` rests on them: at each number of one. One without a number is said of none.
pub(super) fn cite(text: &str, pages: &[Page<'static>]) -> Vec<Citation<'static>> {
    let mut citations = Vec::new();
    let mut is_meant = vec![false; pages.len()];
    // The number that is being read, and where its bracket is.
    let mut open: Option<(u64, usize)> = None;
    for (character, place) in text.chars().zip(0u64..) {
        open = match (character, open) {
            ('[', _) => Some((place, 0)),
            (digit, Some((start, number))) if digit.is_ascii_digit() => {
                let digit = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(0);
                Some((start, number.saturating_mul(10).saturating_add(digit)))
            }
            (']', Some((start, number))) => {
                let at = number.checked_sub(1);
                if let (Some(page), Some(meant)) =
                    (at.and_then(|at| pages.get(at)), at.and_then(|at| is_meant.get_mut(at)))
                    && citations.len() < MOST_CITED
                {
                    *meant = true;
                    citations.push(page.clone().cited(start, place.saturating_add(1)));
                }
                None
            }
            _ => None,
        };
    }
    let others = pages.iter().zip(is_meant).filter(|(_, is_meant)| !is_meant);
    citations.extend(others.map(|(page, _)| page.clone().cited(0, 0)));
    citations
}

/// The same of a stream: what is known of its pages and of the words that may name them.
#[derive(Default)]
pub(super) struct Searched {
    pages: Vec<Page<'static>>,
    /// The words of the first choice since the pages are known: as a rule from the first event on.
    text: String,
    /// Told, here or by the answer itself.
    is_told: bool,
}

impl Searched {
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
        if choice == 0 && !self.pages.is_empty() {
            self.text.push_str(&text.decode());
        }
    }

    /// The first choice ends.
    pub(super) fn tell(&mut self, sink: &mut Sink<'_>) {
        if self.pages.is_empty() || std::mem::replace(&mut self.is_told, true) {
            return;
        }
        for citation in cite(&self.text, &self.pages) {
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
        assert_eq!(told("[0] [3] [] [1"), [(0, 0, a), (0, 0, c)]);
    }
}
