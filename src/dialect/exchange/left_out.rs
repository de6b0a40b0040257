//! Pictures and sound in an answer whose caller's dialect has no place for them.
//!
//! They are never lost in silence: beside words, a line of text stands for them; an answer of nothing else is a failure, so that
//! another target is asked and nobody gets an empty success.

use crate::chat::{Event, Part, PartKind, Reply, Source};
use crate::dialect::seam::{Caller, Medium};
use crate::failure::Failure;
use crate::json::Text;

/// What a part is, of those that a dialect may have no place for.
fn media_of(kind: &PartKind<'_>) -> Option<(Medium, String)> {
    match kind {
        PartKind::Image { source: Source::Base64 { media_type, .. }, .. } => {
            Some((Medium::Picture, media_type.decode().into_owned()))
        }
        PartKind::Audio { format, .. } => Some((Medium::Sound, format!("audio/{}", format.decode()))),
        _ => None,
    }
}

fn note(kind: &str) -> String {
    format!("[{kind} left out: this API has no place for it in an answer]")
}

fn nothing_else(kind: &str) -> Failure {
    Failure::model(&format!("its answer is nothing but {kind}, for which the caller's API has no place"))
}

/// Puts a line of text where `caller` can have no picture or sound.
///
/// # Errors
/// The answer has nothing else.
pub(super) fn replace(reply: &mut Reply<'_>, caller: &dyn Caller) -> Result<(), Failure> {
    for choice in &mut reply.choices {
        let lost = |part: &Part<'_>| media_of(&part.kind).filter(|(media, _)| !caller.carries(*media));
        let Some((_, first)) = choice.parts.iter().find_map(lost) else { continue };
        let is_use = |part: &Part<'_>| lost(part).is_none() && !matches!(part.kind, PartKind::Thought(_));
        if !choice.parts.iter().any(is_use) {
            return Err(nothing_else(&first));
        }
        for part in &mut choice.parts {
            if let Some((_, kind)) = media_of(&part.kind).filter(|(media, _)| !caller.carries(*media)) {
                part.kind = PartKind::Text(Text::from(note(&kind)));
            }
        }
    }
    Ok(())
}

/// The same of a stream: the line stands at its end, as nobody knows before whether there will be words.
#[derive(Default)]
pub(super) struct LeftOut {
    kinds: Vec<String>,
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
        let (media, kind) = match event {
            Event::Image { media_type, .. } => (Medium::Picture, media_type.decode().into_owned()),
            Event::Audio { format, .. } => (Medium::Sound, format!("audio/{}", format.decode())),
            Event::Finish { choice: 0, .. } if !self.kinds.is_empty() => {
                let kinds = std::mem::take(&mut self.kinds);
                if !self.has_words {
                    return Err(nothing_else(kinds.first().map_or("media", String::as_str)));
                }
                let text =
                    Text::from(kinds.iter().map(|kind| format!("\n{}", note(kind))).collect::<String>());
                return Ok((true, Some(Event::Text { choice: 0, text })));
            }
            Event::Text { text, .. } | Event::Refusal { text, .. } => {
                self.has_words |= !text.is_empty();
                return Ok((true, None));
            }
            Event::ToolStart { .. } => {
                self.has_words = true;
                return Ok((true, None));
            }
            _ => return Ok((true, None)),
        };
        if caller.carries(media) {
            self.has_words = true;
            return Ok((true, None));
        }
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        Ok((false, None))
    }
}
