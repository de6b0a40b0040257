//! The content of a caller's messages, their calls and tools, without what a provider refuses in them: marks of cache breakpoints that
//! it doesn't know, arrays of texts where it wants a string, ids of calls that are too long.

use super::json_string;
use crate::dialect::openai::quirks;
use crate::dialect::piece::ids;
use crate::dialect::{CacheMarks, Losses, Row};
use crate::json::{Edit, Kind, Raw, Text, edit_object};

/// Both makers' marks.
const MARKS: [&str; 2] = [CacheMarks::ANTHROPICS, CacheMarks::OPENAIS];

/// What of it has to change in some message.
pub(super) struct ContentChanges {
    /// The marks that the provider takes, if some part or message has others.
    marks: Option<CacheMarks>,
    /// The roles whose texts are a string, if some message of them has a list.
    strings: &'static [&'static str],
    /// Ids of calls have at most so many characters, if one has more.
    longest_id: Option<usize>,
}

impl ContentChanges {
    pub(super) fn of(row: &Row, messages: Raw<'_>) -> ContentChanges {
        let known = quirks::cache_marks(row);
        // Only Anthropic's stands around parts too.
        let is_known =
            |mark: &str| known.takes_in_parts(mark) && (known.around || mark != CacheMarks::ANTHROPICS);
        let is_foreign = |mark: &&&str| !is_known(mark);
        let has_marks = MARKS.iter().filter(is_foreign).any(|mark| messages.may_have_member(mark));
        let strings = quirks::strings(row);
        let is_refused =
            |message: Raw<'_>| !strings.is_empty() && has_list(message) && is_of(strings, message);
        let longest = quirks::longest_id(row).filter(|_| messages.may_have_member("tool_calls"));
        let is_long = |longest: &usize| messages.items().flat_map(ids_of).any(|id| exceeds(&id, *longest));
        ContentChanges {
            marks: has_marks.then_some(known),
            strings: if messages.items().any(is_refused) { strings } else { &[] },
            longest_id: longest.filter(is_long),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        let ContentChanges { marks, strings, longest_id } = self;
        marks.is_none() && strings.is_empty() && longest_id.is_none()
    }

    /// Whether a member of a message is a mark that must go.
    pub(super) fn loses(&self, name: &Text<'_>, losses: &mut Losses) -> bool {
        let is_lost = self.marks.is_some_and(|marks| !marks.around) && *name == CacheMarks::ANTHROPICS;
        if is_lost {
            losses.advisory(CacheMarks::ANTHROPICS);
        }
        is_lost
    }

    /// What the content of `message` becomes.
    pub(super) fn content<'m>(&self, message: Raw<'_>, content: Raw<'_>, losses: &mut Losses) -> Edit<'m> {
        if content.kind() != Kind::Array {
            return Edit::Keep;
        }
        if is_of(self.strings, message)
            && let Some(text) = joined(message, content)
        {
            // A string has no place for them, whoever knows them.
            for mark in MARKS.into_iter().filter(|mark| content.may_have_member(mark)) {
                if content.items().any(|part| part.present(mark).is_some()) {
                    losses.advisory(mark);
                }
            }
            return Edit::Replace(json_string(&text));
        }
        let Some(marks) = self.marks else { return Edit::Keep };
        Edit::Replace(list(content, |part, out| {
            let decide = |name: &Text<'_>, _: Raw<'_>| {
                let lost = MARKS.into_iter().find(|mark| name == *mark && !marks.takes_in_parts(mark));
                match lost {
                    Some(mark) => {
                        losses.advisory(mark);
                        Edit::Remove
                    }
                    None => Edit::Keep,
                }
            };
            edit_object(part, decide, &[], out);
        }))
    }

    /// What calls become, or the id of a result.
    pub(super) fn with_short_ids<'m>(&self, value: Raw<'_>) -> Edit<'m> {
        let Some(longest) = self.longest_id else { return Edit::Keep };
        if let Some(id) = value.text() {
            return short_id(&id, longest);
        }
        if value.kind() != Kind::Array {
            return Edit::Keep;
        }
        Edit::Replace(list(value, |call, out| {
            let decide = |name: &Text<'_>, id: Raw<'_>| match id.text() {
                Some(id) if name == "id" => short_id(&id, longest),
                _ => Edit::Keep,
            };
            edit_object(call, decide, &[], out);
        }))
    }
}

/// What becomes of tools, or of the older functions: marks are beside a tool or in its function, never in its schema.
pub(super) fn tools<'m>(tools: Raw<'_>, row: &Row, losses: &mut Losses) -> Edit<'m> {
    let mark = CacheMarks::ANTHROPICS;
    if quirks::cache_marks(row).around || tools.kind() != Kind::Array || !tools.may_have_member(mark) {
        return Edit::Keep;
    }
    let mut is_lost = false;
    let edited = list(tools, |tool, out| {
        let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
            "cache_control" => {
                is_lost = true;
                Edit::Remove
            }
            "function" if value.present(mark).is_some() => {
                is_lost = true;
                let mut inner = Vec::with_capacity(value.as_json().len());
                let decide =
                    |name: &Text<'_>, _: Raw<'_>| if *name == *mark { Edit::Remove } else { Edit::Keep };
                edit_object(value, decide, &[], &mut inner);
                Edit::Replace(inner)
            }
            _ => Edit::Keep,
        };
        edit_object(tool, decide, &[], out);
    });
    if !is_lost {
        return Edit::Keep;
    }
    losses.advisory(mark);
    Edit::Replace(edited)
}

fn list<'a>(items: Raw<'a>, mut write: impl FnMut(Raw<'a>, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(items.as_json().len());
    out.push(b'[');
    for item in items.items() {
        if out.len() > 1 {
            out.push(b',');
        }
        write(item, &mut out);
    }
    out.push(b']');
    out
}

fn role_of(message: Raw<'_>) -> Option<Text<'_>> {
    message.get("role").and_then(Raw::text)
}

/// Where `developer` isn't known it becomes `system`.
fn is_of(roles: &[&str], message: Raw<'_>) -> bool {
    let role = role_of(message);
    role.is_some_and(|role| roles.iter().any(|one| role == **one || *one == "system" && role == "developer"))
}

fn has_list(message: Raw<'_>) -> bool {
    message.get("content").is_some_and(|content| content.kind() == Kind::Array)
}

/// The texts of a list as one, if it has nothing else. What stands between them is as where requests are translated: paragraphs of
/// instructions, lines of a result, one speech.
fn joined(message: Raw<'_>, content: Raw<'_>) -> Option<String> {
    let role = role_of(message)?;
    let between = match role.decode().as_ref() {
        "assistant" => "",
        "tool" => "\n",
        _ => "\n\n",
    };
    let mut all = String::new();
    for part in content.items() {
        part.get("type").and_then(Raw::text).filter(|kind| kind == "text")?;
        let text = part.get("text").and_then(Raw::text)?;
        if !all.is_empty() && !text.is_empty() {
            all.push_str(between);
        }
        all.push_str(&text.decode());
    }
    Some(all)
}

/// The ids of a message's calls, and that of the call that it answers.
fn ids_of(message: Raw<'_>) -> impl Iterator<Item = Text<'_>> {
    let calls = message.present("tool_calls").into_iter().flat_map(Raw::items);
    let ids = calls.filter_map(|call| call.get("id")).chain(message.get("tool_call_id"));
    ids.filter_map(Raw::text)
}

fn exceeds(id: &Text<'_>, longest: usize) -> bool {
    id.decode().chars().count() > longest
}

fn short_id<'m>(id: &Text<'_>, longest: usize) -> Edit<'m> {
    if exceeds(id, longest) {
        Edit::Replace(json_string(&ids::within(id, longest).decode()))
    } else {
        Edit::Keep
    }
}
