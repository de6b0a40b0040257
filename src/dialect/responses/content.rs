//! The content of a message or of a function's output: a string, or an array of typed parts.

use super::OWN;
use crate::chat::{Part, PartKind, Source};
use crate::dialect::loss::at::At;
use crate::dialect::piece::breakpoint;
use crate::dialect::{Refusal, source_of_url};
use crate::json::{Kind, Raw, Text};

/// Reads `content` or `output`.
///
/// # Errors
/// Neither a string nor an array of parts, or a bad part.
pub(super) fn read<'a>(content: Raw<'a>, at: &At<'_>) -> Result<Vec<Part<'a>>, Refusal> {
    match content.kind() {
        Kind::String => Ok(content.text().map(|text| PartKind::Text(text).into()).into_iter().collect()),
        Kind::Array => {
            content.items().enumerate().map(|(index, part)| read_part(part, &at.index(index))).collect()
        }
        _ => Err(at.refuse("must be a string or an array of parts.")),
    }
}

fn read_part<'a>(part: Raw<'a>, at: &At<'_>) -> Result<Part<'a>, Refusal> {
    let part = at.object(part)?;
    let kind = at.required_text(part, "type", "say what the part is, such as `input_text`.")?;
    let text = |name| part.present(name).map(|value| at.name(name).text(value)).transpose();
    let cache = part.present(breakpoint::OPENAIS).map(breakpoint::of_openai);
    let kind = match kind.decode().as_ref() {
        "input_text" | "output_text" | "text" => {
            PartKind::Text(at.required_text(part, "text", "a text part needs its text.")?)
        }
        "refusal" => PartKind::Refusal(at.required_text(part, "refusal", "a refusal needs its words.")?),
        "input_image" => {
            let source = match (text("image_url")?, text("file_id")?) {
                (Some(url), _) => source_of_url(url).ok_or_else(|| {
                    at.name("image_url")
                        .refuse("must be a URL or base64 data, as in `data:image/png;base64,…`.")
                })?,
                (None, Some(id)) => Source::File(id),
                (None, None) => return Err(at.name("image_url").missing("give `image_url` or `file_id`.")),
            };
            PartKind::Image { source, detail: text("detail")? }
        }
        "input_audio" => {
            let at = at.name("input_audio");
            let sound = part.present("input_audio").ok_or_else(|| at.missing("give `data` and `format`."))?;
            let sound = at.object(sound)?;
            PartKind::Audio {
                data: at.required_text(sound, "data", "give the sound in base64.")?,
                format: at.required_text(sound, "format", "say `wav` or `mp3`.")?,
            }
        }
        "input_file" => PartKind::Document {
            source: file(text("file_data")?, text("file_url")?, text("file_id")?, at)?,
            name: text("filename")?,
            context: None,
            citations: None,
        },
        _ => PartKind::Foreign { dialect: OWN, kind: kind.clone(), raw: part },
    };
    Ok(Part { kind, cache })
}

/// What parts say that the model has no place for, each once, by its path below `at`: what an answer's words rest on, how likely they
/// were, how closely a file is looked at.
pub(super) fn unread<'a>(content: Raw<'a>, at: &str) -> Vec<(Text<'a>, Raw<'a>)> {
    let mut found: Vec<(Text<'a>, Raw<'a>)> = Vec::new();
    let parts = if content.kind() == Kind::Array { content } else { Raw::NULL };
    for part in parts.items() {
        let kind = part.get("type").and_then(Raw::text).unwrap_or_default();
        let names: &[&str] = match kind.decode().as_ref() {
            "output_text" => &["annotations", "logprobs"],
            "input_file" => &["detail"],
            _ => &[],
        };
        for name in names {
            let said = part
                .present(name)
                .filter(|value| value.kind() != Kind::Array || value.items().next().is_some());
            let path = format!("{at}[].{name}");
            if let Some(value) = said
                && value.text().is_none_or(|detail| detail != "auto")
                && !found.iter().any(|(known, _)| *known == *path)
            {
                found.push((Text::from(path), value));
            }
        }
    }
    found
}

fn file<'a>(
    data: Option<Text<'a>>,
    url: Option<Text<'a>>,
    id: Option<Text<'a>>,
    at: &At<'_>,
) -> Result<Source<'a>, Refusal> {
    match (data, url, id) {
        (Some(data), _, _) => match source_of_url(data.clone()) {
            // Bare base64, which OpenAI takes for PDF.
            Some(Source::Url(_)) if !data.decode().contains(':') => {
                Ok(Source::Base64 { media_type: "application/pdf".into(), data })
            }
            Some(source) => Ok(source),
            None => Err(at
                .name("file_data")
                .refuse("must be base64 data, as in `data:application/pdf;base64,…`.")),
        },
        (None, Some(url), _) => Ok(Source::Url(url)),
        (None, None, Some(id)) => Ok(Source::File(id)),
        (None, None, None) => Err(at.missing("a file: give `file_data`, `file_url` or `file_id`.")),
    }
}
