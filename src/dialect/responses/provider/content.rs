//! The model's parts into the typed parts of a message's or an output's content.

use crate::chat::{PartKind, Source};
use crate::dialect::{Dialect, Loss, Losses, Refusal, talk, write_data_url};
use crate::json::{Text, Writer};

/// Writes a part of what the user, the operator or a tool says. `dialect`: the caller's; `place` is for refusals.
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
    match kind {
        PartKind::Text(text) | PartKind::Refusal(text) => write_text(&[text], w),
        PartKind::Image { source, detail } => {
            if is_stored_elsewhere(source, dialect) {
                let why = "is an image in another provider's file store, which this target can't read";
                return losses.meaning(place, why);
            }
            write_image(source, detail.as_ref(), w);
        }
        PartKind::Document { source, name, context, citations } => {
            if is_stored_elsewhere(source, dialect) {
                let why = "is a document in another provider's file store, which this target can't read";
                return losses.meaning(place, why);
            }
            if citations.is_some() {
                losses.advisory("citations");
            }
            if let Some(context) = context {
                write_text(&[context], w);
            }
            write_document(source, name.as_ref(), w);
        }
        PartKind::Audio { .. } => {
            return losses.meaning(place, "is sound, which OpenAI's Responses don't take");
        }
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

/// An id means something only in the store of OpenAI's, which are one for both of its dialects.
fn is_stored_elsewhere(source: &Source<'_>, dialect: &str) -> bool {
    matches!(source, Source::File(_)) && dialect == Dialect::Anthropic.name()
}

fn write_text(texts: &[&Text<'_>], w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("input_text");
        w.key("text").texts(texts.iter().copied());
    });
}

fn write_image(source: &Source<'_>, detail: Option<&Text<'_>>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("input_image");
        match source {
            Source::Base64 { media_type, data } => write_data_url(w.key("image_url"), media_type, data),
            Source::File(id) => w.key("file_id").text(id),
            Source::Url(url) | Source::Text(url) => w.key("image_url").text(url),
        }
        // Must be there, and is `auto` where a caller doesn't say it.
        w.key("detail").text(detail.unwrap_or(&Text::from("auto")));
    });
}

fn write_document(source: &Source<'_>, name: Option<&Text<'_>>, w: &mut Writer<'_>) {
    match (source, name) {
        (Source::Base64 { media_type, data }, name) => w.object(|w| {
            w.key("type").string("input_file");
            // OpenAI wants a name with the data.
            w.key("filename").text(name.unwrap_or(&Text::from("document.pdf")));
            write_data_url(w.key("file_data"), media_type, data);
        }),
        (Source::Url(url), _) => w.object(|w| {
            w.key("type").string("input_file");
            w.key("file_url").text(url);
        }),
        (Source::File(id), _) => w.object(|w| {
            w.key("type").string("input_file");
            w.key("file_id").text(id);
        }),
        // Plain text needs no file; its title is a line before it.
        (Source::Text(text), Some(name)) => write_text(&[name, &Text::from("\n\n"), text], w),
        (Source::Text(text), None) => write_text(&[text], w),
    }
}

/// Refuses a part that has no place here, or leaves it out.
///
/// # Errors
/// The refusal, if `losses` doesn't allow dropping it.
pub(super) fn refuse(kind: &PartKind<'_>, place: Loss, losses: &mut Losses) -> Result<(), Refusal> {
    talk::refuse(kind, place, "OpenAI's Responses have", losses)
}
