//! Content blocks on their way in: of a caller's messages and of the provider's answers.

use super::code;
use super::seal::{self, Seal};
use crate::chat::{Arguments, Maker, Part, PartKind, Source, Thought, ToolCall, ToolResult};
use crate::dialect::Dialect;
use crate::dialect::piece::ids;
use crate::json::{Kind, Raw, Text};

/// A block that is not what the dialect promises.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Below the content, such as `[2].source.data`.
    pub(super) at: String,
    /// The end of a sentence that begins with the path.
    pub(super) what: &'static str,
}

fn wrong<T>(at: impl Into<String>, what: &'static str) -> Result<T, Wrong> {
    Err(Wrong { at: at.into(), what })
}

/// Reads a `content`: a string, or blocks.
pub(super) fn read_content(content: Raw<'_>) -> Result<Vec<Part<'_>>, Wrong> {
    match content.kind() {
        Kind::String => Ok(content.text().map(PartKind::Text).map(Part::from).into_iter().collect()),
        Kind::Array => {
            let mut parts = Vec::new();
            let mut signature = None;
            for (index, block) in content.items().enumerate() {
                let below = |error: Wrong| Wrong { at: format!("[{index}]{}", error.at), what: error.what };
                match read_block(block).map_err(below)? {
                    ReadBlock::Part(mut part) => {
                        if let PartKind::ToolCall(call) = &mut part.kind {
                            call.signature = signature.take();
                        }
                        parts.push(part);
                    }
                    ReadBlock::CallSignature(maker, text) => signature = Some((maker, text)),
                }
            }
            Ok(parts)
        }
        _ => wrong("", "must be a string or a list of content blocks"),
    }
}

pub(super) enum ReadBlock<'a> {
    Part(Part<'a>),
    /// Not a thought: the signature of the tool call that follows.
    CallSignature(Maker, Text<'a>),
}

pub(super) fn read_block(block: Raw<'_>) -> Result<ReadBlock<'_>, Wrong> {
    if block.kind() != Kind::Object {
        return wrong("", "must be an object");
    }
    let kind = text(block, "type")?;
    let part = match kind.decode().as_ref() {
        "text" => PartKind::Text(text(block, "text")?),
        "image" => match read_source(block)? {
            Some(source) => PartKind::Image { source, detail: None },
            None => foreign(kind.clone(), block),
        },
        "document" => match read_source(block)? {
            Some(source) => PartKind::Document {
                source,
                name: block.present("title").and_then(Raw::text),
                context: block.present("context").and_then(Raw::text),
                citations: block.present("citations"),
            },
            None => foreign(kind.clone(), block),
        },
        // For others a document with the place it was found at; Anthropic's own hosts get the block as it is.
        "search_result" => match block.get("content").and_then(read_plain) {
            Some(text) if !text.is_empty() => PartKind::Document {
                source: Source::Text(text),
                name: block.present("title").and_then(Raw::text),
                context: block.present("source").and_then(Raw::text),
                citations: block.present("citations"),
            },
            _ => foreign(kind.clone(), block),
        },
        "tool_use" => PartKind::ToolCall(ToolCall {
            id: ids::original(text(block, "id")?),
            name: text(block, "name")?,
            arguments: Arguments::Json(block.get("input").unwrap_or(Raw::trusted("{}"))),
            signature: None,
        }),
        "tool_result" => PartKind::ToolResult(ToolResult {
            call_id: ids::original(text(block, "tool_use_id")?),
            name: None,
            parts: match block.present("content") {
                None => Vec::new(),
                Some(content) => read_content(content)
                    .map_err(|error| Wrong { at: format!(".content{}", error.at), what: error.what })?,
            },
            is_error: block.get("is_error").and_then(Raw::as_bool).unwrap_or(false),
        }),
        "thinking" => {
            let said = block.present("signature").and_then(Raw::text).unwrap_or_default();
            let (maker, signature) = match seal::open(said) {
                Seal::None => (None, None),
                Seal::Thought(maker, signature) => (Some(maker), Some(signature)),
                Seal::ToolCall(maker, signature) => return Ok(ReadBlock::CallSignature(maker, signature)),
            };
            PartKind::Thought(Thought { text: text(block, "thinking")?, signature, sealed: None, maker })
        }
        "redacted_thinking" => {
            let (maker, sealed) = match seal::open(text(block, "data")?) {
                Seal::None => (None, None),
                Seal::Thought(maker, data) | Seal::ToolCall(maker, data) => (Some(maker), Some(data)),
            };
            PartKind::Thought(Thought { text: Text::default(), signature: None, sealed, maker })
        }
        other => match code::of_caller(other, block) {
            Some(of_run) => of_run,
            None => return Ok(ReadBlock::Part(foreign(kind.clone(), block).into())),
        },
    };
    let cache = match &part {
        // What stays as it was written has its breakpoint inside.
        PartKind::Foreign { .. } => None,
        _ => block.present("cache_control"),
    };
    Ok(ReadBlock::Part(Part { kind: part, cache }))
}

fn foreign<'a>(kind: Text<'a>, raw: Raw<'a>) -> PartKind<'a> {
    PartKind::Foreign { dialect: Dialect::Anthropic.name(), kind, raw }
}

fn text<'a>(block: Raw<'a>, name: &str) -> Result<Text<'a>, Wrong> {
    match block.get(name).map(Raw::text) {
        Some(Some(text)) => Ok(text),
        Some(None) => wrong(format!(".{name}"), "must be a string"),
        None => wrong(format!(".{name}"), "is required"),
    }
}

/// Where the bytes of an image or document are; `None` for what only this dialect has.
fn read_source(block: Raw<'_>) -> Result<Option<Source<'_>>, Wrong> {
    let below = |error: Wrong| Wrong { at: format!(".source{}", error.at), what: error.what };
    let Some(source) = block.present("source") else { return wrong(".source", "is required") };
    let kind = text(source, "type").map_err(below)?;
    let member = |name| text(source, name).map_err(below);
    Ok(Some(match kind.decode().as_ref() {
        "base64" => Source::Base64 { media_type: member("media_type")?, data: member("data")? },
        "url" => Source::Url(member("url")?),
        "file" => Source::File(member("file_id")?),
        "text" => Source::Text(member("data")?),
        "content" => match source.get("content").map(read_plain) {
            Some(Some(text)) => Source::Text(text),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

/// The text of a document that is given as content, if it is text throughout.
fn read_plain(content: Raw<'_>) -> Option<Text<'_>> {
    if let Some(text) = content.text() {
        return Some(text);
    }
    let mut joined = String::new();
    for block in content.items() {
        let is_text = block.get("type").and_then(Raw::text)? == "text";
        let text = block.get("text").and_then(Raw::text).filter(|_| is_text)?;
        if !joined.is_empty() {
            joined.push_str("\n\n");
        }
        joined.push_str(&text.decode());
    }
    Some(Text::from(joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Part<'_>>, Wrong> {
        read_content(Raw::parse(content.as_bytes()).unwrap())
    }

    #[test]
    fn strings_and_blocks() {
        assert_eq!(read(r#""hi""#).unwrap(), [PartKind::Text(Text::from("hi")).into()]);
        let parts = read(
            r#"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
                {"type":"search_result","cache_control":{"type":"ephemeral"}},
                {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"}],"is_error":true}]"#,
        )
        .unwrap();
        assert_eq!(parts[0].cache.unwrap().as_json(), r#"{"type":"ephemeral"}"#);
        assert!(matches!(parts[1], Part { kind: PartKind::Foreign { .. }, cache: None }));
        assert!(
            matches!(&parts[2].kind, PartKind::ToolResult(result) if result.is_error && result.parts.len() == 1)
        );
    }

    #[test]
    fn a_call_gets_the_signature_before_it() {
        let parts = read(
            r#"[{"type":"thinking","thinking":"","signature":"google-gemini-v1+call:c2ln"},
                {"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]"#,
        )
        .unwrap();
        let signatures: Vec<_> = parts
            .iter()
            .map(|part| match &part.kind {
                PartKind::ToolCall(call) => call.signature.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(signatures, [Some((Maker::Gemini, Text::from("c2ln"))), None]);
    }

    #[test]
    fn says_where_it_is_wrong() {
        let at = |content| read(content).unwrap_err().at;
        assert_eq!(at(r#"[{"type":"text","text":"a"},{"type":"text"}]"#), "[1].text");
        assert_eq!(
            at(r#"[{"type":"image","source":{"type":"base64","data":"x"}}]"#),
            "[0].source.media_type"
        );
        assert_eq!(
            at(r#"[{"type":"tool_result","tool_use_id":"t","content":[{"x":1}]}]"#),
            "[0].content[0].type"
        );
        assert_eq!(at("7"), "");
    }
}
