//! The model's messages as Mistral's, whose API rejects every member that it doesn't know.
//!
//! A content is a string or an array of chunks, and a chunk is not quite OpenAI's part: documents are `document_url`,
//! sound is a string, refusals are plain text, and results of tools may hold images. An answer that goes on with the
//! assistant's last words must say so (`prefix`). No instructions follow an answer or a tool's result, and no user's words
//! a result ("Unexpected role 'user' after role 'tool'"). Ids of calls have a form of their own ([`call_id`]).
//! <https://docs.mistral.ai/api/#tag/chat>

use super::order::{Stratum, places};
use super::texts::{FAILED, Join, joined};
use crate::chat::{Arguments, Message, Part, PartKind, Request, Role, Source, ToolCall};
use crate::dialect::loss::{Loss, lose_member_of_message};
use crate::dialect::openai::calls;
use crate::dialect::piece::ids;
use crate::dialect::piece::media::{plain_text, write_address};
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::{Indexed, Placed, SILENT_USER, Stretch, stretches};
use crate::dialect::{CacheMarks, Dialect, Losses, Refusal};
use crate::json::{Raw, Text, Writer};

/// Chunks that only Mistral has and that its own callers may send in OpenAI's dialect.
const OWN_CHUNKS: [&str; 4] = ["document_url", "reference", "thinking", "file"];

/// What the assistant says between a tool's result and the user's next words, where it said nothing.
const READ: &str = "(I have read the result.)";

pub(super) struct MistralMessages<'c> {
    /// The caller's.
    dialect: &'static str,
    names: &'c Renames,
    losses: &'c mut Losses,
    /// What was written last is a tool's result.
    after_result: bool,
}

impl<'c> MistralMessages<'c> {
    pub(super) fn new(
        dialect: &'static str,
        names: &'c Renames,
        losses: &'c mut Losses,
    ) -> MistralMessages<'c> {
        MistralMessages { dialect, names, losses, after_result: false }
    }

    /// Writes the array.
    ///
    /// # Errors
    /// A part that Mistral can't carry.
    pub(super) fn write(mut self, request: &Request<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let places = places(&request.messages);
        let each = || Indexed::all(&request.messages).zip(&places);
        let ordered = Stratum::IN_ORDER
            .into_iter()
            .flat_map(|place| each().filter(move |(_, own)| **own == place).map(|(indexed, _)| indexed));
        let stretches = stretches(ordered);
        let last = stretches.len().saturating_sub(1);
        w.open_array();
        for (at, stretch) in stretches.into_iter().enumerate() {
            match stretch {
                Stretch::Assistant(said) => self.assistant(&said, at == last, w)?,
                Stretch::Result(placed) => self.result(placed, w)?,
                Stretch::Other(indexed) => {
                    self.list(indexed)?;
                    match indexed.message.role {
                        Role::User => self.user(indexed, w)?,
                        _ => self.system(indexed, w)?,
                    }
                }
            }
        }
        if places.iter().all(|place| *place == Stratum::Front) {
            w.object(|w| {
                w.key("role").string("user");
                w.key("content").string(SILENT_USER);
            });
        }
        w.close_array();
        Ok(())
    }

    /// Lists what of a message Mistral has no place for.
    fn list(&mut self, indexed: Indexed<'_>) -> Result<(), Refusal> {
        if indexed.message.name.is_some() {
            self.losses.advisory(Loss::NAMES);
        }
        if indexed.message.parts.iter().any(|part| part.cache.is_some()) {
            self.losses.advisory(CacheMarks::ANTHROPICS);
        }
        self.extra(indexed.message)
    }

    /// Members of messages that Mistral doesn't know; `prefix` it does.
    fn extra(&mut self, message: &Message<'_>) -> Result<(), Refusal> {
        for (name, value) in &message.extra {
            if message.role == Role::Assistant && *name == "prefix" {
                continue;
            }
            lose_member_of_message(name, *value, self.losses)?;
        }
        Ok(())
    }

    /// The parts that go out. What is left out must be known before: a message isn't written without content.
    fn kept<'r>(&mut self, parts: Vec<Placed<'r>>) -> Result<Vec<Placed<'r>>, Refusal> {
        if !self.losses.may_drop() {
            return Ok(parts);
        }
        let mut kept = Vec::with_capacity(parts.len());
        for placed in parts {
            let mut out = Vec::new();
            let mut w = Writer::weighing(&mut out);
            self.chunk(placed, &mut w)?;
            if w.length() > 0 {
                kept.push(placed);
            }
        }
        Ok(kept)
    }

    fn system(&mut self, indexed: Indexed<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut texts = Vec::with_capacity(indexed.message.parts.len());
        for placed in indexed.parts() {
            match &placed.part.kind {
                PartKind::Text(text) if text.is_empty() => {}
                PartKind::Text(_) => texts.push(placed),
                _ => self.lose(placed, "is no text, and Mistral's instructions are text only")?,
            }
        }
        if texts.is_empty() {
            return Ok(());
        }
        w.open_object();
        w.key("role").string("system");
        self.content(&texts, Join::Paragraphs, w.key("content"))?;
        w.close_object();
        Ok(())
    }

    fn user(&mut self, indexed: Indexed<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut rest: Vec<Placed<'_>> = Vec::new();
        let mut had_results = false;
        for placed in indexed.parts() {
            match &placed.part.kind {
                PartKind::ToolResult(_) => had_results = true,
                PartKind::Text(text) if text.is_empty() => {}
                _ => rest.push(placed),
            }
        }
        let had_parts = !rest.is_empty();
        let rest = self.kept(rest)?;
        if rest.is_empty() && (had_results || had_parts) {
            return Ok(());
        }
        if std::mem::take(&mut self.after_result) {
            w.object(|w| {
                w.key("role").string("assistant");
                w.key("content").string(READ);
            });
        }
        w.open_object();
        w.key("role").string("user");
        self.content(&rest, Join::Not, w.key("content"))?;
        w.close_object();
        Ok(())
    }

    fn result(&mut self, placed: Placed<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let PartKind::ToolResult(result) = &placed.part.kind else { return Ok(()) };
        if self.losses.answers_nothing(&placed.part.kind) {
            return self.lose(placed, "answers a call that was left out");
        }
        // There is no member for it: the words must say that the tool failed.
        let error = Part::from(PartKind::Text(Text::from(FAILED)));
        let mark = result.is_error.then_some(&error);
        let parts: Vec<Placed<'_>> =
            mark.into_iter().chain(&result.parts).map(|part| Placed { part, ..placed }).collect();
        w.open_object();
        w.key("role").string("tool");
        w.key("tool_call_id").string(&call_id(&result.call_id));
        if let Some(name) = &result.name {
            w.key("name").text(&self.names.sent(name));
        }
        let join = if result.is_error { Join::Sentence } else { Join::Lines };
        self.content(&parts, join, w.key("content"))?;
        w.close_object();
        self.after_result = true;
        Ok(())
    }

    fn assistant(&mut self, said: &[Indexed<'_>], last: bool, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut content: Vec<Placed<'_>> = Vec::new();
        let mut called: Vec<&ToolCall<'_>> = Vec::new();
        said.iter().try_for_each(|indexed| self.list(*indexed))?;
        for placed in said.iter().flat_map(|indexed| indexed.parts()) {
            match &placed.part.kind {
                // Nothing says which of Mistral's models made a thought, and not all take them.
                PartKind::Thought(_) => self.losses.advisory(Loss::THOUGHTS),
                PartKind::ToolCall(call) => called.push(call),
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => {}
                _ => content.push(placed),
            }
        }
        let content = self.kept(content)?;
        if content.is_empty() && called.is_empty() {
            // An answer without a word: Mistral takes none, and nothing is lost with it.
            return Ok(());
        }
        self.after_result = false;
        let mut extra = said.iter().rev().flat_map(|indexed| &indexed.message.extra);
        let prefix = extra.find(|(name, _)| *name == "prefix").map(|(_, value)| *value);
        w.open_object();
        w.key("role").string("assistant");
        self.content(&content, Join::Speech, w.key("content"))?;
        if !called.is_empty() {
            w.key("tool_calls").array(|w| called.iter().for_each(|call| write_call(call, self.names, w)));
        }
        match prefix {
            Some(prefix) => w.key("prefix").raw(prefix),
            None if last && called.is_empty() => w.key("prefix").bool(true),
            None => {}
        }
        w.close_object();
        Ok(())
    }

    /// Text only is a string, anything else an array of chunks.
    fn content(&mut self, parts: &[Placed<'_>], join: Join, w: &mut Writer<'_>) -> Result<(), Refusal> {
        if let Some(text) = joined(parts, join) {
            w.text(&text);
            return Ok(());
        }
        w.open_array();
        for placed in parts {
            self.chunk(*placed, w)?;
        }
        w.close_array();
        Ok(())
    }

    fn chunk(&mut self, placed: Placed<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        match &placed.part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => write_text(&[text], w),
            PartKind::Image { source, detail } => match source {
                Source::Base64 { .. } | Source::Url(_) => w.object(|w| {
                    w.key("type").string("image_url");
                    w.key("image_url").object(|w| {
                        write_address(source, w.key("url"));
                        if let Some(detail) = detail {
                            w.key("detail").text(detail);
                        }
                    });
                }),
                Source::File(_) | Source::Text(_) => {
                    self.lose(
                        placed,
                        "is an image in another provider's file store, which Mistral can't read",
                    )?;
                }
            },
            PartKind::Audio { data, .. } => w.object(|w| {
                w.key("type").string("input_audio");
                w.key("input_audio").text(data);
            }),
            PartKind::Document { source, name, context, citations } => {
                if citations.is_some() {
                    self.losses.advisory("citations");
                }
                if let Some(context) = context {
                    write_text(&[context], w);
                }
                self.document(source, name.as_ref(), placed, w)?;
            }
            PartKind::Foreign { dialect, kind, raw }
                if *dialect == Dialect::OpenAi.name() && OWN_CHUNKS.iter().any(|own| *kind == *own) =>
            {
                w.raw(*raw);
            }
            PartKind::Foreign { kind, .. } => {
                let why = format!("is a part of type `{}`, which Mistral doesn't have", kind.decode());
                self.lose(placed, &why)?;
            }
            PartKind::ToolCall(_)
            | PartKind::ToolResult(_)
            | PartKind::Thought(_)
            | PartKind::Code(_)
            | PartKind::CodeOutcome(_) => {
                self.lose(placed, "is in a message that can't hold it")?;
            }
        }
        Ok(())
    }

    fn document(
        &mut self,
        source: &Source<'_>,
        name: Option<&Text<'_>>,
        placed: Placed<'_>,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        // Plain text needs no file; its title is a line before it. Others than PDF and office files Mistral doesn't read.
        if let Some(text) = plain_text(source) {
            match name {
                Some(name) => write_text(&[name, &Text::from("\n\n"), &text], w),
                None => write_text(&[&text], w),
            }
            return Ok(());
        }
        match source {
            Source::Base64 { .. } | Source::Url(_) | Source::Text(_) => w.object(|w| {
                w.key("type").string("document_url");
                write_address(source, w.key("document_url"));
                if let Some(name) = name {
                    w.key("document_name").text(name);
                }
            }),
            Source::File(_) if self.dialect == Dialect::Anthropic.name() => {
                self.lose(placed, "is a document in Anthropic's file store, which Mistral can't read")?;
            }
            Source::File(id) => w.object(|w| {
                w.key("type").string("file");
                w.key("file_id").text(id);
            }),
        }
        Ok(())
    }

    fn lose(&mut self, placed: Placed<'_>, why: &str) -> Result<(), Refusal> {
        self.losses.meaning(Loss::part(placed.message, placed.at), why)?;
        self.losses.left_out(&placed.part.kind);
        Ok(())
    }
}

fn write_text(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").texts(texts.iter().copied());
    });
}

fn write_call(call: &ToolCall<'_>, names: &Renames, w: &mut Writer<'_>) {
    let sent = ToolCall {
        id: Text::from(call_id(&call.id)),
        name: names.sent(&call.name),
        arguments: Arguments::Encoded(Text::from(call.arguments.object())),
        signature: None,
    };
    calls::write(&sent, None, w);
}

/// How long Mistral's ids of calls are; they are letters and digits only.
const ID: usize = 9;

/// The id of a call as Mistral takes it. Its own ids stay; of another's the same id is made each time, so that calls
/// and results still meet.
fn call_id(id: &Text<'_>) -> String {
    let id = id.decode();
    if id.len() == ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.into_owned();
    }
    ids::digits(&id, ID)
}

/// A tool of a kind that Mistral runs itself.
pub(super) fn is_own_tool(raw: Raw<'_>) -> bool {
    let kind = raw.get("type").and_then(Raw::text);
    ["image_generation", "document_library", "connector"]
        .iter()
        .any(|own| kind.as_ref().is_some_and(|k| *k == *own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_calls() {
        let of = |id: &'static str| call_id(&Text::from(id));
        assert_eq!(of("D681PevKs"), "D681PevKs");
        let ids =
            ["call_0fypS1hVX", "toolu_01A", "", "D681PevK", "D681PevK_", "call_0", "call_1", "é"].map(of);
        for (at, id) in ids.iter().enumerate() {
            assert!(id.len() == ID && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
            assert!(!ids[..at].contains(id), "{id} twice");
        }
        assert_eq!(of("toolu_01A"), of("toolu_01A"));
    }
}
