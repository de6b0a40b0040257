//! Members of a caller's messages that say nothing or that a provider doesn't know, on their way to it.
//!
//! SDKs send an answer back with all that it could have had: `annotations` of nothing, and null for calls, audio and
//! refusal. OpenAI takes its own answers back, so nothing of this happens there, nor at a server known only by its address.

use super::thoughts::is_thought;
use crate::dialect::openai::{calls, quirks};
use crate::dialect::{Quirk, Row};
use crate::json::{Raw, Text};

/// What becomes of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// It said nothing.
    Goes,
    /// It said something, and the provider rejects it.
    IsLost,
    /// The words of a refusal are the answer's.
    IsContent,
}

/// The members that a provider takes, where a request has others.
pub(super) struct KnownMembers {
    /// The only ones that it knows.
    known: Option<&'static [&'static str]>,
}

impl KnownMembers {
    /// `None`: nothing has to change.
    pub(super) fn wanted(row: &Row, messages: Raw<'_>) -> Option<KnownMembers> {
        if row.has(Quirk::EmptyMembers) {
            return None;
        }
        let members = KnownMembers { known: quirks::message_members(row) };
        messages.items().any(|message| members.change(message)).then_some(members)
    }

    fn change(&self, message: Raw<'_>) -> bool {
        is_only_refusal(message)
            || message.fields().any(|(name, value)| self.fate(false, &name, value) != Fate::Stays)
    }

    /// What becomes of a member of a message, which may be a refusal and nothing else.
    pub(super) fn fate(&self, refused: bool, name: &Text<'_>, value: Raw<'_>) -> Fate {
        let is_unknown = || self.known.is_some_and(|known| is_other(name, known));
        if refused && name == "refusal" {
            Fate::IsContent
        } else if refused && name == "content" || is_empty(name, value) {
            Fate::Goes
        } else if !is_unknown() {
            Fate::Stays
        } else if value.as_json() == "[]" {
            Fate::Goes
        } else {
            Fate::IsLost
        }
    }
}

/// An answer that is a refusal and nothing else.
pub(super) fn is_only_refusal(message: Raw<'_>) -> bool {
    let has_text = message.present("refusal").and_then(Raw::text).is_some_and(|text| !text.is_empty());
    has_text && message.present("content").is_none()
}

/// What an SDK writes for a member that isn't there. A null content is for the provider to judge.
fn is_empty(name: &Text<'_>, value: Raw<'_>) -> bool {
    match value.as_json() {
        "null" => !(name == "content"),
        "[]" => name == "annotations" || name == "tool_calls",
        _ => name == "function_call" && calls::is_none(value),
    }
}

fn is_other(name: &Text<'_>, known: &[&str]) -> bool {
    !is_thought(name) && !(name == "name") && !known.iter().any(|one| name == one)
}
