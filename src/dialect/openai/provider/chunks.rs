//! The model's messages as Mistral's, whose API rejects every member that it doesn't know.
//!
//! A content is a string or an array of chunks, and a chunk is not quite OpenAI's part: documents are `document_url`,
//! sound is a string, refusals are plain text, and results of tools may hold images. An answer that goes on with the
//! assistant's last words must say so (`prefix`). No instructions follow an answer or a tool's result, and no user's words
//! a result ("Unexpected role 'user' after role 'tool'"). Ids of calls have a form of their own ([`call_id`]).
//! <https://docs.mistral.ai/api/#tag/chat>

use super::order::{Stratum, places};
use crate::chat::{Arguments, Message, Part, PartKind, Request, Role, Source, ToolCall, ToolResult};
use crate::dialect::loss::{Loss, lose_member_of_message};
use crate::dialect::openai::calls;
use crate::dialect::piece::media::plain_text;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::SILENT_USER;
use crate::dialect::{Dialect, Losses, Refusal, write_data_url};
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
    /// The message being written, for refusals.
    index: usize,
    /// What was written last is a tool's result.
    after_result: bool,
}

impl<'c> MistralMessages<'c> {
    pub(super) fn new(
        dialect: &'static str,
        names: &'c Renames,
        losses: &'c mut Losses,
    ) -> MistralMessages<'c> {
        MistralMessages { dialect, names, losses, index: 0, after_result: false }
    }

    /// Writes the array.
    ///
    /// # Errors
    /// A part that Mistral can't carry.
    pub(super) fn write(mut self, request: &Request<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let last = request.messages.len().saturating_sub(1);
        let places = places(&request.messages);
        let each = || request.messages.iter().zip(&places).enumerate();
        let ordered = Stratum::IN_ORDER
            .into_iter()
            .flat_map(|place| each().filter(move |(_, (_, own))| **own == place));
        w.open_array();
        for (index, (message, _)) in ordered {
            self.index = index;
            if message.name.is_some() {
                self.losses.advisory(Loss::NAMES);
            }
            if message.parts.iter().any(|part| part.cache.is_some()) {
                self.losses.advisory("cache_control");
            }
            self.extra(message)?;
            match message.role {
                Role::Assistant => self.assistant(message, index == last, w)?,
                Role::User => self.user(message, w)?,
                Role::System | Role::Developer => self.system(message, w)?,
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

    fn system(&mut self, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut texts = Vec::with_capacity(message.parts.len());
        for (at, part) in message.parts.iter().enumerate() {
            match &part.kind {
                PartKind::Text(text) if text.is_empty() => {}
                PartKind::Text(_) => texts.push(part),
                _ => self.lose(at, "is no text, and Mistral's instructions are text only")?,
            }
        }
        if texts.is_empty() {
            return Ok(());
        }
        w.open_object();
        w.key("role").string("system");
        self.content(&texts, w.key("content"))?;
        w.close_object();
        Ok(())
    }

    fn user(&mut self, message: &Message<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut rest: Vec<&Part<'_>> = Vec::new();
        let mut had_results = false;
        for part in &message.parts {
            match &part.kind {
                PartKind::ToolResult(result) => {
                    had_results = true;
                    self.result(result, w)?;
                }
                PartKind::Text(text) if text.is_empty() => {}
                _ => rest.push(part),
            }
        }
        if rest.is_empty() && had_results {
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
        self.content(&rest, w.key("content"))?;
        w.close_object();
        Ok(())
    }

    fn result(&mut self, result: &ToolResult<'_>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        // There is no member for it: the words must say that the tool failed.
        let error = Part::from(PartKind::Text(Text::from("Error: ")));
        let parts: Vec<&Part<'_>> =
            result.is_error.then_some(&error).into_iter().chain(&result.parts).collect();
        w.open_object();
        w.key("role").string("tool");
        w.key("tool_call_id").string(&call_id(&result.call_id));
        if let Some(name) = &result.name {
            w.key("name").text(&self.names.sent(name));
        }
        self.content(&parts, w.key("content"))?;
        w.close_object();
        self.after_result = true;
        Ok(())
    }

    fn assistant(&mut self, message: &Message<'_>, last: bool, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut content: Vec<&Part<'_>> = Vec::new();
        let mut called: Vec<&ToolCall<'_>> = Vec::new();
        for part in &message.parts {
            match &part.kind {
                // Nothing says which of Mistral's models made a thought, and not all take them.
                PartKind::Thought(_) => self.losses.advisory(Loss::THOUGHTS),
                PartKind::ToolCall(call) => called.push(call),
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => {}
                _ => content.push(part),
            }
        }
        if content.is_empty() && called.is_empty() {
            // An answer without a word: Mistral takes none, and nothing is lost with it.
            return Ok(());
        }
        self.after_result = false;
        let prefix = message.extra.iter().find(|(name, _)| *name == "prefix").map(|(_, value)| *value);
        w.open_object();
        w.key("role").string("assistant");
        self.content(&content, w.key("content"))?;
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

    /// A single text is a string, anything else an array of chunks.
    fn content(&mut self, parts: &[&Part<'_>], w: &mut Writer<'_>) -> Result<(), Refusal> {
        let texts: Option<Vec<&Text<'_>>> = parts.iter().map(|part| text_of(&part.kind)).collect();
        match (parts, texts.as_deref()) {
            ([_], Some([text])) => w.text(text),
            // The word for a failed tool and the tool's own.
            ([first, _], Some([error, text])) if is_error_mark(&first.kind) => w.texts([*error, *text]),
            ([], _) => w.string(""),
            _ => {
                w.open_array();
                for (at, part) in parts.iter().enumerate() {
                    self.chunk(&part.kind, at, w)?;
                }
                w.close_array();
            }
        }
        Ok(())
    }

    fn chunk(&mut self, kind: &PartKind<'_>, at: usize, w: &mut Writer<'_>) -> Result<(), Refusal> {
        match kind {
            PartKind::Text(text) | PartKind::Refusal(text) => write_text(&[text], w),
            PartKind::Image { source, detail } => match source {
                Source::Base64 { .. } | Source::Url(_) => w.object(|w| {
                    w.key("type").string("image_url");
                    w.key("image_url").object(|w| {
                        write_url(source, w.key("url"));
                        if let Some(detail) = detail {
                            w.key("detail").text(detail);
                        }
                    });
                }),
                Source::File(_) | Source::Text(_) => {
                    self.lose(at, "is an image in another provider's file store, which Mistral can't read")?;
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
                self.document(source, name.as_ref(), at, w)?;
            }
            PartKind::Foreign { dialect, kind, raw }
                if *dialect == Dialect::OpenAi.name() && OWN_CHUNKS.iter().any(|own| *kind == *own) =>
            {
                w.raw(*raw);
            }
            PartKind::Foreign { kind, .. } => {
                let why = format!("is a part of type `{}`, which Mistral doesn't have", kind.decode());
                self.lose(at, &why)?;
            }
            PartKind::ToolCall(_) | PartKind::ToolResult(_) | PartKind::Thought(_) => {
                self.lose(at, "is in a message that can't hold it")?;
            }
        }
        Ok(())
    }

    fn document(
        &mut self,
        source: &Source<'_>,
        name: Option<&Text<'_>>,
        at: usize,
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
                write_url(source, w.key("document_url"));
                if let Some(name) = name {
                    w.key("document_name").text(name);
                }
            }),
            Source::File(_) if self.dialect == Dialect::Anthropic.name() => {
                self.lose(at, "is a document in Anthropic's file store, which Mistral can't read")?;
            }
            Source::File(id) => w.object(|w| {
                w.key("type").string("file");
                w.key("file_id").text(id);
            }),
        }
        Ok(())
    }

    fn lose(&mut self, at: usize, why: &str) -> Result<(), Refusal> {
        self.losses.meaning(Loss::part(self.index, at), why)
    }
}

fn text_of<'p, 'a>(kind: &'p PartKind<'a>) -> Option<&'p Text<'a>> {
    match kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(text),
        _ => None,
    }
}

fn is_error_mark(kind: &PartKind<'_>) -> bool {
    matches!(kind, PartKind::Text(text) if *text == "Error: ")
}

fn write_text(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").texts(texts.iter().copied());
    });
}

fn write_url(source: &Source<'_>, w: &mut Writer<'_>) {
    match source {
        Source::Base64 { media_type, data } => write_data_url(w, media_type, data),
        Source::Url(url) | Source::File(url) | Source::Text(url) => w.text(url),
    }
}

fn write_call(call: &ToolCall<'_>, names: &Renames, w: &mut Writer<'_>) {
    let given = call.arguments.text();
    let arguments = if given.is_blank() { Text::from("{}") } else { given };
    let sent = ToolCall {
        id: Text::from(call_id(&call.id)),
        name: names.sent(&call.name),
        arguments: Arguments::Encoded(arguments),
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
    // FNV-1a: nobody gains from two ids that meet, and one turn's are few.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = hash;
    (0..ID)
        .filter_map(|_| {
            let digit = usize::try_from(rest % 36).ok()?;
            rest /= 36;
            digits.chars().nth(digit)
        })
        .collect()
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
