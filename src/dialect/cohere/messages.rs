//! The conversation: instructions first, then the turns; results of tools are messages of their own.
//!
//! A user's message takes texts and images. A document of plain text goes as text; results of tools hold it as a
//! document. What the assistant said beside its tool calls is their plan (`tool_plan`).

use crate::chat::{Message, PartKind, Request, Role, Source, ToolCall, ToolResult};
use crate::dialect::loss::Loss;
use crate::dialect::piece::media::plain_text;
use crate::dialect::piece::media::write_image_url;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::{Here, SILENT_USER, Stand};
use crate::dialect::{Losses, Refusal};
use crate::json::{Text, Writer};
use std::borrow::Cow;

/// The instructions and the turns, checked: writing them can't fail any more.
#[derive(Debug, Default)]
pub(super) struct Conversation<'r> {
    system: Vec<&'r Text<'r>>,
    turns: Vec<CohereMessage<'r>>,
}

#[derive(Debug)]
enum CohereMessage<'r> {
    User(Vec<Shown<'r>>),
    Tool { result: &'r ToolResult<'r>, content: Vec<Shown<'r>> },
    Assistant { texts: Vec<&'r Text<'r>>, calls: Vec<&'r ToolCall<'r>> },
}

#[derive(Debug)]
enum Shown<'r> {
    Text(&'r Text<'r>),
    Image {
        source: &'r Source<'r>,
        detail: Option<&'r Text<'r>>,
    },
    /// Its name and its words.
    Document(Option<&'r Text<'r>>, Text<'r>),
}

impl<'r> Conversation<'r> {
    /// # Errors
    /// What the dialect can't carry.
    pub(super) fn of(request: &'r Request<'r>, losses: &mut Losses) -> Result<Conversation<'r>, Refusal> {
        let mut talk = Conversation::default();
        Here::in_each(request, losses, |message, here| {
            message.parts.iter().for_each(|part| here.note_cache(part));
            match here.stand {
                Stand::System => talk.system(message, here),
                Stand::Assistant => talk.assistant(message, here),
                Stand::User | Stand::Result => talk.user(message, here),
            }
        })?;
        talk.put_results_first();
        if matches!(talk.turns.last(), Some(CohereMessage::Assistant { .. })) {
            let at = request.messages.iter().rposition(|message| message.role == Role::Assistant);
            let why = "is the assistant's and the last, which Cohere doesn't go on with";
            losses.meaning(Loss::message(at.unwrap_or_default()), why)?;
            talk.turns.pop();
        }
        Ok(talk)
    }

    /// Writes the member `messages`.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        let silent = Text::from(SILENT_USER);
        w.key("messages").array(|w| {
            if !self.system.is_empty() {
                w.object(|w| {
                    w.key("role").string("system");
                    write_texts(&self.system, w.key("content"));
                });
            }
            if self.turns.is_empty() {
                w.object(|w| {
                    w.key("role").string("user");
                    w.key("content").text(&silent);
                });
            }
            for turn in &self.turns {
                w.object(|w| turn.write(names, w));
            }
        });
    }
}

impl<'r> Conversation<'r> {
    fn system(&mut self, message: &'r Message<'r>, here: &mut Here<'_>) -> Result<(), Refusal> {
        here.each_part(message, |part, here| {
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => {}
                PartKind::Text(text) | PartKind::Refusal(text) => self.system.push(text),
                _ => here.lose("can't be sent to Cohere: its instructions are text")?,
            }
            Ok(())
        })
    }

    /// Puts results right behind their calls: other callers may have words between the two.
    fn put_results_first(&mut self) {
        let is_turn = |turn: &CohereMessage<'_>| matches!(turn, CohereMessage::Assistant { .. });
        for between in self.turns.split_mut(is_turn) {
            between.sort_by_key(|turn| !matches!(turn, CohereMessage::Tool { .. }));
        }
    }

    fn user(&mut self, message: &'r Message<'r>, here: &mut Here<'_>) -> Result<(), Refusal> {
        let mut said = Vec::new();
        let mut shown = Vec::new();
        here.each_part(message, |part, here| {
            let PartKind::ToolResult(result) = &part.kind else {
                said.extend(content(&part.kind, here)?);
                return Ok(());
            };
            if here.losses.answers_nothing(&part.kind) {
                return here.lose("answers a call that was left out");
            }
            let mut told = Vec::new();
            for inner in &result.parts {
                here.note_cache(inner);
                match content(&inner.kind, here)? {
                    // A tool's message takes no images: they follow in the user's.
                    Some(image @ Shown::Image { .. }) => shown.push(image),
                    other => told.extend(other),
                }
            }
            self.turns.push(CohereMessage::Tool { result, content: told });
            Ok(())
        })?;
        shown.extend(said);
        if !shown.is_empty() {
            self.turns.push(CohereMessage::User(shown));
        }
        Ok(())
    }

    fn assistant(&mut self, message: &'r Message<'r>, here: &mut Here<'_>) -> Result<(), Refusal> {
        let (mut texts, mut calls) = (Vec::new(), Vec::new());
        here.each_part(message, |part, here| {
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => {}
                PartKind::Text(text) | PartKind::Refusal(text) => texts.push(text),
                PartKind::ToolCall(call) => calls.push(call),
                // Cohere's own come back unsigned, so nobody can tell whose they are.
                PartKind::Thought(_) => here.losses.advisory(Loss::THOUGHTS),
                PartKind::Foreign { kind, .. } => {
                    here.lose(&foreign(kind))?;
                    here.losses.left_out(&part.kind);
                }
                _ => here.lose("can't be sent to Cohere: it takes text and tool calls from the assistant")?,
            }
            Ok(())
        })?;
        match self.turns.last_mut() {
            _ if texts.is_empty() && calls.is_empty() => {}
            // Two messages of one turn: each call must be followed by its result.
            Some(CohereMessage::Assistant { texts: before, calls: called }) => {
                before.append(&mut texts);
                called.append(&mut calls);
            }
            _ => self.turns.push(CohereMessage::Assistant { texts, calls }),
        }
        Ok(())
    }
}

fn foreign(kind: &Text<'_>) -> String {
    format!("is of the type \"{}\", which Cohere doesn't take", kind.decode())
}

/// A part that the user or a tool may send; nothing if it is empty or was allowed to be lost.
fn content<'r>(kind: &'r PartKind<'r>, here: &mut Here<'_>) -> Result<Option<Shown<'r>>, Refusal> {
    let why = match kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            return Ok((!text.is_blank()).then_some(Shown::Text(text)));
        }
        PartKind::Image { source, detail } => match image_flaw(source) {
            None => return Ok(Some(Shown::Image { source, detail: detail.as_ref() })),
            Some(why) => why,
        },
        PartKind::Document { source, name, context, citations } => {
            if citations.is_some() {
                here.losses.advisory("citations");
            }
            if context.is_some() {
                here.losses.advisory("context");
            }
            match plain_text(source) {
                Some(text) => return Ok(Some(Shown::Document(name.as_ref(), text))),
                None => "is a document, and Cohere takes those of plain text only".into(),
            }
        }
        PartKind::Audio { .. } => "is sound, which Cohere doesn't take".into(),
        PartKind::Foreign { kind, .. } => foreign(kind).into(),
        PartKind::Thought(_) => return Ok(None),
        PartKind::Code(_) | PartKind::CodeOutcome(_) => "is code that another provider ran".into(),
        PartKind::ToolCall(_) | PartKind::ToolResult(_) => "stands where Cohere takes no tool calls".into(),
    };
    here.lose(&why)?;
    Ok(None)
}

/// Why an image can't be sent; nothing if it can.
fn image_flaw(source: &Source<'_>) -> Option<Cow<'static, str>> {
    match source {
        Source::Base64 { media_type, .. } => {
            let media_type = media_type.decode();
            let known = ["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"];
            let why =
                || format!("is an image of the type {media_type}; Cohere takes PNG, JPEG, GIF and WebP");
            (!known.iter().any(|known| media_type.eq_ignore_ascii_case(known))).then(|| why().into())
        }
        Source::Url(url) => (!url.decode().starts_with("http")).then_some(Cow::Borrowed(
            "has an address that Cohere can't fetch; send the image itself in base64",
        )),
        Source::File(_) => Some(Cow::Borrowed(
            "is a file in another provider's store, which Cohere can't read; send the file itself in base64",
        )),
        Source::Text(_) => Some(Cow::Borrowed("is no image")),
    }
}

impl CohereMessage<'_> {
    fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        match self {
            CohereMessage::User(content) => {
                w.key("role").string("user");
                match content.as_slice() {
                    [Shown::Text(text)] => w.key("content").text(text),
                    several => w
                        .key("content")
                        .array(|w| several.iter().for_each(|content| write_content(content, false, w))),
                }
            }
            CohereMessage::Tool { result, content } => write_result(result, content, w),
            CohereMessage::Assistant { texts, calls } => {
                w.key("role").string("assistant");
                if calls.is_empty() {
                    return write_texts(texts, w.key("content"));
                }
                if !texts.is_empty() {
                    w.key("tool_plan").texts(texts.iter().copied());
                }
                w.key("tool_calls").array(|w| calls.iter().for_each(|call| write_call(call, names, w)));
            }
        }
    }
}

/// One text is a string, several are a list.
fn write_texts(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    match texts {
        [one] => w.text(one),
        several => w.array(|w| several.iter().for_each(|text| write_text(&[text], w))),
    }
}

fn write_text(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").texts(texts.iter().copied());
    });
}

fn write_content(content: &Shown<'_>, of_tool: bool, w: &mut Writer<'_>) {
    match content {
        Shown::Text(text) => write_text(&[text], w),
        Shown::Document(name, text) if of_tool => w.object(|w| {
            w.key("type").string("document");
            w.key("document").object(|w| {
                w.key("data").object(|w| {
                    if let Some(name) = name {
                        w.key("title").text(name);
                    }
                    w.key("text").text(text);
                });
            });
        }),
        Shown::Document(Some(name), text) => write_text(&[name, &Text::from("\n\n"), text], w),
        Shown::Document(None, text) => write_text(&[text], w),
        Shown::Image { source, detail } => write_image_url(source, *detail, w),
    }
}

fn write_result(result: &ToolResult<'_>, content: &[Shown<'_>], w: &mut Writer<'_>) {
    w.key("role").string("tool");
    w.key("tool_call_id").text(&result.call_id);
    w.key("content");
    // There is no member for it: the words must say that the tool failed.
    let error = Text::from("Error: ");
    match content {
        [] if result.is_error => w.string("Error"),
        [] => w.string("(The tool returned nothing.)"),
        [Shown::Text(text)] if result.is_error => w.texts([&error, text]),
        [Shown::Text(text)] => w.text(text),
        several => w.array(|w| {
            if result.is_error {
                write_text(&[&Text::from("Error:")], w);
            }
            several.iter().for_each(|content| write_content(content, true, w));
        }),
    }
}

fn write_call(call: &ToolCall<'_>, names: &Renames, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("id").text(&call.id);
        w.key("type").string("function");
        w.key("function").object(|w| {
            w.key("name").text(&names.sent(&call.name));
            w.key("arguments").string(&call.arguments.object());
        });
    });
}
