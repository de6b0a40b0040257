//! Content blocks on their way out: which go, and how they are written.

use super::{code, seal};
use crate::chat::{CodeOutcome, CodeRun, Features, Maker, Part, PartKind, Source, Thought, ToolResult};
use crate::dialect::piece::base64::decode;
use crate::dialect::piece::ids;
use crate::dialect::piece::names::Renames;
use crate::dialect::talk::Admission;
use crate::dialect::{Dialect, Target};
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;

/// Decides about one part; those inside a tool's result are asked about one by one.
pub(super) fn fate(kind: &PartKind<'_>, target: &Target, dialect: &str) -> Admission {
    let lost = |why: &'static str| Admission::Lost(Cow::Borrowed(why));
    match kind {
        PartKind::Text(text) | PartKind::Refusal(text) if text.is_blank() => Admission::Needless,
        PartKind::Text(_) | PartKind::Refusal(_) | PartKind::ToolCall(_) | PartKind::ToolResult(_) => {
            Admission::Sent
        }
        PartKind::Thought(thought) if is_claudes(thought) => Admission::Sent,
        PartKind::Thought(_) => Admission::Needless,
        PartKind::Audio { .. } => lost("is sound, which Claude doesn't take"),
        PartKind::Image { source: Source::File(_), .. }
        | PartKind::Document { source: Source::File(_), .. } => {
            if dialect == Dialect::Anthropic.name() {
                Admission::Sent
            } else {
                lost(
                    "is a file in another provider's store, which Claude can't read; send the file itself in base64",
                )
            }
        }
        PartKind::Image { source: Source::Base64 { media_type, .. }, .. } if !is_image(media_type) => {
            let media_type = media_type.decode();
            Admission::Lost(
                format!("is an image of the type {media_type}; Claude takes JPEG, PNG, GIF and WebP").into(),
            )
        }
        PartKind::Image { source: Source::Url(_), .. } if !target.has(Features::IMAGE_URLS) => {
            lost("is an image's URL, which this target doesn't fetch; send the image itself in base64")
        }
        PartKind::Document { source: Source::Url(_), .. } if !target.has(Features::IMAGE_URLS) => {
            lost("is a document's URL, which this target doesn't fetch; send the document itself in base64")
        }
        PartKind::Image { source: Source::Url(url), .. }
        | PartKind::Document { source: Source::Url(url), .. }
            if !url.decode().starts_with("http") =>
        {
            lost("has an address that Claude can't fetch; send the file itself in base64")
        }
        PartKind::Image { source: Source::Text(_), .. } => lost("is no image"),
        PartKind::Document { source: Source::Base64 { media_type, data }, .. }
            if *media_type != "application/pdf" && plain_text(media_type, data).is_none() =>
        {
            let media_type = media_type.decode();
            Admission::Lost(
                format!("is a document of the type {media_type}; Claude takes PDF and plain text").into(),
            )
        }
        PartKind::Image { .. } | PartKind::Document { .. } => Admission::Sent,
        PartKind::Foreign { dialect, .. } if *dialect == Dialect::Anthropic.name() => Admission::Sent,
        PartKind::Code(CodeRun { name, .. }) | PartKind::CodeOutcome(CodeOutcome { name, .. }) => {
            if name.maker == Maker::Anthropic {
                Admission::Sent
            } else {
                lost("is code that another provider ran")
            }
        }
        PartKind::Foreign { kind, .. } => {
            Admission::Lost(format!("is of the type \"{}\", which Claude doesn't take", kind.decode()).into())
        }
    }
}

/// The text of a document in base64, if it is text: Claude takes that as it is and only PDF in base64.
fn plain_text(media_type: &Text<'_>, data: &Text<'_>) -> Option<String> {
    let media_type = media_type.decode();
    let is_text = media_type.starts_with("text/") || media_type == "application/json";
    let bytes = is_text.then(|| decode(&data.decode())).flatten()?;
    String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
}

fn is_image(media_type: &Text<'_>) -> bool {
    // The second is no media type, but people write it and OpenAI takes it.
    ["image/jpeg", JPG, "image/png", "image/gif", "image/webp"].iter().any(|known| *media_type == *known)
}

/// Only what Claude signed may go back to Claude.
fn is_claudes(thought: &Thought<'_>) -> bool {
    thought.maker == Some(Maker::Anthropic) && (thought.signature.is_some() || thought.sealed.is_some())
}

const JPG: &str = "image/jpg";

/// What writing blocks needs to know about the request.
#[derive(Clone, Copy)]
pub(super) struct Outbound<'n> {
    pub(super) target: &'n Target,
    /// The caller's.
    pub(super) dialect: &'static str,
    /// What is sent for names that the API would reject.
    pub(super) names: &'n Renames,
}

/// Writes a block. `is_prefill`: the model goes on where it ends.
pub(super) fn write_part(part: &Part<'_>, out: &Outbound<'_>, is_prefill: bool, w: &mut Writer<'_>) {
    if let PartKind::Foreign { raw, .. } = &part.kind {
        return w.raw(*raw);
    }
    w.open_object();
    match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            w.key("type").string("text");
            w.key("text");
            if is_prefill {
                w.string(text.decode().trim_end());
            } else {
                w.text(text);
            }
        }
        PartKind::Image { source, .. } => {
            w.key("type").string("image");
            write_source(source, w);
        }
        PartKind::Document { source, name, context, citations } => {
            w.key("type").string("document");
            write_source(source, w);
            if let Some(name) = name {
                w.key("title").text(name);
            }
            if let Some(context) = context {
                w.key("context").text(context);
            }
            if let Some(citations) = citations {
                w.key("citations").raw(*citations);
            }
        }
        PartKind::ToolCall(call) => {
            w.key("type").string("tool_use");
            w.key("id").text(&ids::plain(&call.id));
            w.key("name").text(&out.names.sent(&call.name));
            w.key("input").raw(Raw::trusted(&call.arguments.object()));
        }
        PartKind::ToolResult(result) => write_result(result, out, w),
        PartKind::Thought(thought) => write_thought(thought, w),
        PartKind::Code(run) => code::write_run(run, w),
        PartKind::CodeOutcome(outcome) => code::write_outcome(outcome, w),
        PartKind::Audio { .. } | PartKind::Foreign { .. } => {}
    }
    if let Some(cache) = part.cache
        && !matches!(part.kind, PartKind::Thought(_))
    {
        w.key("cache_control").raw(cache);
    }
    w.close_object();
}

fn write_result(result: &ToolResult<'_>, out: &Outbound<'_>, w: &mut Writer<'_>) {
    w.key("type").string("tool_result");
    w.key("tool_use_id").text(&ids::plain(&result.call_id));
    let mut sent = result
        .parts
        .iter()
        .filter(|part| fate(&part.kind, out.target, out.dialect) == Admission::Sent)
        .peekable();
    if sent.peek().is_some() {
        w.key("content").array(|w| sent.for_each(|part| write_part(part, out, false, w)));
    }
    if result.is_error {
        w.key("is_error").bool(true);
    }
}

/// The members of a thinking block; the signature says whose it is.
pub(super) fn write_thought(thought: &Thought<'_>, w: &mut Writer<'_>) {
    let prefix = Text::from(thought.maker.map(|maker| seal::prefix(maker, false)).unwrap_or_default());
    if let Some(sealed) = &thought.sealed {
        w.key("type").string("redacted_thinking");
        w.key("data").texts([&prefix, sealed]);
        return;
    }
    w.key("type").string("thinking");
    w.key("thinking").text(&thought.text);
    w.key("signature");
    match &thought.signature {
        Some(signature) => w.texts([&prefix, signature]),
        None => w.string(""),
    }
}

fn write_source(source: &Source<'_>, w: &mut Writer<'_>) {
    w.key("source").object(|w| match source {
        Source::Base64 { media_type, data } => match plain_text(media_type, data) {
            Some(text) => write_plain(&Text::from(text), w),
            None => {
                w.key("type").string("base64");
                let media_type = if *media_type == JPG { &Text::from("image/jpeg") } else { media_type };
                w.key("media_type").text(media_type);
                w.key("data").text(data);
            }
        },
        Source::Url(url) => {
            w.key("type").string("url");
            w.key("url").text(url);
        }
        Source::File(id) => {
            w.key("type").string("file");
            w.key("file_id").text(id);
        }
        Source::Text(text) => write_plain(text, w),
    });
}

fn write_plain(text: &Text<'_>, w: &mut Writer<'_>) {
    w.key("type").string("text");
    w.key("media_type").string("text/plain");
    w.key("data").text(text);
}
