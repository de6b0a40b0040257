//! Pictures and sound in an answer whose caller's dialect has no place for them.
//!
//! They are never lost in silence: beside words, a line of text stands for them; an answer of nothing else is a failure, so that
//! another target is asked and nobody gets an empty success.

use super::told;
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
                (Medium::Picture, Note { kind: short(&media_type.decode()), address: None })
            }
            Source::Url(at) | Source::File(at) | Source::Text(at) => {
                let at = at.decode();
                // Not one that can be fetched: a picture that could not be read.
                if let Some(kind) = kind_of_data(&at) {
                    return (Medium::LinkedPicture, Note { kind: short(kind), address: None });
                }
                let note = Note { kind: "image".to_owned(), address: Some(at.into_owned()) };
                (Medium::LinkedPicture, note)
            }
        }
    }

    fn of_sound(format: &Text<'_>) -> (Medium, Note) {
        let kind = match format.is_empty() {
            true => "audio".to_owned(),
            false => format!("audio/{}", short(&format.decode())),
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

/// The kinds that an answer is told to have lost, whatever a server makes up; and a kind's characters.
const MOST_KINDS: usize = 8;
const MOST_OF_KIND: usize = 64;

/// The kind of a `data:` URL.
fn kind_of_data(url: &str) -> Option<&str> {
    let (scheme, rest) = url.trim_start().split_once(':')?;
    let kind = rest.split([';', ',']).next().filter(|kind| !kind.is_empty()).unwrap_or("image");
    scheme.eq_ignore_ascii_case("data").then_some(kind)
}

fn short(kind: &str) -> String {
    kind.chars().take(MOST_OF_KIND).collect()
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

/// What becomes of an event of a stream.
pub(super) enum Carried {
    /// It goes to the caller.
    AsItIs,
    /// It goes to the caller after this.
    After(Event<'static>),
    /// This goes to the caller in its place.
    Instead(Event<'static>),
    Nothing,
}

/// The same of a stream. A line with an address stands where the picture would; the others stand at its end, as nobody knows before
/// whether there will be words.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Of each kind.
    kinds: Vec<String>,
    /// Something else was said or called.
    has_words: bool,
}

impl LeftOut {
    /// What of the event goes to the caller.
    ///
    /// # Errors
    /// The answer ends and has nothing else.
    pub(super) fn take(&mut self, event: &Event<'_>, caller: &dyn Caller) -> Result<Carried, Failure> {
        if let Some(told) = told::instead(event, caller) {
            self.has_words = true;
            return Ok(Carried::Instead(told));
        }
        let (medium, note) = match event {
            Event::Image { choice: 0, source } => Note::of_image(source),
            Event::Audio { choice: 0, format, .. } => Note::of_sound(format),
            Event::Finish { choice: 0, .. } => {
                return self.rest().map(|rest| rest.map_or(Carried::AsItIs, Carried::After));
            }
            Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => {
                self.has_words |= !text.is_empty();
                return Ok(Carried::AsItIs);
            }
            Event::ToolStart { choice: 0, .. }
            | Event::Code { choice: 0, .. }
            | Event::CodeOutcome { choice: 0, .. } => {
                self.has_words = true;
                return Ok(Carried::AsItIs);
            }
            _ => return Ok(Carried::AsItIs),
        };
        if caller.carries(medium) {
            self.has_words = true;
            return Ok(Carried::AsItIs);
        }
        if note.address.is_some() {
            let line_break = if std::mem::replace(&mut self.has_words, true) { "\n" } else { "" };
            let text = Text::from(format!("{line_break}{}", note.text()));
            return Ok(Carried::Instead(Event::Text { choice: 0, text }));
        }
        let kind = if self.kinds.len() < MOST_KINDS { note.kind } else { "other media".to_owned() };
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        Ok(Carried::Nothing)
    }

    /// What was left out and not told so far: for the end of the choice, and once more for the end of the stream, as a server may
    /// send something behind the reason why it ended.
    ///
    /// # Errors
    /// The answer has nothing else.
    pub(super) fn rest(&mut self) -> Result<Option<Event<'static>>, Failure> {
        let kinds = std::mem::take(&mut self.kinds);
        let Some(first) = kinds.first() else { return Ok(None) };
        if !self.has_words {
            return Err(nothing_else(first));
        }
        let lines = kinds.into_iter().map(|kind| format!("\n{}", Note { kind, address: None }.text()));
        Ok(Some(Event::Text { choice: 0, text: Text::from(lines.collect::<String>()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Finish;
    use crate::dialect::anthropic;

    /// What a caller without pictures gets of the events, or the failure.
    fn told(events: &[Event<'_>]) -> Result<String, String> {
        let mut left_out = LeftOut::default();
        let mut all = String::new();
        let mut say = |event: &Event<'_>| match event {
            Event::Text { text, .. } => all.push_str(&text.decode()),
            Event::Finish { .. } => all.push('.'),
            other => all.push_str(&format!("{other:?}")),
        };
        for event in events {
            match left_out.take(event, &anthropic::NATIVE).map_err(|failure| failure.message)? {
                Carried::AsItIs => say(event),
                Carried::After(first) => {
                    say(&first);
                    say(event);
                }
                Carried::Instead(other) => say(&other),
                Carried::Nothing => {}
            }
        }
        left_out.rest().map_err(|failure| failure.message)?.iter().for_each(say);
        Ok(all)
    }

    fn text(said: &str) -> Event<'_> {
        Event::Text { choice: 0, text: Text::from(said) }
    }

    fn linked(url: &str) -> Event<'_> {
        Event::Image { choice: 0, source: Source::Url(Text::from(url)) }
    }

    fn sound(format: &str) -> Event<'_> {
        Event::Audio { choice: 0, data: Text::from("AAAA"), format: Text::from(format) }
    }

    const END: Event<'_> = Event::Finish { choice: 0, finish: Finish::Stop };

    #[test]
    fn a_line_stands_for_each_picture_with_an_address_and_for_each_other_kind() {
        let lost = |kind: &str| format!("[{kind} left out: this API has no place for it in an answer]");
        assert_eq!(told(&[linked("https://a.b"), text("x"), linked("https://c.d"), END]).unwrap(), {
            "[image: https://a.b]x\n[image: https://c.d]."
        });
        let both = told(&[text("x"), sound("wav"), sound("wav"), sound(""), END]).unwrap();
        assert_eq!(both, format!("x\n{}\n{}.", lost("audio/wav"), lost("audio")));
        // What comes behind the end is told, and is a failure where it is all there is.
        assert_eq!(told(&[text("x"), END, linked("https://a.b")]).unwrap(), "x.\n[image: https://a.b]");
        assert_eq!(told(&[text("x"), END, sound("")]).unwrap(), format!("x.\n{}", lost("audio")));
        // A picture that could not be read has no address.
        let unread = told(&[text("x"), linked("data:image/svg+xml,%3Csvg/%3E"), END]).unwrap();
        assert_eq!(unread, format!("x\n{}.", lost("image/svg+xml")));
        assert!(told(&[END, sound("")]).unwrap_err().contains("nothing but audio"));
        assert!(told(&[sound(""), END]).unwrap_err().contains("nothing but audio"));
    }

    #[test]
    fn a_server_that_makes_up_kinds_is_told_of_some() {
        let kinds: Vec<String> = (0..100).map(|n| format!("{n}{}", "x".repeat(1000))).collect();
        let mut events = vec![text("x")];
        events.extend(kinds.iter().map(|kind| sound(kind)));
        events.push(END);
        let told = told(&events).unwrap();
        assert_eq!(told.lines().count(), 1 + MOST_KINDS + 1, "{told}");
        assert!(
            told.ends_with("[other media left out: this API has no place for it in an answer]."),
            "{told}"
        );
        assert!(told.len() < 2000, "{told}");
    }
}
