//! The conversation: system prompt and turns.
//!
//! Converse wants turns that alternate and begin with the user, each with something in it.

use super::blocks::{Blocks, fate, write_text};
use super::family::Family;
use crate::chat::{Part, PartKind, Request};
use crate::dialect::talk::{Admission, Here, SILENT_USER, Spoken, Turns};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// A turn with a document must have a text: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>.
const WORDLESS: &str = "(Sent without words.)";

/// The conversation, checked: writing it can't fail any more.
///
/// # Errors
/// What Converse can't carry.
pub(super) fn turns<'r>(
    request: &'r Request<'r>,
    target: &Target,
    family: Family,
    losses: &mut Losses,
) -> Result<Turns<&'r Part<'r>>, Refusal> {
    let mut decide = |part: &Part<'_>, here: &mut Here<'_>| -> Result<Admission, Refusal> {
        if !family.caches() {
            here.note_cache(part);
        }
        if let PartKind::Document { citations: Some(citations), .. } = part.kind
            && wants(citations)
        {
            here.lose_member(
                ".citations",
                "asks for citations, which come back from Anthropic's own API only",
            )?;
        }
        Ok(fate(&part.kind, here.stand, target, family))
    };
    Turns::of(request, losses, |part, here| here.admits(part, &mut decide))
}

/// Writes the members `system` and `messages`; `cache` is a breakpoint after all of it.
pub(super) fn write(
    turns: &Turns<&Part<'_>>,
    blocks: &mut Blocks<'_>,
    cache: Option<Raw<'_>>,
    w: &mut Writer<'_>,
) {
    if !turns.system.is_empty() {
        w.key("system").array(|w| turns.system.iter().for_each(|part| blocks.write(part, w)));
    }
    w.key("messages").open_array();
    if turns.begins_silent() {
        w.object(|w| {
            w.key("role").string("user");
            w.key("content").array(|w| write_text(&Text::from(SILENT_USER), w));
        });
    }
    for (index, turn) in turns.turns.iter().enumerate() {
        let is_last = index + 1 == turns.turns.len();
        w.open_object();
        w.key("role").string(if turn.is_user { "user" } else { "assistant" });
        w.key("content").open_array();
        write_turn(turn, is_last, blocks, w);
        if let Some(cache) = cache.filter(|_| is_last) {
            blocks.cache_point(cache, w);
        }
        w.close_array();
        w.close_object();
    }
    w.close_array();
}

fn write_turn(turn: &Spoken<&Part<'_>>, is_last: bool, blocks: &mut Blocks<'_>, w: &mut Writer<'_>) {
    let has = |test: fn(&PartKind<'_>) -> bool| turn.pieces.iter().any(|part| test(&part.kind));
    if has(|kind| matches!(kind, PartKind::Document { .. })) && !has(is_text) {
        write_text(&Text::from(WORDLESS), w);
    }
    for (at, part) in turn.pieces.iter().enumerate() {
        match &part.kind {
            // Claude refuses blanks at the end of an answer that it shall go on with.
            PartKind::Text(text) if is_last && !turn.is_user && at + 1 == turn.pieces.len() => {
                write_text(&Text::from(text.decode().trim_end()), w);
                if let Some(cache) = part.cache {
                    blocks.cache_point(cache, w);
                }
            }
            _ => blocks.write(part, w),
        }
    }
}

fn is_text(kind: &PartKind<'_>) -> bool {
    matches!(kind, PartKind::Text(_) | PartKind::Refusal(_))
}

fn wants(citations: Raw<'_>) -> bool {
    citations.get("enabled").and_then(Raw::as_bool) == Some(true)
}
