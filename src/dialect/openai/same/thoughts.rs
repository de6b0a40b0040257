//! Thoughts in a caller's messages, on their way to a provider that wants them in its own member, or not at all.

use super::json_string;
use crate::dialect::Thoughts;
use crate::dialect::openai::reasoning;
use crate::json::{Edit, Raw, Text, Writer, edit_object};

/// The members in which thoughts and their signatures travel through a caller; see `openai/reasoning.rs`.
pub(super) fn is_thought(name: &Text<'_>) -> bool {
    ["reasoning_content", "reasoning_details", "thinking_blocks", "reasoning"]
        .iter()
        .any(|known| name == known)
}

/// Tool calls without Google's extension, and whether one had it.
pub(super) fn without_signatures(calls: Raw<'_>) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(calls.as_json().len());
    let mut found = false;
    out.push(b'[');
    for call in calls.items() {
        if out.len() > 1 {
            out.push(b',');
        }
        let decide = |name: &Text<'_>, _: Raw<'_>| {
            let is_extension = name == "extra_content";
            found |= is_extension;
            if is_extension { Edit::Remove } else { Edit::Keep }
        };
        edit_object(call, decide, &[], &mut out);
    }
    out.push(b']');
    (out, found)
}

/// Entries of `reasoning_details` that are somebody's who is not known to be another house; `None`: all are.
pub(super) fn passed_on(details: Raw<'_>) -> Option<Vec<u8>> {
    if !details.items().any(reasoning::is_housebound) {
        return None;
    }
    let mut out = Vec::with_capacity(details.as_json().len());
    let passed = details.items().filter(|detail| !reasoning::is_housebound(*detail));
    Writer::new(&mut out).array(|w| passed.for_each(|detail| w.raw(detail)));
    Some(out)
}

/// Whether a message's thoughts have to change.
pub(super) fn moves(thoughts: Thoughts, message: Raw<'_>) -> bool {
    let has_thoughts = message.fields().any(|(name, _)| is_thought(&name));
    has_thoughts || matches!(thoughts, Thoughts::Needed(_)) && has_calls(message)
}

fn has_calls(message: Raw<'_>) -> bool {
    message.present("tool_calls").is_some_and(|calls| calls.items().next().is_some())
}

/// The thought that nobody had.
pub(super) const BLANK: &[u8] = b"\" \"";

/// The member in which a message's thoughts go to their maker, if they may be its own.
pub(super) fn told(thoughts: Thoughts, message: Raw<'_>) -> Option<(&'static str, Vec<u8>)> {
    let (name, is_needed) = match thoughts {
        Thoughts::Never | Thoughts::Details => return None,
        Thoughts::In(name) => (name, false),
        Thoughts::Needed(name) => (name, has_calls(message)),
    };
    let mut members = reasoning::ThoughtMembers::default();
    for (name, value) in message.fields().filter(|(_, value)| !value.is_null()) {
        members.take(&name.decode(), value);
    }
    match reasoning::unsigned(members.read().iter()) {
        Some(text) => Some((name, json_string(&text))),
        None => is_needed.then(|| (name, BLANK.to_vec())),
    }
}
