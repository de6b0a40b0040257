//! The conversation: system prompt and turns.
//!
//! Converse wants turns that alternate and begin with the user, each with something in it. A caller of another dialect
//! need not keep to that, so neighbours of one role become one turn, and where the user says nothing before the
//! assistant does, a turn says just that ([`SILENT_USER`]).

use super::blocks::{Blocks, Stand, Verdict, verdict, write_text};
use super::family::Family;
use crate::chat::{Part, PartKind, Request, Role};
use crate::dialect::loss::{Loss, Place, Spot};
use crate::dialect::talk::Calls;
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// Stands where the conversation begins with the assistant, or has no turn at all.
const SILENT_USER: &str = "(The user has not said anything yet.)";

/// A turn with a document must have a text: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>.
const WORDLESS: &str = "(Sent without words.)";

/// The system prompt and the turns, checked: writing them can't fail any more.
#[derive(Debug, Default)]
pub(super) struct Talk<'r> {
    system: Vec<&'r Part<'r>>,
    turns: Vec<Turn<'r>>,
}

#[derive(Debug)]
struct Turn<'r> {
    is_user: bool,
    parts: Vec<&'r Part<'r>>,
}

impl<'r> Talk<'r> {
    /// # Errors
    /// What Converse can't carry, and tool calls whose arguments are no object.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        family: Family,
        losses: &mut Losses,
    ) -> Result<Talk<'r>, Refusal> {
        let mut talk = Talk::default();
        for (index, message) in request.messages.iter().enumerate() {
            if message.name.is_some() {
                losses.advisory(Loss::NAMES);
            }
            let stand = match message.role {
                Role::System | Role::Developer => Stand::System,
                Role::User => Stand::User,
                Role::Assistant => Stand::Assistant,
            };
            let mut admission = Admission { target, family, message: index, calls: Calls::of(index), losses };
            let mut parts = Vec::with_capacity(message.parts.len());
            for (at, part) in message.parts.iter().enumerate() {
                if admission.admits(part, at, stand)? {
                    parts.push(part);
                }
            }
            let is_user = stand == Stand::User;
            match talk.turns.last_mut() {
                _ if stand == Stand::System => talk.system.extend(parts),
                Some(turn) if turn.is_user == is_user => turn.parts.extend(parts),
                _ if parts.is_empty() => {}
                _ => talk.turns.push(Turn { is_user, parts }),
            }
        }
        for turn in talk.turns.iter_mut().filter(|turn| turn.is_user) {
            turn.parts.sort_by_key(|part| !matches!(part.kind, PartKind::ToolResult(_)));
        }
        Ok(talk)
    }

    /// The last turn brings results of tools that were called without a thought before.
    pub(super) fn resumes_unthought(&self) -> bool {
        let is = |part: Option<&&Part<'_>>, test: fn(&PartKind<'_>) -> bool| {
            part.is_some_and(|part| test(&part.kind))
        };
        match self.turns.as_slice() {
            [.., called, results] => {
                is(results.parts.first(), |kind| matches!(kind, PartKind::ToolResult(_)))
                    && !is(called.parts.first(), |kind| matches!(kind, PartKind::Thought(_)))
            }
            _ => false,
        }
    }

    /// Writes the members `system` and `messages`; `cache` is a breakpoint after all of it.
    pub(super) fn write(&self, blocks: &mut Blocks<'_>, cache: Option<Raw<'_>>, w: &mut Writer<'_>) {
        if !self.system.is_empty() {
            w.key("system").array(|w| self.system.iter().for_each(|part| blocks.write(part, w)));
        }
        w.key("messages").open_array();
        if self.turns.first().is_none_or(|turn| !turn.is_user) {
            w.object(|w| {
                w.key("role").string("user");
                w.key("content").array(|w| write_text(&Text::from(SILENT_USER), w));
            });
        }
        for (index, turn) in self.turns.iter().enumerate() {
            let is_last = index + 1 == self.turns.len();
            w.open_object();
            w.key("role").string(if turn.is_user { "user" } else { "assistant" });
            w.key("content").open_array();
            turn.write(is_last, blocks, w);
            if let Some(cache) = cache.filter(|_| is_last) {
                blocks.cache_point(cache, w);
            }
            w.close_array();
            w.close_object();
        }
        w.close_array();
    }
}

impl Turn<'_> {
    fn write(&self, is_last: bool, blocks: &mut Blocks<'_>, w: &mut Writer<'_>) {
        let has = |test: fn(&PartKind<'_>) -> bool| self.parts.iter().any(|part| test(&part.kind));
        if has(|kind| matches!(kind, PartKind::Document { .. })) && !has(is_text) {
            write_text(&Text::from(WORDLESS), w);
        }
        for (at, part) in self.parts.iter().enumerate() {
            match &part.kind {
                // Claude refuses blanks at the end of an answer that it shall go on with.
                PartKind::Text(text) if is_last && !self.is_user && at + 1 == self.parts.len() => {
                    write_text(&Text::from(text.decode().trim_end()), w);
                    if let Some(cache) = part.cache {
                        blocks.cache_point(cache, w);
                    }
                }
                _ => blocks.write(part, w),
            }
        }
    }
}

fn is_text(kind: &PartKind<'_>) -> bool {
    matches!(kind, PartKind::Text(_) | PartKind::Refusal(_))
}

/// Decides about the parts of one message.
struct Admission<'l> {
    target: &'l Target,
    family: Family,
    message: usize,
    calls: Calls,
    losses: &'l mut Losses,
}

impl Admission<'_> {
    /// Whether the part goes out.
    fn admits(&mut self, part: &Part<'_>, at: usize, stand: Stand) -> Result<bool, Refusal> {
        let place = Place { message: self.message, spot: Spot::Part(at) };
        if part.cache.is_some() && !self.family.caches() {
            self.losses.advisory("cache_control");
        }
        match &part.kind {
            PartKind::ToolCall(call) => _ = self.calls.arguments(call, at)?,
            PartKind::ToolResult(result) => {
                // What is lost inside is listed under the result; what is left goes out.
                for inner in &result.parts {
                    self.admits(inner, at, Stand::Result)?;
                }
            }
            PartKind::Image { detail: Some(detail), .. } if *detail != "auto" => {
                self.losses.advisory("image_url.detail");
            }
            PartKind::Document { citations: Some(citations), .. } if wants(*citations) => {
                let why = "asks for citations, which come back from Anthropic's own API only";
                self.losses.meaning(Loss::At(place, ".citations"), why)?;
            }
            _ => {}
        }
        match verdict(&part.kind, stand, self.target, self.family) {
            Verdict::Sent => Ok(true),
            Verdict::Needless => {
                if matches!(part.kind, PartKind::Thought(_)) {
                    self.losses.advisory(Loss::THOUGHTS);
                }
                Ok(false)
            }
            Verdict::Lost(why) => {
                self.losses.meaning(Loss::At(place, ""), &why)?;
                Ok(false)
            }
        }
    }
}

fn wants(citations: Raw<'_>) -> bool {
    citations.get("enabled").and_then(Raw::as_bool) == Some(true)
}
