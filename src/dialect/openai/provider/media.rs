//! Pictures and speech of an answer.
//!
//! Pictures are `images` beside the content, as OpenRouter has them (<https://openrouter.ai/docs/features/multimodal/image-generation>)
//! and whoever took it over, or pieces of the content. Speech is `audio`, whose `transcript` is what the model said: words, for a
//! caller whose dialect has no sound.

use crate::chat::{Event, Part, PartKind, Source};
use crate::dialect::seam::Sink;
use crate::dialect::source_of_url;
use crate::json::{Raw, Text};

/// The picture of an entry of `images` or of a piece of the content; Mistral writes the address without an object around it.
pub(super) fn picture(of: Raw<'_>) -> Option<Source<'_>> {
    let image = of.present("image_url")?;
    let url = image.text().or_else(|| image.get("url")?.text())?;
    // What can't be read of it is told all the same, as it is.
    let source = source_of_url(url.clone()).unwrap_or(Source::Url(url));
    Some(source).filter(|source| match source {
        Source::Base64 { data, .. } => !data.is_empty(),
        Source::Url(url) | Source::File(url) | Source::Text(url) => !url.is_empty(),
    })
}

/// An answer's `audio` member: what was said, and the sound. Its encoding is not told, only asked for.
struct Speech<'a> {
    transcript: Option<Text<'a>>,
    data: Option<Text<'a>>,
}

impl<'a> Speech<'a> {
    fn of(audio: Raw<'a>) -> Speech<'a> {
        let text = |name| audio.get(name).and_then(Raw::text).filter(|text| !text.is_empty());
        Speech { transcript: text("transcript"), data: text("data") }
    }
}

/// Adds those of a whole answer.
pub(super) fn read<'a>(images: Raw<'a>, audio: Raw<'a>, parts: &mut Vec<Part<'a>>) {
    let image = |source| PartKind::Image { source, detail: None }.into();
    parts.extend(images.items().filter_map(picture).map(image));
    let Speech { transcript, data } = Speech::of(audio);
    parts.extend(transcript.map(|text| PartKind::Text(text).into()));
    parts.extend(data.map(|data| PartKind::Audio { data, format: Text::default() }.into()));
}

/// Tells those of an event; words go where the words of the content go.
pub(super) fn emit(
    choice: u32,
    (images, audio): (Raw<'_>, Raw<'_>),
    say: impl FnOnce(&Text<'_>),
    sink: &mut Sink<'_>,
) {
    images.items().filter_map(picture).for_each(|source| sink(Event::Image { choice, source }));
    let Speech { transcript, data } = Speech::of(audio);
    if let Some(text) = transcript {
        say(&text);
        sink(Event::Text { choice, text });
    }
    if let Some(data) = data {
        sink(Event::Audio { choice, data, format: Text::default() });
    }
}
