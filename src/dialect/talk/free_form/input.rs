//! The text in the arguments of a free-form tool that went out as a function, while they come.

use crate::chat::FREE_FORM_INPUT;
use crate::json::{Kind, Raw, Text};

/// Takes the text out of the arguments as they come: right at any split of them.
#[derive(Debug, Default)]
pub(super) struct FreeFormInput {
    state: Reading,
    /// The arguments so far, until the text begins: what they are if it never does.
    raw: String,
    /// The key that is being read, or was read last.
    key: String,
    /// The first half of a character that is written as two escapes.
    half: Option<u32>,
    has_begun: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// Before the object.
    #[default]
    Start,
    /// Before a key, or the end.
    Member,
    Key {
        is_escaped: bool,
    },
    Colon,
    Value,
    /// Another member's value: how many brackets are open in it, and whether a string.
    Other {
        depth: u32,
        in_string: bool,
        is_escaped: bool,
    },
    Text,
    Escape,
    Hex {
        left: u8,
        value: u32,
    },
    /// All that follows is no part of it.
    Over,
}

impl FreeFormInput {
    /// What of the text a piece of the arguments holds.
    pub(super) fn feed(&mut self, piece: &str) -> String {
        let mut out = String::new();
        if !self.has_begun {
            self.raw.push_str(piece);
        }
        for letter in piece.chars() {
            self.state = self.step(letter, &mut out);
        }
        out
    }

    /// What is still to be said when all arguments are there. Where they had no such text, all of them are it, or the only text in
    /// them: some models give the argument a name of their own.
    pub(super) fn finish(self) -> String {
        if self.has_begun {
            return self.half.map(|_| char::REPLACEMENT_CHARACTER.to_string()).unwrap_or_default();
        }
        let Ok(raw) = Raw::parse(self.raw.as_bytes()) else { return self.raw };
        let mut members = raw.fields().map(|(_, value)| value);
        match (raw.kind(), members.next(), members.next()) {
            (Kind::Object, None, _) => String::new(),
            (Kind::Object, Some(only), None) if only.kind() == Kind::String => {
                only.text().map(Text::into_string).unwrap_or_default()
            }
            (Kind::String, ..) => raw.text().map(Text::into_string).unwrap_or_default(),
            (Kind::Null, ..) => String::new(),
            _ => self.raw,
        }
    }

    fn step(&mut self, letter: char, out: &mut String) -> Reading {
        match (self.state, letter) {
            (Reading::Text, _) => self.text(letter, out),
            (Reading::Escape, _) => self.escape(letter, out),
            (Reading::Hex { left, value }, _) => self.hex(letter, left, value, out),
            (Reading::Over, _) => Reading::Over,
            (Reading::Key { is_escaped: false }, '"') => Reading::Colon,
            (Reading::Key { is_escaped }, _) => {
                self.key.push(letter);
                Reading::Key { is_escaped: !is_escaped && letter == '\\' }
            }
            (Reading::Other { .. }, _) => self.other(letter),
            (state, _) if letter.is_ascii_whitespace() => state,
            (Reading::Start, '{') | (Reading::Member, ',') => Reading::Member,
            (Reading::Member, '"') => {
                self.key.clear();
                Reading::Key { is_escaped: false }
            }
            (Reading::Colon, ':') => Reading::Value,
            (Reading::Value, '"') if self.key == FREE_FORM_INPUT => {
                self.has_begun = true;
                self.raw = String::new();
                Reading::Text
            }
            (Reading::Value, _) => {
                self.state = Reading::Other { depth: 0, in_string: false, is_escaped: false };
                self.other(letter)
            }
            _ => Reading::Over,
        }
    }

    fn other(&self, letter: char) -> Reading {
        let Reading::Other { depth, in_string, is_escaped } = self.state else { return self.state };
        let goes_on = |depth, in_string| Reading::Other { depth, in_string, is_escaped: false };
        match letter {
            _ if is_escaped => goes_on(depth, true),
            '\\' if in_string => Reading::Other { depth, in_string, is_escaped: true },
            '"' => goes_on(depth, !in_string),
            _ if in_string => goes_on(depth, true),
            '{' | '[' => goes_on(depth.saturating_add(1), false),
            ',' if depth == 0 => Reading::Member,
            '}' | ']' if depth == 0 => Reading::Over,
            '}' | ']' => goes_on(depth.saturating_sub(1), false),
            _ => goes_on(depth, false),
        }
    }

    fn text(&mut self, letter: char, out: &mut String) -> Reading {
        if letter == '\\' {
            return Reading::Escape;
        }
        self.say(None, out);
        if letter == '"' {
            return Reading::Over;
        }
        out.push(letter);
        Reading::Text
    }

    fn escape(&mut self, letter: char, out: &mut String) -> Reading {
        if letter == 'u' {
            return Reading::Hex { left: 4, value: 0 };
        }
        self.say(None, out);
        out.push(match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            // Itself, also where nothing had to be escaped.
            other => other,
        });
        Reading::Text
    }

    fn hex(&mut self, letter: char, left: u8, value: u32, out: &mut String) -> Reading {
        // A slip of the model's: the letter stands for itself.
        let Some(digit) = letter.to_digit(16) else {
            self.say(None, out);
            out.push(char::REPLACEMENT_CHARACTER);
            return self.text(letter, out);
        };
        let value = value.wrapping_mul(16).wrapping_add(digit);
        if left > 1 {
            return Reading::Hex { left: left - 1, value };
        }
        self.say(Some(value), out);
        Reading::Text
    }

    /// Says a code unit, and before it a half character that it is no half of.
    fn say(&mut self, unit: Option<u32>, out: &mut String) {
        const FIRST: std::ops::Range<u32> = 0xD800..0xDC00;
        const SECOND: std::ops::Range<u32> = 0xDC00..0xE000;
        if let (Some(first), Some(second)) = (self.half, unit.filter(|unit| SECOND.contains(unit))) {
            let both = 0x1_0000 + ((first - FIRST.start) << 10) + (second - SECOND.start);
            out.push(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER));
            self.half = None;
            return;
        }
        if self.half.take().is_some() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
        match unit {
            Some(unit) if FIRST.contains(&unit) => self.half = Some(unit),
            Some(unit) => out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
            None => {}
        }
    }
}
