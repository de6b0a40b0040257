//! What a caller's blocks say that the model has no place for: it is listed for others, and Anthropic's own hosts get the blocks as
//! they are.

use crate::json::{Kind, Raw, Text};

/// Paths, and what stands there.
type PathsUnread<'a> = Vec<(String, Raw<'a>)>;

/// A client says the same few of every block: so many are looked through before a path is kept, and what is kept twice is found at
/// the end.
const FEW_PATHS: usize = 8;

/// The members of blocks that are read by [`super::parts`], by the blocks' type; of other types the whole block is kept.
static READ: [(&str, &[&str]); 6] = [
    ("text", &["text", "cache_control"]),
    ("image", &["source", "cache_control"]),
    ("document", &["source", "title", "context", "citations", "cache_control"]),
    ("search_result", &["source", "title", "content", "citations", "cache_control"]),
    ("tool_use", &["id", "name", "input", "cache_control"]),
    ("tool_result", &["tool_use_id", "content", "is_error", "cache_control"]),
];

/// The members that nobody reads, each once, by their paths below `at`.
pub(super) fn members<'a>(content: Raw<'a>, at: &str) -> Vec<(Text<'a>, Raw<'a>)> {
    let mut found = PathsUnread::new();
    of_blocks(content, &mut at.to_owned(), true, &mut found);
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.dedup_by(|(later, _), (first, _)| later == first);
    found.into_iter().map(|(path, value)| (Text::from(path), value)).collect()
}

/// `caches`: a breakpoint at these blocks is read. `at` is as it was afterwards: a message may have very many blocks, and a path
/// is mostly known.
fn of_blocks<'a>(content: Raw<'a>, at: &mut String, caches: bool, found: &mut PathsUnread<'a>) {
    if content.kind() != Kind::Array {
        return;
    }
    for block in content.items() {
        let kind = block.get("type").and_then(Raw::text).unwrap_or_default();
        let Some((kind, read)) = READ.iter().find(|(name, _)| kind == *name) else { continue };
        for (name, value) in block.fields() {
            let is_read = name == "type" || read.iter().any(|known| name == *known);
            if (is_read && (caches || name != "cache_control")) || says_nothing(&name, value) {
                continue;
            }
            below(at, &["[].", &name.decode()], |path| {
                if !found.iter().take(FEW_PATHS).any(|(known, _)| known == path) {
                    found.push((path.clone(), value));
                }
            });
        }
        match *kind {
            "tool_result" => {
                below(at, &["[].content"], |at| of_blocks(inside(block), at, true, found));
            }
            "search_result" => {
                below(at, &["[].content"], |at| of_blocks(inside(block), at, false, found));
            }
            "document" => {
                let source = block.get("source").unwrap_or(Raw::NULL);
                below(at, &["[].source.content"], |at| of_blocks(inside(source), at, false, found));
            }
            _ => {}
        }
    }
}

fn below(at: &mut String, steps: &[&str], visit: impl FnOnce(&mut String)) {
    let length = at.len();
    at.extend(steps.iter().copied());
    visit(at);
    at.truncate(length);
}

fn inside(block: Raw<'_>) -> Raw<'_> {
    block.get("content").unwrap_or(Raw::NULL)
}

fn says_nothing(name: &Text<'_>, value: Raw<'_>) -> bool {
    let is_empty = match value.kind() {
        Kind::Null => true,
        Kind::Array => value.items().next().is_none(),
        Kind::Object => value.fields().next().is_none(),
        _ => false,
    };
    // The model itself calls its tools, unless it is said otherwise.
    let is_direct = || value.get("type").and_then(Raw::text).is_some_and(|caller| caller == "direct");
    is_empty || *name == "caller" && is_direct()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_named_once() {
        let names = |content: &str| -> Vec<String> {
            let found = members(Raw::parse(content.as_bytes()).unwrap(), "content");
            found.into_iter().map(|(name, _)| name.into_string()).collect()
        };
        assert_eq!(names(r#""Hi""#), Vec::<String>::new());
        assert_eq!(
            names(
                r#"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"},"citations":[{"type":"char_location"}]},
                {"type":"text","text":"b","citations":null},{"type":"text","text":"c","citations":[{}]},{"type":"unheard_of","x":1},
                {"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"direct"}},
                {"type":"tool_use","id":"u","name":"f","input":{},"caller":{"type":"code_execution_20250825","tool_id":"x"}}]"#
            ),
            ["content[].caller", "content[].citations"]
        );
        assert_eq!(
            names(
                r#"[{"type":"tool_result","tool_use_id":"t","toolset_name":"s","content":[
                {"type":"image","source":{},"transformations":{"oversized_image":"error"}},{"type":"image","source":{},"transformations":{}},
                {"type":"document","source":{"type":"content","content":[{"type":"text","text":"a","cache_control":{}},
                    {"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}},
                {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"a","citations":[{}]}]}]}]"#
            ),
            [
                "content[].content[].content[].citations",
                "content[].content[].source.content[].cache_control",
                "content[].content[].transformations",
                "content[].toolset_name"
            ]
        );
    }
}
