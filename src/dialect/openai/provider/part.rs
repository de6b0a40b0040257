//! The model's parts into the typed parts of Chat Completions' content.

use crate::chat::{PartKind, Source};
use crate::dialect::piece::media::write_image_url;
use crate::dialect::{Dialect, Loss, Losses, Refusal, talk, write_data_url};
use crate::json::{Raw, Text, Writer};

/// Writes a part of a message. `place` is for refusals.
///
/// # Errors
/// What can't be carried, unless `losses` allows dropping it.
pub(super) fn write(
    kind: &PartKind<'_>,
    place: Loss,
    dialect: &str,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<(), Refusal> {
    if let PartKind::Document { source: Source::File(_), .. } = kind
        && dialect == Dialect::Anthropic.name()
    {
        return losses
            .meaning(place, "is a document in Anthropic's file store, which this target can't read");
    }
    match kind {
        PartKind::Text(text) => write_text(&[text], w),
        PartKind::Refusal(text) => w.object(|w| {
            w.key("type").string("refusal");
            w.key("refusal").text(text);
        }),
        PartKind::Image { source, detail } => return write_image(source, detail.as_ref(), place, losses, w),
        PartKind::Audio { data, format } => w.object(|w| {
            w.key("type").string("input_audio");
            w.key("input_audio").object(|w| {
                w.key("data").text(data);
                w.key("format").text(format);
            });
        }),
        PartKind::Document { source, name, context, citations } => {
            if citations.is_some() {
                losses.advisory("citations");
            }
            if let Some(context) = context {
                write_text(&[context], w);
            }
            return write_document(source, name.as_ref(), place, losses, w);
        }
        PartKind::Foreign { dialect, raw, .. } if *dialect == Dialect::OpenAi.name() => w.raw(*raw),
        PartKind::ToolCall(_)
        | PartKind::ToolResult(_)
        | PartKind::Thought(_)
        | PartKind::Code(_)
        | PartKind::CodeOutcome(_)
        | PartKind::Foreign { .. } => {
            return refuse(kind, place, losses);
        }
    }
    Ok(())
}

/// Writes a text with a cache breakpoint behind it.
pub(super) fn write_marked_text(text: &Text<'_>, cache: Raw<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").text(text);
        w.key("cache_control").raw(cache);
    });
}

fn write_text(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").texts(texts.iter().copied());
    });
}

fn write_image(
    source: &Source<'_>,
    detail: Option<&Text<'_>>,
    place: Loss,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<(), Refusal> {
    if matches!(source, Source::File(_) | Source::Text(_)) {
        let why = "is an image in another provider's file store, which this target can't read";
        return losses.meaning(place, why);
    }
    write_image_url(source, detail, w);
    Ok(())
}

fn write_document(
    source: &Source<'_>,
    name: Option<&Text<'_>>,
    place: Loss,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<(), Refusal> {
    match source {
        Source::Base64 { media_type, data } => w.object(|w| {
            w.key("type").string("file");
            w.key("file").object(|w| {
                // OpenAI wants a name with the data.
                w.key("filename").text(name.unwrap_or(&Text::from("document.pdf")));
                w.key("file_data");
                write_data_url(w, media_type, data);
            });
        }),
        Source::File(id) => w.object(|w| {
            w.key("type").string("file");
            w.key("file").object(|w| {
                w.key("file_id").text(id);
                if let Some(name) = name {
                    w.key("filename").text(name);
                }
            });
        }),
        // Plain text needs no file; its title is a line before it.
        Source::Text(text) => match name {
            Some(name) => write_text(&[name, &Text::from("\n\n"), text], w),
            None => write_text(&[text], w),
        },
        Source::Url(_) => {
            let why = "is a document by URL, which Chat Completions doesn't fetch: send its data";
            return losses.meaning(place, why);
        }
    }
    Ok(())
}

/// The name of this API in a refusal.
const HERE: &str = "Chat Completions has";

/// Refuses a part that has no place in Chat Completions, or leaves it out.
///
/// # Errors
/// The refusal, if `losses` doesn't allow dropping it.
pub(super) fn refuse(kind: &PartKind<'_>, place: Loss, losses: &mut Losses) -> Result<(), Refusal> {
    talk::refuse(kind, place, HERE, losses)
}
