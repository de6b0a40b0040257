//! Media inside requests: data URLs and the types in them.

use super::base64::decode;
use crate::chat::Source;
use crate::json::{Text, Writer};
use std::borrow::Cow;

/// The base64 source in a `data:` URL ([RFC 2397](https://www.rfc-editor.org/rfc/rfc2397)), any other URL as it is.
///
/// OpenAI looks at what the data is and not at what it is called, and takes base64 as programs write it; others reject
/// what is called something else, or is broken into lines. So both come out of here as all providers take them.
///
/// A data URL without `;base64` is `None`: nobody takes percent-encoded media.
pub fn source_of_url(url: Text<'_>) -> Option<Source<'_>> {
    let is_literal = url.literal().is_ok();
    let decoded = url.into_decoded();
    let is_data = decoded.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_data {
        return Some(Source::Url(Text::from(decoded)));
    }
    let (media_type, data) = match decoded {
        Cow::Borrowed(url) => read_data_url(url)?,
        Cow::Owned(url) => {
            let (media_type, data) = read_data_url(&url)?;
            (Cow::Owned(media_type.into_owned()), Cow::Owned(data.into_owned()))
        }
    };
    // Megabytes that are looked through here once, if at all, and not each time that they are weighed or written.
    let data = match data {
        Cow::Borrowed(data) if is_literal => Text::encoded(data),
        data => Text::from(data).settled(),
    };
    Some(Source::Base64 { media_type: media_type.into(), data })
}

/// The source of base64 that is called `declared`, by what it is as [`source_of_url`] does.
pub fn source_of_base64<'a>(declared: &'static str, data: Text<'a>) -> Source<'a> {
    let is_literal = data.literal().is_ok();
    let decoded = data.into_decoded();
    let tidy = match tidied(&decoded) {
        Cow::Borrowed(tidy) if tidy.len() == decoded.len() => None,
        tidy => Some(tidy.into_owned()),
    };
    let media_type = kind_of(tidy.as_deref().unwrap_or(&decoded)).unwrap_or(declared);
    let data = match (tidy, decoded) {
        (None, Cow::Borrowed(data)) if is_literal => Text::encoded(data),
        (None, data) => Text::from(data).settled(),
        (Some(tidy), _) => Text::from(tidy).settled(),
    };
    Source::Base64 { media_type: media_type.into(), data }
}

/// An image as a part in OpenAI's form, which others have taken over.
pub fn write_image_url(source: &Source<'_>, detail: Option<&Text<'_>>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("image_url");
        w.key("image_url").object(|w| {
            write_address(source, w.key("url"));
            if let Some(detail) = detail {
                w.key("detail").text(detail);
            }
        });
    });
}

/// A picture's address; with its bytes in it, where these are here.
pub fn write_address(source: &Source<'_>, w: &mut Writer<'_>) {
    match source {
        Source::Base64 { media_type, data } => write_data_url(w, media_type, data),
        Source::Url(url) | Source::File(url) | Source::Text(url) => w.text(url),
    }
}

/// The media type, without parameters, and the base64 data of a data URL.
fn read_data_url(url: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (head, data) = url.trim_start().get(5..)?.split_once(',')?;
    let mut words = head.split(';').map(str::trim);
    let declared = words.next().unwrap_or_default();
    if !words.next_back()?.eq_ignore_ascii_case("base64") {
        return None;
    }
    let data = tidied(data);
    let media_type = match kind_of(&data) {
        Some(kind) => Cow::Borrowed(kind),
        None if declared.is_empty() => Cow::Borrowed("text/plain"),
        None if declared.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(declared.to_ascii_lowercase())
        }
        None => Cow::Borrowed(declared),
    };
    Some((media_type, data))
}

/// What data is by its first bytes, of what providers are particular about.
fn kind_of(data: &str) -> Option<&'static str> {
    // The first bytes of each format, in base64; of WebP those after its length, too.
    const KINDS: [(&str, &str); 4] = [
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGODlh", "image/gif"),
        ("JVBERi0", "application/pdf"),
    ];
    let found = KINDS.iter().find(|(start, _)| data.starts_with(start)).map(|(_, kind)| *kind);
    let is_webp = || data.starts_with("UklGR") && data.get(11..16) == Some("XRUJQ");
    found.or_else(|| is_webp().then_some("image/webp"))
}

/// Base64 in one line, in its usual letters and with its padding.
fn tidied(data: &str) -> Cow<'_, str> {
    let data = data.trim();
    let bytes = data.as_bytes();
    let is_tidy = data.len().is_multiple_of(4)
        && memchr::memchr3(b'\n', b' ', b'\r', bytes).is_none()
        && memchr::memchr2(b'-', b'_', bytes).is_none();
    if is_tidy {
        return Cow::Borrowed(data);
    }
    let letters = data.chars().filter(|letter| !letter.is_ascii_whitespace());
    let mut out: String = letters
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    match out.len() % 4 {
        2 => out.push_str("=="),
        3 => out.push('='),
        _ => {}
    }
    Cow::Owned(out)
}

/// The words of a document, if it is nothing but words.
pub(in crate::dialect) fn plain_text<'r>(source: &'r Source<'r>) -> Option<Text<'r>> {
    match source {
        Source::Text(text) => Some(text.clone()),
        Source::Base64 { media_type, data } => {
            let media_type = media_type.decode();
            let is_text = media_type.starts_with("text/") || media_type == "application/json";
            let bytes = is_text.then(|| decode(&data.decode())).flatten()?;
            String::from_utf8(bytes).ok().map(Text::from)
        }
        Source::Url(_) | Source::File(_) => None,
    }
}

/// Writes a base64 source as a `data:` URL.
pub fn write_data_url(w: &mut Writer<'_>, media_type: &Text<'_>, data: &Text<'_>) {
    w.texts([&Text::from("data:"), media_type, &Text::from(";base64,"), data]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &'static str) -> Option<Source<'static>> {
        source_of_url(Text::from(url))
    }

    fn base64(media_type: &'static str, data: &'static str) -> Option<Source<'static>> {
        Some(Source::Base64 { media_type: media_type.into(), data: data.into() })
    }

    #[test]
    fn urls() {
        assert_eq!(source("data:image/png;base64,iVBO"), base64("image/png", "iVBO"));
        assert_eq!(source("DATA:application/pdf;name=a.pdf;base64,JVBE"), base64("application/pdf", "JVBE"));
        assert_eq!(source("data:;base64,aGk="), base64("text/plain", "aGk="));
        assert_eq!(source("data:text/plain,hi%20there"), None);
        assert_eq!(source("https://e.test/a.png"), Some(Source::Url("https://e.test/a.png".into())));
    }

    #[test]
    fn types_are_what_the_data_is() {
        let png = "iVBORw0KGgoAAAAN";
        for declared in ["image/jpeg", "IMAGE/PNG", "application/octet-stream", "", "image/png;charset=utf-8"]
        {
            let url = format!("data:{declared};base64,{png}");
            assert_eq!(source_of_url(Text::from(url.as_str())), base64("image/png", png), "{declared}");
        }
        assert_eq!(
            source("data:image/png;base64,UklGRhoAAABXRUJQVlA4"),
            base64("image/webp", "UklGRhoAAABXRUJQVlA4")
        );
        assert_eq!(source("data:audio/WAV;base64,UklGRhoAAABXQVZF"), base64("audio/wav", "UklGRhoAAABXQVZF"));
    }

    #[test]
    fn data_is_tidied() {
        for (written, data) in [
            ("iVBO\nRw0K\r\nGgo=\n", "iVBORw0KGgo="),
            (" iVBORw0KGgo= ", "iVBORw0KGgo="),
            ("iVBORw0KGgo", "iVBORw0KGgo="),
            ("Zg", "Zg=="),
            ("-_-_", "+/+/"),
            ("", ""),
        ] {
            let url = format!("data:image/heic;base64,{written}");
            let Some(Source::Base64 { data: tidy, .. }) = source_of_url(Text::from(url.as_str())) else {
                panic!("{written}")
            };
            assert_eq!(tidy.decode(), data);
        }
    }

    #[test]
    fn base64_without_an_address() {
        let of = |data: &'static str| Some(source_of_base64("image/webp", Text::from(data)));
        assert_eq!(of("/9j/4AAQ"), base64("image/jpeg", "/9j/4AAQ"));
        assert_eq!(of(" /9j/4A\n"), base64("image/jpeg", "/9j/4A=="));
        assert_eq!(of("AAAA"), base64("image/webp", "AAAA"));
        assert_eq!(of(""), base64("image/webp", ""));
    }

    #[test]
    fn writes() {
        let mut out = Vec::new();
        write_data_url(&mut Writer::new(&mut out), &"image/png".into(), &"iVBOR".into());
        assert_eq!(out, br#""data:image/png;base64,iVBOR""#);
    }
}
