//! Pages that another maker's words rest on, for a caller: `web_search_result_location`, the one form of a page on the web that
//! Anthropic's SDKs know (<https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool#citations>).
//!
//! Its `encrypted_index` is a key of Anthropic's search, which nobody else can make: ours says so, and is taken out of a
//! conversation that comes back, as Claude would refuse it. What the page itself says is not known here, so `cited_text` is empty.

use crate::chat::{Citation, PartKind, Reply};
use crate::dialect::piece::citation;
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};
use memchr::memmem;

/// The `encrypted_index` of a citation that Claude did not make.
const FOREIGN: &str = "switchover.foreign";

pub(super) fn write(of: &Citation<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("web_search_result_location");
        w.key("url").text(&of.url);
        w.key("title").text(&of.title);
        w.key("encrypted_index").string(FOREIGN);
        w.key("cited_text").string("");
    });
}

/// The citations of each part of a whole answer's first choice; those of no text that is there are the last one's.
pub(super) fn by_part<'r>(reply: &'r Reply<'_>) -> Vec<Vec<&'r Citation<'r>>> {
    let Some(choice) = reply.choices.first() else { return Vec::new() };
    let mut of: Vec<Vec<&Citation<'_>>> = vec![Vec::new(); choice.parts.len()];
    // Texts follow each other, so each citation is looked at once.
    let mut by_start: Vec<&Citation<'_>> = choice.citations.iter().collect();
    by_start.sort_by_key(|one| one.start);
    let mut by_start = by_start.into_iter().peekable();
    let (mut from, mut left, mut last) = (0, Vec::new(), None);
    for (part, own) in choice.parts.iter().zip(&mut of) {
        let PartKind::Text(text) = &part.kind else { continue };
        let end = citation::length(text).saturating_add(from);
        while let Some(one) = by_start.next_if(|one| one.start < end) {
            let is_its = !text.is_blank() && one.start >= from;
            if is_its { own.push(one) } else { left.push(one) }
        }
        from = end;
        if !text.is_blank() {
            last = Some(own);
        }
    }
    if let Some(last) = last {
        last.extend(left.into_iter().chain(by_start));
    }
    of
}

fn is_foreign(citation: Raw<'_>) -> bool {
    citation.get("encrypted_index").and_then(Raw::text).is_some_and(|index| index == FOREIGN)
}

fn has_foreign(block: Raw<'_>) -> bool {
    block.get("citations").into_iter().flat_map(Raw::items).any(is_foreign)
}

/// The messages without such citations; `None` if there are none.
pub(super) fn without_foreign(messages: Raw<'_>) -> Option<Vec<u8>> {
    let json = messages.as_json();
    memmem::find(json.as_bytes(), FOREIGN.as_bytes())?;
    let mut out = Vec::with_capacity(json.len());
    let mut found = false;
    Writer::new(&mut out).array(|w| {
        for message in messages.items() {
            let content = message.get("content").filter(|content| content.kind() == Kind::Array);
            let Some(content) = content.filter(|content| content.items().any(has_foreign)) else {
                w.raw(message);
                continue;
            };
            found = true;
            let mut blocks = Vec::new();
            Writer::new(&mut blocks).array(|w| content.items().for_each(|block| write_block(block, w)));
            let mut edited = Vec::new();
            let decide = |name: &Text<'_>, _: Raw<'_>| {
                if *name == "content" { Edit::Put(&blocks) } else { Edit::Keep }
            };
            edit_object(message, decide, &[], &mut edited);
            w.raw(Raw::trusted(std::str::from_utf8(&edited).unwrap_or("null")));
        }
    });
    found.then_some(out)
}

fn write_block(block: Raw<'_>, w: &mut Writer<'_>) {
    if !has_foreign(block) {
        return w.raw(block);
    }
    w.object(|w| {
        for (name, value) in block.fields() {
            if name != "citations" {
                w.key_text(&name).raw(value);
                continue;
            }
            let own = || value.items().filter(|one| !is_foreign(*one));
            if own().next().is_some() {
                w.key("citations").array(|w| own().for_each(|one| w.raw(one)));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claude_did_not_make_does_not_come_back_to_it() {
        let messages = r#"[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"a","citations":[{"encrypted_index":"switchover.foreign"},{"encrypted_index":"own"}]},{"type":"text","citations":[{"encrypted_index":"switchover.foreign"}],"text":"b"}]}]"#;
        let kept = without_foreign(Raw::parse(messages.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(kept).unwrap(),
            r#"[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"a","citations":[{"encrypted_index":"own"}]},{"type":"text","text":"b"}]}]"#
        );
        assert_eq!(without_foreign(Raw::trusted(r#"[{"content":"switchover.foreign"}]"#)), None);
    }
}
