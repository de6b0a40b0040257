//! The model's messages into those of Chat Completions.
//!
//! Results of tools become messages of their own, right behind their calls. A tool's message takes text only: images and documents in a
//! result follow in the user's message after it. So do pictures that the model made: "Image URLs are only allowed for messages with role
//! 'user', but this message with role 'assistant' contains an image URL." (openai/openai-node#1030) What is text only is a string, which every compatible server takes: several refuse
//! arrays of texts, DeepSeek and Cerebras in instructions, DeepSeek and Moonshot in results of tools.

use super::part;
use super::texts::{FAILED, Join, joined};
use crate::chat::{Arguments, Message, Part, PartKind, Role, Thought, ToolCall, ToolResult};
use crate::dialect::loss::Loss;
use crate::dialect::openai::{calls, quirks, reasoning};
use crate::dialect::piece::ids;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::{self, Indexed, Placed, SILENT_USER, Stretch, stretches};
use crate::dialect::{Dialect, Losses, Quirk, Refusal, Target, Thoughts};
use crate::json::{Text, Writer};
use std::collections::BTreeSet;

pub(super) struct Messages<'c> {
    target: &'c Target,
    /// The caller's.
    dialect: &'static str,
    names: &'c Renames,
    losses: &'c mut Losses,
    /// What the model showed since the user spoke last.
    shown: Vec<Placed<'c>>,
}

impl<'c> Messages<'c> {
    pub(super) fn new(
        target: &'c Target,
        dialect: &'static str,
        names: &'c Renames,
        losses: &'c mut Losses,
    ) -> Messages<'c> {
        Messages { target, dialect, names, losses, shown: Vec::new() }
    }

    /// Writes the array.
    ///
    /// # Errors
    /// A part that Chat Completions can't carry.
    pub(super) fn write(mut self, messages: &'c [Message<'c>], w: &mut Writer<'_>) -> Result<(), Refusal> {
        w.open_array();
        let mut is_empty = true;
        let mut all = stretches(Indexed::all(messages)).into_iter().peekable();
        while let Some(stretch) = all.next() {
            is_empty &= !match stretch {
                Stretch::Assistant(said) => self.assistant(&said, w)?,
                Stretch::Result(placed) => self.result(placed, messages, w)?,
                Stretch::Other(indexed) if indexed.message.role == Role::User => {
                    let mut users = vec![indexed];
                    while let Some(Stretch::Other(next)) = all.next_if(|next| self.goes_on(next)) {
                        users.push(next);
                    }
                    self.user(&users, w)?
                }
                Stretch::Other(indexed) => self.instructions(indexed, w)?,
            };
        }
        if !self.shown.is_empty() {
            is_empty &= !self.user(&[], w)?;
        }
        if is_empty && !messages.is_empty() {
            w.object(|w| {
                w.key("role").string("user");
                w.key("content").string(SILENT_USER);
            });
        }
        w.close_array();
        Ok(())
    }

    /// The parts that go out.
    fn kept<'r>(&mut self, parts: Vec<Placed<'r>>) -> Result<Vec<Placed<'r>>, Refusal> {
        talk::kept(parts, self.losses, |placed, losses, w| {
            part::write(&placed.part.kind, Loss::part(placed.message, placed.at), self.dialect, losses, w)
        })
    }

    /// Whether the user says it in the message before, as the provider wants them to take turns.
    fn goes_on(&self, next: &Stretch<'_>) -> bool {
        self.target.row.has(Quirk::Alternates)
            && matches!(next, Stretch::Other(next) if next.message.role == Role::User)
    }

    /// Whether something was written, here and below.
    fn instructions(&mut self, indexed: Indexed<'_>, w: &mut Writer<'_>) -> Result<bool, Refusal> {
        // Anthropic's may be about settings only.
        if indexed.message.parts.is_empty() {
            return Ok(false);
        }
        let role = match indexed.message.role {
            Role::Developer => quirks::developer_role(self.target.row),
            _ => "system",
        };
        self.plain(role, &[indexed], indexed.parts().collect(), Join::Paragraphs, w)
    }

    fn user(&mut self, users: &[Indexed<'_>], w: &mut Writer<'_>) -> Result<bool, Refusal> {
        let (results, others): (Vec<_>, Vec<_>) = users
            .iter()
            .flat_map(|indexed| indexed.parts())
            .partition(|placed| matches!(placed.part.kind, PartKind::ToolResult(_)));
        let had_results = !results.is_empty();
        let mut rest: Vec<Placed<'_>> = std::mem::take(&mut self.shown);
        for placed in results {
            let PartKind::ToolResult(result) = &placed.part.kind else { continue };
            rest.extend(
                result.parts.iter().filter(|part| is_media(part)).map(|part| Placed { part, ..placed }),
            );
        }
        rest.extend(others);
        if rest.is_empty() && had_results {
            return Ok(false);
        }
        self.plain("user", users, rest, Join::Not, w)
    }

    /// A message of a role and its content.
    fn plain(
        &mut self,
        role: &str,
        messages: &[Indexed<'_>],
        parts: Vec<Placed<'_>>,
        join: Join,
        w: &mut Writer<'_>,
    ) -> Result<bool, Refusal> {
        let had_parts = !parts.is_empty();
        let parts = self.kept(parts)?;
        if had_parts && parts.is_empty() {
            return Ok(false);
        }
        w.open_object();
        w.key("role").string(role);
        self.content(&parts, join, w.key("content"))?;
        if let Some(first) = messages.first() {
            self.name(first.message, w);
        }
        if messages.iter().skip(1).any(|indexed| indexed.message.name.is_some()) {
            self.losses.advisory(Loss::NAMES);
        }
        self.extra(messages, w);
        w.close_object();
        Ok(true)
    }

    /// Text only is a string, anything else an array of parts.
    fn content(&mut self, parts: &[Placed<'_>], join: Join, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let keeps_cache = quirks::adds_cache_marks(self.target.row);
        let mut is_marked = false;
        for placed in parts.iter().filter(|placed| placed.part.cache.is_some()) {
            let takes = keeps_cache && matches!(placed.part.kind, PartKind::Text(_));
            is_marked |= takes;
            if !takes {
                self.losses.advisory("cache_control");
            }
        }
        match joined(parts, join).filter(|_| !is_marked) {
            Some(text) => w.text(&text),
            None => {
                w.open_array();
                for placed in parts {
                    let place = Loss::part(placed.message, placed.at);
                    match (&placed.part.kind, placed.part.cache.filter(|_| keeps_cache)) {
                        (PartKind::Text(text), Some(cache)) => part::write_marked_text(text, cache, w),
                        (kind, _) => part::write(kind, place, self.dialect, self.losses, w)?,
                    }
                }
                w.close_array();
            }
        }
        Ok(())
    }

    fn result(
        &mut self,
        placed: Placed<'_>,
        messages: &[Message<'_>],
        w: &mut Writer<'_>,
    ) -> Result<bool, Refusal> {
        let PartKind::ToolResult(result) = &placed.part.kind else { return Ok(false) };
        if self.losses.answers_nothing(&placed.part.kind) {
            return Ok(false);
        }
        w.open_object();
        w.key("role").string("tool");
        w.key("tool_call_id").text(&self.id(&result.call_id));
        self.result_content(result, placed, w.key("content"))?;
        if let Some(name) = &result.name {
            w.key("name").text(&self.names.sent(name));
        }
        // A result with members of its own is its whole message.
        if let Some(message) = messages.get(placed.message).filter(|message| message.parts.len() == 1) {
            self.extra(&[Indexed { index: placed.message, message }], w);
        }
        w.close_object();
        Ok(true)
    }

    fn result_content(
        &mut self,
        result: &ToolResult<'_>,
        placed: Placed<'_>,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        let elsewhere = Part::from(PartKind::Text(Text::from("The result is in the next message.")));
        let mut said: Vec<Placed<'_>> = Vec::with_capacity(result.parts.len());
        for part in &result.parts {
            match &part.kind {
                PartKind::Text(_) => said.push(Placed { part, ..placed }),
                _ if is_media(part) => {}
                other => part::refuse(other, Loss::part(placed.message, placed.at), self.losses)?,
            }
        }
        if said.is_empty() && result.parts.iter().any(is_media) {
            said.push(Placed { part: &elsewhere, ..placed });
        }
        let keeps_cache = quirks::adds_cache_marks(self.target.row);
        let cache = placed.part.cache.or_else(|| result.parts.iter().find_map(|part| part.cache));
        let text = joined(&said, Join::Lines).unwrap_or_default();
        // There is no member for it: the words must say that the tool failed.
        let text = match (result.is_error, text.is_empty()) {
            (true, true) => Text::from(FAILED),
            (true, false) => Text::from(format!("{FAILED} {}", text.decode())),
            (false, _) => text,
        };
        match cache {
            Some(cache) if keeps_cache => w.array(|w| part::write_marked_text(&text, cache, w)),
            cache => {
                if cache.is_some() {
                    self.losses.advisory("cache_control");
                }
                w.text(&text);
            }
        }
        Ok(())
    }

    fn assistant(&mut self, said: &[Indexed<'c>], w: &mut Writer<'_>) -> Result<bool, Refusal> {
        let elsewhere = Part::from(PartKind::Text(Text::from(SHOWN)));
        let shown_before = self.shown.len();
        let parts = || said.iter().flat_map(|indexed| indexed.parts());
        let mut content: Vec<Placed<'_>> = Vec::new();
        let mut refusals: Vec<&Text<'_>> = Vec::new();
        let mut thoughts: Vec<&Thought<'_>> = Vec::new();
        let mut has_calls = false;
        for placed in parts() {
            match &placed.part.kind {
                PartKind::Thought(thought) => thoughts.push(thought),
                PartKind::Refusal(text) => refusals.push(text),
                PartKind::ToolCall(_) => has_calls = true,
                PartKind::Text(text) if text.is_empty() => {}
                _ if is_media(placed.part) => {
                    self.shown.push(placed);
                    continue;
                }
                _ => {
                    content.push(placed);
                    continue;
                }
            }
            if placed.part.cache.is_some() {
                self.losses.advisory("cache_control");
            }
        }
        if let (true, Some(shown)) = (content.is_empty() && !has_calls, self.shown.get(shown_before)) {
            content.push(Placed { part: &elsewhere, ..*shown });
        }
        let had_content = !content.is_empty();
        let content = self.kept(content)?;
        let is_silent = content.is_empty() && !has_calls && refusals.is_empty();
        if is_silent && had_content {
            return Ok(false);
        }
        w.open_object();
        w.key("role").string("assistant");
        w.key("content");
        if content.is_empty() && (has_calls || !refusals.is_empty()) {
            w.null();
        } else {
            self.content(&content, Join::Speech, w)?;
        }
        if !refusals.is_empty() {
            w.key("refusal").texts(refusals);
        }
        if has_calls {
            w.key("tool_calls").array(|w| parts().for_each(|placed| self.call(&placed.part.kind, w)));
        }
        self.thoughts(said, &thoughts, has_calls, w);
        if let Some(first) = said.first() {
            self.name(first.message, w);
        }
        if said.iter().skip(1).any(|indexed| indexed.message.name.is_some()) {
            self.losses.advisory(Loss::NAMES);
        }
        self.extra(said, w);
        w.close_object();
        Ok(true)
    }

    /// By the book Chat Completions takes no thoughts back: the model thinks anew on each turn. Some providers do.
    fn thoughts(
        &mut self,
        said: &[Indexed<'_>],
        thoughts: &[&Thought<'_>],
        has_calls: bool,
        w: &mut Writer<'_>,
    ) {
        let (name, is_needed) = match quirks::thoughts(self.target.row) {
            Some(Thoughts::Details) => {
                let seals = quirks::seals(self.target);
                if thoughts.iter().any(|thought| !seals.have(thought)) {
                    self.losses.advisory(Loss::THOUGHTS);
                }
                return reasoning::write(thoughts.iter().filter(|thought| seals.have(thought)).copied(), w);
            }
            Some(Thoughts::In(name)) => (Some(name), false),
            Some(Thoughts::Needed(name)) => (Some(name), has_calls),
            Some(Thoughts::Never) | None => (None, false),
        };
        let parts = said.iter().flat_map(|indexed| &indexed.message.parts);
        let text = name.and_then(|_| reasoning::unsigned(parts));
        if !thoughts.is_empty() && text.is_none() {
            self.losses.advisory(Loss::THOUGHTS);
        }
        match (name, text) {
            (Some(name), Some(text)) => w.key(name).string(&text),
            (Some(name), None) if is_needed => w.key(name).string(" "),
            _ => {}
        }
    }

    fn name(&mut self, message: &Message<'_>, w: &mut Writer<'_>) {
        match &message.name {
            Some(name) if quirks::takes_names(self.target.row) => w.key("name").text(name),
            Some(_) => self.losses.advisory(Loss::NAMES),
            None => {}
        }
    }

    /// Members that we have no word for go to their own dialect only; [`super::request`] lists them for the others.
    fn extra(&mut self, messages: &[Indexed<'_>], w: &mut Writer<'_>) {
        if self.dialect == Dialect::OpenAi.name() {
            let mut written = BTreeSet::new();
            for (name, value) in messages.iter().flat_map(|indexed| &indexed.message.extra) {
                // Of messages that are one now the first counts.
                if written.insert(name.decode()) {
                    w.key_text(name).raw(*value);
                } else {
                    self.losses.advisory(Loss::Each(name.decode().into_owned().into()));
                }
            }
        }
    }

    fn id<'i>(&self, id: &'i Text<'_>) -> Text<'i> {
        match quirks::longest_id(self.target.row) {
            Some(longest) => ids::within(id, longest),
            None => id.clone(),
        }
    }

    /// Signatures of another maker mean nothing here, and OpenAI rejects members that it doesn't know.
    fn call(&self, kind: &PartKind<'_>, w: &mut Writer<'_>) {
        let PartKind::ToolCall(call) = kind else { return };
        let arguments = match &call.arguments {
            input @ Arguments::FreeForm(_) => input.clone(),
            other => Arguments::Encoded(Text::from(other.object())),
        };
        let (id, name) = (self.id(&call.id), self.names.sent(&call.name));
        calls::write(&ToolCall { id, name, arguments, signature: None }, None, w);
    }
}

/// Said of what can't be in an answer, where there is nothing else.
const SHOWN: &str = "What I made is in the next message.";

fn is_media(part: &Part<'_>) -> bool {
    matches!(part.kind, PartKind::Image { .. } | PartKind::Document { .. } | PartKind::Audio { .. })
}
