//! The model's messages into those of Chat Completions.
//!
//! Results of tools become messages of their own, before what else their message holds. A tool's message takes text
//! only: images and documents in a result follow in the user's message after it.

use super::part;
use crate::chat::{Message, Part, PartKind, Role, Thought, ToolCall, ToolResult};
use crate::dialect::loss::Loss;
use crate::dialect::openai::{calls, quirks, reasoning};
use crate::dialect::piece::names::Renames;
use crate::dialect::{Dialect, Losses, Refusal, Target, Thoughts};
use crate::json::{Text, Writer};

pub(super) struct Messages<'c> {
    target: &'c Target,
    /// The caller's.
    dialect: &'static str,
    names: &'c Renames,
    losses: &'c mut Losses,
    /// The message being written, for refusals.
    index: usize,
}

impl<'c> Messages<'c> {
    pub(super) fn new(
        target: &'c Target,
        dialect: &'static str,
        names: &'c Renames,
        losses: &'c mut Losses,
    ) -> Messages<'c> {
        Messages { target, dialect, names, losses, index: 0 }
    }

    /// Writes the array.
    ///
    /// # Errors
    /// A part that Chat Completions can't carry.
    pub(super) fn write(mut self, messages: &[Message<'_>], w: &mut Writer<'_>) -> Result<(), Refusal> {
        w.open_array();
        for (index, message) in messages.iter().enumerate() {
            self.index = index;
            if message.parts.iter().any(|part| part.cache.is_some()) {
                self.losses.advisory("cache_control");
            }
            match message.role {
                Role::Assistant => self.assistant(message, w)?,
                Role::User => self.user(message, w)?,
                Role::System => self.plain("system", message, message.parts.iter().collect(), w)?,
                Role::Developer => {
                    let role = quirks::developer_role(self.target.row);
                    self.plain(role, message, message.parts.iter().collect(), w)?;
                }
            }
        }
        w.close_array();
        Ok(())
    }

    fn user(&mut self, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut rest: Vec<&Part<'_>> = Vec::new();
        for part in &message.parts {
            if let PartKind::ToolResult(result) = &part.kind {
                self.result(result, message, w)?;
                rest.extend(result.parts.iter().filter(|part| is_media(part)));
            }
        }
        let had_results = message.parts.iter().any(|part| matches!(part.kind, PartKind::ToolResult(_)));
        rest.extend(message.parts.iter().filter(|part| !matches!(part.kind, PartKind::ToolResult(_))));
        if rest.is_empty() && had_results {
            return Ok(());
        }
        self.plain("user", message, rest, w)
    }

    /// A message of a role and its content.
    fn plain(
        &mut self,
        role: &str,
        message: &Message<'_>,
        parts: Vec<&Part<'_>>,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        w.open_object();
        w.key("role").string(role);
        self.content(&parts, w.key("content"))?;
        self.name(message, w);
        self.extra(message, w);
        w.close_object();
        Ok(())
    }

    /// A single text is a string, as every compatible server takes it; anything else an array of parts.
    fn content(&mut self, parts: &[&Part<'_>], w: &mut Writer<'_>) -> Result<(), Refusal> {
        match parts {
            [] => w.string(""),
            [Part { kind: PartKind::Text(text), .. }] => w.text(text),
            several => {
                w.open_array();
                for (at, part) in several.iter().enumerate() {
                    part::write(&part.kind, Loss::part(self.index, at), self.dialect, self.losses, w)?;
                }
                w.close_array();
            }
        }
        Ok(())
    }

    fn result(
        &mut self,
        result: &ToolResult<'_>,
        message: &Message<'_>,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        w.open_object();
        w.key("role").string("tool");
        w.key("tool_call_id").text(&result.call_id);
        // There is no member for it: the words must say that the tool failed.
        let error = Text::from("Error: ");
        let mut texts: Vec<&Text<'_>> = if result.is_error { vec![&error] } else { Vec::new() };
        let elsewhere = Text::from("The result is in the next message.");
        for (at, part) in result.parts.iter().enumerate() {
            match &part.kind {
                PartKind::Text(text) => texts.push(text),
                _ if is_media(part) => {}
                other => {
                    part::refuse(other, Loss::part(self.index, at), self.losses)?;
                }
            }
        }
        if result.parts.iter().any(is_media)
            && !result.parts.iter().any(|p| matches!(p.kind, PartKind::Text(_)))
        {
            texts.push(&elsewhere);
        }
        w.key("content");
        match texts.as_slice() {
            [] => w.string(""),
            [first, second] if result.is_error => w.texts([*first, *second]),
            [one] => w.text(one),
            several => w.array(|w| {
                for text in several {
                    w.object(|w| {
                        w.key("type").string("text");
                        w.key("text").text(text);
                    });
                }
            }),
        }
        if let Some(name) = &result.name {
            w.key("name").text(&self.names.sent(name));
        }
        // A result with members of its own is its whole message.
        if message.parts.len() == 1 {
            self.extra(message, w);
        }
        w.close_object();
        Ok(())
    }

    fn assistant(&mut self, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut content: Vec<&Part<'_>> = Vec::new();
        let mut refusals: Vec<&Text<'_>> = Vec::new();
        let mut thoughts: Vec<&Thought<'_>> = Vec::new();
        let mut has_calls = false;
        for part in &message.parts {
            match &part.kind {
                PartKind::Thought(thought) => thoughts.push(thought),
                PartKind::Refusal(text) => refusals.push(text),
                PartKind::ToolCall(_) => has_calls = true,
                PartKind::Text(text) if text.is_empty() => {}
                _ => content.push(part),
            }
        }
        w.open_object();
        w.key("role").string("assistant");
        w.key("content");
        if content.is_empty() && (has_calls || !refusals.is_empty()) {
            w.null();
        } else {
            self.content(&content, w)?;
        }
        if !refusals.is_empty() {
            w.key("refusal").texts(refusals);
        }
        if has_calls {
            w.key("tool_calls")
                .array(|w| message.parts.iter().for_each(|part| write_call(&part.kind, self.names, w)));
        }
        self.thoughts(message, &thoughts, has_calls, w);
        self.name(message, w);
        self.extra(message, w);
        w.close_object();
        Ok(())
    }

    /// By the book Chat Completions takes no thoughts back: the model thinks anew on each turn. Some providers do.
    fn thoughts(
        &mut self,
        message: &Message<'_>,
        thoughts: &[&Thought<'_>],
        has_calls: bool,
        w: &mut Writer<'_>,
    ) {
        let (name, is_needed) = match quirks::thoughts(self.target.row) {
            Some(Thoughts::Details) => {
                let housebound = |thought: &&&Thought<'_>| reasoning::is_sealed_by_house(thought);
                if thoughts.iter().any(|thought| housebound(&thought)) {
                    self.losses.advisory(Loss::THOUGHTS);
                }
                let passed = thoughts.iter().filter(|thought| !housebound(thought)).copied();
                return reasoning::write(passed, w);
            }
            Some(Thoughts::In(name)) => (Some(name), false),
            Some(Thoughts::Needed(name)) => (Some(name), has_calls),
            Some(Thoughts::Never) | None => (None, false),
        };
        let text = name.and_then(|_| reasoning::unsigned(message.parts.iter()));
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
    fn extra(&mut self, message: &Message<'_>, w: &mut Writer<'_>) {
        if self.dialect == Dialect::OpenAi.name() {
            for (name, value) in &message.extra {
                w.key_text(name).raw(*value);
            }
        }
    }
}

fn is_media(part: &Part<'_>) -> bool {
    matches!(part.kind, PartKind::Image { .. } | PartKind::Document { .. } | PartKind::Audio { .. })
}

fn write_call(kind: &PartKind<'_>, names: &Renames, w: &mut Writer<'_>) {
    // Signatures of another maker mean nothing here, and OpenAI rejects members that it doesn't know.
    if let PartKind::ToolCall(call) = kind {
        let name = names.sent(&call.name);
        calls::write(&ToolCall { name, signature: None, ..call.clone() }, None, w);
    }
}
