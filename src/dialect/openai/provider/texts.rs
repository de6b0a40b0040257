//! Texts that were parts, as the one string that goes out for them.

use crate::chat::PartKind;
use crate::dialect::talk::Placed;
use crate::json::Text;

/// What stands before the words of a tool that failed, where there is no member for it.
pub(super) const FAILED: &str = "Error:";

/// What stands between two texts. It depends on nothing but the two, so that what a prompt cache holds stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// They stay apart: several are an array.
    Not,
    /// Blocks of instructions are paragraphs.
    Paragraphs,
    /// Results of a tool follow each other line by line, as vLLM joins them and Gemini gets them.
    Lines,
    /// The same, behind a word about them.
    Sentence,
    /// An answer in pieces, which cut sentences where they cite: as one text, but a paragraph where a call or another message stood between.
    Speech,
}

/// The string, if all are text and may be one. Nothing at all is an empty one.
pub(super) fn joined<'p>(parts: &[Placed<'p>], join: Join) -> Option<Text<'p>> {
    match (parts, join) {
        ([], _) => return Some(Text::default()),
        ([one], _) => return text_of(one).cloned(),
        (_, Join::Not) => return None,
        _ => {}
    }
    let mut all = String::new();
    let mut before: Option<&Placed<'_>> = None;
    for placed in parts {
        let text = text_of(placed)?.decode();
        if text.is_empty() {
            continue;
        }
        all.push_str(match (before, join) {
            (None, _) => "",
            (Some(before), Join::Speech) if placed.continues(before) => "",
            (Some(_), Join::Sentence) if all == FAILED => " ",
            (Some(_), Join::Lines | Join::Sentence) => "\n",
            (Some(_), _) => "\n\n",
        });
        all.push_str(&text);
        before = Some(placed);
    }
    Some(Text::from(all))
}

fn text_of<'p>(placed: &Placed<'p>) -> Option<&'p Text<'p>> {
    match &placed.part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(text),
        _ => None,
    }
}
