//! Content blocks on their way out: which go, and how they are written.

use super::family::Family;
use super::media::{DocumentNames, document_format, image_format, is_s3, sound_format, write_source};
use super::told;
use crate::chat::{Features, Part, PartKind, Source, Thought, ToolCall, ToolResult};
use crate::dialect::Target;
use crate::dialect::piece::ids::plain_within;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::{Admission, Stand};
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest id of a call: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html>.
const MAX_ID: usize = 64;

/// Decides about one part; those inside a tool's result are asked about one by one.
pub(super) fn fate(kind: &PartKind<'_>, place: Stand, target: &Target, family: Family) -> Admission {
    let lost = |why: &'static str| Admission::Lost(Cow::Borrowed(why));
    let is_media =
        matches!(kind, PartKind::Image { .. } | PartKind::Audio { .. } | PartKind::Document { .. });
    match kind {
        PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => Admission::Needless,
        PartKind::Text(_) | PartKind::Refusal(_) => Admission::Sent,
        _ if place == Stand::System => lost("can't be sent to Bedrock: its system prompt is text"),
        PartKind::ToolCall(_) if place == Stand::Assistant => Admission::Sent,
        PartKind::ToolResult(_) if place == Stand::User => Admission::Sent,
        PartKind::ToolCall(_) | PartKind::ToolResult(_) => {
            lost("stands where Bedrock takes no tool calls or results")
        }
        PartKind::Thought(thought) if place == Stand::Assistant && is_own(thought, family) => Admission::Sent,
        PartKind::Thought(_) => Admission::Needless,
        _ if is_media && place == Stand::Assistant => {
            lost("can't be sent to Bedrock: it takes images, documents and sound from the user only")
        }
        PartKind::Image { source, .. } => image_fate(source),
        PartKind::Document { source, name, .. } => document_fate(source, name.as_ref()),
        PartKind::Audio { .. } if place == Stand::Result => {
            lost("is sound, which a tool's result can't hold")
        }
        PartKind::Audio { .. } if !target.has(Features::AUDIO) => lost(
            "is sound, which this target doesn't take; add `audio` to its capabilities if its model does",
        ),
        PartKind::Audio { format, .. } => match sound_format(format) {
            Some(_) => Admission::Sent,
            None => {
                let format = format.decode();
                Admission::Lost(
                    format!("is sound in the format \"{format}\", which Bedrock doesn't take").into(),
                )
            }
        },
        PartKind::Code(_) | PartKind::CodeOutcome(_) => {
            Admission::Lost("is code that another provider ran".into())
        }
        PartKind::Foreign { kind, .. } => Admission::Lost(
            format!("is of the type \"{}\", which Bedrock doesn't take", kind.decode()).into(),
        ),
    }
}

/// Only who signed a thought may have it back.
fn is_own(thought: &Thought<'_>, family: Family) -> bool {
    thought.maker == Some(family.maker()) && (thought.signature.is_some() || thought.sealed.is_some())
}

fn image_fate(source: &Source<'_>) -> Admission {
    let lost = |why: &'static str| Admission::Lost(Cow::Borrowed(why));
    match source {
        Source::Base64 { media_type, .. } if image_format(source).is_none() => {
            let media_type = media_type.decode();
            let why = format!("is an image of the type {media_type}; Bedrock takes PNG, JPEG, GIF and WebP");
            Admission::Lost(why.into())
        }
        Source::Url(url) if !is_s3(url) => lost(
            "is an image's URL, and Bedrock fetches none; send the image itself in base64, or an s3:// URL",
        ),
        Source::Url(_) if image_format(source).is_none() => lost(
            "is an image's URL that doesn't end in .png, .jpeg, .gif or .webp, the formats that Bedrock takes",
        ),
        Source::File(_) => lost(ELSEWHERE),
        Source::Text(_) => lost("is no image"),
        Source::Base64 { .. } | Source::Url(_) => Admission::Sent,
    }
}

const ELSEWHERE: &str =
    "is a file in another provider's store, which Bedrock can't read; send the file itself in base64";

fn document_fate(source: &Source<'_>, name: Option<&Text<'_>>) -> Admission {
    match source {
        Source::Url(url) if !is_s3(url) => Admission::Lost(Cow::Borrowed(
            "is a document's URL, and Bedrock fetches none; send the document itself in base64, or an s3:// URL",
        )),
        Source::File(_) => Admission::Lost(Cow::Borrowed(ELSEWHERE)),
        Source::Base64 { media_type, .. } if document_format(source, name).is_none() => {
            let media_type = media_type.decode();
            let formats = "PDF, Word, Excel, CSV, HTML, Markdown and plain text";
            Admission::Lost(format!("is a document of the type {media_type}; Bedrock takes {formats}").into())
        }
        _ => Admission::Sent,
    }
}

/// Writes the blocks of one request.
pub(super) struct Blocks<'n> {
    pub(super) target: &'n Target,
    pub(super) family: Family,
    /// What is sent for tools' names that the API would reject.
    pub(super) names: &'n Renames,
    /// Nothing may be called: calls and results are told as text. Each call's name by its id.
    pub(super) told: Option<BTreeMap<Cow<'n, str>, &'n Text<'n>>>,
    pub(super) documents: DocumentNames,
}

impl Blocks<'_> {
    /// Writes a part as a block, and a cache point after it where the part asks for one.
    pub(super) fn write(&mut self, part: &Part<'_>, w: &mut Writer<'_>) {
        match &part.kind {
            PartKind::ToolCall(call) => self.call(call, w),
            PartKind::ToolResult(result) => self.result(result, w),
            PartKind::Thought(thought) => return write_thought(thought, w),
            kind => self.content(kind, w),
        }
        let inner = match &part.kind {
            PartKind::ToolResult(result) => result.parts.iter().find_map(|part| part.cache),
            _ => None,
        };
        if let Some(cache) = part.cache.or(inner) {
            self.cache_point(cache, w);
        }
    }

    /// Writes a cache point, if the model knows any. `cache` is Anthropic's `cache_control`.
    pub(super) fn cache_point(&self, cache: Raw<'_>, w: &mut Writer<'_>) {
        if self.family.caches() {
            let is_long = cache.get("ttl").and_then(Raw::text).is_some_and(|ttl| ttl == "1h");
            write_cache_point(is_long && self.family == Family::Claude, w);
        }
    }

    /// Writes text or media.
    fn content(&mut self, kind: &PartKind<'_>, w: &mut Writer<'_>) {
        match kind {
            PartKind::Text(text) | PartKind::Refusal(text) => write_text(text, w),
            PartKind::Image { source, .. } => w.object(|w| {
                w.key("image").object(|w| {
                    w.key("format").string(image_format(source).unwrap_or("png"));
                    write_source(source, w);
                });
            }),
            PartKind::Audio { data, format } => w.object(|w| {
                w.key("audio").object(|w| {
                    w.key("format").string(sound_format(format).unwrap_or("wav"));
                    w.key("source").object(|w| w.key("bytes").text(data));
                });
            }),
            PartKind::Document { source, name, context, .. } => {
                let format = document_format(source, name.as_ref());
                let called = self.documents.next(name.as_ref());
                w.object(|w| {
                    w.key("document").object(|w| {
                        if let Some(format) = format {
                            w.key("format").string(format);
                        }
                        w.key("name").string(&called);
                        write_source(source, w);
                        if let Some(context) = context {
                            w.key("context").text(context);
                        }
                    });
                });
            }
            // Others are written elsewhere or were not admitted.
            _ => {}
        }
    }

    fn call(&self, call: &ToolCall<'_>, w: &mut Writer<'_>) {
        if self.told.is_some() {
            return told::write_call(call, w);
        }
        w.object(|w| {
            w.key("toolUse").object(|w| {
                w.key("toolUseId").text(&plain_within(&call.id, MAX_ID));
                w.key("name").text(&self.names.sent(&call.name));
                w.key("input").raw(Raw::trusted(&call.arguments.object()));
            });
        });
    }

    fn result(&mut self, result: &ToolResult<'_>, w: &mut Writer<'_>) {
        let sent =
            |part: &&Part<'_>| fate(&part.kind, Stand::Result, self.target, self.family) == Admission::Sent;
        let parts: Vec<&Part<'_>> = result.parts.iter().filter(sent).collect();
        if let Some(calls) = &self.told {
            let name = calls.get(&result.call_id.decode()).copied();
            let (texts, media): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|part| text_of(part).is_some());
            let texts: Vec<&Text<'_>> = texts.into_iter().filter_map(text_of).collect();
            told::write_result(result, name, &texts, w);
            return media.into_iter().for_each(|part| self.content(&part.kind, w));
        }
        w.open_object();
        w.key("toolResult").open_object();
        w.key("toolUseId").text(&plain_within(&result.call_id, MAX_ID));
        w.key("content").open_array();
        if result.is_error && !self.family.takes_result_status() {
            write_text(&Text::from("Error:"), w);
        } else if parts.is_empty() {
            // An empty text is refused, and so is, by some models, an empty list.
            write_text(&Text::from("(The tool returned nothing.)"), w);
        }
        for part in parts {
            self.content(&part.kind, w);
        }
        w.close_array();
        if result.is_error && self.family.takes_result_status() {
            w.key("status").string("error");
        }
        w.close_object();
        w.close_object();
    }
}

fn text_of<'t>(part: &'t Part<'t>) -> Option<&'t Text<'t>> {
    match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(text),
        _ => None,
    }
}

pub(super) fn write_text(text: &Text<'_>, w: &mut Writer<'_>) {
    w.object(|w| w.key("text").text(text));
}

pub(super) fn write_cache_point(is_long: bool, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("cachePoint").object(|w| {
            w.key("type").string("default");
            if is_long {
                w.key("ttl").string("1h");
            }
        });
    });
}

fn write_thought(thought: &Thought<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("reasoningContent").object(|w| match &thought.sealed {
            Some(data) => w.key("redactedContent").text(data),
            None => w.key("reasoningText").object(|w| {
                w.key("text").text(&thought.text);
                if let Some(signature) = &thought.signature {
                    w.key("signature").text(signature);
                }
            }),
        });
    });
}
