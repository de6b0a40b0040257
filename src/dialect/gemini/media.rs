//! Images, sound and documents on their way out: base64 goes inside the request, an address goes as an address.
//!
//! Which addresses Google fetches: <https://ai.google.dev/gemini-api/docs/file-input-methods> (its own file store,
//! YouTube, and since January 2026 public and signed URLs) and, for Vertex,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#filedata> (Cloud Storage, YouTube,
//! public URLs). Nothing is fetched here.

use super::generation::GeminiModel;
use crate::chat::{Features, Source};
use crate::dialect::Host;
use crate::json::{Text, Writer};
use std::borrow::Cow;

/// Media as it goes out.
#[derive(Debug, PartialEq)]
pub(super) enum Media<'r> {
    Inline {
        mime: Cow<'r, str>,
        data: &'r Text<'r>,
    },
    File {
        mime: Option<&'static str>,
        uri: &'r Text<'r>,
    },
    /// A plain-text document.
    Text(&'r Text<'r>),
}

/// Why something can't be sent: the end of a sentence that begins with its place.
pub(super) type Lost = Cow<'static, str>;

/// What a URL's last letters say about what is there.
#[rustfmt::skip]
const ENDINGS: [(&str, &str); 34] = [
    ("png", "image/png"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("webp", "image/webp"), ("gif", "image/gif"),
    ("heic", "image/heic"), ("heif", "image/heif"), ("bmp", "image/bmp"), ("pdf", "application/pdf"),
    ("txt", "text/plain"), ("md", "text/markdown"), ("html", "text/html"), ("htm", "text/html"), ("css", "text/css"),
    ("csv", "text/csv"), ("xml", "text/xml"), ("json", "application/json"), ("mp3", "audio/mp3"), ("wav", "audio/wav"),
    ("ogg", "audio/ogg"), ("flac", "audio/flac"), ("aac", "audio/aac"), ("aiff", "audio/aiff"), ("m4a", "audio/mp4"),
    ("opus", "audio/opus"), ("mp4", "video/mp4"), ("mov", "video/quicktime"), ("webm", "video/webm"),
    ("mpeg", "video/mpeg"), ("mpg", "video/mpeg"), ("avi", "video/x-msvideo"), ("wmv", "video/wmv"),
    ("flv", "video/x-flv"), ("3gp", "video/3gpp"),
];

/// An image, from wherever it is.
///
/// # Errors
/// Why it can't be sent.
pub(super) fn image<'r>(source: &'r Source<'r>, model: GeminiModel<'_>) -> Result<Media<'r>, Lost> {
    match source {
        Source::Text(_) => Err("is no image".into()),
        source => of_source(source, "image/jpeg", model),
    }
}

/// A document, from wherever it is.
///
/// # Errors
/// Why it can't be sent.
pub(super) fn document<'r>(source: &'r Source<'r>, model: GeminiModel<'_>) -> Result<Media<'r>, Lost> {
    of_source(source, "application/pdf", model)
}

/// Sound in base64. `format` is OpenAI's: `wav`, `mp3`.
pub(super) fn audio<'r>(data: &'r Text<'r>, format: &Text<'r>) -> Media<'r> {
    let format = format.decode();
    let mime = match format.as_ref() {
        "pcm16" => "audio/pcm".into(),
        typed if typed.contains('/') => typed.to_owned().into(),
        plain => format!("audio/{plain}").into(),
    };
    Media::Inline { mime, data }
}

fn of_source<'r>(
    source: &'r Source<'r>,
    unsaid: &'static str,
    model: GeminiModel<'_>,
) -> Result<Media<'r>, Lost> {
    match source {
        Source::Base64 { media_type, data } => {
            let mime = media_type.decode();
            let mime = if mime == "image/jpg" { Cow::Borrowed("image/jpeg") } else { mime };
            Ok(Media::Inline { mime, data })
        }
        Source::Text(text) => Ok(Media::Text(text)),
        Source::Url(uri) => of_address(uri, unsaid, model),
        // What callers call a file's id may be the address that Google's own store gave it.
        Source::File(id) if id.decode().contains("://") => of_address(id, unsaid, model),
        Source::File(_) => Err(
            "is a file in another provider's store, which Gemini can't read; send the file itself in base64"
                .into(),
        ),
    }
}

fn of_address<'r>(
    uri: &'r Text<'r>,
    unsaid: &'static str,
    model: GeminiModel<'_>,
) -> Result<Media<'r>, Lost> {
    let decoded = uri.decode();
    let is_vertex = model.target.row.host == Host::Vertex;
    let (scheme, rest) = decoded.split_once("://").unwrap_or(("", &decoded));
    let (place, _) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let host = host.to_ascii_lowercase();
    let known = mime_of_path(path).unwrap_or(unsaid);
    let mime = match scheme.to_ascii_lowercase().as_str() {
        "https" | "http" if host == "generativelanguage.googleapis.com" && !is_vertex => None,
        "https"
            if matches!(host.as_str(), "www.youtube.com" | "youtube.com" | "youtu.be" | "m.youtube.com") =>
        {
            is_vertex.then_some("video/mp4")
        }
        "gs" if is_vertex => Some(known),
        "gs" => {
            return Err("is in Cloud Storage, which only Vertex reads; send the file itself in base64".into());
        }
        "https" | "http" if model.target.has(Features::IMAGE_URLS) => Some(known),
        "https" | "http" => {
            return Err("is a URL, which this target doesn't fetch; send the file itself in base64".into());
        }
        _ => return Err("has an address that Gemini can't fetch; send the file itself in base64".into()),
    };
    Ok(Media::File { mime, uri })
}

fn mime_of_path(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    let is_same = |(known, _): &&(&str, &str)| ending.eq_ignore_ascii_case(known);
    ENDINGS.iter().find(is_same).map(|(_, mime)| *mime)
}

impl Media<'_> {
    /// Writes the members of a part.
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        match self {
            Media::Text(text) => w.key("text").text(text),
            Media::Inline { mime, data } => w.key("inlineData").object(|w| {
                w.key("mimeType").string(mime);
                w.key("data").text(data);
            }),
            Media::File { mime, uri } => w.key("fileData").object(|w| {
                if let Some(mime) = mime {
                    w.key("mimeType").string(mime);
                }
                w.key("fileUri").text(uri);
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::target;
    use super::*;

    fn sent(provider: &str, url: &'static str) -> Result<String, String> {
        let target = target(provider, "gemini-3-flash");
        let source = Source::Url(Text::from(url));
        let media = image(&source, GeminiModel::of(&target, "")).map_err(Cow::into_owned)?;
        let mut out = Vec::new();
        Writer::new(&mut out).object(|w| media.write(w));
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn addresses() {
        let file = |mime: &str, uri: &str| {
            Ok(format!(r#"{{"fileData":{{"mimeType":"{mime}","fileUri":"{uri}"}}}}"#))
        };
        let bare = |uri: &str| Ok(format!(r#"{{"fileData":{{"fileUri":"{uri}"}}}}"#));
        assert_eq!(
            sent("gemini", "https://e.test/a.PNG?x=.gif#y"),
            file("image/png", "https://e.test/a.PNG?x=.gif#y")
        );
        assert_eq!(sent("gemini", "https://e.test/a"), file("image/jpeg", "https://e.test/a"));
        let stored = "https://generativelanguage.googleapis.com/v1beta/files/abc";
        assert_eq!(sent("gemini", stored), bare(stored));
        assert_eq!(sent("gemini", "https://youtu.be/abc"), bare("https://youtu.be/abc"));
        assert_eq!(sent("gemini_vertex", "https://youtu.be/abc"), file("video/mp4", "https://youtu.be/abc"));
        assert_eq!(sent("gemini_vertex", "gs://b/a.webp"), file("image/webp", "gs://b/a.webp"));
        assert!(sent("gemini", "gs://b/a.webp").unwrap_err().contains("only Vertex"));
        assert!(sent("gemini", "ftp://e.test/a.png").unwrap_err().contains("can't fetch"));
        assert!(sent("gemini", "/etc/passwd").unwrap_err().contains("can't fetch"));
    }

    #[test]
    fn a_target_that_fetches_nothing_gets_no_url() {
        let mut target = target("gemini", "gemini-2.0-flash");
        target.capabilities = target.capabilities.without(Features::IMAGE_URLS);
        let source = Source::Url(Text::from("https://e.test/a.png"));
        assert!(image(&source, GeminiModel::of(&target, "")).unwrap_err().contains("base64"));
        let id = Source::File(Text::from("file-abc"));
        assert!(
            document(&id, GeminiModel::of(&target, "")).unwrap_err().contains("another provider's store")
        );
    }
}
