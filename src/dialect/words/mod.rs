//! Every text of a request, an answer or an event, in the dialect of the caller: to look at, and to replace in place.
//!
//! Guards, token estimates and cache keys stand on this. It works on the caller's side of an exchange, so three dialects
//! and embeddings serve all providers, and bytes that pass unread are covered like those that are translated. Each file
//! says as data (`shape`) where one dialect has its texts; `walk` is the one that goes there.
//!
//! What is *no* word: numbers, names of members; ids, names of models and of tools; settings that are one of a few words
//! (`type`, `role`, `effort`, …); URLs; images, sounds and files; seals (signatures, encrypted thoughts); counts of tokens;
//! `logprobs`, which say an answer once more token by token, in bytes too: who replaces a text must take them out. Of an
//! error nothing is told: its message is the gateway's own.
//!
//! What no file names is told as [`Sort::Other`], so that a member of tomorrow doesn't pass by a guard.

mod anthropic;
mod embeddings;
mod leaves;
mod openai;
mod responses;
mod shape;
#[cfg(test)]
mod tests;
mod walk;

use super::Surface;
use crate::json::{Raw, Text};
use shape::Rule;
use walk::{Expected, Walk};

/// Which body of an exchange is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side<'n> {
    /// What the caller sends.
    Request,
    /// A whole answer.
    Answer,
    /// The data of one event of a streamed answer, and the event's name on the wire: some servers say it only there.
    Event(&'n str),
}

/// Who says a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// Who has made the application: instructions, tools, settings.
    System,
    /// Who uses it.
    User,
    /// The model.
    Assistant,
    /// A tool, the caller's or the provider's: its results.
    Tool,
}

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Said to the one who listens.
    Text,
    /// Said instead of an answer.
    Refusal,
    /// Thought before the answer, or what is told of that.
    Reasoning,
    /// A text among what a tool is called with. A piece of a stream is a piece of the arguments' JSON.
    Arguments,
    /// A description in a tool or in a schema.
    Description,
    /// The name of a person or a file; in a result of OpenAI's legacy functions, of the function.
    Name,
    /// What an answer quotes, and the title of what it quotes from.
    Citation,
    /// Whatever no dialect here has a name for, and the rest of a schema. To replace it may break what it is.
    Other,
}

/// Which text of a body one is. In a streamed answer, what has the same strand and sort is one text in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strand {
    /// Of several answers to one request, which.
    pub choice: u64,
    /// The message, the item or the input.
    pub item: u64,
    /// The part of a message, the content block, or the call of a tool.
    pub part: u64,
    /// Servers of Chat Completions say a thought in several members at once: 0 for the first of them.
    pub copy: u8,
}

/// One text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'w> {
    /// Who says it.
    pub speaker: Speaker,
    /// What it is for.
    pub sort: Sort,
    /// Which text it is, or is a piece of.
    pub strand: Strand,
    /// Whether it goes on what came before of its strand. An event's text that is no piece says one again as a whole, or is
    /// a whole one itself.
    pub is_piece: bool,
    /// Never empty.
    pub text: Text<'w>,
}

/// Shows every text of a body, in the body's order. The work is linear in the body.
pub fn visit(side: Side<'_>, surface: Surface, body: Raw<'_>, see: &mut dyn FnMut(&Word<'_>)) {
    rewrite(side, surface, body, &mut |word| {
        see(word);
        None
    });
}

/// Replaces the texts of a body for which `change` has another one, and keeps every other byte; nothing if none changes.
///
/// Where JSON stands in a string, as the arguments of calls do, the texts in that JSON are shown, and the string is written
/// anew if one of them changes.
pub fn rewrite(
    side: Side<'_>,
    surface: Surface,
    body: Raw<'_>,
    change: &mut dyn FnMut(&Word<'_>) -> Option<String>,
) -> Option<Vec<u8>> {
    let event = if let Side::Event(name) = side { name } else { "" };
    let speaker = if side == Side::Request { Speaker::System } else { Speaker::Assistant };
    let mut walk = Walk::new(body, change);
    walk.go(rule(side, surface), body, Expected::new(speaker, event));
    walk.finish()
}

/// Where the texts of such a body are.
fn rule(side: Side<'_>, surface: Surface) -> &'static Rule {
    let [request, answer, event] = match surface {
        Surface::Chat => &openai::BODIES,
        Surface::Messages | Surface::CountTokens => &anthropic::BODIES,
        Surface::Responses => &responses::BODIES,
        Surface::Embeddings => &embeddings::BODIES,
    };
    match side {
        Side::Request => request,
        Side::Answer => answer,
        Side::Event(_) => event,
    }
}
