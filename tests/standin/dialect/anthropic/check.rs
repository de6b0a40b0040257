//! What Anthropic refuses.

use serde_json::Value;

use crate::answer::{Choice, SIGNATURE, Tool};
use crate::dialect::{Fault, schema_or_empty};

/// Since this version sampling parameters are gone, and documents and citations have their place.
/// <https://platform.claude.com/docs/en/api/migration-2026-10-21>
const NEW: &str = "2026-10-21";

pub fn version(body: &Value, version: Option<&str>) -> Result<(), Fault> {
    let new = version == Some(NEW) || body["anthropic_version"] == NEW;
    for name in ["temperature", "top_p", "top_k"].iter().filter(|name| !body[**name].is_null()) {
        let fits =
            body[*name].as_f64().is_some_and(|value| value >= 0.0 && (*name == "top_k" || value <= 1.0));
        if new {
            return Err(Fault::at(*name, format!("{name}: Extra inputs are not permitted")));
        }
        if !fits {
            return Err(Fault::at(*name, format!("{name}: range: 0..1, got {}", body[*name])));
        }
    }
    for message in body["messages"].as_array().into_iter().flatten().filter(|_| new) {
        for block in message["content"].as_array().into_iter().flatten() {
            if block["type"] == "document" && message["role"] == "assistant" {
                return Err(Fault::at(
                    "messages",
                    "messages: `document` blocks are not allowed in assistant messages",
                ));
            }
            let cited = block["citations"].as_array().is_some_and(|citations| !citations.is_empty());
            if block["type"] == "text" && message["role"] == "user" && cited {
                return Err(Fault::at(
                    "messages",
                    "messages: `citations` are not allowed on text in user messages",
                ));
            }
        }
    }
    Ok(())
}

pub fn system(system: &Value) -> Result<(), Fault> {
    let blocks = system.as_array().map_or(&[][..], Vec::as_slice);
    let good = system.is_null() || system.is_string() || system.is_array();
    if !good || blocks.iter().any(|block| block["type"] != "text" || !block["text"].is_string()) {
        return Err(Fault::at("system", "system: Input should be a valid string or a list of text blocks"));
    }
    if blocks.iter().any(|block| block["text"] == "") {
        return Err(Fault::at("system", "system: text content blocks must be non-empty"));
    }
    Ok(())
}

/// Whether the model shall think.
pub fn thinking(thinking: &Value, max_tokens: u64) -> Result<bool, Fault> {
    let wrong = |message: &str| Err(Fault::at("thinking", message));
    match thinking["type"].as_str() {
        Some("enabled") => match thinking["budget_tokens"].as_u64() {
            Some(budget) if budget < 1024 => {
                wrong("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
            }
            Some(budget) if budget >= max_tokens => {
                wrong("`max_tokens` must be greater than `thinking.budget_tokens`.")
            }
            Some(_) => Ok(true),
            None => wrong("thinking.enabled.budget_tokens: Field required"),
        },
        Some("adaptive" | "between_tools") => Ok(true),
        Some("disabled") => Ok(false),
        None if thinking.is_null() => Ok(false),
        _ => wrong("thinking: Input tag is none of 'adaptive', 'between_tools', 'disabled', 'enabled'"),
    }
}

pub fn tools(body: &Value) -> Result<Vec<Tool>, Fault> {
    let wrong = |at: usize, message: &str| Err(Fault::at("tools", format!("tools.{at}.custom.{message}")));
    let mut tools = Vec::new();
    for (at, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        let Some(name) = tool["name"].as_str() else { return wrong(at, "name: Field required") };
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        if name.is_empty() || name.len() > 128 || !name.chars().all(plain) {
            return wrong(at, "name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
        }
        let own = matches!(tool["type"].as_str(), None | Some("custom"));
        if own && tool["input_schema"]["type"] != "object" {
            return wrong(at, "input_schema.type: Field required");
        }
        tools.push(Tool { name: name.to_owned(), schema: schema_or_empty(&tool["input_schema"]) });
    }
    Ok(tools)
}

pub fn choice(choice: &Value, tools: &[Tool], thinking: bool) -> Result<Choice, Fault> {
    let wrong = |message: String| Err(Fault::at("tool_choice", message));
    let kind = choice["type"].as_str().unwrap_or_default();
    if choice.is_null() {
        return Ok(Choice::Auto);
    }
    if tools.is_empty() && kind != "none" {
        return wrong("tool_choice may only be specified while providing tools.".into());
    }
    if thinking && matches!(kind, "any" | "tool") {
        return wrong("Thinking may not be enabled when tool_choice forces tool use.".into());
    }
    match (kind, choice["name"].as_str()) {
        ("auto", _) => Ok(Choice::Auto),
        ("any", _) => Ok(Choice::Any),
        ("none", _) => Ok(Choice::None),
        ("tool", Some(name)) if tools.iter().any(|tool| tool.name == name) => {
            Ok(Choice::Named(name.to_owned()))
        }
        ("tool", name) => wrong(format!("Tool '{}' not found in provided tools", name.unwrap_or_default())),
        _ => wrong("tool_choice: Input tag is none of 'auto', 'any', 'tool', 'none'".into()),
    }
}

/// Consecutive messages of one role: Anthropic makes one turn of them.
struct Turn<'a> {
    role: &'a str,
    blocks: Vec<&'a Value>,
}

/// The user begins, blocks are whole, and tool results follow their calls in the very next turn, before all else.
pub fn messages(messages: &[Value]) -> Result<(), Fault> {
    let wrong = |message: String| Err(Fault::at("messages", message));
    let turns = turns(messages)?;
    if turns.first().is_some_and(|turn| turn.role == "assistant") {
        return wrong("messages: first message must use the \"user\" role".into());
    }
    let mut open: Vec<&str> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let results: Vec<&str> =
            turn.blocks.iter().filter_map(|block| block["tool_use_id"].as_str()).collect();
        if let Some(missing) = open.iter().find(|id| !results.contains(id)) {
            return wrong(format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}. Each \
                 `tool_use` block must have a corresponding `tool_result` block in the next message."
            ));
        }
        if let Some(extra) = results.iter().find(|id| !open.contains(id)) {
            return wrong(format!(
                "messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {extra}. Each `tool_result` block \
                 must have a corresponding `tool_use` block in the previous message."
            ));
        }
        let before_others = turn.blocks.iter().take_while(|block| block["type"] == "tool_result").count();
        if results.len() > before_others {
            return wrong(format!("messages.{at}: `tool_result` blocks must come before any other content"));
        }
        for (place, block) in turn.blocks.iter().enumerate() {
            if let Err(problem) = check_block(block, turn.role) {
                return wrong(format!("messages.{at}.content.{place}.{problem}"));
            }
        }
        let calls = turn.blocks.iter().filter(|block| block["type"] == "tool_use");
        open = calls.filter_map(|block| block["id"].as_str()).collect();
    }
    match open.first() {
        Some(id) => wrong(format!(
            "messages: `tool_use` ids were found without `tool_result` blocks immediately after: {id}."
        )),
        None => Ok(()),
    }
}

fn turns(messages: &[Value]) -> Result<Vec<Turn<'_>>, Fault> {
    let wrong = |message: String| Err(Fault::at("messages", message));
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !["user", "assistant", "system"].contains(&role) {
            return wrong(format!(
                "messages.{at}.role: Input should be 'user', 'assistant' or 'system'; got '{role}'"
            ));
        }
        let content = &message["content"];
        let blocks: Vec<&Value> = content.as_array().into_iter().flatten().collect();
        if content == "" || (!content.is_string() && blocks.is_empty()) {
            return wrong(format!("messages.{at}: all messages must have non-empty content"));
        }
        match turns.last_mut() {
            Some(last) if last.role == role => last.blocks.extend(blocks),
            _ => turns.push(Turn { role, blocks }),
        }
    }
    Ok(turns)
}

fn check_block(block: &Value, role: &str) -> Result<(), String> {
    let kind = block["type"].as_str().unwrap_or_default();
    let user = role == "user";
    let problem = match kind {
        "text" if block["text"].as_str().is_none_or(str::is_empty) => {
            "text: text content blocks must be non-empty"
        }
        "tool_use" if user => "tool_use: `tool_use` blocks can only be in `assistant` messages",
        "tool_use" if !block["input"].is_object() => "tool_use.input: Input should be an object",
        "tool_use" if !block["id"].is_string() || !block["name"].is_string() => "tool_use.id: Field required",
        // Read in maximhq/bifrost#5097 and CommandCodeAI/command-code#323.
        "tool_use" if !is_plain(&block["id"]) => {
            "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
        }
        "tool_result" if !user => "tool_result: `tool_result` blocks can only be in `user` messages",
        "tool_result" if !block["tool_use_id"].is_string() => "tool_result.tool_use_id: Field required",
        "tool_result" if !is_plain(&block["tool_use_id"]) => {
            "tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'"
        }
        "thinking" if block["signature"] != SIGNATURE => "thinking: Invalid `signature` in `thinking` block",
        "image" | "document" if !block["source"]["type"].is_string() => "source: Field required",
        "text" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document"
        | "search_result" | "container_upload" | "server_tool_use" => return Ok(()),
        _ if kind.ends_with("_tool_result") => return Ok(()),
        _ => return Err(format!("type: Input tag '{kind}' is none of the expected tags")),
    };
    Err(problem.into())
}

fn is_plain(id: &Value) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    id.as_str().is_some_and(|id| !id.is_empty() && id.chars().all(is_allowed))
}
