//! Free-form tools: their input is a text and no JSON (OpenAI's custom tools, such as Codex's `apply_patch`).
//!
//! Most dialects have none, so such a tool goes out as a function with one argument, which holds the text, as Codex itself offers it
//! to models without them (<https://github.com/openai/codex/pull/2576>). In the answer its call is one of the free-form tool again:
//! Codex takes no JSON for it (<https://github.com/Anionex/agent-vision-toolkit/pull/6>).

use crate::chat::{Arguments, Event, Grammar, PartKind, Reply, Request, ToolKind};
use crate::dialect::seam::{FreeForm, Memo};
use crate::json::{Kind, Raw, Text};
use std::collections::BTreeMap;

/// The name of the argument.
const INPUT: &str = crate::chat::FREE_FORM_INPUT;

const SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The tool's whole input, as plain text."}},"required":["input"],"additionalProperties":false}"#;

/// The request's free-form tools, by name, for [`Memo::free_form`].
pub fn free_form_of(request: &Request<'_>) -> FreeForm {
    let tools = request.tools.iter().filter(|tool| matches!(tool.kind, ToolKind::FreeForm { .. }));
    FreeForm { names: tools.map(|tool| tool.name.decode().into_owned()).collect(), as_functions: false }
}

/// Whether the request has such tools, or calls of such.
pub fn has_free_form(request: &Request<'_>) -> bool {
    let is_call = |kind: &PartKind<'_>| matches!(kind, PartKind::ToolCall(call) if matches!(call.arguments, Arguments::FreeForm(_)));
    request.tools.iter().any(|tool| matches!(tool.kind, ToolKind::FreeForm { .. }))
        || request.messages.iter().flat_map(|message| &message.parts).any(|part| is_call(&part.kind))
}

/// Makes functions of the request's free-form tools and of their calls.
pub fn as_functions(request: &mut Request<'_>) {
    for tool in &mut request.tools {
        let ToolKind::FreeForm { grammar } = &tool.kind else { continue };
        let description = described(tool.description.as_ref(), grammar.as_ref());
        tool.description = Some(Text::from(description));
        tool.kind = ToolKind::Function { schema: Some(Raw::trusted(SCHEMA)), strict: None };
    }
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let PartKind::ToolCall(call) = &mut part.kind
            && let Arguments::FreeForm(_) = &call.arguments
        {
            call.arguments = Arguments::Encoded(Text::from(call.arguments.text().into_string()));
        }
    }
}

/// The model must know what it writes, and where.
fn described(description: Option<&Text<'_>>, grammar: Option<&Grammar<'_>>) -> String {
    let mut told = description.map(|said| said.decode().into_owned()).unwrap_or_default();
    if !told.is_empty() {
        told.push_str("\n\n");
    }
    told.push_str(
        "Call it with its whole input as one text in the argument `input`: plain text, no JSON inside.",
    );
    if let Some(Grammar { syntax, definition }) = grammar {
        told.push_str(&format!(
            " The text must match this grammar ({}):\n\n{}",
            syntax.decode(),
            definition.decode()
        ));
    }
    told
}

/// Gives calls of tools that went out as functions their form back.
pub fn restore(reply: &mut Reply<'_>, memo: &Memo) {
    if !memo.free_form.as_functions {
        return;
    }
    for part in reply.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        if let PartKind::ToolCall(call) = &mut part.kind
            && memo.free_form.has(&call.name)
        {
            let mut input = FreeFormInput::default();
            let mut text = input.feed(&call.arguments.text().decode());
            text.push_str(&input.finish());
            call.arguments = Arguments::FreeForm(Text::from(text));
        }
    }
}

/// The same in a stream: between its reader and its writer.
pub struct FreeFormCalls {
    free_form: FreeForm,
    /// Those that are being made, by choice and number.
    open: BTreeMap<(u32, u32), FreeFormInput>,
}

impl FreeFormCalls {
    /// `None` where no tool went out as a function.
    pub fn of(memo: &Memo) -> Option<FreeFormCalls> {
        let free_form = memo.free_form.clone();
        free_form.as_functions.then(|| FreeFormCalls { free_form, open: BTreeMap::new() })
    }

    /// Passes an event on, as the caller is to have it.
    pub fn pass(&mut self, event: Event<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        match &event {
            Event::ToolStart { choice, index, name, .. } if self.free_form.has(name) => {
                self.open.insert((*choice, *index), FreeFormInput::default());
            }
            Event::ToolArguments { choice, index, fragment } => {
                if let Some(input) = self.open.get_mut(&(*choice, *index)) {
                    let fragment = Text::from(input.feed(&fragment.decode()));
                    if !fragment.is_empty() {
                        sink(Event::ToolArguments { choice: *choice, index: *index, fragment });
                    }
                    return;
                }
            }
            Event::Finish { choice, .. } => self.close(Some(*choice), sink),
            _ => {}
        }
        sink(event);
    }

    /// What the calls still have to say, of one choice or of all.
    pub fn close(&mut self, of: Option<u32>, sink: &mut dyn FnMut(Event<'_>)) {
        for ((choice, index), input) in std::mem::take(&mut self.open) {
            if of.is_some_and(|of| of != choice) {
                self.open.insert((choice, index), input);
                continue;
            }
            let rest = input.finish();
            if !rest.is_empty() {
                sink(Event::ToolArguments { choice, index, fragment: Text::from(rest) });
            }
        }
    }
}

/// Takes the text out of the arguments as they come: right at any split of them.
#[derive(Debug, Default)]
struct FreeFormInput {
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
    fn feed(&mut self, piece: &str) -> String {
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
    fn finish(self) -> String {
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
            (Reading::Value, '"') if self.key == INPUT => {
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

#[cfg(test)]
mod tests;
