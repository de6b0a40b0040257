//! Neighbours of one role as one message, for providers that want user and assistant to take turns.

use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};

/// The messages in groups: those of one role that follow each other, where the provider wants one of them.
pub(super) fn groups(messages: Raw<'_>, alternates: bool) -> Vec<Vec<Raw<'_>>> {
    let mut groups: Vec<Vec<Raw<'_>>> = Vec::new();
    for message in messages.items() {
        match groups.last_mut() {
            Some(group) if alternates && group.last().is_some_and(|last| are_one(*last, message)) => {
                group.push(message);
            }
            _ => groups.push(vec![message]),
        }
    }
    groups
}

/// Whether two messages that follow each other must be one. A call's results come before what follows it.
pub(super) fn are_one(before: Raw<'_>, next: Raw<'_>) -> bool {
    if [before, next].iter().any(|message| message.present("tool_calls").is_some()) {
        return false;
    }
    let role = |message: Raw<'_>| message.get("role").and_then(Raw::text).map(Text::into_string);
    let may_be = |role: &String| role == "user" || role == "assistant";
    role(before).filter(may_be).is_some_and(|before| role(next) == Some(before))
}

/// The first with the contents of all: paragraphs of a text, or a list of parts.
pub(super) fn together(group: &[Raw<'_>]) -> Vec<u8> {
    let contents: Vec<Raw<'_>> = group.iter().filter_map(|message| message.present("content")).collect();
    let texts: Option<Vec<String>> =
        contents.iter().map(|content| content.text().map(Text::into_string)).collect();
    let mut all = Vec::new();
    let mut w = Writer::new(&mut all);
    match texts {
        Some(texts) => w.string(&texts.join("\n\n")),
        None => w.array(|w| contents.iter().for_each(|content| write_parts(*content, w))),
    }
    let mut out = Vec::new();
    let Some(first) = group.first() else { return out };
    let decide =
        |name: &Text<'_>, _: Raw<'_>| if name == "content" { Edit::Put(all.as_slice()) } else { Edit::Keep };
    let more: &[(&str, &[u8])] = if first.get("content").is_none() { &[("content", &all)] } else { &[] };
    edit_object(*first, decide, more, &mut out);
    out
}

/// The members of the others that the one message has no place for.
pub(super) fn lost<'a>(group: &[Raw<'a>]) -> impl Iterator<Item = Text<'a>> {
    let others = group.iter().skip(1).flat_map(|message| message.fields());
    let is_lost = |(name, value): &(Text<'a>, Raw<'a>)| {
        !value.is_null() && !["role", "content"].iter().any(|known| *name == **known)
    };
    others.filter(is_lost).map(|(name, _)| name)
}

fn write_parts(content: Raw<'_>, w: &mut Writer<'_>) {
    match content.text() {
        Some(text) => w.object(|w| {
            w.key("type").string("text");
            w.key("text").text(&text);
        }),
        None if content.kind() == Kind::Array => content.items().for_each(|part| w.raw(part)),
        None => w.raw(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one() {
        let messages = Raw::trusted(
            r#"[{"role":"system","content":"s"},{"role":"system","content":"t"},{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"user","content":[{"type":"image_url"}]},{"role":"assistant","content":"c"}]"#,
        );
        let groups = groups(messages, true);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 3, 1]);
        assert_eq!(
            String::from_utf8(together(&groups[2])).unwrap(),
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image_url"}]}"#
        );
        assert_eq!(together(&groups[2][..2]), br#"{"role":"user","content":"a\n\nb"}"#);
    }
}
