//! The model's messages into the items of `input`.
//!
//! Instructions are messages like others and no `instructions`: they stay where the caller has them, several of them are several,
//! and the word "JSON", which OpenAI wants to see in the input of who asks for JSON, may stand in them.
//!
//! What is written of a message depends on nothing that comes after it but the tools, so the input of a turn begins with that of the turn before, and
//! the provider's cache holds.

use super::super::calls::MAX_ID;
use super::super::code;
use super::super::item::write_summary;
use super::{content, seal};
use crate::chat::{CodeOutcome, Maker, Message, Part, PartKind, Role, Thought, ToolCall, ToolResult};
use crate::dialect::loss::Loss;
use crate::dialect::piece::ids::plain_within;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::kept;
use crate::dialect::{Host, Losses, Quirk, Refusal, Target};
use crate::json::{Text, Writer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A part, and where it stands.
type SaidPart<'p> = (Loss, &'p PartKind<'p>);

pub(super) struct InputWriter<'c> {
    pub(super) target: &'c Target,
    /// The target's, whose reasoning comes back to it.
    pub(super) origin: &'c str,
    /// The caller's.
    pub(super) dialect: &'static str,
    pub(super) names: &'c Renames,
    pub(super) losses: &'c mut Losses,
}

/// Whether a cache ends at a part, or in it.
fn has_breakpoint(part: &Part<'_>) -> bool {
    let is_inside = |result: &ToolResult<'_>| result.parts.iter().any(|part| part.cache.is_some());
    part.cache.is_some() || matches!(&part.kind, PartKind::ToolResult(result) if is_inside(result))
}

impl InputWriter<'_> {
    /// Writes the array.
    ///
    /// # Errors
    /// A part that Responses can't carry.
    pub(super) fn write(mut self, messages: &[Message<'_>], w: &mut Writer<'_>) -> Result<(), Refusal> {
        w.open_array();
        for (index, message) in messages.iter().enumerate() {
            if message.name.is_some() {
                self.losses.advisory(Loss::NAMES);
            }
            if message.parts.iter().any(has_breakpoint) {
                self.losses.advisory("cache_control");
            }
            match message.role {
                Role::Assistant => self.assistant(index, message, w)?,
                Role::User => self.user(index, message, w)?,
                // Anthropic's may be about settings only.
                _ if message.parts.is_empty() => {}
                Role::Developer if !self.target.row.has(Quirk::DeveloperIsSystem) => {
                    self.message("developer", index, message, w)?;
                }
                Role::System | Role::Developer => self.message("system", index, message, w)?,
            }
        }
        w.close_array();
        Ok(())
    }

    /// Results of tools are items of their own, before what else the user says.
    fn user(&mut self, index: usize, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        for (at, part) in message.parts.iter().enumerate() {
            if let PartKind::ToolResult(result) = &part.kind {
                self.result(Loss::part(index, at), result, w)?;
            }
        }
        if !message.parts.is_empty() && message.parts.iter().all(is_result) {
            return Ok(());
        }
        self.message("user", index, message, w)
    }

    /// A message of a role: a single text is a string, anything else an array of parts.
    fn message(
        &mut self,
        role: &str,
        index: usize,
        message: &Message<'_>,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        let said = message.parts.iter().enumerate().filter(|(_, part)| !is_result(part));
        let said: Vec<SaidPart<'_>> = said.map(|(at, part)| (Loss::part(index, at), &part.kind)).collect();
        let had_words = !said.is_empty();
        let said = self.kept(said)?;
        if had_words && said.is_empty() {
            return Ok(());
        }
        w.open_object();
        w.key("role").string(role);
        w.key("content");
        match said.as_slice() {
            [] => w.string(""),
            [(_, PartKind::Text(text))] => w.text(text),
            _ => {
                w.open_array();
                for (place, kind) in said {
                    content::write(kind, place, self.dialect, self.losses, w)?;
                }
                w.close_array();
            }
        }
        w.close_object();
        Ok(())
    }

    /// What of it goes out.
    fn kept<'p>(&mut self, said: Vec<SaidPart<'p>>) -> Result<Vec<SaidPart<'p>>, Refusal> {
        kept(said, self.losses, |(place, kind), losses, w| {
            content::write(kind, place.clone(), self.dialect, losses, w)
        })
    }

    fn result(&mut self, place: Loss, result: &ToolResult<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        w.open_object();
        w.key("type").string("function_call_output");
        w.key("call_id").text(&plain_within(&result.call_id, MAX_ID));
        // There is no member for it: the words must say that the tool failed.
        let error = PartKind::Text(Text::from("Error: "));
        let failed = result.is_error.then_some(&error);
        let parts = result.parts.iter().map(|part| (place.clone(), &part.kind)).collect();
        let parts = self.kept(parts)?;
        let is_short = parts.len() <= 1;
        let all = || failed.into_iter().chain(parts.iter().map(|(_, kind)| *kind));
        let text = |kind: &PartKind<'_>| matches!(kind, PartKind::Text(_));
        w.key("output");
        if all().all(text) && is_short {
            w.texts(all().filter_map(|kind| if let PartKind::Text(text) = kind { Some(text) } else { None }));
        } else {
            w.open_array();
            for kind in all() {
                content::write(kind, place.clone(), self.dialect, self.losses, w)?;
            }
            w.close_array();
        }
        w.close_object();
        Ok(())
    }

    /// What the model did, in its order: each piece is an item.
    fn assistant(&mut self, index: usize, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let last_said = message.parts.iter().rposition(is_said);
        let outcomes = outcomes(message);
        for (at, part) in message.parts.iter().enumerate() {
            match &part.kind {
                PartKind::Text(text) if text.is_empty() => {}
                PartKind::Text(text) => w.object(|w| {
                    w.key("role").string("assistant");
                    w.key("content").text(text);
                }),
                PartKind::Refusal(text) => write_refusal(text, w),
                PartKind::ToolCall(call) => self.call(call, w),
                PartKind::Thought(thought) => {
                    // OpenAI refuses reasoning that nothing follows: "Item 'rs_…' of type 'reasoning' was provided without its
                    // required following item." (continuedev/continue#8933)
                    let leads = last_said.is_some_and(|last| last > at);
                    match self.own(thought).filter(|_| leads) {
                        Some((id, sealed)) => self.reasoning(&thought.text, &id, &sealed, w),
                        None => self.losses.advisory(Loss::THOUGHTS),
                    }
                }
                PartKind::Code(run) => code::write_own(run, outcomes.get(&run.name.id.decode()).copied(), w),
                // Told with its code.
                PartKind::CodeOutcome(_) => {}
                other => content::refuse(other, Loss::part(index, at), self.losses)?,
            }
        }
        Ok(())
    }

    /// What this very target sealed.
    fn own(&self, thought: &Thought<'_>) -> Option<(String, String)> {
        // Azure wants reasoning with its id, and then what follows with its own (openai/codex, codex-rs/core/src/client.rs: "If
        // store = false and id is not sent an error is thrown that ID is required"). Its models think anew on each turn.
        if self.target.row.host == Host::Azure {
            return None;
        }
        let travelled = thought.signature.as_ref().or(thought.sealed.as_ref());
        let travelled = travelled.filter(|_| thought.maker == Some(Maker::OpenAi))?.decode();
        let (id, sealed) = seal::open(&travelled, self.origin)?;
        Some((id.to_owned(), sealed.to_owned()))
    }

    /// Without its id at OpenAI, as Codex sends it (openai/codex, codex-rs/protocol/src/models.rs): by the ids it knows which item
    /// follows which, and those of what follows don't travel. Others' types want one.
    fn reasoning(&self, told: &Text<'_>, id: &str, sealed: &str, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("type").string("reasoning");
            if !self.target.row.has(Quirk::Responses) {
                w.key("id").string(id);
            }
            w.key("summary").array(|w| {
                if !told.is_empty() {
                    write_summary(told, w);
                }
            });
            w.key("encrypted_content").string(sealed);
        });
    }

    fn call(&self, call: &ToolCall<'_>, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("type").string("function_call");
            w.key("call_id").text(&plain_within(&call.id, MAX_ID));
            w.key("name").text(&self.names.sent(&call.name));
            w.key("arguments").string(&call.arguments.object());
        });
    }
}

/// What came of code in a message, by the runs' ids.
fn outcomes<'m>(message: &'m Message<'_>) -> BTreeMap<Cow<'m, str>, &'m CodeOutcome<'m>> {
    let outcomes = message.parts.iter().filter_map(|part| match &part.kind {
        PartKind::CodeOutcome(outcome) => Some((outcome.name.id.decode(), outcome)),
        _ => None,
    });
    outcomes.collect()
}

fn is_result(part: &Part<'_>) -> bool {
    matches!(part.kind, PartKind::ToolResult(_))
}

/// Whether it becomes an item that reasoning may lead to.
fn is_said(part: &Part<'_>) -> bool {
    match &part.kind {
        PartKind::Text(text) => !text.is_empty(),
        PartKind::Refusal(_) | PartKind::ToolCall(_) | PartKind::Code(_) => true,
        _ => false,
    }
}

fn write_refusal(text: &Text<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("message");
        w.key("role").string("assistant");
        w.key("content").array(|w| {
            w.object(|w| {
                w.key("type").string("refusal");
                w.key("refusal").text(text);
            });
        });
    });
}
