//! Goes where a rule says that texts are, and writes anew what changes.

use super::leaves::Leaves;
use super::shape::{ObjectShape, Rule, Speaks, StrandNumber};
use super::{Sort, Speaker, Strand, Word};
use crate::json::{Document, Kind, Raw, Text, Writer};
use std::borrow::Cow;

/// Shapes may be in themselves, as results are in results. What is deeper than any dialect has it is nobody's shape.
const DEEPEST: u8 = 12;

/// What is known of a text before it is read.
#[derive(Clone, Copy)]
pub(super) struct Expected<'n> {
    speaker: Speaker,
    strand: Strand,
    is_piece: bool,
    /// The name of an event, at its root.
    event: &'n str,
    depth: u8,
}

impl<'n> Expected<'n> {
    /// The root of a body.
    pub fn new(speaker: Speaker, event: &'n str) -> Expected<'n> {
        Expected { speaker, strand: Strand::default(), is_piece: false, event, depth: 0 }
    }

    fn numbered(mut self, number: StrandNumber, value: u64) -> Expected<'n> {
        match number {
            StrandNumber::Choice => self.strand.choice = value,
            StrandNumber::Item => self.strand.item = value,
            StrandNumber::Part => self.strand.part = value,
        }
        self
    }

    /// In an object of this shape.
    fn inside(self, shape: &ObjectShape, object: Raw<'_>) -> Expected<'n> {
        let whole = |name: &str| object.get(name).and_then(Raw::as_u64);
        let place = shape.numbers.iter().fold(self, |place, (number, name)| {
            whole(name).map_or(place, |value| place.numbered(*number, value))
        });
        let speaker = match shape.speaks {
            Speaks::Same => self.speaker,
            Speaks::As(speaker) => speaker,
            Speaks::Role => match string(object, "role").as_ref() {
                "system" | "developer" => Speaker::System,
                "assistant" => Speaker::Assistant,
                "tool" | "function" => Speaker::Tool,
                _ => Speaker::User,
            },
            Speaks::Result if string(object, "type").ends_with("tool_result") => Speaker::Tool,
            Speaks::Result => self.speaker,
        };
        Expected { speaker, event: "", depth: self.depth.saturating_add(1), ..place }
    }
}

/// A member that is a short string, or "".
fn string<'a>(object: Raw<'a>, name: &str) -> Cow<'a, str> {
    object.get(name).and_then(Raw::text).map(Text::into_decoded).unwrap_or_default()
}

/// How an object finds its shape.
#[derive(Clone, Copy)]
enum Shaping {
    Known(&'static ObjectShape),
    ByType(fn(&str) -> &'static ObjectShape),
}

/// See the module.
pub(super) struct Walk<'a, 'f> {
    root: Raw<'a>,
    change: &'f mut dyn FnMut(&Word<'_>) -> Option<String>,
    /// The body with its changes, up to `copied`.
    out: Vec<u8>,
    copied: usize,
}

impl<'a, 'f> Walk<'a, 'f> {
    pub fn new(root: Raw<'a>, change: &'f mut dyn FnMut(&Word<'_>) -> Option<String>) -> Walk<'a, 'f> {
        Walk { root, change, out: Vec::new(), copied: 0 }
    }

    /// The body with its changes, if there are any.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if self.copied == 0 {
            return None;
        }
        self.out.extend_from_slice(self.root.as_json().as_bytes().get(self.copied..)?);
        Some(self.out)
    }

    /// Goes into a value.
    pub fn go(&mut self, rule: &Rule, value: Raw<'a>, place: Expected<'_>) {
        match rule {
            Rule::Words(sort) => self.words(*sort, value, place),
            Rule::Encoded => self.encoded(value, place),
            Rule::Schema => self.schema(value, place),
            Rule::In(shape) => self.shaped(Shaping::Known(shape), value, place),
            Rule::Pieces(shape) => {
                self.shaped(Shaping::Known(shape), value, Expected { is_piece: true, ..place });
            }
            Rule::Whole(shape) => {
                self.shaped(Shaping::Known(shape), value, Expected { is_piece: false, ..place });
            }
            Rule::Pick(choose) => self.shaped(Shaping::ByType(*choose), value, place),
            Rule::Again(copy, rule) => {
                let strand = Strand { copy: *copy, ..place.strand };
                self.go(rule, value, Expected { strand, ..place });
            }
        }
    }

    fn shaped(&mut self, shaping: Shaping, value: Raw<'a>, place: Expected<'_>) {
        if place.depth >= DEEPEST {
            return self.words(Sort::Other, value, place);
        }
        if value.kind() != Kind::Array {
            return self.one(shaping, value, place, None);
        }
        for (position, item) in (0..).zip(value.items()) {
            self.one(shaping, item, place, Some(position));
        }
    }

    /// An object, or a string in its place.
    fn one(&mut self, shaping: Shaping, value: Raw<'a>, mut place: Expected<'_>, position: Option<u64>) {
        let shape = match shaping {
            Shaping::Known(shape) => shape,
            Shaping::ByType(choose) => match string(value, "type").as_ref() {
                "" => choose(place.event),
                kind => choose(kind),
            },
        };
        if let (Some(number), Some(position)) = (shape.counts, position) {
            place = place.numbered(number, position);
        }
        match value.kind() {
            Kind::Object => self.object(shape, value, place),
            Kind::String => {
                if let Some(sort) = shape.bare {
                    self.say(sort, value, place.inside(shape, Raw::NULL));
                }
            }
            // A list in a list has no meaning anywhere.
            _ => self.words(Sort::Other, value, place),
        }
    }

    fn object(&mut self, shape: &'static ObjectShape, object: Raw<'a>, place: Expected<'_>) {
        let place = place.inside(shape, object);
        for (name, value) in object.fields() {
            if let Some((_, rule)) = shape.told.iter().find(|(known, _)| name == *known) {
                self.go(rule, value, place);
            } else if !shape.silent.iter().copied().flatten().any(|known| name == *known) {
                self.words(Sort::Other, value, place);
            }
        }
    }

    /// A text, or each string in an object or a list: those are whole.
    fn words(&mut self, sort: Sort, value: Raw<'a>, place: Expected<'_>) {
        if value.kind() == Kind::String {
            return self.say(sort, value, place);
        }
        let place = Expected { is_piece: false, ..place };
        for leaf in Leaves::of(value) {
            let is_kind = sort == Sort::Other && leaf.name.is_some_and(|name| name == "type");
            if !is_kind {
                self.say(sort, leaf.literal, place);
            }
        }
    }

    /// What a schema describes with is for the model to read; the rest of it holds an answer to something.
    fn schema(&mut self, value: Raw<'a>, place: Expected<'_>) {
        for leaf in Leaves::of(value) {
            let is_named = |known: &str| leaf.name.as_ref().is_some_and(|name| *name == *known);
            if is_named("description") || is_named("title") {
                self.say(Sort::Description, leaf.literal, place);
            } else if !["type", "format", "$ref", "$schema", "$id"].into_iter().any(is_named) {
                self.say(Sort::Other, leaf.literal, place);
            }
        }
    }

    fn encoded(&mut self, value: Raw<'a>, place: Expected<'_>) {
        let text = value.text().filter(|_| !place.is_piece);
        let Some(json) = text.map(Text::into_decoded) else {
            return self.words(Sort::Arguments, value, place);
        };
        let document = Document::of(json.as_ref()).ok();
        let Some(root) = document.as_ref().map(Document::root).filter(|root| root.kind() == Kind::Object)
        else {
            return self.say(Sort::Arguments, value, place);
        };
        let mut walk = Walk::new(root, &mut *self.change);
        walk.words(Sort::Arguments, root, place);
        if let Some(edited) = walk.finish().and_then(|edited| String::from_utf8(edited).ok()) {
            self.replace(value, &edited);
        }
    }

    /// Shows a text. Media that stand in a string say that they do.
    fn say(&mut self, sort: Sort, literal: Raw<'a>, place: Expected<'_>) {
        let Some(text) = literal.text().filter(|text| !text.is_empty()) else { return };
        if sort == Sort::Other && is_media(&text) {
            return;
        }
        let Expected { speaker, strand, is_piece, .. } = place;
        let word = Word { speaker, sort, strand, is_piece, text };
        if let Some(other) = (self.change)(&word).filter(|other| word.text != *other.as_str()) {
            self.replace(literal, &other);
        }
    }

    /// Writes a text in place of a string of the body; they come in the body's order.
    fn replace(&mut self, literal: Raw<'a>, text: &str) {
        let bytes = self.root.as_json().as_bytes();
        let place = literal.as_json().as_ptr().addr().checked_sub(bytes.as_ptr().addr());
        let Some((start, before)) = place.and_then(|start| Some((start, bytes.get(self.copied..start)?)))
        else {
            return;
        };
        self.out.extend_from_slice(before);
        Writer::new(&mut self.out).string(text);
        self.copied = start.saturating_add(literal.as_json().len());
    }
}

/// Whether a text is a `data:` URL in base64, as an image or a file is.
fn is_media(text: &Text<'_>) -> bool {
    let (Ok(text) | Err(text)) = text.literal();
    text.starts_with("data:") && text.split_once(',').is_some_and(|(head, _)| head.ends_with(";base64"))
}
