//! Pictures and sound in an answer whose caller's dialect has no place for them.
//!
//! They are never lost in silence: beside words, a line of text stands for them; an answer of nothing else is a failure, so that
//! another target is asked and nobody gets an empty success.

use crate::chat::{Event, Part, PartKind, Reply, Source};
use crate::dialect::seam::{Caller, Medium};
use crate::failure::Failure;
use crate::json::Text;

/// What stands for a picture or sound.
struct Note {
    /// Such as `image/png`.
    kind: String,
    /// Where it can be fetched: then nothing is lost.
    address: Option<String>,
}

impl Note {
    fn of_image(source: &Source<'_>) -> (Medium, Note) {
        match source {
            Source::Base64 { media_type, .. } => {
                (Medium::Picture, Note { kind: media_type.decode().into_owned(), address: None })
            }
            Source::Url(at) | Source::File(at) | Source::Text(at) => {
                let note = Note { kind: "image".to_owned(), address: Some(at.decode().into_owned()) };
                (Medium::LinkedPicture, note)
            }
        }
    }

    fn of_sound(format: &Text<'_>) -> (Medium, Note) {
        let kind = match format.is_empty() {
            true => "audio".to_owned(),
            false => format!("audio/{}", format.decode()),
        };
        (Medium::Sound, Note { kind, address: None })
    }

    fn text(&self) -> String {
        match &self.address {
            Some(address) => format!("[{}: {address}]", self.kind),
            None => format!("[{} left out: this API has no place for it in an answer]", self.kind),
        }
    }
}

/// The note on a part for which `caller` has no place.
fn lost(part: &Part<'_>, caller: &dyn Caller) -> Option<Note> {
    let (medium, note) = match &part.kind {
        PartKind::Image { source, .. } => Note::of_image(source),
        PartKind::Audio { format, .. } => Note::of_sound(format),
        _ => return None,
    };
    (!caller.carries(medium)).then_some(note)
}

fn nothing_else(kind: &str) -> Failure {
    Failure::model(&format!("its answer is nothing but {kind}, for which the caller's API has no place"))
}

/// Puts a line of text where `caller` can have no picture or sound. Who can't has the first choice and no other.
///
/// # Errors
/// The answer has nothing else.
pub(super) fn replace(reply: &mut Reply<'_>, caller: &dyn Caller) -> Result<(), Failure> {
    let Some(choice) = reply.choices.first_mut() else { return Ok(()) };
    let Some(first) = choice.parts.iter().find_map(|part| lost(part, caller)) else { return Ok(()) };
    let is_use = |part: &Part<'_>| match lost(part, caller) {
        Some(note) => note.address.is_some(),
        None => !matches!(part.kind, PartKind::Thought(_)),
    };
    if !choice.parts.iter().any(is_use) {
        return Err(nothing_else(&first.kind));
    }
    for part in &mut choice.parts {
        if let Some(note) = lost(part, caller) {
            part.kind = PartKind::Text(Text::from(note.text()));
        }
    }
    Ok(())
}

/// The same of a stream: the line stands at its end, as nobody knows before whether there will be words.
#[derive(Default)]
pub(super) struct LeftOut {
    notes: Vec<Note>,
    /// Something else was said or called.
    has_words: bool,
}

impl LeftOut {
    /// Whether the event goes to the caller; where it ends the answer, `first` goes before it.
    ///
    /// # Errors
    /// The answer ends and has nothing else.
    pub(super) fn take(
        &mut self,
        event: &Event<'_>,
        caller: &dyn Caller,
    ) -> Result<(bool, Option<Event<'static>>), Failure> {
        let (medium, note) = match event {
            Event::Image { choice: 0, source } => Note::of_image(source),
            Event::Audio { choice: 0, format, .. } => Note::of_sound(format),
            Event::Finish { choice: 0, .. } if !self.notes.is_empty() => {
                return self.tell().map(|text| (true, Some(Event::Text { choice: 0, text })));
            }
            Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => {
                self.has_words |= !text.is_empty();
                return Ok((true, None));
            }
            Event::ToolStart { choice: 0, .. } => {
                self.has_words = true;
                return Ok((true, None));
            }
            _ => return Ok((true, None)),
        };
        if caller.carries(medium) {
            self.has_words = true;
            return Ok((true, None));
        }
        self.has_words |= note.address.is_some();
        // Each address is its own; of the others one of a kind is enough.
        let is_known = |known: &Note| known.kind == note.kind && known.address.is_none();
        if note.address.is_some() || !self.notes.iter().any(is_known) {
            self.notes.push(note);
        }
        Ok((false, None))
    }

    fn tell(&mut self) -> Result<Text<'static>, Failure> {
        let notes = std::mem::take(&mut self.notes);
        if !self.has_words {
            return Err(nothing_else(notes.first().map_or("media", |note| &note.kind)));
        }
        Ok(Text::from(notes.iter().map(|note| format!("\n{}", note.text())).collect::<String>()))
    }
}
