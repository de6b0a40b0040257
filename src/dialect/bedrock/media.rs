//! Images, documents and sound on their way out: which formats Converse has a word for.
//!
//! The bytes come in base64 and stay so: JSON has no other way to hold a blob. What is given by address goes only where
//! the address is in S3, which Bedrock reads with the target's own credentials.

use crate::chat::Source;
use crate::dialect::piece::base64::encode;
use crate::dialect::piece::names::FreeNames;
use crate::json::{Text, Writer};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A document's name, at most.
const MAX_NAME: usize = 200;

/// Media types and names' endings, with Converse's word for each.
#[rustfmt::skip]
const DOCUMENTS: [(&str, &str, &str); 9] = [
    ("application/pdf", "pdf", "pdf"),
    ("text/csv", "csv", "csv"),
    ("application/msword", "doc", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "docx"),
    ("application/vnd.ms-excel", "xls", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "xlsx"),
    ("text/html", "html", "html"),
    ("text/markdown", "md", "md"),
    ("text/plain", "txt", "txt"),
];

const SOUNDS: [&str; 15] = [
    "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm",
    "webm",
];

/// Converse's word for an image: by its media type, or by the ending of its address.
pub(super) fn image_format(source: &Source<'_>) -> Option<&'static str> {
    let named = match source {
        Source::Base64 { media_type, .. } => media_type.decode().to_ascii_lowercase(),
        Source::Url(url) => format!("image/{}", url.decode().rsplit_once('.')?.1.to_ascii_lowercase()),
        Source::File(_) | Source::Text(_) => return None,
    };
    Some(match named.as_str() {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => return None,
    })
}

/// Converse's word for a document: by its media type, else by its name's ending.
pub(super) fn document_format(source: &Source<'_>, name: Option<&Text<'_>>) -> Option<&'static str> {
    let media_type = match source {
        Source::Base64 { media_type, .. } => media_type.decode().to_ascii_lowercase(),
        Source::Text(_) => "text/plain".to_owned(),
        Source::Url(url) => return by_ending(&url.decode()),
        Source::File(_) => return None,
    };
    let by_type = DOCUMENTS.iter().find(|(known, ..)| *known == media_type).map(|(.., format)| *format);
    let is_text = media_type.starts_with("text/") || media_type == "application/json";
    by_type.or_else(|| by_ending(&name?.decode())).or_else(|| is_text.then_some("txt"))
}

fn by_ending(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    DOCUMENTS.iter().find(|(_, known, _)| ending.eq_ignore_ascii_case(known)).map(|(.., format)| *format)
}

pub(super) fn sound_format(format: &Text<'_>) -> Option<&'static str> {
    let format = format.decode();
    SOUNDS.iter().find(|known| format.eq_ignore_ascii_case(known)).copied()
}

/// Whether an address is one that Bedrock reads.
pub(super) fn is_s3(url: &Text<'_>) -> bool {
    url.decode().starts_with("s3://")
}

/// Writes the member `source`.
pub(super) fn write_source(source: &Source<'_>, w: &mut Writer<'_>) {
    w.key("source").object(|w| match source {
        Source::Base64 { data, .. } => w.key("bytes").text(data),
        Source::Url(uri) => w.key("s3Location").object(|w| w.key("uri").text(uri)),
        // Every model that takes documents takes bytes; not every one takes the source `text`.
        Source::Text(text) => w.key("bytes").string(&encode(text.decode().as_bytes())),
        Source::File(_) => {}
    });
}

/// The names of a request's documents. Converse wants one for each, no two alike, of few characters.
#[derive(Debug)]
pub(super) struct DocumentNames(FreeNames);

impl Default for DocumentNames {
    fn default() -> Self {
        DocumentNames(FreeNames::new(BTreeSet::new(), MAX_NAME, ' '))
    }
}

impl DocumentNames {
    /// The name that the next document goes by.
    pub(super) fn next(&mut self, name: Option<&Text<'_>>) -> String {
        let name = name.map_or(Cow::Borrowed(""), |name| name.decode());
        self.0.take(&plain(&name))
    }
}

/// The name in letters, digits, single blanks, hyphens, parentheses and square brackets, without its ending.
fn plain(name: &str) -> String {
    let stem = match by_ending(name).and(name.rsplit_once('.')) {
        Some((stem, _)) => stem,
        None => name,
    };
    let mut plain = String::with_capacity(stem.len());
    for c in stem.chars() {
        let c = match c {
            c if c.is_whitespace() => ' ',
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '(' | ')' | '[' | ']' => c,
            _ => '-',
        };
        if !(c == ' ' && (plain.ends_with(' ') || plain.is_empty())) && plain.len() < MAX_NAME {
            plain.push(c);
        }
    }
    plain.truncate(plain.trim_end().len());
    if plain.is_empty() { "document".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tame_and_no_two_alike() {
        let mut names = DocumentNames::default();
        let mut next = |name: &'static str| names.next(Some(&Text::from(name)));
        assert_eq!(next("Q3  report_v2.final.pdf"), "Q3 report-v2-final");
        assert_eq!(next("Q3 report_v2.final.PDF"), "Q3 report-v2-final 2");
        assert_eq!(next("été\t(1) .md"), "-t- (1)");
        assert_eq!(next("  "), "document");
        assert_eq!(next(""), "document 2");
        let long: &'static str = Box::leak("x".repeat(300).into_boxed_str());
        assert_eq!(next(long).len(), 200);
        assert_eq!(next(long).len(), 200);
    }

    #[test]
    fn formats() {
        let source =
            |media_type: &'static str| Source::Base64 { media_type: media_type.into(), data: "".into() };
        let format =
            |media_type, name: &'static str| document_format(&source(media_type), Some(&name.into()));
        assert_eq!(format("application/pdf", ""), Some("pdf"));
        assert_eq!(format("application/octet-stream", "a.b.XLSX"), Some("xlsx"));
        assert_eq!(format("text/x-python", "a.py"), Some("txt"));
        assert_eq!(format("application/zip", "a.zip"), None);
        assert_eq!(document_format(&Source::Url("s3://b/k.docx".into()), None), Some("docx"));
        let images = [source("image/JPG"), source("image/bmp"), Source::Url("s3://b/k.webp".into())];
        assert_eq!(images.each_ref().map(image_format), [Some("jpeg"), None, Some("webp")]);
    }
}
