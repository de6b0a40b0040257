//! Media inside requests: data URLs and the types in them.

use crate::chat::Source;
use crate::json::{Text, Writer};
use std::borrow::Cow;

/// The base64 source in a `data:` URL ([RFC 2397](https://www.rfc-editor.org/rfc/rfc2397)), any other URL as it is.
///
/// A data URL without `;base64` is `None`: nobody takes percent-encoded media.
pub fn source_of_url(url: Text<'_>) -> Option<Source<'_>> {
    let decoded = url.into_decoded();
    let is_data = decoded.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_data {
        return Some(Source::Url(Text::from(decoded)));
    }
    match decoded {
        Cow::Borrowed(url) => {
            let (media_type, data) = split_data_url(url)?;
            Some(Source::Base64 { media_type: media_type.into(), data: data.into() })
        }
        Cow::Owned(url) => {
            let (media_type, data) = split_data_url(&url)?;
            Some(Source::Base64 { media_type: media_type.to_owned().into(), data: data.to_owned().into() })
        }
    }
}

/// The media type, without parameters, and the base64 data of a data URL.
fn split_data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.get(5..)?.split_once(',')?;
    let head = head.strip_suffix(";base64").or_else(|| head.strip_suffix(";BASE64"))?;
    let media_type = head.split_once(';').map_or(head, |(media_type, _)| media_type);
    Some((if media_type.is_empty() { "text/plain" } else { media_type }, data))
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
        assert_eq!(source("data:image/png;base64,iVBOR"), base64("image/png", "iVBOR"));
        assert_eq!(source("DATA:application/pdf;name=a.pdf;base64,JVB"), base64("application/pdf", "JVB"));
        assert_eq!(source("data:;base64,aGk="), base64("text/plain", "aGk="));
        assert_eq!(source("data:text/plain,hi%20there"), None);
        assert_eq!(source("https://e.test/a.png"), Some(Source::Url("https://e.test/a.png".into())));
    }

    #[test]
    fn writes() {
        let mut out = Vec::new();
        write_data_url(&mut Writer::new(&mut out), &"image/png".into(), &"iVBOR".into());
        assert_eq!(out, br#""data:image/png;base64,iVBOR""#);
    }
}
