//! The conversation: instructions first, then the turns; results of tools are messages of their own.
//!
//! A user's message takes texts and images. A document of plain text goes as text; results of tools hold it as a
//! document. What the assistant said beside its tool calls is their plan (`tool_plan`).

use crate::chat::{Arguments, Message, Part, PartKind, Request, Role, Source, ToolCall, ToolResult};
use crate::dialect::loss::Loss;
use crate::dialect::piece::media::plain_text;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::Calls;
use crate::dialect::{Losses, Refusal, write_data_url};
use crate::json::{Text, Writer};
use std::borrow::Cow;

/// Stands where the conversation has no turn at all.
const SILENT_USER: &str = "(The user has not said anything yet.)";

/// The instructions and the turns, checked: writing them can't fail any more.
#[derive(Debug, Default)]
pub(super) struct Talk<'r> {
    system: Vec<&'r Text<'r>>,
    turns: Vec<Turn<'r>>,
}

#[derive(Debug)]
enum Turn<'r> {
    User(Vec<Content<'r>>),
    Tool { result: &'r ToolResult<'r>, content: Vec<Content<'r>> },
    Assistant { texts: Vec<&'r Text<'r>>, calls: Vec<&'r ToolCall<'r>> },
}

#[derive(Debug)]
enum Content<'r> {
    Text(&'r Text<'r>),
    Image {
        source: &'r Source<'r>,
        detail: Option<&'r Text<'r>>,
    },
    /// Its name and its words.
    Document(Option<&'r Text<'r>>, Text<'r>),
}

impl<'r> Talk<'r> {
    /// # Errors
    /// What the dialect can't carry, and tool calls whose arguments are no object.
    pub(super) fn of(request: &'r Request<'r>, losses: &mut Losses) -> Result<Talk<'r>, Refusal> {
        let mut reader = Reader { message: 0, losses, talk: Talk::default() };
        for (index, message) in request.messages.iter().enumerate() {
            reader.message = index;
            reader.read(message)?;
        }
        let Reader { mut talk, .. } = reader;
        if matches!(talk.turns.last(), Some(Turn::Assistant { .. })) {
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

struct Reader<'l, 'r> {
    /// The message being read, for refusals.
    message: usize,
    losses: &'l mut Losses,
    talk: Talk<'r>,
}

impl<'r> Reader<'_, 'r> {
    fn read(&mut self, message: &'r Message<'r>) -> Result<(), Refusal> {
        if message.name.is_some() {
            self.losses.advisory(Loss::NAMES);
        }
        for part in &message.parts {
            self.note_cache(part);
        }
        match message.role {
            Role::System | Role::Developer => self.system(message),
            Role::User => self.user(message),
            Role::Assistant => self.assistant(message),
        }
    }

    fn note_cache(&mut self, part: &Part<'_>) {
        if part.cache.is_some() {
            self.losses.advisory("cache_control");
        }
    }

    fn lose(&mut self, at: usize, why: &str) -> Result<(), Refusal> {
        self.losses.meaning(Loss::part(self.message, at), why)
    }

    fn system(&mut self, message: &'r Message<'r>) -> Result<(), Refusal> {
        for (at, part) in message.parts.iter().enumerate() {
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => {}
                PartKind::Text(text) | PartKind::Refusal(text) => self.talk.system.push(text),
                _ => self.lose(at, "can't be sent to Cohere: its instructions are text")?,
            }
        }
        Ok(())
    }

    fn user(&mut self, message: &'r Message<'r>) -> Result<(), Refusal> {
        let mut said = Vec::new();
        let mut shown = Vec::new();
        for (at, part) in message.parts.iter().enumerate() {
            let PartKind::ToolResult(result) = &part.kind else {
                said.extend(self.content(&part.kind, at)?);
                continue;
            };
            let mut content = Vec::new();
            for inner in &result.parts {
                self.note_cache(inner);
                match self.content(&inner.kind, at)? {
                    // A tool's message takes no images: they follow in the user's.
                    Some(image @ Content::Image { .. }) => shown.push(image),
                    other => content.extend(other),
                }
            }
            self.talk.turns.push(Turn::Tool { result, content });
        }
        shown.extend(said);
        if !shown.is_empty() {
            self.talk.turns.push(Turn::User(shown));
        }
        Ok(())
    }

    /// A part that the user or a tool may send; nothing if it is empty or was allowed to be lost.
    fn content(&mut self, kind: &'r PartKind<'r>, at: usize) -> Result<Option<Content<'r>>, Refusal> {
        let why = match kind {
            PartKind::Text(text) | PartKind::Refusal(text) => {
                return Ok((!text.is_blank()).then_some(Content::Text(text)));
            }
            PartKind::Image { source, detail } => match image_flaw(source) {
                None => return Ok(Some(Content::Image { source, detail: detail.as_ref() })),
                Some(why) => why,
            },
            PartKind::Document { source, name, context, citations } => {
                if citations.is_some() {
                    self.losses.advisory("citations");
                }
                if context.is_some() {
                    self.losses.advisory("context");
                }
                match plain_text(source) {
                    Some(text) => return Ok(Some(Content::Document(name.as_ref(), text))),
                    None => Cow::Borrowed("is a document, and Cohere takes those of plain text only"),
                }
            }
            PartKind::Audio { .. } => Cow::Borrowed("is sound, which Cohere doesn't take"),
            PartKind::Foreign { kind, .. } => {
                Cow::Owned(format!("is of the type \"{}\", which Cohere doesn't take", kind.decode()))
            }
            PartKind::Thought(_) => return Ok(None),
            PartKind::ToolCall(_) | PartKind::ToolResult(_) => {
                Cow::Borrowed("stands where Cohere takes no tool calls")
            }
        };
        self.lose(at, &why)?;
        Ok(None)
    }

    fn assistant(&mut self, message: &'r Message<'r>) -> Result<(), Refusal> {
        let (mut texts, mut calls) = (Vec::new(), Vec::new());
        let mut numbered = Calls::of(self.message);
        for (at, part) in message.parts.iter().enumerate() {
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => {}
                PartKind::Text(text) | PartKind::Refusal(text) => texts.push(text),
                PartKind::ToolCall(call) => {
                    numbered.arguments(call, at)?;
                    calls.push(call);
                }
                // Cohere's own come back unsigned, so nobody can tell whose they are.
                PartKind::Thought(_) => self.losses.advisory(Loss::THOUGHTS),
                PartKind::Foreign { kind, .. } => {
                    let why = format!("is of the type \"{}\", which Cohere doesn't take", kind.decode());
                    self.lose(at, &why)?;
                }
                _ => {
                    self.lose(at, "can't be sent to Cohere: it takes text and tool calls from the assistant")?
                }
            }
        }
        if !texts.is_empty() || !calls.is_empty() {
            self.talk.turns.push(Turn::Assistant { texts, calls });
        }
        Ok(())
    }
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

impl Turn<'_> {
    fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        match self {
            Turn::User(content) => {
                w.key("role").string("user");
                match content.as_slice() {
                    [Content::Text(text)] => w.key("content").text(text),
                    several => w
                        .key("content")
                        .array(|w| several.iter().for_each(|content| write_content(content, false, w))),
                }
            }
            Turn::Tool { result, content } => write_result(result, content, w),
            Turn::Assistant { texts, calls } => {
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

fn write_content(content: &Content<'_>, of_tool: bool, w: &mut Writer<'_>) {
    match content {
        Content::Text(text) => write_text(&[text], w),
        Content::Document(name, text) if of_tool => w.object(|w| {
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
        Content::Document(Some(name), text) => write_text(&[name, &Text::from("\n\n"), text], w),
        Content::Document(None, text) => write_text(&[text], w),
        Content::Image { source, detail } => w.object(|w| {
            w.key("type").string("image_url");
            w.key("image_url").object(|w| {
                w.key("url");
                match source {
                    Source::Base64 { media_type, data } => write_data_url(w, media_type, data),
                    Source::Url(url) | Source::File(url) | Source::Text(url) => w.text(url),
                }
                if let Some(detail) = detail {
                    w.key("detail").text(detail);
                }
            });
        }),
    }
}

fn write_result(result: &ToolResult<'_>, content: &[Content<'_>], w: &mut Writer<'_>) {
    w.key("role").string("tool");
    w.key("tool_call_id").text(&result.call_id);
    w.key("content");
    // There is no member for it: the words must say that the tool failed.
    let error = Text::from("Error: ");
    match content {
        [] if result.is_error => w.string("Error"),
        [] => w.string("(The tool returned nothing.)"),
        [Content::Text(text)] if result.is_error => w.texts([&error, text]),
        [Content::Text(text)] => w.text(text),
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
            w.key("arguments");
            match &call.arguments {
                Arguments::Encoded(text) if !text.is_blank() => w.text(text),
                Arguments::Json(raw) => w.string(raw.as_json()),
                Arguments::Encoded(_) => w.string("{}"),
            }
        });
    });
}
