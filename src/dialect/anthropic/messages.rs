//! The conversation: system prompt and turns.
//!
//! The API wants turns that alternate and begin with the user; results of tools stand first in their turn. A caller of
//! another dialect need not keep to that, so neighbours of one role become one turn, and where the user says nothing
//! before the assistant does, a turn says just that ([`SILENT_USER`]).

use super::blocks::{Outbound, Verdict, verdict, write_part};
use crate::chat::{Part, PartKind, Request, Role};
use crate::dialect::loss::Loss;
use crate::dialect::talk::Calls;
use crate::dialect::{Losses, Refusal, Target};
use crate::json::Writer;

/// Stands where the conversation begins with the assistant, or has no turn at all. OpenAI takes such conversations; the
/// API refuses them. A fact rather than an instruction, so that it steers the answer as little as may be.
pub(super) const SILENT_USER: &str = "(The user has not said anything yet.)";

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
    /// What the dialect can't carry, and tool calls whose arguments are no object.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<Talk<'r>, Refusal> {
        let mut talk = Talk::default();
        for (index, message) in request.messages.iter().enumerate() {
            if message.name.is_some() {
                losses.advisory(Loss::NAMES);
            }
            let mut admission = Admission {
                target,
                dialect: request.dialect,
                message: index,
                calls: Calls::of(index),
                losses,
            };
            let is_user = match message.role {
                Role::System | Role::Developer => {
                    for (at, part) in message.parts.iter().enumerate() {
                        if admission.admits_system(part, at)? {
                            talk.system.push(part);
                        }
                    }
                    continue;
                }
                Role::User => true,
                Role::Assistant => false,
            };
            let mut parts = Vec::with_capacity(message.parts.len());
            for (at, part) in message.parts.iter().enumerate() {
                if admission.admits(part, at)? {
                    parts.push(part);
                }
            }
            match talk.turns.last_mut() {
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

    /// Writes the members `system` and `messages`.
    pub(super) fn write(&self, outbound: &Outbound<'_>, w: &mut Writer<'_>) {
        if !self.system.is_empty() {
            w.key("system").array(|w| {
                for part in &self.system {
                    write_part(part, outbound, false, w);
                }
            });
        }
        w.key("messages").array(|w| {
            if self.turns.first().is_none_or(|turn| !turn.is_user) {
                w.object(|w| {
                    w.key("role").string("user");
                    w.key("content").string(SILENT_USER);
                });
            }
            for (index, turn) in self.turns.iter().enumerate() {
                // The API refuses blanks at the end of an answer that it shall go on with.
                let is_prefill = !turn.is_user && index + 1 == self.turns.len();
                w.object(|w| {
                    w.key("role").string(if turn.is_user { "user" } else { "assistant" });
                    w.key("content").array(|w| {
                        for (at, part) in turn.parts.iter().enumerate() {
                            write_part(part, outbound, is_prefill && at + 1 == turn.parts.len(), w);
                        }
                    });
                });
            }
        });
    }
}

/// Decides about the parts of one message.
struct Admission<'l> {
    target: &'l Target,
    /// The caller's.
    dialect: &'static str,
    message: usize,
    calls: Calls,
    losses: &'l mut Losses,
}

impl Admission<'_> {
    fn loses(&mut self, at: usize, why: &str) -> Result<bool, Refusal> {
        self.losses.meaning(Loss::part(self.message, at), why)?;
        Ok(false)
    }

    fn admits_system(&mut self, part: &Part<'_>, at: usize) -> Result<bool, Refusal> {
        match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => Ok(!text.is_blank()),
            _ => self.loses(at, "can't be sent to Claude: its system prompt is text"),
        }
    }

    /// Whether the part goes out.
    fn admits(&mut self, part: &Part<'_>, at: usize) -> Result<bool, Refusal> {
        match &part.kind {
            PartKind::ToolCall(call) => _ = self.calls.arguments(call, at)?,
            PartKind::ToolResult(result) => {
                // What is lost inside is listed under the result; what is left goes out.
                for inner in &result.parts {
                    self.admits(inner, at)?;
                }
            }
            PartKind::Image { detail: Some(detail), .. } if *detail != "auto" => {
                self.losses.advisory("image_url.detail");
            }
            _ => {}
        }
        match verdict(&part.kind, self.target, self.dialect) {
            Verdict::Sent => Ok(true),
            Verdict::Needless => {
                if matches!(part.kind, PartKind::Thought(_)) {
                    self.losses.advisory(Loss::THOUGHTS);
                }
                Ok(false)
            }
            Verdict::Lost(why) => self.loses(at, &why),
        }
    }
}
