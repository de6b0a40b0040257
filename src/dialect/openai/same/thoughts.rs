//! Thoughts in a caller's messages, on their way to a provider that wants them in its own member, or not at all.

use super::json_string;
use crate::dialect::Thoughts;
use crate::dialect::openai::reasoning::{self, Seals};
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

/// Whether a message has a thought that somebody else sealed.
pub(super) fn has_others(seals: Seals, message: Raw<'_>) -> bool {
    let items = |name| message.get(name).into_iter().flat_map(Raw::items);
    items(DETAILS).any(|detail| !seals.have_detail(detail))
        || items(BLOCKS).any(|block| !seals.have_block(block))
}

/// Where sealed thoughts stand.
pub(super) const DETAILS: &str = "reasoning_details";
pub(super) const BLOCKS: &str = "thinking_blocks";

/// A member of a message that has some of somebody else's, without those; their text stands in the other members, too.
pub(super) fn without_others<'m>(seals: Seals, name: &Text<'_>, value: Raw<'_>) -> Edit<'m> {
    let is_details = name == DETAILS;
    if !is_details && name != BLOCKS {
        return Edit::Remove;
    }
    let is_own = |item: &Raw<'_>| if is_details { seals.have_detail(*item) } else { seals.have_block(*item) };
    let own = || value.items().filter(is_own);
    if own().next().is_none() {
        return Edit::Remove;
    }
    let mut out = Vec::with_capacity(value.as_json().len());
    Writer::new(&mut out).array(|w| own().for_each(|item| w.raw(item)));
    Edit::Replace(out)
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
