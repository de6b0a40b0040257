//! What other makers left in a conversation, on its way to Claude in the caller's own bytes: thoughts that Claude did not sign, calls
//! without a thought before them, ids that several calls have, and code that they ran.

use super::code;
use super::seal::{self, Seal};
use crate::chat::Maker;
use crate::dialect::loss::Losses;
use crate::dialect::piece::ids::Apart;
use crate::dialect::piece::runs;
use crate::json::{Edit, Raw, Text, Writer, edit_object};
use memchr::memmem;

pub(super) fn blocks(message: Raw<'_>) -> impl Iterator<Item = Raw<'_>> {
    message.get("content").map(Raw::items).into_iter().flatten()
}

/// The messages without the thoughts that Claude did not sign; `None` if there are none such.
pub(super) fn without_foreign_thoughts(messages: Raw<'_>) -> Option<Vec<u8>> {
    let json = messages.as_json();
    // Nearly no request has thoughts: don't look into each block of those that have none.
    memmem::find(json.as_bytes(), b"thinking\"")?;
    if !messages.items().flat_map(blocks).any(is_foreign_thought) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len());
    let mut w = Writer::new(&mut out);
    w.open_array();
    for message in messages.items() {
        if !blocks(message).any(is_foreign_thought) {
            w.raw(message);
            continue;
        }
        let mut content = Vec::new();
        Writer::new(&mut content).array(|w| {
            blocks(message).filter(|block| !is_foreign_thought(*block)).for_each(|block| w.raw(block))
        });
        // A turn of nothing but such thoughts is no turn.
        if content != b"[]" {
            write_message(message, &content, &mut w);
        }
    }
    w.close_array();
    Some(out)
}

/// The messages without blocks about code that another provider ran, which are listed; `None` if there are none such.
pub(super) fn without_foreign_runs(messages: Raw<'_>, losses: &mut Losses) -> Option<Vec<u8>> {
    let json = messages.as_json();
    memmem::find(json.as_bytes(), runs::OURS.as_bytes())?;
    if !messages.items().flat_map(blocks).any(code::is_of_other) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len());
    Writer::new(&mut out).array(|w| {
        for (index, message) in messages.items().enumerate() {
            if !blocks(message).any(code::is_of_other) {
                w.raw(message);
                continue;
            }
            let mut content = Vec::new();
            Writer::new(&mut content).array(|w| {
                for (at, block) in blocks(message).enumerate() {
                    match code::is_of_other(block) {
                        true => losses.advisory(format!("messages[{index}].content[{at}]")),
                        false => w.raw(block),
                    }
                }
            });
            // A turn of nothing but such blocks is no turn.
            if content != b"[]" {
                write_message(message, &content, w);
            }
        }
    });
    Some(out)
}

pub(super) fn is_foreign_thought(block: Raw<'_>) -> bool {
    let kind = block.get("type").and_then(Raw::text);
    let seal = match kind.as_ref().map(Text::decode).as_deref() {
        Some("thinking") => block.present("signature"),
        Some("redacted_thinking") => block.present("data"),
        _ => return false,
    };
    let seal = seal.and_then(Raw::text).unwrap_or_default();
    !matches!(seal::open(seal), Seal::Thought(Maker::Anthropic, _))
}

/// The last turn brings results of tools in a loop that no thought of Claude's is part of, as another model called them: see
/// [`crate::dialect::talk::Turns::resumes_unthought`]. "Expected `thinking` or `redacted_thinking`, but found `tool_use`. When
/// `thinking` is enabled, a final `assistant` message must start with a thinking block"
/// (anomalyco/opencode#3077,
/// <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>).
pub(super) fn resumes_unthought(body: Raw<'_>) -> bool {
    let Some(messages) = body.get("messages") else { return false };
    // Neighbours of one role are one turn: whether the user's last one begins with a result, and whether it has nothing else; whether
    // in the loop that it goes on with something was said, and with a thought.
    let (mut is_user, mut brings, mut is_all) = (None, false, false);
    let (mut is_said, mut is_thought) = (false, false);
    for message in messages.items() {
        let now = message.get("role").and_then(Raw::text).map(|role| role == "user");
        let is_new = now != is_user;
        is_user = now;
        let mut kinds = blocks(message)
            .filter(|block| !is_foreign_thought(*block))
            .map(|block| block.get("type").and_then(Raw::text));
        let mut next_is = |wanted: &[&str]| {
            let kind = kinds.next()?;
            Some(kind.is_some_and(|kind| wanted.iter().any(|one| kind == *one)))
        };
        let first =
            next_is(if now == Some(true) { &["tool_result"] } else { &["thinking", "redacted_thinking"] });
        let first = first == Some(true);
        if now == Some(true) {
            brings = if is_new { first } else { brings };
            is_all = (is_new || is_all)
                && first
                && std::iter::from_fn(|| next_is(&["tool_result"])).all(|is_result| is_result);
        } else if is_new {
            // Whatever else the user says begins another loop.
            is_thought &= is_all;
            is_said = true;
            is_thought |= first;
            brings = false;
        }
    }
    brings && is_said && !is_thought
}

/// The messages with an id of its own for each call ("`tool_use` ids must be unique", anomalyco/opencode#1279), as [`crate::dialect::piece::ids::apart`] has it;
/// `None` if each has one.
pub(super) fn with_ids_apart(messages: Raw<'_>) -> Option<Vec<u8>> {
    if are_apart(messages.as_json()) {
        return None;
    }
    let mut apart = Apart::default();
    let mut out = Vec::with_capacity(messages.as_json().len());
    Writer::new(&mut out).array(|w| {
        for message in messages.items() {
            let mut content = Vec::new();
            Writer::new(&mut content)
                .array(|w| blocks(message).for_each(|block| write_apart(block, &mut apart, w)));
            if content == b"[]" {
                w.raw(message);
            } else {
                write_message(message, &content, w);
            }
        }
    });
    Some(out)
}

/// Whether no two results are of one id, which tells as much of calls; texts and the arguments of calls have these letters only with
/// a backslash before each quote. Nearly no request has such, so each block isn't looked into.
fn are_apart(json: &str) -> bool {
    const RESULT: &str = "\"tool_use_id\"";
    let ids = memmem::find_iter(json.as_bytes(), RESULT).filter_map(|at| {
        let rest = json.get(at.saturating_add(RESULT.len())..).unwrap_or_default();
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        value.strip_prefix('"')?.split('"').next()
    });
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| matches!(pair, [one, next] if one != next))
}

fn write_apart(block: Raw<'_>, apart: &mut Apart, w: &mut Writer<'_>) {
    let kind = block.get("type").and_then(Raw::text);
    let (name, is_call) = match kind.as_ref().map(Text::decode).as_deref() {
        Some("tool_use") => ("id", true),
        Some("tool_result") => ("tool_use_id", false),
        _ => return w.raw(block),
    };
    let id = block.get(name).and_then(Raw::text).unwrap_or_default();
    let id = id.decode();
    let sent = if is_call { apart.call(&id) } else { apart.result(&id) };
    if sent == id {
        return w.raw(block);
    }
    w.object(|w| {
        for (member, value) in block.fields() {
            if member == name { w.key(name).string(&sent) } else { w.key_text(&member).raw(value) }
        }
    });
}

/// Writes a message with other blocks.
fn write_message(message: Raw<'_>, content: &[u8], w: &mut Writer<'_>) {
    let mut edited = Vec::with_capacity(message.as_json().len());
    let decide =
        |name: &Text<'_>, _: Raw<'_>| if *name == "content" { Edit::Put(content) } else { Edit::Keep };
    edit_object(message, decide, &[], &mut edited);
    w.raw(Raw::trusted(std::str::from_utf8(&edited).unwrap_or("null")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resumes(messages: &str) -> bool {
        let body = format!(r#"{{"messages":[{messages}]}}"#);
        resumes_unthought(Raw::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn who_called_without_a_thought_of_claudes() {
        let user = r#"{"role":"user","content":"a"}"#;
        let called = |before: &str| {
            format!(r#"{{"role":"assistant","content":[{before}{{"type":"tool_use","id":"c"}}]}}"#)
        };
        let result = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}"#;
        let (plain, own) = (called(""), called(r#"{"type":"thinking","thinking":"","signature":"c2ln"},"#));
        let foreign = called(r#"{"type":"thinking","thinking":"a","signature":"google-gemini-v1:c2ln"},"#);
        for (said, expected) in [
            (format!("{user},{plain},{result}"), true),
            (format!("{user},{foreign},{result}"), true),
            (format!("{user},{plain},{result},{user}"), true),
            (format!("{user},{own},{result}"), false),
            (format!("{user},{plain},{result},{own},{result}"), false),
            // Claude itself thinks once in a loop, unless it may between calls.
            (format!("{user},{own},{result},{plain},{result}"), false),
            (format!("{user},{own},{result},{plain},{result},{plain},{result}"), false),
            (format!("{user},{own},{result},{foreign},{result}"), false),
            (format!("{user},{plain},{result},{foreign},{result}"), true),
            // The next loop is another.
            (format!("{user},{own},{result},{user},{plain},{result}"), true),
            (format!("{user},{own},{result},{result},{plain},{result}"), false),
            (format!("{user},{own},{user},{result},{plain},{result}"), true),
            (format!("{user},{own},{result},{plain},{user},{plain},{result}"), true),
            (format!("{user},{plain},{user}"), false),
            (result.to_owned(), false),
        ] {
            assert_eq!(resumes(&said), expected, "{said}");
        }
    }

    #[test]
    fn each_call_has_an_id_of_its_own() {
        let messages = r#"[{"role":"user","content":"\"tool_use_id\":\"c\""},{"role":"assistant","content":[{"type":"tool_use","id":"c","input":{}}]},{"role":"user","content":[{"tool_use_id":"c","type":"tool_result"}]},{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"tool_use","id":"c","input":{"tool_use_id": "c"}}]},{"role":"user","content":[{"type":"tool_result", "tool_use_id" : "c","content":"d"}]}]"#;
        let apart = with_ids_apart(Raw::parse(messages.as_bytes()).unwrap()).unwrap();
        let apart = String::from_utf8(apart).unwrap();
        let expected = messages.replace(
            r#""tool_use","id":"c","input":{"tool_use_id""#,
            r#""tool_use","id":"c_2","input":{"tool_use_id""#,
        );
        let expected = expected.replace(
            r#"{"type":"tool_result", "tool_use_id" : "c","content""#,
            r#"{"type":"tool_result","tool_use_id":"c_2","content""#,
        );
        assert_eq!(apart, expected);
        let once = r#"[{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"},{"type":"tool_result","tool_use_id":"d"}]}]"#;
        assert_eq!(with_ids_apart(Raw::trusted(once)), None);
    }
}
