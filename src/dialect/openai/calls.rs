//! Tool calls as Chat Completions writes them, on either side.
//!
//! Gemini's thought signature travels as `extra_content.google.thought_signature`, as it does in Google's own
//! OpenAI-compatible API (<https://ai.google.dev/gemini-api/docs/thought-signatures>).

use super::wire::OWN;
use crate::chat::{Arguments, Maker, PartKind, ToolCall};
use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::json::{Kind, Raw, Text, Writer};
use std::collections::BTreeMap;

/// Reads a caller's tool call.
///
/// # Errors
/// What it lacks, with its place.
pub(super) fn read<'a>(value: Raw<'a>, at: &At<'_>) -> Result<PartKind<'a>, Refusal> {
    let value = at.object(value)?;
    let id = at.required_text(value, "id", "a tool call needs the id that its result refers to.")?;
    if let Some(kind) = value.present("type").and_then(Raw::text).filter(|kind| kind != "function") {
        if let Some(custom) = value.present("custom").filter(|_| kind == "custom") {
            let at = at.name("custom");
            let name = at.required_text(at.object(custom)?, "name", "name the tool.")?;
            let input = at.required_text(custom, "input", "a call needs its input, which may be empty.")?;
            let arguments = Arguments::FreeForm(input);
            return Ok(PartKind::ToolCall(ToolCall { id, name, arguments, signature: None }));
        }
        return Ok(PartKind::Foreign { dialect: OWN, kind, raw: value });
    }
    let at = at.name("function");
    let function =
        value.present("function").ok_or_else(|| at.missing("give the function's name and arguments."))?;
    let call = read_function(function, id, &at)?;
    Ok(PartKind::ToolCall(ToolCall { signature: signature(value), ..call }))
}

/// Whether a `function_call` of a message calls nothing: some clients keep the empty object of an answer without a call.
pub(super) fn is_none(call: Raw<'_>) -> bool {
    call.kind() == Kind::Object
        && call.present("name").is_none_or(|name| name.text().is_some_and(|name| name.is_empty()))
        && call.present("arguments").and_then(Raw::text).is_none_or(|arguments| arguments.is_blank())
}

/// Reads a caller's `{"name": …, "arguments": …}`.
///
/// # Errors
/// It has no name.
pub(super) fn read_function<'a>(value: Raw<'a>, id: Text<'a>, at: &At<'_>) -> Result<ToolCall<'a>, Refusal> {
    let name = at.required_text(at.object(value)?, "name", "name the function.")?;
    Ok(ToolCall { id, name, arguments: arguments(value.present("arguments")), signature: None })
}

/// The arguments: by the book a string; some clients and providers send the object itself, or nothing.
pub(super) fn arguments(value: Option<Raw<'_>>) -> Arguments<'_> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Arguments::Encoded(Text::default());
    };
    match value.text() {
        // What models write that have nothing to say.
        Some(text) if text == "null" => Arguments::Encoded(Text::from("{}")),
        Some(text) => Arguments::Encoded(text),
        None => Arguments::Json(value),
    }
}

/// The signature that came with a call.
pub(super) fn signature(call: Raw<'_>) -> Option<(Maker, Text<'_>)> {
    let signature = call.at(&["extra_content", "google", "thought_signature"])?.text()?;
    Some((Maker::Gemini, signature))
}

/// Writes what a function is called with.
pub(super) fn write_function(call: &ToolCall<'_>, w: &mut Writer<'_>) {
    w.key("name").text(&call.name);
    w.key("arguments").text(&call.arguments.text());
}

/// Writes a call; in a stream with its index.
pub(super) fn write(call: &ToolCall<'_>, index: Option<u32>, w: &mut Writer<'_>) {
    w.object(|w| {
        if let Some(index) = index {
            w.key("index").u64(u64::from(index));
        }
        w.key("id").text(&call.id);
        match &call.arguments {
            Arguments::FreeForm(input) => {
                w.key("type").string("custom");
                w.key("custom").object(|w| {
                    w.key("name").text(&call.name);
                    w.key("input").text(input);
                });
            }
            _ => {
                w.key("type").string("function");
                w.key("function").object(|w| write_function(call, w));
            }
        }
        if let Some((Maker::Gemini, signature)) = &call.signature {
            w.key("extra_content").object(|w| {
                w.key("google").object(|w| w.key("thought_signature").text(signature));
            });
        }
    });
}
/// Where the calls of a streamed choice are, by the numbers and the ids that their fragments have. Of several of one
/// number or id the last is meant.
#[derive(Default)]
pub(super) struct Places {
    by_number: BTreeMap<u64, usize>,
    by_id: BTreeMap<String, usize>,
}

impl Places {
    pub(super) fn number(&mut self, number: Option<u64>, at: usize) {
        if let Some(number) = number {
            self.by_number.insert(number, at);
        }
    }

    /// The call at `at` has this id; one that came later may have it too.
    pub(super) fn name(&mut self, id: &str, at: usize) {
        let known = self.by_id.entry(id.to_owned()).or_insert(at);
        *known = at.max(*known);
    }

    /// The call that a fragment belongs to, of `count`; `None`: a new one. `named`: it has a function's name.
    pub(super) fn find<'i>(
        &self,
        number: Option<u64>,
        id: Option<&str>,
        named: bool,
        count: usize,
        id_of: impl Fn(usize) -> &'i str,
    ) -> Option<usize> {
        let of_id = |id: &str| self.by_id.get(id).copied();
        match (number, id) {
            (Some(number), id) => {
                let at = *self.by_number.get(&number)?;
                let known = id_of(at);
                // The same index, but another call begins.
                let is_other = named && id.is_some_and(|id| !known.is_empty() && known != id);
                if is_other { id.and_then(of_id) } else { Some(at) }
            }
            (None, Some(id)) => of_id(id),
            (None, None) if named => None,
            (None, None) => count.checked_sub(1),
        }
    }
}
