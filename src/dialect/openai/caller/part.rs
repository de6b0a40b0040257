//! The content of a message: a string, or an array of typed parts.

use crate::chat::{Part, PartKind, Source};
use crate::dialect::loss::at::At;
use crate::dialect::openai::wire::OWN;
use crate::dialect::piece::breakpoint;
use crate::dialect::{Refusal, source_of_url};
use crate::json::{Kind, Raw};

/// Reads `content`.
///
/// # Errors
/// Neither a string nor an array of parts, or a bad part.
pub(super) fn read_content<'a>(content: Raw<'a>, at: &At<'_>) -> Result<Vec<Part<'a>>, Refusal> {
    match content.kind() {
        Kind::String => Ok(content.text().map(|text| PartKind::Text(text).into()).into_iter().collect()),
        Kind::Array => {
            content.items().enumerate().map(|(index, part)| read(part, &at.index(index))).collect()
        }
        _ => Err(at.refuse("must be a string or an array of parts.")),
    }
}

fn read<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Part<'a>, Refusal> {
    let kind = at.required_text(at.object(value)?, "type", "say what the part is, such as `text`.")?;
    let mut cache = None;
    let mut body = None;
    for (name, member) in value.fields().filter(|(_, member)| !member.is_null()) {
        if name == "cache_control" {
            cache = Some(member);
        } else if name == breakpoint::OPENAIS {
            cache = cache.or(Some(breakpoint::of_openai(member)));
        } else if name == kind {
            // Each type has its data under its own name.
            body = Some(member);
        }
    }
    let name = kind.decode();
    let at = at.name(&name);
    let body = |what: &str| body.ok_or_else(|| at.missing(what));
    let kind = match name.as_ref() {
        "text" => PartKind::Text(at.text(body("a text part needs its text.")?)?),
        "refusal" => PartKind::Refusal(at.text(body("a refusal part needs its words.")?)?),
        "image_url" => read_image(body("an image needs its `url`.")?, &at)?,
        "input_audio" => {
            let audio = at.object(body("sound needs its `data` and `format`.")?)?;
            PartKind::Audio {
                data: at.required_text(audio, "data", "give the sound in base64.")?,
                format: at.required_text(audio, "format", "say `wav` or `mp3`.")?,
            }
        }
        "file" => read_file(body("a file needs `file_data` or `file_id`.")?, &at)?,
        _ => PartKind::Foreign { dialect: OWN, kind: kind.clone(), raw: value },
    };
    Ok(Part { kind, cache })
}

fn read_image<'a>(value: Raw<'a>, at: &At<'_>) -> Result<PartKind<'a>, Refusal> {
    // Some clients put the URL itself there.
    let (url, detail) = match value.text() {
        Some(url) => (url, None),
        None => {
            let image = at.object(value)?;
            let detail = image.present("detail").map(|detail| at.name("detail").text(detail)).transpose()?;
            (at.required_text(image, "url", "an image needs its URL or its data.")?, detail)
        }
    };
    let source = source_of_url(url).ok_or_else(|| {
        at.name("url").refuse("must be a URL or base64 data, as in `data:image/png;base64,…`.")
    })?;
    // Some clients have no other part for any file.
    if detail.is_none()
        && matches!(&source, Source::Base64 { media_type, .. } if *media_type == "application/pdf")
    {
        return Ok(PartKind::Document { source, name: None, context: None, citations: None });
    }
    Ok(PartKind::Image { source, detail })
}

fn read_file<'a>(value: Raw<'a>, at: &At<'_>) -> Result<PartKind<'a>, Refusal> {
    let file = at.object(value)?;
    let text = |name| file.present(name).map(|value| at.name(name).text(value)).transpose();
    let name = text("filename")?;
    let source = match (text("file_data")?, text("file_id")?) {
        (Some(data), _) => match source_of_url(data.clone()) {
            Some(Source::Base64 { media_type, data }) => Source::Base64 { media_type, data },
            // Bare base64, which OpenAI takes for PDF.
            Some(Source::Url(_)) if !data.decode().contains(':') => {
                Source::Base64 { media_type: "application/pdf".into(), data }
            }
            Some(url @ Source::Url(_)) => url,
            _ => {
                let what = "must be base64 data, as in `data:application/pdf;base64,…`.";
                return Err(at.name("file_data").refuse(what));
            }
        },
        (None, Some(id)) => Source::File(id),
        (None, None) => return Err(at.missing("give `file_data` or `file_id`.")),
    };
    Ok(PartKind::Document { source, name, context: None, citations: None })
}
