//! The conversation: system prompt and turns.
//!
//! The API wants turns that alternate and begin with the user; results of tools stand first in their turn.

use super::blocks::{Outbound, fate, write_part};
use crate::chat::{Part, Request};
use crate::dialect::talk::{SILENT_USER, Turns};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::Writer;

/// The conversation, checked: writing it can't fail any more.
///
/// # Errors
/// What the dialect can't carry.
pub(super) fn turns<'r>(
    request: &'r Request<'r>,
    target: &Target,
    losses: &mut Losses,
) -> Result<Turns<&'r Part<'r>>, Refusal> {
    Turns::of(request, losses, |part, here| {
        if here.is_odd_instruction(part) {
            return here.lose("can't be sent to Claude: its system prompt is text").map(|()| false);
        }
        here.admits(part, &mut |part, _| Ok(fate(&part.kind, target, request.dialect)))
    })
}

/// Writes the members `system` and `messages`.
pub(super) fn write(turns: &Turns<&Part<'_>>, outbound: &Outbound<'_>, w: &mut Writer<'_>) {
    if !turns.system.is_empty() {
        w.key("system").array(|w| {
            for part in &turns.system {
                write_part(part, outbound, false, w);
            }
        });
    }
    w.key("messages").array(|w| {
        if turns.begins_silent() {
            w.object(|w| {
                w.key("role").string("user");
                w.key("content").string(SILENT_USER);
            });
        }
        for (index, turn) in turns.turns.iter().enumerate() {
            // The API refuses blanks at the end of an answer that it shall go on with.
            let is_prefill = !turn.is_user && index + 1 == turns.turns.len();
            w.object(|w| {
                w.key("role").string(if turn.is_user { "user" } else { "assistant" });
                w.key("content").array(|w| {
                    for (at, part) in turn.pieces.iter().enumerate() {
                        write_part(part, outbound, is_prefill && at + 1 == turn.pieces.len(), w);
                    }
                });
            });
        }
    });
}
